//! A folder of a script author: files with tokens, and the command run in it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tokenward::core::{Entry, ProfileName};
use tokenward::{Environment, Home, Overrides, Session, SessionOptions, Settings, SystemClock, SystemEntropy};
use tokenward_emulator::{Brand, SeededTokens};

use crate::world::{Ran, Started, World, browse, run};

/// A provider, a home, and a folder beside it.
pub(crate) struct Project {
    pub(crate) world: World,
    pub(crate) folder: tempfile::TempDir,
}

impl Project {
    pub(crate) fn of(world: World) -> Self {
        Self { world, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command in the folder, led to the sandbox by variables as far as hosts go.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let (open, accounts) =
            (self.world.sandbox.open_url(Brand::Feishu), self.world.sandbox.accounts_url(Brand::Feishu));
        let mut command = self.world.command(words);
        command.current_dir(self.folder.path()).env("TOKENWARD_OPEN_URL", open);
        command.env("TOKENWARD_ACCOUNTS_URL", accounts);
        command.env("TOKENWARD_REDIRECT_URI", "http://127.0.0.1/callback");
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        run(&mut self.command(words))
    }

    /// Some time later, for the command as for the provider.
    pub(crate) fn run_at(&self, seconds: u64, words: &[&str]) -> Ran {
        run(self.command(words).env("TOKENWARD_CLOCK_OFFSET", seconds.to_string()))
    }

    /// Logs the first user in as a browser would.
    pub(crate) fn login(&self, more: &[&str]) -> Ran {
        let words = [&["login", "--no-browser", "--port", "0", "--timeout", "30s"][..], more].concat();
        let mut login = Started::new(&mut self.command(&words));
        let url = login.line();
        if url.starts_with("http") {
            browse(&url);
        }
        login.finish()
    }

    /// A login that some program of the user's own obtained.
    pub(crate) fn seeded(&self) -> SeededTokens {
        let user = self.world.sandbox.user("Grace");
        self.world.sandbox.seed_grant(&self.world.app.id, &user.id, &["offline_access"]).unwrap()
    }

    /// A `.env` file as that program writes it.
    pub(crate) fn dotenv(&self, tokens: &SeededTokens) -> String {
        let (app, refresh) = (&self.world.app, tokens.refresh_token.as_deref().unwrap());
        let access = &tokens.access_token;
        format!(
            "# 飞书\nFEISHU_APP_ID={}\nFEISHU_APP_SECRET='{}'\n\nOTHER=1 # mine\nexport FEISHU_USER_ACCESS_TOKEN=\"{access}\"\nFEISHU_USER_REFRESH_TOKEN={refresh}",
            app.id, app.secret
        )
    }

    /// The tokens that the provider says are good now: refresh token, access tokens.
    pub(crate) fn present(&self) -> (String, Vec<String>) {
        let login =
            self.world.sandbox.current_tokens().into_iter().rfind(|login| login.refresh_token.is_some()).unwrap();
        (login.refresh_token.unwrap(), login.access_tokens.into_iter().map(|access| access.token).collect())
    }

    /// Whether the file holds the present pair.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        let (text, (refresh, access)) = (self.read(name), self.present());
        text.contains(&refresh) && access.iter().any(|token| text.contains(token))
    }

    /// Whether the file holds a refresh token of the first user's.
    pub(crate) fn is_adas(&self, name: &str) -> bool {
        let text = self.read(name);
        let all = self.world.sandbox.current_tokens();
        let adas =
            all.iter().filter(|login| login.user == all[0].user).filter_map(|login| login.refresh_token.as_ref());
        adas.into_iter().any(|token| text.contains(token))
    }

    pub(crate) fn state(&self, name: &str) -> String {
        let ran = self.run(&["links", name, "--json"]);
        ran.json()["links"][0]["state"].as_str().unwrap_or_else(|| panic!("{ran:?}")).to_owned()
    }

    /// What the journal tells of the profile's login, oldest first.
    pub(crate) fn journal(&self, profile: &str) -> Vec<Entry> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let env = Environment::new([("TOKENWARD_HOME", self.world.home.as_os_str())]);
            let home = Home::resolve(None, &env).unwrap();
            let (settings, _) = Settings::load(home, env, Overrides::default()).unwrap();
            let options = SessionOptions::new(
                settings.home(),
                std::sync::Arc::new(SystemClock),
                std::sync::Arc::new(SystemEntropy),
            );
            let session = Session::open(options).await.unwrap();
            let grant = session.keeper().grant_of(&profile.parse::<ProfileName>().unwrap()).await.unwrap();
            let mut entries = session.keeper().journal(grant, 100).await.unwrap();
            entries.reverse();
            entries
        })
    }
}

/// The present tokens, once the command has looked after them: access, refresh.
pub(crate) fn present(project: &Project) -> (String, String) {
    let token = project.run(&["token"]).succeeds().out.trim().to_owned();
    (token, project.present().0)
}

/// A file's text with a pair of tokens at `{A}` and `{R}`.
pub(crate) fn filled(pattern: &str, (access, refresh): &(String, String)) -> String {
    pattern.replace("{A}", access).replace("{R}", refresh)
}
