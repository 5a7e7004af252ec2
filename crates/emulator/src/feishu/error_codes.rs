//! Every error code that reference/feishu.md lists, with the endpoint and HTTP status it comes with, as data.
//!
//! A test of the client walks this table and asks it to classify each; a test of the sandbox produces each.

use crate::words::{CatalogueEntry, Endpoint, Operation};

/// Every row of the tables of reference/feishu.md. Inject
/// `Fault::code(entry.code).on(entry.endpoint).when(entry.operation)` to see one answered.
pub fn catalogue() -> Vec<CatalogueEntry> {
    entries(TABLES).collect()
}

/// What the sandbox answers although no table of reference/feishu.md lists it for that call:
/// [`CatalogueEntry::section`] names where it was drawn from.
pub fn catalogue_beyond() -> Vec<CatalogueEntry> {
    entries(BEYOND).collect()
}

/// The codes of wiki, docx, upload and import calls (reference/feishu.md §12.5), and those of reference/feishu.md §11
/// that say a field is wrong.
pub fn catalogue_calls() -> Vec<CatalogueEntry> {
    entries(CALLS).collect()
}

pub(crate) fn find(endpoint: Endpoint, operation: Operation, code: u32) -> Option<CatalogueEntry> {
    let mut same = entries(TABLES)
        .chain(entries(BEYOND))
        .chain(entries(CALLS))
        .filter(|entry| entry.endpoint == endpoint && entry.code == code);
    let first = same.next()?;
    Some(if first.operation == operation {
        first
    } else {
        same.find(|entry| entry.operation == operation).unwrap_or(first)
    })
}

fn entries(tables: &'static [Table]) -> impl Iterator<Item = CatalogueEntry> {
    tables.iter().flat_map(|table| {
        table.of.iter().flat_map(move |&(endpoint, operation, mark)| {
            table.rows.iter().filter(move |row| mark == ' ' || row.marks.contains(mark)).map(move |row| {
                CatalogueEntry {
                    endpoint,
                    operation,
                    code: row.code,
                    status: row.status,
                    meaning: row.meaning,
                    section: table.section,
                }
            })
        })
    })
}

/// Rows that several endpoints share; an endpoint takes those that carry its mark, or all when its mark is a space.
struct Table {
    section: &'static str,
    of: &'static [(Endpoint, Operation, char)],
    rows: &'static [Row],
}

struct Row {
    code: u32,
    status: u16,
    marks: &'static str,
    meaning: &'static str,
}

const fn row(code: u32, status: u16, marks: &'static str, meaning: &'static str) -> Row {
    Row { code, status, marks, meaning }
}

