//! Whose a login is: told after it was brought, and which profile points at it.
//!
//! A set that was brought for a profile and whose user nobody knows is the profile's present one *unproven*: the set it replaced is
//! put aside, and its access token goes to nobody. What is told then decides in one transaction. Of the same user: it is proven. Of
//! another: it is moved, with every token that was stored of it, into a grant of its own without a profile, and what was put aside is
//! back. A crash before leaves it unproven; one after, done (I5). Nothing that was issued is dropped (I3).

use sqlx::sqlite::SqliteConnection;
use tokenward_core::ports::{NameGiven, Told, VaultError};
use tokenward_core::{Code, Event, Fingerprint, Generation, GrantId, Holder, ProfileName, Standing, Subject};

use super::adopt::{PutAside, Unproven, lives};
use super::rows::{GrantRow, grant_bytes, signed, to_json};
use super::{SqliteVault, sql};

/// What takes the place of a set of which nobody has said whose it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Next<'a> {
    /// Where it comes from; `None` for a person's own login.
    pub(super) source: Option<&'a str>,
    /// Whether its user is told.
    pub(super) is_named: bool,
}

impl Next<'_> {
    /// Whether it is the same login's next set, as far as can be told: the program that keeps a file has written a newer one into it;
    /// a person has logged in once more, and the provider has named nobody again.
    fn follows(self, unproven: &Unproven) -> bool {
        unproven.source.as_deref() == self.source && (self.source.is_some() || !self.is_named)
    }
}

impl SqliteVault {
    pub(super) async fn record_told(
        &self,
        id: GrantId,
        generation: Generation,
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<Told, VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let mut grant = self.grant_row(&mut tx, id).await?;
        // An answer that is on its way is to find the set where it was sent from.
        let Some(unproven) = grant.unproven.clone() else { return Ok(Told::Moved) };
        if grant.retired() || grant.generation != generation || grant.intent_open {
            return Ok(Told::Moved);
        }
        let before = grant.subject.clone();
        let is_same = before.as_ref().is_none_or(|before| subject.is_some_and(|told| told.is_same_user(before)));
        if is_same {
            self.mark_unproven(&mut tx, id, None).await?;
            if unproven.source.is_none() {
                // A person's own login is the last word.
                self.end_trials(&mut tx, id, true).await?;
            }
            if let Some(subject) = subject {
                let subject = to_json(subject).map_err(|fault| self.fault(fault))?;
                let named = sqlx::query(sql::NAME_SUBJECT).bind(grant_bytes(id)).bind(subject).execute(&mut *tx).await;
                named.map_err(|error| self.sql(&error))?;
            }
            tx.commit().await.map_err(|error| self.sql(&error))?;
            drop(connection);
            self.publish(id).await;
            return Ok(Told::Same);
        }
        let back = self.move_out(&mut tx, &mut grant, unproven, (aside, subject), None, by).await?;
        tx.commit().await.map_err(|error| self.sql(&error))?;
        drop(connection);
        self.publish(id).await;
        Ok(Told::KeptAside { before, aside, back })
    }

    pub(super) async fn point_profile(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        let grant = self.grant_row(&mut tx, id).await?;
        let present = self.by_profile(&mut tx, profile).await?;
        if grant.retired() || grant.profile.is_some() {
            return match present {
                Some(present) if present.id == id => Ok(NameGiven::Given),
                _ => Err(VaultError::Moved),
            };
        }
        let mut previous = None;
        if let Some(present) = present {
            if !replace {
                return Ok(NameGiven::Occupied { present: present.id });
            }
            self.withdraw(&present)?;
            let freed = sqlx::query(sql::FREE_PROFILE).bind(grant_bytes(present.id)).execute(&mut *tx).await;
            freed.map_err(|error| self.sql(&error))?;
            previous = Some(present.id);
        }
        let displaced = self.displaced(previous)?;
        let given = sqlx::query(sql::GIVE_PROFILE)
            .bind(grant_bytes(id))
            .bind(profile.as_str())
            .bind(displaced)
            .execute(&mut *tx)
            .await;
        given.map_err(|error| self.sql(&error))?;
        if let Some(token) = grant.refresh(&self.sealer).map_err(|fault| self.fault(fault))? {
            let fingerprint = self.fingerprint(&token);
            let event = Event::Adopted { source: "a login of this vault".to_owned(), fingerprint, replaced: None };
            self.write_entry(&mut tx, id, grant.generation, Some(by), &event).await?;
        }
        tx.commit().await.map_err(|error| self.sql(&error))?;
        drop(connection);
        self.publish(id).await;
        Ok(previous.map_or(NameGiven::Given, |previous| NameGiven::Taken { previous }))
    }

