//! Logging in on all four endpoint families, and out.

use std::sync::Arc;

use tokenward::core::ports::{AppTokenKind, LoggedIn};
use tokenward::core::{Brand, Code, Generation, ProviderName, Scopes, Status, TokenApi, TokenWish};
use tokenward::{Observer, RotationStep};
use tokenward_emulator::{ErrorShape, Fault, FaultKind, Operation, Record};
use tokenward_testkit::until;

use crate::world::World;

#[tokio::test]
async fn every_family_logs_in_rotates_and_knows_whose_login_it_is() {
    for api in TokenApi::ALL.into_iter().filter(|api| ProviderName::Feishu.speaks(*api)) {
        for brand in [Brand::Feishu, Brand::Lark] {
            let world = World::with(api, brand).await;
            // The v1 families know no PKCE (reference/feishu.md §6, §7): a challenge that nobody can meet must not be
            // sent.
            world.sandbox.rules(|rules| rules.v1_refuses_challenged_codes = true);
            let keeper = world.keeper().await;
            let (id, report) = world.log_in(&keeper, "work").await;
            let grant = &report.report.grant;
            assert_eq!(grant.subject.as_ref().unwrap().name.as_deref(), Some("Ada"), "{api} {brand}");
            assert_eq!(grant.issued_by, api);
            assert!(grant.has_refresh, "{api} {brand}");
            assert!(grant.wall.is_some());
            world.pass(std::time::Duration::from_secs(7300));
            let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
            assert!(handed.rotated);
            assert!(world.live_access().contains(&handed.access.token.expose().to_owned()));
            assert_eq!(world.sandbox.counters().replays, 0);
            world.assert_clean();
        }
    }
}

#[tokio::test]
async fn the_same_user_renews_the_grant_and_another_takes_the_profile_over_by_a_yes_alone() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (first, report) = world.log_in(&keeper, "work").await;
    assert_eq!(report.logged_in, LoggedIn::New(first));
    let (again, report) = world.log_in(&keeper, "work").await;
    assert_eq!((again, report.logged_in), (first, LoggedIn::Renewed(first)));

    let other = world.sandbox.user("Grace");
    world.sandbox.rules(|rules| rules.consent = tokenward_emulator::Consent::Auto { user: Some(other.id.clone()) });
    let before = keeper.access(&world.app, first, TokenWish::default()).await.unwrap();
    let error = world.try_log_in(&keeper, "work").await.unwrap_err();
    assert_eq!(error.code(), Code::AnotherUser, "{error}");
    let aside = error.aside().unwrap();
    assert_eq!(keeper.grant_of(&"work".parse().unwrap()).await.unwrap(), first, "nobody said yes");
    assert_eq!(keeper.access(&world.app, first, TokenWish::default()).await.unwrap().access, before.access);
    let kept = keeper.without_profile().await.unwrap();
    assert_eq!(kept.iter().map(|login| (login.grant.id, &login.source)).collect::<Vec<_>>(), [(aside, &None)]);
    // Their token is good, and goes by its own grant.
    keeper.renew(&world.app, aside).await.unwrap();

    let report = world.log_in_by(&keeper, "work", true).await.unwrap();
    let taken = report.logged_in.id();
    assert_eq!(
        report.logged_in,
        LoggedIn::TookOver { id: taken, previous: first },
        "{:?}",
        report.report.grant.subject
    );
    keeper.logout(None, aside, false).await.unwrap();
    let mut listed = keeper.list().await.unwrap();
    listed.retain(|report| report.grant.id != aside);
    assert_eq!(listed.len(), 2);
    assert_eq!(listed.iter().filter(|report| report.grant.profile.is_some()).count(), 1);
    // Ada's login is still alive, without a name.
    world.expire();
    keeper.access(&world.app, first, TokenWish::default()).await.unwrap();
    world.assert_clean();
}

#[tokio::test]
async fn a_used_code_is_refused_and_the_earlier_login_lives() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.sandbox.inject(Fault::code(20065).when(Operation::Exchange));
    let error = world.try_log_in(&keeper, "work").await.unwrap_err();
    assert_eq!(error.code(), Code::CodeRefused, "{error}");
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
}

#[tokio::test]
async fn no_offline_access_means_no_refresh_token_and_says_so() {
    let world = World::new().await;
    world.sandbox.change_app(&world.app.client_id, |app| app.refresh_switch = false).unwrap();
    let keeper = world.keeper().await;
    let (id, report) = world.log_in(&keeper, "work").await;
    assert!(!report.report.grant.has_refresh);
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    world.expire();
    let error = keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::NoRefreshToken);
}

