//! What happens to linked files: a check that spent the token, a backup, copies, another program's edits, a death in
//! between.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokenward::core::ports::{Clock, HandOut};
use tokenward::core::{Event, Generation, TokenWish};
use tokenward::links::{FileComparison, LinkOutcome, Links};
use tokenward::{Keeper, Notice, RotationStep};

use super::{ACCESS, Desk, REFRESH, StopAt, env, healed, value, work};

/// The story of code 20064, as it went: a person authorized, saved the refresh token to `.env`, "checked" it by refreshing, and
/// forgot to save what came back; the next run of the program sent the dead one: HTTP 400, 20064, log in again by hand.
#[tokio::test]
async fn a_check_no_longer_costs_the_login() {
    let desk = Desk::unlinked().await;
    // 1. The person has authorized (the desk's login), and 2. saves it to `.env`.
    desk.write(".env", &env("", ""));
    desk.links.link(&desk.world.app, desk.env(".env", "work"), true).await.unwrap();
    desk.in_step(".env").await;
    // 3. They check that it works, in each way there is. None of them sends the refresh token (I8).
    let status = desk.keeper.status(desk.id).await.unwrap();
    assert!(
        matches!(desk.links.states(None).await.unwrap()[..], [ref state] if matches!(state.found, FileComparison::InStep))
    );
    let parts = desk.world.parts().await;
    let who = parts.provider.user_info(&desk.world.app, &status.grant.access.unwrap().token).await.unwrap();
    assert_eq!(who.name.as_deref(), Some("Ada"));
    assert_eq!(desk.world.sandbox.counters().refreshes, 0);
    // 4. The next run of the program, two hours later, in another process.
    desk.world.expire();
    let keeper = desk.world.keeper().await;
    let handed = keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap();
    assert!(handed.rotated);
    // 5. It works: the token is good, the file holds what came, and the run after that works too.
    assert!(desk.world.live_access().contains(&handed.access.token.expose().to_owned()));
    desk.in_step(".env").await;
    desk.world.expire();
    assert!(desk.token().await.rotated);
    desk.in_step(".env").await;
    assert_eq!((desk.world.sandbox.counters().refreshes, desk.replays()), (2, 0));
    // 6. And the journal tells it: a login, a file, two rotations, nothing else.
    let story: Vec<_> = desk.events().await.iter().map(name).collect();
    let rotation = ["begun", "answered", "closed"];
    assert_eq!(story, [&["logged-in", "linked"], &rotation[..], &rotation[..]].concat());
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::LoggedIn => "logged-in",
        Event::Linked { .. } => "linked",
        Event::Begun { replay: false, .. } => "begun",
        Event::Answered { .. } => "answered",
        Event::Closed { .. } => "closed",
        _ => "other",
    }
}

/// The same story where the program is not ours: it spends the file's token by itself and does not save the answer; then its user
/// asks us. What we hold is dead, and that is said; nothing is sent twice.
#[tokio::test]
async fn a_stale_file_from_a_backup_heals() {
    let desk = Desk::new().await;
    let backup = desk.read(".env");
    for _ in 0..3 {
        desk.world.expire();
        desk.token().await;
    }
    desk.write(".env", &backup);
    let handed = desk.token().await;
    assert!(healed(&handed.notices) && !handed.rotated, "{:?}", handed.notices);
    desk.in_step(".env").await;
    assert_eq!(desk.world.sandbox.counters().refreshes, 3);
    assert_eq!(desk.replays(), 0);
    let held = desk.events().await.into_iter().find_map(|event| match event {
        Event::Healed { held, .. } => Some(held),
        _ => None,
    });
    assert_eq!(held, Some(Generation::FIRST));
    assert!(desk.token().await.notices.is_empty(), "told once");
}

/// A copied `.env`: one login, two files, whichever is used.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn copies_of_one_file_share_one_login() {
    let desk = Desk::new().await;
    std::fs::copy(desk.path(".env"), desk.path("copy.env")).unwrap();
    let (_, report) = desk.links.link(&desk.world.app, desk.env("copy.env", "work"), false).await.unwrap();
    assert!(matches!(report.outcome, LinkOutcome::InStep), "{report:?}");
    desk.world.expire();
    let mut keepers = Vec::new();
    for _ in 0..8 {
        keepers.push(desk.world.keeper().await);
    }
    let runs: Vec<_> = (0..32)
        .map(|number| {
            let (keeper, app) = (keepers[number % 8].clone(), desk.world.app.clone());
            tokio::spawn(async move { keeper.access_as(&app, &work(), TokenWish::default()).await })
        })
        .collect();
    for run in runs {
        let handed = run.await.unwrap().unwrap();
        assert!(!handed.notices.iter().any(|notice| matches!(notice, Notice::LinkNotWritten { .. })), "{handed:?}");
    }
    desk.token().await;
    desk.in_step(".env").await;
    desk.in_step("copy.env").await;
    assert_eq!((desk.world.sandbox.counters().refreshes, desk.replays()), (1, 0));
    desk.world.assert_clean();
}

