//! Import tasks (reference/feishu.md §12.2): an uploaded file becomes a document, after a while. Codes of
//! reference/feishu.md §12.5.

use serde_json::{Value, json};

use crate::content::{Converted, Document, Import, Subtree, convert};
use crate::feishu::calls::authorized_call::{Call, good, text};
use crate::feishu::calls::media_upload;
use crate::memory::State;
use crate::rules::ContentLimits;
use crate::words::{Refusal, Reply};

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body().ok_or_else(|| parameter("body"))?;
    let extension = text(&body, "file_extension").ok_or_else(|| parameter("file_extension"))?;
    if !EXTENSIONS.contains(&extension) {
        return Err(Refusal::new(1_069_910));
    }
    if text(&body, "type") != Some("docx") {
        return Err(Refusal::new(1_069_911));
    }
    let point = body.get("point").ok_or_else(|| parameter("point"))?;
    if point.get("mount_type").and_then(Value::as_i64) != Some(1) {
        return Err(parameter("point.mount_type"));
    }
    match point.get("mount_key").and_then(Value::as_str) {
        Some("") => {}
        Some(_) => return Err(Refusal::new(1_069_912).because("the sandbox has the root folder only")),
        None => return Err(parameter("point.mount_key")),
    }
    let token = text(&body, "file_token").ok_or_else(|| parameter("file_token"))?;
    let media = state.content.medias.get(token).filter(|media| media.parent_type == media_upload::IMPORT);
    let media = media.ok_or_else(|| Refusal::new(1_069_914))?;
    if state.clock.now().since(media.uploaded_at) >= TOKEN_LIFE_MS {
        return Err(Refusal::new(1_069_913));
    }
    // The extension of the upload and of the task must be the same word.
    if media.extension.as_deref() != Some(extension) {
        return Err(Refusal::new(1_069_904).because("file_extension differs from that of the upload"));
    }
    let source = state.content.sources.get(token).ok_or_else(|| Refusal::new(1_069_914))?;
    let title = text(&body, "file_name").unwrap_or(&media.name).to_owned();
    let import = Import {
        owner: call.who().clone(),
        title,
        content: String::from_utf8_lossy(source).into_owned(),
        asked: 0,
        failure: state.rules.import_failure,
        done: None,
    };
    let ticket = state.randomness.digits(19);
    state.content.imports.insert(ticket.clone(), import);
    Ok(good(&json!({"ticket": ticket})))
}

/// 1 at the first look, 2 while it runs, then 0 with the document, or the failure that the rules wanted.
pub(super) fn get(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let polls = state.rules.task_polls;
    let ticket = call.parameter("ticket").to_owned();
    let import = state.content.imports.get_mut(&ticket).filter(|import| import.owner == *call.who());
    let import = import.ok_or_else(|| Refusal::new(1_069_907))?;
    import.asked = import.asked.saturating_add(1);
    let result = match (import.asked, import.failure) {
        (asked, _) if asked <= polls => {
            json!({"ticket": ticket, "type": "docx", "job_status": if asked == 1 { 1 } else { 2 }, "job_error_msg": ""})
        }
        (_, Some(failure)) => {
            json!({"ticket": ticket, "type": "docx", "job_status": failure, "job_error_msg": "refused by the sandbox"})
        }
        _ => {
            let (document, warnings) = match finish(state, &ticket) {
                // reference/feishu.md §12.2, the job statuses: too deep.
                Err(refusal) if refusal.code == 1_770_005 => {
                    let result =
                        json!({"ticket": ticket, "type": "docx", "job_status": 7001, "job_error_msg": "too deep"});
                    return Ok(good(&json!({"result": result})));
                }
                finished => finished?,
            };
            let url = format!("https://sandbox.invalid/docx/{document}");
            json!({"ticket": ticket, "type": "docx", "job_status": 0, "job_error_msg": "success",
                   "token": document, "url": url, "extra": warnings})
        }
    };
    Ok(good(&json!({"result": result})))
}

