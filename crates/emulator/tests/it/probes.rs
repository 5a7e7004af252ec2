//! The sandbox's own calls, for tests of what stands in between: echo, event stream, WebSocket.

use std::time::Duration;

use serde_json::{Value, json};
use tokenward_emulator::{Brand, Delivery, Fault, FaultKind, TokenApi};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{World, send};

const ECHO: &str = "/open-apis/sandbox/v1/echo";
const STREAM: &str = "/open-apis/sandbox/v1/stream";
const SOCKET: &str = "/open-apis/sandbox/v1/socket";

#[tokio::test]
async fn echo_tells_what_arrived_and_no_token() {
    let world = World::new().await;
    let tokens = world.seed(TokenApi::V3);
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let request = world.http.request(method.parse().unwrap(), world.open(&format!("{ECHO}/deep/path?a=1&b=%20")));
        let request = request.bearer_auth(&tokens.access_token).header("x-custom", "kept").body("hello");
        let answer = send(request).await;
        answer.is(200, 0);
        let data = answer.json()["data"].take();
        assert_eq!((&data["method"], &data["query"]), (&json!(method), &json!("a=1&b=%20")));
        assert_eq!(data["path"], format!("{ECHO}/deep/path"));
        assert_eq!(data["headers"]["x-custom"], json!(["kept"]));
        assert_eq!(data["headers"]["authorization"], json!(["is the current user token: yes"]));
        assert_eq!(data["body_length"], 5);
        assert_eq!(data["body_sha256"], "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
        assert!(!answer.text.contains(&tokens.access_token));
    }
    let refresh = tokens.refresh_token.expect("offline");
    let newer = world.refresh(tokenward_emulator::Endpoint::V3Token, &refresh).await.field("access_token");
    let shown = async |bearer: &str| {
        world.good("GET", ECHO, bearer, &Value::Null).await["headers"]["authorization"][0].as_str().unwrap().to_owned()
    };
    assert_eq!(shown(&tokens.access_token).await, "is the current user token: no");
    assert_eq!(shown(&newer).await, "is the current user token: yes");
    assert_eq!(shown(&world.tenant_token().await).await, "is the current tenant token: yes");
    send(world.http.get(world.open(ECHO))).await.is(400, 99_991_661);
    world.sandbox.advance(Duration::from_secs(7200));
    world.call("GET", ECHO, &newer, &Value::Null).await.is(400, 99_991_677);
    let (user, echo) = (world.seed(TokenApi::V3).access_token, world.sandbox.open_url(Brand::Lark) + ECHO);
    world.get(&echo, &user).await.is(400, 99_991_668);
}

#[tokio::test]
async fn events_come_one_by_one() {
    let world = World::new().await;
    let token = world.seed(TokenApi::V3).access_token;
    let url = world.open(&format!("{STREAM}?events=5&interval_ms=20&bytes=10"));
    let mut response = world.http.get(&url).bearer_auth(&token).send().await.expect("a head");
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert!(response.content_length().is_none());
    assert!(response.headers().contains_key("x-tt-logid"));
    let (mut text, mut chunks) = (String::new(), 0);
    while let Some(chunk) = response.chunk().await.expect("a chunk") {
        text += std::str::from_utf8(&chunk).expect("UTF-8");
        chunks += 1;
    }
    assert!(chunks > 1, "they do not wait for each other");
    let events: Vec<&str> = text.split_terminator("\n\n").collect();
    assert_eq!(events.len(), 5);
    assert_eq!(events[4], "id: 5\nevent: tick\ndata: {\"event\":5,\"of\":5,\"filling\":\"xxxxxxxxxx\"}");
    let last = world.sandbox.history().last().and_then(|record| record.visit().cloned()).expect("a visit");
    assert_eq!((last.left, last.path.as_str()), (Delivery::Whole, STREAM));

    world.sandbox.inject(Fault::new(FaultKind::Cut { bytes: 150 }).to(STREAM));
    let mut response = world.http.get(&url).bearer_auth(&token).send().await.expect("a head");
    let mut seen = 0;
    let error = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => seen += chunk.len(),
            Ok(None) => panic!("it ended well"),
            Err(error) => break error,
        }
    };
    assert_eq!(seen, 150, "{error}");
    world.call("GET", &format!("{STREAM}?events=x"), &token, &Value::Null).await.is(400, 99_992_402);
}

/// A connection after its handshake, and the head of the answer to it.
async fn socket(world: &World, bearer: &str) -> (TcpStream, String) {
    let host = world.sandbox.open_url(Brand::Feishu).trim_start_matches("http://").to_owned();
    let mut line = TcpStream::connect(&host).await.expect("a connection");
    let head = format!(
        "GET {SOCKET} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {bearer}\r\n\r\n"
    );
    line.write_all(head.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(line.read_u8().await.expect("a head"));
    }
    (line, String::from_utf8(answer).expect("text"))
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut frame = vec![first];
    if let Ok(short @ ..126) = u8::try_from(payload.len()) {
        frame.push(0x80 | short);
    } else {
        frame.push(0xfe);
        frame.extend(u16::try_from(payload.len()).expect("short enough").to_be_bytes());
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

#[tokio::test]
async fn a_socket_says_back_what_it_hears() {
    let world = World::new().await;
    let token = world.seed(TokenApi::V3).access_token;
    let (mut line, head) = socket(&world, &token).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    // The example of RFC 6455 §1.3.
    assert!(head.to_ascii_lowercase().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    line.write_all(&frame(0x81, b"hello")).await.expect("written");
    let mut answer = [0; 7];
    line.read_exact(&mut answer).await.expect("an echo");
    assert_eq!(&answer, b"\x81\x05hello");
    let long = vec![7_u8; 300];
    line.write_all(&frame(0x82, &long)).await.expect("written");
    let mut answer = vec![0; 304];
    line.read_exact(&mut answer).await.expect("an echo");
    assert_eq!((&answer[..4], &answer[4..]), (&b"\x82\x7e\x01\x2c"[..], &long[..]));
    line.write_all(&frame(0x89, b"p")).await.expect("written");
    let mut answer = [0; 3];
    line.read_exact(&mut answer).await.expect("a pong");
    assert_eq!(&answer, b"\x8a\x01p");
    line.write_all(&frame(0x88, &[3, 232])).await.expect("written");
    let mut rest = Vec::new();
    line.read_to_end(&mut rest).await.expect("a close");
    assert_eq!(rest, [0x88, 2, 3, 232]);
    let visit = world.sandbox.history().last().and_then(|record| record.visit().cloned()).expect("a visit");
    assert_eq!((visit.left, visit.status), (Delivery::Whole, Some(101)));
}

#[tokio::test]
async fn a_socket_wants_a_token_and_a_handshake() {
    let world = World::new().await;
    let token = world.seed(TokenApi::V3).access_token;
    let (_, head) = socket(&world, "eyJdead").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    world.call("GET", SOCKET, &token, &Value::Null).await.is(400, 99_992_402);
    // A frame without a mask breaks the protocol.
    let (mut line, _) = socket(&world, &token).await;
    line.write_all(b"\x81\x01x").await.expect("written");
    let mut rest = Vec::new();
    line.read_to_end(&mut rest).await.expect("the end");
    assert_eq!(rest, [0x88, 2, 0x03, 0xea]);
}
