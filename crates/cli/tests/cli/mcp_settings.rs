//! Settings of MCP servers as people write them: a header waits for its token, a key is missing, a value is a reference.

use serde_json::json;

use crate::project::Project;
use crate::world::World;

fn http(header: &str) -> String {
    let server = json!({ "type": "http", "url": "https://mcp.feishu.cn/mcp", "headers": { "Authorization": header } });
    json!({ "mcpServers": { "f": server } }).to_string()
}

/// A server reads nothing from a header without a scheme (RFC 6750 §2.1).
#[test]
fn a_header_is_given_its_scheme_with_the_token() {
    let project = Project::of(World::logged_in());
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    for (number, (text, before, words)) in [
        ("", "Bearer ", &[][..]),
        ("Bearer ", "Bearer ", &[]),
        ("Bearer", "Bearer ", &[]),
        ("bearer", "bearer ", &[]),
        ("DPoP ", "DPoP ", &[]),
        ("<token>", "Bearer ", &["--create"]),
        ("<your token>", "Bearer ", &["--create"]),
        ("Bearer <token>", "Bearer ", &["--create"]),
        ("Bearer <your token>", "Bearer ", &["--create"]),
        // The shape is the person's.
        ("u-0123456789abcdefghij", "", &["--create"]),
    ]
    .into_iter()
    .enumerate()
    {
        let file = format!("{number}.json");
        project.write(&file, &http(text));
        project.run(&[&["link", &file], words].concat()).succeeds();
        assert_eq!(project.read(&file), http(&format!("{before}{token}")), "{text:?}");
        assert!(project.run(&["link", &file]).succeeds().err.contains("up to date"), "{text:?}");
    }
    let toml = |header: &str| format!("[mcp_servers.feishu]\nhttp_headers = {{ authorization = \"{header}\" }}\n");
    project.write("codex.toml", &toml(""));
    project.run(&["link", "codex.toml"]).succeeds();
    assert_eq!(project.read("codex.toml"), toml(&format!("Bearer {token}")));
}

#[test]
fn a_file_without_a_key_for_the_token_is_told_which_one_to_add() {
    let project = Project::of(World::logged_in());
    let json = |env: &str| format!(r#"{{"mcpServers": {{"feishu": {{"command": "x", "env": {{{env}}}}}}}}}"#);
    let url = |headers: &str| {
        format!(r#"{{"servers": {{"a": {{"url": "https://mcp.feishu.cn/mcp", "headers": {{{headers}}}}}}}}}"#)
    };
    let toml = |line: &str| format!("[mcp_servers.lark.env]\nX = \"1\"\n{line}");
    for (file, text, hint, filled) in [
        (
            "n.json",
            json(""),
            "add \"USER_ACCESS_TOKEN\": \"\" to mcpServers.feishu.env in ",
            json(r#""USER_ACCESS_TOKEN": """#),
        ),
        ("u.json", url(""), "add \"Authorization\": \"\" to servers.a.headers in ", url(r#""Authorization": """#)),
        (
            "c.toml",
            toml(""),
            "add USER_ACCESS_TOKEN = \"\" to mcp_servers.lark.env in ",
            toml("USER_ACCESS_TOKEN = \"\"\n"),
        ),
    ] {
        project.write(file, &text);
        for words in [
            &["link", file][..],
            &["link", file, "--create"],
            &["link", file, "--access", "USER_ACCESS_TOKEN"],
            &["login", "--no-browser", "--env-file", file],
        ] {
            let ran = project.run(words);
            assert!(ran.fails(2, "TW0507").err.contains(hint), "{words:?}: {ran:?}");
            assert!(!ran.err.contains("--access mcp"), "{words:?}: {ran:?}");
        }
        assert_eq!(project.read(file), text);
        project.write(file, &filled);
        project.run(&["link", file]).succeeds();
    }
    project.write("o.json", &json(""));
    let ran = project.run(&["link", "o.json", "--access", "mcpServers.feishu.env.LARK_TOKEN"]);
    let hint = "add \"LARK_TOKEN\": \"\" to mcpServers.feishu.env in ";
    assert!(ran.fails(2, "TW0507").err.contains(hint), "{ran:?}");
}

#[test]
fn a_secret_that_is_a_reference_is_told_as_one() {
    let project = Project::of(World::bare());
    let env = json!({ "APP_ID": "cli_0123456789abcdef", "APP_SECRET": "${APP_SECRET}", "USER_ACCESS_TOKEN": "" });
    let text = json!({ "mcpServers": { "lark": { "command": "x", "env": env } } }).to_string();
    project.write("n.json", &text);
    let ran = project.run(&["login", "--no-browser", "--env-file", "n.json"]);
    assert!(ran.fails(2, "TW0204").err.contains("mcpServers.lark.env.APP_SECRET in n.json is a reference"), "{ran:?}");
    let hint = "set TOKENWARD_APP_SECRET to the secret, or run `tokenward init --app-id cli_0123456789abcdef` first";
    assert!(ran.err.contains(hint), "{ran:?}");
    assert_eq!(project.read("n.json"), text);
}

#[test]
fn the_commands_that_are_named_speak_of_the_same_server() {
    let project = Project::of(World::logged_in());
    let server = |header: &str| json!({ "url": "https://mcp.feishu.cn/mcp", "headers": { "Authorization": header } });
    let text = json!({ "mcpServers": { "ada": server(""), "bob": server("Bearer <token>") } }).to_string();
    project.write("two.json", &text);
    let ran = project.run(&["link", "two.json", "--server", "bob"]);
    for command in [
        "`tokenward link two.json --server bob --create`",
        "`tokenward login --env-file two.json --access mcpServers.bob.headers.Authorization`",
    ] {
        assert!(ran.fails(2, "TW0507").err.contains(command), "{ran:?}");
    }
    for server in ["ada", "bob"] {
        project.run(&["link", "two.json", "--create", "--server", server]).succeeds();
    }
    project.world.login(&["-p", "new"]).succeeds();
    let ran = project.run(&["link", "two.json", "--server", "ada", "-p", "new"]);
    assert!(ran.fails(2, "TW0508").err.contains("run `tokenward unlink two.json --server ada`"), "{ran:?}");
    project.run(&["unlink", "two.json", "--server", "ada"]).succeeds();
}
