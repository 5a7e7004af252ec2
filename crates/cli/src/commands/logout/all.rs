//! `tokenward logout --all`: forgets the login of every profile; with `--revoke` the provider is told of each first. Logins without a
//! profile and those of scripts' own files stay.
//!
//! Enters: a yes. Leaves: the logins that are gone; one that the provider did not revoke is kept, and stands in nobody's way.

use std::process::ExitCode;

use serde_json::json;
use tokenward::{Session, Settings, is_script_login};
use tokenward_core::{Code, GrantId, ProfileName, Status};

use super::files_with_tokens::still_holding;
use crate::args::Logout;
use crate::context::Context;
use crate::failure::Failure;

/// Where nobody is logged in, there is nothing to do.
pub(super) fn nobody(context: &Context) -> Result<ExitCode, Failure> {
    if context.printer.json {
        context.printer.document(&json!({ "profiles": [], "revoked": false }))?;
    } else {
        context.printer.note(context.lang().nobody_to_log_out());
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn run(
    logout: &Logout,
    settings: &Settings,
    session: &Session,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let (lang, keeper) = (context.lang(), session.keeper());
    let mut all = keeper.list().await?;
    all.retain(|report| report.status != Status::Retired && !is_script_login(&report.grant));
    let logins: Vec<_> = all.iter().filter_map(|report| Some((report.grant.profile.clone()?, &report.grant))).collect();
    if logins.is_empty() {
        return nobody(context);
    }
    let told = logins.iter().map(|(profile, grant)| lang.noted(profile, lang.user_or_untold(grant.subject.as_ref())));
    let told = told.collect::<Vec<_>>().join(lang.list_gap());
    let mut holding = Vec::new();
    for (profile, _) in logins.iter().filter(|_| !logout.revoke) {
        holding.extend(still_holding(profile, session, context).await?);
    }
    holding.sort();
    holding.dedup();
    if !holding.is_empty() && !logout.yes {
        context.printer.warning(lang.logout_leaves_files(holding.join(lang.list_gap())));
    }
    let question = if logout.revoke { lang.ask_logout_all_revoke(&told) } else { lang.ask_logout_all(&told) };
    if !logout.yes && !context.asker().yes(question, &lang.logout_ways()).await? {
        context.printer.note(lang.nothing_changed());
        return Err(Failure::silent(Code::Usage.exit() as u8));
    }
    let (mut gone, mut kept) = (Vec::new(), None);
    for (profile, grant) in &logins {
        let ended = if logout.revoke {
            end(profile, grant.id, logout.force, settings, session, context).await
        } else {
            Ok(keeper.logout(None, grant.id, false).await?)
        };
        match ended {
            Ok(revoked) => gone.push((profile, revoked)),
            // The others are none the worse for it.
            Err(failure) => {
                if let Some(earlier) = kept.replace((profile, failure)) {
                    tell(&earlier.1, context);
                    context.printer.warning(lang.logout_kept(earlier.0));
                }
            }
        }
    }
    for (profile, revoked) in gone.iter().filter(|_| !context.printer.json) {
        context.printer.note(match (revoked, logout.revoke) {
            (true, _) => lang.logged_out_revoked(profile),
            (false, true) => lang.logged_out_unrevoked(profile),
            (false, false) => lang.logged_out(profile),
        });
    }
    if let Some((profile, failure)) = kept {
        context.printer.warning(lang.logout_kept(profile));
        return Err(failure.or_then(lang, lang.revoke_kept()));
    }
    if context.printer.json {
        let profiles: Vec<_> = gone.iter().map(|(profile, _)| profile).collect();
        let revoked = logout.revoke && gone.iter().all(|(_, revoked)| *revoked);
        context.printer.document(&json!({ "profiles": profiles, "revoked": revoked, "files_with_tokens": holding }))?;
    }
    if !holding.is_empty() {
        let files = holding.join(lang.list_gap());
        context.printer.warning(if logout.yes {
            lang.logged_out_files_all(files)
        } else {
            lang.logged_out_files(files)
        });
    }
    Ok(ExitCode::SUCCESS)
}

/// Ends one login at the provider, and then here; with `--force` here whatever the provider said. Whether it was revoked.
async fn end(
    profile: &ProfileName,
    id: GrantId,
    force: bool,
    settings: &Settings,
    session: &Session,
    context: &Context,
) -> Result<bool, Failure> {
    let revoking = async {
        let resolved = settings.profile(Some(profile)).map_err(|error| context.settings_failure(&error))?;
        context.own_app(id, &resolved, session).await?;
        let app = context.app(&resolved, session).await?;
        Ok::<_, Failure>(session.keeper().logout(Some(&app), id, true).await?)
    };
    match revoking.await {
        Err(failure) if force => {
            tell(&failure, context);
            Ok(session.keeper().logout(None, id, false).await?)
        }
        ended => ended,
    }
}

fn tell(failure: &Failure, context: &Context) {
    context.printer.warning(failure.text(context.lang(), |_| String::new(), ToOwned::to_owned).trim());
}
