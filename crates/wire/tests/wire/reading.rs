//! Whatever the bytes: reading never panics, and a refresh token that arrived is never lost (I3).

use proptest::prelude::*;
use tokenward_core::ports::{ProviderFacts, TokenEndpoint};
use tokenward_core::{Outcome, RawAnswer, RefusalClass, SecretBytes, TokenApi};

use crate::support;

fn answer(status: u16, body: Vec<u8>, whole: bool) -> RawAnswer {
    RawAnswer {
        status,
        content_type: Some("text/plain".to_owned()),
        log_id: None,
        date: None,
        retry_after: None,
        location: None,
        body: SecretBytes::new(body),
        whole,
        received: jiff::Timestamp::from_second(support::NOW).unwrap(),
    }
}

fn api() -> impl Strategy<Value = TokenApi> {
    proptest::sample::select(&TokenApi::ALL[..])
}

fn refresh_in(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Rotated { issued, .. } => issued.refresh.map(|token| token.expose().to_owned()),
        Outcome::Refused(_) | Outcome::Unreadable(_) | Outcome::NoSuchEndpoint(_) => None,
    }
}

/// Texts that look like answers, so that the rarer paths are walked.
fn like_an_answer() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        "[0-9.eE+-]{1,22}",
        "\"[ -~]{0,40}\"",
        Just("null".to_owned()),
        Just("{\"log_id\":7,\"permission_violations\":[{\"subject\":null},3]}".to_owned()),
        Just("[[[".to_owned()),
        Just("false".to_owned()),
        Just("{\"username\":\"eve\",\"username\":null}".to_owned()),
    ];
    let name = proptest::sample::select(vec![
        "code",
        "access_token",
        "refresh_token",
        "expires_in",
        "refresh_expires_in",
        "error",
        "msg",
        "data",
        "scope",
        "open_id",
        "challenge_url",
        "token_type",
        "log_id",
        "result",
        "identity",
        "user_id",
        "message",
    ]);
    let field = (name, value).prop_map(|(name, value)| format!("\"{name}\":{value}"));
    (proptest::collection::vec(field, 0..6), any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(fields, end, cut)| {
            let mut body = format!("{{{}}}", fields.join(",")).into_bytes();
            if cut {
                body.truncate(end.index(body.len()));
            }
            body
        },
    )
}

proptest! {
    #[test]
    fn any_bytes_read_without_panic_and_twice_the_same(
        api in api(),
        status in 100u16..600,
        body in prop_oneof![proptest::collection::vec(any::<u8>(), 0..300), like_an_answer()],
        whole: bool,
    ) {
        let answer = answer(status, body, whole);
        let read = || format!("{:?}", support::providers().read(&support::work(), api, &answer));
        prop_assert_eq!(read(), read());
    }

    #[test]
    fn a_complete_refresh_token_is_never_lost(
        api in api(),
        status in 100u16..600,
        before in proptest::collection::vec(any::<u8>(), 0..80),
        token in "[!-~]{1,80}",
        space in "[ \t\r\n]{0,3}",
        after in proptest::collection::vec(any::<u8>(), 0..80),
        whole: bool,
    ) {
        prop_assume!(!before.windows(15).any(|window| window == b"\"refresh_token\""));
        let quoted = serde_json::to_string(&token).unwrap();
        let body = [&before[..], b"\"refresh_token\"", space.as_bytes(), b":", space.as_bytes(), quoted.as_bytes(), &after].concat();
        prop_assert_eq!(refresh_in(support::providers().read(&support::work(), api, &answer(status, body, whole))), Some(token));
    }

    /// A good answer cut at any byte yields the whole refresh token or leaves doubt; never a part, never a refusal.
    #[test]
    fn a_good_answer_cut_anywhere(api in api(), wrapped: bool, last: bool, at: prop::sample::Index) {
        let refresh = "eyJrefresh.token.abcdefghij";
        let mut fields = vec![
            "\"access_token\":\"eyJaccess\"".to_owned(),
            "\"expires_in\":7200".to_owned(),
            "\"refresh_token_expires_in\":604800".to_owned(),
        ];
        fields.insert(if last { 3 } else { 0 }, format!("\"refresh_token\":\"{refresh}\""));
        let fields = fields.join(",");
        let full = if wrapped { format!("{{\"code\":0,\"data\":{{{fields}}}}}") } else { format!("{{\"code\":0,{fields}}}") };
        let cut = at.index(full.len());
        let arrived = full.find(refresh).unwrap() + refresh.len() < cut;
        let outcome = support::providers().read(&support::work(), api, &answer(200, full.as_bytes()[..cut].to_vec(), false));
        match outcome {
            Outcome::Rotated { issued, .. } => {
                prop_assert!(arrived);
                let token = issued.refresh.unwrap();
                prop_assert_eq!(token.expose(), refresh);
                let assumed = support::providers().rules(&support::work(), api).assumed_access.as_secs();
                let known = [Some(7200), Some(i64::try_from(assumed).unwrap()), None];
                let life = issued.access.map(|access| access.expires.as_second() - support::NOW);
                prop_assert!(known.contains(&life), "{life:?}");
            }
            Outcome::Unreadable(refusal) => {
                prop_assert!(!arrived);
                prop_assert_eq!(refusal.class, RefusalClass::InDoubt);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    /// A token of the usual forms never shows in what is told of an answer.
    #[test]
    fn no_token_in_what_is_told(
        api in api(),
        field in proptest::sample::select(vec!["msg", "error_description", "error", "log_id", "cli_hint", "open_id"]),
        token in "(eyJ|ur-|u-|t-)[A-Za-z0-9]{20,60}",
        before in "[a-z ]{0,9}",
        code in proptest::sample::select(vec![0, 20064, 20999]),
    ) {
        let text = serde_json::to_string(&format!("{before} {token}")).unwrap();
        let body = format!("{{\"code\":{code},\"{field}\":{text}}}");
        for body in [body.clone(), body.replace('}', ""), format!("<title>{before} {token}</title>"), token.clone()] {
            let told = format!("{:?}", support::providers().read(&support::work(), api, &answer(400, body.into_bytes(), true)));
            prop_assert!(!told.contains(&token), "{told}");
        }
    }
}
