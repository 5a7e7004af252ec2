//! What lies ahead of logins: which are in trouble, which end, and how many live how long.

use std::time::Duration;

use tokenward_core::ports::{DueClaim, DueMark, EndingGrant, ServerStore, TimeLeft};
use tokenward_core::rotation_policy::Rotation;
use tokenward_core::{AppName, Closing, Code, Doubt, Generation, GrantId, Outlook, Standing};

use crate::suite::ServerStand;
use crate::suite::fixtures::{draft, holder, login, made, named, rotation, soon};
use crate::suite::store::leases::leased;

fn app() -> AppName {
    "notes".parse().unwrap()
}

/// What a scheduler says that has looked at every login.
async fn looked(store: &dyn ServerStore, of: impl Fn(GrantId) -> (Option<i64>, Outlook)) {
    let claim = DueClaim { limit: 100, ttl: Duration::from_secs(60), horizon: Duration::ZERO };
    let claims = store.claim_due(&app(), claim).await.unwrap();
    let marks: Vec<_> = claims
        .into_iter()
        .map(|claim| {
            let (ends, outlook) = of(claim.grant);
            DueMark { claim, at: Some(soon(1_000_000)), ends: ends.map(soon), outlook }
        })
        .collect();
    store.set_due(&marks).await.unwrap();
}

async fn closed(store: &dyn ServerStore, id: GrantId, closing: Closing) {
    let lease = leased(store, id, &holder("here", 1)).await;
    let intent = store.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    let standing = match closing {
        Closing::Doubt { doubt } => Standing::InDoubt { intent, since: soon(1), doubt },
        _ => Standing::NeedsConsent { since: soon(1), code: Code::RefreshTokenRefused, provider_code: Some(20037) },
    };
    store.close(Some(&lease), intent, closing, Some(standing)).await.unwrap();
}

fn refused() -> Closing {
    Closing::Refused { code: Code::RefreshTokenRefused, provider_code: Some(20037) }
}

async fn troubled(store: &dyn ServerStore) -> Vec<GrantId> {
    let page = store.troubled_after(&app(), None, 100).await.unwrap();
    assert_eq!(store.count_troubled(&app()).await.unwrap(), page.grants.len() as u64);
    page.grants.iter().map(|grant| grant.id).collect()
}

/// Those that are no longer valid and those in doubt, a page at a time, and no others; a new login is none any more.
pub async fn logins_in_trouble_are_found_by_themselves(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let user = || Some(named("ou_a"));
    let mut ids = vec![store.log_in(login("a", "a", user())).await.unwrap().id()];
    ids.extend(made(&*store, &["b", "c", "d", "e"]).await);
    assert_eq!(troubled(&*store).await, []);
    closed(&*store, ids[0], Closing::Doubt { doubt: Doubt::NoAnswer }).await;
    for id in [ids[1], ids[3]] {
        closed(&*store, id, refused()).await;
    }
    let lease = leased(&*store, ids[4], &holder("here", 1)).await;
    store.retire(&lease, soon(1), false).await.unwrap();
    let mut expected = [ids[0], ids[1], ids[3]];
    expected.sort_unstable();
    assert_eq!(troubled(&*store).await, expected);
    let page = store.troubled_after(&app(), Some(expected[0]), 1).await.unwrap();
    assert_eq!((page.grants[0].id, page.next), (expected[1], Some(expected[1])));
    let other = "other".parse().unwrap();
    assert_eq!(store.count_troubled(&other).await.unwrap(), 0);
    assert_eq!(store.log_in(login("a", "again", user())).await.unwrap().id(), ids[0]);
    let mut expected = [ids[1], ids[3]];
    expected.sort_unstable();
    assert_eq!(troubled(&*store).await, expected);
}

