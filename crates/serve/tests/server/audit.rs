//! The audit trail: who did what, whole, and a changed row found; and a queue that is full.

use http::Method;
use tokenward_core::{AuditFaultKind, GrantId};
use tokenward_serve::server::Limits;

use crate::world::{Wish, World};

async fn acts(world: &World, grant: Option<GrantId>) -> Vec<(String, String, String)> {
    let rows = world.store.audit_of(grant, 0, 100).await.unwrap();
    rows.into_iter().map(|row| (row.draft.act, row.draft.outcome, row.draft.caller)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_is_there_with_who_did_it() {
    let mut world = World::new().await;
    let (good, key) = world.key_for(Wish::default()).await;
    let (lacking, other) = world.key_for(Wish { verbs: vec![], ..Wish::default() }).await;
    world.get("/v1/grants/work/token", &key).await;
    world.get("/v1/grants/work", &key).await;
    world.get("/v1/grants/work/token", &other).await;
    world.get("/v1/grants/work/token", "tw_unknown").await;
    world.get("/v1/grants/nobody/token", &key).await;
    world.ask(Method::DELETE, "/v1/grants/work", Some(&key), None).await;
    let grant = world.grant;
    world.ended().await;
    let (good, lacking) = (good.to_string(), lacking.to_string());
    let row = |act: &str, outcome: &str, who: &String| (act.to_owned(), outcome.to_owned(), who.clone());
    assert_eq!(acts(&world, Some(grant)).await, [row("read-token", "done", &good), row("retire-grant", "done", &good)]);
    // Whom nobody knows is not written down: anybody could fill the trail.
    assert_eq!(acts(&world, None).await, [row("read-token", "TW0861", &lacking), row("read-token", "TW0401", &good)]);
    assert!(world.store.verify_audit().await.unwrap().faults.is_empty());

    // Somebody who has the database takes out what he has done.
    let database = world.stand.folder.path().join("vault/vault.db");
    let change = "UPDATE audit SET caller = 'somebody else' WHERE act = 'retire-grant'";
    rusqlite::Connection::open(&database).unwrap().execute_batch(change).unwrap();
    let faults = world.store.verify_audit().await.unwrap().faults;
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].grant, faults[0].number, faults[0].kind), (Some(grant), 2, AuditFaultKind::Changed));
}

/// A trail that cannot be written refuses reads and loses no row; what needs no row goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_reads() {
    let mut world = World::with(Limits { audit_rows: 4, ..Limits::default() }).await;
    let key = world.key().await;
    let database = world.stand.folder.path().join("vault/vault.db");
    let mut handed = 0;
    let locked = rusqlite::Connection::open(&database).unwrap();
    locked.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The writer waits for the lock with what it has taken; the queue behind it takes four.
    loop {
        let told = world.get("/v1/grants/work/token", &key).await;
        if told.status == 200 {
            handed += 1;
            assert!(handed < 600, "it is never full");
            continue;
        }
        assert_eq!((told.status, told.code()), (503, "TW0863".to_owned()));
        assert_eq!(told.retry_after.as_deref(), Some("5"));
        break;
    }
    assert_eq!(world.get("/v1/grants/work", &key).await.status, 200);
    locked.execute_batch("ROLLBACK").unwrap();
    let grant = world.grant;
    world.ended().await;
    assert!(handed >= 4, "{handed}");
    assert_eq!(acts(&world, Some(grant)).await.len(), handed);
    assert!(world.store.verify_audit().await.unwrap().faults.is_empty());
}
