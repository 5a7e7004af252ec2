//! Adopting, taking back, recognising, copying.

use std::sync::Arc;

use tokenward_core::ports::{Adopted, Adoption, Claim, Committed, Store, StoreError, StoreFault};
use tokenward_core::{
    AccessToken, Closing, Code, Doubt, Event, Generation, Grant, GrantId, IntentId, KnownToken, RefreshToken, Standing,
    TokenApi, TokenKind,
};
use zeroize::Zeroizing;

use super::leases::leased;
use crate::suite::Stand;
use crate::suite::fixtures::{adoption, answer, draft, holder, login, named, rotation, soon};

pub(super) const fn generation(number: u64) -> Generation {
    Generation::new(number)
}

pub(super) fn token(tag: &str) -> RefreshToken {
    RefreshToken::parse(format!("refresh-{tag}")).unwrap()
}

pub(super) fn refused() -> Closing {
    Closing::Refused { code: Code::RefreshTokenRefused, provider_code: Some(20_064) }
}

pub(super) fn dead() -> Standing {
    Standing::NeedsConsent { since: soon(2), code: Code::RefreshTokenRefused, provider_code: Some(20_064) }
}

/// A login of `ou_1` under `work`, with the tokens `1`.
pub(super) async fn logged_in(stand: &dyn Stand) -> (Arc<dyn Store>, GrantId) {
    let vault = stand.open().await;
    let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    (vault, id)
}

/// Begins a spend of a grant's present token, which must be the one of that tag.
pub(super) async fn spent(vault: &dyn Store, id: GrantId, tag: &str) -> IntentId {
    let lease = leased(vault, id, &holder("here", 1)).await;
    let spend = vault.begin(&lease, draft(vault.grant(id).await.unwrap().generation)).await.unwrap();
    let intent = spend.intent();
    assert_eq!(spend.expose().expose(), format!("refresh-{tag}"));
    vault.release(lease).await.unwrap();
    intent
}

/// Asks for the set before back, because of a refusal of the present one.
async fn back_after(vault: &dyn Store, id: GrantId, intent: IntentId) -> Option<Generation> {
    vault.take_back(id, Some((intent, refused())), &holder("here", 2)).await.unwrap()
}

/// Asks for the set before back, because a person wishes so.
pub(super) async fn wished_back(vault: &dyn Store, id: GrantId) -> Option<Generation> {
    vault.take_back(id, None, &holder("here", 3)).await.unwrap()
}

/// The tag of a grant's refresh token.
pub(super) async fn present(vault: &dyn Store, id: GrantId) -> String {
    let token = vault.copy(id).await.unwrap().refresh.unwrap();
    token.expose().strip_prefix("refresh-").unwrap().to_owned()
}

pub(super) async fn events(vault: &dyn Store, id: GrantId) -> Vec<Event> {
    vault.journal(id, 1000).await.unwrap().into_iter().map(|entry| entry.event).collect()
}

/// Everything of a grant that a login brings, in words to be compared.
pub(super) fn whole(grant: &Grant) -> String {
    let access =
        grant.access.as_ref().map(|access| (access.token.expose().to_owned(), access.obtained, access.expires));
    format!(
        "{access:?} {} {:?} {:?} {} {} {} {:?} {:?}",
        grant.has_refresh,
        grant.refresh_expires,
        grant.wall,
        grant.consented,
        grant.rotated_at,
        grant.scopes,
        grant.subject,
        (&grant.standing, grant.issued_by, &grant.profile),
    )
}

