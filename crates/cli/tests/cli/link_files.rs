//! Files as people have them: MCP settings, ini, TOML, token files; and files that cannot be used: a clear sentence,
//! the login unharmed, the delivery made up for later.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::project::Project;
use crate::world::World;

const MCP: &str = r#"{
  // 飞书 MCP
  "mcpServers": {
    "lark": {
      "command": "npx",
      "args": ["-y", "@larksuiteoapi/lark-mcp", "mcp", "-a", "cli_x", "-u", "OLD"], /* two hours */
    },
    "feishu two": { "command": "uvx",	"env": { "USER_ACCESS_TOKEN" : "OLD", "A": "é\n" }, },
  },
}
"#;

#[test]
fn only_the_tokens_bytes_of_an_mcp_file_change() {
    let project = Project::of(World::logged_in());
    // Not one token at two places, which would be kept at both.
    let two = ["u-of-two-hours-ago", "u-of-three-hours-ago"];
    let old = MCP.replace("cli_x", &project.world.app.id).replacen("OLD", two[0], 1).replace("OLD", two[1]);
    project.write("mcp.json", &old);
    let ran = project.run(&["link", "mcp.json"]);
    assert!(ran.fails(2, "TW0507").err.contains("--server 'feishu two'"), "{ran:?}");
    assert_eq!(project.read("mcp.json"), old);
    project.run(&["link", "mcp.json", "--server", "feishu two"]).succeeds();
    project.run(&["link", "mcp.json", "--access", "mcpServers.lark.args[after -u]"]).succeeds();
    for _ in 0..2 {
        let token = project.run(&["token"]).succeeds().out.trim().to_owned();
        assert_eq!(project.read("mcp.json"), old.replace(two[0], &token).replace(two[1], &token));
        project.run(&["refresh"]).succeeds();
    }
    let ran = project.run(&["links"]);
    assert!(ran.succeeds().out.contains("mcpServers.lark.args[after -u]"), "{ran:?}");
    // One of two.
    let ran = project.run(&["unlink", "mcp.json", "--server", "lark"]);
    assert!(ran.succeeds().err.contains("mcpServers.lark.args[after -u] in mcp.json is no longer"), "{ran:?}");
    let ran = project.run(&["unlink", "mcp.json"]);
    assert!(ran.succeeds().err.contains("mcp.json is no longer") && !ran.err.contains(" in mcp.json is"), "{ran:?}");
}

#[test]
fn toml_ini_and_token_files() {
    let project = Project::of(World::logged_in());
    let files = [
        (
            "config.toml",
            "# codex\n[mcp_servers.lark]\ncommand = \"npx\"\nenv = { USER_ACCESS_TOKEN = 'OLD', X = \"1\" } # here\n",
        ),
        (
            "feishu-config.ini",
            "[ID]\r\ntable = 1\r\n[TOKEN]\r\n; mine\r\nuser_access_token : OLD\r\nrefresh_token=\r\n",
        ),
        (
            "token.json",
            "{\"access_token\": \"OLD\", \"token_type\": \"Bearer\", \"expires_in\": 7200,\n \"refresh_token\": \"\", \"expires_at\": 1700000000}",
        ),
    ];
    for (name, content) in files {
        let content = content.replace("OLD", "u-of-two-hours-ago");
        project.write(name, &content);
        project.run(&["link", name]).succeeds();
        project.run(&["refresh"]).succeeds();
        let (refresh, access) = project.present();
        let text = project.read(name);
        assert!(access.iter().any(|token| text.contains(token)), "{name}");
        assert_eq!(text.contains(&refresh), name != "config.toml", "{name}");
        assert_eq!(text.lines().count(), content.lines().count(), "{name}");
    }
    let json: serde_json::Value = serde_json::from_str(&project.read("token.json")).unwrap();
    assert_eq!(json["token_type"], "Bearer");
    assert!(json["expires_at"].as_i64().unwrap() > 1_700_000_000);
    assert_eq!(project.run(&["links", "--json"]).succeeds().json()["links"].as_array().unwrap().len(), 3);
}

/// Something that is done to a file.
type Step<'a> = Box<dyn Fn() + 'a>;

