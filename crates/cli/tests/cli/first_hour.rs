//! Small things on which a newcomer trips in the first hour (design/0013-first-hour.md).

use std::process::Stdio;

use tokenward_emulator::{Brand, Door};

use crate::desk::Desk;
use crate::project::Project;
use crate::terminal::AtTerminal;
use crate::world::World;

/// Columns of a line that is shown.
fn columns(line: &str) -> usize {
    line.chars().map(|c| if ('\u{2e80}'..='\u{ffef}').contains(&c) { 2 } else { 1 }).sum()
}

#[test]
fn lines_are_folded_at_words_and_commands_stay_whole() {
    let world = World::new();
    for (width, lang, command) in
        [(40, "en", "`tokenward login`"), (60, "en", "`tokenward login`"), (40, "zh", "`tokenward login`")]
    {
        let (shown, code) = AtTerminal::wide(&world, width, &format!("token --lang {lang} --color never")).end();
        assert!(code == 3 && shown.contains(command), "{shown}");
        for line in shown.lines().map(|line| line.trim_end_matches('\r')) {
            assert!(columns(line) <= usize::from(width), "{width}: {line:?} of {shown}");
        }
        // What continues stands under its line.
        assert!(shown.lines().skip(1).all(|line| line.trim().is_empty() || line.starts_with("  ")), "{shown}");
    }
}

#[test]
fn a_wrong_secret_is_asked_for_again() {
    let world = World::bare();
    let urls = world.sandbox.urls(Brand::Feishu);
    let words = format!("init --app-id {} --open-url {} --accounts-url {}", world.app.id, urls.open, urls.accounts);
    let mut init = AtTerminal::new(&world, &words);
    init.until("App Secret (not shown):")
        .answer("not-the-secret-at-all\n")
        .until("TW0701")
        .until("App Secret (not shown):");
    init.answer(&format!("{}\n", world.app.secret)).until("Log in now? [Y/n]").answer("n\n");
    let (shown, code) = init.end();
    assert!(code == 0 && shown.contains("the provider accepts"), "{shown}");
    assert!(!shown.contains("not-the-secret"), "{shown}");
}

#[test]
fn advice_names_the_home_that_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("a b");
    let ran = crate::world::run(&mut crate::world::bare_command(&["--home", home.to_str().unwrap(), "token"]));
    let command = format!("`tokenward --home '{}' init`", home.display());
    assert!(ran.fails(2, "TW0204").err.contains(&command), "{ran:?}");
    let ran =
        crate::world::run(&mut crate::world::bare_command(&["--home", home.to_str().unwrap(), "token", "--json"]));
    assert!(ran.fails(2, "TW0204").err.contains(&command), "{ran:?}");
}

#[test]
fn no_command_that_looks_makes_a_vault() {
    let world = World::bare();
    for (words, code) in [
        (&["unlink", "x.env"][..], 2),
        (&["watch"], 2),
        (&["logout", "--login", "0123456789abcdef"], 2),
        (&["adopt", "--login", "0123456789abcdef", "-p", "x"], 2),
        (&["logout", "--yes"], 2),
    ] {
        let ran = world.run(words);
        assert_eq!(ran.code, code, "{words:?} {ran:?}");
        assert!(!world.home.join("vault").exists(), "{words:?}");
    }
}

#[test]
fn the_app_of_a_file_that_names_none_is_said() {
    let project = Project::of(World::new());
    project.write("foo.env", "OTHER=1\n");
    let ran = project.login(&["--env-file", "foo.env"]);
    assert!(
        ran.succeeds()
            .err
            .contains(&format!("foo.env names no app; this login is for the app default ({})", project.world.app.id)),
        "{ran:?}"
    );
    // Once the file is linked it is clear.
    let again = project.login(&["--env-file", "foo.env"]);
    assert!(!again.succeeds().err.contains("names no app"), "{again:?}");
}

#[test]
fn the_dotenv_line_is_read_as_it_is() {
    let world = World::logged_in();
    let token = world.run(&["token"]).succeeds().out.trim().to_owned();
    let line = world.run(&["token", "--format", "dotenv"]).succeeds().out.clone();
    assert_eq!(line, format!("TOKENWARD_ACCESS_TOKEN={token}\n"));
    let file = world.home.join("x.env");
    std::fs::write(&file, line).unwrap();
    let words = format!("set -a; . {}; printf %s \"$TOKENWARD_ACCESS_TOKEN\"", file.display());
    let read = std::process::Command::new("sh").args(["-c", &words]).output().unwrap();
    assert_eq!(String::from_utf8(read.stdout).unwrap(), token);
    let tenant = world.run(&["token", "--as", "tenant", "--format", "dotenv"]).succeeds().out.clone();
    assert!(tenant.starts_with("TOKENWARD_TENANT_ACCESS_TOKEN="), "{tenant}");
}

#[test]
fn a_wait_of_no_time_is_refused() {
    World::new().run(&["login", "--timeout", "0s"]).fails(2, "--timeout");
}

#[test]
fn q_in_api_says_what_it_is() {
    let world = World::logged_in();
    let ran = world.run(&["api", "/open-apis/authen/v1/user_info", "-q"]);
    assert!(ran.fails(2, "TW0200").err.contains("`--quiet`"), "{ran:?}");
}

#[test]
fn a_program_that_wants_the_address_hears_of_no_other_browser() {
    let world = World::new();
    let ran = world.login(&[]);
    assert!(!ran.succeeds().err.contains("does your browser run elsewhere"), "{ran:?}");
}

