//! A wish for one certain set: somebody adopts a refresh token whose set the vault has put aside.
//!
//! Enters: the token. Leaves: its set as the present one of its grant, on trial as an adoption is, and what gives way put aside in its
//! turn (I3). One of which nobody has said whose it is goes into a grant of its own. One transaction: a crash leaves the grant as it was,
//! or as it was wished (I5). A set that was ended, by a refusal or by a person's own login, does not come back.

use rusqlite::params;
use tokenward_core::ports::Wished;
use tokenward_core::{Event, Fingerprint, Generation, GrantId, Holder, RefreshToken};

use super::find_rows::{find_known, grant_row};
use super::rows::{bytes, grant_bytes, lives, parked_label, unsigned};
use super::run_statement::{Row, Transaction, all};
use super::transaction_error::{Failed, Fault, unopened};
use super::{Records, sql};
use crate::codec::set_from_bytes;

impl Records {
    /// Brings a set back that was put aside.
    pub(crate) fn take_back_token(
        &self,
        tx: &dyn Transaction,
        fingerprint: Fingerprint,
        source: String,
        by: &Holder,
    ) -> Result<Wished, Failed> {
        let Some((id, _)) = find_known(tx, fingerprint)? else { return Ok(Wished::NotAside) };
        let mut grant = grant_row(tx, id)?;
        // A provider may give one refresh token again and again: it stands in both sets then, and is present.
        let is_present = |present: RefreshToken| self.fingerprint(&present) == fingerprint;
        if grant.retired() || grant.refresh(&self.sealer).is_ok_and(|present| present.is_some_and(is_present)) {
            return Ok(Wished::NotAside);
        }
        let mut sets = self.put_aside_sets(tx, id)?.into_iter();
        let Some(wished) = sets.find(|set| set.is_of(self, fingerprint)) else {
            let is_ended = self.is_ended(tx, id, fingerprint)?;
            return Ok(if is_ended { Wished::Over } else { Wished::NotAside });
        };
        if !lives(&wished.aside.standing) {
            return Ok(Wished::Over);
        }
        if let Some(unproven) = grant.unproven.clone().filter(|_| grant.can_part()) {
            let aside = (self.fresh_id(), None);
            self.move_out(tx, &mut grant, unproven, aside, Some(wished), by)?;
        } else {
            let mut aside = self.interrupt(tx, &grant, None)?;
            aside.own.clone_from(&grant.unproven);
            let awaits = lives(&aside.standing).then_some(grant.generation.next());
            let is_kept = self.put_aside(tx, &grant, Some(&aside), awaits)?;
            let replaced = is_kept.then_some(grant.generation);
            let event = Event::Adopted { source, fingerprint, replaced };
            self.put_back(tx, &mut grant, wished, &event, by)?;
        }
        Ok(Wished::Back(grant.generation))
    }

    /// Whether the token is of a set that gave way for good. One that came too late was ended by nobody.
    fn is_ended(&self, tx: &dyn Transaction, id: GrantId, fingerprint: Fingerprint) -> Result<bool, Failed> {
        let is_of = |row: &Row<'_>| -> Result<bool, Fault> {
            let generation = Generation::new(unsigned(row, "generation")?);
            let label = parked_label(id, generation);
            let plain = self.sealer.open(&label, bytes(row, "tokens")?).map_err(unopened("a parked set"))?;
            let refresh = set_from_bytes(&plain).and_then(|set| set.refresh);
            Ok(refresh.is_some_and(|token| self.fingerprint(&token) == fingerprint))
        };
        // One that is damaged is not the reason why nothing is told of the others.
        let ended = all(tx, sql::ENDED_SETS, params![grant_bytes(id)], |row| Ok(is_of(row).unwrap_or(false)))?;
        Ok(ended.contains(&true))
    }
}
