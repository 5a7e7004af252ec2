//! Logins by the cookies of a user's browser, at a token service without a login page.

use http::Method;
use serde_json::{Value, json};
use tokenward_core::{AppSecret, GrantId};
use tokenward_emulator::{AppSpec, Brand, Door, UserSpec};
use tokenward_serve::server::Limits;
use tokenward_testkit::Stand;

use crate::world::{Told, Wish, World, logged};

/// A world with an app of BlueKing's beside it, and two users who are logged in there.
async fn world() -> World {
    let world = World::with_config(Limits::default(), |stand: &Stand| {
        stand.sandbox.app(AppSpec::new(Brand::BlueKing).credentials("desk-app", "desk-secret"));
        for user in ["alice", "bob"] {
            stand.sandbox.add_user(UserSpec::new(user).id(user).cookie("bk_token", &format!("bk_token-of-{user}")));
        }
        let (open, accounts) = (stand.sandbox.door_url(Door::Gateway), stand.sandbox.door_url(Door::Ssm));
        format!(
            "[apps.desk]\nprovider = \"blueking\"\ntoken_api = \"ssm\"\napp_id = \"desk-app\"\nopen_url = \"{open}\"\n\
             accounts_url = \"{accounts}\"\n[profiles.desk]\napp = \"desk\"\n"
        )
    })
    .await;
    let session = world.session(|options| options).await.unwrap();
    let secret = AppSecret::parse("desk-secret").unwrap();
    session.keeper().keep_app_secret(&"desk".parse().unwrap(), &secret).await.unwrap();
    world
}

async fn ask(world: &World, key: &str, body: Value) -> Told {
    world.ask(Method::POST, "/v1/logins/cookie", Some(key), Some(body)).await
}

fn of(user: &str, cookie: &str) -> Value {
    json!({ "profile": "desk", "user": user, "cookies": { "bk_token": cookie } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_logged_in_by_the_cookie_of_their_browser() {
    let world = world().await;
    let key = world.key().await;
    let told = ask(&world, &key, of("alice", "bk_token-of-alice")).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let told = told.json();
    assert_eq!(told["profile"], "desk:alice");
    assert_eq!(world.get("/v1/grants/desk:alice/token", &key).await.status, 200);
    // A login that lives is left alone, whatever the cookie.
    let again = ask(&world, &key, of("alice", "over")).await.json();
    assert_eq!((&again["grant"], &again["generation"]), (&told["grant"], &told["generation"]));
    // The act is in the trail of that login.
    let grant: GrantId = told["grant"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().into();
    let rows = loop {
        let rows = world.store.audit_of(Some(grant), 0, 10).await.unwrap();
        if rows.len() >= 3 {
            break rows;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert_eq!(rows[0].draft.act, "log-in-by-cookie desk:alice");
    assert!(!logged().contains("bk_token-of-alice"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_users_cookie_makes_no_login_of_this_one() {
    let world = world().await;
    let key = world.key().await;
    let told = ask(&world, &key, of("alice", "bk_token-of-bob")).await;
    assert_eq!((told.status, told.code()), (409, "TW0412".to_owned()), "{}", told.text);
    assert_eq!(world.get("/v1/grants/desk:alice", &key).await.status, 404);
    let told = ask(&world, &key, of("alice", "bk_token-of-nobody")).await;
    assert_eq!((told.status, told.code()), (409, "TW0411".to_owned()), "{}", told.text);
    assert!(!told.text.contains("bk_token-of-nobody") && !logged().contains("bk_token-of-nobody"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_shown_to_nobody() {
    let world = world().await;
    let key = world.key().await;
    for body in [
        json!({ "profile": "desk", "user": "alice", "cookies": {} }),
        json!({ "profile": "desk", "user": "alice", "cookies": { "bk_token": "" } }),
        json!({ "profile": "desk", "user": "", "cookies": { "bk_token": "x" } }),
        json!({ "profile": "desk:bob", "user": "alice", "cookies": { "bk_token": "x" } }),
        // This one has a login page.
        json!({ "profile": "work", "user": "alice", "cookies": { "bk_token": "x" } }),
    ] {
        let told = ask(&world, &key, body.clone()).await;
        assert_eq!((told.status, told.code()), (400, "TW0862".to_owned()), "{body}");
    }
    let (_, narrow) = world.key_for(Wish { grants: "desk:a*", ..Wish::default() }).await;
    let told = ask(&world, &narrow, of("bob", "bk_token-of-bob")).await;
    assert_eq!((told.status, told.code()), (404, "TW0201".to_owned()));
}
