//! `docs/reference/json.md` names every field that a command writes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::world::World;

/// Every key of a document, at any depth. What stands under `env` are variables, not fields.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                if name != "env" {
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
    let mut found = BTreeSet::new();
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
        &["vault", "info"],
        &["vault", "backup", copy.to_str().unwrap()],
        &["vault", "rekey"],
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
    let undocumented: Vec<_> = found.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    let in_examples: Vec<_> = undocumented.iter().filter(|key| !page.contains(&format!("\"{key}\""))).collect();
    assert!(in_examples.is_empty(), "not in docs/reference/json.md: {in_examples:?}");
}
