//! `explain`: every code that can be met, in both languages, without a home, a vault or the papers.

use std::collections::BTreeSet;

use tokenward::known_answer_names;
use tokenward_core::Code;

use crate::world::{bare_command, run};

#[test]
fn every_code_is_explained_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    for &code in Code::ALL {
        let mut pages = Vec::new();
        for lang in ["en", "zh"] {
            let ran = run(bare_command(&["explain", code.as_str(), "--lang", lang]).current_dir(folder.path()));
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{code} {ran:?}");
            let mut lines = ran.out.lines();
            assert_eq!(lines.next(), Some(format!("{code} {}", code.name()).as_str()), "{ran:?}");
            let kept = if lang == "en" { "What was kept." } else { "保留了什么：" };
            assert_eq!(ran.out.contains(kept), code.has_page(), "{ran:?}");
            assert!(lines.clone().count() >= 3 && lines.all(|line| !line.contains("**")), "{ran:?}");
            pages.push(ran.out);
        }
        let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        assert!(!chinese(&pages[0].replace("飞书", "")) && chinese(&pages[1]), "{code}: {pages:?}");
    }
}

#[test]
fn a_code_may_be_written_in_several_ways() {
    let page = run(&mut bare_command(&["explain", "TW0204"]));
    assert!(page.succeeds().out.contains("exit code 2"), "{page:?}");
    // As a script has it, and as a person who forgot how it is written.
    let json = run(&mut bare_command(&["explain", "0204", "--json"])).succeeds().json();
    assert_eq!((json["code"].as_str(), json["exit"].as_u64()), (Some("TW0204"), Some(2)), "{json}");
    for word in ["TW9999", "tw0499", "20099", "99991680", "", "1", "no_such_word"] {
        let ran = run(&mut bare_command(&["explain", word]));
        // A number beside it means something else.
        assert!(!ran.fails(2, "such as invalid_grant").err.contains("did you mean"), "{ran:?}");
    }
    for (word, meant) in [("TW0410", "TW0410"), ("20063x", "20063"), ("invalid_grnat", "invalid_grant")] {
        let ran = run(&mut bare_command(&["explain", word]));
        assert!(ran.out.contains(meant) || ran.err.contains(&format!("did you mean {meant}?")), "{ran:?}");
    }
}

#[test]
fn an_unknown_number_is_told_as_one_and_a_line_of_a_log_is_understood() {
    for (lang, told) in [("en", "no code 99999 is known"), ("zh", "没有收录错误码 99999")] {
        let ran = run(&mut bare_command(&["explain", "99999", "--lang", lang]));
        assert!(ran.code == 2 && ran.err.contains(told), "{ran:?}");
    }
    let ran = run(&mut bare_command(&["explain", "HTTP 400, 20064"]));
    assert_eq!(ran.succeeds().out, run(&mut bare_command(&["explain", "20064"])).succeeds().out);
    run(&mut bare_command(&["explain", "HTTP 400, 99999"])).fails(2, "such as invalid_grant");
}

#[test]
fn what_a_script_lacks_is_explained() {
    for lang in ["en", "zh"] {
        let page = run(&mut bare_command(&["explain", "TW0204", "--lang", lang])).succeeds().out.clone();
        for word in ["app_access_token", "tokenward link", "tokenward login --env-file", "--yes"] {
            assert!(page.contains(word), "{word}: {page}");
        }
    }
    for code in ["TW0204", "TW0207"] {
        assert!(!run(&mut bare_command(&["explain", code])).succeeds().out.contains("docs/"), "{code}");
    }
}

/// Whatever a provider answers and the program prints can be looked up: each code and word of the tables by which answers are read.
#[test]
fn every_code_and_word_of_the_providers_is_explained_in_both_languages() {
    let names = known_answer_names();
    let codes: BTreeSet<String> = feishu_and_blueking_codes();
    assert!(codes.len() > 70 && codes.iter().all(|code| names.contains(code)), "{codes:?}");
    for word in
        ["invalid_grant", "invalid_client", "access_denied", "authorization_pending", "slow_down", "expired_token"]
    {
        assert!(names.iter().any(|name| name == word), "{word}");
    }
    // One process a code would take minutes; each is asked in one language, every tenth in both.
    for (at, name) in names.iter().enumerate() {
        let langs: &[&str] = if at % 10 == 0 { &["en", "zh"] } else { &[["en", "zh"][at % 2]] };
        for lang in langs {
            let ran = run(&mut bare_command(&["explain", name, "--lang", lang]));
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{name} {ran:?}");
            // A server's word that is a name of ours too, but for its capitals, is explained by ours.
            if Code::ALL.iter().any(|code| code.name().eq_ignore_ascii_case(name)) {
                continue;
            }
            let hint = if *lang == "en" { "hint: " } else { "下一步：" };
            assert!(ran.out.starts_with(&format!("{name}\n")) && ran.out.contains(hint), "{ran:?}");
            assert!(!ran.out.contains("provider's description") && !ran.out.contains("平台的说明"), "{ran:?}");
        }
    }
}

