//! Questions on record: a new set of tokens is asked for under a name.
//!
//! A grant request is recorded before it is sent where its answer may end the set that is there, so that nobody hands out a token
//! which dies while it is handed out. A crash between grant request and answer leaves the record: the next caller rotates the grant
//! or asks again.

use rusqlite::params;
use tokenward_core::ports::{GrantRequestState, StoreError};
use tokenward_core::{Fence, ProfileName};

use super::rows::signed;
use super::run_statement::{Transaction, run};
use super::transaction_error::Failed;
use super::{Records, sql};

impl Records {
    /// Records that a set is asked for under the name, or that nothing came of it. By the name's lease alone.
    pub(crate) fn record_grant_request(
        &self,
        tx: &dyn Transaction,
        name: &ProfileName,
        fence: Fence,
        state: GrantRequestState,
    ) -> Result<(), Failed> {
        let (at, fence) = (self.now().as_millisecond(), signed(fence.get()));
        match state {
            GrantRequestState::Open if run(tx, sql::RECORD_GRANT_REQUEST, params![name.as_str(), fence, at])? == 0 => {
                return Err(StoreError::moved().into());
            }
            GrantRequestState::Open => {}
            GrantRequestState::Withdrawn => {
                run(tx, sql::WITHDRAW_GRANT_REQUEST, params![name.as_str(), fence])?;
            }
        }
        Ok(())
    }
}

/// A set is there that was asked for under the name, or one that makes the grant request void.
pub(crate) fn answered(tx: &dyn Transaction, name: &ProfileName) -> Result<(), Failed> {
    run(tx, sql::ASKED, params![name.as_str()])?;
    Ok(())
}
