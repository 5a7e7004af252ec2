//! The document that arrived, beside what the converter made of the text.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokenward::Call;
use tokenward_emulator::{BlockTree, DocumentTree};

use crate::world::World;

/// What the converter makes of a text, as a tree.
pub(crate) struct Expected {
    blocks: HashMap<String, Value>,
    first: Vec<String>,
}

impl Expected {
    pub(crate) async fn of(world: &World, markdown: &str) -> Self {
        let body = json!({ "content_type": "markdown", "content": markdown });
        let data = world.call(Call::post("/open-apis/docx/v1/documents/blocks/convert").json(body)).await;
        let blocks = data["blocks"].as_array().unwrap().iter();
        let blocks = blocks.map(|block| (block["block_id"].as_str().unwrap().to_owned(), block.clone())).collect();
        Self { blocks, first: ids(&data["first_level_block_ids"]) }
    }

    pub(crate) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Node by node: kind, content, children in their order; pictures by their bytes, in the order of the text.
    pub(crate) fn assert_arrived(&self, document: &DocumentTree, pictures: &[Vec<u8>]) {
        self.level(&self.first, &document.page.children, "the page");
        let shown: Vec<_> = document.page.walk().into_iter().filter(|block| block.kind == "image").collect();
        assert_eq!(shown.len(), pictures.len(), "pictures");
        for (n, (block, bytes)) in shown.iter().zip(pictures).enumerate() {
            let media = block.media.as_ref().unwrap_or_else(|| panic!("picture {n} is empty"));
            assert_eq!(media.sha256, sha256(bytes), "picture {n} is another one");
            assert_eq!(media.parent_node, block.block_id);
        }
        assert_eq!(document.page.walk().len() - 1, self.blocks.len());
    }

    fn level(&self, wanted: &[String], found: &[BlockTree], place: &str) {
        assert_eq!(wanted.len(), found.len(), "children of {place}");
        for (n, (id, found)) in wanted.iter().zip(found).enumerate() {
            let block = &self.blocks[id];
            let place = format!("{place} › {n} {}", found.kind);
            assert_eq!(block["block_type"], found.block_type, "{place}");
            let field = &block[&found.kind];
            match found.kind.as_str() {
                "image" => {}
                "table" => {
                    for name in ["row_size", "column_size", "header_row"] {
                        assert_eq!(field["property"][name], found.payload["property"][name], "{place} {name}");
                    }
                }
                _ => assert_eq!(field, &found.payload, "{place}"),
            }
            self.level(&ids(&block["children"]), &found.children, &place);
        }
    }
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap());
    sha2::Sha256::digest(bytes).iter().flat_map(digits).collect()
}
