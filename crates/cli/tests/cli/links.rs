//! The story of error 20064 step by step, backups, copies, and programs that edit
//! the same file.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokenward::core::Event;

use crate::project::Project;
use crate::world::World;

const ENV: &str = ".env";

/// A user's own program has consented and saved; nothing was ever set up here.
fn saved() -> Project {
    let project = Project::of(World::bare());
    project.write(ENV, &project.dotenv(&project.seeded()));
    project
}

/// The tokens of a text replaced by marks, to compare the rest of it.
fn frame(text: &str) -> Vec<String> {
    let line = |line: &str| match line.split_once("_TOKEN=") {
        Some((name, value)) => {
            format!("{name}_TOKEN={}", value.chars().filter(|c| "'\"# ".contains(*c)).collect::<String>())
        }
        None => line.to_owned(),
    };
    text.split('\n').map(line).collect()
}

#[test]
fn the_story_of_20064_ends_well() {
    // 1. Authorize, 2. save: the tokens are in the file.
    let project = saved();
    let before = project.read(ENV);
    // 3. Check. It used to spend the refresh token and keep the dead one in the file.
    let ran = project.run(&["token", "--env-file", ENV]);
    let checked = ran.succeeds().out.trim().to_owned();
    assert!(ran.err.contains("set up as profile default"), "{ran:?}");
    assert!(project.is_true(ENV) && project.read(ENV).contains(&checked), "the file holds what was handed out");
    assert_eq!(frame(&project.read(ENV)), frame(&before), "comments, quotes and the missing line end stay");
    // 4. The next run of the program, when the access token has ended.
    project.world.advance(7300);
    let ran = project.run_at(7300, &["token", "--env-file", ENV]);
    let next = ran.succeeds().out.trim().to_owned();
    assert_ne!(next, checked);
    assert!(project.is_true(ENV) && project.read(ENV).contains(&next));
    // 5. Another check, and another run: whoever reads the file finds tokens that work.
    project.run_at(7300, &["refresh"]).succeeds();
    assert!(project.is_true(ENV));
    let counters = project.world.sandbox.counters();
    assert_eq!(counters.replays, 0, "no refresh token was sent twice: no 20064");
    assert!(project.world.sandbox.check().is_clean());
    // The journal tells it.
    let events: Vec<_> = project.journal("default").into_iter().map(|entry| entry.event).collect();
    let at = |what: &dyn Fn(&Event) -> bool| events.iter().position(what).unwrap_or_else(|| panic!("{events:#?}"));
    let adopted = at(&|event| matches!(event, Event::Adopted { source, .. } if source.ends_with("/.env")));
    let linked = at(&|event| matches!(event, Event::Linked { file } if file.ends_with("/.env")));
    let begun = at(&|event| matches!(event, Event::Begun { replay: false, .. }));
    assert!(adopted < linked && linked < begun, "{events:#?}");
}

#[test]
fn a_file_from_a_backup_is_healed_by_the_next_token() {
    let project = saved();
    project.run(&["link", ENV]).succeeds();
    let backup = project.read(ENV);
    project.run(&["refresh"]).succeeds();
    let sent = project.world.sandbox.counters().refreshes;
    project.write(ENV, &backup);
    assert_eq!(project.state(ENV), "stale");
    let ran = project.run(&["token"]);
    assert!(ran.succeeds().err.contains("used tokens"), "{ran:?}");
    assert!(project.is_true(ENV) && project.read(ENV).contains(ran.out.trim()));
    assert_eq!(frame(&project.read(ENV)), frame(&backup));
    assert_eq!(project.world.sandbox.counters().refreshes, sent, "nothing was sent for it");
    assert_eq!(project.state(ENV), "in-sync");
    let journal = project.journal("default");
    assert!(journal.iter().any(|entry| matches!(&entry.event, Event::Healed { .. })), "{journal:#?}");
}

