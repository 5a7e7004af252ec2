//! Setting up, logging in by every way, several profiles and users, logging out.

use std::process::Stdio;

use serde_json::json;
use tokenward_emulator::{Consent, Fault, FaultKind, Operation};
use tokenward_testkit::wait_until;

use crate::terminal::AtTerminal;
use crate::world::{Started, World, browse, get, run, run_fed};

/// Nothing is sent: what is to be set at the brand's own console has its address, and at another host none that could be wrong.
#[test]
fn what_to_set_in_the_console() {
    let hosts = ["--open-url", "https://open.example.com", "--accounts-url", "https://accounts.example.com"];
    for (hosts, console) in [
        (&[][..], "in the console, once: https://open.feishu.cn/app/cli_0123456789abcdef/safe"),
        (&hosts, "in the app's console, once:"),
    ] {
        let world = World::bare();
        let words =
            ["init", "--provider", "feishu", "--app-id", "cli_0123456789abcdef", "--app-secret-stdin", "--no-check"];
        let ran = run_fed(&mut world.command(&[&words[..], hosts].concat()), &world.app.secret);
        let list =
            ["http://127.0.0.1:9768/callback", "offline_access", "Refresh user_access_token", "publish a version"];
        for word in list.into_iter().chain([console]) {
            assert!(ran.succeeds().err.contains(word), "{word}: {ran:?}");
        }
        assert!(!ran.err.contains("example.com/app"), "{ran:?}");
    }
}

#[test]
fn set_up_log_in_and_show() {
    let world = World::bare();
    let ran = world.init(&[]);
    ran.succeeds();
    assert!(ran.out.is_empty(), "{ran:?}");
    // A sandbox has no console, and nothing to set in it.
    assert!(
        ran.err.contains("already has the settings that a real app needs") && !ran.err.contains("/safe"),
        "{ran:?}"
    );
    assert!(ran.err.contains("the provider accepts the app's id and secret"), "{ran:?}");
    assert!(!world.config().contains(&world.app.secret));

    let ran = world.login(&["--scope", "docx:document"]);
    ran.succeeds();
    assert!(ran.err.contains("profile default as Ada"), "{ran:?}");
    assert!(ran.err.contains("docx:document") && ran.err.contains("offline_access"), "{ran:?}");
    assert_eq!(ran.out.lines().count(), 1, "the address alone: {ran:?}");

    let status = world.run(&["status"]);
    status.succeeds();
    for word in ["Ada", "valid", "docx:document", "v3", "vault/key"] {
        assert!(status.out.contains(word), "{word}: {status:?}");
    }
    let login = world.status()["login"].clone();
    assert_eq!(login["status"], "valid");
    assert_eq!(login["generation"], 1);
    assert_eq!(login["has_refresh_token"], true);
    assert!(login["user"]["open_id"].as_str().unwrap().starts_with("ou_"));
    let days = |field: &str| {
        let day = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        (day(login[field].as_str().unwrap()) - day(login["consented_at"].as_str().unwrap())) / 86_400
    };
    assert_eq!((days("refresh_expires_at"), days("consent_expires_at")), (7, 365));
    assert_eq!(world.sandbox.counters().refreshes, 0, "looking spends nothing");
}

#[test]
fn init_answers_in_json_too() {
    let world = World::bare();
    let ran = world.init(&["--json", "--app", "work"]);
    let answer = ran.succeeds().json();
    assert_eq!(answer["app"], "work");
    assert_eq!(answer["profile"], "work");
    assert_eq!(answer["checked"], true);
    assert!(ran.err.is_empty(), "{ran:?}");
}

