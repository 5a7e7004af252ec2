//! The port of logins: made, brought, taken back and ended. Each call is one transaction.
//!
//! What is made of a set that was issued to a person stands here; adoptions and what they give back in [`super::adopt`], a wish for one
//! set in [`super::wish`], whose a login is in [`super::identity`], what ends in [`super::over`].

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use tokenward_core::ports::{
    Adopted, Adoption, LoggedIn, Logins, NameGiven, NewLogin, Revocable, StoreError, Told, Wished,
};
use tokenward_core::{
    AppName, Closing, Event, Generation, GrantId, Holder, IntentId, Lease, ProfileName, Recognised, Standing, Subject,
    TokenSet,
};

use super::adopt::{Unproven, displaced, end_trials, mark_unproven};
use super::grants::{find_known, grant_row};
use super::identity::Next;
use super::journal::prune;
use super::leases::turned_under;
use super::login_answers::drop_answer;
use super::over::forget_refused;
use super::query::{Failed, first, run};
use super::questions::answered;
use super::rows::{GrantRow, Sealed, grant_bytes};
use super::{Context, Sealer, SqliteVault, sql};

#[async_trait]
impl Logins for SqliteVault {
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, StoreError> {
        self.write(move |context, tx| context.log_in(tx, &login)).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, StoreError> {
        if adoption.set.refresh.is_none() {
            return Err(StoreError::no_refresh_token());
        }
        self.write(move |context, tx| context.adopt(tx, adoption)).await
    }

    async fn give_name(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, StoreError> {
        let (profile, by) = (profile.clone(), by.clone());
        self.write(move |context, tx| context.give_name(tx, id, &profile, replace, &by)).await
    }

    async fn told(
        &self,
        id: GrantId,
        generation: Generation,
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<Told, StoreError> {
        let (subject, by) = (subject.cloned(), by.clone());
        self.write(move |context, tx| context.told(tx, (id, generation), subject.as_ref(), aside, &by)).await
    }

    async fn take_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, StoreError> {
        let by = by.clone();
        self.write(move |context, tx| context.take_back(tx, id, refused.as_ref(), &by)).await
    }

    async fn take_back_token(&self, token: &Recognised, source: &str, by: &Holder) -> Result<Wished, StoreError> {
        let (fingerprint, source, by) = (token.fingerprint, source.to_owned(), by.clone());
        self.write(move |context, tx| context.take_back_token(tx, fingerprint, source, &by)).await
    }

    async fn forget_refused(&self, id: GrantId) -> Result<bool, StoreError> {
        self.write(move |_, tx| forget_refused(tx, id)).await
    }

    async fn revocable(&self, lease: &Lease) -> Result<Revocable, StoreError> {
        let of = (turned_under(lease)?, lease.fence);
        self.read(move |context, tx| context.revocable(tx, of)).await
    }

    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), StoreError> {
        let (of, by) = ((turned_under(lease)?, lease.fence), lease.holder.clone());
        self.write(move |context, tx| context.retire(tx, of, &by, at, revoked)).await
    }
}

impl Context {
    /// Makes a login of what was issued to a person.
    fn log_in(&self, tx: &Connection, login: &NewLogin) -> Result<LoggedIn, Failed> {
        if let Some(answer) = login.answer
            && !drop_answer(tx, answer)?
            && let Some(token) = &login.set.refresh
            && let Some((grant, _)) = find_known(tx, self.fingerprint(token))?
        {
            // Another process made a login of the same answer, and that login may have turned since: storing this
            // set again would put a spent token over a living one (I5).
            let row = grant_row(tx, grant)?;
            let present = by_profile(tx, &login.profile)?;
            let done = match present.filter(|present| row.profile.is_none() && present.id != grant) {
                Some(present) => LoggedIn::KeptAside { id: grant, present: present.id },
                None => LoggedIn::Renewed(grant),
            };
            return Ok(done);
        }
        let present = by_profile(tx, &login.profile)?.filter(|present| !present.retired());
        let subject = login.set.subject.as_ref();
        // A profile whose login is of another app has none that could be handed out.
        let is_another = |present: &GrantRow| {
            present.app == login.app && self.is_another_user(present, subject) && !login.replace_user
        };
        if !present.as_ref().is_some_and(is_another) {
            let next = Next { source: None, is_named: subject.is_some() };
            self.part_unproven(tx, &login.profile, next, &login.by)?;
        }
        let mut unproven = None;
        let new = || blank(login.id, &login.profile, &login.app, &login.set);
        let (mut grant, done) = if let Some(present) = present.filter(is_another) {
            let aside = GrantRow { profile: None, ..new() };
            (aside, LoggedIn::KeptAside { id: login.id, present: present.id })
        } else {
            match home(tx, &login.profile, &login.app, subject, login.replace_user)? {
                Home::Same(present) => {
                    if present.subject.is_some() && subject.is_none() {
                        unproven = Some(Unproven { since: present.generation.next(), source: None });
                    }
                    self.gives_way_to_login(tx, &present, unproven.is_some())?;
                    let id = present.id;
                    (*present, LoggedIn::Renewed(id))
                }
                Home::Taken { previous } => (new(), LoggedIn::TookOver { id: login.id, previous }),
                Home::Free => (new(), LoggedIn::New(login.id)),
            }
        };
        let generation = match done {
            LoggedIn::Renewed(_) => grant.generation.next(),
            LoggedIn::New(_) | LoggedIn::TookOver { .. } | LoggedIn::KeptAside { .. } => Generation::FIRST,
        };
        fill(&mut grant, &self.sealer, &login.set, login.wall, generation);
        if let Some(token) = &login.set.refresh {
            self.remember(tx, token, grant.id, generation)?;
        }
        let statement = if matches!(done, LoggedIn::Renewed(_)) {
            sql::UPDATE_GRANT
        } else {
            self.leave_trace(grant.id);
            sql::INSERT_GRANT
        };
        grant.write(tx, statement)?;
        mark_unproven(tx, grant.id, unproven.as_ref())?;
        if let LoggedIn::TookOver { previous, .. } = done {
            run(tx, sql::DISPLACE, params![grant_bytes(grant.id), displaced(Some(previous))?])?;
        }
        self.write_entry(tx, grant.id, generation, Some(&login.by), &Event::LoggedIn)?;
        answered(tx, &login.profile)?;
        prune(tx, grant.id)?;
        Ok(done)
    }

    /// Leaves a trace of a login beside the database: one that is lost is not taken for one that never was.
    pub(super) fn leave_trace(&self, id: GrantId) {
        if let Err(error) = crate::folder::open_private(&self.folder.lock(id)) {
            tracing::debug!(%error, grant = %id, "the lock of a new login is made later");
        }
    }

    /// Puts the set of a grant aside that a person's own login replaces. That login is the last word: no adoption before it is undone
    /// any more. As long as nobody has said whose it is (`unproven`), the set can come back.
    fn gives_way_to_login(&self, tx: &Connection, present: &GrantRow, unproven: bool) -> Result<(), Failed> {
        if unproven {
            let mut aside = self.interrupt(tx, present, None)?;
            aside.own.clone_from(&present.unproven);
            end_trials(tx, present.id, present.unproven.is_none())?;
            return self.put_aside(tx, present, Some(&aside), None).map(drop);
        }
        self.put_aside(tx, present, None, None)?;
        end_trials(tx, present.id, true)?;
        self.supersede(tx, present.id, present.generation, None)
    }
}

/// Where a set goes that was brought for a profile. Frees the profile where another user, or another app, has it. With `replace`,
/// one whose user was not told is another's.
pub(super) fn home(
    tx: &Connection,
    profile: &ProfileName,
    app: &AppName,
    subject: Option<&Subject>,
    replace: bool,
) -> Result<Home, Failed> {
    match by_profile(tx, profile)? {
        Some(present) if same_login(&present, app, subject, replace) => Ok(Home::Same(Box::new(present))),
        Some(other) => {
            run(tx, sql::FREE_PROFILE, params![grant_bytes(other.id)])?;
            Ok(Home::Taken { previous: other.id })
        }
        None => Ok(Home::Free),
    }
}

/// The grant that a profile points at.
pub(super) fn by_profile(tx: &Connection, profile: &ProfileName) -> Result<Option<GrantRow>, Failed> {
    first(tx, sql::GRANT_BY_PROFILE, params![profile.as_str()], GrantRow::read)
}

/// Where a set goes that was brought for a profile.
pub(super) enum Home {
    /// Into the profile's grant, as its next generation.
    Same(Box<GrantRow>),
    /// Into a grant of its own; the name was another grant's.
    Taken {
        /// That one.
        previous: GrantId,
    },
    /// Into a grant of its own; the name was free.
    Free,
}

/// Whether a set continues the profile's grant: same app, and the same user as far as the provider told.
fn same_login(present: &GrantRow, app: &AppName, subject: Option<&Subject>, replace: bool) -> bool {
    let same_user = match (&present.subject, subject) {
        (Some(known), Some(told)) => known.is_same_user(told),
        (Some(_), None) => !replace,
        (None, _) => true,
    };
    present.app == *app && same_user && !present.retired()
}

/// A grant that holds nothing yet.
pub(super) fn blank(id: GrantId, profile: &ProfileName, app: &AppName, set: &TokenSet) -> GrantRow {
    let nothing = || Sealed { blob: None, generation: Generation::FIRST };
    let at = set.obtained;
    GrantRow {
        id,
        app: app.clone(),
        profile: Some(profile.clone()),
        former: None,
        generation: Generation::FIRST,
        standing: Standing::Live,
        access: nothing(),
        access_name: None,
        access_before: None,
        access_obtained: at,
        access_expires: at,
        refresh: nothing(),
        refresh_expires: None,
        wall: None,
        consented: at,
        turned: at,
        scopes: tokenward_core::Scopes::default(),
        subject: None,
        issued_by: set.issued_by,
        intent_open: false,
        on_trial: false,
        unproven: None,
        linked: false,
        fence: None,
    }
}

/// Makes a set that was not turned here the grant's present one, alive.
pub(super) fn fill(
    grant: &mut GrantRow,
    sealer: &Sealer,
    set: &TokenSet,
    wall: Option<Timestamp>,
    generation: Generation,
) {
    if let Some(access) = &set.access {
        grant.set_access(sealer, access, generation);
    }
    match &set.refresh {
        Some(token) => grant.set_refresh(sealer, token, generation),
        None => grant.refresh.blob = None,
    }
    grant.refresh_expires = set.refresh_expires.filter(|_| set.refresh.is_some());
    grant.generation = generation;
    grant.standing = Standing::Live;
    grant.wall = wall;
    grant.consented = set.obtained;
    grant.turned = set.obtained;
    grant.issued_by = set.issued_by;
    if let Some(scopes) = &set.scopes {
        grant.scopes = scopes.clone();
    }
    if let Some(subject) = &set.subject {
        grant.subject = Some(subject.clone());
    }
}
