//! A place that another link keeps: whose it is, and the commands that give it to somebody else.
//!
//! Enters: a place that is to be linked. Leaves: nothing, or a refusal whose commands name the place as the file needs it: once its token
//! is taken out, a place of an unusual name is found by its flag alone.

use tokenward::links::{LinkedFile, Shape};
use tokenward_core::{Code, NewLink, Place, ProfileName};

use crate::command_hint::Typed;
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::token_places::{place_flags, quoted, without_place};

/// Refuses a place that another link keeps.
pub(in crate::commands) async fn may_keep(work: &Work, target: &NewLink, context: &Context) -> Result<(), Failure> {
    let file = context.short(&target.file);
    let Err(error) = work.session.links().may_keep(target).await else { return Ok(()) };
    if error.code() != Code::PlaceTaken {
        return Err(error.into());
    }
    let failure = refused(error.detail().unwrap_or_default(), Some(target), &file, context);
    let free = free_servers(work, target).await.into_iter().map(|server| {
        let (named, profile) = (quoted(&server), &target.profile);
        let command = format!("tokenward link {} --server {named} -p {profile}", quoted(&file));
        context.lang().server_is_free(command, server)
    });
    // What needs no place to be given up comes first.
    Err(free.rev().fold(failure, |failure, next| failure.first(context.lang(), next)))
}

/// The servers of a file whose places no link keeps.
async fn free_servers(work: &Work, target: &NewLink) -> Vec<String> {
    let Ok(document) = LinkedFile::new(&target.file, target.format).read() else { return Vec::new() };
    let kept = work.session.links().of_file(&target.file, None).await.unwrap_or_default();
    let is_kept = |place: &Place| kept.iter().any(|link| link.target.places.values().any(|kept| kept == place));
    let mut found = Shape::detect(&document);
    found.retain(|shape| !shape.places.values().any(is_kept));
    found.into_iter().filter_map(|shape| shape.server).collect()
}

/// The refusal; the detail is the other link's file and profile.
pub(super) fn refused(detail: &str, target: Option<&NewLink>, file: &str, context: &Context) -> Failure {
    let lang = context.lang();
    let owner = detail.rsplit_once(" (profile ").map(|(_, owner)| owner.trim_end_matches(')'));
    let wanted = context.global.profile.as_ref().map(ProfileName::as_str);
    match (owner, wanted) {
        (Some(owner), Some(wanted)) if owner != wanted => {
            let typed = target.map_or_else(|| context.typed.clone(), |target| typed_of(target, context));
            Failure::new(Code::PlaceTaken, lang.place_is_of_profile(file, owner))
                .then(lang.place_to_profile(typed.unlink(file, owner), typed.link(file), wanted))
                .then(lang.place_elsewhere())
        }
        _ => Failure::new(Code::PlaceTaken, lang.place_is_taken(detail)).then(lang.place_is_taken_next(quoted(file))),
    }
}

/// What was typed, with the places of a link where they are not found without being named.
pub(in crate::commands) fn typed_of(target: &NewLink, context: &Context) -> Typed {
    if context.typed.names_places() || is_found(target) {
        return context.typed.clone();
    }
    context.typed.at(&place_flags(&target.places))
}

/// Whether the places are the ones that a look at the file finds once their tokens are taken out.
fn is_found(target: &NewLink) -> bool {
    let Ok(mut document) = LinkedFile::new(&target.file, target.format).read() else { return false };
    if target.places.values().any(|place| document.set(place, "").is_err()) {
        return false;
    }
    matches!(Shape::detect(&document).as_slice(), [only] if only.places == target.places)
}

/// A file that has no place at all.
pub(super) fn nowhere(target: &NewLink, file: &str, context: &Context) -> Failure {
    let document = LinkedFile::new(&target.file, target.format).read().ok();
    without_place(file, document.as_ref(), target.format, context.typed.file_flags(), context.lang())
}
