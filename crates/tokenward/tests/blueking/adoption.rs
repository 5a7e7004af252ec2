//! A table of `bkoauth` taken over.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokenward::TokenHolder;
use tokenward::core::ports::Clock;
use tokenward::stores::{BkoauthFate, BkoauthOptions, BkoauthReport, BkoauthRow, BkoauthSource, adopt_bkoauth};
use tokenward_emulator::{Fault, FaultKind, SeededTokens, UserSpec};

use crate::database::{Row, write_table};
use crate::world::{CODE, Kind, World, name_of, profile, request};

struct Table {
    world: World,
    rows: Vec<Row>,
}

impl Table {
    async fn new() -> Self {
        Self { world: World::new(Kind::SSM).await, rows: Vec::new() }
    }

    fn seed(&self, user: Option<&str>) -> SeededTokens {
        self.world.sandbox.seed_login(self.world.kind.door(), "", CODE, user, &[]).unwrap()
    }

    /// A row as `bkoauth` would have written it.
    fn row(&mut self, user: Option<&str>, tokens: &SeededTokens) -> i64 {
        self.row_until(user, tokens, SignedDuration::from_hours(11))
    }

    fn row_until(&mut self, user: Option<&str>, tokens: &SeededTokens, left: SignedDuration) -> i64 {
        let id = i64::try_from(self.rows.len()).unwrap() + 1;
        self.rows.push(Row {
            id,
            access_token: tokens.access_token.clone(),
            refresh_token: tokens.refresh_token.clone(),
            expires: django(self.world.stand.clock.now() + left),
            env_name: "prod".to_owned(),
            user_id: user.map(str::to_owned),
        });
        id
    }

    async fn adopt(&self, online: bool) -> BkoauthReport {
        self.adopt_with(BkoauthOptions::default().online(online)).await
    }

    async fn adopt_with(&self, options: BkoauthOptions) -> BkoauthReport {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("db.sqlite3");
        write_table(&file, &self.rows);
        let before = std::fs::read(&file).unwrap();
        let session = self.world.stand.session(None).await;
        let source: BkoauthSource = file.to_str().unwrap().parse().unwrap();
        let report =
            adopt_bkoauth(session.keeper(), &self.world.stand.app, &profile(), &source, &options).await.unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), before, "never written");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nor is anything put beside it");
        report
    }
}

fn django(moment: Timestamp) -> String {
    moment.to_string().replace('T', " ").trim_end_matches('Z').to_owned()
}

