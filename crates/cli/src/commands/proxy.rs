//! `tokenward proxy`: an address at which the provider's API needs no token.
//!
//! What passes, and what is put in, is `tokenward_serve`'s business; this file opens the login, says where the proxy
//! listens and writes a line for each request. The lines hold method, path and status and nothing that was sent (I4).

mod program;

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;
use tokenward::{ApiClient, ApiOptions, CallOptions, Identity as As, KeeperOptions, Notice, Session, SystemEntropy};
use tokenward_core::ports::Clock as _;
use tokenward_core::{App, Code};
use tokenward_launcher::assignment;
use tokenward_serve::proxy::{
    ErrorWords, Exchange, Limits, LocalSecret, Proxy as Listening, ProxyError, ProxyOptions, USER_PLACEHOLDER,
};

use crate::args::{Identity, Proxy};
use crate::context::{Context, Ending, Work};
use crate::failure::Failure;
use crate::fields;
use crate::words::in_zone;

pub(super) async fn run(proxy: Proxy, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let secret = secret(&proxy, context)?;
    // A request is not held up by a rotation ahead of time: it gets the token that still lives.
    let keeper = KeeperOptions::default().ahead_patience(Duration::ZERO);
    let work = context.work_with(keeper).await.map_err(|failure| {
        // `tokenward proxy npx …`: a program was meant.
        let is_none = failure.is_of(Code::UnknownProfile) || failure.is_of(Code::NotLoggedIn);
        let is_file = || proxy.of.as_ref().is_some_and(|name| std::path::Path::new(name.as_str()).is_file());
        let is_unknown = failure.is_of(Code::UnknownProfile) && proxy.of.is_some();
        let is_program = proxy.command.is_empty() && is_none && (is_unknown || is_file());
        if is_program { failure.then(lang.proxy_program()) } else { failure }
    });
    let work = Arc::new(work?);
    if work.app.provider().brand().is_none() {
        let failure = Failure::new(Code::Usage, lang.proxy_not_here(work.app.provider()));
        return Err(failure.then(lang.proxy_not_here_next()));
    }
    let identity = match proxy.identity {
        Identity::User => As::User(context.grant_of(&work).await?),
        Identity::App => As::App,
        Identity::Tenant => As::Tenant,
    };
    let client = client(&work.session, &work.app, identity);
    let with_program = !proxy.command.is_empty();
    // Beside a program its own lines are wanted, and not ours.
    let log = Log::start(context, client.clone(), &work, !with_program || context.global.verbose > 0);
    // What it answers is read by somebody who does not see which profile it runs for.
    let meant = context.meant(&work.profile.name);
    let options = ProxyOptions {
        secret: secret.clone(),
        allow_remote: proxy.allow_remote,
        hosts: proxy.allow_host.clone(),
        origins: proxy.allow_origin.clone(),
        limits: Limits::default(),
        words: Arc::new(move |code| ErrorWords {
            happened: lang.happened(code).to_owned(),
            next: meant.within(lang.next_step(code)),
        }),
        watcher: log.watcher(),
        again: again(&work, proxy.identity),
    };
    let listening = Listening::bind(proxy.listen.unwrap_or(if with_program { FREE } else { USUAL }), client, options)
        .await
        .map_err(|error| not_listening(&error, context))?;
    let url = url(listening.address(), secret.as_ref(), &proxy.allow_host);
    let env = environment(&url, secret.as_ref(), &work.app, proxy.identity);
    if with_program {
        caution(listening.address(), secret.is_some(), context);
        let ended = program::beside(&proxy.command, env, listening, context).await;
        log.end().await;
        return ended;
    }
    if printer.json {
        printer.document(&json!({
            "url": url,
            "address": listening.address().to_string(),
            "identity": identity_name(proxy.identity),
            "profile": work.profile.name,
            "upstream": work.app.hosts.open.as_str(),
            "env": env.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>(),
        }))?;
    } else {
        if !proxy.print_env {
            greet(&url, &proxy, &work, listening.address(), secret.is_some(), context);
        }
        match &proxy.secret_file {
            // Whoever reads a log knows the file and is not to know the secret.
            Some(file) if !proxy.print_env && !context.ambient.surface.out => {
                printer.note(lang.proxy_settings_unshown(file.display()));
            }
            _ => {
                let lines: Vec<_> = env.iter().map(|(name, value)| assignment(name, value)).collect();
                printer.data(&lines.join("\n"))?;
            }
        }
    }
    listening.run(context.stopping(Ending::Requests)).await;
    log.end().await;
    printer.note(lang.proxy_ended());
    Ok(ExitCode::SUCCESS)
}

fn client(session: &Session, app: &App, identity: As) -> ApiClient {
    session.api(app.clone(), identity, CallOptions::default(), ApiOptions::default())
}

