//! Who asks.
//!
//! Enters: the head of a request. Leaves: a [`Caller`], which nothing else makes; so a handler that takes one cannot run for somebody
//! unknown. What the caller may do is asked of it. A key is compared by a keyed hash in the store (I4).

use http::HeaderMap;
use http::StatusCode;
use http::header::AUTHORIZATION;
use tokenward::ServerSession;
use tokenward_core::ports::Entropy;
use tokenward_core::{ApiKey, ApiKeyId, ApiKeySecret, AppName, Code, Grant, ProfileName, Verb, hex};
use zeroize::Zeroizing;

use super::problem::Problem;

/// Somebody with a good API key.
pub(super) struct Caller(ApiKey);

impl Caller {
    /// The caller of a request. Who is unknown is told nothing else.
    pub(super) async fn of(headers: &HeaderMap, session: &ServerSession) -> Result<Self, Problem> {
        let unknown = || Problem::new(StatusCode::UNAUTHORIZED, Code::ApiKeyUnknown);
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(unknown)?;
        let (scheme, key) = shown.split_once(' ').ok_or_else(unknown)?;
        let key = key.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || !is_key(key) {
            return Err(unknown());
        }
        let secret = ApiKeySecret::parse(key).map_err(|_| unknown())?;
        let found = session.store().key_of(&secret).await?;
        found.filter(|key| key.is_good(session.now())).map(Self).ok_or_else(unknown)
    }

    /// Who it is, in the audit trail.
    pub(super) fn id(&self) -> String {
        self.0.id.to_string()
    }

    /// Its key.
    pub(super) const fn key(&self) -> ApiKeyId {
        self.0.id
    }

    /// Refuses what the key is not for.
    pub(super) fn must(&self, verb: Verb) -> Result<(), Problem> {
        if self.0.verbs.contains(&verb) {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, Code::ApiKeyNotAllowed).detail(format!("the key lacks {verb}")))
    }

    /// Whether it has anything to do with a login of that name.
    pub(super) fn has_profile(&self, app: &AppName, profile: &ProfileName) -> bool {
        self.0.has_grant(app, Some(profile))
    }

    /// Whether it has something to do with every login of an app.
    pub(super) fn sees_all_of(&self, app: &AppName) -> bool {
        self.0.has_grant(app, None)
    }

    /// Whether it has anything to do with a login.
    pub(super) fn has(&self, grant: &Grant) -> bool {
        self.0.has_grant(&grant.app, grant.profile.as_ref())
    }
}

/// Draws a key: `tw_` and 32 random bytes.
///
/// # Panics
/// Never: what is drawn is made of letters and digits.
pub fn drawn_key(entropy: &dyn Entropy) -> ApiKeySecret {
    let mut bytes = Zeroizing::new([0; BYTES]);
    entropy.fill(&mut *bytes);
    ApiKeySecret::parse(format!("{PREFIX}{}", hex::encode(&*bytes))).expect("letters and digits are a secret")
}

/// Whether a text has the form of a key.
pub fn is_key(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|digits| digits.len() == 2 * BYTES && hex::decode(digits).is_some())
}

const PREFIX: &str = "tw_";
const BYTES: usize = 32;
