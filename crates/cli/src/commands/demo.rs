//! `tokenward demo`: the main job on a sandbox, from login to recovery, in lines that each say what happened.
//!
//! Nothing is played: every step is this very program, run as a child against a sandbox provider that truly rotates,
//! through the true authorization-code flow with PKCE and the loopback callback. A step that does not show what it
//! should ends the demo with an error. Nothing that it starts outlives it: children are killed and the folder is
//! removed when the demo ends, by Ctrl-C too.

mod folder;
mod visitor;

use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use serde_json::{Value, json};
use tokenward::RotationStep;
use tokenward_core::Code;
use tokenward_emulator::{Brand, SandboxOptions};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::ambient;
use crate::args::Demo;
use crate::child_environment;
use crate::commands::sandbox::Stand;
use crate::context::Context;
use crate::failure::Failure;
use folder::Folder;

pub(super) async fn run(demo: &Demo, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let mut stage = Stage::set(context).await?;
    if !context.printer.json {
        context.printer.note(lang.demo_intro());
    }
    stage.line("sandbox", &lang.demo_sandbox(stage.stand.provider.open_url(Brand::Feishu)))?;
    stage.init().await?;
    stage.log_in().await?;

    let first = stage.token().await?;
    stage.line("token", &lang.demo_token(shortened(&first)))?;

    stage.pass_expiry()?;
    let second = stage.token().await?;
    stage.expect("refresh", second != first && stage.generation().await? == 2)?;
    stage.line("refresh", &lang.demo_turned(shortened(&second), 2))?;

    let third = stage.killed_at(RotationStep::Begun, &lang.demo_kill_begun_what(), &second, 3).await?;
    let fourth = stage.killed_at(RotationStep::Journalled, &lang.demo_kill_journalled_what(), &third, 4).await?;

    let again = stage.token().await?;
    let status = stage.status().await?;
    stage.expect("end", again == fourth && status["login"]["status"] == "valid")?;
    stage.line("end", &lang.demo_lives(4))?;
    stage.count()?;
    stage.close(demo.keep).await
}

/// Where the demo plays.
struct Stage<'a> {
    context: &'a Context,
    program: PathBuf,
    stand: Stand,
    folder: Folder,
    /// By how much the clocks of the sandbox and of the children were moved.
    offset: u64,
    /// What was shown, for `--json`.
    shown: Vec<Value>,
}

impl<'a> Stage<'a> {
    async fn set(context: &'a Context) -> Result<Self, Failure> {
        let system = |error: std::io::Error| Failure::of(Code::Internal).detail(error.to_string());
        let program = ambient::own_program().map_err(system)?;
        let folder = Folder::new().map_err(system)?;
        // Any port of the callback is good in this sandbox, so that the demo never meets a taken one.
        let mut options = SandboxOptions::default();
        options.rules.loopback_any_port = true;
        let stand = Stand::with(options, folder.path().to_owned(), REDIRECT, true, context).await?;
        Ok(Self { context, program, stand, folder, offset: 0, shown: Vec::new() })
    }

    /// Shows one line.
    fn line(&mut self, step: &str, text: &str) -> Result<(), Failure> {
        if self.context.printer.json {
            self.shown.push(json!({ "step": step, "text": text }));
            Ok(())
        } else {
            self.context.printer.data(&format!("✓ {text}"))
        }
    }

    fn expect(&self, step: &str, good: bool) -> Result<(), Failure> {
        if good { Ok(()) } else { Err(self.wrong(step, "")) }
    }

    fn wrong(&self, step: &str, words: &str) -> Failure {
        let failure = Failure::new(Code::Internal, self.context.lang().demo_wrong(step));
        if words.trim().is_empty() {
            failure
        } else {
            failure.detail(words.lines().map(str::trim).collect::<Vec<_>>().join(" "))
        }
    }

    /// This program as a child that sees the demo's folder and clock and none of the caller's own settings.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::from(child_environment::stranger(&self.program));
        command.args(words).kill_on_drop(true);
        command
            .env("TOKENWARD_HOME", self.folder.path())
            .env("TOKENWARD_LANG", self.context.lang().as_str())
            .env("TOKENWARD_CLOCK_OFFSET", self.offset.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn start(&self, step: &str, command: &mut Command) -> Result<Child, Failure> {
        command.spawn().map_err(|error| self.wrong(step, &error.to_string()))
    }

    /// Runs a child to its end and gives back what it printed.
    async fn output(&self, step: &str, words: &[&str]) -> Result<String, Failure> {
        let child = self.start(step, &mut self.command(words))?;
        let output = child.wait_with_output().await.map_err(|error| self.wrong(step, &error.to_string()))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(self.wrong(step, &String::from_utf8_lossy(&output.stderr)))
        }
    }