/// What is wrong, with what it is said with, and made right again.
#[test]
fn files_that_cannot_be_used_get_a_sentence_and_cost_nobody_a_login() {
    let project = Project::of(World::logged_in());
    project.run(&["link", ".env", "--create"]).succeeds();
    let path = project.path(".env");
    let writable = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let good = std::cell::RefCell::new(String::new());
    let folder = |mode| fs::set_permissions(project.folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    let restore = || {
        folder(0o700);
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir(&path);
        fs::write(&path, good.borrow().as_str()).unwrap();
    };
    let cases: Vec<(&str, Step<'_>)> = vec![
        ("may not be written", Box::new(|| writable(0o400))),
        ("may not be written (mode 555)", Box::new(|| folder(0o555))),
        (
            "is a folder",
            Box::new(|| {
                fs::remove_file(&path).unwrap();
                fs::create_dir(&path).unwrap();
            }),
        ),
        (
            "is a link to",
            Box::new(|| {
                fs::remove_file(&path).unwrap();
                symlink("nowhere", &path).unwrap();
            }),
        ),
        ("does not exist", Box::new(|| fs::remove_file(&path).unwrap())),
        ("8388608", Box::new(|| fs::write(&path, vec![b'#'; 10 << 20]).unwrap())),
        ("not UTF-8", Box::new(|| fs::write(&path, b"A=\xff\n").unwrap())),
        ("line 1", Box::new(|| fs::write(&path, format!("A=\"{deep}")).unwrap())),
    ];
    for (said, spoil) in cases {
        *good.borrow_mut() = project.read(".env");
        spoil();
        let ran = project.run(&["refresh"]);
        assert!(ran.succeeds().err.contains(said), "{said}: {ran:?}");
        let token = project.run(&["token"]).succeeds().out.trim().to_owned();
        assert!(project.present().1.contains(&token), "{said}");
        let ran = project.run(&["link", ".env"]);
        assert!(matches!(ran.code, 2 | 4) && ran.err.contains(said), "{said}: {ran:?}");
        restore();
        project.run(&["link", ".env"]).succeeds();
        assert!(project.is_true(".env"), "{said}: delivered once it could be");
    }
    assert_eq!(project.world.sandbox.counters().replays, 0);
}

/// A name without the way to it would become a key that no program reads.
#[test]
fn a_name_that_is_no_place_adds_no_key() {
    let project = Project::of(World::logged_in());
    let files = [
        (
            "m.json",
            "{\"mcpServers\": {\"lark-docs\": {\"env\": {\"USER_ACCESS_TOKEN\": \"\", \"EMPTY\": null}}}}\n",
            "mcpServers.lark-docs.env.USER_ACCESS_TOKEN",
        ),
        ("m.toml", "[mcp_servers.lark.env]\nUSER_ACCESS_TOKEN = \"\"\n", "mcp_servers.lark.env.USER_ACCESS_TOKEN"),
    ];
    for (file, text, place) in files {
        project.write(file, text);
        for more in [&[][..], &["--create"]] {
            let ran = project.run(&[&["link", file, "--access", "USER_ACCESS_TOKEN"][..], more].concat());
            assert!(ran.fails(2, "TW0507").err.contains("no place USER_ACCESS_TOKEN in"), "{ran:?}");
            assert!(ran.err.contains(&format!("places of that name: {place}")), "{ran:?}");
            let ran = project.run(&[&["link", file, "--refresh", "NOWHERE"][..], more].concat());
            assert!(ran.fails(2, "TW0507").err.contains("no place NOWHERE in"), "{ran:?}");
            assert_eq!(project.read(file), text);
        }
        project.run(&["link", file, "--access", place]).succeeds();
        let token = project.run(&["token"]).succeeds().out.trim().to_owned();
        assert!(project.read(file).contains(&token), "{}", project.read(file));
    }
    // A null waits for its value.
    project.run(&["unlink", "m.json"]).succeeds();
    project.run(&["link", "m.json", "--access", "mcpServers.lark-docs.env.EMPTY"]).succeeds();
    assert!(!project.read("m.json").contains("null"), "{}", project.read("m.json"));
    // Where a name is the whole way, who names it has it there.
    project.write("x.env", "A=1\n");
    project.run(&["link", "x.env", "--access", "MINE"]).succeeds();
    assert!(project.read("x.env").starts_with("A=1\nMINE="), "{}", project.read("x.env"));
}

#[test]
fn a_file_whose_name_lacks_its_dot_is_named() {
    let project = Project::of(World::logged_in());
    project.write(".mcp.json", "{}\n");
    let ran = project.run(&["link", "mcp.json"]);
    assert!(ran.fails(2, "TW0210").err.contains("did you mean .mcp.json?"), "{ran:?}");
    assert!(!ran.err.contains("--create"), "{ran:?}");
}

#[test]
fn deep_json_is_refused_and_a_link_is_not_made_of_what_cannot_be_written() {
    let project = Project::of(World::logged_in());
    project.write("deep.json", &format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000)));
    project.run(&["link", "deep.json"]).fails(2, "TW0210");
    project.write("a.json", "{\"a\": 1}");
    project.run(&["link", "a.json"]).fails(2, "--access");
    project.run(&["link", "a.json", "--access", "b.c.d"]).fails(2, "TW0507");
    project.run(&["link", "a.json", "--access", "a"]).fails(2, "TW0507");
    project.run(&["link", "a.json", "--access", "a..b"]).fails(2, "TW0200");
    let ran = project.run(&["link", "a.json", "--access", "u-this-is-a-token-after-all"]);
    assert!(ran.fails(2, "TW0200").err.contains("never the token itself"), "{ran:?}");
    assert!(!ran.err.contains("u-this-is"), "{ran:?}");
    project.write("tokens", "");
    project.run(&["link", "tokens"]).fails(2, "--format");
    assert_eq!(project.run(&["links", "--json"]).json()["links"].as_array().unwrap().len(), 0);
}
