//! An identity never changes without a yes, whichever way another user's login comes in.

use serde_json::{Value, json};
use tokenward_emulator::{Consent, SeededTokens};

use crate::logins::{paste, second_user};
use crate::project::Project;
use crate::terminal::AtTerminal;
use crate::world::{Ran, World, browse, run, run_fed};

/// Ada is logged in, and it is 小明 who consents from now on.
pub(crate) fn ada_and_ming() -> (World, String) {
    let world = World::logged_in();
    let user = Some(second_user(&world));
    world.sandbox.rules(|rules| {
        rules.consent = Consent::Auto { user: user.clone() };
        rules.device_consent = Consent::Auto { user: user.clone() };
        rules.lifetimes.device_interval = 1;
    });
    let token = world.run(&["token"]).succeeds().out.clone();
    (world, token)
}

/// The login that was kept: its id, from what `list` says.
pub(crate) fn kept(world: &World) -> String {
    let list = world.run(&["list", "--json"]).succeeds().json();
    let logins = list["logins"].as_array().unwrap();
    let mut kept = logins.iter().filter(|login| login["profile"] == Value::Null && login["status"] != "logged-out");
    let id = kept.next().unwrap_or_else(|| panic!("{list}"))["grant"].as_str().unwrap().to_owned();
    assert!(kept.next().is_none(), "{list}");
    id
}

/// Another user's login was kept aside: told with both names and the commands, and nothing of Ada's is touched.
fn is_kept_aside(world: &World, token: &str, code: i32, words: &str) {
    let id = kept(world);
    assert_eq!(code, 2, "{words}");
    for told in ["TW0516", "小明", "Ada", &format!("tokenward adopt --login {id} -p default --replace-user")] {
        assert!(words.contains(told), "{told} in {words}");
    }
    for told in [format!("tokenward adopt --login {id} -p NAME"), format!("tokenward logout --login {id}")] {
        assert!(words.contains(&told), "{told} in {words}");
    }
    assert_eq!(world.run(&["token"]).succeeds().out, token, "Ada's token, as before");
    assert_eq!(world.status()["login"]["user"]["name"], "Ada");
    assert!(world.secrets().contains(&token.trim().to_owned()), "nothing was revoked");
}

#[test]
fn a_login_as_another_user_is_kept_aside_in_each_way() {
    type Way<'a> = &'a dyn Fn(&World, &[&str]) -> (i32, String);
    let ways: [Way<'_>; 3] = [
        &|world, more| {
            let ran = world.login(more);
            (ran.code, ran.err)
        },
        &|world, more| paste(world, more, &|url| url),
        &|world, more| {
            let ran = world.run(&[&["login", "--device", "--timeout", "30s"][..], more].concat());
            (ran.code, ran.err)
        },
    ];
    for way in ways {
        let (world, token) = ada_and_ming();
        let (code, words) = way(&world, &["-q"]);
        is_kept_aside(&world, &token, code, &words);
    }
    let (world, _) = ada_and_ming();
    let error = world.login(&["--json"]).error();
    assert_eq!((error["code"].as_str(), error["exit"].as_u64()), (Some("TW0516"), Some(2)), "{error}");
    assert_eq!(error["next"].as_array().unwrap().len(), 3, "{error}");
}

