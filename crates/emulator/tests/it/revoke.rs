//! Revocation (reference/feishu.md §8.5).

use tokenward_emulator::{AppSpec, Brand, Endpoint, TokenApi};

use crate::world::{Answer, World, send};

async fn revoke(world: &World, token: &str, hint: Option<&str>) -> Answer {
    let mut fields = vec![("client_id", "cli_main"), ("client_secret", "main-secret"), ("token", token)];
    fields.extend(hint.map(|hint| ("token_type_hint", hint)));
    world.form(&world.url(Endpoint::Revoke), &fields).await
}

#[tokio::test]
async fn an_access_token_ends_alone() {
    let world = World::new().await;
    let tokens = world.seed(TokenApi::V3);
    let answer = revoke(&world, &tokens.access_token, Some("access_token")).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    world.get(&world.url(Endpoint::UserInfo), &tokens.access_token).await.is(200, 20005);
    world.refresh(Endpoint::V3Token, &tokens.refresh_token.expect("refreshable")).await.is(200, 0);
}

#[tokio::test]
async fn a_refresh_token_ends_the_refreshing() {
    let world = World::new().await;
    for (ends_access, code) in [(false, 0), (true, 20005)] {
        world.sandbox.rules(|rules| rules.revoking_refresh_ends_access = ends_access);
        let tokens = world.seed(TokenApi::V3);
        let token = tokens.refresh_token.expect("refreshable");
        // A wrong hint is only a hint.
        assert_eq!(revoke(&world, &token, Some("access_token")).await.status, 200);
        world.refresh(Endpoint::V3Token, &token).await.is(400, 20064);
        world.get(&world.url(Endpoint::UserInfo), &tokens.access_token).await.is(200, code);
    }
}

#[tokio::test]
async fn refusals() {
    let world = World::new().await;
    let url = world.url(Endpoint::Revoke);
    let token = world.seed_refresh();
    revoke(&world, &token, Some("id_token")).await.is(400, 20001);
    revoke(&world, "", None).await.is(400, 20001);
    world.form(&url, &[("client_id", "cli_main"), ("client_secret", "no"), ("token", &token)]).await.is(400, 20002);
    let other = world.sandbox.app(AppSpec::new(Brand::Feishu));
    world
        .form(&url, &[("client_id", &other.id), ("client_secret", &other.secret), ("token", &token)])
        .await
        .is(400, 20024);
    // Nothing of this revoked it, and Basic authentication is good too.
    world.refresh(Endpoint::V3Token, &token).await.is(200, 0);
    assert_eq!(revoke(&world, "made-up", None).await.status, 200);
    let basic = world.http.post(&url).basic_auth("cli_main", Some("main-secret")).form(&[("token", "x")]);
    assert_eq!(send(basic).await.status, 200);
    world.sandbox.rules(|rules| rules.revoke_answers_json = true);
    revoke(&world, "made-up", None).await.is(200, 0);
}