/// What was brought is the next generation, on trial until it has rotated once; no access token of the set before is handed out
/// under it, and nobody knows its wall.
pub async fn an_unknown_login_is_adopted_on_trial(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    assert!(!vault.grant(id).await.unwrap().on_trial);
    assert_eq!(vault.adopt(adoption("work", "b", None)).await.unwrap(), Adopted::Renewed(id));
    let vault = stand.open().await;
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.generation, &grant.standing, grant.on_trial), (generation(2), &Standing::Live, true));
    let gave_way = vault.copy(id).await.unwrap().gave_way.expect("what gave way serves meanwhile");
    assert_eq!((gave_way.generation, gave_way.on_trial, gave_way.unproven), (generation(1), false, false));
    assert_eq!((gave_way.access.unwrap().token.expose(), gave_way.subject), ("access-1", Some(named("ou_1"))));
    assert!(grant.access.is_none() && grant.has_refresh && grant.wall.is_none());
    assert_eq!((grant.consented, grant.rotated_at, grant.issued_by), (soon(50), soon(50), TokenApi::V2));
    assert_eq!(grant.subject, Some(named("ou_1")));
    let fingerprint = vault.recognise(&token("b")).await.unwrap().fingerprint;
    let entry = vault.journal(id, 1).await.unwrap().remove(0);
    let replaced = Some(Generation::FIRST);
    assert_eq!(entry.event, Event::Adopted { source: "/somewhere/.env".to_owned(), fingerprint, replaced });
    assert_eq!((entry.generation, entry.by), (generation(2), Some(holder("here", 1))));
    let intent = spent(&*vault, id, "b").await;
    assert_eq!(
        vault.commit(None, intent, rotation("c")).await.unwrap().committed,
        Committed::Generation(generation(3))
    );
    let grant = stand.open().await.grant(id).await.unwrap();
    assert!(!grant.on_trial && vault.copy(id).await.unwrap().gave_way.is_none());
    assert_eq!(grant.access.unwrap().token.expose(), "access-c");
}

/// I1: what was read before an adoption is not sent after it.
pub async fn an_adoption_stops_a_send_that_was_decided_before(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let lease = leased(&*vault, id, &holder("here", 1)).await;
    let read = vault.grant(id).await.unwrap().generation;
    stand.open().await.adopt(adoption("work", "b", None)).await.unwrap();
    let begun = vault.begin(&lease, draft(read)).await;
    assert!(matches!(begun, Err(StoreError { kind: StoreFault::Moved, .. })));
    assert!(vault.open_intents(id).await.unwrap().is_empty());
    let spend = vault.begin(&lease, draft(generation(2))).await.unwrap();
    assert_eq!(spend.expose().expose(), "refresh-b");
}

/// Where the file tells the access token too, it is served until the first rotation.
pub async fn an_adopted_access_token_is_served(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let mut brought = adoption("work", "b", Some("ou_1"));
    brought.set.access = login("work", "b", None).set.access;
    vault.adopt(brought).await.unwrap();
    assert_eq!(stand.open().await.grant(id).await.unwrap().access.unwrap().token.expose(), "access-b");
}

/// Nothing changes for a token that the vault knows: the present one, an old one, one of a grant that lost its name.
pub async fn a_known_login_is_adopted_by_nobody(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let intent = spent(&*vault, id, "1").await;
    vault.commit(None, intent, rotation("2")).await.unwrap();
    let other = vault.log_in(login("work", "3", Some(named("ou_3")))).await.unwrap().id();
    let before = (events(&*vault, id).await, events(&*vault, other).await);
    for (tag, grant, number) in [("1", id, 1), ("2", id, 2), ("3", other, 1)] {
        let known = Adopted::Known { grant, generation: generation(number) };
        assert_eq!(vault.adopt(adoption("work", tag, Some("ou_9"))).await.unwrap(), known);
        assert_eq!(vault.adopt(adoption("new", tag, None)).await.unwrap(), known);
    }
    assert_eq!((events(&*vault, id).await, events(&*vault, other).await), before);
    assert_eq!(vault.grants().await.unwrap().len(), 2);
    assert!(!vault.grant(other).await.unwrap().on_trial);
}

/// A login without a refresh token cannot be kept alive, and is not taken.
pub async fn an_adoption_needs_a_refresh_token(stand: &dyn Stand) {
    let vault = stand.open().await;
    let mut brought = adoption("work", "b", None);
    brought.set.refresh = None;
    assert!(matches!(vault.adopt(brought).await, Err(StoreError { kind: StoreFault::NoRefreshToken, .. })));
    assert!(vault.grants().await.unwrap().is_empty());
}

