//! `service`, and what `watch` tells a person: by programs that stand on PATH in the place of the system's.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use tokenward_emulator::Operation;
use tokenward_testkit::wait_until;

use crate::project::Project;
use crate::world::{Ran, Started, World, run};

/// A project with a linked file, and a folder of programs that write down how they were called.
struct Desktop {
    project: Project,
}

impl Desktop {
    fn new() -> Self {
        let project = Project::of(World::logged_in());
        project.run(&["link", ".env", "--create"]).succeeds();
        std::fs::create_dir(project.path("bin")).unwrap();
        Self { project }
    }

    /// Puts a program there.
    fn program(&self, name: &str, script: &str) -> PathBuf {
        let file = self.project.path("bin").join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        file
    }

    /// A program that writes its arguments down, a line each, and its environment, and ends so.
    fn recorder(&self, name: &str, ends: i32) {
        let log = self.project.path(name);
        let log = log.display();
        self.program(
            name,
            &format!("{{ echo \"{name} $*\"; }} >> {log}.calls\nenv >> {log}.env\necho trouble >&2\nexit {ends}"),
        );
    }

    fn calls(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.project.path(&format!("{name}.calls"))).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn command(&self, words: &[&str], path: &str) -> Command {
        let mut command = self.project.command(words);
        let home = self.project.path("home of ada");
        command.env("PATH", format!("{}{path}", self.project.path("bin").display())).env("HOME", home);
        command
    }

    fn run(&self, words: &[&str]) -> Ran {
        run(&mut self.command(words, ":/usr/bin:/bin"))
    }

    fn unit(&self) -> PathBuf {
        self.project.path("home of ada/.config/systemd/user/tokenward-watch.service")
    }

    fn read_unit(&self) -> String {
        std::fs::read_to_string(self.unit()).unwrap()
    }

    /// What the unit would run, and with which variables: as systemd takes them, whose quotes are a shell's here.
    fn as_systemd_runs(&self) -> Command {
        let text = self.read_unit();
        let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        let variables: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("Environment=")).collect();
        let mut command = Command::new("/bin/sh");
        command.env_clear().env("PATH", "/usr/bin:/bin");
        command.args(["-c", &format!("exec env {} {}", variables.join(" "), line("ExecStart="))]);
        command
    }
}

#[test]
fn a_service_is_installed_shown_and_removed() {
    let desktop = Desktop::new();
    desktop.recorder("systemctl", 0);
    let secrets = [("TOKENWARD_KEY", "not-for-the-unit-0123456789"), ("TOKENWARD_APP_SECRET", "nor-this-one")];
    let ran = run(desktop.command(&["service", "install", "default"], ":/usr/bin:/bin").envs(secrets));
    let unit = desktop.read_unit();
    for (name, value) in secrets {
        assert!(ran.succeeds().err.contains(&format!("{name} is a secret and not written")), "{ran:?}");
        assert!(!unit.contains(value), "{unit}");
    }
    for secret in desktop.project.world.secrets() {
        assert!(!unit.contains(&secret), "{unit}");
    }
    let program = env!("CARGO_BIN_EXE_tokenward");
    for line in [
        format!("ExecStart={program} watch --notify default"),
        format!("Environment=TOKENWARD_HOME={}", desktop.project.world.home.display()),
        format!(
            "Environment=TOKENWARD_OPEN_URL={}",
            desktop.project.world.sandbox.open_url(tokenward_emulator::Brand::Feishu)
        ),
        "WantedBy=default.target".to_owned(),
    ] {
        assert!(unit.lines().any(|own| own == line), "{line} in {unit}");
    }
    let own = "tokenward-watch.service";
    let calls = ["daemon-reload".to_owned(), format!("enable {own}"), format!("restart {own}")];
    assert_eq!(desktop.calls("systemctl"), calls.map(|words| format!("systemctl --user {words}")));
    // The manager gets none of our variables either.
    assert!(!desktop.project.read("systemctl.env").contains("TOKENWARD_"));

    let status = desktop.run(&["service", "status", "--json"]).json();
    assert_eq!(status["file"].as_str().unwrap(), desktop.unit().to_str().unwrap());
    assert_eq!([&status["installed"], &status["running"], &status["starts"]], [true, true, true]);
    assert!(desktop.run(&["service", "status"]).succeeds().out.contains("tokenward-watch.service"));

    desktop.run(&["service", "remove"]).succeeds();
    assert!(!desktop.unit().exists());
    let calls = desktop.calls("systemctl");
    assert_eq!(
        calls[calls.len() - 2..],
        [format!("systemctl --user disable --now {own}"), "systemctl --user daemon-reload".to_owned()]
    );
    let ran = desktop.run(&["service", "status"]);
    assert!(ran.succeeds().err.contains("tokenward service install"), "{ran:?}");
    assert_eq!(desktop.run(&["service", "remove", "--json"]).json()["removed"], false);
}

