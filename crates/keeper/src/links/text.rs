//! Lines, columns and white space as the readers of these files count them.

use std::ops::Range;

use super::error::DocumentError;

/// One exchange: this range of the text becomes that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) at: Range<usize>,
    pub(super) with: String,
}

impl Splice {
    pub(super) fn new(at: Range<usize>, with: impl Into<String>) -> Self {
        Self { at, with: with.into() }
    }

    pub(super) fn insert(at: usize, with: impl Into<String>) -> Self {
        Self::new(at..at, with)
    }
}

/// A line: where its content begins and ends, and where the next line begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) next: usize,
}

/// The lines of a text; `\n`, `\r\n` and `\r` end one, as in Python's text mode.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let end =
            bytes[start..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |n| start + n);
        let next = match bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([_, ..]) => end + 1,
            _ => end,
        };
        found.push(Line { start, end, next });
        start = next;
    }
    found
}

/// How the lines of a text end: as its first one does.
pub(super) fn line_end(text: &str) -> &'static str {
    match lines(text).first().map(|line| &text[line.end..line.next]) {
        Some("\r\n") => "\r\n",
        Some("\r") => "\r",
        _ => "\n",
    }
}

/// What Python's `str.isspace` says; it counts four separators that Unicode's property does not.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The range without the white space at both ends.
pub(super) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let begin = part.len() - part.trim_start_matches(is_space).len();
    let length = part.trim_matches(is_space).len();
    range.start + begin..range.start + begin + length
}

/// Line and column of an offset, from one, the column in characters.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let offset = (0..=offset.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let before = &text[..offset];
    let all = lines(before);
    let open = all.last().filter(|line| line.next == line.end);
    let start = open.map_or(offset, |line| line.start);
    (all.len() + usize::from(open.is_none()), before[start..].chars().count() + 1)
}

/// A complaint about what stands at an offset.
pub(super) fn syntax(text: &str, offset: usize, reason: impl Into<String>) -> DocumentError {
    let (line, column) = position(text, offset);
    DocumentError::Syntax { line, column, reason: reason.into() }
}
