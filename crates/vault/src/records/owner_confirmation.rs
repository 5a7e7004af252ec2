//! Whose a login is: told after it was brought, and which profile points at it.
//!
//! A set that was brought for a profile and whose user nobody knows is the profile's present one *unproven*: the set it replaced is
//! put aside, and its access token goes to nobody. What is told then decides in one transaction. Of the same user: it is proven. Of
//! another: it is moved, with every token that was stored of it, into a grant of its own without a profile, and what was put aside is
//! back. A crash before leaves it unproven; one after, done (I5). Nothing that was issued is dropped (I3).

use rusqlite::params;
use tokenward_core::ports::{IdentityOutcome, NameGiven, StoreError};
use tokenward_core::{AppName, Code, Event, Fingerprint, Generation, GrantId, Holder, ProfileName, Standing, Subject};

use super::adopt::{PutAside, displaced, store};
use super::fallback_sets::end_trials;
use super::find_rows::{by_profile, grant_row};
use super::rows::{GrantRow, Unproven, grant_bytes, lives, signed, to_json};
use super::run_statement::{Transaction, run};
use super::transaction_error::Failed;
use super::unknown_owner::{Next, mark_unproven};
use super::{Records, sql};

impl Records {
    /// Records whose a set is.
    pub(crate) fn told(
        &self,
        tx: &dyn Transaction,
        (id, generation): (GrantId, Generation),
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<IdentityOutcome, Failed> {
        let mut grant = grant_row(tx, id)?;
        // An answer that is on its way is to find the set where it was sent from.
        let Some(unproven) = grant.unproven.clone() else { return Ok(IdentityOutcome::Moved) };
        if grant.retired() || grant.generation != generation || grant.intent_open {
            return Ok(IdentityOutcome::Moved);
        }
        let before = grant.subject.clone();
        let is_same = before.as_ref().is_none_or(|before| subject.is_some_and(|told| told.is_same_user(before)));
        if is_same {
            mark_unproven(tx, id, None)?;
            if unproven.source.is_none() {
                // A person's own login is the last word.
                end_trials(tx, id, true)?;
            }
            if let Some(subject) = subject {
                run(tx, sql::NAME_SUBJECT, params![grant_bytes(id), to_json(subject)?])?;
            }
            return Ok(IdentityOutcome::Same);
        }
        let back = self.move_out(tx, &mut grant, unproven, (aside, subject), None, by)?;
        Ok(IdentityOutcome::KeptAside { before, aside, back })
    }

    /// Lets a profile point at a grant without one.
    pub(crate) fn give_name(
        &self,
        tx: &dyn Transaction,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, Failed> {
        let grant = grant_row(tx, id)?;
        let present = by_profile(tx, profile)?;
        if grant.retired() || grant.profile.is_some() {
            return match present {
                Some(present) if present.id == id => Ok(NameGiven::Given),
                _ => Err(StoreError::moved().into()),
            };
        }
        let mut previous = None;
        if let Some(present) = present {
            if !replace {
                return Ok(NameGiven::Occupied { present: present.id });
            }
            run(tx, sql::FREE_PROFILE, params![grant_bytes(present.id)])?;
            previous = Some(present.id);
        }
        run(tx, sql::GIVE_PROFILE, params![grant_bytes(id), profile.as_str(), displaced(previous)?])?;
        if let Some(token) = grant.refresh(&self.sealer)? {
            let fingerprint = self.fingerprint(&token);
            let event = Event::Adopted { source: "a login of this vault".to_owned(), fingerprint, replaced: None };
            self.write_entry(tx, id, grant.generation, Some(by), &event)?;
        }
        Ok(previous.map_or(NameGiven::Given, |previous| NameGiven::Taken { previous }))
    }

    /// Makes a login one of another app, without a profile.
    pub(crate) fn hand_over(
        &self,
        tx: &dyn Transaction,
        id: GrantId,
        app: &AppName,
        by: &Holder,
    ) -> Result<bool, Failed> {
        let grant = grant_row(tx, id)?;
        if grant.retired() || grant.app == *app {
            return Ok(false);
        }
        run(tx, sql::HAND_OVER, params![grant_bytes(id), app.as_str()])?;
        if let Some(token) = grant.refresh(&self.sealer)? {
            let fingerprint = self.fingerprint(&token);
            let source = grant.profile.map_or_else(|| grant.app.to_string(), |profile| profile.to_string());
            let event = Event::Adopted { source, fingerprint, replaced: None };
            self.write_entry(tx, id, grant.generation, Some(by), &event)?;
        }
        Ok(true)
    }

    /// Moves the sets of which nobody has said whose they are out of a profile's grant, each into one of its own, before another set
    /// takes their place: it may be another user's, and would be lost. One that is refused is dead; an answer that is on its way
    /// has to find its set where it was sent from, which is then put aside as any other.
    pub(crate) fn part_unproven(
        &self,
        tx: &dyn Transaction,
        profile: &ProfileName,
        next: Next<'_>,
        by: &Holder,
    ) -> Result<(), Failed> {
        while let Some(mut grant) = by_profile(tx, profile)?.filter(|grant| !grant.retired()) {
            let Some(unproven) = grant.unproven.clone().filter(|unproven| !next.follows(unproven)) else { break };
            if !grant.can_part() {
                break;
            }
            self.move_out(tx, &mut grant, unproven, (self.fresh_id(), None), None, by)?;
        }
        Ok(())
    }

    /// An id for a grant that nobody has asked for.
    pub(crate) fn fresh_id(&self) -> GrantId {
        let mut random = [0; 10];
        self.sealer.entropy.fill(&mut random);
        GrantId::new(u64::try_from(self.now().as_millisecond()).unwrap_or(0), random)
    }

    /// Moves the present set of a grant, with every token that was stored of it, into a grant of its own without a profile, and brings
    /// back `wished`, or what it had replaced. Says which generation that has; `None` where there is nothing.
    pub(crate) fn move_out(
        &self,
        tx: &dyn Transaction,
        grant: &mut GrantRow,
        unproven: Unproven,
        (aside, subject): (GrantId, Option<&Subject>),
        wished: Option<PutAside>,
        by: &Holder,
    ) -> Result<Option<Generation>, Failed> {
        let (id, generation, before) = (grant.id, grant.generation, grant.subject.clone());
        let (apart, fingerprint) = self.apart(grant, aside, subject)?;
        store(tx, &apart, sql::INSERT_GRANT)?;
        run(tx, sql::MOVE_FINGERPRINTS, params![grant_bytes(id), signed(unproven.since.get()), grant_bytes(aside)])?;
        let event = match unproven.source.zip(fingerprint) {
            Some((source, fingerprint)) => Event::Adopted { source, fingerprint, replaced: None },
            None => Event::LoggedIn,
        };
        self.write_entry(tx, aside, generation, Some(by), &event)?;
        let event = Event::TakenBack { adopted: generation, refused: !lives(&grant.standing) };
        // What was put aside for it; else the newest set of the profile's user that is left.
        let set = match wished {
            Some(wished) => Some(wished),
            None => self.put_aside_sets(tx, id)?.into_iter().find(|set| set.is_of_user(before.as_ref())),
        };
        if let Some(set) = set {
            self.put_back(tx, grant, set, &event, by)?;
            return Ok(Some(grant.generation));
        }
        self.leave_empty(tx, grant, &event, by)?;
        Ok(None)
    }

    /// Takes the present set out of a grant for which there is no other: its user has to log in.
    fn leave_empty(
        &self,
        tx: &dyn Transaction,
        grant: &mut GrantRow,
        event: &Event,
        by: &Holder,
    ) -> Result<(), Failed> {
        grant.generation = grant.generation.next();
        (grant.access.blob, grant.refresh.blob, grant.refresh_expires) = (None, None, None);
        grant.standing = Standing::NeedsConsent { since: self.now(), code: Code::NoRefreshToken, provider_code: None };
        self.write_entry(tx, grant.id, grant.generation, Some(by), event)?;
        store(tx, grant, sql::UPDATE_GRANT)?;
        mark_unproven(tx, grant.id, None)
    }

    /// The present set of a grant as a grant of its own, and the name of its refresh token, if it has one.
    fn apart(
        &self,
        grant: &GrantRow,
        id: GrantId,
        subject: Option<&Subject>,
    ) -> Result<(GrantRow, Option<Fingerprint>), Failed> {
        let access = grant.access(&self.sealer)?;
        let refresh = grant.refresh(&self.sealer)?;
        let mut apart =
            GrantRow { id, profile: None, former: None, subject: subject.cloned(), unproven: None, ..grant.clone() };
        apart.access.blob = None;
        if let Some(access) = &access {
            apart.set_access(&self.sealer, access, grant.generation);
        }
        if let Some(token) = &refresh {
            apart.set_refresh(&self.sealer, token, grant.generation);
        }
        Ok((apart, refresh.map(|token| self.fingerprint(&token))))
    }
}
