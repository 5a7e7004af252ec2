//! Nothing that nobody has kept is written over. A token's key that stands in a file twice, another refresh token in a script's
//! file, a token of the other kind at a place; and what stands at the access token's place of a login that has none yet.

use tokenward_emulator::{Fault, Operation};

use crate::logins::second_user;
use crate::project::{Project, filled, present};
use crate::world::{Ran, World};

/// `{X}` is hidden by a later `{R}` or `{A}`.
const DOUBLED: [(&str, &str); 8] = [
    ("x.env", "FEISHU_USER_ACCESS_TOKEN={A}\nFEISHU_USER_REFRESH_TOKEN={X}\nFEISHU_USER_REFRESH_TOKEN={R}\n"),
    (
        "q.env",
        "FEISHU_USER_ACCESS_TOKEN={A}\nFEISHU_USER_REFRESH_TOKEN='{X}'\nexport FEISHU_USER_REFRESH_TOKEN=\"{R}\"\n",
    ),
    ("a.env", "FEISHU_USER_ACCESS_TOKEN={X}\nFEISHU_USER_ACCESS_TOKEN={A}\nFEISHU_USER_REFRESH_TOKEN={R}\n"),
    ("x.ini", "[TOKEN]\nuser_access_token = {A}\nrefresh_token = {X}\nRefresh_Token = {R}\n"),
    ("y.ini", "[a]\nuser_access_token = {A}\nrefresh_token = {X}\n[b]\nk = 1\n[a]\nrefresh_token = {R}\n"),
    ("x.json", "{\"access_token\":\"{A}\",\n\"refresh_token\":\"{X}\",\n\"refresh_token\":\"{R}\"}"),
    (
        "y.json",
        "{\"a\":{\"access_token\":\"x\",\n\"refresh_token\":\"{X}\"},\n\"a\":{\"access_token\":\"{A}\",\"refresh_token\":\"{R}\"}}",
    ),
    ("inner.env", "T='{\"access_token\":\"{A}\",\"refresh_token\":\"{X}\",\"refresh_token\":\"{R}\"}'\n"),
];

/// Two logins of one user that nobody knows: a file with one, and the refresh token of the other.
fn hidden(project: &Project, pattern: &str) -> (String, String) {
    let (first, second) = (project.seeded(), project.seeded());
    let other = second.refresh_token.unwrap();
    let text = filled(pattern, &(first.access_token, first.refresh_token.unwrap())).replace("{X}", &other);
    (text, other)
}

/// It was refused with the lines named, and nothing was sent or written.
fn refused(project: &Project, ran: &Ran, name: &str, text: &str) {
    assert!(ran.fails(2, "TW0511").err.contains("lines "), "{name}: {ran:?}");
    assert_eq!((ran.out.as_str(), project.read(name).as_str()), ("", text), "{name}");
    assert_eq!(project.world.sandbox.counters().refreshes, 0, "{name}");
}

#[test]
fn a_token_behind_a_doubled_key_is_not_written_over() {
    for (name, pattern) in DOUBLED {
        let project = Project::of(World::new());
        let (text, other) = hidden(&project, pattern);
        project.write(name, &text);
        for words in
            [&["link", name][..], &["adopt", name], &["adopt", name, "--no-link"], &["token", "--env-file", name]]
        {
            let ran = project.run(words);
            refused(&project, &ran, name, &text);
            assert!(!ran.err.contains(&other), "{ran:?}");
        }
        // One that is empty, a stand-in, or the same, is in nobody's way.
        for (number, harmless) in ["your_token_here", ""].into_iter().enumerate() {
            // A value in a text of another format is exchanged, and none put in where there was none.
            if name == "inner.env" && harmless.is_empty() {
                continue;
            }
            let calm = format!("{number}-{name}");
            project.write(&calm, &text.replace(&other, harmless));
            project.run(&["link", &calm]).succeeds();
        }
    }
}

#[test]
fn a_login_into_a_file_with_a_doubled_key_is_refused_before_the_browser() {
    let project = Project::of(World::logged_in());
    let (text, _) = hidden(&project, DOUBLED[0].1);
    let text = format!("FEISHU_APP_ID={}\n{text}", project.world.app.id);
    project.write("x.env", &text);
    let ran = project.run(&["login", "--no-browser", "--port", "0", "--timeout", "3s", "--env-file", "x.env"]);
    refused(&project, &ran, "x.env", &text);
}

