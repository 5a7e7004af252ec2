//! Callers that take their time, take too much, or are too many; and the end.

use std::time::Duration;

use tokenward_serve::proxy::Limits;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::upstream::{head, upstream};
use crate::world::{ECHO, PATIENCE, Wishes, World, json};

const SHORT: Duration = Duration::from_millis(150);

fn limited(limits: Limits) -> Wishes {
    Wishes { limits: Some(limits), ..Wishes::default() }
}

#[tokio::test]
async fn a_head_that_comes_letter_by_letter_ends_the_connection() {
    let world = World::new().await;
    let proxy = world.proxy_with(limited(Limits { head_time: SHORT, ..Limits::default() })).await;
    let mut line = proxy.line().await;
    line.say("GET / HTTP/1.1\r\nHost: local").await;
    let answer = line.rest().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(world.counters().calls.len(), 0);
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let world = World::new().await;
    let proxy = world.proxy_with(limited(Limits { caller_time: SHORT, ..Limits::default() })).await;
    let mut line = proxy.line().await;
    line.say(&format!("POST {ECHO} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nbegin")).await;
    let answer = line.rest().await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("TW0826"), "{answer}");
}

#[tokio::test]
async fn a_provider_that_stands_still_is_given_up() {
    let world = World::new().await;
    let open = upstream(|mut stream: TcpStream| async move {
        head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let limits = Limits { provider_time: SHORT, ..Limits::default() };
    let proxy = world.proxy_with(Wishes { open: Some(open), limits: Some(limits), ..Wishes::default() }).await;
    let (status, answer) = json(world.http.post(proxy.url("/x")).body("x")).await;
    assert_eq!((status, answer["error"]["tokenward"].as_str()), (504, Some("TW0806")), "{answer}");
}

/// The provider is not drained for a caller that does not read: it is held back, and in the end both connections close.
#[tokio::test]
async fn an_answer_that_is_not_taken_is_given_up() {
    let world = World::new().await;
    let (ended, mut end) = mpsc::channel::<usize>(1);
    let open = upstream(move |mut stream: TcpStream| {
        let ended = ended.clone();
        async move {
            head(&mut stream).await;
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: x/y\r\nContent-Length: 999999999\r\n\r\n")
                .await
                .unwrap();
            let mut sent = 0;
            while stream.write_all(&vec![7; 1 << 16]).await.is_ok() {
                sent += 1 << 16;
            }
            ended.send(sent).await.unwrap();
        }
    })
    .await;
    let limits = Limits { caller_time: SHORT, ..Limits::default() };
    let proxy = world.proxy_with(Wishes { open: Some(open), limits: Some(limits), ..Wishes::default() }).await;
    let mut line = proxy.line().await;
    line.say("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let sent = tokio::time::timeout(PATIENCE, end.recv()).await.expect("it ends").unwrap();
    assert!(sent < 100 << 20, "held back by the sockets' own room, not by ours: {sent}");
}

#[tokio::test]
async fn heads_have_a_length() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    let long = "x".repeat(100 << 10);
    for request in [
        format!("GET {ECHO} HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n"),
        format!("GET {ECHO} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X-Many: 1\r\n".repeat(200)),
        format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ] {
        let mut line = proxy.line().await;
        // The proxy may close before it has been sent everything.
        let _ = line.0.write_all(request.as_bytes()).await;
        let answer = line.rest().await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431 ") || answer.starts_with("HTTP/1.1 414 "),
            "{answer}"
        );
    }
    assert_eq!(world.counters().calls.len(), 0, "none went on");
    let (status, _) = json(world.http.get(proxy.url(ECHO)).header("x-long", "x".repeat(20 << 10))).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn one_connection_too_many_waits() {
    let world = World::new().await;
    let proxy = world.proxy_with(limited(Limits { connections: 2, ..Limits::default() })).await;
    let request = format!("GET {ECHO} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let (mut first, mut second) = (proxy.line().await, proxy.line().await);
    let under_way = "Host: localhost\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n";
    for line in [&mut first, &mut second] {
        line.say(&format!("POST {ECHO} HTTP/1.1\r\n{under_way}")).await;
        line.until("100 Continue\r\n\r\n").await;
    }
    let mut third = proxy.line().await;
    third.say(&request).await;
    let early = tokio::time::timeout(SHORT, third.0.readable()).await;
    assert!(early.is_err(), "two requests are under way");
    drop(first);
    assert!(third.rest().await.starts_with("HTTP/1.1 200 "));
    drop(second);
}

#[tokio::test]
async fn requests_under_way_may_end_and_idle_connections_do() {
    let world = World::new().await;
    let (go, gone) = mpsc::channel::<()>(1);
    let gone = std::sync::Arc::new(tokio::sync::Mutex::new(gone));
    let (arrived, mut arrive) = mpsc::channel::<()>(1);
    let open = upstream(move |mut stream: TcpStream| {
        let (gone, arrived) = (std::sync::Arc::clone(&gone), arrived.clone());
        async move {
            head(&mut stream).await;
            arrived.send(()).await.unwrap();
            gone.lock().await.recv().await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate").await.unwrap();
        }
    })
    .await;
    let proxy = world.proxy_with(Wishes { open: Some(open), ..Wishes::default() }).await;
    let (mut idle, mut busy) = (proxy.line().await, proxy.line().await);
    busy.say("GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    arrive.recv().await.unwrap();
    proxy.stop();
    assert_eq!(idle.rest().await, "");
    assert!(TcpStream::connect(proxy.address).await.is_err(), "nobody new is let in");
    go.send(()).await.unwrap();
    assert!(busy.rest().await.ends_with("\r\n\r\nlate"));
    proxy.ended().await;
}
