//! A disk that is full, and one that cannot be written: what is said, what is kept, and that the login lives on.
//!
//! The home lies on a small disk of its own, mounted for one shell alone; the shell's steps are the test.

use std::process::Command;

use tokenward_testkit::shell_with_mounts;

use crate::project::Project;
use crate::world::World;

/// A shell with mounts and an environment of its own.
fn shell(script: &str) -> Command {
    let mut command = shell_with_mounts(script);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

/// Runs shell steps with a home on a `tmpfs` of this size. `$T` is the command, `$H` the home, `$D` the disk.
fn on_a_small_disk(world: &World, size: &str, steps: &str) -> String {
    let disk = tempfile::tempdir().unwrap();
    let setup = "set -u; mount -t tmpfs -o size=$SIZE,mode=700 tokenward \"$D\"; cp -r \"$FROM\" \"$H\"; export TOKENWARD_HOME=$H\n";
    let mut command = shell(&format!("{setup}{steps}"));
    command.env("LANG", "C.UTF-8").env("SIZE", size).env("D", disk.path()).env("H", disk.path().join("home"));
    command.env("FROM", &world.home).env("T", env!("CARGO_BIN_EXE_tokenward"));
    command.env("TOKENWARD_CLOCK_OFFSET", "7300");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Live access tokens by the provider's account.
fn is_live(world: &World, token: &str) -> bool {
    let live = world.sandbox.current_tokens().into_iter().flat_map(|login| login.access_tokens);
    live.into_iter().any(|access| access.token == token)
}

pub(crate) fn a_full_disk_stops_a_rotation_before_anything_is_spent() {
    let world = World::logged_in();
    world.advance(7300);
    let text = on_a_small_disk(
        &world,
        "3m",
        "dd if=/dev/zero of=\"$D/filler\" bs=4k 2>/dev/null
         \"$T\" token 2>&1; echo \"exit $?\"
         rm \"$D/filler\"
         \"$T\" token; echo \"exit $?\"",
    );
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].contains("TW0304"), "{text}");
    assert!(text.contains("exit 4"), "{text}");
    assert!(text.contains("the login is unchanged"), "{text}");
    let token = lines[lines.len() - 2];
    assert!(is_live(&world, token) && lines.ends_with(&["exit 0"]), "{text}");
    let counters = world.sandbox.counters();
    assert_eq!((counters.refreshes, counters.replays), (1, 0), "the full disk spent nothing");
}

pub(crate) fn a_disk_that_cannot_be_written_still_serves_what_lives() {
    let world = World::logged_in();
    // Not yet due by the command's clock: the first token is still good.
    let text = on_a_small_disk(
        &world,
        "8m",
        "mount -o remount,bind,ro \"$D\"
         TOKENWARD_CLOCK_OFFSET=0 \"$T\" token; echo \"exit $?\"
         TOKENWARD_CLOCK_OFFSET=0 \"$T\" status >/dev/null; echo \"status $?\"
         \"$T\" token 2>&1; echo \"exit $?\"
         mount -o remount,bind,rw \"$D\"
         \"$T\" token; echo \"exit $?\"",
    );
    let lines: Vec<_> = text.lines().collect();
    assert!(is_live(&world, lines[0]), "{text}");
    assert_eq!(&lines[1..3], ["exit 0", "status 0"], "{text}");
    assert!(text.contains("TW0303") && text.contains("exit 4"), "{text}");
    assert!(lines.ends_with(&["exit 0"]), "{text}");
    let counters = world.sandbox.counters();
    assert_eq!((counters.refreshes, counters.replays), (1, 0), "the read-only disk spent nothing");
}

/// The home has room; the disk with the linked file has none, and then it has.
pub(crate) fn a_linked_file_on_a_full_disk_is_written_later_and_costs_nothing() {
    let project = Project::of(World::logged_in());
    let disk = project.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let script = "set -u; mount -t tmpfs -o size=1m,mode=700 tokenward \"$D\"; cd \"$D\"
        \"$T\" link .env --create 2>&1; echo \"linked $?\"
        dd if=/dev/zero of=filler bs=4k 2>/dev/null
        \"$T\" refresh 2>&1; echo \"refreshed $?\"
        \"$T\" token; echo \"handed out $?\"
        \"$T\" link .env 2>&1; echo \"asked $?\"
        cp .env \"$D.before\"; rm filler
        \"$T\" link .env 2>&1; echo \"again $?\"
        \"$T\" links; cp .env \"$D.after\"";
    let mut command = shell(script);
    command.env("LANG", "C.UTF-8").env("D", &disk).env("T", env!("CARGO_BIN_EXE_tokenward"));
    let output = command.env("TOKENWARD_HOME", &project.world.home).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    for word in ["linked 0", "refreshed 0", "handed out 0", "asked 4", "TW0505", "No space left", "again 0", "in sync"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!project.is_true("disk.before"), "the file was as it had been");
    assert!(project.is_true("disk.after"));
    let counters = project.world.sandbox.counters();
    assert_eq!((counters.refreshes, counters.replays), (1, 0));
}
