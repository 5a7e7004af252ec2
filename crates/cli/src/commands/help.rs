//! `tokenward help`: all that is told of a command. It reads no file.

use std::process::ExitCode;

use tokenward_core::{Code, masking};

use crate::args::Help;
use crate::context::Context;
use crate::failure::Failure;
use crate::suggestion;
use crate::words::chinese_help::{self, Depth};

pub(super) fn run(help: &Help, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let mut tree = chinese_help::shown(lang, Depth::Whole, context.ambient.surface.width);
    tree.build();
    let mut command = &mut tree;
    for word in &help.of {
        if command.find_subcommand(word).is_none() {
            let words: Vec<_> = help.of.iter().map(Into::into).collect();
            let meant = suggestion::commands(&words, word);
            let meant =
                meant.first().map(|_| lang.perhaps_command(format!("help {}", meant.join("`, `tokenward help "))));
            let failure = Failure::new(Code::Usage, lang.no_such_command(masking::shown(word))).then_all(meant);
            return Err(failure.then(lang.usage_help()));
        }
        command = command.find_subcommand_mut(word).expect("it was found a line above");
    }
    printer.help(&command.render_help())?;
    Ok(ExitCode::SUCCESS)
}
