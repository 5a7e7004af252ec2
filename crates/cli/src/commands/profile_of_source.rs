//! Whose login a file or a store holds: the profile that is meant, and its app.
//!
//! Enters: what the source tells of its app, and its refresh token. Leaves: a profile with its app and an open session, or a
//! refusal before anything was changed. A login that the vault knows keeps its profile; an app that is set up is found by its
//! id; one that is not, and whose id and secret stand in the source, is set up from it, the secret sealed in the vault.

use std::path::Path;

use tokenward::links::Sighting;
use tokenward::{
    ConfigEdit, HomeState, ProfileRecord, SecretSource, Session, Settings, SettingsError, is_script_login,
};
use tokenward_core::{AppName, AppSecret, Brand, Code, Place, ProfileName, ProviderName, RefreshToken, Standing};

use crate::args::{Init, PlaceFlags};
use crate::commands::init;
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::token_places::{Flaw, SecretFlaw, TokenPlaces, quoted};

/// What a source tells of the app of its login.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// The file, or the tool, in words.
    pub(super) name: String,
    pub(super) app_id: Option<&'a str>,
    /// Where in a file it stands.
    pub(super) app_id_at: Option<&'a Place>,
    pub(super) app_secret: Option<&'a AppSecret>,
    /// Where in a file it stands.
    pub(super) app_secret_at: Option<&'a Place>,
    /// Where something stands in for the secret.
    pub(super) secret_stands_in: Option<&'a Place>,
    /// What is wrong with the secret in a file.
    pub(super) secret_flaw: Option<&'a SecretFlaw>,
    pub(super) brand: Option<Brand>,
    pub(super) refresh: Option<&'a RefreshToken>,
    /// The profile whose login the vault knows it to be.
    pub(super) owner: Option<&'a ProfileName>,
}

impl<'a> Source<'a> {
    pub(super) fn of(spot: &'a TokenPlaces, context: &Context) -> Self {
        Self {
            name: context.short(&spot.file),
            app_id: spot.app_id.as_deref(),
            app_id_at: spot.app_id_at.as_ref(),
            app_secret: spot.app_secret.as_ref(),
            app_secret_at: spot.app_secret_at.as_ref(),
            secret_stands_in: spot.secret_stands_in.as_ref(),
            secret_flaw: spot.secret_flaw.as_ref(),
            brand: spot.brand,
            refresh: spot.refresh.as_ref(),
            owner: spot.owner.as_ref(),
        }
    }

    /// The profile, its app and a session.
    pub(super) async fn work(&self, context: &Context) -> Result<Work, Failure> {
        let mut settings = context.settings()?;
        let session = context.session(&settings).await?;
        let name = self.profile(&settings, &session, context).await?;
        let mut found = settings.profile(Some(&name));
        let is_known = self.app_id.is_some_and(|id| with_id(&settings, id).is_some());
        if !is_known
            && let (Err(SettingsError::UnknownProfile { .. } | SettingsError::NothingSetUp { .. }), Some(id)) =
                (&found, self.app_id)
        {
            self.may_register(&name, id, &settings, context)?;
            self.register(&name, id, context).await?;
            settings = context.settings()?;
            found = settings.profile(Some(&name));
        }
        if let (Err(SettingsError::UnknownProfile { .. }), Some(_)) = (&found, &context.global.profile)
            && let Some(app) = self.app_of(&settings, &session).await?
        {
            settings = add_profile(&name, &app, &settings, context)?;
            found = settings.profile(Some(&name));
        }
        let profile = found.map_err(|error| context.settings_failure(&error))?;
        context.refuse_user(&profile)?;
        for warning in &profile.warnings {
            context.printer.warning(context.lang().settings_warning(warning));
        }
        context.tell_overruled(&settings, &profile.name);
        if let Some(id) = self.app_id.filter(|id| *id != profile.client_id) {
            return Err(self.another_app(id, &name, &profile.client_id, context));
        }
        if let (SecretSource::Given(used), Some(own)) = (&profile.secret, self.app_secret)
            && used != own
        {
            context.printer.note(context.lang().secret_overruled(APP_SECRET, &self.name));
        }
        if let (SecretSource::Vault, Some(_), Some(secret)) = (&profile.secret, self.app_id, self.app_secret) {
            match session.keeper().app_secret(&profile.app_name).await? {
                None => session.keeper().keep_app_secret(&profile.app_name, secret).await?,
                Some(stored) if stored == *secret => {}
                // Which of them is the newer nobody here knows.
                Some(_) => {
                    context.printer.warning(context.lang().other_secret_in_file(&self.name, &profile.app_name));
                }
            }
        }
        if matches!(profile.secret, SecretSource::Vault)
            && self.secret_stands_in.is_some()
            && session.keeper().app_secret(&profile.app_name).await?.is_none()
        {
            self.tell_stand_in(context);
        }
        context.work_of(profile, session).await
    }

