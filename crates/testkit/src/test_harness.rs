//! A test program that starts itself: its tests by name, and the tasks of its children.
//!
//! Enters: a command line, of `cargo test` or of a child. Leaves: an exit code, and lines as the ordinary harness prints them: each test
//! by name, all run though one fails, what this machine cannot show as *ignored* with the reason, and the sum of each.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::{ExitCode, Termination};

use libtest_mimic::{Arguments, Completion, Trial};

use crate::child_process::{Words, told};
use crate::tmpfs_disk::may_mount;

/// What a test program consists of.
#[derive(Default)]
pub struct Program {
    tests: Vec<Test>,
    side_by_side: bool,
    children: BTreeMap<&'static str, Work>,
}

type Work = Box<dyn FnOnce(&Words) -> ExitCode>;

/// What a test needs of a machine: nothing to be said where it is there, and a reason where it is not.
pub type Need = fn() -> Result<(), &'static str>;

struct Test {
    name: &'static str,
    need: Option<Need>,
    run: Box<dyn FnOnce() + Send>,
}

impl Program {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A task of a child.
    pub fn child<T: Termination>(mut self, name: &'static str, run: impl FnOnce(&Words) -> T + 'static) -> Self {
        let run: Work = Box::new(move |words: &Words| run(words).report());
        assert!(self.children.insert(name, run).is_none(), "two tasks {name}");
        self
    }

    /// A test.
    pub fn test(self, name: &'static str, run: impl FnOnce() + Send + 'static) -> Self {
        self.with(name, None, Box::new(run))
    }

    /// A test that is ignored where a machine has not what it needs; with `--include-ignored` it runs there too.
    pub fn test_with(self, need: Need, name: &'static str, run: impl FnOnce() + Send + 'static) -> Self {
        self.with(name, Some(need), Box::new(run))
    }

    /// A test that mounts a [`Disk`](crate::Disk).
    pub fn on_disk(self, name: &'static str, run: impl FnOnce() + Send + 'static) -> Self {
        self.test_with(may_mount, name, run)
    }

    /// Its tests run side by side, as many as the ordinary harness would run: none of them fills the machine or measures what happens within
    /// seconds.
    pub fn side_by_side(mut self) -> Self {
        self.side_by_side = true;
        self
    }

    /// Does what this process was started for.
    pub fn run(self) -> ExitCode {
        self.run_with(std::env::args_os().collect())
    }

    /// The same by a command line of one's own; its first word is the name of the program.
    pub fn run_with(mut self, line: Vec<OsString>) -> ExitCode {
        if let Some((name, words)) = told(line.get(1..).unwrap_or_default()) {
            let run = self.children.remove(name.as_str());
            let run = run.unwrap_or_else(|| panic!("no task is called {name}"));
            return run(&words);
        }
        let mut arguments = Arguments::from_iter(line);
        // Most start dozens of processes each, and some measure what happens within seconds.
        let threads = if self.side_by_side { told_threads() } else { Some(1) };
        arguments.test_threads = arguments.test_threads.or(threads);
        let all = arguments.include_ignored;
        let trials = self.tests.into_iter().map(|Test { name, need, run }| {
            Trial::ignorable_test(name, move || {
                if let Some(Err(reason)) = need.filter(|_| !all).map(|need| need()) {
                    return Ok(Completion::ignored_with(reason));
                }
                run();
                Ok(Completion::Completed)
            })
        });
        let trials = trials.collect();
        libtest_mimic::run(&arguments, trials).exit_code()
    }

    fn with(mut self, name: &'static str, need: Option<Need>, run: Box<dyn FnOnce() + Send>) -> Self {
        self.tests.push(Test { name, need, run });
        self
    }
}

/// How many tests the ordinary harness is told to run at once.
#[expect(clippy::disallowed_methods, reason = "the switch of the ordinary harness")]
fn told_threads() -> Option<usize> {
    std::env::var("RUST_TEST_THREADS").ok()?.parse().ok()
}

/// Whether the long sweeps are wanted.
#[expect(clippy::disallowed_methods, reason = "the switch for long runs")]
pub fn is_heavy() -> bool {
    std::env::var_os("TOKENWARD_TEST_HEAVY").is_some()
}
