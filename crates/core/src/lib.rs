//! The language and the rules of Tokenward.
//!
//! What enters: facts (a stored [`Grant`], an [`Intent`], a provider's [`Outcome`], the time). What leaves:
//! decisions ([`rotation`]) and the types that every other crate speaks in. Nothing here reads a clock, a file,
//! a socket or the environment, and nothing here needs an async runtime; the outside world is behind the
//! [`ports`].
//!
//! Promises kept here: a refresh token can be exposed to a sender only by a [`Spend`], and a [`Spend`] exists
//! only for a journalled [`Intent`] (I1); secrets have no `Display`, no `Serialize` and a silent `Debug` (I4);
//! doubt is a state of its own (I6). The promises I1–I8 are listed in `ARCHITECTURE.md`.

mod access_token;
mod api_key;
mod app;
mod audit;
mod direct_grant;
mod error;
mod grant;
pub mod hex;
mod identifiers;
mod issuer;
mod journal;
mod lease;
mod link;
pub mod masking;
mod outcome;
pub mod percent;
mod place;
pub mod ports;
mod profile_name;
mod provider_rules;
mod redirect_url;
mod registration;
pub mod rotation;
mod scope;
mod secret;
mod shown_time;
mod subject;
mod token;
mod visible_text;

pub use access_token::{Access, TokenWish};
pub use api_key::{ApiKey, ApiKeyId, BadGrantPattern, GrantPattern, Verb};
pub use app::{
    App, AppKind, AppName, BlueKingApp, Brand, ClientAuthentication, Endpoints, FeishuApp, Hosts, OAuth2App, Platform,
    ProviderName, TokenApi,
};
pub use audit::{AuditDraft, AuditFault, AuditFaultKind, AuditRow, AuditVerdict};
pub use direct_grant::{BadUserName, DirectGrant, UserName, UserTicket};
pub use error::{Code, ExitClass};
pub use grant::{Doubt, Grant, Standing, Status};
pub use identifiers::{Generation, GrantId, IntentId};
pub use issuer::{ExpectedIssuer, IssuerMismatch};
pub use journal::{Closing, Entry, Event, Intent, IntentDraft, Journalled, Landing, RawAnswer, ShownAs, Spend};
pub use lease::{Fence, Holder, HolderFate, Lease, LocalProcess, Node, Seat};
pub use link::{
    InFile, Link, LinkId, NewLink, Receipt, Recognised, Reconciliation, Slot, Stamp, Terms, Trouble, reconcile,
};
pub use outcome::{FaultKind, Issued, Oddity, Outcome, Refusal, RefusalClass, Remedy, TransportFault, Words};
pub use place::{BadPlace, Format, PathStep, Place};
pub use profile_name::ProfileName;
pub use provider_rules::{AbsentRefresh, OldAccess, RateLimit, RefreshEnd, Replay, Rules};
pub use redirect_url::{RedirectFlaw, RedirectUri};
pub use registration::Registration;
pub use scope::{MAX_SCOPES, Scopes, ScopesError};
pub use secret::{
    AccessToken, ApiKeySecret, AppSecret, AppTicket, AppToken, AuthorizationCode, BadSecret, CodeVerifier, DeviceCode,
    LoginCookie, RefreshToken, SecretBytes,
};
pub use shown_time::told_moment;
pub use subject::Subject;
pub use token::{Fingerprint, KnownToken, TokenKind, TokenSet};
pub use visible_text::{Visible, is_hidden, visible, visible_json, visible_lines};
