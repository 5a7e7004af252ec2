//! A script's file whose tokens the provider refuses: what is told fits, nothing is left behind that nobody asked for, and the same
//! command works once the cause is mended.

use std::fs;

use tokenward_emulator::{AppSpec, Brand, Fault, FaultKind, Operation, UserStatus};

use crate::old_script::Script;
use crate::whose_file::advised;
use crate::world::{Ran, bare_command, run};

/// A script's file in a home of its own, in which nothing is set up.
struct Alone {
    script: Script,
    open: String,
}

const FLAGS: [&str; 3] = ["refresh", "--config-file", "feishu-config.ini"];

impl Alone {
    fn new() -> Self {
        let script = Script::new();
        let open = script.world.sandbox.open_url(Brand::Feishu);
        Self { script, open }
    }

    fn run(&self, words: &[&str]) -> Ran {
        let mut command = bare_command(words);
        let folder = self.script.file().parent().unwrap().to_owned();
        command.env("TOKENWARD_HOME", folder.join("home")).env("TOKENWARD_OPEN_URL", &self.open);
        run(command.current_dir(folder))
    }

    fn refresh(&self) -> Ran {
        self.run(&FLAGS)
    }

    /// Puts this in the place of a token.
    fn put(&self, token: &str, other: &str) {
        let text = self.script.read();
        assert!(text.contains(token));
        fs::write(self.script.file(), text.replace(token, other)).unwrap();
    }

    /// It failed so, the file is as it was, and the vault holds nothing that was not there before.
    fn leaves_nothing(&self, ran: &Ran, exit: i32, code: &str, words: &str) {
        let before = self.script.read();
        assert!(ran.fails(exit, code).err.contains(words), "{ran:?}");
        assert_eq!((ran.out.as_str(), self.script.read()), ("", before));
        assert_eq!(self.run(&["list", "--json"]).succeeds().json()["logins"], serde_json::json!([]), "{ran:?}");
        self.run(&["status"]).fails(2, "TW0204");
    }

    fn works(&self) {
        let ran = self.refresh();
        let text = self.script.read();
        assert!(text.contains(ran.succeeds().out.trim()), "{ran:?} {text}");
        assert_eq!(self.script.world.sandbox.counters().replays, 0);
    }
}

#[test]
fn a_dead_app_token_leaves_nothing_behind() {
    let alone = Alone::new();
    let token = alone.script.app_token.clone();
    alone.put(&token, "t-ended-long-ago");
    for _ in 0..2 {
        alone.leaves_nothing(&alone.refresh(), 6, "TW0704", "put a new app access token into feishu-config.ini");
    }
    alone.put("t-ended-long-ago", &token);
    alone.works();
}

#[test]
fn tokens_in_each_others_place_leave_nothing_behind() {
    let alone = Alone::new();
    let (app, refresh) = (alone.script.app_token.clone(), alone.script.refresh.clone());
    alone.put(&app, "XXX");
    alone.put(&refresh, &app);
    alone.put("XXX", &refresh);
    alone.leaves_nothing(&alone.refresh(), 6, "TW0704", "swapped");
    alone.put(&refresh, "XXX");
    alone.put(&app, &refresh);
    alone.put("XXX", &app);
    alone.works();
}

#[test]
fn an_app_token_of_another_app_leaves_nothing_behind() {
    let mut alone = Alone::new();
    let other = alone.script.world.sandbox.app(AppSpec::new(Brand::Feishu).redirect("http://127.0.0.1/callback"));
    let first = std::mem::replace(&mut alone.script.world.app, other);
    alone.script.world.init(&["--app", "other"]).succeeds();
    let ran = alone.script.world.run(&["token", "--as", "app", "-p", "other"]);
    let (token, theirs) = (alone.script.app_token.clone(), ran.succeeds().out.trim().to_owned());
    alone.script.world.app = first;
    alone.put(&token, &theirs);
    let ran = alone.refresh();
    alone.leaves_nothing(&ran, 6, "TW0704", "belong to different apps");
    assert!(!ran.err.contains("--app-id"), "no flag of another command: {ran:?}");
    alone.put(&theirs, &token);
    alone.works();
}

#[test]
fn a_wrong_secret_or_brand_is_told_in_commands_of_the_script() {
    let alone = Alone::new();
    alone.script.world.sandbox.inject(Fault::code(20035).when(Operation::Refresh));
    let ran = alone.refresh();
    alone.leaves_nothing(&ran, 6, "TW0701", "put a new app access token into feishu-config.ini");
    assert!(!ran.err.contains("tokenward init"), "{ran:?}");
    alone.script.world.sandbox.inject(Fault::code(20046).when(Operation::Refresh));
    let ran = alone.refresh();
    alone.leaves_nothing(&ran, 6, "TW0702", "refresh --config-file feishu-config.ini --provider lark");
    alone.works();
}