/// The vault has it, so that the service needs no variable.
#[test]
fn a_secret_that_the_vault_has_is_not_missed() {
    let desktop = Desktop::new();
    desktop.recorder("systemctl", 0);
    let app = &desktop.project.world.app;
    let secret = [("TOKENWARD_APP_SECRET", app.secret.as_str()), ("TOKENWARD_APP_ID", app.id.as_str())];
    for words in [&["service", "install"][..], &["service", "install", "default"]] {
        let ran = run(desktop.command(words, ":/usr/bin:/bin").envs(secret));
        assert!(!ran.succeeds().err.contains("TOKENWARD_APP_SECRET"), "{ran:?}");
    }
    assert!(!desktop.read_unit().contains(app.secret.as_str()));
}

#[test]
fn what_the_unit_runs_keeps_files_in_step() {
    let desktop = Desktop::new();
    desktop.recorder("systemctl", 0);
    desktop.run(&["service", "install", "--no-notify"]).succeeds();
    let backup = desktop.project.read(".env");
    desktop.project.run(&["refresh"]).succeeds();
    desktop.project.write(".env", &backup);
    let watch = Started::new(&mut desktop.as_systemd_runs());
    wait_until(|| desktop.project.is_true(".env"));
    watch.signal("TERM");
    assert_eq!(watch.finish().code, 0);
}

#[test]
fn where_no_manager_starts_it_is_said_what_to_type() {
    let desktop = Desktop::new();
    // Not there.
    let ran = run(&mut desktop.command(&["service", "install"], ""));
    let ran = ran.succeeds();
    assert!(ran.err.contains("systemctl was not found"), "{ran:?}");
    assert!(ran.err.contains("  systemctl --user restart tokenward-watch.service"), "{ran:?}");
    let is_systemds = std::path::Path::new("/run/systemd/system").exists();
    assert_eq!(ran.err.contains("keep `tokenward watch` running yourself"), !is_systemds, "{ran:?}");
    let status = run(&mut desktop.command(&["service", "status", "--json"], "")).json();
    assert_eq!((&status["installed"], &status["running"]), (&true.into(), &serde_json::Value::Null));
    // There, and without a session to speak to.
    desktop.recorder("systemctl", 1);
    let ran = desktop.run(&["service", "install", "--lang", "zh"]);
    assert!(ran.succeeds().err.contains("服务未能启动（trouble）"), "{ran:?}");
    assert_eq!(desktop.run(&["service", "install", "--json"]).json()["running"], false);
    assert_eq!(desktop.run(&["service", "status", "--json"]).json()["running"], false);
    // It goes all the same, and says what did not work.
    let ran = desktop.run(&["service", "remove"]);
    assert!(ran.succeeds().err.contains("could not be stopped: trouble"), "{ran:?}");
    assert!(ran.err.contains("is deleted") && !ran.err.contains("is stopped"), "one true thing: {ran:?}");
    assert!(!desktop.unit().exists());
}

/// What would start it is told apart from what cannot: a machine without systemd has no session for `loginctl` to keep.
#[test]
fn a_machine_without_systemd_is_told_to_keep_watch_running() {
    let desktop = Desktop::new();
    desktop.program("systemctl", "echo 'Failed to connect to bus: No medium found' >&2; exit 1");
    let ran = desktop.run(&["service", "install"]);
    let err = &ran.succeeds().err;
    if std::path::Path::new("/run/systemd/system").exists() {
        assert!(err.contains("loginctl enable-linger") && !err.contains("nohup"), "{ran:?}");
    } else {
        assert!(err.contains("was not started with systemd") && err.contains("`nohup tokenward watch"), "{ran:?}");
        assert!(!err.contains("loginctl") && !err.contains("systemctl"), "{ran:?}");
    }
}

#[test]
fn a_service_that_would_do_nothing_and_a_file_of_others_are_refused() {
    let desktop = Desktop::new();
    desktop.recorder("systemctl", 0);
    desktop.run(&["service", "install", "nobody"]).fails(2, "TW0201");
    desktop.project.run(&["unlink", ".env"]).succeeds();
    let ran = desktop.run(&["service", "install"]);
    assert!(ran.fails(2, "TW0506").err.contains("`tokenward service install PROFILE`"), "{ran:?}");
    desktop.project.run(&["link", ".env"]).succeeds();
    std::fs::create_dir_all(desktop.unit().parent().unwrap()).unwrap();
    std::fs::write(desktop.unit(), "[Service]\nExecStart=/bin/true\n").unwrap();
    for words in [&["service", "install"][..], &["service", "remove"], &["service", "status"]] {
        let ran = desktop.run(words);
        assert!(ran.fails(2, "TW02").err.contains("was not written by `tokenward service install`"), "{ran:?}");
    }
    assert_eq!(desktop.read_unit(), "[Service]\nExecStart=/bin/true\n");
    assert_eq!(desktop.calls("systemctl"), Vec::<String>::new());
}

