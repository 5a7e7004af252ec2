//! Logins, kept login answers, keepsakes.

use tokenward_core::ports::{AppDataKey, IdentityOutcome, LoggedIn, NewLogin, Store};
use tokenward_core::{
    AppName, Closing, Code, Event, Generation, GrantId, Lease, SecretBytes, Standing, Subject, TokenApi,
};

use super::leases::leased;
use crate::suite::Stand;
use crate::suite::fixtures::{answer, draft, holder, login, named, rotation, soon, start};

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
    assert_eq!((grant.consented, grant.rotated_at), (start(), start()));
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
    assert_eq!((grant.consented, grant.rotated_at, grant.wall), (soon(100), soon(100), Some(soon(200))));
    assert_eq!(grant.access.unwrap().token.expose(), "access-2");
    let lease = leased(&*vault, id, &holder("here", 1)).await;
    let spend = vault.begin(&lease, draft(Generation::new(2))).await.unwrap();
    assert_eq!(spend.expose().expose(), "refresh-2");
}

/// By a person's word another user of the app gets a grant of their own and the name; the first grant lives on without a name, and
/// can have it back.
pub async fn another_user_takes_the_profile_over(stand: &dyn Stand) {
    let vault = stand.open().await;
    let previous = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    let other = NewLogin { replace_user: true, ..login("work", "2", Some(named("ou_2"))) };
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
    let back = vault.take_back(id, None, &holder("here", 1)).await.unwrap();
    assert_eq!(back, Some(Generation::FIRST));
    assert_eq!(vault.grant_of(&"work".parse().unwrap()).await.unwrap(), Some(previous));
    assert!(vault.grant(id).await.unwrap().has_refresh, "nor is the other one lost");
    // One whose user was not told is not the profile's user's by that.
    let third = NewLogin { replace_user: true, ..login("work", "3", None) };
    let id = third.id;
    assert_eq!(vault.log_in(third).await.unwrap(), LoggedIn::TookOver { id, previous });
    assert_eq!(vault.grant(id).await.unwrap().subject, None);
}

/// Without a yes another user's login is a grant of its own, and the profile's is as it was, alive or over.
pub async fn another_users_login_is_kept_aside_without_a_yes_too(stand: &dyn Stand) {
    let vault = stand.open().await;
    let work = "work".parse().unwrap();
    let present = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    let kept = vault.keep_login_answer(&work, &"notes".parse().unwrap(), TokenApi::V3, &answer("{}")).await.unwrap();
    let other = || NewLogin { answer: Some(kept), ..login("work", "2", Some(named("ou_2"))) };
    let new = other();
    let id = new.id;
    assert_eq!(vault.log_in(new).await.unwrap(), LoggedIn::KeptAside { id, present });
    let vault = stand.open().await;
    assert_eq!(vault.log_in(other()).await.unwrap(), LoggedIn::KeptAside { id, present }, "of one answer one login");
    assert_eq!(vault.grant_of(&work).await.unwrap(), Some(present));
    let ours = vault.grant(present).await.unwrap();
    assert_eq!((ours.generation, ours.access.unwrap().token.expose()), (Generation::FIRST, "access-1"));
    let theirs = vault.grant(id).await.unwrap();
    assert_eq!((theirs.profile, theirs.subject, theirs.has_refresh), (None, Some(named("ou_2")), true));
    assert_eq!(vault.journal(id, 10).await.unwrap()[0].event, Event::LoggedIn);
    let lease = leased(&*vault, present, &holder("here", 1)).await;
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    let dead = Standing::NeedsConsent { since: soon(1), code: Code::RefreshTokenRefused, provider_code: None };
    let refused = Closing::Refused { code: Code::RefreshTokenRefused, provider_code: None };
    vault.close(None, intent, refused, Some(dead)).await.unwrap();
    let third = vault.log_in(login("work", "3", Some(named("ou_3")))).await.unwrap();
    assert!(matches!(third, LoggedIn::KeptAside { .. }), "{third:?}");
    // Who has logged out has no profile to keep.
    vault.retire(&leased_again(&*vault, present, lease).await, soon(2), false).await.unwrap();
    let fourth = vault.log_in(login("work", "4", Some(named("ou_4")))).await.unwrap();
    assert!(matches!(fourth, LoggedIn::New(_)), "{fourth:?}");
}

async fn leased_again(vault: &dyn Store, id: GrantId, lease: Lease) -> Lease {
    vault.release(lease).await.unwrap();
    leased(vault, id, &holder("here", 1)).await
}

/// A profile with a user, and a login of nobody knows whom: its token goes to nobody until it is told to be that user's.
pub async fn a_login_of_nobody_knows_whom_serves_once_it_is_told(stand: &dyn Stand) {
    let vault = stand.open().await;
    let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    assert_eq!(vault.log_in(login("work", "2", None)).await.unwrap(), LoggedIn::Renewed(id));
    let vault = stand.open().await;
    let grant = vault.grant(id).await.unwrap();
    assert!(grant.unproven && grant.generation == Generation::new(2));
    let (aside, by) = (login("x", "x", None).id, holder("here", 1));
    let told = vault.told(id, Generation::new(2), Some(&named("ou_1")), aside, &by).await.unwrap();
    assert_eq!((told, vault.grant(id).await.unwrap().unproven), (IdentityOutcome::Same, false));
    assert_eq!(vault.take_back(id, None, &by).await.unwrap(), None, "a person's own login is the last word");
}

