//! Logging in and out.
//!
//! Enters: an authorization code that came back to the right `state`, or a device code. Leaves: a grant, durable,
//! before anyone is told that the login succeeded (I2). The raw answer is kept before it is read (I3); a process that
//! dies between the two leaves an answer that [`Keeper::recover_logins`] makes a login of.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tokenward_core::ports::{
    AuthorizationRequest, CodeExchange, DeviceLogin, LeaseAttempt, LoggedIn, LoginAnswerId, NewLogin, Prepared, Sent,
};
use tokenward_core::{
    Access, App, AppName, AuthorizationCode, Code, CodeVerifier, ExpectedIssuer, GrantId, Issued, Oddity, Outcome,
    ProfileName, RawAnswer, RedirectUri, Refusal, RefusalClass, Remedy, Scopes, TokenApi, TokenSet, UserName,
};
use tokio::time::Instant;
use url::Url;

use crate::keeper::{Patience, wrong_user};
use crate::links::Links;
use crate::{Error, Keeper, Kept, Notice, Report};

/// What a person is asked to consent to, and where the browser goes afterwards.
#[derive(Debug, Clone)]
pub struct LoginRequest {
    /// The scopes, `offline_access` among them ([`Scopes::for_login`]).
    pub scopes: Scopes,
    /// The redirect URL, to the letter as registered.
    pub redirect_uri: RedirectUri,
    /// Whether the consent page is shown even where the provider would skip it.
    pub force_consent: bool,
}

/// A login under way: its address, and what ties the answer to it (RFC 6749 §10.12, RFC 7636).
#[derive(Debug)]
pub struct LoginAttempt {
    url: Url,
    state: String,
    verifier: CodeVerifier,
    request: LoginRequest,
    issuer: ExpectedIssuer,
}

/// What came back from the login page when consent was given.
#[derive(Debug)]
pub struct Consent {
    /// The code.
    pub code: AuthorizationCode,
    /// The issuer that the answer names (RFC 9207).
    pub issuer: Option<String>,
}

impl Consent {
    /// A code with the issuer that stands beside it in a query. One that names several names none that could be right.
    pub fn new(code: AuthorizationCode, query: &str) -> Self {
        let named = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "iss");
        let issuer = named.map(|(_, value)| value.into_owned()).reduce(|first, second| format!("{first} {second}"));
        Self { code, issuer }
    }
}

impl From<AuthorizationCode> for Consent {
    fn from(code: AuthorizationCode) -> Self {
        Self { code, issuer: None }
    }
}

impl LoginAttempt {
    /// The authorization page. Holds no secret: the challenge is a hash, the state is used once.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The state that must come back.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Where the browser goes afterwards.
    pub const fn redirect_uri(&self) -> &RedirectUri {
        &self.request.redirect_uri
    }
}

/// What a login brought.
#[derive(Debug, Clone)]
pub struct LoginReport {
    /// The grant as it stands.
    pub report: Report,
    /// What became of the profile.
    pub logged_in: LoggedIn,
    /// What was strange about the answer; [`Oddity::RefreshMissing`] means that the login cannot be renewed.
    pub oddities: Vec<Oddity>,
    /// What was asked for, to be compared with the grant's scopes. Empty after a recovery.
    pub asked: Scopes,
    /// What became of the profile's linked files.
    pub notices: Vec<Notice>,
}

