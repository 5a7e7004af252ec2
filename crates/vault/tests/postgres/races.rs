//! Many nodes at once, by the database's own clock: each promise that `SQLite`'s one write lock keeps by itself.

use std::sync::Arc;
use std::time::Duration;

use tokenward_core::ports::{Adopted, Attempt, Committed, Grants, Journal, Leases, Logins, StoreError, StoreFault};
use tokenward_core::{Closing, Generation, GrantId, Seat};
use tokenward_vault::PostgresVault;
use tokenward_vault::suite::{adoption, answer, draft, holder, login, named, rotation};
use tokio::task::JoinSet;

use crate::place::Place;
use crate::server::Server;

const TTL: Duration = Duration::from_secs(30);

async fn nodes(place: &Place) -> Vec<Arc<PostgresVault>> {
    let mut nodes = Vec::new();
    for name in ["a", "b", "c"] {
        nodes.push(Arc::new(place.node(name).await.unwrap()));
    }
    nodes
}

/// Of many who ask for a lease at once one has it, and each that follows has a higher fence.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_has_one_holder() {
    let place = Place::new();
    let nodes = nodes(&place).await;
    let id = nodes[0].log_in(login("work", "1", None)).await.unwrap().id();
    let mut fences = Vec::new();
    for _ in 0..5 {
        let mut asking = JoinSet::new();
        for (number, node) in (0..12).zip(nodes.iter().cycle().cloned()) {
            asking.spawn(async move { node.hold(&Seat::Grant(id), &holder("here", number), TTL).await.unwrap() });
        }
        let held: Vec<_> = asking.join_all().await.into_iter().filter_map(Attempt::lease).collect();
        assert_eq!(held.len(), 1, "{held:?}");
        for lease in held {
            fences.push(lease.fence);
            nodes[0].release(lease).await.unwrap();
        }
    }
    assert!(fences.is_sorted_by(|one, next| one < next), "{fences:?}");
}

/// A token that many bring at once has one owner (I1), whatever profiles they bring it for.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_many_bring_has_one_owner() {
    let place = Place::new();
    let nodes = nodes(&place).await;
    let mut bringing = JoinSet::new();
    for (number, node) in (0..24).zip(nodes.iter().cycle().cloned()) {
        bringing.spawn(async move { node.adopt(adoption(&format!("p{number}"), "brought", None)).await.unwrap() });
    }
    let adopted = bringing.join_all().await;
    let new: Vec<_> = adopted.iter().filter(|one| matches!(one, Adopted::New(_))).collect();
    assert_eq!(new.len(), 1, "{adopted:?}");
    let owner = new[0].id();
    assert!(adopted.iter().all(|one| one.id() == owner), "{adopted:?}");
}

/// Under one lease, one spend is begun (I1): also where its holder asks many times at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_has_one_open_spend() {
    let place = Place::new();
    let nodes = nodes(&place).await;
    let id = nodes[0].log_in(login("work", "1", None)).await.unwrap().id();
    let lease = Arc::new(held(&nodes[0], id).await);
    let mut beginning = JoinSet::new();
    for node in nodes.iter().cycle().take(12) {
        let (node, lease) = (Arc::clone(node), Arc::clone(&lease));
        beginning.spawn(async move { node.begin(&lease, draft(Generation::FIRST)).await.map(|spend| spend.intent()) });
    }
    let begun = beginning.join_all().await;
    let (spends, refused): (Vec<_>, Vec<_>) = begun.into_iter().partition(Result::is_ok);
    assert_eq!(spends.len(), 1);
    let is_told =
        |error: &Result<_, StoreError>| matches!(error, Err(StoreError { kind: StoreFault::IntentOpen(_), .. }));
    assert!(refused.iter().all(is_told), "{refused:?}");
}

/// One answer that many commit at once is one generation (I5); a set of the same generation that came by another way is parked (I3).
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_committed_once() {
    let place = Place::new();
    let nodes = nodes(&place).await;
    let id = nodes[0].log_in(login("work", "1", None)).await.unwrap().id();
    let lease = held(&nodes[0], id).await;
    let draft = draft(Generation::FIRST);
    let intent = draft.id;
    drop(nodes[0].begin(&lease, draft).await.unwrap());
    nodes[0].keep_answer(intent, &answer("{}")).await.unwrap();
    let mut committing = JoinSet::new();
    for node in nodes.iter().cycle().take(12) {
        let node = Arc::clone(node);
        committing.spawn(async move { node.commit(None, intent, rotation("2")).await.unwrap().committed });
    }
    let committed = committing.join_all().await;
    assert!(committed.iter().all(|one| *one == Committed::Generation(Generation::new(2))), "{committed:?}");
    assert_eq!(nodes[1].grant(id).await.unwrap().generation, Generation::new(2));
}