#[test]
fn copies_of_one_file_used_by_32_processes_are_one_login() {
    let project = saved();
    fs::create_dir(project.path("b")).unwrap();
    fs::copy(project.path(ENV), project.path("b/.env")).unwrap();
    for round in 1..=2_u64 {
        let seconds = 7300 * round;
        project.world.advance(7300);
        let spawn = |number: usize| {
            let file = if number.is_multiple_of(2) { ENV } else { "b/.env" };
            let mut command = project.command(&["token", "--env-file", file]);
            command.env("TOKENWARD_CLOCK_OFFSET", seconds.to_string());
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<_> = (0..32).map(spawn).collect();
        let mut tokens = std::collections::BTreeSet::new();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{} {}", output.status, String::from_utf8_lossy(&output.stderr));
            tokens.insert(output.stdout);
        }
        assert_eq!(tokens.len(), 1, "round {round}");
        assert_eq!(project.world.sandbox.counters().refreshes, round, "one exchange for each expiry");
        assert!(project.is_true(ENV) && project.is_true("b/.env"), "round {round}");
    }
    let list = project.run_at(14_600, &["list", "--json"]).json();
    assert_eq!(list["logins"].as_array().unwrap().len(), 1, "{list:#}");
    assert_eq!(project.world.sandbox.counters().replays, 0);
    assert!(project.world.sandbox.check().is_clean());
}

#[test]
fn lines_that_another_program_adds_meanwhile_are_kept() {
    let project = saved();
    project.run(&["link", ENV]).succeeds();
    let done = AtomicBool::new(false);
    let mut added = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..6 {
                project.run(&["refresh"]).succeeds();
            }
            done.store(true, Ordering::Relaxed);
        });
        // It takes no lock; it appends, as `echo X >> .env` does.
        while !done.load(Ordering::Relaxed) {
            let mut file = fs::OpenOptions::new().append(true).open(project.path(ENV)).unwrap();
            write!(file, "\nADDED_{added}=1").unwrap();
            added += 1;
            std::thread::sleep(Duration::from_millis(40));
        }
    });
    project.run(&["token"]).succeeds();
    let text = project.read(ENV);
    assert!(added > 3 && project.is_true(ENV), "{added}");
    let lost = (0..added).filter(|number| !text.lines().any(|line| line == format!("ADDED_{number}=1"))).count();
    assert_eq!(lost, 0, "{lost} of {added}");
}

#[test]
fn a_link_can_be_made_again_and_ended() {
    let project = saved();
    let ran = project.run(&["link", ENV, "--json"]);
    let first = ran.succeeds().json();
    assert_eq!(first["links"][0]["adopted"], true, "{first:#}");
    assert_eq!(first["links"][0]["places"]["refresh-token"], "FEISHU_USER_REFRESH_TOKEN");
    let ran = project.run(&["link", ENV, "--json"]);
    assert_eq!(ran.succeeds().json()["links"][0]["outcome"], "in-sync", "{ran:?}");
    // Looking changes nothing and sends nothing.
    let (text, calls) = (project.read(ENV), project.world.sandbox.history().len());
    for words in [&["links"][..], &["links", ENV], &["links", "--json"], &["links", "--lang", "zh"]] {
        project.run(words).succeeds();
    }
    assert_eq!((project.read(ENV), project.world.sandbox.history().len()), (text.clone(), calls));
    let ran = project.run(&["unlink", ENV]);
    assert!(ran.succeeds().err.contains("is outdated after the next refresh"), "{ran:?}");
    project.run(&["refresh"]).succeeds();
    assert_eq!(project.read(ENV), text, "the file stays as it is");
    project.run(&["unlink", ENV]).fails(2, "TW0506");
    project.run(&["links", ENV]).fails(2, "TW0506");
}

/// A file that has two names has one no longer: the rename gives this name a file of its own.
#[test]
fn a_second_name_of_the_file_is_told_of() {
    let project = saved();
    fs::hard_link(project.path(ENV), project.path("other.env")).unwrap();
    let ran = project.run(&["link", ENV]);
    assert!(ran.succeeds().err.contains("Only this name will show new tokens"), "{ran:?}");
    project.run(&["refresh"]).succeeds();
    assert!(project.is_true(ENV) && !project.is_true("other.env"));
    let ran = project.run(&["link", ENV]);
    assert!(!ran.succeeds().err.contains("hard link"), "{ran:?}");
}

