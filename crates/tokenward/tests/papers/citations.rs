//! Who cites names a source and a section of it (CONTRIBUTING.md), and of our own papers the section is there.
//!
//! A reader of the code has these papers and nothing else: no citation leads to a file that is not here, or to the tracker.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The sign of a section, spelled so that this file cites nothing.
const SIGN: char = '\u{a7}';

/// What stands before the sign where the source is somebody else's and no RFC: the last word of its name.
const OTHERS: [&str; 8] =
    ["Core", "URL", "POSIX.1-2024", "CommonMark", "ECMA-48", "Unicode", "18004", "draft-ietf-oauth-v2-1"];

/// Papers with numbered sections. Inside them a bare sign is a section of their own.
const NUMBERED: [&str; 3] = ["design/0000-charter.md", "reference/feishu.md", "reference/blueking.md"];

/// Where citations stand.
const PLACES: [&str; 6] = ["docs", "changelog.d", "crates", "fuzz", "fidelity", "."];

/// What may stand before a citation without a space.
const OPENING: [char; 7] = ['(', '（', '[', '`', '"', '*', '|'];

const KINDS: [&str; 6] = ["rs", "md", "toml", "sql", "py", "mjs"];

#[derive(Clone, PartialEq)]
enum Source {
    Ours(String),
    Others,
}

#[test]
fn every_cited_section_exists() {
    let sections: BTreeMap<&str, BTreeSet<String>> = NUMBERED.iter().map(|paper| (*paper, headings(paper))).collect();
    let mut seen = BTreeMap::<String, usize>::new();
    let mut wrong = vec![];
    for (path, text) in texts() {
        let own = NUMBERED.iter().find(|paper| path.ends_with(*paper)).map(|paper| Source::Ours((*paper).to_owned()));
        let words = words(&text);
        let mut source = None;
        for (at, (line, word)) in words.iter().enumerate() {
            if word.trim_start_matches(OPENING).starts_with(SIGN) {
                let before = |back: usize| at.checked_sub(back).map_or("", |at| words[at].1);
                source = named(before(1), before(2)).or(source).or(own.clone());
                // A template for a section has no number yet.
                for section in word.split(SIGN).skip(1).map(number).filter(|number| !number.is_empty()) {
                    match &source {
                        Some(Source::Others) => {}
                        Some(Source::Ours(paper))
                            if sections.get(&**paper).is_some_and(|all| all.contains(section)) =>
                        {
                            *seen.entry(paper.clone()).or_default() += 1;
                        }
                        Some(Source::Ours(paper)) => {
                            wrong.push(format!("{path}:{line}: {paper} has no section {section}"));
                        }
                        None => wrong.push(format!("{path}:{line}: {word} of what?")),
                    }
                }
            } else if word.contains(SIGN) {
                wrong.push(format!("{path}:{line}: {word}"));
            }
            if word.ends_with('.') || word.contains([')', ']', '）']) {
                source = None;
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} in all", wrong.join("\n"), wrong.len());
    assert_eq!(seen.len(), NUMBERED.len(), "each is cited: {seen:?}");
}

/// An issue is closed and forgotten, and a reader of the code may not see the tracker: what it asked for is said in words.
#[test]
fn nothing_cites_an_issue() {
    let mut wrong = vec![];
    for (path, text) in texts() {
        if path.contains("docs/reference/") {
            // Other projects' issues are sources there.
            continue;
        }
        for pair in words(&text).windows(2) {
            let (word, number) = (pair[0].1.trim_start_matches(['(', '[']), pair[1].1.trim_start_matches('#'));
            if ["issue", "issues"].contains(&&*word.to_lowercase())
                && number.starts_with(|first: char| first.is_ascii_digit())
            {
                wrong.push(format!("{path}:{}: {word} {number}", pair[0].0));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The numbers of a paper's headings.
fn headings(paper: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(super::root().join("docs").join(paper)).unwrap();
    let titles = text.lines().filter(|line| line.starts_with("##")).filter_map(|line| line.split(' ').nth(1));
    titles.map(|title| number(title).to_owned()).filter(|number| !number.is_empty()).collect()
}

/// The source that two words before the sign name, if they do.
fn named(last: &str, one_before: &str) -> Option<Source> {
    let bare = |word: &str| word.trim_start_matches(OPENING).to_owned();
    let last = bare(last).trim_end_matches('`').to_owned();
    let rfc = one_before.ends_with("RFC") && last.parse::<u32>().is_ok();
    if rfc || OTHERS.contains(&&*last) || last.starts_with("https://") || last.starts_with("<https://") {
        return Some(Source::Others);
    }
    let paper = last.trim_end_matches(',');
    Path::new(paper).extension().is_some_and(|kind| kind == "md").then(|| Source::Ours(paper.to_owned()))
}

/// Digits and the dots between them at the beginning of a text.
fn number(text: &str) -> &str {
    let end = text.find(|next: char| !next.is_ascii_digit() && next != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

/// Words with their lines, without what makes a line a comment.
fn words(text: &str) -> Vec<(usize, &str)> {
    let bare = |line| str::trim_start_matches(str::trim(line), ['/', '!', '#']);
    text.lines()
        .enumerate()
        .flat_map(|(at, line)| bare(line).split_whitespace().map(move |word| (at + 1, word)))
        .collect()
}

/// Every text that people write here, by its path.
fn texts() -> Vec<(String, String)> {
    let root = super::root();
    let mut texts = vec![];
    let mut folders: Vec<(PathBuf, bool)> = PLACES.iter().map(|place| (root.join(place), *place != ".")).collect();
    while let Some((folder, deep)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                if deep && !path.ends_with("target") {
                    folders.push((path, true));
                }
            } else if path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known)) {
                match std::fs::read_to_string(&path) {
                    Ok(text) => texts.push((path.strip_prefix(&root).unwrap().display().to_string(), text)),
                    // An editor's file that came and went.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => panic!("{}: {error}", path.display()),
                }
            }
        }
    }
    texts
}
