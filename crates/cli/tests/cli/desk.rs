//! A sandbox of BlueKing or of a plain OAuth server, a home folder, and the command between them.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tokenward_emulator::{App, AppSpec, ClientAuth, Door, Sandbox, SandboxOptions, UserSpec};

use crate::world::{Ran, Started, bare_command, browse, run, run_fed};

/// One provider with one app, two users who are logged in in their browsers, and one home.
pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) app: App,
    pub(crate) home: PathBuf,
    door: Door,
    _folder: TempDir,
}

/// A token that was printed.
pub(crate) struct Token(String);

impl Desk {
    /// A provider, and a home with nothing in it.
    pub(crate) fn bare(door: Door) -> Self {
        Self::with(door, ClientAuth::Any)
    }

    /// The same with an app that proves itself in one way.
    pub(crate) fn with(door: Door, way: ClientAuth) -> Self {
        let sandbox = Sandbox::start_blocking(SandboxOptions::default()).unwrap();
        let brand = door.brand().unwrap();
        let spec = AppSpec::new(brand).credentials("demo-app", "demo-secret-that-nobody-may-see");
        let app = sandbox.app(spec.redirect("http://127.0.0.1/callback").client_auth(way));
        for user in ["alice", "bob"] {
            let spec = UserSpec::new(user).id(user).cookie("bk_token", &cookie("bk_token", user));
            sandbox.add_user(spec.cookie("bk_ticket", &cookie("bk_ticket", user)));
        }
        sandbox.rules(|rules| rules.loopback_any_port = true);
        sandbox.consent_auto();
        let folder = tempfile::tempdir().unwrap();
        Self { sandbox, app, home: folder.path().join("home"), door, _folder: folder }
    }

    /// The same with the app set up as profile `desk`.
    pub(crate) fn new(door: Door) -> Self {
        let desk = Self::bare(door);
        desk.init(&[]).succeeds();
        desk
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = bare_command(words);
        command.env("TOKENWARD_HOME", &self.home);
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        run(&mut self.command(words))
    }

    pub(crate) fn run_with(&self, variables: &[(&str, &str)], words: &[&str]) -> Ran {
        run(self.command(words).envs(variables.iter().copied()))
    }

    pub(crate) fn run_fed(&self, words: &[&str], input: &str) -> Ran {
        run_fed(&mut self.command(words), input)
    }

    /// What `init` is told of this provider.
    pub(crate) fn init_words(&self) -> Vec<String> {
        let url = |door| self.sandbox.door_url(door);
        let mut words: Vec<String> = ["init", "--app", "desk", "--app-id", "demo-app"].map(str::to_owned).into();
        let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        add("--accounts-url", url(self.door));
        add("--redirect-uri", "http://127.0.0.1/callback".to_owned());
        match self.door {
            Door::Plain => {
                add("--provider", "oauth2".to_owned());
                add("--scope", "offline_access".to_owned());
            }
            door => {
                add("--provider", "blueking".to_owned());
                add("--open-url", url(Door::Gateway));
                add("--dialect", door.name().to_owned());
            }
        }
        if self.door == Door::Bkauth {
            add("--realm", "blueking".to_owned());
        }
        words
    }

    pub(crate) fn init(&self, more: &[&str]) -> Ran {
        self.init_by(more, &self.app.secret)
    }

    pub(crate) fn init_by(&self, more: &[&str], secret: &str) -> Ran {
        let mut words = self.init_words();
        // What the test says takes the place of what the stand would.
        for flag in more.iter().filter(|word| word.starts_with("--")) {
            if let Some(at) = words.iter().position(|word| word == flag) {
                words.drain(at..at + 2);
            }
        }
        let words = words.iter().map(String::as_str).chain(["--app-secret-stdin"]).chain(more.iter().copied());
        self.run_fed(&words.collect::<Vec<_>>(), secret)
    }

    /// Logs a user in with the cookie of their browser.
    pub(crate) fn login_by_cookie(&self, user: &str) -> Ran {
        let name = if self.door == Door::AuthApi { "bk_ticket" } else { "bk_token" };
        self.run_fed(&["login", "--user", user, "--cookie-stdin"], &cookie(name, user))
    }

    /// Logs the first user in as a browser would.
    pub(crate) fn login_by_browser(&self, more: &[&str]) -> Ran {
        let words = [&["login", "--no-browser", "--port", "0", "--timeout", "30s"][..], more].concat();
        let mut login = Started::new(&mut self.command(&words));
        let url = login.line();
        if url.starts_with("http") {
            browse(&url);
        }
        login.finish()
    }

    /// The token that a command prints.
    pub(crate) fn token(&self, words: &[&str]) -> Token {
        self.token_after(0, words)
    }

    /// The same so many seconds later, here and there.
    pub(crate) fn token_after(&self, offset: u64, words: &[&str]) -> Token {
        let ran = self.run_with(&[("TOKENWARD_CLOCK_OFFSET", &offset.to_string())], &[&["token"], words].concat());
        Token(ran.succeeds().out.trim().to_owned())
    }

    pub(crate) fn is_good(&self, token: &Token) -> bool {
        self.sandbox.is_good(&token.0)
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.sandbox.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn config(&self) -> String {
        std::fs::read_to_string(self.home.join("config.toml")).unwrap_or_default()
    }

    /// Whose home this is to anybody who looks: the door of another provider, for mistakes.
    pub(crate) fn url(&self, door: Door) -> String {
        self.sandbox.door_url(door)
    }
}

impl Token {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The cookie of a user who is logged in.
pub(crate) fn cookie(name: &str, user: &str) -> String {
    format!("{name}-of-{user}-that-nobody-may-see")
}
