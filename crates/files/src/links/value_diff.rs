//! What a file shows of a login, and what it should show.
//!
//! Enters: a document, the places of a link, the present set. Leaves: whether they agree, and the values that make them agree.
//! Each value keeps the shape in which it stands: a token keeps what stands around it (`Frame`), a moment its notation.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::LoginCopy;
use tokenward_core::{AccessToken, Place, RefreshToken, Slot};
use zeroize::Zeroizing;

use super::document::Document;
use super::duplicate_keys::Doubled;
use super::error::DocumentError;
use super::text_or_number::Value;
use super::timestamp::spelled_like;
use super::token_candidates::candidates;
use super::token_claims::{Says, says};
use super::token_or_placeholder::Nature;
use super::value_frame::{Frame, exchanged, is_authorization};

/// The values that stand at a link's places. `None` for a place that has none.
pub(super) struct FileValues {
    values: BTreeMap<Slot, Option<Value>>,
    /// Which part of a value is the token, where it can be told.
    frames: BTreeMap<Slot, Frame>,
    /// Which of the tokens' places are there more than once.
    doubled: Vec<Doubled>,
    /// Whether the access token's place is an `Authorization` header, which no server reads without a scheme.
    is_header: bool,
}

/// What stands at the refresh token's place.
pub(super) enum ShownRefresh {
    /// The link has no such place.
    NotKept,
    /// Nothing, or an empty text.
    Blank,
    /// Something that is no token.
    Malformed,
    /// What another program resolves or opens, at the place of either token.
    Reference,
    /// A token, as far as its form tells.
    Token(RefreshToken),
}

impl FileValues {
    /// Reads every place of a link.
    pub(super) fn read(document: &Document, places: &BTreeMap<Slot, Place>) -> Result<Self, DocumentError> {
        let read = |(slot, place): (&Slot, &Place)| Ok((*slot, document.get_value(place)?));
        let values: BTreeMap<Slot, Option<Value>> = places.iter().map(read).collect::<Result<_, _>>()?;
        let frame = |slot: Slot| {
            let Some(Some(Value::Text(text))) = values.get(&slot) else { return None };
            Frame::at(places.get(&slot)?, text).map(|frame| (slot, frame))
        };
        let doubled = TOKENS.into_iter().filter_map(|slot| places.get(&slot));
        let doubled = doubled.filter_map(|place| Doubled::at(document, place).transpose());
        Ok(Self {
            frames: TOKENS.into_iter().filter_map(frame).collect(),
            doubled: doubled.collect::<Result<_, _>>()?,
            is_header: places.get(&Slot::AccessToken).is_some_and(is_authorization),
            values,
        })
    }

    /// Which of the tokens' places are there more than once, with values that differ.
    pub(super) fn doubled(&self) -> &[Doubled] {
        &self.doubled
    }

    /// The texts at the tokens' places that hold more than a token: what the vault knows of their parts goes before the rules.
    pub(super) fn framed(&self) -> Vec<(Slot, Zeroizing<String>)> {
        let framed = |slot: Slot| {
            let text = self.text(slot)?;
            let is_bare = self.frames.get(&slot).is_some_and(|frame| frame.is_bare(text));
            let is_one = is_bare && candidates(text).len() < 2;
            (!is_one).then(|| (slot, Zeroizing::new(text.to_owned())))
        };
        TOKENS.into_iter().filter_map(framed).collect()
    }

    /// Tells which parts of a value are its token.
    pub(super) fn frame(&mut self, slot: Slot, parts: Vec<Range<usize>>) {
        self.frames.extend(Frame::around(parts).map(|frame| (slot, frame)));
    }

    /// The refresh token.
    pub(super) fn refresh(&self) -> ShownRefresh {
        if TOKENS.into_iter().any(|slot| self.nature(slot) == Nature::Reference) {
            return ShownRefresh::Reference;
        }
        if self.is_one_text() {
            return ShownRefresh::Malformed;
        }
        match self.values.get(&Slot::RefreshToken) {
            None => ShownRefresh::NotKept,
            Some(None) => ShownRefresh::Blank,
            Some(Some(Value::Text(text))) if text.trim().is_empty() => ShownRefresh::Blank,
            Some(Some(Value::Text(_))) => {
                let token = self.token(Slot::RefreshToken).filter(|_| !self.is_crosswise());
                let token = token.filter(|token| Nature::of_refresh(token) == Nature::Token);
                let token = token.and_then(|token| RefreshToken::parse(token).ok());
                token.map_or(ShownRefresh::Malformed, ShownRefresh::Token)
            }
            Some(Some(_)) => ShownRefresh::Malformed,
        }
    }

    /// The access token, with its end where the file tells it.
    pub(super) fn access(&self) -> Option<(AccessToken, Option<Timestamp>)> {
        let token = self.token(Slot::AccessToken).filter(|token| Nature::of(token) == Nature::Token)?;
        let token = AccessToken::parse(token).ok()?;
        let end = [Slot::ExpiresAt, Slot::Expiry].iter().find_map(|slot| self.values.get(slot)?.as_ref()?.as_time());
        Some((token, end))
    }

