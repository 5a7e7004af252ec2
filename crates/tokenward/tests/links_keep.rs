//! Linked files and many processes, some of which die: this program starts itself and kills what it started.
#![expect(clippy::print_stdout, reason = "a child prints what it got")]

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokenward::core::{
    App, AppSecret, Brand, Code, Event, FeishuApp, Format, Generation, Hosts, NewLink, Place, ProfileName,
    RefreshToken, Slot, Terms, TokenApi, TokenWish,
};
use tokenward::links::{BroughtLogin, FileComparison, Fill, LinkOutcome, Links};
use tokenward::{
    Environment, Home, Notice, Observer, RotationStep, ServedToken, Session, SessionOptions, SystemEntropy,
};
use tokenward_emulator::{Sandbox, SandboxOptions};
use tokenward_testkit::{
    Disk, Killed, MovedClock, Program, Stand as Provider, Task, Words, all_at_once, is_heavy, is_root,
};
use url::Url;

fn main() -> ExitCode {
    Program::new()
        .child("token", |words| runtime().block_on(stand(words).token()))
        .child("die", |words| runtime().block_on(stand(words).die()))
        .child("full", |words| runtime().block_on(stand(words).full_disk()))
        .child("read-only", |words| runtime().block_on(stand(words).read_only_disk()))
        .test("copies_of_one_file_and_32_processes_are_one_lineage", one_lineage)
        .test("a_login_that_32_processes_find_at_once_is_adopted_once", one_adoption)
        .test("a_kill_between_commit_and_delivery_is_delivered_by_the_next", killed_before_delivery)
        .test("a_kill_at_any_moment_of_a_healing_leaves_a_whole_file", killed_while_healing)
        .on_disk("a_full_disk_costs_no_login_and_is_delivered_to_later", || on_a_disk_of_its_own("full"))
        .on_disk("a_read_only_disk_costs_no_login_and_is_delivered_to_later", || on_a_disk_of_its_own("read-only"))
        .test_with(
            is_root,
            "as_root_only_a_folder_of_somebody_else_is_refused_and_a_file_of_theirs_stays_theirs",
            somebody_elses,
        )
        .run()
}

