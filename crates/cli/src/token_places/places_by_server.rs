//! A token that stands at several places of a file, of which a person named one, or one server's.
//!
//! Enters: further places of its token. Leaves: those that are kept with it, and those that stay as they are. A server whose name says
//! nothing is a server too: its host is given no token that the person did not mean for it.

use tokenward::links::{Document, Shape, Sighting};
use tokenward_core::{PathStep, Place};

use super::notation::place_flags;
use crate::args::PlaceFlags;
use crate::command_hint::quoted;

/// A token that was left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftToServer {
    pub(crate) place: Place,
    /// The server in whose settings it stands, if it is in one's.
    pub(crate) server: Option<String>,
    /// What links it.
    pub(crate) flags: String,
}

/// Parts further places of a login's tokens: those to be kept, and those that are not what a person named.
pub(super) fn apart(
    document: &Document,
    shape: &Shape,
    further: Vec<Shape>,
    (server, at): (Option<&str>, &PlaceFlags),
    known: &[Sighting],
) -> (Vec<Shape>, Vec<LeftToServer>) {
    let is_told = at.access.is_some() || at.refresh.is_some();
    let first = |shape: &Shape| shape.access().or(shape.refresh()).cloned();
    let own = first(shape).and_then(|place| Shape::server_of(document, &place));
    let is_left = |other: Option<&str>| match server {
        Some(meant) => other != Some(meant),
        // Outside of servers every place of the token is kept true.
        None => is_told && other.is_some() && other != own.as_deref(),
    };
    let (mut kept, mut left) = (Vec::new(), Vec::new());
    for shape in further {
        let place = first(&shape);
        let server = place.as_ref().and_then(|place| Shape::server_of(document, place));
        match place.filter(|_| is_left(server.as_deref())) {
            Some(place) => {
                let flags = flags(document, &shape, &place, server.as_deref(), known);
                left.push(LeftToServer { place, server, flags });
            }
            None => kept.push(shape),
        }
    }
    (kept, left)
}

/// Tokens that nobody knows at the places where other servers of the file would have theirs.
pub(super) fn others(document: &Document, taken: &[&Place], known: &[Sighting]) -> Vec<LeftToServer> {
    let unknown = |server: String| {
        let place = Shape::unknown_of_named_server(document, &server, known)?;
        let flags = format!("--server {}", quoted(&server));
        (!taken.contains(&&place)).then_some(LeftToServer { place, server: Some(server), flags })
    };
    Shape::servers(document).into_iter().filter_map(unknown).collect()
}

/// What picks a place: the server's name where that is enough.
fn flags(document: &Document, shape: &Shape, place: &Place, server: Option<&str>, known: &[Sighting]) -> String {
    let is_found = |server: &&str| {
        let by_name = Shape::detect(document).into_iter().find(|shape| shape.server.as_deref() == Some(*server));
        let found = by_name.or_else(|| Shape::of_named_server(document, server, known));
        found.is_some_and(|found| found.access().or(found.refresh()) == Some(place))
    };
    server.filter(is_found).map_or_else(|| place_flags(&shape.places), |server| format!("--server {}", quoted(server)))
}

/// Whether a place is within the settings of a server.
pub(crate) fn is_of_server(place: &Place, server: &str) -> bool {
    matches!(place, Place::Path(steps) if steps.iter().any(|step| matches!(step, PathStep::Key(key) if key == server)))
}