    /// Whether what stands at the access token's place is none and is not written over: a text that a person put there to be
    /// replaced, unless somebody asks for it, or one of which it cannot be told which part is the token.
    pub(super) fn lacks_access(&self, asked: bool) -> bool {
        self.text(Slot::AccessToken).is_some() && !self.gives_way(Slot::AccessToken, asked)
    }

    /// Whether one token stands at both places: which of the two it is cannot be told, and it is never a login.
    fn is_one_text(&self) -> bool {
        let [access, refresh] = TOKENS.map(|slot| self.token(slot));
        access.is_some_and(|access| Some(access) == refresh && Nature::of(access) == Nature::Token)
    }

    /// Whether the two tokens stand in each other's place. Neither is sent, and neither written over: one may be the only one that lives.
    fn is_crosswise(&self) -> bool {
        let says = |slot| self.token(slot).and_then(says);
        says(Slot::AccessToken) == Some(Says::Refresh) && says(Slot::RefreshToken) != Some(Says::Refresh)
    }

    /// Whether a token's place holds more than a token, and it cannot be told which part is one, or which of the two it is. Nobody's
    /// wish changes that.
    pub(super) fn is_unclear(&self) -> bool {
        self.is_one_text()
            || self.is_crosswise()
            || TOKENS.into_iter().any(|slot| match self.nature(slot) {
                Nature::Token => self.text(slot).is_some() && !self.frames.contains_key(&slot),
                Nature::Document => true,
                Nature::Empty | Nature::Placeholder | Nature::Reference => false,
            })
    }

    /// Whether every place but the refresh token's shows what the vault has. What the vault does not have is not compared.
    pub(super) fn agrees(&self, login: &LoginCopy, asked: bool) -> bool {
        self.values.keys().filter(|slot| **slot != Slot::RefreshToken).all(|slot| self.shows(*slot, login, asked))
    }

    /// What is to be written, so that the file shows the present set.
    pub(super) fn corrections(
        &self,
        places: &BTreeMap<Slot, Place>,
        login: &LoginCopy,
        asked: bool,
    ) -> Vec<(Place, Value)> {
        let due = |slot: &Slot| !self.shows(*slot, login, asked);
        let slots: Vec<Slot> = self.values.keys().copied().filter(due).collect();
        // Both tokens may be parts of one text, such as a command line.
        if let [Slot::AccessToken, Slot::RefreshToken, ..] = slots[..]
            && let (Some(access), Some(refresh)) = (places.get(&Slot::AccessToken), places.get(&Slot::RefreshToken))
            && access == refresh
            && let Some(both) = self.both(login)
        {
            let rest = slots[2..].iter().filter_map(|slot| self.correction(*slot, places, login, asked));
            return [(access.clone(), both)].into_iter().chain(rest).collect();
        }
        slots.into_iter().filter_map(|slot| self.correction(slot, places, login, asked)).collect()
    }

    fn correction(
        &self,
        slot: Slot,
        places: &BTreeMap<Slot, Place>,
        login: &LoginCopy,
        asked: bool,
    ) -> Option<(Place, Value)> {
        Some((places.get(&slot)?.clone(), self.wanted(slot, login, asked)?))
    }

    /// The text in which both tokens stand, with the present ones.
    fn both(&self, login: &LoginCopy) -> Option<Value> {
        let text = self.text(Slot::AccessToken)?;
        let (access, refresh) = (login.grant.access.as_ref()?, login.refresh.as_ref()?);
        let access = self.frames.get(&Slot::AccessToken)?.exchanges(access.token.expose());
        let parts = access.chain(self.frames.get(&Slot::RefreshToken)?.exchanges(refresh.expose()));
        Some(Value::text(exchanged(text, parts.collect())))
    }

    /// The text at the access token's place.
    pub(super) fn at_access(&self) -> Option<Zeroizing<String>> {
        self.text(Slot::AccessToken).map(|text| Zeroizing::new(text.to_owned()))
    }

    /// What stands at the access token's place.
    pub(super) fn access_nature(&self) -> Nature {
        self.nature(Slot::AccessToken)
    }

    fn text(&self, slot: Slot) -> Option<&str> {
        match self.values.get(&slot) {
            Some(Some(Value::Text(text))) => Some(text),
            _ => None,
        }
    }

    /// The token in a text.
    fn token(&self, slot: Slot) -> Option<&str> {
        Some(self.frames.get(&slot)?.token(self.text(slot)?))
    }

    fn nature(&self, slot: Slot) -> Nature {
        self.token(slot).or(self.text(slot)).map_or(Nature::Empty, Nature::of)
    }

