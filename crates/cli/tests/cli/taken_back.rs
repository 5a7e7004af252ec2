//! A profile becomes another user's by a yes, and is given back, with a file that is linked: no login is lost, and the file shows whichever
//! the profile has.

use tokenward_emulator::{Consent, SeededTokens};

use crate::identity::{kept, mings};
use crate::project::Project;

/// The profile is that user's, and its file shows that login.
fn shows(project: &Project, user: &str, words: &str) {
    assert_eq!(project.world.status()["login"]["user"]["name"], user, "{words}");
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    assert!(project.read(".env").contains(&token), "{words}: the profile's access token");
    assert_eq!(project.state(".env"), "in-sync", "{words}");
    let refresh = project.world.sandbox.current_tokens().into_iter().find_map(|login| {
        login.access_tokens.iter().any(|access| access.token == token).then_some(login.refresh_token).flatten()
    });
    assert!(project.read(".env").contains(&refresh.unwrap()), "{words}: and its refresh token");
}

/// How many logins live.
fn living(project: &Project) -> usize {
    let list = project.run(&["list", "--json"]).succeeds().json();
    list["logins"].as_array().unwrap().iter().filter(|login| login["status"] != "logged-out").count()
}

#[test]
fn what_a_yes_replaced_is_given_back_with_its_file() {
    type Way<'a> = &'a dyn Fn(&Project, &SeededTokens);
    let ways: [(&str, Way<'_>); 4] = [
        ("login", &|project, _| {
            let user = project.world.sandbox.current_tokens().into_iter().rfind(|it| it.user != adas(project));
            project.world.sandbox.rules(|rules| rules.consent = Consent::Auto { user: Some(user.unwrap().user) });
            project.login(&["--replace-user"]).succeeds();
        }),
        ("link", &|project, tokens| {
            project.write("ming.env", &project.dotenv(tokens));
            project.run(&["link", "ming.env", "--replace-user"]).succeeds();
        }),
        ("adopt", &|project, tokens| {
            project.write("ming.env", &project.dotenv(tokens));
            project.run(&["adopt", "ming.env", "--no-link", "--replace-user"]).succeeds();
        }),
        ("kept", &|project, tokens| {
            project.write("ming.env", &project.dotenv(tokens));
            project.run(&["adopt", "ming.env", "--no-link"]).fails(2, "TW0516");
            let id = kept(&project.world);
            project.run(&["adopt", "--login", &id, "-p", "default", "--replace-user"]).succeeds();
        }),
    ];
    for (name, way) in ways {
        for refreshed in [false, true] {
            let words = format!("{name} {refreshed}");
            let (project, tokens, _) = mings();
            project.write(".env", &format!("FEISHU_APP_ID={}\n", project.world.app.id));
            project.run(&["link", ".env", "--create"]).succeeds();
            shows(&project, "Ada", &words);
            way(&project, &tokens);
            shows(&project, "小明", &words);
            let count = living(&project);
            assert_eq!(count, 2, "{words}");
            for user in ["Ada", "小明", "Ada"] {
                if refreshed {
                    project.run(&["refresh"]).succeeds();
                }
                project.run(&["adopt", "--undo"]).succeeds();
                shows(&project, user, &format!("{words} {user}"));
                assert_eq!(living(&project), count, "{words} {user}");
            }
            // Both live.
            project.run(&["refresh"]).succeeds();
            shows(&project, "Ada", &words);
            let id = kept(&project.world);
            project.run(&["adopt", "--login", &id, "-p", "ming"]).succeeds();
            project.run(&["refresh", "-p", "ming"]).succeeds();
            shows(&project, "Ada", &words);
            assert_eq!(project.run(&["status", "-p", "ming", "--json"]).json()["login"]["user"]["name"], "小明");
            assert_eq!(project.world.sandbox.counters().replays, 0, "{words}");
        }
    }
}

fn adas(project: &Project) -> String {
    project.world.sandbox.current_tokens()[0].user.clone()
}
