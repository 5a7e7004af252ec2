//! What belongs to an app and not to a grant: its secret, its ticket, and the tokens that any number of processes may fetch.
//!
//! Enters: a secret or ticket to be sealed, a wish for an app or tenant token. Leaves: what the vault keeps of it. Nothing here is
//! used up, so a crash costs another fetch; one right after a login leaves it unsaid which app that login is of.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokenward_core::ports::{AppAccess, AppDataKey, AppTokenKind, Recalled};
use tokenward_core::{
    App, AppName, AppSecret, AppTicket, AppToken, Grant, GrantId, ProfileName, Registration, SecretBytes,
};

use crate::{Error, Keeper};

impl Keeper {
    /// Hands out an app or tenant token, fetched anew when less than `min_ttl` is left. Needs no login and no lock
    /// (reference/feishu.md §9: any number of processes may fetch one).
    pub async fn app_token(&self, app: &App, kind: AppTokenKind, min_ttl: Duration) -> Result<AppAccess, Error> {
        let vault = &self.inner.parts.vault;
        let name = match kind {
            AppTokenKind::App => AppDataKey::AppToken(app.name.clone()),
            AppTokenKind::Tenant => AppDataKey::TenantToken(app.name.clone()),
        };
        // The kept token belongs to a client id and a host: a changed setting must not serve the old one.
        let owner = format!("{}\n{}\n", app.client_id, app.hosts.open);
        let needed = min_ttl.max(APP_TOKEN_MARGIN);
        if let Some((bytes, Some(expires))) = vault.recall_one(&name).await?
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

    /// What is kept of an app, in one look: its secret and its ticket as far as they are asked for, and what its name has stood for.
    ///
    /// # Errors
    /// The vault's, for what was asked for.
    pub async fn app_kept(&self, app: &AppName, secret: bool, ticket: bool) -> Result<AppKept, Error> {
        let mut what = vec![AppDataKey::Registrations(app.clone())];
        what.extend(secret.then(|| AppDataKey::AppSecret(app.clone())));
        what.extend(ticket.then(|| AppDataKey::AppTicket(app.clone())));
        let Ok(found) = self.inner.parts.vault.recall(&what).await else {
            // One of them may not read back: that is told by whoever cannot do without it.
            let secret = if secret { self.app_secret(app).await? } else { None };
            let ticket = if ticket { self.app_ticket(app).await? } else { None };
            return Ok(AppKept { secret, ticket, registrations: None });
        };
        let mut kept = AppKept::default();
        for (what, found) in what.into_iter().zip(found) {
            let text = found.and_then(as_text);
            match what {
                AppDataKey::AppSecret(_) => kept.secret = text.and_then(|text| AppSecret::parse(text).ok()),
                AppDataKey::AppTicket(_) => kept.ticket = text.and_then(|text| AppTicket::parse(text).ok()),
                _ => kept.registrations = Some(Registrations::read(text.as_deref())),
            }
        }
        Ok(kept)
    }

    /// Seals an app's secret into the vault.
    pub async fn keep_app_secret(&self, app: &AppName, secret: &AppSecret) -> Result<(), Error> {
        self.keep(&AppDataKey::AppSecret(app.clone()), secret.expose()).await
    }

    /// Forgets the secret of an app: nothing stands in its place.
    pub async fn forget_app_secret(&self, app: &AppName) -> Result<(), Error> {
        self.keep(&AppDataKey::AppSecret(app.clone()), "").await
    }

    /// The secret of an app, if the vault has one.
    pub async fn app_secret(&self, app: &AppName) -> Result<Option<AppSecret>, Error> {
        Ok(self.recall(&AppDataKey::AppSecret(app.clone())).await?.and_then(|text| AppSecret::parse(text).ok()))
    }

    /// Seals a store app's ticket into the vault.
    pub async fn keep_app_ticket(&self, app: &AppName, ticket: &AppTicket) -> Result<(), Error> {
        self.keep(&AppDataKey::AppTicket(app.clone()), ticket.expose()).await
    }

    /// The ticket of a store app, if the vault has one.
    pub async fn app_ticket(&self, app: &AppName) -> Result<Option<AppTicket>, Error> {
        Ok(self.recall(&AppDataKey::AppTicket(app.clone())).await?.and_then(|text| AppTicket::parse(text).ok()))
    }

    /// Remembers that a name stands for another app from now on, so that a login of the one before is known for what it is.
    pub async fn keep_registration(
        &self,
        app: &AppName,
        former: Option<&Registration>,
        present: &Registration,
    ) -> Result<(), Error> {
        let Registrations(mut history) = self.registrations(app).await?;
        let mut of_name = history.iter().filter(|entry| entry.login.is_none());
        let last = of_name.next_back().map(|last| last.app.clone());
        if let (Some(former), None) = (former, &last) {
            history.push(Since { at: i64::MIN, app: former.clone(), login: None });
        }
        if last.is_none_or(|last| last != *present) {
            let at = self.inner.now().as_millisecond();
            history.push(Since { at, app: present.clone(), login: None });
        }
        self.keep_history(app, &history).await
    }

    /// Remembers which app a person consented to, so that the login is known for what it is when the settings name another. Best effort:
    /// of a login of which it is not known, what its app's name has stood for says it.
    pub(crate) async fn keep_consented(&self, login: GrantId, at: Timestamp, app: &App) {
        let kept = async {
            let Registrations(mut history) = self.registrations(&app.name).await?;
            let present = Registration::new(Some(app.provider().as_str().to_owned()), app.client_id.clone(), None);
            history.push(Since { at: at.as_millisecond(), app: present, login: Some(login) });
            self.keep_history(&app.name, &history).await
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "which app the login is of could not be kept");
        }
    }

