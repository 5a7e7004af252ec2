//! Where the tokens stand in files that are known by their looks.

use tokenward_core::Slot;
use tokenward_files::links::{Document, Format, Shape};

/// The shapes of a text, each as `slot=place` words in a fixed order.
fn shapes(format: Format, text: &str) -> Vec<String> {
    let document = Document::parse(format, text.as_bytes()).unwrap();
    Shape::detect(&document).iter().map(words).collect()
}

fn words(shape: &Shape) -> String {
    let slot = |slot: &Slot| match slot {
        Slot::AccessToken => "access",
        Slot::RefreshToken => "refresh",
        Slot::ExpiresIn => "in",
        Slot::ExpiresAt => "at",
        Slot::Expiry => "expiry",
        Slot::RefreshExpiresIn => "refresh-in",
        Slot::Scope => "scope",
        _ => "other",
    };
    let mut words: Vec<_> = shape.server.iter().map(|server| format!("{server}:")).collect();
    words.extend(shape.places.iter().map(|(name, place)| format!("{}={place}", slot(name))));
    let app = [("id", &shape.app_id), ("secret", &shape.app_secret), ("app-token", &shape.app_access)];
    words.extend(app.iter().filter_map(|(name, place)| Some(format!("{name}={}", place.as_ref()?))));
    words.join(" ")
}

#[test]
fn variables_of_both_brands() {
    let text = "FEISHU_USER_REFRESH_TOKEN=\nexport FEISHU_USER_ACCESS_TOKEN=x\nFEISHU_APP_ID=a\nFEISHU_APP_SECRET='b'\nPATH=x\n";
    let feishu =
        "access=FEISHU_USER_ACCESS_TOKEN refresh=FEISHU_USER_REFRESH_TOKEN id=FEISHU_APP_ID secret=FEISHU_APP_SECRET";
    assert_eq!(shapes(Format::Dotenv, text), [feishu]);
    let both = format!("{text}LARK_USER_REFRESH_TOKEN=y\n");
    assert_eq!(shapes(Format::Dotenv, &both), [feishu, "refresh=LARK_USER_REFRESH_TOKEN"]);
    assert_eq!(shapes(Format::Dotenv, "USER_ACCESS_TOKEN=x\nAPP_ID=y\n"), ["access=USER_ACCESS_TOKEN id=APP_ID"]);
    // Before the first login there is only the app.
    assert_eq!(shapes(Format::Dotenv, "LARK_APP_ID=a\nLARK_APP_SECRET=b\n"), ["id=LARK_APP_ID secret=LARK_APP_SECRET"]);
    assert!(shapes(Format::Dotenv, "GITHUB_TOKEN=x\nACCESS_TOKEN=y\n").is_empty());
}

#[test]
fn keys_of_a_java_program_in_any_spelling() {
    for (text, shape) in [
        (
            "server.port=8080\nfeishu.app-id=a\nfeishu.app-secret=b\nfeishu.user-access-token=x\nfeishu.user-refresh-token=y\nfeishu.expires-at=1700000000\n",
            "access=feishu.user-access-token refresh=feishu.user-refresh-token at=feishu.expires-at id=feishu.app-id secret=feishu.app-secret",
        ),
        ("my.lark.appId: a\nmy.lark.refreshToken: y\n", "refresh=my.lark.refreshToken id=my.lark.appId"),
        ("FEISHU_APP_ID a\nFEISHU_USER_ACCESS_TOKEN x\n", "access=FEISHU_USER_ACCESS_TOKEN id=FEISHU_APP_ID"),
        ("lark.app-id=a\nlark.redirect-uri=http://127.0.0.1/x\n", "id=lark.app-id"),
        (
            "feishu.token={\"access_token\":\"x\",\\\n \"refresh_token\":\"y\"}\n",
            "access=feishu.token[json].access_token refresh=feishu.token[json].refresh_token",
        ),
    ] {
        assert_eq!(shapes(Format::Properties, text), [shape], "{text}");
    }
    assert!(shapes(Format::Properties, "gitlab.access-token=x\nserver.port=1\n").is_empty());
    // Variables have one spelling.
    assert!(shapes(Format::Dotenv, "feishu.app-id=a\n").is_empty());
}

#[test]
fn variables_of_a_shell() {
    let text = "set -gx FEISHU_APP_ID a\nset -gx FEISHU_USER_ACCESS_TOKEN 'x'\nset -x FEISHU_USER_REFRESH_TOKEN y\n";
    let shape = "access=FEISHU_USER_ACCESS_TOKEN refresh=FEISHU_USER_REFRESH_TOKEN id=FEISHU_APP_ID";
    assert_eq!(shapes(Format::Fish, text), [shape]);
    // What is not a text of the file's own is no place for a token.
    let text = "set -gx LARK_USER_ACCESS_TOKEN (pass lark)\nif true\nset -gx LARK_USER_REFRESH_TOKEN y\nend\n";
    assert!(shapes(Format::Fish, text).is_empty());
}

