//! Hints that a newcomer types as they are printed: each names the place, the app and the key that were meant.

use serde_json::json;
use tokenward_emulator::{Brand, Consent};

use crate::identity::ada_and_ming;
use crate::logins::second_user;
use crate::project::Project;
use crate::world::{Started, World};

/// A place of an unusual name is not found again once its token is taken out of it.
#[test]
fn a_taken_place_of_an_unusual_name_is_named_by_the_hint() {
    let project = Project::of(World::logged_in());
    project.write(".env", "MY_PLACE=\n");
    project.run(&["link", ".env", "--access", "MY_PLACE"]).succeeds();
    let ran = project.run(&["link", ".env", "-p", "new"]);
    let way = "then run `tokenward link .env --access MY_PLACE -p new`";
    assert!(ran.fails(2, "TW0508").err.contains(way), "{ran:?}");
    // As it is told.
    project.world.login(&["-p", "new"]).succeeds();
    project.run(&["unlink", ".env", "-p", "default"]).succeeds();
    project.write(".env", "MY_PLACE=\n");
    project.run(&["link", ".env", "--access", "MY_PLACE", "-p", "new"]).succeeds();
    let token = project.run(&["token", "-p", "new"]).succeeds().out.trim().to_owned();
    assert_eq!(project.read(".env"), format!("MY_PLACE={token}\n"));
}

