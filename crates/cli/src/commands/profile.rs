//! `tokenward profile`: the names under which logins are used.
//!
//! A profile stands in two places: its table in `config.toml`, and its name at what the vault keeps. A change of both is made so that a
//! kill between any two steps leaves a login that a profile of the file leads to, and so that the same command, run again, ends it:
//! a renaming copies the table, moves what the vault keeps in one transaction, and then drops the former table; a removal ends what the
//! vault keeps before it drops the table.

mod unused_app;

use std::process::ExitCode;

use serde_json::json;
use tokenward::{ConfigEdit, Report, Session, Settings, is_script_login};
use tokenward_core::{Code, ProfileName, Status};

use crate::args::Profile;
use crate::commands::list::belongs;
use crate::commands::{adopt, profile_of_source};
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::LoginFields;
use unused_app::AppLeft;

pub(super) async fn run(profile: Profile, context: &Context) -> Result<ExitCode, Failure> {
    match profile {
        Profile::List => list(context).await,
        Profile::Use { of } => select(&of, context),
        Profile::Rename { of, to } => rename(&of, &to, context).await,
        Profile::Remove { of, with_app, yes } => remove(&of, with_app, yes, context).await,
        Profile::Attach { of: _, login, replace_user } => attach(login, replace_user, context).await,
    }
}

