//! JSON, and JSON with comments and trailing commas.
//!
//! `jsonc-parser` tells where each value stands; the text between is never written anew. A key that is there twice is
//! read as its last one, as JavaScript, Python and serde do (RFC 8259 §4 leaves it open), and written in all of them.
//! The parser refuses nesting beyond 512 levels, so no document overflows the stack.

use std::ops::Range;

use jsonc_parser::ast::{Array, Object, ObjectProp, Value as Node};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::error::DocumentError;
use super::text_or_number::Value;
use super::text_positions::{Spelled, Splice, position, syntax};
use super::tree::Tree;
use tokenward_core::{PathStep, Place};

pub(super) fn check(text: &str) -> Result<(), DocumentError> {
    parse(text).map(|_| ())
}

pub(super) fn read(text: &str, path: &[PathStep]) -> Result<Option<String>, DocumentError> {
    let root = parse(text)?;
    match last(&root, path) {
        None => Ok(None),
        Some(Node::StringLit(literal)) => Ok(Some(literal.value.to_string())),
        Some(other) => Err(not_text(text, path, other)),
    }
}

pub(super) fn read_value(text: &str, path: &[PathStep]) -> Result<Option<Value>, DocumentError> {
    let root = parse(text)?;
    // A null is a place that waits for its value.
    let found = last(&root, path).filter(|node| !matches!(node, Node::NullKeyword(_)));
    found.map(|node| plain(node).ok_or_else(|| not_text(text, path, node))).transpose()
}

/// Every text and number at a path, and where it begins.
pub(super) fn occurrences(text: &str, path: &[PathStep]) -> Result<Vec<(usize, String)>, DocumentError> {
    let root = parse(text)?;
    let mut found = Vec::new();
    all(&root, path, &mut found);
    let said = |node: &Node<'_>| Some((node.range().start, plain(node)?.spelled().to_string()));
    Ok(found.into_iter().filter_map(said).collect())
}

impl Tree {
    /// The JSON object or list that a text is.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let tree = text.trim_start().starts_with(['{', '[']).then(|| tree(text).ok())??;
        matches!(tree, Self::Table(_) | Self::List(_)).then_some(tree)
    }
}

pub(super) fn tree(text: &str) -> Result<Tree, DocumentError> {
    parse(text).map(|root| grow(&root))
}

pub(super) fn write(text: &str, path: &[PathStep], value: &Value) -> Result<Vec<Splice>, DocumentError> {
    let root = parse(text)?;
    let mut found = Vec::new();
    all(&root, path, &mut found);
    let mut splices = Vec::new();
    for node in found {
        let written = match (node, value) {
            // A reader that takes the number from a text goes on finding one.
            (Node::StringLit(literal), value) => {
                let new = value.spelled();
                // What stands around a token keeps its spelling.
                if let Some(old) = spelled(text, literal.range.start..literal.range.end)
                    && *old.text() == *literal.value
                {
                    splices.extend(old.differs(&new).map(|(at, words)| Splice::new(at, escaped(words))));
                    continue;
                }
                quote(&new)
            }
            (Node::NullKeyword(_), value) => spell(value),
            (Node::NumberLit(old), Value::Number(_) | Value::Fraction(_)) => {
                if plain(node).is_some_and(|old| old.spelled() == value.spelled()) {
                    continue;
                }
                let new = spell(value);
                // Its reader may tell a fraction by its point. Beyond 2^53 one would no longer count in ones.
                let is_fraction = old.value.contains('.') && !old.value.contains(['e', 'E']);
                let is_exact = value.as_whole().is_some_and(|whole| whole.unsigned_abs() < 1 << 53);
                if is_fraction && is_exact && !new.contains('.') { format!("{new}.0") } else { new }
            }
            (other, _) => return Err(not_text(text, path, other)),
        };
        let range = node.range();
        splices.push(Splice::new(range.start..range.end, written));
    }
    if last(&root, path).is_none() {
        let absent = |reason| DocumentError::NotThere { place: Place::Path(path.to_vec()), reason };
        let Some((PathStep::Key(key), way)) = path.split_last() else {
            return Err(absent("elements are not added to an array"));
        };
        let Some(Node::Object(object)) = last(&root, way) else {
            return Err(absent("the object it belongs into is not there"));
        };
        splices.push(addition(text, object, &format!("{}: {}", quote(key), spell(value))));
    }
    Ok(splices)
}

fn spell(value: &Value) -> String {
    match value {
        Value::Text(text) => quote(text),
        number => number.spelled().to_string(),
    }
}

/// A text or a number as it is, if it is one.
fn plain(node: &Node<'_>) -> Option<Value> {
    match node {
        Node::StringLit(literal) => Some(Value::text(literal.value.as_ref())),
        Node::NumberLit(literal) => literal.value.parse().map(Value::Number).ok().or_else(|| {
            let number = literal.value.parse().ok().filter(|number: &f64| number.is_finite());
            number.map(Value::Fraction)
        }),
        _ => None,
    }
}

