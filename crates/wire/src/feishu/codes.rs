//! The provider's codes: what each means, what the caller can do, what a person can do.
//!
//! One fact a code, because a code means the same wherever it appears; the few that do not are in [`lookup`]. Which
//! calls are documented to answer with it is in [`listed`], in the order of the reference, for the pages and tests
//! that are made from this table. Sources: for v2 (and v3, by the migration note)
//! reference/feishu.md §4.5, for OIDC v1 §6, for legacy v1 §7, for app and tenant tokens §9, for user info §10, for
//! every other call §11; RFC 6749 §5.2, RFC 8628 §3.5.

use tokenward_core::{RefusalClass, Remedy};

use RefusalClass::{AccessDead, AppTokenDead, Configuration, InDoubt, NeedsConsent, OurBug, Retry, UserState};

use crate::oauth_error_codes::{self, fact};

pub use crate::oauth_error_codes::CodeMeaning;

/// The calls of this dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// Code exchange at v3 (T2).
    V3Exchange,
    /// Refresh at v3 (T2).
    V3Refresh,
    /// Code exchange at v2 (T1).
    V2Exchange,
    /// Refresh at v2 (T1).
    V2Refresh,
    /// Code exchange at OIDC v1 (T3).
    OidcExchange,
    /// Refresh at OIDC v1 (T4).
    OidcRefresh,
    /// Code exchange at legacy v1 (T5).
    LegacyExchange,
    /// Refresh at legacy v1 (T6).
    LegacyRefresh,
    /// Device authorization (D1).
    DeviceBegin,
    /// Device poll at v2 or v3.
    DevicePoll,
    /// App and tenant tokens (P1–P4).
    AppToken,
    /// User info (U1).
    UserInfo,
    /// Revocation (V1).
    Revoke,
    /// Any other call with a user's or tenant's token.
    Api,
}

impl Call {
    /// Every call.
    pub const ALL: &[Self] = &[
        Self::V3Exchange,
        Self::V3Refresh,
        Self::V2Exchange,
        Self::V2Refresh,
        Self::OidcExchange,
        Self::OidcRefresh,
        Self::LegacyExchange,
        Self::LegacyRefresh,
        Self::DeviceBegin,
        Self::DevicePoll,
        Self::AppToken,
        Self::UserInfo,
        Self::Revoke,
        Self::Api,
    ];

    /// Its name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V3Exchange => "v3 exchange",
            Self::V3Refresh => "v3 refresh",
            Self::V2Exchange => "v2 exchange",
            Self::V2Refresh => "v2 refresh",
            Self::OidcExchange => "oidc-v1 exchange",
            Self::OidcRefresh => "oidc-v1 refresh",
            Self::LegacyExchange => "legacy-v1 exchange",
            Self::LegacyRefresh => "legacy-v1 refresh",
            Self::DeviceBegin => "device authorization",
            Self::DevicePoll => "device poll",
            Self::AppToken => "app and tenant token",
            Self::UserInfo => "user info",
            Self::Revoke => "revoke",
            Self::Api => "any other call",
        }
    }

    /// Whether it spends something that is good once.
    pub(super) const fn spends(self) -> bool {
        !matches!(self, Self::DeviceBegin | Self::AppToken | Self::UserInfo | Self::Revoke | Self::Api)
    }

    /// Whether its bearer is an app access token.
    const fn bears_app_token(self) -> bool {
        matches!(self, Self::OidcExchange | Self::OidcRefresh | Self::LegacyExchange | Self::LegacyRefresh)
    }
}

/// The codes that the reference lists for a call, in its order.
pub const fn listed(call: Call) -> &'static [i64] {
    match call {
        Call::V3Exchange | Call::V2Exchange => EXCHANGE,
        Call::V3Refresh | Call::V2Refresh => REFRESH,
        Call::OidcExchange => OIDC_EXCHANGE,
        Call::OidcRefresh => OIDC_REFRESH,
        Call::LegacyExchange | Call::LegacyRefresh => LEGACY,
        Call::AppToken => APP_TOKEN,
        Call::UserInfo => USER_INFO,
        Call::Api => API,
        Call::DeviceBegin | Call::DevicePoll | Call::Revoke => &[],
    }
}

