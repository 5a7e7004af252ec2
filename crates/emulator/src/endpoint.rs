//! Which request is which: brands, hosts, endpoints and what a request wants of an endpoint.
//!
//! Enters: a listener, a method and a path. Leaves: an [`Endpoint`], or nothing, which is an HTTP 404 in `text/plain`
//! as on the platform (reference §9, §11).

use std::fmt;

use http::Method;
use serde::{Deserialize, Serialize};

use crate::feishu::calls;

/// The two brands of one platform. An app belongs to one of them (reference §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Brand {
    /// `open.feishu.cn`, `accounts.feishu.cn`.
    Feishu,
    /// `open.larksuite.com`, `accounts.larksuite.com`.
    Lark,
}

impl Brand {
    /// Both brands.
    pub const ALL: [Self; 2] = [Self::Feishu, Self::Lark];

    /// The name used in settings: `feishu` or `lark`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feishu => "feishu",
            Self::Lark => "lark",
        }
    }
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The two hosts of a brand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// The `accounts` host: authorization page, v3 token, revoke, device flow.
    Accounts,
    /// The `open` host: older token endpoints and every business call.
    Open,
}

/// The token endpoints' generations; each has its own shapes, names and codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenApi {
    /// `{open}/open-apis/authen/v1/access_token` and `…/refresh_access_token` (reference §7).
    LegacyV1,
    /// `{open}/open-apis/authen/v1/oidc/…` (reference §6).
    OidcV1,
    /// `{open}/open-apis/authen/v2/oauth/token` (reference §4).
    V2,
    /// `{accounts}/oauth/v3/token` (reference §8.1).
    V3,
}

/// An endpoint of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// A business call (reference §11, §12), or one of the sandbox's own under `/open-apis/sandbox/v1/`. Which one is in
    /// [`Visit::call`](crate::Visit::call); a fault chooses by [`Fault::to`](crate::Fault::to).
    Api,
    /// `POST /open-apis/auth/v3/app_ticket/resend` (P5).
    AppTicketResend,
    /// `POST /open-apis/auth/v3/app_access_token/internal` (P1).
    AppTokenInternal,
    /// `POST /open-apis/auth/v3/app_access_token` (P3).
    AppTokenStore,
    /// `GET /open-apis/authen/v1/authorize` on either host (A1, A2).
    Authorize,
    /// `GET /open-apis/authen/v1/index` (A3).
    AuthorizeIndex,
    /// The sandbox's own form target behind the consent page.
    Consent,
    /// `POST /oauth/v1/device_authorization` (D1).
    DeviceAuthorization,
    /// The page where a person enters and confirms a user code.
    DevicePage,
    /// `POST /open-apis/authen/v1/access_token` (T5).
    LegacyExchange,
    /// `POST /open-apis/authen/v1/refresh_access_token` (T6).
    LegacyRefresh,
    /// `POST /open-apis/authen/v1/oidc/access_token` (T3).
    OidcExchange,
    /// `POST /open-apis/authen/v1/oidc/refresh_access_token` (T4).
    OidcRefresh,
    /// `POST /oauth/v1/revoke` (V1).
    Revoke,
    /// `POST /open-apis/auth/v3/tenant_access_token/internal` (P2).
    TenantTokenInternal,
    /// `POST /open-apis/auth/v3/tenant_access_token` (P4).
    TenantTokenStore,
    /// `GET /open-apis/authen/v1/user_info` (U1).
    UserInfo,
    /// `POST /open-apis/authen/v2/oauth/token` (T1).
    V2Token,
    /// `POST /oauth/v3/token` (T2).
    V3Token,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 19] = [
        Self::Api,
        Self::AppTicketResend,
        Self::AppTokenInternal,
        Self::AppTokenStore,
        Self::Authorize,
        Self::AuthorizeIndex,
        Self::Consent,
        Self::DeviceAuthorization,
        Self::DevicePage,
        Self::LegacyExchange,
        Self::LegacyRefresh,
        Self::OidcExchange,
        Self::OidcRefresh,
        Self::Revoke,
        Self::TenantTokenInternal,
        Self::TenantTokenStore,
        Self::UserInfo,
        Self::V2Token,
        Self::V3Token,
    ];

    /// The endpoint behind a method and path on one of a brand's hosts, if there is one.
    pub(crate) fn find(door: Door, method: &Method, path: &str) -> Option<Self> {
        let exact = ROUTES
            .iter()
            .find(|route| route.door == door && route.path == path && route.methods.iter().any(|one| one == method));
        let call = || (door == Door::Open).then(|| calls::find(method, path)).flatten();
        exact.map(|route| route.endpoint).or_else(|| call().map(|_| Self::Api))
    }

    /// Where a client finds it: host, method, path. [`Endpoint::Api`] names the first of its paths.
    pub fn address(self) -> (Door, Method, &'static str) {
        let route = ROUTES.iter().find(|route| route.endpoint == self);
        route.map_or((Door::Open, Method::GET, "/"), |route| (route.door, route.methods[0].clone(), route.path))
    }

    /// Whether a program talks to it, rather than a person's browser.
    pub const fn is_machine(self) -> bool {
        !matches!(self, Self::Authorize | Self::AuthorizeIndex | Self::Consent | Self::DevicePage)
    }

    /// The generation of token endpoint this is, if it is one.
    pub const fn token_api(self) -> Option<TokenApi> {
        match self {
            Self::V3Token => Some(TokenApi::V3),
            Self::V2Token => Some(TokenApi::V2),
            Self::OidcExchange | Self::OidcRefresh => Some(TokenApi::OidcV1),
            Self::LegacyExchange | Self::LegacyRefresh => Some(TokenApi::LegacyV1),
            _ => None,
        }
    }
}

