//! Nothing from outside reaches a terminal raw: names, keys and words of others are shown, and steer nothing.

use tokenward_core::is_hidden;

use crate::api::{Stand, http};
use crate::terminal::AtTerminal;
use crate::world::{Ran, World};

/// What an attacker would put into a name: colours, the window's title, C1 controls, a turned direction, a new line.
const EVIL: &str = "a\u{1b}]0;pwn\u{7}\u{1b}[31m\u{9b}32m\u{85}\u{202e}\u{61c}\u{2028}\nhint: rm";
const SHOWN: &str = r"\u{1b}[31m\u{9b}32m\u{85}\u{202e}\u{61c}\u{2028}\u{a}hint: rm";

/// An answer that would steer a terminal.
const TEXT: &str = "one \u{202e}\u{9b}31m\u{7f}\r\ntwo";

fn is_clean(text: &str) -> bool {
    !text.contains(|c| is_hidden(c) && c != '\n')
}

fn assert_shown(ran: &Ran) {
    assert!(is_clean(&ran.err) && is_clean(&ran.out), "{ran:?}");
    // In a sentence, or in a command that a shell reads.
    let all = format!("{}{}", ran.err, ran.out);
    assert!(all.contains(SHOWN) || all.contains(r"\033[31m\302\23332m"), "{ran:?}");
    assert!(!ran.err.lines().chain(ran.out.lines()).any(|line| line.starts_with("hint: rm")), "{ran:?}");
}

#[test]
fn names_of_files_are_shown_and_steer_nothing() {
    let world = World::logged_in();
    let folder = world.home.join("work");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{EVIL}.env"));
    std::fs::write(&file, "FEISHU_USER_ACCESS_TOKEN=\nFEISHU_REFRESH_TOKEN=\n").unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let path = file.to_str().unwrap();
    let ran = world.run(&["adopt", path]);
    assert!(is_clean(&ran.err) && is_clean(&ran.out), "{ran:?}");
    let ran = world.run(&["link", path, "--access", "FEISHU_USER_ACCESS_TOKEN", "--refresh", "FEISHU_REFRESH_TOKEN"]);
    assert_shown(&ran);
    assert_shown(&world.run(&["links"]));
    // For programs the name is exact, and its JSON is plain.
    let ran = world.run(&["links", "--json"]);
    assert!(is_clean(&ran.out), "{ran:?}");
    assert!(ran.json().to_string().contains("hint: rm") && !ran.out.contains(SHOWN), "{ran:?}");
    assert!(ran.out.contains(r"\u001b]0;pwn\u0007") && ran.out.contains(r"\u202e"), "{ran:?}");
}

/// A suggestion is a command that works as it is shown.
#[test]
fn a_name_in_a_file_of_others_is_suggested_so_that_a_shell_reads_it() {
    let world = World::logged_in();
    let file = world.home.join(".mcp.json");
    let servers = r#"{"mcpServers": {
        "n\u001b[31m\nl": {"command": "npx", "args": ["-y", "@larksuiteoapi/lark-mcp", "-u", "u-1234567890abcdefghij"]},
        "other": {"command": "npx", "args": ["-y", "@larksuiteoapi/lark-mcp", "-u", "u-abcdefghij1234567890"]}}}"#;
    std::fs::write(&file, servers).unwrap();
    let ran = world.run(&["link", file.to_str().unwrap()]);
    assert!(is_clean(&ran.err), "{ran:?}");
    assert!(ran.err.contains(r"--server $'n\033[31m\012l'"), "{ran:?}");
    let spelled = std::process::Command::new("bash").args(["-c", r"printf %s $'n\033[31m\012l'"]).output().unwrap();
    assert_eq!(spelled.stdout, b"n\x1b[31m\nl");
}

#[test]
fn settings_and_arguments_are_shown() {
    let world = World::logged_in();
    let config = world.config();
    std::fs::write(world.home.join("config.toml"), format!("{config}\n\"k\\u001b[31m\\u202e\\n\" = 1\n")).unwrap();
    let ran = world.run(&["status"]);
    assert!(is_clean(&ran.err) && ran.err.contains(r"\u{1b}"), "{ran:?}");
    std::fs::write(world.home.join("config.toml"), format!("{config}\nk = \u{202e}\u{9b}31m\u{85}\n")).unwrap();
    let ran = world.run(&["status"]);
    assert!(is_clean(&ran.err), "{ran:?}");
    std::fs::write(world.home.join("config.toml"), config).unwrap();
    for words in [
        &[EVIL][..],
        &[&format!("--{EVIL}")],
        &["status", EVIL],
        &["token", "--format", EVIL],
        &["token", "--min-ttl", EVIL],
        &["status", "-p", EVIL],
        &["proxy", "--allow-origin", EVIL, "--listen", "0"],
        &["api", EVIL],
        &["api", "/x", "--jq", EVIL],
        &["exec", "--", EVIL],
        &["wiki", "create", EVIL],
        &["vault", "restore", EVIL, "--yes"],
        &["completions", EVIL],
    ] {
        for json in [false, true] {
            let words: Vec<_> = words.iter().copied().chain(json.then_some("--json")).collect();
            let ran = world.run(&words);
            assert!(is_clean(&ran.err) && is_clean(&ran.out), "{words:?}: {ran:?}");
            assert!(!ran.err.lines().any(|line| line.starts_with("hint: rm")), "{words:?}: {ran:?}");
        }
    }
}

#[test]
fn the_log_is_a_line_an_event() {
    let world = World::logged_in();
    let home = world.home.join("x\u{1b}[31m\ny");
    let ran = world.run_with(&[("TOKENWARD_LOG", "trace")], &["status", "--home", home.to_str().unwrap()]);
    assert!(is_clean(&ran.err), "{ran:?}");
    let ran = world.run_with(&[("TOKENWARD_LOG", "debug")], &["refresh"]);
    assert!(ran.succeeds().err.contains("DEBUG") && is_clean(&ran.err), "{ran:?}");
}

/// The answer of an API is data: exact for a program, visible on a terminal.
#[test]
fn an_answer_on_a_terminal_is_visible() {
    let world = World::logged_in();
    let stand = Stand::new(|head, _| match head.split(' ').nth(1) {
        Some("/text") => http(200, "Content-Type: text/plain\r\nX-Odd: \u{9b}31m\r\n", TEXT),
        _ => http(200, "Content-Type: application/json\r\n", "{\"a\": \"\u{202e}\u{9b}\"}"),
    });
    let open = [("TOKENWARD_OPEN_URL", stand.url.as_str())];
    assert_eq!(world.run_with(&open, &["api", "/text"]).succeeds().out, format!("{TEXT}\n"));
    let ran = world.run_with(&open, &["api", "/text", "--include"]);
    assert!(is_clean(&ran.succeeds().err) && ran.err.contains(r"x-odd: \u{9b}31m"), "{ran:?}");
    let (shown, code) = AtTerminal::with(&world, &open, "api /json --color never").end();
    assert!(code == 0 && shown.contains(r#"{"a": "\u202e\u009b"}"#), "{shown:?}");
    let (shown, code) = AtTerminal::with(&world, &open, "api /text").end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains(r"one \u{202e}\u{9b}31m\u{7f}"), "{shown:?}");
}