impl Keeper {
    /// Prepares a login with `state` and a PKCE S256 challenge from this keeper's randomness.
    ///
    /// # Errors
    /// [`Code::BadSetting`] for a provider without an authorization page; what came of asking where it is.
    ///
    /// # Panics
    /// Never: base64url text is a valid verifier.
    pub async fn begin_login(&self, app: &App, request: LoginRequest) -> Result<LoginAttempt, Error> {
        let state = URL_SAFE_NO_PAD.encode(self.inner.random::<24>());
        let verifier = CodeVerifier::parse(URL_SAFE_NO_PAD.encode(self.inner.random::<48>()))
            .expect("base64url text is a verifier");
        let challenge = || URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()));
        let code_challenge = app.token_api.takes_verifier().then(challenge);
        let asked = AuthorizationRequest {
            redirect_uri: request.redirect_uri.clone(),
            scopes: request.scopes.clone(),
            state: state.clone(),
            code_challenge,
            force_consent: request.force_consent,
        };
        let url = self.inner.parts.provider.authorization_url(app, &asked).await.map_err(Error::call)?;
        // Known before the browser is: what comes back is compared with it before anything of it is sent.
        let issuer = self.inner.parts.provider.issuer(app).await;
        Ok(LoginAttempt { url, state, verifier, request, issuer })
    }

    /// Exchanges the code and stores the login.
    ///
    /// # Errors
    /// [`Code::ForeignIssuer`] when the answer is another server's, or does not say whose although it should; the code is sent
    /// nowhere then. [`Code::CodeRefused`] when the code was used, expired or unknown; [`Code::OutcomeUnknown`] when the answer was
    /// lost (start again: a code is good once); settings and transport errors. An earlier login of the profile is
    /// untouched by any of them.
    pub async fn finish_login(
        &self,
        app: &App,
        profile: &ProfileName,
        attempt: LoginAttempt,
        consent: impl Into<Consent> + Send,
    ) -> Result<LoginReport, Error> {
        let Consent { code, issuer } = consent.into();
        if let Err(mismatch) = attempt.issuer.admit(issuer.as_deref()) {
            return Err(Error::with_detail(Code::ForeignIssuer, Kept::Everything, mismatch.to_string()));
        }
        // First, so that a login which a linked file shows is not taken for newer than the one that is made now.
        self.look_after_links(app, Some(profile), Links::PATIENCE).await;
        let exchange = CodeExchange { code, verifier: attempt.verifier, redirect_uri: attempt.request.redirect_uri };
        let mut api = app.token_api;
        let mut may_fall_back = app.falls_back();
        loop {
            // A code is good once too: a store that could not keep the answer is found out before it is sent.
            self.inner.parts.vault.prove().await?;
            let prepared = self.inner.parts.provider.prepare(app, api).await.map_err(Error::call)?;
            let _spending = self.inner.spending();
            let answer = self.exchange(app, &prepared, &exchange).await?;
            let kept = self.inner.parts.vault.keep_login_answer(profile, &app.name, api, &answer).await?;
            match self.inner.parts.provider.read(&app.name, api, &answer) {
                Outcome::Rotated { issued, oddities } => {
                    return self
                        .store(
                            Some(app),
                            &app.name,
                            profile,
                            api,
                            kept,
                            issued,
                            oddities,
                            attempt.request.scopes,
                            &answer,
                        )
                        .await;
                }
                // The answer proves that the code was not read, so it is still good (reference §8.1).
                Outcome::NoSuchEndpoint(refusal) => {
                    self.inner.parts.vault.drop_login_answer(kept).await?;
                    match api.fallback() {
                        Some(other) if may_fall_back => {
                            tracing::warn!(%api, %other, "no such token endpoint; using the other one");
                            may_fall_back = false;
                            api = other;
                        }
                        _ => return Err(Error::refused(Code::NoSuchEndpoint, Kept::Everything, refusal)),
                    }
                }
                // Kept, in case someone can read it one day.
                Outcome::Unreadable(refusal) => {
                    return Err(Error::refused(Code::LoginAnswerOdd, Kept::Everything, refusal));
                }
                Outcome::Refused(refusal) => {
                    self.inner.parts.vault.drop_login_answer(kept).await?;
                    return Err(Error::refused(code_refusal(&refusal), Kept::Everything, refusal));
                }
            }
        }
    }

    /// Starts a device authorization (RFC 8628): the person opens a page on any device, no redirect URL is needed.
    pub async fn begin_device_login(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, Error> {
        if app.token_api.needs_app_token() {
            let why = "the v1 token endpoints know no device login; set token_api to v3 or v2";
            return Err(Error::with_detail(Code::BadSetting, Kept::Everything, why));
        }
        self.inner.parts.provider.device_begin(app, scopes).await.map_err(Error::call)
    }

    /// Asks, at the pace the provider sets, until the person has finished; then stores the login. A server that is out of order
    /// for a while, and a connection that breaks, do not end it (RFC 8628 §3.5): the device code is good until its end.
    ///
    /// # Errors
    /// [`Code::LoginTimedOut`] when the device code ends first; [`Code::ConsentDenied`] when the person says no;
    /// [`Code::LoginAnswerOdd`] when the tokens were on the way and got lost.
    pub async fn finish_device_login(
        &self,
        app: &App,
        profile: &ProfileName,
        login: DeviceLogin,
        asked: Scopes,
    ) -> Result<LoginReport, Error> {
        let end = Instant::now() + login.expires_in;
        self.look_after_links(app, Some(profile), Links::PATIENCE).await;
        let mut pace = Pace::new(login.interval);
        // The family that is polled issues the tokens, and they are spent there.
        let api = app.token_api;
        self.inner.parts.vault.prove().await?;
        let mut trouble = Trouble::default();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left < pace.least {
                return Err(trouble.at_the_end());
            }
            tokio::time::sleep(pace.pause.min(left)).await;
            let _spending = self.inner.spending();
            let answer = match self.inner.parts.provider.device_poll(app, &login.device_code, EXCHANGE_DEADLINE).await {
                Sent::Answered(answer) => answer,
                // A poll may be repeated: the code is not used up by it (RFC 8628 §3.5).
                Sent::Unsent(fault) => {
                    tracing::warn!(reason = %fault.reason, "a poll did not leave");
                    trouble.unanswered(fault.reason, false);
                    pace.slower(None);
                    continue;
                }
                Sent::InDoubt(fault) => {
                    tracing::warn!(reason = %fault.reason, "a poll went unanswered");
                    trouble.unanswered(fault.reason, true);
                    pace.slower(None);
                    continue;
                }
            };
            // Pending answers hold nothing issued, so only the others are worth a sync. Reading cannot fail or panic.
            match self.inner.parts.provider.read(&app.name, api, &answer) {
                Outcome::Refused(refusal) if refusal.class == RefusalClass::Pending => {
                    trouble.over();
                    pace.steady(refusal.remedy == Remedy::WaitForLimit);
                }
                Outcome::Rotated { issued, oddities } => {
                    let kept = self.inner.parts.vault.keep_login_answer(profile, &app.name, api, &answer).await?;
                    return self
                        .store(Some(app), &app.name, profile, api, kept, issued, oddities, asked, &answer)
                        .await;
                }
                Outcome::Refused(refusal) if is_passing(&refusal) => {
                    pace.slower(refusal.retry_after);
                    trouble.said(refusal, false);
                }
                Outcome::Refused(refusal) => {
                    // The server gave the code's tokens away, and we did not get them.
                    let code = match device_refusal(&refusal) {
                        Code::CodeRefused | Code::LoginTimedOut if trouble.lost => Code::LoginAnswerOdd,
                        code => code,
                    };
                    return Err(Error::refused(code, Kept::Everything, refusal));
                }
                // A gateway that is being set up says so as well.
                Outcome::NoSuchEndpoint(refusal) if trouble.absent >= ABSENT_ENOUGH => {
                    return Err(Error::refused(Code::NoSuchEndpoint, Kept::Everything, refusal));
                }
                Outcome::NoSuchEndpoint(refusal) => {
                    pace.slower(refusal.retry_after);
                    trouble.absent += 1;
                    trouble.said(refusal, false);
                }
                Outcome::Unreadable(refusal) => {
                    let issued = answer.status < 300 && !answer.body.expose().trim_ascii().is_empty();
                    if issued {
                        // Whatever was issued in it is kept, in case someone can read it one day (I3).
                        self.inner.parts.vault.keep_login_answer(profile, &app.name, api, &answer).await?;
                    }
                    tracing::warn!(status = answer.status, "the answer to a poll cannot be read");
                    pace.slower(refusal.retry_after);
                    trouble.said(refusal, answer.status < 300);
                }
            }
        }
    }

    /// Makes logins of answers that were kept by processes which died before they could. Answers younger than a
    /// minute are left to the process that may still be at work on them.
    pub async fn recover_logins(&self) -> Result<Vec<LoginReport>, Error> {
        let mut reports = Vec::new();
        for kept in self.inner.parts.vault.login_answers().await? {
            let age = self.inner.now().duration_since(kept.answer.received).abs();
            if Duration::try_from(age).unwrap_or_default() < LOGIN_AT_WORK {
                continue;
            }
            let outcome = self.inner.parts.provider.read(&kept.app, kept.api, &kept.answer);
            if kept.profile.is_of_user() || kept.profile.is_of_app() {
                // It goes under the name of whom it names.
                if let Outcome::Rotated { issued, .. } = outcome {
                    self.recover_obtained(kept, issued).await?;
                }
            } else if let Outcome::Rotated { issued, oddities } = outcome {
                let none = Scopes::default();
                reports.push(
                    self.store(None, &kept.app, &kept.profile, kept.api, kept.id, issued, oddities, none, &kept.answer)
                        .await?,
                );
            }
        }
        Ok(reports)
    }

    /// Logs a grant out. With `revoke`, the provider is told first (RFC 7009), and if it refuses, nothing changes here.
    /// Gives back whether the provider confirmed.
    ///
    /// # Errors
    /// [`Code::StillTurning`] while another process turns the grant; the provider's errors with `revoke`.
    pub async fn logout(&self, app: Option<&App>, id: GrantId, revoke: bool) -> Result<bool, Error> {
        let vault = &self.inner.parts.vault;
        let end = Instant::now() + self.inner.options.turn_patience;
        let lease = loop {
            match vault.lease(id, self.inner.parts.processes.myself(), LOGOUT_LEASE).await? {
                LeaseAttempt::Held(lease) => break lease,
                LeaseAttempt::Busy { .. } => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Error::new(Code::StillTurning, Kept::Everything));
                    }
                    vault.wait(id, left).await;
                }
            }
        };
        let result = async {
            // An answer of an earlier process may hold newer tokens than the grant: these are the ones to revoke. Nothing
            // is sent for it.
            let grant = vault.grant(id).await?;
            if let Err(error) = self.recover(grant, Patience::None, &mut Vec::new()).await {
                tracing::info!(%error, grant = %id, "logging out with a spend open");
            }
            let mut revoked = false;
            if revoke {
                let app = app.ok_or_else(|| Error::with_detail(Code::SettingMissing, Kept::Everything, "the app"))?;
                let tokens = vault.revocable(&lease).await?;
                if tokens.refresh.is_some() || tokens.access.is_some() {
                    let provider = &self.inner.parts.provider;
                    provider.revoke(app, tokens.refresh.as_ref(), tokens.access.as_ref()).await.map_err(Error::call)?;
                    revoked = true;
                }
            }
            vault.retire(&lease, self.inner.now(), revoked).await?;
            Ok(revoked)
        }
        .await;
        if let Err(error) = vault.release(lease).await {
            tracing::warn!(%error, grant = %id, "the lease could not be released");
        }
        result
    }

    async fn exchange(&self, app: &App, prepared: &Prepared, exchange: &CodeExchange) -> Result<RawAnswer, Error> {
        match self.inner.parts.provider.exchange(app, prepared, exchange, EXCHANGE_DEADLINE).await {
            Sent::Answered(answer) => Ok(answer),
            Sent::Unsent(fault) => Err(Error::transport(Code::Unreachable, Kept::Everything, &fault)),
            Sent::InDoubt(fault) => Err(Error::transport(Code::OutcomeUnknown, Kept::Everything, &fault)),
        }
    }

    /// Finds out whose login it is, and stores it. The answer is kept already, so a provider that is slow to say whose
    /// it is endangers nothing.
    #[expect(clippy::too_many_arguments, reason = "everything a login is made of, used once")]
    async fn store(
        &self,
        app: Option<&App>,
        app_name: &AppName,
        profile: &ProfileName,
        api: TokenApi,
        kept: LoginAnswerId,
        issued: Issued,
        oddities: Vec<Oddity>,
        asked: Scopes,
        answer: &RawAnswer,
    ) -> Result<LoginReport, Error> {
        let subject = match (issued.subject, app, &issued.access) {
            (Some(subject), _, _) => Some(subject),
            (None, Some(app), Some(Access { token, .. })) => {
                let asking = self.inner.parts.provider.user_info(app, token);
                match tokio::time::timeout(WHO_DEADLINE, asking).await {
                    Ok(Ok(subject)) => Some(subject),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "the provider did not say whose login it is");
                        None
                    }
                    Err(_elapsed) => None,
                }
            }
            _ => None,
        };
        // Under a user's name belong that user's tokens. Another's are kept under theirs, and the login has failed all the same.
        let named = subject.as_ref().and_then(|subject| subject.id.parse::<UserName>().ok());
        let (home, wrong) = match (profile.admits(subject.as_ref()), named) {
            (true, _) => (profile.clone(), None),
            (false, Some(user)) => (profile.of_user(&user), Some(wrong_user(profile, subject.as_ref()))),
            (false, None) => return Err(wrong_user(profile, None).keeping(Kept::AnswerInJournal)),
        };
        let obtained = answer.received;
        let login = NewLogin {
            answer: Some(kept),
            id: GrantId::new(u64::try_from(obtained.as_millisecond()).unwrap_or(0), self.inner.random()),
            profile: home,
            app: app_name.clone(),
            set: TokenSet {
                access: issued.access,
                refresh: issued.refresh,
                refresh_expires: issued.refresh_expires,
                scopes: issued.scopes,
                subject,
                issued_by: api,
                obtained,
            },
            wall: self.inner.parts.provider.rules(app_name, api).wall.and_then(|wall| obtained.checked_add(wall).ok()),
            by: self.inner.parts.processes.myself().clone(),
        };
        let logged_in =
            self.inner.parts.vault.log_in(login).await.map_err(|error| Error::vault(error, Kept::AnswerInJournal))?;
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let notices = match app {
            Some(app) => self.look_after_links(app, Some(profile), Links::PATIENCE).await,
            // Nobody is there to be told; the next call looks after them.
            None => Vec::new(),
        };
        let report = self.status(logged_in.id()).await?;
        Ok(LoginReport { report, logged_in, oddities, asked, notices })
    }
}

