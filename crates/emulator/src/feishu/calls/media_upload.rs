//! `medias/upload_all` (reference/feishu.md §12.1 step 6, §12.2 step 1). Codes of reference/feishu.md §12.5.

use serde_json::{Value, json};

use crate::content::{DOCX_IMAGE, Upload, block_kinds};
use crate::feishu::calls::authorized_call::{Call, good};
use crate::feishu::calls::multipart;
use crate::memory::State;
use crate::words::{Refusal, Reply};

pub(super) fn upload(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let content_type = call.request.header(&http::header::CONTENT_TYPE).unwrap_or_default();
    let fields =
        multipart::fields(content_type, &call.request.body).ok_or_else(|| parameter("not a multipart form"))?;
    let text = |name: &str| fields.get(name).and_then(|value| std::str::from_utf8(value).ok());
    let needed = |name: &str| text(name).filter(|value| !value.is_empty()).ok_or_else(|| parameter(name));
    let name = text("file_name").filter(|name| (1..=LONGEST_NAME).contains(&name.chars().count()));
    let name = name.ok_or_else(|| Refusal::new(1_061_008))?;
    let parent_type = needed("parent_type")?;
    let announced: usize = needed("size")?.parse().map_err(|_| parameter("size"))?;
    let content = fields.get("file").ok_or_else(|| parameter("file"))?;
    if announced > LARGEST || content.len() > LARGEST {
        return Err(Refusal::new(1_061_043));
    }
    let day_ago = |media: &crate::content::Media| state.clock.now().since(media.uploaded_at) < DAY_MS;
    if state.content.medias.values().filter(|media| day_ago(media)).count() >= state.rules.content_limits.uploads_a_day
    {
        return Err(Refusal::new(1_061_042).because("more uploads than a day allows"));
    }
    if announced != content.len() || announced == 0 {
        return Err(Refusal::new(1_062_009));
    }
    if let Some(checksum) = text("checksum").filter(|checksum| !checksum.is_empty())
        && checksum.parse() != Ok(adler32(content))
    {
        return Err(Refusal::new(1_062_008));
    }
    let extra: Value = match text("extra").filter(|extra| !extra.is_empty()) {
        None => json!({}),
        Some(extra) => serde_json::from_str(extra).ok().filter(Value::is_object).ok_or_else(|| parameter("extra"))?,
    };
    let mut upload = Upload { name, parent_type, parent_node: "", extension: None, content };
    match parent_type {
        DOCX_IMAGE => {
            upload.parent_node = needed("parent_node")?;
            image_block(state, call, upload.parent_node, &extra)?;
        }
        IMPORT => {
            let word = |name: &str| extra.get(name).and_then(Value::as_str).ok_or_else(|| parameter("extra"));
            if word("obj_type")? != "docx" {
                return Err(parameter("extra: the sandbox imports docx only"));
            }
            upload.extension = Some(word("file_extension")?.to_owned());
        }
        _ => return Err(parameter("parent_type")),
    }
    let media = upload.keep(state.randomness.alphanumeric(27), state.clock.now());
    let token = media.token.clone();
    if parent_type == IMPORT {
        state.content.sources.insert(token.clone(), content.to_vec());
    }
    state.content.medias.insert(token.clone(), media);
    Ok(good(&json!({"file_token": token})))
}

/// The block must be there, an image, and in a document of the caller's.
fn image_block(state: &State, call: &Call<'_>, block: &str, extra: &Value) -> Result<(), Refusal> {
    let content = &state.content;
    if content.gone.contains(block) {
        return Err(Refusal::new(1_061_041));
    }
    let home = content.homes.get(block).and_then(|home| content.documents.get(home));
    let home = home.filter(|home| home.owner.brand == call.who().brand).ok_or_else(|| Refusal::new(1_061_044))?;
    if !content.may_edit(home, call.who()) {
        return Err(Refusal::new(1_061_004));
    }
    if home.blocks.get(block).is_none_or(|block| block.kind.number != block_kinds::IMAGE) {
        return Err(Refusal::new(1_061_044).because("the parent is no image block"));
    }
    match extra.get("drive_route_token").and_then(Value::as_str) {
        Some(route) if route != home.id => Err(parameter("drive_route_token")),
        _ => Ok(()),
    }
}

/// Adler-32 (RFC 1950 §8.2).
fn adler32(content: &[u8]) -> u32 {
    const MODULUS: u32 = 65521;
    let (mut low, mut high) = (1_u32, 0_u32);
    // 5552 is the longest run whose sums fit into 32 bits.
    for run in content.chunks(5552) {
        for byte in run {
            low += u32::from(*byte);
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    high << 16 | low
}

fn parameter(what: &str) -> Refusal {
    Refusal::new(1_061_002).because(format!("params error: {what}"))
}

pub(super) const IMPORT: &str = "ccm_import_open";
const LARGEST: usize = 20 * 1024 * 1024;
const LONGEST_NAME: usize = 250;
const DAY_MS: i64 = 86_400_000;
