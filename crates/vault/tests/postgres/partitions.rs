//! What a node does when it loses the database in the middle of a step, behind a proxy that loses exactly that.

use std::time::Duration;

use tempfile::TempDir;
use tokenward_core::ports::{AnswerKept, Attempt, Committed, Grants, Journal, Leases, Logins, StoreFault};
use tokenward_core::{Generation, GrantId, IntentDraft, Lease, Seat};
use tokenward_vault::PostgresVault;
use tokenward_vault::suite::{answer, draft, holder, login, rotation};

use crate::place::Place;
use crate::proxy::{Afterwards, Mode, Proxy};
use crate::shared::server;

/// How a session of the store ends its transaction.
const COMMIT: &[u8] = b"COMMIT\0";

/// A node behind a proxy, with a login whose lease it has.
struct Cut {
    proxy: Proxy,
    node: PostgresVault,
    /// Another node, which the proxy does not stand before.
    other: PostgresVault,
    id: GrantId,
    lease: Lease,
    _folder: TempDir,
}

impl Cut {
    async fn new() -> Self {
        let (folder, proxy, database) =
            (tempfile::tempdir().unwrap(), Proxy::before(server().socket()), server().database());
        let options = |socket, name| Place::options_at(socket, &database, false, folder.path().join(name));
        let node = PostgresVault::open(options(proxy.socket(), "node")).await.unwrap();
        let other = PostgresVault::open(options(server().socket(), "other")).await.unwrap();
        let id = node.log_in(login("work", "1", None)).await.unwrap().id();
        let held = node.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap();
        let Attempt::Held(held) = held else { panic!("{held:?}") };
        Self { proxy, node, other, id, lease: held.lease, _folder: folder }
    }

    /// A spend that begins now, by the database's clock.
    fn draft(&self) -> IntentDraft {
        let begun = self.node.clock().now();
        IntentDraft { begun, deadline: begun + Duration::from_secs(30), ..draft(Generation::FIRST) }
    }
}

/// The spend was committed and nobody said so: the node looks on another session and sends, once, and no other may (I1).
#[tokio::test(flavor = "multi_thread")]
async fn a_spend_whose_commit_was_not_acknowledged_is_found() {
    let cut = Cut::new().await;
    cut.proxy.set(Mode::LoseAnswer(COMMIT, Afterwards::Pass));
    let draft = cut.draft();
    let intent = draft.id;
    let spend = cut.node.begin(&cut.lease, draft).await.unwrap();
    assert_eq!((spend.intent(), cut.proxy.mode()), (intent, Mode::Pass));
    drop(spend);
    let open = cut.other.open_intents(cut.id).await.unwrap();
    assert_eq!(open.iter().map(|one| one.id).collect::<Vec<_>>(), [intent]);
    let second = cut.node.begin(&cut.lease, cut.draft()).await;
    assert!(matches!(second, Err(error) if error.kind == StoreFault::IntentOpen(intent)));
}

/// The commit did not arrive: nothing is there, nothing may be sent, and the next call begins as if nothing had been.
#[tokio::test(flavor = "multi_thread")]
async fn a_spend_whose_commit_did_not_arrive_is_none() {
    let cut = Cut::new().await;
    cut.proxy.set(Mode::LoseRequest(COMMIT));
    let begun = cut.node.begin(&cut.lease, cut.draft()).await;
    assert!(matches!(begun, Err(error) if error.kind == StoreFault::Busy));
    assert!(cut.other.open_intents(cut.id).await.unwrap().is_empty());
    drop(cut.node.begin(&cut.lease, cut.draft()).await.unwrap());
}

/// Nobody can be asked: nothing may be sent, although the spend is there for whoever comes after its deadline.
#[tokio::test(flavor = "multi_thread")]
async fn a_spend_that_nobody_can_be_asked_about_is_not_sent() {
    let cut = Cut::new().await;
    cut.proxy.set(Mode::LoseAnswer(COMMIT, Afterwards::Cut));
    let begun = cut.node.begin(&cut.lease, cut.draft()).await;
    assert!(matches!(begun, Err(error) if error.kind == StoreFault::Busy));
    assert_eq!(cut.other.open_intents(cut.id).await.unwrap().len(), 1);
}

/// A commit of a set that nobody acknowledged is repeated, and is one generation (I5).
#[tokio::test(flavor = "multi_thread")]
async fn a_set_whose_commit_was_not_acknowledged_is_stored_once() {
    let cut = Cut::new().await;
    // A slow line is none that is lost.
    cut.proxy.set(Mode::Delay(Duration::from_millis(5)));
    let intent = cut.node.begin(&cut.lease, cut.draft()).await.unwrap().intent();
    cut.node.keep_answer(intent, &answer("{}")).await.unwrap();
    cut.proxy.set(Mode::LoseAnswer(COMMIT, Afterwards::Pass));
    assert!(cut.node.commit(Some(&cut.lease), intent, rotation("2")).await.is_err());
    let again = cut.node.commit(Some(&cut.lease), intent, rotation("2")).await.unwrap();
    assert_eq!(again.committed, Committed::Generation(Generation::new(2)));
    assert_eq!(cut.other.grant(cut.id).await.unwrap().generation, Generation::new(2));
}

/// An answer that meets a session which takes everything and says nothing stays on this node, and is in the journal afterwards (I3).
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_meets_a_half_open_session_is_kept() {
    let cut = Cut::new().await;
    let intent = cut.node.begin(&cut.lease, cut.draft()).await.unwrap().intent();
    cut.proxy.set(Mode::HalfOpen);
    let kept = cut.node.keep_answer(intent, &answer("late")).await.unwrap();
    assert!(matches!(kept, AnswerKept::LastResort), "{kept:?}");
    cut.proxy.set(Mode::Cut);
    cut.proxy.set(Mode::Pass);
    let open = cut.node.open_intents(cut.id).await.unwrap();
    assert_eq!(open[0].answer.as_ref().map(|answer| answer.body.expose()), Some(&b"late"[..]));
    let open = cut.other.open_intents(cut.id).await.unwrap();
    assert_eq!(open[0].answer.as_ref().map(|answer| answer.body.expose()), Some(&b"late"[..]));
}

/// A spend that is past its deadline by then is not sent: another node may hold its outcome for unknown already.
#[tokio::test(flavor = "multi_thread")]
async fn a_spend_that_is_found_after_its_deadline_is_not_sent() {
    let cut = Cut::new().await;
    cut.proxy.set(Mode::LoseAnswer(COMMIT, Afterwards::Pass));
    let late = IntentDraft { deadline: cut.node.clock().now(), ..cut.draft() };
    let begun = cut.node.begin(&cut.lease, late).await;
    assert!(matches!(begun, Err(error) if error.kind == StoreFault::Busy));
    assert_eq!(cut.other.open_intents(cut.id).await.unwrap().len(), 1);
}
