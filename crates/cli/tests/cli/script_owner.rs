//! Whose login a script's file shows: the old script's command, `link`, `adopt` and `login --env-file` get along on one file, in any order.

use std::fs;
use std::process::Command;

use tokenward_emulator::{Brand, TokenApi};

use crate::old_script::Script;
use crate::project::{Project, filled, present};
use crate::world::{Ran, World, bare_command, run};

const REFRESH: [&str; 2] = ["--config-file", "feishu-config.ini"];

/// It printed a token that is good, and the file holds the present pair of its login.
fn works(script: &Script, ran: &Ran) -> String {
    let printed = ran.succeeds().out.trim().to_owned();
    let (refresh, access) = script.present();
    assert!(access.contains(&printed) && script.read() == script.content(&refresh, &printed), "{ran:?}");
    printed
}

/// A file that is linked is refreshed by its profile, whichever endpoint issued its login; so is a copy of it that nobody linked.
#[test]
fn the_file_of_a_profile_is_refreshed_by_it() {
    let project = Project::of(World::logged_in());
    let pair = present(&project);
    let pattern = "[TOKEN]\nuser_access_token = {A}\nrefresh_token = {R}\n";
    project.write("x.ini", &filled(pattern, &pair));
    project.write("copy.ini", &filled(pattern, &pair));
    project.run(&["link", "x.ini"]).succeeds();
    let ran = run(&mut project.command(&["refresh", "--config-file", "x.ini"]));
    assert!(ran.succeeds().err.contains("default"), "{ran:?}");
    assert!(project.is_true("x.ini") && project.read("x.ini").contains(ran.out.trim()), "{ran:?}");
    // An older file is given what is there, and is then refreshed in its turn.
    let ran = project.run(&["refresh", "--config-file", "copy.ini", "--json"]);
    assert_eq!(ran.succeeds().json()["repaired"], true, "{ran:?}");
    let before = project.world.sandbox.counters().refreshes;
    let ran = project.run(&["refresh", "--config-file", "copy.ini"]);
    assert!(
        project.is_true("x.ini") && project.is_true("copy.ini") && project.read("copy.ini").contains(ran.out.trim())
    );
    let now = project.world.sandbox.counters();
    assert_eq!((now.refreshes, now.replays), (before + 1, 0));
    // What is wrong with the login is told as of the profile.
    project.world.sandbox.withdraw(&project.world.app.id, &project.world.sandbox.current_tokens()[0].user);
    let ran = project.run(&["refresh", "--config-file", "x.ini"]);
    assert!(ran.fails(3, "TW04").err.contains("tokenward login") && !ran.err.contains("give it with -r"), "{ran:?}");
}

/// The file that holds a login of the old endpoint is linked first: the old script's command still works, and nothing is called dead.
#[test]
fn a_linked_file_of_the_old_endpoint_is_refreshed_by_its_profile() {
    let script = Script::new();
    script.world.run(&["link", script.file().to_str().unwrap()]).succeeds();
    works(&script, &script.run(&REFRESH));
    let backup = script.read();
    works(&script, &script.run(&REFRESH));
    fs::write(script.file(), backup).unwrap();
    works(&script, &script.run(&REFRESH));
    // Two hours later the file's app access token is of no use, and the profile does not need it.
    script.world.advance(7300);
    works(&script, &run(script.command(&REFRESH).env("TOKENWARD_CLOCK_OFFSET", "7300")));
    assert_eq!(script.world.run(&["list", "--json"]).json()["logins"].as_array().unwrap().len(), 1);
    assert_eq!(script.world.sandbox.counters().replays, 0);
}

/// The other order: the old script's command comes first, and each command makes the file's login the profile's without another login.
#[test]
fn a_login_of_the_old_script_becomes_a_profile_s() {
    for way in [&["link"][..], &["adopt"], &["exec", "--env-file"]] {
        let script = Script::new();
        works(&script, &script.run(&REFRESH));
        let file = script.file();
        let mut words = [way, &[file.to_str().unwrap()]].concat();
        words.extend(if way[0] == "exec" { &["--", "true"][..] } else { &[] });
        script.world.run(&words).succeeds();
        let logins = script.world.run(&["list", "--json"]).json()["logins"].clone();
        assert_eq!(logins.as_array().unwrap().len(), 1, "{words:?}: {logins}");
        assert_eq!((&logins[0]["profile"], &logins[0]["app"]), (&"default".into(), &"default".into()), "{logins}");
        let token = script.world.run(&["token"]).succeeds().out.trim().to_owned();
        assert!(script.read().contains(&token), "{words:?}");
        works(&script, &script.run(&REFRESH));
        script.world.run(&["refresh"]).succeeds();
        assert!(script.read().contains(&script.present().0), "it is linked: {words:?}");
        assert_eq!(script.world.sandbox.counters().replays, 0);
    }
}

