//! Many processes at the moment of expiry. How long the last one waits for the winner
//! is measured by the benchmark `race`; a timed test would only measure the machine.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use crate::world::World;

fn race(processes: usize) {
    let world = World::logged_in();
    world.advance(7300);
    // Long enough for all of them to have asked before there is an answer.
    world.sandbox.rules(|rules| rules.latency_after_ms = 1_500);
    let children: Vec<_> = (0..processes)
        .map(|_| {
            let mut command = world.command(&["token"]);
            command.env("TOKENWARD_CLOCK_OFFSET", "7300").stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let mut tokens = BTreeSet::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        tokens.insert(output.stdout);
    }
    assert_eq!(tokens.len(), 1, "all print the same token");
    let counters = world.sandbox.counters();
    assert_eq!((counters.refreshes, counters.replays), (1, 0));
    let verdict = world.sandbox.check();
    assert!(verdict.is_clean(), "{:#?}", verdict.violations);
}

#[test]
fn sixty_four_processes_cause_one_exchange() {
    race(64);
}

#[test]
fn two_hundred_and_fifty_six_processes_cause_one_exchange() {
    race(256);
}

#[test]
fn a_winner_that_is_killed_is_replaced_at_once() {
    let world = World::logged_in();
    world.advance(7300);
    world.sandbox.rules(|rules| rules.grace_seconds = 60);
    let mut command = world.command(&["token"]);
    command.env("TOKENWARD_CLOCK_OFFSET", "7300").env("TOKENWARD_KILL_AT", "begun").stdout(Stdio::null());
    let killed = command.spawn().unwrap().wait_with_output().unwrap();
    assert!(!killed.status.success());
    world.sandbox.note_kill("begun");
    let ran = world.run_with(&[("TOKENWARD_CLOCK_OFFSET", "7300")], &["token"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(world.sandbox.counters().refreshes, 1, "the killed one had sent nothing");
}

/// Each write is a message of its own here; a line in two of them could be torn apart by another process.
#[test]
fn a_line_on_stderr_is_written_at_once() {
    let world = World::logged_in();
    let mut count = 0;
    for words in [&["list", "-v"][..], &["token", "-p", "nobody"], &["status", "-vv"]] {
        let (here, there) = UnixDatagram::pair().unwrap();
        let mut command = world.command(words);
        command.stdout(Stdio::null()).stderr(Stdio::from(OwnedFd::from(there)));
        command.status().unwrap();
        here.set_nonblocking(true).unwrap();
        let mut bytes = vec![0; 1 << 16];
        loop {
            match here.recv(&mut bytes) {
                Ok(length) => {
                    let written = String::from_utf8_lossy(&bytes[..length]);
                    assert!(written.ends_with('\n'), "{words:?}: {written:?}");
                    count += 1;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {}
            }
        }
    }
    assert!(count > 0);
}
