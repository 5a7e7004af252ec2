//! `.env` files, as `python-dotenv` reads them, written so that other readers read the same.
//!
//! A name, perhaps after `export`, perhaps in single quotes; `=`; a value that is bare, in `'…'` or in `"…"`, where
//! quoted ones may go over several lines and know backslash escapes; a comment after white space. The readers of this
//! loose format (python-dotenv, dotenv for Node.js, Docker's and Compose's, shells) agree on the last of several lines of
//! one name (a name alone takes the value away again for python-dotenv and Docker), and disagree about backslashes, quotes inside quotes and `$`: a value with one of those is not written.
//! Source: python-dotenv 1.0, `parser.py` and `main.py`, and each tool's documentation, read 2026-11.

use std::ops::Range;

use super::error::{DocumentError, unwritable};
use super::text_positions::{Spelled, Splice, is_space, line_end, syntax};
use tokenward_core::Place;

/// One name.
struct Entry<'a> {
    name: &'a str,
    /// Where its value stands, with its quotes, and which those are; `None` behind a name without `=`.
    value: Option<(Range<usize>, Option<char>)>,
}

pub(super) fn check(text: &str) -> Result<(), DocumentError> {
    Reader { text, at: 0 }.entries().map(|_| ())
}

pub(super) fn read(text: &str, name: &str) -> Result<Option<String>, DocumentError> {
    let entries = Reader { text, at: 0 }.entries()?;
    let last = entries.iter().rev().find(|entry| entry.name == name);
    Ok(last.and_then(|entry| entry.value.as_ref()).map(|(at, quote)| said(text, at, *quote)))
}

/// Every value of a name, and where it begins.
pub(super) fn occurrences(text: &str, name: &str) -> Result<Vec<(usize, String)>, DocumentError> {
    let entries = Reader { text, at: 0 }.entries()?;
    let own = entries.iter().filter(|entry| entry.name == name).filter_map(|entry| entry.value.as_ref());
    Ok(own.map(|(at, quote)| (at.start, said(text, at, *quote))).collect())
}

/// Whether every value of a name stands in quotes.
pub(super) fn is_quoted(text: &str, name: &str) -> bool {
    let entries = Reader { text, at: 0 }.entries().unwrap_or_default();
    let mut values = entries.iter().filter(|entry| entry.name == name).filter_map(|entry| entry.value.as_ref());
    values.all(|(_, quote)| quote.is_some())
}

/// Every variable with its value, in their order; the last of several lines of one name.
pub(super) fn all(text: &str) -> Vec<(String, String)> {
    let entries = Reader { text, at: 0 }.entries().unwrap_or_default();
    let mut last = std::collections::BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        last.insert(entry.name, index);
    }
    let is_last = |(index, entry): &(usize, &Entry<'_>)| last.get(entry.name) == Some(index);
    let named = |(_, entry): (usize, &Entry<'_>)| {
        let (at, quote) = entry.value.as_ref()?;
        Some((entry.name.to_owned(), said(text, at, *quote)))
    };
    entries.iter().enumerate().filter(is_last).filter_map(named).collect()
}

pub(super) fn names(text: &str) -> Vec<String> {
    let entries = Reader { text, at: 0 }.entries().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.value.is_some()) {
        if !names.iter().any(|name| name == entry.name) {
            names.push(entry.name.to_owned());
        }
    }
    names
}

/// Every name, those without a value too.
pub(super) fn every_name(text: &str) -> Vec<String> {
    let entries = Reader { text, at: 0 }.entries().unwrap_or_default();
    entries.into_iter().map(|entry| entry.name.to_owned()).collect()
}

pub(super) fn write(text: &str, name: &str, value: &str) -> Result<Vec<Splice>, DocumentError> {
    let place = Place::Dotenv { name: name.to_owned() };
    let is_plain = |words: &str| words.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@%+,=~".contains(c));
    let is_disputed =
        |words: &str| words.contains(|c: char| c.is_control() || matches!(c, '\'' | '"' | '\\' | '`' | '$'));
    let disputed = || unwritable(&place, "readers disagree about quotes, backslashes, $ and line breaks in a value");
    let whole = |quote: Option<char>| match quote {
        _ if is_disputed(value) => Err(disputed()),
        None if is_plain(value) => Ok(value.to_owned()),
        quote => {
            let quote = quote.unwrap_or('\'');
            Ok(format!("{quote}{value}{quote}"))
        }
    };
    // What stands around a token keeps its spelling, whatever readers make of it.
    let exchange = |at: &Range<usize>, quote: Option<char>| {
        let old = match quote {
            Some(quote) => spelled(text, at.start + 1..at.end - 1, quote),
            None => Spelled::plain(text, at.clone()),
        };
        // Two tokens in one value: what stands between them is no business of ours.
        if let Some(words) = old.words_that_differ(value)
            && words.iter().all(|(_, word)| quote.is_some() || is_plain(word))
        {
            return Ok(words.into_iter().map(|(part, word)| Splice::new(part, word)).collect());
        }
        match old.differs(value) {
            None => Ok(Vec::new()),
            Some((_, words)) if is_disputed(words) => Err(disputed()),
            Some((part, words)) if quote.is_some() || is_plain(words) => Ok(vec![Splice::new(part, words)]),
            Some(_) => Ok(vec![Splice::new(at.clone(), whole(None)?)]),
        }
    };
    let entries = Reader { text, at: 0 }.entries()?;
    let found: Vec<_> = entries.iter().filter(|entry| entry.name == name).collect();
    let mut splices = Vec::new();
    for (at, quote) in found.iter().filter_map(|entry| entry.value.as_ref()) {
        splices.extend(exchange(at, *quote)?);
    }
    if found.last().is_some_and(|entry| entry.value.is_some()) {
        return Ok(splices);
    }
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(unwritable(&place, "a new variable needs a name of letters, digits and _"));
    }
    let (line, end) = (format!("{name}={}", whole(None)?), line_end(text));
    let open = !text.is_empty() && !text.ends_with(['\n', '\r']);
    // A last line without an end stays the one without.
    splices.push(Splice::insert(text.len(), if open { format!("{end}{line}") } else { format!("{line}{end}") }));
    Ok(splices)
}

