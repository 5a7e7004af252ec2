//! While a login is waited for: what the page says at its end, what can be pasted, and what the terminal is told.

use tokenward_emulator::{Consent, Fault, FaultKind, Operation};
use url::Url;

use crate::terminal::AtTerminal;
use crate::world::{Started, World, browse, get, run_fed};

/// A login in a browser that is elsewhere.
const LOGIN: &str = "login --port 0 --timeout 30s";

/// The authorization address on the screen.
fn address(shown: &str) -> Url {
    let line =
        shown.lines().map(str::trim).find(|line| line.starts_with("http://") && line.contains("state=")).unwrap();
    Url::parse(line).unwrap()
}

fn waiting(world: &World, more: &[&str]) -> (Started, Url) {
    let patience = if more.contains(&"--timeout") { &[][..] } else { &["--timeout", "20s"][..] };
    let words = ["login", "--no-browser", "--port", "0"];
    let mut login = Started::new(&mut world.command(&[&words[..], patience, more].concat()));
    let url = Url::parse(&login.line()).unwrap();
    (login, url)
}

#[test]
fn the_page_tells_who_is_logged_in() {
    let world = World::new();
    let (login, url) = waiting(&world, &[]);
    let (status, page) = browse(url.as_str());
    assert!(status == 200 && page.contains("You are logged in as Ada"), "{page}");
    login.finish().succeeds();
}

#[test]
fn the_page_tells_what_failed_and_what_to_do() {
    let world = World::new();
    let (login, url) = waiting(&world, &[]);
    let code = "never-issued";
    let (_, location, _) = get(&url);
    let mut forged = Url::parse(&location.unwrap()).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    forged.query_pairs_mut().clear().append_pair("code", code).append_pair("state", &state);
    let (_, _, page) = get(&forged);
    let ran = login.finish();
    assert_ne!(ran.code, 0, "{ran:?}");
    let told = page.split("(TW").nth(1).and_then(|rest| rest.get(..4)).unwrap_or_else(|| panic!("{page}"));
    assert!(page.contains("The login is not finished") && page.contains("tokenward login"), "{page}");
    assert!(ran.err.contains(told) && !page.contains(code), "{ran:?}");
}

#[test]
fn what_another_login_brings_is_told_once_and_ends_nothing() {
    let world = World::new();
    let (mut login, url) = waiting(&world, &[]);
    let (_, location, _) = get(&url);
    let back = Url::parse(&location.unwrap()).unwrap();
    let mut foreign = back.clone();
    foreign.query_pairs_mut().clear().append_pair("code", "x").append_pair("state", "other");
    for _ in 0..3 {
        assert_eq!(get(&foreign).0, 400);
        login.until_told("another login");
    }
    assert_eq!(get(&back).0, 200);
    let ran = login.finish();
    assert_eq!(ran.succeeds().err.matches("another login").count(), 1, "{ran:?}");
}

#[test]
fn a_page_that_led_nowhere_is_explained_while_it_is_waited_for() {
    let world = World::new();
    for (lang, still) in [("en", "still waits"), ("zh", "仍在等待")] {
        let (mut login, url) = waiting(&world, &["--timeout", "4s", "--lang", lang]);
        login.until_told(still);
        let callback = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
        browse(url.as_str());
        let ran = login.finish();
        let line = ran.succeeds().err.lines().find(|line| line.contains(still)).unwrap();
        assert!(["20027", "20029", "20048", &callback].into_iter().all(|word| line.contains(word)), "{ran:?}");
    }
}

#[test]
fn an_address_may_be_pasted_at_any_time_and_a_wrong_one_is_asked_for_again() {
    let world = World::new();
    let mut login = AtTerminal::new(&world, LOGIN);
    login.until("Copy the last address").until("waiting for the browser");
    let (_, location, _) = get(&address(&login.seen()));
    let back = location.unwrap();
    login.answer("hello\n").until("is not an address");
    login.answer(&format!("{}\n", back.replace("state=", "state=x"))).until("another login");
    login.answer(&format!("{back}\n"));
    let (shown, code) = login.end();
    assert!(code == 0 && shown.contains("Ada"), "{shown}");
    assert_eq!(world.sandbox.counters().exchanges, 1);
}

#[test]
fn paste_asks_again_and_takes_code_and_state_alone() {
    let world = World::new();
    let mut login = AtTerminal::new(&world, "login --paste");
    login.until("\u{1b}[0m ").answer("0123456789abcdef\n").until("code#state");
    let (_, location, _) = get(&address(&login.seen()));
    let back = Url::parse(&location.unwrap()).unwrap();
    let field = |name: &str| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    login.answer(&format!("{}#{}\n", field("code"), field("state")));
    let (shown, code) = login.end();
    assert!(code == 0 && shown.contains("Ada"), "{shown}");
}

/// 1. The browser comes back. 2. Whose the login is has to be answered. The line that is typed then is the answer.
#[test]
fn no_answer_is_lost_to_a_paste_that_was_not_needed() {
    let world = World::logged_in();
    let user = crate::logins::second_user(&world);
    world.sandbox.rules(|rules| rules.consent = Consent::Auto { user: Some(user) });
    let mut login = AtTerminal::new(&world, LOGIN);
    login.until("waiting for the browser");
    let (_, page) = browse(address(&login.seen()).as_str());
    assert!(page.contains("The login is not finished"), "{page}");
    login.until("[y/N]").answer("y\n");
    let (shown, code) = login.end();
    assert!(code == 0 && shown.contains("小明"), "{shown}");
}

