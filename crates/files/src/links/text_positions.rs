//! Lines, columns and white space as the readers of these files count them.

use std::ops::Range;

use zeroize::Zeroizing;

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

/// A text as a file spells it: each of its characters, with the bytes that stand for it.
#[derive(Debug, Default)]
pub(super) struct Spelled {
    chars: Vec<(char, Range<usize>)>,
    /// Where one more character would stand.
    end: usize,
}

impl Spelled {
    /// A text that ends at an offset, with nothing in it yet.
    pub(super) const fn until(end: usize) -> Self {
        Self { chars: Vec::new(), end }
    }

    /// A text that is spelled as it is.
    pub(super) fn plain(text: &str, at: Range<usize>) -> Self {
        let chars = text[at.clone()].char_indices().map(|(index, c)| {
            let start = at.start + index;
            (c, start..start + c.len_utf8())
        });
        Self { chars: chars.collect(), end: at.end }
    }

    pub(super) fn push(&mut self, c: char, at: Range<usize>) {
        self.chars.push((c, at));
    }

    /// What it says.
    pub(super) fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.chars.iter().map(|(c, _)| *c).collect())
    }

    /// The one exchange after which it says something else: the words that differ, and nothing before or behind them. Gives where
    /// it is, and what is to be said there; `None` where it says that already.
    pub(super) fn differs<'a>(&self, new: &'a str) -> Option<(Range<usize>, &'a str)> {
        let new_chars: Vec<(usize, char)> = new.char_indices().collect();
        let old = |index: usize| self.chars[index].0;
        let shorter = self.chars.len().min(new_chars.len());
        let mut before = (0..shorter).take_while(|&index| old(index) == new_chars[index].1).count();
        if before == self.chars.len() && before == new_chars.len() {
            return None;
        }
        // A word is said anew as a whole, in one spelling.
        while before > 0 && is_of_word(old(before - 1)) {
            before -= 1;
        }
        let back = |index: usize| self.chars[self.chars.len() - 1 - index].0;
        let mut behind =
            (0..shorter - before).take_while(|&index| back(index) == new_chars[new_chars.len() - 1 - index].1).count();
        while behind > 0 && is_of_word(back(behind - 1)) {
            behind -= 1;
        }
        let start = self.chars.get(before).map_or(self.end, |(_, at)| at.start);
        let last = self.chars.len() - behind;
        let end = if last == before { start } else { self.chars[last - 1].1.end };
        let byte = |index: usize| new_chars.get(index).map_or(new.len(), |(at, _)| *at);
        Some((start..end, &new[byte(before)..byte(new_chars.len() - behind)]))
    }

    /// The same, word by word: each word that differs, where nothing else does. `None` where words came or went.
    pub(super) fn words_that_differ<'a>(&self, new: &'a str) -> Option<Vec<(Range<usize>, &'a str)>> {
        let old_text = self.text();
        let (old, new_runs) = (runs(&old_text), runs(new));
        let is_alike = |(old, run): (&Range<usize>, &Range<usize>)| {
            let (old, new) = (&old_text[old.clone()], &new[run.clone()]);
            old == new || old.starts_with(is_of_word) && new.starts_with(is_of_word)
        };
        if old.len() != new_runs.len() || !old.iter().zip(&new_runs).all(is_alike) {
            return None;
        }
        let mut found = Vec::new();
        let mut first = 0;
        for (old, new_run) in old.iter().zip(&new_runs) {
            let count = old_text[old.clone()].chars().count();
            let spelled = &self.chars[first..first + count];
            first += count;
            if old_text[old.clone()] != new[new_run.clone()]
                && let (Some((_, start)), Some((_, end))) = (spelled.first(), spelled.last())
            {
                found.push((start.start..end.end, &new[new_run.clone()]));
            }
        }
        Some(found)
    }
}

/// The words of a text and what stands between them, in turn.
fn runs(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut was_word = None;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        match found.last_mut().filter(|_| was_word == Some(is_of_word(c))) {
            Some(last) => last.end = end,
            None => found.push(at..end),
        }
        was_word = Some(is_of_word(c));
    }
    found
}

/// What tokens are made of, as far as all servers agree (RFC 3986 §2.3).
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | '~')
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
