//! Looking at a vault: everything is seen, nothing is moved.

use std::fs;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use tokenward_core::ports::{AnswerKept, Journal, Leases, Logins};
use tokenward_core::{Generation, Seat};
use tokenward_vault::WaitingAnswer;
use tokenward_vault::suite::{answer, draft, holder, login};

use crate::place::{Place, without_database};

#[tokio::test]
async fn an_answer_in_its_slot_is_seen_and_left_there() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let Some(lease) = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap().lease()
    else {
        panic!("nobody else is here");
    };
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    let stranger = draft(Generation::FIRST).id;
    assert_eq!(vault.examine().await.unwrap().waiting, []);
    drop(vault);
    without_database(&place, || async {
        let vault = place.vault().await;
        assert_eq!(vault.keep_answer(intent, &answer("rescued")).await.unwrap(), AnswerKept::LastResort);
        assert_eq!(vault.keep_answer(stranger, &answer("theirs")).await.unwrap(), AnswerKept::LastResort);
    })
    .await;
    let vault = place.vault().await;
    let slots = fs::read(place.folder.rescue()).unwrap();
    let expected = [WaitingAnswer { intent, grant: Some(id) }, WaitingAnswer { intent: stranger, grant: None }];
    for _ in 0..2 {
        assert_eq!(vault.examine().await.unwrap().waiting, expected);
    }
    assert_eq!(fs::read(place.folder.rescue()).unwrap(), slots, "a look moves nothing");
    // Asking for open intents does move the one; the other is nobody's.
    assert_eq!(vault.open_intents(id).await.unwrap()[0].answer, Some(answer("rescued")));
    assert_eq!(vault.examine().await.unwrap().waiting, expected[1..]);
}

#[tokio::test]
async fn a_sound_vault_has_room_and_no_complaints() {
    let place = Place::new();
    let vault = place.vault().await;
    vault.log_in(login("work", "1", None)).await.unwrap();
    let health = vault.examine().await.unwrap();
    assert!(health.damage.is_empty() && health.free > health.needed, "{health:?}");
}

#[tokio::test]
async fn damage_is_told_in_the_words_of_the_engine() {
    let place = Place::new();
    let vault = place.vault().await;
    for number in 0..40 {
        vault.log_in(login(&format!("p{number}"), &number.to_string(), None)).await.unwrap();
    }
    // Carried over from the log into the file.
    vault.close_connections().await.unwrap();
    drop(vault);
    // The name stands in the table and in its index; the index is made to say another one.
    let bytes = fs::read(place.folder.database()).unwrap();
    let at = bytes.windows(3).rposition(|three| three == b"p17").unwrap();
    let file = fs::File::options().write(true).open(place.folder.database()).unwrap();
    file.write_all_at(b"q", at as u64).unwrap();
    let vault = place.vault().await;
    let health = vault.examine().await.unwrap();
    assert!(!health.damage.is_empty());
}
