//! Business calls beyond Feishu's: BlueKing's gateway (reference/blueking.md §4), and plain bearer tokens (RFC 6750).

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use tokenward_core::{AccessToken, AppToken, BlueKingApp, ClientAuthentication, Endpoints, Hosts, Platform, TokenApi};
use tokenward_wire::{BadCall, Bearer, Call, CallAnswer, CallFault, CallOptions, CallRefusal, CallTrouble, Calls};

use crate::support::{Noon, Server, blueking, json, oauth2};

const TOKEN: &str = "fwBGq8TQ6nBy50ZXUN43ccLOxUiT8O";

fn user() -> Bearer {
    Bearer::User(AccessToken::parse(TOKEN).unwrap())
}

fn app() -> Bearer {
    Bearer::App(AppToken::parse(TOKEN).unwrap())
}

fn gateway() -> Calls {
    Calls::blueking(Arc::new(Noon), CallOptions::default())
}

fn plain() -> Calls {
    Calls::oauth2(Arc::new(Noon), CallOptions::default())
}

fn judged(
    calls: &Calls,
    bearer: &Bearer,
    status: u16,
    headers: &[(HeaderName, &str)],
    body: &str,
) -> Option<CallRefusal> {
    let mut all = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    for (name, value) in headers {
        all.append(name, HeaderValue::from_str(value).unwrap());
    }
    let answer = CallAnswer { status, headers: all, body: Bytes::from(body.to_owned()) };
    calls.judge(bearer, &answer).err().map(|refusal| *refusal)
}

fn refused(bearer: &Bearer, status: u16, code: i64, message: &str) -> CallTrouble {
    let body = serde_json::json!({"code": code, "code_name": "X", "message": message, "result": false, "data": null});
    judged(&gateway(), bearer, status, &[], &body.to_string()).expect("a refusal").trouble
}