/// Other keys edited all the while: none is lost, and the tokens are true in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn edits_of_other_keys_meanwhile_are_kept() {
    let desk = Desk::new().await;
    let path = desk.path(".env");
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    // Another program, which takes no lock: reads, changes its own line, replaces the file.
    let editor = std::thread::spawn(move || {
        let mut number = 0;
        while !stopped.load(Ordering::SeqCst) {
            let content = std::fs::read_to_string(&path).unwrap();
            number += 1;
            let lines: Vec<_> = content
                .lines()
                .map(|line| match line {
                    line if line.starts_with("OTHER=") => format!("OTHER={number}"),
                    line => line.to_owned(),
                })
                .collect();
            let new = path.with_extension("new");
            std::fs::write(&new, lines.join("\n") + "\n").unwrap();
            std::fs::rename(&new, &path).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(7));
        }
        number
    });
    for _ in 0..10 {
        desk.keeper.renew(&desk.world.app, desk.id).await.unwrap();
    }
    stop.store(true, Ordering::SeqCst);
    let edits = editor.join().unwrap();
    desk.token().await;
    desk.in_step(".env").await;
    let (refresh, _) = desk.present();
    let shown = desk.read(".env");
    let wanted = env(&refresh, &value(&shown, ACCESS)).replace("OTHER=\"kept\"  # as it is", &format!("OTHER={edits}"));
    assert_eq!(shown, wanted, "every line of both is there");
    assert_eq!(desk.replays(), 0);
}

#[tokio::test]
async fn a_death_between_commit_and_delivery_repeats_the_delivery() {
    let desk = Desk::new().await;
    let first = value(&desk.read(".env"), REFRESH);
    desk.world.expire();
    let dying = desk.world.observed(Arc::new(StopAt(RotationStep::Committed))).await.unwrap();
    dying.access(&desk.world.app, desk.id, TokenWish::default()).await.unwrap_err();
    assert_eq!(value(&desk.read(".env"), REFRESH), first, "not delivered");
    let generation = desk.keeper.status(desk.id).await.unwrap().grant.generation;
    assert_eq!(generation, Generation::new(2), "and committed");

    let handed = desk.token().await;
    assert!(!handed.rotated, "{handed:?}");
    desk.in_step(".env").await;
    let link = desk.links.states(None).await.unwrap().remove(0).link;
    assert_eq!(link.receipt.map(|receipt| receipt.generation), Some(generation), "the receipt names the generation");
    assert_eq!(desk.replays(), 0);
}

/// Whoever hands out reads the file system once a link and nothing else, as long as all is in step.
#[tokio::test]
async fn the_short_way_is_open_when_every_file_is_in_step_and_closed_when_one_is_not() {
    let desk = Desk::new().await;
    let home = desk.world.home();
    let short = || {
        let now = desk.world.clock.now();
        let app = &desk.world.app;
        let is_named = |found: &HandOut| found.is_of(&app.name, &app.client_id, app.provider(), &app.hosts);
        tokenward::hand_out(&home, &work(), &tokenward::KeySource::Unset, now, is_named)
    };
    assert!(short().is_some());
    let shown = desk.read(".env");
    desk.write(".env", &shown.replace("OTHER=\"kept\"", "OTHER=2"));
    assert!(short().is_none(), "the file is another");
    desk.token().await;
    assert!(short().is_some(), "it was looked at and found in step");
    std::fs::remove_file(desk.path(".env")).unwrap();
    assert!(short().is_none());
    let handed = desk.token().await;
    assert!(matches!(handed.notices[..], [Notice::LinkUnusable { .. }]), "{:?}", handed.notices);
    assert!(short().is_some(), "a file that is gone slows nobody down for a while");
    let links = Links::new(&Keeper::clone(&desk.keeper));
    let link = links.of_file(&desk.path(".env"), None).await.unwrap().remove(0);
    links.unlink(link.id).await.unwrap();
    assert!(short().is_some());
}
