//! Receivers of events, as `[webhooks.NAME]` of the file describes them.
//!
//! Enters: the tables. Leaves: each receiver with its address, what it wants and the secrets that its deliveries are signed with, or one error that
//! names the place. A secret is in no error and not in the file (I4).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokenward_core::{AppName, BadSecret, LoginEventKind, SecretBytes, WebhookFilter, WebhookName};
use url::Url;
use zeroize::Zeroizing;

use super::error::{Clause, Origin, SettingsError, Warning, in_file};
use super::file::{Entries, Value};
use super::file_ownership;
use super::loaded::Settings;
use super::parse_value::refused;
use super::setting_definitions::Setting;

/// A receiver of events.
#[derive(Debug)]
pub struct Webhook {
    /// Its name.
    pub name: WebhookName,
    /// Where events are sent.
    pub url: Url,
    /// What deliveries are signed with, each of them: two while one takes the other's place.
    pub secrets: Vec<SecretBytes>,
    /// What it wants.
    pub filter: WebhookFilter,
    /// Whether its address may be one of a network of one's own, and unencrypted.
    pub allow_private: bool,
}

impl Settings {
    /// The receivers of events, with what there is to say about the files of their secrets.
    ///
    /// # Errors
    /// [`SettingsError`]: what makes one of them unusable.
    pub fn webhooks(&self) -> Result<(Vec<Webhook>, Vec<Warning>), SettingsError> {
        let (mut found, mut warnings) = (Vec::new(), Vec::new());
        for (name, entries) in &self.file.webhooks {
            let lacks = |key: &str, en: &'static str, zh: &'static str| SettingsError::BadValue {
                origin: in_file(&self.file.path, first_line(entries), format!("webhooks.{name}.{key}")),
                value: String::new(),
                allowed: Clause::new(en, zh),
            };
            let (url, filter, allow_private) = described(entries)?;
            let url =
                url.ok_or_else(|| lacks("url", "a webhook needs the address of its receiver", "需要填写接收方的地址"))?;
            let secrets = self.signed_with(entries, &mut warnings)?;
            let secrets = secrets.ok_or_else(|| {
                let en =
                    "a webhook needs secret_file or secret_variable, which hold what its deliveries are signed with";
                lacks("secret_file", en, "需要 secret_file 或 secret_variable，其中存放签名所用的密钥")
            })?;
            found.push(Webhook { name: name.clone(), url, secrets, filter, allow_private });
        }
        Ok((found, warnings))
    }

    /// What is wrong with what the tables say. What is missing is no flaw: a file is written key by key.
    pub(super) fn webhook_flaws(&self) -> impl Iterator<Item = SettingsError> {
        self.file.webhooks.values().filter_map(|entries| described(entries).err())
    }

