//! An extractor for axum: a handler that names [`UserToken`] among its arguments gets the token of its request's user.
//!
//! Who the user is, the program's own authentication says: a layer of it puts [`LoggedIn`] into the request's extensions. No
//! cookie, header or parameter is believed about that. What is shown to the token service are the cookies of the request.

use std::borrow::Cow;
use std::net::IpAddr;

use axum_core::extract::{FromRef, FromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::header::COOKIE;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use tokenward_core::{Code, ExitClass};

use super::{AccessToken, BkClient, Request, TokenError};

/// The authenticated user, as a layer of the program's own puts it into the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn(pub String);

/// The user's address, as a layer that knows which proxies to trust puts it into the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

/// The access token of the request's user.
#[derive(Debug, Clone)]
pub struct UserToken(pub AccessToken);

/// Why a request's user has no token. The answer is a status and the stable code; what the token service said stays here.
#[derive(Debug)]
pub struct UserTokenRejection(pub TokenError);

impl IntoResponse for UserTokenRejection {
    fn into_response(self) -> Response {
        let code = self.0.code();
        let status = match (&self.0, code.exit()) {
            (_, ExitClass::NeedsConsent) if code == Code::WrongUser => StatusCode::FORBIDDEN,
            (TokenError::NotExist(_), _) | (_, ExitClass::NeedsConsent) => StatusCode::UNAUTHORIZED,
            (TokenError::Vault(_), _) => StatusCode::INTERNAL_SERVER_ERROR,
            (_, ExitClass::TryLater) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_GATEWAY,
        };
        (status, code.as_str()).into_response()
    }
}

impl<S> FromRequestParts<S> for UserToken
where
    BkClient: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = UserTokenRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let client = BkClient::from_ref(state);
        let request = Extracted {
            user: parts.extensions.get::<LoggedIn>().map(|LoggedIn(name)| name.clone()),
            address: parts.extensions.get::<ClientIp>().map(|ClientIp(address)| *address),
            headers: &parts.headers,
            query: parts.uri.query(),
        };
        client.get_access_token(&request).await.map(Self).map_err(UserTokenRejection)
    }
}

/// What an axum request says.
struct Extracted<'r> {
    user: Option<String>,
    address: Option<IpAddr>,
    headers: &'r HeaderMap,
    query: Option<&'r str>,
}

impl Request for Extracted<'_> {
    fn user(&self) -> Option<Cow<'_, str>> {
        self.user.as_deref().map(Cow::Borrowed)
    }

    fn cookie(&self, name: &str) -> Option<Cow<'_, str>> {
        let fields = self.headers.get_all(COOKIE).iter().filter_map(|field| field.to_str().ok());
        let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
        // A value may be quoted (RFC 6265 §4.1.1).
        pairs.find(|(known, _)| *known == name).map(|(_, value)| {
            let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            Cow::Borrowed(bare.unwrap_or(value))
        })
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(Cow::Borrowed)
    }

    fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        let pairs = url::form_urlencoded::parse(self.query?.as_bytes());
        pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn client_ip(&self) -> Option<IpAddr> {
        self.address
    }
}
