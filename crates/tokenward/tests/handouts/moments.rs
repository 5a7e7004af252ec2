//! Two at one moment: one has stored or read something and has not shown it yet, when another goes by.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokenward::hand_out::{self, HandOutFiles};
use tokenward_core::ports::{
    Attempt, Clock, Grants, HandOut, HandOuts, Journal, Leases, LinkBook, Logins, Mark, NewLogin, ShowOutcome,
    StoreError, StoreFault, Stored, Withheld,
};
use tokenward_core::{Closing, Code, Generation, GrantId, IntentId, Lease, ProfileName, RefreshToken, Seat, Standing};
use tokenward_keeper::Showing;
use tokenward_vault::suite::{TestEntropy, adoption, draft, holder, login, named, new_link, rotation, soon};
use tokio::sync::oneshot;

use crate::place::{Door, Place, ending, ending_draft, staying};

/// Stands still once before it shows, until it is told to go on.
struct Late {
    files: HandOutFiles,
    stop: Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
}

impl Late {
    async fn stand_still(&self) {
        let stop = self.stop.lock().unwrap().take();
        if let Some((arrived, on)) = stop {
            arrived.send(()).unwrap();
            on.await.unwrap();
        }
    }
}

#[async_trait]
impl HandOuts for Late {
    fn mark(&self) -> Mark {
        self.files.mark()
    }

    async fn show(&self, profile: &ProfileName, stored: &Stored, since: &Mark) -> Result<ShowOutcome, StoreError> {
        self.stand_still().await;
        self.files.show(profile, stored, since).await
    }

    async fn mend(&self, profile: &ProfileName, stored: &Stored, since: &Mark) -> Result<ShowOutcome, StoreError> {
        self.stand_still().await;
        self.files.mend(profile, stored, since).await
    }

    async fn withhold(&self, profile: &ProfileName) -> Result<Withheld, StoreError> {
        self.files.withhold(profile).await
    }

    fn end(&self, grant: GrantId) -> Result<(), StoreError> {
        self.files.end(grant)
    }

    fn was_not_ended(&self, grant: GrantId) {
        self.files.was_not_ended(grant);
    }

    fn is_there(&self, profile: &ProfileName) -> bool {
        self.files.is_there(profile)
    }

    fn peek(&self, profile: &ProfileName) -> Option<HandOut> {
        self.files.peek(profile)
    }

    fn went_back(&self, profile: &ProfileName) -> StoreError {
        self.files.went_back(profile)
    }
}

fn work() -> ProfileName {
    "work".parse().unwrap()
}

fn served(place: &Place) -> Option<String> {
    let found = hand_out::read(&place.folder, &work(), &place.sources, place.clock.now())?;
    Some(found.access.token.expose().to_owned())
}

async fn leased(vault: &Showing, id: GrantId) -> Lease {
    match vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap() {
        Attempt::Held(held) => held.lease,
        busy @ Attempt::Busy { .. } => panic!("{busy:?}"),
    }
}

/// A login whose rotation to generation 2 is stored and not shown, and another process that goes by.
struct Moment {
    place: Place,
    id: GrantId,
    lease: Lease,
    other: Showing,
    late: tokio::task::JoinHandle<()>,
    on: oneshot::Sender<()>,
}

impl Moment {
    async fn new(door: impl Fn(&Place) -> Door) -> Self {
        let place = Place::new();
        let door = door(&place);
        let other = door.opened().await.1;
        let id = other.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
        let lease = leased(&other, id).await;
        let (arrived, is_there) = oneshot::channel();
        let (on, goes_on) = oneshot::channel();
        let stop = Mutex::new(Some((arrived, goes_on)));
        let around = |files| Arc::new(Late { files, stop }) as Arc<dyn HandOuts>;
        let (_, writer) = door.opened_with(Arc::new(TestEntropy), around).await;
        let intent = writer.begin(&lease, ending_draft(Generation::FIRST, "work")).await.unwrap().intent();
        let late = tokio::spawn(async move {
            writer.commit(None, intent, rotation("2")).await.unwrap();
        });
        is_there.await.unwrap();
        Self { place, id, lease, other, late, on }
    }

    async fn staying() -> Self {
        Self::new(|place| place.door().by(staying())).await
    }

