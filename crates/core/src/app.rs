//! An app: one client registration at a provider.
//!
//! What every registration has stands in [`App`]; what only one kind of provider knows stands in [`Platform`], so that no
//! app has a brand without being Feishu's, nor a realm without being BlueKing's. Brand and hosts are kept in one setting
//! (reference/feishu.md §1): an app used through the other brand's hosts is refused with 20046.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::profile_name::{BadName, is_name};
use crate::{AppSecret, AppTicket};

/// The name by which a person knows an app; also the name of its table in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppName(String);

impl AppName {
    /// The longest name, in bytes.
    pub const MAX: usize = 64;

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AppName {
    type Err = BadName;

    /// By the rules of all names: 1 to 64 letters, digits, `-`, `_`, `.`, `@`.
    fn from_str(text: &str) -> Result<Self, BadName> {
        if !is_name(text, Self::MAX) {
            return Err(BadName(text.chars().take(Self::MAX).collect()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The two brands of the Feishu platform. An app belongs to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Brand {
    /// Feishu (feishu.cn).
    Feishu,
    /// Lark (larksuite.com).
    Lark,
}

impl Brand {
    /// The name used in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feishu => "feishu",
            Self::Lark => "lark",
        }
    }

    /// The other one, for the remedy of a mix-up.
    pub const fn other(self) -> Self {
        match self {
            Self::Feishu => Self::Lark,
            Self::Lark => Self::Feishu,
        }
    }

    /// The brand's own hosts (reference/feishu.md §1).
    ///
    /// # Panics
    /// Never: the literals are URLs.
    pub fn hosts(self) -> Hosts {
        let (open, accounts) = match self {
            Self::Feishu => ("https://open.feishu.cn", "https://accounts.feishu.cn"),
            Self::Lark => ("https://open.larksuite.com", "https://accounts.larksuite.com"),
        };
        Hosts { open: Url::parse(open).expect("a literal URL"), accounts: Url::parse(accounts).expect("a literal URL") }
    }

    /// The token endpoint to use where the settings do not say (reference/feishu.md §8.1): v3 on Feishu, where v2 is
    /// marked historic since 2026-06-29; v2 on Lark, where v3 is reported to fail for real apps.
    pub const fn default_token_api(self) -> TokenApi {
        match self {
            Self::Feishu => TokenApi::V3,
            Self::Lark => TokenApi::V2,
        }
    }
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Brand {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Feishu, Self::Lark].into_iter().find(|brand| brand.as_str() == text).ok_or(())
    }
}

/// Where an app is used. Feishu's and Lark's have no path; others may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hosts {
    /// Where business calls go: the `OpenAPI` host (`{open}` in the Feishu reference), BlueKing's API gateway, or the
    /// resource server of a plain OAuth provider.
    pub open: Url,
    /// Where tokens come from: the accounts host (`{accounts}`), BlueKing's token service (`OAUTH_API_URL`), or the issuer.
    pub accounts: Url,
}

/// The name of a provider in settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderName {
    /// Feishu (feishu.cn).
    Feishu,
    /// Lark (larksuite.com).
    Lark,
    /// Tencent `BlueKing`, in the dialect that [`TokenApi`] names.
    BlueKing,
    /// Any server that keeps to RFC 6749.
    OAuth2,
}

impl ProviderName {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Feishu, Self::Lark, Self::BlueKing, Self::OAuth2];

    /// The name used in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feishu => "feishu",
            Self::Lark => "lark",
            Self::BlueKing => "blueking",
            Self::OAuth2 => "oauth2",
        }
    }

    /// The brand, for the two that are one platform.
    pub const fn brand(self) -> Option<Brand> {
        match self {
            Self::Feishu => Some(Brand::Feishu),
            Self::Lark => Some(Brand::Lark),
            Self::BlueKing | Self::OAuth2 => None,
        }
    }

    /// Whether a family of token endpoints is this provider's.
    pub const fn speaks(self, api: TokenApi) -> bool {
        match self {
            Self::Feishu | Self::Lark => {
                matches!(api, TokenApi::V3 | TokenApi::V2 | TokenApi::OidcV1 | TokenApi::LegacyV1)
            }
            Self::BlueKing => matches!(api, TokenApi::Ssm | TokenApi::AuthApi | TokenApi::BkAuth),
            Self::OAuth2 => matches!(api, TokenApi::Rfc6749),
        }
    }
}

impl From<Brand> for ProviderName {
    fn from(brand: Brand) -> Self {
        match brand {
            Brand::Feishu => Self::Feishu,
            Brand::Lark => Self::Lark,
        }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProviderName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or(())
    }
}

