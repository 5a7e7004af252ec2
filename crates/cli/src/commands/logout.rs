//! `tokenward logout`: forgets a login; with `--revoke` the provider is told first.

mod all;
mod files_with_tokens;

use std::process::ExitCode;

use serde_json::json;
use tokenward::Session;
use tokenward_core::{Code, Hosts, ProfileName};

use crate::args::Logout;
use crate::commands::adopt;
use crate::context::Context;
use crate::failure::Failure;
use files_with_tokens::still_holding;

pub(super) async fn run(logout: &Logout, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let settings = context.settings()?;
    let Some(session) = context.look(&settings).await? else {
        if let Some(id) = &logout.login {
            return Err(adopt::no_such_login(id, context));
        }
        if logout.all {
            return all::nobody(context);
        }
        return nobody(&context.profile(&settings)?.name, logout.revoke, context);
    };
    if logout.all {
        return all::run(logout, &settings, &session, context).await;
    }
    if let Some(id) = &logout.login {
        return unnamed(id, logout.yes, &session, context).await;
    }
    let (name, grant) = match context.login_of(&settings, &session).await {
        Ok(login) => login,
        Err(failure) => {
            let Ok(name) = context.profile_name(&settings) else {
                return Err(context.of_program_to_forget(&settings, failure).await);
            };
            let failure = context.of_program_to_forget(&settings, failure).await;
            return unstored(failure, &name, logout, &session, context).await;
        }
    };
    let keeper = session.keeper();
    // As long as there is a choice: a login that is gone cannot be revoked.
    let holding = if logout.revoke { Vec::new() } else { still_holding(&name, &session, context).await? };
    if !logout.yes {
        if !holding.is_empty() {
            context.printer.warning(lang.logout_leaves_files(holding.join(lang.list_gap())));
        }
        let question = if logout.revoke { lang.ask_logout_revoke(&name) } else { lang.ask_logout(&name) };
        if !context.asker().yes(question, &lang.logout_ways()).await? {
            context.printer.note(lang.nothing_changed());
            return Err(Failure::silent(Code::Usage.exit() as u8));
        }
    }
    let app = if logout.revoke {
        let profile = context.profile(&settings)?;
        context.own_app(grant, &profile, &session).await?;
        Some(context.app(&profile, &session).await?)
    } else {
        None
    };
    let revoked = match keeper.logout(app.as_ref(), grant, logout.revoke).await {
        Ok(revoked) => revoked,
        Err(error) if logout.revoke && logout.force => {
            context.printer.warning(Failure::from(error).text(lang, |_| String::new(), ToOwned::to_owned).trim());
            keeper.logout(None, grant, false).await?
        }
        Err(error) if logout.revoke => {
            return Err(Failure::from(error).or_then(lang, lang.revoke_kept()));
        }
        Err(error) => return Err(error.into()),
    };
    let holding = if logout.revoke && !revoked { still_holding(&name, &session, context).await? } else { holding };
    if context.printer.json {
        context.printer.document(&json!({ "profile": name, "revoked": revoked, "files_with_tokens": holding }))?;
    } else if revoked {
        context.printer.note(lang.logged_out_revoked(&name));
        let dead = still_holding(&name, &session, context).await?;
        if !dead.is_empty() {
            context.printer.note(lang.logged_out_dead_files(dead.join(lang.list_gap())));
        }
    } else if logout.revoke {
        context.printer.note(lang.logged_out_unrevoked(&name));
        if let Some(app) = &app {
            context.printer.note(lang.revoke_by_hand(revocation_page(&app.hosts).unwrap_or_default()));
        }
    } else {
        context.printer.note(lang.logged_out(&name));
    }
    if !holding.is_empty() {
        let files = holding.join(lang.list_gap());
        let instead = logout.yes && !logout.revoke;
        context.printer.warning(if instead { lang.logged_out_files_yes(files) } else { lang.logged_out_files(files) });
    }
    Ok(ExitCode::SUCCESS)
}

/// Where nobody is logged in: what was answered to a login and not stored as one is dropped, if there is any.
async fn unstored(
    failure: Failure,
    name: &ProfileName,
    logout: &Logout,
    session: &Session,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let (lang, yes) = (context.lang(), logout.yes);
    let is_kept = session.keeper().answers_kept(name).await.is_ok_and(|count| count > 0);
    if !failure.is_of(Code::NotLoggedIn) {
        return Err(failure);
    }
    if !is_kept {
        return nobody(name, logout.revoke, context);
    }
    if !yes && !context.asker().yes(lang.ask_drop_answers(name), &lang.logout_ways()).await? {
        context.printer.note(lang.nothing_changed());
        return Err(Failure::silent(Code::Usage.exit() as u8));
    }
    session.keeper().drop_answers(name).await?;
    if context.printer.json {
        context.printer.document(&json!({ "profile": name, "revoked": false }))?;
    } else {
        context.printer.note(lang.answers_dropped(name));
    }
    Ok(ExitCode::SUCCESS)
}

/// Nobody is logged in, which is what was asked for.
fn nobody(name: &ProfileName, revoke: bool, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    if context.printer.json {
        context.printer.document(&json!({ "profile": name, "revoked": false }))?;
    } else {
        context.printer.note(lang.logged_out_already(name));
    }
    if revoke {
        context.printer.warning(lang.nothing_to_revoke());
        let profile = context.settings()?.profile(Some(name)).ok();
        let profile = profile.filter(|profile| profile.provider().brand().is_some());
        if let Some(page) = profile.and_then(|profile| revocation_page(&profile.hosts)) {
            context.printer.note(lang.revoke_by_hand(page));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a user takes back a consent, at the providers that have such a page.
fn revocation_page(hosts: &Hosts) -> Option<String> {
    hosts.accounts.join("accounts/security/page/apply_authorization").ok().map(String::from)
}

/// Forgets a login that no profile points at.
async fn unnamed(id: &str, yes: bool, session: &Session, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let grant = match adopt::unnamed(id, session, context).await {
        Ok(grant) => grant,
        Err(failure) => {
            let Some(ended) = adopt::ended_login(id, session).await? else { return Err(failure) };
            if context.printer.json {
                context.printer.document(&json!({ "profile": null, "grant": ended.to_string(), "revoked": false }))?;
            } else {
                context.printer.note(lang.logged_out_before(ended));
            }
            return Ok(ExitCode::SUCCESS);
        }
    };
    let user =
        grant.subject.map_or_else(|| lang.said().someone_unknown(), |subject| subject.name.unwrap_or(subject.id));
    if !yes && !context.asker().yes(lang.ask_logout_login(&user), &lang.logout_ways()).await? {
        context.printer.note(lang.nothing_changed());
        return Err(Failure::silent(Code::Usage.exit() as u8));
    }
    session.keeper().logout(None, grant.id, false).await?;
    if context.printer.json {
        context.printer.document(&json!({ "profile": null, "grant": grant.id.to_string(), "revoked": false }))?;
    } else {
        context.printer.note(lang.logged_out_login(&user));
    }
    Ok(ExitCode::SUCCESS)
}
