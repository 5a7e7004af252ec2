//! A profile with everything filled in.
//!
//! Every value is looked up in the same order: flag, variable, file, default. What cannot be used is refused here,
//! before anything is sent: a mixed-up brand would be answered with 20046, and a secret could go to the wrong host.

use std::path::{Path, PathBuf};

use tokenward_core::{
    App, AppName, AppSecret, BadSecret, BlueKingApp, ClientAuthentication, Hosts, OAuth2App, Platform, ProfileName,
    ProviderName, RedirectUri, Rules, Scopes, ScopesError, TokenApi, Words,
};
use tokenward_wire::AuthApiOptions;
use url::Url;

use super::Settings;
use super::error::{Clause, Origin, SettingsError, Warning};
use super::file::{Entries, Value};
use super::hosts;
use super::platform::{CookieField, Resolved};
use super::table::Setting;
use super::trusted;
use crate::given;

/// A profile, ready for use but for the app's secret.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResolvedProfile {
    /// The profile's name.
    pub name: ProfileName,
    /// The app's name.
    pub app_name: AppName,
    /// The hosts it is used through.
    pub hosts: Hosts,
    /// `client_id`.
    pub client_id: String,
    /// The token endpoint family for new logins.
    pub token_api: TokenApi,
    /// What only its kind of provider knows.
    pub platform: Platform,
    /// Where the browser comes back to after a login.
    pub redirect_uri: RedirectUri,
    /// Whether somebody said so: a flag, a variable or the configuration.
    pub redirect_is_said: bool,
    /// What a login asks for, without `offline_access` unless it was written.
    pub scopes: Scopes,
    /// What is known of the auth api of this installation.
    pub auth_api: AuthApiOptions,
    /// What proves a user to `BlueKing`'s token service, in the dialects without a login page.
    pub cookies: Vec<CookieField>,
    /// The rules row, where the settings have the last word on it.
    pub rules: Option<Rules>,
    /// Where the app's secret is.
    pub secret: SecretSource,
    /// What works and is probably not what was meant.
    pub warnings: Vec<Warning>,
}

/// Where an app's secret is.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// It was given in the environment.
    Given(AppSecret),
    /// It is in a file.
    File {
        /// The file.
        path: PathBuf,
        /// Where the file is named.
        origin: Origin,
        /// The home folder, whose owner's files are believed.
        home: PathBuf,
    },
    /// `tokenward init` sealed it in the vault.
    Vault,
}

impl SecretSource {
    /// The secret, where it is outside the vault. `None` sends the caller to the vault.
    ///
    /// # Errors
    /// [`SettingsError::SecretUnreadable`], [`SettingsError::NotTrusted`] or [`SettingsError::BadSecret`] for a file that cannot be
    /// used.
    pub fn read(&self) -> Result<Option<AppSecret>, SettingsError> {
        Ok(self.look()?.0)
    }

    /// The same with what there is to say about the file.
    ///
    /// # Errors
    /// As [`SecretSource::read`].
    pub fn look(&self) -> Result<(Option<AppSecret>, Option<Warning>), SettingsError> {
        match self {
            Self::Given(secret) => Ok((Some(secret.clone()), None)),
            Self::File { path, origin, home } => {
                let (text, warning) = trusted::secret_text(home, path, origin)?;
                let bad = |reason| SettingsError::BadSecret { origin: origin.clone(), reason };
                Ok((Some(given::app_secret(text.as_str()).map_err(bad)?), warning))
            }
            Self::Vault => Ok((None, None)),
        }
    }
}

impl ResolvedProfile {
    /// The provider, as settings name it.
    pub const fn provider(&self) -> ProviderName {
        self.platform.name()
    }

    /// The app's own addresses that are spoken to in clear text over a network, because its registration permits it.
    pub fn in_clear(&self) -> Vec<String> {
        let Platform::BlueKing(BlueKingApp { allow_http: true, .. }) = &self.platform else { return Vec::new() };
        let mut found = Vec::new();
        for url in [&self.hosts.accounts, &self.hosts.open] {
            let place = url[url::Position::BeforeScheme..url::Position::BeforePath].to_owned();
            if hosts::travels_in_clear(url) && !found.contains(&place) {
                found.push(place);
            }
        }
        found
    }

    /// Whether the app has a secret at all; a public client has none.
    pub const fn has_secret(&self) -> bool {
        !matches!(&self.platform, Platform::OAuth2(OAuth2App { authentication: Some(ClientAuthentication::None), .. }))
    }

    /// The scopes that a login asks for. Feishu and Lark issue a refresh token only to those who ask for `offline_access`
    /// (reference/feishu.md §3.1), so it is added there; another server would refuse a scope it does not know.
    ///
    /// # Errors
    /// [`ScopesError::TooMany`]
    pub fn login_scopes(&self, scopes: Scopes) -> Result<Scopes, ScopesError> {
        if self.provider().brand().is_some() { scopes.for_login() } else { Ok(scopes) }
    }

    /// The app, now that its secret is known. `None` is for a public client.
    pub fn app(&self, secret: Option<AppSecret>) -> App {
        App {
            name: self.app_name.clone(),
            hosts: self.hosts.clone(),
            client_id: self.client_id.clone(),
            secret,
            token_api: self.token_api,
            platform: self.platform.clone(),
        }
    }
}

