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
    assert_eq!(
        acts(&world, Some(grant)).await,
        [row("read-token work", "done", &good), row("retire-grant work", "done", &good)]
    );
    // Whom nobody knows is not written down: anybody could fill the trail.
    let refused = [row("read-token work", "TW0861", &lacking), row("read-token nobody", "TW0401", &good)];
    assert_eq!(acts(&world, None).await, refused);
    assert!(world.store.verify_audit().await.unwrap().faults.is_empty());

    // Somebody who has the database takes out what he has done.
    let database = world.stand.folder.path().join("vault/vault.db");
    let change = "UPDATE audit SET caller = 'somebody else' WHERE act = 'retire-grant work'";
    rusqlite::Connection::open(&database).unwrap().execute_batch(change).unwrap();
    let faults = world.store.verify_audit().await.unwrap().faults;
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].grant, faults[0].number, faults[0].kind), (Some(grant), 2, AuditFaultKind::Changed));
}

/// A key that has ended is named to the operator, and no more of its attempts are entries than a good key could cause. Its caller learns
/// nothing. A refusal is an entry also where an answer is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_of_known_keys_are_entries_whatever_the_route() {
    let mut world = World::with(Limits { key_rate: 12, ..Limits::default() }).await;
    let (revoked, old) = world.key_for(Wish::default()).await;
    let (expired, short) = world.key_for(Wish { ends_in: Some(60), ..Wish::default() }).await;
    let (lacking, other) = world.key_for(Wish { verbs: vec![], ..Wish::default() }).await;
    world.store.revoke_key(revoked, tokenward_core::ports::Clock::now(&*world.clock)).await.unwrap();
    world.clock.advance(jiff::SignedDuration::from_secs(61));
    for _ in 0..5 {
        let told = world.get("/v1/grants/work/token", &old).await;
        assert_eq!((told.status, told.code()), (401, "TW0860".to_owned()));
    }
    let unknown = format!("tw_{}", "0123456789abcdef".repeat(4));
    let told = world.get("/metrics", &short).await;
    assert_eq!(told.text, world.get("/metrics", &unknown).await.text);
    assert_eq!(world.get("/v1/grants", &other).await.status, 403);
    assert_eq!(world.get("/metrics", &other).await.status, 403);
    world.ended().await;
    let row =
        |act: &str, outcome: &str, who: tokenward_core::ApiKeyId| (act.to_owned(), outcome.to_owned(), who.to_string());
    let mut expected = vec![row("read-token work", "TW0860", revoked); 2];
    expected.push(row("read-metrics", "TW0860", expired));
    expected.extend(["list-grants", "read-metrics"].map(|act| row(act, "TW0861", lacking)));
    assert_eq!(acts(&world, None).await, expected);
    let last = world.store.newest_of_callers().await.unwrap();
    assert_eq!(last.len(), 3);
    assert!(last.contains_key(&lacking.to_string()));
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