/// A family of token endpoints. A refresh token belongs to the family that issued it (reference/feishu.md §4.2, §8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenApi {
    /// `{accounts}/oauth/v3/token`.
    V3,
    /// `{open}/open-apis/authen/v2/oauth/token`.
    V2,
    /// `{open}/open-apis/authen/v1/oidc/…`.
    OidcV1,
    /// `{open}/open-apis/authen/v1/…`.
    LegacyV1,
    /// `BlueKing` SSM: `{accounts}/api/v1/auth/access-tokens…` (reference/blueking.md §2.1).
    Ssm,
    /// `BlueKing` auth api of the internal editions: `{accounts}/auth_api/…` (reference/blueking.md §2.2).
    AuthApi,
    /// `BlueKing` bkauth: `{accounts}/realms/{realm}/oauth2/…` (reference/blueking.md §3.3).
    BkAuth,
    /// A server that keeps to RFC 6749; its endpoints are discovered or written in the settings.
    #[serde(rename = "oauth2")]
    Rfc6749,
}

impl TokenApi {
    /// Every family, each platform's newest first.
    pub const ALL: [Self; 8] =
        [Self::V3, Self::V2, Self::OidcV1, Self::LegacyV1, Self::Ssm, Self::AuthApi, Self::BkAuth, Self::Rfc6749];

    /// The name used in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V3 => "v3",
            Self::V2 => "v2",
            Self::OidcV1 => "oidc-v1",
            Self::LegacyV1 => "legacy-v1",
            Self::Ssm => "ssm",
            Self::AuthApi => "auth-api",
            Self::BkAuth => "bkauth",
            Self::Rfc6749 => "oauth2",
        }
    }

    /// The family in use instead, should this one answer that there is no such endpoint. Only such an answer
    /// permits the step, because it alone proves that no refresh token was used.
    pub const fn fallback(self) -> Option<Self> {
        match self {
            Self::V3 => Some(Self::V2),
            Self::V2 => Some(Self::V3),
            Self::OidcV1 | Self::LegacyV1 | Self::Ssm | Self::AuthApi | Self::BkAuth | Self::Rfc6749 => None,
        }
    }

    /// Whether this family accepts a refresh token that `issuer` issued (reference/feishu.md §4.2: v2 takes its own
    /// only; v3 takes those of v2 and v3; each v1 family its own `ur-` tokens).
    pub fn accepts_from(self, issuer: Self) -> bool {
        self == issuer || (self == Self::V3 && issuer == Self::V2)
    }

    /// Whether its exchange takes a PKCE verifier. The v1 families have no field for one (reference/feishu.md §6, §7),
    /// so a challenge could never be met.
    pub const fn takes_verifier(self) -> bool {
        matches!(self, Self::V3 | Self::V2 | Self::BkAuth | Self::Rfc6749)
    }

    /// Whether a person logs in at an authorization page or with a device code. The other two exchange what the browser of
    /// a logged-in user carries ([`crate::DirectGrant`]).
    pub const fn has_browser_login(self) -> bool {
        !matches!(self, Self::Ssm | Self::AuthApi)
    }

    /// Whether its calls are authorized by an app access token instead of the app's secret.
    pub const fn needs_app_token(self) -> bool {
        matches!(self, Self::OidcV1 | Self::LegacyV1)
    }
}

impl fmt::Display for TokenApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TokenApi {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|api| api.as_str() == text).ok_or(())
    }
}

/// Who may install the app; decides how app and tenant tokens are obtained (reference/feishu.md §9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppKind {
    /// Made by a company for itself.
    SelfBuilt,
    /// Offered to many companies; needs the ticket that the provider pushes, and the tenant's key for tenant tokens.
    Store {
        /// The newest ticket known.
        ticket: Option<AppTicket>,
        /// The tenant to act in.
        tenant_key: Option<String>,
    },
}

/// What only one kind of provider knows about an app.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a process holds one or two apps; a box would only hide a plain value")]
pub enum Platform {
    /// Feishu or Lark.
    Feishu(FeishuApp),
    /// Tencent `BlueKing`.
    BlueKing(BlueKingApp),
    /// A server that keeps to RFC 6749.
    OAuth2(OAuth2App),
}

impl Platform {
    /// The provider, as settings name it.
    pub const fn name(&self) -> ProviderName {
        match self {
            Self::Feishu(FeishuApp { brand: Brand::Feishu, .. }) => ProviderName::Feishu,
            Self::Feishu(FeishuApp { brand: Brand::Lark, .. }) => ProviderName::Lark,
            Self::BlueKing(_) => ProviderName::BlueKing,
            Self::OAuth2(_) => ProviderName::OAuth2,
        }
    }
}

