//! `login --env-file` and `link` where a file shows somebody else's login: nothing gives way without a yes, and what is advised works.

use tokenward_emulator::{Consent, Fault, Operation};

use crate::gives_way::refresh_alone;
use crate::identity::{kept, mings};
use crate::logins::second_user;
use crate::project::Project;
use crate::terminal::AtTerminal;
use crate::whose_file::follow;
use crate::world::{World, browse};

/// Who consents from now on; Ada, if nobody is named.
fn consents(project: &Project, user: Option<&str>) {
    project.world.sandbox.rules(|rules| rules.consent = Consent::Auto { user: user.map(str::to_owned) });
}

/// A file that shows somebody else's login, by how it came to; and what is said of it.
fn others() -> Vec<(&'static str, Project, &'static str, &'static str)> {
    let mut all = Vec::new();
    // The vault has never seen it; its access token tells.
    let (project, tokens, _) = mings();
    project.write("x.env", &project.dotenv(&tokens));
    all.push(("unknown", project, "TW0516", "小明"));
    // It is kept without a profile.
    let (project, tokens, _) = mings();
    project.write("x.env", &project.dotenv(&tokens));
    project.run(&["link", "x.env"]).fails(2, "TW0516");
    project.write("x.env", &refresh_alone(&project, tokens.refresh_token.as_deref().unwrap()));
    all.push(("kept", project, "TW0516", "小明"));
    // It was refused before anybody knew whose it was.
    let (project, ..) = mings();
    project.write("x.env", &refresh_alone(&project, "ur-ended-long-ago-1"));
    project.run(&["link", "x.env"]).succeeds();
    project.run(&["token"]).succeeds();
    project.run(&["unlink", "x.env"]).succeeds();
    all.push(("ended", project, "TW0527", "before its user was known"));
    // Its user logged out of another profile.
    let (project, tokens, _) = mings();
    project.write("x.env", &project.dotenv(&tokens));
    project.run(&["adopt", "x.env", "--no-link", "-p", "ming"]).succeeds();
    project.run(&["refresh", "-p", "ming"]).succeeds();
    project.run(&["logout", "-p", "ming", "--yes"]).succeeds();
    all.push(("former", project, "TW0527", "小明"));
    // It is another profile's, and was refreshed since.
    let (project, tokens, _) = mings();
    project.write("x.env", &project.dotenv(&tokens));
    project.run(&["adopt", "x.env", "--no-link", "-p", "ming"]).succeeds();
    project.run(&["refresh", "-p", "ming"]).succeeds();
    all.push(("another profile's", project, "TW0509", "profile ming"));
    // It lost the name of another profile.
    let (project, tokens, _) = mings();
    project.write("x.env", &project.dotenv(&tokens));
    project.run(&["adopt", "x.env", "--no-link", "-p", "ming"]).succeeds();
    let user = project.world.sandbox.user("Grace").id;
    consents(&project, Some(&user));
    project.login(&["-p", "ming", "--replace-user"]).succeeds();
    consents(&project, None);
    all.push(("lost its name", project, "TW0516", "小明"));
    // An access token alone.
    let (project, tokens, _) = mings();
    let app = &project.world.app.id;
    let text = format!("FEISHU_APP_ID={app}\nFEISHU_USER_ACCESS_TOKEN={}\n", tokens.access_token);
    project.write("x.env", &text);
    all.push(("alone", project, "TW0519", "小明"));
    all
}

#[test]
fn a_login_into_a_file_of_somebody_else_is_refused_before_anybody_is_sent_to_the_browser() {
    for yes in ["--write-over", "--replace-user", "advice", "link"] {
        for (name, project, code, words) in others() {
            let (before, list) = (project.read("x.env"), project.run(&["list", "--json"]).out);
            let exchanges = project.world.sandbox.counters().exchanges;
            let ran = project.login(&["--env-file", "x.env", "-p", "default", "-q"]);
            assert!(ran.fails(2, code).err.contains(words) && ran.out.is_empty(), "{name} {ran:?}");
            assert_eq!(project.read("x.env"), before, "{name}");
            assert_eq!(project.world.sandbox.counters().exchanges, exchanges, "{name}");
            assert_eq!(project.run(&["list", "--json"]).out, list, "{name}: nothing was made or changed");
            let ran = match yes {
                "advice" => {
                    let advised = "tokenward login --profile default --env-file x.env --write-over";
                    assert!(ran.err.contains(advised), "{name} {ran:?}");
                    project.login(&["--env-file", "x.env", "--write-over", "-p", "default"])
                }
                "link" => project.run(&["link", "x.env", "-p", "default", "--write-over"]),
                yes => project.login(&["--env-file", "x.env", yes, "-p", "default"]),
            };
            ran.succeeds();
            assert_eq!(project.state("x.env"), "in-sync", "{name} {yes} {ran:?}");
            assert_eq!(project.world.status()["login"]["user"]["name"], "Ada", "{name} {yes}");
            let token = project.run(&["token"]).succeeds().out.trim().to_owned();
            // `link` adds no place that the file has not.
            let has_both = yes != "link" || !matches!(name, "kept" | "ended" | "alone");
            assert_eq!(project.read("x.env").contains(&token), has_both || name == "alone", "{name} {yes}");
            assert_eq!(project.is_adas("x.env"), has_both || name != "alone", "{name} {yes}");
            assert_eq!(project.world.sandbox.counters().replays, 0, "{name} {yes}");
            if matches!(name, "unknown" | "kept" | "lost its name") {
                let id = kept(&project.world);
                project.run(&["adopt", "--login", &id, "-p", "apart"]).succeeds();
                project.run(&["refresh", "-p", "apart"]).succeeds();
            }
        }
    }
}