#[test]
fn the_login_that_was_kept_is_taken_given_back_and_removed_by_command() {
    let (world, token) = ada_and_ming();
    world.login(&[]).fails(2, "TW0516");
    let id = kept(&world);
    // The profile has a login: -p alone is no yes.
    let ran = world.run(&["adopt", "--login", &id, "-p", "default"]);
    is_kept_aside(&world, &token, ran.code, &ran.err);
    let ran = world.run(&["adopt", "--login", &id, "-p", "default", "--replace-user"]);
    assert!(ran.succeeds().err.contains("小明"), "{ran:?}");
    assert_eq!(world.status()["login"]["user"]["name"], "小明");
    assert_ne!(world.run(&["token"]).succeeds().out, token);
    // Ada's is not lost: it comes back, and whose it is is said each time.
    for user in ["Ada", "小明", "Ada"] {
        let ran = world.run(&["adopt", "--undo"]);
        assert!(ran.succeeds().err.contains(&format!("uses the login of {user} again")), "{ran:?}");
        assert_eq!(world.status()["login"]["user"]["name"], user);
    }
    assert_eq!(world.run(&["token"]).succeeds().out, token);
    // One of its own.
    world.run(&["adopt", "--login", &id, "-p", "ming"]).succeeds();
    assert_eq!(world.run(&["status", "-p", "ming", "--json"]).json()["login"]["user"]["name"], "小明");
    assert_eq!(world.run(&["token"]).succeeds().out, token);
    // Kept once more, and removed.
    world.login(&[]).fails(2, "TW0516");
    let id = kept(&world);
    // Nobody refreshes it, so it ends by itself; then it is of no use to a profile.
    let eight_days = [("TOKENWARD_CLOCK_OFFSET", "691200")];
    for words in ["list", "status", "doctor"] {
        for (ran, is_over) in [(world.run(&[words]), false), (world.run_with(&eight_days, &[words]), true)] {
            let said = format!("{}{}", ran.out, ran.err);
            assert!(said.contains(&format!("tokenward logout --login {id}")), "{words} {ran:?}");
            assert_eq!(said.contains("that is no longer valid"), is_over, "{words} {ran:?}");
            assert_ne!(said.contains(&format!("tokenward adopt --login {id}")), is_over, "{words} {ran:?}");
        }
    }
    assert!(world.run(&["list"]).out.contains(&format!("(no profile) {id}")), "a row has the id that commands take");
    world.run(&["logout", "--login", &id]).fails(2, "--yes");
    let ran = world.run(&["logout", "--login", &id, "--yes"]);
    assert!(ran.succeeds().err.contains("the login of 小明, which had no profile"), "{ran:?}");
    world.run(&["adopt", "--login", &id, "-p", "third"]).fails(2, "TW0510");
    world.run(&["adopt", "--login", "0", "-p", "third"]).fails(2, "TW0510");
    assert_eq!(world.run(&["token"]).succeeds().out, token);
    assert_eq!(world.sandbox.counters().replays, 0);
}

#[test]
fn a_yes_beforehand_keeps_the_login_before() {
    let (world, token) = ada_and_ming();
    let ran = world.login(&["--replace-user"]);
    assert!(ran.succeeds().err.contains("小明") && ran.err.contains("Ada"), "{ran:?}");
    assert!(ran.err.contains("tokenward adopt --undo -p default"), "{ran:?}");
    assert_eq!(world.status()["login"]["user"]["name"], "小明");
    assert!(world.secrets().contains(&token.trim().to_owned()), "nothing was revoked");
    let id = kept(&world);
    assert!(ran.err.contains(&format!("tokenward logout --login {id}")), "{ran:?}");
    world.run(&["adopt", "--undo"]).succeeds();
    assert_eq!(world.run(&["token"]).succeeds().out, token);
    world.run(&["refresh"]).succeeds();
    // The same user again needs no yes, and after a logout there is nobody to be replaced.
    world.sandbox.rules(|rules| rules.consent = Consent::Auto { user: None });
    world.login(&[]).succeeds();
    world.run(&["logout", "--yes"]).succeeds();
    let user = Some(second_user(&world));
    world.sandbox.rules(|rules| rules.consent = Consent::Auto { user });
    world.login(&[]).succeeds();
}

#[test]
fn at_a_terminal_no_is_what_is_meant_by_an_empty_answer() {
    for (answer, code, name) in [("\n", 2, "Ada"), ("n\n", 2, "Ada"), ("y\n", 0, "小明")] {
        let (world, _) = ada_and_ming();
        let mut login = AtTerminal::new(&world, "login --no-browser --port 0 --timeout 30s");
        login.until("http").until("\r\n");
        let url = login.seen().lines().find(|line| line.starts_with("http")).unwrap().trim().to_owned();
        browse(&url);
        login
            .until("Switch profile default to the login of 小明? The login of Ada is kept")
            .until("[y/N]")
            .answer(answer);
        let (shown, exit) = login.end();
        assert_eq!((exit, world.status()["login"]["user"]["name"].as_str().unwrap()), (code, name), "{shown}");
        kept(&world);
    }
}

