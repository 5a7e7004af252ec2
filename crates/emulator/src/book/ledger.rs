//! Logins and their tokens, of every provider: what is issued, what rotates, what is dead.
//!
//! Enters: decisions of the dialects, with the [`Terms`] that their rules make. Leaves: tokens, and the standing of any token
//! presented. The rule kept here is the sandbox's reason to exist: a refresh token that is good for one use is dead when it was
//! used, unless a rule forgives it. One grant is one login, or an app's own token; its refresh tokens descend from one another,
//! or are one and the same for ever.

use std::collections::{BTreeSet, HashMap};

use crate::book::token_policy::TokenKind;
use crate::book::{CurrentAccess, CurrentTokens, Death, RefreshEnd, Terms};
use crate::rules::{GraceAnswer, OldAccessToken};
use crate::words::{Brand, Door, Fingerprint, Key, Moment, Randomness, TokenApi};

/// Everything issued so far.
#[derive(Default)]
pub(crate) struct Ledger {
    grants: Vec<Grant>,
    refreshes: HashMap<Key, TokenId>,
    accesses: HashMap<Key, TokenId>,
}

/// Where a token is kept: its grant, and its number in it. A refresh token's number is its generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenId {
    pub(crate) grant: usize,
    pub(crate) number: usize,
}

/// Whose login, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) brand: Brand,
    /// For Feishu and Lark the one whose page takes consent.
    pub(crate) door: Door,
    /// Realm, issuer's path or environment.
    pub(crate) realm: String,
    pub(crate) app: String,
    /// None: the app itself.
    pub(crate) user: Option<String>,
}

/// A login, or an app's own token, and the refresh tokens that descend from it.
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) death: Option<Death>,
    granted_at: Moment,
    /// The end that no refresh moves, where the terms have one.
    ends_at: Option<Moment>,
    refreshes: Vec<Refresh>,
    accesses: Vec<Access>,
}

struct Refresh {
    value: String,
    api: Option<TokenApi>,
    expires_at: Moment,
    /// When it was first used, if it is good for one use only.
    used_at: Option<Moment>,
    revoked_at: Option<Moment>,
    answer: Option<Issued>,
}

/// An access token.
pub(crate) struct Access {
    pub(crate) value: String,
    pub(crate) issued_at: Moment,
    pub(crate) expires_at: Moment,
    pub(crate) scopes: BTreeSet<String>,
    ended_at: Option<Moment>,
    /// The refresh token that came with it.
    refresh: Option<usize>,
}

/// A set of tokens to answer with.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) expires_in: u64,
    /// The login's refresh token and the seconds that an answer tells, new or not.
    pub(crate) refresh: Option<(String, u64)>,
    pub(crate) scopes: BTreeSet<String>,
    /// The refresh token's number.
    pub(crate) generation: Option<usize>,
}

impl Issued {
    /// The scopes as RFC 6749 §3.3 writes them.
    pub(crate) fn scope(&self) -> String {
        self.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// What a refresh token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The login was ended.
    Ended,
    Expired,
    Good,
    /// It alone was revoked.
    Revoked {
        at: Moment,
    },
    Used {
        at: Moment,
    },
}

impl Owner {
    /// Whether it is a login of the Feishu/Lark platform.
    pub(crate) fn is_of_feishu(&self) -> bool {
        self.door.brand().is_none()
    }
}

impl Access {
    /// The number of the refresh token that came with it.
    pub(crate) const fn generation(&self) -> Option<usize> {
        self.refresh
    }

    pub(crate) fn was_ended(&self, now: Moment) -> bool {
        self.ended_at.is_some_and(|at| at <= now)
    }

    pub(crate) fn is_good(&self, now: Moment) -> bool {
        self.expires_at > now && !self.was_ended(now)
    }
}

impl Ledger {
    pub(crate) fn grant(&self, index: usize) -> Option<&Grant> {
        self.grants.get(index)
    }

    pub(crate) fn find_refresh(&self, token: &str) -> Option<TokenId> {
        self.refreshes.get(&Key::of(token)).copied()
    }

