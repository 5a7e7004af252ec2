//! The flags of the script that people had before, on its own ini file, against legacy v1.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tokenward_emulator::{Fault, FaultKind, OddAnswer, Operation, Stage, TokenApi};
use tokenward_testkit::wait_until;

use crate::world::{Ran, Started, World, files, run, run_fed};

/// What Python's configparser and its users leave behind: comments, odd spacing, CRLF, no end of the last line.
pub(crate) const FILE: &str = "# 飞书\r\n[ID]\r\ntable_id = tbl1\r\n\r\n[TOKEN]\r\n; do not share\r\napp_token=bascn1\r\napp_access_token = APP\r\nRefresh_Token :  REFRESH  \r\nuser_access_token=u-old";

pub(crate) struct Script {
    pub(crate) world: World,
    folder: tempfile::TempDir,
    pub(crate) app_token: String,
    pub(crate) refresh: String,
}

impl Script {
    /// A user who consented through legacy v1, and the file.
    pub(crate) fn new() -> Self {
        let world = World::new();
        let app_token = world.run(&["token", "--as", "app"]).succeeds().out.trim().to_owned();
        let user = world.sandbox.user("Grace");
        let seeded =
            world.sandbox.seed_grant_by(TokenApi::LegacyV1, &world.app.id, &user.id, &["offline_access"]).unwrap();
        let script =
            Self { world, folder: tempfile::tempdir().unwrap(), app_token, refresh: seeded.refresh_token.unwrap() };
        fs::write(script.file(), script.content(&script.refresh, "u-old")).unwrap();
        script
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("feishu-config.ini")
    }

