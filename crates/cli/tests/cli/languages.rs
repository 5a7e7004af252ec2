//! The same run in both languages.

use crate::project::Project;
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

/// Chinese as it is written: a list by its own comma, a blank before what is not Chinese, and words for the thing that is meant.
#[test]
fn sentences_over_which_a_reader_stumbled_read_well() {
    let project = Project::of(World::logged_in());
    let told = |words: &[&str]| project.run(&[words, &["--lang", "zh"]].concat());
    let mut command = project.command(&["token", "--lang", "zh"]);
    let ran = run(command.env("TOKENWARD_TOKEN_API", "v9"));
    assert!(ran.err.contains("请填 v3、v2、oidc-v1 或 legacy-v1"), "{ran:?}");
    let ran = told(&["wiki", "create", "不存在.md", "--personal"]);
    assert!(ran.fails(2, "TW0840").err.contains("没有这个文件：请检查路径"), "{ran:?}");
    let tokens = project.world.sandbox.seed_grant(
        &project.world.app.id,
        &project.world.sandbox.current_tokens().pop().unwrap().user,
        &["offline_access"],
    );
    project.write(".env", &project.dotenv(&tokens.unwrap()));
    let ran = told(&["link", ".env"]);
    assert!(ran.succeeds().err.contains("下次取令牌时会先刷新一次"), "{ran:?}");
    told(&["token"]).succeeds();
    let ran = told(&["link", ".env"]);
    assert!(ran.succeeds().err.contains(".env：已是当前的令牌"), "{ran:?}");
    let file = project.world.home.join("config.toml");
    let without =
        project.world.config().lines().filter(|line| !line.starts_with("app_id")).collect::<Vec<_>>().join("\n");
    std::fs::write(file, without).unwrap();
    let ran = told(&["token"]);
    let ways = "缺少 App ID：请用 --app-id、TOKENWARD_APP_ID 或 config.toml 中的 apps.NAME.app_id 提供";
    assert!(ran.fails(2, "TW0204").err.contains(ways), "{ran:?}");
}
