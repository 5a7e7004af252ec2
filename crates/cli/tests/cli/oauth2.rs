//! A plain OAuth server on the command line, from discovery to logout, and what a newcomer gets wrong.

use std::collections::BTreeSet;

use tokenward_emulator::{
    ClientAuth, Door, ErrorShape, Fault, FaultKind, OddAnswer, OldAccessToken, Operation, PlainPart,
};

use crate::desk::Desk;
use crate::logins::paste_by;

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

/// A preset is an oauth2 app whose settings are filled in: at a server of one's own, too.
#[test]
fn a_preset_at_a_server_of_ones_own() {
    let desk = Desk::bare(Door::Plain);
    let issuer = desk.url(Door::Plain);
    desk.sandbox.rules(|rules| rules.plain.old_access_token = OldAccessToken::Dies);
    desk.init(&["--provider", "gitlab", "--rule", "margin=1m"]).succeeds();
    let config = desk.config();
    for line in ["provider = \"oauth2\"", "old_access = \"dies\"", "access_life = \"2h\"", "margin = \"1m\""] {
        assert!(config.contains(line), "{line}: {config}");
    }
    assert!(config.contains(&format!("accounts_url = \"{issuer}")) && !config.contains("gitlab"), "{config}");
    desk.login_by_browser(&[]).succeeds();
    let first = desk.token(&[]);
    desk.advance(3600);
    let second = desk.token_after(3600, &[]);
    assert!(desk.is_good(&second) && !desk.is_good(&first));
    desk.run(&["logout", "--revoke", "--yes"]).succeeds();
    assert!(!desk.is_good(&second));
    // Nobody said what is asked for, nor where.
    let bare = Desk::bare(Door::Plain);
    let words = ["init", "--provider", "GitLab", "--app-id", "a", "--client-authentication", "none", "--no-check"];
    bare.run(&words).succeeds();
    let config = bare.config();
    assert!(config.contains("accounts_url = \"https://gitlab.com\"") && config.contains("read_user"), "{config}");
    bare.run(&["init", "--provider", "gitlub"]).fails(2, "gitlab");
}

