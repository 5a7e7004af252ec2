//! The converter's blocks as a tree.
//!
//! Enters: the answers of `blocks/convert`, one for each part of the text. Leaves: one tree whose blocks can be inserted:
//! read-only fields are gone, ids are unique over all parts, and a table that no single request can take is several
//! tables of whole rows. The ids are the converter's temporary ones; the real ones come with the insertion.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Error;
use crate::block_text::length;
use crate::limits::{CELLS, Limit, REQUEST};

/// Blocks by id, and which of them stand at the first level.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tree {
    /// First-level blocks, in order.
    pub(crate) first: Vec<String>,
    /// Every block that can be reached from there, without the fields that an insertion does not take.
    pub(crate) blocks: BTreeMap<String, Value>,
    /// The address that stood in the Markdown, for each picture's block.
    pub(crate) pictures: BTreeMap<String, String>,
    /// Tables that were cut into several.
    pub(crate) tables_cut: usize,
    /// Texts that were cut into several.
    #[serde(default)]
    pub(crate) texts_cut: usize,
}

/// What a request may bring at most ([`REQUEST`]), and what a part of a tree brings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Load {
    counts: [u32; KINDS],
}

impl Load {
    /// The caps of one request.
    pub(crate) const CAP: Self = Self { counts: REQUEST };

    fn of(block: &Value) -> Self {
        let mut counts = [0; KINDS];
        counts[0] = 1;
        let kind = match block_type(block) {
            27 => 1,
            23 => 2,
            20 => 5,
            28 => 6,
            30 => 7,
            18 => 8,
            _ => 0,
        };
        if kind > 0 {
            counts[kind] = 1;
        }
        mentions(block, &mut counts);
        counts[KINDS - 1] = u32::try_from(length(block)).unwrap_or(u32::MAX);
        Self { counts }
    }

    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { counts: std::array::from_fn(|n| self.counts[n].saturating_add(other.counts[n])) }
    }

    /// Whether one request can bring it.
    pub(crate) fn fits(self) -> bool {
        self.counts.iter().zip(Self::CAP.counts).all(|(count, cap)| *count <= cap)
    }
}

