//! Which logins are due, and how many exchanges may begin. Nothing here is a lock: who is given a row has it for a time, and the turn takes a
//! lease of its own.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::GrantId;
use tokenward_core::ports::{BudgetShare, DueClaim, DueGrant, DueMark, HotMark, Pace};

use super::rows::{grant_bytes, uuid};
use super::run_statement::{Row, Transaction, all, first, run};
use super::transaction_error::{Failed, damaged};
use super::{Records, outlooks, sql};

impl Records {
    pub(crate) fn claim_due(&self, tx: &dyn Transaction, app: &str, claim: DueClaim) -> Result<Vec<DueGrant>, Failed> {
        let now = self.now().as_millisecond();
        let until = now.saturating_add(millis(claim.ttl));
        let claimed_until = Timestamp::from_millisecond(until).map_err(|_| damaged("the clock"))?;
        let read = |row: &Row<'_>| {
            let hot: i64 = row.get("hot")?;
            let hot_until = (hot > 0).then(|| Timestamp::from_millisecond(hot).ok()).flatten();
            Ok(DueGrant { grant: GrantId::from(uuid(row, 0)?), claimed_until, hot_until })
        };
        let ending = now.saturating_add(millis(claim.horizon));
        let limit = i64::from(claim.limit);
        let mut found = all(tx, sql::CLAIM_ENDING, params![app, now, until, ending, limit], read)?;
        let left = limit.saturating_sub(i64::try_from(found.len()).unwrap_or(limit));
        if left > 0 {
            found.extend(all(tx, sql::CLAIM_DUE, params![app, now, until, left], read)?);
        }
        Ok(found)
    }

    pub(crate) fn due_since(&self, tx: &dyn Transaction, app: &str) -> Result<Option<Timestamp>, Failed> {
        let now = self.now().as_millisecond();
        let since: Option<Option<i64>> = first(tx, sql::DUE_SINCE, params![app, now], |row| row.get(0))?;
        Ok(since.flatten().and_then(|at| Timestamp::from_millisecond(at).ok()))
    }

    /// A generic cell rate algorithm: exchanges are booked one interval apart, and the bookings may run ahead of the clock by the burst.
    pub(crate) fn take_budget(
        &self,
        tx: &dyn Transaction,
        app: &str,
        pace: Pace,
        (used, asked): (u32, u32),
    ) -> Result<BudgetShare, Failed> {
        run(tx, sql::BEGIN_BUDGET, params![app])?;
        let booked: i64 = first(tx, sql::BUDGET, params![app], |row| row.get(0))?.unwrap_or(0);
        let now = self.now().as_microsecond();
        let interval = micros(pace.interval).max(1);
        // Bookings that nobody could have made show a clock that was set back.
        let furthest = now.saturating_add(interval.saturating_mul(FURTHEST));
        let booked = if booked > furthest { now } else { booked.max(now) };
        let booked = booked.saturating_add(interval.saturating_mul(used.into()));
        let room = now.saturating_add(interval.saturating_mul(pace.burst.into())).saturating_sub(booked);
        let granted = u32::try_from((room / interval).max(0)).unwrap_or(u32::MAX).min(asked);
        let booked = booked.saturating_add(interval.saturating_mul(granted.into()));
        run(tx, sql::BOOK, params![app, booked])?;
        let next =
            booked.saturating_sub(now.saturating_add(interval.saturating_mul(pace.burst.saturating_sub(1).into())));
        let wait = if granted < asked { Duration::from_micros(next.max(1).unsigned_abs()) } else { Duration::ZERO };
        Ok(BudgetShare { granted, wait })
    }
}

/// In the order of their ids, as every batch is written: two of them never wait for each other.
pub(crate) fn set_due(tx: &dyn Transaction, mut marks: Vec<DueMark>) -> Result<(), Failed> {
    marks.sort_unstable_by_key(|mark| mark.claim.grant);
    for mark in marks {
        let (at, ends) = (moment(mark.at), moment(mark.ends));
        let DueGrant { grant, claimed_until, hot_until } = mark.claim;
        let hot = hot_until.map_or(0, Timestamp::as_millisecond);
        run(tx, sql::SET_DUE, params![grant_bytes(grant), claimed_until.as_millisecond(), at, ends, hot])?;
        outlooks::note(tx, grant, mark.outlook)?;
    }
    Ok(())
}

pub(crate) fn mark_hot(tx: &dyn Transaction, mut marks: Vec<HotMark>) -> Result<(), Failed> {
    marks.sort_unstable_by_key(|mark| mark.grant);
    for HotMark { grant, until, at } in marks {
        run(tx, sql::MARK_HOT, params![grant_bytes(grant), until.as_millisecond(), at.as_millisecond()])?;
    }
    Ok(())
}

fn moment(at: Option<Timestamp>) -> i64 {
    at.map_or(i64::MAX, Timestamp::as_millisecond)
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// So many intervals ahead of the clock nobody books: foreground exchanges are booked without asking, and there are not that many.
const FURTHEST: i64 = 100_000;
