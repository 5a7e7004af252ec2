//! What the settings say of an app before it is set up, and what of that stays.

use std::cell::RefCell;
use std::collections::BTreeSet;

use tokenward::{AppRecord, Setting, Settings};
use tokenward_core::{AppName, ProviderName};

/// What the file says before: the defaults of questions, and what stays where an app is only set up once more.
pub(super) struct Before<'a> {
    settings: &'a Settings,
    app: &'a AppName,
    /// What a person was asked for: an answer that leaves a setting out takes it out of the file.
    asked: RefCell<BTreeSet<Setting>>,
}

impl<'a> Before<'a> {
    pub(super) const fn new(settings: &'a Settings, app: &'a AppName) -> Self {
        Self { settings, app, asked: RefCell::new(BTreeSet::new()) }
    }

    /// What stands there for a setting.
    pub(super) fn says(&self, setting: Setting) -> Option<&'a str> {
        self.settings.app_says(self.app, setting)
    }

    /// The provider by what stands there; one that nobody wrote down is found by the hosts.
    pub(super) fn provider(&self) -> Option<ProviderName> {
        self.settings.provider_in_file(self.app)
    }

    /// A setting was asked for.
    pub(super) fn was_asked(&self, setting: Setting) {
        self.asked.borrow_mut().insert(setting);
    }

    /// Whether nothing in a record names another app than the file does: provider, addresses, id. An app that the file does not have is another.
    pub(super) fn is_same(&self, record: &AppRecord) -> bool {
        let same = |setting| match (record.get(setting), self.says(setting)) {
            (None, _) => true,
            (Some(given), None) if setting == Setting::Provider => {
                self.provider().is_some_and(|it| it.as_str() == given)
            }
            (Some(given), said) => is_same_text(given, said.unwrap_or_default()),
        };
        self.says(Setting::AppId).is_some() && IDENTITY.into_iter().all(same)
    }

    /// The record with what the file says and nobody has said anew, and the names of that. The secret is given anew with each `init`, and with
    /// it where it is.
    pub(super) fn kept(&self, record: AppRecord) -> (AppRecord, Vec<Setting>) {
        let mut kept = Vec::new();
        let record = self.missing_in(&record).into_iter().fold(record, |record, (setting, text)| {
            kept.push(setting);
            record.with(setting, Some(text))
        });
        (record, kept)
    }

    /// What of the file a record takes out.
    pub(super) fn dropped(&self, record: &AppRecord) -> Vec<Setting> {
        self.missing_in(record).into_iter().map(|(setting, _)| setting).collect()
    }

    fn missing_in(&self, record: &AppRecord) -> Vec<(Setting, &'a str)> {
        let is_kept = |setting: &Setting| {
            *setting != Setting::AppSecretFile
                && record.get(*setting).is_none()
                && !self.asked.borrow().contains(setting)
        };
        Setting::ALL
            .iter()
            .copied()
            .filter(is_kept)
            .filter_map(|setting| Some((setting, self.says(setting)?)))
            .collect()
    }
}

/// By which an app is told from another.
const IDENTITY: [Setting; 4] = [Setting::Provider, Setting::AppId, Setting::AccountsUrl, Setting::OpenUrl];

/// A slash at the end of an address makes no other one.
fn is_same_text(one: &str, other: &str) -> bool {
    one.trim().trim_end_matches('/') == other.trim().trim_end_matches('/')
}
