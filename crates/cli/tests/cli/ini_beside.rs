//! A file that lies beside whoever types a command: named where a profile is expected, found where nobody is logged in, and brought to a
//! profile whose login it then is, or is not.

use tokenward_emulator::{Fault, Operation};

use crate::project::Project;
use crate::world::World;

const INI: &str = "feishu-config.ini";

/// The file of a script that has its own login, with the app's credentials and no app access token.
fn ini(project: &Project, refresh: &str, access: &str) -> String {
    let app = &project.world.app;
    format!(
        "# mine\n[feishu]\napp_id = {}\napp_secret = {}\nuser_access_token = {access}\nrefresh_token = {refresh}\n\n[wiki]\nspace = 1\n",
        app.id, app.secret
    )
}

#[test]
fn a_file_in_the_place_of_a_profile_is_told_as_one() {
    let project = Project::of(World::logged_in());
    project.write(INI, "[a]\nb = 1\n");
    project.write(".env", "A=1\n");
    for (file, way) in [
        (INI, "`tokenward refresh --config-file feishu-config.ini`"),
        ("other.ini", "`tokenward refresh --config-file other.ini`"),
        ("./feishu-config.ini", "`tokenward refresh --config-file ./feishu-config.ini`"),
        ("./gone/other.ini", "`tokenward refresh --config-file ./gone/other.ini`"),
        ("token.json", "`tokenward link token.json`"),
    ] {
        let ran = project.run(&["refresh", file]);
        assert!(ran.fails(2, "TW0200").err.contains(way), "{file}: {ran:?}");
        assert!(!ran.err.contains("login --profile"), "{file}: {ran:?}");
    }
    // The name of a profile is one, whatever it looks like.
    project.world.login(&["-p", "work.ini"]).succeeds();
    project.run(&["refresh", "work.ini"]).succeeds();
    project.run(&["refresh", "nobody"]).fails(2, "TW0201");
}

#[test]
fn a_file_without_an_app_access_token_needs_none_to_be_linked() {
    let project = Project::of(World::bare());
    let tokens = project.seeded();
    project.write(INI, &ini(&project, tokens.refresh_token.as_deref().unwrap(), &tokens.access_token));
    let ran = project.run(&["refresh", "--config_file", INI]);
    let told = &ran.fails(2, "TW0204").err;
    assert!(told.contains("`tokenward link feishu-config.ini` needs no app access token"), "{ran:?}");
    project.run(&["link", INI]).succeeds();
    let token = project.run(&["refresh", "--config_file", INI]).succeeds().out.trim().to_owned();
    assert!(project.read(INI).contains(&token));
}

#[test]
fn a_login_in_the_folder_is_told_to_whoever_has_none() {
    for world in [World::new(), World::bare()] {
        let is_set_up = world.home.exists();
        let project = Project::of(world);
        let words = ["status", "token", "whoami"];
        for word in words {
            assert!(!project.run(&[word]).err.contains(INI), "{word}");
        }
        let tokens = project.seeded();
        project.write(INI, &ini(&project, tokens.refresh_token.as_deref().unwrap(), &tokens.access_token));
        let hint = "feishu-config.ini in this folder holds a login: `tokenward link feishu-config.ini`";
        for word in words {
            let ran = project.run(&[word]);
            assert!(ran.err.contains(hint), "{word}: {ran:?}");
            assert_eq!(ran.code, if is_set_up { 3 } else { 2 }, "{ran:?}");
        }
        // Another profile is another matter.
        assert!(!project.run(&["status", "-p", "work"]).err.contains(hint));
        // `refresh` takes the file by itself where nothing is set up.
        assert!(project.run(&["refresh"]).err.contains("`tokenward link feishu-config.ini`"));
        project.run(&["link", INI]).succeeds();
        assert!(!project.run(&["status"]).succeeds().err.contains(hint));
    }
}

#[test]
fn what_came_back_was_not_refreshed() {
    let project = Project::of(World::logged_in());
    project.write(".env", "FEISHU_USER_ACCESS_TOKEN=\nFEISHU_USER_REFRESH_TOKEN=\n");
    project.run(&["link", ".env"]).succeeds();
    project.run(&["refresh"]).succeeds();
    // A login of the same user, whose refresh token a script has used up before Tokenward could.
    let user = project.world.sandbox.current_tokens().pop().unwrap().user;
    let bring = || {
        let brought = project.world.sandbox.seed_grant(&project.world.app.id, &user, &["offline_access"]).unwrap();
        let (access, refresh) = (brought.access_token, brought.refresh_token.unwrap());
        project.write(".env", &format!("FEISHU_USER_ACCESS_TOKEN={access}\nFEISHU_USER_REFRESH_TOKEN={refresh}\n"));
        project.world.sandbox.inject(Fault::code(20064).when(Operation::Refresh));
    };
    bring();
    let ran = project.run(&["refresh"]);
    let told = &ran.succeeds().err;
    assert!(told.contains("refused the imported login") && told.contains("nothing was refreshed"), "{ran:?}");
    assert!(!told.contains(": refreshed,") && told.contains("`tokenward refresh` refreshes that"), "{ran:?}");
    bring();
    let json = project.run(&["refresh", "--json"]).json();
    assert_eq!(json["refreshed"], false, "{json}");
    assert!(json["notices"].to_string().contains("import-undone"), "{json}");
    assert!(project.run(&["refresh"]).succeeds().err.contains(": refreshed,"));
}
