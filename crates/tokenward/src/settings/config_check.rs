//! What `config.toml` says, key by key, and what is wrong with one that somebody wants to have.
//!
//! Enters: a key, or the text of a file. Leaves: the value with its line, or the first thing that makes the text unusable and that was not
//! so before. It is read and looked up by the same code as when a command runs, with no variables and no flags.

use tokenward_core::{AppName, ProfileName};

use super::dotted_key::{ConfigKey, ConfigTable};
use super::error::{Origin, SettingsError, Warning};
use super::file::{ConfigFile, Entries, Value};
use super::home_folder::Home;
use super::loaded::{Overrides, Settings};
use super::resolved_profile::SecretSource;
use super::resolver::Resolver;
use super::setting_definitions::Setting;
use crate::Environment;

/// What the file says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigValue {
    /// The key.
    pub key: ConfigKey,
    /// The value, lists and tables in the form in which a variable says the same.
    pub text: String,
    /// The line, from one.
    pub line: usize,
}

impl Settings {
    /// What the file says of a key.
    pub fn file_says(&self, key: &ConfigKey) -> Option<ConfigValue> {
        let entries = match &key.table {
            ConfigTable::Top => Some(&self.file.top),
            ConfigTable::App(name) => self.file.apps.get(name),
            ConfigTable::Profile(name) => self.file.profiles.get(name),
            ConfigTable::Webhook(name) => self.file.webhooks.get(name),
        };
        entries?.get(&key.setting).map(|value| found(key.clone(), value))
    }

    /// All that the file says, in its order.
    pub fn file_says_all(&self) -> Vec<ConfigValue> {
        let of = |table: ConfigTable, entries: &Entries| {
            let keys = ConfigKey::of_table(&table).collect::<Vec<_>>();
            keys.into_iter().filter_map(|key| Some(found(key.clone(), entries.get(&key.setting)?))).collect::<Vec<_>>()
        };
        let mut all = of(ConfigTable::Top, &self.file.top);
        all.extend(self.file.apps.iter().flat_map(|(name, entries)| of(ConfigTable::App(name.clone()), entries)));
        let profiles = self.file.profiles.iter();
        all.extend(profiles.flat_map(|(name, entries)| of(ConfigTable::Profile(name.clone()), entries)));
        let webhooks = self.file.webhooks.iter();
        all.extend(webhooks.flat_map(|(name, entries)| of(ConfigTable::Webhook(name.clone()), entries)));
        all.sort_by_key(|value| value.line);
        all
    }

    /// The tables of the file, the top among them.
    pub fn config_tables(&self) -> Vec<ConfigTable> {
        let apps = self.file.apps.keys().cloned().map(ConfigTable::App);
        let profiles = self.file.profiles.keys().cloned().map(ConfigTable::Profile);
        let webhooks = self.file.webhooks.keys().cloned().map(ConfigTable::Webhook);
        std::iter::once(ConfigTable::Top).chain(apps).chain(profiles).chain(webhooks).collect()
    }

    /// The settings of a text that stands for the file, with no variables and no flags.
    fn of_text(home: &Home, text: &str) -> Result<(Self, Vec<Warning>), SettingsError> {
        let (file, warnings) = ConfigFile::parse(&home.config(), text)?;
        let env = Environment::new(Vec::<(String, String)>::new());
        Ok((Self::of_file(home.clone(), env, Overrides::default(), file), warnings))
    }

    /// What is wrong with the values of the file: of each profile and of each app that none names. Secrets are not looked at.
    fn flaws(mut self) -> Vec<SettingsError> {
        let named: Vec<AppName> = self.profiles().filter_map(|(_, app)| app).collect();
        let alone: Vec<AppName> = self.file.apps.keys().filter(|app| !named.contains(app)).cloned().collect();
        for app in alone {
            // A profile that nobody has, so that the app is looked at.
            let Ok(name) = app.as_str().parse::<ProfileName>() else { continue };
            let value = Value { text: app.to_string(), origin: Origin::Default };
            self.file.profiles.entry(name).or_insert_with(|| Entries::from([(Setting::App, value)]));
        }
        let profiles: Vec<ProfileName> = self.file.profiles.keys().cloned().collect();
        let mut flaws: Vec<SettingsError> = profiles.iter().filter_map(|name| self.profile(Some(name)).err()).collect();
        flaws.extend(self.webhook_flaws());
        if self.file.top.contains_key(&Setting::Profile) {
            flaws.extend(
                self.profile(None).err().filter(|flaw| {
                    matches!(flaw, SettingsError::UnknownProfile { .. } | SettingsError::BadName { .. })
                }),
            );
        }
        flaws
    }
}

