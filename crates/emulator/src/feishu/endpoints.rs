//! Where the platform's endpoints are; the business calls have a table of their own.

use http::Method;

use crate::feishu::calls;
use crate::words::{Door, Endpoint, Route, get, page, post};

/// The endpoint behind a method and path on one of a brand's hosts, if there is one.
pub(crate) fn find(door: Door, method: &Method, path: &str) -> Option<Endpoint> {
    let exact = ROUTES
        .iter()
        .find(|route| route.door == door && route.path == path && route.methods.iter().any(|one| one == method));
    let call = || (door == Door::Open).then(|| calls::find(method, path)).flatten();
    exact.map(|route| route.endpoint).or_else(|| call().map(|_| Endpoint::Api))
}

pub(crate) const CONSENT_PATH: &str = "/sandbox/consent";
pub(crate) const DEVICE_PAGE_PATH: &str = "/oauth/v1/device/verify";

pub(crate) const ROUTES: &[Route] = &[
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
    page(Door::Accounts, DEVICE_PAGE_PATH, Endpoint::DevicePage),
    get(Door::Open, "/open-apis/authen/v1/user_info", Endpoint::UserInfo),
    post(Door::Open, "/open-apis/auth/v3/app_access_token/internal", Endpoint::AppTokenInternal),
    post(Door::Open, "/open-apis/auth/v3/tenant_access_token/internal", Endpoint::TenantTokenInternal),
    post(Door::Open, "/open-apis/auth/v3/app_access_token", Endpoint::AppTokenStore),
    post(Door::Open, "/open-apis/auth/v3/tenant_access_token", Endpoint::TenantTokenStore),
    post(Door::Open, "/open-apis/auth/v3/app_ticket/resend", Endpoint::AppTicketResend),
    // The first of the business calls; the others are in a table of their own.
    get(Door::Open, "/open-apis/wiki/v2/spaces", Endpoint::Api),
];