#[test]
fn a_file_gets_nothing_of_another_users_login() {
    let (world, token) = ada_and_ming();
    let project = Project::of(world);
    let (id, secret) = (project.world.app.id.clone(), project.world.app.secret.clone());
    project.write(".env", &format!("FEISHU_APP_ID={id}\nFEISHU_APP_SECRET={secret}\n"));
    let before = project.read(".env");
    let ran = project.login(&["--env-file", ".env", "-q"]);
    is_kept_aside(&project.world, &token, ran.code, &ran.err);
    assert!(ran.err.contains("tokenward link .env --create"), "{ran:?}");
    assert_eq!(project.read(".env"), before);
    // What is advised works.
    let aside = kept(&project.world);
    project.run(&["adopt", "--login", &aside, "-p", "ming"]).succeeds();
    project.run(&["link", ".env", "--create", "-p", "ming"]).succeeds();
    let ming = project.run(&["token", "-p", "ming"]).succeeds().out.trim().to_owned();
    assert!(project.read(".env").contains(&ming));
}

/// Ada's profile, and tokens of 小明 that some program got.
pub(crate) fn mings() -> (Project, SeededTokens, String) {
    let project = Project::of(World::logged_in());
    let token = project.run(&["token"]).succeeds().out.clone();
    let ming = second_user(&project.world);
    let tokens = project.world.sandbox.seed_grant(&project.world.app.id, &ming, &["offline_access"]).unwrap();
    (project, tokens, token)
}

#[test]
fn another_users_login_is_kept_aside_whichever_way_it_is_brought() {
    type Way<'a> = &'a dyn Fn(&Project, &SeededTokens) -> Ran;
    let ways: [Way<'_>; 5] = [
        &|project, _| project.run(&["link", "ming.env", "-q"]),
        &|project, _| project.run(&["adopt", "ming.env", "-q"]),
        &|project, _| project.run(&["adopt", "ming.env", "--no-link"]),
        &|project, _| project.run(&["token", "--env-file", "ming.env", "-q"]),
        &|project, tokens| {
            let accounts = project.folder.path().join(".config/oidc-agent");
            std::fs::create_dir_all(&accounts).unwrap();
            let login = json!({
                "access_token": tokens.access_token, "token_expires_at": "0", "refresh_token": tokens.refresh_token,
                "issuer_url": "https://passport.example/", "name": "work", "client_id": project.world.app.id,
                "expires_in": tokens.expires_in,
            });
            std::fs::write(accounts.join("plain"), login.to_string()).unwrap();
            let place = accounts.join("plain");
            let words = ["adopt", place.to_str().unwrap(), "--from", "oidc-agent", "--yes", "-q"];
            run(project.command(&words).env("HOME", project.folder.path()))
        },
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let (project, tokens, token) = mings();
        project.write("ming.env", &project.dotenv(&tokens));
        let before = project.read("ming.env");
        let ran = way(&project, &tokens);
        assert!(ran.fails(2, "TW0516").err.contains("小明") && ran.err.contains("Ada"), "{number} {ran:?}");
        assert_eq!(project.run(&["token"]).succeeds().out, token, "{number}");
        assert_eq!(project.read("ming.env"), before, "{number}");
        assert_eq!(project.world.sandbox.counters().refreshes, 0, "{number}");
        let id = kept(&project.world);
        project.run(&["adopt", "--login", &id, "-p", "default", "--replace-user"]).succeeds();
        assert_eq!(project.world.status()["login"]["user"]["name"], "小明", "{number}");
    }
    let (project, tokens, token) = mings();
    let piped = json!({ "access_token": tokens.access_token, "refresh_token": tokens.refresh_token }).to_string();
    run_fed(&mut project.command(&["adopt", "-"]), &piped).fails(2, "TW0516");
    assert_eq!(project.run(&["token"]).succeeds().out, token);
}

