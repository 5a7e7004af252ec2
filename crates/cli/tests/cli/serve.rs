//! `serve` and `audit`: keys, a server that answers, its end, and a trail that somebody wrote to.

use serde_json::{Value, json};
use tokenward_emulator::{Fault, Operation};

use crate::world::{Started, World, talk};

/// A server that runs, and its address.
struct Serving {
    started: Started,
    host: String,
}

impl Serving {
    fn new(world: &World) -> Self {
        Self::of(&mut world.command(&["serve", "--listen", "127.0.0.1:0"]))
    }

    fn of(command: &mut std::process::Command) -> Self {
        let mut started = Started::new(command);
        started.until_told("press Ctrl-C");
        let told = started.told();
        let host = told.split("http://").nth(1).unwrap().split(';').next().unwrap().to_owned();
        Self { started, host }
    }

    fn ask(&self, path: &str, key: &str) -> (u16, Value) {
        self.send("GET", path, key)
    }

    fn answer(&self, method: &str, path: &str, key: &str) -> String {
        let Self { host, .. } = self;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        talk(host, &head)
    }

    fn send(&self, method: &str, path: &str, key: &str) -> (u16, Value) {
        let answer = self.answer(method, path, key);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}")))
    }
}

/// Where it is, unless nobody wants it.
#[test]
fn the_dashboard_is_there_unless_it_is_switched_off() {
    let world = World::logged_in();
    let mut serving = Serving::new(&world);
    serving.started.until_told("it uses");
    assert!(serving.started.told().contains(&format!("the dashboard is at http://{}/dashboard", serving.host)));
    let page = serving.answer("GET", "/dashboard/sign-in", "");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<h1>Sign in</h1>"), "{page}");
    let mut without = Serving::of(&mut world.command(&["serve", "--listen", "127.0.0.1:0", "--no-dashboard"]));
    without.started.until_told("it uses");
    assert!(!without.started.told().contains("dashboard"));
    for path in ["/dashboard/sign-in", "/dashboard", "/"] {
        let (status, told) = without.ask(path, "");
        assert_eq!((status, &told["code"]), (404, &json!("TW0862")), "{path}");
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
        (&json!(2), &json!(5), &json!([]))
    );
    assert!(world.run(&["serve", "key", "list"]).succeeds().out.contains("revoked"));
}

