//! A vault that the first version left behind: opened by this one, it keeps everything, once and for all.

use std::sync::Arc;
use std::time::Duration;

use crate::place::Place;
use tokenward_core::ports::{
    AnswerKept, AppData, AppDataKey, Attempt, DueClaim, DueGrants, Grants, Journal, Leases, LinkBook, LoginAnswers,
    Logins, NewLogin,
};
use tokenward_core::{
    Generation, GrantId, IntentId, KnownToken, Receipt, RefreshToken, Seat, SecretBytes, Stamp, TokenApi, TokenKind,
};
use tokenward_vault::suite::{adoption, answer, draft, holder, login, named, new_link, rotation, soon};
use zeroize::Zeroizing;

/// The schema as the first version made it.
const FIRST: &str = include_str!("../../migrations/0001_first.sql");

struct Old {
    place: Place,
    id: GrantId,
    open: (GrantId, IntentId),
}

/// A vault with something in every table, put back to the first schema: the rows are copied, column by column, into a
/// database that only knows the first script.
async fn old_vault() -> Old {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    vault.log_in(login("work", "2", Some(named("ou_1")))).await.unwrap();
    let other = vault.log_in(login("other", "7", None)).await.unwrap().id();
    let lease = match vault.hold(&Seat::Grant(other), &holder("here", 1), Duration::from_secs(30)).await.unwrap() {
        Attempt::Held(held) => held.lease,
        busy @ Attempt::Busy { .. } => panic!("{busy:?}"),
    };
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    assert_eq!(vault.keep_answer(intent, &answer("{unread}")).await.unwrap(), AnswerKept::Journal);
    vault.release(lease).await.unwrap();
    let secret = AppDataKey::AppSecret("notes".parse().unwrap());
    vault.keep(&secret, &SecretBytes::new(b"secret".to_vec()), None).await.unwrap();
    let (profile, app) = ("late".parse().unwrap(), "notes".parse().unwrap());
    vault.keep_login_answer(&profile, &app, TokenApi::V3, &answer("{login}")).await.unwrap();
    vault.close_connections().await.unwrap();

    let present = place.root.path().join("present.db");
    let application: i64 = place.sqlite().query_row("PRAGMA application_id", [], |row| row.get(0)).unwrap();
    std::fs::rename(place.folder.database(), &present).unwrap();
    drop(std::fs::File::create(place.folder.database()).unwrap());
    let old = place.sqlite();
    old.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    old.execute_batch(FIRST).unwrap();
    old.execute("ATTACH ?1 AS present", [present.to_str().unwrap()]).unwrap();
    let tables: Vec<(String, String)> = {
        let mut tables = old
            .prepare(
                "SELECT t.name, group_concat(c.name) FROM sqlite_schema t JOIN pragma_table_info(t.name) c
                 WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' GROUP BY t.name",
            )
            .unwrap();
        tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(tables.len(), 8, "{tables:?}");
    for (table, columns) in tables {
        let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM present.{table}");
        assert!(old.execute(&copy, []).unwrap() > 0, "nothing in {table}");
    }
    old.execute_batch(&format!("PRAGMA user_version = 1; PRAGMA application_id = {application}")).unwrap();
    old.close().unwrap();
    Old { place, id, open: (other, intent) }
}

fn schema(place: &Place) -> i64 {
    place.sqlite().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn everything_is_kept_whoever_comes_first() {
    let Old { place, id, open } = old_vault().await;
    assert_eq!(schema(&place), 1);
    let vault = place.vault().await;
    // A reader comes first: it may not write, and still finds the schema it knows.
    let grant = vault.grant(id).await.unwrap();
    // Older versions refuse this number, as this one refuses a higher one (see `opening`).
    assert_eq!(schema(&place), 13);
    assert_eq!((grant.generation, grant.access.unwrap().token.expose()), (Generation::new(2), "access-2"));
    assert_eq!((grant.subject, grant.wall, grant.on_trial), (Some(named("ou_1")), Some(soon(31_536_000)), false));
    assert_eq!(vault.journal(id, 10).await.unwrap().len(), 2);
    assert_eq!(vault.parked(id).await.unwrap()[0].set.refresh.as_ref().unwrap().expose(), "refresh-1");
    for (tag, number) in [("1", 1), ("2", 2)] {
        let token = RefreshToken::parse(format!("refresh-{tag}")).unwrap();
        assert_eq!(vault.recognise(&token).await.unwrap().known, Some((id, Generation::new(number))));
    }
    let intents = vault.open_intents(open.0).await.unwrap();
    assert_eq!((intents[0].id, intents[0].answer.as_ref()), (open.1, Some(&answer("{unread}"))));
    assert_eq!(vault.login_answers().await.unwrap()[0].answer, answer("{login}"));
    let secret = AppDataKey::AppSecret("notes".parse().unwrap());
    assert_eq!(vault.recall_one(&secret).await.unwrap(), Some((SecretBytes::new(b"secret".to_vec()), None)));
    assert!(vault.links(None).await.unwrap().is_empty());
    // What a login had replaced before was not put aside by an adoption, and is not taken back.
    assert_eq!(vault.take_back(id, None, &holder("here", 1)).await.unwrap(), None);
    // And the new things work.
    vault.link(new_link("work", "/a/.env"), &holder("here", 1)).await.unwrap();
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    assert_eq!(vault.take_back(id, None, &holder("here", 1)).await.unwrap(), Some(Generation::new(4)));
    vault.commit(None, open.1, rotation("8")).await.unwrap();
}

/// Many commands of a new version start at one moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_come_at_once_migrate_once() {
    let Old { place, id, .. } = old_vault().await;
    let mut tasks = Vec::new();
    for number in 0..16 {
        let vault = Arc::new(place.vault().await);
        tasks.push(tokio::spawn(async move {
            if number % 2 == 0 {
                vault.links(None).await.map(|links| assert!(links.is_empty()))
            } else {
                vault.grant(id).await.map(|grant| assert!(!grant.on_trial))
            }
        }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(schema(&place), 13);
}

/// Killed in the middle of it: the next one begins anew.
#[tokio::test]
async fn a_migration_that_fails_leaves_the_vault_as_it_was() {
    let Old { place, id, .. } = old_vault().await;
    // Something of that name stands in the way of the script's last statement.
    place.sqlite().execute_batch("CREATE TABLE links_once (x)").unwrap();
    assert!(place.vault().await.grant(id).await.is_err());
    assert_eq!(schema(&place), 1);
    let columns = "SELECT count(*) FROM pragma_table_info('parked')";
    let columns: i64 = place.sqlite().query_row(columns, [], |row| row.get(0)).unwrap();
    assert_eq!(columns, 6);
    place.sqlite().execute_batch("DROP TABLE links_once").unwrap();
    assert_eq!(place.vault().await.grant(id).await.unwrap().generation, Generation::new(2));
}

/// Earlier versions gave access tokens no names. The one that is present is known all the same, and stays known when it gives way.
#[tokio::test]
async fn an_access_token_of_an_earlier_version_is_known() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    vault.close_connections().await.unwrap();
    let back = "DROP TRIGGER event_of_refresh; DELETE FROM known_fingerprints; ALTER TABLE grants DROP COLUMN access_unnamed; PRAGMA user_version = 6";
    place.sqlite().execute_batch(back).unwrap();
    let vault = place.vault().await;
    let known = async |is_present| {
        let found = vault.known_tokens(&[Zeroizing::new("access-1".to_owned())]).await.unwrap();
        let known = KnownToken { kind: TokenKind::Access, grant: id, generation: Generation::FIRST, is_present };
        assert_eq!(found, [Some(known)]);
    };
    known(true).await;
    let lease = match vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap() {
        Attempt::Held(held) => held.lease,
        busy @ Attempt::Busy { .. } => panic!("{busy:?}"),
    };
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    vault.commit(None, intent, rotation("2")).await.unwrap();
    known(false).await;
}

/// Earlier versions did not say which profile a login had. What they tell is believed; of any other login it is not known.
#[tokio::test]
async fn whose_name_a_login_had_is_found_where_an_earlier_version_tells() {
    let place = Place::new();
    let vault = place.vault().await;
    let by = holder("here", 1);
    let of =
        |profile, tag: &str, user, replace_user| NewLogin { replace_user, ..login(profile, tag, Some(named(user))) };
    let taken = vault.log_in(of("work", "1", "ou_1", false)).await.unwrap().id();
    vault.log_in(of("work", "2", "ou_2", true)).await.unwrap();
    let delivered = vault.log_in(of("other", "3", "ou_3", false)).await.unwrap().id();
    let link = vault.link(new_link("other", "/a/.env"), &by).await.unwrap().id;
    let stamp = Stamp { device: 1, inode: 2, size: 3, modified: 4, changed: 5 };
    let receipt = Receipt { grant: delivered, generation: Generation::FIRST, at: soon(0), stamp };
    vault.receipt(link, receipt, None).await.unwrap();
    let untold = vault.log_in(of("third", "4", "ou_4", false)).await.unwrap().id();
    let aside = vault.log_in(of("third", "5", "ou_5", false)).await.unwrap().id();
    for id in [delivered, untold] {
        let Some(lease) = vault.hold(&Seat::Grant(id), &by, Duration::from_secs(30)).await.unwrap().lease() else {
            panic!("busy")
        };
        vault.retire(&lease, soon(1), false).await.unwrap();
    }
    vault.close_connections().await.unwrap();
    let back = "DROP TRIGGER event_of_refresh; ALTER TABLE grants DROP COLUMN former; PRAGMA user_version = 5";
    place.sqlite().execute_batch(back).unwrap();

    let vault = place.vault().await;
    let mut had = Vec::new();
    for id in [taken, delivered, untold, aside] {
        had.push(vault.grant(id).await.unwrap().former_profile.map(|name| name.to_string()));
    }
    assert_eq!(had, [Some("work".to_owned()), Some("other".to_owned()), None, None]);
    assert_eq!(schema(&place), 13);
}

/// Every login of the version before is due once: the server's scheduler looks at it and says when it is due next.
#[tokio::test]
async fn logins_of_an_earlier_version_are_due() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let ended = vault.log_in(login("other", "2", None)).await.unwrap().id();
    let by = holder("here", 1);
    let lease = vault.hold(&Seat::Grant(ended), &by, Duration::from_secs(30)).await.unwrap().lease().unwrap();
    vault.retire(&lease, soon(1), false).await.unwrap();
    vault.close_connections().await.unwrap();
    let back = "DROP TABLE due; DROP TABLE budgets; DROP TRIGGER due_of_new; DROP TRIGGER due_of_changed;
        DROP TRIGGER due_of_handed_over; DROP TRIGGER due_of_forgotten; PRAGMA user_version = 8";
    place.sqlite().execute_batch(back).unwrap();
    let vault = place.vault().await;
    let claim = DueClaim { limit: 9, ttl: Duration::from_secs(60), horizon: Duration::ZERO };
    let due = vault.claim_due(&"notes".parse().unwrap(), claim).await.unwrap();
    assert_eq!(due.into_iter().map(|due| due.grant).collect::<Vec<_>>(), [id]);
    assert_eq!(schema(&place), 13);
}
