//! How often the engine goes to the store: design/0006-many-nodes.md, *Five trips*. Linked files cost more.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokenward::core::ports::Vault;
use tokenward::core::{Code, TokenWish};
use tokenward::{
    Environment, Keeper, KeeperOptions, Overrides, RotationStep, ServedToken, Session, SessionOptions, Settings,
    SystemEntropy,
};
use tokenward_emulator::{Fault, Operation};

use crate::failing::Failing;
use crate::links::StopAt;
use crate::world::World;

/// A keeper whose calls to the store are counted.
async fn counted(world: &World) -> (Keeper, Arc<Failing>) {
    let mut parts = world.parts().await;
    let store = Arc::new(Failing::new(Arc::clone(&parts.vault), 0, false, false));
    parts.vault = store.clone();
    let keeper = Keeper::new(parts, KeeperOptions::default());
    (keeper, store)
}

/// What was called since the last look, in order.
fn since(store: &Failing) -> Vec<&'static str> {
    std::mem::take(&mut store.trips.lock().unwrap())
}

#[tokio::test]
async fn a_rotation_goes_to_the_store_five_times() {
    let world = World::new().await;
    let (keeper, store) = counted(&world).await;
    let profile = "work".parse().unwrap();
    let (id, _) = world.log_in(&keeper, "work").await;
    // Whose it is was asked by the login; what a login leaves behind is no part of a rotation.
    for round in 0..2 {
        world.expire();
        since(&store);
        let by_name = keeper.access_as(&world.app, &profile, TokenWish::default()).await.unwrap();
        assert!(by_name.rotated);
        assert_eq!(since(&store), ["look", "hold", "begin", "keep_answer", "commit"], "round {round}");
        world.expire();
        let by_id = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
        assert!(by_id.rotated);
        assert_eq!(since(&store), ["grant", "hold", "begin", "keep_answer", "commit"], "round {round}");
        let renewed = keeper.renew(&world.app, id).await.unwrap();
        assert!(renewed.generation > by_id.generation);
        assert_eq!(since(&store), ["grant", "hold", "begin", "keep_answer", "commit"], "round {round}");
    }
    // The set that was committed is what is stored: nobody has to ask.
    let present = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!(since(&store), ["grant"]);
    assert_eq!(present.generation, world.keeper().await.status(id).await.unwrap().grant.generation);
    world.assert_clean();
}

#[tokio::test]
async fn a_lease_that_went_with_the_commit_is_free_at_once() {
    let world = World::new().await;
    let (keeper, _) = counted(&world).await;
    let (id, _) = world.log_in(&keeper, "work").await;
    let elsewhere = world.keeper_elsewhere().await;
    for round in 0..2 {
        world.expire();
        // A machine that cannot see the other's processes would wait until the lease has lapsed.
        let rotating = if round == 0 { &keeper } else { &elsewhere };
        assert!(rotating.access(&world.app, id, TokenWish::default()).await.unwrap().rotated);
    }
    world.assert_clean();
}

/// The long way of `tokenward token`, as the command goes it (crates/cli/src/context.rs: `work`, `access`) in a process of its own. Gives back
/// what was called to open the vault, and what after that.
async fn command(world: &World, has_secret: bool) -> (ServedToken, Vec<&'static str>, Vec<&'static str>) {
    let mut variables = world.variables();
    variables.retain(|(name, _)| has_secret || name != "TOKENWARD_APP_SECRET");
    let (settings, _) = Settings::load(world.home(), Environment::new(variables), Overrides::default()).unwrap();
    let profile = settings.profile(None).unwrap();
    let counting: Arc<OnceLock<Arc<Failing>>> = Arc::default();
    let around = {
        let counting = Arc::clone(&counting);
        Arc::new(move |store: Arc<dyn Vault>| {
            let failing = counting.get_or_init(|| Arc::new(Failing::new(store, 0, false, false)));
            Arc::clone(failing) as Arc<dyn Vault>
        })
    };
    let options = SessionOptions::new(settings.home(), world.clock.clone(), Arc::new(SystemEntropy));
    let options = options.key(settings.key_source().unwrap()).around_store(around);
    let session = Session::open_under(options, settings.own()).await.unwrap();
    let store = counting.get().unwrap();
    let opening = since(store);
    let (secret, _) = profile.secret.look().unwrap();
    assert_eq!(secret.is_some(), has_secret);
    let known = session.known_app(&profile, secret).await.unwrap().unwrap();
    let keeper = session.keeper();
    let login = keeper.login_of(&profile.name).await.unwrap();
    let present = login.as_ref().unwrap();
    assert!(known.registrations.unwrap().other_app(present, &known.app).is_none());
    let handed = keeper.access_seen(&known.app, &profile.name, login, TokenWish::default()).await.unwrap();
    (handed, opening, since(store))
}