/// I1: thirty-two processes that find one token in their copies of a file make one grant of it; a name that is taken gets one
/// generation.
pub async fn many_adopters_of_one_token_make_one_grant(stand: &dyn Stand) {
    for tag in ["first", "second"] {
        let mut adopters = Vec::new();
        for number in 0..32 {
            let (vault, brought) = (stand.open().await, adoption("work", tag, None));
            adopters.push((number, vault, brought));
        }
        let tasks: Vec<_> = adopters
            .into_iter()
            .map(|(number, vault, brought)| tokio::spawn(async move { (number, vault.adopt(brought).await.unwrap()) }))
            .collect();
        let mut done = Vec::new();
        for task in tasks {
            done.push(task.await.unwrap().1);
        }
        let grants = stand.open().await.grants().await.unwrap();
        assert_eq!(grants.len(), 1, "{tag}");
        assert!(done.iter().all(|one| one.id() == grants[0].id), "{tag}: {done:?}");
        assert_eq!(done.iter().filter(|one| !matches!(one, Adopted::Known { .. })).count(), 1, "{tag}: {done:?}");
        assert_eq!(grants[0].generation, generation(if tag == "first" { 1 } else { 2 }));
    }
}

/// A refused set gives way to the one before it, whole, as a new generation; the step may be repeated (I5).
pub async fn a_refused_adoption_is_taken_back(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let before = whole(&vault.grant(id).await.unwrap());
    let mut brought = adoption("work", "b", Some("ou_1"));
    brought.set.access = login("work", "b", None).set.access;
    vault.adopt(brought).await.unwrap();
    let intent = spent(&*vault, id, "b").await;
    vault.keep_answer(intent, &answer("{no}")).await.unwrap();
    for expected in [Some(generation(3)), None, None] {
        let vault = stand.open().await;
        assert_eq!(back_after(&*vault, id, intent).await, expected);
        let grant = vault.grant(id).await.unwrap();
        assert_eq!((grant.generation, grant.on_trial, grant.intent_open), (generation(3), false, false));
        assert_eq!(whole(&grant), before);
        assert_eq!(present(&*vault, id).await, "1");
    }
    let told = events(&*vault, id).await;
    assert_eq!(told[0], Event::TakenBack { adopted: generation(2), refused: true });
    assert_eq!(told[1], Event::Closed { intent, closing: refused() });
    assert_eq!(told.iter().filter(|event| matches!(event, Event::TakenBack { .. })).count(), 1);
    assert_eq!(wished_back(&*vault, id).await, None, "what the provider refused is not wished back");
    // The token is known by the newest generation it was stored in; the refused one for ever.
    assert_eq!(vault.recognise(&token("1")).await.unwrap().known, Some((id, generation(3))));
    assert_eq!(vault.recognise(&token("b")).await.unwrap().known, Some((id, generation(2))));
    let intent = spent(&*vault, id, "1").await;
    assert_eq!(
        vault.commit(None, intent, rotation("2")).await.unwrap().committed,
        Committed::Generation(generation(4))
    );
}

/// Doubt about the set before is kept through its absence (I6): recorded doubt, and that of a spend still under way.
pub async fn a_set_in_doubt_comes_back_in_doubt(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let doubted = spent(&*vault, id, "1").await;
    let standing = Standing::InDoubt { intent: doubted, since: soon(5), doubt: Doubt::OddAnswer };
    vault.close(None, doubted, Closing::Doubt { doubt: Doubt::OddAnswer }, Some(standing.clone())).await.unwrap();
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.standing, grant.on_trial, grant.intent_open), (Standing::Live, true, false));
    let intent = spent(&*vault, id, "b").await;
    assert_eq!(back_after(&*vault, id, intent).await, Some(generation(3)));
    assert_eq!(vault.grant(id).await.unwrap().standing, standing);

    let second = vault.log_in(login("other", "2", None)).await.unwrap().id();
    let sent = spent(&*vault, second, "2").await;
    vault.adopt(adoption("other", "c", None)).await.unwrap();
    let intent = spent(&*vault, second, "c").await;
    assert_eq!(back_after(&*vault, second, intent).await, Some(generation(3)));
    let standing = Standing::InDoubt { intent: sent, since: soon(0), doubt: Doubt::SenderDied };
    assert_eq!(stand.open().await.grant(second).await.unwrap().standing, standing);
}

