//! Help, manual pages and completions: all from one tree, snapshots of what people read.

use crate::world::{bare_command, run};

const COMMANDS: &[&str] = &[
    "init",
    "login",
    "token",
    "refresh",
    "status",
    "list",
    "doctor",
    "explain",
    "exec",
    "link",
    "unlink",
    "links",
    "adopt",
    "watch",
    "api",
    "proxy",
    "wiki",
    "logout",
    "sandbox",
    "demo",
    "vault",
    "completions",
    "man",
];

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
        for command in ["create", "update"] {
            pages.push_str(&page(&["wiki", command, "--help"]));
        }
        for command in ["info", "backup", "restore", "rekey"] {
            pages.push_str(&page(&["vault", command, "--help"]));
        }
        insta::assert_snapshot!(format!("help_{lang}"), pages);
    }
}

#[test]
fn version_is_data() {
    let ran = run(&mut bare_command(&["--version"]));
    assert_eq!((ran.code, ran.out.as_str()), (0, concat!("tokenward ", env!("CARGO_PKG_VERSION"), "\n")));
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
    }
    assert!(out.join("tokenward-vault-backup.1").exists());
    let ran = run(&mut bare_command(&["man"]));
    assert!(ran.out.contains(".TH tokenward 1"), "{ran:?}");
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&mut bare_command(&["completions", shell]));
        assert_eq!(ran.code, 0, "{shell}");
        assert!(ran.out.contains("no-browser"), "{shell}");
    }
    let script = run(&mut bare_command(&["completions", "bash"])).out;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let checked = std::process::Command::new("bash").arg("-n").arg(file.path()).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
}
