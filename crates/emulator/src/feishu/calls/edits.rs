//! Edits of documents (reference/feishu.md §12.1 steps 5 and 6). A repetition with the same `client_token` gets the
//! first answer and changes nothing.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::content::{Block, Change, Document, Subtree};
use crate::feishu::calls::authorized_call::{Call, good, text};
use crate::feishu::calls::docx::{parameter, revision};
use crate::memory::State;
use crate::words::{Refusal, Reply};

pub(super) fn insert_nested(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    once(state, call, "descendant", |state, body, document| insert(state, call, body, document, true))
}

pub(super) fn insert_flat(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    once(state, call, "children", |state, body, document| insert(state, call, body, document, false))
}

fn insert(state: &mut State, call: &Call<'_>, body: &Value, id: &str, nested: bool) -> Result<Value, Refusal> {
    let subtree = if nested { Subtree::nested(body)? } else { Subtree::flat(body)? };
    let index = match body.get("index") {
        None | Some(Value::Null) => -1,
        Some(index) => index.as_i64().ok_or_else(|| parameter("index"))?,
    };
    let State { content, randomness, rules, .. } = state;
    let document = content.documents.get_mut(id).ok_or_else(|| Refusal::new(1_770_002))?;
    let mut fresh = || randomness.alphanumeric(27);
    let inserted = subtree.insert(document, call.parameter("block_id"), index, &rules.content_limits, &mut fresh)?;
    let shown = |block: &String| document.blocks.get(block).map(Block::to_json);
    let mut data = json!({
        "children": inserted.roots.iter().filter_map(shown).collect::<Vec<_>>(),
        "document_revision_id": document.revision,
    });
    if nested {
        let relation =
            |(temporary, real): &(String, String)| json!({"temporary_block_id": temporary, "block_id": real});
        data["block_id_relations"] = inserted.relations.iter().map(relation).collect();
    }
    for (_, real) in inserted.relations {
        content.homes.insert(real, id.to_owned());
    }
    Ok(data)
}

pub(super) fn delete_children(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    once(state, call, "batch_delete", |state, body, id| {
        let bound = |name: &str| body.get(name).and_then(Value::as_i64).ok_or_else(|| parameter(name));
        let (start, end) = (bound("start_index")?, bound("end_index")?);
        let content = &mut state.content;
        let document = content.documents.get_mut(id).ok_or_else(|| Refusal::new(1_770_002))?;
        for block in document.delete_children(call.parameter("block_id"), start, end)? {
            content.homes.remove(&block);
            content.gone.insert(block);
        }
        Ok(json!({"document_revision_id": document.revision}))
    })
}

pub(super) fn update(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    once(state, call, "update", |state, body, id| {
        let change = Change::parse(body)?;
        let blocks = apply(state, id, vec![(call.parameter("block_id").to_owned(), change)])?;
        let revision = state.content.documents.get(id).map(|document| document.revision);
        Ok(json!({"block": blocks.first(), "document_revision_id": revision}))
    })
}

pub(super) fn batch_update(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    once(state, call, "batch_update", |state, body, id| {
        let requests = body.get("requests").and_then(Value::as_array).filter(|requests| !requests.is_empty());
        let requests = requests.ok_or_else(|| parameter("requests"))?;
        if requests.len() > MOST_UPDATES {
            return Err(parameter("requests: at most 200"));
        }
        let mut changes = Vec::with_capacity(requests.len());
        let mut named = HashSet::new();
        for request in requests {
            let block = text(request, "block_id").ok_or_else(|| parameter("block_id"))?;
            if !named.insert(block) {
                return Err(Refusal::new(1_770_019));
            }
            changes.push((block.to_owned(), Change::parse(request)?));
        }
        let blocks = apply(state, id, changes)?;
        let revision = state.content.documents.get(id).map(|document| document.revision);
        Ok(json!({"blocks": blocks, "document_revision_id": revision}))
    })
}

/// All changes or none; the blocks as they stand afterwards.
fn apply(state: &mut State, id: &str, changes: Vec<(String, Change)>) -> Result<Vec<Value>, Refusal> {
    let content = &mut state.content;
    let document = content.documents.get_mut(id).ok_or_else(|| Refusal::new(1_770_002))?;
    for (block, change) in &changes {
        let block = document.blocks.get(block).ok_or_else(|| Refusal::new(1_770_002))?;
        change.check(block, |token| content.medias.get(token).cloned())?;
    }
    document.revision += 1;
    let mut shown = Vec::with_capacity(changes.len());
    for (block, change) in changes {
        if let Some(block) = document.blocks.get_mut(&block) {
            change.apply(block);
            shown.push(block.to_json());
        }
    }
    Ok(shown)
}

/// What every edit shares: the document, the caller's right, the revision, and the `client_token`.
fn once(
    state: &mut State,
    call: &Call<'_>,
    operation: &str,
    edit: impl FnOnce(&mut State, &Value, &str) -> Result<Value, Refusal>,
) -> Result<Reply, Refusal> {
    let id = call.parameter("document_id");
    let document: &Document = state.content.document(id, call.who())?;
    let token = call.query("client_token");
    if token.is_some_and(|token| !is_uuid(token)) {
        return Err(parameter("client_token: not a UUID"));
    }
    let key = token.map(|token| format!("{operation} {} {token}", call.parameter("block_id")));
    if let Some(answered) = key.as_ref().and_then(|key| document.answered.get(key)) {
        return Ok(good(answered));
    }
    revision(call, document)?;
    let body = call.body().ok_or_else(|| parameter("body"))?;
    let mut data = edit(state, &body, id)?;
    data["client_token"] = json!(token.map_or_else(|| state.randomness.uuid(), str::to_owned));
    if let (Some(key), Some(document)) = (key, state.content.documents.get_mut(id)) {
        document.answered.insert(key, data.clone());
    }
    Ok(good(&data))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, letter)| match at {
            8 | 13 | 18 | 23 => letter == '-',
            _ => letter.is_ascii_hexdigit(),
        })
}

const MOST_UPDATES: usize = 200;
