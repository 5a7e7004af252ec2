//! The scheduler in simulated time: weeks in which nobody reads, readers who never wait, a provider that is away for a day, nodes beside each
//! other, and an app's limit.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokenward::core::ports::{Clock as _, Entropy as _, HotMark, NewLogin, ServerStore};
use tokenward::core::{Access, AccessToken, GrantId, RefreshToken, Scopes, TokenApi, TokenSet};
use tokenward::{Environment, KeeperOptions, Overrides, ServerSession, Settings, SystemEntropy};
use tokenward_emulator::{Fault, FaultKind, Operation, Sandbox, SandboxOptions};
use tokenward_serve::scheduler::{Scheduler, SchedulerOptions};
use tokenward_testkit::{Stand, until_answered};

use crate::world::{World, log};

const HOUR: Duration = Duration::from_secs(3600);

/// A vault with logins that the provider knows, and nodes on it.
struct Yard {
    stand: Stand,
    nodes: Vec<Scheduler>,
    store: Arc<dyn ServerStore>,
    logins: Vec<GrantId>,
}

impl Yard {
    async fn new(logins: usize, nodes: usize, options: SchedulerOptions) -> Self {
        log();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(SandboxOptions { seed: Some(5), ..SandboxOptions::default() }).await.unwrap();
        let stand = Stand::feishu(sandbox);
        let (app, hosts) = (&stand.app, &stand.app.hosts);
        let app = format!(
            "[apps.work]\nprovider = \"feishu\"\napp_id = \"{}\"\nopen_url = \"{}\"\naccounts_url = \"{}\"\n",
            app.client_id, hosts.open, hosts.accounts
        );
        let profiles = (0..logins).map(|number| format!("[profiles.p{number}]\napp = \"work\"\n"));
        let config = [app].into_iter().chain(profiles).collect::<Vec<_>>().concat();
        std::fs::write(stand.folder.path().join("config.toml"), config).unwrap();
        let app = &stand.app;
        let mut schedulers = Vec::new();
        let mut store = None;
        for _ in 0..nodes {
            let patience = KeeperOptions::default().ahead_patience(Duration::ZERO);
            let session = stand.session(|options| options.keeper(patience)).await.unwrap();
            session.keeper().keep_app_secret(&app.name, app.secret.as_ref().unwrap()).await.unwrap();
            let (settings, _) = Settings::load(stand.home(), Environment::default(), Overrides::default()).unwrap();
            let session = Arc::new(ServerSession::on_folder(session, settings));
            store = Some(Arc::clone(session.store()));
            schedulers.push(Scheduler::new(session, options));
        }
        let mut yard = Self { stand, nodes: schedulers, store: store.unwrap(), logins: Vec::new() };
        for number in 0..logins {
            let id = yard.log_in(&format!("p{number}")).await;
            yard.logins.push(id);
        }
        yard
    }

    /// A login that the provider has made, as an import brings it.
    async fn log_in(&self, profile: &str) -> GrantId {
        let (sandbox, now) = (&self.stand.sandbox, self.stand.clock.now());
        let user = sandbox.user(profile).id;
        let scopes = ["contact:user.base:readonly", "offline_access"];
        let seeded = sandbox.seed_grant(&self.stand.app.client_id, &user, &scopes).unwrap();
        let mut random = [0; 10];
        SystemEntropy.fill(&mut random);
        let access = Access {
            token: AccessToken::parse(seeded.access_token).unwrap(),
            obtained: now,
            expires: now + Duration::from_secs(7200),
        };
        let set = TokenSet {
            access: Some(access),
            refresh: seeded.refresh_token.map(|token| RefreshToken::parse(token).unwrap()),
            refresh_expires: Some(now + 7 * 24 * HOUR),
            scopes: Some(Scopes::parse(&scopes.join(" ")).unwrap().0),
            subject: None,
            issued_by: TokenApi::V3,
            obtained: now,
        };
        let by = self.stand.session(|options| options).await.unwrap().parts().witness.myself().clone();
        let login = NewLogin {
            answer: None,
            id: GrantId::new(now.as_millisecond().unsigned_abs(), random),
            profile: profile.parse().unwrap(),
            app: self.stand.app.name.clone(),
            set,
            wall: Some(now + 365 * 24 * HOUR),
            by,
            replace_user: false,
        };
        self.store.log_in(login).await.unwrap().id()
    }

    /// Every node does what is due at this moment.
    async fn work(&self) {
        for node in &self.nodes {
            while node.round().await.unwrap().is_more {
                node.settled().await;
            }
            node.settled().await;
        }
    }

    async fn pass_hours(&self, hours: usize) {
        for _ in 0..hours {
            self.stand.pass(HOUR);
            self.work().await;
        }
    }

    fn refreshes(&self) -> u64 {
        self.stand.sandbox.counters().refreshes
    }

    fn assert_alive(&self) {
        let logins = self.stand.sandbox.current_tokens();
        let dead: Vec<_> = logins.iter().filter(|login| !login.refreshable).map(|login| &login.user).collect();
        assert!(dead.is_empty() && logins.len() == self.logins.len(), "{dead:?}");
        self.stand.assert_clean();
    }
}

