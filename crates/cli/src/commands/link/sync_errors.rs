//! A file that was named for a call, and does not show the login once the token is there.
//!
//! Enters: the file, what the engine noticed. Leaves: a word on what hinders the file, or an error where nothing may be handed out for it.
//! What another process is about to write is waited for, and is nothing to be told.

use std::path::Path;

use tokenward::Notice;
use tokenward::links::{FileComparison, LinkReport, LinkState, Links};
use tokenward_core::Code;

use super::{another_user, of_ended_login, of_former_user};
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::token_places::absolute;

/// What a call says, whose file was named for it, where that file does not show the login: every time, and not only when it is looked at.
/// For a file that shows another user's login nothing is handed out, nor for one that shows a login of which nobody has said whose it is.
///
/// # Errors
/// Such a file.
pub(in crate::commands) async fn tell_out_of_step(
    file: &Path,
    work: &Work,
    notices: &[Notice],
    context: &Context,
) -> Result<(), Failure> {
    let (lang, links) = (context.lang(), work.session.links());
    let own = links.of_file(&absolute(file), Some(&work.profile.name)).await.unwrap_or_default();
    let is_own = |state: &LinkState| own.iter().any(|link| link.id == state.link.id);
    let mut states = links.states(Some(&work.profile.name)).await?;
    states.retain(is_own);
    let shown = context.short(file);
    for state in &states {
        match &state.found {
            FileComparison::OfAnotherUser { grant, .. } => {
                let way = context.typed.link(&shown);
                return Err(another_user(&grant.to_string(), work, Some(&shown), &way, context).await);
            }
            FileComparison::OfAnother { profile } => {
                let what = lang.file_is_anothers(&shown, profile);
                return Err(Failure::new(Code::AnotherProfile, what)
                    .then_all(lang.file_is_anothers_next(&context.typed.link(&shown), profile)));
            }
            FileComparison::Unproven { shows_it: true } => return Err(not_told(notices)),
            FileComparison::OfFormerUser { user } => return Err(of_former_user(user, &shown, work, context)),
            FileComparison::OfEndedLogin { user } => {
                return Err(of_ended_login(user.as_deref(), &shown, work, context));
            }
            FileComparison::OfOtherOwner { .. } => {
                return Err(
                    Failure::new(Code::AnotherUser, lang.link_state(&state.found)).then_all(lang.link_advice(state))
                );
            }
            _ => {}
        }
    }
    let told = |notice: &Notice| {
        matches!(
            notice,
            Notice::LinkNotWritten { .. }
                | Notice::LinkUnusable { .. }
                | Notice::LinkBlank { .. }
                | Notice::LinkOfAnother { .. }
        )
    };
    if notices.iter().any(told) {
        return Ok(());
    }
    // Another process that refreshed is about to write the file: its rotation is waited for, and whoever comes first writes it.
    if states.iter().any(|state| matches!(state.found, FileComparison::Behind | FileComparison::Stale { .. })) {
        let reports = links.reconcile(&work.app, &work.profile.name, false, Links::PATIENCE).await?;
        let here = reports.iter().filter(|report| own.iter().any(|link| link.id == report.link));
        let late: Vec<_> = here.flat_map(LinkReport::notices).collect();
        context.tell_notices(&late);
        if late.iter().any(told) {
            return Ok(());
        }
        states = links.states(Some(&work.profile.name)).await?;
        states.retain(is_own);
    }
    for state in states.iter().filter(|state| !matches!(state.found, FileComparison::InStep | FileComparison::Over)) {
        let words = lang.exposed_state(state).unwrap_or_else(|| lang.link_state(&state.found));
        context.printer.warning(lang.doctor_link(file.display(), words));
    }
    Ok(())
}

/// Why nothing is handed out for a file that shows a login of which nobody has said whose it is. What came is never that login's, whatever
/// hinders that somebody says so.
fn not_told(notices: &[Notice]) -> Failure {
    let why = notices.iter().find_map(|notice| match notice {
        Notice::RotationFailed(error) => Some(error.clone()),
        _ => None,
    });
    why.map_or_else(|| Failure::of(Code::UserNotTold), Failure::from)
}