#[test]
fn a_linked_file_that_gets_a_second_line_is_left_until_it_is_mended() {
    for (name, pattern) in DOUBLED {
        let project = Project::of(World::logged_in());
        let first = present(&project);
        project.write(name, &filled(pattern, &first).replace("{X}", "your_token_here"));
        project.run(&["link", name]).succeeds();
        let other = project.seeded().refresh_token.unwrap();
        let text = filled(pattern, &first).replace("{X}", &other);
        project.write(name, &text);
        let ran = project.run(&["refresh"]);
        assert!(ran.succeeds().err.contains("lines "), "{name}: {ran:?}");
        assert_eq!(project.read(name), text, "{name}");
        let ran = project.run(&["links", name]);
        assert!(ran.fails(2, "").err.contains("lines ") && !ran.err.contains(&other), "{name}: {ran:?}");
        assert_eq!(project.state(name), "unusable", "{name}");
        // Of a token that the vault has nothing is lost, whichever line it stands on.
        let old = if name == "a.env" { &first.0 } else { &first.1 };
        project.write(name, &text.replace(&other, old));
        project.run(&["token"]).succeeds();
        let now = adas(&project);
        let hidden = if name == "a.env" { &now.0 } else { &now.1 };
        assert_eq!(
            project.read(name),
            filled(pattern, &now).replace("{X}", hidden).replace("\"x\"", &x(&now)),
            "{name}"
        );
        assert_eq!(project.world.sandbox.counters().replays, 0, "{name}");
    }
}

/// The present tokens of the profile's login, beside which there are others.
fn adas(project: &Project) -> (String, String) {
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    let all = project.world.sandbox.current_tokens();
    let own = all.into_iter().find(|login| login.access_tokens.iter().any(|access| access.token == token));
    (token, own.unwrap().refresh_token.unwrap())
}

/// In one of the files the hidden object has an access token of its own.
fn x(present: &(String, String)) -> String {
    format!("\"{}\"", present.0)
}

#[test]
fn a_place_of_the_other_kind_is_refused() {
    let project = Project::of(World::logged_in());
    let pair = present(&project);
    let text = filled("A={A}\nR={R}\nU=ur-0123456789abcdef\n", &pair);
    project.write("x.env", &text);
    for (flag, place, right) in
        [("--access", "R", "--refresh R"), ("--refresh", "A", "--access A"), ("--access", "U", "--refresh U")]
    {
        let ran = project.run(&["link", "x.env", flag, place]);
        assert!(ran.fails(2, "TW0513").err.contains(right), "{flag} {place}: {ran:?}");
        assert_eq!(project.read("x.env"), text);
    }
    assert_eq!(project.run(&["links", "--json"]).json()["links"], serde_json::json!([]));
    project.run(&["link", "x.env", "--access", "A", "--refresh", "R"]).succeeds();
}

#[test]
fn what_stands_for_an_access_token_that_is_still_to_come_is_judged() {
    for (name, stands, state) in [
        ("placeholder.env", "<token>", "malformed"),
        ("foreign.env", "{M}", "outdated"),
        ("unknown.env", "u-0123456789abcdef", "outdated"),
        ("empty.env", "", "in-sync"),
    ] {
        let project = Project::of(World::new());
        let ming = second_user(&project.world);
        let mings = project.world.sandbox.seed_grant(&project.world.app.id, &ming, &["offline_access"]).unwrap();
        let refresh = project.seeded().refresh_token.unwrap();
        project.write("alone.env", &format!("FEISHU_USER_REFRESH_TOKEN={refresh}\n"));
        project.run(&["link", "alone.env"]).succeeds();
        let stands = stands.replace("{M}", &mings.access_token);
        project.write(name, &format!("FEISHU_USER_ACCESS_TOKEN={stands}\nFEISHU_USER_REFRESH_TOKEN={refresh}\n"));
        let ran = project.run(&["link", name, "--create"]);
        let told = ran.succeeds().err.contains("up to date") || ran.err.contains("holds the current tokens");
        assert_eq!(told, state == "in-sync", "{name}: {ran:?}");
        assert_eq!(project.state(name), state, "{name}");
        project.run(&["refresh"]).succeeds();
        project.run(&["link", name, "--create"]).succeeds();
        assert!(project.is_true(name), "{name}");
        assert_eq!(project.state(name), "in-sync", "{name}");
    }
}

#[test]
fn a_file_of_a_login_that_is_over_says_so() {
    let project = Project::of(World::logged_in());
    project.write("x.env", &filled("FEISHU_ACCESS_TOKEN={A}\nFEISHU_REFRESH_TOKEN={R}\n", &present(&project)));
    project.run(&["link", "x.env"]).succeeds();
    assert_eq!(project.state("x.env"), "in-sync");
    project.world.sandbox.inject(Fault::code(20064).when(Operation::Refresh));
    assert_eq!(project.run(&["refresh"]).code, 3);
    let ran = project.run(&["links"]);
    assert!(ran.code == 3 && ran.err.contains("tokenward login -p default"), "{ran:?}");
    assert_eq!(project.state("x.env"), "login-ended");
    project.login(&[]).succeeds();
    assert_eq!(project.state("x.env"), "in-sync");
}
