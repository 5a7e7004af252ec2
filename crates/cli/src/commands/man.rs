//! `tokenward man`: the manual pages, from the same tree and the same catalogue as the help.

use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command};
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use tokenward_core::Code;

use crate::args::Man;
use crate::context::Context;
use crate::failure::Failure;
use crate::words::{Lang, chinese_help, manual};

pub(super) fn run(man: &Man, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let mut command = chinese_help::command(lang);
    command.build();
    let Some(folder) = &man.out else {
        context.printer.own(&page(&command, "", lang))?;
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::create_dir_all(folder).map_err(|error| not_written(folder, &error, context))?;
    let count = write(&command, "", folder, context)?;
    if context.printer.json {
        context.printer.document(&serde_json::json!({ "folder": folder, "page_count": count }))?;
    } else {
        context.printer.note(lang.man_written(count, folder.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the page of a command and those of the commands under it; gives back how many.
fn write(command: &Command, path: &str, folder: &Path, context: &Context) -> Result<usize, Failure> {
    let file = folder.join(format!("{}.1", name(path)));
    std::fs::write(&file, page(command, path, context.lang())).map_err(|error| not_written(&file, &error, context))?;
    command.get_subcommands().try_fold(1, |count, sub| {
        let path = format!("{path} {}", sub.get_name());
        Ok(count + write(sub, path.trim_start(), folder, context)?)
    })
}

/// The page of one command.
fn page(command: &Command, path: &str, lang: Lang) -> String {
    let name = name(path);
    let mut roff = Roff::new();
    let version = concat!("tokenward ", env!("CARGO_PKG_VERSION"));
    roff.control("TH", [name.as_str(), "1", "", version, "Tokenward"]);
    let head = |roff: &mut Roff, head: String| _ = roff.control("SH", [head.to_uppercase().as_str()]);
    head(&mut roff, lang.name_head());
    roff.text([roman(format!("{name} - {}", told(command.get_about())))]);
    head(&mut roff, lang.synopsis_head());
    roff.text(synopsis(command, path));
    if let Some(page) = manual::page(path) {
        head(&mut roff, lang.description_head());
        roff.text([roman(lang.of(page.about))]);
    }
    let shown = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    let own: Vec<&Arg> = shown().filter(|arg| !arg.is_positional() && !arg.is_global_set()).collect();
    let mut headings: Vec<Option<&str>> = Vec::new();
    for heading in own.iter().map(|arg| arg.get_help_heading()) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    let mut listed = |heading: String, arguments: Vec<&Arg>| {
        if !arguments.is_empty() {
            head(&mut roff, heading);
            for arg in arguments {
                argument(&mut roff, arg);
            }
        }
    };
    listed(lang.arguments_head(), shown().filter(|arg| arg.is_positional()).collect());
    for heading in headings {
        let under = own.iter().copied().filter(|arg| arg.get_help_heading() == heading).collect();
        listed(heading.map_or_else(|| lang.options_head(), str::to_owned), under);
    }
    listed(lang.everywhere_head(), shown().filter(|arg| arg.is_global_set()).collect());
    let mut subs = command.get_subcommands().peekable();
    if subs.peek().is_some() {
        head(&mut roff, lang.commands_head());
    }
    for sub in subs {
        roff.control("TP", []);
        let path = format!("{path} {}", sub.get_name());
        roff.text([bold(format!("{}(1)", self::name(path.trim_start())))]);
        roff.text([roman(told(sub.get_about()))]);
    }
    // What is said below the arguments, but the exit codes, which have a section.
    if let Some(more) = command.get_after_help().filter(|_| !path.is_empty()) {
        roff.control("PP", []);
        roff.text([roman(more.to_string())]);
    }
    if let Some(page) = manual::page(path) {
        head(&mut roff, lang.examples_head());
        for example in page.examples {
            roff.control("TP", []);
            roff.text([bold(example.line)]);
            roff.text([roman(lang.of(example.says))]);
        }
    }
    for (heading, rows) in lang.sections(path) {
        head(&mut roff, heading);
        for (name, says) in rows {
            if name.is_empty() {
                roff.control("PP", []);
            } else {
                roff.control("TP", []);
                roff.text([bold(name)]);
            }
            roff.text([roman(says)]);
        }
    }
    roff.render()
}

/// How it is typed, with the values of its options.
fn synopsis(command: &Command, path: &str) -> Vec<Inline> {
    let mut line = vec![bold(format!("tokenward {path}").trim_end())];
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_positional()) {
        // What every command takes is told on the page of the program.
        if arg.is_global_set() && !path.is_empty() {
            continue;
        }
        line.push(roman(" ["));
        let flag = arg.get_long().map(|long| format!("--{long}"));
        let flag = flag.or_else(|| arg.get_short().map(|short| format!("-{short}")));
        line.push(bold(flag.unwrap_or_default()));
        if let Some(value) = value(arg) {
            line.extend([roman(" "), italic(value)]);
        }
        line.push(roman(if matches!(arg.get_action(), ArgAction::Append | ArgAction::Count) { "]..." } else { "]" }));
    }
    for arg in command.get_positionals().filter(|arg| !arg.is_hide_set()) {
        let name = value(arg).unwrap_or_default();
        let more = if matches!(arg.get_action(), ArgAction::Append) { "..." } else { "" };
        let before = if arg.is_last_set() {
            " [-- "
        } else if arg.is_required_set() {
            " "
        } else {
            " ["
        };
        let after = if arg.is_required_set() { "" } else { "]" };
        line.extend([roman(before), italic(name), roman(more), roman(after)]);
    }
    if command.has_subcommands() {
        line.extend([roman(" "), italic("COMMAND")]);
    }
    line
}

/// An argument, and what it is.
fn argument(roff: &mut Roff, arg: &Arg) {
    let flags = [arg.get_short().map(|short| format!("-{short}")), arg.get_long().map(|long| format!("--{long}"))];
    let flags: Vec<_> = flags.into_iter().flatten().collect();
    roff.control("TP", []);
    let mut line = vec![bold(flags.join(", "))];
    if let Some(value) = value(arg) {
        line.extend([roman(if flags.is_empty() { "" } else { " " }), italic(value)]);
    }
    roff.text(line);
    let mut says = told(arg.get_help());
    let default: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !default.is_empty() && arg.get_action().takes_values() && !arg.is_hide_default_value_set() {
        says = format!("{says} [default: {}]", default.join(" "));
    }
    roff.text([roman(says)]);
}

/// What stands for the value of an argument that takes one.
fn value(arg: &Arg) -> Option<String> {
    let names = arg.get_value_names().filter(|_| arg.get_action().takes_values());
    names.map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

fn told(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// The name of a command's page.
fn name(path: &str) -> String {
    if path.is_empty() { "tokenward".to_owned() } else { format!("tokenward-{}", path.replace(' ', "-")) }
}

fn not_written(path: &Path, error: &std::io::Error, context: &Context) -> Failure {
    Failure::new(Code::BadSetting, context.lang().file_not_written(path.display())).detail(error.to_string())
}
