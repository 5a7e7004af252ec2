//! A server that refuses, in the words and shapes that servers have: what is told, what is kept, and how often it is asked.

use std::time::Duration;

use tokenward::core::{Code, ExitClass, Scopes, Standing, TokenWish};
use tokenward::{Keeper, LoginRequest};
use tokenward_emulator::{Endpoint, ErrorShape, Fault, FaultKind, Operation};
use tokenward_testkit::{REDIRECT, consent};

use crate::world::{Kind, World, log_in, name_of};

/// A logged in user whose access token has ended, at a server that refuses every refresh so.
async fn refusing(error: &str, status: u16) -> (World, Keeper, tokenward::core::GrantId) {
    let world = World::new(Kind::Plain { grace: 0 }).await;
    let id = log_in(&world, "alice").await;
    let keeper = world.stand.session(None).await.keeper().clone();
    world.pass(Duration::from_secs(3700));
    let kind = FaultKind::Error { error: error.to_owned(), status: Some(status), shape: ErrorShape::Flat };
    world.sandbox.inject(Fault::new(kind).on(Endpoint::PlainToken).when(Operation::Refresh).forever());
    (world, keeper, id)
}

fn asked(world: &World) -> usize {
    world
        .sandbox
        .history()
        .iter()
        .filter(|record| record.visit().is_some_and(|visit| visit.operation == Operation::Refresh))
        .count()
}

#[tokio::test]
async fn what_means_a_dead_token_ends_the_login_and_is_asked_once() {
    for (word, status) in [
        ("invalid_grant", 400),
        ("bad_refresh_token", 200),
        ("interaction_required", 400),
        ("login_required", 403),
        ("consent_required", 400),
        ("token_revoked", 401),
    ] {
        let (world, keeper, id) = refusing(word, status).await;
        for _ in 0..3 {
            let error = keeper.access(&world.stand.app, id, TokenWish::default()).await.unwrap_err();
            assert_eq!(
                (error.code(), error.code().exit()),
                (Code::RefreshTokenRefused, ExitClass::NeedsConsent),
                "{word}"
            );
        }
        assert_eq!(asked(&world), 1, "{word}");
        assert!(matches!(keeper.status(id).await.unwrap().grant.standing, Standing::NeedsConsent { .. }));
    }
}

#[tokio::test]
async fn an_unclear_no_keeps_the_login_and_is_not_asked_for_at_every_call() {
    for (word, status) in
        [("invalid_request", 400), ("unauthorized_client", 403), ("something_else", 400), ("something_else", 200)]
    {
        let (world, keeper, id) = refusing(word, status).await;
        let app = &world.stand.app;
        let error = keeper.access(app, id, TokenWish::default()).await.unwrap_err();
        assert_eq!((error.code(), error.code().exit()), (Code::RefusedUnclearly, ExitClass::NeedsConsent), "{word}");
        assert_eq!(error.refusal().unwrap().provider_word.as_deref(), Some(word));
        for _ in 0..3 {
            let again = keeper.access(app, id, TokenWish::default()).await.unwrap_err();
            assert_eq!(again.code(), Code::RefusedUnclearly, "{word}");
        }
        assert_eq!(asked(&world), 1, "{word}: shared, not repeated");
        // A person who insists is obeyed; and from then on the pause is twice as long.
        keeper.renew(app, id).await.unwrap_err();
        assert_eq!(asked(&world), 2, "{word}");
        world.pass(Duration::from_secs(70));
        keeper.access(app, id, TokenWish::default()).await.unwrap_err();
        assert_eq!(asked(&world), 2, "{word}");
        world.pass(Duration::from_secs(60));
        // The server is well again: nothing was lost.
        world.sandbox.clear_faults();
        keeper.access(app, id, TokenWish::default()).await.unwrap();
        assert_eq!((asked(&world), world.counters().replays), (3, 0), "{word}");
        world.assert_clean();
    }
}

#[tokio::test]
async fn a_server_out_of_order_ends_no_login_whatever_it_says() {
    for word in ["invalid_grant", "bad_refresh_token", "something_else", "server_error"] {
        let (world, keeper, id) = refusing(word, 500).await;
        let app = &world.stand.app;
        let error = keeper.access(app, id, TokenWish::default()).await.unwrap_err();
        assert_eq!((error.code(), error.code().exit()), (Code::ProviderUnavailable, ExitClass::TryLater), "{word}");
        world.sandbox.clear_faults();
        keeper.access(app, id, TokenWish::default()).await.unwrap();
        assert_eq!(world.counters().replays, 0, "{word}");
    }
}

/// A code that comes back with this issuer.
async fn back_with(world: &World, keeper: &Keeper, change: impl FnOnce(Option<String>) -> Option<String>) -> Code {
    let (app, scopes) = (&world.stand.app, Scopes::parse("offline_access read").unwrap().0);
    let request = LoginRequest::new(scopes, REDIRECT.parse().unwrap());
    let attempt = keeper.begin_login(app, request).await.unwrap();
    let mut consent = consent(&attempt).await;
    consent.issuer = change(consent.issuer);
    match keeper.finish_login(app, &name_of("alice"), attempt, consent).await {
        Ok(_) => Code::CheckPassed,
        Err(error) => error.code(),
    }
}

#[tokio::test]
async fn an_answer_of_another_issuer_sends_its_code_nowhere() {
    for slash in [false, true] {
        let world = World::new(Kind::Plain { grace: 0 }).await;
        world.sandbox.rules(|rules| rules.plain.issuer_slash = slash);
        let session = world.stand.session(None).await;
        let keeper = session.keeper();
        assert_eq!(back_with(&world, keeper, |issuer| issuer).await, Code::CheckPassed);
        let exchanges = || {
            let history = world.sandbox.history();
            history
                .iter()
                .filter(|record| record.visit().is_some_and(|visit| visit.operation == Operation::Exchange))
                .count()
        };
        assert_eq!(exchanges(), 1);
        let evil = |_| Some("https://evil.test".to_owned());
        assert_eq!(back_with(&world, keeper, evil).await, Code::ForeignIssuer);
        assert_eq!(back_with(&world, keeper, |_| None).await, Code::ForeignIssuer, "announced, and not there");
        world.sandbox.rules(|rules| rules.plain.misnames_issuer = Some("https://evil.test".to_owned()));
        assert_eq!(back_with(&world, keeper, |issuer| issuer).await, Code::ForeignIssuer);
        world.sandbox.rules(|rules| rules.plain.misnames_issuer = Some(String::new()));
        assert_eq!(back_with(&world, keeper, |issuer| issuer).await, Code::ForeignIssuer);
        assert_eq!(exchanges(), 1, "no code was sent");
    }
}

#[tokio::test]
async fn a_server_that_announces_nothing_need_not_name_itself() {
    let world = World::new(Kind::Plain { grace: 0 }).await;
    world.sandbox.rules(|rules| rules.plain.names_issuer = false);
    let session = world.stand.session(None).await;
    assert_eq!(back_with(&world, session.keeper(), |issuer| issuer).await, Code::CheckPassed);
    let evil = |_| Some("https://evil.test".to_owned());
    assert_eq!(back_with(&world, session.keeper(), evil).await, Code::ForeignIssuer);
}
