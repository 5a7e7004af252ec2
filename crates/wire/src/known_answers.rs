//! What a provider's code or error word means, for whoever looks it up without an answer at hand.
//!
//! Enters: a code or a word as it was printed. Leaves: every meaning that the dialects' tables have for it, each once. Nothing is known
//! here: the tables and the conversions of remedies are those by which answers are read, so that both say the same.

use tokenward_core::{ProviderName, Words};

use crate::blueking::codes as blueking;
use crate::error_shape::normal;
use crate::feishu::codes as feishu;
use crate::oauth_error_codes::{self, CodeMeaning};
use crate::oauth2::error_codes as oauth2;
use crate::response_outcome::Dialect;

/// A meaning of a code or an error word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAnswer {
    /// Who says it; `Feishu` stands for Lark too.
    pub provider: ProviderName,
    /// The calls that are answered so, where others are answered so in another sense.
    pub calls: Vec<Words>,
    /// The provider's text beside the word, where the meaning hangs on it.
    pub sentence: Option<&'static str>,
    /// What it means, and what can be done, in the provider's own terms.
    pub fact: CodeMeaning,
}

/// Every meaning of a code (`20064`) or of an error word (`invalid_grant`).
pub fn known_answers(asked: &str) -> Vec<KnownAnswer> {
    let (code, word) = (asked.parse().ok(), normal(asked));
    let mut found = Vec::new();
    let by_feishu = |call: feishu::Call| in_its_terms(call, code, &word);
    found.extend(distinct(ProviderName::Feishu, feishu::Call::ALL.iter().map(|&call| (call.words(), by_feishu(call)))));
    // What stands before every call says these: who looks one up most likely called an API.
    if code.is_some_and(|code: i64| feishu::OF_EVERY_CALL.contains(&code)) {
        found.sort_by_key(|known| !known.calls.contains(&feishu::Call::Api.words()));
    }
    if let Some(fact) = code.and_then(feishu::at_the_login_page).filter(|_| found.is_empty()) {
        found.push(KnownAnswer { provider: ProviderName::Feishu, calls: vec![LOGIN_PAGE], sentence: None, fact });
    }
    let by_blueking = |call: blueking::Call| {
        let of_code = code.and_then(|code| blueking::lookup(call, code).filter(|_| blueking::is_listed(code)));
        let fact = of_code.map(|fact| CodeMeaning { remedy: blueking::at_blueking(fact.remedy), ..fact });
        fact.or_else(|| call.is_of_bkauth().then(|| in_its_terms(call, None, &word)).flatten())
    };
    found.extend(distinct(
        ProviderName::BlueKing,
        blueking::Call::ALL.iter().map(|&call| (call.words(), by_blueking(call))),
    ));
    let sentences = blueking::sentences_of(&word).map(|(sentence, fact)| {
        let fact = CodeMeaning { remedy: blueking::Call::BkAuth.remedy(fact.remedy), ..*fact };
        KnownAnswer { provider: ProviderName::BlueKing, calls: Vec::new(), sentence: Some(sentence), fact }
    });
    found.extend(sentences);
    let by_server = |call: oauth2::Call| in_its_terms(call, None, &word);
    found.extend(distinct(ProviderName::OAuth2, oauth2::Call::ALL.iter().map(|&call| (call.words(), by_server(call)))));
    found
}

/// Every code and every word that [`known_answers`] knows.
pub fn known_answer_names() -> Vec<String> {
    let codes = feishu::facts()
        .map(|(code, _)| code)
        .chain(feishu::login_page_codes())
        .chain(blueking::facts().map(|(code, _)| code));
    let words = oauth_error_codes::every_word().chain(blueking::OWN_WORDS.iter().copied());
    codes.map(|code| code.to_string()).chain(words.map(str::to_owned)).collect()
}

/// What a call's dialect says of a code or a word, with the remedy that fits its provider.
fn in_its_terms<D: Dialect>(call: D, code: Option<i64>, word: &str) -> Option<CodeMeaning> {
    let fact = code.and_then(|code| call.code(code)).or_else(|| call.word(word, ""))?;
    Some(CodeMeaning { remedy: call.remedy(fact.remedy), ..fact })
}

/// The meanings of many calls, each once; the calls are named where there are several.
fn distinct(provider: ProviderName, of_calls: impl Iterator<Item = (Words, Option<CodeMeaning>)>) -> Vec<KnownAnswer> {
    let mut found: Vec<KnownAnswer> = Vec::new();
    for (call, fact) in of_calls {
        let Some(fact) = fact else { continue };
        match found.iter_mut().find(|known| known.fact == fact) {
            Some(known) => known.calls.push(call),
            None => found.push(KnownAnswer { provider, calls: vec![call], sentence: None, fact }),
        }
    }
    if let [only] = found.as_mut_slice() {
        only.calls.clear();
    }
    found
}

const LOGIN_PAGE: Words = Words { en: "the login page", zh: "登录授权页" };

