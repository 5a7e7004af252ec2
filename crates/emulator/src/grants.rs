//! Logins and their tokens: what is issued, what turns, what is dead.
//!
//! Enters: decisions of the dialects. Leaves: tokens, and the standing of any token presented. The rule kept here is the
//! sandbox's reason to exist: a refresh token that was used is dead at once, unless a knob forgives it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::clock::Moment;
use crate::endpoint::{Brand, Door, TokenApi};
use crate::history::{Death, Event, Fingerprint};
use crate::rules::{GraceAnswer, OldAccessToken};
use crate::state::State;

/// SHA-256 of a token: how tokens are looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// Everything issued so far.
#[derive(Default)]
pub(crate) struct Ledger {
    grants: Vec<Grant>,
    refresh: HashMap<Key, RefreshId>,
    access: HashMap<Key, Access>,
}

/// One user's consent to one app, and the refresh tokens that descend from it.
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) app: String,
    pub(crate) user: String,
    pub(crate) brand: Brand,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) granted_at: Moment,
    pub(crate) death: Option<Death>,
    refresh: Vec<Refresh>,
    access: Vec<Key>,
}

/// Where a refresh token is kept: its grant, and its generation in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RefreshId {
    pub(crate) grant: usize,
    pub(crate) generation: usize,
}

struct Refresh {
    value: String,
    api: TokenApi,
    expires_at: Moment,
    state: RefreshState,
}

enum RefreshState {
    Ended,
    Live,
    Used { at: Moment, answer: Option<Box<Issued>> },
}

/// Why a refresh token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
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

/// An access token of any kind.
pub(crate) struct Access {
    pub(crate) value: String,
    pub(crate) holder: Holder,
    pub(crate) app: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) expires_at: Moment,
    pub(crate) ended_at: Option<Moment>,
}

/// Whom an access token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// The app; a self-built app's token is a tenant token as well (reference/feishu.md §9).
    App { tenant_too: bool },
    /// The app in one tenant.
    Tenant,
    /// A user.
    User { grant: usize, generation: Option<usize>, user: String },
}

/// Whether an access token is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Alive,
    Ended,
    Expired,
}

impl Access {
    pub(crate) fn standing(&self, now: Moment) -> Standing {
        if self.ended_at.is_some_and(|at| at <= now) {
            Standing::Ended
        } else if self.expires_at <= now {
            Standing::Expired
        } else {
            Standing::Alive
        }
    }
}

/// A fresh set of tokens.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) expires_in: u64,
    pub(crate) refresh: Option<(String, u64)>,
    pub(crate) scope: String,
    pub(crate) generation: Option<usize>,
}

/// What a login looks like now; for tests to assert on.
#[derive(Clone, Serialize)]
pub struct CurrentTokens {
    /// The login.
    pub grant: String,
    /// Its app.
    pub app: String,
    /// Its user; empty for an app's own token.
    pub user: String,
    /// Its brand.
    pub brand: Brand,
    /// The host that keeps it; for Feishu and Lark the one whose page takes consent.
    pub door: Door,
    /// The realm of bkauth, the issuer's path of the plain provider, or the environment of `auth_api`; empty elsewhere.
    pub realm: String,
    /// Generation of the newest refresh token; none when none was issued.
    pub generation: Option<u32>,
    /// Whether a refresh would succeed now.
    pub refreshable: bool,
    /// Why the login ended, if it did.
    pub death: Option<Death>,
    /// The live refresh token. The sandbox's tokens open nothing, so they are shown.
    pub refresh_token: Option<String>,
    /// Its fingerprint.
    pub refresh_fingerprint: Option<Fingerprint>,
    /// Its end, milliseconds since the epoch.
    pub refresh_expires_at: Option<Moment>,
    /// Every access token that is good now, oldest first.
    pub access_tokens: Vec<CurrentAccess>,
}

/// A live access token.
#[derive(Clone, Serialize)]
pub struct CurrentAccess {
    /// The token.
    pub token: String,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Generation of the refresh token that came with it.
    pub generation: Option<u32>,
    /// Its end, milliseconds since the epoch.
    pub expires_at: Moment,
    /// What it may do.
    pub scopes: BTreeSet<String>,
}

