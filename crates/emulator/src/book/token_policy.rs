//! What a dialect's rules make of tokens: how long they live, what a refresh does to them, what they look like.
//!
//! The ledger knows no platform; a dialect makes [`Terms`] of its rules for each grant and each refresh.

use crate::rules::OldAccessToken;
use crate::words::{Moment, Randomness, TokenApi};

/// The terms of one issue.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) access_seconds: u64,
    /// None: no refresh token is issued.
    pub(crate) refresh_seconds: Option<u64>,
    pub(crate) refresh_end: RefreshEnd,
    pub(crate) rotates: bool,
    pub(crate) single_use: bool,
    pub(crate) old_access_token: OldAccessToken,
    pub(crate) shape: Shape,
    /// The generation of endpoints that issues, where a platform has several.
    pub(crate) api: Option<TokenApi>,
}

/// How long a login's refresh tokens may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshEnd {
    /// Until the end of the first, which no refresh moves.
    Fixed,
    /// Each lives anew.
    Sliding,
    /// Each lives anew, but not beyond so many seconds after the consent (reference/feishu.md §5). Where that is not announced,
    /// an answer tells the life that the token would have had.
    Wall { seconds: u64, announced: bool },
}

impl RefreshEnd {
    pub(crate) fn sliding(slides: bool) -> Self {
        if slides { Self::Sliding } else { Self::Fixed }
    }
}

/// What tokens look like.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// 30 letters and digits (reference/blueking.md §2.1).
    Alphanumeric,
    /// A JWT of one to two kilobytes (reference/feishu.md §4.3).
    Jwt,
    /// 43 characters of base64url.
    Opaque,
    /// 32 characters, of which the first are the realm's and the rest small letters and digits (reference/blueking.md
    /// §3.3).
    Prefixed(String),
    /// `u-` or `ur-` and 40 characters of base64url (reference/feishu.md §6).
    Short,
}

/// Which of the two a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Access,
    Refresh,
}

impl Shape {
    pub(super) fn mint(&self, kind: TokenKind, randomness: &mut Randomness, now: Moment, ends: Moment) -> String {
        match (self, kind) {
            (Self::Alphanumeric, _) => randomness.alphanumeric(30),
            (Self::Jwt, TokenKind::Access) => randomness.jwt("user_access_token", now, ends),
            (Self::Jwt, TokenKind::Refresh) => randomness.jwt("refresh_token", now, ends),
            (Self::Opaque, _) => randomness.text(43),
            (Self::Prefixed(prefix), _) => {
                let rest = randomness.alphanumeric(32_usize.saturating_sub(prefix.len())).to_ascii_lowercase();
                format!("{prefix}{rest}")
            }
            (Self::Short, TokenKind::Access) => format!("u-{}", randomness.text(40)),
            (Self::Short, TokenKind::Refresh) => format!("ur-{}", randomness.text(40)),
        }
    }
}
