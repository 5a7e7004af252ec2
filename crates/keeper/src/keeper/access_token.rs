//! An access token, handed out: what is there, or what a rotation brings.
//!
//! Enters: an app, a grant or a profile, and how good the token must be. Leaves: a token that is durable in the vault (I2). One that still
//! lives is handed out whatever happens to the rotation (I7). Callers of one process who want the same grant rotated join one detached task
//! (design/0000-charter.md §5, step 1): a caller that goes away changes nothing, and waiters are woken. A crash leaves what a rotation leaves.

use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::rotation_policy::{self, Decision};
use tokenward_core::{App, Code, ExitClass, Grant, GrantId, OldAccess, ProfileName, Standing, TokenWish};
use tokio::time::Instant;

use super::LOOK_PATIENCE;
use crate::error::{foreign, refuse};
use crate::rotation::{Patience, RotationReport, Via, Wish};
use crate::served_token::Serving;
use crate::{Error, Keeper, KeptState, Looking, Notice, ServedToken};

impl Keeper {
    /// Hands out an access token, rotating the grant first if that is needed.
    ///
    /// A token that still lives is handed out whatever happens to the rotation (I7); see [`ServedToken::notices`].
    ///
    /// # Errors
    /// By [`Error::code`]: exit classes `NeedsConsent` (a person must log in), `TryLater` (nothing lost), `Unknown`
    /// (in doubt, kept), `AppSettings`.
    pub async fn access(&self, app: &App, id: GrantId, ask: TokenWish) -> Result<ServedToken, Error> {
        let before = self.inner.parts.vault.grant(id).await?;
        if before.app != app.name {
            return Err(foreign(&before, app));
        }
        let looked = self.look_around(app, before.profile.as_ref(), Some(&before), self.patience(Some(&before))).await;
        let known = looked.is_none().then(|| before.clone());
        let notices = looked.unwrap_or_default();
        self.access_after(app, &before, known, ask, &mut Serving { notices, ..Serving::default() }).await
    }

    /// Hands out an access token once was looked around. `before` is the grant as it was before that; `known` is the same where it is still
    /// what it was.
    async fn access_after(
        &self,
        app: &App,
        before: &Grant,
        known: Option<Grant>,
        ask: TokenWish,
        call: &mut Serving,
    ) -> Result<ServedToken, Error> {
        let id = before.id;
        let error = match self.access_only(app, id, known, ask, call).await {
            Ok(handed) => return Ok(handed),
            Err(error) => error,
        };
        // The token was sent, and what came for it could not be kept: to send it once more would be a replay that nothing excuses.
        // And what was answered without an access token was answered to the newest refresh token that there is.
        if matches!(error.code(), Code::AnswerNotStored | Code::NoAccessToken) {
            return Err(error);
        }
        if error.code().exit() == ExitClass::NeedsConsent {
            // A file may hold what keeps the login alive, brought since it was looked at.
            let Some(profile) = &before.profile else { return Err(error) };
            let around = &self.inner.parts.surroundings;
            let looked = around.before(self, app, profile, None, Looking::Everywhere, LOOK_PATIENCE).await;
            call.notices.extend(looked.into_iter().flatten());
            let after = self.inner.parts.vault.grant(id).await?;
            // Nothing has come since it was refused: asking once more would bring the same.
            let as_before = error.code() == Code::RefusedUnclearly && after.generation <= before.generation;
            if as_before || !matches!(after.standing, Standing::Live | Standing::InDoubt { .. }) || !after.has_refresh {
                return Err(error);
            }
            return self.access_only(app, id, None, ask, call).await;
        }
        // What was adopted, a moment ago or by an earlier command, has no access token yet; the one that it replaced still serves (I7).
        let Ok(after) = self.inner.parts.vault.copy(id).await else { return Err(error) };
        let stays = self.rules(&after.grant).old_access == OldAccess::Stays;
        let replaced = if before.on_trial || before.unproven {
            // What gave way may itself be of nobody knows whom, and rotated. Then the user's own login serves; where a refresh ends what was
            // there, that one has ended.
            after.gave_way.filter(|set| !set.unproven).or_else(|| after.own.filter(|_| stays))
        } else {
            // The same where this call has rotated what was adopted.
            Some(before.clone()).filter(|_| stays || after.grant.on_trial)
        };
        match replaced {
            Some(replaced) if after.grant.on_trial || after.grant.unproven => {
                self.serve_despite(replaced, error, ask, call).await
            }
            _ => Err(error),
        }
    }

