//! An app that serves many users: whose login lives, what a person is told to run, and that it works when it is typed.

use tokenward_emulator::{Door, Fault, FaultKind, Operation};

use crate::desk::Desk;
use crate::world::Ran;

/// A login that the provider has ended, while its access token has not reached its end.
fn over() -> Desk {
    let desk = Desk::new(Door::Ssm);
    desk.login_by_cookie("alice").succeeds();
    desk.login_by_cookie("bob").succeeds();
    desk.sandbox.withdraw("demo-app", "alice");
    desk.run(&["refresh", "--user", "alice"]).fails(3, "TW04");
    desk
}

/// Every command that is told for one user's login names the user.
fn names_the_user(ran: &Ran, user: &str) {
    let told = format!("{}{}", ran.out, ran.err);
    for verb in ["login", "refresh", "status", "token"] {
        for rest in told.split(&format!("`tokenward {verb}")).skip(1) {
            let command = rest.split('`').next().unwrap_or_default();
            assert!(command.contains(&format!("--user {user}")), "{verb}{command}: {ran:?}");
        }
    }
}

#[test]
fn a_login_that_is_over_is_made_again_while_its_old_token_lives() {
    let desk = over();
    // What is refused is no login, whatever is still handed out.
    let ran = desk.run_fed(&["login", "--user", "alice", "--cookie-stdin"], "nobodys-cookie-that-is-not-known");
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(!ran.err.contains("logged in: alice") && !ran.err.contains("already logged in"), "{ran:?}");
    desk.run(&["status", "--user", "alice"]).fails(3, "--user alice");

    let ran = desk.login_by_cookie("alice");
    let told = &ran.succeeds().err;
    assert!(
        told.contains("logged in: alice") && !told.contains("already") && !told.contains("no longer valid"),
        "{ran:?}"
    );
    desk.run(&["status", "--user", "alice"]).succeeds();
    assert!(desk.is_good(&desk.token(&["--user", "alice"])));
    assert!(desk.login_by_cookie("alice").succeeds().err.contains("already logged in"));
}

#[test]
fn a_login_in_doubt_lives_after_a_login() {
    let desk = Desk::new(Door::Ssm);
    desk.login_by_cookie("alice").succeeds();
    desk.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    desk.run(&["refresh", "--user", "alice"]).fails(5, "TW06");
    desk.run(&["status"]).fails(5, "");
    desk.login_by_cookie("alice").succeeds();
    desk.run(&["status", "--user", "alice"]).succeeds();
    assert!(desk.is_good(&desk.token(&["--user", "alice"])));
}

#[test]
fn the_worst_of_many_logins_is_the_exit_code() {
    let desk = Desk::new(Door::Ssm);
    for words in [&["status"][..], &["status", "--json"]] {
        desk.run(words).fails(3, "no user is logged in yet");
    }
    desk.token(&["--as", "app"]);
    desk.run(&["status"]).fails(3, "tokenward login --user NAME");
    desk.login_by_cookie("bob").succeeds();
    desk.run(&["status"]).succeeds();
    desk.login_by_cookie("alice").succeeds();
    desk.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    desk.run(&["refresh", "--user", "bob"]).fails(5, "TW06");
    for words in [&["status"][..], &["status", "--json"]] {
        assert_eq!(desk.run(words).code, 5);
    }
    desk.sandbox.withdraw("demo-app", "alice");
    desk.run(&["refresh", "--user", "alice"]).fails(3, "TW04");
    for words in [&["status"][..], &["status", "--json"]] {
        assert_eq!(desk.run(words).code, 3);
    }
    // Who has logged out asks for nothing.
    desk.login_by_cookie("bob").succeeds();
    desk.run(&["logout", "--user", "alice", "--yes"]).succeeds();
    desk.run(&["status"]).succeeds();
    desk.run(&["logout", "--user", "bob", "--yes"]).succeeds();
    desk.run(&["status"]).fails(3, "no user is logged in yet");
}

