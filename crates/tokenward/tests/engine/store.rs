//! The store fails: at the N-th call that changes something, for every N, with every reason. No login is lost, no
//! token is sent twice with a known outcome, and the next healthy keeper repairs.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use tokenward::core::{Code, TokenWish};
use tokenward::{Keeper, KeeperOptions, KeptState, Observer, RotationStep};
use tokenward_testkit::MovedClock;

use crate::failing::Failing;
use crate::world::World;

async fn failing(world: &World, nth: u32, stuck: bool, full: bool) -> Keeper {
    let mut parts = world.parts().await;
    parts.vault = Arc::new(Failing::new(parts.vault, nth, stuck, full));
    Keeper::new(parts, KeeperOptions::default())
}

#[tokio::test]
async fn the_nth_change_fails_for_every_n() {
    for full in [true, false] {
        let mut reached_the_end = false;
        for nth in 1..20 {
            let world = World::new().await;
            let healthy = world.keeper().await;
            let (id, _) = world.log_in(&healthy, "work").await;
            world.expire();
            let sick = failing(&world, nth, false, full).await;
            let result = sick.access(&world.app, id, TokenWish::default()).await;
            if let Err(error) = &result {
                let expected = if full { Code::VaultFull } else { Code::VaultReadOnly };
                assert_eq!(error.code(), expected, "call {nth}: {error}");
                // The system's own reason is not lost on the way.
                let source = error.vault_error().map(ToString::to_string).unwrap_or_default();
                assert!(source.contains("injected"), "call {nth}: {error:?}");
                assert!(
                    matches!(
                        error.kept(),
                        KeptState::Everything | KeptState::TokenUnspent | KeptState::AnswerInJournal
                    ),
                    "call {nth}"
                );
            }
            let handed = healthy.access(&world.app, id, TokenWish::default()).await.unwrap();
            assert!(world.live_access().contains(&handed.access.token.expose().to_owned()), "call {nth}");
            assert_eq!(world.sandbox.counters().replays, 0, "call {nth}");
            world.expire();
            healthy.access(&world.app, id, TokenWish::default()).await.unwrap();
            world.assert_clean();
            if result.is_ok() && nth > 8 {
                reached_the_end = true;
                break;
            }
        }
        assert!(reached_the_end, "the sweep never got past the last call");
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_written_stops_a_rotation_before_anything_is_spent() {
    for nth in 1..=2 {
        let world = World::new().await;
        let healthy = world.keeper().await;
        let (id, _) = world.log_in(&healthy, "work").await;
        world.expire();
        // From the lease or the intent on, nothing can be written.
        let sick = failing(&world, nth, true, true).await;
        let error = sick.access(&world.app, id, TokenWish::default()).await.unwrap_err();
        assert_eq!((error.code(), error.kept()), (Code::VaultFull, KeptState::Everything));
        assert_eq!(world.sandbox.counters().refreshes, 0, "stuck from call {nth}");
        healthy.access(&world.app, id, TokenWish::default()).await.unwrap();
        world.assert_clean();
    }
}

/// What a send needs took a while to fetch.
struct Slow {
    clock: Arc<MovedClock>,
    by: SignedDuration,
}

impl Observer for Slow {
    fn at(&self, step: RotationStep) {
        if step == RotationStep::Prepared {
            self.clock.advance(self.by);
        }
    }
}

#[tokio::test]
async fn a_lease_is_renewed_before_a_send_that_it_might_not_outlast_and_not_otherwise() {
    for (seconds, renewals) in [(0, 0), (4, 0), (6, 1), (60, 1)] {
        let world = World::new().await;
        let (id, _) = world.log_in(&world.keeper().await, "work").await;
        world.expire();
        let mut parts = world.parts().await;
        parts.observer = Arc::new(Slow { clock: world.clock.clone(), by: SignedDuration::from_secs(seconds) });
        let vault = Arc::new(Failing::new(parts.vault, 0, false, false));
        parts.vault = vault.clone();
        Keeper::new(parts, KeeperOptions::default()).access(&world.app, id, TokenWish::default()).await.unwrap();
        assert_eq!(vault.renewals.load(Ordering::SeqCst), renewals, "{seconds} s");
        world.assert_clean();
    }
}
