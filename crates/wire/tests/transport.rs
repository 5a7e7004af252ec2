//! What becomes of the bytes, against servers that misbehave. Every test also holds that nothing is sent twice.

mod support;

use std::future::pending;
use std::net::{TcpListener as StdListener, TcpStream as StdStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use support::{
    REFRESH, SECRET, Server, answered, app, feishu, feishu_with, in_doubt, json, spend, spend_until, unsent,
};
use tokenward_core::ports::{Clock, Prepared, Sent, TokenEndpoint};
use tokenward_core::{Landing, Outcome, RawAnswer, Remedy, TokenApi};
use tokenward_wire::Feishu;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::sleep;

const TIMEOUT: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(250);

async fn refresh_at(feishu: &Feishu, base: &str, timeout: Duration) -> Sent {
    let prepared = Prepared { api: TokenApi::V3, app_token: None };
    let sent = feishu.refresh(&app(base, TokenApi::V3), &prepared, spend(), timeout).await;
    let told = format!("{sent:?}");
    assert!(!told.contains(REFRESH) && !told.contains(SECRET) && !told.contains("NEW"), "{told}");
    sent
}

async fn refresh(base: &str) -> Sent {
    refresh_at(&feishu(), base, TIMEOUT).await
}

#[tokio::test]
async fn an_answer_is_kept_with_its_marks() {
    let server = Server::answering(&["HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nx-tt-logid: 2027LOG\r\n\
        Date: Fri, 15 Jan 2027 08:00:00 GMT\r\nx-ogw-ratelimit-reset: 17\r\nRetry-After: 99\r\nContent-Length: 4\r\n\r\nbusy"])
    .await;
    let answer = answered(refresh(&server.base).await);
    assert_eq!((answer.status, answer.body.expose(), answer.whole), (429, &b"busy"[..], true));
    assert_eq!(answer.content_type.as_deref(), Some("text/plain"));
    assert_eq!(answer.log_id.as_deref(), Some("2027LOG"));
    assert_eq!(answer.date.as_deref(), Some("Fri, 15 Jan 2027 08:00:00 GMT"));
    assert_eq!(answer.retry_after, Some(17));
    assert_eq!(answer.received, Timestamp::from_second(support::NOW).unwrap());
    assert_eq!(server.connections().await, 1);
}

/// What has landed, as the process's killer would leave it.
#[derive(Default)]
struct Field(Mutex<Vec<RawAnswer>>);

impl Landing for Field {
    fn put(&self, answer: &RawAnswer) -> bool {
        self.0.lock().unwrap().push(answer.clone());
        true
    }
}

/// I3: whole or broken off, and of what was never answered nothing.
#[tokio::test]
async fn an_answer_lands_as_its_caller_gets_it() {
    for (said, lands) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nhalf of mine", true),
        ("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", false),
        ("", false),
    ] {
        let server = Server::answering(&[said]).await;
        let prepared = Prepared { api: TokenApi::V3, app_token: None };
        let field = Arc::new(Field::default());
        let spend = spend().landing_in(Arc::clone(&field) as Arc<dyn Landing>);
        let sent = feishu().refresh(&app(&server.base, TokenApi::V3), &prepared, spend, TIMEOUT).await;
        let landed = std::mem::take(&mut *field.0.lock().unwrap());
        let got = match sent {
            Sent::Answered(answer) => vec![answer],
            _ => Vec::new(),
        };
        assert_eq!((landed.len(), landed == got), (usize::from(lands), true), "{said}");
    }
}

#[tokio::test]
async fn a_connection_dropped_before_the_answer_leaves_doubt() {
    let server = Server::doing(|stream, _| async move { drop(stream) }).await;
    let fault = in_doubt(refresh(&server.base).await);
    assert!(!fault.timed_out());
    assert_eq!(server.connections().await, 1, "never sent again");
}

#[tokio::test]
async fn an_answer_that_is_not_http_leaves_doubt() {
    let server = Server::answering(&["SSH-2.0-OpenSSH_9.2\r\n"]).await;
    in_doubt(refresh(&server.base).await);
    assert_eq!(server.connections().await, 1);
}

