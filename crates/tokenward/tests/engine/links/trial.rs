//! Adopted logins on trial: refused, in doubt, taken back, another user's.

use std::sync::Arc;

use tokenward::core::ports::Adopted;
use tokenward::core::{Code, Event, Generation, Standing, TokenWish};
use tokenward::links::{BroughtLogin, FileComparison};
use tokenward::{Notice, Observer, RotationStep};
use tokenward_emulator::{Fault, Operation};

use super::{ACCESS, Desk, REFRESH, StopAt, env, value, work};

/// A token that looks like one and was never issued, or is dead: the login before it serves again, in the same call. Nobody can say whose
/// it was, so the file is left until a person wants it to show the profile's.
#[tokio::test]
async fn a_refused_trial_is_taken_back_and_served() {
    let desk = Desk::new().await;
    let before = desk.token().await;
    let dead = env("ur-this-was-never-issued", "u-old");
    desk.write(".env", &dead);
    let handed = desk.token().await;
    assert_eq!(handed.access.token, before.access.token, "what served before serves again");
    let told: Vec<_> = handed
        .notices
        .iter()
        .map(|notice| match notice {
            Notice::LinkAdopted { .. } => "adopted",
            Notice::TakenBack { adopted, generation, .. } => {
                assert_eq!((adopted.get(), generation.get()), (2, 3));
                "taken back"
            }
            Notice::LinkOfEndedLogin { user: None, .. } => "left",
            _ => "other",
        })
        .collect();
    assert_eq!(told, ["adopted", "taken back", "left"], "{:?}", handed.notices);
    for _ in 0..2 {
        assert_eq!(desk.token().await.access.token, before.access.token);
        desk.tend(true).await;
        assert!(matches!(desk.found(".env").await, FileComparison::OfEndedLogin { user: None }));
        assert_eq!(desk.read(".env"), dead);
    }
    assert_eq!(desk.world.sandbox.counters().refreshes, 1, "it is not sent again");
    let error = desk.links.link(&desk.world.app, desk.env(".env", "work"), false).await.unwrap_err();
    assert_eq!(error.code(), Code::EndedLogin);
    desk.links.link(&desk.world.app, desk.env(".env", "work"), true).await.unwrap();
    desk.in_step(".env").await;
    let events = desk.events().await;
    assert!(events.iter().any(|event| matches!(event, Event::TakenBack { refused: true, .. })), "{events:?}");
    // It lives on.
    desk.world.expire();
    assert!(desk.token().await.rotated);
    desk.in_step(".env").await;
    assert_eq!(desk.replays(), 0);
}

/// The same when the login that gave way was due itself: it is rotated at once.
#[tokio::test]
async fn a_refused_trial_over_a_login_that_is_due() {
    let desk = Desk::new().await;
    desk.world.expire();
    let dead = env("ur-this-was-never-issued", "u-old");
    desk.write(".env", &dead);
    let handed = desk.token().await;
    assert!(handed.rotated);
    assert!(desk.world.live_access().contains(&handed.access.token.expose().to_owned()));
    assert_eq!(desk.read(".env"), dead);
    assert_eq!(desk.world.sandbox.counters().rotations, 1);
}

#[tokio::test]
async fn a_trial_in_doubt_is_sent_again_and_holds() {
    let desk = Desk::new().await;
    let (refresh, access) = desk.made_elsewhere("Ada");
    desk.write(".env", &env(&refresh, &access));
    desk.world.sandbox.inject(Fault::drop_request().when(Operation::Refresh));
    let before = desk.keeper.status(desk.id).await.unwrap().grant.access.unwrap();
    // The token that it replaced still serves (I7).
    let handed = desk.token().await;
    assert_eq!(handed.access, before);
    assert!(
        handed
            .notices
            .iter()
            .any(|notice| matches!(notice, Notice::RotationFailed(error) if error.code() == Code::OutcomeUnknown))
    );
    assert!(matches!(desk.keeper.status(desk.id).await.unwrap().grant.standing, Standing::InDoubt { .. }));
    // The provider never saw it, so the replay succeeds and the trial is over.
    assert!(desk.token().await.rotated);
    assert!(!desk.keeper.status(desk.id).await.unwrap().grant.on_trial);
    desk.in_step(".env").await;
}

