//! `tokenward serve`: logins for programs of other machines, over HTTP.
//!
//! What is answered is `tokenward_serve`'s business; this file opens the store and says where the server listens. Requests are told as events
//! (`-v`), without anything that was sent or handed out (I4).

mod key;
mod store;
mod tls;

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use tokenward_core::Code;
use tokenward_serve::proxy::ErrorWords;
use tokenward_serve::scheduler::SchedulerOptions;
use tokenward_serve::server::{Limits, Server, ServerError, ServerOptions};

use crate::args::{Serve, ServeCommand};
use crate::context::{Context, Ending};
use crate::failure::Failure;

pub(super) use store::open;

pub(super) async fn run(serve: Serve, context: &Context) -> Result<ExitCode, Failure> {
    match serve.command {
        Some(ServeCommand::Key(key)) => key::run(key, context).await,
        None => listen(serve, context).await,
    }
}

async fn listen(serve: Serve, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let names = context.settings()?.one_app_for_all();
    if !names.is_empty() {
        let names = names.join(lang.list_gap());
        return Err(Failure::new(Code::BadSetting, lang.serve_one_app(names)).then(lang.serve_one_app_next()));
    }
    let tls = tls::open(&serve, context)?;
    let is_encrypted = tls.is_some();
    let (session, place) = open(&serve.store, context).await?;
    let has_keys = !session.store().keys().await.map_err(tokenward::Error::from)?.is_empty();
    let options = ServerOptions {
        allow_remote: serve.allow_remote,
        limits: Limits {
            key_rate: serve.key_rate.get(),
            offline_for: serve.offline_for,
            expires_soon: serve.expires_soon,
            ..Limits::default()
        },
        scheduler: scheduler(&serve),
        dashboard: !serve.no_dashboard,
        tls,
        words: Arc::new(move |code| match code {
            // A caller has no `tokenward login`, and does not learn which of the reasons it is.
            Code::NotLoggedIn | Code::UnknownProfile => {
                ErrorWords { happened: lang.serve_no_login(), next: lang.serve_no_login_next() }
            }
            // Nor its key.
            Code::VaultKey => ErrorWords { happened: lang.serve_vault_key(), next: lang.serve_vault_key_next() },
            code => ErrorWords { happened: lang.happened(code).to_owned(), next: lang.next_step(code).to_owned() },
        }),
    };
    let server = Server::bind(serve.listen, session, options).await.map_err(|error| not_listening(&error, context))?;
    let url = format!("{}://{}", if is_encrypted { "https" } else { "http" }, server.address());
    let dashboard = (!serve.no_dashboard).then(|| format!("{url}/dashboard"));
    if printer.json {
        let address = server.address().to_string();
        printer.document(&json!({ "url": url, "address": address, "dashboard": dashboard, "store": place }))?;
    } else {
        printer.note(lang.serve_ready(&url));
        if let Some(url) = dashboard {
            printer.note(lang.serve_dashboard(url));
        }
        printer.note(lang.serve_store(&place));
        if let Some(file) = &serve.tls_client_ca {
            printer.note(lang.serve_clients(file.display()));
        }
    }
    if !is_encrypted && !server.address().ip().is_loopback() {
        printer.warning(lang.serve_remote(server.address()));
    }
    if !has_keys {
        printer.warning(lang.serve_no_keys());
    }
    server.run(context.stopping(Ending::Requests)).await?;
    printer.note(lang.serve_ended());
    Ok(ExitCode::SUCCESS)
}

/// How logins are refreshed in the background, if they are.
fn scheduler(serve: &Serve) -> Option<SchedulerOptions> {
    let usual = SchedulerOptions::default();
    let Serve { hot_for, refreshes_at_once, .. } = serve;
    (!serve.no_scheduler).then_some(SchedulerOptions {
        hot_for: *hot_for,
        at_once: usize::from(refreshes_at_once.get()),
        ..usual
    })
}

fn not_listening(error: &ServerError, context: &Context) -> Failure {
    let lang = context.lang();
    match error {
        ServerError::OpenAddress(address) => Failure::new(error.code(), lang.proxy_open(address)),
        ServerError::PortInUse(address) => Failure::new(error.code(), lang.proxy_other_port(address.port())).complete(),
        ServerError::Bind { address, source } => {
            Failure::new(error.code(), lang.proxy_not_listening(address)).detail(source.to_string())
        }
        ServerError::Settings(error) => context.settings_failure(error),
        _ => Failure::of(error.code()).detail(error.to_string()),
    }
}
