//! Calls that the provider does not have, under `/open-apis/sandbox/v1/`: for tests of what stands between a client and the
//! platform. They pass the same gate, and need no scope.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONNECTION, UPGRADE};
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::feishu::calls::authorized_call::{Call, good};
use crate::memory::State;
use crate::words::{Refusal, Reply, Stream, hex};

/// What arrived. The token itself is never shown, only whether it is the newest of its login or app.
#[expect(clippy::unnecessary_wraps, reason = "the type of every call in the table")]
pub(super) fn echo(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let request = call.request;
    let mut headers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in &request.headers {
        let value = if name == AUTHORIZATION {
            format!("is the current {} token: {}", kind(call), if is_current(state, call) { "yes" } else { "no" })
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        headers.entry(name.as_str()).or_default().push(value);
    }
    Ok(good(&json!({
        "method": request.method.as_str(), "path": request.path, "query": request.query, "headers": headers,
        "body_length": request.body.len(), "body_sha256": hex(&Sha256::digest(&request.body)),
    })))
}

/// Server-sent events: `events` of them, `interval_ms` apart, each with `bytes` of filling.
pub(super) fn stream(_: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let number = |name: &str, usual: u64, most: u64| match call.query(name).map_or(Ok(usual), str::parse) {
        Ok(number) if number <= most => Ok(number),
        _ => Err(Refusal::new(99_992_402).because(format!("{name}: at most {most}"))),
    };
    let events = number("events", 3, 1_000_000)?;
    let interval_ms = number("interval_ms", 0, 60_000)?;
    let filling = usize::try_from(number("bytes", 0, 1 << 20)?).unwrap_or_default();
    Ok(Reply::stream(Stream { events, interval_ms, filling }))
}

/// A WebSocket (RFC 6455) that says back what it hears.
pub(super) fn socket(_: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let headers = &call.request.headers;
    let names = |name, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value: &str| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
    };
    let version = headers.get("sec-websocket-version").is_some_and(|version| version == "13");
    let key = headers.get("sec-websocket-key").and_then(|key| key.to_str().ok());
    match key {
        Some(key) if names(UPGRADE, "websocket") && names(CONNECTION, "upgrade") && version => {
            Ok(Reply::socket(&accept(key)))
        }
        _ => Err(Refusal::new(99_992_402).because("this is no WebSocket handshake")),
    }
}

/// Who calls, for the two paths that take one kind of token only.
#[expect(clippy::unnecessary_wraps, reason = "the type of every call in the table")]
pub(super) fn whoami(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let current = is_current(state, call);
    Ok(good(&json!({"app": call.caller.app.id, "as": kind(call), "id": call.who().id, "token_is_current": current})))
}

fn kind(call: &Call<'_>) -> &'static str {
    if call.who().is_user { "user" } else { "tenant" }
}

fn is_current(state: &State, call: &Call<'_>) -> bool {
    call.request.bearer().is_some_and(|bearer| state.is_newest_access(bearer))
}

/// The answer to a handshake's key (RFC 6455 §4.2.2).
fn accept(key: &str) -> String {
    STANDARD.encode(Sha1::digest(format!("{key}{SALT}")))
}

const SALT: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