/// An app at Feishu or Lark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeishuApp {
    /// The brand it belongs to.
    pub brand: Brand,
    /// Self-built or store.
    pub kind: AppKind,
    /// Whether [`TokenApi::fallback`] may be used when the endpoint does not exist.
    pub fallback: bool,
    /// A token URL that replaces the family's own, for gateways and test stands. Applies to v2 and v3.
    pub token_url: Option<Url>,
}

impl FeishuApp {
    /// A self-built app of a brand, used at the brand's own endpoints.
    pub const fn new(brand: Brand) -> Self {
        Self { brand, kind: AppKind::SelfBuilt, fallback: true, token_url: None }
    }
}

impl From<FeishuApp> for Platform {
    fn from(app: FeishuApp) -> Self {
        Self::Feishu(app)
    }
}

/// An app at `BlueKing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlueKingApp {
    /// `env_name`, as the auth api wants it (`prod`, `test`). The other dialects send none, so there it divides nothing.
    pub environment: String,
    /// The realm, for bkauth.
    pub realm: Option<String>,
    /// What requests for tokens name as their `resource` (RFC 8707 §2.2), for bkauth. No reference says that it wants one.
    pub token_resource: Option<String>,
    /// Whether the app's own hosts may be spoken to in clear text. Said by a person for this app, and never assumed.
    pub allow_http: bool,
}

impl App {
    /// Whether what is secret may go to this address in clear text: only where the app's registration says so, and only to the
    /// very hosts that it names.
    pub fn permits_clear_text(&self, url: &Url) -> bool {
        let Platform::BlueKing(BlueKingApp { allow_http: true, .. }) = &self.platform else { return false };
        let place = |url: &Url| (url.host_str().map(str::to_owned), url.port_or_known_default());
        url.scheme() == "http"
            && [&self.hosts.open, &self.hosts.accounts]
                .into_iter()
                .any(|own| own.scheme() == "http" && place(own) == place(url))
    }
}

/// An app at a server that keeps to RFC 6749. Its issuer is [`Hosts::accounts`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2App {
    /// The endpoints that the settings name; those they do not name are discovered (RFC 8414).
    pub endpoints: Endpoints,
    /// How the client proves who it is, where the settings say so. Else it does as the server's document says, if that is read for
    /// the endpoints anyhow, and by HTTP Basic where it does not.
    pub authentication: Option<ClientAuthentication>,
}

/// Endpoints of an authorization server (RFC 8414 §2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// `authorization_endpoint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Url>,
    /// `token_endpoint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Url>,
    /// `device_authorization_endpoint` (RFC 8628 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_authorization: Option<Url>,
    /// `revocation_endpoint` (RFC 7009).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Url>,
    /// `introspection_endpoint` (RFC 7662).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection: Option<Url>,
    /// `userinfo_endpoint` (OpenID Connect Core §5.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo: Option<Url>,
}

/// How a client proves who it is at the token endpoint (RFC 7591 §2, `token_endpoint_auth_method`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic`: HTTP Basic, which every server must understand (RFC 6749 §2.3.1).
    #[default]
    Basic,
    /// `client_secret_post`: in the body.
    Body,
    /// `none`: a public client, known by its id alone.
    None,
}

impl ClientAuthentication {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Body, Self::None];

    /// The name used in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Body => "body",
            Self::None => "none",
        }
    }
}

impl FromStr for ClientAuthentication {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|way| way.as_str() == text).ok_or(())
    }
}

/// One client registration, ready for use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// The name in the configuration.
    pub name: AppName,
    /// The hosts it is used through.
    pub hosts: Hosts,
    /// `client_id`: at Feishu `cli_…`, at `BlueKing` the app code.
    pub client_id: String,
    /// `client_secret`. `None` for a public client, which only [`Platform::OAuth2`] knows.
    pub secret: Option<AppSecret>,
    /// The token endpoint family for new logins.
    pub token_api: TokenApi,
    /// What only its kind of provider knows.
    pub platform: Platform,
}

impl App {
    /// The provider, as settings name it.
    pub const fn provider(&self) -> ProviderName {
        self.platform.name()
    }

    /// What only Feishu and Lark know of it.
    pub const fn feishu(&self) -> Option<&FeishuApp> {
        match &self.platform {
            Platform::Feishu(feishu) => Some(feishu),
            Platform::BlueKing(_) | Platform::OAuth2(_) => None,
        }
    }

    /// Whether [`TokenApi::fallback`] may be used when the endpoint does not exist.
    pub const fn falls_back(&self) -> bool {
        matches!(&self.platform, Platform::Feishu(FeishuApp { fallback: true, .. }))
    }

    /// The secret itself; empty for a public client. Every caller of this is a place where it leaves memory (I4).
    pub fn expose_secret(&self) -> &str {
        self.secret.as_ref().map_or("", AppSecret::expose)
    }
}