    /// The name of the profile; it need not be set up when the source names an app.
    async fn profile(&self, settings: &Settings, session: &Session, context: &Context) -> Result<ProfileName, Failure> {
        let failed = |error: &SettingsError| context.settings_failure(error);
        if let Some(given) = context.named(settings)?
            && !is_of_a_script(&given, session).await?
        {
            return Ok(given);
        }
        if let Some(known) = self.owner(session).await?
            && settings.profile(Some(&known)).is_ok()
        {
            return Ok(known);
        }
        let selected = settings.selected(None);
        let Some(id) = self.app_id else {
            return selected.map_err(|error| match error {
                // Who has a file with tokens asks about no site, and the vault may be of this very command.
                SettingsError::NothingSetUp { path, home, apps } => {
                    let home = if home == HomeState::WithVault { HomeState::Plain } else { home };
                    let error = SettingsError::NothingSetUp { path, home, apps };
                    failed(&error).or_then(context.lang(), context.lang().or_app_in_file(&self.name))
                }
                error => failed(&error),
            });
        };
        // A profile that the environment names is as good as a flag.
        if context.ambient.env.get("TOKENWARD_PROFILE").is_some() {
            return selected.map_err(|error| failed(&error));
        }
        let mut names: Vec<ProfileName> = settings.profiles().map(|(name, _)| name.clone()).collect();
        let any = !names.is_empty();
        let selected = selected.ok();
        names.extend(selected.clone().filter(|selected| !names.contains(selected)));
        names.retain(|name| settings.profile(Some(name)).is_ok_and(|profile| profile.client_id == id));
        let lang = context.lang();
        match (names.as_slice(), selected) {
            (names, Some(selected)) if names.contains(&selected) => Ok(selected),
            ([only], _) => Ok(only.clone()),
            ([], selected) if !any => {
                selected.map_or_else(|| DEFAULT.parse().map_err(|_| Failure::of(Code::Internal)), Ok)
            }
            ([], _) => {
                // A profile of its own would meet the variable as well.
                if let Some(own) = context.ambient.env.get(APP_ID) {
                    let what = lang.app_not_set_up_beside(&self.name, id.escape_debug(), APP_ID, own);
                    return Err(Failure::new(Code::AnotherApp, what).then(lang.unset_and_name_profile(APP_ID)));
                }
                let what = lang.app_not_set_up(&self.name, id.escape_debug());
                Err(Failure::new(Code::AnotherApp, what).then(lang.name_new_profile()))
            }
            (several, _) => {
                let known = several.iter().map(ProfileName::as_str).collect::<Vec<_>>().join(", ");
                let what = lang.app_of_several(&self.name, id.escape_debug(), known);
                Err(Failure::new(Code::UnknownProfile, what).then(lang.name_profile()))
            }
        }
    }

