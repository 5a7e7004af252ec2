//! At the engine: for each fault, what is said, what is kept, and that the login
//! lives on. None erases a login.

use std::time::Duration;

use tokenward::core::{Code, Oddity, Standing, Status, TokenWish};
use tokenward::{KeptState, Notice};
use tokenward_emulator::{Fault, FaultKind, OddAnswer, Operation};

use crate::world::World;

/// A passing fault: the token is unspent, the next call succeeds, nothing was replayed.
async fn passing(fault: Fault, code: Code) {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.inject(fault.when(Operation::Refresh));

    let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(error.kept(), KeptState::TokenUnspent);
    assert_eq!(keeper.status(id).await.unwrap().status, Status::Due);

    let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert!(world.live_access().contains(&handed.access.token.expose().to_owned()));
    assert_eq!(world.sandbox.counters().replays, 0);
    world.assert_clean();
}

#[tokio::test]
async fn temporarily_unavailable() {
    passing(Fault::code(20072), Code::ProviderUnavailable).await;
}

#[tokio::test]
async fn internal_error() {
    passing(Fault::code(20050), Code::ProviderUnavailable).await;
}

#[tokio::test]
async fn rate_limited() {
    passing(Fault::new(FaultKind::RateLimit { reset_seconds: 7 }), Code::RateLimited).await;
}

#[tokio::test]
async fn the_refresh_switch_is_off() {
    passing(Fault::code(20074), Code::RefreshSwitchedOff).await;
}

#[tokio::test]
async fn the_secret_is_wrong() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.inject(Fault::code(20002).when(Operation::Refresh));
    // Said once; the same id and secret are not shown again at every call.
    for _ in 0..3 {
        let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
        assert_eq!((error.code(), error.kept()), (Code::AppCredentialsWrong, KeptState::TokenUnspent), "{error}");
        assert_eq!(keeper.status(id).await.unwrap().status, Status::Due);
        assert_eq!(world.sandbox.counters().refreshes, 1);
    }
    // Whoever insists asks, and what is accepted is remembered no longer.
    assert!(keeper.renew(&world.app, id).await.unwrap().rotated);
    world.expire();
    assert!(keeper.access(&world.app, id, TokenWish::default()).await.unwrap().rotated);
    // Another secret is another question, and so is the same one after a while.
    world.expire();
    world.sandbox.inject(Fault::code(20002).when(Operation::Refresh).times(2));
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    let sent = world.sandbox.counters().refreshes;
    let mut other = world.app.clone();
    other.secret = Some(tokenward::core::AppSecret::parse("another-secret").unwrap());
    keeper.access(&other, id, TokenWish::default()).await.unwrap_err();
    assert_eq!(world.sandbox.counters().refreshes, sent + 1);
    keeper.access(&other, id, TokenWish::default()).await.unwrap_err();
    assert_eq!(world.sandbox.counters().refreshes, sent + 1);
    world.pass(std::time::Duration::from_secs(90));
    keeper.access(&other, id, TokenWish::default()).await.unwrap_err();
    assert_eq!(world.sandbox.counters().refreshes, sent + 2);
    assert!(keeper.access(&world.app, id, TokenWish::default()).await.unwrap().rotated);
    assert_eq!(world.sandbox.counters().replays, 0);
    world.assert_clean();
}

#[tokio::test]
async fn connection_refused_spends_nothing() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    let mut elsewhere = world.app.clone();
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    elsewhere.hosts.accounts.set_port(Some(free)).unwrap();

    let error = keeper.access(&elsewhere, id, TokenWish::default()).await.unwrap_err();
    assert_eq!((error.code(), error.kept()), (Code::Unreachable, KeptState::TokenUnspent));
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(world.sandbox.counters().replays, 0);
    world.assert_clean();
}

#[tokio::test]
async fn a_dropped_request_is_in_doubt_and_its_replay_succeeds() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.inject(Fault::drop_request().when(Operation::Refresh));

    let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!((error.code(), error.kept()), (Code::OutcomeUnknown, KeptState::Doubt));
    assert_eq!(keeper.status(id).await.unwrap().status, Status::InDoubt);

    let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert!(handed.notices.iter().any(|notice| matches!(notice, Notice::Recovered(tokenward::Recovered::Replay))));
    assert_eq!(keeper.status(id).await.unwrap().status, Status::Fresh);
    world.assert_clean();
}

