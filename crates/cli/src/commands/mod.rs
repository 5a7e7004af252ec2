//! A file a command: what it asks the engine for, and which words and fields it answers with.

mod adopt;
mod api;
mod audit;
mod audit_entry;
mod child_process;
mod completions;
mod config;
mod config_edit;
mod confirm_login_overwrite;
mod demo;
mod doctor;
mod exec;
mod explain;
mod help;
mod init;
mod init_then_login;
mod link;
mod links;
mod list;
mod login;
pub(crate) mod login_exit_code;
mod logout;
mod man;
mod notify_command;
mod profile;
mod profile_of_source;
mod proxy;
mod refresh;
mod sandbox;
mod serve;
mod service;
mod status;
mod token;
mod unlink;
mod vault;
mod watch;
mod whoami;
mod wiki;

use std::process::ExitCode;

use crate::args::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::render::SCHEMA;
#[cfg(test)]
pub(crate) use doctor::rows as doctor_rows;
pub(crate) use profile_of_source::forget_new_profiles;

/// Runs a command.
pub(crate) async fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Init(init) => Box::pin(init_then_login::init(&init, context)).await,
        Command::Login(login) => Box::pin(init_then_login::login(*login, context)).await,
        Command::Token(token) => token::run(&token, context).await,
        Command::Refresh(refresh) => refresh::run(refresh, context).await,
        Command::Status(_) => status::run(context).await,
        Command::List(_) => list::run(context).await,
        Command::Whoami(_) => whoami::run(context).await,
        Command::Doctor(doctor) => doctor::run(&doctor, context).await,
        Command::Explain(explain) => explain::run(&explain, context),
        Command::Exec(exec) => exec::run(exec, context).await,
        Command::Link(link) => link::run(&link, context).await,
        Command::Unlink(unlink) => unlink::run(&unlink, context).await,
        Command::Links(links) => links::run(&links, context).await,
        Command::Adopt(adopt) => adopt::run(*adopt, context).await,
        Command::Watch(watch) => watch::run(watch, context).await,
        Command::Service(service) => service::run(service, context).await,
        Command::Api(api) => api::run(*api, context).await,
        Command::Proxy(proxy) => proxy::run(proxy, context).await,
        Command::Serve(serve) => serve::run(*serve, context).await,
        Command::Audit(audit) => audit::run(audit, context).await,
        Command::Wiki(wiki) => wiki::run(wiki, context).await,
        Command::Logout(logout) => logout::run(&logout, context).await,
        Command::Sandbox(sandbox) => sandbox::run(sandbox, context).await,
        Command::Demo(demo) => demo::run(&demo, context).await,
        Command::Profile(profile) => profile::run(profile, context).await,
        Command::Config(config) => config::run(config, context).await,
        Command::Vault(vault) => vault::run(vault, context).await,
        Command::Help(help) => help::run(&help, context),
        Command::Completions(completions) => completions::run(&completions, context),
        Command::Man(man) => man::run(&man, context),
        Command::Version => version(context),
    }
}

/// The version, as `--version` prints it; with `--verbose` what else tells one build from another.
fn version(context: &Context) -> Result<ExitCode, Failure> {
    let (lang, version) = (context.lang(), env!("CARGO_PKG_VERSION"));
    // Whoever builds says it: of two builds from the same source neither may depend on what lies around it.
    let commit = option_env!("TOKENWARD_COMMIT").filter(|commit| !commit.is_empty());
    let platform = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    if context.printer.json {
        context.printer.document(&serde_json::json!({ "version": version, "commit": commit, "platform": platform }))?;
        return Ok(ExitCode::SUCCESS);
    }
    context.printer.data(&format!("tokenward {version}"))?;
    if context.printer.is_verbose() {
        context.printer.facts(&[
            (lang.fact_commit(), commit.map_or_else(|| lang.unknown(), str::to_owned)),
            (lang.fact_platform(), platform),
            (lang.fact_json_schema(), SCHEMA.to_string()),
        ])?;
    }
    Ok(ExitCode::SUCCESS)
}