/// The server would go on with the vault that is put aside: a key that is revoked afterwards would still be good there.
#[test]
fn a_restore_beside_a_server_is_refused_and_says_what_to_stop() {
    let world = World::logged_in();
    world.run(&["serve", "key", "create", "site"]).succeeds();
    let (_folder, words) = world.backed_up();
    let given: Vec<&str> = words.iter().map(String::as_str).collect();
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

/// What was revoked stays revoked, whichever way a restore goes; and no key and no entry of the trail comes or goes without a word.
#[test]
fn a_revoked_key_stays_revoked_whatever_vault_is_restored() {
    let world = World::logged_in();
    let create = |name: &str| {
        let made = world.run(&["serve", "key", "create", name, "--json"]).succeeds().json();
        made["key_id"].as_str().unwrap().to_owned()
    };
    let (site, old) = (create("site"), create("old"));
    let (_folder, words) = world.backed_up();
    let given: Vec<&str> = words.iter().map(String::as_str).collect();
    world.run(&["serve", "key", "revoke", &old]).succeeds();
    let later = create("later");
    let restore = |more: &[&str]| world.run(&[&["vault", "restore"], more].concat());
    let states = || {
        let keys = world.run(&["serve", "key", "list", "--json"]).succeeds().json();
        let state = |key: &Value| (key["key_id"].as_str().unwrap().to_owned(), !key["revoked_at"].is_null());
        keys["keys"].as_array().unwrap().iter().map(state).collect::<Vec<_>>()
    };

    let told = restore(&[&given[..], &["--dry-run"]].concat());
    assert!(told.succeeds().out.contains("API keys: 2 in the backup, 3 here"), "{told:?}");
    assert!(told.out.contains("entries of the audit trail: 2 in the backup, 4 here"), "{told:?}");
    assert!(told.out.contains("2 of the entries here are not in the backup"), "{told:?}");
    assert!(told.out.contains(&format!("API key old ({old}): revoked here, and stays revoked")), "{told:?}");
    assert!(told.out.contains(&format!("API key later ({later}): only here")), "{told:?}");
    assert!(!told.out.contains(&site), "{told:?}");

    let ran = restore(&[&given[..], &["--yes"]].concat());
    assert!(ran.succeeds().err.contains("API keys in this vault: 2; entries of its audit trail: 2"), "{ran:?}");
    assert!(ran.err.contains(&format!("and so in this one too: old ({old})")), "{ran:?}");
    assert!(ran.err.contains(&format!("does not have, and refuses: later ({later})")), "{ran:?}");
    assert_eq!(states(), [(site.clone(), false), (old.clone(), true)]);
    let trail = world.run(&["audit", "list", "--json"]).succeeds().out.clone();
    assert!(trail.contains("restore-vault") && trail.contains(&format!("revoke-key {old}")), "{trail}");
    world.run(&["audit", "verify"]).succeeds();

    // The way back brings no key back to life either.
    world.run(&["serve", "key", "revoke", &site]).succeeds();
    let ran = restore(&["--undo", "--yes", "--json"]).succeeds().json();
    let outcomes: Vec<_> = ran["api_keys"].as_array().unwrap().iter().map(|key| key["outcome"].clone()).collect();
    assert_eq!(outcomes, ["revoked", "same", "added"]);
    assert_eq!(ran["audit_entry_count"], json!({ "here": 5, "coming": 4, "only_here": 3 }));
    assert_eq!(states(), [(site.clone(), true), (old.clone(), true), (later, false)]);

    // Of a vault that does not read nothing can be carried over, and that is said.
    for file in ["vault.db", "vault.db-wal"] {
        std::fs::write(world.home.join("vault").join(file), "not a database").unwrap();
    }
    let ran = restore(&[&given[..], &["--yes"]].concat());
    let accepted = format!("only this vault has, and accepts: site ({site}), old ({old}). If one of them was revoked");
    assert!(ran.succeeds().err.contains(&accepted), "{ran:?}");
    assert!(ran.err.contains("`tokenward serve key list` lists them"), "{ran:?}");
}

/// Whoever moves the folders by hand asks nobody. The server refuses everything from then on, and no refresh goes into the archived vault.
#[test]
fn a_server_whose_vault_was_exchanged_serves_nothing_until_it_is_started_again() {
    let world = World::logged_in();
    let key = world.run(&["serve", "key", "create", "site"]).succeeds().out.trim().to_owned();
    let serving = Serving::new(&world);
    assert_eq!(serving.ask("/v1/grants/default/token", &key).0, 200);
    let (vault, aside) = (world.home.join("vault"), world.home.join("aside"));
    std::fs::rename(&vault, &aside).unwrap();
    assert!(std::process::Command::new("cp").arg("-a").args([&aside, &vault]).status().unwrap().success());
    let (status, told) = serving.ask("/v1/grants/default/token", &key);
    assert_eq!((status, &told["code"]), (500, &json!("TW0301")));
    assert_eq!(serving.ask("/readyz", "").0, 503);
    serving.started.signal("TERM");
    serving.started.finish();
    let serving = Serving::new(&world);
    assert_eq!(serving.ask("/v1/grants/default/token", &key).0, 200);
    serving.started.signal("TERM");
    assert_eq!(serving.started.finish().code, 0);
}

/// Beside a server the vault was given another key: the server goes on with the keys it has, and sends nobody into what it cannot read.
#[test]
fn a_server_whose_key_opens_the_vault_no_more_is_not_ready() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "a-key-that-is-long-enough").unwrap();
    let key = key.to_str().unwrap();
    let site = world.run(&["serve", "key", "create", "site"]).succeeds().out.trim().to_owned();
    let serving = Serving::new(&world);
    world.run(&["vault", "rekey"]).succeeds();
    assert_eq!(serving.ask("/readyz", "").0, 200);
    world.run(&["vault", "rekey", "--new-key-file", key]).succeeds();
    let (status, told) = serving.ask("/readyz", "");
    assert_eq!((status, &told["code"]), (503, &json!("TW0302")));
    // A caller of another team is told to come again, and nothing that is not its own to do.
    let answer = serving.answer("GET", "/v1/grants/default/token", &site);
    assert!(answer.starts_with("HTTP/1.1 503") && answer.to_lowercase().contains("retry-after: 5"), "{answer}");
    assert!(answer.contains("TW0302") && answer.contains("try again later"), "{answer}");
    assert!(!answer.contains("detail") && !answer.contains(world.home.to_str().unwrap()), "{answer}");
    let ran = world.run(&["status"]);
    let cause = "the key from TOKENWARD_KEY_FILE or TOKENWARD_KEY: neither is set";
    assert!(ran.fails(2, "TW0302").err.contains(cause), "{ran:?}");
    assert_eq!(serving.ask("/readyz", "").0, 503);
    assert_eq!(serving.ask("/livez", "").0, 200);
    // Whoever gives it back its key has it ready again.
    world.run_with(&[("TOKENWARD_KEY_FILE", key)], &["vault", "rekey", "--own-key"]).succeeds();
    assert_eq!(serving.ask("/readyz", "").0, 200);
    serving.started.signal("TERM");
    let ran = serving.started.finish();
    assert!(ran.err.contains("not ready") && ran.err.contains("set TOKENWARD_KEY_FILE"), "{ran:?}");
}