#[tokio::test]
async fn a_lost_answer_is_told_as_such_and_the_record_stays() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));

    let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!((error.code(), error.kept()), (Code::OutcomeUnknown, KeptState::Doubt));
    // The provider forgives nothing, so the replay is refused; the story is ours, not a foreign spender's.
    let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!((error.code(), error.kept()), (Code::AnswerLost, KeptState::Record));
    let report = keeper.status(id).await.unwrap();
    assert!(matches!(report.grant.standing, Standing::NeedsConsent { code: Code::AnswerLost, .. }));
    // Nothing is sent any more, however often one asks.
    let sent = world.sandbox.counters().refreshes;
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!(world.sandbox.counters().refreshes, sent);
    world.assert_clean();
    // A new login under the same profile brings the grant back.
    let (again, _) = world.log_in(&keeper, "work").await;
    assert_eq!(again, id);
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_within_a_grace_window_costs_nothing() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.grace_seconds = 60);
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(keeper.status(id).await.unwrap().status, Status::Fresh);
}

#[tokio::test]
async fn half_an_answer_that_holds_the_refresh_token_is_enough() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    // The longest cut that still lacks the end, and then shorter ones, until the refresh token is cut too.
    let mut survived = 0;
    for bytes in [4_000, 3_500, 3_000, 2_500, 2_000, 1_500, 1_000, 100] {
        world.expire();
        world.sandbox.inject(Fault::new(FaultKind::Cut { bytes }).when(Operation::Refresh));
        match keeper.access(&world.app, id, TokenWish::default()).await {
            Ok(_) => {
                survived += 1;
                world.assert_clean();
            }
            Err(error) => {
                assert_eq!((error.code(), error.kept()), (Code::OddAnswer, KeptState::Doubt), "{error}");
                let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
                assert_eq!(error.code(), Code::AnswerLost);
                break;
            }
        }
        world.sandbox.clear_faults();
    }
    assert!(survived > 0, "no cut was survived");
}

#[tokio::test]
async fn html_and_empty_answers_are_kept_and_in_doubt() {
    for kind in [FaultKind::Html { status: 200 }, FaultKind::Html { status: 502 }, FaultKind::Empty { status: 200 }] {
        let world = World::new().await;
        let keeper = world.keeper().await;
        let (id, _) = world.log_in(&keeper, "work").await;
        world.expire();
        // Before processing: a gateway in between answered, the provider never saw the token.
        world.sandbox.inject(Fault::new(kind).when(Operation::Refresh));
        let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
        assert_eq!((error.code(), error.kept()), (Code::OddAnswer, KeptState::Doubt), "{error}");
        keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
        world.assert_clean();
    }
}

#[tokio::test]
async fn i7_while_the_token_lives_a_failing_rotation_fails_nobody() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.pass(Duration::from_secs(7000));
    world.sandbox.inject(Fault::code(20072).when(Operation::Refresh));
    let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert!(!handed.rotated);
    assert!(
        matches!(&handed.notices[..], [Notice::RotationFailed(error)] if error.code() == Code::ProviderUnavailable)
    );
    assert!(world.live_access().contains(&handed.access.token.expose().to_owned()));
}

#[tokio::test]
async fn an_odd_answer_keeps_what_it_brings_and_names_the_oddity() {
    let expected = [
        (OddAnswer::NoAccessToken, Some(Oddity::AccessMissing)),
        (OddAnswer::OnlyRefreshToken, Some(Oddity::AccessMissing)),
        (OddAnswer::NoExpiry, Some(Oddity::AccessLifeMissing)),
        (OddAnswer::NumbersAsStrings, Some(Oddity::NumberAsText)),
        (OddAnswer::ExtraFields, None),
        (OddAnswer::NoCode, None),
    ];
    for (answer, oddity) in expected {
        let world = World::new().await;
        let keeper = world.keeper().await;
        let (id, _) = world.log_in(&keeper, "work").await;
        world.expire();
        world.sandbox.inject(Fault::new(FaultKind::Odd { answer }).when(Operation::Refresh));
        let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
        let named = handed.notices.iter().any(|notice| matches!(notice, Notice::Odd(odd) if Some(*odd) == oddity));
        assert_eq!(named, oddity.is_some(), "{answer:?}: {:?}", handed.notices);
        assert!(world.live_access().contains(&handed.access.token.expose().to_owned()), "{answer:?}");
        assert_eq!(world.sandbox.counters().replays, 0, "{answer:?}");
        // And the login still rotates.
        world.expire();
        keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
        world.assert_clean();
    }
}

