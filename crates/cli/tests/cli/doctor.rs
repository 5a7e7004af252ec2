//! `doctor` as a person runs it: what it says about true logins, and that no refresh token moves because of it (I8).

use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;
use tokenward::RotationStep;
use tokenward_emulator::{Brand, Fault, Operation};

use crate::world::{Ran, World, bare_command, run, run_fed};

/// Looks, with and without the network, and sees that the provider's logins are as they were.
fn doctor(world: &World, variables: &[(&str, &str)], words: &[&str]) -> Ran {
    let spent = || {
        let counters = world.sandbox.counters();
        let live: Vec<_> = world.sandbox.current_tokens().into_iter().map(|login| login.refresh_token).collect();
        let refresh = |record: &tokenward_emulator::Record| {
            record.visit().is_some_and(|visit| visit.operation == Operation::Refresh)
        };
        let sent = world.sandbox.history().iter().filter(|record| refresh(record)).count();
        (counters.refreshes, counters.replays, counters.exchanges, live, sent)
    };
    let before = spent();
    let offline = world.run_with(variables, &[&["doctor"], words].concat());
    let visits = world.sandbox.history().len();
    let online = world.run_with(variables, &[&["doctor", "--online"], words].concat());
    let chinese = world.run_with(variables, &[&["doctor", "--lang", "zh"], words].concat());
    assert_eq!(spent(), before, "a look moved a refresh token");
    assert!(world.sandbox.history().len() >= visits);
    for ran in [&offline, &online, &chinese] {
        assert!(!ran.err.contains("panicked"), "{ran:?}");
        for secret in world.secrets() {
            assert!(!ran.out.contains(&secret) && !ran.err.contains(&secret), "a secret on screen");
        }
    }
    assert_eq!(offline.code, chinese.code);
    offline
}

/// The code and severity of each finding that is not good, from `--json`.
fn findings(ran: &Ran) -> Vec<(String, String, String)> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let document = ran.json();
    let all = document["findings"].as_array().unwrap();
    let bad = all.iter().filter(|finding| finding["severity"] != "ok");
    bad.map(|finding| (text(finding, "check"), text(finding, "severity"), text(finding, "code"))).collect()
}

fn found(ran: &Ran, check: &str, severity: &str, code: &str) -> bool {
    findings(ran).contains(&(check.into(), severity.into(), code.into()))
}

const EXPIRED: &[(&str, &str)] = &[("TOKENWARD_CLOCK_OFFSET", "7300")];

#[test]
fn nothing_is_set_up_and_nothing_is_made() {
    let world = World::bare();
    let ran = doctor(&world, &[], &[]);
    assert!(ran.code == 2 && ran.out.contains("TW0204") && ran.out.contains("tokenward init"), "{ran:?}");
    assert!(!world.home.exists(), "a look makes no folder");
    let ran = run(&mut bare_command(&["doctor"]));
    ran.fails(2, "TOKENWARD_HOME");
}

