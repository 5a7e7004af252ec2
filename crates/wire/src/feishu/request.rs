//! What is sent: one function a call, each giving the exact bytes.
//!
//! JSON to v2 and the v1 families, forms to v3, device authorization and revocation: as each page documents it
//! (reference/feishu.md §4, §6 to §9, §16). The app's secret goes into the body; HTTP Basic beside it would be refused
//! (20070), and libraries that probe both styles may send a single-use token twice (reference/feishu.md §4). `scope` is
//! never sent with a code or a refresh token: it can only narrow what was granted (reference/feishu.md §4.1).

use serde::Serialize;
use tokenward_core::ports::{AppTokenKind, AuthorizationRequest, CodeExchange, Prepared};
use tokenward_core::{AccessToken, App, AppTicket, AppToken, DeviceCode, RefreshToken, Scopes, TokenApi};
use url::Url;

use crate::request::{Request, form, form_text, join, json};

/// The address of the authorization page (reference/feishu.md §3). Spaces are `%20`: the page documents it so.
pub(super) fn authorization_url(app: &App, request: &AuthorizationRequest) -> Url {
    let mut url = join(&app.hosts.accounts, "/open-apis/authen/v1/authorize");
    let scope = request.scopes.to_string();
    let mut fields = vec![("client_id", app.client_id.as_str()), ("response_type", "code")];
    fields.push(("redirect_uri", request.redirect_uri.as_str()));
    if !scope.is_empty() {
        fields.push(("scope", &scope));
    }
    fields.push(("state", &request.state));
    if let Some(challenge) = &request.code_challenge {
        fields.push(("code_challenge", challenge));
        fields.push(("code_challenge_method", "S256"));
    }
    if request.force_consent {
        fields.push(("prompt", "consent"));
    }
    // A plus in a value is `%2B` by now, so every plus left is a space.
    url.set_query(Some(&form_text(&fields).replace('+', "%20")));
    url
}

pub(super) fn refresh(app: &App, prepared: &Prepared, token: &RefreshToken) -> Result<Request, &'static str> {
    #[derive(Serialize)]
    struct Body<'a> {
        grant_type: &'static str,
        client_id: &'a str,
        client_secret: &'a str,
        refresh_token: &'a str,
    }
    #[derive(Serialize)]
    struct V1Body<'a> {
        grant_type: &'static str,
        refresh_token: &'a str,
    }
    const GRANT: &str = "refresh_token";
    let (id, secret, token) = (app.client_id.as_str(), app.expose_secret(), token.expose());
    match prepared.api {
        TokenApi::V3 => Ok(Request::post(
            token_url(app, TokenApi::V3),
            form(&[("grant_type", GRANT), ("client_id", id), ("client_secret", secret), ("refresh_token", token)]),
        )),
        TokenApi::V2 => Ok(Request::post(
            token_url(app, TokenApi::V2),
            json(&Body { grant_type: GRANT, client_id: id, client_secret: secret, refresh_token: token }),
        )),
        TokenApi::OidcV1 => {
            v1(app, prepared, "oidc/refresh_access_token", &V1Body { grant_type: GRANT, refresh_token: token })
        }
        TokenApi::LegacyV1 => {
            v1(app, prepared, "refresh_access_token", &V1Body { grant_type: GRANT, refresh_token: token })
        }
        TokenApi::Ssm | TokenApi::AuthApi | TokenApi::BkAuth | TokenApi::Rfc6749 => Err(UNKNOWN_FAMILY),
    }
}

pub(super) fn exchange(app: &App, prepared: &Prepared, exchange: &CodeExchange) -> Result<Request, &'static str> {
    #[derive(Serialize)]
    struct Body<'a> {
        grant_type: &'static str,
        client_id: &'a str,
        client_secret: &'a str,
        code: &'a str,
        redirect_uri: &'a str,
        code_verifier: &'a str,
    }
    #[derive(Serialize)]
    struct V1Body<'a> {
        grant_type: &'static str,
        code: &'a str,
    }
    const GRANT: &str = "authorization_code";
    let (id, secret, code) = (app.client_id.as_str(), app.expose_secret(), exchange.code.expose());
    let (redirect_uri, code_verifier) = (exchange.redirect_uri.as_str(), exchange.verifier.expose());
    match prepared.api {
        TokenApi::V3 => Ok(Request::post(
            token_url(app, TokenApi::V3),
            form(&[
                ("grant_type", GRANT),
                ("client_id", id),
                ("client_secret", secret),
                ("code", code),
                ("redirect_uri", redirect_uri),
                ("code_verifier", code_verifier),
            ]),
        )),
        TokenApi::V2 => Ok(Request::post(
            token_url(app, TokenApi::V2),
            json(&Body { grant_type: GRANT, client_id: id, client_secret: secret, code, redirect_uri, code_verifier }),
        )),
        TokenApi::OidcV1 => v1(app, prepared, "oidc/access_token", &V1Body { grant_type: GRANT, code }),
        TokenApi::LegacyV1 => v1(app, prepared, "access_token", &V1Body { grant_type: GRANT, code }),
        TokenApi::Ssm | TokenApi::AuthApi | TokenApi::BkAuth | TokenApi::Rfc6749 => Err(UNKNOWN_FAMILY),
    }
}

/// Device authorization: a form, and here alone HTTP Basic, as the official client does it (reference/feishu.md §8.3).
pub(super) fn device_begin(app: &App, scopes: &Scopes) -> Request {
    let scope = scopes.to_string();
    let url = join(&app.hosts.accounts, "/oauth/v1/device_authorization");
    Request::post(url, form(&[("client_id", &app.client_id), ("scope", &scope)]))
        .with_basic(&app.client_id, app.expose_secret())
}

