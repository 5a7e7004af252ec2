//! No crate has a circle of files, and no room of the sandbox imports from one to its right (docs/design/0008-rooms.md).
//!
//! Who wants to read a file may begin below it and come to an end. What counts as an import, and what is seen through, is said in the
//! paper.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::root;
use crate::sources::Sources;

/// The sandbox's rooms, from left to right.
const ROOMS: [&str; 13] = [
    "words", "rules", "book", "content", "faults", "memory", "oauth", "plain", "feishu", "blueking", "dialects",
    "server", "sandbox",
];

/// Who imports whom, and one of the names that are imported.
type Imports = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn no_crate_has_a_circle_of_files() {
    let (mut wrong, mut crates) = (vec![], 0);
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let imports = Sources::read(&folder.join("src")).imports();
        let fewest = match name.as_str() {
            "launcher" => 1,
            "testkit" => 2,
            _ => 10,
        };
        assert!(imports.values().map(BTreeMap::len).sum::<usize>() > fewest, "{name} is read");
        crates += 1;
        let circling = circling(&imports);
        if let Some(circle) = circling.iter().filter_map(|path| circle(&imports, path)).min_by_key(Vec::len) {
            wrong.push(format!("crates/{name}/src:\n{}", shown(&imports, &circle)));
        }
    }
    assert!(crates >= 10, "{crates} crates");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_room_of_the_sandbox_imports_from_its_right() {
    let imports = Sources::read(&root().join("crates/emulator/src")).imports();
    let place =
        |path: &str| path.split_once('/').map(|(room, _)| (room.to_owned(), ROOMS.iter().position(|one| *one == room)));
    let (mut wrong, mut seen) = (vec![], BTreeSet::new());
    for (path, imported) in &imports {
        let Some((room, at)) = place(path) else {
            continue;
        };
        let at = at.unwrap_or_else(|| panic!("{path}: {room} is no room"));
        seen.insert(room);
        for (other, name) in imported {
            if place(other).is_some_and(|(_, other)| other > Some(at)) {
                wrong.push(format!("{path} imports {name} of {other}, to its right"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen.len(), ROOMS.len(), "{seen:?}");
}

#[test]
fn a_circle_is_found_through_a_re_export() {
    let sources = Sources::of([
        ("lib.rs", "mod one;\nmod two;\npub use two::Two;"),
        ("one.rs", "use crate::Two;\npub struct One(Two);"),
        ("two.rs", "mod inner;\npub struct Two(inner::Three);"),
        ("two/inner.rs", "pub struct Three(Option<Box<crate::one::One>>);"),
    ]);
    let imports = sources.imports();
    let found = circle(&imports, "one.rs").unwrap();
    assert_eq!(found, ["one.rs", "two.rs", "two/inner.rs"]);
    assert_eq!(circling(&imports).len(), 3);
    assert_eq!(
        shown(&imports, &found),
        "  one.rs imports Two of\n  two.rs imports Three of\n  two/inner.rs imports One of\n  one.rs"
    );
}

#[test]
fn words_in_comments_and_tests_and_texts_import_nothing() {
    let sources = Sources::of([
        ("lib.rs", "mod one;\nmod two;"),
        ("one.rs", "use crate::two::{Two as Other, make};\npub struct One(Other);\npub fn one() { make('\"'); }"),
        (
            "two.rs",
            "//! See crate::one::One.\npub struct Two;\n/* use crate::one::One; */\npub fn make<'a>(_: char) -> &'a str {\n\
             r#\"crate::one::One\"# }\n#[cfg(test)]\nmod tests { use crate::one::One; }",
        ),
    ]);
    let imports = sources.imports();
    assert_eq!(imports["one.rs"].keys().collect::<Vec<_>>(), ["two.rs"]);
    assert!(imports["two.rs"].is_empty(), "{imports:?}");
    assert!(circling(&imports).is_empty());
}

#[test]
fn a_module_in_braces_is_its_file() {
    let sources = Sources::of([
        ("lib.rs", "mod one;\npub struct Root;"),
        (
            "one.rs",
            "pub struct One;\nmod inner { use super::One; mod deep { use super::super::One as Other; use super::super::super::Root; } }",
        ),
    ]);
    assert_eq!(sources.imports()["one.rs"].keys().collect::<Vec<_>>(), ["lib.rs"]);
}

/// Every file that is in a circle.
fn circling(imports: &Imports) -> BTreeSet<String> {
    imports.keys().filter(|path| circle(imports, path).is_some()).cloned().collect()
}

/// The shortest way from a file back to it.
fn circle(imports: &Imports, from: &str) -> Option<Vec<String>> {
    let mut before = BTreeMap::<&str, &str>::new();
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        for next in imports.get(at).into_iter().flat_map(BTreeMap::keys) {
            if next == from {
                let mut way = vec![at.to_owned()];
                let mut at = at;
                while let Some(earlier) = before.get(at) {
                    way.push((*earlier).to_owned());
                    at = earlier;
                }
                way.reverse();
                return Some(way);
            }
            if !before.contains_key(&**next) {
                before.insert(next, at);
                open.push_back(next);
            }
        }
    }
    None
}

/// A circle file by file, each with a name that it imports of the next.
fn shown(imports: &Imports, circle: &[String]) -> String {
    let mut lines = vec![];
    for (at, path) in circle.iter().enumerate() {
        let next = &circle[(at + 1) % circle.len()];
        lines.push(format!("  {path} imports {} of", imports[path][next]));
    }
    lines.push(format!("  {}", circle[0]));
    lines.join("\n")
}