#[test]
fn a_linked_file_that_becomes_another_users_is_told_whatever_is_asked() {
    let (project, tokens, token) = mings();
    project.write(".env", &format!("FEISHU_APP_ID={}\n", project.world.app.id));
    project.run(&["link", ".env", "--create"]).succeeds();
    // As a `git pull` does it.
    project.write(".env", &project.dotenv(&tokens));
    let ran = project.run(&["token", "-q"]);
    assert_eq!(ran.succeeds().out, token);
    assert!(ran.err.contains("小明"), "-q hides no change of identity: {ran:?}");
    assert_eq!(project.run(&["links", "-q"]).code, 2);
    let id = kept(&project.world);
    let ran = project.run(&["status"]);
    assert!(ran.succeeds().err.contains("小明") && ran.err.contains("/.env"), "{ran:?}");
    for way in [format!("adopt --login {id} -p default --replace-user"), format!("logout --login {id}")] {
        assert!(ran.err.contains(&way), "{way} in {ran:?}");
    }
    let document = project.world.status();
    assert_eq!(document["without_profile"][0]["user"]["name"], "小明", "{document}");
    assert_eq!(document["without_profile"][0]["grant"], json!(id), "{document}");
    let ran = project.run(&["doctor", "--json"]);
    let findings = ran.succeeds().json()["findings"].as_array().unwrap().clone();
    let told: Vec<_> = findings.iter().filter(|finding| finding["code"] == "TW0921").collect();
    assert!(told.iter().any(|it| it["check"] == "login" && it["next"].as_array().unwrap().len() == 3), "{findings:#?}");
    assert!(told.iter().any(|it| it["check"] == "links"), "{findings:#?}");
    assert!(!findings.iter().any(|finding| finding["code"] == "TW0913"), "{findings:#?}");
}

#[test]
fn whose_a_login_is_that_nobody_names_is_asked_before_anything_is_handed_out() {
    use tokenward_emulator::{Fault, FaultKind, Operation};
    let (world, token) = ada_and_ming();
    for _ in 0..3 {
        world.sandbox.inject(Fault::new(FaultKind::Html { status: 502 }).when(Operation::Call));
    }
    let ran = world.login(&[]);
    assert!(ran.succeeds().err.contains("did not say which user the new login belongs to"), "{ran:?}");
    world.sandbox.clear_faults();
    let ran = world.run(&["status"]);
    assert!(ran.out.contains("has not said yet which user"), "{ran:?}");
    let ran = world.run(&["token", "-q"]);
    assert_eq!(ran.succeeds().out, token, "小明 is told, and Ada is served");
    assert!(ran.err.contains("小明"), "{ran:?}");
    kept(&world);
}

#[test]
fn a_profile_without_a_login_is_listed() {
    let world = World::logged_in();
    let mut config = world.config();
    config.push_str("\n[profiles.second]\napp = \"default\"\n");
    std::fs::write(world.home.join("config.toml"), config).unwrap();
    let ran = world.run(&["list"]);
    let row = ran.succeeds().out.lines().find(|line| line.starts_with("second")).unwrap_or_else(|| panic!("{ran:?}"));
    assert!(row.contains("not logged in"), "{ran:?}");
    let document = world.run(&["list", "--json"]).json();
    assert_eq!(document["without_login"], json!([{ "profile": "second", "app": "default" }]));
    assert_eq!(world.run(&["list", "--json", "-p", "default"]).json()["without_login"], json!([]));
}

/// Two profiles of one app are hers, and a login of hers is left without one: nobody becomes somebody else by taking it.
#[test]
fn a_spare_login_of_the_very_user_needs_no_yes() {
    let world = World::logged_in();
    world.login(&["-p", "spare"]).succeeds();
    let ada = world.status()["login"]["user"]["id"].clone();
    // The second profile becomes another user's, and her login there has no profile.
    let user = Some(second_user(&world));
    world.sandbox.rules(|rules| rules.consent = Consent::Auto { user: user.clone() });
    world.login(&["-p", "spare", "--replace-user"]).succeeds();
    let id = kept(&world);
    let token = world.run(&["token"]).succeeds().out.clone();
    let ran = world.run(&["adopt", "--login", &id, "-p", "default"]);
    assert!(!ran.succeeds().err.contains("TW0516"), "{ran:?}");
    assert_eq!(world.status()["login"]["user"]["id"], ada);
    assert_ne!(world.run(&["token"]).succeeds().out, token, "it is the other login");
    // The one before is not lost.
    world.run(&["adopt", "--undo"]).succeeds();
    assert_eq!(world.run(&["token"]).succeeds().out, token);
    // Another user's profile is another matter.
    world.run(&["adopt", "--login", &kept(&world), "-p", "spare"]).fails(2, "TW0516");
}