/// The poll goes to the family that will be the issuer: v2 where the app says v2, v3 otherwise; the v1 families know
/// no device grant.
pub(super) fn device_poll(app: &App, code: &DeviceCode) -> Result<Request, &'static str> {
    #[derive(Serialize)]
    struct Body<'a> {
        grant_type: &'static str,
        client_id: &'a str,
        client_secret: &'a str,
        device_code: &'a str,
    }
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let (id, secret, code) = (app.client_id.as_str(), app.expose_secret(), code.expose());
    match app.token_api {
        TokenApi::V3 => Ok(Request::post(
            token_url(app, TokenApi::V3),
            form(&[("grant_type", GRANT), ("client_id", id), ("client_secret", secret), ("device_code", code)]),
        )),
        TokenApi::V2 => Ok(Request::post(
            token_url(app, TokenApi::V2),
            json(&Body { grant_type: GRANT, client_id: id, client_secret: secret, device_code: code }),
        )),
        TokenApi::OidcV1
        | TokenApi::LegacyV1
        | TokenApi::Ssm
        | TokenApi::AuthApi
        | TokenApi::BkAuth
        | TokenApi::Rfc6749 => Err("the v1 token endpoints know no device login; set the token endpoint to v3 or v2"),
    }
}

/// What is sent for an app or tenant token, and what the answer calls it (reference/feishu.md §9).
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum AppTokenBody<'a> {
    Own {
        app_id: &'a str,
        app_secret: &'a str,
        #[serde(skip)]
        kind: AppTokenKind,
    },
    Store {
        app_id: &'a str,
        app_secret: &'a str,
        app_ticket: &'a str,
    },
    Tenant {
        app_access_token: &'a str,
        tenant_key: &'a str,
    },
}

impl<'a> AppTokenBody<'a> {
    /// P1 or P2.
    pub(super) fn own(app: &'a App, kind: AppTokenKind) -> Self {
        Self::Own { app_id: &app.client_id, app_secret: app.expose_secret(), kind }
    }

    /// P3.
    pub(super) fn store(app: &'a App, ticket: &'a AppTicket) -> Self {
        Self::Store { app_id: &app.client_id, app_secret: app.expose_secret(), app_ticket: ticket.expose() }
    }

    /// P4.
    pub(super) fn tenant(token: &'a AppToken, tenant_key: &'a str) -> Self {
        Self::Tenant { app_access_token: token.expose(), tenant_key }
    }

    pub(super) const fn answer_field(&self) -> &'static str {
        match self {
            Self::Own { kind: AppTokenKind::App, .. } | Self::Store { .. } => "app_access_token",
            Self::Own { kind: AppTokenKind::Tenant, .. } | Self::Tenant { .. } => "tenant_access_token",
        }
    }

    /// What must not come back in a description.
    pub(super) const fn secrets(&self) -> [&'a str; 2] {
        match self {
            Self::Own { app_secret, .. } => [app_secret, ""],
            Self::Store { app_secret, app_ticket, .. } => [app_secret, app_ticket],
            Self::Tenant { app_access_token, .. } => [app_access_token, ""],
        }
    }

    const fn path(&self) -> &'static str {
        match self {
            Self::Own { kind: AppTokenKind::App, .. } => "/open-apis/auth/v3/app_access_token/internal",
            Self::Own { kind: AppTokenKind::Tenant, .. } => "/open-apis/auth/v3/tenant_access_token/internal",
            Self::Store { .. } => "/open-apis/auth/v3/app_access_token",
            Self::Tenant { .. } => "/open-apis/auth/v3/tenant_access_token",
        }
    }
}

pub(super) fn app_token(app: &App, body: &AppTokenBody<'_>) -> Request {
    Request::post(join(&app.hosts.open, body.path()), json(body))
}

pub(super) fn user_info(app: &App, token: &AccessToken) -> Request {
    Request::get(join(&app.hosts.open, "/open-apis/authen/v1/user_info")).with_bearer(token.expose())
}

pub(super) fn revoke(app: &App, token: &str, hint: &'static str) -> Request {
    let fields = [
        ("token", token),
        ("token_type_hint", hint),
        ("client_id", &app.client_id),
        ("client_secret", app.expose_secret()),
    ];
    Request::post(join(&app.hosts.accounts, "/oauth/v1/revoke"), form(&fields))
}

/// The v1 families: JSON, with an app access token as bearer (reference/feishu.md §6, §7).
fn v1(app: &App, prepared: &Prepared, path: &str, body: &impl Serialize) -> Result<Request, &'static str> {
    let token = prepared.app_token.as_ref().ok_or("the v1 token endpoints need an app access token")?;
    let url = join(&app.hosts.open, &format!("/open-apis/authen/v1/{path}"));
    Ok(Request::post(url, json(body)).with_bearer(token.expose()))
}

fn token_url(app: &App, api: TokenApi) -> Url {
    app.feishu().and_then(|feishu| feishu.token_url.clone()).unwrap_or_else(|| match api {
        TokenApi::V2 => join(&app.hosts.open, "/open-apis/authen/v2/oauth/token"),
        TokenApi::V3
        | TokenApi::OidcV1
        | TokenApi::LegacyV1
        | TokenApi::Ssm
        | TokenApi::AuthApi
        | TokenApi::BkAuth
        | TokenApi::Rfc6749 => join(&app.hosts.accounts, "/oauth/v3/token"),
    })
}

const UNKNOWN_FAMILY: &str = "this version does not know that token endpoint";
