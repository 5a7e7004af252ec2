//! What stands in for a token or a secret is never sent: references, sealed texts, placeholders, one text at two places.

use std::fs;

use crate::project::Project;
use crate::world::{World, run, run_fed};

const STAND_INS: [&str; 7] = [
    "op://dev/feishu/refresh",
    "${FEISHU_REFRESH_TOKEN}",
    "$FEISHU_REFRESH_TOKEN",
    "ENC[AES256_GCM,data:abc,type:str]",
    "vault:secret/feishu#refresh",
    "{{op://dev/feishu/refresh}}",
    "<your-refresh-token>",
];

#[test]
fn a_script_s_file_with_a_stand_in_sends_nothing() {
    let project = Project::of(World::new());
    let before = project.world.sandbox.counters().requests;
    let script = |words: &[&str]| run(&mut project.command(&[&["refresh"], words].concat()));
    for text in STAND_INS {
        for (content, key) in [
            (format!("[TOKEN]\napp_access_token = a-0123456789\nrefresh_token = {text}\n"), "refresh_token"),
            (format!("[TOKEN]\napp_access_token = a-0123456789\nrefresh_token = '{text}'\n"), "refresh_token"),
            (format!("[TOKEN]\napp_access_token = {text}\nrefresh_token = ur-0123456789abc\n"), "app_access_token"),
            (format!("app_access_token={text}\nrefresh_token=ur-0123456789abc\n"), "app_access_token"),
        ] {
            project.write("s.ini", &content);
            let ran = script(&["--config-file", "s.ini"]);
            assert!(ran.fails(2, "TW0203").err.contains(&format!("in s.ini, {key}")), "{content}: {ran:?}");
            assert!(ran.err.contains("not a secret"), "{content}: {ran:?}");
            assert_eq!(project.read("s.ini"), content);
        }
        project.write("rt", text);
        for words in [
            ["-a", "a-0123456789", "-r", text],
            ["-a", "a-0123456789", "-r", "@rt"],
            ["-a", text, "-r", "ur-0123456789abc"],
        ] {
            let ran = script(&words);
            assert!(ran.fails(2, "TW0203").err.contains("not a secret"), "{words:?}: {ran:?}");
        }
    }
    let content = "[TOKEN]\napp_access_token = a-0123456789\nrefresh_token = u-0123456789abc\nuser_access_token = u-0123456789abc\n";
    project.write("s.ini", content);
    let ran = script(&["--config-file", "s.ini"]);
    assert!(ran.fails(2, "TW0203").err.contains("the same text as user_access_token"), "{ran:?}");
    assert_eq!(project.read("s.ini"), content);
    assert_eq!(project.world.sandbox.counters().requests, before);
}

#[test]
fn a_secret_that_stands_in_is_not_sent() {
    for (name, pattern) in [
        (
            ".env",
            "FEISHU_APP_ID={I}\nFEISHU_APP_SECRET={S}\nFEISHU_ACCESS_TOKEN=u-0123456789abc\nFEISHU_REFRESH_TOKEN=ur-0123456789abc\n",
        ),
        (
            "x.ini",
            "[a]\nclient_id = {I}\nclient_secret = {S}\nuser_access_token = u-0123456789abc\nrefresh_token = ur-0123456789abc\n",
        ),
        (
            "x.json",
            r#"{"client_id":"{I}","client_secret":"{S}","access_token":"u-0123456789abc","refresh_token":"ur-0123456789abc"}"#,
        ),
        (
            "x.toml",
            "app_id = \"{I}\"\napp_secret = \"{S}\"\naccess_token = \"u-0123456789abc\"\nrefresh_token = \"ur-0123456789abc\"\n",
        ),
    ] {
        for text in ["op://dev/feishu/secret", "${FEISHU_APP_SECRET}", "ENC[AES256_GCM,data:abc,type:str]"] {
            let project = Project::of(World::bare());
            let content = pattern.replace("{I}", &project.world.app.id).replace("{S}", text);
            project.write(name, &content);
            let ran = project.run(&["link", name]);
            assert!(
                ran.code != 0 && ran.err.contains("is a reference, an encrypted value or a placeholder, not a secret"),
                "{content}: {ran:?}"
            );
            assert_eq!(project.read(name), content);
            assert_eq!(project.world.sandbox.counters().requests, 0, "{content}: {ran:?}");
        }
    }
    // Handed in otherwise, too.
    let project = Project::of(World::bare());
    let words = ["init", "--provider", "feishu", "--app-id", &project.world.app.id, "--app-secret-stdin"];
    let ran = run_fed(&mut project.command(&words), "op://dev/feishu/secret\n");
    assert!(ran.fails(2, "TW0203").err.contains("not a secret"), "{ran:?}");
    let ran = run(project.command(&["login", "--no-browser"]).envs([
        ("TOKENWARD_APP_ID", project.world.app.id.as_str()),
        ("TOKENWARD_APP_SECRET", "${FEISHU_APP_SECRET}"),
        ("TOKENWARD_PROVIDER", "feishu"),
    ]));
    assert!(ran.fails(2, "TW0203").err.contains("not a secret"), "{ran:?}");
    assert_eq!(project.world.sandbox.counters().requests, 0);
}

#[test]
fn one_text_at_both_places_is_no_login() {
    let project = Project::of(World::logged_in());
    let access = project.run(&["token"]).succeeds().out.trim().to_owned();
    let pair = |access: &str, refresh: &str| format!("FEISHU_ACCESS_TOKEN={access}\nFEISHU_REFRESH_TOKEN={refresh}\n");
    let one = pair("u-0123456789abcdef", "u-0123456789abcdef");
    project.write(".env", &one);
    project.run(&["link", ".env"]).fails(2, "are the same");
    project.run(&["adopt", ".env"]);
    assert_eq!(project.read(".env"), one);
    fs::remove_file(project.path(".env")).unwrap();
    // Put there later.
    project.write(".env", &pair(&access, &project.present().0));
    project.run(&["link", ".env"]).succeeds();
    let before = project.world.sandbox.counters().refreshes;
    for text in ["u-0123456789abcdef", &access] {
        let one = pair(text, text);
        project.write(".env", &one);
        project.run(&["token"]).succeeds();
        project.run(&["link", ".env"]);
        assert_eq!(project.read(".env"), one, "{text}");
        assert_eq!(project.state(".env"), "unclear", "{text}");
    }
    // An access token that is known, at the other one's place alone.
    project.write(".env", &pair("", &access));
    project.run(&["token"]).succeeds();
    assert_eq!(project.state(".env"), "malformed");
    let counters = project.world.sandbox.counters();
    assert_eq!((counters.refreshes, counters.replays), (before, 0));
}
