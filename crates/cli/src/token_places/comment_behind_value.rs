//! A comment behind a value in an ini file, which `configparser` and its like take for a part of the value.
//!
//! Enters: a document, and the places of its tokens and its app. Leaves: the refusal that says so. Nothing is guessed: what of the text is
//! the value stays with whoever wrote it.

use tokenward::ScriptRefresh;
use tokenward::links::Document;
use tokenward_core::{Code, Format, Place};

use crate::failure::Failure;
use crate::words::Lang;

/// The refusal of a value with a comment behind it.
pub(super) fn refused(document: &Document, place: Option<&Place>, lang: Lang) -> Option<Failure> {
    let place = place.filter(|place| stands_at(document, place))?;
    Some(Failure::new(Code::PlaceUnclear, lang.comment_behind_value(place)).then(lang.comment_behind_value_next()))
}

/// Where one of a script's tokens has a comment behind it.
pub(crate) fn comment_in_script(document: &Document) -> Option<Place> {
    let keys = [ScriptRefresh::APP_TOKEN, ScriptRefresh::REFRESH_TOKEN, ScriptRefresh::ACCESS_TOKEN];
    let places = keys.into_iter().flat_map(|key| {
        let sections = document.sections_with(key).unwrap_or_default();
        sections.into_iter().map(move |section| Place::ini(&section, key))
    });
    places.into_iter().find(|place| stands_at(document, place))
}

fn stands_at(document: &Document, place: &Place) -> bool {
    document.format() == Format::Ini
        && document.get(place).is_ok_and(|text| text.is_some_and(|text| is_commented(&text)))
}

/// Whether a mark of a comment stands behind a text and a blank. Behind a value in quotes it is read as what it is.
fn is_commented(text: &str) -> bool {
    let text = text.trim();
    let mut before = None;
    !text.starts_with(['"', '\''])
        && text.chars().any(|c| {
            let is_mark = matches!(c, '#' | ';') && before.is_some_and(char::is_whitespace);
            before = Some(c);
            is_mark
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_stands_behind_a_blank() {
        for text in ["eyJabc  # 刷新令牌", "cli_a7 ; 应用", "a\t;b", "a #"] {
            assert!(is_commented(text), "{text}");
        }
        for text in ["eyJabc#d", "cli_a7;b", "# only", "'a' # b", "\"a\" ; b", "a b", ""] {
            assert!(!is_commented(text), "{text}");
        }
    }
}