    /// Hands out an access token of a profile's login. As [`Keeper::access`], and it follows the profile: a login that
    /// one of its linked files brings is taken over first, also where nobody had logged in before.
    ///
    /// # Errors
    /// As [`Keeper::access`]; [`Code::NotLoggedIn`].
    pub async fn access_as(&self, app: &App, profile: &ProfileName, ask: TokenWish) -> Result<ServedToken, Error> {
        let login = self.login_of(profile).await?;
        self.access_seen(app, profile, login, ask).await
    }

    /// The same where the profile's login was read a moment ago ([`Keeper::login_of`]), for somebody who had to look at it first. It is not
    /// read again before a rotation, which reads it under its lease.
    ///
    /// # Errors
    /// As [`Keeper::access_as`].
    pub async fn access_seen(
        &self,
        app: &App,
        profile: &ProfileName,
        before: Option<Grant>,
        ask: TokenWish,
    ) -> Result<ServedToken, Error> {
        let vault = &self.inner.parts.vault;
        // Another's is never served under this name.
        let before = before.filter(|before| before.profile.as_ref() == Some(profile));
        if let Some(before) = before.as_ref().filter(|before| before.app != app.name) {
            return Err(foreign(before, app));
        }
        let looked = self.look_around(app, Some(profile), before.as_ref(), self.patience(before.as_ref())).await;
        let known = before.clone().filter(|_| looked.is_none());
        let mut call = Serving { notices: looked.unwrap_or_default(), ..Serving::default() };
        let id = match &known {
            Some(known) => known.id,
            None => self.grant_of(profile).await?,
        };
        let before = match before.filter(|before| before.id == id) {
            Some(before) => before,
            None => vault.grant(id).await?,
        };
        let error = match self.access_after(app, &before, known, ask, &mut call).await {
            Err(error) if error.code().exit() == ExitClass::NeedsConsent => error,
            result => return result,
        };
        // Another user's login was adopted just now; or it was before, and was refused, and the name has gone back.
        let Some(other) = vault.grant_of(profile).await?.filter(|other| *other != id) else { return Err(error) };
        let other = vault.grant(other).await?;
        if before.on_trial {
            let adopted = before.generation;
            call.notices.push(Notice::TakenBack { adopted, generation: other.generation, code: error.code() });
        }
        let looked = self.look_around(app, Some(profile), Some(&other), self.patience(Some(&other))).await;
        call.notices.extend(looked.into_iter().flatten());
        self.access_after(app, &other, None, ask, &mut call).await
    }

    /// How long those are waited for who look around: a moment where there is something to hand out (I7).
    fn patience(&self, grant: Option<&Grant>) -> Duration {
        let access = grant.and_then(|grant| grant.access.as_ref());
        let lives = access.is_some_and(|access| !access.remaining(self.inner.now()).is_zero());
        if lives { LOOK_PATIENCE } else { self.inner.options.refresh_patience }
    }

