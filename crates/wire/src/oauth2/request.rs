//! What is sent to a server that keeps to RFC 6749: one function a request, each giving the exact bytes.
//!
//! Forms throughout (RFC 6749 §4, appendix B). A client proves itself in one way at a time (RFC 6749 §2.3). `scope` is
//! never sent with a code or a refresh token: it can only narrow what was granted (RFC 6749 §6).

use tokenward_core::ports::{AuthorizationRequest, CodeExchange};
use tokenward_core::{AccessToken, App, ClientAuthentication, DeviceCode, RefreshToken, Scopes};
use url::Url;

use crate::request::{Request, form, form_text, form_value};

/// A client and how it proves who it is.
#[derive(Clone, Copy)]
pub(crate) struct Client<'a> {
    id: &'a str,
    secret: &'a str,
    authentication: ClientAuthentication,
}

impl<'a> Client<'a> {
    /// An app without a secret is a public client, whatever else is said of it.
    pub(crate) fn new(app: &'a App, authentication: ClientAuthentication) -> Self {
        let secret = app.expose_secret();
        let authentication = if secret.is_empty() { ClientAuthentication::None } else { authentication };
        Self { id: &app.client_id, secret, authentication }
    }

    /// A form in which the client proves itself.
    fn post(self, url: Url, fields: &[(&str, &str)]) -> Request {
        let mut fields = fields.to_vec();
        match self.authentication {
            ClientAuthentication::Basic => {
                // RFC 6749 §2.3.1: both are encoded as in a form before they are joined.
                return Request::post(url, form(&fields)).with_basic(&form_value(self.id), &form_value(self.secret));
            }
            ClientAuthentication::Body => fields.extend([("client_id", self.id), ("client_secret", self.secret)]),
            // `ClientAuthentication` may grow; what is not known here is not sent.
            _ => fields.push(("client_id", self.id)),
        }
        Request::post(url, form(&fields))
    }
}

/// The address of the authorization page. What the endpoint's own query says is kept (RFC 6749 §3.1). Spaces are `%20`:
/// every server reads it so, and not every one reads a plus.
pub(crate) fn authorization_url(
    endpoint: &Url,
    app: &App,
    request: &AuthorizationRequest,
    more: &[(&str, &str)],
) -> Url {
    let mut url = endpoint.clone();
    let scope = request.scopes.to_string();
    let mut fields = vec![("response_type", "code"), ("client_id", app.client_id.as_str())];
    fields.push(("redirect_uri", request.redirect_uri.as_str()));
    if !scope.is_empty() {
        fields.push(("scope", &scope));
    }
    fields.push(("state", &request.state));
    if let Some(challenge) = &request.code_challenge {
        fields.push(("code_challenge", challenge));
        fields.push(("code_challenge_method", "S256"));
    }
    // OpenID Connect Core §11: without it, a request for offline access is to be ignored.
    let offline = request.scopes.contains("openid") && request.scopes.contains(Scopes::OFFLINE_ACCESS);
    if request.force_consent || offline {
        fields.push(("prompt", "consent"));
    }
    fields.extend_from_slice(more);
    // A plus in a value is `%2B` by now, so every plus left is a space.
    let own = form_text(&fields).replace('+', "%20");
    let query = endpoint.query().filter(|query| !query.is_empty()).map(|query| format!("{query}&{own}"));
    url.set_query(Some(query.as_deref().unwrap_or(&own)));
    url.set_fragment(None);
    url
}

pub(crate) fn refresh(url: Url, client: Client<'_>, token: &RefreshToken, more: &[(&str, &str)]) -> Request {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.expose())];
    client.post(url, &[&fields[..], more].concat())
}

pub(crate) fn exchange(url: Url, client: Client<'_>, exchange: &CodeExchange, more: &[(&str, &str)]) -> Request {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", exchange.code.expose()),
        ("redirect_uri", exchange.redirect_uri.as_str()),
        ("code_verifier", exchange.verifier.expose()),
    ];
    client.post(url, &[&fields[..], more].concat())
}

pub(crate) fn client_credentials(url: Url, client: Client<'_>) -> Request {
    client.post(url, &[("grant_type", "client_credentials")])
}

/// `client_id` stands in the form even beside HTTP Basic: RFC 8628 §3.1 shows it there, and some servers ask for it.
pub(crate) fn device_begin(url: Url, client: Client<'_>, scopes: &Scopes, more: &[(&str, &str)]) -> Request {
    let scope = scopes.to_string();
    let mut fields = Vec::new();
    if client.authentication == ClientAuthentication::Basic {
        fields.push(("client_id", client.id));
    }
    if !scope.is_empty() {
        fields.push(("scope", &scope));
    }
    fields.extend_from_slice(more);
    client.post(url, &fields)
}

pub(crate) fn device_poll(url: Url, client: Client<'_>, code: &DeviceCode, more: &[(&str, &str)]) -> Request {
    let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", code.expose())];
    client.post(url, &[&fields[..], more].concat())
}

/// RFC 7009 §2.1.
pub(crate) fn revoke(url: Url, client: Client<'_>, token: &str, hint: &str) -> Request {
    client.post(url, &[("token", token), ("token_type_hint", hint)])
}

/// RFC 7662 §2.1.
pub(crate) fn introspect(url: Url, client: Client<'_>, token: &str) -> Request {
    client.post(url, &[("token", token), ("token_type_hint", "access_token")])
}

/// OpenID Connect Core §5.3.1.
pub(crate) fn user_info(url: Url, token: &AccessToken) -> Request {
    Request::get(url).with_bearer(token.expose())
}
