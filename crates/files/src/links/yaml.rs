//! YAML, as far as it stands in lines: keys with what belongs to them indented, lists of `- `, and values in one line.
//!
//! Only a value that is a text or a number in one line is read and written: plain, in `'…'` or in `"…"`. Everything else is found and left: a
//! text over several lines (`|`, `>`), brackets, an alias, what an anchor or a tag stands before. A file that cannot be taken apart for certain is
//! refused whole: several documents, a key that is there twice, tabs, keys that are no plain or quoted words. No key is ever added, because how
//! its neighbours are indented is the program's business.
//! Readers differ in what a plain word is (YAML 1.1 takes `no` and `1:30` for something else, YAML 1.2 `0o7`). What any of them takes for
//! no text is none here, and none is written: such a value goes in quotes.
//! Source: yaml.org/spec/1.2.2 and yaml.org/type (1.1), read 2026-12; compared with `PyYAML` 6.0.3 over generated texts.

mod reader;
mod scalar;

use zeroize::Zeroizing;

use super::error::{DocumentError, unwritable};
use super::text_or_number::Value;
use super::text_positions::{Splice, position};
use super::tree::Tree;
use reader::{Kind, Node, parse};
use scalar::{Style, is_of_one_line, is_plain, is_printable, spelled};
use tokenward_core::{PathStep, Place};

pub(super) fn check(text: &str) -> Result<(), DocumentError> {
    parse(text).map(|_| ())
}

pub(super) fn read(text: &str, path: &[PathStep]) -> Result<Option<String>, DocumentError> {
    let root = parse(text)?;
    let Some(node) = find(text, &root, path) else { return Ok(None) };
    said(text, node).map(|said| Some(said.to_string())).ok_or_else(|| not_text(text, path, node))
}

pub(super) fn read_value(text: &str, path: &[PathStep]) -> Result<Option<Value>, DocumentError> {
    let root = parse(text)?;
    // A null is a place that waits for its value.
    let found = find(text, &root, path).filter(|node| !matches!(node.kind, Kind::Null));
    found.map(|node| plain(text, node).ok_or_else(|| not_text(text, path, node))).transpose()
}

pub(super) fn tree(text: &str) -> Result<Tree, DocumentError> {
    parse(text).map(|root| grow(text, &root))
}

/// What is left as it is, with the way to it: a token may stand in it, that nobody keeps.
pub(super) fn left(text: &str) -> Vec<(Vec<PathStep>, String)> {
    let mut found = Vec::new();
    if let Ok(root) = parse(text) {
        leave(text, &root, &mut Vec::new(), &mut found);
    }
    found
}

pub(super) fn write(text: &str, path: &[PathStep], value: &Value) -> Result<Vec<Splice>, DocumentError> {
    let root = parse(text)?;
    let place = || Place::Path(path.to_vec());
    let absent = || DocumentError::NotThere { place: place(), reason: "keys are not added to YAML" };
    let node = find(text, &root, path).ok_or_else(absent)?;
    let new = value.spelled();
    let written = match (&node.kind, value) {
        (Kind::Empty, Value::Text(text)) if text.is_empty() => return Ok(Vec::new()),
        (Kind::Empty, value) => format!(" {}", fresh(value)),
        (Kind::Null, value) => fresh(value),
        // A reader that takes the number from a text goes on finding one.
        (Kind::Text(style), _) => {
            let hidden = || unwritable(&place(), "its spelling is not known");
            let old = spelled(text, node.at.clone(), *style).ok_or_else(hidden)?;
            let Some((at, words)) = old.differs(&new) else { return Ok(Vec::new()) };
            // What stands around a token keeps its spelling.
            return Ok(vec![match style {
                Style::Plain if is_plain(&new) => Splice::new(at, words),
                Style::Single if words.chars().all(is_of_one_line) => Splice::new(at, words.replace('\'', "''")),
                Style::Double => Splice::new(at, escaped(words)),
                Style::Plain | Style::Single => Splice::new(node.at.clone(), quoted(&new)),
            }]);
        }
        (Kind::Number(old), Value::Number(_) | Value::Fraction(_)) => {
            if old.spelled() == new {
                return Ok(Vec::new());
            }
            // Its reader may tell a fraction by its point. Beyond 2^53 one would no longer count in ones.
            let is_exact = value.as_whole().is_some_and(|whole| whole.unsigned_abs() < 1 << 53);
            let is_fraction = text[node.at.clone()].contains('.') && is_exact && !new.contains('.');
            if is_fraction { format!("{}.0", *new) } else { new.to_string() }
        }
        (Kind::Date, Value::Date(date)) => date.clone(),
        _ => return Err(not_text(text, path, node)),
    };
    Ok(vec![Splice::new(node.at.clone(), written)])
}

