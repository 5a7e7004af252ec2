//! The demo shows what it says, in both languages, and leaves nothing behind.

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
    for word in
        ["logged in", "prints", "refreshed it", "SIGKILL", "recovers", "the login works", "replays of a used token 0"]
    {
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
    // In the middle of a step: a child is at work.
    let mut children = children_of(demo.id());
    while children.is_empty() {
        children = children_of(demo.id());
    }
    demo.signal("INT");
    let ran = demo.finish();
    assert_eq!(ran.code, 130, "{ran:?}");
    assert_eq!(left(folder.path()), 0);
    for child in children {
        assert!((0..100).any(|_| is_killed(child)), "child {child} outlived the demo: {:?}", stat(child));
    }
}

/// Whether a process is gone, or on its way out: a killed one ends only when it gets to run again. Between the two marks of that lie a few
/// instructions of the kernel.
fn is_killed(id: u32) -> bool {
    const EXITING: u64 = 0x4; // PF_EXITING of the kernel's include/linux/sched.h; the seventh field from the state on (proc(5)).
    let Some(stat) = stat(id) else { return true };
    let is_exiting = stat[0] == "Z" || stat[6].parse::<u64>().unwrap() & EXITING != 0;
    is_exiting || std::fs::read_to_string(format!("/proc/{id}/status")).map_or(true, |status| is_kill_pending(&status))
}

/// Whether SIGKILL, the ninth, waits for the process or its thread.
fn is_kill_pending(status: &str) -> bool {
    let pending = status.lines().filter_map(|line| line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:")));
    pending.map(|set| u64::from_str_radix(set.trim(), 16).unwrap()).any(|set| set & (1 << 8) != 0)
}

/// The processes that a process has started and not seen the end of.
fn children_of(parent: u32) -> Vec<u32> {
    let parent = parent.to_string();
    let entries = std::fs::read_dir("/proc").unwrap();
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|id| stat(*id).is_some_and(|stat| stat[1] == parent)).collect()
}

/// What the kernel tells of a process, from its state on (proc(5)); nothing once it is gone.
fn stat(id: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    Some(stat.rsplit(')').next()?.split_whitespace().map(str::to_owned).collect())
}
