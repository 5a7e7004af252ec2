//! The app of a profile, as a session finds it.
//!
//! Enters: a profile of the settings, and a secret where one was given. Leaves: the app, ready to be used, with what its name has stood for.
//! All of it is one look at the vault. Nothing is used up, so a crash costs nothing.

use tokenward_core::{App, AppKind, AppSecret, FeishuApp, Platform};
use tokenward_keeper::{AppKept, Registrations};

use super::Session;
use crate::{Error, ResolvedProfile};

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
        let mut app = profile.app(None);
        let has_secret = profile.has_secret();
        let ticket = match &mut app.platform {
            Platform::Feishu(FeishuApp { kind: AppKind::Store { ticket, .. }, .. }) if has_secret => Some(ticket),
            Platform::Feishu(_) | Platform::BlueKing(_) | Platform::OAuth2(_) => None,
        };
        let (lacks_secret, lacks_ticket) = (has_secret && given.is_none(), matches!(&ticket, Some(None)));
        let AppKept { secret, ticket: newest, registrations, .. } =
            self.keeper.app_kept(&profile.app_name, lacks_secret, lacks_ticket).await?;
        let secret = given.filter(|_| has_secret).or(secret);
        if has_secret && secret.is_none() {
            return Ok(None);
        }
        match ticket {
            Some(Some(given)) => self.keeper.keep_app_ticket(&profile.app_name, given).await?,
            Some(lacking) => *lacking = newest,
            None => {}
        }
        app.secret = secret;
        Ok(Some(KnownApp { app, registrations }))
    }
}
