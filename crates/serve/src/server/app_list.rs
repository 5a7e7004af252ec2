//! The apps of the settings.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use tokenward::Settings;

use super::answer::Answer;
use super::caller::Caller;
use super::parsed_request::Ask;
use super::problem::Problem;

/// Apps.
#[derive(Serialize, JsonSchema)]
pub(super) struct AppList {
    apps: Vec<AppView>,
}

/// An app, as the settings describe it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "App")]
pub(super) struct AppView {
    /// Its name.
    pub(super) app: String,
    /// Its provider, as settings name it.
    pub(super) provider: String,
    /// Its id at the provider.
    pub(super) client_id: String,
    /// The profiles that name it.
    pub(super) profiles: Vec<String>,
}

pub(super) fn list(caller: &Caller, ask: &Ask) -> Result<Answer, Problem> {
    Answer::ok(&AppList { apps: known(caller, ask.session().settings()) })
}

/// Those that the caller has anything to do with. One that the settings do not describe well enough is left out, and logged.
pub(super) fn known(caller: &Caller, settings: &Settings) -> Vec<AppView> {
    let mut apps: BTreeMap<String, AppView> = BTreeMap::new();
    for (profile, app) in settings.profiles() {
        let Some(name) = app.filter(|app| caller.has_profile(app, profile)) else { continue };
        let resolved = match settings.profile(Some(profile)) {
            Ok(resolved) => resolved,
            Err(error) => {
                tracing::warn!(%error, %profile, "a profile cannot be used");
                continue;
            }
        };
        let view = apps.entry(name.to_string()).or_insert_with(|| AppView {
            app: name.to_string(),
            provider: resolved.provider().as_str().to_owned(),
            client_id: resolved.client_id.clone(),
            profiles: Vec::new(),
        });
        view.profiles.push(profile.to_string());
    }
    apps.into_values().collect()
}
