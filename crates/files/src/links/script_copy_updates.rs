//! What follows in a script's file when its tokens give way: copies of them, and the ends of life beside them.
//!
//! Enters: the file as it was, the places of its two tokens, the login that is about to be written there. Leaves: what else is to be written
//! with them. The vault has had both old tokens by then, so that it finds every copy; each keeps what stands around it. What cannot be
//! written so that it reads back is left out and named: the answer is there, and must not wait for it. Nothing is written here.

use std::collections::BTreeMap;

use tokenward_core::ports::LoginCopy;
use tokenward_core::{Place, Slot};

use super::document::Document;
use super::encoded::decodings;
use super::known_tokens::Sighting;
use super::linked_files::Links;
use super::login_shape::Shape;
use super::text_or_number::Value;
use super::value_diff::FileValues;
use tokenward_keeper::Error;

/// What follows in a script's file.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    /// What is to be written with the tokens.
    pub(crate) values: Vec<(Place, Value)>,
    /// Where an old token of the login stays: it cannot be written there, or stands encoded.
    pub(crate) left: Vec<Place>,
}

impl Links {
    /// What else of a document follows its access and its refresh token.
    ///
    /// # Errors
    /// The vault's.
    pub(crate) async fn followers(
        &self,
        document: &Document,
        access: &Place,
        refresh: &Place,
        login: &LoginCopy,
    ) -> Result<Followers, Error> {
        let mut known = self.sightings(document).await?;
        known.retain(|sighting| sighting.token.grant == login.grant.id);
        let places = BTreeMap::from([(Slot::AccessToken, access.clone()), (Slot::RefreshToken, refresh.clone())]);
        let mut own = Shape { places, ..Shape::default() };
        let further = own.further(document, &known);
        own.add_ends_beside(document, access);
        own.add_ends_beside(document, refresh);
        own.places.retain(|slot, _| !TOKENS.contains(slot));
        let mut changed = document.clone();
        let mut found = Followers::default();
        for Shape { places, .. } in [own].into_iter().chain(further) {
            let Ok(mut shown) = FileValues::read(document, &places) else {
                found.left.extend(TOKENS.iter().filter_map(|slot| places.get(slot).cloned()));
                continue;
            };
            for slot in TOKENS {
                let is_own = |one: &&Sighting| one.slot() == slot && places.get(&slot) == Some(&one.place);
                shown.frame(slot, known.iter().filter(is_own).map(|one| one.at.clone()).collect());
            }
            for (place, value) in shown.corrections(&places, login, true) {
                if changed.set_value(&place, &value).is_ok() {
                    found.values.push((place, value));
                } else {
                    found.left.push(place);
                }
            }
        }
        let texts = document.texts();
        let encoded = texts.iter().flat_map(|(place, text)| {
            decodings(text).into_iter().map(|decoded| (place.clone(), decoded)).collect::<Vec<_>>()
        });
        for sighting in self.sightings_of(encoded.chain(document.names()).collect()).await? {
            // The same token may be read in both ways; what is read as it is written has been seen to.
            let is_plain = known.iter().any(|plain| plain.place == sighting.place && plain.token == sighting.token);
            let is_stale = sighting.token.grant == login.grant.id && !sighting.token.is_present;
            if is_stale && !is_plain && !found.left.contains(&sighting.place) {
                found.left.push(sighting.place);
            }
        }
        Ok(found)
    }
}

const TOKENS: [Slot; 2] = [Slot::AccessToken, Slot::RefreshToken];
