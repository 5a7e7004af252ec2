//! What was set up is let go again, piece by piece, and nothing of it is said to be there afterwards.

use serde_json::json;
use tokenward_emulator::{Fault, Operation};

use crate::project::Project;
use crate::world::World;

#[test]
fn every_login_is_ended_by_one_command() {
    let world = World::logged_in();
    world.login(&["lab", "--app", "default"]).succeeds();
    let ran = world.run(&["logout", "--all"]);
    assert!(ran.code == 2 && ran.err.contains("--yes"), "{ran:?}");
    let listed = |world: &World| world.run(&["list", "--json"]).json()["logins"].as_array().unwrap().len();
    assert_eq!(listed(&world), 2);
    for words in [&["logout", "--all", "-p", "lab"][..], &["logout", "lab", "--all"]] {
        world.run(words).fails(2, "TW0200");
    }
    let ran = world.run(&["logout", "--all", "--yes"]);
    assert!(ran.succeeds().err.contains("default") && ran.err.contains("lab"), "{ran:?}");
    for profile in ["default", "lab"] {
        world.run(&["token", "-p", profile]).fails(3, "TW0401");
    }
    assert!(world.run(&["logout", "--all", "--yes"]).succeeds().err.contains("no profile is logged in"));
    world.login(&[]).succeeds();
    assert_eq!(world.run(&["logout", "--all", "--yes", "--json"]).succeeds().json()["profiles"], json!(["default"]));
    assert_eq!(World::bare().run(&["logout", "--all", "--json"]).succeeds().json()["profiles"], json!([]));
}

#[test]
fn an_app_without_a_profile_is_used_again_or_removed() {
    let world = World::logged_in();
    let ran = world.run(&["profile", "remove", "default", "--yes"]);
    for told in ["`tokenward login default --app default`", "`tokenward profile remove default --with-app`"] {
        assert!(ran.succeeds().err.contains(told), "{told}: {ran:?}");
    }
    for command in ["status", "token"] {
        let ran = world.run(&[command]);
        assert!(ran.fails(2, "TW0204").err.contains("--app default"), "{ran:?}");
        assert!(!ran.err.contains("nothing is set up"), "{ran:?}");
    }
    // The secret is still there.
    world.login(&["default", "--app", "default"]).succeeds();
    world.login(&["lab", "--app", "default"]).succeeds();
    let ran = world.run(&["profile", "remove", "lab", "--with-app", "--yes"]);
    assert!(ran.succeeds().err.contains("since profile default uses it"), "{ran:?}");
    world.run(&["token"]).succeeds();
    world.run(&["profile", "remove", "default", "--yes"]).succeeds();
    let ran = world.run(&["profile", "remove", "default", "--with-app", "--yes", "--json"]);
    assert_eq!(ran.succeeds().json()["app_removed"], true);
    assert!(!world.config().contains("[apps"), "{}", world.config());
    assert!(world.run(&["status"]).err.contains("nothing is set up"));
    world.run(&["profile", "remove", "default", "--with-app", "--yes"]).fails(2, "TW0201");
}

#[test]
fn the_lock_file_goes_with_the_last_link_of_its_file() {
    let project = Project::of(World::logged_in());
    let server = json!({ "command": "npx", "args": ["lark-mcp", "-u", ""] });
    project.write("two.json", &json!({ "mcpServers": { "ada": server, "bob": server } }).to_string());
    let lock = project.path(".two.json.tokenward.lock");
    for server in ["ada", "bob"] {
        project.run(&["link", "two.json", "--server", server]).succeeds();
    }
    assert!(lock.exists());
    project.run(&["unlink", "two.json", "--server", "ada"]).succeeds();
    assert!(lock.exists(), "the other place is still kept");
    project.run(&["refresh"]).succeeds();
    // Somebody writes the file in this moment.
    let held = std::fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    project.run(&["unlink", "two.json", "--server", "bob"]).succeeds();
    assert!(lock.exists(), "it is held");
    drop(held);
    project.run(&["link", "two.json", "--server", "bob"]).succeeds();
    project.run(&["unlink", "two.json", "--server", "bob"]).succeeds();
    assert!(!lock.exists());
    project.write(".env", "FEISHU_USER_ACCESS_TOKEN=\n");
    project.run(&["link", ".env"]).succeeds();
    assert!(project.path("..env.tokenward.lock").exists());
    project.run(&["profile", "remove", "default", "--yes"]).succeeds();
    assert!(!project.path("..env.tokenward.lock").exists());
}

