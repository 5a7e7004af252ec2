//! Logging in and out.
//!
//! Enters: an authorization code that came back to the right `state`, or a device code. Leaves: a grant, durable,
//! before anyone is told that the login succeeded (I2). A profile that has a user stays that user's: another's login is kept
//! without a profile, and is an error. The raw answer is kept before it is read (I3); a process that
//! dies between the two leaves an answer that [`Keeper::recover_logins`] makes a login of.

mod device;
mod saved_attempt;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tokenward_core::ports::{
    AuthorizationRequest, CodeExchange, LeasedGrant, LoggedIn, LoginAnswerId, NewLogin, Prepared, Sent, StoreError,
};
use tokenward_core::{
    Access, App, AppName, AuthorizationCode, Code, CodeVerifier, ExpectedIssuer, GrantId, Issued, Oddity, Outcome,
    ProfileName, ProviderName, RawAnswer, RedirectUri, Refusal, RefusalClass, Remedy, Scopes, Standing, TokenApi,
    TokenSet, UserName, Words,
};
use url::Url;

use crate::error::wrong_user;
use crate::keeper::{LOOK_PATIENCE, another_user, names_no_user};
use crate::rotation::Patience;
use crate::{Error, Keeper, KeptState, Notice, Report};

/// What a person is asked to consent to, and where the browser goes afterwards.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoginRequest {
    /// The scopes, `offline_access` among them ([`Scopes::for_login`]).
    pub scopes: Scopes,
    /// The redirect URL, to the letter as registered.
    pub redirect_uri: RedirectUri,
    /// Whether the consent page is shown even where the provider would skip it.
    pub force_consent: bool,
    /// Whether a person said that the profile may become another user's. Without that, it never does.
    pub replace_user: bool,
    /// What the state begins with, so that a server finds the login that an answer is of.
    pub state_begins: String,
}

impl LoginRequest {
    /// Consent to these scopes, which are sent as they are, and back to this address.
    pub fn new(scopes: Scopes, redirect_uri: RedirectUri) -> Self {
        Self { scopes, redirect_uri, force_consent: false, replace_user: false, state_begins: String::new() }
    }

    /// Whether the consent page is shown even where the provider would skip it.
    pub fn force_consent(self, force_consent: bool) -> Self {
        Self { force_consent, ..self }
    }

    /// Whether a person said that the profile may become another user's.
    pub fn replace_user(self, replace_user: bool) -> Self {
        Self { replace_user, ..self }
    }