/// Every profile, with or without a login.
async fn list(context: &Context) -> Result<ExitCode, Failure> {
    let (lang, settings) = (context.lang(), context.settings()?);
    let mut reports = match context.look(&settings).await? {
        Some(session) => session.keeper().list().await?,
        None => Vec::new(),
    };
    reports.retain(|report| report.status != Status::Retired && !is_script_login(&report.grant));
    let selected = settings.selected(context.global.profile.as_ref()).ok();
    let mut names: Vec<ProfileName> = settings.profiles().map(|(name, _)| name.clone()).collect();
    // A login whose profile somebody took out of the file by hand is still one.
    let others = reports.iter().filter_map(|report| report.grant.profile.as_ref()?.base().parse().ok());
    names.extend(others.filter(|name| settings.profiles().all(|(known, _)| known != name)));
    names.sort();
    names.dedup();
    let of = |name: &ProfileName| -> Vec<&Report> { reports.iter().filter(|report| belongs(report, name)).collect() };
    if context.printer.json {
        let profiles: Vec<_> = names
            .iter()
            .map(|name| {
                json!({
                    "profile": name,
                    "app": settings.app_of(name),
                    "selected": selected.as_ref() == Some(name),
                    "logins": of(name).into_iter().map(LoginFields::of).collect::<Vec<_>>(),
                })
            })
            .collect();
        context.printer.document(&json!({ "profiles": profiles }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if names.is_empty() {
        context.printer.note(lang.no_profiles());
        return Ok(ExitCode::SUCCESS);
    }
    let rows = names.iter().map(|name| {
        let own = of(name);
        let user = |report: &&Report| {
            let subject = report.grant.subject.as_ref();
            subject.map_or_else(|| lang.unknown(), |subject| subject.known_as().to_owned())
        };
        let users: Vec<_> = own.iter().map(user).collect();
        let status = match own.as_slice() {
            [] => lang.state_without_login(),
            [only] => lang.status(only.status).to_owned(),
            several => lang.logins_of(several.len()),
        };
        let mark = if selected.as_ref() == Some(name) { "*" } else { " " };
        let app = settings.app_of(name).map_or_else(|| lang.unknown(), |app| app.to_string());
        let user = if users.is_empty() { lang.none() } else { users.join(", ") };
        vec![format!("{mark} {name}"), app, user, status]
    });
    let heads = [format!("  {}", lang.head_profile()), lang.head_app(), lang.head_user(), lang.head_status()];
    context.printer.table(&heads, rows.collect())?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a profile the default one.
fn select(name: &ProfileName, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, settings) = (context.lang(), context.settings()?);
    known(name, &settings, context)?;
    let mut edit = open(&settings, context)?;
    save(edit.default_profile(name), context)?;
    if context.printer.json {
        context.printer.document(&json!({ "profile": name }))?;
    }
    context.printer.note(lang.profile_used(name));
    tell_variable(name, context);
    Ok(ExitCode::SUCCESS)
}

/// Gives a profile another name.
async fn rename(from: &ProfileName, to: &ProfileName, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, settings) = (context.lang(), context.settings()?);
    known(from, &settings, context)?;
    let taken =
        || Failure::new(Code::Usage, lang.profile_name_taken(to)).then(lang.profile_name_taken_next()).complete();
    if from == to || to.base() != to.as_str() {
        return Err(taken());
    }
    let session = context.look(&settings).await?;
    let nothing_left = match &session {
        Some(session) => is_free(from, session).await?,
        None => true,
    };
    if let Some(session) = session.as_ref().filter(|_| !nothing_left)
        && !is_free(to, session).await?
    {
        return Err(taken());
    }
    // The folder's lock is held to the end, so that no other command changes the file in between.
    let mut edit = open(&settings, context)?;
    let is_old = edit.has_profile(to);
    if !edit.copy_profile(from, to) {
        return Err(taken());
    }
    save(&edit, context)?;
    if let Some(session) = session.as_ref().filter(|_| !nothing_left)
        && !session.keeper().rename_profile(from, to).await?
    {
        // Somebody logged in under the new name a moment ago.
        if !is_old {
            save(edit.remove_profile(to), context)?;
        }
        return Err(taken());
    }
    save(edit.drop_former(from, to), context)?;
    if context.printer.json {
        context.printer.document(&json!({ "profile": to, "former": from }))?;
    }
    context.printer.note(lang.profile_renamed(from, to));
    tell_variable(to, context);
    Ok(ExitCode::SUCCESS)
}

/// Takes a profile out, with what is kept under its name.
async fn remove(name: &ProfileName, with_app: bool, yes: bool, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, settings) = (context.lang(), context.settings()?);
    let session = context.look(&settings).await?;
    let (mut logins, mut links) = (Vec::new(), Vec::new());
    if let Some(session) = &session {
        logins = session.keeper().list().await?;
        logins.retain(|report| report.status != Status::Retired && belongs(report, name));
        links = session.parts().vault.links(None).await.map_err(tokenward::Error::from)?;
        links.retain(|link| link.target.profile.is_under(name));
    }
    let is_set_up = settings.profiles().any(|(known, _)| known == name);
    let app = unused_app::app_of(name, &settings);
    // An app that a profile left behind has that profile's name, as `init` gave it.
    let is_left_app = with_app && app.as_ref().is_some_and(|app| settings.registered(app).is_some());
    if !is_set_up && logins.is_empty() && links.is_empty() && !is_left_app {
        known(name, &settings, context)?;
    }
    let question = if logins.is_empty() {
        lang.ask_remove_profile(name)
    } else {
        let user = |report: &Report| lang.user_or_untold(report.grant.subject.as_ref());
        lang.ask_remove_login_too(name, logins.iter().map(user).collect::<Vec<_>>().join(", "))
    };
    if !yes && !context.asker().yes(question, &lang.logout_ways()).await? {
        context.printer.note(lang.nothing_changed());
        return Err(Failure::silent(Code::Usage.exit() as u8));
    }
    if let Some(session) = &session {
        for report in &logins {
            session.keeper().logout(None, report.grant.id, false).await?;
        }
        for link in &links {
            session.links().unlink(link.id).await?;
        }
        session.keeper().drop_answers(name).await?;
    }
    if is_set_up {
        let mut edit = open(&settings, context)?;
        save(edit.remove_profile(name), context)?;
    }
    for link in &links {
        if let Some(session) = &session {
            session.links().let_go(&link.target.file).await?;
        }
    }
    let app = match app {
        Some(app) => unused_app::app(&app, with_app, session.as_ref(), context).await?,
        None => AppLeft::None,
    };
    if context.printer.json {
        let unlinked: Vec<_> = links.iter().map(|link| &link.target.file).collect();
        context
            .printer
            .document(&json!({ "profile": name, "logins_ended": logins.len(), "unlinked_files": unlinked, "app_removed": matches!(app, AppLeft::Removed(_)) }))?;
    }
    context.printer.note(app.words(name, lang));
    if let AppLeft::Stays(app) = &app
        && settings.profiles().all(|(other, _)| other == name || other.as_str() != app.as_str())
    {
        context.printer.note(lang.app_removed_by(app));
    }
    for link in &links {
        context.printer.note(lang.no_longer_synced(context.short(&link.target.file)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Gives a login without a profile one.
async fn attach(login: Option<String>, replace_user: bool, context: &Context) -> Result<ExitCode, Failure> {
    let id = match login {
        Some(id) => id,
        None => only_without_profile(context).await?,
    };
    profile_of_source::with_profiles(context, Box::pin(adopt::name(&id, replace_user, context))).await
}

/// The id of the only login that has no profile.
async fn only_without_profile(context: &Context) -> Result<String, Failure> {
    let (lang, settings) = (context.lang(), context.settings()?);
    let kept = match context.look(&settings).await? {
        Some(session) => session.keeper().without_profile().await?,
        None => Vec::new(),
    };
    match kept.as_slice() {
        [only] => Ok(only.grant.id.to_string()),
        [] => Err(Failure::new(Code::NothingToAdopt, lang.no_login_to_attach()).complete()),
        several => {
            let ids = several.iter().map(|login| login.grant.id.to_string()).collect::<Vec<_>>().join(", ");
            Err(Failure::new(Code::Usage, lang.several_to_attach(ids)).then(lang.name_the_id()).complete())
        }
    }
}

/// Whether the vault keeps nothing under a name.
async fn is_free(name: &ProfileName, session: &Session) -> Result<bool, Failure> {
    let vault = &session.parts().vault;
    let reports = session.keeper().list().await?;
    let links = vault.links(None).await.map_err(tokenward::Error::from)?;
    Ok(reports.iter().all(|report| !belongs(report, name))
        && links.iter().all(|link| !link.target.profile.is_under(name))
        && session.keeper().answers_kept(name).await? == 0)
}

/// Refuses a profile that the file has not, with those that it has.
fn known(name: &ProfileName, settings: &Settings, context: &Context) -> Result<(), Failure> {
    if settings.profiles().any(|(known, _)| known == name) {
        return Ok(());
    }
    match settings.profile(Some(name)) {
        Err(error) => Err(context.settings_failure(&error)),
        // Variables alone describe it.
        Ok(_) => Err(Failure::new(Code::UnknownProfile, context.lang().profile_of_variables(name)).complete()),
    }
}

/// Says that a variable names another profile than what was just made the default.
fn tell_variable(name: &ProfileName, context: &Context) {
    if let Some(other) = context.ambient.env.get("TOKENWARD_PROFILE").filter(|other| *other != name.as_str()) {
        context.printer.warning(context.lang().variable_names_another(other));
    }
}

fn open(settings: &Settings, context: &Context) -> Result<ConfigEdit, Failure> {
    ConfigEdit::open(settings.home()).map_err(|error| context.settings_failure(&error))
}

fn save(edit: &ConfigEdit, context: &Context) -> Result<(), Failure> {
    edit.save().map_err(|error| context.settings_failure(&error))
}