    fn signed_with(
        &self,
        entries: &Entries,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<Vec<SecretBytes>>, SettingsError> {
        if let Some(file) = entries.get(&Setting::WebhookSecretFile) {
            let path = self.beside_file(file);
            let (text, warning) = file_ownership::secret_text(self.home.path(), &path, &file.origin)?;
            warnings.extend(warning);
            return secrets(&text, &file.origin).map(Some);
        }
        let Some(variable) = entries.get(&Setting::WebhookSecretVariable) else { return Ok(None) };
        let text = Zeroizing::new(self.env.get(variable.text.trim()).unwrap_or_default().to_owned());
        secrets(&text, &variable.origin).map(Some)
    }

    fn beside_file(&self, file: &Value) -> PathBuf {
        if let (Some(rest), Some(home)) = (file.text.strip_prefix("~/"), self.env.path("HOME")) {
            return home.join(rest);
        }
        self.file.path.parent().unwrap_or(Path::new("")).join(&file.text)
    }
}

fn first_line(entries: &Entries) -> usize {
    let lines = entries.values().filter_map(|value| match &value.origin {
        Origin::File(place) => Some(place.line),
        _ => None,
    });
    lines.min().unwrap_or(1)
}

/// What a table says, but for its secrets.
fn described(entries: &Entries) -> Result<(Option<Url>, WebhookFilter, bool), SettingsError> {
    let allow_private = match entries.get(&Setting::WebhookAllowPrivate) {
        None => false,
        Some(value) => match value.text.trim() {
            "true" => true,
            "false" => false,
            _ => return Err(refused(value, "it is true or false", "应为 true 或 false")),
        },
    };
    let url = entries.get(&Setting::WebhookUrl).map(|value| address(value, allow_private)).transpose()?;
    let types = entries.get(&Setting::WebhookEvents).map(|value| {
        let known = value.text.split_whitespace().all(|kind| LoginEventKind::TYPES.contains(&kind));
        let (en, zh) = (
            "events are login.refreshed, login.needs_login, login.refreshed_elsewhere, login.outcome_unknown and login.expires_soon",
            "事件包括 login.refreshed、login.needs_login、login.refreshed_elsewhere、login.outcome_unknown、login.expires_soon",
        );
        if known { Ok(value.text.split_whitespace().map(str::to_owned).collect()) } else { Err(refused(value, en, zh)) }
    });
    let apps = entries.get(&Setting::WebhookApps).map(|value| {
        let names = value.text.split_whitespace().map(str::parse::<AppName>).collect::<Result<BTreeSet<_>, _>>();
        names.map_err(|_| refused(value, "apps are names of [apps.NAME] tables", "apps 是 [apps.NAME] 表的名字"))
    });
    Ok((url, WebhookFilter { types: types.transpose()?, apps: apps.transpose()? }, allow_private))
}

fn address(value: &Value, allow_private: bool) -> Result<Url, SettingsError> {
    let usable = |url: &Url| {
        let is_encrypted = url.scheme() == "https" || (url.scheme() == "http" && allow_private);
        is_encrypted
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
    };
    value.text.trim().parse().ok().filter(usable).ok_or_else(|| {
        let en = "a receiver's address is a whole https address without a user name, or http with allow_private = true";
        refused(value, en, "接收方地址须为完整的 https 地址，不含用户名；设了 allow_private = true 时可用 http")
    })
}

/// One secret, or two while one takes the other's place.
fn secrets(text: &str, origin: &Origin) -> Result<Vec<SecretBytes>, SettingsError> {
    let bad = |reason| SettingsError::BadSecret { origin: origin.clone(), reason };
    let mut found = Vec::new();
    for secret in text.split_whitespace() {
        let digits = secret.strip_prefix(PREFIX).ok_or_else(|| bad(BadSecret::Malformed))?;
        let bytes = STANDARD.decode(digits).map_err(|_| bad(BadSecret::Malformed))?;
        let secret = SecretBytes::new(bytes);
        if !(24..=64).contains(&secret.expose().len()) {
            return Err(bad(BadSecret::Malformed));
        }
        found.push(secret);
    }
    match found.len() {
        0 => Err(bad(BadSecret::Empty)),
        1 | 2 => Ok(found),
        _ => Err(bad(BadSecret::Malformed)),
    }
}

/// What a secret begins with (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
const PREFIX: &str = "whsec_";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::Environment;
    use crate::settings::{ConfigKey, Home, Overrides, check_config};

    const ONE: &str = "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
    const OTHER: &str = "whsec_AgICAgICAgICAgICAgICAgICAgICAgIC";