#[test]
fn a_wrong_secret_is_found_at_once_and_takes_no_good_ones_place() {
    let mut world = World::logged_in();
    let (config, good) = (world.config(), world.app.secret.clone());
    world.app.secret = "wrong".to_owned();
    let ran = world.init(&["--scope", "drive:drive"]);
    assert!(ran.fails(6, "TW0701").err.contains("nothing was saved"), "{ran:?}");
    assert_eq!(world.config(), config);
    world.run(&["refresh"]).succeeds();
    world.init(&["--no-check"]).succeeds();
    world.run(&["refresh"]).fails(6, "TW0701");
    world.app.secret = good;
    world.init(&[]).succeeds();
    world.run(&["refresh"]).succeeds();
}

#[test]
fn setting_up_again_leaves_what_was_written_by_hand() {
    let world = World::new();
    let path = world.home.join("config.toml");
    let config =
        world.config().replace("[profiles.default]\n", "# mine\n[profiles.default]\nscopes = \"drive:drive\"\n");
    std::fs::write(&path, &config).unwrap();
    world.init(&[]).succeeds();
    assert_eq!(world.config(), config);
}

#[test]
fn an_unreachable_provider_is_a_warning_and_the_app_is_saved() {
    let world = World::bare();
    let words = ["init", "--app-id", "cli_x", "--app-secret-stdin", "--open-url", "http://127.0.0.1:9"];
    let ran = run_fed(&mut world.command(&words), "abc");
    ran.succeeds();
    assert!(ran.err.contains("could not be checked"), "{ran:?}");
    assert!(world.config().contains("cli_x"));
}

#[test]
fn secrets_come_by_file_and_variable_too() {
    let world = World::bare();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{}\n", world.app.secret)).unwrap();
    let base =
        ["init", "--app-id", &world.app.id, "--open-url", &world.sandbox.open_url(tokenward_emulator::Brand::Feishu)];
    let ran = world.run(&[&base[..], &["--app-secret-file", file.to_str().unwrap()]].concat());
    assert!(ran.succeeds().err.contains("accepts"), "{ran:?}");
    let ran = world.run_with(&[("TOKENWARD_APP_SECRET", &world.app.secret)], &base);
    assert!(ran.succeeds().err.contains("accepts"), "{ran:?}");
    let ran = world.run(&[&base[..], &["--secret-file", file.to_str().unwrap()]].concat());
    assert!(ran.succeeds().err.contains("accepts"), "{ran:?}");
    assert!(ran.err.contains("its secret stays in") && !ran.err.contains("encrypted"), "{ran:?}");
    assert!(world.config().contains("secret_file"), "{}", world.config());
}

#[test]
fn variables_alone_are_a_set_up() {
    let world = World::bare();
    let urls = world.sandbox.urls(tokenward_emulator::Brand::Feishu);
    let variables = [
        ("TOKENWARD_APP_ID", world.app.id.as_str()),
        ("TOKENWARD_APP_SECRET", &world.app.secret),
        ("TOKENWARD_OPEN_URL", &urls.open),
        ("TOKENWARD_ACCOUNTS_URL", &urls.accounts),
        ("TOKENWARD_REDIRECT_URI", "http://127.0.0.1/callback"),
    ];
    let mut command = world.command(&["login", "--no-browser", "--port", "0"]);
    let mut login = Started::new(command.envs(variables));
    browse(&login.line());
    login.finish().succeeds();
    let ran = world.run_with(&variables, &["token"]);
    assert!(world.secrets().contains(&ran.succeeds().out.trim().to_owned()));
    assert!(!world.home.join("config.toml").exists());
    // A second app by command takes nothing from the login that variables describe.
    let ran = world.init(&["--app", "lab"]);
    assert!(ran.succeeds().err.contains("--profile lab"), "{ran:?}");
    assert!(world.config().contains("default_profile = \"default\""), "{}", world.config());
    let before = world.sandbox.counters().refreshes;
    for words in [&["token"][..], &["refresh"], &["token", "--json", "--profile", "default"], &["status"]] {
        world.run_with(&variables, words).succeeds();
    }
    assert_eq!(world.sandbox.counters().refreshes, before + 1);
    world.run(&["token", "--profile", "lab"]).fails(3, "TW0401");
    // Without its variables it is not there, and that is said.
    for lang in ["en", "zh"] {
        let ran = world.run(&["token", "--lang", lang]);
        assert!(ran.fails(2, "TW0201").err.contains("TOKENWARD_APP_ID"), "{ran:?}");
    }
}

