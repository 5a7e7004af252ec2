//! The papers say what the code says, and what either cites is there.

mod additions;
mod architecture;
mod circles;
mod citations;
mod engine;
mod guides;
mod sources;
mod testkit;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tokenward_core::Code;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_code_has_a_page_in_both_languages() {
    let index = read("docs/errors/README.md");
    let exits = read("docs/reference/exit-codes.md");
    for &code in Code::ALL {
        let exit = code.exit() as u8;
        let row = exits.lines().find(|line| line.starts_with(&format!("| {exit} |"))).unwrap();
        let link = format!("[{}](../errors/{})", &code.as_str()[2..], code.page_name());
        assert!(row.contains(&link), "{code}: exit-codes.md");
        if !code.has_page() {
            assert!(index.contains(&format!("| {code} | {} | {exit} |", code.name())), "{code}: index");
            continue;
        }
        let page = read(&format!("docs/errors/{code}.md"));
        assert!(page.starts_with(&format!("# {code} {}\n", code.name())), "{code}: title");
        assert!(page.contains(&format!("Exit code {exit} / 退出码 {exit}\n")), "{code}: exit code");
        // As it stands on screen, or in an answer of the proxy or the server.
        let shown = [format!("({code})"), format!("\"tokenward\":\"{code}\""), format!("\"code\":\"{code}\"")];
        assert!(shown.iter().any(|shown| page.contains(shown)), "{code}: an example that shows the code");
        for part in [
            "**What it means.**",
            "**What was kept.**",
            "**What to do.**",
            "**含义：**",
            "**保留了什么：**",
            "**怎么办：**",
        ] {
            assert!(page.contains(part), "{code}: {part}");
        }
        assert!(index.contains(&format!("| [{code}]({code}.md) | {} | {exit} |", code.name())), "{code}: index");
    }
}

#[test]
fn no_page_is_left_of_a_code_that_is_gone() {
    let known: BTreeSet<String> = Code::ALL.iter().map(|code| code.page_name().to_owned()).collect();
    for entry in std::fs::read_dir(root().join("docs/errors")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "{name}");
    }
}

/// Every relative link of every paper leads somewhere.
#[test]
fn links_lead_somewhere() {
    let mut papers = vec![];
    let mut folders = vec![root(), root().join("changelog.d")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() && (folder.ends_with("docs") || path.ends_with("docs")) {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "md") {
                papers.push(path);
            }
        }
    }
    assert!(papers.len() > Code::ALL.len());
    for paper in papers {
        let text = std::fs::read_to_string(&paper).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            assert!(paper.parent().unwrap().join(file).exists(), "{}: {target}", paper.display());
        }
    }
}

/// A link or an example in one README is in the other too: neither language falls behind.
#[test]
fn both_readmes_tell_the_same() {
    let [english, chinese] = ["README.md", "README.zh-CN.md"].map(|path| {
        let text = read(path);
        let code = |line: &&str| {
            line.starts_with("tokenward ")
                || line.starts_with("cargo ")
                || line.starts_with('$')
                || line.starts_with("export ")
        };
        let commands: Vec<String> =
            text.lines().filter(code).map(|line| line.split("  ").next().unwrap_or(line).to_owned()).collect();
        (commands, text.matches("\n## ").count(), text.matches("\n### ").count(), text.matches("](").count())
    });
    assert_eq!(english, chinese);
}

/// No exit code is missing from a README.
#[test]
fn exit_codes_are_named_in_every_readme() {
    for path in ["README.md", "README.zh-CN.md"] {
        let text = read(path);
        for exit in Code::ALL.iter().map(|code| code.exit() as u8).collect::<BTreeSet<_>>() {
            assert!(text.contains(&format!("\n| {exit} |")), "{path}: {exit}");
        }
    }
}
