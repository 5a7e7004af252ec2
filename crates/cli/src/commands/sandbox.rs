//! `tokenward sandbox`: a provider on this machine, for people, tests and other programs.
//!
//! Prints settings that are ready to use and runs until a signal, or as long as the program after `--` does. The app's
//! secret is printed, because it protects nothing but a sandbox.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use tokenward_core::{Code, ProviderName, TokenApi};
use tokenward_emulator::{AppSpec, Brand, Door, Rules, Sandbox as Provider, SandboxOptions, StartError, UserSpec};
use tokenward_launcher::assignment;

use crate::args;
use crate::commands::child_process;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(sandbox: args::Sandbox, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let plays = Plays::of(&sandbox, context)?;
    let stand = Stand::start(&sandbox, plays, context).await?;
    let settings = stand.settings();
    let (access, refresh) = (lang.span(stand.access_life), lang.span(stand.refresh_life));
    let exit = if sandbox.command.is_empty() {
        if printer.json {
            let mut document = json!({
                "control_url": stand.provider.control_url(),
                "seed": sandbox.seed,
                "auto_consent": sandbox.auto_consent,
                "access_lifetime": stand.access_life,
                "refresh_lifetime": stand.refresh_life,
            });
            document["env"] = settings.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            printer.document(&document)?;
        } else {
            // The address that answers, with what there is.
            let control = format!("{}/control", stand.provider.control_url());
            let lines: Vec<_> = settings.iter().map(|(name, value)| assignment(name, value)).collect();
            if !sandbox.print_env {
                printer.note(lang.sandbox_ready(&settings[0].1));
                if !matches!(stand.plays, Plays::Ssm | Plays::AuthApi) {
                    printer.note(if sandbox.auto_consent {
                        lang.sandbox_consent_auto()
                    } else {
                        lang.sandbox_consent_click()
                    });
                }
                printer.note(lang.sandbox_lives(access, refresh));
                printer.note(lang.sandbox_control(&control));
                if let Some(seed) = sandbox.seed {
                    printer.note(lang.sandbox_seed(seed));
                }
                printer.note(lang.sandbox_try(match stand.plays {
                    Plays::Ssm | Plays::AuthApi => "tokenward login --user alice",
                    _ => "tokenward login",
                }));
            }
            printer.data(&lines.join("\n"))?;
            if !sandbox.print_env {
                printer.note(lang.sandbox_kept(stand.home.display()));
                if matches!(stand.plays, Plays::Ssm | Plays::AuthApi) {
                    printer.note(lang.sandbox_user());
                }
                let seconds = stand.access_life.saturating_add(60);
                let body = json!({ "advance_seconds": seconds });
                printer.note(lang.sandbox_clock(format!("curl {control}/clock -d '{body}'")));
                printer.note(lang.sandbox_clock_too(seconds));
            }
        }
        // Until a signal: `signals::heard` drops this future, and the stand with it.
        std::future::pending::<()>().await;
        ExitCode::SUCCESS
    } else {
        let env = settings.iter().map(|(name, value)| (*name, value));
        let mut child = child_process::start(&sandbox.command, env, context)?;
        let status = child.wait().await.map_err(|error| Failure::of(Code::Internal).detail(error.to_string()))?;
        child_process::exit_of(status)
    };
    stand.provider.stop().await;
    Ok(exit)
}

/// A running provider with one app and two users.
pub(super) struct Stand {
    plays: Plays,
    pub(super) provider: Provider,
    app_id: String,
    app_secret: String,
    home: PathBuf,
    redirect_uri: String,
    access_life: u64,
    refresh_life: u64,
}

