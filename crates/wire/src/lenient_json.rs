//! Tolerant reading of answers.
//!
//! Enters: bytes that may be JSON, may be cut off, may be a page of some gateway. Leaves: fields, looked up at the
//! top level and inside `data` (the v1 families wrap, reference/feishu.md §6, §7), with numbers that came as text or as
//! fractions and a note that they did. From bytes that are not one JSON object, only *complete* strings and numbers
//! are taken (I3): a token whose closing quote did not arrive is no token.

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::error_shape::{self, Named};

/// A body as far as it could be understood.
pub(crate) enum Body<'a> {
    /// One JSON object.
    Object(Object),
    /// Something else; fields are searched for in the bytes.
    Broken(&'a [u8]),
}

/// A JSON object whose texts are wiped when it is dropped.
pub(crate) struct Object(Map<String, Value>);

/// A number, and whether it came in another form than a JSON integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) value: i64,
    pub(crate) odd: bool,
}

/// What stands under a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// Nothing, `null` or an empty text.
    Absent,
    /// A text.
    Present(Zeroizing<String>),
    /// Something that is not a text.
    Garbled,
}

impl<'a> Body<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Self {
        let json = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        match serde_json::from_slice(json) {
            Ok(Value::Object(map)) => Self::Object(Object(map)),
            // A refresh token in a list is found by its name, wherever it stands.
            Ok(Value::Array(items)) if salvage(bytes, "refresh_token", complete_string).is_none() => {
                only(items).map_or(Self::Broken(bytes), Self::Object)
            }
            Ok(mut other) => {
                wipe(&mut other);
                Self::Broken(bytes)
            }
            Err(_) => Self::Broken(bytes),
        }
    }

    /// The same, where an answer may be a form (RFC 6749 asks for JSON, and some servers answer as they were asked). Of one that
    /// was cut off the last field is not taken, because a part of a token looks like a token, and nothing at all unless its
    /// refresh token has arrived: only a whole answer may say that there is none.
    pub(crate) fn parse_or_form(bytes: &'a [u8], whole: bool) -> Self {
        let Self::Broken(bytes) = Self::parse(bytes) else { return Self::parse(bytes) };
        if let Some(word) = bare_word(bytes).filter(|_| whole) {
            return Self::Object(Object(Map::from_iter([("error".to_owned(), Value::String(word))])));
        }
        let arrived = if whole { bytes.len() } else { bytes.iter().rposition(|byte| *byte == b'&').unwrap_or(0) };
        let found = form(&bytes[..arrived]).filter(|object| whole || object.0.contains_key("refresh_token"));
        found.map_or(Self::Broken(bytes), Self::Object)
    }

    /// The text under the first of these names that has one.
    pub(crate) fn text(&self, names: &[&str]) -> Text {
        let found = |name: &&str| match self {
            Self::Object(object) => object.text(name),
            Self::Broken(bytes) => salvage(bytes, name, complete_string).map_or(Text::Absent, Text::Present),
        };
        names.iter().map(found).find(|text| *text != Text::Absent).unwrap_or(Text::Absent)
    }

    /// The number under the first of these names that has one.
    pub(crate) fn number(&self, names: &[&str]) -> Option<Number> {
        names.iter().find_map(|name| match self {
            Self::Object(object) => object.field(name).and_then(number_of),
            Self::Broken(bytes) => salvage(bytes, name, complete_number),
        })
    }
}