/// The same where variables alone name the app, as the sandbox's screen has it: no name of a file is taken for a profile's.
#[test]
fn variables_name_the_app_of_a_script_s_login() {
    let script = Script::new();
    let open = script.world.sandbox.open_url(Brand::Feishu);
    let folder = script.file().parent().unwrap().to_owned();
    let command = |words: &[&str]| -> Command {
        let mut command = bare_command(words);
        command.current_dir(&folder).env("TOKENWARD_HOME", folder.join("home")).env("TOKENWARD_OPEN_URL", &open);
        command.env("TOKENWARD_APP_ID", &script.world.app.id).env("TOKENWARD_APP_SECRET", &script.world.app.secret);
        command
    };
    let words = [&["refresh"][..], &REFRESH].concat();
    works(&script, &run(&mut command(&words)));
    let login = run(&mut command(&["list", "--json"])).json()["logins"][0]["profile"].as_str().unwrap().to_owned();
    let ran = run(&mut command(&["token", "-p", &login]));
    assert!(ran.fails(3, "TW0401").err.contains("tokenward link") && !ran.err.contains("config.toml"), "{ran:?}");
    run(&mut command(&["link", "feishu-config.ini"])).succeeds();
    works(&script, &run(&mut command(&words)));
    assert!(script.read().contains(run(&mut command(&["token"])).succeeds().out.trim()));
}

/// A person logs in anew into the file: of the same user it is written at once, of another by a word; the login before is kept.
#[test]
fn a_new_login_takes_the_place_of_the_old_script_s() {
    for same in [true, false] {
        let script = Script::new();
        let world = &script.world;
        if same {
            world.login(&[]).succeeds();
            let user = world.sandbox.current_tokens().last().unwrap().user.clone();
            let seeded = world.sandbox.seed_grant_by(TokenApi::LegacyV1, &world.app.id, &user, &["offline_access"]);
            fs::write(script.file(), script.content(&seeded.unwrap().refresh_token.unwrap(), "u-old")).unwrap();
        }
        script.run(&REFRESH).succeeds();
        let file = script.file();
        let into = ["--env-file", file.to_str().unwrap()];
        let shown = script.read();
        let ran = if same {
            world.login(&into)
        } else {
            let ran = world.login(&into);
            assert!(ran.fails(2, "TW05").err.contains("--write-over"), "{ran:?}");
            assert_eq!(script.read(), shown);
            world.login(&[&into[..], &["--write-over"]].concat())
        };
        assert!(!ran.succeeds().err.contains("Nothing was sent"), "{ran:?}");
        assert!(script.read() != shown && ran.err.contains("tokenward adopt --login"), "what became of it: {ran:?}");
        let token = world.run(&["token"]).succeeds().out.trim().to_owned();
        assert!(script.read().contains(&token), "{ran:?}");
        let kept = world.run(&["list", "--json"]).json()["logins"].clone();
        let kept = kept.as_array().unwrap();
        assert!(kept.len() == 2 && kept.iter().any(|login| login["profile"].is_null()), "{kept:?}");
        assert_eq!(script.world.sandbox.counters().replays, 0);
    }
}

/// What is wrong with a file is told in the reader's language, the key with its file.
#[test]
fn a_place_in_a_file_is_told_in_chinese() {
    let script = Script::new();
    fs::write(script.file(), "[TOKEN]\napp_access_token = t-x\nrefresh_token = <填这里>\n").unwrap();
    let ran = run(script.command(&REFRESH).args(["--lang", "zh"]));
    assert!(ran.fails(2, "TW0203").err.contains("feishu-config.ini 中的 ") && !ran.err.contains(" in "), "{ran:?}");
}

/// A program that reads its own variable finds the token there, and nothing else of the file.
#[test]
fn exec_sets_the_variable_that_the_file_has() {
    let project = Project::of(World::new());
    project.write(".env", &project.dotenv(&project.seeded()));
    let show = [
        "exec",
        "--env-file",
        ".env",
        "--",
        "sh",
        "-c",
        "echo $FEISHU_USER_ACCESS_TOKEN/$FEISHU_APP_SECRET/$FEISHU_USER_REFRESH_TOKEN",
    ];
    let ran = project.run(&show);
    let token = project.run(&["token", "--env-file", ".env"]).succeeds().out.trim().to_owned();
    assert_eq!(ran.succeeds().out.trim(), format!("{token}//"), "{ran:?}");
    let only = [&["exec", "--only-env", "--env", "X"][..], &show[1..]].concat();
    assert_eq!(project.run(&only).succeeds().out.trim(), "//");
}

/// A logout says which files still show what it deleted.
#[test]
fn a_logout_names_the_files_that_still_hold_tokens() {
    let project = Project::of(World::logged_in());
    project.run(&["link", ".env", "--create"]).succeeds();
    project.run(&["link", "other.env", "--create"]).succeeds();
    project.write("other.env", "FEISHU_USER_ACCESS_TOKEN=\nFEISHU_USER_REFRESH_TOKEN=\n");
    let ran = project.run(&["logout", "--yes"]);
    assert!(ran.succeeds().err.contains("the tokens are still in .env,"), "{ran:?}");
    project.login(&[]).succeeds();
    project.run(&["link", ".env"]).succeeds();
    let ran = project.run(&["logout", "--yes", "--revoke"]);
    assert!(!ran.succeeds().err.contains("still in"), "revoked: {ran:?}");
    assert!(ran.err.contains("the tokens that were ended are left in .env:"), "{ran:?}");
}

