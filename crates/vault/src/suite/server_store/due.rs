//! What is due, to whom it is given, and what moves it; and the budget of an app.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokenward_core::ports::{BudgetShare, DueClaim, DueGrant, DueMark, HotMark, Pace, ServerStore};
use tokenward_core::rotation_policy::Rotation;
use tokenward_core::{AppName, Generation, GrantId, Outlook};

use crate::suite::ServerStand;
use crate::suite::fixtures::{draft, holder, login, made, rotation, soon};
use crate::suite::store::leases::leased;

const MINUTE: Duration = Duration::from_secs(60);

fn app() -> AppName {
    "notes".parse().unwrap()
}

async fn claimed(store: &dyn ServerStore, limit: u32) -> Vec<DueGrant> {
    store.claim_due(&app(), DueClaim { limit, ttl: MINUTE, horizon: Duration::ZERO }).await.unwrap()
}

async fn is_due(store: &dyn ServerStore) -> Vec<GrantId> {
    claimed(store, 100).await.into_iter().map(|due| due.grant).collect()
}

fn mark(claim: DueGrant, at: i64) -> DueMark {
    DueMark { claim, at: Some(soon(at)), ends: None, outlook: Outlook::LivesOn { until: None } }
}

async fn rotate(store: &dyn ServerStore, id: GrantId, generation: Generation, rotation: Rotation) {
    let lease = leased(store, id, &holder("here", 1)).await;
    let intent = store.begin(&lease, draft(generation)).await.unwrap().intent();
    store.commit(Some(&lease), intent, rotation).await.unwrap();
}

/// It is looked at once, and again after the claim where nobody says anything, as when the node has died.
pub async fn a_login_is_due_from_its_first_set_on(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let id = made(&*store, &["a"]).await[0];
    assert_eq!(store.due_since(&app()).await.unwrap(), Some(soon(0)));
    let other = "other".parse().unwrap();
    let of_other = store.claim_due(&other, DueClaim { limit: 1, ttl: MINUTE, horizon: MINUTE }).await.unwrap();
    assert_eq!((of_other, store.due_since(&other).await.unwrap()), (Vec::new(), None));
    let claim = DueGrant { grant: id, claimed_until: soon(60), hot_until: None };
    assert_eq!(claimed(&*store, 9).await, [claim]);
    assert_eq!((claimed(&*store, 9).await, store.due_since(&app()).await.unwrap()), (Vec::new(), None));
    stand.clock().step(jiff::SignedDuration::from_secs(60));
    let claim = claimed(&*store, 9).await[0];
    store.set_due(&[mark(claim, 1000)]).await.unwrap();
    stand.clock().step(jiff::SignedDuration::from_secs(939));
    assert_eq!(is_due(&*store).await, []);
    stand.clock().step(jiff::SignedDuration::from_secs(1));
    assert_eq!(is_due(&*store).await, [id]);
}

/// Nodes that ask at one moment share the work.
pub async fn a_claim_gives_each_login_to_one_node(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let ids = made(&*store, &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]).await;
    let stores = [Arc::clone(&store), stand.open_for_server().await, stand.open_for_server().await];
    let nodes: Vec<_> = (0..12_usize)
        .map(|number| {
            let store = Arc::clone(&stores[number % 3]);
            tokio::spawn(async move { claimed(&*store, 2).await })
        })
        .collect();
    let mut given = Vec::new();
    for node in nodes {
        let some = node.await.unwrap();
        assert!(some.len() <= 2, "{some:?}");
        given.extend(some.into_iter().map(|due| due.grant));
    }
    // One that was passed over while another node had its row is there for whoever asks next.
    given.extend(is_due(&*store).await);
    assert_eq!(given.len(), ids.len());
    assert_eq!(given.into_iter().collect::<BTreeSet<_>>(), ids.into_iter().collect());
}

/// The earliest end within the horizon first, whatever has waited longest.
pub async fn what_ends_soon_is_claimed_first(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let ids = made(&*store, &["a", "b", "c"]).await;
    let marks = claimed(&*store, 9).await.into_iter().map(|claim| {
        let (at, ends) = match claim.grant {
            id if id == ids[0] => (100, 9000),
            id if id == ids[1] => (200, 8000),
            _ => (50, 90_000),
        };
        DueMark { claim, at: Some(soon(at)), ends: Some(soon(ends)), outlook: Outlook::LivesOn { until: None } }
    });
    store.set_due(&marks.collect::<Vec<_>>()).await.unwrap();
    stand.clock().step(jiff::SignedDuration::from_secs(300));
    let mut order = Vec::new();
    for _ in 0..3 {
        let claim = DueClaim { limit: 1, ttl: MINUTE, horizon: Duration::from_secs(9000) };
        order.extend(store.claim_due(&app(), claim).await.unwrap().into_iter().map(|due| due.grant));
    }
    assert_eq!(order, [ids[1], ids[0], ids[2]]);
}