    pub(crate) fn read(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// The file with these tokens.
    pub(crate) fn content(&self, refresh: &str, access: &str) -> String {
        FILE.replace("APP", &self.app_token).replace("REFRESH", refresh).replace("u-old", access)
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.run_with(&[], words)
    }

    fn run_with(&self, variables: &[(&str, &str)], words: &[&str]) -> Ran {
        run(self.command(words).envs(variables.iter().copied()))
    }

    pub(crate) fn command(&self, words: &[&str]) -> std::process::Command {
        let open = self.world.sandbox.open_url(tokenward_emulator::Brand::Feishu);
        let mut command = self.world.command(&[&["refresh"], words].concat());
        command.current_dir(self.folder.path()).env("TOKENWARD_OPEN_URL", open);
        command
    }

    /// The tokens that the provider says are good now.
    pub(crate) fn present(&self) -> (String, Vec<String>) {
        let login =
            self.world.sandbox.current_tokens().into_iter().find(|login| login.refresh_token.is_some()).unwrap();
        (login.refresh_token.unwrap(), login.access_tokens.into_iter().map(|access| access.token).collect())
    }

    /// It printed a good token alone, and the file holds it with the good refresh token, and nothing else changed.
    fn works(&self, ran: &Ran) {
        let (refresh, access) = self.present();
        assert_eq!(ran.code, 0, "{ran:?}");
        let printed = ran.out.strip_suffix('\n').unwrap();
        assert!(access.iter().any(|token| token == printed), "{ran:?}");
        assert_eq!(self.read(), self.content(&refresh, printed));
    }

    /// It printed nothing and changed nothing.
    fn fails(&self, ran: &Ran, exit: i32, code: &str) {
        ran.fails(exit, code);
        assert_eq!(ran.out, "", "{ran:?}");
        assert_eq!(self.read(), self.content(&self.refresh, "u-old"));
    }

    pub(crate) fn refreshes(&self) -> u64 {
        self.world.sandbox.counters().refreshes
    }
}

#[test]
fn tokens_come_from_the_file_and_go_back_into_it() {
    let script = Script::new();
    for spelling in ["--config_file", "--config-file"] {
        let ran = script.run(&[spelling, "feishu-config.ini"]);
        script.works(&ran);
        assert_eq!(ran.err, "", "nothing to say about what went well");
    }
    assert_eq!(script.refreshes(), 2);
    assert!(script.world.sandbox.check().is_clean());
}

#[test]
fn the_scripts_own_flags_work_with_a_warning() {
    let script = Script::new();
    fs::write(script.file(), script.content("", "u-old").replace(&script.app_token, "")).unwrap();
    let (app, refresh) = (script.app_token.as_str(), script.refresh.as_str());
    let ran = script.run(&["-a", app, "-r", refresh, "--config_file", "feishu-config.ini"]);
    assert!(ran.succeeds().err.starts_with("warning:") && ran.err.contains("-r @FILE"), "{ran:?}");
    assert!(!ran.err.contains(app) && !ran.err.contains(refresh));
    let (next, _) = script.present();
    // The app's token is not ours to write. Behind the colon stand the spaces that were there, the token after the first.
    let wanted = script.content("", ran.out.trim()).replace(app, "").replace(": ", &format!(": {next}"));
    assert_eq!(script.read(), wanted);
    // The default file is the one in the current folder.
    let ran = script.run(&["-a", app]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(script.read().contains(ran.out.trim()));
}

#[test]
fn safer_ways_give_no_warning() {
    let script = Script::new();
    let key = script.folder.path().join("app");
    fs::write(&key, format!("{}\n", script.app_token)).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let given = format!("@{}", key.display());
    let ran = run_fed(&mut script.command(&["-a", &given, "-r", "-"]), &format!("{}\n", script.refresh));
    script.works(&ran);
    assert_eq!(ran.err, "");
    let (refresh, _) = script.present();
    let ran = run_fed(&mut script.command(&["-a", "-", "-r", "-"]), &format!("{}\n{refresh}\n", script.app_token));
    script.works(&ran);
    let ran = script.run(&["-a", "@/no/such/file"]);
    assert!(ran.fails(2, "TW0203").out.is_empty(), "{ran:?}");
    let ran = script.run(&["--json", "--config-file", "feishu-config.ini"]);
    assert_eq!(script.read(), script.content(&script.present().0, ran.json()["access_token"].as_str().unwrap()));
}

#[test]
fn a_file_that_is_not_there_is_made_where_both_tokens_are_given() {
    let script = Script::new();
    fs::remove_file(script.file()).unwrap();
    let ran = script.run(&["--config-file", "feishu-config.ini"]);
    ran.fails(2, "TW0210");
    let ran = script.run(&["-a", &script.app_token, "-r", &script.refresh]);
    let (refresh, _) = script.present();
    let wanted = format!("[TOKEN]\nuser_access_token = {}\nrefresh_token = {refresh}\n", ran.succeeds().out.trim());
    assert_eq!(script.read(), format!("\n{wanted}").trim_start());
    assert_eq!(fs::metadata(script.file()).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Makes a file unfit.
type Spoil = fn(&Script);

#[test]
fn nothing_is_sent_where_the_answer_could_not_be_written() {
    let script = Script::new();
    let flags = ["--config-file", "feishu-config.ini"];
    let spoilt: [(&str, Spoil); 5] = [
        ("TW0210", |script| fs::set_permissions(script.file(), fs::Permissions::from_mode(0o444)).unwrap()),
        ("TW0210", |script| fs::set_permissions(script.folder.path(), fs::Permissions::from_mode(0o555)).unwrap()),
        ("TW0210", |script| fs::write(script.file(), "refresh_token = x\n").unwrap()),
        ("TW0210", |script| {
            let doubled =
                script.read().replace("user_access_token=u-old", "[B]\nuser_access_token=1\n[C]\nuser_access_token=2");
            fs::write(script.file(), doubled).unwrap();
        }),
        ("TW0204", |script| fs::write(script.file(), script.read().replace("Refresh_Token", "other")).unwrap()),
    ];
    for (code, spoil) in spoilt {
        spoil(&script);
        let before = script.read();
        let ran = script.run(&flags);
        assert_eq!(ran.fails(2, code).out, "");
        assert_eq!(script.read(), before);
        fs::set_permissions(script.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(script.file(), fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(script.file(), script.content(&script.refresh, "u-old")).unwrap();
    }
    assert_eq!(script.refreshes(), 0);
    script.works(&script.run(&flags));
}

#[test]
fn the_providers_no_is_told_and_the_file_stays() {
    let dead: [(u32, i32, &str); 5] =
        [(20026, 3, "TW0402"), (20037, 3, "TW0403"), (20038, 3, "TW0405"), (20014, 6, "TW0704"), (20050, 4, "TW0501")];
    for (provider, exit, code) in dead {
        let script = Script::new();
        script.world.sandbox.inject(Fault::code(provider).when(Operation::Refresh));
        let ran = script.run(&["--config-file", "feishu-config.ini"]);
        assert!(ran.err.contains(&provider.to_string()), "{ran:?}");
        script.fails(&ran, exit, code);
        if exit != 3 {
            script.works(&script.run(&["--config-file", "feishu-config.ini"]));
        }
    }
}

#[test]
fn a_wrong_token_by_flag_harms_no_login() {
    let script = Script::new();
    script.world.sandbox.rules(|rules| rules.legacy_dead_code = 20026);
    // The one in the file is nowhere else.
    let ran = script.run(&["-r", "ur-mistyped-by-hand", "--config-file", "feishu-config.ini"]);
    script.fails(&ran, 2, "TW0512");
    assert!(ran.err.contains("without -r"), "{ran:?}");
    let ran = script.run(&["-a", &script.app_token, "-r", "ur-mistyped", "--config-file", "new.ini"]);
    script.fails(&ran, 3, "TW0402");
    script.works(&script.run(&["--config-file", "feishu-config.ini"]));
}

/// The command is killed at a step; the same command is run again; it works, and the provider saw no token twice whose
/// fate was known.
#[test]
fn killed_at_every_step_the_next_run_finishes() {
    for step in ["leased", "reread", "proven", "prepared", "begun", "sent", "journalled", "committed", "delivered"] {
        let script = Script::new();
        let flags = ["--config-file", "feishu-config.ini"];
        let ran = script.run_with(&[("TOKENWARD_KILL_AT", step)], &flags);
        assert_eq!((ran.code, ran.out.as_str()), (128 + 9, ""), "{step}: {ran:?}");
        assert_eq!(script.read(), script.content(&script.refresh, "u-old"), "{step}");
        script.world.sandbox.note_kill(step);
        let sent = script.refreshes();
        let ran = script.run(&flags);
        script.works(&ran);
        if ["sent", "journalled", "committed", "delivered"].contains(&step) {
            assert_eq!((sent, script.refreshes()), (1, 1), "{step}: the kept answer is used");
        }
        assert!(script.world.sandbox.check().is_clean(), "{step}: {:?}", script.world.sandbox.check());
    }
}

#[test]
fn a_file_brought_back_from_a_backup_is_healed_without_a_send() {
    let script = Script::new();
    let flags = ["--config-file", "feishu-config.ini"];
    script.works(&script.run(&flags));
    let good = script.read();
    fs::write(script.file(), script.content(&script.refresh, "u-old")).unwrap();
    let ran = script.run(&flags);
    script.works(&ran);
    assert!(ran.err.starts_with("note:") || ran.err.contains("nothing was sent"), "{ran:?}");
    assert_eq!((script.read(), script.refreshes()), (good, 1));
}

/// What happens to the file while the provider is asked.
fn meanwhile(script: &Script, happening: impl FnOnce()) -> Ran {
    script.world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh).at(Stage::After));
    let mut running = script.command(&["--config-file", "feishu-config.ini"]);
    let running = Started::new(&mut running);
    wait_until(|| script.world.sandbox.hanging() > 0);
    happening();
    script.world.sandbox.release();
    running.finish()
}

#[test]
fn an_answer_that_finds_no_file_is_kept_and_written_by_the_next_run() {
    let script = Script::new();
    let before = script.read();
    let ran = meanwhile(&script, || {
        fs::remove_file(script.file()).unwrap();
        fs::create_dir(script.file()).unwrap();
    });
    assert!(ran.fails(4, "TW0505").err.contains("the new tokens are in the vault"), "{ran:?}");
    assert_eq!(ran.out, "");
    fs::remove_dir(script.file()).unwrap();
    fs::write(script.file(), before).unwrap();
    let ran = script.run(&["--config-file", "feishu-config.ini"]);
    script.works(&ran);
    assert_eq!(script.refreshes(), 1, "the token in the file was not sent again");
}

#[test]
fn an_edit_of_another_key_while_the_provider_is_asked_is_kept() {
    let script = Script::new();
    let edited = script.read().replace("tbl1", "tbl2");
    let ran = meanwhile(&script, || fs::write(script.file(), edited).unwrap());
    let (refresh, _) = script.present();
    let wanted = script.content(&refresh, ran.succeeds().out.trim()).replace("tbl1", "tbl2");
    assert_eq!(script.read(), wanted);
}

/// While the script's login is rotated, somebody logs in anew by other means and puts that token into the file. It is in no vault,
/// so it stays; what the provider answered is kept, and the next run rotates the new login.
#[test]
fn a_login_that_is_brought_while_the_provider_is_asked_is_not_written_over() {
    let script = Script::new();
    let user = script.world.sandbox.user("Mary");
    let seeded =
        script.world.sandbox.seed_grant_by(TokenApi::LegacyV1, &script.world.app.id, &user.id, &["offline_access"]);
    let brought = script.content(&seeded.unwrap().refresh_token.unwrap(), "u-old");
    let ran = meanwhile(&script, || fs::write(script.file(), &brought).unwrap());
    assert!(ran.fails(4, "TW0505").err.contains("holds another refresh token by now"), "{ran:?}");
    assert_eq!((ran.out.as_str(), script.read()), ("", brought.clone()));
    let ran = script.run(&["--config-file", "feishu-config.ini"]);
    let printed = ran.succeeds().out.trim().to_owned();
    assert!(script.read().contains(&format!("user_access_token={printed}")) && script.read() != brought);
    assert_eq!((script.refreshes(), script.world.sandbox.counters().replays), (2, 0));
}

/// The flags in the spellings that argument parsers of such scripts know, and none at all where nothing is set up.
#[test]
fn every_spelling_of_the_flags_and_none() {
    let script = Script::new();
    let (app, refresh) = (script.app_token.clone(), script.refresh.clone());
    script.works(&script.run(&["--app_token", &app, "--refresh", &refresh]));
    let app = format!("-a{app}");
    script.works(&script.run(&[&app]));
    let nothing = ["TOKENWARD_APP_ID", "TOKENWARD_APP_SECRET"];
    let alone = |words: &[&str]| {
        let mut command = script.command(words);
        for name in nothing {
            command.env_remove(name);
        }
        run(command.env("TOKENWARD_HOME", script.folder.path().join("home")))
    };
    script.works(&alone(&[]));
    script.works(&alone(&["--provider", "feishu"]));
    fs::rename(script.file(), script.folder.path().join("aside")).unwrap();
    assert!(alone(&[]).fails(2, "TW0204").err.contains("tokenward init"));
}

/// What is told speaks of this file and these flags: no app token is fetched here, and no console page shows a user's token.
#[test]
fn advice_fits_a_script() {
    let script = Script::new();
    fs::write(script.file(), script.content(&script.refresh, "u-old").replace(&script.app_token, "t-ended-long-ago"))
        .unwrap();
    let ran = script.run(&[]);
    // A profile is set up here, which is meant without a flag.
    ran.fails(3, "TW0401");
    let ran = script.run(&["--config-file", "feishu-config.ini"]);
    assert!(ran.fails(6, "TW0704").err.contains("put a new app access token into feishu-config.ini"), "{ran:?}");
    assert!(!ran.err.contains("is fetched"), "{ran:?}");
    assert!(ran.err.contains("the app access token is invalid or expired: one is valid for two hours"), "{ran:?}");
    assert!(!ran.err.contains("the app's settings do not allow this"), "{ran:?}");
    // A word that somebody was to replace is told as one.
    fs::write(script.file(), "[TOKEN]\napp_access_token = a-xxxx\nrefresh_token = ur-zzz\n").unwrap();
    let ran = script.run(&["--config-file", "feishu-config.ini"]);
    assert!(ran.fails(2, "TW0203").err.contains("looks like a placeholder"), "{ran:?}");
    assert!(!ran.err.contains("no spaces and no quotes"), "{ran:?}");
    fs::write(script.file(), "[TOKEN]\n").unwrap();
    let ran = script.run(&["--config-file", "feishu-config.ini"]);
    assert!(ran.fails(2, "TW0204").err.contains("-a for the app access token, -r for the refresh token"), "{ran:?}");
    let ran = script.run(&["-r", "two words"]);
    assert!(ran.fails(2, "TW0203").err.contains("a token has no spaces and no quotes"), "{ran:?}");
    // None of it cost the login anything.
    fs::write(script.file(), script.content(&script.refresh, "u-old")).unwrap();
    script.works(&script.run(&["--config-file", "feishu-config.ini"]));
}

#[test]
fn odd_answers_lose_nothing() {
    // A page instead of an answer: nobody knows; the same command asks again.
    let script = Script::new();
    script.world.sandbox.inject(Fault::new(FaultKind::Html { status: 502 }).when(Operation::Refresh));
    let flags = ["--config-file", "feishu-config.ini"];
    script.fails(&script.run(&flags), 5, "TW0602");
    script.works(&script.run(&flags));
    assert_eq!(script.refreshes(), 2);
    // It breaks off in the access token, and the provider has rotated: nothing of use arrived, and a person must log in.
    let script = Script::new();
    script.world.sandbox.inject(Fault::new(FaultKind::Cut { bytes: 40 }).when(Operation::Refresh));
    script.fails(&script.run(&flags), 5, "TW0602");
    script.world.sandbox.rules(|rules| rules.legacy_dead_code = 20026);
    script.fails(&script.run(&flags), 3, "TW0409");
    // The access token alone: it is written and printed; the file's refresh token is dead, and never sent again.
    let script = Script::new();
    let odd = |answer| Fault::new(FaultKind::Odd { answer }).when(Operation::Refresh);
    script.world.sandbox.inject(odd(OddAnswer::NoRefreshToken));
    let ran = script.run(&flags);
    assert_eq!(script.read(), script.content(&script.refresh, ran.succeeds().out.trim()));
    assert!(ran.err.contains("warning:"), "{ran:?}");
    assert_eq!(script.run(&flags).succeeds().out, ran.out);
    assert_eq!(script.refreshes(), 1);
    // The refresh token alone: it is kept, and rotated once more for an access token.
    let script = Script::new();
    script.world.sandbox.inject(odd(OddAnswer::NoAccessToken));
    script.works(&script.run(&flags));
    assert_eq!(script.refreshes(), 2);
}

#[test]
fn two_runs_at_once_and_a_copied_file_lose_nothing() {
    let script = Script::new();
    let copy = script.folder.path().join("copy.ini");
    fs::copy(script.file(), &copy).unwrap();
    let runs: Vec<_> = ["feishu-config.ini", "copy.ini", "feishu-config.ini", "copy.ini"]
        .map(|file| script.command(&["--config-file", file]).stdout(std::process::Stdio::piped()).spawn().unwrap())
        .into();
    for run in runs {
        assert!(run.wait_with_output().unwrap().status.success());
    }
    // Whichever came last, one more run on each makes both true.
    for file in ["copy.ini", "feishu-config.ini", "copy.ini"] {
        assert_eq!(script.run(&["--config-file", file]).code, 0);
    }
    let (refresh, access) = script.present();
    let held = fs::read_to_string(&copy).unwrap();
    assert!(held.contains(&refresh) && access.iter().any(|token| held.contains(token)));
    assert_eq!(script.world.sandbox.counters().replays, 0);
}

#[test]
fn flags_of_one_way_do_not_go_with_the_other() {
    let script = Script::new();
    script.run(&["--config-file", "x.ini", "--profile", "a"]).fails(2, "TW0200");
    script.run(&["--provider", "lark"]).fails(2, "TW0200");
    script.run(&["--config-file", "feishu-config.ini", "--open-url", "http://example.com"]).fails(2, "TW0207");
    assert_eq!(script.refreshes(), 0);
}

#[test]
fn no_token_is_said_or_lies_open() {
    let script = Script::new();
    let flags = ["--config-file", "feishu-config.ini"];
    let mut secrets = vec![script.app_token.clone(), script.refresh.clone()];
    let mut said = String::new();
    let broken =
        ["[TOKEN]\nREFRESH\n", "[TOKEN]\napp_access_token = APP REFRESH\nrefresh_token = REFRESH", "REFRESH = APP"];
    for content in broken {
        let content = content.replace("REFRESH", &script.refresh).replace("APP", &script.app_token);
        fs::write(script.file(), content).unwrap();
        said += &script.run_with(&[("TOKENWARD_LOG", "trace")], &flags).fails(2, "TW02").err;
    }
    fs::write(script.file(), script.content(&script.refresh, "u-old")).unwrap();
    for fault in [20014, 20050, 0] {
        if fault > 0 {
            script.world.sandbox.inject(Fault::code(fault).when(Operation::Refresh));
        }
        let ran = script.run_with(&[("TOKENWARD_LOG", "trace")], &flags);
        assert_eq!(ran.code == 0, fault == 0, "{ran:?}");
        said += &ran.err;
        secrets.extend(ran.out.lines().map(str::to_owned));
    }
    secrets.push(script.present().0);
    assert_eq!(secrets.len(), 4);
    assert!(said.len() > 2000, "the log was on");
    for secret in &secrets {
        assert!(!said.contains(secret), "a token was said");
        for file in files(&script.world.home) {
            let held = fs::read(&file).unwrap();
            let found = held.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a token in clear", file.display());
        }
    }
}

#[test]
fn a_wrong_refresh_token_ends_in_a_login_and_leaves_nothing_behind() {
    let script = Script::new();
    for _ in 0..2 {
        // Legacy v1 has one code for a dead token and for its own trouble, 20007.
        let words = ["-a", &script.app_token, "-r", "ur-mistyped", "--config-file", "new.ini"];
        let ran = script.run(&words);
        script.fails(&ran, 3, "TW0402");
        assert!(ran.err.contains("log in again") && ran.err.contains("new.ini (refresh_token)"), "{ran:?}");
        assert!(!ran.err.contains("try again later") && !ran.err.contains("kept:"), "{ran:?}");
        assert_eq!(script.world.run(&["list", "--json"]).json()["logins"], serde_json::json!([]));
    }
    script.works(&script.run(&["--config-file", "feishu-config.ini"]));
}

#[test]
fn a_token_that_worked_is_believed_dead_after_so_many_refusals_or_a_lost_answer() {
    let flags = ["--config-file", "feishu-config.ini"];
    let script = Script::new();
    script.works(&script.run(&flags));
    script.world.sandbox.inject(Fault::code(20007).when(Operation::Refresh).times(4));
    let before = script.read();
    for _ in 0..4 {
        script.run(&flags).fails(4, "TW0501");
    }
    // Passing trouble passes.
    script.works(&script.run(&flags));
    script.world.sandbox.inject(Fault::code(20007).when(Operation::Refresh).times(5));
    for _ in 0..4 {
        script.run(&flags).fails(4, "TW0501");
    }
    script.run(&flags).fails(3, "TW0402");
    assert_ne!(script.read(), before);

    let script = Script::new();
    script.works(&script.run(&flags));
    script.world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    script.run(&flags).fails(5, "TW0601");
    let ran = script.run(&flags);
    assert!(ran.fails(3, "TW0409").err.contains("feishu-config.ini (refresh_token)"), "{ran:?}");
    // The doctor speaks of the file, names who sent, and says how to take the login out.
    let ran = script.world.run(&["doctor", "--all"]);
    assert!(ran.out.contains("no answer came") && !ran.out.contains("died"), "{ran:?}");
    assert!(ran.out.contains("`tokenward logout --profile 'feishu-config.ini@"), "{ran:?}");
    assert!(script.world.run(&["list"]).err.contains("`tokenward logout --profile 'feishu-config.ini@"));
    let list = script.world.run(&["list", "--json"]).json();
    let name = list["logins"][0]["profile"].as_str().unwrap().to_owned();
    script.world.run(&["logout", "--profile", &name, "--yes"]).succeeds();
    assert!(!script.world.run(&["doctor", "--all"]).out.contains(&name));
}

#[test]
fn the_doctor_speaks_of_a_scripts_login_by_its_file() {
    let script = Script::new();
    // A home in which nothing is set up: the script's login is all there is.
    let home = script.folder.path().join("home");
    let own = |words: &[&str]| {
        let open = script.world.sandbox.open_url(tokenward_emulator::Brand::Feishu);
        let mut command = crate::world::bare_command(words);
        run(command.current_dir(script.folder.path()).env("TOKENWARD_HOME", &home).env("TOKENWARD_OPEN_URL", open))
    };
    script.works(&own(&["refresh", "--config-file", "feishu-config.ini"]));
    let file = script.file().display().to_string();
    let ran = own(&["doctor"]);
    ran.succeeds();
    assert!(ran.out.contains(&file) && !ran.out.contains("init") && !ran.out.contains("--profile"), "{ran:?}");
    let json = own(&["doctor", "--json"]).succeeds().json();
    assert!(json["findings"].as_array().unwrap().iter().all(|finding| finding["severity"] != "problem"), "{json}");
    let list = own(&["list", "--json"]).json();
    let name = list["logins"][0]["profile"].as_str().unwrap().to_owned();
    own(&["doctor", &name]).succeeds();
    assert!(own(&["doctor", "--lang", "zh"]).succeeds().out.contains("脚本文件"));
    // In doubt: the command that it names works.
    script.world.sandbox.inject(Fault::drop_request().when(Operation::Refresh));
    own(&["refresh", "--config-file", "feishu-config.ini"]).fails(5, "TW0601");
    let ran = own(&["doctor"]);
    let command = format!("`tokenward refresh --config-file {file}`");
    assert!(ran.code == 5 && ran.out.contains(&command), "{ran:?}");
    own(&["refresh", "--config-file", &file]).succeeds();
    // An app access token that has ended is no business of Tokenward's.
    script.world.sandbox.inject(Fault::code(99_991_664).when(Operation::Refresh));
    own(&["refresh", "--config-file", &file]);
    let ran = own(&["doctor"]);
    assert!(ran.out.contains("put a new app access token into") && !ran.out.contains("is fetched"), "{ran:?}");
}

/// Values in quotes, which the script takes off, and keys without a section, which other readers than `configparser` take.
#[test]
fn files_in_the_notation_of_other_readers_keep_it() {
    for pattern in [
        "[TOKEN]\napp_access_token = \"APP\"\nrefresh_token = 'REFRESH'\nuser_access_token = \"ACCESS\"\n",
        "# no section\napp_access_token = APP\r\nrefresh_token=REFRESH\r\nuser_access_token =ACCESS",
        "app_access_token = \"APP\"\nREFRESH_TOKEN='REFRESH' # mine\nuser_access_token=ACCESS\n",
    ] {
        let script = Script::new();
        let content = |refresh: &str, access: &str| {
            pattern
                .replace("APP", &script.app_token)
                .replace("'REFRESH'", &format!("'{refresh}'"))
                .replace("=REFRESH", &format!("={refresh}"))
                .replace("ACCESS", access)
        };
        fs::write(script.file(), content(&script.refresh, "u-old")).unwrap();
        for _ in 0..2 {
            let ran = script.run(&["--config-file", "feishu-config.ini"]);
            let (refresh, _) = script.present();
            assert_eq!(script.read(), content(&refresh, ran.succeeds().out.trim()), "{pattern}: {ran:?}");
        }
        assert_eq!(script.refreshes(), 2);
    }
}

/// The token in such a file is one of v1, which the endpoint of the profile would refuse: it is refreshed where it was issued.
#[test]
fn a_script_file_that_is_linked_keeps_its_login() {
    let script = Script::new();
    script.world.run(&["link", script.file().to_str().unwrap()]).succeeds();
    let token = script.world.run(&["token"]).succeeds().out.trim().to_owned();
    assert!(script.world.sandbox.is_good(&token) && script.read().contains(&token), "{}", script.read());
    let later = script.world.run(&["refresh"]).succeeds().err.clone();
    assert!(later.contains("token set 3") && !script.read().contains(&token), "{later}");
    assert_eq!(script.world.sandbox.counters().replays, 0);
}
