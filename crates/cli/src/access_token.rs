//! An access token for a command, by whichever way the profile's dialect has.

use tokenward::{ServedToken, TokenHolder};
use tokenward_core::TokenWish;

use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::login_cookies;

impl Context {
    /// An access token of the profile, which follows what its linked files bring: also a first login, or another user's.
    /// Where tokens are got without a page, what the environment shows for the user will do.
    pub(crate) async fn access(&self, work: &Work, ask: TokenWish) -> Result<ServedToken, Failure> {
        if !work.app.token_api.has_browser_login() {
            let shows = match self.who(&work.profile)? {
                TokenHolder::User(user) => login_cookies::shown(&work.profile, &user, self)?,
                TokenHolder::App => None,
            };
            return self.obtained(work, ask, shows).await;
        }
        let (keeper, profile) = (work.session.keeper(), &work.profile);
        let login = keeper.login_of(&profile.name).await?;
        if let Some(login) = &login {
            self.own_login(login, profile, &work.session, work.registrations.as_ref()).await?;
        }
        Ok(keeper.access_seen(&work.app, &profile.name, login, ask).await?)
    }
}