/// The story of a refused authorization code.
fn code_refusal(refusal: &Refusal) -> Code {
    match refusal.class {
        RefusalClass::NeedsConsent | RefusalClass::AccessDead | RefusalClass::InDoubt => Code::CodeRefused,
        _ => refusal.code(),
    }
}

/// The story of a refused device code (RFC 8628 §3.5).
fn device_refusal(refusal: &Refusal) -> Code {
    let is_no = refusal.provider_word.as_ref().is_some_and(|word| word.eq_ignore_ascii_case("access_denied"));
    match (refusal.class, refusal.remedy) {
        (RefusalClass::NeedsConsent, Remedy::LogIn) if is_no => Code::ConsentDenied,
        (RefusalClass::NeedsConsent, Remedy::LogInAgainFromStart) => Code::LoginTimedOut,
        _ => code_refusal(refusal),
    }
}

/// Whether a no says only that the provider is out of order at the moment.
fn is_passing(refusal: &Refusal) -> bool {
    refusal.class == RefusalClass::Retry || (refusal.class == RefusalClass::InDoubt && refusal.status >= 500)
}

/// How often a device login asks.
struct Pace {
    /// What the provider asks for.
    least: Duration,
    /// What is waited now: longer while it does not answer (RFC 8628 §3.5).
    pause: Duration,
}

