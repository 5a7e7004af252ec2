//! Faults: what the client sees, whether the token rotated, and what the history says about the answer.

use std::time::Duration;

use tokenward_emulator::{Brand, Delivery, Endpoint, Fault, FaultKind, OddAnswer, Operation, Stage, TokenApi};

use crate::world::World;

fn refresh(kind: FaultKind) -> Fault {
    Fault::new(kind).when(Operation::Refresh)
}

/// Sends a refresh that gets no whole answer.
async fn broken(world: &World, token: &str) -> reqwest::Error {
    let body = world.body("refresh_token", &[("refresh_token", token)]);
    let request = world.http.post(world.url(Endpoint::V3Token)).header("content-type", "application/json");
    match request.body(body.to_string()).send().await {
        Err(error) => error,
        Ok(response) => response.text().await.expect_err("the body is cut"),
    }
}

fn last(world: &World) -> tokenward_emulator::Visit {
    world.sandbox.history().last().and_then(|record| record.visit().cloned()).expect("a request")
}

#[tokio::test]
async fn a_dropped_request_rotates_nothing() {
    let world = World::new().await;
    let token = world.seed_refresh();
    world.sandbox.inject(Fault::drop_request());
    broken(&world, &token).await;
    let visit = last(&world);
    assert_eq!(
        (visit.left, visit.processed, visit.status, visit.fault.as_deref()),
        (Delivery::Dropped, false, None, Some("drop"))
    );
    world.refresh(Endpoint::V3Token, &token).await.is(200, 0);
    assert_eq!(world.sandbox.counters().replays, 0);
}

#[tokio::test]
async fn a_dropped_answer_has_rotated_the_token() {
    let world = World::new().await;
    let token = world.seed_refresh();
    world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    broken(&world, &token).await;
    let visit = last(&world);
    assert_eq!((visit.left, visit.processed, visit.issued), (Delivery::Dropped, true, true));
    world.refresh(Endpoint::V3Token, &token).await.is(400, 20064);
    assert_eq!(world.sandbox.check().stranded, ["grant-1"]);
}

#[tokio::test]
async fn a_cut_answer_announces_its_full_length() {
    let world = World::new().await;
    for bytes in [0, 1, 900, usize::MAX] {
        let token = world.seed_refresh();
        world.sandbox.inject(refresh(FaultKind::Cut { bytes }));
        let body = world.body("refresh_token", &[("refresh_token", &token)]);
        let request = world.http.post(world.url(Endpoint::V3Token)).header("content-type", "application/json");
        let mut response = request.body(body.to_string()).send().await.expect("headers");
        let announced = response.content_length().expect("a length");
        let mut seen = 0;
        let error = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => seen += chunk.len(),
                Ok(None) => panic!("the body is whole"),
                Err(error) => break error,
            }
        };
        let expected = bytes.min(usize::try_from(announced).expect("fits") - 1);
        assert_eq!(seen, expected, "{error}");
        assert_eq!(last(&world).left, Delivery::Cut);
        world.refresh(Endpoint::V3Token, &token).await.is(400, 20064);
    }
}

#[tokio::test]
async fn answers_in_the_place_of_the_true_one() {
    let world = World::new().await;
    let token = world.seed_refresh();
    let cases = [
        (FaultKind::Html { status: 502 }, 502, "text/html; charset=utf-8", "<!DOCTYPE html>"),
        (FaultKind::Html { status: 200 }, 200, "text/html; charset=utf-8", "<!DOCTYPE html>"),
        (FaultKind::NotFound, 404, "text/plain", "404"),
        (FaultKind::Code { code: 20072, status: None }, 503, "application/json; charset=utf-8", "20072"),
        (FaultKind::RateLimit { reset_seconds: 7 }, 429, "application/json; charset=utf-8", "99991400"),
    ];
    for (kind, status, content_type, words) in cases {
        world.sandbox.inject(refresh(kind));
        let answer = world.refresh(Endpoint::V3Token, &token).await;
        assert_eq!((answer.status, answer.headers["content-type"].to_str().expect("ASCII")), (status, content_type));
        assert!(answer.text.contains(words));
        assert!(!last(&world).processed);
        assert!(answer.headers.contains_key("x-tt-logid"));
    }
    world.sandbox.inject(refresh(FaultKind::Empty { status: 200 }));
    let empty = world.refresh(Endpoint::V3Token, &token).await;
    assert_eq!((empty.status, empty.text.as_str()), (200, ""));
    let elsewhere = "http://127.0.0.1:1/elsewhere".to_owned();
    world.sandbox.inject(refresh(FaultKind::Redirect { location: elsewhere.clone(), status: 307 }));
    let redirect = world.refresh(Endpoint::V3Token, &token).await;
    assert_eq!((redirect.status, redirect.location().as_str()), (307, elsewhere.as_str()));
    // None of these has rotated the token.
    world.refresh(Endpoint::V3Token, &token).await.is(200, 0);
}

