//! `vault`: what the sealed store says of itself.

use crate::world::World;

#[test]
fn info_names_the_key_and_what_is_held() {
    let world = World::logged_in();
    let info = world.run(&["vault", "info", "--json"]).succeeds().json();
    assert_eq!((&info["logins"], &info["open_turns"], &info["key_source"]), (&1.into(), &0.into(), &"key-file".into()));
    let text = world.run(&["vault", "info"]);
    assert!(text.succeeds().out.contains("SQLite"), "{text:?}");
}

#[test]
fn a_missing_key_is_told_and_nothing_is_overwritten() {
    let world = World::logged_in();
    let key = world.home.join("vault/key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    for words in [&["token"][..], &["status"], &["list"], &["refresh"]] {
        world.run(words).fails(2, "TW0302");
    }
    std::fs::write(&key, kept).unwrap();
    world.run(&["token"]).succeeds();
}
