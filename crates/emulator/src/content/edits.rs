//! Edits of a document: subtrees put in, ranges taken out, blocks changed; with the limits and codes of
//! reference/feishu.md §12.
//!
//! An edit is checked whole before anything of it is done, so that a refused one has changed nothing.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use crate::content::block_kinds::{Children, IMAGE, Kind, MENTION_CAP, PAGE, TABLE, TABLE_CELL, TEXT};
use crate::content::document::{Block, Document};
use crate::content::uploads::Media;
use crate::rules::ContentLimits;
use crate::words::Refusal;

/// Blocks to put in, found to be in order among themselves.
pub(crate) struct Subtree {
    roots: Vec<String>,
    drafts: Vec<Draft>,
}

struct Draft {
    /// The id in the request.
    temporary: String,
    kind: &'static Kind,
    payload: Value,
    children: Vec<String>,
}

/// What became of a subtree: temporary ids with the real ones, and the real ids of its first level.
pub(crate) struct Inserted {
    pub(crate) relations: Vec<(String, String)>,
    pub(crate) roots: Vec<String>,
}

impl Subtree {
    /// The body of `descendant`: first-level ids, and every block with the ids of those below it.
    pub(crate) fn nested(body: &Value) -> Result<Self, Refusal> {
        let roots = ids(body.get("children_id")).filter(|roots| !roots.is_empty());
        let roots = roots.ok_or_else(|| parameter("children_id is missing"))?;
        let blocks = body.get("descendants").and_then(Value::as_array).filter(|blocks| !blocks.is_empty());
        let blocks = blocks.ok_or_else(|| parameter("descendants is missing"))?;
        if roots.len() > MOST_DESCENDANTS {
            return Err(Refusal::new(1_770_007).because("at most 1000 children_id"));
        }
        if blocks.len() > MOST_DESCENDANTS {
            return Err(Refusal::new(1_770_004).because("at most 1000 descendants"));
        }
        let mut drafts = Vec::with_capacity(blocks.len());
        for block in blocks {
            let block = block.as_object().ok_or_else(|| parameter("a block is no object"))?;
            let temporary = block.get("block_id").and_then(Value::as_str).filter(|id| !id.is_empty());
            let temporary = temporary.ok_or_else(|| parameter("a block has no block_id"))?.to_owned();
            let children = match block.get("children") {
                None | Some(Value::Null) => Vec::new(),
                children => ids(children).ok_or_else(|| parameter("children holds something that is no id"))?,
            };
            let (kind, payload) = draft(block)?;
            drafts.push(Draft { temporary, kind, payload, children });
        }
        let subtree = Self { roots, drafts };
        subtree.check_shape()?;
        subtree.check_resources()?;
        Ok(subtree)
    }

    /// The body of `children`: blocks of one level. A table gets its cells by itself.
    pub(crate) fn flat(body: &Value) -> Result<Self, Refusal> {
        let blocks = body.get("children").and_then(Value::as_array).filter(|blocks| !blocks.is_empty());
        let blocks = blocks.ok_or_else(|| parameter("children is missing"))?;
        if blocks.len() > MOST_CHILDREN {
            return Err(Refusal::new(1_770_007).because("at most 50 children"));
        }
        let mut subtree = Self { roots: Vec::new(), drafts: Vec::new() };
        for (index, block) in blocks.iter().enumerate() {
            let block = block.as_object().ok_or_else(|| parameter("a block is no object"))?;
            if block.get("children").and_then(Value::as_array).is_some_and(|children| !children.is_empty()) {
                return Err(parameter("this call takes no children of children"));
            }
            let (kind, payload) = draft(block)?;
            let temporary = format!("#{index}");
            subtree.roots.push(temporary.clone());
            let cells = if kind.number == TABLE { cells(&payload) } else { 0 };
            let children: Vec<String> = (0..cells).map(|cell| format!("#{index}.{cell}")).collect();
            for cell in &children {
                let line = format!("{cell}.text");
                let payload = json!({});
                subtree.add(Draft {
                    temporary: cell.clone(),
                    kind: known(TABLE_CELL)?,
                    payload,
                    children: vec![line.clone()],
                });
                let payload = json!({"elements": [], "style": {}});
                subtree.add(Draft { temporary: line, kind: known(TEXT)?, payload, children: Vec::new() });
            }
            subtree.add(Draft { temporary, kind, payload, children });
        }
        subtree.check_shape()?;
        subtree.check_resources()?;
        Ok(subtree)
    }

