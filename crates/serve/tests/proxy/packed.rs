//! Answers that come packed, and messages of WebSockets: whatever comes down is watched.

use tokio::io::AsyncWriteExt as _;

use crate::upstream::{head, packed, token_of, upstream};
use crate::world::{Wishes, World};

const ASKED: &str = "GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

/// An upstream that answers with these fields and the bytes that are made of the token.
async fn answering(fields: &'static str, body: fn(&str) -> Vec<u8>) -> String {
    upstream(move |mut stream| async move {
        let token = token_of(&head(&mut stream).await);
        let body = body(&token);
        let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
    })
    .await
}

/// What a caller gets of it.
async fn got(world: &World, fields: &'static str, body: fn(&str) -> Vec<u8>) -> String {
    let open = answering(fields, body).await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    proxy.bytes(ASKED).await
}

#[tokio::test]
async fn what_comes_packed_with_gzip_reaches_the_caller_plain() {
    let world = World::new().await;
    let fields = "Content-Type: application/json\r\nContent-Encoding: identity\r\nContent-Encoding: x-gzip\r\n";
    let answer = got(&world, fields, |_| [packed(b"{\"code\":0,"), packed(b"\"data\":1}")].concat()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 ") && !head.to_ascii_lowercase().contains("content-encoding"), "{head}");
    assert!(body.contains("{\"code\":0,") && body.contains("\"data\":1}"), "{body}");
    // A file of many megabytes is unpacked as it comes.
    let fields = "Content-Type: image/png\r\nContent-Encoding: gzip\r\n";
    let answer = got(&world, fields, |_| packed(&vec![b'x'; 60_000]).repeat(100)).await;
    assert!(answer.matches('x').count() >= 6_000_000);
}

#[tokio::test]
async fn a_token_in_any_member_does_not_reach_the_caller() {
    let world = World::new().await;
    for fields in [
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
        "Content-Type: image/png\r\nContent-Encoding: gzip\r\n",
        "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n",
    ] {
        let late = |token: &str| [packed(&vec![b'x'; 60_000]), packed(token.as_bytes())].concat();
        let split = |token: &str| {
            let (first, rest) = token.as_bytes().split_at(7);
            [packed(first), packed(b""), packed(rest)].concat()
        };
        let (late, split) = (got(&world, fields, late).await, got(&world, fields, split).await);
        for token in world.live_tokens() {
            assert!(!late.contains(&token) && !split.contains(&token), "{fields}");
        }
    }
}

#[tokio::test]
async fn what_is_packed_otherwise_is_refused() {
    let world = World::new().await;
    for fields in [
        "Content-Encoding: br\r\n",
        "Content-Encoding: zstd\r\nContent-Type: image/png\r\n",
        "Content-Encoding: deflate\r\nContent-Type: application/json\r\n",
        "Content-Encoding: identity\r\nContent-Encoding: br\r\n",
        "Content-Encoding: gzip, gzip\r\n",
    ] {
        let answer = got(&world, fields, |token| token.as_bytes().to_vec()).await;
        assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("TW0855"), "{fields}: {answer}");
        assert!(world.live_tokens().iter().all(|token| !answer.contains(token.as_str())), "{fields}");
    }
    // An empty answer holds nothing, however it says that it is packed.
    let open = upstream(|mut stream| async move {
        head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nContent-Encoding: br\r\n\r\n").await;
    })
    .await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    assert!(proxy.bytes(ASKED).await.starts_with("HTTP/1.1 204 "));
}

#[tokio::test]
async fn a_packed_answer_that_is_cut_does_not_look_whole() {
    let world = World::new().await;
    let fields = "Content-Type: image/png\r\nContent-Encoding: gzip\r\n";
    let cut = |_: &str| {
        let all = packed(&vec![b'x'; 60_000]);
        all[..50_000].to_vec()
    };
    let answer = got(&world, fields, cut).await;
    assert!(answer.contains("xxx") && !answer.ends_with("0\r\n\r\n"));
    let answer = got(&world, fields, |_| b"no gzip at all".to_vec()).await;
    assert!(!answer.contains("no gzip") && !answer.ends_with("0\r\n\r\n"), "{answer}");
}

const HANDSHAKE: &str = "GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// A frame as a server sends it.
fn frame(first: u8, content: &[u8]) -> Vec<u8> {
    [&[first, 126][..], &u16::try_from(content.len()).unwrap().to_be_bytes(), content].concat()
}

/// A text in one frame, in two with a ping between, in a ping, packed by an extension that was not offered, and masked.
#[tokio::test]
async fn a_websocket_that_says_the_token_back_ends() {
    let ways: [fn(&str) -> Vec<u8>; 5] = [
        |token| frame(0x81, token.as_bytes()),
        |token| {
            let (first, rest) = token.as_bytes().split_at(9);
            [frame(1, first), frame(0x89, b"ping"), frame(0x80, rest)].concat()
        },
        |token| frame(0x89, token.as_bytes()),
        |token| frame(0xc1, token.as_bytes()),
        |token| {
            let masked: Vec<u8> = token.bytes().map(|byte| byte ^ 7).collect();
            let length = u16::try_from(masked.len()).unwrap().to_be_bytes();
            [&[0x81, 0xfe][..], &length, &[7; 4], &masked].concat()
        },
    ];
    let world = World::new().await;
    for (n, way) in ways.into_iter().enumerate() {
        let open = upstream(move |mut stream| async move {
            let asked = head(&mut stream).await;
            assert!(!asked.to_ascii_lowercase().contains("sec-websocket-extensions"), "{asked}");
            let accepted = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
            stream.write_all(accepted.as_bytes()).await.unwrap();
            stream.write_all(&frame(0x81, b"welcome")).await.unwrap();
            let _ = stream.write_all(&way(&token_of(&asked))).await;
            // It would go on; the proxy ends it.
            let _ = head(&mut stream).await;
        })
        .await;
        let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
        let mut line = proxy.line().await;
        line.say(HANDSHAKE).await;
        let head = line.until("\r\n\r\n").await.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101 ") && !head.contains("extensions"), "{head}");
        let came = line.bytes().await;
        let came = String::from_utf8_lossy(&came);
        let unmasked: String = came.bytes().map(|byte| char::from(byte ^ 7)).collect();
        for token in world.live_tokens() {
            assert!(!came.contains(&token[9..]) && !unmasked.contains(&token[9..]), "{n}");
        }
    }
}
