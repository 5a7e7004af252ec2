//! What gives way to another login, in a file or in the vault, is known, or none, or kept first; and no file becomes
//! another user's without a yes.

use serde_json::json;
use tokenward_emulator::{Consent, Fault, Operation};

use crate::identity::{kept, mings};
use crate::logins::second_user;
use crate::project::{Project, present};
use crate::world::{Ran, World, run_fed};

/// Ming's refresh token alone.
pub(crate) fn refresh_alone(project: &Project, refresh: &str) -> String {
    format!("FEISHU_APP_ID={}\nFEISHU_USER_REFRESH_TOKEN={refresh}\n", project.world.app.id)
}

/// How many logins are kept without a profile.
fn kept_ones(project: &Project) -> usize {
    let list = project.run(&["list", "--json"]).succeeds().json();
    let logins = list["logins"].as_array().unwrap();
    logins.iter().filter(|login| login["profile"].is_null() && login["status"] != "logged-out").count()
}

fn consents(project: &Project, user: Option<&str>) {
    project.world.sandbox.rules(|rules| rules.consent = Consent::Auto { user: user.map(str::to_owned) });
}

/// The login that is kept can be used: its refresh token was neither lost nor spent.
fn lives(project: &Project, id: &str) {
    project.run(&["adopt", "--login", id, "-p", "apart"]).succeeds();
    project.run(&["refresh", "-p", "apart"]).succeeds();
    assert_eq!(project.world.sandbox.counters().replays, 0);
}

#[test]
fn a_login_into_a_file_keeps_the_login_that_stands_there() {
    for (name, more) in [(".env", "tokens"), ("token.json", "json"), ("x.ini", "ini"), (".env", "refresh")] {
        let (project, tokens, _) = mings();
        let refresh = tokens.refresh_token.clone().unwrap();
        let text = match more {
            "json" => json!({ "access_token": tokens.access_token, "refresh_token": refresh }).to_string(),
            "ini" => format!("[TOKEN]\nuser_access_token = {}\nrefresh_token = {refresh}\n", tokens.access_token),
            "refresh" => refresh_alone(&project, &refresh),
            _ => project.dotenv(&tokens),
        };
        project.write(name, &text);
        // Of a refresh token alone nobody can tell whose it is.
        let yes: &[&str] = if more == "refresh" { &[] } else { &["--write-over"] };
        if !yes.is_empty() {
            let ran = project.login(&["--env-file", name, "-q"]);
            assert!(ran.fails(2, "TW0516").err.contains("小明") && project.read(name) == text, "{more} {ran:?}");
        }
        let ran = project.login(&[&["--env-file", name, "-q"][..], yes].concat());
        let id = kept(&project.world);
        let user = if more == "refresh" { "user" } else { "小明" };
        assert!(ran.succeeds().err.contains(user) && ran.err.contains(&id), "{more} {ran:?}");
        assert!(!ran.err.contains("used-up"), "{more} {ran:?}");
        assert!(!project.read(name).contains(&refresh), "{more}");
        let token = project.run(&["token"]).succeeds().out.trim().to_owned();
        assert!(project.read(name).contains(&token), "{more}");
        assert_eq!(project.world.status()["login"]["user"]["name"], "Ada");
        assert!(project.run(&["status"]).succeeds().err.contains(&id), "{more}");
        // Once more, and nothing more is kept.
        project.login(&["--env-file", name]).succeeds();
        assert_eq!(kept(&project.world), id, "{more}");
        lives(&project, &id);
    }
}

#[test]
fn dead_tokens_in_a_file_are_replaced_by_one_command() {
    for world in [World::new(), World::logged_in()] {
        let project = Project::of(world);
        let app = &project.world.app;
        let old = "FEISHU_USER_ACCESS_TOKEN=u-ended-long-ago-1\nFEISHU_USER_REFRESH_TOKEN=ur-ended-long-ago-1\n";
        project.write(".env", &format!("FEISHU_APP_ID={}\nFEISHU_APP_SECRET={}\n{old}", app.id, app.secret));
        let ran = project.login(&["--env-file", ".env"]);
        assert!(ran.succeeds().err.contains(&kept(&project.world)), "{ran:?}");
        assert!(project.is_true(".env"));
        project.run(&["refresh"]).succeeds();
        assert!(project.is_true(".env"));
        assert_eq!(project.world.sandbox.counters().replays, 0);
    }
}

