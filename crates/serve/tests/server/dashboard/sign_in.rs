//! Sessions: how they begin, what they cannot be made of, and how they end.

use std::time::Duration;

use tokenward_core::ports::Clock as _;

use tokenward_testkit::Authority;

use super::browser::Browser;
use crate::tls::{Files, trusting};
use crate::world::{Wish, World, logged};

/// A key that is none, or none any more, is told no more than that, and is nowhere in the page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_begins_no_session() {
    let world = World::new().await;
    let (id, revoked) = world.key_for(Wish::default()).await;
    world.store.revoke_key(id, world.clock.now()).await.unwrap();
    for wrong in ["", "tw_", "tw_00", &revoked, &format!("{revoked}0"), "<script>alert(1)</script>"] {
        let mut browser = Browser::default();
        let seen = browser.sign_in(&world, wrong, None).await;
        assert_eq!(seen.status, 401);
        assert!(seen.says("This API key is unknown, expired or revoked."), "{}", seen.text);
        assert!(wrong.len() < 5 || !seen.says(wrong), "{}", seen.text);
        assert_eq!(browser.get(&world, "/dashboard/logins").await.status, 303);
    }
}

/// The cookie is for this server and for no script, and neither it nor the key is in a log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_a_cookie_that_only_the_browser_keeps() {
    let world = World::new().await;
    let key = world.key().await;
    let mut browser = Browser::default();
    browser.get(&world, "/dashboard/sign-in").await;
    let before = browser.cookies.clone();
    let seen = browser.sign_in(&world, &key, None).await;
    let cookie = seen.head("set-cookie");
    assert!(
        cookie.starts_with("tokenward-dashboard=") && cookie.ends_with("; Path=/dashboard; HttpOnly; SameSite=Strict")
    );
    assert!(!cookie.contains("Expires") && !cookie.contains("Max-Age"), "it ends with the browser: {cookie}");
    // One that was there before is another one (fixation).
    assert_ne!(before, browser.cookies);
    let mut of_before = Browser { cookies: before, ..Browser::default() };
    assert_eq!(of_before.get(&world, "/dashboard/logins").await.status, 303);
    assert_eq!(browser.get(&world, "/dashboard/logins").await.status, 200);
    // Whoever comes through TLS has a cookie that comes with nothing else.
    let forwarded = vec![("x-forwarded-proto", "https".to_owned())];
    let mut behind_tls = Browser { heads: forwarded, ..Browser::default() };
    let seen = behind_tls.sign_in(&world, &key, None).await;
    let cookie = seen.head("set-cookie");
    assert!(cookie.starts_with("__Host-tokenward-dashboard="));
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    assert_eq!(behind_tls.get(&world, "/dashboard/logins").await.status, 200);
    // The one of clear text is not taken there.
    let (_, value) = behind_tls.cookies.pop().unwrap();
    behind_tls.cookies = vec![("tokenward-dashboard".to_owned(), value.clone())];
    assert_eq!(behind_tls.get(&world, "/dashboard/logins").await.status, 303);
    let log = logged();
    assert!(!log.contains(&key) && !log.contains(&value));
}

/// By whatever name the browser found it, and with no proxy that says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_speaks_tls_itself_gives_cookies_for_tls_alone() {
    let authority = Authority::new("ours");
    let world = Files::new(&authority.signed()).world().await;
    let key = world.key().await;
    let client = Some(trusting(&authority).redirect(reqwest::redirect::Policy::none()).build().unwrap());
    for name in ["127.0.0.1", "tokens.example.com:8443"] {
        let origin = format!("https://{name}");
        let heads = vec![("host", name.to_owned()), ("origin", origin), ("sec-fetch-site", "same-origin".to_owned())];
        let mut browser = Browser { heads, client: client.clone(), ..Browser::default() };
        let seen = browser.sign_in(&world, &key, None).await;
        assert_eq!(seen.status, 303, "{}", seen.text);
        let cookie = seen.head("set-cookie");
        assert!(cookie.starts_with("__Host-tokenward-dashboard="), "{cookie}");
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
        assert_eq!(browser.get(&world, "/dashboard/logins").await.status, 200);
        // A form of somebody else's page is refused as anywhere.
        browser.heads[1].1 = "https://evil.example.com".to_owned();
        let form = browser.get(&world, "/dashboard").await.form();
        assert_eq!(browser.post(&world, "/dashboard/sign-out", &[("form", form.as_str())]).await.status, 403);
    }
}

