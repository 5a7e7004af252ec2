//! `tokenward whoami`: whose login it is, on one line. Asks the vault and nobody else (I8).

use std::process::ExitCode;

use serde_json::json;
use tokenward_core::Code;

use crate::commands::login_exit_code::exit;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::{self, UserFields};

pub(super) async fn run(context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let settings = context.settings()?;
    let name = match context.profile_name(&settings) {
        Ok(name) => name,
        Err(failure) => return Err(context.of_other_shell(&settings, failure).await),
    };
    let Some(session) = context.look(&settings).await? else {
        let profile = settings.profile(Some(&name)).map_err(|error| context.settings_failure(&error))?;
        return Err(context.nobody(&profile, Failure::of(Code::NotLoggedIn).detail(name.as_str())));
    };
    let (name, id) = context.login_of(&settings, &session).await?;
    let report = session.keeper().status(id).await?;
    let (grant, subject) = (&report.grant, report.grant.subject.as_ref());
    if context.printer.json {
        context.printer.document(&json!({
            "profile": name,
            "app": grant.app,
            "user": UserFields::of(subject),
            "status": fields::status(report.status),
        }))?;
    } else {
        let user = subject.map_or_else(
            || lang.said().someone_unknown(),
            |subject| match &subject.name {
                Some(name) => lang.user_with_id(name, &subject.id),
                None => subject.id.clone(),
            },
        );
        context.printer.data(&lang.who_as(user, &name, &grant.app, lang.status(report.status)))?;
    }
    Ok(ExitCode::from(exit(&report) as u8))
}