fn find<'n>(text: &str, root: &'n Node, path: &[PathStep]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, step| match (&node.kind, step) {
        (Kind::Table(entries), PathStep::Key(key)) => {
            entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
        }
        (Kind::List(elements), PathStep::Index(index)) => elements.get(*index),
        (Kind::List(elements), PathStep::After(word)) => {
            let at = elements.iter().position(|node| said(text, node).is_some_and(|said| *said == *word))?;
            elements.get(at + 1)
        }
        _ => None,
    })
}

/// What a text says.
fn said(text: &str, node: &Node) -> Option<Zeroizing<String>> {
    match node.kind {
        Kind::Text(style) => Some(spelled(text, node.at.clone(), style)?.text()),
        Kind::Empty => Some(Zeroizing::new(String::new())),
        _ => None,
    }
}

/// A text or a number as it is, if it is one.
fn plain(text: &str, node: &Node) -> Option<Value> {
    match &node.kind {
        Kind::Text(_) | Kind::Empty => Some(Value::Text(said(text, node)?)),
        Kind::Number(number) => Some(number.clone()),
        Kind::Date => Some(Value::Date(text[node.at.clone()].to_owned())),
        Kind::Table(_) | Kind::List(_) | Kind::Null | Kind::Other(_) => None,
    }
}

fn grow(text: &str, node: &Node) -> Tree {
    match &node.kind {
        Kind::Table(entries) => {
            Tree::Table(entries.iter().map(|(key, node)| (key.clone(), grow(text, node))).collect())
        }
        Kind::List(elements) => Tree::List(elements.iter().map(|node| grow(text, node)).collect()),
        _ => plain(text, node).map_or(Tree::Other, Tree::Plain),
    }
}

fn leave(text: &str, node: &Node, path: &mut Vec<PathStep>, found: &mut Vec<(Vec<PathStep>, String)>) {
    match &node.kind {
        Kind::Table(entries) => {
            for (key, node) in entries {
                path.push(PathStep::Key(key.clone()));
                leave(text, node, path, found);
                path.pop();
            }
        }
        Kind::List(elements) => {
            for (index, node) in elements.iter().enumerate() {
                path.push(PathStep::Index(index));
                leave(text, node, path, found);
                path.pop();
            }
        }
        Kind::Other(_) => found.push((path.clone(), text[node.at.clone()].to_owned())),
        Kind::Text(_) | Kind::Number(_) | Kind::Date | Kind::Empty | Kind::Null => {}
    }
}

/// A value where none was. A text goes in quotes: readers do not agree on what a plain word is.
fn fresh(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Date(date) => date.clone(),
        Value::Number(_) | Value::Fraction(_) => value.spelled().to_string(),
    }
}

/// A text in double quotes (YAML 1.2.2, "Double-Quoted Style").
fn quoted(value: &str) -> String {
    format!("\"{}\"", escaped(value))
}

fn escaped(words: &str) -> String {
    let mut written = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            c if !is_printable(c) && u32::from(c) > 0xffff => {
                written.extend(format!("\\U{:08X}", u32::from(c)).chars());
            }
            c if !is_printable(c) || c == '\r' => written.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => written.push(c),
        }
    }
    written
}

fn not_text(text: &str, path: &[PathStep], node: &Node) -> DocumentError {
    let found = match &node.kind {
        Kind::Text(_) | Kind::Empty => "a text",
        Kind::Number(_) => "a number",
        Kind::Date => "a date",
        Kind::Table(_) => "a table",
        Kind::List(_) => "a list",
        Kind::Null => "null",
        Kind::Other(found) => found,
    };
    let (line, column) = position(text, node.at.start);
    DocumentError::NotText { line, column, place: Place::Path(path.to_vec()), found }
}
