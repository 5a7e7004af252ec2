//! Adoptions: a login that somebody brought is taken over, and the set before it is brought back
//! (design/0000-charter.md §7).
//!
//! A set that gives way is *put aside*: parked, with the standing, wall and consent of its grant beside it. It *awaits* the
//! generation that replaced it as long as that one is on trial; a refusal of exactly that generation brings it back. Whatever
//! moves the generation on ends the trial by itself. A spend of the set that gave way may still be answered: then what was
//! put aside is rotated by it, or the present set is, when it has been brought back by then (I3).

use jiff::Timestamp;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use tokenward_core::ports::{Adopted, Adoption, Claim, StoreError, in_doubt};
use tokenward_core::rotation_policy::{Change, Rotation};
use tokenward_core::{
    AccessToken, Closing, Doubt, Event, Fingerprint, Generation, Grant, GrantId, Holder, IntentId, Scopes, Standing,
    Subject, TokenKind, TokenSet,
};

use crate::codec::{rotated_to_bytes, set_from_bytes, set_to_bytes};

use super::fallback_sets::move_trial;
use super::find_rows::{by_profile, find_known, grant_row, intent_row, open_rows};
use super::incoming_set::{Home, blank, fill, home};
use super::journal::{prune, set_standing};
use super::rows::{
    GrantRow, IntentRow, Unproven, bytes, grant_bytes, intent_bytes, json, lives, optional_json, parked_label, signed,
    to_json, unsigned,
};
use super::run_statement::{Row, Transaction, all, first, run};
use super::transaction_error::{Failed, Fault};
use super::unknown_owner::{Next, mark_unproven};
use super::{Records, sql};
use crate::seal::Unopened;

/// How a grant stood when its set was put aside.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Aside {
    pub(crate) standing: Standing,
    wall: Option<Timestamp>,
    consented: Timestamp,
    /// Set when nobody had said whose this set is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) own: Option<Unproven>,
}

/// The grant that lost its name to another one by an adoption, or by a wish to undo one.
#[derive(Debug, Serialize, Deserialize)]
struct Displaced {
    grant: GrantId,
    /// The generation of the new one whose refusal gives the name back.
    awaits: Option<Generation>,
}

/// A set that can be brought back.
pub(crate) struct PutAside {
    pub(crate) id: i64,
    pub(crate) generation: Generation,
    awaits: Option<Generation>,
    pub(crate) aside: Aside,
    /// With a refresh token.
    pub(crate) set: TokenSet,
}

impl PutAside {
    pub(crate) fn is_of(&self, context: &Records, fingerprint: Fingerprint) -> bool {
        self.set.refresh.as_ref().is_some_and(|token| context.fingerprint(token) == fingerprint)
    }

    /// Whether it is a user's, as far as anybody has told.
    pub(crate) fn is_of_user(&self, user: Option<&Subject>) -> bool {
        self.set.subject.as_ref().is_none_or(|of| user.is_none_or(|user| of.is_same_user(user)))
    }
}