#[test]
fn a_person_is_told_once_that_a_login_needs_one() {
    let desktop = Desktop::new();
    let project = &desktop.project;
    desktop.recorder("notify-send", 0);
    let hook = desktop.program(
        "tell me",
        "printf '%s\\n' \"$TOKENWARD_TROUBLE_PROFILE\" \"$TOKENWARD_TROUBLE_USER\" \"$TOKENWARD_TROUBLE_CODE\" \"$TOKENWARD_TROUBLE_TEXT\" >> hook.calls\n\
         env >> hook.env; echo \"$*\" >> hook.env; echo not for programs",
    );
    let words = ["watch", "--notify", "--on-trouble", hook.to_str().unwrap()];
    let mut watch = Started::new(&mut desktop.command(&words, ":/usr/bin:/bin"));
    watch.line();
    let user = project.world.sandbox.current_tokens()[0].user.clone();
    assert!(project.world.sandbox.withdraw(&project.world.app.id, &user) > 0);
    // Somebody asks, and the next look of the watch finds what came of it.
    project.run(&["refresh"]).fails(3, "TW0405");
    project.write(".env", "");
    wait_until(|| desktop.calls("hook").len() == 4 && desktop.calls("notify-send").len() == 1);
    let calls = desktop.calls("hook");
    assert_eq!((calls[0].as_str(), calls[1].as_str(), calls[2].as_str()), ("default", "Ada", "TW0405"));
    assert!(calls[3].contains("tokenward login"), "{calls:?}");
    let notified = desktop.calls("notify-send");
    assert!(
        notified[0].starts_with("notify-send --app-name=Tokenward --urgency=critical -- Tokenward "),
        "{notified:?}"
    );
    assert!(notified[0].ends_with(&calls[3]), "{notified:?}");
    watch.signal("TERM");
    let ran = watch.finish();
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.out.contains("not for programs") && ran.err.contains("not for programs"), "{ran:?}");
    assert_eq!(desktop.calls("hook").len(), 4, "once");
    for file in ["hook.env", "notify-send.env", "hook.calls", "notify-send.calls"] {
        let text = project.read(file);
        assert!(project.world.secrets().iter().all(|secret| !text.contains(secret.as_str())), "{file}");
    }
    assert!(!project.read("notify-send.env").contains("TOKENWARD_"));
    assert!(project.read("hook.env").contains("TOKENWARD_HOME="), "so that it may ask again");
}

