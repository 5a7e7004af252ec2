//! Editing `config.toml` in place: comments, order and unknown keys survive.
//!
//! One edit holds a lock on the folder from reading to saving, so two commands that add a profile each do not undo
//! one another. The file is replaced as a whole (temporary file, sync, rename, sync of the folder): a crash leaves
//! the old one or the new one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tokenward_core::{AppName, ProfileName};
use toml_edit::{DocumentMut, Item, Table, value};

use super::dotted_key::{ConfigKey, ConfigTable};
use super::error::{SettingsError, Warning};
use super::file::ConfigFile;
use super::file_ownership;
use super::home_folder::Home;
use super::setting_definitions::{Section, Setting};

/// What shall stand in an app's table. A setting that is not named here is taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppRecord(BTreeMap<Setting, String>);

impl AppRecord {
    /// The same with one more, if it was given.
    #[must_use]
    pub fn with(mut self, setting: Setting, value: Option<impl Into<String>>) -> Self {
        if let Some(value) = value {
            self.0.insert(setting, value.into());
        }
        self
    }

    /// What shall stand there for a setting.
    pub fn get(&self, setting: Setting) -> Option<&str> {
        self.0.get(&setting).map(String::as_str)
    }

    /// Every one.
    pub fn iter(&self) -> impl Iterator<Item = (Setting, &str)> {
        self.0.iter().map(|(setting, value)| (*setting, value.as_str()))
    }
}

/// What shall stand in a profile's table. `None` takes a key out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileRecord {
    /// The app.
    pub app: AppName,
    /// The profile's own redirect URL.
    pub redirect_uri: Option<String>,
    /// The profile's own scopes.
    pub scopes: Option<String>,
}

impl ProfileRecord {
    /// A profile of this app, with nothing of its own.
    pub const fn new(app: AppName) -> Self {
        Self { app, redirect_uri: None, scopes: None }
    }
}

/// One change of the file, not yet saved.
#[derive(Debug)]
pub struct ConfigEdit {
    /// Where the file really is, behind any symbolic link.
    target: PathBuf,
    document: DocumentMut,
    warning: Option<Warning>,
    /// Held for its lock.
    _folder: Option<File>,
}

