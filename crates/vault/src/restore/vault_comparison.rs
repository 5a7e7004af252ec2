//! What becomes of each login when another vault takes the present one's place: both read, nothing changed.
//!
//! Each refresh uses the refresh token up that was there before. So of one login in two vaults the one with fewer refreshes is dead, as
//! soon as both stem from one line; where each was refreshed since they parted, neither is known to live.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;
use tokenward_core::ports::StoreError;
use tokenward_core::{AppName, Generation, GrantId, ProfileName, Standing, Subject};

use super::api_keys_and_audit_trail::ServerPlan;
use super::blocking_call::waiting;
use super::unopened_vault;
use crate::folder::Folder;
use crate::records::rows::GrantRow;
use crate::records::run_statement::Row;
use crate::sqlite::transaction_error::from_sql;
use crate::sqlite::{connect, statements as sql};

/// What a restore would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Every login of either vault, by profile; those without a profile last. Those that were logged out are left away.
    pub logins: Vec<Login>,
    /// Why the present vault could not be read, where there is one: what it holds is not in `logins`.
    pub unread: Option<String>,
    /// How many logins do not read back, of the present vault and of the coming one.
    pub damaged: (usize, usize),
    /// What becomes of a server's API keys and of the audit trail.
    pub server: ServerPlan,
}

/// What becomes of one login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Its profile, if it has one.
    pub profile: Option<ProfileName>,
    /// Its app.
    pub app: AppName,
    /// Its user's name or id, if known.
    pub user: Option<String>,
    /// As it stands in the present vault.
    pub here: Option<LoginState>,
    /// As it stands in the coming one.
    pub coming: Option<LoginState>,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// A login in one vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginState {
    /// How often it was refreshed, and one.
    pub generation: Generation,
    /// When it was refreshed last, or made.
    pub at: Timestamp,
    /// Whether it is over, and a person has to log in.
    pub over: bool,
}

/// What becomes of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: both vaults hold the same of it.
    Same,
    /// The one here was refreshed since: the coming one's refresh token is used up.
    Ends,
    /// The coming one was refreshed since: it is the one that lives.
    Revives,
    /// Each was refreshed since they parted; which one lives cannot be told.
    Apart,
    /// Under this name there is another login in each.
    Another,
    /// Only the coming vault has it.
    Comes,
    /// Only the present vault has it.
    Leaves,
}

impl Plan {
    /// Whether a login that may live now would no longer be there, or be dead, or cannot be looked at.
    pub fn costs(&self) -> bool {
        self.is_partial() || self.logins.iter().any(Login::costs)
    }

    /// Whether the present vault holds logins of which nothing can be told.
    pub fn is_partial(&self) -> bool {
        self.unread.is_some() || self.damaged.0 > 0
    }

    /// Reads both vaults. One that cannot be read is said to be so, and holds nothing up: a restore is what mends it.
    pub(super) async fn of(present: &Folder, coming: &Folder) -> Self {
        let read = |folder: &Folder| {
            let folder = folder.clone();
            async move { waiting(&folder.database(), move || rows(&folder)).await? }
        };
        let (here, unread) = match read(present).await {
            Ok(found) => (found, None),
            Err(error) => (Rows::default(), Some(error.to_string())),
        };
        // It was put together a moment ago, or opened; should it not read now, nothing of it can be told.
        let there = read(coming).await.unwrap_or_default();
        let damaged = (here.damaged, there.damaged);
        let (one, other) = (present.clone(), coming.clone());
        let server = waiting(&present.database(), move || ServerPlan::of(&one, &other)).await;
        let server =
            server.unwrap_or_else(|error| ServerPlan { unread: Some(error.to_string()), ..ServerPlan::default() });
        Self { logins: compared(&here.whole, &there.whole), unread, damaged, server }
    }
}

#[derive(Default)]
struct Rows {
    whole: Vec<GrantRow>,
    damaged: usize,
}

