//! The token that requests are made with now.
//!
//! Looked up in the vault at most once a second, so that a rotation or a logout by another process is noticed, and so that
//! a request costs no look into the database. It is asked for with a life of many seconds more than that. A refusal
//! replaces it at once. Rotating ahead of the end goes on in the background, while requests are served with the token
//! that still lives (I7; the keeper decides).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokenward::{ApiClient, ApiError, CallRefusal, HeldToken};
use tokenward_core::Code;
use tokio::time::Instant;

use super::options::Again;

/// The present token of an identity.
pub(super) struct Tokens {
    client: RwLock<ApiClient>,
    again: Option<Again>,
    present: Mutex<Option<Present>>,
    used: AtomicBool,
    /// A token that was refused fresh from its rotation, and when.
    given_up: Mutex<Option<(Arc<HeldToken>, Instant)>>,
}

struct Present {
    held: Arc<HeldToken>,
    read: Instant,
    /// Somebody is looking for a newer one.
    sought: bool,
}

impl Tokens {
    pub(super) fn new(client: ApiClient, again: Option<Again>) -> Self {
        Self {
            client: RwLock::new(client),
            again,
            present: Mutex::default(),
            used: AtomicBool::new(false),
            given_up: Mutex::default(),
        }
    }

    pub(super) fn client(&self) -> ApiClient {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A token that is good now.
    pub(super) async fn current(&self) -> Result<Arc<HeldToken>, ApiError> {
        self.used.store(true, Ordering::Relaxed);
        if let Some(present) = &mut *self.present() {
            let age = present.read.elapsed();
            if age < FRESH || (age < STALE && present.sought) {
                return Ok(Arc::clone(&present.held));
            }
            present.sought = true;
        }
        let found = self.hold().await;
        match found {
            Ok(held) => Ok(self.keep_present(Arc::new(held))),
            Err(error) => {
                *self.present() = None;
                Err(error)
            }
        }
    }

    /// A newer token in place of a refused one; `None` where none would help.
    pub(super) async fn newer(
        &self,
        refused: &HeldToken,
        target: &str,
        refusal: &CallRefusal,
    ) -> Result<Option<Arc<HeldToken>>, ApiError> {
        match self.client().newer(refused, target, refusal).await {
            Ok(newer) => Ok(newer.map(|held| self.keep_present(Arc::new(held)))),
            Err(error) => {
                // Whoever comes next is told the same by the vault, and is not sent out with a dead token.
                let mut present = self.present();
                if present.as_ref().is_some_and(|present| present.held.is_of_generation(refused)) {
                    *present = None;
                }
                Err(error)
            }
        }
    }

    /// Notes that a token was refused fresh from its rotation: rotating it once more would not help.
    pub(super) fn give_up(&self, token: &Arc<HeldToken>, target: &str, refusal: &CallRefusal) {
        self.client().refused_again(token, target, refusal);
        *self.given_up.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(token), Instant::now()));
    }

    /// Whether a token was refused fresh from its rotation a short time ago. Whatever a path means by refusing every token, it
    /// must not rotate the login at every request.
    pub(super) fn is_given_up(&self, token: &HeldToken) -> bool {
        let given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.as_ref().is_some_and(|(other, at)| other.is_of_generation(token) && at.elapsed() < GIVEN_UP)
    }

    /// Keeps the login alive for as long as it is polled: a token in use is rotated ahead of its end, and an unused login
    /// now and then.
    pub(super) async fn keep(&self) {
        let mut idle = Duration::ZERO;
        loop {
            tokio::time::sleep(ROUND).await;
            idle = if self.used.swap(false, Ordering::Relaxed) { Duration::ZERO } else { idle + ROUND };
            if let Err(error) = self.client().keep_alive(idle < IN_USE).await {
                tracing::warn!(%error, "the login could not be kept fresh; it is tried again");
            }
        }
    }

    /// A token from the vault. Where the login was ended, of the one that has taken its place.
    async fn hold(&self) -> Result<HeldToken, ApiError> {
        let held = self.client().hold().await;
        let (Err(ApiError::Token(error)), Some(again)) = (&held, &self.again) else { return held };
        if error.code() != Code::NotLoggedIn {
            return held;
        }
        let Some(client) = again().await else { return held };
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = client.clone();
        client.hold().await
    }

    fn keep_present(&self, held: Arc<HeldToken>) -> Arc<HeldToken> {
        *self.present() = Some(Present { held: Arc::clone(&held), read: Instant::now(), sought: false });
        held
    }

    fn present(&self) -> MutexGuard<'_, Option<Present>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How old a look into the vault may be.
const FRESH: Duration = Duration::from_secs(1);
/// The same while somebody is looking anew. Well below the life that tokens are asked for with.
const STALE: Duration = Duration::from_secs(3);
/// How long a token that was refused fresh from its rotation is not rotated again for a refusal.
const GIVEN_UP: Duration = Duration::from_mins(1);
/// How often the login is looked after; less than the margin by which tokens are rotated ahead of their end.
const ROUND: Duration = Duration::from_secs(20);
/// A proxy that was used this lately is kept ready with a living token.
const IN_USE: Duration = Duration::from_hours(1);
