//! Ini files, as Python's `configparser` reads them with its defaults.
//!
//! `=` and `:` separate, keys know no case, `#` and `;` begin a comment at the beginning of a line and nowhere else,
//! a line that is indented deeper continues the value above it, even across empty lines and comments. Its strict mode
//! refuses a key or section that is there twice; its other mode takes the last one, and so do we. Source: the module's
//! documentation and behaviour in Python 3.11; a test asks the real one.

use std::ops::Range;

use super::error::{DocumentError, unwritable};
use super::text_positions::{Line, Spelled, Splice, is_space, line_end, lines, syntax, trim};
use tokenward_core::Place;

/// One key with its value.
#[derive(Debug)]
struct Entry {
    section: usize,
    key: String,
    /// White space before the key.
    indent: Range<usize>,
    /// The separator with the white space around it.
    separator: Range<usize>,
    /// Where the separator character ends.
    separated: usize,
    /// The value's lines: each one's part of the value.
    parts: Vec<Range<usize>>,
    /// For each part after the first, the end of the line above it.
    above: Vec<usize>,
    /// Where the line after the value begins.
    next: usize,
}

impl Entry {
    /// The value. Empty lines inside it count as lines of it; those at its end do not.
    fn value(&self, text: &str) -> String {
        let mut value = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                let between = &text[self.parts[index - 1].end..part.start];
                value.push_str(&"\n".repeat(blank_lines(between) + 1));
            }
            value.push_str(&text[part.clone()]);
        }
        value.trim_end_matches(is_space).to_owned()
    }

    /// The exchange where it is inside one line of the value, whose other words stay as they are: none if nothing differs, `None`
    /// if it is not that.
    fn exchange_in_line(&self, text: &str, value: &str) -> Option<Vec<Splice>> {
        let mut spelled = Spelled::until(self.parts.last()?.end);
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                let before = self.parts[index - 1].end;
                (0..=blank_lines(&text[before..part.start])).for_each(|_| spelled.push('\n', before..part.start));
            }
            text[part.clone()].char_indices().for_each(|(at, c)| {
                spelled.push(c, part.start + at..part.start + at + c.len_utf8());
            });
        }
        if *spelled.text() != self.value(text) {
            return None;
        }
        let Some((at, words)) = spelled.differs(value) else { return Some(Vec::new()) };
        let within = |part: &Range<usize>| !part.is_empty() && part.start <= at.start && at.end <= part.end;
        let is_inside = self.parts.iter().any(within) && !words.contains(['\n', '\r', '%']);
        // At its ends white space would be told apart from it.
        let is_inside = is_inside && !words.is_empty() && words.trim_matches(is_space) == words;
        is_inside.then(|| vec![Splice::new(at, words)])
    }
}

/// The sections by name in the order of their headers, with the line after each header; and all entries.
#[derive(Debug, Default)]
struct Parsed {
    sections: Vec<(String, usize)>,
    entries: Vec<Entry>,
}

pub(super) fn check(text: &str) -> Result<(), DocumentError> {
    parse(text).map(|_| ())
}

pub(super) fn read(text: &str, section: Option<&str>, key: &str) -> Result<Option<String>, DocumentError> {
    let parsed = parse(text)?;
    let found = parsed.find(section, key)?;
    Ok(found.last().map(|entry| entry.value(text)))
}

/// Every value of a key, and where it begins.
pub(super) fn occurrences(text: &str, section: Option<&str>, key: &str) -> Result<Vec<(usize, String)>, DocumentError> {
    let parsed = parse(text)?;
    let found = parsed.find(section, key)?;
    Ok(found.into_iter().map(|entry| (entry.separator.start, entry.value(text))).collect())
}

/// Every key with its section and value, in their order; the last of several of one name.
pub(super) fn all(text: &str) -> Vec<(String, String, String)> {
    let Ok(parsed) = parse(text) else { return Vec::new() };
    let mut last = std::collections::BTreeMap::new();
    let name = |entry: &Entry| (parsed.sections[entry.section].0.clone(), entry.key.clone());
    for (index, entry) in parsed.entries.iter().enumerate() {
        last.insert(name(entry), index);
    }
    let is_last = |(index, entry): &(usize, &Entry)| last.get(&name(entry)) == Some(index);
    let said = |(_, entry): (usize, &Entry)| {
        let (section, key) = name(entry);
        (section, key, entry.value(text))
    };
    parsed.entries.iter().enumerate().filter(is_last).map(said).collect()
}

