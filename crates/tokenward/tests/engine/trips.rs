//! How often the engine goes to the store: design/0006-many-nodes.md, *Five trips*. Linked files cost more.

use std::sync::Arc;

use tokenward::core::Ask;
use tokenward::{Keeper, KeeperOptions};

use crate::failing::Failing;
use crate::world::World;

/// A keeper whose calls to the store are counted.
async fn counted(world: &World) -> (Keeper, Arc<Failing>) {
    let mut parts = world.parts().await;
    let store = Arc::new(Failing::new(Arc::clone(&parts.vault), 0, false, false));
    parts.vault = store.clone();
    let keeper = Keeper::new(parts, KeeperOptions::default());
    (keeper, store)
}

/// What was called since the last look, in order.
fn since(store: &Failing) -> Vec<&'static str> {
    std::mem::take(&mut store.trips.lock().unwrap())
}

#[tokio::test]
async fn a_rotation_goes_to_the_store_five_times() {
    let world = World::new().await;
    let (keeper, store) = counted(&world).await;
    let profile = "work".parse().unwrap();
    let (id, _) = world.log_in(&keeper, "work").await;
    // Whose it is was asked by the login; what a login leaves behind is no part of a rotation.
    for round in 0..2 {
        world.expire();
        since(&store);
        let by_name = keeper.access_as(&world.app, &profile, Ask::default()).await.unwrap();
        assert!(by_name.turned);
        assert_eq!(since(&store), ["look", "hold", "begin", "keep_answer", "commit"], "round {round}");
        world.expire();
        let by_id = keeper.access(&world.app, id, Ask::default()).await.unwrap();
        assert!(by_id.turned);
        assert_eq!(since(&store), ["grant", "hold", "begin", "keep_answer", "commit"], "round {round}");
        let renewed = keeper.renew(&world.app, id).await.unwrap();
        assert!(renewed.generation > by_id.generation);
        assert_eq!(since(&store), ["grant", "hold", "begin", "keep_answer", "commit"], "round {round}");
    }
    // The set that was committed is what is stored: nobody has to ask.
    let present = keeper.access(&world.app, id, Ask::default()).await.unwrap();
    assert_eq!(since(&store), ["grant"]);
    assert_eq!(present.generation, world.keeper().await.status(id).await.unwrap().grant.generation);
    world.assert_clean();
}

#[tokio::test]
async fn a_lease_that_went_with_the_commit_is_free_at_once() {
    let world = World::new().await;
    let (keeper, _) = counted(&world).await;
    let (id, _) = world.log_in(&keeper, "work").await;
    let elsewhere = world.keeper_elsewhere().await;
    for round in 0..2 {
        world.expire();
        // A machine that cannot see the other's processes would wait until the lease has lapsed.
        let turning = if round == 0 { &keeper } else { &elsewhere };
        assert!(turning.access(&world.app, id, Ask::default()).await.unwrap().turned);
    }
    world.assert_clean();
}
