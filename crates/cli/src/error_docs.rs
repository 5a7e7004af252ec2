//! What is printed from the table of codes and the catalogue: the index of `docs/errors`, the head of each page, and the
//! table of `docs/reference/exit-codes.md` (design/0009-errors-once.md).
//!
//! With `TOKENWARD_BLESS=1` the tests write what they would compare; a code without a page gets one whose parts are to be
//! filled in.

use std::fmt::Write as _;
use std::path::PathBuf;

use tokenward_core::{Code, ExitClass};

use crate::words::Lang;

const INDEX_HEAD: &str = "\
# Error codes / 错误码

<!-- Printed from crates/core/src/error_code.rs and crates/cli/src/words by `TOKENWARD_BLESS=1 cargo test --workspace --bin tokenward error_docs`. Edit those. -->

A code never changes its meaning. Every error you can do something about has a page: what it means, what was kept and what to do. 错误码的含义永不改变。每个错误都有一页说明含义、保留了什么以及怎么办。

| Code | Name | Exit | What happened | 含义 |
|---|---|---|---|---|
";

const FINDINGS_HEAD: &str = "
## What the doctor finds / 检查结果

No trouble, so the exit code is 0. One that asks nothing of anybody has no page. 这些不是错误，退出码为 0；无需处理的结果没有单独的说明页。

| Code | Name | Exit | What was found | What to do | 结果 | 怎么办 |
|---|---|---|---|---|---|---|
";

/// What an exit code means, and what a script does about it.
const fn exit_words(class: ExitClass, lang: Lang) -> (&'static str, &'static str) {
    match (class, lang) {
        (ExitClass::Done, Lang::En) => ("done", "what `doctor` finds and is no trouble"),
        (ExitClass::Done, Lang::Zh) => ("完成", "`doctor` 的结果中不属于问题的"),
        (ExitClass::Ours, Lang::En) => ("a bug in Tokenward", "report it; do not retry in a loop"),
        (ExitClass::Ours, Lang::Zh) => ("程序自身的错误", "反馈给我们；不要循环重试"),
        (ExitClass::Usage, Lang::En) => {
            ("wrong usage or configuration", "stop: something must be changed on this machine")
        }
        (ExitClass::Usage, Lang::Zh) => ("用法或配置错误", "停止：需要在本机上修改"),
        (ExitClass::NeedsConsent, Lang::En) => ("you have to log in", "stop and tell someone: `tokenward login`"),
        (ExitClass::NeedsConsent, Lang::Zh) => ("需要登录", "停止并通知用户：`tokenward login`"),
        (ExitClass::TryLater, Lang::En) => ("temporary problem, nothing lost", "try again with growing pauses"),
        (ExitClass::TryLater, Lang::Zh) => ("暂时性故障，没有损失", "逐渐拉长间隔重试"),
        (ExitClass::Unknown, Lang::En) => {
            ("outcome unknown; the login is kept", "try again later; the next run asks once more when that is safe")
        }
        (ExitClass::Unknown, Lang::Zh) => ("结果未知，已保留", "稍后再试；下次运行会在安全时再问一次"),
        (ExitClass::AppSettings, Lang::En) => {
            ("rejected because of the app's settings", "stop: something must be changed in the developer console")
        }
        (ExitClass::AppSettings, Lang::Zh) => ("因应用设置被拒绝", "停止：需要在开发者后台修改"),
    }
}

const CLASSES: [ExitClass; 7] = [
    ExitClass::Done,
    ExitClass::Ours,
    ExitClass::Usage,
    ExitClass::NeedsConsent,
    ExitClass::TryLater,
    ExitClass::Unknown,
    ExitClass::AppSettings,
];

/// What each part of a page is called.
const PARTS: [[&str; 3]; 2] = [
    ["**What it means.**", "**What was kept.**", "**What to do.**"],
    ["**含义：**", "**保留了什么：**", "**怎么办：**"],
];

