//! The login in a script's file, by whom it is refreshed.
//!
//! Enters: a file such as `feishu-config.ini`, and the settings. Leaves: a new user access token, and the file in step. A login that a profile
//! has is refreshed as that profile's, with its app; any other is the file's own ([`ScriptRefresh`] tells what a crash leaves, I5).

use tokenward_core::Code;

use super::Session;
use crate::{Error, KeptState, ScriptRefresh, ScriptTokens, Settings};

impl Session {
    /// Rotates the login in a script's file ([`ScriptRefresh::run`]). That of a profile is rotated by the app that `settings` name for it.
    ///
    /// # Errors
    /// As there; those of the profile's settings.
    pub async fn refresh_script(&self, request: ScriptRefresh, settings: &Settings) -> Result<ScriptTokens, Error> {
        let Some(login) = request.owner(&self.keeper).await? else { return request.run(&self.keeper).await };
        // One without a profile is refreshed by its app, which other profiles have.
        let of_app =
            || settings.profiles().find(|(_, app)| app.as_ref() == Some(&login.app)).map(|(name, _)| name.clone());
        let Some(owner) = login.profile.clone().or_else(of_app) else { return request.run(&self.keeper).await };
        let profile = settings.profile(Some(&owner))?;
        let secret = if profile.has_secret() { profile.secret.look()?.0 } else { None };
        let Some(app) = self.app(&profile, secret).await? else {
            let detail =
                format!("the secret of the app {} is neither in the vault nor in the settings", profile.app_name);
            return Err(Error::with_detail(Code::SettingMissing, KeptState::Everything, detail));
        };
        if login.app != app.name || self.keeper.other_app(&login, &app).await?.is_some() {
            let detail = format!("the login of {} is a consent to another app than {} is now", profile.name, app.name);
            return Err(Error::with_detail(Code::NotLoggedIn, KeptState::Record, detail));
        }
        request.app_of_owner(app).run(&self.keeper).await
    }
}
