//! Many callers at the moment of expiry: one exchange, no replay, one token (design/0000-charter.md §5 steps 1–3).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokenward::core::{AppSecret, Code, Generation, TokenWish};
use tokenward::{Observer, RotationStep};
use tokenward_emulator::{Fault, FaultKind, Operation, Stage};
use tokenward_testkit::until;
use tokio::task::JoinSet;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_of_one_process_join_one_rotation() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.rules(|rules| rules.latency_after_ms = 100);
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let (keeper, app) = (keeper.clone(), world.app.clone());
        callers.spawn(async move {
            keeper.access(&app, id, TokenWish::default()).await.unwrap().access.token.expose().to_owned()
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
                keeper.access(&app, id, TokenWish::default()).await.unwrap().access.token.expose().to_owned()
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
async fn forced_rotations_of_callers_who_saw_one_generation_cause_one_spend() {
    let world = World::new().await;
    let keepers = [world.keeper().await, world.keeper().await, world.keeper().await, world.keeper().await];
    let (id, report) = world.log_in(&keepers[0], "work").await;
    let seen = report.report.grant.generation;
    world.sandbox.rules(|rules| rules.latency_after_ms = 50);
    let mut callers = JoinSet::new();
    for keeper in &keepers {
        let (keeper, app) = (keeper.clone(), world.app.clone());
        callers.spawn(async move { keeper.access(&app, id, TokenWish::NewerThan(seen)).await.unwrap().generation });
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
        callers.spawn(async move { keeper.access(&app, id, TokenWish::default()).await.map(drop) });
    }
    let failed = callers.join_all().await.into_iter().filter(Result::is_err).count();
    assert_eq!(failed, 4);
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i7_a_living_token_is_handed_out_while_a_rotation_hangs_elsewhere() {
    let world = World::new().await;
    let (rotating, reading) = (world.keeper().await, world.keeper().await);
    let (id, _) = world.log_in(&rotating, "work").await;
    world.pass(Duration::from_secs(7000));
    world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh));
    let app = Arc::new(world.app.clone());
    let rotation = tokio::spawn({
        let app = Arc::clone(&app);
        async move { rotating.renew(&app, id).await.map(|handed| handed.generation) }
    });
    until(|| world.sandbox.hanging() > 0).await;
    let handed = tokio::time::timeout(Duration::from_secs(5), reading.access(&app, id, TokenWish::default()))
        .await
        .expect("a reader does not wait for a writer")
        .unwrap();
    assert!(!handed.rotated);
    world.sandbox.release();
    rotation.await.unwrap().unwrap();
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_changes_nothing() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh));
    let gone = tokio::spawn({
        let (keeper, app) = (keeper.clone(), world.app.clone());
        async move { keeper.access(&app, id, TokenWish::default()).await }
    });
    until(|| world.sandbox.hanging() > 0).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    assert!(keeper.is_spending());
    world.sandbox.release();
    keeper.idle().await;
    let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert!(world.live_access().contains(&handed.access.token.expose().to_owned()));
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn waiters_tell_the_story_of_the_one_they_waited_for() {
    let world = World::new().await;
    let keepers = [world.keeper().await, world.keeper().await, world.keeper().await, world.keeper().await];
    let (id, _) = world.log_in(&keepers[0], "work").await;
    world.expire();
    world.sandbox.rules(|rules| rules.latency_before_ms = 300);
    world.sandbox.inject(Fault::new(FaultKind::NotFound).when(Operation::Refresh).forever());
    let mut callers = JoinSet::new();
    for keeper in &keepers {
        let (keeper, app) = (keeper.clone(), world.app.clone());
        callers.spawn(async move { keeper.access(&app, id, TokenWish::default()).await.unwrap_err().code() });
    }
    let codes: BTreeSet<_> = callers.join_all().await.into_iter().collect();
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), [Code::NoSuchEndpoint]);
    world.assert_clean();
}

/// Two sessions of one process, one with a secret that is not the app's any more: the other does not share its failure, neither as one
/// that joins nor as one that waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_with_another_secret_do_not_share_a_rotation() {
    for of_one_process in [true, false] {
        let world = World::new().await;
        let stale = world.keeper().await;
        let good = if of_one_process { stale.clone() } else { world.keeper().await };
        let (id, _) = world.log_in(&stale, "work").await;
        world.expire();
        world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh).at(Stage::Before));
        let mut app = world.app.clone();
        app.secret = Some(AppSecret::parse("the-secret-before-this-one").unwrap());
        let refused = tokio::spawn(async move { stale.access(&app, id, TokenWish::default()).await });
        until(|| world.sandbox.hanging() > 0).await;
        let app = world.app.clone();
        let waiting = tokio::spawn(async move { good.access(&app, id, TokenWish::default()).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!waiting.is_finished());
        world.sandbox.release();
        assert_eq!(refused.await.unwrap().unwrap_err().code(), Code::AppCredentialsWrong);
        assert!(waiting.await.unwrap().unwrap().rotated, "of one process: {of_one_process}");
        assert_eq!(world.sandbox.counters().refreshes, 2);
        world.assert_clean();
    }
}

/// At a step of one keeper's rotation, somebody else acts.
struct Meanwhile {
    step: RotationStep,
    act: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Observer for Meanwhile {
    fn at(&self, step: RotationStep) {
        if step == self.step
            && let Some(act) = self.act.lock().unwrap().take()
        {
            std::thread::spawn(act).join().unwrap();
        }
    }
}

/// Paused after its preparations for so long that its lease lapsed and someone else rotated the grant: there is a good
/// token, and nothing to complain of.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_that_was_taken_over_before_it_sent_hands_out_the_others_token() {
    for ask in [TokenWish::default(), TokenWish::NewerThan(Generation::FIRST)] {
        let world = World::new().await;
        let other = world.keeper().await;
        let (id, _) = world.log_in(&other, "work").await;
        world.expire();
        let (clock, app) = (world.clock.clone(), world.app.clone());
        let act: Box<dyn FnOnce() + Send> = Box::new(move || {
            clock.advance(jiff::SignedDuration::from_secs(120));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(other.access(&app, id, TokenWish::default())).unwrap();
        });
        let paused = world
            .observed(Arc::new(Meanwhile { step: RotationStep::Prepared, act: Mutex::new(Some(act)) }))
            .await
            .unwrap();
        let handed = paused.access(&world.app, id, ask).await.unwrap();
        assert_eq!(handed.generation, Generation::FIRST.next());
        assert_eq!(world.sandbox.counters().refreshes, 1);
        world.assert_clean();
    }
}

/// Tokens that live for a second, and more callers than one machine serves in a second: late is not odd.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_that_live_a_second_are_handed_out_under_contention() {
    let world = World::new().await;
    let first = world.keeper().await;
    let (id, _) = world.log_in(&first, "work").await;
    world.expire();
    world.sandbox.rules(|rules| rules.lifetimes.access = 1);
    let mut callers = JoinSet::new();
    for _ in 0..24 {
        let (keeper, app) = (world.keeper().await, world.app.clone());
        callers.spawn(async move {
            for _ in 0..12 {
                keeper.access(&app, id, TokenWish::default()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
        });
    }
    callers.join_all().await;
    assert_eq!(world.sandbox.counters().replays, 0);
    world.assert_clean();
}
