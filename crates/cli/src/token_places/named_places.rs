//! Places in a file that a person named, or that were found: whether they are there, and can be written.
//!
//! Enters: a document and a place. Leaves: nothing, or one sentence on the place that may be meant. Nothing is written here.

use std::path::Path;

use tokenward::links::{Document, Shape};
use tokenward_core::{Code, Format, Place};

use crate::failure::Failure;
use crate::words::Lang;

/// Refuses a place that a JSON or TOML file does not have: a name without the way to it would become a new key at the top, which no
/// program reads. In the other formats a name is the whole way, and who names it wants it there.
pub(super) fn is_there(
    file: &Path,
    document: &Document,
    place: &Place,
    example: &str,
    lang: Lang,
) -> Result<(), Failure> {
    let is_tree = matches!(document.format(), Format::Json | Format::Toml);
    // A file that is still to be made has no places yet.
    let is_empty = document.bytes().trim_ascii().is_empty();
    if !is_tree || is_empty || document.has(place) {
        return Ok(());
    }
    let named = place.key().map(|key| document.places_of(key)).unwrap_or_default();
    let next = if named.is_empty() {
        lang.name_places(example)
    } else {
        lang.places_of_that_name(named.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    };
    Err(Failure::new(Code::PlaceUnclear, lang.no_such_place(place, file.display())).then(next))
}

/// Refuses a place that could never be written, before a link is made of it.
pub(super) fn provable(document: &Document, shape: &Shape, example: &str, lang: Lang) -> Result<(), Failure> {
    for place in shape.access().into_iter().chain(shape.refresh()) {
        if let Err(error) = document.clone().set(place, "tokenward") {
            let failure = Failure::new(Code::PlaceUnclear, lang.place_not_writable(place)).detail(error.to_string());
            return Err(failure.then(lang.name_places(example)));
        }
    }
    Ok(())
}

/// A file beside a missing one, whose name differs by the dot at its beginning alone: `.mcp.json`.
pub(super) fn namesake(missing: &Path) -> Option<String> {
    let name = missing.file_name()?.to_str()?;
    let other = name.strip_prefix('.').map_or_else(|| format!(".{name}"), str::to_owned);
    missing.with_file_name(&other).is_file().then_some(other)
}