/// A reader who comes while a node looks at a login is not forgotten by what the node has found.
pub async fn what_was_changed_since_a_claim_stays(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let id = made(&*store, &["a"]).await[0];
    let claim = claimed(&*store, 1).await[0];
    store.mark_hot(&[HotMark { grant: id, until: soon(500), at: soon(6900) }]).await.unwrap();
    store.set_due(&[mark(claim, 90_000)]).await.unwrap();
    stand.clock().step(jiff::SignedDuration::from_secs(60));
    let claim = claimed(&*store, 1).await[0];
    assert_eq!(claim, DueGrant { grant: id, claimed_until: soon(120), hot_until: Some(soon(500)) });
    store.set_due(&[mark(claim, 90_000)]).await.unwrap();
    // One that is read later is due earlier, and is read for as long as was said at most.
    store.mark_hot(&[HotMark { grant: id, until: soon(400), at: soon(100) }]).await.unwrap();
    stand.clock().step(jiff::SignedDuration::from_secs(40));
    assert_eq!(claimed(&*store, 1).await[0].hot_until, Some(soon(500)));
}

/// One row, one look: a newer set that lives as long as the one before it moves nothing.
pub async fn a_rotation_leaves_what_is_due_as_it_is(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let id = made(&*store, &["a"]).await[0];
    let claim = claimed(&*store, 1).await[0];
    store.set_due(&[mark(claim, 302_000)]).await.unwrap();
    rotate(&*store, id, Generation::FIRST, rotation("2")).await;
    stand.clock().step(jiff::SignedDuration::from_secs(301_999));
    assert_eq!(is_due(&*store).await, []);
    stand.clock().step(jiff::SignedDuration::from_secs(1));
    assert_eq!(is_due(&*store).await, [id]);
}

/// The refresh token in half its life, the access token of somebody who reads it, and a login that nobody could refresh.
pub async fn a_set_that_ends_earlier_is_due_at_once(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let id = made(&*store, &["a"]).await[0];
    let claim = claimed(&*store, 1).await[0];
    store.set_due(&[mark(claim, 302_000)]).await.unwrap();
    rotate(&*store, id, Generation::FIRST, Rotation { refresh_expires: Some(soon(600_000)), ..rotation("2") }).await;
    stand.clock().step(jiff::SignedDuration::from_secs(1));
    let claim = claimed(&*store, 1).await[0];
    store.set_due(&[mark(claim, 7000)]).await.unwrap();
    rotate(&*store, id, Generation::new(2), rotation("3")).await;
    assert_eq!(is_due(&*store).await, []);
    // It is read from now on, and what comes next lives for a shorter time than it had.
    store.mark_hot(&[HotMark { grant: id, until: soon(50_000), at: soon(7100) }]).await.unwrap();
    let mut short = rotation("4");
    if let tokenward_core::rotation_policy::Change::Replace(access) = &mut short.access {
        access.expires = soon(600);
    }
    rotate(&*store, id, Generation::new(3), short).await;
    assert_eq!(is_due(&*store).await, [id]);
}

/// Nothing is left to refresh; a new login is due again.
pub async fn a_login_that_was_ended_is_not_due(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let id = made(&*store, &["a"]).await[0];
    let lease = leased(&*store, id, &holder("here", 1)).await;
    store.retire(&lease, soon(1), false).await.unwrap();
    stand.clock().step(jiff::SignedDuration::from_secs(1_000_000));
    assert_eq!(is_due(&*store).await, []);
    let again = store.log_in(login("a", "2", None)).await.unwrap().id();
    assert_eq!(is_due(&*store).await, [again]);
}

/// A burst, then one an interval, for all nodes together; what was begun without asking counts.
pub async fn a_budget_is_one_for_all_nodes(stand: &dyn ServerStand) {
    let (one, two) = (stand.open_for_server().await, stand.open_for_server().await);
    let pace = Pace { interval: Duration::from_secs(10), burst: 5 };
    let seconds = Duration::from_secs;
    let take = async |store: &dyn ServerStore, used, want| store.take_budget(&app(), pace, used, want).await.unwrap();
    assert_eq!(take(&*one, 0, 3).await, BudgetShare { granted: 3, wait: Duration::ZERO });
    assert_eq!(take(&*two, 0, 3).await, BudgetShare { granted: 2, wait: seconds(10) });
    assert_eq!(take(&*one, 0, 1).await, BudgetShare { granted: 0, wait: seconds(10) });
    stand.clock().step(jiff::SignedDuration::from_secs(10));
    assert_eq!(take(&*one, 1, 1).await, BudgetShare { granted: 0, wait: seconds(10) });
    stand.clock().step(jiff::SignedDuration::from_secs(1000));
    assert_eq!(take(&*two, 0, 9).await, BudgetShare { granted: 5, wait: seconds(10) });
    // Another app has its own.
    let other = one.take_budget(&"other".parse().unwrap(), pace, 0, 1).await.unwrap();
    assert_eq!(other.granted, 1);
}
