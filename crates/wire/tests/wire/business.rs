//! Business calls: where they go, what leaves, what the answers mean.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue};
use proptest::sample::select;
use tokenward_core::{AccessToken, AppToken, Hosts};
use tokenward_wire::{
    BadCall, Bearer, Call, CallAnswer, CallFault, CallOptions, CallRefusal, CallTrouble, Calls, Part,
};
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::support::{Noon, Server, json};

const TOKEN: &str = "u-0123456789abcdefghijklmnop";

fn user() -> Bearer {
    Bearer::User(AccessToken::parse(TOKEN).unwrap())
}

fn tenant() -> Bearer {
    Bearer::Tenant(AppToken::parse("t-0123456789abcdefghijklmnop").unwrap())
}

fn calls() -> Calls {
    Calls::feishu(Arc::new(Noon), CallOptions::default())
}

fn hosts(base: &str) -> Hosts {
    let base = Url::parse(base).unwrap();
    Hosts { open: base.clone(), accounts: base }
}

async fn send(server: &Server, call: Call) -> Result<CallAnswer, CallFault> {
    calls().send(&hosts(&server.base), &user(), &call).await
}

fn judged(bearer: &Bearer, status: u16, body: &str) -> Option<CallRefusal> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let answer = CallAnswer { status, headers, body: Bytes::from(body.to_owned()) };
    calls().judge(bearer, &answer).err().map(|refusal| *refusal)
}

fn trouble(bearer: &Bearer, status: u16, body: &str) -> CallTrouble {
    judged(bearer, status, body).unwrap_or_else(|| panic!("{status} {body} is a success")).trouble
}

/// A refusal as `gzip` packs it.
const PACKED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJ\xceOIU\xb2\xb2\x04\x02C33\x0b\x1d\xa5\xdc\xe2t%+\xa5\xcc\xbc\xb2\xc4\x9c\xcc\x14\x85\xc4\xe4\xe4\xd4\xe2b\x85\x92\xfc\xec\xd4<\xa5Z\x00\xf2\xff\xfb9.\x00\x00\x00";