    async fn ending() -> Self {
        Self::new(|place| place.door().by(ending())).await
    }

    async fn begun(&self) -> IntentId {
        self.other.begin(&self.lease, ending_draft(Generation::new(2), "work")).await.unwrap().intent()
    }

    /// The late one goes on. Says what is served then.
    async fn goes_on(self) -> (Place, Option<String>, Showing) {
        self.on.send(()).unwrap();
        self.late.await.unwrap();
        let served = served(&self.place);
        (self.place, served, self.other)
    }
}

#[tokio::test]
async fn a_rotation_that_nobody_overtakes_is_shown() {
    for moment in [Moment::staying().await, Moment::ending().await] {
        assert_eq!(moment.goes_on().await.1.as_deref(), Some("access-2"));
    }
}

#[tokio::test]
async fn of_two_rotations_the_newer_stays_whoever_shows_it_last() {
    for moment in [Moment::staying().await, Moment::ending().await] {
        let intent = moment.begun().await;
        moment.other.commit(None, intent, rotation("3")).await.unwrap();
        assert_eq!(served(&moment.place).as_deref(), Some("access-3"));
        assert_eq!(moment.goes_on().await.1.as_deref(), Some("access-3"));
    }
}

/// Under rules by which nothing is withheld: what was shown is known although a person has removed it.
#[tokio::test]
async fn an_older_rotation_does_not_take_the_place_of_a_newer_one_that_was_removed() {
    let moment = Moment::staying().await;
    let intent = moment.other.begin(&moment.lease, draft(Generation::new(2))).await.unwrap().intent();
    moment.other.commit(None, intent, rotation("3")).await.unwrap();
    fs::remove_file(moment.place.folder.handout(&work())).unwrap();
    let (place, served_then, other) = moment.goes_on().await;
    assert_eq!(served_then, None);
    let id = other.grant_of(&work()).await.unwrap().unwrap();
    other.grant(id).await.unwrap();
    assert_eq!(served(&place).as_deref(), Some("access-3"));
}

#[tokio::test]
async fn a_refresh_that_ends_the_token_was_begun_meanwhile() {
    let moment = Moment::ending().await;
    let intent = moment.begun().await;
    let (place, served_then, other) = moment.goes_on().await;
    assert_eq!(served_then, None);
    other.close(None, intent, Closing::Unsent { reason: "no route".to_owned() }, None).await.unwrap();
    let id = other.grant_of(&work()).await.unwrap().unwrap();
    other.grant(id).await.unwrap();
    assert_eq!(served(&place).as_deref(), Some("access-2"));
}

/// Its process died when the intent was on record, and before it had said that the name may be shown again.
#[tokio::test]
async fn a_withholder_that_died_leaves_a_name_that_is_looked_at_again() {
    let moment = Moment::ending().await;
    let (raw, _) = moment.place.door().opened().await;
    let _ = raw.begin(&moment.lease, draft(Generation::new(2))).await.unwrap();
    let _ = fs::remove_file(moment.place.folder.handout(&work()));
    fs::write(moment.place.folder.handout_lock(&work()), "withheld\n").unwrap();
    assert_eq!(moment.goes_on().await.1, None);
}

/// Whoever withholds does not wait for it for long, and it takes away what it had shown.
#[tokio::test]
async fn a_withholder_that_cannot_have_the_lock_goes_on() {
    let moment = Moment::ending().await;
    let lock =
        fs::OpenOptions::new().create(true).truncate(false).write(true).open(moment.place.folder.handout_lock(&work()));
    let lock = lock.unwrap();
    lock.lock().unwrap();
    tokio::time::timeout(Duration::from_secs(30), moment.begun()).await.unwrap();
    drop(lock);
    assert_eq!(moment.goes_on().await.1, None);
}

#[tokio::test]
async fn the_access_token_was_refused_meanwhile() {
    let moment = Moment::staying().await;
    let by = holder("here", 1);
    moment.other.access_refused(moment.id, Generation::new(2), Some(20_005), &by).await.unwrap();
    assert_eq!(moment.goes_on().await.1, None);
}

