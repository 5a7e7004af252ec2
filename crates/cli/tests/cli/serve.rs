//! `serve` and `audit`: keys, a server that answers, its end, and a trail that somebody wrote to.

use serde_json::{Value, json};

use crate::world::{Started, World, talk};

/// A server that runs, and its address.
struct Serving {
    started: Started,
    host: String,
}

impl Serving {
    fn new(world: &World) -> Self {
        let mut started = Started::new(&mut world.command(&["serve", "--listen", "127.0.0.1:0"]));
        started.until_told("press Ctrl-C");
        let told = started.told();
        let host = told.split("http://").nth(1).unwrap().split(';').next().unwrap().to_owned();
        Self { started, host }
    }

    fn ask(&self, path: &str, key: &str) -> (u16, Value) {
        let Self { host, .. } = self;
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n");
        let answer = talk(host, &head);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}")))
    }
}

#[test]
fn a_program_with_a_key_gets_a_token() {
    let world = World::logged_in();
    let made = world.run(&["serve", "key", "create", "site"]);
    let key = made.succeeds().out.trim().to_owned();
    assert!(key.starts_with("tw_") && !made.err.contains(&key), "{made:?}");
    let serving = Serving::new(&world);
    let (status, told) = serving.ask("/v1/grants/default/token", &key);
    assert_eq!((status, &told["token_type"]), (200, &json!("Bearer")));
    assert_eq!(told["access_token"], world.run(&["token"]).succeeds().out.trim());
    let (status, told) = serving.ask("/v1/grants", &key);
    assert_eq!(
        (status, &told["code"], &told["title"]),
        (403, &json!("TW0861"), &json!("the API key does not permit this"))
    );
    // Revoked beside a server that runs, and refused from the next request on.
    let listed = world.run(&["serve", "key", "list", "--json"]).succeeds().json();
    let id = listed["keys"][0]["key_id"].as_str().unwrap();
    assert!(!listed.to_string().contains(&key));
    world.run(&["serve", "key", "revoke", id]).succeeds();
    assert_eq!(serving.ask("/v1/grants/default/token", &key).0, 401);
    serving.started.signal("TERM");
    let ran = serving.started.finish();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("the server has stopped") && !ran.err.contains(&key), "{ran:?}");

    let verdict = world.run(&["audit", "verify", "--json"]).succeeds().json();
    assert_eq!(
        (&verdict["chain_count"], &verdict["entry_count"], &verdict["faults"]),
        (&json!(2), &json!(3), &json!([]))
    );
    assert!(world.run(&["serve", "key", "list"]).succeeds().out.contains("revoked"));
}

/// The server would go on with the vault that is put aside: a key that is revoked afterwards would still be good there.
#[test]
fn a_restore_beside_a_server_is_refused_and_says_what_to_stop() {
    let world = World::logged_in();
    world.run(&["serve", "key", "create", "site"]).succeeds();
    let folder = tempfile::tempdir().unwrap();
    let (copy, key) = (folder.path().join("copy"), folder.path().join("key"));
    std::fs::write(&key, "correct horse battery staple").unwrap();
    let words = [copy, "--key-file".into(), key].map(|word| word.to_str().unwrap().to_owned());
    let given: Vec<&str> = words.iter().map(String::as_str).collect();
    world.run(&[&["vault", "backup"], &given[..]].concat()).succeeds();
    let restore = || world.run(&[&["vault", "restore"], &given[..], &["--yes"]].concat());
    let serving = Serving::new(&world);
    let ran = restore();
    ran.fails(4, "TW0307");
    assert!(ran.err.contains("stop `tokenward serve`, `watch` and `proxy`"), "{ran:?}");
    assert!(!world.home.join("vault/restored.json").exists());
    serving.started.signal("TERM");
    assert_eq!(serving.started.finish().code, 0);
    restore().succeeds();
    assert!(world.home.join("vault/restored.json").exists());
}

#[test]
fn what_a_key_is_for_and_until_when_is_said_when_it_is_made() {
    let world = World::logged_in();
    let create = |more: &[&str]| world.run(&[&["serve", "key", "create", "bot"], more].concat());
    let ran = create(&["--logins", "def*", "--expires-in", "90d"]);
    assert!(ran.succeeds().err.contains("it permits token:read; apps: all; logins: def*; valid until "), "{ran:?}");
    assert!(!ran.err.contains("warning"), "{ran:?}");
    let ran = create(&["--logins", "team-*", "--app", "nosuch"]);
    assert!(ran.succeeds().err.contains("no login matches team-* yet"), "{ran:?}");
    assert!(ran.err.contains("there is no app nosuch yet"), "{ran:?}");
    let ran = create(&["--expires-in", "90"]);
    assert!(ran.fails(2, "TW0200").err.contains("say 90s or 90d"), "{ran:?}");
}

/// The caller may not learn which logins there are, and the settings of a server that runs are those of its start.
#[test]
fn a_caller_is_told_no_names_and_nothing_that_only_an_operator_can_do() {
    let world = World::logged_in();
    let key = world.run(&["serve", "key", "create", "bot"]).succeeds().out.trim().to_owned();
    let serving = Serving::new(&world);
    let (status, told) = serving.ask("/v1/grants/work/token", &key);
    assert_eq!((status, &told["code"]), (404, &json!("TW0401")));
    assert_eq!(told["title"], "there is no login of this name that this API key may use");
    world.run(&["profile", "rename", "default", "renamed"]).succeeds();
    let (status, told) = serving.ask("/v1/grants/renamed/token", &key);
    assert_eq!((status, &told["code"], told.get("detail")), (404, &json!("TW0201"), None));
    assert!(told["next"].as_str().unwrap().contains("starts `tokenward serve` again"), "{told}");
    serving.started.signal("TERM");
    assert_eq!(serving.started.finish().code, 0);
}

#[test]
fn a_trail_that_was_changed_is_told() {
    let world = World::logged_in();
    world.run(&["serve", "key", "create", "one"]).succeeds();
    world.run(&["serve", "key", "create", "two"]).succeeds();
    assert!(world.run(&["audit", "verify"]).succeeds().err.contains("every entry is as it was written"));
    let mut python = std::process::Command::new("python3");
    let changed = python.args(["-c", CHANGE]).arg(world.home.join("vault/vault.db")).status().unwrap();
    assert!(changed.success(), "python3 writes to the database, as somebody else would");
    let ran = world.run(&["audit", "verify"]);
    ran.fails(2, "TW0865");
    assert!(ran.err.contains("entry 1 of the audit trail of the server itself was changed"), "{ran:?}");
}

const CHANGE: &str = "import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    database.execute(\"UPDATE audit SET caller = 'nobody' WHERE number = 1\")";

/// A password that was typed is refused and not repeated; an address that other machines reach wants a word.
#[test]
fn what_would_be_seen_by_others_is_refused() {
    let world = World::logged_in();
    let ran = world.run(&["serve", "--database", "postgres://me:pa55word@db.test/logins"]);
    ran.fails(2, "TW0207");
    assert!(ran.err.contains("TOKENWARD_DATABASE") && !ran.err.contains("pa55word"), "{ran:?}");
    let ran = world.run(&["serve", "--database", "mysql://db.test/logins"]);
    ran.fails(2, "TW0207");
    world.run(&["serve", "--listen", "0.0.0.0:0"]).fails(2, "TW0864");
    world.run(&["serve", "key", "create", "x", "--allow", "all"]).fails(2, "TW0200");
    world.run(&["serve", "key", "revoke", "x"]).fails(2, "TW0200");
}
