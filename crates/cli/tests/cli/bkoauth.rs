//! `adopt --bkoauth`: the table of a Django program, row by row.

use std::process::Command;

use serde_json::Value;
use tokenward_emulator::Door;

use crate::desk::Desk;

/// The table as Django's migrations make it (reference/blueking.md §1.4), with these rows; written by Python's own
/// `SQLite`.
fn table(folder: &std::path::Path, rows: &[(i64, &str, &str, Option<&str>)]) -> String {
    let file = folder.join("db.sqlite3");
    let values: Vec<String> = rows
        .iter()
        .map(|(id, access, refresh, user)| {
            let user = user.map_or_else(|| "NULL".to_owned(), |user| format!("'{user}'"));
            format!("({id}, '{access}', '2099-01-01 00:00:00', '{refresh}', '', 'prod', {user}, '2026-11-01 00:00:00', NULL)")
        })
        .collect();
    let sql = format!(
        "CREATE TABLE bkoauth_access_token (id integer PRIMARY KEY, access_token varchar(255) NOT NULL UNIQUE, expires datetime \
         NOT NULL, refresh_token varchar(255), scope text, env_name varchar(255) NOT NULL, user_id varchar(64), created_at \
         datetime NOT NULL, extra text); INSERT INTO bkoauth_access_token VALUES {};",
        values.join(", ")
    );
    let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())";
    let mut python = Command::new("python3");
    let ran = crate::world::run_fed(python.args(["-c", script]).arg(&file), &sql);
    ran.succeeds();
    file.to_str().unwrap().to_owned()
}

#[test]
fn every_row_is_told_and_nobody_becomes_somebody_else() {
    let desk = Desk::new(Door::Ssm);
    let seed = |user: Option<&str>| desk.sandbox.seed_login(Door::Ssm, "", "demo-app", user, &[]).unwrap();
    let (alice, bob) = (seed(Some("alice")), seed(Some("bob")));
    let token = |seeded: &tokenward_emulator::SeededTokens| {
        (seeded.access_token.clone(), seeded.refresh_token.clone().unwrap())
    };
    let (a, b) = (token(&alice), token(&bob));
    let folder = tempfile::tempdir().unwrap();
    let file = table(
        folder.path(),
        &[
            (1, &a.0, &a.1, Some("alice")),
            // A row of alice's that holds bob's (D4), and one of nobody in particular (D5).
            (2, &b.0, &b.1, Some("alice")),
            (3, "x".repeat(30).as_str(), "y", Some("")),
        ],
    );
    let before = std::fs::read(&file).unwrap();
    // Looked at before it is asked: the plan is told, and nothing is done.
    let ran = desk.run(&["adopt", "--bkoauth", &file]);
    assert!(ran.fails(2, "--yes").err.contains("to be imported: 2 (desk:alice, desk:bob)"), "{ran:?}");
    assert!(ran.err.contains("rows in the table: 3") && ran.err.contains("skipped for other reasons"), "{ran:?}");
    let refreshes = desk.sandbox.counters().refreshes;
    let ran = desk.run(&["adopt", "--bkoauth", &file, "--dry-run", "--json"]);
    let planned = ran.succeeds().json();
    assert_eq!(
        (&planned["adopted_count"], &planned["dry_run"], &planned["rows"][1]["outcome"]),
        (&0.into(), &true.into(), &"to-adopt".into())
    );
    assert_eq!((&planned["rows"][1]["profile"], &planned["rows"][1]["replaces"]), (&"desk:bob".into(), &false.into()));
    let ran = desk.run(&["adopt", "--bkoauth", &file, "--dry-run"]);
    assert!(ran.succeeds().out.contains("would be imported as desk:bob"), "{ran:?}");
    assert!(
        desk.run(&["list", "--json"]).succeeds().json()["logins"].as_array().unwrap().is_empty(),
        "nothing is done"
    );
    assert_eq!(desk.sandbox.counters().refreshes, refreshes, "and nothing is spent");
    desk.run(&["adopt", "--bkoauth", &file, "--dry-run", "--yes"]).fails(2, "cannot be used with");
    let ran = desk.run(&["adopt", "--bkoauth", &file, "--yes", "--json"]);
    let told = ran.succeeds().json();
    assert_eq!(told["adopted_count"], 2, "{ran:?}");
    let fate = |row: usize| (told["rows"][row]["outcome"].clone(), told["rows"][row]["profile"].clone());
    assert_eq!(fate(0), (Value::from("adopted"), Value::from("desk:alice")));
    assert_eq!(fate(1), (Value::from("adopted"), Value::from("desk:bob")));
    assert_eq!(fate(2).0, "anonymous");
    assert!(ran.err.contains("stop the Django program first"), "{ran:?}");
    for secret in [&a.0, &a.1, &b.0, &b.1] {
        assert!(!ran.out.contains(secret.as_str()) && !ran.err.contains(secret.as_str()));
    }
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert!(desk.is_good(&desk.token(&["--user", "bob"])));
    let again = desk.run(&["adopt", "--bkoauth", &file, "--yes", "--lang", "zh"]);
    assert!(again.succeeds().out.contains("保险库已有"), "{again:?}");
    // Nothing is left to ask about.
    let again = desk.run(&["adopt", "--bkoauth", &file]);
    assert!(again.succeeds().err.contains("nothing to import"), "{again:?}");
    assert!(again.err.contains("already in the vault: 2") && !again.err.contains("0 of"), "{again:?}");
}