    /// What the state begins with: letters, digits and `-`. What makes it unguessable follows.
    pub fn state_begins(self, state_begins: String) -> Self {
        Self { state_begins, ..self }
    }
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
#[non_exhaustive]
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
#[non_exhaustive]
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

impl LoginReport {
    /// A login with nothing strange about it, of which no files are told.
    pub const fn new(report: Report, logged_in: LoggedIn, asked: Scopes) -> Self {
        Self { report, logged_in, oddities: Vec::new(), asked, notices: Vec::new() }
    }
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
        let state = format!("{}{}", request.state_begins, URL_SAFE_NO_PAD.encode(self.inner.random::<24>()));
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
    /// lost (start again: a code is good once); settings and transport errors. [`Code::AnotherUser`] when the login is another
    /// user's than the profile's present one: it is kept without a profile, under the id that is the error's detail, for
    /// [`Keeper::give_profile`]. An earlier login of the profile is untouched by any of them.
    pub async fn finish_login(
        &self,
        app: &App,
        profile: &ProfileName,
        attempt: LoginAttempt,
        consent: impl Into<Consent> + Send,
    ) -> Result<LoginReport, Error> {
        let Consent { code, issuer } = consent.into();
        if let Err(mismatch) = attempt.issuer.admit(issuer.as_deref()) {
            return Err(Error::with_detail(Code::ForeignIssuer, KeptState::Everything, mismatch.to_string()));
        }
        // First, so that a login which a linked file shows is not taken for newer than the one that is made now.
        self.look_around(app, Some(profile), None, LOOK_PATIENCE).await;
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
                    let LoginRequest { scopes, replace_user, .. } = attempt.request;
                    let arrived = Arrived { kept, app: &app.name, profile, api, answer: &answer };
                    return admitted(self.store(Some(app), arrived, issued, oddities, scopes, replace_user).await?);
                }
                // The answer proves that the code was not read, so it is still good (reference/feishu.md §8.1).
                Outcome::NoSuchEndpoint(refusal) => {
                    self.inner.parts.vault.drop_login_answer(kept).await?;
                    match api.fallback() {
                        Some(other) if may_fall_back => {
                            tracing::warn!(%api, %other, "no such token endpoint; using the other one");
                            may_fall_back = false;
                            api = other;
                        }
                        _ => return Err(Error::refused(Code::NoSuchEndpoint, KeptState::Everything, refusal)),
                    }
                }
                // Kept, in case someone can read it one day.
                Outcome::Unreadable(refusal) => {
                    let brings_nothing = refusal.remedy == Remedy::AskServer;
                    let code = if brings_nothing { Code::NoAccessToken } else { Code::LoginAnswerOdd };
                    return Err(Error::refused(code, KeptState::Everything, refusal));
                }
                // At a server whose tables we do not have, "malformed" seldom means our request: what it was made of is not what
                // the client is registered with (RFC 6749 §5.2).
                Outcome::Refused(refusal)
                    if refusal.class == RefusalClass::OurBug && app.provider() == ProviderName::OAuth2 =>
                {
                    self.inner.parts.vault.drop_login_answer(kept).await?;
                    let refusal = Refusal { remedy: Remedy::CompareExchange, ..refusal };
                    return Err(Error::refused(Code::ExchangeRejected, KeptState::Everything, refusal));
                }
                Outcome::Refused(refusal) => {
                    self.inner.parts.vault.drop_login_answer(kept).await?;
                    return Err(Error::refused(code_refusal(&refusal), KeptState::Everything, refusal));
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
                let (app, profile, api) = (&kept.app, &kept.profile, kept.api);
                let arrived = Arrived { kept: kept.id, app, profile, api, answer: &kept.answer };
                match self.store(None, arrived, issued, oddities, Scopes::default(), false).await {
                    Ok(report) => reports.push(report),
                    // Whoever asked for it was told, or is gone; what came is where it belongs.
                    Err(error) if error.code() == Code::NoAccessToken => {
                        tracing::warn!(%error, profile = %kept.profile, "an answer to a login brings no access token");
                    }
                    Err(error) => return Err(error),
                }
            } else if Duration::try_from(age).unwrap_or_default() >= UNREADABLE_KEPT {
                self.inner.parts.vault.drop_login_answer(kept.id).await?;
            }
        }
        Ok(reports)
    }

    /// Logs a grant out. With `revoke`, the provider is told first (RFC 7009), and if it refuses, nothing changes here.
    /// Gives back whether the provider confirmed.
    ///
    /// # Errors
    /// [`Code::StillTurning`] while another process rotates the grant; the provider's errors with `revoke`.
    pub async fn logout(&self, app: Option<&App>, id: GrantId, revoke: bool) -> Result<bool, Error> {
        let vault = &self.inner.parts.vault;
        let held = self.lease_by(&id.into(), self.patience_ends()).await?;
        let LeasedGrant { lease, grant, open, .. } = *held;
        let result = async {
            // An answer of an earlier process may hold newer tokens than the grant: these are the ones to revoke. Nothing
            // is sent for it.
            let grant = grant.ok_or_else(|| StoreError::gone(id))?;
            if let Err(error) = self.recover(grant, open, Patience::None).await {
                tracing::info!(%error, grant = %id, "logging out with a spend open");
            }
            let mut revoked = false;
            if revoke {
                let app =
                    app.ok_or_else(|| Error::with_detail(Code::SettingMissing, KeptState::Everything, "the app"))?;
                let tokens = vault.revocable(&lease).await?;
                if tokens.refresh.is_some() || tokens.access.is_some() {
                    let provider = &self.inner.parts.provider;
                    provider.revoke(app, tokens.refresh.as_ref(), tokens.access.as_ref()).await.map_err(Error::call)?;
                    revoked = true;
                }
            }
            let profile = vault.grant(id).await?.profile;
            vault.retire(&lease, self.inner.now(), revoked).await?;
            if let Some(profile) = profile {
                self.drop_unreadable(&profile).await;
            }
            Ok(revoked)
        }
        .await;
        self.release(lease).await;
        result
    }

    /// How many answers to logins are kept under a name that were not made into one.
    ///
    /// # Errors
    /// The vault's.
    pub async fn answers_kept(&self, profile: &ProfileName) -> Result<usize, Error> {
        let answers = self.inner.parts.vault.login_answers().await?;
        Ok(answers.iter().filter(|kept| kept.profile == *profile).count())
    }

    /// Drops what is kept of answers to logins under a name that were not made into one. Gives back how many there were.
    ///
    /// # Errors
    /// The vault's.
    pub async fn drop_answers(&self, profile: &ProfileName) -> Result<usize, Error> {
        let vault = &self.inner.parts.vault;
        let answers = vault.login_answers().await?;
        let mut dropped = 0;
        for kept in answers.into_iter().filter(|kept| kept.profile == *profile) {
            vault.drop_login_answer(kept.id).await?;
            dropped += 1;
        }
        Ok(dropped)
    }

    async fn exchange(&self, app: &App, prepared: &Prepared, exchange: &CodeExchange) -> Result<RawAnswer, Error> {
        match self.inner.parts.provider.exchange(app, prepared, exchange, EXCHANGE_DEADLINE).await {
            Sent::Answered(answer) => Ok(answer),
            Sent::Unsent(fault) => Err(Error::unsent(KeptState::Everything, &fault)),
            Sent::InDoubt(fault) => Err(Error::transport(Code::OutcomeUnknown, KeptState::Everything, &fault)),
        }
    }

    /// Drops what came for a profile instead of a login and could not be read: it is of no use to anybody any more. Best effort; it is
    /// dropped by its age all the same.
    async fn drop_unreadable(&self, profile: &ProfileName) {
        let vault = &self.inner.parts.vault;
        let Ok(answers) = vault.login_answers().await else { return };
        for kept in answers.into_iter().filter(|kept| kept.profile == *profile) {
            let outcome = self.inner.parts.provider.read(&kept.app, kept.api, &kept.answer);
            if !matches!(outcome, Outcome::Rotated { .. })
                && let Err(error) = vault.drop_login_answer(kept.id).await
            {
                tracing::warn!(%error, %profile, "an answer that cannot be read could not be dropped");
            }
        }
    }

    /// Whether the profile has a login of the app that can be refreshed: it does not give way to one that brings no access token.
    async fn keeps_another(&self, app: &AppName, profile: &ProfileName) -> Result<bool, Error> {
        let vault = &self.inner.parts.vault;
        let Some(id) = vault.grant_of(profile).await? else { return Ok(false) };
        let present = vault.grant(id).await?;
        let lives = matches!(present.standing, Standing::Live | Standing::InDoubt { .. });
        Ok(present.app == *app && lives && present.has_refresh)
    }

    /// Keeps a refresh token that came without an access token beside the profile's login, which stays (I3).
    async fn kept_beside(&self, arrived: Arrived<'_>, issued: Issued, lacking: &Refusal) -> Result<Error, Error> {
        let Arrived { kept, profile, api, answer, .. } = arrived;
        let vault = &self.inner.parts.vault;
        match vault.grant_of(profile).await? {
            Some(id) if issued.refresh.is_some() => {
                let set = TokenSet {
                    access: None,
                    refresh: issued.refresh,
                    refresh_expires: issued.refresh_expires,
                    scopes: issued.scopes,
                    subject: issued.subject,
                    issued_by: api,
                    obtained: answer.received,
                };
                vault.set_aside(kept, id, set).await?;
            }
            _ => vault.drop_login_answer(kept).await?,
        }
        let refusal = Refusal { remedy: Remedy::AskServer, ..lacking.clone() };
        Ok(Error::refused(Code::NoAccessToken, KeptState::Everything, refusal))
    }

    /// Finds out whose login it is, and stores it. The answer is kept already, so a provider that is slow to say whose
    /// it is endangers nothing.
    async fn store(
        &self,
        app: Option<&App>,
        arrived: Arrived<'_>,
        issued: Issued,
        oddities: Vec<Oddity>,
        asked: Scopes,
        replace_user: bool,
    ) -> Result<LoginReport, Error> {
        let Arrived { kept, app: app_name, profile, api, answer } = arrived;
        let lacking = without_access(&issued, answer);
        if let Some(lacking) = &lacking
            && self.keeps_another(app_name, profile).await?
        {
            return Err(self.kept_beside(arrived, issued, lacking).await?);
        }
        if let Some(lacking) = &lacking
            && issued.refresh.is_none()
        {
            self.inner.parts.vault.drop_login_answer(kept).await?;
            return Err(Error::refused(Code::NoAccessToken, KeptState::Everything, lacking.clone()));
        }
        let mut replace_user = replace_user;
        if let Some(app) = app {
            self.name_present(app, profile, WHO_DEADLINE).await?;
            // What the name stood for before is of no use to it any more, and names its users otherwise.
            replace_user |= self.is_of_other_registration(app, profile).await?;
        }
        let mut names_nobody = false;
        let subject = match (issued.subject, app, &issued.access) {
            (Some(subject), _, _) => Some(subject),
            (None, Some(app), Some(Access { token, .. })) => {
                let asking = self.inner.parts.provider.user_info(app, token);
                match tokio::time::timeout(WHO_DEADLINE, asking).await {
                    Ok(Ok(subject)) => Some(subject),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "the provider did not say whose login it is");
                        names_nobody = names_no_user(&error);
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
            (false, None) => return Err(wrong_user(profile, None).keeping(KeptState::AnswerInJournal)),
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
            by: self.inner.parts.witness.myself().clone(),
            replace_user,
        };
        let logged_in = self
            .inner
            .parts
            .vault
            .log_in(login)
            .await
            .map_err(|error| Error::vault(error, KeptState::AnswerInJournal))?;
        if let Some(app) = app {
            self.keep_consented(logged_in.id(), obtained, app).await;
        }
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        if let Some(lacking) = lacking {
            return Err(Error::refused(Code::NoAccessToken, KeptState::TokenUnspent, lacking));
        }
        let logged_in = if names_nobody { self.apart_if_unproven(logged_in).await? } else { logged_in };
        let notices = match app {
            // A file that was left a moment ago may show the login of whom it is now.
            Some(app) if !matches!(logged_in, LoggedIn::KeptAside { .. }) => {
                self.tell_around(app, logged_in.id(), None).await.unwrap_or_default()
            }
            Some(app) => self.look_around(app, Some(profile), None, LOOK_PATIENCE).await.unwrap_or_default(),
            // Nobody is there to be told; the next call looks after them.
            None => Vec::new(),
        };
        if let Some(app) = app {
            self.client_is_accepted(app).await;
            self.drop_unreadable(profile).await;
        }
        let report = self.status(logged_in.id()).await?;
        Ok(LoginReport { report, logged_in, oddities, asked, notices })
    }
}