#[test]
fn a_login_on_trial_is_kept_when_another_takes_its_place() {
    type Way<'a> = &'a dyn Fn(&Project) -> Ran;
    let ways: [(&str, Way<'_>); 4] = [
        ("login", &|project| project.login(&[])),
        ("replace", &|project| project.login(&["--replace-user"])),
        ("undo", &|project| project.run(&["adopt", "--undo"])),
        ("link", &|project| {
            let user = project.world.sandbox.user("Grace").id;
            let tokens = project.world.sandbox.seed_grant(&project.world.app.id, &user, &["offline_access"]).unwrap();
            project.write("grace.env", &refresh_alone(project, &tokens.refresh_token.unwrap()));
            project.run(&["link", "grace.env"])
        }),
    ];
    for (name, way) in ways {
        let (project, tokens, token) = mings();
        let text = refresh_alone(&project, tokens.refresh_token.as_deref().unwrap());
        project.write("ming.env", &text);
        project.run(&["link", "ming.env"]).succeeds();
        let ran = way(&project);
        ran.succeeds();
        let id = kept(&project.world);
        assert_eq!(project.world.status()["login"]["user"]["name"], "Ada", "{name} {ran:?}");
        let after = project.run(&["token"]);
        assert!(after.succeeds().out == token || name != "undo", "{name} {after:?}");
        assert_eq!(project.read("ming.env"), text, "{name}: what leads to it stays");
        assert_eq!(project.state("ming.env"), "of-another-user", "{name}");
        let ids = project.run(&["status"]).err;
        assert!(ids.contains(&id), "{name}: {ids}");
        if name != "link" {
            lives(&project, &id);
        }
    }
}

/// One line of the file was exchanged: whose the refresh token is, only its own first refresh tells.
#[test]
fn an_access_token_of_ours_says_nothing_of_the_refresh_token_beside_it() {
    for is_linked in [true, false] {
        let (project, tokens, token) = mings();
        let refresh = tokens.refresh_token.as_deref().unwrap();
        let pair =
            |refresh: &str| format!("FEISHU_USER_ACCESS_TOKEN={}\nFEISHU_USER_REFRESH_TOKEN={refresh}\n", token.trim());
        if is_linked {
            project.write("x.env", &pair(&project.present().0));
            project.run(&["link", "x.env"]).succeeds();
        }
        project.write("x.env", &pair(refresh));
        project.run(&["link", "x.env"]);
        project.run(&["refresh"]);
        let status = project.world.status();
        assert_eq!(status["login"]["user"]["name"], "Ada", "{is_linked}: {status:#}");
        let id = kept(&project.world);
        assert!(!project.is_true("x.env") || !project.read("x.env").contains(refresh), "{is_linked}");
        lives(&project, &id);
    }
}

#[test]
fn a_yes_to_another_user_bears_no_name_of_the_user_before() {
    let (project, tokens, token) = mings();
    project.write("ming.env", &refresh_alone(&project, tokens.refresh_token.as_deref().unwrap()));
    project.run(&["link", "ming.env"]).succeeds();
    project.run(&["link", "ming.env", "--replace-user"]).succeeds();
    assert_ne!(project.world.status()["login"]["user"]["name"], "Ada");
    let mings = project.run(&["token"]).succeeds().out.clone();
    assert_ne!(mings, token);
    assert_ne!(project.world.status()["login"]["user"]["name"], "Ada");
    let ran = project.run(&["adopt", "--undo"]);
    assert!(ran.succeeds().err.contains("uses the login of Ada again"), "{ran:?}");
    assert_eq!(project.run(&["token"]).succeeds().out, token);
    assert_eq!(project.world.sandbox.counters().replays, 0);
}

const LONE: [(&str, &str); 4] = [
    ("token.json", r#"{"access_token":"{A}"}"#),
    ("mcp.json", r#"{"mcpServers":{"lark":{"command":"lark-mcp","args":["-u","{A}"]}}}"#),
    ("x.toml", "[mcp_servers.lark.env]\nUSER_ACCESS_TOKEN = \"{A}\"\n"),
    (".env", "FEISHU_USER_ACCESS_TOKEN={A}\n"),
];

#[test]
fn an_access_token_of_another_user_gives_way_to_a_yes_alone() {
    for (name, pattern) in LONE {
        let (project, tokens, token) = mings();
        let text = pattern.replace("{A}", &tokens.access_token);
        project.write(name, &text);
        for words in [&["link", name][..], &["link", name, "-q"], &["token", "--env-file", name]] {
            let ran = project.run(words);
            assert!(ran.fails(2, "TW0519").err.contains("小明") && ran.err.contains("--access"), "{name} {ran:?}");
            assert!(ran.out.is_empty() && project.read(name) == text, "{name} {ran:?}");
        }
        assert_eq!(project.run(&["links", "--json"]).json()["links"], json!([]), "{name}");
        // Nobody can say whose it is.
        project.world.sandbox.inject(Fault::drop_request().when(Operation::Call));
        let ran = project.run(&["link", name]);
        assert!(ran.fails(2, "TW0519").err.contains("--access"), "{name} {ran:?}");
        // What is advised works.
        let line = ran.err.lines().find(|line| line.contains("--access")).unwrap().to_owned();
        let command = line.split('`').nth(1).unwrap().replace('\'', "");
        let words = match command.split_once("args[after -u]") {
            Some(_) => vec!["link", name, "--access", "mcpServers.lark.args[after -u]"],
            None => command.split(' ').skip(1).collect(),
        };
        project.run(&words).succeeds();
        assert_eq!(project.read(name), pattern.replace("{A}", token.trim()), "{name}");
        // The profile's own, that the vault does not know, and one that is dead, need no question.
        let ada = project.world.sandbox.current_tokens()[0].user.clone();
        let own = project.world.sandbox.seed_grant(&project.world.app.id, &ada, &["offline_access"]).unwrap();
        for (number, old) in [own.access_token.as_str(), "u-ended-two-hours-ago-x1"].into_iter().enumerate() {
            let other = format!("{number}-{}", name.trim_start_matches('.'));
            let other = if name == ".env" { format!("{number}.env") } else { other };
            project.write(&other, &pattern.replace("{A}", old));
            project.run(&["link", &other]).succeeds();
            assert_eq!(project.read(&other), pattern.replace("{A}", token.trim()), "{name} {old}");
        }
    }
}

#[test]
fn nothing_is_handed_out_for_a_file_that_is_another_users() {
    for with_access in [true, false] {
        for quiet in [&[][..], &["-q"]] {
            let (project, tokens, token) = mings();
            project.write(".env", &format!("FEISHU_APP_ID={}\n", project.world.app.id));
            project.run(&["link", ".env", "--create"]).succeeds();
            let text = if with_access {
                project.dotenv(&tokens)
            } else {
                refresh_alone(&project, tokens.refresh_token.as_deref().unwrap()) + "FEISHU_USER_ACCESS_TOKEN=\n"
            };
            project.write(".env", &text);
            for _ in 0..2 {
                let ways = [
                    &["token", "--env-file", ".env"][..],
                    &["exec", "--env-file", ".env", "--", "printenv", "TOKENWARD_ACCESS_TOKEN"],
                ];
                for words in ways {
                    let ran = project.run(&[words, quiet].concat());
                    let ran = if words[0] == "exec" && !quiet.is_empty() {
                        project.run(&[quiet, words].concat())
                    } else {
                        ran
                    };
                    assert_eq!(ran.out, "", "{ran:?}");
                    assert!(ran.fails(2, "TW0516").err.contains("小明"), "{ran:?}");
                }
            }
            assert_eq!(project.run(&["token"]).succeeds().out, token, "the profile's own is served");
            // What was refreshed to learn whose it is has its own new tokens.
            assert!(!project.read(".env").contains(token.trim()) && !project.is_adas(".env"));
            assert_eq!(project.read(".env") == text, with_access);
        }
    }
}

#[test]
fn nothing_is_handed_out_for_a_file_while_nobody_can_say_whose_it_is() {
    let (project, tokens, token) = mings();
    project.write(".env", &format!("FEISHU_APP_ID={}\n", project.world.app.id));
    project.run(&["link", ".env", "--create"]).succeeds();
    let brought = refresh_alone(&project, tokens.refresh_token.as_deref().unwrap());
    project.write(".env", &(brought + "FEISHU_USER_ACCESS_TOKEN=\n"));
    project.world.sandbox.inject(Fault::drop_request().when(Operation::Call).forever());
    for _ in 0..2 {
        let ways = [
            &["token", "--env-file", ".env"][..],
            &["exec", "--env-file", ".env", "--", "printenv", "TOKENWARD_ACCESS_TOKEN"],
        ];
        for words in ways {
            let ran = project.run(words);
            assert_eq!(ran.fails(4, "TW0517").out, "", "{ran:?}");
        }
        let ran = project.run(&["token"]);
        assert_eq!(ran.succeeds().out, token, "the profile's own is served");
        assert!(ran.err.contains("TW0517") && !ran.err.contains("early refresh failed"), "in true words: {ran:?}");
    }
    assert_eq!(project.world.sandbox.counters().refreshes, 1);
}

/// The other files show what the profile's user had before, and a copy of the new login under another name is not one of them.
#[test]
fn files_of_the_profiles_own_login_are_served_while_nobody_can_say_whose_the_next_is() {
    let (project, tokens, token) = mings();
    let mcp = |access: &str| format!(r#"{{"mcpServers":{{"lark":{{"env":{{"USER_ACCESS_TOKEN":"{access}"}}}}}}}}"#);
    for name in ["f.env", "g.env", "copy.env"] {
        project.write(name, &format!("FEISHU_APP_ID={}\n", project.world.app.id));
        project.run(&["link", name, "--create"]).succeeds();
    }
    for name in ["g.json", "copy.json"] {
        project.write(name, &mcp(token.trim()));
        project.run(&["link", name]).succeeds();
    }
    let brought = refresh_alone(&project, tokens.refresh_token.as_deref().unwrap());
    project.write("f.env", &(brought + "FEISHU_USER_ACCESS_TOKEN=\n"));
    project.world.sandbox.inject(Fault::drop_request().when(Operation::Call).forever());
    assert_eq!(project.run(&["token"]).succeeds().out, token);
    let (text, (new, all)) = (project.read("f.env"), project.present());
    assert!(text.contains(&new), "it has turned, in its own file");
    project.write("copy.env", &text);
    project.write("copy.json", &mcp(all.iter().find(|token| text.contains(*token)).unwrap()));
    // A file that is linked meanwhile is given nothing, and told why.
    let blank = format!("FEISHU_APP_ID={}\n", project.world.app.id);
    project.write("new.env", &blank);
    let ran = project.run(&["link", "new.env", "--create"]);
    assert!(ran.succeeds().err.contains("the user of the profile's new login is"), "{ran:?}");
    assert!(ran.err.contains("`tokenward refresh --profile default`"), "{ran:?}");
    assert!(!ran.err.contains("another process") && project.read("new.env") == blank, "{ran:?}");
    project.run(&["unlink", "new.env"]).succeeds();
    for (name, is_shown) in
        [("f.env", true), ("copy.env", true), ("copy.json", true), ("g.env", false), ("g.json", false)]
    {
        let links = project.run(&["links", name, "--json"]).json();
        let link = &links["links"][0];
        assert_eq!((link["state"].as_str(), link["shows_it"].as_bool()), (Some("unproven"), Some(is_shown)), "{link}");
        let ways = [
            &["token", "--env-file", name][..],
            &["exec", "--env-file", name, "--", "printenv", "TOKENWARD_ACCESS_TOKEN"],
        ];
        for words in ways {
            let ran = project.run(words);
            if is_shown {
                assert_eq!(ran.fails(4, "TW0517").out, "", "{ran:?}");
                assert!(!ran.err.contains("this token is"), "none is handed out: {ran:?}");
            } else {
                assert_eq!(ran.succeeds().out, token, "{ran:?}");
                assert!(ran.err.contains("TW0517"), "{ran:?}");
            }
        }
    }
    assert_eq!(project.world.sandbox.counters().refreshes, 1);
}

/// Whatever hinders that somebody says whose it is: the token endpoint is away before what was brought has rotated, or at its next rotation.
#[test]
fn nothing_is_handed_out_for_such_a_file_whatever_the_trouble() {
    for has_rotated in [false, true] {
        let (project, tokens, token) = mings();
        project.write(".env", &format!("FEISHU_APP_ID={}\n", project.world.app.id));
        project.run(&["link", ".env", "--create"]).succeeds();
        if has_rotated {
            project.world.sandbox.rules(|rules| rules.lifetimes.access = 60);
        }
        let brought = refresh_alone(&project, tokens.refresh_token.as_deref().unwrap());
        project.write(".env", &(brought + "FEISHU_USER_ACCESS_TOKEN=\n"));
        project.world.sandbox.inject(Fault::drop_request().when(Operation::Call).forever());
        if has_rotated {
            assert_eq!(project.run(&["token"]).succeeds().out, token);
            project.world.sandbox.advance(std::time::Duration::from_secs(120));
        }
        project.world.sandbox.inject(Fault::code(20050).when(Operation::Refresh).forever());
        for _ in 0..2 {
            let ways = [
                &["token", "--env-file", ".env"][..],
                &["exec", "--env-file", ".env", "--", "printenv", "TOKENWARD_ACCESS_TOKEN"],
            ];
            for words in ways {
                let ran = project.run_at(if has_rotated { 120 } else { 0 }, words);
                assert_eq!(ran.fails(4, "TW0501").out, "", "{has_rotated} {ran:?}");
            }
        }
        let ran = project.run_at(if has_rotated { 120 } else { 0 }, &["token"]);
        assert_eq!(ran.succeeds().out, token, "{has_rotated} the profile's own is served");
    }
}

#[test]
fn a_file_of_a_user_who_logged_out_becomes_another_users_by_a_yes_alone() {
    for (name, pattern) in [
        (".env", "FEISHU_USER_ACCESS_TOKEN={A}\nFEISHU_USER_REFRESH_TOKEN={R}\n"),
        ("mcp.json", r#"{"mcpServers":{"lark":{"env":{"USER_ACCESS_TOKEN":"{A}"}}}}"#),
    ] {
        let project = Project::of(World::logged_in());
        let adas = project.run(&["token"]).succeeds().out.trim().to_owned();
        let shown = |access: &str, refresh: &str| pattern.replace("{A}", access).replace("{R}", refresh);
        let before = shown(&adas, &project.present().0);
        project.write(name, &before);
        project.run(&["link", name]).succeeds();
        project.run(&["logout", "--yes"]).succeeds();
        consents(&project, Some(&second_user(&project.world)));
        let ran = project.login(&["-q"]);
        let way = format!("tokenward link {name} -p default --replace-user");
        assert!(ran.succeeds().err.contains("Ada") && ran.err.contains("--replace-user"), "{name} {ran:?}");
        assert_eq!(project.read(name), before, "{name}");
        project.run(&["token"]).succeeds();
        project.run(&["refresh"]).succeeds();
        assert_eq!(project.read(name), before, "{name}");
        assert_eq!(project.state(name), "of-former-user", "{name}");
        let ran = project.run(&["token", "--env-file", name]);
        assert_eq!((ran.fails(2, "TW0518").out.as_str(), ran.err.contains(&way)), ("", true), "{name} {ran:?}");
        let ran = project.run(&["link", name]);
        assert!(ran.fails(2, "TW0518").err.contains(&way), "{name} {ran:?}");
        // Ada comes back, and it follows by itself.
        project.run(&["logout", "--yes"]).succeeds();
        consents(&project, None);
        project.login(&[]).succeeds();
        let token = project.run(&["token"]).succeeds().out.trim().to_owned();
        assert!(project.read(name).contains(&token), "{name}");
        // Out once more, and a yes.
        project.run(&["logout", "--yes"]).succeeds();
        consents(&project, Some(&second_user(&project.world)));
        project.login(&[]).succeeds();
        let words: Vec<&str> = way.split(' ').skip(1).collect();
        project.run(&words).succeeds();
        let token = project.run(&["token"]).succeeds().out.trim().to_owned();
        assert!(project.read(name).contains(&token), "{name}");
        project.run(&["refresh"]).succeeds();
        assert_eq!(project.state(name), "in-sync", "{name}");
        assert_eq!(project.world.sandbox.counters().replays, 0);
    }
}

#[test]
fn a_login_for_which_nobody_is_named_is_decided_about_once() {
    let project = Project::of(World::logged_in());
    project.world.sandbox.inject(Fault::code(20064).when(Operation::Refresh));
    assert_eq!(project.run(&["refresh"]).code, 3);
    project.world.sandbox.inject(Fault::code(99_991_679).when(Operation::Call).forever());
    let ran = project.login(&[]);
    assert!(ran.fails(2, "TW0516").err.contains("Ada") && ran.err.contains("--replace-user"), "{ran:?}");
    let id = kept(&project.world);
    let ran = project.run(&["login", "--no-browser", "--port", "0", "--timeout", "3s"]);
    assert!(ran.fails(2, "TW0516").err.contains(&id) && ran.out.is_empty(), "{ran:?}");
    assert!(ran.err.contains("tokenward login --replace-user"), "{ran:?}");
    assert_eq!(kept_ones(&project), 1);
    project.run(&["adopt", "--login", &id, "-p", "default", "--replace-user"]).succeeds();
    let token = project.run(&["token"]).succeeds().out.clone();
    assert!(project.world.secrets().contains(&token.trim().to_owned()));
    // Now that the profile's user is unknown too, the next one takes its place without a question.
    let before = kept_ones(&project);
    project.world.sandbox.inject(Fault::code(20064).when(Operation::Refresh));
    assert_eq!(project.run(&["refresh"]).code, 3);
    project.login(&[]).succeeds();
    assert_ne!(project.run(&["token"]).succeeds().out, token);
    assert_eq!(kept_ones(&project), before);
}

#[test]
fn a_text_with_both_tokens_beside_another_place_is_linked_whole() {
    for (name, pattern) in [
        ("a.json", r#"{"url":"https://x.example/?a={A}&r={R}","refresh_token":"{R}"}"#),
        ("b.json", r#"{"access_token":"{A}","url":"https://x.example/?a={A}&r={R}"}"#),
        ("c.env", "URL=https://x.example/?a={A}&r={R}\nFEISHU_USER_REFRESH_TOKEN={R}\nFEISHU_USER_ACCESS_TOKEN={A}\n"),
        ("d.env", "FEISHU_USER_REFRESH_TOKEN={R}\nWORDS='-u {A} -r {R}'\n"),
    ] {
        let project = Project::of(World::logged_in());
        let fill = |project: &Project| {
            let token = project.run(&["token"]).succeeds().out.trim().to_owned();
            pattern.replace("{A}", &token).replace("{R}", &project.present().0)
        };
        project.write(name, &fill(&project));
        let ran = project.run(&["link", name]);
        ran.succeeds();
        for _ in 0..2 {
            project.run(&["refresh"]).succeeds();
            assert_eq!(project.read(name), fill(&project), "{name} {ran:?}");
        }
        assert_eq!(project.run(&["links"]).code, 0, "{name}");
        project.run(&["link", name]).succeeds();
    }
}

#[test]
fn a_profile_is_new_only_where_something_came_of_it() {
    let project = Project::of(World::logged_in());
    project.write(".env", &format!("FEISHU_APP_ID={}\nFEISHU_USER_ACCESS_TOKEN=\n", project.world.app.id));
    let config = project.world.config();
    for words in [
        &["link", "-p", "typo", ".env"][..],
        &["adopt", "-p", "typo", ".env"],
        &["token", "-p", "typo", "--env-file", ".env"],
    ] {
        let ran = project.run(words);
        assert!(ran.code != 0 && !ran.err.contains("is new"), "{ran:?}");
        assert_eq!(project.world.config(), config, "{ran:?}");
    }
    let (project, tokens, _) = mings();
    project.write(".env", &project.dotenv(&tokens));
    let ran = project.run(&["link", "-p", "ming", ".env"]);
    assert!(ran.succeeds().err.contains("ming is new"), "{ran:?}");
}

#[test]
fn tokens_in_each_others_place_are_neither_sent_nor_lost() {
    let (project, tokens, token) = mings();
    let refresh = tokens.refresh_token.as_deref().unwrap();
    for (name, pattern) in [
        (".env", "FEISHU_USER_ACCESS_TOKEN={A}\nFEISHU_USER_REFRESH_TOKEN={R}\n"),
        ("token.json", r#"{"access_token":"{A}","refresh_token":"{R}"}"#),
    ] {
        let text = pattern.replace("{A}", refresh).replace("{R}", &tokens.access_token);
        project.write(name, &text);
        let calls = project.world.sandbox.history().len();
        for words in [
            &["link", name][..],
            &["adopt", name],
            &["token", "--env-file", name],
            &["login", "--env-file", name, "--no-browser"],
        ] {
            let ran = project.run(words);
            assert!(ran.fails(2, "TW0526").out.is_empty(), "{ran:?}");
        }
        assert_eq!((project.read(name), project.world.sandbox.history().len()), (text.clone(), calls));
        // In a file that is linked already.
        project.write(name, &pattern.replace("{A}", "").replace("{R}", ""));
        project.run(&["link", name]).succeeds();
        project.write(name, &text);
        for _ in 0..2 {
            assert_eq!(project.run(&["token"]).succeeds().out, token);
            project.run(&["link", name]);
            assert_eq!(project.read(name), text);
        }
        project.run(&["unlink", name]).succeeds();
    }
    assert_eq!(project.world.sandbox.counters().refreshes, 0);
}

/// The vault knows which is which; a program that reads the file by its names does not.
#[test]
fn tokens_of_ours_in_each_others_place_are_refused_unless_the_places_are_named() {
    let project = Project::of(World::logged_in());
    let (access, refresh) = present(&project);
    for (name, pattern) in [
        (".env", "FEISHU_USER_ACCESS_TOKEN={A}\nFEISHU_USER_REFRESH_TOKEN={R}\n"),
        ("token.json", r#"{"access_token":"{A}","refresh_token":"{R}"}"#),
    ] {
        let text = pattern.replace("{A}", &refresh).replace("{R}", &access);
        project.write(name, &text);
        for words in [&["link", name][..], &["token", "--env-file", name]] {
            let ran = project.run(words);
            assert!(ran.fails(2, "TW0526").out.is_empty(), "{ran:?}");
        }
        assert_eq!(project.read(name), text);
        project.write(name, &pattern.replace("{A}", &access).replace("{R}", &refresh));
        project.run(&["link", name]).succeeds();
    }
    project.write("named.env", &format!("FEISHU_USER_ACCESS_TOKEN={refresh}\nFEISHU_USER_REFRESH_TOKEN={access}\n"));
    let places = ["--access", "FEISHU_USER_REFRESH_TOKEN", "--refresh", "FEISHU_USER_ACCESS_TOKEN"];
    project.run(&[&["link", "named.env"][..], &places].concat()).succeeds();
    assert_eq!(project.world.sandbox.counters().refreshes, 0);
}

#[test]
fn in_a_list_of_earlier_tokens_the_present_ones_alone_are_kept_true() {
    let project = Project::of(World::logged_in());
    let mut entries = Vec::new();
    for _ in 0..3 {
        project.run(&["refresh"]).succeeds();
        let token = project.run(&["token"]).succeeds().out.trim().to_owned();
        entries.push(json!({ "access_token": token, "refresh_token": project.present().0 }));
    }
    for (name, text) in
        [("list.json", json!(entries).to_string()), ("inside.json", json!({ "history": entries }).to_string())]
    {
        project.write(name, &text);
        project.run(&["link", name]).succeeds();
        assert_eq!(project.read(name), text, "{name}");
    }
    project.run(&["refresh"]).succeeds();
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    let list: serde_json::Value = serde_json::from_str(&project.read("list.json")).unwrap();
    assert_eq!((&list[0], &list[1]), (&entries[0], &entries[1]));
    assert_eq!(list[2], json!({ "access_token": token, "refresh_token": project.present().0 }));
    // None of them is present: a person says which is meant.
    project.write("old.json", &json!(entries).to_string());
    project.run(&["link", "old.json"]).fails(2, "TW0507");
    assert_eq!(project.read("old.json"), json!(entries).to_string());
}

#[test]
fn what_was_piped_in_is_named_by_its_id() {
    let (project, tokens, _) = mings();
    let piped = json!({ "access_token": tokens.access_token, "refresh_token": tokens.refresh_token }).to_string();
    let ran = run_fed(&mut project.command(&["adopt", "-"]), &piped);
    let id = kept(&project.world);
    assert!(ran.fails(2, "TW0516").err.contains(&format!("tokenward adopt --login {id} -p NAME")), "{ran:?}");
    assert!(!ran.err.contains("tokenward adopt - "), "{ran:?}");
    project.run(&["adopt", "--login", &id, "-p", "ming"]).succeeds();
}
