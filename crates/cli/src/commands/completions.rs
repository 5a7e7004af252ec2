//! `tokenward completions`: a script for a shell. Those of bash, zsh and fish ask the program what may stand where
//! ([`crate::completion`]), so that they know profiles and linked files; others hold all that there is.

use std::process::ExitCode;

use crate::args::Completions;
use crate::completion;
use crate::context::Context;
use crate::failure::Failure;
use crate::words::chinese_help;

pub(super) fn run(completions: &Completions, context: &Context) -> Result<ExitCode, Failure> {
    if let Some(script) = completion::script(completions.shell) {
        context.printer.own(script)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut chinese_help::command(context.lang()), "tokenward", &mut script);
    context.printer.own(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
