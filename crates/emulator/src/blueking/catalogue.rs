//! Every error code that the BlueKing reference publishes, as data; the codes it leaves open are rules, not rows.

use crate::words::{CatalogueEntry, Endpoint, Operation};

/// The published codes of SSM, `auth_api` and the gateway. `section` is one of the BlueKing reference. To see one answered
/// inject `Fault::code(entry.code).on(entry.endpoint).when(entry.operation)`.
pub fn catalogue_blueking() -> Vec<CatalogueEntry> {
    let rows = ROWS.iter().flat_map(|&(section, endpoints, code, status, meaning)| {
        endpoints.iter().map(move |&(endpoint, operation)| CatalogueEntry {
            endpoint,
            operation,
            code,
            status,
            meaning,
            section,
        })
    });
    rows.collect()
}

type CatalogueKey = (Endpoint, Operation);
type Row = (&'static str, &'static [CatalogueKey], u32, u16, &'static str);

const GRANTS: [CatalogueKey; 2] =
    [(Endpoint::SsmToken, Operation::CookieGrant), (Endpoint::SsmToken, Operation::ClientCredentials)];
const REFRESH: CatalogueKey = (Endpoint::SsmRefresh, Operation::Refresh);
const SSM: &[CatalogueKey] = &[GRANTS[0], GRANTS[1], REFRESH];
const GATEWAY: &[CatalogueKey] = &[(Endpoint::Gateway, Operation::Call)];

/// The HTTP status beside SSM's codes is not published; 200 is the sandbox's default.
const ROWS: &[Row] = &[
    ("2.1", SSM, 1_901_400, 200, "illegal parameters"),
    ("2.1", SSM, 1_901_401, 200, "the app is not permitted, or does not prove itself"),
    ("2.1", &[REFRESH], 1_901_403, 200, "the refresh token is not valid, or has expired"),
    ("2.1", SSM, 1_901_500, 200, "internal error"),
    ("2.2", &[(Endpoint::AuthApiToken, Operation::CookieGrant)], 1_308_406, 200, "the grant failed"),
    ("4", GATEWAY, 1_640_001, 400, "the access token is not valid, or has no user where one is needed"),
    ("4", GATEWAY, 1_640_101, 401, "the app is not verified"),
    ("4", GATEWAY, 1_640_102, 401, "the user is not verified"),
    ("4", GATEWAY, 1_640_301, 403, "the app has no permission for the call"),
];
