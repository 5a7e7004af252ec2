//! What exchanges led to, counted since the process began. Nothing is decided by a count, and a crash loses all of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokenward_core::{AppName, Code, ExitClass};

use crate::error::{Error, KeptState};

/// What became of a refresh token that was sent, or was about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ExchangeOutcome {
    /// A new set is stored.
    Refreshed,
    /// A set came too late and is kept aside.
    Parked,
    /// The provider said no, and the login lives.
    Refused,
    /// The provider said a definite no: a person must log in.
    Ended,
    /// It did not leave.
    NotSent,
    /// Nobody knows.
    Unknown,
    /// What was answered could not be stored yet.
    NotStored,
}

impl ExchangeOutcome {
    /// Every one.
    pub const ALL: [Self; 7] =
        [Self::Refreshed, Self::Parked, Self::Refused, Self::Ended, Self::NotSent, Self::Unknown, Self::NotStored];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refreshed => "refreshed",
            Self::Parked => "parked",
            Self::Refused => "refused",
            Self::Ended => "ended",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
            Self::NotStored => "not_stored",
        }
    }

    pub(crate) fn of(error: &Error) -> Self {
        if error.vault_error().is_some() || error.code() == Code::AnswerNotStored {
            return Self::NotStored;
        }
        match (error.code(), error.kept()) {
            (_, KeptState::Doubt) | (Code::OutcomeUnknown, _) => Self::Unknown,
            (code, _) if code.exit() == ExitClass::NeedsConsent => Self::Ended,
            (_, KeptState::TokenUnspent) if error.refusal().is_none() => Self::NotSent,
            _ => Self::Refused,
        }
    }
}

/// Exchanges that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExchangeKind {
    /// Of which app.
    pub app: AppName,
    /// What came of them.
    pub outcome: ExchangeOutcome,
    /// Whether the token had been sent before, with an unknown outcome.
    pub is_replay: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    exchanges: Mutex<BTreeMap<ExchangeKind, u64>>,
    recoveries: Mutex<BTreeMap<AppName, u64>>,
}

impl Tally {
    pub(crate) fn exchanged(&self, app: &AppName, outcome: ExchangeOutcome, is_replay: bool) {
        *lock(&self.exchanges).entry(ExchangeKind { app: app.clone(), outcome, is_replay }).or_default() += 1;
    }

    pub(crate) fn exchanges(&self) -> BTreeMap<ExchangeKind, u64> {
        lock(&self.exchanges).clone()
    }

    pub(crate) fn recoveries(&self) -> BTreeMap<AppName, u64> {
        lock(&self.recoveries).clone()
    }

    pub(crate) fn recovered(&self, app: &AppName) {
        *lock(&self.recoveries).entry(app.clone()).or_default() += 1;
    }
}

fn lock<T>(counts: &Mutex<T>) -> MutexGuard<'_, T> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
