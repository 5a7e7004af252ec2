//! What happened to logins: recorded with what made it true, numbered once, kept within bounds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokenward_core::ports::{EventBounds, ServerStore, in_doubt};
use tokenward_core::{Closing, Code, Doubt, Generation, GrantId, LoginEnd, LoginEventKind, NumberedEvent, Standing};

use crate::suite::ServerStand;
use crate::suite::fixtures::{draft, holder, made, rotation, soon};
use crate::suite::store::leases::leased;

const DAY: Duration = Duration::from_secs(86_400);
const BOUNDS: EventBounds = EventBounds { age: Duration::from_secs(7 * 86_400), count: 1000 };

async fn rotated(store: &dyn ServerStore, id: GrantId, generation: u64) {
    let lease = leased(store, id, &holder("here", 1)).await;
    let intent = store.begin(&lease, draft(Generation::new(generation))).await.unwrap().intent();
    let tag = format!("{id}-{generation}");
    store.commit(Some(&lease), intent, rotation(&tag)).await.unwrap();
}

/// Sends, and ends so.
async fn closed(store: &dyn ServerStore, id: GrantId, generation: u64, refused: Option<Code>) {
    let lease = leased(store, id, &holder("here", 1)).await;
    let intent = store.begin(&lease, draft(Generation::new(generation))).await.unwrap().intent();
    let (closing, standing) = match refused {
        Some(code) => (
            Closing::Refused { code, provider_code: None },
            Standing::NeedsConsent { since: soon(5), code, provider_code: None },
        ),
        None => (Closing::Doubt { doubt: Doubt::NoAnswer }, in_doubt(intent, soon(4), Doubt::NoAnswer)),
    };
    store.close(Some(&lease), intent, closing, Some(standing)).await.unwrap();
}

fn told(events: &[NumberedEvent]) -> Vec<(u64, GrantId, &'static str)> {
    events.iter().map(|told| (told.number, told.event.grant, told.event.kind.type_name())).collect()
}

/// From one on, with whose it was; and from the number that somebody has.
pub async fn what_happens_to_a_login_is_told_in_its_order(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    made(&*store, &["a", "b"]).await;
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        ids.extend(store.grant_of(&name.parse().unwrap()).await.unwrap());
    }
    assert_eq!((store.number_events(BOUNDS).await.unwrap(), store.events_after(0, 9).await.unwrap()), (0, Vec::new()));
    rotated(&*store, ids[0], 1).await;
    closed(&*store, ids[0], 2, None).await;
    closed(&*store, ids[1], 1, Some(Code::ForeignSpender)).await;
    // Not before it has a number.
    assert_eq!(store.events_after(0, 9).await.unwrap(), []);
    assert_eq!(store.number_events(BOUNDS).await.unwrap(), 4);
    assert_eq!(store.number_events(BOUNDS).await.unwrap(), 4);
    let events = stand.open_for_server().await.events_after(0, 9).await.unwrap();
    let [a, b] = [ids[0], ids[1]];
    assert_eq!(
        told(&events),
        [
            (1, a, "login.refreshed"),
            (2, a, "login.outcome_unknown"),
            (3, b, "login.refreshed_elsewhere"),
            (4, b, "login.needs_login")
        ]
    );
    let event = &events[1].event;
    assert_eq!(event.kind, LoginEventKind::OutcomeUnknown { doubt: Doubt::NoAnswer });
    assert_eq!((event.app.as_str(), event.profile.as_ref().unwrap().as_str()), ("notes", "a"));
    assert_eq!((event.generation, event.at), (Generation::new(2), soon(4)));
    assert_eq!(events[3].event.kind, LoginEventKind::NeedsLogin { code: Code::ForeignSpender });
    assert_eq!(events.iter().map(|told| told.event.id).collect::<BTreeSet<_>>().len(), 4);
    assert_eq!(store.events_after(2, 1).await.unwrap(), events[2..3]);
    // A store that was restored knows less than its readers.
    assert_eq!(store.events_after(5, 9).await.unwrap(), events);
    assert_eq!(store.events_after(4, 9).await.unwrap(), []);
}

