//! The language and the rules of Tokenward.
//!
//! What enters: facts (a stored [`Grant`], an [`Intent`], a provider's [`Outcome`], the time). What leaves:
//! decisions ([`rotation_policy`]) and the types that every other crate speaks in. Nothing here reads a clock, a file,
//! a socket or the environment, and nothing here needs an async runtime; the outside world is behind the
//! [`ports`].
//!
//! Promises kept here: a refresh token can be exposed to a sender only by a [`Spend`], and a [`Spend`] exists
//! only for a journalled [`Intent`] (I1); secrets have no `Display`, no `Serialize` and a silent `Debug` (I4);
//! doubt is a state of its own (I6). The promises I1–I8 are listed in `ARCHITECTURE.md`.

mod access_request;
mod api_key_permissions;
mod app;
mod app_identity;
mod audit_chain;
mod call_outcome;
mod error_code;
mod grant;
pub mod hex;
mod identifiers;
mod issuer_check;
mod journal;
mod lease;
mod link;
mod login_event;
pub mod masking;
mod non_interactive_grant;
mod outlook;
pub mod percent_decode;
mod place;
pub mod ports;
mod profile_name;
mod provider_rules;
mod redirect_url;
pub mod rotation_policy;
mod scope;
mod secret;
mod shown_time;
mod subject;
mod token;
mod visible_text;
mod web_login;
mod webhook;

pub use access_request::{Access, TokenWish};
pub use api_key_permissions::{ApiKey, ApiKeyId, BadGrantPattern, GrantPattern, Verb};
pub use app::{
    App, AppKind, AppName, BlueKingApp, Brand, ClientAuthentication, Endpoints, FeishuApp, Hosts, OAuth2App, Platform,
    ProviderName, TokenApi,
};
pub use app_identity::Registration;
pub use audit_chain::{AuditDraft, AuditFault, AuditFaultKind, AuditRow, AuditVerdict};
pub use call_outcome::{FaultKind, Issued, Oddity, Outcome, Refusal, RefusalClass, Remedy, TransportFault, Words};
pub use error_code::{Code, ExitClass};
pub use grant::{Doubt, Grant, Standing, Status};
pub use identifiers::{Generation, GrantId, IntentId};
pub use issuer_check::{ExpectedIssuer, IssuerMismatch};
pub use journal::{Closing, Entry, Event, Intent, IntentDraft, Journalled, Landing, RawAnswer, ShownAs, Spend};
pub use lease::{Fence, Holder, HolderFate, Lease, LocalProcess, Node, Seat};
pub use link::{
    InFile, Link, LinkId, NewLink, Receipt, Recognised, Reconciliation, Slot, Stamp, Terms, Trouble, reconcile,
};
pub use login_event::{LoginEnd, LoginEvent, LoginEventKind, NumberedEvent};
pub use non_interactive_grant::{BadUserName, DirectGrant, UserName, UserTicket};
pub use outlook::Outlook;
pub use place::{BadPlace, Format, PathStep, Place};
pub use profile_name::ProfileName;
pub use provider_rules::{AbsentRefresh, OldAccess, RateLimit, RefreshEnd, Replay, Rules};
pub use redirect_url::{RedirectFlaw, RedirectUri};
pub use scope::{MAX_SCOPES, Scopes, ScopesError};
pub use secret::{
    AccessToken, ApiKeySecret, AppSecret, AppTicket, AppToken, AuthorizationCode, BadSecret, CodeVerifier, DeviceCode,
    LoginCookie, RefreshToken, SecretBytes,
};
pub use shown_time::told_moment;
pub use subject::Subject;
pub use token::{Fingerprint, KnownToken, TokenKind, TokenSet};
pub use visible_text::{Visible, is_hidden, visible, visible_json, visible_lines};
pub use web_login::{WebLogin, WebLoginId, WebLoginPhase};
pub use webhook::{WebhookFilter, WebhookName};
