//! What came of a call, in words the engine understands whatever the provider.

use serde::{Deserialize, Serialize};

use crate::{Access, Code, RefreshToken, Scopes, Subject};

use jiff::Timestamp;

/// What an answer to a spend says.
#[derive(Debug)]
pub enum Outcome {
    /// Something was issued. Whatever it is, it must be kept (I3).
    Rotated {
        /// What was issued.
        issued: Issued,
        /// What was strange about the answer.
        oddities: Vec<Oddity>,
    },
    /// The provider understood and said no.
    Refused(Refusal),
    /// The answer is not one of the provider's (HTML, empty, cut off): in doubt.
    Unreadable(Refusal),
    /// The answer proves that no such endpoint exists, so nothing was read and nothing spent.
    NoSuchEndpoint(Refusal),
}

/// What a provider issued, as far as the answer could be read.
#[derive(Debug)]
pub struct Issued {
    /// The access token with its life, if any.
    pub access: Option<Access>,
    /// The refresh token, if any.
    pub refresh: Option<RefreshToken>,
    /// When the refresh token ends, by the answer or by the rules' assumption.
    pub refresh_expires: Option<Timestamp>,
    /// Granted scopes, if told.
    pub scopes: Option<Scopes>,
    /// Whose it is, if told.
    pub subject: Option<Subject>,
}

/// Something strange about an answer that was kept all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Oddity {
    /// No access token.
    AccessMissing,
    /// The access token had ended by the answer's own number.
    AccessEnded,
    /// No life of the access token; the shortest documented one was assumed.
    AccessLifeMissing,
    /// No refresh token although one was spent.
    RefreshMissing,
    /// No life of the refresh token; the shortest documented one was assumed.
    RefreshLifeMissing,
    /// A number came as a string or a fraction.
    NumberAsText,
    /// The token type was not `Bearer`.
    TokenType,
    /// The answer was cut off after the tokens.
    CutOff,
    /// The code said failure, yet tokens came.
    TokensDespiteFailure,
}

/// Words in both languages of the product, for facts that belong to a dialect's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: &'static str,
    /// Simplified Chinese.
    pub zh: &'static str,
}

/// A provider's no, kept whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the caller can do about it.
    pub class: RefusalClass,
    /// What a person can do about it.
    pub remedy: Remedy,
    /// The provider's code, if the answer had one.
    pub provider_code: Option<i64>,
    /// The provider's error word (RFC 6749 §5.2), or what stands for one, cleaned. Never a token.
    pub provider_word: Option<String>,
    /// The code's or word's meaning by the reference; `None` for one that is in no table.
    pub meaning: Option<Words>,
    /// The HTTP status.
    pub status: u16,
    /// The provider's own text, cleaned of control characters and shortened. Never a token.
    pub description: Option<String>,
    /// The provider's log id.
    pub log_id: Option<String>,
    /// Seconds it asked to wait.
    pub retry_after: Option<u64>,
    /// The scopes it says are missing (99991679, 99991672).
    pub missing_scopes: Vec<String>,
}

/// What the caller can do about a refusal (design/0000-charter.md §5, *Provider rules are data*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalClass {
    /// Passing trouble: the token is unspent, try later.
    Retry,
    /// The refresh token, code or consent is of no more use.
    NeedsConsent,
    /// A setting of the app or of Tokenward must be mended.
    Configuration,
    /// We sent something wrong.
    OurBug,
    /// The user or the tenant is in a state that only their administrator can change.
    UserState,
    /// The answer does not say what became of the token. In a refusal: the provider said no in words that tell nothing certain.
    InDoubt,
    /// The access token is of no more use; a rotation gives a new one.
    AccessDead,
    /// An app or tenant token is of no more use; fetch a new one.
    AppTokenDead,
    /// Not a failure: the person has not finished yet (RFC 8628 §3.5).
    Pending,
}

