//! A file a command: what it asks the engine for, and which words and fields it answers with.

mod adopt;
mod api;
mod completions;
mod demo;
mod doctor;
mod exec;
mod explain;
mod init;
mod link;
mod links;
mod list;
mod login;
mod login_state;
mod logout;
mod man;
mod proxy;
mod refresh;
mod sandbox;
mod status;
mod stranger;
mod token;
mod unlink;
mod vault;
mod watch;
mod whose;
mod wiki;

use std::process::ExitCode;

use crate::args::Command;
use crate::desk::Desk;
use crate::failure::Failure;
#[cfg(test)]
pub(crate) use doctor::rows as doctor_rows;
pub(crate) use token::plain;

/// Runs a command.
pub(crate) async fn run(command: Command, desk: &Desk) -> Result<ExitCode, Failure> {
    match command {
        Command::Init(init) => init::run(&init, desk).await,
        Command::Login(login) => Box::pin(login::run(*login, desk)).await,
        Command::Token(token) => token::run(&token, desk).await,
        Command::Refresh(refresh) => refresh::run(refresh, desk).await,
        Command::Status => status::run(desk).await,
        Command::List => list::run(desk).await,
        Command::Doctor(doctor) => doctor::run(&doctor, desk).await,
        Command::Explain(explain) => explain::run(&explain, desk),
        Command::Exec(exec) => exec::run(exec, desk).await,
        Command::Link(link) => link::run(&link, desk).await,
        Command::Unlink(unlink) => unlink::run(&unlink, desk).await,
        Command::Links(links) => links::run(&links, desk).await,
        Command::Adopt(adopt) => adopt::run(*adopt, desk).await,
        Command::Watch(watch) => watch::run(watch, desk).await,
        Command::Api(api) => api::run(*api, desk).await,
        Command::Proxy(proxy) => proxy::run(proxy, desk).await,
        Command::Wiki(wiki) => wiki::run(wiki, desk).await,
        Command::Logout(logout) => logout::run(&logout, desk).await,
        Command::Sandbox(sandbox) => sandbox::run(sandbox, desk).await,
        Command::Demo(demo) => demo::run(&demo, desk).await,
        Command::Vault(vault) => vault::run(vault, desk).await,
        Command::Completions(completions) => completions::run(&completions, desk),
        Command::Man(man) => man::run(&man, desk),
    }
}
