//! Leases on names, grant requests on record, sets that came too late; and refresh tokens that stay the same.

use std::time::Duration;

use jiff::SignedDuration;
use tokenward_core::ports::{Adopted, Attempt, Committed, GrantRequestState, LoggedIn, Store, StoreError, StoreFault};
use tokenward_core::rotation_policy::{Change, Rotation};
use tokenward_core::{Generation, Holder, Lease, ProfileName, RefreshToken, Seat};

use super::leases::leased;
use crate::suite::Stand;
use crate::suite::fixtures::{adoption, answer, draft, holder, login, named, rotation, soon};

const TTL: Duration = Duration::from_secs(30);
const SECOND: Generation = Generation::new(2);

fn name() -> ProfileName {
    "work:alice".parse().expect("a name")
}

/// Takes the lease on the name, which must be free.
pub(in crate::suite) async fn held(vault: &dyn Store, holder: &Holder) -> Lease {
    match vault.hold(&Seat::Name(name()), holder, TTL).await.unwrap() {
        Attempt::Held(held) => held.lease,
        Attempt::Busy { holder, until } => panic!("the name is with {holder:?} until {until:?}"),
    }
}

async fn is_busy(vault: &dyn Store, asking: &Holder) -> bool {
    matches!(vault.hold(&Seat::Name(name()), asking, TTL).await.unwrap(), Attempt::Busy { .. })
}

/// One at a time, whether or not a grant is there; the name's lease and its grant's are two.
pub async fn a_name_is_leased_by_one_at_a_time(stand: &dyn Stand) {
    let (one, two) = (stand.open().await, stand.open().await);
    let (a, b) = (holder("here", 1), holder("here", 2));
    let first = held(&*one, &a).await;
    assert_eq!((&first.seat, &first.holder), (&Seat::Name(name()), &a));
    assert!(is_busy(&*two, &b).await && is_busy(&*one, &a).await);
    let id = two.log_in(login("work:alice", "1", Some(named("alice")))).await.unwrap().id();
    assert!(is_busy(&*two, &b).await);
    let grant = leased(&*two, id, &b).await;
    two.release(grant).await.unwrap();
    let fence = first.fence;
    one.release(first).await.unwrap();
    let second = held(&*two, &b).await;
    assert!(second.fence > fence);
    // Another name is another lease.
    let other: ProfileName = "work:bob".parse().unwrap();
    assert!(matches!(one.hold(&Seat::Name(other), &a, TTL).await.unwrap(), Attempt::Held(_)));
    two.release(second).await.unwrap();
}

/// One that stands still is followed once its lease has lapsed.
pub async fn an_asker_that_stands_still_is_followed(stand: &dyn Stand) {
    let paused = stand.open().await;
    drop(held(&*paused, &holder("here", 2)).await);
    let next = stand.open().await;
    assert!(is_busy(&*next, &holder("here", 3)).await);
    stand.clock().step(SignedDuration::from_secs(31));
    drop(held(&*next, &holder("here", 3)).await);
}

/// Whoever waits for a name is woken by its release, long before their patience ends.
pub async fn those_who_wait_for_a_name_are_woken(stand: &dyn Stand) {
    let (one, two) = (stand.open().await, stand.open().await);
    let lease = held(&*one, &holder("here", 1)).await;
    let waiting = tokio::spawn(async move {
        let begun = tokio::time::Instant::now();
        let me = holder("here", 2);
        loop {
            match two.hold(&Seat::Name(name()), &me, TTL).await.unwrap() {
                Attempt::Held(held) => {
                    two.release(held.lease).await.unwrap();
                    return begun.elapsed();
                }
                Attempt::Busy { .. } => two.wait(&Seat::Name(name()), Duration::from_secs(60)).await,
            }
        }
    });
    tokio::task::yield_now().await;
    one.release(lease).await.unwrap();
    assert!(waiting.await.unwrap() < Duration::from_secs(20));
}

/// A grant request on record makes what is there doubtful, until a set is stored, rotated, or the grant request was in vain; a crash leaves it.
pub async fn a_grant_request_is_on_record_until_it_is_answered(stand: &dyn Stand) {
    let vault = stand.open().await;
    let me = holder("here", 1);
    let id = vault.log_in(login("work:alice", "1", Some(named("alice")))).await.unwrap().id();
    let lease = held(&*vault, &me).await;
    vault.record_grant_request(&lease, GrantRequestState::Open).await.unwrap();
    vault.release(lease).await.unwrap();
    drop(vault);
    let vault = stand.open().await;
    assert!(vault.grant(id).await.unwrap().intent_open, "it outlives its process");
    assert!(vault.open_intents(id).await.unwrap().is_empty());
    let lease = held(&*vault, &me).await;
    vault.record_grant_request(&lease, GrantRequestState::Withdrawn).await.unwrap();
    assert!(!vault.grant(id).await.unwrap().intent_open);
    vault.record_grant_request(&lease, GrantRequestState::Open).await.unwrap();
    assert_eq!(vault.log_in(login("work:alice", "2", Some(named("alice")))).await.unwrap(), LoggedIn::Renewed(id));
    assert!(!vault.grant(id).await.unwrap().intent_open);
    vault.record_grant_request(&lease, GrantRequestState::Open).await.unwrap();
    let rotating = leased(&*vault, id, &me).await;
    let intent = vault.begin(&rotating, draft(SECOND)).await.unwrap().intent();
    vault.commit(None, intent, rotation("3")).await.unwrap();
    assert!(!vault.grant(id).await.unwrap().intent_open);
    vault.release(lease).await.unwrap();
}

