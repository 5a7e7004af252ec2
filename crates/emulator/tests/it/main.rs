//! The sandbox seen through a raw HTTP client: one module per group of endpoints, one per kind of knob.

mod app_tokens;
mod auth_api;
mod authorize;
mod bk;
mod bkauth;
mod calls;
mod catalogue;
mod checker;
mod control;
mod convert;
mod device;
mod documents;
mod doors;
mod edits;
mod faults;
mod gate;
mod gateway;
mod history;
mod imports;
mod medias;
mod plain;
mod plain_refresh;
mod probes;
mod revoke;
mod rotation;
mod ssm;
mod token;
mod v1;
mod wiki;
mod world;

/// A module that nobody named above would be tests that never run.
#[test]
fn every_file_is_a_module() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let mut missing = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of this file exists") {
        let name = entry.expect("readable").file_name().into_string().expect("a plain name");
        let module = name.trim_end_matches(".rs").to_owned();
        if module != "main" && !include_str!("main.rs").contains(&format!("mod {module};")) {
            missing.push(module);
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