/// Every code with its fact, in the order of the table.
pub fn facts() -> impl Iterator<Item = (i64, &'static CodeMeaning)> {
    FACTS.iter().map(|(code, fact)| (*code, fact))
}

/// What the login page shows in place of an answer to the program, where no call is answered so (reference/feishu.md §3.1).
pub(crate) fn at_the_login_page(code: i64) -> Option<CodeMeaning> {
    LOGIN_PAGE.iter().find(|(known, _)| *known == code).map(|(_, fact)| *fact)
}

/// The codes of that page.
pub(crate) fn login_page_codes() -> impl Iterator<Item = i64> {
    LOGIN_PAGE.iter().map(|(code, _)| *code)
}

/// Every error word of the RFCs with its fact.
pub fn words() -> impl Iterator<Item = (&'static str, &'static CodeMeaning)> {
    oauth_error_codes::words()
}

/// What a code means in the answer to a call.
///
/// For a call that spends, only a code that speaks of the token, code or consent itself may condemn it (I6): the
/// generic codes about bearers concern the app access token there, or nothing that was sent.
pub fn lookup(call: Call, code: i64) -> Option<CodeMeaning> {
    let known = FACTS.iter().find(|(known, _)| *known == code).map(|(_, fact)| *fact)?;
    match (call, code) {
        (Call::AppToken, 10003) => Some(UNKNOWN_APP_ID),
        _ => temper(call, known),
    }
}

/// What an RFC's error word means in the answer to a call.
pub fn lookup_word(call: Call, word: &str) -> Option<CodeMeaning> {
    oauth_error_codes::word(word).and_then(|fact| temper(call, fact))
}

/// What a fact about bearers is worth to a call that spends: see [`lookup`].
fn temper(call: Call, fact: CodeMeaning) -> Option<CodeMeaning> {
    let about_a_bearer = matches!(fact.class, AccessDead) || matches!(fact.remedy, Remedy::GrantScope);
    match (call.spends() && about_a_bearer, call.bears_app_token()) {
        (false, _) => Some(fact),
        (true, true) => Some(APP_TOKEN_REFUSED),
        (true, false) => None,
    }
}

/// What is said of a bearer where the app access token is the bearer.
const APP_TOKEN_REFUSED: CodeMeaning =
    fact(AppTokenDead, Remedy::RenewAppToken, "the app access token was refused", "app_access_token 被拒绝");

/// 10003 where ids and secrets are all that is sent (reference/feishu.md §9).
const UNKNOWN_APP_ID: CodeMeaning = fact(
    Configuration,
    Remedy::CheckAppId,
    "a parameter is missing or wrong, or the app id is unknown",
    "参数缺失或错误，或应用 ID 不存在",
);

/// reference/feishu.md §4.5, and 21000/21001 below it.
const EXCHANGE: &[i64] = &[
    20001, 20002, 20003, 20004, 20008, 20009, 20010, 20024, 20036, 20048, 20049, 20050, 20063, 20065, 20066, 20067,
    20068, 20069, 20070, 20071, 20072, 21000, 21001,
];
const REFRESH: &[i64] = &[
    20001, 20002, 20008, 20009, 20010, 20024, 20026, 20036, 20037, 20048, 20050, 20063, 20064, 20066, 20067, 20068,
    20069, 20070, 20072, 20073, 20074, 21000, 21001,
];
/// reference/feishu.md §6.
const OIDC_EXCHANGE: &[i64] = &[
    20001, 20002, 20003, 20004, 20007, 20008, 20013, 20014, 20021, 20022, 20023, 20024, 20025, 20028, 20029, 20035,
    20036, 20039, 20042, 20046,
];
const OIDC_REFRESH: &[i64] = &[
    20001, 20002, 20007, 20008, 20013, 20014, 20021, 20022, 20023, 20024, 20026, 20028, 20029, 20036, 20037, 20038,
    20042, 20046,
];
/// reference/feishu.md §7.
const LEGACY: &[i64] = &[20001, 20007, 20008, 20009, 20021, 20022, 20023, 20024, 20025, 20028, 20050];
/// reference/feishu.md §9.
const APP_TOKEN: &[i64] =
    &[10003, 10005, 10012, 10013, 10014, 10015, 11207, 11209, 11210, 99_991_543, 99_991_401, 99_991_403];
