//! From nothing to a login: `init` offers to log in, and `login` begins with `init` where nothing is set up.
//!
//! Without a terminal neither asks: `init` ends, and `login` names both commands with what they need.

use std::process::ExitCode;

use clap::Parser as _;
use tokenward::{ResolvedProfile, SettingsError};

use crate::args::{Cli, Command, Init, Login};
use crate::commands::{init as registration, login as consent};
use crate::context::Context;
use crate::failure::Failure;

/// `init`, and the login behind it if it is wanted.
pub(super) async fn init(init: &Init, context: &Context) -> Result<ExitCode, Failure> {
    let (profile, is_logged_in) = registration::run(init, context).await?;
    // Somebody who gave the secret again is logged in already.
    if is_logged_in
        || !may_log_in(&profile, context)?
        || !context.asker().goes_on(context.lang().ask_login_now()).await?
    {
        return Ok(ExitCode::SUCCESS);
    }
    match plain_login() {
        Some(login) => Box::pin(consent::run(login, context)).await,
        None => Ok(ExitCode::SUCCESS),
    }
}

/// `login`, and before it `init` where nothing is set up.
pub(super) async fn login(login: Login, context: &Context) -> Result<ExitCode, Failure> {
    // A file that is named may bring its app.
    let has_app = match &login.app {
        Some(app) => context.settings()?.registered(app).is_some(),
        None => false,
    };
    let Some(missing) = nothing_set_up(context)?.filter(|_| login.env_file.is_none() && !has_app) else {
        return Box::pin(consent::run(login, context)).await;
    };
    let (lang, printer) = (context.lang(), context.printer);
    if !context.asker().can_ask() || printer.json {
        return Err(missing.or_then(lang, lang.login_needs_init()));
    }
    printer.note(lang.login_begins_with_init());
    let init = Init { app: login.app.clone(), ..Init::default() };
    let (profile, _) = registration::run(&init, context).await?;
    if may_log_in(&profile, context)? && context.asker().goes_on(lang.ask_login_now()).await? {
        return Box::pin(consent::run(login, context)).await;
    }
    Ok(ExitCode::SUCCESS)
}

/// What `tokenward login` alone means. It is read as it would be typed: some of its arguments refer to those that every command has.
fn plain_login() -> Option<Login> {
    match Cli::try_parse_from(["tokenward", "login"]).ok()?.command {
        Command::Login(login) => Some(*login),
        _ => None,
    }
}

/// Whether a login at a page can follow at once: the profile is the one that is meant where no more is said.
fn may_log_in(profile: &ResolvedProfile, context: &Context) -> Result<bool, Failure> {
    if context.printer.json || !profile.token_api.has_browser_login() {
        return Ok(false);
    }
    Ok(context.profile_name(&context.settings()?).is_ok_and(|name| name == profile.name))
}

/// What is said of settings that hold nothing, if they do.
fn nothing_set_up(context: &Context) -> Result<Option<Failure>, Failure> {
    let settings = context.settings()?;
    if settings.profiles().next().is_some() {
        return Ok(None);
    }
    let bare = settings.profile(None);
    Ok(match bare {
        Err(error @ SettingsError::NothingSetUp { .. }) => Some(context.settings_failure(&error)),
        _ => None,
    })
}
