//! Every code the reference lists, with the class that the reference gives it: written out a second time, by hand, so
//! that a slip in the table is seen.

use std::collections::BTreeSet;

use tokenward_core::RefusalClass::{
    self, AccessDead, AppTokenDead, Configuration, InDoubt, NeedsConsent, OurBug, Retry, UserState,
};
use tokenward_core::ports::{ProviderFacts, TokenEndpoint};
use tokenward_core::{Outcome, RawAnswer, Remedy, SecretBytes, TokenApi};
use tokenward_wire::feishu::codes::{Call, facts, listed, lookup, lookup_word, words};

use crate::support;

fn check(call: Call, groups: &[(RefusalClass, &[i64])]) {
    for (class, codes) in groups {
        for code in *codes {
            let fact = lookup(call, *code).unwrap_or_else(|| panic!("{call:?} does not know {code}"));
            assert_eq!(fact.class, *class, "{call:?} {code}");
        }
    }
    let here: BTreeSet<i64> = groups.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    let there: BTreeSet<i64> = listed(call).iter().copied().collect();
    assert_eq!(here, there, "{call:?}: the codes of the reference");
}

#[test]
fn the_v2_and_v3_endpoints() {
    let configuration: &[i64] = &[20002, 20009, 20010, 20024, 20048, 20069];
    let user: &[i64] = &[20008, 20066, 21000, 21001];
    let retry: &[i64] = &[20050, 20072];
    for call in [Call::V2Exchange, Call::V3Exchange] {
        check(
            call,
            &[
                (Configuration, configuration),
                (OurBug, &[20001, 20036, 20049, 20063, 20067, 20068, 20070, 20071]),
                (NeedsConsent, &[20003, 20004, 20065]),
                (Retry, retry),
                (UserState, user),
            ],
        );
    }
    for call in [Call::V2Refresh, Call::V3Refresh] {
        check(
            call,
            &[
                (Configuration, configuration),
                (Configuration, &[20074]),
                (OurBug, &[20001, 20036, 20063, 20067, 20068, 20070]),
                (NeedsConsent, &[20026, 20037, 20064, 20073]),
                (Retry, retry),
                (UserState, user),
            ],
        );
    }
}

#[test]
fn the_v1_endpoints() {
    check(
        Call::OidcExchange,
        &[
            (Configuration, &[20002, 20024, 20028, 20029, 20035, 20042, 20046]),
            (OurBug, &[20001, 20025, 20036]),
            (NeedsConsent, &[20003, 20004]),
            (Retry, &[20007]),
            (UserState, &[20008, 20021, 20022, 20023]),
            (AppTokenDead, &[20013, 20014]),
            (InDoubt, &[20039]),
        ],
    );
    check(
        Call::OidcRefresh,
        &[
            (Configuration, &[20002, 20024, 20028, 20029, 20042, 20046]),
            (OurBug, &[20001, 20036]),
            (NeedsConsent, &[20026, 20037, 20038]),
            (Retry, &[20007]),
            (UserState, &[20008, 20021, 20022, 20023]),
            (AppTokenDead, &[20013, 20014]),
        ],
    );
    for call in [Call::LegacyExchange, Call::LegacyRefresh] {
        check(
            call,
            &[
                (Configuration, &[20009, 20024, 20028]),
                (OurBug, &[20001, 20025]),
                (Retry, &[20007, 20050]),
                (UserState, &[20008, 20021, 20022, 20023]),
            ],
        );
    }
}

#[test]
fn the_other_calls() {
    check(
        Call::AppToken,
        &[
            (Configuration, &[10003, 10005, 10014, 10015, 11207, 11209, 11210, 99_991_543, 99_991_401, 99_991_403]),
            (Retry, &[10012, 10013]),
        ],
    );
    check(
        Call::UserInfo,
        &[
            (OurBug, &[20001]),
            (AccessDead, &[20005, 20006]),
            (UserState, &[20008, 20021, 20022, 20023]),
            (Retry, &[20050]),
        ],
    );
    check(
        Call::Api,
        &[
            (OurBug, &[99_991_661, 99_991_670, 99_991_674, 99_991_675, 9499, 10001, 10003]),
            (AppTokenDead, &[99_991_663, 99_991_664, 99_991_671]),
            (
                Configuration,
                &[
                    99_991_662, 99_991_665, 99_991_672, 99_991_673, 99_991_676, 99_991_543, 99_991_401, 99_991_403,
                    99_991_201, 99_991_301,
                ],
            ),
            (AccessDead, &[99_991_668, 99_991_677, 20005, 20006, 4001]),
            (NeedsConsent, &[99_991_669, 99_991_679, 230_027]),
            (Retry, &[99_991_400, 2200, 5000, 1500, 1_000_004, 1_000_005, 11232, 11233, 11247]),
        ],
    );
}