#[test]
fn json_login_gives_the_address_and_the_login() {
    let world = World::new();
    let ran = world.login(&["--json", "--scope", "docx:document,drive:drive"]);
    ran.succeeds();
    let documents: Vec<serde_json::Value> =
        serde_json::Deserializer::from_str(&ran.out).into_iter().collect::<Result<_, _>>().unwrap();
    assert!(documents[0]["authorization_url"].as_str().unwrap().contains("code_challenge_method=S256"));
    assert_eq!(documents[1]["login"]["user"]["name"], "Ada");
    assert_eq!(documents[1]["missing_scopes"], json!([]));
    for line in ran.err.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    assert!(ran.err.contains("commas"), "{ran:?}");
}

#[test]
fn paste_takes_the_address_the_browser_ended_at() {
    let world = World::new();
    let paste = |change: &dyn Fn(String) -> String| paste(&world, &[], change);
    let (code, words) = paste(&|url| url.replace("state=", "state=x"));
    assert!(code == 2 && words.contains("TW0208") && words.contains("another login"), "{words}");
    let (code, words) = paste(&|url| url.replace("&state=", "&stat="));
    assert!(code == 2 && words.contains("contains no state"), "{words}");
    let (code, words) = paste(&|_| "hello".to_owned());
    assert!(code == 2 && words.contains("not an address"), "{words}");
    let (code, words) = paste(&|url| url.replace("127.0.0.1", "127.0.0.2"));
    assert!(code == 2 && words.contains("does not begin with"), "{words}");
    let (code, words) = paste(&|url| url.replace("code=", "cod="));
    assert!(code == 2 && words.contains("contains no code"), "{words}");
    // What a provider says of a refusal is shown, and steers nothing.
    let refused = "error=access_denied&error_description=%1b%5d0;pwn%07%0d%0alogged%20in%c2%9b&x=";
    let (_, words) = paste(&|url| url.replace("code=", refused));
    assert!(words.contains(r"\u{1b}]0;pwn\u{7}\u{d}\u{a}logged in\u{9b}"), "{words:?}");
    let (code, words) = paste(&|url| format!("  {url}  "));
    assert!(code == 0 && words.contains("Ada"), "{words}");
}

/// `login --paste`: the address that the browser ended at, changed. The exit code, and what was said.
pub(crate) fn paste(world: &World, more: &[&str], change: &dyn Fn(String) -> String) -> (i32, String) {
    paste_by(&mut world.command(&[&["login", "--paste", "--timeout", "20s"][..], more].concat()), change)
}

/// The same by a command.
pub(crate) fn paste_by(command: &mut std::process::Command, change: &dyn Fn(String) -> String) -> (i32, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut url = String::new();
    while !url.trim_start().starts_with("http") {
        url.clear();
        assert!(std::io::BufRead::read_line(&mut err, &mut url).unwrap() > 0);
    }
    let (_, location, _) = get(&url::Url::parse(url.trim()).unwrap());
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, format!("{}\n", change(location.unwrap())).as_bytes()).unwrap();
    let mut words = String::new();
    std::io::Read::read_to_string(&mut err, &mut words).unwrap();
    (child.wait().unwrap().code().unwrap(), words)
}

