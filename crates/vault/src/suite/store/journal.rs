//! Begin, answer, commit, close, retire.

use std::sync::Arc;
use std::time::Duration;

use tokenward_core::ports::{AnswerKept, Attempt, Committed, Store, StoreError, StoreFault};
use tokenward_core::rotation_policy::Change;
use tokenward_core::{Closing, Code, Doubt, Event, Generation, GrantId, IntentId, Lease, Standing};

use super::leases::{lapsed, leased};
use crate::suite::Stand;
use crate::suite::fixtures::{answer, draft, holder, login, named, rotation, soon};

const SECOND: Generation = Generation::new(2);

/// A login with a lease on it.
async fn held(stand: &dyn Stand) -> (Arc<dyn Store>, GrantId, Lease) {
    let vault = stand.open().await;
    let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    let lease = leased(&*vault, id, &holder("here", 1)).await;
    (vault, id, lease)
}

/// A login with an open spend.
async fn begun(stand: &dyn Stand) -> (Arc<dyn Store>, GrantId, Lease, IntentId) {
    let (vault, id, lease) = held(stand).await;
    let spend = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap();
    let intent = spend.intent();
    assert_eq!(spend.expose().expose(), "refresh-1");
    (vault, id, lease, intent)
}

fn dead() -> Standing {
    Standing::NeedsConsent { since: soon(2), code: Code::RefreshTokenRefused, provider_code: Some(20_064) }
}

fn refused() -> Closing {
    Closing::Refused { code: Code::RefreshTokenRefused, provider_code: Some(20_064) }
}

/// I1: the intent is there for the next process, with all it needs to judge it.
pub async fn a_spend_is_on_record_before_it_can_be_sent(stand: &dyn Stand) {
    let (vault, id, lease, intent) = begun(stand).await;
    assert!(vault.grant(id).await.unwrap().intent_open);
    drop(vault);
    let vault = stand.open().await;
    let open = vault.open_intents(id).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].id, open[0].grant, open[0].generation), (intent, id, Generation::FIRST));
    assert_eq!(
        (open[0].fence, &open[0].sender, open[0].api),
        (lease.fence, &lease.holder, tokenward_core::TokenApi::V3)
    );
    assert_eq!((open[0].begun, open[0].deadline), (soon(0), soon(30)));
    assert!(open[0].answer.is_none() && !open[0].doubted);
    let journal = vault.journal(id, 1).await.unwrap();
    let fingerprint = open[0].fingerprint;
    assert_eq!(journal[0].event, Event::Begun { intent, fingerprint, replay: false });
    assert_eq!(journal[0].by, Some(holder("here", 1)));
}

/// I1: one open spend a grant; a replay takes the place of the one it names.
pub async fn a_second_spend_is_refused_unless_it_replays(stand: &dyn Stand) {
    let (vault, id, lease, first) = begun(stand).await;
    let refusal = vault.begin(&lease, draft(Generation::FIRST)).await;
    assert!(matches!(refusal, Err(StoreError { kind: StoreFault::IntentOpen(open), .. }) if open == first));
    let mut wrong = draft(Generation::FIRST);
    wrong.replays = Some(draft(Generation::FIRST).id);
    assert!(matches!(vault.begin(&lease, wrong).await, Err(StoreError { kind: StoreFault::IntentOpen(_), .. })));
    let mut replay = draft(Generation::FIRST);
    replay.replays = Some(first);
    let second = vault.begin(&lease, replay).await.unwrap().intent();
    let open = vault.open_intents(id).await.unwrap();
    assert_eq!(open.iter().map(|intent| intent.id).collect::<Vec<_>>(), [second]);
    let events = vault.journal(id, 10).await.unwrap();
    assert!(matches!(&events[0].event, Event::Begun { intent, replay: true, .. } if *intent == second));
    assert_eq!(events[1].event, Event::Closed { intent: first, closing: Closing::Replayed });
}

/// I6: that a token was sent before with unknown outcome outlives the process that sends it again; whoever settles
/// that one's answer knows what a refusal then means.
pub async fn a_replay_records_the_doubt_it_comes_from(stand: &dyn Stand) {
    let (vault, id, lease, first) = begun(stand).await;
    assert_eq!(vault.grant(id).await.unwrap().standing, Standing::Live);
    let mut replay = draft(Generation::FIRST);
    replay.replays = Some(first);
    let second = vault.begin(&lease, replay).await.unwrap().intent();
    drop(vault);
    let vault = stand.open().await;
    let doubted = Standing::InDoubt { intent: first, since: soon(0), doubt: Doubt::SenderDied };
    assert_eq!(vault.grant(id).await.unwrap().standing, doubted);
    assert_eq!(vault.commit(None, second, rotation("2")).await.unwrap().committed, Committed::Generation(SECOND));
    assert_eq!(vault.grant(id).await.unwrap().standing, Standing::Live);
}