impl fmt::Debug for CurrentTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentTokens")
            .field("grant", &self.grant)
            .field("generation", &self.generation)
            .field("refresh_fingerprint", &self.refresh_fingerprint)
            .field("death", &self.death)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CurrentAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentAccess").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl Ledger {
    pub(crate) fn grant(&self, index: usize) -> Option<&Grant> {
        self.grants.get(index)
    }

    pub(crate) fn find_refresh(&self, token: &str) -> Option<RefreshId> {
        self.refresh.get(&Key::of(token)).copied()
    }

    pub(crate) fn find_access(&self, token: &str) -> Option<&Access> {
        self.access.get(&Key::of(token))
    }

    pub(crate) fn access(&self, key: Key) -> Option<&Access> {
        self.access.get(&key)
    }

    pub(crate) fn keep_access(&mut self, access: Access) -> Key {
        let key = Key::of(&access.value);
        self.access.insert(key, access);
        key
    }

    pub(crate) fn end_access(&mut self, token: &str, now: Moment) {
        if let Some(access) = self.access.get_mut(&Key::of(token)) {
            access.ended_at = Some(access.ended_at.map_or(now, |at| at.min(now)));
        }
    }

    fn refresh(&self, id: RefreshId) -> Option<&Refresh> {
        self.grants.get(id.grant)?.refresh.get(id.generation)
    }

    fn end_access_of(&mut self, grant: usize, at: Moment) {
        for key in self.grants.get(grant).map(|grant| grant.access.as_slice()).unwrap_or_default() {
            if let Some(access) = self.access.get_mut(key) {
                access.ended_at = Some(access.ended_at.map_or(at, |earlier| earlier.min(at)));
            }
        }
    }
}

impl State {
    /// Opens a login for a user's fresh consent.
    pub(crate) fn open_grant(&mut self, app: &str, brand: Brand, user: &str, scopes: BTreeSet<String>) -> usize {
        let now = self.clock.now();
        if self.rules.reauthorization_ends_earlier {
            self.end_grants_of(app, user, Death::Superseded);
        }
        let index = self.ledger.grants.len();
        self.ledger.grants.push(Grant {
            id: format!("grant-{}", index + 1),
            app: app.to_owned(),
            user: user.to_owned(),
            brand,
            scopes,
            granted_at: now,
            death: None,
            refresh: Vec::new(),
            access: Vec::new(),
        });
        index
    }

    /// Mints a token set for a login. `narrowed` is the `scope` of the request, already found to be permitted.
    pub(crate) fn issue(&mut self, grant: usize, api: TokenApi, narrowed: Option<BTreeSet<String>>) -> Option<Issued> {
        let now = self.clock.now();
        let found = self.ledger.grants.get(grant)?;
        let (app_id, user, granted_at) = (found.app.clone(), found.user.clone(), found.granted_at);
        let offline = found.scopes.contains(OFFLINE_ACCESS);
        let narrowed_away =
            self.rules.narrowing_drops_refresh && narrowed.as_ref().is_some_and(|set| !set.contains(OFFLINE_ACCESS));
        let scopes = narrowed.unwrap_or_else(|| self.scopes_of(grant));
        let app = self.apps.get(&app_id)?;
        let v1 = matches!(api, TokenApi::OidcV1 | TokenApi::LegacyV1);
        let refreshable =
            app.may_refresh() && (v1 || (offline && !narrowed_away && app.scopes.contains(OFFLINE_ACCESS)));

        let lifetimes = &self.rules.lifetimes;
        let (access_life, refresh_life) = match api {
            TokenApi::V2 | TokenApi::V3 => (lifetimes.access, lifetimes.refresh),
            TokenApi::OidcV1 => (lifetimes.oidc_access, lifetimes.oidc_refresh),
            TokenApi::LegacyV1 => (lifetimes.legacy_access, lifetimes.legacy_refresh),
        };
        let wall = granted_at.plus_seconds(lifetimes.wall);
        let expires_at = now.plus_seconds(access_life);
        let access_token = if v1 {
            format!("u-{}", self.chance.text(40))
        } else {
            self.chance.jwt("user_access_token", now, expires_at)
        };
        let generation = refreshable.then(|| self.ledger.grants[grant].refresh.len());
        let refresh = generation.map(|generation| {
            let refresh_ends = now.plus_seconds(refresh_life).min(wall);
            let value = if v1 {
                format!("ur-{}", self.chance.text(40))
            } else {
                self.chance.jwt("refresh_token", now, refresh_ends)
            };
            self.ledger.refresh.insert(Key::of(&value), RefreshId { grant, generation });
            let kept = Refresh { value: value.clone(), api, expires_at: refresh_ends, state: RefreshState::Live };
            self.ledger.grants[grant].refresh.push(kept);
            let announced = if self.rules.wall_is_announced { refresh_ends.seconds_left(now) } else { refresh_life };
            (value, announced)
        });
        let scope = scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let holder = Holder::User { grant, generation, user };
        let access = Access { value: access_token.clone(), holder, app: app_id, scopes, expires_at, ended_at: None };
        let key = self.ledger.keep_access(access);
        self.ledger.grants[grant].access.push(key);
        Some(Issued { access_token, expires_in: access_life, refresh, scope, generation })
    }

