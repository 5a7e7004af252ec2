//! Successful answers made odd: what a client must survive without losing the refresh token that came with them.

use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use crate::faults::OddAnswer;
use crate::words::Reply;

/// The same answer, odd in one way. Answers that are not JSON objects stay as they are.
pub(crate) fn alter(reply: Reply, answer: OddAnswer) -> Reply {
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&reply.body) else {
        return reply;
    };
    if answer == OddAnswer::NoCode {
        body.remove("code");
        body.remove("msg");
    }
    if let Some(data) = body.get_mut("data").filter(|_| answer == OddAnswer::NullData) {
        *data = Value::Null;
    }
    match body.get_mut("data") {
        Some(Value::Object(data)) => alter_tokens(data, answer),
        _ => alter_tokens(&mut body, answer),
    }
    if answer == OddAnswer::NumbersAsStrings {
        stringify(&mut body);
    }
    if answer == OddAnswer::FormEncoded {
        return form(reply, &body);
    }
    Reply { headers: reply.headers, ..Reply::json(reply.status, &Value::Object(body)) }
}

fn alter_tokens(tokens: &mut Map<String, Value>, answer: OddAnswer) {
    let mut without = |names: &[&str]| {
        for name in names {
            tokens.remove(*name);
        }
    };
    match answer {
        OddAnswer::ExtraFields => {
            let junk = json!({"junk": {"deep": [1, null, {"er": "…"}]}, "x_number": 1.5, "x_null": null, "id_token": "", "日本": true});
            if let Value::Object(junk) = junk {
                tokens.extend(junk);
            }
        }
        OddAnswer::NoAccessToken => without(&["access_token"]),
        OddAnswer::EndedAccess => {
            tokens.insert("expires_in".to_owned(), json!(-60));
        }
        OddAnswer::EmptyAccess => {
            tokens.insert("access_token".to_owned(), json!(""));
        }
        OddAnswer::NoCode | OddAnswer::NullData | OddAnswer::FormEncoded => {}
        OddAnswer::NoLife => {
            for name in ["expires_in", "refresh_expires_in", "refresh_token_expires_in"] {
                if let Some(life) = tokens.get_mut(name) {
                    *life = json!(0);
                }
            }
        }
        OddAnswer::NoExpiry => without(&["expires_in", "refresh_expires_in", "refresh_token_expires_in"]),
        OddAnswer::NoRefreshToken => without(&["refresh_token", "refresh_expires_in", "refresh_token_expires_in"]),
        OddAnswer::NumbersAsStrings => stringify(tokens),
        OddAnswer::OnlyRefreshToken => tokens.retain(|name, _| name == "refresh_token" || name == "code"),
    }
}

/// The fields of an answer as a form, those of `data` beside the others.
fn form(reply: Reply, body: &Map<String, Value>) -> Reply {
    let inner = body.get("data").and_then(Value::as_object).into_iter().flatten();
    let fields: Vec<_> = body
        .iter()
        .chain(inner)
        .filter(|(_, value)| !value.is_object() && !value.is_null())
        .map(|(name, value)| (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    let form = Reply::form(reply.status, &fields);
    let others = reply.headers.into_iter().filter(|(name, _)| name != CONTENT_TYPE);
    Reply { headers: form.headers.iter().cloned().chain(others).collect(), ..form }
}

fn stringify(object: &mut Map<String, Value>) {
    for value in object.values_mut().filter(|value| value.is_number()) {
        *value = Value::String(value.to_string());
    }
}