const TABLES: &[Table] = &[
    Table {
        section: "4.5",
        of: &[
            (Endpoint::V2Token, Operation::Exchange, 'X'),
            (Endpoint::V2Token, Operation::Refresh, 'R'),
            (Endpoint::V3Token, Operation::Exchange, 'X'),
            (Endpoint::V3Token, Operation::Refresh, 'R'),
        ],
        rows: &[
            row(20001, 400, "XR", "a required parameter is missing"),
            row(20002, 400, "XR", "the client secret is wrong"),
            row(20003, 400, "X", "the authorization code is unknown or was used"),
            row(20004, 400, "X", "the authorization code has expired"),
            row(20008, 400, "XR", "the user does not exist"),
            row(20009, 400, "XR", "the app is not installed in the tenant"),
            row(20010, 400, "XR", "the user may not use this app"),
            row(20024, 400, "XR", "the code or refresh token belongs to another client_id"),
            row(20026, 400, "R", "the refresh token is invalid"),
            row(20036, 400, "XR", "the grant_type is not supported"),
            row(20037, 400, "R", "the refresh token has expired"),
            row(20046, 400, "XR", "the brand of the app and the domain differ"),
            row(20048, 400, "XR", "the app does not exist"),
            row(20049, 400, "X", "the PKCE check failed"),
            row(20050, 500, "XR", "internal error"),
            row(20063, 400, "XR", "the request body is malformed"),
            row(20064, 400, "R", "the refresh token has been revoked; it can be used only once"),
            row(20065, 400, "X", "the authorization code has been used"),
            row(20066, 400, "XR", "the user's status is invalid"),
            row(20067, 400, "XR", "the scope list has duplicate entries"),
            row(20068, 400, "XR", "the scope list holds something that was not granted"),
            row(20069, 400, "XR", "the app is not enabled"),
            row(20070, 400, "XR", "more than one client authentication method was used"),
            row(20071, 400, "X", "the redirect_uri differs from the authorization request"),
            row(20072, 503, "XR", "temporarily unavailable"),
            row(20073, 400, "R", "the refresh token has been used"),
            row(20074, 400, "R", "the app may not refresh user tokens"),
            row(21000, 400, "XR", "an extra challenge is required by the tenant's security policy"),
            row(21001, 400, "XR", "access is denied by the tenant's security policy"),
        ],
    },
    Table {
        section: "6",
        of: &[(Endpoint::OidcExchange, Operation::Exchange, 'X'), (Endpoint::OidcRefresh, Operation::Refresh, 'R')],
        rows: &[
            row(20001, 200, "XR", "a request parameter is wrong"),
            row(20002, 200, "XR", "app_id or app_secret is wrong"),
            row(20003, 200, "X", "the code is invalid or was used"),
            row(20004, 200, "X", "the code has expired"),
            row(20007, 200, "XR", "the user_access_token could not be generated"),
            row(20008, 200, "XR", "the user does not exist"),
            row(20013, 200, "XR", "the tenant_access_token is invalid"),
            row(20014, 200, "XR", "the app_access_token is invalid"),
            row(20021, 200, "XR", "the user has resigned"),
            row(20022, 200, "XR", "the user is frozen"),
            row(20023, 200, "XR", "the user is not registered"),
            row(20024, 200, "XR", "tokens of two different apps were mixed"),
            row(20025, 200, "X", "app_id or app_secret is missing"),
            row(20026, 200, "R", "the refresh token is invalid: expired or consumed"),
            row(20028, 200, "XR", "the app_id is invalid"),
            row(20029, 200, "XR", "the redirect_uri is invalid"),
            row(20035, 200, "X", "app_id or app_secret is wrong"),
            row(20036, 200, "XR", "the grant_type is not supported"),
            row(20037, 200, "R", "the refresh token has expired"),
            row(20038, 200, "R", "the refresh token was not found"),
            row(20039, 200, "X", "the user_access_token was not found"),
            row(20042, 200, "XR", "the app is disabled"),
            row(20046, 200, "XR", "the brand of the app and the domain differ"),
        ],
    },
    Table {
        section: "7",
        of: &[(Endpoint::LegacyExchange, Operation::Exchange, ' '), (Endpoint::LegacyRefresh, Operation::Refresh, ' ')],
        rows: &[
            row(20001, 200, "", "a request parameter is wrong"),
            row(20007, 200, "", "the user_access_token could not be generated"),
            row(20008, 200, "", "the user does not exist"),
            row(20009, 200, "", "the app is not installed in the tenant"),
            row(20021, 200, "", "the user has resigned"),
            row(20022, 200, "", "the user is frozen"),
            row(20023, 200, "", "the user is not registered"),
            row(20024, 200, "", "tokens of two different apps were mixed"),
            row(20025, 200, "", "app_id or app_secret is missing"),
            row(20028, 200, "", "the app_id is invalid"),
            row(20050, 500, "", "internal error"),
        ],
    },
    Table {
        section: "9",
        of: &[
            (Endpoint::AppTokenInternal, Operation::AppToken, 'A'),
            (Endpoint::TenantTokenInternal, Operation::TenantToken, 'T'),
            (Endpoint::AppTokenStore, Operation::AppToken, 'A'),
            (Endpoint::TenantTokenStore, Operation::TenantToken, 'T'),
            (Endpoint::AppTicketResend, Operation::Ticket, 'R'),
        ],
        rows: &[
            row(10003, 200, "ATR", "invalid param"),
            row(10005, 200, "ATR", "the app or tenant information is not accepted"),
            row(10012, 200, "A", "the app_access_token could not be obtained"),
            row(10013, 200, "T", "the tenant_access_token could not be obtained"),
            row(10014, 200, "ATR", "the app is not usable"),
            row(10015, 200, "ATR", "the app secret is wrong"),
            row(10016, 200, "R", "the app_ticket could not be sent again"),
            row(11207, 200, "AT", "the app is not usable in this tenant"),
            row(11209, 200, "AT", "the app is absent"),
            row(11210, 200, "AT", "the app is not installed in this tenant"),
            row(99_991_543, 200, "ATR", "app_id or app_secret is unknown"),
            row(99_991_401, 200, "ATR", "the caller's address is not on the app's allow list"),
            row(99_991_403, 200, "ATR", "the monthly quota is used up"),
        ],
    },
    Table {
        section: "10",
        of: &[(Endpoint::UserInfo, Operation::Call, ' ')],
        rows: &[
            row(20001, 200, "", "a request parameter is wrong"),
            row(20005, 200, "", "the user_access_token is invalid"),
            row(20006, 200, "", "the user_access_token has expired"),
            row(20008, 200, "", "the user does not exist"),
            row(20021, 200, "", "the user has resigned"),
            row(20022, 200, "", "the user is frozen"),
            row(20023, 200, "", "the user is not registered"),
            row(20050, 500, "", "system error"),
        ],
    },
    Table {
        section: "11",
        of: &[(Endpoint::Api, Operation::Call, ' '), (Endpoint::UserInfo, Operation::Call, 'U')],
        rows: &[
            row(
                99_991_661,
                400,
                "U",
                "Missing access token for authorization. Please make a request with token attached.",
            ),
            row(99_991_662, 400, "U", "the app is not in use"),
            row(
                99_991_663,
                400,
                "U",
                "Invalid access token for authorization: tenant_access_token invalid, expired or not supported here",
            ),
            row(99_991_664, 400, "U", "Invalid access token for authorization: app_access_token invalid"),
            row(99_991_665, 400, "U", "the tenant code is invalid"),
            row(99_991_668, 400, "U", "Invalid access token for authorization: user_access_token invalid or expired"),
            row(99_991_669, 400, "U", "the user refresh token is invalid"),
            row(99_991_670, 400, "", "the SSO token is invalid"),
            row(99_991_671, 400, "U", "Invalid access token for authorization: it must start with t- or u-"),
            row(99_991_672, 400, "", "Access denied: the app has not enabled one of the required scopes"),
            row(99_991_673, 400, "U", "the app's state in this tenant does not allow the call"),
            row(99_991_674, 400, "", "the user type is wrong"),
            row(99_991_675, 400, "", "the user id has a wrong format"),
            row(99_991_676, 400, "", "the token has no permission"),
            row(99_991_677, 400, "U", "Authentication token expired"),
            row(99_991_679, 400, "", "Unauthorized: the user has not granted one of the required scopes"),
            row(99_991_543, 400, "U", "app_id or app_secret is unknown"),
            row(99_991_400, 429, "U", "request trigger frequency limit"),
            row(99_991_401, 400, "U", "the caller's address is not on the app's allow list"),
            row(99_991_403, 400, "U", "the monthly quota is used up"),
            row(20005, 400, "", "the user_access_token is invalid"),
            row(20006, 400, "", "the user_access_token has expired"),
            row(4001, 400, "", "invalid token"),
            row(230_027, 400, "", "the user never authorized this"),
        ],
    },
];