#[tokio::test]
async fn the_token_stands_alone_in_bluekings_own_header() {
    let mut server = Server::answering(&[&json(200, r#"{"result":true,"code":0}"#)]).await;
    let blueking = blueking(&server.base, TokenApi::Ssm);
    let calls = Calls::for_app(&blueking, Arc::new(Noon), CallOptions::default());
    let answer = calls.send(&blueking.hosts, &user(), &Call::get("/api/cmdb/prod/hosts/")).await.unwrap();
    assert!(calls.judge(&user(), &answer).is_ok());
    let heard = server.heard().await;
    let header = |name: &str| heard.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(header("x-bkapi-authorization"), Some(format!(r#"{{"access_token":"{TOKEN}"}}"#).as_str()));
    assert_eq!(header("authorization"), None);
    assert!(!heard.headers.iter().any(|(_, value)| value.contains("demo-app")), "{heard:?}");
    let (_, value) = calls.credential(&user()).unwrap();
    assert!(value.is_sensitive() && !format!("{value:?}").contains(TOKEN));
}

#[tokio::test]
async fn nobody_brings_credentials_of_their_own() {
    let server = Server::answering(&[&json(200, "{}")]).await;
    let blueking = blueking(&server.base, TokenApi::Ssm);
    for name in ["authorization", "x-bkapi-authorization"] {
        let call = Call::get("/x").header(HeaderName::from_static(name), HeaderValue::from_static("theirs"));
        let fault = gateway().send(&blueking.hosts, &user(), &call).await.unwrap_err();
        assert_eq!(fault, CallFault::Bad(BadCall::Header(name.to_owned())));
    }
    assert_eq!(server.connections().await, 0);
}

#[tokio::test]
async fn plain_servers_get_a_bearer() {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    let other = oauth2(&server.base, Endpoints::default(), ClientAuthentication::Basic);
    let calls = Calls::for_app(&other, Arc::new(Noon), CallOptions::default());
    calls.send(&other.hosts, &user(), &Call::get("/x")).await.unwrap();
    let heard = server.heard().await;
    assert!(heard.headers.contains(&(AUTHORIZATION.to_string(), format!("Bearer {TOKEN}"))), "{heard:?}");
}

#[test]
fn the_gateways_codes() {
    use CallTrouble::{AppTokenDead, NoSuchApi, Other, Passing, RateLimited, Settings, UserTokenDead};
    for (status, code, expected) in [
        (401, 1_640_101, UserTokenDead),
        (401, 1_640_102, UserTokenDead),
        (403, 1_640_301, Settings),
        (404, 1_640_401, NoSuchApi),
        (429, 1_642_903, RateLimited),
        (502, 1_650_200, Passing),
        (504, 1_650_401, Passing),
        (500, 1_650_002, Settings),
        (413, 1_641_301, Other),
        // An API may be set up to answer 200 to everything.
        (200, 1_640_102, UserTokenDead),
    ] {
        assert_eq!(refused(&user(), status, code, "X"), expected, "{status} {code}");
    }
    assert_eq!(refused(&app(), 401, 1_640_101, "X"), AppTokenDead);
}

#[test]
fn one_code_for_three_causes_is_told_apart_as_far_as_the_text_says() {
    let trouble = |bearer: &Bearer, text: &str| refused(bearer, 400, 1_640_001, text);
    let expired = r#"Parameters error [reason="the access_token of the user(admin) has expired, please re-authorize"]"#;
    assert_eq!(trouble(&user(), expired), CallTrouble::UserTokenDead);
    assert_eq!(trouble(&app(), r#"Parameters error [reason="access_token has expired"]"#), CallTrouble::AppTokenDead);
    let kind = "the access_token is the application type and cannot indicate the user";
    assert_eq!(trouble(&app(), &format!("Parameters error [reason=\"{kind}\"]")), CallTrouble::NotTaken);
    assert_eq!(trouble(&app(), "the access token is an app's own, and the call needs a user"), CallTrouble::NotTaken);
    assert_eq!(trouble(&user(), r#"Parameters error [reason="bk_biz_id must be a number"]"#), CallTrouble::Other);
    assert_eq!(trouble(&user(), ""), CallTrouble::UserTokenDead);
}

#[test]
fn what_a_system_behind_the_gateway_says_is_its_own() {
    let trouble = |status, body| judged(&gateway(), &user(), status, &[], body).map(|refusal| refusal.trouble);
    assert_eq!(trouble(200, r#"{"result":true,"code":0,"data":{}}"#), None);
    assert_eq!(trouble(200, r#"{"code":17,"data":{}}"#), None, "a number that is not the gateway's");
    assert_eq!(trouble(200, "[1,2]"), None);
    let refusal =
        judged(&gateway(), &user(), 200, &[], r#"{"result":false,"code":1199,"message":"no such host"}"#).unwrap();
    assert_eq!((refusal.trouble, refusal.code), (CallTrouble::Other, Some(1199)));
    assert_eq!(refusal.message.as_deref(), Some("no such host"));
    assert_eq!(trouble(500, "oops"), Some(CallTrouble::Passing));
    assert_eq!(trouble(404, ""), Some(CallTrouble::NoSuchApi));
    assert_eq!(trouble(401, r#"{"code":17}"#), Some(CallTrouble::Other));
    let header = (HeaderName::from_static("x-bkapi-error-code"), "1640102");
    let by_header = judged(&gateway(), &user(), 200, &[header], "").unwrap();
    assert_eq!(by_header.trouble, CallTrouble::UserTokenDead);
}

#[test]
fn a_bearer_challenge_says_what_stands_in_the_way() {
    let with =
        |status, challenge: &str| judged(&plain(), &user(), status, &[(WWW_AUTHENTICATE, challenge)], "{}").unwrap();
    let dead = with(401, r#"Bearer realm="x", error="invalid_token", error_description="The token expired""#);
    assert_eq!((dead.trouble, dead.message.as_deref()), (CallTrouble::UserTokenDead, Some("The token expired")));
    let scope = with(403, r#"Bearer error="insufficient_scope", scope="read write""#);
    assert_eq!(scope.trouble, CallTrouble::ScopeNotGranted);
    assert_eq!(scope.missing_scopes, ["read", "write"]);
    assert_eq!(with(401, "Bearer").trouble, CallTrouble::UserTokenDead);
    assert_eq!(with(400, r#"Bearer error="invalid_request""#).trouble, CallTrouble::Other);
    let plain = |status, body| judged(&plain(), &user(), status, &[], body).map(|refusal| refusal.trouble);
    assert_eq!(plain(200, r#"{"code":5,"error":"x"}"#), None);
    assert_eq!(plain(403, r#"{"error":"insufficient_scope"}"#), Some(CallTrouble::ScopeNotGranted));
    assert_eq!(plain(403, r#"{"message":"no"}"#), Some(CallTrouble::Other));
    assert_eq!(plain(429, ""), Some(CallTrouble::RateLimited));
    assert_eq!(plain(302, ""), Some(CallTrouble::Redirected));
    let of_app = judged(&self::plain(), &app(), 401, &[], "").unwrap();
    assert_eq!(of_app.trouble, CallTrouble::AppTokenDead);
}

proptest! {
    #[test]
    fn any_answer_is_judged_without_panic_and_shows_no_token(
        status in 100u16..600,
        body in prop_oneof![".{0,80}", "\\{\"(code|result|message|error)\":[^}]{0,40}\\}"],
        challenge in "[ -~]{0,60}",
        echo: bool,
    ) {
        let body = if echo { format!(r#"{{"result":false,"code":1640001,"message":"{TOKEN} is bad"}}"#) } else { body };
        let challenge = if echo { format!(r#"Bearer error="invalid_token", error_description="{TOKEN}""#) } else { challenge };
        for calls in [gateway(), plain()] {
            for bearer in [user(), app()] {
                let told = judged(&calls, &bearer, status, &[(WWW_AUTHENTICATE, &challenge)], &body);
                let told = told.map(|refusal| format!("{refusal:?} {refusal}")).unwrap_or_default();
                prop_assert!(!told.contains(TOKEN), "{told}");
            }
        }
    }
}

#[test]
fn clear_text_is_permitted_for_scheme_host_and_port() {
    let mut app = blueking("http://gateway.example.com:8080", TokenApi::Ssm);
    let platform = |allow_http| {
        Platform::BlueKing(BlueKingApp {
            environment: "prod".to_owned(),
            realm: None,
            token_resource: None,
            allow_http,
        })
    };
    app.hosts.accounts = "http://bkssm.example.com:5000".parse().unwrap();
    // Hosts of its own each time, so that what is asked is the permission alone.
    let permits = |calls: &Calls, url: &str| {
        let url: url::Url = url.parse().unwrap();
        calls.permits(&Hosts { open: url.clone(), accounts: url.clone() }, &url)
    };
    for (allow_http, permitted) in [(true, true), (false, false)] {
        app.platform = platform(allow_http);
        let calls = Calls::for_app(&app, Arc::new(Noon), CallOptions::default());
        for own in ["http://gateway.example.com:8080/api", "http://BKSSM.example.com:5000/"] {
            assert_eq!(permits(&calls, own), permitted, "{own}");
        }
        for foreign in [
            "http://gateway.example.com/",
            "http://gateway.example.com:80/",
            "http://gateway.example.com:5000/",
            "http://bkssm.example.com:8080/",
            "http://bkssm.example.com:50/",
            "http://other.example.com:5000/",
        ] {
            assert!(!permits(&calls, foreign), "{foreign}");
        }
        assert!(permits(&calls, "https://gateway.example.com:5000/"));
    }
}