/// reference/feishu.md §10.
const USER_INFO: &[i64] = &[20001, 20005, 20006, 20008, 20021, 20022, 20023, 20050];
/// The token-related codes of reference/feishu.md §11.
const API: &[i64] = &[
    99_991_661, 99_991_662, 99_991_663, 99_991_664, 99_991_665, 99_991_668, 99_991_669, 99_991_670, 99_991_671,
    99_991_672, 99_991_673, 99_991_674, 99_991_675, 99_991_676, 99_991_677, 99_991_679, 99_991_543, 99_991_400,
    99_991_401, 99_991_403, 99_991_201, 99_991_301, 20005, 20006, 4001, 230_027, 9499, 10001, 10003, 2200, 5000, 1500,
    1_000_004, 1_000_005, 11232, 11233, 11247,
];

/// The codes of the gateway before every call (reference/feishu.md §11).
pub const OF_EVERY_CALL: std::ops::Range<i64> = 99_991_000..99_992_000;

/// The codes that say, in the provider's own format, that a path or method does not exist.
pub(super) const NO_SUCH_ENDPOINT: [i64; 2] = [99_991_201, 99_991_301];

/// In no answer, so it says nothing of a token; 20029, which the page shows too, is in the other table.
const LOGIN_PAGE: &[(i64, CodeMeaning)] = &[(
    20027,
    fact(
        Configuration,
        Remedy::EnableScope,
        "the login asks for a scope that is not enabled for the app",
        "登录申请了应用尚未开通的权限",
    ),
)];