/// Its user will come and ask; whoever runs the server knows before. Once, by its id, profile and user.
#[test]
fn a_login_that_ends_under_a_read_is_in_the_log() {
    let world = World::logged_in();
    let key = world.run(&["serve", "key", "create", "site"]).succeeds().out.trim().to_owned();
    let login = &world.status()["login"];
    let (grant, user) = (login["grant"].as_str().unwrap(), login["user"]["name"].as_str().unwrap());
    // Nobody but the reader refreshes, and the token is due and still serves.
    world.advance(7150);
    let mut command = world.command(&["serve", "--listen", "127.0.0.1:0", "--no-scheduler"]);
    let serving = Serving::of(command.env("TOKENWARD_CLOCK_OFFSET", "7150"));
    world.sandbox.inject(Fault::code(20037).when(Operation::Refresh));
    // The token still serves, so its reader is told nothing.
    for _ in 0..4 {
        assert_eq!(serving.ask("/v1/grants/default/token", &key).0, 200);
    }
    serving.started.signal("TERM");
    let ran = serving.started.finish();
    let told: Vec<_> = ran.err.lines().filter(|line| line.contains("a login has ended")).collect();
    assert_eq!(told.len(), 1, "{ran:?}");
    for part in [" WARN ", grant, "profile=\"default\"", user, "code=\"TW0403\""] {
        assert!(told[0].contains(part), "{part}: {ran:?}");
    }
    for secret in [&key].into_iter().chain(&world.secrets()) {
        assert!(!ran.err.contains(secret), "{ran:?}");
    }
}

