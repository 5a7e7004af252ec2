//! Chinese sentences have Chinese punctuation: a colon, comma, bracket or semicolon beside a Chinese character or a fact is a full-width one.
//!
//! Looked through are every sentence and table of the catalogue, the Chinese help of every command and the providers' meanings. Code spans
//! and addresses are names and are left out.

use tokenward::{known_answer_names, known_answers};

use super::chinese_help::{Depth, shown};
use super::{Lang, sentences_of_all, tables_of_all};

#[test]
fn no_half_width_punctuation_stands_in_a_chinese_sentence() {
    let mut found = Vec::new();
    for (name, _, zh) in sentences_of_all() {
        look(&mut found, name, zh);
    }
    for words in tables_of_all() {
        look(&mut found, "a table", words.zh);
    }
    for known in known_answer_names().iter().flat_map(|name| known_answers(name)) {
        look(&mut found, "a provider's code", known.fact.meaning.zh);
    }
    let mut all = shown(Lang::Zh, Depth::Whole, None);
    all.build();
    pages_of(&mut found, &mut all, "tokenward");
    assert!(found.is_empty(), "{} half-width:\n{}", found.len(), found.join("\n"));
}

#[test]
fn what_is_half_width_is_found_and_a_name_is_left() {
    let finds = |text: &str| {
        let mut found = Vec::new();
        look(&mut found, "", text);
        found.len()
    };
    for text in
        ["原因:{why}", "{file}: 不存在", "登录(旧)", "已完成,请继续", "用户 {name} ({id}) 已登录", "{what}; 请重试"]
    {
        assert!(finds(text) > 0, "{text}");
    }
    for text in [
        "原因：{why}",
        "见 `名字: 值`",
        "例如 http://主机:端口、https://…",
        "{a}:{b}",
        "cannot: {why}",
        "最多 {n}（{m}）",
    ] {
        assert_eq!(finds(text), 0, "{text}");
    }
}

fn pages_of(found: &mut Vec<String>, command: &mut clap::Command, path: &str) {
    let page = command.render_long_help().to_string();
    // What stands alone at the end of a heading is the parser's, and is made Chinese as the page is printed.
    for line in page.lines().map(|line| line.strip_suffix(':').unwrap_or(line)) {
        look(found, &format!("help of {path}"), line);
    }
    for sub in command.get_subcommands_mut() {
        let path = format!("{path} {}", sub.get_name());
        pages_of(found, sub, &path);
    }
}

fn look(found: &mut Vec<String>, place: &str, text: &str) {
    if !text.chars().any(is_han) {
        return;
    }
    let plain: String = text.split('`').step_by(2).collect::<Vec<_>>().join("·");
    let plain: Vec<char> = without_addresses(&plain).chars().collect();
    for (at, &c) in plain.iter().enumerate().filter(|(_, c)| HALF_WIDTH.contains(c)) {
        let before = at.checked_sub(1).and_then(|at| plain.get(at)).copied().unwrap_or(' ');
        let behind = plain.get(at + 1).copied().unwrap_or(' ');
        // Between a fact and a space it is a sentence's; between two facts it is a notation, such as `a:b`.
        let of_fact = before == '}' && behind == ' ' || c == '(' && before == ' ' && behind == '{';
        if is_han(before) || is_han(behind) || of_fact {
            let near: String = plain.iter().skip(at.saturating_sub(15)).take(30).collect();
            found.push(format!("{place}: {c}: …{near}…"));
        }
    }
}

/// A text without its addresses: those with Chinese words in them are patterns.
fn without_addresses(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("http://").into_iter().chain(rest.find("https://")).min() {
        plain.push_str(&rest[..start]);
        let end = rest[start..].find(|c: char| c.is_whitespace() || "、，。；）".contains(c));
        rest = end.map_or("", |end| &rest[start + end..]);
    }
    plain + rest
}

const fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}

const HALF_WIDTH: [char; 7] = [':', ',', ';', '(', ')', '!', '?'];
