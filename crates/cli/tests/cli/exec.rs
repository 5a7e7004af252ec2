//! `exec`: the program gets the token and nothing of ours, and takes our place.

use crate::identity::ada_and_ming;
use crate::world::{Started, World};

#[test]
fn the_program_sees_the_token_under_every_name() {
    let world = World::logged_in();
    let token = world.run(&["token"]).out.trim().to_owned();
    let ran = world.run(&["exec", "--", "env"]);
    let has = |name: &str, value: &str| ran.out.lines().any(|line| line == format!("{name}={value}"));
    assert!(has("TOKENWARD_ACCESS_TOKEN", &token), "{ran:?}");
    assert!(has("LARKSUITE_CLI_USER_ACCESS_TOKEN", &token));
    assert!(has("LARKSUITE_CLI_APP_ID", &world.app.id));
    assert!(has("LARKSUITE_CLI_BRAND", "feishu"));
    let ran = world.run(&["exec", "--env", "A", "--env", "B", "--only-env", "env"]);
    assert!(ran.out.contains(&format!("A={token}\n")) && ran.out.contains(&format!("B={token}\n")), "{ran:?}");
    assert!(!ran.out.contains("LARKSUITE") && !ran.out.contains("TOKENWARD_ACCESS_TOKEN"), "{ran:?}");
}

#[test]
fn our_secrets_stay_here() {
    let world = World::logged_in();
    let variables = [("TOKENWARD_APP_SECRET", world.app.secret.as_str()), ("TOKENWARD_APP_TICKET", "ticket")];
    let ran = world.run_with(&variables, &["exec", "--", "env"]);
    assert!(!ran.succeeds().out.contains(&world.app.secret) && !ran.out.contains("TICKET"), "{ran:?}");
}

#[test]
fn exit_codes_and_signals_are_the_programs_own() {
    let world = World::logged_in();
    assert_eq!(world.run(&["exec", "--", "sh", "-c", "exit 42"]).code, 42);
    let mut started = Started::new(&mut world.command(&["exec", "--", "sh", "-c", "echo $$; exec sleep 30"]));
    // The program has our own process number: it took our place.
    assert_eq!(started.line(), started.id().to_string());
    started.signal("TERM");
    assert_eq!(started.finish().code, 128 + 15);
}

#[test]
fn a_program_that_is_not_there() {
    let world = World::logged_in();
    world.run(&["exec", "--", "no-such-program"]).fails(2, "TW0209");
    world.run(&["exec", "--", "/etc"]).fails(2, "TW0209");
}

#[test]
fn a_nested_command_is_not_warned_about_what_exec_sets() {
    let world = World::logged_in();
    let program = env!("CARGO_BIN_EXE_tokenward");
    let ran = world.run(&["exec", "--", program, "status"]);
    assert!(ran.succeeds().err.is_empty(), "{ran:?}");
}

/// A program that asks again gets the token of the same login, by the same clock.
#[test]
fn a_nested_command_means_the_same_login() {
    let (world, _) = ada_and_ming();
    world.login(&["--profile", "ming"]).succeeds();
    let program = env!("CARGO_BIN_EXE_tokenward");
    for profile in ["default", "ming"] {
        let outer = world.run(&["-p", profile, "token"]).succeeds().out.clone();
        let inner = world.run(&["-p", profile, "exec", "--", program, "token"]);
        assert_eq!(inner.succeeds().out, outer, "{profile}");
    }
    world.advance(7260);
    let offset = [("TOKENWARD_CLOCK_OFFSET", "7260")];
    let before = world.sandbox.counters().refreshes;
    let ran = world.run_with(&offset, &["-p", "ming", "exec", "--", program, "token"]);
    assert!(ran.succeeds().err.is_empty(), "{ran:?}");
    assert_eq!(world.sandbox.counters().refreshes - before, 1);
}
