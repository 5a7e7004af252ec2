//! `sandbox`: ready-to-use settings, and nothing left behind.

use crate::world::{Started, bare_command, browse, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tokenward");

#[test]
fn the_printed_settings_are_ready_to_use() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let redirect = format!("http://127.0.0.1:{port}/callback");
    let words = ["sandbox", "--json", "--auto-consent", "--access-life", "10m", "--home", home.to_str().unwrap()];
    let mut sandbox = Started::new(&mut bare_command(&[&words[..], &["--redirect-uri", &redirect]].concat()));
    let mut text = String::new();
    while !text.ends_with("}\n") || serde_json::from_str::<serde_json::Value>(&text).is_err() {
        text.push_str(&sandbox.line());
        text.push('\n');
    }
    let settings: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(settings["access_lifetime"], 600);
    let variables: Vec<(String, String)> = settings["env"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    let command = |words: &[&str]| {
        let mut command = bare_command(words);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command
    };
    // As at the real provider, a redirect URL that is not registered to the letter is refused with 20029.
    let mut login = Started::new(&mut command(&["login", "--no-browser", "--port", "0", "--timeout", "1s"]));
    assert!(browse(&login.line()).1.contains("20029"));
    login.finish().fails(3, "TW0408");
    let mut login = Started::new(&mut command(&["login", "--no-browser"]));
    browse(&login.line());
    login.finish().succeeds();
    let token = run(&mut command(&["token", "--json"]));
    assert!(token.succeeds().json()["expires_in"].as_i64().unwrap() <= 600);
    let control = settings["control_url"].as_str().unwrap();
    let (status, counters) = browse(&format!("{control}/control/counters"));
    assert!(status == 200 && counters.contains("\"exchanges\":1"), "{counters}");

    sandbox.signal("INT");
    let ran = sandbox.finish();
    assert_eq!(ran.code, 130, "{ran:?}");
}

/// The address that is shown answers, the line for the clock moves it, and each provider's lines lead to a home of their own.
#[test]
fn what_the_sandbox_shows_is_ready_to_use() {
    let folder = tempfile::tempdir().unwrap();
    for (provider, home) in [
        ("feishu", "tokenward-sandbox"),
        ("blueking", "tokenward-sandbox-blueking"),
        ("oauth2", "tokenward-sandbox-oauth2"),
    ] {
        let mut command = bare_command(&["sandbox", "--provider", provider, "--access-life", "20s"]);
        let mut sandbox = Started::new(command.env("HOME", folder.path()));
        sandbox.until_told("export TOKENWARD_CLOCK_OFFSET=80");
        sandbox.signal("INT");
        let ran = sandbox.finish();
        assert!(
            ran.out.contains(&format!("TOKENWARD_HOME='{}/.local/share/{home}'\n", folder.path().display())),
            "{ran:?}"
        );
        let control = ran.err.lines().find_map(|line| line.split_once("counters): "));
        let address = control.unwrap_or_else(|| panic!("{ran:?}")).1;
        assert!(address.ends_with("/control"), "{ran:?}");
        assert!(ran.err.contains(&format!("curl {address}/clock -d '{{\"advance_seconds\":80}}'")), "{ran:?}");
    }
}

#[test]
fn a_person_can_click() {
    let mut sandbox = Started::new(&mut bare_command(&["sandbox", "--print-env", "--home", "/nowhere"]));
    let mut lines = Vec::new();
    for _ in 0..7 {
        lines.push(sandbox.line());
    }
    assert!(lines.iter().all(|line| line.starts_with("export TOKENWARD_")), "{lines:?}");
    let value = |name: &str| {
        let line = lines.iter().find(|line| line.contains(name)).unwrap();
        line.split('\'').nth(1).unwrap().to_owned()
    };
    let page = browse(&format!(
        "{}/open-apis/authen/v1/authorize?client_id={}&response_type=code&redirect_uri={}&state=s",
        value("ACCOUNTS_URL"),
        value("APP_ID"),
        "http%3A%2F%2F127.0.0.1%3A9768%2Fcallback",
    ));
    assert!(page.0 == 200 && page.1.contains("<form"), "{page:?}");
}

#[test]
fn a_program_runs_with_the_settings_and_the_sandbox_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("{PROGRAM} token --as tenant && echo $TOKENWARD_OPEN_URL; exit 7");
    let words = ["sandbox", "--home", folder.path().to_str().unwrap(), "--", "sh", "-c", &script];
    let ran = run(&mut bare_command(&words));
    assert_eq!(ran.code, 7, "{ran:?}");
    let lines: Vec<_> = ran.out.lines().collect();
    assert!(lines[0].starts_with("t-"), "{ran:?}");
    let address = lines[1].strip_prefix("http://").unwrap();
    assert!(std::net::TcpStream::connect(address).is_err(), "it has ended");
    run(&mut bare_command(&["sandbox", "--home", "/x", "--", "no-such-program"])).fails(2, "TW0209");
}

#[test]
fn a_seed_repeats_a_run() {
    let secret = || {
        let words = ["sandbox", "--seed", "7", "--home", "/x", "--", "sh", "-c", "echo $TOKENWARD_APP_SECRET"];
        run(&mut bare_command(&words)).out
    };
    assert_eq!(secret(), secret());
    assert!(secret().len() > 10);
}

#[test]
fn a_taken_port_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = run(&mut bare_command(&["sandbox", "--port", &port, "--home", "/x"]));
    assert!(
        ran.fails(2, "TW0206").err.contains("the four ports after it are free") && !ran.err.contains("console"),
        "{ran:?}"
    );
    let ran = run(&mut bare_command(&["sandbox", "--port", "65535", "--home", "/x"]));
    assert!(
        ran.fails(2, "TW0206").err.contains("the four ports after it are free") && !ran.err.contains("console"),
        "{ran:?}"
    );
}
