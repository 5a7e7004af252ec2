//! What a page shows when the work on it stopped.
//!
//! Enters: the record. Leaves: what of the old content and how much of the new one stands there, so that a person knows
//! what readers see without opening it.

use crate::store::{Content, Record};

/// What a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What stood there before.
    pub old: Old,
    /// How many blocks of the new content stand there.
    pub blocks: usize,
    /// How many there will be; zero as long as that is not known.
    pub of: usize,
    /// Pictures that are still missing.
    pub pictures: usize,
    /// Whether an answer was lost, so that one step more may have been done.
    pub perhaps_more: bool,
}

/// What stands of an earlier content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// There is none.
    None,
    /// All of it, above the new one.
    Whole,
    /// Some of it, above the new one.
    Rest,
}

impl Standing {
    /// As the record says.
    pub(crate) fn of(record: &Record, in_doubt: bool) -> Self {
        let plain = |old| Self { old, blocks: 0, of: 0, pictures: 0, perhaps_more: false };
        match &record.content {
            Content::Nothing => plain(Old::None),
            Content::Whole { .. } | Content::Old { .. } => plain(Old::Whole),
            Content::Some(progress) => Self {
                old: match (progress.old.is_empty(), progress.removed) {
                    (true, _) => Old::None,
                    (false, 0) => Old::Whole,
                    (false, _) => Old::Rest,
                },
                blocks: progress.blocks,
                of: progress.of,
                pictures: progress.pictures.saturating_sub(progress.placed.len()),
                perhaps_more: in_doubt,
            },
        }
    }
}
