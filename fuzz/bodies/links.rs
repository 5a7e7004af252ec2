//! What must hold for every input of a links parser. Used by the targets of this folder, and by the tests of
//! `crates/files` with inputs of their own.

use tokenward_files::links::{Document, Format, PathStep, Place, Shape};

/// A value that no generated document holds, and that every format can write in every quoting.
pub(crate) const VALUE: &str = "u-NEW.value_7";

/// Places that the generators aim at.
pub(crate) fn places(format: Format) -> Vec<Place> {
    match format {
        Format::Ini => {
            let mut places = vec![Place::ini_anywhere("token"), Place::ini_anywhere("b")];
            for section in ["TOKEN", "DEFAULT", "a"] {
                places.extend(["token", "b"].map(|key| Place::ini(section, key)));
            }
            places.push(Place::ini("TOKEN", "token").within(vec![PathStep::Key("token".into())]));
            places
        }
        Format::Dotenv | Format::Properties | Format::Fish => {
            let mut places: Vec<Place> = ["TOKEN", "b", "A_1", "token"].map(Place::dotenv).into();
            places.push(Place::dotenv("TOKEN").within(vec![PathStep::Key("token".into())]));
            places
        }
        _ => vec![
            Place::keys(["token"]).within(vec![PathStep::Key("token".into())]),
            Place::keys(["a", "token"]).within(vec![PathStep::Key("a".into()), PathStep::Index(0)]),
            Place::keys(["token"]),
            Place::keys(["a", "token"]),
            Place::keys(["a", "b", "token"]),
            Place::Path(vec![PathStep::Key("args".into()), PathStep::After("-u".into())]),
            Place::Path(vec![PathStep::Key("args".into()), PathStep::Index(0)]),
            Place::Path(vec![PathStep::Index(0), PathStep::Key("token".into())]),
        ],
    }
}

/// Reads, writes and reads again.
pub(crate) fn links(format: Format, data: &[u8]) {
    let Ok(document) = Document::parse(format, data) else { return };
    assert_eq!(document.bytes().as_slice(), data, "reading changes nothing");
    for place in Shape::detect(&document).iter().flat_map(|shape| shape.places.values()) {
        assert!(matches!(document.get_value(place), Ok(Some(_))), "{place} was told and is not there");
    }
    if contains(data, VALUE.as_bytes()) {
        return;
    }
    let places = places(format);
    for place in &places {
        let before = document.get(place);
        let mut changed = document.clone();
        if changed.set(place, VALUE).is_err() {
            assert_eq!(changed, document, "a refused change is none");
            continue;
        }
        let bytes = changed.bytes();
        assert_eq!(changed.get(place).unwrap().unwrap().as_str(), VALUE, "{place}");
        let mut again = changed.clone();
        again.set(place, VALUE).unwrap();
        assert_eq!(again, changed, "{place}: the second time changes nothing");
        if matches!(before, Ok(None)) {
            // Values that a later line hides are written too.
            let hidden = String::from_utf8_lossy(&bytes).matches(VALUE).count() > 1;
            assert!(hidden || is_part(data, &bytes), "{place}: an addition takes nothing away");
        } else {
            // What is not the value was there before, in this order.
            let is_within = matches!(place, Place::Within { .. });
            let rest = without(&bytes, format, is_within);
            // Of a text that stands twice, the hidden one becomes the one that is read.
            let hidden = is_within && String::from_utf8_lossy(&bytes).matches(VALUE).count() > 1;
            assert!(hidden || is_part(&rest, data), "{place}: {} of {}", bytes.escape_ascii(), data.escape_ascii());
        }
        for other in places.iter().filter(|other| !overlap(place, other)) {
            assert_eq!(changed.get(other).ok(), document.get(other).ok(), "{place} changed {other}");
        }
    }
}

/// Whether two places may be one, or one in the other.
fn overlap(one: &Place, other: &Place) -> bool {
    match (one.outermost(), other.outermost()) {
        (Place::Ini { section: a, key: one }, Place::Ini { section: b, key: other }) => {
            one == other && (a == b || a.is_none() || b.is_none())
        }
        (Place::Path(one), Place::Path(other)) => {
            let arrays = |path: &[PathStep]| path.iter().any(|step| !matches!(step, PathStep::Key(_)));
            one == other || (arrays(one) && arrays(other))
        }
        (one, other) => one == other,
    }
}

/// The bytes without the value and what its writing may bring along: quotes in the place of `null`, a space after
/// `key =`.
fn without(bytes: &[u8], format: Format, is_within: bool) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut remove = |words: String| bytes = removed(&bytes, words.as_bytes());
    if is_within {
        remove(format!("\\\"{VALUE}\\\""));
        remove(format!("\"{VALUE}\""));
    }
    match format {
        Format::Json | Format::Toml => remove(format!("\"{VALUE}\"")),
        Format::Yaml => {
            remove(format!(" \"{VALUE}\""));
            remove(format!("\"{VALUE}\""));
        }
        // A key that had no separator gets one.
        Format::Properties => remove(format!("={VALUE}")),
        Format::Ini | Format::Dotenv | Format::Fish => remove(format!(" {VALUE}")),
    }
    remove(VALUE.to_owned());
    bytes
}

/// The bytes without each of the words in them. A `.properties` file need not be UTF-8.
fn removed(bytes: &[u8], words: &[u8]) -> Vec<u8> {
    let mut rest = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(words) {
            at += words.len();
        } else {
            rest.push(bytes[at]);
            at += 1;
        }
    }
    rest
}

/// Whether `part` can be made of `whole` by leaving bytes out.
fn is_part(part: &[u8], whole: &[u8]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|byte| whole.any(|other| other == byte))
}

fn contains(data: &[u8], word: &[u8]) -> bool {
    data.windows(word.len()).any(|window| window == word)
}
