//! `config`: the file from the command line, checked before it is written, and nothing lost.

use std::path::Path;

use crate::world::World;

const KEPT: &str = "# mine\n";

/// A world whose file has a comment that is to stay.
fn world() -> World {
    let world = World::bare();
    world.init(&[]).succeeds();
    let file = world.home.join("config.toml");
    std::fs::write(&file, format!("{KEPT}{}", world.config())).unwrap();
    world
}

/// A program that stands for an editor: a shell line that gets the file as `$1`.
fn editor(folder: &Path, line: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let file = folder.join("editor");
    std::fs::write(&file, format!("#!/bin/sh\n{line}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    file.display().to_string()
}

#[test]
fn a_key_is_read_set_and_listed_with_its_place() {
    let world = world();
    let id = world.run(&["config", "get", "apps.default.app_id"]).succeeds().out.trim().to_owned();
    assert!(id.starts_with("cli_"), "{id}");
    world.run(&["config", "get", "profiles.default.scopes"]).fails(2, "profiles.default.scopes is not set");
    world.run(&["config", "set", "profiles.default.scopes", "offline_access im:message"]).succeeds();
    let text = world.config();
    assert!(text.starts_with(KEPT) && text.contains("scopes = \"offline_access im:message\""), "{text}");
    let listed = world.run(&["config", "list"]);
    let line = 1 + text.lines().position(|line| line.starts_with("scopes")).unwrap();
    assert!(
        listed.out.contains("profiles.default.scopes") && listed.out.contains(&format!("config.toml:{line}")),
        "{listed:?}"
    );
    let json = world.run(&["config", "get", "profiles.default.scopes", "--json"]).succeeds().json();
    assert_eq!((json["line"].as_u64(), json["value"].as_str()), (Some(line as u64), Some("offline_access im:message")));
    let path = world.run(&["config", "path"]).succeeds().out.trim().to_owned();
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    // What a variable says comes before the file, and is told; the value of a secret is not.
    let ran = world.run_with(
        &[("TOKENWARD_LOG", "off"), ("TOKENWARD_KEY", "0123456789abcdef0123456789abcdef")],
        &["config", "list"],
    );
    assert!(ran.out.contains("TOKENWARD_KEY") && !ran.out.contains("0123456789abcdef"), "{ran:?}");
}

#[test]
fn a_value_that_cannot_be_used_changes_nothing() {
    let world = world();
    let before = world.config();
    for (key, value, told) in [
        ("apps.default.provider", "feishoo", "feishoo"),
        ("apps.default.fallback", "perhaps", "true or false"),
        ("profiles.default.redirect_uri", "nowhere", "nowhere"),
        ("profiles.default.app", "lab", "apps.lab"),
        ("default_profile", "nobody", "nobody"),
        ("apps.default.rules", "oldaccess", "rules"),
        ("apps.lab.scopes", "x", "there is no app lab"),
        ("profiles.lab.scopes", "x", "there is no profile lab"),
        ("apps.default.scope", "x", "apps.default.scopes"),
    ] {
        let ran = world.run(&["config", "set", key, value]);
        assert!(ran.fails(2, told).out.is_empty(), "{key}: {ran:?}");
        assert_eq!(world.config(), before, "{key}");
    }
    // A secret has no key, and none is taken for a value.
    for words in [["apps.default.app_secret", "hush"], ["apps.default.app_id", "u-0123456789abcdefghijklmnopqrstuv"]] {
        let ran = world.run(&[&["config", "set"][..], &words].concat());
        assert!(ran.fails(2, "tokenward init").err.contains("TOKENWARD_APP_SECRET"), "{ran:?}");
        assert!(!ran.err.contains(words[1]), "{ran:?}");
        assert_eq!(world.config(), before);
    }
}

#[test]
fn an_app_and_a_profile_are_written_key_by_key() {
    let world = world();
    for (key, value) in [
        ("apps.lab.app_id", "cli_lab"),
        ("apps.lab.provider", "lark"),
        ("profiles.lab.app", "lab"),
        ("profiles.lab.redirect_uri", "http://127.0.0.1:9000/callback"),
        ("default_profile", "lab"),
    ] {
        world.run(&["config", "set", key, value]).succeeds();
    }
    let ran = world.run(&["config", "set", "default_profile", "lab"]);
    assert!(ran.succeeds().err.contains("is lab already"), "{ran:?}");
    assert!(world.run(&["profile", "list"]).succeeds().out.contains("* lab"));
}

#[test]
fn an_edited_text_replaces_the_file_only_when_it_can_be_used() {
    let world = world();
    let (folder, copy) = (tempfile::tempdir().unwrap(), world.home.join("config.edited.toml"));
    let before = world.config();
    let run = |line: &str| {
        let editor = editor(folder.path(), line);
        world.run_with(&[("EDITOR", editor.as_str())], &["config", "edit"])
    };
    assert!(run("true").succeeds().err.contains("unchanged") && !copy.exists());
    run("exit 3").fails(2, "exit status: 3");
    assert_eq!(world.config(), before);
    std::fs::remove_file(&copy).unwrap();
    let ran = run("printf 'on_trouble = \"beep\"\n[apps' >> \"$1\"");
    assert!(ran.fails(2, "config.edited.toml").err.contains("config.toml is unchanged"), "{ran:?}");
    assert_eq!(world.config(), before);
    assert!(std::fs::read_to_string(&copy).unwrap().ends_with("[apps"));
    // The next one goes on where that one ended.
    let ran = run(
        "grep -q beep \"$1\" && sed -i -e '/^on_trouble/d' -e '/^.apps$/d' \"$1\" && sed -i '1i on_trouble = \"beep\"' \"$1\"",
    );
    assert!(ran.succeeds().err.contains("is saved"), "{ran:?}");
    assert!(
        !copy.exists() && world.config().contains("on_trouble") && world.config().contains(KEPT),
        "{}",
        world.config()
    );
    // Somebody else's change meanwhile is not undone.
    let now = world.config();
    let file = world.home.join("config.toml").display().to_string();
    let ran = run(&format!("echo '# theirs' >> '{file}'; echo '# ours' >> \"$1\""));
    assert!(ran.fails(2, "another program").err.contains("config.edited.toml"), "{ran:?}");
    assert_eq!(world.config(), format!("{now}# theirs\n"));
    assert!(std::fs::read_to_string(&copy).unwrap().ends_with("# ours\n"));
    let alone = world.run_with(&[("VISUAL", ""), ("EDITOR", "")], &["config", "edit"]);
    alone.fails(2, "set VISUAL or EDITOR");
}

#[test]
fn keys_are_completed_with_what_is_set() {
    let world = world();
    let ran = world.run(&["__complete", "--", "config", "set", "profiles.default."]);
    let keys: Vec<&str> = ran.out.lines().filter_map(|line| line.split('\t').next()).collect();
    assert!(keys.contains(&"profiles.default.scopes") && keys.contains(&"profiles.default.app"), "{ran:?}");
    assert!(world.run(&["__complete", "--", "config", "get", "def"]).out.starts_with("default_profile\t"), "{ran:?}");
}

/// Of a secret's file it is told before it is written down, by the rules by which it is read.
#[test]
fn a_secret_file_is_looked_at_before_it_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = world();
    let (before, folder) = (world.config(), tempfile::tempdir().unwrap());
    let key = "apps.default.secret_file";
    let set = |value: &str| {
        let mut command = world.command(&["config", "set", key, value]);
        crate::world::run(command.current_dir(folder.path()))
    };
    let file = folder.path().join("s.txt");
    for value in ["s.txt", "/nowhere/s.txt"] {
        let ran = set(value);
        assert!(ran.fails(2, "TW0203").err.contains("config.toml is unchanged"), "{ran:?}");
    }
    std::fs::write(&file, &world.app.secret).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let whole = file.display().to_string();
    set(&whole).fails(2, "TW0");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    // It is in the folder where the person is, and not in the one of config.toml.
    let ran = set("s.txt");
    assert!(ran.fails(2, "TW0203").err.contains(&format!("run `tokenward config set {key} {whole}`")), "{ran:?}");
    assert_eq!(world.config(), before);
    set(&whole).succeeds();
    world.login(&[]).succeeds();
}

#[test]
fn a_key_is_taken_out_and_its_default_holds() {
    let world = world();
    let before = world.config();
    world.run(&["config", "set", "profiles.default.scopes", "offline_access im:message"]).succeeds();
    let ran = world.run(&["config", "unset", "profiles.default.scopes", "--json"]).succeeds().json();
    assert_eq!(ran["former_value"], "offline_access im:message");
    assert_eq!(world.config(), before, "comments and all");
    let ran = world.run(&["config", "unset", "profiles.default.scopes"]);
    assert!(ran.succeeds().err.contains("was not set"), "{ran:?}");
    let ran = world.run(&["config", "unset", "apps.default.redirect_uri"]);
    assert!(ran.succeeds().err.contains("its default applies"), "{ran:?}");
    world.run(&["config", "get", "apps.default.redirect_uri"]).fails(2, "is not set");
    let ran = world.run(&["config", "unset", "apps.default.scope"]);
    assert!(ran.fails(2, "TW0200").err.contains("apps.default.scopes"), "{ran:?}");
    let redirect = ["config", "set", "apps.default.redirect_uri", "http://127.0.0.1/callback"];
    world.run(&redirect).succeeds();
    let ran = world.run(&["--lang", "zh", "config", "unset", "apps.default.redirect_uri"]);
    assert!(ran.succeeds().err.contains("已取消设置"), "{ran:?}");
}

/// What `config list` shows of variables leads to their keys, and each hint to one that helps.
#[test]
fn an_app_of_variables_leads_nobody_round_in_a_circle() {
    let world = World::bare();
    let open = world.sandbox.open_url(tokenward_emulator::Brand::Feishu);
    let variables = [
        ("TOKENWARD_PROVIDER", "feishu"),
        ("TOKENWARD_APP_ID", world.app.id.as_str()),
        ("TOKENWARD_APP_SECRET", world.app.secret.as_str()),
        ("TOKENWARD_OPEN_URL", open.as_str()),
    ];
    let run = |words: &[&str]| world.run_with(&variables, words);
    assert!(run(&["config", "list"]).succeeds().out.contains("TOKENWARD_APP_ID"));
    let ran = run(&["config", "get", "TOKENWARD_APP_ID"]);
    assert!(ran.fails(2, "TW0200").err.contains("its key in config.toml is apps.NAME.app_id"), "{ran:?}");
    for key in ["lang", "TOKENWARD_LANG"] {
        let ran = run(&["config", "set", key, "zh"]);
        assert!(
            ran.fails(2, "TW0200")
                .err
                .contains("TOKENWARD_LANG is an environment variable, and config.toml has no key")
        );
    }
    let ran = run(&["config", "get", "apps.default.app_id"]);
    assert!(ran.fails(2, "TW0204").err.contains("TOKENWARD_APP_ID in the environment gives this value"), "{ran:?}");
    assert!(ran.err.contains("`tokenward init`") && !ran.err.contains("config set"), "{ran:?}");
    let ran = run(&["config", "set", "profiles.default.scopes", "offline_access"]);
    assert!(ran.fails(2, "TW0201").err.contains("`tokenward init --profile default`"), "{ran:?}");
    let ran = run(&["config", "set", "profiles.default.app", "default"]);
    assert!(ran.fails(2, "TW0207").err.contains("`tokenward init --app default`"), "{ran:?}");
    // And that is the way out.
    run(&["init", "--app", "default"]).succeeds();
    run(&["config", "set", "profiles.default.scopes", "offline_access"]).succeeds();
    let ran = run(&["config", "set", "profiles.work.scopes", "offline_access"]);
    assert!(ran.fails(2, "TW0201").err.contains("`tokenward config set profiles.work.app default`"), "{ran:?}");
}

#[test]
fn what_has_to_be_there_is_not_taken_out() {
    let world = world();
    let before = world.config();
    let ran = world.run(&["config", "unset", "apps.default.app_id"]);
    assert!(ran.fails(2, "apps.default.app_id is required").err.contains("config set apps.default.app_id"), "{ran:?}");
    world.run(&["config", "set", "profiles.work.app", "default"]).succeeds();
    let with_work = world.config();
    let ran = world.run(&["config", "unset", "profiles.work.app"]);
    assert!(ran.fails(2, "TW0200").err.contains("`tokenward profile remove work`"), "{ran:?}");
    assert_eq!(world.config(), with_work);
    world.run(&["profile", "remove", "work", "--yes"]).succeeds();
    assert_eq!(world.config().trim(), before.trim());
    // What has a default goes.
    world.run(&["config", "set", "profiles.default.scopes", "offline_access"]).succeeds();
    world.run(&["config", "unset", "profiles.default.scopes"]).succeeds();
    world.run(&["config", "unset", "apps.default.app_id", "--lang", "zh"]).fails(2, "是必需的");
}
