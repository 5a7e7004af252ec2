//! What this node has been told by the store a moment ago, for as long as the store does not answer.
//!
//! Enters: each API key that the store has confirmed, and each token that was handed out. Leaves: the same while the store is away, for at most
//! [`Limits::offline_for`](super::Limits::offline_for) after the store was last asked about it: so long a key that is revoked, or a login that is
//! ended, by another node may pass unseen here, and no longer. Only tokens that the store has committed come in (I2), and what it refuses goes
//! out at once. Tokens are in memory alone, wiped when they go, and of keys there are digests (I4); a crash forgets both.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokenward::ServedToken;
use tokenward_core::{Access, ApiKey, ApiKeySecret, AppName, Generation, Grant, GrantId, ProfileName};
use tokio::time::Instant;
use uuid::Uuid;

/// The memory of a node.
pub(super) struct Memory {
    span: Duration,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By their digests, so that each request costs one look, however many are remembered, and its time says nothing of any key.
    keys: HashMap<Digest, KnownKey>,
    tokens: HashMap<GrantId, KnownToken>,
    profiles: HashMap<ProfileName, GrantId>,
}

/// SHA-256 of a key: 32 random bytes, which nobody finds from it.
type Digest = [u8; 32];

fn digest(secret: &ApiKeySecret) -> Digest {
    Sha256::digest(secret.expose()).into()
}

struct KnownKey {
    key: ApiKey,
    confirmed: Instant,
}

/// A token that was handed out.
#[derive(Clone)]
pub(super) struct KnownToken {
    pub(super) grant: GrantId,
    pub(super) app: AppName,
    pub(super) profile: ProfileName,
    pub(super) access: Access,
    pub(super) generation: Generation,
    /// Up to when it surely is the one that the store would hand out.
    pub(super) until: Timestamp,
    confirmed: Instant,
}

impl Memory {
    pub(super) fn new(span: Duration) -> Self {
        Self { span, known: Mutex::default() }
    }

    /// The store has just said that this is a good key.
    pub(super) fn confirm_key(&self, secret: &ApiKeySecret, key: &ApiKey, now: Instant) {
        let mut known = self.known();
        self.make_room(&mut known, now);
        let digest = digest(secret);
        if known.keys.len() < MOST || known.keys.contains_key(&digest) {
            known.keys.insert(digest, KnownKey { key: key.clone(), confirmed: now });
        }
    }

    /// The store has just said that this is none.
    pub(super) fn refuse_key(&self, secret: &ApiKeySecret) {
        self.known().keys.remove(&digest(secret));
    }

    /// The key as the store knew it.
    pub(super) fn key(&self, secret: &ApiKeySecret, now: Instant) -> Option<ApiKey> {
        let known = self.known();
        known
            .keys
            .get(&digest(secret))
            .filter(|found| self.is_fresh(found.confirmed, now))
            .map(|found| found.key.clone())
    }

    /// A token was handed out that the store has.
    pub(super) fn confirm_token(
        &self,
        grant: &Grant,
        profile: &ProfileName,
        served: &ServedToken,
        (now, until): (Instant, Timestamp),
    ) {
        // The profile may have been given another login meanwhile, and that one's app was not looked at.
        if grant.id != served.grant || self.span.is_zero() {
            return self.forget_token(grant.id);
        }
        let mut known = self.known();
        self.make_room(&mut known, now);
        if known.tokens.len() >= MOST && !known.tokens.contains_key(&grant.id) {
            return;
        }
        known.profiles.insert(profile.clone(), grant.id);
        let token = KnownToken {
            grant: grant.id,
            app: grant.app.clone(),
            profile: profile.clone(),
            access: served.access.clone(),
            generation: served.generation,
            until,
            confirmed: now,
        };
        known.tokens.insert(grant.id, token);
    }

    /// It is over, was refused by the API, or is no longer what its name means.
    pub(super) fn forget_token(&self, grant: GrantId) {
        let mut known = self.known();
        known.tokens.remove(&grant);
        known.profiles.retain(|_, login| *login != grant);
    }

    /// The token of a login, by the login's id or its profile.
    pub(super) fn token(&self, name: &str, now: Instant) -> Option<KnownToken> {
        let known = self.known();
        let grant = match name.parse::<Uuid>() {
            Ok(id) => GrantId::from(id),
            Err(_) => *known.profiles.get(&name.parse::<ProfileName>().ok()?)?,
        };
        known.tokens.get(&grant).filter(|token| self.is_fresh(token.confirmed, now)).cloned()
    }

    fn is_fresh(&self, confirmed: Instant, now: Instant) -> bool {
        now.duration_since(confirmed) < self.span
    }

    /// Where it is full, what is too old to be of use goes.
    fn make_room(&self, known: &mut Known, now: Instant) {
        if known.keys.len() >= MOST {
            known.keys.retain(|_, key| self.is_fresh(key.confirmed, now));
        }
        if known.tokens.len() >= MOST {
            known.tokens.retain(|_, token| self.is_fresh(token.confirmed, now));
            let Known { tokens, profiles, .. } = known;
            profiles.retain(|_, grant| tokens.contains_key(grant));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many keys are remembered, and so many tokens.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tokenward_core::{ApiKeyId, GrantPattern};

    use super::*;

    #[test]
    fn a_key_is_known_for_so_long_and_not_after_the_store_refused_it() {
        let (memory, begun) = (Memory::new(Duration::from_mins(15)), Instant::now());
        let secret = |text: &str| ApiKeySecret::parse(text).unwrap();
        let key = ApiKey {
            id: ApiKeyId::new(0, [1; 10]),
            name: "site".to_owned(),
            verbs: BTreeSet::new(),
            apps: None,
            grants: GrantPattern::all(),
            created: jiff::Timestamp::UNIX_EPOCH,
            ends: None,
            revoked: None,
        };
        let known = |shown: &str, minutes| memory.key(&secret(shown), begun + Duration::from_mins(minutes)).is_some();
        assert!(!known("tw_one", 0));
        memory.confirm_key(&secret("tw_one"), &key, begun);
        assert_eq!((known("tw_one", 14), known("tw_one", 15), known("tw_other", 0)), (true, false, false));
        memory.refuse_key(&secret("tw_other"));
        assert!(known("tw_one", 0));
        memory.refuse_key(&secret("tw_one"));
        assert!(!known("tw_one", 0));
        let none = Memory::new(Duration::ZERO);
        none.confirm_key(&secret("tw_one"), &key, begun);
        assert!(none.key(&secret("tw_one"), begun).is_none());
    }
}