const BEYOND: &[Table] = &[
    Table {
        section: "1",
        of: &[
            (Endpoint::AppTokenInternal, Operation::AppToken, ' '),
            (Endpoint::TenantTokenInternal, Operation::TenantToken, ' '),
            (Endpoint::AppTokenStore, Operation::AppToken, ' '),
            (Endpoint::TenantTokenStore, Operation::TenantToken, ' '),
            (Endpoint::AppTicketResend, Operation::Ticket, ' '),
            (Endpoint::LegacyExchange, Operation::Exchange, ' '),
            (Endpoint::LegacyRefresh, Operation::Refresh, ' '),
        ],
        rows: &[row(20046, 200, "", "the brand of the app and the domain differ")],
    },
    Table {
        section: "11",
        of: &[(Endpoint::LegacyExchange, Operation::Exchange, ' '), (Endpoint::LegacyRefresh, Operation::Refresh, ' ')],
        rows: &[row(99_991_664, 400, "", "Invalid access token for authorization: app_access_token invalid")],
    },
    // No table is published for these; they are of the family of 4.5 by third-party readings.
    Table {
        section: "8",
        of: &[
            (Endpoint::DeviceAuthorization, Operation::DeviceStart, 'D'),
            (Endpoint::Revoke, Operation::Revoke, 'V'),
            (Endpoint::V2Token, Operation::DevicePoll, 'P'),
            (Endpoint::V3Token, Operation::ClientCredentials, 'C'),
            (Endpoint::V3Token, Operation::DevicePoll, 'P'),
        ],
        rows: &[
            row(20001, 400, "CDPV", "a required parameter is missing"),
            row(20002, 400, "CDPV", "the client secret is wrong"),
            row(20008, 400, "DP", "the user does not exist"),
            row(20009, 400, "CDPV", "the app is not installed in the tenant"),
            row(20010, 400, "P", "the user may not use this app"),
            row(20024, 400, "V", "the token belongs to another client_id"),
            row(20027, 400, "D", "the app has not enabled a scope it asks for"),
            row(20036, 400, "C", "the grant_type is not supported"),
            row(20046, 400, "CDPV", "the brand of the app and the domain differ"),
            row(20048, 400, "CDPV", "the app does not exist"),
            row(20050, 500, "CDPV", "internal error"),
            row(20063, 400, "CDPV", "the request body is malformed"),
            row(20066, 400, "P", "the user's status is invalid"),
            row(20069, 400, "CDPV", "the app is not enabled"),
            row(20070, 400, "CDPV", "more than one client authentication method was used"),
            row(20072, 503, "CDPV", "temporarily unavailable"),
            row(21000, 400, "P", "an extra challenge is required by the tenant's security policy"),
            row(21001, 400, "P", "access is denied by the tenant's security policy"),
        ],
    },
];

