//! A way down a document, which may be a text of another one.

use tokenward_core::{PathStep, Place};

/// A way down a document, which may be a text of another one.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) text: Option<Place>,
    pub(super) path: Vec<PathStep>,
}

impl Way {
    pub(super) fn down(&self, steps: impl IntoIterator<Item = PathStep>) -> Self {
        Self { text: self.text.clone(), path: self.path.iter().cloned().chain(steps).collect() }
    }

    pub(super) fn key(&self, key: &str) -> Self {
        self.down([PathStep::Key(key.to_owned())])
    }

    pub(super) fn place(&self) -> Place {
        match &self.text {
            Some(text) => text.clone().within(self.path.clone()),
            None => Place::Path(self.path.clone()),
        }
    }
}
