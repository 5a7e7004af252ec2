//! Requests of others, passed on with a token that is always good.
//!
//! [`ApiClient::call`](crate::Caller::call) repeats a call by itself, because it holds the whole of it. Who passes on
//! what others send decides alone what can be repeated; here are the steps: take a token ([`ApiClient::hold`]), pass the
//! request on ([`ApiClient::forward`]), ask what an answer means ([`ApiClient::judge`]), and get a newer token in place
//! of a refused one ([`ApiClient::newer`]). The generation of the refused token is asked to be outdone, so that many
//! refusals of one token cause one turn (I1). Nothing is kept here but the memory of paths that take no such token.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use tokenward_core::Ask;
use tokenward_wire::{Bearer, CallAnswer, CallFault, CallRefusal, CallTrouble, ForwardHead, Forwarded};
use url::Url;

use super::{ApiClient, ApiError, Held, Identity};

/// A token in use.
pub struct HeldToken(Held);

impl HeldToken {
    /// Whether it is the same one, as far as anybody can tell without looking at it.
    pub fn is_of_generation(&self, other: &Self) -> bool {
        match (self.0.generation, other.0.generation) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => match (&self.0.bearer, &other.0.bearer) {
                (Bearer::App(ours), Bearer::App(theirs)) | (Bearer::Tenant(ours), Bearer::Tenant(theirs)) => {
                    ours == theirs
                }
                _ => false,
            },
        }
    }
}

impl fmt::Debug for HeldToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldToken")
            .field("bearer", &self.0.bearer)
            .field("generation", &self.0.generation)
            .finish_non_exhaustive()
    }
}

impl ApiClient {
    /// Puts a token into the headers of a request, as its provider wants it, in place of another. Only for an address that
    /// [`ApiClient::permits`].
    #[cfg(feature = "middleware")]
    pub(crate) fn authorize(&self, held: &HeldToken, headers: &mut http::HeaderMap) {
        if let Some((name, value)) = self.inner.calls.credential(&held.0.bearer) {
            headers.insert(name, value);
        }
    }

    /// A token that is good now, with the life that [`ApiOptions::min_ttl`](crate::ApiOptions::min_ttl) asks for.
    ///
    /// # Errors
    /// [`ApiError::Token`].
    pub async fn hold(&self) -> Result<HeldToken, ApiError> {
        self.bearer(Ask::Living { min_ttl: self.inner.options.min_ttl }).await.map(HeldToken)
    }

    /// Passes a request on with a token and takes the head of the answer.
    ///
    /// # Errors
    /// As `Calls::forward`.
    pub async fn forward<B>(
        &self,
        token: &HeldToken,
        head: &ForwardHead,
        body: Option<B>,
    ) -> Result<Forwarded, CallFault>
    where
        B: Body<Data = Bytes> + Send + Sync + Unpin + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.inner.calls.forward(&self.inner.app.hosts, &token.0.bearer, head, body).await
    }

    /// Whether a token may go to an address: it is one of the app's own, and not in clear text over a network.
    pub fn permits(&self, url: &Url) -> bool {
        self.inner.calls.permits(&self.inner.app.hosts, url)
    }

    /// Whether a token stands in a text, as in the answer of a server that says back what it was sent.
    pub fn is_echoed(&self, held: &HeldToken, text: &[u8]) -> bool {
        let Some((_, value)) = self.inner.calls.credential(&held.0.bearer) else { return false };
        let whole = value.as_bytes();
        let token = whole.iter().position(|byte| *byte == b' ').map_or(whole, |space| &whole[space + 1..]);
        token.len() >= SHORTEST_ECHO && text.windows(token.len()).any(|window| window == token)
    }

    /// What an answer to a request with this token says: nothing, if it was done.
    pub fn judge(&self, held: &HeldToken, answer: &CallAnswer) -> Option<Box<CallRefusal>> {
        self.inner.calls.judge(&held.0.bearer, answer).err()
    }

    /// A newer token in place of one that was refused, or nothing where a newer one would be refused as well: when the
    /// refusal does not speak of the token, or the path is known to take none of its kind.
    ///
    /// # Errors
    /// [`ApiError::Token`] when there is no newer one.
    pub async fn newer(
        &self,
        refused: &HeldToken,
        target: &str,
        refusal: &CallRefusal,
    ) -> Result<Option<HeldToken>, ApiError> {
        match (refusal.trouble, refused.0.generation) {
            (CallTrouble::UserTokenDead, Some(generation)) => {
                if !self.may_turn(target, &refused.0, refusal) {
                    return Ok(None);
                }
                tracing::info!(code = refusal.code, "the access token was refused; it is turned");
                self.in_place_of(generation, refusal).await.map(|held| Some(HeldToken(held)))
            }
            (CallTrouble::AppTokenDead, _) => {
                tracing::info!(code = refusal.code, "the app's token was refused; it is fetched anew");
                self.renewed_app_token(&refused.0.bearer).await.map(|held| Some(HeldToken(held)))
            }
            _ => Ok(None),
        }
    }

    /// Notes that a token fresh from its turn was refused too: it is no reason to turn that generation again.
    pub fn refused_again(&self, held: &HeldToken, target: &str, refusal: &CallRefusal) {
        self.remember_refused(target, &held.0, refusal);
    }

    /// Turns a person's grant when it is due. With `in_use`, when its access token is; without, when its refresh token
    /// is past the middle of its life, so that a login that nobody uses lives on and little is spent.
    ///
    /// # Errors
    /// [`ApiError::Token`]; there may be a good token all the same.
    pub async fn keep_alive(&self, in_use: bool) -> Result<(), ApiError> {
        let Identity::User(grant) = self.inner.identity else { return Ok(()) };
        if !in_use {
            let grant = self.inner.keeper.status(grant).await?.grant;
            let Some(end) = grant.refresh_expires else { return Ok(()) };
            let half = Duration::try_from(end.duration_since(grant.turned)).unwrap_or_default() / 2;
            if Duration::try_from(end.duration_since(self.now())).unwrap_or_default() > half {
                return Ok(());
            }
        }
        self.hold().await.map(drop)
    }
}

/// Anything shorter is found in every other text.
const SHORTEST_ECHO: usize = 8;
