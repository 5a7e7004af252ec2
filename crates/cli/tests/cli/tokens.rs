//! Handing out: formats, lives, rotations, app and tenant tokens; what `status` says afterwards.

use serde_json::json;
use tokenward_emulator::{Fault, Operation};

use crate::world::World;

/// A child whose clock stands this many seconds ahead.
fn later(world: &World, seconds: u64, words: &[&str]) -> crate::world::Ran {
    world.run_with(&[("TOKENWARD_CLOCK_OFFSET", &seconds.to_string())], words)
}

#[test]
fn every_format_holds_the_same_token() {
    let world = World::logged_in();
    let raw = world.run(&["token"]).succeeds().out.trim().to_owned();
    assert!(world.secrets().contains(&raw));
    assert_eq!(world.run(&["token", "--format", "header"]).out, format!("Authorization: Bearer {raw}\n"));
    assert_eq!(world.run(&["token", "--format=env"]).out, format!("export TOKENWARD_ACCESS_TOKEN='{raw}'\n"));
    for words in [&["token", "--json"][..], &["token", "--format", "json"]] {
        let token = world.run(words).succeeds().json();
        assert_eq!(token["access_token"], raw);
        assert_eq!((&token["token_type"], &token["generation"]), (&json!("Bearer"), &json!(1)));
        assert!((7100..=7200).contains(&token["expires_in"].as_i64().unwrap()), "{token}");
    }
    let quiet = world.run(&["token", "-vv"]);
    assert_eq!(quiet.succeeds().out.trim(), raw, "the long way hands out the same");
    assert_eq!(world.sandbox.counters().refreshes, 0);
}

#[test]
fn a_token_is_rotated_when_due_and_once_only() {
    let world = World::logged_in();
    let first = world.run(&["token"]).out;
    world.advance(7260);
    let second = later(&world, 7260, &["token"]);
    assert_ne!(second.succeeds().out, first);
    assert_eq!(later(&world, 7260, &["token"]).out, second.out);
    let status = later(&world, 7260, &["status", "--json"]).json();
    assert_eq!((&status["login"]["generation"], &status["login"]["status"]), (&json!(2), &json!("valid")));
    assert_eq!(world.sandbox.counters().refreshes, 1);
}

/// design/0006-many-nodes.md, *Five trips*: the five of a rotation, one for what is kept of the app, and one that opens the vault.
#[test]
fn the_command_goes_to_the_vault_seven_times_to_rotate_a_token_and_thrice_to_find_one() {
    let world = World::logged_in();
    let trips = |offset: u64| {
        let offset = offset.to_string();
        let variables = [("TOKENWARD_CLOCK_OFFSET", offset.as_str()), ("TOKENWARD_LOG", "tokenward_vault=trace")];
        let ran = world.run_with(&variables, &["token"]);
        let told = ran.succeeds().err.lines().filter_map(|line| line.split_once("a trip to the vault how="));
        told.map(|(_, how)| how.to_owned()).collect::<Vec<_>>()
    };
    let look = ["Reading", "Reading", "Reading"];
    assert_eq!(trips(0), look, "what died before it was stored, what is kept of the app, the login");
    world.advance(7260);
    assert_eq!(trips(7260), [&look[..], &["Unsynced", "Synced", "Synced", "Synced"]].concat());
    assert_eq!(world.sandbox.counters().refreshes, 1);
}

#[test]
fn min_ttl_rotates_a_token_that_would_end_too_soon() {
    let world = World::logged_in();
    let first = world.run(&["token", "--min-ttl", "1h"]).succeeds().out.clone();
    world.advance(5400);
    assert_eq!(later(&world, 5400, &["token"]).out, first);
    assert_ne!(later(&world, 5400, &["token", "--min-ttl", "1h"]).succeeds().out, first);
    let ran = later(&world, 5400, &["token", "--min-ttl", "3h"]);
    assert!(ran.code == 0 && ran.err.contains("valid for less time than"), "{ran:?}");
}