impl ConfigEdit {
    /// Opens the file for a change, and waits for another change to finish. Makes the home folder if there is none.
    ///
    /// # Errors
    /// [`SettingsError`] when the folder cannot be made, or the present file cannot be read: a file that cannot be
    /// understood is never written over.
    pub fn open(home: &Home) -> Result<Self, SettingsError> {
        let warning = home.prepare()?;
        let path = home.config();
        let folder = File::open(home.path()).ok();
        if let Some(folder) = &folder {
            // Some network file systems cannot lock a folder. The change is still whole; only two at once may lose one.
            let _ = folder.lock();
        }
        let unreadable = |source| SettingsError::Unreadable { path: path.clone(), source };
        let (target, text) = match std::fs::canonicalize(&path) {
            Ok(target) => (target, file_ownership::config(home)?.unwrap_or_default()),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                (path.clone(), String::new())
            }
            Err(error) => return Err(unreadable(error)),
        };
        // The reader's own errors are the better ones, and what it refuses is not written to either.
        ConfigFile::parse(&path, &text)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let document = text.parse().map_err(|error| unreadable(io::Error::other::<toml_edit::TomlError>(error)))?;
        Ok(Self { target, document, warning, _folder: folder })
    }

    /// Puts an app into the file, or changes the one that is there.
    pub fn app(&mut self, name: &AppName, record: &AppRecord) -> &mut Self {
        let table = self.table("apps", name.as_str());
        for (setting, key) in Setting::in_section(Section::App) {
            put(table, key, record.get(setting).map(|text| item(setting, text)));
        }
        self
    }

    /// Puts a profile into the file, or changes the one that is there.
    pub fn profile(&mut self, name: &ProfileName, record: &ProfileRecord) -> &mut Self {
        let table = self.table("profiles", name.as_str());
        put(table, "app", Some(value(record.app.as_str())));
        put(table, "redirect_uri", record.redirect_uri.as_deref().map(value));
        put(table, "scopes", record.scopes.as_deref().map(value));
        self
    }

    /// Takes a profile out of the file, and `default_profile` with it where it names this one. The app stays.
    pub fn remove_profile(&mut self, name: &ProfileName) -> &mut Self {
        if let Some(tables) = self.document.get_mut("profiles").and_then(Item::as_table_like_mut) {
            tables.remove(name.as_str());
        }
        if self.document.get("default_profile").and_then(Item::as_str) == Some(name.as_str()) {
            self.document.remove("default_profile");
        }
        self
    }

    /// Takes an app out of the file.
    pub fn remove_app(&mut self, name: &AppName) -> &mut Self {
        if let Some(tables) = self.document.get_mut("apps").and_then(Item::as_table_like_mut) {
            tables.remove(name.as_str());
        }
        self
    }

    /// Puts a profile into the file a second time, under another name: the first half of a renaming, so that at every moment the name under
    /// which the vault keeps the login is a profile of the file. Says no where that name is another profile's; a copy that is there already
    /// is one, left by a crash.
    pub fn copy_profile(&mut self, from: &ProfileName, to: &ProfileName) -> bool {
        let Some(tables) = self.document.get_mut("profiles").and_then(Item::as_table_like_mut) else { return false };
        let Some(table) = tables.get(from.as_str()).cloned() else { return false };
        match tables.get(to.as_str()) {
            Some(there) => contents(there) == contents(&table),
            None => tables.insert(to.as_str(), table).is_none(),
        }
    }

    /// Whether the file has a profile of that name.
    pub fn has_profile(&self, name: &ProfileName) -> bool {
        let tables = self.document.get("profiles").and_then(Item::as_table_like);
        tables.is_some_and(|tables| tables.contains_key(name.as_str()))
    }

    /// The second half: takes the profile out under its former name; where that was the default, the new one is.
    pub fn drop_former(&mut self, from: &ProfileName, to: &ProfileName) -> &mut Self {
        let was_default = self.document.get("default_profile").and_then(Item::as_str) == Some(from.as_str());
        if was_default {
            self.default_profile(to);
        }
        self.remove_profile(from)
    }

    /// Makes a profile the one that is used when none is named.
    pub fn default_profile(&mut self, name: &ProfileName) -> &mut Self {
        put(self.document.as_table_mut(), "default_profile", Some(value(name.as_str())));
        self
    }

    /// Sets one key; its table is made where there is none.
    pub fn set(&mut self, key: &ConfigKey, text: &str) -> &mut Self {
        let setting = key.setting;
        let (name, item) = (setting.placed().map_or("", |(_, name)| name), item(setting, text));
        match &key.table {
            ConfigTable::Top => put(self.document.as_table_mut(), name, Some(item)),
            ConfigTable::App(app) => put(self.table("apps", app.as_str()), name, Some(item)),
            ConfigTable::Profile(profile) => put(self.table("profiles", profile.as_str()), name, Some(item)),
            ConfigTable::Webhook(webhook) => put(self.table("webhooks", webhook.as_str()), name, Some(item)),
        }
        self
    }

    /// Takes one key out. Its table stays.
    pub fn unset(&mut self, key: &ConfigKey) -> &mut Self {
        let name = key.setting.placed().map_or("", |(_, name)| name);
        match &key.table {
            ConfigTable::Top => put(self.document.as_table_mut(), name, None),
            ConfigTable::App(app) => put(self.table("apps", app.as_str()), name, None),
            ConfigTable::Profile(profile) => put(self.table("profiles", profile.as_str()), name, None),
            ConfigTable::Webhook(webhook) => put(self.table("webhooks", webhook.as_str()), name, None),
        }
        self
    }

    /// The file as it would be saved.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// Puts another text in the place of the whole file.
    ///
    /// # Errors
    /// [`SettingsError`] where it cannot be read; nothing is changed then.
    pub fn replace_text(&mut self, text: &str) -> Result<&mut Self, SettingsError> {
        ConfigFile::parse(&self.target, text)?;
        let unreadable = |source| SettingsError::Unreadable { path: self.target.clone(), source };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        self.document = text.parse().map_err(|error| unreadable(io::Error::other::<toml_edit::TomlError>(error)))?;
        Ok(self)
    }

    /// What had to be put right about the folder.
    pub fn warning(&self) -> Option<&Warning> {
        self.warning.as_ref()
    }

    /// Whether the file names a default profile.
    pub fn has_default_profile(&self) -> bool {
        self.document.contains_key("default_profile")
    }

    /// Replaces the file, durably, with mode 0600.
    ///
    /// # Errors
    /// [`SettingsError::NotWritten`]; the old file is then untouched.
    pub fn save(&self) -> Result<(), SettingsError> {
        replace(&self.target, self.document.to_string().as_bytes())
            .map_err(|source| SettingsError::NotWritten { path: self.target.clone(), source })
    }

    fn table(&mut self, head: &str, name: &str) -> &mut dyn toml_edit::TableLike {
        let tables = self.document.entry(head).or_insert_with(|| {
            let mut table = Table::new();
            // `[apps.work]` alone, without an empty `[apps]` above it.
            table.set_implicit(true);
            Item::Table(table)
        });
        let tables = tables.as_table_like_mut().expect("the reader accepted the file, so this is a table");
        let table = tables.entry(name).or_insert_with(|| Item::Table(Table::new()));
        table.as_table_like_mut().expect("the reader accepted the file, so this is a table")
    }
}

/// A value as it stands in the file. One of a wrong form is left to the reader, who says so.
fn item(setting: Setting, text: &str) -> Item {
    match setting {
        setting if setting.is_switch() => text.parse::<bool>().map_or_else(|_| value(text), value),
        // A word that is no pair would be lost.
        Setting::Rules | Setting::BkCodes if text.split_whitespace().all(|pair| pair.contains('=')) => rules(text),
        _ => value(text),
    }
}

/// `KEY=VALUE` pairs as a table of their own.
fn rules(text: &str) -> Item {
    let mut table = Table::new();
    for (key, word) in text.split_whitespace().filter_map(|pair| pair.split_once('=')) {
        table.insert(key, value(word));
    }
    Item::Table(table)
}

/// Keys and values of a table, without what stands around them.
fn contents(item: &Item) -> BTreeMap<String, String> {
    let table = item.as_table_like();
    let pairs = table.into_iter().flat_map(toml_edit::TableLike::iter);
    pairs.map(|(key, value)| (key.to_owned(), value.to_string().trim().to_owned())).collect()
}

/// Sets a key and keeps the comments around it, or takes it out.
fn put(table: &mut dyn toml_edit::TableLike, key: &str, item: Option<Item>) {
    let Some(item) = item else {
        table.remove(key);
        return;
    };
    match table.get_mut(key) {
        Some(old) => {
            let decor = old.as_value().map(|value| value.decor().clone());
            *old = item;
            if let (Some(value), Some(decor)) = (old.as_value_mut(), decor) {
                *value.decor_mut() = decor;
            }
        }
        None => {
            table.insert(key, item);
        }
    }
}

fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = target.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".config.toml.").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}
