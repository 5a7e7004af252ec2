//! `api --jq` with expressions that never end, that grow without end, and that look for secrets.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::world::{Started, World};

const USER_INFO: &str = "/open-apis/authen/v1/user_info";

/// Some results, so that its beginning is seen, and then none ever.
const ENDLESS: &str = "range(20000), (def f: f; f)";

/// The processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let text = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// Until a process is gone: a dead one that nobody has waited for counts as gone.
fn gone(process: u32) -> bool {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return true };
        if stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn begun(world: &World) -> (Started, u32) {
    let mut started = Started::new(&mut world.command(&["api", USER_INFO, "--jq", ENDLESS]));
    assert_eq!(started.line(), "0");
    let [filter] = children(started.id())[..] else { panic!("one process for the filter") };
    (started, filter)
}

#[test]
fn an_endless_expression_ends_with_a_signal() {
    let world = World::logged_in();
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let (started, filter) = begun(&world);
        started.signal(name);
        assert_eq!(started.finish().code, code);
        assert!(gone(filter), "{name}");
    }
    let (started, filter) = begun(&world);
    started.signal("KILL");
    assert!(gone(filter), "the kernel ends it when nobody is left to do it");
    drop(started);
}

#[test]
fn an_expression_that_grows_without_end_is_an_error() {
    let world = World::logged_in();
    for wild in ["def f: [f]; f", "def f: 1 + f; f", "\"0123456789\" * 1000000000"] {
        let ran = world.run(&["api", USER_INFO, "--jq", wild]);
        assert!(ran.fails(2, "TW0810").err.contains("the call succeeded"), "{wild}: {ran:?}");
        assert!(!ran.err.contains("overflowed") && !ran.err.contains("panicked"), "{ran:?}");
    }
    let calls = world.sandbox.counters().refreshes;
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let ran = world.run(&["api", "POST", USER_INFO, "--jq", &deep]);
    assert!(ran.fails(2, "TW0810").err.contains("not understood"), "{ran:?}");
    assert_eq!(world.sandbox.counters().refreshes, calls);
    assert_eq!(world.run(&["api", USER_INFO, "--jq", ".data.name"]).succeeds().out, "Ada\n", "the login goes on");
}

#[test]
fn results_without_end_are_printed_as_they_come() {
    let world = World::logged_in();
    let mut command = world.command(&["api", USER_INFO, "--jq", "repeat(.data.name)"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "Ada\n");
    let [filter] = children(child.id())[..] else { panic!("one process for the filter") };
    // As `| head -1` does.
    drop(out);
    child.wait().unwrap();
    assert!(gone(filter));
}

#[test]
fn an_expression_sees_none_of_our_variables() {
    let world = World::logged_in();
    let secret = "0123456789abcdef0123456789abcdef";
    let ran = world.run_with(
        &[("TOKENWARD_APP_TICKET", secret), ("TOKENWARD_BK_TOKEN", secret), ("NOT_OURS", "seen")],
        &["api", USER_INFO, "--jq", "env"],
    );
    assert!(ran.succeeds().out.contains("seen"), "{ran:?}");
    assert!(!ran.out.contains("TOKENWARD_") && !ran.out.contains(secret), "{ran:?}");
}

/// `halt` is an end like any other, `halt_error` a failure in the expression's own words; neither has to do with memory.
#[test]
fn an_expression_that_ends_itself_is_told_so() {
    let world = World::logged_in();
    let ran = world.run(&["api", USER_INFO, "--jq", ".data.name, halt, 1"]);
    assert_eq!(ran.succeeds().out, "Ada\n");
    for (wild, told) in [
        (".data.name, (\"no such user\" | halt_error)", "stopped with `halt_error` (exit code 5): no such user"),
        (".data.name, (.code | halt_error(3))", "stopped with `halt_error` (exit code 3): 0"),
        (".data.name, halt(7)", "stopped with `halt(7)`"),
    ] {
        let ran = world.run(&["api", USER_INFO, "--jq", wild]);
        assert!(ran.fails(2, "TW0810").err.contains(told) && !ran.err.contains("memory"), "{wild}: {ran:?}");
        assert_eq!(ran.out, "Ada\n", "what came before it is printed");
    }
    let (started, filter) = begun(&world);
    let kill = std::process::Command::new("kill").args(["-KILL", &filter.to_string()]).status().unwrap();
    assert!(kill.success());
    let ran = started.finish();
    assert!(ran.fails(2, "TW0810").err.contains("signal 9") && !ran.err.contains("memory"), "{ran:?}");
}
