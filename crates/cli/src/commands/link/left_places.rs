//! What a link leaves as it is: the same token where another server was not meant, and other tokens of the file.
//!
//! Enters: the places of a file. Leaves: a word on each, with the command that links it. A token of which nobody says that it stays behind
//! is thought to be kept.

use tokenward::links::UnlinkedTokens;
use tokenward_core::Place;

use crate::context::Context;
use crate::token_places::{LeftToServer, TokenPlaces};

/// Says what stays as it is.
pub(in crate::commands) fn tell(spot: &TokenPlaces, context: &Context) {
    let lang = context.lang();
    let meant = context.typed.file_elsewhere(&context.short(&spot.file));
    let command = |other: &LeftToServer| format!("tokenward link {meant} {}", other.flags);
    for other in &spot.left {
        context.printer.warning(match &other.server {
            Some(server) => lang.left_to_server(&other.place, server, command(other)),
            None => lang.left_where_it_is(&other.place, command(other)),
        });
    }
    for other in &spot.others {
        context.printer.warning(lang.other_token_left(&other.place, command(other)));
    }
}

/// Takes out of what else stands in a file what is told of other servers.
pub(super) fn forget(besides: &mut UnlinkedTokens, left: &[LeftToServer]) {
    let is_other = |place: &Place| !left.iter().any(|other| other.place == *place);
    for places in [&mut besides.stale, &mut besides.copies, &mut besides.named] {
        places.retain(|(_, place)| is_other(place));
    }
}
