//! Logins that are minted without any request, as the rules of their door have it.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::blueking;
use crate::book::{Issued, Owner, narrow};
use crate::feishu;
use crate::memory::State;
use crate::plain;
use crate::words::{Door, TokenApi, Unknown};

/// A login that was minted without a browser.
#[derive(Clone, Serialize)]
pub struct SeededTokens {
    /// The login, as the history names it.
    pub grant: String,
    /// The access token.
    pub access_token: String,
    /// Its life in seconds.
    pub expires_in: u64,
    /// The refresh token, where the app and scopes allow one.
    pub refresh_token: Option<String>,
    /// Its life in seconds.
    pub refresh_token_expires_in: Option<u64>,
    /// Space-separated scopes.
    pub scope: String,
    /// Generation of the refresh token: 0.
    pub generation: Option<u32>,
}

impl SeededTokens {
    fn new(grant: String, issued: Issued) -> Self {
        let scope = issued.scope();
        let (refresh_token, refresh_token_expires_in) = issued.refresh.unzip();
        Self {
            grant,
            access_token: issued.access_token,
            expires_in: issued.expires_in,
            refresh_token,
            refresh_token_expires_in,
            scope,
            generation: issued.generation.map(narrow),
        }
    }
}

impl fmt::Debug for SeededTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeededTokens").field("grant", &self.grant).field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// Mints a login of the Feishu/Lark platform.
pub(crate) fn seed(
    state: &mut State,
    api: TokenApi,
    app: &str,
    user: &str,
    scopes: BTreeSet<String>,
) -> Result<SeededTokens, Unknown> {
    let user = state.user(user).ok_or_else(|| Unknown::new("user", user))?.id.clone();
    let unknown = || Unknown::new("app", app);
    let found = state.apps.get(app).ok_or_else(unknown)?.clone();
    state.consents.entry((app.to_owned(), user.clone())).or_default().extend(scopes.iter().cloned());
    let grant = feishu::open(state, &found, &user, scopes);
    let issued = feishu::issue(state, grant, api, None).ok_or_else(unknown)?;
    let id = state.ledger.grant(grant).ok_or_else(unknown)?.id.clone();
    Ok(SeededTokens::new(id, issued))
}

/// Mints a login of another door, or an app's own token where no user is named.
pub(crate) fn seed_beyond(
    state: &mut State,
    door: Door,
    realm: &str,
    app: &str,
    user: Option<&str>,
    scopes: BTreeSet<String>,
) -> Result<SeededTokens, Unknown> {
    let found = state.apps.get(app).filter(|app| Some(app.brand) == door.brand());
    let brand = found.ok_or_else(|| Unknown::new("app", app))?.brand;
    if let Some(user) = user.filter(|user| state.user(user).is_none()) {
        return Err(Unknown::new("user", user));
    }
    let terms = match door {
        Door::Ssm => state.rules.blueking.ssm.tokens.terms(),
        Door::AuthApi => state.rules.blueking.auth_api.tokens.terms(),
        Door::Bkauth => {
            let terms = blueking::bkauth_terms(&state.rules.blueking.bkauth, realm);
            terms.ok_or_else(|| Unknown::new("realm", realm))?
        }
        Door::Plain if plain::is_issuer(&state.rules.plain, realm) => {
            plain::terms(&state.rules.plain, &scopes, user.is_some())
        }
        Door::Plain => return Err(Unknown::new("issuer", realm)),
        Door::Gateway | Door::Accounts | Door::Open => {
            return Err(Unknown::new("door that issues such tokens", door.name()));
        }
    };
    let (realm, app, user) = (realm.to_owned(), app.to_owned(), user.map(str::to_owned));
    let owner = Owner { brand, door, realm, app, user };
    let earlier = matches!(door, Door::Ssm | Door::AuthApi).then(|| state.ledger.of(&owner)).flatten();
    if let Some(earlier) = earlier {
        state.supersede(earlier, terms.old_access_token);
    }
    let grant = state.open_grant(owner, scopes);
    let issued = state.issue(grant, &terms, None);
    let id = state.ledger.grant(grant).map(|grant| grant.id.clone());
    let (id, issued) = id.zip(issued).ok_or_else(|| Unknown::new("door", door.name()))?;
    Ok(SeededTokens::new(id, issued))
}
