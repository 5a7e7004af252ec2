//! Grants without a browser: tokens for what the caller holds already.
//!
//! Enters: an app, whose tokens are wanted, and what the caller can show for them: the login cookies of that user, the app's own
//! secret, or nothing. Leaves: a token that is durable in the vault (I2) and that the provider says is that user's, or an
//! [`Error`].
//!
//! A grant that is good is handed out; one that is due is rotated by its refresh token, by the engine, as any grant; and where
//! there is none, or the provider's definite no, a new set is asked for with what the caller shows. Making one must not be
//! done twice at a time, since a server may end what it issued before (reference/blueking.md §1.6, R1): one process at
//! a time asks for a name, the others are woken and find what it brought. A crash at any step leaves an answer that the
//! next caller reads, or nothing (I5).

mod owner_assignment;
mod request_dedup_key;
mod token_acquisition;

use std::time::Duration;

use tokenward_core::{
    App, Code, DirectGrant, ExitClass, Generation, Grant, GrantId, ProfileName, Standing, TokenWish, UserName,
};
use tokio::time::Instant;

use crate::error::{foreign, refuse, wrong_user};
use crate::served_token::Serving;
use crate::single_flight::Joining;
use crate::{Error, Keeper, KeptState, ServedToken};

pub(crate) use request_dedup_key::Shows;

/// Whose tokens are wanted. Nobody in particular is nobody's: an anonymous caller has no [`UserName`], and never gets the app's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TokenHolder {
    /// A user's, kept under `profile:user`.
    User(UserName),
    /// The app's own, kept under `profile:~app`.
    App,
}

impl TokenHolder {
    /// The name under which their grant is kept.
    pub fn name(&self, profile: &ProfileName) -> ProfileName {
        match self {
            Self::User(user) => profile.of_user(user),
            Self::App => profile.of_app(),
        }
    }
}

/// A wish for tokens that need no browser.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Obtain {
    /// The profile, with or without a user's name behind it.
    pub profile: ProfileName,
    /// Whose tokens are wanted.
    pub who: TokenHolder,
    /// What is shown if a new set has to be asked for. `None`: only what is there already can be handed out and rotated.
    pub shows: Option<DirectGrant>,
    /// The least life of the token.
    pub min_ttl: Duration,
    /// The token that was refused where it was used: one of another grant or a newer generation is wanted.
    pub refused: Option<(GrantId, Generation)>,
}

impl Obtain {
    /// A user's tokens, for what the user's browser carries or, with `None`, for what is there already.
    pub fn user(profile: ProfileName, user: UserName, shows: Option<DirectGrant>) -> Self {
        Self { profile, who: TokenHolder::User(user), shows, min_ttl: Duration::ZERO, refused: None }
    }

    /// The app's own tokens, for its secret.
    pub fn app(profile: ProfileName) -> Self {
        let shows = Some(DirectGrant::ClientCredentials);
        Self { profile, who: TokenHolder::App, shows, min_ttl: Duration::ZERO, refused: None }
    }

    /// The same wish, for a token that lives at least so long.
    #[must_use]
    pub fn living(self, min_ttl: Duration) -> Self {
        Self { min_ttl, ..self }
    }

    /// The same wish, after a token was refused where it was used.
    #[must_use]
    pub fn after_refusal(self, grant: GrantId, seen: Generation) -> Self {
        Self { refused: Some((grant, seen)), ..self }
    }

    /// The name under which the grant is kept.
    pub fn name(&self) -> ProfileName {
        self.who.name(&self.profile)
    }

    /// What is asked of a grant.
    fn ask(&self, id: GrantId) -> TokenWish {
        match self.refused {
            Some((grant, seen)) if grant == id => TokenWish::NewerThan(seen),
            _ => TokenWish::Living { min_ttl: self.min_ttl },
        }
    }
}

/// What is there for a wish.
enum Availability {
    /// A good token.
    Good(Box<ServedToken>),
    /// Nothing, or nothing that lasts.
    Lacking(Lacking),
}

/// What is there instead of a good token.
struct Lacking {
    /// Why there is none.
    why: Error,
    /// A token that still lives.
    present: Option<ServedToken>,
    /// The set that does not do.
    seen: Option<(GrantId, Generation)>,
}

impl Lacking {
    fn nothing(why: Error, seen: Option<(GrantId, Generation)>) -> Availability {
        Availability::Lacking(Self { why, present: None, seen })
    }

    /// The end, where nobody can be asked: what still lives, or why there is nothing.
    fn hand(self) -> Result<ServedToken, Error> {
        self.present.ok_or(self.why)
    }

    /// The end, where the grant request failed: what still lives serves (I7).
    fn despite(self, error: Error) -> Result<ServedToken, Error> {
        match self.present {
            // Whoever shows another user's cookie is told so, not served.
            Some(present) if error.code() != Code::WrongUser => Ok(present.despite(error)),
            _ => Err(error),
        }
    }
}

