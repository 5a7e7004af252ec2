//! A JSON or TOML document taken in at once, for walking through it.

use super::value::Value;

/// A node of a document.
pub(crate) enum Tree {
    /// An object or table: its keys in order.
    Table(Vec<(String, Tree)>),
    /// An array.
    List(Vec<Tree>),
    /// A text or a number.
    Plain(Value),
    /// True, false, null, a date.
    Other,
}

impl Tree {
    /// The node under a key; where the key is there twice, the one that readers find.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().rev().find(|(name, _)| *name == key).map(|(_, node)| node)
    }

    /// The keys of a table with what stands there.
    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = (&str, &Self)> {
        let entries = if let Self::Table(entries) = self { entries.as_slice() } else { &[] };
        entries.iter().map(|(key, node)| (key.as_str(), node))
    }

    /// The elements of a list.
    pub(crate) fn elements(&self) -> &[Self] {
        if let Self::List(elements) = self { elements } else { &[] }
    }

    pub(crate) fn value(&self) -> Option<&Value> {
        if let Self::Plain(value) = self { Some(value) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Plain(Value::Text(text)) = self { Some(text) } else { None }
    }
}