/// A holder whose lease another node took since cannot begin; an answer of its own is kept all the same (I3).
#[tokio::test(flavor = "multi_thread")]
async fn a_past_epoch_begins_nothing_and_loses_nothing() {
    let place = Place::new();
    let nodes = nodes(&place).await;
    let id = nodes[0].log_in(login("work", "1", None)).await.unwrap().id();
    let short = Duration::from_millis(200);
    let Attempt::Held(stale) = nodes[0].hold(&Seat::Grant(id), &holder("here", 1), short).await.unwrap() else {
        panic!()
    };
    let one = draft(Generation::FIRST);
    let intent = one.id;
    drop(nodes[0].begin(&stale.lease, one).await.unwrap());
    nodes[1].wait(&Seat::Grant(id), Duration::from_secs(10)).await;
    let next = held(&nodes[1], id).await;
    assert!(next.fence > stale.lease.fence);
    let refused = nodes[0].begin(&stale.lease, draft(Generation::FIRST)).await;
    assert!(matches!(refused, Err(StoreError { kind: StoreFault::Moved, .. })), "{refused:?}");
    nodes[0].keep_answer(intent, &answer("late")).await.unwrap();
    let open = nodes[1].open_intents(id).await.unwrap();
    assert_eq!(open[0].answer.as_ref().map(|answer| answer.body.expose()), Some(&b"late"[..]));
    nodes[0].commit(Some(&stale.lease), intent, rotation("2")).await.unwrap();
    // What the past epoch has committed is there, and the lease is whose it is.
    let busy = nodes[2].hold(&Seat::Grant(id), &holder("here", 3), TTL).await.unwrap();
    assert!(matches!(busy, Attempt::Busy { .. }), "{busy:?}");
    nodes[1].close(Some(&next), intent, Closing::Parked, None).await.unwrap();
    assert_eq!(nodes[2].grant(id).await.unwrap().generation, Generation::new(2));
}

/// Logins of one profile that come at once are one login.
#[tokio::test(flavor = "multi_thread")]
async fn logins_of_one_profile_are_one_grant() {
    let place = Place::new();
    let nodes = nodes(&place).await;
    let mut logging_in = JoinSet::new();
    for (number, node) in (0..12).zip(nodes.iter().cycle().cloned()) {
        let login = login("work", &format!("t{number}"), Some(named("ou_1")));
        logging_in.spawn(async move { node.log_in(login).await.unwrap().id() });
    }
    let ids = logging_in.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(nodes[0].grant(ids[0]).await.unwrap().generation, Generation::new(12));
}

/// The clock that an engine is given is the database's.
#[tokio::test]
async fn every_node_goes_by_the_databases_clock() {
    let place = Place::new();
    let nodes = nodes(&place).await;
    let told =
        crate::shared::server().psql(&place.database, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
    let told: i64 = String::from_utf8_lossy(&told.stdout).trim().parse().unwrap();
    for node in nodes {
        let apart = node.clock().now().as_millisecond() - told;
        assert!(apart.abs() < 5_000, "{apart}");
    }
}

/// Sessions that were lost with the server are replaced by the calls that follow.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_started_anew_is_found_again() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let options = Place::options_at(server.socket(), &server.database(), false, folder.path().join("node"));
    let node = PostgresVault::open(options).await.unwrap();
    let id = node.log_in(login("work", "1", None)).await.unwrap().id();
    for _ in 0..2 {
        tokio::task::block_in_place(|| server.control("restart"));
        assert!(node.grant(id).await.unwrap().access.is_some());
        node.release(held(&node, id).await).await.unwrap();
    }
}

async fn held(node: &PostgresVault, id: GrantId) -> tokenward_core::Lease {
    match node.hold(&Seat::Grant(id), &holder("here", 1), TTL).await.unwrap() {
        Attempt::Held(held) => held.lease,
        Attempt::Busy { holder, until } => panic!("the lease is with {holder:?} until {until:?}"),
    }
}