#[tokio::test]
async fn an_answer_that_no_login_was_made_of_becomes_one_later() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    // The process dies between keeping the answer and storing the login: here, user_info hangs and the task is dropped.
    world.sandbox.inject(Fault::new(FaultKind::Hang).on(tokenward_emulator::Endpoint::UserInfo));
    tokio::select! {
        ended = world.try_log_in(&keeper, "work") => panic!("it was to hang: {:?}", ended.err()),
        () = until(|| world.sandbox.hanging() > 0) => {}
    }
    let work = "work".parse().unwrap();
    assert_eq!(keeper.grant_of(&work).await.unwrap_err().code(), Code::NotLoggedIn);

    // Young answers are left to whoever may be at work on them; a minute later the next process takes over.
    world.clock.advance(jiff::SignedDuration::from_secs(90));
    let next = world.keeper().await;
    let id = next.grant_of(&work).await.unwrap();
    next.renew(&world.app, id).await.unwrap();
    world.assert_clean();
}

#[tokio::test]
async fn logout_revokes_both_tokens_and_keeps_the_record() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    assert!(keeper.logout(Some(&world.app), id, true).await.unwrap());
    assert!(world.live_access().is_empty());
    assert_eq!(keeper.status(id).await.unwrap().status, Status::Retired);
    assert_eq!(keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err().code(), Code::NotLoggedIn);
    assert_eq!(keeper.grant_of(&"work".parse().unwrap()).await.unwrap_err().code(), Code::NotLoggedIn);
}

#[tokio::test]
async fn a_logout_that_the_provider_refuses_changes_nothing() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.sandbox.inject(Fault::new(FaultKind::Html { status: 502 }).when(Operation::Revoke).times(2));
    keeper.logout(Some(&world.app), id, true).await.unwrap_err();
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
}

#[tokio::test]
async fn device_logins_poll_until_the_person_has_finished() {
    for api in [TokenApi::V3, TokenApi::V2] {
        let world = World::with(api, Brand::Lark).await;
        world.sandbox.rules(|rules| {
            rules.device_consent = tokenward_emulator::Consent::Ask;
            rules.lifetimes.device_interval = 1;
        });
        let keeper = world.keeper().await;
        let scopes = Scopes::parse("contact:user.base:readonly").unwrap().0.for_login().unwrap();
        let login = keeper.begin_device_login(&world.app, &scopes).await.unwrap();
        let (code, grace) = (login.user_code.clone(), world.sandbox.user("Grace"));
        let profile = "work".parse().unwrap();
        let finish = keeper.finish_device_login(&world.app, &profile, login, scopes, false);
        let decide = async {
            let polled = || {
                let history = world.sandbox.history();
                history.iter().filter_map(Record::visit).any(|visit| visit.operation == Operation::DevicePoll)
            };
            // Whoever polls is told first that the person has not finished.
            until(polled).await;
            world.sandbox.decide_device(&code, Some(&grace.id)).unwrap();
        };
        let (report, ()) = tokio::join!(finish, decide);
        let grant = report.unwrap().report.grant;
        assert_eq!(grant.subject.unwrap().name.as_deref(), Some("Grace"));
        // The family that was polled issued the tokens, and they rotate there.
        assert_eq!(grant.issued_by, api);
        world.expire();
        keeper.access(&world.app, grant.id, TokenWish::default()).await.unwrap();
        assert_eq!(world.sandbox.counters().replays, 0);
        world.assert_clean();
    }
}

/// A server that is out of order for a while, answers half, or not at all, does not end a login that the person is about to
/// finish (RFC 8628 §3.5).
#[tokio::test]
async fn a_device_login_outlives_whatever_is_answered_meanwhile() {
    let kinds = [
        FaultKind::Html { status: 502 },
        FaultKind::Html { status: 503 },
        FaultKind::Html { status: 200 },
        FaultKind::Empty { status: 200 },
        FaultKind::Empty { status: 500 },
        FaultKind::Error { error: "invalid_grant".to_owned(), status: Some(500), shape: ErrorShape::Flat },
        FaultKind::Error { error: "something_else".to_owned(), status: Some(502), shape: ErrorShape::Flat },
        FaultKind::Drop,
        FaultKind::NotFound,
        FaultKind::RateLimit { reset_seconds: 0 },
    ];
    let world = World::new().await;
    world.sandbox.rules(|rules| {
        rules.device_consent = tokenward_emulator::Consent::Ask;
        rules.lifetimes.device_interval = 0;
    });
    let grace = world.sandbox.user("Grace");
    for kind in kinds {
        let keeper = world.keeper().await;
        let scopes = Scopes::parse("offline_access").unwrap().0;
        let mut login = keeper.begin_device_login(&world.app, &scopes).await.unwrap();
        login.interval = std::time::Duration::from_millis(100);
        let code = login.user_code.clone();
        world.sandbox.inject(Fault::new(kind.clone()).when(Operation::DevicePoll));
        let profile = "work".parse().unwrap();
        let finish = keeper.finish_device_login(&world.app, &profile, login, scopes, false);
        let decide = async {
            until(|| world.sandbox.faults().iter().all(|fault| fault.kind != kind)).await;
            world.sandbox.decide_device(&code, Some(&grace.id)).unwrap();
        };
        let (report, ()) = tokio::join!(finish, decide);
        report.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
    }
}

