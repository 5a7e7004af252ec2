//! What can go wrong, under the names that `bkoauth` gave it.

use thiserror::Error;
use tokenward_core::{Code, UserName};

use crate::Error as EngineError;

/// Why there is no token.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The token service said no, or could not be reached, or answered something else.
    #[error(transparent)]
    Api(#[from] TokenAPIError),
    /// There is no token, and nothing to get one with.
    #[error(transparent)]
    NotExist(#[from] TokenNotExist),
    /// The vault on this machine failed.
    #[error(transparent)]
    Vault(EngineError),
}

impl TokenError {
    pub(super) fn new(error: EngineError, user: Option<&UserName>) -> Self {
        match error.code() {
            Code::NotLoggedIn | Code::NoRefreshToken => {
                Self::NotExist(TokenNotExist { user: user.cloned(), error: Some(error) })
            }
            _ if error.vault_error().is_some() => Self::Vault(error),
            _ => Self::Api(TokenAPIError::new(error)),
        }
    }

    /// The stable code of the story.
    pub fn code(&self) -> Code {
        match self {
            Self::Api(error) => error.error.code(),
            Self::NotExist(error) => error.error.as_ref().map_or(Code::NotLoggedIn, EngineError::code),
            Self::Vault(error) => error.code(),
        }
    }
}

/// The token service's no, or no answer of it at all.
#[derive(Debug, Clone, Error)]
#[error("{error}")]
#[non_exhaustive]
pub struct TokenAPIError {
    /// The service's own code, if it gave one.
    pub code: Option<i64>,
    /// Its own words, cleaned and shortened. Never a token.
    pub message: Option<String>,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// The service's log id.
    pub log_id: Option<String>,
    /// The whole story.
    #[source]
    pub error: EngineError,
}

impl TokenAPIError {
    pub(super) fn new(error: EngineError) -> Self {
        let refusal = error.refusal();
        Self {
            code: error.provider_code(),
            message: refusal
                .and_then(|refusal| refusal.description.clone())
                .or_else(|| error.detail().map(str::to_owned)),
            status: refusal.map(|refusal| refusal.status),
            log_id: refusal.and_then(|refusal| refusal.log_id.clone()),
            error,
        }
    }
}

/// There is no token of that user, and nothing was shown to get one with.
#[derive(Debug, Clone, Error)]
#[error("there is no token of {}", self.user.as_ref().map_or("nobody in particular", UserName::as_str))]
#[non_exhaustive]
pub struct TokenNotExist {
    /// The user; `None` for an anonymous one.
    pub user: Option<UserName>,
    /// The engine's story, if it was asked.
    #[source]
    pub error: Option<EngineError>,
}
