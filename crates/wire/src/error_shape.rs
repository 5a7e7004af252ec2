//! Whether a JSON object names an error, whatever it looks like.
//!
//! Enters: an object without more knowledge than its status. Leaves: the error's word and text. RFC 6749 §5.2 has one shape;
//! servers have others: a capital letter, an object, a list, a code of their own beside a text. An object that brings tokens
//! is asked for these first; what is found here says that none were issued (I6: by itself it condemns nothing).

use serde_json::{Map, Value};

use crate::oauth_error_codes;

/// An error as an answer names it. Both are as they came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// What stands for the RFC's `error`.
    pub(crate) word: Option<String>,
    /// What is said about it.
    pub(crate) text: Option<String>,
}

/// The error that an object names.
pub(crate) fn find(object: &Map<String, Value>, status: u16) -> Option<Named> {
    let field = |name: &str| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    for name in ["error", "errors", "fault"] {
        if let Some(mut named) = field(name).and_then(|value| inside(value, DEPTH)) {
            named.text = first(object, TEXTS).or(named.text);
            return Some(named);
        }
    }
    let coded = WORDS.iter().find_map(|name| field(name).and_then(word));
    let said_no = ["ok", "success"].iter().any(|name| field(name) == Some(&Value::Bool(false)))
        || field("error") == Some(&Value::Bool(true));
    let text = first(object, TEXTS);
    if coded.is_some() || said_no {
        return Some(Named { word: coded, text });
    }
    // A path that is not there has bodies of every kind; elsewhere a word beside a text is an error by its status (RFC 9457).
    let by_status = status >= 400 && !matches!(status, 404 | 405);
    let titled =
        || ["status", "category", "code", "type", "title", "reason"].iter().find_map(|name| word(field(name)?));
    if let Some(word) = text.as_ref().filter(|_| by_status).and_then(|_| titled()) {
        return Some(Named { word: Some(word), text });
    }
    // What brings a token is no error by a word that stands somewhere beside it.
    let brings = field("access_token").is_some_and(|token| !token.is_null());
    let word = known(object, SELDOM).filter(|_| !brings)?;
    Some(Named { text: text.filter(|text| *text != word), word: Some(word) })
}

/// A word under one of these names that is known for an error's.
pub(crate) fn known(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let fields = || object.iter().filter_map(|(key, value)| Some((key, word(value)?)));
    names.iter().find_map(|name| {
        let (_, word) = fields().find(|(key, word)| key.eq_ignore_ascii_case(name) && is_known(word))?;
        Some(word)
    })
}

/// Whether a text is an error's word that is known.
pub(crate) fn is_known(text: &str) -> bool {
    text.len() <= LONGEST_WORD && oauth_error_codes::word(&normal(text)).is_some()
}

/// An error word in the RFCs' spelling: lower case with underscores.
pub(crate) fn normal(word: &str) -> String {
    let word = word.trim();
    let mut out = String::with_capacity(word.len() + 4);
    let mut after_lower = false;
    for c in word.chars() {
        match c {
            ' ' | '-' | '.' | '_' => {
                if !out.is_empty() && !out.ends_with('_') {
                    out.push('_');
                }
                after_lower = false;
            }
            c => {
                if c.is_ascii_uppercase() && after_lower {
                    out.push('_');
                }
                after_lower = c.is_ascii_lowercase();
                out.push(c.to_ascii_lowercase());
            }
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

/// An error inside a value: a word, an object, or the first of a list.
fn inside(value: &Value, depth: usize) -> Option<Named> {
    match value {
        Value::String(_) | Value::Number(_) => word(value).map(|word| Named { word: Some(word), text: None }),
        Value::Array(items) if depth > 0 => items.iter().find_map(|item| inside(item, depth - 1)),
        Value::Object(object) if depth > 0 && !object.is_empty() => {
            let field =
                |name: &str| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
            let own = INNER.iter().find_map(|name| field(name).filter(|value| value.is_string()).and_then(word));
            let deeper = || {
                ["error", "errors", "detail", "extensions", "cause"]
                    .iter()
                    .find_map(|name| inside(field(name)?, depth - 1))
            };
            let named = match own {
                Some(word) => Named { word: Some(word), text: None },
                None => deeper().unwrap_or_default(),
            };
            let text = first(object, TEXTS).or(named.text);
            let number = || INNER.iter().find_map(|name| field(name).and_then(word));
            // Some answers have the object always, and fill it when something is wrong.
            Some(Named { word: named.word.or_else(number), text }).filter(|named| *named != Named::default())
        }
        _ => None,
    }
}

/// The text under the first of these names that has one.
fn first(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let value = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)?;
        value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
    })
}

/// A word, or a number in its place; zero and what means "fine" are none.
fn word(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let fine = ["", "0", "ok", "success", "succeeded", "none", "about:blank"];
    (!fine.iter().any(|fine| text.eq_ignore_ascii_case(fine))).then_some(text)
}