/// The codes in the page that a test prints from what the sandbox was seen to answer.
fn feishu_and_blueking_codes() -> BTreeSet<String> {
    let page = include_str!("../../../../docs/reference/provider-codes.md");
    let code = |row: &str| row.split('|').nth(2).map(|cell| cell.trim().to_owned());
    page.lines().filter_map(code).filter(|cell| cell.parse::<i64>().is_ok()).collect()
}

#[test]
fn several_meanings_are_all_shown() {
    let ran = run(&mut bare_command(&["explain", "invalid_grant", "--lang", "en"]));
    for told in
        ["Feishu, Lark: ", "BlueKing: ", "BlueKing, with \"Refresh token has expired\": ", "other OAuth servers: "]
    {
        assert!(ran.out.contains(told), "{told} {ran:?}");
    }
    let json = run(&mut bare_command(&["explain", "20064", "--json"])).succeeds().json();
    assert_eq!(json["meanings"][0]["providers"], serde_json::json!(["feishu", "lark"]), "{json}");
    assert_eq!(json["meanings"][0]["class"], "needs-consent", "{json}");
    // A script's owner asks of it whose file holds an old copy, while the login lives.
    assert!(json["meanings"][0]["next"][0].as_str().unwrap().contains("`tokenward link FILE`"), "{json}");
    let json = run(&mut bare_command(&["explain", "20026", "--json"])).succeeds().json();
    // A script of one's own refreshes at v2 what was refreshed at v3, while the login lives.
    assert!(
        json["meanings"][0]["next"][0].as_str().unwrap().contains("belongs to the endpoint that issued it"),
        "{json}"
    );
    // What the login page shows and no program is answered.
    assert!(run(&mut bare_command(&["explain", "20027", "--lang", "zh"])).succeeds().out.contains("开通"));
}

#[test]
fn what_an_error_says_leads_here() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(bare_command(&["token"]).env("TOKENWARD_HOME", folder.path().join("home")));
    let more = ran.fails(2, "TW0204").err.lines().find_map(|line| line.trim().strip_prefix("see: tokenward "));
    let words: Vec<&str> = more.unwrap_or_else(|| panic!("{ran:?}")).split(' ').collect();
    assert_eq!(words, ["explain", "TW0204"]);
    let page = run(&mut bare_command(&words));
    assert!(page.succeeds().out.contains("nothing is set up") || page.out.contains("a setting is missing"), "{page:?}");
}

/// What an API answers is met in a call, and the advice of each meaning is about what its sentence says.
#[test]
fn a_code_of_every_call_is_told_of_calls_first() {
    let ran = run(&mut bare_command(&["explain", "99991679"]));
    let lines: Vec<_> = ran.succeeds().out.lines().filter(|line| !line.is_empty()).collect();
    assert!(lines[1].contains("the user has not granted the scope") && lines[2].contains("--scope"), "{ran:?}");
    assert!(lines[3].ends_with("the app access token was refused") && lines[4].contains("new app token"), "{ran:?}");
}

/// Of a code in part those are named that begin so, and none that is merely near.
#[test]
fn a_code_in_part_names_those_that_begin_so() {
    for (lang, words) in
        [("en", "codes that begin with TW041: TW0410, TW0411"), ("zh", "以 TW041 开头的错误码：TW0410、TW0411")]
    {
        let ran = run(&mut bare_command(&["explain", "TW041", "--lang", lang]));
        let told = &ran.fails(2, "TW0200").err;
        let line = told.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{ran:?}"));
        assert!(line.contains("TW0417") && !line.contains("TW0401"), "{ran:?}");
    }
    for word in ["ratelimited", "rate_limited"] {
        assert_eq!(run(&mut bare_command(&["explain", word])).code, 0, "{word}");
    }
}