/// Goes through the text once, from assignment to assignment.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn entries(mut self) -> Result<Vec<Entry<'a>>, DocumentError> {
        let mut entries = Vec::new();
        loop {
            self.skip(is_space);
            if self.peek().is_none() {
                return Ok(entries);
            }
            if self.peek() != Some('#') {
                entries.push(self.entry()?);
                self.skip(is_blank);
            }
            if self.peek() == Some('#') {
                self.skip(|c| !is_end(c));
            }
            if self.peek().is_some_and(|c| !is_end(c)) {
                return Err(self.wrong("only a comment preceded by white space may follow here"));
            }
        }
    }

    /// A name and its value.
    fn entry(&mut self) -> Result<Entry<'a>, DocumentError> {
        if let Some(rest) = self.rest().strip_prefix("export")
            && rest.starts_with(is_blank)
        {
            self.at += "export".len();
            self.skip(is_blank);
        }
        let name = self.name()?;
        self.skip(is_blank);
        if self.peek() != Some('=') {
            return Ok(Entry { name, value: None });
        }
        self.at += 1;
        let behind = self.at;
        self.skip(is_blank);
        let start = self.at;
        let quote = self.peek().filter(|c| matches!(c, '\'' | '"'));
        match quote {
            Some(quote) => self.quoted(quote)?,
            None => self.bare(behind),
        }
        let at = if self.at == start && quote.is_none() { behind..behind } else { start..self.at };
        Ok(Entry { name, value: Some((at, quote)) })
    }

    fn name(&mut self) -> Result<&'a str, DocumentError> {
        let start = self.at;
        if self.peek() == Some('\'') {
            let inner = &self.rest()[1..];
            let end = inner.find('\'').filter(|&end| end > 0 && !inner[..end].contains(is_end));
            let end = end.ok_or_else(|| self.wrong("this quoted name is not closed"))?;
            self.at += end + 2;
            return Ok(&inner[..end]);
        }
        self.skip(|c| !is_space(c) && !matches!(c, '=' | '#'));
        if self.at == start { Err(self.wrong("a name is missing here")) } else { Ok(&self.text[start..self.at]) }
    }

    /// To the closing quote; a backslash takes the character behind it along.
    fn quoted(&mut self, quote: char) -> Result<(), DocumentError> {
        let mut escaped = false;
        let length = self.rest()[1..].find(|c: char| {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let length = length.ok_or_else(|| self.wrong("this quote is not closed"))?;
        self.at += length + 2;
        Ok(())
    }

    /// To the white space before a comment, or before the line's end. A `#` right behind `=` and white space is taken
    /// for a comment, as Docker Compose and Node.js take it; python-dotenv alone would read it as the value.
    fn bare(&mut self, behind: usize) {
        let line = self.rest();
        let line = &line[..line.find(is_end).unwrap_or(line.len())];
        if self.at > behind && line.starts_with('#') {
            return;
        }
        let comment = line.match_indices('#').map(|(at, _)| at).find(|&at| line[..at].ends_with(is_space));
        self.at += line[..comment.unwrap_or(line.len())].trim_end_matches(is_space).len();
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !skipped(c)).unwrap_or(rest.len());
    }

    fn wrong(&self, reason: &str) -> DocumentError {
        syntax(self.text, self.at, reason)
    }
}

/// What a value says.
fn said(text: &str, at: &Range<usize>, quote: Option<char>) -> String {
    match quote {
        None => text[at.clone()].to_owned(),
        Some(quote) => spelled(text, at.start + 1..at.end - 1, quote).text().as_str().to_owned(),
    }
}

/// python-dotenv's escapes: all of C's in double quotes, backslash and quote in single ones; others stay as they are.
fn spelled(text: &str, at: Range<usize>, quote: char) -> Spelled {
    let mut value = Spelled::until(at.end);
    let mut chars = text[at.clone()].char_indices().map(|(index, c)| (at.start + index, c));
    while let Some((start, c)) = chars.next() {
        if c != '\\' {
            value.push(c, start..start + c.len_utf8());
            continue;
        }
        let Some((next, mark)) = chars.next() else {
            value.push(c, start..start + 1);
            break;
        };
        let said = match (quote, mark) {
            (_, '\\' | '\'') | ('"', '"') => Some(mark),
            ('"', 'n') => Some('\n'),
            ('"', 'r') => Some('\r'),
            ('"', 't') => Some('\t'),
            ('"', 'a') => Some('\u{7}'),
            ('"', 'b') => Some('\u{8}'),
            ('"', 'f') => Some('\u{c}'),
            ('"', 'v') => Some('\u{b}'),
            _ => None,
        };
        if let Some(said) = said {
            value.push(said, start..next + mark.len_utf8());
        } else {
            value.push(c, start..next);
            value.push(mark, next..next + mark.len_utf8());
        }
    }
    value
}

fn is_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

fn is_blank(c: char) -> bool {
    is_space(c) && !is_end(c)
}
