//! `tokenward exec`: a program with a token in its environment.
//!
//! The program takes this process's place, so signals, terminal and exit code are its own. It sees the token and none
//! of our own secrets. A token in the environment cannot be rotated: a program that outlives it must ask again.

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use tokenward_core::{Code, TokenWish};

use crate::args::Exec;
use crate::child;
use crate::commands::link;
use crate::commands::program::not_started;
use crate::commands::token::USER_VARIABLE;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(exec: Exec, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let Some((program, arguments)) = exec.command.split_first() else { return Err(Failure::of(Code::Usage)) };
    let work = match &exec.env_file {
        Some(file) => context.work_as(&link::profile_of(file, context).await?).await?,
        None => context.work().await?,
    };
    let keeper = work.session.keeper();
    let handed = context.access(&work, TokenWish::Living { min_ttl: exec.min_ttl }).await?;
    if let Some(file) = &exec.env_file {
        link::tell_out_of_step(file, &work, &handed.notices, context).await?;
    }
    context.tell_notices(&handed.notices);

    let token = handed.access.token.expose();
    let mut command = child::asking(program);
    command.args(arguments);
    let names = if exec.env.is_empty() { vec![USER_VARIABLE.to_owned()] } else { exec.env };
    for name in names {
        command.env(name, token);
    }
    if let Some(brand) = work.app.provider().brand().filter(|_| !exec.only_env) {
        // The names that @larksuite/cli reads (reference/feishu.md §14).
        command
            .env("LARKSUITE_CLI_APP_ID", &work.app.client_id)
            .env("LARKSUITE_CLI_USER_ACCESS_TOKEN", token)
            .env("LARKSUITE_CLI_BRAND", brand.as_str());
    }
    // A rotation that this call began runs to its end before the process is replaced.
    keeper.idle().await;
    drop(work.session);
    let error = command.exec();
    let failure = not_started(program, &error, context);
    if error.kind() != std::io::ErrorKind::NotFound {
        return Err(failure);
    }
    // `exec PROFILE -- CMD`, as other commands take a profile.
    let settings = context.settings()?;
    let profile = settings.profiles().find(|(name, _)| program == name.as_str());
    Err(failure.then_all(profile.map(|(name, _)| lang.exec_profile(name))))
}