/// A set that needed a person anyway is not what a refusal brings back; a person's wish does, with its story.
pub async fn a_dead_set_comes_back_by_wish_alone(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let first = spent(&*vault, id, "1").await;
    vault.close(None, first, refused(), Some(dead())).await.unwrap();
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.standing, grant.on_trial), (Standing::Live, false));
    let intent = spent(&*vault, id, "b").await;
    assert_eq!(back_after(&*vault, id, intent).await, None);
    assert_eq!(vault.open_intents(id).await.unwrap()[0].id, intent, "nothing was changed");
    vault.close(None, intent, refused(), Some(dead())).await.unwrap();
    assert_eq!(wished_back(&*vault, id).await, Some(generation(3)));
    assert_eq!((vault.grant(id).await.unwrap().standing, present(&*vault, id).await.as_str()), (dead(), "1"));
}

/// An adopted set that was declared dead without being taken back (by a process that knew nothing of trials) is no obstacle.
pub async fn a_living_set_comes_back_after_its_successor_was_declared_dead(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let intent = spent(&*vault, id, "b").await;
    vault.close(None, intent, refused(), Some(dead())).await.unwrap();
    assert_eq!(vault.grant(id).await.unwrap().standing, dead());
    assert_eq!(wished_back(&*vault, id).await, Some(generation(3)));
    assert_eq!((vault.grant(id).await.unwrap().standing, present(&*vault, id).await.as_str()), (Standing::Live, "1"));
}

/// A person takes an adoption back although it works, and changes their mind.
pub async fn an_undone_adoption_can_be_done_again(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let first = whole(&vault.grant(id).await.unwrap());
    vault.adopt(adoption("work", "b", Some("ou_1"))).await.unwrap();
    let intent = spent(&*vault, id, "b").await;
    vault.commit(None, intent, rotation("c")).await.unwrap();
    let adopted = whole(&vault.grant(id).await.unwrap());
    for number in [4, 6, 8] {
        let vault = stand.open().await;
        assert_eq!(wished_back(&*vault, id).await, Some(generation(number)));
        assert_eq!((whole(&vault.grant(id).await.unwrap()), present(&*vault, id).await.as_str()), (first.clone(), "1"));
        let told = Event::TakenBack { adopted: generation(number - 1), refused: false };
        assert_eq!(events(&*vault, id).await[0], told);
        assert_eq!(wished_back(&*vault, id).await, Some(generation(number + 1)));
        let grant = vault.grant(id).await.unwrap();
        assert_eq!((whole(&grant), present(&*vault, id).await.as_str()), (adopted.clone(), "c"));
        assert!(grant.on_trial, "the set that gave way to the wish may be the only one that lives");
    }
    // What came back is spent like any other.
    let intent = spent(&*vault, id, "c").await;
    assert_eq!(
        vault.commit(None, intent, rotation("d")).await.unwrap().committed,
        Committed::Generation(generation(10))
    );
    assert!(!vault.grant(id).await.unwrap().on_trial);
}

/// A wish for a set that turns out to be spent costs no login: the set that gave way to it comes back.
pub async fn a_wish_that_the_provider_refuses_is_taken_back(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    vault.adopt(adoption("work", "b", Some("ou_1"))).await.unwrap();
    let intent = spent(&*vault, id, "b").await;
    vault.commit(None, intent, rotation("c")).await.unwrap();
    let adopted = whole(&vault.grant(id).await.unwrap());
    assert_eq!(wished_back(&*vault, id).await, Some(generation(4)));
    let intent = spent(&*vault, id, "1").await;
    assert_eq!(back_after(&*vault, id, intent).await, Some(generation(5)));
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((whole(&grant), present(&*vault, id).await.as_str()), (adopted, "c"));
    assert_eq!(events(&*vault, id).await[0], Event::TakenBack { adopted: generation(4), refused: true });
    assert_eq!(wished_back(&*vault, id).await, None, "what the provider refused is not wished back");
}

