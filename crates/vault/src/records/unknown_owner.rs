//! Sets of which nobody has said whose they are: the mark of one, and what may take its place.

use rusqlite::params;
use tokenward_core::GrantId;

use super::rows::{Unproven, grant_bytes, to_json};
use super::run_statement::{Transaction, run};
use super::statements as sql;
use super::transaction_error::Failed;

/// What takes the place of a set of which nobody has said whose it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Next<'a> {
    /// Where it comes from; `None` for a person's own login.
    pub(crate) source: Option<&'a str>,
    /// Whether its user is told.
    pub(crate) is_named: bool,
}

impl Next<'_> {
    /// Whether it is the same login's next set, as far as can be told: the program that keeps a file has written a newer one into it;
    /// a person has logged in once more, and the provider has named nobody again.
    pub(crate) fn follows(self, unproven: &Unproven) -> bool {
        unproven.source.as_deref() == self.source && (self.source.is_some() || !self.is_named)
    }
}

/// Records that nobody has said whose the present set of a grant is, or that somebody has.
pub(crate) fn mark_unproven(tx: &dyn Transaction, id: GrantId, unproven: Option<&Unproven>) -> Result<(), Failed> {
    run(tx, sql::MARK_BROUGHT, params![grant_bytes(id), unproven.map(to_json).transpose()?])?;
    Ok(())
}
