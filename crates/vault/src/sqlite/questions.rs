//! Questions on record: a new set of tokens is asked for under a name.
//!
//! A question is recorded before it is sent where its answer may end the set that is there, so that nobody hands out a token
//! which dies while it is handed out. A crash between question and answer leaves the record: the next caller turns the grant
//! or asks again.

use rusqlite::{Connection, params};
use tokenward_core::ports::{Question, StoreError};
use tokenward_core::{Fence, ProfileName};

use super::failure::Failed;
use super::query::run;
use super::rows::signed;
use super::{Context, sql};

impl Context {
    /// Records that a set is asked for under the name, or that nothing came of it. By the name's lease alone.
    pub(super) fn asked(
        &self,
        tx: &Connection,
        name: &ProfileName,
        fence: Fence,
        question: Question,
    ) -> Result<(), Failed> {
        let (at, fence) = (self.now().as_millisecond(), signed(fence.get()));
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
    }
}

/// A set is there that was asked for under the name, or one that makes the question void.
pub(super) fn answered(tx: &Connection, name: &ProfileName) -> Result<(), Failed> {
    run(tx, sql::ASKED, params![name.as_str()])?;
    Ok(())
}
