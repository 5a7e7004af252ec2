//! `tokenward sandbox`: a provider on this machine, for people, tests and other programs.
//!
//! Prints settings that are ready to use and runs until a signal, or as long as the program after `--` does. The app's
//! secret is printed, because it protects nothing but a sandbox.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use tokenward_core::Code;
use tokenward_emulator::{AppSpec, Brand, Sandbox as Provider, SandboxOptions, StartError};

use crate::args;
use crate::commands::token::assignment;
use crate::desk::Desk;
use crate::failure::Failure;

pub(super) async fn run(sandbox: args::Sandbox, desk: &Desk) -> Result<ExitCode, Failure> {
    let (lang, printer) = (desk.lang(), desk.printer);
    let stand = Stand::start(&sandbox, desk).await?;
    let settings = stand.settings();
    let (access, refresh) = (lang.span(stand.access_life), lang.span(stand.refresh_life));
    let exit = if let Some((program, arguments)) = sandbox.command.split_first() {
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).kill_on_drop(true).envs(settings.iter().map(|(name, value)| (*name, value)));
        let name = program.to_string_lossy().into_owned();
        let mut child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Failure::new(Code::CommandNotFound, lang.program_not_started(&name)),
            _ => Failure::new(Code::CommandNotFound, lang.program_failed(&name)).detail(error.to_string()),
        })?;
        let status = child.wait().await.map_err(|error| Failure::of(Code::Internal).detail(error.to_string()))?;
        exit_of(status)
    } else {
        if printer.json {
            let mut document = json!({
                "control_url": stand.provider.control_url(),
                "seed": sandbox.seed,
                "auto_consent": sandbox.auto_consent,
                "access_life": stand.access_life,
                "refresh_life": stand.refresh_life,
            });
            document["env"] = settings.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            printer.document(&document)?;
        } else {
            let lines: Vec<_> = settings.iter().map(|(name, value)| assignment(name, value)).collect();
            if !sandbox.print_env {
                printer.note(lang.sandbox_ready(&settings[0].1));
                printer.note(if sandbox.auto_consent {
                    lang.sandbox_consent_auto()
                } else {
                    lang.sandbox_consent_click()
                });
                printer.note(lang.sandbox_lives(access, refresh));
                printer.note(lang.sandbox_control(stand.provider.control_url()));
                if let Some(seed) = sandbox.seed {
                    printer.note(lang.sandbox_seed(seed));
                }
                printer.note(lang.sandbox_try());
            }
            printer.data(&lines.join("\n"))?;
            if !sandbox.print_env {
                printer.note(lang.sandbox_login(stand.home.display()));
            }
        }
        // Until a signal: `signals::heard` drops this future, and the stand with it.
        std::future::pending::<()>().await;
        ExitCode::SUCCESS
    };
    stand.provider.stop().await;
    Ok(exit)
}

/// The exit code of a program, as a shell tells it.
fn exit_of(status: std::process::ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// A running provider with one app and two users.
pub(super) struct Stand {
    pub(super) provider: Provider,
    app_id: String,
    app_secret: String,
    home: PathBuf,
    redirect_uri: String,
    access_life: u64,
    refresh_life: u64,
}

impl Stand {
    async fn start(sandbox: &args::Sandbox, desk: &Desk) -> Result<Self, Failure> {
        let mut options = SandboxOptions { seed: sandbox.seed, ..SandboxOptions::default() };
        if sandbox.port != 0 {
            let last = sandbox.port.checked_add(4).ok_or_else(|| port_failure(sandbox.port, desk))?;
            for (place, port) in options.ports.iter_mut().zip(sandbox.port..=last) {
                *place = port;
            }
        }
        let lives = &mut options.rules.lifetimes;
        let seconds = |wish: Option<Duration>, default: u64| wish.map_or(default, |wish| wish.as_secs());
        lives.access = seconds(sandbox.access_life, lives.access);
        lives.oidc_access = seconds(sandbox.access_life, lives.oidc_access);
        lives.legacy_access = seconds(sandbox.access_life, lives.legacy_access);
        lives.refresh = seconds(sandbox.refresh_life, lives.refresh);
        lives.oidc_refresh = seconds(sandbox.refresh_life, lives.oidc_refresh);
        lives.legacy_refresh = seconds(sandbox.refresh_life, lives.legacy_refresh);
        let home = match &desk.global.home {
            Some(home) => home.clone(),
            None => desk.home()?.path().with_file_name("tokenward-sandbox"),
        };
        let redirect = sandbox.redirect_uri.as_ref().map_or(DEFAULT_REDIRECT, url::Url::as_str);
        Self::with(options, home, redirect, sandbox.auto_consent, desk).await
    }

    /// Starts a provider whose app has registered this redirect URL.
    pub(super) async fn with(
        options: SandboxOptions,
        home: PathBuf,
        redirect_uri: &str,
        auto_consent: bool,
        desk: &Desk,
    ) -> Result<Self, Failure> {
        let (access_life, refresh_life) = (options.rules.lifetimes.access, options.rules.lifetimes.refresh);
        let provider = Provider::start(options).await.map_err(|error| start_failure(&error, desk))?;
        let app = provider.app(AppSpec::new(Brand::Feishu).name("Tokenward").redirect(redirect_uri));
        provider.user("Ada");
        provider.user("小明");
        if auto_consent {
            provider.consent_auto();
        }
        Ok(Self {
            provider,
            app_id: app.id,
            app_secret: app.secret,
            home,
            redirect_uri: redirect_uri.to_owned(),
            access_life,
            refresh_life,
        })
    }

    /// The app's id and secret.
    pub(super) fn app(&self) -> (String, String) {
        (self.app_id.clone(), self.app_secret.clone())
    }

    /// The variables that lead Tokenward to this provider, the address first.
    pub(super) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TOKENWARD_OPEN_URL", self.provider.open_url(Brand::Feishu)),
            ("TOKENWARD_ACCOUNTS_URL", self.provider.accounts_url(Brand::Feishu)),
            ("TOKENWARD_PROVIDER", "feishu".to_owned()),
            ("TOKENWARD_APP_ID", self.app_id.clone()),
            ("TOKENWARD_APP_SECRET", self.app_secret.clone()),
            ("TOKENWARD_REDIRECT_URI", self.redirect_uri.clone()),
            ("TOKENWARD_HOME", self.home.display().to_string()),
        ]
    }
}

fn start_failure(error: &StartError, desk: &Desk) -> Failure {
    let code = match error {
        StartError::Listen { .. } => Code::PortInUse,
        _ => Code::Internal,
    };
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    let failure = Failure::new(code, desk.lang().sandbox_not_started()).detail(format!("{error}{source}"));
    match code {
        Code::PortInUse => failure.then(desk.lang().sandbox_other_port()),
        _ => failure,
    }
}

fn port_failure(port: u16, desk: &Desk) -> Failure {
    Failure::new(Code::PortInUse, desk.lang().sandbox_not_started())
        .detail(format!("{port} + 4 > 65535"))
        .then(desk.lang().sandbox_other_port())
}

/// The settings' own default.
const DEFAULT_REDIRECT: &str = "http://127.0.0.1:9768/callback";
