//! Variables that describe one app, beside a file that has apps.
//!
//! A variable wins over the file (the order of every lookup), for every profile at once. For one command that is meant; a server serves all
//! apps of the file, and its users would consent to another app than they were told.

use super::file::{Entries, Value};
use super::loaded::Settings;
use super::setting_definitions::{Section, Setting};

impl Settings {
    /// The variables that would make apps of the file what the file does not say: another value than one of them has there, or one value for
    /// several of them. Without apps in the file there are none; and with one app they may say what the file leaves open, as its secret.
    pub fn one_app_for_all(&self) -> Vec<&'static str> {
        if self.file.apps.is_empty() {
            return Vec::new();
        }
        let has_several = self.file.apps.len() > 1;
        let owners = self.app_entries();
        let plain = |text: &str| text.trim().trim_end_matches('/').to_owned();
        let contradicts = |setting: Setting| {
            let variable = setting.variable()?;
            let raw = self.env.raw(variable).filter(|raw| !raw.is_empty())?;
            let is_of_file = matches!(setting.placed(), Some((Section::App | Section::AppAndProfile, _)));
            let is_meant = match setting {
                Setting::AppSecret | Setting::AppTicket => has_several,
                _ if is_of_file => owners.iter().any(|owner| match in_file(owner, setting) {
                    Some(own) => plain(&own.text) != plain(&raw.to_string_lossy()),
                    None => has_several,
                }),
                _ => false,
            };
            is_meant.then_some(variable)
        };
        Setting::ALL.iter().copied().filter_map(contradicts).collect()
    }

    /// What the file says of each app: of its profiles, and of itself where it has none.
    fn app_entries(&self) -> Vec<Vec<&Entries>> {
        let mut found = Vec::new();
        for (name, app) in &self.file.apps {
            let is_own =
                |entries: &&Entries| entries.get(&Setting::App).is_some_and(|value| value.text == name.as_str());
            let before = found.len();
            found.extend(self.file.profiles.values().filter(is_own).map(|own| vec![own, app]));
            if found.len() == before {
                found.push(vec![app]);
            }
        }
        found
    }
}

fn in_file<'a>(owner: &[&'a Entries], setting: Setting) -> Option<&'a Value> {
    owner.iter().find_map(|entries| entries.get(&setting))
}
