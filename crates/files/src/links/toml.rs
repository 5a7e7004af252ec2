//! TOML.
//!
//! `toml_edit` tells where each value stands; the text between is never written anew (it would write line ends of its
//! own). A key that is there twice is no TOML, and nesting beyond eighty levels is refused by the parser.

use std::ops::Range;

use toml_edit::{Document, Item, Table, Value as Content};

use super::error::{DocumentError, unwritable};
use super::text_or_number::Value;
use super::text_positions::{Spelled, Splice, line_end, position, syntax};
use super::tree::Tree;
use tokenward_core::{PathStep, Place};

pub(super) fn check(text: &str) -> Result<(), DocumentError> {
    parse(text).map(|_| ())
}

pub(super) fn read(text: &str, path: &[PathStep]) -> Result<Option<String>, DocumentError> {
    let document = parse(text)?;
    match find(Node::Table(document.as_table()), path) {
        None => Ok(None),
        Some(Node::Value(Content::String(value))) => Ok(Some(value.value().clone())),
        Some(other) => Err(not_text(text, path, &other)),
    }
}

pub(super) fn read_value(text: &str, path: &[PathStep]) -> Result<Option<Value>, DocumentError> {
    let document = parse(text)?;
    let found = find(Node::Table(document.as_table()), path);
    found.map(|node| plain(node).ok_or_else(|| not_text(text, path, &node))).transpose()
}

pub(super) fn tree(text: &str) -> Result<Tree, DocumentError> {
    parse(text).map(|document| grow(Node::Table(document.as_table())))
}

pub(super) fn write(text: &str, path: &[PathStep], value: &Value) -> Result<Vec<Splice>, DocumentError> {
    let document = parse(text)?;
    let root = Node::Table(document.as_table());
    let place = || Place::Path(path.to_vec());
    let hidden = || unwritable(&place(), "its position in the file is not known");
    if let Some(node) = find(root, path) {
        let Node::Value(content) = node else { return Err(not_text(text, path, &node)) };
        let at = content.span().filter(|at| text.get(at.clone()).is_some()).ok_or_else(hidden)?;
        let written = match (content, value) {
            (Content::Datetime(_), Value::Date(date)) => date.clone(),
            (Content::String(stands), value) => {
                let new = value.spelled();
                // What stands around a token keeps its spelling.
                if let Some((old, literal)) = spelled(text, at.clone())
                    && *old.text() == *stands.value()
                {
                    let Some((part, words)) = old.differs(&new) else { return Ok(Vec::new()) };
                    let is_whole = words == new.as_str();
                    if !literal && !is_whole {
                        let quoted = basic(words);
                        return Ok(vec![Splice::new(part, &quoted[1..quoted.len() - 1])]);
                    }
                    if literal && !is_whole && !words.contains(|c: char| c.is_control() || c == '\'') {
                        return Ok(vec![Splice::new(part, words)]);
                    }
                }
                spell(&text[at.clone()], &new)
            }
            (Content::Integer(_) | Content::Float(_), Value::Number(_) | Value::Fraction(_)) => {
                if plain(node).is_some_and(|old| old.spelled() == value.spelled()) {
                    return Ok(Vec::new());
                }
                digits(value, content.is_float())
            }
            _ => return Err(not_text(text, path, &node)),
        };
        return Ok(vec![Splice::new(at, written)]);
    }
    let absent = |reason| DocumentError::NotThere { place: place(), reason };
    let Some((PathStep::Key(key), way)) = path.split_last() else {
        return Err(absent("elements are not added to an array"));
    };
    match find(root, way) {
        Some(Node::Table(table)) if !table.is_implicit() && !table.is_dotted() => {
            let line = format!("{} = {}", toml_edit::Key::new(key.as_str()).display_repr(), fresh(value));
            Ok(vec![addition(text, table, way.is_empty(), &line)])
        }
        Some(_) => Err(absent("keys are added to tables with a header only")),
        None => Err(absent("the table it belongs into is not there")),
    }
}

