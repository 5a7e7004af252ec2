//! How many requests the token service gets (reference/blueking.md §1.5).

use std::time::Duration;

use crate::world::{Kind, World, name_of, request};

/// Five calls of each getter on a token of twelve hours: `bkoauth` sends 15 requests with its defaults.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifteen_calls_make_two_requests() {
    for kind in Kind::BY_COOKIE {
        let world = World::new(kind).await;
        let client = world.stand.client().await;
        for _ in 0..5 {
            let app = client.get_app_access_token().await.unwrap();
            let user = client.get_access_token(&request("alice")).await.unwrap();
            let by_name = client.get_access_token_by_user("alice").await.unwrap();
            assert!(world.is_good(&app) && world.is_good(&user));
            assert_eq!(user.access_token, by_name.access_token);
            assert_ne!(user.access_token, app.access_token);
        }
        let counters = world.counters();
        assert_eq!((counters.requests, counters.app_grants, counters.cookie_grants), (2, 1, 1), "{kind:?}");
        assert_eq!(world.grants().await, 2);
    }
}

/// A process of its own for each call changes nothing: what is kept is kept for all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifteen_processes_make_two_requests() {
    let world = World::new(Kind::SSM).await;
    for _ in 0..5 {
        world.stand.client().await.get_app_access_token().await.unwrap();
        world.stand.client().await.get_access_token(&request("alice")).await.unwrap();
        world.stand.client().await.get_access_token_by_user("alice").await.unwrap();
    }
    assert_eq!(world.counters().requests, 2);
}

/// Over thirty days, asked every hour: a rotation each twelve hours, and at the end of the refresh token a new grant by cookie.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_of_hours() {
    let world = World::new(Kind::SSM).await;
    let client = world.stand.client().await;
    for _ in 0..31 * 24 {
        let token = client.get_access_token(&request("alice")).await.unwrap();
        assert!(world.is_good(&token));
        world.pass(Duration::from_secs(3600));
    }
    let counters = world.counters();
    assert!((56..=68).contains(&counters.refreshes), "{counters:?}");
    assert!((2..=3).contains(&counters.cookie_grants), "{counters:?}");
    world.assert_clean();
}

/// Near its end a token is rotated by its refresh token, whoever asks and whatever they show.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn near_its_end_it_is_refreshed_and_not_granted_anew() {
    for kind in Kind::BY_COOKIE {
        let world = World::new(kind).await;
        let client = world.stand.client().await;
        let first = client.get_access_token(&request("alice")).await.unwrap();
        world.near_expiry(&first);
        let second = client.get_access_token(&request("alice")).await.unwrap();
        assert_ne!(first.access_token, second.access_token);
        assert!(world.is_good(&second) && !world.is_good(&first), "{kind:?}");
        let counters = world.counters();
        assert_eq!((counters.cookie_grants, counters.refreshes), (1, 1), "{kind:?}");
        let keeper = world.stand.session(None).await.keeper().clone();
        let id = keeper.grant_of(&name_of("alice")).await.unwrap();
        assert_eq!(keeper.status(id).await.unwrap().grant.generation, second.generation);
        world.assert_clean();
    }
}

/// The end of a constant refresh token stands; a rotating one of the auth api moves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fixed_end_stays_where_it_is() {
    let world = World::new(Kind::SSM).await;
    let client = world.stand.client().await;
    let first = client.get_access_token(&request("alice")).await.unwrap();
    let keeper = world.stand.session(None).await.keeper().clone();
    let end = keeper.status(first.grant).await.unwrap().grant.refresh_expires.unwrap();
    world.near_expiry(&first);
    let second = client.get_access_token_by_user("alice").await.unwrap();
    assert!(second.generation > first.generation);
    assert_eq!(keeper.status(first.grant).await.unwrap().grant.refresh_expires, Some(end));
}
