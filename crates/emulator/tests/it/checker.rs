//! The checker: what it calls a violation, and what it does not.

use tokenward_emulator::{Endpoint, Fault, Operation, Violation};

use crate::world::World;

async fn refresh(world: &World, token: &str) -> Option<String> {
    let answer = world.refresh(Endpoint::V3Token, token).await;
    (answer.code() == 0).then(|| answer.field("refresh_token"))
}

/// Loses the answer to one refresh.
async fn lose(world: &World, token: &str) {
    world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    let body = world.body("refresh_token", &[("refresh_token", token)]);
    let request = world.http.post(world.url(Endpoint::V3Token)).header("content-type", "application/json");
    request.body(body.to_string()).send().await.expect_err("dropped");
}

#[tokio::test]
async fn honest_rotation_is_clean() {
    let world = World::new().await;
    let mut token = world.seed_refresh();
    for _ in 0..5 {
        token = refresh(&world, &token).await.expect("rotated");
    }
    world.sandbox.inject(Fault::code(20050).times(3));
    for _ in 0..3 {
        assert_eq!(refresh(&world, &token).await, None);
    }
    refresh(&world, &token).await.expect("a passing refusal allows another send");
    let verdict = world.sandbox.check();
    assert!(verdict.is_clean() && verdict.doubtful_replays.is_empty() && verdict.stranded.is_empty(), "{verdict:?}");
}

#[tokio::test]
async fn a_replay_after_a_whole_answer_is_a_violation() {
    let world = World::new().await;
    let token = world.seed_refresh();
    refresh(&world, &token).await.expect("rotated");
    refresh(&world, &token).await;
    let verdict = world.sandbox.check();
    let [Violation::KnownReplay(replay)] = verdict.violations.as_slice() else { panic!("{verdict:?}") };
    assert_eq!((replay.grant.as_str(), replay.generation, replay.first, replay.again), ("grant-1", Some(0), 1, 2));
}

#[tokio::test]
async fn a_replay_after_a_lost_answer_is_doubtful_once_it_is_refused_for_good_no_more() {
    let world = World::new().await;
    let token = world.seed_refresh();
    lose(&world, &token).await;
    refresh(&world, &token).await;
    let verdict = world.sandbox.check();
    assert!(verdict.is_clean());
    assert_eq!((verdict.doubtful_replays.len(), verdict.stranded.as_slice()), (1, ["grant-1".to_owned()].as_slice()));
    refresh(&world, &token).await;
    assert!(matches!(world.sandbox.check().violations.as_slice(), [Violation::SentAfterRefusal(_)]));
}

#[tokio::test]
async fn a_killed_client_may_not_have_read_its_answer() {
    let world = World::new().await;
    let token = world.seed_refresh();
    refresh(&world, &token).await.expect("rotated");
    world.sandbox.note_kill("SIGKILL between answer and commit");
    refresh(&world, &token).await;
    let verdict = world.sandbox.check();
    assert!(verdict.is_clean() && verdict.doubtful_replays.len() == 1, "{verdict:?}");
}

#[tokio::test]
async fn a_kill_excuses_nobody_who_has_shown_the_next_token() {
    let world = World::new().await;
    let token = world.seed_refresh();
    let answer = world.refresh(Endpoint::V3Token, &token).await;
    world.get(&world.url(Endpoint::UserInfo), &answer.field("access_token")).await.is(200, 0);
    world.sandbox.note_kill("later");
    refresh(&world, &token).await;
    assert!(matches!(world.sandbox.check().violations.as_slice(), [Violation::KnownReplay(_)]));
}

#[tokio::test]
async fn family_revocation_by_a_replay_is_a_lost_login() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.family_revocation = true);
    let token = world.seed_refresh();
    refresh(&world, &token).await.expect("rotated");
    refresh(&world, &token).await;
    let verdict = world.sandbox.check();
    let lost = |violation: &Violation| matches!(violation, Violation::LoginLost { grant, .. } if grant == "grant-1");
    assert!(verdict.violations.iter().any(lost), "{verdict:?}");
}

#[tokio::test]
async fn family_revocation_after_a_kill_is_no_fault_of_the_client() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.family_revocation = true);
    let token = world.seed_refresh();
    refresh(&world, &token).await.expect("rotated");
    world.sandbox.note_kill("before it was read");
    refresh(&world, &token).await;
    let verdict = world.sandbox.check();
    assert!(verdict.is_clean() && verdict.stranded == ["grant-1"], "{verdict:?}");
}

#[tokio::test]
async fn two_sends_at_once_are_a_violation() {
    let world = World::new().await;
    let token = world.seed_refresh();
    let hang = Fault::new(tokenward_emulator::FaultKind::Hang).at(tokenward_emulator::Stage::After);
    world.sandbox.inject(hang);
    let (_, ()) = tokio::join!(world.refresh(Endpoint::V3Token, &token), async {
        while world.sandbox.hanging() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        refresh(&world, &token).await;
        let verdict = world.sandbox.check();
        assert!(matches!(verdict.violations.as_slice(), [Violation::ParallelSpend(_)]), "{verdict:?}");
        world.sandbox.release();
    });
}

#[tokio::test]
async fn tokens_from_nowhere_and_ends_on_purpose() {
    let world = World::new().await;
    refresh(&world, "eyJ.from.nowhere").await;
    assert!(matches!(world.sandbox.check().violations.as_slice(), [Violation::UnknownToken { sequence: 1, .. }]));
    world.seed_refresh();
    world.sandbox.withdraw(&world.app.id, &world.user.id);
    assert_eq!(world.sandbox.check().ended, ["grant-1"]);
}
