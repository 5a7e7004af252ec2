//! Refusals, and how each endpoint spells them.

use serde_json::{Value, json};

use crate::feishu::error_codes;
use crate::words::{CatalogueEntry, Endpoint, Operation, Refusal, Reply};

/// The answer in the endpoint's own shape.
pub(crate) fn render(
    endpoint: Endpoint,
    operation: Operation,
    refusal: &Refusal,
    status: Option<u16>,
    log_id: &str,
) -> Reply {
    if let Some(error) = refusal.device {
        return Reply::json(400, &json!({"error": error, "error_description": device_words(error)}));
    }
    let entry = error_codes::find(endpoint, operation, refusal.code);
    let status =
        status.unwrap_or_else(|| entry.map_or_else(|| default_status(endpoint, refusal.code), |entry| entry.status));
    let words = refusal.detail.clone().unwrap_or_else(|| words(entry));
    let mut body = match endpoint {
        Endpoint::V2Token | Endpoint::V3Token | Endpoint::Revoke | Endpoint::DeviceAuthorization => {
            json!({"code": refusal.code, "error": oauth_error(refusal.code), "error_description": words})
        }
        Endpoint::Api | Endpoint::UserInfo => json!({
            "code": refusal.code, "msg": words,
            "error": {"log_id": log_id, "troubleshooter": troubleshooter(log_id)},
        }),
        Endpoint::AppTokenInternal
        | Endpoint::AppTokenStore
        | Endpoint::TenantTokenInternal
        | Endpoint::TenantTokenStore
        | Endpoint::AppTicketResend => json!({"code": refusal.code, "data": {}, "msg": words}),
        _ => json!({"code": refusal.code, "msg": words}),
    };
    for (name, value) in &refusal.extra {
        match body.get_mut("error") {
            Some(Value::Object(error)) => error.insert((*name).to_owned(), value.clone()),
            _ => body.as_object_mut().and_then(|body| body.insert((*name).to_owned(), value.clone())),
        };
    }
    Reply::json(status, &body)
}

/// 99991400 with the headers of reference/feishu.md §11.1; HTTP 429, or 400 on some older calls.
pub(crate) fn rate_limited(status: u16, limit: u32, reset_seconds: u64, log_id: &str) -> Reply {
    let body = json!({
        "code": 99_991_400, "msg": "request trigger frequency limit",
        "error": {"log_id": log_id, "troubleshooter": troubleshooter(log_id)},
    });
    Reply::json(status, &body)
        .header("x-ogw-ratelimit-limit", &limit.to_string())
        .header("x-ogw-ratelimit-reset", &reset_seconds.to_string())
}

fn troubleshooter(log_id: &str) -> String {
    format!("sandbox: look for log id {log_id} in the history")
}

fn words(entry: Option<CatalogueEntry>) -> String {
    entry.map_or_else(|| "refused by the sandbox".to_owned(), |entry| entry.meaning.to_owned())
}

/// Token endpoints since v2 use HTTP statuses, older ones answer 200 (reference/feishu.md §16).
const fn default_status(endpoint: Endpoint, code: u32) -> u16 {
    match (endpoint, code) {
        (_, 20050) => 500,
        (_, 20072) => 503,
        (_, 99_991_400) => 429,
        (_, 99_991_201 | 99_991_301) => 404,
        (
            Endpoint::V2Token
            | Endpoint::V3Token
            | Endpoint::Revoke
            | Endpoint::DeviceAuthorization
            | Endpoint::Api
            | Endpoint::Authorize
            | Endpoint::AuthorizeIndex,
            _,
        )
        | (_, 99_991_600..=99_991_699) => 400,
        _ => 200,
    }
}

/// The RFC 6749 §5.2 word beside a number.
const fn oauth_error(code: u32) -> &'static str {
    match code {
        20002 | 20046 | 20048 => "invalid_client",
        20009 | 20069 | 20074 => "unauthorized_client",
        20036 => "unsupported_grant_type",
        20050 => "server_error",
        20027 | 20067 | 20068 => "invalid_scope",
        20072 => "temporarily_unavailable",
        21000 | 21001 => "access_denied",
        20001 | 20063 | 20070 => "invalid_request",
        _ => "invalid_grant",
    }
}

fn device_words(error: &str) -> &'static str {
    match error {
        "authorization_pending" => "the user has not decided yet",
        "slow_down" => "polled too often; add five seconds to the interval",
        "access_denied" => "the user refused",
        "expired_token" => "the device code has expired",
        _ => "the device code is not valid",
    }
}
