//! Each visitor that a callback server can have, over raw TCP.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::*;

const STATE: &str = "st-4f1c";
const LONG: Duration = Duration::from_mins(1);

struct Login {
    port: u16,
    waiting: JoinHandle<(Callback, CallbackOutcome)>,
}

impl Login {
    async fn start(timeout: Duration) -> Self {
        let callback = Callback::bind(&"http://127.0.0.1:0/callback".parse().unwrap()).await.unwrap();
        let port = callback.redirect_uri().url().port().unwrap();
        let waiting = tokio::spawn(async move {
            let outcome = callback.wait(STATE, timeout).await;
            callback.finish(&LoginEnd::LoggedIn { user: Some("A<d>a\u{202e}".to_owned()) }).await;
            (callback, outcome)
        });
        tokio::task::yield_now().await;
        Self { port, waiting }
    }

    async fn get(&self, target: &str) -> String {
        self.raw(&format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port)).await
    }

    async fn raw(&self, request: &str) -> String {
        exchange(self.port, request).await
    }

    /// The login goes on waiting and can still be finished.
    async fn still_waits(self) {
        assert!(!self.waiting.is_finished());
        assert!(self.get(&format!("/callback?code=later&state={STATE}")).await.contains("You are logged in as"));
        assert!(
            matches!(self.waiting.await.unwrap().1, CallbackOutcome::Code(Consent { code, .. }) if code.expose() == "later")
        );
    }
}

/// Reads until these words have come.
async fn until(stream: &mut TcpStream, words: &str) -> String {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(words) {
        let mut part = [0; 512];
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "{words} did not come: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&part[..read]);
    }
    String::from_utf8(seen).unwrap()
}