/// Gitea at a server of one's own, and what stands in the file where nobody said anything.
#[test]
fn gitea_at_a_server_of_ones_own() {
    let desk = Desk::bare(Door::Plain);
    let issuer = desk.url(Door::Plain);
    desk.init(&["--provider", "gitea", "--scope", "offline_access"]).succeeds();
    let config = desk.config();
    for line in ["provider = \"oauth2\"", "access_life = \"1h\"", "refresh_life = \"730h\""] {
        assert!(config.contains(line), "{line}: {config}");
    }
    assert!(config.contains(&format!("accounts_url = \"{issuer}")) && !config.contains("gitea"), "{config}");
    desk.login_by_browser(&[]).succeeds();
    let first = desk.token(&[]);
    desk.advance(3600);
    let second = desk.token_after(3600, &[]);
    assert!(desk.is_good(&second) && second.as_str() != first.as_str());
    let bare = Desk::bare(Door::Plain);
    let words = ["init", "--provider", "gitea", "--app-id", "a", "--client-authentication", "none", "--no-check"];
    bare.run(&words).succeeds();
    let config = bare.config();
    assert!(config.contains("accounts_url = \"https://gitea.com\"") && config.contains("read:user"), "{config}");
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
    assert!(doctor.succeeds().out.contains("a public client has no secret"), "{doctor:?}");
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
fn a_rules_row_decides_what_a_rotation_does_to_the_old_token() {
    let desk = Desk::bare(Door::Plain);
    desk.init(&["--rule", "old_access=dies", "--rule", "refresh_life=30d"]).succeeds();
    assert!(
        desk.config().contains("[apps.desk.rules]\nold_access = \"dies\"\nrefresh_life = \"30d\"\n"),
        "{}",
        desk.config()
    );
    desk.login_by_browser(&[]).succeeds();
    let status = desk.run(&["status", "--json"]).json();
    assert!(status["login"]["refresh_expires_at"].is_string(), "{status}");
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

#[test]
fn init_with_a_new_issuer_forgets_how_the_client_proved_itself_at_the_one_before() {
    let (first, second) = (Desk::bare(Door::Plain), Desk::bare(Door::Plain));
    first.sandbox.rules(|rules| rules.plain.client_auth = BTreeSet::from([ClientAuth::Body]));
    second.sandbox.rules(|rules| rules.plain.client_auth = BTreeSet::from([ClientAuth::Basic]));
    first.init(&[]).succeeds();
    assert!(first.config().contains("client_authentication = \"body\""), "{}", first.config());
    first.init(&["--accounts-url", &second.url(Door::Plain)]).succeeds();
    assert!(!first.config().contains("client_authentication"), "{}", first.config());
}

#[test]
fn a_pasted_address_of_another_issuer_sends_its_code_nowhere() {
    let desk = Desk::new(Door::Plain);
    let paste = |change: &dyn Fn(String) -> String| {
        paste_by(&mut desk.command(&["login", "--paste", "--timeout", "20s"]), change)
    };
    let iss = |url: String| url.split('&').find(|pair| pair.starts_with("iss=")).map(str::to_owned).unwrap();
    for change in [
        &|url: String| url.replace(&iss(url.clone()), "iss=https%3A%2F%2Felsewhere.example") as _,
        &(|url: String| url.replace(&format!("&{}", iss(url.clone())), "")) as &dyn Fn(String) -> String,
        &|url: String| format!("{url}&iss=https%3A%2F%2Felsewhere.example"),
    ] {
        let (code, words) = paste(change);
        assert!(code == 6 && words.contains("TW0707"), "{words}");
    }
    assert_eq!(desk.sandbox.counters().exchanges, 0, "the code was sent nowhere");
    let (code, words) = paste(&|url| url);
    assert_eq!(code, 0, "{words}");
}

#[test]
fn a_request_that_is_called_malformed_at_the_exchange_names_the_likely_causes() {
    let desk = Desk::new(Door::Plain);
    let kind = FaultKind::Error { error: "invalid_request".to_owned(), status: None, shape: ErrorShape::Flat };
    desk.sandbox.inject(Fault::new(kind).when(Operation::Exchange));
    let ran = desk.login_by_browser(&[]);
    let words = &ran.fails(6, "TW0710").err;
    for cause in ["redirect URL", "--client-authentication", "PKCE"] {
        assert!(words.contains(cause), "{cause} in {ran:?}");
    }
    assert!(!words.contains("report this"), "{ran:?}");
    desk.login_by_browser(&[]).succeeds();
}

#[test]
fn answers_in_other_shapes_log_in_and_refresh() {
    for answer in [OddAnswer::FormEncoded, OddAnswer::NoLife] {
        let desk = Desk::new(Door::Plain);
        desk.sandbox.inject(Fault::new(FaultKind::Odd { answer }).when(Operation::Exchange));
        desk.login_by_browser(&[]).succeeds();
        assert!(desk.is_good(&desk.token(&[])), "{answer:?}");
        desk.sandbox.inject(Fault::new(FaultKind::Odd { answer }).when(Operation::Refresh));
        desk.run(&["refresh"]).succeeds();
        assert!(desk.is_good(&desk.token(&[])), "{answer:?}");
        assert_eq!(desk.sandbox.counters().refreshes, 1, "{answer:?}");
    }
}

#[test]
fn a_dead_refresh_token_asks_for_a_login_whatever_shape_the_no_has() {
    for (shape, status) in [
        (ErrorShape::Flat, Some(200)),
        (ErrorShape::Form, Some(200)),
        (ErrorShape::List, None),
        (ErrorShape::Nested, None),
    ] {
        let desk = Desk::new(Door::Plain);
        desk.login_by_browser(&[]).succeeds();
        let error = "invalid_grant".to_owned();
        let kind = FaultKind::Error { error, status, shape };
        desk.sandbox.inject(Fault::new(kind).when(Operation::Refresh).forever());
        desk.advance(3700);
        let ran = desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", "3700")], &["token"]);
        assert_eq!(ran.code, 3, "{shape:?} {ran:?}");
        assert!(ran.err.contains("tokenward login"), "{shape:?} {ran:?}");
        let sent = desk.sandbox.counters().refreshes;
        desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", "3700")], &["token"]);
        assert_eq!(desk.sandbox.counters().refreshes, sent, "{shape:?}: nothing is sent a second time without cause");
    }
}

#[test]
fn a_client_that_is_not_accepted_is_not_shown_again_until_it_is_another() {
    let desk = Desk::new(Door::Plain);
    desk.login_by_browser(&[]).succeeds();
    desk.sandbox.change_app(&desk.app.id, |app| app.secret = "another-secret".to_owned()).unwrap();
    desk.advance(3700);
    let late = [("TOKENWARD_CLOCK_OFFSET", "3700")];
    desk.run_with(&late, &["token"]).fails(6, "TW0701");
    let asked = desk.sandbox.counters().requests;
    for _ in 0..3 {
        let ran = desk.run_with(&late, &["token"]);
        assert!(ran.fails(6, "TW0701").err.contains("not asked again"), "{ran:?}");
    }
    assert_eq!(desk.sandbox.counters().requests, asked, "nothing was sent again");
    // Whoever insists asks; and another secret is another question.
    desk.run_with(&late, &["refresh"]).fails(6, "TW0701");
    assert!(desk.sandbox.counters().requests > asked);
    let asked = desk.sandbox.counters().requests;
    desk.run_with(&[late[0], ("TOKENWARD_APP_SECRET", "yet-another")], &["token"]).fails(6, "TW0701");
    assert!(desk.sandbox.counters().requests > asked);
    desk.run_with(&[late[0], ("TOKENWARD_APP_SECRET", "another-secret")], &["token"]).succeeds();
}

#[test]
fn a_login_shows_that_the_client_is_accepted() {
    let desk = Desk::new(Door::Plain);
    desk.login_by_browser(&[]).succeeds();
    let secret = desk.app.secret.clone();
    desk.sandbox.change_app(&desk.app.id, |app| app.secret = "another-secret".to_owned()).unwrap();
    desk.advance(3700);
    desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", "3700")], &["token"]).fails(6, "TW0701");
    desk.sandbox.change_app(&desk.app.id, |app| app.secret.clone_from(&secret)).unwrap();
    // The id and the secret are those that were refused.
    desk.login_by_browser(&[]).succeeds();
    desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", "3700")], &["token"]).succeeds();
}
