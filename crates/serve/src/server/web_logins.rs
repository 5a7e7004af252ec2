//! Logins of back ends: opened with a key, walked through by one browser, told to the back end that opened them.
//!
//! Enters: a back end's own user id and a return address of the settings; then a browser, and with it what the provider says. Leaves: a login
//! under that user's name, and a browser that is back where it came from, with the login's id and how it ended, and never a token or a code.
//!
//! What ties the steps together: the address is opened by one browser, which keeps a cookie; the answer needs that cookie and the `state` of
//! the same login (login CSRF, fixation, a code of somebody else's); it is taken once, by a step in the store, before the code is sent
//! anywhere (a replayed answer), and an answer of another server is sent nowhere (RFC 9207). Any node may answer. The exchange is the engine's
//! own: its answer is kept before it is read (I3), so a node that dies between leaves a login that the next look at it finds.

use http::header::{COOKIE, HeaderMap, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokenward::core::{AuthorizationCode, SecretBytes, UserName};
use tokenward::{Consent, Error, LoginAttempt, LoginRequest, ResolvedProfile};
use tokenward_core::{AuditDraft, Code, GrantId, ProfileName, WebLogin, WebLoginId, WebLoginPhase, hex};
use url::Url;
use zeroize::{Zeroize, Zeroizing};

use super::answer::Answer;
use super::caller::Caller;
use super::grant_views::moment;
use super::parsed_request::Ask;
use super::problem::Problem;

/// A login that is to be made by a browser.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenLogin {
    /// The profile of the settings whose app is consented to.
    profile: String,
    /// The user, by the name that the caller has for them: 1 to 255 bytes without control characters.
    user: String,
    /// Where the browser goes afterwards: to the letter one of the profile's `return_urls`.
    return_to: String,
}

/// A login that was opened.
#[derive(Serialize, JsonSchema)]
pub(super) struct OpenedLogin {
    /// Its id.
    login: String,
    /// Where to send the browser. It is good once, for one browser.
    url: String,
    /// The name that the user's login is kept under: `{grant}` of the other routes.
    profile: String,
    /// When it ends, if nobody has come back by then (RFC 3339).
    expires_at: String,
}

/// How a login of a back end stands.
#[derive(Serialize, JsonSchema)]
pub(super) struct WebLoginView {
    /// Its id.
    login: String,
    /// `open`, `ok`, `denied`, `failed` or `expired`.
    status: &'static str,
    /// The name that the user's login is kept under.
    profile: String,
    /// The id of the login, once it is made.
    grant: Option<String>,
    /// Why it failed, as in TW0422.
    code: Option<String>,
    /// When it ends, if nobody has come back by then (RFC 3339).
    expires_at: String,
}

/// What ties a browser and an answer to a login. Sealed in the store (I4).
#[derive(Serialize, Deserialize)]
struct Ties {
    ticket: String,
    /// The name of the cookie, and its value.
    cookie: Option<String>,
    browser: Option<String>,
    state: Option<String>,
    attempt: Option<String>,
}

impl Drop for Ties {
    fn drop(&mut self) {
        self.ticket.zeroize();
        for part in [&mut self.browser, &mut self.state, &mut self.attempt] {
            part.zeroize();
        }
    }
}

impl Ties {
    fn of(secret: &SecretBytes) -> Result<Self, Problem> {
        serde_json::from_slice(secret.expose()).map_err(|_| Problem::internal("what was stored of a login is damaged"))
    }

    fn secret(&self) -> Result<SecretBytes, Problem> {
        serde_json::to_vec(self).map(SecretBytes::new).map_err(|error| Problem::internal(error.to_string()))
    }
}

/// Opens a login for a user of the back end.
pub(super) async fn open(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let OpenLogin { profile, user, return_to } = ask.json()?;
    let bad = |what: &str| Problem::bad_request(format!("{what} cannot be used"));
    let base: ProfileName = profile.parse().map_err(|_| bad("profile"))?;
    let user: UserName = user.parse().map_err(|_| bad("user"))?;
    if base.as_str() != base.base() {
        return Err(bad("profile"));
    }
    let (session, profile) = (ask.session(), base.of_site_user(&user));
    ask.names(&profile);
    let resolved = session.settings().profile(Some(&profile)).map_err(Error::from)?;
    if !caller.has_profile(&resolved.app_name, &profile) {
        return Err(Problem::new(StatusCode::NOT_FOUND, Code::UnknownProfile));
    }
    if !resolved.return_urls.contains(&return_to) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, Code::ReturnNotAllowed));
    }
    let (login, url) = opened(&ask, &caller, resolved, profile, return_to).await?;
    Answer::with(
        StatusCode::CREATED,
        &OpenedLogin {
            login: login.id.to_string(),
            url: url.to_string(),
            profile: login.profile.to_string(),
            expires_at: moment(login.ends),
        },
    )
}