/// A file that is not there, and a database that this build cannot read, are told before anybody is asked for a yes.
#[test]
fn a_table_that_cannot_be_read_is_told_before_it_is_asked() {
    let desk = Desk::new(Door::Ssm);
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.sqlite3");
    for more in [&[][..], &["--dry-run"], &["--yes"]] {
        let ran = desk.run(&[&["adopt", "--bkoauth", missing.to_str().unwrap()], more].concat());
        assert!(ran.fails(2, "TW0520").err.contains("none.sqlite3") && !ran.err.contains("--yes"), "{ran:?}");
    }
}

/// Thousands of rows: one question for all, and a summary instead of a screen full.
#[test]
fn a_table_of_thousands_is_taken_over_as_one() {
    const ROWS: i64 = 3000;
    let desk = Desk::new(Door::Ssm);
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<_> = (1..=ROWS)
        .map(|id| (id, format!("access-of-row-{id:08}"), format!("refresh-of-row-{id:08}"), format!("user{id}")))
        .collect();
    let rows: Vec<_> =
        texts.iter().map(|(id, access, refresh, user)| (*id, &**access, &**refresh, Some(&**user))).collect();
    let file = table(folder.path(), &rows);
    let ran = desk.run(&["adopt", "--bkoauth", &file, "--dry-run"]);
    assert!(ran.succeeds().err.contains("rows in the table: 3000") && ran.out.lines().count() < 10, "{ran:?}");
    assert!(ran.err.contains("more)"), "not every name: {ran:?}");
    let ran = desk.run(&["adopt", "--bkoauth", &file, "--offline", "--yes", "--json"]);
    let told = ran.succeeds().json();
    assert_eq!((&told["adopted_count"], told["rows"].as_array().unwrap().len()), (&ROWS.into(), 3000));
    assert!(ran.err.len() < 5000, "{}", ran.err.len());
    let again = desk.run(&["adopt", "--bkoauth", &file, "--offline", "--yes"]);
    assert!(again.succeeds().err.contains("already in the vault: 3000"), "{again:?}");
}

#[test]
fn what_cannot_be_a_table_is_told() {
    let desk = Desk::new(Door::Ssm);
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.sqlite3");
    desk.run(&["adopt", "--bkoauth", missing.to_str().unwrap(), "--yes"]).fails(2, "TW0");
    // An address comes by file or stdin; one with a password in the arguments is warned of.
    let ran = desk.run(&["adopt", "--bkoauth", "postgres://u:pw@127.0.0.1:1/db", "--yes"]);
    assert!(ran.code != 0 && ran.err.contains("other users of this machine can read the password"), "{ran:?}");
    assert!(!ran.err.contains("pw@"), "{ran:?}");
    desk.run_fed(&["adopt", "--bkoauth", "-", "--yes"], "ftp://x/y").fails(2, "TW0");
    let world = crate::world::World::logged_in();
    world.run(&["adopt", "--bkoauth", "x", "--yes"]).fails(2, "init --provider blueking");
}
