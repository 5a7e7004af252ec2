//! The keys of a store: one for all nodes, another one refused, changed while nodes run.

use tokenward_core::SecretBytes;
use tokenward_core::ports::{Grants, Logins, StoreError, StoreFault};
use tokenward_vault::suite::{login, named};
use tokenward_vault::{ExplicitKey, PostgresOptions, PostgresVault};

use crate::place::Place;
use crate::shared::server;

#[tokio::test]
async fn a_store_opens_with_its_own_key_alone() {
    let place = Place::new();
    drop(place.node("one").await.unwrap());
    let key = ExplicitKey::new("another", &SecretBytes::new(b"another key of another store".to_vec()));
    let refused = PostgresVault::open(PostgresOptions { key, ..place.options("two") }).await;
    assert!(matches!(refused, Err(StoreError { kind: StoreFault::Key { .. }, .. })));
}

/// Many nodes that start at once on an empty database make one store.
#[tokio::test(flavor = "multi_thread")]
async fn many_nodes_make_one_store() {
    let place = Place::new();
    let names: Vec<String> = (0..8).map(|number| format!("node{number}")).collect();
    let opened = futures(names.iter().map(|name| place.node(name))).await;
    let id = opened[0].log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    for node in &opened {
        assert!(node.grant(id).await.unwrap().access.is_some());
    }
}

async fn futures(
    opening: impl Iterator<Item = impl Future<Output = Result<PostgresVault, StoreError>>>,
) -> Vec<PostgresVault> {
    let mut opened = Vec::new();
    let mut under_way: Vec<_> = opening.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        under_way.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(done) => {
                opened.push(done.unwrap());
                false
            }
            std::task::Poll::Pending => true,
        });
        if under_way.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    opened
}

/// A data key that one node adds is taken up by the others, and what was sealed before opens still.
#[tokio::test]
async fn a_data_key_is_changed_while_nodes_run() {
    let place = Place::new();
    let (one, two) = (place.node("one").await.unwrap(), place.node("two").await.unwrap());
    let before = one.log_in(login("before", "1", None)).await.unwrap().id();
    one.renew_data_key().await.unwrap();
    let after = one.log_in(login("after", "2", None)).await.unwrap().id();
    for id in [before, after] {
        assert!(two.grant(id).await.unwrap().access.is_some());
    }
    assert!(place.node("three").await.unwrap().grant(after).await.unwrap().access.is_some());
}

/// A store that nodes of a newer version have ended for this one is refused, and left as it is.
#[tokio::test]
async fn a_newer_schema_is_refused() {
    let place = Place::new();
    drop(place.node("one").await.unwrap());
    assert!(server().psql(&place.database, "UPDATE vault SET schema = 900, least = 1").status.success());
    drop(place.node("one").await.unwrap());
    assert!(server().psql(&place.database, "UPDATE vault SET least = 900").status.success());
    let refused = place.node("one").await;
    assert!(matches!(refused, Err(StoreError { kind: StoreFault::Newer { found: 900, .. }, .. })));
}

/// No token lies in the database as it is (I4).
#[tokio::test]
async fn tokens_are_sealed() {
    let place = Place::new();
    let node = place.node("one").await.unwrap();
    node.log_in(login("work", "secret-tag", None)).await.unwrap();
    let all = server().psql(&place.database, "SELECT grants::text, encode(access, 'escape') FROM grants");
    let told = String::from_utf8_lossy(&all.stdout);
    assert!(told.contains("work") && !told.contains("secret-tag"), "{told}");
}