fn fates(report: &BkoauthReport) -> Vec<&BkoauthFate> {
    report.rows.iter().map(|row| &row.fate).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_user_and_the_app_become_grants() {
    for online in [true, false] {
        let mut table = Table::new().await;
        let (alice, bob, app) = (table.seed(Some("alice")), table.seed(Some("bob")), table.seed(None));
        table.row(Some("alice"), &alice);
        table.row(None, &app);
        table.row_until(Some("bob"), &bob, SignedDuration::from_hours(-1));
        let report = table.adopt(online).await;
        let adopted = |index: usize| match fates(&report)[index] {
            BkoauthFate::Adopted { name, expired, .. } => (name.as_str().to_owned(), *expired),
            other => panic!("{other:?}"),
        };
        assert_eq!(adopted(0), ("demo:alice".to_owned(), false));
        assert_eq!(adopted(1), ("demo:~app".to_owned(), false));
        assert_eq!(adopted(2), ("demo:bob".to_owned(), true));
        let client = table.world.stand.client().await;
        let first = client.get_access_token_by_user("alice").await.unwrap();
        assert_eq!(first.access_token.expose(), alice.access_token, "still good, and not turned for nothing");
        assert!(table.world.is_good(&client.get_access_token_by_user("bob").await.unwrap()));
        assert!(table.world.is_good(&client.get_app_access_token().await.unwrap()));
        // Once more: the vault knows them all.
        let again = table.adopt(online).await;
        assert!(fates(&again).iter().all(|fate| matches!(fate, BkoauthFate::Known { .. })), "{again:?}");
        assert_eq!(table.world.grants().await, 3);
        table.world.assert_clean();
    }
}

/// A program that keeps the table itself hands its rows over; and a login that it wants forgotten is, with its token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_a_program_read_itself_become_grants_and_are_forgotten() {
    let table = Table::new().await;
    let tokens = table.seed(Some("alice"));
    let client = table.world.stand.client().await;
    let rows = || {
        let end = table.world.stand.clock.now() + SignedDuration::from_hours(11);
        vec![BkoauthRow::read(
            1,
            &tokens.access_token,
            tokens.refresh_token.as_deref(),
            Some(end),
            "prod",
            Some("alice"),
        )]
    };
    let first = client.take_over(rows(), "the site's table").await.unwrap();
    assert!(matches!(fates(&first)[0], BkoauthFate::Adopted { access: true, .. }), "{first:?}");
    let again = client.take_over(rows(), "the site's table").await.unwrap();
    assert!(matches!(fates(&again)[0], BkoauthFate::Known { .. }), "{again:?}");
    let held = client.get_access_token_by_user("alice").await.unwrap();
    assert_eq!(held.access_token.expose(), tokens.access_token);

    let alice = TokenHolder::User("alice".parse().unwrap());
    assert!(client.forget(&alice).await.unwrap());
    let error = client.get_access_token_by_user("alice").await.unwrap_err();
    assert_eq!(error.code(), tokenward::core::Code::NotLoggedIn);
    assert!(!client.forget(&alice).await.unwrap(), "once");
    // Her next request makes a new one.
    assert!(table.world.is_good(&client.get_access_token(&request("alice")).await.unwrap()));
    table.world.assert_clean();
}

/// R1's legacy: four rows of one user, of which the provider has ended three; the table picks a dead one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_rows_the_one_that_lives_is_taken() {
    let mut table = Table::new().await;
    let sets: Vec<_> = (0..4).map(|_| table.seed(Some("alice"))).collect();
    // The living one is neither the first nor the last row.
    for index in [0, 3, 1, 2] {
        table.row(Some("alice"), &sets[index]);
    }
    let report = table.adopt(true).await;
    for (index, fate) in fates(&report).into_iter().enumerate() {
        match fate {
            BkoauthFate::Adopted { access, .. } => assert!(index == 1 && *access),
            BkoauthFate::Superseded { by } => assert_eq!(*by, 2),
            other => panic!("{other:?}"),
        }
    }
    let client = table.world.stand.client().await;
    assert_eq!(client.get_access_token_by_user("alice").await.unwrap().access_token.expose(), sets[3].access_token);
}

/// D5's legacy: a row of nobody in particular is not the app's; online it goes to whom the provider names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_nobody_is_not_the_apps() {
    let mut table = Table::new().await;
    let bobs = table.seed(Some("bob"));
    table.row(Some(""), &bobs);
    assert_eq!(fates(&table.adopt(false).await), [&BkoauthFate::Anonymous]);
    assert_eq!(table.world.grants().await, 0);
    let report = table.adopt(true).await;
    assert!(matches!(fates(&report)[0], BkoauthFate::Adopted { name, .. } if *name == name_of("bob")), "{report:?}");
    let client = table.world.stand.client().await;
    let app = client.get_app_access_token().await.unwrap();
    assert_ne!(app.access_token.expose(), bobs.access_token);
    assert_eq!(table.world.counters().app_grants, 1);
}

/// D4's legacy: alice's row holds bob's token. Nobody is handed another's, whether the provider was asked at once or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_with_anothers_token_hands_nothing_out() {
    let mut table = Table::new().await;
    let bobs = table.seed(Some("bob"));
    table.row(Some("alice"), &bobs);
    let report = table.adopt(false).await;
    assert!(matches!(fates(&report)[0], BkoauthFate::Adopted { name, .. } if *name == name_of("alice")));
    let client = table.world.stand.client().await;
    let error = client.get_access_token_by_user("alice").await.unwrap_err();
    assert_eq!(error.code(), tokenward::core::Code::WrongUser, "{error:?}");
    // Her own request mends it.
    let hers = client.get_access_token(&request("alice")).await.unwrap();
    assert!(table.world.is_good(&hers) && hers.access_token.expose() != bobs.access_token);

    let mut table = Table::new().await;
    let bobs = table.seed(Some("bob"));
    table.row(Some("alice"), &bobs);
    let report = table.adopt(true).await;
    assert!(matches!(fates(&report)[0], BkoauthFate::Adopted { name, .. } if *name == name_of("bob")));
    assert!(table.world.stand.client().await.get_access_token_by_user("alice").await.is_err());
}

