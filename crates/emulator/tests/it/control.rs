//! The control endpoint: the same powers, over HTTP.

use serde_json::{Value, json};
use tokenward_emulator::Endpoint;

use crate::world::{Answer, World, send};

async fn call(world: &World, method: &str, path: &str, body: Value) -> Answer {
    let method = method.parse().expect("a method");
    send(world.http.request(method, format!("{}/control{path}", world.sandbox.control_url())).body(body.to_string()))
        .await
}

async fn good(world: &World, method: &str, path: &str, body: Value) -> Value {
    let answer = call(world, method, path, body).await;
    assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
    assert_eq!(answer.json()["ok"], true);
    answer.json()
}

#[tokio::test]
async fn overview_and_catalogue() {
    let world = World::new().await;
    let overview = good(&world, "GET", "", json!({})).await;
    assert_eq!(overview["urls"]["feishu"]["open"], world.open(""));
    assert_eq!(overview["apps"]["cli_main"]["secret"], "main-secret");
    assert!(good(&world, "GET", "/catalogue", json!({})).await["catalogue"].as_array().expect("rows").len() > 150);
}

#[tokio::test]
async fn clock() {
    let world = World::new().await;
    let wish = json!({"set": 1_900_000_000_000_i64, "frozen": true, "advance_seconds": 5});
    let clock = good(&world, "POST", "/clock", wish).await;
    let now = clock["now"].as_i64().expect("a number");
    assert!((1_900_000_005_000..1_900_000_006_000).contains(&now));
    assert_eq!(good(&world, "GET", "/clock", json!({})).await["now"], now);
    let far = good(&world, "POST", "/clock", json!({"advance_seconds": u64::MAX})).await;
    assert_eq!(far["now"], i64::MAX, "saturates, and the sandbox lives on");
    assert_eq!(world.refresh(Endpoint::V3Token, "eyJ").await.code(), 20026);
}

#[tokio::test]
async fn rules() {
    let world = World::new().await;
    let patch =
        json!({"grace_seconds": 3, "lifetimes": {"access": 60}, "old_access_token": {"fate": "overlap", "seconds": 9}});
    let rules = good(&world, "PATCH", "/rules", patch).await["rules"].clone();
    assert_eq!((&rules["grace_seconds"], &rules["lifetimes"]["access"]), (&json!(3), &json!(60)));
    assert_eq!((&rules["lifetimes"]["refresh"], &rules["old_access_token"]["seconds"]), (&json!(604_800), &json!(9)));
    let limit = json!({"rate_limit": {"per_minute": 1000, "per_second": 50}, "old_access_token": {"fate": "dies"}});
    let rules = good(&world, "PATCH", "/rules", limit).await["rules"].clone();
    assert_eq!(
        (&rules["rate_limit"]["per_second"], &rules["old_access_token"]),
        (&json!(50), &json!({"fate": "dies"}))
    );
    assert_eq!(good(&world, "PATCH", "/rules", json!({"rate_limit": null})).await["rules"]["rate_limit"], Value::Null);
    for bad in [json!({"no_such_knob": 1}), json!({"grace_seconds": "3"}), json!([])] {
        assert_eq!(call(&world, "PATCH", "/rules", bad).await.status, 400);
    }
    assert_eq!(good(&world, "GET", "/rules", json!({})).await["rules"]["grace_seconds"], 3);
}

#[tokio::test]
async fn faults() {
    let world = World::new().await;
    let fault =
        json!({"endpoint": "v3-token", "operation": "refresh", "kind": {"name": "code", "code": 20050}, "times": 2});
    good(&world, "POST", "/faults", fault).await;
    for _ in 0..2 {
        world.refresh(Endpoint::V3Token, "eyJ").await.is(500, 20050);
    }
    world.refresh(Endpoint::V3Token, "eyJ").await.is(400, 20026);
    let kinds = [
        json!({"name": "cut", "bytes": 9}),
        json!({"name": "delay", "milliseconds": 1}),
        json!({"name": "drop"}),
        json!({"name": "empty", "status": 204}),
        json!({"name": "hang"}),
        json!({"name": "html", "status": 502}),
        json!({"name": "not-found"}),
        json!({"name": "odd", "answer": "only-refresh-token"}),
        json!({"name": "rate-limit", "reset_seconds": 1}),
        json!({"name": "redirect", "location": "http://127.0.0.1/"}),
    ];
    for kind in &kinds {
        good(&world, "POST", "/faults", json!({"kind": kind, "stage": "after"})).await;
    }
    let listed = good(&world, "GET", "/faults", json!({})).await;
    assert_eq!((listed["faults"].as_array().expect("a list").len(), &listed["hanging"]), (kinds.len(), &json!(0)));
    good(&world, "DELETE", "/faults", json!({})).await;
    good(&world, "POST", "/release", json!({})).await;
    for bad in [json!({"kind": {"name": "nope"}}), json!({"kind": {"name": "drop"}, "tmes": 1}), json!({})] {
        assert_eq!(call(&world, "POST", "/faults", bad).await.status, 400);
    }
}