#[tokio::test]
async fn a_command_that_has_to_refresh_goes_to_the_store_six_times() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    world.log_in(&keeper, "work").await;
    keeper.keep_app_secret(&world.app.name, world.app.secret.as_ref().unwrap()).await.unwrap();
    for has_secret in [false, true] {
        world.expire();
        let (handed, opening, trips) = command(&world, has_secret).await;
        assert!(handed.rotated);
        assert_eq!(world.live_access(), [handed.access.token.expose()]);
        // Logins whose process died before they were stored.
        assert_eq!(opening, ["login_answers"]);
        assert_eq!(trips, ["recall", "look", "hold", "begin", "keep_answer", "commit"], "secret given: {has_secret}");
    }
    world.assert_clean();
}

#[tokio::test]
async fn a_command_that_finds_a_good_token_the_long_way_only_looks() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    world.log_in(&keeper, "work").await;
    keeper.keep_app_secret(&world.app.name, world.app.secret.as_ref().unwrap()).await.unwrap();
    for has_secret in [false, true] {
        let (handed, opening, trips) = command(&world, has_secret).await;
        assert!(!handed.rotated);
        assert_eq!((opening, trips), (vec!["login_answers"], vec!["recall", "look"]), "secret given: {has_secret}");
    }
    assert_eq!(world.sandbox.counters().refreshes, 0);
}

/// What a kept answer brought is known from its commit; what is open is asked again, since others may have come.
#[tokio::test]
async fn a_kept_answer_is_finished_without_reading_the_login_again() {
    let world = World::new().await;
    let (keeper, store) = counted(&world).await;
    let (id, _) = world.log_in(&keeper, "work").await;
    world.expire();
    let dying = world.observed(Arc::new(StopAt(RotationStep::Journalled))).await.unwrap();
    dying.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    drop(dying);
    // Its lease lapses.
    world.pass(Duration::from_secs(80));
    since(&store);
    let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    assert_eq!((handed.generation.get(), world.sandbox.counters().refreshes), (2, 1));
    assert_eq!(world.live_access(), [handed.access.token.expose()]);
    let trips = since(&store);
    assert_eq!(trips[..5], ["grant", "hold", "commit", "open_intents", "release"], "{trips:?}");
}

/// What a send leaves that brought no set, and the lease: one trip, unless something is still to be written that the next holder has to know.
#[tokio::test]
async fn what_ends_a_send_without_a_set_frees_the_lease_with_it() {
    let answered = ["grant", "hold", "begin", "keep_answer"];
    let cases: [(Fault, Code, &[&str]); 4] = [
        (Fault::drop_request(), Code::OutcomeUnknown, &["grant", "hold", "begin", "close"]),
        (Fault::code(20072), Code::ProviderUnavailable, &[&answered[..], &["journal", "close"]].concat()),
        (Fault::code(20064), Code::ForeignSpender, &[&answered[..], &["close"]].concat()),
        (
            Fault::code(20002),
            Code::AppCredentialsWrong,
            &[&answered[..], &["journal", "close", "keep", "release"]].concat(),
        ),
    ];
    for (fault, code, expected) in cases {
        let world = World::new().await;
        let (keeper, store) = counted(&world).await;
        let (id, _) = world.log_in(&keeper, "work").await;
        world.expire();
        world.sandbox.inject(fault.when(Operation::Refresh));
        since(&store);
        assert_eq!(keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err().code(), code);
        let trips = since(&store);
        assert_eq!(&trips[..expected.len()], expected, "{code}");
        assert!(!trips[expected.len()..].contains(&"release"), "{code}: {trips:?}");
    }
}
