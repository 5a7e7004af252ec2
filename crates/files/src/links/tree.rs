//! A JSON, TOML or YAML document taken in at once, for walking through it.

use std::collections::BTreeMap;

use tokenward_core::PathStep;

use super::text_or_number::Value;

/// A node of a document.
pub(crate) enum Tree {
    /// An object or table: its keys in order.
    Table(Vec<(String, Tree)>),
    /// An array.
    List(Vec<Tree>),
    /// A text or a number.
    Plain(Value),
    /// True, false, null, a date, what is not read.
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

    /// The step to an element: behind the only flag of that name where that speaks of a token, as its position is not its meaning.
    pub(crate) fn step(&self, index: usize) -> PathStep {
        let words = self.elements();
        let word = |index: usize| words.get(index).and_then(Self::text);
        let flag = index.checked_sub(1).and_then(word).filter(|flag| {
            let speaks =
                ["token", "secret", "key", "auth", "uat"].iter().any(|word| flag.to_ascii_lowercase().contains(word));
            *flag == "-u" || flag.starts_with('-') && speaks && !flag.contains(['=', ' '])
        });
        // No command line has so many words.
        let flag = flag.filter(|_| words.len() < 1000);
        let alone = flag.filter(|flag| (0..words.len()).filter(|&other| word(other) == Some(flag)).count() == 1);
        alone.map_or(PathStep::Index(index), |flag| PathStep::After(flag.to_owned()))
    }

    /// The node one step down.
    pub(crate) fn child(&self, step: &PathStep) -> Option<&Self> {
        match step {
            PathStep::Key(key) => self.get(key),
            PathStep::Index(index) => self.elements().get(*index),
            PathStep::After(_) => self.elements().get(self.index(step)?),
        }
    }

    /// A way down with the positions of what stands behind flags.
    pub(crate) fn resolved(&self, path: &[PathStep]) -> Vec<PathStep> {
        let mut node = Some(self);
        let resolve = |step: &PathStep| {
            let at = node.and_then(|node| node.index(step)).map(PathStep::Index);
            node = node.and_then(|node| node.child(step));
            at.unwrap_or_else(|| step.clone())
        };
        path.iter().map(resolve).collect()
    }

    fn index(&self, step: &PathStep) -> Option<usize> {
        let PathStep::After(word) = step else { return None };
        self.elements().iter().position(|node| node.text() == Some(word)).map(|at| at + 1)
    }

    /// The keys of a table with what readers find there: of a key that is there twice, the last.
    pub(crate) fn found(&self) -> impl Iterator<Item = (&str, &Self)> {
        let last: BTreeMap<&str, usize> = self.entries().enumerate().map(|(at, (key, _))| (key, at)).collect();
        self.entries().enumerate().filter(move |(at, (key, _))| last.get(key) == Some(at)).map(|(_, entry)| entry)
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