#[test]
fn a_file_that_git_tracks_is_told() {
    let project = Project::of(World::logged_in());
    std::fs::create_dir(project.path(".git")).unwrap();
    let name = b".mcp.json";
    let entry = [&[0; 60][..], &[0, 9], name, &[0]].concat();
    let index = [&b"DIRC\0\0\0\x02\0\0\0\x01"[..], &entry, &[0; 20]].concat();
    std::fs::write(project.path(".git/index"), index).unwrap();
    for (file, is_told) in [(".mcp.json", true), ("other.json", false)] {
        let server = json!({ "command": "npx", "args": ["lark-mcp", "-u", ""] });
        project.write(file, &json!({ "mcpServers": { "feishu": server } }).to_string());
        let ran = project.run(&["link", file]);
        let told = ran.succeeds().err.contains(&format!("{file} is tracked by git"));
        assert_eq!(told, is_told, "{ran:?}");
    }
}

#[test]
fn what_is_to_be_done_about_many_files_is_said_once() {
    let project = Project::of(World::logged_in());
    let server = json!({ "command": "npx", "args": ["lark-mcp", "-u", ""] });
    for file in ["a.json", "b.json"] {
        project.write(file, &json!({ "mcpServers": { "ada": server, "bob": server } }).to_string());
        for server in ["ada", "bob"] {
            project.run(&["link", file, "--server", server]).succeeds();
        }
    }
    let doctor = project.run(&["doctor"]);
    assert!(doctor.out.contains("linked files in sync: 2"), "{doctor:?}");
    let ran = project.run_at(7_260, &["links"]);
    let sentence = "the login has not been refreshed since";
    assert_eq!(ran.succeeds().err.matches(sentence).count(), 1, "{ran:?}");
    assert!(ran.err.contains("a.json, b.json: the login"), "{ran:?}");
}

#[test]
fn a_login_that_did_not_come_is_tried_again_into_the_same_file() {
    let project = Project::of(World::new());
    project.write(".env", "FEISHU_USER_ACCESS_TOKEN=\n");
    let words = ["login", "--env-file", ".env", "--no-browser", "--port", "0", "--timeout", "1s"];
    let ran = project.run(&words);
    assert!(ran.code != 0 && ran.err.contains("`tokenward login --env-file .env`"), "{ran:?}");
    assert!(!ran.err.contains("`tokenward login`") && !ran.err.contains("`tokenward login --device`"), "{ran:?}");
}

#[test]
fn a_program_for_the_proxy_is_told_its_dashes() {
    let world = World::logged_in();
    let ran = world.run(&["proxy", "npx", "-y", "foo"]);
    assert!(ran.fails(2, "TW0200").err.contains("`tokenward proxy -- CMD`"), "{ran:?}");
    let ran = world.run(&["proxy", "npx"]);
    assert!(ran.fails(2, "TW0201").err.contains("`tokenward proxy -- CMD`"), "{ran:?}");
}

