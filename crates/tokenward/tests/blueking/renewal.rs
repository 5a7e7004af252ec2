//! A token that is refused, a refresh token that is: renewed once, then reported.

use std::time::Duration;

use tokenward::blueking::TokenError;
use tokenward::core::Code;
use tokenward_emulator::{Fault, Operation, RefreshFate};
use tokio::task::JoinSet;

use crate::world::{CODE, Kind, World, request};

/// A token that the gateway refuses is renewed once, then reported.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_renewed_once() {
    for kind in Kind::BY_COOKIE {
        let world = World::new(kind).await;
        let client = world.stand.client().await;
        let first = client.get_access_token(&request("alice")).await.unwrap();
        // Somebody else got a token of hers: ours is dead, and nobody told us.
        world.sandbox.seed_login(kind.door(), environment(kind), CODE, Some("alice"), &[]).unwrap();
        assert!(!world.is_good(&first));
        let second = client.renew(&request("alice"), &first).await.unwrap();
        assert!(world.is_good(&second), "{kind:?}");
        assert_eq!(client.get_access_token_by_user("alice").await.unwrap().access_token, second.access_token);
        let error = client.renew(&request("alice"), &second).await.unwrap_err();
        assert_eq!(error.code(), Code::TokenStillRefused);
        assert!(world.is_good(&second), "{kind:?}: a report costs nothing");
    }
}

fn environment(kind: Kind) -> &'static str {
    match kind {
        Kind::AuthApi { .. } => "prod",
        _ => "",
    }
}

/// Forty callers hold one refused token: one exchange.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forty_callers_with_one_refused_token_make_one_exchange() {
    for kind in Kind::BY_COOKIE {
        let world = World::new(kind).await;
        let first = world.stand.client().await.get_access_token(&request("alice")).await.unwrap();
        world.sandbox.rules(|rules| rules.latency_after_ms = 50);
        let mut callers = JoinSet::new();
        for _ in 0..4 {
            let client = world.stand.client().await;
            for _ in 0..10 {
                let (client, first) = (client.clone(), first.clone());
                callers.spawn(async move { client.renew(&request("alice"), &first).await.unwrap() });
            }
        }
        let tokens = callers.join_all().await;
        assert!(tokens.iter().all(|token| token.access_token == tokens[0].access_token), "{kind:?}");
        assert!(world.is_good(&tokens[0]));
        let counters = world.counters();
        assert_eq!((counters.refreshes, counters.cookie_grants), (1, 1), "{kind:?}");
        world.assert_clean();
    }
}

/// Where the refresh token is refused, the caller's cookies make a new set in the same call; without cookies it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_refresh_token_is_replaced_by_what_the_caller_shows() {
    for kind in Kind::BY_COOKIE {
        let world = World::new(kind).await;
        let client = world.stand.client().await;
        let first = client.get_access_token(&request("alice")).await.unwrap();
        world.sandbox.seed_login(kind.door(), environment(kind), CODE, Some("alice"), &[]).unwrap();
        world.near_expiry(&first);
        let second = client.get_access_token(&request("alice")).await.unwrap();
        assert!(world.is_good(&second), "{kind:?}");
        assert_eq!(world.counters().cookie_grants, 2, "{kind:?}");
        assert_eq!(world.grants().await, 1);
    }
    // Nobody is here with a cookie: the service's own word is told once the token has ended.
    let world = World::new(Kind::SSM).await;
    let client = world.stand.client().await;
    let first = client.get_access_token(&request("alice")).await.unwrap();
    world.sandbox.seed_login(world.kind.door(), "", CODE, Some("alice"), &[]).unwrap();
    world.pass(Duration::from_secs(44_000));
    let error = client.get_access_token_by_user("alice").await.unwrap_err();
    let TokenError::Api(told) = &error else { panic!("{error:?}") };
    assert_eq!((told.code, error.code()), (Some(1_901_403), Code::RefreshTokenRefused));
    // Whoever asks after it is told the same.
    let again = client.get_access_token_by_user("alice").await.unwrap_err();
    let TokenError::Api(told) = &again else { panic!("{again:?}") };
    assert_eq!((told.code, again.code()), (Some(1_901_403), Code::RefreshTokenRefused));
    // And alice's next request mends it.
    assert!(world.is_good(&client.get_access_token(&request("alice")).await.unwrap()));
    assert!(client.refresh_token(&first).await.is_ok());
}