impl feishu::Call {
    const fn words(self) -> Words {
        let zh = match self {
            Self::V3Exchange => "v3 换取令牌",
            Self::V3Refresh => "v3 刷新令牌",
            Self::V2Exchange => "v2 换取令牌",
            Self::V2Refresh => "v2 刷新令牌",
            Self::OidcExchange => "oidc-v1 换取令牌",
            Self::OidcRefresh => "oidc-v1 刷新令牌",
            Self::LegacyExchange => "legacy-v1 换取令牌",
            Self::LegacyRefresh => "legacy-v1 刷新令牌",
            Self::DeviceBegin => "申请设备码",
            Self::DevicePoll => "设备登录轮询",
            Self::AppToken => "获取应用或租户令牌",
            Self::UserInfo => "获取用户信息",
            Self::Revoke => "撤销令牌",
            Self::Api => "其他接口",
        };
        Words { en: self.as_str(), zh }
    }
}

impl blueking::Call {
    const ALL: &[Self] = &[
        Self::Ssm,
        Self::SsmVerify,
        Self::AuthApi,
        Self::AuthApiCheck,
        Self::Gateway,
        Self::BkAuth,
        Self::BkAuthDevice,
        Self::BkAuthRevoke,
        Self::BkAuthIntrospect,
    ];

    const fn is_of_bkauth(self) -> bool {
        matches!(self, Self::BkAuth | Self::BkAuthDevice | Self::BkAuthRevoke | Self::BkAuthIntrospect)
    }

    const fn words(self) -> Words {
        let (en, zh) = match self {
            Self::Ssm => ("SSM", "SSM"),
            Self::SsmVerify => ("verification at SSM", "SSM 校验令牌"),
            Self::AuthApi => ("auth api", "auth api"),
            Self::AuthApiCheck => ("check_token of the auth api", "auth api 的 check_token"),
            Self::Gateway => ("a call through the API gateway", "经 API 网关调用接口"),
            Self::BkAuth => ("bkauth", "bkauth"),
            Self::BkAuthDevice => ("device authorization at bkauth", "bkauth 申请设备码"),
            Self::BkAuthRevoke => ("revocation at bkauth", "bkauth 撤销令牌"),
            Self::BkAuthIntrospect => ("introspection at bkauth", "bkauth 查询令牌"),
        };
        Words { en, zh }
    }
}

impl oauth2::Call {
    const ALL: &[Self] =
        &[Self::Token, Self::DeviceBegin, Self::Revoke, Self::Introspect, Self::UserInfo, Self::Metadata];

    const fn words(self) -> Words {
        let (en, zh) = match self {
            Self::Token => ("the token endpoint", "令牌端点"),
            Self::DeviceBegin => ("device authorization", "申请设备码"),
            Self::Revoke => ("revocation", "撤销令牌"),
            Self::Introspect => ("introspection", "查询令牌"),
            Self::UserInfo => ("user info", "获取用户信息"),
            Self::Metadata => ("metadata", "元数据"),
        };
        Words { en, zh }
    }
}

#[cfg(test)]
mod tests {
    use tokenward_core::Remedy;

    use super::*;

    #[test]
    fn every_code_and_word_of_the_tables_is_known() {
        let names = known_answer_names();
        assert!(names.len() > 130, "{}", names.len());
        for name in names {
            let found = known_answers(&name);
            assert!(!found.is_empty(), "{name}");
            for (at, known) in found.iter().enumerate() {
                assert!(!found[at + 1..].contains(known), "{name}: {known:?} twice");
                // A sentence tells its meaning apart from the one that holds without it.
                let rivals = |other: &&KnownAnswer| other.provider == known.provider && other.sentence.is_none();
                let alone = found.iter().filter(rivals).count() == 1;
                assert!(alone || !known.calls.is_empty() || known.sentence.is_some(), "{name}: {known:?}");
            }
        }
        assert!(
            known_answers("1").is_empty() && known_answers("no_such_word").is_empty() && known_answers("").is_empty()
        );
    }

    #[test]
    fn what_differs_by_provider_or_call_is_told_apart() {
        let remedies = |asked: &str| {
            known_answers(asked).into_iter().map(|known| (known.provider, known.fact.remedy)).collect::<Vec<_>>()
        };
        assert_eq!(remedies("20064"), [(ProviderName::Feishu, Remedy::LogInAfterUse)]);
        assert_eq!(remedies("1901401"), [(ProviderName::BlueKing, Remedy::CheckSecretAtBlueKing)]);
        assert_eq!(
            remedies("invalid_client"),
            [
                (ProviderName::Feishu, Remedy::CheckSecret),
                (ProviderName::BlueKing, Remedy::CheckSecretAtBlueKing),
                (ProviderName::OAuth2, Remedy::CheckClient),
            ]
        );
        assert_eq!(known_answers("Invalid-Client"), known_answers("invalid_client"));
        // 10003 is about the app where nothing but the app is sent (reference/feishu.md §9).
        assert_eq!(known_answers("10003").len(), 2);
        assert_eq!(remedies("20027"), [(ProviderName::Feishu, Remedy::EnableScope)]);
        let sentences = known_answers("invalid_grant").into_iter().filter_map(|known| known.sentence);
        assert!(sentences.count() > 5);
    }
}
