//! What stands in the pages, and what does not.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use serde_json::json;
use tokenward::core::Subject;
use tokenward_core::Verb;

use super::browser::{Browser, is_own};
use crate::world::{Wish, World};

/// On every answer, also of what is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_the_headers_of_one_layer() {
    let world = World::new().await;
    let key = world.key().await;
    let mut browser = Browser::signed_in(&world, &key).await;
    let here = format!("/dashboard/logins/{}", world.grant);
    let mut answers = Vec::new();
    for path in
        ["/dashboard", "/dashboard/logins", "/dashboard/apps", &here, "/dashboard/nowhere", "/dashboard/icon.svg", "/"]
    {
        answers.push(browser.get(&world, path).await);
    }
    answers.push(browser.get(&world, "/dashboard/logins/nobody").await);
    answers.push(browser.post(&world, &format!("{here}/refresh"), &[]).await);
    answers.push(Browser::default().get(&world, "/dashboard/logins").await);
    answers.push(Browser::default().get(&world, "/dashboard/sign-in").await);
    for seen in answers {
        let policy = seen.head("content-security-policy");
        let (begin, rest) = policy.split_once("style-src 'sha256-").unwrap();
        let (_, rest) = rest.split_once("'; ").unwrap();
        assert_eq!(
            (begin, rest),
            ("default-src 'none'; ", "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("vary", "accept-language, cookie"),
        ] {
            assert_eq!(seen.head(name), value, "{name} of {}", seen.status);
        }
        // Nothing that this policy would stop.
        assert!(!seen.says("<script") && !seen.says(" style=\"") && !seen.says("onclick"), "{}", seen.text);
    }
}

/// Every address in every page leads to a page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_link_leads_somewhere() {
    let world = World::new().await;
    let key = world.key().await;
    for number in 0..60 {
        world.listed(&format!("work:u{number}"), "work").await;
    }
    let mut browser = Browser::signed_in(&world, &key).await;
    let opened = browser
        .send(&world, "/dashboard/apps", "/dashboard/connections", &[("profile", "work"), ("user", "ada")])
        .await;
    let mut waiting =
        vec!["/dashboard".to_owned(), opened.location.unwrap(), "/dashboard/connected?login=0".to_owned()];
    let (mut met, mut anchors) = (BTreeSet::new(), 0);
    while let Some(path) = waiting.pop() {
        if !met.insert(path.clone()) || met.len() > 200 {
            continue;
        }
        let mut seen = browser.get(&world, &path).await;
        while let Some(to) = seen.location.take() {
            seen = browser.get(&world, &to).await;
        }
        assert_eq!(seen.status, 200, "{path}: {}", seen.text);
        for link in seen.links() {
            if !is_own(&link) {
                // A browser's way to the provider.
                assert!(link.starts_with("http://127.0.0.1:9768/login/"), "{link} in {path}");
                continue;
            }
            let (to, anchor) = link.split_once('#').unwrap_or((&link, ""));
            if to.is_empty() {
                anchors += 1;
                assert!(seen.says(&format!("id=\"{anchor}\"")), "{link} in {path}");
            } else {
                waiting.push(to.to_owned());
            }
        }
    }
    assert!(met.len() > 60 && anchors > 60, "{} {anchors}", met.len());
}