#[test]
fn a_device_login_shows_the_code_and_waits() {
    let world = World::new();
    world.sandbox.rules(|rules| rules.lifetimes.device_interval = 1);
    let ran = world.run(&["login", "--device", "--qr", "--timeout", "30s"]);
    ran.succeeds();
    assert!(ran.err.contains("enter the code") && ran.err.contains('█') && ran.err.contains("Ada"), "{ran:?}");
    let ran = world.run(&["login", "--device", "--json"]);
    let documents: Vec<serde_json::Value> =
        serde_json::Deserializer::from_str(&ran.succeeds().out).into_iter().collect::<Result<_, _>>().unwrap();
    assert!(documents[0]["user_code"].as_str().is_some_and(|code| code.len() > 4), "{ran:?}");
    assert_eq!(documents[1]["login"]["user"]["name"], "Ada");
    world.sandbox.rules(|rules| rules.device_consent = Consent::Deny);
    world.run(&["login", "--device"]).fails(3, "TW0407");
}

#[test]
fn two_users_of_one_app_have_a_profile_each() {
    let world = World::logged_in();
    let user = Some(second_user(&world));
    world.sandbox.rules(|rules| rules.consent = Consent::Auto { user });
    // A name that is new is that of a new profile of the only app.
    let ran = world.login(&["--profile", "second"]);
    assert!(ran.succeeds().err.contains("profile second is new and belongs to app default"), "{ran:?}");
    let list = world.run(&["list", "--json"]).succeeds().json();
    let names: Vec<_> = list["logins"].as_array().unwrap().iter().map(|login| login["user"]["name"].clone()).collect();
    assert_eq!(names, [json!("Ada"), json!("小明")]);
    let table = world.run(&["list"]);
    assert!(table.succeeds().out.starts_with("PROFILE"), "{table:?}");
    assert_eq!(table.out.lines().count(), 3, "{table:?}");
    assert_ne!(world.run(&["token", "-p", "second"]).out, world.run(&["token", "-p", "default"]).out);
    world.login(&["--profile", "second", "--app", "other"]).fails(2, "belongs to app default");
    world.login(&["--profile", "third", "--app", "other"]).fails(2, "there is no app other");
}

#[test]
fn a_login_without_a_refresh_token_says_what_to_switch_on() {
    let world = World::new();
    world.sandbox.change_app(&world.app.id, |app| app.refresh_switch = false).unwrap();
    let ran = world.login(&[]);
    assert!(ran.succeeds().err.contains("no refresh token was issued"), "{ran:?}");
    assert!(ran.err.contains("Refresh user_access_token"), "{ran:?}");
    assert_eq!(world.status()["login"]["has_refresh_token"], false);
}

#[test]
fn scopes_are_checked_before_anything_is_asked() {
    let world = World::new();
    let many: Vec<String> = (0..50).map(|number| format!("s{number}")).collect();
    world.login(&["--scope", &many.join(" ")]).fails(2, "TW0205");
    world.login(&["--scope", "读取"]).fails(2, "TW0205");
    assert_eq!(world.sandbox.counters().exchanges, 0);
}

#[test]
fn logging_out_forgets_and_revoking_withdraws() {
    let world = World::logged_in();
    let token = world.run(&["token"]).out;
    world.run(&["logout"]).fails(2, "--yes");
    world.run(&["logout", "--yes"]).succeeds();
    world.run(&["token"]).fails(3, "TW0401");
    assert!(world.secrets().contains(&token.trim().to_owned()), "without --revoke the provider is not told");
    // What was asked for is so already; a script that logs out twice goes on.
    for words in [&["logout"][..], &["logout", "--yes"], &["logout", "--yes", "--revoke"]] {
        let ran = world.run(words);
        assert!(ran.succeeds().err.contains("nobody is logged in") && !ran.err.contains("tokenward login"), "{ran:?}");
    }
    assert_eq!(world.run(&["logout", "--json"]).succeeds().json()["revoked"], false);
    World::new().run(&["logout"]).succeeds();
    world.run(&["logout", "-p", "nobody"]).fails(2, "TW0201");

    world.login(&[]).succeeds();
    let ran = world.run(&["logout", "--yes", "--revoke", "--json"]);
    assert_eq!(ran.succeeds().json()["revoked"], true);
    world.run(&["status"]).fails(3, "TW0401");
    let ran = world.run(&["list"]);
    assert!(ran.succeeds().out.contains("not logged in") && ran.err.contains("not shown: "), "{ran:?}");
    assert!(world.run(&["list", "-v"]).out.contains("logged out"));
}

