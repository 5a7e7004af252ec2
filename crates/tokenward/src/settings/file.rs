//! `config.toml`, read with the place of every value.
//!
//! Which keys exist is known from the table of settings alone. A key that is not in it is ignored with a warning;
//! a secret in clear is refused, so that nobody believes it to be safe there (I4).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tokenward_core::{AppName, ProfileName, WebhookName};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Clause, Origin, SettingsError, Warning, in_file};
use super::file_ownership;
use super::home_folder::Home;
use super::setting_definitions::{Section, Setting};
use super::text_utils::{Lines, nearest, shown};

/// A value as written, with its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) origin: Origin,
}

pub(super) type Entries = BTreeMap<Setting, Value>;

/// What a configuration file says.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    pub(super) path: PathBuf,
    pub(super) top: Entries,
    pub(super) apps: BTreeMap<AppName, Entries>,
    pub(super) profiles: BTreeMap<ProfileName, Entries>,
    pub(super) webhooks: BTreeMap<WebhookName, Entries>,
}

impl ConfigFile {
    /// Reads the file of a home folder, if it is one to be believed: it steers where secrets go. One that does not exist says
    /// nothing.
    pub(super) fn read(home: &Home) -> Result<(Self, Vec<Warning>), SettingsError> {
        let path = home.config();
        match file_ownership::config(home)? {
            Some(text) => Self::parse(&path, &text),
            None => Ok((Self { path, ..Self::default() }, Vec::new())),
        }
    }

    /// Reads a text that stands for the file at `path`.
    pub(super) fn parse(path: &Path, text: &str) -> Result<(Self, Vec<Warning>), SettingsError> {
        // Editors on Windows put a byte order mark in front.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader { path, text, lines: Lines::of(text), warnings: Vec::new() };
        let document = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let said = error.message().replace('\n', ", ");
            reader.unparsable(offset, Clause::new(said.clone(), said))
        })?;
        let mut file = Self { path: path.to_owned(), ..Self::default() };
        for (key, value) in document.get_ref() {
            match key.get_ref().as_ref() {
                "apps" => file.apps = reader.tables("apps", Section::App, value)?,
                "webhooks" => file.webhooks = reader.tables("webhooks", Section::Webhook, value)?,
                "profiles" => file.profiles = reader.tables("profiles", Section::Profile, value)?,
                _ => reader.entry("", Section::Top, key, value, &mut file.top)?,
            }
        }
        Ok((file, reader.warnings))
    }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    lines: Lines<'a>,
    warnings: Vec<Warning>,
}

impl Reader<'_> {
    fn tables<N: std::str::FromStr + Ord>(
        &mut self,
        head: &str,
        section: Section,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<BTreeMap<N, Entries>, SettingsError> {
        let DeValue::Table(tables) = value.get_ref() else {
            let (en, zh) =
                (format!("{head} is written as [{head}.NAME] tables"), format!("{head} 要写成 [{head}.名字] 表"));
            return Err(self.unparsable(value.span().start, Clause::new(en, zh)));
        };
        let mut found = BTreeMap::new();
        for (name, table) in tables {
            let text = name.get_ref().as_ref();
            let DeValue::Table(table) = table.get_ref() else {
                let en = format!("a table [{head}.{text}] belongs here, not a value");
                let zh = format!("这里应是 [{head}.{text}] 表，而不是值");
                return Err(self.unparsable(name.span().start, Clause::new(en, zh)));
            };
            let bad = || SettingsError::BadName {
                origin: self.origin(name.span().start, format!("{head}.{text}")),
                name: text.to_owned(),
            };
            // A colon stands before a user's name, and users are not set up one by one.
            let parsed = Some(text).filter(|text| !text.contains(':')).and_then(|text| text.parse().ok());
            let parsed = parsed.ok_or_else(bad)?;
            let mut entries = Entries::new();
            for (key, value) in table {
                self.entry(&format!("{head}.{text}."), section, key, value, &mut entries)?;
            }
            found.insert(parsed, entries);
        }
        Ok(found)
    }

    fn entry(
        &mut self,
        head: &str,
        section: Section,
        key: &Spanned<Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        entries: &mut Entries,
    ) -> Result<(), SettingsError> {
        let name = key.get_ref().as_ref();
        let full = format!("{head}{name}");
        let start = key.span().start;
        if SECRETS.contains(&name) {
            let line = self.lines.line(start);
            return Err(SettingsError::SecretInFile { path: self.path.to_owned(), line, key: full });
        }
        let Some((setting, _)) = Setting::in_section(section).find(|(_, known)| *known == name) else {
            let known = Setting::in_section(section).map(|(_, known)| known);
            let tables = ["apps", "profiles", "webhooks"].into_iter().filter(|_| section == Section::Top);
            let nearest = nearest(name, known.chain(tables)).map(|near| format!("{head}{near}"));
            let line = self.lines.line(start);
            self.warnings.push(Warning::UnknownKey { path: self.path.to_owned(), line, key: full, nearest });
            return Ok(());
        };
        let text = self.text_of(&full, setting, value)?;
        entries.insert(setting, Value { text, origin: self.origin(start, full) });
        Ok(())
    }

    fn text_of(&self, key: &str, setting: Setting, value: &Spanned<DeValue<'_>>) -> Result<String, SettingsError> {
        let word = |item: &Spanned<DeValue<'_>>| item.get_ref().as_str().map(str::to_owned);
        let text = match (setting, value.get_ref()) {
            (setting, DeValue::Boolean(on)) if setting.is_switch() => Some(on.to_string()),
            (setting, DeValue::Array(items)) if setting.is_list() => {
                items.iter().map(word).collect::<Option<Vec<_>>>().map(|items| items.join(" "))
            }
            // The form in which a variable says the same.
            (Setting::Rules | Setting::BkCodes, DeValue::Table(table)) => {
                let pair =
                    |(key, item): (&Spanned<Cow<'_, str>>, _)| Some(format!("{}={}", key.get_ref(), word(item)?));
                table.iter().map(pair).collect::<Option<Vec<_>>>().map(|pairs| pairs.join(" "))
            }
            (Setting::Rules | Setting::BkCodes, _) => None,
            (_, DeValue::String(text)) => Some(text.to_string()),
            _ => None,
        };
        text.ok_or_else(|| {
            let (en, zh) = match setting {
                setting if setting.is_switch() => ("true or false", "true 或 false"),
                Setting::Rules | Setting::BkCodes => ("a table of texts in quotes", "由带引号文本组成的表"),
                setting if setting.is_list() => ("a text in quotes, or a list of them,", "带引号的文本或其列表"),
                _ => ("a text in quotes", "带引号的文本"),
            };
            self.unparsable(value.span().start, Clause::new(format!("{key} takes {en}"), format!("{key} 应为{zh}")))
        })
    }

    fn origin(&self, offset: usize, key: String) -> Origin {
        in_file(self.path, self.lines.line(offset), key)
    }

    fn unparsable(&self, offset: usize, reason: Clause) -> SettingsError {
        let (line, column) = self.lines.place(offset);
        // The address of a receiver may have a secret in it.
        let placed = Setting::ALL.iter().filter_map(|setting| setting.placed());
        let harmless: Vec<_> = placed.filter(|(section, _)| *section != Section::Webhook).map(|(_, key)| key).collect();
        SettingsError::Unparsable {
            path: self.path.to_owned(),
            line,
            column,
            reason,
            shown: shown(self.text, line, &harmless),
        }
    }
}

/// Keys under which people are used to keep an app's secret.
pub(super) const SECRETS: [&str; 4] = ["app_secret", "appSecret", "client_secret", "secret"];
