//! A login that is over, and an access token that the provider called dead: what is handed out, and what is said.

use std::path::Path;

use tokenward_emulator::{Brand, Fault, Operation};

use crate::world::{Ran, World};

const USER_INFO: &str = "/open-apis/authen/v1/user_info";

/// The user takes the consent back: both tokens are refused from then on.
fn withdraw(world: &World) {
    let user = world.sandbox.current_tokens()[0].user.clone();
    assert!(world.sandbox.withdraw(&world.app.id, &user) > 0);
}

/// The refresh token is refused for good; the access token serves on.
fn refuse(world: &World) -> Ran {
    world.sandbox.inject(Fault::code(20037).when(Operation::Refresh));
    let ran = world.run(&["refresh"]);
    ran.fails(3, "TW0403");
    ran
}

fn hand_outs(home: &Path) -> usize {
    std::fs::read_dir(home.join("vault/handout")).map_or(0, Iterator::count)
}

#[test]
fn a_token_that_was_called_dead_is_handed_to_nobody() {
    let world = World::logged_in();
    withdraw(&world);
    // Nobody has heard of it yet.
    world.run(&["token"]).succeeds();
    world.run(&["api", USER_INFO]).fails(3, "TW0405");
    let visits = world.sandbox.history().len();
    for words in [&["token"][..], &["exec", "--", "true"], &["api", USER_INFO], &["token", "--format", "env"]] {
        let ran = world.run(words);
        ran.fails(3, "TW0405");
        assert_eq!(ran.out, "", "{ran:?}");
    }
    assert_eq!(world.sandbox.history().len(), visits, "what is on record is not asked for again");
    world.run(&["status"]).fails(3, "tokenward login");
    // The next login clears it.
    world.login(&[]).succeeds();
    world.run(&["token"]).succeeds();
    assert_eq!(world.run(&["status"]).code, 0);
}

#[test]
fn a_dead_token_is_not_handed_out_while_the_refresh_only_fails_for_a_while() {
    let world = World::logged_in();
    withdraw(&world);
    world.sandbox.inject(Fault::code(20050).when(Operation::Refresh));
    world.run(&["api", USER_INFO]).fails(4, "TW0501");
    // The next caller asks again instead of handing out what the provider called dead.
    world.run(&["token"]).fails(3, "TW0405");
}

#[test]
fn a_token_that_an_api_refuses_for_another_reason_is_not_dead() {
    let world = World::logged_in();
    refuse(&world);
    // The API takes no user's token; the refresh token is gone, and the access token is as good as before.
    world.sandbox.inject(Fault::code(99_991_668).when(Operation::Call));
    world.run(&["api", "/open-apis/wiki/v2/spaces"]).fails(3, "TW0403");
    world.run(&["token"]).succeeds();
    world.run(&["api", USER_INFO]).succeeds();
}

#[test]
fn that_a_login_is_over_is_said_once_a_call_while_its_token_lasts() {
    let world = World::logged_in();
    assert_eq!(world.run(&["token"]).err, "");
    refuse(&world);
    assert_eq!(hand_outs(&world.home), 0, "the short way says nothing, so it is shut");
    for words in [
        &["token"][..],
        &["token", "--format", "env"],
        &["exec", "--", "true"],
        &["api", USER_INFO],
        &["token", "--profile", "default"],
    ] {
        let ran = world.run(words);
        ran.succeeds();
        assert_eq!(ran.err.matches("this login is no longer valid").count(), 1, "{ran:?}");
        assert!(ran.err.contains("TW0403") && ran.err.contains("2 h"), "{ran:?}");
        let named = words.contains(&"--profile");
        let command = if named { "`tokenward login --profile default`" } else { "`tokenward login`" };
        assert!(ran.err.contains(command), "{ran:?}");
    }
    let json = world.run(&["token", "--json"]).json();
    assert_eq!(json["notices"], serde_json::json!(["login-ended"]));
    let chinese = world.run(&["token", "--lang", "zh"]);
    assert!(chinese.err.contains("此登录已失效"), "{chinese:?}");
    let status = world.run(&["status"]);
    assert_eq!(status.code, 3, "{status:?}");
    assert!(world.run(&["list"]).succeeds().out.contains("login required"));
}