    /// Whether a place shows what belongs there.
    fn shows(&self, slot: Slot, login: &LoginCopy, asked: bool) -> bool {
        let Some(wanted) = self.wanted(slot, login, asked) else { return true };
        let stands = self.values.get(&slot).and_then(Option::as_ref);
        stands.is_some_and(|stands| same(slot, stands, &wanted))
    }

    /// Whether what stands at a token's place may be written over.
    fn gives_way(&self, slot: Slot, asked: bool) -> bool {
        match self.nature(slot) {
            Nature::Empty => true,
            Nature::Token => self.frames.contains_key(&slot),
            // A person put it there. Who asks for the token wants it replaced.
            Nature::Placeholder => asked || slot == Slot::RefreshToken,
            Nature::Reference | Nature::Document => false,
        }
    }

    /// What belongs at a place; `None` where the vault has nothing that could stand there, and for what is not written over.
    fn wanted(&self, slot: Slot, login: &LoginCopy, asked: bool) -> Option<Value> {
        let grant = &login.grant;
        let access = grant.access.as_ref();
        let stands = self.values.get(&slot).and_then(Option::as_ref);
        Some(match slot {
            Slot::AccessToken => self.around(slot, access?.token.expose(), asked)?,
            Slot::RefreshToken => self.around(slot, login.refresh.as_ref()?.expose(), asked)?,
            Slot::ExpiresIn => Value::Number(whole(access?.lifetime())),
            Slot::ExpiresAt => moment(stands, access?.expires, false)?,
            Slot::Expiry => moment(stands, access?.expires, true)?,
            Slot::RefreshExpiresAt => moment(stands, grant.refresh_expires?, true)?,
            Slot::Obtained => moment(stands, access?.obtained, false)?,
            Slot::RefreshExpiresIn => {
                let life = grant.refresh_expires?.duration_since(grant.rotated_at);
                Value::Number(whole(Duration::try_from(life).unwrap_or_default()))
            }
            Slot::Scope => {
                (!grant.scopes.is_empty()).then_some(())?;
                Value::text(grant.scopes.to_string())
            }
            // A slot of a newer version: left as it is.
            _ => return None,
        })
    }

    /// A token with what stands around the present one. `None` where it cannot be told which part of a value is the token.
    fn around(&self, slot: Slot, token: &str, asked: bool) -> Option<Value> {
        let alone = || match slot {
            Slot::AccessToken if self.is_header => Value::text(format!("Bearer {token}")),
            _ => Value::text(token),
        };
        let Some(text) = self.text(slot) else { return Some(alone()) };
        self.gives_way(slot, asked).then(|| match self.frames.get(&slot) {
            // A token that stood there without a scheme is a person's wish; what a person was to replace is none.
            Some(frame) if frame.is_bare(text) && self.nature(slot) != Nature::Token => alone(),
            Some(frame) => Value::text(frame.with(text, token)),
            // What a person was to replace, however many words it has.
            None => alone(),
        })
    }
}

/// Whether the tokens at two places are in each other's place, as far as they say what they are.
pub fn are_crosswise(document: &Document, access: &Place, refresh: &Place) -> bool {
    let places = BTreeMap::from([(Slot::AccessToken, access.clone()), (Slot::RefreshToken, refresh.clone())]);
    FileValues::read(document, &places).is_ok_and(|shown| shown.is_crosswise())
}

/// What was decided about one content is not to be done to another.
impl PartialEq for FileValues {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values && self.doubled == other.doubled
    }
}

impl fmt::Debug for FileValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// A moment in the notation that stands; where nothing stands, as RFC 3339 or in seconds. `None` where something else stands.
fn moment(stands: Option<&Value>, moment: Timestamp, dated: bool) -> Option<Value> {
    match stands {
        Some(stands) if !stands.spelled().trim().is_empty() => spelled_like(stands, moment),
        _ if dated => Some(Value::text(Timestamp::from_second(moment.as_second()).ok()?.to_string())),
        _ => Some(Value::Number(moment.as_second())),
    }
}

/// Whether a value says the same as the one that belongs there.
fn same(slot: Slot, stands: &Value, wanted: &Value) -> bool {
    match slot {
        Slot::AccessToken | Slot::RefreshToken => stands == wanted,
        Slot::ExpiresAt | Slot::Expiry | Slot::RefreshExpiresAt | Slot::Obtained => {
            let second = |value: &Value| value.as_time().map(Timestamp::as_second);
            second(stands).is_some() && second(stands) == second(wanted)
        }
        Slot::Scope => {
            let words = |value: &Value| {
                let mut words: Vec<String> = value.spelled().split_whitespace().map(str::to_owned).collect();
                words.sort_unstable();
                words
            };
            words(stands) == words(wanted)
        }
        _ => stands.as_whole().is_some() && stands.as_whole() == wanted.as_whole(),
    }
}

fn whole(life: Duration) -> i64 {
    i64::try_from(life.as_secs()).unwrap_or(i64::MAX)
}

/// The slots that hold a token.
const TOKENS: [Slot; 2] = [Slot::AccessToken, Slot::RefreshToken];
