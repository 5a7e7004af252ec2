//! Who asks the token endpoints since v2, and whether the user in question may log in (reference/feishu.md §4.5).

use serde_json::json;

use crate::book::{App, Policy, UserStatus};
use crate::memory::State;
use crate::words::{Door, Fields, Refusal, Request, same};

/// Who the client says it is.
pub(super) struct Client {
    pub(super) id: String,
    secret: String,
}

impl Client {
    /// Reads Basic or body credentials; both at once are one too many (20070).
    pub(super) fn read(request: &Request, fields: &Fields) -> Result<Self, Refusal> {
        match (request.basic(), fields.get("client_secret")) {
            (Some(_), Some(_)) => Err(Refusal::new(20070)),
            (Some((id, _)), None) if fields.get("client_id").is_some_and(|named| *named != id) => {
                Err(Refusal::new(20001).because("client_id differs from the Authorization header"))
            }
            (Some((id, secret)), None) => Ok(Self { id, secret }),
            (None, _) => {
                let id = required(fields, "client_id")?.to_owned();
                Ok(Self { id, secret: required(fields, "client_secret")?.to_owned() })
            }
        }
    }
}

/// Checks the client: exists, right brand, right secret, enabled, installed.
pub(super) fn authenticate(state: &State, client: &Client, request: &Request) -> Result<App, Refusal> {
    let app = state.apps.get(&client.id).ok_or_else(|| Refusal::new(20048))?;
    if app.brand != request.brand {
        return Err(Refusal::new(20046));
    }
    if !same(&app.secret, &client.secret) {
        return Err(Refusal::new(20002));
    }
    if !app.enabled {
        return Err(Refusal::new(20069));
    }
    if !app.installed {
        return Err(Refusal::new(20009));
    }
    Ok(app.clone())
}

/// Checks the user: exists, in good standing, allowed by policy and availability.
pub(super) fn admit(state: &State, app: &App, user: &str) -> Result<(), Refusal> {
    let user = state.user(user).ok_or_else(|| Refusal::new(20008))?;
    match user.status {
        UserStatus::Active => {}
        UserStatus::Absent => return Err(Refusal::new(20008)),
        UserStatus::Frozen | UserStatus::Resigned | UserStatus::Unregistered => {
            return Err(Refusal::new(20066));
        }
    }
    if !app.available {
        return Err(Refusal::new(20010));
    }
    match user.policy {
        Policy::Allow => Ok(()),
        Policy::Challenge => {
            let url = state.url(app.brand, Door::Accounts) + "/sandbox/challenge";
            Err(Refusal::new(21000)
                .with("challenge_url", json!(url))
                .with("cli_hint", json!("complete the challenge in a browser, then log in again")))
        }
        Policy::Deny => Err(Refusal::new(21001)),
    }
}

pub(super) fn required<'f>(fields: &'f Fields, name: &str) -> Result<&'f str, Refusal> {
    fields
        .get(name)
        .map(String::as_str)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Refusal::new(20001).because(format!("{name} is required")))
}
