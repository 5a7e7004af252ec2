//! What was configured, layer by layer, and not yet looked at for one profile.

use std::collections::BTreeMap;

use tokenward_core::{AppName, BadSecret, Grant, ProfileName, ProviderName};

use super::error::{Origin, SettingsError, Warning};
use super::file::{ConfigFile, Entries, Value};
use super::home_folder::{self, Home, KeySource};
use super::parse_value::refused;
use super::presets::Preset;
use super::setting_definitions::{DEFAULT_PROFILE, Setting};
use super::text_utils;
use crate::{Environment, Registration, is_script_login};

/// What flags on the command line said, as typed.
#[derive(Debug, Clone, Default)]
pub struct Overrides(BTreeMap<Setting, String>);

impl Overrides {
    /// The same with one more, if it was given.
    #[must_use]
    pub fn with(mut self, setting: Setting, value: Option<impl Into<String>>) -> Self {
        if let Some(value) = value {
            self.0.insert(setting, value.into());
        }
        self
    }
}

/// Everything that was configured, and not yet looked at for one profile.
#[derive(Debug)]
pub struct Settings {
    pub(super) home: Home,
    pub(super) env: Environment,
    overrides: Overrides,
    pub(super) file: ConfigFile,
}

impl Settings {
    /// Reads `config.toml` of the home folder, if there is one.
    ///
    /// # Errors
    /// [`SettingsError`] when the file cannot be read or parsed, or holds a secret.
    pub fn load(home: Home, env: Environment, overrides: Overrides) -> Result<(Self, Vec<Warning>), SettingsError> {
        let (file, mut warnings) = ConfigFile::read(&home)?;
        warnings.extend(home_folder::strangers(&env));
        Ok((Self { home, env, overrides, file }, warnings))
    }

    /// Settings of a file that was read.
    pub(super) fn of_file(home: Home, env: Environment, overrides: Overrides, file: ConfigFile) -> Self {
        Self { home, env, overrides, file }
    }

    /// The home folder.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The environment that it was made from.
    pub(crate) const fn environment(&self) -> &Environment {
        &self.env
    }

    /// Where the key that the vault is sealed under comes from.
    ///
    /// # Errors
    /// [`SettingsError::BadSecret`] when `TOKENWARD_KEY` is set and holds none.
    pub fn key_source(&self) -> Result<KeySource, SettingsError> {
        KeySource::from_environment(&self.env)
    }

    /// The profiles of the file, each with the app it names.
    pub fn profiles(&self) -> impl Iterator<Item = (&ProfileName, Option<AppName>)> {
        let app = |entries: &Entries| entries.get(&Setting::App)?.text.parse().ok();
        self.file.profiles.iter().map(move |(name, entries)| (name, app(entries)))
    }

    /// Whether a name is neither that of a profile of the file nor the one that is meant: variables that describe an app say nothing of the
    /// logins that another program keeps under it.
    pub fn is_of_other_program(&self, name: &ProfileName, meant: Option<&ProfileName>) -> bool {
        let is_meant = self.selected(meant).is_ok_and(|selected| selected.base() == name.base());
        self.entries_of(name).is_none() && !is_meant
    }

    /// Whether neither the file nor the variables describe the app of a login: then those of another shell did.
    pub fn lacks_app_of(&self, login: &Grant) -> bool {
        let Some(name) = login.profile.as_ref().filter(|name| !name.is_of_many()) else { return false };
        self.profile(Some(name)).is_err()
            && self.entries_of(name).is_none()
            && !self.file.apps.contains_key(&login.app)
            && !is_script_login(login)
    }

    /// The profile that is meant: the name given, `--profile`, `TOKENWARD_PROFILE`, `default_profile`, the only one
    /// there is, or `default` where variables alone describe an app (in the folder of a Django site the name of the site's logins). It need
    /// not exist.
    ///
    /// # Errors
    /// [`SettingsError::WhichProfile`], [`SettingsError::NothingSetUp`], or a name that is none.
    pub fn selected(&self, name: Option<&ProfileName>) -> Result<ProfileName, SettingsError> {
        Ok(self.select(name)?.0)
    }

    /// The app that a profile names; a profile that variables alone describe names one of its own name.
    pub fn app_of(&self, profile: &ProfileName) -> Option<AppName> {
        match self.entries_of(profile) {
            Some(entries) => entries.get(&Setting::App)?.text.parse().ok(),
            None => profile.base().parse().ok(),
        }
    }

    /// What the file says of an app: its provider, its id and where its tokens come from. `None` where the file has no such app.
    pub fn registered(&self, app: &AppName) -> Option<Registration> {
        let entries = self.file.apps.get(app)?;
        let text = |setting| entries.get(&setting).map(|value| value.text.trim().trim_end_matches('/').to_owned());
        // A server that has a name of its own is one of them all.
        let provider = text(Setting::Provider).map(|name| match Preset::of(&name) {
            Some(_) => ProviderName::OAuth2.as_str().to_owned(),
            None => name,
        });
        Some(Registration::new(provider, text(Setting::AppId).unwrap_or_default(), text(Setting::AccountsUrl)))
    }