/// What a child is told.
fn stand(words: &Words) -> Stand {
    Stand::read(&serde_json::from_str(words.text(0)).unwrap())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// What a process needs to know: where the vault and the file are, where the provider is, how late it is.
#[derive(Clone)]
struct Stand {
    home: PathBuf,
    file: PathBuf,
    open: Url,
    accounts: Url,
    client: String,
    secret: String,
    /// Seconds that the clock is ahead.
    ahead: i64,
}

impl Stand {
    fn read(told: &Value) -> Self {
        let text = |key: &str| told[key].as_str().unwrap().to_owned();
        Self {
            home: text("home").into(),
            file: text("file").into(),
            open: text("open").parse().unwrap(),
            accounts: text("accounts").parse().unwrap(),
            client: text("client"),
            secret: text("secret"),
            ahead: told["ahead"].as_i64().unwrap(),
        }
    }

    fn told(&self) -> String {
        json!({"home": self.home, "file": self.file, "open": self.open, "accounts": self.accounts,
            "client": self.client, "secret": self.secret, "ahead": self.ahead})
        .to_string()
    }

    fn app(&self) -> App {
        App {
            name: "work".parse().unwrap(),
            hosts: Hosts { open: self.open.clone(), accounts: self.accounts.clone() },
            client_id: self.client.clone(),
            secret: Some(AppSecret::parse(self.secret.as_str()).unwrap()),
            token_api: TokenApi::V3,
            platform: FeishuApp::new(Brand::Feishu).into(),
        }
    }

    async fn session(&self, observer: Option<Arc<dyn Observer>>) -> Session {
        let home = Home::resolve(Some(&self.home), &Environment::default()).unwrap();
        Session::open(
            SessionOptions::new(&home, Arc::new(MovedClock::ahead_by(self.ahead * 1000)), Arc::new(SystemEntropy))
                .observer(observer),
        )
        .await
        .unwrap()
    }

    async fn access(&self) -> ServedToken {
        let session = self.session(None).await;
        session.keeper().access_as(&self.app(), &work(), TokenWish::default()).await.unwrap()
    }

    /// A program's run: prints the token.
    async fn token(&self) {
        let handed = self.access().await;
        let failed = handed.notices.iter().any(|notice| matches!(notice, Notice::LinkNotWritten { .. }));
        assert!(!failed, "{:?}", handed.notices);
        println!("{}", handed.access.token.expose());
    }

    /// A run that is killed between the commit and the delivery.
    async fn die(&self) {
        let session = self.session(Some(Arc::new(Killed(RotationStep::Committed)))).await;
        let _ = session.keeper().access_as(&self.app(), &work(), TokenWish::default()).await;
        unreachable!("it was killed");
    }

    /// The file is on a disk that is full, while a login rotates. With room again it is delivered to.
    async fn full_disk(&self) {
        let ballast = self.file.with_file_name("ballast");
        let fill = || assert!(fs::write(&ballast, vec![1; 1 << 20]).is_err());
        self.rotates_unseen(fill, || fs::remove_file(&ballast).unwrap(), "create a file|write a new copy|No space")
            .await;
    }

    async fn read_only_disk(&self) {
        let remount = |how: &str| {
            let mut mount = Command::new("mount");
            let folder = self.file.parent().unwrap();
            assert!(mount.args(["-o", &format!("remount,bind,{how}")]).arg(folder).status().unwrap().success());
        };
        self.rotates_unseen(|| remount("ro"), || remount("rw"), "may not be written").await;
    }

    async fn rotates_unseen(&self, broken: impl Fn(), mended: impl Fn(), says: &str) {
        fs::write(&self.file, env("", "")).unwrap();
        let session = self.session(None).await;
        let (keeper, links) = (session.keeper(), session.links());
        links.link(&self.app(), link(&self.file), true).await.unwrap();
        let before = fs::read_to_string(&self.file).unwrap();
        broken();
        let id = keeper.grant_of(&work()).await.unwrap();
        let handed = keeper.renew(&self.app(), id).await.unwrap();
        assert!(handed.rotated);
        let told = handed.notices.iter().find_map(|notice| match notice {
            Notice::LinkNotWritten { error, .. } => Some(error.to_string()),
            _ => None,
        });
        let told = told.unwrap_or_else(|| panic!("{:?}", handed.notices));
        assert!(says.split('|').any(|says| told.contains(says)), "{told}");
        assert_eq!(fs::read_to_string(&self.file).unwrap(), before);
        mended();
        // A minute later it is tried again; a new process, a clock that is ahead.
        let later = Self { ahead: self.ahead + 61, ..self.clone() };
        assert!(!later.access().await.rotated);
        assert!(matches!(later.found().await, FileComparison::InStep));
        assert_ne!(fs::read_to_string(&self.file).unwrap(), before);
    }

    async fn found(&self) -> FileComparison {
        let states = self.session(None).await.links().states(None).await.unwrap();
        states.into_iter().find(|state| state.link.target.file == self.file).unwrap().found
    }

    fn task(&self, task: &str) -> Task {
        Task::new(task).word(self.told())
    }

    fn shows(&self) -> (String, String) {
        let content = fs::read_to_string(&self.file).unwrap();
        let value = |name: &str| {
            content.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap().to_owned()
        };
        let (refresh, access) = (value(REFRESH), value(ACCESS));
        assert_eq!(content, env(&refresh, &access), "nothing else was touched");
        (refresh, access)
    }
}

/// The provider, a vault with Ada's login, and a file that shows it.
struct World {
    provider: Provider,
    stand: Stand,
}

impl Deref for World {
    type Target = Provider;

    fn deref(&self) -> &Provider {
        &self.provider
    }
}

impl World {
    fn new() -> Self {
        let sandbox = Sandbox::start_blocking(SandboxOptions::default()).unwrap();
        let provider = Provider::feishu(sandbox);
        let stand = Stand {
            home: provider.folder.path().join("home"),
            file: provider.folder.path().join(".env"),
            open: provider.app.hosts.open.clone(),
            accounts: provider.app.hosts.accounts.clone(),
            client: provider.app.client_id.clone(),
            secret: provider.app.expose_secret().to_owned(),
            ahead: 0,
        };
        let world = Self { provider, stand };
        let (refresh, _) = world.login();
        runtime().block_on(async {
            let session = world.stand.session(None).await;
            let brought = BroughtLogin::new(RefreshToken::parse(refresh).unwrap(), "the test");
            session.links().adopt(&world.stand.app(), &work(), brought).await.unwrap();
            session.keeper().access_as(&world.stand.app(), &work(), TokenWish::default()).await.unwrap();
            world.linked(&session.links(), &world.stand.file).await;
        });
        world
    }

    async fn linked(&self, links: &Links, file: &Path) {
        fs::write(file, env("", "")).unwrap();
        let (_, report) = links.link(&self.stand.app(), link(file), true).await.unwrap();
        assert!(matches!(report.outcome, LinkOutcome::Delivered { .. }), "{report:?}");
    }

    /// A login made elsewhere.
    fn login(&self) -> (String, String) {
        let scopes = ["offline_access", "contact:user.base:readonly"];
        let seeded = self.sandbox.seed_grant(&self.stand.client, &self.user, &scopes).unwrap();
        (seeded.refresh_token.unwrap(), seeded.access_token)
    }

    /// Two hours pass for everyone.
    fn expire(&mut self) {
        self.sandbox.advance(Duration::from_secs(7300));
        self.stand.ahead += 7300;
    }

    /// Since the world was made: refresh tokens sent, and used ones among them.
    fn spends(&self) -> (u64, u64) {
        let counters = self.sandbox.counters();
        (counters.refreshes - 1, counters.replays)
    }

    /// Starts all at once, and gives back what they printed.
    fn all_at_once(&self, count: usize) -> Vec<String> {
        all_at_once((0..count).map(|_| self.stand.task("token")))
    }
}

/// Two projects with copies of one `.env`; 32 processes at the moment of expiry: one spend, one token, both files true.
fn one_lineage() {
    let mut world = World::new();
    let copy = world.stand.file.with_file_name("copy.env");
    runtime().block_on(async {
        fs::copy(&world.stand.file, &copy).unwrap();
        let session = world.stand.session(None).await;
        let (_, report) = session.links().link(&world.stand.app(), link(&copy), false).await.unwrap();
        assert!(matches!(report.outcome, LinkOutcome::InStep), "{report:?}");
    });
    world.expire();
    let tokens = world.all_at_once(32);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "one token for all");
    assert_eq!(world.spends(), (1, 0));
    let elsewhere = Stand { file: copy, ..world.stand.clone() };
    assert_eq!(world.stand.shows(), elsewhere.shows());
    assert_eq!(world.stand.shows().1, tokens[0]);
    let login = world.sandbox.current_tokens().into_iter().find(|login| login.refreshable).unwrap();
    assert_eq!(Some(world.stand.shows().0), login.refresh_token);
    world.assert_clean();
}