#[test]
fn a_user_or_app_that_is_out_of_use_leaves_nothing_behind() {
    let alone = Alone::new();
    let (sandbox, app) = (&alone.script.world.sandbox, alone.script.world.app.id.clone());
    let user = sandbox.current_tokens().into_iter().find(|login| login.refresh_token.is_some()).unwrap().user;
    sandbox.change_user(&user, |user| user.status = UserStatus::Frozen).unwrap();
    alone.leaves_nothing(&alone.refresh(), 6, "TW0705", "administrator");
    sandbox.change_user(&user, |user| user.status = UserStatus::Active).unwrap();
    sandbox.change_app(&app, |app| app.enabled = false).unwrap();
    alone.leaves_nothing(&alone.refresh(), 6, "TW0701", "put a new app access token");
    sandbox.change_app(&app, |app| app.enabled = true).unwrap();
    alone.works();
}

#[test]
fn a_withdrawn_consent_ends_in_a_login_and_leaves_nothing_behind() {
    for dead in [20007, 20026] {
        let alone = Alone::new();
        let sandbox = &alone.script.world.sandbox;
        sandbox.rules(|rules| rules.legacy_dead_code = dead);
        let user = sandbox.current_tokens().into_iter().find(|login| login.refresh_token.is_some()).unwrap().user;
        assert!(sandbox.withdraw(&alone.script.world.app.id, &user) > 0);
        for _ in 0..2 {
            alone.leaves_nothing(&alone.refresh(), 3, "TW0402", "log in again the way you got it");
        }
    }
}

#[test]
fn a_network_that_is_down_leaves_nothing_behind() {
    let mut alone = Alone::new();
    let open = std::mem::replace(&mut alone.open, "http://127.0.0.1:1".to_owned());
    let ran = alone.refresh();
    alone.leaves_nothing(&ran, 4, "TW0502", "127.0.0.1:1");
    assert!(ran.err.contains("the refresh token was not used"), "{ran:?}");
    alone.open = open;
    alone.works();
}

/// Of passing trouble and of doubt the login is kept; `status` and `list` show it, and the command that they name goes on with it.
#[test]
fn what_is_kept_is_shown_and_named_by_commands_that_work() {
    let troubles = [
        (Fault::code(20050), 4, "TW0501", 0),
        (Fault::new(FaultKind::Html { status: 502 }), 5, "TW0602", 5),
        (Fault::drop_request(), 5, "TW0601", 5),
    ];
    for (fault, exit, code, status) in troubles {
        for show in ["status", "list"] {
            let alone = Alone::new();
            alone.script.world.sandbox.inject(fault.clone().when(Operation::Refresh));
            alone.refresh().fails(exit, code);
            let ran = alone.run(&[show]);
            assert_eq!(ran.code, if show == "list" { 0 } else { status }, "{ran:?}");
            assert!(ran.out.contains("feishu-config.ini@"), "{ran:?}");
            let all = advised(&ran.err);
            assert_eq!(all.iter().map(|words| words[0].as_str()).collect::<Vec<_>>(), ["refresh", "logout"], "{ran:?}");
            let named: Vec<Vec<&str>> = all.iter().map(|words| words.iter().map(String::as_str).collect()).collect();
            let ran = alone.run(&named[0]);
            assert!(alone.script.read().contains(ran.succeeds().out.trim()));
            assert!(!alone.run(&[show]).succeeds().err.contains("hint:"), "it lives");
            alone.run(&named[1]).succeeds();
            assert_eq!(alone.run(&["list"]).out, "");
        }
    }
}

/// The whole path of a file, with a space in it, is a word of the command that is named.
#[test]
fn a_files_name_is_a_word_of_the_command() {
    let alone = Alone::new();
    let name = alone.script.file().with_file_name("my config.ini");
    fs::rename(alone.script.file(), &name).unwrap();
    alone.script.world.sandbox.inject(Fault::code(20050).when(Operation::Refresh));
    alone.run(&["refresh", "--config-file", "my config.ini"]).fails(4, "TW0501");
    let ran = alone.run(&["status"]);
    assert!(ran.err.contains(&format!("`tokenward refresh --config-file '{}'`", name.display())), "{ran:?}");
    alone.run(&["refresh", "--config-file", name.to_str().unwrap()]).succeeds();
}

/// A script's login lives on by its file, whichever vault is in place: nobody is told to log in anew.
#[test]
fn a_restore_costs_a_script_nothing() {
    let alone = Alone::new();
    let folder = alone.script.file().parent().unwrap().to_owned();
    for (name, secret) in [("key", "correct horse battery staple"), ("secret", "demo-secret-of-an-app")] {
        fs::write(folder.join(name), secret).unwrap();
    }
    let backup = |name: &str| {
        alone.run(&["vault", "backup", name, "--key-file", "key"]).succeeds();
    };
    let restore = |more: &[&str]| alone.run(&[&["vault", "restore"], more].concat());
    alone.run(&["init", "--no-check", "--app-id", "cli_1", "--app-secret-file", "secret"]).succeeds();
    backup("none");
    alone.works();
    backup("first");
    alone.works();
    for copy in ["none", "first"] {
        let ran = restore(&[copy, "--key-file", "key", "--yes"]);
        assert!(ran.succeeds().err.contains("continues with the refresh token in the script's file"), "{copy} {ran:?}");
        assert!(!ran.err.contains("new login"), "{copy} {ran:?}");
        alone.works();
        let ran = restore(&["--undo", "--yes"]);
        assert!(!ran.succeeds().err.contains("new login"), "{copy} {ran:?}");
        alone.works();
    }
}
