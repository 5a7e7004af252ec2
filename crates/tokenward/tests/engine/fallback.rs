//! The documented fallback between token endpoints (reference/feishu.md §8.1), which never spends a refresh token
//! twice.

use tokenward::core::{Brand, Code, FeishuApp, TokenApi, TokenWish};
use tokenward_emulator::{Endpoint, Fault, FaultKind, Operation};

use crate::world::World;

#[tokio::test]
async fn a_login_uses_the_other_family_where_the_endpoint_does_not_exist() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    world.sandbox.inject(Fault::new(FaultKind::NotFound).on(Endpoint::V3Token).forever());
    let (id, report) = world.log_in(&keeper, "work").await;
    assert_eq!(report.report.grant.issued_by, TokenApi::V2);
    // The app says v3, which accepts v2's tokens; it answers 404, so the issuing family is asked, under a new intent.
    world.expire();
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(world.sandbox.counters().replays, 0);
    world.assert_clean();
}

#[tokio::test]
async fn without_permission_there_is_no_fallback() {
    let mut world = World::new().await;
    world.app.platform = FeishuApp { fallback: false, ..FeishuApp::new(Brand::Feishu) }.into();
    let keeper = world.keeper().await;
    world.sandbox.inject(Fault::new(FaultKind::NotFound).on(Endpoint::V3Token).forever());
    let error = world.try_log_in(&keeper, "work").await.unwrap_err();
    assert_eq!(error.code(), Code::NoSuchEndpoint);
}

#[tokio::test]
async fn a_token_of_v2_moves_to_v3_and_one_of_v3_stays_there() {
    let mut world = World::with(TokenApi::V2, Brand::Feishu).await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.app.token_api = TokenApi::V3;
    world.expire();
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(keeper.status(id).await.unwrap().grant.issued_by, TokenApi::V3);
    world.app.token_api = TokenApi::V2;
    world.expire();
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(keeper.status(id).await.unwrap().grant.issued_by, TokenApi::V3);
    world.assert_clean();
}

#[tokio::test]
async fn an_internal_error_of_v3_is_no_reason_to_send_the_token_elsewhere() {
    let world = World::with(TokenApi::V2, Brand::Lark).await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    let mut app = world.app.clone();
    app.token_api = TokenApi::V3;
    world.expire();
    world.sandbox.inject(Fault::code(20050).on(Endpoint::V3Token).when(Operation::Refresh));
    let error = keeper.access(&app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::ProviderUnavailable);
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}
