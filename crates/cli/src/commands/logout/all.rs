//! `tokenward logout --all`: forgets the login of every profile. Nothing is sent, and logins without a profile and those of scripts' own
//! files stay.

use std::process::ExitCode;

use serde_json::json;
use tokenward::{Session, is_script_login};
use tokenward_core::{Code, Status};

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

pub(super) async fn run(yes: bool, session: &Session, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, keeper) = (context.lang(), session.keeper());
    let mut all = keeper.list().await?;
    all.retain(|report| report.status != Status::Retired && !is_script_login(&report.grant));
    let logins: Vec<_> = all.iter().filter_map(|report| Some((report.grant.profile.clone()?, &report.grant))).collect();
    if logins.is_empty() {
        return nobody(context);
    }
    let told = logins.iter().map(|(profile, grant)| lang.noted(profile, lang.user_or_untold(grant.subject.as_ref())));
    let told = told.collect::<Vec<_>>().join(lang.list_gap());
    if !yes && !context.asker().yes(lang.ask_logout_all(&told), &lang.logout_ways()).await? {
        context.printer.note(lang.nothing_changed());
        return Err(Failure::silent(Code::Usage.exit() as u8));
    }
    for (_, grant) in &logins {
        keeper.logout(None, grant.id, false).await?;
    }
    if context.printer.json {
        let profiles: Vec<_> = logins.iter().map(|(profile, _)| profile).collect();
        context.printer.document(&json!({ "profiles": profiles, "revoked": false }))?;
    } else {
        for (profile, _) in &logins {
            context.printer.note(lang.logged_out(profile));
        }
    }
    Ok(ExitCode::SUCCESS)
}