/// A sentence as it stands at the beginning of a line or a cell.
fn headline(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// What happened, in both languages.
fn titles(code: Code) -> [String; 2] {
    [Lang::En, Lang::Zh].map(|lang| headline(lang.happened(code)))
}

fn named(code: Code) -> String {
    if code.has_page() { format!("[{code}]({code}.md)") } else { code.to_string() }
}

/// The page `docs/errors/README.md`.
fn index() -> String {
    let (findings, errors): (Vec<Code>, Vec<Code>) = Code::ALL.iter().partition(|code| code.exit() == ExitClass::Done);
    let mut page = String::from(INDEX_HEAD);
    for code in errors {
        let ([en, zh], exit) = (titles(code), code.exit() as u8);
        let _ = writeln!(page, "| {} | {} | {exit} | {en} | {zh} |", named(code), code.name());
    }
    page.push_str(FINDINGS_HEAD);
    for code in findings {
        let ([en, zh], [next, next_zh]) =
            (titles(code), [Lang::En, Lang::Zh].map(|lang| headline(lang.next_step(code))));
        let _ = writeln!(page, "| {} | {} | 0 | {en} | {next} | {zh} | {next_zh} |", named(code), code.name());
    }
    page
}

/// The page of a code, with what stands once printed anew.
fn page(code: Code, page: &str) -> String {
    let mut titles = titles(code).into_iter();
    let head = format!("# {code} {}\n\nExit code {exit} / 退出码 {exit}", code.name(), exit = code.exit() as u8);
    let rest = page.lines().skip(3).map(|line| match line.strip_prefix("## ") {
        Some(title) => format!("## {}", titles.next().unwrap_or_else(|| title.to_owned())),
        None => line.to_owned(),
    });
    std::iter::once(head).chain(rest).map(|line| line + "\n").collect()
}

/// A page that is still to be written.
fn new_page(code: Code) -> String {
    let example = format!("\n\n\n\n```text\n$ tokenward …\nerror: {} ({code})\n```\n", Lang::En.happened(code));
    PARTS.iter().fold(example, |page, parts| page + "\n## \n\n" + &parts.join(" \n\n") + " \n")
}

/// `docs/reference/exit-codes.md`, with its table printed anew; `up` leads to `docs`.
fn exit_codes(page: &str, lang: Lang, up: &str) -> String {
    let is_row = |line: &&str| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit();
    let head = page.lines().take_while(|line| !is_row(line));
    let tail = page.lines().skip_while(|line| !is_row(line)).skip_while(is_row);
    let rows = CLASSES.map(|class| {
        let codes = Code::ALL.iter().filter(|code| code.exit() == class);
        let codes: Vec<String> =
            codes.map(|code| format!("[{}]({up}/errors/{})", &code.as_str()[2..], code.page_name())).collect();
        let (meaning, script) = exit_words(class, lang);
        format!("| {} | {meaning} | {} | {script} |", class as u8, codes.join(" "))
    });
    let lines = head.map(str::to_owned).chain(rows).chain(tail.map(str::to_owned));
    lines.map(|line| line + "\n").collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compares a paper with what is printed, or writes it.
fn compare(path: &str, print: impl FnOnce(&str) -> String) {
    let file = root().join(path);
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    let printed = print(&stored);
    #[expect(clippy::disallowed_methods, reason = "the one switch of these tests")]
    let bless = std::env::var_os("TOKENWARD_BLESS").is_some();
    if bless && stored != printed {
        std::fs::write(&file, &printed).unwrap();
        return;
    }
    assert!(
        stored == printed,
        "{path} is old: TOKENWARD_BLESS=1 cargo test --workspace --bin tokenward error_docs, and read the difference"
    );
}

#[test]
fn the_index_is_printed_from_the_codes() {
    compare("docs/errors/README.md", |_| index());
}

#[test]
fn the_table_of_exit_codes_is_printed_from_the_codes() {
    compare("docs/reference/exit-codes.md", |page| exit_codes(page, Lang::En, ".."));
    compare("docs/reference/zh/exit-codes.md", |page| exit_codes(page, Lang::Zh, "../.."));
}

#[test]
fn the_head_of_each_page_is_printed_from_the_codes() {
    for &code in Code::ALL.iter().filter(|code| code.has_page()) {
        compare(&format!("docs/errors/{code}.md"), |stored| {
            page(code, if stored.is_empty() { new_page(code) } else { stored.to_owned() }.as_str())
        });
    }
}

/// Nothing is left of a page to be written.
#[test]
fn each_part_of_a_page_is_written_in_both_languages() {
    for &code in Code::ALL.iter().filter(|code| code.has_page()) {
        let page = std::fs::read_to_string(root().join(format!("docs/errors/{code}.md"))).unwrap();
        let halves: Vec<&str> = page.split("\n## ").skip(1).collect();
        assert_eq!(halves.len(), 2, "{code}: one half a language");
        for (half, parts) in halves.into_iter().zip(PARTS) {
            let mut rest = half;
            for part in parts {
                let (before, behind) = rest.split_once(part).unwrap_or_else(|| panic!("{code}: {part}"));
                assert!(!before.trim().is_empty(), "{code}: nothing before {part}");
                rest = behind;
            }
            assert!(!rest.trim().is_empty(), "{code}: nothing is to be done");
        }
        assert!(!page.contains("$ tokenward …"), "{code}: an example");
    }
}

/// A table is not broken by a word in it.
#[test]
fn each_row_of_the_index_has_as_many_cells_as_its_head() {
    let (index, mut cells) = (index(), None);
    for line in index.lines() {
        cells = line.starts_with('|').then(|| line.matches('|').count()).inspect(|count| {
            assert_eq!(*count, cells.unwrap_or(*count), "{line}");
        });
    }
}