/// A table, or a value in one.
#[derive(Clone, Copy)]
enum Node<'a> {
    Table(&'a Table),
    Tables(&'a toml_edit::ArrayOfTables),
    Value(&'a Content),
}

impl<'a> Node<'a> {
    fn of(item: &'a Item) -> Option<Self> {
        match item {
            Item::None => None,
            Item::Value(value) => Some(Self::Value(value)),
            Item::Table(table) => Some(Self::Table(table)),
            Item::ArrayOfTables(tables) => Some(Self::Tables(tables)),
        }
    }

    fn child(self, step: &PathStep) -> Option<Self> {
        match (self, step) {
            (Self::Table(table), PathStep::Key(key)) => Self::of(table.get(key)?),
            (Self::Value(Content::InlineTable(table)), PathStep::Key(key)) => table.get(key).map(Self::Value),
            (Self::Tables(tables), PathStep::Index(index)) => tables.get(*index).map(Self::Table),
            (Self::Value(Content::Array(array)), PathStep::Index(index)) => array.get(*index).map(Self::Value),
            (Self::Value(Content::Array(array)), PathStep::After(word)) => {
                let at = array.iter().position(|value| value.as_str() == Some(word))?;
                array.get(at + 1).map(Self::Value)
            }
            _ => None,
        }
    }
}

fn find<'a>(root: Node<'a>, path: &[PathStep]) -> Option<Node<'a>> {
    path.iter().try_fold(root, Node::child)
}

/// A text or a number as it is, if it is one.
fn plain(node: Node<'_>) -> Option<Value> {
    match node {
        Node::Value(Content::String(text)) => Some(Value::text(text.value())),
        Node::Value(Content::Integer(number)) => Some(Value::Number(*number.value())),
        Node::Value(Content::Float(number)) => {
            Some(Value::Fraction(*number.value())).filter(|_| number.value().is_finite())
        }
        Node::Value(Content::Datetime(date)) => Some(Value::Date(date.value().to_string())),
        _ => None,
    }
}

fn grow(node: Node<'_>) -> Tree {
    match node {
        Node::Table(table) => {
            let each = table.iter().filter_map(|(key, item)| Some((key.to_owned(), grow(Node::of(item)?))));
            Tree::Table(each.collect())
        }
        Node::Tables(tables) => Tree::List(tables.iter().map(|table| grow(Node::Table(table))).collect()),
        Node::Value(Content::InlineTable(table)) => {
            Tree::Table(table.iter().map(|(key, value)| (key.to_owned(), grow(Node::Value(value)))).collect())
        }
        Node::Value(Content::Array(array)) => Tree::List(array.iter().map(|value| grow(Node::Value(value))).collect()),
        Node::Value(_) => plain(node).map_or(Tree::Other, Tree::Plain),
    }
}

/// A value where none was.
fn fresh(value: &Value) -> String {
    match value {
        Value::Text(text) => basic(text),
        Value::Date(date) => date.clone(),
        Value::Number(_) => digits(value, false),
        Value::Fraction(_) => digits(value, true),
    }
}

/// A number; TOML tells a float by its point, and keeps the two apart.
fn digits(number: &Value, float: bool) -> String {
    let spelled = number.spelled();
    if float && !spelled.contains('.') { format!("{}.0", *spelled) } else { spelled.to_string() }
}

/// The value in the quotes of the old one where they can hold it.
fn spell(old: &str, value: &str) -> String {
    let plain = !value.chars().any(char::is_control);
    match old {
        _ if old.starts_with("'''") && plain && !value.contains('\'') => format!("'''{value}'''"),
        _ if old.starts_with("\"\"\"") => format!("\"\"{}\"\"", basic(value)),
        _ if old.starts_with('\'') && !old.starts_with("'''") && plain && !value.contains('\'') => format!("'{value}'"),
        _ => basic(value),
    }
}

