//! Which token a request gets, and what a refused one causes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokenward::Identity;
use tokenward_emulator::{Fault, FaultKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::world::{ECHO, PATIENCE, Wishes, World, json};

#[tokio::test]
async fn a_request_gets_the_token_in_place_of_its_own() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    let request = world.http.put(proxy.url(&format!("{ECHO}/deep?a=1&b=%20%2F")));
    let (status, answer) = json(request.bearer_auth("u-placeholder").header("x-mine", "kept").body("hello")).await;
    assert_eq!((status, &answer["code"]), (200, &json!(0)), "{answer}");
    let data = &answer["data"];
    assert_eq!(data["headers"]["authorization"], json!(["is the current user token: yes"]));
    assert_eq!((&data["method"], &data["query"]), (&json!("PUT"), &json!("a=1&b=%20%2F")));
    assert_eq!(data["headers"]["x-mine"], json!(["kept"]));
    assert_eq!(data["headers"]["via"], json!(["1.1 tokenward"]));
    assert_eq!(
        data["headers"]["host"][0],
        world.app.hosts.open.as_str().trim_matches('/').trim_start_matches("http://")
    );
    assert_eq!((&data["body_length"], data["headers"].get("transfer-encoding")), (&json!(5), None));
    let told = proxy.last();
    assert_eq!((told.path.as_str(), told.status, told.rotated), ("/open-apis/sandbox/v1/echo/deep", 200, false));
}

/// However a path is written, nothing that hands out tokens is reached by it.
#[tokio::test]
async fn a_call_for_tokens_cannot_be_dressed_up() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    let address = proxy.url("").trim_start_matches("http://").trim_end_matches('/').to_owned();
    let before = world.sandbox.history().len();
    for (path, status) in [
        ("/open-apis/x/../authen/v2/oauth/token", 403),
        ("/open-apis/authen/v2/oauth/%74oken", 403),
        ("/open-apis/%2e%2e/oauth/v3/token", 403),
        ("/open-apis//authen/v1/refresh_access_token", 403),
        ("/open-apis/x/../auth/v3/tenant_access_token/internal", 200),
    ] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        assert_eq!(status == 200, answer.contains("t-tokenward-puts-the-real-one-in"), "{answer}");
    }
    assert_eq!(world.sandbox.history().len(), before, "nothing reached the provider");
}

#[tokio::test]
async fn the_app_in_its_tenant_is_another_identity() {
    let world = World::new().await;
    let proxy = world.proxy_with(Wishes { identity: Some(Identity::Tenant), ..Wishes::default() }).await;
    let (_, answer) = json(world.http.get(proxy.url(ECHO))).await;
    assert_eq!(answer["data"]["headers"]["authorization"], json!(["is the current tenant token: yes"]));
    world.sandbox.inject(Fault::code(99_991_663).to(ECHO));
    let (status, answer) = json(world.http.get(proxy.url(ECHO))).await;
    assert_eq!((status, proxy.last().rotated), (200, true), "{answer}");
}

/// Two hundred requests, each with a body, while the token ends.
async fn two_hundred(world: &Arc<World>, url: String) {
    let before = world.counters();
    let requests: Vec<_> = (0..200)
        .map(|number| {
            let (world, url) = (Arc::clone(world), url.clone());
            tokio::spawn(async move {
                let body = vec![b'x'; 1000 + number];
                let (status, answer) = json(world.http.post(url).body(body)).await;
                assert_eq!((status, &answer["code"]), (200, &json!(0)), "{answer}");
                assert_eq!(answer["data"]["body_length"], 1000 + number);
                assert_eq!(answer["data"]["headers"]["authorization"], json!(["is the current user token: yes"]));
            })
        })
        .collect();
    for request in requests {
        request.await.unwrap();
    }
    let after = world.counters();
    assert_eq!((after.rotations - before.rotations, after.replays), (1, 0));
}

#[tokio::test]
async fn two_hundred_requests_at_the_end_cause_one_exchange() {
    let world = Arc::new(World::new().await);
    let proxy = world.proxy().await;
    world.pass(Duration::from_secs(7300));
    two_hundred(&world, proxy.url(ECHO)).await;
    assert!(!proxy.exchanges.lock().unwrap().iter().any(|exchange| exchange.rotated), "nobody was sent out with it");
    world.assert_clean();
}

/// The provider's clock runs ahead of ours: that the token has ended is known by its refusal alone.
#[tokio::test]
async fn two_hundred_refusals_of_one_token_cause_one_exchange() {
    let world = Arc::new(World::new().await);
    let proxy = world.proxy().await;
    json(world.http.get(proxy.url(ECHO))).await;
    world.kill_token();
    two_hundred(&world, proxy.url(ECHO)).await;
    assert!(proxy.exchanges.lock().unwrap().iter().any(|exchange| exchange.rotated));
    world.assert_clean();
}

#[tokio::test]
async fn a_small_body_is_sent_again_whole() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    world.kill_token();
    let body: Vec<u8> = (0..100_000_u32).map(|number| (number % 251) as u8).collect();
    let straight = {
        let (_, answer) = json(world.http.post(proxy.url(ECHO)).body(body.clone())).await;
        answer["data"].clone()
    };
    assert!(proxy.last().rotated);
    let (_, again) = json(world.http.post(proxy.url(ECHO)).body(body)).await;
    assert!(!proxy.last().rotated);
    assert_eq!(straight["body_length"], 100_000);
    assert_eq!(straight["body_sha256"], again["data"]["body_sha256"]);
    assert_eq!(world.counters().rotations, 1);
}

