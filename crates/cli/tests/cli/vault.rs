//! `vault`: what the sealed store says of itself.

use crate::world::{World, run, run_fed};

#[test]
fn info_names_the_key_and_what_is_held() {
    let world = World::logged_in();
    let info = world.run(&["vault", "info", "--json"]).succeeds().json();
    assert_eq!(
        (&info["login_count"], &info["open_refreshes"], &info["key_source"]),
        (&1.into(), &0.into(), &"key-file".into())
    );
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
    assert!(key.len() >= 32 && ran.err.contains("shown only once"), "{ran:?}");
    let bytes = std::fs::read(&file).unwrap();
    for secret in world.secrets() {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    world.run(&["vault", "backup", copy]).fails(2, "exists");
    let folder = tempfile::tempdir().unwrap();
    let ran = run(world.command(&["vault", "backup", "-"]).current_dir(folder.path()));
    assert!(ran.fails(2, "TW0200").err.contains("`tokenward vault backup FILE`"), "{ran:?}");
    assert!(ran.out.is_empty() && !folder.path().join("-").exists(), "no file is made of that name");

    std::fs::remove_dir_all(world.home.join("vault")).unwrap();
    world.run(&["token"]).fails(2, "TW0204");
    let restore = |key: &str, more: &[&str]| {
        run_fed(&mut world.command(&[&["vault", "restore", copy, "--key-stdin"], more].concat()), key)
    };
    let ran = restore("not-the-right-key-at-all", &["--yes"]);
    assert!(ran.fails(2, "TW0812").err.contains("check that file and key belong together"), "{ran:?}");
    restore("short", &["--yes"]).fails(2, "TW0203");
    restore(&key, &[]).fails(2, "--yes");
    let ran = restore(&key, &["--yes"]);
    assert!(ran.succeeds().err.contains("is now in use"), "{ran:?}");
    assert!(!ran.err.contains("config.toml"), "the configuration is there: {ran:?}");
    let elsewhere = folder.path().join("elsewhere");
    let words = ["--home", elsewhere.to_str().unwrap(), "vault", "restore", copy, "--key-stdin"];
    let ran = run_fed(&mut world.command(&words), &key);
    assert!(ran.succeeds().err.contains("elsewhere/config.toml"), "{ran:?}");
    assert!(ran.err.contains("only one of the two may refresh"), "the old home has them too: {ran:?}");
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
    assert!(ran.fails(2, "TW0203").err.contains("key of the backup"), "{ran:?}");
    assert!(!ran.err.contains("console"), "it is no app secret: {ran:?}");
}

#[test]
fn rekeying_keeps_every_login() {
    let world = World::logged_in();
    let token = world.run(&["token"]).out;
    let old = std::fs::read(world.home.join("vault/key")).unwrap();
    let ran = world.run(&["vault", "rekey"]);
    assert!(ran.succeeds().err.contains("encrypted with a new data key"), "{ran:?}");
    assert_ne!(std::fs::read(world.home.join("vault/key")).unwrap(), old);
    assert_eq!(world.run(&["token"]).out, token);

    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "a-key-that-is-long-enough").unwrap();
    let key = key.to_str().unwrap();
    // A key that is named and was never used stays unused, and is said to be.
    let named = [("TOKENWARD_KEY_FILE", key)];
    let ran = world.run_with(&named, &["vault", "rekey"]);
    assert!(ran.succeeds().err.contains("opens with the vault's own key file"), "{ran:?}");
    assert!(
        ran.err.contains(&format!(
            "is not used by this vault; to encrypt it with that key, run `tokenward vault rekey --new-key-file {key}`"
        )),
        "{ran:?}"
    );
    world.run(&["status"]).succeeds();
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

/// A copy, then a refresh: the copy's refresh token is used up.
fn copied_and_refreshed(world: &World) -> (tempfile::TempDir, [String; 3]) {
    let (folder, words) = world.backed_up();
    world.run(&["refresh"]).succeeds();
    (folder, words)
}

#[test]
fn a_restore_says_first_what_it_costs_and_can_be_taken_back() {
    let world = World::logged_in();
    let (_folder, words) = copied_and_refreshed(&world);
    let given: Vec<&str> = words.iter().map(String::as_str).collect();
    let restore = |more: &[&str]| world.run(&[&["vault", "restore"], &given[..], more].concat());
    let generation = || world.status()["login"]["generation"].clone();
    let entries = || std::fs::read_dir(&world.home).unwrap().count();

    // Shown, and nothing done.
    let before = entries();
    let ran = restore(&["--dry-run"]);
    assert!(ran.succeeds().out.contains("default: refreshed here") && ran.out.contains("already used"), "{ran:?}");
    assert_eq!(restore(&["--dry-run", "--json"]).succeeds().json()["logins"][0]["outcome"], "ends");
    let ran = restore(&[]);
    assert!(ran.fails(2, "--yes").err.contains("already used"), "shown before it is asked: {ran:?}");
    assert_eq!((generation(), entries()), (2.into(), before));
    world.run(&["vault", "restore", "--undo", "--yes"]).fails(2, "TW0309");

    let ran = restore(&["--yes"]);
    assert!(ran.succeeds().err.contains("vault restore --undo"), "{ran:?}");
    assert_eq!(generation(), 1);
    // Known before anything is sent, so that whoever watches the exit code hears of it.
    let ran = world.run(&["doctor"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains("already used before") && ran.out.contains("vault restore --undo"), "{ran:?}");
    // The story of the refused token begins with the restore, and names the way back.
    let ran = world.run(&["refresh"]);
    assert!(ran.fails(3, "TW0405").err.contains("vault restore --undo"), "{ran:?}");
    let ran = world.run(&["doctor"]);
    assert!(ran.err.contains("vault restore --undo") || ran.out.contains("vault restore --undo"), "{ran:?}");
    let ran = world.run(&["vault", "restore", "--undo", "--dry-run"]);
    assert!(ran.succeeds().out.contains("would continue with it"), "{ran:?}");
    world.run(&["vault", "restore", "--undo"]).fails(2, "--yes");
    let ran = world.run(&["vault", "restore", "--undo", "--yes", "--json"]);
    let previous = ran.succeeds().json()["previous_vault"].as_str().unwrap().to_owned();
    assert!(std::path::Path::new(&previous).join("vault.db").exists());
    assert_eq!(generation(), 2);
    // The way back is no other than the way there: it can be taken back, and is told so.
    let ran = world.run(&["vault", "restore", "--undo", "--yes"]);
    assert!(ran.succeeds().err.contains("vault restore --undo"), "{ran:?}");
    assert_eq!(generation(), 1);
    world.run(&["vault", "restore", "--undo", "--yes"]).succeeds();
    assert_eq!(generation(), 2);
}

#[test]
fn vaults_that_were_put_aside_are_listed_brought_back_and_removed() {
    let world = World::logged_in();
    let (folder, words) = copied_and_refreshed(&world);
    let given: Vec<&str> = words.iter().map(String::as_str).collect();
    let generation = || world.status()["login"]["generation"].clone();
    let kept = || world.run(&["vault", "kept", "--json"]).succeeds().json()["kept_vaults"].as_array().unwrap().clone();
    assert!(world.run(&["vault", "kept"]).succeeds().err.contains("there is no archived vault"), "none yet");
    for _ in 0..2 {
        world.run(&[&["vault", "restore"], &given[..], &["--yes"]].concat()).succeeds();
    }
    let found = kept();
    assert_eq!(found.iter().map(|one| one["undo"].clone()).collect::<Vec<_>>(), [true, false], "the latest first");
    assert!(found.iter().all(|one| one["bytes"].as_u64() > Some(0) && one["since"].is_string()), "{found:?}");
    assert_eq!(world.run(&["vault", "info", "--json"]).succeeds().json()["kept_vault_count"], 2);
    assert!(world.run(&["vault", "info"]).succeeds().out.contains("vault kept"));
    let first = found[1]["path"].as_str().unwrap().to_owned();
    let name = std::path::Path::new(&first).file_name().unwrap().to_str().unwrap().to_owned();
    let ran = world.run(&["vault", "kept"]);
    assert!(ran.succeeds().out.contains(&format!("tokenward vault restore {name}")), "{ran:?}");

    // By name, from any folder, without a key: the newest login is in the first of them.
    let back = |words: &[&str]| run(world.command(words).current_dir(folder.path()));
    assert!(back(&["vault", "restore", &name, "--dry-run"]).succeeds().out.contains("would continue with it"));
    back(&["vault", "restore", &name]).fails(2, "--yes");
    back(&["vault", "restore", &name, "--yes"]).succeeds();
    assert_eq!(generation(), 2);
    world.run(&["vault", "restore", "--undo", "--yes"]).succeeds();
    assert_eq!(generation(), 1);
    world.run(&["vault", "restore", "--undo", "--yes"]).succeeds();
    assert_eq!(generation(), 2);

    world.run(&["vault", "kept", "--remove", "vault", "--yes"]).fails(2, "vault kept");
    world.run(&["vault", "kept", "--remove", "vault.before-1", "--yes"]).fails(2, "vault kept");
    world.run(&["vault", "kept", "--remove", &name]).fails(2, "--yes");
    assert_eq!(kept().len(), 2, "nothing is removed without a yes");
    let ran = world.run(&["vault", "kept", "--remove", &name, "--yes", "--json"]);
    assert_eq!(ran.succeeds().json()["removed_vaults"].as_array().unwrap().len(), 1, "{ran:?}");
    assert_eq!(kept().len(), 1);
    world.run(&["vault", "kept", "--remove-all", "--yes"]).succeeds();
    assert!(kept().is_empty());
    assert_eq!(generation(), 2, "the one in use is as it was");
    world.run(&["refresh"]).succeeds();
    world.run(&["vault", "restore", "--undo", "--yes"]).fails(2, "TW0309");
}

/// What is wrong with a copy is never told of the vault.
/// An archived vault opens with the key of its day, whatever the variables name.
#[test]
fn an_archived_vault_is_restored_with_the_key_of_its_day() {
    let world = World::logged_in();
    let token = world.run(&["token"]).out.clone();
    world.run(&["serve", "key", "create", "site"]).succeeds();
    let (folder, words) = copied_and_refreshed(&world);
    let key = folder.path().join("of-its-day");
    std::fs::write(&key, "a-key-that-is-long-enough").unwrap();
    let key = key.to_str().unwrap();
    world.run(&["vault", "rekey", "--new-key-file", key]).succeeds();
    let variables = [("TOKENWARD_KEY_FILE", key)];
    let newer = world.run_with(&variables, &["token"]).succeeds().out.clone();
    let given: Vec<&str> = words.iter().map(String::as_str).collect();
    world.run(&[&["vault", "restore", "--yes"], &given[..]].concat()).succeeds();
    assert_eq!(world.run(&["token"]).succeeds().out, token);

    let back = |more: &[&str]| world.run(&[&["vault", "restore", "--yes"], more].concat());
    let ran = back(&["--undo"]);
    ran.fails(2, "TW0302");
    assert!(ran.err.contains("name that file: --key-file FILE"), "{ran:?}");
    back(&["--undo", "--key-stdin"]).fails(2, "TW0200");
    let ran = back(&["--undo", "--key-file", key]);
    assert!(ran.succeeds().err.contains(&format!("set TOKENWARD_KEY_FILE={key} from now on")), "{ran:?}");
    assert!(!ran.err.contains("no entry of this"), "{ran:?}");
    world.run(&["token"]).fails(2, "TW0302");
    assert_eq!(world.run_with(&variables, &["token"]).succeeds().out, newer);

    // The other way it is not used, and that is said instead of leaving it unused without a word.
    let kept = world.run_with(&variables, &["vault", "kept", "--json"]).succeeds().json();
    let kept = kept["kept_vaults"][0]["path"].as_str().unwrap().to_owned();
    let ran = back(&[&kept, "--key-file", key]);
    ran.fails(2, "TW0200");
    assert!(ran.err.contains("it has a key of its own"), "{ran:?}");
    assert_eq!(world.run_with(&variables, &["token"]).succeeds().out, newer);
}

#[test]
fn a_copy_that_does_not_open_is_what_cannot_be_read() {
    let world = World::logged_in();
    let (folder, words) = copied_and_refreshed(&world);
    let bytes = std::fs::read(&words[0]).unwrap();
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    let file = folder.path().join("wrong");
    for damaged in
        [flipped(0), flipped(bytes.len() / 2), bytes[..bytes.len() / 2].to_vec(), Vec::new(), b"no backup".to_vec()]
    {
        std::fs::write(&file, damaged).unwrap();
        let ran = world.run(&["vault", "restore", file.to_str().unwrap(), "--key-file", &words[2], "--yes"]);
        assert!(ran.fails(2, "TW0812").err.contains("the vault backup cannot be opened"), "{ran:?}");
        assert!(!ran.err.contains("the vault cannot be read"), "{ran:?}");
    }
    for gone in ["nothing-there", "."] {
        let file = folder.path().join(gone);
        world.run(&["vault", "restore", file.to_str().unwrap(), "--key-file", &words[2], "--yes"]).fails(2, "TW0812");
    }
    assert_eq!(world.status()["login"]["generation"], 2);
}

/// A login that was made anew after a restore owes its end to something else.
#[test]
fn a_restore_is_not_blamed_for_a_login_that_was_made_after_it() {
    let world = World::logged_in();
    let (_folder, words) = copied_and_refreshed(&world);
    let given: Vec<&str> = words.iter().map(String::as_str).collect();
    world.run(&[&["vault", "restore"], &given[..], &["--yes"]].concat()).succeeds();
    world.advance(60);
    let moved = [("TOKENWARD_CLOCK_OFFSET", "60")];
    assert_eq!(world.login_with(&moved, &[]).code, 0);
    // Another copy of it is refreshed elsewhere.
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = std::process::Command::new("cp").arg("-r").arg(&world.home).arg(elsewhere.path()).status().unwrap();
    assert!(copy.success());
    let theirs = elsewhere.path().join("home");
    world.run_with(&[moved[0], ("TOKENWARD_HOME", theirs.to_str().unwrap())], &["refresh"]).succeeds();
    let ran = world.run_with(&moved, &["refresh"]);
    assert!(!ran.fails(3, "TW0405").err.contains("--undo"), "{ran:?}");
}

#[test]
fn a_weak_key_makes_no_copy() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    let (copy, key) = (folder.path().join("copy"), folder.path().join("key"));
    let words = ["vault", "backup", copy.to_str().unwrap(), "--key-file", key.to_str().unwrap()];
    for weak in ["----------------", "-- -- -- -- -- -- -- -- -- --", "aaaaaaaaaaaaaaaaaaaa", "a-b-c-d-e-f-g-h-i"] {
        std::fs::write(&key, weak).unwrap();
        world.run(&words).fails(2, "TW0203");
        assert!(!copy.exists());
    }
}

/// Whoever reads the key has gone away.
#[test]
fn a_copy_whose_key_cannot_be_shown_is_not_left_behind() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let mut command = world.command(&["vault", "backup", copy.to_str().unwrap()]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = command.stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && err.contains("was removed"), "{err}");
    assert!(!copy.exists());
}

