//! A token that stands in the settings of several servers, of which a person named one.
//!
//! Enters: further places of its token. Leaves: those of that server, and those that stay as they are.

use tokenward::links::{Document, Shape};
use tokenward_core::{PathStep, Place};

/// A place of the same token in the settings of another server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftToServer {
    pub(crate) place: Place,
    pub(crate) server: String,
}

/// Parts further places: those to be kept, and those of other servers than the named one.
pub(super) fn apart(document: &Document, further: Vec<Shape>, server: Option<&str>) -> (Vec<Shape>, Vec<LeftToServer>) {
    let Some(meant) = server else { return (further, Vec::new()) };
    let named: Vec<String> = Shape::detect(document).into_iter().filter_map(|shape| shape.server).collect();
    let other_of = |place: &Place| {
        let mut others = named.iter().filter(|name| *name != meant && is_of_server(place, name));
        others.next().filter(|_| !is_of_server(place, meant)).cloned()
    };
    let (mut kept, mut left) = (Vec::new(), Vec::new());
    for shape in further {
        let place = shape.access().or(shape.refresh()).cloned();
        match place.and_then(|place| Some(LeftToServer { server: other_of(&place)?, place })) {
            Some(other) => left.push(other),
            None => kept.push(shape),
        }
    }
    (kept, left)
}

/// Whether a place is within the settings of a server.
pub(crate) fn is_of_server(place: &Place, server: &str) -> bool {
    matches!(place, Place::Path(steps) if steps.iter().any(|step| matches!(step, PathStep::Key(key) if key == server)))
}