/// Nobody reads for three weeks. Each login is refreshed about each half of its refresh token's life, and no oftener.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_login_dies_in_weeks_in_which_nobody_reads() {
    let yard = Yard::new(12, 1, SchedulerOptions::default()).await;
    yard.pass_hours(21 * 24).await;
    yard.assert_alive();
    assert!((5 * 12..=9 * 12).contains(&yard.refreshes()), "{}", yard.refreshes());
}

/// The provider closes every connection for a day, just when the logins are due. It is probed, not hammered; nobody dies, and everything is
/// done soon after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_away_for_a_day_ends_no_login() {
    let yard = Yard::new(12, 1, SchedulerOptions::default()).await;
    yard.pass_hours(64).await;
    assert_eq!(yard.refreshes(), 0);
    yard.stand.sandbox.inject(Fault::new(FaultKind::Drop).when(Operation::Refresh).forever());
    let before = yard.stand.sandbox.counters().requests;
    yard.pass_hours(24).await;
    let asked = yard.stand.sandbox.counters().requests - before;
    assert!((5..=60).contains(&asked), "{asked}");
    assert_eq!(yard.nodes[0].open_breakers(), 1);
    yard.stand.sandbox.clear_faults();
    yard.pass_hours(4).await;
    assert_eq!(yard.nodes[0].open_breakers(), 0);
    yard.assert_alive();
    assert_eq!(yard.stand.sandbox.counters().rotations, 12);
    yard.pass_hours(7 * 24).await;
    yard.assert_alive();
}

/// What is due on both is done by one of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_beside_each_other_refresh_each_login_once() {
    let yard = Yard::new(20, 3, SchedulerOptions::default()).await;
    yard.stand.pass(84 * HOUR);
    for _ in 0..4 {
        let rounds = yard.nodes.iter().cloned().map(|node| {
            tokio::spawn(async move {
                node.round().await.unwrap();
                node.settled().await;
            })
        });
        for round in rounds.collect::<Vec<_>>() {
            round.await.unwrap();
        }
    }
    let counted = yard.stand.sandbox.counters();
    assert_eq!((counted.refreshes, counted.rotations, counted.replays), (20, 20, 0));
    yard.assert_alive();
}

/// Feishu lets an app begin 50 exchanges in a second and 1000 in a minute: two nodes together stay below both, also when everything is due.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apps_limit_is_kept_by_all_nodes_together() {
    let yard = Yard::new(80, 2, SchedulerOptions { at_once: 64, ..SchedulerOptions::default() }).await;
    yard.stand.pass(84 * HOUR);
    let begun = yard.stand.clock.now();
    // The burst, and what follows it one each 62 ms: 47 in the first second, 1000 in the first minute.
    let most = || 30 + 1 + yard.stand.clock.now().duration_since(begun).as_millis().unsigned_abs() / 61;
    yard.work().await;
    assert!(yard.refreshes() >= 30 && u128::from(yard.refreshes()) <= most(), "{} of {}", yard.refreshes(), most());
    // What the burst did not cover is due still, and is done a second at a time.
    for _ in 0..10 {
        yard.stand.pass(Duration::from_secs(1));
        yard.work().await;
        assert!(u128::from(yard.refreshes()) <= most(), "{} of {}", yard.refreshes(), most());
    }
    assert_eq!(yard.refreshes(), 80);
    yard.assert_alive();
}

/// A login that is read is refreshed before its token ends, for as long as it is read and no longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_read_is_kept_warm() {
    let yard = Yard::new(2, 1, SchedulerOptions::default()).await;
    yard.work().await;
    let now = yard.stand.clock.now();
    let (until, at) = (now + 5 * HOUR, now + Duration::from_secs(6900));
    yard.store.mark_hot(&[HotMark { grant: yard.logins[0], until, at }]).await.unwrap();
    for minute in 0..12 * 60 {
        yard.stand.pass(Duration::from_secs(60));
        yard.work().await;
        let read = yard.store.grant(yard.logins[0]).await.unwrap();
        let left = read.access.unwrap().remaining(yard.stand.clock.now());
        assert!(minute > 5 * 60 || left >= Duration::from_secs(200), "after {minute} minutes {left:?} are left");
    }
    assert_eq!(yard.store.grant(yard.logins[0]).await.unwrap().generation.get(), 3);
    assert_eq!(yard.store.grant(yard.logins[1]).await.unwrap().generation.get(), 1);
    yard.assert_alive();
}

/// Over HTTP: whoever reads again finds a fresh token, and waited for no exchange.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_does_not_wait_for_the_provider() {
    let options = SchedulerOptions { tick: Duration::from_millis(20), ..SchedulerOptions::default() };
    let mut world = World::scheduled(options).await;
    let key = world.key().await;
    assert_eq!(world.get("/v1/grants/work/token", &key).await.json()["generation"], 1);
    // The reader is known to the store once a whole round has passed since; the first may have been under way.
    let rounds = world.rounds(&key).await;
    until_answered(async || world.rounds(&key).await >= rounds + 2).await;
    world.stand.pass(Duration::from_secs(6880));
    until_answered(async || world.store.grant(world.grant).await.unwrap().generation.get() > 1).await;
    let told = world.ask(Method::GET, "/v1/grants/work/token", Some(&key), None).await.json();
    assert_eq!((&told["generation"], &told["refreshed"]), (&2.into(), &false.into()), "{told}");
    world.ended().await;
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}