/// Finds the login that the profile has after it was logged out and in again.
fn again(work: &Arc<Work>, identity: Identity) -> Option<tokenward_serve::proxy::Again> {
    let work = Arc::clone(work);
    (identity == Identity::User).then(|| {
        Arc::new(move || {
            let work = Arc::clone(&work);
            let found = async move {
                let keeper = work.session.keeper();
                let grant = keeper.grant_of(&work.profile.name).await.ok()?;
                let login = keeper.status(grant).await.ok()?.grant;
                let own = login.app == work.app.name && keeper.other_app(&login, &work.app).await.ok()?.is_none();
                own.then(|| client(&work.session, &work.app, As::User(grant)))
            };
            Box::pin(found) as tokenward_serve::proxy::ClientFuture
        }) as tokenward_serve::proxy::Again
    })
}

fn greet(url: &str, proxy: &Proxy, work: &Work, address: SocketAddr, guarded: bool, context: &Context) {
    let (lang, printer) = (context.lang(), context.printer);
    let host = work.app.hosts.open.as_str().trim_end_matches('/');
    // Where stderr is no terminal it is a log, and the secret is in none.
    let shown = if context.ambient.surface.err { url.to_owned() } else { without_secret(url) };
    printer.note(lang.proxy_ready(shown));
    printer.note(match proxy.identity {
        Identity::User => lang.proxy_user(&work.profile.name, host),
        Identity::App => lang.proxy_app(&work.app.name, host),
        Identity::Tenant => lang.proxy_tenant(&work.app.name, host),
    });
    if guarded {
        printer.note(lang.proxy_secret_path());
    }
    caution(address, guarded, context);
    if !context.ambient.surface.out && proxy.secret_file.is_some() {
        return;
    }
    if guarded && !context.ambient.surface.out {
        printer.note(lang.proxy_secret_on_stdout());
    }
    printer.note(if guarded { lang.proxy_set_secret() } else { lang.proxy_set() });
}

/// Who else can use the login.
fn caution(address: SocketAddr, guarded: bool, context: &Context) {
    let (lang, printer) = (context.lang(), context.printer);
    if !address.ip().is_loopback() {
        printer.warning(lang.proxy_remote(address));
    }
    if !guarded {
        printer.warning(lang.proxy_no_secret());
    }
}

/// The secret that callers must know.
fn secret(proxy: &Proxy, context: &Context) -> Result<Option<LocalSecret>, Failure> {
    let lang = context.lang();
    let Some(file) = &proxy.secret_file else {
        return Ok((!proxy.no_secret).then(|| LocalSecret::draw(&SystemEntropy)));
    };
    let failed =
        |error: io::Error| Failure::new(Code::FileUnusable, lang.proxy_file(file.display())).detail(error.to_string());
    if matches!(std::fs::symlink_metadata(file), Err(error) if error.kind() == io::ErrorKind::NotFound) {
        let secret = LocalSecret::draw(&SystemEntropy);
        write(file, &secret).map_err(failed)?;
        context.printer.note(lang.proxy_secret_written(file.display()));
        return Ok(Some(secret));
    }
    let text = context.secret_text(file, |_| lang.proxy_file(file.display()))?;
    let secret = LocalSecret::parse(&text);
    secret.map(Some).map_err(|_| {
        Failure::new(Code::BadSecret, lang.proxy_secret_weak(file.display())).then(lang.proxy_secret_weak_next())
    })
}

fn write(file: &Path, secret: &LocalSecret) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(secret.expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// The address to be configured.
fn url(address: SocketAddr, secret: Option<&LocalSecret>, hosts: &[String]) -> String {
    let port = address.port();
    let host = match address.ip() {
        ip if ip.is_unspecified() && !hosts.is_empty() => format!("{}:{port}", hosts[0]),
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port).to_string(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port).to_string(),
        _ => address.to_string(),
    };
    let secret = secret.map(|secret| format!("/s/{}", secret.expose())).unwrap_or_default();
    format!("http://{host}{secret}")
}

/// The address for those who are not to know the secret.
fn without_secret(url: &str) -> String {
    match url.split_once("/s/") {
        Some((address, _)) => format!("{address}/s/…"),
        None => url.to_owned(),
    }
}

/// The variables by which SDKs and MCP servers are led here. Those after the first are read by `@larksuiteoapi/lark-mcp`.
/// Not every SDK takes a domain with a path, so the secret stands where they would have secrets of their own.
fn environment(url: &str, secret: Option<&LocalSecret>, app: &App, identity: Identity) -> Vec<(&'static str, String)> {
    let mode = match identity {
        Identity::User => "user_access_token",
        Identity::App | Identity::Tenant => "tenant_access_token",
    };
    let mut env = vec![
        ("TOKENWARD_PROXY_URL", url.to_owned()),
        ("LARK_DOMAIN", url.split("/s/").next().unwrap_or(url).to_owned()),
        ("APP_ID", app.client_id.clone()),
        ("APP_SECRET", secret.map_or("not-needed", LocalSecret::expose).to_owned()),
        ("LARK_TOKEN_MODE", mode.to_owned()),
    ];
    if identity == Identity::User {
        let token = secret.map_or_else(|| USER_PLACEHOLDER.to_owned(), LocalSecret::as_user_token);
        env.push(("USER_ACCESS_TOKEN", token));
    }
    env
}