    async fn init(&mut self) -> Result<(), Failure> {
        let app = self.stand.app();
        let (open, accounts) =
            (self.stand.provider.open_url(Brand::Feishu), self.stand.provider.accounts_url(Brand::Feishu));
        let words = ["init", "--provider", "feishu", "--app-id", &app.0, "--app-secret-stdin", "--open-url", &open];
        let words = [&words[..], &["--accounts-url", &accounts, "--redirect-uri", REDIRECT]].concat();
        let mut child = self.start("init", self.command(&words).stdin(Stdio::piped()))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(app.1.as_bytes()).await.map_err(|error| self.wrong("init", &error.to_string()))?;
        }
        let output = child.wait_with_output().await.map_err(|error| self.wrong("init", &error.to_string()))?;
        if !output.status.success() {
            return Err(self.wrong("init", &String::from_utf8_lossy(&output.stderr)));
        }
        self.line("init", &self.context.lang().demo_init(&app.0))
    }

    /// Logs a user in: the child waits for the callback, and a visitor goes where a browser would.
    async fn log_in(&mut self) -> Result<(), Failure> {
        let mut child =
            self.start("login", &mut self.command(&["login", "--no-browser", "--port", "0", "--timeout", "1m"]))?;
        let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(self.wrong("login", ""));
        };
        let mut url = String::new();
        let read = BufReader::new(stdout).read_line(&mut url).await;
        if read.is_ok_and(|bytes| bytes > 0) {
            visitor::follow(url.trim()).await.map_err(|error| self.wrong("login", &error.to_string()))?;
        }
        let mut words = String::new();
        // What the child said only matters if it failed.
        let _ = stderr.read_to_string(&mut words).await;
        let status = child.wait().await.map_err(|error| self.wrong("login", &error.to_string()))?;
        if !status.success() {
            return Err(self.wrong("login", &words));
        }
        let status = self.status().await?;
        let who = status["login"]["user"]["name"].as_str().unwrap_or_default().to_owned();
        self.expect("login", !who.is_empty() && status["login"]["generation"] == 1)?;
        self.line("login", &self.context.lang().demo_login(who))
    }

    async fn token(&self) -> Result<String, Failure> {
        let token = self.output("token", &["token"]).await?;
        // The sandbox itself says whether the token is good now.
        let current = self.stand.provider.current_tokens();
        let good = current.iter().any(|login| login.access_tokens.iter().any(|access| access.token == token));
        self.expect("token", good)?;
        Ok(token)
    }

    async fn status(&self) -> Result<Value, Failure> {
        let text = self.output("status", &["status", "--json"]).await?;
        serde_json::from_str(&text).map_err(|error| self.wrong("status", &error.to_string()))
    }

    async fn generation(&self) -> Result<u64, Failure> {
        Ok(self.status().await?["login"]["generation"].as_u64().unwrap_or_default())
    }

    /// Moves both clocks past the access token's end.
    fn pass_expiry(&mut self) -> Result<(), Failure> {
        self.stand.provider.advance(std::time::Duration::from_secs(PAST_EXPIRY));
        self.offset += PAST_EXPIRY;
        let lang = self.context.lang();
        self.line("clock", &lang.demo_clock(lang.span(PAST_EXPIRY)))
    }

    /// Lets a refresh be killed at a step, and shows that the next command recovers.
    async fn killed_at(
        &mut self,
        step: RotationStep,
        what: &str,
        before: &str,
        generation: u64,
    ) -> Result<String, Failure> {
        use std::os::unix::process::ExitStatusExt;
        let lang = self.context.lang();
        self.pass_expiry()?;
        let child = self.start("kill", self.command(&["token"]).env("TOKENWARD_KILL_AT", step.as_str()))?;
        let output = child.wait_with_output().await.map_err(|error| self.wrong("kill", &error.to_string()))?;
        self.stand.provider.note_kill(step.as_str());
        self.expect("kill", output.status.signal() == Some(9) && output.stdout.is_empty())?;
        self.line("kill", &lang.demo_kill(what))?;
        let token = self.token().await?;
        self.expect("recovery", token != before && self.generation().await? == generation)?;
        self.line("recovery", &lang.demo_recovered(shortened(&token), generation))?;
        Ok(token)
    }

    /// What the provider saw of it all.
    fn count(&mut self) -> Result<(), Failure> {
        let counters = self.stand.provider.counters();
        let verdict = self.stand.provider.check();
        let (exchanges, refreshes, replays) = (counters.exchanges, counters.refreshes, counters.replays);
        self.expect("count", (exchanges, refreshes, replays) == (1, 3, 0) && verdict.is_clean())?;
        self.line("count", &self.context.lang().demo_counters(exchanges, refreshes, replays))
    }

    async fn close(self, keep: bool) -> Result<ExitCode, Failure> {
        let (lang, printer) = (self.context.lang(), self.context.printer);
        self.stand.provider.stop().await;
        let kept = if keep { Some(self.folder.keep()) } else { self.folder.remove().map(|()| None)? };
        if printer.json {
            printer.document(&json!({ "steps": self.shown, "folder": kept }))?;
        } else {
            printer.note(kept.map_or_else(|| lang.demo_done(), |folder| lang.demo_kept(folder.display())));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A sandbox token, short enough for a line. Both ends are shown: every token of the sandbox begins alike.
fn shortened(token: &str) -> String {
    let letters: Vec<char> = token.chars().collect();
    let end = letters.len().saturating_sub(8);
    let (head, tail): (String, String) = (letters.iter().take(8).collect(), letters[end..].iter().collect());
    format!("{head}…{tail}")
}

/// The port is drawn at the login.
const REDIRECT: &str = "http://127.0.0.1/callback";
/// The access token lives two hours; a minute more leaves no doubt.
const PAST_EXPIRY: u64 = 7260;