/// The text of a string, and whether it knows no escapes. `None` for one that is spelled in a way that is not known here.
fn spelled(text: &str, at: Range<usize>) -> Option<(Spelled, bool)> {
    let all = text.get(at.clone())?;
    let quote = if all.starts_with("\"\"\"") || all.starts_with("'''") { 3 } else { 1 };
    let (start, end) = (at.start + quote, at.end.checked_sub(quote)?);
    let mut from = start;
    if quote == 3 {
        // A line break right behind the quotes is none of the text's.
        from += ["\r\n", "\n"].iter().find(|line| text[start..].starts_with(**line)).map_or(0, |line| line.len());
    }
    let inner = text.get(from..end)?;
    if all.starts_with('\'') {
        return Some((Spelled::plain(text, from..end), true));
    }
    let mut spelled = Spelled::until(end);
    let mut at = 0;
    while let Some(c) = inner[at..].chars().next() {
        let begin = from + at;
        if c != '\\' {
            spelled.push(c, begin..begin + c.len_utf8());
            at += c.len_utf8();
            continue;
        }
        let mark = inner[at + 1..].chars().next()?;
        let digits = match mark {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let (said, length) = match mark {
            'b' => ('\u{8}', 2),
            'f' => ('\u{c}', 2),
            'n' => ('\n', 2),
            'r' => ('\r', 2),
            't' => ('\t', 2),
            'e' => ('\u{1b}', 2),
            '"' | '\\' => (mark, 2),
            _ if digits > 0 => {
                let code = inner.get(at + 2..at + 2 + digits)?;
                (char::from_u32(u32::from_str_radix(code, 16).ok()?)?, 2 + digits)
            }
            // The end of a line, which the text has not.
            ' ' | '\t' | '\r' | '\n' if quote == 3 => {
                at += 1 + inner[at + 1..].len() - inner[at + 1..].trim_start_matches([' ', '\t', '\r', '\n']).len();
                continue;
            }
            _ => return None,
        };
        spelled.push(said, begin..begin + length);
        at += length;
    }
    Some((spelled, false))
}

/// A basic string (TOML 1.1, "String").
fn basic(value: &str) -> String {
    let mut written = String::with_capacity(value.len() + 2);
    written.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            c if c.is_control() => written.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

/// A new line behind the table's last one, or behind its header.
fn addition(text: &str, table: &Table, root: bool, line: &str) -> Splice {
    let end = line_end(text);
    let own = |(_, item): (&str, &Item)| item.as_value().and_then(Content::span).map(|span| span.end);
    let anchor = table.iter().filter_map(own).max();
    let anchor = anchor.or_else(|| table.span().filter(|_| !root).map(|Range { start, .. }| start));
    let at = anchor.map(|from| text[from..].find('\n').map_or(text.len(), |n| from + n + 1));
    match at {
        // A root table without keys: in front of everything, as the first header ends it.
        None => Splice::insert(0, format!("{line}{end}")),
        Some(at) if !text[..at].ends_with('\n') => Splice::insert(at, format!("{end}{line}")),
        Some(at) => Splice::insert(at, format!("{line}{end}")),
    }
}

fn not_text(text: &str, path: &[PathStep], node: &Node<'_>) -> DocumentError {
    let (found, span) = match node {
        Node::Table(table) => ("a table", table.span()),
        Node::Tables(tables) => ("a list of tables", tables.span()),
        Node::Value(value) => {
            let found = match value {
                Content::String(_) => "a text",
                Content::Integer(_) | Content::Float(_) => "a number",
                Content::Boolean(_) => "true or false",
                Content::Datetime(_) => "a date",
                Content::Array(_) => "a list",
                Content::InlineTable(_) => "a table",
            };
            (found, value.span())
        }
    };
    let (line, column) = position(text, span.map_or(0, |span| span.start));
    DocumentError::NotText { line, column, place: Place::Path(path.to_vec()), found }
}

fn parse(text: &str) -> Result<Document<&str>, DocumentError> {
    // The message alone: the parser's full report would quote the line.
    Document::parse(text).map_err(|error| {
        syntax(text, error.span().map_or(0, |span| span.start), format!("this is not valid TOML: {}", error.message()))
    })
}
