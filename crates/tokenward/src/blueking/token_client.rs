//! The four functions.

use std::fmt;
use std::sync::Arc;

use tokenward_core::{App, Code, ProfileName, UserName};

use super::access_token::AccessToken;
use super::cookie_mapping::Cookies;
use super::error::{TokenAPIError, TokenError, TokenNotExist};
use super::web_request_trait::Request;
use crate::compose::Quickly;
use crate::stores::{BkoauthOptions, BkoauthPlan, BkoauthReport, BkoauthRow};
use crate::{Error, Keeper, KeptState, Obtain, ServedToken, Session, TokenHolder};

/// Tokens of one app, for its users and for itself. Cheap to clone; clones share what is under way and nothing of any request.
#[derive(Clone)]
pub struct BkClient {
    inner: Arc<Inner>,
}

struct Inner {
    keeper: Keeper,
    quickly: Quickly,
    app: App,
    profile: ProfileName,
    cookies: Cookies,
}

impl BkClient {
    /// A client over an open vault. The grants of the app's users are kept under `profile:user`, its own under `profile:~app`.
    pub fn new(session: &Session, app: App, profile: ProfileName, cookies: Cookies) -> Self {
        let (keeper, quickly) = (session.keeper().clone(), session.quickly());
        Self { inner: Arc::new(Inner { keeper, quickly, app, profile, cookies }) }
    }

    /// The app.
    pub fn app(&self) -> &App {
        &self.inner.app
    }

    /// The profile that the grants are kept under.
    pub fn profile(&self) -> &ProfileName {
        &self.inner.profile
    }

    /// The token of the request's authenticated user, made with what the user's browser carries where there is none, rotated where it
    /// is due.
    ///
    /// # Errors
    /// [`TokenNotExist`] for an anonymous user (who never gets the app's token), and where nothing is there and the request carries
    /// nothing; [`TokenAPIError`] with [`Code::WrongUser`] where the cookie is another user's.
    pub async fn get_access_token(&self, request: &dyn Request) -> Result<AccessToken, TokenError> {
        let user = self.user(request)?;
        if let Some(token) = self.at_once(&TokenHolder::User(user.clone())) {
            return Ok(token);
        }
        let shows = self.inner.cookies.ticket(request);
        self.obtain(Obtain::user(self.inner.profile.clone(), user, shows)).await
    }

    /// The app's own token.
    ///
    /// # Errors
    /// [`TokenAPIError`].
    pub async fn get_app_access_token(&self) -> Result<AccessToken, TokenError> {
        match self.at_once(&TokenHolder::App) {
            Some(token) => Ok(token),
            None => self.obtain(Obtain::app(self.inner.profile.clone())).await,
        }
    }

    /// The token of a user who is not here: the one that is kept, rotated where it is due.
    ///
    /// # Errors
    /// [`TokenNotExist`] where there is none; [`TokenAPIError`].
    pub async fn get_access_token_by_user(&self, user: &str) -> Result<AccessToken, TokenError> {
        let user = self.named(Some(user))?;
        match self.at_once(&TokenHolder::User(user.clone())) {
            Some(token) => Ok(token),
            None => self.obtain(Obtain::user(self.inner.profile.clone(), user, None)).await,
        }
    }

    /// A token newer than this one. Callers who hold one and the same cause one exchange.
    ///
    /// # Errors
    /// [`TokenNotExist`] where there is nothing to refresh it with; [`TokenAPIError`].
    pub async fn refresh_token(&self, token: &AccessToken) -> Result<AccessToken, TokenError> {
        let wanted = match &token.user {
            Some(user) => Obtain::user(self.inner.profile.clone(), user.clone(), None),
            None => Obtain::app(self.inner.profile.clone()),
        };
        self.obtain(wanted.after_refusal(token.grant, token.generation)).await
    }