async fn exchange(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that refuses before it has read everything may reset; what it said before is what counts.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn the_page_waits_for_the_end_of_the_login_and_tells_it() {
    let callback = Callback::bind(&"http://127.0.0.1:0/callback".parse().unwrap()).await.unwrap();
    let port = callback.redirect_uri().url().port().unwrap();
    let waiting = tokio::spawn(async move { (callback.wait(STATE, LONG).await, callback) });
    tokio::task::yield_now().await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET /callback?code=c0de&state={STATE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let (outcome, callback) = waiting.await.unwrap();
    assert!(matches!(outcome, CallbackOutcome::Code(Consent { code, .. }) if code.expose() == "c0de"));
    // Nothing is told before it is known.
    let mut page = until(&mut stream, "</main>").await;
    assert_eq!(status(&page), "200");
    assert!(page.contains("Finishing the login") && !page.contains("logged in"), "{page}");
    callback.finish(&LoginEnd::LoggedIn { user: Some("A<d>a\u{202e}".to_owned()) }).await;
    drop(callback);
    // The server is gone; everything must have been sent.
    stream.read_to_string(&mut page).await.unwrap();
    assert!(page.contains("</html>") && page.contains("You are logged in as A&#60;d&#62;a<"), "{page}");
    assert!(!page.contains("c0de") && !page.contains(STATE));
    // What the first part says is hidden by the second, and the address loses code and state.
    assert!(page.contains("main:has(~main){display:none}") && page.matches("<main").count() == 2);
    assert!(page.contains(r#"<script>history.replaceState(null,"",location.pathname)</script>"#), "{page}");
    let head = page.split("\r\n\r\n").next().unwrap().to_lowercase();
    for line in [
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "content-security-policy: default-src 'none'; script-src 'sha256-",
        "x-frame-options: deny",
    ] {
        assert!(head.contains(line), "{head}");
    }
    assert!(!head.contains("unsafe"));
}

#[tokio::test]
async fn a_login_that_fails_is_told_in_the_language_of_the_browser() {
    let words = |what: &str, next: &str| PageWords { what: what.to_owned(), next: next.to_owned() };
    for (language, told) in [("en", ["not finished", "no <b> (", "again"]), ("zh", ["登录未完成", "不（", "重来"])]
    {
        let callback = Callback::bind(&"http://127.0.0.1:0/callback".parse().unwrap()).await.unwrap();
        let port = callback.redirect_uri().url().port().unwrap();
        let visit = tokio::spawn(async move {
            let host = format!("Host: 127.0.0.1:{port}\r\nAccept-Language: {language}\r\n");
            exchange(port, &format!("GET /callback?code=c&state={STATE} HTTP/1.1\r\n{host}\r\n")).await
        });
        assert!(matches!(callback.wait(STATE, LONG).await, CallbackOutcome::Code(_)));
        let end = LoginEnd::Failed {
            code: Code::CodeRefused,
            english: words("no <b>", "again"),
            chinese: words("不", "重来"),
        };
        callback.finish(&end).await;
        let page = visit.await.unwrap();
        for words in told {
            assert!(page.contains(&words.replace("<b>", "&#60;b&#62;")), "{words}: {page}");
        }
        assert!(page.contains(&Code::CodeRefused.to_string()), "{page}");
    }
}

/// 1. The browser has brought the code. 2. The program ends without a word. What the page says is true all the same.
#[tokio::test]
async fn a_program_that_ends_leaves_a_page_that_points_to_the_terminal() {
    let callback = Callback::bind(&"http://127.0.0.1:0/callback".parse().unwrap()).await.unwrap();
    let port = callback.redirect_uri().url().port().unwrap();
    let visit = tokio::spawn(async move {
        let request = format!("GET /callback?code=c&state={STATE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let page = until(&mut stream, "</main>").await;
        (stream, page)
    });
    assert!(matches!(callback.wait(STATE, LONG).await, CallbackOutcome::Code(_)));
    let (mut stream, page) = visit.await.unwrap();
    drop(callback);
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(page.contains("look in the terminal") && !String::from_utf8_lossy(&rest).contains("<main"));
}

#[tokio::test]
async fn a_callback_that_is_not_believed_is_told_to_the_program() {
    let callback = Callback::bind(&"http://127.0.0.1:0/callback".parse().unwrap()).await.unwrap();
    let port = callback.redirect_uri().url().port().unwrap();
    for (query, expected) in [
        ("code=c&state=other".to_owned(), IgnoredCallback::AnotherLogin),
        (format!("state={STATE}"), IgnoredCallback::Incomplete),
    ] {
        let seen = tokio::select! {
            seen = callback.ignored() => seen,
            _ = callback.wait(STATE, LONG) => panic!("it was believed"),
            // Once it is answered the word of it has been left.
            () = async {
                let host = format!("Host: 127.0.0.1:{port}\r\n");
                exchange(port, &format!("GET /callback?{query} HTTP/1.1\r\n{host}\r\n")).await;
                std::future::pending::<()>().await;
            } => unreachable!(),
        };
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn a_page_whose_address_was_cleaned_may_be_loaded_again() {
    let login = Login::start(LONG).await;
    login.get(&format!("/callback?code=first&state={STATE}")).await;
    let (_callback, _) = login.waiting.await.unwrap();
    let request = format!("GET /callback HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", login.port);
    assert!(exchange(login.port, &request).await.contains("Already done"));
}

/// 1. The login is waited for. 2. The program gets the code another way. 3. The browser comes all the same.
#[tokio::test]
async fn a_browser_that_comes_after_a_pasted_code_is_told_so() {
    let callback = Callback::bind(&"http://127.0.0.1:0/callback".parse().unwrap()).await.unwrap();
    let port = callback.redirect_uri().url().port().unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(1), callback.wait(STATE, LONG)).await.is_err());
    let request = format!("GET /callback?code=c&state={STATE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    let page = exchange(port, &request).await;
    assert!(status(&page) == "409" && page.contains("Already done"), "{page}");
}

#[tokio::test]
async fn a_wrong_or_missing_state_is_refused_and_the_waiting_goes_on() {
    let login = Login::start(LONG).await;
    for query in [
        "code=c&state=other",
        "code=c",
        "",
        "state=",
        "code=c&state=st-4f1",
        "error=access_denied&state=x",
        "code=c&state=st-4f1c&state=st-4f1c",
    ] {
        let answer = login.get(&format!("/callback?{query}")).await;
        assert_eq!(status(&answer), "400", "{query}");
        assert!(answer.contains("Not this login"), "{query}");
    }
    login.still_waits().await;
}

#[tokio::test]
async fn a_second_callback_is_told_that_all_is_done() {
    let login = Login::start(LONG).await;
    let target = format!("/callback?code=first&state={STATE}");
    assert_eq!(status(&login.get(&target).await), "200");
    let (callback, outcome) = login.waiting.await.unwrap();
    assert!(matches!(outcome, CallbackOutcome::Code(Consent { code, .. }) if code.expose() == "first"));
    let request = |code: &str| {
        format!("GET /callback?code={code}&state={STATE} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", login.port)
    };
    let again = exchange(login.port, &request("second")).await;
    assert_eq!(status(&again), "409");
    assert!(again.contains("Already done"));
    drop(callback);
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(("127.0.0.1", login.port)).await.is_err());
}

#[tokio::test]
async fn many_callbacks_at_once_make_one_login() {
    let login = Login::start(LONG).await;
    let visits = (0..20).map(|n| {
        let request =
            format!("GET /callback?code=c{n}&state={STATE} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", login.port);
        let port = login.port;
        tokio::spawn(async move { exchange(port, &request).await })
    });
    let visits: Vec<_> = visits.collect();
    let (_callback, outcome) = login.waiting.await.unwrap();
    assert!(matches!(outcome, CallbackOutcome::Code(_)));
    let mut received = 0;
    for visit in visits {
        let page = visit.await.unwrap();
        received += usize::from(status(&page) == "200");
        assert!(["200", "409"].contains(&status(&page)));
    }
    assert_eq!(received, 1);
}

#[tokio::test]
async fn the_gate_leads_on_once() {
    let callback = Callback::bind(&"http://127.0.0.1:0/callback".parse().unwrap()).await.unwrap();
    let port = callback.redirect_uri().url().port().unwrap();
    let login = Url::parse("https://accounts.test/authorize?state=st-4f1c&x=1").unwrap();
    let gate = callback.gate(&login, "n0nce");
    assert_eq!(gate.as_str(), format!("http://127.0.0.1:{port}/go/n0nce"));
    let visit = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    for wrong in ["/go/", "/go/n0nc", "/go/n0ncee", "/go/other"] {
        assert_eq!(status(&exchange(port, &visit(wrong)).await), "404", "{wrong}");
    }
    let foreign = "GET /go/n0nce HTTP/1.1\r\nHost: evil.test\r\n\r\n";
    assert_eq!(status(&exchange(port, foreign).await), "421");
    let first = exchange(port, &visit(gate.path())).await;
    assert_eq!(status(&first), "302");
    assert!(first.contains(login.as_str()) && first.to_lowercase().contains("cache-control: no-store"), "{first}");
    assert_eq!(status(&exchange(port, &visit(gate.path())).await), "404");
}

#[tokio::test]
async fn another_path_or_method_is_refused() {
    let login = Login::start(LONG).await;
    for path in ["/", "/callback/", "/callbac", "/Callback", "/favicon.ico", "/callback%2f"] {
        let answer = login.get(&format!("{path}?code=c&state={STATE}")).await;
        assert_eq!(status(&answer), "404", "{path}");
        assert!(answer.contains("Nothing here"));
    }
    for method in ["POST", "HEAD", "PUT", "OPTIONS"] {
        let target = format!("/callback?code=c&state={STATE}");
        let host = format!("Host: 127.0.0.1:{}\r\nContent-Length: 0\r\n", login.port);
        let answer = login.raw(&format!("{method} {target} HTTP/1.1\r\n{host}\r\n")).await;
        assert_eq!(status(&answer), "405", "{method}");
        assert!(answer.to_lowercase().contains("allow: get"));
    }
    login.still_waits().await;
}

#[tokio::test]
async fn a_foreign_host_is_refused() {
    let login = Login::start(LONG).await;
    let port = login.port;
    let target = format!("/callback?code=c&state={STATE}");
    let mine = format!("127.0.0.1:{port}");
    let requests = [
        format!("GET {target} HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
        format!("GET {target} HTTP/1.1\r\nHost: {mine}\r\nHost: {mine}\r\n\r\n"),
        format!("GET {target} HTTP/1.0\r\n\r\n"),
        format!("GET http://evil.example{target} HTTP/1.1\r\nHost: {mine}\r\n\r\n"),
    ];
    for request in requests {
        let answer = login.raw(&request).await;
        assert_eq!(status(&answer), "421", "{request}{answer}");
        assert!(answer.contains("Wrong address"));
    }
    login.still_waits().await;
}

#[tokio::test]
async fn an_oversized_request_is_refused() {
    let login = Login::start(LONG).await;
    let host = format!("Host: 127.0.0.1:{}\r\n", login.port);
    let head = format!("GET /callback?code=c&state={STATE} HTTP/1.1\r\n{host}");
    let big = login.raw(&format!("{head}Cookie: {}\r\n\r\n", "a".repeat(17 * 1024))).await;
    assert_eq!(status(&big), "431");
    assert!(big.contains("Request too long"));
    let target = login.get(&format!("/callback?code={}&state={STATE}", "c".repeat(17 * 1024))).await;
    assert_eq!(status(&target), "431");
    let huge = login.raw(&format!("{head}Cookie: {}\r\n\r\n", "a".repeat(1024 * 1024))).await;
    assert!(["431", ""].contains(&status(&huge)), "{huge}");
    let many = login.raw(&format!("{head}{}\r\n", "A: b\r\n".repeat(500))).await;
    assert!(["431", "400", ""].contains(&status(&many)), "{many}");
    login.still_waits().await;
}

#[tokio::test]
async fn nonsense_is_survived() {
    let login = Login::start(LONG).await;
    for nonsense in [
        "\r\n\r\n",
        "GET\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /%ff%zz?%%% HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let answer = login.raw(&format!("{nonsense}\r\n\r\n")).await;
        assert!(!answer.contains("Finishing the login"));
    }
    drop(TcpStream::connect(("127.0.0.1", login.port)).await.unwrap());
    login.still_waits().await;
}

#[tokio::test]
async fn a_refusal_is_told_and_made_harmless() {
    let login = Login::start(LONG).await;
    let query = format!("error=access_denied&error_description=no%1b%5b31m%20way%e2%80%ae%3cb%3e&state={STATE}");
    let page = login.get(&format!("/callback?{query}")).await;
    assert_eq!(status(&page), "200");
    assert!(page.contains("Login refused") && !page.contains("way"));
    let CallbackOutcome::Denied { error, description } = login.waiting.await.unwrap().1 else { panic!() };
    assert_eq!((error.as_str(), description.as_deref()), ("access_denied", Some("no[31m way<b>")));
}

#[tokio::test]
async fn an_answer_without_a_code_is_refused() {
    let login = Login::start(LONG).await;
    for query in ["", "code=&", "code=a%20b&", "code=a&code=b&", "code=%e7%a0%81&"] {
        let page = login.get(&format!("/callback?{query}state={STATE}")).await;
        assert_eq!(status(&page), "400", "{query}");
        assert!(page.contains("Incomplete answer"), "{query}");
    }
    login.still_waits().await;
}

#[tokio::test]
async fn nobody_coming_ends_the_wait_and_a_late_visitor_is_told() {
    let login = Login::start(Duration::from_millis(30)).await;
    let (_callback, outcome) = login.waiting.await.unwrap();
    assert!(matches!(outcome, CallbackOutcome::TimedOut));
    let request = format!("GET /callback?code=c&state={STATE} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", login.port);
    let page = exchange(login.port, &request).await;
    assert_eq!(status(&page), "410");
    assert!(page.contains("Too late"));
}

/// 1. The time is up. 2. A visitor brings the code before the wait has looked. What the person was told must be true: the code
/// counts.
#[tokio::test]
async fn a_visitor_at_the_last_moment_counts() {
    let callback = Callback::bind(&"http://127.0.0.1:0/callback".parse().unwrap()).await.unwrap();
    let shared = Arc::clone(&callback.shared);
    let waiting = tokio::spawn(async move { callback.wait(STATE, Duration::from_millis(20)).await });
    tokio::task::yield_now().await;
    // On one thread nothing else runs meanwhile.
    std::thread::sleep(Duration::from_millis(40));
    let answer = Answer::read(&format!("code=late&state={STATE}"));
    assert_eq!(shared.receive(&answer, "code=late"), Page::Received);
    assert!(matches!(waiting.await.unwrap(), CallbackOutcome::Code(Consent { code, .. }) if code.expose() == "late"));
}

#[tokio::test]
async fn idle_visitors_keep_nobody_out() {
    let login = Login::start(LONG).await;
    let mut idle = Vec::new();
    for _ in 0..2 * MAX_CONNECTIONS {
        let mut stream = TcpStream::connect(("127.0.0.1", login.port)).await.unwrap();
        stream.write_all(b"GET /callback?code=x").await.unwrap();
        idle.push(stream);
    }
    // All places are taken by visitors that never finish; the oldest makes room, long before its time is over.
    let target = format!("/callback?code=later&state={STATE}");
    let page = tokio::time::timeout(HEADER_TIME / 2, login.get(&target)).await.unwrap();
    assert_eq!(status(&page), "200");
    assert!(matches!(login.waiting.await.unwrap().1, CallbackOutcome::Code(_)));
}

#[tokio::test]
async fn a_page_is_in_the_language_of_the_browser() {
    let login = Login::start(LONG).await;
    let host = format!("Host: 127.0.0.1:{}\r\n", login.port);
    let page = login.raw(&format!("GET /x HTTP/1.1\r\n{host}Accept-Language: zh-CN,zh;q=0.9\r\n\r\n")).await;
    assert!(page.contains("lang=\"zh-CN\"") && page.contains("这里没有内容"));
    login.still_waits().await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost"] {
        let url = Url::parse(&format!("http://{host}:{port}/callback")).unwrap();
        let error = Callback::bind(&url.clone().into()).await.unwrap_err();
        assert_eq!(error.code(), Code::PortInUse);
        assert!(error.to_string().contains(&format!("port {port} is in use")), "{error}");
    }
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    for url in [
        "http://0.0.0.0:0/",
        "http://192.168.1.4:9/",
        "http://example.com/",
        "https://127.0.0.1:0/",
        "http://[::]:0/",
        "http://localhost.evil.example:0/",
    ] {
        let error = Callback::bind(&url.parse().unwrap()).await.unwrap_err();
        assert!(matches!(error, CallbackError::NotLoopback { .. }), "{url}");
        assert_eq!(error.code(), Code::BadSetting);
    }
    let callback = Callback::bind(&"http://127.0.0.1:0/callback".parse().unwrap()).await.unwrap();
    let port = callback.redirect_uri().url().port().unwrap();
    // Another address of this machine reaches nothing, though 127/8 is all loopback.
    assert!(TcpStream::connect(("127.0.0.2", port)).await.is_err());
}

#[tokio::test]
async fn localhost_is_listened_for_on_both_families() {
    let callback = Callback::bind(&"http://localhost:0/back".parse().unwrap()).await.unwrap();
    let port = callback.redirect_uri().url().port().unwrap();
    assert_eq!(callback.redirect_uri().as_str(), format!("http://localhost:{port}/back"));
    let six = std::net::TcpListener::bind("[::1]:0").is_ok();
    for address in ["127.0.0.1", "[::1]"].iter().take(1 + usize::from(six)) {
        let mut stream = TcpStream::connect(format!("{address}:{port}")).await.unwrap();
        stream.write_all(format!("GET /x HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(status(&answer), "404");
    }
}