/// What a person can do. The sentences are in the command line's catalogue, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Remedy {
    /// Log in again.
    LogIn,
    /// Log in again: the token or the consent has expired.
    LogInAfterEnd,
    /// Log in again: the token was used before.
    LogInAfterUse,
    /// Start the login again: the code was used, expired or unknown.
    LogInAgainFromStart,
    /// Nothing: try later.
    TryLater,
    /// Try later; if it stays so the token is dead: log in again.
    TryLaterThenLogIn,
    /// Wait as long as the provider says.
    WaitForLimit,
    /// Check the app's id and secret.
    CheckSecret,
    /// Check the brand: the app belongs to the other one.
    CheckBrand,
    /// Check the app's id: it does not exist here.
    CheckAppId,
    /// The app must be enabled, or its version published.
    EnableApp,
    /// The app must be installed in the tenant.
    InstallApp,
    /// The user must be put into the app's range of availability.
    WidenAvailability,
    /// The refresh switch must be turned on and a version published.
    EnableRefresh,
    /// The redirect URL must be registered.
    RegisterRedirect,
    /// The scope must be enabled for the app.
    EnableScope,
    /// The user must grant more scopes.
    GrantScope,
    /// The user's account must be put in order by an administrator.
    AskAdministrator,
    /// The caller's address must be put on the app's allow list.
    AllowAddress,
    /// The quota is used up.
    RaiseQuota,
    /// The token belongs to another app or endpoint family.
    UseIssuingApp,
    /// The tenant demands a further check of the person.
    PassChallenge,
    /// A new app ticket is needed.
    ResendTicket,
    /// Check the base URLs: nothing of the provider answers there.
    CheckUrl,
    /// Fetch a new app or tenant token.
    RenewAppToken,
    /// Rotate the access token.
    RenewAccess,
    /// Report it to us.
    ReportBug,
    /// Log in again if the provider keeps saying so: the token may be dead.
    LogInIfItLasts,
    /// Compare the client's id, its secret and how it proves itself with what the server has of it.
    CheckClient,
    /// The server does not let this client use this kind of grant: allow it where the client is registered.
    AllowGrant,
    /// Ask for scopes that the server knows and lets this client have.
    CheckScopes,
    /// Register the redirect URL where the client is registered.
    RegisterRedirectThere,
    /// Compare issuer and endpoints with the server's documents: nothing of it answers there.
    CheckEndpoints,
    /// Compare the issuer with what the server's document says.
    CompareIssuer,
    /// The issuer is a pattern: name the tenant's own.
    NameTenant,
    /// The server takes no way to prove the client that Tokenward knows: have another one allowed.
    AllowSecret,
    /// Compare what the exchange of a code rests on (redirect URL, proof of the client, PKCE) with the client's registration.
    CompareExchange,
    /// Compare the app's code and secret with what `BlueKing`'s developer center shows.
    CheckSecretAtBlueKing,
    /// The app must be enabled, or admitted to the realm, at `BlueKing`.
    EnableAtBlueKing,
    /// The app needs permission for the API, applied for in `BlueKing`'s developer center.
    PermitAtBlueKing,
    /// Whoever looks after the API in `BlueKing`'s gateway must admit the caller's address or tenant.
    AdmitAtBlueKing,
    /// Have the kept refresh token asked with once; if it brings no access token either, ask who runs the server.
    RefreshOnce,
    /// Log in once more; if the answer is the same, ask who runs the server.
    AskServer,
    /// Name the resource that the login is for.
    NameResource,
}

/// A failure of the transport, with what is known about the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportFault {
    /// What went wrong, without secrets and without the full URL.
    pub reason: String,
    /// What kind of failure it was.
    pub kind: FaultKind,
}

/// What kind of failure of the transport it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// None of the others.
    Failed,
    /// A deadline passed.
    Late,
    /// A proxy is named that cannot be used. It stays so until somebody changes it.
    Barred,
}

impl TransportFault {
    /// One of no particular kind.
    pub const fn failed(reason: String) -> Self {
        Self { reason, kind: FaultKind::Failed }
    }

    /// A deadline that passed.
    pub const fn late(reason: String) -> Self {
        Self { reason, kind: FaultKind::Late }
    }

    /// A proxy that cannot be used.
    pub const fn barred(reason: String) -> Self {
        Self { reason, kind: FaultKind::Barred }
    }

    /// Whether it was a deadline.
    pub const fn timed_out(&self) -> bool {
        matches!(self.kind, FaultKind::Late)
    }

    /// The stable code under which it is told that nothing was sent.
    pub const fn unsent_code(&self) -> Code {
        match self.kind {
            FaultKind::Failed | FaultKind::Late => Code::Unreachable,
            FaultKind::Barred => Code::NoUsableProxy,
        }
    }
}

impl Refusal {
    /// The stable code under which a refused *refresh* is told (other calls have their own stories).
    pub const fn code(&self) -> Code {
        match self.class {
            RefusalClass::Retry => match self.remedy {
                Remedy::WaitForLimit => Code::RateLimited,
                _ => Code::ProviderUnavailable,
            },
            RefusalClass::NeedsConsent | RefusalClass::AccessDead => Code::RefreshTokenRefused,
            RefusalClass::Configuration | RefusalClass::AppTokenDead => match self.remedy {
                Remedy::CheckSecret | Remedy::CheckAppId | Remedy::CheckClient | Remedy::CheckSecretAtBlueKing => {
                    Code::AppCredentialsWrong
                }
                Remedy::CheckBrand => Code::BrandMismatch,
                Remedy::EnableRefresh => Code::RefreshSwitchedOff,
                Remedy::CheckUrl | Remedy::CheckEndpoints => Code::NoSuchEndpoint,
                Remedy::CompareIssuer | Remedy::NameTenant => Code::IssuerDiffers,
                _ => Code::AppSettings,
            },
            RefusalClass::OurBug => Code::RequestRejected,
            // Said outside a device login, it only asks for time.
            RefusalClass::Pending => Code::RateLimited,
            RefusalClass::UserState => Code::UserState,
            // A server that is out of order does not know what it says.
            RefusalClass::InDoubt if self.status >= 500 => Code::ProviderUnavailable,
            RefusalClass::InDoubt => Code::RefusedUnclearly,
        }
    }
}