#[test]
fn the_old_scripts_ini_file() {
    let text =
        "[APP]\napp_id = a\napp_secret = b\n[TOKEN]\napp_access_token = t\nuser_access_token = u\nrefresh_token = r\n";
    let shape = "access=TOKEN.user_access_token refresh=TOKEN.refresh_token id=APP.app_id secret=APP.app_secret app-token=TOKEN.app_access_token";
    assert_eq!(shapes(Format::Ini, text), [shape]);
    let two = "[a]\nrefresh_token=1\napp_id=x\n[b]\nRefresh_Token=2\nexpires_at=1700000000\n[c]\napp_id=y\n";
    assert_eq!(
        shapes(Format::Ini, two),
        ["refresh=a.refresh_token id=a.app_id", "refresh=b.refresh_token at=b.expires_at"]
    );
    assert!(shapes(Format::Ini, "[a]\nname = x\n").is_empty());
}

#[test]
fn token_files_of_oauth_libraries() {
    for (text, shape) in [
        (
            r#"{"access_token":"a","token_type":"Bearer","expires_in":7200,"expires_at":1700000000.25,"refresh_token":"r","scope":"x y"}"#,
            "access=access_token refresh=refresh_token in=expires_in at=expires_at scope=scope",
        ),
        (r#"{"access_token":"a","scope":["x"],"expires_at":1700000000123}"#, "access=access_token at=expires_at"),
        (
            r#"{"token":"a","refresh_token":"r","client_id":"c","client_secret":"s","expiry":"2026-01-01T00:00:00Z"}"#,
            "access=token refresh=refresh_token expiry=expiry id=client_id secret=client_secret",
        ),
        (
            r#"{"code":0,"data":{"access_token":"a","refresh_token":"r","refresh_expires_in":2591940}}"#,
            "access=data.access_token refresh=data.refresh_token refresh-in=data.refresh_expires_in",
        ),
        (
            r#"{"app_id":"i","app_secret":"s","users":{"ou_1":{"accessToken":"a","refreshToken":"r"}}}"#,
            "access=users.ou_1.accessToken refresh=users.ou_1.refreshToken id=app_id secret=app_secret",
        ),
        (
            r#"[{"refresh_token":"r","refresh_token_expires_in":604800}]"#,
            "refresh=[0].refresh_token refresh-in=[0].refresh_token_expires_in",
        ),
        (r#"{"appId":"i","appSecret":"s","userAccessToken":"u"}"#, "access=userAccessToken id=appId secret=appSecret"),
    ] {
        assert_eq!(shapes(Format::Json, text), [shape], "{text}");
    }
    for text in ["{}", "[]", "1", r#"{"token":"x"}"#, r#"{"access_token":{"x":1}}"#, r#"{"token":{"count":3}}"#] {
        assert!(shapes(Format::Json, text).is_empty(), "{text}");
    }
    assert_eq!(
        shapes(Format::Toml, "[feishu]\nrefresh_token='r'\nexpires_in=1\n"),
        ["refresh=feishu.refresh_token in=feishu.expires_in"]
    );
}

#[test]
fn tables_of_a_yaml_file() {
    for (text, shape) in [
        (
            "feishu:\n  app_id: a\n  app_secret: b\n  user_access_token: x\n  refresh_token: z\n  expires_at: 1700000000\n",
            "access=feishu.user_access_token refresh=feishu.refresh_token at=feishu.expires_at id=feishu.app_id secret=feishu.app_secret",
        ),
        (
            "spring:\n  profiles: dev\nlark:\n  appId: a\n  userAccessToken: x\n  refreshToken: ''\n",
            "access=lark.userAccessToken refresh=lark.refreshToken id=lark.appId",
        ),
        (
            "feishu:\n  app-id: a\n  app-secret: b\n  user-access-token: x\n  user-refresh-token:\n",
            "access=feishu.user-access-token refresh=feishu.user-refresh-token id=feishu.app-id secret=feishu.app-secret",
        ),
        ("refresh_token: r\nexpiry: 2026-01-01T00:00:00Z\n", "refresh=refresh_token expiry=expiry"),
        ("users:\n- refresh_token: r\n", "refresh=users[0].refresh_token"),
    ] {
        assert_eq!(shapes(Format::Yaml, text), [shape], "{text}");
    }
    assert!(shapes(Format::Yaml, "a: 1\nrefresh_token: |\n  x\n").is_empty());
}

#[test]
fn servers_of_mcp_clients() {
    let lark = r#"{"command":"npx","args":["-y","@larksuiteoapi/lark-mcp","mcp","-a","cli_1","-s","x","-u","u-1"]}"#;
    for (container, place) in [
        (r#"{"mcpServers":{"my.lark":@}}"#, r#"mcpServers."my.lark""#),
        (r#"{"servers":{"my.lark":@}}"#, r#"servers."my.lark""#),
        (r#"{"context_servers":{"my.lark":@}}"#, r#"context_servers."my.lark""#),
        (r#"{"mcp":{"servers":{"my.lark":@}}}"#, r#"mcp.servers."my.lark""#),
        (r#"{"projects":{"/p":{"mcpServers":{"my.lark":@}}}}"#, r#"projects./p.mcpServers."my.lark""#),
        (r#"{"context_servers":{"my.lark":{"command":@}}}"#, r#"context_servers."my.lark".command"#),
    ] {
        let expected =
            format!("my.lark: access={place}.args[after -u] id={place}.args[after -a] secret={place}.args[after -s]");
        assert_eq!(shapes(Format::Json, &container.replace('@', lark)), [expected]);
    }
    let two = r#"{ // two tenants
        "mcpServers": {
            "a": {"command": "lark-mcp", "env": {"USER_ACCESS_TOKEN": "u-1", "APP_ID": "x", "APP_SECRET": "y"}},
            "b": {"command": "x", "args": ["--user-access-token", "u-2"], "env": {"FEISHU_USER_ACCESS_TOKEN": "old"}},
            "other": {"command": "python", "args": ["-u", "server.py"], "env": {"GITHUB_USER_ACCESS_TOKEN": "z"}},
            "asks": {"command": "lark-mcp", "env": {"USER_ACCESS_TOKEN": "${input:token}"}},
            "flag": {"command": "lark-mcp", "args": ["-u", "-a", "lark"]},
        }
    }"#;
    let expected = [
        "a: access=mcpServers.a.env.USER_ACCESS_TOKEN id=mcpServers.a.env.APP_ID secret=mcpServers.a.env.APP_SECRET",
        "b: access=mcpServers.b.args[after --user-access-token]",
    ];
    assert_eq!(shapes(Format::Json, two), expected);
    let codex = "[mcp_servers.lark]\ncommand = 'npx'\nargs = ['lark-mcp', '-u', 'u-1']\n[mcp_servers.two.env]\nLARK_USER_ACCESS_TOKEN = 'u-2'\n";
    let expected =
        ["lark: access=mcp_servers.lark.args[after -u]", "two: access=mcp_servers.two.env.LARK_USER_ACCESS_TOKEN"];
    assert_eq!(shapes(Format::Toml, codex), expected);
    let open_code = r#"{"mcp":{"lark":{"command":["npx","lark-mcp","-u","u-1"],"environment":{"APP_ID":"x"}}}}"#;
    assert_eq!(
        shapes(Format::Json, open_code),
        ["lark: access=mcp.lark.command[after -u] id=mcp.lark.environment.APP_ID"]
    );
}

/// Every place that is told can be read and written there.
#[test]
fn what_is_told_is_there() {
    for (format, text) in [
        (
            Format::Json,
            r#"{"mcpServers":{"a\"]":{"args":["lark","-u","u-1"],"env":{"APP_ID":"x"}}},"access_token":"y"}"#,
        ),
        (Format::Json, r#"{"x":[{"y":{"refresh_token":"r","expires_at":12.5}}]}"#),
        (Format::Ini, "[a.b]\nrefresh_token = r\nexpires_in = 5\n"),
        (Format::Dotenv, "FEISHU_USER_ACCESS_TOKEN=x\n"),
        (Format::Fish, "set -x FEISHU_USER_ACCESS_TOKEN x\n"),
        (Format::Yaml, "a:\n- refresh_token: r\n  expires_at: 12.5\n  expiry: 2026-01-01T00:00:00Z\n"),
    ] {
        let mut document = Document::parse(format, text.as_bytes()).unwrap();
        let all = Shape::detect(&document);
        assert!(!all.is_empty(), "{text}");
        for place in all.iter().flat_map(|shape| shape.places.values()) {
            let value = document.get_value(place).unwrap().unwrap();
            document.set_value(place, &value).unwrap();
        }
        assert_eq!(*document.bytes(), text.as_bytes());
    }
}