    /// The access token and its grant.
    pub(crate) fn find_access(&self, token: &str) -> Option<(&Grant, &Access)> {
        let id = self.accesses.get(&Key::of(token))?;
        let grant = self.grants.get(id.grant)?;
        Some((grant, grant.accesses.get(id.number)?))
    }

    /// The same, where the token is good now.
    pub(crate) fn good_access(&self, token: &str, now: Moment) -> Option<(&Grant, &Access)> {
        self.find_access(token).filter(|(_, access)| access.is_good(now))
    }

    /// Whether an access token is the last that was issued to its login.
    pub(crate) fn is_newest(&self, token: &str) -> bool {
        self.find_access(token)
            .is_some_and(|(grant, access)| grant.accesses.last().is_some_and(|newest| newest.value == access.value))
    }

    /// The newest living login of an owner.
    pub(crate) fn of(&self, owner: &Owner) -> Option<usize> {
        self.grants.iter().rposition(|grant| grant.owner == *owner && grant.death.is_none())
    }

    /// Every living login of a user with an app.
    pub(crate) fn living(&self, app: &str, user: &str) -> Vec<usize> {
        let theirs = |grant: &Grant| {
            grant.owner.app == app && grant.owner.user.as_deref() == Some(user) && grant.death.is_none()
        };
        (0..self.grants.len()).filter(|&index| theirs(&self.grants[index])).collect()
    }

    /// What a refresh token is worth now.
    pub(crate) fn standing(&self, id: TokenId, now: Moment) -> Standing {
        let Some((grant, refresh)) = self.refresh(id) else {
            return Standing::Ended;
        };
        match (refresh.used_at, refresh.revoked_at) {
            (Some(at), _) => Standing::Used { at },
            (None, Some(at)) => Standing::Revoked { at },
            _ if grant.death.is_some() => Standing::Ended,
            _ if refresh.expires_at <= now => Standing::Expired,
            _ => Standing::Good,
        }
    }

    pub(crate) fn was_used(&self, id: TokenId) -> bool {
        self.refresh(id).is_some_and(|(_, refresh)| refresh.used_at.is_some())
    }

    /// Whether the use of a refresh token a moment ago is forgiven: its login lives, and none of the later ones was used.
    pub(crate) fn is_forgiven(&self, id: TokenId, grace_seconds: u64, now: Moment) -> bool {
        self.refresh(id).is_some_and(|(grant, refresh)| {
            let recent = refresh.used_at.is_some_and(|used| now <= used.plus_seconds(grace_seconds));
            let later = grant.refreshes.iter().skip(id.number + 1);
            grace_seconds > 0
                && recent
                && grant.death.is_none()
                && later.into_iter().all(|later| later.used_at.is_none())
        })
    }

    /// The generation of endpoints that issued a refresh token, where its platform has several.
    pub(crate) fn issuing_api(&self, id: TokenId) -> Option<TokenApi> {
        self.refresh(id).and_then(|(_, refresh)| refresh.api)
    }

    /// The login's present tokens, while the access token has more than so many seconds left.
    pub(crate) fn present(&self, grant: usize, more_than: u64, now: Moment) -> Option<Issued> {
        let grant = self.grants.get(grant).filter(|grant| grant.death.is_none())?;
        let access = grant.accesses.last().filter(|access| access.is_good(now))?;
        let expires_in = access.expires_at.seconds_left(now);
        let generation = grant.refreshes.len().checked_sub(1);
        let refresh = grant.refreshes.last().map(|last| (last.value.clone(), last.expires_at.seconds_left(now)));
        let (access_token, scopes) = (access.value.clone(), access.scopes.clone());
        (expires_in > more_than).then_some(Issued { access_token, expires_in, refresh, scopes, generation })
    }

    /// The access tokens that came with a refresh token.
    pub(crate) fn accesses_of(&self, id: TokenId) -> Vec<Key> {
        let accesses = self.grants.get(id.grant).into_iter().flat_map(|grant| grant.accesses.iter());
        accesses.filter(|access| access.refresh == Some(id.number)).map(|access| Key::of(&access.value)).collect()
    }

    /// What every login looks like now.
    pub(crate) fn current(&self, now: Moment) -> impl Iterator<Item = CurrentTokens> {
        self.grants.iter().map(move |grant| grant.current(now))
    }

