//! Places in a file that a person named, or that were found: whether they are there, and can be written.
//!
//! Enters: a document and a place. Leaves: nothing, or one sentence on the place that may be meant. Nothing is written here.

use std::path::Path;

use tokenward::links::{Document, Shape};
use tokenward_core::{Code, Format, PathStep, Place};

use crate::command_hint::quoted;
use crate::failure::Failure;
use crate::words::Lang;

/// Refuses a place that a JSON, TOML or YAML file does not have: a name without the way to it would become a new key at the top, which no
/// program reads. In the other formats a name is the whole way, and who names it wants it there.
pub(super) fn is_there(
    file: &Path,
    document: &Document,
    place: &Place,
    example: &str,
    lang: Lang,
) -> Result<(), Failure> {
    let is_tree = matches!(document.format(), Format::Json | Format::Toml | Format::Yaml);
    // A file that is still to be made has no places yet.
    let is_empty = document.bytes().trim_ascii().is_empty();
    if !is_tree || is_empty || document.has(place) {
        return Ok(());
    }
    let named = place.key().map(|key| document.places_of(key)).unwrap_or_default();
    let next = if named.is_empty() {
        // A key that the named table lacks, else the one that a server of the file lacks.
        let lacks = is_in_table(document, place).then(|| place.clone());
        let lacks = lacks.or_else(|| Shape::unfilled(document).into_iter().next());
        lacks.and_then(|place| add_key(file, document, &place, lang)).unwrap_or_else(|| lang.name_places(example))
    } else {
        lang.places_of_that_name(named.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    };
    Err(Failure::new(Code::PlaceUnclear, lang.no_such_place(place, file.display())).then(next))
}

/// Whether the table is there in which a place would be.
fn is_in_table(document: &Document, place: &Place) -> bool {
    matches!(place, Place::Path(path) if path.len() > 1 && document.has(&Place::Path(path[..path.len() - 1].to_vec())))
}

/// Which key to add to which table, so that a token has a place. Tokenward adds none itself to a file of tables: each program reads its own.
pub(super) fn add_key(file: &Path, document: &Document, place: &Place, lang: Lang) -> Option<String> {
    let Place::Path(path) = place else { return None };
    let (step, table) = path.split_last()?;
    let key = match step {
        PathStep::Key(key) => key,
        PathStep::After(flag) => {
            return Some(lang.add_argument(flag, Place::Path(table.to_vec()), file.display()));
        }
        PathStep::Index(_) => return None,
    };
    let pair = match document.format() {
        Format::Toml => format!("{key} = \"\""),
        Format::Yaml => format!("{key}: \"\""),
        _ => format!("\"{key}\": \"\""),
    };
    Some(lang.add_key(pair, Place::Path(table.to_vec()), file.display()))
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

/// A file of tables that is not there, to which nothing could be added.
pub(super) fn missing_tables(file: &Path, lang: Lang) -> Failure {
    let next = namesake(file).map_or_else(|| lang.file_missing_tables(), |name| lang.did_you_mean(quoted(&name)));
    Failure::new(Code::FileUnusable, lang.file_missing(file.display())).then(next)
}

/// What to do about a file that has no link: it may be that another name was meant.
pub(crate) fn not_linked(file: &Path, lang: Lang) -> String {
    match namesake(file) {
        _ if file.exists() => lang.link_it(quoted(&file.display().to_string())),
        Some(name) => lang.did_you_mean(quoted(&name)),
        None => lang.see_links(),
    }
}

/// A file beside a missing one, whose name differs by the dot at its beginning alone: `.mcp.json`.
pub(super) fn namesake(missing: &Path) -> Option<String> {
    let name = missing.file_name()?.to_str()?;
    let other = name.strip_prefix('.').map_or_else(|| format!(".{name}"), str::to_owned);
    missing.with_file_name(&other).is_file().then_some(other)
}