/// A refused app in a file leads back to the command that was typed, and what was not done is no step.
#[test]
fn a_refused_app_of_a_file_leads_back_to_the_command() {
    let project = Project::of(World::bare());
    let text =
        project.dotenv(&project.seeded()).replace(&project.world.app.secret, "wrong-0123456789abcdef0123456789ab");
    project.write(".env", &text);
    let ran = project.run(&["link", ".env"]);
    assert!(ran.fails(6, "TW0701").err.contains("`tokenward link .env`"), "{ran:?}");
    assert!(!ran.err.contains("login --env-file") && !ran.err.contains("hint: nothing was saved"), "{ran:?}");
    let ran = project.run(&["login", "--env-file", ".env"]);
    assert!(ran.fails(6, "TW0701").err.contains("`tokenward login --env-file .env`"), "{ran:?}");
}

/// What `list` advises about a script's login works, names no profile, and leaves no empty one; a living login is not called over.
#[test]
fn the_list_leads_a_script_s_login_to_the_profile() {
    let script = Script::new();
    works(&script, &script.run(&REFRESH));
    let ran = script.world.run(&["list"]);
    let file = script.file();
    let advice = format!("`tokenward link {}`", file.display());
    assert!(ran.succeeds().err.contains(&advice) && !ran.err.contains("--profile"), "{ran:?}");
    let logins = script.world.run(&["list", "--json"]).succeeds().json()["logins"].clone();
    let name = logins[0]["profile"].as_str().unwrap().to_owned();
    // The name that the list shows is no profile, also for somebody who types it.
    script.world.run(&["link", "--profile", &name, file.to_str().unwrap()]).succeeds();
    let ran = script.world.run(&["list"]);
    assert!(!ran.succeeds().out.contains(&name) && !ran.err.contains("tokenward link"), "{ran:?}");
    assert!(!fs::read_to_string(script.world.home.join("config.toml")).unwrap().contains(&name));
    works(&script, &script.run(&REFRESH));
}

/// Where nothing is set up, the advice about an ini file is true: the app is read from it under the names of a `.env` file.
#[test]
fn an_ini_file_names_the_app_as_the_advice_says() {
    for (section, upper) in [("TOKEN", true), ("APP", true), ("FEISHU", false)] {
        let script = Script::new();
        let folder = script.file().parent().unwrap().to_owned();
        let open = script.world.sandbox.open_url(Brand::Feishu);
        let link = || {
            let mut command = bare_command(&["link", "feishu-config.ini"]);
            command.current_dir(&folder).env("TOKENWARD_HOME", folder.join("home")).env("TOKENWARD_OPEN_URL", &open);
            run(&mut command)
        };
        for _ in 0..2 {
            // The vault that the first one made is no site's.
            let ran = link();
            assert!(ran.fails(2, "TW0204").err.contains("FEISHU_APP_ID") && !ran.err.contains("Django"), "{ran:?}");
        }
        let app = &script.world.app;
        let keys = format!("FEISHU_APP_ID = {}\r\nFEISHU_APP_SECRET = {}\r\n", app.id, app.secret);
        let keys = if upper { keys } else { keys.replace("FEISHU_APP_ID", "feishu_app_id") };
        let text = script.read();
        let text = match section {
            "TOKEN" => text.replace("[TOKEN]\r\n", &format!("[TOKEN]\r\n{keys}")),
            _ => format!("[{section}]\r\n{keys}{text}"),
        };
        fs::write(script.file(), text).unwrap();
        link().succeeds();
    }
}

/// The old endpoint has one answer for a used token and for passing trouble: nothing is claimed about the token, and the way out writes
/// the file.
#[test]
fn a_used_token_of_a_script_s_login_leads_to_a_login_into_its_file() {
    let script = Script::new();
    script.world.login(&[]).succeeds();
    let user = script.world.sandbox.current_tokens().last().unwrap().user.clone();
    let seeded =
        script.world.sandbox.seed_grant_by(TokenApi::LegacyV1, &script.world.app.id, &user, &["offline_access"]);
    fs::write(script.file(), script.content(&seeded.unwrap().refresh_token.unwrap(), "u-old")).unwrap();
    script.run(&REFRESH).succeeds();
    script.world.sandbox.inject(tokenward_emulator::Fault::code(20007).when(tokenward_emulator::Operation::Refresh));
    let ran = script.run(&REFRESH);
    assert!(!ran.fails(4, "TW0501").err.contains("was not used"), "{ran:?}");
    let advice = format!("`tokenward login --env-file {}`", script.file().display());
    assert!(ran.err.contains("tokenward login --env-file feishu-config.ini") || ran.err.contains(&advice), "{ran:?}");
    script.world.login(&["--env-file", script.file().to_str().unwrap()]).succeeds();
    let token = script.run(&REFRESH).succeeds().out.trim().to_owned();
    assert!(script.read().contains(&token));
}
