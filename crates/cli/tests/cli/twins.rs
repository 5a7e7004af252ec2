//! A token that nobody knows yet and that stands at several places of one file: all of them follow, or the file is refused.

use crate::project::{Project, filled, present};
use crate::world::World;

const PAIRS: [(&str, &str); 11] = [
    (".env", "FEISHU_USER_ACCESS_TOKEN={A}\nFEISHU_USER_REFRESH_TOKEN={R}\nAUTHORIZATION='Bearer {A}'\n"),
    ("bearer.env", "FEISHU_BEARER={A}\nFEISHU_REFRESH_TOKEN={R}\n"),
    ("header.env", "LARK_AUTHORIZATION=\"Bearer {A}\"\nLARK_REFRESH_TOKEN={R}\n"),
    ("short.env", "LARK_UAT={A}\nLARK_URT={R}\n"),
    (
        "url.env",
        "FEISHU_ACCESS_TOKEN={A}\nFEISHU_REFRESH_TOKEN={R}\nURL=https://x.example/?access_token={A}&v=1\nODD=https://x.example/?k={A}\n",
    ),
    (
        "command.env",
        "FEISHU_ACCESS_TOKEN={A}\nFEISHU_REFRESH_TOKEN={R}\nRUN=\"curl -H 'Authorization: Bearer {A}' https://x.example\"\n",
    ),
    ("twice.env", "FEISHU_ACCESS_TOKEN={A}\nFEISHU_REFRESH_TOKEN={R}\nBACKUP={R}\nX_AT={A}\n"),
    ("data.json", r#"{"access_token":"{A}","refresh_token":"{R}","data":{"access_token":"{A}"}}"#),
    ("copy.json", r#"{"data":{"access_token":"{A}","refresh_token":"{R}"},"copy":{"at":"{A}","rt":"{R}"}}"#),
    ("x.toml", "[a]\naccess_token = \"{A}\"\nrefresh_token = '{R}'\n[b]\nheader = \"Bearer {A}\"\n"),
    ("x.ini", "[a]\nuser_access_token = {A}\nrefresh_token = {R}\n[b]\nheader = Bearer {A}\n"),
];

#[test]
fn every_place_of_a_new_login_follows() {
    for (name, pattern) in PAIRS {
        let project = Project::of(World::new());
        let tokens = project.seeded();
        let old = (tokens.access_token.clone(), tokens.refresh_token.clone().unwrap());
        project.write(name, &filled(pattern, &old));
        let ran = project.run(&["link", name]);
        assert!(!ran.succeeds().err.contains("not kept in sync"), "{name}: {ran:?}");
        project.run(&["refresh"]).succeeds();
        assert_eq!(project.read(name), filled(pattern, &present(&project)), "{name}");
        project.run(&["refresh"]).succeeds();
        assert_eq!(project.read(name), filled(pattern, &present(&project)), "{name}");
        let links = project.run(&["links", "--json"]).succeeds().json();
        for link in links["links"].as_array().unwrap() {
            assert_eq!(link["state"], "in-sync", "{name}: {link}");
        }
        assert_eq!(project.world.sandbox.counters().replays, 0);
    }
}

#[test]
fn every_place_follows_a_login_into_the_file() {
    let project = Project::of(World::new());
    let tokens = project.seeded();
    let old = (tokens.access_token.clone(), tokens.refresh_token.clone().unwrap());
    let pattern = format!(
        "FEISHU_APP_ID={}\nFEISHU_ACCESS_TOKEN={{A}}\nFEISHU_REFRESH_TOKEN={{R}}\nAUTHORIZATION='Bearer {{A}}'\n",
        project.world.app.id
    );
    project.write(".env", &filled(&pattern, &old));
    // It is another user's, whom the provider names.
    project.login(&["--env-file", ".env", "--write-over"]).succeeds();
    let text = project.read(".env");
    assert!(!text.contains(&old.0) && !text.contains(&old.1), "{text}");
    assert_eq!(text, filled(&pattern, &present(&project)));
}

const SERVERS: [(&str, &str); 4] = [
    (
        "zed.json",
        r#"{"context_servers":{"lark":{"command":"npx","args":["lark-mcp","-u","{A}"],"env":{"USER_ACCESS_TOKEN":"{A}"}}}}"#,
    ),
    (
        "opencode.json",
        r#"{"mcp":{"lark":{"type":"local","command":["npx","lark-mcp","-u","{A}"],"environment":{"USER_ACCESS_TOKEN":"{A}"}}}}"#,
    ),
    (
        "two.json",
        r#"{"mcpServers":{"lark":{"command":"lark-mcp","env":{"USER_ACCESS_TOKEN":"{A}"}},"feishu":{"url":"https://mcp.feishu.cn/mcp","headers":{"Authorization":"Bearer {A}"}}}}"#,
    ),
    (
        "url.json",
        r#"{"mcpServers":{"lark":{"command":"lark-mcp","env":{"USER_ACCESS_TOKEN":"{A}"}}},"events":"https://x.example/?access_token={A}"}"#,
    ),
];

#[test]
fn every_place_of_an_access_token_that_nobody_knows_follows() {
    let project = Project::of(World::logged_in());
    let old = ("u-ended-two-hours-ago-x1".to_owned(), String::new());
    for (name, pattern) in SERVERS {
        project.write(name, &filled(pattern, &old));
        project.run(&["link", name]).succeeds();
        assert_eq!(project.read(name), filled(pattern, &present(&project)), "{name}");
    }
    project.run(&["refresh"]).succeeds();
    for (name, pattern) in SERVERS {
        assert_eq!(project.read(name), filled(pattern, &present(&project)), "{name}");
    }
    // One that would stay behind: nothing is linked, and nothing written.
    let text = filled(
        r#"{"mcpServers":{"lark":{"command":"lark-mcp","env":{"USER_ACCESS_TOKEN":"{A}"}}},"run":"a b {A} c"}"#,
        &old,
    );
    project.write("behind.json", &text);
    let ran = project.run(&["link", "behind.json"]);
    assert!(ran.fails(2, "TW0507").err.contains("is also at run"), "{ran:?}");
    assert_eq!(project.read("behind.json"), text);
    project.run(&["links", "behind.json"]).fails(2, "TW0506");
}

#[test]
fn what_may_be_a_token_of_the_login_is_told() {
    let project = Project::of(World::new());
    let tokens = project.seeded();
    let refresh = tokens.refresh_token.clone().unwrap();
    project.write(".env", &format!("FEISHU_REFRESH_TOKEN={refresh}\nODD={}\n", tokens.access_token));
    let ran = project.run(&["link", ".env"]);
    assert!(ran.succeeds().err.contains("no access token of this login was found"), "{ran:?}");
    project.run(&["refresh"]).succeeds();
    let (access, refresh) = present(&project);
    project.write(
        "two.env",
        &format!("FEISHU_USER_ACCESS_TOKEN={access}\nFEISHU_REFRESH_TOKEN={refresh}\nFEISHU_ACCESS_TOKEN=u-from-last-week-7\n"),
    );
    let ran = project.run(&["link", "two.env"]);
    assert!(ran.succeeds().err.contains("by its name, FEISHU_ACCESS_TOKEN also holds"), "{ran:?}");
}
