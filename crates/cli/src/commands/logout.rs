//! `tokenward logout`: forgets a login; with `--revoke` the provider is told first.

use std::process::ExitCode;

use serde_json::json;
use tokenward::Session;
use tokenward_core::{Code, ProfileName};

use crate::args::Logout;
use crate::commands::adopt;
use crate::desk::Desk;
use crate::failure::Failure;

pub(super) async fn run(logout: &Logout, desk: &Desk) -> Result<ExitCode, Failure> {
    let lang = desk.lang();
    let settings = desk.settings()?;
    let session = desk.session(&settings).await?;
    if let Some(id) = &logout.login {
        return unnamed(id, logout.yes, &session, desk).await;
    }
    let (name, grant) = match desk.login_of(&settings, &session).await {
        Ok(login) => login,
        Err(failure) => return unstored(failure, &desk.profile_name(&settings)?, logout.yes, &session, desk).await,
    };
    let keeper = session.keeper();
    if !logout.yes {
        let question = if logout.revoke { lang.ask_logout_revoke(&name) } else { lang.ask_logout(&name) };
        if !desk.asker().yes(question, &lang.logout_ways()).await? {
            desk.printer.note(lang.nothing_changed());
            return Err(Failure::silent(Code::Usage.exit() as u8));
        }
    }
    let app = if logout.revoke {
        let profile = desk.profile(&settings)?;
        desk.own_app(grant, &profile, &session).await?;
        Some(desk.app(&profile, &session).await?)
    } else {
        None
    };
    let revoked = match keeper.logout(app.as_ref(), grant, logout.revoke).await {
        Ok(revoked) => revoked,
        Err(error) if logout.revoke && logout.force => {
            desk.printer.warning(Failure::from(error).text(lang, |_| String::new(), ToOwned::to_owned).trim());
            keeper.logout(None, grant, false).await?
        }
        Err(error) if logout.revoke => {
            return Err(Failure::from(error).or_then(lang, lang.revoke_kept()));
        }
        Err(error) => return Err(error.into()),
    };
    if desk.printer.json {
        desk.printer.document(&json!({ "profile": name, "revoked": revoked }))?;
    } else if revoked {
        desk.printer.note(lang.logged_out_revoked(&name));
    } else if logout.revoke {
        desk.printer.note(lang.logged_out_unrevoked(&name));
        if let Some(app) = &app {
            let page = app.hosts.accounts.join("accounts/security/page/apply_authorization");
            desk.printer.note(lang.revoke_by_hand(page.map_or_else(|_| String::new(), String::from)));
        }
    } else {
        desk.printer.note(lang.logged_out(&name));
    }
    Ok(ExitCode::SUCCESS)
}

/// Where nobody is logged in: what was answered to a login and not stored as one is dropped, if there is any.
async fn unstored(
    failure: Failure,
    name: &ProfileName,
    yes: bool,
    session: &Session,
    desk: &Desk,
) -> Result<ExitCode, Failure> {
    let lang = desk.lang();
    let is_kept = session.keeper().answers_kept(name).await.is_ok_and(|count| count > 0);
    if failure.exit() != ExitCode::from(Code::NotLoggedIn.exit() as u8) || !is_kept {
        return Err(failure);
    }
    if !yes && !desk.asker().yes(lang.ask_drop_answers(name), &lang.logout_ways()).await? {
        desk.printer.note(lang.nothing_changed());
        return Err(Failure::silent(Code::Usage.exit() as u8));
    }
    session.keeper().drop_answers(name).await?;
    if desk.printer.json {
        desk.printer.document(&json!({ "profile": name, "revoked": false }))?;
    } else {
        desk.printer.note(lang.answers_dropped(name));
    }
    Ok(ExitCode::SUCCESS)
}

/// Forgets a login that no profile points at.
async fn unnamed(id: &str, yes: bool, session: &Session, desk: &Desk) -> Result<ExitCode, Failure> {
    let lang = desk.lang();
    let grant = adopt::unnamed(id, session, desk).await?;
    let user = grant.subject.map_or_else(|| lang.someone_unknown(), |subject| subject.name.unwrap_or(subject.id));
    if !yes && !desk.asker().yes(lang.ask_logout_login(&user), &lang.logout_ways()).await? {
        desk.printer.note(lang.nothing_changed());
        return Err(Failure::silent(Code::Usage.exit() as u8));
    }
    session.keeper().logout(None, grant.id, false).await?;
    if desk.printer.json {
        desk.printer.document(&json!({ "profile": null, "grant": grant.id.to_string(), "revoked": false }))?;
    } else {
        desk.printer.note(lang.logged_out_login(&user));
    }
    Ok(ExitCode::SUCCESS)
}
