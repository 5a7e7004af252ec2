//! A refusal in the numbers of the Feishu/Lark platform. How an endpoint spells it is in `feishu/errors.rs`.

use serde_json::Value;

/// A request that is refused with one of the platform's codes.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    pub(crate) detail: Option<String>,
    pub(crate) extra: Vec<(&'static str, Value)>,
    pub(crate) device: Option<&'static str>,
}

impl Refusal {
    pub(crate) const fn new(code: u32) -> Self {
        Self { code, detail: None, extra: Vec::new(), device: None }
    }

    /// Says more than the catalogue's words.
    pub(crate) fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a field to the error body.
    pub(crate) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.extra.push((name, value));
        self
    }

    /// An RFC 8628 §3.5 answer; the reference names no number for these.
    pub(crate) const fn device(error: &'static str) -> Self {
        Self { code: 0, detail: None, extra: Vec::new(), device: Some(error) }
    }
}
