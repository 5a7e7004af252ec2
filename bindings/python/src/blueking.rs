//! BlueKing's tokens of an app's users and of the app itself: [`BkClient`], under the Django app `tokenward/bkoauth`.
//!
//! Enters: an app, and for each call a name or what a request carries, which lives for that call alone (R5). Leaves: a [`BkToken`] of that very
//! user, or the exception of its code. No refresh token leaves. Nothing is opened before it is needed, and a forked child opens everything itself.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use pyo3::prelude::*;
use tokenward::blueking::{AccessToken, BkApp, Cookies, Field, Request, TokenError};
use tokenward::core::{App, Code, LoginCookie, ProfileName};
use tokenward::stores::{BkoauthFate, BkoauthRow};
use tokenward::{Builder, Client, Environment, Error, Home, KeptState, TokenHolder};

use crate::calling::{OfProcess, PerProcess, note_opened, run};
use crate::errors::{exception, notice_sentences};
use crate::logins::clock;

/// Tokens of one app.
#[pyclass(frozen, module = "tokenward._tokenward")]
pub(crate) struct BkClient {
    app: App,
    profile: ProfileName,
    cookies: Cookies,
    home: PathBuf,
    environment: HashMap<OsString, OsString>,
    opened: PerProcess<Opened>,
}

/// What one process opened.
struct Opened {
    client: tokenward::blueking::BkClient,
    /// Its last user closes it.
    _vault: Arc<OfProcess<Client>>,
}

#[pymethods]
impl BkClient {
    #[new]
    #[pyo3(signature = (*, app_code, app_secret, token_service, token_api, environment_name, cookies, optional, constants, uin,
        allow_http, profile, home, environment))]
    #[expect(clippy::too_many_arguments, reason = "they are named in Python")]
    fn new(
        py: Python<'_>,
        app_code: &str,
        app_secret: &str,
        token_service: &str,
        token_api: &str,
        environment_name: &str,
        cookies: Vec<(String, String)>,
        optional: Vec<String>,
        constants: Vec<(String, String)>,
        uin: bool,
        allow_http: bool,
        profile: &str,
        home: Option<PathBuf>,
        environment: HashMap<OsString, OsString>,
    ) -> PyResult<Self> {
        let wrong =
            |what: String| exception(py, &Error::with_detail(Code::BadSetting, KeptState::Everything, what), None);
        let service =
            token_service.parse().map_err(|_| wrong(format!("OAUTH_API_URL = {token_service:?} is no URL")))?;
        let app = BkApp::new(app_code, app_secret, service);
        let app = app.map_err(|_| wrong("the app's secret is empty or has characters that none has".to_owned()))?;
        let dialect = token_api.parse().map_err(|()| wrong(format!("{token_api:?} is no API variant of BlueKing")))?;
        let app = app.dialect(dialect).environment(environment_name);
        let app = if allow_http { app.allow_http() } else { app };
        let app = app.build().map_err(|error| wrong(error.to_string()))?;
        let profile = profile.parse().map_err(|_| wrong(format!("{profile:?} is no name of a profile")))?;
        let fields = cookies.iter().map(|(name, cookie)| {
            let field = Field::new(name, cookie);
            if optional.contains(name) { field.or_without() } else { field }
        });
        let mut cookies = Cookies::new(fields);
        for (field, value) in constants {
            let value = LoginCookie::parse(&value);
            let value = value.map_err(|_| wrong(format!("OAUTH_PARAMS: the value of {field:?} cannot be sent")))?;
            cookies = cookies.with_constant(&field, value);
        }
        if uin {
            cookies = cookies.rewriting_uin();
        }
        let known = Environment::new(environment.clone());
        let home = Home::resolve(home.as_deref(), &known).map_err(|error| {
            exception(py, &Error::with_detail(error.code(), KeptState::Everything, error.to_string()), None)
        })?;
        let home = home.path().to_owned();
        Ok(Self { app, profile, cookies, home, environment, opened: PerProcess::empty() })
    }

    /// The folder of the vault.
    #[getter]
    fn home(&self) -> PathBuf {
        self.home.clone()
    }

    /// The token of a request's user.
    fn by_request(&self, py: Python<'_>, parts: Parts) -> PyResult<BkToken> {
        let client = self.here(py)?;
        self.token(py, async move { client.get_access_token(&parts).await })
    }

    /// The token of a user who is not here.
    fn by_user(&self, py: Python<'_>, user: String) -> PyResult<BkToken> {
        let client = self.here(py)?;
        self.token(py, async move { client.get_access_token_by_user(&user).await })
    }

    /// The app's own.
    fn of_app(&self, py: Python<'_>) -> PyResult<BkToken> {
        let client = self.here(py)?;
        self.token(py, async move { client.get_app_access_token().await })
    }

    /// A token newer than this one.
    fn refresh(&self, py: Python<'_>, token: &BkToken) -> PyResult<BkToken> {
        let (client, token) = (self.here(py)?, token.token.clone());
        self.token(py, async move { client.refresh_token(&token).await })
    }

    /// Forgets the login of a user, or the app's own. Whether there was one.
    #[pyo3(signature = (user))]
    fn forget(&self, py: Python<'_>, user: Option<String>) -> PyResult<bool> {
        let client = self.here(py)?;
        let who = match user {
            None => TokenHolder::App,
            Some(user) => match user.parse() {
                Ok(user) => TokenHolder::User(user),
                Err(_) => return Ok(false),
            },
        };
        let forgotten = run(py, async move { client.forget(&who).await })?;
        forgotten.map_err(|error| self.failed(py, &error))
    }

    /// Takes over rows of the real `bkoauth`: number, access token, refresh token, end, environment, user. What became of each.
    fn take_over(&self, py: Python<'_>, rows: Vec<Row>, source: String) -> PyResult<Vec<(i64, String)>> {
        let client = self.here(py)?;
        let rows = rows.iter().map(|(id, access, refresh, expires, environment, user)| {
            let expires = expires.and_then(|seconds| Timestamp::from_second(seconds).ok());
            BkoauthRow::read(*id, access, refresh.as_deref(), expires, environment, user.as_deref())
        });
        let rows = rows.collect();
        let report = run(py, async move { client.take_over(rows, &source).await })?;
        let report = report.map_err(|error| self.failed(py, &error))?;
        Ok(report.rows.iter().map(|row| (row.id, told(&row.fate))).collect())
    }

    fn __repr__(&self) -> String {
        format!("<tokenward._tokenward.BkClient of {:?}>", self.app.client_id)
    }
}

