//! The loopback callback through the true binary: who may come back, and what a person sees.

use std::time::Duration;

use tokenward_emulator::Consent;
use url::Url;

use crate::project::Project;
use crate::world::{Started, World, browse, get, talk};

/// A login that waits, its authorization address and its callback.
fn waiting(world: &World) -> (Started, Url, Url) {
    let mut login = Started::new(&mut world.command(&["login", "--no-browser", "--port", "0", "--timeout", "20s"]));
    let url = Url::parse(&login.line()).unwrap();
    let (_, callback) = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap();
    let callback = Url::parse(&callback).unwrap();
    (login, url, callback)
}

fn state(url: &Url) -> String {
    url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

#[test]
fn strangers_change_nothing_and_the_true_one_still_gets_in() {
    let world = World::new();
    let (login, url, callback) = waiting(&world);
    let host = format!("127.0.0.1:{}", callback.port().unwrap());
    let ask = |path: &str, host_header: &str| {
        let answer = talk(&host, &format!("GET {path} HTTP/1.1\r\nHost: {host_header}\r\nConnection: close\r\n\r\n"));
        answer.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok()).unwrap_or(0)
    };
    let state = state(&url);
    assert!((400..500).contains(&ask("/callback?code=stolen&state=wrong", &host)), "wrong state");
    assert!((400..500).contains(&ask("/callback?code=stolen", &host)), "no state");
    assert!((400..500).contains(&ask("/favicon.ico", &host)), "wrong path");
    assert!((400..500).contains(&ask(&format!("/callback?code=stolen&state={state}"), "evil.example")), "foreign host");
    let oversized = format!("/callback?code={}&state={state}", "x".repeat(200_000));
    assert!(!(200..300).contains(&ask(&oversized, &host)), "oversized");
    let (status, page) = browse(url.as_str());
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("<html"), "{page}");
    login.finish().succeeds();
    assert_eq!(world.sandbox.counters().exchanges, 1);
}

#[test]
fn the_server_listens_on_loopback_only() {
    let world = World::new();
    let (login, url, callback) = waiting(&world);
    let port = format!("{:04X}", callback.port().unwrap());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    // Column 2 is the local address in hexadecimal, column 4 the state; 0A is listening.
    let listening: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|columns| columns.get(3) == Some(&"0A") && columns[1].ends_with(&format!(":{port}")))
        .map(|columns| columns[1].to_owned())
        .collect();
    assert_eq!(listening, [format!("0100007F:{port}")]);
    browse(url.as_str());
    login.finish().succeeds();
}

#[test]
fn a_denial_is_told_on_the_page_and_on_the_terminal() {
    let world = World::new();
    world.sandbox.rules(|rules| rules.consent = Consent::Deny);
    let (login, url, _) = waiting(&world);
    let (_, page) = browse(url.as_str());
    assert!(page.contains("<html"), "{page}");
    login.finish().fails(3, "TW0407");
    assert_eq!(world.sandbox.counters().exchanges, 0);
}

#[test]
fn nobody_coming_ends_in_time() {
    let world = World::new();
    // The page may have shown a code; what it is about is named, also where the app is a file's.
    let project = Project::of(world);
    let app = &project.world.app;
    project.write(".env", &format!("FEISHU_APP_ID={}\nFEISHU_APP_SECRET={}\n", app.id, app.secret));
    for file in [&[][..], &["--env-file", ".env"]] {
        for lang in ["en", "zh"] {
            let words = ["login", "--no-browser", "--port", "0", "--timeout", "1s", "--lang", lang];
            let ran = project.run(&[&words[..], file].concat());
            ran.fails(3, "TW0408");
            for word in ["20029", "20027", "http://127.0.0.1:", "/callback"] {
                let next = ran.err.lines().find(|line| line.contains("20029"));
                assert!(next.is_some_and(|line| line.contains(word)), "{word} in {ran:?}");
            }
        }
    }
}

#[test]
fn a_second_visit_spends_nothing_more() {
    let world = World::new();
    let (login, url, _) = waiting(&world);
    let (_, location, _) = get(&url);
    let location = Url::parse(&location.unwrap()).unwrap();
    assert_eq!(get(&location).0, 200);
    // The server may be gone by now, or tell that the code was taken; never a second exchange.
    if let Ok(stream) = std::net::TcpStream::connect(("127.0.0.1", location.port().unwrap())) {
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    }
    login.finish().succeeds();
    assert_eq!(world.sandbox.counters().exchanges, 1);
}

#[test]
fn a_code_that_the_provider_refuses_leaves_the_earlier_login_alone() {
    let world = World::logged_in();
    let token = world.run(&["token"]).out;
    let (login, url, callback) = waiting(&world);
    let mut forged = callback;
    forged.query_pairs_mut().append_pair("code", "never-issued").append_pair("state", &state(&url));
    get(&forged);
    let ran = login.finish();
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(world.run(&["token"]).out, token);
}

#[test]
fn a_redirect_url_elsewhere_needs_paste() {
    let world = World::new();
    let ran = world.run_with(&[("TOKENWARD_REDIRECT_URI", "https://example.com/cb")], &["login", "--no-browser"]);
    assert!(ran.code == 2 && ran.err.contains("--paste"), "{ran:?}");
}