#[tokio::test]
async fn the_login_ended_meanwhile() {
    let moment = Moment::staying().await;
    let intent = moment.other.begin(&moment.lease, draft(Generation::new(2))).await.unwrap().intent();
    let code = Code::RefreshTokenRefused;
    let standing = Standing::NeedsConsent { since: soon(1), code, provider_code: None };
    let closing = Closing::Refused { code, provider_code: None };
    moment.other.close(None, intent, closing, Some(standing)).await.unwrap();
    assert_eq!(moment.goes_on().await.1, None);
    let moment = Moment::staying().await;
    moment.other.retire(&moment.lease, soon(1), false).await.unwrap();
    assert_eq!(moment.goes_on().await.1, None);
}

#[tokio::test]
async fn the_name_changed_hands_meanwhile_and_back() {
    let theirs = || NewLogin { replace_user: true, ..login("work", "5", Some(named("ou_5"))) };
    let moment = Moment::staying().await;
    moment.other.log_in(theirs()).await.unwrap();
    assert_eq!(moment.goes_on().await.1.as_deref(), Some("access-5"));
    // Back in the same generation as before: its number says nothing.
    let moment = Moment::staying().await;
    let taken = moment.other.log_in(theirs()).await.unwrap().id();
    let by = holder("here", 1);
    assert_eq!(moment.other.take_back(taken, None, &by).await.unwrap(), Some(Generation::new(2)));
    assert_eq!(served(&moment.place).as_deref(), Some("access-2"));
    assert_eq!(moment.other.grant_of(&work()).await.unwrap(), Some(moment.id));
    moment.other.give_name(taken, &work(), true, &by).await.unwrap();
    assert_eq!(served(&moment.place).as_deref(), Some("access-5"));
    assert_eq!(moment.goes_on().await.1.as_deref(), Some("access-5"));
}

#[tokio::test]
async fn a_login_was_adopted_meanwhile_and_taken_back() {
    let moment = Moment::staying().await;
    moment.other.adopt(adoption("work", "b", Some("ou_1"))).await.unwrap();
    assert_eq!(moment.goes_on().await.1, None);
    let moment = Moment::staying().await;
    moment.other.adopt(adoption("work", "b", Some("ou_1"))).await.unwrap();
    let back = moment.other.take_back(moment.id, None, &holder("here", 1)).await.unwrap();
    assert_eq!(back, Some(Generation::new(4)));
    let (place, served_then, _) = moment.goes_on().await;
    assert_eq!(served_then.as_deref(), Some("access-2"));
    let shown = hand_out::read(&place.folder, &work(), &place.sources, soon(2)).unwrap();
    assert_eq!(shown.generation, Generation::new(4));
}

#[tokio::test]
async fn a_file_was_linked_meanwhile() {
    let moment = Moment::staying().await;
    let file = moment.place.root.path().join("file");
    moment.other.link(new_link("work", file.to_str().unwrap()), &holder("here", 1)).await.unwrap();
    assert_eq!(moment.goes_on().await.1, None);
}

/// It had been read before a rotation, under the same mark, and is shown after it.
#[tokio::test]
async fn a_reading_of_before_a_rotation() {
    let moment = Moment::staying().await;
    let intent = moment.other.begin(&moment.lease, draft(Generation::new(2))).await.unwrap().intent();
    let (arrived, is_there) = oneshot::channel();
    let (on, goes_on) = oneshot::channel();
    let stop = Mutex::new(Some((arrived, goes_on)));
    fs::remove_file(moment.place.folder.handout(&work())).unwrap_or_default();
    moment.other.close(None, intent, Closing::Unsent { reason: "no route".to_owned() }, None).await.unwrap();
    let around = |files| Arc::new(Late { files, stop }) as Arc<dyn HandOuts>;
    let (_, reader) = moment.place.door().opened_with(Arc::new(TestEntropy), around).await;
    let id = moment.id;
    let reading = tokio::spawn(async move { reader.grant(id).await.unwrap().generation });
    is_there.await.unwrap();
    let intent = moment.other.begin(&moment.lease, draft(Generation::new(2))).await.unwrap().intent();
    moment.other.commit(None, intent, rotation("3")).await.unwrap();
    on.send(()).unwrap();
    assert_eq!(reading.await.unwrap(), Generation::new(2));
    assert_eq!(served(&moment.place).as_deref(), Some("access-3"));
    assert_eq!(moment.goes_on().await.1.as_deref(), Some("access-3"));
}