/// A refusal that is not of the present generation, or of a set nobody adopted, takes nothing back.
pub async fn a_generation_that_moved_on_is_not_taken_back(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let own = spent(&*vault, id, "1").await;
    assert_eq!(back_after(&*vault, id, own).await, None);
    vault.close(None, own, Closing::Unsent { reason: "no route".to_owned() }, None).await.unwrap();
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    assert_eq!(back_after(&*vault, id, own).await, None, "of the set before");
    let intent = spent(&*vault, id, "b").await;
    vault.commit(None, intent, rotation("c")).await.unwrap();
    let before = (whole(&vault.grant(id).await.unwrap()), events(&*vault, id).await);
    assert_eq!(back_after(&*vault, id, intent).await, None, "it has turned");
    let third = spent(&*vault, id, "c").await;
    assert_eq!(back_after(&*vault, id, third).await, None, "it has proved itself");
    vault.close(None, third, Closing::Unsent { reason: "no route".to_owned() }, None).await.unwrap();
    let after = (whole(&vault.grant(id).await.unwrap()), events(&*vault, id).await.split_off(2));
    assert_eq!(after, before);
    let other = vault.log_in(login("other", "9", None)).await.unwrap().id();
    assert_eq!(back_after(&*vault, other, third).await, None, "another grant's");
    let nobody = login("work", "x", None).id;
    let unknown = vault.take_back(nobody, None, &holder("here", 1)).await;
    assert!(matches!(unknown, Err(StoreError { kind: StoreFault::Gone(_), .. })), "{unknown:?}");
}

/// A login that was adopted and brought nothing is taken out whole, refused or not asked about; one that is in doubt, or has ever worked,
/// or is being refreshed, stays.
pub async fn a_login_that_was_adopted_for_nothing_is_forgotten(stand: &dyn Stand) {
    let vault = stand.open().await;
    let adopted = async |tag: &str| vault.adopt(adoption(&format!("x@{tag}"), tag, None)).await.unwrap().id();
    for (tag, closing, standing) in [
        ("r", refused(), Some(dead())),
        ("s", Closing::Kept { code: Code::AppSettings, provider_code: Some(20_014) }, None),
        ("t", Closing::Unsent { reason: "no route".to_owned() }, None),
    ] {
        let id = adopted(tag).await;
        let intent = spent(&*vault, id, tag).await;
        assert!(!vault.forget_refused(id).await.unwrap(), "{tag}: an answer may come");
        vault.close(None, intent, closing, standing).await.unwrap();
        let lease = leased(&*vault, id, &holder("here", 2)).await;
        assert!(!vault.forget_refused(id).await.unwrap(), "{tag}: somebody is about to send");
        vault.release(lease).await.unwrap();
        assert!(vault.forget_refused(id).await.unwrap(), "{tag}");
        assert!(matches!(vault.grant(id).await, Err(StoreError { kind: StoreFault::Gone(_), .. })), "{tag}");
        assert_eq!(vault.recognise(&token(tag)).await.unwrap().known, None, "{tag}");
        assert_ne!(adopted(tag).await, id, "{tag}: it may be brought again");
    }
    let id = adopted("d").await;
    let intent = spent(&*vault, id, "d").await;
    let doubt = Standing::InDoubt { intent, since: soon(1), doubt: Doubt::NoAnswer };
    vault.close(None, intent, Closing::Doubt { doubt: Doubt::NoAnswer }, Some(doubt)).await.unwrap();
    assert!(!vault.forget_refused(id).await.unwrap(), "doubt erases nothing");
    let id = adopted("w").await;
    let intent = spent(&*vault, id, "w").await;
    vault.commit(None, intent, rotation("x")).await.unwrap();
    assert!(!vault.forget_refused(id).await.unwrap(), "it has worked");
}

/// Adoptions upon adoptions, none of which ever rotated, give way one by one; the living one at the bottom is never dropped.
pub async fn adoptions_upon_adoptions_give_way_one_by_one(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    for number in 0..20 {
        vault.adopt(adoption("work", &format!("b{number}"), None)).await.unwrap();
    }
    for number in (0..20).rev() {
        assert!(vault.grant(id).await.unwrap().on_trial, "{number}");
        let intent = spent(&*vault, id, &format!("b{number}")).await;
        assert!(back_after(&*vault, id, intent).await.is_some(), "{number}");
    }
    let grant = stand.open().await.grant(id).await.unwrap();
    assert_eq!((grant.on_trial, grant.access.unwrap().token.expose()), (false, "access-1"));
    assert_eq!(present(&*vault, id).await, "1");
}