/// One whose provider is away is kept, and so is nobody else's.
#[test]
fn all_logins_are_revoked_in_one_go() {
    let world = World::logged_in();
    world.login(&["-p", "work"]).succeeds();
    world.sandbox.inject(Fault::drop_request().when(Operation::Revoke));
    let ran = world.run(&["logout", "--all", "--revoke", "--yes"]);
    assert!(ran.code != 0 && ran.err.contains("the login is kept, because it was not revoked"), "{ran:?}");
    assert_eq!(ran.err.matches("revoked at the provider and deleted").count(), 1, "{ran:?}");
    let ran = world.run(&["logout", "--all", "--revoke", "--yes", "--json"]).succeeds().json();
    assert_eq!((&ran["revoked"], ran["profiles"].as_array().map(Vec::len)), (&true.into(), Some(1)), "{ran}");
    assert_eq!(world.secrets().len(), 1, "the app's alone");
    let ran = world.run(&["logout", "--all", "--revoke", "--yes"]);
    assert!(ran.succeeds().err.contains("no profile is logged in"), "{ran:?}");
}

/// Two links of one profile in one file: neither its name nor a server's tells them apart, and their places do.
#[test]
fn one_of_two_links_in_a_file_is_ended_by_its_place() {
    let project = Project::of(World::logged_in());
    project.write(".env", "FEISHU_USER_ACCESS_TOKEN=\nMY_TOKEN=\n");
    project.run(&["link", ".env"]).succeeds();
    project.run(&["link", ".env", "--access", "MY_TOKEN"]).succeeds();
    let ran = project.run(&["unlink", ".env", "--access", "OTHER"]);
    assert!(ran.fails(2, "TW0506").err.contains("`tokenward unlink .env --access MY_TOKEN`"), "{ran:?}");
    project.run(&["unlink", ".env", "--access", "MY_TOKEN", "--all"]).fails(2, "TW0200");
    let ran = project.run(&["unlink", ".env", "--access", "MY_TOKEN"]);
    assert!(ran.succeeds().err.contains("MY_TOKEN") && !ran.err.contains("FEISHU_USER"), "{ran:?}");
    let links = project.run(&["links", "--json"]).json();
    let places = links["links"].as_array().unwrap();
    assert!(places.len() == 1 && places[0].to_string().contains("FEISHU_USER_ACCESS_TOKEN"), "{links}");
    // Without a place all of the login are meant.
    project.run(&["link", ".env", "--access", "MY_TOKEN"]).succeeds();
    let ran = project.run(&["unlink", ".env"]);
    assert!(
        ran.succeeds().err.contains("MY_TOKEN in .env") && ran.err.contains("FEISHU_USER_ACCESS_TOKEN in"),
        "{ran:?}"
    );
}

/// As long as there is a choice: a login that is gone cannot be revoked.
#[test]
fn logging_out_says_before_what_revoking_would_do_to_files() {
    let project = Project::of(World::logged_in());
    project.write(".env", "FEISHU_USER_ACCESS_TOKEN=\n");
    project.run(&["link", ".env"]).succeeds();
    // Without a terminal the question is answered with no.
    let ran = project.run(&["logout"]);
    let told = "the tokens in .env keep working until they expire; with `--revoke` the provider ends them too";
    assert!(ran.fails(2, "--yes").err.contains(told), "{ran:?}");
    project.run(&["token"]).succeeds();
    let ran = project.run(&["logout", "--yes"]);
    assert!(ran.succeeds().err.contains("The next time, `tokenward logout --revoke` ends them"), "{ran:?}");
    project.login(&[]).succeeds();
    let ran = project.run(&["logout", "--all"]);
    assert!(ran.fails(2, "--yes").err.contains(told), "{ran:?}");
    let ran = project.run(&["logout", "--all", "--yes"]);
    assert!(ran.succeeds().err.contains("The next time, `tokenward logout --all --revoke`"), "{ran:?}");
    project.login(&[]).succeeds();
    let ran = project.run(&["logout", "--all", "--yes", "--json"]);
    assert_eq!(ran.succeeds().json()["files_with_tokens"], json!([".env"]));
    project.login(&[]).succeeds();
    let ran = project.run(&["logout", "--yes", "--revoke"]);
    assert!(!ran.succeeds().err.contains("keep working"), "{ran:?}");
}