    /// What the file says of one setting of an app, for a question's default.
    pub fn app_says(&self, app: &AppName, setting: Setting) -> Option<&str> {
        Some(self.file.apps.get(app)?.get(&setting)?.text.as_str())
    }

    /// The id that the file gives the app of a profile.
    pub(crate) fn app_says_of(&self, profile: &ProfileName) -> Option<String> {
        let app = self.entries_of(profile)?.get(&Setting::App)?.text.parse().ok()?;
        self.app_says(&app, Setting::AppId).map(str::to_owned)
    }

    /// What the file says of one setting of a profile.
    pub fn profile_says(&self, profile: &ProfileName, setting: Setting) -> Option<&str> {
        Some(self.entries_of(profile)?.get(&setting)?.text.as_str())
    }

    /// The program that `watch` starts when a login needs a person.
    ///
    /// # Errors
    /// When the variable is not Unicode text.
    pub fn on_trouble(&self) -> Result<Option<String>, SettingsError> {
        let said = self.said(Setting::OnTrouble)?;
        Ok(said.or_else(|| self.file.top.get(&Setting::OnTrouble).cloned()).map(|value| value.text))
    }

    /// What the file says of a profile; a user's is that of the profile before the colon.
    pub(super) fn entries_of(&self, name: &ProfileName) -> Option<&Entries> {
        self.file.profiles.get(name).or_else(|| self.file.profiles.get(&name.base().parse().ok()?))
    }

    pub(super) fn select(&self, name: Option<&ProfileName>) -> Result<(ProfileName, Origin), SettingsError> {
        if let Some(name) = name {
            return Ok((name.clone(), Origin::Flag("--profile")));
        }
        let said = self.said(Setting::Profile)?;
        if let Some(value) = said.or_else(|| self.file.top.get(&Setting::Profile).cloned()) {
            let name = value
                .text
                .parse()
                .map_err(|_| SettingsError::BadName { origin: value.origin.clone(), name: value.text.clone() })?;
            return Ok((name, value.origin));
        }
        let by_variables = self.said(Setting::AppId)?.is_some();
        let mut names = self.file.profiles.keys();
        match (names.next(), names.next()) {
            (Some(only), None) => Ok((only.clone(), Origin::Default)),
            (Some(_), Some(_)) => Err(SettingsError::WhichProfile {
                known: self.file.profiles.keys().cloned().collect(),
                path: self.file.path.clone(),
            }),
            (None, _) if by_variables => Ok((self.of_variables()?, Origin::Default)),
            (None, _) => Err(SettingsError::NothingSetUp {
                path: self.file.path.clone(),
                home: self.home.state(),
                apps: self.file.apps.keys().cloned().collect(),
            }),
        }
    }

    /// The name of the profile that variables alone describe: `default`, but in the folder of a Django site with this app that of the site's
    /// own logins. A second login of the same user would end the first one's token at SSM.
    fn of_variables(&self) -> Result<ProfileName, SettingsError> {
        if let Some(id) = self.said(Setting::AppId)?
            && self.home.is_of_site(&id.text)
            && let Ok(name) = id.text.parse()
        {
            return Ok(name);
        }
        Ok(DEFAULT_PROFILE.parse().expect("a literal name"))
    }

    pub(super) fn unknown(&self, name: ProfileName, origin: Origin) -> SettingsError {
        let known: Vec<_> = self.file.profiles.keys().cloned().collect();
        let nearest = text_utils::nearest(name.as_str(), known.iter().map(ProfileName::as_str)).map(str::to_owned);
        SettingsError::UnknownProfile { name, origin, known, nearest }
    }

    /// What a flag or a variable says.
    pub(super) fn said(&self, setting: Setting) -> Result<Option<Value>, SettingsError> {
        if let Some(text) = self.overrides.0.get(&setting) {
            return Ok(Some(Value { text: text.clone(), origin: Origin::Flag(setting.handle()) }));
        }
        let Some(variable) = setting.variable() else { return Ok(None) };
        let Some(raw) = self.env.raw(variable).filter(|raw| !raw.is_empty()) else { return Ok(None) };
        let value = Value { text: raw.to_string_lossy().into_owned(), origin: Origin::Variable(variable) };
        if raw.to_str().is_none() {
            return Err(refused(&value, "it is not Unicode text", "不是 Unicode 文本"));
        }
        Ok(Some(value))
    }
}

impl Settings {
    /// A secret from its variable. One that is set and empty is an error: in CI an undefined secret is handed down
    /// as an empty text, and the login that follows would fail with a riddle.
    ///
    /// # Errors
    /// [`SettingsError::BadSecret`], which does not show it.
    pub fn secret_variable<T>(
        &self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Result<T, BadSecret>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(variable) = setting.variable() else { return Ok(None) };
        let Some(raw) = self.env.raw(variable) else { return Ok(None) };
        let bad = |reason| SettingsError::BadSecret { origin: Origin::Variable(variable), reason };
        parse(raw.to_str().ok_or_else(|| bad(BadSecret::Malformed))?).map(Some).map_err(bad)
    }
}
