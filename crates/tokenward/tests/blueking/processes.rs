//! Many processes at one moment (R1–R4 of reference/blueking.md §1.6), and processes that are killed at each step, on
//! the rules of every dialect. This program starts itself and kills what it started.
#![expect(clippy::print_stdout, reason = "a child prints what it got")]

#[expect(dead_code, reason = "shared with `main.rs`, which uses the rest")]
mod world;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokenward::core::ports::Clock;
use tokenward::core::{Code, Standing, TokenApi};
use tokenward::{Keeper, KeeperOptions, Observer, Obtain, RotationStep};
use tokenward_emulator::{Fault, FaultKind, Operation, RefreshFate, Violation};
use tokenward_testkit::{Killed, Program, Task, Words, all_at_once, until};

use crate::world::{Kind, Stand, World, log_in, name_of, profile, request};

fn main() -> ExitCode {
    Program::new()
        .child("user", |words| runtime().block_on(work(words, true)))
        .child("by-name", |words| runtime().block_on(work(words, false)))
        .test("r1_r2_first_calls_of_4_processes_make_one_grant", || first_calls(4))
        .test("r1_r2_first_calls_of_32_processes_make_one_grant", || first_calls(32))
        .test("r3_r4_4_processes_near_expiry_make_one_refresh", || near_expiry(4))
        .test("r3_r4_32_processes_near_expiry_make_one_refresh", || near_expiry(32))
        .test("eight_users_of_32_processes_have_eight_grants", eight_users)
        .test("a_grant_request_that_is_killed_at_any_step_costs_nothing", killed_grant_requests)
        .test("a_rotation_that_is_killed_at_any_step_costs_no_login", killed_rotations)
        .test("an_answer_that_is_lost_costs_no_login_where_it_can_live", lost_answers)
        .test("a_lease_that_is_lost_costs_no_login", lost_leases)
        .side_by_side()
        .run()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A child's work: a stand, a user, and perhaps a step to die at. With a cookie of the user's, or by the name alone.
async fn work(words: &Words, with_cookie: bool) {
    let (stand, user) = (Stand::read(words.text(0)), words.text(1));
    let observer = (words.all().len() > 2).then(|| {
        let step = words.text(2).parse::<RotationStep>().unwrap();
        Arc::new(Killed(step)) as Arc<dyn Observer>
    });
    let session = stand.session(observer).await;
    let client = stand.client_of(&session);
    let token = if with_cookie {
        client.get_access_token(&request(user)).await
    } else {
        client.get_access_token_by_user(user).await
    };
    match token {
        Ok(token) => println!("{}", token.access_token.expose()),
        Err(error) => println!("error {}", error.code()),
    }
}

/// `user` or `by-name`, and whose token.
fn task(stand: &Stand, what: &str, user: &str) -> Task {
    Task::new(what).word(stand.told()).word(user)
}

fn run(stand: &Stand, what: &str, user: &str) -> String {
    task(stand, what, user).run().said()
}

fn dies(world: &World, what: &str, user: &str, step: RotationStep) {
    let ran = task(&world.stand, what, user).word(step.as_str()).run();
    assert!(ran.was_killed(), "{what} {user} was not killed at {step}: {ran:?}");
    world.sandbox.note_kill(&format!("{what} {user} dies {step}"));
}

fn is_good(world: &World, token: &str) -> bool {
    world.sandbox.is_good(token)
}

/// R1 where a later grant ends an earlier one, R2 where it gives the same tokens: four rows with a dead one first, or a unique
/// key's error for three of four.
fn first_calls(count: usize) {
    for kind in Kind::BY_COOKIE {
        let world = World::blocking(kind);
        world.sandbox.rules(|rules| rules.latency_after_ms = 200);
        let got = all_at_once((0..count).map(|_| task(&world.stand, "user", "alice")));
        let tokens: BTreeSet<_> = got.iter().collect();
        assert_eq!(tokens.len(), 1, "{kind:?}: {tokens:?}");
        assert!(is_good(&world, &got[0]), "{kind:?}");
        assert_eq!(world.counters().cookie_grants, 1, "{kind:?}");
        assert_eq!(runtime().block_on(world.grants()), 1, "{kind:?}");
        world.assert_clean();
    }
}

/// R3 where refresh tokens rotate, R4 where they are constant and the old access token dies.
fn near_expiry(count: usize) {
    for kind in Kind::BY_COOKIE {
        let world = World::blocking(kind);
        let runtime = runtime();
        let first =
            runtime.block_on(async { world.stand.client().await.get_access_token(&request("alice")).await.unwrap() });
        world.near_expiry(&first);
        world.sandbox.rules(|rules| rules.latency_after_ms = 200);
        // Half of them have a cookie.
        let what = |number: usize| if number.is_multiple_of(2) { "by-name" } else { "user" };
        let got = all_at_once((0..count).map(|number| task(&world.stand, what(number), "alice")));
        let tokens: BTreeSet<_> = got.iter().collect();
        assert_eq!(tokens.len(), 1, "{kind:?}: {tokens:?}");
        assert!(is_good(&world, &got[0]), "{kind:?}");
        let counters = world.counters();
        assert_eq!((counters.refreshes, counters.cookie_grants, counters.replays), (1, 1, 0), "{kind:?}");
        assert_eq!(runtime.block_on(world.grants()), 1);
        world.assert_clean();
    }
}

fn eight_users() {
    let world = World::blocking(Kind::SSM);
    let users = ["u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7"];
    for user in users {
        world::log_in_at_blueking(&world.sandbox, user);
    }
    world.sandbox.rules(|rules| rules.latency_after_ms = 100);
    let got = all_at_once((0..32).map(|number| task(&world.stand, "user", users[number % users.len()])));
    let tokens: BTreeSet<_> = got.iter().collect();
    assert_eq!(tokens.len(), 8, "{tokens:?}");
    assert!(got.iter().all(|token| is_good(&world, token)));
    for (number, token) in got.iter().enumerate() {
        assert_eq!(token, &got[number % users.len()], "{} has two tokens", users[number % users.len()]);
    }
    assert_eq!(world.counters().cookie_grants, 8);
    assert_eq!(runtime().block_on(world.grants()), 8);
    world.assert_clean();
}

/// Whoever makes a grant dies at a step; the next one gets a token that lives, and the service is asked once more only where its
/// answer was lost.
fn killed_grant_requests() {
    for kind in Kind::BY_COOKIE {
        for (step, grant_requests) in [
            (RotationStep::Leased, 1),
            (RotationStep::Reread, 1),
            (RotationStep::Proven, 1),
            (RotationStep::Begun, 1),
            (RotationStep::Sent, 2),
            (RotationStep::Journalled, 1),
            (RotationStep::Committed, 1),
            (RotationStep::Delivered, 1),
        ] {
            let world = World::blocking(kind);
            dies(&world, "user", "alice", step);
            let token = run(&world.stand, "user", "alice");
            assert!(is_good(&world, &token), "{kind:?} {step}: {token}");
            assert_eq!(run(&world.stand, "by-name", "alice"), token, "{kind:?} {step}");
            assert_eq!(world.counters().cookie_grants, grant_requests, "{kind:?} {step}");
            assert_eq!(runtime().block_on(world.grants()), 1, "{kind:?} {step}");
            world.assert_clean();
        }
    }
}

/// A grant to be rotated: by cookie where there is one, else by the login page.
fn granted(world: &World) {
    runtime().block_on(async {
        if matches!(world.kind.api(), TokenApi::Ssm | TokenApi::AuthApi) {
            world.stand.client().await.get_access_token(&request("alice")).await.unwrap();
        } else {
            log_in(world, "alice").await;
        }
    });
}

async fn keeper(world: &World) -> Keeper {
    world.stand.session(None).await.keeper().clone()
}

/// So late that the access token has ended.
fn expire(world: &World) {
    let end = runtime().block_on(async {
        let keeper = keeper(world).await;
        let id = keeper.grant_of(&name_of("alice")).await.unwrap();
        keeper.status(id).await.unwrap().grant.access.unwrap().expires
    });
    let left = end.duration_since(world.stand.clock.now());
    world.pass(Duration::try_from(left + SignedDuration::from_secs(5)).unwrap());
}

/// Every step of a rotation, on the rules of every dialect: the login lives.
fn killed_rotations() {
    for kind in Kind::ALL {
        for step in RotationStep::ALL {
            let world = World::blocking(kind);
            granted(&world);
            expire(&world);
            dies(&world, "by-name", "alice", step);
            let next = run(&world.stand, "by-name", "alice");
            assert!(is_good(&world, &next), "{kind:?} {step}: {next}");
            world.assert_clean();
        }
    }
}

/// Whether a refresh token that was used brings something once more.
const fn gives_twice(kind: Kind) -> bool {
    match kind {
        Kind::Ssm { refresh, .. } | Kind::AuthApi { refresh } => matches!(refresh, RefreshFate::Constant),
        Kind::BkAuth => false,
        Kind::Plain { grace } => grace > 0,
    }
}

/// Whether a refresh token is good once.
const fn is_used_up(kind: Kind) -> bool {
    matches!(kind, Kind::Plain { .. }) || !gives_twice(kind)
}

/// How a used refresh token's refusal reads. The auth api's codes are not published: one that is in no table leaves the login in
/// doubt, and what the user shows ends it.
const fn refused(kind: Kind) -> Code {
    match kind {
        Kind::AuthApi { .. } => Code::RefusedUnclearly,
        _ => Code::AnswerLost,
    }
}

/// A login that is lost for good is made again by its user, under the same name.
fn mended_by_login(world: &World) {
    granted(world);
    let token = run(&world.stand, "by-name", "alice");
    assert!(is_good(world, &token), "{:?}", world.kind);
    assert_eq!(runtime().block_on(world.grants()), 1);
}

/// The request was processed and its answer lost on the way: in doubt, then as above.
fn lost_answers() {
    for kind in Kind::ALL {
        for fault in [Fault::drop_answer(), Fault::drop_request()] {
            let world = World::blocking(kind);
            granted(&world);
            expire(&world);
            let processed = fault == Fault::drop_answer();
            world.sandbox.inject(fault.when(Operation::Refresh));
            let first = run(&world.stand, "by-name", "alice");
            assert_eq!(first, format!("error {}", Code::OutcomeUnknown), "{kind:?}");
            runtime().block_on(async {
                let keeper = keeper(&world).await;
                let id = keeper.grant_of(&name_of("alice")).await.unwrap();
                let standing = keeper.status(id).await.unwrap().grant.standing;
                assert!(matches!(standing, Standing::InDoubt { .. }), "{kind:?}: {standing:?}");
            });
            let next = run(&world.stand, "by-name", "alice");
            if processed && !gives_twice(kind) {
                assert_eq!(next, format!("error {}", refused(kind)), "{kind:?}");
                mended_by_login(&world);
            } else {
                assert!(is_good(&world, &next), "{kind:?}: {next}");
            }
            world.assert_clean();
        }
    }
}

/// A process stands still with its request under way until its lease is long over, and another, on a machine that cannot see it, has
/// rotated the grant. Then the first request arrives after all. Both answers are kept, and what is handed out then lives: where
/// a set ends the one before it, nobody can tell which of two sets is the later one, and a further rotation brings one that is.
fn lost_leases() {
    for kind in Kind::ALL {
        // A replay that comes minutes late ends the whole family there, whoever sends it.
        if kind == (Kind::Plain { grace: 0 }) {
            continue;
        }
        let world = World::blocking(kind);
        granted(&world);
        expire(&world);
        let runtime = runtime();
        runtime.block_on(async {
            world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh));
            let (slow, app) = (keeper(&world).await, world.stand.app.clone());
            let wanted = Obtain::user(profile(), "alice".parse().unwrap(), None);
            let asked = wanted.clone();
            let late = tokio::spawn(async move { slow.obtain(&app, &asked).await });
            until(|| world.sandbox.hanging() > 0).await;
            // Its lease has lapsed, and its deadline has passed, by everybody's clock.
            world.pass(Duration::from_secs(120));
            let mut parts = world.stand.session(None).await.parts().clone();
            let blind = tokenward::Processes::new(Path::new("/no/such/table"), &tokenward::SystemEntropy);
            parts.witness = std::sync::Arc::new(blind);
            let second = Keeper::new(parts, KeeperOptions::default());
            let handed = second.obtain(&world.stand.app, &wanted).await.unwrap();
            assert!(is_good(&world, handed.access.token.expose()), "{kind:?}");
            world.sandbox.release();
            let late = late.await.unwrap();
            if let Ok(late) = &late {
                assert!(is_good(&world, late.access.token.expose()), "{kind:?}: {:?}", late.notices);
            }
        });
        let token = run(&world.stand, "by-name", "alice");
        assert!(is_good(&world, &token), "{kind:?}: {token}");
        assert_eq!(runtime.block_on(world.grants()), 1);
        // The request that was under way all the time is the only one that came a second time, and it ended nothing.
        let verdict = world.sandbox.check();
        let late = |violation: &Violation| matches!(violation, Violation::KnownReplay(_)) && is_used_up(kind);
        assert!(verdict.violations.iter().all(late) && verdict.violations.len() <= 1, "{kind:?}: {verdict:#?}");
    }
}