/// Opens a login under a name. Leaves where its browser begins.
pub(super) async fn opened(
    ask: &Ask,
    caller: &Caller,
    resolved: ResolvedProfile,
    profile: ProfileName,
    return_to: String,
) -> Result<(WebLogin, Url), Problem> {
    let session = ask.session();
    let parts = session.keeper().parts();
    let mut random = [0; 10];
    parts.entropy.fill(&mut random);
    let now = session.now();
    let id = WebLoginId::new(now.as_millisecond().unsigned_abs(), random);
    let ticket = format!("{}{}", id.digits(), drawn(ask).as_str());
    let url = public(&resolved, &format!("login/{ticket}"))?;
    let login = WebLogin {
        id,
        step: 0,
        key: caller.key(),
        app: resolved.app_name,
        profile,
        return_to,
        opened: now,
        ends: now + LIFE,
        phase: WebLoginPhase::Open,
    };
    let ties = Ties { ticket, cookie: None, browser: None, state: None, attempt: None };
    session.store().open_login(&login, &ties.secret()?, now - REMEMBERED).await?;
    Ok((login, url))
}

/// How a login stands that the caller has opened.
pub(super) async fn get(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let (login, _) = of_caller(&ask, &caller).await?;
    let is_over = ask.session().now() >= login.ends;
    let (status, grant, code) = match login.phase {
        WebLoginPhase::Open | WebLoginPhase::Started if is_over => ("expired", None, None),
        WebLoginPhase::Open | WebLoginPhase::Started | WebLoginPhase::Exchanging(_) => ("open", None, None),
        WebLoginPhase::Done(grant) => ("ok", Some(grant), None),
        WebLoginPhase::Denied => ("denied", None, Some(Code::ConsentDenied.as_str().to_owned())),
        WebLoginPhase::Failed(code) => ("failed", None, Some(code)),
    };
    Answer::ok(&WebLoginView {
        login: login.id.to_string(),
        status,
        profile: login.profile.to_string(),
        grant: grant.as_ref().map(GrantId::to_string),
        code,
        expires_at: moment(login.ends),
    })
}

/// The login that the path names, if the caller has opened it.
pub(super) async fn of_caller(ask: &Ask, caller: &Caller) -> Result<(WebLogin, SecretBytes), Problem> {
    let id: WebLoginId = ask.named.as_deref().unwrap_or_default().parse().map_err(|_| unknown())?;
    let (login, secret) = ask.session().store().web_login(id).await?.ok_or_else(unknown)?;
    if login.key != caller.key() {
        return Err(unknown());
    }
    let login = settled(ask, login, &secret).await?;
    Ok((login, secret))
}

/// Where the browser of a login begins that no browser has begun yet.
pub(super) fn address(ask: &Ask, login: &WebLogin, secret: &SecretBytes) -> Result<Url, Problem> {
    let resolved = ask.session().settings().profile(Some(&login.profile)).map_err(Error::from)?;
    public(&resolved, &format!("login/{}", Ties::of(secret)?.ticket))
}

/// Whether browsers can be sent through a login of a profile: its redirect URL leads to this server, and it says where they may go afterwards.
pub(super) fn is_for_browsers(resolved: &ResolvedProfile) -> bool {
    let leads_here = resolved.redirect_uri.url().path().ends_with(&format!("/{CALLBACK}"));
    leads_here && !resolved.return_urls.is_empty() && resolved.token_api.has_browser_login()
}

/// Sends a browser to the provider, and keeps it by a cookie. Another one that opens the same address goes nowhere.
pub(super) async fn begin(ask: Ask) -> Result<Answer, Problem> {
    shown(&ask, begun(&ask).await)
}