const fn identity_name(identity: Identity) -> &'static str {
    match identity {
        Identity::User => "user",
        Identity::App => "app",
        Identity::Tenant => "tenant",
    }
}

fn not_listening(error: &ProxyError, context: &Context) -> Failure {
    let lang = context.lang();
    match error {
        ProxyError::OpenAddress(address) => Failure::new(error.code(), lang.proxy_open(address)),
        ProxyError::PortInUse(address) => Failure::new(error.code(), lang.proxy_other_port(address.port())).complete(),
        ProxyError::Bind { address, source } => {
            Failure::new(error.code(), lang.proxy_not_listening(address)).detail(source.to_string())
        }
        ProxyError::BadOrigin(origin) => Failure::new(error.code(), lang.proxy_bad_origin(origin)).complete(),
        _ => Failure::of(error.code()).detail(error.to_string()),
    }
}

/// Lines about requests, written by a thread of their own: whoever reads them may stand still.
struct Log {
    lines: SyncSender<Exchange>,
    unshown: Arc<AtomicU64>,
    writer: JoinHandle<()>,
}

impl Log {
    /// Beside the requests it says once that the login is no longer valid, should it be or come to be so.
    fn start(context: &Context, client: ApiClient, work: &Work, shown: bool) -> Self {
        let (printer, lang, clock) = (context.printer, context.lang(), context.ambient.clock);
        let zone = context.zone().clone();
        let command = context.login_command(Some(&work.profile.name));
        let mut said_over = false;
        let (lines, read) = sync_channel::<Exchange>(WAITING);
        let unshown = Arc::new(AtomicU64::new(0));
        let missed = Arc::clone(&unshown);
        let writer = std::thread::spawn(move || {
            for exchange in read {
                if shown && printer.json {
                    printer.report(&json!({ "request": facts(&exchange, clock.now()) }));
                } else if shown {
                    printer.note(line(&exchange, &in_zone(clock.now(), &zone, "%H:%M:%S"), &lang.proxy_turned()));
                }
                let noticed = if said_over { Vec::new() } else { client.take_notices() };
                let over = |notice: &Notice| lang.login_over(notice, clock.now(), command.as_deref());
                if let Some(words) = noticed.iter().find_map(over) {
                    said_over = true;
                    printer.warning(words);
                }
                match missed.swap(0, Ordering::Relaxed) {
                    0 => {}
                    number if shown => printer.note(lang.proxy_unshown(number)),
                    _ => {}
                }
            }
        });
        Self { lines, unshown, writer }
    }

    fn watcher(&self) -> tokenward_serve::proxy::Watcher {
        let (lines, unshown) = (self.lines.clone(), Arc::clone(&self.unshown));
        Arc::new(move |exchange| {
            if lines.try_send(exchange.clone()).is_err() {
                unshown.fetch_add(1, Ordering::Relaxed);
            }
        })
    }

    /// Waits a moment for what is still to be written. Nobody can be made to read it.
    async fn end(self) {
        drop(self.lines);
        let written = async {
            while !self.writer.is_finished() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(LAST_LINES, written).await;
    }
}

fn line(exchange: &Exchange, at: &str, rotated: &str) -> String {
    let (Exchange { path, status, took, .. }, method) = (exchange, exchange.method.as_str());
    let mut line = format!("{at}  {status}  {method:<6} {path}  {} ms", took.as_millis());
    if exchange.rotated {
        line.push_str("  ");
        line.push_str(rotated);
    }
    if let Some(code) = exchange.code {
        line.push_str("  ");
        line.push_str(code.as_str());
    }
    line
}

fn facts(exchange: &Exchange, now: jiff::Timestamp) -> serde_json::Value {
    json!({
        "at": fields::moment(now),
        "method": exchange.method.as_str(),
        "path": exchange.path,
        "http_status": exchange.status,
        "ms": u64::try_from(exchange.took.as_millis()).unwrap_or(u64::MAX),
        "refreshed": exchange.rotated,
        "code": exchange.code,
    })
}

/// Lines that may wait for the writer.
const WAITING: usize = 1024;
/// Where settings of programs expect it.
const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9770);
/// For a program that is told where.
const FREE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const LAST_LINES: Duration = Duration::from_millis(300);
