//! A file whose only token is an access token: whether it may give way to the profile's.
//!
//! Enters: the file, and the profile that is meant. Leaves: nothing, or an error with the commands that would do what may be meant.

use tokenward::links::LoneToken;
use tokenward_core::{Code, NewLink, ProfileName, Slot, Status, Subject};

use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::token_places::quoted;

/// Refuses a file whose only token is an access token that is not known to be the profile's user's: nothing of it could be kept.
pub(super) async fn may_give_way(
    found: LoneToken,
    work: &Work,
    target: &NewLink,
    context: &Context,
) -> Result<(), Failure> {
    let (lang, file, profile) = (context.lang(), context.short(&target.file), &work.profile.name);
    let Some(place) = target.places.get(&Slot::AccessToken) else { return Ok(()) };
    let named = format!("{} --access {}", context.typed.link_elsewhere(&file), quoted(&place.to_string()));
    let write_over = lang.write_over_token(format!("{named} -p {profile}"), profile);
    match found {
        LoneToken::GivesWay => Ok(()),
        LoneToken::AnotherUser(user) => {
            let what = lang.token_of_another_user(&file, user.known_as(), profile);
            let own = profile_of(&user, work).await.map_or_else(
                || lang.token_of_its_own_user(&work.profile.app_name, user.known_as(), format!("{named} -p NEW")),
                |own| lang.token_of_profile(&own, user.known_as(), format!("{named} -p {own}")),
            );
            Err(Failure::new(Code::AnothersToken, what).then_all([own, write_over]))
        }
        LoneToken::Untold => {
            let what = lang.token_of_nobody_knows(&file);
            Err(Failure::new(Code::AnothersToken, what).then(write_over))
        }
    }
}

/// The profile that a user is logged in with already, with the same app.
async fn profile_of(user: &Subject, work: &Work) -> Option<ProfileName> {
    let all = work.session.keeper().list().await.ok()?;
    let mut own = all.into_iter().filter(|report| {
        let is_theirs = report.grant.subject.as_ref().is_some_and(|subject| subject.is_same_user(user));
        is_theirs && report.status != Status::Retired && report.grant.app == work.app.name
    });
    own.find_map(|report| report.grant.profile)
}