/// What the keeper read under its lease must still be so.
pub async fn a_spend_needs_the_present_generation_the_lease_and_a_token(stand: &dyn Stand) {
    let (vault, id, lease) = held(stand).await;
    assert!(matches!(vault.begin(&lease, draft(SECOND)).await, Err(StoreError { kind: StoreFault::Moved, .. })));
    let gone = Lease { seat: id.into(), fence: lease.fence, holder: lease.holder.clone(), expires: lease.expires };
    vault.release(lease).await.unwrap();
    assert!(matches!(
        vault.begin(&gone, draft(Generation::FIRST)).await,
        Err(StoreError { kind: StoreFault::Moved, .. })
    ));
    let mut bare = login("bare", "2", None);
    bare.set.refresh = None;
    let bare = vault.log_in(bare).await.unwrap().id();
    assert!(!vault.grant(bare).await.unwrap().has_refresh);
    let lease = leased(&*vault, bare, &holder("here", 1)).await;
    assert!(matches!(
        vault.begin(&lease, draft(Generation::FIRST)).await,
        Err(StoreError { kind: StoreFault::NoRefreshToken, .. })
    ));
    assert!(!vault.grant(bare).await.unwrap().intent_open);
}

/// I3: the answer is there, byte by byte, for the next process.
pub async fn an_answer_outlives_its_process(stand: &dyn Stand) {
    let (vault, id, _lease, intent) = begun(stand).await;
    let mut odd = answer("");
    odd.body = tokenward_core::SecretBytes::new((0..=255).cycle().take(100_000).collect());
    (odd.status, odd.whole, odd.retry_after) = (502, false, Some(7));
    assert_eq!(vault.keep_answer(intent, &odd).await.unwrap(), AnswerKept::Journal);
    drop(vault);
    let open = stand.open().await.open_intents(id).await.unwrap();
    assert_eq!(open[0].answer.as_ref(), Some(&odd));
    let journal = stand.open().await.journal(id, 1).await.unwrap();
    assert_eq!(journal[0].event, Event::Answered { intent, status: 502, log_id: odd.log_id });
}

/// The new generation and the closed intent are one; doing it twice is doing it once (I5).
pub async fn a_commit_is_the_next_generation_and_may_be_repeated(stand: &dyn Stand) {
    let (vault, id, lease, intent) = begun(stand).await;
    vault.keep_answer(intent, &answer("{}")).await.unwrap();
    assert_eq!(vault.commit(None, intent, rotation("2")).await.unwrap().committed, Committed::Generation(SECOND));
    drop(vault);
    let vault = stand.open().await;
    assert_eq!(vault.commit(None, intent, rotation("2")).await.unwrap().committed, Committed::Generation(SECOND));
    vault.close(None, intent, refused(), Some(dead())).await.unwrap();
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.generation, grant.standing, grant.intent_open), (SECOND, Standing::Live, false));
    let access = grant.access.unwrap();
    assert_eq!((access.token.expose(), access.obtained), ("access-2", soon(1)));
    assert_eq!((grant.rotated_at, grant.consented, grant.wall), (soon(1), soon(0), Some(soon(31_536_000))));
    assert_eq!((grant.refresh_expires, grant.subject), (Some(soon(604_801)), Some(named("ou_1"))));
    assert!(vault.open_intents(id).await.unwrap().is_empty());
    assert!(matches!(
        vault.begin(&lease, draft(Generation::FIRST)).await,
        Err(StoreError { kind: StoreFault::Moved, .. })
    ));
    lapsed(stand);
    let lease = leased(&*vault, id, &holder("here", 2)).await;
    assert_eq!(vault.begin(&lease, draft(SECOND)).await.unwrap().expose().expose(), "refresh-2");
}

