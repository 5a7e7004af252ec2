//! Ctrl-C must not cost a login.

use std::process::Stdio;

use tokenward_emulator::{Fault, FaultKind, Operation};
use tokenward_testkit::wait_until;

use crate::world::{Started, World};

#[test]
fn a_signal_during_a_spend_waits_for_the_commit() {
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let world = World::logged_in();
        world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh));
        let mut refresh = Started::new(&mut world.command(&["refresh"]));
        wait_until(|| world.sandbox.hanging() == 1);
        refresh.signal(name);
        refresh.until_told("as soon as that is safe");
        world.sandbox.release();
        let ran = refresh.finish();
        assert_eq!(ran.code, 128 + number, "{ran:?}");
        assert!(ran.err.contains("as soon as that is safe") && ran.err.contains("nothing is lost"), "{ran:?}");
        let login = world.status()["login"].clone();
        assert_eq!((&login["generation"], &login["status"]), (&2.into(), &"valid".into()), "{name}");
    }
}

#[test]
fn a_signal_at_any_other_time_ends_at_once() {
    let world = World::new();
    let mut login = Started::new(&mut world.command(&["login", "--no-browser", "--port", "0"]));
    login.line();
    login.signal("INT");
    let ran = login.finish();
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.err.contains("cancelled (SIGINT); the login was not finished"), "{ran:?}");
}

/// Of a log that cannot be written no refresh dies: on a full disk, and where the reader of the lines has gone.
#[test]
fn a_log_that_cannot_be_written_ends_no_refresh() {
    let full = || Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let gone = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let ways: [(&str, &dyn Fn() -> Stdio); 2] = [("full", &full), ("gone", &gone)];
    for (name, stderr) in ways {
        let world = World::logged_in();
        for generation in 2..4 {
            let ended = world.command(&["-vvv", "refresh"]).stdout(Stdio::null()).stderr(stderr()).status().unwrap();
            assert_eq!(ended.code(), Some(0), "{name}: {ended}");
            let login = world.status()["login"].clone();
            assert_eq!((&login["generation"], &login["status"]), (&generation.into(), &"valid".into()), "{name}");
        }
    }
}
