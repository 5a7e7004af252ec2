//! Which part of the platform answers which endpoint.

use crate::book::{Visit, narrow};
use crate::feishu::{app_tokens, authorize, calls, device, errors, revoke, token, token_issuance, user, v1_token};
use crate::memory::State;
use crate::words::{DEVICE_GRANT_TYPE, Encodings, Endpoint, Fingerprint, Operation, Reply, Request};

/// What can be told about a request before it is processed.
pub(crate) fn preview(state: &State, endpoint: Endpoint, request: &Request) -> Visit {
    let call = (endpoint == Endpoint::Api).then(|| calls::find(&request.method, &request.path)).flatten();
    let encodings = match endpoint {
        Endpoint::AppTicketResend
        | Endpoint::AppTokenInternal
        | Endpoint::AppTokenStore
        | Endpoint::TenantTokenInternal
        | Endpoint::TenantTokenStore => Encodings::JsonOrUnnamed,
        _ => Encodings::Both,
    };
    // Bodies of business calls are large, and name no app.
    let fields = if call.is_some() { None } else { request.body_fields(encodings) }.unwrap_or_default();
    let operation = operation(endpoint, fields.get("grant_type").map(String::as_str));
    let presented = match operation {
        Operation::Refresh => fields.get("refresh_token"),
        _ => None,
    };
    let found = presented.and_then(|token| token_issuance::find_refresh(state, token));
    let (id, grant) = found.unzip();
    let named = fields.get("client_id").or_else(|| fields.get("app_id")).cloned();
    Visit {
        call: call.map(calls::Route::name),
        app: named.or_else(|| request.basic().map(|(id, _)| id)).or_else(|| grant.map(|grant| grant.owner.app.clone())),
        user: grant.and_then(|grant| grant.owner.user.clone()),
        grant: grant.map(|grant| grant.id.clone()),
        generation: id.map(|id| narrow(id.number)),
        presented: presented.map(|token| Fingerprint::of(token)),
        replay: id.is_some_and(|id| state.ledger.was_used(id)),
        ..Visit::new(endpoint, operation, request)
    }
}

/// Processes a request.
pub(crate) fn process(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    let answer = match endpoint {
        Endpoint::Authorize | Endpoint::AuthorizeIndex => Ok(authorize::show(state, endpoint, request, visit)),
        Endpoint::Consent => Ok(authorize::decide(state, request, visit)),
        Endpoint::V2Token | Endpoint::V3Token => token::answer(state, endpoint, request, visit),
        Endpoint::OidcExchange | Endpoint::LegacyExchange => v1_token::exchange(state, endpoint, request, visit),
        Endpoint::OidcRefresh | Endpoint::LegacyRefresh => v1_token::refresh(state, endpoint, request, visit),
        Endpoint::Revoke => revoke::answer(state, request, visit),
        Endpoint::DeviceAuthorization => device::start(state, request, visit),
        Endpoint::DevicePage => Ok(device::page(state, request)),
        Endpoint::UserInfo => user::user_info(state, request, visit),
        Endpoint::Api => calls::answer(state, request, visit),
        Endpoint::AppTokenInternal | Endpoint::TenantTokenInternal => {
            app_tokens::internal(state, endpoint, request, visit)
        }
        Endpoint::AppTokenStore => app_tokens::store_app(state, request, visit),
        Endpoint::TenantTokenStore => app_tokens::store_tenant(state, request, visit),
        Endpoint::AppTicketResend => app_tokens::resend_ticket(state, request, visit),
        // Other doors never come here.
        _ => return Reply::not_found(),
    };
    visit.processed = true;
    match answer {
        Ok(reply) => {
            if visit.code.is_none() && endpoint.is_machine() {
                visit.code = Some(0);
            }
            reply
        }
        Err(refusal) => {
            visit.code = Some(refusal.code).filter(|code| *code != 0);
            errors::render(endpoint, visit.operation, &refusal, None, &request.log_id)
        }
    }
}

fn operation(endpoint: Endpoint, grant_type: Option<&str>) -> Operation {
    match endpoint {
        Endpoint::Api | Endpoint::UserInfo => Operation::Call,
        Endpoint::AppTicketResend => Operation::Ticket,
        Endpoint::AppTokenInternal | Endpoint::AppTokenStore => Operation::AppToken,
        Endpoint::TenantTokenInternal | Endpoint::TenantTokenStore => Operation::TenantToken,
        Endpoint::Authorize | Endpoint::AuthorizeIndex | Endpoint::Consent | Endpoint::DevicePage => Operation::Browse,
        Endpoint::DeviceAuthorization => Operation::DeviceStart,
        Endpoint::LegacyExchange | Endpoint::OidcExchange => Operation::Exchange,
        Endpoint::LegacyRefresh | Endpoint::OidcRefresh => Operation::Refresh,
        Endpoint::Revoke => Operation::Revoke,
        Endpoint::V2Token | Endpoint::V3Token => match grant_type {
            Some("authorization_code") => Operation::Exchange,
            Some("refresh_token") => Operation::Refresh,
            Some("client_credentials") => Operation::ClientCredentials,
            Some(DEVICE_GRANT_TYPE) => Operation::DevicePoll,
            _ => Operation::Unknown,
        },
        _ => Operation::Unknown,
    }
}
