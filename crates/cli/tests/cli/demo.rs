//! The demo shows what it says, in both languages, and leaves nothing behind.

use std::time::{Duration, Instant};

use crate::world::{Started, bare_command, run};

/// Demo folders below this temporary folder.
fn left(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn every_step_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(bare_command(&["demo"]).env("TMPDIR", folder.path()));
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines: Vec<_> = ran.out.lines().collect();
    assert!(lines.iter().all(|line| line.starts_with("✓ ")), "{ran:?}");
    for word in ["logged in", "prints", "refreshed it", "SIGKILL", "recovers", "the login lives", "0 replays"] {
        assert!(ran.out.contains(word), "{word}: {ran:?}");
    }
    assert_eq!(left(folder.path()), 0);
}

#[test]
fn in_chinese_and_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(bare_command(&["demo", "--lang", "zh"]).env("TMPDIR", folder.path()));
    assert!(ran.succeeds().out.contains("登录仍然有效"), "{ran:?}");
    let ran = run(bare_command(&["demo", "--json", "--keep"]).env("TMPDIR", folder.path()));
    let answer = ran.succeeds().json();
    assert_eq!(answer["steps"][0]["step"], "sandbox");
    assert!(std::path::Path::new(answer["folder"].as_str().unwrap()).join("config.toml").exists());
}

#[test]
fn settings_of_the_caller_do_not_reach_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = bare_command(&["demo", "-q"]);
    command.env("TMPDIR", folder.path()).env("TOKENWARD_HOME", "/nowhere").env("TOKENWARD_PROFILE", "x");
    command.env("TOKENWARD_APP_ID", "cli_real").env("TOKENWARD_APP_SECRET", "real");
    run(&mut command).succeeds();
}

#[test]
fn interrupted_it_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Started::new(bare_command(&["demo"]).env("TMPDIR", folder.path()));
    demo.line();
    let id = demo.id();
    demo.signal("INT");
    let ran = demo.finish();
    assert_eq!(ran.code, 130, "{ran:?}");
    assert_eq!(left(folder.path()), 0);
    let start = Instant::now();
    while children_of(id) > 0 {
        assert!(start.elapsed() < Duration::from_secs(5), "a child outlived the demo");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Processes whose environment names the demo of this process as their parent.
fn children_of(parent: u32) -> usize {
    let parent = parent.to_string();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok())
        .filter(|stat| {
            let after = stat.rsplit(')').next().unwrap_or_default();
            after.split_whitespace().nth(1) == Some(&parent)
        })
        .count()
}
