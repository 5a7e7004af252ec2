//! Who is let in, over the wire.

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::upstream::{head, packed, upstream};
use crate::world::{ECHO, Running, SECRET, Wishes, World, json};

#[tokio::test]
async fn names_of_others_and_their_pages_are_sent_away() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    let asked = |name: &'static str, value: &'static str| json(world.http.get(proxy.url(ECHO)).header(name, value));
    for (name, value, status, code) in [
        ("host", "evil.test", 421, "TW0820"),
        ("host", "evil.test:80", 421, "TW0820"),
        ("origin", "http://evil.test", 403, "TW0821"),
        ("origin", "null", 403, "TW0821"),
        ("sec-fetch-site", "cross-site", 403, "TW0821"),
    ] {
        let (got, answer) = asked(name, value).await;
        assert_eq!((got, &answer["error"]["tokenward"]), (status, &json!(code)), "{name}: {value}");
    }
    let before = world.counters().requests;
    for (request, status) in [
        ("GET /x HTTP/1.1\r\nConnection: close\r\n\r\n", "400"),
        ("GET /x HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400"),
        ("GET http://open.feishu.cn/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "421"),
        ("CONNECT open.feishu.cn:443 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "421"),
        ("GET //evil.test/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400"),
        ("GET https://localhost/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400"),
        ("TRACE /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "405"),
        ("TRACK /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "405"),
    ] {
        let answer = proxy.bytes(request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
    assert_eq!(world.counters().requests, before, "none of them reached the provider");
    let (status, _) = asked("host", "localhost:1").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_path_does_not_leave_the_provider() {
    let world = World::new().await;
    let mut open = world.app.hosts.open.to_string();
    open.push_str("open-apis/sandbox");
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    for (path, status) in [
        ("/v1/echo", "200"),
        ("/../authen/v1/user_info", "400"),
        ("/%2e%2e/authen/v1/user_info", "400"),
        ("/..%2fauthen/v1/user_info", "400"),
        ("/..;/authen/v1/user_info", "400"),
        ("/%252e%252e/authen/v1/user_info", "400"),
    ] {
        let answer = proxy.bytes(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
}

#[tokio::test]
async fn the_secret_opens_and_goes_no_further() {
    let world = World::new().await;
    let proxy = world.proxy_with(Wishes { secret: true, ..Wishes::default() }).await;
    for path in [ECHO.to_owned(), format!("/s/wrong{ECHO}"), format!("/s/{SECRET}x{ECHO}")] {
        let (status, answer) = json(world.http.get(proxy.url(&path))).await;
        assert_eq!((status, &answer["error"]["tokenward"]), (401, &json!("TW0822")), "{path}");
    }
    for (path, header) in [(format!("/s/{SECRET}{ECHO}?a=1"), "none"), (format!("{ECHO}?a=1"), SECRET)] {
        let (status, answer) = json(world.http.get(proxy.url(&path)).header("X-Tokenward-Secret", header)).await;
        assert_eq!((status, &answer["data"]["path"], &answer["data"]["query"]), (200, &json!(ECHO), &json!("a=1")));
        assert!(!answer.to_string().contains(SECRET), "{answer}");
        assert_eq!(answer["data"]["headers"].get("x-tokenward-secret"), None);
        assert_eq!(proxy.last().path, ECHO);
    }
    // An SDK that takes no path brings it as the app's secret, and then as the token that it was given for it.
    let fetch = |secret: &str| {
        let body = json!({ "app_id": "any", "app_secret": secret }).to_string();
        json(world.http.post(proxy.url("/open-apis/auth/v3/tenant_access_token/internal")).body(body))
    };
    assert_eq!(fetch("wrong").await.0, 401);
    let (status, answer) = fetch(SECRET).await;
    assert_eq!(status, 200);
    let placeholder = answer["tenant_access_token"].as_str().unwrap();
    let (status, answer) = json(world.http.get(proxy.url(ECHO)).bearer_auth(placeholder)).await;
    assert_eq!(
        (status, &answer["data"]["headers"]["authorization"]),
        (200, &json!(["is the current user token: yes"]))
    );
    assert!(!answer.to_string().contains(SECRET), "{answer}");
    // Others put their paths behind the domain they are given, the secret included.
    let path = format!("/s/{SECRET}/open-apis/auth/v3/tenant_access_token/internal");
    assert_eq!(json(world.http.post(proxy.url(&path)).body("{}")).await.0, 200);
}

/// What the caller says of itself stays here, and what the provider says of us does not come through.
#[tokio::test]
async fn nothing_of_ours_goes_up_and_nothing_for_us_comes_down() {
    let world = World::new().await;
    let proxy = world.proxy_with(Wishes { secret: true, ..Wishes::default() }).await;
    let asked = world.http.get(proxy.url(&format!("/s/{SECRET}{ECHO}")));
    let asked = asked.header("referer", proxy.url(&format!("/s/{SECRET}/page"))).header("cookie", "a=b");
    let answer =
        asked.header("x-tokenward-secret", SECRET).header("x-note", format!("a {SECRET}")).send().await.unwrap();
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert!(answer.headers()["content-security-policy"].to_str().unwrap().starts_with("sandbox"));
    let text = answer.text().await.unwrap();
    assert!(!text.contains(SECRET) && !text.contains("referer") && !text.contains("cookie"), "{text}");
    let (status, answer) = json(world.http.get(proxy.url(&format!("/s/{SECRET}{ECHO}?x={SECRET}")))).await;
    assert_eq!((status, &answer["error"]["tokenward"]), (400, &json!("TW0827")));
    let open = upstream(|mut stream| async move {
        head(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nX-Tokenward-Code: TW0401\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
    })
    .await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    let answer = world.http.get(proxy.url("/x")).send().await.unwrap();
    assert_eq!((answer.headers().get("set-cookie"), answer.headers().get("x-tokenward-code")), (None, None));
}

/// A server that says back what it was sent would hand the token out.
#[tokio::test]
async fn a_token_that_is_echoed_is_not_passed_on() {
    let world = World::new().await;
    let open = upstream(|mut stream| async move {
        let asked = head(&mut stream).await;
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", asked.len());
        stream.write_all(format!("{head}{asked}").as_bytes()).await.unwrap();
    })
    .await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    let (status, answer) = json(world.http.get(proxy.url("/x"))).await;
    assert_eq!((status, &answer["error"]["tokenward"]), (502, &json!("TW0827")));
}

/// Whatever the answer is, and wherever the token stands in it: an error at its beginning, and further on the answer breaks off.
#[tokio::test]
async fn a_token_in_any_answer_does_not_reach_the_caller() {
    let world = World::new().await;
    let long = "x".repeat(300_000);
    let kinds: [(&str, &str, String, &str, bool); 8] = [
        ("200 OK", "Content-Type: text/event-stream\r\n", "data: ".to_owned(), "\n\n", false),
        ("200 OK", "Content-Type: text/event-stream\r\n", format!("data: {long}\n\ndata: "), "\n\n", false),
        ("500 Broken", "Content-Type: text/plain\r\n", String::new(), &long, false),
        ("200 OK", "Content-Type: image/png\r\n", long.clone(), "", false),
        ("302 Found", "Location: /y\r\n", "<p>".to_owned(), "</p>", false),
        ("404 Not Found", "Content-Type: application/json\r\n", "{\"a\":\"".to_owned(), "\"}", false),
        ("200 OK", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", String::new(), "", true),
        ("302 Found", "Content-Encoding: gzip\r\nLocation: /y\r\n", String::new(), "", true),
    ];
    for (status, fields, before, after, pack) in kinds {
        let (first, after) = (format!("HTTP/1.1 {status}\r\n{fields}"), after.to_owned());
        let (tell, mut requests) = tokio::sync::mpsc::unbounded_channel();
        let open = upstream(move |mut stream| {
            let (first, before, after, tell) = (first.clone(), before.clone(), after.clone(), tell.clone());
            async move {
                let asked = head(&mut stream).await;
                let _ = tell.send(asked.clone());
                let body = format!("{before}{asked}{after}").into_bytes();
                let body = if pack { packed(&body) } else { body };
                let head = format!("{first}Content-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
            }
        })
        .await;
        let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
        let mut line = proxy.line().await;
        line.say("GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").await;
        let got = line.bytes().await;
        let text = String::from_utf8_lossy(&got);
        let sent = requests.recv().await.expect("it was asked");
        let tokens = world.sandbox.current_tokens();
        let mut tokens = tokens.iter().flat_map(|login| &login.access_tokens);
        let token = &tokens.find(|access| sent.contains(&access.token)).expect("with the token").token;
        assert!(!text.contains(token.as_str()) && text.len() < 310_000, "{status} {fields}");
    }
}

/// Fields by which proxies speak to servers are ours to write or nobody's: what they ask for was not judged.
#[tokio::test]
async fn nobody_speaks_for_this_proxy_and_no_method_is_another_than_it_says() {
    let world = World::new().await;
    let (tell, mut requests) = tokio::sync::mpsc::unbounded_channel();
    let open = upstream(move |mut stream| {
        let tell = tell.clone();
        async move {
            let _ = tell.send(head(&mut stream).await.to_ascii_lowercase());
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nRefresh: 0;url=http://evil.test/\r\n\
                Content-Location: http://evil.test/x\r\nVia: 1.1 tokenward\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
        }
    })
    .await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    let asked = |name: &'static str, value: &'static str| world.http.post(proxy.url("/x")).header(name, value).send();
    for name in [
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-host",
        "x-forwarded-prefix",
        "forwarded",
        "x-host",
        "x-real-ip",
        "cookie2",
        "x-envoy-original-path",
        "true-client-ip",
        "x_forwarded_host",
        "proxy",
        "x-remote-user",
        "x-ssl-client-cert",
    ] {
        let answer = asked(name, "/oauth/v3/token").await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().get("refresh")), (200, None), "{name}");
        assert!(!answer.headers().get_all("via").iter().any(|via| via.to_str().unwrap().contains("tokenward")));
        let asked = requests.recv().await.unwrap();
        assert!(!asked.contains("/oauth/v3/token"), "{asked}");
    }
    for name in ["x-http-method-override", "x-method-override", "x-http-method", "x_http_method_override"] {
        assert_eq!(asked(name, "TRACE").await.unwrap().status(), 405, "{name}");
        assert_eq!(asked(name, "DELETE").await.unwrap().status(), 405, "{name}: it says POST");
        assert_eq!(asked(name, "post").await.unwrap().status(), 200, "{name}");
        requests.recv().await.unwrap();
    }
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn callers_that_never_finish_a_head_make_room() {
    let world = World::new().await;
    let proxy = world.proxy_with(Wishes { limits: Some(patient()), ..Wishes::default() }).await;
    let mut idle = Vec::new();
    for _ in 0..12 {
        let mut line = proxy.line().await;
        line.say("GET /x HTTP/1.1\r\nHost: local").await;
        idle.push(line);
    }
    // It does not wait for them, who have an hour.
    assert_eq!(json(world.http.get(proxy.url(ECHO))).await.0, 200);
}

/// Few places, and nobody has to give one up for an hour: what goes on does not go on because somebody's time was over.
fn patient() -> tokenward_serve::proxy::Limits {
    let hour = std::time::Duration::from_hours(1);
    tokenward_serve::proxy::Limits { connections: 4, head_time: hour, caller_time: hour, ..Default::default() }
}

/// Who knows no secret keeps no place: an answer that sends them away ends the connection. Those that were let in and rest make room too.
#[tokio::test]
async fn callers_that_rest_make_room() {
    let world = World::new().await;
    let wishes = || Wishes { limits: Some(patient()), secret: true, ..Wishes::default() };
    let asked = |proxy: &Running| json(world.http.get(proxy.url(ECHO)).header("x-tokenward-secret", SECRET));
    let proxy = world.proxy_with(wishes()).await;
    let mut idle = Vec::new();
    for _ in 0..12 {
        let mut line = proxy.line().await;
        line.say("GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await;
        // The connection ends.
        let answer = line.rest().await;
        assert!(answer.starts_with("HTTP/1.1 401 ") && answer.to_lowercase().contains("connection: close"), "{answer}");
        idle.push(line);
    }
    assert_eq!(asked(&proxy).await.0, 200);

    let proxy = world.proxy_with(wishes()).await;
    let mut idle = Vec::new();
    for number in 0..12 {
        let mut line = proxy.line().await;
        let head = format!("GET {ECHO} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Tokenward-Secret: {SECRET}\r\n\r\n");
        line.say(&head).await;
        let answer = line.until("\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        // Half of them are in the middle of their second head.
        if number % 2 == 0 {
            line.say("GET / HTTP/1.1\r\nX: ").await;
        }
        idle.push(line);
    }
    assert_eq!(asked(&proxy).await.0, 200);
}

#[tokio::test]
async fn a_page_that_may_ask_can_read_the_answer() {
    let world = World::new().await;
    let origin = "http://localhost:3000";
    let proxy = world.proxy_with(Wishes { origins: vec![origin.to_owned()], secret: true, ..Wishes::default() }).await;
    let preflight = world.http.request(reqwest::Method::OPTIONS, proxy.url(ECHO)).header("origin", origin);
    let preflight = preflight
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-tokenward-secret, content-type");
    let answer = preflight.send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["access-control-allow-origin"], origin);
    assert_eq!(answer.headers()["access-control-allow-headers"], "x-tokenward-secret, content-type");
    for (secret, status) in [(SECRET, 200), ("wrong-wrong-wrong-wrong", 401)] {
        let asked = world.http.post(proxy.url(ECHO)).header("origin", origin).header("x-tokenward-secret", secret);
        let answer = asked.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["access-control-allow-origin"]),
            (status, &origin.parse().unwrap())
        );
    }
}

#[tokio::test]
async fn a_proxy_before_itself_is_noticed() {
    let world = World::new().await;
    let inner = world.proxy().await;
    let outer = world.proxy_with(Wishes { open: Some(inner.url("")), ..Wishes::default() }).await;
    let (status, answer) = json(world.http.get(outer.url(ECHO))).await;
    assert_eq!((status, &answer["error"]["tokenward"]), (508, &json!("TW0825")));
}
