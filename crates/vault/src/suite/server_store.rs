//! What a store promises that a server stands on: logins a page at a time, keys of callers, and an audit trail whose chains hold.

mod deliveries;
mod due;
mod events;
mod outlooks;

use std::collections::BTreeSet;
use std::sync::Arc;

use tokenward_core::{
    ApiKey, ApiKeyId, ApiKeySecret, AuditDraft, GrantId, GrantPattern, SecretBytes, Verb, WebLogin, WebLoginId,
    WebLoginPhase,
};

use super::fixtures::made;
use super::{ServerStand, login, soon, start};

pub use deliveries::*;
pub use due::*;
pub use events::*;
pub use outlooks::*;

/// Runs every case against a fresh store each: `server_suite!(make)` with `async fn make() -> impl ServerStand`.
#[macro_export]
macro_rules! server_suite {
    ($make:path) => {
        $crate::server_suite! { @cases $make,
            a_page_is_not_moved_by_logins_that_are_made,
            a_page_holds_the_logins_of_one_app,
            a_key_is_found_by_itself_alone,
            a_revoked_key_is_known_as_such,
            a_key_is_found_by_its_id,
            a_session_opens_where_it_was_sealed_and_nothing_else_does,
            chains_grow_each_by_itself,
            writers_beside_each_other_make_one_chain,
            a_step_of_a_back_ends_login_is_taken_once,
            what_ended_long_ago_is_forgotten,
            a_login_is_due_from_its_first_set_on,
            a_claim_gives_each_login_to_one_node,
            what_ends_soon_is_claimed_first,
            what_was_changed_since_a_claim_stays,
            a_rotation_leaves_what_is_due_as_it_is,
            a_set_that_ends_earlier_is_due_at_once,
            a_login_that_was_ended_is_not_due,
            a_budget_is_one_for_all_nodes,
            logins_in_trouble_are_found_by_themselves,
            logins_that_end_are_listed_by_their_end,
            live_logins_are_counted_by_their_time_left,
            a_rotation_leaves_the_outlook_as_it_is,
            what_happens_to_a_login_is_told_in_its_order,
            nothing_is_recorded_where_nobody_listens,
            an_event_has_one_number_whoever_gives_it,
            events_are_kept_within_their_bounds,
            an_end_is_told_once,
            a_receiver_is_told_what_happens_from_its_beginning_on,
            a_delivery_is_one_nodes_at_a_time,
            a_delivery_that_failed_is_kept_until_somebody_sends_it_again,
            what_waits_for_a_receiver_is_bounded,
        }
    };
    (@cases $make:path, $($case:ident,)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::suite::server_store::$case(&$make().await).await;
        }
    )+};
}

/// Two at a time, while others are made: each that was there is met once, in the order of birth.
pub async fn a_page_is_not_moved_by_logins_that_are_made(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let before = made(&*store, &["a", "b", "c", "d", "e"]).await;
    let (mut seen, mut after, mut rounds) = (Vec::new(), None, 0);
    loop {
        let page = store.grants_after(after, None, 2).await.unwrap();
        seen.extend(page.grants.iter().map(|grant| grant.id));
        rounds += 1;
        if rounds <= 2 {
            made(&*store, &[["x", "y"][rounds - 1]]).await;
        }
        let Some(next) = page.next else { break };
        after = Some(next);
    }
    assert!(seen.is_sorted());
    assert_eq!(seen.iter().filter(|id| before.contains(id)).count(), before.len());
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
}

/// An app's logins alone; of an app without any, none.
pub async fn a_page_holds_the_logins_of_one_app(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let notes = made(&*store, &["a", "b"]).await;
    let other = tokenward_core::ports::NewLogin { app: "other".parse().unwrap(), ..login("c", "c", None) };
    let other = store.log_in(other).await.unwrap().id();
    let of = async |app: &str| {
        let app = app.parse().unwrap();
        let page = store.grants_after(None, Some(&app), 10).await.unwrap();
        assert_eq!(page.next, None);
        page.grants.iter().map(|grant| grant.id).collect::<Vec<_>>()
    };
    assert_eq!((of("notes").await, of("other").await, of("nobody").await), (notes, vec![other], vec![]));
}

fn key(name: &str, number: u8) -> (ApiKeySecret, ApiKey) {
    let key = ApiKey {
        id: ApiKeyId::new(start().as_millisecond().unsigned_abs(), [number; 10]),
        name: name.to_owned(),
        verbs: BTreeSet::from([Verb::ReadToken, Verb::ReadGrants]),
        apps: None,
        grants: GrantPattern::all(),
        created: soon(number.into()),
        ends: Some(soon(1000)),
        revoked: None,
    };
    (ApiKeySecret::parse(format!("tw_{number:064}")).unwrap(), key)
}

