//! An audit trail that somebody has written to who has the database and not the vault's key.

use crate::place::Place;
use tokenward_core::ports::{AuditTrail, Logins};
use tokenward_core::{AuditDraft, AuditFault, AuditFaultKind, GrantId};
use tokenward_vault::suite::{login, soon};

async fn found(change: &str) -> Vec<(bool, u64, AuditFaultKind)> {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let row = |grant: Option<GrantId>, act: &str| AuditDraft {
        grant,
        at: soon(1),
        caller: "local".to_owned(),
        act: act.to_owned(),
        outcome: "done".to_owned(),
    };
    let rows: Vec<_> = (1..=5).map(|number| row(Some(id), &number.to_string())).collect();
    vault.write_audit(&rows).await.unwrap();
    vault.write_audit(&[row(None, "1")]).await.unwrap();
    assert!(vault.verify_audit().await.unwrap().faults.is_empty());
    place.sqlite().execute_batch(change).unwrap();
    let faults = vault.verify_audit().await.unwrap().faults;
    faults.into_iter().map(|AuditFault { grant, number, kind }| (grant == Some(id), number, kind)).collect()
}

#[tokio::test]
async fn a_row_that_was_changed_taken_out_or_put_in_is_found() {
    use AuditFaultKind::{Beyond, Changed, Missing};

    for (change, fault) in [
        ("UPDATE audit SET outcome = 'TW0401' WHERE number = 3", (true, 3, Changed)),
        ("UPDATE audit SET at = at + 1 WHERE number = 5", (true, 5, Changed)),
        ("UPDATE audit SET hash = zeroblob(32) WHERE number = 2", (true, 2, Changed)),
        ("DELETE FROM audit WHERE number = 3", (true, 3, Missing)),
        ("DELETE FROM audit WHERE number > 3", (true, 4, Missing)),
        ("UPDATE audit_heads SET number = 4 WHERE number = 5", (true, 4, Changed)),
        (
            "INSERT INTO audit SELECT grant_id, 6, at, caller, act, outcome, hash FROM audit WHERE number = 5",
            (true, 6, Beyond),
        ),
        ("DELETE FROM audit_heads WHERE number = 5", (true, 1, Beyond)),
    ] {
        assert_eq!(found(change).await, [fault], "{change}");
    }
    // A row of one login put into the chain of another.
    let moved = "UPDATE audit SET act = '2' WHERE number = 1 AND grant_id = zeroblob(16)";
    assert_eq!(found(moved).await, [(false, 1, Changed)]);
}
