//! A login made of what was issued to a person.

use rusqlite::params;
use tokenward_core::ports::{LoggedIn, NewLogin};
use tokenward_core::{Event, Generation, GrantId};

use super::adopt::displaced;
use super::fallback_sets::end_trials;
use super::find_rows::{by_profile, find_known, grant_row};
use super::incoming_set::{Home, blank, fill, home};
use super::journal::prune;
use super::login_token_responses::drop_answer;
use super::non_interactive_requests::answered;
use super::rows::{GrantRow, Unproven, grant_bytes};
use super::run_statement::{Transaction, run};
use super::transaction_error::Failed;
use super::unknown_owner::{Next, mark_unproven};
use super::{Records, sql};

impl Records {
    /// Makes a login of what was issued to a person.
    pub(crate) fn log_in(&self, tx: &dyn Transaction, login: &NewLogin) -> Result<LoggedIn, Failed> {
        if let Some(answer) = login.answer
            && !drop_answer(tx, answer)?
            && let Some(token) = &login.set.refresh
            && let Some((grant, _)) = find_known(tx, self.fingerprint(token))?
        {
            // Another process made a login of the same answer, and that login may have rotated since: storing this
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
    pub(crate) fn leave_trace(&self, id: GrantId) {
        if let Some(Err(error)) = self.traces.as_ref().map(|folder| crate::folder::open_private(&folder.lock(id))) {
            tracing::debug!(%error, grant = %id, "the lock of a new login is made later");
        }
    }

    /// Puts the set of a grant aside that a person's own login replaces. That login is the last word: no adoption before it is undone
    /// any more. As long as nobody has said whose it is (`unproven`), the set can come back.
    fn gives_way_to_login(&self, tx: &dyn Transaction, present: &GrantRow, unproven: bool) -> Result<(), Failed> {
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
