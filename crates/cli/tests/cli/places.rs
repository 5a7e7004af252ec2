//! A linked file is wholly true, or it is refused: tokens are found by what the vault knows of their values, at places whose names
//! say nothing; what stands around them stays; what is not kept is told.

use std::fs;

use base64::Engine as _;

use crate::project::{Project, filled, present};
use crate::world::{Started, World, browse};

const ANYWHERE: [(&str, &str); 20] = [
    ("two.env", "export ONE={A}; export TWO={R}\n"),
    ("query.env", "URL=https://x.example/cb?a={A}&r={R}\n"),
    ("words.env", "export WORDS=-u {A} -r {R}\n"),
    ("bar.env", "WORDS={A}|{R}\n"),
    (".env", "# mine\nMY_AT={A}\r\nTHE_OTHER='{R}' # note\n"),
    ("header.env", "AUTH_HEADER=\"Bearer {A}\"\n"),
    ("name.env", "LINE='X-Key: {A}'\nNEXT=1"),
    ("url.env", "URL=https://x.example/?key={A}&v=1\n"),
    ("json.env", "LOGIN='{\"access_token\": \"{A}\", \"refresh_token\":\"{R}\"}'\nA=1\n"),
    ("bare.env", "LOGIN={\"access_token\":\"{A}\",\"refresh_token\":\"{R}\",\"x\":[1]}\n"),
    ("escaped.env", "LOGIN=\"{\\\"at\\\":\\\"{A}\\\",\\\"rt\\\":\\\"{R}\\\"}\"\n"),
    ("list.json", "{\"list\": [\"x\", \"{A}\"], \"h\": {\"k\": \"\\u0042earer {A}\"}}"),
    ("shell.json", "{\"cmd\": \"bash -lc \\\"run --key={A} --renew '{R}' && X={A} go\\\"\"}"),
    ("inside.json", "{ \"login\" : \"{\\\"at\\\":\\\"{A}\\\",\\u0020\\\"rt\\\":\\\"{R}\\\"}\" } // \u{6587}"),
    ("flag.json", "{\"x\": {\"words\": [\"run\", \"--secret\", \"{A}\", \"--renew={R}\"]}}"),
    ("args.toml", "[x]\nargs = ['--tok={A}', \"a\"] # here\n"),
    ("inside.toml", "[x]\na = '{\"access_token\":\"{A}\",\"refresh_token\":\"{R}\"}'\n"),
    ("lines.toml", "text = \"\"\"\nrun \\\n  --key {A}\n\"\"\"\n"),
    ("some.ini", "[s]\r\nwhatever = Name: {A}\r\nother : \"{R}\"\r\n"),
    (
        "rclone.conf",
        "[work]\ntype = drive\ntoken = {\"access_token\":\"{A}\",\"token_type\":\"Bearer\",\"refresh_token\":\"{R}\"}\nteam = x\n",
    ),
];

#[test]
fn tokens_of_this_login_are_found_wherever_they_stand() {
    // A call waits for its files for a while and no longer, so no project has many.
    for some in ANYWHERE.chunks(4) {
        let project = Project::of(World::logged_in());
        let tokens = present(&project);
        for (name, pattern) in some {
            project.write(name, &filled(pattern, &tokens));
            let ran = project.run(&["link", name]);
            // That the file is closed to others is told, and nothing else.
            let more =
                ran.succeeds().err.lines().filter(|line| line.contains("warning") && !line.contains("(mode 600)"));
            assert_eq!(more.count(), 0, "{name}: {ran:?}");
        }
        for _ in 0..2 {
            project.run(&["refresh"]).succeeds();
            let tokens = present(&project);
            for (name, pattern) in some {
                assert_eq!(project.read(name), filled(pattern, &tokens), "{name}");
            }
        }
        let links = project.run(&["links", "--json"]).succeeds().json();
        for link in links["links"].as_array().unwrap() {
            assert_eq!(link["state"], "in-sync", "{link}");
        }
        assert_eq!(project.world.sandbox.counters().replays, 0);
    }
}