/// The provider rotated it and the answer was lost; the replay is refused. The login before it is back.
#[tokio::test]
async fn a_trial_whose_answer_was_lost_is_taken_back() {
    let desk = Desk::new().await;
    let before = desk.token().await;
    let (refresh, access) = desk.made_elsewhere("Ada");
    desk.write(".env", &env(&refresh, &access));
    desk.world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
    desk.token().await;
    let handed = desk.token().await;
    assert!(handed.notices.iter().any(|notice| matches!(notice, Notice::TakenBack { .. })), "{:?}", handed.notices);
    assert_eq!(handed.access.token, before.access.token);
    assert!(matches!(desk.found(".env").await, FileComparison::InStep));
    assert_ne!(value(&desk.read(".env"), REFRESH), refresh);
}

/// Bob's token, and the answer is lost: whether it is sent again and refused, or a person logs in first, nobody has said whose it is, and
/// the file is not written over.
#[tokio::test]
async fn a_file_whose_trial_was_never_answered_is_left() {
    for logs_in in [false, true] {
        let desk = Desk::new().await;
        let (refresh, _) = desk.made_elsewhere("Bob");
        let text = env(&refresh, "");
        desk.write(".env", &text);
        desk.world.sandbox.inject(Fault::drop_answer().when(Operation::Refresh));
        desk.token().await;
        assert!(matches!(desk.found(".env").await, FileComparison::Unproven { shows_it: true }), "{logs_in}");
        assert_eq!(desk.read(".env"), text, "{logs_in}");
        if logs_in {
            desk.world.log_in(&desk.keeper, "work").await;
        } else {
            let handed = desk.token().await;
            let told = |notice: &Notice| matches!(notice, Notice::LinkOfEndedLogin { .. });
            assert!(handed.notices.iter().any(told), "{:?}", handed.notices);
        }
        for _ in 0..2 {
            desk.token().await;
            desk.tend(true).await;
            assert_eq!(desk.read(".env"), text, "{logs_in}");
            assert!(matches!(desk.found(".env").await, FileComparison::OfEndedLogin { user: None }), "{logs_in}");
        }
        assert_eq!(desk.keeper.status(desk.id).await.unwrap().grant.subject.unwrap().name.unwrap(), "Ada");
        desk.links.link(&desk.world.app, desk.env(".env", "work"), true).await.unwrap();
        assert!(matches!(desk.found(".env").await, FileComparison::InStep), "{logs_in}");
    }
}

/// The same where the profile's own login was over already: a refusal of what was brought makes it nobody else's.
#[tokio::test]
async fn a_refused_trial_over_a_login_that_is_over_is_kept_apart() {
    let desk = Desk::new().await;
    desk.world.expire();
    desk.world.sandbox.inject(Fault::code(20064).when(Operation::Refresh));
    let over = desk.keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap_err();
    let dead = env("ur-this-was-never-issued", "");
    desk.write(".env", &dead);
    for _ in 0..2 {
        let error = desk.keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap_err();
        assert_eq!(error.code(), over.code(), "{error}");
    }
    desk.world.log_in(&desk.keeper, "work").await;
    desk.token().await;
    assert_eq!(desk.read(".env"), dead);
    assert!(matches!(desk.found(".env").await, FileComparison::OfEndedLogin { user: None }));
}

/// Dead between the refusal and the taking back: the next process settles the kept answer.
#[tokio::test]
async fn a_refusal_that_nobody_settled_is_taken_back_by_the_next() {
    let desk = Desk::new().await;
    let dead = env("ur-this-was-never-issued", "u-old");
    desk.write(".env", &dead);
    let dying = desk.world.observed(Arc::new(StopAt(RotationStep::Journalled))).await.unwrap();
    let _ = dying.access_as(&desk.world.app, &work(), TokenWish::default()).await;
    drop(dying);
    let grant = desk.keeper.status(desk.id).await.unwrap().grant;
    assert!(grant.on_trial && grant.intent_open, "{grant:?}");
    // Its lease lapses.
    desk.world.pass(std::time::Duration::from_secs(80));
    let handed = desk.token().await;
    assert!(handed.notices.iter().any(|notice| matches!(notice, Notice::TakenBack { .. })), "{:?}", handed.notices);
    assert_eq!(desk.read(".env"), dead);
    assert_eq!(desk.world.sandbox.counters().refreshes, 1, "the answer was there; nothing was sent again");
}

