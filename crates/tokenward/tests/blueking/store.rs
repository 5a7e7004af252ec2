//! The store fails while a grant is made, at the N-th call that changes something, for every N: no set is lost that could be kept,
//! nothing is handed out that was not stored (I2), and the next healthy process repairs.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokenward::core::DirectGrant;
use tokenward::{Keeper, KeeperOptions, Obtain};

use crate::failing::Failing;
use crate::world::{Kind, World, cookie, name_of, profile, request};

fn wanted(kind: Kind) -> Obtain {
    let field = |name: &str, value: String| (name.to_owned(), tokenward::core::LoginCookie::parse(value).unwrap());
    let fields = match kind {
        Kind::AuthApi { .. } => vec![field("bk_ticket", cookie("alice")), field("rtx", "alice".to_owned())],
        _ => vec![field("bk_token", cookie("alice"))],
    };
    let ticket = tokenward::core::UserTicket { fields, client_ip: None, renew: false };
    Obtain::user(profile(), "alice".parse().unwrap(), Some(DirectGrant::Ticket(ticket)))
}

async fn failing(world: &World, nth: u32, stuck: bool, full: bool) -> (Keeper, Arc<Failing>) {
    let mut parts = world.stand.session(None).await.parts().clone();
    let failing = Arc::new(Failing::new(parts.vault, nth, stuck, full));
    parts.vault = failing.clone();
    (Keeper::new(parts, KeeperOptions::default()), failing)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nth_change_fails_for_every_n() {
    for kind in [Kind::SSM, Kind::BY_COOKIE[1], Kind::BY_COOKIE[5]] {
        for (stuck, full) in [(false, false), (true, false), (true, true)] {
            let mut nth = 0;
            loop {
                nth += 1;
                let world = World::new(kind).await;
                let (keeper, vault) = failing(&world, nth, stuck, full).await;
                let result = keeper.obtain(&world.stand.app, &wanted(kind)).await;
                // It took fewer changes than that: every one has failed once.
                let done = vault.left.load(Ordering::SeqCst) > 0 && !stuck || result.is_ok() && stuck;
                let grant_requests = world.counters().cookie_grants;
                assert!(grant_requests <= 1, "{kind:?} {nth}: {result:?}");
                match &result {
                    Ok(handed) => assert!(world.sandbox.is_good(handed.access.token.expose())),
                    Err(error) => assert!(error.vault_error().is_some(), "{kind:?} {nth}: {error:?}"),
                }
                let stored = world.stand.session(None).await.keeper().grant_of(&name_of("alice")).await.is_ok();
                assert!(stored || result.is_err(), "{kind:?} {nth}: handed out and not stored");
                let token = world.stand.client().await.get_access_token(&request("alice")).await.unwrap();
                assert!(world.is_good(&token), "{kind:?} {nth}");
                assert_eq!(world.grants().await, 1, "{kind:?} {nth}");
                assert!(world.counters().cookie_grants <= 2);
                world.assert_clean();
                if done {
                    break;
                }
            }
            assert!(nth >= 4, "{kind:?}: only {nth} changes");
        }
    }
}
