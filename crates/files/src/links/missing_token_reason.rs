//! Why a file that gives programs their settings holds no token: a reference stands in its place, or no key does.
//!
//! Enters: a document without a login. Leaves: the place that a person is told of. No value leaves.

use std::collections::BTreeMap;

use tokenward_core::{Place, Slot};

use super::document::Document;
use super::key_names::{Name, Role};
use super::login_shape::Shape;
use super::mcp_server;
use super::token_or_placeholder::Nature;
use super::value_frame::{Frame, is_authorization};

impl Shape {
    /// Where a value stands under a token's name, or behind a token's flag, that is a reference to another, such as
    /// `"USER_ACCESS_TOKEN": "${TOKEN}"`. None is part of a shape where a server's program is given it, since nothing is kept there.
    pub fn references(document: &Document) -> Vec<Place> {
        let is_token = |place: &Place| {
            let name = place.key().and_then(Name::of);
            name.is_some_and(|name| matches!(name.role, Role::Access | Role::Refresh))
        };
        let is_reference = |place: &Place, text: &str| {
            let frame = Frame::at(place, text);
            Nature::of(frame.as_ref().map_or(text, |frame| frame.token(text))) == Nature::Reference
        };
        let all = document.texts().into_iter();
        let is_header = |place: &Place| is_authorization(place) && mcp_server::is_of_this_platform(document, place);
        let of_names = all.filter(|(place, text)| (is_token(place) || is_header(place)) && is_reference(place, text));
        let of_flags = document.tree().map(|root| mcp_server::references(&root)).unwrap_or_default();
        of_names.map(|(place, _)| place).chain(of_flags).collect()
    }

    /// The empty keys whose names speak of a token, if they are those of one login: `FEISHU_TOKEN=`. A name that is usual for no
    /// provider's token is taken by nobody's guess, and may be what a person meant.
    pub fn empty_tokens(document: &Document) -> BTreeMap<Slot, Place> {
        let mut found = BTreeMap::new();
        for (place, text) in document.texts() {
            let Some(name) = place.key().and_then(Name::of).filter(|name| !name.is_foreign()) else { continue };
            let slot = match name.role {
                Role::Access | Role::Bare => Slot::AccessToken,
                Role::Refresh => Slot::RefreshToken,
                _ => continue,
            };
            if text.trim().is_empty() && found.insert(slot, place).is_some() {
                return BTreeMap::new();
            }
        }
        found
    }

    /// Where the servers of this platform that a file gives no token could be given one, in its order.
    pub fn unfilled(document: &Document) -> Vec<Place> {
        document.tree().map(|root| mcp_server::unfilled(&root)).unwrap_or_default()
    }
}
