//! An app of BlueKing, put together.

use thiserror::Error;
use tokenward_core::{App, AppName, AppSecret, BadSecret, BlueKingApp, Hosts, Platform, TokenApi};
use url::Url;

/// An app of BlueKing: its code and secret, and where tokens come from.
#[derive(Debug, Clone)]
pub struct BkApp {
    code: String,
    secret: AppSecret,
    token_service: Url,
    gateway: Option<Url>,
    dialect: TokenApi,
    environment: String,
    realm: Option<String>,
    allow_http: bool,
    token_resource: Option<String>,
}

impl BkApp {
    /// An app at a token service (`OAUTH_API_URL`), spoken to as SSM in the environment `prod`.
    ///
    /// # Errors
    /// When the secret is none.
    pub fn new(app_code: &str, app_secret: &str, token_service: Url) -> Result<Self, BadSecret> {
        Ok(Self {
            code: app_code.to_owned(),
            secret: AppSecret::parse(app_secret)?,
            token_service,
            gateway: None,
            dialect: TokenApi::Ssm,
            environment: "prod".to_owned(),
            realm: None,
            allow_http: false,
            token_resource: None,
        })
    }

    /// In which dialect the token service speaks: [`TokenApi::Ssm`], [`TokenApi::AuthApi`] or [`TokenApi::BkAuth`].
    #[must_use]
    pub fn dialect(mut self, dialect: TokenApi) -> Self {
        self.dialect = dialect;
        self
    }

    /// The environment (`prod`, `test`). It divides the tokens of the auth api; SSM does not hear of it.
    #[must_use]
    pub fn environment(mut self, name: &str) -> Self {
        name.clone_into(&mut self.environment);
        self
    }

    /// The realm, for bkauth.
    #[must_use]
    pub fn realm(mut self, name: &str) -> Self {
        self.realm = Some(name.to_owned());
        self
    }

    /// What requests for tokens at bkauth name as their `resource` (RFC 8707 §2.2). Without it they name none.
    #[must_use]
    pub fn token_resource(mut self, resource: impl Into<String>) -> Self {
        self.token_resource = Some(resource.into());
        self
    }

    /// Lets the app's own hosts be spoken to over plain `http`, as SSM is in the field: whoever is on the network between can read
    /// the app's secret, the users' cookies and every token. For this app alone; without it such a host is refused.
    #[must_use]
    pub fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    /// The API gateway that calls go through. Without one, the token service's host.
    #[must_use]
    pub fn gateway(mut self, url: Url) -> Self {
        self.gateway = Some(url);
        self
    }

    /// The app as the engine knows it, under its code as the name.
    ///
    /// # Errors
    /// [`BadBkApp`] for a code that cannot be a name, and for a dialect that is not BlueKing's.
    pub fn build(self) -> Result<App, BadBkApp> {
        if !tokenward_core::ProviderName::BlueKing.speaks(self.dialect) {
            return Err(BadBkApp::Dialect(self.dialect));
        }
        if self.dialect == TokenApi::BkAuth && self.realm.is_none() {
            return Err(BadBkApp::Realm);
        }
        let name: AppName = self.code.parse().map_err(|_| BadBkApp::Code(self.code.clone()))?;
        let open = self.gateway.unwrap_or_else(|| self.token_service.clone());
        Ok(App {
            name,
            hosts: Hosts { open, accounts: self.token_service },
            client_id: self.code,
            secret: Some(self.secret),
            token_api: self.dialect,
            platform: Platform::BlueKing(BlueKingApp {
                environment: self.environment,
                realm: self.realm,
                token_resource: self.token_resource,
                allow_http: self.allow_http,
            }),
        })
    }
}

/// Why an app cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadBkApp {
    /// The code cannot be a name.
    #[error("the app code {0:?} has characters that no app code has")]
    Code(String),
    /// The dialect is not BlueKing's.
    #[error("{0} is not an API variant of BlueKing: use ssm, auth-api or bkauth")]
    Dialect(TokenApi),
    /// bkauth needs a realm.
    #[error("bkauth needs the realm that the app belongs to")]
    Realm,
}
