//! Logins, kept login answers, keepsakes.

use tokenward_core::ports::{Keepsake, LoggedIn};
use tokenward_core::{AppName, Closing, Event, Generation, SecretBytes, Standing, TokenApi};

use super::Stand;
use super::leases::leased;
use super::world::{answer, draft, holder, login, named, soon, start, turn};

/// What a login brought is there, also for the next process.
pub async fn a_first_login_is_stored_whole(stand: &dyn Stand) {
    let new = login("work", "1", Some(named("ou_1")));
    let id = new.id;
    assert_eq!(stand.open().await.log_in(new).await.unwrap(), LoggedIn::New(id));

    let vault = stand.open().await;
    let profile = "work".parse().unwrap();
    assert_eq!(vault.grant_of(&profile).await.unwrap(), Some(id));
    assert_eq!(vault.grant_of(&"other".parse().unwrap()).await.unwrap(), None);
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.id, grant.profile, grant.generation), (id, Some(profile), Generation::FIRST));
    assert_eq!((grant.app.as_str(), grant.standing, grant.intent_open), ("notes", Standing::Live, false));
    let access = grant.access.unwrap();
    assert_eq!((access.token.expose(), access.obtained, access.expires), ("access-1", start(), soon(7200)));
    assert!(grant.has_refresh);
    assert_eq!((grant.refresh_expires, grant.wall), (Some(soon(604_800)), Some(soon(31_536_000))));
    assert_eq!((grant.consented, grant.turned), (start(), start()));
    assert_eq!(grant.scopes.to_string(), "offline_access wiki:wiki");
    assert_eq!((grant.subject, grant.issued_by), (Some(named("ou_1")), TokenApi::V3));
    let journal = vault.journal(id, 10).await.unwrap();
    assert_eq!(journal.len(), 1);
    assert_eq!((&journal[0].event, &journal[0].by), (&Event::LoggedIn, &Some(holder("here", 1))));
    assert_eq!(vault.grants().await.unwrap().len(), 1);
}

/// The same user's next login is a generation of the same grant, and a new consent.
pub async fn the_same_user_renews_the_grant(stand: &dyn Stand) {
    let vault = stand.open().await;
    let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    let mut again = login("work", "2", Some(named("ou_1")));
    (again.set.obtained, again.wall) = (soon(100), Some(soon(200)));
    assert_eq!(vault.log_in(again).await.unwrap(), LoggedIn::Renewed(id));
    let grant = stand.open().await.grant(id).await.unwrap();
    assert_eq!((grant.generation, grant.standing), (Generation::new(2), Standing::Live));
    assert_eq!((grant.consented, grant.turned, grant.wall), (soon(100), soon(100), Some(soon(200))));
    assert_eq!(grant.access.unwrap().token.expose(), "access-2");
    let lease = leased(&*vault, id, &holder("here", 1)).await;
    let spend = vault.begin(&lease, draft(Generation::new(2))).await.unwrap();
    assert_eq!(spend.expose().expose(), "refresh-2");
}

/// Another user of the app gets a grant of their own and the name; the first grant lives on without a name.
pub async fn another_user_takes_the_profile_over(stand: &dyn Stand) {
    let vault = stand.open().await;
    let previous = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    let other = login("work", "2", Some(named("ou_2")));
    let id = other.id;
    assert_eq!(vault.log_in(other).await.unwrap(), LoggedIn::TookOver { id, previous });
    assert_eq!(vault.grant_of(&"work".parse().unwrap()).await.unwrap(), Some(id));
    let old = vault.grant(previous).await.unwrap();
    assert_eq!((old.profile, old.standing, old.generation), (None, Standing::Live, Generation::FIRST));
    assert_eq!(old.access.unwrap().token.expose(), "access-1");
    let all = vault.grants().await.unwrap();
    let mut ids = [previous, id];
    ids.sort();
    assert_eq!(all.iter().map(|grant| grant.id).collect::<Vec<_>>(), ids);
}

/// A login to another app under the same name never touches the first app's tokens.
pub async fn another_app_takes_the_profile_over(stand: &dyn Stand) {
    let vault = stand.open().await;
    let previous = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let mut other = login("work", "2", None);
    other.app = "wiki".parse().unwrap();
    let id = other.id;
    assert_eq!(vault.log_in(other).await.unwrap(), LoggedIn::TookOver { id, previous });
    assert!(vault.grant(previous).await.unwrap().has_refresh);
}

/// Where the provider names nobody, a second login is taken for the same user; the name may come later.
pub async fn an_unnamed_user_renews_and_is_named_later(stand: &dyn Stand) {
    let vault = stand.open().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    vault.name_subject(id, &named("ou_1")).await.unwrap();
    assert_eq!(stand.open().await.grant(id).await.unwrap().subject, Some(named("ou_1")));
    assert_eq!(vault.log_in(login("work", "2", None)).await.unwrap(), LoggedIn::Renewed(id));
    assert_eq!(vault.grant(id).await.unwrap().subject, Some(named("ou_1")));
    assert!(matches!(vault.log_in(login("work", "3", Some(named("ou_2")))).await.unwrap(), LoggedIn::TookOver { .. }));
}

