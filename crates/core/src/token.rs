//! Token sets and the names by which tokens may be spoken of.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Access, Generation, GrantId, RefreshToken, Scopes, Subject, TokenApi};

/// A keyed, shortened hash of a token: names it in journals and messages without revealing it. The key belongs to the vault, so
/// fingerprints of two vaults cannot be compared, nor guessed from a token list. A text has another one as an access token than as a
/// refresh token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// From the first sixteen bytes of a keyed hash.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, for storing.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    /// The first eight bytes in hexadecimal: enough for people to compare.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Which of its tokens a login shows somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenKind {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
}

/// A token that the vault holds, or has held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownToken {
    /// Which one it is.
    pub kind: TokenKind,
    /// The grant it was issued to.
    pub grant: GrantId,
    /// The newest generation in which it was stored.
    pub generation: Generation,
    /// Whether it is the one that the grant has now.
    pub is_present: bool,
}

/// What one generation of a grant consists of.
#[derive(Debug)]
pub struct TokenSet {
    /// The access token with its end. `None` when an odd answer brought a new refresh token and nothing else.
    pub access: Option<Access>,
    /// The refresh token. `None` when the provider issued none (no `offline_access`, refresh switched off).
    pub refresh: Option<RefreshToken>,
    /// When the refresh token ends, if there is one.
    pub refresh_expires: Option<Timestamp>,
    /// The scopes the provider granted. `None` when it did not say.
    pub scopes: Option<Scopes>,
    /// Who the tokens belong to, where the answer says so.
    pub subject: Option<Subject>,
    /// The endpoint family that issued the refresh token; it is spent there (reference/feishu.md §4.2).
    pub issued_by: TokenApi,
    /// When the answer arrived.
    pub obtained: Timestamp,
}