impl Records {
    /// Stores a login that was brought.
    pub(crate) fn adopt(&self, tx: &dyn Transaction, adoption: Adoption) -> Result<Adopted, Failed> {
        let token = adoption.set.refresh.as_ref().ok_or(StoreError::no_refresh_token())?;
        if let Some((grant, generation)) = find_known(tx, self.fingerprint(token))? {
            return Ok(Adopted::Known { grant, generation });
        }
        let present = by_profile(tx, &adoption.profile)?.filter(|present| !present.retired());
        let is_kept_aside = present.as_ref().is_some_and(|present| match adoption.claim {
            Claim::OfItsUser => self.is_another(present, &adoption),
            Claim::OfAnyUser => false,
            Claim::Apart => true,
        });
        if let (Some(present), true) = (&present, is_kept_aside) {
            let mut grant = blank(adoption.id, &adoption.profile, &adoption.app, &adoption.set);
            grant.profile = None;
            fill(&mut grant, &self.sealer, &adoption.set, None, Generation::FIRST);
            self.remember(tx, token, grant.id, Generation::FIRST)?;
            self.remember_beside(tx, adoption.beside.as_ref(), grant.id, Generation::FIRST)?;
            let (source, fingerprint) = (adoption.source, self.fingerprint(token));
            let event = Event::Adopted { source, fingerprint, replaced: None };
            self.write_entry(tx, grant.id, Generation::FIRST, Some(&adoption.by), &event)?;
            store(tx, &grant, sql::INSERT_GRANT)?;
            return Ok(Adopted::KeptAside { id: adoption.id, present: present.id });
        }
        let replace = adoption.claim == Claim::OfAnyUser;
        let next = Next { source: Some(&adoption.source), is_named: adoption.set.subject.is_some() };
        self.part_unproven(tx, &adoption.profile, next, &adoption.by)?;
        let present = by_profile(tx, &adoption.profile)?.filter(|present| !present.retired());
        // Until somebody says whose it is, the profile's user is whom it was.
        let has_user = |present: &GrantRow| present.subject.is_some() && adoption.set.subject.is_none();
        let unproven = !replace && present.as_ref().is_some_and(has_user);
        let mut mark = None;
        let mut replaced = None;
        let subject = adoption.set.subject.as_ref();
        let home = home(tx, &adoption.profile, &adoption.app, subject, replace)?;
        let (mut grant, generation, done) = match home {
            Home::Same(present) => {
                let (id, generation) = (present.id, present.generation.next());
                let mut aside = self.interrupt(tx, &present, None)?;
                aside.own.clone_from(&present.unproven);
                let source = Some(adoption.source.clone());
                mark = unproven.then_some(Unproven { since: generation, source });
                // Where a person was needed anyway nothing that lives gives way; the set is put aside for a wish alone.
                let awaits = lives(&aside.standing).then_some(generation);
                if self.put_aside(tx, &present, Some(&aside), awaits)? {
                    replaced = Some(present.generation);
                }
                (*present, generation, Adopted::Renewed(id))
            }
            Home::Taken { previous } => {
                let grant = blank(adoption.id, &adoption.profile, &adoption.app, &adoption.set);
                (grant, Generation::FIRST, Adopted::TookOver { id: adoption.id, previous })
            }
            Home::Free => {
                let grant = blank(adoption.id, &adoption.profile, &adoption.app, &adoption.set);
                (grant, Generation::FIRST, Adopted::New(adoption.id))
            }
        };
        // The access token that is there may be another user's.
        grant.drop_access(&self.sealer);
        fill(&mut grant, &self.sealer, &adoption.set, None, generation);
        if unproven {
            grant.access.blob = None;
        }
        self.remember(tx, token, grant.id, generation)?;
        self.remember_beside(tx, adoption.beside.as_ref(), grant.id, generation)?;
        let statement = if matches!(done, Adopted::Renewed(_)) {
            sql::UPDATE_GRANT
        } else {
            self.leave_trace(grant.id);
            sql::INSERT_GRANT
        };
        let event = Event::Adopted { source: adoption.source, fingerprint: self.fingerprint(token), replaced };
        self.write_entry(tx, grant.id, generation, Some(&adoption.by), &event)?;
        store(tx, &grant, statement)?;
        mark_unproven(tx, grant.id, mark.as_ref())?;
        if let Adopted::TookOver { previous, .. } = done {
            let displaced = Displaced { grant: previous, awaits: Some(generation) };
            run(tx, sql::DISPLACE, params![grant_bytes(grant.id), to_json(&displaced)?])?;
        }
        Ok(done)
    }

    /// Keeps the name of an access token that came with a login and is not handed out.
    fn remember_beside(
        &self,
        tx: &dyn Transaction,
        token: Option<&AccessToken>,
        grant: GrantId,
        generation: Generation,
    ) -> Result<(), Failed> {
        let Some(token) = token else { return Ok(()) };
        let name = self.sealer.keys().name(TokenKind::Access, token.expose());
        run(tx, sql::REMEMBER_BESIDE, params![name.as_bytes(), grant_bytes(grant), signed(generation.get())])?;
        Ok(())
    }