/// I3: a set that comes after the grant moved on is kept aside and changes nothing.
pub async fn a_lost_race_parks(stand: &dyn Stand) {
    let (vault, id, lease, first) = begun(stand).await;
    let mut replay = draft(Generation::FIRST);
    replay.replays = Some(first);
    let second = vault.begin(&lease, replay).await.unwrap().intent();
    assert_eq!(vault.commit(None, second, rotation("second")).await.unwrap().committed, Committed::Generation(SECOND));
    for _ in 0..2 {
        assert_eq!(vault.commit(None, first, rotation("first")).await.unwrap().committed, Committed::Parked);
    }
    let grant = stand.open().await.grant(id).await.unwrap();
    assert_eq!((grant.generation, grant.access.unwrap().token.expose()), (SECOND, "access-second"));
    let events = vault.journal(id, 10).await.unwrap();
    assert!(events.iter().any(|entry| entry.event == Event::Closed { intent: first, closing: Closing::Parked }));
}

/// A login in doubt or declared dead lives again when its answer comes after all; no lease is asked for.
pub async fn a_late_answer_revives(stand: &dyn Stand) {
    for dying in [false, true] {
        let profile = if dying { "dying" } else { "doubted" };
        let vault = stand.open().await;
        let id = vault.log_in(login(profile, profile, None)).await.unwrap().id();
        let lease = leased(&*vault, id, &holder("here", 1)).await;
        let first = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
        let doubt = Doubt::NoAnswer;
        let standing = Standing::InDoubt { intent: first, since: soon(1), doubt };
        vault.close(None, first, Closing::Doubt { doubt }, Some(standing)).await.unwrap();
        if dying {
            let mut replay = draft(Generation::FIRST);
            replay.replays = Some(first);
            let second = vault.begin(&lease, replay).await.unwrap().intent();
            vault.close(None, second, refused(), Some(dead())).await.unwrap();
            assert_eq!(vault.grant(id).await.unwrap().standing, dead());
        }
        vault.release(lease).await.unwrap();
        vault.keep_answer(first, &answer("{}")).await.unwrap();
        assert_eq!(
            vault.commit(None, first, rotation("revived")).await.unwrap().committed,
            Committed::Generation(SECOND)
        );
        let grant = vault.grant(id).await.unwrap();
        assert_eq!((grant.standing, grant.intent_open), (Standing::Live, false));
    }
}

/// I6: doubt is a state; the intent stays open and says so.
pub async fn doubt_stays_open_and_is_marked(stand: &dyn Stand) {
    let (vault, id, _lease, intent) = begun(stand).await;
    let standing = tokenward_core::ports::in_doubt(intent, soon(1), Doubt::OddAnswer);
    vault.keep_answer(intent, &answer("<html>")).await.unwrap();
    vault.close(None, intent, Closing::Doubt { doubt: Doubt::OddAnswer }, Some(standing.clone())).await.unwrap();
    let vault = stand.open().await;
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.standing, grant.intent_open, grant.has_refresh), (standing, true, true));
    assert_eq!(grant.access.unwrap().token.expose(), "access-1");
    let open = vault.open_intents(id).await.unwrap();
    assert!(open[0].doubted);
    assert_eq!(open[0].answer.as_ref(), Some(&answer("<html>")));
}

/// What ends a spend frees the lease that is named with it, and no other, and gives back what is stored.
pub async fn a_closing_frees_the_lease_that_is_named(stand: &dyn Stand) {
    let (vault, id, lease, intent) = begun(stand).await;
    let other = stand.open().await;
    let is_busy = async |vault: &dyn Store| {
        let asked = vault.hold(&id.into(), &holder("here", 3), Duration::from_secs(30)).await.unwrap();
        matches!(asked, Attempt::Busy { .. })
    };
    let doubt = Doubt::NoAnswer;
    let standing = tokenward_core::ports::in_doubt(intent, soon(1), doubt);
    let stored = vault.close(None, intent, Closing::Doubt { doubt }, Some(standing.clone())).await.unwrap().unwrap();
    assert_eq!((stored.id, stored.standing, stored.intent_open), (id, standing, true));
    assert!(is_busy(&*other).await);
    let stored = vault.close(Some(&lease), intent, refused(), Some(dead())).await.unwrap().unwrap();
    assert_eq!((stored.id, stored.standing, stored.intent_open), (id, dead(), false));
    let next = leased(&*other, id, &holder("elsewhere", 2)).await;
    assert!(next.fence > lease.fence);
    // The lease of before is another's by now.
    let second = other.begin(&next, draft(Generation::FIRST)).await.unwrap().intent();
    vault.close(Some(&lease), second, Closing::Unsent { reason: "no route".to_owned() }, None).await.unwrap();
    assert!(is_busy(&*vault).await);
    drop(other.begin(&next, draft(Generation::FIRST)).await.unwrap());
}