    /// The next token after one that was refused where it was used: rotated by its refresh token, or made anew with what the request
    /// carries. Once: what is refused again is reported.
    ///
    /// # Errors
    /// [`TokenAPIError`] with [`Code::TokenStillRefused`] for a token that came of a renewal; else as
    /// [`BkClient::get_access_token`].
    pub async fn renew(&self, request: &dyn Request, refused: &AccessToken) -> Result<AccessToken, TokenError> {
        if refused.renewed {
            let error = Error::new(Code::TokenStillRefused, KeptState::Record);
            return Err(TokenAPIError::new(error).into());
        }
        let wanted = match &refused.user {
            Some(whose) => {
                let user = self.user(request)?;
                if user != *whose {
                    return Err(TokenNotExist { user: Some(user), error: None }.into());
                }
                Obtain::user(self.inner.profile.clone(), user, self.inner.cookies.ticket(request))
            }
            None => Obtain::app(self.inner.profile.clone()),
        };
        let mut token = self.obtain(wanted.after_refusal(refused.grant, refused.generation)).await?;
        token.renewed = true;
        Ok(token)
    }

    /// Forgets a login; the token service is not told. Returns whether there was one.
    ///
    /// # Errors
    /// The vault's.
    pub async fn forget(&self, who: &TokenHolder) -> Result<bool, Error> {
        let Inner { keeper, profile, .. } = &*self.inner;
        let name = who.name(profile);
        keeper.drop_answers(&name).await?;
        match keeper.login_of(&name).await? {
            Some(login) => keeper.logout(None, login.id, false).await.map(|_| true),
            None => Ok(false),
        }
    }

    /// Takes over rows of `bkoauth`'s table that the program has read itself, as [`crate::stores::adopt_bkoauth`] does those of a database.
    /// `source` is the table's place in words.
    ///
    /// # Errors
    /// The vault's.
    pub async fn take_over(&self, rows: Vec<BkoauthRow>, source: &str) -> Result<BkoauthReport, Error> {
        let Inner { keeper, app, profile, .. } = &*self.inner;
        let options = BkoauthOptions::default();
        let plan = BkoauthPlan::of_rows(keeper, app, profile, rows, source.to_owned(), &options).await?;
        plan.carry_out(keeper, app).await
    }

    fn user(&self, request: &dyn Request) -> Result<UserName, TokenError> {
        self.named(request.user().as_deref())
    }

    fn named(&self, name: Option<&str>) -> Result<UserName, TokenError> {
        let name = name.map(|name| self.inner.cookies.user(name));
        let name = name.and_then(|name| name.parse().ok());
        name.ok_or_else(|| TokenNotExist { user: None, error: None }.into())
    }

    /// What the hand-out file has.
    fn at_once(&self, who: &TokenHolder) -> Option<AccessToken> {
        let Inner { quickly, app, profile, .. } = &*self.inner;
        let found = quickly(&who.name(profile))
            .filter(|found| found.is_of(&app.name, &app.client_id, app.provider(), &app.hosts))?;
        let user = match who {
            TokenHolder::User(user) => Some(user.clone()),
            TokenHolder::App => None,
        };
        Some(AccessToken::new(found.access, user, found.grant, found.generation))
    }

    async fn obtain(&self, wanted: Obtain) -> Result<AccessToken, TokenError> {
        let Inner { keeper, app, .. } = &*self.inner;
        let user = match &wanted.who {
            TokenHolder::User(user) => Some(user),
            TokenHolder::App => None,
        };
        let ServedToken { access, grant, generation, notices, .. } =
            keeper.obtain(app, &wanted).await.map_err(|error| TokenError::new(error, user))?;
        Ok(AccessToken { notices, ..AccessToken::new(access, user.cloned(), grant, generation) })
    }
}

impl fmt::Debug for BkClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BkClient")
            .field("app", &self.inner.app.name)
            .field("profile", &self.inner.profile)
            .finish_non_exhaustive()
    }
}
