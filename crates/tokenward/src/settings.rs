//! What a person configures, from four layers in a fixed order: flag, variable, `config.toml`, default.
//!
//! Enters: the environment as a value, the flags, the file. Leaves: a [`ResolvedProfile`] with every question
//! answered, or one error that names the place and says what to do; and warnings for what works but was probably
//! not meant. No secret is accepted in the file (I4), and none is shown by any message of this module. Nothing is
//! written except by [`ConfigEdit`], which replaces the file as a whole: a crash leaves the old one or the new one.

mod config_check;
mod cookie_field;
mod dotted_key;
mod edit;
mod error;
mod file;
pub(crate) mod file_ownership;
mod home_folder;
pub(crate) mod host_urls;
mod loaded;
mod one_app_variables;
mod parse_value;
mod presets;
mod provider_specific_settings;
mod reference_page;
mod refresh_token_rules;
mod resolved_profile;
mod resolver;
mod setting_definitions;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_providers;
mod text_utils;
mod webhooks;

pub use config_check::{ConfigValue, check_config, check_secret_file, missing_setting};
pub use cookie_field::CookieField;
pub use dotted_key::{BadKey, ConfigKey, ConfigTable};
pub use edit::{AppRecord, ConfigEdit, ProfileRecord};
pub use error::{Clause, FilePosition, HomeState, Origin, SettingsError, Warning};
pub use file_ownership::secret_file;
pub use home_folder::{Home, KeySource};
pub use host_urls::{is_loopback, issuer_of, travels_in_clear};
pub use loaded::{Overrides, Settings};
pub use presets::Preset;
pub use reference_page::reference;
pub use resolved_profile::{Own, ResolvedProfile, SecretSource};
pub use setting_definitions::Setting;
pub use text_utils::parse_span;
pub use webhooks::Webhook;
