//! `proxy`: an address at which the API needs no token.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use tokenward_emulator::Fault;
use tokenward_testkit::wait_until;

use crate::terminal::AtTerminal;
use crate::world::{Started, World, talk};

const ECHO: &str = "/open-apis/sandbox/v1/echo";

/// A proxy that runs, its address and its settings.
struct Proxy {
    started: Started,
    url: String,
    env: Vec<(String, String)>,
}

impl Proxy {
    fn new(world: &World, more: &[&str]) -> Self {
        Self::with(world, &[], more)
    }

    fn with(world: &World, variables: &[(&str, &str)], more: &[&str]) -> Self {
        let words = [&["proxy", "--listen", "127.0.0.1:0", "--print-env"], more].concat();
        let mut started = Started::new(world.command(&words).envs(variables.iter().copied()));
        let mut env: Vec<(String, String)> = Vec::new();
        // The last one of every identity.
        while env.last().is_none_or(|(name, _)| name != "LARK_TOKEN_MODE") {
            let line = started.line();
            let (name, value) =
                line.strip_prefix("export ").and_then(|line| line.split_once('=')).unwrap_or_else(|| {
                    panic!("{line:?}");
                });
            env.push((name.to_owned(), value.trim_matches('\'').to_owned()));
        }
        let url = env[0].1.clone();
        Self { started, url, env }
    }

    fn ask(&self, method: &str, path: &str) -> (u16, Value) {
        let rest = self.url.strip_prefix("http://").unwrap();
        let (host, prefix) =
            rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
        let head = format!("{method} {prefix}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = talk(host, &head);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}")))
    }
}

#[test]
fn a_program_needs_an_address_and_no_token() {
    let world = World::logged_in();
    let proxy = Proxy::new(&world, &["--no-secret"]);
    let names: Vec<_> = proxy.env.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["TOKENWARD_PROXY_URL", "LARK_DOMAIN", "APP_ID", "APP_SECRET", "LARK_TOKEN_MODE"]);
    let (status, answer) = proxy.ask("GET", &format!("{ECHO}?token=in-the-query"));
    assert_eq!(
        (status, &answer["data"]["headers"]["authorization"]),
        (200, &json!(["is the current user token: yes"]))
    );
    let (status, answer) = proxy.ask("POST", "/open-apis/authen/v2/oauth/token");
    assert_eq!((status, &answer["error"]["tokenward"]), (403, &json!("TW0823")));
    assert!(answer["msg"].as_str().unwrap().contains("`tokenward login`"), "{answer}");
    proxy.started.signal("INT");
    let ran = proxy.started.finish();
    ran.succeeds();
    assert!(ran.err.contains("200  GET    /open-apis/sandbox/v1/echo  "), "{ran:?}");
    assert!(
        ran.err.contains("403  POST   /open-apis/authen/v2/oauth/token  ") && ran.err.contains("TW0823"),
        "{ran:?}"
    );
    assert!(ran.out.contains("USER_ACCESS_TOKEN='u-tokenward-") && !ran.err.contains("in-the-query"), "{ran:?}");
    for secret in world.secrets() {
        assert!(!ran.out.contains(&secret) && !ran.err.contains(&secret));
    }
}

/// Whoever wants none says so, and may then let in nobody from elsewhere.
#[test]
fn a_secret_is_the_default() {
    let world = World::logged_in();
    let proxy = Proxy::new(&world, &[]);
    let (address, secret) = proxy.url.split_once("/s/").unwrap();
    assert!(secret.len() >= 32, "{secret}");
    assert_eq!(proxy.ask("GET", ECHO).0, 200);
    let host = address.trim_start_matches("http://");
    assert!(talk(host, &format!("GET {ECHO} HTTP/1.0\r\n\r\n")).starts_with("HTTP/1.0 401 "));
    for more in ["--secret", "--allow-remote", "--allow-host=x", "--allow-origin=http://localhost:3000"] {
        world.run(&["proxy", "--listen", "0", "--no-secret", more]).fails(2, "TW0200");
    }
}

#[test]
fn a_token_that_dies_on_the_way_is_rotated() {
    let world = World::logged_in();
    let proxy = Proxy::new(&world, &["default"]);
    assert_eq!(proxy.ask("GET", ECHO).0, 200);
    world.advance(7300);
    let (status, answer) = proxy.ask("GET", ECHO);
    assert_eq!(
        (status, &answer["data"]["headers"]["authorization"]),
        (200, &json!(["is the current user token: yes"]))
    );
    proxy.started.signal("TERM");
    let ran = proxy.started.finish();
    ran.succeeds();
    assert!(ran.err.contains("token refreshed"), "{ran:?}");
    assert_eq!(world.sandbox.counters().rotations, 1);
}

#[test]
fn a_new_login_is_found_after_a_logout() {
    let world = World::logged_in();
    let proxy = Proxy::new(&world, &[]);
    world.run(&["logout", "--yes"]).succeeds();
    let (status, answer) = proxy.ask("GET", ECHO);
    assert_eq!((status, &answer["error"]["tokenward"]), (401, &json!("TW0401")));
    world.login(&[]).succeeds();
    assert_eq!(proxy.ask("GET", ECHO).0, 200);
}

