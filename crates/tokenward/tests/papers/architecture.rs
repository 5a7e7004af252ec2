//! ARCHITECTURE.md, CONTRIBUTING.md and the glossary lead to what is there: each path that they name exists, each type is in the file that
//! is named beside it, and each test by which an addition is known to be whole is a test.

use std::path::{Path, PathBuf};

use crate::{read, root};

/// What stands for a name that is yet to be given.
const PLACEHOLDERS: [&str; 2] = ["NAME", "nnnn"];

#[test]
fn every_path_exists() {
    let (mut seen, mut wrong) = (0, vec![]);
    for paper in ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/glossary.md"] {
        for line in prose(paper) {
            // A bare name is a neighbour of the path before it.
            let mut folder = None;
            for path in spans(&line).filter(|span| is_path(span)) {
                // Such as `lib.rs`, of which there are many.
                if folder.is_none() && !path.contains('/') {
                    continue;
                }
                seen += 1;
                match find(path, folder.as_deref()) {
                    Some(found) if found.is_dir() => folder = Some(found),
                    Some(found) => folder = found.parent().map(Path::to_owned),
                    None => wrong.push(format!("{paper}: {path}: {line}")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 100, "{seen}");
    assert!(find("core/src/nowhere.rs", None).is_none(), "a path that is not there is told");
}

#[test]
fn every_type_is_where_it_is_said_to_be() {
    let (mut seen, text) = (0, read("ARCHITECTURE.md"));
    let table = text.split("\n## Central types\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let glossary = read("docs/glossary.md");
    let own = glossary.lines().filter(|line| line.starts_with("| [")).map(|line| line.split('|').nth(3).unwrap());
    let own = own.map(|cell| cell.split_once(" in ").unwrap());
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|row| (row.split('|').nth(1).unwrap(), row.split('|').nth(2).unwrap()));
    for (types, places) in rows.chain(own) {
        let places: Vec<PathBuf> = spans(places).map(|path| find(path, None).unwrap()).collect();
        let source: String = places.iter().map(|place| source(place)).collect();
        for name in spans(types).flat_map(|name| name.split(|c: char| !c.is_alphanumeric())) {
            let kinds = ["struct", "enum", "trait", "type", "fn", "mod"];
            // `AccessToken` and its like are made by a macro.
            let made = source.contains(&format!("    {name}")) || source.contains(&format!("\n{name}"));
            let found = kinds.iter().any(|kind| source.contains(&format!("{kind} {name}")));
            assert!(name.is_empty() || found || made || name == "rotation", "{name} is not in {places:?}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn what_fails_until_it_is_whole_is_a_test() {
    let tests: String = ["cli", "core", "emulator", "files", "serve", "tokenward", "wire", "words"]
        .into_iter()
        .map(|name| source(&root().join("crates").join(name)))
        .collect();
    let mut seen = 0;
    for line in prose("ARCHITECTURE.md").iter().filter(|line| line.starts_with("Fails until it is whole:")) {
        for span in spans(line).filter(|span| !span.starts_with("--")) {
            let name = span.rsplit("::").next().unwrap();
            let test = format!("fn {name}(");
            assert!(tests.contains(&test), "{span} is no test");
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen}");
}

/// The lines outside of pictures.
fn prose(paper: &str) -> Vec<String> {
    let text = read(paper);
    let parts = text.split("\n```").enumerate().filter(|(at, _)| at % 2 == 0);
    parts.flat_map(|(_, part)| part.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// What stands in backquotes.
fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn is_path(span: &str) -> bool {
    let ends = [".rs", ".md", ".toml"].iter().any(|end| span.ends_with(end));
    let letters = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let begins = span.starts_with(|c: char| c.is_ascii_alphanumeric());
    span.chars().all(letters) && begins && (span.contains('/') || ends)
}

/// The file or folder, seen from the root, from the crates or the papers, or from the folder of the path before it.
fn find(path: &str, folder: Option<&Path>) -> Option<PathBuf> {
    let fixed = path.split('/').take_while(|part| !PLACEHOLDERS.iter().any(|name| part.contains(name)));
    let path: PathBuf = fixed.collect();
    let roots = ["", "crates", "docs"].map(|base| root().join(base));
    let places = roots.iter().map(PathBuf::as_path).chain(folder).map(|base| base.join(&path));
    places.into_iter().find(|place| place.exists())
}

/// All of a file, or of the files of a folder.
fn source(place: &Path) -> String {
    if place.is_file() {
        return std::fs::read_to_string(place).unwrap();
    }
    let entries = std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    let code = |path: &PathBuf| path.is_dir() || path.extension().is_some_and(|kind| kind == "rs");
    entries.filter(code).map(|path| source(&path)).collect()
}
