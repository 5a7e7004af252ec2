//! A server that wants tokens compiles the engine alone (ARCHITECTURE.md, *Crates*): it stays small, and knows no file format, page,
//! database or other tool.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::root;

/// What edits settings, reads linked files, shows pages, keeps the store and watches: the others' work.
const OTHERS: [&str; 9] =
    ["tokenward-files", "tokenward-vault", "toml", "toml_edit", "jsonc-parser", "askama", "rusqlite", "sqlx", "notify"];
const MOST_CRATES: usize = 140;
const MOST_LINES: usize = 8000;

/// The crates that a normal build of the engine compiles.
fn crates() -> BTreeSet<String> {
    let tree = ["tree", "--locked", "--offline", "-p", "tokenward-keeper", "--edges", "normal", "--prefix", "none"];
    let told = Command::new(env!("CARGO")).args(tree).current_dir(root()).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let lines = String::from_utf8(told.stdout).unwrap();
    // Name and version; two versions are two crates.
    lines.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_engine_compiles_nothing_of_what_stands_around_it() {
    let crates = crates();
    assert!(crates.iter().any(|one| one.starts_with("tokenward-wire ")), "{crates:?}");
    for other in OTHERS {
        assert!(!crates.iter().any(|one| one.split(' ').next() == Some(other)), "the engine depends on {other}");
    }
    assert!(crates.len() <= MOST_CRATES, "{} crates", crates.len());
}

#[test]
fn the_engine_can_be_read() {
    let lines = lines(&root().join("crates/keeper/src"));
    assert!((1000..=MOST_LINES).contains(&lines), "{lines} lines");
}

fn lines(folder: &Path) -> usize {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        sum += if path.is_dir() { lines(&path) } else { std::fs::read_to_string(&path).unwrap().lines().count() };
    }
    sum
}
