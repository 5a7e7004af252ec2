//! Who may ask: apps with their switches, users with their states.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::words::{Brand, ClientAuth, Randomness, hex};

/// The scopes an app has enabled unless it says otherwise: enough for logins, for the wiki calls, and for what a login is commonly for
/// (documents, messages, search).
pub const DEFAULT_SCOPES: [&str; 24] = [
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
    "docx:document:create",
    "im:message",
    "im:message.send_as_user",
    "im:message:readonly",
    "im:chat:read",
    "search:docs:read",
    "wiki:wiki:readonly",
];

/// The scopes an app of the plain provider may ask for unless it says otherwise.
pub const DEFAULT_PLAIN_SCOPES: [&str; 5] = ["email", "offline_access", "profile", "read", "write"];

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
    /// Scopes enabled on its permission page. When left out: [`DEFAULT_SCOPES`], for the plain provider
    /// [`DEFAULT_PLAIN_SCOPES`], and for BlueKing none, which there means any.
    #[serde(default)]
    pub scopes: Option<BTreeSet<String>>,
    /// A store app (ISV) rather than one built by a company for itself.
    #[serde(default)]
    pub store: bool,
    /// How it must prove itself to an OAuth 2.0 server: bkauth and the plain provider.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// The realms of bkauth it may use; every realm when empty.
    #[serde(default)]
    pub realms: BTreeSet<String>,
}

impl AppSpec {
    /// A self-built app with the default scopes and no redirect URL.
    pub fn new(brand: Brand) -> Self {
        let name = sandbox_app();
        let (redirect_urls, realms) = (Vec::new(), BTreeSet::new());
        let client_auth = ClientAuth::Any;
        Self { brand, id: None, secret: None, name, redirect_urls, scopes: None, store: false, client_auth, realms }
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

    /// Chooses how it must prove itself to an OAuth 2.0 server.
    #[must_use]
    pub const fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.client_auth = client_auth;
        self
    }

    /// Lets it use these realms of bkauth and no others.
    #[must_use]
    pub fn realms(mut self, realms: &[&str]) -> Self {
        self.realms = realms.iter().map(|realm| (*realm).to_owned()).collect();
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
    /// How it must prove itself to an OAuth 2.0 server: bkauth and the plain provider.
    pub client_auth: ClientAuth,
    /// The realms of bkauth it may use; every realm when empty.
    pub realms: BTreeSet<String>,
}

impl App {
    pub(crate) fn register(spec: AppSpec, randomness: &mut Randomness) -> Self {
        let scopes: &[&str] = match spec.brand {
            Brand::Feishu | Brand::Lark => &DEFAULT_SCOPES,
            Brand::BlueKing => &[],
            Brand::OAuth2 => &DEFAULT_PLAIN_SCOPES,
        };
        let scopes = spec.scopes.unwrap_or_else(|| scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let prefix = match spec.brand {
            Brand::Feishu | Brand::Lark => "cli_",
            Brand::BlueKing => "bk-app-",
            Brand::OAuth2 => "client-",
        };
        Self {
            id: spec.id.unwrap_or_else(|| format!("{prefix}{}", randomness.hex(16))),
            secret: spec.secret.unwrap_or_else(|| randomness.hex(32)),
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
            ticket: randomness.hex(32),
            client_auth: spec.client_auth,
            realms: spec.realms,
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
    /// Login cookies by which BlueKing knows the user, see [`User::cookies`].
    #[serde(default)]
    pub cookies: BTreeMap<String, String>,
}

impl UserSpec {
    /// A user of the default company.
    pub fn new(name: &str) -> Self {
        Self { id: None, name: name.to_owned(), tenant_key: sandbox_tenant(), cookies: BTreeMap::new() }
    }

    /// Chooses the id, which is BlueKing's username.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    /// Gives the user one more login cookie.
    #[must_use]
    pub fn cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.insert(name.to_owned(), value.to_owned());
        self
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
    /// Login cookies by which BlueKing knows the user, by the name of the request's field: `bk_token`, `bk_ticket`, `skey`
    /// and `openkey` are secrets; `rtx`, `uin` and `openid` name the user beside them.
    #[serde(default)]
    pub cookies: BTreeMap<String, String>,
}

impl User {
    pub(crate) fn register(spec: UserSpec, randomness: &mut Randomness) -> Self {
        let id = spec.id.unwrap_or_else(|| randomness.hex(8));
        let (status, policy) = (UserStatus::Active, Policy::Allow);
        Self { id, name: spec.name, tenant_key: spec.tenant_key, status, policy, cookies: spec.cookies }
    }

    /// The `open_id`: another for every app (reference/feishu.md §10).
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

/// What the company's security policy says to a login (reference/feishu.md §4.5).
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
