//! What follows in a script's file when its tokens give way: copies of them, and the ends of life beside them.
//!
//! Enters: the file as it was, the places of its two tokens, the login that is about to be written there. Leaves: what else is to be written
//! with them. The vault has had both old tokens by then, so that it finds every copy; each keeps what stands around it. What cannot be
//! written so that it reads back is left out: the answer is there, and must not wait for it. Nothing is written here.

use std::collections::BTreeMap;

use tokenward_core::ports::LoginCopy;
use tokenward_core::{Place, Slot};

use super::document::Document;
use super::keep::Links;
use super::shape::Shape;
use super::shown::Shown;
use super::sighting::Sighting;
use super::value::Value;
use crate::Error;

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
    ) -> Result<Vec<(Place, Value)>, Error> {
        let mut known = self.sightings(document).await?;
        known.retain(|sighting| sighting.token.grant == login.grant.id);
        let places = BTreeMap::from([(Slot::AccessToken, access.clone()), (Slot::RefreshToken, refresh.clone())]);
        let mut own = Shape { places, ..Shape::default() };
        let further = own.further(document, &known);
        own.add_ends_beside(document, access);
        own.add_ends_beside(document, refresh);
        own.places.retain(|slot, _| !TOKENS.contains(slot));
        let mut changed = document.clone();
        let mut values = Vec::new();
        for Shape { places, .. } in [own].into_iter().chain(further) {
            let Ok(mut shown) = Shown::read(document, &places) else { continue };
            for slot in TOKENS {
                let is_own = |one: &&Sighting| one.slot() == slot && places.get(&slot) == Some(&one.place);
                shown.frame(slot, known.iter().filter(is_own).map(|one| one.at.clone()).collect());
            }
            for (place, value) in shown.corrections(&places, login, true) {
                if changed.set_value(&place, &value).is_ok() {
                    values.push((place, value));
                }
            }
        }
        Ok(values)
    }
}

const TOKENS: [Slot; 2] = [Slot::AccessToken, Slot::RefreshToken];
