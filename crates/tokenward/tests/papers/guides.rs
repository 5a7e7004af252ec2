//! A guide is a page in English and one in Chinese (`docs/guide/NAME.md`, `docs/guide/zh/NAME.md`), and so are the README and the pages
//! of reference that users need (`docs/reference/zh`, `docs/zh`): neither says less than the other, and a sentence that changes is a line
//! that changes.

use std::collections::BTreeSet;

use crate::{read, root};

const MOST_LINES: usize = 120;

/// What a person may read in either language. The words differ, and this does not.
#[derive(Debug, PartialEq)]
struct Page {
    /// The level of each heading, in order.
    headings: Vec<usize>,
    /// The lines of each block of code, without comments. Of a session only what is typed; of what is printed nothing.
    code: Vec<Vec<String>>,
    /// How many rows each table has.
    tables: Vec<usize>,
    /// The file names of the links.
    links: Vec<String>,
    /// Options, error codes and variables that the text names.
    names: BTreeSet<String>,
}

/// English and Chinese, by path.
fn pairs() -> Vec<[String; 2]> {
    let mut pairs = vec![["README.md".to_owned(), "README.zh-CN.md".to_owned()]];
    for name in names("docs/guide") {
        pairs.push([format!("docs/guide/{name}"), format!("docs/guide/zh/{name}")]);
    }
    pairs
}

/// Pages of reference, by path: everything that is there in Chinese.
fn references() -> Vec<[String; 2]> {
    let pages = names("docs/reference/zh").into_iter();
    pages.map(|name| [format!("docs/reference/{name}"), format!("docs/reference/zh/{name}")]).collect()
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap);
    let pages = entries.filter(|entry| entry.path().is_file());
    pages.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn every_guide_has_its_twin() {
    let [english, chinese] = ["docs/guide", "docs/guide/zh"].map(names);
    assert!(english.len() >= 10, "{english:?}");
    assert_eq!(english, chinese);
    for name in english {
        let head = |path: &str| read(path).lines().nth(2).unwrap_or_default().to_owned();
        assert_eq!(head(&format!("docs/guide/{name}")), format!("**English** · [简体中文](zh/{name})"));
        assert_eq!(head(&format!("docs/guide/zh/{name}")), format!("[English](../{name}) · **简体中文**"));
    }
}

