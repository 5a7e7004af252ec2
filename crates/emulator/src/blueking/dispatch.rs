//! Which of BlueKing's doors answers which endpoint.

use crate::blueking::refusal::Refusal;
use crate::blueking::{auth_api, bkauth, esb_tokens, gateway, ssm};
use crate::book::Visit;
use crate::memory::State;
use crate::oauth;
use crate::words::{Door, Endpoint, Operation, Reply, Request};

/// What can be told about a request before it is processed.
pub(crate) fn preview(state: &State, endpoint: Endpoint, request: &Request) -> Visit {
    match request.door {
        Door::Ssm => ssm::preview(state, endpoint, request),
        Door::AuthApi => auth_api::preview(state, endpoint, request),
        Door::Bkauth => bkauth::preview(state, endpoint, request),
        Door::Gateway if endpoint == Endpoint::EsbToken => esb_tokens::preview(endpoint, request),
        // Other platforms' doors never come here.
        Door::Gateway | Door::Accounts | Door::Open | Door::Plain => gateway::preview(state, endpoint, request),
    }
}

/// Processes a request.
pub(crate) fn process(state: &mut State, endpoint: Endpoint, request: &Request, visit: &mut Visit) -> Reply {
    visit.processed = true;
    match request.door {
        Door::Ssm => ssm::answer(state, endpoint, request, visit),
        Door::AuthApi => auth_api::answer(state, endpoint, request, visit),
        Door::Bkauth => bkauth::answer(state, endpoint, request, visit),
        Door::Gateway if endpoint == Endpoint::EsbToken => esb_tokens::answer(state, request, visit),
        Door::Gateway | Door::Accounts | Door::Open | Door::Plain => gateway::answer(state, request, visit),
    }
}

/// An injected code in the endpoint's own shape.
pub(crate) fn refuse(endpoint: Endpoint, operation: Operation, code: u32, status: Option<u16>) -> Reply {
    match endpoint {
        Endpoint::SsmToken | Endpoint::SsmRefresh | Endpoint::SsmVerify => {
            Refusal::new(code, "injected").ssm(status.unwrap_or(200))
        }
        Endpoint::AuthApiToken | Endpoint::AuthApiRefresh | Endpoint::AuthApiCheck | Endpoint::EsbToken => {
            Refusal::new(code, "injected").auth_api(status.unwrap_or(200))
        }
        Endpoint::Gateway => gateway::injected(code, status),
        _ => oauth::injected(operation, code, status),
    }
}
