//! Keeps OAuth logins alive: the library.
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
//! A [`Keeper`] (crate `tokenward-keeper`) hands out access tokens, refreshes grants in time and exactly once, logs people in and out,
//! and repairs what a crash left behind. It is built from ports (`tokenward_core::ports`); [`Session`] builds one
//! from a home folder with the provider and the store that come with Tokenward, and with the linked files of `tokenward-files` around
//! it.
//!
//! What enters: an [`App`](core::App), a grant, a wish. What leaves: an access token that is durable in the vault
//! (I2), or an [`Error`] that says what happened and what was kept. A crash at any step is repaired by the next
//! caller (I5).

pub mod blueking;
mod callback;
mod client;
mod compose;
pub mod doctor;
#[doc(hidden)]
pub mod hand_out;
mod settings;

pub use tokenward_core as core;
pub use tokenward_files::{links, secret_parsing, stores};

pub use callback::{Callback, CallbackError, CallbackOutcome, IgnoredCallback, LoginEnd, PageWords, prefers_chinese};
pub use client::{Builder, Client, Profile, open_default};
#[cfg(feature = "postgres")]
pub use compose::DatabaseOptions;
pub use compose::{
    AroundStore, BackedUp, BackupKey, DamagedLogin, Discovered, HandOut, Health, KeptVault, KeyOutcome, KnownApp,
    Repair, Replaced, Resealed, Restore, RestorePlan, Restored, RestoredKey, RestoredLogin, SeenLogin, ServerPlan,
    ServerSession, Session, SessionOptions, Stretch, SystemClock, SystemEntropy, VaultInfo, VaultKeySource, Verdict,
    WaitingAnswer, forget_hand_out, hand_out, kept_vaults, last_restore, remove_kept_vault, rewrap,
};
pub use settings::{
    AppRecord, BadKey, Clause, ConfigEdit, ConfigKey, ConfigTable, ConfigValue, CookieField, FilePosition, Home,
    HomeState, KeySource, Origin, Overrides, Own, Preset, ProfileRecord, ResolvedProfile, SecretSource, Setting,
    Settings, SettingsError, Warning, Webhook, check_config, check_secret_file, is_loopback, issuer_of,
    missing_setting, parse_span, reference as settings_reference, secret_file, travels_in_clear,
};
pub use tokenward_files::{
    Desktop, Environment, ScriptRefresh, ScriptTokens, is_of_a_script, is_script_login, script_file,
};
#[cfg(feature = "middleware")]
pub use tokenward_keeper::TokenMiddleware;
pub use tokenward_keeper::{
    ApiClient, ApiError, ApiOptions, CallDelay, CallObserver, Caller, Consent, Echo, EndlessPages, Error, ExchangeKind,
    ExchangeOutcome, HeldToken, Identity, Keeper, KeeperOptions, KeptState, LoginAttempt, LoginReport, LoginRequest,
    LoginWithoutProfile, Looking, NoObserver, NoSurroundings, Notice, Observer, Obtain, Opened, Page, Pages, Parts,
    Processes, Recovered, Registration, Registrations, Report, RotationStep, ServedToken, Surroundings, TokenHolder,
};
pub use tokenward_vault::trusted::Distrust;

pub use tokenward_wire::{
    BadCall, Bearer, BrokenOff, Call, CallAnswer, CallBody, CallFault, CallOptions, CallRefusal, CallTrouble, Calls,
    CodeMeaning, FetchFault, Fetcher, ForwardHead, Forwarded, ForwardedBody, Incoming, KnownAnswer, MessageAnswer,
    MessageSender, NamedHost, Part, Proxies, Reading, known_answer_names, known_answers, may_climb, readings,
    spellings,
};
