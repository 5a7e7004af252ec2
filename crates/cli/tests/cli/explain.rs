//! `explain`: every code that can be met, in both languages, without a home, a vault or the papers.

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
            let kept = if lang == "en" { "What was kept." } else { "保留了什么。" };
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
    for word in ["TW9999", "", "20029"] {
        run(&mut bare_command(&["explain", word])).fails(2, "such as TW0401");
    }
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
