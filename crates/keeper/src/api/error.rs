//! What stood in a call's way.

use std::fmt;
use std::time::Duration;

use tokenward_core::{Code, Remedy, TransportFault};
use tokenward_wire::{BadCall, CallFault, CallRefusal, CallTrouble};

use crate::Error;

/// Why a call was not done, or why nobody knows whether it was. Never holds a secret.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ApiError {
    /// The call cannot be sent: its target is not the app's, or is none. Nothing left.
    Bad(BadCall),
    /// There is no token for it. Nothing left.
    Token(Error),
    /// The provider said no; nothing was done.
    Refused(Box<CallRefusal>),
    /// The provider limits the rate for longer than the caller's patience; nothing was done.
    RateLimited {
        /// How long it asks to wait.
        wait: Duration,
        /// The provider's words.
        refusal: Box<CallRefusal>,
    },
    /// The provider could not be reached; nothing left.
    Unsent(TransportFault),
    /// The call left and its answer was lost: it may have been done.
    Lost(TransportFault),
    /// A list does not come to an end.
    Pages(EndlessPages),
}

impl ApiError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Bad(BadCall::ForeignHost { .. }) => Code::ForeignHost,
            Self::Bad(_) => Code::Usage,
            Self::Token(error) => error.code(),
            Self::Refused(refusal) => code_of(refusal),
            Self::RateLimited { .. } => Code::RateLimited,
            Self::Unsent(fault) => fault.unsent_code(),
            Self::Lost(_) => Code::CallAnswerLost,
            Self::Pages(_) => Code::PagesWithoutEnd,
        }
    }

    /// The provider's no, if it said one.
    pub fn refusal(&self) -> Option<&CallRefusal> {
        match self {
            Self::Refused(refusal) | Self::RateLimited { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// The provider's code, if it gave one.
    pub fn provider_code(&self) -> Option<i64> {
        self.refusal().and_then(|refusal| refusal.code)
    }

    /// The provider's log id, if it gave one (reference/feishu.md §11.2).
    pub fn log_id(&self) -> Option<&str> {
        self.refusal().and_then(|refusal| refusal.log_id.as_deref())
    }

    /// Whether the call may have been done although there is no answer.
    pub const fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }
}

/// Why the list has more pages than allowed, or repeats itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndlessPages {
    /// There are more than were permitted.
    TooMany,
    /// The provider says that there is more and does not say where.
    Unnamed,
    /// The provider names a page that was read already.
    Repeated,
}

impl fmt::Display for EndlessPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooMany => "there are more pages than allowed",
            Self::Unnamed => "the provider says that there are more pages but does not say where",
            Self::Repeated => "the provider names a page that was already read",
        })
    }
}

/// The story of a refusal that was not mended by a newer token or a pause.
const fn code_of(refusal: &CallRefusal) -> Code {
    match refusal.trouble {
        CallTrouble::UserTokenDead => Code::TokenStillRefused,
        // An app's token that was fetched a moment ago is not dead: the API takes none.
        CallTrouble::NotTaken | CallTrouble::AppTokenDead => Code::IdentityNotTaken,
        CallTrouble::ScopeNotGranted => Code::ScopeNotGranted,
        CallTrouble::ScopeNotEnabled => Code::ScopeNotEnabled,
        CallTrouble::RateLimited => Code::RateLimited,
        CallTrouble::Passing => Code::ProviderUnavailable,
        CallTrouble::NoSuchApi => Code::NoSuchApi,
        CallTrouble::Redirected => Code::Redirected,
        CallTrouble::Settings => match refusal.remedy {
            Some(Remedy::AskAdministrator | Remedy::PassChallenge) => Code::UserState,
            Some(Remedy::CheckSecret | Remedy::CheckAppId | Remedy::CheckSecretAtBlueKing) => Code::AppCredentialsWrong,
            Some(Remedy::CheckBrand) => Code::BrandMismatch,
            Some(Remedy::LogIn) => Code::RefreshTokenRefused,
            _ => Code::AppSettings,
        },
        // `Other`, and whatever a newer wire may know.
        _ => Code::CallRefused,
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Token(error)
    }
}

impl From<CallFault> for ApiError {
    fn from(fault: CallFault) -> Self {
        match fault {
            CallFault::Bad(bad) => Self::Bad(bad),
            CallFault::Unsent(fault) => Self::Unsent(fault),
            CallFault::Lost(fault) => Self::Lost(fault),
            // The wire's list may grow; what it cannot say for certain may have been done.
            _ => Self::Lost(TransportFault::failed("the transport failed".to_owned())),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad(bad) => bad.fmt(f),
            Self::Token(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::RateLimited { wait, refusal } => write!(f, "{refusal}; it asks to wait {} s", wait.as_secs()),
            Self::Unsent(fault) => write!(f, "nothing was sent: {}", fault.reason),
            Self::Pages(reason) => reason.fmt(f),
            Self::Lost(fault) => write!(f, "the call was sent and its response was lost: {}", fault.reason),
        }
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bad(bad) => Some(bad),
            Self::Token(error) => Some(error),
            _ => None,
        }
    }
}
