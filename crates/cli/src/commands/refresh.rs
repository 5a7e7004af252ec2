//! `tokenward refresh`: one turn now, whatever the token's age.

use std::process::ExitCode;

use serde_json::json;
use tokenward::Notice;

use crate::desk::Desk;
use crate::failure::Failure;
use crate::fields::{self, LoginFields};

pub(super) async fn run(desk: &Desk) -> Result<ExitCode, Failure> {
    let work = desk.work().await?;
    let keeper = work.session.keeper();
    let grant = desk.grant_of(&work).await?;
    let handed = keeper.renew(&work.app, grant).await?;
    desk.tell_notices(&handed.notices);
    if desk.printer.json {
        let report = keeper.status(grant).await?;
        desk.printer.document(&json!({
            "turned": handed.turned,
            "login": LoginFields::of(&report),
            "notices": handed.notices.iter().map(fields::notice).collect::<Vec<_>>(),
        }))?;
    } else {
        let lang = desk.lang();
        let (profile, generation) = (&work.profile.name, handed.generation);
        // Somebody else's turn is as good: two callers who saw one generation cause one spend.
        let elsewhere = handed.notices.iter().any(|notice| matches!(notice, Notice::TurnElsewhere));
        let line =
            if elsewhere { lang.turned_elsewhere(profile, generation) } else { lang.turned(profile, generation) };
        desk.printer.data(&line)?;
        desk.printer.note(lang.good_for(lang.span(handed.access.remaining(desk.now()).as_secs())));
    }
    Ok(ExitCode::SUCCESS)
}