#[test]
fn the_login_that_another_profile_uses_gives_way_to_nobodys_word() {
    let (project, tokens, _) = mings();
    project.write("x.env", &project.dotenv(&tokens));
    project.run(&["adopt", "x.env", "--no-link", "-p", "ming"]).succeeds();
    let before = project.read("x.env");
    for words in [
        &["login", "--env-file", "x.env", "-p", "default", "--no-browser", "--write-over"][..],
        &["login", "--env-file", "x.env", "-p", "default", "--no-browser", "--replace-user"],
        &["login", "--env-file", "x.env", "-p", "default", "--no-browser"],
        &["link", "x.env", "-p", "default", "--write-over"],
    ] {
        let ran = project.run(words);
        assert!(ran.fails(2, "TW0509").err.contains("tokenward link x.env -p ming"), "{ran:?}");
        assert_eq!((ran.out.as_str(), project.read("x.env")), ("", before.clone()), "{ran:?}");
    }
}

/// Nobody was logged in, so that it is only known after the login whose the file is not.
#[test]
fn a_first_login_into_a_file_of_somebody_else_is_kept_and_the_file_too() {
    for alone in [false, true] {
        let project = Project::of(World::new());
        let ming = second_user(&project.world);
        let tokens = project.world.sandbox.seed_grant(&project.world.app.id, &ming, &["offline_access"]).unwrap();
        let app = &project.world.app.id;
        let lone = format!("FEISHU_APP_ID={app}\nFEISHU_USER_ACCESS_TOKEN={}\n", tokens.access_token);
        project.write("x.env", &if alone { lone } else { project.dotenv(&tokens) });
        let before = project.read("x.env");
        let ada = project.world.sandbox.user("Ada").id;
        consents(&project, Some(&ada));
        let ran = project.login(&["--env-file", "x.env"]);
        let code = if alone { "TW0519" } else { "TW0516" };
        assert!(ran.fails(2, code).err.contains("小明") && ran.err.contains("you are logged in"), "{ran:?}");
        assert_eq!(project.read("x.env"), before, "{alone}");
        assert_eq!(project.world.status()["login"]["user"]["name"], "Ada");
        let links = project.run(&["links", "--json"]).json();
        assert_eq!(links["links"], serde_json::json!([]), "{alone}");
        let ran = follow(&project, &ran.err, &["link", "--write-over"]);
        ran.succeeds();
        assert_eq!(project.state("x.env"), "in-sync", "{alone}");
        // The same user's file needs no question.
        project.write(
            "y.env",
            &project.dotenv(&project.world.sandbox.seed_grant(app, &ada, &["offline_access"]).unwrap()),
        );
        project.login(&["--env-file", "y.env"]).succeeds();
        assert_eq!(project.state("y.env"), "in-sync", "{alone}");
        assert_eq!(project.world.sandbox.counters().replays, 0);
    }
}

#[test]
fn at_a_terminal_both_users_are_named_and_no_is_what_is_meant_by_an_empty_answer() {
    for (answer, code) in [("\n", 2), ("n\n", 2), ("y\n", 0)] {
        let (project, tokens, _) = mings();
        project.write("x.env", &project.dotenv(&tokens));
        let (before, path) = (project.read("x.env"), project.path("x.env").display().to_string());
        let mut login =
            AtTerminal::new(&project.world, &format!("login --env-file {path} --no-browser --port 0 --timeout 30s"));
        login.until("x.env holds the login of 小明, but profile default belongs to Ada");
        login.until("Write the login of profile default to").until("from now on?").until("[y/N]").answer(answer);
        if code == 0 {
            login.until("waiting for the browser");
            let url = login.seen().lines().find(|line| line.starts_with("http")).unwrap().trim().to_owned();
            browse(&url);
        }
        let (shown, exit) = login.end();
        assert_eq!((exit, project.read("x.env") == before), (code, code != 0), "{shown}");
        if code == 0 {
            assert_eq!(project.state("x.env"), "in-sync");
            kept(&project.world);
        }
    }
}

