//! All that the sandbox knows, behind one lock: registry, logins, rules, faults and history.
//!
//! Dialects are synchronous functions over this state, so that every request is one indivisible step in a definite
//! order; waiting (latency, hanging) happens outside the lock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::book::{
    App, AppSpec, AppTokens, Authorization, Code, Decision, Device, Event, History, KeptRequest, Ledger, User, UserSpec,
};
use crate::content::{Content, DocumentTree, SpaceKind, SpaceSpec};
use crate::faults::Faults;
use crate::memory::{BluekingMemory, RateLimits};
use crate::rules::{RateLimit, Rules};
use crate::words::{BaseClock, Brand, Clock, Door, Endpoint, Key, Moment, Randomness, Unknown, normalise_user_code};

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
    pub(crate) randomness: Randomness,
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
    pub(crate) blueking: BluekingMemory,
    pub(crate) app_tokens: AppTokens,
    pub(crate) devices: Vec<Device>,
    pub(crate) urls: BTreeMap<Brand, BrandUrls>,
    /// Base URLs of the doors beside the Feishu/Lark platform.
    pub(crate) doors: BTreeMap<Door, String>,
    /// Requests as they came, while the rules say that they are kept.
    pub(crate) requests: Vec<KeptRequest>,
    pub(crate) content: Content,
    pub(crate) rate_limits: RateLimits,
}

impl State {
    pub(crate) fn new(base: Arc<dyn BaseClock>, randomness: Randomness, rules: Rules) -> Self {
        Self {
            clock: Clock::new(base),
            randomness,
            rules,
            faults: Faults::default(),
            history: History::default(),
            apps: BTreeMap::new(),
            users: Vec::new(),
            consents: HashMap::new(),
            pending: HashMap::new(),
            codes: HashMap::new(),
            ledger: Ledger::default(),
            blueking: BluekingMemory::default(),
            app_tokens: AppTokens::default(),
            devices: Vec::new(),
            urls: BTreeMap::new(),
            doors: BTreeMap::new(),
            requests: Vec::new(),
            content: Content::with_default_spaces(),
            rate_limits: RateLimits::default(),
        }
    }

    pub(crate) fn add_app(&mut self, spec: AppSpec) -> App {
        let app = App::register(spec, &mut self.randomness);
        self.apps.insert(app.id.clone(), app.clone());
        app
    }

    pub(crate) fn add_user(&mut self, spec: UserSpec) -> User {
        let user = User::register(spec, &mut self.randomness);
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
            Door::Accounts | Door::Ssm | Door::AuthApi | Door::Bkauth | Door::Gateway | Door::Plain => {
                urls.accounts.clone()
            }
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

    pub(crate) fn advance(&mut self, by: Duration) -> Moment {
        self.clock.advance(by);
        self.clock.now()
    }

    /// Counts a request against the limit; the seconds to wait when it is exceeded.
    pub(crate) fn limit(&mut self, endpoint: Endpoint, app: &str) -> Option<(RateLimit, u64)> {
        let limit = self.rules.rate_limit?;
        let key = format!("{endpoint:?} {app}");
        let now = self.clock.now();
        let wait = self.rate_limits.must_wait(&key, Some(limit.per_second), Some(limit.per_minute), now);
        if wait.is_none() {
            self.rate_limits.count(&key, now);
        }
        wait.map(|seconds| (limit, seconds))
    }

    /// The named user, or the first one.
    pub(crate) fn agreeing_user(&self, named: Option<&str>) -> Option<String> {
        match named {
            Some(id) => self.user(id).map(|user| user.id.clone()),
            None => self.users.first().map(|user| user.id.clone()),
        }
    }

    /// Decides an open device authorization by its user code; whose it is.
    pub(crate) fn decide_device(&mut self, user_code: &str, decision: Decision) -> Option<Brand> {
        let now = self.clock.now();
        let code = normalise_user_code(user_code);
        let device = self
            .devices
            .iter_mut()
            .find(|device| device.user_code == code && device.decision == Decision::Open && device.expires_at > now)?;
        device.decision = decision;
        Some(device.brand)
    }

    /// Sets up a team space; its id.
    pub(crate) fn add_space(&mut self, spec: SpaceSpec) -> String {
        let id = self.randomness.digits(19);
        self.content.add_space(id.clone(), spec, SpaceKind::Team);
        id
    }

    /// A document, with all its blocks.
    pub(crate) fn document(&self, id: &str) -> Result<DocumentTree, Unknown> {
        let document = self.content.documents.get(id).and_then(|document| self.content.document_tree(document));
        document.ok_or_else(|| Unknown::new("document", id))
    }
}