impl Pace {
    fn new(interval: Duration) -> Self {
        let least = interval.max(SHORTEST_INTERVAL);
        Self { least, pause: least }
    }

    fn steady(&mut self, slow_down: bool) {
        if slow_down {
            self.least = (self.least + SLOW_DOWN).min(MAX_INTERVAL.max(self.least));
        }
        self.pause = self.least;
    }

    fn slower(&mut self, asked: Option<u64>) {
        let asked = Duration::from_secs(asked.unwrap_or(0));
        self.pause = (self.pause * 2).min(MAX_INTERVAL).max(self.least).max(asked);
    }
}

/// What has been wrong with the last polls of a device login.
#[derive(Default)]
struct Trouble {
    last: Option<Last>,
    /// Whether an answer was on the way that may have held the tokens.
    lost: bool,
    /// How many answers said that nothing is there.
    absent: u32,
}

enum Last {
    Unanswered(String),
    Said(Refusal),
}

impl Trouble {
    fn unanswered(&mut self, reason: String, lost: bool) {
        self.last = Some(Last::Unanswered(reason));
        self.lost |= lost;
    }

    fn said(&mut self, refusal: Refusal, lost: bool) {
        self.last = Some(Last::Said(refusal));
        self.lost |= lost;
    }

    /// The provider knows the code still, so nothing was issued for it.
    fn over(&mut self) {
        *self = Self::default();
    }