/// Who has lost the lease on a name records nothing.
pub async fn a_grant_request_needs_the_lease(stand: &dyn Stand) {
    let (paused, next) = (stand.open().await, stand.open().await);
    let id = next.log_in(login("work:alice", "1", Some(named("alice")))).await.unwrap().id();
    let stale = held(&*paused, &holder("here", 1)).await;
    stand.clock().step(SignedDuration::from_secs(31));
    let lease = held(&*next, &holder("here", 2)).await;
    assert!(matches!(
        paused.record_grant_request(&stale, GrantRequestState::Open).await,
        Err(StoreError { kind: StoreFault::Moved, .. })
    ));
    assert!(!next.grant(id).await.unwrap().intent_open);
    paused.release(stale).await.unwrap();
    assert!(is_busy(&*paused, &holder("here", 1)).await, "nor does it give back another's");
    next.release(lease).await.unwrap();
}

/// I3: a set that was issued before the present one is kept, is nobody's present one, and closes its answer.
pub async fn an_older_set_is_kept_aside(stand: &dyn Stand) {
    let vault = stand.open().await;
    let id = vault.log_in(login("work:alice", "2", Some(named("alice")))).await.unwrap().id();
    let kept = vault
        .keep_login_answer(&name(), &"notes".parse().unwrap(), tokenward_core::TokenApi::V3, &answer("{}"))
        .await
        .unwrap();
    let old = || login("work:alice", "1", Some(named("alice"))).set;
    vault.set_aside(kept, id, old()).await.unwrap();
    assert!(vault.login_answers().await.unwrap().is_empty());
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.generation, grant.access.unwrap().token.expose()), (Generation::FIRST, "access-2"));
    let known = vault.recognise(&RefreshToken::parse("refresh-1").unwrap()).await.unwrap().known.unwrap();
    assert_eq!(known.0, id);
    assert!(known.1 < Generation::FIRST, "no file that shows it is in step");
    vault.set_aside(kept, id, old()).await.unwrap();
}

/// A provider gives the same refresh token again: each rotation is a generation, and the token is known by the newest.
pub async fn a_refresh_token_that_stays_is_known_by_its_newest_generation(stand: &dyn Stand) {
    let vault = stand.open().await;
    let me = holder("here", 1);
    let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    for number in 1..=3 {
        let lease = leased(&*vault, id, &me).await;
        let intent = vault.begin(&lease, draft(Generation::new(number))).await.unwrap().intent();
        let done = vault.commit(None, intent, again(&format!("{}", number + 1))).await.unwrap().committed;
        assert_eq!(done, Committed::Generation(Generation::new(number + 1)));
        vault.release(lease).await.unwrap();
    }
    let token = RefreshToken::parse("refresh-1").unwrap();
    assert_eq!(vault.recognise(&token).await.unwrap().known, Some((id, Generation::new(4))));
    assert!(matches!(
        vault.adopt(adoption("work", "1", None)).await.unwrap(),
        Adopted::Known { grant, generation } if grant == id && generation == Generation::new(4)
    ));
    assert_eq!(vault.copy(id).await.unwrap().refresh.unwrap().expose(), "refresh-1");
    assert_eq!(vault.grant(id).await.unwrap().access.unwrap().token.expose(), "access-4");
    // A login that brings it once more is a generation too, and no other grant.
    let mut same = login("work", "1", Some(named("ou_1")));
    same.set.obtained = soon(9);
    assert_eq!(vault.log_in(same).await.unwrap(), LoggedIn::Renewed(id));
    assert_eq!(vault.recognise(&token).await.unwrap().known, Some((id, Generation::new(5))));
}

/// Two sends of one refresh token that stays: the answer that is committed second came of the send that was repeated, and does not
/// take the place of the newer one. It is kept (I3).
pub async fn a_late_answer_to_a_token_that_stays_is_parked(stand: &dyn Stand) {
    let vault = stand.open().await;
    let me = holder("here", 1);
    let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    let lease = leased(&*vault, id, &me).await;
    let slow = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    let mut replay = draft(Generation::FIRST);
    replay.replays = Some(slow);
    let quick = vault.begin(&lease, replay).await.unwrap().intent();
    assert_eq!(vault.commit(None, quick, again("quick")).await.unwrap().committed, Committed::Generation(SECOND));
    vault.keep_answer(slow, &answer("{late}")).await.unwrap();
    assert_eq!(vault.commit(None, slow, again("slow")).await.unwrap().committed, Committed::Parked);
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.generation, grant.access.unwrap().token.expose()), (SECOND, "access-quick"));
    assert!(!grant.intent_open);
}

/// A rotation that brings a new access token and the refresh token that was sent.
fn again(tag: &str) -> Rotation {
    Rotation { refresh: Change::Replace(RefreshToken::parse("refresh-1").expect("a token")), ..rotation(tag) }
}