/// No token, no secret and no key, in whichever page, language and state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_has_a_token_in_it() {
    let world = World::new().await;
    let key = world.key().await;
    let brought = world.login_elsewhere().await;
    let mut secrets = vec![key.clone(), brought.clone(), world.app.secret.as_ref().unwrap().expose().to_owned()];
    let body = json!({ "profile": "second", "refresh_token": brought });
    assert_eq!(world.ask(Method::POST, "/v1/grants", Some(&key), Some(body)).await.status, 201);
    secrets.extend(world.live_tokens());
    let mut browser = Browser::signed_in(&world, &key).await;
    let here = format!("/dashboard/logins/{}", world.grant);
    let mut shown = Vec::new();
    for round in 0..3 {
        shown.push(browser.send(&world, &here, &format!("{here}/refresh"), &[]).await.text);
        secrets.extend(world.live_tokens());
        for language in ["en", "zh"] {
            for path in ["/dashboard", "/dashboard/logins", "/dashboard/apps", &here, &format!("{here}/end")] {
                shown.push(browser.get(&world, &format!("{path}?lang={language}")).await.text);
            }
        }
        world.stand.pass(Duration::from_hours([1, 9 * 24, 1][round]));
        browser = Browser::signed_in(&world, &key).await;
    }
    let session = browser.cookies[0].1.clone();
    secrets.push(session);
    secrets.sort();
    secrets.dedup();
    assert!(secrets.len() >= 8, "{}", secrets.len());
    for secret in &secrets {
        assert!(secret.len() > 16, "a real one");
        assert!(shown.iter().all(|text| !text.contains(secret.as_str())));
    }
    assert!(shown.iter().any(|text| text.contains("Refreshed: token set 1 to 2")));
}

/// Names of users, and of whoever brought a login, are text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_have_written_is_text() {
    let world = World::new().await;
    let key = world.key().await;
    let hostile = "<img src=x onerror=alert(1)>\u{202e}&\"'";
    let subject = Subject {
        id: "ou_<b>".into(),
        union_id: None,
        tenant: Some("</dd><script>".into()),
        name: Some(hostile.into()),
    };
    let grant = world.listed_of("work:=%3Cscript%3E", "work", Some(subject)).await;
    let mut browser = Browser::signed_in(&world, &key).await;
    let here = format!("/dashboard/logins/{grant}");
    for path in [
        "/dashboard/logins",
        "/dashboard/logins?q=<script>alert(1)</script>",
        &here,
        &format!("{here}/end"),
        "/dashboard",
    ] {
        let seen = browser.get(&world, path).await;
        assert_eq!(seen.status, 200, "{path}: {}", seen.text);
        let lower = seen.text.to_lowercase();
        assert!(!lower.contains("<script") && !lower.contains("<img") && !lower.contains("<b>"), "{path}: {lower}");
        assert!(!seen.says("\u{202e}"), "{path}");
    }
    let seen = browser.get(&world, &here).await;
    assert!(seen.says("&#60;img src=x onerror=alert(1)&#62;\\u{202e}&#38;&#34;&#39;"), "{}", seen.text);
    // What is searched for stands in the field again.
    let seen = browser.get(&world, "/dashboard/logins?q=%22%3E%3Cx%20y=%22").await;
    assert!(seen.says("value=\"&#34;&#62;&#60;x y=&#34;\""), "{}", seen.text);
}

/// Found by its very name at once, and by a part of what it is known by; a page at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_are_found_and_paged() {
    let world = World::new().await;
    let key = world.key().await;
    for number in 0..120 {
        world.listed(&format!("work:u{number:03}"), "work").await;
    }
    let mut browser = Browser::signed_in(&world, &key).await;
    let (mut path, mut met, mut rounds) = ("/dashboard/logins".to_owned(), BTreeSet::new(), 0);
    loop {
        let seen = browser.get(&world, &path).await;
        assert_eq!(seen.status, 200);
        let rows: Vec<_> = seen.links().into_iter().filter(|link| link.starts_with("/dashboard/logins/")).collect();
        assert!(rows.len() <= 50);
        met.extend(rows);
        rounds += 1;
        let next = seen.text.split("rel=\"next\" href=\"").nth(1);
        let Some(next) = next.and_then(|rest| rest.split('"').next()) else { break };
        path = next.replace("&#38;", "&");
    }
    assert_eq!((met.len(), rounds), (121, 3));
    let exact = browser.get(&world, "/dashboard/logins?q=work:u007").await;
    assert!(exact.says("Exact match") && exact.says("work:u007") && !exact.says("work:u008"), "{}", exact.text);
    let by_id = browser.get(&world, &format!("/dashboard/logins?q={}", world.grant)).await;
    assert!(by_id.says("Exact match") && by_id.says("Ada"), "{}", by_id.text);
    let part = browser.get(&world, "/dashboard/logins?q=U11&app=work").await;
    assert!(part.says("work:u110") && part.says("work:u119") && !part.says("work:u120") && !part.says("Exact match"));
    let none = browser.get(&world, "/dashboard/logins?q=nobody").await;
    assert!(none.says("No login matches."), "{}", none.text);
    let due = browser.get(&world, "/dashboard/logins?status=valid").await;
    assert!(due.says("Ada") && !due.says("work:u000"), "{}", due.text);
    for wrong in ["app=%00", "status=fine", "after=1"] {
        assert_eq!(browser.get(&world, &format!("/dashboard/logins?{wrong}")).await.status, 400, "{wrong}");
    }
    // One that is another's is not there, exactly or not.
    let (_, other) = world.key_for(Wish { grants: "team-*", ..Wish::default() }).await;
    let mut stranger = Browser::signed_in(&world, &other).await;
    let seen = stranger.get(&world, "/dashboard/logins?q=work:u007").await;
    assert!(seen.says("No login matches."), "{}", seen.text);
}

