//! Requests of others, passed on with a token that is always good.
//!
//! [`ApiClient::call`](crate::Caller::call) repeats a call by itself, because it holds the whole of it. Who passes on
//! what others send decides alone what can be repeated; here are the steps: take a token ([`ApiClient::hold`]), pass the
//! request on ([`ApiClient::forward`]), ask what an answer means ([`ApiClient::judge`]), and get a newer token in place
//! of a refused one ([`ApiClient::newer`]). The generation of the refused token is asked to be outdone, so that many
//! refusals of one token cause one rotation (I1). Nothing is kept here but the memory of paths that take no such token.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use tokenward_core::TokenWish;
use tokenward_wire::{Bearer, CallAnswer, CallFault, CallRefusal, CallTrouble, ForwardHead, Forwarded};
use url::Url;
use zeroize::Zeroizing;

use super::{ApiClient, ApiError, CurrentBearer, Identity};

/// A token in use.
pub struct HeldToken(CurrentBearer);

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

/// Looks for one token in a text that comes in pieces.
pub struct Echo {
    /// Empty for one that is found in every other text.
    token: Zeroizing<Vec<u8>>,
    /// The end of the pieces before, shorter than the token.
    seen: Zeroizing<Vec<u8>>,
}

impl Echo {
    /// Whether the token stands in a text.
    pub fn is_in(&self, text: &[u8]) -> bool {
        let Some((first, _)) = self.token.split_first() else { return false };
        let mut rest = text;
        while let Some(at) = rest.iter().position(|byte| byte == first) {
            if rest[at..].starts_with(&self.token) {
                return true;
            }
            rest = &rest[at + 1..];
        }
        false
    }

    /// Whether it ends in this piece, whichever it began in.
    pub fn ends_in(&mut self, piece: &[u8]) -> bool {
        let Some(most) = self.token.len().checked_sub(1) else { return false };
        let mut seam = Zeroizing::new(self.seen.to_vec());
        seam.extend_from_slice(&piece[..piece.len().min(most)]);
        if self.is_in(&seam) || self.is_in(piece) {
            return true;
        }
        let begin = if piece.len() < most { &seam } else { piece };
        self.seen = Zeroizing::new(begin[begin.len().saturating_sub(most)..].to_vec());
        false
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Echo").finish_non_exhaustive()
    }
}

impl ApiClient {
    /// Puts a token into the headers of a request, as its provider wants it, in place of another. Only for an address that
    /// [`ApiClient::permits`].
    #[cfg(feature = "middleware")]
    pub(crate) fn authorize(&self, held: &HeldToken, headers: &mut http::HeaderMap) {
        if let Some((name, value)) = self.credential(held) {
            headers.insert(name, value);
        }
    }

    /// The header that a token goes into, and its value, for a program that sends its requests itself. Every caller is a place where the token
    /// leaves (I4): only for an address that [`ApiClient::permits`], or that a person named. `None` for a token that cannot stand in one.
    pub fn credential(&self, held: &HeldToken) -> Option<(http::HeaderName, http::HeaderValue)> {
        self.inner.calls.credential(&held.0.bearer)
    }

    /// A token that is good now, with the life that [`ApiOptions::min_ttl`](crate::ApiOptions::min_ttl) asks for.
    ///
    /// # Errors
    /// [`ApiError::Token`].
    pub async fn hold(&self) -> Result<HeldToken, ApiError> {
        self.bearer(TokenWish::Living { min_ttl: self.inner.options.min_ttl }).await.map(HeldToken)
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

    /// Who looks for a token in what comes back: some servers say back what they were sent.
    pub fn echo(&self, held: &HeldToken) -> Echo {
        let value = self.inner.calls.credential(&held.0.bearer).map(|(_, value)| value);
        let whole = value.as_ref().map_or(&b""[..], |value| value.as_bytes());
        let token = whole.iter().position(|byte| *byte == b' ').map_or(whole, |space| &whole[space + 1..]);
        let token = if token.len() < SHORTEST_ECHO { &[][..] } else { token };
        Echo { token: Zeroizing::new(token.to_vec()), seen: Zeroizing::new(Vec::new()) }
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
                if !self.may_refresh(target, &refused.0, refusal) {
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

    /// Notes that a token fresh from its rotation was refused too: it is no reason to rotate that generation again.
    pub fn refused_again(&self, held: &HeldToken, target: &str, refusal: &CallRefusal) {
        self.remember_refused(target, &held.0, refusal);
    }

    /// Rotates a person's grant when it is due. With `in_use`, when its access token is; without, when its refresh token
    /// is past the middle of its life, so that a login that nobody uses lives on and little is spent.
    ///
    /// # Errors
    /// [`ApiError::Token`]; there may be a good token all the same.
    pub async fn keep_alive(&self, in_use: bool) -> Result<(), ApiError> {
        let Identity::User(grant) = self.inner.identity else { return Ok(()) };
        if !in_use {
            let grant = self.inner.keeper.status(grant).await?.grant;
            let Some(end) = grant.refresh_expires else { return Ok(()) };
            let half = Duration::try_from(end.duration_since(grant.rotated_at)).unwrap_or_default() / 2;
            if Duration::try_from(end.duration_since(self.now())).unwrap_or_default() > half {
                return Ok(());
            }
        }
        self.hold().await.map(drop)
    }
}

/// Anything shorter is found in every other text.
const SHORTEST_ECHO: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn echo(token: &[u8]) -> Echo {
        Echo { token: Zeroizing::new(token.to_vec()), seen: Zeroizing::new(Vec::new()) }
    }

    proptest! {
        /// However a text is cut into pieces, the token is found if it is in it, and not otherwise.
        #[test]
        fn a_token_is_found_across_pieces(
            before in "[ab]{0,20}", after in "[ab]{0,20}", token in "[ab]{1,9}", cuts in prop::collection::vec(0_usize..50, 0..8), is_in: bool
        ) {
            let text = if is_in { format!("{before}{token}{after}") } else { before };
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut echo = echo(token.as_bytes());
            let found = cuts.windows(2).any(|cut| echo.ends_in(&text.as_bytes()[cut[0]..cut[1]]));
            prop_assert_eq!(found, text.contains(&token));
        }
    }

    #[test]
    fn an_echo_is_mute_and_one_of_nothing_finds_nothing() {
        assert_eq!(format!("{:?}", echo(b"u-secret")), "Echo { .. }");
        assert!(!echo(b"").is_in(b"anything") && !echo(b"").ends_in(b"anything"));
    }
}
