//! What newcomers do wrong: each is told in a sentence that says what to do, with a documented exit code.

use tokenward_emulator::Brand;

use crate::world::{World, bare_command, run, run_fed};

#[test]
fn nothing_set_up() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&["token"][..], &["login"], &["status"], &["refresh"], &["exec", "true"], &["logout", "--yes"]] {
        let ran = run(bare_command(words).env("TOKENWARD_HOME", folder.path().join("home")));
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains("TW0204") && ran.err.contains("tokenward init"), "{ran:?}");
    }
    let ran = run(bare_command(&["list"]).env("TOKENWARD_HOME", folder.path().join("home")));
    assert!(ran.code == 0 && ran.err.contains("tokenward login"), "{ran:?}");
}

#[test]
fn set_up_and_not_logged_in() {
    let world = World::new();
    let ran = world.run(&["list"]);
    assert!(ran.succeeds().err.contains("default. Run `tokenward login`"), "{ran:?}");
    assert!(!ran.err.contains("tokenward init"), "{ran:?}");
}

#[test]
fn no_home_at_all() {
    let ran = run(&mut bare_command(&["status"]));
    assert!(ran.fails(2, "TW0204").err.contains("TOKENWARD_HOME"), "{ran:?}");
}

#[test]
fn no_terminal_to_ask_at_names_flag_and_variable() {
    let folder = tempfile::tempdir().unwrap();
    let command = |words: &[&str]| {
        let mut command = bare_command(words);
        command.env("TOKENWARD_HOME", folder.path().join("home"));
        command
    };
    let ran = run(&mut command(&["init"]));
    assert!(ran.fails(2, "TW0204").err.contains("--app-id") && ran.err.contains("TOKENWARD_APP_ID"), "{ran:?}");
    let ran = run(&mut command(&["init", "--app-id", "cli_x"]));
    assert!(ran.fails(2, "TW0204").err.contains("--app-secret-stdin"), "{ran:?}");
    assert!(ran.err.contains("TOKENWARD_APP_SECRET"), "{ran:?}");
    assert!(!folder.path().join("home").exists(), "nothing is written before everything is known");
}

#[test]
fn an_empty_or_malformed_secret() {
    let world = World::bare();
    let words = ["init", "--app-id", "cli_x", "--app-secret-stdin", "--no-check"];
    for (secret, why) in [("", "it is empty"), (" \n", "it is empty"), ("a b", "space"), ("“abc”", "non-ASCII")] {
        let ran = run_fed(&mut world.command(&words), secret);
        assert!(ran.fails(2, "TW0203").err.contains(why), "{ran:?}");
    }
    let ran = world.run_with(&[("TOKENWARD_APP_SECRET", "")], &words[..3]);
    assert!(ran.fails(2, "TW0203").err.contains("it is empty"), "{ran:?}");
    let ran = world.run(&["init", "--app-id", "x", "--app-secret-file", "/nowhere"]);
    assert!(ran.fails(2, "TW0203").err.contains("/nowhere"), "{ran:?}");
}

#[test]
fn a_secret_among_the_arguments_is_refused_and_not_repeated() {
    let world = World::bare();
    let ran = world.run(&["init", "--app-secret", "s3cr3t"]);
    assert_eq!(ran.code, 2);
    assert!(!ran.err.contains("s3cr3t"), "{ran:?}");
    assert!(
        ran.err.contains("secrets cannot be passed as arguments") && ran.err.contains("TOKENWARD_APP_SECRET"),
        "{ran:?}"
    );
    for word in ["--app-secret=s3cr3t", "--secret=s3cr3t", "--token=s3cr3t", "--refresh-tokn=s3cr3t"] {
        let ran = world.run(&["init", word]);
        assert_eq!(ran.code, 2);
        assert!(!ran.err.contains("s3cr3t") && ran.err.contains("secrets cannot be passed as arguments"), "{ran:?}");
    }
    // A secret in the place of a file, of a command, of nothing; a password in an address.
    let secret = "724e303c8204cce55f265ffeb1580d56";
    let id = ["--app-id", "cli_x", "--app-secret-file", secret, "--open-url", "http://127.0.0.1:9"];
    for words in [&[&["init"], &id[..]].concat()[..], &["init", secret], &[secret]] {
        let ran = world.run(words);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(!ran.err.contains(secret), "{ran:?}");
    }
    for flag in ["--issuer", "--open-url"] {
        let ran =
            world.run(&["init", "--provider", "oauth2", "--app-id", "x", flag, "https://u:hunter2@idp.example.test"]);
        assert!(ran.code != 0 && !ran.err.contains("hunter2"), "{ran:?}");
    }
}

#[test]
fn an_unknown_profile_names_those_there_are() {
    let world = World::logged_in();
    let ran = world.run(&["token", "--profile", "defualt"]);
    assert!(ran.fails(2, "TW0201").err.contains("default"), "{ran:?}");
    world.run(&["status", "-p", "nobody"]).fails(2, "TW0201");
    world.run_with(&[("TOKENWARD_PROFILE", "nobody")], &["token"]).fails(2, "TW0201");
    world.run(&["token", "-p", "a/b"]).fails(2, "TW0200");
}

