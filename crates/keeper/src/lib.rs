//! Keeps OAuth logins alive: the engine and the library.
//!
//! A [`Keeper`] hands out access tokens, turns grants in time and exactly once, logs people in and out, and repairs
//! what a crash left behind. It is built from ports (`tokenward_core::ports`); [`Session`] builds one
//! from a home folder with the provider and the store that come with Tokenward.
//!
//! What enters: an [`App`](core::App), a grant, a wish. What leaves: an access token that is durable in the vault
//! (I2), or an [`Error`] that says what happened and what was kept. A crash at any step is repaired by the next
//! caller (I5).

mod api;
pub mod blueking;
mod callback;
mod compose;
pub mod doctor;
mod error;
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
mod script;
mod settings;
pub mod stores;
mod turn;

pub use tokenward_core as core;

pub use api::{
    ApiClient, ApiError, ApiOptions, CallDelay, CallWatch, Caller, Echo, EndlessPages, HeldToken, Identity, Opened,
    Page, Pages,
};
pub use callback::{Callback, CallbackError, CallbackOutcome};
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
pub use script::{ScriptRefresh, ScriptTokens};
pub use settings::{
    AppRecord, Clause, ConfigEdit, CookieField, Desktop, Environment, Home, KeySource, Origin, Overrides, Own, Place,
    ProfileRecord, Registration, ResolvedProfile, SecretSource, Setting, Settings, SettingsError, Warning, issuer_of,
    parse_span, reference as settings_reference, secret_file,
};
pub use tokenward_vault::trusted::Distrust;
pub use turn::Recovered;

pub use tokenward_wire::{
    BadCall, Bearer, BrokenOff, Call, CallAnswer, CallBody, CallFault, CallOptions, CallRefusal, CallTrouble, Calls,
    FetchFault, Fetcher, ForwardHead, Forwarded, ForwardedBody, Incoming, NamedHost, Part, Reading, may_climb,
    readings, spellings,
};
