//! What lies ahead of logins, listed and counted. Each statement here goes by an index.

use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::ports::{EndingGrant, GrantPage, TimeLeft};
use tokenward_core::{AppName, GrantId, Outlook};

use super::rows::{grant_bytes, uuid};
use super::run_statement::{Row, Transaction, all, first, run};
use super::transaction_error::{Failed, Fault};
use super::{Records, sql};

impl Records {
    pub(crate) fn troubled(
        &self,
        tx: &dyn Transaction,
        app: &AppName,
        after: Option<GrantId>,
        limit: u32,
    ) -> Result<GrantPage, Failed> {
        let after = after.map_or([0; 16], grant_bytes);
        self.page_of(tx, sql::TROUBLED, params![app.as_str(), after, limit], limit)
    }
}

pub(crate) fn count_troubled(tx: &dyn Transaction, app: &AppName) -> Result<u64, Failed> {
    Ok(count(first(tx, sql::COUNT_TROUBLED, params![app.as_str()], |row| row.get(0))?))
}

/// Of those that live on and of those that do not, each in the order of an index.
pub(crate) fn ending(
    tx: &dyn Transaction,
    app: &AppName,
    by: Timestamp,
    limit: u32,
) -> Result<Vec<EndingGrant>, Failed> {
    let read = |row: &Row<'_>| -> Result<(GrantId, i64), Fault> { Ok((GrantId::from(uuid(row, 0)?), row.get(1)?)) };
    let mut found = Vec::new();
    for lives_on in [0_i64, 1] {
        let bound = params![app.as_str(), lives_on, by.as_millisecond(), limit];
        for (grant, at) in all(tx, sql::ENDING, bound, read)? {
            found.extend(Timestamp::from_millisecond(at).ok().map(|at| EndingGrant { grant, at }));
        }
    }
    found.sort_unstable_by_key(|ending| (ending.at, ending.grant));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// Those that live on are counted by the end that the scheduler refreshes them for, the others by their own.
pub(crate) fn time_left(tx: &dyn Transaction, app: &AppName, bounds: &[Timestamp]) -> Result<TimeLeft, Failed> {
    let app = app.as_str();
    let within = |from: i64, to: i64| -> Result<u64, Failed> {
        let living: Option<i64> = first(tx, sql::COUNT_DUE_ENDS, params![app, from, to], |row| row.get(0))?;
        let ending: Option<i64> = first(tx, sql::COUNT_ENDING, params![app, from, to], |row| row.get(0))?;
        Ok(count(living).saturating_add(count(ending)))
    };
    let (mut left, mut from) = (TimeLeft::default(), i64::MIN);
    for bound in bounds {
        let to = bound.as_millisecond();
        left.until.push(within(from, to)?);
        from = to;
    }
    left.later = within(from, i64::MAX - 1)?;
    left.unknown = count(first(tx, sql::COUNT_ENDING, params![app, i64::MAX - 1, i64::MAX], |row| row.get(0))?);
    Ok(left)
}

/// Notes what was found out, where it is something else than what stands there.
pub(crate) fn note(tx: &dyn Transaction, grant: GrantId, outlook: Outlook) -> Result<(), Failed> {
    let end = |at: Timestamp| at.as_millisecond();
    let (lives_on, at) = match outlook {
        Outlook::LivesOn { until: Some(until) } => (1_i64, end(until)),
        Outlook::Ends { at } => (0, at.map_or(i64::MAX, end)),
        // It has no end of its own that anybody has to know of.
        Outlook::LivesOn { until: None } | Outlook::Over => {
            return run(tx, sql::DROP_OUTLOOK, params![grant_bytes(grant)]).map(drop);
        }
    };
    run(tx, sql::SET_OUTLOOK, params![grant_bytes(grant), lives_on, at]).map(drop)
}

/// What a statement has counted, which is a row in any case.
fn count(found: Option<i64>) -> u64 {
    found.unwrap_or(0).max(0).unsigned_abs()
}