/// An answer without a refresh token: near its end the caller's cookies make the next set, ahead of time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_refresh_token_cookies_renew() {
    for kind in Kind::BY_COOKIE {
        let world = World::new(kind).await;
        world.sandbox.rules(|rules| {
            rules.blueking.ssm.tokens.refreshable = false;
            rules.blueking.auth_api.tokens.refreshable = false;
        });
        let client = world.stand.client().await;
        let first = client.get_access_token(&request("alice")).await.unwrap();
        let left = client.refresh_token(&first).await.unwrap_err();
        assert!(matches!(left, TokenError::NotExist(_)), "{left:?}");
        world.near_expiry(&first);
        // By name alone, it is handed out to its very end.
        assert_eq!(client.get_access_token_by_user("alice").await.unwrap().access_token, first.access_token);
        let second = client.get_access_token(&request("alice")).await.unwrap();
        assert!(world.is_good(&second), "{kind:?}");
        world.pass(Duration::from_secs(200 * 86_400));
        let error = client.get_access_token_by_user("alice").await.unwrap_err();
        assert!(matches!(error, TokenError::NotExist(_)), "{error:?}");
    }
}

/// A cookie that is refused fails its own caller, and the token that lives is served all the same.
#[tokio::test]
async fn a_refused_cookie() {
    let world = World::new(Kind::SSM).await;
    let client = world.stand.client().await;
    let stranger = tokenward::blueking::RequestParts::of_user("alice").with_cookie("bk_token", "nobodys");
    let error = client.get_access_token(&stranger).await.unwrap_err();
    assert_eq!(error.code(), Code::TicketRefused);
    let TokenError::Api(told) = &error else { panic!("{error:?}") };
    assert_eq!(told.code, Some(1_901_400));
    assert!(!format!("{error:?}").contains("nobodys"));
    let first = client.get_access_token(&request("alice")).await.unwrap();
    assert_eq!(client.get_access_token(&stranger).await.unwrap().access_token, first.access_token);
}

/// Callers of one user at one moment, half of them with a dead cookie: theirs fails nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_fails_by_anothers_cookie() {
    let world = World::new(Kind::SSM).await;
    world.sandbox.rules(|rules| rules.latency_after_ms = 50);
    let client = world.stand.client().await;
    let mut callers = JoinSet::new();
    for number in 0..20 {
        let client = client.clone();
        callers.spawn(async move {
            let good = number % 2 == 1;
            let request = if good {
                request("alice")
            } else {
                tokenward::blueking::RequestParts::of_user("alice").with_cookie("bk_token", "nobodys")
            };
            (good, client.get_access_token(&request).await)
        });
    }
    for (good, result) in callers.join_all().await {
        assert!(!good || result.is_ok(), "{result:?}");
    }
    assert_eq!(world.grants().await, 1);
    assert!(world.counters().issued == 1, "{:?}", world.counters());
}

/// Passing trouble at the service while a token lives: the token is served, and the trouble told beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passing_trouble_fails_nobody_who_still_holds_validity() {
    for kind in [Kind::SSM, Kind::AuthApi { refresh: RefreshFate::Constant }] {
        let world = World::new(kind).await;
        let client = world.stand.client().await;
        let first = client.get_access_token(&request("alice")).await.unwrap();
        world.near_expiry(&first);
        world.sandbox.inject(Fault::drop_request().when(Operation::Refresh));
        let served = client.get_access_token_by_user("alice").await.unwrap();
        assert_eq!(served.access_token, first.access_token);
        assert!(!served.notices.is_empty() && world.is_good(&served), "{kind:?}");
        let next = client.get_access_token_by_user("alice").await.unwrap();
        assert!(world.is_good(&next), "{kind:?}");
    }
}
