//! The program that packages install as `tokenward`. It prints a token that is there, and starts the command for everything else, in its own
//! place: same process, same words, same streams, same exit code.
//!
//! The command is eighteen megabytes, and at each start the loader writes addresses into some hundred of its pages, which takes longer than the
//! token does (docs/performance.md). A crash here costs nothing: nothing is written.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use tokenward::{Environment, SystemClock};

fn main() -> ExitCode {
    // No secret ends in a core dump (I4). Where the kernel knows no such thing there is nothing to be done.
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[expect(clippy::disallowed_methods, reason = "the one place of this program that reads the environment")]
    let environment = Environment::new(std::env::vars_os());
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let is_plain = !FOR_THE_COMMAND.iter().any(|name| environment.get(name).is_some());
    if is_plain && let Some(mut line) = tokenward_launcher::token(&arguments, &environment, &SystemClock) {
        line.push('\n');
        let mut stdout = std::io::stdout().lock();
        // What cannot be written is told by the command, which finds the same.
        if stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()).is_ok() {
            return ExitCode::SUCCESS;
        }
    }
    start_command(&arguments, &environment)
}

/// Becomes the command. Comes back only where that cannot be.
fn start_command(arguments: &[OsString], environment: &Environment) -> ExitCode {
    let own = own_program();
    let program = own.as_deref().and_then(tokenward_launcher::command_of);
    let reason = match &program {
        Some(program) => Command::new(program).arg0("tokenward").args(arguments).exec().to_string(),
        None => "not found".to_owned(),
    };
    let place = program.or(own).unwrap_or_default();
    let chinese = tokenward_words::reads_chinese(|name| environment.get(name).map(str::to_owned));
    let sentence =
        if chinese { "无法启动 tokenward 的主程序" } else { "tokenward cannot start its main program" };
    let next = if chinese {
        "什么都没有改动。请重新安装 tokenward：bin/tokenward 需要同一目录树中的 lib/tokenward/tokenward。"
    } else {
        "Nothing was changed. Install tokenward again: bin/tokenward needs lib/tokenward/tokenward of the same tree."
    };
    let _ = writeln!(std::io::stderr(), "tokenward: {sentence} ({}: {reason}). {next}", place.display());
    ExitCode::FAILURE
}

/// This program's own file, links resolved; by the kernel's word where /proc is not mounted.
fn own_program() -> Option<PathBuf> {
    std::env::current_exe().ok().or_else(started_as)
}

#[cfg(target_os = "linux")]
fn started_as() -> Option<PathBuf> {
    std::fs::canonicalize(rustix::param::linux_execfn().to_str().ok()?).ok()
}

#[cfg(not(target_os = "linux"))]
fn started_as() -> Option<PathBuf> {
    None
}

/// Variables for which only the command has an answer: a log, a clock that is moved, a death at a step.
const FOR_THE_COMMAND: [&str; 3] = ["TOKENWARD_LOG", "TOKENWARD_CLOCK_OFFSET", "TOKENWARD_KILL_AT"];