#[tokio::test]
async fn silence_until_the_deadline_leaves_doubt() {
    let server = Server::doing(|stream, _| async move {
        pending::<()>().await;
        drop(stream);
    })
    .await;
    let fault = in_doubt(refresh_at(&feishu(), &server.base, SHORT).await);
    assert!(fault.timed_out());
    assert_eq!(server.connections().await, 1);
}

#[tokio::test]
async fn a_head_and_then_silence_leaves_doubt_and_tells_the_log_id() {
    let server = Server::doing(|mut stream, _| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nx-tt-logid: 2027HEAD\r\nContent-Length: 90\r\n\r\n").await.unwrap();
        pending::<()>().await;
    })
    .await;
    let fault = in_doubt(refresh_at(&feishu(), &server.base, SHORT).await);
    assert!(fault.timed_out() && fault.reason.contains("HTTP 200, log id 2027HEAD"), "{}", fault.reason);
}

#[tokio::test]
async fn half_a_body_is_kept_however_it_breaks_off() {
    let half = r#"{"code":0,"refresh_token":"NEW-refresh-1","acc"#;
    let length = format!("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{half}");
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{half}\r\n", half.len());
    let half_a_chunk = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n384\r\n{half}");
    for broken in [&length, &chunked, &half_a_chunk] {
        let server = Server::answering(&[broken]).await;
        let answer = answered(refresh(&server.base).await);
        assert_eq!((answer.body.expose(), answer.whole), (half.as_bytes(), false));
        let Outcome::Rotated { issued, .. } = feishu().read(&support::work(), TokenApi::V3, &answer) else {
            panic!("the token is lost")
        };
        assert_eq!(issued.refresh.unwrap().expose(), "NEW-refresh-1");
    }
    let stalling = length.clone();
    let server = Server::doing(move |mut stream, _| {
        let answer = stalling.clone();
        async move {
            stream.write_all(answer.as_bytes()).await.unwrap();
            pending::<()>().await;
        }
    })
    .await;
    let answer = answered(refresh_at(&feishu(), &server.base, SHORT).await);
    assert_eq!((answer.body.expose(), answer.whole), (half.as_bytes(), false));
}

#[tokio::test]
async fn an_empty_whole_body_is_an_answer() {
    let server = Server::answering(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]).await;
    let answer = answered(refresh(&server.base).await);
    assert!(answer.whole && answer.body.is_empty());
    assert!(matches!(feishu().read(&support::work(), TokenApi::V3, &answer), Outcome::Unreadable(_)));
}

#[tokio::test]
async fn of_a_huge_body_the_beginning_is_kept() {
    let server = Server::doing(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"refresh_token\":\"NEW-1\",").await;
        let page = vec![b'x'; 64 << 10];
        while stream.write_all(&page).await.is_ok() {}
    })
    .await;
    let answer = answered(refresh(&server.base).await);
    assert_eq!((answer.body.len(), answer.whole), (1 << 20, false));
    assert!(matches!(feishu().read(&support::work(), TokenApi::V3, &answer), Outcome::Rotated { .. }));
}

#[tokio::test]
async fn odd_headers_do_not_cost_the_answer() {
    let server =
        Server::answering(&["HTTP/1.1 200 OK\r\nX-Od@d: 1\r\nX-Space : 2\r\nX-Fold: a\r\n b\r\nX-Latin: \u{e9}\r\n\
        x-tt-logid: 2027ODD\r\nContent-Length: 25\r\n\r\n{\"refresh_token\":\"NEW-1\"}"])
        .await;
    let answer = answered(refresh(&server.base).await);
    assert_eq!((answer.whole, answer.log_id.as_deref()), (true, Some("2027ODD")));
    assert!(matches!(feishu().read(&support::work(), TokenApi::V3, &answer), Outcome::Rotated { .. }));
}

