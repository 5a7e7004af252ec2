//! What a test asks for and nobody has registered.

/// A request that names something the sandbox does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox knows no {kind} {name:?}")]
pub struct Unknown {
    kind: &'static str,
    name: String,
}

impl Unknown {
    pub(crate) fn new(kind: &'static str, name: &str) -> Self {
        Self { kind, name: name.to_owned() }
    }
}
