//! Who asks.
//!
//! Enters: the head of a request. Leaves: a [`Caller`], which nothing else makes; so a handler that takes one cannot run for somebody
//! unknown. What the caller may do is asked of it. A key is compared by a keyed hash in the store (I4).

use std::time::Duration;

use http::HeaderMap;
use http::StatusCode;
use http::header::AUTHORIZATION;
use tokenward::ServerSession;
use tokenward_core::ports::{Entropy, StoreError};
use tokenward_core::{ApiKey, ApiKeyId, ApiKeySecret, AppName, Code, Grant, LoginEvent, ProfileName, Verb, hex};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::offline_cache::Memory;
use super::problem::Problem;

/// Somebody with a good API key.
pub(super) struct Caller {
    key: ApiKey,
    /// Why the store did not confirm the key now, where it is known from a moment ago.
    unasked: Option<Problem>,
}

impl Caller {
    /// The caller of a request. Who is unknown is told nothing else. A store that is away cannot confirm a key; one that it has confirmed a
    /// moment ago is good for what is in memory.
    pub(super) async fn of(headers: &HeaderMap, session: &ServerSession, memory: &Memory) -> Result<Self, Stranger> {
        let unknown = || Problem::new(StatusCode::UNAUTHORIZED, Code::ApiKeyUnknown);
        let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(unknown)?;
        let (scheme, key) = shown.split_once(' ').ok_or_else(unknown)?;
        let key = key.trim();
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(unknown().into());
        }
        Self::with_key(key, session, memory).await
    }

    /// The caller who shows this key.
    pub(super) async fn with_key(key: &str, session: &ServerSession, memory: &Memory) -> Result<Self, Stranger> {
        let unknown = || Problem::new(StatusCode::UNAUTHORIZED, Code::ApiKeyUnknown);
        if !is_key(key) {
            return Err(unknown().into());
        }
        let secret = ApiKeySecret::parse(key).map_err(|_| unknown())?;
        let asked = Instant::now();
        let known = memory.key(&secret, asked).filter(|key| key.is_good(session.now()));
        let looked = session.store().key_of(&secret);
        let found = if known.is_some() {
            let told = tokio::time::timeout(PATIENCE, looked).await;
            told.unwrap_or_else(|_| Err(StoreError::busy("the store")))
        } else {
            looked.await
        };
        match found {
            Ok(Some(key)) if key.is_good(session.now()) => {
                memory.confirm_key(&secret, &key, asked);
                Ok(Self { key, unasked: None })
            }
            // The caller learns no more of one that has ended than of one that never was; the operator does.
            Ok(ended) => {
                memory.refuse_key(&secret);
                Err(Stranger { problem: unknown(), key: ended.map(|key| key.id) })
            }
            Err(error) => {
                let problem = Problem::from(error);
                match known.filter(|_| problem.is_of_a_silent_store()) {
                    Some(key) => Ok(Self { key, unasked: Some(problem) }),
                    None => Err(problem.into()),
                }
            }
        }
    }

    /// The caller of a session that was begun with a key: as the key is now, `None` once it has ended or was revoked.
    pub(super) async fn of_session(id: ApiKeyId, session: &ServerSession) -> Result<Option<Self>, Problem> {
        let key = session.store().key_by_id(id).await?;
        Ok(key.filter(|key| key.is_good(session.now())).map(|key| Self { key, unasked: None }))
    }

    /// What people call its key.
    pub(super) fn name(&self) -> &str {
        &self.key.name
    }

    /// Whether the key has this verb.
    pub(super) fn may(&self, verb: Verb) -> bool {
        self.key.verbs.contains(&verb)
    }

    /// Why the store could not confirm the key now: nothing but what is in memory is for such a caller.
    pub(super) fn take_unasked(&mut self) -> Option<Problem> {
        self.unasked.take()
    }

    /// Who it is, in the audit trail.
    pub(super) fn id(&self) -> String {
        self.key.id.to_string()
    }

    /// Its key.
    pub(super) const fn key(&self) -> ApiKeyId {
        self.key.id
    }

    /// Refuses what the key is not for.
    pub(super) fn must(&self, verb: Verb) -> Result<(), Problem> {
        if self.key.verbs.contains(&verb) {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, Code::ApiKeyNotAllowed).detail(format!("the key lacks {verb}")))
    }

    /// Whether it has anything to do with a login of that name.
    pub(super) fn has_profile(&self, app: &AppName, profile: &ProfileName) -> bool {
        self.key.has_grant(app, Some(profile))
    }

    /// Whether it has something to do with every login of an app.
    pub(super) fn sees_all_of(&self, app: &AppName) -> bool {
        self.key.has_grant(app, None)
    }

    /// Whether it has anything to do with the login that an event is of, as that was called then.
    pub(super) fn has_event(&self, event: &LoginEvent) -> bool {
        self.key.has_grant(&event.app, event.profile.as_ref())
    }

    /// Whether it has anything to do with a login.
    pub(super) fn has(&self, grant: &Grant) -> bool {
        self.key.has_grant(&grant.app, grant.profile.as_ref())
    }
}

/// Somebody who is not let in.
pub(super) struct Stranger {
    pub(super) problem: Problem,
    /// The key that was good once.
    pub(super) key: Option<ApiKeyId>,
}

impl From<Problem> for Stranger {
    fn from(problem: Problem) -> Self {
        Self { problem, key: None }
    }
}

/// How long a store is waited for that may be away.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

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