    /// The profile whose login the refresh token is, if that lives.
    async fn owner(&self, session: &Session) -> Result<Option<ProfileName>, Failure> {
        let Some(refresh) = self.refresh else { return Ok(self.owner.cloned()) };
        let vault = &session.parts().vault;
        let Some((id, _)) = vault.recognise(refresh).await.map_err(tokenward::Error::from)?.known else {
            return Ok(self.owner.cloned());
        };
        let grant = vault.grant(id).await.map_err(tokenward::Error::from)?;
        let lives = matches!(grant.standing, Standing::Live | Standing::InDoubt { .. });
        // A script's own login becomes one of the profile that is meant.
        let is_script = is_script_login(&grant);
        Ok(grant.profile.filter(|_| lives && !is_script))
    }

    /// The app that a new profile is of: the one that the source names, that the vault knows its login to be of, or the only one.
    async fn app_of(&self, settings: &Settings, session: &Session) -> Result<Option<AppName>, Failure> {
        if let Some(id) = self.app_id {
            return Ok(with_id(settings, id));
        }
        if let Some(refresh) = self.refresh {
            let vault = &session.parts().vault;
            if let Some((id, _)) = vault.recognise(refresh).await.map_err(tokenward::Error::from)?.known {
                let login = vault.grant(id).await.map_err(tokenward::Error::from)?;
                if !is_script_login(&login) {
                    return Ok(Some(login.app));
                }
            }
        }
        Ok(only_app(settings))
    }

    /// Sets the app up as `init` does.
    async fn register(&self, name: &ProfileName, id: &str, context: &Context) -> Result<(), Failure> {
        let app: AppName = name.as_str().parse().map_err(|_| Failure::of(Code::BadSetting))?;
        // The variable is the clearer word: names of variables in a file are often copied.
        let said = context.ambient.env.get("TOKENWARD_PROVIDER").is_some();
        self.tell_stand_in(context);
        if let Some(flaw) = self.secret_flaw.filter(|_| !context.ambient.secret_is_set) {
            self.tell_flaw(flaw, context)?;
        }
        let init = Init {
            app: Some(app),
            app_id: Some(id.to_owned()),
            provider: self.brand.filter(|_| !said).map(|brand| ProviderName::from(brand).into()),
            ..Init::default()
        };
        let refused = context.lang().app_not_saved(&self.name);
        let done = init::register(&init, self.app_secret.cloned(), refused, context).await;
        let done = done.map_err(|failure| {
            let wrong = if failure.says_the_id_is_wrong() {
                self.app_id_at
            } else {
                self.app_secret_at.filter(|_| self.app_secret.is_some())
            };
            match wrong.filter(|_| failure.is_of(Code::AppCredentialsWrong)) {
                Some(at) => {
                    let (lang, again) = (context.lang(), context.typed.again(&self.name));
                    let next = [lang.correct_secret_in_file(at, &self.name, again), lang.other_platform_of_file()];
                    failure.only_then(next).stands(lang.nothing_saved_of_file())
                }
                None => failure,
            }
        })?;
        context.printer.note(context.lang().app_from_file(id.escape_debug(), &self.name, &done.profile.name));
        done.tell_first(context);
        Ok(())
    }

    /// Refuses, before anything is written, to set an app up under a name that another app has, or whose id a variable overrules.
    fn may_register(
        &self,
        name: &ProfileName,
        id: &str,
        settings: &Settings,
        context: &Context,
    ) -> Result<(), Failure> {
        if context.ambient.env.get(APP_ID).is_some_and(|own| own != id) {
            return Err(self.another_app(id, name, context.ambient.env.get(APP_ID).unwrap_or_default(), context));
        }
        let app: Option<AppName> = name.as_str().parse().ok();
        let former = app.and_then(|app| settings.registered(&app)).map(|app| app.client_id);
        match former.filter(|former| former != id) {
            Some(former) => {
                let what = context.lang().app_name_taken(&self.name, id.escape_debug(), name, former);
                Err(Failure::new(Code::AnotherApp, what).then(context.lang().name_new_profile()))
            }
            None => Ok(()),
        }
    }

