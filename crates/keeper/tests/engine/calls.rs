//! Business calls: a dead token in the middle, many callers at once, foreign hosts.

use std::sync::Arc;

use jiff::SignedDuration;
use tokenward::core::GrantId;
use tokenward::{ApiClient, ApiError, ApiOptions, Call, CallOptions, CallTrouble, Caller, Calls, Identity, Keeper};

use crate::world::World;

const USER_INFO: &str = "/open-apis/authen/v1/user_info";

fn client(world: &World, keeper: &Keeper, identity: Identity) -> ApiClient {
    let calls = Calls::feishu(world.clock.clone(), CallOptions::default());
    ApiClient::new(keeper.clone(), world.app.clone(), identity, calls, ApiOptions::default())
}

async fn logged_in() -> (World, Keeper, GrantId) {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (grant, _) = world.log_in(&keeper, "work").await;
    (world, keeper, grant)
}

#[tokio::test]
async fn a_call_is_answered() {
    let (world, keeper, grant) = logged_in().await;
    let client = client(&world, &keeper, Identity::User(grant));
    let answer = client.call(Call::get(USER_INFO)).await.unwrap();
    assert_eq!((answer.status, answer.code()), (200, Some(0)));
    assert_eq!(answer.data().unwrap()["name"], "Ada");
}

/// The provider's time runs ahead of ours, so that the client learns of the end by the refusal alone.
#[tokio::test]
async fn a_token_that_died_unseen_is_turned_once_for_two_hundred_callers() {
    let (world, keeper, grant) = logged_in().await;
    let client = Arc::new(client(&world, &keeper, Identity::User(grant)));
    world.sandbox.advance(std::time::Duration::from_secs(7300));
    let before = keeper.status(grant).await.unwrap().grant.generation;
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.call(Call::get(USER_INFO)).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().code(), Some(0));
    }
    assert_eq!(keeper.status(grant).await.unwrap().grant.generation, before.next());
    world.clock.advance(SignedDuration::from_secs(7300));
    world.assert_clean();
}

#[tokio::test]
async fn a_foreign_host_is_refused_before_anything_is_sent() {
    let (world, keeper, grant) = logged_in().await;
    let client = client(&world, &keeper, Identity::User(grant));
    let error = client.call(Call::get("https://evil.test/open-apis/x")).await.unwrap_err();
    assert!(matches!(error, ApiError::Bad(_)), "{error:?}");
}

#[tokio::test]
async fn a_call_for_users_takes_no_tenant_token() {
    let (world, keeper, _) = logged_in().await;
    let client = client(&world, &keeper, Identity::Tenant);
    let error = client.call(Call::get(USER_INFO)).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().trouble, CallTrouble::NotTaken, "{error}");
}
