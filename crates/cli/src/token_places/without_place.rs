//! A file that has no place for a token: what to add to it, or which of its own keys to name.
//!
//! Enters: a document in which no login was found. Leaves: one sentence, and the commands that give it a place. Keys are added where a
//! person asks for them, and nowhere else.

use std::path::Path;

use tokenward::links::{Document, Shape, Sighting};
use tokenward_core::{Code, Format};

use super::notation::{example, place_flags};
use super::place_check;
use super::reference::{self, anywhere};
use crate::command_hint::quoted;
use crate::failure::Failure;
use crate::words::Lang;

/// A file without a place. `said` is what was typed of it besides its places.
pub(crate) fn without_place(
    file: &str,
    document: Option<&Document>,
    format: Format,
    said: &str,
    lang: Lang,
) -> Failure {
    let failure = Failure::new(Code::PlaceUnclear, lang.no_token_place(file));
    let file = quoted(file);
    let own = document.map(Shape::empty_tokens).unwrap_or_default();
    let is_list = matches!(format, Format::Dotenv | Format::Properties | Format::Fish);
    let add = || lang.add_keys(format!("tokenward link {file}{said} --create"));
    // A key that is there and empty is what its reader reads, so it comes before lines of other names.
    if !own.is_empty() {
        let (keys, flags) = (own.values().map(ToString::to_string).collect::<Vec<_>>(), place_flags(&own));
        let failure = failure.then(lang.fill_empty_keys(
            keys.join(lang.list_gap()),
            format!("tokenward login --env-file {file}{said} {flags}"),
            format!("tokenward link {file}{said} {flags}"),
        ));
        return if is_list { failure.then(add()) } else { failure };
    }
    // Who has no token yet names no places. An ini file is often another program's, which would meet a section that it does not know.
    let failure = if is_list {
        failure.then(lang.log_in_into_file(format!("tokenward login --env-file {file}{said}"))).then(add())
    } else {
        failure
    };
    failure.then(lang.name_places(example(format)))
}

/// A file of tables without a place.
pub(super) fn of_tables(file: &Path, document: &Document, known: &[Sighting], said: &str, lang: Lang) -> Failure {
    if !file.exists() {
        return place_check::missing_tables(file, lang);
    }
    let nothing = || {
        let lacking = Shape::unfilled(document);
        let add = |place| place_check::add_key(file, document, place, lang);
        let hints: Vec<String> = lacking.iter().filter_map(add).collect();
        let given = Shape::servers_with_tokenward(document);
        if hints.is_empty() && !given.is_empty() && Shape::empty_tokens(document).is_empty() {
            return given_by_tokenward(&given, lang);
        }
        // Several servers of which nothing says whose they are, with an empty place each: a person names one.
        let mut empty = Shape::servers(document);
        empty.retain(|server| Shape::of_named_server(document, server, known).is_some());
        if hints.is_empty() && empty.len() > 1 {
            let choices = empty.iter().map(|server| lang.pick_with(format!("--server {}", quoted(server))));
            return Failure::new(Code::PlaceUnclear, lang.no_token_place(file.display())).then_all(choices);
        }
        let own = if hints.is_empty() { of_neutral_servers(file, document, known, said, lang) } else { Vec::new() };
        if !own.is_empty() {
            return Failure::new(Code::PlaceUnclear, lang.no_token_place(file.display())).then_all(own);
        }
        if hints.is_empty() {
            return without_place(&file.display().to_string(), Some(document), document.format(), said, lang);
        }
        Failure::new(Code::PlaceUnclear, lang.no_token_place(file.display())).then_all(hints)
    };
    anywhere(document, lang).unwrap_or_else(nothing)
}

/// The places of servers of which nothing says whose they are, where something stands that may be meant; of an only server, the one that it
/// lacks. An empty place is told with the other empty keys of the file.
fn of_neutral_servers(file: &Path, document: &Document, known: &[Sighting], said: &str, lang: Lang) -> Vec<String> {
    let all = Shape::servers(document);
    let shown = quoted(&file.display().to_string());
    let filled = all.iter().filter_map(|server| {
        let place = Shape::place_of_server(document, server).filter(|place| document.has(place))?;
        let text = document.get(&place).ok().flatten()?;
        if text.trim().is_empty() || text.trim().eq_ignore_ascii_case("bearer") {
            return None;
        }
        let is_known = Shape::of_named_server(document, server, known).is_some();
        Some(if is_known {
            lang.token_may_be_meant(&place, format!("tokenward link {shown}{said} --server {}", quoted(server)))
        } else {
            lang.value_may_be_meant(&place, format!("--access {}", quoted(&place.to_string())))
        })
    });
    let filled: Vec<String> = filled.collect();
    let lacks = |server: &String| {
        let place = Shape::place_of_server(document, server).filter(|place| !document.has(place))?;
        place_check::add_key(file, document, &place, lang)
    };
    match all.as_slice() {
        [only] if filled.is_empty() && Shape::empty_tokens(document).is_empty() => lacks(only).into_iter().collect(),
        _ => filled,
    }
}

/// A server that a person names, in which no token stands. `with_tokens` are the servers that have one.
pub(super) fn of_server(file: &Path, document: &Document, server: &str, with_tokens: &[String], lang: Lang) -> Failure {
    if let Some(failure) = reference::of_server(document, server, lang) {
        return failure;
    }
    let all = Shape::servers(document);
    if !all.iter().any(|name| name == server) {
        let known = if with_tokens.is_empty() {
            (!all.is_empty()).then(|| lang.servers_of_file(all.join(", ")))
        } else {
            Some(lang.servers_with_tokens(with_tokens.join(", ")))
        };
        let how = known.unwrap_or_else(|| lang.name_places(example(document.format())));
        let what = lang.no_such_server(file.display(), server.escape_debug());
        return Failure::new(Code::PlaceUnclear, what).then(how);
    }
    if Shape::servers_with_tokenward(document).iter().any(|name| name == server) {
        return given_by_tokenward(&[server.to_owned()], lang);
    }
    let place = Shape::place_of_server(document, server);
    // Something stands there: a place it has.
    if let Some(place) = place.as_ref().filter(|place| document.has(place)) {
        let next = lang.value_may_be_meant(place, format!("--access {}", quoted(&place.to_string())));
        return Failure::new(Code::PlaceUnclear, lang.server_with_a_value(file.display(), server.escape_debug()))
            .then(next);
    }
    let add = place.as_ref();
    let add = add.and_then(|place| place_check::add_key(file, document, place, lang));
    let how = add.unwrap_or_else(|| lang.name_places(example(document.format())));
    let what = lang.server_without_place(file.display(), server.escape_debug());
    Failure::new(Code::PlaceUnclear, what).then(how)
}

/// Servers that Tokenward starts, and gives their token.
fn given_by_tokenward(servers: &[String], lang: Lang) -> Failure {
    let names = servers.iter().map(|name| name.escape_debug().to_string()).collect::<Vec<_>>().join(", ");
    Failure::new(Code::PlaceUnclear, lang.server_needs_no_token(names)).complete()
}
