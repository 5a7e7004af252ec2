//! Where the tokens of a login stand by what the vault knows of their values, joined with what their names say.
//!
//! Enters: the shapes that names tell, and the tokens of known logins that stand in the document. Leaves: shapes. A value goes before a
//! name: a token that is known has its place whatever that is called, and of several logins the known one is meant. Several shapes of
//! one login are copies, which are all to be kept true.

use std::collections::BTreeMap;

use tokenward_core::{Format, PathStep, Place, ProfileName, Slot};

use super::document::Document;
use super::known_tokens::Sighting;
use super::login_shape::Shape;
use super::token_claims::{Says, says};
use super::token_or_placeholder::Nature;
use super::value_frame::Frame;

impl Shape {
    /// The shapes in a document in which some tokens are known.
    pub fn detect_known(document: &Document, known: &[Sighting]) -> Vec<Self> {
        let named = Self::detect(document);
        if known.is_empty() {
            return named;
        }
        let mut found: Vec<Candidate> = named.into_iter().map(|shape| Candidate { shape, is_known: false }).collect();
        let is_named = |slot: Slot, place: &Place, found: &[Candidate]| {
            let wanted = document.resolved(place);
            found.iter().position(|one| one.shape.places.get(&slot).is_some_and(|own| document.resolved(own) == wanted))
        };
        let mut rest = Vec::new();
        for sighting in known {
            match is_named(sighting.slot(), &sighting.place, &found) {
                Some(index) => found[index].is_known = true,
                None => rest.push(sighting),
            }
        }
        let any_named = found.iter().any(|one| one.is_known);
        // Where the names of a file's variables or keys tell of one app, its tokens are that app's.
        let app = found.iter().find(|one| one.shape.app_id.is_some()).map_or_else(Self::default, |one| Self {
            places: BTreeMap::new(),
            server: None,
            ..one.shape.clone()
        });
        let has_app = matches!(document.format(), Format::Dotenv | Format::Properties | Format::Fish | Format::Ini);
        for sighting in rest {
            let (slot, place) = (sighting.slot(), &sighting.place);
            let other = if slot == Slot::AccessToken { Slot::RefreshToken } else { Slot::AccessToken };
            // What a name takes for the other token, unless that stands in the same text.
            let holds_both = known.iter().any(|one| one.slot() == other && one.place == *place);
            for one in found.iter_mut().filter(|_| !holds_both) {
                if one.shape.places.get(&other) == Some(place) {
                    one.shape.places.remove(&other);
                }
            }
            let has = |one: &Candidate| one.shape.places.get(&slot) == Some(place);
            let lacks = |one: &Candidate| {
                let theirs = one.shape.places.get(&other);
                !one.shape.places.contains_key(&slot) && theirs.is_some_and(|theirs| is_beside(theirs, place))
            };
            let home = found.iter().position(has).or_else(|| found.iter().position(lacks)).unwrap_or_else(|| {
                let shape = if has_app { app.clone() } else { Self::default() };
                found.push(Candidate { shape, is_known: true });
                found.len() - 1
            });
            let home = &mut found[home];
            home.is_known = true;
            home.shape.places.insert(slot, place.clone());
            home.shape.add_ends_beside(document, place);
        }
        found.retain(|one| one.shape.has_token() || !one.is_known);
        let unknown: Vec<&Candidate> = found.iter().filter(|one| !one.is_known && one.shape.has_token()).collect();
        // Places under the usual names that wait for tokens are what is meant; the others are told of.
        if let ([one], false) = (unknown.as_slice(), any_named)
            && one.shape.waits(document)
        {
            return vec![one.shape.clone()];
        }
        let unknown = !unknown.is_empty();
        // Where a known login stands under names of its own, others are others'. Elsewhere a person has to say which are meant.
        if any_named || !unknown {
            found.retain(|one| one.is_known);
        }
        found.into_iter().map(|one| one.shape).collect()
    }

    /// Whether nothing stands at its tokens' places yet.
    fn waits(&self, document: &Document) -> bool {
        let is_open = |place: &Place| {
            let text = document.get(place).ok().flatten();
            text.is_none_or(|text| matches!(Nature::of(&text), Nature::Empty | Nature::Placeholder))
        };
        [self.access(), self.refresh()].into_iter().flatten().all(is_open)
    }

    /// Whether names say the opposite of what the values are: each token stands where the other one's name is, so that whoever reads the
    /// file by its names takes one for the other.
    pub fn is_against_names(&self, document: &Document) -> bool {
        let (Some(access), Some(refresh)) = (self.access(), self.refresh()) else { return false };
        let by_names = Self::detect(document);
        by_names.iter().any(|named| named.access() == Some(refresh) && named.refresh() == Some(access))
    }

    /// The profile whose login the tokens of a shape are, if the vault knows them.
    pub fn profile<'a>(&self, known: &'a [Sighting]) -> Option<&'a ProfileName> {
        let own = |sighting: &&Sighting| self.places.get(&sighting.slot()) == Some(&sighting.place);
        known.iter().filter(own).find_map(|sighting| sighting.profile.as_ref())
    }

    /// The place of one of its tokens at which one of the other kind stands: by what the vault knows, or, where a refresh token would be
    /// written over with an access token, by what it says of itself.
    pub fn misplaced(&self, document: &Document, known: &[Sighting]) -> Option<(Slot, Place)> {
        let is_misplaced = |slot: Slot, place: &Place| {
            let wanted = document.resolved(place);
            let there: Vec<Slot> =
                known.iter().filter(|one| document.resolved(&one.place) == wanted).map(Sighting::slot).collect();
            if !there.is_empty() {
                return !there.contains(&slot);
            }
            let text = document.get(place).ok().flatten();
            let token = text.as_ref().and_then(|text| Some(Frame::of(text)?.token(text).to_owned()));
            slot == Slot::AccessToken && token.is_some_and(|token| says(&token) == Some(Says::Refresh))
        };
        let tokens = [(Slot::AccessToken, self.access()), (Slot::RefreshToken, self.refresh())];
        tokens.into_iter().find_map(|(slot, place)| {
            let place = place.filter(|place| is_misplaced(slot, place))?;
            Some((slot, place.clone()))
        })
    }

    /// Whether a token of a shape is known.
    pub fn is_known(&self, known: &[Sighting]) -> bool {
        known.iter().any(|sighting| self.places.get(&sighting.slot()) == Some(&sighting.place))
    }
}

struct Candidate {
    shape: Shape,
    is_known: bool,
}

/// Whether two values stand in one table, section or file of variables, or in one text.
pub(super) fn is_beside(one: &Place, other: &Place) -> bool {
    let way = |path: &[PathStep]| path.split_last().map(|(_, way)| way.to_vec());
    match (one, other) {
        (Place::Dotenv { .. }, Place::Dotenv { .. }) => true,
        (Place::Ini { section: one, .. }, Place::Ini { section: other, .. }) => one == other,
        (Place::Path(one), Place::Path(other)) => way(one) == way(other),
        (Place::Within { text: one, path: a }, Place::Within { text: other, path: b }) => {
            one == other && way(a) == way(b)
        }
        _ => false,
    }
}
