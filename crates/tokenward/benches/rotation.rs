//! What a durable rotation costs beyond the provider's own time, beside synced writes of the same disk
//! (design/0000-charter.md §10).
//!
//! `cargo bench -p tokenward --bench rotation`. The provider answers at once from memory, so the whole time of a rotation
//! is ours. All of it is measured in memory (`/dev/shm`) and on the disk of the target folder, in turns. Each round is one
//! rotation and three synced writes of 4 KiB, so that whatever the disk is doing strikes both; what is ours is the middle of
//! what each rotation took beyond the three syncs of its own round. The writes go over a file that is there already, as the
//! database's log does: a file that grows costs more. Then 64 grants rotate at once in one process, again and again,
//! beside 64 of these writes one after the other, the bare commits of this disk. No pass or fail: a disk is not a constant.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tempfile::TempDir;
use tokenward::core::ports::{
    Account, AppAccess, AppTokenKind, AuthorizationRequest, CallError, Clock, CodeExchange, Consent, DeviceLogin,
    NewLogin, Prepared, ProviderFacts, Sent, TokenEndpoint,
};
use tokenward::core::{
    Access, AccessToken, App, AppName, AppSecret, Brand, DeviceCode, FeishuApp, Generation, GrantId, Issued, Outcome,
    RawAnswer, RefreshToken, Rules, Scopes, SecretBytes, Spend, Subject, TokenApi, TokenSet,
};
use tokenward::{Environment, Home, Keeper, KeeperOptions, Session, SessionOptions, SystemClock, SystemEntropy};
use url::Url;

const ROUNDS: usize = 300;
const AT_ONCE: usize = 64;
const PAGE: usize = 4096;
const ROUNDS_AT_ONCE: usize = 10;

/// Answers at once. Tokens are as long as the provider's (reference/feishu.md §4.3: 1–2 KB).
struct Instantly;

impl ProviderFacts for Instantly {
    fn rules(&self, _: &AppName, _: TokenApi) -> &Rules {
        &tokenward_wire::Feishu::RULES
    }
}

#[async_trait]
impl TokenEndpoint for Instantly {
    async fn prepare(&self, _: &App, api: TokenApi) -> Result<Prepared, CallError> {
        Ok(Prepared { api, app_token: None })
    }

    async fn refresh(&self, _: &App, _: &Prepared, spend: Spend, _: Duration) -> Sent {
        drop(spend);
        Sent::Answered(RawAnswer {
            status: 200,
            content_type: Some("application/json".into()),
            log_id: None,
            date: None,
            retry_after: None,
            location: None,
            body: SecretBytes::new(vec![b'x'; 3_200]),
            whole: true,
            received: SystemClock.now(),
        })
    }

    async fn exchange(&self, _: &App, _: &Prepared, _: &CodeExchange, _: Duration) -> Sent {
        unreachable!("the benchmark logs in at the vault")
    }

    fn read(&self, _: &AppName, _: TokenApi, answer: &RawAnswer) -> Outcome {
        let (access, refresh) = (token('a'), token('r'));
        Outcome::Rotated {
            issued: Issued {
                access: Some(Access {
                    token: AccessToken::parse(access).expect("a token"),
                    obtained: answer.received,
                    expires: answer.received + Duration::from_secs(7200),
                }),
                refresh: Some(RefreshToken::parse(refresh).expect("a token")),
                refresh_expires: Some(answer.received + Duration::from_secs(604_800)),
                scopes: None,
                subject: None,
            },
            oddities: Vec::new(),
        }
    }
}

#[async_trait]
impl Consent for Instantly {
    async fn authorization_url(&self, app: &App, _: &AuthorizationRequest) -> Result<Url, CallError> {
        Ok(app.hosts.accounts.clone())
    }

    async fn device_begin(&self, _: &App, _: &Scopes) -> Result<DeviceLogin, CallError> {
        Err(CallError::Lacking("a device flow"))
    }

    async fn device_poll(&self, _: &App, _: &DeviceCode, _: Duration) -> Sent {
        unreachable!("no device flow is begun")
    }
}

#[async_trait]
impl Account for Instantly {
    async fn app_token(&self, _: &App, _: AppTokenKind) -> Result<AppAccess, CallError> {
        Err(CallError::Lacking("app tokens"))
    }

    async fn user_info(&self, _: &App, _: &AccessToken) -> Result<Subject, CallError> {
        Ok(Subject::default())
    }

    async fn revoke(&self, _: &App, _: Option<&RefreshToken>, _: Option<&AccessToken>) -> Result<(), CallError> {
        Ok(())
    }
}

/// No two are the same.
fn token(first: char) -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    std::iter::once(first).chain(std::iter::repeat_n('y', 1_490)).chain(format!("{number:09}").chars()).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut stands = Vec::new();
    for (name, folder) in [("memory", "/dev/shm"), ("disk", env!("CARGO_TARGET_TMPDIR"))] {
        match tempfile::tempdir_in(folder) {
            Ok(folder) => stands.push(Stand::new(name, folder).await?),
            Err(error) => print(&format!("nothing is measured in {folder}: {error}")),
        }
    }
    for _ in 0..ROUNDS {
        for stand in &mut stands {
            stand.round().await?;
        }
    }
    for _ in 0..ROUNDS_AT_ONCE {
        for stand in &mut stands {
            stand.round_at_once().await?;
        }
    }
    print(&format!("rounds: {ROUNDS}, and {ROUNDS_AT_ONCE} with {AT_ONCE} grants at once; medians"));
    print("          one rotation   3 syncs   beyond them   rotations/s, 64 at once   bare commits/s   ratio");
    for stand in stands {
        stand.tell().await?;
    }
    print("budget: 0.35 ms beyond the three syncs");
    Ok(())
}