/// A token that provably was not spent is free again.
pub async fn an_unspent_token_can_be_spent_again(stand: &dyn Stand) {
    let (vault, id, lease, first) = begun(stand).await;
    vault.close(None, first, Closing::Unsent { reason: "connection refused".to_owned() }, None).await.unwrap();
    assert_eq!(vault.grant(id).await.unwrap().standing, Standing::Live);
    let second = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap();
    let kept = Closing::Kept { code: Code::RateLimited, provider_code: Some(20_072) };
    vault.close(None, second.intent(), kept.clone(), Some(Standing::Live)).await.unwrap();
    let events = vault.journal(id, 1).await.unwrap();
    assert_eq!(events[0].event, Event::Closed { intent: second.intent(), closing: kept });
    let third = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap();
    assert_eq!(third.expose().expose(), "refresh-1");
}

/// A definite no concerns the generation it was said to, and keeps the record.
pub async fn a_refusal_ends_the_login_but_not_a_newer_generation(stand: &dyn Stand) {
    let (vault, id, lease, first) = begun(stand).await;
    vault.close(None, first, refused(), Some(dead())).await.unwrap();
    let grant = stand.open().await.grant(id).await.unwrap();
    assert_eq!((&grant.standing, grant.intent_open), (&dead(), false));
    assert!(grant.has_refresh && grant.access.is_some());
    let mut replay = draft(Generation::FIRST);
    replay.replays = Some(first);
    let second = vault.begin(&lease, replay).await.unwrap().intent();
    vault.commit(None, second, rotation("2")).await.unwrap();
    vault.close(None, first, refused(), Some(dead())).await.unwrap();
    assert_eq!(vault.grant(id).await.unwrap().standing, Standing::Live);
}

/// A paused sender's answer to a spend that someone repeated is found, and stands in the way of a further spend until it
/// was read; after that it does not come back.
pub async fn an_answer_to_a_repeated_spend_is_read_once(stand: &dyn Stand) {
    let (vault, id, lease, first) = begun(stand).await;
    let mut replay = draft(Generation::FIRST);
    replay.replays = Some(first);
    let second = vault.begin(&lease, replay).await.unwrap().intent();
    vault.close(None, second, refused(), Some(dead())).await.unwrap();
    vault.keep_answer(first, &answer("late")).await.unwrap();
    drop(vault);
    let vault = stand.open().await;
    assert!(vault.grant(id).await.unwrap().intent_open);
    let open = vault.open_intents(id).await.unwrap();
    assert_eq!(open.iter().map(|intent| intent.id).collect::<Vec<_>>(), [first]);
    assert_eq!(open[0].answer.as_ref(), Some(&answer("late")));
    lapsed(stand);
    let lease = leased(&*vault, id, &holder("here", 2)).await;
    let refusal = vault.begin(&lease, draft(Generation::FIRST)).await;
    assert!(matches!(refusal, Err(StoreError { kind: StoreFault::IntentOpen(open), .. }) if open == first));
    vault.close(None, first, Closing::Doubt { doubt: Doubt::OddAnswer }, None).await.unwrap();
    assert!(vault.open_intents(id).await.unwrap().is_empty());
    drop(vault.begin(&lease, draft(Generation::FIRST)).await.unwrap());
}

/// A rotation that brings half a set.
pub async fn what_a_rotation_keeps_stays_and_what_it_drops_goes(stand: &dyn Stand) {
    let (vault, id, lease, first) = begun(stand).await;
    let mut half = rotation("2");
    (half.access, half.refresh, half.refresh_expires) = (Change::Keep, Change::Keep, None);
    half.subject = Some(named("ou_9"));
    half.scopes = Some(tokenward_core::Scopes::parse("a").unwrap().0);
    vault.commit(None, first, half).await.unwrap();
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.generation, grant.refresh_expires, grant.has_refresh), (SECOND, Some(soon(604_800)), true));
    assert_eq!(grant.access.unwrap().token.expose(), "access-1");
    assert_eq!((grant.subject, grant.scopes.to_string()), (Some(named("ou_9")), "a".to_owned()));
    let spend = vault.begin(&lease, draft(SECOND)).await.unwrap();
    let second = spend.intent();
    assert_eq!(spend.expose().expose(), "refresh-1");
    let mut none = rotation("3");
    (none.access, none.refresh) = (Change::Drop, Change::Drop);
    vault.commit(None, second, none).await.unwrap();
    let grant = stand.open().await.grant(id).await.unwrap();
    assert_eq!((grant.access, grant.has_refresh, grant.refresh_expires), (None, false, None));
    assert_eq!(grant.generation, Generation::new(3));
}

