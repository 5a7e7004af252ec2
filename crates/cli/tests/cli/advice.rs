//! What is advised works: each command that a message names is taken out of what was printed and run by a shell, in the state in which
//! it was told.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use tokenward_emulator::{Fault, Operation};

use crate::gives_way::refresh_alone;
use crate::identity::{ada_and_ming, mings};
use crate::project::Project;
use crate::world::{Ran, Started, World, browse, run};

/// The commands in what was said.
fn commands(said: &Ran) -> Vec<String> {
    // What is said where no browser can come back, as in a container, depends on the machine and not on the scene.
    let lines = said.out.lines().chain(said.err.lines());
    let lines: Vec<_> = lines.filter(|line| !line.starts_with("does your browser run elsewhere?")).collect();
    let text = lines.join("\n");
    let pieces = text.split('`').skip(1).step_by(2);
    pieces.filter(|piece| piece.starts_with("tokenward ")).map(str::to_owned).collect()
}

/// Runs a line as a person would who reads it: in a shell, with a browser at hand and a yes where there is no terminal to ask at.
fn follow(project: &Project, line: &str) -> Ran {
    let line = line.replace("-p NEW", "-p new").replace("-p NAME", "-p new").replace("FILE", "file.env");
    let line = line.replace("tokenward login", "tokenward login --no-browser --port 0 --timeout 30s");
    let line = if line.contains(" logout ") { format!("{line} --yes") } else { line };
    let likeness = project.command(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", &line]).env_clear().stdin(Stdio::null());
    command.envs(likeness.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let binary = Path::new(env!("CARGO_BIN_EXE_tokenward")).parent().unwrap().display().to_string();
    command.env("PATH", format!("{binary}:/usr/bin:/bin")).current_dir(likeness.get_current_dir().unwrap());
    if !line.contains(" login ") {
        return run(&mut command);
    }
    let mut login = Started::new(&mut command);
    let url = login.line();
    if url.starts_with("http") {
        browse(&url);
    }
    login.finish()
}

/// What must be so once a command was run.
type Then<'a> = &'a dyn Fn(&Project);

/// Each command that is advised in a scene begins so, succeeds, and does what is said of it.
fn walk(scene: &dyn Fn() -> (Project, Ran), expected: &[(&str, Then<'_>)]) {
    let (_, told) = scene();
    assert_eq!(commands(&told).len(), expected.len(), "{:#?} in {told:?}", commands(&told));
    for (index, (begins, then)) in expected.iter().enumerate() {
        let (project, said) = scene();
        let line = commands(&said).swap_remove(index);
        assert!(line.starts_with(&format!("tokenward {begins}")), "{begins}: {line}");
        let ran = follow(&project, &line);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        then(&project);
    }
}

fn user(project: &Project, profile: &str) -> String {
    let status = project.run(&["status", "-p", profile, "--json"]).json();
    status["login"]["user"]["name"].as_str().unwrap_or_else(|| panic!("{status}")).to_owned()
}

/// The id of the user whose tokens were seeded last.
fn ming(project: &Project) -> String {
    project.world.sandbox.current_tokens().pop().unwrap().user
}

fn kept_aside(project: &Project) -> usize {
    let list = project.run(&["list", "--json"]).succeeds().json();
    let logins = list["logins"].as_array().unwrap();
    logins.iter().filter(|login| login["profile"].is_null() && login["status"] != "logged-out").count()
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The profile `work` of the only app, and not logged in under it.
fn with_work(project: &Project) {
    let path = project.world.home.join("config.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{config}\n[profiles.work]\napp = \"default\"\n")).unwrap();
}

/// Servers with tokens of their own, of which the first is Ming's.
fn servers(access: &str, refresh: &str) -> String {
    let env = json!({ "USER_ACCESS_TOKEN": access, "USER_REFRESH_TOKEN": refresh });
    let other = json!({ "USER_ACCESS_TOKEN": "u-of-two-hours-ago" });
    json!({ "mcpServers": { "it's": { "command": "x", "env": env }, "two": { "command": "y", "env": other } } })
        .to_string()
}

#[test]
fn another_users_login_in_a_file() {
    let own = |project: &Project| {
        assert_eq!((user(project, "new"), user(project, "default")), ("小明".to_owned(), "Ada".to_owned()));
        assert_eq!(kept_aside(project), 0);
    };
    let replaced = |project: &Project| assert_eq!(user(project, "default"), "小明");
    let gone = |project: &Project| assert_eq!((user(project, "default"), kept_aside(project)), ("Ada".to_owned(), 0));
    for (words, file) in [
        (&["link", "my f.env"][..], "my f.env"),
        (&["adopt", "my f.env"], "my f.env"),
        (&["link", "f", "--format", "env"], "f"),
        (&["link", "-p", "default", "f", "--format", "env", "--access", "X", "--refresh", "Y"], "f"),
        (&["link", "mcp.json", "--server", "it's"], "mcp.json"),
        (&["adopt", "mcp.json", "--server", "it's", "-p", "default"], "mcp.json"),
    ] {
        let scene = || {
            let (project, tokens, _) = mings();
            let (access, refresh) = (&tokens.access_token, tokens.refresh_token.as_deref().unwrap());
            let text = if words.contains(&"X") {
                format!("X={access}\nY={refresh}\n")
            } else if file == "mcp.json" {
                servers(access, refresh)
            } else {
                project.dotenv(&tokens)
            };
            project.write(file, &text);
            let ran = project.run(words);
            ran.fails(2, "TW0516");
            (project, ran)
        };
        let verb = words[0];
        let linked = |project: &Project| {
            own(project);
            assert_eq!(project.state(file), "in-sync");
        };
        walk(&scene, &[(verb, &linked), (verb, &replaced), ("logout --login", &gone)]);
    }
}

#[test]
fn a_login_as_another_user() {
    let scene = || {
        let (world, _) = ada_and_ming();
        let ran = world.login(&[]);
        ran.fails(2, "TW0516");
        (Project::of(world), ran)
    };
    let named = |project: &Project| assert_eq!(user(project, "new"), "小明");
    let replaced = |project: &Project| assert_eq!(user(project, "default"), "小明");
    let gone = |project: &Project| assert_eq!(kept_aside(project), 0);
    walk(&scene, &[("adopt --login", &named), ("adopt --login", &replaced), ("logout --login", &gone)]);
    // With a file, there is one more step.
    let scene = || {
        let (world, _) = ada_and_ming();
        let project = Project::of(world);
        let ran = project.login(&["--env-file", "a b.env", "--access", "TOKEN", "--refresh", "FRESH"]);
        ran.fails(2, "TW0516");
        (project, ran)
    };
    let (project, said) = scene();
    let all = commands(&said);
    follow(&project, &all[0]).succeeds();
    let ran = follow(&project, &all[3]);
    assert!(ran.succeeds().err.contains("TOKEN"), "{ran:?}");
    let text = project.read("a b.env");
    assert!(text.contains("TOKEN=u-") || text.contains("TOKEN=ey"), "at the place that was named: {text}");
    assert_eq!((project.state("a b.env"), user(&project, "new")), ("in-sync".to_owned(), "小明".to_owned()));
}

/// An access token alone is another user's: a login of theirs is needed, since there is nothing to keep.
#[test]
fn another_users_access_token_alone() {
    let scene = || {
        let (project, tokens, _) = mings();
        project.write("a.env", &format!("FEISHU_USER_ACCESS_TOKEN={}\n", tokens.access_token));
        let ran = project.run(&["link", "a.env"]);
        ran.fails(2, "TW0519");
        (project, ran)
    };
    let (project, said) = scene();
    let all = commands(&said);
    assert_eq!(all.len(), 3, "{said:?}");
    let ming = ming(&project);
    project.world.sandbox.rules(|rules| rules.consent = tokenward_emulator::Consent::Auto { user: Some(ming) });
    follow(&project, &all[0]).succeeds();
    follow(&project, &all[1]).succeeds();
    assert_eq!((user(&project, "new"), project.state("a.env")), ("小明".to_owned(), "in-sync".to_owned()));
    assert_eq!(user(&project, "default"), "Ada");
    let (project, said) = scene();
    follow(&project, &commands(&said)[2]).succeeds();
    assert_eq!((project.state("a.env"), user(&project, "default")), ("in-sync".to_owned(), "Ada".to_owned()));
}

#[test]
fn nobody_is_logged_in_under_the_profile_that_was_named() {
    for profile in ["work", "fresh"] {
        for file in ["my f.env", "mcp.json"] {
            let scene = || {
                let project = Project::of(World::logged_in());
                with_work(&project);
                let text =
                    if file == "mcp.json" { servers("", "") } else { String::from("FEISHU_USER_ACCESS_TOKEN=\n") };
                project.write(file, &text);
                let words = ["link", file, "-p", profile, "--server", "two"];
                let ran = project.run(if file == "mcp.json" { &words } else { &words[..4] });
                ran.fails(3, "TW0401");
                (project, ran)
            };
            let logged_in = |project: &Project| {
                assert_eq!(user(project, profile), "Ada");
                if file != "mcp.json" {
                    assert_eq!(project.state(file), "in-sync");
                    let links = project.run(&["links", "--json"]).json();
                    assert_eq!(links["links"][0]["profile"], profile);
                }
            };
            walk(&scene, &[("login", &logged_in)]);
        }
    }
}

/// A file that is linked to a profile of its own: a new login goes there and not to the one that is meant without a name.
#[test]
fn the_login_of_a_linked_file_is_over() {
    for words in [&["token", "--env-file", "ming.env"][..], &["exec", "--env-file", "ming.env", "--", "true"]] {
        let scene = || {
            let (project, tokens, _) = mings();
            project.write("ming.env", &project.dotenv(&tokens));
            project.run(&["link", "ming.env", "-p", "ming"]).succeeds();
            let sandbox = &project.world.sandbox;
            let ming = ming(&project);
            sandbox.rules(|rules| rules.consent = tokenward_emulator::Consent::Auto { user: Some(ming.clone()) });
            sandbox.withdraw(&project.world.app.id, &ming);
            project.run(&["refresh", "-p", "ming"]);
            project.world.advance(7260);
            let ran = project.run_at(7260, words);
            assert_eq!(ran.code, 3, "{ran:?}");
            (project, ran)
        };
        let (project, said) = scene();
        let all = commands(&said);
        let line = all.iter().find(|line| line.starts_with("tokenward login")).unwrap_or_else(|| panic!("{said:?}"));
        assert_eq!(follow(&project, line).code, 0, "{line}");
        assert_eq!((user(&project, "ming"), user(&project, "default")), ("小明".to_owned(), "Ada".to_owned()));
        assert_eq!(project.state("ming.env"), "in-sync");
    }
    // `login` into the file goes to its profile too, without a word.
    let project = Project::of(World::logged_in());
    with_work(&project);
    project.login(&["--env-file", "w.env", "-p", "work"]).succeeds();
    project.run(&["logout", "-p", "work", "--yes"]).succeeds();
    project.login(&["--env-file", "w.env"]).succeeds();
    assert_eq!(project.run(&["links", "--json"]).json()["links"].as_array().unwrap().len(), 1);
    assert_eq!(user(&project, "work"), "Ada");
}

#[test]
fn folders_and_files_that_others_reach() {
    for words in [
        &["link", "team/x.env", "-p", "work"][..],
        &["link", "team/x.env", "-p", "work", "--access", "OTHER"],
        &["login", "--env-file", "team/y.env", "-p", "work"],
    ] {
        let scene = || {
            let project = Project::of(World::logged_in());
            with_work(&project);
            if words[0] == "link" {
                project.login(&["-p", "work"]).succeeds();
            }
            fs::create_dir(project.path("team")).unwrap();
            project.write("team/x.env", "FEISHU_USER_ACCESS_TOKEN=\nOTHER=\n");
            chmod(&project.path("team"), 0o777);
            let ran = project.run(words);
            ran.fails(2, "TW0213");
            (project, ran)
        };
        let written = |project: &Project| {
            let file = if words[0] == "login" { "team/y.env" } else { "team/x.env" };
            assert_eq!(project.state(file), "in-sync");
            assert_eq!(project.run(&["links", "--json"]).json()["links"][0]["profile"], "work");
            assert_eq!(
                project.read(file).contains("OTHER=u-") || project.read(file).contains("OTHER=ey"),
                words.contains(&"OTHER")
            );
        };
        walk(&scene, &[(words[0], &written)]);
    }
}

#[test]
fn a_file_of_another_profile_or_of_several_logins() {
    let scene = || {
        let (project, tokens, _) = mings();
        project.write("ming.env", &project.dotenv(&tokens));
        project.run(&["link", "ming.env", "-p", "ming"]).succeeds();
        fs::copy(project.path("ming.env"), project.path("copy")).unwrap();
        let ran = project.run(&["link", "copy", "-p", "default", "--format", "env"]);
        ran.fails(2, "TW0509");
        (project, ran)
    };
    walk(&scene, &[("link", &|project| assert_eq!(project.state("copy"), "in-sync"))]);
    // Which of two is told by flags that are added to what was typed; each server can be linked after the other.
    let project = Project::of(World::logged_in());
    project.write("mcp.json", &servers("u-of-three-hours-ago", ""));
    let ran = project.run(&["link", "mcp.json"]);
    assert!(ran.fails(2, "TW0507").err.contains("--server two"), "{ran:?}");
    for server in ["two", "it's"] {
        project.run(&["link", "mcp.json", "--server", server]).succeeds();
    }
    let links = project.run(&["links", "--json"]).succeeds().json();
    assert_eq!(links["links"].as_array().unwrap().len(), 2, "{links:#}");
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    assert_eq!(project.read("mcp.json").matches(&token).count(), 2);
    let ran = project.run(&["link", "mcp.json", "--server", "three"]);
    assert!(ran.fails(2, "TW0507").err.contains("it's, two"), "all are named: {ran:?}");
}

/// An app that a file names is asked about before anything is set up for it.
#[test]
fn an_app_that_cannot_be_meant_leaves_neither_app_nor_profile() {
    let project = Project::of(World::logged_in());
    let theirs = project.world.sandbox.app(tokenward_emulator::AppSpec::new(tokenward_emulator::Brand::Feishu));
    let text = format!("FEISHU_APP_ID={}\nFEISHU_APP_SECRET={}\nFEISHU_USER_ACCESS_TOKEN=\n", theirs.id, theirs.secret);
    project.write("theirs.env", &text);
    let before = project.world.config();
    // A variable names another app.
    let own = project.world.app.id.clone();
    for words in [&["link", "theirs.env", "-p", "new"][..], &["login", "--env-file", "theirs.env", "-p", "new"]] {
        let ran = run(project.command(words).env("TOKENWARD_APP_ID", &own));
        assert!(ran.fails(2, "TW0515").err.contains("unset TOKENWARD_APP_ID"), "{ran:?}");
        assert_eq!(project.world.config(), before);
    }
    // An app of that name is there, and is another one.
    with_work(&project);
    let config =
        project.world.config().replace("[apps.default]", "[apps.second]\napp_id = \"cli_2\"\n\n[apps.default]");
    fs::write(project.world.home.join("config.toml"), &config).unwrap();
    let ran = project.run(&["link", "theirs.env", "-p", "second"]);
    assert!(ran.fails(2, "TW0515").err.contains("cli_2"), "{ran:?}");
    assert_eq!(project.world.config(), config);
    // A profile of another app.
    let ran = project.run(&["link", "theirs.env", "-p", "work"]);
    assert!(ran.fails(2, "TW0515").err.contains("-p NAME"), "{ran:?}");
    assert_eq!(project.world.config(), config);
    // What is advised: a name of its own. Its app is set up for the login that is still to come.
    project.run(&["link", "theirs.env", "-p", "theirs"]).fails(3, "TW0401");
    assert!(project.world.config().contains(&theirs.id));
}

#[test]
fn a_login_that_is_over_in_a_linked_file() {
    let scene = || {
        let (project, tokens, _) = mings();
        let text = refresh_alone(&project, tokens.refresh_token.as_deref().unwrap());
        project.write("x.env", &text);
        project.run(&["link", "x.env"]).succeeds();
        project.world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
        project.run(&["token"]).succeeds();
        project.run(&["token"]).succeeds();
        let ran = project.run(&[
            "link",
            "x.env",
            "--access",
            "FEISHU_USER_ACCESS_TOKEN",
            "--refresh",
            "FEISHU_USER_REFRESH_TOKEN",
        ]);
        ran.fails(2, "TW0527");
        (project, ran)
    };
    let shown = |project: &Project| {
        assert_eq!((project.state("x.env").as_str(), user(project, "default").as_str()), ("in-sync", "Ada"));
        assert!(project.read("x.env").contains("FEISHU_USER_ACCESS_TOKEN="), "both places that were named");
    };
    let ended = |project: &Project| {
        project.run(&["links", "x.env"]).fails(2, "TW0506");
    };
    walk(&scene, &[("link", &shown), ("unlink", &ended)]);
}