const CALLS: &[Table] = &[Table {
    section: "12.5",
    of: &[(Endpoint::Api, Operation::Call, ' ')],
    rows: &[
        row(99_992_402, 400, "", "field validation failed"),
        row(131_001, 400, "", "rpc failure"),
        row(131_002, 400, "", "param err"),
        row(131_003, 400, "", "a limit of the space is reached"),
        row(131_004, 400, "", "the user is invalid"),
        row(131_005, 400, "", "not found"),
        row(131_006, 400, "", "permission denied"),
        row(131_007, 400, "", "internal error, do not retry"),
        row(131_009, 400, "", "lock contention"),
        row(131_010, 400, "", "the old document type is gone; use docx"),
        row(1_770_001, 400, "", "invalid param"),
        row(1_770_003, 400, "", "resource deleted"),
        row(1_770_004, 400, "", "too many blocks"),
        row(1_770_005, 400, "", "too deep level"),
        row(1_770_006, 400, "", "schema mismatch"),
        row(1_770_007, 400, "", "too many children in block"),
        row(1_770_008, 400, "", "too big file size"),
        row(1_770_010, 400, "", "too many table columns"),
        row(1_770_011, 400, "", "too many table cells"),
        row(1_770_012, 400, "", "too many grid columns"),
        row(1_770_013, 400, "", "relation mismatch"),
        row(1_770_014, 400, "", "parent children relation mismatch"),
        row(1_770_015, 400, "", "single edit with multi document"),
        row(1_770_019, 400, "", "repeated blockID in document"),
        row(1_770_020, 400, "", "operation denied on copying document"),
        row(1_770_021, 400, "", "too old document"),
        row(1_770_022, 400, "", "invalid page token"),
        row(1_770_024, 400, "", "invalid operation"),
        row(1_770_025, 400, "", "operation and block not match"),
        row(1_770_026, 400, "", "row operation over range"),
        row(1_770_027, 400, "", "column operation over range"),
        row(1_770_028, 400, "", "block not support create children"),
        row(1_770_029, 400, "", "block not support to create"),
        row(1_770_030, 400, "", "invalid parent children relation"),
        row(1_770_031, 400, "", "block not support to delete children"),
        row(1_770_033, 400, "", "content size exceed limit"),
        row(1_770_034, 400, "", "operation count exceeded: too many cells"),
        row(1_770_035, 400, "", "resource count exceed limit"),
        row(1_770_036, 400, "", "folder locked"),
        row(1_770_037, 400, "", "folder size exceed limit"),
        row(1_770_038, 400, "", "resource not found"),
        row(1_770_039, 400, "", "folder not found"),
        row(1_770_041, 400, "", "open schema mismatch"),
        row(1_770_032, 403, "", "forbidden"),
        row(1_770_002, 404, "", "not found"),
        row(1_771_001, 500, "", "server internal error"),
        row(1_771_002, 500, "", "gateway server internal error"),
        row(1_771_003, 500, "", "gateway marshal error"),
        row(1_771_004, 500, "", "gateway unmarshal error"),
        row(1_771_006, 500, "", "mount folder failed"),
        row(1_771_005, 503, "", "system under maintenance"),
        row(1_061_001, 200, "", "internal error"),
        row(1_061_006, 200, "", "timeout"),
        row(1_061_045, 200, "", "resource contention, please retry"),
        row(1_062_004, 202, "", "cover of the media is being made"),
        row(1_062_005, 202, "", "cover of the media could not be made"),
        row(1_062_006, 202, "", "the media has no cover"),
        row(1_061_002, 400, "", "params error"),
        row(1_061_008, 400, "", "file name is wrong"),
        row(1_061_021, 400, "", "the upload has expired"),
        row(1_061_041, 400, "", "parent node has been deleted"),
        row(1_061_042, 400, "", "too many media on the parent"),
        row(1_061_043, 400, "", "file size beyond limit"),
        row(1_061_044, 400, "", "parent node not exist"),
        row(1_061_061, 400, "", "user quota exceeded"),
        row(1_061_101, 400, "", "tenant quota exceeded"),
        row(1_061_109, 400, "", "content check failed"),
        row(1_061_113, 400, "", "content check of the name failed"),
        row(1_061_547, 400, "", "too many relations of the attachment"),
        row(1_062_007, 400, "", "upload user not match"),
        row(1_062_008, 400, "", "checksum param invalid"),
        row(1_062_009, 400, "", "actual size is inconsistent with the parameter"),
        row(1_062_010, 400, "", "block missing"),
        row(1_062_011, 400, "", "block number out of bounds"),
        row(1_062_012, 400, "", "copying in progress"),
        row(1_062_013, 400, "", "file damaged"),
        row(1_062_051, 400, "", "client closed"),
        row(1_062_505, 400, "", "tree size exceeds limit"),
        row(1_062_506, 400, "", "tree depth exceeds limit"),
        row(1_062_507, 400, "", "number of siblings exceeds limit"),
        row(1_061_005, 401, "", "auth failed"),
        row(1_061_004, 403, "", "forbidden"),
        row(1_061_073, 403, "", "no scope"),
        row(1_062_014, 403, "", "no permission"),
        row(1_061_003, 404, "", "not found"),
        row(1_061_007, 404, "", "deleted"),
        row(1_069_904, 400, "", "invalid param"),
        row(1_069_909, 400, "", "file larger than 20 MB"),
        row(1_069_910, 400, "", "file extension not supported"),
        row(1_069_911, 400, "", "import type not supported"),
        row(1_069_912, 400, "", "folder not found"),
        row(1_069_913, 400, "", "file token has expired"),
        row(1_069_914, 400, "", "file token is wrong"),
        row(1_069_902, 403, "", "no permission"),
        row(1_069_906, 403, "", "deleted"),
        row(1_069_908, 403, "", "no permission for the mount point"),
        row(1_069_907, 404, "", "not found"),
        row(1_069_923, 429, "", "too many requests"),
        row(1_069_901, 500, "", "internal error"),
        row(1_069_903, 500, "", "internal error of the import"),
        row(1_069_905, 500, "", "internal error of the store"),
    ],
}];