#[test]
fn the_state_of_each_link_is_told() {
    let project = saved();
    project.run(&["link", ENV]).succeeds();
    // The file does not tell when its access token ends, so the vault has one only after a rotation.
    project.run(&["refresh"]).succeeds();
    let good = project.read(ENV);
    let value = |name: &str, value: &str| {
        good.lines()
            .map(|line| if line.contains(name) { format!("{name}={value}") } else { line.to_owned() })
            .collect::<Vec<_>>()
            .join("\n")
    };
    for (content, state, exit) in [
        (value("FEISHU_USER_ACCESS_TOKEN", "u-something-else"), "outdated", 0),
        (value("FEISHU_USER_REFRESH_TOKEN", "ur-a-login-from-elsewhere"), "newer", 0),
        (value("FEISHU_USER_REFRESH_TOKEN", ""), "blank", 2),
        (value("FEISHU_USER_REFRESH_TOKEN", "<your token>"), "malformed", 2),
        ("A=\"".to_owned(), "unusable", 2),
        (good.clone(), "in-sync", 0),
    ] {
        project.write(ENV, &content);
        let ran = project.run(&["links", ENV, "--json"]);
        assert_eq!((ran.json()["links"][0]["state"].as_str(), ran.code), (Some(state), exit), "{ran:?}");
        let ran = project.run(&["links"]);
        assert_eq!(ran.code, exit, "{ran:?}");
        assert_eq!(project.read(ENV), content);
    }
    project.run(&["logout", "--yes"]).succeeds();
    let ran = project.run(&["links", "--json"]);
    assert_eq!((ran.json()["links"][0]["state"].as_str(), ran.code), (Some("without-login"), 3), "{ran:?}");
}

#[test]
fn nothing_at_the_place_is_filled_in_when_a_person_asks() {
    let project = Project::of(World::logged_in());
    project.write(ENV, "A=1\n");
    // Keys are added where a person asks for them, and nowhere else.
    project.run(&["link", ENV]).fails(2, "TW0507");
    assert_eq!(project.read(ENV), "A=1\n");
    project.run(&["link", ENV, "--create"]).succeeds();
    assert!(project.is_true(ENV) && project.read(ENV).starts_with("A=1\nFEISHU_USER_ACCESS_TOKEN="));
    let ran = project.run(&["link", "new.env"]);
    assert!(ran.fails(2, "TW0210").err.contains("--create"), "{ran:?}");
    project.run(&["link", "new.env", "--create"]).succeeds();
    assert!(project.is_true("new.env"));
    assert_eq!(fs::metadata(project.path("new.env")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(project.world.sandbox.counters().refreshes, 0, "no refresh token was used");
}

#[test]
fn another_profiles_login_is_left_to_it() {
    let project = Project::of(World::logged_in());
    project.run(&["link", "a.env", "--create"]).succeeds();
    fs::copy(project.path("a.env"), project.path("b.env")).unwrap();
    let ran =
        project.run(&["login", "--app", "default", "-p", "other", "--timeout", "1s", "--no-browser", "--port", "0"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let ran = project.run(&["link", "b.env", "-p", "other"]);
    assert!(ran.fails(2, "TW0509").err.contains("profile default"), "{ran:?}");
    // Without -p the file belongs to whom its login belongs.
    let ran = project.run(&["link", "b.env", "--json"]);
    assert_eq!(ran.succeeds().json()["links"][0]["profile"], "default");
}

#[test]
fn an_access_token_that_nobody_refreshed_is_said_to_have_expired() {
    let project = Project::of(World::logged_in());
    let ran = project.run(&["link", ENV, "--create"]);
    let who = "the file is updated when a tokenward command refreshes; `tokenward service install` keeps it valid";
    assert_eq!(ran.succeeds().err.matches(who).count(), 1, "{ran:?}");
    let ran = project.run(&["link", ENV]);
    assert!(!ran.succeeds().err.contains(who), "said once: {ran:?}");
    let ran = project.run(&["links", "--json"]);
    assert_eq!(ran.json()["links"][0].get("access_expired_at"), None, "{ran:?}");
    project.world.advance(7320);
    let ran = project.run_at(7320, &["links"]);
    assert!(ran.succeeds().out.contains("in sync; the access token expired 2 min ago"), "{ran:?}");
    assert!(ran.err.contains("`tokenward service install`"), "{ran:?}");
    let ran = project.run_at(7320, &["links", "--lang", "zh"]);
    assert!(ran.succeeds().out.contains("访问令牌已于"), "{ran:?}");
    let ran = project.run_at(7320, &["links", "--json"]);
    let link = &ran.succeeds().json()["links"][0];
    assert!(link["state"] == "in-sync" && link["access_expired_at"].is_string(), "{ran:?}");
    let ran = project.run_at(7320, &["doctor"]);
    assert!(ran.out.contains("the access token in them expired"), "{ran:?}");
    project.run_at(7320, &["token"]).succeeds();
    let ran = project.run_at(7320, &["links"]);
    assert!(ran.succeeds().out.contains("in sync") && !ran.out.contains("expired"), "{ran:?}");
}
