//! The shape of a login in a file: where its values stand, and what speaks against writing over them. Made of places only; no value
//! leaves.

use std::collections::BTreeMap;

use tokenward_core::{Place, Slot};

use super::document::Document;
use super::key_names::{Name, Role};
use super::known_tokens::Sighting;
use super::text_or_number::Value;
use super::token_or_placeholder::Nature;
use super::value_frame::Frame;

/// Where the values of one login stand in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shape {
    /// The values that rotate with the login.
    pub places: BTreeMap<Slot, Place>,
    /// The app's id.
    pub app_id: Option<Place>,
    /// The app's secret.
    pub app_secret: Option<Place>,
    /// The app access token that the old script takes.
    pub app_access: Option<Place>,
    /// The redirect URL of the app.
    pub redirect: Option<Place>,
    /// The MCP server whose settings these are.
    pub server: Option<String>,
}

/// Why what stands at a place is not written over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Objection {
    /// Another program resolves or opens it.
    Reference(Place),
    /// It stands where a token is to come.
    Placeholder(Place),
    /// It holds more than a token, and it cannot be told which part of it is one.
    MoreThanToken(Place),
    /// It stands at the access token's place too, so that it cannot be told which of the two it is.
    Both(Place),
}

impl Shape {
    /// Where the access token stands.
    pub fn access(&self) -> Option<&Place> {
        self.places.get(&Slot::AccessToken)
    }

    /// Where the refresh token stands.
    pub fn refresh(&self) -> Option<&Place> {
        self.places.get(&Slot::RefreshToken)
    }

    /// Why a token's place may not be written over, where that is so. Of a token that the vault knows it can be told.
    pub fn objection(&self, document: &Document, known: &[Sighting]) -> Option<Objection> {
        let places = [self.access(), self.refresh()].into_iter().flatten();
        let unknown = places.filter(|place| !known.iter().any(|sighting| sighting.place == **place));
        let token = |place: &Place| {
            let text = document.get(place).ok()??;
            Some(Frame::at(place, &text)?.token(&text).to_owned()).filter(|token| Nature::of(token) == Nature::Token)
        };
        let unknown: Vec<&Place> = unknown.collect();
        if let [access, refresh] = unknown[..]
            && access != refresh
            && let (Some(one), Some(other)) = (token(access), token(refresh))
            && one == other
        {
            return Some(Objection::Both(refresh.clone()));
        }
        unknown.into_iter().find_map(|place| {
            let text = document.get(place).ok()??;
            let frame = Frame::at(place, &text);
            match (Nature::of(frame.as_ref().map_or(text.as_str(), |frame| frame.token(&text))), frame) {
                (Nature::Reference, _) => Some(Objection::Reference(place.clone())),
                (Nature::Placeholder, _) => Some(Objection::Placeholder(place.clone())),
                (Nature::Document, _) | (Nature::Token, None) => Some(Objection::MoreThanToken(place.clone())),
                (Nature::Empty, _) | (Nature::Token, Some(_)) => None,
            }
        })
    }

    /// Whether a token has a place in it.
    pub fn has_token(&self) -> bool {
        self.access().or(self.refresh()).is_some()
    }

