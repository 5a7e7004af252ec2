//! The testkit is for tests alone, and a test with a `main` of its own is one of its programs (docs/design/0010-testkit.md): else it would
//! stop at its first failure, and be in no sum.

use crate::{read, root};

/// The manifest of each crate, with the crate's folder.
fn manifests() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(root().join("crates")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| (name.clone(), read(&format!("crates/{name}/Cargo.toml")))).collect()
}

#[test]
fn nothing_but_tests_uses_the_testkit() {
    let mut users = vec![];
    for (name, manifest) in manifests() {
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            } else if line.starts_with("tokenward-testkit") {
                assert_eq!(section, "[dev-dependencies]", "{name}");
                users.push(name.clone());
            }
        }
    }
    assert!(users.len() >= 6, "{users:?}");
}

#[test]
fn a_test_with_its_own_main_is_a_program_of_the_testkit() {
    let mut seen = vec![];
    for (name, manifest) in manifests() {
        for target in manifest.split("[[test]]").skip(1).map(|rest| rest.split("\n[").next().unwrap()) {
            let value = |key: &str| {
                let line = target.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
                line.map(|value| value.trim_matches('"').to_owned())
            };
            if value("harness").as_deref() == Some("false") {
                let test = value("name").unwrap();
                let path = value("path").unwrap_or_else(|| format!("tests/{test}.rs"));
                assert!(read(&format!("crates/{name}/{path}")).contains("    Program::new()\n"), "{name}: {test}");
                seen.push(test);
            }
        }
    }
    assert!(seen.len() >= 6, "{seen:?}");
}
