//! The handle: starts the listeners, holds them, stops them, and is the comfortable face for tests.
//!
//! Ten listeners on 127.0.0.1: `open` and `accounts` for each brand, one for control, and one for each of the other doors.
//! Dropping the handle stops them; [`Sandbox::stop`] waits until they are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::book::{App, AppSpec, Counters, CurrentTokens, Decision, Event, Record, User, UserSpec, Verdict, check};
use crate::content::{DocumentTree, Media, SpaceSpec, SpaceTree};
use crate::dialects;
use crate::dialects::SeededTokens;
use crate::faults::Fault;
use crate::memory::{BrandUrls, State};
use crate::rules::{Consent, Rules};
use crate::server::{Listener, Shared, accept};
use crate::words::{BaseClock, Brand, Door, Moment, Randomness, SystemClock, TokenApi, Unknown};

/// What a sandbox starts with.
#[derive(Clone)]
pub struct SandboxOptions {
    /// Ports in the order Feishu open, Feishu accounts, Lark open, Lark accounts, control; 0 is any free port.
    pub ports: [u16; 5],
    /// Ports of the doors beside the Feishu/Lark platform, in the order of [`Door::BEYOND`]; 0 is any free port.
    pub more_ports: [u16; 5],
    /// The same seed mints the same tokens; the operating system's randomness when left out.
    pub seed: Option<u64>,
    /// The knobs.
    pub rules: Rules,
    /// Apps to register at once.
    pub apps: Vec<AppSpec>,
    /// Users to register at once.
    pub users: Vec<UserSpec>,
    /// Where real time comes from.
    pub clock: Arc<dyn BaseClock>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            ports: [0; 5],
            more_ports: [0; 5],
            seed: None,
            rules: Rules::default(),
            apps: Vec::new(),
            users: Vec::new(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl fmt::Debug for SandboxOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxOptions").field("ports", &self.ports).field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port could not be had.
    #[error("cannot listen on 127.0.0.1 port {port}")]
    Listen {
        /// The port asked for; 0 is any.
        port: u16,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
    /// The runtime's thread could not be started.
    #[error("cannot start the sandbox's thread")]
    Runtime(#[source] io::Error),
    /// The operating system gave no randomness for the seed.
    #[error("cannot draw a random seed")]
    Seed(#[source] getrandom::Error),
}

/// A running sandbox.
pub struct Sandbox {
    pub(super) shared: Arc<Shared>,
    urls: BTreeMap<Brand, BrandUrls>,
    control: String,
    accepting: Vec<tokio::task::JoinHandle<()>>,
    thread: Option<(oneshot::Sender<()>, thread::JoinHandle<()>)>,
}

impl Sandbox {
    /// Starts on the caller's runtime. Blocking clients of the same thread would wait for ever: use
    /// [`Sandbox::start_blocking`] for them.
    pub async fn start(options: SandboxOptions) -> Result<Self, StartError> {
        let mut listeners = Vec::new();
        for port in options.ports.into_iter().chain(options.more_ports) {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let listening = async {
                let listener = TcpListener::bind(address).await?;
                let address = listener.local_addr()?;
                io::Result::Ok((listener, format!("http://{address}")))
            };
            listeners.push(listening.await.map_err(|source| StartError::Listen { port, source })?);
        }
        let randomness = Randomness::new(options.seed).map_err(StartError::Seed)?;
        let mut state = State::new(options.clock, randomness, options.rules);
        for spec in options.apps {
            state.add_app(spec);
        }
        for spec in options.users {
            state.add_user(spec);
        }
        let url = |index: usize| listeners.get(index).map(|(_, url)| url.clone()).unwrap_or_default();
        let urls = BTreeMap::from([
            (Brand::Feishu, BrandUrls { open: url(0), accounts: url(1) }),
            (Brand::Lark, BrandUrls { open: url(2), accounts: url(3) }),
        ]);
        let control = url(4);
        state.urls.clone_from(&urls);
        state.doors = Door::BEYOND.into_iter().enumerate().map(|(index, door)| (door, url(5 + index))).collect();
        let shared = Shared::new(state);
        let beyond = Door::BEYOND.into_iter().filter_map(|door| Some(Listener::Provider(door.brand()?, door)));
        let accepting = listeners
            .into_iter()
            .zip(LISTENERS.into_iter().chain(beyond))
            .map(|((listener, _), which)| tokio::spawn(accept(Arc::clone(&shared), listener, which)))
            .collect();
        Ok(Self { shared, urls, control, accepting, thread: None })
    }

    /// Starts on a thread and runtime of its own, for callers without a runtime and for tests that spawn processes.
    pub fn start_blocking(options: SandboxOptions) -> Result<Self, StartError> {
        let (started, starting) = std::sync::mpsc::sync_channel(1);
        let (leave, left) = oneshot::channel::<()>();
        let thread = thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => return drop(started.send(Err(StartError::Runtime(error)))),
                };
                runtime.block_on(async move {
                    let sandbox = Self::start(options).await;
                    let good = sandbox.is_ok();
                    if started.send(sandbox).is_ok() && good {
                        // Either word: the handle was stopped, or it was dropped.
                        let _ = left.await;
                    }
                });
                runtime.shutdown_background();
            })
            .map_err(StartError::Runtime)?;
        let gone = || StartError::Runtime(io::Error::other("the thread ended before it had started"));
        let mut sandbox = starting.recv().map_err(|_| gone())??;
        sandbox.thread = Some((leave, thread));
        Ok(sandbox)
    }

    /// Stops and waits until nothing of it runs any more.
    pub async fn stop(mut self) {
        self.shared.stop();
        for task in std::mem::take(&mut self.accepting) {
            // The task ends by itself; a panic in it was reported by the runtime.
            let _ = task.await;
        }
        self.leave();
    }

    /// The base URLs of a brand.
    pub fn urls(&self, brand: Brand) -> BrandUrls {
        self.urls.get(&brand).cloned().unwrap_or_else(|| BrandUrls { open: String::new(), accounts: String::new() })
    }

    /// The base URL of a brand's `open` host.
    pub fn open_url(&self, brand: Brand) -> String {
        self.urls(brand).open
    }

    /// The base URL of a brand's `accounts` host.
    pub fn accounts_url(&self, brand: Brand) -> String {
        self.urls(brand).accounts
    }

    /// The base URL of the control endpoint.
    pub fn control_url(&self) -> &str {
        &self.control
    }

    /// Registers an app.
    pub fn app(&self, spec: AppSpec) -> App {
        self.shared.lock().add_app(spec)
    }

    /// Changes an app's switches.
    pub fn change_app(&self, id: &str, change: impl FnOnce(&mut App)) -> Result<App, Unknown> {
        let mut state = self.shared.lock();
        let app = state.apps.get_mut(id).ok_or_else(|| Unknown::new("app", id))?;
        change(app);
        Ok(app.clone())
    }

    /// Deletes an app; its tokens stay and name an app that is gone.
    pub fn remove_app(&self, id: &str) -> Result<(), Unknown> {
        self.shared.lock().apps.remove(id).map(drop).ok_or_else(|| Unknown::new("app", id))
    }

    /// Registers a user.
    pub fn user(&self, name: &str) -> User {
        self.shared.lock().add_user(UserSpec::new(name))
    }

    /// Registers a user with chosen particulars.
    pub fn add_user(&self, spec: UserSpec) -> User {
        self.shared.lock().add_user(spec)
    }

    /// Changes a user's state.
    pub fn change_user(&self, id: &str, change: impl FnOnce(&mut User)) -> Result<User, Unknown> {
        let mut state = self.shared.lock();
        let user = state.users.iter_mut().find(|user| user.id == id).ok_or_else(|| Unknown::new("user", id))?;
        change(user);
        Ok(user.clone())
    }

    /// Lets the first user agree to everything at once, on the page and in device flows.
    pub fn consent_auto(&self) {
        self.rules(|rules| {
            rules.consent = Consent::Auto { user: None };
            rules.device_consent = Consent::Auto { user: None };
        });
    }

    /// Turns knobs.
    pub fn rules(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.shared.lock().rules);
    }

