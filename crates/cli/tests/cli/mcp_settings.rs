//! Settings of MCP servers as people write them: a header waits for its token, a key is missing, a value is a reference.

use serde_json::json;

use tokenward_emulator::{Fault, Operation};

use crate::gives_way::refresh_alone;
use crate::identity::mings;
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

fn lark(args: &[&str]) -> String {
    let args = [&["-y", "@larksuiteoapi/lark-mcp", "mcp"], args].concat();
    json!({ "mcpServers": { "lark": { "command": "npx", "args": args, "env": {} } } }).to_string()
}

/// A name with nothing behind it is where the token belongs, and is no token.
#[test]
fn an_argument_that_waits_for_its_token_keeps_its_name() {
    let project = Project::of(World::logged_in());
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    for (number, (args, filled)) in [
        (&["--user-access-token="][..], &["--user-access-token={A}"][..]),
        (&["-u="], &["-u={A}"]),
        (&["--env=USER_ACCESS_TOKEN="], &["--env=USER_ACCESS_TOKEN={A}"]),
        (&["-e", "USER_ACCESS_TOKEN="], &["-e", "USER_ACCESS_TOKEN={A}"]),
        (&["--header", "Authorization:"], &["--header", "Authorization: Bearer {A}"]),
    ]
    .into_iter()
    .enumerate()
    {
        let file = format!("{number}.json");
        project.write(&file, &lark(args));
        project.run(&["link", &file]).succeeds();
        let filled = lark(filled).replace("{A}", &token);
        assert_eq!(project.read(&file), filled, "{args:?}");
        // The same where a person names the place.
        project.run(&["unlink", &file]).succeeds();
        project.write(&file, &lark(args));
        let place = format!("mcpServers.lark.args[{}]", 2 + args.len());
        project.run(&["link", &file, "--access", &place]).succeeds();
        assert_eq!(project.read(&file), filled, "{args:?} at {place}");
    }
}