#[test]
fn an_answer_names_the_profile_that_it_is_for() {
    let world = World::logged_in();
    world.login(&["-p", "work"]).succeeds();
    let proxy = Proxy::new(&world, &["work"]);
    world.run(&["logout", "work", "--yes"]).succeeds();
    let (status, answer) = proxy.ask("GET", ECHO);
    assert_eq!((status, &answer["error"]["tokenward"]), (401, &json!("TW0401")));
    assert!(answer["msg"].as_str().unwrap().contains("`tokenward login --profile work`"), "{answer}");
}

#[test]
fn answers_of_our_own_follow_the_language() {
    let world = World::logged_in();
    let proxy = Proxy::new(&world, &["--lang", "zh", "--as", "tenant"]);
    let (_, answer) = proxy.ask("GET", ECHO);
    assert_eq!(answer["data"]["headers"]["authorization"], json!(["is the current tenant token: yes"]));
    let (_, answer) = proxy.ask("GET", "/oauth/v1/revoke");
    assert!(answer["msg"].as_str().unwrap().contains("代理不转发登录请求"), "{answer}");
}

#[test]
fn an_address_that_others_reach_needs_two_words() {
    let world = World::logged_in();
    for more in [&[][..], &["--secret"]] {
        let ran = world.run(&[&["proxy", "--listen", "0.0.0.0:0"], more].concat());
        ran.fails(2, "TW0824");
    }
    let words = ["proxy", "--listen", "0.0.0.0:0", "--allow-remote", "--secret"];
    let mut started = Started::new(&mut world.command(&words));
    let line = started.line();
    assert!(line.starts_with("export TOKENWARD_PROXY_URL='http://127.0.0.1:") && line.contains("/s/"), "{line}");
    started.signal("INT");
    let ran = started.finish();
    assert!(ran.succeeds().err.contains("other machines can reach 0.0.0.0:"), "{ran:?}");
}

/// What is no terminal may be a container's log, which others read than the secret's file.
#[test]
fn a_secret_is_written_to_no_log() {
    let world = World::logged_in();
    let file = world.home.join("proxy.secret");
    let words = ["proxy", "--listen", "127.0.0.1:0", "--secret-file", file.to_str().unwrap()];
    let mut started = Started::new(&mut world.command(&words));
    started.until_told("--print-env prints the settings");
    started.signal("TERM");
    let ran = started.finish();
    let secret = std::fs::read_to_string(&file).unwrap();
    assert!(!ran.succeeds().out.contains(secret.trim()) && !ran.err.contains(secret.trim()), "{ran:?}");
    assert!(ran.err.contains("/s/…"), "{ran:?}");
    // One that was drawn stands where it can be read by whoever asked for it, and in no message.
    let mut started = Started::new(&mut world.command(&words[..3]));
    let line = started.line();
    let secret = line.trim_end_matches('\'').rsplit_once("/s/").unwrap().1.to_owned();
    started.signal("TERM");
    let ran = started.finish();
    assert!(!ran.succeeds().err.contains(&secret) && ran.err.contains("use --secret-file FILE"), "{ran:?}");
    // At a terminal the whole address is shown.
    let mut proxy = AtTerminal::new(&world, "proxy --listen 127.0.0.1:0");
    proxy.until("USER_ACCESS_TOKEN=");
    let shown = proxy.seen();
    let whole = shown.lines().find(|line| line.contains("listens on")).unwrap();
    assert!(!whole.contains("/s/…") && whole.contains("/s/"), "{shown}");
}

#[test]
fn a_secret_stays_in_its_file() {
    let world = World::logged_in();
    let file = world.home.join("proxy.secret");
    let path = file.to_str().unwrap();
    let first = Proxy::new(&world, &["--secret-file", path]);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = std::fs::read_to_string(&file).unwrap();
    assert!(first.url.ends_with(&format!("/s/{}", secret.trim())), "{}", first.url);
    assert_eq!(first.ask("GET", ECHO).0, 200);
    let bare = first.url.split("/s/").next().unwrap().trim_start_matches("http://");
    assert!(talk(bare, &format!("GET {ECHO} HTTP/1.0\r\n\r\n")).starts_with("HTTP/1.0 401 "));
    let second = Proxy::new(&world, &["--secret-file", path]);
    assert_eq!(first.url.split("/s/").nth(1), second.url.split("/s/").nth(1));
    second.started.signal("INT");
    let told = second.started.finish().err;
    assert!(!told.contains(secret.trim()), "{told}");

    std::fs::write(&file, "short\n").unwrap();
    world.run(&["proxy", "--listen", "0", "--secret-file", path]).fails(2, "TW0203");
    world.run(&["proxy", "--listen", "0", "--secret-file", "/no/such/folder/file"]).fails(2, "TW0210");
}