/// A login whose access token says nothing is refreshed, and turns out to be Bob's: it is kept aside, Ada's serves again, and Bob's
/// file gets none of Ada's tokens, and the new ones of Bob for the one that was used up. Whether the provider says so at once, or later.
#[tokio::test]
async fn another_users_login_is_kept_aside_after_its_first_refresh() {
    for at_once in [true, false] {
        another_users(at_once).await;
    }
}

async fn another_users(at_once: bool) {
    let desk = Desk::new().await;
    let before = desk.token().await;
    let (refresh, access) = desk.made_elsewhere("Bob");
    let bobs = || desk.world.sandbox.current_tokens().into_iter().rfind(|login| login.refreshable).unwrap();
    desk.write(".env", &env(&refresh, "u-old"));
    assert_eq!(bobs().refresh_token.as_ref(), Some(&refresh));
    if !at_once {
        // The old access token is asked about first.
        desk.world.sandbox.inject(Fault::drop_request().when(Operation::Call).times(3));
        let handed = desk.token().await;
        assert_eq!(handed.access.token, before.access.token, "Ada's serves as long as nobody says");
        assert_eq!(Some(value(&desk.read(".env"), REFRESH)), bobs().refresh_token, "its own, and nobody else's");
    }
    let handed = desk.token().await;
    assert_eq!((handed.grant, &handed.access.token), (desk.id, &before.access.token));
    let named = handed.notices.iter().find_map(|notice| match notice {
        Notice::KeptAside { before, now, grant } => Some((before.clone()?.name?, now.clone()?.name?, *grant)),
        _ => None,
    });
    let (ada, bob, aside) = named.unwrap_or_else(|| panic!("{:?}", handed.notices));
    assert_eq!((ada.as_str(), bob.as_str()), ("Ada", "Bob"));
    let told = handed.notices.iter().any(|notice| matches!(notice, Notice::LinkGivenItsOwn { .. }));
    assert_eq!(told, at_once, "{:?}", handed.notices);
    let kept = desk.keeper.status(aside).await.unwrap().grant;
    assert_eq!((kept.profile, kept.has_refresh, kept.standing), (None, true, Standing::Live));
    for _ in 0..2 {
        assert_eq!(desk.token().await.access.token, before.access.token);
        let shown = desk.read(".env");
        assert_eq!(Some(value(&shown, REFRESH)), bobs().refresh_token, "it is Bob's file");
        assert!(bobs().access_tokens.iter().any(|token| token.token == value(&shown, ACCESS)));
    }
    assert_ne!(value(&desk.read(".env"), REFRESH), refresh);
    assert!(!desk.read(".env").contains(&access));
    assert!(
        matches!(desk.found(".env").await, FileComparison::OfAnotherUser { user: Some(user), .. } if user == "Bob")
    );
    assert_eq!(desk.replays(), 0);
    // Both live on.
    desk.world.expire();
    assert!(desk.token().await.rotated);
    assert!(desk.keeper.renew(&desk.world.app, aside).await.unwrap().rotated);
}

/// A login whose access token says that it is Bob's is kept aside at once, and sent nowhere.
#[tokio::test]
async fn another_users_login_in_a_file_is_kept_aside_unsent() {
    let desk = Desk::new().await;
    let before = desk.token().await;
    let (refresh, access) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, &access));
    let handed = desk.token().await;
    assert_eq!((handed.grant, handed.access.token), (desk.id, before.access.token));
    let told = |notice: &Notice| matches!(notice, Notice::LinkOfAnotherUser { user: Some(user), .. } if user == "Bob");
    assert!(handed.notices.iter().any(told), "{:?}", handed.notices);
    assert_eq!(value(&desk.read(".env"), REFRESH), refresh, "it is Bob's file");
    assert_eq!(desk.world.sandbox.counters().refreshes, 0);
    // A person says so: the profile is Bob's, and can be given back.
    let link = desk.env(".env", "work");
    let report = desk.links.adopt_file(&desk.world.app, &link, true).await.unwrap();
    assert_eq!(desk.keeper.grant_of(&work()).await.unwrap(), report.grant);
    assert_ne!(report.grant, desk.id);
    desk.links.take_back(&desk.world.app, &work()).await.unwrap();
    assert_eq!(desk.keeper.grant_of(&work()).await.unwrap(), desk.id);
}

