//! `tokenward completions`: a shell's completions, from the same tree as everything else.

use std::process::ExitCode;

use crate::args::Completions;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::say::help;

pub(super) fn run(completions: &Completions, desk: &Desk) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut help::command(desk.lang()), "tokenward", &mut script);
    desk.printer.own(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