impl Tree {
    /// Adds a converter's answer (`data`). Ids that an earlier part has used already get a name of their own.
    ///
    /// # Errors
    /// [`Error::OddAnswer`] for an answer that is no tree.
    pub(crate) fn add(&mut self, data: &Value) -> Result<(), Error> {
        let odd = |what: &str| Error::OddAnswer { call: "convert", what: what.to_owned() };
        let list = |name: &str| data.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let first: Vec<_> = list("first_level_block_ids").iter().filter_map(Value::as_str).collect();
        let mut blocks = BTreeMap::new();
        for block in list("blocks") {
            let id = block.get("block_id").and_then(Value::as_str).ok_or_else(|| odd("a block has no id"))?;
            if blocks.insert(id, block).is_some() {
                return Err(odd("two blocks have one id"));
            }
        }
        let clash = blocks.keys().any(|id| self.blocks.contains_key(*id));
        let part = self.blocks.len();
        let name = |id: &str| if clash { format!("{id}-{part}") } else { id.to_owned() };
        let mut seen = HashSet::new();
        let mut waiting: Vec<_> = first.clone();
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                return Err(odd("a block stands in two places"));
            }
            let block = blocks.get(id).ok_or_else(|| odd("a block is named and not there"))?;
            waiting.extend(children(block));
            self.blocks.insert(name(id), cleaned(block, name));
        }
        if seen.len() < blocks.len() {
            tracing::warn!(left = blocks.len() - seen.len(), "the converter gave blocks that stand nowhere");
        }
        self.first.extend(first.into_iter().map(&name));
        for entry in list("block_id_to_image_urls") {
            let text = |field: &str| entry.get(field).and_then(Value::as_str);
            if let (Some(id), Some(url)) = (text("block_id"), text("image_url"))
                && seen.contains(id)
            {
                self.pictures.insert(name(id), url.to_owned());
            }
        }
        Ok(())
    }

    /// The children of a block, in order.
    pub(crate) fn children(&self, id: &str) -> Vec<&str> {
        self.blocks.get(id).map(|block| children(block).collect()).unwrap_or_default()
    }

    /// What a block brings by itself.
    pub(crate) fn load(&self, id: &str) -> Load {
        self.blocks.get(id).map(Load::of).unwrap_or_default()
    }

    /// A block with everything below it, from the top, each block before its children.
    pub(crate) fn below<'a>(&'a self, id: &'a str) -> Vec<&'a str> {
        let (mut found, mut waiting) = (Vec::new(), vec![id]);
        while let Some(id) = waiting.pop() {
            found.push(id);
            waiting.extend(self.children(id).into_iter().rev());
        }
        found
    }

    /// The least that has to be inserted together with a block: a table with all its cells, columns with their grid,
    /// and for each block that cannot be empty its first child.
    pub(crate) fn seed<'a>(&'a self, id: &'a str) -> Vec<&'a str> {
        let (mut found, mut waiting) = (Vec::new(), vec![id]);
        while let Some(id) = waiting.pop() {
            found.push(id);
            let children = self.children(id);
            match self.blocks.get(id).map_or(0, block_type) {
                TABLE | GRID => waiting.extend(children.into_iter().rev()),
                CELL | COLUMN | CALLOUT | QUOTE => waiting.extend(children.first()),
                _ => {}
            }
        }
        found
    }

    /// Cuts every table whose cells do not go into one request into tables of whole rows.
    ///
    /// # Errors
    /// [`Error::Beyond`] for a row that does not go into one by itself.
    pub(crate) fn cut_tables(&mut self) -> Result<(), Error> {
        let whole_load =
            |tree: &Self, ids: Vec<&str>| ids.iter().fold(Load::default(), |sum, id| sum.and(tree.load(id)));
        let tables: Vec<String> =
            self.blocks.iter().filter(|(_, block)| block_type(block) == TABLE).map(|(id, _)| id.clone()).collect();
        for id in tables {
            if whole_load(self, self.seed(&id)).fits() && self.children(&id).len() <= CELLS {
                continue;
            }
            let cells: Vec<String> = self.children(&id).into_iter().map(str::to_owned).collect();
            let columns = usize::try_from(property(&self.blocks[&id], "column_size")).unwrap_or(0);
            if columns == 0 || !cells.len().is_multiple_of(columns) {
                return Err(Error::Beyond { limit: Limit::Row, line: None, found: columns });
            }
            let mut tables: Vec<Vec<String>> = Vec::new();
            let mut load = Load::default();
            for row in cells.chunks(columns) {
                let seeds = row.iter().flat_map(|cell| self.seed(cell)).collect();
                let row_load = whole_load(self, seeds);
                let alone = self.load(&id).and(row_load);
                if !alone.fits() {
                    return Err(Error::Beyond { limit: Limit::Row, line: None, found: columns });
                }
                if load.and(row_load).fits()
                    && let Some(table) = tables.last_mut()
                    && table.len() + row.len() <= CELLS
                {
                    table.extend_from_slice(row);
                    load = load.and(row_load);
                } else {
                    tables.push(row.to_vec());
                    load = alone;
                }
            }
            self.tables_cut += 1;
            self.replace_table(&id, columns, tables);
        }
        Ok(())
    }

    fn replace_table(&mut self, id: &str, columns: usize, tables: Vec<Vec<String>>) {
        let whole = self.blocks[id].clone();
        let names: Vec<String> =
            (0..tables.len()).map(|n| if n == 0 { id.to_owned() } else { format!("{id}-rows{n}") }).collect();
        for (n, (name, cells)) in names.iter().zip(tables).enumerate() {
            let mut table = whole.clone();
            table["block_id"] = Value::from(name.clone());
            table["children"] = Value::from(cells.clone());
            if let Some(inner) = table.get_mut("table").and_then(Value::as_object_mut) {
                if let Some(property) = inner.get_mut("property").and_then(Value::as_object_mut) {
                    property.insert("row_size".to_owned(), Value::from(cells.len() / columns));
                    // Only the first table begins with the row of heads.
                    if n > 0 && property.contains_key("header_row") {
                        property.insert("header_row".to_owned(), Value::from(false));
                    }
                }
                if inner.contains_key("cells") {
                    inner.insert("cells".to_owned(), Value::from(cells));
                }
            }
            self.blocks.insert(name.clone(), table);
        }
        self.replace_child(id, &names);
    }

    /// Puts several blocks in the place of one, wherever that stands.
    pub(crate) fn replace_child(&mut self, id: &str, names: &[String]) {
        let spread = |ids: &[String]| -> Vec<String> {
            ids.iter().flat_map(|child| if child == id { names.to_vec() } else { vec![child.clone()] }).collect()
        };
        if self.first.iter().any(|child| child == id) {
            self.first = spread(&self.first);
        }
        for (parent, block) in &mut self.blocks {
            let children: Vec<String> = children(block).map(str::to_owned).collect();
            if !names.contains(parent) && children.iter().any(|child| child == id) {
                block["children"] = Value::from(spread(&children));
            }
        }
    }
}