#[test]
fn every_remedy_is_a_command_that_works() {
    let desk = over();
    for words in [
        &["refresh", "--user", "alice"][..],
        &["status", "--user", "alice"],
        &["status"],
        &["token", "--user", "alice"],
        &["doctor", "desk:alice"],
        &["doctor", "--user", "alice"],
    ] {
        for lang in ["en", "zh"] {
            let ran = desk.run(&[words, &["--lang", lang]].concat());
            names_the_user(&ran, "alice");
            assert!(format!("{}{}", ran.out, ran.err).contains("--user alice"), "{ran:?}");
        }
    }
    // A login that is over has no end ahead of it.
    let status = desk.run(&["status", "--user", "alice"]);
    let end = status.out.lines().find(|line| line.starts_with("login expires")).unwrap();
    assert!(!end.contains(|c: char| c.is_ascii_digit()), "{status:?}");
    let ran = desk.run(&["-p", "desk", "refresh", "--user", "alice"]);
    assert!(ran.fails(3, "TW04").err.contains("`tokenward login --profile desk --user alice`"), "{ran:?}");
    let ran = desk.run(&["-p", "desk:alice", "refresh"]);
    assert!(ran.fails(3, "TW04").err.contains("`tokenward login --profile desk --user alice`"), "{ran:?}");
    // Nobody is meant, though somebody is logged in.
    for words in [&["refresh"][..], &["refresh", "--json"], &["token"], &["logout", "--yes"]] {
        desk.run(words).fails(2, "TW0200");
    }
}

#[test]
fn a_refresh_that_was_answered_each_time_is_not_called_lost() {
    let desk = Desk::new(Door::Ssm);
    desk.login_by_cookie("alice").succeeds();
    for _ in 0..2 {
        let broken = FaultKind::Answer { status: 500, body: "{}".to_owned(), content_type: None };
        desk.sandbox.inject(Fault::new(broken).when(Operation::Refresh));
        let ran = desk.run(&["refresh", "--user", "alice"]);
        assert_ne!(ran.code, 0, "{ran:?}");
        desk.sandbox.clear_faults();
    }
    desk.sandbox.withdraw("demo-app", "alice");
    let ran = desk.run(&["refresh", "--user", "alice"]);
    assert!(!ran.fails(3, "TW0402").err.contains("lost"), "{ran:?}");
    let doctor = desk.run(&["doctor", "desk:alice"]);
    assert!(!doctor.out.contains("lost"), "{doctor:?}");
}

#[test]
fn plain_http_is_in_the_document_too_and_said_before_the_first_login() {
    let desk = Desk::bare(Door::Ssm);
    let init = desk.init_words();
    let mut words: Vec<&str> = init.iter().map(String::as_str).collect();
    let at = words.iter().position(|word| *word == "--accounts-url").unwrap();
    // The name is never looked up: nothing is checked, and nothing is sent.
    words[at + 1] = "http://bkssm.example.test:5000";
    words.extend(["--app-secret-stdin", "--allow-http", "--no-check"]);
    desk.run_fed(&words, "demo-secret-that-nobody-may-see").succeeds();
    for words in [&["status"][..], &["status", "--user", "alice"]] {
        assert!(desk.run(words).fails(3, "TW0401").err.contains("can be read on the way"));
    }

    let desk = Desk::new(Door::Ssm);
    desk.login_by_cookie("alice").succeeds();
    for words in [&["status", "--json"][..], &["status", "--user", "alice", "--json"]] {
        assert!(desk.run(words).succeeds().json()["clear_text"].is_array());
    }
}

/// A user's name is heard by the commands about files and by `list`, and what they say of it is about that user.
#[test]
fn a_file_is_linked_for_the_user_who_is_named() {
    let desk = Desk::new(Door::Ssm);
    desk.login_by_cookie("alice").succeeds();
    desk.login_by_cookie("bob").succeeds();
    let [hers, his] = ["alice", "bob"].map(|user| {
        let file = desk.home.join(format!("{user}.env"));
        std::fs::write(&file, "BK_ACCESS_TOKEN=\nBK_REFRESH_TOKEN=\n").unwrap();
        file.to_str().unwrap().to_owned()
    });
    // Nobody is logged in by that name; nothing is asked of a file for it.
    let ran = desk.run(&["link", &hers, "--user", "carol"]);
    ran.fails(3, "tokenward login --user carol");
    assert!(!ran.err.contains("--env-file"), "{ran:?}");
    // Nobody is named.
    desk.run(&["link", &hers]).fails(2, "--user NAME");

    for (file, user) in [(&hers, "alice"), (&his, "bob")] {
        desk.run(&["link", file, "--user", user]).succeeds();
        let token = desk.token(&["--user", user]);
        assert!(std::fs::read_to_string(file).unwrap().contains(token.as_str()), "{user}");
    }
    for command in [["links", "links"], ["list", "logins"]] {
        let all = desk.run(&[command[0], "--json"]).succeeds().json()[command[1]].as_array().unwrap().len();
        let her = desk.run(&[command[0], "--json", "--user", "alice"]).succeeds().json()[command[1]].clone();
        assert_eq!((all, her.as_array().unwrap().len()), (2, 1), "{command:?}: {her:#}");
    }
    desk.run(&["unlink", &hers, "--user", "bob"]).fails(2, "TW0506");
    desk.run(&["unlink", &hers, "--user", "alice"]).succeeds();
}