pub(super) fn sections_with(text: &str, key: &str) -> Result<Vec<String>, DocumentError> {
    Ok(parse(text)?.sections_with(key))
}

pub(super) fn sections(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in parse(text).map(|parsed| parsed.sections).unwrap_or_default() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

pub(super) fn keys(text: &str, section: &str) -> Vec<String> {
    let Ok(parsed) = parse(text) else { return Vec::new() };
    let mut keys: Vec<String> = Vec::new();
    for entry in parsed.entries.iter().filter(|entry| parsed.sections[entry.section].0 == section) {
        if !keys.contains(&entry.key) {
            keys.push(entry.key.clone());
        }
    }
    keys
}

pub(super) fn write(text: &str, section: Option<&str>, key: &str, value: &str) -> Result<Vec<Splice>, DocumentError> {
    let place = Place::Ini { section: section.map(str::to_owned), key: key.to_owned() };
    let parsed = parse(text)?;
    let found = parsed.find(section, key)?;
    let inside: Vec<_> = found.iter().filter_map(|entry| entry.exchange_in_line(text, value)).collect();
    if !found.is_empty() && inside.len() == found.len() {
        return Ok(inside.into_iter().flatten().collect());
    }
    if value.contains(['\n', '\r']) || value.starts_with(is_space) || value.ends_with(is_space) {
        return Err(unwritable(&place, "a value with white space at its ends or over several lines would change"));
    }
    if value.contains('%') {
        return Err(unwritable(&place, "% has a special meaning in configparser"));
    }
    if !found.is_empty() {
        return Ok(found.into_iter().flat_map(|entry| exchange(text, entry, value)).collect());
    }
    let Some(section) = section else {
        return Err(DocumentError::NotThere { place, reason: "no section was named to put it into" });
    };
    let bad_key = key.is_empty() || key.trim_matches(is_space) != key || key.starts_with(['[', '#', ';']);
    if bad_key || key.contains(['=', ':', '\n', '\r']) {
        return Err(unwritable(&place, "this name cannot be a key"));
    }
    if section.is_empty() || section.contains(['[', ']', '\n', '\r']) {
        return Err(unwritable(&place, "this name cannot be a section"));
    }
    Ok(vec![parsed.addition(text, section, key, value)])
}

/// Exchanges a value: its first line takes the new one, its further lines go, comments between them stay.
fn exchange(text: &str, entry: &Entry, value: &str) -> Vec<Splice> {
    let first = entry.parts[0].clone();
    let spaced = text[entry.separator.start..].starts_with(is_space);
    let mut splices = match (first.is_empty(), text[entry.separated..].chars().next()) {
        (false, _) => vec![Splice::new(first, value)],
        (true, Some(c)) if is_space(c) && !matches!(c, '\n' | '\r') => {
            vec![Splice::insert(entry.separated + c.len_utf8(), value)]
        }
        (true, _) if spaced && !value.is_empty() => vec![Splice::insert(entry.separated, format!(" {value}"))],
        (true, _) => vec![Splice::insert(entry.separated, value)],
    };
    splices.extend(entry.parts[1..].iter().zip(&entry.above).map(|(part, &above)| {
        // White space at a line's end goes with the line.
        let rest = text[part.end..].find(['\n', '\r']).map_or(text.len(), |n| part.end + n);
        Splice::new(above..rest, "")
    }));
    splices
}

impl Parsed {
    /// All entries of that name; without a section, of the one section that has it.
    fn find(&self, section: Option<&str>, key: &str) -> Result<Vec<&Entry>, DocumentError> {
        let sections = self.sections_with(key);
        if section.is_none() && sections.len() > 1 {
            return Err(DocumentError::Ambiguous { key: key.to_owned(), sections: sections.join(", ") });
        }
        let key = key.to_lowercase();
        let meant = |entry: &&Entry| {
            entry.key == key && section.is_none_or(|section| self.sections[entry.section].0 == section)
        };
        Ok(self.entries.iter().filter(meant).collect())
    }

    /// The sections that have a key, each once.
    fn sections_with(&self, key: &str) -> Vec<String> {
        let key = key.to_lowercase();
        let with = self.entries.iter().filter(|entry| entry.key == key);
        let mut sections: Vec<_> = with.map(|entry| self.sections[entry.section].0.clone()).collect();
        sections.sort_unstable();
        sections.dedup();
        sections
    }

    /// A new key: after the last one of its section, spelled like it.
    fn addition(&self, text: &str, section: &str, key: &str, value: &str) -> Splice {
        let end = line_end(text);
        let last = self.entries.iter().rev().find(|entry| self.sections[entry.section].0 == section);
        let (at, line) = if let Some(last) = last {
            let separator = text[last.separator.clone()].trim_end_matches(['\n', '\r']);
            (last.next, format!("{}{key}{separator}{value}", &text[last.indent.clone()]))
        } else if let Some((_, next)) = self.sections.iter().rev().find(|(name, _)| name == section) {
            (*next, format!("{key} = {value}"))
        } else {
            let open = !text.is_empty() && !text.ends_with(['\n', '\r']);
            let gap = if text.is_empty() { "" } else { end };
            let before = if open { end } else { "" };
            return Splice::insert(text.len(), format!("{before}{gap}[{section}]{end}{key} = {value}{end}"));
        };
        // A last line without an end stays the one without.
        if at > 0 && !text[..at].ends_with(['\n', '\r']) {
            Splice::insert(at, format!("{end}{line}"))
        } else {
            Splice::insert(at, format!("{line}{end}"))
        }
    }
}

fn parse(text: &str) -> Result<Parsed, DocumentError> {
    let mut parsed = Parsed::default();
    let mut open = false;
    let mut level = 0;
    let mut above = 0;
    for line in lines(text) {
        let content = trim(text, line.start..line.end);
        let indent = text[line.start..content.start].chars().count();
        let words = &text[content.clone()];
        let empty = words.is_empty() || words.starts_with(['#', ';']);
        if !empty {
            if let Some(entry) = parsed.entries.last_mut().filter(|_| open && indent > level) {
                entry.parts.push(content);
                entry.above.push(above);
                entry.next = line.next;
            } else {
                level = indent;
                open = new_line(text, &mut parsed, line, content)?;
            }
        }
        above = line.end;
    }
    Ok(parsed)
}

/// Reads a line that continues nothing; tells whether lines may continue it.
fn new_line(text: &str, parsed: &mut Parsed, line: Line, content: Range<usize>) -> Result<bool, DocumentError> {
    let words = &text[content.clone()];
    if let Some(end) = words.rfind(']').filter(|&end| end > 1 && words.starts_with('[')) {
        parsed.sections.push((words[1..end].to_owned(), line.next));
        return Ok(false);
    }
    // Behind a section, configparser reads `[a = 1` as a key.
    if words.starts_with('[') && (parsed.sections.is_empty() || !words.contains(['=', ':'])) {
        return Err(syntax(text, content.start, "the ] of this section is missing"));
    }
    let Some(section) = parsed.sections.len().checked_sub(1) else {
        return Err(syntax(text, content.start, "a section such as [TOKEN] must come before the first key"));
    };
    let Some(at) = words.find(['=', ':']) else {
        return Err(syntax(text, content.start, "this line is neither a section, a key with = or :, nor a comment"));
    };
    let name = words[..at].trim_end_matches(is_space);
    if name.is_empty() {
        return Err(syntax(text, content.start, "the name before = or : is missing"));
    }
    let separated = content.start + at + 1;
    let value = trim(text, separated..content.end.max(separated));
    let value = if value.is_empty() { separated..separated } else { value };
    let after = &text[separated..line.end];
    let gap = after.len() - after.trim_start_matches(is_space).len();
    parsed.entries.push(Entry {
        section,
        key: name.to_lowercase(),
        indent: line.start..content.start,
        separator: content.start + name.len()..separated + gap,
        separated,
        parts: vec![value],
        above: Vec::new(),
        next: line.next,
    });
    Ok(true)
}

/// How many empty lines stand between two lines of a value; comment lines are none.
fn blank_lines(between: &str) -> usize {
    let all = lines(between);
    let inner = all.get(1..all.len().saturating_sub(1)).unwrap_or_default();
    inner.iter().filter(|line| between[line.start..line.end].chars().all(is_space)).count()
}
