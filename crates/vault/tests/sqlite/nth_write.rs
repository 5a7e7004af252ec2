//! The N-th write of a call fails, for every N: what is stored is what was stored before the call, and the call repeated does it.

use std::time::Duration;

use crate::place::Place;
use rusqlite::Connection;
use tokenward_core::ports::{Adoption, Claim, Grants, Journal, Leases, LinkBook, Logins, StoreError};
use tokenward_core::{Closing, Code, Doubt, Generation, GrantId, IntentId, Seat, Standing};
use tokenward_vault::SqliteVault;
use tokenward_vault::suite::{adoption, answer, draft, holder, login, named, new_link, rotation, soon};

const TABLES: [&str; 6] = ["grants", "intents", "entries", "known_fingerprints", "parked", "links"];

/// Another connection, which lays a trap for every write: a counter goes down, and at nought the write fails. The counter's own
/// steps are part of the transaction that fails, and are undone with it.
struct Trap(Connection);

impl Trap {
    fn lay(place: &Place) -> Self {
        let sqlite = place.sqlite();
        sqlite.execute_batch("CREATE TABLE trap (left INTEGER NOT NULL); INSERT INTO trap VALUES (0)").unwrap();
        for table in TABLES {
            for change in ["INSERT", "UPDATE", "DELETE"] {
                let trigger = format!(
                    "CREATE TRIGGER trap_{table}_{change} BEFORE {change} ON {table} BEGIN
                         SELECT RAISE(ABORT, 'injected') FROM trap WHERE left = 1;
                         UPDATE trap SET left = left - 1 WHERE left > 0;
                     END"
                );
                sqlite.execute_batch(&trigger).unwrap();
            }
        }
        Self(sqlite)
    }

    fn set(&self, nth: i64) {
        self.0.execute("UPDATE trap SET left = ?1", [nth]).unwrap();
    }

    /// Everything that is stored, in words.
    fn everything(&self) -> String {
        let mut all = String::new();
        for table in TABLES {
            let columns =
                format!("SELECT group_concat('quote(' || name || ')', '||' ) FROM pragma_table_info('{table}')");
            let columns: String = self.0.query_row(&columns, [], |row| row.get(0)).unwrap();
            let mut rows = self.0.prepare(&format!("SELECT {columns} FROM {table} ORDER BY 1")).unwrap();
            let rows = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
            all.extend(rows.map(|row| format!("{table} {}\n", row.unwrap())));
        }
        all
    }
}

/// Fails at its N-th write for every N, and says how many there were. `act` must be a call that can be repeated.
async fn sweep<T>(place: &Place, act: impl AsyncFn(&SqliteVault) -> Result<T, StoreError>) -> (T, i64) {
    let trap = Trap::lay(place);
    let before = trap.everything();
    let patient = place.vault().await;
    for nth in 1.. {
        trap.set(nth);
        // A process that goes on, and one that is new.
        let done = if nth % 2 == 0 { act(&patient).await } else { act(&place.vault().await).await };
        match done {
            Err(_) => assert_eq!(trap.everything(), before, "write {nth}"),
            Ok(done) => {
                trap.set(0);
                assert_ne!(trap.everything(), before);
                return (done, nth - 1);
            }
        }
    }
    unreachable!("a call has an end")
}

async fn spent(vault: &SqliteVault, id: GrantId) -> IntentId {
    let Some(lease) = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap().lease()
    else {
        panic!("nobody else is here")
    };
    let draft = draft(vault.grant(id).await.unwrap().generation);
    let intent = vault.begin(&lease, draft).await.unwrap().intent();
    vault.release(lease).await.unwrap();
    intent
}

fn refused() -> Closing {
    Closing::Refused { code: Code::RefreshTokenRefused, provider_code: Some(20_064) }
}

/// A login whose spend is under way, with an answer that nobody has read if so wished.
async fn under_way(place: &Place, answered: bool) -> (GrantId, IntentId) {
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    let intent = spent(&vault, id).await;
    if answered {
        vault.keep_answer(intent, &answer("{unread}")).await.unwrap();
    }
    (id, intent)
}

/// A login that a person wants for the profile, whosever it is.
fn wished_for(subject: &str) -> Adoption {
    Adoption { claim: Claim::OfAnyUser, ..adoption("work", "b", Some(subject)) }
}

