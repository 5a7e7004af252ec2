//! How a table is read, and what became of each row, or would.

use std::time::Duration;

use jiff::tz::Offset;
use tokenward_core::{Code, GrantId, ProfileName};
use tokenward_keeper::{Error, KeptState};

use super::table::BkoauthError;

/// How a table is read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BkoauthOptions {
    /// Whether the provider is asked whose each token is and whether it lives. Spends nothing.
    pub online: bool,
    /// What naive times are written in: UTC where Django's `USE_TZ` is on.
    pub offset: Offset,
    /// For how long the provider is asked in all: a table may have thousands of rows.
    pub asking: Duration,
}

impl Default for BkoauthOptions {
    fn default() -> Self {
        Self { online: true, offset: Offset::UTC, asking: Duration::from_mins(1) }
    }
}

impl BkoauthOptions {
    /// Whether the provider is asked.
    pub fn online(self, online: bool) -> Self {
        Self { online, ..self }
    }

    /// What naive times are written in.
    pub fn offset(self, offset: Offset) -> Self {
        Self { offset, ..self }
    }

    /// For how long the provider is asked in all.
    pub fn asking(self, asking: Duration) -> Self {
        Self { asking, ..self }
    }
}

/// A row, and what became of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BkoauthTaken {
    /// Its number.
    pub id: i64,
    /// Whose the table says it is; an empty name for an anonymous user, `None` for the app.
    pub user: Option<String>,
    /// Its environment.
    pub environment: String,
    /// What became of it.
    pub fate: BkoauthFate,
}

/// What became of a row, or would.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BkoauthFate {
    /// In a plan: it would be a grant.
    ToAdopt {
        /// The name it would be kept under.
        name: ProfileName,
        /// Whether its access token lives.
        access: bool,
        /// Whether its access token had passed its end.
        expired: bool,
        /// Whether a login that is kept under this name would give way; it is put aside.
        replaces: bool,
    },
    /// It is a grant now, on trial.
    Adopted {
        /// The name it is kept under: that of the user whom the provider names.
        name: ProfileName,
        /// The grant.
        grant: GrantId,
        /// Whether its access token lives; otherwise the first call rotates it.
        access: bool,
        /// Whether its access token had passed its end.
        expired: bool,
    },
    /// The vault knew its refresh token already.
    Known {
        /// The grant that holds it.
        grant: GrantId,
    },
    /// Another row of the same user is the one that lives, or the newer one.
    Superseded {
        /// That row.
        by: i64,
    },
    /// It is of another environment than the app's.
    OtherEnvironment,
    /// It is of a user without a name, and nobody says whose its token is.
    Anonymous,
    /// It has no refresh token, so that there is nothing to keep alive.
    NoRefreshToken {
        /// Whether its access token had passed its end.
        expired: bool,
    },
    /// Its user's name, or its token, can be none.
    Malformed,
}

pub(super) fn unreadable(error: BkoauthError) -> Error {
    let code = match &error {
        BkoauthError::NoTable(_) => Code::StoreEmpty,
        BkoauthError::UnknownScheme(_) | BkoauthError::NotBuiltIn(_) => Code::Usage,
        _ => Code::StoreUnreadable,
    };
    Error::caused(code, KeptState::Everything, error)
}