/// Told to be another user's, it is moved out, also where it brought no refresh token, and the login before it is back.
pub async fn a_login_that_is_another_users_after_all_is_kept_aside(stand: &dyn Stand) {
    for refreshes in [true, false] {
        let vault = stand.open().await;
        let tag = |end: &str| format!("{refreshes}-{end}");
        let name = tag("work");
        let id = vault.log_in(login(&name, &tag("1"), Some(named("ou_1")))).await.unwrap().id();
        let mut new = login(&name, &tag("2"), None);
        if !refreshes {
            new.set.refresh = None;
        }
        vault.log_in(new).await.unwrap();
        let (aside, by) = (login("x", "x", None).id, holder("here", 1));
        let told = vault.told(id, Generation::new(2), Some(&named("ou_2")), aside, &by).await.unwrap();
        let back = Some(Generation::new(3));
        assert_eq!(told, IdentityOutcome::KeptAside { before: Some(named("ou_1")), aside, back });
        let vault = stand.open().await;
        let ours = vault.grant(id).await.unwrap();
        assert_eq!((ours.unproven, ours.subject), (false, Some(named("ou_1"))));
        assert_eq!(ours.access.unwrap().token.expose(), format!("access-{}", tag("1")));
        let theirs = vault.grant(aside).await.unwrap();
        assert_eq!((theirs.profile, theirs.subject, theirs.has_refresh), (None, Some(named("ou_2")), refreshes));
        assert_eq!(theirs.access.unwrap().token.expose(), format!("access-{}", tag("2")));
        assert_eq!(vault.journal(aside, 1).await.unwrap()[0].event, Event::LoggedIn);
    }
}

/// An app that was exchanged gives its users other ids; the one across the vendor's apps says that it is the same user.
pub async fn one_user_has_one_login_under_either_id(stand: &dyn Stand) {
    let vault = stand.open().await;
    let known_as = |id: &str| Subject { union_id: Some("on_1".to_owned()), ..named(id) };
    let id = vault.log_in(login("work", "1", Some(known_as("ou_1")))).await.unwrap().id();
    assert_eq!(vault.log_in(login("work", "2", Some(known_as("ou_2")))).await.unwrap(), LoggedIn::Renewed(id));
    assert_eq!(vault.grant(id).await.unwrap().subject, Some(known_as("ou_2")));
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
    let other = vault.log_in(login("work", "3", Some(named("ou_2")))).await.unwrap();
    assert!(matches!(other, LoggedIn::KeptAside { .. }), "{other:?}");
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
    let committed = vault.commit(None, intent, rotation("late")).await.unwrap().committed;
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
    vault.commit(None, intent, rotation("2")).await.unwrap();
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
        AppDataKey::AppSecret(app.clone()),
        AppDataKey::AppTicket(app.clone()),
        AppDataKey::AppToken(app.clone()),
        AppDataKey::TenantToken(app.clone()),
        AppDataKey::Registrations(app.clone()),
        AppDataKey::ClientRefused(app.clone()),
    ] {
        assert_eq!(vault.recall_one(&what).await.unwrap(), None);
        vault.keep(&what, &SecretBytes::new(b"first".to_vec()), None).await.unwrap();
        let value = SecretBytes::new(format!("{what:?}").into_bytes());
        vault.keep(&what, &value, Some(soon(9))).await.unwrap();
        assert_eq!(stand.open().await.recall_one(&what).await.unwrap(), Some((value, Some(soon(9)))));
    }
    assert_eq!(vault.recall_one(&AppDataKey::AppSecret("other".parse().unwrap())).await.unwrap(), None);
    let what = AppDataKey::AppSecret(app.clone());
    vault.forget(&what).await.unwrap();
    assert_eq!(vault.recall_one(&what).await.unwrap(), None);
    assert!(vault.recall_one(&AppDataKey::AppTicket(app)).await.unwrap().is_some());
}

/// What belongs to an app is had in one look, each in its place.
pub async fn keepsakes_come_in_the_order_they_were_asked_for(stand: &dyn Stand) {
    let (app, other): (AppName, AppName) = ("notes".parse().unwrap(), "other".parse().unwrap());
    let vault = stand.open().await;
    let secret = SecretBytes::new(b"secret".to_vec());
    let token = SecretBytes::new(b"token".to_vec());
    vault.keep(&AppDataKey::AppSecret(app.clone()), &secret, None).await.unwrap();
    vault.keep(&AppDataKey::AppToken(app.clone()), &token, Some(soon(9))).await.unwrap();
    let asked = [
        AppDataKey::AppToken(app.clone()),
        AppDataKey::AppSecret(other),
        AppDataKey::AppSecret(app.clone()),
        AppDataKey::AppToken(app),
    ];
    let found = stand.open().await.recall(&asked).await.unwrap();
    assert_eq!(found, [Some((token.clone(), Some(soon(9)))), None, Some((secret, None)), Some((token, Some(soon(9))))]);
    assert!(vault.recall(&[]).await.unwrap().is_empty());
}