/// Over a network in clear text nobody is asked for a key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_is_asked_for_where_others_could_read_it() {
    let world = World::new().await;
    for (host, forwarded) in
        [("tokens.example.com", None), ("tokens.example.com:9790", Some("http")), ("10.0.0.1", None)]
    {
        let mut heads = vec![("host", host.to_owned())];
        heads.extend(forwarded.map(|scheme| ("x-forwarded-proto", scheme.to_owned())));
        let mut browser = Browser { heads, ..Browser::default() };
        let seen = browser.get(&world, "/dashboard/sign-in").await;
        assert_eq!(seen.status, 403, "{host}");
        assert!(seen.says("This page is not encrypted") && !seen.says("type=\"password\""), "{}", seen.text);
        assert!(browser.cookies.is_empty());
    }
    for host in ["localhost:9790", "127.0.0.1:1", "[::1]:9790"] {
        let mut browser = Browser { heads: vec![("host", host.to_owned())], ..Browser::default() };
        assert_eq!(browser.get(&world, "/dashboard/sign-in").await.status, 200, "{host}");
    }
}

/// Once the key is revoked, once it is idle, once a day is over, once somebody signs out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends() {
    let world = World::new().await;
    let (id, key) = world.key_for(Wish::default()).await;
    let mut browser = Browser::signed_in(&world, &key).await;
    let minutes = |count| world.stand.pass(Duration::from_mins(count));
    minutes(29);
    assert_eq!(browser.get(&world, "/dashboard/logins").await.status, 200);
    minutes(29);
    assert_eq!(browser.get(&world, "/dashboard/logins").await.status, 200);
    let mut left_open = browser.clone();
    minutes(30);
    let seen = left_open.get(&world, "/dashboard/logins?status=valid").await;
    assert_eq!(
        seen.location.as_deref(),
        Some("/dashboard/sign-in?next=%2Fdashboard%2Flogins%3Fstatus%3Dvalid&told=ended")
    );
    let seen = left_open.get(&world, &seen.location.unwrap()).await;
    assert!(seen.says("The session has ended"), "{}", seen.text);
    // However busy somebody is.
    let mut busy = Browser::signed_in(&world, &key).await;
    let mut looks = 0;
    while busy.get(&world, "/dashboard/logins").await.status == 200 {
        minutes(20);
        looks += 1;
        assert!(looks < 100);
    }
    assert_eq!(looks, 36);
    let mut out = Browser::signed_in(&world, &key).await;
    let seen = out.send(&world, "/dashboard/logins", "/dashboard/sign-out", &[]).await;
    assert_eq!((seen.status, seen.location.as_deref()), (303, Some("/dashboard/sign-in?told=out")));
    assert_eq!(out.get(&world, "/dashboard/logins").await.status, 303);
    let mut revoked = Browser::signed_in(&world, &key).await;
    assert_eq!(revoked.get(&world, "/dashboard/logins").await.status, 200);
    world.store.revoke_key(id, world.clock.now()).await.unwrap();
    assert_eq!(revoked.get(&world, "/dashboard/logins").await.status, 303);
    assert!(revoked.cookies.iter().all(|(name, _)| name != "tokenward-dashboard"), "it is taken out of the browser");
}

/// A cookie that nobody here has sealed, and two of one name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_made_elsewhere_is_none() {
    let world = World::new().await;
    let key = world.key().await;
    let browser = Browser::signed_in(&world, &key).await;
    let (name, value) = browser.cookies[0].clone();
    let mut changed = value.clone().into_bytes();
    let last = changed.len() - 1;
    changed[last] = if changed[last] == b'0' { b'1' } else { b'0' };
    let changed = String::from_utf8(changed).unwrap();
    for cookie in ["", "00", "zz", &value[..value.len() - 2], &changed, &"ab".repeat(4000)] {
        let mut forged = Browser { cookies: vec![(name.clone(), cookie.to_owned())], ..Browser::default() };
        assert_eq!(forged.get(&world, "/dashboard/logins").await.status, 303, "{cookie:.20}");
    }
    let mut twice = browser.clone();
    twice.cookies.push((name, value));
    assert_eq!(twice.get(&world, "/dashboard/logins").await.status, 303);
}

