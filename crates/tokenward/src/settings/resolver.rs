//! Looks values up for one profile.

use tokenward_core::BadSecret;

use super::edit::AppRecord;
use super::error::{SettingsError, Warning};
use super::file::{Entries, Value};
use super::loaded::Settings;
use super::presets::Preset;
use super::setting_definitions::Setting;
use crate::Registration;

/// Looks values up for one profile, and collects warnings on the way.
pub(super) struct Resolver<'a> {
    pub(super) settings: &'a Settings,
    pub(super) profile: Option<&'a Entries>,
    pub(super) app: Option<&'a Entries>,
    pub(super) warnings: Vec<Warning>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(settings: &'a Settings, profile: Option<&'a Entries>, app: Option<&'a Entries>) -> Self {
        Self { settings, profile, app, warnings: Vec::new() }
    }

    pub(super) fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Flag, variable, profile, app.
    pub(super) fn look(&self, setting: Setting) -> Result<Option<Value>, SettingsError> {
        let found = match self.settings.said(setting)? {
            Some(value) => Some(value),
            None => self.in_file(setting).cloned(),
        };
        match setting {
            Setting::AccountsUrl | Setting::Scopes | Setting::Rules => self.filled(setting, found),
            _ => Ok(found),
        }
    }

    /// The same with what is known of a server that the provider's name stands for: `TOKENWARD_PROVIDER=gitlab` without `init`.
    fn filled(&self, setting: Setting, found: Option<Value>) -> Result<Option<Value>, SettingsError> {
        let Some(provider) = self.look(Setting::Provider)? else { return Ok(found) };
        let Some(preset) = Preset::of(provider.text.trim()) else { return Ok(found) };
        let (said, origin) = found.map_or((None, provider.origin), |value| (Some(value.text), value.origin));
        let record = preset.fill(&AppRecord::default().with(setting, said));
        Ok(record.get(setting).map(|text| Value { text: text.to_owned(), origin }))
    }

    /// What the file says, whatever a flag or a variable says.
    pub(super) fn in_file(&self, setting: Setting) -> Option<&Value> {
        [self.profile, self.app].into_iter().flatten().find_map(|entries| entries.get(&setting))
    }

    /// Whether an app is said to be this one, word for word.
    pub(super) fn says(&self, known: &Registration) -> bool {
        let text = |setting| Some(self.look(setting).ok()??.text);
        text(Setting::AppId).is_some_and(|id| id.trim() == known.client_id)
            && known.provider.as_deref().is_none_or(|name| self.provider().is_ok_and(|said| said.as_str() == name))
            && known.accounts.as_deref().is_none_or(|address| {
                text(Setting::AccountsUrl).is_some_and(|said| said.trim().trim_end_matches('/') == address)
            })
    }

    /// A secret from its variable.
    pub(super) fn secret_variable<T>(
        &self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Result<T, BadSecret>,
    ) -> Result<Option<T>, SettingsError> {
        self.settings.secret_variable(setting, parse)
    }
}
