//! `login --env-file`, `token --env-file`, `exec --env-file`: what a script author types.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::project::Project;
use crate::world::{Started, World, browse};

/// A project that has the two lines of its app, and a machine on which nothing was ever set up.
fn two_lines() -> Project {
    let project = Project::of(World::bare());
    let app = &project.world.app;
    project.write(".env", &format!("FEISHU_APP_ID={}\nFEISHU_APP_SECRET={}\n", app.id, app.secret));
    project
}

#[test]
fn two_lines_are_enough_to_log_in() {
    let project = two_lines();
    let before = project.read(".env");
    let ran = project.login(&["--env-file", ".env"]);
    assert!(ran.succeeds().err.contains("logged in"), "{ran:?}");
    let text = project.read(".env");
    assert!(text.starts_with(&before) && project.is_true(".env"), "the tokens are added below");
    for name in ["FEISHU_USER_ACCESS_TOKEN=", "FEISHU_USER_REFRESH_TOKEN="] {
        assert_eq!(text.matches(name).count(), 1, "{name}");
    }
    let counters = project.world.sandbox.counters();
    assert_eq!((counters.refreshes, counters.exchanges), (0, 1), "the fresh refresh token was not spent on a check");
    // From here on, any way to ask works, and the file follows.
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    assert!(project.read(".env").contains(&token));
    project.world.advance(7300);
    let token = project.run_at(7300, &["token", "--env-file", ".env"]).succeeds().out.trim().to_owned();
    assert!(project.read(".env").contains(&token) && project.is_true(".env"));
    let ran = project.run_at(7300, &["exec", "--env-file", ".env", "--", "printenv", "TOKENWARD_ACCESS_TOKEN"]);
    assert_eq!(ran.succeeds().out.trim(), token);
    // A second login into the same file keeps to the same lines.
    project.login(&["--env-file", ".env"]).succeeds();
    assert!(project.is_true(".env"));
    assert_eq!(project.read(".env").lines().count(), 4);
}

