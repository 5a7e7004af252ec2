//! A failure's cause in the reader's language and time zone.
//!
//! Enters: a detail as text. Leaves: text. A detail that no template of the catalogue knows stays as it came: better in English than not at
//! all.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Lang, in_zone};

impl Lang {
    /// A detail in this language.
    pub(crate) fn detail(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::En => Cow::Borrowed(text),
            Self::Zh => tokenward_words::detail_in_chinese(text).map_or(Cow::Borrowed(text), Cow::Owned),
        }
    }
}

/// The same with its moments, which the engine gives in UTC (`told_moment`), in a zone.
pub(crate) fn in_local_time(text: &str, zone: &TimeZone) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find(" UTC") {
        let start = (0..=end).rev().nth(MOMENT.len()).filter(|&start| rest.is_char_boundary(start));
        let found = start.and_then(|start| Some((start, DateTime::strptime(FORMAT, &rest[start..end]).ok()?)));
        let found = found.and_then(|(start, at)| Some((start, at.to_zoned(TimeZone::UTC).ok()?.timestamp())));
        match found {
            Some((start, at)) => {
                told.push_str(&rest[..start]);
                told.push_str(&in_zone(at, zone, FORMAT));
            }
            None => told.push_str(&rest[..end + " UTC".len()]),
        }
        rest = &rest[end + " UTC".len()..];
    }
    told + rest
}

/// As `told_moment` writes it.
const MOMENT: &str = "2026-11-20 11:29:57";
const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_shown_in_the_zone() {
        let beijing = TimeZone::fixed(jiff::tz::offset(8));
        for (said, told) in [
            (
                "since 2026-11-29 05:29:41 UTC, provider code 20064",
                "since 2026-11-29 13:29:41 +08:00, provider code 20064",
            ),
            (
                "at 2026-11-29 23:29:41 UTC; until 2026-11-30 00:00:00 UTC",
                "at 2026-11-30 07:29:41 +08:00; until 2026-11-30 08:00:00 +08:00",
            ),
            ("times in UTC are not 日本 UTC", "times in UTC are not 日本 UTC"),
            ("日本日本日本日 UTC", "日本日本日本日 UTC"),
            (" UTC", " UTC"),
        ] {
            assert_eq!(in_local_time(said, &beijing), told);
            assert_eq!(in_local_time(said, &TimeZone::UTC), said);
        }
    }
}
