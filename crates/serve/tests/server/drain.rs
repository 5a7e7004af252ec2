//! The end: requests and refreshes that are under way are waited for, new ones are not let in.

use std::time::Duration;

use crate::world::{Told, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_under_way_ends_and_its_caller_is_answered() {
    let mut world = World::new().await;
    let key = world.key().await;
    world.stand.pass(Duration::from_secs(7300));
    world.sandbox.rules(|rules| rules.latency_before_ms = 700);
    let asked = Told::of(world.http.get(world.url("/v1/grants/work/token")).bearer_auth(&key));
    let asked = tokio::spawn(asked);
    while world.store.open_intents(world.grant).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let address = world.address;
    world.ended().await;
    let told = asked.await.unwrap();
    assert_eq!(told.status, 200, "{told:?}");
    assert!(world.live_tokens().contains(&told.json()["access_token"].as_str().unwrap().to_owned()));
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert!(world.store.open_intents(world.grant).await.unwrap().is_empty());
    let rows = world.store.audit_of(Some(world.grant), 0, 10).await.unwrap();
    assert_eq!((rows.len(), rows[0].draft.outcome.as_str()), (1, "done"));
    world.assert_clean();
}

/// The caller hangs up in the middle of it: the refresh goes on, and so does its row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_ends_nothing() {
    let mut world = World::new().await;
    let key = world.key().await;
    world.stand.pass(Duration::from_secs(7300));
    world.sandbox.rules(|rules| rules.latency_before_ms = 500);
    let request = world.http.get(world.url("/v1/grants/work/token")).bearer_auth(&key);
    assert!(request.timeout(Duration::from_millis(100)).send().await.is_err());
    world.ended().await;
    assert_eq!(world.sandbox.counters().refreshes, 1);
    let grant = world.store.grant(world.grant).await.unwrap();
    assert_eq!(grant.generation.get(), 2);
    world.assert_clean();
}

/// Health is told to everybody, and a store that cannot be asked is none to send requests to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_follows_the_store() {
    let world = World::new().await;
    let told = async |path: &str| Told::of(world.http.get(world.url(path))).await.status;
    assert_eq!((told("/livez").await, told("/readyz").await), (200, 200));
    let database = world.stand.folder.path().join("vault/vault.db");
    let aside = world.stand.folder.path().join("aside.db");
    std::fs::rename(&database, &aside).unwrap();
    world.store.write_audit(&[]).await.ok();
    let away = told("/readyz").await;
    std::fs::rename(&aside, &database).unwrap();
    assert_eq!((told("/livez").await, away), (200, 503));
}