/// An open spend of the old login does not stand in the way of the new one, and its answer is parked.
pub async fn a_login_supersedes_an_open_spend(stand: &dyn Stand) {
    let vault = stand.open().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = leased(&*vault, id, &holder("here", 1)).await;
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    vault.log_in(login("work", "2", None)).await.unwrap();
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.generation, grant.intent_open), (Generation::new(2), false));
    assert!(vault.open_intents(id).await.unwrap().is_empty());
    let committed = vault.commit(intent, turn("late")).await.unwrap();
    assert_eq!(committed, tokenward_core::ports::Committed::Parked);
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.generation, grant.access.unwrap().token.expose()), (Generation::new(2), "access-2"));
    let events = vault.journal(id, 100).await.unwrap();
    assert!(events.iter().any(|entry| entry.event == Event::Closed { intent, closing: Closing::Parked }));
}

/// A code exchange's answer outlives the process that got it.
pub async fn a_login_answer_is_kept_until_a_login_is_made_of_it(stand: &dyn Stand) {
    let (profile, app) = ("work".parse().unwrap(), "notes".parse().unwrap());
    let kept = stand.open().await.keep_login_answer(&profile, &app, TokenApi::V2, &answer("{body}")).await.unwrap();
    let vault = stand.open().await;
    let second = vault.keep_login_answer(&profile, &app, TokenApi::V2, &answer("{second}")).await.unwrap();
    let found = vault.login_answers().await.unwrap();
    assert_eq!(found.iter().map(|answer| answer.id).collect::<Vec<_>>(), [kept, second]);
    assert_eq!((&found[0].profile, &found[0].app, found[0].api), (&profile, &app, TokenApi::V2));
    assert_eq!(found[0].answer, answer("{body}"));
    let mut new = login("work", "1", None);
    new.answer = Some(kept);
    vault.log_in(new).await.unwrap();
    vault.drop_login_answer(second).await.unwrap();
    assert!(stand.open().await.login_answers().await.unwrap().is_empty());
}

/// Two processes that found the same answer make one login of it; the second does not undo what followed.
pub async fn a_login_answer_makes_one_login_only(stand: &dyn Stand) {
    let vault = stand.open().await;
    let (profile, app) = ("work".parse().unwrap(), "notes".parse().unwrap());
    let kept = vault.keep_login_answer(&profile, &app, TokenApi::V3, &answer("{body}")).await.unwrap();
    let of_answer = || {
        let mut new = login("work", "1", Some(named("ou_1")));
        new.answer = Some(kept);
        new
    };
    let id = vault.log_in(of_answer()).await.unwrap().id();
    let lease = leased(&*vault, id, &holder("here", 1)).await;
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    vault.commit(intent, turn("2")).await.unwrap();
    assert_eq!(stand.open().await.log_in(of_answer()).await.unwrap(), LoggedIn::Renewed(id));
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.generation, grant.access.unwrap().token.expose()), (Generation::new(2), "access-2"));
}

/// A logged-out grant stays what it is; the next login is another grant.
pub async fn a_logged_out_profile_gets_a_new_grant(stand: &dyn Stand) {
    let vault = stand.open().await;
    let old = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    let lease = leased(&*vault, old, &holder("here", 1)).await;
    vault.retire(&lease, soon(5), false).await.unwrap();
    assert_eq!(vault.grant_of(&"work".parse().unwrap()).await.unwrap(), None);
    let new = login("work", "2", Some(named("ou_1")));
    let id = new.id;
    assert_eq!(vault.log_in(new).await.unwrap(), LoggedIn::New(id));
    assert_eq!(vault.grants().await.unwrap().len(), 2);
}

/// Small sealed things.
pub async fn keepsakes_are_kept_replaced_and_forgotten(stand: &dyn Stand) {
    let app: AppName = "notes".parse().unwrap();
    let vault = stand.open().await;
    for what in [
        Keepsake::AppSecret(app.clone()),
        Keepsake::AppTicket(app.clone()),
        Keepsake::AppToken(app.clone()),
        Keepsake::TenantToken(app.clone()),
        Keepsake::Registrations(app.clone()),
    ] {
        assert_eq!(vault.recall(&what).await.unwrap(), None);
        vault.keep(&what, &SecretBytes::new(b"first".to_vec()), None).await.unwrap();
        let value = SecretBytes::new(format!("{what:?}").into_bytes());
        vault.keep(&what, &value, Some(soon(9))).await.unwrap();
        assert_eq!(stand.open().await.recall(&what).await.unwrap(), Some((value, Some(soon(9)))));
    }
    assert_eq!(vault.recall(&Keepsake::AppSecret("other".parse().unwrap())).await.unwrap(), None);
    let what = Keepsake::AppSecret(app.clone());
    vault.forget(&what).await.unwrap();
    assert_eq!(vault.recall(&what).await.unwrap(), None);
    assert!(vault.recall(&Keepsake::AppTicket(app)).await.unwrap().is_some());
}
