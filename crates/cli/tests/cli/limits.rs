//! What the shell allows a process: the length of its files, and how many are open.

use std::process::Command;

use crate::world::{Ran, World, run};

/// The command under a limit of the shell.
fn limited(world: &World, limit: &str, words: &str) -> Ran {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit {limit} && exec \"$T\" {words}")]).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("TOKENWARD_HOME", &world.home);
    run(command.env("T", env!("CARGO_BIN_EXE_tokenward")))
}

/// The signal for a file that may not grow would end the process with the provider's answer in memory.
#[test]
fn a_limit_on_the_length_of_files_costs_no_login() {
    let world = World::logged_in();
    let tried = |kib: u64| {
        // In blocks of 512 bytes.
        let ran = limited(&world, &format!("-f {}", kib * 2), "refresh");
        assert!(ran.code < 128 && !ran.err.contains("panicked"), "{kib} KiB: {ran:?}");
        // Whether it was refused or not, and wherever it was: the login works.
        world.run(&["refresh"]).succeeds();
        ran
    };
    let mut first = None;
    for kib in (0..1600).step_by(50) {
        let ran = tried(kib);
        if ran.code == 0 {
            first.get_or_insert(kib);
        } else {
            assert!(first.is_none() || ran.err.contains("TW0304"), "{kib} KiB: {ran:?}");
        }
    }
    let first = first.expect("a limit that is wide enough");
    assert!(first > 0, "some are too narrow");
    for kib in first.saturating_sub(60)..first + 10 {
        if kib % 3 == 0 {
            tried(kib);
        }
    }
    assert_eq!(world.sandbox.counters().replays, 0);
}

#[test]
fn few_open_files_are_told_in_a_sentence() {
    let world = World::logged_in();
    let mut told = 0;
    for number in 4..40 {
        let ran = limited(&world, &format!("-n {number}"), "refresh");
        // The system's own loader needs one to find the libraries.
        if ran.code != 127 {
            assert!(ran.code < 101 && !ran.err.contains("panicked"), "{number}: {ran:?}");
            assert!(!ran.err.contains("TW0100"), "{number}: {ran:?}");
            told += i32::from(ran.err.contains("TW0310"));
        }
        world.run(&["refresh"]).succeeds();
    }
    assert!(told > 0);
    assert_eq!(world.sandbox.counters().replays, 0);
}