/// What is told at the end is what was in the way.
#[tokio::test]
async fn a_device_login_that_ends_in_trouble_tells_the_trouble() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.lifetimes.device_interval = 0);
    let keeper = world.keeper().await;
    let scopes = Scopes::parse("offline_access").unwrap().0;
    let begin = async || {
        let mut login = keeper.begin_device_login(&world.app, &scopes).await.unwrap();
        login.interval = std::time::Duration::from_millis(100);
        login
    };
    world.sandbox.inject(Fault::new(FaultKind::Html { status: 502 }).when(Operation::DevicePoll).forever());
    let mut login = begin().await;
    login.expires_in = std::time::Duration::from_millis(600);
    let error = keeper
        .finish_device_login(&world.app, &"work".parse().unwrap(), login, scopes.clone(), false)
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.refusal().unwrap().status), (Code::LoginTimedOut, 502));
    // The tokens were given away, and the connection broke: the person said no such thing.
    world.sandbox.clear_faults();
    world.sandbox.inject(Fault::drop_answer().when(Operation::DevicePoll));
    let login = begin().await;
    let error = keeper
        .finish_device_login(&world.app, &"work".parse().unwrap(), login, scopes.clone(), false)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::LoginAnswerOdd, "{error}");
}

#[tokio::test]
async fn a_family_without_device_logins_says_so_at_once() {
    for api in [TokenApi::OidcV1, TokenApi::LegacyV1] {
        let world = World::with(api, Brand::Feishu).await;
        let keeper = world.keeper().await;
        let error = keeper.begin_device_login(&world.app, &Scopes::default()).await.unwrap_err();
        assert_eq!(error.code(), Code::BadSetting);
    }
}

#[tokio::test]
async fn a_denied_device_login_says_so() {
    let world = World::new().await;
    world.sandbox.rules(|rules| {
        rules.device_consent = tokenward_emulator::Consent::Ask;
        rules.lifetimes.device_interval = 1;
    });
    let keeper = world.keeper().await;
    let scopes = Scopes::parse("offline_access").unwrap().0;
    let login = keeper.begin_device_login(&world.app, &scopes).await.unwrap();
    world.sandbox.decide_device(&login.user_code, None).unwrap();
    let error =
        keeper.finish_device_login(&world.app, &"work".parse().unwrap(), login, scopes, false).await.unwrap_err();
    assert_eq!(error.code(), Code::ConsentDenied, "{error}");
}

#[tokio::test]
async fn app_and_tenant_tokens_are_fetched_once_and_kept() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    for kind in [AppTokenKind::App, AppTokenKind::Tenant] {
        let first = keeper.app_token(&world.app, kind, std::time::Duration::ZERO).await.unwrap();
        let asked = world.sandbox.history().len();
        let second = world.keeper().await.app_token(&world.app, kind, std::time::Duration::ZERO).await.unwrap();
        assert_eq!(first.token.expose(), second.token.expose());
        assert_eq!(world.sandbox.history().len(), asked);
    }
}

#[tokio::test]
async fn a_logout_revokes_what_an_earlier_process_had_been_given_and_not_stored() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    // Dies between the journalled answer and the commit, as far as the vault can tell.
    let dying = world.observed(Arc::new(Dying)).await.unwrap();
    let (app, rotating) = (world.app.clone(), dying.clone());
    tokio::spawn(async move { rotating.access(&app, id, TokenWish::default()).await }).await.unwrap().unwrap_err();
    assert_eq!(keeper.status(id).await.unwrap().grant.generation, Generation::FIRST);
    // A task that panics leaves its lease behind, until that lapses.
    world.clock.advance(jiff::SignedDuration::from_secs(80));
    assert!(keeper.logout(Some(&world.app), id, true).await.unwrap());
    assert!(world.live_access().is_empty(), "{:?}", world.live_access());
    assert!(world.sandbox.current_tokens().iter().all(|login| login.refresh_token.is_none()));
}

/// Ends the rotating task once the answer is in the journal.
struct Dying;

impl Observer for Dying {
    fn at(&self, step: RotationStep) {
        assert_ne!(step, RotationStep::Journalled, "dies here");
    }
}
