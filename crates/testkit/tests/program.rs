//! A test program tells of each test by its name, runs all though one fails, and counts what it cannot show as ignored. Its children
//! begin together and can be killed.
#![expect(clippy::print_stdout, reason = "a child prints what it got")]

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::process::ExitCode;
use std::time::Duration;

use tokenward_testkit::{Disk, Program, Ran, Task, Words, all_at_once};

fn main() -> ExitCode {
    Program::new()
        .child("sample", sample)
        .child("say", |words| println!("{}", words.text(0)))
        .child("touch", |words| fs::write(words.path(0), "").unwrap())
        .child("stay", |_| std::thread::sleep(Duration::from_hours(1)))
        .child("die", die)
        .child("fill", fill)
        .child("be_refused", be_refused)
        .test("all_tests_run_though_one_fails_and_each_is_counted", all_run)
        .test("what_is_ignored_runs_when_it_is_included", included)
        .test("a_list_names_each_test", listed)
        .test("a_filter_chooses", filtered)
        .test("children_begin_when_all_are_there", together)
        .test("a_child_can_be_killed", killed)
        .on_disk("a_disk_is_small_and_becomes_read_only", small_disk)
        .run()
}

/// A test program inside of this one.
fn sample(words: &Words) -> ExitCode {
    let program = Program::new()
        .test("one_passes", || {})
        .test("one_fails", || panic!("it was to fail"))
        .test_with(|| Err("no such machine"), "one_is_impossible", || panic!("it was not to run"))
        .test_with(|| Ok(()), "one_is_possible", || {})
        .test("one_more_passes", || {});
    program.run_with([&[OsString::from("sample")][..], words.all()].concat())
}

fn die(_: &Words) {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
}

/// How a test ended, by the line that tells of it.
fn ended<'a>(ran: &'a Ran, name: &str) -> &'a str {
    let line = ran.out.lines().find(|line| line.split_whitespace().nth(1) == Some(name));
    line.unwrap_or_else(|| panic!("no line tells of {name}: {}", ran.out)).split_once("... ").unwrap().1
}

fn all_run() {
    let ran = Task::new("sample").run();
    assert_eq!(ran.status.code(), Some(101), "{ran:?}");
    let names = ["one_passes", "one_fails", "one_is_impossible", "one_is_possible", "one_more_passes"];
    let ends = names.map(|name| ended(&ran, name));
    assert_eq!(ends, ["ok", "FAILED", "ignored (no such machine)", "ok", "ok"]);
    assert!(ran.out.contains("test result: FAILED. 3 passed; 1 failed; 1 ignored;"), "{}", ran.out);
    assert!(ran.out.contains("it was to fail"), "{}", ran.out);
}

fn included() {
    let ran = Task::new("sample").word("--include-ignored").run();
    assert_eq!(ended(&ran, "one_is_impossible"), "FAILED");
    assert!(ran.out.contains("test result: FAILED. 3 passed; 2 failed; 0 ignored;"), "{}", ran.out);
}

fn listed() {
    let said = Task::new("sample").word("--list").run().said();
    let lines: Vec<_> = said.lines().collect();
    let names = ["one_passes", "one_fails", "one_is_impossible", "one_is_possible", "one_more_passes"];
    assert_eq!(lines, names.map(|name| format!("{name}: test")));
}

fn filtered() {
    let said = Task::new("sample").word("more").run().said();
    assert!(said.contains("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 4 filtered out"), "{said}");
}

/// The tasks are made one after the other while children are started. Before the last one is, another child has come to its end, and
/// those at the barrier have not begun.
fn together() {
    let folder = tempfile::tempdir().unwrap();
    let begun = || fs::read_dir(folder.path()).unwrap().count();
    let said = all_at_once((0..8).map(|number| {
        if number == 7 {
            assert_eq!(Task::new("say").word("alone").run().said(), "alone");
        }
        assert_eq!(begun(), 0, "a child began before all were there");
        Task::new("touch").word(folder.path().join(number.to_string()))
    }));
    assert_eq!((said.len(), begun()), (8, 8));
    let said = all_at_once(["a", "b", "c"].map(|word| Task::new("say").word(word)));
    assert_eq!(said, ["a", "b", "c"], "in the order of the tasks");
}

fn killed() {
    assert!(Task::new("die").run().was_killed());
    let ran = Task::new("say").word("I live").run();
    assert!(!ran.was_killed(), "{ran:?}");
    // Both would take an hour.
    Task::new("stay").start().kill();
    drop(Task::new("stay").start());
}

fn small_disk() {
    let disk = Disk::new("64k");
    let file = disk.path().join("file");
    let (first, second) = (Task::new("fill").word(&file), Task::new("be_refused").word(&file));
    let ran = disk.run(&first).becomes_read_only().run(&second).ends();
    assert_eq!(ran.said(), "full\nread-only");
    assert!(!file.exists(), "it existed for them alone");
}

fn fill(words: &Words) {
    let error = fs::write(words.path(0), vec![1; 1 << 20]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    println!("full");
}

fn be_refused(words: &Words) {
    let error = fs::write(words.path(0), "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnlyFilesystem);
    println!("read-only");
}