/// What users look up is there in Chinese, one layout for all: `FOLDER/zh/NAME`; and a Chinese page leads to no English one that has a twin.
#[test]
fn what_users_look_up_is_there_in_chinese() {
    for (folder, expected) in [
        ("docs/reference", &["exit-codes.md", "json.md", "sandbox.md", "settings.md"][..]),
        ("docs", &["operate.md", "performance.md", "reliability.md"]),
    ] {
        let chinese = names(&format!("{folder}/zh"));
        assert_eq!(chinese.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        for name in expected {
            let head = |path: &str| read(path).lines().nth(2).unwrap_or_default().to_owned();
            assert_eq!(head(&format!("{folder}/{name}")), format!("**English** · [简体中文](zh/{name})"));
            assert_eq!(head(&format!("{folder}/zh/{name}")), format!("[English](../{name}) · **简体中文**"));
        }
    }
    let mut papers: Vec<String> = pairs().into_iter().chain(references()).map(|[_, chinese]| chinese).collect();
    papers.extend(names("docs/zh").into_iter().map(|name| format!("docs/zh/{name}")));
    let mut wrong = Vec::new();
    for paper in &papers {
        let text = read(paper);
        let folder = root().join(paper).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let Some(name) = target.rsplit('/').next().filter(|name| name.strip_suffix(".md").is_some()) else {
                continue;
            };
            let twin = folder.join(target).parent().unwrap().join("zh").join(name);
            // The line at the top is for those who want the other language.
            let is_own = paper.ends_with(&format!("/zh/{name}")) && target == format!("../{name}");
            if !target.contains("://") && !is_own && twin.exists() {
                wrong.push(format!("{paper}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Chinese has one kind of comma, colon, semicolon and parenthesis: the full-width one, between Chinese words.
#[test]
fn punctuation_between_chinese_words_is_full_width() {
    let mut papers: Vec<String> = pairs().into_iter().chain(references()).map(|[_, chinese]| chinese).collect();
    papers.extend(names("docs/zh").into_iter().map(|name| format!("docs/zh/{name}")));
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let mut wrong = Vec::new();
    for paper in papers {
        let text = read(&paper);
        for line in prose(&text) {
            // Code is written as it is typed, and what a link leads to is no sentence.
            let words: String = line.split('`').step_by(2).collect::<Vec<_>>().join("x");
            let words = words.split("](").map(|part| part.split_once(')').map_or(part, |(_, rest)| rest));
            let letters: Vec<char> = words.collect::<Vec<_>>().join("x").chars().collect();
            let meets = |three: &[char]| is_han(three[0]) && ",;:()?!".contains(three[1]) && is_han(three[2]);
            if letters.windows(3).any(meets) {
                wrong.push(format!("{paper}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn both_languages_show_the_same() {
    for paths in pairs().into_iter().chain(references()) {
        let [english, chinese] = paths.each_ref().map(|path| page(&read(path)));
        let title = paths.join(" and ");
        assert_eq!(english.headings, chinese.headings, "headings of {title}");
        assert_eq!(english.code, chinese.code, "commands of {title}");
        assert_eq!(english.tables, chinese.tables, "rows of the tables of {title}");
        assert_eq!(english.links, chinese.links, "links of {title}");
        assert_eq!(english.names, chinese.names, "options, codes and variables of {title}");
    }
}

#[test]
fn a_sentence_is_a_line() {
    let mut wrong = vec![];
    for path in pairs().into_iter().flatten() {
        let text = read(&path);
        for line in prose(&text).filter(|line| !line.starts_with('|') && !line.starts_with('#')) {
            if ends_within(&plain(line)) {
                wrong.push(format!("{path}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ends_within(&plain("1. **Words.** One ends here. Another begins.")));
    assert!(ends_within(&plain("* 第一句。第二句。")));
    assert!(!ends_within(&plain("**Words.** A `code. Span` and (a remark. Of two) are no end.")));
}

/// It says where to go on; the rest is there.
#[test]
fn a_readme_is_short() {
    for path in ["README.md", "README.zh-CN.md"] {
        let lines = read(path).lines().count();
        assert!(lines <= MOST_LINES, "{path} has {lines} lines");
    }
}

/// A link to a part of a page leads to one of its headings.
#[test]
fn every_anchor_is_a_heading() {
    let mut papers: Vec<String> = pairs().into_iter().flatten().collect();
    papers.extend(["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/glossary.md"].map(str::to_owned));
    let (mut seen, mut wrong) = (0, vec![]);
    for paper in papers {
        let text = read(&paper);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for (file, anchor) in targets.filter_map(|target| target.split_once('#')) {
            if file.contains("://") {
                continue;
            }
            let of =
                if file.is_empty() { root().join(&paper) } else { root().join(&paper).parent().unwrap().join(file) };
            let page = std::fs::read_to_string(of).unwrap();
            seen += 1;
            if !prose(&page).filter(|line| line.starts_with('#')).any(|heading| slug(heading) == anchor) {
                wrong.push(format!("{paper}: {file}#{anchor}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 20, "{seen}");
    assert_eq!(slug("### `[apps.NAME.rules]`"), "appsnamerules");
    assert_eq!(slug("## 在 Rust 程序中"), "在-rust-程序中");
}

/// A heading as an anchor: small letters, hyphens for spaces, no punctuation.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
}

/// Whether a sentence ends before the line does.
fn ends_within(line: &str) -> bool {
    let ends = |(at, _): (usize, &str)| {
        let rest = &line[at + 1..];
        rest.starts_with(' ')
            && rest.trim_start().starts_with(|next: char| next.is_uppercase() || "[`*(".contains(next))
    };
    line.match_indices(['.', '?', '!']).any(ends)
        || line.trim_end_matches(['。', '？', '！', ' ']).contains(['。', '？', '！'])
}

/// A line without what stands before its text, the bold words that begin it, code and remarks in parentheses.
fn plain(line: &str) -> String {
    let line = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['.', '*', ' ']);
    let line = line
        .split_once("**")
        .filter(|(bold, _)| !bold.contains(' ') || bold.ends_with(['.', '。', '：']))
        .map_or(line, |(_, rest)| rest);
    let (mut plain, mut code, mut depth) = (String::new(), false, 0_usize);
    for c in line.chars() {
        match c {
            '`' => {
                code = !code;
                plain.push(c);
            }
            _ if code => {}
            '(' | '（' => depth += 1,
            ')' | '）' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ => plain.push(c),
        }
    }
    plain
}

fn page(text: &str) -> Page {
    let (mut tables, mut rows) = (vec![], 0);
    for line in prose(text).chain([""]) {
        if line.starts_with('|') {
            rows += 1;
        } else if rows > 0 {
            tables.push(std::mem::take(&mut rows));
        }
    }
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let mut links: Vec<String> = prose(text)
        .flat_map(|line| line.split("](").skip(1).filter_map(|rest| rest.split(')').next()))
        .map(|target| target.split('#').next().unwrap_or_default())
        .map(|target| target.rsplit('/').next().unwrap_or_default().replace(".zh-CN.", "."))
        .collect();
    links.sort();
    Page {
        headings: headings.map(|line| line.chars().take_while(|c| *c == '#').count()).collect(),
        code: code(text),
        tables,
        links,
        names: prose(text).flat_map(named).collect(),
    }
}

/// The lines outside of blocks of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}

fn code(text: &str) -> Vec<Vec<String>> {
    text.split("\n```").skip(1).step_by(2).map(block).collect()
}

/// The kind of a block and its lines, as far as they are the same in both languages.
fn block(text: &str) -> Vec<String> {
    let mut lines = text.lines();
    let kind = lines.next().unwrap_or_default();
    let typed = lines.filter(|line| match kind {
        "console" => line.starts_with('$'),
        "text" | "markdown" => false,
        _ => !line.starts_with("# "),
    });
    let bare = |line: &str| {
        let line = line.split(" # ").next().unwrap_or_default();
        line.split(" // ").next().unwrap_or_default().trim_end().replace(" --lang zh", "")
    };
    std::iter::once(kind.to_owned()).chain(typed.map(bare)).collect()
}

/// Options (`--name`), error codes and variables of a line.
fn named(line: &str) -> Vec<String> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    let option = |word: &&str| word.starts_with("--") && word[2..].starts_with(|c: char| c.is_ascii_lowercase());
    let capitals = |word: &&str| {
        let code = word.strip_prefix("TW").is_some_and(|rest| rest.len() == 4);
        (code || word.contains('_')) && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    words.filter(|word| option(word) || (capitals(word) && word.len() > 2)).map(str::to_owned).collect()
}
