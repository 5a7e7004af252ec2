//! At a terminal: questions are asked, and a secret is not echoed. `script` (util-linux) gives the child a terminal.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use tokenward_emulator::Brand;

use crate::world::World;

/// A child at a terminal.
pub(crate) struct AtTerminal {
    child: Child,
    /// As it came: a piece may end within a character.
    seen: Vec<u8>,
}

impl AtTerminal {
    pub(crate) fn new(world: &World, words: &str) -> Self {
        Self::with(world, &[], words)
    }

    /// The same with further variables.
    pub(crate) fn with(world: &World, variables: &[(&str, &str)], words: &str) -> Self {
        Self::behind(world, variables, "", words)
    }

    /// The same at a terminal that reports so many columns.
    pub(crate) fn wide(world: &World, columns: u16, words: &str) -> Self {
        Self::behind(world, &[], &format!("stty cols {columns}; "), words)
    }

    /// The same with further variables, at a terminal that was set up by a command.
    pub(crate) fn behind(world: &World, variables: &[(&str, &str)], before: &str, words: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_tokenward");
        let child = Command::new("script")
            .args(["-qec", &format!("{before}{program} {words}"), "/dev/null"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm")
            .env("TOKENWARD_HOME", &world.home)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`script` of util-linux is needed");
        Self { child, seen: Vec::new() }
    }

    /// Reads until the words appear.
    pub(crate) fn until(&mut self, words: &str) -> &mut Self {
        let mut buffer = [0; 256];
        while !self.seen().contains(words) {
            let read = self.child.stdout.as_mut().unwrap().read(&mut buffer).unwrap();
            assert!(read > 0, "{words:?} did not appear in {:?}", self.seen());
            self.seen.extend_from_slice(&buffer[..read]);
        }
        self
    }

    pub(crate) fn answer(&mut self, line: &str) -> &mut Self {
        // The question is written before the echo is switched off; a person's fingers are slower than this.
        std::thread::sleep(std::time::Duration::from_millis(200));
        self.child.stdin.as_mut().unwrap().write_all(line.as_bytes()).unwrap();
        self
    }

    /// What was shown so far.
    pub(crate) fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// Everything that was shown, and the exit code.
    pub(crate) fn end(mut self) -> (String, i32) {
        self.child.stdout.take().unwrap().read_to_end(&mut self.seen).unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        (self.seen(), code)
    }
}

impl Drop for AtTerminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn init_says_where_the_apps_id_is_found() {
    let mut init = AtTerminal::new(&World::bare(), "init --provider lark");
    init.until("https://open.larksuite.com/app").until("App ID (cli_…):").answer("\u{4}");
    init.end();
}

#[test]
fn init_asks_and_does_not_echo_the_secret() {
    let world = World::bare();
    let urls = world.sandbox.urls(Brand::Feishu);
    let words = format!("init --open-url {} --accounts-url {}", urls.open, urls.accounts);
    let mut init = AtTerminal::new(&world, &words);
    init.until("App ID (cli_…):").answer("\n").until("an answer is needed");
    init.answer(&format!("{}\n", world.app.id)).until("App Secret (not shown):");
    init.answer(&format!("{}\n", world.app.secret)).until("Log in now? [Y/n]").answer("n\n");
    let (shown, code) = init.end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("the provider accepts"), "{shown}");
    assert!(!shown.contains("open.feishu.cn"), "the app is of another host: {shown}");
    assert!(!shown.contains(&world.app.secret), "the secret was echoed");
    assert!(world.config().contains(&world.app.id));
}

#[test]
fn ctrl_c_at_the_secret_gives_the_terminal_back_and_saves_nothing() {
    let world = World::bare();
    let mut init = AtTerminal::new(&world, "init --provider feishu --app-id cli_x; stty -a");
    init.until("App Secret (not shown):").answer("abc\u{3}");
    let (shown, _) = init.end();
    assert!(shown.contains("cancelled (SIGINT)"), "{shown}");
    let settings = shown.rsplit("cancelled (SIGINT)").next().unwrap();
    assert!(settings.split_whitespace().any(|word| word == "echo"), "the terminal echoes again: {shown}");
    assert!(!world.home.join("config.toml").exists());
}

#[test]
fn logout_asks_and_no_means_no() {
    let world = World::logged_in();
    let mut logout = AtTerminal::new(&world, "logout");
    logout.until("[y/N]").answer("n\n");
    let (shown, code) = logout.end();
    assert!(code == 2 && shown.contains("nothing was changed"), "{code} {shown}");
    world.run(&["token"]).succeeds();
    let mut logout = AtTerminal::new(&world, "logout");
    logout.until("[y/N]").answer("y\n");
    let (shown, code) = logout.end();
    assert!(code == 0 && shown.contains("deleted from this machine"), "{code} {shown}");
}

#[test]
fn colour_on_a_terminal_unless_told_otherwise() {
    let world = World::new();
    let (shown, _) = AtTerminal::new(&world, "token").end();
    assert!(shown.contains("\u{1b}[") && shown.contains("error:"), "{shown}");
    for words in ["token --color never", "--color=never status"] {
        let (shown, _) = AtTerminal::new(&world, words).end();
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
    assert!(!world.run(&["token"]).err.contains('\u{1b}'), "no colour without a terminal");
}
