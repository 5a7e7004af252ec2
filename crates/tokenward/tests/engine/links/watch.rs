//! `LinkWatcher` in the foreground: rotates in time, follows files through everything that editors and people do to them.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokenward::core::ports::Clock as _;
use tokenward::core::{Generation, Subject};
use tokenward::links::{FileComparison, LinkOutcome, LinkWatcher, WatchEvent};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use super::{Desk, REFRESH, env, value, work};

/// A watch that runs, and what it told.
struct Watching {
    events: Arc<Mutex<Vec<WatchEvent>>>,
    told: Arc<Notify>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Watching {
    async fn over(desk: &Desk, profiles: &[&str], pause: Duration) -> Self {
        let events: Arc<Mutex<Vec<WatchEvent>>> = Arc::default();
        let told: Arc<Notify> = Arc::default();
        let (stop, stopped) = oneshot::channel();
        let profiles = profiles.iter().map(|name| (name.parse().unwrap(), desk.world.app.clone())).collect();
        let watch = LinkWatcher::new(&desk.world.keeper().await, profiles).pause(pause);
        let (list, bell) = (Arc::clone(&events), Arc::clone(&told));
        let listener = move |event| {
            list.lock().unwrap().push(event);
            bell.notify_one();
        };
        let task = tokio::spawn(async move {
            watch.run(listener, async { stopped.await.unwrap() }).await.unwrap();
        });
        let watching = Self { events, told, stop, task };
        watching.until("it follows the file", |event| matches!(event, WatchEvent::Following { .. })).await;
        watching
    }

    /// Waits for an event, and forgets it and those before it.
    async fn until(&self, what: &str, wanted: impl Fn(&WatchEvent) -> bool) -> WatchEvent {
        let looking = async {
            loop {
                {
                    let mut events = self.events.lock().unwrap();
                    if let Some(at) = events.iter().position(&wanted) {
                        return events.drain(..=at).next_back().unwrap();
                    }
                }
                self.told.notified().await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(20), looking).await;
        found.unwrap_or_else(|elapsed| panic!("{what}: {elapsed}; told: {:#?}", self.events.lock().unwrap()))
    }

    async fn link(&self, what: &str, wanted: impl Fn(&LinkOutcome) -> bool) {
        self.until(what, |event| matches!(event, WatchEvent::Link(report) if wanted(&report.outcome))).await;
    }

    async fn stop(self) -> Vec<WatchEvent> {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
        self.events.lock().unwrap().drain(..).collect()
    }
}

/// Long enough that nothing is noticed by a slow look.
const NEVER: Duration = Duration::from_secs(600);

fn is_healed(outcome: &LinkOutcome) -> bool {
    matches!(outcome, LinkOutcome::Healed { .. })
}

fn is_missing(outcome: &LinkOutcome) -> bool {
    matches!(outcome, LinkOutcome::Left(FileComparison::Unusable(_)))
}

impl Desk {
    /// A rotation, so that the file of before is a stale one.
    async fn stale(&self) -> String {
        let backup = self.read(".env");
        self.keeper.renew(&self.world.app, self.id).await.unwrap();
        assert_ne!(self.read(".env"), backup);
        backup
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_replaced_written_or_recreated_is_followed() {
    let desk = Desk::new().await;
    let backup = desk.stale().await;
    let watching = Watching::over(&desk, &["work"], NEVER).await;
    // As editors save: another file is renamed over it.
    desk.write("new", &backup);
    fs::rename(desk.path("new"), desk.path(".env")).unwrap();
    watching.link("replaced by rename", is_healed).await;
    desk.in_step(".env").await;
    // As scripts save: in place.
    desk.write(".env", &backup);
    watching.link("written in place", is_healed).await;
    desk.in_step(".env").await;
    // Deleted, and there again later.
    fs::remove_file(desk.path(".env")).unwrap();
    watching.link("deleted", is_missing).await;
    desk.write(".env", &backup);
    watching.link("recreated", is_healed).await;
    desk.in_step(".env").await;
    assert!(watching.stop().await.is_empty(), "its own writes are no news");
    assert_eq!(desk.world.sandbox.counters().refreshes, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_is_renamed_and_comes_back_is_followed() {
    let desk = Desk::unlinked().await;
    fs::create_dir(desk.path("project")).unwrap();
    desk.write("project/.env", &env("", ""));
    desk.links.link(&desk.world.app, desk.env("project/.env", "work"), true).await.unwrap();
    let backup = desk.read("project/.env");
    desk.keeper.renew(&desk.world.app, desk.id).await.unwrap();
    let watching = Watching::over(&desk, &["work"], NEVER).await;
    fs::rename(desk.path("project"), desk.path("elsewhere")).unwrap();
    watching.link("the folder is away", is_missing).await;
    desk.write("elsewhere/.env", &backup);
    fs::rename(desk.path("elsewhere"), desk.path("project")).unwrap();
    watching.link("the folder is back", is_healed).await;
    // It is followed still, in the folder that came back, and in one that is made anew.
    desk.write("project/.env", &backup);
    watching.link("written after that", is_healed).await;
    fs::remove_dir_all(desk.path("project")).unwrap();
    watching.link("the folder is deleted", is_missing).await;
    fs::create_dir(desk.path("project")).unwrap();
    desk.write("project/.env", &backup);
    watching.link("made anew", is_healed).await;
    desk.in_step("project/.env").await;
    watching.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_login_written_by_hand_is_adopted_and_rotated() {
    let desk = Desk::new().await;
    let watching = Watching::over(&desk, &["work"], NEVER).await;
    let (refresh, access) = desk.made_elsewhere("Ada");
    desk.write(".env", &env(&refresh, &access));
    watching.link("adopted", |outcome| matches!(outcome, LinkOutcome::Adopted { .. })).await;
    let rotated = watching.until("turned", |event| matches!(event, WatchEvent::Rotated { .. })).await;
    assert!(
        matches!(rotated, WatchEvent::Rotated { generation, .. } if generation == Generation::new(3)),
        "{rotated:?}"
    );
    desk.in_step(".env").await;
    watching.stop().await;
    assert_eq!((desk.world.sandbox.counters().refreshes, desk.replays()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_are_rotated_in_time_each_for_itself() {
    let desk = Desk::new().await;
    let (home, _) = desk.world.log_in(&desk.keeper, "home").await;
    desk.write("home.env", &env("", ""));
    desk.links.link(&desk.world.app, desk.env("home.env", "home"), true).await.unwrap();
    // And a profile that nobody has logged in to.
    let watching = Watching::over(&desk, &["work", "home", "nobody"], Duration::from_millis(300)).await;
    let before = [desk.read(".env"), desk.read("home.env")].map(|file| value(&file, REFRESH));
    // Due, not over: nobody who holds the old one is without a token meanwhile.
    desk.world.pass(Duration::from_secs(7200 - 240));
    let mut rotated = Vec::new();
    for _ in 0..2 {
        let WatchEvent::Rotated { profile, .. } =
            watching.until("turned", |event| matches!(event, WatchEvent::Rotated { .. })).await
        else {
            unreachable!("just matched")
        };
        rotated.push(profile);
    }
    rotated.sort();
    assert_eq!(rotated, ["home".parse().unwrap(), work()]);
    let after = [desk.read(".env"), desk.read("home.env")].map(|file| value(&file, REFRESH));
    assert!(before[0] != after[0] && before[1] != after[1]);
    assert_eq!(desk.keeper.status(home).await.unwrap().grant.generation, Generation::new(2));
    assert_eq!((desk.world.sandbox.counters().refreshes, desk.replays()), (2, 0));
    watching.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_pause_and_a_dead_login_waits_for_a_person() {
    let desk = Desk::new().await;
    let fault = |code| tokenward_emulator::Fault::code(code).when(tokenward_emulator::Operation::Refresh);
    desk.world.sandbox.inject(fault(20050));
    desk.world.sandbox.inject(fault(20064));
    desk.world.expire();
    let watching = Watching::over(&desk, &["work"], Duration::from_millis(200)).await;
    let failed = watching.until("failed", |event| matches!(event, WatchEvent::Failed { .. })).await;
    let WatchEvent::Failed { again: Some(again), .. } = failed else { panic!("{failed:?}") };
    let failed = watching.until("refused", |event| matches!(event, WatchEvent::Failed { .. })).await;
    assert!(desk.world.clock.now() >= again, "it pauses");
    assert_eq!(desk.world.sandbox.counters().refreshes, 2, "one before the pause, and one after it");
    assert!(matches!(failed, WatchEvent::Failed { again: None, .. }), "{failed:?}");
    // The person's new login, as a file brings it.
    let (refresh, access) = desk.made_elsewhere("Ada");
    desk.write(".env", &env(&refresh, &access));
    watching.until("turned", |event| matches!(event, WatchEvent::Rotated { .. })).await;
    desk.in_step(".env").await;
    watching.stop().await;
    let whose: Option<Subject> = desk.keeper.status(desk.id).await.unwrap().grant.subject;
    assert_eq!(whose.and_then(|subject| subject.name).as_deref(), Some("Ada"));
}

/// Programs that only ask for tokens need no file, and their login shall not end unused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_without_a_linked_file_is_rotated_in_time() {
    let desk = Desk::new().await;
    let (home, _) = desk.world.log_in(&desk.keeper, "home").await;
    let watching = Watching::over(&desk, &["work", "home"], Duration::from_millis(200)).await;
    desk.world.pass(Duration::from_secs(7200 - 240));
    let of_home =
        |event: &WatchEvent| matches!(event, WatchEvent::Rotated { profile, .. } if profile.as_str() == "home");
    watching.until("rotated", of_home).await;
    watching.stop().await;
    assert_eq!(desk.keeper.status(home).await.unwrap().grant.generation, Generation::new(2));
    assert_eq!(desk.replays(), 0);
}

/// A link that is made in another terminal is noticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_is_made_meanwhile_is_followed() {
    let desk = Desk::new().await;
    let watching = Watching::over(&desk, &["work"], Duration::from_millis(200)).await;
    desk.write("late.env", &env("", ""));
    desk.links.link(&desk.world.app, desk.env("late.env", "work"), true).await.unwrap();
    let late = desk.path("late.env");
    watching.until("followed", |event| matches!(event, WatchEvent::Following { file, .. } if *file == late)).await;
    watching.stop().await;
}