#[tokio::test]
async fn the_same_after_processing_loses_the_answer() {
    let world = World::new().await;
    for kind in [
        FaultKind::Html { status: 200 },
        FaultKind::Empty { status: 200 },
        FaultKind::Code { code: 20050, status: None },
    ] {
        let token = world.seed_refresh();
        world.sandbox.inject(refresh(kind).at(Stage::After));
        world.refresh(Endpoint::V3Token, &token).await;
        let visit = last(&world);
        assert_eq!((visit.left, visit.issued), (Delivery::Replaced, true));
        world.refresh(Endpoint::V3Token, &token).await.is(400, 20064);
    }
}

#[tokio::test]
async fn odd_answers() {
    let world = World::new().await;
    for answer in OddAnswer::ALL {
        let token = world.seed_refresh();
        world.sandbox.inject(refresh(FaultKind::Odd { answer }));
        let answer_given = world.refresh(Endpoint::V3Token, &token).await;
        if answer == OddAnswer::FormEncoded {
            let fields: std::collections::HashMap<String, String> =
                url::form_urlencoded::parse(answer_given.text.as_bytes()).into_owned().collect();
            assert_eq!(fields["expires_in"], "7200", "{fields:?}");
            world.refresh(Endpoint::V3Token, &fields["refresh_token"]).await.is(200, 0);
            continue;
        }
        let body = answer_given.json();
        let has = |name: &str| body.get(name).is_some();
        match answer {
            OddAnswer::ExtraFields => assert!(has("junk") && has("access_token") && has("refresh_token")),
            OddAnswer::NoAccessToken => assert!(!has("access_token") && has("refresh_token")),
            OddAnswer::EmptyAccess => assert_eq!((&body["access_token"], has("refresh_token")), (&"".into(), true)),
            OddAnswer::EndedAccess => assert_eq!((&body["expires_in"], has("access_token")), (&(-60).into(), true)),
            OddAnswer::NoCode => assert!(!has("code") && has("access_token")),
            // These answers have no `data`.
            OddAnswer::NullData => assert!(has("access_token") && !has("data")),
            OddAnswer::NoExpiry => {
                assert!(!has("expires_in") && !has("refresh_token_expires_in") && has("access_token"));
            }
            OddAnswer::NoLife => assert_eq!((&body["expires_in"], has("access_token")), (&0.into(), true)),
            OddAnswer::FormEncoded => {}
            OddAnswer::NoRefreshToken => assert!(!has("refresh_token") && has("access_token")),
            OddAnswer::NumbersAsStrings => {
                assert_eq!((&body["expires_in"], &body["code"]), (&"7200".into(), &"0".into()));
            }
            OddAnswer::OnlyRefreshToken => assert_eq!(body.as_object().expect("object").len(), 2),
        }
        if has("refresh_token") {
            let next = body["refresh_token"].as_str().expect("a string");
            world.refresh(Endpoint::V3Token, next).await.is(200, 0);
        }
    }
    let bearer = world.app_token().await;
    let token = world.seed(TokenApi::OidcV1).refresh_token.expect("refreshable");
    world.sandbox.inject(refresh(FaultKind::Odd { answer: OddAnswer::OnlyRefreshToken }));
    let body = world.v1_refresh(Endpoint::OidcRefresh, &bearer, &token).await.json();
    assert_eq!(body["data"].as_object().expect("wrapped").keys().collect::<Vec<_>>(), ["refresh_token"]);
}

