//! A request as a value: what the dialects read.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::words::{Brand, Door};

/// One request, whole.
pub(crate) struct Request {
    pub(crate) brand: Brand,
    pub(crate) door: Door,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) log_id: String,
    /// The first bytes as they came over the wire.
    pub(crate) heard: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The token of an `Authorization: Bearer …` header.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, rest) = self.header(&AUTHORIZATION)?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim()).filter(|token| !token.is_empty())
    }

    /// Client id and secret of an `Authorization: Basic …` header (RFC 6749 §2.3.1: each form-encoded first).
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let (scheme, rest) = self.header(&AUTHORIZATION)?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((form_decode(id), form_decode(secret)))
    }

    /// The query's fields, the first of each name.
    pub(crate) fn query_fields(&self) -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(self.query.as_bytes()) {
            fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        fields
    }

    /// The fields of a JSON body, whatever its `Content-Type` says: a live example of BlueKing posts JSON as a form
    /// (reference/blueking.md §2.1).
    pub(crate) fn loose_fields(&self) -> Option<Fields> {
        Self::object_fields(&self.body)
    }

    /// The fields of a JSON object. Numbers and truth values come as text; what is nested is left out.
    pub(crate) fn object_fields(text: &[u8]) -> Option<Fields> {
        let Ok(Value::Object(object)) = serde_json::from_slice(text) else {
            return None;
        };
        let text = |value: Value| match value {
            Value::String(text) => Some(text),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            _ => None,
        };
        Some(object.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
    }

    /// The body's fields when it is a form or a JSON object of strings; nothing when it is neither.
    pub(crate) fn body_fields(&self, encodings: Encodings) -> Option<BTreeMap<String, String>> {
        let Some(content_type) = self.header(&CONTENT_TYPE) else {
            return if encodings == Encodings::JsonOrUnnamed { json_fields(&self.body) } else { None };
        };
        let content_type = content_type.split(';').next()?.trim().to_ascii_lowercase();
        match content_type.as_str() {
            "application/json" if encodings != Encodings::Form => json_fields(&self.body),
            "application/x-www-form-urlencoded" if matches!(encodings, Encodings::Both | Encodings::Form) => {
                form_fields(&self.body)
            }
            _ => None,
        }
    }
}

/// Fields of a form, a query or a JSON object.
pub(crate) type Fields = BTreeMap<String, String>;

/// Which body encodings an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encodings {
    Both,
    Form,
    Json,
    /// JSON, also without a `Content-Type`: lark-oapi 1.7.5 fetches app and tenant tokens that way (2026-11).
    JsonOrUnnamed,
}

fn json_fields(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return None;
    };
    let mut fields = BTreeMap::new();
    for (name, value) in object {
        match value {
            Value::Null => {}
            Value::String(text) => {
                fields.insert(name, text);
            }
            _ => return None,
        }
    }
    Some(fields)
}

/// A repeated field makes the form malformed (RFC 6749 §3.2).
fn form_fields(body: &[u8]) -> Option<BTreeMap<String, String>> {
    std::str::from_utf8(body).ok()?;
    let mut fields = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(fields)
}

fn form_decode(text: &str) -> String {
    // A lone value parses as the name of one pair; escaping `=` and `&` first keeps it in one piece.
    let lone = text.replace('=', "%3D").replace('&', "%26");
    url::form_urlencoded::parse(lone.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}
