//! BlueKing's codes and words: what each means, what the caller can do, what a person can do.
//!
//! Sources: reference/blueking.md §2.1 (SSM), reference/blueking.md §2.2 (auth api, whose codes are not published),
//! reference/blueking.md §3.3 and the sources of bkauth (its words, and the sentences beside `invalid_grant`),
//! reference/blueking.md §4 and the sources of the API gateway's error list (blueking-apigateway-apisix, read 2026-11).
//! A code that is in no table leaves a refresh in doubt (I6).

use tokenward_core::{RefusalClass, Remedy, Words};

use RefusalClass::{AccessDead, AppTokenDead, Configuration, NeedsConsent, OurBug, Retry, UserState};

use crate::oauth_error_codes::{self, fact};

pub use crate::oauth_error_codes::CodeMeaning;

/// The calls of the three dialects, and those of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// Grants and refreshes at SSM.
    Ssm,
    /// Verification at SSM.
    SsmVerify,
    /// Grants and refreshes at the auth api.
    AuthApi,
    /// `check_token` of the auth api.
    AuthApiCheck,
    /// The token endpoint of bkauth.
    BkAuth,
    /// Device authorization at bkauth.
    BkAuthDevice,
    /// Revocation at bkauth.
    BkAuthRevoke,
    /// Introspection at bkauth.
    BkAuthIntrospect,
    /// A call through the API gateway.
    Gateway,
}

/// Every code with its fact, in the order of the table.
pub fn facts() -> impl Iterator<Item = (i64, &'static CodeMeaning)> {
    SSM.iter().chain(GATEWAY).map(|(code, fact)| (*code, fact))
}

/// What a code means in the answer to a call.
pub fn lookup(call: Call, code: i64) -> Option<CodeMeaning> {
    let find = |table: &[(i64, CodeMeaning)]| table.iter().find(|(known, _)| *known == code).map(|(_, fact)| *fact);
    match call {
        Call::Ssm => find(SSM),
        // Its codes are not published. What is not said of the app or of the service is said of the token: there is no other
        // parameter. The gateway reads it so too (reference/blueking.md §2.1).
        Call::SsmVerify => find(SSM).filter(|fact| matches!(fact.class, Configuration | Retry)).or(Some(NOT_VERIFIED)),
        Call::Gateway => find(GATEWAY),
        // The auth api's own codes are not published; those of an installation stand in its options. It lies behind the
        // gateway, which passes nothing on that it refuses for the app, the path or the rate.
        Call::AuthApi | Call::AuthApiCheck => find(GATEWAY).and_then(at_the_door),
        // bkauth speaks in words.
        Call::BkAuth | Call::BkAuthDevice | Call::BkAuthRevoke | Call::BkAuthIntrospect => None,
    }
}

/// What one of bkauth's words means in the answer to a call, beside its sentence.
///
/// `invalid_grant` stands for nine causes; which one, the sentence says. One that is not known says what the RFC says.
pub fn lookup_word(call: Call, word: &str, sentence: &str) -> Option<CodeMeaning> {
    let known = oauth_error_codes::word(word);
    let about_a_bearer =
        known.is_some_and(|fact| fact.class == RefusalClass::AccessDead || fact.remedy == Remedy::GrantScope);
    match (call, word) {
        (_, "invalid_realm") => Some(NO_SUCH_REALM),
        (_, "invalid_target") => Some(NO_RESOURCE),
        (Call::BkAuthIntrospect, "access_denied") => Some(MAY_NOT_INTROSPECT),
        (Call::BkAuth, "invalid_grant") => {
            SENTENCES.iter().find(|(known, _)| *known == sentence).map(|(_, fact)| *fact).or(known)
        }
        (Call::BkAuth, _) if about_a_bearer => None,
        _ => known,
    }
}

/// Whether a code is in a table. SSM's verification reads any other as one of the token.
pub(crate) fn is_listed(code: i64) -> bool {
    facts().any(|(known, _)| known == code)
}

/// The sentences beside one of bkauth's words that tell its causes apart.
pub(crate) fn sentences_of(word: &str) -> impl Iterator<Item = (&'static str, &'static CodeMeaning)> {
    SENTENCES.iter().filter(move |_| word == "invalid_grant").map(|(sentence, fact)| (*sentence, fact))
}

/// The words that bkauth has beside those of the RFCs.
pub(crate) const OWN_WORDS: [&str; 2] = ["invalid_realm", "invalid_target"];

/// What a person can do, where the app is `BlueKing`'s: its pages are in the developer center, and Feishu's console knows
/// nothing of it.
pub(crate) const fn at_blueking(remedy: Remedy) -> Remedy {
    match remedy {
        Remedy::CheckSecret | Remedy::CheckAppId | Remedy::CheckClient => Remedy::CheckSecretAtBlueKing,
        Remedy::EnableApp | Remedy::InstallApp | Remedy::AllowGrant => Remedy::EnableAtBlueKing,
        Remedy::EnableScope => Remedy::PermitAtBlueKing,
        Remedy::AllowAddress => Remedy::AdmitAtBlueKing,
        Remedy::RegisterRedirect => Remedy::RegisterRedirectThere,
        Remedy::CheckScopes => Remedy::NameResource,
        Remedy::CheckEndpoints => Remedy::CheckUrl,
        remedy => remedy,
    }
}

