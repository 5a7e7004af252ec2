//! Files that other users of the machine can read, and folders that they can write, as a person meets them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use serde_json::json;

use crate::project::Project;
use crate::world::{World, run_fed};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

const EMPTY: &str = "FEISHU_USER_ACCESS_TOKEN=\nFEISHU_USER_REFRESH_TOKEN=\n";

/// A project whose folder `team` everybody can write, with a file.
fn shared() -> Project {
    let project = Project::of(World::logged_in());
    fs::create_dir(project.path("team")).unwrap();
    project.write("team/x.env", EMPTY);
    chmod(&project.path("team"), 0o777);
    project
}

#[test]
fn a_shared_folder_is_refused_with_the_word_that_insists_and_shown_as_long_as_it_is_permitted() {
    let project = shared();
    let ran = project.run(&["link", "team/x.env"]);
    let ran = ran.fails(2, "TW0213");
    assert!(ran.err.contains("every user of this machine") && ran.err.contains("--shared-folder"), "{ran:?}");
    assert_eq!(project.read("team/x.env"), EMPTY);
    assert_eq!(fs::read_dir(project.path("team")).unwrap().count(), 1);
    let ran = project.run(&["login", "--env-file", "team/new.env"]);
    assert!(ran.fails(2, "TW0213").err.contains("TW0213") && !project.path("team/new.env").exists(), "{ran:?}");

    project.run(&["link", "team/x.env", "--shared-folder"]).succeeds();
    project.run(&["link", "team/x.env"]).succeeds();
    for command in ["links", "status", "doctor"] {
        let ran = project.run(&[command]);
        assert!(format!("{}{}", ran.out, ran.err).contains("--shared-folder"), "{command}: {ran:?}");
    }
    let links = project.run(&["links", "--json"]).succeeds().json();
    assert_eq!(links["links"][0]["shared_folder"], json!(true), "{links:#}");
    project.run(&["refresh"]).succeeds();
    assert!(project.is_true("team/x.env"));
    // Ended and made again, it is refused again.
    project.run(&["unlink", "team/x.env"]).succeeds();
    project.run(&["link", "team/x.env"]).fails(2, "TW0213");
}

#[test]
fn a_folder_that_is_opened_later_is_passed_over_and_told_everywhere() {
    let project = Project::of(World::logged_in());
    fs::create_dir(project.path("team")).unwrap();
    project.write("team/x.env", EMPTY);
    project.run(&["link", "team/x.env"]).succeeds();
    let before = project.read("team/x.env");
    chmod(&project.path("team"), 0o777);
    let ran = project.run(&["refresh"]);
    assert!(ran.succeeds().err.contains("another user could replace"), "{ran:?}");
    assert_eq!(project.read("team/x.env"), before);
    let ran = project.run(&["links"]);
    assert!(ran.code == 2 && ran.out.contains("folder open to others"), "{ran:?}");
    let ran = project.run(&["doctor", "--json"]);
    assert!(ran.out.contains("TW0213"), "{ran:?}");
    let ran = project.run(&["status"]);
    assert!(ran.err.contains("another user could replace"), "{ran:?}");
    let ran = project.run(&["status", "--json"]).json();
    assert_eq!(ran["links"][0]["exposed"]["code"], json!("TW0213"), "{ran:#}");
    chmod(&project.path("team"), 0o755);
    project.run(&["link", "team/x.env"]).succeeds();
    assert!(project.is_true("team/x.env"));
}

