//! What the proxy costs beside the same requests sent straight to the sandbox.
//!
//! `cargo bench -p tokenward-serve --bench proxy`. The sandbox, the proxy (on one thread, as the command runs it) and the
//! client share the machine. Rounds alternate, so that whatever the machine is doing strikes both; medians are compared.
//! The client speaks plain HTTP over connections that are kept, so that it costs little. No pass or fail: a machine is not
//! a constant.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokenward::core::ports::{Clock as _, NewLogin};
use tokenward::core::{
    Access, AccessToken, App, AppSecret, Brand, FeishuApp, GrantId, Hosts, RefreshToken, TokenApi, TokenSet,
};
use tokenward::{
    ApiOptions, CallOptions, Environment, Home, Identity, KeeperOptions, Session, SessionOptions, SystemClock,
    SystemEntropy,
};
use tokenward_emulator::{AppSpec, Sandbox, SandboxOptions};
use tokenward_serve::proxy::{ErrorWords, Limits, Proxy, ProxyOptions};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use url::Url;

const ECHO: &str = "/open-apis/sandbox/v1/echo";
/// Requests of a round, one after the other.
const ONE_BY_ONE: usize = 200;
/// Connections at a time, and requests of each in a round.
const MANY: usize = 16;
const EACH: usize = 50;
const ROUNDS: usize = 15;
/// A download: events of 64 KiB.
const DOWNLOAD: &str = "/open-apis/sandbox/v1/stream?events=1000&bytes=65536";

type Failed = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let sandbox = Sandbox::start_blocking(SandboxOptions { seed: Some(3), ..SandboxOptions::default() })?;
    let brand = tokenward_emulator::Brand::Feishu;
    let registered = sandbox.app(AppSpec::new(brand));
    let ada = sandbox.user("Ada");
    let tokens = sandbox.seed_grant(&registered.id, &ada.id, &["offline_access"])?;
    let hosts =
        Hosts { open: Url::parse(&sandbox.open_url(brand))?, accounts: Url::parse(&sandbox.accounts_url(brand))? };
    let straight = hosts.open.socket_addrs(|| None)?[0];
    let app = App {
        name: "work".parse()?,
        hosts,
        client_id: registered.id,
        secret: Some(AppSecret::parse(registered.secret)?),
        token_api: TokenApi::V3,
        platform: FeishuApp { fallback: false, ..FeishuApp::new(Brand::Feishu) }.into(),
    };
    let refresh = tokens.refresh_token.ok_or("a refresh token")?;
    let through = start(app, tokens.access_token.clone(), refresh)?;
    let bearer = format!("Authorization: Bearer {}\r\n", tokens.access_token);

    let ways = [(straight, bearer.as_str()), (through, "")];
    let (mut alone, mut rates, mut bytes) = <([Vec<Duration>; 2], [Vec<f64>; 2], [Vec<f64>; 2])>::default();
    for _ in 0..ROUNDS {
        for (way, (address, field)) in ways.into_iter().enumerate() {
            alone[way].extend(one_by_one(address, field).await?);
            rates[way].push(many(address, field).await?);
            bytes[way].push(download(address, field).await?);
        }
    }
    print("                                    straight    through   ratio");
    for (name, share) in [("latency, median", 0.5), ("latency, p99", 0.99)] {
        let [straight, through] = alone.each_mut().map(|times| at(times, share).as_secs_f64() * 1e6);
        print(&format!("{name:<30} {straight:>10.0} µs {through:>7.0} µs   {:.2}", through / straight));
    }
    for (name, unit, rates) in [("requests, 16 connections", "/s", &mut rates), ("download", "MB/s", &mut bytes)] {
        let [straight, through] = rates.each_mut().map(|rates| middle(rates));
        print(&format!("{name:<30} {straight:>10.0} {unit} {through:>7.0} {unit}   {:.2}", through / straight));
    }
    Ok(())
}

/// A proxy on a thread of its own.
fn start(app: App, access: String, refresh: String) -> Result<SocketAddr, Failed> {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (proxy, _kept) = proxy(app, access, refresh).await.expect("a proxy");
            tell.send(proxy.address()).expect("someone waits");
            proxy.run(std::future::pending()).await;
        });
    });
    Ok(told.recv()?)
}

