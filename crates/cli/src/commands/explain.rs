//! `tokenward explain`: what a code means and what to do, in the user's language. All of it is built in: no file is read, and nobody asked.

use std::process::ExitCode;

use serde_json::json;

use crate::args::Explain;
use crate::desk::Desk;
use crate::failure::Failure;

pub(super) fn run(explain: &Explain, desk: &Desk) -> Result<ExitCode, Failure> {
    let (lang, printer, code) = (desk.lang(), desk.printer, explain.code);
    let (happened, next) = (lang.happened(code), lang.next_step(code));
    if printer.json {
        printer.document(&json!({
            "code": code,
            "name": code.name(),
            "exit": code.exit() as u8,
            "message": happened,
            "next": [next],
            "page": format!("docs/errors/{}", code.page_name()),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let exit = lang.exit_code(code.exit() as u8, lang.exit_class(code.exit()));
    let gap = lang.gap();
    let lines =
        [format!("{code} {}", code.name()), happened.to_owned(), format!("{}{gap}{next}", lang.next_head()), exit];
    printer.own(&lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}