impl Object {
    /// A field of the top level or, where that has none (or `null`), of `data`.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        let wrapped = || self.0.get("data").and_then(|data| data.get(name));
        [self.0.get(name), wrapped()].into_iter().flatten().find(|value| !value.is_null())
    }

    /// The error that the object names, in whatever shape.
    pub(crate) fn named(&self, status: u16) -> Option<Named> {
        let wrapped = || error_shape::find(self.0.get("data")?.as_object()?, status);
        error_shape::find(&self.0, status).or_else(wrapped)
    }

    /// A word under one of these names that is known for an error's.
    pub(crate) fn known_word(&self, names: &[&str]) -> Option<Named> {
        error_shape::known(&self.0, names).map(|word| Named { word: Some(word), text: None })
    }

    /// A field of the `error` object of generic API answers (reference/feishu.md §11).
    pub(crate) fn error_field(&self, name: &str) -> Option<&Value> {
        self.0.get("error").and_then(|error| error.get(name))
    }

    /// A yes or no, as text too.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.field(name)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Text {
        match self.field(name) {
            None => Text::Absent,
            Some(Value::String(text)) if text.trim().is_empty() => Text::Absent,
            Some(Value::String(text)) => Text::Present(Zeroizing::new(text.clone())),
            Some(_) => Text::Garbled,
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

/// Overwrites every text in a value. Recursion is as deep as `serde_json` permits documents to be (128).
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The object that a list stands for: the first that names an error, or else the first. The others are wiped.
fn only(mut items: Vec<Value>) -> Option<Object> {
    let names_error = |item: &Value| item.as_object().is_some_and(|object| error_shape::find(object, 200).is_some());
    let is_object = |item: &Value| item.as_object().is_some_and(|object| !object.is_empty());
    let at = items.iter().position(names_error).or_else(|| items.iter().position(is_object));
    let found = at.map(|at| items.swap_remove(at));
    items.iter_mut().for_each(wipe);
    match found {
        Some(Value::Object(map)) => Some(Object(map)),
        _ => None,
    }
}

/// An error's word that is all there is, with or without quotes.
fn bare_word(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim().trim_matches('"');
    error_shape::is_known(text).then(|| text.to_owned())
}

/// The fields of a body that is written as a form and is nothing else: names of letters, values without a character that a form
/// would have escaped, and one field that an answer of a token endpoint has. Of a name that comes twice the first counts.
fn form(bytes: &[u8]) -> Option<Object> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'{' | b'}' | b'"' | b'\\' | b'`');
    let named = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let names_fit = text.split('&').all(|pair| pair.split_once('=').is_some_and(|(name, _)| named(name)));
    if !text.bytes().all(fits) || !names_fit {
        return None;
    }
    let mut map = Map::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        map.entry(name.into_owned()).or_insert_with(|| Value::String(value.into_owned()));
    }
    let object = Object(map);
    FORM_FIELDS.iter().any(|name| object.0.contains_key(*name)).then_some(object)
}

fn number_of(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(value) => Some(Number { value, odd: false }),
            None => fraction(number.as_f64()?),
        },
        Value::String(text) => text_number(text),
        _ => None,
    }
}

fn text_number(text: &str) -> Option<Number> {
    let text = text.trim();
    text.parse().map(|value| Number { value, odd: true }).ok().or_else(|| fraction(text.parse().ok()?))
}

/// The whole part of a fraction that an `i64` can hold with room to spare.
fn fraction(value: f64) -> Option<Number> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked; cutting the fraction off is the purpose"
    )]
    (value.abs() < 1e15).then_some(Number { value: value as i64, odd: true })
}

/// The first complete value under `"name":`, wherever in the bytes it stands.
fn salvage<T>(bytes: &[u8], name: &str, complete: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let quoted = format!("\"{name}\"");
    let quoted = quoted.as_bytes();
    let mut keys = bytes.windows(quoted.len()).enumerate().filter(|(_, window)| *window == quoted);
    keys.find_map(|(at, _)| {
        let rest = bytes[at + quoted.len()..].trim_ascii_start().strip_prefix(b":")?;
        complete(rest.trim_ascii_start())
    })
}

/// A JSON string with both its quotes, not empty.
fn complete_string(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let inside = bytes.strip_prefix(b"\"")?;
    let mut escaped = false;
    let length = inside.iter().position(|byte| match byte {
        _ if escaped => {
            escaped = false;
            false
        }
        b'\\' => {
            escaped = true;
            false
        }
        byte => *byte == b'"',
    })?;
    let text: String = serde_json::from_slice(&bytes[..length + 2]).ok()?;
    (!text.trim().is_empty()).then(|| Zeroizing::new(text))
}

/// A JSON number, bare or as text, that is followed by something: `72` may be the beginning of `7200`.
fn complete_number(bytes: &[u8]) -> Option<Number> {
    if bytes.starts_with(b"\"") {
        return text_number(&complete_string(bytes)?);
    }
    let length = bytes.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))?;
    number_of(&serde_json::from_slice(&bytes[..length]).ok()?)
}

