//! `oidc-agent` with one loaded account of the sandbox's plain provider: what `tokenward token` is measured against.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokenward_emulator::{AppSpec, Brand, Door, Sandbox};

use crate::stand::Result;

/// An agent that runs until this is dropped.
pub(crate) struct Agent {
    process: String,
    folder: TempDir,
}

impl Agent {
    /// Starts one and loads an account into it; `None` where `oidc-agent` is not installed (Debian: `oidc-agent-cli`).
    pub(crate) fn start(sandbox: &Sandbox) -> Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join(".oidc-agent"))?;
        let mut agent = Command::new("oidc-agent");
        agent.args(["--no-autoload", "--no-webserver", "--socket-path"]).arg(folder.path().join("socket"));
        agent.env("HOME", folder.path()).stdin(Stdio::null()).stderr(Stdio::null());
        // What is started here ends once the agent listens behind it, and has said for a shell which process that is.
        let said = match agent.output() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            said => String::from_utf8(said?.stdout)?,
        };
        let process = said.split("OIDCD_PID=").nth(1).and_then(|rest| rest.split(';').next());
        let process = process.ok_or("oidc-agent did not start")?.to_owned();
        let agent = Self { process, folder };
        agent.load(sandbox)?;
        Ok(Some(agent))
    }

    /// The command that prints the account's access token.
    pub(crate) fn token(&self) -> Command {
        let mut command = self.command("oidc-token");
        command.arg(ACCOUNT);
        command
    }

    fn load(&self, sandbox: &Sandbox) -> Result<()> {
        let scopes = ["openid", "offline_access"];
        let app = sandbox.app(AppSpec::new(Brand::OAuth2).redirect(REDIRECT).scopes(&scopes));
        let user = sandbox.user("Grace");
        let tokens = sandbox.seed_login(Door::Plain, "", &app.id, Some(&user.id), &scopes)?;
        let password = self.folder.path().join("password");
        std::fs::write(&password, "of-a-benchmark\n")?;
        let mut account = self.command("oidc-gen");
        account.args(["--manual", "--prompt=none", "--confirm-yes", "--flow=refresh"]);
        for (flag, value) in [
            ("iss", sandbox.door_url(Door::Plain)),
            ("client-id", app.id),
            ("client-secret", app.secret),
            ("redirect-uri", REDIRECT.to_owned()),
            ("scope", scopes.join(" ")),
            ("rt", tokens.refresh_token.ok_or("no refresh token")?),
            ("pw-file", password.display().to_string()),
        ] {
            account.arg(format!("--{flag}={value}"));
        }
        let loaded = account.arg(ACCOUNT).output()?;
        if !loaded.status.success() {
            return Err(format!("oidc-gen failed: {}", String::from_utf8_lossy(&loaded.stderr)).into());
        }
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let socket: PathBuf = self.folder.path().join("socket");
        let mut command = Command::new(program);
        command.env("HOME", self.folder.path()).env("OIDC_SOCK", socket);
        command
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let mut end = Command::new("oidc-agent");
        let _ = end.arg("--kill").env("OIDCD_PID", &self.process).stdout(Stdio::null()).status();
    }
}

const ACCOUNT: &str = "bench";
const REDIRECT: &str = "http://localhost:4242";