/// A logout takes the tokens and the name, and leaves the story.
pub async fn a_logout_wipes_the_tokens_and_keeps_the_record(stand: &dyn Stand) {
    let (vault, id, lease, intent) = begun(stand).await;
    let tokens = vault.revocable(&lease).await.unwrap();
    assert_eq!(tokens.refresh.unwrap().expose(), "refresh-1");
    assert_eq!(tokens.access.unwrap().expose(), "access-1");
    vault.retire(&lease, soon(9), true).await.unwrap();
    let vault = stand.open().await;
    let grant = vault.grant(id).await.unwrap();
    assert_eq!(grant.standing, Standing::Retired { since: soon(9) });
    assert_eq!((grant.profile, grant.access, grant.has_refresh, grant.intent_open), (None, None, false, false));
    let events = vault.journal(id, 10).await.unwrap();
    assert_eq!((&events[0].event, &events[0].by), (&Event::LoggedOut { revoked: true }, &Some(holder("here", 1))));
    assert_eq!(events[1].event, Event::Closed { intent, closing: Closing::Parked });
    assert_eq!(events.last().unwrap().event, Event::LoggedIn);
    assert!(matches!(
        vault.begin(&lease, draft(Generation::FIRST)).await,
        Err(StoreError { kind: StoreFault::Moved, .. })
    ));
}

/// What a person ended stays ended.
pub async fn a_late_answer_does_not_revive_a_logout(stand: &dyn Stand) {
    let (vault, id, lease, intent) = begun(stand).await;
    vault.retire(&lease, soon(9), false).await.unwrap();
    assert_eq!(vault.commit(None, intent, rotation("late")).await.unwrap().committed, Committed::Parked);
    vault.close(None, intent, refused(), Some(dead())).await.unwrap();
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.standing, grant.access, grant.has_refresh), (Standing::Retired { since: soon(9) }, None, false));
}

/// Nothing is made up.
pub async fn unknown_ids_are_errors(stand: &dyn Stand) {
    let vault = stand.open().await;
    let (id, intent) = (login("x", "1", None).id, draft(Generation::FIRST).id);
    assert!(matches!(vault.grant(id).await, Err(StoreError { kind: StoreFault::Gone(_), .. })));
    assert!(matches!(vault.journal(id, 1).await, Err(StoreError { kind: StoreFault::Gone(_), .. })));
    assert!(matches!(vault.open_intents(id).await, Err(StoreError { kind: StoreFault::Gone(_), .. })));
    assert!(matches!(vault.name_subject(id, &named("x")).await, Err(StoreError { kind: StoreFault::Gone(_), .. })));
    assert!(matches!(
        vault.commit(None, intent, rotation("x")).await,
        Err(StoreError { kind: StoreFault::Unreadable, .. })
    ));
    assert!(matches!(
        vault.close(None, intent, Closing::Replayed, None).await,
        Err(StoreError { kind: StoreFault::Unreadable, .. })
    ));
}

/// A login that is rotated for years, or fails to rotate every minute, does not fill the disk.
pub async fn the_journal_stays_bounded(stand: &dyn Stand) {
    let (vault, id, lease) = held(stand).await;
    for _ in 0..400 {
        let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
        vault.close(None, intent, Closing::Unsent { reason: "no route".to_owned() }, None).await.unwrap();
    }
    let entries = vault.journal(id, u32::MAX).await.unwrap();
    // Of 801 entries all are kept; the bound is a thousand and what one call adds.
    assert_eq!(entries.len(), 801);
    for number in 0..150 {
        let generation = Generation::new(1 + number);
        let intent = vault.begin(&lease, draft(generation)).await.unwrap().intent();
        vault.keep_answer(intent, &answer("{}")).await.unwrap();
        vault.commit(None, intent, rotation(&number.to_string())).await.unwrap();
    }
    let entries = vault.journal(id, u32::MAX).await.unwrap();
    assert!((1000..1060).contains(&entries.len()), "{}", entries.len());
    assert!(matches!(entries[0].event, Event::Closed { closing: Closing::Committed { .. }, .. }));
}