/// Looks values up for one profile, and collects warnings on the way.
pub(super) struct Resolver<'a> {
    settings: &'a Settings,
    profile: Option<&'a Entries>,
    app: Option<&'a Entries>,
    warnings: Vec<Warning>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(settings: &'a Settings, profile: Option<&'a Entries>, app: Option<&'a Entries>) -> Self {
        Self { settings, profile, app, warnings: Vec::new() }
    }

    pub(super) fn resolve(mut self, name: ProfileName, app_name: AppName) -> Result<ResolvedProfile, SettingsError> {
        let Resolved { hosts, token_api, platform, cookies, rules, auth_api } = self.platform(&name)?;
        Ok(ResolvedProfile {
            client_id: self.client_id(&name)?,
            scopes: self.scopes(platform.name())?,
            secret: self.secret()?,
            redirect_is_said: self.look(Setting::RedirectUri)?.is_some(),
            redirect_uri: self.redirect_uri()?,
            name,
            app_name,
            hosts,
            token_api,
            platform,
            cookies,
            rules,
            auth_api,
            warnings: self.warnings,
        })
    }

    pub(super) fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Flag, variable, profile, app.
    pub(super) fn look(&self, setting: Setting) -> Result<Option<Value>, SettingsError> {
        if let Some(value) = self.settings.said(setting)? {
            return Ok(Some(value));
        }
        Ok(self.in_file(setting).cloned())
    }

    /// What the file says, whatever a flag or a variable says.
    pub(super) fn in_file(&self, setting: Setting) -> Option<&Value> {
        [self.profile, self.app].into_iter().flatten().find_map(|entries| entries.get(&setting))
    }

    /// An address that the app's secret and tokens are sent to.
    pub(super) fn url(&self, setting: Setting) -> Result<Option<(Url, Origin)>, SettingsError> {
        let Some(value) = self.look(setting)? else { return Ok(None) };
        let url = hosts::parse_url(&value)?;
        if !self.allow_http()? {
            hosts::refuse_clear_text(&url, &value, self.provider()?)?;
        }
        Ok(Some((url, value.origin)))
    }

    /// To the letter as it is written: providers compare it so.
    fn redirect_uri(&mut self) -> Result<RedirectUri, SettingsError> {
        let Some(value) = self.look(Setting::RedirectUri)? else {
            return Ok(DEFAULT_REDIRECT.parse().expect("a literal URL"));
        };
        let url = hosts::parse_url(&value)?;
        if hosts::travels_in_clear(&url) {
            let url = value.text.trim().to_owned();
            self.warnings.push(Warning::NotEncrypted { origin: value.origin.clone(), url });
        }
        RedirectUri::usable(&value.text).map_err(|flaw| {
            let Words { en, zh } = flaw.advice();
            refused(&value, en, zh)
        })
    }

    fn client_id(&self, profile: &ProfileName) -> Result<String, SettingsError> {
        let value = self
            .look(Setting::AppId)?
            .ok_or_else(|| SettingsError::Missing { setting: Setting::AppId, profile: profile.clone() })?;
        let text = value.text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let en = "an app's id is visible ASCII without spaces, at Feishu and Lark cli_ and 16 letters or digits";
            let zh = "应用的 ID 由可见 ASCII 字符组成且不含空格；飞书和 Lark 的形如 cli_ 加 16 个字母或数字";
            return Err(refused(&value, en, zh));
        }
        Ok(text.to_owned())
    }

    fn scopes(&mut self, provider: ProviderName) -> Result<Scopes, SettingsError> {
        let Some(value) = self.look(Setting::Scopes)? else { return Ok(Scopes::default()) };
        let bad = |reason| SettingsError::BadScopes { origin: value.origin.clone(), reason };
        let (scopes, commas) = Scopes::parse(&value.text).map_err(bad)?;
        // Checked now, so that a profile that can never log in is known before anybody tries.
        if provider.brand().is_some() {
            scopes.clone().for_login().map_err(bad)?;
        }
        if commas {
            self.warnings.push(Warning::CommasInScopes { origin: value.origin });
        }
        Ok(scopes)
    }

    /// A file named on the command line, then the variables, then the file named in the configuration.
    fn secret(&self) -> Result<SecretSource, SettingsError> {
        let named = self.look(Setting::AppSecretFile)?;
        if !matches!(named, Some(Value { origin: Origin::Flag(_), .. })) {
            let given = self.secret_variable(Setting::AppSecret, |text| given::app_secret(text))?;
            if let Some(secret) = given {
                return Ok(SecretSource::Given(secret));
            }
        }
        Ok(match named {
            None => SecretSource::Vault,
            Some(Value { text, origin }) => SecretSource::File {
                path: self.placed(&text, &origin),
                origin,
                home: self.settings.home.path().to_owned(),
            },
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

    /// A path in the file is relative to the file's folder; one from the command line, to the working folder.
    fn placed(&self, text: &str, origin: &Origin) -> PathBuf {
        if let (Some(rest), Some(home)) = (text.strip_prefix("~/"), self.settings.env.path("HOME")) {
            return home.join(rest);
        }
        match origin {
            Origin::File(place) => place.path.parent().unwrap_or(Path::new("")).join(text),
            _ => PathBuf::from(text),
        }
    }
}

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

/// The address registered in the console by everyone who follows the README. The port is fixed because no rule of
/// RFC 8252 §7.3 (any port on loopback) is documented for the provider (reference/feishu.md §3.3).
pub(super) const DEFAULT_REDIRECT: &str = "http://127.0.0.1:9768/callback";
