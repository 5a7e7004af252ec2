//! Late answers and paused senders: what is issued is never discarded (I3), whoever else acted meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokenward::core::{Code, Generation, Status, TokenWish};
use tokenward::{Keeper, KeeperOptions, Notice, ServedToken};
use tokenward_emulator::{Fault, FaultKind, Operation, Stage};
use tokenward_testkit::until;
use tokio::task::JoinHandle;

use crate::failing::Failing;
use crate::world::World;

/// A sender whose request hangs in the provider, before or after it is processed.
async fn hanging_sender(
    world: &World,
    keeper: &Keeper,
    id: tokenward::core::GrantId,
    stage: Stage,
) -> JoinHandle<Result<ServedToken, tokenward::Error>> {
    world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh).at(stage));
    let (keeper, app) = (keeper.clone(), Arc::new(world.app.clone()));
    let sender = tokio::spawn(async move { keeper.access(&app, id, TokenWish::default()).await });
    until(|| world.sandbox.hanging() > 0).await;
    sender
}

/// A keeper whose calls of the vault can be seen.
async fn watched(world: &World) -> (Keeper, Arc<Failing>) {
    let mut parts = world.parts().await;
    let vault = Arc::new(Failing::new(parts.vault, 0, false, false));
    parts.vault = vault.clone();
    (Keeper::new(parts, KeeperOptions::default()), vault)
}

/// Until somebody waits there for a lease, or has looked once at an open spend, waited, and looks again.
async fn waits(vault: &Failing) {
    let times = |function: &str| vault.trips.lock().unwrap().iter().filter(|trip| **trip == function).count();
    until(|| times("wait") > 0 || times("open_intents") > 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_replays_while_the_sender_may_still_be_at_work() {
    let world = World::new().await;
    let (paused, (other, vault)) = (world.keeper().await, watched(&world).await);
    let (id, _) = world.log_in(&paused, "work").await;
    world.expire();
    let sender = hanging_sender(&world, &paused, id, Stage::Before).await;
    let app = world.app.clone();
    let waiter = tokio::spawn(async move { other.access(&app, id, TokenWish::default()).await });
    waits(&vault).await;
    assert!(!waiter.is_finished());
    assert_eq!(world.sandbox.counters().refreshes, 0, "the hanging request has not been counted, and no other came");
    world.sandbox.release();
    let first = sender.await.unwrap().unwrap();
    let second = waiter.await.unwrap().unwrap();
    assert_eq!(first.access, second.access);
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lease_that_lapsed_under_a_paused_sender_costs_no_token() {
    let world = World::new().await;
    let (paused, other) = (world.keeper().await, world.keeper_elsewhere().await);
    let (id, _) = world.log_in(&paused, "work").await;
    world.expire();
    let sender = hanging_sender(&world, &paused, id, Stage::Before).await;
    // The lease row and the sender's own deadline pass while it hangs.
    world.clock.advance(jiff::SignedDuration::from_secs(120));
    let handed = other.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(handed.generation, Generation::new(2));
    // The paused sender's own request is refused now; the login it finds is the other's, and it lives.
    world.sandbox.release();
    let late = sender.await.unwrap().unwrap();
    assert_eq!(late.access, handed.access);
    assert_eq!(other.status(id).await.unwrap().status, Status::Fresh);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_late_answer_revives_a_login_that_was_declared_to_need_consent() {
    let world = World::new().await;
    let (paused, other) = (world.keeper().await, world.keeper_elsewhere().await);
    let (id, _) = world.log_in(&paused, "work").await;
    world.expire();
    let sender = hanging_sender(&world, &paused, id, Stage::After).await;
    world.clock.advance(jiff::SignedDuration::from_secs(120));
    let error = other.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::AnswerLost, "{error}");
    assert_eq!(other.status(id).await.unwrap().status, Status::NeedsConsent);

    world.sandbox.release();
    let late = sender.await.unwrap().unwrap();
    assert!(world.live_access().contains(&late.access.token.expose().to_owned()));
    let again = other.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(again.access, late.access);
    world.expire();
    other.access(&world.app, id, TokenWish::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_late_answer_after_a_new_login_is_parked() {
    let world = World::new().await;
    let (paused, other) = (world.keeper().await, world.keeper().await);
    let (id, _) = world.log_in(&paused, "work").await;
    world.expire();
    let sender = hanging_sender(&world, &paused, id, Stage::After).await;
    let (again, report) = world.log_in(&other, "work").await;
    assert_eq!(again, id);
    world.sandbox.release();
    let late = sender.await.unwrap().unwrap();
    assert!(late.notices.iter().any(|notice| matches!(notice, Notice::Parked)));
    assert_eq!(late.generation, report.report.grant.generation);
    let handed = other.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(handed.generation, report.report.grant.generation);
    world.expire();
    other.access(&world.app, id, TokenWish::default()).await.unwrap();
    world.assert_clean();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn logging_out_waits_for_the_rotation_under_way() {
    let world = World::new().await;
    let (rotating, (leaving, vault)) = (world.keeper().await, watched(&world).await);
    let (id, _) = world.log_in(&rotating, "work").await;
    world.expire();
    let sender = hanging_sender(&world, &rotating, id, Stage::Before).await;
    let app = world.app.clone();
    let logout = tokio::spawn(async move { leaving.logout(Some(&app), id, true).await });
    waits(&vault).await;
    assert!(!logout.is_finished());
    world.sandbox.release();
    let _ = sender.await.unwrap();
    assert!(logout.await.unwrap().unwrap());
    assert!(world.live_access().is_empty());
}

/// A clock that jumps while a sender that we can see is at work makes nobody send its token again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_clock_that_jumps_in_the_middle_of_a_send_races_nobody() {
    for jump in [jiff::SignedDuration::from_hours(1), jiff::SignedDuration::from_hours(-1)] {
        let world = World::new().await;
        let (sending, (other, vault)) = (world.keeper().await, watched(&world).await);
        let (id, _) = world.log_in(&sending, "work").await;
        world.expire();
        world.pass(Duration::from_secs(7300));
        let sender = hanging_sender(&world, &sending, id, Stage::After).await;
        world.clock.advance(jump);
        let app = world.app.clone();
        let waiter = tokio::spawn(async move { other.access(&app, id, TokenWish::default()).await });
        waits(&vault).await;
        assert!(!waiter.is_finished(), "{jump}");
        assert_eq!(world.sandbox.counters().refreshes, 1, "{jump}");
        world.sandbox.release();
        let first = sender.await.unwrap().unwrap();
        let second = waiter.await.unwrap().unwrap();
        assert_eq!(first.access, second.access, "{jump}");
        assert_eq!(world.sandbox.counters().refreshes, 1, "{jump}");
        world.assert_clean();
    }
}