/// What stands for the word beside the object's other fields.
const WORDS: &[&str] = &["error_code", "errorcode", "err_code", "errcode", "err", "error_type", "errortype", "__type"];
/// What stands for it inside an error's own object.
const INNER: &[&str] = &[
    "error",
    "errortype",
    "error_type",
    "errorcode",
    "error_code",
    "code",
    "status",
    "reason",
    "type",
    "name",
    "title",
];
const TEXTS: &[&str] = &[
    "error_description",
    "errordescription",
    "error_message",
    "errormessage",
    "error_msg",
    "errormsg",
    "errmsg",
    "message",
    "msg",
    "description",
    "detail",
    "faultstring",
    "error_reason",
];
/// Where an error's word stands in answers that have none of the names above.
const SELDOM: &[&str] = &[
    "code",
    "status",
    "reason",
    "type",
    "title",
    "category",
    "name",
    "result",
    "message",
    "msg",
    "detail",
    "description",
    "error_description",
];
/// Longer than any word that is known.
const LONGEST_WORD: usize = 64;
/// How deep an error is looked for.
const DEPTH: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn named(status: u16, body: &str) -> Option<(Option<String>, Option<String>)> {
        let Ok(Value::Object(object)) = serde_json::from_str(body) else { panic!("{body}") };
        find(&object, status).map(|named| (named.word, named.text))
    }

    #[test]
    fn an_error_is_found_in_every_shape() {
        for (status, body, word, text) in [
            (400, r#"{"error":"x"}"#, "x", ""),
            (400, r#"{"Error":"x","Error_Description":"t"}"#, "x", "t"),
            (400, r#"{"ERROR":"x","message":"t"}"#, "x", "t"),
            (400, r#"{"error":{"code":"x","message":"t"}}"#, "x", "t"),
            (400, r#"{"error":{"message":"t","type":"OAuthException","code":190}}"#, "OAuthException", "t"),
            (400, r#"{"error":{"code":190,"message":"t"}}"#, "190", "t"),
            (400, r#"{"error":{"error":"x","error_description":"t"}}"#, "x", "t"),
            (400, r#"{"error":{"errors":[{"reason":"x","message":"t"}]}}"#, "x", "t"),
            (400, r#"{"errors":[{"errorType":"invalid_grant","message":"t"}],"success":false}"#, "invalid_grant", "t"),
            (400, r#"{"errors":["x"]}"#, "x", ""),
            (400, r#"{"errors":{"code":"x","detail":"t"}}"#, "x", "t"),
            (401, r#"{"fault":{"faultstring":"t","detail":{"errorcode":"x"}}}"#, "x", "t"),
            (200, r#"{"ok":false,"error":"x"}"#, "x", ""),
            (200, r#"{"ok":false,"error":{"code":"x"}}"#, "x", ""),
            (200, r#"{"error_code":"x","error_msg":"t"}"#, "x", "t"),
            (200, r#"{"errcode":40001,"errmsg":"t"}"#, "40001", "t"),
            (200, r#"{"error_code":110}"#, "110", ""),
            (400, r#"{"status":"BAD_REFRESH_TOKEN","message":"t"}"#, "BAD_REFRESH_TOKEN", "t"),
            (403, r#"{"type":"https://x.test/e","title":"x","detail":"t"}"#, "https://x.test/e", "t"),
            (400, r#"{"__type":"NotAuthorizedException","message":"t"}"#, "NotAuthorizedException", "t"),
            (400, r#"{"code":"invalid_grant"}"#, "invalid_grant", ""),
            (200, r#"{"Code":"InvalidGrant"}"#, "InvalidGrant", ""),
            (400, r#"{"message":"invalid_grant"}"#, "invalid_grant", ""),
            (400, r#"{"errors":[{"message":"t","extensions":{"code":"invalid_grant"}}]}"#, "invalid_grant", "t"),
        ] {
            let text = Some(text.to_owned()).filter(|text| !text.is_empty());
            assert_eq!(named(status, body), Some((Some(word.to_owned()), text)), "{body}");
        }
        assert_eq!(named(200, r#"{"success":false,"message":"t"}"#), Some((None, Some("t".to_owned()))));
        assert_eq!(named(200, r#"{"ok":false}"#), Some((None, None)));
    }

    #[test]
    fn what_names_no_error_is_none() {
        for (status, body) in [
            (200, "{}"),
            (200, r#"{"error":""}"#),
            (200, r#"{"error":null,"errors":[],"fault":{}}"#),
            (200, r#"{"error":false,"message":"fine"}"#),
            (200, r#"{"error":{"code":"","message":""}}"#),
            (200, r#"{"errcode":0,"errmsg":"ok"}"#),
            (200, r#"{"error_code":"0"}"#),
            (200, r#"{"ok":true,"status":"success","message":"t"}"#),
            (200, r#"{"type":"t","message":"m"}"#),
            (400, r#"{"message":"no word"}"#),
            (200, r#"{"access_token":"x","result":"timeout"}"#),
            (404, r#"{"type":"t","title":"Not Found","detail":"m"}"#),
        ] {
            assert_eq!(named(status, body), None, "{body}");
        }
    }

    #[test]
    fn a_word_has_one_spelling() {
        for word in [
            "invalid_grant",
            "INVALID_GRANT",
            "invalidGrant",
            "InvalidGrant",
            "Invalid grant",
            "invalid-grant",
            " invalid.grant ",
        ] {
            assert_eq!(normal(word), "invalid_grant", "{word}");
        }
        assert_eq!(normal("NotAuthorizedException"), "not_authorized_exception");
    }
}