    /// What is said of a table, with a file `s` beside it that holds this.
    fn loaded(table: &str, file: &str, variable: &str) -> Result<Vec<Webhook>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), format!("[webhooks.ops]\n{table}\n")).unwrap();
        std::fs::write(folder.path().join("s"), file).unwrap();
        std::fs::set_permissions(folder.path().join("s"), std::fs::Permissions::from_mode(0o600)).unwrap();
        let home = Home::resolve(Some(folder.path()), &Environment::default()).unwrap();
        let env = Environment::new([("HOOK", variable)]);
        let (settings, warnings) =
            Settings::load(home, env, Overrides::default()).map_err(|error| error.to_string())?;
        assert_eq!(warnings, Vec::new());
        let found = settings.webhooks().map_err(|error| error.to_string())?;
        assert_eq!(found.1, Vec::new());
        Ok(found.0)
    }

    const URL: &str = "url = \"https://ops.example/in?x=y\"\n";

    #[test]
    fn a_table_says_where_what_and_with_which_secrets() {
        let table = format!(
            "{URL}secret_file = \"s\"\nevents = [\"login.refreshed\", \"login.needs_login\"]\napps = \"work other\"\n"
        );
        let found = loaded(&table, &format!("{ONE}\n{OTHER}\n"), "").unwrap();
        let [hook] = &found[..] else { panic!("{found:?}") };
        assert_eq!((hook.name.as_str(), hook.url.as_str()), ("ops", "https://ops.example/in?x=y"));
        assert_eq!(hook.secrets.iter().map(|secret| secret.expose()[0]).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(hook.filter.types.as_ref().unwrap().len(), 2);
        assert_eq!(
            hook.filter.apps.as_ref().unwrap().iter().map(AppName::as_str).collect::<Vec<_>>(),
            ["other", "work"]
        );
        assert!(!hook.allow_private && !format!("{hook:?}").contains("AQEB"));
        let table = "url = \"http://127.0.0.1:1/x\"\nallow_private = true\nsecret_variable = \"HOOK\"";
        let found = loaded(table, "", &format!("{ONE} {OTHER}")).unwrap();
        assert_eq!(
            (found[0].secrets.len(), &found[0].filter, found[0].allow_private),
            (2, &WebhookFilter::default(), true)
        );
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_its_place_and_without_the_secret() {
        let with = |more: &str| format!("{URL}secret_file = \"s\"\n{more}\n");
        let short = "whsec_AQEB";
        for (table, file, place) in [
            (with("events = \"login.lost\""), ONE, "webhooks.ops.events"),
            (with("apps = [\"a b\", \":\"]"), ONE, "webhooks.ops.apps"),
            (with("allow_private = \"yes\""), ONE, "webhooks.ops.allow_private"),
            ("url = \"http://ops.example\"\nsecret_file = \"s\"".to_owned(), ONE, "webhooks.ops.url"),
            ("url = \"https://a:b@ops.example\"\nsecret_file = \"s\"".to_owned(), ONE, "webhooks.ops.url"),
            ("secret_file = \"s\"".to_owned(), ONE, "webhooks.ops.url"),
            (URL.to_owned(), ONE, "webhooks.ops.secret_file"),
            (with(""), "", "webhooks.ops.secret_file"),
            (with(""), short, "webhooks.ops.secret_file"),
            (with(""), &ONE["whsec_".len()..], "webhooks.ops.secret_file"),
            (with(""), &format!("{ONE} {ONE} {ONE}"), "webhooks.ops.secret_file"),
            (format!("{URL}secret_variable = \"NONE\""), ONE, "webhooks.ops.secret_variable"),
            (with("secret = \"x\""), ONE, "webhooks.ops.secret"),
        ] {
            let told = loaded(&table, file, "").unwrap_err();
            assert!(told.contains(place) && !told.contains("AQEB"), "{told}");
        }
    }

    #[test]
    fn keys_are_set_one_by_one_and_what_is_wrong_is_said_then() {
        let key: ConfigKey = "webhooks.ops.url".parse().unwrap();
        assert_eq!(key.to_string(), "webhooks.ops.url");
        let home = Home::at(Path::new("/nowhere"));
        assert!(check_config(&home, "", "[webhooks.ops]\nurl = \"https://ops.example/\"\n").is_ok());
        assert!(check_config(&home, "", "[webhooks.ops]\nurl = \"ops.example\"\n").is_err());
        assert!(check_config(&home, "", "[webhooks.ops]\nevents = \"x\"\n").is_err());
    }
}