/// What a code of the gateway is worth to a call that proves itself by the app's id and secret.
fn at_the_door(fact: CodeMeaning) -> Option<CodeMeaning> {
    match (fact.class, fact.remedy) {
        (AppTokenDead, _) => Some(CodeMeaning { class: Configuration, remedy: Remedy::CheckSecret, ..fact }),
        (Configuration | UserState, _) | (Retry, Remedy::WaitForLimit) => Some(fact),
        _ => None,
    }
}

/// For a code that is in the options of an installation.
pub(super) const TOLD_BY_SETTINGS: Words =
    Words { en: "the settings say what this code means", zh: "该错误码的含义由配置给出" };
/// SSM does not know an access token, or not any more.
pub(super) const NOT_VERIFIED: CodeMeaning =
    fact(AccessDead, Remedy::RenewAccess, "the access token is invalid or has expired", "access_token 无效或已过期");
const NO_SUCH_REALM: CodeMeaning = fact(Configuration, Remedy::CheckUrl, "there is no such realm", "不存在该 realm");
/// RFC 8707 §2: the resource is missing, unknown, or not for this client.
const NO_RESOURCE: CodeMeaning = fact(
    Configuration,
    Remedy::NameResource,
    "the resource is missing or not accepted",
    "未指定资源（resource），或资源不被接受",
);
const MAY_NOT_INTROSPECT: CodeMeaning = fact(
    Configuration,
    Remedy::EnableApp,
    "the app may not look tokens up in this realm",
    "应用无权在该 realm 中查询令牌（introspect）",
);

#[rustfmt::skip]
const SSM: &[(i64, CodeMeaning)] = &[
    (1_901_400, fact(OurBug, Remedy::ReportBug, "a parameter, a login cookie among them, is missing or wrong", "参数（包括登录凭证）缺失或错误")),
    (1_901_401, fact(Configuration, Remedy::CheckSecret, "the app is unknown or not permitted, or its secret is wrong", "应用不存在、无权限或应用密钥错误")),
    (1_901_403, fact(NeedsConsent, Remedy::LogIn, "the refresh token is invalid or has expired", "refresh_token 无效或已过期")),
    (1_901_500, fact(Retry, Remedy::TryLater, "internal error of the provider", "服务端内部错误")),
];

#[rustfmt::skip]
const SENTENCES: &[(&str, CodeMeaning)] = &[
    ("Refresh token has been revoked", fact(NeedsConsent, Remedy::LogInAfterUse, "the refresh token was used before, or was revoked", "refresh_token 已被使用或已撤销")),
    ("Refresh token has expired", fact(NeedsConsent, Remedy::LogInAfterEnd, "the refresh token has expired", "refresh_token 已过期")),
    ("Invalid refresh token", fact(NeedsConsent, Remedy::LogIn, "the refresh token is invalid", "refresh_token 无效")),
    ("Invalid authorization code", fact(NeedsConsent, Remedy::LogInAgainFromStart, "the authorization code is invalid", "授权码无效")),
    ("Authorization code has expired", fact(NeedsConsent, Remedy::LogInAgainFromStart, "the authorization code has expired", "授权码已过期")),
    ("Authorization code has already been used", fact(NeedsConsent, Remedy::LogInAgainFromStart, "the authorization code was used already", "授权码已被使用")),
    ("Invalid code verifier", fact(OurBug, Remedy::LogInAgainFromStart, "the PKCE check failed", "PKCE 校验失败")),
    ("Redirect URI mismatch", fact(OurBug, Remedy::LogInAgainFromStart, "the redirect URL differs from the one of the authorization request", "redirect_uri 与授权请求中的不一致")),
    ("The device code has already been used", fact(NeedsConsent, Remedy::LogInAgainFromStart, "the device code was used already", "设备码已被使用")),
    ("Invalid device code", fact(NeedsConsent, Remedy::LogInAgainFromStart, "the device code is invalid", "设备码无效")),
    // Both are looked at before the token's own state, which therefore did not change.
    ("Realm mismatch", fact(Configuration, Remedy::UseIssuingApp, "the code or token belongs to another realm", "授权码或令牌属于另一个 realm")),
    ("Client ID mismatch", fact(Configuration, Remedy::UseIssuingApp, "the code or token belongs to another app", "授权码或令牌属于另一个应用")),
];

