//! The old script's file in the folder in which a command is typed: whoever has it there asks about its login.
//!
//! Enters: the working folder. Leaves: the file's name, where a refresh token stands in it. Nothing is written, and no value leaves.

use std::path::Path;

use tokenward::ScriptRefresh;
use tokenward::links::Shape;

use super::TokenPlaces;
use crate::args::PlaceFlags;
use crate::words::Lang;

/// The file's name, if it is there and holds a login.
pub(crate) fn login_in_folder(lang: Lang) -> Option<&'static str> {
    let document = TokenPlaces::document(Path::new(ScriptRefresh::FILE), &PlaceFlags::default(), lang)?;
    let found = Shape::detect(&document);
    let mut refresh = found.iter().filter_map(Shape::refresh);
    let holds =
        refresh.any(|place| document.get(place).is_ok_and(|text| text.is_some_and(|text| !text.trim().is_empty())));
    holds.then_some(ScriptRefresh::FILE)
}
