//! The tokens of an answer, and what the history notes of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::book::{Issued, Visit, narrow};
use crate::feishu::token_issuance;
use crate::memory::State;
use crate::words::{Fingerprint, Refusal, TokenApi};

/// Mints the first set of a login and notes it in the history.
pub(super) fn finish(
    state: &mut State,
    grant: usize,
    api: TokenApi,
    narrowed: Option<BTreeSet<String>>,
    visit: &mut Visit,
) -> Result<Value, Refusal> {
    let issued = token_issuance::issue(state, grant, api, narrowed).ok_or_else(|| Refusal::new(20050))?;
    if let Some(grant) = state.ledger.grant(grant) {
        visit.grant = Some(grant.id.clone());
        visit.user.clone_from(&grant.owner.user);
        visit.app = Some(grant.owner.app.clone());
    }
    visit.generation = issued.generation.map(narrow);
    record(visit, &issued);
    Ok(success(&issued))
}

pub(super) fn record(visit: &mut Visit, issued: &Issued) {
    visit.issued = true;
    visit.issued_refresh = issued.refresh.as_ref().map(|(token, _)| Fingerprint::of(token));
}

/// The flat success body of reference/feishu.md §4.3.
pub(super) fn success(issued: &Issued) -> Value {
    let mut body = json!({
        "code": 0, "access_token": issued.access_token, "expires_in": issued.expires_in,
        "token_type": "Bearer", "scope": issued.scope(),
    });
    if let Some((token, expires_in)) = &issued.refresh {
        body["refresh_token"] = json!(token);
        body["refresh_token_expires_in"] = json!(expires_in);
    }
    body
}