#[tokio::test]
async fn a_large_body_is_refused_and_the_next_one_works() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    world.kill_token();
    let body = vec![7; 1 << 20];
    let (status, answer) = json(world.http.post(proxy.url(ECHO)).body(body.clone())).await;
    assert_eq!((status, &answer["code"]), (400, &json!(99_991_677)), "the provider's own words: {answer}");
    // Rotated behind the caller's back; the next request may come before that and is then served all the same.
    let rotated = async {
        while world.counters().rotations == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, rotated).await.expect("it is turned");
    let (status, answer) = json(world.http.post(proxy.url(ECHO)).body(body)).await;
    if status != 200 {
        // The rotation had reached the provider and not yet the vault.
        assert_eq!(answer["code"], 99_991_677);
    }
    let (status, _) = json(world.http.get(proxy.url(ECHO))).await;
    assert_eq!((status, world.counters().rotations), (200, 1));
}

#[tokio::test]
async fn a_refusal_that_no_rotation_mends_is_passed_on() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    for code in [99_991_679, 99_991_672, 99_991_400, 1_254_607] {
        world.sandbox.inject(Fault::new(FaultKind::Code { code, status: Some(400) }).to(ECHO));
        let (_, answer) = json(world.http.get(proxy.url(ECHO))).await;
        assert_eq!(answer["code"], code);
        assert_eq!((proxy.last().rotated, proxy.last().code), (false, None));
    }
    assert_eq!(world.counters().rotations, 0);
}

#[tokio::test]
async fn a_path_that_always_refuses_causes_one_rotation() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    for (rotations, code) in [(1, 99_991_677), (1, 99_991_668)] {
        world.sandbox.clear_faults();
        world.sandbox.inject(Fault::code(code).to(ECHO).forever());
        for _ in 0..4 {
            let (_, answer) = json(world.http.get(proxy.url(ECHO))).await;
            assert_eq!(answer["code"], code);
        }
        assert_eq!(world.counters().rotations, rotations);
    }
}

/// Some older APIs refuse with 200 (reference/feishu.md §11).
#[tokio::test]
async fn a_refusal_with_status_200_is_one() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    world.sandbox.inject(Fault::new(FaultKind::Code { code: 99_991_677, status: Some(200) }).to(ECHO));
    let (status, answer) = json(world.http.post(proxy.url(ECHO)).body("again")).await;
    assert_eq!((status, &answer["code"], &answer["data"]["body_length"]), (200, &json!(0), &json!(5)));
    assert!(proxy.last().rotated);
}

#[tokio::test]
async fn without_a_login_it_says_what_to_do() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    world.keeper.logout(Some(&world.app), world.grant, false).await.unwrap();
    let (status, answer) = json(world.http.get(proxy.url(ECHO))).await;
    assert_eq!((status, &answer["code"]), (401, &json!(401)), "{answer}");
    assert_eq!(answer["error"]["tokenward"], "TW0401");
    assert_eq!(answer["error"]["page"], "tokenward explain TW0401");
    assert!(answer["msg"].as_str().unwrap().starts_with("TW0401: "));
}

#[tokio::test]
async fn a_provider_that_is_away_is_told_so() {
    let world = World::new().await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let proxy = world.proxy_with(Wishes { open: Some(format!("http://{address}")), ..Wishes::default() }).await;
    let answer = world.http.post(proxy.url(ECHO)).body("x").send().await.unwrap();
    assert_eq!(answer.headers()["x-tokenward-code"], "TW0502");
    assert_eq!(answer.status(), 502);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!((&answer["code"], &answer["error"]["tokenward"]), (&json!(502), &json!("TW0502")));
}

/// A token that is due and cannot be rotated still serves while it lives; afterwards the trouble is told.
#[tokio::test]
async fn trouble_with_a_rotation_is_told_when_the_token_has_ended() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    world.sandbox.inject(Fault::code(20_050).on(tokenward_emulator::Endpoint::V3Token).forever());
    world.pass(Duration::from_secs(7000));
    let (status, _) = json(world.http.get(proxy.url(ECHO))).await;
    assert_eq!(status, 200, "it lives");
    world.refreshed_ahead(1).await;
    world.pass(Duration::from_secs(300));
    let (status, answer) = json(world.http.get(proxy.url(ECHO))).await;
    assert_eq!((status, &answer["error"]["tokenward"]), (503, &json!("TW0501")), "{answer}");
}

#[tokio::test]
async fn sdks_get_a_placeholder_and_no_login() {
    let world = World::new().await;
    let proxy = world.proxy().await;
    let credentials = json!({ "app_id": "cli_any", "app_secret": "any" }).to_string();
    let before = world.counters().requests;
    for path in ["tenant_access_token/internal", "app_access_token/internal", "tenant_access_token"] {
        let request = world.http.post(proxy.url(&format!("/open-apis/auth/v3/{path}"))).body(credentials.clone());
        let (status, answer) = json(request).await;
        assert_eq!((status, &answer["code"], &answer["expire"]), (200, &json!(0), &json!(7200)), "{answer}");
        let placeholder = answer["tenant_access_token"].as_str().unwrap();
        assert!(!world.live_tokens().iter().any(|token| token == placeholder));
        let (status, _) = json(world.http.get(proxy.url(ECHO)).bearer_auth(placeholder)).await;
        assert_eq!(status, 200, "and it is replaced");
    }
    for path in ["/open-apis/authen/v2/oauth/token", "/open-apis/authen/v1/refresh_access_token", "/oauth/v3/token"] {
        let (status, answer) = json(world.http.post(proxy.url(path)).body(credentials.clone())).await;
        assert_eq!((status, &answer["error"]["tokenward"]), (403, &json!("TW0823")), "{path}");
    }
    assert_eq!(world.counters().requests - before, 3, "only the calls with a placeholder reached the provider");
}