    /// Every scope a token of this login may carry: the user's grants accumulate (reference/feishu.md §3.1).
    /// `offline_access` counts only where this login asked for it.
    pub(crate) fn scopes_of(&self, grant: usize) -> BTreeSet<String> {
        let Some(grant) = self.ledger.grants.get(grant) else {
            return BTreeSet::new();
        };
        let earlier = self.consents.get(&(grant.app.clone(), grant.user.clone()));
        let mut scopes = grant.scopes.clone();
        scopes.extend(earlier.into_iter().flatten().filter(|scope| *scope != OFFLINE_ACCESS).cloned());
        scopes
    }

    /// Judges a refresh token that `app` presents to `api`. A replay has its consequences here.
    pub(crate) fn judge_refresh(&mut self, id: RefreshId, api: TokenApi, app: &str) -> Result<(), Refused> {
        let now = self.clock.now();
        let Some(refresh) = self.ledger.refresh(id) else {
            return Err(Refused::Ended);
        };
        let grant = &self.ledger.grants[id.grant];
        let taken = match api {
            TokenApi::V3 => matches!(refresh.api, TokenApi::V2 | TokenApi::V3),
            TokenApi::V2 => refresh.api == TokenApi::V2,
            TokenApi::OidcV1 | TokenApi::LegacyV1 => {
                matches!(refresh.api, TokenApi::OidcV1 | TokenApi::LegacyV1)
            }
        };
        if !taken {
            return Err(Refused::WrongApi);
        }
        if grant.app != app {
            return Err(Refused::Foreign);
        }
        match &refresh.state {
            RefreshState::Used { at, .. } => {
                if grant.death.is_none() && self.is_forgiven(id, *at, now) {
                    return Ok(());
                }
                if self.rules.family_revocation {
                    self.end_grant(id.grant, Death::FamilyRevoked);
                }
                Err(Refused::Used)
            }
            RefreshState::Ended => Err(Refused::Ended),
            RefreshState::Live if grant.death.is_some() => Err(Refused::Ended),
            RefreshState::Live if refresh.expires_at <= now => Err(Refused::Expired),
            RefreshState::Live => Ok(()),
        }
    }

    /// Turns a refresh token that was judged good.
    pub(crate) fn rotate(
        &mut self,
        id: RefreshId,
        api: TokenApi,
        narrowed: Option<BTreeSet<String>>,
    ) -> Option<Issued> {
        let now = self.clock.now();
        let first_use = match &self.ledger.refresh(id)?.state {
            RefreshState::Used { at, answer } => {
                if let (GraceAnswer::SamePair, Some(answer)) = (self.rules.grace_answer, answer) {
                    return Some((**answer).clone());
                }
                Some(*at)
            }
            _ => None,
        };
        // A later pair of the same parent takes the place of the unused one before it.
        for later in self.ledger.grants[id.grant].refresh.iter_mut().skip(id.generation + 1) {
            later.state = RefreshState::Ended;
        }
        match self.rules.old_access_token {
            OldAccessToken::UntilExpiry => {}
            OldAccessToken::Dies => self.ledger.end_access_of(id.grant, now),
            OldAccessToken::Overlap { seconds } => self.ledger.end_access_of(id.grant, now.plus_seconds(seconds)),
        }
        let issued = self.issue(id.grant, api, narrowed)?;
        let answer = (self.rules.grace_seconds > 0).then(|| Box::new(issued.clone()));
        self.ledger.grants[id.grant].refresh[id.generation].state =
            RefreshState::Used { at: first_use.unwrap_or(now), answer };
        Some(issued)
    }

