//! The `tokenward` command: arguments, words, tables, exit codes.
//!
//! Thin: what is decided about tokens is decided in `tokenward` (the engine) and `tokenward-core` (the rules). What
//! enters: the command line, the environment ([`ambient`], read once) and a person's answers ([`prompt`]). What
//! leaves: data on stdout, words on stderr ([`render`], from the one catalogue [`words`]), and an exit code
//! ([`failure`]). A plain `tokenward token` takes a short way past everything else ([`fast`]).
//!
//! Promises kept here: no secret need be an argument, and none is a word on screen (I4); `status`, `list` and `doctor` send no refresh
//! token (I8); a signal between the beginning of a spend and its commit waits ([`signals`]).

mod access_token;
mod ambient;
mod args;
mod browser;
mod child_environment;
mod command_hint;
mod commands;
mod completion;
mod context;
#[cfg(test)]
mod documented_commands;
mod embedded_error_pages;
#[cfg(test)]
mod error_docs;
mod failure;
mod fast;
mod fields;
mod filter;
mod folding;
mod login_cookies;
mod network_diagnosis;
mod profile_flags;
mod prompt;
mod qr;
mod render;
mod signals;
mod start;
mod suggestion;
mod token_places;
mod typed_lines;
mod usage_error;
mod words;
mod zone;

use std::process::ExitCode;

fn main() -> ExitCode {
    // No secret ends in a core dump (I4). A limit of zero would not stop one that goes to a program, and programs that we
    // start would inherit it. Where the kernel knows no such thing there is nothing to be done.
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let arguments = ambient::arguments();
    #[cfg(feature = "jq")]
    if let Some(code) = filter::process::started(&arguments) {
        return code;
    }
    let ambient = ambient::Ambient::read();
    match fast::token(&arguments, &ambient) {
        Some(code) => code,
        None => start::run(&arguments, ambient),
    }
}