async fn begun(ask: &Ask) -> Result<Answer, Problem> {
    let ticket = ask.named.as_deref().unwrap_or_default();
    let (login, mut ties) = found(ask, ticket).await?;
    if !same(ticket, &ties.ticket) {
        return Err(unknown());
    }
    let session = ask.session();
    match login.phase {
        WebLoginPhase::Open | WebLoginPhase::Started if session.now() >= login.ends => return Err(gone()),
        WebLoginPhase::Open => {}
        // The same browser once more, which went back a page.
        WebLoginPhase::Started if is_of(&ask.headers, &ties) => {
            let attempt = ties.attempt.as_deref().and_then(attempt).ok_or_else(gone)?;
            return Ok(Answer::redirect(attempt.url(), None));
        }
        WebLoginPhase::Started => return Err(elsewhere()),
        _ => return Err(gone()),
    }
    let (resolved, app) = session.app(&login.profile).await?;
    let bad = |error: &dyn std::fmt::Display| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, Code::BadScopes).detail(error.to_string())
    };
    let scopes = resolved.login_scopes(resolved.scopes.clone()).map_err(|error| bad(&error))?;
    let request = LoginRequest::new(scopes, resolved.redirect_uri.clone()).state_begins(login.id.digits());
    let attempt = session.keeper().begin_login(&app, request).await?;
    let browser = drawn(ask);
    let is_secure = resolved.redirect_uri.url().scheme() == "https";
    // A page of a neighbouring host can set a cookie of a plain name, and none of the other.
    let name = format!("{}tokenward-{}", if is_secure { "__Host-" } else { "" }, login.id.digits());
    let cookie = format!(
        "{name}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}",
        *browser,
        LIFE.as_secs(),
        if is_secure { "; Secure" } else { "" }
    );
    ties.cookie = Some(name);
    ties.browser = Some(browser.to_string());
    ties.state = Some(attempt.state().to_owned());
    ties.attempt = Some(String::from_utf8_lossy(attempt.to_secret().expose()).into_owned());
    if !session.store().step_login(&login.stepped(WebLoginPhase::Started), &ties.secret()?).await? {
        return Err(elsewhere());
    }
    let cookie = HeaderValue::from_str(&cookie).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Answer::redirect(attempt.url(), Some((SET_COOKIE, cookie))))
}

/// Takes what the provider sent the browser back with, once, and sends the browser on to the back end.
pub(super) async fn finish(ask: Ask) -> Result<Answer, Problem> {
    shown(&ask, finished(&ask).await)
}

async fn finished(ask: &Ask) -> Result<Answer, Problem> {
    let query = ask.uri.query().unwrap_or_default().to_owned();
    // What stands there twice is not taken (RFC 6749 §3.1).
    let one = |name: &str| {
        let mut found = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        let value = found.next().map(|(_, value)| Zeroizing::new(value.into_owned()));
        value.filter(|_| found.next().is_none())
    };
    let state = one("state").ok_or_else(unknown)?;
    let (login, mut ties) = found(ask, &state).await?;
    if !ties.state.as_deref().is_some_and(|known| same(&state, known)) {
        return Err(unknown());
    }
    if !is_of(&ask.headers, &ties) {
        return Err(elsewhere());
    }
    let session = ask.session();
    let now = session.now();
    match &login.phase {
        WebLoginPhase::Started if now < login.ends => {}
        WebLoginPhase::Done(_) | WebLoginPhase::Denied | WebLoginPhase::Failed(_) => return back(&login),
        _ => return Err(gone()),
    }
    if let Some(error) = one("error") {
        let code = Code::ConsentDenied.as_str().to_owned();
        let denied = *error == "access_denied";
        let ended = login.stepped(if denied { WebLoginPhase::Denied } else { WebLoginPhase::Failed(code) });
        ties.attempt.zeroize();
        ties.attempt = None;
        let is_first = session.store().step_login(&ended, &ties.secret()?).await?;
        return if is_first { back(&ended) } else { Err(gone()) };
    }
    let code = one("code").and_then(|code| AuthorizationCode::parse(code.as_str()).ok()).ok_or_else(unknown)?;
    // Before anything is done: what cannot be written down is not done.
    let place = ask.server.audit.place()?;
    let attempt = ties.attempt.take().map(Zeroizing::new).and_then(|text| attempt(&text)).ok_or_else(gone)?;
    let exchanging = login.stepped(WebLoginPhase::Exchanging(now));
    let secret = ties.secret()?;
    if !session.store().step_login(&exchanging, &secret).await? {
        return Err(gone());
    }
    let done = async {
        let (_, app) = session.app(&login.profile).await?;
        session.keeper().finish_login(&app, &login.profile, attempt, Consent::new(code, &query)).await
    }
    .await;
    let (phase, grant, outcome) = match &done {
        Ok(report) => (WebLoginPhase::Done(report.report.grant.id), Some(report.report.grant.id), "done"),
        Err(error) => {
            tracing::warn!(%error, profile = %login.profile, "a login of a back end failed");
            (WebLoginPhase::Failed(error.code().as_str().to_owned()), None, error.code().as_str())
        }
    };
    place.write(AuditDraft {
        grant,
        at: session.now(),
        caller: login.key.to_string(),
        act: format!("finish-login {}", login.profile),
        outcome: outcome.to_owned(),
    });
    let ended = exchanging.stepped(phase);
    // What is not noted here is found by the next look at it.
    if let Err(error) = session.store().step_login(&ended, &secret).await {
        tracing::warn!(%error, login = %login.id, "how a login of a back end ended could not be noted");
    }
    back(&ended)
}

