//! Who looks at the pages: a session, which the browser keeps in a cookie that the store has sealed.
//!
//! Enters: the cookie. Leaves: the key that the session was begun with, and what a form has to bring so that it is known as one of ours. The
//! cookie holds no API key: the key's id, which is looked up at each request, so that a session ends with its key. It opens on every node,
//! since all of them have the same keys, and it ends by itself.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokenward::ServerSession;
use tokenward_core::{ApiKeyId, SecretBytes, hex};
use zeroize::{Zeroize as _, Zeroizing};

use super::super::problem::Problem;
use super::place::Place;

/// A session of a browser.
#[derive(Serialize, Deserialize)]
pub(super) struct Session {
    /// Whose it is; `None` before somebody has signed in.
    key: Option<ApiKeyId>,
    /// What each of its forms brings along.
    form: String,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    begun: Timestamp,
    /// When its cookie was set last.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    seen: Timestamp,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.form.zeroize();
    }
}

/// What a browser brought.
pub(super) enum Brought {
    Session(Session),
    /// One that has ended by itself, or that nobody here has sealed.
    Ended,
    Nothing,
}

impl Session {
    /// One that begins now.
    pub(super) fn begin(key: Option<ApiKeyId>, server: &ServerSession) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        server.keeper().parts().entropy.fill(&mut *bytes);
        let now = server.now();
        Self { key, form: hex::encode(&*bytes), begun: now, seen: now }
    }

    /// The one that a request brings. Of two cookies of its name none is taken: one of them is somebody else's.
    pub(super) async fn of(headers: &HeaderMap, place: Place, server: &ServerSession) -> Result<Brought, Problem> {
        let name = place.cookie();
        let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let mut found = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut found = found.by_ref().filter(|(known, _)| *known == name);
        let Some((_, value)) = found.next() else { return Ok(Brought::Nothing) };
        if found.next().is_some() {
            return Ok(Brought::Ended);
        }
        let Some(sealed) = hex::decode(value).filter(|sealed| !sealed.is_empty()) else { return Ok(Brought::Ended) };
        let Some(opened) = server.store().open_session(&sealed).await? else { return Ok(Brought::Ended) };
        let session = serde_json::from_slice::<Self>(opened.expose()).ok();
        Ok(session.filter(|session| session.lives(server.now())).map_or(Brought::Ended, Brought::Session))
    }

    fn lives(&self, now: Timestamp) -> bool {
        let since = |at: Timestamp| now.duration_since(at);
        // One that begins in the future is one whose clock was set back.
        since(self.seen) < IDLE && since(self.begun) < LONGEST && since(self.seen) > -IDLE
    }

    /// Whose it is.
    pub(super) const fn key(&self) -> Option<ApiKeyId> {
        self.key
    }

    /// What each of its forms brings along.
    pub(super) fn form(&self) -> &str {
        &self.form
    }

    /// Whether a form is one of this session.
    pub(super) fn has_form(&self, brought: &str) -> bool {
        self.form.as_bytes().ct_eq(brought.as_bytes()).into()
    }

    /// The same, seen now; `None` where that was noted a moment ago.
    pub(super) fn seen_again(&self, now: Timestamp) -> Option<Self> {
        let is_old = now.duration_since(self.seen) >= NOTED;
        is_old.then(|| Self { key: self.key, form: self.form.clone(), begun: self.begun, seen: now })
    }

    /// The cookie that keeps it.
    pub(super) async fn cookie(&self, place: Place, server: &ServerSession) -> Result<HeaderValue, Problem> {
        let text = serde_json::to_vec(self).map_err(|error| Problem::internal(error.to_string()))?;
        let sealed = server.store().seal_session(&SecretBytes::new(text)).await?;
        header(&format!("{}={}; {}", place.cookie(), hex::encode(&sealed), place.attributes()))
    }

    /// The cookie that ends it in the browser.
    pub(super) fn no_cookie(place: Place) -> Result<HeaderValue, Problem> {
        header(&format!("{}=; Max-Age=0; {}", place.cookie(), place.attributes()))
    }
}

fn header(text: &str) -> Result<HeaderValue, Problem> {
    let mut value = HeaderValue::from_str(text).map_err(|error| Problem::internal(error.to_string()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Without a request.
const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// Whatever is asked meanwhile: a working day.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// How exactly it is noted when it was seen last.
const NOTED: SignedDuration = SignedDuration::from_mins(1);
