//! Client authentication (RFC 6749 §2.3): by header, in the body, or none for public clients.

use crate::book::App;
use crate::memory::State;
use crate::oauth::{Refusal, Server};
use crate::words::{ClientAuth, Fields, Request, same};

/// The client that a request comes from, proven as it is registered to be.
pub(crate) fn authenticate(state: &State, server: &Server, request: &Request, fields: &Fields) -> Result<App, Refusal> {
    let basic = request.basic();
    let unknown = |why: &str| {
        let refusal = Refusal::new("invalid_client", why);
        // RFC 6749 §5.2: a client that tried the header is told the scheme.
        if request.headers.contains_key(http::header::AUTHORIZATION) { refusal.challenging("Basic") } else { refusal }
    };
    let in_body = fields.get("client_secret").filter(|secret| !secret.is_empty());
    let (id, secret, method) = match (basic, in_body) {
        (Some(_), Some(_)) => {
            return Err(Refusal::new("invalid_request", "the client authenticates in two ways at once"));
        }
        (Some((id, secret)), None) => {
            if fields.get("client_id").is_some_and(|named| *named != id) {
                return Err(Refusal::new("invalid_request", "client_id differs from the Authorization header"));
            }
            (id, Some(secret), ClientAuth::Basic)
        }
        (None, secret) => {
            let id = fields.get("client_id").filter(|id| !id.is_empty()).cloned();
            let method = if secret.is_some() { ClientAuth::Body } else { ClientAuth::None };
            (id.ok_or_else(|| unknown("the client does not name itself"))?, secret.cloned(), method)
        }
    };
    let app = state.apps.get(&id).filter(|app| Some(app.brand) == server.door.brand());
    let app = app.ok_or_else(|| unknown("there is no such client"))?;
    let good_way = match app.client_auth {
        ClientAuth::Any => matches!(method, ClientAuth::Basic | ClientAuth::Body),
        wanted => wanted == method,
    };
    if !good_way || !server.client_auth.contains(&method) {
        return Err(unknown("the client must authenticate in another way"));
    }
    if secret.is_some_and(|secret| !same(&app.secret, &secret)) {
        return Err(unknown("the client's secret is wrong"));
    }
    permitted(app, server)?;
    Ok(app.clone())
}

/// Whether an app may use this server at all.
pub(crate) fn permitted(app: &App, server: &Server) -> Result<(), Refusal> {
    if !app.enabled {
        return Err(Refusal::new("unauthorized_client", "the client is disabled"));
    }
    if !app.realms.is_empty() && !app.realms.contains(&server.realm) {
        return Err(Refusal::new("unauthorized_client", "the client may not use this realm").with_status(403));
    }
    Ok(())
}
