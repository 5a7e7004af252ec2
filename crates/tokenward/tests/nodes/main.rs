//! Three nodes on one `PostgreSQL` before one provider: many callers at once, a node that dies with an answer in its hands or in the
//! journal, a database that is started anew meanwhile. One exchange each time, and no refresh token sent twice (I1).

#[path = "../../../vault/tests/postgres/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokenward::core::{Brand, GrantId, ProfileName, SecretBytes, TokenApi, TokenWish};
use tokenward::{Keeper, KeeperOptions, NoObserver, NoSurroundings, Observer, Processes, RotationStep, SystemEntropy};
use tokenward_emulator::{Sandbox, SandboxOptions};
use tokenward_testkit::{Stand, login_request, until};
use tokenward_vault::{ExplicitKey, Folder, PostgresOptions, PostgresVault};
use tokio::task::JoinSet;

use server::Server;

/// A provider, and a database of which nodes are made.
struct Site {
    stand: Stand,
    server: Server,
    database: String,
    folders: TempDir,
}

impl Site {
    async fn new() -> Self {
        let sandbox = Sandbox::start(SandboxOptions { seed: Some(7), ..SandboxOptions::default() }).await.unwrap();
        let server = Server::start();
        let database = server.database();
        let folders = tempfile::tempdir().unwrap();
        Self { stand: Stand::new(sandbox, TokenApi::V3, Brand::Feishu), server, database, folders }
    }

    /// A node: its own connections, its own slots, and no way to see who lives.
    async fn node(&self, name: &str, observer: Arc<dyn Observer>) -> Keeper {
        let address = format!("postgres:///{}?host={}&user=owner", self.database, self.server.socket().display());
        let options = PostgresOptions {
            address: SecretBytes::new(address.into_bytes()),
            is_pooled: false,
            connections: 8,
            node: Folder::new(self.folders.path().join(name)),
            key: ExplicitKey::new("the test's key", &SecretBytes::new(b"0123456789abcdef0123456789abcdef".to_vec())),
            entropy: Arc::new(SystemEntropy),
            clock: Some(self.stand.clock.clone()),
        };
        let mut parts = self.stand.session(|options| options).await.unwrap().parts().clone();
        parts.vault = Arc::new(PostgresVault::open(options).await.unwrap());
        parts.witness = Arc::new(Processes::new(Path::new("/no/such/table"), &SystemEntropy));
        parts.surroundings = Arc::new(NoSurroundings);
        parts.observer = observer;
        Keeper::new(parts, KeeperOptions::default())
    }

    async fn nodes(&self) -> [Keeper; 3] {
        [
            self.node("a", Arc::new(NoObserver)).await,
            self.node("b", Arc::new(NoObserver)).await,
            self.node("c", Arc::new(NoObserver)).await,
        ]
    }

    async fn log_in(&self, node: &Keeper) -> GrantId {
        let profile: ProfileName = "work".parse().unwrap();
        let report = self.stand.log_in(node, &profile, login_request("contact:user.base:readonly")).await.unwrap();
        report.report.grant.id
    }

    /// What so many callers of each node get at one moment.
    async fn calls(&self, nodes: &[Keeper], id: GrantId, each: usize) -> BTreeSet<String> {
        let mut callers = JoinSet::new();
        for node in nodes.iter().cycle().take(nodes.len() * each) {
            let (node, app) = (node.clone(), self.stand.app.clone());
            callers.spawn(async move {
                node.access(&app, id, TokenWish::default()).await.unwrap().access.token.expose().to_owned()
            });
        }
        callers.join_all().await.into_iter().collect()
    }

    /// So many exchanges since the login, and none of a token that was sent before.
    fn assert_exchanges(&self, refreshes: u64) {
        let counted = self.stand.sandbox.counters();
        assert_eq!((counted.refreshes, counted.replays), (refreshes, 0));
        self.stand.assert_clean();
    }
}

/// Dies at a step, as a node does: nothing is told to anybody, and what it held stays held.
struct DiesAt(RotationStep);

impl Observer for DiesAt {
    fn at(&self, step: RotationStep) {
        assert!(step != self.0, "this node dies here, for a test");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_callers_of_three_nodes_cause_one_exchange() {
    let site = Site::new().await;
    let nodes = site.nodes().await;
    let id = site.log_in(&nodes[0]).await;
    for round in 1..=3 {
        site.stand.pass(Duration::from_secs(7300));
        assert_eq!(site.calls(&nodes, id, 22).await.len(), 1);
        site.assert_exchanges(round);
    }
}

/// The answer is in the journal and its node is gone: another node reads it, once the lease has lapsed, and asks nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_dies_between_answer_and_commit_is_recovered_by_another() {
    let site = Site::new().await;
    let nodes = site.nodes().await;
    let id = site.log_in(&nodes[0]).await;
    site.stand.pass(Duration::from_secs(7300));
    let dying = site.node("d", Arc::new(DiesAt(RotationStep::Journalled))).await;
    assert!(dying.access(&site.stand.app, id, TokenWish::default()).await.is_err());
    drop(dying);
    // Nobody knows that it is dead.
    site.stand.pass(Duration::from_secs(120));
    assert_eq!(site.calls(&nodes, id, 4).await.len(), 1);
    site.assert_exchanges(1);
}

/// The answer is in the slot of a node that died: the node drains it when it is back, and its login goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_dies_with_an_answer_in_its_hands_brings_it_back() {
    let site = Site::new().await;
    let nodes = site.nodes().await;
    let id = site.log_in(&nodes[0]).await;
    site.stand.pass(Duration::from_secs(7300));
    let dying = site.node("d", Arc::new(DiesAt(RotationStep::Sent))).await;
    assert!(dying.access(&site.stand.app, id, TokenWish::default()).await.is_err());
    drop(dying);
    site.stand.pass(Duration::from_secs(120));
    let back = site.node("d", Arc::new(NoObserver)).await;
    back.access(&site.stand.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(site.calls(&nodes, id, 4).await.len(), 1);
    site.assert_exchanges(1);
}

/// Sessions are lost with the server; each call that follows opens its own, and a turn that was under way is not made twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_is_started_anew_costs_no_token() {
    let site = Site::new().await;
    let nodes = site.nodes().await;
    let id = site.log_in(&nodes[0]).await;
    site.stand.pass(Duration::from_secs(7300));
    site.stand.sandbox.rules(|rules| rules.latency_after_ms = 3000);
    let (turning, app) = (nodes[0].clone(), site.stand.app.clone());
    let turn = tokio::spawn(async move { turning.access(&app, id, TokenWish::default()).await.map(drop) });
    // The provider has taken the refresh token; its answer comes three seconds later.
    until(|| site.stand.sandbox.counters().refreshes == 1).await;
    let Site { server, .. } = &site;
    tokio::task::block_in_place(|| server.control("restart"));
    // The answer has come by now, into the journal or into the node's slot; either way nothing is lost.
    drop(turn.await.unwrap());
    site.stand.sandbox.rules(|rules| rules.latency_after_ms = 0);
    site.stand.pass(Duration::from_secs(120));
    assert_eq!(site.calls(&nodes[..1], id, 1).await.len(), 1);
    assert_eq!(site.calls(&nodes, id, 4).await.len(), 1);
    site.assert_exchanges(1);
}
