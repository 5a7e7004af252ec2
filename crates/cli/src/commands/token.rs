//! `tokenward token`: an access token that is good now, alone on stdout.
//!
//! The engine decides whether to rotate first; this file only prints. The token appears on stdout and nowhere else.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokenward::ServedToken;
use tokenward_core::ports::AppTokenKind;
use tokenward_core::{Code, ProviderName, TokenWish};
use tokenward_launcher::{USER_VARIABLE, assignment, dotenv_line};

use crate::args::{Format, Identity, Token};
use crate::commands::link;
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::fields;

pub(super) async fn run(token: &Token, context: &Context) -> Result<ExitCode, Failure> {
    let work = match &token.env_file {
        Some(file) => context.work_as(&link::profile_of(file, context).await?).await?,
        None => context.work().await?,
    };
    let file = token.env_file.as_deref();
    let format = token.format.unwrap_or(if context.printer.json { Format::Json } else { Format::Raw });
    match token.identity {
        Identity::User => user(token.min_ttl, format, file, context, &work).await?,
        Identity::App if work.app.provider() == ProviderName::BlueKing => {
            let handed = context.apps_own(&work, token.min_ttl).await?;
            tell(&handed, "app", APP_VARIABLE, format, context, &work)?;
        }
        Identity::Tenant if work.app.provider().brand().is_none() => return Err(no_tenants(&work, context)),
        Identity::App => app(AppTokenKind::App, token.min_ttl, format, context, &work).await?,
        Identity::Tenant => app(AppTokenKind::Tenant, token.min_ttl, format, context, &work).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn user(
    min_ttl: Duration,
    format: Format,
    file: Option<&Path>,
    context: &Context,
    work: &Work,
) -> Result<(), Failure> {
    let handed = context.access(work, TokenWish::Living { min_ttl }).await?;
    if let Some(file) = file {
        link::tell_out_of_step(file, work, &handed.notices, context).await?;
    }
    tell(&handed, "user", USER_VARIABLE, format, context, work)
}

/// Prints what the engine handed out.
fn tell(
    handed: &ServedToken,
    identity: &str,
    variable: &str,
    format: Format,
    context: &Context,
    work: &Work,
) -> Result<(), Failure> {
    context.tell_notices(&handed.notices);
    let access = &handed.access;
    let facts = json!({
        "profile": work.profile.name,
        "identity": identity,
        "generation": handed.generation,
        "refreshed": handed.rotated,
        "notices": handed.notices.iter().map(tokenward::Notice::name).collect::<Vec<_>>(),
    });
    print(access.token.expose(), variable, access.expires, facts, format, context, work)
}

async fn app(
    kind: AppTokenKind,
    min_ttl: Duration,
    format: Format,
    context: &Context,
    work: &Work,
) -> Result<(), Failure> {
    let access = work.session.keeper().app_token(&work.app, kind, min_ttl).await?;
    let (identity, variable) = match kind {
        AppTokenKind::App => ("app", APP_VARIABLE),
        AppTokenKind::Tenant => ("tenant", "TOKENWARD_TENANT_ACCESS_TOKEN"),
    };
    let facts = json!({ "app": work.app.name, "identity": identity });
    print(access.token.expose(), variable, access.expires, facts, format, context, work)
}

/// A company to act in is something that only one platform knows.
pub(super) fn no_tenants(work: &Work, context: &Context) -> Failure {
    Failure::new(Code::Usage, context.lang().no_tenants(work.app.provider())).complete()
}

fn print(
    token: &str,
    variable: &str,
    expires: Timestamp,
    mut facts: serde_json::Value,
    format: Format,
    context: &Context,
    work: &Work,
) -> Result<(), Failure> {
    match format {
        Format::Raw => context.printer.data(token),
        Format::Header => context.printer.data(&header(token, work.app.provider())),
        Format::Env => context.printer.data(&assignment(variable, token)),
        Format::Dotenv => {
            let lang = context.lang();
            let line = dotenv_line(variable, token);
            let none = || Failure::new(Code::Usage, lang.not_for_dotenv()).then(lang.not_for_dotenv_next());
            context.printer.data(&line.ok_or_else(none)?)
        }
        Format::Json => {
            facts["access_token"] = json!(token);
            facts["token_type"] = json!("Bearer");
            facts["expires_at"] = json!(fields::moment(expires));
            facts["expires_in"] = json!(expires.duration_since(context.now()).as_secs().max(0));
            context.printer.document(&facts)
        }
    }
}

/// A header line, as for `curl -H`: RFC 6750 §2.1, or what BlueKing's gateway reads (reference/blueking.md §4).
fn header(token: &str, provider: ProviderName) -> String {
    match provider {
        ProviderName::BlueKing => format!("X-Bkapi-Authorization: {}", json!({ "access_token": token })),
        ProviderName::Feishu | ProviderName::Lark | ProviderName::OAuth2 => {
            format!("Authorization: Bearer {token}")
        }
    }
}

const APP_VARIABLE: &str = "TOKENWARD_APP_ACCESS_TOKEN";
