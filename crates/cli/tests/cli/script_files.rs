//! What stands in a script's file beside its two tokens is true, or told, or left; nothing that nobody else has is written over.

use std::fs;

use tokenward_emulator::TokenApi;

use crate::old_script::{FILE, Script};

/// What the vault does not have is in the file alone: another line, another token than the one given, a reference.
#[test]
fn nothing_in_the_file_that_nobody_else_has_is_written_over() {
    let script = Script::new();
    let user = script.world.sandbox.user("Mary");
    let seeded =
        script.world.sandbox.seed_grant_by(TokenApi::LegacyV1, &script.world.app.id, &user.id, &["offline_access"]);
    let other = seeded.unwrap().refresh_token.unwrap();
    let flags = ["--config-file", "feishu-config.ini"];
    let given = [&flags[..], &["-r", &script.refresh]].concat();
    let hidden = script.read().replace("Refresh_Token", &format!("refresh_token = {other}\r\nRefresh_Token"));
    let held = script.content(&other, "u-old");
    let quoted = script.content(&format!("'{other}'"), "u-old");
    let reference = script.content("op://dev/feishu/rt", "u-old");
    let beside = script.content(&script.refresh, "op://dev/feishu/at");
    for (text, words, code) in [
        (&hidden, &flags[..], "TW0511"),
        (&hidden, &given, "TW0511"),
        (&held, &given, "TW0512"),
        (&quoted, &given, "TW0512"),
        (&reference, &given, "TW0203"),
        (&beside, &flags, "TW0203"),
    ] {
        fs::write(script.file(), text).unwrap();
        let ran = script.run(words);
        assert_eq!(ran.fails(2, code).out, "", "{text}");
        assert!(script.read() == *text && !ran.err.contains(&other), "{text}: {ran:?}");
    }
    assert_eq!(script.refreshes(), 0);
    // Once it has been used from the file, the vault has it.
    fs::write(script.file(), &held).unwrap();
    script.run(&flags).succeeds();
    script.run(&given).succeeds();
    assert_eq!((script.refreshes(), script.world.sandbox.counters().replays), (2, 0));
}

/// Programs read copies and ends of life too: they are true, or the file is not.
#[test]
fn copies_and_ends_of_life_follow_a_script_s_tokens() {
    let script = Script::new();
    let more = "\r\nexpires_at = 1700000000\r\nheader = Bearer u-old-0123456789\r\nbackup = REFRESH\r\n[other]\r\nurl = https://x.test/?access_token=u-old-0123456789&v=1\r\n";
    let pattern = format!("{FILE}{more}").replace("u-old\r", "u-old-0123456789\r").replace("APP", &script.app_token);
    fs::write(script.file(), pattern.replace("REFRESH", &script.refresh)).unwrap();
    let mut ends = Vec::new();
    for _ in 0..2 {
        let ran = script.run(&["--config-file", "feishu-config.ini"]);
        let printed = ran.succeeds().out.trim().to_owned();
        let text = script.read();
        let end = text.lines().find_map(|line| line.strip_prefix("expires_at = ")).unwrap().to_owned();
        let wanted = pattern.replace("REFRESH", &script.present().0).replace("u-old-0123456789", &printed);
        assert_eq!(text, wanted.replace("1700000000", &end));
        ends.push(end.parse::<i64>().unwrap());
    }
    assert!(ends.iter().all(|end| *end > 1_700_000_000), "{ends:?}");
    assert_eq!(script.world.sandbox.counters().replays, 0);
}

/// A copy that cannot follow is named, and costs neither the token nor the file; linked files are told of in the same way.
#[test]
fn a_copy_that_stays_behind_is_told() {
    let script = Script::new();
    let spelled: Vec<String> = script.refresh.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let encoded = spelled.concat();
    let text = format!("{}\r\nlink = https://x.test/?t={encoded}\r\n", script.read());
    fs::write(script.file(), &text).unwrap();
    let ran = script.run(&["--config-file", "feishu-config.ini"]);
    let (refresh, _) = script.present();
    assert!(script.read().contains(&refresh) && script.read().contains(ran.succeeds().out.trim()), "{ran:?}");
    assert!(
        ran.err.contains("warning:") && ran.err.contains("TOKEN.link") && script.read().contains(&encoded),
        "{ran:?}"
    );
    assert!(!ran.err.contains(&refresh) && !ran.err.contains(&encoded));
    let ran = script.run(&["--json", "--config-file", "feishu-config.ini"]);
    assert!(ran.json()["notices"].to_string().contains("stale-copy"), "as long as it is there: {ran:?}");
    fs::write(script.file(), script.read().replace(&encoded, "x")).unwrap();
    assert_eq!(script.run(&["--config-file", "feishu-config.ini"]).succeeds().err, "");
}
