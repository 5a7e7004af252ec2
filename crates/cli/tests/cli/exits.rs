//! The seven exit codes, each provoked, and what an error holds.

use tokenward_emulator::{Fault, FaultKind, Operation};

use crate::world::{World, bare_command, run};

fn expired(world: &World) {
    world.advance(7260);
}

fn token(world: &World) -> crate::world::Ran {
    world.run_with(&[("TOKENWARD_CLOCK_OFFSET", "7260")], &["token", "--json"])
}

#[test]
fn done_is_zero() {
    let world = World::logged_in();
    assert_eq!(world.run(&["token"]).code, 0);
    assert_eq!(world.run(&["status"]).code, 0);
}

#[test]
fn our_own_fault_is_one() {
    let world = World::logged_in();
    expired(&world);
    world.sandbox.inject(Fault::code(20063).when(Operation::Refresh));
    let ran = token(&world);
    assert_eq!(ran.code, 1, "{ran:?}");
    let error = ran.error();
    assert_eq!(error["code"], "TW0101");
    assert_eq!(error["refusal"]["provider_code"], 20063);
}

#[test]
fn wrong_usage_is_two() {
    assert_eq!(run(&mut bare_command(&["tokn"])).code, 2);
    assert_eq!(run(&mut bare_command(&["vault"])).code, 2);
    let ran = run(&mut bare_command(&["token", "--as", "robot", "--json"]));
    assert_eq!((ran.code, ran.error()["code"].as_str().unwrap()), (2, "TW0200"), "{ran:?}");
}

#[test]
fn a_person_is_needed_is_three() {
    let world = World::new();
    world.run(&["token"]).fails(3, "TW0401");
    let world = World::logged_in();
    let user = world.sandbox.current_tokens()[0].user.clone();
    world.sandbox.withdraw(&world.app.id, &user);
    expired(&world);
    let ran = token(&world);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(ran.error()["kept"], "record");
}

#[test]
fn passing_trouble_is_four_and_loses_nothing() {
    let world = World::logged_in();
    expired(&world);
    world.sandbox.inject(Fault::code(20072).when(Operation::Refresh));
    let ran = token(&world);
    assert_eq!(ran.code, 4, "{ran:?}");
    let error = ran.error();
    assert_eq!((error["code"].as_str(), error["kept"].as_str()), (Some("TW0501"), Some("token-unused")), "{ran:?}");
    assert_eq!((&error["refusal"]["provider_code"], &error["refusal"]["http_status"]), (&20072.into(), &503.into()));
    assert!(!error["refusal"]["log_id"].as_str().unwrap().is_empty());
    assert_eq!(error["page"], "tokenward explain TW0501");
    assert_eq!(token(&world).code, 0);
}

#[test]
fn a_refused_connection_is_four() {
    let world = World::logged_in();
    let offset = "7260";
    let variables = [("TOKENWARD_CLOCK_OFFSET", offset), ("TOKENWARD_ACCOUNTS_URL", "http://127.0.0.1:9")];
    let ran = world.run_with(&variables, &["token"]);
    ran.fails(4, "TW0502");
    assert_eq!(world.sandbox.counters().refreshes, 0);
}

#[test]
fn an_unknown_outcome_is_five() {
    let world = World::logged_in();
    expired(&world);
    world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    let ran = token(&world);
    assert_eq!((ran.code, ran.error()["kept"].as_str()), (5, Some("outcome-unknown")), "{ran:?}");
    let world = World::logged_in();
    expired(&world);
    world.sandbox.inject(Fault::new(FaultKind::Html { status: 200 }).when(Operation::Refresh));
    assert_eq!(token(&world).code, 5);
}

#[test]
fn an_app_setting_is_six() {
    let world = World::logged_in();
    expired(&world);
    world.sandbox.change_app(&world.app.id, |app| app.refresh_switch = false).unwrap();
    let ran = token(&world);
    assert_eq!((ran.code, ran.error()["code"].as_str()), (6, Some("TW0703")), "{ran:?}");
    world.sandbox.change_app(&world.app.id, |app| app.refresh_switch = true).unwrap();
    assert_eq!(token(&world).code, 0, "nothing was lost");
}

#[test]
fn every_code_has_its_page() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    for code in tokenward_core::Code::ALL {
        let page = std::fs::read_to_string(folder.join(code.page_name()));
        let page = page.unwrap_or_else(|error| panic!("{code}: {error}"));
        assert!(page.contains(code.as_str()) && page.len() > 200, "{code}");
    }
}