#[test]
fn refresh_rotates_now_and_says_so() {
    let world = World::logged_in();
    let first = world.run(&["token"]).out;
    let ran = world.run(&["refresh"]);
    assert!(ran.succeeds().out.is_empty() && ran.err.contains("token set 2"), "{ran:?}");
    assert!(ran.err.contains("valid for 2 h"), "{ran:?}");
    assert_ne!(world.run(&["token"]).out, first);
    let answer = world.run(&["refresh", "--json"]).succeeds().json();
    assert_eq!((&answer["login"]["generation"], &answer["refreshed"]), (&json!(3), &json!(true)));
    assert!(!answer.to_string().contains(world.run(&["token"]).out.trim()), "a token is in `token` only");
}

#[test]
fn app_and_tenant_tokens_need_no_login() {
    let world = World::new();
    for identity in ["app", "tenant"] {
        let token = world.run(&["token", "--as", identity, "--json"]).succeeds().json();
        assert_eq!(token["identity"], identity);
        assert!(token["expires_in"].as_i64().unwrap() > 0);
        let raw = world.run(&["token", "--as", identity]);
        assert_eq!(raw.out.trim(), token["access_token"], "kept, not fetched again");
    }
    world.run(&["token"]).fails(3, "TW0401");
}

#[test]
fn looking_never_spends() {
    let world = World::logged_in();
    world.advance(8 * 86_400);
    for words in [&["status"][..], &["status", "--json"], &["list"], &["list", "--json"], &["vault", "info"]] {
        later(&world, 8 * 86_400, words);
    }
    assert_eq!(world.sandbox.counters().refreshes, 0);
    let status = later(&world, 8 * 86_400, &["status"]);
    assert_eq!(status.code, 3, "{status:?}");
    assert!(status.out.contains("login required"), "{status:?}");
}

#[test]
fn the_ends_of_a_login_are_announced() {
    let world = World::logged_in();
    let ran = later(&world, 6 * 86_400 + 3600, &["status"]);
    assert!(ran.succeeds().err.contains("this login expires in 23 h"), "{ran:?}");
    for week in 1..=59u64 {
        let offset = week * 6 * 86_400;
        world.advance(6 * 86_400);
        later(&world, offset, &["refresh"]).succeeds();
    }
    let ran = later(&world, 59 * 6 * 86_400, &["status"]);
    assert!(ran.succeeds().err.contains("a refresh cannot extend it"), "{ran:?}");
}

#[test]
fn a_failed_rotation_ahead_of_time_still_serves() {
    let world = World::logged_in();
    let first = world.run(&["token"]).out;
    world.advance(7000);
    world.sandbox.inject(Fault::code(20072).when(Operation::Refresh));
    let ran = later(&world, 7000, &["token"]);
    assert_eq!(ran.succeeds().out, first);
    assert!(ran.err.contains("still valid") && ran.err.contains("TW0501"), "{ran:?}");
}

#[test]
fn a_lost_answer_is_told_and_nothing_is_erased() {
    let world = World::logged_in();
    world.advance(7260);
    world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    let ran = later(&world, 7260, &["token"]);
    ran.fails(5, "TW0601");
    assert!(ran.err.contains("marked as outcome unknown"), "{ran:?}");
    let status = later(&world, 7260, &["status"]);
    assert_eq!(status.code, 5, "{status:?}");
    assert!(status.out.contains("outcome unknown") && status.out.contains("no answer came"), "{status:?}");
    let story = later(&world, 7260, &["status", "--json"]).json();
    assert_eq!(story["login"]["status_details"]["cause"], "no-answer");
    // The sandbox forgives nothing: the replay is refused, and the story says why.
    later(&world, 7260, &["token"]).fails(3, "TW0409");
    let status = later(&world, 7260, &["status", "--json"]).json();
    assert_eq!(status["login"]["status_details"]["code"], "TW0409");
    // A new login revives the same grant.
    world.sandbox.clear_faults();
}
