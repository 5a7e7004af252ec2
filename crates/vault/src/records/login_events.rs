//! What happened to logins: recorded by triggers in the transaction that made it true (`migrations/0011_events.sql`), numbered here.
//!
//! A row has no number before everybody sees it: of two transactions that write beside each other the one that began later may be seen first,
//! and a reader who has gone on from there would never see the other. Whoever numbers has the head's row to himself.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::ports::EventBounds;
use tokenward_core::{
    AppName, Code, Generation, GrantId, LoginEnd, LoginEvent, LoginEventKind, NumberedEvent, ProfileName, Standing,
};
use uuid::Uuid;

use super::rows::{grant_bytes, json, optional_json, optional_time, signed, text, to_json, unsigned, uuid};
use super::run_statement::{Row, Transaction, all, first, run};
use super::transaction_error::{Failed, Fault};
use super::{Records, sql};

/// A row of `outbox`.
struct Happened {
    seq: i64,
    id: Uuid,
    grant: GrantId,
    app: AppName,
    profile: Option<ProfileName>,
    generation: Generation,
    at: Option<Timestamp>,
    standing: Option<Standing>,
    end: Option<LoginEnd>,
}

impl Records {
    /// The newest number, and whether there is anything to write.
    pub(crate) fn look_at_events(&self, tx: &dyn Transaction, bounds: EventBounds) -> Result<(u64, bool), Failed> {
        let Some((newest, until)) = head(tx)? else { return Ok((0, true)) };
        let (now, age) = (self.now().as_millisecond(), millis(bounds.age));
        // Moved on before it is short, and back where the clock was set back.
        let lasts = until.saturating_sub(now);
        let is_settled = lasts >= age - age / 10 && lasts <= 2 * age;
        let has_more = first(tx, sql::HAS_OUTBOX, params![], |row| row.get(0))? == Some(true);
        Ok((newest, has_more || !is_settled))
    }

    /// Gives what has happened its numbers. Says which is the newest, and whether there is more.
    pub(crate) fn number_events(&self, tx: &dyn Transaction, bounds: EventBounds) -> Result<(u64, bool), Failed> {
        run(tx, sql::BEGIN_EVENTS, params![HEAD])?;
        let (mut newest, _) = head(tx)?.unwrap_or_default();
        let mut taken = all(tx, sql::TAKE_OUTBOX, params![AT_ONCE], |row| Ok(Happened::read(row)))?;
        let is_more = signed(taken.len() as u64) == AT_ONCE;
        taken.sort_by_key(|happened| happened.as_ref().map_or(0, |happened| happened.seq));
        // One that does not read back is told by nobody, and keeps nobody from the others.
        for event in taken.into_iter().flatten().flat_map(Happened::events) {
            newest += 1;
            run(tx, sql::ADD_EVENT, params![signed(newest), event.at.as_millisecond(), to_json(&event)?])?;
        }
        let (now, age) = (self.now().as_millisecond(), millis(bounds.age));
        run(tx, sql::SET_EVENT_HEAD, params![HEAD, signed(newest), now.saturating_add(age)])?;
        run(tx, sql::FORGET_EVENTS_BEFORE, params![now.saturating_sub(age)])?;
        run(tx, sql::FORGET_EVENTS_UP_TO, params![signed(newest.saturating_sub(bounds.count))])?;
        Ok((newest, is_more))
    }

    /// Tells of ends, each once.
    pub(crate) fn tell_ends(&self, tx: &dyn Transaction, ends: &[(GrantId, LoginEnd)]) -> Result<(), Failed> {
        let mut ends = ends.to_vec();
        // In the order of their ids, as every batch is written.
        ends.sort_unstable_by_key(|(grant, _)| *grant);
        for (grant, end) in ends {
            let (grant, end) = (grant_bytes(grant), to_json(&end)?);
            if run(tx, sql::MARK_END_TOLD, params![grant, end])? > 0 {
                run(tx, sql::TELL_END, params![grant, self.now().as_millisecond(), end])?;
            }
        }
        Ok(())
    }
}

/// The events that follow a number.
pub(crate) fn events_after(tx: &dyn Transaction, after: u64, limit: u32) -> Result<Vec<NumberedEvent>, Failed> {
    let newest = newest(tx)?;
    let after = if after > newest { 0 } else { after };
    all(tx, sql::EVENTS_AFTER, params![signed(after), limit], |row| {
        Ok(NumberedEvent { number: unsigned(row, "number")?, event: json(row, "record")? })
    })
}

/// Whether nobody has looked for so long; if so, this one does.
pub(crate) fn may_look_for_ends(tx: &dyn Transaction, every: Duration, now: Timestamp) -> Result<bool, Failed> {
    let now = now.as_millisecond();
    Ok(run(tx, sql::LOOK_FOR_ENDS, params![HEAD, now, now.saturating_sub(millis(every))])? > 0)
}

/// The newest number.
pub(crate) fn newest(tx: &dyn Transaction) -> Result<u64, Failed> {
    let newest = first(tx, sql::NEWEST_EVENT, params![HEAD], |row| unsigned(row, "newest"))?;
    Ok(newest.unwrap_or_default())
}

/// The newest number, and until when anything is recorded.
fn head(tx: &dyn Transaction) -> Result<Option<(u64, i64)>, Failed> {
    first(tx, sql::EVENT_HEAD, params![HEAD], |row| Ok((unsigned(row, "newest")?, row.get("until")?)))
}

impl Happened {
    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let profile: Option<String> = row.get("profile")?;
        Ok(Self {
            seq: row.get("seq")?,
            id: uuid(row, "id")?,
            grant: GrantId::from(uuid(row, "grant_id")?),
            app: text(row, "app")?,
            profile: profile.and_then(|profile| profile.parse().ok()),
            generation: Generation::new(unsigned(row, "generation")?),
            at: optional_time(row, "at")?,
            standing: optional_json(row, "standing")?,
            end: optional_json(row, "ends")?,
        })
    }

    /// What is told of it, in this order.
    fn events(self) -> Vec<LoginEvent> {
        let (at, kinds) = match (self.standing, self.end) {
            (Some(Standing::NeedsConsent { since, code, .. }), _) => {
                let elsewhere = (code == Code::ForeignSpender).then_some(LoginEventKind::RefreshedElsewhere { code });
                (Some(since), elsewhere.into_iter().chain([LoginEventKind::NeedsLogin { code }]).collect())
            }
            (Some(Standing::InDoubt { since, doubt, .. }), _) => {
                (Some(since), vec![LoginEventKind::OutcomeUnknown { doubt }])
            }
            (Some(_), _) => (None, Vec::new()),
            (None, Some(end)) => (self.at, vec![LoginEventKind::ExpiresSoon { end }]),
            (None, None) => (self.at, vec![LoginEventKind::Refreshed]),
        };
        let Some(at) = at else { return Vec::new() };
        // The first of two has an id beside the row's, which is as random.
        let ids = (0..kinds.len()).rev().map(|number| Uuid::from_u128(self.id.as_u128() ^ number as u128));
        let Self { grant, app, profile, generation, .. } = self;
        let told =
            |(id, kind)| LoginEvent { id, at, grant, app: app.clone(), profile: profile.clone(), generation, kind };
        ids.zip(kinds).map(told).collect()
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}

/// The one row of `event_head`.
const HEAD: i64 = 1;
/// Rows that one transaction numbers.
const AT_ONCE: i64 = 500;
