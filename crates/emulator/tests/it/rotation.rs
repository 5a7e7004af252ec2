//! The rotation itself, and every knob of it (reference/feishu.md §5).

use std::time::Duration;

use tokenward_emulator::{Death, Endpoint, GraceAnswer, OldAccessToken, TokenApi};

use crate::world::{CALLBACK, World};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_used_refresh_token_is_dead_at_once() {
    let world = World::new().await;
    let first = world.seed_refresh();
    let second = world.refresh(Endpoint::V3Token, &first).await.field("refresh_token");
    world.refresh(Endpoint::V3Token, &first).await.is(400, 20064);
    world.sandbox.rules(|rules| rules.reused_code = 20073);
    world.refresh(Endpoint::V3Token, &first).await.is(400, 20073);
    // Without family revocation the winner's tokens live on.
    world.refresh(Endpoint::V3Token, &second).await.is(200, 0);
    assert_eq!(world.sandbox.counters().replays, 2);
}

#[tokio::test]
async fn of_many_at_once_exactly_one_wins() {
    let world = World::new().await;
    let token = world.seed_refresh();
    let attempts = (0..32).map(|_| world.refresh(Endpoint::V3Token, &token));
    let mut wins = 0;
    for attempt in futures_all(attempts).await {
        match attempt.code() {
            0 => wins += 1,
            code => assert_eq!(code, 20064),
        }
    }
    assert_eq!(wins, 1);
    let counters = world.sandbox.counters();
    assert_eq!((counters.refreshes, counters.rotations, counters.replays), (32, 1, 31));
}

#[tokio::test]
async fn the_old_access_token_meets_the_chosen_fate() {
    let world = World::new().await;
    let cases = [
        (OldAccessToken::UntilExpiry, 0, 0, 0),
        (OldAccessToken::Overlap { seconds: 60 }, 0, 0, 20005),
        (OldAccessToken::Dies, 20005, 0, 20005),
    ];
    for (fate, at_once, fresh, after_a_minute) in cases {
        world.sandbox.rules(|rules| rules.old_access_token = fate);
        let old = world.seed(TokenApi::V3);
        let info = world.url(Endpoint::UserInfo);
        let new = world.refresh(Endpoint::V3Token, &old.refresh_token.expect("refreshable")).await;
        assert_eq!(world.get(&info, &old.access_token).await.code(), at_once, "{fate:?}");
        assert_eq!(world.get(&info, &new.field("access_token")).await.code(), fresh, "{fate:?}");
        world.sandbox.advance(Duration::from_secs(61));
        assert_eq!(world.get(&info, &old.access_token).await.code(), after_a_minute, "{fate:?}");
        assert_eq!(world.get(&info, &new.field("access_token")).await.code(), 0, "{fate:?}");
    }
}

#[tokio::test]
async fn the_grace_window_forgives_with_the_same_pair() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.grace_seconds = 10);
    let first = world.seed_refresh();
    let answer = world.refresh(Endpoint::V3Token, &first).await;
    let again = world.refresh(Endpoint::V3Token, &first).await;
    assert_eq!(answer.field("refresh_token"), again.field("refresh_token"));
    assert_eq!(answer.field("access_token"), again.field("access_token"));
    world.sandbox.advance(Duration::from_secs(11));
    world.refresh(Endpoint::V3Token, &first).await.is(400, 20064);
}

#[tokio::test]
async fn the_grace_window_forgives_with_a_new_pair_and_ends_the_unused_one() {
    let world = World::new().await;
    world.sandbox.rules(|rules| {
        rules.grace_seconds = 10;
        rules.grace_answer = GraceAnswer::NewPair;
    });
    let first = world.seed_refresh();
    let unused = world.refresh(Endpoint::V3Token, &first).await.field("refresh_token");
    let second = world.refresh(Endpoint::V3Token, &first).await.field("refresh_token");
    assert_ne!(unused, second);
    world.refresh(Endpoint::V3Token, &unused).await.is(400, 20064);
    world.refresh(Endpoint::V3Token, &second).await.is(200, 0);
    // Its successor was used: nothing is forgiven any more.
    world.refresh(Endpoint::V3Token, &first).await.is(400, 20064);
}

#[tokio::test]
async fn a_forgiven_replay_does_not_prolong_the_window() {
    let world = World::new().await;
    world.sandbox.rules(|rules| {
        rules.grace_seconds = 10;
        rules.grace_answer = GraceAnswer::NewPair;
    });
    let first = world.seed_refresh();
    for (wait, code) in [(0, 0), (8, 0), (4, 20064)] {
        world.sandbox.advance(Duration::from_secs(wait));
        assert_eq!(world.refresh(Endpoint::V3Token, &first).await.code(), code);
    }
}