/// One of these is in every answer of a token endpoint or device authorization.
const FORM_FIELDS: &[&str] = &["access_token", "refresh_token", "error", "device_code"];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(body: &[u8], name: &str) -> Option<String> {
        match Body::parse(body).text(&[name]) {
            Text::Present(text) => Some(text.to_string()),
            Text::Absent | Text::Garbled => None,
        }
    }

    fn number(body: &str) -> Option<(i64, bool)> {
        Body::parse(body.as_bytes()).number(&["n"]).map(|number| (number.value, number.odd))
    }

    #[test]
    fn fields_are_found_flat_and_wrapped() {
        assert_eq!(text(br#"{"a":"x","data":{"a":"y"}}"#, "a").as_deref(), Some("x"));
        assert_eq!(text(br#"{"a":null,"data":{"a":"y"}}"#, "a").as_deref(), Some("y"));
        assert_eq!(text(b"\xef\xbb\xbf{\"a\":\"x\"}", "a").as_deref(), Some("x"));
        assert_eq!(text(br#"{"a":7,"data":"no object"}"#, "a"), None);
    }

    #[test]
    fn numbers_are_read_in_every_form() {
        assert_eq!(number(r#"{"n":7200}"#), Some((7200, false)));
        assert_eq!(number(r#"{"n":"7200"}"#), Some((7200, true)));
        assert_eq!(number(r#"{"n":7200.0}"#), Some((7200, true)));
        assert_eq!(number(r#"{"n":"7199.9"}"#), Some((7199, true)));
        assert_eq!(number(r#"{"n":1e300}"#), None);
        assert_eq!(number(r#"{"n":"soon"}"#), None);
    }

    #[test]
    fn a_cut_number_is_no_number() {
        assert_eq!(number(r#"{"n":72"#), None);
        assert_eq!(number(r#"{"n": 7200,"#), Some((7200, false)));
        assert_eq!(number(r#"{"n":"7200","#), Some((7200, true)));
        assert_eq!(number(r#"{"n":"72"#), None);
    }

    #[test]
    fn a_cut_string_is_no_string() {
        assert_eq!(text(br#"{"a" : "x\"y","#, "a").as_deref(), Some("x\"y"));
        assert_eq!(text(br#"{"a":"x\"#, "a"), None);
        assert_eq!(text(br#"{"a":"x\""#, "a"), None);
        assert_eq!(text(br#"{"a":"x"#, "a"), None);
        assert_eq!(text(br#"{"a":"","a":"x","#, "a").as_deref(), Some("x"));
    }

    #[test]
    fn a_form_is_read_by_its_content() {
        let field = |body: &str, name: &str| match Body::parse_or_form(body.as_bytes(), true) {
            Body::Object(object) => match object.text(name) {
                Text::Present(text) => Some(text.to_string()),
                Text::Absent | Text::Garbled => None,
            },
            Body::Broken(_) => None,
        };
        let answer = "access_token=a%2Bb+c&token_type=bearer&expires_in=3600&scope=x%20y&access_token=z\n";
        assert_eq!(field(answer, "access_token").as_deref(), Some("a+b c"));
        assert_eq!(field(answer, "scope").as_deref(), Some("x y"));
        assert_eq!(
            field("error=bad_refresh_token&error_description=It+is+bad.", "error").as_deref(),
            Some("bad_refresh_token")
        );
        for page in [
            "<html>access_token=x</html>",
            "Not a form: error=1",
            "{\"access_token\":\"x",
            "a=b&c=d",
            "error",
            "access_token=x&<b>",
        ] {
            assert!(matches!(Body::parse_or_form(page.as_bytes(), true), Body::Broken(_)), "{page}");
        }
        assert!(matches!(Body::parse_or_form(b"access_token=x&refresh_token=y", false), Body::Broken(_)));
        let Body::Object(cut) = Body::parse_or_form(b"refresh_token=y&access_token=x", false) else {
            panic!("a token lost")
        };
        assert_eq!(
            (cut.text("refresh_token"), cut.text("access_token")),
            (Text::Present("y".to_owned().into()), Text::Absent)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let body = Body::parse(&bytes);
            let _ = (body.text(&["a"]), body.number(&["a"]));
        }

        #[test]
        fn a_complete_string_is_found_in_any_bytes(
            before in proptest::collection::vec(any::<u8>(), 0..60),
            token in "[!-~]{1,60}",
            after in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            prop_assume!(!before.windows(3).any(|window| window == b"\"k\""));
            let quoted = serde_json::to_string(&token).unwrap();
            let bytes = [&before[..], b"\"k\":", quoted.as_bytes(), &after].concat();
            prop_assert_eq!(text(&bytes, "k"), Some(token));
        }
    }
}
