//! Further places of a token that is about to be replaced.
//!
//! Enters: a document, and where the tokens of one login stand in it. Leaves: every other place of the very same tokens. The vault
//! knows a token by its name once it has stored it; one that it has never seen can be compared here only, before it is gone. One token
//! has one fate: a place that stays behind would show a dead one.

use tokenward_core::{Generation, GrantId, KnownToken, Place, Slot, TokenKind};

use super::document::Document;
use super::known_tokens::Sighting;
use super::login_shape::Shape;
use super::shapes_by_known_tokens::is_beside;
use super::token_candidates::candidates;
use super::token_or_placeholder::Nature;
use super::value_frame::Frame;

impl Shape {
    /// Every place of its tokens, its own too, as far as the vault does not know them.
    pub fn twins(&self, document: &Document, known: &[Sighting]) -> Vec<Sighting> {
        let is_known = |slot: Slot, place: &Place| known.iter().any(|own| own.slot() == slot && own.place == *place);
        let tokens = [(Slot::AccessToken, TokenKind::Access), (Slot::RefreshToken, TokenKind::Refresh)];
        let wanted = tokens.into_iter().filter_map(|(slot, kind)| {
            let place = self.places.get(&slot).filter(|place| !is_known(slot, place))?;
            Some((kind, token_at(document, place)?))
        });
        let wanted: Vec<_> = wanted.collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<Sighting> = Vec::new();
        for (place, text) in document.texts() {
            let parts = candidates(&text);
            for (kind, token) in &wanted {
                let Some(at) = parts.iter().find(|at| text[(*at).clone()] == **token) else { continue };
                // Nobody has told whose it is.
                let grant = GrantId::new(0, [0; 10]);
                let token = KnownToken { kind: *kind, grant, generation: Generation::FIRST, is_present: false };
                found.push(Sighting { place: place.clone(), at: at.clone(), token, profile: None });
            }
        }
        found
    }

    /// The shapes of those twins that stand elsewhere, with the ends of life beside them.
    pub fn further(&self, document: &Document, twins: &[Sighting]) -> Vec<Self> {
        let own: Vec<Place> = self.places.values().map(|place| document.resolved(place)).collect();
        let is_own = |place: &Place| own.contains(&document.resolved(place));
        let mut found: Vec<Self> = Vec::new();
        for twin in twins.iter().filter(|twin| !is_own(&twin.place)) {
            let (slot, place) = (twin.slot(), &twin.place);
            let is_home = |shape: &&mut Self| {
                !shape.places.contains_key(&slot) && shape.places.values().all(|other| is_beside(other, place))
            };
            match found.iter_mut().find(is_home) {
                Some(home) => drop(home.places.insert(slot, place.clone())),
                None => found.push(Self { places: [(slot, place.clone())].into(), ..Self::default() }),
            }
        }
        for shape in &mut found {
            for place in [shape.access().cloned(), shape.refresh().cloned()].into_iter().flatten() {
                shape.add_ends_beside(document, &place);
            }
            shape.places.retain(|_, place| !is_own(place));
        }
        found
    }

    /// Whether all its tokens are among these twins.
    pub fn is_among(&self, twins: &[Sighting]) -> bool {
        let mut tokens = [Slot::AccessToken, Slot::RefreshToken].into_iter().filter_map(|slot| {
            let place = self.places.get(&slot)?;
            Some(twins.iter().any(|twin| twin.slot() == slot && twin.place == *place))
        });
        self.has_token() && tokens.all(|is_among| is_among)
    }
}

/// The token at a place, if there is one that no other text equals by chance.
fn token_at(document: &Document, place: &Place) -> Option<zeroize::Zeroizing<String>> {
    let text = document.get(place).ok()??;
    let token = Frame::of(&text)?.token(&text).to_owned();
    (Nature::of_refresh(&token) == Nature::Token).then(|| token.into())
}