    /// What is told when the device code ends.
    fn at_the_end(self) -> Error {
        match self.last {
            None => Error::new(Code::LoginTimedOut, Kept::Everything),
            Some(Last::Unanswered(reason)) => Error::with_detail(Code::LoginTimedOut, Kept::Everything, reason),
            Some(Last::Said(refusal)) => Error::refused(Code::LoginTimedOut, Kept::Everything, refusal),
        }
    }
}

/// How many answers in a row end a device login that say that no such endpoint exists.
const ABSENT_ENOUGH: u32 = 2;
/// The shortest pause between polls, whatever the provider says.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
/// How long the answer to an exchange or a poll is waited for.
const EXCHANGE_DEADLINE: Duration = Duration::from_secs(30);
/// How long the provider may take to say whose login it is.
const WHO_DEADLINE: Duration = Duration::from_secs(10);
/// A process that has kept an answer may be at work on it for this long (longer than [`WHO_DEADLINE`]).
pub(crate) const LOGIN_AT_WORK: Duration = Duration::from_mins(1);
/// How long a logout may take, the provider's part included.
const LOGOUT_LEASE: Duration = Duration::from_secs(75);
/// `slow_down` adds this to the pause between polls (RFC 8628 §3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// The longest pause between polls (reference §8.3).
const MAX_INTERVAL: Duration = Duration::from_mins(1);
