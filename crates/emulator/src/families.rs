//! Logins of the doors beside the Feishu/Lark platform: what is issued, what turns, what is dead.
//!
//! Enters: decisions of the dialects, with the [`Terms`] that their rules make. Leaves: tokens, and the standing of any
//! token presented. One family is one login, or an app's own token; its refresh tokens descend from one another, or are
//! one and the same for ever.

use std::collections::{BTreeSet, HashMap};

use crate::chance::Chance;
use crate::clock::Moment;
use crate::endpoint::{Brand, Door};
use crate::grants::{CurrentAccess, CurrentTokens, Key, narrow};
use crate::history::{Death, Event, Fingerprint};
use crate::rules::{GraceAnswer, OldAccessToken};
use crate::state::State;

/// Everything issued so far.
#[derive(Default)]
pub(crate) struct Families {
    all: Vec<Family>,
    refreshes: HashMap<Key, At>,
    accesses: HashMap<Key, At>,
}

/// Where a token is kept: its family, and its number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) family: usize,
    pub(crate) index: usize,
}

/// Whose login, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) door: Door,
    /// Realm, issuer's path or environment.
    pub(crate) realm: String,
    pub(crate) app: String,
    /// None: the app itself.
    pub(crate) user: Option<String>,
}

/// A login, or an app's own token.
pub(crate) struct Family {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) death: Option<Death>,
    /// The end that no refresh moves, unless the terms let it slide.
    ends_at: Option<Moment>,
    refreshes: Vec<Refresh>,
    accesses: Vec<Access>,
}

struct Refresh {
    value: String,
    expires_at: Moment,
    /// When it was first used, if it is good for one use only.
    used_at: Option<Moment>,
    revoked_at: Option<Moment>,
    answer: Option<Minted>,
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

/// What a dialect's rules make of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) access_seconds: u64,
    /// None: no refresh token is issued.
    pub(crate) refresh_seconds: Option<u64>,
    pub(crate) sliding: bool,
    pub(crate) rotates: bool,
    pub(crate) single_use: bool,
    pub(crate) old_access_token: OldAccessToken,
    pub(crate) shape: Shape,
}

/// What tokens look like.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// 30 letters and digits (reference/blueking.md §2.1).
    Alphanumeric,
    /// 43 characters of base64url.
    Opaque,
    /// 32 characters, of which the first are the realm's and the rest small letters and digits (reference/blueking.md
    /// §3.3).
    Prefixed(String),
}

/// A set of tokens to answer with.
#[derive(Clone)]
pub(crate) struct Minted {
    pub(crate) access_token: String,
    pub(crate) expires_in: u64,
    /// The login's refresh token and its remaining seconds, new or not.
    pub(crate) refresh: Option<(String, u64)>,
    pub(crate) scopes: BTreeSet<String>,
    /// The refresh token's number in the family.
    pub(crate) generation: Option<usize>,
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

impl Access {
    /// The number of the refresh token that came with it.
    pub(crate) const fn generation(&self) -> Option<usize> {
        self.refresh
    }

    pub(crate) fn is_good(&self, now: Moment) -> bool {
        self.expires_at > now && self.ended_at.is_none_or(|at| at > now)
    }
}

impl Families {
    pub(crate) fn get(&self, index: usize) -> Option<&Family> {
        self.all.get(index)
    }

    pub(crate) fn find_refresh(&self, token: &str) -> Option<At> {
        self.refreshes.get(&Key::of(token)).copied()
    }

    /// The access token and its family.
    pub(crate) fn find_access(&self, token: &str) -> Option<(&Family, &Access)> {
        let at = self.accesses.get(&Key::of(token))?;
        let family = self.all.get(at.family)?;
        Some((family, family.accesses.get(at.index)?))
    }

    /// The same, where the token is good now.
    pub(crate) fn good_access(&self, token: &str, now: Moment) -> Option<(&Family, &Access)> {
        self.find_access(token).filter(|(_, access)| access.is_good(now))
    }

    /// Whether an access token is the last that was issued to its login.
    pub(crate) fn is_newest(&self, token: &str) -> bool {
        self.find_access(token)
            .is_some_and(|(family, access)| family.accesses.last().is_some_and(|newest| newest.value == access.value))
    }

    /// The newest living login of an owner.
    pub(crate) fn of(&self, owner: &Owner) -> Option<usize> {
        self.all.iter().rposition(|family| family.owner == *owner && family.death.is_none())
    }

    /// Every living login of a user with an app.
    pub(crate) fn living(&self, app: &str, user: &str) -> Vec<usize> {
        let theirs = |family: &Family| {
            family.owner.app == app && family.owner.user.as_deref() == Some(user) && family.death.is_none()
        };
        (0..self.all.len()).filter(|&index| theirs(&self.all[index])).collect()
    }

