//! A database of the version before, opened by this one.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokenward_core::ports::{DueClaim, DueGrants, Logins};
use tokenward_vault::suite::login;

use crate::place::Place;
use crate::shared::server;

/// Every login is due once. A node of the version before that still writes is heard of too: what it writes is seen by the triggers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_of_an_earlier_version_are_due() {
    let place = Place::new();
    let vault = place.node("one").await.unwrap();
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    vault.close_connections().await;
    let address = format!("postgres:///{}?host={}&user=owner", place.database, server().socket().display());
    let mut connection = PgConnection::connect(&address).await.unwrap();
    let back = "DROP TABLE due, budgets, web_logins, outbox, events, event_head, told_ends, outlook, webhooks, deliveries; DROP INDEX grants_in_trouble;
        DROP FUNCTION due_of_new, due_of_changed, due_of_handed_over, due_of_forgotten, event_of_refresh, event_of_standing,
            event_ends_of_forgotten CASCADE;
        DROP FUNCTION outlook_of_handed_over, outlook_of_forgotten, outlook_of_over, outlook_of_revived CASCADE;
        UPDATE vault SET schema = 2";
    sqlx::raw_sql(back).execute(&mut connection).await.unwrap();
    let vault = place.node("one").await.unwrap();
    let claim = DueClaim { limit: 9, ttl: Duration::from_secs(60), horizon: Duration::ZERO };
    let due = vault.claim_due(&"notes".parse().unwrap(), claim).await.unwrap();
    assert_eq!(due.into_iter().map(|due| due.grant).collect::<Vec<_>>(), [id]);
    connection.close().await.unwrap();
}