/// The answer to the replaced set's own spend arrives late: what is taken back is what that spend brought (I3).
pub async fn a_late_answer_rotates_the_set_that_was_put_aside(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let sent = spent(&*vault, id, "1").await;
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(vault.commit(None, sent, rotation("2")).await.unwrap().committed, Committed::Parked);
    }
    assert_eq!(present(&*vault, id).await, "b");
    let intent = spent(&*vault, id, "b").await;
    assert_eq!(back_after(&*vault, id, intent).await, Some(generation(3)));
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((&grant.standing, present(&*vault, id).await.as_str()), (&Standing::Live, "2"));
    assert_eq!((grant.access.unwrap().token.expose(), grant.wall), ("access-2", Some(soon(31_536_000))));
}

/// A set that was on trial itself, gave way while it was being spent, and rotated after all: it has proved itself.
pub async fn a_late_answer_ends_the_trial_of_the_set_it_rotates(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let sent = spent(&*vault, id, "b").await;
    vault.adopt(adoption("work", "c", None)).await.unwrap();
    assert_eq!(vault.commit(None, sent, rotation("b2")).await.unwrap().committed, Committed::Parked);
    let intent = spent(&*vault, id, "c").await;
    assert_eq!(back_after(&*vault, id, intent).await, Some(generation(4)));
    assert_eq!((vault.grant(id).await.unwrap().on_trial, present(&*vault, id).await.as_str()), (false, "b2"));
    let intent = spent(&*vault, id, "b2").await;
    assert_eq!(back_after(&*vault, id, intent).await, None);
    vault.close(None, intent, refused(), Some(dead())).await.unwrap();
    assert_eq!(wished_back(&*vault, id).await, Some(generation(5)));
    assert_eq!(present(&*vault, id).await, "1");
}

/// Who it was that an adopted set told goes with it.
pub async fn a_set_that_named_nobody_comes_back_without_a_name(stand: &dyn Stand) {
    let vault = stand.open().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    vault.adopt(adoption("work", "b", Some("ou_2"))).await.unwrap();
    assert_eq!(vault.grant(id).await.unwrap().subject, Some(named("ou_2")));
    let intent = spent(&*vault, id, "b").await;
    assert_eq!(back_after(&*vault, id, intent).await, Some(generation(3)));
    assert_eq!(vault.grant(id).await.unwrap().subject, None);
}

/// It arrives when the set is back already: then it is that set's turn.
pub async fn a_late_answer_rotates_the_set_that_is_back(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let sent = spent(&*vault, id, "1").await;
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let intent = spent(&*vault, id, "b").await;
    assert_eq!(back_after(&*vault, id, intent).await, Some(generation(3)));
    assert!(matches!(vault.grant(id).await.unwrap().standing, Standing::InDoubt { .. }));
    for _ in 0..2 {
        assert_eq!(
            vault.commit(None, sent, rotation("2")).await.unwrap().committed,
            Committed::Generation(generation(4))
        );
    }
    assert_eq!((vault.grant(id).await.unwrap().standing, present(&*vault, id).await.as_str()), (Standing::Live, "2"));
}

/// An answer that was kept and not yet read when the adoption came is still read.
pub async fn an_unread_answer_outlives_an_adoption(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let sent = spent(&*vault, id, "1").await;
    vault.keep_answer(sent, &answer("{unread}")).await.unwrap();
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let vault = stand.open().await;
    let open = vault.open_intents(id).await.unwrap();
    assert_eq!((open.len(), open[0].id, open[0].answer.as_ref()), (1, sent, Some(&answer("{unread}"))));
    assert_eq!(vault.commit(None, sent, rotation("2")).await.unwrap().committed, Committed::Parked);
    assert!(vault.open_intents(id).await.unwrap().is_empty());
    assert_eq!(wished_back(&*vault, id).await, Some(generation(3)));
    assert_eq!(present(&*vault, id).await, "2");
}

