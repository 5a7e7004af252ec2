//! Why a file that gives programs their settings holds no token: a reference stands in its place, or no key does.
//!
//! Enters: a document without a login. Leaves: the place that a person is told of. No value leaves.

use std::collections::BTreeMap;

use tokenward_core::{Place, Slot};

use super::document::Document;
use super::key_names::{Name, Role};
use super::known_tokens::Sighting;
use super::login_shape::Shape;
use super::mcp_server;
use super::token_claims::{Says, says};
use super::token_or_placeholder::Nature;
use super::value_frame::{Frame, is_authorization};

/// Whether a place is a variable that a server's program is given.
fn is_variable(place: &Place) -> bool {
    place.table().is_some_and(|table| ["env", "environment"].contains(&table))
}

impl Shape {
    /// Where a value stands under a token's name, or behind a token's flag, that is a reference to another, such as
    /// `"USER_ACCESS_TOKEN": "${TOKEN}"`. None is part of a shape where a server's program is given it, since nothing is kept there.
    pub fn references(document: &Document) -> Vec<Place> {
        let of_platform = |place: &Place| mcp_server::is_of_this_platform(document, place);
        Self::references_where(document, of_platform)
    }

    /// The same of places that a person means: an `Authorization` among them counts, whatever server it is of.
    pub fn references_at(document: &Document, is_meant: impl Fn(&Place) -> bool) -> Vec<Place> {
        let mut found = Self::references_where(document, &is_meant);
        found.retain(is_meant);
        found
    }

    fn references_where(document: &Document, counts: impl Fn(&Place) -> bool) -> Vec<Place> {
        let is_token = |place: &Place| {
            let name = place.key().and_then(Name::of);
            name.is_some_and(|name| matches!(name.role, Role::Access | Role::Refresh))
                || is_variable(place) && place.key().is_some_and(mcp_server::is_short_name)
        };
        let is_reference = |place: &Place, text: &str| {
            let frame = Frame::at(place, text);
            Nature::of(frame.as_ref().map_or(text, |frame| frame.token(text))) == Nature::Reference
        };
        let all = document.texts().into_iter();
        let is_header = |place: &Place| is_authorization(place) && counts(place);
        let of_names = all.filter(|(place, text)| (is_token(place) || is_header(place)) && is_reference(place, text));
        let of_flags = document.tree().map(|root| mcp_server::references(&root)).unwrap_or_default();
        of_names.map(|(place, _)| place).chain(of_flags).collect()
    }

    /// The empty keys whose names speak of a token, if they are those of one login: `FEISHU_TOKEN=`. A name that is usual for no
    /// provider's token is taken by nobody's guess, and may be what a person meant.
    pub fn empty_tokens(document: &Document) -> BTreeMap<Slot, Place> {
        let mut found = BTreeMap::new();
        for (place, text) in document.texts() {
            let name = place.key().and_then(Name::of).filter(|name| !name.is_foreign());
            let slot = match name.map(|name| name.role) {
                Some(Role::Access | Role::Bare) => Slot::AccessToken,
                Some(Role::Refresh) => Slot::RefreshToken,
                // A header of a server of which nothing says whose it is.
                None if is_authorization(&place) => Slot::AccessToken,
                _ => continue,
            };
            let is_empty =
                text.trim().is_empty() || is_authorization(&place) && text.trim().eq_ignore_ascii_case("bearer");
            if is_empty && found.insert(slot, place).is_some() {
                return BTreeMap::new();
            }
        }
        found
    }

    /// Where the servers of this platform that a file gives no token could be given one, in its order.
    pub fn unfilled(document: &Document) -> Vec<Place> {
        document.tree().map(|root| mcp_server::unfilled(&root)).unwrap_or_default()
    }

    /// The MCP servers of a file, by name.
    pub fn servers(document: &Document) -> Vec<String> {
        document.tree().map(|root| mcp_server::names(&root)).unwrap_or_default()
    }

    /// Those that `tokenward proxy` or `tokenward exec` starts: they are given their token and need none in the file.
    pub fn servers_with_tokenward(document: &Document) -> Vec<String> {
        document.tree().map(|root| mcp_server::given_by_tokenward(&root)).unwrap_or_default()
    }

    /// The login of a server that a person names, of which neither name nor address says that it is one of this platform: where its place
    /// is empty, something stands in for a token there, or a token does that is one of this platform by what the vault knows or by what it
    /// says of itself. Any other may be another service's, which is neither shown to the provider nor written over.
    pub fn of_named_server(document: &Document, server: &str, known: &[Sighting]) -> Option<Self> {
        let (shape, _) = mcp_server::named(&document.tree().ok()?, server)?;
        let place = shape.access()?;
        let text = document.get(place).ok()??;
        let frame = Frame::at(place, &text)?;
        let token = frame.token(&text);
        let is_meant = match Nature::of(token) {
            Nature::Empty | Nature::Placeholder => true,
            Nature::Token => says(token) == Some(Says::Access) || known.iter().any(|one| one.place == *place),
            Nature::Reference | Nature::Document => false,
        };
        is_meant.then_some(shape)
    }

    /// The same where a token stands at its place that the vault does not know.
    pub fn unknown_of_named_server(document: &Document, server: &str, known: &[Sighting]) -> Option<Place> {
        let shape = Self::of_named_server(document, server, known)?;
        let place = shape.access()?;
        let text = document.get(place).ok()??;
        let is_token = Nature::of(Frame::at(place, &text)?.token(&text)) == Nature::Token;
        (is_token && !known.iter().any(|one| one.place == *place)).then(|| place.clone())
    }

    /// The server in whose settings a place is.
    pub fn server_of(document: &Document, place: &Place) -> Option<String> {
        mcp_server::of_place(&document.tree().ok()?, place)
    }

    /// Where the token of a server that a person names stands, or could stand. `None` where there is no such server, or no such place.
    pub fn place_of_server(document: &Document, server: &str) -> Option<Place> {
        let (shape, unfilled) = mcp_server::named(&document.tree().ok()?, server)?;
        shape.access().cloned().or(unfilled)
    }
}
