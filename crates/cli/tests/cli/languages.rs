//! The same run in both languages.

use crate::world::{World, bare_command, run};

fn chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn words_follow_the_language_and_data_does_not() {
    let world = World::logged_in();
    let zh = [("LC_ALL", "zh_CN.UTF-8")];
    let status = world.run_with(&zh, &["status"]);
    assert!(chinese(&status.succeeds().out) && status.out.contains("有效"), "{status:?}");
    assert_eq!(world.run_with(&zh, &["token"]).out, world.run(&["token"]).out);
    assert_eq!(world.run_with(&zh, &["list", "--json"]).out, world.run(&["list", "--json"]).out);
    let ran = world.run_with(&zh, &["refresh"]);
    assert!(ran.succeeds().err.contains("已刷新"), "{ran:?}");
    let ran = world.run(&["refresh", "--lang", "zh"]);
    assert!(ran.succeeds().err.contains("已刷新"), "{ran:?}");
    let ran = world.run_with(&[("LC_ALL", "zh_CN.UTF-8"), ("TOKENWARD_LANG", "en")], &["refresh"]);
    assert!(ran.succeeds().err.contains("refreshed"), "{ran:?}");
}

#[test]
fn mistakes_are_told_in_chinese_too() {
    let world = World::logged_in();
    for words in [
        &["token", "-p", "nobody"][..],
        &["login", "--scope", "读取"],
        &["logout"],
        &["exec", "--", "no-such-program"],
        &["login", "--profile", "x", "--app", "y"],
    ] {
        let ran = world.run_with(&[("TOKENWARD_LANG", "zh")], words);
        assert_ne!(ran.code, 0);
        let first = ran.err.lines().next().unwrap();
        assert!(first.starts_with("错误：") && chinese(first), "{ran:?}");
        assert!(ran.err.contains("参见：tokenward explain TW"), "{ran:?}");
    }
    let ran = run(bare_command(&["tokn"]).env("LANG", "zh_CN.UTF-8"));
    assert!(ran.code == 2 && ran.err.starts_with("错误：没有名为 tokn 的命令"), "{ran:?}");
    let ran = run(&mut bare_command(&["login", "--help", "--lang", "zh"]));
    assert!(ran.out.contains("用法：tokenward login"), "{ran:?}");
}
