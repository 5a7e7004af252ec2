//! What can be wrong with a configuration, each with the place where a person can put it right.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use tokenward_core::{AppName, BadSecret, Brand, Code, ProfileName, ProviderName, ScopesError, masking};
use tokenward_keeper::{Error, KeptState};
use tokenward_vault::trusted::Distrust;

use super::setting_definitions::{DEFAULT_PROFILE, Setting};

/// Where a value came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A flag on the command line.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// The configuration file. Boxed, because every error carries an origin.
    File(Box<FilePosition>),
    /// Nobody said so: the value holds by default.
    #[default]
    Default,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilePosition {
    /// The file.
    pub path: PathBuf,
    /// The line, from one.
    pub line: usize,
    /// The key in full, such as `apps.work.app_id`.
    pub key: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File(place) => write!(f, "{} ({} line {})", place.key, place.path.display(), place.line),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// A part of a sentence in both languages of the product; `Display` is English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    en: Cow<'static, str>,
    zh: Cow<'static, str>,
}

impl Clause {
    pub(super) fn new(en: impl Into<Cow<'static, str>>, zh: impl Into<Cow<'static, str>>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// In Simplified Chinese. A parser's own message stays English.
    pub fn zh(&self) -> &str {
        &self.zh
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

/// Why a configuration cannot be used. `Display` is one plain sentence that holds no secret and says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// None of the variables that lead to the home folder is set.
    #[error("there is no home folder: set TOKENWARD_HOME to the folder for Tokenward's files")]
    NoHome,
    /// The file is there and cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not TOML, or a table stands where a value belongs or the other way round.
    #[error("{} line {line}, column {column}: {reason}: {shown}", path.display())]
    Unparsable {
        /// The file.
        path: PathBuf,
        /// The line, from one.
        line: usize,
        /// The column in characters, from one.
        column: usize,
        /// What is wrong.
        reason: Clause,
        /// The line without anything that may be a secret.
        shown: String,
    },
    /// A secret stands in the file in clear.
    #[error(
        "{} line {line}: {key} does not belong into this file; remove the line and the secret with it, then run `tokenward init`, \
         or set TOKENWARD_APP_SECRET, or name a file with secret_file",
        path.display()
    )]
    SecretInFile {
        /// The file.
        path: PathBuf,
        /// The line, from one.
        line: usize,
        /// The key in full.
        key: String,
    },
    /// A name that cannot be one.
    #[error(
        "{origin}: {name:?} is not a name: use 1 to 64 letters, digits, '-', '_', '.' or '@', not starting with '-' or '.'"
    )]
    BadName {
        /// Where it stands.
        origin: Origin,
        /// The name.
        name: String,
    },
    /// A value that cannot be used.
    #[error("{origin}: {value:?} cannot be used: {allowed}")]
    BadValue {
        /// Where it stands.
        origin: Origin,
        /// The value.
        value: String,
        /// What is allowed.
        allowed: Clause,
    },
    /// A setting that has no default is missing.
    #[error("{} is missing for profile \"{profile}\": give {}", words(*setting), ways(*setting))]
    Missing {
        /// The setting.
        setting: Setting,
        /// The profile it is missing for.
        profile: ProfileName,
    },
    /// One of the two hosts is given and the other does not follow from it.
    #[error("{origin} is {given}, but the other host cannot be derived from it: set {} as well", ways(*missing))]
    OtherHostMissing {
        /// Where the given one stands.
        origin: Origin,
        /// The given host.
        given: String,
        /// The setting to give as well.
        missing: Setting,
    },
    /// The host of one brand for an app of the other.
    #[error(
        "{origin} is {host}, which belongs to {}, but the app's provider is {brand}; the provider would refuse with 20046. \
         Say provider = \"{}\" if the app was created at {}, else remove the host",
        brand.other(), brand.other(), brand.other()
    )]
    BrandMismatch {
        /// The brand the settings name.
        brand: Brand,
        /// The host.
        host: String,
        /// Where the host stands.
        origin: Origin,
    },
    /// No profile of that name.
    #[error("there is no profile \"{}\"{}; {}{}", masking::shown(name.as_str()), asked_by(origin), known_profiles(known), meant_or_unset(name, known, nearest.as_deref()))]
    UnknownProfile {
        /// The name asked for.
        name: ProfileName,
        /// Who asked for it.
        origin: Origin,
        /// The profiles there are.
        known: Vec<ProfileName>,
        /// The one that may be meant.
        nearest: Option<String>,
    },
    /// A profile names an app that is not there.
    #[error("{origin}: there is no [apps.{app}] table{}", meant(nearest.as_deref()))]
    UnknownApp {
        /// Where it is named.
        origin: Origin,
        /// The app's name.
        app: AppName,
        /// The one that may be meant.
        nearest: Option<String>,
    },
    /// There are several profiles and nobody said which.
    #[error("there are several profiles ({}): say which with --profile or TOKENWARD_PROFILE, or set default_profile in {}", list(known), path.display())]
    WhichProfile {
        /// The profiles there are.
        known: Vec<ProfileName>,
        /// The file.
        path: PathBuf,
    },
    /// Neither a file nor variables describe an app.
    #[error("{}", nothing_set_up(path, *home, apps))]
    NothingSetUp {
        /// The file looked for.
        path: PathBuf,
        /// What its folder is.
        home: HomeState,
        /// The apps in it, which no profile uses.
        apps: Vec<AppName>,
    },
    /// A secret that is none.
    #[error("{origin} holds no usable secret: {reason}")]
    BadSecret {
        /// Where it came from.
        origin: Origin,
        /// What is wrong with it.
        reason: BadSecret,
    },
    /// The file that should hold a secret cannot be read.
    #[error("{origin}: the secret's file {} cannot be read", named(path, source))]
    SecretUnreadable {
        /// Where the file is named.
        origin: Origin,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that steers where secrets go, and that somebody else could have written.
    #[error("{}{found}: {}", of(origin), remedy(found))]
    NotTrusted {
        /// Where the file is named; the default place of `config.toml` otherwise.
        origin: Origin,
        /// What is wrong with it.
        found: Distrust,
    },
    /// Scopes that cannot be asked for.
    #[error("{origin}: {reason}")]
    BadScopes {
        /// Where they stand.
        origin: Origin,
        /// Why.
        reason: ScopesError,
    },
    /// The file or the folder cannot be written.
    #[error("{} cannot be written; nothing was changed", path.display())]
    NotWritten {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The home folder can be written by others and is not ours to close.
    #[error("{} can be written by other users (mode {mode:04o}), who could replace the vault: choose a folder of your own with TOKENWARD_HOME", path.display())]
    OpenToOthers {
        /// The folder.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
}

/// What a home folder in which nothing is set up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HomeState {
    /// There is nothing in it that would say so.
    Plain,
    /// It was named, and is not there: perhaps its name is mistyped.
    Missing,
    /// It has a vault: a program that brings its own settings may have made it, as a Django site does.
    WithVault,
}

impl SettingsError {
    /// A value that cannot be used, shown without what may be a secret.
    pub(super) fn bad_value(origin: &Origin, value: &str, allowed: Clause) -> Self {
        Self::BadValue { origin: origin.clone(), value: masking::shown(value).into_owned(), allowed }
    }

    /// Whether the profile that is missing may be the one that variables alone describe, and they are not set.
    pub fn lacks_variables(&self) -> bool {
        matches!(self, Self::UnknownProfile { name, known, .. } if is_of_variables(name, known))
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::UnknownProfile { .. } => Code::UnknownProfile,
            Self::Unreadable { .. } | Self::Unparsable { .. } => Code::ConfigUnreadable,
            Self::BadSecret { .. } | Self::SecretUnreadable { .. } => Code::BadSecret,
            Self::NoHome
            | Self::Missing { .. }
            | Self::OtherHostMissing { .. }
            | Self::WhichProfile { .. }
            | Self::NothingSetUp { .. } => Code::SettingMissing,
            Self::NotTrusted { .. } => Code::FileNotTrusted,
            Self::BadScopes { .. } => Code::BadScopes,
            Self::SecretInFile { .. } | Self::BadName { .. } | Self::BadValue { .. } | Self::UnknownApp { .. } => {
                Code::BadSetting
            }
            Self::BrandMismatch { .. } => Code::BrandMismatch,
            Self::NotWritten { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::VaultFull,
                _ => Code::VaultReadOnly,
            },
            Self::OpenToOthers { .. } => Code::VaultOpenToOthers,
        }
    }
}

