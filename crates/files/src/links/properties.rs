//! `.properties` files, as `java.util.Properties` loads them, written so that Spring Boot's loader reads the same.
//!
//! A key, a separator that is blanks, `=` or `:` with blanks around it, a value; `#` and `!` begin a comment at the beginning of a
//! line and nowhere else. A backslash at a line's end joins the next line without its leading blanks; elsewhere it begins an escape
//! (`\t`, `\n`, `\r`, `\f`, `\uXXXX` in UTF-16, of which half a character is refused) or takes the next character as it is. There are no quotes, and blanks at a value's end
//! are part of it. Of several lines of one key the last one counts. Source: the API documentation of `Properties.load` in Java 17, its
//! behaviour, and Spring Boot's *Externalized Configuration*, read 2026-11; a test has a reader of its own.
//!
//! Readers take the bytes for UTF-8 or, where they are none, for ISO-8859-1 (`PropertyResourceBundle` since Java 9), or always for
//! the latter (`Properties.load` of a stream). All lines, keys in ASCII and tokens are the same in both; what is written is ASCII.
//! A byte order mark is a character of the first key to all of them, and so it is here.
//!
//! A line `#---` divides the file into several for Spring Boot, each of which may be for one profile alone: a key that stands in more
//! than one of them is not written, since each may show another login.

use std::ops::Range;

use super::error::{DocumentError, unwritable};
use super::text_positions::{Spelled, Splice, line_end, syntax};
use tokenward_core::Place;

/// One key with its value.
struct Entry {
    key: String,
    value: Spelled,
    /// Where the value stands as it is spelled, or where it would begin.
    at: Range<usize>,
    gap: Gap,
    /// In which of the documents that `#---` divides.
    document: usize,
}

/// What sets a value off from its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    Blanks,
    /// `=` or `:`.
    Mark,
}

/// A line as a reader sees it, lines that continue it included: each character with the byte range it has in the file.
type LogicalLine = Vec<(char, Range<usize>)>;

#[derive(Default)]
struct Parsed {
    entries: Vec<Entry>,
    /// How many lines `#---` there are.
    dividers: usize,
    /// Whether one more line at the end would continue the last one.
    is_open: bool,
}

pub(super) fn check(text: &str) -> Result<(), DocumentError> {
    parse(text).map(|_| ())
}

pub(super) fn read(text: &str, key: &str) -> Result<Option<String>, DocumentError> {
    let parsed = parse(text)?;
    Ok(parsed.entries.iter().rev().find(|entry| entry.key == key).map(Entry::said))
}

/// Every value of a key, and where it begins.
pub(super) fn occurrences(text: &str, key: &str) -> Result<Vec<(usize, String)>, DocumentError> {
    let parsed = parse(text)?;
    Ok(parsed.entries.iter().filter(|entry| entry.key == key).map(|entry| (entry.at.start, entry.said())).collect())
}

/// Every key with its value, in their order; the last of several lines of one key.
pub(super) fn all(text: &str) -> Vec<(String, String)> {
    let entries = parse(text).unwrap_or_default().entries;
    let mut last = std::collections::BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        last.insert(entry.key.as_str(), index);
    }
    let is_last = |(index, entry): &(usize, &Entry)| last.get(entry.key.as_str()) == Some(index);
    entries.iter().enumerate().filter(is_last).map(|(_, entry)| (entry.key.clone(), entry.said())).collect()
}

/// Every key, each once.
pub(super) fn names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in parse(text).unwrap_or_default().entries {
        if !names.contains(&entry.key) {
            names.push(entry.key);
        }
    }
    names
}

pub(super) fn write(text: &str, key: &str, value: &str) -> Result<Vec<Splice>, DocumentError> {
    let place = Place::Dotenv { name: key.to_owned() };
    let parsed = parse(text)?;
    let found: Vec<&Entry> = parsed.entries.iter().filter(|entry| entry.key == key).collect();
    if let Some(first) = found.first() {
        if found.iter().any(|entry| entry.document != first.document) {
            return Err(unwritable(&place, "it stands in several of the documents that #--- divides the file into"));
        }
        let mut splices = Vec::new();
        for entry in found {
            splices.extend(entry.exchange(&place, value)?);
        }
        return Ok(splices);
    }
    if key.is_empty() {
        return Err(unwritable(&place, "a new key needs a name"));
    }
    if parsed.dividers > 0 {
        return Err(unwritable(
            &place,
            "#--- divides the file into several; write the key where it belongs, without a value",
        ));
    }
    is_literal(&place, value)?;
    let (line, end) = (format!("{}={}", escaped_key(key), escaped(value, false)), line_end(text));
    let is_ended = text.is_empty() || text.ends_with(['\n', '\r']);
    // Behind a backslash at a line's end an empty line ends the value.
    let before = match (is_ended, parsed.is_open) {
        (false, true) if text.ends_with('\\') => format!("{end}{end}"),
        (false, _) | (true, true) => end.to_owned(),
        (true, false) => String::new(),
    };
    // A last line without an end stays the one without.
    let after = if is_ended { end } else { "" };
    Ok(vec![Splice::insert(text.len(), format!("{before}{line}{after}"))])
}

