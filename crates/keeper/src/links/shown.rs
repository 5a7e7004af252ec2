//! What a file shows of a login, and what it should show.
//!
//! Enters: a document, the places of a link, the present set. Leaves: whether they agree, and the values that make them agree.
//! Each value keeps the shape in which it stands: a token keeps what stands around it (`Frame`), a moment its notation.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::LoginCopy;
use tokenward_core::{AccessToken, Place, RefreshToken, Slot};

use super::document::Document;
use super::error::DocumentError;
use super::frame::Frame;
use super::moment::spelled_like;
use super::nature::Nature;
use super::value::Value;

/// The values that stand at a link's places. `None` for a place that has none.
#[derive(PartialEq)]
pub(super) struct Shown(BTreeMap<Slot, Option<Value>>);

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

impl Shown {
    /// Reads every place of a link.
    pub(super) fn read(document: &Document, places: &BTreeMap<Slot, Place>) -> Result<Self, DocumentError> {
        let read = |(slot, place): (&Slot, &Place)| Ok((*slot, document.get_value(place)?));
        places.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The refresh token.
    pub(super) fn refresh(&self) -> ShownRefresh {
        let natures = |slot: Slot| match self.0.get(&slot) {
            Some(Some(Value::Text(text))) => {
                Nature::of(Frame::of(text).map_or(text.as_str(), |frame| frame.token(text)))
            }
            _ => Nature::Empty,
        };
        let both = [natures(Slot::AccessToken), natures(Slot::RefreshToken)];
        if both.contains(&Nature::Reference) {
            return ShownRefresh::Reference;
        }
        match self.0.get(&Slot::RefreshToken) {
            None => ShownRefresh::NotKept,
            Some(None) => ShownRefresh::Blank,
            Some(Some(Value::Text(text))) if text.trim().is_empty() => ShownRefresh::Blank,
            Some(Some(Value::Text(text))) => {
                let token = token(text).filter(|token| !is_stand_in(token));
                let token = token.and_then(|token| RefreshToken::parse(token).ok());
                token.map_or(ShownRefresh::Malformed, ShownRefresh::Token)
            }
            Some(Some(_)) => ShownRefresh::Malformed,
        }
    }

    /// The access token, with its end where the file tells it.
    pub(super) fn access(&self) -> Option<(AccessToken, Option<Timestamp>)> {
        let Some(Some(Value::Text(text))) = self.0.get(&Slot::AccessToken) else { return None };
        let token = AccessToken::parse(token(text)?).ok()?;
        let end = [Slot::ExpiresAt, Slot::Expiry].iter().find_map(|slot| self.0.get(slot)?.as_ref()?.as_time());
        Some((token, end))
    }

    /// Whether every place but the refresh token's shows what the vault has. What the vault does not have is not compared.
    pub(super) fn agrees(&self, login: &LoginCopy) -> bool {
        self.0.iter().filter(|(slot, _)| **slot != Slot::RefreshToken).all(|(slot, value)| {
            let Some(wanted) = wanted(*slot, value.as_ref(), login) else { return true };
            value.as_ref().is_some_and(|value| same(*slot, value, &wanted))
        })
    }

    /// What is to be written, so that the file shows the present set.
    pub(super) fn corrections(&self, places: &BTreeMap<Slot, Place>, login: &LoginCopy) -> Vec<(Place, Value)> {
        let correction = |(slot, value): (&Slot, &Option<Value>)| {
            let wanted = wanted(*slot, value.as_ref(), login)?;
            let stands = value.as_ref().is_some_and(|value| same(*slot, value, &wanted));
            (!stands).then_some(())?;
            Some((places.get(slot)?.clone(), wanted))
        };
        self.0.iter().filter_map(correction).collect()
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What belongs at a place; `None` where the vault has nothing that could stand there.
fn wanted(slot: Slot, stands: Option<&Value>, login: &LoginCopy) -> Option<Value> {
    let grant = &login.grant;
    let access = grant.access.as_ref();
    Some(match slot {
        Slot::AccessToken => framed(stands, access?.token.expose())?,
        Slot::RefreshToken => framed(stands, login.refresh.as_ref()?.expose())?,
        Slot::ExpiresIn => Value::Number(whole(access?.lifetime())),
        Slot::ExpiresAt => moment(stands, access?.expires, false)?,
        Slot::Expiry => moment(stands, access?.expires, true)?,
        Slot::RefreshExpiresAt => moment(stands, grant.refresh_expires?, true)?,
        Slot::Obtained => moment(stands, access?.obtained, false)?,
        Slot::RefreshExpiresIn => {
            let life = grant.refresh_expires?.duration_since(grant.turned);
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
fn framed(stands: Option<&Value>, token: &str) -> Option<Value> {
    let Some(Value::Text(text)) = stands else { return Some(Value::text(token)) };
    match Frame::of(text) {
        Some(frame) => Some(Value::text(frame.with(text, token))),
        // What a person was to replace, however many words it has.
        None => (Nature::of(text) == Nature::Placeholder).then(|| Value::text(token)),
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

/// The token in a text.
fn token(text: &str) -> Option<String> {
    Frame::of(text).map(|frame| frame.token(text).to_owned())
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

/// Whether a text stands where a token is to come: `<your token>`, `xxx`, or one that its reader fills in, such as
/// `${input:token}` in the settings of VS Code. Adopting it would ask the provider about nothing.
fn is_stand_in(text: &str) -> bool {
    let text = text.trim();
    text.len() < SHORTEST || text.starts_with(['<', '{', '$', '%']) || Nature::of(text) != Nature::Token
}

fn whole(life: Duration) -> i64 {
    i64::try_from(life.as_secs()).unwrap_or(i64::MAX)
}

/// No provider's refresh token is shorter, in bytes: RFC 6749 §10.10 asks for 128 bits that nobody can guess.
const SHORTEST: usize = 12;