#[tokio::test]
async fn of_an_adoption() {
    for (answered, subject) in [(false, "ou_1"), (true, "ou_1"), (true, "ou_2")] {
        let place = Place::new();
        let (id, _) = under_way(&place, answered).await;
        let (done, writes) = sweep(&place, async |vault| vault.adopt(wished_for(subject)).await).await;
        assert!(writes >= 4, "{writes}");
        assert_eq!(done.id() == id, subject == "ou_1");
        assert!(place.vault().await.grant(done.id()).await.unwrap().on_trial);
    }
}

#[tokio::test]
async fn of_a_taking_back() {
    for (subject, wished) in [("ou_1", false), ("ou_1", true), ("ou_2", false), ("ou_2", true)] {
        let place = Place::new();
        let (first, _) = under_way(&place, false).await;
        let vault = place.vault().await;
        let id = vault.adopt(wished_for(subject)).await.unwrap().id();
        let intent = spent(&vault, id).await;
        let refusal = (!wished).then(|| (intent, refused()));
        let call = async |vault: &SqliteVault| vault.take_back(id, refusal.clone(), &holder("here", 1)).await;
        let (done, writes) = sweep(&place, call).await;
        assert!(writes >= 3, "{writes}");
        let vault = place.vault().await;
        assert_eq!(vault.grant_of(&"work".parse().unwrap()).await.unwrap(), Some(first));
        let grant = vault.grant(first).await.unwrap();
        assert_eq!(Some(grant.generation), done);
        assert_eq!(grant.access.unwrap().token.expose(), "access-1");
        let doubted = matches!(grant.standing, Standing::InDoubt { doubt: Doubt::SenderDied, .. });
        assert_eq!(doubted, subject == "ou_1", "a spend of another grant goes on");
    }
}

#[tokio::test]
async fn of_a_late_commit() {
    for back in [false, true] {
        let place = Place::new();
        let (id, sent) = under_way(&place, false).await;
        let vault = place.vault().await;
        vault.adopt(adoption("work", "b", None)).await.unwrap();
        if back {
            vault.take_back(id, None, &holder("here", 1)).await.unwrap();
        }
        let (_, writes) = sweep(&place, async |vault| vault.commit(None, sent, rotation("2")).await).await;
        assert!(writes >= 4, "{writes}");
        let vault = place.vault().await;
        if !back {
            vault.take_back(id, None, &holder("here", 1)).await.unwrap();
        }
        assert_eq!(vault.copy(id).await.unwrap().refresh.unwrap().expose(), "refresh-2");
    }
}

#[tokio::test]
async fn of_a_login_over_an_adoption() {
    let place = Place::new();
    let (id, _) = under_way(&place, false).await;
    place.vault().await.adopt(adoption("work", "b", None)).await.unwrap();
    let (_, writes) = sweep(&place, async |vault| vault.log_in(login("work", "3", None)).await).await;
    assert!(writes >= 5, "{writes}");
    assert!(!place.vault().await.grant(id).await.unwrap().on_trial);
}

#[tokio::test]
async fn of_links_and_receipts() {
    let place = Place::new();
    let id = place.vault().await.log_in(login("work", "1", None)).await.unwrap().id();
    let link = async |vault: &SqliteVault| vault.link(new_link("work", "/a/.env"), &holder("here", 1)).await;
    let (made, writes) = sweep(&place, link).await;
    assert_eq!(writes, 2);
    let place = Place::new();
    let vault = place.vault().await;
    vault.log_in(login("work", "1", None)).await.unwrap();
    let link = link(&vault).await.unwrap().id;
    assert_eq!(link, made.id);
    let stamp = tokenward_vault::stamp(place.root.path()).unwrap();
    let receipt = tokenward_core::Receipt { grant: id, generation: Generation::FIRST, at: soon(1), stamp };
    let healed = Some(Generation::FIRST);
    let ((), writes) = sweep(&place, async |vault| vault.receipt(link, receipt, healed).await).await;
    assert_eq!(writes, 2);
    let place = Place::new();
    let vault = place.vault().await;
    vault.log_in(login("work", "1", None)).await.unwrap();
    let link = vault.link(new_link("work", "/a/.env"), &holder("here", 1)).await.unwrap().id;
    let (ended, writes) = sweep(&place, async |vault| vault.unlink(link, &holder("here", 1)).await).await;
    assert_eq!((ended, writes), (true, 2));
}
