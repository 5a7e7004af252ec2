//! Which request is which: endpoints, what a request wants of one, and the lines of the dialects' tables of them.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::words::{Door, TokenApi};

/// An endpoint of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// A business call (reference/feishu.md §11, §12), or one of the sandbox's own under `/open-apis/sandbox/v1/`.
    /// Which one is in [`Visit::call`](crate::Visit::call); a fault chooses by [`Fault::to`](crate::Fault::to).
    Api,
    /// `POST /open-apis/auth/v3/app_ticket/resend` (P5).
    AppTicketResend,
    /// `POST /open-apis/auth/v3/app_access_token/internal` (P1).
    AppTokenInternal,
    /// `POST /open-apis/auth/v3/app_access_token` (P3).
    AppTokenStore,
    /// `/auth_api/check_token/` (reference/blueking.md §2.2).
    AuthApiCheck,
    /// `/auth_api/refresh_token/`.
    AuthApiRefresh,
    /// `/auth_api/token/`: an app's or a user's token.
    AuthApiToken,
    /// `GET /open-apis/authen/v1/authorize` on either host (A1, A2).
    Authorize,
    /// `GET /open-apis/authen/v1/index` (A3).
    AuthorizeIndex,
    /// `GET /realms/{realm}/oauth2/authorize` of bkauth (reference/blueking.md §3.3).
    BkauthAuthorize,
    /// The form target behind its consent page.
    BkauthConsent,
    /// `POST /realms/{realm}/oauth2/device/authorize`.
    BkauthDevice,
    /// The page where a person enters and confirms a user code of bkauth.
    BkauthDevicePage,
    /// `POST /realms/{realm}/oauth2/introspect`.
    BkauthIntrospect,
    /// `POST /realms/{realm}/oauth2/revoke`.
    BkauthRevoke,
    /// `POST /realms/{realm}/oauth2/token`.
    BkauthToken,
    /// The sandbox's own form target behind the consent page.
    Consent,
    /// `POST /oauth/v1/device_authorization` (D1).
    DeviceAuthorization,
    /// The page where a person enters and confirms a user code.
    DevicePage,
    /// ESB's older issuer: `/api/c/compapi/auth/get_auth_token/` on the gateway (reference/blueking.md §3.2).
    EsbToken,
    /// Any other path of BlueKing's gateway (reference/blueking.md §4).
    Gateway,
    /// `POST /open-apis/authen/v1/access_token` (T5).
    LegacyExchange,
    /// `POST /open-apis/authen/v1/refresh_access_token` (T6).
    LegacyRefresh,
    /// `POST /open-apis/authen/v1/oidc/access_token` (T3).
    OidcExchange,
    /// `POST /open-apis/authen/v1/oidc/refresh_access_token` (T4).
    OidcRefresh,
    /// `GET {issuer}/authorize` of the plain provider.
    PlainAuthorize,
    /// The form target behind its consent page.
    PlainConsent,
    /// `POST {issuer}/device_authorization` (RFC 8628).
    PlainDevice,
    /// The page where a person enters and confirms a user code of the plain provider.
    PlainDevicePage,
    /// `/.well-known/oauth-authorization-server` (RFC 8414) and `/.well-known/openid-configuration`.
    PlainDiscovery,
    /// `POST {issuer}/introspect` (RFC 7662).
    PlainIntrospect,
    /// `POST {issuer}/revoke` (RFC 7009).
    PlainRevoke,
    /// `POST {issuer}/token`.
    PlainToken,
    /// `GET {issuer}/userinfo`.
    PlainUserinfo,
    /// `POST /oauth/v1/revoke` (V1).
    Revoke,
    /// `POST /api/v1/auth/access-tokens/refresh` (reference/blueking.md §2.1).
    SsmRefresh,
    /// `POST /api/v1/auth/access-tokens`: an app's or a user's token.
    SsmToken,
    /// `POST /api/v1/auth/access-tokens/verify`.
    SsmVerify,
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
    pub const ALL: [Self; 43] = [
        Self::Api,
        Self::AppTicketResend,
        Self::AppTokenInternal,
        Self::AppTokenStore,
        Self::AuthApiCheck,
        Self::AuthApiRefresh,
        Self::AuthApiToken,
        Self::Authorize,
        Self::AuthorizeIndex,
        Self::BkauthAuthorize,
        Self::BkauthConsent,
        Self::BkauthDevice,
        Self::BkauthDevicePage,
        Self::BkauthIntrospect,
        Self::BkauthRevoke,
        Self::BkauthToken,
        Self::Consent,
        Self::DeviceAuthorization,
        Self::DevicePage,
        Self::EsbToken,
        Self::Gateway,
        Self::LegacyExchange,
        Self::LegacyRefresh,
        Self::OidcExchange,
        Self::OidcRefresh,
        Self::PlainAuthorize,
        Self::PlainConsent,
        Self::PlainDevice,
        Self::PlainDevicePage,
        Self::PlainDiscovery,
        Self::PlainIntrospect,
        Self::PlainRevoke,
        Self::PlainToken,
        Self::PlainUserinfo,
        Self::Revoke,
        Self::SsmRefresh,
        Self::SsmToken,
        Self::SsmVerify,
        Self::TenantTokenInternal,
        Self::TenantTokenStore,
        Self::UserInfo,
        Self::V2Token,
        Self::V3Token,
    ];

    /// Whether a program talks to it, rather than a person's browser.
    pub const fn is_machine(self) -> bool {
        !matches!(
            self,
            Self::Authorize
                | Self::AuthorizeIndex
                | Self::Consent
                | Self::DevicePage
                | Self::BkauthAuthorize
                | Self::BkauthConsent
                | Self::BkauthDevicePage
                | Self::PlainAuthorize
                | Self::PlainConsent
                | Self::PlainDevicePage
        )
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
    /// An app's own token by `client_credentials`.
    ClientCredentials,
    /// A login cookie for tokens, as BlueKing's SSM and `auth_api` do it.
    CookieGrant,
    /// A business call, user info among them.
    Call,
    /// A poll with a device code.
    DevicePoll,
    /// The start of a device flow.
    DeviceStart,
    /// What the provider says of itself.
    Discover,
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
    /// A question whether an access token is good: verify, check, introspect.
    Verify,
}

/// One line of a table of endpoints.
pub(crate) struct Route {
    pub(crate) door: Door,
    pub(crate) methods: &'static [Method],
    pub(crate) path: &'static str,
    pub(crate) endpoint: Endpoint,
}

pub(crate) const fn post(door: Door, path: &'static str, endpoint: Endpoint) -> Route {
    Route { door, methods: &[Method::POST], path, endpoint }
}

pub(crate) const fn get(door: Door, path: &'static str, endpoint: Endpoint) -> Route {
    Route { door, methods: &[Method::GET], path, endpoint }
}

/// For a page that is looked at and answered.
pub(crate) const fn page(door: Door, path: &'static str, endpoint: Endpoint) -> Route {
    Route { door, methods: &[Method::GET, Method::POST], path, endpoint }
}