#[test]
fn a_failed_revocation_keeps_the_tokens_unless_forced() {
    let world = World::logged_in();
    let fault = || Fault::new(FaultKind::Html { status: 502 }).when(Operation::Revoke);
    world.sandbox.inject(fault());
    let ran = world.run(&["logout", "--yes", "--revoke"]);
    assert_ne!(ran.code, 0);
    assert!(ran.err.contains("the tokens are kept"), "{ran:?}");
    world.run(&["token"]).succeeds();
    world.sandbox.inject(fault());
    let ran = world.run(&["logout", "--yes", "--revoke", "--force"]);
    assert!(ran.succeeds().err.contains("did not confirm"), "{ran:?}");
    world.run(&["token"]).fails(3, "TW0401");
}

#[test]
fn a_taken_port_is_named() {
    let world = World::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = run(&mut world.command(&["login", "--no-browser", "--port", &port]));
    assert!(ran.fails(2, "TW0206").err.contains(&port), "{ran:?}");
}

/// The id of one more user.
pub(crate) fn second_user(world: &World) -> String {
    world.sandbox.add_user(tokenward_emulator::UserSpec::new("小明")).id
}

#[test]
fn a_browser_gets_the_address_and_none_of_our_secrets() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let (browser, seen) = (folder.path().join("browser"), folder.path().join("seen"));
    std::fs::write(&browser, format!("#!/bin/sh\n(echo \"$1\"; env) > {0}.new; mv {0}.new {0}\n", seen.display()))
        .unwrap();
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = world.command(&["login", "--port", "0", "--timeout", "20s"]);
    command.env("BROWSER", &browser).env("TOKENWARD_APP_SECRET", &world.app.secret);
    let login = Started::new(&mut command);
    wait_until(|| seen.exists());
    let text = std::fs::read_to_string(&seen).unwrap();
    assert!(!text.contains(&world.app.secret));
    // Other users see the arguments of programs: with `state` they could finish the login with an account of theirs.
    let address = text.lines().next().unwrap();
    assert!(address.contains("/go/") && !text.contains("state="), "{address}");
    browse(text.lines().next().unwrap());
    let ran = login.finish();
    assert!(ran.succeeds().err.contains("opening the login page"), "{ran:?}");
    assert!(ran.out.is_empty(), "{ran:?}");
}

#[test]
fn without_a_screen_the_address_is_shown() {
    let world = World::new();
    let (shown, code) = AtTerminal::new(&world, "login --port 0 --timeout 1s").end();
    assert!(code == 3 && shown.contains("open this address") && shown.contains("paste it here"), "{shown}");
}

#[test]
fn a_store_app_has_tokens_once_its_ticket_is_known() {
    use tokenward_emulator::{AppSpec, Brand};
    let mut world = World::bare();
    world.app = world.sandbox.app(AppSpec::new(Brand::Feishu).redirect("http://127.0.0.1/callback").store());
    let ran = world.init(&["--app-kind", "store", "--tenant-key", "tenant_sandbox"]);
    ran.succeeds();
    let ran = world.run(&["token", "--as", "tenant"]);
    assert_eq!(ran.code, 2, "no ticket yet: {ran:?}");
    let ticket = world.sandbox.ticket(&world.app.id).unwrap();
    let ran = world.run_with(&[("TOKENWARD_APP_TICKET", &ticket)], &["token", "--as", "tenant"]);
    assert!(ran.succeeds().out.starts_with("t-"), "{ran:?}");
    let ran = world.run(&["token", "--as", "app", "--min-ttl", "1m"]);
    assert_eq!(ran.code, 0, "the ticket was kept: {ran:?}");
}
