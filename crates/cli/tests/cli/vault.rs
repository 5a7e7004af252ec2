//! `vault`: what the sealed store says of itself.

use crate::world::{World, run, run_fed};

#[test]
fn info_names_the_key_and_what_is_held() {
    let world = World::logged_in();
    let info = world.run(&["vault", "info", "--json"]).succeeds().json();
    assert_eq!((&info["logins"], &info["open_turns"], &info["key_source"]), (&1.into(), &0.into(), &"key-file".into()));
    let text = world.run(&["vault", "info"]);
    assert!(text.succeeds().out.contains("SQLite"), "{text:?}");
}

#[test]
fn a_missing_key_is_told_and_nothing_is_overwritten() {
    let world = World::logged_in();
    let key = world.home.join("vault/key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    for words in [&["token"][..], &["status"], &["list"], &["refresh"]] {
        world.run(words).fails(2, "TW0302");
    }
    std::fs::write(&key, kept).unwrap();
    world.run(&["token"]).succeeds();
}

#[test]
fn a_copy_brings_a_lost_vault_back() {
    let world = World::logged_in();
    let token = world.run(&["token"]).out;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy");
    let copy = file.to_str().unwrap();
    let ran = world.run(&["vault", "backup", copy]);
    let key = ran.succeeds().out.trim().to_owned();
    assert!(key.len() >= 32 && ran.err.contains("shown this once"), "{ran:?}");
    let bytes = std::fs::read(&file).unwrap();
    for secret in world.secrets() {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    world.run(&["vault", "backup", copy]).fails(2, "exists");

    std::fs::remove_dir_all(world.home.join("vault")).unwrap();
    world.run(&["token"]).fails(2, "TW0204");
    let restore = |key: &str, more: &[&str]| {
        run_fed(&mut world.command(&[&["vault", "restore", copy, "--key-stdin"], more].concat()), key)
    };
    let ran = restore("not-the-right-key-at-all", &["--yes"]);
    assert!(ran.fails(2, "TW0301").err.contains("check that file and key belong together"), "{ran:?}");
    restore("short", &["--yes"]).fails(2, "TW0203");
    restore(&key, &[]).fails(2, "--yes");
    let ran = restore(&key, &["--yes"]);
    assert!(ran.succeeds().err.contains("was brought back"), "{ran:?}");
    assert!(!ran.err.contains("config.toml"), "the configuration is there: {ran:?}");
    let elsewhere = folder.path().join("elsewhere");
    let words = ["--home", elsewhere.to_str().unwrap(), "vault", "restore", copy, "--key-stdin"];
    let ran = run_fed(&mut world.command(&words), &key);
    assert!(ran.succeeds().err.contains("elsewhere/config.toml"), "{ran:?}");
    assert_eq!(world.run(&["token"]).succeeds().out, token);
    assert_eq!(world.run(&["refresh"]).code, 0);
}

#[test]
fn a_key_file_of_ones_own_makes_the_copy() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    let (copy, key) = (folder.path().join("copy"), folder.path().join("key"));
    std::fs::write(&key, "correct horse battery staple").unwrap();
    let words = [copy.to_str().unwrap(), "--key-file", key.to_str().unwrap()];
    let ran = world.run(&[&["vault", "backup"], &words[..]].concat());
    assert!(ran.succeeds().out.is_empty(), "a key that was given is not printed: {ran:?}");
    world.run(&[&["vault", "restore"], &words[..], &["--yes"]].concat()).succeeds();
    assert_eq!(world.run(&["token"]).code, 0);
    let ran = world.run(&["vault", "restore", copy.to_str().unwrap(), "--yes", "--key-file", "/not/there"]);
    assert!(ran.fails(2, "TW0203").err.contains("key of the copy"), "{ran:?}");
    assert!(!ran.err.contains("console"), "it is no app secret: {ran:?}");
}

#[test]
fn rekeying_keeps_every_login() {
    let world = World::logged_in();
    let token = world.run(&["token"]).out;
    let old = std::fs::read(world.home.join("vault/key")).unwrap();
    let ran = world.run(&["vault", "rekey"]);
    assert!(ran.succeeds().err.contains("sealed with a new data key"), "{ran:?}");
    assert_ne!(std::fs::read(world.home.join("vault/key")).unwrap(), old);
    assert_eq!(world.run(&["token"]).out, token);

    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "a-key-that-is-long-enough").unwrap();
    let key = key.to_str().unwrap();
    let mut command = world.command(&["vault", "rekey", "--new-key-file", "key"]);
    let ran = run(command.current_dir(folder.path()));
    assert!(ran.succeeds().err.contains(&format!("TOKENWARD_KEY_FILE={key} ")), "good in every folder: {ran:?}");
    world.run(&["status"]).fails(2, "TW0302");
    let variables = [("TOKENWARD_KEY_FILE", key)];
    assert_eq!(world.run_with(&variables, &["token"]).out, token);
    world.run_with(&variables, &["vault", "rekey", "--own-key"]).succeeds();
    assert_eq!(world.run(&["token"]).out, token);
    world.run(&["refresh"]).succeeds();
}