#[tokio::test]
async fn plain_answers_are_asked_for_and_packed_ones_read() {
    let mut server = Server::doing(|mut stream, _| async move {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", PACKED.len());
        stream.write_all(&[head.as_bytes(), PACKED].concat()).await.unwrap();
    })
    .await;
    let answer = send(&server, Call::get("/open-apis/x")).await.unwrap();
    assert_eq!((answer.code(), answer.headers.get("content-encoding")), (Some(99_991_668), None));
    assert_eq!(calls().judge(&user(), &answer).unwrap_err().trouble, CallTrouble::UserTokenDead);
    let heard = server.heard().await;
    assert!(heard.headers.contains(&("accept-encoding".to_owned(), "identity".to_owned())), "{heard:?}");
    // One that is passed on as it came is read as well.
    let headers = HeaderMap::from_iter([(http::header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
    let passed = CallAnswer { status: 400, headers, body: Bytes::from_static(PACKED) };
    assert_eq!(calls().judge(&user(), &passed).unwrap_err().trouble, CallTrouble::UserTokenDead);
}

#[test]
fn careless_types_hide_no_refusal() {
    let judged = |kind: Option<&'static str>, attached: bool, body: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_LENGTH, body.len().into());
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if attached {
            headers.insert(http::header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
        }
        let answer = CallAnswer { status: 200, headers, body: Bytes::from_static(body.as_bytes()) };
        calls().judge(&user(), &answer).is_err()
    };
    let dead = r#"{"code":99991677,"msg":"expired"}"#;
    for kind in
        [None, Some("application/json"), Some("text/json"), Some("text/plain; charset=utf-8"), Some("text/html")]
    {
        assert!(judged(kind, false, dead), "{kind:?}");
        assert!(!judged(kind, true, dead), "{kind:?}: a stored file");
        assert!(!judged(kind, false, r#"{"code":0,"msg":"ok"}"#), "{kind:?}");
    }
    for kind in ["image/png", "text/event-stream", "application/x-ndjson"] {
        assert!(!judged(Some(kind), false, dead), "{kind}");
    }
    assert!(!judged(Some("text/plain"), false, r#"{"code":7}"#), "a text of somebody's");
}

#[tokio::test]
async fn what_leaves_is_what_was_asked_for() {
    let mut server = Server::answering(&[&json(200, r#"{"code":0}"#)]).await;
    let call = Call::post("/open-apis/x?a=1")
        .query("b", "张&")
        .header(http::HeaderName::from_static("x-own"), HeaderValue::from_static("1"))
        .json(serde_json::json!({"k": "v"}));
    let answer = send(&server, call).await.unwrap();
    assert_eq!((answer.status, answer.code(), answer.log_id().as_deref()), (200, Some(0), Some("20270115LOG")));
    let heard = server.heard().await;
    assert_eq!(heard.line, "POST /open-apis/x?a=1&b=%E5%BC%A0%26 HTTP/1.1");
    assert_eq!(heard.body, r#"{"k":"v"}"#);
    let header = |name: &str| heard.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    assert_eq!(header("authorization"), Some(format!("Bearer {TOKEN}")));
    assert_eq!(header("content-type").as_deref(), Some("application/json; charset=utf-8"));
    assert_eq!(header("x-own").as_deref(), Some("1"));
    assert!(header("user-agent").unwrap().starts_with("tokenward/"));
    assert!(header("referer").is_none() && header("cookie").is_none());
}

#[tokio::test]
async fn a_form_is_sent_behind_a_boundary_that_no_value_holds() {
    let mut server = Server::answering(&[&json(200, r#"{"code":0}"#)]).await;
    let nasty = "--tokenward-form-00000000\r\n--tokenward-form-00000001--";
    let parts = vec![Part::text("size", "57"), Part::file("file", "a\"b\r\n.png", Bytes::from(nasty))];
    send(&server, Call::post("/upload").multipart(parts)).await.unwrap();
    let heard = server.heard().await;
    let kind = &heard.headers.iter().find(|(name, _)| name == "content-type").unwrap().1;
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(boundary, "tokenward-form-00000002");
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"size\"\r\n\r\n57\r\n--{boundary}\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"a%22b%0D%0A.png\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n{nasty}\r\n--{boundary}--\r\n"
    );
    assert_eq!(heard.body, expected);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let elsewhere = Server::answering(&[&json(200, r#"{"code":0}"#)]).await;
    let moved = format!("HTTP/1.1 302 X\r\nLocation: {}/x\r\nContent-Length: 0\r\n\r\n", elsewhere.base);
    let server = Server::answering(&[&moved]).await;
    let answer = send(&server, Call::get("/x")).await.unwrap();
    let refusal = calls().judge(&user(), &answer).unwrap_err();
    assert_eq!(refusal.trouble, CallTrouble::Redirected);
    assert!(elsewhere.base.ends_with(refusal.redirect_host.unwrap().as_str()));
    assert_eq!(elsewhere.connections().await, 0);
}

#[tokio::test]
async fn never_left_is_told_from_lost() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = hosts(&format!("http://127.0.0.1:{port}"));
    let fault = calls().send(&nobody, &user(), &Call::post("/x")).await.unwrap_err();
    assert!(matches!(fault, CallFault::Unsent(_)), "{fault:?}");

    let silent = Server::answering(&[""]).await;
    let fault = send(&silent, Call::post("/x").json(serde_json::json!({}))).await.unwrap_err();
    assert!(matches!(fault, CallFault::Lost(_)), "{fault:?}");
    assert_eq!(silent.connections().await, 1, "nothing is repeated here");

    let half = Server::answering(&["HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n{\"code\":0"]).await;
    let fault = send(&half, Call::get("/x")).await.unwrap_err();
    assert!(matches!(fault, CallFault::Lost(_)), "{fault:?}");

    // Clear text over a network: refused before anything is opened.
    let fault = calls().send(&hosts("http://open.feishu.cn"), &user(), &Call::get("/x")).await.unwrap_err();
    assert!(matches!(fault, CallFault::Unsent(_)), "{fault:?}");
}

#[tokio::test]
async fn a_server_that_stands_still_is_left() {
    let server = Server::doing(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhalf").await;
        std::future::pending::<()>().await;
    })
    .await;
    let mut options = CallOptions::default();
    options.timeout = Duration::from_millis(50);
    let calls = Calls::feishu(Arc::new(Noon), options);
    let fault = calls.send(&hosts(&server.base), &user(), &Call::get("/x")).await.unwrap_err();
    assert!(matches!(&fault, CallFault::Lost(fault) if fault.timed_out()), "{fault:?}");
}

#[tokio::test]
async fn a_body_too_long_for_memory_is_not_taken() {
    let server = Server::answering(&[&json(200, &format!("\"{}\"", "x".repeat(1000)))]).await;
    let mut options = CallOptions::default();
    options.longest_answer = 500;
    let calls = Calls::feishu(Arc::new(Noon), options);
    let fault = calls.send(&hosts(&server.base), &user(), &Call::get("/x")).await.unwrap_err();
    assert!(matches!(&fault, CallFault::Lost(fault) if fault.reason.contains("500 bytes")), "{fault:?}");
}

#[tokio::test]
async fn headers_that_are_ours_are_refused() {
    let server = Server::answering(&[&json(200, r#"{"code":0}"#)]).await;
    for name in [AUTHORIZATION, HOST, http::header::TRANSFER_ENCODING, http::header::CONTENT_LENGTH] {
        let call = Call::get("/x").header(name.clone(), HeaderValue::from_static("x"));
        let fault = send(&server, call).await.unwrap_err();
        assert_eq!(fault, CallFault::Bad(BadCall::Header(name.to_string())));
    }
    assert_eq!(server.connections().await, 0);
}

#[test]
fn a_token_goes_to_the_apps_own_hosts() {
    let hosts = Hosts {
        open: Url::parse("https://gateway.test/feishu/").unwrap(),
        accounts: Url::parse("https://accounts.feishu.cn").unwrap(),
    };
    for (target, address) in [
        ("/open-apis/x", "https://gateway.test/feishu/open-apis/x"),
        ("open-apis/x?a=b#c", "https://gateway.test/feishu/open-apis/x?a=b"),
        ("https://gateway.test/feishu/y?q", "https://gateway.test/feishu/y?q"),
        ("HTTPS://GATEWAY.test:443/feishu/y", "https://gateway.test/feishu/y"),
        ("https://accounts.feishu.cn/oauth/v1/x", "https://accounts.feishu.cn/oauth/v1/x"),
        ("/a?next=https://x.test/", "https://gateway.test/feishu/a?next=https://x.test/"),
    ] {
        assert_eq!(Call::get(target).address(&hosts).unwrap().as_str(), address, "{target}");
    }
    for target in [
        "https://evil.test/feishu/x",
        "http://gateway.test/feishu/x",
        "https://gateway.test/other",
        "https://gateway.test/feishuX/x",
        "https://gateway.test/feishu/../other",
        "https://gateway.test/feishu/%2e%2e/other",
        "https://gateway.test:8443/feishu/x",
        "https://u:p@gateway.test/feishu/x",
        "https://gateway.test@evil.test/feishu/x",
        "https://gateway.test.evil.test/feishu/x",
        "https:\\\\evil.test\\feishu",
        "https:evil.test/feishu/",
    ] {
        let error = Call::get(target).address(&hosts).unwrap_err();
        assert!(matches!(error, BadCall::ForeignHost { .. }), "{target}: {error:?}");
    }
    for target in
        ["", "//evil.test/x", "/../other", "/%2e%2e/other", "ftp://gateway.test/feishu/", "/a b", "/a\r\nX: y"]
    {
        let error = Call::get(target).address(&hosts).unwrap_err();
        assert!(matches!(error, BadCall::Target(_)), "{target}: {error:?}");
    }
}

/// Gateways decode once more, take `\` for `/` and drop parameters: what may leave the base path is not sent.
#[test]
fn a_target_that_a_server_may_read_as_leaving_the_base_is_refused() {
    let hosts = Hosts {
        open: Url::parse("https://gateway.test/feishu").unwrap(),
        accounts: Url::parse("https://accounts.feishu.cn").unwrap(),
    };
    for path in [
        "/..%2fother",
        "/..;/other",
        "/%2e%2e%5cother",
        "/a/..%2f..%2fother",
        "/%252e%252e/other",
        "/..%c0%afother",
        "/a/../../feishu/x",
        "/..%252fother",
        "/.%09./other",
        "/..%5c..%5cother",
        "/..%3bx/other",
        "/%u002e%u002e/other",
    ] {
        let full = format!("https://gateway.test/feishu{path}");
        for target in [path, &full] {
            let error = Call::get(target).address(&hosts).map(|url| url.to_string());
            let normal = target == full && path == "/a/../../feishu/x";
            assert!(normal || matches!(error, Err(BadCall::Target(_))), "{target}: {error:?}");
        }
    }
    for path in ["/a%2fb", "/a;v=1/b", "/50%25", "/a/../b", "/x?next=/../..%2f"] {
        Call::get(path).address(&hosts).unwrap();
    }
}

proptest::proptest! {
    /// Whatever a target is put together from, its address is one of the app's own.
    #[test]
    fn no_target_leaves_the_apps_hosts(
        scheme in select(vec!["https://", "http://", "https:", "https:\\\\", "HTTPS:///", "//", "/", "", "ftp://"]),
        host in select(vec![
            "gateway.test", "evil.test", "gateway.test@evil.test", "evil.test@gateway.test", "gateway.test:8443",
            "gateway.test:443", "gateway.test.evil.test", "gateway.test#@evil.test", "gateway.test\\@evil.test", "",
        ]),
        parts in proptest::collection::vec(
            select(vec!["/feishu", "/other", "/..", "/%2e%2e", "/.%2E", "/.", "\\..", "/", "/feishuX", "?q=/..", "#/x", "//evil.test"]),
            0..5,
        ),
    ) {
        let target = format!("{scheme}{host}{}", parts.concat());
        let base = Url::parse("https://gateway.test/feishu").unwrap();
        let hosts = Hosts { open: base.clone(), accounts: base.clone() };
        if let Ok(url) = Call::get(&target).query("a", "b").address(&hosts) {
            proptest::prop_assert_eq!(url.origin(), base.origin(), "{}", target);
            proptest::prop_assert!(url.path() == "/feishu" || url.path().starts_with("/feishu/"), "{} {}", target, url);
            proptest::prop_assert!(url.username().is_empty(), "{}", target);
        }
    }
}

#[test]
fn a_code_means_the_same_whatever_the_status() {
    for status in [200, 400, 401, 403, 500] {
        for (code, expected) in [
            (99_991_668, CallTrouble::UserTokenDead),
            (99_991_677, CallTrouble::UserTokenDead),
            (20005, CallTrouble::UserTokenDead),
            (20006, CallTrouble::UserTokenDead),
            (4001, CallTrouble::UserTokenDead),
            (99_991_663, CallTrouble::NotTaken),
            (99_991_664, CallTrouble::NotTaken),
            (99_991_679, CallTrouble::ScopeNotGranted),
            (99_991_672, CallTrouble::ScopeNotEnabled),
            (99_991_400, CallTrouble::RateLimited),
            (99_991_403, CallTrouble::Settings),
            (99_991_401, CallTrouble::Settings),
            (2200, CallTrouble::Passing),
            (99_991_201, CallTrouble::NoSuchApi),
            (1_770_002, if status == 500 { CallTrouble::Passing } else { CallTrouble::Other }),
        ] {
            let body = format!(r#"{{"code":{code},"msg":"x"}}"#);
            assert_eq!(trouble(&user(), status, &body), expected, "{status} {code}");
        }
    }
}

#[test]
fn an_apps_token_is_judged_as_one() {
    for (code, expected) in [
        (99_991_663, CallTrouble::AppTokenDead),
        (99_991_664, CallTrouble::AppTokenDead),
        (99_991_671, CallTrouble::AppTokenDead),
        (99_991_668, CallTrouble::NotTaken),
        (20005, CallTrouble::NotTaken),
    ] {
        assert_eq!(trouble(&tenant(), 400, &format!(r#"{{"code":{code},"msg":"x"}}"#)), expected, "{code}");
    }
}

#[test]
fn the_text_tells_a_dead_token_from_one_that_is_not_taken() {
    let told = |text: &str| trouble(&user(), 400, &format!(r#"{{"code":99991668,"msg":"{text}"}}"#));
    for text in
        ["user access token not support", "此接口不支持 user_access_token", "This API does not take a user token"]
    {
        assert_eq!(told(text), CallTrouble::NotTaken, "{text}");
    }
    for text in
        ["Invalid access token for authorization", "token expired or not supported here", "token 已过期或不支持", ""]
    {
        assert_eq!(told(text), CallTrouble::UserTokenDead, "{text}");
    }
    // The other code has one meaning, whatever it is told with.
    let expired = trouble(&user(), 400, r#"{"code":99991677,"msg":"not supported"}"#);
    assert_eq!(expired, CallTrouble::UserTokenDead);

    let mut options = CallOptions::default();
    options.not_taken_words = vec!["nein".to_owned()];
    let calls = Calls::feishu(Arc::new(Noon), options);
    let answer = |text: &str| CallAnswer {
        status: 400,
        headers: HeaderMap::new(),
        body: Bytes::from(format!(r#"{{"code":99991668,"msg":"{text}"}}"#)),
    };
    assert_eq!(calls.judge(&user(), &answer("NEIN")).unwrap_err().trouble, CallTrouble::NotTaken);
    assert_eq!(calls.judge(&user(), &answer("not support")).unwrap_err().trouble, CallTrouble::UserTokenDead);
}

#[test]
fn what_is_no_answer_of_the_provider_is_told_by_its_status() {
    let plain = |status: u16, kind: &'static str, body: &'static str| {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        let answer = CallAnswer { status, headers, body: Bytes::from_static(body.as_bytes()) };
        calls().judge(&user(), &answer).err().map(|refusal| (refusal.trouble, refusal.message.clone()))
    };
    let missing = plain(404, "text/plain", "404 page not found");
    assert_eq!(missing, Some((CallTrouble::NoSuchApi, Some("404 page not found".to_owned()))));
    assert_eq!(plain(502, "text/html", "<html>"), Some((CallTrouble::Passing, None)));
    assert_eq!(plain(429, "text/html", "<html>"), Some((CallTrouble::RateLimited, None)));
    assert_eq!(plain(403, "text/html", "<html>"), Some((CallTrouble::Other, None)));
    assert_eq!(plain(204, "text/html", ""), None);
    // A file may be any bytes.
    assert_eq!(plain(200, "text/plain", r#"{"code":1}"#), None);
}

#[test]
fn a_stored_json_file_is_not_a_verdict() {
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    headers.insert(http::header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=a.json"));
    let answer = CallAnswer { status: 200, headers, body: Bytes::from_static(br#"{"code":99991668}"#) };
    assert!(calls().judge(&user(), &answer).is_ok());
}

#[test]
fn a_refusal_keeps_what_helps_and_no_secret() {
    let body = format!(
        r#"{{"code":99991679,"msg":"bearer {TOKEN} lacks it","error":{{"log_id":"L1","permission_violations":[
        {{"subject":"a:read"}},{{"subject":"b:read"}},{{"subject":"a:read"}},{{"subject":"two words"}},{{"type":"x"}}]}}}}"#
    );
    let refusal = judged(&user(), 400, &body).unwrap();
    assert_eq!(refusal.missing_scopes, ["a:read", "b:read"]);
    assert_eq!((refusal.code, refusal.status, refusal.log_id.as_deref()), (Some(99_991_679), 400, Some("L1")));
    assert_eq!(refusal.message.as_deref(), Some("bearer [redacted] lacks it"));
    for text in [format!("{refusal:?}"), refusal.to_string(), format!("{:?}", user()), format!("{:?}", refusal.answer)]
    {
        assert!(!text.contains("0123456789abcdef"), "{text}");
    }
    let call = Call::post("/x?secret=s3cr3t").query("q", "s3cr3t").json(serde_json::json!("s3cr3t"));
    assert!(!format!("{call:?}").contains("s3cr3t"));
}

#[test]
fn pauses_are_read() {
    let headers = HeaderMap::from_iter([(
        http::HeaderName::from_static("x-ogw-ratelimit-reset"),
        HeaderValue::from_static("17"),
    )]);
    let answer = CallAnswer { status: 429, headers, body: Bytes::new() };
    let refusal = calls().judge(&user(), &answer).unwrap_err();
    assert_eq!((refusal.trouble, refusal.retry_after), (CallTrouble::RateLimited, Some(Duration::from_secs(17))));
}
