//! The history and its counters.

use tokenward_emulator::{Delivery, Event, Fingerprint, Operation, Sandbox, SandboxOptions};

use crate::world::World;
use tokenward_emulator::Endpoint;

#[tokio::test]
async fn a_line_for_every_request_and_never_a_token() {
    let world = World::new().await;
    let code = world.authorization_code(&[]).await;
    let first = world.exchange(Endpoint::V3Token, &code, &[]).await;
    let answer = world.refresh(Endpoint::V3Token, &first.field("refresh_token")).await;
    world.get(&world.url(Endpoint::UserInfo), &answer.field("access_token")).await.is(200, 0);
    let history = world.sandbox.history();
    let visits: Vec<_> = history.iter().filter_map(|record| record.visit()).collect();
    let operations: Vec<_> = visits.iter().map(|visit| visit.operation).collect();
    assert_eq!(operations, [Operation::Browse, Operation::Exchange, Operation::Refresh, Operation::Call]);
    assert_eq!(history.iter().map(|record| record.sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let refresh = visits[2];
    assert_eq!(refresh.presented, Some(Fingerprint::of(&first.field("refresh_token"))));
    assert_eq!(refresh.issued_refresh, Some(Fingerprint::of(&answer.field("refresh_token"))));
    assert_eq!((refresh.grant.as_deref(), refresh.generation), (Some("grant-1"), Some(0)));
    assert_eq!((refresh.left, refresh.code, refresh.status), (Delivery::Whole, Some(0), Some(200)));
    assert_eq!(refresh.log_id, answer.headers["x-tt-logid"].to_str().expect("ASCII"));
    assert_eq!((visits[3].grant.as_deref(), visits[3].generation), (Some("grant-1"), Some(1)));
    let text = serde_json::to_string(&history).expect("JSON");
    for secret in [&code, &first.field("refresh_token"), &answer.field("access_token"), &world.app.secret] {
        assert!(!text.contains(secret.as_str()));
    }
    let read_back: Vec<tokenward_emulator::Record> = serde_json::from_str(&text).expect("the same types");
    assert_eq!(read_back, history);
}

#[tokio::test]
async fn counters_in_total_and_per_login() {
    let world = World::new().await;
    let (one, other) = (world.seed_refresh(), world.seed_refresh());
    for token in [&one, &one, &other] {
        world.refresh(Endpoint::V3Token, token).await;
    }
    world.exchange(Endpoint::V3Token, "made-up", &[]).await;
    let counters = world.sandbox.counters();
    assert_eq!((counters.requests, counters.exchanges, counters.refreshes), (4, 1, 3));
    assert_eq!((counters.rotations, counters.replays), (2, 1));
    let one = counters.grants["grant-1"];
    assert_eq!((one.refreshes, one.rotations, one.replays), (2, 1, 1));
    assert_eq!(counters.grants["grant-2"].replays, 0);
}

#[tokio::test]
async fn current_tokens_are_those_the_clients_hold() {
    let world = World::new().await;
    let answer = world.refresh(Endpoint::V3Token, &world.seed_refresh()).await;
    let current = &world.sandbox.current_tokens()[0];
    assert_eq!(current.refresh_token, Some(answer.field("refresh_token")));
    assert_eq!((current.generation, current.refreshable), (Some(1), true));
    assert_eq!(current.access_tokens.len(), 2, "the old access token lives on");
    assert_eq!(current.access_tokens[1].token, answer.field("access_token"));
    world.sandbox.advance(std::time::Duration::from_secs(7200));
    assert!(world.sandbox.current_tokens()[0].access_tokens.is_empty());
}

#[test]
fn secrets_stay_out_of_debug() {
    let sandbox = Sandbox::start_blocking(SandboxOptions::default()).expect("loopback ports");
    let app = sandbox.app(tokenward_emulator::AppSpec::new(tokenward_emulator::Brand::Lark));
    let user = sandbox.user("Ada");
    let tokens = sandbox.seed_grant(&app.id, &user.id, &["offline_access"]).expect("known");
    let shown = format!("{app:?} {tokens:?} {:?} {sandbox:?}", sandbox.current_tokens());
    for secret in [app.secret, tokens.access_token, tokens.refresh_token.expect("refreshable")] {
        assert!(!shown.contains(&secret));
    }
}

#[test]
fn a_blocking_start_serves_and_stops() {
    let sandbox = Sandbox::start_blocking(SandboxOptions::default()).expect("loopback ports");
    let address = sandbox.control_url().trim_start_matches("http://").to_owned();
    let ask = || -> std::io::Result<String> {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(&address)?;
        write!(stream, "GET /control HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    assert!(ask().expect("served").contains("\"ok\":true"));
    sandbox.note("before the end");
    assert!(matches!(sandbox.history()[0].event, Event::Note { .. }));
    drop(sandbox);
    assert!(ask().is_err(), "nothing listens any more");
}

#[tokio::test]
async fn stop_frees_the_ports() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.expect("loopback ports");
    let ports: Vec<u16> = tokenward_emulator::Brand::ALL
        .iter()
        .flat_map(|brand| [sandbox.open_url(*brand), sandbox.accounts_url(*brand)])
        .chain([sandbox.control_url().to_owned()])
        .map(|url| url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port"))
        .collect();
    sandbox.stop().await;
    let ports: [u16; 5] = ports.try_into().expect("five listeners");
    let again = Sandbox::start(SandboxOptions { ports, ..SandboxOptions::default() }).await.expect("free again");
    let taken = Sandbox::start(SandboxOptions { ports, ..SandboxOptions::default() }).await.expect_err("taken");
    assert!(taken.to_string().contains(&ports[0].to_string()));
    again.stop().await;
}
