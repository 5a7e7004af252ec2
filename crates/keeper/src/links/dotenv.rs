//! `.env` files, as `python-dotenv` reads them, written so that other readers read the same.
//!
//! A name, perhaps after `export`, perhaps in single quotes; `=`; a value that is bare, in `'…'` or in `"…"`, where
//! quoted ones may go over several lines and know backslash escapes; a comment after white space. The readers of this
//! loose format (python-dotenv, dotenv for Node.js, Docker's and Compose's, shells) agree on the last of several lines of
//! one name (a name alone takes the value away again for python-dotenv and Docker), and disagree about backslashes, quotes inside quotes and `$`: a value with one of those is not written.
//! Source: python-dotenv 1.0, `parser.py` and `main.py`, and each tool's documentation, read 2026-11.

use std::ops::Range;

use super::document::unwritable;
use super::error::DocumentError;
use super::text::{Splice, is_space, line_end, syntax};
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
    Ok(last.and_then(|entry| entry.value.as_ref()).map(|(at, quote)| {
        let value = &text[at.clone()];
        match quote {
            None => value.to_owned(),
            Some(quote) => unescape(&value[1..value.len() - 1], *quote),
        }
    }))
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

pub(super) fn write(text: &str, name: &str, value: &str) -> Result<Vec<Splice>, DocumentError> {
    let place = Place::Dotenv { name: name.to_owned() };
    if value.contains(|c: char| c.is_control() || matches!(c, '\'' | '"' | '\\' | '`' | '$')) {
        return Err(unwritable(&place, "readers disagree about quotes, backslashes, $ and line breaks in a value"));
    }
    let bare = value.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@%+,=~".contains(c));
    let spell = |quote: Option<char>| match quote {
        None if bare => value.to_owned(),
        quote => {
            let quote = quote.unwrap_or('\'');
            format!("{quote}{value}{quote}")
        }
    };
    let entries = Reader { text, at: 0 }.entries()?;
    let found: Vec<_> = entries.iter().filter(|entry| entry.name == name).collect();
    let present = found.iter().filter_map(|entry| entry.value.as_ref());
    let mut splices: Vec<_> = present.map(|(at, quote)| Splice::new(at.clone(), spell(*quote))).collect();
    if found.last().is_some_and(|entry| entry.value.is_some()) {
        return Ok(splices);
    }
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(unwritable(&place, "a new variable needs a name of letters, digits and _"));
    }
    let (line, end) = (format!("{name}={}", spell(None)), line_end(text));
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
                return Err(self.wrong("nothing but a comment after white space may follow here"));
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
            let end = end.ok_or_else(|| self.wrong("this quoted name does not end"))?;
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

/// python-dotenv's escapes: all of C's in double quotes, backslash and quote in single ones; others stay as they are.
fn unescape(inner: &str, quote: char) -> String {
    let mut value = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        let escaped = match (quote, chars.next()) {
            (_, Some(c @ ('\\' | '\''))) | ('"', Some(c @ '"')) => Ok(c),
            ('"', Some('n')) => Ok('\n'),
            ('"', Some('r')) => Ok('\r'),
            ('"', Some('t')) => Ok('\t'),
            ('"', Some('a')) => Ok('\u{7}'),
            ('"', Some('b')) => Ok('\u{8}'),
            ('"', Some('f')) => Ok('\u{c}'),
            ('"', Some('v')) => Ok('\u{b}'),
            (_, other) => Err(other),
        };
        match escaped {
            Ok(c) => value.push(c),
            Err(other) => value.extend(std::iter::once('\\').chain(other)),
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