/// By no other text, and in every opening. Two of one name are good beside each other.
pub async fn a_key_is_found_by_itself_alone(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let ((first_secret, first), (second_secret, second)) = (key("site", 1), key("site", 2));
    store.add_key(&first_secret, &first).await.unwrap();
    store.add_key(&second_secret, &second).await.unwrap();
    let again = stand.open_for_server().await;
    assert_eq!(again.key_of(&first_secret).await.unwrap(), Some(first.clone()));
    assert_eq!(again.key_of(&second_secret).await.unwrap(), Some(second.clone()));
    assert_eq!(again.key_of(&key("site", 3).0).await.unwrap(), None);
    assert_eq!(again.keys().await.unwrap(), [first, second]);
}

/// Once, and by its id.
pub async fn a_revoked_key_is_known_as_such(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let (secret, made) = key("site", 1);
    store.add_key(&secret, &made).await.unwrap();
    assert!(!store.revoke_key(key("site", 2).1.id, soon(5)).await.unwrap());
    assert!(store.revoke_key(made.id, soon(5)).await.unwrap());
    assert!(!store.revoke_key(made.id, soon(6)).await.unwrap());
    assert_eq!(store.key_of(&secret).await.unwrap(), Some(ApiKey { revoked: Some(soon(5)), ..made }));
}

