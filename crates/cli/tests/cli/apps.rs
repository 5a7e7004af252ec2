//! A profile that names another app than the one its login belongs to.

use crate::world::World;

#[test]
fn a_login_of_one_app_is_not_handed_out_for_another() {
    let world = World::logged_in();
    let token = world.run(&["token"]).succeeds().out.clone();
    let path = world.home.join("config.toml");
    let before = world.config();
    let apps = before.split_once("[apps.default]").unwrap().1.split_once("[profiles").unwrap().0;
    let after = before.replace("app = \"default\"", "app = \"other\"");
    std::fs::write(&path, format!("{after}\n[apps.other]\n{apps}")).unwrap();
    // The short way and the long way, and the way of a forced turn.
    for words in [&["token"][..], &["token", "--json"], &["refresh"]] {
        let ran = world.run_with(&[("TOKENWARD_APP_SECRET", &world.app.secret)], words);
        ran.fails(3, "TW0401");
        assert!(!ran.out.contains(token.trim()));
    }
    assert_eq!(world.sandbox.counters().refreshes, 0);
    std::fs::write(&path, before).unwrap();
    assert_eq!(world.run(&["token"]).succeeds().out, token);
}