#[rustfmt::skip]
const GATEWAY: &[(i64, CodeMeaning)] = &[
    // One code for every token that is not good, and for one of the wrong kind: the text tells them apart.
    (INVALID_ARGS, fact(AccessDead, Remedy::RenewAccess, "the access token is invalid, expired or of the wrong kind, or a parameter is wrong", "access_token 无效、已过期或类型不符，或参数错误")),
    (1_640_004, fact(OurBug, Remedy::ReportBug, "the gateway's JWT is not accepted", "网关 JWT 校验失败")),
    (1_640_100, fact(AccessDead, Remedy::RenewAccess, "the call is not authorized", "请求未通过认证")),
    (1_640_101, fact(AppTokenDead, Remedy::RenewAppToken, "the app could not be authenticated", "应用认证失败")),
    (1_640_102, fact(AccessDead, Remedy::RenewAccess, "the user could not be authenticated", "用户认证失败")),
    (1_640_301, fact(Configuration, Remedy::EnableScope, "the app has no permission for this API", "应用没有该 API 的权限")),
    (1_640_302, fact(Configuration, Remedy::AllowAddress, "the caller's address or tenant is not allowed", "调用方 IP 或租户不被允许")),
    (1_640_303, fact(UserState, Remedy::AskAdministrator, "the user is not allowed", "用户不被允许")),
    (1_640_304, fact(UserState, Remedy::AskAdministrator, "the tenant is not admitted", "租户不被允许")),
    (1_640_401, fact(Configuration, Remedy::CheckUrl, "there is no such API", "API 不存在")),
    (1_641_301, fact(OurBug, Remedy::ReportBug, "the body is too large", "请求体过大")),
    (1_641_401, fact(OurBug, Remedy::ReportBug, "the address is too long", "请求地址过长")),
    (1_642_901, fact(Retry, Remedy::WaitForLimit, "too many requests", "请求频率超限")),
    (1_642_902, fact(Retry, Remedy::WaitForLimit, "too many requests", "请求频率超限")),
    (1_642_903, fact(Retry, Remedy::WaitForLimit, "too many requests", "请求频率超限")),
    (1_642_904, fact(Retry, Remedy::WaitForLimit, "too many requests at once", "并发请求超限")),
    (1_650_000, fact(Retry, Remedy::TryLater, "the system behind the gateway is not working", "后端服务异常")),
    (1_650_001, fact(Retry, Remedy::TryLater, "internal error of the gateway", "网关内部错误")),
    (1_650_002, fact(Configuration, Remedy::AskAdministrator, "the API is not set up correctly in the gateway", "网关中的资源配置错误")),
    (1_650_070, fact(Retry, Remedy::TryLater, "internal error of the gateway", "网关内部错误")),
    (1_650_200, fact(Retry, Remedy::TryLater, "the gateway has no connection to the system behind it", "网关无法连接后端服务")),
    (1_650_201, fact(Retry, Remedy::TryLater, "the system behind the gateway did not answer", "请求后端服务失败")),
    (1_650_300, fact(Retry, Remedy::TryLater, "the gateway is temporarily unavailable", "网关暂时不可用")),
    (1_650_401, fact(Retry, Remedy::TryLater, "the system behind the gateway did not answer in time", "后端服务响应超时")),
    (1_650_801, fact(Configuration, Remedy::AskAdministrator, "the API calls itself through the gateway", "网关检测到循环调用")),
];

/// Everything about tokens and parameters in one code (reference/blueking.md §4).
pub(super) const INVALID_ARGS: i64 = 1_640_001;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_once_and_with_words_in_both_languages() {
        let codes: HashSet<i64> = facts().map(|(code, _)| code).collect();
        assert_eq!(codes.len(), SSM.len() + GATEWAY.len());
        let own = [&NO_SUCH_REALM, &MAY_NOT_INTROSPECT, &NOT_VERIFIED];
        for fact in facts().map(|(_, fact)| fact).chain(SENTENCES.iter().map(|(_, fact)| fact)).chain(own) {
            assert!(!fact.meaning.en.is_empty() && fact.meaning.en.is_ascii());
            assert!(!fact.meaning.zh.is_ascii(), "{}", fact.meaning.en);
        }
    }

    #[test]
    fn nothing_of_the_gateway_condemns_a_refresh_token() {
        for (code, _) in GATEWAY {
            for call in [Call::Ssm, Call::AuthApi, Call::BkAuth] {
                let condemns =
                    |fact: CodeMeaning| matches!(fact.class, AccessDead | AppTokenDead | NeedsConsent | OurBug);
                assert!(!lookup(call, *code).is_some_and(condemns), "{call:?} {code}");
            }
        }
        assert_eq!(lookup_word(Call::BkAuth, "invalid_token", ""), None);
        for code in [1_901_400, 1_901_403, 17] {
            assert_eq!(lookup(Call::SsmVerify, code), Some(NOT_VERIFIED));
        }
        assert_eq!(lookup(Call::SsmVerify, 1_901_401).unwrap().class, Configuration);
    }
}