#[test]
fn set_up_and_nobody_logged_in() {
    let world = World::new();
    let ran = doctor(&world, &[], &["--json"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(found(&ran, "login", "problem", "TW0401") && found(&ran, "secret", "note", "TW0901"), "{ran:?}");
    let online = world.run(&["doctor", "--online", "--json"]);
    assert!(!findings(&online).iter().any(|(check, ..)| check == "secret"), "{online:?}");
}

#[test]
fn all_is_well() {
    let world = World::logged_in();
    // The redirect URL of these tests is port 80, which is for others to decide about.
    let ran = doctor(&world, &[], &["--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let online = world.run(&["doctor", "--online", "--json"]);
    let bad: Vec<_> = findings(&online).into_iter().filter(|(check, ..)| check != "port").collect();
    assert!(online.code == 0 && bad.is_empty(), "{bad:?}");
    let told = world.run(&["doctor"]);
    assert!(told.out.contains("Ada") && told.out.contains("offline_access"), "{told:?}");
    assert!(told.err.contains("nothing was sent"), "{told:?}");
    assert!(world.run(&["doctor", "--online"]).err.contains("no refresh token was sent"));
    // Every line of `--json` on stderr is JSON, and stdout is one document.
    assert!(online.err.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{online:?}");
}

#[test]
fn somebody_else_used_the_refresh_token() {
    let world = World::logged_in();
    world.advance(7300);
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&world.home, copy.path());
    let elsewhere = [("TOKENWARD_HOME", copy.path().to_str().unwrap()), EXPIRED[0]];
    world.run_with(&elsewhere, &["token"]).succeeds();
    world.run_with(EXPIRED, &["token"]).fails(3, "TW0405");
    let ran = doctor(&world, EXPIRED, &["--json"]);
    assert!(ran.code == 3 && found(&ran, "login", "problem", "TW0405"), "{ran:?}");
    let told = world.run_with(EXPIRED, &["doctor"]);
    assert!(
        told.out.contains("revoked or used, but Tokenward had not used it") && told.out.contains("20064"),
        "{told:?}"
    );
    // The copy's own login is well.
    assert_eq!(world.run_with(&elsewhere, &["doctor"]).code, 0);
}

/// Every step at which a process can be killed, as the next look finds it.
#[test]
fn killed_at_every_step() {
    for step in RotationStep::ALL {
        let world = World::logged_in();
        world.advance(7300);
        let killed = world.run_with(&[EXPIRED[0], ("TOKENWARD_KILL_AT", step.as_str())], &["token"]);
        assert_eq!(killed.code, 128 + 9, "{step}: {killed:?}");
        let ran = doctor(&world, EXPIRED, &["--json"]);
        let story = format!("{step}: {ran:?}");
        match step {
            RotationStep::Begun => {
                assert!(ran.code == 5 && found(&ran, "login", "problem", "TW0601"), "{story}");
            }
            RotationStep::Sent | RotationStep::Journalled => {
                assert!(ran.code == 0 && found(&ran, "refreshes", "warning", "TW0907"), "{story}");
                let told = world.run_with(EXPIRED, &["doctor"]);
                assert!(told.out.contains("it contains new tokens"), "{told:?}");
            }
            _ => assert_eq!(ran.code, 0, "{story}"),
        }
        // What the remedy promises is true: the next rotation settles it.
        let next = world.run_with(EXPIRED, &["refresh"]);
        let after = doctor(&world, EXPIRED, &["--json"]);
        next.succeeds();
        assert_eq!(after.code, 0, "{step}: {after:?}");
    }
}

#[test]
fn an_answer_that_never_came_is_told_as_our_own() {
    let world = World::logged_in();
    world.advance(7300);
    world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    world.run_with(EXPIRED, &["refresh"]).fails(5, "TW0601");
    world.run_with(EXPIRED, &["refresh"]).fails(3, "TW0409");
    let ran = doctor(&world, EXPIRED, &["--json"]);
    assert!(ran.code == 3 && found(&ran, "login", "problem", "TW0409"), "{ran:?}");
    let told = world.run_with(EXPIRED, &["doctor"]);
    assert!(
        told.out.contains("the response was lost") && told.out.contains("nothing points to another program"),
        "{told:?}"
    );
}

#[test]
fn the_console_switch_and_the_provider_out_of_order() {
    let world = World::logged_in();
    world.advance(7300);
    world.sandbox.change_app(&world.app.id, |app| app.refresh_switch = false).unwrap();
    world.run_with(EXPIRED, &["token"]).fails(6, "TW0703");
    let ran = doctor(&world, EXPIRED, &["--json"]);
    assert!(ran.code == 6 && found(&ran, "refreshes", "problem", "TW0703"), "{ran:?}");
    world.sandbox.change_app(&world.app.id, |app| app.refresh_switch = true).unwrap();
    world.sandbox.inject(Fault::code(20072).when(Operation::Refresh));
    world.run_with(EXPIRED, &["token"]).fails(4, "TW0501");
    let ran = doctor(&world, EXPIRED, &["--json"]);
    assert!(ran.code == 4 && found(&ran, "refreshes", "problem", "TW0501"), "{ran:?}");
    world.run_with(EXPIRED, &["token"]).succeeds();
    assert_eq!(doctor(&world, EXPIRED, &[]).code, 0);
}

#[test]
fn a_wrong_clock_is_seen_in_the_providers_date() {
    let world = World::logged_in();
    for (offset, word) in [("480", "8 min ahead"), ("-480", "8 min behind")] {
        let ran = world.run_with(&[("TOKENWARD_CLOCK_OFFSET", offset)], &["doctor", "--online"]);
        assert!(ran.out.contains(word) && ran.out.contains("TW0917"), "{ran:?}");
    }
    // A clock that was set back shows without asking anyone.
    let ran = doctor(&world, &[("TOKENWARD_CLOCK_OFFSET", "-480")], &["--json"]);
    assert!(ran.code == 0 && found(&ran, "clock", "warning", "TW0918"), "{ran:?}");
}

#[test]
fn a_wrong_secret_and_a_wrong_brand() {
    let world = World::logged_in();
    let wrong = [("TOKENWARD_APP_SECRET", "wrong")];
    let ran = world.run_with(&wrong, &["doctor", "--online", "--json"]);
    assert!(ran.code == 6 && found(&ran, "secret", "problem", "TW0701"), "{ran:?}");
    assert_eq!(doctor(&world, &wrong, &["--json"]).code, 0, "nobody was asked");
    let (open, accounts) = (world.sandbox.open_url(Brand::Lark), world.sandbox.accounts_url(Brand::Lark));
    let lark = [
        ("TOKENWARD_PROVIDER", "lark"),
        ("TOKENWARD_OPEN_URL", open.as_str()),
        ("TOKENWARD_ACCOUNTS_URL", accounts.as_str()),
    ];
    let ran = world.run_with(&lark, &["doctor", "--online"]);
    // The secret comes first: a login with one that is refused would fail.
    assert!(ran.code == 6 && ran.out.contains("--provider"), "{ran:?}");
    // A host of one brand for an app of the other needs no network to be seen.
    let mixed = [("TOKENWARD_PROVIDER", "feishu"), ("TOKENWARD_OPEN_URL", "https://open.larksuite.com")];
    let ran = world.run_with(&mixed, &["doctor"]);
    assert!(ran.code != 0 && ran.out.contains("20046"), "{ran:?}");
}

#[test]
fn the_provider_cannot_be_reached() {
    let world = World::logged_in();
    let nobody = [("TOKENWARD_OPEN_URL", "http://127.0.0.1:9"), ("TOKENWARD_ACCOUNTS_URL", "http://127.0.0.1:9")];
    let ran = world.run_with(&nobody, &["doctor", "--online", "--json"]);
    assert!(ran.code == 4 && found(&ran, "secret", "problem", "TW0502"), "{ran:?}");
    assert_eq!(world.run_with(&nobody, &["doctor"]).code, 0);
}

/// The look at one profile is not what the next one finds in its way.
#[test]
fn profiles_that_share_a_redirect_url() {
    let world = World::logged_in();
    let others = ["second", "third"].map(|name| format!("\n[profiles.{name}]\napp = \"default\"\n"));
    std::fs::write(world.home.join("config.toml"), world.config() + &others.concat()).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let redirect = format!("http://127.0.0.1:{free}/callback");
    let ran = world.run_with(&[("TOKENWARD_REDIRECT_URI", redirect.as_str())], &["doctor", "--all"]);
    assert!(ran.out.contains("profile third") && !ran.out.contains("TW0206"), "{ran:?}");
}

#[test]
fn a_port_that_is_taken() {
    let world = World::logged_in();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let redirect = format!("http://127.0.0.1:{}/callback", taken.local_addr().unwrap().port());
    let settings = [("TOKENWARD_REDIRECT_URI", redirect.as_str())];
    let ran = doctor(&world, &settings, &["--json"]);
    assert!(ran.code == 0 && found(&ran, "port", "warning", "TW0206"), "{ran:?}");
    drop(taken);
    let ran = doctor(&world, &settings, &["--json"]);
    assert!(!findings(&ran).iter().any(|(check, ..)| check == "port"), "{ran:?}");
    let elsewhere = [("TOKENWARD_REDIRECT_URI", "https://example.com/callback")];
    assert!(found(&doctor(&world, &elsewhere, &["--json"]), "port", "note", "TW0901"));
}

#[test]
fn the_store_and_its_key() {
    let world = World::logged_in();
    let key = world.home.join("vault/key");
    let sealed = std::fs::read(&key).unwrap();
    // A given key that this vault does not use.
    let given = [("TOKENWARD_KEY", "c29tZSBvdGhlciBrZXkgdGhhdCBpcyBsb25n")];
    assert!(found(&doctor(&world, &given, &["--json"]), "vault", "note", "TW0916"));
    std::fs::write(&key, "0".repeat(sealed.len())).unwrap();
    let ran = doctor(&world, &[], &["--json"]);
    assert!(ran.code == 2 && found(&ran, "vault", "problem", "TW0302"), "{ran:?}");
    std::fs::write(&key, sealed).unwrap();
    assert_eq!(doctor(&world, &[], &[]).code, 0);
    // Open to others: mended by the look itself, as by every opening, and told.
    open_to_others(&key);
    let ran = world.run(&["doctor", "--json"]);
    assert!(ran.code == 0 && found(&ran, "vault", "warning", "TW0915"), "{ran:?}");
    // Not a database any more.
    std::fs::write(world.home.join("vault/vault.db"), "not a database at all, but long enough to be looked at")
        .unwrap();
    let _ = std::fs::remove_file(world.home.join("vault/vault.db-wal"));
    let ran = world.run(&["doctor", "--json"]);
    assert!(ran.code == 2 && found(&ran, "vault", "problem", "TW0301"), "{ran:?}");
}

#[test]
fn a_secret_file_that_others_can_read() {
    let world = World::bare();
    let file = world.home.parent().unwrap().join("secret");
    std::fs::write(&file, &world.app.secret).unwrap();
    open_to_others(&file);
    let (open, accounts) = (world.sandbox.open_url(Brand::Feishu), world.sandbox.accounts_url(Brand::Feishu));
    let words = ["init", "--provider", "feishu", "--app-id", &world.app.id, "--open-url", &open];
    let more = ["--accounts-url", &accounts, "--secret-file", file.to_str().unwrap()];
    let ran = run_fed(&mut world.command(&[&words[..], &more].concat()), "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = doctor(&world, &[], &["--json"]);
    assert!(found(&ran, "secret", "warning", "TW0915"), "{ran:?}");
}

#[test]
fn profiles_and_names() {
    let world = World::logged_in();
    // A second profile of the same app, where nobody has logged in.
    let mut config = world.config();
    config.push_str("\n[profiles.second]\napp = \"default\"\n");
    std::fs::write(world.home.join("config.toml"), config).unwrap();
    let ran = doctor(&world, &[], &["--json"]);
    assert!(ran.code == 3 && found(&ran, "others", "problem", "TW0401"), "{ran:?}");
    let told = world.run(&["doctor"]);
    assert!(told.out.contains("profile second:") && told.out.contains("`tokenward doctor second`"), "{told:?}");
    // The one that is named is looked at alone, and commands name it.
    let named = doctor(&world, &[], &["second"]);
    assert!(named.code == 3 && named.out.contains("`tokenward login --profile second`"), "{named:?}");
    assert_eq!(doctor(&world, &[], &["default"]).code, 0);
    let all = doctor(&world, &[], &["--all"]);
    assert!(all.code == 3 && all.out.contains("profile default") && all.out.contains("profile second"), "{all:?}");
    let mistyped = doctor(&world, &[], &["secnod"]);
    assert!(mistyped.code == 2 && mistyped.out.contains("TW0201") && mistyped.out.contains("second"), "{mistyped:?}");
    assert!(!mistyped.out.contains("--profile)"), "it was typed as a word: {mistyped:?}");
    world.run(&["doctor", "second", "--all"]).fails(2, "TW0200");
    world.run(&["doctor", "second", "--profile", "default"]).fails(2, "TW0200");
}

#[test]
fn a_linked_file_that_is_stale_or_gone() {
    let world = World::logged_in();
    let file = world.home.parent().unwrap().join(".env");
    world.run(&["link", file.to_str().unwrap(), "--create"]).succeeds();
    let old = std::fs::read_to_string(&file).unwrap();
    let well = doctor(&world, &[], &[]);
    assert!(well.code == 0 && well.out.contains("linked files in sync: 1"), "{well:?}");
    world.run(&["refresh"]).succeeds();
    // A git checkout brings the old pair back.
    std::fs::write(&file, &old).unwrap();
    let ran = doctor(&world, &[], &["--json"]);
    assert!(ran.code == 0 && found(&ran, "links", "warning", "TW0912"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), old, "a look changes nothing");
    let told = world.run(&["doctor"]);
    assert!(told.out.contains(&format!("`tokenward link {}`", file.display())), "{told:?}");
    world.run(&["token"]).succeeds();
    assert!(!findings(&doctor(&world, &[], &["--json"])).iter().any(|(check, ..)| check == "links"));
    std::fs::remove_file(&file).unwrap();
    let ran = doctor(&world, &[], &["--json"]);
    assert!(ran.code == 0 && found(&ran, "links", "warning", "TW0913") && ran.out.contains(".env"), "{ran:?}");
}

#[test]
fn a_configuration_that_cannot_be_read() {
    let world = World::logged_in();
    std::fs::write(world.home.join("config.toml"), "[apps.default\n").unwrap();
    let ran = doctor(&world, &[], &["--json"]);
    assert!(ran.code == 2 && found(&ran, "app", "problem", "TW0202"), "{ran:?}");
}

fn open_to_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

#[test]
fn advice_to_ask_the_provider_names_the_profile_that_was_named() {
    let world = World::logged_in();
    assert!(world.run(&["doctor"]).out.contains("`tokenward doctor --online`"));
    let ran = world.run(&["doctor", "default"]);
    assert!(ran.succeeds().out.contains("`tokenward doctor default --online`"), "{ran:?}");
}

/// When the login was made stays as it is, and no refresh could put it right.
#[test]
fn a_login_time_in_the_future_is_no_finding_after_a_refresh() {
    let world = World::new();
    world.advance(7260);
    world.login_with(&[("TOKENWARD_CLOCK_OFFSET", "7260")], &[]).succeeds();
    let ran = world.run(&["doctor"]);
    assert!(ran.out.contains("TW0918"), "{ran:?}");
    world.run(&["refresh"]).succeeds();
    let ran = world.run(&["doctor"]);
    assert!(!ran.out.contains("TW0918"), "{ran:?}");
}

/// What was wrong with the app is over once the provider accepts it: what is left is a note, and the way to try again.
#[test]
fn a_secret_that_was_put_right_is_no_problem_any_more() {
    let world = World::logged_in();
    let words = ["init", "--app-secret-stdin", "--no-check"];
    run_fed(&mut world.command(&words), "wrong-secret-0123456789abcdefghij").succeeds();
    world.run(&["refresh"]).fails(6, "TW0701");
    assert_eq!(world.run(&["doctor", "--online"]).code, 6);
    run_fed(&mut world.command(&["init", "--app-secret-stdin"]), &world.app.secret).succeeds();
    let ran = world.run(&["doctor", "--online"]);
    assert!(ran.succeeds().out.contains("accepts the id and secret now: `tokenward refresh` tries again"), "{ran:?}");
    world.run(&["refresh"]).succeeds();
}

/// The database is an older one than what is handed out at once: a refresh would use a refresh token that was used already.
#[test]
fn a_vault_that_lost_what_was_written_last_is_told() {
    let world = World::logged_in();
    world.run(&["token"]).succeeds();
    let (vault, kept) = (world.home.join("vault"), tempfile::tempdir().unwrap());
    let files = |folder: &std::path::Path| {
        let all = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        all.filter(|name| name.starts_with("vault.db")).collect::<Vec<_>>()
    };
    for name in files(&vault) {
        std::fs::copy(vault.join(&name), kept.path().join(&name)).unwrap();
    }
    let ran = world.run(&["doctor"]);
    assert!(ran.succeeds().out.contains("is intact and writable"), "{ran:?}");
    world.run(&["refresh"]).succeeds();
    for name in files(&vault) {
        std::fs::remove_file(vault.join(name)).unwrap();
    }
    for name in files(kept.path()) {
        std::fs::copy(kept.path().join(&name), vault.join(&name)).unwrap();
    }
    world.run(&["refresh"]).fails(2, "TW0301");
    for words in [&["doctor"][..], &["doctor", "default"], &["doctor", "--all"]] {
        let ran = world.run(words);
        assert!(ran.fails(2, "").out.contains("TW0301"), "{ran:?}");
        assert!(
            ran.out.contains("it has lost what was written last: the hand-out file of default is newer"),
            "{ran:?}"
        );
        assert!(!ran.out.contains("is intact"), "{ran:?}");
    }
    let ran = world.run(&["--lang", "zh", "doctor"]);
    assert!(!ran.fails(2, "").out.contains("has lost"), "{ran:?}");
    // A new login heals it.
    world.login(&[]).succeeds();
    let ran = world.run(&["doctor"]);
    assert!(ran.succeeds().out.contains("is intact and writable"), "{ran:?}");
}
