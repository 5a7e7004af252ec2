//! Somebody else's login in a file that is to show the profile's: asked about, with both names, before it gives way.
//!
//! Enters: the places that are about to be written. Leaves: how far they may be; or a refusal that names the command which writes them.
//! Nothing is written here, so a crash changes nothing.

use tokenward::links::{Fill, Stranger};
use tokenward_core::{Code, NewLink, Slot, Subject};

use crate::commands::link;
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::token_places::quoted;

/// How far a file may be given the profile's login: over another's by a flag, or by a yes in the terminal. `way` is the command that
/// writes it, without the flag.
pub(super) async fn agreed(
    work: &Work,
    targets: &[NewLink],
    is_said: bool,
    way: &str,
    context: &Context,
) -> Result<Fill, Failure> {
    let mut said = if is_said { Fill::Over } else { Fill::Free };
    for target in targets {
        let file = context.short(&target.file);
        let found = work.session.links().stranger(&work.app, target).await;
        let Some(stranger) = found.map_err(|error| link::refused(error, &file, context))? else { continue };
        let told = OwnerWords::of(&stranger, target, &file, work, context).await?;
        if matches!(stranger, Stranger::Profile { is_in_use: true, .. }) {
            return Err(told.refusal(None, work, context));
        }
        if said == Fill::Over {
            continue;
        }
        if !context.asker().can_ask() {
            return Err(told.refusal(Some(way), work, context));
        }
        context.printer.alarm(&told.what);
        let question = context.lang().ask_write_over(&file, &work.profile.name);
        if !context.asker().yes(question, WRITE_OVER).await? {
            return Err(told.refusal(Some(way), work, context));
        }
        said = Fill::Over;
    }
    Ok(said)
}

/// What is said of a stranger.
struct OwnerWords {
    code: Code,
    what: String,
    file: String,
    /// The profile whose login it is, if it has one.
    owner: Option<String>,
    /// The user of an access token alone, and where that stands.
    alone: Option<(String, String)>,
}

impl OwnerWords {
    async fn of(
        stranger: &Stranger,
        target: &NewLink,
        file: &str,
        work: &Work,
        context: &Context,
    ) -> Result<Self, Failure> {
        let (lang, profile) = (context.lang(), &work.profile.name);
        let us = match work.session.keeper().grant_of(profile).await {
            Ok(id) => work.session.keeper().status(id).await?.grant.subject,
            Err(_) => None,
        };
        let names = |user: &Option<Subject>| link::told_apart(user.as_ref(), us.as_ref(), lang);
        let (mut owner, mut alone) = (None, None);
        let (code, what) = match stranger {
            Stranger::Profile { profile: theirs, .. } => {
                owner = Some(theirs.to_string());
                (Code::AnotherProfile, lang.file_is_anothers(file, theirs))
            }
            Stranger::User(user) => {
                let (them, us) = names(user);
                (Code::AnotherUser, lang.file_of_another_user(file, them, profile, us))
            }
            Stranger::Ended(user) => {
                (Code::EndedLogin, lang.said().file_of_ended_login(file, user.as_deref(), profile))
            }
            Stranger::Token(user @ Some(_)) => {
                let (them, place) = (names(user).0, target.places.get(&Slot::AccessToken));
                alone = place.map(|place| (them.clone(), quoted(&place.to_string())));
                (Code::AnothersToken, lang.token_of_another_user(file, them, profile))
            }
            _ => (Code::AnothersToken, lang.token_of_nobody_knows(file)),
        };
        Ok(Self { code, what, file: file.to_owned(), owner, alone })
    }

    /// Why nothing is written, and the ways on; `way` is the one that writes all the same, if there is any.
    fn refusal(self, way: Option<&str>, work: &Work, context: &Context) -> Failure {
        let (lang, link) = (context.lang(), context.typed.link(&self.file));
        let failure = Failure::new(self.code, self.what);
        let failure = match way {
            Some(way) => failure.then(lang.write_over_login(format!("{way} {WRITE_OVER}"), &work.profile.name)),
            None => failure,
        };
        match &self.owner {
            Some(owner) if way.is_none() => failure.then_all(lang.file_is_anothers_next(&link, owner)),
            Some(owner) => failure.then(lang.file_is_anothers_next_its_own(link, owner)),
            None if self.code == Code::EndedLogin => failure,
            // An access token alone brings no login with it: one of its user's is needed first.
            None if self.code == Code::AnothersToken => failure.then_all(self.alone.map(|(them, place)| {
                let link = format!("{} --access {place} -p NEW", context.typed.link_elsewhere(&self.file));
                lang.token_of_its_own_user(&work.profile.app_name, them, link)
            })),
            None => failure.then(lang.keep_apart(link)),
        }
    }
}

/// The flag that is a yes.
const WRITE_OVER: &str = "--write-over";
