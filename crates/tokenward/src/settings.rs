//! What a person configures, from four layers in a fixed order: flag, variable, `config.toml`, default.
//!
//! Enters: the environment as a value, the flags, the file. Leaves: a [`ResolvedProfile`] with every question
//! answered, or one error that names the place and says what to do; and warnings for what works but was probably
//! not meant. No secret is accepted in the file (I4), and none is shown by any message of this module. Nothing is
//! written except by [`ConfigEdit`], which replaces the file as a whole: a crash leaves the old one or the new one.

mod edit;
mod environment;
mod error;
mod file;
pub(crate) mod hosts;
mod platform;
mod profile;
mod rules;
mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_platforms;
mod text;
pub(crate) mod trusted;

use std::collections::BTreeMap;

use tokenward_core::{AppName, Brand, Hosts, ProfileName, ProviderName, Rules};
use tokenward_wire::AuthApiOptions;

pub use edit::{AppRecord, ConfigEdit, ProfileRecord};
pub use environment::{Home, KeySource};
pub use error::{Clause, Origin, Place, SettingsError, Warning};
pub use hosts::{issuer_of, travels_in_clear};
pub use platform::CookieField;
pub use profile::{ResolvedProfile, SecretSource};
pub use table::{Setting, reference};
pub use text::parse_span;
pub use trusted::secret_file;

use crate::{Environment, Registration};
use file::{ConfigFile, Value};
use profile::{Resolver, refused};

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

/// What the settings have the last word on, app by app.
#[derive(Debug, Clone, Default)]
pub struct Own {
    pub(crate) rules: BTreeMap<AppName, Rules>,
    pub(crate) auth_api: BTreeMap<AppName, AuthApiOptions>,
}

impl From<BTreeMap<AppName, Rules>> for Own {
    fn from(rules: BTreeMap<AppName, Rules>) -> Self {
        Self { rules, ..Self::default() }
    }
}

/// Everything that was configured, and not yet looked at for one profile.
#[derive(Debug)]
pub struct Settings {
    home: Home,
    env: Environment,
    overrides: Overrides,
    file: ConfigFile,
}

impl Settings {
    /// Reads `config.toml` of the home folder, if there is one.
    ///
    /// # Errors
    /// [`SettingsError`] when the file cannot be read or parsed, or holds a secret.
    pub fn load(home: Home, env: Environment, overrides: Overrides) -> Result<(Self, Vec<Warning>), SettingsError> {
        let (file, mut warnings) = ConfigFile::read(&home)?;
        warnings.extend(environment::strangers(&env));
        Ok((Self { home, env, overrides, file }, warnings))
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
        let app = |entries: &file::Entries| entries.get(&Setting::App)?.text.parse().ok();
        self.file.profiles.iter().map(move |(name, entries)| (name, app(entries)))
    }

    /// The profile that is meant: the name given, `--profile`, `TOKENWARD_PROFILE`, `default_profile`, the only one
    /// there is, or `default` where variables alone describe an app. It need not exist.
    ///
    /// # Errors
    /// [`SettingsError::WhichProfile`], [`SettingsError::NothingSetUp`], or a name that is none.
    pub fn selected(&self, name: Option<&ProfileName>) -> Result<ProfileName, SettingsError> {
        Ok(self.select(name)?.0)
    }

    /// A profile with every question answered.
    ///
    /// # Errors
    /// [`SettingsError`]: the first thing that is missing or cannot be used.
    pub fn profile(&self, name: Option<&ProfileName>) -> Result<ResolvedProfile, SettingsError> {
        let (name, origin) = self.select(name)?;
        let Some(entries) = self.entries_of(&name) else {
            // Variables make a profile of any name where the file has none; beside a file's profiles, only one that the
            // variables name as well, so that a mistyped --profile is not taken for a new one.
            let named = self.file.profiles.is_empty() || matches!(origin, Origin::Variable(_));
            if !named || self.said(Setting::AppId)?.is_none() {
                return Err(self.unknown(name, origin));
            }
            let app = name.base().parse().map_err(|_| SettingsError::BadName { origin, name: name.to_string() })?;
            return Resolver::new(self, None, None).resolve(name, app);
        };
        let app = entries
            .get(&Setting::App)
            .ok_or_else(|| SettingsError::Missing { setting: Setting::App, profile: name.clone() })?;
        let app_name: AppName = app
            .text
            .parse()
            .map_err(|_| SettingsError::BadName { origin: app.origin.clone(), name: app.text.clone() })?;
        let Some(app_entries) = self.file.apps.get(&app_name) else {
            let nearest =
                text::nearest(app_name.as_str(), self.file.apps.keys().map(AppName::as_str)).map(str::to_owned);
            return Err(SettingsError::UnknownApp { origin: app.origin.clone(), app: app_name, nearest });
        };
        Resolver::new(self, Some(entries), Some(app_entries)).resolve(name, app_name)
    }

