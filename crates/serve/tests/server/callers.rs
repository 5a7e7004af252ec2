//! Every route before every kind of caller.

use http::Method;
use serde_json::{Value, json};
use tokenward_core::Verb;
use tokenward_serve::server::{Limits, RouteFacts, route_facts};

use crate::world::{Told, Wish, World};

fn body(route: &RouteFacts) -> Option<Value> {
    match route.name {
        "import-grant" => Some(json!({ "profile": "work", "refresh_token": "ur-of-somebody-else" })),
        "open-login" => Some(json!({ "profile": "work", "user": "ada", "return_to": crate::world::RETURN })),
        "log-in-by-cookie" => Some(json!({ "profile": "work", "user": "ada", "cookies": { "bk_token": "x" } })),
        "report-refused-token" => Some(json!({ "generation": 1 })),
        _ => None,
    }
}

async fn ask(world: &World, route: &RouteFacts, key: Option<&str>) -> Told {
    let path = route
        .path
        .replace("{grant}", "work")
        .replace("{ticket}", "0")
        .replace("{login}", "0")
        .replace("{delivery}", "ops:1");
    world.ask(route.method.clone(), &path, key, body(route)).await
}

fn all_but(verb: Verb) -> Vec<Verb> {
    Verb::ALL.into_iter().filter(|other| *other != verb).collect()
}

/// Whatever route is added tomorrow is walked here too: the table is the server's own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_knows_every_kind_of_caller() {
    let world = World::new().await;
    let (_, ended) = world.key_for(Wish { ends_in: Some(10), ..Wish::default() }).await;
    world.stand.pass(std::time::Duration::from_secs(11));
    let (id, revoked) = world.key_for(Wish::default()).await;
    assert!(world.store.revoke_key(id, tokenward_core::ports::Clock::now(&*world.clock)).await.unwrap());
    let drawn = tokenward_serve::server::drawn_key(&tokenward::SystemEntropy);
    let (_, other_app) = world.key_for(Wish { apps: Some("other"), ..Wish::default() }).await;
    let (_, other_grant) = world.key_for(Wish { grants: "team-*", ..Wish::default() }).await;
    let good = world.key().await;
    let (mut known, mut open) = (0, 0);
    // The one that ends the login comes last.
    let (ending, routes): (Vec<_>, Vec<_>) = route_facts().partition(|route| route.method == Method::DELETE);
    for route in routes.into_iter().chain(ending) {
        let Some(verb) = route.verb else {
            // What a browser brings is not there.
            let is_for_browsers = matches!(route.name, "begin-login" | "finish-login");
            let expected = if is_for_browsers { 404 } else { 200 };
            assert_eq!(ask(&world, &route, None).await.status, expected, "{}", route.name);
            open += 1;
            continue;
        };
        known += 1;
        for unknown in
            [None, Some(""), Some("tw_"), Some("tw_00"), Some(drawn.expose()), Some(&*ended), Some(&*revoked)]
        {
            let told = ask(&world, &route, unknown).await;
            assert_eq!((told.status, told.code()), (401, "TW0860".to_owned()), "{} {unknown:?}", route.name);
        }
        let (_, lacking) = world.key_for(Wish { verbs: all_but(verb), ..Wish::default() }).await;
        let told = ask(&world, &route, Some(&lacking)).await;
        assert_eq!((told.status, told.code()), (403, "TW0861".to_owned()), "{}", route.name);
        assert!(told.json()["detail"].as_str().unwrap().contains(verb.as_str()));
        for stranger in [&other_app, &other_grant] {
            let told = ask(&world, &route, Some(stranger)).await;
            match route.name {
                // What is not theirs is not there.
                "list-apps" | "list-grants" | "list-events" | "list-failed-deliveries" | "read-metrics" => {
                    assert_eq!(told.status, 200, "{}", route.name);
                    assert!(!told.text.contains("\"work\""), "{}", told.text);
                }
                "resend-delivery" => assert_eq!((told.status, told.code()), (404, "TW0862".to_owned())),
                "get-login" => assert_eq!((told.status, told.code()), (404, "TW0870".to_owned())),
                "open-login" | "log-in-by-cookie" | "import-grant" => {
                    assert_eq!((told.status, told.code()), (404, "TW0201".to_owned()));
                }
                _ => assert_eq!((told.status, told.code()), (404, "TW0401".to_owned()), "{}", route.name),
            }
        }
        let (_, only) =
            world.key_for(Wish { verbs: vec![verb], apps: Some("work"), grants: "w*", ..Wish::default() }).await;
        for key in [&only, &good] {
            let told = ask(&world, &route, Some(key)).await;
            // The login that is brought is none of the provider's.
            let expected = match (route.name, key == &good) {
                ("import-grant", _) => vec![200, 201, 409],
                ("open-login", _) => vec![201],
                // The app has a login page.
                ("log-in-by-cookie", _) => vec![400],
                ("get-login" | "resend-delivery", _) | ("retire-grant", true) => vec![404],
                _ => vec![200],
            };
            assert!(expected.contains(&told.status), "{} {}", route.name, told.text);
        }
    }
    assert_eq!((known, open), (15, 5));
}

/// Two keys are good beside each other, so that one can take the other's place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_takes_the_place_of_another() {
    let world = World::new().await;
    let (first, old) = world.key_for(Wish::default()).await;
    let (_, new) = world.key_for(Wish::default()).await;
    for key in [&old, &new] {
        assert_eq!(world.get("/v1/grants/work/token", key).await.status, 200);
    }
    world.store.revoke_key(first, tokenward_core::ports::Clock::now(&*world.clock)).await.unwrap();
    assert_eq!(world.get("/v1/grants/work/token", &old).await.status, 401);
    assert_eq!(world.get("/v1/grants/work/token", &new).await.status, 200);
}

/// A key is in the header and nowhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_taken_from_the_header_alone() {
    let world = World::new().await;
    let key = world.key().await;
    let in_query = Told::of(world.http.get(world.url(&format!("/v1/apps?access_token={key}&key={key}")))).await;
    let basic = Told::of(world.http.get(world.url("/v1/apps")).basic_auth(&key, Some(""))).await;
    let cookie = Told::of(world.http.get(world.url("/v1/apps")).header("cookie", format!("key={key}"))).await;
    assert_eq!((in_query.status, basic.status, cookie.status), (401, 401, 401));
    let answer = world.http.get(world.url("/v1/apps")).send().await.unwrap();
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
}

/// A key that is used too often waits; the others do not, and its entries do not fill the audit trail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_used_too_often_is_told_when_to_come_again() {
    let world = World::with(Limits { key_rate: 12, ..Limits::default() }).await;
    let (one, other) = (world.key().await, world.key().await);
    for _ in 0..2 {
        assert_eq!(world.get("/v1/grants/work/token", &one).await.status, 200);
    }
    let told = world.get("/v1/grants/work/token", &one).await;
    assert_eq!((told.status, told.code()), (429, "TW0868".to_owned()));
    let wait: u64 = told.retry_after.unwrap().parse().unwrap();
    assert!((1..=5).contains(&wait), "{wait}");
    assert_eq!(world.get("/v1/grants/work/token", &other).await.status, 200);
    assert_eq!(world.http.get(world.url("/livez")).send().await.unwrap().status().as_u16(), 200);
}