    /// Whether a refresh token was used before now.
    pub(crate) fn was_used(&self, id: RefreshId) -> bool {
        self.ledger.refresh(id).is_some_and(|refresh| matches!(refresh.state, RefreshState::Used { .. }))
    }

    /// Ends a login: no token of it is good from now on.
    pub(crate) fn end_grant(&mut self, grant: usize, death: Death) {
        let now = self.clock.now();
        self.stop_refreshing(grant, death);
        self.ledger.end_access_of(grant, now);
    }

    /// Ends a login's refresh tokens; its access tokens live on.
    pub(crate) fn stop_refreshing(&mut self, grant: usize, death: Death) {
        let Some(found) = self.ledger.grants.get_mut(grant).filter(|grant| grant.death.is_none()) else {
            return;
        };
        found.death = Some(death);
        let event = Event::Ended { grant: found.id.clone(), death };
        self.remember(event);
    }

    /// Ends every login of a user with an app.
    pub(crate) fn end_grants_of(&mut self, app: &str, user: &str, death: Death) -> usize {
        let theirs: Vec<usize> = (0..self.ledger.grants.len())
            .filter(|&index| {
                let grant = &self.ledger.grants[index];
                grant.app == app && grant.user == user && grant.death.is_none()
            })
            .collect();
        for &grant in &theirs {
            self.end_grant(grant, death);
        }
        theirs.len()
    }

    /// What every login looks like now.
    pub(crate) fn current_tokens(&self) -> Vec<CurrentTokens> {
        let platform = self.ledger.grants.iter().map(|grant| self.current(grant));
        platform.chain(self.families.current(self.clock.now())).collect()
    }

    fn current(&self, grant: &Grant) -> CurrentTokens {
        let now = self.clock.now();
        let live = grant.refresh.last().filter(|refresh| {
            grant.death.is_none() && matches!(refresh.state, RefreshState::Live) && refresh.expires_at > now
        });
        let access_tokens = grant
            .access
            .iter()
            .filter_map(|key| self.ledger.access.get(key))
            .filter(|access| access.standing(now) == Standing::Alive)
            .map(|access| CurrentAccess {
                token: access.value.clone(),
                fingerprint: Fingerprint::of(&access.value),
                generation: match access.holder {
                    Holder::User { generation, .. } => generation.map(narrow),
                    _ => None,
                },
                expires_at: access.expires_at,
                scopes: access.scopes.clone(),
            })
            .collect();
        CurrentTokens {
            grant: grant.id.clone(),
            app: grant.app.clone(),
            user: grant.user.clone(),
            brand: grant.brand,
            door: Door::Accounts,
            realm: String::new(),
            generation: grant.refresh.len().checked_sub(1).map(narrow),
            refreshable: live.is_some() && self.apps.get(&grant.app).is_some_and(crate::registry::App::may_refresh),
            death: grant.death,
            refresh_token: live.map(|refresh| refresh.value.clone()),
            refresh_fingerprint: live.map(|refresh| Fingerprint::of(&refresh.value)),
            refresh_expires_at: live.map(|refresh| refresh.expires_at),
            access_tokens,
        }
    }

    /// Whether an access token is the last that was issued to its login, or to its app in its own name.
    pub(crate) fn is_newest_access(&self, token: &str) -> bool {
        let key = Key::of(token);
        let newest = match self.ledger.access.get(&key).map(|access| &access.holder) {
            Some(Holder::User { grant, .. }) => self.ledger.grants.get(*grant).and_then(|grant| grant.access.last()),
            Some(_) => self.app_tokens.values().find(|newest| **newest == key),
            None => None,
        };
        newest == Some(&key)
    }

    fn is_forgiven(&self, id: RefreshId, used_at: Moment, now: Moment) -> bool {
        let window = used_at.plus_seconds(self.rules.grace_seconds);
        let later = self.ledger.grants[id.grant].refresh.iter().skip(id.generation + 1);
        self.rules.grace_seconds > 0
            && now <= window
            && later.into_iter().all(|later| !matches!(later.state, RefreshState::Used { .. }))
    }
}

/// Generations are counted in 32 bits outside.
pub(crate) fn narrow(generation: usize) -> u32 {
    u32::try_from(generation).unwrap_or(u32::MAX)
}

pub(crate) const OFFLINE_ACCESS: &str = "offline_access";