impl Entry {
    fn said(&self) -> String {
        self.value.text().as_str().to_owned()
    }

    /// What stands around a token keeps its spelling, whatever readers make of it.
    fn exchange(&self, place: &Place, value: &str) -> Result<Vec<Splice>, DocumentError> {
        if let Some(words) = self.value.words_that_differ(value) {
            return Ok(words.into_iter().map(|(part, word)| Splice::new(part, escaped(word, false))).collect());
        }
        let Some((part, words)) = self.value.differs(value) else { return Ok(Vec::new()) };
        is_literal(place, words)?;
        // Without a word between them, blanks that are left would be read as something else.
        let (part, words) = if words.is_empty() { (self.at.clone(), value) } else { (part, words) };
        let is_first = part.start == self.at.start;
        let mark = if is_first && self.gap == Gap::None { "=" } else { "" };
        let words = escaped(words, is_first && self.gap == Gap::Blanks);
        Ok(vec![Splice::new(part, format!("{mark}{words}"))])
    }
}

/// Refuses what Spring resolves.
fn is_literal(place: &Place, words: &str) -> Result<(), DocumentError> {
    if ["${", "#{"].iter().any(|mark| words.contains(mark)) {
        return Err(unwritable(place, "Spring gives ${ and #{ a meaning of their own"));
    }
    Ok(())
}

/// A value as every reader reads it, whatever it takes the bytes for. Where blanks alone set it off from its key, a mark at its
/// beginning would be taken for the separator.
fn escaped(words: &str, behind_blanks: bool) -> String {
    let mut spelled = String::with_capacity(words.len());
    for (index, c) in words.char_indices() {
        match c {
            ' ' if index == 0 => spelled.push_str("\\ "),
            '=' | ':' if index == 0 && behind_blanks => spelled.extend(['\\', c]),
            c => push_escaped(&mut spelled, c),
        }
    }
    spelled
}

fn escaped_key(key: &str) -> String {
    let mut spelled = String::with_capacity(key.len());
    for (index, c) in key.char_indices() {
        match c {
            ' ' | '=' | ':' => spelled.extend(['\\', c]),
            '#' | '!' if index == 0 => spelled.extend(['\\', c]),
            c => push_escaped(&mut spelled, c),
        }
    }
    spelled
}

fn push_escaped(spelled: &mut String, c: char) {
    match c {
        '\\' => spelled.push_str("\\\\"),
        '\t' => spelled.push_str("\\t"),
        '\n' => spelled.push_str("\\n"),
        '\r' => spelled.push_str("\\r"),
        '\u{c}' => spelled.push_str("\\f"),
        ' '..='~' => spelled.push(c),
        c => spelled.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}"))),
    }
}

fn parse(text: &str) -> Result<Parsed, DocumentError> {
    let mut lines = LineReader { text, parsed: Parsed::default(), line: LogicalLine::new() };
    lines.run()?;
    Ok(lines.parsed)
}

/// Goes through the text once, from logical line to logical line.
struct LineReader<'a> {
    text: &'a str,
    parsed: Parsed,
    line: LogicalLine,
}