/// Nor where whoever did has not been there for longer than events are kept.
pub async fn nothing_is_recorded_where_nobody_listens(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let id = made(&*store, &["a"]).await[0];
    rotated(&*store, id, 1).await;
    assert_eq!(store.number_events(BOUNDS).await.unwrap(), 0);
    stand.clock().step(jiff::SignedDuration::from_hours(24 * 6));
    rotated(&*store, id, 2).await;
    stand.clock().step(jiff::SignedDuration::from_hours(25));
    rotated(&*store, id, 3).await;
    assert_eq!(store.number_events(BOUNDS).await.unwrap(), 1);
    rotated(&*store, id, 4).await;
    assert_eq!(store.number_events(BOUNDS).await.unwrap(), 2);
    let events = store.events_after(0, 9).await.unwrap();
    assert_eq!(events.iter().map(|told| told.event.generation.get()).collect::<Vec<_>>(), [3, 5]);
}

/// Nodes that number beside each other, while things happen: each event once, no number left out.
pub async fn an_event_has_one_number_whoever_gives_it(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let ids = made(&*store, &["a", "b", "c", "d"]).await;
    store.number_events(BOUNDS).await.unwrap();
    let stores = [Arc::clone(&store), stand.open_for_server().await, stand.open_for_server().await];
    let mut tasks = Vec::new();
    for (number, id) in ids.into_iter().enumerate() {
        let store = Arc::clone(&stores[number % 3]);
        tasks.push(tokio::spawn(async move {
            for generation in 1..=4 {
                rotated(&*store, id, generation).await;
            }
        }));
    }
    for store in stores {
        tasks.push(tokio::spawn(async move {
            for _ in 0..20 {
                store.number_events(BOUNDS).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(store.number_events(BOUNDS).await.unwrap(), 16);
    let events = store.events_after(0, 99).await.unwrap();
    assert_eq!(events.iter().map(|told| told.number).collect::<Vec<_>>(), (1..=16).collect::<Vec<_>>());
    assert_eq!(events.iter().map(|told| (told.event.grant, told.event.generation)).collect::<BTreeSet<_>>().len(), 16);
    assert_eq!(events.iter().map(|told| told.event.id).collect::<BTreeSet<_>>().len(), 16);
}

/// So many, and for so long; a number is never given twice.
pub async fn events_are_kept_within_their_bounds(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let id = made(&*store, &["a"]).await[0];
    let few = EventBounds { count: 2, ..BOUNDS };
    store.number_events(few).await.unwrap();
    for generation in 1..=4 {
        rotated(&*store, id, generation).await;
    }
    assert_eq!(store.number_events(few).await.unwrap(), 4);
    let numbers = async || store.events_after(0, 9).await.unwrap().iter().map(|told| told.number).collect::<Vec<_>>();
    assert_eq!(numbers().await, [3, 4]);
    stand.clock().step(jiff::SignedDuration::from_hours(24 * 7 + 1));
    store.number_events(few).await.unwrap();
    assert_eq!(numbers().await, Vec::<u64>::new());
    rotated(&*store, id, 5).await;
    store.number_events(few).await.unwrap();
    assert_eq!(numbers().await, [5]);
}

/// Whoever looks, and however often; another end is told anew. One node looks at a time.
pub async fn an_end_is_told_once(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let ids = made(&*store, &["a", "b"]).await;
    store.number_events(BOUNDS).await.unwrap();
    let other = stand.open_for_server().await;
    let (first, later) = (LoginEnd::Consent(soon(1000)), LoginEnd::Refresh(soon(2000)));
    store.tell_ends(&[(ids[1], first), (ids[0], first)]).await.unwrap();
    other.tell_ends(&[(ids[0], first)]).await.unwrap();
    other.tell_ends(&[(ids[0], later)]).await.unwrap();
    assert_eq!(store.number_events(BOUNDS).await.unwrap(), 3);
    let events = store.events_after(0, 9).await.unwrap();
    let ends: Vec<_> = events.iter().map(|told| (told.event.grant, told.event.kind.clone())).collect();
    let soon_over = |id, end| (id, LoginEventKind::ExpiresSoon { end });
    assert_eq!(ends, [soon_over(ids[0], first), soon_over(ids[1], first), soon_over(ids[0], later)]);

    assert!(store.may_look_for_ends(DAY, soon(0)).await.unwrap());
    assert!(!other.may_look_for_ends(DAY, soon(86_399)).await.unwrap());
    assert!(other.may_look_for_ends(DAY, soon(86_400)).await.unwrap());
    assert!(store.may_look_for_ends(DAY, soon(0)).await.unwrap(), "a clock that was set back");
}
