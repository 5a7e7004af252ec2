//! Kinds of document blocks: number, name, and what may stand in what (reference/feishu.md §12.1; numbers as the block
//! structures of the platform's documentation name them, read 2026-11).

use serde_json::{Map, Value};

/// One kind of block.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) number: u64,
    /// The field of the block's JSON that holds what is particular to the kind.
    pub(crate) key: &'static str,
    /// Whether that field is a text: `elements` and `style`.
    pub(crate) is_text: bool,
    pub(crate) children: Children,
    /// Whether calls can create it, rather than only read it.
    pub(crate) creatable: bool,
    /// How many may be in one request (reference/feishu.md §12.1: per-request resource caps).
    pub(crate) cap: Option<usize>,
}

/// What may stand below a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Children {
    /// Anything but the parts of tables and grids.
    Any,
    /// Any but containers that would nest a table.
    InCell,
    None,
    /// Only this kind.
    Only(u64),
}

impl Kind {
    pub(crate) fn of(number: u64) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.number == number)
    }

    /// The kind of a block as it stands in a request.
    pub(crate) fn of_block(block: &Map<String, Value>) -> Option<&'static Self> {
        Self::of(block.get("block_type")?.as_u64()?)
    }

    /// Whether a block of kind `child` may stand directly below.
    pub(crate) fn takes(&self, child: &Self) -> bool {
        let part = matches!(child.number, PAGE | TABLE_CELL | GRID_COLUMN);
        match self.children {
            Children::Any => !part,
            Children::InCell => !part && !matches!(child.number, TABLE | GRID),
            Children::None => false,
            Children::Only(number) => child.number == number,
        }
    }
}

const fn kind(number: u64, key: &'static str, children: Children) -> Kind {
    Kind { number, key, is_text: false, children, creatable: true, cap: None }
}

const fn text(number: u64, key: &'static str, children: Children) -> Kind {
    Kind { number, key, is_text: true, children, creatable: true, cap: None }
}

const fn capped(number: u64, key: &'static str, cap: usize) -> Kind {
    Kind { number, key, is_text: false, children: Children::None, creatable: true, cap: Some(cap) }
}

const fn fixed(number: u64, key: &'static str, is_text: bool, children: Children) -> Kind {
    Kind { number, key, is_text, children, creatable: false, cap: None }
}

pub(crate) const PAGE: u64 = 1;
pub(crate) const TEXT: u64 = 2;
pub(crate) const HEADING: u64 = 3;
pub(crate) const BULLET: u64 = 12;
pub(crate) const ORDERED: u64 = 13;
pub(crate) const CODE: u64 = 14;
pub(crate) const TODO: u64 = 17;
pub(crate) const DIVIDER: u64 = 22;
pub(crate) const GRID: u64 = 24;
pub(crate) const GRID_COLUMN: u64 = 25;
pub(crate) const IMAGE: u64 = 27;
pub(crate) const TABLE: u64 = 31;
pub(crate) const TABLE_CELL: u64 = 32;
pub(crate) const QUOTE_CONTAINER: u64 = 34;

const KINDS: &[Kind] = &[
    fixed(PAGE, "page", true, Children::Any),
    text(TEXT, "text", Children::Any),
    text(3, "heading1", Children::Any),
    text(4, "heading2", Children::Any),
    text(5, "heading3", Children::Any),
    text(6, "heading4", Children::Any),
    text(7, "heading5", Children::Any),
    text(8, "heading6", Children::Any),
    text(9, "heading7", Children::Any),
    text(10, "heading8", Children::Any),
    text(11, "heading9", Children::Any),
    text(BULLET, "bullet", Children::Any),
    text(ORDERED, "ordered", Children::Any),
    text(CODE, "code", Children::None),
    text(15, "quote", Children::Any),
    text(TODO, "todo", Children::Any),
    capped(18, "bitable", 5),
    kind(19, "callout", Children::Any),
    capped(20, "chat_card", 200),
    fixed(21, "diagram", false, Children::None),
    kind(DIVIDER, "divider", Children::None),
    capped(23, "file", 200),
    kind(GRID, "grid", Children::Only(GRID_COLUMN)),
    kind(GRID_COLUMN, "grid_column", Children::Any),
    kind(26, "iframe", Children::None),
    capped(IMAGE, "image", 20),
    capped(28, "isv", 20),
    fixed(29, "mindnote", false, Children::None),
    capped(30, "sheet", 5),
    kind(TABLE, "table", Children::Only(TABLE_CELL)),
    kind(TABLE_CELL, "table_cell", Children::InCell),
    fixed(33, "view", false, Children::Any),
    kind(QUOTE_CONTAINER, "quote_container", Children::Any),
];

/// Inline mentions count among the resources of a request too.
pub(crate) const MENTION_CAP: usize = 200;
