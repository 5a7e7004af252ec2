//! The app of a profile, as a session finds it, and a token of the profile's login.
//!
//! Enters: a profile of the settings, and a secret where one was given. Leaves: the app, ready to be used, with what its name has stood for.
//! All of it is one look at the vault. Nothing is used up, so a crash costs nothing.

use tokenward_core::{App, AppKind, AppSecret, Code, DirectGrant, FeishuApp, Platform, ProfileName, TokenWish};
use tokenward_keeper::{AppKept, Registrations};

use super::Session;
use crate::{Error, Keeper, KeptState, Obtain, ResolvedProfile, ServedToken, TokenHolder};

/// An app as a session found it.
#[derive(Debug)]
#[non_exhaustive]
pub struct KnownApp {
    /// The app, with its secret.
    pub app: App,
    /// What its name has stood for; `None` where that does not read back.
    pub registrations: Option<Registrations>,
}

impl Session {
    /// The app of a profile, with its secret (the one that is given, else the vault's) and, for a store app, its newest ticket. `None`
    /// where it has to have a secret and there is none.
    ///
    /// # Errors
    /// The vault's codes.
    pub async fn app(&self, profile: &ResolvedProfile, given: Option<AppSecret>) -> Result<Option<App>, Error> {
        Ok(self.known_app(profile, given).await?.map(|known| known.app))
    }

    /// The same with what the app's name has stood for: all of it is one look at the vault.
    ///
    /// # Errors
    /// As [`Session::app`].
    pub async fn known_app(
        &self,
        profile: &ResolvedProfile,
        given: Option<AppSecret>,
    ) -> Result<Option<KnownApp>, Error> {
        known_app(&self.keeper, profile, given).await
    }

    /// An access token of a profile. Where there is an authorization page, it is that of the profile's login, which follows what linked files
    /// bring ([`Keeper::access_as`]). Elsewhere it is got for what is shown ([`Keeper::obtain`]): the app's own for its secret, a user's for
    /// `shown`; with nothing shown, what is there already has to do. `who` names whose it is to be where the profile's name does not say so.
    ///
    /// # Errors
    /// As these two; [`Code::Usage`] where the app serves many users and nobody is named.
    pub async fn access(
        &self,
        app: &App,
        profile: &ProfileName,
        ask: TokenWish,
        who: Option<TokenHolder>,
        shown: Option<DirectGrant>,
    ) -> Result<ServedToken, Error> {
        obtained(&self.keeper, app, profile, ask, who, shown).await
    }
}

async fn known_app(
    keeper: &Keeper,
    profile: &ResolvedProfile,
    given: Option<AppSecret>,
) -> Result<Option<KnownApp>, Error> {
    let mut app = profile.app(None);
    let has_secret = profile.has_secret();
    let ticket = match &mut app.platform {
        Platform::Feishu(FeishuApp { kind: AppKind::Store { ticket, .. }, .. }) if has_secret => Some(ticket),
        Platform::Feishu(_) | Platform::BlueKing(_) | Platform::OAuth2(_) => None,
    };
    let (lacks_secret, lacks_ticket) = (has_secret && given.is_none(), matches!(&ticket, Some(None)));
    let AppKept { secret, ticket: newest, registrations, .. } =
        keeper.app_kept(&profile.app_name, lacks_secret, lacks_ticket).await?;
    let secret = given.filter(|_| has_secret).or(secret);
    if has_secret && secret.is_none() {
        return Ok(None);
    }
    match ticket {
        Some(Some(given)) => keeper.keep_app_ticket(&profile.app_name, given).await?,
        Some(lacking) => *lacking = newest,
        None => {}
    }
    app.secret = secret;
    Ok(Some(KnownApp { app, registrations }))
}

/// The app of a profile with the secret of the settings, or of the vault.
pub(crate) async fn app_with_secret(keeper: &Keeper, profile: &ResolvedProfile) -> Result<KnownApp, Error> {
    let (secret, warning) = profile.secret.look()?;
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
    let known = known_app(keeper, profile, secret).await?;
    known.ok_or_else(|| {
        let detail = format!("the secret of the app {} is neither in the vault nor in the settings", profile.app_name);
        Error::with_detail(Code::SettingMissing, KeptState::Everything, detail)
    })
}

/// An access token of a profile's login, if that is a consent to the app that the profile names now. Where there is an authorization page, it
/// is the login's, which follows what linked files bring; elsewhere what is there already has to do.
pub(crate) async fn access_of(
    keeper: &Keeper,
    profile: &ResolvedProfile,
    ask: TokenWish,
) -> Result<ServedToken, Error> {
    let KnownApp { app, registrations } = app_with_secret(keeper, profile).await?;
    let name = &profile.name;
    let (Some(registrations), true) = (registrations, app.token_api.has_browser_login()) else {
        check_registration(keeper, &app, name).await?;
        return obtained(keeper, &app, name, ask, None, None).await;
    };
    let login = keeper.login_of(name).await?;
    let of_this_name = login.as_ref().filter(|login| login.app == app.name);
    if of_this_name.is_some_and(|login| registrations.other_app(login, &app).is_some()) {
        return Err(is_of_other_app(&app, name));
    }
    keeper.access_seen(&app, name, login, ask).await
}

/// The login has to be a consent to what its app's name stands for now.
pub(crate) async fn check_registration(keeper: &Keeper, app: &App, profile: &ProfileName) -> Result<(), Error> {
    let is_other = keeper.is_of_other_registration(app, profile).await?;
    if is_other { Err(is_of_other_app(app, profile)) } else { Ok(()) }
}

fn is_of_other_app(app: &App, profile: &ProfileName) -> Error {
    let detail = format!("the login of {profile} is a consent to another app than {} is now", app.name);
    Error::with_detail(Code::NotLoggedIn, KeptState::Record, detail)
}

/// A token that is got for what is shown, or that is there already; or the profile's login, where there is an authorization page.
pub(crate) async fn obtained(
    keeper: &Keeper,
    app: &App,
    profile: &ProfileName,
    ask: TokenWish,
    who: Option<TokenHolder>,
    shown: Option<DirectGrant>,
) -> Result<ServedToken, Error> {
    if app.token_api.has_browser_login() {
        return keeper.access_as(app, profile, ask).await;
    }
    let named = || if profile.is_of_app() { Some(TokenHolder::App) } else { profile.user().map(TokenHolder::User) };
    let who = who.or_else(named).ok_or_else(|| {
        let detail =
            format!("{profile} serves many users: name one as {profile}:user, or the app itself as {profile}:~app");
        Error::with_detail(Code::Usage, KeptState::Everything, detail)
    })?;
    let wanted = match who {
        TokenHolder::App => Obtain::app(profile.clone()),
        TokenHolder::User(user) => Obtain::user(profile.clone(), user, shown),
    };
    let wanted = match ask {
        TokenWish::Living { min_ttl } => wanted.living(min_ttl),
        TokenWish::NewerThan(seen) => {
            let grant = keeper.grant_of(&wanted.name()).await?;
            wanted.after_refusal(grant, seen)
        }
    };
    keeper.obtain(app, &wanted).await
}
