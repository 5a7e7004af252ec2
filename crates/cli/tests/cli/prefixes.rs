//! Files whose names mix prefixes, and files of other programs.

use crate::project::Project;
use crate::world::World;

#[test]
fn an_app_and_tokens_under_different_prefixes_are_one_login() {
    for (app, tokens) in [("FEISHU_", "LARK_"), ("", "FEISHU_"), ("FEISHU_", "")] {
        let project = Project::of(World::bare());
        let (id, secret) = (&project.world.app.id, &project.world.app.secret);
        let pattern = format!(
            "{app}APP_ID={id}\n{app}APP_SECRET={secret}\n{tokens}USER_ACCESS_TOKEN={{A}}\n{tokens}USER_REFRESH_TOKEN={{R}}\n"
        );
        project.write(".env", &pattern.replace("{A}", "").replace("{R}", ""));
        project.login(&["--env-file", ".env"]).succeeds();
        let access = project.run(&["token"]).succeeds().out.trim().to_owned();
        let wanted = pattern.replace("{A}", &access).replace("{R}", &project.present().0);
        assert_eq!(project.read(".env"), wanted, "{app} {tokens}");
    }
}

#[test]
fn no_section_is_added_to_a_file_of_another_program() {
    let project = Project::of(World::logged_in());
    let content = "[work]\ntype = drive\nscope = drive\nteam = x\n";
    project.write("rclone.conf", content);
    project.run(&["link", "rclone.conf", "--create"]).fails(2, "TW0507");
    assert_eq!(project.read("rclone.conf"), content);
    // A token in a text stays in its text.
    let (access, old) = (project.run(&["token"]).succeeds().out.trim().to_owned(), "u-0123456789abcdef");
    let pattern = "[work]\ntype = drive\ntoken = {\"access_token\":\"{A}\"}\n";
    project.write("rclone.conf", &pattern.replace("{A}", old));
    project.run(&["link", "rclone.conf", "--create"]).succeeds();
    assert_eq!(project.read("rclone.conf"), pattern.replace("{A}", &access));
    // A new file, or one with the usual section, is given the usual places.
    project.run(&["link", "new.ini", "--create"]).succeeds();
    project.write("old.ini", "[TOKEN]\napp = x\n");
    project.run(&["link", "old.ini", "--create"]).succeeds();
    for name in ["new.ini", "old.ini"] {
        assert!(project.read(name).contains(&access), "{name}");
    }
}