/// The logins of a vault that is not open.
fn rows(folder: &Folder) -> Result<Rows, StoreError> {
    let database = folder.database();
    let Some(connection) = unopened_vault::reading(folder)? else { return Ok(Rows::default()) };
    let read = grants(&connection, &database);
    connection.close().map_err(|(_, error)| from_sql(&database, &error))?;
    read
}

fn grants(connection: &Connection, database: &Path) -> Result<Rows, StoreError> {
    let at = |error: rusqlite::Error| from_sql(database, &error);
    let found = connect::header(connection).map_err(at)?;
    if found.schema != connect::SCHEMA {
        let reason = format!("its schema is {}, and this version compares {}", found.schema, connect::SCHEMA);
        return Err(StoreError::unreadable(database.display(), reason));
    }
    let mut prepared = connection.prepare(sql::GRANTS).map_err(at)?;
    let mut all = prepared.query([]).map_err(at)?;
    let mut rows = Rows::default();
    while let Some(row) = all.next().map_err(at)? {
        match GrantRow::read(&Row::Sqlite(row)) {
            Ok(row) if row.retired() => {}
            Ok(row) => rows.whole.push(row),
            Err(_) => rows.damaged += 1,
        }
    }
    Ok(rows)
}

/// Pairs the logins of two vaults: by name, and where there is none by their ids.
fn compared(here: &[GrantRow], coming: &[GrantRow]) -> Vec<Login> {
    type Place = (bool, Option<ProfileName>, Option<GrantId>);
    let place = |row: &GrantRow| -> Place {
        (row.profile.is_none(), row.profile.clone(), row.profile.is_none().then_some(row.id))
    };
    let by_place =
        |rows: &[GrantRow]| -> BTreeMap<Place, GrantRow> { rows.iter().map(|row| (place(row), row.clone())).collect() };
    let (ours, theirs) = (by_place(here), by_place(coming));
    let places: BTreeSet<&Place> = ours.keys().chain(theirs.keys()).collect();
    places
        .into_iter()
        .filter_map(|place| {
            let (one, other) = (ours.get(place), theirs.get(place));
            let shown = one.or(other)?;
            Some(Login {
                profile: shown.profile.clone(),
                app: shown.app.clone(),
                user: shown.subject.as_ref().map(|Subject { id, name, .. }| name.clone().unwrap_or_else(|| id.clone())),
                here: one.map(LoginState::of),
                coming: other.map(LoginState::of),
                verdict: verdict(one, other),
            })
        })
        .collect()
}

fn verdict(here: Option<&GrantRow>, coming: Option<&GrantRow>) -> Verdict {
    let (here, coming) = match (here, coming) {
        (None, _) => return Verdict::Comes,
        (Some(_), None) => return Verdict::Leaves,
        (Some(here), Some(coming)) => (here, coming),
    };
    if here.id != coming.id {
        return Verdict::Another;
    }
    match (here.generation.cmp(&coming.generation), here.rotated_at.cmp(&coming.rotated_at)) {
        (std::cmp::Ordering::Equal, std::cmp::Ordering::Equal) => Verdict::Same,
        (std::cmp::Ordering::Greater, std::cmp::Ordering::Greater | std::cmp::Ordering::Equal) => Verdict::Ends,
        (std::cmp::Ordering::Less, std::cmp::Ordering::Less | std::cmp::Ordering::Equal) => Verdict::Revives,
        _ => Verdict::Apart,
    }
}

impl Login {
    /// Whether it may live now, and would no longer be there, or be dead.
    pub fn costs(&self) -> bool {
        let lives = self.here.is_some_and(|here| !here.over);
        match self.verdict {
            Verdict::Ends | Verdict::Apart | Verdict::Another | Verdict::Leaves => lives,
            Verdict::Same | Verdict::Revives | Verdict::Comes => false,
        }
    }
}

impl LoginState {
    fn of(row: &GrantRow) -> Self {
        let over = matches!(row.standing, Standing::NeedsConsent { .. });
        Self { generation: row.generation, at: row.rotated_at, over }
    }
}
