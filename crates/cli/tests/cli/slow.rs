//! Slow providers: whoever has a token is not kept, and no answer is left behind.

use crate::world::World;

#[test]
fn a_rotation_ahead_of_time_that_outlasts_the_readers_patience_is_brought_to_its_end() {
    let world = World::logged_in();
    // Due, and good for five minutes still.
    let offset = "6900";
    world.advance(6900);
    world.sandbox.rules(|rules| rules.latency_after_ms = 11_500);
    let ran = world.run_with(&[("TOKENWARD_CLOCK_OFFSET", offset)], &["token"]);
    ran.succeeds();
    world.sandbox.rules(|rules| rules.latency_after_ms = 0);
    // The provider has rotated the login; the answer must be ours, or the login is lost.
    world.advance(7300);
    let offset = (6900 + 7300).to_string();
    world.run_with(&[("TOKENWARD_CLOCK_OFFSET", &offset)], &["token"]).succeeds();
    assert_eq!(world.sandbox.counters().replays, 0);
    let verdict = world.sandbox.check();
    assert!(verdict.is_clean(), "{:#?}", verdict.violations);
}