    /// Says what is wrong with the secret in the file. Where nobody can be asked for it, that is the end.
    fn tell_flaw(&self, found: &SecretFlaw, context: &Context) -> Result<(), Failure> {
        let (lang, key) = (context.lang(), &found.name);
        let what = match &found.flaw {
            Flaw::Missing(None) => lang.secret_not_in_file(&self.name, key),
            Flaw::Missing(Some((line, near))) => lang.secret_misspelt_in_file(&self.name, key, line, near),
            Flaw::Empty => lang.secret_empty_in_file(&self.name, key),
            Flaw::Malformed => lang.secret_malformed_in_file(&self.name, key),
            Flaw::Reference => lang.secret_is_reference(&self.name, key),
        };
        if context.asker().can_ask() {
            context.printer.note(what);
            return Ok(());
        }
        let again = context.typed.again(&self.name);
        let next = match &found.flaw {
            // The file is right for the program that reads it.
            Flaw::Reference => {
                let init = format!("tokenward init --app-id {}", self.app_id.map(quoted).unwrap_or_default());
                lang.secret_is_reference_next(APP_SECRET, init)
            }
            _ => lang.correct_secret_in_file(key, &self.name, again),
        };
        Err(Failure::new(Code::SettingMissing, what).then(next))
    }

    /// Says that the secret of the source is none.
    fn tell_stand_in(&self, context: &Context) {
        if let Some(place) = self.secret_stands_in {
            context.printer.warning(context.lang().app_secret_stands_in(place));
        }
    }

    fn another_app(&self, id: &str, profile: &ProfileName, own: &str, context: &Context) -> Failure {
        let lang = context.lang();
        // No name of a profile helps where a variable names the app.
        if context.ambient.env.get(APP_ID) == Some(own) {
            let what = lang.app_differs_from_variable(&self.name, id.escape_debug(), APP_ID, own);
            return Failure::new(Code::AnotherApp, what).then(lang.unset_app_id(APP_ID));
        }
        let what = lang.app_differs(&self.name, id.escape_debug(), profile, own);
        Failure::new(Code::AnotherApp, what).then(lang.name_new_profile())
    }
}

/// The tokens in a file that the vault knows; none where there is no vault, or the file cannot be read.
pub(super) async fn known(file: &Path, at: &PlaceFlags, context: &Context) -> Result<Vec<Sighting>, Failure> {
    let Some(document) = TokenPlaces::document(file, at, context.lang()) else { return Ok(Vec::new()) };
    let settings = context.settings()?;
    // Where no vault is, none is made for the sake of a question.
    if !settings.home().vault().is_dir() {
        return Ok(Vec::new());
    }
    Ok(context.session(&settings).await?.links().sightings(&document).await?)
}

/// The app with that id that some profile has.
fn with_id(settings: &Settings, id: &str) -> Option<AppName> {
    let names: Vec<ProfileName> = settings.profiles().map(|(name, _)| name.clone()).collect();
    let mut found = names.iter().filter_map(|name| settings.profile(Some(name)).ok());
    found.find(|profile| profile.client_id == id).map(|profile| profile.app_name)
}

/// The app of the profile that is meant without a name, or the only one that is set up.
pub(super) fn only_app(settings: &Settings) -> Option<AppName> {
    if let Ok(selected) = settings.profile(None) {
        return Some(selected.app_name);
    }
    let mut apps: Vec<AppName> = settings.profiles().filter_map(|(_, app)| app).collect();
    apps.dedup();
    if apps.len() == 1 { apps.pop() } else { None }
}

/// Makes a profile for another user of an app that is there, and says so.
pub(super) fn new_profile(
    name: &ProfileName,
    app: &AppName,
    settings: &Settings,
    context: &Context,
) -> Result<Settings, Failure> {
    let settings = add_profile(name, app, settings, context)?;
    context.printer.note(context.lang().new_profile(name, app));
    Ok(settings)
}