    /// Brings back what gave way to an adoption. Says which generation it has.
    pub(crate) fn take_back(
        &self,
        tx: &dyn Transaction,
        id: GrantId,
        refused: Option<&(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, Failed> {
        let mut grant = grant_row(tx, id)?;
        if grant.retired() {
            return Ok(None);
        }
        let refusal = match refused {
            Some((intent, closing)) => {
                let row = intent_row(tx, *intent)?;
                if row.grant != id || row.generation != grant.generation {
                    return Ok(None);
                }
                Some((row, closing))
            }
            None => None,
        };
        // What gives way to a wish may be another user's: it becomes a login of its own.
        if refusal.is_none()
            && let Some(profile) = grant.profile.clone().filter(|_| grant.unproven.is_some())
        {
            let next = Next { source: None, is_named: true };
            self.part_unproven(tx, &profile, next, by)?;
            let now = grant_row(tx, id)?;
            if now.generation != grant.generation {
                return Ok(Some(now.generation));
            }
        }
        let mut sets = self.put_aside_sets(tx, id)?.into_iter();
        let found = match refusal {
            Some(_) => sets.find(|set| set.awaits == Some(grant.generation)),
            None => sets.next(),
        };
        let Some(back) = found else {
            let refusal = refusal.as_ref().map(|(row, closing)| (row, *closing));
            let previous = self.give_name_back(tx, &grant, refusal, by)?;
            return Ok(previous.map(|previous| previous.generation));
        };
        if let Some((row, closing)) = &refusal {
            self.mark_closed(tx, row, closing)?;
        }
        let mut aside = self.interrupt(tx, &grant, refusal.as_ref().map(|(row, _)| row.id))?;
        aside.own.clone_from(&grant.unproven);
        let (adopted, generation) = (grant.generation, grant.generation.next());
        // What the provider has refused is kept, and nobody can wish it back. What gives way to a wish alone may be the only set
        // that lives: then the one that comes back is on trial in its turn.
        let aside = refusal.is_none().then_some(aside);
        let awaits = aside.as_ref().is_some_and(|aside| lives(&aside.standing)).then_some(generation);
        self.put_aside(tx, &grant, aside.as_ref(), awaits)?;
        let event = Event::TakenBack { adopted, refused: refused.is_some() };
        self.put_back(tx, &mut grant, back, &event, by)?;
        Ok(Some(generation))
    }

    /// Makes a set that was put aside the present one of its grant, as the next generation.
    pub(crate) fn put_back(
        &self,
        tx: &dyn Transaction,
        grant: &mut GrantRow,
        back: PutAside,
        event: &Event,
        by: &Holder,
    ) -> Result<(), Failed> {
        let (id, generation) = (grant.id, grant.generation.next());
        run(tx, sql::UNPARK, params![back.id])?;
        // What it was on trial for itself, it is on trial for again.
        move_trial(tx, id, back.generation, Some(generation))?;
        if let Some(token) = &back.set.refresh {
            self.remember(tx, token, id, generation)?;
        }
        grant.drop_access(&self.sealer);
        grant.subject = None;
        grant.scopes = Scopes::default();
        fill(grant, &self.sealer, &back.set, back.aside.wall, generation);
        (grant.standing, grant.consented) = (back.aside.standing, back.aside.consented);
        self.write_entry(tx, id, generation, Some(by), event)?;
        store(tx, grant, sql::UPDATE_GRANT)?;
        mark_unproven(tx, id, back.aside.own.as_ref())
    }

    /// Whether a login that was brought for a profile is another user's than the profile's present one, or another app's. Where
    /// its user is not told, the present one must be kept aside until it is; one without a refresh token cannot be.
    fn is_another(&self, present: &GrantRow, adoption: &Adoption) -> bool {
        present.app != adoption.app || self.is_another_user(present, adoption.set.subject.as_ref())
    }

    /// The same of the user alone.
    pub(crate) fn is_another_user(&self, present: &GrantRow, subject: Option<&Subject>) -> bool {
        let lives_on = present.access.blob.is_some() && present.access_expires > self.now();
        let can_wait = present.refresh(&self.sealer).is_ok_and(|token| token.is_some());
        match (&present.subject, subject) {
            (Some(known), Some(told)) => !known.is_same_user(told),
            (Some(_), None) => lives_on && !can_wait,
            (None, _) => false,
        }
    }

    /// Gives the name back that an adoption took from another user's grant, or from another app's; the adopted grant is kept without
    /// one. Says which grant has it now.
    fn give_name_back(
        &self,
        tx: &dyn Transaction,
        grant: &GrantRow,
        refused: Option<(&IntentRow, &Closing)>,
        by: &Holder,
    ) -> Result<Option<GrantRow>, Failed> {
        let Some(profile) = &grant.profile else { return Ok(None) };
        let displaced = first(tx, sql::DISPLACED, params![grant_bytes(grant.id)], |row| optional_json(row, 0))?;
        let Some(displaced): Option<Displaced> = displaced.flatten() else { return Ok(None) };
        let previous = grant_row(tx, displaced.grant)?;
        if previous.retired() || previous.profile.is_some() {
            return Ok(None);
        }
        let mut undone_again = None;
        match refused {
            Some((row, closing)) => {
                if displaced.awaits != Some(grant.generation) || !lives(&previous.standing) {
                    return Ok(None);
                }
                self.mark_closed(tx, row, closing)?;
                if let Closing::Refused { code, provider_code } = *closing {
                    let standing = Standing::NeedsConsent { since: self.now(), code, provider_code };
                    set_standing(tx, grant.id, grant.generation, &standing)?;
                }
            }
            None => undone_again = Some(Displaced { grant: grant.id, awaits: None }),
        }
        let undone_again = undone_again.as_ref().map(to_json).transpose()?;
        run(tx, sql::FREE_PROFILE, params![grant_bytes(grant.id)])?;
        run(tx, sql::GIVE_PROFILE, params![grant_bytes(previous.id), profile.as_str(), undone_again])?;
        let event = Event::TakenBack { adopted: grant.generation, refused: refused.is_some() };
        self.write_entry(tx, previous.id, previous.generation, Some(by), &event)?;
        Ok(Some(previous))
    }

    /// Supersedes the open intents of a grant whose set is about to give way. An answer that nobody has read stays to be read. Says how
    /// the grant stood: a set that was sent, and whose answer is not known, is in doubt (I6).
    pub(crate) fn interrupt(
        &self,
        tx: &dyn Transaction,
        grant: &GrantRow,
        except: Option<IntentId>,
    ) -> Result<Aside, Failed> {
        let open = open_rows(tx, grant.id)?;
        self.supersede(tx, grant.id, grant.generation, except)?;
        let mut standing = grant.standing.clone();
        for row in open {
            run(tx, sql::ANSWERED_LATE, params![intent_bytes(row.id)])?;
            if row.closing.is_none() && row.generation == grant.generation && standing == Standing::Live {
                standing = in_doubt(row.id, row.begun, Doubt::SenderDied);
            }
        }
        Ok(Aside { standing, wall: grant.wall, consented: grant.consented, own: None })
    }

    /// Puts the set aside that is about to give way: it was issued, and may live (I3). `false`: it holds no refresh token that
    /// opens, and is not kept; it must not stand in the way of what heals it.
    pub(crate) fn put_aside(
        &self,
        tx: &dyn Transaction,
        grant: &GrantRow,
        aside: Option<&Aside>,
        awaits: Option<Generation>,
    ) -> Result<bool, Failed> {
        let set = || -> Result<TokenSet, Fault> {
            Ok(TokenSet {
                access: grant.access(&self.sealer)?,
                refresh: grant.refresh(&self.sealer)?,
                refresh_expires: grant.refresh_expires,
                scopes: Some(grant.scopes.clone()),
                subject: grant.subject.clone(),
                issued_by: grant.issued_by,
                obtained: grant.rotated_at,
            })
        };
        let set = match set() {
            Ok(set) if set.refresh.is_some() => set,
            _ => return Ok(false),
        };
        let blob = self.sealer.seal(&parked_label(grant.id, grant.generation), &set_to_bytes(&set));
        let bound = params![
            grant_bytes(grant.id),
            signed(grant.generation.get()),
            self.now().as_millisecond(),
            blob,
            aside.map(to_json).transpose()?,
            awaits.map(|generation| signed(generation.get())),
        ];
        run(tx, sql::PUT_ASIDE, bound)?;
        Ok(true)
    }

    /// The sets of a grant that can be brought back, newest first. One that is damaged cannot.
    pub(crate) fn put_aside_sets(&self, tx: &dyn Transaction, id: GrantId) -> Result<Vec<PutAside>, Failed> {
        let read = |row: &Row<'_>| -> Result<Option<PutAside>, Fault> {
            let generation = Generation::new(unsigned(row, "generation")?);
            let plain = match self.sealer.open(&parked_label(id, generation), bytes(row, "tokens")?) {
                Ok(plain) => plain,
                Err(Unopened::UnknownKey) => return Err(Fault::UnknownKey),
                Err(Unopened::Broken) => return Ok(None),
            };
            let Some(set) = set_from_bytes(&plain).filter(|set| set.refresh.is_some()) else { return Ok(None) };
            let awaits: Option<i64> = row.get("awaits")?;
            Ok(Some(PutAside {
                id: row.get("id")?,
                generation,
                awaits: awaits.map(|number| Generation::new(number.unsigned_abs())),
                aside: json(row, "aside")?,
                set,
            }))
        };
        Ok(all(tx, sql::PUT_ASIDES, params![grant_bytes(id)], read)?.into_iter().flatten().collect())
    }

    /// A grant as it was before the set that is on trial took its place.
    pub(crate) fn gave_way(&self, tx: &dyn Transaction, present: &GrantRow) -> Result<Option<Grant>, Failed> {
        let mut sets = self.put_aside_sets(tx, present.id)?.into_iter();
        let found = sets.find(|set| set.awaits == Some(present.generation));
        found.map(|found| self.before(present, found)).transpose()
    }

    /// A grant as its user's newest set was that lives, before sets took its place of which nobody has said whose they are.
    pub(crate) fn own(&self, tx: &dyn Transaction, present: &GrantRow) -> Result<Option<Grant>, Failed> {
        let user = present.subject.as_ref();
        // A set of which nobody ever said whose it is may be anybody's.
        let is_named = |set: &PutAside| set.set.subject.is_some();
        let is_own = |set: &PutAside| {
            set.aside.own.is_none() && lives(&set.aside.standing) && is_named(set) && set.is_of_user(user)
        };
        let found = self.put_aside_sets(tx, present.id)?.into_iter().find(is_own);
        found.map(|found| self.before(present, found)).transpose()
    }

    /// A grant as it was when a set of it was the present one.
    fn before(&self, present: &GrantRow, set: PutAside) -> Result<Grant, Failed> {
        let PutAside { generation, aside, set, .. } = set;
        let mut before = present.clone();
        before.drop_access(&self.sealer);
        (before.subject, before.scopes) = (None, Scopes::default());
        fill(&mut before, &self.sealer, &set, aside.wall, generation);
        (before.standing, before.consented, before.unproven) = (aside.standing, aside.consented, aside.own);
        (before.on_trial, before.intent_open) = (false, false);
        Ok(before.grant(&self.sealer)?)
    }

    /// Rotates a set that was put aside by the answer to its own spend, which came after it had given way: what is brought back, should
    /// it be, is then the set that lives. `false` when the spend was of no such set.
    pub(crate) fn rotate_aside(
        &self,
        tx: &dyn Transaction,
        row: &IntentRow,
        rotation: &Rotation,
    ) -> Result<bool, Failed> {
        if matches!(rotation.refresh, Change::Drop) {
            return Ok(false);
        }
        if rotated_since(tx, row)? {
            return Ok(false);
        }
        let sets = self.put_aside_sets(tx, row.grant)?;
        let Some(found) = sets.into_iter().find(|set| set.is_of(self, row.fingerprint)) else { return Ok(false) };
        if let Change::Replace(token) = &rotation.refresh {
            self.remember(tx, token, row.grant, row.generation)?;
        }
        let rotated = rotated_to_bytes(&found.set, rotation);
        let aside = Aside { standing: Standing::Live, ..found.aside };
        let bound = params![
            found.id,
            intent_bytes(row.id),
            self.sealer.seal(&parked_label(row.grant, found.generation), &rotated),
            to_json(&aside)?,
        ];
        run(tx, sql::ROTATE_ASIDE, bound)?;
        // It has rotated, so it is on trial no more.
        move_trial(tx, row.grant, found.generation, None)?;
        Ok(true)
    }

    /// Whether a spend was of the present refresh token although the generation has moved on: the set had given way and was brought
    /// back.
    pub(crate) fn is_back(&self, tx: &dyn Transaction, grant: &GrantRow, row: &IntentRow) -> Result<bool, Failed> {
        if grant.refresh.generation <= row.generation {
            return Ok(false);
        }
        let present = grant.refresh(&self.sealer)?;
        let same = present.is_some_and(|token| self.fingerprint(&token) == row.fingerprint);
        Ok(same && !rotated_since(tx, row)?)
    }
}

/// Stores the grant.
pub(crate) fn store(tx: &dyn Transaction, grant: &GrantRow, statement: &'static str) -> Result<(), Failed> {
    grant.write(tx, statement)?;
    prune(tx, grant.id)
}

/// Whether another spend of the same refresh token has rotated the grant since: the provider gives the same one again, and the
/// set that this spend brought is the older one.
fn rotated_since(tx: &dyn Transaction, row: &IntentRow) -> Result<bool, Failed> {
    let bound = params![
        grant_bytes(row.grant),
        intent_bytes(row.id),
        row.fingerprint.as_bytes(),
        signed(row.generation.get()),
    ];
    Ok(first(tx, sql::ROTATED_SINCE, bound, |row| row.get(0))? == Some(true))
}

/// What says which grant lost the name to another by a person's wish.
pub(crate) fn displaced(previous: Option<GrantId>) -> Result<Option<String>, Failed> {
    let displaced = previous.map(|grant| Displaced { grant, awaits: None });
    Ok(displaced.as_ref().map(to_json).transpose()?)
}
