//! What belongs to an app and not to a grant: its secret, its ticket, and the tokens that any number of processes may fetch.
//!
//! Enters: a secret or ticket to be sealed, a wish for an app or tenant token. Leaves: what the vault keeps of it. Nothing here is
//! used up, so a crash costs another fetch.

use std::time::Duration;

use tokenward_core::ports::{AppAccess, AppTokenKind, Keepsake};
use tokenward_core::{App, AppName, AppSecret, AppTicket, AppToken, SecretBytes};

use crate::{Error, Keeper};

impl Keeper {
    /// Hands out an app or tenant token, fetched anew when less than `min_ttl` is left. Needs no login and no lock
    /// (reference §9: any number of processes may fetch one).
    pub async fn app_token(&self, app: &App, kind: AppTokenKind, min_ttl: Duration) -> Result<AppAccess, Error> {
        let vault = &self.inner.parts.vault;
        let name = match kind {
            AppTokenKind::App => Keepsake::AppToken(app.name.clone()),
            AppTokenKind::Tenant => Keepsake::TenantToken(app.name.clone()),
        };
        // The kept token belongs to a client id and a host: a changed setting must not serve the old one.
        let owner = format!("{}\n{}\n", app.client_id, app.hosts.open);
        let needed = min_ttl.max(APP_TOKEN_MARGIN);
        if let Some((bytes, Some(expires))) = vault.recall(&name).await?
            && Duration::try_from(expires.duration_since(self.inner.now())).unwrap_or_default() > needed
            && let Some(text) = std::str::from_utf8(bytes.expose()).ok().and_then(|text| text.strip_prefix(&owner))
            && let Ok(token) = AppToken::parse(text)
        {
            return Ok(AppAccess { token, expires });
        }
        let fetched = self.inner.parts.provider.app_token(app, kind).await.map_err(Error::call)?;
        let bytes = SecretBytes::new(format!("{owner}{}", fetched.token.expose()).into_bytes());
        // A token that cannot be kept is still good: it can be fetched again at no cost.
        if let Err(error) = vault.keep(&name, &bytes, Some(fetched.expires)).await {
            tracing::warn!(%error, "the app token could not be kept");
        }
        Ok(fetched)
    }

    /// Seals an app's secret into the vault.
    pub async fn keep_app_secret(&self, app: &AppName, secret: &AppSecret) -> Result<(), Error> {
        self.keep(&Keepsake::AppSecret(app.clone()), secret.expose()).await
    }

    /// The secret of an app, if the vault has one.
    pub async fn app_secret(&self, app: &AppName) -> Result<Option<AppSecret>, Error> {
        Ok(self.recall(&Keepsake::AppSecret(app.clone())).await?.and_then(|text| AppSecret::parse(text).ok()))
    }

    /// Seals a store app's ticket into the vault.
    pub async fn keep_app_ticket(&self, app: &AppName, ticket: &AppTicket) -> Result<(), Error> {
        self.keep(&Keepsake::AppTicket(app.clone()), ticket.expose()).await
    }

    /// The ticket of a store app, if the vault has one.
    pub async fn app_ticket(&self, app: &AppName) -> Result<Option<AppTicket>, Error> {
        Ok(self.recall(&Keepsake::AppTicket(app.clone())).await?.and_then(|text| AppTicket::parse(text).ok()))
    }

    /// Asks the provider to push a new app ticket.
    pub async fn resend_app_ticket(&self, app: &App) -> Result<(), Error> {
        self.inner.parts.provider.resend_ticket(app).await.map_err(Error::call)
    }

    async fn keep(&self, what: &Keepsake, text: &str) -> Result<(), Error> {
        Ok(self.inner.parts.vault.keep(what, &SecretBytes::new(text.as_bytes().to_vec()), None).await?)
    }

    async fn recall(&self, what: &Keepsake) -> Result<Option<String>, Error> {
        let found = self.inner.parts.vault.recall(what).await?;
        Ok(found.and_then(|(bytes, _)| String::from_utf8(bytes.expose().to_vec()).ok()))
    }
}

/// App tokens are fetched anew this long before their end; the provider gives the same one until 30 minutes before.
const APP_TOKEN_MARGIN: Duration = Duration::from_mins(5);
