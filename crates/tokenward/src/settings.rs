//! What a person configures, from four layers in a fixed order: flag, variable, `config.toml`, default.
//!
//! Enters: the environment as a value, the flags, the file. Leaves: a [`ResolvedProfile`] with every question
//! answered, or one error that names the place and says what to do; and warnings for what works but was probably
//! not meant. No secret is accepted in the file (I4), and none is shown by any message of this module. Nothing is
//! written except by [`ConfigEdit`], which replaces the file as a whole: a crash leaves the old one or the new one.

mod config_check;
mod config_key;
mod cookie_field;
mod edit;
mod environment;
mod error;
mod file;
pub(crate) mod hosts;
mod loaded;
mod platform;
mod presets;
mod profile;
mod reference_page;
mod resolver;
mod rules;
mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_platforms;
mod text;
pub(crate) mod trusted;
mod values;

pub use config_check::{ConfigValue, check_config, check_secret_file};
pub use config_key::{BadKey, ConfigKey, ConfigTable};
pub use cookie_field::CookieField;
pub use edit::{AppRecord, ConfigEdit, ProfileRecord};
pub use environment::{Home, KeySource};
pub use error::{Clause, FilePosition, HomeState, Origin, SettingsError, Warning};
pub use hosts::{is_loopback, issuer_of, travels_in_clear};
pub use loaded::{Overrides, Settings};
pub use presets::Preset;
pub use profile::{Own, ResolvedProfile, SecretSource};
pub use reference_page::reference;
pub use table::Setting;
pub use text::parse_span;
pub use trusted::secret_file;