#[test]
fn a_look_at_an_empty_home_makes_no_vault() {
    let world = World::bare();
    world.run(&["vault", "info"]).succeeds();
    assert_eq!(world.run(&["vault", "info", "--json"]).succeeds().json()["login_count"], 0);
    world.run(&["list"]).succeeds();
    world.run(&["status"]).fails(2, "TW0204");
    world.run(&["links"]);
    world.run(&["doctor"]);
    assert!(!world.home.exists());
    let bare = [world.sandbox.open_url(Brand::Feishu)];
    let variables = [
        ("TOKENWARD_APP_ID", "cli_a"),
        ("TOKENWARD_APP_SECRET", "secret"),
        ("TOKENWARD_PROVIDER", "feishu"),
        ("TOKENWARD_OPEN_URL", bare[0].as_str()),
    ];
    world.run_with(&variables, &["status"]).fails(3, "TW0401");
    assert!(!world.home.exists());
}

#[test]
fn a_withdrawn_consent_is_not_called_theft() {
    let world = World::logged_in();
    withdraw(&world);
    let ran = world.run(&["refresh"]);
    ran.fails(3, "TW0405");
    let first = ran.err.lines().find(|line| line.contains("hint:")).unwrap();
    assert!(first.contains("consent was withdrawn") && !ran.err.contains("theft"), "{ran:?}");
    // Only the refresh token has been refused: the doctor says how to find out.
    let ran = world.run(&["doctor"]);
    assert!(ran.out.contains("`tokenward doctor --online` checks whether"), "{ran:?}");
    let ran = world.run(&["doctor", "--online"]);
    assert!(ran.out.contains("most likely the consent was withdrawn") && !ran.out.contains("theft"), "{ran:?}");
    // What the provider told the doctor is on record: the token is handed to nobody, and the doctor knows it without asking.
    world.run(&["token"]).fails(3, "TW0405");
    let ran = world.run(&["doctor"]);
    assert!(ran.out.contains("most likely the consent was withdrawn"), "{ran:?}");
    assert!(world.run(&["doctor", "--lang", "zh"]).out.contains("授权已被撤销"));
}

#[test]
fn a_restored_backup_is_named_before_anybody_is_suspected() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy").display().to_string();
    let key = world.run(&["vault", "backup", &copy]).succeeds().out.trim().to_owned();
    world.run(&["refresh"]).succeeds();
    let words = ["vault", "restore", &copy, "--key-stdin", "--yes"];
    crate::world::run_fed(&mut world.command(&words), &key).succeeds();
    let ran = world.run(&["refresh"]);
    assert!(ran.fails(3, "TW0405").err.contains("vault.before-"), "{ran:?}");
    assert!(!ran.err.contains("theft") && !ran.err.contains("stranger"), "{ran:?}");
    let ran = world.run(&["doctor"]);
    assert!(ran.out.contains("restored from a backup") && ran.out.contains("vault.before-"), "{ran:?}");
    assert!(!ran.out.contains("theft"), "{ran:?}");
    // A login that is made since has nothing to do with it.
    world.login(&[]).succeeds();
    withdraw(&world);
    world.run(&["refresh"]).fails(3, "TW0405");
    let ran = world.run(&["doctor"]);
    assert!(!ran.out.contains("restored from a backup"), "{ran:?}");
}