/// An answer of tokens as `gzip` packs it.
const PACKED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJ\xceOIU\xb22\xd0QJLNN-.\x8e/\xc9\xcfN\xcdS\xb2RJ\xad\xf4J\xf4s\x0dW\xd2QJ\xad(\xc8,J-\x8e\xcf\x04\x0a\x9b\x1b\x19\x00\x95\x16\xa5\xa6\x01\x052\x90\xd5\x16A\xd4\xa2\xc8\xc4#\xeb430\xb100\xa8\x05\x00\xceZ)\xdeq\x00\x00\x00";

/// Nobody asked for it; the tokens are in it all the same.
#[tokio::test]
async fn a_packed_answer_is_unpacked() {
    for (length, whole) in [(PACKED.len(), true), (PACKED.len() - 12, false)] {
        let server = Server::doing(move |mut stream, _| async move {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n";
            let head = format!("{head}Content-Length: {}\r\n\r\n", PACKED.len());
            stream.write_all(&[head.as_bytes(), &PACKED[..length]].concat()).await.unwrap();
        })
        .await;
        let answer = answered(refresh(&server.base).await);
        assert_eq!(answer.whole, whole);
        let Outcome::Rotated { .. } = feishu().read(&support::work(), TokenApi::V3, &answer) else {
            panic!("{:?}", String::from_utf8_lossy(answer.body.expose()));
        };
        assert_eq!(server.connections().await, 1);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::answering(&[&json(200, "{}")]).await;
    for status in [301, 302, 303, 307, 308] {
        let redirect =
            format!("HTTP/1.1 {status} X\r\nLocation: {}/token\r\nContent-Length: 0\r\n\r\n", elsewhere.base);
        let server = Server::answering(&[&redirect]).await;
        let answer = answered(refresh(&server.base).await);
        assert_eq!(answer.status, status);
        let Outcome::Unreadable(refusal) = feishu().read(&support::work(), TokenApi::V3, &answer) else {
            panic!("{status}")
        };
        assert_eq!(refusal.remedy, Remedy::CheckUrl);
        assert_eq!(server.connections().await, 1);
    }
    assert_eq!(elsewhere.connections().await, 0);
}

#[tokio::test]
async fn every_spend_has_a_connection_of_its_own() {
    let server = Server::doing(|mut stream, _| async move {
        let _ = stream.write_all(json(503, "{}").as_bytes()).await;
        // Kept open: a client that pools connections would use it again.
        pending::<()>().await;
    })
    .await;
    let feishu = feishu();
    for _ in 0..3 {
        answered(refresh_at(&feishu, &server.base, TIMEOUT).await);
    }
    assert_eq!(server.connections().await, 3);
}

#[tokio::test]
async fn a_refused_connection_is_unsent() {
    let port = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let fault = unsent(refresh(&format!("http://127.0.0.1:{port}")).await);
    assert!(fault.reason.contains(&format!("127.0.0.1:{port} cannot be reached")), "{}", fault.reason);
    assert!(!fault.timed_out() && !fault.reason.contains("/oauth"), "{}", fault.reason);
}

#[tokio::test]
async fn an_unknown_host_is_unsent() {
    let feishu = feishu_with(|options| {
        options.clear_text_hosts = vec!["tokenward.invalid".to_owned()];
        options.connect_timeout = Duration::from_secs(2);
    });
    unsent(refresh_at(&feishu, "http://tokenward.invalid", TIMEOUT).await);
}

/// Accepts, and returns what came within a moment.
async fn eavesdrop(listener: TcpListener, answer: &'static [u8]) -> Vec<u8> {
    let accepted = tokio::time::timeout(TIMEOUT, listener.accept()).await;
    let (mut stream, _) =
        accepted.expect("a handshake; without root certificates on this machine there is none").unwrap();
    let mut heard = vec![0; 4096];
    let count = stream.read(&mut heard).await.unwrap();
    heard.truncate(count);
    stream.write_all(answer).await.unwrap();
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(SHORT * 2, stream.read_to_end(&mut rest)).await;
    heard.extend(rest);
    heard
}

#[tokio::test]
async fn a_failed_or_stalled_tls_handshake_is_unsent() {
    for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b""] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://{}", listener.local_addr().unwrap());
        let feishu = feishu_with(|options| options.connect_timeout = SHORT);
        let (sent, heard) = tokio::join!(refresh_at(&feishu, &base, TIMEOUT), eavesdrop(listener, answer));
        assert_eq!(unsent(sent).timed_out(), answer.is_empty());
        assert!(!heard.is_empty() && !heard.windows(REFRESH.len()).any(|window| window == REFRESH.as_bytes()));
    }
}