    /// What a refresh token is worth now.
    pub(crate) fn standing(&self, at: At, now: Moment) -> Standing {
        let Some((family, refresh)) = self.refresh(at) else {
            return Standing::Ended;
        };
        match (refresh.used_at, refresh.revoked_at) {
            (Some(at), _) => Standing::Used { at },
            (None, Some(at)) => Standing::Revoked { at },
            _ if family.death.is_some() => Standing::Ended,
            _ if refresh.expires_at <= now => Standing::Expired,
            _ => Standing::Good,
        }
    }

    pub(crate) fn was_used(&self, at: At) -> bool {
        self.refresh(at).is_some_and(|(_, refresh)| refresh.used_at.is_some())
    }

    /// Whether none of the refresh tokens after this one was used.
    pub(crate) fn successors_are_unused(&self, at: At) -> bool {
        let later = self.all.get(at.family).into_iter().flat_map(|family| family.refreshes.iter().skip(at.index + 1));
        later.into_iter().all(|later| later.used_at.is_none())
    }

    /// The answer that a refresh token was once turned into.
    pub(crate) fn answer(&self, at: At) -> Option<&Minted> {
        self.refresh(at)?.1.answer.as_ref()
    }

    /// The login's present tokens, while the access token has more than so many seconds left.
    pub(crate) fn present(&self, family: usize, more_than: u64, now: Moment) -> Option<Minted> {
        let family = self.all.get(family).filter(|family| family.death.is_none())?;
        let access = family.accesses.last().filter(|access| access.is_good(now))?;
        let expires_in = access.expires_at.seconds_left(now);
        let generation = family.refreshes.len().checked_sub(1);
        let refresh = family.refreshes.last().map(|last| (last.value.clone(), last.expires_at.seconds_left(now)));
        let (access_token, scopes) = (access.value.clone(), access.scopes.clone());
        (expires_in > more_than).then_some(Minted { access_token, expires_in, refresh, scopes, generation })
    }

    /// The access tokens that came with a refresh token.
    pub(crate) fn accesses_of(&self, at: At) -> Vec<Key> {
        let accesses = self.all.get(at.family).into_iter().flat_map(|family| family.accesses.iter());
        accesses.filter(|access| access.refresh == Some(at.index)).map(|access| Key::of(&access.value)).collect()
    }

    /// What every login looks like now.
    pub(crate) fn current(&self, now: Moment) -> impl Iterator<Item = CurrentTokens> {
        self.all.iter().map(move |family| family.current(now))
    }

    fn refresh(&self, at: At) -> Option<(&Family, &Refresh)> {
        let family = self.all.get(at.family)?;
        Some((family, family.refreshes.get(at.index)?))
    }

    fn end_accesses(&mut self, family: usize, at: Moment, which: impl Fn(&Access) -> bool) {
        let accesses = self.all.get_mut(family).into_iter().flat_map(|family| family.accesses.iter_mut());
        for access in accesses.filter(|access| which(access)) {
            access.ended_at = Some(access.ended_at.map_or(at, |earlier| earlier.min(at)));
        }
    }

    fn meet_fate(&mut self, family: usize, fate: OldAccessToken, now: Moment) {
        match fate {
            OldAccessToken::UntilExpiry => {}
            OldAccessToken::Dies => self.end_accesses(family, now, |_| true),
            OldAccessToken::Overlap { seconds } => self.end_accesses(family, now.plus_seconds(seconds), |_| true),
        }
    }
}

impl Family {
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
            brand: self.owner.door.brand().unwrap_or(Brand::OAuth2),
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

impl Shape {
    fn mint(&self, chance: &mut Chance) -> String {
        match self {
            Self::Alphanumeric => chance.alphanumeric(30),
            Self::Opaque => chance.text(43),
            Self::Prefixed(prefix) => {
                let rest = chance.alphanumeric(32_usize.saturating_sub(prefix.len())).to_ascii_lowercase();
                format!("{prefix}{rest}")
            }
        }
    }
}

impl State {
    /// Opens a login, or an app's own line of tokens.
    pub(crate) fn open_family(&mut self, owner: Owner, scopes: BTreeSet<String>) -> usize {
        let index = self.families.all.len();
        let id = format!("{}-{}", owner.door.name(), index + 1);
        let (refreshes, accesses) = (Vec::new(), Vec::new());
        self.families.all.push(Family { id, owner, scopes, death: None, ends_at: None, refreshes, accesses });
        index
    }