/// Copies of last week, under names that say nothing: known by the tokens of then.
#[test]
fn tokens_of_earlier_generations_are_found_too() {
    let project = Project::of(World::logged_in());
    let old = present(&project);
    project.run(&["refresh"]).succeeds();
    let tokens = present(&project);
    for (name, pattern) in ANYWHERE {
        project.write(name, &filled(pattern, &old));
        project.run(&["link", name]).succeeds();
        assert_eq!(project.read(name), filled(pattern, &tokens), "{name}");
    }
    project.run(&["links"]).succeeds();
    assert_eq!(project.world.sandbox.counters().replays, 0);
}

#[test]
fn json_in_a_text_is_renewed_with_its_end_of_life() {
    let project = Project::of(World::logged_in());
    let pattern = "[work]\ntype = drive\ntoken = {\"access_token\":\"{A}\",\"token_type\":\"Bearer\",\"refresh_token\":\"{R}\",\"expiry\":\"2026-01-01T08:00:00.123456789+08:00\"}\n";
    let other = "\n[mail]\ntoken = {\"access_token\":\"ya29.another-login\",\"refresh_token\":\"1//another-login\",\"expiry\":\"2026-01-01T00:00:00Z\"}\n";
    project.write("rclone.conf", &filled(&format!("{pattern}{other}"), &present(&project)));
    project.run(&["link", "rclone.conf"]).succeeds();
    project.run(&["refresh"]).succeeds();
    let text = project.read("rclone.conf");
    let (head, rest) = text.split_once("\"expiry\":\"").unwrap();
    assert_eq!(head, filled(pattern.split_once("\"expiry\":\"").unwrap().0, &present(&project)));
    let (expiry, rest) = rest.split_once('"').unwrap();
    assert!(expiry.len() == "2026-01-01T08:00:00.123456789+08:00".len() && expiry.ends_with("+08:00"), "{expiry}");
    assert!(expiry.parse::<jiff::Timestamp>().unwrap() > "2026-06-01T00:00:00Z".parse().unwrap(), "{expiry}");
    assert_eq!(rest, format!("}}\n{other}"), "another login in the same file stays");
}

