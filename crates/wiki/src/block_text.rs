//! The text of a converted block: where it stands, and how long it is.

use serde_json::Value;

use crate::limits::units;

/// The text of a block: the field that holds it, and its elements.
pub(crate) fn text_of(block: &Value) -> Option<(&str, &[Value])> {
    let mut fields = block.as_object()?.iter();
    fields.find_map(|(key, field)| Some((key.as_str(), field.get("elements")?.as_array()?.as_slice())))
}

/// Units of a block's own text.
pub(crate) fn length(block: &Value) -> usize {
    text_of(block).map_or(0, |(_, elements)| elements.iter().map(|element| units(content(element).1)).sum())
}

/// The kind of an element that has text, and the text.
pub(crate) fn content(element: &Value) -> (&'static str, &str) {
    let text = |kind: &'static str| Some((kind, element.get(kind)?.get("content")?.as_str()?));
    text("text_run").or_else(|| text("equation")).unwrap_or(("", ""))
}
