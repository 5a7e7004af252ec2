//! Documents as trees, for tests to compare node by node.

use serde::Serialize;
use serde_json::Value;

use crate::content::block_kinds::{CODE, IMAGE};
use crate::content::document::{Document, text_of};
use crate::content::uploads::Media;
use crate::content::wiki::Content;

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