#[test]
fn a_server_with_a_name_is_known_by_variable_too() {
    let desk = Desk::bare(Door::Plain);
    let words = ["init", "--app-id", "a", "--client-authentication", "none", "--no-check"];
    let named = [("TOKENWARD_PROVIDER", "gitlab")];
    desk.run_with(&named, &words).succeeds();
    let config = desk.config();
    assert!(
        config.contains("accounts_url = \"https://gitlab.com\"") && config.contains("provider = \"oauth2\""),
        "{config}"
    );
    // Without a file too, and what is wrong names what there is.
    let bare = Desk::bare(Door::Plain);
    let alone =
        [("TOKENWARD_PROVIDER", "gitlab"), ("TOKENWARD_APP_ID", "a"), ("TOKENWARD_CLIENT_AUTHENTICATION", "none")];
    let ran = bare.run_with(&alone, &["status"]);
    assert!(ran.fails(3, "TW0401").out.is_empty(), "{ran:?}");
    bare.run_with(&[("TOKENWARD_PROVIDER", "gitlub")], &words).fails(2, "gitlab");
}

/// What is printed cannot be written: that is no bug of ours, and nothing is lost.
#[test]
fn output_that_cannot_be_written_ends_with_a_status_of_its_own() {
    let world = World::logged_in();
    let full = || Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    for words in [&["token"][..], &["token", "--json"], &["status"], &["list"], &["explain", "TW0401"], &["--help"]] {
        let ran = world.command(words).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(4), "{words:?}: {told}");
        assert!(told.contains("TW0215") && told.contains("No space left"), "{words:?}: {told}");
        // A reader that has what it wanted is no error: the shell's status of SIGPIPE, and no word.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = world.command(words).stdout(Stdio::from(writer)).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((ran.status.code(), ran.stderr.as_slice()), (Some(128 + 13), &b""[..]), "{words:?}");
    }
    world.run(&["token"]).succeeds();
}

/// As other commands take a profile. Nobody is asked to log in for a program that is not there.
#[test]
fn a_profile_in_the_place_of_a_program_is_told_before_a_login_is_asked_for() {
    let world = World::new();
    for words in [&["exec", "default", "--", "env"][..], &["exec", "default", "env"]] {
        let ran = world.run(words);
        let way = "`tokenward exec -p default -- CMD`";
        assert!(ran.fails(2, "TW0209").err.contains(way) && !ran.err.contains("tokenward login"), "{ran:?}");
    }
    let ran = world.run(&["exec", "-p", "default", "--", "env"]);
    assert!(ran.fails(3, "TW0401").err.contains("tokenward login"), "{ran:?}");
    let ran = world.run(&["exec", "no-such-program"]);
    assert!(!ran.fails(2, "TW0209").err.contains("is a profile"), "{ran:?}");
}

#[test]
fn a_file_of_one_profile_is_given_to_another_by_the_commands_that_are_named() {
    let project = Project::of(World::logged_in());
    project.run(&["link", ".env", "--create"]).succeeds();
    let before = project.read(".env");
    let ran = project.run(&["link", ".env", "-p", "new"]);
    assert!(ran.fails(2, "TW0508").err.contains(".env is linked to profile default already"), "{ran:?}");
    let told = "run `tokenward unlink .env -p default`, empty the token there, then run `tokenward link .env -p new`";
    assert!(ran.err.contains(told), "{ran:?}");
    assert_eq!(project.read(".env"), before);
    // As it is told.
    project.world.login(&["-p", "new"]).succeeds();
    project.run(&["unlink", ".env", "-p", "default"]).succeeds();
    let emptied = before.lines().map(|line| match line.split_once('=') {
        Some((name, _)) if name.ends_with("_TOKEN") => format!("{name}=\n"),
        _ => format!("{line}\n"),
    });
    project.write(".env", &emptied.collect::<String>());
    project.run(&["link", ".env", "-p", "new"]).succeeds();
    let token = project.run(&["token", "-p", "new"]).succeeds().out.trim().to_owned();
    assert!(project.read(".env").contains(&token), "{}", project.read(".env"));
}

/// What stands there is said first, and not that nothing does.
#[test]
fn a_reference_in_a_servers_settings_is_told_as_one() {
    let project = Project::of(World::logged_in());
    for (file, text) in [
        ("mcp.json", r#"{"mcpServers": {"lark": {"command": "x", "env": {"USER_ACCESS_TOKEN": "${LARK_TOKEN}"}}}}"#),
        ("code.json", r#"{"servers": {"lark": {"headers": {"X-User-Access-Token": "Bearer ${env:LARK_TOKEN}"}}}}"#),
        ("http.json", r#"{"mcpServers": {"lark": {"headers": {"Authorization": "Bearer ${LARK_TOKEN}"}}}}"#),
        (
            "url.json",
            r#"{"mcpServers": {"a": {"url": "https://mcp.feishu.cn/mcp", "headers": {"Authorization": "Bearer ${LARK_TOKEN}"}}}}"#,
        ),
        ("codex.toml", "[mcp_servers.lark.env]\nLARK_USER_ACCESS_TOKEN = \"$LARK_TOKEN\"\n"),
    ] {
        project.write(file, text);
        for words in
            [&["link", file][..], &["login", "--no-browser", "--env-file", file], &["exec", "--env-file", file, "env"]]
        {
            let ran = project.run(words);
            assert!(ran.fails(2, "TW0507").err.contains("is a reference or an encrypted value"), "{words:?}: {ran:?}");
            assert!(ran.err.contains("`tokenward exec --env LARK_TOKEN -- PROGRAM`"), "{words:?}: {ran:?}");
        }
        assert_eq!(project.read(file), text);
    }
}
