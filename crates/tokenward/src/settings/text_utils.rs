//! Small things about text: the nearest name, spans of time, and places in a file.

use std::time::Duration;

use tokenward_core::masking;

/// The known name nearest to one that is not known, if it is near enough to be meant.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let reach = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::levenshtein(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= reach)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Reads a span of time as people write it: `90s`, `10m`, `1h30m`, `2d`; a bare number means seconds. `None` for what is
/// none, or is longer than a century: more than any token lives and less than any date arithmetic minds.
pub fn parse_span(text: &str) -> Option<Duration> {
    if text.is_empty() {
        return None;
    }
    let mut total = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let unit = rest.chars().next();
        let seconds = match unit {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some(_) => return None,
        };
        rest = &rest[unit.map_or(0, char::len_utf8)..];
        total = total.checked_add(number.checked_mul(seconds)?)?;
    }
    (total <= 36_525 * 86_400).then(|| Duration::from_secs(total))
}

/// Where the lines of a text begin, found once: a place is then found without looking at the text again.
pub(super) struct Lines<'a> {
    text: &'a str,
    begins: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        looked(text.len());
        Self { text, begins: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    /// The line of a byte, from one.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.begins.partition_point(|begin| *begin <= offset.min(self.text.len()))
    }

    /// The line and the column of a byte, both from one; columns count characters.
    pub(super) fn place(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let line = self.line(offset);
        let before = &self.text.as_bytes()[self.begins[line - 1]..offset];
        looked(before.len());
        (line, String::from_utf8_lossy(before).chars().count() + 1)
    }
}

/// Counts the bytes that were looked at, for the test that says how many may be.
fn looked(bytes: usize) {
    #[cfg(test)]
    LOOKED.set(LOOKED.get() + bytes);
    #[cfg(not(test))]
    let _ = bytes;
}

#[cfg(test)]
std::thread_local! {
    pub(super) static LOOKED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A line of a configuration, fit to be shown: the value behind `=` is shown only for keys that are known to hold
/// no secret (I4). A person sees at least which key it was.
pub(super) fn shown(text: &str, line: usize, harmless: &[&str]) -> String {
    let line = text.lines().nth(line - 1).unwrap_or_default().trim();
    let whole = match line.split_once('=') {
        Some((key, value)) => harmless.contains(&key.trim()) && !value.to_lowercase().contains("secret"),
        None => line.starts_with('[') || line.starts_with('#'),
    };
    let kept = if whole { line } else { line.split_once('=').map_or("", |(key, _)| key) };
    let mut kept: String = kept.chars().take(LONGEST).collect();
    if kept.len() < line.len() {
        let separator = if whole || kept.is_empty() { "" } else { "= " };
        kept.push_str(separator);
        kept.push('…');
    }
    masking::address(&kept).into_owned()
}

const LONGEST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognized_and_a_stranger_is_not() {
        assert_eq!(nearest("app_di", ["provider", "app_id"]), Some("app_id"));
        assert_eq!(nearest("WORK", ["work"]), Some("work"));
        assert_eq!(nearest("colour", ["provider", "app_id"]), None);
        assert_eq!(nearest("", ["provider"]), None);
    }

    #[test]
    fn a_place_counts_characters_and_survives_any_offset() {
        assert_eq!(Lines::of("a\n名字 x").place(2 + 6), (2, 3));
        assert_eq!(Lines::of("a").place(99), (1, 2));
        assert_eq!(Lines::of("a\n名").place(3), (2, 2));
        assert_eq!(Lines::of("").place(0), (1, 1));
        assert_eq!(Lines::of("\n\n").place(2), (3, 1));
    }

    #[test]
    fn a_line_is_shown_without_what_may_be_a_secret() {
        let harmless = ["app_id"];
        assert_eq!(shown("x\n  app_id = cli_1", 2, &harmless), "app_id = cli_1");
        assert_eq!(shown("app_secret = \"s3", 1, &harmless), "app_secret = …");
        assert_eq!(shown("app_id = \"x\" app_secret = \"s3\"", 1, &harmless), "app_id = …");
        assert_eq!(shown("[apps.work", 1, &harmless), "[apps.work");
        assert_eq!(shown("s3cret", 1, &harmless), "…");
        assert_eq!(shown("", 7, &harmless), "");
    }
}
