//! Calls by which SDKs fetch tokens of their own.
//!
//! An SDK that is pointed at the proxy still wants an app's id and secret, fetches a tenant token with them before its
//! first call, and sends that token along. It needs none: the proxy replaces it. So calls for an app's or tenant's token
//! (reference/feishu.md §9) are answered here, with a placeholder that opens nothing beyond this proxy. Whatever id and
//! secret the SDK was given is looked at only where the local secret may be among them. Calls of a *login* (code
//! exchange, refresh, revocation, device flow; reference/feishu.md §2) are refused: a refresh token that one more
//! program spends is a login that dies, and what they answer is secret.

use http::Method;
use serde_json::{Value, json};
use tokenward::readings;

/// What becomes of a call by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenCall {
    /// It is answered here.
    Placeholder,
    /// It is refused.
    Login,
}

/// Whether a call is one for tokens, to any server that may stand at the other end ([`readings`]).
pub(super) fn token_call(method: &Method, target: &str) -> Option<TokenCall> {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    // Otherwise `/x/../auth/v3/…` would be a call for a token that does not look like one.
    let calls = readings(path).into_iter().filter_map(|reading| call_of(method, &reading.path().to_ascii_lowercase()));
    calls.max_by_key(|call| *call == TokenCall::Login)
}

fn call_of(method: &Method, path: &str) -> Option<TokenCall> {
    if LOGIN.contains(&path) || path.starts_with("/oauth/") {
        return Some(TokenCall::Login);
    }
    let kind = path.strip_prefix("/open-apis/auth/v3/").filter(|_| method == Method::POST)?;
    let kind = kind.strip_suffix("/internal").unwrap_or(kind);
    matches!(kind, "tenant_access_token" | "app_access_token").then_some(TokenCall::Placeholder)
}

/// The answer that holds a placeholder, in the shape of the provider's for every one of these calls
/// (reference/feishu.md §9).
pub(super) fn answer(placeholder: &str) -> Value {
    json!({
        "code": 0,
        "msg": "ok",
        "expire": PLACEHOLDER_LIFE,
        "app_access_token": placeholder,
        "tenant_access_token": placeholder,
    })
}

/// What stands in place of a person's token where a program wants one. It opens nothing.
pub const USER_PLACEHOLDER: &str = "u-tokenward-puts-the-real-one-in";
/// The same of a tenant's. It has a token's form, because some SDKs look at it (reference/feishu.md §11, 99991671).
pub(super) const PLACEHOLDER: &str = "t-tokenward-puts-the-real-one-in";
/// That of the provider's own (reference/feishu.md §9).
const PLACEHOLDER_LIFE: u32 = 7200;
const LOGIN: &[&str] = &[
    "/open-apis/auth/v3/app_ticket/resend",
    "/open-apis/authen/v1/access_token",
    "/open-apis/authen/v1/authorize",
    "/open-apis/authen/v1/index",
    "/open-apis/authen/v1/oidc/access_token",
    "/open-apis/authen/v1/oidc/refresh_access_token",
    "/open-apis/authen/v1/refresh_access_token",
    "/open-apis/authen/v2/oauth/token",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_tokens_are_placeholders_and_logins_are_refused() {
        let call = |path: &str| token_call(&Method::POST, path);
        for path in ["tenant_access_token/internal", "tenant_access_token", "app_access_token/internal?x=1"] {
            assert_eq!(call(&format!("/open-apis/auth/v3/{path}")), Some(TokenCall::Placeholder), "{path}");
        }
        for path in
            ["/open-apis/authen/v2/oauth/token", "/open-apis/authen/v1/refresh_access_token/", "/oauth/v3/token"]
        {
            assert_eq!(call(path), Some(TokenCall::Login), "{path}");
        }
        assert_eq!(call("/open-apis/authen/v1/user_info"), None);
        for path in [
            "/open-apis/x/../authen/v2/oauth/token",
            "/open-apis/authen/v2/oauth/%74oken",
            "/open-apis/%2e%2E/open-apis//authen/./v2/oauth/token/",
            "/open-apis\\authen/v2/OAuth/token",
            "//oauth/v3/token?x=1",
            "/open-apis/x/..%2fauthen/v1/access_token",
            "/open-apis/authen/v2/oauth/token;x",
            "/open-apis;a/authen;b/v2/oauth/%2574oken",
            "/open-apis/x/..;/authen/v1/access_token",
            "/open-apis/authen/v2/oauth/token%3fx=1",
            "/oauth/v3/token/%252e%252e/..",
            "/%6fauth%252fv3%5ctoken",
            "/open-apis/x/%c0%ae%c0%ae/authen/v1/access_token",
        ] {
            assert_eq!(call(path), Some(TokenCall::Login), "{path}");
        }
        assert_eq!(call("/open-apis/x/../auth/v3/app_access_token/internal"), Some(TokenCall::Placeholder));
        for path in ["/open-apis/%zz/%", "/open-apis/docs/authen/v2/oauth/token", "/", "/../..", "*", "/%ff%00"] {
            assert_eq!(call(path), None, "{path}");
        }
        assert_eq!(call("/open-apis/auth/v3/other"), None);
        assert_eq!(token_call(&Method::GET, "/open-apis/auth/v3/tenant_access_token/internal"), None);
    }
}
