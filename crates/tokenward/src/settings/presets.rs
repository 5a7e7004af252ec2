//! Servers that keep to RFC 6749, under names of their own: a row each.
//!
//! Enters: an app's record as far as a person filled it. Leaves: the record of an `oauth2` app, with what the row knows where the
//! person said nothing. It is all written into the file: nothing of a row is known to the engine, and a row that changes changes no app.

use super::edit::AppRecord;
use super::setting_definitions::Setting;

/// What is known of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preset {
    /// The word for `--provider`.
    pub name: &'static str,
    /// Its issuer, whose document names the endpoints. A server of one's own has another.
    pub issuer: &'static str,
    /// What a login asks for: enough to know whose it is.
    pub scopes: &'static str,
    /// How it treats old tokens, as far as it says so; the rest stays cautious.
    pub rules: &'static str,
    /// Where an app is registered, below the issuer.
    pub console: &'static str,
}

impl Preset {
    /// Every one.
    pub const ALL: &[Self] = &[
        // docs.gitlab.com/api/oauth2, "Authorization code with Proof Key for Code Exchange" (a refresh invalidates both old
        // tokens; access tokens live 7200 s), and docs.gitlab.com/integration/oauth_provider for scopes, read 2026-11.
        Self {
            name: "gitlab",
            issuer: "https://gitlab.com",
            scopes: "openid read_user",
            rules: "old_access=dies replay=punished access_life=2h",
            console: "-/user_settings/applications",
        },
        // docs.gitea.com/development/oauth2-provider (discovery, scopes: one must be asked for, where apps are registered), and
        // `[oauth2]` of custom/conf/app.example.ini in github.com/go-gitea/gitea (access tokens live 3600 s, refresh tokens 730 h
        // from each refresh), read 2026-12. Whether a refresh token serves once is a setting of the server
        // (`INVALIDATE_REFRESH_TOKENS`) and is left out. What a refresh does to the old access token is not said.
        Self {
            name: "gitea",
            issuer: "https://gitea.com",
            scopes: "openid read:user",
            rules: "access_life=1h refresh_life=730h",
            console: "user/settings/applications",
        },
    ];

    /// The row of a name, in any case.
    pub fn of(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|preset| preset.name.eq_ignore_ascii_case(name))
    }

    /// The record with what nobody said. Of the rules each gives way by itself.
    #[must_use]
    pub fn fill(&self, record: &AppRecord) -> AppRecord {
        let said = record.get(Setting::Rules).unwrap_or_default();
        let key = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
        let is_said = |pair: &str| said.split_whitespace().any(|said| key(said) == key(pair));
        let rules = self.rules.split_whitespace().filter(|pair| !is_said(pair)).chain(said.split_whitespace());
        let rules = rules.collect::<Vec<_>>().join(" ");
        let missing = |setting, text: &str| record.get(setting).is_none().then(|| text.to_owned());
        let issuer = missing(Setting::AccountsUrl, self.issuer);
        let scopes = missing(Setting::Scopes, self.scopes);
        let filled = record.clone().with(Setting::AccountsUrl, issuer).with(Setting::Scopes, scopes);
        filled.with(Setting::Rules, Some(rules))
    }

    /// The page at which an app is registered, at a server's own address.
    pub fn console_at(&self, issuer: &str) -> String {
        format!("{}/{}", issuer.trim().trim_end_matches('/'), self.console)
    }
}

#[cfg(test)]
mod tests {
    use tokenward_core::{OldAccess, ProviderName, Replay};

    use super::super::error::Origin;
    use super::super::file::Value;
    use super::super::refresh_token_rules;
    use super::*;

    fn rules_of(text: &str) -> tokenward_core::Rules {
        let value = Value { text: text.to_owned(), origin: Origin::Variable("TOKENWARD_RULES") };
        refresh_token_rules::parse(&value).unwrap()
    }

    #[test]
    fn every_row_can_be_used() {
        for preset in Preset::ALL {
            assert!(preset.name.parse::<ProviderName>().is_err(), "{}", preset.name);
            let issuer = url::Url::parse(preset.issuer).unwrap();
            assert!(issuer.scheme() == "https" && !preset.issuer.ends_with('/'), "{issuer}");
            assert!(url::Url::parse(&preset.console_at(preset.issuer)).is_ok());
            assert!(!preset.scopes.is_empty());
            rules_of(preset.rules);
        }
    }

    #[test]
    fn gitlab_lets_old_tokens_die() {
        let record = Preset::of("GitLab").unwrap().fill(&AppRecord::default());
        assert_eq!(record.get(Setting::AccountsUrl), Some("https://gitlab.com"));
        assert_eq!(record.get(Setting::Scopes), Some("openid read_user"));
        let rules = rules_of(record.get(Setting::Rules).unwrap());
        assert_eq!(rules.old_access, OldAccess::Dies);
        assert!(matches!(rules.replay, Replay::Punished { .. }));
        assert_eq!(rules.assumed_access.as_secs(), 7200);
    }

    #[test]
    fn gitea_leaves_to_its_admin_whether_a_refresh_token_serves_once() {
        let record = Preset::of("gitea").unwrap().fill(&AppRecord::default());
        assert_eq!(record.get(Setting::AccountsUrl), Some("https://gitea.com"));
        let rules = rules_of(record.get(Setting::Rules).unwrap());
        assert_eq!(rules.assumed_access.as_secs(), 3600);
        assert_eq!(rules.assumed_refresh.map(|life| life.as_secs()), Some(730 * 3600));
        assert_eq!(
            (rules.old_access, rules.replay),
            (refresh_token_rules::CAUTIOUS.old_access, refresh_token_rules::CAUTIOUS.replay)
        );
        let console = Preset::of("gitea").unwrap().console_at("https://git.example.com");
        assert_eq!(console, "https://git.example.com/user/settings/applications");
    }

    #[test]
    fn what_is_said_goes_before_the_row() {
        let said = AppRecord::default()
            .with(Setting::AccountsUrl, Some("https://git.example.com"))
            .with(Setting::Scopes, Some("api"))
            .with(Setting::Rules, Some("old_access=stays margin=1m"));
        let record = Preset::of("gitlab").unwrap().fill(&said);
        assert_eq!(record.get(Setting::AccountsUrl), Some("https://git.example.com"));
        assert_eq!(record.get(Setting::Scopes), Some("api"));
        assert_eq!(record.get(Setting::Rules), Some("replay=punished access_life=2h old_access=stays margin=1m"));
        assert_eq!(Preset::of("gitlab.com"), None);
        let console = Preset::of("gitlab").unwrap().console_at("https://git.example.com/sub/");
        assert_eq!(console, "https://git.example.com/sub/-/user_settings/applications");
    }
}
