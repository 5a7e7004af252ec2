//! Keys of `config.toml` as a person names them: `default_profile`, `apps.work.app_id`, `profiles.work.scopes`.
//!
//! Enters: a key as it was typed. Leaves: the setting that it means and the table in which it stands. Which keys exist is known from the
//! table of settings alone; no key is a secret's (I4).

use std::fmt;
use std::str::FromStr;

use tokenward_core::{AppName, ProfileName, WebhookName};

use super::file::SECRETS;
use super::setting_definitions::{Section, Setting};
use super::text_utils::nearest;

/// A key of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigKey {
    pub(super) table: ConfigTable,
    pub(super) setting: Setting,
    name: &'static str,
}

/// The table in which a key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigTable {
    /// The top of the file.
    Top,
    /// `[apps.NAME]`.
    App(AppName),
    /// `[profiles.NAME]`.
    Profile(ProfileName),
    /// `[webhooks.NAME]`.
    Webhook(WebhookName),
}

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadKey {
    /// It would be a secret's, and none is in the file.
    Secret,
    /// There is no such key; the nearest that there is.
    Unknown(Option<String>),
}

impl ConfigKey {
    /// The setting.
    pub const fn setting(&self) -> Setting {
        self.setting
    }

    /// The table in which it stands.
    pub const fn table(&self) -> &ConfigTable {
        &self.table
    }

    /// Every key that a table may have.
    pub fn of_table(table: &ConfigTable) -> impl Iterator<Item = Self> {
        let section = table.section();
        Setting::in_section(section).map(move |(setting, name)| Self { table: table.clone(), setting, name })
    }

    fn find(table: ConfigTable, name: &str) -> Result<Self, BadKey> {
        if SECRETS.contains(&name) {
            return Err(BadKey::Secret);
        }
        let found = Setting::in_section(table.section()).find(|(_, known)| *known == name);
        if let Some((setting, name)) = found {
            return Ok(Self { table, setting, name });
        }
        let known = Setting::in_section(table.section()).map(|(_, known)| known);
        Err(BadKey::Unknown(nearest(name, known).map(|near| format!("{}{near}", table.head()))))
    }
}

impl ConfigTable {
    const fn section(&self) -> Section {
        match self {
            Self::Top => Section::Top,
            Self::App(_) => Section::App,
            Self::Profile(_) => Section::Profile,
            Self::Webhook(_) => Section::Webhook,
        }
    }

    fn head(&self) -> String {
        match self {
            Self::Top => String::new(),
            Self::App(name) => format!("apps.{name}."),
            Self::Profile(name) => format!("profiles.{name}."),
            Self::Webhook(name) => format!("webhooks.{name}."),
        }
    }
}

impl fmt::Display for ConfigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.table.head(), self.name)
    }
}

impl FromStr for ConfigKey {
    type Err = BadKey;

    /// A name may have dots, as `feishu.cn`; a key has none.
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let Some((head, key)) = text.rsplit_once('.') else {
            let tables = ["apps", "profiles", "webhooks"];
            return Self::find(ConfigTable::Top, text).map_err(|bad| match bad {
                BadKey::Unknown(None) => {
                    BadKey::Unknown(nearest(text, tables).map(|table| format!("{table}.NAME.KEY")))
                }
                bad => bad,
            });
        };
        let unquoted = |name: &str| name.trim_matches('"').to_owned();
        let table = match head.split_once('.') {
            Some(("apps", name)) => unquoted(name).parse().ok().map(ConfigTable::App),
            Some(("profiles", name)) => unquoted(name).parse().ok().map(ConfigTable::Profile),
            Some(("webhooks", name)) => unquoted(name).parse().ok().map(ConfigTable::Webhook),
            _ => None,
        };
        if SECRETS.contains(&key) {
            return Err(BadKey::Secret);
        }
        let form = || {
            let has = |section| Setting::in_section(section).any(|(_, known)| known == key);
            let table = if has(Section::Profile) { Some("profiles") } else { has(Section::App).then_some("apps") };
            BadKey::Unknown(table.map(|table| format!("{table}.NAME.{key}")))
        };
        Self::find(table.ok_or_else(form)?, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_reference_reads_back() {
        for setting in Setting::ALL.iter().filter_map(|setting| setting.config_key()) {
            let text = setting.replace("NAME", "work.cn");
            assert_eq!(text.parse::<ConfigKey>().unwrap().to_string(), text);
        }
        assert_eq!("apps.\"a.b\".app_id".parse::<ConfigKey>().unwrap().to_string(), "apps.a.b.app_id");
    }

    #[test]
    fn a_secret_and_a_slip_are_no_keys() {
        for text in ["apps.work.app_secret", "client_secret", "profiles.x.secret"] {
            assert_eq!(text.parse::<ConfigKey>(), Err(BadKey::Secret), "{text}");
        }
        for (text, near) in [
            ("apps.work.app_di", Some("apps.work.app_id")),
            ("default_profil", Some("default_profile")),
            ("work.app_id", Some("apps.NAME.app_id")),
            ("zzzzzzzz", None),
            ("", None),
            ("apps..app_id", Some("apps.NAME.app_id")),
        ] {
            assert_eq!(text.parse::<ConfigKey>(), Err(BadKey::Unknown(near.map(str::to_owned))), "{text}");
        }
    }
}
