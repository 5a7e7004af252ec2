//! Who may ask: apps with their switches, users with their states.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::chance::{Chance, hex};
use crate::endpoint::Brand;

/// The scopes an app has enabled unless it says otherwise: enough for logins and for the wiki calls.
pub const DEFAULT_SCOPES: [&str; 17] = [
    "offline_access",
    "auth:user.id:read",
    "contact:user.base:readonly",
    "wiki:wiki",
    "wiki:space:read",
    "wiki:space:retrieve",
    "wiki:node:create",
    "wiki:node:move",
    "wiki:node:read",
    "wiki:node:retrieve",
    "docx:document",
    "docx:document:readonly",
    "docx:document:write_only",
    "docx:document.block:convert",
    "docs:document.media:upload",
    "docs:document:import",
    "drive:drive",
];

/// An app to register. Everything but the brand may be left out.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSpec {
    /// The brand it belongs to.
    pub brand: Brand,
    /// `cli_…`; made up when left out.
    #[serde(default)]
    pub id: Option<String>,
    /// Made up when left out.
    #[serde(default)]
    pub secret: Option<String>,
    /// What the consent page calls it.
    #[serde(default = "sandbox_app")]
    pub name: String,
    /// Registered redirect URLs.
    #[serde(default)]
    pub redirect_urls: Vec<String>,
    /// Scopes enabled on its permission page; [`DEFAULT_SCOPES`] when left out.
    #[serde(default)]
    pub scopes: Option<BTreeSet<String>>,
    /// A store app (ISV) rather than one built by a company for itself.
    #[serde(default)]
    pub store: bool,
}

impl AppSpec {
    /// A self-built app with the default scopes and no redirect URL.
    pub fn new(brand: Brand) -> Self {
        let name = sandbox_app();
        Self { brand, id: None, secret: None, name, redirect_urls: Vec::new(), scopes: None, store: false }
    }

    /// Chooses the App ID and secret.
    #[must_use]
    pub fn credentials(mut self, id: &str, secret: &str) -> Self {
        self.id = Some(id.to_owned());
        self.secret = Some(secret.to_owned());
        self
    }

    /// Names the app.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Registers one more redirect URL.
    #[must_use]
    pub fn redirect(mut self, url: &str) -> Self {
        self.redirect_urls.push(url.to_owned());
        self
    }

    /// Enables exactly these scopes.
    #[must_use]
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        self
    }

    /// Makes it a store app.
    #[must_use]
    pub fn store(mut self) -> Self {
        self.store = true;
        self
    }
}

impl fmt::Debug for AppSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppSpec").field("brand", &self.brand).field("id", &self.id).finish_non_exhaustive()
    }
}

/// A registered app. The public fields may be changed while the sandbox runs.
#[derive(Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the developer console")]
pub struct App {
    /// `cli_…`.
    pub id: String,
    /// The app secret.
    pub secret: String,
    /// The brand it belongs to.
    pub brand: Brand,
    /// What the consent page calls it.
    pub name: String,
    /// Registered redirect URLs.
    pub redirect_urls: Vec<String>,
    /// Scopes enabled on its permission page.
    pub scopes: BTreeSet<String>,
    /// A store app.
    pub store: bool,
    /// Not disabled. Off: 20069, 20042, 10014, 99991662.
    pub enabled: bool,
    /// Installed in the tenant. Off: 20009, 11210, 99991673.
    pub installed: bool,
    /// The security setting "refresh `user_access_token`". Off: no refresh token, and 20074.
    pub refresh_switch: bool,
    /// A version with these settings is published. Off: as if the refresh switch were off.
    pub published: bool,
    /// Users may use it (availability range). Off: 20010.
    pub available: bool,
    /// The caller's address is on the allow list. Off: 99991401.
    pub address_allowed: bool,
    /// The month's quota is not used up. Off: 99991403.
    pub quota_left: bool,
    /// The current `app_ticket` of a store app.
    pub ticket: String,
}

impl App {
    pub(crate) fn register(spec: AppSpec, chance: &mut Chance) -> Self {
        let scopes = spec.scopes.unwrap_or_else(|| DEFAULT_SCOPES.iter().map(|scope| (*scope).to_owned()).collect());
        Self {
            id: spec.id.unwrap_or_else(|| format!("cli_{}", chance.hex(16))),
            secret: spec.secret.unwrap_or_else(|| chance.hex(32)),
            brand: spec.brand,
            name: spec.name,
            redirect_urls: spec.redirect_urls,
            scopes,
            store: spec.store,
            enabled: true,
            installed: true,
            refresh_switch: true,
            published: true,
            available: true,
            address_allowed: true,
            quota_left: true,
            ticket: chance.hex(32),
        }
    }

    /// Whether logins of this app may be refreshed.
    pub const fn may_refresh(&self) -> bool {
        self.refresh_switch && self.published
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("id", &self.id).field("brand", &self.brand).finish_non_exhaustive()
    }
}

/// A user to register. Everything but the name may be left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    /// Made up when left out; also the platform's `user_id`.
    #[serde(default)]
    pub id: Option<String>,
    /// What the pages call the user.
    pub name: String,
    /// The company; one and the same for all users when left out.
    #[serde(default = "sandbox_tenant")]
    pub tenant_key: String,
}

impl UserSpec {
    /// A user of the default company.
    pub fn new(name: &str) -> Self {
        Self { id: None, name: name.to_owned(), tenant_key: sandbox_tenant() }
    }
}

/// A registered user. The public fields may be changed while the sandbox runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identifier in the sandbox, and the platform's `user_id`.
    pub id: String,
    /// Display name.
    pub name: String,
    /// The company.
    pub tenant_key: String,
    /// Employment and account state.
    pub status: UserStatus,
    /// What the company's security policy says.
    pub policy: Policy,
}

impl User {
    pub(crate) fn register(spec: UserSpec, chance: &mut Chance) -> Self {
        let id = spec.id.unwrap_or_else(|| chance.hex(8));
        Self { id, name: spec.name, tenant_key: spec.tenant_key, status: UserStatus::Active, policy: Policy::Allow }
    }

    /// The `open_id`: another for every app (reference §10).
    pub fn open_id(&self, app: &str) -> String {
        let mut text = hex(&Sha256::digest(format!("{app}\n{}", self.id)));
        text.truncate(32);
        format!("ou_{text}")
    }

    /// The `union_id`: one for all apps of a vendor.
    pub fn union_id(&self) -> String {
        let mut text = hex(&Sha256::digest(format!("union\n{}", self.id)));
        text.truncate(32);
        format!("on_{text}")
    }
}

/// Whether a user may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserStatus {
    /// Deleted: 20008.
    Absent,
    /// All is well.
    Active,
    /// 20022, or 20066 on v2 and v3.
    Frozen,
    /// 20021, or 20066 on v2 and v3.
    Resigned,
    /// 20023, or 20066 on v2 and v3.
    Unregistered,
}

/// What the company's security policy says to a login (reference §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Nothing.
    Allow,
    /// An extra challenge is needed: 21000 with `challenge_url`.
    Challenge,
    /// Access is denied: 21001.
    Deny,
}

fn sandbox_app() -> String {
    "Sandbox app".to_owned()
}

fn sandbox_tenant() -> String {
    "tenant_sandbox".to_owned()
}
