//! Trials: what was put aside awaits whether the set that replaced it is refused.

use rusqlite::params;
use tokenward_core::{Generation, GrantId};

use super::rows::{grant_bytes, signed};
use super::run_statement::{Transaction, run};
use super::statements as sql;
use super::transaction_error::Failed;

/// Lets the rows that await one generation await another, or none.
pub(crate) fn move_trial(
    tx: &dyn Transaction,
    id: GrantId,
    from: Generation,
    to: Option<Generation>,
) -> Result<(), Failed> {
    let to = to.map(|generation| signed(generation.get()));
    run(tx, sql::MOVE_TRIAL, params![grant_bytes(id), signed(from.get()), to])?;
    Ok(())
}

/// Ends every trial of a grant, and with `wishes` what a person could wish back too.
pub(crate) fn end_trials(tx: &dyn Transaction, id: GrantId, wishes: bool) -> Result<(), Failed> {
    let statements: &[&str] = if wishes { &[sql::END_ADOPTIONS, sql::END_DISPLACING] } else { &[sql::END_TRIALS] };
    for statement in statements {
        run(tx, statement, params![grant_bytes(id)])?;
    }
    Ok(())
}