impl Stand {
    async fn start(sandbox: &args::Sandbox, plays: Plays, context: &Context) -> Result<Self, Failure> {
        let mut options = SandboxOptions { seed: sandbox.seed, ..SandboxOptions::default() };
        if sandbox.port != 0 {
            let last = sandbox.port.checked_add(4).ok_or_else(|| port_failure(sandbox.port, context))?;
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
        let (access, refresh) = plays.lives(&mut options.rules);
        *access = seconds(sandbox.access_life, *access);
        *refresh = seconds(sandbox.refresh_life, *refresh);
        let shown = (*access, *refresh);
        let home = match &context.global.home {
            Some(home) => home.clone(),
            None => context.home()?.path().with_file_name(plays.home()),
        };
        let redirect = sandbox.redirect_uri.as_ref().map_or(DEFAULT_REDIRECT, tokenward_core::RedirectUri::as_str);
        let stand = Self::playing(plays, options, home, redirect, sandbox.auto_consent, context).await?;
        Ok(Self { access_life: shown.0, refresh_life: shown.1, ..stand })
    }

    /// Starts a provider whose app has registered this redirect URL.
    pub(super) async fn with(
        options: SandboxOptions,
        home: PathBuf,
        redirect_uri: &str,
        auto_consent: bool,
        context: &Context,
    ) -> Result<Self, Failure> {
        Self::playing(Plays::Feishu, options, home, redirect_uri, auto_consent, context).await
    }

    async fn playing(
        plays: Plays,
        options: SandboxOptions,
        home: PathBuf,
        redirect_uri: &str,
        auto_consent: bool,
        context: &Context,
    ) -> Result<Self, Failure> {
        let (access_life, refresh_life) = (options.rules.lifetimes.access, options.rules.lifetimes.refresh);
        let provider = Provider::start(options).await.map_err(|error| start_failure(&error, context))?;
        let app = provider.app(AppSpec::new(plays.brand()).name("Tokenward").redirect(redirect_uri));
        if plays.brand() == Brand::BlueKing {
            // Two users who are logged in at BlueKing, known by what they are called there.
            for (id, name) in [("alice", "Alice"), ("xiaoming", "小明")] {
                let cookie = |name: &str| format!("{name}-of-{id}");
                let spec = UserSpec::new(name).id(id).cookie("bk_token", &cookie("bk_token"));
                provider.add_user(spec.cookie("bk_ticket", &cookie("bk_ticket")));
            }
        } else {
            provider.user("Ada");
            provider.user("小明");
        }
        if auto_consent {
            provider.consent_auto();
        }
        Ok(Self {
            plays,
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
        let sandbox = &self.provider;
        let (open, accounts) = match self.plays {
            Plays::Feishu => (sandbox.open_url(Brand::Feishu), sandbox.accounts_url(Brand::Feishu)),
            Plays::Ssm => (sandbox.door_url(Door::Gateway), sandbox.door_url(Door::Ssm)),
            Plays::AuthApi => (sandbox.door_url(Door::Gateway), sandbox.door_url(Door::AuthApi)),
            Plays::Bkauth => (sandbox.door_url(Door::Gateway), sandbox.door_url(Door::Bkauth)),
            Plays::OAuth2 => (sandbox.door_url(Door::Plain), sandbox.door_url(Door::Plain)),
        };
        let mut settings = vec![
            ("TOKENWARD_OPEN_URL", open),
            ("TOKENWARD_ACCOUNTS_URL", accounts),
            ("TOKENWARD_PROVIDER", self.plays.provider().as_str().to_owned()),
            ("TOKENWARD_APP_ID", self.app_id.clone()),
            ("TOKENWARD_APP_SECRET", self.app_secret.clone()),
            ("TOKENWARD_REDIRECT_URI", self.redirect_uri.clone()),
            ("TOKENWARD_HOME", self.home.display().to_string()),
        ];
        let more = match self.plays {
            Plays::Feishu => None,
            Plays::Ssm => Some(("TOKENWARD_BK_TOKEN", "bk_token-of-alice")),
            Plays::AuthApi => Some(("TOKENWARD_BK_TICKET", "bk_ticket-of-alice")),
            Plays::Bkauth => Some(("TOKENWARD_REALM", "blueking")),
            // Without it this server issues no refresh token.
            Plays::OAuth2 => Some(("TOKENWARD_SCOPES", "offline_access")),
        };
        if let Some(dialect) = self.plays.dialect() {
            settings.push(("TOKENWARD_TOKEN_API", dialect.as_str().to_owned()));
        }
        settings.extend(more.map(|(name, value)| (name, value.to_owned())));
        settings
    }
}

/// What the sandbox plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plays {
    Feishu,
    Ssm,
    AuthApi,
    Bkauth,
    OAuth2,
}

impl Plays {
    fn of(sandbox: &args::Sandbox, context: &Context) -> Result<Self, Failure> {
        let lang = context.lang();
        let dialect = sandbox.dialect.filter(|_| sandbox.provider == ProviderName::BlueKing);
        Ok(match (sandbox.provider, sandbox.dialect, dialect) {
            (ProviderName::Feishu, None, _) => Self::Feishu,
            (ProviderName::OAuth2, None, _) => Self::OAuth2,
            (ProviderName::BlueKing, None, _) | (_, _, Some(TokenApi::Ssm)) => Self::Ssm,
            (_, _, Some(TokenApi::AuthApi)) => Self::AuthApi,
            (_, _, Some(TokenApi::BkAuth)) => Self::Bkauth,
            _ => return Err(Failure::new(Code::Usage, lang.sandbox_plays()).complete()),
        })
    }

    const fn brand(self) -> Brand {
        match self {
            Self::Feishu => Brand::Feishu,
            Self::Ssm | Self::AuthApi | Self::Bkauth => Brand::BlueKing,
            Self::OAuth2 => Brand::OAuth2,
        }
    }

    const fn provider(self) -> ProviderName {
        match self {
            Self::Feishu => ProviderName::Feishu,
            Self::Ssm | Self::AuthApi | Self::Bkauth => ProviderName::BlueKing,
            Self::OAuth2 => ProviderName::OAuth2,
        }
    }

    /// A home for each provider: the login of one does not push out another's.
    const fn home(self) -> &'static str {
        match self {
            Self::Feishu => "tokenward-sandbox",
            Self::Ssm | Self::AuthApi | Self::Bkauth => "tokenward-sandbox-blueking",
            Self::OAuth2 => "tokenward-sandbox-oauth2",
        }
    }

    const fn dialect(self) -> Option<TokenApi> {
        match self {
            Self::Ssm => Some(TokenApi::Ssm),
            Self::AuthApi => Some(TokenApi::AuthApi),
            Self::Bkauth => Some(TokenApi::BkAuth),
            Self::Feishu | Self::OAuth2 => None,
        }
    }

    /// The lives of access and refresh tokens.
    const fn lives(self, rules: &mut Rules) -> (&mut u64, &mut u64) {
        match self {
            Self::Feishu => (&mut rules.lifetimes.access, &mut rules.lifetimes.refresh),
            Self::Ssm => {
                (&mut rules.blueking.ssm.tokens.access_seconds, &mut rules.blueking.ssm.tokens.refresh_seconds)
            }
            Self::AuthApi => {
                let tokens = &mut rules.blueking.auth_api.tokens;
                (&mut tokens.access_seconds, &mut tokens.refresh_seconds)
            }
            Self::Bkauth => (&mut rules.blueking.bkauth.access_seconds, &mut rules.blueking.bkauth.refresh_seconds),
            Self::OAuth2 => (&mut rules.plain.access_seconds, &mut rules.plain.refresh_seconds),
        }
    }
}

fn start_failure(error: &StartError, context: &Context) -> Failure {
    let code = match error {
        StartError::Listen { .. } => Code::PortInUse,
        _ => Code::Internal,
    };
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    let failure = Failure::new(code, context.lang().sandbox_not_started()).detail(format!("{error}{source}"));
    match code {
        Code::PortInUse => failure.then(context.lang().sandbox_other_port()),
        _ => failure,
    }
}

fn port_failure(port: u16, context: &Context) -> Failure {
    Failure::new(Code::PortInUse, context.lang().sandbox_not_started())
        .detail(format!("{port} + 4 > 65535"))
        .then(context.lang().sandbox_other_port())
}

/// The settings' own default.
const DEFAULT_REDIRECT: &str = "http://127.0.0.1:9768/callback";