/// What an MCP client is given, and by what the token is found there. The token in it ended two hours ago.
const SERVERS: [(&str, &str); 16] = [
    (
        "g.json",
        r#"{"mcpServers":{"feishu":{"httpUrl":"https://mcp.feishu.cn/mcp","headers":{"X-Lark-MCP-UAT":"{A}"}}}}"#,
    ),
    (
        "i.json",
        r#"{"mcpServers":{"feishu":{"url":"https://mcp.feishu.cn/mcp","requestInit":{"headers":{"Authorization":"Bearer {A}"}}}}}"#,
    ),
    ("o.json", r#"{"mcpServers":{"lark":{"command":"docker","args":["run","--env=USER_ACCESS_TOKEN={A}","lark"]}}}"#),
    (
        "m.json",
        r#"{"mcpServers":{"feishu":{"command":"npx","args":["mcp-remote","https://x","--header","Authorization:${AUTH}"],"env":{"AUTH":"Bearer {A}"}}}}"#,
    ),
    (
        "h.json",
        r#"{"mcpServers":{"feishu":{"url":"https://mcp.feishu.cn/mcp","headers":{"Authorization":"Bearer {A}"}}}}"#,
    ),
    ("u.json", r#"{"mcpServers":{"x":{"url":"https://mcp.feishu.cn/mcp","headers":{"X-Lark-MCP-UAT":"{A}"}}}}"#),
    ("e.json", r#"{"mcpServers":{"lark":{"command":"npx","args":["-y","@larksuiteoapi/lark-mcp","mcp","-u={A}"]}}}"#),
    ("l.json", r#"{"mcpServers":{"lark":{"command":"npx","args":["lark-mcp","--user-access-token={A}"]}}}"#),
    (
        "d.json",
        r#"{"mcpServers":{"lark":{"command":"docker","args":["run","-e","A=1","-e","USER_ACCESS_TOKEN={A}","lark"]}}}"#,
    ),
    (
        "p.json",
        r#"{"mcpServers":{"office":{"command":"docker","args":["run","-i","-e","USER_ACCESS_TOKEN={A}","acme/mcp"]}}}"#,
    ),
    ("q.json", r#"{"mcpServers":{"office":{"command":"docker","args":["run","-eUSER_ACCESS_TOKEN={A}","acme/mcp"]}}}"#),
    (
        "r.json",
        r#"{"servers":{"feishu":{"command":"npx","args":["mcp-remote","https://mcp.feishu.cn/mcp","--header","X-Lark-MCP-UAT:{A}"]}}}"#,
    ),
    (
        "b.json",
        r#"{"mcpServers":{"lark":{"command":"bash","args":["-lc","npx -y @larksuiteoapi/lark-mcp mcp -u {A} -a cli_1"]}}}"#,
    ),
    (
        "v.json",
        "{\n\t\"inputs\": [{\"id\": \"a\", \"type\": \"promptString\"}], // VS Code\n\t\"servers\": {\"lark\": {\"type\": \"stdio\", \"command\": \"npx\", \"args\": [\"lark-mcp\", \"-a\", \"${input:a}\", \"-u\", \"{A}\",]}},\n}\n",
    ),
    (
        "c.toml",
        "[mcp_servers.feishu]\nurl = \"https://mcp.feishu.cn/mcp\"\nhttp_headers = { Authorization = \"Bearer {A}\", X = '1' }\n",
    ),
    ("codex.toml", "[mcp_servers.lark]\ncommand = 'npx'\nargs = [\"-y\", \"lark-mcp\", \"-u\", '{A}'] # two hours\n"),
];

#[test]
fn settings_of_mcp_clients_are_kept_true() {
    let project = Project::of(World::logged_in());
    for (name, pattern) in SERVERS {
        let old = ("u-ended-two-hours-ago-x1".to_owned(), String::new());
        project.write(name, &filled(pattern, &old));
        project.run(&["link", name]).succeeds();
        assert_eq!(project.read(name), filled(pattern, &present(&project)), "{name}");
    }
    project.run(&["refresh"]).succeeds();
    for (name, pattern) in SERVERS {
        assert_eq!(project.read(name), filled(pattern, &present(&project)), "{name}");
        assert_eq!(project.state(name), "in-sync", "{name}");
    }
}

#[test]
fn in_step_is_said_only_where_no_other_token_of_the_login_is_old() {
    let project = Project::of(World::logged_in());
    let old = present(&project);
    project.run(&["refresh"]).succeeds();
    let pattern = "FEISHU_ACCESS_TOKEN={A}\nFEISHU_REFRESH_TOKEN={R}\n";
    // One under a name that says whose it is, and one that a person added later.
    project.write(".env", &filled(pattern, &present(&project)));
    project.run(&["link", ".env"]).succeeds();
    assert_eq!(project.state(".env"), "in-sync");
    let later = format!("{}COPY='Bearer {}'\nSPENT={}\n", project.read(".env"), old.0, old.1);
    project.write(".env", &later);
    let ran = project.run(&["links"]);
    assert!(ran.code == 2 && ran.out.contains("COPY, SPENT"), "{ran:?}");
    assert!(ran.err.contains("tokenward link .env --access COPY") || ran.err.contains("--access COPY"), "{ran:?}");
    assert_eq!(project.state(".env"), "stale-copy");
    assert!(project.run(&["status"]).succeeds().err.contains("COPY, SPENT"));
    let doctor = project.run(&["doctor"]);
    assert!(format!("{}{}", doctor.out, doctor.err).contains("COPY"), "{doctor:?}");
    // It is told when a person links the file, too.
    assert!(project.run(&["link", ".env"]).succeeds().err.contains("COPY"));
    assert_eq!(project.read(".env"), later);
    // Kept as well, or deleted, the file is true.
    project.run(&["link", ".env", "--access", "COPY"]).succeeds();
    project.run(&["link", ".env", "--refresh", "SPENT"]).succeeds();
    let (access, refresh) = present(&project);
    let wanted =
        format!("{}COPY='Bearer {access}'\nSPENT={refresh}\n", filled(pattern, &(access.clone(), refresh.clone())));
    assert_eq!(project.read(".env"), wanted);
    project.run(&["links"]).succeeds();
    assert_eq!(project.world.sandbox.counters().replays, 0);
}

#[test]
fn an_old_token_that_is_a_name_is_told_and_not_repeated() {
    let project = Project::of(World::logged_in());
    let old = present(&project);
    project.run(&["refresh"]).succeeds();
    let now = present(&project);
    for (name, pattern) in [
        ("x.json", r#"{"access_token":"{A}","refresh_token":"{R}","seen":{"{O}":true}}"#),
        ("y.json", r#"{"access_token":"{A}","refresh_token":"{R}","seen":"{\"{O}\":[1]}"}"#),
        ("x.toml", "access_token = '{A}'\nrefresh_token = '{R}'\n[seen]\n'{O}' = 1\n"),
        ("x.env", "FEISHU_ACCESS_TOKEN={A}\nFEISHU_REFRESH_TOKEN={R}\n{O}=1\n"),
    ] {
        project.write(name, &filled(pattern, &now).replace("{O}", &old.0));
        let ran = project.run(&["link", name]);
        assert!(ran.succeeds().err.contains("in another form") && !ran.err.contains(&old.0), "{name}: {ran:?}");
        assert_eq!(project.state(name), "stale-copy", "{name}");
        assert!(!project.run(&["links", "--json"]).out.contains(&old.0), "{name}");
    }
}

/// A copy in another form misleads whoever reads it as a plain one does.
#[test]
fn in_step_is_not_said_of_a_file_with_an_old_token_in_another_form() {
    let project = Project::of(World::logged_in());
    let old = present(&project);
    project.run(&["refresh"]).succeeds();
    let escaped = old.0.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let (begin, end) = old.1.split_at(20);
    for other in [
        format!("URL=https://x.test/cb?token={escaped}&lang=zh"),
        format!("AUTH='Basic {}'", base64(&format!("ada:{}", old.0))),
        format!("STATE={}", base64(&format!("{{\"refresh_token\":\"{}\"}}", old.1))),
        format!("LONG=\"{begin}\\\n{end}\""),
        format!("NESTED=https://x.test/?to=https%3A%2F%2Fy.test%2F%3Ft%253D{}%26v%3D1", escaped.replace('%', "%2525")),
        format!("PACKED=https://x.test/?state={}%3D", base64(&format!("t%3D{escaped}")).trim_end_matches('=')),
        format!("DIGITS={}", tokenward::core::hex::encode(old.0.as_bytes())),
    ] {
        let pattern = format!("FEISHU_ACCESS_TOKEN={{A}}\nFEISHU_REFRESH_TOKEN={{R}}\n{other}\n");
        let name = other.split_once('=').unwrap().0;
        project.write(".env", &filled(&pattern, &present(&project)));
        let ran = project.run(&["link", ".env"]);
        assert!(ran.succeeds().err.contains(name) && ran.err.contains("in another form"), "{other}: {ran:?}");
        assert_eq!(project.state(".env"), "stale-copy", "{other}");
        let ran = project.run(&["links"]);
        assert!(ran.code == 2 && ran.out.contains(name), "{other}: {ran:?}");
        assert!(project.run(&["status"]).err.contains(name), "{other}");
        project.run(&["refresh"]).succeeds();
        assert_eq!(project.read(".env"), filled(&pattern, &present(&project)), "{other}");
        project.run(&["unlink", ".env"]).succeeds();
    }
    // A present one goes stale later, and that is told when the file is linked.
    let pattern =
        format!("FEISHU_ACCESS_TOKEN={{A}}\nFEISHU_REFRESH_TOKEN={{R}}\nB={}\n", base64(&present(&project).0));
    project.write(".env", &filled(&pattern, &present(&project)));
    assert!(project.run(&["link", ".env"]).succeeds().err.contains("becomes outdated"));
    assert_eq!(project.state(".env"), "in-sync");
    project.run(&["refresh"]).succeeds();
    assert_eq!(project.state(".env"), "stale-copy");
}

#[test]
fn an_end_of_life_that_is_not_understood_is_told() {
    let project = Project::of(World::logged_in());
    for (line, told) in [
        ("FEISHU_TOKEN_EXPIRES_AT='in two hours'", true),
        ("FEISHU_EXPIRES_IN=2h", true),
        ("FEISHU_ACCESS_EXPIRATION_MINUTES=120", true),
        ("FEISHU_TOKEN_EXPIRES_AT=1700000000000", false),
        ("FEISHU_TOKEN_EXPIRES_AT=", false),
        ("SESSION_EXPIRES_AT=soon", false),
    ] {
        let tokens = filled("FEISHU_ACCESS_TOKEN={A}\nFEISHU_REFRESH_TOKEN={R}\n", &present(&project));
        project.write(".env", &format!("{tokens}{line}\n"));
        let ran = project.run(&["link", ".env"]);
        let name = line.split_once('=').unwrap().0;
        assert_eq!(ran.succeeds().err.contains(name), told, "{line}: {ran:?}");
        project.run(&["unlink", ".env"]).succeeds();
    }
}

/// A person takes the token out of a file, such as before it is shown to others. It does not come back by itself.
#[test]
fn a_placeholder_in_a_linked_place_is_respected() {
    let project = Project::of(World::logged_in());
    let pattern = r#"{"mcpServers":{"lark":{"command":"lark-mcp","env":{"USER_ACCESS_TOKEN":"{A}"}}}}"#;
    project.write("m.json", &filled(pattern, &("your_token_here".to_owned(), String::new())));
    project.run(&["link", "m.json"]).fails(2, "placeholder");
    project.run(&["link", "m.json", "--create"]).succeeds();
    assert_eq!(project.read("m.json"), filled(pattern, &present(&project)));
    for text in ["your_token_here", "<token>", "Bearer <token>", "xxxxxxxxxxxx"] {
        let emptied = filled(pattern, &(text.to_owned(), String::new()));
        project.write("m.json", &emptied);
        project.run(&["refresh"]).succeeds();
        project.run(&["token"]).succeeds();
        assert_eq!(project.read("m.json"), emptied, "{text}");
        assert_eq!(project.state("m.json"), "malformed", "{text}");
        project.run(&["link", "m.json"]).succeeds();
        let (access, _) = present(&project);
        let bearer = if text.starts_with("Bearer") { "Bearer " } else { "" };
        assert_eq!(project.read("m.json"), filled(pattern, &(format!("{bearer}{access}"), String::new())), "{text}");
    }
}

/// A value of which nobody can tell which part is the token is left, whoever asks, and said; the rest of the file stays true.
#[test]
fn a_value_that_holds_more_than_a_token_is_left() {
    let project = Project::of(World::logged_in());
    let pattern = "FEISHU_USER_ACCESS_TOKEN='{A}'\nFEISHU_USER_REFRESH_TOKEN='{R}'\n";
    project.write(".env", &filled(pattern, &present(&project)));
    project.run(&["link", ".env"]).succeeds();
    for text in ["two words of something-1234567", "{\"a\": 1}", "[1, 2]"] {
        let (_, refresh) = present(&project);
        project.write(".env", &filled(pattern, &(text.to_owned(), refresh)));
        project.run(&["refresh"]).succeeds();
        let (_, refresh) = present(&project);
        assert_eq!(project.read(".env"), filled(pattern, &(text.to_owned(), refresh)), "{text}");
        assert_eq!(project.state(".env"), "unclear", "{text}");
        let ran = project.run(&["link", ".env"]);
        assert!(ran.err.contains("more than a token"), "{text}: {ran:?}");
    }
    let (access, _) = present(&project);
    let spoilt = filled(pattern, &(access, "two words of something-1234567".to_owned()));
    project.write(".env", &spoilt);
    project.run(&["refresh"]).succeeds();
    project.run(&["link", ".env"]);
    assert_eq!(project.read(".env"), spoilt);
    assert_eq!(project.state(".env"), "unclear");
    assert_eq!(project.world.sandbox.counters().replays, 0);
}

/// A reference that somebody puts into a linked place is another program's.
#[test]
fn a_reference_in_a_linked_place_is_never_written_over() {
    let project = Project::of(World::logged_in());
    let pattern = "FEISHU_USER_ACCESS_TOKEN={A}\nFEISHU_USER_REFRESH_TOKEN={R}\n";
    project.write(".env", &filled(pattern, &present(&project)));
    project.run(&["link", ".env"]).succeeds();
    for text in [
        "op://dev/feishu/access",
        "ENC[AES256_GCM,data:abc]",
        "vault:secret/feishu#at",
        "file:/run/secrets/at",
        "${FEISHU_AT}",
        "$(pass show feishu)",
        "{{ .Values.token }}",
        "{env:TOKEN}",
        "!secret feishu",
        "keyring:feishu/at",
        "Bearer ${FEISHU_AT}",
    ] {
        let (_, refresh) = present(&project);
        let edited = filled(pattern, &(format!("'{text}'"), refresh));
        project.write(".env", &edited);
        project.run(&["refresh"]).succeeds();
        let ran = project.run(&["link", ".env"]);
        assert_eq!(project.read(".env"), edited, "{text}");
        assert!(ran.err.contains("reference"), "{text}: {ran:?}");
        assert_eq!(project.state(".env"), "reference", "{text}");
        // A file that is not linked yet is refused with the same words.
        project.write("new.env", &edited);
        let ran = project.run(&["link", "new.env"]);
        assert!(ran.fails(2, "TW0507").err.contains("is a reference or an encrypted value"), "{text}: {ran:?}");
        assert_eq!(project.read("new.env"), edited);
        project.write(".env", &filled(pattern, &present(&project)));
    }
    assert_eq!(project.world.sandbox.counters().replays, 0);
}

#[test]
fn files_without_a_place_are_refused_in_every_format() {
    let project = Project::of(World::logged_in());
    let (access, refresh) = present(&project);
    for (name, content, said) in [
        ("notes.md", "FEISHU_USER_ACCESS_TOKEN={A}\n", "tokenward exec"),
        ("notes.txt", "FEISHU_USER_ACCESS_TOKEN={A}\n", "tokenward exec"),
        ("README", "Set FEISHU_USER_ACCESS_TOKEN to your token.\n", "tokenward exec"),
        ("x.yaml", "user_access_token: |\n  {A}\n", "TW0507"),
        ("x.yml", "a: 1\n---\nuser_access_token: {A}\n", "line 2"),
        ("empty.yaml", "a: 1\n", "TW0507"),
        ("secrets.yaml", "user_access_token: ENC[AES256_GCM,data:a]\nsops:\n    mac: ENC[AES256_GCM,data:a]\n", "sops"),
        (
            "secrets.env",
            "FEISHU_USER_ACCESS_TOKEN=ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]\nsops_version=3.9.0\nsops_mac=ENC[AES256_GCM,data:a]\n",
            "sops",
        ),
        (
            "settings.py",
            "\"\"\"Settings of the bot.\"\"\"\nimport os\n\nDEBUG = True\nACCESS_TOKEN = \"{A}\"\nREFRESH_TOKEN = '{R}'\nSCOPES = [\n    \"wiki:wiki\",\n]\nTEXT = \"\"\"\nhello\n\"\"\"\n\ndef url(name):\n    return f\"{name}\"\n",
            "TW0507",
        ),
        ("expressions.py", "FEISHU_ACCESS_TOKEN = os.environ[\"X\"]\nFEISHU_REFRESH_TOKEN = \"{R}\"\n", "TW0507"),
        ("names.py", "FEISHU_ACCESS_TOKEN = TOKEN_OF_TODAY_1\nFEISHU_REFRESH_TOKEN = \"{R}\"\n", "TW0507"),
        ("empty.toml", "a = 1\n", "TW0507"),
        ("empty.ini", "[a]\nb = c\n", "TW0507"),
        ("empty.json", "{\"a\": 1}\n", "TW0507"),
        ("empty.env", "A=1\n", "TW0507"),
        ("empty.properties", "a.b=1\n", "TW0507"),
    ] {
        let content = content.replace("{A}", &access).replace("{R}", &refresh);
        project.write(name, &content);
        let ran = project.run(&["link", name]);
        assert!(ran.code == 2 && ran.err.contains(said), "{name}: {ran:?}");
        assert_eq!(project.read(name), content, "{name}");
    }
    assert_eq!(project.run(&["links", "--json"]).succeeds().json()["links"].as_array().unwrap().len(), 0);
}

#[test]
fn simple_settings_in_python_are_kept_byte_by_byte() {
    let project = Project::of(World::logged_in());
    let pattern = "# settings\nDEBUG = True\nACCESS_TOKEN = \"{A}\"  # two hours\nREFRESH_TOKEN = '{R}'\nNAMES = [\"a\", \"b\"]\n";
    project.write("settings.py", &filled(pattern, &present(&project)));
    project.run(&["link", "settings.py"]).succeeds();
    project.run(&["refresh"]).succeeds();
    assert_eq!(project.read("settings.py"), filled(pattern, &present(&project)));
}

/// Another profile's tokens are no business of this one.
#[test]
fn a_known_login_is_linked_to_its_own_profile() {
    let project = Project::of(World::logged_in());
    let ada = present(&project);
    let user = project.world.sandbox.user("Grace").id;
    project.world.sandbox.rules(|rules| rules.consent = tokenward_emulator::Consent::Auto { user: Some(user) });
    project.login(&["--app", "default", "-p", "grace"]).succeeds();
    let grace = project.run(&["token", "-p", "grace"]).succeeds().out.trim().to_owned();
    project.write("g.json", &format!("{{\"anything\": \"Bearer {grace}\"}}"));
    project.run(&["link", "g.json"]).succeeds();
    assert_eq!(project.run(&["links", "--json"]).json()["links"][0]["profile"], "grace");
    // Two logins in one file: a person says which is meant.
    project.write("both.json", &format!("{{\"a\": \"{}\", \"b\": {{\"c\": \"{grace}\"}}}}", ada.0));
    let ran = project.run(&["link", "both.json"]);
    assert!(ran.fails(2, "TW0507").err.contains("--access"), "{ran:?}");
}

/// Empty places under the usual names are filled, and old tokens beside them told of.
#[test]
fn places_that_wait_are_filled_where_old_tokens_stand_beside_them() {
    let project = Project::of(World::logged_in());
    let old = present(&project);
    project.run(&["refresh"]).succeeds();
    let pattern = "LARK_ACCESS_TOKEN={A}\nLARK_REFRESH_TOKEN={R}\nBEFORE=";
    let empty = filled(pattern, &(String::new(), String::new()));
    project.write(".env", &format!("{empty}{}\n", old.0));
    let ran = project.run(&["link", ".env"]);
    assert!(ran.succeeds().err.contains("BEFORE"), "{ran:?}");
    assert_eq!(project.read(".env"), format!("{}{}\n", filled(pattern, &present(&project)), old.0));
    assert_eq!(project.state(".env"), "stale-copy");
}

#[test]
fn the_redirect_url_of_the_file_is_used() {
    for (name, before, line) in [
        (".env", "", "FEISHU_REDIRECT_URI=http://127.0.0.1/oauth/callback"),
        (".env", "", "LARK_REDIRECT_URI=http://127.0.0.1/oauth/callback"),
        (".env", "", "REDIRECT_URI='http://127.0.0.1/oauth/callback'"),
        (".env", "", "FEISHU_REDIRECT_URL=http://127.0.0.1/oauth/callback"),
        (".env", "", "feishu_redirect_uri=http://127.0.0.1/oauth/callback"),
        ("x.ini", "[ID]\n", "redirect_uri = http://127.0.0.1/oauth/callback"),
    ] {
        let project = Project::of(World::bare());
        let app = &project.world.app;
        let keys = match name {
            ".env" if line.starts_with("LARK") => format!("LARK_APP_ID={}\nLARK_APP_SECRET={}\n", app.id, app.secret),
            ".env" => format!("FEISHU_APP_ID={}\nFEISHU_APP_SECRET={}\n", app.id, app.secret),
            _ => format!("app_id = {}\napp_secret = {}\n", app.id, app.secret),
        };
        project.write(name, &format!("{before}{keys}{line}\n"));
        let start = |more: &[&str]| {
            let words = [&["login", "--env-file", name, "--no-browser", "--timeout", "30s"][..], more].concat();
            let mut command = project.command(&words);
            command.env_remove("TOKENWARD_REDIRECT_URI").env("TOKENWARD_PROVIDER", "feishu");
            let mut login = Started::new(&mut command);
            let url = login.line();
            (url, login)
        };
        let (url, mut login) = start(&[]);
        assert!(url.contains("%2Foauth%2Fcallback") || url.contains("/oauth/callback"), "{line}: {url}");
        login.kill_after(std::time::Duration::ZERO);
        let ran = login.finish();
        assert!(ran.err.contains("/oauth/callback"), "{line}: {ran:?}");
    }
}

#[test]
fn a_redirect_url_that_cannot_be_used_gets_a_sentence_and_an_explicit_one_wins() {
    let project = Project::of(World::new());
    let app = format!("FEISHU_APP_ID={}\n", project.world.app.id);
    let login = |uri: &str, set: bool, more: &[&str]| {
        project.write(".env", &format!("{app}FEISHU_REDIRECT_URI={uri}\n"));
        let words = [&["login", "--env-file", ".env", "--no-browser", "--timeout", "30s"][..], more].concat();
        let mut command = project.command(&words);
        if !set {
            command.env_remove("TOKENWARD_REDIRECT_URI");
            let config = project
                .world
                .config()
                .lines()
                .filter(|line| !line.contains("redirect_uri"))
                .collect::<Vec<_>>()
                .join("\n");
            fs::write(project.world.home.join("config.toml"), config).unwrap();
        }
        let mut login = Started::new(&mut command);
        let url = login.line();
        if url.starts_with("http") {
            browse(&url);
        }
        login.finish()
    };
    // Set by a variable; what the file says is told, and not used.
    let ran = login("http://127.0.0.1/oauth/callback", true, &["--port", "0"]);
    assert!(ran.succeeds().err.contains("not used"), "{ran:?}");
    for bad in [
        "nonsense",
        "ftp://127.0.0.1/x",
        "http://",
        "http://ada:geheim@127.0.0.1:9768/x",
        "\"http://127.0.0.1:9768/x#y\"",
        "http://127.0.0.1:9768/x?code=1",
    ] {
        let ran = login(bad, false, &[]);
        assert!(ran.code == 2 && ran.err.contains("FEISHU_REDIRECT_URI"), "{bad}: {ran:?}");
        assert!(!ran.err.contains("geheim"), "{ran:?}");
    }
    let ran = login("https://bot.example.com/callback", false, &[]);
    assert!(ran.code == 2 && ran.err.contains("--paste"), "{ran:?}");
}
