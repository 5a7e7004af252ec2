//! Many callers at the moment of expiry: one exchange, no replay, one token (DESIGN §5 steps 1–3).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokenward::core::Ask;
use tokenward_emulator::{Fault, FaultKind, Operation};
use tokio::task::JoinSet;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_of_one_process_join_one_turn() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.rules(|rules| rules.latency_after_ms = 100);
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let (keeper, app) = (keeper.clone(), world.app.clone());
        callers.spawn(async move {
            keeper.access(&app, id, Ask::default()).await.unwrap().access.token.expose().to_owned()
        });
    }
    let tokens: BTreeSet<_> = callers.join_all().await.into_iter().collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keepers_on_one_folder_cause_one_spend() {
    let world = World::new().await;
    let first = world.keeper().await;
    let (id, _) = world.log_in(&first, "work").await;
    let mut keepers = vec![first];
    for _ in 0..15 {
        keepers.push(world.keeper().await);
    }
    for _round in 0..5 {
        world.expire();
        let before = world.sandbox.counters().refreshes;
        let mut callers = JoinSet::new();
        for keeper in &keepers {
            let (keeper, app) = (keeper.clone(), world.app.clone());
            callers.spawn(async move {
                keeper.access(&app, id, Ask::default()).await.unwrap().access.token.expose().to_owned()
            });
        }
        let tokens: BTreeSet<_> = callers.join_all().await.into_iter().collect();
        assert_eq!(tokens.len(), 1);
        assert_eq!(world.sandbox.counters().refreshes, before + 1);
    }
    assert_eq!(world.sandbox.counters().replays, 0);
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forced_turns_of_callers_who_saw_one_generation_cause_one_spend() {
    let world = World::new().await;
    let keepers = [world.keeper().await, world.keeper().await, world.keeper().await, world.keeper().await];
    let (id, report) = world.log_in(&keepers[0], "work").await;
    let seen = report.report.grant.generation;
    world.sandbox.rules(|rules| rules.latency_after_ms = 50);
    let mut callers = JoinSet::new();
    for keeper in &keepers {
        let (keeper, app) = (keeper.clone(), world.app.clone());
        callers.spawn(async move { keeper.access(&app, id, Ask::NewerThan(seen)).await.unwrap().generation });
    }
    let generations: BTreeSet<_> = callers.join_all().await.into_iter().collect();
    assert_eq!(generations.into_iter().collect::<Vec<_>>(), [seen.next()]);
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn waiters_share_the_failure_they_waited_for() {
    let world = World::new().await;
    let keepers = [world.keeper().await, world.keeper().await, world.keeper().await, world.keeper().await];
    let (id, _) = world.log_in(&keepers[0], "work").await;
    world.expire();
    world.sandbox.rules(|rules| rules.latency_before_ms = 300);
    world.sandbox.inject(Fault::code(20072).when(Operation::Refresh).times(1));
    let mut callers = JoinSet::new();
    for keeper in &keepers {
        let (keeper, app) = (keeper.clone(), world.app.clone());
        callers.spawn(async move { keeper.access(&app, id, Ask::default()).await.map(drop) });
    }
    let failed = callers.join_all().await.into_iter().filter(Result::is_err).count();
    assert_eq!(failed, 4);
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i7_a_living_token_is_handed_out_while_a_turn_hangs_elsewhere() {
    let world = World::new().await;
    let (turning, reading) = (world.keeper().await, world.keeper().await);
    let (id, _) = world.log_in(&turning, "work").await;
    world.pass(Duration::from_secs(7000));
    world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh));
    let app = Arc::new(world.app.clone());
    let turn = tokio::spawn({
        let app = Arc::clone(&app);
        async move { turning.renew(&app, id).await.map(|handed| handed.generation) }
    });
    while world.sandbox.hanging() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let handed = tokio::time::timeout(Duration::from_secs(5), reading.access(&app, id, Ask::default()))
        .await
        .expect("a reader does not wait for a writer")
        .unwrap();
    assert!(!handed.turned);
    world.sandbox.release();
    turn.await.unwrap().unwrap();
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_changes_nothing() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.rules(|rules| rules.latency_after_ms = 300);
    let gone = keeper.access(&world.app, id, Ask::default());
    assert!(tokio::time::timeout(Duration::from_millis(100), gone).await.is_err());
    assert!(keeper.is_spending());
    keeper.idle().await;
    let handed = keeper.access(&world.app, id, Ask::default()).await.unwrap();
    assert!(world.live_access().contains(&handed.access.token.expose().to_owned()));
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}
