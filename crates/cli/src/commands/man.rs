//! `tokenward man`: the manual pages, from the same tree as everything else.

use std::path::Path;
use std::process::ExitCode;

use clap::Command;
use tokenward_core::Code;

use crate::args::Man;
use crate::context::Context;
use crate::failure::Failure;
use crate::words::help;

pub(super) fn run(man: &Man, context: &Context) -> Result<ExitCode, Failure> {
    let mut command = help::command(context.lang());
    command.build();
    let Some(folder) = &man.out else {
        context.printer.own(&String::from_utf8_lossy(&page(&command, context)?))?;
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::create_dir_all(folder).map_err(|error| not_written(folder, &error, context))?;
    let count = write(&command, "tokenward", folder, context)?;
    if context.printer.json {
        context.printer.document(&serde_json::json!({ "folder": folder, "pages": count }))?;
    } else {
        context.printer.note(context.lang().man_written(count, folder.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the page of a command and those of the commands under it; gives back how many.
fn write(command: &Command, name: &str, folder: &Path, context: &Context) -> Result<usize, Failure> {
    let file = folder.join(format!("{name}.1"));
    let text = page(&command.clone().name(name.to_owned()), context)?;
    std::fs::write(&file, text).map_err(|error| not_written(&file, &error, context))?;
    command
        .get_subcommands()
        .try_fold(1, |count, sub| Ok(count + write(sub, &format!("{name}-{}", sub.get_name()), folder, context)?))
}

fn page(command: &Command, context: &Context) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(|error| Failure::new(Code::Internal, context.lang().stdout_not_written()).detail(error.to_string()))?;
    Ok(page)
}

fn not_written(path: &Path, error: &std::io::Error, context: &Context) -> Failure {
    Failure::new(Code::BadSetting, context.lang().file_not_written(path.display())).detail(error.to_string())
}