/// As the browser prefers it, and as somebody chooses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_english_or_chinese() {
    let world = World::new().await;
    let key = world.key().await;
    let mut browser = Browser::signed_in(&world, &key).await;
    assert!(browser.get(&world, "/dashboard/logins").await.says("<html lang=\"en\">"));
    browser.heads = vec![("accept-language", "zh-CN,zh;q=0.9,en;q=0.8".to_owned())];
    let seen = browser.get(&world, "/dashboard/logins?q=ada").await;
    assert!(seen.says("<html lang=\"zh-CN\">") && seen.says("登录记录"), "{}", seen.text);
    let english = seen.links().into_iter().find(|link| link.contains("lang=en")).unwrap();
    assert_eq!(english, "/dashboard/logins?q=ada&lang=en");
    assert!(browser.get(&world, &english).await.says("<html lang=\"en\">"));
    // It stays, and a link back does not pile up.
    let seen = browser.get(&world, "/dashboard/logins?lang=en&q=ada").await;
    assert!(seen.links().contains(&"/dashboard/logins?q=ada&lang=zh".to_owned()), "{:?}", seen.links());
    assert!(browser.get(&world, "/dashboard/apps").await.says("<html lang=\"en\">"));
    let seen = browser.get(&world, "/dashboard/logins/nobody?lang=zh").await;
    assert_eq!((seen.status, seen.says("没有这个登录")), (404, true), "{}", seen.text);
}

/// Each only where the key has the verb and the profile permits it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_a_button_for_what_can_be_done() {
    let world = World::new().await;
    let unconnectable = world.listed("second", "work").await;
    let other_app = world.listed("stray", "gone").await;
    for (verbs, refresh, end, connect) in [
        (vec![], false, false, false),
        (vec![Verb::RefreshToken], true, false, false),
        (vec![Verb::RetireGrants], false, true, false),
        (vec![Verb::Login], false, false, true),
        (Verb::ALL.to_vec(), true, true, true),
    ] {
        let verbs: Vec<_> = verbs.into_iter().chain([Verb::ReadGrants]).collect();
        let (_, key) = world.key_for(Wish { verbs: verbs.clone(), ..Wish::default() }).await;
        let mut browser = Browser::signed_in(&world, &key).await;
        let seen = browser.get(&world, &format!("/dashboard/logins/{}", world.grant)).await;
        let has = |act: &str| seen.says(&format!("/{act}\""));
        assert_eq!((has("refresh"), has("end"), has("connect")), (refresh, end, connect), "{verbs:?}");
        let seen = browser.get(&world, &format!("/dashboard/logins/{unconnectable}")).await;
        assert!(!seen.says("/connect\""), "{}", seen.text);
        let seen = browser.get(&world, &format!("/dashboard/logins/{other_app}")).await;
        assert!(!seen.says("/connect\"") && !seen.says("/refresh\""), "{}", seen.text);
        let apps = browser.get(&world, "/dashboard/apps").await;
        assert_eq!(apps.says("action=\"/dashboard/connections\""), connect);
    }
}
