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

fn header_of(server: &str, header: &str) -> String {
    let url = "https://mcp.example.com/mcp";
    json!({ "mcpServers": { server: { "url": url, "headers": { "Authorization": header } } } }).to_string()
}

/// Neither the server's name nor its address says that it is Feishu's: whoever names it says so.
#[test]
fn a_server_of_which_nothing_is_known_is_filled_where_it_is_named() {
    let project = Project::of(World::logged_in());
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    project.write("a.json", &header_of("wiki", ""));
    let ran = project.run(&["link", "a.json"]);
    let told = ran.fails(2, "TW0507").err.clone();
    assert!(told.contains("a.json --access mcpServers.wiki.headers.Authorization`"), "{ran:?}");
    assert!(!told.contains("mcpServers.lark"), "{ran:?}");
    project.run(&["link", "a.json", "--server", "wiki"]).succeeds();
    assert_eq!(project.read("a.json"), header_of("wiki", &format!("Bearer {token}")));
    for (text, hint) in [
        ("Bearer ${WIKI_TOKEN}", "`tokenward exec --env WIKI_TOKEN -- PROGRAM`"),
        ("Bearer <token>", "`tokenward link b.json --server wiki --create`"),
        // It may be another service's.
        ("Bearer sk-0123456789abcdefghijklmn", "--access mcpServers.wiki.headers.Authorization"),
    ] {
        project.write("b.json", &header_of("wiki", text));
        let ran = project.run(&["link", "b.json", "--server", "wiki"]);
        assert!(ran.fails(2, "TW0507").err.contains(hint) && !ran.err.contains("mcpServers.lark"), "{text}: {ran:?}");
        assert_eq!(project.read("b.json"), header_of("wiki", text));
    }
    let server = |host: &str| json!({ "url": format!("https://{host}/mcp"), "headers": { "Authorization": "" } });
    let two = json!({ "mcpServers": { "wiki": server("a.example"), "desk": server("b.example") } });
    project.write("two.json", &two.to_string());
    let ran = project.run(&["link", "two.json"]);
    let told = ran.fails(2, "TW0507").err.clone();
    assert!(told.contains("--server wiki") && told.contains("--server desk") && !told.contains("lark"), "{ran:?}");
    // One without a place is told which one to add, and one that there is not, which there are.
    let bare = json!({ "mcpServers": { "wiki": { "command": "uvx", "args": ["my-mcp"] } } }).to_string();
    project.write("c.json", &bare);
    let ran = project.run(&["link", "c.json", "--server", "wiki"]);
    let hint = "add \"USER_ACCESS_TOKEN\": \"\" to mcpServers.wiki.env in ";
    assert!(ran.fails(2, "TW0507").err.contains(hint), "{ran:?}");
    let ran = project.run(&["link", "c.json", "--server", "nope"]);
    assert!(ran.fails(2, "TW0507").err.contains("the file's servers: wiki"), "{ran:?}");
}

#[test]
fn a_token_of_a_short_name_is_known_in_a_servers_environment() {
    let project = Project::of(World::logged_in());
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    let server = |text: &str| {
        let env = json!({ "FEISHU_TOKEN": text });
        json!({ "mcpServers": { "feishu": { "command": "uvx", "args": ["my-mcp"], "env": env } } }).to_string()
    };
    project.write("a.json", &server(""));
    project.run(&["link", "a.json"]).succeeds();
    assert_eq!(project.read("a.json"), server(&token));
    for text in ["${FEISHU_TOKEN}", "${FEISHU_TOKEN:-}"] {
        project.write("b.json", &server(text));
        let ran = project.run(&["link", "b.json"]);
        assert!(ran.fails(2, "TW0507").err.contains("mcpServers.feishu.env.FEISHU_TOKEN is a reference"), "{ran:?}");
    }
    // A tenant's token is no user's.
    project.write("c.json", &server("t-0123456789abcdefghij"));
    project.run(&["link", "c.json"]).fails(2, "TW0507");
    assert_eq!(project.read("c.json"), server("t-0123456789abcdefghij"));
}

#[test]
fn a_server_that_tokenward_starts_needs_no_token_in_the_file() {
    let project = Project::of(World::logged_in());
    for (command, args) in [
        ("tokenward", &["proxy", "--", "npx", "-y", "@larksuiteoapi/lark-mcp", "mcp"][..]),
        ("/usr/bin/tokenward", &["exec", "--env", "USER_ACCESS_TOKEN", "--", "npx", "lark-mcp"]),
    ] {
        let text = json!({ "mcpServers": { "feishu": { "command": command, "args": args, "env": {} } } }).to_string();
        project.write("a.json", &text);
        for words in [&["link", "a.json"][..], &["link", "a.json", "--server", "feishu"]] {
            let ran = project.run(words);
            let told = ran.fails(2, "TW0507").err.clone();
            assert!(told.contains("is started by tokenward") && !told.contains("add \""), "{words:?}: {ran:?}");
        }
        assert_eq!(project.read("a.json"), text);
    }
}

/// Another server of the file is free, and the place of the first one need not be given up.
#[test]
fn a_second_profile_is_led_to_the_server_that_is_free() {
    let project = Project::of(World::logged_in());
    project.world.login(&["-p", "work"]).succeeds();
    project.write("two.json", &two_servers("", ""));
    project.run(&["link", "two.json", "--server", "ada"]).succeeds();
    let ran = project.run(&["link", "two.json", "-p", "work"]);
    let way = "tokenward link two.json --server bob -p work";
    assert!(ran.fails(2, "TW0508").err.contains(&format!("`{way}`")), "{ran:?}");
    project.run(&way.split(' ').skip(1).collect::<Vec<_>>()).succeeds();
    let token = |profile: &str| project.run(&["token", "-p", profile]).succeeds().out.trim().to_owned();
    assert_eq!(project.read("two.json"), two_servers(&token("default"), &token("work")));
    // Each of the links can be ended by its place.
    let ran = project.run(&["unlink", "two.json"]);
    let place = "mcpServers.bob.args[after -u]";
    assert!(ran.fails(2, "TW0200").err.contains(&format!("`tokenward unlink two.json --access '{place}'`")), "{ran:?}");
    let ran = project.run(&["unlink", "two.json", "--access", place]);
    assert!(ran.succeeds().err.contains(place) && !ran.err.contains("mcpServers.ada"), "{ran:?}");
    assert_eq!(project.run(&["links", "--json"]).json()["links"].as_array().unwrap().len(), 1);
}
