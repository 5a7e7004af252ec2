//! OIDC v1 and legacy v1: `app_access_token` in the header, a `data` wrapper, HTTP 200 for refusals
//! (reference/feishu.md §6, §7).

use serde_json::{Value, json};

use crate::book::{App, AppTokenKind, Issued, UserStatus, Visit, narrow};
use crate::feishu::client::required;
use crate::feishu::issued_tokens::record;
use crate::feishu::token_issuance::Refused;
use crate::feishu::{token_issuance, user};
use crate::memory::State;
use crate::words::{Encodings, Endpoint, Key, Refusal, Reply, Request, TokenApi};

pub(super) fn exchange(
    state: &mut State,
    endpoint: Endpoint,
    request: &Request,
    visit: &mut Visit,
) -> Result<Reply, Refusal> {
    let dialect = Dialect::of(endpoint);
    let app = dialect.authenticate(state, request)?;
    visit.app = Some(app.id.clone());
    let code_text = dialect.field(request, "authorization_code", "code")?;
    let key = Key::of(&code_text);
    let code = state.codes.get(&key).cloned().ok_or_else(|| dialect.dead(state, 20003))?;
    visit.user = Some(code.user.clone());
    if code.authorization.app != app.id {
        return Err(Refusal::new(if dialect.oidc { state.rules.oidc_foreign_app_code } else { 20024 }));
    }
    if code.used {
        return Err(dialect.dead(state, 20003));
    }
    if code.expires_at <= state.clock.now() {
        return Err(dialect.dead(state, 20004));
    }
    if code.authorization.challenge.is_some() && state.rules.v1_refuses_challenged_codes {
        return Err(dialect.dead(state, 20003));
    }
    Dialect::admit(state, &app, &code.user)?;
    if let Some(code) = state.codes.get_mut(&key) {
        code.used = true;
    }
    let grant = token_issuance::open(state, &app, &code.user, code.authorization.scopes);
    let issued = token_issuance::issue(state, grant, dialect.api, None).ok_or_else(|| Refusal::new(20007))?;
    visit.grant = state.ledger.grant(grant).map(|grant| grant.id.clone());
    visit.generation = issued.generation.map(narrow);
    record(visit, &issued);
    Ok(dialect.success(state, &app, &code.user, &issued))
}

pub(super) fn refresh(
    state: &mut State,
    endpoint: Endpoint,
    request: &Request,
    visit: &mut Visit,
) -> Result<Reply, Refusal> {
    let dialect = Dialect::of(endpoint);
    let app = dialect.authenticate(state, request)?;
    visit.app = Some(app.id.clone());
    let token = dialect.field(request, "refresh_token", "refresh_token")?;
    let unknown = if token.starts_with("ur-") { 20038 } else { 20026 };
    let (id, login) = token_issuance::find_refresh(state, &token).ok_or_else(|| dialect.dead(state, unknown))?;
    let user = login.owner.user.clone().unwrap_or_default();
    token_issuance::judge_refresh(state, id, dialect.api, &app.id).map_err(|refused| match refused {
        Refused::Ended | Refused::WrongApi => dialect.dead(state, 20026),
        Refused::Expired => dialect.dead(state, 20037),
        Refused::Foreign => Refusal::new(20024),
        Refused::Used => dialect.dead(state, state.rules.oidc_reused_code),
    })?;
    if !app.may_refresh() {
        return Err(Refusal::new(20007).because("the app may not refresh user tokens"));
    }
    Dialect::admit(state, &app, &user)?;
    let issued = token_issuance::rotate(state, id, dialect.api, None).ok_or_else(|| Refusal::new(20007))?;
    record(visit, &issued);
    Ok(dialect.success(state, &app, &user, &issued))
}

/// What the two v1 generations do differently.
#[derive(Clone, Copy)]
struct Dialect {
    api: TokenApi,
    oidc: bool,
}

impl Dialect {
    fn of(endpoint: Endpoint) -> Self {
        let oidc = matches!(endpoint, Endpoint::OidcExchange | Endpoint::OidcRefresh);
        Self { api: if oidc { TokenApi::OidcV1 } else { TokenApi::LegacyV1 }, oidc }
    }

    /// The legacy table lists no code for dead codes and refresh tokens; a knob says which it is.
    fn dead(self, state: &State, oidc_code: u32) -> Refusal {
        Refusal::new(if self.oidc { oidc_code } else { state.rules.legacy_dead_code })
    }

    /// The app behind the bearer token.
    fn authenticate(self, state: &State, request: &Request) -> Result<App, Refusal> {
        let (missing, bad_app, bad_tenant) =
            if self.oidc { (20014, 20014, 20013) } else { (20025, 99_991_664, 99_991_664) };
        let bearer = request.bearer().ok_or_else(|| Refusal::new(missing))?;
        // Prefixes are no promise (reference/feishu.md §9), so they only name the kind of a token that is unknown.
        let unknown = if bearer.starts_with("t-") { bad_tenant } else { bad_app };
        if token_issuance::find_access(state, bearer).is_some() {
            return Err(Refusal::new(bad_app));
        }
        let found = state.app_tokens.find(bearer).ok_or_else(|| Refusal::new(unknown))?;
        let (taken, bad) = match found.kind {
            AppTokenKind::App | AppTokenKind::AppAndTenant => (true, bad_app),
            AppTokenKind::Tenant => (state.rules.v1_accepts_tenant_token, bad_tenant),
        };
        if !taken || !found.is_good(state.clock.now()) {
            return Err(Refusal::new(bad));
        }
        let app = state.apps.get(&found.app).ok_or_else(|| Refusal::new(20028))?;
        // The legacy table knows no brand code; reference/feishu.md §1 gives 20046 to every call.
        if app.brand != request.brand {
            return Err(Refusal::new(20046));
        }
        if !app.enabled {
            return Err(Refusal::new(if self.oidc { 20042 } else { 20028 }));
        }
        if !app.installed {
            return Err(Refusal::new(if self.oidc { 20042 } else { 20009 }));
        }
        Ok(app.clone())
    }

    fn field(self, request: &Request, grant_type: &str, name: &str) -> Result<String, Refusal> {
        let fields = request.body_fields(Encodings::Json).ok_or_else(|| Refusal::new(20001))?;
        if required(&fields, "grant_type")? != grant_type {
            return Err(Refusal::new(if self.oidc { 20036 } else { 20001 }));
        }
        required(&fields, name).map(str::to_owned)
    }

    fn admit(state: &State, app: &App, user: &str) -> Result<(), Refusal> {
        let status = state.user(user).map_or(UserStatus::Absent, |user| user.status);
        user::standing(status)?;
        if app.available { Ok(()) } else { Err(Refusal::new(20007).because("the user may not use this app")) }
    }

    fn success(self, state: &State, app: &App, user: &str, issued: &Issued) -> Reply {
        let mut data = json!({
            "access_token": issued.access_token, "token_type": "Bearer", "expires_in": issued.expires_in,
        });
        if let Some((token, expires_in)) = &issued.refresh {
            data["refresh_token"] = json!(token);
            data["refresh_expires_in"] = json!(expires_in);
        }
        if self.oidc {
            data["scope"] = json!(issued.scope());
        } else if let Some(user) = state.user(user) {
            let profile = user::profile(user, app, &issued.scopes);
            if let (Value::Object(data), Value::Object(profile)) = (&mut data, profile) {
                data.extend(profile);
            }
        }
        Reply::json(200, &json!({"code": 0, "msg": "success", "data": data}))
    }
}
