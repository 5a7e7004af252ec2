//! A program that a person has run beside a command of ours: `sandbox -- CMD`, `proxy -- CMD`, and `exec`, which becomes it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{ExitCode, ExitStatus};

use tokenward_core::{Code, masking};
use tokio::process::Child;

use crate::child_environment;
use crate::context::Context;
use crate::failure::Failure;

/// Starts it with these variables. It ends with the command.
pub(super) fn start<V: AsRef<OsStr>>(
    words: &[OsString],
    env: impl IntoIterator<Item = (&'static str, V)>,
    context: &Context,
) -> Result<Child, Failure> {
    let Some((program, arguments)) = words.split_first() else { return Err(Failure::of(Code::Usage)) };
    let named = if context.names_nothing() { None } else { context.named(&context.settings()?)? };
    let mut command = tokio::process::Command::from(child_environment::asking(program, named.as_ref()));
    command.args(arguments).kill_on_drop(true).envs(env);
    command.spawn().map_err(|error| not_started(program, &error, context))
}

/// Why it did not start. A token may stand where a program was expected.
pub(super) fn not_started(program: &OsStr, error: &io::Error, context: &Context) -> Failure {
    let (lang, program) = (context.lang(), program.to_string_lossy());
    let name = masking::file(&program);
    match error.kind() {
        io::ErrorKind::NotFound => Failure::new(Code::CommandNotFound, lang.program_not_started(name)),
        _ => Failure::new(Code::CommandNotFound, lang.program_failed(name)).detail(error.to_string()),
    }
}

/// The exit code of a program, as a shell tells it.
pub(super) fn exit_of(status: ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
