//! Tokenward speaks to providers: one file per dialect over one codec and one transport.
//!
//! What enters: an app, a secret to be sent, a deadline. What leaves: a [`tokenward_core::ports::Sent`], which says
//! whether bytes left and keeps what came unread; and, from [`tokenward_core::ports::TokenEndpoint::read`], an
//! [`tokenward_core::Outcome`], which is a pure function of the kept answer, so that it reads the same after a crash.
//!
//! Promises kept here: a spend is sent once, on a fresh connection, without retry and without following redirects
//! (I1); an answer that holds a new refresh token yields it whatever the rest looks like (I3); no secret is in an
//! error, a description or a `Debug` (I4); only the provider's own word reads as a definite no (I6).

mod api_call;
mod api_transport;
mod bearer;
pub mod blueking;
mod call_refusal;
mod error_shape;
pub mod feishu;
mod gzip;
mod http;
mod known_answers;
mod lenient_json;
mod local_names;
pub mod oauth2;
mod oauth_error_codes;
mod path_variants;
mod picture_fetch;
mod providers;
mod proxies;
mod public_address;
mod redact;
mod request;
mod response_outcome;
mod send_request;
mod webhook_request;
mod wiped;

pub use api_call::{BadCall, Call, CallAnswer, CallBody, Part};
pub use api_transport::{BrokenOff, CallFault, CallOptions, Calls, ForwardHead, Forwarded, ForwardedBody, Incoming};
pub use bearer::Bearer;
pub use blueking::{AuthApiOptions, BlueKing, RefreshMethod, UserGrant};
pub use call_refusal::{CallRefusal, CallTrouble};
pub use feishu::Feishu;
pub use http::Options;
pub use known_answers::{KnownAnswer, known_answer_names, known_answers};
pub use oauth_error_codes::CodeMeaning;
pub use oauth2::{Discovered, OAuth2, discover};
pub use path_variants::{Reading, may_climb, readings, spellings};
pub use picture_fetch::{FetchFault, Fetcher, NamedHost};
pub use providers::Providers;
pub use proxies::Proxies;
pub use webhook_request::{MessageAnswer, MessageSender};
