//! What becomes of an app whose profile is removed: it stays, unless a person wants it gone and nobody else needs it.

use tokenward::{ConfigEdit, Session, Settings};
use tokenward_core::{AppName, ProfileName};

use crate::context::Context;
use crate::failure::Failure;
use crate::words::Lang;

/// What became of the app.
pub(super) enum AppLeft {
    /// There was none in the file.
    None,
    /// It is gone, and so is its secret.
    Removed(AppName),
    /// It stays, since nobody asked for more.
    Stays(AppName),
    /// It stays, since this profile uses it.
    Used(AppName, ProfileName),
}

/// The app that a profile names, or the one of its own name.
pub(super) fn app_of(name: &ProfileName, settings: &Settings) -> Option<AppName> {
    settings.app_of(name).or_else(|| name.base().parse().ok())
}

/// Removes an app that no profile uses any more, where that is wanted.
pub(super) async fn app(
    name: &AppName,
    is_wanted: bool,
    session: Option<&Session>,
    context: &Context,
) -> Result<AppLeft, Failure> {
    let settings = context.settings()?;
    if settings.registered(name).is_none() {
        return Ok(AppLeft::None);
    }
    if let Some((user, _)) = settings.profiles().find(|(_, app)| app.as_ref() == Some(name)) {
        return Ok(AppLeft::Used(name.clone(), user.clone()));
    }
    if !is_wanted {
        return Ok(AppLeft::Stays(name.clone()));
    }
    if let Some(session) = session {
        session.keeper().forget_app_secret(name).await?;
    }
    let mut edit = ConfigEdit::open(settings.home()).map_err(|error| context.settings_failure(&error))?;
    edit.remove_app(name).save().map_err(|error| context.settings_failure(&error))?;
    Ok(AppLeft::Removed(name.clone()))
}

impl AppLeft {
    /// The removal of a profile in a sentence.
    pub(super) fn words(&self, profile: &ProfileName, lang: Lang) -> String {
        match self {
            Self::None => lang.profile_removed(profile),
            Self::Removed(app) => lang.profile_and_app_removed(profile, app),
            Self::Stays(app) => lang.profile_removed_not_app(profile, app),
            Self::Used(app, other) => lang.profile_removed_app_used(profile, app, other),
        }
    }
}