#[tokio::test]
async fn a_hanging_answer_waits_for_release() {
    let world = World::new().await;
    let token = world.seed_refresh();
    world.sandbox.inject(refresh(FaultKind::Hang).at(Stage::After));
    let (answer, ()) = tokio::join!(world.refresh(Endpoint::V3Token, &token), async {
        while world.sandbox.hanging() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let visit = last(&world);
        assert_eq!((visit.left, visit.issued), (Delivery::Pending, true));
        world.sandbox.release();
    });
    answer.is(200, 0);
    assert_eq!((last(&world).left, world.sandbox.hanging()), (Delivery::Whole, 0));
}

#[tokio::test]
async fn a_client_that_leaves_is_processed_all_the_same() {
    let world = World::new().await;
    let token = world.seed_refresh();
    world.sandbox.inject(refresh(FaultKind::Hang).at(Stage::Before));
    {
        let attempt = world.refresh(Endpoint::V3Token, &token);
        let waited = async {
            while world.sandbox.hanging() == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            answer = attempt => panic!("answered: {answer:?}"),
            () = waited => {}
        }
    }
    assert!(world.sandbox.history().is_empty());
    // The client's connection task closes the socket, and the sandbox has to notice.
    while world.sandbox.connections() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    world.sandbox.release();
    let is_told = || {
        let history = world.sandbox.history();
        history.last().and_then(|record| record.visit()).is_some_and(|visit| visit.left != Delivery::Pending)
    };
    while !is_told() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let visit = last(&world);
    assert_eq!((visit.left, visit.issued), (Delivery::PeerGone, true));
    world.refresh(Endpoint::V3Token, &token).await.is(400, 20064);
}

#[tokio::test]
async fn which_requests_and_how_often() {
    let world = World::new().await;
    let token = world.seed_refresh();
    let code = |code| Fault::code(code);
    world.sandbox.inject(code(20050).on(Endpoint::V2Token).forever());
    world.sandbox.inject(code(20072).when(Operation::Exchange).of(Brand::Lark).forever());
    world.sandbox.inject(code(20050).on(Endpoint::V3Token).skipping(1).times(2));
    let ask = async || world.refresh(Endpoint::V3Token, "eyJmade.up").await.code();
    assert_eq!([ask().await, ask().await, ask().await, ask().await], [20026, 20050, 20050, 20026]);
    assert_eq!(world.refresh(Endpoint::V2Token, &token).await.code(), 20050);
    assert_eq!(world.exchange(Endpoint::V3Token, "made-up", &[]).await.code(), 20003);
    assert_eq!(world.sandbox.faults().len(), 2);
    world.sandbox.clear_faults();
    world.refresh(Endpoint::V3Token, &token).await.is(200, 0);
    // A fault for any endpoint leaves pages alone.
    world.sandbox.inject(Fault::drop_request().forever());
    assert!(!world.authorization_code(&[]).await.is_empty());
    world.sandbox.inject(Fault::new(FaultKind::Html { status: 502 }).when(Operation::Browse));
    let page = crate::world::send(world.http.get(world.authorize_url(&[]))).await;
    assert_eq!(page.status, 502);
}

#[tokio::test]
async fn latency_before_and_after() {
    let world = World::new().await;
    world.sandbox.rules(|rules| (rules.latency_before_ms, rules.latency_after_ms) = (30, 30));
    let token = world.seed_refresh();
    let started = tokio::time::Instant::now();
    world.refresh(Endpoint::V3Token, &token).await.is(200, 0);
    assert!(started.elapsed() >= Duration::from_millis(60));
    world.sandbox.rules(|rules| (rules.latency_before_ms, rules.latency_after_ms) = (0, 0));
    world.sandbox.inject(Fault::new(FaultKind::Delay { milliseconds: 40 }));
    let started = tokio::time::Instant::now();
    world.refresh(Endpoint::V3Token, "eyJ").await.is(400, 20026);
    assert!(started.elapsed() >= Duration::from_millis(40));
}
