//! What is on record: who is registered, what people agreed to, which tokens were issued and what became of them, and everything
//! that happened. Plain data with its rules; time and randomness are handed in.

mod app_tokens;
mod apps_and_users;
mod authorizations;
mod checker;
mod counters;
mod devices;
mod history;
mod kept_requests;
mod ledger;
mod login_snapshot;
mod request_record;
mod token_history;
mod token_policy;

pub use apps_and_users::{App, AppSpec, DEFAULT_PLAIN_SCOPES, DEFAULT_SCOPES, Policy, User, UserSpec, UserStatus};
pub use checker::{Replay, Verdict, Violation, check};
pub use counters::{CallCounters, Counters, DoorCounters, GrantCounters};
pub use history::{Death, Event, Record};
pub use kept_requests::KeptRequest;
pub use login_snapshot::{CurrentAccess, CurrentTokens};
pub use request_record::{Delivery, Visit};

pub(crate) use app_tokens::{AppToken, AppTokenKind, AppTokens};
pub(crate) use authorizations::{Authorization, Code};
pub(crate) use devices::{Decision, Device};
pub(crate) use history::History;
pub(crate) use ledger::{Access, Grant, Issued, Ledger, Owner, Standing, TokenId, narrow};
pub(crate) use token_policy::{RefreshEnd, Shape, Terms};