#[tokio::test]
async fn reuse_ends_the_family_when_asked_to() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.family_revocation = true);
    let first = world.seed_refresh();
    let second = world.refresh(Endpoint::V3Token, &first).await;
    world.refresh(Endpoint::V3Token, &first).await.is(400, 20064);
    world.refresh(Endpoint::V3Token, &second.field("refresh_token")).await.is(400, 20064);
    world.get(&world.url(Endpoint::UserInfo), &second.field("access_token")).await.is(200, 20005);
    assert_eq!(world.sandbox.current_tokens()[0].death, Some(Death::FamilyRevoked));
}

#[tokio::test]
async fn a_foreign_app_cannot_end_the_family() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.family_revocation = true);
    let first = world.seed_refresh();
    let second = world.refresh(Endpoint::V3Token, &first).await.field("refresh_token");
    let mut body = world.body("refresh_token", &[("refresh_token", &first)]);
    body["client_secret"] = "wrong".into();
    world.json(&world.url(Endpoint::V3Token), &body).await.is(400, 20002);
    world.refresh(Endpoint::V3Token, &second).await.is(200, 0);
}

#[tokio::test]
async fn refresh_tokens_slide_until_the_wall() {
    let world = World::new().await;
    let mut token = world.seed_refresh();
    for _ in 0..60 {
        world.sandbox.advance(DAY * 6);
        token = world.refresh(Endpoint::V3Token, &token).await.field("refresh_token");
    }
    world.sandbox.advance(DAY * 5);
    // 365 days after consent, although the answer five days ago announced seven.
    world.refresh(Endpoint::V3Token, &token).await.is(400, 20037);
}

#[tokio::test]
async fn the_wall_may_be_announced() {
    let world = World::new().await;
    world.sandbox.rules(|rules| {
        rules.wall_is_announced = true;
        rules.lifetimes.wall = 1000;
    });
    let token = world.seed_refresh();
    world.sandbox.freeze_clock(true);
    let body = world.refresh(Endpoint::V3Token, &token).await.json();
    let announced = body["refresh_token_expires_in"].as_u64().expect("a number");
    assert!((990..=1000).contains(&announced), "{announced}");
}

#[tokio::test]
async fn seven_days_without_a_refresh_end_a_login() {
    let world = World::new().await;
    let token = world.seed_refresh();
    world.sandbox.advance(DAY * 7);
    world.refresh(Endpoint::V3Token, &token).await.is(400, 20037);
}

#[tokio::test]
async fn the_clock_may_be_set_back() {
    let world = World::new().await;
    let token = world.seed_refresh();
    let before = world.sandbox.now();
    world.sandbox.advance(DAY * 8);
    world.sandbox.set_clock(before);
    world.refresh(Endpoint::V3Token, &token).await.is(200, 0);
}

#[tokio::test]
async fn a_second_authorization_may_end_the_first() {
    let world = World::new().await;
    let keep = world.seed_refresh();
    world.authorization_code(&[("redirect_uri", CALLBACK)]).await;
    let keep = world.refresh(Endpoint::V3Token, &keep).await.field("refresh_token");
    world.sandbox.rules(|rules| rules.reauthorization_ends_earlier = true);
    let code = world.authorization_code(&[]).await;
    world.exchange(Endpoint::V3Token, &code, &[]).await.is(200, 0);
    world.refresh(Endpoint::V3Token, &keep).await.is(400, 20064);
}

#[tokio::test]
async fn a_withdrawn_grant_is_dead_both_ways() {
    let world = World::new().await;
    let tokens = world.seed(TokenApi::V3);
    assert_eq!(world.sandbox.withdraw(&world.app.id, &world.user.id), 1);
    world.refresh(Endpoint::V3Token, &tokens.refresh_token.expect("refreshable")).await.is(400, 20064);
    world.get(&world.url(Endpoint::UserInfo), &tokens.access_token).await.is(200, 20005);
}

#[tokio::test]
async fn the_same_seed_mints_the_same_tokens() {
    let (one, other) = (World::new().await, World::new().await);
    assert_eq!(one.app.secret, other.app.secret);
    assert_eq!(one.seed(TokenApi::OidcV1).refresh_token, other.seed(TokenApi::OidcV1).refresh_token);
}

async fn futures_all<F: Future<Output = crate::world::Answer>>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                done.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}