#[tokio::test]
async fn a_missing_refresh_token_is_named_and_the_access_token_served_to_its_end() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.inject(Fault::new(FaultKind::Odd { answer: OddAnswer::NoRefreshToken }).when(Operation::Refresh));
    let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert!(handed.notices.iter().any(|notice| matches!(notice, Notice::Odd(Oddity::RefreshMissing))));
    world.expire();
    let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!((error.code(), error.kept()), (Code::NoRefreshToken, KeptState::Record));
    world.assert_clean();
}

#[tokio::test]
async fn a_life_shorter_than_the_margin_is_no_rotation_per_call() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.lifetimes.access = 60);
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    for _ in 0..20 {
        keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    }
    assert_eq!(world.sandbox.counters().refreshes, 0);
    world.pass(Duration::from_secs(55));
    for _ in 0..20 {
        keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    }
    assert_eq!(world.sandbox.counters().refreshes, 1);
    // More than such a token can live is asked for: one rotation, and the longest there is.
    let ask = TokenWish::Living { min_ttl: Duration::from_secs(3600) };
    let handed = keeper.access(&world.app, id, ask).await.unwrap();
    assert!(handed.notices.iter().any(|notice| matches!(notice, Notice::ShorterThanAsked)));
    assert!(world.sandbox.counters().refreshes <= 2);
    world.assert_clean();
}

#[tokio::test]
async fn a_life_of_zero_is_a_life_that_is_not_told_and_no_endless_loop() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    world.sandbox.rules(|rules| rules.lifetimes.access = 0);
    let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert!(handed.notices.iter().any(|notice| matches!(notice, Notice::Odd(_))), "{:?}", handed.notices);
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.expire();
    world.sandbox.rules(|rules| rules.lifetimes.access = 7200);
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    world.assert_clean();
}

#[tokio::test]
async fn a_clock_set_back_a_day_costs_one_rotation_and_no_login() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.clock.advance(jiff::SignedDuration::from_hours(-24));
    let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert!(handed.rotated);
    assert!(handed.notices.iter().any(|notice| matches!(notice, Notice::ClockWentBack)));
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(world.sandbox.counters().refreshes, 1);
    // And forward again.
    world.clock.advance(jiff::SignedDuration::from_hours(24));
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(world.sandbox.counters().replays, 0);
    world.assert_clean();
}

#[tokio::test]
async fn a_clock_set_forward_a_month_asks_the_provider_before_giving_up() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.clock.advance(jiff::SignedDuration::from_hours(24 * 30));
    // By our clock the refresh token ended three weeks ago; by the provider's it lives (I6).
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    world.assert_clean();
}

#[tokio::test]
async fn the_seven_day_end_and_the_wall_are_told_apart() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.pass(Duration::from_secs(8 * 86_400));
    let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::RefreshTokenExpired, "{error}");

    let (id, _) = world.log_in(&keeper, "work").await;
    for _ in 0..61 {
        world.pass(Duration::from_secs(6 * 86_400));
        if let Err(error) = keeper.access(&world.app, id, TokenWish::default()).await {
            assert_eq!(error.code(), Code::ConsentExpired, "{error}");
            world.assert_clean();
            return;
        }
    }
    panic!("the wall was never met");
}

#[tokio::test]
async fn a_foreign_spender_is_named() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    // A second tool holds the same refresh token, and spends it.
    let stolen = world.sandbox.current_tokens()[0].refresh_token.clone().unwrap();
    let client = reqwest::Client::new();
    let answer = client
        .post(world.app.hosts.accounts.join("oauth/v3/token").unwrap())
        .form(&[
            ("grant_type", "refresh_token"),
            ("client_id", &world.app.client_id),
            ("client_secret", world.app.expose_secret()),
            ("refresh_token", &stolen),
        ])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    world.expire();
    let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!((error.code(), error.kept()), (Code::ForeignSpender, KeptState::Record), "{error}");
    assert_eq!(error.refusal().unwrap().provider_code, Some(20064));
}
