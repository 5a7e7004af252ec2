//! A plain OAuth server on the command line, from discovery to logout, and what a newcomer gets wrong.

use std::collections::BTreeSet;

use tokenward_emulator::{ClientAuth, Door, PlainPart};

use crate::desk::Desk;

#[test]
fn from_discovery_to_logout() {
    let desk = Desk::new(Door::Plain);
    let issuer = desk.url(Door::Plain);
    let config = desk.config();
    for endpoint in ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "revocation_endpoint"]
    {
        assert!(config.contains(&format!("{endpoint} = \"{issuer}")), "{config}");
    }
    assert!(!config.contains("secret"), "{config}");
    let ran = desk.login_by_browser(&[]);
    assert!(ran.succeeds().err.contains("logged in"), "{ran:?}");
    let first = desk.token(&[]);
    assert!(desk.is_good(&first));
    assert_eq!(
        desk.run(&["token", "--format", "header"]).out.trim(),
        format!("Authorization: Bearer {}", first.as_str())
    );
    desk.advance(3540);
    let second = desk.token_after(3540, &[]);
    assert!(desk.is_good(&second) && second.as_str() != first.as_str());
    desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", "3540")], &["doctor", "--online"]).succeeds();
    let app = desk.token(&["--as", "app"]);
    assert!(desk.is_good(&app));
    desk.run(&["token", "--as", "tenant"]).fails(2, "no tenant tokens");
    desk.run(&["logout", "--revoke", "--yes"]).succeeds();
    assert!(!desk.is_good(&second));
    desk.run(&["token"]).fails(3, "TW0401");
}

#[test]
fn a_public_client_is_asked_for_no_secret() {
    let desk = Desk::with(Door::Plain, ClientAuth::None);
    let words = desk.init_words();
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--client-authentication", "none"]).collect();
    desk.run(&words).succeeds();
    desk.sandbox.rules(|rules| rules.plain.device_interval = 1);
    desk.run(&["login", "--device", "--timeout", "30s"]).succeeds();
    assert!(desk.is_good(&desk.token(&[])));
    let doctor = desk.run(&["doctor", "--online"]);
    assert!(doctor.succeeds().out.contains("a public client has none"), "{doctor:?}");
    // Without a flag that says so, it is one question that nobody is there to answer.
    let bare = Desk::with(Door::Plain, ClientAuth::None);
    let words = bare.init_words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    bare.run(&words).fails(2, "--client-authentication none");
}

#[test]
fn a_server_that_does_not_tell_its_endpoints_is_told_about() {
    let desk = Desk::bare(Door::Plain);
    let metadata = BTreeSet::from([PlainPart::OauthMetadata, PlainPart::OpenidConfiguration]);
    desk.sandbox.rules(|rules| rules.plain.without = metadata);
    desk.init(&[]).fails(6, "--token-endpoint");
    assert_eq!(desk.config(), "");
    let issuer = desk.url(Door::Plain);
    let (page, token) = (format!("{issuer}/authorize"), format!("{issuer}/token"));
    desk.init(&["--authorization-endpoint", &page, "--token-endpoint", &token]).succeeds();
    desk.login_by_browser(&[]).succeeds();
    assert!(desk.is_good(&desk.token(&[])));
}

#[test]
fn another_name_of_the_server_is_not_its_issuer() {
    let desk = Desk::bare(Door::Plain);
    let other = desk.url(Door::Plain).replace("127.0.0.1", "localhost");
    let ran = desk.init(&["--accounts-url", &other]);
    ran.fails(6, "issuer");
    assert_eq!(desk.config(), "");
    desk.init_by(&[], "not-the-secret").fails(6, "TW0");
    assert_eq!(desk.config(), "");
}

#[test]
fn a_rules_row_decides_what_a_turn_does_to_the_old_token() {
    let desk = Desk::bare(Door::Plain);
    desk.init(&["--rule", "old_access=dies", "--rule", "refresh_life=30d"]).succeeds();
    assert!(
        desk.config().contains("[apps.desk.rules]\nold_access = \"dies\"\nrefresh_life = \"30d\"\n"),
        "{}",
        desk.config()
    );
    desk.login_by_browser(&[]).succeeds();
    let status = desk.run(&["status", "--json"]).json();
    assert!(status["login"]["refresh_expires"].is_string(), "{status}");
    desk.init(&["--rule", "old_access=fades"]).fails(2, "stays | dies");
    desk.init(&["--rule", "olp_access=dies"]).fails(2, "perhaps old_access");
}

#[test]
fn the_sandbox_plays_it() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_tokenward");
    let script = format!("{program} login --device --timeout 30s && {program} token");
    let words = [
        "sandbox",
        "--provider",
        "oauth2",
        "--auto-consent",
        "--home",
        folder.path().to_str().unwrap(),
        "--",
        "sh",
        "-c",
        &script,
    ];
    crate::world::run(&mut crate::world::bare_command(&words)).succeeds();
}

#[test]
fn init_with_a_new_issuer_asks_the_new_server_alone() {
    let (first, second) = (Desk::bare(Door::Plain), Desk::bare(Door::Plain));
    first.init(&[]).succeeds();
    let before = first.sandbox.counters().requests;
    // Another server, which is there: it is the one that is asked.
    let url = second.url(Door::Plain);
    first.init(&["--accounts-url", &url]).succeeds();
    assert_eq!(first.sandbox.counters().requests, before, "nothing of the second app went to the first server");
    assert!(first.config().contains(&url), "{}", first.config());
    assert!(!first.config().contains(&first.url(Door::Plain)), "{}", first.config());
    // One that is not there: that is said, and no other is asked.
    let ran = first.init(&["--accounts-url", "http://127.0.0.1:1"]);
    assert!(!ran.err.contains("accepts"), "{ran:?}");
    assert_eq!(first.sandbox.counters().requests, before);
}