/// Reads a text that is to become the file, by the rules by which the file is read, and looks at every profile and app of it. What was
/// wrong with the file before is no reason against it, and neither is a setting that is still missing: a file is written key by key.
///
/// # Errors
/// [`SettingsError`]: what makes the text, or a value in it, unusable.
pub fn check_config(home: &Home, before: &str, after: &str) -> Result<Vec<Warning>, SettingsError> {
    let (settings, warnings) = Settings::of_text(home, after)?;
    let told = |flaw: &SettingsError| without_lines(&flaw.to_string());
    let known: Vec<String> = match Settings::of_text(home, before) {
        Ok((settings, _)) => settings.flaws().iter().map(told).collect(),
        Err(_) => Vec::new(),
    };
    let new = settings.flaws().into_iter().find(|flaw| {
        !matches!(flaw, SettingsError::Missing { .. } | SettingsError::OtherHostMissing { .. })
            && !known.contains(&told(flaw))
    });
    match new {
        Some(flaw) => Err(flaw),
        None => Ok(warnings),
    }
}

/// What a text lacks that is to become the file, and that was there before: a key that was taken out of it had to be there.
pub fn missing_setting(home: &Home, before: &str, after: &str) -> Option<SettingsError> {
    let flaws = |text| Settings::of_text(home, text).map(|(settings, _)| settings.flaws()).unwrap_or_default();
    let told = |flaw: &SettingsError| without_lines(&flaw.to_string());
    let known: Vec<String> = flaws(before).iter().map(told).collect();
    flaws(after).into_iter().find(|flaw| {
        matches!(flaw, SettingsError::Missing { .. } | SettingsError::OtherHostMissing { .. })
            && !known.contains(&told(flaw))
    })
}

/// Looks at the file that a text names for an app's secret, as it is looked at when the secret is needed: whether it is there, is for its
/// owner alone to write, and holds a secret. Another key needs no look.
///
/// # Errors
/// [`SettingsError`]: why the secret could not be had from it.
pub fn check_secret_file(settings: &Settings, after: &str, key: &ConfigKey) -> Result<Option<Warning>, SettingsError> {
    let (Setting::AppSecretFile, ConfigTable::App(app)) = (key.setting, &key.table) else { return Ok(None) };
    let (file, _) = ConfigFile::parse(&settings.home().config(), after)?;
    let Some(value) = file.apps.get(app).and_then(|entries| entries.get(&Setting::AppSecretFile)) else {
        return Ok(None);
    };
    let path = Resolver::new(settings, None, None).placed(&value.text, &value.origin);
    let source = SecretSource::File { path, origin: value.origin.clone(), home: settings.home().path().to_owned() };
    Ok(source.look()?.1)
}

/// A sentence without the numbers of lines, which a change above moves.
fn without_lines(text: &str) -> String {
    let mut parts = text.split(" line ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + " line " + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn found(key: ConfigKey, value: &Value) -> ConfigValue {
    let line = match &value.origin {
        Origin::File(place) => place.line,
        _ => 0,
    };
    ConfigValue { key, text: value.text.clone(), line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wrong_before_is_no_reason_and_what_is_wrong_now_is() {
        let home = Home::at(std::path::Path::new("/nowhere"));
        let good = "[apps.a]\napp_id = \"cli_1\"\n[profiles.a]\napp = \"a\"\n";
        let bad = |text: &str| check_config(&home, good, text).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(bad(good), Ok(()));
        assert!(bad(&good.replace("cli_1\"", "cli_1\"\nprovider = \"feishoo\"")).unwrap_err().contains("feishoo"));
        assert!(bad(&good.replace("app = \"a\"", "app = \"b\"")).unwrap_err().contains("apps.b"));
        assert!(bad("[apps.a").unwrap_err().contains("line 1"));
        // Nothing names it yet.
        assert!(
            bad(&format!("{good}[apps.b]\napp_id = \"x\"\nprovider = \"feishoo\"\n")).unwrap_err().contains("feishoo")
        );
        assert!(bad(&format!("default_profile = \"c\"\n{good}")).unwrap_err().contains("\"c\""));
        // What is missing comes later, where a file is written key by key; where a key is taken out, it is what was wanted.
        let without = good.replace("app_id = \"cli_1\"\n", "");
        assert_eq!(bad(&without), Ok(()));
        assert!(matches!(
            missing_setting(&home, good, &without),
            Some(SettingsError::Missing { setting: Setting::AppId, .. })
        ));
        let without = good.replace("app = \"a\"\n", "");
        assert!(missing_setting(&home, good, &without).is_some());
        assert!(missing_setting(&home, good, good).is_none() && missing_setting(&home, &without, &without).is_none());
        // A flaw that was there may move, and another key may be set meanwhile.
        let flawed = good.replace("cli_1\"", "cli_1\"\nprovider = \"feishoo\"");
        assert!(check_config(&home, &flawed, &format!("on_trouble = \"x\"\n{flawed}")).is_ok());
        assert!(check_config(&home, &flawed, &format!("{flawed}[profiles.b]\napp = \"c\"\n")).is_err());
    }
}
