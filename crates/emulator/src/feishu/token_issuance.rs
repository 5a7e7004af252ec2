//! Feishu's and Lark's logins in the ledger: the terms that the platform's rules make (reference/feishu.md §3.1, §5).
//!
//! Enters: a consent, a refresh token. Leaves: tokens, or why the refresh token is not taken. A token of another provider is
//! unknown here.

use std::collections::BTreeSet;

use crate::book::{Access, App, Death, Grant, Issued, Owner, RefreshEnd, Shape, Standing, Terms, TokenId};
use crate::memory::State;
use crate::words::{Door, OFFLINE_ACCESS, TokenApi};

/// Why a refresh token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Its lineage, or it alone, was ended.
    Ended,
    /// It is too old, or the 365-day wall is reached.
    Expired,
    /// It belongs to another app.
    Foreign,
    /// It was used.
    Used,
    /// Another generation of endpoints issued it.
    WrongApi,
}

/// Opens a login for a user's fresh consent.
pub(crate) fn open(state: &mut State, app: &App, user: &str, scopes: BTreeSet<String>) -> usize {
    if state.rules.reauthorization_ends_earlier {
        state.end_grants_of(&app.id, user, Death::Superseded);
    }
    let (brand, door, realm) = (app.brand, Door::Accounts, String::new());
    state.open_grant(Owner { brand, door, realm, app: app.id.clone(), user: Some(user.to_owned()) }, scopes)
}

/// Issues the tokens of a login. `narrowed` is the `scope` of the request, already found to be permitted.
pub(crate) fn issue(
    state: &mut State,
    grant: usize,
    api: TokenApi,
    narrowed: Option<BTreeSet<String>>,
) -> Option<Issued> {
    let (terms, scopes) = terms(state, grant, api, narrowed)?;
    state.issue(grant, &terms, Some(scopes))
}

/// Rotates a refresh token that was judged good, or forgiven.
pub(super) fn rotate(
    state: &mut State,
    id: TokenId,
    api: TokenApi,
    narrowed: Option<BTreeSet<String>>,
) -> Option<Issued> {
    let (terms, scopes) = terms(state, id.grant, api, narrowed)?;
    if state.ledger.was_used(id) {
        state.forgive(id, &terms, Some(scopes), state.rules.grace_answer)
    } else {
        state.rotate(id, &terms, Some(scopes))
    }
}

/// Judges a refresh token that `app` presents to `api`. A replay has its consequences here.
pub(super) fn judge_refresh(state: &mut State, id: TokenId, api: TokenApi, app: &str) -> Result<(), Refused> {
    let now = state.clock.now();
    let issued_by = state.ledger.issuing_api(id).ok_or(Refused::Ended)?;
    let taken = match api {
        TokenApi::V3 => matches!(issued_by, TokenApi::V2 | TokenApi::V3),
        TokenApi::V2 => issued_by == TokenApi::V2,
        TokenApi::OidcV1 | TokenApi::LegacyV1 => matches!(issued_by, TokenApi::OidcV1 | TokenApi::LegacyV1),
    };
    if !taken {
        return Err(Refused::WrongApi);
    }
    if state.ledger.grant(id.grant).is_none_or(|grant| grant.owner.app != app) {
        return Err(Refused::Foreign);
    }
    match state.ledger.standing(id, now) {
        Standing::Good => Ok(()),
        Standing::Used { .. } if state.ledger.is_forgiven(id, state.rules.grace_seconds, now) => Ok(()),
        Standing::Used { .. } => {
            if state.rules.family_revocation {
                state.end_grant(id.grant, Death::FamilyRevoked);
            }
            Err(Refused::Used)
        }
        Standing::Ended | Standing::Revoked { .. } => Err(Refused::Ended),
        Standing::Expired => Err(Refused::Expired),
    }
}

/// Every scope a token of this login may carry: the user's grants accumulate (reference/feishu.md §3.1).
/// `offline_access` counts only where this login asked for it.
pub(super) fn scopes_of(state: &State, grant: usize) -> BTreeSet<String> {
    let Some((grant, user)) = state.ledger.grant(grant).and_then(|grant| Some((grant, grant.owner.user.as_ref()?)))
    else {
        return BTreeSet::new();
    };
    let earlier = state.consents.get(&(grant.owner.app.clone(), user.clone()));
    let mut scopes = grant.scopes.clone();
    scopes.extend(earlier.into_iter().flatten().filter(|scope| *scope != OFFLINE_ACCESS).cloned());
    scopes
}

/// A refresh token of the platform.
pub(super) fn find_refresh<'s>(state: &'s State, token: &str) -> Option<(TokenId, &'s Grant)> {
    let id = state.ledger.find_refresh(token)?;
    state.ledger.grant(id.grant).filter(|grant| grant.owner.is_of_feishu()).map(|grant| (id, grant))
}

/// A user's access token of the platform.
pub(super) fn find_access<'s>(state: &'s State, token: &str) -> Option<(&'s Grant, &'s Access)> {
    state.ledger.find_access(token).filter(|(grant, _)| grant.owner.is_of_feishu())
}

/// What the rules make of a login's next tokens, and their scopes.
fn terms(
    state: &State,
    grant: usize,
    api: TokenApi,
    narrowed: Option<BTreeSet<String>>,
) -> Option<(Terms, BTreeSet<String>)> {
    let rules = &state.rules;
    let found = state.ledger.grant(grant)?;
    let app = state.apps.get(&found.owner.app)?;
    let v1 = matches!(api, TokenApi::OidcV1 | TokenApi::LegacyV1);
    let narrowed_away =
        rules.narrowing_drops_refresh && narrowed.as_ref().is_some_and(|set| !set.contains(OFFLINE_ACCESS));
    let offline = found.scopes.contains(OFFLINE_ACCESS) && app.scopes.contains(OFFLINE_ACCESS) && !narrowed_away;
    let lifetimes = &rules.lifetimes;
    let (access_seconds, refresh_seconds) = match api {
        TokenApi::V2 | TokenApi::V3 => (lifetimes.access, lifetimes.refresh),
        TokenApi::OidcV1 => (lifetimes.oidc_access, lifetimes.oidc_refresh),
        TokenApi::LegacyV1 => (lifetimes.legacy_access, lifetimes.legacy_refresh),
    };
    let terms = Terms {
        access_seconds,
        refresh_seconds: (app.may_refresh() && (v1 || offline)).then_some(refresh_seconds),
        refresh_end: RefreshEnd::Wall { seconds: lifetimes.wall, announced: rules.wall_is_announced },
        rotates: true,
        single_use: true,
        old_access_token: rules.old_access_token,
        shape: if v1 { Shape::Short } else { Shape::Jwt },
        api: Some(api),
    };
    Some((terms, narrowed.unwrap_or_else(|| scopes_of(state, grant))))
}