impl LineReader<'_> {
    fn run(&mut self) -> Result<(), DocumentError> {
        let mut chars = self.text.char_indices().peekable();
        // Blanks at the beginning of a line say nothing; nor do empty lines, except behind a backslash, where one ends the value.
        let (mut is_start, mut continues, mut escapes) = (true, false, false);
        while let Some((at, c)) = chars.next() {
            if is_start {
                if is_blank(c) || !continues && is_end(c) {
                    continue;
                }
                (is_start, continues) = (false, false);
            }
            if self.line.is_empty() && matches!(c, '#' | '!') {
                while chars.next_if(|(_, c)| !is_end(*c)).is_some() {}
                let end = chars.peek().map_or(self.text.len(), |(at, _)| *at);
                self.parsed.dividers += usize::from(self.is_divider(at..end));
                is_start = true;
            } else if !is_end(c) {
                self.line.push((c, at..at + c.len_utf8()));
                escapes = c == '\\' && !escapes;
            } else if self.line.is_empty() {
                is_start = true;
            } else if escapes {
                self.line.pop();
                (is_start, continues, escapes) = (true, true, false);
                if at + 1 == self.text.len() {
                    self.parsed.is_open = true;
                    self.entry(at)?;
                } else if c == '\r' {
                    chars.next_if(|(_, c)| *c == '\n');
                }
            } else {
                self.entry(at)?;
                is_start = true;
            }
        }
        self.parsed.is_open |= escapes || continues;
        if !self.line.is_empty() {
            if escapes {
                self.line.pop();
            }
            self.entry(self.text.len())?;
        }
        Ok(())
    }

    /// Whether a comment divides the file for Spring Boot: three hyphens, with nothing before or behind them.
    fn is_divider(&self, at: Range<usize>) -> bool {
        let is_first = at.start == 0 || self.text[..at.start].ends_with(is_end);
        is_first && matches!(self.text[at].trim_end_matches(is_blank), "#---" | "!---")
    }

    /// Takes the line for a key and its value.
    fn entry(&mut self, end: usize) -> Result<(), DocumentError> {
        let line = std::mem::take(&mut self.line);
        let mut escapes = false;
        let key = line.iter().position(|(c, _)| {
            let ends = !escapes && (is_mark(*c) || is_blank(*c));
            escapes = *c == '\\' && !escapes;
            ends
        });
        let key = key.unwrap_or(line.len());
        let (mut start, mut gap) = (key, if key < line.len() { Gap::Blanks } else { Gap::None });
        while let Some((c, _)) = line.get(start) {
            match c {
                c if is_blank(*c) => {}
                c if is_mark(*c) && gap != Gap::Mark => gap = Gap::Mark,
                _ => break,
            }
            start += 1;
        }
        let last = line.last().map_or(end, |(_, at)| at.end);
        let at = line.get(start).map_or(last, |(_, at)| at.start)..last;
        let document = self.parsed.dividers;
        let key = self.spelled(&line[..key], end)?.text().as_str().to_owned();
        let value = self.spelled(&line[start..], last)?;
        self.parsed.entries.push(Entry { key, value, at, gap, document });
        Ok(())
    }

    /// What characters say, by `loadConvert`'s escapes.
    fn spelled(&self, chars: &[(char, Range<usize>)], end: usize) -> Result<Spelled, DocumentError> {
        let wrong = |at: usize, reason: &str| syntax(self.text, at, reason);
        let unit = |from: usize| -> Option<u16> {
            let digits: String = chars.get(from..from + 4)?.iter().map(|(c, _)| *c).collect();
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            u16::from_str_radix(&digits, 16).ok().filter(|_| is_hex)
        };
        let mut value = Spelled::until(end);
        let mut index = 0;
        while let Some((c, at)) = chars.get(index) {
            index += 1;
            let Some((mark, marked)) = chars.get(index).filter(|_| *c == '\\') else {
                value.push(*c, at.clone());
                continue;
            };
            index += 1;
            let said = match mark {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                'f' => '\u{c}',
                'u' => {
                    let first = unit(index);
                    let first = first.ok_or_else(|| wrong(at.start, "four hexadecimal digits must follow \\u"))?;
                    index += 4;
                    let follows = [('\\', index), ('u', index + 1)];
                    let follows =
                        follows.into_iter().all(|(c, at)| chars.get(at).is_some_and(|(other, _)| *other == c));
                    let second = unit(index + 2).filter(|_| follows && (0xd800..0xdc00).contains(&first));
                    let mut decoded = char::decode_utf16([first].into_iter().chain(second));
                    let Some(Ok(said)) = decoded.next() else {
                        return Err(wrong(
                            at.start,
                            "this \\u is half of a character, and the other half does not follow",
                        ));
                    };
                    if second.is_some() {
                        index += 6;
                    }
                    let last = chars.get(index - 1).map_or(end, |(_, at)| at.end);
                    value.push(said, at.start..last);
                    continue;
                }
                mark => *mark,
            };
            value.push(said, at.start..marked.end);
        }
        Ok(value)
    }
}

fn is_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '=' | ':')
}