    /// Opens a login, or an app's own line of tokens.
    pub(crate) fn open(&mut self, owner: Owner, scopes: BTreeSet<String>, now: Moment) -> usize {
        // Feishu's logins and the others' are counted apart.
        let earlier = |grant: &&Grant| grant.owner.is_of_feishu() == owner.is_of_feishu();
        let number = self.grants.iter().filter(earlier).count() + 1;
        let kind = if owner.is_of_feishu() { "grant" } else { owner.door.name() };
        let (id, refreshes, accesses) = (format!("{kind}-{number}"), Vec::new(), Vec::new());
        let index = self.grants.len();
        self.grants.push(Grant { id, owner, scopes, death: None, granted_at: now, ends_at: None, refreshes, accesses });
        index
    }

    /// Issues an access token, and a refresh token where the terms ask for one.
    pub(crate) fn issue(
        &mut self,
        index: usize,
        terms: &Terms,
        narrowed: Option<BTreeSet<String>>,
        now: Moment,
        randomness: &mut Randomness,
    ) -> Option<Issued> {
        let grant = self.grants.get_mut(index)?;
        if let Some(seconds) = terms.refresh_seconds.filter(|_| terms.rotates || grant.refreshes.is_empty()) {
            let anew = now.plus_seconds(seconds);
            let expires_at = match terms.refresh_end {
                RefreshEnd::Fixed => *grant.ends_at.get_or_insert(anew),
                RefreshEnd::Sliding => anew,
                RefreshEnd::Wall { seconds, .. } => anew.min(grant.granted_at.plus_seconds(seconds)),
            };
            let value = terms.shape.mint(TokenKind::Refresh, randomness, now, expires_at);
            self.refreshes.insert(Key::of(&value), TokenId { grant: index, number: grant.refreshes.len() });
            let (api, used_at, revoked_at, answer) = (terms.api, None, None, None);
            grant.refreshes.push(Refresh { value, api, expires_at, used_at, revoked_at, answer });
        }
        let last = grant.refreshes.last().zip(terms.refresh_seconds);
        let refresh = last.map(|(last, seconds)| {
            let hidden = matches!(terms.refresh_end, RefreshEnd::Wall { announced: false, .. });
            (last.value.clone(), if hidden { seconds } else { last.expires_at.seconds_left(now) })
        });
        let generation = refresh.as_ref().and_then(|_| grant.refreshes.len().checked_sub(1));
        let scopes = narrowed.unwrap_or_else(|| grant.scopes.clone());
        let expires_at = now.plus_seconds(terms.access_seconds);
        let value = terms.shape.mint(TokenKind::Access, randomness, now, expires_at);
        self.accesses.insert(Key::of(&value), TokenId { grant: index, number: grant.accesses.len() });
        grant.accesses.push(Access {
            value: value.clone(),
            issued_at: now,
            expires_at,
            scopes: scopes.clone(),
            ended_at: None,
            refresh: generation,
        });
        Some(Issued { access_token: value, expires_in: terms.access_seconds, refresh, scopes, generation })
    }

    /// Rotates a refresh token that was judged good.
    pub(crate) fn rotate(
        &mut self,
        id: TokenId,
        terms: &Terms,
        narrowed: Option<BTreeSet<String>>,
        now: Moment,
        randomness: &mut Randomness,
    ) -> Option<Issued> {
        self.refresh(id)?;
        self.meet_fate(id.grant, terms.old_access_token, now);
        if terms.rotates && terms.single_use {
            // Where a forgiven replay gets a further pair, the unused one before it ends.
            for later in self.grants[id.grant].refreshes.iter_mut().skip(id.number + 1) {
                later.revoked_at.get_or_insert(now);
            }
        }
        let issued = self.issue(id.grant, terms, narrowed, now, randomness)?;
        let refresh = &mut self.grants[id.grant].refreshes[id.number];
        if terms.rotates && terms.single_use {
            refresh.used_at.get_or_insert(now);
            refresh.answer = Some(issued.clone());
        }
        Some(issued)
    }