pub(crate) fn block_type(block: &Value) -> u64 {
    block.get("block_type").and_then(Value::as_u64).unwrap_or(0)
}

fn property(table: &Value, name: &str) -> u64 {
    table.pointer(&format!("/table/property/{name}")).and_then(Value::as_u64).unwrap_or(0)
}

fn children(block: &Value) -> impl Iterator<Item = &str> {
    block.get("children").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// A block as an insertion takes it: `merge_info` of tables is read-only and refused, `parent_id` follows from the
/// children (reference/feishu.md §12.1, 4).
fn cleaned(block: &Value, name: impl Fn(&str) -> String) -> Value {
    let mut block = block.as_object().cloned().unwrap_or_else(Map::new);
    block.remove("parent_id");
    let rename = |value: &mut Value| {
        if let Some(id) = value.as_str() {
            *value = Value::from(name(id));
        }
    };
    block.entry("block_id").and_modify(rename);
    if let Some(children) = block.get_mut("children").and_then(Value::as_array_mut) {
        children.iter_mut().for_each(rename);
    }
    if let Some(table) = block.get_mut("table").and_then(Value::as_object_mut) {
        if let Some(cells) = table.get_mut("cells").and_then(Value::as_array_mut) {
            cells.iter_mut().for_each(rename);
        }
        table.remove("merge_info");
        if let Some(property) = table.get_mut("property").and_then(Value::as_object_mut) {
            property.remove("merge_info");
        }
    }
    Value::Object(block)
}

/// Counts what stands in the text of a block and has a cap of its own.
fn mentions(block: &Value, counts: &mut [u32; KINDS]) {
    let fields = block.as_object().into_iter().flatten().map(|(_, field)| field);
    let elements = fields.filter_map(|field| field.get("elements")?.as_array()).flatten();
    for element in elements.filter_map(Value::as_object) {
        for (n, name) in [(2, "file"), (3, "mention_doc"), (4, "mention_user")] {
            counts[n] += u32::from(element.contains_key(name));
        }
    }
}

/// As [`REQUEST`] counts them.
const KINDS: usize = REQUEST.len();
const CALLOUT: u64 = 19;
const GRID: u64 = 24;
const COLUMN: u64 = 25;
const TABLE: u64 = 31;
const CELL: u64 = 32;
const QUOTE: u64 = 34;

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// A converter's answer for a tree of (type, children).
    pub(crate) fn answer(nodes: &[Node]) -> Value {
        let (mut blocks, mut images, mut next) = (Vec::new(), Vec::new(), 0);
        let first: Vec<_> = nodes.iter().map(|node| put(node, &mut blocks, &mut images, &mut next)).collect();
        json!({ "first_level_block_ids": first, "blocks": blocks, "block_id_to_image_urls": images })
    }

    fn put(node: &Node, blocks: &mut Vec<Value>, images: &mut Vec<Value>, next: &mut usize) -> String {
        *next += 1;
        let id = format!("b{next}");
        let children: Vec<_> = node.children.iter().map(|child| put(child, blocks, images, next)).collect();
        let mut block = json!({ "block_id": id, "block_type": node.kind, "parent_id": "" });
        if !children.is_empty() {
            block["children"] = json!(children);
        }
        if node.kind == TABLE {
            let rows = children.len() / node.columns;
            let merge = vec![json!({ "row_span": 1 }); children.len()];
            block["table"] = json!({
                "cells": children,
                "property": { "row_size": rows, "column_size": node.columns, "header_row": true, "merge_info": merge },
            });
        }
        if node.kind == 27 {
            images.push(json!({ "block_id": id, "image_url": format!("https://x.invalid/{id}") }));
        }
        blocks.push(block);
        id
    }

    #[derive(Debug, Clone, Default)]
    pub(crate) struct Node {
        pub(crate) kind: u64,
        pub(crate) columns: usize,
        pub(crate) children: Vec<Node>,
    }

    pub(crate) fn node(kind: u64, children: Vec<Node>) -> Node {
        Node { kind, columns: 0, children }
    }

    pub(crate) fn table(rows: usize, columns: usize) -> Node {
        let cell = || node(CELL, vec![node(2, vec![])]);
        Node { kind: TABLE, columns, children: (0..rows * columns).map(|_| cell()).collect() }
    }

    /// Trees as Markdown gives them, wide and deep; sometimes wider than one request.
    pub(crate) fn nodes() -> impl Strategy<Value = Vec<Node>> {
        let leaf = prop_oneof![6 => Just(node(2, vec![])), 2 => Just(node(27, vec![])), 1 => Just(node(14, vec![]))];
        let inner = leaf.prop_recursive(4, 60, 8, |inner| {
            let many = prop::collection::vec(inner.clone(), 1..8);
            prop_oneof![
                3 => many.clone().prop_map(|children| node(12, children)),
                1 => many.clone().prop_map(|children| node(QUOTE, children)),
                1 => (inner.clone(), 1_usize..40).prop_map(|(child, n)| node(13, vec![child; n])),
                1 => (many, 1_usize..4).prop_map(|(children, columns)| {
                    let cells = children.len() / columns * columns;
                    let cells: Vec<_> = children.into_iter().take(cells).map(|child| node(CELL, vec![child])).collect();
                    if cells.is_empty() { node(2, vec![]) } else { Node { kind: TABLE, columns, children: cells } }
                }),
            ]
        });
        let big = prop_oneof![
            8 => inner.clone(),
            1 => (inner, 100_usize..400).prop_map(|(child, n)| node(12, vec![child; n])),
            1 => (1_usize..300, 1_usize..6).prop_map(|(rows, columns)| table(rows, columns)),
        ];
        prop::collection::vec(big, 0..30)
    }

    #[test]
    fn read_only_fields_go_and_names_are_unique() {
        let mut tree = Tree::default();
        let part = answer(&[table(2, 2), node(27, vec![])]);
        tree.add(&part).unwrap();
        tree.add(&part).unwrap();
        assert_eq!((tree.first.len(), tree.blocks.len(), tree.pictures.len()), (4, 20, 2));
        for (id, block) in &tree.blocks {
            assert_eq!(block["block_id"], json!(id));
            assert!(block.get("parent_id").is_none());
            assert!(block.pointer("/table/property/merge_info").is_none());
            if block["block_type"] == TABLE {
                assert_eq!(block["table"]["cells"], block["children"]);
            }
        }
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        for answer in [
            json!({ "first_level_block_ids": ["a"], "blocks": [] }),
            json!({ "first_level_block_ids": ["a"], "blocks": [{ "block_id": "a", "children": ["a"] }] }),
            json!({ "first_level_block_ids": ["a", "a"], "blocks": [{ "block_id": "a" }] }),
            json!({ "first_level_block_ids": ["a"], "blocks": [{ "block_id": "a" }, { "block_id": "a" }] }),
            json!({ "first_level_block_ids": ["a"], "blocks": [{ "x": 1 }] }),
        ] {
            assert!(matches!(Tree::default().add(&answer), Err(Error::OddAnswer { .. })), "{answer}");
        }
    }

    #[test]
    fn a_long_table_becomes_tables_of_whole_rows() {
        let mut tree = Tree::default();
        tree.add(&answer(&[node(12, vec![node(2, vec![]), table(400, 3), node(2, vec![])])])).unwrap();
        let cells: Vec<_> = tree.below("b1").into_iter().map(str::to_owned).collect();
        tree.cut_tables().unwrap();
        let children: Vec<String> = tree.children("b1").into_iter().map(str::to_owned).collect();
        assert_eq!((children.len(), tree.tables_cut), (5, 1));
        let rows: Vec<_> = children[1..4]
            .iter()
            .map(|id| tree.blocks[id]["table"]["property"]["row_size"].as_u64().unwrap())
            .collect();
        assert_eq!((rows.iter().sum::<u64>(), rows[0]), (400, 166));
        let heads: Vec<_> =
            children[1..4].iter().map(|id| tree.blocks[id]["table"]["property"]["header_row"].as_bool()).collect();
        assert_eq!(heads, [Some(true), Some(false), Some(false)]);
        let after: Vec<_> =
            tree.below("b1").into_iter().filter(|id| !id.contains("-rows")).map(str::to_owned).collect();
        assert_eq!(after, cells);
    }

    #[test]
    fn a_row_that_is_too_wide_is_told() {
        let mut tree = Tree::default();
        tree.add(&answer(&[table(1, 500)])).unwrap();
        assert!(matches!(tree.cut_tables(), Err(Error::Beyond { limit: Limit::Row, found: 500, .. })));
    }
}
