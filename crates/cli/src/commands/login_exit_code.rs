//! What a login's state means for a person: the exit code, and what to do about a script's.

use tokenward::{Report, Session, script_file};
use tokenward_core::{ExitClass, Generation, Status};

use crate::context::Context;
use crate::token_places::quoted;

/// Whether a login lives, so that nobody has to do anything about it.
pub(crate) fn lives(report: &Report) -> bool {
    exit(report) == ExitClass::Done
}

/// What the exit code says: 0 the login lives, 3 a person must log in, also while the last access token still serves, 5 in doubt
/// and nothing to serve meanwhile is certain.
pub(super) const fn exit(report: &Report) -> ExitClass {
    match report.status {
        Status::InDoubt => ExitClass::Unknown,
        Status::NeedsConsent | Status::Retired => ExitClass::NeedsConsent,
        Status::Due if !report.grant.has_refresh => ExitClass::NeedsConsent,
        _ => ExitClass::Done,
    }
}

/// Says what to do about a script's login that is over, in doubt, or was never refreshed: in commands that name its file, since it has
/// no profile of the settings.
pub(super) async fn next_of_a_script(report: &Report, session: &Session, context: &Context) {
    let lang = context.lang();
    let is_untried = report.grant.generation == Generation::FIRST && report.grant.access.is_none();
    let is_over = matches!(report.status, Status::NeedsConsent | Status::InDoubt);
    let is_fine = lives(report) && !is_untried;
    if !is_over && (is_fine || !lives(report)) {
        return;
    }
    let Some(file) = script_file(session.keeper(), &report.grant).await else { return };
    let mut ways = vec![match report.status {
        Status::NeedsConsent => lang.script_login_again(quoted(&file.display().to_string())),
        _ => lang.script_try_again(quoted(&file.display().to_string())),
    }];
    ways.extend(report.grant.profile.as_ref().map(|name| lang.doctor_script_remove(name)));
    for way in ways {
        context.printer.note(format!("{}{}{way}", lang.next_head(), lang.gap()));
    }
}

/// Says how a script's login becomes that of the profile that is set up. No profile is named in it: the login's name is none.
pub(super) async fn link_of_a_script(report: &Report, session: &Session, context: &Context) {
    let lang = context.lang();
    if let Some(file) = script_file(session.keeper(), &report.grant).await {
        let way = lang.login_of_script_next(quoted(&file.display().to_string()));
        context.printer.note(format!("{}{}{way}", lang.next_head(), lang.gap()));
    }
}