    /// What a replay within the grace window is answered with again, where that is the same pair.
    pub(crate) fn same_answer(&self, id: TokenId, answer: GraceAnswer) -> Option<Issued> {
        self.refresh(id)?.1.answer.clone().filter(|_| answer == GraceAnswer::SamePair)
    }

    /// What becomes of a login's access tokens when it rotates, or another takes its place.
    pub(crate) fn meet_fate(&mut self, grant: usize, fate: OldAccessToken, now: Moment) {
        match fate {
            OldAccessToken::UntilExpiry => {}
            OldAccessToken::Dies => self.end_accesses(grant, now),
            OldAccessToken::Overlap { seconds } => self.end_accesses(grant, now.plus_seconds(seconds)),
        }
    }

    /// Ends every access token of a login.
    pub(crate) fn end_accesses(&mut self, grant: usize, at: Moment) {
        self.end_access_where(grant, at, |_| true);
    }

    /// The client gives an access token up.
    pub(crate) fn revoke_access(&mut self, token: &str, now: Moment) {
        if let Some(id) = self.accesses.get(&Key::of(token)).copied() {
            self.end_access_where(id.grant, now, |access| access.value == token);
        }
    }

    /// The client gives a refresh token up; with it go the access tokens that came with it, if they shall. Whether it was the
    /// login's newest.
    pub(crate) fn revoke_refresh(&mut self, id: TokenId, access_too: bool, now: Moment) -> bool {
        if access_too {
            self.end_access_where(id.grant, now, |access| access.refresh == Some(id.number));
        }
        let Some(grant) = self.grants.get_mut(id.grant) else {
            return false;
        };
        if let Some(refresh) = grant.refreshes.get_mut(id.number) {
            refresh.revoked_at.get_or_insert(now);
        }
        id.number + 1 == grant.refreshes.len()
    }

    /// No refresh token of a login is good from now on; its access tokens live on. The login's name, unless it was dead.
    pub(crate) fn bury(&mut self, grant: usize, death: Death) -> Option<String> {
        let grant = self.grants.get_mut(grant).filter(|grant| grant.death.is_none())?;
        grant.death = Some(death);
        Some(grant.id.clone())
    }

    fn refresh(&self, id: TokenId) -> Option<(&Grant, &Refresh)> {
        let grant = self.grants.get(id.grant)?;
        Some((grant, grant.refreshes.get(id.number)?))
    }

    fn end_access_where(&mut self, grant: usize, at: Moment, which: impl Fn(&Access) -> bool) {
        let accesses = self.grants.get_mut(grant).into_iter().flat_map(|grant| grant.accesses.iter_mut());
        for access in accesses.filter(|access| which(access)) {
            access.ended_at = Some(access.ended_at.map_or(at, |earlier| earlier.min(at)));
        }
    }
}

impl Grant {
    fn current(&self, now: Moment) -> CurrentTokens {
        let good = |refresh: &&Refresh| {
            let unspent = refresh.used_at.is_none() && refresh.revoked_at.is_none();
            self.death.is_none() && unspent && refresh.expires_at > now
        };
        let live = self.refreshes.last().filter(good);
        let access_tokens = self.accesses.iter().filter(|access| access.is_good(now)).map(|access| CurrentAccess {
            token: access.value.clone(),
            fingerprint: Fingerprint::of(&access.value),
            generation: access.refresh.map(narrow),
            expires_at: access.expires_at,
            scopes: access.scopes.clone(),
        });
        CurrentTokens {
            grant: self.id.clone(),
            app: self.owner.app.clone(),
            user: self.owner.user.clone().unwrap_or_default(),
            brand: self.owner.brand,
            door: self.owner.door,
            realm: self.owner.realm.clone(),
            generation: self.refreshes.len().checked_sub(1).map(narrow),
            refreshable: live.is_some(),
            death: self.death,
            refresh_token: live.map(|refresh| refresh.value.clone()),
            refresh_fingerprint: live.map(|refresh| Fingerprint::of(&refresh.value)),
            refresh_expires_at: live.map(|refresh| refresh.expires_at),
            access_tokens: access_tokens.collect(),
        }
    }
}

/// Generations are counted in 32 bits outside.
pub(crate) fn narrow(generation: usize) -> u32 {
    u32::try_from(generation).unwrap_or(u32::MAX)
}