/// For a session that was begun with it: as it is now.
pub async fn a_key_is_found_by_its_id(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let (secret, made) = key("site", 1);
    store.add_key(&secret, &made).await.unwrap();
    let again = stand.open_for_server().await;
    assert_eq!(again.key_by_id(made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(again.key_by_id(key("site", 2).1.id).await.unwrap(), None);
    assert!(store.revoke_key(made.id, soon(5)).await.unwrap());
    assert_eq!(again.key_by_id(made.id).await.unwrap(), Some(ApiKey { revoked: Some(soon(5)), ..made }));
}

/// In every opening of the store; not once a byte of it was changed, and nothing that was sealed for another purpose.
pub async fn a_session_opens_where_it_was_sealed_and_nothing_else_does(stand: &dyn ServerStand) {
    let (store, again) = (stand.open_for_server().await, stand.open_for_server().await);
    let sealed = store.seal_session(&ties("whose")).await.unwrap();
    assert!(!sealed.windows(5).any(|part| part == b"whose"));
    assert_ne!(store.seal_session(&ties("whose")).await.unwrap(), sealed);
    assert_eq!(again.open_session(&sealed).await.unwrap(), Some(ties("whose")));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(again.open_session(&changed).await.unwrap(), None, "byte {at}");
    }
    for short in [&[][..], &sealed[..sealed.len() - 1], b"whose"] {
        assert_eq!(store.open_session(short).await.unwrap(), None);
    }
}

fn row(grant: Option<GrantId>, act: &str) -> AuditDraft {
    AuditDraft { grant, at: soon(1), caller: "local".to_owned(), act: act.to_owned(), outcome: "done".to_owned() }
}

/// Numbered from one, in the order in which they came; the chain of nothing in particular beside those of logins.
pub async fn chains_grow_each_by_itself(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let ids = made(&*store, &["a", "b"]).await;
    let (a, b) = (Some(ids[0]), Some(ids[1]));
    assert_eq!(store.verify_audit().await.unwrap(), tokenward_core::AuditVerdict::default());
    store.write_audit(&[row(a, "1"), row(b, "1"), row(a, "2"), row(None, "1")]).await.unwrap();
    stand.open_for_server().await.write_audit(&[row(a, "3")]).await.unwrap();
    let acts = async |grant, after| {
        let rows = store.audit_of(grant, after, 10).await.unwrap();
        rows.into_iter().map(|row| (row.number, row.draft.act)).collect::<Vec<_>>()
    };
    let numbered = |numbers: &[u64]| numbers.iter().map(|number| (*number, number.to_string())).collect::<Vec<_>>();
    assert_eq!(
        (acts(a, 0).await, acts(b, 0).await, acts(None, 0).await),
        (numbered(&[1, 2, 3]), numbered(&[1]), numbered(&[1]))
    );
    assert_eq!(acts(a, 2).await, numbered(&[3]));
    assert_eq!(store.audit_of(a, 0, 1).await.unwrap()[0].draft, row(a, "1"));
    let verdict = store.verify_audit().await.unwrap();
    assert_eq!((verdict.chains, verdict.rows, verdict.faults), (3, 5, Vec::new()));
    // What each caller did last, in whichever chain.
    let later = |grant, seconds| AuditDraft { at: soon(seconds), caller: "site".to_owned(), ..row(grant, "read") };
    store.write_audit(&[later(b, 7), later(None, 5)]).await.unwrap();
    let last = store.newest_of_callers().await.unwrap();
    assert_eq!(last.into_iter().collect::<Vec<_>>(), [("local".to_owned(), soon(1)), ("site".to_owned(), soon(7))]);
}

/// Batches of several nodes over the same logins: every row is there, and every chain holds.
pub async fn writers_beside_each_other_make_one_chain(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let ids = made(&*store, &["a", "b"]).await;
    let stores = [Arc::clone(&store), stand.open_for_server().await, stand.open_for_server().await];
    let writers: Vec<_> = (0..12_usize)
        .map(|number| {
            let (store, mut ids) = (Arc::clone(&stores[number % 3]), ids.clone());
            if number % 2 == 0 {
                ids.reverse();
            }
            tokio::spawn(async move {
                let rows: Vec<_> = ids.into_iter().map(|id| row(Some(id), &number.to_string())).collect();
                store.write_audit(&rows).await.unwrap();
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let verdict = store.verify_audit().await.unwrap();
    assert_eq!((verdict.chains, verdict.rows, verdict.faults), (2, 24, Vec::new()));
}

fn web_login(number: u8) -> WebLogin {
    WebLogin {
        id: WebLoginId::new(start().as_millisecond().unsigned_abs(), [number; 10]),
        step: 0,
        key: key("site", 1).1.id,
        app: "notes".parse().unwrap(),
        profile: "work:=ada".parse().unwrap(),
        return_to: "https://site.example/done".to_owned(),
        opened: soon(0),
        ends: soon(600),
        phase: WebLoginPhase::Open,
    }
}

fn ties(text: &str) -> SecretBytes {
    SecretBytes::new(text.as_bytes().to_vec())
}

/// By one of many who take it at once, in whichever opening; what was stored with it is what is read.
pub async fn a_step_of_a_back_ends_login_is_taken_once(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let opened = web_login(1);
    store.open_login(&opened, &ties("ticket"), start()).await.unwrap();
    assert_eq!(store.web_login(web_login(2).id).await.unwrap(), None);
    let again = stand.open_for_server().await;
    assert_eq!(again.web_login(opened.id).await.unwrap(), Some((opened.clone(), ties("ticket"))));
    let stores = [Arc::clone(&store), again];
    let takers: Vec<_> = (0..8_usize)
        .map(|number| {
            let (store, next) = (Arc::clone(&stores[number % 2]), opened.stepped(WebLoginPhase::Started));
            tokio::spawn(async move { store.step_login(&next, &ties(&format!("browser {number}"))).await.unwrap() })
        })
        .collect();
    let mut first = Vec::new();
    for (number, taker) in takers.into_iter().enumerate() {
        if taker.await.unwrap() {
            first.push(format!("browser {number}"));
        }
    }
    assert_eq!(first.len(), 1);
    let started = opened.stepped(WebLoginPhase::Started);
    assert_eq!(store.web_login(opened.id).await.unwrap(), Some((started.clone(), ties(&first[0]))));
    let done = started.stepped(WebLoginPhase::Failed("TW0408".to_owned()));
    assert!(store.step_login(&done, &ties("")).await.unwrap() && !store.step_login(&done, &ties("")).await.unwrap());
    assert!(!store.step_login(&started, &ties("")).await.unwrap());
    assert_eq!(store.web_login(opened.id).await.unwrap(), Some((done, ties(""))));
}

/// When another one is opened.
pub async fn what_ended_long_ago_is_forgotten(stand: &dyn ServerStand) {
    let store = stand.open_for_server().await;
    let (old, new) = (web_login(1), WebLogin { ends: soon(900), ..web_login(2) });
    store.open_login(&old, &ties("old"), soon(0)).await.unwrap();
    store.open_login(&new, &ties("new"), old.ends).await.unwrap();
    assert!(store.web_login(old.id).await.unwrap().is_some());
    store.open_login(&web_login(3), &ties("newest"), soon(601)).await.unwrap();
    assert!(store.web_login(old.id).await.unwrap().is_none() && store.web_login(new.id).await.unwrap().is_some());
}
