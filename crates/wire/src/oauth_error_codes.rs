//! What is known about a code or an error word, and the words that every dialect shares.
//!
//! The words are those of the RFCs; a dialect's own codes are in its own table. Sources: RFC 6749 §§4.1.2.1, 5.2,
//! RFC 6750 §3.1, RFC 7009 §2.2.1, RFC 8628 §3.5, OpenID Connect Core §3.1.2.6. Beside them stand the words that servers are
//! seen to use for the same, in their lower-case spelling.

use tokenward_core::{RefusalClass, Remedy, Words};

use RefusalClass::{AccessDead, Configuration, NeedsConsent, OurBug, Pending, Retry, UserState};

/// What is known about a code or an error word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeMeaning {
    /// What the caller can do.
    pub class: RefusalClass,
    /// What a person can do.
    pub remedy: Remedy,
    /// What it means.
    pub meaning: Words,
}

/// A fact in one line.
pub(crate) const fn fact(class: RefusalClass, remedy: Remedy, en: &'static str, zh: &'static str) -> CodeMeaning {
    CodeMeaning { class, remedy, meaning: Words { en, zh } }
}

/// Every error word of the RFCs with its fact.
pub(crate) fn words() -> impl Iterator<Item = (&'static str, &'static CodeMeaning)> {
    WORDS.iter().map(|(word, fact)| (*word, fact))
}

/// Every word that is known: those of the RFCs, and those that servers are seen to use.
pub(crate) fn every_word() -> impl Iterator<Item = &'static str> {
    WORDS.iter().chain(SEEN).map(|(word, _)| *word)
}

/// What an error word means.
pub(crate) fn word(word: &str) -> Option<CodeMeaning> {
    WORDS.iter().chain(SEEN).find(|(known, _)| *known == word).map(|(_, fact)| *fact)
}

#[rustfmt::skip]
const WORDS: &[(&str, CodeMeaning)] = &[
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
    ("authorization_pending", fact(Pending, Remedy::TryLater, "the login has not been confirmed in the browser yet", "尚未在浏览器中确认登录")),
    ("slow_down", fact(Pending, Remedy::WaitForLimit, "asked too often: add five seconds to the pause", "轮询过于频繁：间隔须增加 5 秒")),
    ("access_denied", fact(NeedsConsent, Remedy::LogIn, "access was denied, by the user or by a rule of the provider", "访问被拒绝：用户拒绝授权，或被平台的策略拒绝")),
    ("expired_token", fact(NeedsConsent, Remedy::LogInAgainFromStart, "the device code has expired", "设备码已过期")),
    // RFC 6750 §3.1, RFC 7009 §2.2.1
    ("invalid_token", fact(AccessDead, Remedy::RenewAccess, "the access token is invalid or expired", "访问令牌无效或已过期")),
    ("insufficient_scope", fact(NeedsConsent, Remedy::GrantScope, "the token lacks the scope", "令牌缺少所需权限")),
    ("unsupported_token_type", fact(OurBug, Remedy::ReportBug, "tokens of this kind cannot be revoked", "不支持撤销该类令牌")),
];

const DEAD: CodeMeaning = fact(
    NeedsConsent,
    Remedy::LogIn,
    "the refresh token is invalid, expired or revoked",
    "refresh_token 无效、已过期或已撤销",
);
const ENDED: CodeMeaning = fact(NeedsConsent, Remedy::LogInAfterEnd, "the token has expired", "令牌已过期");
const PERSON: CodeMeaning =
    fact(NeedsConsent, Remedy::LogIn, "the provider requires the user to log in again", "平台要求用户重新登录");
const CODE: CodeMeaning = fact(
    NeedsConsent,
    Remedy::LogInAgainFromStart,
    "the authorization code is invalid or has expired",
    "授权码无效或已过期",
);
const CLIENT: CodeMeaning =
    fact(Configuration, Remedy::CheckSecret, "the app's id or secret is wrong", "应用 ID 或密钥错误");
const GONE: CodeMeaning = fact(Configuration, Remedy::CheckAppId, "the app does not exist any more", "应用已不存在");
const LIMIT: CodeMeaning = fact(Retry, Remedy::WaitForLimit, "too many requests", "请求频率超限");
const PASSING: CodeMeaning = fact(Retry, Remedy::TryLater, "the provider is temporarily unavailable", "服务暂时不可用");
const ACCOUNT: CodeMeaning =
    fact(UserState, Remedy::AskAdministrator, "the user's account is not in a valid state", "用户状态异常");

const SEEN: &[(&str, CodeMeaning)] = &[
    // OpenID Connect Core §3.1.2.6, which some token endpoints say as well.
    ("interaction_required", PERSON),
    ("login_required", PERSON),
    ("consent_required", PERSON),
    ("account_selection_required", PERSON),
    ("reauth_required", PERSON),
    ("reauthentication_required", PERSON),
    ("user_revoked_access", PERSON),
    // The refresh token.
    ("bad_refresh_token", DEAD),
    ("invalid_refresh_token", DEAD),
    ("refresh_token_invalid", DEAD),
    ("refresh_token_not_found", DEAD),
    ("refresh_token_revoked", DEAD),
    ("revoked_refresh_token", DEAD),
    ("refresh_token_reused", DEAD),
    ("token_revoked", DEAD),
    ("revoked_token", DEAD),
    ("refresh_token_expired", ENDED),
    ("expired_refresh_token", ENDED),
    ("token_expired", ENDED),
    // The authorization code.
    ("bad_verification_code", CODE),
    ("invalid_code", CODE),
    ("code_expired", CODE),
    ("code_already_used", CODE),
    ("incorrect_device_code", CODE),
    // The client.
    ("incorrect_client_credentials", CLIENT),
    ("invalid_client_id", CLIENT),
    ("invalid_client_secret", CLIENT),
    ("bad_client_secret", CLIENT),
    ("deleted_client", GONE),
    ("disabled_client", fact(Configuration, Remedy::EnableApp, "the app is disabled", "应用已停用")),
    (
        "device_flow_disabled",
        fact(Configuration, Remedy::EnableApp, "the device login is switched off for the app", "应用未开启设备登录"),
    ),
    (
        "redirect_uri_mismatch",
        fact(
            Configuration,
            Remedy::RegisterRedirect,
            "the redirect URL is not the registered one",
            "重定向 URL 与登记的不一致",
        ),
    ),
    // The account.
    ("account_disabled", ACCOUNT),
    ("account_inactive", ACCOUNT),
    ("user_disabled", ACCOUNT),
    ("user_suspended", ACCOUNT),
    // Passing trouble.
    ("rate_limited", LIMIT),
    ("ratelimited", LIMIT),
    ("rate_limit_exceeded", LIMIT),
    ("too_many_requests", LIMIT),
    ("internal_error", PASSING),
    ("internal_server_error", PASSING),
    ("internal_failure", PASSING),
    ("service_unavailable", PASSING),
    ("timeout", PASSING),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_shape::normal;

    #[test]
    fn every_word_once_in_its_spelling_and_with_words_in_both_languages() {
        let mut words = Vec::new();
        for (name, fact) in WORDS.iter().chain(SEEN) {
            assert_eq!(normal(name), *name);
            assert!(!fact.meaning.en.is_empty() && !fact.meaning.zh.is_ascii(), "{name}");
            words.push(*name);
        }
        words.sort_unstable();
        assert!(words.windows(2).all(|pair| pair[0] != pair[1]), "{words:?}");
    }
}