/// `lark-mcp` takes its argument before its variable: a token in `env` would not be used.
#[test]
fn an_argument_that_is_a_reference_is_told_as_one() {
    let project = Project::of(World::logged_in());
    let with_env = |args: &[&str]| lark(args).replace("{}", r#"{"USER_ACCESS_TOKEN":""}"#);
    for (number, args) in
        [&["-u", "${FEISHU_TOKEN}"][..], &["--user-access-token", "$FEISHU_TOKEN"], &["-u=${FEISHU_TOKEN}"]]
            .into_iter()
            .enumerate()
    {
        for (form, text) in [lark(args), with_env(args)].into_iter().enumerate() {
            let file = format!("{number}-{form}.json");
            project.write(&file, &text);
            for words in [
                &["link", &file][..],
                &["link", &file, "--create"],
                &["link", &file, "--server", "lark"],
                &["login", "--no-browser", "--env-file", &file],
            ] {
                let ran = project.run(words);
                let told = ran.fails(2, "TW0507").err.clone();
                assert!(
                    told.contains("is a reference") && told.contains("mcpServers.lark.args["),
                    "{words:?}: {ran:?}"
                );
                assert!(told.contains("`tokenward exec --env FEISHU_TOKEN -- PROGRAM`"), "{words:?}: {ran:?}");
                assert!(!told.contains("USER_ACCESS_TOKEN\": \"\""), "{words:?}: {ran:?}");
            }
            assert_eq!(project.read(&file), text);
        }
    }
    // Another server's token is found all the same.
    let other = json!({ "command": "npx", "args": ["lark-mcp", "-u", ""] });
    let mut both: serde_json::Value = serde_json::from_str(&lark(&["-u", "${FEISHU_TOKEN}"])).unwrap();
    both["mcpServers"]["other"] = other;
    project.write("both.json", &both.to_string());
    project.run(&["link", "both.json"]).succeeds();
    assert!(project.read("both.json").contains(r#""-u","${FEISHU_TOKEN}""#));
}

#[test]
fn a_flag_without_a_value_is_told_where_to_put_one() {
    let project = Project::of(World::logged_in());
    for (number, args) in [&["-u"][..], &["--user-access-token"], &["-u", "--oauth"]].iter().enumerate() {
        let file = format!("{number}.json");
        project.write(&file, &lark(args));
        let ran = project.run(&["link", &file]);
        let hint = format!("add \"\" behind \"{}\" in mcpServers.lark.args in ", args[0]);
        assert!(ran.fails(2, "TW0507").err.contains(&hint), "{ran:?}");
        let filled = [&[args[0], ""], &args[1..]].concat();
        project.write(&file, &lark(&filled));
        project.run(&["link", &file]).succeeds();
    }
}

fn two_servers(ada: &str, bob: &str) -> String {
    let server = |token: &str| json!({ "command": "npx", "args": ["@larksuiteoapi/lark-mcp", "mcp", "-u", token] });
    json!({ "mcpServers": { "ada": server(ada), "bob": server(bob) } }).to_string()
}

/// Whoever names a server means no other, whatever stands there.
#[test]
fn a_server_that_is_named_is_the_only_one_that_is_touched() {
    let project = Project::of(World::logged_in());
    project.world.login(&["-p", "bob"]).succeeds();
    let token = |profile: &str| project.run(&["token", "-p", profile]).succeeds().out.trim().to_owned();
    let (old, default, bob) = ("u-old0000000000000000000000", token("default"), token("bob"));
    project.write("two.json", &two_servers(old, old));
    let ran = project.run(&["link", "two.json", "--server", "ada", "-p", "default"]);
    assert_eq!(project.read("two.json"), two_servers(&default, old), "{ran:?}");
    let told = "mcpServers.bob.args[after -u] and was left unchanged there";
    assert!(ran.succeeds().err.contains(told), "{ran:?}");
    assert!(ran.err.contains("`tokenward link two.json --server bob`"), "{ran:?}");
    assert!(!ran.err.contains("kept in sync with profile default from now on: mcpServers.bob"), "{ran:?}");
    project.run(&["link", "two.json", "--server", "bob", "-p", "bob"]).succeeds();
    assert_eq!(project.read("two.json"), two_servers(&default, &bob));
    // Without a name every place of the token is meant, as before.
    project.write("all.json", &two_servers(old, old));
    project.run(&["link", "all.json", "-p", "default"]).succeeds();
    assert_eq!(project.read("all.json"), two_servers(&default, &default));
    // What is let go is told place by place.
    let ran = project.run(&["unlink", "all.json", "--all"]);
    for server in ["ada", "bob"] {
        let told =
            format!("mcpServers.{server}.args[after -u] in all.json is no longer kept in sync with profile default");
        assert!(ran.succeeds().err.contains(&told), "{ran:?}");
    }
}

#[test]
fn another_name_that_may_be_meant_is_told_by_every_command() {
    let project = Project::of(World::logged_in());
    project.write(".mcp.json", &lark(&["-u", ""]));
    for words in [
        &["login", "--no-browser", "--env-file", "mcp.json"][..],
        &["link", "mcp.json"],
        &["link", "mcp.json", "--create"],
        &["links", "mcp.json"],
        &["unlink", "mcp.json"],
    ] {
        let ran = project.run(words);
        assert!(ran.code == 2 && ran.err.contains("did you mean .mcp.json?"), "{words:?}: {ran:?}");
        assert!(!ran.err.contains("`tokenward link mcp.json` creates one"), "{words:?}: {ran:?}");
    }
    let ran = project.run(&["login", "--no-browser", "--env-file", "none.json"]);
    assert!(ran.fails(2, "TW0210").err.contains("none.json does not exist"), "{ran:?}");
    assert!(ran.err.contains("adds no keys"), "{ran:?}");
    let ran = project.run(&["links", "none.json"]);
    assert!(ran.fails(2, "TW0506").err.contains("`tokenward links` lists them"), "{ran:?}");
}

#[test]
fn a_login_that_has_expired_is_refreshed_before_its_file_is_called_current() {
    let project = Project::of(World::logged_in());
    project.write("a.json", &lark(&["-u", ""]));
    project.run(&["link", "a.json"]).succeeds();
    let first = project.read("a.json");
    project.world.advance(7_260);
    let ran = project.run_at(7_260, &["link", "a.json"]);
    assert!(ran.succeeds().err.contains("had expired, so the login was refreshed: token set 2"), "{ran:?}");
    assert!(ran.err.contains("a.json: now holds the current tokens, token set 2"), "{ran:?}");
    assert_ne!(project.read("a.json"), first);
    assert_eq!(project.run_at(7_260, &["links", "--json"]).json()["links"][0]["state"], "in-sync");
    assert!(!project.run_at(7_260, &["links"]).succeeds().out.contains("expired"));
    // A new file of it, once more too late.
    project.world.advance(7_260);
    project.write("b.json", &lark(&["-u", ""]));
    let ran = project.run_at(14_520, &["link", "b.json"]);
    assert!(ran.succeeds().err.contains("b.json: now holds the current tokens, token set 3"), "{ran:?}");
    assert!(!project.run_at(14_520, &["links"]).succeeds().out.contains("expired"));
    assert_eq!(project.world.sandbox.counters().replays, 0);
    // Where the provider cannot be asked, it is said.
    project.world.advance(7_260);
    project.world.sandbox.inject(Fault::drop_request().when(Operation::Refresh).forever());
    let ran = project.run_at(21_780, &["link", "b.json"]);
    assert!(ran.succeeds().err.contains("could not be refreshed now"), "{ran:?}");
}

#[test]
fn a_token_of_a_user_who_has_a_profile_is_told_with_that_profile() {
    let (project, tokens, _) = mings();
    let ming = project.world.sandbox.current_tokens().pop().unwrap().user;
    project.write("ming.env", &refresh_alone(&project, tokens.refresh_token.as_deref().unwrap()));
    project.run(&["link", "ming.env", "-p", "bob"]).succeeds();
    project.run(&["refresh", "-p", "bob"]).succeeds();
    let another = project.world.sandbox.seed_grant(&project.world.app.id, &ming, &[]).unwrap();
    project.write("y.json", &lark(&["-u", &another.access_token]));
    let ran = project.run(&["link", "y.json", "-p", "default"]);
    assert!(ran.fails(2, "TW0519").err.contains("profile bob is logged in as 小明"), "{ran:?}");
    assert!(!ran.err.contains("-p NEW"), "{ran:?}");
    let place = "mcpServers.lark.args[after -u]";
    assert!(ran.err.contains(&format!("`tokenward link y.json --access '{place}' -p bob`")), "{ran:?}");
    project.run(&["link", "y.json", "--access", place, "-p", "bob"]).succeeds();
    let bobs = project.run(&["token", "-p", "bob"]).succeeds().out.trim().to_owned();
    assert_eq!(project.read("y.json"), lark(&["-u", &bobs]));
}