    /// Moves the sets of which nobody has said whose they are out of a profile's grant, each into one of its own, before another set
    /// takes their place: it may be another user's, and would be lost. One that is refused is dead; an answer that is on its way
    /// has to find its set where it was sent from, which is then put aside as any other.
    pub(super) async fn part_unproven(
        &self,
        tx: &mut SqliteConnection,
        profile: &ProfileName,
        next: Next<'_>,
        by: &Holder,
    ) -> Result<(), VaultError> {
        while let Some(mut grant) = self.by_profile(&mut *tx, profile).await?.filter(|grant| !grant.retired()) {
            let Some(unproven) = grant.unproven.clone().filter(|unproven| !next.follows(unproven)) else { break };
            if !grant.can_part() {
                break;
            }
            self.move_out(&mut *tx, &mut grant, unproven, (self.fresh_id(), None), None, by).await?;
        }
        Ok(())
    }

    /// An id for a grant that nobody has asked for.
    pub(super) fn fresh_id(&self) -> GrantId {
        let mut random = [0; 10];
        self.sealer.entropy.fill(&mut random);
        GrantId::new(u64::try_from(self.now().as_millisecond()).unwrap_or(0), random)
    }

    /// Moves the present set of a grant, with every token that was stored of it, into a grant of its own without a profile, and brings
    /// back `wished`, or what it had replaced. Says which generation that has; `None` where there is nothing.
    pub(super) async fn move_out(
        &self,
        tx: &mut SqliteConnection,
        grant: &mut GrantRow,
        unproven: Unproven,
        (aside, subject): (GrantId, Option<&Subject>),
        wished: Option<PutAside>,
        by: &Holder,
    ) -> Result<Option<Generation>, VaultError> {
        let (id, generation, before) = (grant.id, grant.generation, grant.subject.clone());
        let (apart, fingerprint) = self.apart(grant, aside, subject)?;
        self.store(&mut *tx, &apart, sql::INSERT_GRANT).await?;
        let moved = sqlx::query(sql::MOVE_FINGERPRINTS)
            .bind(grant_bytes(id))
            .bind(signed(unproven.since.get()))
            .bind(grant_bytes(aside))
            .execute(&mut *tx)
            .await;
        moved.map_err(|error| self.sql(&error))?;
        let event = match unproven.source.zip(fingerprint) {
            Some((source, fingerprint)) => Event::Adopted { source, fingerprint, replaced: None },
            None => Event::LoggedIn,
        };
        self.write_entry(&mut *tx, aside, generation, Some(by), &event).await?;
        let event = Event::TakenBack { adopted: generation, refused: !lives(&grant.standing) };
        // What was put aside for it; else the newest set of the profile's user that is left.
        let is_the_users = |set: &PutAside| {
            set.set.subject.as_ref().is_none_or(|of| before.as_ref().is_none_or(|before| of.is_same_user(before)))
        };
        let set = match wished {
            Some(wished) => Some(wished),
            None => self.put_aside_sets(&mut *tx, id).await?.into_iter().find(is_the_users),
        };
        if let Some(set) = set {
            self.put_back(&mut *tx, grant, set, &event, by).await?;
            return Ok(Some(grant.generation));
        }
        self.leave_empty(&mut *tx, grant, &event, by).await?;
        Ok(None)
    }

    /// Takes the present set out of a grant for which there is no other: its user has to log in.
    async fn leave_empty(
        &self,
        tx: &mut SqliteConnection,
        grant: &mut GrantRow,
        event: &Event,
        by: &Holder,
    ) -> Result<(), VaultError> {
        grant.generation = grant.generation.next();
        (grant.access.blob, grant.refresh.blob, grant.refresh_expires) = (None, None, None);
        grant.standing = Standing::NeedsConsent { since: self.now(), code: Code::NoRefreshToken, provider_code: None };
        self.write_entry(&mut *tx, grant.id, grant.generation, Some(by), event).await?;
        self.store(&mut *tx, grant, sql::UPDATE_GRANT).await?;
        self.mark_unproven(tx, grant.id, None).await
    }

    /// The present set of a grant as a grant of its own, and the name of its refresh token, if it has one.
    fn apart(
        &self,
        grant: &GrantRow,
        id: GrantId,
        subject: Option<&Subject>,
    ) -> Result<(GrantRow, Option<Fingerprint>), VaultError> {
        let access = grant.access(&self.sealer).map_err(|fault| self.fault(fault))?;
        let refresh = grant.refresh(&self.sealer).map_err(|fault| self.fault(fault))?;
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