/// Something that works, and is probably not what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A key that means nothing here.
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, from one.
        line: usize,
        /// The key in full.
        key: String,
        /// The key that may be meant.
        nearest: Option<String>,
    },
    /// A `TOKENWARD_…` variable that means nothing.
    UnknownVariable {
        /// The variable.
        name: String,
        /// The one that may be meant.
        nearest: Option<String>,
    },
    /// Scopes were separated by commas; the standard and the provider want spaces (reference/feishu.md §3.1).
    CommasInScopes {
        /// Where they stand.
        origin: Origin,
    },
    /// The authorization code would travel unencrypted to another machine.
    NotEncrypted {
        /// Where the address stands.
        origin: Origin,
        /// The address.
        url: String,
    },
    /// A setting that the app's provider has no use for.
    NotOfProvider {
        /// Where it stands.
        origin: Origin,
        /// The provider.
        provider: ProviderName,
    },
    /// The app is spoken to in clear text over a network, because its registration permits it.
    PlainHttp {
        /// Its address.
        url: String,
    },
    /// The login of a profile is a consent to another app than the settings name.
    LoginOfOtherApp {
        /// The profile.
        profile: ProfileName,
        /// That app's id.
        client_id: String,
        /// The variable that names the other one, if it is one.
        variable: Option<&'static str>,
    },
    /// A file with a secret that others can read.
    SecretReadable {
        /// The file.
        path: PathBuf,
        /// Who can read it.
        by: String,
        /// Its mode bits.
        mode: u32,
    },
    /// A tenant key for an app that is not a store app.
    TenantKeyUnused {
        /// Where it stands.
        origin: Origin,
    },
    /// The home folder could be written by others; it was closed to them.
    FolderClosed {
        /// The folder.
        path: PathBuf,
        /// The mode bits it had.
        mode: u32,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { path, line, key, nearest } => {
                let meant = meant(nearest.as_deref());
                write!(f, "{} line {line}: unknown key {key} is ignored{meant}", path.display())
            }
            Self::UnknownVariable { name, nearest } => {
                write!(f, "unknown variable {name} is ignored{}", meant(nearest.as_deref()))
            }
            Self::CommasInScopes { origin } => {
                write!(f, "{origin}: scopes are separated by spaces; the commas were read as spaces")
            }
            Self::NotEncrypted { origin, url } => {
                write!(f, "{origin}: {url} is not encrypted, so login codes are sent in plaintext")
            }
            Self::NotOfProvider { origin, provider } => {
                write!(f, "{origin}: not used by the provider {provider}, and ignored")
            }
            Self::PlainHttp { url } => {
                write!(
                    f,
                    "plain http is allowed for this app (allow_http): what is sent to {url}, its secret and tokens included, can be read on the way"
                )
            }
            Self::LoginOfOtherApp { profile, client_id, variable } => {
                let told = format!(
                    "the login of profile {profile} is of another app, {client_id}, and the settings name a different one now"
                );
                match variable {
                    Some(variable) => {
                        write!(f, "{told}: unset {variable}, or run `tokenward login --profile {profile}`")
                    }
                    None => write!(f, "{told}: put that app's id back, or run `tokenward login --profile {profile}`"),
                }
            }
            Self::SecretReadable { path, by, mode } => {
                let path = path.display();
                write!(f, "{path} holds a secret and can be read by {by} (mode {mode:04o}): run `chmod 600 {path}`")
            }
            Self::TenantKeyUnused { origin } => {
                write!(f, "{origin}: a tenant key is used by store apps only (app_kind = \"store\")")
            }
            Self::FolderClosed { path, mode } => {
                write!(f, "{} could be written by others (mode {mode:04o}); it is now 0700", path.display())
            }
        }
    }
}

