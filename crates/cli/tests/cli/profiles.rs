//! Profiles: listed, selected, renamed, removed and attached; as the last word of a command; who one is.

use std::time::Duration;

use tokenward_emulator::{AppSpec, Brand};

use crate::identity::ada_and_ming;
use crate::world::{Started, World};

/// Ada is logged in as the only profile, and a file shows her login.
fn linked() -> World {
    let world = World::logged_in();
    world.run(&["link", &env_file(&world), "--create"]).succeeds();
    world
}

fn env_file(world: &World) -> String {
    world.home.with_file_name("work.env").display().to_string()
}

fn profiles(world: &World) -> Vec<(String, bool, usize)> {
    let listed = world.run(&["profile", "list", "--json"]).succeeds().json();
    let row = |row: &serde_json::Value| {
        let name = row["profile"].as_str().unwrap().to_owned();
        (name, row["selected"].as_bool().unwrap(), row["logins"].as_array().unwrap().len())
    };
    listed["profiles"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn profiles_are_listed_and_selected() {
    let world = World::bare();
    assert!(world.run(&["profile", "list"]).succeeds().err.contains("tokenward init"));
    assert!(!world.home.exists(), "a look makes nothing");
    world.init(&[]).succeeds();
    world.login(&[]).succeeds();
    world.login(&["lab", "--app", "default"]).succeeds();
    let config = world.config();
    std::fs::write(world.home.join("config.toml"), config + "\n[profiles.idle] # kept\napp = \"default\"\n").unwrap();
    // One without a login is listed too.
    let ran = world.run(&["profile", "list"]);
    let lines: Vec<_> = ran.succeeds().out.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("* default") && line.contains("Ada")), "{ran:?}");
    assert!(lines.iter().any(|line| line.starts_with("  idle") && line.contains("not logged in")), "{ran:?}");
    let ran = world.run(&["profile", "use", "lab"]);
    assert!(ran.succeeds().err.contains("profile lab is now the default"), "{ran:?}");
    let expected = [("default", false, 1), ("idle", false, 0), ("lab", true, 1)];
    assert_eq!(profiles(&world), expected.map(|(name, used, logins)| (name.to_owned(), used, logins)));
    assert!(world.config().contains("[profiles.idle] # kept"));
    assert_eq!(world.status()["login"]["profile"], "lab");
    let ran = world.run(&["profile", "use", "lba"]);
    assert!(ran.fails(2, "TW0201").err.contains("lab"), "{ran:?}");
    assert_eq!(world.status()["login"]["profile"], "lab");
    let ran = world.run_with(&[("TOKENWARD_PROFILE", "idle")], &["profile", "use", "default"]);
    assert!(ran.succeeds().err.contains("TOKENWARD_PROFILE is set to idle"), "{ran:?}");
}

/// `COMMAND PROFILE` means what `COMMAND -p PROFILE` does, in every command that takes one.
#[test]
fn a_profile_is_the_last_word() {
    let world = World::logged_in();
    world.login(&["lab", "--app", "default"]).succeeds();
    world.run(&["profile", "use", "default"]).succeeds();
    for command in ["status", "list", "token", "refresh", "whoami", "doctor"] {
        let ran = world.run(&[command, "lab", "--json"]);
        assert!(ran.succeeds().out.contains("\"lab\""), "{ran:?}");
        let ran = world.run(&[command, "nowhere"]);
        assert!(ran.code == 2 && format!("{}{}", ran.out, ran.err).contains("TW0201"), "{ran:?}");
        world.run(&[command, "lab", "-p", "default"]).fails(2, "TW0200");
    }
    assert_eq!(world.run(&["token", "lab"]).out, world.run(&["token", "-p", "lab"]).out);
    assert_ne!(world.run(&["token", "lab"]).out, world.run(&["token"]).out);
    let ran = world.run(&["exec", "lab", "--", "true"]);
    assert!(ran.fails(2, "TW0209").err.contains("`tokenward exec -p lab -- CMD`"), "{ran:?}");
    world.run(&["logout", "lab", "--yes"]).succeeds();
    assert_eq!(profiles(&world), [("default".to_owned(), true, 1), ("lab".to_owned(), false, 0)]);
}