#[test]
fn an_unparsable_config_names_the_line_and_is_left_alone() {
    let world = World::logged_in();
    let path = world.home.join("config.toml");
    let good = world.config();
    std::fs::write(&path, format!("{good}\n[apps.default\n")).unwrap();
    let line = good.lines().count() + 2;
    for words in [&["token"][..], &["status"], &["list"]] {
        let ran = world.run(words);
        assert!(ran.fails(2, "TW0202").err.contains(&format!("line {line}")), "{ran:?}");
    }
    world.init(&[]).fails(2, "TW0202");
    assert!(world.config().contains("[apps.default\n"));
    std::fs::write(&path, good).unwrap();
    world.run(&["token"]).succeeds();
}

#[test]
fn unknown_keys_and_variables_are_warned_about_and_a_secret_in_the_config_is_refused() {
    let world = World::logged_in();
    let path = world.home.join("config.toml");
    let good = world.config();
    std::fs::write(&path, good.replace("app_id", "apikey = 1\napp_id")).unwrap();
    let ran = world.run(&["token"]);
    assert!(ran.succeeds().err.contains("apikey") && ran.err.contains("line"), "{ran:?}");
    std::fs::write(&path, good.replace("app_id", "app_secret = \"s3cr3t\"\napp_id")).unwrap();
    let ran = world.run(&["token"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(!ran.err.contains("s3cr3t"), "{ran:?}");
    std::fs::write(&path, good).unwrap();
    let ran = world.run_with(&[("TOKENWARD_PROFIL", "x")], &["token"]);
    assert!(ran.succeeds().err.contains("TOKENWARD_PROFILE?"), "{ran:?}");
}

#[test]
fn the_wrong_brand() {
    let world = World::bare();
    let ran = world.run(&["init", "--provider", "dingtalk"]);
    assert!(ran.fails(2, "TW0200").err.contains("use feishu, lark, blueking, gitea, gitlab or oauth2"), "{ran:?}");
    // A Feishu app through Lark's hosts: the provider answers 20046 or that it knows no such app.
    let lark = world.sandbox.urls(Brand::Lark);
    let words = ["init", "--provider", "lark", "--app-id", &world.app.id, "--app-secret-stdin"];
    let hosts = ["--open-url", &lark.open, "--accounts-url", &lark.accounts];
    let ran = run_fed(&mut world.command(&[&words[..], &hosts].concat()), &world.app.secret);
    assert_eq!(ran.code, 6, "{ran:?}");
}

#[test]
fn bad_words_are_told_with_the_way_to_help() {
    for (words, what) in [
        (&["tokn"][..], "token"),
        (&["token", "--min-ttl", "soon"], "90s"),
        (&["token", "--format", "xml"], "raw"),
        (&["login", "--paste", "--device"], "--device"),
        (&["logout", "--force"], "--revoke"),
        (&["exec"], "CMD"),
        (&["exec", "--env", "1X", "true"], "letters"),
        (&["init", "--open-url", "nonsense"], "nonsense"),
        (&["init", "--port", "99999"], "65535"),
        (&["init", "--app", "bad/name"], "1 to 64"),
    ] {
        let ran = run(&mut bare_command(words));
        assert!(ran.fails(2, "TW0200").err.contains(what), "{words:?}: {ran:?}");
        assert!(ran.err.contains("--help"), "{ran:?}");
    }
    for words in [
        &["init", "--open-url", "nonsense"][..],
        &["login", "--port", "99999"],
        &["sandbox", "--port", "1x"],
        &["status", "--profile", "bad/name"],
    ] {
        let ran = run(bare_command(words).env("TOKENWARD_LANG", "zh"));
        let sentence = ran.fails(2, "TW0200").err.lines().next().unwrap_or_default().to_owned();
        let why = sentence.rsplit('：').next().unwrap_or_default();
        assert!(why.starts_with('请'), "the reason is in Chinese too: {ran:?}");
    }
}

#[test]
fn special_variables_are_checked() {
    let world = World::new();
    world.run_with(&[("TOKENWARD_CLOCK_OFFSET", "tomorrow")], &["status"]).fails(2, "TOKENWARD_CLOCK_OFFSET");
    world.run_with(&[("TOKENWARD_KILL_AT", "lunch")], &["status"]).fails(2, "TOKENWARD_KILL_AT");
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    use std::process::Stdio;
    let world = World::logged_in();
    // Gone before the command starts, so that nothing can be written in time.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = world.command(&["list"]).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert!(output.stderr.is_empty(), "{output:?}");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = world.command(&["token"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not be written"), "{output:?}");
}

#[test]
fn a_home_that_cannot_be_written() {
    // Root writes everywhere, so the home is put below a file: no user can make a folder there.
    let file = tempfile::NamedTempFile::new().unwrap();
    let home = file.path().join("home");
    let words = ["init", "--app-id", "cli_x", "--app-secret-stdin", "--no-check"];
    let ran = run_fed(bare_command(&words).env("TOKENWARD_HOME", &home), "abc");
    assert!(matches!(ran.code, 2 | 4) && ran.err.contains("home"), "{ran:?}");
    assert!(!ran.err.contains("panicked"), "{ran:?}");
}

/// A place that takes no vault is told as such, with the way out, and nothing is made in a place that was not meant.
#[test]
fn a_home_that_cannot_be_made_is_told_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "0123456789abcdef0123456789abcdef";
    let words = ["init", "--provider", "feishu", "--app-id", "cli_a1b2c3d4e5f6a7b8", "--app-secret-stdin"];
    // The home of a user that nobody made.
    let nowhere = folder.path().join("nonexistent");
    let ran = run_fed(bare_command(&words).env("HOME", &nowhere), secret);
    assert!(ran.code != 0 && ran.err.contains("TOKENWARD_HOME"), "{ran:?}");
    assert!(!nowhere.exists());
    // One that is another folder in each working folder.
    let ran = run_fed(bare_command(&words).env("HOME", "relative").current_dir(folder.path()), secret);
    assert!(ran.fails(2, "TW0204").err.contains("TOKENWARD_HOME"), "{ran:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    // Places that take no folder.
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for home in [file.to_str().unwrap(), "/proc", "/dev/null"] {
        let ran = run_fed(bare_command(&words).env("HOME", home), secret);
        assert!(ran.code != 0 && ran.err.contains("TOKENWARD_HOME"), "{home}: {ran:?}");
        assert!(!ran.err.contains("restore a backup"), "{home}: {ran:?}");
        let ran = run(bare_command(&["doctor"]).env("HOME", home));
        assert!(ran.code != 0 && !ran.out.contains("the first login creates it"), "{home}: {ran:?}");
    }
}

/// Folders on the way to the home are for their owner alone, whatever the umask.
#[test]
fn folders_on_the_way_to_the_home_are_private() {
    use std::os::unix::fs::MetadataExt as _;

    let folder = tempfile::tempdir().unwrap();
    let secret = "0123456789abcdef0123456789abcdef";
    let script = "umask 000 && exec \"$T\" init --provider feishu --app-id cli_a1b2c3d4e5f6a7b8 --app-secret-stdin";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script]).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
    command.env("HOME", folder.path()).env("T", env!("CARGO_BIN_EXE_tokenward"));
    run_fed(&mut command, secret).succeeds();
    for path in [".local", ".local/share", ".local/share/tokenward", ".local/share/tokenward/vault"] {
        let mode = std::fs::metadata(folder.path().join(path)).unwrap().mode();
        assert_eq!(mode & 0o077, 0, "{path}: {mode:o}");
    }
    // What was opened with the folder around it is closed with it.
    let vault = folder.path().join(".local/share/tokenward/vault");
    let open = |path: &str, mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(vault.join(path), mode).unwrap();
    };
    open("", 0o777);
    open("locks/folder", 0o666);
    run(bare_command(&["vault", "info"]).env("HOME", folder.path())).succeeds();
    assert_eq!(std::fs::metadata(vault.join("locks/folder")).unwrap().mode() & 0o077, 0);
}