/// Does something that may make a profile on its way. One that was made is told once all is done, and is none where it failed and nothing
/// was kept under its name: it was mistyped, or of no use.
pub(super) async fn with_profiles<T>(
    context: &Context,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    with_profiles_told(true, context, work).await
}

/// The same where a profile that is made is told at once, since a person has to do something before all is done.
pub(super) async fn with_profiles_told_before<T>(
    context: &Context,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    with_profiles_told(false, context, work).await
}

async fn with_profiles_told<T>(
    after_all: bool,
    context: &Context,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    if let Ok(before) = context.settings() {
        context.profiles_before.get_or_init(|| before);
    }
    let done = work.await;
    if done.is_err() {
        forget_new_profiles(context).await?;
    } else if let (true, Ok(after)) = (after_all, context.settings()) {
        for (name, app) in new_profiles(&after, context) {
            context.printer.note(context.lang().new_profile(name, app));
        }
    }
    done
}

/// Takes the profiles out of the settings again that a command made on its way to something that came to nothing.
pub(crate) async fn forget_new_profiles(context: &Context) -> Result<(), Failure> {
    if context.profiles_before.get().is_none() {
        return Ok(());
    }
    let Ok(after) = context.settings() else { return Ok(()) };
    for (name, _) in new_profiles(&after, context) {
        if is_unused(&name, &after, context).await {
            let mut edit = ConfigEdit::open(after.home()).map_err(|error| context.settings_failure(&error))?;
            edit.remove_profile(&name);
            edit.save().map_err(|error| context.settings_failure(&error))?;
        }
    }
    Ok(())
}

/// The profiles that were made since the command began, each with its app, which was there.
fn new_profiles(after: &Settings, context: &Context) -> Vec<(ProfileName, AppName)> {
    let Some(before) = context.profiles_before.get() else { return Vec::new() };
    let is_old = |name: &ProfileName| before.profiles().any(|(old, _)| old == name);
    let has_app = |app: &AppName| before.profiles().any(|(_, old)| old.as_ref() == Some(app));
    let named = after.profiles().filter_map(|(name, app)| Some((name.clone(), app?)));
    named.filter(|(name, app)| !is_old(name) && has_app(app)).collect()
}

/// Whether a name is that of a script's login, as `list` shows it: no profile, and none is to be made of it.
async fn is_of_a_script(name: &ProfileName, session: &Session) -> Result<bool, Failure> {
    if !name.as_str().contains('@') {
        return Ok(false);
    }
    let reports = session.keeper().list().await?;
    Ok(reports.iter().any(|report| report.grant.profile.as_ref() == Some(name) && is_script_login(&report.grant)))
}

/// Whether the vault has neither a login nor a link of a profile, nor an answer that may become one.
async fn is_unused(name: &ProfileName, settings: &Settings, context: &Context) -> bool {
    let Ok(session) = context.session(settings).await else { return false };
    let vault = &session.parts().vault;
    matches!(vault.grant_of(name).await, Ok(None))
        && vault.links(Some(name)).await.is_ok_and(|links| links.is_empty())
        && session.keeper().answers_kept(name).await.is_ok_and(|count| count == 0)
}

pub(super) fn add_profile(
    name: &ProfileName,
    app: &AppName,
    settings: &Settings,
    context: &Context,
) -> Result<Settings, Failure> {
    let failed = |error: SettingsError| context.settings_failure(&error);
    let mut edit = ConfigEdit::open(settings.home()).map_err(failed)?;
    edit.profile(name, &ProfileRecord::new(app.clone()));
    edit.save().map_err(failed)?;
    drop(edit);
    context.settings()
}

/// The variable that names an app whatever the settings say.
pub(in crate::commands) const APP_ID: &str = "TOKENWARD_APP_ID";
/// The variable of its secret.
const APP_SECRET: &str = "TOKENWARD_APP_SECRET";
/// What the first profile is called.
const DEFAULT: &str = "default";