/// The place in a file, for building an [`Origin`].
pub(super) fn in_file(path: &Path, line: usize, key: impl Into<String>) -> Origin {
    Origin::File(Box::new(FilePosition { path: path.to_owned(), line, key: key.into() }))
}

fn nothing_set_up(config: &Path, home: HomeState, apps: &[AppName]) -> String {
    if let [app, ..] = apps {
        let config = config.display();
        return format!(
            "no profile is set up, only an app: `tokenward login PROFILE --app {app}` logs in with it (settings: {config})"
        );
    }
    let (looked, folder) = (config.display(), config.parent().unwrap_or(config).display());
    let init = "run `tokenward init`, or set TOKENWARD_APP_ID and TOKENWARD_APP_SECRET";
    match home {
        HomeState::Plain => format!("nothing is set up yet: {init} (looked for {looked})"),
        HomeState::Missing => {
            format!("nothing is set up yet: {init} (looked for {looked}; the folder {folder} does not exist)")
        }
        HomeState::WithVault => format!(
            "nothing is set up in {folder}: {init}. In the folder of a Django site its users log in at the site: \
             `python manage.py check` and the site's log tell what is wrong"
        ),
    }
}

fn of(origin: &Origin) -> String {
    if *origin == Origin::Default { String::new() } else { format!("{origin}: ") }
}