fn grow(node: &Node<'_>) -> Tree {
    match node {
        Node::Object(Object { properties, .. }) => {
            Tree::Table(properties.iter().map(|each| (each.name.as_str().to_owned(), grow(&each.value))).collect())
        }
        Node::Array(Array { elements, .. }) => Tree::List(elements.iter().map(grow).collect()),
        other => plain(other).map_or(Tree::Other, Tree::Plain),
    }
}

/// A new property behind the last one, on a line of its own if that one has one.
fn addition(text: &str, object: &Object<'_>, property: &str) -> Splice {
    match object.properties.last() {
        None => Splice::insert(object.range.start + 1, property),
        Some(last) => {
            let before = &text[..last.range.start];
            let gap = &before[before.trim_end_matches([' ', '\t', '\n', '\r']).len()..];
            Splice::insert(last.value.range().end, format!(",{gap}{property}"))
        }
    }
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A part of a text, as it stands between quotes.
fn escaped(part: &str) -> String {
    let quoted = quote(part);
    quoted[1..quoted.len() - 1].to_owned()
}

/// The text of a literal, which stands in double quotes (RFC 8259 §7). `None` for one that is spelled otherwise.
fn spelled(text: &str, at: Range<usize>) -> Option<Spelled> {
    let inner = text.get(at.start + 1..at.end.checked_sub(1)?)?;
    let mut spelled = Spelled::until(at.end - 1);
    let mut rest = inner.char_indices();
    while let Some((index, c)) = rest.next() {
        let start = at.start + 1 + index;
        if c != '\\' {
            spelled.push(c, start..start + c.len_utf8());
            continue;
        }
        let (_, mark) = rest.next()?;
        let plain = match mark {
            '"' | '\\' | '/' => Some(mark),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => None,
            _ => return None,
        };
        if let Some(plain) = plain {
            spelled.push(plain, start..start + 2);
            continue;
        }
        let unit = |from: usize| u16::from_str_radix(inner.get(from..from + 4)?, 16).ok();
        let first = unit(index + 2)?;
        // A character beyond the first plane is two units.
        let second = inner.get(index + 6..index + 8).filter(|mark| *mark == "\\u").and_then(|_| unit(index + 8));
        let pair =
            second.and_then(|second| char::decode_utf16([first, second]).next()?.ok().filter(|c| c.len_utf16() == 2));
        let (c, length) = match pair {
            Some(c) => (c, 12),
            None => (char::from_u32(u32::from(first))?, 6),
        };
        spelled.push(c, start..start + length);
        for _ in 2..length {
            rest.next();
        }
    }
    Some(spelled)
}

/// The value that readers find.
fn last<'v, 'a>(value: &'v Node<'a>, path: &[PathStep]) -> Option<&'v Node<'a>> {
    let Some((step, rest)) = path.split_first() else { return Some(value) };
    last(children(value, step).last()?, rest)
}

/// Every value of that name, those that a later one hides too.
fn all<'v, 'a>(value: &'v Node<'a>, path: &[PathStep], found: &mut Vec<&'v Node<'a>>) {
    match path.split_first() {
        None => found.push(value),
        Some((step, rest)) => children(value, step).into_iter().for_each(|child| all(child, rest, found)),
    }
}

fn children<'v, 'a>(value: &'v Node<'a>, step: &PathStep) -> Vec<&'v Node<'a>> {
    match (value, step) {
        (Node::Object(Object { properties, .. }), PathStep::Key(key)) => {
            let named = |property: &&'v ObjectProp<'a>| property.name.as_str() == key;
            properties.iter().filter(named).map(|property| &property.value).collect()
        }
        (Node::Array(Array { elements, .. }), PathStep::Index(index)) => elements.get(*index).into_iter().collect(),
        (Node::Array(Array { elements, .. }), PathStep::After(word)) => {
            let is_word = |value: &Node<'a>| matches!(value, Node::StringLit(text) if text.value == word.as_str());
            elements.windows(2).filter(|pair| is_word(&pair[0])).map(|pair| &pair[1]).collect()
        }
        _ => Vec::new(),
    }
}

fn not_text(text: &str, path: &[PathStep], value: &Node<'_>) -> DocumentError {
    let (line, column) = position(text, value.range().start);
    let found = match value {
        Node::StringLit(_) => "a text",
        Node::NumberLit(_) => "a number",
        Node::BooleanLit(_) => "true or false",
        Node::Object(_) => "an object",
        Node::Array(_) => "a list",
        Node::NullKeyword(_) => "null",
    };
    DocumentError::NotText { line, column, place: Place::Path(path.to_vec()), found }
}

fn parse(text: &str) -> Result<Node<'_>, DocumentError> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options);
    // The kind alone: the parser's own sentence would quote the file.
    let parsed = parsed
        .map_err(|error| syntax(text, error.range().start, format!("this is not valid JSON: {}", error.kind())))?;
    parsed.value.ok_or_else(|| syntax(text, 0, "there is no JSON value"))
}