    /// Keeps the newest of what a name has stood for, and of the logins.
    async fn keep_history(&self, app: &AppName, history: &[Since]) -> Result<(), Error> {
        let (of_logins, of_name): (Vec<_>, Vec<_>) = history.iter().partition(|entry| entry.login.is_some());
        let newest = |of: &[&Since], longest: usize| of.len().saturating_sub(longest);
        let kept: Vec<_> = of_name[newest(&of_name, LONGEST_HISTORY)..]
            .iter()
            .chain(&of_logins[newest(&of_logins, MOST_LOGINS)..])
            .collect();
        let text = serde_json::to_string(&kept).unwrap_or_default();
        self.keep(&AppDataKey::Registrations(app.clone()), &text).await
    }

    /// The app that a login is a consent to, where its name stands for another one now: its refresh token must not be sent with the
    /// other's id and secret, and not to the other's server.
    pub async fn other_app(&self, login: &Grant, present: &App) -> Result<Option<Registration>, Error> {
        Ok(self.registrations(&login.app).await?.other_app(login, present))
    }

    /// Makes a login that no profile points at one of this name of its app. `false`, and nothing is changed, unless it is written down that
    /// the login is a consent to this very app.
    ///
    /// # Errors
    /// The vault's.
    pub async fn give_app_name(&self, login: &Grant, app: &App) -> Result<bool, Error> {
        let is_own = |own: &Registration| own.is(&app.client_id, app.provider(), &app.hosts);
        if !self.registration_of(login).await?.as_ref().is_some_and(is_own) {
            return Ok(false);
        }
        // First, so that the login is known for what it is whenever its name is the new one.
        self.keep_consented(login.id, login.consented, app).await;
        let parts = &self.inner.parts;
        Ok(parts.vault.hand_over(login.id, &app.name, parts.witness.myself()).await?)
    }

    /// Whether the login of a profile is a consent to what the app's name stood for before.
    pub async fn is_of_other_registration(&self, app: &App, profile: &ProfileName) -> Result<bool, Error> {
        let vault = &self.inner.parts.vault;
        let Some(id) = vault.grant_of(profile).await? else { return Ok(false) };
        // One that is damaged says nothing of it.
        let Ok(login) = vault.grant(id).await else { return Ok(false) };
        let other = self.other_app(&login, app).await?;
        Ok(login.app == app.name && other.is_some())
    }

    /// The app that a login is a consent to, as far as that was ever written down.
    pub async fn registration_of(&self, login: &Grant) -> Result<Option<Registration>, Error> {
        Ok(self.registrations(&login.app).await?.of(login).map(|entry| entry.app.clone()))
    }

