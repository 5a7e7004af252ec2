//! Adoptions: a login that somebody brought is taken over, and the set before it is brought back
//! (design/0000-charter.md §7).
//!
//! A set that gives way is *put aside*: parked, with the standing, wall and consent of its grant beside it. It *awaits* the
//! generation that replaced it as long as that one is on trial; a refusal of exactly that generation brings it back. Whatever
//! moves the generation on ends the trial by itself. A spend of the set that gave way may still be answered: then what was
//! put aside is turned by it, or the present set is, when it has been brought back by then (I3).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use tokenward_core::ports::{Adopted, Adoption, Claim, LoginCopy, VaultError, in_doubt};
use tokenward_core::rotation::{Change, Turn};
use tokenward_core::{
    AccessToken, Closing, Doubt, Event, Fingerprint, Generation, GrantId, Holder, IntentId, Recognised, RefreshToken,
    Scopes, Standing, Subject, TokenKind, TokenSet,
};

use crate::codec::{set_from_bytes, set_to_bytes, turned_to_bytes};

use super::identity::Next;
use super::logins::{Home, blank, fill};
use super::rows::{
    Fault, GrantRow, IntentRow, grant_bytes, intent_bytes, json, optional_json, parked_label, signed, to_json, unsigned,
};
use super::{SqliteVault, sql};
use crate::seal::Unopened;

/// How a grant stood when its set was put aside.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Aside {
    pub(super) standing: Standing,
    wall: Option<Timestamp>,
    consented: Timestamp,
    /// Set when nobody had said whose this set is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) own: Option<Unproven>,
}

/// A set of which nobody has said yet whose it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Unproven {
    /// The generation in which it was brought.
    pub(crate) since: Generation,
    /// Where it comes from; `None` for a person's own login.
    pub(crate) source: Option<String>,
}

/// The grant that lost its name to another one by an adoption, or by a wish to undo one.
#[derive(Debug, Serialize, Deserialize)]
struct Displaced {
    grant: GrantId,
    /// The generation of the new one whose refusal gives the name back.
    awaits: Option<Generation>,
}

/// A set that can be brought back.
pub(super) struct PutAside {
    pub(super) id: i64,
    pub(super) generation: Generation,
    awaits: Option<Generation>,
    pub(super) aside: Aside,
    /// With a refresh token.
    pub(super) set: TokenSet,
}

impl PutAside {
    pub(super) fn is_of(&self, vault: &SqliteVault, fingerprint: Fingerprint) -> bool {
        self.set.refresh.as_ref().is_some_and(|token| vault.fingerprint(token) == fingerprint)
    }
}

impl SqliteVault {
    pub(super) async fn recognise_token(&self, token: &RefreshToken) -> Result<Recognised, VaultError> {
        Ok(Recognised { fingerprint: self.fingerprint(token), known: self.known(token).await? })
    }

    pub(super) async fn copy_login(&self, id: GrantId) -> Result<LoginCopy, VaultError> {
        self.refresh_keys();
        let mut connection = self.read().await?;
        let row = self.grant_row(&mut connection, id).await?;
        let copy = || Ok(LoginCopy { grant: row.grant(&self.sealer)?, refresh: row.refresh(&self.sealer)? });
        copy().map_err(|fault| self.fault(fault))
    }