#[tokio::test]
async fn tokens_do_not_cross_a_network_in_clear() {
    let fault = unsent(refresh("http://10.0.0.1").await);
    assert!(fault.reason.contains("clear text"), "{}", fault.reason);
    let fault = unsent(refresh("https://user:hunter2@localhost").await);
    assert!(!fault.reason.contains("hunter2"), "{}", fault.reason);
}

#[tokio::test]
async fn a_sender_past_its_deadline_sends_nothing() {
    let server = Server::answering(&[&json(200, "{}")]).await;
    let prepared = Prepared { api: TokenApi::V3, app_token: None };
    let app = app(&server.base, TokenApi::V3);
    let fault = unsent(feishu().refresh(&app, &prepared, spend_until(support::NOW), TIMEOUT).await);
    assert!(fault.timed_out());
    assert_eq!(server.connections().await, 0);
}

/// Runs one of the tests below in a process whose environment names a proxy, and returns what the proxy heard.
fn in_a_process_with_proxy(scheme: &str, test: &str) -> Option<String> {
    let proxy = StdListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("{scheme}://{}", proxy.local_addr().unwrap());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .envs(
            ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]
                .map(|name| (name, &address)),
        )
        .env("NO_PROXY", "")
        .env("no_proxy", "")
        .spawn()
        .unwrap();
    let mut heard = None;
    let status = loop {
        if let Ok((stream, _)) = proxy.accept() {
            heard = Some(if scheme == "http" { first_line(stream) } else { asked_of_socks(stream) });
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success(), "{test} failed behind a proxy");
    heard
}

/// Where a client of SOCKS 5 (RFC 1928) wants to go, which it is told cannot be reached.
fn asked_of_socks(mut stream: StdStream) -> String {
    use std::io::{Read, Write};
    stream.set_nonblocking(false).unwrap();
    let mut reply = stream.try_clone().unwrap();
    let mut take = |count: usize| {
        let mut bytes = vec![0; count];
        stream.read_exact(&mut bytes).unwrap();
        bytes
    };
    let head = take(2);
    assert_eq!(head[0], 5, "SOCKS 5");
    take(usize::from(head[1]));
    reply.write_all(&[5, 0]).unwrap();
    let request = take(4);
    assert_eq!(request[..2], [5, 1], "a connection");
    let host = if request[3] == 3 {
        let length = take(1);
        String::from_utf8(take(usize::from(length[0]))).unwrap()
    } else {
        format!("address type {}", request[3])
    };
    let port = take(2);
    reply.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
    format!("{host}:{}", u16::from_be_bytes([port[0], port[1]]))
}

