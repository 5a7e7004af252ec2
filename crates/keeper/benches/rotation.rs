//! What a durable rotation costs beyond the provider's own time, beside synced writes of the same disk
//! (design/0000-charter.md §10).
//!
//! `cargo bench -p tokenward --bench rotation`. The provider answers at once from memory, so the whole time of a turn
//! is ours. Each round measures one turn and one, two and three synced writes of 4 KiB, so that whatever the disk is
//! doing strikes all of them; medians are compared. Then 64 grants turn at once in one process, again and again, beside as
//! many synced writes in a row. No pass or fail: a disk is not a constant.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokenward::core::ports::{
    AppAccess, AppTokenKind, AuthorizationRequest, CallError, Clock, CodeExchange, DeviceLogin, NewLogin, Prepared,
    Provider, Sent,
};
use tokenward::core::{
    Access, AccessToken, App, AppName, AppSecret, Brand, DeviceCode, FeishuApp, Generation, GrantId, Issued, Outcome,
    RawAnswer, RefreshToken, Rules, Scopes, SecretBytes, Spend, Subject, TokenApi, TokenSet,
};
use tokenward::{
    Environment, Home, Keeper, KeeperOptions, KeySource, Parts, Session, SessionOptions, SystemClock, SystemEntropy,
};
use url::Url;

const ROUNDS: usize = 300;
const AT_ONCE: usize = 64;
const ROUNDS_AT_ONCE: usize = 10;

/// Answers at once. Tokens are as long as the provider's (reference/feishu.md §4.3: 1–2 KB).
struct Instantly;

#[async_trait]
impl Provider for Instantly {
    fn rules(&self, _: &AppName, _: TokenApi) -> &Rules {
        &tokenward_wire::Feishu::RULES
    }
    async fn authorization_url(&self, app: &App, _: &AuthorizationRequest) -> Result<Url, CallError> {
        Ok(app.hosts.accounts.clone())
    }
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
    async fn device_begin(&self, _: &App, _: &Scopes) -> Result<DeviceLogin, CallError> {
        Err(CallError::Lacking("a device flow"))
    }
    async fn device_poll(&self, _: &App, _: &DeviceCode, _: Duration) -> Sent {
        unreachable!("no device flow is begun")
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
    async fn app_token(&self, _: &App, _: AppTokenKind) -> Result<AppAccess, CallError> {
        Err(CallError::Lacking("app tokens"))
    }
    async fn resend_ticket(&self, _: &App) -> Result<(), CallError> {
        Ok(())
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
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // On the disk of the target folder: the system's temporary folder may be memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (keeper, app, ids) = keeper(folder.path()).await?;
    let id = ids[0];
    let mut plain = File::create(folder.path().join("plain"))?;
    let mut synced = |writes: usize| -> std::io::Result<Duration> {
        let start = Instant::now();
        for _ in 0..writes {
            plain.write_all(&[7; 4096])?;
            plain.sync_data()?;
        }
        Ok(start.elapsed())
    };

    let (mut turns, mut one, mut two, mut three) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        keeper.renew(&app, id).await?;
        turns.push(start.elapsed());
        one.push(synced(1)?);
        two.push(synced(2)?);
        three.push(synced(3)?);
    }
    let generation = keeper.status(id).await?.grant.generation;
    assert_eq!(generation, Generation::new(ROUNDS as u64 + 1), "every round turned");

    let [turn, one, two, three] = [turns, one, two, three].map(median);
    print(&format!("rounds                     {ROUNDS}"));
    print(&format!("one rotation, all of it    {turn:>10.2?}"));
    for (name, base) in [("1 synced write ", one), ("2 synced writes", two), ("3 synced writes", three)] {
        print(&format!(
            "{name}            {base:>10.2?}   rotation / this = {:.2}",
            turn.as_secs_f64() / base.as_secs_f64()
        ));
    }
    let budget = three.max(Duration::from_millis(1));
    print(&format!(
        "budget                     {budget:>10.2?}   rotation / this = {:.2}",
        turn.as_secs_f64() / budget.as_secs_f64()
    ));

    let (keeper, app) = (Arc::new(keeper), Arc::new(app));
    let (mut all, mut bare) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..ROUNDS_AT_ONCE {
        let start = Instant::now();
        let turns: Vec<_> = ids
            .iter()
            .map(|id| {
                let (keeper, app, id) = (Arc::clone(&keeper), Arc::clone(&app), *id);
                tokio::spawn(async move { keeper.renew(&app, id).await.map(drop) })
            })
            .collect();
        for turn in turns {
            turn.await??;
        }
        all += start.elapsed();
        bare += synced(AT_ONCE)?;
    }
    for id in &ids[1..] {
        let generation = keeper.status(*id).await?.grant.generation;
        assert_eq!(generation, Generation::new(ROUNDS_AT_ONCE as u64 + 1), "every one turned");
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let a_second = |time: Duration| (AT_ONCE * ROUNDS_AT_ONCE) as f64 / time.as_secs_f64();
    print(&format!("{AT_ONCE} at once                 {:>8.0} rotations a second", a_second(all)));
    print(&format!("synced writes in a row     {:>8.0} a second", a_second(bare)));
    Ok(())
}

/// A keeper with a vault of its own on the disk, and its logins.
async fn keeper(folder: &Path) -> Result<(Keeper, App, Vec<GrantId>), Box<dyn std::error::Error>> {
    let home = Home::resolve(Some(folder), &Environment::default())?;
    let session = Session::open(SessionOptions {
        home: &home,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        key: KeySource::Unset,
        observer: None,
        keeper: KeeperOptions::default(),
    })
    .await?;
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
    let parts = Parts { provider: Arc::new(Instantly), ..session.parts().clone() };
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

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
fn print(line: &str) {
    println!("{line}");
}
