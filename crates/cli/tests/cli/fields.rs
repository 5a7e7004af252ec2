//! `docs/reference/json.md` names every field that a command writes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::world::World;

/// Every key of a document, at any depth, with the kinds of its values. What stands under `env` and `places` are names of others.
fn keys(value: &Value, found: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let kind = |value: &Value| match value {
        Value::Null => None,
        Value::Bool(_) => Some("a truth"),
        Value::Number(_) => Some("a number"),
        Value::String(_) => Some("a text"),
        Value::Array(_) => Some("a list"),
        Value::Object(_) => Some("an object"),
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.entry(name.clone()).or_default().extend(kind(value));
                if !["env", "places"].contains(&name.as_str()) {
                    keys(value, found);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/json.md");
    let page = std::fs::read_to_string(path).unwrap();
    let world = World::bare();
    let mut found = BTreeMap::new();
    keys(&world.init(&["--json"]).succeeds().json(), &mut found);
    let login = world.login(&["--json"]);
    for document in serde_json::Deserializer::from_str(&login.succeeds().out).into_iter::<Value>() {
        keys(&document.unwrap(), &mut found);
    }
    let folder = tempfile::tempdir().unwrap();
    let (copy, man) = (folder.path().join("copy"), folder.path().join("man"));
    let env = folder.path().join(".env");
    let lists: &[&[&str]] = &[
        &["token"],
        &["token", "--as", "app"],
        &["refresh"],
        &["status"],
        &["list"],
        &["whoami"],
        &["version"],
        &["profile", "list"],
        &["profile", "use", "default"],
        &["explain", "TW0401"],
        &["explain", "10003"],
        &["config", "get", "default_profile"],
        &["config", "set", "on_trouble", "true"],
        &["config", "list"],
        &["config", "path"],
        &["vault", "info"],
        &["vault", "backup", copy.to_str().unwrap()],
        &["vault", "kept"],
        &["doctor"],
        &["wiki", "list"],
        &["vault", "rekey"],
        &["serve", "key", "create", "site", "--expires-in", "1h"],
        &["serve", "key", "list"],
        &["audit", "verify"],
        &["man", "--out", man.to_str().unwrap()],
        &["link", env.to_str().unwrap(), "--create"],
        &["links"],
        &["adopt", env.to_str().unwrap()],
        &["adopt"],
        &["unlink", env.to_str().unwrap()],
        &["logout", "--yes"],
    ];
    for words in lists {
        keys(&world.run(&[*words, &["--json"]].concat()).succeeds().json(), &mut found);
    }
    let error = world.run(&["token", "--json"]);
    assert_eq!(error.code, 3);
    keys(&serde_json::from_str(&error.err).unwrap(), &mut found);
    for words in [&["profile", "rename", "default", "office"][..], &["profile", "remove", "office", "--yes"]] {
        keys(&world.run(&[words, &["--json"]].concat()).succeeds().json(), &mut found);
    }
    assert!(found.len() > 50, "{found:?}");
    // One name has one sense: what is a text here is no number there.
    let ambiguous: Vec<_> = found.iter().filter(|(_, kinds)| kinds.len() > 1).collect();
    assert!(ambiguous.is_empty(), "{ambiguous:?}");
    let undocumented: Vec<_> = found.keys().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    let in_examples: Vec<_> = undocumented.iter().filter(|key| !page.contains(&format!("\"{key}\""))).collect();
    assert!(in_examples.is_empty(), "not in docs/reference/json.md: {in_examples:?}");
}

/// What the page names is there: each field is written by the command, and both languages name the same.
#[test]
fn every_documented_field_is_written() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| std::fs::read_to_string(root.join("docs/reference").join(name)).unwrap();
    let named = |page: &str| -> BTreeSet<String> {
        let spans = page.split('`').skip(1).step_by(2).filter(|span| !span.contains('\n'));
        let is_name =
            |span: &&str| !span.is_empty() && span.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '-');
        spans.filter(is_name).map(str::to_owned).collect()
    };
    let (english, chinese) = (named(&read("json.md")), named(&read("zh/json.md")));
    assert_eq!(english, chinese);
    let mut sources = String::new();
    for folder in ["cli", "core", "keeper", "files", "vault", "tokenward", "serve"] {
        let mut open = vec![root.join("crates").join(folder).join("src")];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    open.push(entry);
                } else if entry.extension().is_some_and(|ending| ending == "rs") {
                    sources.push_str(&std::fs::read_to_string(entry).unwrap());
                }
            }
        }
    }
    // Names with an underscore are fields: written by name, or by the name of a field of a type that is written as a whole.
    let fields = english.iter().filter(|name| name.contains('_') && *name != "snake_case");
    let written = |name: &str| sources.contains(&format!("\"{name}\"")) || sources.contains(&format!("    {name}: "));
    let absent: Vec<_> = fields.filter(|name| !written(name)).collect();
    assert!(absent.is_empty(), "in json.md, and written by nobody: {absent:?}");
}