    pub(super) async fn adopt_login(&self, adoption: Adoption) -> Result<Adopted, VaultError> {
        let Some(token) = &adoption.set.refresh else { return Err(VaultError::NoRefreshToken) };
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        if let Some((grant, generation)) = self.find_known(&mut tx, token).await? {
            return Ok(Adopted::Known { grant, generation });
        }
        let present = self.by_profile(&mut tx, &adoption.profile).await?.filter(|present| !present.retired());
        let is_kept_aside = present.as_ref().is_some_and(|present| match adoption.claim {
            Claim::OfItsUser => self.is_another(present, &adoption),
            Claim::OfAnyUser => false,
            Claim::Apart => true,
        });
        if let (Some(present), true) = (&present, is_kept_aside) {
            let mut grant = blank(adoption.id, &adoption.profile, &adoption.app, &adoption.set);
            grant.profile = None;
            fill(&mut grant, &self.sealer, &adoption.set, None, Generation::FIRST);
            self.remember(&mut tx, token, grant.id, Generation::FIRST).await?;
            self.remember_beside(&mut tx, adoption.beside.as_ref(), grant.id, Generation::FIRST).await?;
            let (source, fingerprint) = (adoption.source, self.fingerprint(token));
            let event = Event::Adopted { source, fingerprint, replaced: None };
            self.write_entry(&mut tx, grant.id, Generation::FIRST, Some(&adoption.by), &event).await?;
            self.store(&mut tx, &grant, sql::INSERT_GRANT).await?;
            tx.commit().await.map_err(|error| self.sql(&error))?;
            return Ok(Adopted::KeptAside { id: adoption.id, present: present.id });
        }
        let replace = adoption.claim == Claim::OfAnyUser;
        let next = Next { source: Some(&adoption.source), is_named: adoption.set.subject.is_some() };
        self.part_unproven(&mut tx, &adoption.profile, next, &adoption.by).await?;
        let present = self.by_profile(&mut tx, &adoption.profile).await?.filter(|present| !present.retired());
        // Until somebody says whose it is, the profile's user is whom it was.
        let has_user = |present: &GrantRow| present.subject.is_some() && adoption.set.subject.is_none();
        let unproven = !replace && present.as_ref().is_some_and(has_user);
        let mut mark = None;
        let mut replaced = None;
        let subject = adoption.set.subject.as_ref();
        let home = self.home(&mut tx, &adoption.profile, &adoption.app, subject, replace).await?;
        let (mut grant, generation, done) = match home {
            Home::Same(present) => {
                let (id, generation) = (present.id, present.generation.next());
                let mut aside = self.interrupt(&mut tx, &present, None).await?;
                aside.own.clone_from(&present.unproven);
                let source = Some(adoption.source.clone());
                mark = unproven.then_some(Unproven { since: generation, source });
                // Where a person was needed anyway nothing that lives gives way; the set is put aside for a wish alone.
                let awaits = lives(&aside.standing).then_some(generation);
                if self.put_aside(&mut tx, &present, Some(&aside), awaits).await? {
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
        self.remember(&mut tx, token, grant.id, generation).await?;
        self.remember_beside(&mut tx, adoption.beside.as_ref(), grant.id, generation).await?;
        let statement = if matches!(done, Adopted::Renewed(_)) { sql::UPDATE_GRANT } else { sql::INSERT_GRANT };
        let event = Event::Adopted { source: adoption.source, fingerprint: self.fingerprint(token), replaced };
        self.write_entry(&mut tx, grant.id, generation, Some(&adoption.by), &event).await?;
        self.store(&mut tx, &grant, statement).await?;
        self.mark_unproven(&mut tx, grant.id, mark.as_ref()).await?;
        if let Adopted::TookOver { previous, .. } = done {
            let displaced = Displaced { grant: previous, awaits: Some(generation) };
            let displaced = to_json(&displaced).map_err(|fault| self.fault(fault))?;
            let query = sqlx::query(sql::DISPLACE).bind(grant_bytes(grant.id)).bind(displaced);
            query.execute(&mut *tx).await.map_err(|error| self.sql(&error))?;
        }
        tx.commit().await.map_err(|error| self.sql(&error))?;
        drop(connection);
        self.publish(grant.id).await;
        Ok(done)
    }

    /// Keeps the name of an access token that came with a login and is not handed out.
    async fn remember_beside(
        &self,
        tx: &mut SqliteConnection,
        token: Option<&AccessToken>,
        grant: GrantId,
        generation: Generation,
    ) -> Result<(), VaultError> {
        let Some(token) = token else { return Ok(()) };
        let name = self.sealer.keys().name(TokenKind::Access, token.expose());
        let query = sqlx::query(sql::REMEMBER_BESIDE).bind(name.as_bytes().to_vec()).bind(grant_bytes(grant));
        query.bind(signed(generation.get())).execute(tx).await.map(drop).map_err(|error| self.sql(&error))
    }

    pub(super) async fn bring_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let mut grant = self.grant_row(&mut tx, id).await?;
        if grant.retired() {
            return Ok(None);
        }
        let refusal = match &refused {
            Some((intent, closing)) => {
                let row = self.intent_row(&mut tx, *intent).await?;
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
            self.part_unproven(&mut tx, &profile, next, by).await?;
            let now = self.grant_row(&mut tx, id).await?;
            if now.generation != grant.generation {
                tx.commit().await.map_err(|error| self.sql(&error))?;
                drop(connection);
                self.publish(id).await;
                return Ok(Some(now.generation));
            }
        }
        let mut sets = self.put_aside_sets(&mut tx, id).await?.into_iter();
        let found = match refusal {
            Some(_) => sets.find(|set| set.awaits == Some(grant.generation)),
            None => sets.next(),
        };
        let Some(back) = found else {
            let refusal = refusal.as_ref().map(|(row, closing)| (row, *closing));
            let Some(previous) = self.give_name_back(&mut tx, &grant, refusal, by).await? else { return Ok(None) };
            tx.commit().await.map_err(|error| self.sql(&error))?;
            drop(connection);
            self.publish(previous.id).await;
            return Ok(Some(previous.generation));
        };
        if let Some((row, closing)) = &refusal {
            self.mark_closed(&mut tx, row, closing).await?;
        }
        let mut aside = self.interrupt(&mut tx, &grant, refusal.as_ref().map(|(row, _)| row.id)).await?;
        aside.own.clone_from(&grant.unproven);
        let (adopted, generation) = (grant.generation, grant.generation.next());
        // What the provider has refused is kept, and nobody can wish it back. What gives way to a wish alone may be the only set
        // that lives: then the one that comes back is on trial in its turn.
        let aside = refusal.is_none().then_some(aside);
        let awaits = aside.as_ref().is_some_and(|aside| lives(&aside.standing)).then_some(generation);
        self.put_aside(&mut tx, &grant, aside.as_ref(), awaits).await?;
        let event = Event::TakenBack { adopted, refused: refused.is_some() };
        self.put_back(&mut tx, &mut grant, back, &event, by).await?;
        tx.commit().await.map_err(|error| self.sql(&error))?;
        drop(connection);
        self.publish(id).await;
        Ok(Some(generation))
    }

    /// Makes a set that was put aside the present one of its grant, as the next generation.
    pub(super) async fn put_back(
        &self,
        tx: &mut SqliteConnection,
        grant: &mut GrantRow,
        back: PutAside,
        event: &Event,
        by: &Holder,
    ) -> Result<(), VaultError> {
        let (id, generation) = (grant.id, grant.generation.next());
        let unparked = sqlx::query(sql::UNPARK).bind(back.id).execute(&mut *tx).await;
        unparked.map_err(|error| self.sql(&error))?;
        // What it was on trial for itself, it is on trial for again.
        self.move_trial(&mut *tx, id, back.generation, Some(generation)).await?;
        if let Some(token) = &back.set.refresh {
            self.remember(&mut *tx, token, id, generation).await?;
        }
        grant.drop_access(&self.sealer);
        grant.subject = None;
        grant.scopes = Scopes::default();
        fill(grant, &self.sealer, &back.set, back.aside.wall, generation);
        (grant.standing, grant.consented) = (back.aside.standing, back.aside.consented);
        self.write_entry(&mut *tx, id, generation, Some(by), event).await?;
        self.store(&mut *tx, grant, sql::UPDATE_GRANT).await?;
        self.mark_unproven(tx, id, back.aside.own.as_ref()).await
    }

    /// Whether a login that was brought for a profile is another user's than the profile's present one, or another app's. Where
    /// its user is not told, the present one must be kept aside until it is; one without a refresh token cannot be.
    fn is_another(&self, present: &GrantRow, adoption: &Adoption) -> bool {
        present.app != adoption.app || self.is_another_user(present, adoption.set.subject.as_ref())
    }

    /// The same of the user alone.
    pub(super) fn is_another_user(&self, present: &GrantRow, subject: Option<&Subject>) -> bool {
        let lives_on = present.access.blob.is_some() && present.access_expires > self.now();
        let can_wait = present.refresh(&self.sealer).is_ok_and(|token| token.is_some());
        match (&present.subject, subject) {
            (Some(known), Some(told)) => !known.is_same_user(told),
            (Some(_), None) => lives_on && !can_wait,
            (None, _) => false,
        }
    }

    /// Records that nobody has said whose the present set of a grant is, or that somebody has.
    pub(super) async fn mark_unproven(
        &self,
        tx: &mut SqliteConnection,
        id: GrantId,
        unproven: Option<&Unproven>,
    ) -> Result<(), VaultError> {
        let unproven = unproven.map(to_json).transpose().map_err(|fault| self.fault(fault))?;
        let marked = sqlx::query(sql::MARK_BROUGHT).bind(grant_bytes(id)).bind(unproven).execute(tx).await;
        marked.map(drop).map_err(|error| self.sql(&error))
    }

    /// Gives the name back that an adoption took from another user's grant, or from another app's; the adopted grant is kept without
    /// one. Says which grant has it now.
    async fn give_name_back(
        &self,
        tx: &mut SqliteConnection,
        grant: &GrantRow,
        refused: Option<(&IntentRow, &Closing)>,
        by: &Holder,
    ) -> Result<Option<GrantRow>, VaultError> {
        let Some(profile) = &grant.profile else { return Ok(None) };
        let row = sqlx::query(sql::DISPLACED).bind(grant_bytes(grant.id)).fetch_one(&mut *tx).await;
        let row = row.map_err(|error| self.sql(&error))?;
        let displaced: Option<Displaced> = optional_json(&row, 0).map_err(|fault| self.fault(fault))?;
        let Some(displaced) = displaced else { return Ok(None) };
        let previous = self.grant_row(&mut *tx, displaced.grant).await?;
        if previous.retired() || previous.profile.is_some() {
            return Ok(None);
        }
        let mut undone_again = None;
        match refused {
            Some((row, closing)) => {
                if displaced.awaits != Some(grant.generation) || !lives(&previous.standing) {
                    return Ok(None);
                }
                self.mark_closed(tx, row, closing).await?;
                if let Closing::Refused { code, provider_code } = *closing {
                    let standing = Standing::NeedsConsent { since: self.now(), code, provider_code };
                    self.set_standing(tx, grant.id, grant.generation, &standing).await?;
                }
            }
            None => undone_again = Some(Displaced { grant: grant.id, awaits: None }),
        }
        self.withdraw(grant)?;
        let undone_again = undone_again.as_ref().map(to_json).transpose().map_err(|fault| self.fault(fault))?;
        for query in [
            sqlx::query(sql::FREE_PROFILE).bind(grant_bytes(grant.id)),
            sqlx::query(sql::GIVE_PROFILE).bind(grant_bytes(previous.id)).bind(profile.as_str()).bind(undone_again),
        ] {
            query.execute(&mut *tx).await.map_err(|error| self.sql(&error))?;
        }
        let event = Event::TakenBack { adopted: grant.generation, refused: refused.is_some() };
        self.write_entry(tx, previous.id, previous.generation, Some(by), &event).await?;
        Ok(Some(previous))
    }

    /// What says which grant lost the name to another by a person's wish.
    pub(super) fn displaced(&self, previous: Option<GrantId>) -> Result<Option<String>, VaultError> {
        let displaced = previous.map(|grant| Displaced { grant, awaits: None });
        displaced.as_ref().map(to_json).transpose().map_err(|fault| self.fault(fault))
    }

    /// Stores the grant. A hand-out file with a token that the grant does not hold any more goes first, durably, as at a logout.
    pub(super) async fn store(
        &self,
        tx: &mut SqliteConnection,
        grant: &GrantRow,
        statement: &'static str,
    ) -> Result<(), VaultError> {
        if grant.access.blob.is_none() {
            self.withdraw(grant)?;
        }
        let query = grant.bind(statement).map_err(|fault| self.fault(fault))?;
        query.execute(&mut *tx).await.map_err(|error| self.sql(&error))?;
        self.prune(tx, grant.id).await
    }

    /// Supersedes the open intents of a grant whose set is about to give way. An answer that nobody has read stays to be read. Says how
    /// the grant stood: a set that was sent, and whose answer is not known, is in doubt (I6).
    pub(super) async fn interrupt(
        &self,
        tx: &mut SqliteConnection,
        grant: &GrantRow,
        except: Option<IntentId>,
    ) -> Result<Aside, VaultError> {
        let open = self.open_rows(tx, grant.id).await?;
        self.supersede(tx, grant.id, grant.generation, except).await?;
        let mut standing = grant.standing.clone();
        for row in open {
            let unread = sqlx::query(sql::ANSWERED_LATE).bind(intent_bytes(row.id)).execute(&mut *tx).await;
            unread.map_err(|error| self.sql(&error))?;
            if row.closing.is_none() && row.generation == grant.generation && standing == Standing::Live {
                standing = in_doubt(row.id, row.begun, Doubt::SenderDied);
            }
        }
        Ok(Aside { standing, wall: grant.wall, consented: grant.consented, own: None })
    }

    /// Puts the set aside that is about to give way: it was issued, and may live (I3). `false`: it holds no refresh token that
    /// opens, and is not kept; it must not stand in the way of what heals it.
    pub(super) async fn put_aside(
        &self,
        tx: &mut SqliteConnection,
        grant: &GrantRow,
        aside: Option<&Aside>,
        awaits: Option<Generation>,
    ) -> Result<bool, VaultError> {
        let set = || -> Result<TokenSet, Fault> {
            Ok(TokenSet {
                access: grant.access(&self.sealer)?,
                refresh: grant.refresh(&self.sealer)?,
                refresh_expires: grant.refresh_expires,
                scopes: Some(grant.scopes.clone()),
                subject: grant.subject.clone(),
                issued_by: grant.issued_by,
                obtained: grant.turned,
            })
        };
        let set = match set() {
            Ok(set) if set.refresh.is_some() => set,
            _ => return Ok(false),
        };
        let blob = self.sealer.seal(&parked_label(grant.id, grant.generation), &set_to_bytes(&set));
        sqlx::query(sql::PUT_ASIDE)
            .bind(grant_bytes(grant.id))
            .bind(signed(grant.generation.get()))
            .bind(self.now().as_millisecond())
            .bind(blob)
            .bind(aside.map(to_json).transpose().map_err(|fault| self.fault(fault))?)
            .bind(awaits.map(|generation| signed(generation.get())))
            .execute(tx)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(true)
    }

    /// The sets of a grant that can be brought back, newest first. One that is damaged cannot.
    pub(super) async fn put_aside_sets(
        &self,
        tx: &mut SqliteConnection,
        id: GrantId,
    ) -> Result<Vec<PutAside>, VaultError> {
        let rows =
            sqlx::query(sql::PUT_ASIDES).bind(grant_bytes(id)).fetch_all(tx).await.map_err(|error| self.sql(&error))?;
        let read = |row: &SqliteRow| -> Result<Option<PutAside>, Fault> {
            let generation = Generation::new(unsigned(row, "generation")?);
            let plain = match self.sealer.open(&parked_label(id, generation), row.try_get("tokens")?) {
                Ok(plain) => plain,
                Err(Unopened::UnknownKey) => return Err(Fault::UnknownKey),
                Err(Unopened::Broken) => return Ok(None),
            };
            let Some(set) = set_from_bytes(&plain).filter(|set| set.refresh.is_some()) else { return Ok(None) };
            let awaits: Option<i64> = row.try_get("awaits")?;
            Ok(Some(PutAside {
                id: row.try_get("id")?,
                generation,
                awaits: awaits.map(|number| Generation::new(number.unsigned_abs())),
                aside: json(row, "aside")?,
                set,
            }))
        };
        rows.iter().filter_map(|row| read(row).transpose()).collect::<Result<_, _>>().map_err(|fault| self.fault(fault))
    }

    /// Lets the rows that await one generation await another, or none.
    async fn move_trial(
        &self,
        tx: &mut SqliteConnection,
        id: GrantId,
        from: Generation,
        to: Option<Generation>,
    ) -> Result<(), VaultError> {
        sqlx::query(sql::MOVE_TRIAL)
            .bind(grant_bytes(id))
            .bind(signed(from.get()))
            .bind(to.map(|generation| signed(generation.get())))
            .execute(tx)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(())
    }

    /// Turns a set that was put aside by the answer to its own spend, which came after it had given way: what is brought back, should
    /// it be, is then the set that lives. `false` when the spend was of no such set.
    pub(super) async fn turn_aside(
        &self,
        tx: &mut SqliteConnection,
        row: &IntentRow,
        turn: &Turn,
    ) -> Result<bool, VaultError> {
        if matches!(turn.refresh, Change::Drop) {
            return Ok(false);
        }
        if self.turned_since(tx, row).await? {
            return Ok(false);
        }
        let sets = self.put_aside_sets(tx, row.grant).await?;
        let Some(found) = sets.into_iter().find(|set| set.is_of(self, row.fingerprint)) else { return Ok(false) };
        if let Change::Replace(token) = &turn.refresh {
            self.remember(tx, token, row.grant, row.generation).await?;
        }
        let turned = turned_to_bytes(&found.set, turn);
        let aside = Aside { standing: Standing::Live, ..found.aside };
        sqlx::query(sql::TURN_ASIDE)
            .bind(found.id)
            .bind(intent_bytes(row.id))
            .bind(self.sealer.seal(&parked_label(row.grant, found.generation), &turned))
            .bind(to_json(&aside).map_err(|fault| self.fault(fault))?)
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        // It has turned, so it is on trial no more.
        self.move_trial(tx, row.grant, found.generation, None).await?;
        Ok(true)
    }

    /// Whether a spend was of the present refresh token although the generation has moved on: the set had given way and was brought
    /// back.
    pub(super) async fn is_back(
        &self,
        tx: &mut SqliteConnection,
        grant: &GrantRow,
        row: &IntentRow,
    ) -> Result<bool, VaultError> {
        if grant.refresh.generation <= row.generation {
            return Ok(false);
        }
        let present = grant.refresh(&self.sealer).map_err(|fault| self.fault(fault))?;
        let same = present.is_some_and(|token| self.fingerprint(&token) == row.fingerprint);
        Ok(same && !self.turned_since(tx, row).await?)
    }

    /// Whether another spend of the same refresh token has turned the grant since: the provider gives the same one again, and the
    /// set that this spend brought is the older one.
    async fn turned_since(&self, tx: &mut SqliteConnection, row: &IntentRow) -> Result<bool, VaultError> {
        sqlx::query_scalar(sql::TURNED_SINCE)
            .bind(grant_bytes(row.grant))
            .bind(intent_bytes(row.id))
            .bind(row.fingerprint.as_bytes().to_vec())
            .bind(signed(row.generation.get()))
            .fetch_one(tx)
            .await
            .map_err(|error| self.sql(&error))
    }

    /// Ends every trial of a grant, and with `wishes` what a person could wish back too.
    pub(super) async fn end_trials(
        &self,
        tx: &mut SqliteConnection,
        id: GrantId,
        wishes: bool,
    ) -> Result<(), VaultError> {
        let statements: &[&'static str] =
            if wishes { &[sql::END_ADOPTIONS, sql::END_DISPLACING] } else { &[sql::END_TRIALS] };
        for statement in statements {
            let done = sqlx::query(*statement).bind(grant_bytes(id)).execute(&mut *tx).await;
            done.map_err(|error| self.sql(&error))?;
        }
        Ok(())
    }
}

/// Whether a set of that standing may be alive (I6).
pub(super) const fn lives(standing: &Standing) -> bool {
    matches!(standing, Standing::Live | Standing::InDoubt { .. })
}