/// The earliest end first, whether refreshes lengthen it till then or not; what is over has no end ahead.
pub async fn logins_that_end_are_listed_by_their_end(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let ids = made(&*store, &["a", "b", "c", "d", "e"]).await;
    let outlooks = [
        Outlook::LivesOn { until: Some(soon(500)) },
        Outlook::Ends { at: Some(soon(300)) },
        Outlook::Ends { at: None },
        Outlook::LivesOn { until: None },
        Outlook::Ends { at: Some(soon(9000)) },
    ];
    let of = |id| outlooks[ids.iter().position(|known| *known == id).unwrap()];
    looked(&*store, |id| (None, of(id))).await;
    let ending = async |by: i64, limit: u32| store.ending(&app(), soon(by), limit).await.unwrap();
    let expected = [(ids[1], 300), (ids[0], 500)].map(|(grant, at)| EndingGrant { grant, at: soon(at) });
    assert_eq!(ending(1000, 10).await, expected);
    assert_eq!(ending(1000, 1).await, expected[..1]);
    assert_eq!(ending(299, 10).await, []);
    assert_eq!(store.ending(&"other".parse().unwrap(), soon(1000), 10).await.unwrap(), []);
    closed(&*store, ids[1], refused()).await;
    let lease = leased(&*store, ids[0], &holder("here", 1)).await;
    store.retire(&lease, soon(1), false).await.unwrap();
    assert_eq!(ending(1000, 10).await, []);
    assert_eq!(ending(9000, 10).await.len(), 1);
    // A look that was begun before says nothing of it any more.
    stand.clock().step(jiff::SignedDuration::from_secs(1_000_000));
    looked(&*store, of_nothing).await;
    assert_eq!(ending(9000, 10).await.iter().filter(|ending| ending.grant == ids[1]).count(), 0);
}

fn of_nothing(_: GrantId) -> (Option<i64>, Outlook) {
    (None, Outlook::Ends { at: Some(soon(1)) })
}

/// Each live login once: by the end that it is refreshed for, or by its own. One that is valid again is looked at again.
pub async fn live_logins_are_counted_by_their_time_left(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let user = || Some(named("ou_a"));
    let mut ids = vec![store.log_in(login("a", "a", user())).await.unwrap().id()];
    ids.extend(made(&*store, &["b", "c", "d", "e"]).await);
    looked(&*store, |id| match ids.iter().position(|known| *known == id).unwrap() {
        0 => (Some(100), Outlook::LivesOn { until: Some(soon(90_000)) }),
        1 => (Some(200), Outlook::LivesOn { until: None }),
        2 => (None, Outlook::Ends { at: Some(soon(150)) }),
        3 => (None, Outlook::Ends { at: None }),
        _ => (None, Outlook::Ends { at: Some(soon(100_000)) }),
    })
    .await;
    let left = async || store.time_left(&app(), &[soon(0), soon(100), soon(199)]).await.unwrap();
    assert_eq!(left().await, TimeLeft { until: vec![0, 1, 1], later: 2, unknown: 1 });
    assert_eq!(store.time_left(&"other".parse().unwrap(), &[soon(0)]).await.unwrap().later, 0);
    closed(&*store, ids[0], refused()).await;
    closed(&*store, ids[2], refused()).await;
    assert_eq!(left().await, TimeLeft { until: vec![0, 0, 0], later: 2, unknown: 1 });
    assert_eq!(store.log_in(login("a", "again", user())).await.unwrap().id(), ids[0]);
    let claim = DueClaim { limit: 100, ttl: Duration::from_secs(60), horizon: Duration::ZERO };
    let due = store.claim_due(&app(), claim).await.unwrap();
    assert_eq!(due.into_iter().map(|due| due.grant).collect::<Vec<_>>(), ids[..1]);
}

/// A rotation writes nothing of it.
pub async fn a_rotation_leaves_the_outlook_as_it_is(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let id = made(&*store, &["a"]).await[0];
    looked(&*store, |_| (Some(5000), Outlook::LivesOn { until: Some(soon(7000)) })).await;
    let lease = leased(&*store, id, &holder("here", 1)).await;
    let intent = store.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    let longer = Rotation { refresh_expires: Some(soon(600_000)), ..rotation("2") };
    store.commit(Some(&lease), intent, longer).await.unwrap();
    let ending = store.ending(&app(), soon(7000), 10).await.unwrap();
    assert_eq!(ending, [EndingGrant { grant: id, at: soon(7000) }]);
    assert_eq!(store.time_left(&app(), &[soon(5000)]).await.unwrap().until, [1]);
}