/// Whatever writes into a file for the first time asks whose login it shows.
#[test]
fn no_command_makes_a_file_of_somebody_else_the_profiles() {
    for (name, project, ..) in others() {
        let before = project.read("x.env");
        for words in [
            &["link", "x.env", "-p", "default"][..],
            &["link", "x.env", "-p", "default", "--create"],
            &["adopt", "x.env", "-p", "default"],
            &["token", "--env-file", "x.env", "-p", "default"],
            &["exec", "--env-file", "x.env", "-p", "default", "--", "printenv", "TOKENWARD_ACCESS_TOKEN"],
            &["login", "--env-file", "x.env", "-p", "default", "--no-browser"],
            &["login", "--env-file", "x.env", "-p", "default", "--device"],
        ] {
            let ran = project.run(words);
            assert!(ran.code != 0 && ran.out.is_empty(), "{name} {ran:?}");
            assert_eq!(project.read("x.env"), before, "{name} {ran:?}");
        }
        assert_eq!(project.world.status()["login"]["user"]["name"], "Ada", "{name}");
    }
}

/// A copy of another profile's file, or a checkout with another user's token, over a linked file that shows an access token alone.
#[test]
fn an_access_token_of_somebody_else_stays_in_a_file_that_is_linked() {
    let pattern = r#"{"mcpServers":{"lark":{"command":"lark-mcp","args":["-u","{A}"]}}}"#;
    for (kept_aside, code, state) in [(true, "TW0516", "of-another-user"), (false, "TW0509", "of-another")] {
        let (project, tokens, token) = mings();
        project.write("ming.env", &project.dotenv(&tokens));
        let theirs = if kept_aside {
            project.run(&["adopt", "ming.env", "--no-link"]).fails(2, "TW0516");
            tokens.access_token.clone()
        } else {
            project.run(&["adopt", "ming.env", "--no-link", "-p", "ming"]).succeeds();
            project.run(&["token", "-p", "ming"]).succeeds().out.trim().to_owned()
        };
        project.write("mcp.json", &pattern.replace("{A}", token.trim()));
        project.run(&["link", "mcp.json"]).succeeds();
        let text = pattern.replace("{A}", &theirs);
        project.write("mcp.json", &text);
        for words in [&["token"][..], &["refresh"], &["link", "mcp.json"], &["token", "--env-file", "mcp.json"]] {
            let ran = project.run(words);
            assert_eq!(project.read("mcp.json"), text, "{kept_aside} {ran:?}");
            assert_eq!(project.state("mcp.json"), state, "{ran:?}");
            assert!(words.len() == 1 || ran.fails(2, code).out.is_empty(), "{ran:?}");
        }
        project.run(&["link", "mcp.json", "-p", "default", "--write-over"]).succeeds();
        let token = project.run(&["token"]).succeeds().out.trim().to_owned();
        assert_eq!(project.read("mcp.json"), pattern.replace("{A}", &token), "{kept_aside}");
        // What was the profile's own follows by itself, however old it is.
        project.write("mcp.json", &pattern.replace("{A}", &token));
        project.run(&["refresh"]).succeeds();
        let token = project.run(&["token"]).succeeds().out.trim().to_owned();
        assert_eq!(project.read("mcp.json"), pattern.replace("{A}", &token), "{kept_aside}");
    }
}

/// A symbolic link leads to a file that another profile's link keeps, and its tokens are gone.
#[test]
fn a_place_that_another_link_keeps_is_told_before_anybody_is_sent_to_the_browser() {
    let (project, tokens, _) = mings();
    project.write("ming.env", &project.dotenv(&tokens));
    project.run(&["link", "ming.env", "-p", "ming"]).succeeds();
    std::os::unix::fs::symlink("ming.env", project.path("x.env")).unwrap();
    let empty = "FEISHU_USER_ACCESS_TOKEN=\nFEISHU_USER_REFRESH_TOKEN=\n";
    project.write("ming.env", empty);
    let exchanges = project.world.sandbox.counters().exchanges;
    let ran = project.run(&["login", "--env-file", "x.env", "-p", "default", "--no-browser", "--write-over"]);
    assert!(ran.fails(2, "TW0508").out.is_empty(), "{ran:?}");
    assert_eq!((project.read("ming.env").as_str(), project.world.sandbox.counters().exchanges), (empty, exchanges));
}

/// Its access token lives, and the provider does not say whose it is.
#[test]
fn a_login_of_which_nobody_can_say_whose_it_is_although_it_lives_stays() {
    for fault in [Fault::drop_request(), Fault::code(99_991_679)] {
        let (project, tokens, _) = mings();
        project.write("x.env", &project.dotenv(&tokens));
        let before = project.read("x.env");
        project.world.sandbox.inject(fault.when(Operation::Call).forever());
        let ran = project.run(&["login", "--env-file", "x.env", "--no-browser"]);
        assert!(ran.fails(2, "TW0516").err.contains("--write-over") && ran.out.is_empty(), "{ran:?}");
        assert_eq!(project.read("x.env"), before);
    }
}
