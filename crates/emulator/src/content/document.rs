//! A document: a tree of blocks below a page block whose id is the document's own (reference/feishu.md §12.1).

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::content::block_kinds::{Kind, PAGE, TABLE};
use crate::content::principal::Principal;

/// A document as it stands.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) owner: Principal,
    pub(crate) revision: i64,
    pub(crate) blocks: HashMap<String, Block>,
    /// What edits with a `client_token` were answered: a repetition gets the same and changes nothing.
    pub(crate) answered: HashMap<String, Value>,
}

/// A block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) kind: &'static Kind,
    /// The field that the kind names.
    pub(crate) payload: Value,
    pub(crate) children: Vec<String>,
}

impl Document {
    pub(crate) fn new(id: String, owner: Principal, title: &str) -> Option<Self> {
        let page = Block {
            id: id.clone(),
            parent: String::new(),
            kind: Kind::of(PAGE)?,
            payload: json!({"elements": [plain_run(title)], "style": {"align": 1}}),
            children: Vec::new(),
        };
        let blocks = HashMap::from([(id.clone(), page)]);
        Some(Self { id, owner, revision: 1, blocks, answered: HashMap::new() })
    }

    pub(crate) fn title(&self) -> String {
        self.blocks.get(&self.id).map(|page| text_of(&page.payload)).unwrap_or_default()
    }

    pub(crate) fn set_title(&mut self, title: &str) {
        if let Some(page) = self.blocks.get_mut(&self.id) {
            page.payload["elements"] = json!([plain_run(title)]);
        }
        self.revision += 1;
    }

    /// Ids from the page down, parents before children, in the order of reading.
    pub(crate) fn in_order(&self) -> Vec<&Block> {
        let mut order = Vec::with_capacity(self.blocks.len());
        let mut open = vec![self.id.as_str()];
        while let Some(id) = open.pop() {
            if let Some(block) = self.blocks.get(id) {
                open.extend(block.children.iter().rev().map(String::as_str));
                order.push(block);
            }
        }
        order
    }

    /// How many blocks stand above one: 0 for the page.
    pub(crate) fn depth(&self, id: &str) -> usize {
        let mut depth = 0;
        let mut at = id;
        while let Some(block) = self.blocks.get(at).filter(|block| !block.parent.is_empty()) {
            depth += 1;
            at = &block.parent;
        }
        depth
    }

    pub(crate) fn describe(&self) -> Value {
        json!({"document_id": self.id, "revision_id": self.revision, "title": self.title(),
               "display_setting": {"show_authors": true, "show_create_time": false, "show_pv": false}})
    }
}

impl Block {
    /// The block as the platform shows it.
    pub(crate) fn to_json(&self) -> Value {
        let mut payload = self.payload.clone();
        if self.kind.number == TABLE {
            payload["cells"] = json!(self.children);
            // Read-only, and there on every read: a client must not send it back (reference/feishu.md §12.1, step 4).
            let whole = json!({"row_span": 1, "col_span": 1});
            payload["property"]["merge_info"] = json!(vec![whole; self.children.len()]);
        }
        json!({"block_id": self.id, "parent_id": self.parent, "block_type": self.kind.number,
               "children": self.children, self.kind.key: payload})
    }
}

/// The words of a text payload, without styles.
pub(crate) fn text_of(payload: &Value) -> String {
    let elements = payload.get("elements").and_then(Value::as_array);
    let runs = elements.into_iter().flatten().filter_map(|element| {
        element.pointer("/text_run/content").or_else(|| element.pointer("/equation/content")).and_then(Value::as_str)
    });
    runs.collect()
}

fn plain_run(text: &str) -> Value {
    json!({"text_run": {"content": text, "text_element_style": {
        "bold": false, "inline_code": false, "italic": false, "strikethrough": false, "underline": false}}})
}
