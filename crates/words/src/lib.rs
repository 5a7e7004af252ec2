//! What is said of an error and of a notice, in English and Simplified Chinese: what happened, what was kept, what to do next.
//!
//! Enters: a code, a provider's remedy, what was kept, the cause as the engine gives it, a notice, an error of the settings. Leaves: both sentences. The command, the
//! server's pages and the Python package say the same of one error, so the sentences stand here and nowhere else (design/0009-errors-once.md). Nothing here opens, sends or
//! decides anything, and no secret comes near it (I4).

mod codes;
mod detail_translation;
mod kept;
mod language;
mod notices;
mod pages;
mod remedies;
mod response_warnings;
mod sentences;
mod settings_errors;
mod shell_word;
mod standing;
mod time;

pub use codes::{all as codes, happened, next_in_console, next_step, told_by_us};
pub use detail_translation::in_chinese as detail_in_chinese;
pub use kept::kept;
pub use language::reads_chinese;
pub use notices::{Language, SENTENCES as NOTICE_SENTENCES, is_gone, is_whole};
pub use pages::SENTENCES as PAGE_SENTENCES;
pub use remedies::{all as remedies, remedy};
pub use response_warnings::{all as oddities, oddity};
pub use shell_word::quoted;
pub use standing::{all as standings, doubt, status};
pub use time::SENTENCES as TIME_SENTENCES;

use tokenward_core::Words;

/// A sentence in both languages.
const fn w(en: &'static str, zh: &'static str) -> Words {
    Words { en, zh }
}