/// The token was renewed, and whoever reads the output does not get it.
#[test]
fn output_that_cannot_be_written_after_a_refresh_says_what_is_kept() {
    let world = World::logged_in();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child =
        world.command(&["refresh", "--json"]).stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("\"kept\":\"new-tokens\""), "{err}");
    assert_eq!(world.status()["login"]["generation"], 2);
}

/// A mistyped profile is not there afterwards, unless somebody was logged in under it; what is advised means the app that was named.
#[test]
fn a_login_that_fails_leaves_no_profile_that_it_made() {
    let world = World::logged_in();
    let before = world.config();
    let ran = world.run(&["login", "-p", "defualt", "--paste"]);
    assert!(ran.fails(2, "TW0208").err.contains("stdin ended before a line came"), "{ran:?}");
    assert_eq!(world.config(), before);
    world.sandbox.rules(|rules| rules.consent = tokenward_emulator::Consent::Deny);
    let ran = world.login(&["-p", "second", "--app", "default"]);
    assert!(ran.fails(3, "TW0407").err.contains("`tokenward login --profile second --app default`"), "{ran:?}");
    assert_eq!(world.config(), before);
    world.sandbox.consent_auto();
    world.login(&["-p", "second", "--app", "default"]).succeeds();
    assert!(world.config().contains("[profiles.second]"));
}

/// An app of another name than the first is meant by that name where `init` is advised.
#[test]
fn init_is_advised_for_the_app_that_is_meant() {
    let world = World::logged_in();
    let ran = world.init(&["--app", "corp"]);
    ran.succeeds();
    world.login(&["-p", "corp"]).succeeds();
    world.sandbox.inject(tokenward_emulator::Fault::code(20002).when(tokenward_emulator::Operation::Refresh).times(2));
    let ran = world.run(&["refresh", "-p", "corp"]);
    assert!(ran.fails(6, "TW0701").err.contains("`tokenward init --app corp --profile corp`"), "{ran:?}");
    let ran = world.run(&["refresh"]);
    assert!(ran.fails(6, "TW0701").err.contains("`tokenward init`"), "{ran:?}");
}
