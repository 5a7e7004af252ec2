//! Why a store could not do as asked: a kind, a place in words, and a reason.
//!
//! Enters: what a store met. Leaves: what its caller can do about it. A place is a folder here and an address elsewhere, so it is words
//! and no path; nothing in an error is a secret (I4).

use std::fmt;

use crate::{Code, GrantId, IntentId};

/// Why a store could not do as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    /// What kind of trouble it is; by what the caller can do.
    pub kind: StoreFault,
    /// Where, in words; empty where the trouble lies in what was asked.
    pub place: String,
    /// What the system or the store says of it; may be empty.
    pub reason: String,
}

/// What kind of trouble a store has, with what the words for people need besides place and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFault {
    /// It cannot be written. Nothing was changed.
    ReadOnly,
    /// There is no room. Nothing was changed.
    Full,
    /// Someone else holds its write lock for longer than is reasonable.
    Busy,
    /// It cannot be read or understood. It is never treated as empty.
    Unreadable,
    /// Its key is not there, or does not fit.
    Key {
        /// The source of the key, in words.
        key: String,
    },
    /// A newer version of Tokenward wrote it.
    Newer {
        /// The schema found.
        found: i64,
        /// The newest schema known.
        known: i64,
    },
    /// Others may read or write it, and that could not be mended.
    NotPrivate {
        /// What they may, as the system writes it.
        allowed: String,
    },
    /// It lies where somebody else could put another store in its place.
    NotOurs {
        /// To whom the place belongs.
        owner: u32,
        /// To whom it would have to.
        user: u32,
    },
    /// There is no such grant.
    Gone(GrantId),
    /// The lease has lapsed and someone else took it, or the generation has moved on.
    Moved,
    /// Another intent is open and was not named as replayed (I1).
    IntentOpen(IntentId),
    /// There is no refresh token to spend.
    NoRefreshToken,
}

impl StoreError {
    /// An error with a place and a reason.
    pub fn new(kind: StoreFault, place: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self { kind, place: place.to_string(), reason: reason.into() }
    }

    /// It cannot be written.
    pub fn read_only(place: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self::new(StoreFault::ReadOnly, place, reason)
    }

    /// There is no room.
    pub fn full(place: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self::new(StoreFault::Full, place, reason)
    }

    /// Someone else holds its write lock.
    pub fn busy(place: impl fmt::Display) -> Self {
        Self::new(StoreFault::Busy, place, "")
    }

    /// It cannot be read or understood.
    pub fn unreadable(place: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self::new(StoreFault::Unreadable, place, reason)
    }

    /// The key from this source does not open it.
    pub fn key(place: impl fmt::Display, key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(StoreFault::Key { key: key.into() }, place, reason)
    }

    /// A newer version wrote it.
    pub fn newer(place: impl fmt::Display, found: i64, known: i64) -> Self {
        Self::new(StoreFault::Newer { found, known }, place, "")
    }

    /// Others may do this with it.
    pub fn not_private(place: impl fmt::Display, allowed: impl Into<String>) -> Self {
        Self::new(StoreFault::NotPrivate { allowed: allowed.into() }, place, "")
    }

    /// The place belongs to somebody else.
    pub fn not_ours(place: impl fmt::Display, owner: u32, user: u32) -> Self {
        Self::new(StoreFault::NotOurs { owner, user }, place, "")
    }

    /// There is no such grant.
    pub const fn gone(grant: GrantId) -> Self {
        Self::asked(StoreFault::Gone(grant))
    }

    /// The lease was lost, or the generation has moved on.
    pub const fn moved() -> Self {
        Self::asked(StoreFault::Moved)
    }

    /// Another intent is open.
    pub const fn intent_open(intent: IntentId) -> Self {
        Self::asked(StoreFault::IntentOpen(intent))
    }

    /// There is no refresh token.
    pub const fn no_refresh_token() -> Self {
        Self::asked(StoreFault::NoRefreshToken)
    }

    /// Trouble with what was asked, and with no place.
    const fn asked(kind: StoreFault) -> Self {
        Self { kind, place: String::new(), reason: String::new() }
    }

    /// The stable code.
    pub const fn code(&self) -> Code {
        match self.kind {
            StoreFault::ReadOnly => Code::VaultReadOnly,
            StoreFault::Full => Code::VaultFull,
            StoreFault::Busy => Code::VaultBusy,
            StoreFault::Unreadable => Code::VaultUnreadable,
            StoreFault::Key { .. } => Code::VaultKey,
            StoreFault::Newer { .. } => Code::VaultNewer,
            StoreFault::NotPrivate { .. } | StoreFault::NotOurs { .. } => Code::VaultOpenToOthers,
            StoreFault::Gone(_) => Code::NotLoggedIn,
            StoreFault::Moved => Code::StillTurning,
            StoreFault::IntentOpen(_) => Code::OutcomeUnknown,
            StoreFault::NoRefreshToken => Code::NoRefreshToken,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, place, reason } = self;
        match kind {
            StoreFault::ReadOnly => write!(f, "the vault at {place} cannot be written: {reason}"),
            StoreFault::Full => write!(f, "the vault's disk is full at {place}: {reason}"),
            StoreFault::Busy => write!(f, "the vault at {place} is busy"),
            StoreFault::Unreadable => write!(f, "the vault at {place} cannot be read: {reason}"),
            StoreFault::Key { key } => {
                write!(f, "the vault at {place} cannot be opened with the key from {key}: {reason}")
            }
            StoreFault::Newer { found, known } => {
                write!(
                    f,
                    "the vault at {place} has schema version {found}; this version of Tokenward supports up to {known}"
                )
            }
            StoreFault::NotPrivate { allowed } => write!(f, "{place} is open to other users (mode {allowed})"),
            StoreFault::NotOurs { owner, user } => {
                write!(f, "{place} belongs to user {owner}, not to user {user} or root")
            }
            StoreFault::Gone(grant) => write!(f, "there is no login {grant}"),
            StoreFault::Moved => write!(f, "the login has changed in the meantime"),
            StoreFault::IntentOpen(_) => write!(f, "a refresh of this login is not finished"),
            StoreFault::NoRefreshToken => write!(f, "the login has no refresh token"),
        }
    }
}

impl std::error::Error for StoreError {}
