//! Calls through the API gateway, with a token that is always good and in no other way.

use tokenward::core::TokenWish;
use tokenward::{ApiClient, ApiOptions, Call, CallOptions, Caller, Identity};
use tokenward_emulator::Door;

use crate::world::{CODE, Kind, World, request};

async fn caller(world: &World, identity: Identity) -> ApiClient {
    let session = world.stand.session(None).await;
    session.api(world.stand.app.clone(), identity, CallOptions::default(), ApiOptions::default())
}

fn users() -> Call {
    Call::get("/api/demo/prod/users/")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_carries_its_token_and_one_that_is_refused_is_renewed_once() {
    for kind in Kind::BY_COOKIE {
        let world = World::new(kind).await;
        world.sandbox.rules(|rules| rules.keep_requests = true);
        let token = world.stand.client().await.get_access_token(&request("alice")).await.unwrap();
        let api = caller(&world, Identity::User(token.grant)).await;
        api.call(users()).await.unwrap();
        let sent =
            world.sandbox.requests().into_iter().rev().find(|request| request.line.contains("/api/demo")).unwrap();
        let header = |wanted: &str| {
            let found = sent.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.clone())
        };
        let expected = format!("{{\"access_token\":\"{}\"}}", token.access_token.expose());
        assert_eq!(header("x-bkapi-authorization"), Some(expected.clone()), "{kind:?}");
        assert_eq!(header("authorization"), None);
        assert_eq!(token.authorization().1.to_str().unwrap(), expected);
        assert!(!format!("{:?}", token.authorization()).contains(token.access_token.expose()));
        // Somebody else's grant has ended it.
        let environment = if matches!(kind, Kind::AuthApi { .. }) { "prod" } else { "" };
        let seeded = world.sandbox.seed_login(kind.door(), environment, CODE, Some("alice"), &[]).unwrap();
        drop(seeded);
        let calls = |world: &World| world.sandbox.counters().doors[&Door::Gateway].calls;
        let before = calls(&world);
        let again = api.call(users()).await;
        // The refresh token of a set that was superseded may be dead too; then the caller is told, and nothing else is tried.
        let retried = u64::from(again.is_ok());
        assert_eq!(calls(&world) - before, 1 + retried, "{kind:?}: {again:?}");
        let renewed = world.stand.client().await.renew(&request("alice"), &token).await.unwrap();
        assert!(world.is_good(&renewed), "{kind:?}");
        api.call(users()).await.unwrap();
    }
}

/// The app's own identity has one grant, under whatever profile it was made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_apps_own_calls_share_one_grant() {
    let world = World::new(Kind::SSM).await;
    let token = world.stand.client().await.get_app_access_token().await.unwrap();
    let api = caller(&world, Identity::App).await;
    api.call(Call::get("/app/demo/info/")).await.unwrap();
    assert_eq!((world.counters().app_grants, world.grants().await), (1, 1));
    assert!(world.is_good(&token));
    // A caller that comes first makes it.
    let world = World::new(Kind::SSM).await;
    let api = caller(&world, Identity::App).await;
    api.call(Call::get("/app/demo/info/")).await.unwrap();
    let keeper = world.stand.session(None).await.keeper().clone();
    let report = keeper.list().await.unwrap().remove(0);
    assert!(report.grant.profile.as_ref().unwrap().is_of_app());
    // Its token is refused: the secret makes the next.
    world.sandbox.seed_login(world.kind.door(), "", CODE, None, &[]).unwrap();
    api.call(Call::get("/app/demo/info/")).await.unwrap();
    let handed = keeper.access(&world.stand.app, report.grant.id, TokenWish::default()).await.unwrap();
    assert!(world.sandbox.is_good(handed.access.token.expose()));
    assert_eq!(world.grants().await, 1);
}