fn first_line(mut stream: StdStream) -> String {
    use std::io::{Read, Write};
    stream.set_nonblocking(false).unwrap();
    let mut buffer = [0; 1024];
    let count = stream.read(&mut buffer).unwrap_or(0);
    let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n");
    String::from_utf8_lossy(&buffer[..count]).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn loopback_never_goes_through_a_proxy() {
    assert_eq!(in_a_process_with_proxy("http", "every_spend_has_a_connection_of_its_own"), None);
    assert_eq!(in_a_process_with_proxy("http", "a_failed_or_stalled_tls_handshake_is_unsent"), None);
}

#[test]
fn https_to_the_world_goes_through_the_proxy_and_a_refusing_proxy_is_unsent() {
    let heard = in_a_process_with_proxy("http", "inside_a_refusing_proxy");
    assert_eq!(heard.as_deref(), Some("CONNECT provider.invalid:443 HTTP/1.1"));
}

#[test]
fn a_socks_proxy_is_asked_by_name_and_one_that_refuses_is_unsent() {
    let heard = in_a_process_with_proxy("socks5h", "inside_a_refusing_proxy");
    assert_eq!(heard.as_deref(), Some("provider.invalid:443"));
}

/// The body of the tests above; alone, without a proxy, the name cannot be resolved, which is unsent as well.
#[tokio::test]
async fn inside_a_refusing_proxy() {
    let feishu = feishu_with(|options| options.connect_timeout = Duration::from_secs(2));
    unsent(refresh_at(&feishu, "https://provider.invalid", TIMEOUT).await);
}

/// A clock that goes on by eight hours between the request and its answer: the machine slept.
struct Slept(std::sync::atomic::AtomicI64);

impl Clock for Slept {
    fn now(&self) -> Timestamp {
        let hours = self.0.fetch_add(8, std::sync::atomic::Ordering::SeqCst);
        Timestamp::from_second(support::NOW + hours * 3600).unwrap()
    }
}

#[tokio::test]
async fn a_life_is_counted_from_before_the_request_left() {
    let body = r#"{"code":0,"access_token":"eyJa","expires_in":7200,"refresh_token":"eyJr","refresh_token_expires_in":604800}"#;
    let server = Server::answering(&[&json(200, body)]).await;
    let feishu = Feishu::new(std::sync::Arc::new(Slept(std::sync::atomic::AtomicI64::new(0))));
    let prepared = Prepared { api: TokenApi::V3, app_token: None };
    let app = app(&server.base, TokenApi::V3);
    let answer = answered(feishu.refresh(&app, &prepared, spend(), TIMEOUT).await);
    let Outcome::Rotated { issued, .. } = feishu.read(&support::work(), TokenApi::V3, &answer) else { panic!() };
    let access = issued.access.unwrap();
    // The clock was looked at once before, for the deadline of the spend; nothing later may count.
    let asleep = Timestamp::from_second(support::NOW + 8 * 3600).unwrap();
    assert!(access.obtained <= asleep && access.expires <= asleep + Duration::from_secs(7200), "{access:?}");
}

/// Stopped (SIGSTOP) while connecting, and gone on with after the deadline: by then someone else may have sent the token.
#[tokio::test]
async fn a_sender_stopped_while_connecting_sends_nothing_afterwards() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let feishu = feishu();
    let stopped = async {
        // The connection is on its way; nothing of this process runs until the deadline has passed.
        tokio::task::yield_now().await;
        std::thread::sleep(SHORT * 2);
    };
    let (sent, ()) = tokio::join!(refresh_at(&feishu, &base, SHORT), stopped);
    let fault = unsent(sent);
    assert!(fault.timed_out() || fault.reason.contains("deadline"), "{fault:?}");
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut got = Vec::new();
    let _ = tokio::time::timeout(SHORT, stream.read_to_end(&mut got)).await;
    assert!(!String::from_utf8_lossy(&got).contains(REFRESH));
}

#[tokio::test]
async fn an_answer_is_read_from_a_server_that_answers_before_it_has_read_and_resets() {
    for pause in [0, 50] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_exact(&mut [0; 8]).await.unwrap();
            stream.write_all(json(200, r#"{"code":0,"refresh_token":"NEW"}"#).as_bytes()).await.unwrap();
            sleep(Duration::from_millis(pause)).await;
            // Dropped with unread bytes in it: the kernel resets the connection.
            drop(stream);
        };
        let (sent, ()) = tokio::join!(refresh(&base), server);
        let answer = answered(sent);
        assert!(String::from_utf8_lossy(answer.body.expose()).contains("NEW"));
    }
}

#[tokio::test]
async fn many_headers_and_old_protocols_do_not_cost_the_answer() {
    let many = "X-Gateway: passed\r\n".repeat(400);
    let body = r#"{"code":0,"refresh_token":"NEW"}"#;
    let length = body.len();
    let answers = [
        format!("HTTP/1.1 200 OK\r\n{many}Content-Length: {length}\r\n\r\n{body}"),
        format!("HTTP/1.0 200 OK\r\n\r\n{body}"),
        format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}HTTP/1.1 500 no\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\nX: y\r\n\r\n"),
    ];
    for answer in answers {
        let server = Server::answering(&[&answer]).await;
        let answer = answered(refresh(&server.base).await);
        assert!(answer.whole && answer.body.expose() == body.as_bytes(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_pause_without_end_is_cut() {
    let head = "HTTP/1.1 429 X\r\nx-ogw-ratelimit-reset: 18446744073709551615\r\nContent-Length: 4\r\n\r\nbusy";
    let answer = answered(refresh(&Server::answering(&[head]).await.base).await);
    assert_eq!(answer.retry_after, Some(365 * 86_400));
}
