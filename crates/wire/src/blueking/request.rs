//! What is sent to SSM, to the auth api and to bkauth: one function a call, each giving the exact bytes
//! (reference/blueking.md §2.1, §2.2, §3.3).
//!
//! Secrets stand in headers and bodies wherever the dialect permits. The auth api takes a refresh token, an access token to be
//! checked, and for an app's own grant the app's secret, in the query alone; nothing of a URL but its host is ever told (I4).

use reqwest::Method;
use serde::Serialize;
use serde::ser::SerializeMap as _;
use tokenward_core::{AccessToken, App, Platform, RefreshToken, UserTicket};
use url::Url;

use super::auth_api_options::{AuthApiOptions, RefreshMethod, UserGrant};
use crate::request::{Content, Request, form_text, join, json};

/// A user's tokens for the login cookie of that user.
pub(super) fn ssm_ticket(app: &App, ticket: &UserTicket) -> Result<Request, String> {
    let mut fields = vec![("grant_type", "authorization_code"), ("id_provider", "bk_login")];
    add_ticket(&mut fields, ticket)?;
    Ok(ssm(app, "", fields_json(&fields)))
}

/// The app's own tokens.
pub(super) fn ssm_app(app: &App) -> Request {
    ssm(app, "", fields_json(&[("grant_type", "client_credentials"), ("id_provider", "client")]))
}

pub(super) fn ssm_refresh(app: &App, token: &RefreshToken) -> Request {
    ssm(app, "/refresh", fields_json(&[("refresh_token", token.expose())]))
}

pub(super) fn ssm_verify(app: &App, token: &str) -> Request {
    ssm(app, "/verify", fields_json(&[("access_token", token)]))
}

fn ssm(app: &App, path: &str, body: Content) -> Request {
    let url = join(&app.hosts.accounts, &format!("/api/v1/auth/access-tokens{path}"));
    by_app(app, Request::post(url, body))
}

/// A user's tokens for the login cookies of that user.
///
/// `need_new_token` is sent always: left out it counts as 1, and a new token ends the one that other processes hold.
pub(super) fn auth_api_ticket(app: &App, ticket: &UserTicket, options: &AuthApiOptions) -> Result<Request, String> {
    let address = ticket.client_ip.map(|address| address.to_string());
    let mut fields = auth_api_fields(app, "authorization_code", true);
    fields.push(("need_new_token", if ticket.renew { RENEW } else { REUSE }));
    if let Some(address) = &address {
        fields.push(("bk_client_ip", address));
    }
    add_ticket(&mut fields, ticket)?;
    let url = join(&app.hosts.accounts, TOKEN);
    Ok(match options.user_grant {
        UserGrant::Body => by_app(app, Request::post(url, fields_json(&fields))),
        UserGrant::Query => Request::get(with_query(url, &fields)),
    })
}

/// The app's own tokens: the present ones, while they last.
pub(super) fn auth_api_app(app: &App) -> Request {
    let mut fields = auth_api_fields(app, "client_credentials", true);
    fields.push(("need_new_token", REUSE));
    Request::get(with_query(join(&app.hosts.accounts, TOKEN), &fields))
}

pub(super) fn auth_api_refresh(app: &App, token: &RefreshToken, options: &AuthApiOptions) -> Request {
    let mut fields = auth_api_fields(app, "refresh_token", options.secret_in_refresh);
    fields.extend([("refresh_token", token.expose()), ("need_new_token", RENEW)]);
    let url = with_query(join(&app.hosts.accounts, "/auth_api/refresh_token/"), &fields);
    by_app(
        app,
        match options.refresh {
            RefreshMethod::Get => Request::get(url),
            RefreshMethod::Post => Request { method: Method::POST, ..Request::get(url) },
        },
    )
}

pub(super) fn auth_api_check(app: &App, token: &AccessToken) -> Request {
    let url = join(&app.hosts.accounts, "/auth_api/check_token/");
    by_app(app, Request::get(with_query(url, &[("access_token", token.expose())])))
}

fn auth_api_fields<'a>(app: &'a App, grant_type: &'static str, secret: bool) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("app_code", app.client_id.as_str())];
    if secret {
        fields.push(("app_secret", app.expose_secret()));
    }
    if let Platform::BlueKing(blueking) = &app.platform {
        fields.push(("env_name", &blueking.environment));
    }
    fields.push(("grant_type", grant_type));
    fields
}

/// One of bkauth's endpoints, in the app's realm.
pub(super) fn bkauth(app: &App, path: &str) -> Option<Url> {
    let Platform::BlueKing(blueking) = &app.platform else { return None };
    let realm = blueking.realm.as_deref().filter(|realm| is_realm(realm))?;
    Some(join(&app.hosts.accounts, &format!("/realms/{realm}/oauth2/{path}")))
}

pub(super) fn bkauth_introspect(app: &App, url: Url, token: &str) -> Request {
    by_app(app, Request::post(url, crate::request::form(&[("token", token)])))
}

/// With the app's id and secret in BlueKing's own headers.
fn by_app(app: &App, request: Request) -> Request {
    request.with_header(APP_CODE, &app.client_id).with_header(APP_SECRET, app.expose_secret())
}

/// A realm is one piece of a path, and stays one.
fn is_realm(realm: &str) -> bool {
    !realm.is_empty() && realm.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Adds what the user's browser carries. The names of these fields come from settings; none may take the place of a field
/// that is set here.
fn add_ticket<'a>(fields: &mut Vec<(&'a str, &'a str)>, ticket: &'a UserTicket) -> Result<(), String> {
    if ticket.fields.is_empty() {
        return Err("no login cookie is given".to_owned());
    }
    for (name, value) in &ticket.fields {
        let is_field = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_field(name) || RESERVED.contains(&name.as_str()) || fields.iter().any(|(known, _)| known == name) {
            return Err(format!(
                "a login cookie cannot be sent as the field {:?}",
                crate::redact::line(name, &[]).unwrap_or_default()
            ));
        }
        fields.push((name, value.expose()));
    }
    Ok(())
}

fn with_query(mut url: Url, fields: &[(&str, &str)]) -> Url {
    url.set_query(Some(&form_text(fields)));
    url
}

/// Fields as one JSON object, in their order.
fn fields_json(fields: &[(&str, &str)]) -> Content {
    json(&InOrder(fields))
}

struct InOrder<'a>(&'a [(&'a str, &'a str)]);

impl Serialize for InOrder<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

const TOKEN: &str = "/auth_api/token/";
const APP_CODE: &str = "x-bk-app-code";
const APP_SECRET: &str = "x-bk-app-secret";
const REUSE: &str = "0";
const RENEW: &str = "1";
/// Fields of these calls that no cookie is.
const RESERVED: [&str; 9] = [
    "app_code",
    "app_secret",
    "env_name",
    "grant_type",
    "id_provider",
    "need_new_token",
    "bk_client_ip",
    "refresh_token",
    "access_token",
];