/// Changes one byte of the sealed access token of a profile, as a bad disk does. The database holds all of it after a restore.
fn damaged(world: &World, profile: &str) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let copy = copy.to_str().unwrap();
    let key = world.run(&["vault", "backup", copy]).succeeds().out.trim().to_owned();
    run_fed(&mut world.command(&["vault", "restore", copy, "--key-stdin", "--yes"]), &key).succeeds();
    let database = world.home.join("vault/vault.db");
    let mut bytes = std::fs::read(&database).unwrap();
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|window| window == what);
    let standing = br#"{"standing":"live"}"#;
    let mut damaged = 0;
    for at in 0..bytes.len() {
        let row = &bytes[at..bytes.len().min(at + 100)];
        if row.starts_with(profile.as_bytes())
            && let Some(stands) = find(row, standing)
        {
            // Behind the version, the key's number and the nonce.
            bytes[at + stands + standing.len() + 30] ^= 1;
            damaged += 1;
        }
    }
    assert_eq!(damaged, 1, "where the row lies");
    std::fs::write(database, bytes).unwrap();
    // What the file beside it says is not what is stored.
    let _ = std::fs::remove_file(world.home.join("vault/handout").join(profile));
}

#[test]
fn a_login_that_is_damaged_keeps_nobody_from_the_others() {
    let world = World::logged_in();
    let ran = world.login(&["--profile", "other"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    damaged(&world, "other");
    let ran = world.run(&["list"]);
    assert!(ran.fails(2, "TW0308").out.contains("default"), "{ran:?}");
    assert!(ran.err.contains("other"), "named: {ran:?}");
    let ran = world.run(&["list", "--json"]);
    assert_eq!(ran.json()["logins"].as_array().unwrap().len(), 1);
    assert_eq!((&ran.json()["damaged"][0]["profile"], &ran.error()["code"]), (&"other".into(), &"TW0308".into()));
    let ran = world.run(&["vault", "info", "--json"]);
    assert_eq!(ran.fails(2, "TW0308").json()["login_count"], 1);
    world.run(&["vault", "rekey"]).fails(2, "TW0308");
    world.run(&["token"]).succeeds();

    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let ran = world.run(&["vault", "backup", copy.to_str().unwrap()]);
    let key = ran.fails(2, "TW0308").out.trim().to_owned();
    let ran = run_fed(&mut world.command(&["vault", "restore", copy.to_str().unwrap(), "--key-stdin", "--yes"]), &key);
    assert_eq!(ran.code, 0, "{ran:?}");
    world.run(&["refresh"]).succeeds();
    // A new login takes the damaged one's place.
    let ran = world.login(&["--profile", "other"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    world.run(&["list"]).succeeds();
}

/// The vault has nothing to do with it.
#[test]
fn a_backup_that_cannot_be_written_says_so_of_the_backup() {
    let world = World::logged_in();
    let place = world.home.join("unmounted/b.bak");
    let ran = world.run(&["vault", "backup", place.to_str().unwrap()]);
    let told = ran.fails(4, "TW0215").err.clone();
    assert!(told.contains("unmounted does not exist") && told.contains("The vault is unchanged"), "{told}");
    assert!(!told.contains("vault cannot be read"), "{told}");
    if std::path::Path::new("/dev/full").exists() {
        // A folder of the system that takes no file, whoever asks.
        let ran = world.run(&["vault", "backup", "/proc/b.bak"]);
        let told = ran.fails(4, "TW0215").err.clone();
        assert!(told.contains("the backup /proc/b.bak could not be written") && ran.out.is_empty(), "{ran:?}");
    }
    world.run(&["status"]).succeeds();
}