#[test]
fn whoami_is_one_line() {
    let world = World::new();
    world.run(&["whoami"]).fails(3, "TW0401");
    world.login(&[]).succeeds();
    let ran = world.run(&["whoami"]);
    assert_eq!(ran.succeeds().out.lines().count(), 1, "{ran:?}");
    assert!(ran.out.starts_with("Ada (") && ran.out.contains("profile default · app default"), "{ran:?}");
    let told = world.run(&["whoami", "--json"]).json();
    assert_eq!((told["user"]["name"].as_str(), told["profile"].as_str()), (Some("Ada"), Some("default")));
    assert_eq!((&told["status"], &told["status"]), (&world.status()["login"]["status"], &"valid".into()));
    let ran = world.run_with(&[("TOKENWARD_LANG", "zh")], &["whoami"]);
    assert!(ran.succeeds().out.contains("配置档 default"), "{ran:?}");
}

#[test]
fn a_renamed_profile_keeps_its_login_and_its_files() {
    let world = linked();
    let path = world.home.join("config.toml");
    let config = world.config().replace("[profiles.default]", "# mine\n[profiles.default]");
    let config = config.replace("default_profile = \"default\"", "default_profile = \"default\" # mine too");
    std::fs::write(&path, config).unwrap();
    let before = world.run(&["token"]).out;
    let ran = world.run(&["profile", "rename", "default", "office"]);
    assert!(ran.succeeds().err.contains("profile default is now called office"), "{ran:?}");
    let config = world.config();
    assert!(config.contains("# mine\n[profiles.office]") && !config.contains("[profiles.default]"), "{config}");
    assert!(config.contains("default_profile = \"office\" # mine too"), "{config}");
    assert_eq!(world.run(&["token"]).succeeds().out, before);
    assert_eq!(world.run(&["token", "office"]).out, before);
    world.run(&["token", "default"]).fails(2, "TW0201");
    // The file is that of the new name, and gets the next tokens.
    world.run(&["refresh"]).succeeds();
    let links = world.run(&["links", "--json"]).json();
    assert_eq!(links["links"][0]["profile"], "office", "{links}");
    let token = world.run(&["token"]).out;
    assert!(std::fs::read_to_string(env_file(&world)).unwrap().contains(token.trim()));
}

#[test]
fn a_name_that_is_taken_is_not_given() {
    let world = linked();
    world.login(&["lab", "--app", "default", "--scope", "wiki:wiki"]).succeeds();
    let config = world.config() + "scopes = \"x\"\n";
    std::fs::write(world.home.join("config.toml"), &config).unwrap();
    for to in ["lab", "default", "a:b"] {
        let ran = world.run(&["profile", "rename", "default", to]);
        assert!(ran.code == 2 && (ran.err.contains("TW0200") || ran.err.contains("TW0201")), "{ran:?}");
        assert_eq!(world.config(), config);
    }
    world.run(&["profile", "rename", "nobody", "x"]).fails(2, "TW0201");
    assert_eq!(profiles(&world).len(), 2);
}

/// What a kill between the steps of a renaming leaves is a profile that leads to the login, and the same command ends it.
#[test]
fn a_renaming_that_was_cut_short_is_finished_by_the_same_command() {
    let rename = ["profile", "rename", "default", "office"];
    let table = |name: &str| format!("[profiles.{name}]\napp = \"default\"\n");
    for moved in [false, true] {
        let world = linked();
        let before = world.run(&["token"]).out;
        if moved {
            world.run(&rename).succeeds();
        }
        // The table is there twice; the vault keeps the login under one name or the other.
        let config = world.config();
        let (head, _) = config.split_once("[profiles.").unwrap();
        std::fs::write(world.home.join("config.toml"), format!("{head}{}\n{}", table("default"), table("office")))
            .unwrap();
        let has_login = if moved { "office" } else { "default" };
        assert_eq!(world.run(&["token", has_login]).succeeds().out, before, "nothing is lost meanwhile");
        world.run(&rename).succeeds();
        assert_eq!(profiles(&world), [("office".to_owned(), true, 1)], "{moved}");
        assert_eq!(world.run(&["token"]).out, before);
        assert_eq!(world.run(&["links", "--json"]).json()["links"][0]["profile"], "office");
    }
}

