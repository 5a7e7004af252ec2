//! What went wrong, what was kept, and which story to tell.

use std::fmt;
use std::sync::Arc;

use tokenward_core::ports::{CallError, StoreError};
use tokenward_core::{App, Code, Grant, GrantId, ProfileName, Refusal, Standing, Subject, TransportFault, told_moment};

/// What is left of the login after a failure. No failure erases one (I6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeptState {
    /// There was nothing to keep.
    Nothing,
    /// The login is as it was before the call.
    Everything,
    /// The refresh token was not spent; it stays in the vault.
    TokenUnspent,
    /// The provider's answer is sealed in the journal and will be committed.
    AnswerInJournal,
    /// The provider's answer is sealed in the rescue slot and will be committed.
    AnswerInRescueSlot,
    /// The refresh token stays, marked as in doubt.
    Doubt,
    /// The new tokens are in the vault; only the file still holds the old ones.
    NewTokens,
    /// The record stays for the doctor; the access token is handed out while it is valid.
    Record,
}

/// A failure. Cheap to clone: every caller who joined a rotation receives the same one.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    code: Code,
    kept: KeptState,
    refusal: Option<Refusal>,
    provider_code: Option<i64>,
    detail: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure with nothing but its code.
    pub fn new(code: Code, kept: KeptState) -> Self {
        Self(Arc::new(Inner { code, kept, refusal: None, provider_code: None, detail: None, source: None }))
    }

    /// A failure with a detail for people; never a secret.
    pub fn with_detail(code: Code, kept: KeptState, detail: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            code,
            kept,
            refusal: None,
            provider_code: None,
            detail: Some(detail.into()),
            source: None,
        }))
    }

    /// A failure that the provider spoke.
    pub fn refused(code: Code, kept: KeptState, refusal: Refusal) -> Self {
        Self(Arc::new(Inner { code, kept, refusal: Some(refusal), provider_code: None, detail: None, source: None }))
    }

    /// A failure of the transport.
    pub(crate) fn transport(code: Code, kept: KeptState, fault: &TransportFault) -> Self {
        Self::with_detail(code, kept, fault.reason.clone())
    }

    /// A request that never left.
    pub(crate) fn unsent(kept: KeptState, fault: &TransportFault) -> Self {
        Self::transport(fault.unsent_code(), kept, fault)
    }

    /// A failure of the vault.
    pub fn vault(error: StoreError, kept: KeptState) -> Self {
        Self(Arc::new(Inner {
            code: error.code(),
            kept,
            refusal: None,
            provider_code: None,
            detail: None,
            source: Some(Box::new(error)),
        }))
    }

    /// A failure with its cause, whose words are the detail; never a secret.
    pub fn caused(code: Code, kept: KeptState, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            code,
            kept,
            refusal: None,
            provider_code: None,
            detail: Some(error.to_string()),
            source: Some(Box::new(error)),
        }))
    }

    /// The same failure, with the provider's code as the record of it has it. For one that was not yet handed to anybody.
    pub(crate) fn coded(mut self, provider_code: Option<i64>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.provider_code = provider_code;
        }
        self
    }

    /// The same failure, with more known about what was kept. For one that was not yet handed to anybody.
    pub(crate) fn keeping(mut self, kept: KeptState) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.kept = kept;
        }
        self
    }

    /// A failure of a call that spends nothing.
    pub fn call(error: CallError) -> Self {
        match error {
            CallError::Refused(refusal) => {
                // Nothing was spent, so an answer that cannot be read is passing trouble here, not doubt.
                let code = match refusal.code() {
                    Code::OutcomeUnknown | Code::RefusedUnclearly => Code::ProviderUnavailable,
                    Code::RefreshTokenRefused => Code::AppSettings,
                    code => code,
                };
                Self::refused(code, KeptState::Everything, refusal)
            }
            CallError::NoAnswer(fault) => Self::unsent(KeptState::Everything, &fault),
            CallError::Lacking(what) => Self::with_detail(Code::SettingMissing, KeptState::Everything, what),
        }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What was kept.
    pub fn kept(&self) -> KeptState {
        self.0.kept
    }

    /// The provider's own word, if it gave one.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.0.refusal.as_ref()
    }

    /// The provider's code: of its own word, or as the record has it of an earlier one.
    pub fn provider_code(&self) -> Option<i64> {
        self.0.refusal.as_ref().and_then(|refusal| refusal.provider_code).or(self.0.provider_code)
    }

    /// A detail for people, such as the transport's reason.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The login that is kept without a profile, where it is another user's than the profile's ([`Code::AnotherUser`]).
    pub fn aside(&self) -> Option<GrantId> {
        self.detail().filter(|_| self.code() == Code::AnotherUser)?.parse().ok()
    }

    /// The vault's own error, if the vault failed.
    pub fn vault_error(&self) -> Option<&StoreError> {
        self.cause()
    }

    /// What it came of, if that is of this type.
    pub fn cause<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.source.as_ref().and_then(|source| source.downcast_ref())
    }
}

impl From<StoreError> for Error {
    /// For failures before anything was sent: the login is as it was.
    fn from(error: StoreError) -> Self {
        Self::vault(error, KeptState::Everything)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.code, self.0.code.name())?;
        if let Some(refusal) = &self.0.refusal {
            write!(f, ": the provider answered HTTP {}", refusal.status)?;
            if let Some(code) = refusal.provider_code {
                write!(f, ", code {code}")?;
            }
            if let Some(meaning) = refusal.meaning {
                write!(f, " ({})", meaning.en)?;
            }
        }
        if let Some(detail) = &self.0.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code)
            .field("kept", &self.0.kept)
            .field("refusal", &self.0.refusal)
            .field("detail", &self.0.detail)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// The tokens of another app are of no use to whoever asks, and not to be shown to another host.
pub fn foreign(grant: &Grant, app: &App) -> Error {
    let whose = format!("the login of this profile belongs to the app {}, not to {}", grant.app, app.name);
    Error::with_detail(Code::NotLoggedIn, KeptState::Record, whose)
}

/// The tokens under a user's name are not that user's, as far as the provider told.
pub(crate) fn wrong_user(profile: &ProfileName, subject: Option<&Subject>) -> Error {
    let whose = subject.map_or_else(|| "nobody that the provider names".to_owned(), |subject| subject.id.clone());
    Error::with_detail(Code::WrongUser, KeptState::Record, format!("the tokens under {profile} are those of {whose}"))
}

/// The error of a grant that only a person can help.
pub(crate) fn refuse(code: Code, grant: &Grant) -> Error {
    match &grant.standing {
        Standing::NeedsConsent { since, provider_code, .. } => {
            let provider = provider_code.map_or_else(String::new, |code| format!(", provider code {code}"));
            Error::with_detail(code, KeptState::Record, format!("since {}{provider}", told_moment(*since)))
                .coded(*provider_code)
        }
        _ => Error::new(code, KeptState::Record),
    }
}
