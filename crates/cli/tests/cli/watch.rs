//! `watch`: a line for each thing that happens, files set right as they change, and a clean end.

use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tokenward_testkit::wait_until;

use crate::project::Project;
use crate::world::{Started, World};

/// Lines of a child that runs, as they come.
struct Watching {
    lines: mpsc::Receiver<String>,
    rest: mpsc::Receiver<crate::world::Ran>,
    id: u32,
}

impl Watching {
    fn of(command: &mut Command) -> Self {
        let mut started = Started::new(command);
        let (tell, lines) = mpsc::channel();
        let (tell_end, rest) = mpsc::channel();
        let id = started.id();
        std::thread::spawn(move || {
            loop {
                let line = started.line();
                if line.is_empty() || tell.send(line).is_err() {
                    break;
                }
            }
            let _ = tell_end.send(started.finish());
        });
        Self { lines, rest, id }
    }

    /// The first line from here on that fits.
    fn wait(&self, fits: impl Fn(&str) -> bool) -> String {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(Duration::from_secs(20)) {
                Ok(line) if fits(&line) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{error}: {seen:#?}"),
            }
        }
    }

    fn end(self, signal: &str) -> crate::world::Ran {
        assert!(Command::new("kill").args(["-s", signal, &self.id.to_string()]).status().unwrap().success());
        self.rest.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

#[test]
fn edits_of_others_are_set_right_as_they_happen() {
    let project = Project::of(World::logged_in());
    project.run(&["link", ".env", "--create"]).succeeds();
    let backup = project.read(".env");
    project.run(&["refresh"]).succeeds();
    let watch = Watching::of(&mut project.command(&["watch", "--json"]));
    let event = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let line = watch.wait(|line| event(line)["event"] == "following");
    assert!(event(&line)["file"].as_str().unwrap().ends_with("/.env"), "{line}");
    project.write(".env", &backup);
    let line = watch.wait(|line| event(line)["event"] == "link");
    assert_eq!(
        (event(&line)["outcome"].as_str(), event(&line)["held_generation"].as_u64()),
        (Some("repaired"), Some(1))
    );
    assert!(project.is_true(".env"));
    // Gone and back.
    std::fs::remove_file(project.path(".env")).unwrap();
    watch.wait(|line| event(line)["state"] == "unusable");
    project.write(".env", &backup);
    watch.wait(|line| event(line)["outcome"] == "repaired");
    let ran = watch.end("INT");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(project.is_true(".env"));
    assert_eq!(project.world.sandbox.counters().replays, 0);
}

/// Nothing of a file that is gone is left as it was.
#[test]
fn a_file_that_is_gone_is_told_as_gone() {
    for (lang, told) in [("en", "the file is gone; the login is unharmed"), ("zh", "文件已不存在，登录不受影响")]
    {
        let project = Project::of(World::logged_in());
        project.run(&["link", ".env", "--create"]).succeeds();
        let watch = Watching::of(&mut project.command(&["watch", "--lang", lang]));
        watch.wait(|line| line.contains(".env"));
        std::fs::remove_file(project.path(".env")).unwrap();
        watch.wait(|line| line.contains(told));
        assert_eq!(watch.end("INT").code, 0);
    }
}

#[test]
fn logins_are_rotated_in_time_and_a_signal_waits_for_a_rotation() {
    let project = Project::of(World::logged_in());
    project.run(&["link", ".env", "--create"]).succeeds();
    project.world.advance(7300);
    project.world.sandbox.rules(|rules| rules.latency_after_ms = 1_000);
    let watch = Watching::of(project.command(&["watch", "default"]).env("TOKENWARD_CLOCK_OFFSET", "7300"));
    watch.wait(|line| line.contains("watched for profile default"));
    wait_until(|| project.world.sandbox.counters().refreshes > 0);
    // The provider has rotated, and its answer is on its way.
    let ran = watch.end("TERM");
    assert_eq!(ran.code, 0, "as the proxy ends: {ran:?}");
    project.world.sandbox.rules(|rules| rules.latency_after_ms = 0);
    project.run_at(7300, &["token"]).succeeds();
    assert!(project.is_true(".env"));
    let counters = project.world.sandbox.counters();
    assert_eq!((counters.refreshes, counters.replays), (1, 0), "Ctrl-C cost nothing");
}

#[test]
fn the_files_that_a_refresh_has_written_have_a_line_each() {
    let project = Project::of(World::logged_in());
    project.run(&["link", ".env", "--create"]).succeeds();
    project.run(&["link", "second.env", "--create"]).succeeds();
    project.world.advance(7300);
    let mut command = project.command(&["watch", "default"]);
    let watch = Watching::of(command.env("TOKENWARD_CLOCK_OFFSET", "7300").env("TZ", "XXX-8"));
    let refreshed = watch.wait(|line| line.contains("refreshed, token set 2"));
    let mut written = [watch.wait(|_| true), watch.wait(|_| true)];
    written.sort();
    for (line, file) in written.iter().zip([" .env ", " second.env "]) {
        assert!(line.contains(file) && line.ends_with("now holds the current tokens, token set 2"), "{line}");
        // The moment is the one of the line before: in the local zone.
        assert_eq!(line.split(':').next(), refreshed.split(':').next(), "{line}");
    }
    watch.end("INT");
    assert!(project.is_true(".env") && project.is_true("second.env"));
}

#[test]
fn there_must_be_something_to_watch() {
    let project = Project::of(World::logged_in());
    let ran = project.run(&["watch"]);
    assert!(ran.fails(2, "TW0506").err.contains("tokenward link"), "{ran:?}");
    project.run(&["watch", "nobody"]).fails(2, "TW0201");
    let watch = Watching::of(project.command(&["watch", "--lang", "zh"]).arg("default"));
    project.run(&["link", ".env", "--create"]).succeeds();
    watch.end("INT");
}