impl BkClient {
    fn here(&self, py: Python<'_>) -> PyResult<tokenward::blueking::BkClient> {
        let opened = match self.opened.get() {
            Some(opened) => opened,
            None => self.open(py)?,
        };
        Ok(opened.get().expect("it is of this process").client.clone())
    }

    fn open(&self, py: Python<'_>) -> PyResult<Arc<OfProcess<Opened>>> {
        let builder = Builder::default().environment(self.environment.clone()).home(&self.home);
        let client = run(py, builder.clock(clock(&self.environment)?).open())?;
        let client = client.map_err(|error| self.failed(py, &error))?;
        let (app, profile, cookies) = (self.app.clone(), self.profile.clone(), self.cookies.clone());
        let vault = client.clone();
        let over = run(py, async move { vault.blueking(app, profile, cookies).await })?;
        let over = over.map_err(|error| self.failed(py, &error))?;
        let vault = Arc::new(OfProcess::new(client));
        let (opened, is_ours) = self.opened.put(Opened { client: over, _vault: Arc::clone(&vault) });
        if is_ours {
            note_opened(py, &vault)?;
        }
        Ok(opened)
    }

    fn token(
        &self,
        py: Python<'_>,
        work: impl Future<Output = Result<AccessToken, TokenError>> + Send + 'static,
    ) -> PyResult<BkToken> {
        match run(py, work)? {
            Ok(token) => Ok(BkToken { token }),
            Err(TokenError::Api(error)) => Err(self.failed(py, &error.error)),
            Err(TokenError::Vault(error)) => Err(self.failed(py, &error)),
            Err(TokenError::NotExist(error)) => {
                let story = error.error.clone();
                let nothing = || Error::with_detail(Code::NotLoggedIn, KeptState::Nothing, error.to_string());
                Err(self.failed(py, &story.unwrap_or_else(nothing)))
            }
            Err(error) => {
                Err(self.failed(py, &Error::with_detail(error.code(), KeptState::Everything, error.to_string())))
            }
        }
    }

    fn failed(&self, py: Python<'_>, error: &Error) -> PyErr {
        exception(py, error, Some(self.profile.as_str()))
    }
}

/// A token that was handed out.
#[pyclass(frozen, module = "tokenward._tokenward")]
pub(crate) struct BkToken {
    token: AccessToken,
}

#[pymethods]
impl BkToken {
    #[getter]
    fn access_token(&self) -> &str {
        self.token.access_token.expose()
    }

    /// When it ends, in seconds since 1970.
    #[getter]
    fn expires_at(&self) -> f64 {
        self.token.expires.as_duration().as_secs_f64()
    }

    /// Whose it is; `None` for the app's own.
    #[getter]
    fn user(&self) -> Option<&str> {
        self.token.user.as_ref().map(tokenward::core::UserName::as_str)
    }

    /// Nothing that is published of BlueKing names one.
    #[getter]
    #[expect(clippy::unused_self, reason = "an attribute of the token in Python")]
    fn scope(&self) -> Option<&str> {
        None
    }

    /// What a person should know all the same.
    #[getter]
    fn notices(&self, py: Python<'_>) -> Vec<String> {
        notice_sentences(py, &self.token.notices)
    }

    fn __repr__(&self) -> String {
        format!("<tokenward._tokenward.BkToken of {:?}>", self.user().unwrap_or("the app"))
    }
}

type Row = (i64, String, Option<String>, Option<i64>, String, Option<String>);

/// What a request carries, as far as the app's settings ask for it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Parts {
    user: Option<String>,
    cookies: HashMap<String, String>,
    session: HashMap<String, String>,
    client_ip: Option<String>,
}

impl Request for Parts {
    fn user(&self) -> Option<Cow<'_, str>> {
        self.user.as_deref().map(Cow::Borrowed)
    }

    fn cookie(&self, name: &str) -> Option<Cow<'_, str>> {
        self.cookies.get(name).map(|value| Cow::Borrowed(value.as_str()))
    }

    fn session(&self, name: &str) -> Option<Cow<'_, str>> {
        self.session.get(name).map(|value| Cow::Borrowed(value.as_str()))
    }

    fn client_ip(&self) -> Option<IpAddr> {
        self.client_ip.as_deref().and_then(|text| text.parse().ok())
    }
}

fn told(fate: &BkoauthFate) -> String {
    match fate {
        BkoauthFate::Adopted { name, .. } => format!("taken over as {name}"),
        BkoauthFate::Known { .. } => "known already".to_owned(),
        BkoauthFate::Superseded { by } => format!("row {by} is the one that lives"),
        BkoauthFate::OtherEnvironment => "of another environment".to_owned(),
        BkoauthFate::Anonymous => "of nobody in particular".to_owned(),
        BkoauthFate::NoRefreshToken { .. } => "without a refresh token".to_owned(),
        _ => "cannot be read".to_owned(),
    }
}
