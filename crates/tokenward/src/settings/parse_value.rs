//! A value that cannot be used, and one that is among a few.

use super::error::{Clause, SettingsError};
use super::file::Value;

pub(super) fn refused(value: &Value, en: &'static str, zh: &'static str) -> SettingsError {
    SettingsError::bad_value(&value.origin, &value.text, Clause::new(en, zh))
}

pub(super) fn parse<T: std::str::FromStr>(
    value: &Value,
    en: &'static str,
    zh: &'static str,
) -> Result<T, SettingsError> {
    value.text.trim().parse().map_err(|_| refused(value, en, zh))
}
