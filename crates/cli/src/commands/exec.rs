//! `tokenward exec`: a program with a token in its environment.
//!
//! The program takes this process's place, so signals, terminal and exit code are its own. It sees the token and none
//! of our own secrets. A token in the environment cannot be rotated: a program that outlives it must ask again.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitCode;

use tokenward::links::LinkedFile;
use tokenward::{Overrides, Settings};
use tokenward_core::{Code, Format, ProfileName, Slot, TokenWish};
use tokenward_launcher::USER_VARIABLE;
use zeroize::Zeroizing;

use crate::args::Exec;
use crate::child_environment;
use crate::commands::child_process::not_started;
use crate::commands::link;
use crate::context::{Context, Work};
use crate::failure::Failure;

pub(super) async fn run(exec: Exec, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let Some((program, arguments)) = exec.command.split_first() else { return Err(Failure::of(Code::Usage)) };
    if !is_found(program, context) {
        // Before anybody is asked to log in for it. `exec PROFILE -- CMD` is how other commands take a profile.
        let failure = not_started(program, &std::io::ErrorKind::NotFound.into(), context);
        return Err(failure.then_all(profile_of(program, context).map(|name| lang.exec_profile(name))));
    }
    let work = match &exec.env_file {
        Some(file) => context.work_as(&link::profile_of(file, context).await?).await?,
        None => context.work().await?,
    };
    let keeper = work.session.keeper();
    let handed = context.access(&work, TokenWish::Living { min_ttl: exec.min_ttl }).await?;
    let mut of_file = None;
    if let Some(file) = &exec.env_file {
        link::tell_out_of_step(file, &work, &handed.notices, context).await?;
        of_file = variable_of(file, &work, handed.access.token.expose(), context).await?;
    }
    context.tell_notices(&handed.notices);

    let token = handed.access.token.expose();
    // A program that asks again means the login that its token is of.
    let profile = (exec.env_file.is_some() || !context.names_nothing()).then_some(&work.profile.name);
    let mut command = child_environment::asking(program, profile);
    command.args(arguments);
    let names = if exec.env.is_empty() { vec![USER_VARIABLE.to_owned()] } else { exec.env };
    for name in names {
        command.env(name, token);
    }
    // Whoever names a file of variables expects the token under the name that it has there.
    if let Some((name, value)) = of_file.filter(|_| !exec.only_env) {
        command.env(name, value.as_str());
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
    Err(not_started(program, &error, context))
}

/// The profile that stands where a program was expected.
fn profile_of(program: &OsStr, context: &Context) -> Option<ProfileName> {
    // What is to be said of the settings is said where they are used.
    let (settings, _) = Settings::load(context.home().ok()?, context.ambient.env.clone(), Overrides::default()).ok()?;
    let of_file = settings.profiles().find(|(name, _)| program == name.as_str()).map(|(name, _)| name.clone());
    of_file.or_else(|| settings.selected(None).ok().filter(|name| program == name.as_str()))
}

/// Whether a program of that name may be there; where no search path is set, the system has one of its own.
fn is_found(program: &OsStr, context: &Context) -> bool {
    let Some(path) = context.ambient.env.get("PATH") else { return true };
    let is_name = !program.as_encoded_bytes().contains(&b'/');
    !is_name || std::env::split_paths(path).any(|folder| folder.join(program).is_file())
}

/// The variable that a linked file has for the access token, with the text around it as there; `None` for files that are no variables.
async fn variable_of(
    file: &Path,
    work: &Work,
    token: &str,
    context: &Context,
) -> Result<Option<(String, Zeroizing<String>)>, Failure> {
    let links = link::linked(file, &context.settings()?, context).await?;
    let found = links.into_iter().find_map(|link| {
        let is_variables = matches!(link.target.format, Format::Dotenv | Format::Fish);
        let own = is_variables && link.target.profile == work.profile.name;
        // One inside a document that a variable holds is no variable.
        let place = link.target.places.get(&Slot::AccessToken).filter(|place| own && place.outermost() == *place)?;
        Some((place.key()?.to_owned(), place.clone(), link.target))
    });
    let Some((name, place, target)) = found else { return Ok(None) };
    let shown = LinkedFile::new(&target.file, target.format).read().ok();
    let shown = shown.and_then(|document| document.get(&place).ok().flatten());
    // One that could not be written shows an older token.
    let value = shown.filter(|text| text.contains(token)).unwrap_or_else(|| Zeroizing::new(token.to_owned()));
    Ok(Some((name, value)))
}