/// Makes the document, once.
fn finish(state: &mut State, ticket: &str) -> Result<(String, Vec<String>), Refusal> {
    let State { content, randomness, rules, .. } = state;
    let internal = || Refusal::new(1_069_901);
    let import = content.imports.get_mut(ticket).ok_or_else(internal)?;
    if let Some(done) = &import.done {
        return Ok(done.clone());
    }
    let Converted { mut first_level, mut blocks, .. } = convert(&import.content, &mut || randomness.uuid());
    let mut warnings: Vec<String> = cut(&mut blocks).into_iter().map(str::to_owned).collect();
    if blocks.len() > MOST_BLOCKS {
        // Whole first-level blocks are cut; the platform's way of cutting is not documented.
        let ratio = MOST_BLOCKS * first_level.len() / blocks.len();
        first_level.truncate(ratio);
        warnings.insert(0, "1000".to_owned());
    }
    let id = randomness.alphanumeric(27);
    let mut document = Document::new(id.clone(), import.owner.clone(), &import.title).ok_or_else(internal)?;
    if !first_level.is_empty() {
        let limits = ContentLimits { docx_blocks: usize::MAX, ..rules.content_limits };
        let subtree = Subtree::converted(first_level, &blocks)?;
        let inserted = subtree.insert(&mut document, &id, -1, &limits, &mut || randomness.alphanumeric(27))?;
        content.homes.extend(inserted.relations.into_iter().map(|(_, real)| (real, id.clone())));
    }
    content.homes.insert(id.clone(), id.clone());
    content.documents.insert(id.clone(), document);
    import.done = Some((id.clone(), warnings.clone()));
    Ok((id, warnings))
}

/// What an import cuts (reference/feishu.md §12.2: 1001, 1002, 1003), where an edit would be refused. What of it stays
/// is not documented; here it is what comes first.
fn cut(blocks: &mut [Value]) -> Vec<&'static str> {
    let mut warnings = std::collections::BTreeSet::new();
    for block in blocks {
        let size = |block: &Value, name: &str| {
            let size = block.pointer(&format!("/table/property/{name}")).and_then(Value::as_u64).unwrap_or(0);
            usize::try_from(size).unwrap_or(usize::MAX)
        };
        let (rows, columns) = (size(block, "row_size"), size(block, "column_size"));
        if columns > 0 {
            let kept_columns = columns.min(MOST_COLUMNS);
            let kept_rows = rows.min((MOST_CELLS / kept_columns).max(1));
            if columns > kept_columns {
                warnings.insert("1002");
            }
            if rows > kept_rows {
                warnings.insert("1001");
            }
            let cells = block["children"].as_array().cloned().unwrap_or_default();
            let stays = |n: &usize| n / columns < kept_rows && n % columns < kept_columns;
            let cells: Vec<Value> =
                cells.into_iter().enumerate().filter(|(n, _)| stays(n)).map(|(_, cell)| cell).collect();
            block["children"] = cells.into();
            block["table"]["property"]["row_size"] = kept_rows.into();
            block["table"]["property"]["column_size"] = kept_columns.into();
            continue;
        }
        let texts = block.as_object_mut().into_iter().flat_map(|fields| fields.values_mut());
        for elements in texts.filter_map(|field| field.get_mut("elements")?.as_array_mut()) {
            let mut room = LONGEST_TEXT;
            for content in elements.iter_mut().filter_map(|element| element.pointer_mut("/text_run/content")) {
                let text = content.as_str().unwrap_or_default();
                if text.chars().count() > room {
                    warnings.insert("1003");
                    *content = text.chars().take(room).collect::<String>().into();
                    room = 0;
                } else {
                    room -= text.chars().count();
                }
            }
        }
    }
    warnings.into_iter().collect()
}

fn parameter(what: &str) -> Refusal {
    Refusal::new(1_069_904).because(format!("invalid param: {what}"))
}

const EXTENSIONS: [&str; 3] = ["md", "mark", "markdown"];
const TOKEN_LIFE_MS: i64 = 300_000;
const MOST_BLOCKS: usize = 20_000;
const MOST_COLUMNS: usize = 100;
const MOST_CELLS: usize = 2000;
const LONGEST_TEXT: usize = 100_000;