/// A form without what the session knows, with another session's, or of another site does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_not_ours_does_nothing() {
    let world = World::new().await;
    let (key, other) = (world.key().await, world.key().await);
    let here = format!("/dashboard/logins/{}", world.grant);
    let of_other = Browser::signed_in(&world, &other).await.get(&world, &here).await.form();
    let mut browser = Browser::signed_in(&world, &key).await;
    let own = browser.get(&world, &here).await.form();
    let before = world.sandbox.counters().refreshes;
    let paths = ["refresh", "end", "connect"].map(|act| format!("{here}/{act}"));
    for path in paths.iter().map(String::as_str).chain(["/dashboard/connections", "/dashboard/sign-out"]) {
        for fields in
            [&[][..], &[("form", "")], &[("form", of_other.as_str())], &[("form", &own[1..])], &[("Form", &own)]]
        {
            let seen = browser.post(&world, path, fields).await;
            assert_eq!(seen.status, 403, "{path} {fields:?}");
            assert!(seen.says("This form is not from your current session"), "{}", seen.text);
        }
        for heads in [
            vec![("origin", "https://evil.example".to_owned())],
            vec![("origin", "null".to_owned()), ("sec-fetch-site", "cross-site".to_owned())],
            vec![("sec-fetch-site", "same-site".to_owned())],
        ] {
            let mut foreign = Browser { heads, ..browser.clone() };
            let seen = foreign.post(&world, path, &[("form", &own)]).await;
            assert_eq!((seen.status, seen.says("sent from another site")), (403, true), "{path}");
        }
        // What is in the address is not the form's.
        let seen = browser.post(&world, &format!("{path}?form={own}"), &[]).await;
        assert_eq!(seen.status, 403, "{path}");
    }
    // A page that signs somebody in unasked.
    let mut victim = Browser::default();
    let seen = victim.post(&world, "/dashboard/sign-in", &[("key", &key), ("form", &own)]).await;
    assert_eq!(seen.status, 403);
    assert_eq!(victim.get(&world, "/dashboard/logins").await.status, 303);
    // A form that is none.
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = world.http.post(world.url(&paths[0])).header("cookie", cookies.join("; "));
    let seen = request.header("content-type", "text/plain").body(format!("form={own}")).send().await.unwrap();
    assert_eq!(seen.status().as_u16(), 400);
    assert_eq!(world.sandbox.counters().refreshes, before);
    assert_eq!(browser.get(&world, &here).await.status, 200, "still signed in");
    // The same is taken from our own page, as browsers tell of it.
    let heads = vec![("origin", "null".to_owned()), ("sec-fetch-site", "same-origin".to_owned())];
    browser.heads = heads;
    assert_eq!(browser.post(&world, &paths[0], &[("form", &own)]).await.status, 303);
    assert_eq!(world.sandbox.counters().refreshes, before + 1);
}

/// Whoever signs in goes on to a page of ours, whatever the address says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_led_elsewhere() {
    let world = World::new().await;
    let key = world.key().await;
    for (next, expected) in [
        ("/dashboard/logins?q=a", "/dashboard/logins?q=a"),
        ("https://evil.example/dashboard", "/dashboard"),
        ("//evil.example/dashboard", "/dashboard"),
        ("/dashboard//evil.example", "/dashboard"),
        ("/dashboard/../v1/apps", "/dashboard"),
        ("/\\evil.example", "/dashboard"),
        ("/dashboard\r\nset-cookie: a=b", "/dashboard"),
        ("/v1/apps", "/dashboard"),
    ] {
        let mut browser = Browser::default();
        let asked = url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>();
        let page = browser.get(&world, &format!("/dashboard/sign-in?next={asked}")).await;
        let stands = page.text.split("name=\"next\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(stands, expected, "{next}");
        let seen = browser.sign_in(&world, &key, Some(next)).await;
        assert_eq!((seen.status, seen.location.as_deref()), (303, Some(expected)), "{next}");
        // And whoever has signed in before.
        let seen = browser.get(&world, &format!("/dashboard/sign-in?next={asked}")).await;
        assert_eq!((seen.status, seen.location.as_deref()), (303, Some(expected)), "{next}");
    }
}
