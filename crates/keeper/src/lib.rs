//! Keeps OAuth logins alive: the engine and the library.
//!
//! Log in once (`tokenward init`, `tokenward login`); from then on a program has a token that is good:
//!
//! ```no_run
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let logins = tokenward::open_default().await?;
//!     let profile = logins.profile(None)?;
//!     let token = profile.token().await?; // good now; refreshed once, whoever else asks
//!     # let _ = token;
//!     let me = profile.get("/open-apis/authen/v1/user_info").await?;
//!     println!("{}", me.json().unwrap_or_default()["data"]["name"]);
//!     logins.close().await?;
//!     Ok(())
//! }
//! ```
//!
//! # Before your program ends
//!
//! A refresh runs as a task of its own, so that a caller who goes away ends nothing. When the runtime ends, it ends with it; if the refresh
//! token was sent by then, the next program has to find out whether it was used up, and at a provider where a token works once a login can
//! be lost that way. [`Client::close`] waits for refreshes that are under way. It waits for seconds, and only where there are some. Call it
//! where your program ends, also when a signal ends it.
//!
//! # What it is made of
//!
//! A [`Keeper`] hands out access tokens, refreshes grants in time and exactly once, logs people in and out, and repairs
//! what a crash left behind. It is built from ports (`tokenward_core::ports`); [`Session`] builds one
//! from a home folder with the provider and the store that come with Tokenward.
//!
//! What enters: an [`App`](core::App), a grant, a wish. What leaves: an access token that is durable in the vault
//! (I2), or an [`Error`] that says what happened and what was kept. A crash at any step is repaired by the next
//! caller (I5).

mod api;
pub mod blueking;
mod callback;
mod client;
mod compose;
pub mod doctor;
mod error;
mod flight;
pub mod given;
mod keeper;
pub mod links;
mod login;
#[cfg(feature = "middleware")]
mod middleware;
mod notice;
mod observe;
mod obtain;
mod process;
mod recovery;
mod script;
mod serving;
mod settings;
pub mod stores;
mod surroundings;
mod turn;
mod waiting;

pub use tokenward_core as core;

pub use api::{
    ApiClient, ApiError, ApiOptions, CallDelay, CallWatch, Caller, Echo, EndlessPages, HeldToken, Identity, Opened,
    Page, Pages,
};
pub use callback::{Callback, CallbackError, CallbackOutcome};
pub use client::{Builder, Client, Profile, open_default};
pub use compose::{
    BackedUp, BackupKey, DamagedLogin, Discovered, HandOut, Health, KeptVault, Repair, Replaced, Resealed, Restore,
    RestorePlan, Restored, RestoredLogin, SeenLogin, Session, SessionOptions, Stretch, SystemClock, SystemEntropy,
    VaultInfo, Verdict, WaitingAnswer, forget_hand_out, hand_out, kept_vaults, last_restore, remove_kept_vault, rewrap,
};
pub use error::{Error, Kept};
pub use keeper::{Handed, Keeper, KeeperOptions, LoginWithoutProfile, Parts, Report};
pub use login::{Consent, LoginAttempt, LoginReport, LoginRequest};
#[cfg(feature = "middleware")]
pub use middleware::TokenMiddleware;
pub use notice::Notice;
pub use observe::{NoObserver, Observer, Step};
pub use obtain::{Obtain, Who};
pub use process::Processes;
pub use recovery::Recovered;
pub use script::{ScriptRefresh, ScriptTokens, is_of_a_script};
pub use settings::{
    AppRecord, Clause, ConfigEdit, CookieField, Desktop, Environment, Home, KeySource, Origin, Overrides, Own, Place,
    ProfileRecord, Registration, ResolvedProfile, SecretSource, Setting, Settings, SettingsError, Warning, issuer_of,
    parse_span, reference as settings_reference, secret_file, travels_in_clear,
};
pub use surroundings::{Looking, NoSurroundings, Surroundings};
pub use tokenward_vault::trusted::Distrust;

pub use tokenward_wire::{
    BadCall, Bearer, BrokenOff, Call, CallAnswer, CallBody, CallFault, CallOptions, CallRefusal, CallTrouble, Calls,
    FetchFault, Fetcher, ForwardHead, Forwarded, ForwardedBody, Incoming, NamedHost, Part, Proxies, Reading, may_climb,
    readings, spellings,
};
