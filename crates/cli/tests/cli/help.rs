//! Help, manual pages and completions: all from one tree, snapshots of what people read.

use crate::world::{bare_command, run};

const COMMANDS: &[&str] = &[
    "init",
    "login",
    "token",
    "refresh",
    "status",
    "list",
    "whoami",
    "doctor",
    "explain",
    "exec",
    "link",
    "unlink",
    "links",
    "adopt",
    "watch",
    "service",
    "api",
    "proxy",
    "serve",
    "audit",
    "wiki",
    "logout",
    "sandbox",
    "demo",
    "profile",
    "config",
    "vault",
    "help",
    "completions",
    "man",
    "version",
];

/// Those that stand below another.
const BELOW: &[(&str, &[&str])] = &[
    ("serve", &["key"]),
    ("serve key", &["create", "list", "revoke"]),
    ("audit", &["list", "verify"]),
    ("wiki", &["create", "update", "list"]),
    ("profile", &["list", "use", "rename", "remove", "attach"]),
    ("config", &["get", "set", "unset", "list", "edit", "path"]),
    ("vault", &["info", "backup", "restore", "kept", "rekey"]),
    ("service", &["install", "status", "remove"]),
];

/// Whatever command is added tomorrow has its page looked at here: the manual is printed from the parser's own tree.
#[test]
fn these_are_all_the_commands_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    run(&mut bare_command(&["man", "--out", folder.path().to_str().unwrap()])).succeeds();
    let mut pages: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    let below = BELOW
        .iter()
        .flat_map(|(above, all)| all.iter().map(move |one| format!("tokenward-{}-{one}.1", above.replace(' ', "-"))));
    let mut named: Vec<_> = COMMANDS.iter().map(|command| format!("tokenward-{command}.1")).chain(below).collect();
    named.push("tokenward.1".to_owned());
    pages.sort();
    named.sort();
    assert_eq!(pages, named);
}

#[test]
fn help_of_every_command() {
    for lang in ["en", "zh"] {
        let mut pages = String::new();
        let page = |words: &[&str]| {
            let ran = run(bare_command(words).env("TOKENWARD_LANG", lang).env("COLUMNS", "100"));
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{words:?}");
            format!("$ tokenward {}\n{}\n", words.join(" "), ran.out)
        };
        pages.push_str(&page(&["--help"]));
        for command in COMMANDS {
            pages.push_str(&page(&[command, "--help"]));
        }
        for (above, command) in BELOW.iter().flat_map(|(above, all)| all.iter().map(move |one| (above, one))) {
            let words: Vec<_> = above.split(' ').chain([*command, "--help"]).collect();
            pages.push_str(&page(&words));
        }
        pages.push_str(&page(&[]));
        pages.push_str(&page(&["help", "init"]));
        insta::assert_snapshot!(format!("help_{lang}"), pages);
    }
}

/// The program's name alone is a question, and no mistake: what to type first stands last, where a small terminal shows it.
#[test]
fn the_name_alone_says_what_to_type_first() {
    for (lang, head, exit) in [("en", "First steps:", "Exit codes"), ("zh", "从这里开始：", "退出码")] {
        let ran = run(bare_command(&[]).env("TOKENWARD_LANG", lang));
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
        let (commands, start) = ran.out.split_once(head).unwrap();
        assert!(commands.contains("  proxy") && !ran.out.contains(exit) && !ran.out.contains("--home"), "{ran:?}");
        assert!(start.lines().nth(1).unwrap().contains("tokenward init"), "{ran:?}");
        // The options of every command are told by `--help`, which says first what to type.
        let ran = run(bare_command(&["--help"]).env("TOKENWARD_LANG", lang));
        assert!(ran.out.find(head).unwrap() < ran.out.find("  proxy").unwrap(), "{ran:?}");
        assert!(ran.out.contains("--home") && ran.out.contains(exit), "{ran:?}");
    }
}

/// `help COMMAND` tells what `COMMAND --help` does, and the rest of the manual.
#[test]
fn help_is_a_command_too() {
    let whole = run(&mut bare_command(&["help"])).out;
    let flag = run(&mut bare_command(&["--help"])).out;
    assert!(whole.starts_with(flag.split_once("\n\nExit codes").unwrap().0), "{whole}");
    for command in COMMANDS {
        let flag = run(&mut bare_command(&[command, "--help"])).out;
        let ran = run(&mut bare_command(&["help", command]));
        let whole = ran.succeeds().out.clone();
        let told: Vec<_> = whole.lines().collect();
        assert!(flag.lines().all(|line| told.contains(&line)), "{command}: {whole}");
        for head in ["\nExamples:\n", "\nEnvironment:\n", "\nFiles:\n", "\nExit status:\n", "\nSee also:\n"] {
            assert!(whole.contains(head), "{command}: {whole}");
        }
        assert!(flag.contains("\nExamples:\n  # ") && !flag.contains("See also"), "{command}: {flag}");
        assert!(!whole.contains(", ,") && !whole.contains('{'), "{command}: {whole}");
    }
    let ran = run(&mut bare_command(&["help", "vault", "backup"]));
    assert!(ran.succeeds().out.contains("Usage: tokenward vault backup"), "{ran:?}");
    run(&mut bare_command(&["help", "vault", "bakup"])).fails(2, "TW0200");
    let ran = run(&mut bare_command(&["help", "lgoin"]));
    assert!(ran.fails(2, "TW0200").err.contains("did you mean `tokenward help login`?"), "{ran:?}");
}

