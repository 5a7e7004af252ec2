//! A place that holds a reference to a variable, such as `${TOKEN}`, and no token.
//!
//! Enters: the place. Leaves: one sentence that says what stands there, and the way to give the program its token: a reference is another
//! program's to resolve, and is neither sent nor written over.

use tokenward::links::{Document, Shape};
use tokenward_core::{Code, Place};

use super::is_of_server;
use crate::failure::Failure;
use crate::words::Lang;

/// The same of a document in which a reference stands under a token's name, wherever that is.
pub(super) fn anywhere(document: &Document, lang: Lang) -> Option<Failure> {
    Shape::references(document).first().map(|place| referred(document, place, lang))
}

/// The same of a server's settings.
pub(super) fn of_server(document: &Document, server: &str, lang: Lang) -> Option<Failure> {
    let found = Shape::references_at(document, |place| is_of_server(place, server));
    found.first().map(|place| referred(document, place, lang))
}

/// What stands at a token's place is a reference: the program that resolves it is given the token under that name.
pub(super) fn referred(document: &Document, place: &Place, lang: Lang) -> Failure {
    let text = document.get(place).ok().flatten();
    let next = text.as_ref().and_then(|text| variable_of(text)).map(|name| lang.use_exec_for(name));
    Failure::new(Code::PlaceUnclear, lang.place_is_reference(place)).then(next.unwrap_or_else(|| lang.use_exec()))
}

/// The variable that a reference names: `${NAME}`, `${env:NAME}`, `${NAME:-default}`, `$NAME`.
fn variable_of(text: &str) -> Option<&str> {
    let (_, behind) = text.split_once('$')?;
    let inner = behind.strip_prefix('{').map_or(behind, |inner| inner.split('}').next().unwrap_or_default());
    // VS Code asks for `${input:NAME}` itself.
    if inner.starts_with("input:") {
        return None;
    }
    let inner = inner.strip_prefix("env:").unwrap_or(inner);
    let name = inner.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next()?;
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_of_a_reference() {
        for (text, name) in [
            ("${LARK_TOKEN}", Some("LARK_TOKEN")),
            ("Bearer ${env:LARK_TOKEN}", Some("LARK_TOKEN")),
            ("${LARK_TOKEN:-none}", Some("LARK_TOKEN")),
            ("$LARK_TOKEN", Some("LARK_TOKEN")),
            ("$(pass show lark)", None),
            ("${1}", None),
            ("Bearer ${input:token}", None),
            ("op://vault/lark", None),
        ] {
            assert_eq!(variable_of(text), name, "{text}");
        }
    }
}