/// What a request asks of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// An app access token.
    AppToken,
    /// A person's step in a browser.
    Browse,
    /// A tenant token by `client_credentials`.
    ClientCredentials,
    /// A business call, user info among them.
    Call,
    /// A poll with a device code.
    DevicePoll,
    /// The start of a device flow.
    DeviceStart,
    /// A code for tokens.
    Exchange,
    /// A refresh token for new tokens.
    Refresh,
    /// The end of a token.
    Revoke,
    /// A tenant access token.
    TenantToken,
    /// A new app ticket.
    Ticket,
    /// A grant type nobody knows, or a body nobody can read.
    Unknown,
}

struct Route {
    door: Door,
    methods: &'static [Method],
    path: &'static str,
    endpoint: Endpoint,
}

const fn post(door: Door, path: &'static str, endpoint: Endpoint) -> Route {
    Route { door, methods: &[Method::POST], path, endpoint }
}

const fn get(door: Door, path: &'static str, endpoint: Endpoint) -> Route {
    Route { door, methods: &[Method::GET], path, endpoint }
}

pub(crate) const CONSENT_PATH: &str = "/sandbox/consent";
pub(crate) const DEVICE_PAGE_PATH: &str = "/oauth/v1/device/verify";

const ROUTES: &[Route] = &[
    get(Door::Accounts, "/open-apis/authen/v1/authorize", Endpoint::Authorize),
    get(Door::Open, "/open-apis/authen/v1/authorize", Endpoint::Authorize),
    get(Door::Open, "/open-apis/authen/v1/index", Endpoint::AuthorizeIndex),
    post(Door::Accounts, CONSENT_PATH, Endpoint::Consent),
    post(Door::Open, CONSENT_PATH, Endpoint::Consent),
    post(Door::Accounts, "/oauth/v3/token", Endpoint::V3Token),
    post(Door::Open, "/open-apis/authen/v2/oauth/token", Endpoint::V2Token),
    post(Door::Open, "/open-apis/authen/v1/oidc/access_token", Endpoint::OidcExchange),
    post(Door::Open, "/open-apis/authen/v1/oidc/refresh_access_token", Endpoint::OidcRefresh),
    post(Door::Open, "/open-apis/authen/v1/access_token", Endpoint::LegacyExchange),
    post(Door::Open, "/open-apis/authen/v1/refresh_access_token", Endpoint::LegacyRefresh),
    post(Door::Accounts, "/oauth/v1/revoke", Endpoint::Revoke),
    post(Door::Accounts, "/oauth/v1/device_authorization", Endpoint::DeviceAuthorization),
    Route {
        door: Door::Accounts,
        methods: &[Method::GET, Method::POST],
        path: DEVICE_PAGE_PATH,
        endpoint: Endpoint::DevicePage,
    },
    get(Door::Open, "/open-apis/authen/v1/user_info", Endpoint::UserInfo),
    post(Door::Open, "/open-apis/auth/v3/app_access_token/internal", Endpoint::AppTokenInternal),
    post(Door::Open, "/open-apis/auth/v3/tenant_access_token/internal", Endpoint::TenantTokenInternal),
    post(Door::Open, "/open-apis/auth/v3/app_access_token", Endpoint::AppTokenStore),
    post(Door::Open, "/open-apis/auth/v3/tenant_access_token", Endpoint::TenantTokenStore),
    post(Door::Open, "/open-apis/auth/v3/app_ticket/resend", Endpoint::AppTicketResend),
    // The first of the business calls; the others are in a table of their own.
    get(Door::Open, "/open-apis/wiki/v2/spaces", Endpoint::Api),
];