/// Without its profile nobody says with which app a login is refreshed: told at the start, and of each login.
#[test]
fn a_login_whose_profile_no_node_knows_is_told() {
    let world = World::logged_in();
    let create = ["serve", "key", "create", "eye", "--allow", "grants:read", "--allow", "token:read"];
    let key = world.run(&create).succeeds().out.trim().to_owned();
    let served = |serving: &Serving| serving.ask("/v1/grants", &key).1["grants"][0]["refreshed_in_background"].clone();
    let told = "not refreshed in the background";
    let serving = Serving::new(&world);
    assert_eq!(served(&serving), json!(true));
    serving.started.signal("TERM");
    let ran = serving.started.finish();
    assert!(!ran.err.contains(told), "{ran:?}");

    let config = world.home.join("config.toml");
    let renamed = std::fs::read_to_string(&config).unwrap().replace("[profiles.default]", "[profiles.other]");
    std::fs::write(&config, renamed).unwrap();
    let mut serving = Serving::new(&world);
    assert_eq!(served(&serving), json!(false));
    assert_eq!(serving.ask("/v1/grants/default/token", &key).1["code"], json!("TW0201"));
    serving.started.until_told(told);
    serving.started.signal("TERM");
    let ran = serving.started.finish();
    let lines: Vec<_> = ran.err.lines().filter(|line| line.contains(told)).collect();
    assert!(lines.len() == 1 && lines[0].contains("count=1 logins=\"default\""), "{ran:?}");
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

/// By login, by caller, since when, and how many; the newest last.
#[test]
fn the_trail_is_listed() {
    let world = World::logged_in();
    let key = |name: &str| world.run(&["serve", "key", "create", name]).succeeds().out.trim().to_owned();
    let (site, job) = (key("site"), key("job"));
    let serving = Serving::new(&world);
    serving.ask("/v1/grants/default/token", &site);
    serving.ask("/v1/grants/default/token", &job);
    // Entries have milliseconds, and of one of them nobody knows which came first.
    std::thread::sleep(std::time::Duration::from_millis(5));
    assert_eq!(serving.send("POST", "/v1/grants/default/token/refresh", &site).0, 403);
    serving.started.signal("TERM");
    serving.started.finish();
    let listed = |more: &[&str]| {
        let ran = world.run(&[&["audit", "list", "--json"][..], more].concat()).succeeds().json();
        ran["entries"].as_array().unwrap().clone()
    };
    let told = |entries: &[Value]| {
        let each = entries.iter().map(|it| format!("{} {} {}", it["caller_name"], it["profile"], it["outcome"]));
        each.collect::<Vec<_>>().join("\n").replace('"', "")
    };
    assert_eq!(
        told(&listed(&[])),
        "null null done\nnull null done\nsite default done\njob default done\nsite default TW0861"
    );
    assert_eq!(told(&listed(&["--login", "default"])), "site default done\njob default done\nsite default TW0861");
    assert_eq!(told(&listed(&["--caller", "site"])), "site default done\nsite default TW0861");
    assert_eq!(told(&listed(&["--caller", "local", "--limit", "1"])), "null null done");
    assert_eq!(told(&listed(&["--limit", "2"])), "job default done\nsite default TW0861");
    assert_eq!(listed(&["--since", "1h"]).len(), 5);
    let id = listed(&["--login", "default"])[0]["grant"].as_str().unwrap().to_owned();
    assert_eq!(listed(&["--login", &id]).len(), 2);
    let later = world.run_with(&[("TOKENWARD_CLOCK_OFFSET", "7200")], &["audit", "list", "--since", "1h"]);
    assert!(later.succeeds().err.contains("no entry of the audit trail matches"), "{later:?}");
    let ran = world.run(&["audit", "list"]);
    assert!(ran.succeeds().out.lines().last().unwrap().contains("TW0861"), "{ran:?}");
    for words in [["--login", "nobody"], ["--caller", "nobody"], ["--since", "24"]] {
        world.run(&[&["audit", "list"][..], &words].concat()).fails(2, "TW0200");
    }
}

/// Without a word of how verbose it is to be: who was refused what. A program that reads is no news.
#[test]
fn refusals_are_in_the_log() {
    let world = World::logged_in();
    let key = world.run(&["serve", "key", "create", "site"]).succeeds().out.trim().to_owned();
    let id = world.run(&["serve", "key", "list", "--json"]).json()["keys"][0]["key_id"].as_str().unwrap().to_owned();
    let serving = Serving::new(&world);
    let stranger = format!("tw_{}", "0123456789abcdef".repeat(4));
    serving.ask("/v1/grants/default/token", &stranger);
    serving.ask("/v1/grants", &key);
    serving.ask("/v1/grants/nobody/token", &key);
    serving.ask("/v1/grants/default/token", &key);
    world.run(&["serve", "key", "revoke", &id]).succeeds();
    serving.ask("/v1/grants/default/token", &key);
    serving.started.signal("TERM");
    let ran = serving.started.finish();
    let told: Vec<_> = ran.err.lines().filter(|line| line.contains("refused route=")).collect();
    assert_eq!(told.len(), 3, "{ran:?}");
    assert!(told[2].contains(&format!("caller=\"{id}\" status=401 code=\"TW0860\"")), "{ran:?}");
    assert!(told[0].contains("caller=\"unknown\" status=401 code=\"TW0860\""), "{ran:?}");
    assert!(told[1].contains(&format!("caller=\"{id}\" status=403 code=\"TW0861\"")), "{ran:?}");
    for secret in [&key, &stranger].into_iter().chain(&world.secrets()) {
        assert!(!ran.err.contains(secret), "{ran:?}");
    }
}

/// The unit of both guides is one, says what systemd understands, and starts what there is.
#[test]
fn the_unit_of_the_guide_is_one_that_systemd_takes() {
    let guide = |path: &str| {
        let page = std::fs::read_to_string(format!("{}/../../docs/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        page.split("```ini\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
    };
    let unit = guide("operate.md");
    assert_eq!(unit, guide("zh/operate.md"));
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/tokenward ")).unwrap();
    let words: Vec<_> = start.split(' ').chain(["--help"]).collect();
    World::bare().run(&words).succeeds();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokenward-serve.service");
    std::fs::write(&file, unit.replace("/usr/bin/tokenward", env!("CARGO_BIN_EXE_tokenward"))).unwrap();
    match std::process::Command::new("systemd-analyze").arg("verify").arg(&file).output() {
        Ok(ran) => {
            let told = String::from_utf8_lossy(&ran.stderr).into_owned();
            assert!(ran.status.success() && !told.contains("tokenward-serve.service"), "{told}");
        }
        // There is no systemd here.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
    }
}

/// Each key that was made is an entry, so a trail with none was emptied.
#[test]
fn a_trail_that_was_emptied_is_told_by_the_keys_that_there_are() {
    let world = World::logged_in();
    assert!(world.run(&["audit", "verify"]).succeeds().err.contains("checked 0 entries"));
    world.run(&["serve", "key", "create", "site"]).succeeds();
    world.run(&["audit", "verify"]).succeeds();
    let mut python = std::process::Command::new("python3");
    let emptied = python.args(["-c", EMPTY]).arg(world.home.join("vault/vault.db")).status().unwrap();
    assert!(emptied.success(), "python3 writes to the database, as somebody else would");
    let ran = world.run(&["audit", "verify"]);
    assert!(
        ran.fails(2, "TW0865").err.contains("entry 1 of the audit trail of the server itself is missing"),
        "{ran:?}"
    );
}

const EMPTY: &str = "import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    database.execute('DELETE FROM audit')
    database.execute('DELETE FROM audit_heads')";

/// A variable wins over the file, for every app at once: users of one team would be asked to consent to another team's app.
#[test]
fn variables_of_one_app_do_not_become_those_of_every_app() {
    let world = World::logged_in();
    let config = world.home.join("config.toml");
    let own = std::fs::read_to_string(&config).unwrap();
    let two = format!("{own}\n[apps.other]\napp_id = \"cli_0000000000000001\"\n[profiles.other]\napp = \"other\"\n");
    let refused = |variables: &[(&str, &str)], named: &str| {
        let ran = world.run_with(variables, &["serve", "--listen", "127.0.0.1:0"]);
        assert!(
            ran.fails(2, "TW0207").err.contains(&format!("override the apps in config.toml: {named} (TW0207)")),
            "{ran:?}"
        );
        assert!(ran.err.contains("unset them"), "{ran:?}");
    };
    let starts = |variables: &[(&str, &str)]| {
        let mut command = world.command(&["serve", "--listen", "127.0.0.1:0"]);
        let serving = Serving::of(command.envs(variables.iter().copied()));
        serving.started.signal("TERM");
        let ran = serving.started.finish();
        assert_eq!(ran.code, 0, "{ran:?}");
    };
    let id = ("TOKENWARD_APP_ID", world.app.id.as_str());
    let secret = ("TOKENWARD_APP_SECRET", world.app.secret.as_str());
    // Beside one app they may say the same as the file, and what it leaves open.
    starts(&[id, secret]);
    refused(&[("TOKENWARD_APP_ID", "cli_0000000000000001")], "TOKENWARD_APP_ID");
    refused(&[("TOKENWARD_REDIRECT_URI", "http://127.0.0.1:9/callback")], "TOKENWARD_REDIRECT_URI");
    std::fs::write(&config, two).unwrap();
    refused(&[id, secret], "TOKENWARD_APP_ID, TOKENWARD_APP_SECRET");
    starts(&[]);
    // In a container variables alone describe it.
    std::fs::remove_file(&config).unwrap();
    starts(&[id, secret]);
}

/// By the profile all its users, and what was asked for before a login ended or without one, by the name that was asked for.
#[test]
fn the_trail_of_a_name_is_found_whatever_became_of_the_login() {
    let world = World::logged_in();
    let create = ["serve", "key", "create", "site", "--allow", "token:read", "--allow", "grants:retire"];
    let key = world.run(&create).succeeds().out.trim().to_owned();
    let serving = Serving::new(&world);
    serving.ask("/v1/grants/default/token", &key);
    serving.ask("/v1/grants/default:=42/token", &key);
    serving.send("DELETE", "/v1/grants/default", &key);
    serving.started.signal("TERM");
    serving.started.finish();
    let listed = |login: &str| {
        let ran = world.run(&["audit", "list", "--json", "--login", login]).succeeds().json();
        let told = |it: &Value| format!("{} {} {}", it["act"], it["profile"], it["outcome"]).replace('"', "");
        let mut told: Vec<_> = ran["entries"].as_array().unwrap().iter().map(told).collect();
        told.sort();
        told
    };
    let of_user = "read-token default:=42 TW0401";
    assert_eq!(listed("default"), ["read-token default done", of_user, "retire-grant default done"]);
    assert_eq!(listed("default:=42"), [of_user]);
    let ran = world.run(&["audit", "list"]);
    assert!(
        ran.succeeds().out.lines().any(|line| line.contains("retire-grant") && line.contains("default")),
        "{ran:?}"
    );
    world.run(&["audit", "verify"]).succeeds();
    world.run(&["audit", "list", "--login", "defaul"]).fails(2, "TW0200");
}

/// The next key of a site is made before the last one is revoked, under its name.
#[test]
fn two_keys_of_one_name_are_told_apart() {
    let world = World::logged_in();
    let create = || world.run(&["serve", "key", "create", "site"]);
    let first = create();
    let (old, told) = (first.succeeds().out.trim().to_owned(), "another API key has the name site");
    assert!(!first.err.contains(told), "{first:?}");
    let second = create();
    let new = second.succeeds().out.trim().to_owned();
    let keys = world.run(&["serve", "key", "list", "--json"]).succeeds().json();
    let ids: Vec<_> =
        keys["keys"].as_array().unwrap().iter().map(|key| key["key_id"].as_str().unwrap().to_owned()).collect();
    assert!(second.err.contains(told) && ids.iter().all(|id| second.err.contains(id)), "{second:?}");
    assert!(keys["keys"][0]["last_entry_at"].is_null(), "{keys}");
    let serving = Serving::new(&world);
    assert_eq!(serving.ask("/v1/grants/default/token", &old).0, 200);
    assert_eq!(serving.ask("/v1/grants/default/token", &new).0, 200);
    serving.started.signal("TERM");
    serving.started.finish();
    let ran = world.run(&["audit", "list"]);
    assert!(ids.iter().all(|id| ran.succeeds().out.contains(&format!("site ({id})"))), "{ran:?}");
    let keys = world.run(&["serve", "key", "list", "--json"]).succeeds().json();
    assert!(keys["keys"].as_array().unwrap().iter().all(|key| key["last_entry_at"].is_string()), "{keys}");
    assert!(world.run(&["serve", "key", "list"]).succeeds().out.contains("LAST ENTRY"));
}

#[test]
fn a_count_is_a_number_and_a_key_that_opens_logins_is_for_something() {
    let world = World::logged_in();
    for wrong in ["0", "10/s"] {
        let ran = world.run(&["serve", "--key-rate", wrong]);
        assert!(ran.fails(2, "TW0200").err.contains("use a whole number from 1"), "{ran:?}");
    }
    let create = |verb: &str, logins: &str| {
        let ran = world.run(&["serve", "key", "create", "site", "--allow", verb, "--logins", logins]);
        ran.succeeds();
        ran.err.contains("no login matches")
    };
    assert!(!create("login", "default:=*"));
    assert!(create("login", "defualt:=*"));
    assert!(create("token:read", "default:=*"));
}

/// Logins of such a profile are its users': whoever runs the server has none there, and browsers come back to the server's port.
#[test]
fn a_profile_of_web_users_is_no_problem() {
    let world = World::logged_in();
    let config = world.home.join("config.toml");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let callback = format!("http://{}/callback", port.local_addr().unwrap());
    let web = format!(
        "\n[profiles.web]\napp = \"default\"\nredirect_uri = \"{callback}\"\nreturn_urls = [\"https://site.example/done\"]\n"
    );
    std::fs::write(&config, std::fs::read_to_string(&config).unwrap() + &web).unwrap();
    for words in [&["doctor"][..], &["doctor", "web"]] {
        let ran = world.run(words);
        assert!(ran.code == 0 && !ran.out.contains("TW0401") && !ran.err.contains("TW0401"), "{ran:?}");
    }
    let ran = world.run(&["doctor", "web"]);
    assert!(ran.out.contains("for users of web back ends") && !ran.out.contains("TW0206"), "{ran:?}");
}