/// A row without a refresh token has nothing to keep alive; one whose refresh token is dead is on trial, and then told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_kept_alive_is_told() {
    let mut table = Table::new().await;
    let tokens = table.seed(Some("alice"));
    table.row(Some("alice"), &SeededTokens { refresh_token: None, ..tokens.clone() });
    let dead = table.seed(Some("bob"));
    table.seed(Some("bob"));
    table.row(Some("bob"), &dead);
    let other = SeededTokens { access_token: "another".to_owned(), ..dead };
    table.row(Some("carol\u{7}"), &other);
    let report = table.adopt(true).await;
    let fates = fates(&report);
    assert_eq!(fates[0], &BkoauthFate::NoRefreshToken { expired: false });
    assert!(matches!(fates[1], BkoauthFate::Adopted { access: false, .. }), "{:?}", fates[1]);
    assert_eq!(fates[2], &BkoauthFate::Malformed);
    let client = table.world.stand.client().await;
    assert!(client.get_access_token_by_user("bob").await.is_err());
    assert!(table.world.is_good(&client.get_access_token(&request("bob")).await.unwrap()));
}

/// A table of many users.
async fn many(count: usize) -> Table {
    let mut table = Table::new().await;
    for number in 0..count {
        let user = format!("user-{number}");
        table.world.sandbox.add_user(UserSpec::new(&user).id(&user));
        let tokens = table.seed(Some(&user));
        table.row(Some(&user), &tokens);
    }
    table
}

/// How many requests the provider has met.
fn asked(table: &Table) -> usize {
    table.world.sandbox.history().iter().filter(|record| record.visit().is_some()).count()
}

/// A provider that answers and takes its time holds nobody up for longer than is wished, which is a minute; the rows that it was not
/// asked about are taken as the table has them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_ends_when_its_time_is_over() {
    assert_eq!(BkoauthOptions::default().asking, Duration::from_mins(1));
    let table = many(120).await;
    table.world.sandbox.inject(Fault::new(FaultKind::Delay { milliseconds: 400 }).forever());
    // Sixteen at a time, and no further ones once the time is over.
    let report = table.adopt_with(BkoauthOptions::default().asking(Duration::from_millis(300))).await;
    assert_eq!(asked(&table), 16);
    assert!(fates(&report).iter().all(|fate| matches!(fate, BkoauthFate::Adopted { access: true, .. })), "{report:?}");
    // Without any time nobody is asked; with enough of it everybody is.
    let table = many(20).await;
    table.adopt_with(BkoauthOptions::default().asking(Duration::ZERO)).await;
    assert_eq!(asked(&table), 0);
    let table = many(20).await;
    table.adopt(true).await;
    assert_eq!(asked(&table), 20);
}

/// After 32 answers in a row that say nothing, nothing more is asked; one that says something begins the count anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_ends_where_no_answer_says_anything() {
    let table = many(120).await;
    let silent = || Fault::new(FaultKind::Html { status: 502 });
    table.world.sandbox.inject(silent().forever());
    let report = table.adopt(true).await;
    // Those that were under way when the last of the 32 came in are waited for.
    assert!((32..32 + 16).contains(&asked(&table)), "{}", asked(&table));
    assert!(fates(&report).iter().all(|fate| matches!(fate, BkoauthFate::Adopted { access: true, .. })), "{report:?}");
    let table = many(120).await;
    table.world.sandbox.inject(silent().times(20));
    table.world.sandbox.inject(silent().skipping(20).times(20));
    table.adopt(true).await;
    assert_eq!(asked(&table), 120);
}
