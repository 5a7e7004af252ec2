//! Whose tokens are being read on this node, and which exchanges were begun for callers. It is told on the way of a read, which waits for
//! nothing here; a crash costs a login its warmth until somebody reads it again.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::HotMark;
use tokenward_core::{AppName, Generation, GrantId};

#[derive(Debug, Clone, Copy)]
struct Seen {
    until: Timestamp,
    generation: Generation,
}

/// A token that was handed out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenRead<'a> {
    pub(crate) grant: GrantId,
    pub(crate) app: &'a AppName,
    pub(crate) generation: Generation,
    /// When the token is due to be refreshed.
    pub(crate) due: Timestamp,
    /// Whether it was refreshed for this read, or for one beside it.
    pub(crate) is_refreshed: bool,
}

/// The readers of this node.
#[derive(Debug, Default)]
pub(super) struct Readers {
    seen: HashMap<GrantId, Seen>,
    marks: Vec<HotMark>,
    exchanges: HashMap<AppName, u32>,
}

impl Readers {
    /// Told once a half of the time for which a read counts: what is in the store is then never about to end while somebody reads.
    pub(super) fn read(&mut self, read: TokenRead<'_>, hot_for: Duration, now: Timestamp) {
        let before = self.seen.get(&read.grant).copied();
        // Of all who have waited for one exchange, one counts it.
        if read.is_refreshed && before.is_none_or(|before| before.generation < read.generation) {
            *self.exchanges.entry(read.app.clone()).or_default() += 1;
        }
        let (until, half) = (now.checked_add(hot_for), now.checked_add(hot_for / 2));
        let (Ok(until), Ok(half)) = (until, half) else { return };
        let is_marked = before.is_some_and(|before| before.until > half);
        if !is_marked && self.marks.len() < MOST_MARKS {
            self.marks.push(HotMark { grant: read.grant, until, at: read.due });
        }
        let until = before.filter(|_| is_marked).map_or(until, |before| before.until);
        self.seen.insert(read.grant, Seen { until, generation: read.generation });
    }

    /// What is to be told to the store. Whoever is not read any more is forgotten.
    pub(super) fn marks(&mut self, now: Timestamp) -> Vec<HotMark> {
        if !self.marks.is_empty() {
            self.seen.retain(|_, seen| seen.until > now);
        }
        std::mem::take(&mut self.marks)
    }

    /// These could not be told: they are tried again with what comes meanwhile.
    pub(super) fn marks_back(&mut self, mut marks: Vec<HotMark>) {
        marks.append(&mut self.marks);
        marks.truncate(MOST_MARKS);
        self.marks = marks;
    }

    /// How many exchanges of an app were begun for callers since this was asked last.
    pub(super) fn exchanges(&mut self, app: &AppName) -> u32 {
        self.exchanges.remove(app).unwrap_or_default()
    }
}

/// So many wait for the store at most.
const MOST_MARKS: usize = 10_000;