#[test]
fn the_doctor_names_the_process_that_sent_and_not_one_that_could_not() {
    let world = World::logged_in();
    let dead = [("TOKENWARD_ACCOUNTS_URL", "http://127.0.0.1:1"), ("TOKENWARD_OPEN_URL", "http://127.0.0.1:1")];
    world.run_with(&dead, &["refresh"]).fails(4, "TW0502");
    world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    world.run(&["refresh"]).fails(5, "TW0601");
    let sender = world.run(&["doctor", "--json"]).json();
    let story = |document: &serde_json::Value| {
        let findings = document["findings"].as_array().unwrap().clone();
        let told = findings.into_iter().find(|finding| finding["check"] == "login" && finding["severity"] == "problem");
        told.unwrap()["message"].as_str().unwrap().to_owned()
    };
    let process = story(&sender).split("process ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    // One that cannot reach the provider repeats it in vain.
    world.run_with(&dead, &["refresh"]);
    let doubt = story(&world.run(&["doctor", "--json"]).json());
    assert!(doubt.contains(&format!("process {process} ")) && !doubt.contains("died"), "{doubt}");
    let ran = world.run(&["doctor"]);
    assert!(!ran.out.contains("The refresh token was not used"), "{ran:?}");
    world.run(&["refresh"]).fails(3, "TW0409");
    let over = story(&world.run(&["doctor", "--json"]).json());
    assert!(over.contains(&format!("process {process} ")) && over.contains("no answer came"), "{over}");
}

#[test]
fn a_file_that_was_named_and_does_not_show_the_login_is_said_each_time() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    std::fs::write(&file, "FEISHU_USER_ACCESS_TOKEN=\nFEISHU_USER_REFRESH_TOKEN=\n").unwrap();
    let name = file.display().to_string();
    world
        .run(&["link", &name, "--access", "FEISHU_USER_ACCESS_TOKEN", "--refresh", "FEISHU_USER_REFRESH_TOKEN"])
        .succeeds();
    let words = ["token", "--env-file", name.as_str()];
    assert_eq!(world.run(&words).succeeds().err, "");
    std::fs::remove_file(&file).unwrap();
    for words in [&words[..], &words[..], &["exec", "--env-file", name.as_str(), "--", "true"]] {
        let ran = world.run(words);
        assert!(ran.err.contains(&name), "{ran:?}");
    }
}

#[test]
fn advice_for_a_file_names_commands_that_take_it() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    let (one, two) = (
        "A_USER_ACCESS_TOKEN=u-a\nA_USER_REFRESH_TOKEN=ur-a\n",
        "B_USER_ACCESS_TOKEN=u-b\nB_USER_REFRESH_TOKEN=ur-b\n",
    );
    std::fs::write(&file, format!("{one}{two}")).unwrap();
    let name = file.display().to_string();
    let ran = world.run(&["token", "--env-file", &name]);
    assert!(ran.code != 0 && ran.err.contains(&format!("`tokenward link {name} --access ")), "{ran:?}");
    let ran = world.run(&["login", "--no-browser", "--port", "0", "--timeout", "1s"]);
    assert!(ran.fails(3, "TW0408").err.contains("20027"), "{ran:?}");
    std::fs::write(&file, format!("FEISHU_APP_ID={}\nFEISHU_APP_SECRET={}\n", world.app.id, world.app.secret)).unwrap();
    let variables = [
        ("TOKENWARD_OPEN_URL", world.sandbox.open_url(Brand::Feishu)),
        ("TOKENWARD_ACCOUNTS_URL", world.sandbox.accounts_url(Brand::Feishu)),
    ];
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let words = ["login", "--env-file", &name, "--no-browser", "--port", "0", "--timeout", "1s"];
    let ran = world.run_with(&variables, &words);
    assert!(ran.fails(3, "TW0408").err.contains(&format!("`tokenward login --env-file {name}`")), "{ran:?}");
}

#[test]
fn what_is_to_follow_a_login_that_is_over_says_so() {
    let world = World::logged_in();
    refuse(&world);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    std::fs::write(&file, "FEISHU_USER_ACCESS_TOKEN=\nFEISHU_USER_REFRESH_TOKEN=\n").unwrap();
    let name = file.display().to_string();
    let ran =
        world.run(&["link", &name, "--access", "FEISHU_USER_ACCESS_TOKEN", "--refresh", "FEISHU_USER_REFRESH_TOKEN"]);
    assert!(ran.err.contains("no longer valid") && ran.err.contains("`tokenward login`"), "{ran:?}");
}
