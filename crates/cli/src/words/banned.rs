//! Words that no screen shows: this house's own ones, and those that are not the field's. (`docs/glossary.md` has what is said instead.)
//!
//! Looked through are every sentence and table of the catalogue, the help of every command, the page of every code, and every snapshot,
//! in both languages. Code spans, flags and facts are names and are left out.

use std::path::{Path, PathBuf};

use tokenward::{known_answer_names, known_answers};
use tokenward_core::Code;

use super::chinese_help::{Depth, shown};
use super::{Lang, sentences_of_all, tables_of_all};

/// On no screen and in no page.
const NOWHERE: &[&str] = &[
    "a person",
    "dead login",
    "fate",
    "gave way",
    "good now",
    "healed",
    "in doubt",
    "in step",
    "is over",
    "kept aside",
    "let go",
    "mend",
    "mended",
    "mends",
    "on trial",
    "our fault",
    "passing trouble",
    "put aside",
    "seal",
    "sealed",
    "seals",
    "spend",
    "spending",
    "spends",
    "spent",
    "still good",
    "story",
    "take back",
    "taken back",
    "taken over",
    "takes back",
    "takes over",
    "the provider's word",
    "turn",
    "turned",
    "turning",
    "turns",
    "unspent",
    "used-up",
];

/// In no sentence of the catalogue, in no help and in no page; a snapshot may show a name that is one of them.
const IN_NO_SENTENCE: &[&str] = &[
    "brand",
    "dialect",
    "dialects",
    "drawn",
    "is good",
    "no argument",
    "range of availability",
    "said no",
    "stand",
    "stands",
    "take over",
];

const CHINESE: &[&str] =
    &["服务方", "封存", "代次", "续期", "品牌", "接管", "放手", "主人", "无名用户", "消耗", "另行保存", "您"];

/// What is right all the same: the banned words, what stands around them, why.
const RIGHT: &[(&str, &str, &str)] = &[
    ("turn", "turn on", "a switch of the console is turned on"),
    ("turned", "turned on", "the same"),
    ("turned", "turned off", "the same"),
    ("turn", "turn off", "the same"),
    ("turn", "turn that off", "the same"),
    ("stand", "stand-in", "a name of its own"),
];

#[test]
fn no_banned_word_reaches_the_screen() {
    let mut found = Vec::new();
    for (name, en, zh) in sentences_of_all() {
        look(&mut found, name, en, &[NOWHERE, IN_NO_SENTENCE]);
        look(&mut found, name, zh, &[CHINESE]);
    }
    for words in tables_of_all() {
        look(&mut found, "a table", words.en, &[NOWHERE, IN_NO_SENTENCE]);
        look(&mut found, "a table", words.zh, &[CHINESE]);
    }
    for lang in [Lang::En, Lang::Zh] {
        let mut all = shown(lang, Depth::Whole, None);
        all.build();
        pages_of(&mut found, &mut all, "tokenward");
    }
    for &code in Code::ALL.iter().filter(|code| code.has_page()) {
        let page = read(&root().join(format!("docs/errors/{code}.md")));
        look(&mut found, code.as_str(), &page, &[NOWHERE, IN_NO_SENTENCE, CHINESE]);
    }
    for known in known_answer_names().iter().flat_map(|name| known_answers(name)) {
        look(&mut found, "a provider's code", known.fact.meaning.en, &[NOWHERE, IN_NO_SENTENCE]);
        look(&mut found, "a provider's code", known.fact.meaning.zh, &[CHINESE]);
    }
    for class in Code::ALL.iter().map(|code| code.exit()) {
        look(&mut found, "an exit code", Lang::En.exit_class(class), &[NOWHERE, IN_NO_SENTENCE]);
        look(&mut found, "an exit code", Lang::Zh.exit_class(class), &[CHINESE]);
    }
    let mut snapshots = Vec::new();
    for folder in ["src", "tests"] {
        snapshots_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut snapshots);
    }
    assert!(snapshots.len() >= 8, "{snapshots:?}");
    for file in snapshots {
        look(&mut found, &file.display().to_string(), &read(&file), &[NOWHERE, CHINESE]);
    }
    assert!(found.is_empty(), "{} banned:\n{}", found.len(), found.join("\n"));
}

/// The list finds what it is there for, and nothing in a name.
#[test]
fn a_banned_word_is_found_and_a_name_is_none() {
    let finds = |text: &str| {
        let mut found = Vec::new();
        look(&mut found, "", text, &[NOWHERE, IN_NO_SENTENCE, CHINESE]);
        found.len()
    };
    for text in [
        "the token is turned from",
        "Sealed in the vault",
        "kept in\n  step with it",
        "服务方拒绝",
        "a token that is good",
    ] {
        assert_eq!(finds(text), 1, "{text}");
    }
    for text in [
        "return",
        "turn on the switch",
        "`--dialect`",
        "--dialect",
        "{dialect} has none",
        "--token-api <DIALECT>",
        "steps in stepping",
        "in-step.env",
    ] {
        assert_eq!(finds(text), 0, "{text}");
    }
}

fn pages_of(found: &mut Vec<String>, command: &mut clap::Command, path: &str) {
    let page = command.render_long_help().to_string();
    look(found, &format!("help of {path}"), &page, &[NOWHERE, IN_NO_SENTENCE, CHINESE]);
    for sub in command.get_subcommands_mut() {
        let path = format!("{path} {}", sub.get_name());
        pages_of(found, sub, &path);
    }
}

fn look(found: &mut Vec<String>, place: &str, text: &str, lists: &[&[&str]]) {
    let plain = without_names(text);
    let words: Vec<_> =
        plain.split(|c: char| !(c.is_alphanumeric() || "'-_./".contains(c))).filter(|word| !word.is_empty()).collect();
    let words = words.iter().map(|word| word.trim_matches(['.', '\'', '/']).to_lowercase()).collect::<Vec<_>>();
    let line = format!(" {} ", words.join(" "));
    for banned in lists.iter().flat_map(|list| list.iter()) {
        let hits = if banned.is_ascii() {
            line.matches(&format!(" {banned} ")).count()
        } else {
            plain.matches(banned).count()
        };
        let right: usize = RIGHT
            .iter()
            .filter(|(word, ..)| word == banned)
            .map(|(_, around, _)| line.matches(&format!(" {around} ")).count())
            .sum();
        if hits > right {
            let at = line.find(&format!(" {banned} ")).unwrap_or(0);
            let near: String = line.chars().skip(line[..at].chars().count().saturating_sub(50)).take(120).collect();
            found.push(format!("{place}: {banned}: …{near}…"));
        }
    }
}

/// A text without facts (`{…}`), code spans, flags and the names of their values (`<…>`).
fn without_names(text: &str) -> String {
    let mut plain = String::new();
    for (number, piece) in text.split('`').enumerate() {
        // An odd piece stands between two marks; one over a line's end is none.
        if number % 2 == 0 || piece.contains("\n\n") {
            plain.push_str(piece);
        } else {
            plain.push_str(" · ");
        }
    }
    let mut shown = String::new();
    let mut depth = 0_usize;
    for c in plain.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c if depth == 0 => shown.push(c),
            _ => {}
        }
    }
    shown
        .split_inclusive(char::is_whitespace)
        .filter(|word| !["--", "[--", "<"].iter().any(|mark| word.starts_with(mark)))
        .collect()
}

fn snapshots_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            snapshots_below(&entry, found);
        } else if entry.extension().is_some_and(|ending| ending == "snap") {
            found.push(entry);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}
