//! Every page before every kind of caller: the table is the server's own, so a page that is added tomorrow is walked here too.

use http::Method;
use tokenward_core::Verb;
use tokenward_core::ports::Clock as _;
use tokenward_serve::server::{PageFacts, page_facts};

use super::browser::{Browser, Seen};
use crate::world::{Wish, World};

fn path(page: &PageFacts, world: &World) -> String {
    page.path.replace("{grant}", &world.grant.to_string()).replace("{login}", "0").replace("{*rest}", "nowhere")
}

/// Asks for a page, or sends its form with what the session knows.
async fn look(browser: &mut Browser, world: &World, page: &PageFacts) -> Seen {
    let path = path(page, world);
    if page.method == Method::GET {
        return browser.get(world, &path).await;
    }
    let form = match browser.get(world, "/dashboard/apps").await {
        seen if seen.status == 303 => browser.get(world, "/dashboard/sign-in").await.form(),
        seen => seen.form(),
    };
    browser.post(world, &path, &[("form", &form), ("profile", "work"), ("user", "ada")]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_knows_every_kind_of_caller() {
    let world = World::new().await;
    let (_, ended) = world.key_for(Wish { ends_in: Some(10), ..Wish::default() }).await;
    let (id, revoked) = world.key_for(Wish::default()).await;
    let of_ended = Browser::signed_in(&world, &ended).await;
    let of_revoked = Browser::signed_in(&world, &revoked).await;
    world.stand.pass(std::time::Duration::from_secs(11));
    assert!(world.store.revoke_key(id, world.clock.now()).await.unwrap());
    let (_, other_app) = world.key_for(Wish { apps: Some("other"), ..Wish::default() }).await;
    let (_, other_grant) = world.key_for(Wish { grants: "team-*", ..Wish::default() }).await;
    let mut strangers = [Browser::signed_in(&world, &other_app).await, Browser::signed_in(&world, &other_grant).await];
    let good = world.key().await;
    let (mut known, mut open) = (0, 0);
    // What ends a session or the login comes last.
    let is_last = |page: &PageFacts| page.method == Method::POST && matches!(page.name, "page-end" | "page-sign-out");
    let (last, pages): (Vec<_>, Vec<_>) = page_facts().partition(is_last);
    for page in pages.into_iter().chain(last) {
        let place = format!("{} {}", page.method, page.path);
        let mut nobody = Browser::default();
        let seen = look(&mut nobody, &world, &page).await;
        if !page.is_known {
            let expected = match (page.name, &page.method) {
                ("page-icon" | "page-connected", _) | ("page-sign-in", &Method::GET) => 200,
                ("page-sign-in", _) => 401,
                ("page-unknown", _) => 404,
                _ => 303,
            };
            assert_eq!(seen.status, expected, "{place}");
            assert!(!seen.says("Ada") && !seen.says(&world.grant.to_string()), "{place}: {}", seen.text);
            open += 1;
            continue;
        }
        known += 1;
        for browser in [&mut nobody, &mut of_ended.clone(), &mut of_revoked.clone()] {
            let seen = look(browser, &world, &page).await;
            let to = seen.location.as_deref().unwrap_or_default();
            assert!(seen.status == 303 && to.starts_with("/dashboard/sign-in?next=%2Fdashboard"), "{place}: {seen:?}");
        }
        for browser in &mut strangers {
            let seen = look(browser, &world, &page).await;
            // What is not theirs is not there.
            let expected = match page.name {
                "page-logins" | "page-apps" | "page-overview" | "page-attention" => 200,
                _ => 404,
            };
            assert_eq!(seen.status, expected, "{place}: {}", seen.text);
            // The id that was asked for stands in the page's own address.
            assert!(!seen.says("Ada"), "{place}: {}", seen.text);
        }
        if let Some(verb) = page.verb {
            let verbs: Vec<_> = Verb::ALL.into_iter().filter(|other| *other != verb).collect();
            let (_, lacking) = world.key_for(Wish { verbs, ..Wish::default() }).await;
            let mut browser = Browser::signed_in(&world, &lacking).await;
            let seen = if page.method == Method::GET {
                browser.get(&world, &path(&page, &world)).await
            } else {
                browser.send(&world, "/dashboard/apps", &path(&page, &world), &[]).await
            };
            assert_eq!(seen.status, 403, "{place}: {}", seen.text);
            assert!(seen.says(verb.as_str()), "{place}: {}", seen.text);
        }
        let only = [Some(Verb::ReadGrants), page.verb].into_iter().flatten().collect();
        let (_, only) = world.key_for(Wish { verbs: only, apps: Some("work"), grants: "w*", ..Wish::default() }).await;
        for key in [&only, &good] {
            let mut browser = Browser::signed_in(&world, key).await;
            let seen = look(&mut browser, &world, &page).await;
            let expected = match (page.name, &page.method) {
                ("page-connection", _) => 404,
                (_, &Method::GET) => 200,
                // What was ended is ended once more.
                _ => 303,
            };
            assert_eq!(seen.status, expected, "{place}: {}", seen.text);
        }
    }
    assert_eq!((known, open), (11, 11));
}

/// What is refused is written down, like what is done, under the names that the API has for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_and_what_is_refused_is_in_the_audit_trail() {
    let mut world = World::new().await;
    let (id, key) = world.key_for(Wish::default()).await;
    let (lacking_id, lacking) =
        world.key_for(Wish { verbs: vec![Verb::ReadGrants, Verb::Login], ..Wish::default() }).await;
    let (revoked_id, revoked) = world.key_for(Wish::default()).await;
    let grant = world.grant;
    let here = format!("/dashboard/logins/{grant}");
    let mut of_revoked = Browser::signed_in(&world, &revoked).await;
    world.store.revoke_key(revoked_id, world.clock.now()).await.unwrap();
    let mut browser = Browser::signed_in(&world, &key).await;
    assert_eq!(browser.send(&world, &here, &format!("{here}/refresh"), &[]).await.status, 303);
    assert_eq!(browser.send(&world, &here, &format!("{here}/connect"), &[]).await.status, 303);
    let mut of_lacking = Browser::signed_in(&world, &lacking).await;
    assert_eq!(of_lacking.send(&world, &here, &format!("{here}/end"), &[]).await.status, 403);
    assert_eq!(of_revoked.get(&world, &here).await.status, 303);
    assert_eq!(of_revoked.sign_in(&world, &revoked, None).await.status, 401);
    assert_eq!(browser.send(&world, &here, &format!("{here}/end"), &[]).await.status, 303);
    world.ended().await;
    let of_login = world.store.audit_of(Some(grant), 0, 100).await.unwrap();
    let of_login: Vec<_> =
        of_login.into_iter().map(|row| (row.draft.caller, row.draft.act, row.draft.outcome)).collect();
    let row =
        |id: tokenward_core::ApiKeyId, act: &str, outcome: &str| (id.to_string(), act.to_owned(), outcome.to_owned());
    assert_eq!(
        of_login,
        [
            row(id, "refresh-token work", "done"),
            row(id, "open-login work", "done"),
            row(id, "retire-grant work", "done"),
        ]
    );
    let of_none = world.store.audit_of(None, 0, 100).await.unwrap();
    let of_none: Vec<_> = of_none.into_iter().map(|row| (row.draft.caller, row.draft.act, row.draft.outcome)).collect();
    assert_eq!(
        of_none,
        [
            row(revoked_id, "sign-in", "done"),
            row(id, "sign-in", "done"),
            row(lacking_id, "sign-in", "done"),
            row(lacking_id, "retire-grant", "TW0861"),
            row(revoked_id, "page-login", "TW0860"),
            row(revoked_id, "sign-in", "TW0860"),
        ]
    );
    assert!(world.store.verify_audit().await.unwrap().faults.is_empty());
}