    /// Virtual time.
    pub fn now(&self) -> Moment {
        self.shared.lock().clock.now()
    }

    /// Moves virtual time forward.
    pub fn advance(&self, by: Duration) -> Moment {
        self.shared.lock().advance(by)
    }

    /// Sets virtual time, backwards too.
    pub fn set_clock(&self, to: Moment) {
        self.shared.lock().clock.set(to);
    }

    /// Stops virtual time, or lets it run on from where it stood.
    pub fn freeze_clock(&self, frozen: bool) {
        self.shared.lock().clock.freeze(frozen);
    }

    /// Adds a fault.
    pub fn inject(&self, fault: Fault) {
        self.shared.lock().faults.inject(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// The faults that still wait for requests.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.lock().faults.list().to_vec()
    }

    /// Lets every hanging request go on.
    pub fn release(&self) {
        self.shared.release();
    }

    /// How many requests hang now.
    pub fn hanging(&self) -> usize {
        self.shared.hanging()
    }

    /// How many connections are open now, as far as the sandbox has noticed: a client that goes away is noticed a moment later.
    pub fn connections(&self) -> usize {
        self.shared.connections()
    }

    /// Mints a v3 login directly.
    pub fn seed_grant(&self, app: &str, user: &str, scopes: &[&str]) -> Result<SeededTokens, Unknown> {
        self.seed_grant_by(TokenApi::V3, app, user, scopes)
    }

    /// Mints a login of a given generation of endpoints directly.
    pub fn seed_grant_by(
        &self,
        api: TokenApi,
        app: &str,
        user: &str,
        scopes: &[&str],
    ) -> Result<SeededTokens, Unknown> {
        let scopes: BTreeSet<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        dialects::seed(&mut self.shared.lock(), api, app, user, scopes)
    }

    /// What every login looks like now, with its live tokens.
    pub fn current_tokens(&self) -> Vec<CurrentTokens> {
        self.shared.lock().current_tokens()
    }

    /// The user (or an administrator) withdraws everything given to an app; returns how many logins ended.
    pub fn withdraw(&self, app: &str, user: &str) -> usize {
        self.shared.lock().withdraw(app, user)
    }

    /// Allows an open device authorization in a user's name, or denies it when no user is given.
    pub fn decide_device(&self, user_code: &str, user: Option<&str>) -> Result<(), Unknown> {
        let decision = user.map_or(Decision::Denied, |user| Decision::Allowed { user: user.to_owned() });
        let decided = self.shared.lock().decide_device(user_code, decision);
        decided.map(drop).ok_or_else(|| Unknown::new("user code", user_code))
    }

    /// The current `app_ticket` of a store app.
    pub fn ticket(&self, app: &str) -> Result<String, Unknown> {
        self.shared.lock().apps.get(app).map(|app| app.ticket.clone()).ok_or_else(|| Unknown::new("app", app))
    }

    /// Everything that happened.
    pub fn history(&self) -> Vec<Record> {
        self.shared.lock().history.since(0).to_vec()
    }

    /// The counters.
    pub fn counters(&self) -> Counters {
        self.shared.lock().history.counters().clone()
    }

    /// Every document, with all its blocks.
    pub fn documents(&self) -> Vec<DocumentTree> {
        let state = self.shared.lock();
        state.content.documents.values().filter_map(|document| state.content.document_tree(document)).collect()
    }

    /// A document, with all its blocks.
    pub fn document(&self, id: &str) -> Result<DocumentTree, Unknown> {
        self.shared.lock().document(id)
    }

    /// Every wiki space, with all its nodes.
    pub fn spaces(&self) -> Vec<SpaceTree> {
        self.shared.lock().content.trees()
    }

    /// Sets up a team space; its id.
    pub fn add_space(&self, spec: SpaceSpec) -> String {
        self.shared.lock().add_space(spec)
    }

    /// Everything that was uploaded, by token.
    pub fn medias(&self) -> Vec<Media> {
        self.shared.lock().content.medias.values().cloned().collect()
    }

    /// Writes a remark into the history.
    pub fn note(&self, note: &str) {
        self.shared.lock().remember(Event::Note { note: note.to_owned() });
    }

    /// Tells the history that a client process was killed just now, so that the checker allows for what it had not read.
    pub fn note_kill(&self, note: &str) {
        self.shared.lock().remember(Event::ClientKilled { note: note.to_owned() });
    }

    /// Judges the history.
    pub fn check(&self) -> Verdict {
        check(self.shared.lock().history.since(0))
    }

    fn leave(&mut self) {
        if let Some((leave, thread)) = self.thread.take() {
            // An error means that the thread has left already.
            let _ = leave.send(());
            let _ = thread.join();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop();
        self.leave();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("urls", &self.urls).field("control", &self.control).finish_non_exhaustive()
    }
}

const LISTENERS: [Listener; 5] = [
    Listener::Provider(Brand::Feishu, Door::Open),
    Listener::Provider(Brand::Feishu, Door::Accounts),
    Listener::Provider(Brand::Lark, Door::Open),
    Listener::Provider(Brand::Lark, Door::Accounts),
    Listener::Control,
];