/// Another user's login is a grant of its own and takes the name; refused before it has rotated, it gives the name back.
pub async fn another_users_login_takes_the_name_on_trial(stand: &dyn Stand) {
    let (vault, previous) = logged_in(stand).await;
    let work = "work".parse().unwrap();
    let brought = Adoption { claim: Claim::OfAnyUser, ..adoption("work", "b", Some("ou_2")) };
    let id = brought.id;
    assert_eq!(vault.adopt(brought).await.unwrap(), Adopted::TookOver { id, previous });
    assert_eq!(vault.grant_of(&work).await.unwrap(), Some(id));
    assert!(vault.grant(id).await.unwrap().on_trial);
    let before = vault.grant(previous).await.unwrap();
    assert_eq!((before.profile.as_ref(), &before.standing), (None, &Standing::Live));
    let intent = spent(&*vault, id, "b").await;
    assert_eq!(back_after(&*vault, id, intent).await, Some(Generation::FIRST));
    let vault = stand.open().await;
    assert_eq!(vault.grant_of(&work).await.unwrap(), Some(previous));
    let refused_one = vault.grant(id).await.unwrap();
    assert_eq!((refused_one.profile.as_ref(), refused_one.intent_open, refused_one.on_trial), (None, false, false));
    assert!(matches!(refused_one.standing, Standing::NeedsConsent { provider_code: Some(20_064), .. }));
    assert_eq!(vault.grant(previous).await.unwrap().access.unwrap().token.expose(), "access-1");
    assert_eq!(events(&*vault, previous).await[0], Event::TakenBack { adopted: Generation::FIRST, refused: true });
    assert_eq!((back_after(&*vault, id, intent).await, wished_back(&*vault, previous).await), (None, None));
}

/// A person gives the name back, and takes it again; one that has rotated keeps it in spite of a refusal.
pub async fn a_taken_name_is_given_back_by_wish(stand: &dyn Stand) {
    let (vault, previous) = logged_in(stand).await;
    let work = "work".parse().unwrap();
    let brought = Adoption { claim: Claim::OfAnyUser, ..adoption("work", "b", Some("ou_2")) };
    let id = vault.adopt(brought).await.unwrap().id();
    let intent = spent(&*vault, id, "b").await;
    vault.commit(None, intent, rotation("c")).await.unwrap();
    let intent = spent(&*vault, id, "c").await;
    assert_eq!(back_after(&*vault, id, intent).await, None);
    vault.close(None, intent, Closing::Unsent { reason: "no route".to_owned() }, None).await.unwrap();
    for _ in 0..2 {
        assert_eq!(wished_back(&*vault, id).await, Some(Generation::FIRST));
        assert_eq!(vault.grant_of(&work).await.unwrap(), Some(previous));
        assert!(!vault.grant(previous).await.unwrap().on_trial);
        assert_eq!(wished_back(&*vault, id).await, None, "it has no name any more");
        assert_eq!(wished_back(&*vault, previous).await, Some(generation(2)));
        assert_eq!(vault.grant_of(&work).await.unwrap(), Some(id));
    }
}

/// A person's own login ends the trial, and with it everything a wish could bring back.
pub async fn a_login_ends_what_can_be_taken_back(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    vault.log_in(login("work", "3", Some(named("ou_1")))).await.unwrap();
    let grant = vault.grant(id).await.unwrap();
    assert!(!grant.on_trial && !grant.unproven);
    let intent = spent(&*vault, id, "3").await;
    assert_eq!(back_after(&*vault, id, intent).await, None);
    assert_eq!(wished_back(&*vault, id).await, None);
    assert_eq!(vault.open_intents(id).await.unwrap()[0].id, intent);

    let brought = Adoption { claim: Claim::OfAnyUser, ..adoption("work", "c", Some("ou_2")) };
    let taken = vault.adopt(brought).await.unwrap().id();
    assert_ne!(taken, id);
    vault.log_in(login("work", "4", Some(named("ou_2")))).await.unwrap();
    let grant = vault.grant(taken).await.unwrap();
    assert_eq!((grant.generation, grant.on_trial), (generation(2), false));
    assert_eq!(wished_back(&*vault, taken).await, None);
}

/// After a logout nothing comes back.
pub async fn a_logout_ends_what_can_be_taken_back(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let intent = spent(&*vault, id, "b").await;
    let lease = leased(&*vault, id, &holder("here", 1)).await;
    vault.retire(&lease, soon(9), false).await.unwrap();
    assert_eq!((back_after(&*vault, id, intent).await, wished_back(&*vault, id).await), (None, None));
    let copy = vault.copy(id).await.unwrap();
    assert!(copy.refresh.is_none() && copy.grant.access.is_none() && !copy.grant.on_trial);
    // A file that still holds one of its tokens holds a known one.
    let known = vault.adopt(adoption("work", "b", None)).await.unwrap();
    assert_eq!(known, Adopted::Known { grant: id, generation: generation(2) });
    assert_eq!(vault.grant_of(&"work".parse().unwrap()).await.unwrap(), None);
}

