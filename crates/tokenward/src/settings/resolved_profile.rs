//! A profile with everything filled in.
//!
//! Every value is looked up in the same order: flag, variable, file, default. What cannot be used is refused here,
//! before anything is sent: a mixed-up brand would be answered with 20046, and a secret could go to the wrong host.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokenward_core::{
    App, AppName, AppSecret, BlueKingApp, Brand, ClientAuthentication, Hosts, OAuth2App, Platform, ProfileName,
    ProviderName, RedirectUri, Rules, Scopes, ScopesError, TokenApi, Words,
};
use tokenward_wire::AuthApiOptions;
use url::Url;

use super::cookie_field::CookieField;
use super::error::{Origin, SettingsError, Warning};
use super::file::Value;
use super::loaded::Settings;
use super::parse_value::refused;
use super::presets::Preset;
use super::provider_specific_settings::Resolved;
use super::resolver::Resolver;
use super::setting_definitions::{DEFAULT_PROFILE, Setting};
use super::{file_ownership, host_urls, text_utils};
use crate::{Registration, secret_parsing};

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
    /// Where a back end's login may send the browser afterwards.
    pub return_urls: Vec<String>,
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
                let (text, warning) = file_ownership::secret_text(home, path, origin)?;
                let bad = |reason| SettingsError::BadSecret { origin: origin.clone(), reason };
                Ok((Some(secret_parsing::app_secret(text.as_str()).map_err(bad)?), warning))
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
            if host_urls::travels_in_clear(url) && !found.contains(&place) {
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

impl Settings {
    /// A profile with every question answered.
    ///
    /// # Errors
    /// [`SettingsError`]: the first thing that is missing or cannot be used.
    pub fn profile(&self, name: Option<&ProfileName>) -> Result<ResolvedProfile, SettingsError> {
        let (name, origin) = self.select(name)?;
        let Some(entries) = self.entries_of(&name) else {
            // Variables make a profile of any name where the file has none; beside a file's profiles, only one that the
            // variables name as well, so that a mistyped --profile is not taken for a new one. `default` is what theirs is called
            // where nothing names it: it stays theirs once the file has profiles.
            let named = self.file.profiles.is_empty()
                || matches!(origin, Origin::Variable(_))
                || name.base() == DEFAULT_PROFILE;
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
                text_utils::nearest(app_name.as_str(), self.file.apps.keys().map(AppName::as_str)).map(str::to_owned);
            return Err(SettingsError::UnknownApp { origin: app.origin.clone(), app: app_name, nearest });
        };
        Resolver::new(self, Some(entries), Some(app_entries)).resolve(name, app_name)
    }

    /// The provider of an app by the file alone: as it says, else by its hosts, else Feishu.
    pub fn provider_in_file(&self, app: &AppName) -> Option<ProviderName> {
        let app = self.file.apps.get(app)?;
        let text = |setting| app.get(&setting).map(|value| value.text.trim());
        if let Some(name) = text(Setting::Provider) {
            return Preset::of(name).map(|_| ProviderName::OAuth2).or_else(|| name.parse().ok());
        }
        let hosts = [Setting::OpenUrl, Setting::AccountsUrl];
        let brand = hosts.into_iter().filter_map(text).find_map(|url| host_urls::brand_of(&Url::parse(url).ok()?));
        Some(brand.map_or(ProviderName::Feishu, ProviderName::from))
    }

    /// The variables that say otherwise than the file of a profile's app: they win, and whoever wrote the file may not know.
    pub fn overruled(&self, profile: &ProfileName) -> Vec<&'static str> {
        let app = self.app_of(profile).and_then(|app| self.file.apps.get(&app));
        let told = Resolver::new(self, self.entries_of(profile), app);
        let plain = |text: &str| text.trim().trim_end_matches('/').to_owned();
        let differs = |setting: Setting| {
            let (said, own) = (self.said(setting).ok()??, told.in_file(setting)?);
            let Origin::Variable(variable) = said.origin else { return None };
            (plain(&said.text) != plain(&own.text)).then_some(variable)
        };
        Setting::ALL.iter().copied().filter_map(differs).collect()
    }

    /// Whether a profile names, word for word, the app that a token is of: by its name, and as far as they are known by its id, its provider and
    /// where its tokens come from. Looks at no other setting, parses no address and opens no file; a "no" may only mean that the words differ.
    pub fn names_app(&self, profile: &ProfileName, app: &AppName, known: Option<&Registration>) -> bool {
        self.app_named_by(profile)
            .is_some_and(|(name, resolver)| name == *app && known.is_none_or(|known| resolver.says(known)))
    }

    /// The app that a profile names, and what to look its settings up with. One that variables describe has no file behind it.
    fn app_named_by(&self, profile: &ProfileName) -> Option<(AppName, Resolver<'_>)> {
        let name = self.app_of(profile)?;
        let resolver = match self.entries_of(profile) {
            Some(entries) => Resolver::new(self, Some(entries), Some(self.file.apps.get(&name)?)),
            None if self.file.profiles.is_empty() || profile.base() == DEFAULT_PROFILE => {
                self.said(Setting::AppId).ok()??;
                Resolver::new(self, None, None)
            }
            None => return None,
        };
        Some((name, resolver))
    }

    /// Brand and hosts where no profile stands behind a call: by flag or variable, else Feishu's own.
    ///
    /// # Errors
    /// [`SettingsError`]: what cannot be used.
    pub fn brand_and_hosts(&self) -> Result<(Brand, Hosts), SettingsError> {
        Resolver::new(self, None, None).brand_and_hosts()
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
}

impl Resolver<'_> {
    pub(super) fn resolve(mut self, name: ProfileName, app_name: AppName) -> Result<ResolvedProfile, SettingsError> {
        let Resolved { hosts, token_api, platform, cookies, rules, auth_api } = self.platform(&name)?;
        Ok(ResolvedProfile {
            client_id: self.client_id(&name)?,
            scopes: self.scopes(platform.name())?,
            secret: self.secret()?,
            redirect_is_said: self.look(Setting::RedirectUri)?.is_some(),
            return_urls: self.return_urls()?,
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

    /// An address that the app's secret and tokens are sent to.
    pub(super) fn url(&self, setting: Setting) -> Result<Option<(Url, Origin)>, SettingsError> {
        let Some(value) = self.look(setting)? else { return Ok(None) };
        let url = host_urls::parse_url(&value)?;
        if !self.allow_http()? {
            host_urls::refuse_clear_text(&url, &value, self.provider()?)?;
        }
        Ok(Some((url, value.origin)))
    }

    /// To the letter as it is written: providers compare it so.
    fn redirect_uri(&mut self) -> Result<RedirectUri, SettingsError> {
        let Some(value) = self.look(Setting::RedirectUri)? else {
            return Ok(DEFAULT_REDIRECT.parse().expect("a literal URL"));
        };
        let url = host_urls::parse_url(&value)?;
        if host_urls::travels_in_clear(&url) {
            let url = value.text.trim().to_owned();
            self.warnings.push(Warning::NotEncrypted { origin: value.origin.clone(), url });
        }
        RedirectUri::usable(&value.text).map_err(|flaw| {
            let Words { en, zh } = flaw.advice();
            refused(&value, en, zh)
        })
    }

    /// One that travels in the clear would show whose login it was; one with a name or a fragment is no address to come back to.
    fn return_urls(&self) -> Result<Vec<String>, SettingsError> {
        let Some(value) = self.look(Setting::ReturnUrls)? else { return Ok(Vec::new()) };
        let mut urls = Vec::new();
        for text in value.text.split_whitespace() {
            let usable = RedirectUri::usable(text).is_ok_and(|uri| !host_urls::travels_in_clear(uri.url()));
            if !usable {
                let en = "a return address is a whole https address, or http on loopback, without a name, a fragment, code and state";
                let zh = "返回地址须为完整的 https 地址（回环地址可用 http），不含用户名、片段以及 code、state 参数";
                return Err(refused(&value, en, zh));
            }
            urls.push(text.to_owned());
        }
        Ok(urls)
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
            let given = self.secret_variable(Setting::AppSecret, |text| secret_parsing::app_secret(text))?;
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

    /// A path in the file is relative to the file's folder; one from the command line, to the working folder.
    pub(super) fn placed(&self, text: &str, origin: &Origin) -> PathBuf {
        if let (Some(rest), Some(home)) = (text.strip_prefix("~/"), self.settings.env.path("HOME")) {
            return home.join(rest);
        }
        match origin {
            Origin::File(place) => place.path.parent().unwrap_or(Path::new("")).join(text),
            _ => PathBuf::from(text),
        }
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

/// The address registered in the console by everyone who follows the README. The port is fixed because no rule of
/// RFC 8252 §7.3 (any port on loopback) is documented for the provider (reference/feishu.md §3.3).
pub(super) const DEFAULT_REDIRECT: &str = "http://127.0.0.1:9768/callback";
