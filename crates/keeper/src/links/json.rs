//! JSON, and JSON with comments and trailing commas.
//!
//! `jsonc-parser` tells where each value stands; the text between is never written anew. A key that is there twice is
//! read as its last one, as JavaScript, Python and serde do (RFC 8259 §4 leaves it open), and written in all of them.
//! The parser refuses nesting beyond 512 levels, so no document overflows the stack.

use jsonc_parser::ast::{Array, Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::error::DocumentError;
use super::text::{Splice, position, syntax};
use tokenward_core::{Place, Step};

pub(super) fn check(text: &str) -> Result<(), DocumentError> {
    parse(text).map(|_| ())
}

pub(super) fn read(text: &str, path: &[Step]) -> Result<Option<String>, DocumentError> {
    let root = parse(text)?;
    match last(&root, path) {
        None => Ok(None),
        Some(Value::StringLit(literal)) => Ok(Some(literal.value.to_string())),
        Some(other) => Err(not_text(text, path, other)),
    }
}

pub(super) fn write(text: &str, path: &[Step], value: &str) -> Result<Vec<Splice>, DocumentError> {
    let root = parse(text)?;
    let written = quote(value);
    let mut found = Vec::new();
    all(&root, path, &mut found);
    let mut splices = Vec::new();
    for value in found {
        match value {
            Value::StringLit(_) | Value::NullKeyword(_) => {
                let range = value.range();
                splices.push(Splice::new(range.start..range.end, written.clone()));
            }
            other => return Err(not_text(text, path, other)),
        }
    }
    if last(&root, path).is_none() {
        let absent = |reason| DocumentError::NotThere { place: Place::Path(path.to_vec()), reason };
        let Some((Step::Key(key), way)) = path.split_last() else {
            return Err(absent("elements are not added to an array"));
        };
        let Some(Value::Object(object)) = last(&root, way) else {
            return Err(absent("the object it belongs into is not there"));
        };
        splices.push(addition(text, object, &format!("{}: {written}", quote(key))));
    }
    Ok(splices)
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

/// The value that readers find.
fn last<'v, 'a>(value: &'v Value<'a>, path: &[Step]) -> Option<&'v Value<'a>> {
    let Some((step, rest)) = path.split_first() else { return Some(value) };
    last(children(value, step).last()?, rest)
}

/// Every value of that name, those that a later one hides too.
fn all<'v, 'a>(value: &'v Value<'a>, path: &[Step], found: &mut Vec<&'v Value<'a>>) {
    match path.split_first() {
        None => found.push(value),
        Some((step, rest)) => children(value, step).into_iter().for_each(|child| all(child, rest, found)),
    }
}

fn children<'v, 'a>(value: &'v Value<'a>, step: &Step) -> Vec<&'v Value<'a>> {
    match (value, step) {
        (Value::Object(Object { properties, .. }), Step::Key(key)) => {
            let named = |property: &&'v ObjectProp<'a>| property.name.as_str() == key;
            properties.iter().filter(named).map(|property| &property.value).collect()
        }
        (Value::Array(Array { elements, .. }), Step::Index(index)) => elements.get(*index).into_iter().collect(),
        (Value::Array(Array { elements, .. }), Step::After(word)) => {
            let is_word = |value: &Value<'a>| matches!(value, Value::StringLit(text) if text.value == word.as_str());
            elements.windows(2).filter(|pair| is_word(&pair[0])).map(|pair| &pair[1]).collect()
        }
        _ => Vec::new(),
    }
}

fn not_text(text: &str, path: &[Step], value: &Value<'_>) -> DocumentError {
    let (line, column) = position(text, value.range().start);
    let found = match value {
        Value::StringLit(_) => "a text",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "true or false",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::NullKeyword(_) => "null",
    };
    DocumentError::NotText { line, column, place: Place::Path(path.to_vec()), found }
}

fn parse(text: &str) -> Result<Value<'_>, DocumentError> {
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
    let parsed = parsed.map_err(|error| syntax(text, error.range().start, error.kind().to_string()))?;
    parsed.value.ok_or_else(|| syntax(text, 0, "there is no JSON value"))
}