/// Ada's login is over, and a file brings Bob's: the profile does not become Bob's.
#[tokio::test]
async fn a_login_that_is_over_becomes_nobody_elses() {
    let desk = Desk::new().await;
    desk.world.expire();
    let (refresh, access) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, &access));
    desk.world.sandbox.inject(Fault::code(20064).when(Operation::Refresh));
    let error = desk.keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap_err();
    assert_eq!(error.code().exit(), tokenward::core::ExitClass::NeedsConsent);
    assert_eq!(desk.keeper.grant_of(&work()).await.unwrap(), desk.id);
}

#[tokio::test]
async fn a_person_can_take_an_adoption_back_and_forth() {
    let desk = Desk::new().await;
    let error = desk.links.take_back(&desk.world.app, &work()).await.unwrap_err();
    assert_eq!(error.code(), Code::NothingToAdopt);
    let old = value(&desk.read(".env"), REFRESH);
    let (refresh, access) = desk.made_elsewhere("Ada");
    let brought = || {
        BroughtLogin::new(tokenward::core::RefreshToken::parse(refresh.as_str()).unwrap(), "another tool")
            .access(Some((tokenward::core::AccessToken::parse(access.as_str()).unwrap(), None)))
    };
    let report = desk.links.adopt(&desk.world.app, &work(), brought()).await.unwrap();
    assert_eq!((report.grant, report.generation), (desk.id, Generation::new(2)));
    assert_eq!(value(&desk.read(".env"), REFRESH), refresh, "delivered");
    let (generation, _) = desk.links.take_back(&desk.world.app, &work()).await.unwrap();
    assert_eq!((generation, value(&desk.read(".env"), REFRESH)), (Generation::new(3), old.clone()));
    // The same login once more is brought back, and once more than that is the present one.
    let again = desk.links.adopt(&desk.world.app, &work(), brought()).await.unwrap();
    assert_eq!((again.adopted, again.generation), (Adopted::Renewed(desk.id), Generation::new(4)));
    assert_eq!(value(&desk.read(".env"), REFRESH), refresh, "back again");
    let again = desk.links.adopt(&desk.world.app, &work(), brought()).await.unwrap();
    assert!(matches!(again.adopted, Adopted::Known { .. }));
    desk.links.take_back(&desk.world.app, &work()).await.unwrap();
    assert_eq!(value(&desk.read(".env"), REFRESH), old);
    assert_eq!(desk.world.sandbox.counters().refreshes, 0);
}

/// While the provider is away, an adoption must not take a reader's token from it (I7).
#[tokio::test]
async fn i7_a_reader_is_served_while_the_trial_cannot_be_made() {
    let desk = Desk::new().await;
    let before = desk.token().await;
    let (refresh, _) = desk.made_elsewhere("Ada");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::code(20050).when(Operation::Refresh));
    let handed = desk.token().await;
    assert_eq!(handed.access.token, before.access.token);
    assert!(handed.notices.iter().any(|notice| matches!(notice, Notice::RotationFailed(_))), "{:?}", handed.notices);
    assert!(desk.token().await.rotated, "the next one makes the trial");
    desk.in_step(".env").await;
}

/// The same where the trial ends in doubt, time and again: whoever comes later is served what an earlier call had put aside.
#[tokio::test]
async fn i7_a_reader_is_served_while_a_trial_of_an_earlier_call_is_in_doubt() {
    let desk = Desk::new().await;
    let before = desk.token().await;
    let (refresh, _) = desk.made_elsewhere("Ada");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::drop_request().when(Operation::Refresh).times(3));
    for number in 0..3 {
        let handed = desk.token().await;
        assert_eq!(handed.access.token, before.access.token, "{number}");
        assert_eq!(handed.failed.unwrap().code(), Code::OutcomeUnknown, "{number}");
    }
    assert_eq!(desk.world.sandbox.counters().refreshes, 3);
    // Its own end ends that, too.
    desk.world.sandbox.inject(Fault::drop_request().when(Operation::Refresh));
    desk.world.expire();
    let error = desk.keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::OutcomeUnknown);
    assert!(desk.token().await.rotated, "the next one makes the trial");
    desk.in_step(".env").await;
}