    /// Looks for every value under the names it is known by, and for the others of a login by what their names mean.
    pub(super) fn gather(keys: &[String], look: impl Fn(&str) -> Option<(Place, Value)>) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| look(name));
        let place = |names: &[&str]| first(names).map(|(place, _)| place);
        let mut shape = Self {
            places: BTreeMap::new(),
            app_id: place(&["app_id", "appId", "app-id", "client_id", "clientId", "client-id"]),
            app_secret: place(&[
                "app_secret",
                "appSecret",
                "app-secret",
                "client_secret",
                "clientSecret",
                "client-secret",
            ]),
            app_access: place(&["app_access_token", "appAccessToken"]),
            redirect: place(&[
                "redirect_uri",
                "redirect_url",
                "redirectUri",
                "redirectUrl",
                "redirect-uri",
                "redirect-url",
            ]),
            server: None,
        };
        for (slot, names) in [
            (Slot::AccessToken, &["user_access_token", "access_token", "userAccessToken", "accessToken"][..]),
            (Slot::RefreshToken, &["refresh_token", "user_refresh_token", "refreshToken", "userRefreshToken"]),
        ] {
            shape.places.extend(place(names).map(|place| (slot, place)));
        }
        let named: Vec<(&String, Name)> = keys.iter().filter_map(|key| Some((key, Name::of(key)?))).collect();
        if shape.refresh().is_none()
            && let Some(key) = only(&named, |name| name.role == Role::Refresh)
        {
            shape.places.extend(look(key).map(|(place, _)| (Slot::RefreshToken, place)));
        }
        if shape.access().is_none() {
            let twin = only(&named, |name| name.role == Role::Access && (shape.refresh().is_some() || name.is_ours()));
            let twin =
                twin.or_else(|| only(&named, |name| name.role == Role::Bare).filter(|_| shape.refresh().is_some()));
            shape.places.extend(twin.and_then(|key| look(key)).map(|(place, _)| (Slot::AccessToken, place)));
        }
        if shape.has_token() {
            let prefix = shape.prefix().unwrap_or_default();
            shape.add_ends(&named, &prefix, &look);
        }
        // A list of scopes, as google-auth writes it, is no text and has no slot.
        let scope = first(&["scope"]).filter(|(_, value)| matches!(value, Value::Text(_)));
        shape.places.extend(scope.map(|(place, _)| (Slot::Scope, place)));
        shape
    }

    /// What stands before the meaning of the tokens' names.
    pub(super) fn prefix(&self) -> Option<Vec<String>> {
        [self.access(), self.refresh()].into_iter().flatten().find_map(|place| Some(Name::of(place.key()?)?.prefix))
    }

    /// Takes in the ends of life that stand beside a place.
    pub(super) fn add_ends_beside(&mut self, document: &Document, place: &Place) {
        self.add_ends_of(&document.beside(place, 0), place.table());
    }

    pub(super) fn add_ends_of(&mut self, beside: &[(String, Place, Value)], table: Option<&str>) {
        let named: Vec<_> = beside.iter().filter_map(|(key, ..)| Some((key, Name::within(table, key)?))).collect();
        let prefix = self.prefix().unwrap_or_default();
        self.add_ends(&named, &prefix, |key| {
            let (_, place, value) = beside.iter().find(|(name, ..)| name == key)?;
            Some((place.clone(), value.clone()))
        });
    }

    /// The ends of life that stand beside the tokens, under their prefix or none.
    pub(super) fn add_ends(
        &mut self,
        named: &[(&String, Name)],
        prefix: &[String],
        look: impl Fn(&str) -> Option<(Place, Value)>,
    ) {
        let mut obtained = None;
        for (key, name) in named.iter().filter(|(_, name)| name.prefix.is_empty() || name.prefix == prefix) {
            let Some((place, value)) = look(key) else { continue };
            if self.places.values().any(|kept| *kept == place) {
                continue;
            }
            let slot = match name.role {
                Role::End => {
                    let slot = end_slot(&value);
                    let other = if slot == Some(Slot::Expiry) { Slot::ExpiresAt } else { Slot::Expiry };
                    slot.map(|slot| if self.places.contains_key(&slot) { other } else { slot })
                }
                Role::RefreshEnd => end_slot(&value).map(|_| Slot::RefreshExpiresAt),
                Role::Life => value.as_whole().map(|_| Slot::ExpiresIn),
                Role::RefreshLife => value.as_whole().map(|_| Slot::RefreshExpiresIn),
                Role::Obtained => {
                    obtained = obtained.or_else(|| end_slot(&value).map(|_| place.clone()));
                    None
                }
                _ => None,
            };
            if let Some(slot) = slot {
                self.places.entry(slot).or_insert(place);
            }
        }
        if self.places.contains_key(&Slot::ExpiresIn)
            && let Some(place) = obtained
        {
            self.places.entry(Slot::Obtained).or_insert(place);
        }
    }
}

/// The only key whose name is meant.
pub(super) fn only<'a>(named: &[(&'a String, Name)], fits: impl Fn(&Name) -> bool) -> Option<&'a String> {
    let mut all = named.iter().filter(|(_, name)| fits(name) && !name.is_foreign());
    let first = all.next()?;
    all.next().is_none().then_some(first.0)
}

/// Why an end of life is not kept in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unkept {
    /// It is in a notation that is not understood.
    Notation,
    /// It is a number or a moment, and its name does not say of what, or there are several.
    Meaning,
}

/// The places beside tokens, or in the table above them, whose names speak of their end, and which are not among these.
pub(super) fn unkept_ends(document: &Document, places: &BTreeMap<Slot, Place>) -> Vec<(Place, Unkept)> {
    let kept: Vec<Place> = places.values().map(|place| document.resolved(place)).collect();
    let counts = places.contains_key(&Slot::ExpiresIn);
    let mut found: Vec<(Place, Unkept)> = Vec::new();
    for token in [Slot::AccessToken, Slot::RefreshToken].iter().filter_map(|slot| places.get(slot)) {
        let prefix = token.key().and_then(Name::of).map(|name| name.prefix).unwrap_or_default();
        let beside = document.beside(token, 0).into_iter().map(|one| (token.table(), one));
        let above = document.beside(token, 1).into_iter().map(|one| (None, one));
        for (table, (key, place, value)) in beside.chain(above) {
            let is_end = Name::end_within(table, &key, counts).is_some_and(|own| own.is_empty() || own == prefix);
            let is_known = kept.contains(&document.resolved(&place)) || found.iter().any(|(other, _)| *other == place);
            if is_end && !is_known && !value.spelled().trim().is_empty() {
                let is_understood = value.as_whole().is_some() || value.as_time().is_some();
                found.push((place, if is_understood { Unkept::Meaning } else { Unkept::Notation }));
            }
        }
    }
    found
}

/// Which slot writes an end where nothing stands any more; none for a value that is no moment.
fn end_slot(value: &Value) -> Option<Slot> {
    // Zero stands for "not known" in several caches, and is a moment all the same.
    value.as_time()?;
    Some(if value.as_whole().is_some() { Slot::ExpiresAt } else { Slot::Expiry })
}
