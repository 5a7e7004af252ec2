//! What the doors beside the Feishu/Lark platform share: ports, the control endpoint, kept requests, counters.

use serde_json::{Value, json};
use tokenward_emulator::{Brand, Death, Door, Endpoint, Fault, FaultKind, Sandbox, SandboxOptions};

use crate::bk::Bk;
use crate::world::{Answer, send};

async fn control(bk: &Bk, method: &str, path: &str, body: Value) -> Answer {
    let url = format!("{}/control{path}", bk.sandbox.control_url());
    send(bk.http.request(method.parse().expect("a method"), url).body(body.to_string())).await
}

async fn good(bk: &Bk, method: &str, path: &str, body: Value) -> Value {
    let answer = control(bk, method, path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn each_door_has_an_address_of_its_own() {
    let bk = Bk::new().await;
    let doors = good(&bk, "GET", "", json!({})).await["doors"].clone();
    for door in Door::BEYOND {
        let url = bk.sandbox.door_url(door);
        assert!(url.starts_with("http://127.0.0.1:"), "{door:?}");
        assert_eq!(doors[door.name()], url);
    }
    assert_eq!(bk.sandbox.door_url(Door::Open), "");
    // Another door's path is nothing here.
    let astray = bk.sandbox.door_url(Door::AuthApi) + "/api/v1/auth/access-tokens";
    assert_eq!(send(bk.http.post(astray)).await.status, 404);
    for endpoint in Endpoint::ALL {
        let (door, _, path) = endpoint.address();
        assert!(path.starts_with('/') && (door.brand().is_none() || path.len() > 1), "{endpoint:?}");
    }
    assert_eq!((Brand::BlueKing.name(), Brand::OAuth2.name()), ("blueking", "oauth2"));
}

#[tokio::test]
async fn ports_can_be_chosen() {
    let first = Sandbox::start(SandboxOptions::default()).await.expect("loopback ports");
    let port = |sandbox: &Sandbox| sandbox.door_url(Door::Plain).rsplit(':').next().and_then(|port| port.parse().ok());
    let taken: u16 = port(&first).expect("a port");
    let options = SandboxOptions { more_ports: [0, 0, 0, 0, taken], ..SandboxOptions::default() };
    assert!(Sandbox::start(options.clone()).await.is_err());
    first.stop().await;
    let again = Sandbox::start(options).await.expect("the port is free again");
    assert_eq!(port(&again), Some(taken));
}

#[tokio::test]
async fn the_control_endpoint_does_all_of_it() {
    let bk = Bk::new().await;
    let app = json!({"brand": "blueking", "id": "second", "secret": "s", "realms": ["bkci"], "client_auth": "none"});
    assert_eq!(good(&bk, "POST", "/apps", app).await["app"]["realms"], json!(["bkci"]));
    assert_eq!(good(&bk, "POST", "/apps", json!({"brand": "oauth2"})).await["app"]["client_auth"], "any");
    let user = json!({"name": "Carol", "id": "carol", "cookies": {"bk_token": "c"}});
    good(&bk, "POST", "/users", user).await;
    let patched = good(&bk, "PATCH", "/users/carol", json!({"cookies": {"bk_ticket": "t"}})).await;
    assert_eq!(patched["user"]["cookies"], json!({"bk_token": "c", "bk_ticket": "t"}));
    bk.ssm_user("c").await.is(200, 0);

    let rules = json!({"blueking": {
        "ssm": {"regrant": "reuse", "tokens": {"identity": {"is": "other", "user": "x"}, "old_access_token": {"fate": "overlap", "seconds": 5}}},
        "gateway": {"cache_seconds": 600}, "bkauth": {"realms": {"more": "more_"}},
    }, "plain": {"rotation": false, "without": ["device"], "client_auth": ["basic"]}});
    let set = good(&bk, "PATCH", "/rules", rules).await["rules"].clone();
    assert_eq!(set["blueking"]["ssm"]["tokens"]["access_seconds"], 43_200, "the rest stays");
    assert_eq!(set["blueking"]["bkauth"]["realms"]["blueking"], "bk_");
    let back = json!({"blueking": {"ssm": {"tokens": {"identity": {"is": "true"}}}}});
    assert_eq!(
        good(&bk, "PATCH", "/rules", back).await["rules"]["blueking"]["ssm"]["tokens"]["identity"],
        json!({"is": "true"})
    );
    for bad in [
        json!({"blueking": {"ssm": {"nope": 1}}}),
        json!({"plain": {"rotatoin": true}}),
        json!({"blueking": {"ssm": {"regrant": "never"}}}),
    ] {
        assert_eq!(control(&bk, "PATCH", "/rules", bad).await.status, 400);
    }

    let login = json!({"door": "bkauth", "realm": "more", "app": "demo-app", "user": "alice", "scopes": ["a"]});
    let tokens = good(&bk, "POST", "/logins", login).await["tokens"].clone();
    assert!(tokens["access_token"].as_str().is_some_and(|token| token.starts_with("more_")), "{tokens}");
    let own = good(&bk, "POST", "/logins", json!({"door": "auth-api", "realm": "prod", "app": "demo-app"})).await;
    assert!(own["tokens"]["access_token"].is_string());
    for bad in [
        json!({"door": "bkauth", "realm": "nowhere", "app": "demo-app", "user": "alice"}),
        json!({"door": "ssm", "app": "nobody", "user": "alice"}),
        json!({"door": "ssm", "app": "demo-app", "user": "nobody"}),
        json!({"door": "gateway", "app": "demo-app"}),
        json!({"door": "plain", "app": "demo-app"}),
    ] {
        assert_eq!(control(&bk, "POST", "/logins", bad.clone()).await.status, 404, "{bad}");
    }
    let grants = good(&bk, "GET", "/grants", json!({})).await["grants"].clone();
    let doors: Vec<&Value> = grants.as_array().expect("a list").iter().map(|grant| &grant["door"]).collect();
    assert_eq!(doors, [&json!("ssm"), &json!("bkauth"), &json!("auth-api")]);
    assert_eq!(
        (&grants[1]["brand"], &grants[1]["realm"], &grants[2]["user"]),
        (&json!("blueking"), &json!("more"), &json!(""))
    );

    good(
        &bk,
        "POST",
        "/faults",
        json!({"endpoint": "ssm-token", "brand": "blueking", "kind": {"name": "overtaken", "by": 1}}),
    )
    .await;
    good(
        &bk,
        "POST",
        "/faults",
        json!({"endpoint": "plain-token", "kind": {"name": "error", "error": "invalid_grant"}}),
    )
    .await;
    good(&bk, "DELETE", "/faults", json!({})).await;
    bk.ssm_app().await.is(200, 0);
    let counters = good(&bk, "GET", "/counters", json!({})).await["counters"]["doors"]["ssm"].clone();
    assert_eq!(
        (&counters["cookie_grants"], &counters["app_grants"], &counters["issued"]),
        (&json!(1), &json!(1), &json!(2))
    );
    let history = good(&bk, "GET", "/history", json!({})).await["history"].clone();
    assert_eq!((&history[0]["event"]["door"], &history[0]["event"]["user"]), (&json!("ssm"), &json!("carol")));
}

#[tokio::test]
async fn a_withdrawal_ends_every_login_of_a_user_with_an_app() {
    let bk = Bk::new().await;
    let token = bk.ssm_user("bk-token-alice").await.field("access_token");
    let other = bk.ssm_user("bk-token-bob").await.field("access_token");
    bk.auth_api_user(&[]).await;
    assert_eq!(bk.sandbox.withdraw("demo-app", "alice"), 2);
    assert!(!bk.sandbox.is_good(&token) && bk.sandbox.is_good(&other));
    assert_eq!(bk.sandbox.current_tokens()[0].death, Some(Death::Withdrawn));
}

#[tokio::test]
async fn requests_are_kept_as_they_came_and_only_on_demand() {
    let bk = Bk::new().await;
    bk.ssm_user("bk-token-alice").await;
    assert_eq!(bk.sandbox.requests(), []);
    bk.sandbox.rules(|rules| rules.keep_requests = true);
    bk.ssm_user("bk-token-alice").await;
    bk.auth_api_user(&[]).await;
    bk.ssm_app().await;
    let kept = bk.sandbox.requests();
    assert_eq!(kept.len(), 3);
    assert_eq!(kept[0].line, "POST /api/v1/auth/access-tokens HTTP/1.1");
    assert!(kept[0].body.contains("bk-token-alice"));
    assert_eq!(kept[0].header("X-BK-APP-SECRET"), Some("demo-secret"));
    let history = bk.sandbox.history();
    let about = history.iter().find(|record| record.sequence == kept[0].sequence).and_then(|record| record.visit());
    assert_eq!(about.and_then(|visit| visit.user.as_deref()), Some("alice"));
    assert!(
        kept[1].line.starts_with("GET /auth_api/token/?app_code=demo-app&app_secret=demo-secret&"),
        "{}",
        kept[1].line
    );
    assert_eq!(kept[1].body, "");
    // On a connection that is kept, one request does not run into the next.
    assert_eq!(kept[2].headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).count(), 1);
    assert!(kept[2].body.contains("client_credentials") && !kept[2].body.contains("bk_login"));
    let shown = good(&bk, "GET", "/requests", json!({})).await["requests"].clone();
    assert_eq!(shown.as_array().map(Vec::len), Some(3));
    good(&bk, "DELETE", "/requests", json!({})).await;
    assert_eq!(bk.sandbox.requests(), []);
    // Nowhere else is a secret to be seen.
    let history = format!("{:?} {}", bk.sandbox.history(), good(&bk, "GET", "/history", json!({})).await);
    for secret in ["demo-secret", "bk-token-alice", "ticket-alice"] {
        assert!(!history.contains(secret), "{secret}");
    }
    assert!(!format!("{kept:?}").contains("secret"));
}

#[tokio::test]
async fn names_and_their_spelling_are_kept() {
    use std::io::{Read as _, Write as _};
    let bk = Bk::new().await;
    bk.sandbox.rules(|rules| rules.keep_requests = true);
    let address = bk.sandbox.door_url(Door::Ssm).replace("http://", "");
    let body = r#"{"grant_type": "client_credentials", "id_provider": "client"}"#;
    let request = format!(
        "POST /api/v1/auth/access-tokens HTTP/1.1\r\nHost: {address}\r\nX-BK-APP-CODE: demo-app\r\nx-Bk-App-Secret: demo-secret\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).expect("the door is open");
        stream.write_all(request.as_bytes()).expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    });
    assert!(answer.await.expect("no panic").contains("\"code\":0"));
    let kept = bk.sandbox.requests().remove(0);
    let names: Vec<&str> = kept.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Host", "X-BK-APP-CODE", "x-Bk-App-Secret", "Transfer-Encoding", "Connection"]);
    assert_eq!(kept.body, body);
}

#[tokio::test]
async fn the_usual_faults_strike_here_too() {
    let bk = Bk::new().await;
    bk.sandbox.inject(Fault::new(FaultKind::Cut { bytes: 20 }).on(Endpoint::SsmToken));
    let url = bk.sandbox.door_url(Door::Ssm) + "/api/v1/auth/access-tokens";
    let body = json!({"grant_type": "client_credentials", "id_provider": "client"}).to_string();
    let request = crate::bk::proven(bk.http.post(&url), "demo-secret").body(body);
    let cut = request.send().await.expect("a head");
    assert!(cut.text().await.is_err());
    assert_eq!(bk.counters(Door::Ssm).issued, 1, "the token was issued");
    bk.sandbox.inject(Fault::new(FaultKind::Empty { status: 503 }).of(Brand::BlueKing));
    assert_eq!((bk.ssm_app().await.status, bk.counters(Door::Ssm).issued), (503, 1));
    bk.sandbox.rules(|rules| rules.rate_limit = Some(tokenward_emulator::RateLimit { per_minute: 10, per_second: 1 }));
    bk.ssm_app().await.is(200, 0);
    let limited = bk.ssm_app().await;
    assert_eq!((limited.status, limited.headers.contains_key("retry-after")), (429, true));
}