#[tokio::test]
async fn apps_and_users() {
    let world = World::new().await;
    let spec = json!({"brand": "lark", "id": "cli_x", "secret": "s", "redirect_urls": ["http://127.0.0.1:1/"], "scopes": ["a"], "store": true});
    let app = good(&world, "POST", "/apps", spec).await["app"].clone();
    assert_eq!((&app["brand"], &app["enabled"], &app["scopes"]), (&json!("lark"), &json!(true), &json!(["a"])));
    let changed = good(&world, "PATCH", "/apps/cli_x", json!({"enabled": false, "scopes": ["b"]})).await["app"].clone();
    assert_eq!((&changed["enabled"], &changed["scopes"]), (&json!(false), &json!(["b"])));
    assert_eq!(call(&world, "PATCH", "/apps/cli_x", json!({"enabld": false})).await.status, 400);
    assert_eq!(call(&world, "PATCH", "/apps/cli_x", json!({"id": "cli_y"})).await.status, 400);
    let ticket = good(&world, "GET", "/apps/cli_x/ticket", json!({})).await;
    assert_eq!(ticket["event"]["event"]["app_ticket"], ticket["ticket"]);
    assert_ne!(good(&world, "POST", "/apps/cli_x/ticket", json!({})).await["ticket"], ticket["ticket"]);
    good(&world, "DELETE", "/apps/cli_x", json!({})).await;
    assert_eq!(call(&world, "GET", "/apps/cli_x", json!({})).await.status, 404);

    let user = good(&world, "POST", "/users", json!({"name": "Grace", "id": "grace"})).await["user"].clone();
    assert_eq!(user["status"], "active");
    let frozen = good(&world, "PATCH", "/users/grace", json!({"status": "frozen"})).await;
    assert_eq!(frozen["user"]["status"], "frozen");
    assert_eq!(call(&world, "PATCH", "/users/nobody", json!({})).await.status, 404);
}

#[tokio::test]
async fn logins_history_and_verdict() {
    let world = World::new().await;
    let seed = json!({"app": "cli_main", "user": world.user.id, "scopes": ["offline_access"], "api": "v2"});
    let tokens = good(&world, "POST", "/grants", seed).await["tokens"].clone();
    let token = tokens["refresh_token"].as_str().expect("refreshable");
    let live = good(&world, "GET", "/grants", json!({})).await;
    assert_eq!(live["grants"][0]["refresh_token"], token);
    for code in [0, 20064] {
        assert_eq!(world.refresh(Endpoint::V2Token, token).await.code(), code);
    }
    let since = good(&world, "GET", "/history?since=1", json!({})).await;
    assert_eq!(since["history"].as_array().expect("records").len(), 1);
    assert_eq!(since["history"][0]["event"]["event"], "request");
    assert_eq!(good(&world, "GET", "/counters", json!({})).await["counters"]["replays"], 1);
    let check = good(&world, "GET", "/check", json!({})).await;
    assert_eq!(
        (&check["clean"], &check["verdict"]["violations"][0]["violation"]),
        (&json!(false), &json!("known-replay"))
    );
    let noted = good(&world, "POST", "/history", json!({"note": "killed", "client_killed": true})).await;
    assert_eq!(noted["sequence"], 3);
    let ended = good(&world, "POST", "/withdraw", json!({"app": "cli_main", "user": world.user.id})).await;
    assert_eq!(ended["ended"], 1);
    let by_open_id = json!({"app": "cli_main", "user": "ou_of_the_app"});
    assert_eq!(
        call(&world, "POST", "/withdraw", by_open_id).await.status,
        404,
        "a user is named by the id of /control/users"
    );
    let nobody = json!({"app": "cli_main", "user": "nobody", "scopes": []});
    assert_eq!(call(&world, "POST", "/grants", nobody).await.status, 404);
}

#[tokio::test]
async fn devices() {
    let world = World::new().await;
    good(&world, "PATCH", "/rules", json!({"device_consent": {"by": "ask"}})).await;
    let form = [("client_id", "cli_main"), ("client_secret", "main-secret")];
    let code = world.form(&world.url(Endpoint::DeviceAuthorization), &form).await.field("user_code");
    assert_eq!(good(&world, "GET", "/devices", json!({})).await["devices"][0]["user_code"], code);
    good(&world, "POST", &format!("/devices/{code}"), json!({"user": world.user.id})).await;
    assert_eq!(call(&world, "POST", &format!("/devices/{code}"), json!({"user": null})).await.status, 404);
}

#[tokio::test]
async fn web_pages_and_strangers_have_no_control() {
    let world = World::new().await;
    let url = format!("{}/control", world.sandbox.control_url());
    assert_eq!(send(world.http.get(&url).header("origin", "http://evil.example")).await.status, 403);
    assert_eq!(send(world.http.get(&url).header("host", "evil.example")).await.status, 403);
    assert_eq!(call(&world, "GET", "/nope", json!({})).await.status, 404);
    assert_eq!(send(world.http.get(world.sandbox.control_url())).await.status, 404);
    let huge = "x".repeat((1 << 20) + 1);
    assert_eq!(send(world.http.patch(format!("{url}/rules")).body(huge)).await.status, 413);
}
