//! All that the sandbox knows, behind one lock: registry, logins, rules, faults and history.
//!
//! Dialects are synchronous functions over this state, so that every request is one indivisible step in a definite
//! order; waiting (latency, hanging) happens outside the lock.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::blueking::GatewayCache;

use crate::chance::Chance;
use crate::clock::{BaseClock, Clock, Moment};
use crate::content::Content;
use crate::endpoint::{Brand, Door, Endpoint, TokenApi};
use crate::families::Families;
use crate::faults::Faults;
use crate::grants::{Issued, Key, Ledger};
use crate::history::{Event, History};
use crate::raw::KeptRequest;
use crate::registry::{App, AppSpec, User, UserSpec};
use crate::rules::{RateLimit, Rules};

/// The base URLs of one brand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrandUrls {
    /// In place of `https://open.…`, without a final slash.
    pub open: String,
    /// In place of `https://accounts.…`, without a final slash.
    pub accounts: String,
}

/// Everything.
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) rules: Rules,
    pub(crate) faults: Faults,
    pub(crate) history: History,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) users: Vec<User>,
    /// Scopes a user ever granted to an app (app, user).
    pub(crate) consents: HashMap<(String, String), BTreeSet<String>>,
    /// Consent pages that wait for a click, by ticket.
    pub(crate) pending: HashMap<String, Authorization>,
    pub(crate) codes: HashMap<Key, Code>,
    pub(crate) ledger: Ledger,
    /// The logins of BlueKing and of the plain provider.
    pub(crate) families: Families,
    pub(crate) blueking: BluekingMemory,
    /// The newest app or tenant token (app, slot).
    pub(crate) app_tokens: HashMap<(String, String), Key>,
    pub(crate) devices: Vec<Device>,
    pub(crate) urls: BTreeMap<Brand, BrandUrls>,
    /// Base URLs of the doors beside the Feishu/Lark platform.
    pub(crate) doors: BTreeMap<Door, String>,
    /// Requests as they came, while the rules say that they are kept.
    pub(crate) requests: Vec<KeptRequest>,
    pub(crate) content: Content,
    limiter: HashMap<String, VecDeque<Moment>>,
}

/// What BlueKing's servers remember beside tokens.
#[derive(Default)]
pub(crate) struct BluekingMemory {
    /// Sessions set by `Set-Cookie`, and whose they are.
    pub(crate) sessions: HashMap<String, String>,
    /// What the gateway's workers found out about access tokens.
    pub(crate) gateway: GatewayCache,
    /// What bkauth's introspection says again until a moment.
    pub(crate) introspections: HashMap<Key, (Moment, Value)>,
    /// ESB's tokens, by app and user.
    pub(crate) esb: HashMap<(String, String), (String, Moment)>,
}

/// An authorization request that was found to be in order.
#[derive(Clone)]
pub(crate) struct Authorization {
    /// Where it was asked for.
    pub(crate) door: Door,
    /// The realm of bkauth or the issuer's path of the plain provider.
    pub(crate) realm: String,
    pub(crate) app: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) state: Option<String>,
    pub(crate) challenge: Option<Challenge>,
}

/// A PKCE challenge (RFC 7636).
#[derive(Clone)]
pub(crate) struct Challenge {
    pub(crate) value: String,
    pub(crate) hashed: bool,
}

/// An authorization code.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) authorization: Authorization,
    pub(crate) user: String,
    pub(crate) expires_at: Moment,
    pub(crate) used: bool,
    /// The login that it was exchanged for, at the doors beside the Feishu/Lark platform.
    pub(crate) family: Option<usize>,
}

/// A device authorization (RFC 8628).
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) app: String,
    pub(crate) brand: Brand,
    /// The realm of bkauth or the issuer's path of the plain provider.
    pub(crate) realm: String,
    /// The secret half, for the program.
    pub(crate) secret: String,
    pub(crate) user_code: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) expires_at: Moment,
    pub(crate) interval: u64,
    pub(crate) last_poll: Option<Moment>,
    pub(crate) decision: Decision,
}

/// What became of a device authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed { user: String },
    Denied,
    Open,
    Redeemed,
}