#[test]
fn a_file_that_others_can_read_is_closed_and_said_unless_a_person_insists() {
    let project = Project::of(World::logged_in());
    let file = project.path("x.env");
    project.write("x.env", EMPTY);
    chmod(&file, 0o644);
    let ran = project.run(&["link", "x.env"]);
    assert!(ran.succeeds().err.contains("mode 644") && ran.err.contains("--open-to-others"), "{ran:?}");
    assert_eq!(mode(&file), 0o600);
    // Opened later by habit: closed when it is written next, and named until then.
    chmod(&file, 0o644);
    let ran = project.run(&["links"]);
    assert!(ran.code == 2 && ran.out.contains("open to others"), "{ran:?}");
    let ran = project.run(&["refresh"]);
    assert!(ran.succeeds().err.contains("mode 644"), "{ran:?}");
    assert_eq!(mode(&file), 0o600);
    assert!(project.is_true("x.env"));
    // Opened on purpose, as the advice says.
    chmod(&file, 0o644);
    project.run(&["link", "x.env", "--open-to-others"]).succeeds();
    let ran = project.run(&["refresh"]);
    assert!(!ran.succeeds().err.contains("mode 644"), "{ran:?}");
    assert_eq!(mode(&file), 0o644);
    for command in ["links", "status", "doctor"] {
        let ran = project.run(&[command]);
        assert!(format!("{}{}", ran.out, ran.err).contains("--open-to-others"), "{command}: {ran:?}");
    }
}

/// One reader for every file with a secret: writable by others it is refused, readable by others it is told.
#[test]
fn every_file_with_a_secret_is_looked_at_before_it_is_read() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (secret, copy, pipe) = (path("secret"), path("copy.tw"), path("pipe"));
    fs::write(&secret, "a secret that is long enough to be one: 8b1c7f0e2d").unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let at_secret = format!("@{secret}");
    let at_pipe = format!("@{pipe}");
    let commands: [(&[&str], &[&str]); 5] = [
        (&["vault", "backup", &copy, "--key-file", &secret], &["vault", "backup", &copy, "--key-file", &pipe]),
        (
            &["proxy", "--listen", "127.0.0.1:0", "--secret-file", &secret],
            &["proxy", "--listen", "127.0.0.1:0", "--secret-file", &pipe],
        ),
        (&["refresh", "-a", &at_secret, "-r", "x"], &["refresh", "-a", &at_pipe, "-r", "x"]),
        (&["adopt", "--bkoauth", &at_secret], &["adopt", "--bkoauth", &at_pipe]),
        (&["login", "--cookie-file", &secret, "--user", "bob"], &["login", "--cookie-file", &pipe, "--user", "bob"]),
    ];
    for (command, piped) in commands {
        if command[0] == "login" {
            // Asked of an app of BlueKing only.
            continue;
        }
        chmod(Path::new(&secret), 0o622);
        let ran = run_fed(&mut world.command(command), "");
        assert!(ran.fails(2, "TW0211").err.contains("every user of this machine"), "{command:?}: {ran:?}");
        let ran = run_fed(&mut world.command(piped), "");
        assert!(ran.fails(2, "TW0211").err.contains("a pipe"), "{piped:?}: {ran:?}");
    }
    chmod(Path::new(&secret), 0o644);
    let ran = run_fed(&mut world.command(&["vault", "backup", &copy, "--key-file", &secret]), "");
    assert!(ran.succeeds().err.contains("can be read by"), "{ran:?}");
}

/// What `link` warns of is said once, however many places of a file it keeps, and in `--json` as well.
#[test]
fn each_warning_of_link_comes_once() {
    let project = shared();
    project.write("team/x.env", "FEISHU_USER_ACCESS_TOKEN=\nFEISHU_USER_REFRESH_TOKEN=\n");
    let file = project.path("team/x.env");
    fs::hard_link(&file, project.path("other-name.env")).unwrap();
    for (more, mode) in [(&[][..], 0o644), (&["--json"], 0o644)] {
        chmod(&file, mode);
        let ran = project.run(&[&["link", "team/x.env", "--shared-folder"], more].concat());
        let lines: Vec<_> = ran.succeeds().err.lines().filter(|line| line.contains("warning")).collect();
        assert!(lines.iter().any(|line| line.contains("mode 644")), "{ran:?}");
        let mut once = lines.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), lines.len(), "{ran:?}");
        for words in ["mode 644", "hard links", "--shared-folder"] {
            assert!(ran.err.matches(words).count() <= 1, "{words}: {ran:?}");
        }
        project.run(&["unlink", "team/x.env"]).succeeds();
    }
}