/// Every token that was ever stored is known, by the newest generation it was stored in; a parked one never by the number of
/// the set that won.
pub async fn tokens_are_known_for_ever(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    for number in 1..40_u64 {
        let intent = spent(&*vault, id, &number.to_string()).await;
        vault.commit(None, intent, rotation(&(number + 1).to_string())).await.unwrap();
    }
    let late = spent(&*vault, id, "40").await;
    vault.log_in(login("work", "new", None)).await.unwrap();
    assert_eq!(vault.commit(None, late, rotation("late")).await.unwrap().committed, Committed::Parked);
    let vault = stand.open().await;
    for number in 1..=40_u64 {
        let known = vault.recognise(&token(&number.to_string())).await.unwrap().known;
        assert_eq!(known, Some((id, generation(number))));
    }
    assert_eq!(vault.recognise(&token("late")).await.unwrap().known, Some((id, generation(40))));
    assert_eq!(vault.recognise(&token("new")).await.unwrap().known, Some((id, generation(41))));
    let (one, other) = (vault.recognise(&token("x")).await.unwrap(), vault.recognise(&token("y")).await.unwrap());
    assert!(one.known.is_none() && other.known.is_none() && one.fingerprint != other.fingerprint);
    assert_eq!(stand.open().await.recognise(&token("x")).await.unwrap(), one);
}

/// Both tokens of every generation are known among other texts, each as what it is; a text is no token of the other kind.
pub async fn tokens_are_known_among_other_texts(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    for number in 1..40_u64 {
        let intent = spent(&*vault, id, &number.to_string()).await;
        vault.commit(None, intent, rotation(&(number + 1).to_string())).await.unwrap();
    }
    let vault = stand.open().await;
    let texts = |kind: &str| (1..=41).map(|number| Zeroizing::new(format!("{kind}-{number}"))).collect::<Vec<_>>();
    for (kind, name) in [(TokenKind::Access, "access"), (TokenKind::Refresh, "refresh")] {
        let found = vault.known_tokens(&texts(name)).await.unwrap();
        assert_eq!(found.len(), 41);
        for (number, found) in (1..=40).zip(&found) {
            let known = KnownToken { kind, grant: id, generation: generation(number), is_present: number == 40 };
            assert_eq!(*found, Some(known), "{name}-{number}");
        }
        assert_eq!(found[40], None);
    }
    assert_eq!(vault.known_tokens(&[]).await.unwrap(), []);
    // One that came beside a login, and is not handed out.
    let beside = AccessToken::parse("beside-of-b").unwrap();
    let brought = Adoption { beside: Some(beside), ..adoption("other", "b", None) };
    let adopted = vault.adopt(brought).await.unwrap();
    let found = vault.known_tokens(&[Zeroizing::new("beside-of-b".to_owned())]).await.unwrap();
    let (grant, generation) = (adopted.id(), Generation::FIRST);
    assert_eq!(found, [Some(KnownToken { kind: TokenKind::Access, grant, generation, is_present: false })]);
    // What tells more is not written over.
    let beside = AccessToken::parse("access-40").unwrap();
    vault.adopt(Adoption { beside: Some(beside), ..adoption("third", "c", None) }).await.unwrap();
    let found = vault.known_tokens(&[Zeroizing::new("access-40".to_owned())]).await.unwrap();
    assert_eq!(found[0].map(|known| known.grant), Some(id));
}

/// A copy is the present set, of one moment.
pub async fn a_copy_is_the_present_set(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let intent = spent(&*vault, id, "1").await;
    vault.commit(None, intent, rotation("2")).await.unwrap();
    let copy = vault.copy(id).await.unwrap();
    assert_eq!((copy.grant.generation, copy.refresh.unwrap().expose()), (generation(2), "refresh-2"));
    assert_eq!(whole(&copy.grant), whole(&vault.grant(id).await.unwrap()));
    let nobody = login("work", "x", None).id;
    assert!(matches!(vault.copy(nobody).await, Err(StoreError { kind: StoreFault::Gone(_), .. })));
}