/// What to do about a file that is not believed.
fn remedy(found: &Distrust) -> String {
    let path = found.path().display();
    match found {
        Distrust::Owner { .. } => {
            format!(
                "its owner could decide where secrets are sent, so it is not read; check it, then run `chown \"$(id -un)\" {path}`, or choose another place"
            )
        }
        Distrust::Writable { .. } => {
            format!(
                "anyone who can write to it could decide where secrets are sent, so it is not read; check it, then run `chmod go-w {path}`"
            )
        }
        _ => "name a file".to_owned(),
    }
}

/// A file's name as it may be shown: where no such file is, the name may be a secret in the wrong place.
pub(super) fn named(path: &Path, source: &io::Error) -> String {
    let text = path.display().to_string();
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::IsADirectory => text,
        _ => masking::file(&text).into_owned(),
    }
}

fn words(setting: Setting) -> &'static str {
    match setting {
        Setting::AppId => "the App ID",
        Setting::App => "the app",
        Setting::AccountsUrl => "the address of the token service or issuer",
        Setting::TokenApi => "the API variant (ssm, auth-api or bkauth)",
        Setting::Realm => "the realm of bkauth",
        _ => setting.handle(),
    }
}

/// Every way in which a setting can be given.
fn ways(setting: Setting) -> String {
    let key = setting.config_key().map(|key| format!("{key} in config.toml"));
    let ways = [setting.flag().map(str::to_owned), setting.variable().map(str::to_owned), key];
    ways.into_iter().flatten().collect::<Vec<_>>().join(" or ")
}

fn list(profiles: &[ProfileName]) -> String {
    profiles.iter().map(ProfileName::as_str).collect::<Vec<_>>().join(", ")
}

/// Who named a profile, where that was not the command line: what was typed is before the person's eyes, as a flag or as a word.
fn asked_by(origin: &Origin) -> String {
    match origin {
        Origin::Variable(_) | Origin::File(_) => format!(", which {origin} names"),
        Origin::Flag(_) | Origin::Default => String::new(),
    }
}

/// What may have been meant; the profile of variables alone is not there without them.
fn meant_or_unset(name: &ProfileName, known: &[ProfileName], nearest: Option<&str>) -> String {
    if is_of_variables(name, known) {
        return ". If variables describe its app, TOKENWARD_APP_ID has to be set".to_owned();
    }
    meant(nearest)
}

/// Whether a profile that is not there may be the one of variables alone, beside those of the file.
fn is_of_variables(name: &ProfileName, known: &[ProfileName]) -> bool {
    name.as_str() == DEFAULT_PROFILE && !known.is_empty()
}

fn known_profiles(known: &[ProfileName]) -> String {
    if known.is_empty() {
        "no profile exists yet: run `tokenward init`".to_owned()
    } else {
        format!("existing profiles: {}", list(known))
    }
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(". Did you mean {name}?"))
}

impl From<SettingsError> for Error {
    /// Nothing was touched. The words are those of the settings' error, which say what to do.
    fn from(error: SettingsError) -> Self {
        Self::caused(error.code(), KeptState::Everything, error)
    }
}
