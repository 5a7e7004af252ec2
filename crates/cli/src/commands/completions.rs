//! `tokenward completions`: a shell's completions, from the same tree as everything else.

use std::process::ExitCode;

use crate::args::Completions;
use crate::context::Context;
use crate::failure::Failure;
use crate::words::help;

pub(super) fn run(completions: &Completions, context: &Context) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut help::command(context.lang()), "tokenward", &mut script);
    context.printer.own(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