#[test]
fn what_cannot_be_listened_on_is_told() {
    let world = World::logged_in();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    world.run(&["proxy", "--listen", &address]).fails(2, "TW0206");
    world.run(&["proxy", "--listen", "example.com:80"]).fails(2, "TW0200");
    world.run(&["proxy", "--listen", "0", "--allow-origin", "localhost"]).fails(2, "TW0207");
    let nobody = World::new();
    nobody.run(&["proxy", "--listen", "0"]).fails(3, "TW0401");
}

#[test]
fn for_programs_it_speaks_json() {
    let world = World::logged_in();
    let mut started = Started::new(&mut world.command(&["proxy", "--listen", "0", "--json", "--no-secret"]));
    let mut text = String::new();
    let document: Value = loop {
        text.push_str(&started.line());
        text.push('\n');
        match serde_json::from_str(&text) {
            Ok(document) => break document,
            Err(error) => assert!(error.is_eof(), "{text}"),
        }
    };
    assert_eq!((&document["identity"], &document["profile"]), (&json!("user"), &json!("default")));
    assert_eq!(document["env"]["LARK_DOMAIN"], document["url"]);
    let host = document["address"].as_str().unwrap().to_owned();
    world.sandbox.inject(Fault::code(99_991_677).to(ECHO));
    talk(&host, &format!("GET {ECHO} HTTP/1.0\r\n\r\n"));
    started.signal("INT");
    let ran = started.finish();
    let lines: Vec<Value> = ran.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let request = lines.iter().find_map(|line| line.get("request")).unwrap();
    assert_eq!((&request["method"], &request["path"]), (&json!("GET"), &json!(ECHO)));
    assert_eq!(
        (&request["http_status"], &request["refreshed"], &request["code"]),
        (&json!(200), &json!(true), &Value::Null)
    );
}

/// Ctrl-C while a request is under way: it ends well; a second one does not wait for it.
#[test]
fn the_second_signal_does_not_wait() {
    let world = World::logged_in();
    for again in [false, true] {
        let proxy = Proxy::new(&world, &["--no-secret"]);
        world.sandbox.inject(Fault::new(tokenward_emulator::FaultKind::Hang).to(ECHO));
        let host = proxy.url.trim_start_matches("http://").to_owned();
        let mut line = std::net::TcpStream::connect(&host).unwrap();
        std::io::Write::write_all(&mut line, format!("GET {ECHO} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
        wait_until(|| world.sandbox.hanging() > 0);
        proxy.started.signal("INT");
        // The listener goes first; from then on a signal is the second one.
        wait_until(|| std::net::TcpStream::connect(&host).is_err());
        if again {
            proxy.started.signal("INT");
            assert_eq!(proxy.started.finish().code, 130);
            world.sandbox.release();
        } else {
            world.sandbox.release();
            proxy.started.finish().succeeds();
            let mut answer = String::new();
            line.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
        }
    }
}

/// `proxy -- CMD`: variables for one program, a free port, and an end with it.
#[test]
fn a_program_has_a_proxy_of_its_own_that_ends_with_it() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    let script = "env; echo \"url $TOKENWARD_PROXY_URL\"; while [ ! -e done ]; do sleep 0.05; done; exit 7";
    let mut started = Started::new(world.command(&["proxy", "--", "sh", "-c", script]).current_dir(folder.path()));
    let url = loop {
        let line = started.line();
        assert!(!line.is_empty());
        if let Some(url) = line.strip_prefix("url ") {
            break url.to_owned();
        }
    };
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    assert!(path.starts_with("s/") && !host.ends_with(":9770"), "{url}");
    let ask = || talk(host, &format!("GET /{path}{ECHO} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    assert!(ask().starts_with("HTTP/1.1 200"));
    // Ctrl-C is the program's own business, which goes on here.
    started.signal("INT");
    assert!(ask().starts_with("HTTP/1.1 200"));
    std::fs::write(folder.path().join("done"), "").unwrap();
    let ran = started.finish();
    assert_eq!((ran.code, ran.err.as_str()), (7, ""), "{ran:?}");
    assert!(ran.out.contains("LARK_DOMAIN=http://127.0.0.1:") && ran.out.contains("USER_ACCESS_TOKEN="), "{ran:?}");
    assert!(world.secrets().iter().all(|secret| !ran.out.contains(secret.as_str())), "{ran:?}");
    assert!(std::net::TcpStream::connect(host).is_err(), "the proxy is gone");
}

#[test]
fn the_program_beside_a_proxy_is_asked_to_end() {
    let world = World::logged_in();
    let script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let mut started = Started::new(&mut world.command(&["proxy", "-v", "--", "sh", "-c", script]));
    assert_eq!(started.line(), "ready");
    started.signal("TERM");
    assert_eq!(started.finish().code, 9);
    world.run(&["proxy", "--", "no-such-program"]).fails(2, "TW0209");
    world.run(&["proxy", "--print-env", "--", "true"]).fails(2, "TW0200");
}
