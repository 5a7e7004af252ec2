//! placeholder
mod callback;
mod settings;

pub use callback::{Callback, CallbackError, CallbackOutcome};
pub use settings::{
    AppRecord, Clause, ConfigEdit, Environment, Home, KeySource, Origin, Overrides, Place, ProfileRecord,
    ResolvedProfile, SecretSource, Setting, Settings, SettingsError, Warning, reference as settings_reference,
};
