//! A script's ini file that a profile follows while the script goes on by itself: it refreshes, restores a backup, is logged out.

use tokenward_emulator::{Fault, Operation};

use crate::project::{Project, filled, present};
use crate::world::World;

const INI: &str = "feishu-config.ini";
const PATTERN: &str = "[feishu]\nuser_access_token = {A}\nrefresh_token = {R}\n";
const REFRESH: [&str; 3] = ["refresh", "--config_file", INI];

/// A profile whose login the file shows, and is linked to.
fn linked() -> Project {
    let project = Project::of(World::logged_in());
    let pair = present(&project);
    project.write(INI, &filled(PATTERN, &pair));
    project.run(&["link", INI]).succeeds();
    project
}

/// The script has got itself newer tokens of the same user.
fn refreshes_by_itself(project: &Project) {
    let user = project.world.sandbox.current_tokens().pop().unwrap().user;
    let brought = project.world.sandbox.seed_grant(&project.world.app.id, &user, &["offline_access"]).unwrap();
    project.write(INI, &filled(PATTERN, &(brought.access_token, brought.refresh_token.unwrap())));
}

#[test]
fn what_a_script_refreshed_by_itself_is_imported_by_the_old_command() {
    let project = linked();
    refreshes_by_itself(&project);
    let ran = project.run(&["links"]);
    assert!(ran.err.contains("`tokenward link feishu-config.ini`"), "the file is named: {ran:?}");
    let ran = project.run(&REFRESH);
    let token = ran.succeeds().out.trim().to_owned();
    assert!(ran.err.contains("held a login that was new to the vault"), "{ran:?}");
    assert!(project.is_true(INI) && project.read(INI).contains(&token), "{ran:?}");
    assert_eq!(project.run(&["token"]).succeeds().out.trim(), token);
    assert_eq!(project.world.sandbox.counters().replays, 0);
}

#[test]
fn a_live_login_in_a_linked_file_is_the_next_step_of_a_dead_one() {
    let project = linked();
    project.world.sandbox.inject(Fault::code(20064).when(Operation::Refresh));
    project.run(&["refresh"]).fails(3, "TW0405");
    assert!(project.run(&["status"]).err.contains("`tokenward login`"));
    refreshes_by_itself(&project);
    let way = "`tokenward token` imports it, and no new login is needed";
    let ran = project.run(&["status"]);
    assert!(ran.err.contains(way) && !ran.err.contains("`tokenward login`"), "{ran:?}");
    let ran = project.run(&["doctor"]);
    assert!(ran.out.contains(way) && !ran.out.contains("`tokenward login`"), "{ran:?}");
    project.run(&["token"]).succeeds();
    assert_eq!(project.run(&["status"]).code, 0);
}

#[test]
fn a_login_that_was_logged_out_here_is_logged_in_into_its_file() {
    let project = linked();
    project.run(&["logout", "--yes"]).succeeds();
    let way = "`tokenward login --env-file feishu-config.ini`";
    let leads = || {
        for words in [&["status"][..], &["token"], &REFRESH, &["link", INI]] {
            let ran = project.run(words);
            assert!(ran.fails(3, "TW0401").err.contains(way), "{words:?}: {ran:?}");
            assert!(!ran.err.contains("`tokenward link"), "{words:?}: {ran:?}");
        }
    };
    leads();
    let told = project.run(&["link", INI]).err;
    assert!(told.contains("logged out or replaced on this machine. Unless it was revoked"), "{told}");
    let ran = project.run(&["unlink", INI]);
    assert!(
        ran.succeeds().err.contains("unless the login was revoked") && !ran.err.contains("next refresh"),
        "{ran:?}"
    );
    leads();
    project.login(&["--env-file", INI]).succeeds();
    assert!(project.is_true(INI));
}

#[test]
fn a_revocation_that_comes_too_late_is_told() {
    let project = linked();
    let ran = project.run(&["logout", "--yes"]);
    assert!(ran.succeeds().err.contains("The next time, `tokenward logout --revoke`"), "{ran:?}");
    let ran = project.run(&["logout", "--revoke", "--yes"]);
    let told = &ran.succeeds().err;
    assert!(told.contains("cannot be revoked any more") && told.contains("/apply_authorization"), "{ran:?}");
    assert!(!project.run(&["logout", "--yes"]).succeeds().err.contains("revoked any more"));
}

#[test]
fn a_restored_backup_has_one_line() {
    let project = linked();
    let backup = project.read(INI);
    project.run(&["refresh"]).succeeds();
    for name in [INI, "copy.ini"] {
        project.write(name, &backup);
        let sent = project.world.sandbox.counters().refreshes;
        let ran = project.run(&["refresh", "--config_file", name]);
        assert_eq!(ran.succeeds().err.lines().count(), 1, "{ran:?}");
        assert!(ran.err.contains("nothing was sent") && !ran.err.contains("refreshed it"), "{ran:?}");
        assert!(project.is_true(name), "{ran:?}");
        assert_eq!(project.world.sandbox.counters().refreshes, sent);
    }
}

#[test]
fn a_login_says_which_linked_file_it_wrote() {
    let project = linked();
    project.run(&["refresh"]).succeeds();
    project.run(&["logout", "--yes"]).succeeds();
    let ran = project.login(&[]);
    assert!(ran.succeeds().err.contains("the linked file feishu-config.ini now holds the new tokens"), "{ran:?}");
    assert!(project.is_true(INI));
    // The file of the login itself is told of as such, and no set of an earlier login is counted with those of this one.
    let ran = project.login(&["--env-file", INI]);
    assert!(!ran.succeeds().err.contains("the linked file") && !ran.err.contains("Nothing was sent"), "{ran:?}");
}

#[test]
fn a_comment_behind_a_value_is_told() {
    let project = Project::of(World::bare());
    let tokens = project.seeded();
    let (app, refresh) = (&project.world.app, tokens.refresh_token.as_deref().unwrap());
    let write = |id: &str, token: &str| {
        let access = &tokens.access_token;
        let app_token = "app_access_token = t-abcdefghijklmnop\n";
        let secret = &app.secret;
        let text = format!(
            "[feishu]\napp_id = {id}\napp_secret = {secret}\n{app_token}user_access_token = {access}\nrefresh_token = {token}\n"
        );
        project.write(INI, &text);
    };
    let told = "has a comment behind it";
    write(&app.id, &format!("{refresh}  # 刷新令牌"));
    for words in [&["link", INI][..], &["login", "--env-file", INI], &REFRESH] {
        let ran = project.run(words);
        assert!(ran.code == 2 && ran.err.contains(told) && ran.err.contains("refresh_token"), "{words:?}: {ran:?}");
        assert!(ran.err.contains("on a line of its own"), "{words:?}: {ran:?}");
    }
    write(&format!("{} ; 应用", app.id), refresh);
    for words in [&["link", INI][..], &["login", "--env-file", INI]] {
        let ran = project.run(words);
        assert!(ran.fails(2, "TW0507").err.contains(told) && ran.err.contains("app_id"), "{words:?}: {ran:?}");
    }
    write(&app.id, refresh);
    project.run(&["link", INI]).succeeds();
}