/// How a login ended whose node did not say so: an answer that was kept is a login by now, and without one nobody knows.
async fn settled(ask: &Ask, login: WebLogin, secret: &SecretBytes) -> Result<WebLogin, Problem> {
    let WebLoginPhase::Exchanging(since) = login.phase else { return Ok(login) };
    let session = ask.session();
    if session.now().duration_since(since) < AT_WORK {
        return Ok(login);
    }
    session.keeper().recover_logins().await?;
    let grant = session.keeper().login_of(&login.profile).await?.filter(|grant| grant.consented >= since);
    let phase = match grant {
        Some(grant) => WebLoginPhase::Done(grant.id),
        None => WebLoginPhase::Failed(Code::OutcomeUnknown.as_str().to_owned()),
    };
    let ended = login.stepped(phase);
    session.store().step_login(&ended, secret).await?;
    Ok(ended)
}

/// The login that a ticket or a state begins with.
async fn found(ask: &Ask, text: &str) -> Result<(WebLogin, Ties), Problem> {
    let id: WebLoginId = text.get(..DIGITS).and_then(|digits| digits.parse().ok()).ok_or_else(unknown)?;
    let (login, secret) = ask.session().store().web_login(id).await?.ok_or_else(unknown)?;
    Ok((login, Ties::of(&secret)?))
}

fn attempt(text: &str) -> Option<LoginAttempt> {
    LoginAttempt::of_secret(&SecretBytes::new(text.as_bytes().to_vec()))
}

/// Whether the browser is the one that opened the login's address.
fn is_of(headers: &HeaderMap, ties: &Ties) -> bool {
    let (Some(cookie), Some(browser)) = (&ties.cookie, &ties.browser) else { return false };
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.any(|(name, value)| name == cookie && same(value, browser))
}

/// Back to where the back end wants the browser, with the login's id and how it ended.
fn back(login: &WebLogin) -> Result<Answer, Problem> {
    let mut url: Url = login.return_to.parse().map_err(|_| Problem::internal("a return address is no address"))?;
    let status = match login.phase {
        WebLoginPhase::Done(_) => "ok",
        WebLoginPhase::Denied => "denied",
        _ => "failed",
    };
    url.query_pairs_mut().append_pair("login", &login.id.to_string()).append_pair("status", status);
    Ok(Answer::redirect(&url, None))
}

/// An address of this server, as the world outside knows it: the profile's redirect URL leads to `callback`.
pub(super) fn public(resolved: &ResolvedProfile, path: &str) -> Result<Url, Problem> {
    let mut url = resolved.redirect_uri.url().clone();
    let Some(root) = url.path().strip_suffix(CALLBACK).map(str::to_owned) else {
        let detail = "the redirect_uri of the profile does not end with /callback";
        return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, Code::BadSetting).detail(detail));
    };
    url.set_path(&format!("{root}{path}"));
    url.set_query(None);
    Ok(url)
}

/// A problem as a page, for somebody who sits before a browser.
fn shown(ask: &Ask, done: Result<Answer, Problem>) -> Result<Answer, Problem> {
    done.or_else(|problem| Ok(Answer::page(problem.status, problem.code, &(ask.server.words)(problem.code))))
}

/// 32 random bytes in hexadecimal digits.
fn drawn(ask: &Ask) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    ask.session().keeper().parts().entropy.fill(&mut *bytes);
    Zeroizing::new(hex::encode(&*bytes))
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Code::WebLoginUnknown)
}

fn gone() -> Problem {
    Problem::new(StatusCode::GONE, Code::WebLoginUnknown)
}

fn elsewhere() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, Code::WebLoginElsewhere)
}

/// How long a person has.
const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// For how long the outcome can be asked for.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// For how long an exchange is left to the node that began it: longer than a request may take.
const AT_WORK: SignedDuration = SignedDuration::from_mins(2);
/// How the profile's redirect URL ends, and the path of the route behind it.
const CALLBACK: &str = "callback";
/// What a ticket and a state begin with: the login's id.
const DIGITS: usize = 32;