/// What was brought has rotated, and nobody says whose it is: whoever comes later is served the profile's own token too, until that ends.
#[tokio::test]
async fn i7_later_readers_are_served_while_nobody_says_whose_a_login_is() {
    let desk = Desk::new().await;
    let before = desk.token().await;
    let (refresh, _) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, ""));
    desk.world.sandbox.inject(Fault::drop_request().when(Operation::Call).forever());
    for number in 0..3 {
        let handed = desk.token().await;
        assert_eq!((handed.grant, &handed.access.token), (desk.id, &before.access.token), "{number}");
        assert_eq!(handed.failed.unwrap().code(), Code::UserNotTold, "{number}");
        assert!(desk.keeper.status(desk.id).await.unwrap().grant.unproven, "{number}");
    }
    assert_eq!(desk.world.sandbox.counters().refreshes, 1);
    // Nobody who asks for a newer one is given an older one.
    let error = desk.keeper.renew(&desk.world.app, desk.id).await.unwrap_err();
    assert_eq!(error.code(), Code::UserNotTold);
    desk.world.expire();
    let error = desk.keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::UserNotTold);
    // Once somebody says so, Bob's is kept aside and Ada's is the profile's.
    desk.world.sandbox.clear_faults();
    let handed = desk.token().await;
    assert!(handed.notices.iter().any(|notice| matches!(notice, Notice::KeptAside { .. })), "{:?}", handed.notices);
    assert_eq!(desk.keeper.status(desk.id).await.unwrap().grant.subject.unwrap().name.unwrap(), "Ada");
    assert_eq!(desk.replays(), 0);
}

/// Writes a file in the middle of a rotation.
struct WriteAt(RotationStep, std::path::PathBuf, String);

impl Observer for WriteAt {
    fn at(&self, step: RotationStep) {
        if step == self.0 {
            std::fs::write(&self.1, &self.2).unwrap();
        }
    }
}

/// Another tool rotated the login behind our back, and writes what it got while we are being refused: it is found before anyone
/// is sent to log in again (design/0000-charter.md §5, a foreign spender).
#[tokio::test]
async fn a_login_that_is_brought_while_ours_is_refused_is_found_in_the_same_call() {
    let desk = Desk::new().await;
    desk.world.expire();
    let (refresh, access) = desk.made_elsewhere("Ada");
    let writing = WriteAt(RotationStep::Begun, desk.path(".env"), env(&refresh, &access));
    let keeper = desk.world.observed(Arc::new(writing)).await.unwrap();
    desk.world.sandbox.inject(Fault::code(20064).when(Operation::Refresh));
    let handed = keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap();
    assert!(desk.world.live_access().contains(&handed.access.token.expose().to_owned()));
    assert!(handed.notices.iter().any(|notice| matches!(notice, Notice::LinkAdopted { .. })), "{:?}", handed.notices);
    assert!(!handed.notices.iter().any(|notice| matches!(notice, Notice::TakenBack { .. })), "{:?}", handed.notices);
    assert_eq!(handed.grant, desk.id);
}

/// The same with Bob's login, whether or not its access token tells: Ada's is over, and nobody is served Bob's.
#[tokio::test]
async fn another_users_login_that_is_brought_while_ours_is_refused_is_kept_aside() {
    for tells in [true, false] {
        let desk = Desk::new().await;
        desk.world.expire();
        let (refresh, access) = desk.made_elsewhere("Bob");
        let shown = env(&refresh, if tells { &access } else { "" });
        let writing = WriteAt(RotationStep::Begun, desk.path(".env"), shown);
        let keeper = desk.world.observed(Arc::new(writing)).await.unwrap();
        desk.world.sandbox.inject(Fault::code(20064).when(Operation::Refresh));
        for _ in 0..2 {
            let error = keeper.access_as(&desk.world.app, &work(), TokenWish::default()).await.unwrap_err();
            assert_eq!(error.code(), Code::ForeignSpender, "{tells} {error}");
            let grant = desk.keeper.status(desk.id).await.unwrap().grant;
            assert_eq!(grant.subject.unwrap().name.unwrap(), "Ada", "{tells}");
            assert_eq!(desk.keeper.grant_of(&work()).await.unwrap(), desk.id, "{tells}");
        }
        let kept = desk.keeper.without_profile().await.unwrap();
        let names: Vec<_> = kept.iter().filter_map(|login| login.grant.subject.clone()?.name).collect();
        assert_eq!(names, ["Bob"], "{tells}");
        assert!(matches!(desk.found(".env").await, FileComparison::OfAnotherUser { .. }), "{tells}");
    }
}
