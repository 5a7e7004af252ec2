//! Names: the question for a new set of tokens.
//!
//! A question is recorded before it is sent where its answer may end the set that is there, so that nobody hands out a token
//! which dies while it is handed out. A crash between question and answer leaves the record: the next caller turns the grant
//! or asks again.

use rusqlite::{Connection, params};
use tokenward_core::ports::{Question, StoreError};
use tokenward_core::{Lease, ProfileName};

use super::query::{Failed, run};
use super::rows::signed;
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
}

/// A set is there that was asked for under the name, or one that makes the question void.
pub(super) fn answered(tx: &Connection, name: &ProfileName) -> Result<(), Failed> {
    run(tx, sql::ASKED, params![name.as_str()])?;
    Ok(())
}