    /// What the sandbox itself converted, of whatever size.
    pub(crate) fn converted(roots: Vec<String>, blocks: &[Value]) -> Result<Self, Refusal> {
        let named = |block: &'_ Map<String, Value>| block.get("block_id").and_then(Value::as_str).map(str::to_owned);
        let found: HashMap<String, &Map<String, Value>> =
            blocks.iter().filter_map(Value::as_object).filter_map(|block| Some((named(block)?, block))).collect();
        let mut subtree = Self { roots, drafts: Vec::with_capacity(blocks.len()) };
        let mut open = subtree.roots.clone();
        while let Some(temporary) = open.pop() {
            let Some(block) = found.get(&temporary) else { continue };
            let (kind, payload) = draft(&without_merge_info(block))?;
            let children = ids(block.get("children")).unwrap_or_default();
            open.extend(children.iter().cloned());
            subtree.add(Draft { temporary, kind, payload, children });
        }
        Ok(subtree)
    }

    fn add(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// Every block is named once, has one parent, and is reached from the first level (reference/feishu.md §12.1:
    /// 1770006).
    fn check_shape(&self) -> Result<(), Refusal> {
        let mut found: HashMap<&str, &Draft> = HashMap::with_capacity(self.drafts.len());
        for draft in &self.drafts {
            if found.insert(&draft.temporary, draft).is_some() {
                return Err(Refusal::new(1_770_019));
            }
        }
        let mut placed: HashSet<&str> = HashSet::with_capacity(self.drafts.len());
        for root in &self.roots {
            if !found.contains_key(root.as_str()) {
                return Err(mismatch("children_id names a block that descendants lacks"));
            }
            if !placed.insert(root) {
                return Err(Refusal::new(1_770_019));
            }
        }
        for draft in &self.drafts {
            for child in &draft.children {
                let Some(below) = found.get(child.as_str()) else {
                    return Err(mismatch("children names a block that descendants lacks"));
                };
                if !placed.insert(child) {
                    return Err(mismatch("a block has two parents, or children_id names more than first-level blocks"));
                }
                nests(draft.kind, below.kind)?;
            }
            if draft.kind.number == TABLE && draft.children.len() != cells(&draft.payload) {
                return Err(mismatch("a table has another number of cells than rows times columns"));
            }
        }
        // Every block has one parent now, so what no root reaches is a ring or an orphan.
        let mut reached = 0;
        let mut open: Vec<&str> = self.roots.iter().map(String::as_str).collect();
        while let Some(id) = open.pop() {
            reached += 1;
            open.extend(found.get(id).into_iter().flat_map(|draft| draft.children.iter().map(String::as_str)));
        }
        if reached == self.drafts.len() { Ok(()) } else { Err(mismatch("a block belongs to no first-level block")) }
    }

    fn check_resources(&self) -> Result<(), Refusal> {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let mut count = |name: &'static str, cap: usize| {
            let seen = seen.entry(name).or_default();
            *seen += 1;
            if *seen > cap {
                return Err(Refusal::new(1_770_035).because(format!("more than {cap} of {name} in one request")));
            }
            Ok(())
        };
        for draft in &self.drafts {
            if let Some(cap) = draft.kind.cap {
                count(draft.kind.key, cap)?;
            }
            for element in draft.payload.get("elements").and_then(Value::as_array).into_iter().flatten() {
                for mention in ["mention_doc", "mention_user"] {
                    if element.get(mention).is_some() {
                        count(mention, MENTION_CAP)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts the blocks below a block, at an index or, with −1, at the end.
    pub(crate) fn insert(
        self,
        document: &mut Document,
        parent: &str,
        index: i64,
        limits: &ContentLimits,
        fresh: &mut dyn FnMut() -> String,
    ) -> Result<Inserted, Refusal> {
        let above = document.blocks.get(parent).ok_or_else(|| Refusal::new(1_770_002))?;
        let at = match usize::try_from(index) {
            Ok(at) if at <= above.children.len() => at,
            Err(_) if index == -1 => above.children.len(),
            _ => return Err(parameter("index is out of range")),
        };
        let drafts: HashMap<&str, &Draft> = self.drafts.iter().map(|draft| (draft.temporary.as_str(), draft)).collect();
        for root in self.roots.iter().filter_map(|root| drafts.get(root.as_str())) {
            nests(above.kind, root.kind)?;
        }
        if document.blocks.len() + self.drafts.len() > limits.docx_blocks {
            return Err(Refusal::new(1_770_004));
        }
        let mut open: Vec<(&str, usize)> =
            self.roots.iter().map(|root| (root.as_str(), document.depth(parent) + 1)).collect();
        while let Some((id, depth)) = open.pop() {
            if depth > limits.docx_depth {
                return Err(Refusal::new(1_770_005));
            }
            let below = drafts.get(id).into_iter().flat_map(|draft| &draft.children);
            open.extend(below.map(|child| (child.as_str(), depth + 1)));
        }

        let real: HashMap<String, String> =
            self.drafts.iter().map(|draft| (draft.temporary.clone(), fresh())).collect();
        let name = |temporary: &String| real.get(temporary).cloned().unwrap_or_default();
        let roots: Vec<String> = self.roots.iter().map(name).collect();
        let mut parents: HashMap<String, String> = roots.iter().map(|root| (root.clone(), parent.to_owned())).collect();
        for draft in &self.drafts {
            parents.extend(draft.children.iter().map(|child| (name(child), name(&draft.temporary))));
        }
        let relations = self.drafts.iter().map(|draft| (draft.temporary.clone(), name(&draft.temporary))).collect();
        for draft in self.drafts {
            let id = name(&draft.temporary);
            let children = draft.children.iter().map(name).collect();
            let parent = parents.get(&id).cloned().unwrap_or_default();
            let block = Block { id: id.clone(), parent, kind: draft.kind, payload: draft.payload, children };
            document.blocks.insert(id, block);
        }
        if let Some(above) = document.blocks.get_mut(parent) {
            above.children.splice(at..at, roots.iter().cloned());
        }
        document.revision += 1;
        Ok(Inserted { relations, roots })
    }
}

impl Document {
    /// Takes out the children of a block from `start` up to but not including `end`; the ids of all that went.
    pub(crate) fn delete_children(&mut self, parent: &str, start: i64, end: i64) -> Result<Vec<String>, Refusal> {
        let above = self.blocks.get_mut(parent).ok_or_else(|| Refusal::new(1_770_002))?;
        if matches!(above.kind.children, Children::Only(_)) {
            return Err(Refusal::new(1_770_031));
        }
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let Some((start, end)) = range.filter(|(start, end)| start < end && *end <= above.children.len()) else {
            return Err(parameter("start_index and end_index name no children"));
        };
        let mut open: Vec<String> = above.children.drain(start..end).collect();
        let mut went = Vec::new();
        while let Some(id) = open.pop() {
            if let Some(block) = self.blocks.remove(&id) {
                open.extend(block.children);
            }
            went.push(id);
        }
        self.revision += 1;
        Ok(went)
    }
}

/// One change of one block.
pub(crate) enum Change {
    Elements(Vec<Value>),
    Style(Map<String, Value>),
    Image(Map<String, Value>),
}

impl Change {
    /// The one operation that a request names.
    pub(crate) fn parse(body: &Value) -> Result<Self, Refusal> {
        let body = body.as_object().ok_or_else(|| parameter("an object is expected"))?;
        let mut named = body.iter().filter(|(name, value)| *name != "block_id" && value.is_object());
        let (Some((name, value)), None) = (named.next(), named.next()) else {
            return Err(parameter("exactly one operation is expected"));
        };
        let value = value.as_object().cloned().unwrap_or_default();
        match name.as_str() {
            "update_text_elements" => {
                let elements = value.get("elements").and_then(Value::as_array).filter(|elements| !elements.is_empty());
                let elements = elements.ok_or_else(|| parameter("elements is missing"))?.clone();
                check_elements(&elements)?;
                Ok(Self::Elements(elements))
            }
            "update_text_style" => match value.get("style") {
                Some(Value::Object(style)) => {
                    check_style(style)?;
                    Ok(Self::Style(style.clone()))
                }
                _ => Err(parameter("style is missing")),
            },
            "replace_image" => match value.get("token").and_then(Value::as_str) {
                Some(token) if !token.is_empty() => Ok(Self::Image(value)),
                _ => Err(parameter("token is missing")),
            },
            _ => Err(Refusal::new(1_770_024).because(format!("the sandbox has no operation {name}"))),
        }
    }

    /// Whether the block and the change fit: 1770025; and, for images, whether the token is the block's own: 1770013.
    pub(crate) fn check(&self, block: &Block, media: impl Fn(&str) -> Option<Media>) -> Result<(), Refusal> {
        let fits = match self {
            Self::Elements(_) => block.kind.is_text,
            Self::Style(_) => block.kind.is_text && block.kind.number != PAGE,
            Self::Image(_) => block.kind.number == IMAGE,
        };
        if !fits {
            return Err(Refusal::new(1_770_025));
        }
        if let Self::Image(image) = self {
            let media = image.get("token").and_then(Value::as_str).and_then(media);
            if media.is_none_or(|media| media.parent_type != DOCX_IMAGE || media.parent_node != block.id) {
                return Err(Refusal::new(1_770_013));
            }
        }
        Ok(())
    }

    pub(crate) fn apply(self, block: &mut Block) {
        let (into, fields) = match self {
            Self::Elements(elements) => {
                block.payload["elements"] = elements.into();
                return;
            }
            Self::Style(style) => (&mut block.payload["style"], style),
            Self::Image(image) => (&mut block.payload, image),
        };
        match into {
            Value::Object(into) => into.extend(fields),
            into => *into = fields.into(),
        }
    }
}

/// Kind and payload of a block in a request.
fn draft(block: &Map<String, Value>) -> Result<(&'static Kind, Value), Refusal> {
    let kind = Kind::of_block(block).ok_or_else(|| parameter("block_type is missing or unknown"))?;
    if !kind.creatable {
        return Err(Refusal::new(1_770_029).because(format!("a block of type {} cannot be created", kind.number)));
    }
    let Some(Value::Object(payload)) = block.get(kind.key) else {
        return Err(mismatch(&format!("a block of type {} has no {}", kind.number, kind.key)));
    };
    let mut payload = payload.clone();
    if kind.is_text {
        let elements = payload.get("elements").and_then(Value::as_array);
        check_elements(elements.ok_or_else(|| mismatch("a text has no elements"))?)?;
        match payload.entry("style").or_insert_with(|| json!({})) {
            Value::Object(style) => check_style(style)?,
            _ => return Err(mismatch("a style that is no object")),
        }
    }
    match kind.number {
        TABLE => check_table(&mut payload)?,
        IMAGE => {
            // An image is filled by replace_image, with a token that was uploaded for this very block.
            if payload.get("token").and_then(Value::as_str).is_some_and(|token| !token.is_empty()) {
                return Err(Refusal::new(1_770_013));
            }
            for (name, value) in
                [("token", json!("")), ("width", json!(100)), ("height", json!(100)), ("align", json!(2))]
            {
                payload.entry(name).or_insert(value);
            }
        }
        _ => {}
    }
    Ok((kind, payload.into()))
}

fn check_elements(elements: &[Value]) -> Result<(), Refusal> {
    let mut length = 0;
    for element in elements {
        let element = element.as_object().filter(|element| element.len() == 1);
        let (name, value) =
            element.and_then(|element| element.iter().next()).ok_or_else(|| mismatch("a text element"))?;
        match (name.as_str(), value.get("content").and_then(Value::as_str)) {
            ("text_run" | "equation", Some(content)) => length += content.chars().count(),
            ("mention_user" | "mention_doc" | "reminder" | "file" | "inline_block", _) if value.is_object() => {}
            _ => return Err(mismatch("a text element of unknown kind, or without content")),
        }
        if let Some(Value::Object(style)) = value.get("text_element_style") {
            check_style(style)?;
        }
        match value.pointer("/text_element_style/link") {
            None | Some(Value::Null) => {}
            Some(link) if link.get("url").is_some_and(Value::is_string) => {}
            Some(_) => return Err(mismatch("a link without url")),
        }
    }
    if length > LONGEST_TEXT { Err(Refusal::new(1_770_033)) } else { Ok(()) }
}

/// The types of the fields that the sandbox knows; it does not complain about others.
fn check_style(style: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in style {
        let fits = match name.as_str() {
            "bold" | "done" | "folded" | "inline_code" | "italic" | "strikethrough" | "underline" | "wrap" => {
                value.is_boolean()
            }
            "align" | "language" => value.as_u64().is_some_and(|number| number > 0),
            "sequence" => value.is_string(),
            _ => true,
        };
        if !fits {
            return Err(mismatch(&format!("{name} has a wrong type")));
        }
    }
    Ok(())
}

fn check_table(payload: &mut Map<String, Value>) -> Result<(), Refusal> {
    payload.remove("cells");
    let property =
        payload.get("property").and_then(Value::as_object).ok_or_else(|| mismatch("a table has no property"))?;
    if property.contains_key("merge_info") {
        return Err(parameter("merge_info is read-only"));
    }
    let size = |name: &str| property.get(name).and_then(Value::as_u64).filter(|size| *size > 0);
    let (Some(rows), Some(columns)) = (size("row_size"), size("column_size")) else {
        return Err(mismatch("a table has no row_size or column_size"));
    };
    if columns > MOST_COLUMNS {
        return Err(Refusal::new(1_770_010));
    }
    if rows.saturating_mul(columns) > MOST_CELLS {
        return Err(Refusal::new(1_770_011));
    }
    Ok(())
}

/// Rows times columns of a table that was checked.
fn cells(payload: &Value) -> usize {
    let size = |name: &str| payload.pointer(name).and_then(Value::as_u64).unwrap_or(0);
    usize::try_from(size("/property/row_size").saturating_mul(size("/property/column_size"))).unwrap_or(usize::MAX)
}

fn nests(above: &Kind, below: &Kind) -> Result<(), Refusal> {
    if above.takes(below) {
        Ok(())
    } else if above.children == Children::None {
        Err(Refusal::new(1_770_028))
    } else {
        Err(Refusal::new(1_770_030))
    }
}

fn without_merge_info(block: &Map<String, Value>) -> Map<String, Value> {
    let mut block = block.clone();
    if let Some(Value::Object(property)) = block.get_mut("table").and_then(|table| table.get_mut("property")) {
        property.remove("merge_info");
    }
    block
}

fn ids(value: Option<&Value>) -> Option<Vec<String>> {
    value?.as_array()?.iter().map(|id| id.as_str().map(str::to_owned)).collect()
}

fn known(number: u64) -> Result<&'static Kind, Refusal> {
    Kind::of(number).ok_or_else(|| Refusal::new(1_771_001))
}

fn parameter(why: &str) -> Refusal {
    Refusal::new(1_770_001).because(why)
}

fn mismatch(why: &str) -> Refusal {
    Refusal::new(1_770_006).because(why)
}

/// What images are uploaded for.
pub(crate) const DOCX_IMAGE: &str = "docx_image";

/// reference/feishu.md §12.1, step 5.
const MOST_DESCENDANTS: usize = 1000;
const MOST_CHILDREN: usize = 50;
/// reference/feishu.md §12.2, the warnings of an import: the same sizes are taken as the limits of an edit.
const MOST_COLUMNS: u64 = 100;
const MOST_CELLS: u64 = 2000;
const LONGEST_TEXT: usize = 100_000;