/// A newer login is in the file when 32 processes come: adopted once, rotated once.
fn one_adoption() {
    let world = World::new();
    let (refresh, access) = world.login();
    fs::write(&world.stand.file, env(&refresh, &access)).unwrap();
    // Started one after the other, so that there is a last one.
    let children: Vec<_> = (0..32).map(|_| world.stand.task("token").start()).collect();
    let tokens: Vec<_> = children.into_iter().map(|child| child.finish().said()).collect();
    assert_eq!(world.spends(), (1, 0));
    assert_eq!(world.stand.shows().1, *tokens.last().unwrap());
    runtime().block_on(async {
        let session = world.stand.session(None).await;
        let id = session.keeper().grant_of(&work()).await.unwrap();
        let journal = session.keeper().journal(id, 100).await.unwrap();
        let adoptions = journal.iter().filter(|entry| matches!(entry.event, Event::Adopted { .. })).count();
        assert_eq!(adoptions, 2, "the first login, and this one");
    });
    world.assert_clean();
}

fn killed_before_delivery() {
    let mut world = World::new();
    let before = world.stand.shows();
    world.expire();
    let died = world.stand.task("die").run();
    assert!(died.was_killed(), "{died:?}");
    assert_eq!(world.stand.shows(), before, "committed and not delivered");
    let next = world.stand.task("token").run().said();
    assert_eq!(world.stand.shows().1, next);
    assert_eq!(world.spends(), (1, 0));
    runtime().block_on(async {
        let session = world.stand.session(None).await;
        let link = session.links().of_file(&world.stand.file, None).await.unwrap().remove(0);
        assert_eq!(link.receipt.unwrap().generation, Generation::new(3), "the receipt names the generation");
    });
}

