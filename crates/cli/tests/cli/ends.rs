//! Ends of life beside tokens: each is kept true, in its notation, or named as not kept.

use serde_json::Value;

use crate::project::Project;
use crate::world::World;

fn filled(project: &Project, pattern: &str) -> String {
    let access = project.run(&["token"]).succeeds().out.trim().to_owned();
    pattern.replace("{A}", &access).replace("{R}", &project.present().0)
}

/// A file, and the values in it that are to be about now, about the access token's end, about the refresh token's end.
const KEPT: [(&str, &str, &str, &str); 10] = [
    (
        r#"{"access":{"token":"{A}","expires":1000000001},"refresh":{"token":"{R}","expires":1000000002}}"#,
        "",
        "/access/expires",
        "/refresh/expires",
    ),
    (
        r#"{"access_token":{"value":"{A}","expires_at":1000000001},"refresh_token":{"value":"{R}","expires_at":1000000002000}}"#,
        "",
        "/access_token/expires_at",
        "/refresh_token/expires_at",
    ),
    (
        r#"{"x":{"accessToken":{"token":"{A}","expiresAt":"2001-09-09T01:46:41Z"},"refreshToken":{"token":"{R}","expiresAt":"2001-09-09T01:46:42Z"}}}"#,
        "",
        "/x/accessToken/expiresAt",
        "/x/refreshToken/expiresAt",
    ),
    (r#"{"expires_at":1000000001,"tokens":{"access_token":"{A}","refresh_token":"{R}"}}"#, "", "/expires_at", ""),
    (
        r#"{"refresh_expires_at":1000000001,"expiry":"2001-09-09T01:46:40Z","tokens":{"access_token":"{A}","refresh_token":"{R}"}}"#,
        "",
        "/expiry",
        "/refresh_expires_at",
    ),
    (
        r#"{"access_token":"{A}","refresh_token":"{R}","expires_in":7200,"fetched_at":1000000001}"#,
        "/fetched_at",
        "",
        "",
    ),
    (
        r#"{"access_token":"{A}","refresh_token":"{R}","expires_in":7200,"saved_at":"2001-09-09T01:46:41Z"}"#,
        "/saved_at",
        "",
        "",
    ),
    (
        r#"{"access_token":"{A}","refresh_token":"{R}","expires_in":7200,"last_refresh":1000000001.5}"#,
        "/last_refresh",
        "",
        "",
    ),
    (r#"{"accessToken":"{A}","refreshToken":"{R}","expiresIn":7200,"updatedAt":1000000001000}"#, "/updatedAt", "", ""),
    (
        r#"{"saved_at":1000000001,"data":{"access_token":"{A}","refresh_token":"{R}","expires_in":7200}}"#,
        "/saved_at",
        "",
        "",
    ),
];

fn second(document: &Value, place: &str) -> i64 {
    let value = document.pointer(place).unwrap_or_else(|| panic!("{place} in {document}"));
    let second = match value {
        Value::String(text) => text.parse::<jiff::Timestamp>().unwrap().as_second(),
        #[expect(clippy::cast_possible_truncation, reason = "a moment")]
        number => number.as_f64().unwrap() as i64,
    };
    if second > 100_000_000_000 { second / 1000 } else { second }
}

#[test]
fn each_end_is_kept_true() {
    let project = Project::of(World::logged_in());
    let status = |project: &Project| project.world.status();
    for (index, (pattern, _, _, _)) in KEPT.iter().enumerate() {
        let name = format!("{index}.json");
        project.write(&name, &filled(&project, pattern));
        let ran = project.run(&["link", &name]);
        assert!(!ran.succeeds().err.contains("end"), "{pattern}: {ran:?}");
    }
    project.run(&["refresh"]).succeeds();
    let now = jiff::Timestamp::now().as_second();
    let refresh_life = 86_400;
    for (index, (pattern, obtained, access, refresh)) in KEPT.iter().enumerate() {
        let text = project.read(&format!("{index}.json"));
        let document: Value = serde_json::from_str(&text).unwrap();
        if !obtained.is_empty() {
            assert!((second(&document, obtained) - now).abs() < 120, "{pattern}: {text}");
        }
        if !access.is_empty() {
            let life = second(&document, access) - now;
            assert!((600..refresh_life).contains(&life), "{pattern}: {text}: {life}");
        }
        if !refresh.is_empty() {
            let life = second(&document, refresh) - now;
            assert!(life > refresh_life, "{pattern}: {text}: {life} {:?}", status(&project));
        }
    }
}

#[test]
fn an_end_that_is_not_kept_is_named() {
    let project = Project::of(World::logged_in());
    for (index, (pattern, place, words)) in [
        (r#"{"access_token":"{A}","refresh_token":"{R}","expires_at":1,"expiry":2,"exp":3}"#, "exp", "its meaning"),
        (
            r#"{"access_token":"{A}","refresh_token":"{R}","expiration_minutes":120}"#,
            "expiration_minutes",
            "its meaning",
        ),
        (r#"{"access_token":"{A}","refresh_token":"{R}","expires_at":"in two hours"}"#, "expires_at", "unknown format"),
        (r#"{"expires_at":"soon","t":{"access_token":"{A}","refresh_token":"{R}"}}"#, "expires_at", "unknown format"),
        (
            r#"{"access_token":"{A}","refresh_token":"{R}","expires_in":1,"saved_at":"yesterday"}"#,
            "saved_at",
            "unknown format",
        ),
        (
            r#"{"access":{"token":"{A}"},"refresh":{"token":"{R}","expires":"one day"}}"#,
            "refresh.expires",
            "unknown format",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("{index}.json");
        project.write(&name, &filled(&project, pattern));
        let ran = project.run(&["link", &name]);
        let told = ran.succeeds().err.lines().any(|line| line.contains(words) && line.contains(place));
        assert!(told, "{pattern}: {ran:?}");
    }
    // Ends without a prefix are those of the only tokens.
    project
        .write(".env", &filled(&project, "FEISHU_ACCESS_TOKEN={A}\nFEISHU_REFRESH_TOKEN={R}\nEXPIRES_AT=1000000001\n"));
    project.run(&["link", ".env"]).succeeds();
    assert!(!project.read(".env").contains("1000000001"));
}