#[test]
fn the_remedies_that_tell_a_story() {
    let remedies: &[(Remedy, &[i64])] = &[
        (Remedy::LogInAfterUse, &[20064, 20073, 20038]),
        (Remedy::LogInAfterEnd, &[20037]),
        (Remedy::LogIn, &[20026]),
        (Remedy::LogInAgainFromStart, &[20003, 20004, 20065]),
        (Remedy::EnableRefresh, &[20074]),
        (Remedy::CheckBrand, &[20046]),
        (Remedy::UseIssuingApp, &[20024]),
        (Remedy::CheckSecret, &[20002, 20035, 10015, 99_991_543]),
        (Remedy::InstallApp, &[20009, 11210]),
        (Remedy::WidenAvailability, &[20010]),
        (Remedy::EnableApp, &[20042, 20069, 10014, 11207]),
        (Remedy::CheckAppId, &[20028, 20048, 11209]),
        (Remedy::WaitForLimit, &[99_991_400]),
        (Remedy::AllowAddress, &[99_991_401]),
        (Remedy::RaiseQuota, &[99_991_403]),
        (Remedy::PassChallenge, &[21000]),
    ];
    for (remedy, codes) in remedies {
        for code in *codes {
            assert_eq!(lookup(Call::V3Refresh, *code).unwrap().remedy, *remedy, "{code}");
        }
    }
}

/// The table and `read` agree, at every HTTP status: the status never decides.
#[test]
fn every_known_code_reads_the_same_at_every_status() {
    let feishu = support::feishu();
    for (api, call) in [
        (TokenApi::V3, Call::V3Refresh),
        (TokenApi::V2, Call::V2Refresh),
        (TokenApi::OidcV1, Call::OidcRefresh),
        (TokenApi::LegacyV1, Call::LegacyRefresh),
    ] {
        for (code, _) in facts().filter(|(code, _)| ![99_991_201, 99_991_301].contains(code)) {
            for status in [200, 400, 401, 403, 404, 405, 500, 503] {
                let answer = answer(status, &format!(r#"{{"code":{code},"msg":"x"}}"#));
                let Outcome::Refused(refusal) = feishu.read(&support::work(), api, &answer) else {
                    panic!("{api} {code} {status}")
                };
                let expected = lookup(call, code).map_or(InDoubt, |fact| fact.class);
                assert_eq!((refusal.class, refusal.provider_code), (expected, Some(code)), "{api} {status}");
            }
        }
        for (word, _) in words() {
            let Outcome::Refused(refusal) =
                feishu.read(&support::work(), api, &answer(400, &format!(r#"{{"error":"{word}"}}"#)))
            else {
                panic!("{api} {word}")
            };
            assert_eq!(refusal.class, lookup_word(call, word).map_or(InDoubt, |fact| fact.class), "{api} {word}");
        }
    }
}

/// reference/blueking.md §2.1.
#[test]
fn the_codes_of_ssm() {
    use tokenward_wire::blueking::codes::{Call, lookup};
    for (code, grant, verify) in [
        (1_901_400, OurBug, AccessDead),
        (1_901_401, Configuration, Configuration),
        (1_901_403, NeedsConsent, AccessDead),
        (1_901_500, Retry, Retry),
    ] {
        assert_eq!(lookup(Call::Ssm, code).unwrap().class, grant, "{code}");
        assert_eq!(lookup(Call::SsmVerify, code).unwrap().class, verify, "{code}");
        assert!(support::providers().explain(TokenApi::Ssm, code).is_some());
        assert!(support::providers().explain(TokenApi::V3, code).is_none());
    }
    assert_eq!(lookup(Call::Ssm, 1_901_402), None);
}

/// reference/blueking.md §4, and the gateway's own list.
#[test]
fn the_codes_of_the_gateway() {
    use tokenward_wire::blueking::codes::{Call, facts, lookup};
    let groups: &[(RefusalClass, &[i64])] = &[
        (AccessDead, &[1_640_001, 1_640_100, 1_640_102]),
        (AppTokenDead, &[1_640_101]),
        (Configuration, &[1_640_301, 1_640_302, 1_640_401, 1_650_002, 1_650_801]),
        (UserState, &[1_640_303, 1_640_304]),
        (OurBug, &[1_640_004, 1_641_301, 1_641_401]),
        (Retry, &[1_642_901, 1_642_902, 1_642_903, 1_642_904]),
        (Retry, &[1_650_000, 1_650_001, 1_650_070, 1_650_200, 1_650_201, 1_650_300, 1_650_401]),
    ];
    for (class, code) in groups.iter().flat_map(|(class, codes)| codes.iter().map(move |code| (class, code))) {
        assert_eq!(lookup(Call::Gateway, *code).unwrap().class, *class, "{code}");
    }
    let here = groups.iter().flat_map(|(_, codes)| codes.iter().copied()).collect::<BTreeSet<_>>();
    let there = facts().map(|(code, _)| code).filter(|code| *code < 1_900_000).collect();
    assert_eq!(here, there);
    // In front of the auth api the app proves itself by its secret, and nothing says what became of the request but what
    // was not let in.
    let at_the_door = |code| lookup(Call::AuthApi, code).map(|fact| (fact.class, fact.remedy));
    assert_eq!(at_the_door(1_640_101), Some((Configuration, Remedy::CheckSecret)));
    assert_eq!(at_the_door(1_642_901), Some((Retry, Remedy::WaitForLimit)));
    for code in [1_640_001, 1_640_102, 1_650_001, 1_650_401] {
        assert_eq!(at_the_door(code), None, "{code}");
    }
}

fn answer(status: u16, body: &str) -> RawAnswer {
    RawAnswer {
        status,
        content_type: None,
        log_id: None,
        date: None,
        retry_after: None,
        location: None,
        body: SecretBytes::new(body.as_bytes().to_vec()),
        whole: true,
        received: jiff::Timestamp::from_second(support::NOW).unwrap(),
    }
}