    async fn registrations(&self, app: &AppName) -> Result<Registrations, Error> {
        let text = self.recall(&AppDataKey::Registrations(app.clone())).await?;
        Ok(Registrations::read(text.as_deref()))
    }

    async fn keep(&self, what: &AppDataKey, text: &str) -> Result<(), Error> {
        Ok(self.inner.parts.vault.keep(what, &SecretBytes::new(text.as_bytes().to_vec()), None).await?)
    }

    async fn recall(&self, what: &AppDataKey) -> Result<Option<String>, Error> {
        Ok(self.inner.parts.vault.recall_one(what).await?.and_then(as_text))
    }
}

/// What the vault keeps of an app.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct AppKept {
    /// Its secret, where it was asked for and is kept.
    pub secret: Option<AppSecret>,
    /// Its ticket, likewise.
    pub ticket: Option<AppTicket>,
    /// What its name has stood for; `None` where that does not read back.
    pub registrations: Option<Registrations>,
}

/// Which apps a name has stood for, and since when.
#[derive(Debug, Clone, Default)]
pub struct Registrations(Vec<Since>);

impl Registrations {
    /// The app that a login is a consent to, where its name stands for another one now ([`Keeper::other_app`]). The login is of that name.
    pub fn other_app(&self, login: &Grant, present: &App) -> Option<Registration> {
        self.bound(login).filter(|own| !own.is(&present.client_id, present.provider(), &present.hosts))
    }

    /// Whether nothing was written down: nobody has set the app up with `init`, and nobody has logged in with it.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The app that a login is to be used with alone; `None` where that was never written down.
    pub(crate) fn bound(&self, login: &Grant) -> Option<Registration> {
        let of = self.of(login)?;
        // What the name stands for by `init` may have been changed by hand before the login was made.
        let is_last = of.login.is_none() && self.of_name().next_back().is_some_and(|last| last.app == of.app);
        (!is_last).then(|| of.app.clone())
    }

    /// The same, where it was written down with the login itself: that does not change any more.
    pub(crate) fn own(&self, login: &Grant) -> Option<Registration> {
        self.of(login).filter(|of| of.login.is_some()).map(|of| of.app.clone())
    }

    /// The logins that alone may be bound otherwise than by those before; `None`: any may.
    pub(crate) fn changed_since(&self, former: &Self) -> Option<BTreeSet<GrantId>> {
        let of_name = |of: &Self| of.of_name().map(|entry| (entry.at, entry.app.clone())).collect::<Vec<_>>();
        let of_logins =
            |of: &Self| of.0.iter().filter_map(|entry| Some((entry.login?, entry.at))).collect::<BTreeSet<_>>();
        let (now, before) = (of_logins(self), of_logins(former));
        (of_name(self) == of_name(former)).then(|| (&now ^ &before).into_iter().map(|(login, _)| login).collect())
    }

    /// The app that somebody consented to: as it was when the login was made, else what the name stood for then.
    fn of(&self, login: &Grant) -> Option<&Since> {
        let consented = login.consented.as_millisecond();
        let own = self.0.iter().rev().find(|entry| entry.login == Some(login.id) && entry.at == consented);
        own.or_else(|| self.of_name().rev().find(|entry| entry.at <= consented))
    }

    fn of_name(&self) -> impl DoubleEndedIterator<Item = &Since> {
        self.0.iter().filter(|entry| entry.login.is_none())
    }

    /// As they were kept. What does not read says nothing.
    pub(crate) fn read(text: Option<&str>) -> Self {
        Self(text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default())
    }
}

fn as_text((bytes, _): Recalled) -> Option<String> {
    String::from_utf8(bytes.expose().to_vec()).ok()
}

/// From when a name has stood for an app, or when somebody consented to one.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Since {
    #[serde(rename = "since")]
    at: i64,
    app: Registration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login: Option<GrantId>,
}

/// Nobody changes an app so often while logins of it are kept.
const LONGEST_HISTORY: usize = 16;

/// Of so many logins of an app it is known which app they are of; of older ones the app's name says it.
const MOST_LOGINS: usize = 64;

/// App tokens are fetched anew this long before their end; the provider gives the same one until 30 minutes before.
const APP_TOKEN_MARGIN: Duration = Duration::from_mins(5);