/// What is told of a login's answer whose access token is missing, or over by the answer's own number.
fn without_access(issued: &Issued, answer: &RawAnswer) -> Option<Refusal> {
    let meaning = match &issued.access {
        Some(access) if !access.lifetime().is_zero() => return None,
        Some(_) => OVER,
        None => MISSING,
    };
    Some(Refusal {
        class: RefusalClass::InDoubt,
        remedy: if issued.refresh.is_some() { Remedy::RefreshOnce } else { Remedy::AskServer },
        provider_code: None,
        provider_word: None,
        meaning: Some(meaning),
        status: answer.status,
        description: None,
        log_id: answer.log_id.clone(),
        retry_after: None,
        missing_scopes: Vec::new(),
    })
}

/// An answer that holds a login, kept.
#[derive(Clone, Copy)]
struct Arrived<'a> {
    kept: LoginAnswerId,
    app: &'a AppName,
    profile: &'a ProfileName,
    api: TokenApi,
    answer: &'a RawAnswer,
}

/// A login that the profile has; one that is another user's is an error, so that nobody takes it for the profile's.
fn admitted(report: LoginReport) -> Result<LoginReport, Error> {
    match report.logged_in {
        LoggedIn::KeptAside { id, .. } => Err(another_user(id)),
        LoggedIn::New(_) | LoggedIn::Renewed(_) | LoggedIn::TookOver { .. } => Ok(report),
    }
}

/// The story of a refused authorization code.
fn code_refusal(refusal: &Refusal) -> Code {
    match refusal.class {
        RefusalClass::NeedsConsent | RefusalClass::AccessDead | RefusalClass::InDoubt => Code::CodeRefused,
        _ => refusal.code(),
    }
}

const MISSING: Words = Words {
    en: "the answer brings a refresh token and no access token",
    zh: "应答中有刷新令牌，但没有访问令牌",
};
const OVER: Words = Words {
    en: "the answer brings an access token that had ended when it was issued",
    zh: "应答中的访问令牌在签发时就已过期",
};
/// How long an answer to a login is kept that cannot be read.
const UNREADABLE_KEPT: Duration = Duration::from_hours(30 * 24);
/// How long the answer to an exchange or a poll is waited for.
const EXCHANGE_DEADLINE: Duration = Duration::from_secs(30);
/// How long the provider may take to say whose login it is.
const WHO_DEADLINE: Duration = Duration::from_secs(10);
/// A process that has kept an answer may be at work on it for this long (longer than the patience for whose login it is).
pub const LOGIN_AT_WORK: Duration = Duration::from_mins(1);
