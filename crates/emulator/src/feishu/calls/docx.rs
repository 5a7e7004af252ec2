//! Documents read, made and converted (reference/feishu.md §12.1). Codes of reference/feishu.md §12.5.

use serde_json::{Value, json};

use crate::content::{Block, Converted, Document, convert as convert_markdown};
use crate::feishu::calls::authorized_call::{Call, good, text};
use crate::feishu::calls::paging::Page;
use crate::memory::State;
use crate::words::{Refusal, Reply};

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body().ok_or_else(|| parameter("body"))?;
    if text(&body, "folder_token").is_some() {
        return Err(Refusal::new(1_770_039).because("the sandbox has the root folder only"));
    }
    let title = text(&body, "title").unwrap_or_default();
    if title.chars().count() > LONGEST_TITLE {
        return Err(parameter("title"));
    }
    let id = state.randomness.alphanumeric(27);
    let document = Document::new(id.clone(), call.who().clone(), title).ok_or_else(|| Refusal::new(1_771_001))?;
    let described = document.describe();
    state.content.homes.insert(id.clone(), id.clone());
    state.content.documents.insert(id, document);
    Ok(good(&json!({"document": described})))
}

pub(super) fn convert(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body().ok_or_else(|| parameter("body"))?;
    if text(&body, "content_type") != Some("markdown") {
        return Err(parameter("content_type: the sandbox converts markdown only"));
    }
    let content = body.get("content").and_then(Value::as_str).ok_or_else(|| parameter("content"))?;
    if content.is_empty() || content.chars().count() > LONGEST_CONTENT {
        return Err(parameter("content: between 1 and 10485760 characters"));
    }
    let randomness = &mut state.randomness;
    let Converted { first_level, blocks, images } = convert_markdown(content, &mut || randomness.uuid());
    let images: Vec<Value> = images.iter().map(|(block, url)| json!({"block_id": block, "image_url": url})).collect();
    Ok(good(&json!({"first_level_block_ids": first_level, "blocks": blocks, "block_id_to_image_urls": images})))
}

pub(super) fn get(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let document = state.content.document(call.parameter("document_id"), call.who())?;
    Ok(good(&json!({"document": document.describe()})))
}

pub(super) fn list_blocks(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let document = readable(state, call)?;
    let page = Page::read(call, &format!("blocks {}", document.id), (500, 500), page_error)?;
    Ok(good(&page.of(document.in_order().into_iter().map(Block::to_json))))
}

pub(super) fn get_block(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let document = readable(state, call)?;
    let block = document.blocks.get(call.parameter("block_id")).ok_or_else(|| Refusal::new(1_770_002))?;
    Ok(good(&json!({"block": block.to_json()})))
}

pub(super) fn list_children(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let document = readable(state, call)?;
    let block = document.blocks.get(call.parameter("block_id")).ok_or_else(|| Refusal::new(1_770_002))?;
    let page = Page::read(call, &format!("children {}", block.id), (500, 500), page_error)?;
    let children: Vec<&Block> = block.children.iter().filter_map(|child| document.blocks.get(child)).collect();
    Ok(good(&page.of(children.into_iter().map(Block::to_json))))
}

/// The document of a read; the sandbox keeps no older revisions to read from.
fn readable<'s>(state: &'s State, call: &Call<'_>) -> Result<&'s Document, Refusal> {
    let document = state.content.document(call.parameter("document_id"), call.who())?;
    revision(call, document)?;
    Ok(document)
}

/// `document_revision_id`: −1 is the newest; more than 1000 behind is too old (reference/feishu.md §12.5).
pub(super) fn revision(call: &Call<'_>, document: &Document) -> Result<(), Refusal> {
    let asked = call.query("document_revision_id").map_or(Ok(-1), str::parse::<i64>);
    match asked {
        Ok(-1) => Ok(()),
        Ok(revision) if revision > document.revision || revision < 0 => Err(parameter("document_revision_id")),
        Ok(revision) if document.revision - revision > 1000 => Err(Refusal::new(1_770_021)),
        Ok(_) => Ok(()),
        Err(_) => Err(parameter("document_revision_id")),
    }
}

pub(super) fn parameter(what: &str) -> Refusal {
    Refusal::new(1_770_001).because(format!("invalid param: {what}"))
}

fn page_error(what: &str) -> Refusal {
    if what == "page_token" { Refusal::new(1_770_022) } else { parameter(what) }
}

const LONGEST_CONTENT: usize = 10_485_760;
/// As the page of `documents` names it; taken for the titles of nodes too.
pub(super) const LONGEST_TITLE: usize = 800;