#[test]
fn a_file_that_is_not_there_is_made_for_its_owner_alone() {
    let project = Project::of(World::new());
    project.login(&["--env-file", "tokens.env"]).succeeds();
    let text = project.read("tokens.env");
    assert!(
        text.starts_with(&format!("FEISHU_APP_ID={}\n", project.world.app.id)),
        "the app's id, and never its secret"
    );
    assert!(project.is_true("tokens.env") && !text.contains(&project.world.app.secret));
    assert_eq!(fs::metadata(project.path("tokens.env")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn other_names_and_formats() {
    let project = Project::of(World::new());
    project.write(".env", "MY_ID=\n");
    let flags = ["--access", "MY_ACCESS", "--refresh", "MY_REFRESH", "--app-id-at", "MY_ID"];
    project.login(&[&["--env-file", ".env"][..], &flags].concat()).succeeds();
    let text = project.read(".env");
    assert!(text.starts_with(&format!("MY_ID={}\nMY_ACCESS=", project.world.app.id)), "{}", text.len());
    assert!(project.is_true(".env") && !text.contains("FEISHU"));
    project.write("feishu-config.ini", "[ID]\nx = 1\n[TOKEN]\napp_token = bas\n");
    project.login(&["--env-file", "feishu-config.ini"]).succeeds();
    assert!(project.is_true("feishu-config.ini"));
    // What a flag is for is said where it stands alone.
    project.run(&["login", "--access", "X"]).fails(2, "--env-file");
}

/// What Spring Boot's documentation shows of such a file, with an app in it.
const APPLICATION: &str =
    "# Server\nserver.port = 8080\nspring.datasource.url=jdbc\\:h2\\:mem\\:a\nspring.banner=\\u4f60\\\n  \\u597d\n";

#[test]
fn a_java_program() {
    let project = Project::of(World::bare());
    let app = &project.world.app;
    let name = "application.properties";
    let before = format!("{APPLICATION}feishu.appId: {}\nfeishu.appSecret: {}\n", app.id, app.secret);
    project.write(name, &before);
    project.login(&["--env-file", name]).succeeds();
    let text = project.read(name);
    assert!(text.starts_with(&before) && project.is_true(name), "the tokens are added below");
    for key in ["feishu.userAccessToken=", "feishu.userRefreshToken="] {
        assert_eq!(text.matches(key).count(), 1, "{key}");
    }
    project.world.advance(7300);
    let token = project.run_at(7300, &["token", "--env-file", name]).succeeds().out.trim().to_owned();
    assert!(project.read(name).contains(&token) && project.is_true(name));
    assert!(project.read(name).starts_with(&before));
    // A copy with other keys, and one whose name says nothing.
    let copy = project.read(name).replace("feishu.user", "my.feishu.user");
    project.write("tokens", &copy);
    project.run_at(7300, &["link", "tokens"]).succeeds();
    let ran = project.run_at(7300, &["links", "--json"]);
    let listed: Vec<_> = ran.json()["links"].as_array().unwrap().iter().map(|link| link["format"].clone()).collect();
    assert_eq!(listed, ["properties", "properties"], "{ran:?}");
    // A new file has the usual keys.
    project.login(&["--env-file", "new.properties"]).succeeds();
    assert!(project.read("new.properties").starts_with("feishu.app-id=") && project.is_true("new.properties"));
    // Which of the profiles' logins is meant nobody can tell.
    project.write("several.properties", &format!("{}#---\nfeishu.userAccessToken=u-x\n", project.read(name)));
    let ran = project.run_at(7300, &["link", "several.properties"]);
    assert!(ran.fails(2, "TW0507").err.contains("#---"), "{ran:?}");
}

#[test]
fn a_shells_settings() {
    let project = Project::of(World::bare());
    let app = &project.world.app;
    let name = "config.fish";
    let before = format!(
        "if status is-interactive\n    set -l x 1\nend\nset -gx FEISHU_APP_ID {}\nset -gx FEISHU_APP_SECRET '{}'\n",
        app.id, app.secret
    );
    project.write(name, &before);
    project.login(&["--env-file", name]).succeeds();
    let text = project.read(name);
    assert!(text.starts_with(&before) && project.is_true(name), "the tokens are added below");
    for line in ["\nset -gx FEISHU_USER_ACCESS_TOKEN ", "\nset -gx FEISHU_USER_REFRESH_TOKEN "] {
        assert_eq!(text.matches(line).count(), 1, "{line}");
    }
    project.world.advance(7300);
    let token = project.run_at(7300, &["token", "--env-file", name]).succeeds().out.trim().to_owned();
    assert!(project.read(name).contains(&token) && project.is_true(name));
    assert!(project.read(name).starts_with(&before));
    // A copy under other names, and one whose name says nothing.
    project.write("tokens", &project.read(name).replace("FEISHU_USER", "MY_FEISHU_USER"));
    project.run_at(7300, &["link", "tokens"]).succeeds();
    let ran = project.run_at(7300, &["links", "--json"]);
    let listed: Vec<_> = ran.json()["links"].as_array().unwrap().iter().map(|link| link["format"].clone()).collect();
    assert_eq!(listed, ["fish", "fish"], "{ran:?}");
    // A new file has the usual names.
    project.login(&["--env-file", "new.fish"]).succeeds();
    assert!(project.read("new.fish").starts_with("set -gx FEISHU_APP_ID ") && project.is_true("new.fish"));
    // What the shell decides is not written, and that is told before anybody goes to the browser.
    project.write("block.fish", "if true\n    set -gx FEISHU_USER_ACCESS_TOKEN u-x\nend\n");
    let exchanges = project.world.sandbox.counters().exchanges;
    let ran = project.run_at(7300, &["login", "--env-file", "block.fish", "--no-browser"]);
    assert!(ran.fails(2, "TW0507").err.contains("line 2"), "{ran:?}");
    assert_eq!(project.world.sandbox.counters().exchanges, exchanges);
}

#[test]
fn an_application_yml() {
    let project = Project::of(World::bare());
    let app = &project.world.app;
    let name = "application.yml";
    let before = format!(
        "# Server\nserver: {{port: 8080}}\nfeishu:   # the bot\n    app_id: {}\n    app_secret: '{}'\n    user_access_token:\n    refresh_token: \"\" # filled in\n---x: |\n  note\n",
        app.id, app.secret
    );
    project.write(name, &before);
    project.login(&["--env-file", name]).succeeds();
    let text = project.read(name);
    let rest = |text: &str| {
        let is_token = |line: &&str| line.contains("user_access_token") || line.contains("refresh_token");
        text.lines().filter(|line| !is_token(line)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(project.is_true(name), "{text}");
    assert!(text.ends_with("\" # filled in\n---x: |\n  note\n"), "{text}");
    assert_eq!(rest(&text), rest(&before));
    project.world.advance(7300);
    let token = project.run_at(7300, &["token", "--env-file", name]).succeeds().out.trim().to_owned();
    assert!(project.read(name).contains(&format!("    user_access_token: \"{token}\"\n")) && project.is_true(name));
    // A copy whose name says nothing, and one whose tokens stand in a list.
    project.write("tokens", &project.read(name));
    project.run_at(7300, &["link", "tokens"]).succeeds();
    project.write("compose.yaml", &format!("services:\n  bot:\n    environment:\n    - LARK_TOKEN={token}\n"));
    project.run_at(7300, &["link", "compose.yaml"]).succeeds();
    let ran = project.run_at(7300, &["links", "--json"]);
    let listed: Vec<_> = ran.json()["links"].as_array().unwrap().iter().map(|link| link["format"].clone()).collect();
    assert_eq!(listed, ["yaml", "yaml", "yaml"], "{ran:?}");
    // What else shows a token of the login, where it is not written, is told.
    project.write("lines.yml", &format!("{}note: |\n  it was {token}\n", project.read(name)));
    let ran = project.run_at(7300, &["link", "lines.yml"]);
    assert!(ran.succeeds().err.contains("note holds a token of this login in another form"), "{ran:?}");
    // No key is added, and what to add is told.
    project.write("new.yaml", "feishu:\n  app_id: x\n");
    let ran = project.run_at(7300, &["link", "new.yaml", "--access", "feishu.user_access_token"]);
    assert!(ran.fails(2, "TW0507").err.contains("add user_access_token: \"\" to feishu"), "{ran:?}");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anybody_goes_to_the_browser() {
    let project = two_lines();
    fs::set_permissions(project.path(".env"), fs::Permissions::from_mode(0o444)).unwrap();
    let ran = project.run(&["login", "--env-file", ".env", "--no-browser"]);
    assert!(ran.fails(2, "TW0210").err.contains("you are not logged in"), "{ran:?}");
    assert_eq!(ran.out, "", "no address was shown");
    fs::create_dir(project.path("folder.env")).unwrap();
    project.run(&["login", "--env-file", "folder.env", "--no-browser"]).fails(2, "TW0210");
    assert_eq!(project.world.sandbox.counters().exchanges, 0);
}

#[test]
fn the_app_of_the_file_decides() {
    // Another app than the profile's: neither is sent with the other's credentials.
    let project = Project::of(World::logged_in());
    project
        .write("other.env", "FEISHU_APP_ID=cli_ffffffffffffffff\nFEISHU_APP_SECRET=abcdefghijklmnopqrstuvwxyz012345\n");
    let calls = project.world.sandbox.history().len();
    let ran = project.run(&["login", "--env-file", "other.env", "--no-browser"]);
    assert!(ran.fails(2, "TW0515").err.contains("-p NAME"), "{ran:?}");
    let ran = project.run(&["link", "other.env", "-p", "default"]);
    assert!(ran.fails(2, "TW0515").err.contains("cli_ffffffffffffffff"), "{ran:?}");
    assert_eq!(project.world.sandbox.history().len(), calls);
    // With a name of its own it is set up, and the provider's no to a wrong secret is told.
    project.run(&["login", "--env-file", "other.env", "--no-browser", "-p", "two"]).fails(6, "TW0701");
    // A file without an app is of the profile's.
    project.write("plain.env", "");
    project.run(&["link", "plain.env", "--create"]).succeeds();
    assert!(project.is_true("plain.env"));
}

#[test]
fn without_anything_the_next_step_is_named() {
    let project = two_lines();
    for words in [&["token", "--env-file", ".env"][..], &["link", ".env"]] {
        let ran = project.run(words);
        assert!(ran.fails(3, "TW0401").err.contains("tokenward login --env-file .env"), "{ran:?}");
    }
    let bare = Project::of(World::bare());
    bare.write(".env", "A=1\n");
    let ran = bare.run(&["link", ".env"]);
    assert!(ran.fails(2, "TW0204").err.contains("FEISHU_APP_ID"), "{ran:?}");
    bare.run(&["token", "--env-file", "nowhere.env"]).fails(2, "TW0210");
}

#[test]
fn whoever_waited_for_a_refresh_finds_the_file_in_step() {
    let project = two_lines();
    project.login(&["--env-file", ".env"]).succeeds();
    project.world.advance(7300);
    // Long enough for all of them to have asked before there is an answer.
    project.world.sandbox.rules(|rules| rules.latency_after_ms = 1_000);
    let start = |_| {
        let mut command = project.command(&["token", "--env-file", ".env"]);
        command.env("TOKENWARD_CLOCK_OFFSET", "7300").stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..8).map(start).collect();
    let mut all = String::new();
    for child in children {
        let ran = child.wait_with_output().unwrap();
        let words = String::from_utf8(ran.stderr).unwrap();
        assert!(ran.status.success() && !words.contains(".env: "), "{words}");
        all += &words;
    }
    assert!(project.is_true(".env"), "{all}");
    assert_eq!(project.world.sandbox.counters().refreshes, 1);
}

#[test]
fn a_secret_that_is_missing_misspelt_or_wrong_is_told_by_its_key() {
    let project = two_lines();
    let text = project.read(".env");
    let words = ["login", "--env-file", ".env", "--no-browser"];
    let told = |key: &str| {
        project.write(".env", &text.replace("FEISHU_APP_SECRET", key));
        project.run(&words).fails(2, "TW0204").err.clone()
    };
    let err = told("FEISHU_APP_SERCET");
    let next = "correct FEISHU_APP_SECRET in .env, then run `tokenward login --env-file .env` again";
    assert!(err.contains(".env has no FEISHU_APP_SECRET (line 2 has FEISHU_APP_SERCET: misspelt?)"), "{err}");
    assert!(err.replace("\n ", "").replace("  ", " ").contains("tokenward login --env-file .env"), "{err}");
    assert!(!err.contains("--app-secret-stdin") && !err.contains(&project.world.app.secret), "{err}");
    let err = told("OTHER");
    assert!(err.contains(".env has no FEISHU_APP_SECRET") && !err.contains("misspelt"), "{err}");
    // A wrong one is corrected where it stands.
    project.write(".env", &text.replace(&project.world.app.secret, "abcdefghijklmnopqrstuvwxyz012345"));
    let ran = project.run(&words);
    let err = &ran.fails(6, "TW0701").err;
    assert!(!err.contains("tokenward init") && err.contains("FEISHU_APP_SECRET"), "{err}");
    let ran = project.run(&[&["--json"][..], &words].concat());
    let document: serde_json::Value = serde_json::from_str(ran.fails(6, "TW0701").err.lines().last().unwrap()).unwrap();
    assert!(document.to_string().contains(next), "{document}");
    // The provider tells a wrong id from a wrong secret; what was typed besides is not lost from the command.
    project.write(".env", &text.replace(&project.world.app.id, "cli_ffffffffffffffff"));
    let ran = project.run(&["--json", "login", "--env-file", ".env", "--device", "--for", "wiki"]);
    let told = ran.fails(6, "TW0701").error();
    let next = "correct FEISHU_APP_ID in .env, then run `tokenward login --env-file .env --for wiki --device` again";
    assert_eq!((told["next"][0].as_str(), told["current_state"].as_str()), (Some(next), Some("nothing was saved")));
    assert!(!told["next"].to_string().contains("FEISHU_APP_SECRET"), "{told}");
}

#[test]
fn without_a_token_in_the_file_logging_in_is_the_first_step() {
    let project = Project::of(World::logged_in());
    project.write(".env", "A=1\n");
    let ran = project.run(&["token", "--env-file", ".env"]);
    let err = &ran.fails(2, "TW0507").err;
    let login = err.find("`tokenward login --env-file .env`").unwrap_or_else(|| panic!("{err}"));
    assert!(err.find("--access").is_none_or(|link| login < link), "{err}");
}

/// The variables that the sandbox prints are set in the same terminal, and the login is not the file's then.
#[test]
fn variables_that_outrank_a_file_are_told() {
    let project = two_lines();
    let (id, secret) = (project.world.app.id.clone(), project.world.app.secret.clone());
    project.write(".env", &project.read(".env").replace(&secret, "abcdefghijklmnopqrstuvwxyz012345"));
    let words = ["login", "--env-file", ".env", "--no-browser", "--port", "0", "--timeout", "30s"];
    let told = "the app secret is taken from TOKENWARD_APP_SECRET; .env has another one";
    for (more, is_told) in [(&[][..], true), (&["--quiet"][..], false)] {
        let mut command = project.command(&[&words[..], more].concat());
        let mut login = Started::new(command.env("TOKENWARD_APP_ID", &id).env("TOKENWARD_APP_SECRET", &secret));
        browse(&login.line());
        let ran = login.finish();
        assert_eq!(ran.succeeds().err.matches(told).count(), usize::from(is_told), "{ran:?}");
    }
    // So is what is said otherwise than in the configuration; what is said twice is not.
    let world = World::logged_in();
    let open = world.sandbox.open_url(tokenward_emulator::Brand::Feishu);
    let same = [("TOKENWARD_OPEN_URL", &*open)];
    assert!(!world.run_with(&same, &["status"]).succeeds().err.contains("environment variables"));
    let other = [("TOKENWARD_OPEN_URL", &*open), ("TOKENWARD_APP_ID", "cli_ffffffffffffffff")];
    let ran = world.run_with(&other, &["status"]);
    assert!(ran.err.contains("say otherwise than config.toml, and win: TOKENWARD_APP_ID\n"), "{ran:?}");
    assert!(!world.run_with(&other, &["status", "--quiet"]).err.contains("say otherwise"));
    assert!(world.run_with(&other, &["status", "--lang", "zh"]).err.contains("以环境变量为准：TOKENWARD_APP_ID"));
}

#[test]
fn a_file_without_usual_names_has_a_way_for_somebody_who_is_logged_in() {
    let project = Project::of(World::logged_in());
    project.write(".env", "DEBUG=1\nFEISHU_TOKEN=\n");
    let ran = project.run(&["link", ".env"]);
    assert!(ran.fails(2, "TW0507").err.contains("`tokenward link .env --create`"), "{ran:?}");
    project.run(&["link", ".env", "--create"]).succeeds();
    assert!(project.is_true(".env"));
}

#[test]
fn a_linked_file_that_is_gone_is_told_with_its_two_ways() {
    let project = Project::of(World::logged_in());
    project.run(&["link", ".env", "--create"]).succeeds();
    let file = project.path(".env").display().to_string();
    let (unlink, anew) = (format!("`tokenward unlink {file}`"), format!("`tokenward link {file} --create`"));
    fs::remove_file(project.path(".env")).unwrap();
    let ran = project.run(&["refresh"]);
    assert!(ran.succeeds().err.contains(&unlink) && ran.err.contains(&anew), "{ran:?}");
    let ran = project.run(&["links"]);
    assert!(ran.out.contains("the file is gone") && ran.err.contains(&unlink), "{ran:?}");
    let ran = project.run(&["doctor", "--json"]);
    assert!(ran.out.contains(&unlink) && ran.out.contains(&anew) && !ran.out.contains("is left unchanged"), "{ran:?}");
    project.run(&["link", &file, "--create"]).succeeds();
    assert!(project.is_true(".env"));
}

#[test]
fn a_profile_that_there_is_not_is_told_with_the_way_to_one() {
    let world = World::logged_in();
    for words in [&["token", "-p", "anna"][..], &["status", "anna"], &["refresh", "-p", "anna"]] {
        let ran = world.run(words);
        assert!(ran.fails(2, "TW0201").err.contains("`tokenward login --profile anna`"), "{words:?} {ran:?}");
    }
}

/// The provider names one of the scopes that are missing; in the console all are enabled at once.
#[test]
fn scopes_that_an_app_lacks_are_all_named() {
    let mut world = World::bare();
    let spec =
        tokenward_emulator::AppSpec::new(tokenward_emulator::Brand::Feishu).redirect("http://127.0.0.1/callback");
    world.app = world.sandbox.app(spec.scopes(&["offline_access"]));
    world.init(&[]).succeeds();
    let ran = world.run(&["login", "--device", "--for", "wiki", "--json"]);
    assert_eq!(ran.code, 6, "{ran:?}");
    let next = ran.error()["next"].to_string();
    for scope in ["wiki:node:create", "docx:document:write_only", "docs:document.media:upload"] {
        assert!(next.contains(scope), "{scope}: {next}");
    }
}