/// A caller that goes away in the middle does not show what is about to be ended.
#[tokio::test]
async fn a_name_stays_withheld_when_its_caller_goes_away() {
    let place = Place::new();
    let (_, vault) = place.door().by(ending()).opened().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    for _ in 0..40 {
        {
            let mut call = std::pin::pin!(vault.begin(&lease, ending_draft(Generation::FIRST, "work")));
            let started = tokio::time::timeout(Duration::from_micros(300), call.as_mut()).await;
            drop(started);
        }
        let grant = vault.grant(id).await.unwrap();
        if grant.intent_open {
            assert_eq!(served(&place), None);
        }
        // Whatever becomes of it.
        for _ in 0..200 {
            let open = vault.open_intents(id).await.unwrap();
            if let Some(open) = open.first() {
                assert_eq!(served(&place), None);
                vault.close(None, open.id, Closing::Unsent { reason: "no route".to_owned() }, None).await.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
        vault.grant(id).await.unwrap();
    }
}

/// The same of a person's wish for a set that gave way: the one that gives way now is not shown again while the store is still at it.
#[tokio::test]
async fn a_name_stays_withheld_for_a_wish_whose_caller_goes_away() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    vault.adopt(adoption("work", "b", Some("ou_1"))).await.unwrap();
    let lease = leased(&vault, id).await;
    let intent = vault.begin(&lease, draft(Generation::new(2))).await.unwrap().intent();
    vault.commit(Some(&lease), intent, rotation("c")).await.unwrap();
    assert_eq!(served(&place).as_deref(), Some("access-c"));
    let wished = vault.recognise(&RefreshToken::parse("refresh-1").unwrap()).await.unwrap();
    let blocker = rusqlite::Connection::open(place.folder.database()).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let by = holder("here", 4);
    let call = vault.take_back_token(&wished, "stdin", &by);
    tokio::time::timeout(Duration::from_millis(500), call).await.expect_err("somebody else writes");
    // Whoever reads meanwhile finds what was there before, and does not show it.
    assert_eq!(vault.grant(id).await.unwrap().generation, Generation::new(3));
    assert_eq!(served(&place), None, "the store is still at it");
    blocker.execute_batch("ROLLBACK").unwrap();
    let done = async {
        while vault.grant(id).await.unwrap().generation == Generation::new(3) {
            assert_ne!(served(&place).as_deref(), Some("access-c"));
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), done).await.expect("the wish is carried out");
    let shown = async {
        while served(&place).as_deref() != Some("access-1") {
            vault.grant(id).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), shown).await.expect("what is present is shown");
}

/// A grant that changed its name after it was read is not begun: its token would be served under the new one.
#[tokio::test]
async fn a_spend_under_a_name_that_has_changed_is_not_begun() {
    let place = Place::new();
    let (_, vault) = place.door().by(ending()).opened().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    let begun = vault.begin(&lease, ending_draft(Generation::FIRST, "play")).await;
    assert!(matches!(begun, Err(StoreError { kind: StoreFault::Moved, .. })), "{begun:?}");
    assert!(vault.open_intents(id).await.unwrap().is_empty());
    let _ = vault.begin(&lease, ending_draft(Generation::FIRST, "work")).await.unwrap();
}

/// Hand-outs follow a change of the vault's keys, and each process follows the other.
#[tokio::test]
async fn a_new_data_key_seals_them_anew() {
    let place = Place::new();
    let (raw, vault) = place.door().opened().await;
    let other = place.vault().await;
    vault.log_in(login("work", "1", None)).await.unwrap();
    let before = fs::read(place.folder.handout(&work())).unwrap();
    raw.renew_data_key().await.unwrap();
    vault.show_all_anew().await.unwrap();
    let after = fs::read(place.folder.handout(&work())).unwrap();
    // The number of the data key that a blob names.
    assert_eq!((before[1], after[1]), (1, 2));
    assert_eq!(served(&place).as_deref(), Some("access-1"));
    other.log_in(login("work", "3", None)).await.unwrap();
    assert_eq!(served(&place).as_deref(), Some("access-3"));
}