    /// Hands out an access token of a grant; `known` is how it was read a moment ago.
    async fn access_only(
        &self,
        app: &App,
        id: GrantId,
        mut known: Option<Grant>,
        mut ask: TokenWish,
        call: &mut Serving,
    ) -> Result<ServedToken, Error> {
        let mut fresh = false;
        let mut rotations = 0;
        let mut asked = 0;
        let end = self.patience_ends();
        while rotations < MAX_ROTATIONS {
            let grant = match known.take() {
                Some(grant) => grant,
                None => self.inner.parts.vault.grant(id).await?,
            };
            let now = self.inner.now();
            if grant.app != app.name {
                return Err(foreign(&grant, app));
            }
            if grant.unproven && grant.access.as_ref().is_some_and(|access| !access.remaining(now).is_zero()) {
                if grant.intent_open {
                    // Its answer first; it has to find the set where it was sent from.
                    ask = TokenWish::NewerThan(grant.generation);
                } else if asked < MAX_ASKED {
                    asked += 1;
                    let told = self.tell_user(app, &grant).await?;
                    // Another user's set is kept aside, and the one that is back has not rotated.
                    fresh &= told.is_none();
                    if told.is_some() {
                        call.notices.extend(told);
                        // The file from which it came is given what was issued for it.
                        let profile = grant.profile.as_ref();
                        let looked = self.look_around(app, profile, None, LOOK_PATIENCE).await;
                        call.notices.extend(looked.into_iter().flatten());
                    }
                    continue;
                }
            }
            if grant.unproven
                && matches!(grant.standing, Standing::NeedsConsent { .. })
                && let Some(notice) = self.part_over(id).await?
            {
                fresh = false;
                call.notices.push(notice);
                continue;
            }
            // A further rotation would bring another of the kind.
            if fresh && was_born_dead(&grant, now) {
                return Err(Error::with_detail(Code::NoAccessToken, KeptState::TokenUnspent, BORN_DEAD));
            }
            let wish = |patience| Wish { app: app.clone(), seen: grant.generation, patience, insists: call.insists };
            let told = match rotation_policy::decide(&grant, ask, self.rules(&grant), now) {
                Decision::Serve => return call.hand(grant, ask, now),
                Decision::Refuse(code) => return Err(refuse(code, &grant)),
                // A token that is due again right after a rotation lives only seconds; it is not rotated for ever.
                Decision::RotateAhead if fresh => return call.hand(grant, ask, now),
                Decision::RotateAhead => {
                    if grant.access.as_ref().is_some_and(|access| now < access.obtained) {
                        call.notices.push(Notice::ClockWentBack);
                    }
                    let join = self.join(id, wish(Patience::None));
                    let told = tokio::time::timeout(self.inner.options.ahead_patience, join).await;
                    let told = told.unwrap_or_else(|_elapsed| Ok(RotationReport::elsewhere()));
                    if matches!(told, Ok(RotationReport { via: Via::Elsewhere { .. }, .. })) {
                        call.notices.push(Notice::RotatedElsewhere);
                        return call.hand(grant, ask, now);
                    }
                    told
                }
                Decision::Rotate => self.join(id, wish(Patience::Full)).await,
            };
            let RotationReport { via, has_requested, stored, notices } = match told {
                Ok(told) => told,
                Err(error) => return self.serve_despite(grant, error, ask, call).await,
            };
            call.notices.extend(notices);
            call.insists &= !has_requested;
            known = stored.map(|stored| *stored);
            match via {
                Via::Ours { is_fresh } => (call.rotated, rotations, fresh) = (true, rotations + 1, is_fresh),
                // Someone else's rotation does not count: where tokens live for seconds, many may have come and gone
                // by the time that we look.
                Via::Elsewhere { is_parked } => {
                    // Two sends of one refresh token were answered with a set each. Where a set ends the one before it, nobody can tell
                    // which of the two lives, and a further rotation brings one that does.
                    if is_parked && self.rules(&grant).old_access == OldAccess::Dies {
                        ask = TokenWish::NewerThan(self.inner.parts.vault.grant(id).await?.generation);
                    }
                    if Instant::now() >= end {
                        return Err(Error::new(Code::StillTurning, KeptState::Everything));
                    }
                }
            }
        }
        let grant = self.inner.parts.vault.grant(id).await?;
        let lives = grant.access.as_ref().is_some_and(|access| access.remaining(self.inner.now()) > Duration::ZERO);
        if lives && !matches!(ask, TokenWish::NewerThan(seen) if grant.generation <= seen) {
            return call.hand(grant, ask, self.inner.now());
        }
        Err(Error::with_detail(Code::NoAccessToken, KeptState::TokenUnspent, BORN_DEAD))
    }

    /// Rotates the grant now, whatever the life of the present token. Callers who saw one generation cause one spend.
    ///
    /// # Errors
    /// As [`Keeper::access`], but a token that still lives is no substitute.
    pub async fn renew(&self, app: &App, id: GrantId) -> Result<ServedToken, Error> {
        let grant = self.inner.parts.vault.grant(id).await?;
        // First, so that a login which a file brings is the one that is rotated.
        let looked = self.look_around(app, grant.profile.as_ref(), Some(&grant), self.patience(Some(&grant))).await;
        let known = looked.is_none().then(|| grant.clone());
        let present = if looked.is_none() { grant } else { self.inner.parts.vault.grant(id).await? };
        if present.app != app.name {
            return Err(foreign(&present, app));
        }
        let mut call = Serving { insists: true, notices: looked.unwrap_or_default(), ..Serving::default() };
        self.access_after(app, &present, known, TokenWish::NewerThan(present.generation), &mut call).await
    }
}

/// Whether the newest answer brought an access token that is over already.
fn was_born_dead(grant: &Grant, now: Timestamp) -> bool {
    let newest = grant.access.as_ref().filter(|access| access.obtained >= grant.rotated_at);
    newest.is_some_and(|access| access.remaining(now).is_zero())
}

const BORN_DEAD: &str = "the access token that came had ended when it arrived";
/// How many rotations one call may cause: one, one more when the first brought a refresh token and nothing else, and a
/// last look.
const MAX_ROTATIONS: usize = 3;
/// How often one call asks whose a login is that was brought.
const MAX_ASKED: usize = 3;
