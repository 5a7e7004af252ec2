//! A login whose access token has expired when a file is linked to it.
//!
//! Enters: a profile of which files show the login. Leaves: the token set of a refresh that brought those files a good token; or a word that
//! there is none for now. A person who links a file wants a program to work with it: a token that is known to be dead is not called up to date.

use std::time::Duration;

use tokenward_core::{Generation, Standing, TokenWish};

use crate::context::{Context, Work};

/// Refreshes the profile's login if its access token has expired.
pub(super) async fn refreshed(work: &Work, context: &Context) -> Option<Generation> {
    // Where an app serves many users, nothing is refreshed without one.
    if !work.app.token_api.has_browser_login() {
        return None;
    }
    let (lang, profile, keeper) = (context.lang(), &work.profile.name, work.session.keeper());
    let report = keeper.status(keeper.grant_of(profile).await.ok()?).await.ok()?;
    // What a person has to do about that is told by itself.
    if matches!(report.grant.standing, Standing::NeedsConsent { .. }) {
        return None;
    }
    let end = report.grant.access.map(|access| access.expires).filter(|end| *end <= context.now())?;
    let left = || context.printer.warning(lang.left_expired(profile, lang.distance(end, context.now())));
    match context.access(work, TokenWish::Living { min_ttl: Duration::ZERO }).await {
        Ok(handed) => {
            context.tell_notices(&handed.notices);
            if handed.access.expires <= context.now() {
                left();
                return None;
            }
            context.printer.note(lang.refreshed_first(profile, handed.generation));
            Some(handed.generation)
        }
        Err(failure) => {
            left();
            context.printer.warning(failure.text(lang, |_| String::new(), ToOwned::to_owned).trim());
            None
        }
    }
}
