//! What is known about a code or an error word, and the words that every dialect shares.
//!
//! The words are those of the RFCs; a dialect's own codes are in its own table. Sources: RFC 6749 §§4.1.2.1, 5.2,
//! RFC 6750 §3.1, RFC 7009 §2.2.1, RFC 8628 §3.5.

use tokenward_core::{RefusalClass, Remedy, Words};

use RefusalClass::{AccessDead, Configuration, NeedsConsent, OurBug, Pending, Retry};

/// What is known about a code or an error word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// What the caller can do.
    pub class: RefusalClass,
    /// What a person can do.
    pub remedy: Remedy,
    /// What it means.
    pub meaning: Words,
}

/// A fact in one line.
pub(crate) const fn fact(class: RefusalClass, remedy: Remedy, en: &'static str, zh: &'static str) -> Fact {
    Fact { class, remedy, meaning: Words { en, zh } }
}

/// Every error word of the RFCs with its fact.
pub(crate) fn words() -> impl Iterator<Item = (&'static str, &'static Fact)> {
    WORDS.iter().map(|(word, fact)| (*word, fact))
}

/// What an error word means.
pub(crate) fn word(word: &str) -> Option<Fact> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, fact)| *fact)
}

#[rustfmt::skip]
const WORDS: &[(&str, Fact)] = &[
    // RFC 6749 §5.2 and §4.1.2.1
    ("invalid_request", fact(OurBug, Remedy::ReportBug, "the request is malformed", "请求格式错误")),
    ("invalid_client", fact(Configuration, Remedy::CheckSecret, "the app could not be authenticated", "应用认证失败")),
    ("invalid_grant", fact(NeedsConsent, Remedy::LogIn, "the code or refresh token is invalid, expired, revoked or of another app", "授权码或 refresh_token 无效、已过期、已撤销或属于另一个应用")),
    ("unauthorized_client", fact(Configuration, Remedy::EnableApp, "the app may not use this kind of grant", "应用无权使用该授权类型")),
    ("unsupported_grant_type", fact(OurBug, Remedy::ReportBug, "the grant type is not supported", "不支持该 grant_type")),
    ("invalid_scope", fact(Configuration, Remedy::EnableScope, "a scope is invalid or not enabled for the app", "权限（scope）无效或应用未开通")),
    ("server_error", fact(Retry, Remedy::TryLater, "internal error of the provider", "服务端内部错误")),
    ("temporarily_unavailable", fact(Retry, Remedy::TryLater, "the provider is temporarily unavailable", "服务暂时不可用")),
    // RFC 8628 §3.5
    ("authorization_pending", fact(Pending, Remedy::TryLater, "the person has not finished yet", "用户尚未完成授权")),
    ("slow_down", fact(Pending, Remedy::WaitForLimit, "asked too often: add five seconds to the pause", "轮询过于频繁：间隔须增加 5 秒")),
    ("access_denied", fact(NeedsConsent, Remedy::LogIn, "the person said no", "用户拒绝授权")),
    ("expired_token", fact(NeedsConsent, Remedy::LogInAgainFromStart, "the device code has expired", "设备码已过期")),
    // RFC 6750 §3.1, RFC 7009 §2.2.1
    ("invalid_token", fact(AccessDead, Remedy::RenewAccess, "the access token is invalid or expired", "访问令牌无效或已过期")),
    ("insufficient_scope", fact(NeedsConsent, Remedy::GrantScope, "the token lacks the scope", "令牌缺少所需权限")),
    ("unsupported_token_type", fact(OurBug, Remedy::ReportBug, "tokens of this kind cannot be revoked", "不支持撤销该类令牌")),
];