#[test]
fn without_a_terminal_and_without_a_line_paste_names_ways_that_there_are() {
    let world = World::new();
    for (lang, words) in [("en", "stdin ended"), ("zh", "stdin 已结束")] {
        let ran = run_fed(&mut world.command(&["login", "--paste", "--lang", lang]), "");
        let told = &ran.fails(2, "TW0208").err;
        assert!(told.contains(words) && told.contains("tokenward login --device") && !told.contains("flag"), "{ran:?}");
    }
}

#[test]
fn an_ssh_session_is_told_that_no_browser_comes_back() {
    let world = World::new();
    let mut login = AtTerminal::with(&world, &[("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")], LOGIN);
    login.until("this is an SSH session").until("tokenward login --device").until("Copy the last address");
    let (_, location, _) = get(&address(&login.seen()));
    login.answer(&format!("{}\n", location.unwrap()));
    assert_eq!(login.end().1, 0);
    let ran = world.run_with(&[("container", "podman")], &["login", "--port", "0", "--timeout", "1s", "--lang", "zh"]);
    assert!(ran.err.contains("这是容器环境") && ran.err.contains("--device"), "{ran:?}");
}

/// Whoever follows the advice has the same login in the same file.
#[test]
fn another_way_to_log_in_is_advised_with_what_was_typed() {
    let world = World::new();
    let file = world.home.join("tokens.env");
    let words = format!("login --env-file {} --for wiki --port 0 --timeout 1s", file.display());
    let way = format!("tokenward login --env-file {} --for wiki", file.display());
    let mut login = AtTerminal::with(&world, &[("container", "podman"), ("COLUMNS", "500")], &words);
    login.until("simpler here");
    let (shown, code) = login.end();
    let shown = shown.replace(['\r', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(code == 3 && shown.contains(&format!("run `{way} --device`")), "{shown}");
    assert!(shown.contains(&format!("run `{way}` again")), "also once the time is over: {shown}");
    let typed: Vec<&str> = words.split(' ').chain(["-p", "work"]).collect();
    let ran = world.run_with(&[("container", "podman")], &typed);
    let told = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        ran.code == 2 && told.contains(" --for wiki --device`") && told.contains("login --profile work --env-file"),
        "{ran:?}"
    );
}

/// A build or a container is not held up for the five minutes of a login that nobody sees.
#[test]
fn a_login_that_nobody_could_finish_is_refused_at_once() {
    let world = World::new();
    for (variable, words) in
        [("container", "outside of this container"), ("SSH_CONNECTION", "this SSH session"), ("CI", "a build")]
    {
        let ran = world.run_with(&[(variable, "true")], &["login", "--port", "0", "--timeout", "10m"]);
        let told = &ran.fails(2, "TW0204").err;
        // In a container the other two are told as that.
        assert!(told.contains(words) || told.contains("this container"), "{ran:?}");
        for way in ["login --device`", "login --paste`", "login --no-browser`"] {
            assert!(told.contains(way), "{way}: {ran:?}");
        }
        let ran = world.run_with(&[(variable, "true")], &["login", "--no-browser", "--port", "0", "--timeout", "1s"]);
        assert!(ran.fails(3, "TW0408").out.starts_with("http"), "who says so is waited for: {ran:?}");
    }
    // A browser that can be opened may be that of a person.
    let variables = [("container", "podman"), ("BROWSER", "true")];
    world.run_with(&variables, &["login", "--port", "0", "--timeout", "1s"]).fails(3, "TW0408");
}

#[test]
fn a_device_login_says_how_long_it_waits_and_takes_the_line_away() {
    let world = World::new();
    world.sandbox.rules(|rules| rules.lifetimes.device_interval = 1);
    let (shown, code) = AtTerminal::new(&world, "login --device").end();
    assert!(code == 0 && shown.contains(" left"), "{shown}");
    let line = shown.split("\u{1b}[2K").last().unwrap();
    assert!(line.starts_with("logged in") || line.contains("Ada"), "{line:?}");
    let ran = world.run(&["login", "--device"]);
    assert!(ran.succeeds().err.contains("up to"), "{ran:?}");
}

#[test]
fn a_qr_code_is_drawn_where_it_fits() {
    let world = World::new();
    world.sandbox.rules(|rules| rules.lifetimes.device_interval = 1);
    for (columns, drawn) in [(60, false), (120, true), (0, true)] {
        let mut login = AtTerminal::wide(&world, columns, "login --qr --paste");
        login.until("\u{1b}[0m ");
        assert_eq!(login.seen().contains('▀'), drawn, "{columns}: {}", login.seen());
        let told = format!("this terminal has {columns}");
        assert_eq!(login.seen().contains(&told), !drawn, "{columns}: {}", login.seen());
    }
    // The device's address is short.
    let (shown, _) = AtTerminal::wide(&world, 60, "login --device --qr").end();
    assert!(shown.contains('▀'), "{shown}");
}

#[test]
fn a_terminal_of_no_columns_is_one_that_does_not_know() {
    let world = World::logged_in();
    for words in ["list", "links", "status"] {
        let (shown, _) = AtTerminal::wide(&world, 0, words).end();
        assert!(shown.lines().all(|line| line.is_empty() || line.trim().chars().count() > 3), "{shown}");
    }
}

#[test]
fn a_refused_exchange_is_no_login_on_the_page() {
    let world = World::new();
    let answer = FaultKind::Answer { status: 503, body: "<html>busy</html>".to_owned(), content_type: None };
    world.sandbox.inject(Fault::new(answer).when(Operation::Exchange));
    let (login, url) = waiting(&world, &[]);
    let (_, page) = browse(url.as_str());
    assert!(!page.contains("You are logged in"), "{page}");
    assert_ne!(login.finish().code, 0);
}
