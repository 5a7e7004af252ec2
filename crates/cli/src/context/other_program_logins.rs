//! Logins whose app is described elsewhere: by a program that brings its own settings, as a Django site does, or by the variables of another
//! shell. What a command says that cannot use them, and what it leaves alone.
//!
//! Enters: what was meant, and the vault. Leaves: a refusal in words. Nothing is sent or written here.

use tokenward::{Overrides, Settings};
use tokenward_core::{Code, ProfileName};

use super::{Context, Work};
use crate::commands::login_exit_code;
use crate::failure::Failure;
use crate::token_places::quoted;

impl Context {
    /// Refuses a second login of a user whom a program keeps logged in here, as a Django site does, where nobody said that it is wanted:
    /// with some services it ends the program's token.
    pub(super) async fn is_free(&self, work: &Work) -> Result<(), Failure> {
        let Some(user) = work.profile.name.user().filter(|_| self.global.profile.is_none()) else { return Ok(()) };
        let (settings, _) = Settings::load(self.home()?, self.ambient.env.clone(), Overrides::default())
            .map_err(|error| self.settings_failure(&error))?;
        let reports = work.session.keeper().list().await?;
        let mut living = reports.iter().filter(|report| login_exit_code::lives(report));
        let mut theirs = None;
        for name in living.by_ref().filter_map(|report| report.grant.profile.as_ref()) {
            if *name == work.profile.name {
                return Ok(());
            }
            if name.user().as_ref() == Some(&user) && settings.is_of_other_program(name, None) {
                theirs = Some(name);
            }
        }
        let (lang, Some(name)) = (self.lang(), theirs) else { return Ok(()) };
        let failure = Failure::new(Code::Usage, lang.user_of_program(&user, name));
        Err(failure.then(lang.user_of_program_next(name.base())))
    }

    /// Why a login of the vault that no settings know cannot be used here: a program keeps it that brings its own.
    pub(super) async fn of_program(&self, settings: &Settings, failure: Failure) -> Failure {
        let names = self.logins_of_program(settings, &failure).await;
        let Some(name) = names.first() else { return self.of_other_shell(settings, failure).await };
        Failure::new(Code::SettingMissing, self.lang().program_has_settings(name))
            .then(self.lang().program_has_settings_next(name.base()))
    }

    /// The same where a login is to be forgotten, which needs no settings, but its name.
    pub(crate) async fn of_program_to_forget(&self, settings: &Settings, failure: Failure) -> Failure {
        let names = self.logins_of_program(settings, &failure).await;
        let Some(first) = names.first() else {
            return match self.login_of_other_shell(settings, &failure).await {
                Some((name, id)) => Failure::new(Code::SettingMissing, self.lang().login_of_other_shell(&name, id))
                    .then(self.lang().program_logout_next(quoted(name.as_str()))),
                None => failure,
            };
        };
        Failure::new(Code::SettingMissing, self.lang().program_has_settings(first))
            .then_all(names.iter().map(|name| self.lang().program_logout_next(quoted(name.as_str()))))
    }

    /// Why a login of the vault cannot be used here whose app the settings do not describe: the variables that did are another shell's.
    pub(crate) async fn of_other_shell(&self, settings: &Settings, failure: Failure) -> Failure {
        match self.login_of_other_shell(settings, &failure).await {
            Some((name, id)) => Failure::new(failure.code(), self.lang().login_of_other_shell(name, id))
                .then(self.lang().login_of_other_shell_next()),
            None => failure,
        }
    }

    /// The first login of that kind that is meant, where a failure says that no settings know a profile, and the id of its app.
    async fn login_of_other_shell(&self, settings: &Settings, failure: &Failure) -> Option<(ProfileName, String)> {
        let is_unknown = failure.is_of(Code::UnknownProfile) || failure.is_of(Code::SettingMissing);
        if !is_unknown || !settings.home().has_vault() {
            return None;
        }
        let session = self.session(settings).await.ok()?;
        let named = self.named(settings).ok().flatten();
        for report in session.keeper().list().await.ok()? {
            let Some(name) =
                report.grant.profile.clone().filter(|name| named.as_ref().is_none_or(|named| named == name))
            else {
                continue;
            };
            if settings.lacks_app_of(&report.grant)
                && let Ok(Some(app)) = session.keeper().registration_of(&report.grant).await
            {
                return Some((name, app.client_id));
            }
        }
        None
    }

    /// The logins that are meant, of a program that brings its own settings, where a failure says that no settings know a profile.
    async fn logins_of_program(&self, settings: &Settings, failure: &Failure) -> Vec<ProfileName> {
        let is_unknown = failure.is_of(Code::UnknownProfile) || failure.is_of(Code::SettingMissing);
        if !is_unknown || !settings.home().has_vault() {
            return Vec::new();
        }
        let Ok(session) = self.session(settings).await else { return Vec::new() };
        let Ok(reports) = session.keeper().list().await else { return Vec::new() };
        // Whose login is meant, where no profile was: the user says it, or there is none to tell apart.
        let meant = |name: &ProfileName| match (self.named(settings).ok().flatten(), &self.global.user) {
            (Some(named), _) => name.is_under(&named),
            (None, Some(user)) => name.user().as_ref() == Some(user),
            (None, None) => true,
        };
        let names = reports.into_iter().filter_map(|report| report.grant.profile);
        let is_own = |name: &ProfileName| name.is_of_many() && settings.is_of_other_program(name, None) && meant(name);
        names.filter(is_own).collect()
    }
}