#[rustfmt::skip]
const FACTS: &[(i64, CodeMeaning)] = &[
    // -- codes of the token endpoints --------------------------------------------------------------------------
    (20001, fact(OurBug, Remedy::ReportBug, "a required parameter is missing or wrong", "缺少必要参数或参数错误")),
    (20002, fact(Configuration, Remedy::CheckSecret, "the app secret is wrong", "应用密钥（App Secret）错误")),
    (20003, fact(NeedsConsent, Remedy::LogInAgainFromStart, "the authorization code is unknown or was used already", "授权码无效或已被使用")),
    (20004, fact(NeedsConsent, Remedy::LogInAgainFromStart, "the authorization code is older than five minutes", "授权码已过期（有效期 5 分钟）")),
    // "Check, then retry" (reference/feishu.md §6): nothing was generated, so nothing was rotated.
    (20007, fact(Retry, Remedy::TryLaterThenLogIn, "the provider could not generate an access token", "生成 user_access_token 失败")),
    (20008, fact(UserState, Remedy::AskAdministrator, "the user does not exist", "用户不存在")),
    (20009, fact(Configuration, Remedy::InstallApp, "the app is not installed in the tenant", "租户未安装该应用")),
    (20010, fact(Configuration, Remedy::WidenAvailability, "the user is not in the app's availability", "用户不在应用的可用范围内")),
    (20013, fact(AppTokenDead, Remedy::RenewAppToken, "the tenant access token is invalid", "tenant_access_token 无效")),
    (20014, fact(AppTokenDead, Remedy::RenewAppToken, "the app access token is invalid", "app_access_token 无效")),
    (20021, fact(UserState, Remedy::AskAdministrator, "the user has left the company", "用户已离职")),
    (20022, fact(UserState, Remedy::AskAdministrator, "the user's account is frozen", "用户已被冻结")),
    (20023, fact(UserState, Remedy::AskAdministrator, "the user is not registered", "用户未注册")),
    (20024, fact(Configuration, Remedy::UseIssuingApp, "the code or token belongs to another app", "授权码或令牌属于另一个应用")),
    (20025, fact(OurBug, Remedy::ReportBug, "the app id or app secret is missing from the request", "请求缺少 app_id 或 app_secret")),
    // Also the answer to a token of another endpoint family (reference/feishu.md §4.2).
    (20026, fact(NeedsConsent, Remedy::LogIn, "the refresh token is invalid", "refresh_token 无效")),
    (20028, fact(Configuration, Remedy::CheckAppId, "the app id is invalid", "app_id 无效")),
    (20029, fact(Configuration, Remedy::RegisterRedirect, "the redirect URL is not registered, or the app token belongs to another app", "重定向 URL 未登记，或 app_access_token 属于另一个应用")),
    (20035, fact(Configuration, Remedy::CheckSecret, "the app id or app secret is wrong", "app_id 或 app_secret 错误")),
    (20036, fact(OurBug, Remedy::ReportBug, "the grant type is not supported", "不支持该 grant_type")),
    (20037, fact(NeedsConsent, Remedy::LogInAfterEnd, "the refresh token has expired, or the consent is older than 365 days", "refresh_token 已过期，或授权已超过 365 天")),
    (20038, fact(NeedsConsent, Remedy::LogInAfterUse, "the refresh token is not found: it was used before, or is too old", "refresh_token 不存在：已被使用过或已过期")),
    // Documented for the exchange alone; says nothing about a refresh token.
    (20039, fact(InDoubt, Remedy::LogInAgainFromStart, "the access token is not found", "user_access_token 不存在")),
    (20042, fact(Configuration, Remedy::EnableApp, "the app is disabled", "应用已停用")),
    (20046, fact(Configuration, Remedy::CheckBrand, "the app belongs to the other platform (Feishu or Lark)", "应用所属平台与所用域名不一致（飞书 / Lark）")),
    (20048, fact(Configuration, Remedy::CheckAppId, "the app does not exist", "应用不存在")),
    (20049, fact(OurBug, Remedy::LogInAgainFromStart, "the PKCE check failed", "PKCE 校验失败")),
    (20050, fact(Retry, Remedy::TryLater, "internal error of the provider", "服务端内部错误")),
    (20063, fact(OurBug, Remedy::ReportBug, "the request body is malformed or lacks a field", "请求体格式错误或缺少字段")),
    (20064, fact(NeedsConsent, Remedy::LogInAfterUse, "the refresh token was revoked or already used; it works only once", "refresh_token 已被撤销，每个只能使用一次")),
    (20065, fact(NeedsConsent, Remedy::LogInAgainFromStart, "the authorization code was used already", "授权码已被使用")),
    (20066, fact(UserState, Remedy::AskAdministrator, "the user's account is not in a valid state", "用户状态异常")),
    (20067, fact(OurBug, Remedy::ReportBug, "a scope is named twice", "scope 中有重复项")),
    (20068, fact(OurBug, Remedy::ReportBug, "a requested scope was not granted", "scope 中包含未获授权的权限")),
    (20069, fact(Configuration, Remedy::EnableApp, "the app is not enabled", "应用未启用")),
    (20070, fact(OurBug, Remedy::ReportBug, "the app was authenticated in two ways at once", "同时使用了两种应用认证方式")),
    (20071, fact(OurBug, Remedy::LogInAgainFromStart, "the redirect URL differs from the one of the authorization request", "redirect_uri 与授权请求中的不一致")),
    (20072, fact(Retry, Remedy::TryLater, "the provider is temporarily unavailable", "服务暂时不可用")),
    (20073, fact(NeedsConsent, Remedy::LogInAfterUse, "the refresh token was used already", "refresh_token 已被使用")),
    (20074, fact(Configuration, Remedy::EnableRefresh, "refreshing is switched off for the app, or its version is not published", "应用未开启刷新 user_access_token 的开关，或版本未发布")),
    (21000, fact(UserState, Remedy::PassChallenge, "the tenant's security policy requires an additional check", "租户安全策略要求额外验证")),
    (21001, fact(UserState, Remedy::AskAdministrator, "the tenant's security policy denies access", "租户安全策略拒绝访问")),
    // -- app and tenant tokens ---------------------------------------------------------------------------------
    (10003, fact(OurBug, Remedy::ReportBug, "a parameter is missing or wrong", "参数缺失或错误")),
    (10005, fact(Configuration, Remedy::CheckAppId, "the app's or tenant's information is not accepted", "应用或租户信息不被接受")),
    (10012, fact(Retry, Remedy::TryLater, "the app access token could not be obtained", "获取 app_access_token 失败")),
    (10013, fact(Retry, Remedy::TryLater, "the tenant access token could not be obtained", "获取 tenant_access_token 失败")),
    (10014, fact(Configuration, Remedy::EnableApp, "the app cannot be used: it is disabled, or its secret is wrong", "应用不可用：已停用或密钥错误")),
    (10015, fact(Configuration, Remedy::CheckSecret, "the app secret is wrong", "应用密钥（App Secret）错误")),
    (10016, fact(Configuration, Remedy::CheckAppId, "the ticket could not be sent again: only store apps have tickets", "重新推送 app_ticket 失败：仅商店应用可用")),
    (11207, fact(Configuration, Remedy::EnableApp, "the app cannot be used in this tenant", "应用在该租户中不可用")),
    (11209, fact(Configuration, Remedy::CheckAppId, "the app does not exist", "应用不存在")),
    (11210, fact(Configuration, Remedy::InstallApp, "the app is not installed in the tenant", "租户未安装该应用")),
    // -- generic -----------------------------------------------------------------------------------------------
    (20005, fact(AccessDead, Remedy::RenewAccess, "the access token is invalid", "user_access_token 无效")),
    (20006, fact(AccessDead, Remedy::RenewAccess, "the access token has expired", "user_access_token 已过期")),
    (99_991_661, fact(OurBug, Remedy::ReportBug, "the request contains no token", "请求未携带令牌")),
    (99_991_662, fact(Configuration, Remedy::EnableApp, "the app is not in use", "应用未启用")),
    (99_991_663, fact(AppTokenDead, Remedy::RenewAppToken, "the tenant access token is invalid or expired, or not accepted here", "tenant_access_token 无效或已过期，或此接口不支持")),
    (99_991_664, fact(AppTokenDead, Remedy::RenewAppToken, "the app access token is invalid", "app_access_token 无效")),
    (99_991_665, fact(Configuration, Remedy::CheckAppId, "the tenant's key is invalid", "租户标识（tenant_key）无效")),
    (99_991_668, fact(AccessDead, Remedy::RenewAccess, "the access token is invalid or expired, or not accepted here", "user_access_token 无效或已过期，或此接口不支持")),
    (99_991_669, fact(NeedsConsent, Remedy::LogIn, "the user's refresh token is invalid", "用户 refresh_token 无效")),
    // The wording is older than `eyJ…` tokens (reference/feishu.md §16): a form that is refused is a bearer that is of
    // no use.
    (99_991_670, fact(OurBug, Remedy::ReportBug, "the SSO token is invalid", "SSO 令牌无效")),
    (99_991_674, fact(OurBug, Remedy::ReportBug, "the user type is wrong", "用户类型错误")),
    (99_991_675, fact(OurBug, Remedy::ReportBug, "the user id has a wrong form", "用户 ID 格式错误")),
    (99_991_671, fact(AppTokenDead, Remedy::RenewAppToken, "the form of the token is wrong", "令牌格式错误")),
    (99_991_672, fact(Configuration, Remedy::EnableScope, "the app lacks the scope", "应用未开通所需权限")),
    (99_991_673, fact(Configuration, Remedy::EnableApp, "the app is not usable in this tenant", "应用在该租户中的状态不可用")),
    (99_991_676, fact(Configuration, Remedy::EnableScope, "the token has no permission for this", "令牌没有所需权限")),
    (99_991_677, fact(AccessDead, Remedy::RenewAccess, "the access token has expired", "user_access_token 已过期")),
    (99_991_679, fact(NeedsConsent, Remedy::GrantScope, "the user has not granted the scope", "用户未授予所需权限")),
    (99_991_543, fact(Configuration, Remedy::CheckSecret, "the app id or app secret is unknown", "app_id 或 app_secret 不正确")),
    (99_991_400, fact(Retry, Remedy::WaitForLimit, "too many requests", "请求频率超限")),
    (99_991_401, fact(Configuration, Remedy::AllowAddress, "the caller's address is not on the app's allow list", "调用方 IP 不在应用的白名单内")),
    (99_991_403, fact(Configuration, Remedy::RaiseQuota, "the monthly quota is used up", "本月 API 调用额度已用完")),
    (99_991_201, fact(Configuration, Remedy::CheckUrl, "there is no such path", "请求路径不存在")),
    (99_991_301, fact(Configuration, Remedy::CheckUrl, "the path does not take this method", "请求方法不支持")),
    (4001, fact(AccessDead, Remedy::RenewAccess, "the token is invalid", "令牌无效")),
    (230_027, fact(NeedsConsent, Remedy::GrantScope, "the user never granted this", "用户未授权")),
    (9499, fact(OurBug, Remedy::ReportBug, "a parameter is wrong", "参数错误")),
    (10001, fact(OurBug, Remedy::ReportBug, "a parameter is wrong", "参数错误")),
    (2200, fact(Retry, Remedy::TryLater, "internal error of the provider", "服务端内部错误")),
    (5000, fact(Retry, Remedy::TryLater, "internal error of the provider", "服务端内部错误")),
    (1500, fact(Retry, Remedy::TryLater, "internal error of the provider", "服务端内部错误")),
    // Limits (reference/feishu.md §11.1).
    (1_000_004, fact(Retry, Remedy::WaitForLimit, "too many requests", "请求频率超限")),
    (1_000_005, fact(Retry, Remedy::WaitForLimit, "too many requests", "请求频率超限")),
    (11232, fact(Retry, Remedy::WaitForLimit, "too many requests", "请求频率超限")),
    (11233, fact(Retry, Remedy::WaitForLimit, "too many requests", "请求频率超限")),
    (11247, fact(Retry, Remedy::WaitForLimit, "too many requests", "请求频率超限")),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_once_and_every_listed_code_known() {
        let codes: HashSet<i64> = facts().map(|(code, _)| code).collect();
        assert_eq!(codes.len(), FACTS.len());
        for call in Call::ALL {
            let unique: HashSet<&i64> = listed(*call).iter().collect();
            assert_eq!(unique.len(), listed(*call).len(), "{call:?}");
            for code in listed(*call) {
                assert!(lookup(*call, *code).is_some(), "{call:?} {code}");
            }
        }
    }

    #[test]
    fn every_fact_has_words_in_both_languages() {
        for fact in facts().map(|(_, fact)| fact).chain(words().map(|(_, fact)| fact)) {
            assert!(!fact.meaning.en.is_empty() && fact.meaning.en.is_ascii());
            assert!(!fact.meaning.zh.is_ascii(), "{}", fact.meaning.en);
        }
    }

    #[test]
    fn no_word_about_a_bearer_condemns_a_refresh_token() {
        for code in [20005, 20006, 99_991_668, 99_991_677, 99_991_679, 4001, 230_027] {
            assert_eq!(lookup(Call::V3Refresh, code), None, "{code}");
            assert_eq!(lookup(Call::OidcRefresh, code).unwrap().class, AppTokenDead, "{code}");
            assert_ne!(lookup(Call::Api, code).unwrap().class, AppTokenDead, "{code}");
        }
        assert_eq!(lookup_word(Call::V2Refresh, "invalid_token"), None);
    }
}