impl Keeper {
    /// Hands out a token for a wish: of the grant that is there, rotated if it is due, or of a new one. The identity that the provider
    /// names is the user it is handed out for.
    ///
    /// Callers of one process who show the same join one grant request; those who show something else wait for it and look again: nobody
    /// fails because of another's cookie.
    ///
    /// # Errors
    /// [`Code::NotLoggedIn`] where there is no grant and nothing is shown for one; [`Code::TicketRefused`]; [`Code::WrongUser`]
    /// when what was shown is another user's (their tokens are then kept under their own name); else as [`Keeper::access`].
    pub async fn obtain(&self, app: &App, wanted: &Obtain) -> Result<ServedToken, Error> {
        let end = self.patience_ends();
        let mut lacking = match self.look(app, wanted).await? {
            Availability::Good(handed) => return Ok(*handed),
            Availability::Lacking(lacking) => lacking,
        };
        if wanted.shows.is_none() {
            // What an earlier process had not finished may be there still.
            return match self.settle_name(app, wanted).await? {
                Some(Availability::Good(handed)) => Ok(*handed),
                Some(Availability::Lacking(now)) => now.hand(),
                None => lacking.hand(),
            };
        }
        // What was refused where it was used may be another set by now.
        let after = Obtain { refused: None, ..wanted.clone() };
        while let Some(shows) = &wanted.shows {
            match self.grant_request(app, wanted, shows, lacking.seen) {
                Joining::Same(outcome) => match outcome.wait().await {
                    Ok(()) => match self.look(app, &after).await? {
                        Availability::Good(mut handed) => {
                            handed.rotated = true;
                            return Ok(*handed);
                        }
                        Availability::Lacking(lacking) => return lacking.hand(),
                    },
                    Err(error) => return lacking.despite(error),
                },
                Joining::Other(outcome) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if tokio::time::timeout(left, outcome.wait()).await.is_err() {
                        return lacking.present.ok_or_else(|| Error::new(Code::StillTurning, KeptState::Everything));
                    }
                    match self.look(app, wanted).await? {
                        Availability::Good(handed) => return Ok(*handed),
                        Availability::Lacking(now) => lacking = now,
                    }
                }
            }
        }
        lacking.hand()
    }

    /// Looks what is there, and lets the engine rotate it if it is due.
    async fn look(&self, app: &App, wanted: &Obtain) -> Result<Availability, Error> {
        let name = wanted.name();
        let vault = &self.inner.parts.vault;
        let Some(id) = vault.grant_of(&name).await? else {
            return Ok(Lacking::nothing(
                Error::with_detail(Code::NotLoggedIn, KeptState::Nothing, name.as_str()),
                None,
            ));
        };
        let grant = vault.grant(id).await?;
        if grant.app != app.name {
            return Err(foreign(&grant, app));
        }
        let grant = self.identified(app, grant).await?;
        let seen = Some((id, grant.generation));
        if !name.admits(grant.subject.as_ref()) && (grant.subject.is_some() || !grant.has_refresh) {
            return Ok(Lacking::nothing(wrong_user(&name, grant.subject.as_ref()), seen));
        }
        // What was taken over and nobody has named yet is rotated first: the answer names its user, or its new token can be asked.
        let unnamed = name.is_of_user() && grant.subject.is_none();
        let ask = if unnamed { TokenWish::NewerThan(grant.generation) } else { wanted.ask(id) };
        if wanted.shows.is_some()
            && matches!(ask, TokenWish::Living { .. })
            && let Some(why) = self.ends_unrotated(&grant)
        {
            let now = self.inner.now();
            let lives = grant.access.as_ref().is_some_and(|access| !access.remaining(now).is_zero());
            let present = if lives { Serving::default().hand(grant, ask, now).ok() } else { None };
            return Ok(Availability::Lacking(Lacking { why, present, seen }));
        }
        let handed = match self.access(app, id, ask).await {
            Ok(handed) => handed,
            // The first rotation of a set that was taken over has told whose it is, or could not.
            Err(error) if error.code() == Code::WrongUser => {
                let grant = self.identified(app, vault.grant(id).await?).await?;
                if !name.admits(grant.subject.as_ref()) {
                    return Ok(Lacking::nothing(error, seen));
                }
                self.access(app, id, wanted.ask(id)).await?
            }
            Err(error) if is_final(&error) => return Ok(Lacking::nothing(error, seen)),
            Err(error) => return Err(error),
        };
        let failed = handed.failed.clone().filter(is_final);
        Ok(match failed {
            Some(why) if wanted.shows.is_some() => Availability::Lacking(Lacking { why, present: Some(handed), seen }),
            _ => Availability::Good(Box::new(handed)),
        })
    }

    /// Why nothing can rotate a grant that is due, that was ended, or that is in doubt: a set that the provider has refused to rotate was
    /// often replaced by another one, so its access token is not served where a new one can be had; and a token in doubt need
    /// not be sent again.
    fn ends_unrotated(&self, grant: &Grant) -> Option<Error> {
        let due = |access| self.inner.now() >= self.rules(grant).due_at(grant.id, access);
        match grant.standing {
            Standing::NeedsConsent { code, .. } => Some(refuse(code, grant)),
            Standing::InDoubt { .. } => Some(Error::new(Code::OutcomeUnknown, KeptState::Doubt)),
            _ if !grant.has_refresh && grant.access.as_ref().is_some_and(due) => {
                Some(Error::new(Code::NoRefreshToken, KeptState::Record))
            }
            _ => None,
        }
    }

    /// Joins the grant request under way for a name, if the same is shown; starts one if there is none. The grant request itself is detached:
    /// a caller that goes away changes nothing.
    fn grant_request(
        &self,
        app: &App,
        wanted: &Obtain,
        shows: &DirectGrant,
        seen: Option<(GrantId, Generation)>,
    ) -> Joining<()> {
        let ask = || {
            let (keeper, app, wanted, shows) = (self.clone(), app.clone(), wanted.clone(), shows.clone());
            async move { keeper.request_grant(&app, &wanted, shows, seen).await }
        };
        self.inner.grant_requests.join_alone(&wanted.name(), Shows(shows.clone()), ask)
    }
}

/// Whether a failed rotation is reason to ask for a new set: a definite no, or an answer that nobody can interpret. Nothing is used up by
/// the grant request, so doubt is no reason to wait.
fn is_final(error: &Error) -> bool {
    matches!(error.code().exit(), ExitClass::NeedsConsent | ExitClass::Unknown)
}
