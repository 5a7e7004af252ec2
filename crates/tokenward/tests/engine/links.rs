//! Files kept in step with logins, over the real store, against the sandbox.

mod shared;
mod story;
mod table;
mod trial;
mod trouble;
mod watch;
mod whose;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokenward::core::{Event, Format, GrantId, NewLink, Place, ProfileName, Slot, TokenWish};
use tokenward::links::{FileComparison, LinkOutcome, Links};
use tokenward::{Keeper, Notice, Observer, RotationStep, ServedToken};

use crate::world::World;

/// A login with a file that shows it.
struct Desk {
    world: World,
    keeper: Keeper,
    links: Links,
    id: GrantId,
    folder: tempfile::TempDir,
}

impl Desk {
    /// Ada's login as `work`, and `.env` linked to it.
    async fn new() -> Self {
        let desk = Self::unlinked().await;
        desk.write(".env", &env("", ""));
        let (_, report) = desk.links.link(&desk.world.app, desk.env(".env", "work"), true).await.unwrap();
        assert!(matches!(report.outcome, LinkOutcome::Delivered { .. }), "{report:?}");
        desk
    }

    async fn unlinked() -> Self {
        let world = World::new().await;
        let keeper = world.keeper().await;
        let (id, _) = world.log_in(&keeper, "work").await;
        let links = Links::new(&keeper);
        Self { world, keeper, links, id, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    /// A link to a `.env` file with both tokens.
    fn env(&self, name: &str, profile: &str) -> NewLink {
        env_link(&self.path(name), profile)
    }

    /// What the file shows, by looking alone.
    async fn found(&self, name: &str) -> FileComparison {
        let path = self.path(name);
        let states = self.links.states(None).await.unwrap();
        states.into_iter().find(|state| state.link.target.file == path).unwrap().found
    }

    /// What is done about the links of `work`.
    async fn tend(&self, force: bool) -> Vec<LinkOutcome> {
        let reports = self.links.reconcile(&self.world.app, &work(), force, Duration::from_secs(20)).await.unwrap();
        reports.into_iter().map(|report| report.outcome).collect()
    }

    /// Hands out a token as every face does.
    async fn token(&self) -> ServedToken {
        let handed = self.keeper.access_as(&self.world.app, &work(), TokenWish::default()).await.unwrap();
        // Whatever there is to be said holds no token (I4).
        let said = format!("{:?}", handed.notices);
        let secrets =
            self.world.sandbox.current_tokens().into_iter().flat_map(|login| {
                login.access_tokens.into_iter().map(|access| access.token).chain(login.refresh_token)
            });
        for secret in secrets {
            assert!(!said.contains(&secret), "{said}");
        }
        handed
    }

    /// The login that the provider would rotate now, and whose access tokens are good; the newest first.
    fn present(&self) -> (String, Vec<String>) {
        let login = self.world.sandbox.current_tokens().into_iter().rfind(|login| login.refreshable).unwrap();
        (login.refresh_token.unwrap(), login.access_tokens.into_iter().map(|access| access.token).collect())
    }

    /// The file shows the present set of the vault, and the provider would take it.
    async fn in_step(&self, name: &str) {
        assert!(matches!(self.found(name).await, FileComparison::InStep), "{:?}", self.found(name).await);
        let (refresh, access) = self.present();
        let shown = self.read(name);
        assert_eq!(value(&shown, REFRESH), refresh);
        assert!(access.contains(&value(&shown, ACCESS)), "the access token that is shown is good");
    }

    /// A login that a person or another tool made elsewhere.
    fn made_elsewhere(&self, user: &str) -> (String, String) {
        let user = match user {
            // Whose login the sandbox made first.
            "Ada" => self.world.sandbox.current_tokens()[0].user.clone(),
            other => self.world.sandbox.user(other).id,
        };
        let seeded = self.world.sandbox.seed_grant(&self.world.app.client_id, &user, SCOPES).unwrap();
        (seeded.refresh_token.unwrap(), seeded.access_token)
    }

    async fn events(&self) -> Vec<Event> {
        self.keeper.journal(self.id, 100).await.unwrap().into_iter().rev().map(|entry| entry.event).collect()
    }

    /// Refresh tokens that were sent again although they were used, by the provider's count.
    fn replays(&self) -> u64 {
        self.world.sandbox.counters().replays
    }
}

/// Ends the rotation at a step, as a death would: nothing after it happens.
pub(crate) struct StopAt(pub(crate) RotationStep);

impl Observer for StopAt {
    fn at(&self, step: RotationStep) {
        assert_ne!(step, self.0, "dead");
    }
}

fn work() -> ProfileName {
    "work".parse().unwrap()
}

fn env_link(file: &Path, profile: &str) -> NewLink {
    NewLink {
        profile: profile.parse().unwrap(),
        file: file.to_owned(),
        format: Format::Dotenv,
        places: [(Slot::RefreshToken, Place::dotenv(REFRESH)), (Slot::AccessToken, Place::dotenv(ACCESS))].into(),
    }
}

/// What a script's author has in `.env`.
fn env(refresh: &str, access: &str) -> String {
    format!("# 飞书\nFEISHU_APP_ID=cli_x\n{REFRESH}={refresh}\nOTHER=\"kept\"  # as it is\n{ACCESS}={access}\n")
}

fn value(content: &str, name: &str) -> String {
    let line = content.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap();
    line.to_owned()
}

fn healed(notices: &[Notice]) -> bool {
    notices.iter().any(|notice| matches!(notice, Notice::LinkHealed { .. }))
}

const REFRESH: &str = "FEISHU_USER_REFRESH_TOKEN";
const ACCESS: &str = "FEISHU_USER_ACCESS_TOKEN";
const SCOPES: &[&str] = &["offline_access", "contact:user.base:readonly"];