/// A vault in one folder, a bare file beside it, and what was measured there.
struct Stand {
    name: &'static str,
    keeper: Arc<Keeper>,
    app: Arc<App>,
    ids: Vec<GrantId>,
    plain: File,
    spans: Vec<Duration>,
    syncs: Vec<Duration>,
    beyond: Vec<f64>,
    at_once: Duration,
    commits: Duration,
    _folder: TempDir,
}

impl Stand {
    async fn new(name: &'static str, folder: TempDir) -> Result<Self, Box<dyn std::error::Error>> {
        let (keeper, app, ids) = keeper(folder.path()).await?;
        let mut plain = File::options().write(true).create(true).truncate(true).open(folder.path().join("plain"))?;
        plain.write_all(&vec![7; AT_ONCE * PAGE])?;
        plain.sync_all()?;
        Ok(Self {
            name,
            keeper: Arc::new(keeper),
            app: Arc::new(app),
            ids,
            plain,
            spans: Vec::new(),
            syncs: Vec::new(),
            beyond: Vec::new(),
            at_once: Duration::ZERO,
            commits: Duration::ZERO,
            _folder: folder,
        })
    }

    /// One rotation, and three bare syncs.
    async fn round(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        let start = now();
        self.keeper.renew(&self.app, self.ids[0]).await?;
        let rotation = start.elapsed();
        let syncs = self.synced(3)?;
        self.spans.push(rotation);
        self.syncs.push(syncs);
        self.beyond.push((rotation.as_secs_f64() - syncs.as_secs_f64()) * 1e3);
        Ok(())
    }

    /// Every grant rotates at the same time; as many bare commits.
    async fn round_at_once(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        let start = now();
        let rotation = |id: &GrantId| {
            let (keeper, app, id) = (Arc::clone(&self.keeper), Arc::clone(&self.app), *id);
            tokio::spawn(async move { keeper.renew(&app, id).await.map(drop) })
        };
        let spans: Vec<_> = self.ids.iter().map(rotation).collect();
        for rotation in spans {
            rotation.await??;
        }
        self.at_once += start.elapsed();
        let commits = self.synced(AT_ONCE)?;
        self.commits += commits;
        Ok(())
    }

    /// So many bare commits: a page each, written over what is there, and synced.
    fn synced(&mut self, commits: usize) -> std::io::Result<Duration> {
        let start = now();
        self.plain.rewind()?;
        for _ in 0..commits {
            self.plain.write_all(&[7; PAGE])?;
            self.plain.sync_data()?;
        }
        Ok(start.elapsed())
    }

    async fn tell(mut self) -> Result<(), Box<dyn std::error::Error>> {
        for (index, id) in self.ids.iter().enumerate() {
            let rotated = ROUNDS_AT_ONCE + if index == 0 { ROUNDS } else { 0 };
            let generation = self.keeper.status(*id).await?.grant.generation;
            assert_eq!(generation, Generation::new(rotated as u64 + 1), "every one turned");
        }
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let a_second = |time: Duration| (AT_ONCE * ROUNDS_AT_ONCE) as f64 / time.as_secs_f64();
        let (rotations, commits) = (a_second(self.at_once), a_second(self.commits));
        self.spans.sort_unstable();
        self.syncs.sort_unstable();
        self.beyond.sort_unstable_by(f64::total_cmp);
        let (rotation, syncs, beyond) = (self.spans[ROUNDS / 2], self.syncs[ROUNDS / 2], self.beyond[ROUNDS / 2]);
        print(&format!(
            "{:<8}{rotation:>14.2?}{syncs:>10.2?}{beyond:>11.2} ms{rotations:>26.0}{commits:>17.0}{:>8.2}",
            self.name,
            rotations / commits
        ));
        Ok(())
    }
}

/// A keeper with a vault of its own on the disk, and its logins.
async fn keeper(folder: &Path) -> Result<(Keeper, App, Vec<GrantId>), Box<dyn std::error::Error>> {
    let home = Home::resolve(Some(folder), &Environment::default())?;
    let session = Session::open(SessionOptions::new(&home, Arc::new(SystemClock), Arc::new(SystemEntropy))).await?;
    let now = SystemClock.now();
    let mut ids = Vec::new();
    for number in 0..AT_ONCE {
        let logged_in = session.parts().vault.log_in(NewLogin {
            answer: None,
            id: GrantId::new(u64::try_from(now.as_millisecond())?, [u8::try_from(number)?; 10]),
            profile: format!("work-{number}").parse()?,
            app: "work".parse()?,
            set: TokenSet {
                access: None,
                refresh: Some(RefreshToken::parse(token('r'))?),
                refresh_expires: None,
                scopes: None,
                subject: None,
                issued_by: TokenApi::V3,
                obtained: now,
            },
            wall: None,
            by: session.parts().witness.myself().clone(),
            replace_user: false,
        });
        ids.push(logged_in.await?.id());
    }
    let mut parts = session.parts().clone();
    parts.provider = Arc::new(Instantly);
    let app = App {
        name: "work".parse()?,
        hosts: Brand::Feishu.hosts(),
        client_id: "cli_bench".into(),
        secret: Some(AppSecret::parse("secret")?),
        token_api: TokenApi::V3,
        platform: FeishuApp { fallback: false, ..FeishuApp::new(Brand::Feishu) }.into(),
    };
    Ok((Keeper::new(parts, KeeperOptions::default()), app, ids))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
fn print(line: &str) {
    println!("{line}");
}
