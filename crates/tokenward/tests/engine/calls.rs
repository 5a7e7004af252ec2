//! Business calls: a dead token in the middle, many callers at once, the other identity, limits, lost answers.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use tokenward::core::{Code, GrantId};
use tokenward::{
    ApiClient, ApiError, ApiOptions, Call, CallOptions, CallTrouble, Caller, Calls, Identity, Keeper, Pages,
};
use tokenward_emulator::{Fault, FaultKind, Operation};

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
async fn a_token_that_died_unseen_is_rotated_once_for_two_hundred_callers() {
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

const ECHO: &str = "/open-apis/sandbox/v1/echo";

fn operations(world: &World, operation: Operation) -> usize {
    let history = world.sandbox.history();
    history.iter().filter(|record| record.visit().is_some_and(|visit| visit.operation == operation)).count()
}

fn called(world: &World, call: &str) -> tokenward_emulator::CallCounters {
    world.sandbox.counters().calls.get(call).copied().unwrap_or_default()
}

#[tokio::test]
async fn a_call_for_the_other_identity_renews_nothing() {
    let (world, keeper, grant) = logged_in().await;
    let user = client(&world, &keeper, Identity::User(grant));
    let tenant = client(&world, &keeper, Identity::Tenant);
    for (client, path) in [(&user, "/open-apis/sandbox/v1/tenant_only"), (&tenant, "/open-apis/sandbox/v1/user_only")] {
        let error = client.call(Call::get(path)).await.unwrap_err();
        assert_eq!(error.code(), Code::IdentityNotTaken, "{error}");
        assert!(error.log_id().is_some());
    }
    tenant.call(Call::get("/open-apis/sandbox/v1/tenant_only")).await.unwrap();
    assert_eq!(world.sandbox.counters().refreshes, 0);
    assert_eq!(operations(&world, Operation::TenantToken), 1);
}

#[tokio::test]
async fn a_dead_tenant_token_is_fetched_anew_once_for_two_hundred_callers() {
    let (world, keeper, _) = logged_in().await;
    let client = Arc::new(client(&world, &keeper, Identity::Tenant));
    client.call(Call::get(ECHO)).await.unwrap();
    world.sandbox.advance(Duration::from_secs(7300));
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.call(Call::get(ECHO)).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(operations(&world, Operation::TenantToken), 2);
}

/// An API that refuses users with a text nobody knows costs one rotation, and no second one while that token lives.
#[tokio::test]
async fn a_path_that_refuses_a_fresh_token_is_no_reason_to_rotate_it_again() {
    let (world, keeper, grant) = logged_in().await;
    let client = client(&world, &keeper, Identity::User(grant));
    world.sandbox.inject(Fault::code(99_991_668).to(ECHO).forever());
    for _ in 0..3 {
        let error = client.call(Call::post(ECHO)).await.unwrap_err();
        assert_eq!(error.code(), Code::TokenStillRefused, "{error}");
        assert_eq!(world.sandbox.counters().refreshes, 1);
    }
    client.call(Call::get(USER_INFO)).await.unwrap();
    // The end of that token is another matter.
    world.sandbox.clear_faults();
    world.sandbox.advance(Duration::from_secs(7300));
    client.call(Call::post(ECHO)).await.unwrap();
    assert_eq!(world.sandbox.counters().refreshes, 2);
}

#[tokio::test]
async fn a_login_that_is_over_is_told_with_its_own_story() {
    let (world, keeper, grant) = logged_in().await;
    let client = client(&world, &keeper, Identity::User(grant));
    world.sandbox.advance(Duration::from_secs(7300));
    world.sandbox.inject(Fault::code(20037).when(Operation::Refresh));
    let error = client.call(Call::get(USER_INFO)).await.unwrap_err();
    assert!(matches!(&error, ApiError::Token(_)), "{error:?}");
    assert_eq!(error.code().exit() as u8, 3);
}

#[tokio::test]
async fn a_missing_scope_names_the_alternatives() {
    let (world, keeper, grant) = logged_in().await;
    let client = client(&world, &keeper, Identity::User(grant));
    let call = || Call::post("/open-apis/docx/v1/documents").json(json!({"title": "x"}));
    let error = client.call(call()).await.unwrap_err();
    assert_eq!(error.code(), Code::ScopeNotGranted, "{error}");
    assert_eq!(error.refusal().unwrap().missing_scopes, ["docx:document", "docx:document:create"]);
    world
        .sandbox
        .change_app(&world.app.client_id, |app| app.scopes.retain(|scope| !scope.starts_with("docx")))
        .unwrap();
    let error = client.call(call()).await.unwrap_err();
    assert_eq!(error.code(), Code::ScopeNotEnabled, "{error}");
}

#[tokio::test]
async fn limits_are_waited_out() {
    let (world, keeper, _) = logged_in().await;
    let client = Arc::new(client(&world, &keeper, Identity::Tenant));
    let create = || Call::post("/open-apis/docx/v1/documents").json(json!({"title": "x"}));
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.call(create()).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let counted = called(&world, "POST /open-apis/docx/v1/documents");
    assert_eq!(counted.accepted, 6);
    assert!(counted.limited > 0, "{counted:?}");
}

#[tokio::test]
async fn patience_has_an_end() {
    let (world, keeper, _) = logged_in().await;
    let options = ApiOptions::default().patience(Duration::from_millis(500));
    let calls = Calls::feishu(world.clock.clone(), CallOptions::default());
    let client = ApiClient::new(keeper, world.app.clone(), Identity::Tenant, calls, options);
    world.sandbox.inject(Fault::code(99_991_400).to(ECHO).forever());
    let error = client.call(Call::get(ECHO)).await.unwrap_err();
    assert!(matches!(&error, ApiError::RateLimited { .. }), "{error:?}");
    assert_eq!((error.code(), called(&world, "* /open-apis/sandbox/v1/echo").requests), (Code::RateLimited, 1));
}

#[tokio::test]
async fn passing_trouble_is_met_again_only_by_calls_that_may_be_repeated() {
    let (world, keeper, _) = logged_in().await;
    let client = client(&world, &keeper, Identity::Tenant);
    for fault in [Fault::new(FaultKind::Html { status: 502 }), Fault::drop_answer(), Fault::drop_request()] {
        client.call(Call::get(ECHO)).await.unwrap();
        world.sandbox.inject(fault.clone().to(ECHO).times(2));
        client.call(Call::get(ECHO)).await.unwrap();
        world.sandbox.inject(fault.clone().to(ECHO).times(2));
        client.call(Call::post(ECHO).repeatable()).await.unwrap();
        world.sandbox.inject(fault.to(ECHO).times(1));
        let error = client.call(Call::post(ECHO)).await.unwrap_err();
        assert!([Code::ProviderUnavailable, Code::CallAnswerLost].contains(&error.code()), "{error}");
        assert_eq!(error.is_lost(), error.code() == Code::CallAnswerLost);
    }
}

#[tokio::test]
async fn a_token_may_die_between_two_pages() {
    let (world, keeper, _) = logged_in().await;
    let client = client(&world, &keeper, Identity::Tenant);
    let created = client.call(Call::post("/open-apis/docx/v1/documents").json(json!({"title": "x"}))).await.unwrap();
    let document = created.data().unwrap()["document"]["document_id"].as_str().unwrap().to_owned();
    let text = |n: usize| json!({"block_type": 2, "text": {"elements": [{"text_run": {"content": n.to_string()}}]}});
    let children: Vec<_> = (0..9).map(text).collect();
    let insert = format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/children");
    client.call(Call::post(insert).json(json!({"children": children}))).await.unwrap();
    let list = Call::get(format!("/open-apis/docx/v1/documents/{document}/blocks")).query("page_size", "3");
    let mut pages = Pages::new(&client, list, 100);
    let mut blocks = 0;
    while let Some(page) = pages.next().await.unwrap() {
        blocks += page.items().unwrap().len();
        world.sandbox.advance(Duration::from_secs(7300));
    }
    assert_eq!(blocks, 10, "the page itself and nine texts");
}
