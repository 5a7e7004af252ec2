//! Bodies as they come, in both directions; what breaks off; what becomes a WebSocket.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};

use std::sync::Arc;

use crate::upstream::{head, upstream};
use crate::world::{ECHO, Wishes, World, json};

/// A provider that answers one request with these bytes and closes.
async fn saying(answer: &'static str) -> String {
    upstream(move |mut stream: TcpStream| async move {
        head(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await
}

#[tokio::test]
async fn the_first_event_arrives_before_the_stream_ends() {
    let world = World::new().await;
    let (seen, see) = mpsc::channel::<()>(1);
    let see = Arc::new(Mutex::new(see));
    let open = upstream(move |mut stream: TcpStream| {
        let see = Arc::clone(&see);
        async move {
            head(&mut stream).await;
            let begin = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
            stream.write_all(begin.as_bytes()).await.unwrap();
            for event in ["one", "two"] {
                stream.write_all(format!("b\r\ndata: {event}\n\n\r\n").as_bytes()).await.unwrap();
                // Nothing further comes before the caller has this one.
                see.lock().await.recv().await.unwrap();
            }
            stream.write_all(b"0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    let mut answer = world.http.get(proxy.url("/events")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    for event in ["one", "two"] {
        assert_eq!(answer.chunk().await.unwrap().unwrap(), format!("data: {event}\n\n"));
        seen.send(()).await.unwrap();
    }
    assert_eq!(answer.chunk().await.unwrap(), None);
}

/// A stream that calls itself JSON is not held up either: its first piece does not look like a refusal for long.
#[tokio::test]
async fn a_slow_success_is_passed_on_at_its_first_piece() {
    let world = World::new().await;
    let (seen, see) = mpsc::channel::<()>(1);
    let see = Arc::new(Mutex::new(see));
    let open = upstream(move |mut stream: TcpStream| {
        let see = Arc::clone(&see);
        async move {
            head(&mut stream).await;
            let begin = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n{\"code\":0,";
            stream.write_all(begin.as_bytes()).await.unwrap();
            see.lock().await.recv().await.unwrap();
            stream.write_all(b"\"data\":{\"a\":1}}").await.unwrap();
        }
    })
    .await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    let mut answer = world.http.get(proxy.url("/list")).send().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "{\"code\":0,");
    seen.send(()).await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "\"data\":{\"a\":1}}");
}

#[tokio::test]
async fn an_upload_is_passed_on_piece_by_piece() {
    let world = World::new().await;
    let (arrived, mut arrive) = mpsc::channel::<String>(1);
    let open = upstream(move |mut stream: TcpStream| {
        let arrived = arrived.clone();
        async move {
            let head = head(&mut stream).await;
            assert!(head.to_ascii_lowercase().contains("transfer-encoding: chunked"), "{head}");
            for _ in 0..2 {
                let mut piece = [0; 10];
                stream.read_exact(&mut piece).await.unwrap();
                arrived.send(String::from_utf8_lossy(&piece).into_owned()).await.unwrap();
            }
            stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
        }
    })
    .await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    let mut line = proxy.line().await;
    line.say("POST /up HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for piece in ["first", "other"] {
        line.say(&format!("5\r\n{piece}\r\n")).await;
        assert_eq!(arrive.recv().await.unwrap(), format!("5\r\n{piece}\r\n"), "before the next one is sent");
    }
    line.say("0\r\n\r\n").await;
    assert!(line.until("\r\n\r\nok").await.starts_with("HTTP/1.1 201 "));
}

#[tokio::test]
async fn an_answer_that_breaks_off_does_not_look_whole() {
    let world = World::new().await;
    for begin in ["Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"] {
        for kind in ["text/plain", "application/json"] {
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{begin}");
            let open = saying(answer.leak()).await;
            let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
            match world.http.get(proxy.url("/half")).send().await {
                // Its end came before its head had left us.
                Err(_) => {}
                Ok(answer) if answer.status() == 502 => assert_eq!(answer.headers()["x-tokenward-code"], "TW0806"),
                Ok(answer) => assert!(answer.bytes().await.is_err(), "{kind}, {begin:?}"),
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_never_begins_is_an_error_of_ours() {
    let world = World::new().await;
    let proxy = world.proxy_with(Wishes { open: Some(saying("").await), ..Wishes::default() }).await;
    let (status, answer) = json(world.http.post(proxy.url("/x")).body("x")).await;
    assert_eq!((status, answer["error"]["tokenward"].as_str()), (502, Some("TW0806")), "{answer}");
}

/// An idle connection may break at any time; a request that changes nothing does not suffer from it.
#[tokio::test]
async fn a_get_survives_a_connection_that_broke() {
    let world = World::new().await;
    let times = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let open = upstream(move |mut stream: TcpStream| {
        let first = times.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        async move {
            head(&mut stream).await;
            if !first {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            }
        }
    })
    .await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    let answer = world.http.get(proxy.url("/x")).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "ok");
}

#[tokio::test]
async fn fields_of_the_providers_connection_end_here() {
    let world = World::new().await;
    let open = saying(
        "HTTP/1.1 302 Found\r\nConnection: close, X-Inner\r\nX-Inner: 1\r\nKeep-Alive: timeout=9\r\nX-Outer: 2\r\n\
         Location: https://elsewhere.test/\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    let answer = world.http.get(proxy.url("/x")).send().await.unwrap();
    let names: Vec<_> = ["connection", "x-inner", "keep-alive", "proxy-authenticate"]
        .into_iter()
        .filter(|name| answer.headers().contains_key(*name))
        .collect();
    assert_eq!(names, [""; 0]);
    assert_eq!(
        (&answer.headers()["x-outer"], &answer.headers()["location"]),
        (&"2".parse().unwrap(), &"https://elsewhere.test/".parse().unwrap())
    );
}

#[tokio::test]
async fn a_head_has_no_body_and_the_length_of_one() {
    let world = World::new().await;
    let open = saying("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1234\r\n\r\n").await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    let answer = proxy.bytes("HEAD /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("content-length: 1234"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn old_http_is_understood() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    let answer = proxy.bytes(&format!("GET {ECHO} HTTP/1.0\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.0 200 ") && answer.contains("is the current user token: yes"), "{answer}");
    assert!(answer.contains("1.0 tokenward"), "{answer}");
    let stream = proxy.bytes("GET /open-apis/sandbox/v1/stream?events=2 HTTP/1.0\r\nHost: localhost\r\n\r\n").await;
    assert!(!stream.to_ascii_lowercase().contains("transfer-encoding"), "{stream}");
    assert!(stream.contains("id: 2\n"), "{stream}");
}

#[tokio::test]
async fn the_body_is_asked_for_when_it_is_expected() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    let mut line = proxy.line().await;
    let head = format!("POST {ECHO} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    line.say(&head).await;
    assert_eq!(line.until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    line.say("hello").await;
    let answer = line.until("\"msg\":\"success\"}").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    // Who may not come in is not asked for a body.
    let mut line = proxy.line().await;
    line.say(&head.replace("localhost", "evil.test")).await;
    assert!(line.until("\r\n\r\n").await.starts_with("HTTP/1.1 421 "));
}

/// A text frame as a client sends it (RFC 6455 §5.2).
fn frame(text: &str) -> Vec<u8> {
    let mask = [9, 8, 7, 6];
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap()];
    frame.extend(mask);
    frame.extend(text.bytes().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

const HANDSHAKE: &str = "GET /open-apis/sandbox/v1/socket HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[tokio::test]
async fn a_websocket_passes() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    // The handshake is a request like any other: a refused token is rotated first.
    world.kill_token();
    let mut line = proxy.line().await;
    line.say(HANDSHAKE).await;
    let head = line.until("\r\n\r\n").await.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 ") && head.contains("upgrade: websocket"), "{head}");
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    for text in ["hello", "小明"] {
        line.0.write_all(&frame(text)).await.unwrap();
        let mut echoed = vec![0; text.len() + 2];
        line.0.read_exact(&mut echoed).await.unwrap();
        assert_eq!(&echoed[2..], text.as_bytes());
    }
    assert_eq!((proxy.last().status, proxy.last().rotated), (101, true));

    // It ends with the proxy, and does not hold it up.
    proxy.stop();
    proxy.ended().await;
    assert_eq!(line.rest().await, "");
}

#[tokio::test]
async fn other_upgrades_are_not_offered() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    let answer = proxy
        .bytes(&format!(
            "GET {ECHO} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n\
             HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("h2c") && !answer.contains("http2-settings"), "{answer}");
}