/// A vault whose key is gone does not come back by trying again: a person is told while it is watched, and when it is begun anew.
#[test]
fn a_missing_key_is_told_while_watching_and_at_the_start() {
    let desktop = Desktop::new();
    let project = &desktop.project;
    desktop.program(
        "hook",
        "printf '%s\\n' \"$TOKENWARD_TROUBLE_PROFILE\" \"$TOKENWARD_TROUBLE_CODE\" \"$TOKENWARD_TROUBLE_TEXT\" >> hook.calls",
    );
    let watching = ["watch", "default", "--on-trouble", "hook"];
    let mut watch = Started::new(&mut desktop.command(&watching, ":/usr/bin:/bin"));
    watch.line();
    let ran = desktop.run(&["service", "install", "default"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    project.write("new.key", &"ab".repeat(32));
    let ran = desktop.run(&["vault", "rekey", "--new-key-file", "new.key"]);
    assert!(ran.succeeds().err.contains("does not have the new key"), "{ran:?}");
    project.write(".env", "");
    wait_until(|| desktop.calls("hook").len() == 3);
    let calls = desktop.calls("hook");
    assert_eq!((calls[0].as_str(), calls[1].as_str()), ("default", "TW0302"));
    assert!(!calls[2].contains("tokenward login"), "{calls:?}");
    watch.signal("TERM");
    watch.finish();
    desktop.run(&watching).fails(2, "TW0302");
    let calls = desktop.calls("hook");
    assert_eq!((calls.len(), calls[3].as_str(), calls[4].as_str()), (6, "", "TW0302"), "{calls:?}");
}

#[test]
fn a_login_that_is_over_already_is_told_at_the_start_and_a_program_that_fails_is_named() {
    let desktop = Desktop::new();
    let project = &desktop.project;
    project.world.sandbox.inject(tokenward_emulator::Fault::code(20037).when(Operation::Refresh));
    project.run(&["refresh"]).fails(3, "TW0403");
    desktop.program("hook", "exit 7");
    // By the settings, with words behind it; the desktop has no notifier.
    let config = project.world.config();
    std::fs::write(project.world.home.join("config.toml"), format!("on_trouble = \"hook --loud\"\n{config}")).unwrap();
    let mut watch = Started::new(&mut desktop.command(&["watch", "--notify"], ""));
    watch.until_told("hook should have notified you but failed: exit status: 7");
    watch.until_told("notify-send should have notified you but failed");
    watch.signal("TERM");
    assert_eq!(watch.finish().code, 0);
}

#[test]
fn an_end_is_told_days_before() {
    let desktop = Desktop::new();
    let project = &desktop.project;
    desktop.program("hook", "printf '%s\\n' \"$TOKENWARD_TROUBLE_CODE\" \"$TOKENWARD_TROUBLE_TEXT\" >> hook.calls");
    let watch_at = |offset: u64| {
        let mut command = desktop.command(&["watch", "--on-trouble", "hook"], ":/usr/bin:/bin");
        Started::new(command.env("TOKENWARD_CLOCK_OFFSET", offset.to_string()))
    };
    // Far from any end, nothing is told.
    let mut watch = watch_at(0);
    watch.line();
    watch.signal("TERM");
    assert_eq!(watch.finish().code, 0);
    assert_eq!(desktop.calls("hook").len(), 0);
    let mut offset = 0;
    for _ in 0..59 {
        offset += 6 * 86_400;
        project.world.advance(6 * 86_400);
        project.run_at(offset, &["refresh"]).succeeds();
    }
    // The consent ends in eleven days.
    let watch = watch_at(offset);
    wait_until(|| desktop.calls("hook").len() == 2);
    let calls = desktop.calls("hook");
    assert_eq!(calls[0], "TW0904");
    assert!(calls[1].contains("profile default: ") && calls[1].contains("in 11 d"), "{calls:?}");
    watch.signal("TERM");
    let ran = watch.finish();
    assert!(ran.err.contains(&calls[1]), "{ran:?}");
}

/// The pager is looked for while somebody still looks.
#[test]
fn a_program_that_could_tell_nobody_is_refused_in_time() {
    let desktop = Desktop::new();
    let home = desktop.project.path("home of ada");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::rename(desktop.program("hook", "exit 0"), home.join("hook")).unwrap();
    std::fs::write(home.join("closed"), "").unwrap();
    for (program, why) in [("/nope", "was not found: /nope"), ("~/nope", "was not found"), ("~/closed", "chmod +x")] {
        for words in [
            &["config", "set", "on_trouble", program][..],
            &["watch", "--on-trouble", program],
            &["service", "install", "--on-trouble", program],
        ] {
            let ran = desktop.run(words);
            assert!(ran.fails(2, "TW0209").err.contains(why), "{words:?}: {ran:?}");
        }
    }
    assert!(!desktop.unit().exists() && !desktop.project.world.config().contains("on_trouble"));
    desktop.run(&["config", "set", "on_trouble", "~/hook"]).succeeds();
    assert!(!desktop.run(&["doctor"]).err.contains("notify"));
    std::fs::remove_file(home.join("hook")).unwrap();
    let ran = desktop.run(&["doctor"]);
    assert!(ran.err.contains("the program that is to notify you was not found"), "{ran:?}");
}

/// One profile that cannot be followed ends the watch of no other, and a person is told.
#[test]
fn a_profile_that_cannot_be_followed_is_told_and_the_others_go_on() {
    let desktop = Desktop::new();
    let project = &desktop.project;
    let path = project.world.home.join("config.toml");
    let config = project.world.config();
    let table = config.split_once("[apps.default]").unwrap().1.split_once("[profiles").unwrap().0;
    let more = format!("{config}\n[apps.other]\n{table}\n[profiles.ci]\napp = \"other\"\n");
    std::fs::write(&path, more).unwrap();
    desktop.program("hook", "printf '%s\\n' \"$TOKENWARD_TROUBLE_PROFILE $TOKENWARD_TROUBLE_CODE\" >> hook.calls");
    let mut watch =
        Started::new(&mut desktop.command(&["watch", "default", "ci", "--on-trouble", "hook"], ":/usr/bin:/bin"));
    watch.until_told("profile ci is not watched");
    watch.until_told("hint: run `tokenward init --app other");
    assert!(watch.line().contains(".env"), "the other is followed");
    wait_until(|| !desktop.calls("hook").is_empty());
    watch.signal("TERM");
    assert_eq!(watch.finish().code, 0);
    assert_eq!(desktop.calls("hook"), ["ci TW0204"]);
    // Alone, there is nothing to go on with.
    let mut alone = desktop.command(&["watch", "ci"], ":/usr/bin:/bin");
    run(&mut alone).fails(2, "TW0204");
}