    /// Brand and hosts where no profile stands behind a call: by flag or variable, else Feishu's own.
    ///
    /// # Errors
    /// [`SettingsError`]: what cannot be used.
    pub fn brand_and_hosts(&self) -> Result<(Brand, Hosts), SettingsError> {
        Resolver::new(self, None, None).brand_and_hosts()
    }

    /// The app that a profile names; a profile that variables alone describe names one of its own name.
    pub fn app_of(&self, profile: &ProfileName) -> Option<AppName> {
        match self.entries_of(profile) {
            Some(entries) => entries.get(&Setting::App)?.text.parse().ok(),
            None => profile.base().parse().ok(),
        }
    }

    /// What the settings have the last word on: the rules rows of apps at servers that Tokenward does not know, and what is known of
    /// an installation's auth api. What cannot be used is left out; whoever uses its app is told when the profile is looked up.
    pub fn own(&self) -> Own {
        let mut own = Own::default();
        let mut add = |name: AppName, resolver: Resolver<'_>| match resolver.provider() {
            Ok(ProviderName::OAuth2) => {
                if let Ok(rules) = resolver.rules() {
                    own.rules.insert(name, rules);
                }
            }
            Ok(ProviderName::BlueKing) => {
                if let Ok(options) = resolver.auth_api() {
                    own.auth_api.insert(name, options);
                }
            }
            Ok(ProviderName::Feishu | ProviderName::Lark) | Err(_) => {}
        };
        for (name, entries) in &self.file.apps {
            add(name.clone(), Resolver::new(self, None, Some(entries)));
        }
        if let Ok(Some(_)) = self.said(Setting::AppId)
            && let Ok(profile) = self.selected(None)
            && self.entries_of(&profile).is_none()
            && let Some(name) = self.app_of(&profile)
        {
            add(name, Resolver::new(self, None, None));
        }
        own
    }

    /// What the file says of an app: its provider, its id and where its tokens come from. `None` where the file has no such app.
    pub fn registered(&self, app: &AppName) -> Option<Registration> {
        let entries = self.file.apps.get(app)?;
        let text = |setting| entries.get(&setting).map(|value| value.text.trim().trim_end_matches('/').to_owned());
        Some(Registration::new(
            text(Setting::Provider),
            text(Setting::AppId).unwrap_or_default(),
            text(Setting::AccountsUrl),
        ))
    }

    /// What the file says of one setting of an app, for a question's default.
    pub fn app_says(&self, app: &AppName, setting: Setting) -> Option<&str> {
        Some(self.file.apps.get(app)?.get(&setting)?.text.as_str())
    }

    /// What the file says of one setting of a profile.
    pub fn profile_says(&self, profile: &ProfileName, setting: Setting) -> Option<&str> {
        Some(self.entries_of(profile)?.get(&setting)?.text.as_str())
    }

    /// What the file says of a profile; a user's is that of the profile before the colon.
    fn entries_of(&self, name: &ProfileName) -> Option<&file::Entries> {
        self.file.profiles.get(name).or_else(|| self.file.profiles.get(&name.base().parse().ok()?))
    }

    fn select(&self, name: Option<&ProfileName>) -> Result<(ProfileName, Origin), SettingsError> {
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
            (None, _) if by_variables => Ok((DEFAULT_PROFILE.parse().expect("a literal name"), Origin::Default)),
            (None, _) => Err(SettingsError::NothingSetUp { path: self.file.path.clone() }),
        }
    }

    fn unknown(&self, name: ProfileName, origin: Origin) -> SettingsError {
        let known: Vec<_> = self.file.profiles.keys().cloned().collect();
        let nearest = text::nearest(name.as_str(), known.iter().map(ProfileName::as_str)).map(str::to_owned);
        SettingsError::UnknownProfile { name, origin, known, nearest }
    }

    /// What a flag or a variable says.
    fn said(&self, setting: Setting) -> Result<Option<Value>, SettingsError> {
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

/// What the profile of variables alone is called.
const DEFAULT_PROFILE: &str = "default";