/// Options that one provider alone knows stand under its name.
#[test]
fn options_of_a_provider_stand_under_its_name() {
    let out = run(&mut bare_command(&["init", "--help"])).out;
    let (_, rest) = out.split_once("\nFeishu and Lark:\n").unwrap();
    let (feishu, rest) = rest.split_once("\nBlueKing:\n").unwrap();
    let (blueking, rest) = rest.split_once("\nOAuth 2.0:\n").unwrap();
    let oauth2 = rest.split_once("\nGlobal options:\n").unwrap().0;
    for (part, flag) in
        [(feishu, "--app-kind"), (blueking, "--realm"), (oauth2, "--rule"), (oauth2, "--token-endpoint")]
    {
        assert!(part.contains(flag), "{flag}: {out}");
    }
    assert!(!feishu.contains("--realm") && !oauth2.contains("--app-kind"), "{out}");
}

#[test]
fn version_is_data() {
    let ran = run(&mut bare_command(&["--version"]));
    assert_eq!((ran.code, ran.out.as_str()), (0, concat!("tokenward ", env!("CARGO_PKG_VERSION"), "\n")));
}

/// A program says how old it is beside its papers.
#[test]
fn a_build_is_told_from_another() {
    let ran = run(&mut bare_command(&["version", "--verbose"]));
    let told: Vec<_> = ran.succeeds().out.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(
        told,
        [concat!("tokenward ", env!("CARGO_PKG_VERSION")), "commit", "platform", "JSON schema"],
        "{ran:?}"
    );
    assert_eq!(run(&mut bare_command(&["version"])).out.lines().count(), 1);
    assert!(run(&mut bare_command(&["version", "--json"])).json()["platform"].is_string());
}

#[test]
fn manual_pages_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("man");
    let ran = run(&mut bare_command(&["man", "--out", out.to_str().unwrap()]));
    assert_eq!(ran.code, 0, "{ran:?}");
    for command in COMMANDS {
        let page = std::fs::read_to_string(out.join(format!("tokenward-{command}.1"))).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(&format!("tokenward\\-{command}")), "{command}: {page}");
        for head in ["SYNOPSIS", "DESCRIPTION", "EXAMPLES", "ENVIRONMENT", "FILES", "\"EXIT STATUS\"", "\"SEE ALSO\""] {
            assert!(page.contains(&format!(".SH {head}\n")), "{command}: {head}: {page}");
        }
        assert!(!page.contains("EXTRA"), "{command}: {page}");
    }
    assert!(out.join("tokenward-vault-backup.1").exists());
    // Values in the synopsis; an exit code a line.
    let page = std::fs::read_to_string(out.join("tokenward-token.1")).unwrap();
    let synopsis = page.split(".SH SYNOPSIS").nth(1).unwrap().split(".SH").next().unwrap();
    assert!(synopsis.contains("\\-\\-min\\-ttl") && synopsis.contains("TIME"), "{page}");
    let exits = page.split("EXIT STATUS").nth(1).unwrap().split(".SH").next().unwrap();
    assert_eq!(exits.matches(".TP").count(), 7, "{page}");
    // What a page names is there.
    for line in page.split("SEE ALSO").nth(1).unwrap().replace("\\-", "-").split([' ', ',', '\n']) {
        if let Some(name) = line.strip_suffix("(1)") {
            assert!(out.join(format!("{name}.1")).exists(), "{name}");
        }
    }
    let ran = run(bare_command(&["man", "--out", out.to_str().unwrap()]).env("TOKENWARD_LANG", "zh"));
    let page = std::fs::read_to_string(out.join("tokenward-token.1")).unwrap();
    for english in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "FILES"] {
        assert!(!page.contains(&format!(".SH {english}")), "{english}: {ran:?} {page}");
    }
    let ran = run(&mut bare_command(&["man"]));
    assert!(ran.out.contains(".TH tokenward 1"), "{ran:?}");
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&mut bare_command(&["completions", shell]));
        assert_eq!(ran.code, 0, "{shell}");
        // These ask the program each time; the others hold every option.
        let asks = ["bash", "zsh", "fish"].contains(&shell);
        assert!(ran.out.contains(if asks { "__complete" } else { "no-browser" }), "{shell}");
    }
    let script = run(&mut bare_command(&["completions", "bash"])).out;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let checked = std::process::Command::new("bash").arg("-n").arg(file.path()).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
}
