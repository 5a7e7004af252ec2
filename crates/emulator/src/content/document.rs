//! A document: a tree of blocks below a page block whose id is the document's own (reference/feishu.md §12.1).

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::content::media::Media;
use crate::content::schema::{CODE, IMAGE, Kind, PAGE, TABLE};
use crate::content::wiki::{Content, Principal};

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

/// A document for tests: everything that was written into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentTree {
    /// The id, also of its page block.
    pub document_id: String,
    /// The title.
    pub title: String,
    /// How often it was changed, plus one.
    pub revision: i64,
    /// The page block.
    pub page: BlockTree,
}

/// A block for tests, with all that is below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlockTree {
    /// The id.
    pub block_id: String,
    /// The number of its kind.
    pub block_type: u64,
    /// The name of its kind: `text`, `heading1`, `bullet`, `image` …
    pub kind: String,
    /// Its own text, without styles.
    pub text: String,
    /// The language's name of a code block, as the platform numbers it.
    pub language: Option<u64>,
    /// Whether a todo item is ticked.
    pub done: Option<bool>,
    /// What the field of its kind holds: text elements with styles and links, table properties …
    pub payload: Value,
    /// The picture in an image block; none while it is empty.
    pub media: Option<Media>,
    /// The blocks below it.
    pub children: Vec<BlockTree>,
}

impl BlockTree {
    /// This block and all below it, parents before children, in the order of reading.
    pub fn walk(&self) -> Vec<&Self> {
        let mut order = Vec::new();
        let mut open = vec![self];
        while let Some(block) = open.pop() {
            open.extend(block.children.iter().rev());
            order.push(block);
        }
        order
    }

    /// The tree as indented lines of kind and text: easy to compare, and to read when it differs. Ids are left out.
    pub fn outline(&self) -> String {
        let mut lines = String::new();
        let mut open = vec![(0, self)];
        while let Some((depth, block)) = open.pop() {
            let media = block.media.as_ref().map(|media| format!(" {}", media.sha256)).unwrap_or_default();
            let done = block.done.map(|done| if done { " [x]" } else { " [ ]" }).unwrap_or_default();
            let language = block.language.map(|language| format!(" ({language})")).unwrap_or_default();
            let text = if block.text.is_empty() { String::new() } else { format!(" {:?}", block.text) };
            lines += &"  ".repeat(depth);
            lines += &block.kind;
            for part in [language.as_str(), done, &text, &media, "\n"] {
                lines += part;
            }
            open.extend(block.children.iter().rev().map(|child| (depth + 1, child)));
        }
        lines
    }
}

impl Content {
    /// A document for tests.
    pub(crate) fn document_tree(&self, document: &Document) -> Option<DocumentTree> {
        Some(DocumentTree {
            document_id: document.id.clone(),
            title: document.title(),
            revision: document.revision,
            page: self.block_tree(document, &document.id)?,
        })
    }

    fn block_tree(&self, document: &Document, id: &str) -> Option<BlockTree> {
        let block = document.blocks.get(id)?;
        let token = block.payload.get("token").and_then(Value::as_str).filter(|_| block.kind.number == IMAGE);
        let style = block.payload.get("style");
        Some(BlockTree {
            block_id: block.id.clone(),
            block_type: block.kind.number,
            kind: block.kind.key.to_owned(),
            text: text_of(&block.payload),
            language: style
                .filter(|_| block.kind.number == CODE)
                .and_then(|style| style.get("language"))
                .and_then(Value::as_u64),
            done: style
                .and_then(|style| style.get("done"))
                .and_then(Value::as_bool)
                .filter(|_| block.kind.key == "todo"),
            payload: block.payload.clone(),
            media: token.and_then(|token| self.medias.get(token)).cloned(),
            children: block.children.iter().filter_map(|child| self.block_tree(document, child)).collect(),
        })
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
