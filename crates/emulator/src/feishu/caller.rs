//! Who a token of the platform speaks for, and whether it is good (reference/feishu.md §11).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::book::{App, AppTokenKind, Visit, narrow};
use crate::content::Principal;
use crate::feishu::token_issuance;
use crate::memory::State;
use crate::words::{Endpoint, Refusal, Request};

/// The owner of a good token.
pub(crate) struct Caller {
    pub(crate) app: App,
    pub(crate) who: Principal,
    pub(crate) scopes: BTreeSet<String>,
}

impl Caller {
    pub(crate) fn read(
        state: &State,
        request: &Request,
        endpoint: Endpoint,
        visit: &mut Visit,
    ) -> Result<Self, Refusal> {
        let bearer = request.bearer().ok_or_else(|| Refusal::new(99_991_661))?;
        let tenant_like = bearer.starts_with("t-") || bearer.starts_with("a-");
        if !tenant_like && !bearer.starts_with("u-") && !bearer.starts_with("eyJ") {
            return Err(Refusal::new(99_991_671));
        }
        let dead_user = if endpoint == Endpoint::UserInfo { state.rules.user_info_dead_code } else { 99_991_668 };
        let dead = match bearer {
            _ if bearer.starts_with("a-") => 99_991_664,
            _ if tenant_like => 99_991_663,
            _ => dead_user,
        };
        let now = state.clock.now();
        let token = match (token_issuance::find_access(state, bearer), state.app_tokens.find(bearer)) {
            (Some((login, access)), _) => {
                visit.user.clone_from(&login.owner.user);
                visit.grant = Some(login.id.clone());
                visit.generation = access.generation().map(narrow);
                let (app, user) = (&login.owner.app, login.owner.user.clone());
                let (ended, expired) = (access.was_ended(now), access.expires_at <= now);
                Presented { app, user, scopes: &access.scopes, ended, expired }
            }
            (None, Some(token)) => {
                let (app, scopes) = (&token.app, &token.scopes);
                visit.app = Some(app.clone());
                if token.kind == AppTokenKind::App {
                    return Err(Refusal::new(99_991_663).because("an app_access_token is not taken here"));
                }
                Presented { app, user: None, scopes, ended: false, expired: !token.is_good(now) }
            }
            (None, None) => return Err(Refusal::new(dead)),
        };
        visit.app = Some(token.app.clone());
        let is_user = token.user.is_some();
        let app = state.apps.get(token.app).ok_or_else(|| Refusal::new(99_991_543))?;
        if app.brand != request.brand {
            return Err(Refusal::new(dead));
        }
        if token.ended {
            return Err(Refusal::new(dead));
        }
        if token.expired {
            return Err(Refusal::new(match (is_user, endpoint) {
                (true, Endpoint::UserInfo) if dead_user == 20005 => 20006,
                (true, _) => state.rules.expired_access_code,
                (false, _) => dead,
            }));
        }
        if !app.enabled {
            return Err(Refusal::new(99_991_662));
        }
        if !app.installed {
            return Err(Refusal::new(99_991_673));
        }
        if !app.address_allowed {
            return Err(Refusal::new(99_991_401));
        }
        if !app.quota_left {
            return Err(Refusal::new(99_991_403));
        }
        let who = Principal { brand: app.brand, id: token.user.unwrap_or_else(|| app.id.clone()), is_user };
        Ok(Self { app: app.clone(), who, scopes: token.scopes.clone() })
    }

    /// The app must have enabled one of the scopes (99991672), and the user must have granted it (99991679).
    pub(super) fn needs_one_of(&self, scopes: &[&str]) -> Result<(), Refusal> {
        let violations = |kind: &str| -> Value {
            scopes.iter().map(|scope| json!({"type": kind, "subject": scope})).collect::<Vec<_>>().into()
        };
        if !scopes.iter().any(|scope| self.app.scopes.contains(*scope)) {
            return Err(Refusal::new(99_991_672).with("permission_violations", violations("action_scope_required")));
        }
        if self.who.is_user && !scopes.iter().any(|scope| self.scopes.contains(*scope)) {
            return Err(Refusal::new(99_991_679).with("permission_violations", violations("action_privilege_required")));
        }
        Ok(())
    }
}

/// A token that was found, whosever it is.
struct Presented<'s> {
    app: &'s String,
    user: Option<String>,
    scopes: &'s BTreeSet<String>,
    ended: bool,
    expired: bool,
}

pub(crate) const NO_TENANT_TOKEN: &str =
    "Invalid access token for authorization: this call does not take a tenant_access_token";