async fn proxy(app: App, access: String, refresh: String) -> Result<(Proxy, (Session, tempfile::TempDir)), Failed> {
    let folder = tempfile::tempdir()?;
    let session = Session::open(
        SessionOptions::new(
            &Home::resolve(Some(folder.path()), &Environment::default())?,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
        )
        .keeper(KeeperOptions::default().ahead_patience(Duration::ZERO)),
    )
    .await?;
    let now = SystemClock.now();
    let login = NewLogin {
        answer: None,
        id: GrantId::new(u64::try_from(now.as_millisecond())?, [1; 10]),
        profile: "work".parse()?,
        app: app.name.clone(),
        set: TokenSet {
            access: Some(Access {
                token: AccessToken::parse(access)?,
                obtained: now,
                expires: now + Duration::from_secs(7200),
            }),
            refresh: Some(RefreshToken::parse(refresh)?),
            refresh_expires: None,
            scopes: None,
            subject: None,
            issued_by: TokenApi::V3,
            obtained: now,
        },
        wall: None,
        by: session.parts().witness.myself().clone(),
        replace_user: false,
    };
    let grant = session.parts().vault.log_in(login).await?.id();
    let client = session.api(app, Identity::User(grant), CallOptions::default(), ApiOptions::default());
    let options = ProxyOptions {
        secret: None,
        allow_remote: false,
        hosts: Vec::new(),
        origins: Vec::new(),
        limits: Limits::default(),
        words: Arc::new(|code| ErrorWords { happened: code.name().to_owned(), next: String::new() }),
        watcher: Arc::new(|_| {}),
        again: None,
    };
    Ok((Proxy::bind("127.0.0.1:0".parse()?, client, options).await?, (session, folder)))
}

/// A connection that is kept.
struct Line {
    stream: BufReader<TcpStream>,
    request: String,
}

impl Line {
    async fn new(address: SocketAddr, field: &str, target: &str) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n{field}\r\n");
        Ok(Self { stream: BufReader::new(stream), request })
    }

    /// One request; its answer is read whole.
    async fn ask(&mut self) -> Result<(), Failed> {
        let length = self.head().await?.ok_or("a length")?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok(())
    }

    /// One request and the head of its answer.
    async fn head(&mut self) -> Result<Option<usize>, Failed> {
        self.stream.get_mut().write_all(self.request.as_bytes()).await?;
        let (mut line, mut length, mut first) = (String::new(), None, true);
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            if std::mem::take(&mut first) && !line.starts_with("HTTP/1.1 200 ") {
                return Err(line.into());
            }
            if line == "\r\n" {
                return Ok(length);
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse()?);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
async fn one_by_one(address: SocketAddr, field: &str) -> Result<Vec<Duration>, Failed> {
    let mut line = Line::new(address, field, ECHO).await?;
    line.ask().await?;
    let mut times = Vec::with_capacity(ONE_BY_ONE);
    for _ in 0..ONE_BY_ONE {
        let begun = Instant::now();
        line.ask().await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Requests a second over many connections.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
async fn many(address: SocketAddr, field: &str) -> Result<f64, Failed> {
    let mut lines = Vec::new();
    for _ in 0..MANY {
        lines.push(Line::new(address, field, ECHO).await?);
    }
    let begun = Instant::now();
    let work: Vec<_> = lines
        .into_iter()
        .map(|mut line| {
            tokio::spawn(async move {
                for _ in 0..EACH {
                    line.ask().await.map_err(|error| error.to_string())?;
                }
                Ok::<_, String>(())
            })
        })
        .collect();
    for task in work {
        task.await??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate is not a count")]
    Ok((MANY * EACH) as f64 / begun.elapsed().as_secs_f64())
}

/// Megabytes a second of one long answer.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
async fn download(address: SocketAddr, field: &str) -> Result<f64, Failed> {
    let mut line = Line::new(address, &format!("{field}Connection: close\r\n"), DOWNLOAD).await?;
    let begun = Instant::now();
    line.head().await?;
    let read = tokio::io::copy_buf(&mut line.stream, &mut tokio::io::sink()).await?;
    #[expect(clippy::cast_precision_loss, reason = "a rate is not a count")]
    Ok(read as f64 / 1e6 / begun.elapsed().as_secs_f64())
}

fn at(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a length"
    )]
    let place = (times.len() as f64 * share) as usize;
    times[place.min(times.len() - 1)]
}

fn middle(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
fn print(line: &str) {
    println!("{line}");
}