/// The same with true kills, at moments that are spread over the command.
#[test]
fn a_renaming_may_be_killed_at_any_moment() {
    let world = linked();
    let before = world.run(&["token"]).out;
    let (mut from, mut to) = ("default", "office");
    for milliseconds in [2, 5, 10, 15, 20, 25, 30, 40, 50, 70, 100, 150] {
        let mut renaming = Started::new(&mut world.command(&["profile", "rename", from, to]));
        renaming.kill_after(Duration::from_millis(milliseconds));
        drop(renaming);
        let leads: Vec<_> = [from, to].into_iter().filter(|name| world.run(&["token", name]).out == before).collect();
        assert_eq!(leads.len(), 1, "{milliseconds} ms: one of the two names leads to the login: {leads:?}");
        if world.config().contains(&format!("[profiles.{from}]")) {
            world.run(&["profile", "rename", from, to]).succeeds();
        }
        assert_eq!(profiles(&world), [(to.to_owned(), true, 1)], "{milliseconds} ms");
        assert_eq!(world.run(&["links", "--json"]).json()["links"][0]["profile"], to);
        (from, to) = (to, from);
    }
}

#[test]
fn a_removed_profile_is_gone_with_its_login_and_its_files_stay() {
    let world = linked();
    world.login(&["lab", "--app", "default"]).succeeds();
    let shown = std::fs::read_to_string(env_file(&world)).unwrap();
    // Nobody to ask, and nobody said yes.
    let ran = world.run(&["profile", "remove", "default"]);
    assert!(ran.code == 2 && ran.err.contains("--yes") && profiles(&world).len() == 2, "{ran:?}");
    let ran = world.run(&["profile", "remove", "default", "--yes"]);
    assert!(ran.succeeds().err.contains("no longer kept in sync"), "{ran:?}");
    assert_eq!(profiles(&world), [("lab".to_owned(), true, 1)]);
    assert_eq!(std::fs::read_to_string(env_file(&world)).unwrap(), shown);
    assert_eq!(world.run(&["links", "--json"]).json()["links"].as_array().unwrap().len(), 0);
    assert!(world.config().contains("[apps.default]"), "the app stays");
    world.run(&["profile", "remove", "default", "--yes"]).fails(2, "TW0201");
    // A profile whose table was taken out by hand can be removed as long as the vault knows it.
    let config = world.config();
    std::fs::write(world.home.join("config.toml"), config.split("[profiles.").next().unwrap()).unwrap();
    world.run(&["profile", "remove", "lab", "-y"]).succeeds();
    assert_eq!(profiles(&world), []);
}

/// A login that is kept without a profile becomes one by its name.
#[test]
fn a_login_without_a_profile_is_attached() {
    let (world, _) = ada_and_ming();
    world.run(&["profile", "attach", "ming"]).fails(2, "TW0510");
    let ran = world.login(&[]);
    assert_eq!(ran.code, 2, "another user's login is kept apart: {ran:?}");
    let ran = world.run(&["profile", "attach", "ming"]);
    ran.succeeds();
    assert!(world.run(&["whoami", "ming"]).succeeds().out.contains("小明"));
    assert!(world.run(&["whoami", "default"]).succeeds().out.contains("Ada"));
}

/// A new name is made a profile, and where it is not clear of which app, the way is told.
#[test]
fn a_new_name_becomes_a_profile() {
    let world = World::logged_in();
    world.login(&["anna"]).succeeds();
    assert!(world.config().contains("[profiles.anna]"));
    let second = world.sandbox.app(AppSpec::new(Brand::Feishu).redirect("http://127.0.0.1/callback"));
    assert_ne!(second.id, world.app.id);
    let config = world.config().replace("default_profile = \"default\"\n", "");
    let apps = format!(
        "{config}\n[apps.other]\nprovider = \"feishu\"\napp_id = \"{}\"\n[profiles.other]\napp = \"other\"\n",
        second.id
    );
    std::fs::write(world.home.join("config.toml"), apps).unwrap();
    let ran = world.run(&["login", "bob"]);
    assert!(ran.fails(2, "TW0201").err.contains("`tokenward login bob --app APP`"), "{ran:?}");
}