/// Whoever heals a stale file is killed after a delay that sweeps over all of it. The file is the old one or the new one, and
/// the next run makes it the new one.
fn killed_while_healing() {
    let rounds = if is_heavy() { 500 } else { 25 };
    let world = World::new();
    let old = world.stand.shows();
    runtime().block_on(async {
        let session = world.stand.session(None).await;
        let id = session.keeper().grant_of(&work()).await.unwrap();
        session.keeper().renew(&world.stand.app(), id).await.unwrap();
    });
    let new = world.stand.shows();
    assert_ne!(old, new);
    let mut seen = [0, 0];
    for round in 0..rounds {
        fs::write(&world.stand.file, env(&old.0, &old.1)).unwrap();
        let child = world.stand.task("token").start();
        std::thread::sleep(Duration::from_millis(3) + Duration::from_micros(2370 * round % 60_000));
        child.kill();
        let shows = world.stand.shows();
        assert!(shows == old || shows == new, "round {round}");
        seen[usize::from(shows == new)] += 1;
        if round % 5 == 0 {
            world.stand.task("token").run().said();
            assert_eq!(world.stand.shows(), new, "round {round}");
        }
    }
    world.stand.task("token").run().said();
    assert_eq!((world.stand.shows(), world.spends()), (new, (1, 0)), "{seen:?}");
    let left = fs::read_dir(world.stand.file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().ends_with(".tmp")).collect();
    assert!(left.is_empty(), "whoever came next swept up: {left:?}");
}

/// Runs a child whose file is on a small disk that exists for nobody else.
fn on_a_disk_of_its_own(task: &str) {
    let world = World::new();
    let disk = Disk::new("64k");
    let stand = Stand { file: disk.path().join("small.env"), ..world.stand.clone() };
    disk.run(&stand.task(task)).ends().said();
    assert_eq!(world.spends(), (1, 0));
}

fn somebody_elses() {
    let world = World::new();
    let theirs = world.folder.path().join("theirs");
    let give = |path: &Path| std::os::unix::fs::chown(path, Some(2002), Some(2002)).unwrap();
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join(".env"), env("", "")).unwrap();
    give(&theirs);
    runtime().block_on(async {
        let session = world.stand.session(None).await;
        let (links, app) = (session.links(), world.stand.app());
        let on = async |name: &str| {
            let linked = links.link_on(&app, link(&theirs.join(name)), Fill::Free, Terms::default()).await;
            linked.map(drop).map_err(|error| error.code())
        };
        assert_eq!(on(".env").await.unwrap_err(), Code::SharedFolder);
        // Root looks after a file of theirs: it may go where they can write, and what is made anew is theirs.
        give(&theirs.join(".env"));
        on(".env").await.unwrap();
        on("new.env").await.unwrap();
    });
    for entry in fs::read_dir(&theirs).unwrap() {
        let found = entry.unwrap();
        assert_eq!(found.metadata().unwrap().uid(), 2002, "{}", found.path().display());
    }
    assert_eq!(fs::metadata(theirs.join("new.env")).unwrap().mode() & 0o7777, 0o600);
}

fn work() -> ProfileName {
    "work".parse().unwrap()
}

fn link(file: &Path) -> NewLink {
    NewLink {
        profile: work(),
        file: file.to_owned(),
        format: Format::Dotenv,
        places: [(Slot::RefreshToken, Place::dotenv(REFRESH)), (Slot::AccessToken, Place::dotenv(ACCESS))].into(),
    }
}

fn env(refresh: &str, access: &str) -> String {
    format!("# 飞书\n{REFRESH}={refresh}\nOTHER=kept\n{ACCESS}={access}\n")
}

const REFRESH: &str = "FEISHU_USER_REFRESH_TOKEN";
const ACCESS: &str = "FEISHU_USER_ACCESS_TOKEN";