impl State {
    pub(crate) fn new(base: Arc<dyn BaseClock>, chance: Chance, rules: Rules) -> Self {
        Self {
            clock: Clock::new(base),
            chance,
            rules,
            faults: Faults::default(),
            history: History::default(),
            apps: BTreeMap::new(),
            users: Vec::new(),
            consents: HashMap::new(),
            pending: HashMap::new(),
            codes: HashMap::new(),
            ledger: Ledger::default(),
            families: Families::default(),
            blueking: BluekingMemory::default(),
            app_tokens: HashMap::new(),
            devices: Vec::new(),
            urls: BTreeMap::new(),
            doors: BTreeMap::new(),
            requests: Vec::new(),
            content: Content::with_default_spaces(),
            limiter: HashMap::new(),
        }
    }

    pub(crate) fn add_app(&mut self, spec: AppSpec) -> App {
        let app = App::register(spec, &mut self.chance);
        self.apps.insert(app.id.clone(), app.clone());
        app
    }

    pub(crate) fn add_user(&mut self, spec: UserSpec) -> User {
        let user = User::register(spec, &mut self.chance);
        self.users.retain(|other| other.id != user.id);
        self.users.push(user.clone());
        user
    }

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn url(&self, brand: Brand, door: Door) -> String {
        self.urls.get(&brand).map_or_else(String::new, |urls| match door {
            Door::Open => urls.open.clone(),
            _ => urls.accounts.clone(),
        })
    }

    /// The base URL of a door beside the Feishu/Lark platform.
    pub(crate) fn door_url(&self, door: Door) -> String {
        self.doors.get(&door).cloned().unwrap_or_default()
    }

    /// Writes an event into the history and returns its sequence number.
    pub(crate) fn remember(&mut self, event: Event) -> u64 {
        let (now, real) = (self.clock.now(), self.clock.real());
        self.history.append(now, real, event)
    }

    /// Mints a login without any browser.
    pub(crate) fn seed(
        &mut self,
        app: &str,
        user: &str,
        api: TokenApi,
        scopes: BTreeSet<String>,
    ) -> Option<(String, Issued)> {
        let brand = self.apps.get(app)?.brand;
        let user = self.user(user)?.id.clone();
        self.consents.entry((app.to_owned(), user.clone())).or_default().extend(scopes.iter().cloned());
        let grant = self.open_grant(app, brand, &user, scopes);
        let issued = self.issue(grant, api, None)?;
        Some((self.ledger.grant(grant)?.id.clone(), issued))
    }

    pub(crate) fn advance(&mut self, by: Duration) -> Moment {
        self.clock.advance(by);
        self.clock.now()
    }

    /// Counts a request against the limit; the seconds to wait when it is exceeded.
    pub(crate) fn limit(&mut self, endpoint: Endpoint, app: &str) -> Option<(RateLimit, u64)> {
        let limit = self.rules.rate_limit?;
        let key = format!("{endpoint:?} {app}");
        let wait = self.must_wait(&key, Some(limit.per_second), Some(limit.per_minute));
        if wait.is_none() {
            self.count_against_limit(&key);
        }
        wait.map(|seconds| (limit, seconds))
    }

    /// The seconds to wait when what was counted under a key has reached a limit.
    pub(crate) fn must_wait(&mut self, key: &str, per_second: Option<u32>, per_minute: Option<u32>) -> Option<u64> {
        let now = self.clock.now();
        let seen = self.limiter.get_mut(key)?;
        while seen.front().is_some_and(|at| now.since(*at) >= 60_000 || now < *at) {
            seen.pop_front();
        }
        let this_second = seen.iter().rev().take_while(|at| now.since(**at) < 1000).count();
        if per_second.is_some_and(|limit| reaches(this_second, limit)) {
            return Some(1);
        }
        if per_minute.is_some_and(|limit| reaches(seen.len(), limit)) {
            let oldest = seen.front().map_or(0, |at| now.since(*at));
            return Some(u64::try_from(60_000 - oldest).unwrap_or(0).div_ceil(1000));
        }
        None
    }

    /// Counts a request under a key.
    pub(crate) fn count_against_limit(&mut self, key: &str) {
        let now = self.clock.now();
        self.limiter.entry(key.to_owned()).or_default().push_back(now);
    }
}

fn reaches(count: usize, limit: u32) -> bool {
    u32::try_from(count).is_ok_and(|count| count >= limit) || u32::try_from(count).is_err()
}