    /// Mints an access token, and a refresh token where the terms ask for one.
    pub(crate) fn mint(&mut self, index: usize, terms: &Terms, narrowed: Option<BTreeSet<String>>) -> Option<Minted> {
        let now = self.clock.now();
        let family = self.families.all.get_mut(index)?;
        if let Some(seconds) = terms.refresh_seconds.filter(|_| terms.rotates || family.refreshes.is_empty()) {
            let anew = now.plus_seconds(seconds);
            let expires_at = if terms.sliding { anew } else { *family.ends_at.get_or_insert(anew) };
            let value = terms.shape.mint(&mut self.chance);
            self.families.refreshes.insert(Key::of(&value), At { family: index, index: family.refreshes.len() });
            family.refreshes.push(Refresh { value, expires_at, used_at: None, revoked_at: None, answer: None });
        }
        let generation = family.refreshes.len().checked_sub(1);
        let refresh = family.refreshes.last().map(|last| (last.value.clone(), last.expires_at.seconds_left(now)));
        let scopes = narrowed.unwrap_or_else(|| family.scopes.clone());
        let value = terms.shape.mint(&mut self.chance);
        self.families.accesses.insert(Key::of(&value), At { family: index, index: family.accesses.len() });
        family.accesses.push(Access {
            value: value.clone(),
            issued_at: now,
            expires_at: now.plus_seconds(terms.access_seconds),
            scopes: scopes.clone(),
            ended_at: None,
            refresh: generation,
        });
        Some(Minted { access_token: value, expires_in: terms.access_seconds, refresh, scopes, generation })
    }

    /// Turns a refresh token that was judged good.
    pub(crate) fn turn(&mut self, at: At, terms: &Terms, narrowed: Option<BTreeSet<String>>) -> Option<Minted> {
        let now = self.clock.now();
        self.families.refresh(at)?;
        self.families.meet_fate(at.family, terms.old_access_token, now);
        if terms.rotates && terms.single_use {
            // Where a forgiven replay gets a further pair, the unused one before it ends.
            for later in self.families.all[at.family].refreshes.iter_mut().skip(at.index + 1) {
                later.revoked_at.get_or_insert(now);
            }
        }
        let minted = self.mint(at.family, terms, narrowed)?;
        let refresh = &mut self.families.all[at.family].refreshes[at.index];
        if terms.rotates && terms.single_use {
            refresh.used_at.get_or_insert(now);
            refresh.answer = Some(minted.clone());
        }
        Some(minted)
    }

    /// A forgiven replay: the same tokens again, or a further pair.
    pub(crate) fn forgive(&mut self, at: At, terms: &Terms, answer: GraceAnswer) -> Option<Minted> {
        let same = self.families.answer(at).filter(|_| answer == GraceAnswer::SamePair).cloned();
        same.or_else(|| self.turn(at, terms, None))
    }

    /// A later grant takes a login's place.
    pub(crate) fn supersede(&mut self, family: usize, fate: OldAccessToken) {
        let now = self.clock.now();
        self.families.meet_fate(family, fate, now);
        self.bury(family, Death::Superseded);
    }

    /// Ends a login: no token of it is good from now on.
    pub(crate) fn end_family(&mut self, family: usize, death: Death) {
        let now = self.clock.now();
        self.families.end_accesses(family, now, |_| true);
        self.bury(family, death);
    }

    /// The client gives a refresh token up; with it go the access tokens that came with it, if they shall.
    pub(crate) fn revoke_refresh(&mut self, at: At, access_too: bool) {
        let now = self.clock.now();
        if access_too {
            self.families.end_accesses(at.family, now, |access| access.refresh == Some(at.index));
        }
        let Some(family) = self.families.all.get_mut(at.family) else {
            return;
        };
        let newest = at.index + 1 == family.refreshes.len();
        if let Some(refresh) = family.refreshes.get_mut(at.index) {
            refresh.revoked_at.get_or_insert(now);
        }
        if newest {
            self.bury(at.family, Death::Revoked);
        }
    }

    /// The client gives an access token up.
    pub(crate) fn revoke_access(&mut self, token: &str) {
        let now = self.clock.now();
        if let Some(at) = self.families.accesses.get(&Key::of(token)).copied() {
            self.families.end_accesses(at.family, now, |access| access.value == token);
        }
    }

    fn bury(&mut self, family: usize, death: Death) {
        let found = self.families.all.get_mut(family).filter(|family| family.death.is_none());
        let Some(id) = found.map(|family| {
            family.death = Some(death);
            family.id.clone()
        }) else {
            return;
        };
        self.remember(Event::Ended { grant: id, death });
    }
}
