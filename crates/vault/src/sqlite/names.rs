//! Names: the question for a new set of tokens, and sets that came too late.
//!
//! A question is recorded before it is sent where its answer may end the set that is there, so that nobody hands out a token
//! which dies while it is handed out. A crash between question and answer leaves the record: the next caller turns the grant
//! or asks again.

use tokenward_core::ports::{LoginAnswerId, Question, StoreError};
use tokenward_core::{Generation, GrantId, Lease, ProfileName, TokenSet};

use rusqlite::{Connection, params};

use crate::codec::set_to_bytes;

use super::grants::grant_row;
use super::journal::prune;
use super::logins::drop_answer;
use super::query::{Failed, run};
use super::rows::{grant_bytes, parked_label, signed};
use super::{SqliteVault, sql};

impl SqliteVault {
    pub(super) async fn record_question(&self, lease: &Lease, question: Question) -> Result<(), StoreError> {
        let name = lease.seat.name().cloned().ok_or(StoreError::moved())?;
        let fence = signed(lease.fence.get());
        self.write(move |context, tx| {
            let at = context.now().as_millisecond();
            match question {
                Question::Open if run(tx, sql::ASK, params![name.as_str(), fence, at])? == 0 => {
                    return Err(StoreError::moved().into());
                }
                Question::Open => {}
                Question::Withdrawn => {
                    run(tx, sql::ASK_IN_VAIN, params![name.as_str(), fence])?;
                }
            }
            Ok(())
        })
        .await
    }

    pub(super) async fn park_login(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), StoreError> {
        self.write(move |context, tx| {
            if !drop_answer(tx, answer)? {
                return Ok(());
            }
            let grant = grant_row(tx, id)?;
            // Older than the present generation, so that no file that shows it is taken for one in step.
            let before = Generation::new(grant.generation.get().saturating_sub(1));
            let bound = params![
                grant_bytes(id),
                None::<Vec<u8>>,
                signed(before.get()),
                context.now().as_millisecond(),
                context.sealer.seal(&parked_label(id, before), &set_to_bytes(&set)),
            ];
            run(tx, sql::PARK, bound)?;
            if let Some(token) = &set.refresh {
                context.remember(tx, token, id, before)?;
            }
            prune(tx, id)
        })
        .await
    }
}

/// A set is there that was asked for under the name, or one that makes the question void.
pub(super) fn answered(tx: &Connection, name: &ProfileName) -> Result<(), Failed> {
    run(tx, sql::ASKED, params![name.as_str()])?;
    Ok(())
}