/// Somebody else logs in for a file that follows the profile: the file has to be taken from it before it can show the other's.
#[test]
fn a_file_that_is_linked_already_is_taken_from_its_profile_first() {
    let (world, _) = ada_and_ming();
    let project = Project::of(world);
    let server = json!({ "command": "x", "env": { "MY_PLACE": "" } });
    let text = json!({ "mcpServers": { "feishu": server } }).to_string();
    project.write("mcp.json", &text);
    let place = "mcpServers.feishu.env.MY_PLACE";
    project.run(&["link", "mcp.json", "--access", place]).succeeds();
    let ran = project.login(&["--env-file", "mcp.json", "--access", place, "-p", "default"]);
    let told = &ran.fails(2, "TW0516").err;
    assert!(told.contains("mcp.json is linked to profile default: the second command updates it"), "{ran:?}");
    let way = format!("then run `tokenward link mcp.json --access {place} -p NAME`");
    assert!(told.contains("run `tokenward unlink mcp.json -p default`, empty the token there") && told.contains(&way));
    // As it is told, after the first command.
    let line = told.lines().find(|line| line.contains("tokenward adopt --login")).unwrap();
    let id = line.split("--login ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    project.run(&["adopt", "--login", &id, "-p", "other"]).succeeds();
    project.run(&["unlink", "mcp.json", "-p", "default"]).succeeds();
    project.write("mcp.json", &text);
    project.run(&["link", "mcp.json", "--access", place, "-p", "other"]).succeeds();
    let token = project.run(&["token", "-p", "other"]).succeeds().out.trim().to_owned();
    assert!(project.read("mcp.json").contains(&token), "{}", project.read("mcp.json"));
}

/// The key that is there is what the script reads.
#[test]
fn an_empty_key_of_the_files_own_is_named() {
    let project = Project::of(World::logged_in());
    project.write("x.env", "A=1\nFEISHU_TOKEN=\n");
    let ran = project.run(&["link", "x.env"]);
    let ways = "FEISHU_TOKEN is empty: `tokenward login --env-file x.env --access FEISHU_TOKEN` logs in and writes a token to it; \
                where you are logged in already, use `tokenward link x.env --access FEISHU_TOKEN`";
    assert!(ran.fails(2, "TW0507").err.contains(ways), "{ran:?}");
    project.run(&["link", "x.env", "--access", "FEISHU_TOKEN"]).succeeds();
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    assert_eq!(project.read("x.env"), format!("A=1\nFEISHU_TOKEN={token}\n"));
    // Another program's token is nobody's to fill; and what was said of the file is said again.
    for text in ["GITHUB_TOKEN=\n", "A_TOKEN=\nB_TOKEN=\n", "B=\n"] {
        project.write("y", text);
        let ran = project.run(&["link", "y", "--format", "env"]);
        let way = "`tokenward link y --format env --create`";
        assert!(ran.fails(2, "TW0507").err.contains(way) && !ran.err.contains("is empty"), "{ran:?}");
    }
}

/// Where variables describe the app, each profile has it under a name of its own. What counts is which app it is.
#[test]
fn a_login_is_given_a_new_profile_where_variables_name_the_app() {
    let ada = World::bare();
    let (open, accounts) = (ada.sandbox.open_url(Brand::Feishu), ada.sandbox.accounts_url(Brand::Feishu));
    let variables = [
        ("TOKENWARD_APP_ID", ada.app.id.as_str()),
        ("TOKENWARD_APP_SECRET", ada.app.secret.as_str()),
        ("TOKENWARD_OPEN_URL", open.as_str()),
        ("TOKENWARD_ACCOUNTS_URL", accounts.as_str()),
        ("TOKENWARD_REDIRECT_URI", "http://127.0.0.1/callback"),
    ];
    ada.login_with(&variables, &[]).succeeds();
    let ming = Some(second_user(&ada));
    ada.sandbox.rules(|rules| rules.consent = Consent::Auto { user: ming.clone() });
    let ran = ada.login_with(&variables, &[]);
    let line = ran.fails(2, "TW0516").err.lines().find(|line| line.contains("adopt --login")).unwrap();
    let id = line.split("--login ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    // Of another app it stays what it is.
    let other: Vec<_> = variables
        .iter()
        .map(|&(name, value)| (name, if name == "TOKENWARD_APP_ID" { "cli_ffffffffffffffff" } else { value }))
        .collect();
    let ran = ada.run_with(&other, &["adopt", "--login", &id, "-p", "ming"]);
    assert!(ran.fails(2, "TW0515").err.contains("unset TOKENWARD_APP_ID"), "{ran:?}");
    ada.run_with(&variables, &["adopt", "--login", &id, "-p", "ming"]).succeeds();
    for words in [&["token", "-p", "ming"][..], &["refresh", "-p", "ming"], &["refresh"]] {
        ada.run_with(&variables, words).succeeds();
    }
    let status = ada.run_with(&variables, &["status", "-p", "ming", "--json"]).json();
    assert_eq!(status["login"]["user"]["name"], "小明", "{status}");
    let ran = ada.run_with(&variables, &["doctor", "--all"]);
    assert!(ran.succeeds().err.contains("no problems found"), "{ran:?}");
}

/// Its id is shown by `list -v`, and the list does not lead back to itself.
#[test]
fn a_login_that_was_logged_out_is_told_so_by_its_id() {
    let world = World::logged_in();
    let id = world.run(&["list", "--json"]).json()["logins"][0]["grant"].as_str().unwrap().to_owned();
    world.run(&["logout", "--yes"]).succeeds();
    let ran = world.run(&["logout", "--login", &id, "--yes"]);
    assert!(ran.succeeds().err.contains(&format!("the login {id} was logged out before")), "{ran:?}");
    assert_eq!(world.run(&["logout", "--login", &id, "--json"]).json()["revoked"], false);
    world.run(&["adopt", "--login", &id, "-p", "other"]).fails(2, "TW0510");
}

/// What the provider alone knows is not looked for without being asked.
#[test]
fn a_doctor_that_finds_nothing_says_how_to_ask_the_provider() {
    let world = World::logged_in();
    let user = world.sandbox.current_tokens()[0].user.clone();
    assert!(world.sandbox.withdraw(&world.app.id, &user) > 0);
    let ran = world.run(&["doctor"]);
    assert!(ran.succeeds().err.contains("`tokenward doctor --online` also asks the provider"), "{ran:?}");
    assert!(world.run(&["doctor", "--online"]).succeeds().out.contains("TW0905"));
}

/// Nobody has checked the App ID, and nobody here sees the page.
#[test]
fn without_a_browser_it_is_said_at_once_what_the_page_may_show() {
    let world = World::bare();
    let (open, accounts) = (world.sandbox.open_url(Brand::Feishu), world.sandbox.accounts_url(Brand::Feishu));
    let variables = [
        ("TOKENWARD_APP_ID", "cli_ffffffffffffffff"),
        ("TOKENWARD_APP_SECRET", world.app.secret.as_str()),
        ("TOKENWARD_OPEN_URL", open.as_str()),
        ("TOKENWARD_ACCOUNTS_URL", accounts.as_str()),
        ("TOKENWARD_REDIRECT_URI", "http://127.0.0.1/callback"),
    ];
    let words = ["login", "--no-browser", "--port", "0", "--timeout", "10m"];
    let mut login = Started::new(world.command(&words).envs(variables));
    login.line();
    login.until_told("20029");
    login.until_told("20048: there is no app with this App ID");
    login.signal("INT");
    assert_eq!(login.finish().code, 130);
    // Of an app that was set up here, the page is explained when it has led nowhere for a while.
    world.init(&[]).succeeds();
    let ran = world.login(&[]);
    assert!(!ran.succeeds().err.contains("20029"), "{ran:?}");
}

/// A profile that was made for a login which is not to be is none.
#[test]
fn a_cancelled_login_leaves_no_profile() {
    let world = World::logged_in();
    let before = world.config();
    for signal in ["INT", "TERM"] {
        let mut login = Started::new(&mut world.command(&["login", "-p", "carl", "--no-browser", "--port", "0"]));
        login.until_told("waiting");
        assert!(world.config().contains("carl"));
        login.signal(signal);
        let ran = login.finish();
        assert!(ran.code > 128 && ran.err.contains("the login was not finished"), "{ran:?}");
        assert_eq!(world.config(), before);
    }
    let ran = world.run(&["profile", "list"]);
    assert!(!ran.succeeds().out.contains("carl"), "{ran:?}");
    // One that was there before stays.
    let with_dora = format!("{before}\n[profiles.dora]\napp = \"default\"\n");
    std::fs::write(world.home.join("config.toml"), &with_dora).unwrap();
    let mut login = Started::new(&mut world.command(&["login", "-p", "dora", "--no-browser", "--port", "0"]));
    login.line();
    login.signal("INT");
    login.finish();
    assert_eq!(world.config(), with_dora);
}

/// What `init` stores would be overruled, so the hint to run it helps nobody.
#[test]
fn a_wrong_secret_of_a_variable_is_told_by_the_variable() {
    let world = World::logged_in();
    let ran = world.run_with(&[("TOKENWARD_APP_SECRET", "wrong-secret-0123456789abcdef012")], &["refresh"]);
    assert!(ran.fails(6, "TW0701").err.contains("the App Secret comes from TOKENWARD_APP_SECRET"), "{ran:?}");
}

/// A file that is gone keeps no content, and a reference is not filled in.
#[test]
fn an_unlinked_file_that_is_gone_and_a_reference_are_told_as_such() {
    let project = Project::of(World::logged_in());
    project.write(".env", "FEISHU_USER_ACCESS_TOKEN=\n");
    project.run(&["link", ".env", "--create"]).succeeds();
    project.write(".env", "FEISHU_USER_ACCESS_TOKEN=${TOKEN}\n");
    let ran = project.run(&["link", ".env"]);
    assert!(ran.err.contains("run the program with `tokenward exec`"), "{ran:?}");
    std::fs::remove_file(project.path(".env")).unwrap();
    let ran = project.run(&["unlink", ".env"]);
    assert!(ran.succeeds().err.contains(".env does not exist any more"), "{ran:?}");
    assert!(!ran.err.contains("stays as it is"), "{ran:?}");
    assert!(!project.path("..env.tokenward.lock").exists() && !project.path(".env.tokenward.lock").exists());
}
