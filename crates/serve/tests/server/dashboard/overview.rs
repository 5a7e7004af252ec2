//! What is seen first: what needs somebody, how long all logins live, what refreshes led to.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use tokenward_core::ports::{Clock as _, DueClaim, DueMark};
use tokenward_core::{GrantId, Outlook, Verb};
use tokenward_emulator::{Fault, FaultKind, Operation};

use super::browser::{Browser, Seen};
use crate::world::{Wish, World};

async fn refreshed(world: &World, key: &str, grant: GrantId) -> u16 {
    world.ask(Method::POST, &format!("/v1/grants/{grant}/token/refresh"), Some(key), None).await.status
}

/// What a scheduler says that has looked at every login of the app: when each ends in so many hours, and whether refreshes lengthen it.
async fn looked(world: &World, of: impl Fn(GrantId) -> (Option<i64>, Outlook)) {
    let claim = DueClaim { limit: 1000, ttl: Duration::from_secs(60), horizon: Duration::ZERO };
    let claims = world.store.claim_due(&"work".parse().unwrap(), claim).await.unwrap();
    let marks: Vec<_> = claims
        .into_iter()
        .map(|claim| {
            let (hours, outlook) = of(claim.grant);
            DueMark { claim, at: None, ends: hours.map(|hours| ahead(world, hours)), outlook }
        })
        .collect();
    world.store.set_due(&marks).await.unwrap();
}

fn ahead(world: &World, hours: i64) -> jiff::Timestamp {
    world.clock.now() + jiff::SignedDuration::from_hours(hours)
}

/// The counts of the picture, as its text has them.
fn counts(seen: &Seen) -> String {
    let text = seen.text.split("<desc id=\"chart-words\">").nth(1).and_then(|rest| rest.split('<').next());
    text.unwrap_or_else(|| panic!("no picture in {}", seen.text)).replace("&#62;", ">")
}

/// With its state, what happened to it, and what to do; nothing else is among them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_somebody_comes_first() {
    let world = World::new().await;
    let key = world.key().await;
    let mut browser = Browser::signed_in(&world, &key).await;
    let calm = browser.get(&world, "/dashboard").await;
    assert!(calm.says("Nothing needs attention.") && !calm.says("Ada"), "{}", calm.text);
    let dead = world.listed("work:=dead", "work").await;
    let doubt = world.listed("work:=doubt", "work").await;
    let soon = world.listed("work:=soon", "work").await;
    let far = world.listed("work:=far", "work").await;
    assert_eq!(refreshed(&world, &key, dead).await, 409);
    world.sandbox.inject(Fault::new(FaultKind::Drop).when(Operation::Refresh));
    assert_eq!(refreshed(&world, &key, doubt).await, 503);
    // As the sandbox's provider has it, a consent ends; what the scheduler has noted is looked up again in the login.
    looked(&world, |grant| {
        let hours = if grant == soon { 24 * 3 } else { 24 * 300 };
        (None, Outlook::Ends { at: Some(ahead(&world, hours)) })
    })
    .await;
    let seen = browser.get(&world, "/dashboard").await;
    for grant in [dead, doubt] {
        assert!(seen.says(&format!("/dashboard/logins/{grant}\"")), "{}", seen.text);
    }
    assert!(seen.says("login required") && seen.says("outcome unknown"), "{}", seen.text);
    assert!(seen.says("Its user has to log in again") && seen.says("A refresh token was sent"), "{}", seen.text);
    // Their own ends say that there is time, or none is known.
    assert!(!seen.says(&far.to_string()) && !seen.says(&soon.to_string()) && !seen.says("Ada"), "{}", seen.text);
    let (_, other) = world.key_for(Wish { grants: "team-*", ..Wish::default() }).await;
    let other = Browser::signed_in(&world, &other).await.get(&world, "/dashboard").await;
    assert!(other.says("Nothing needs attention.") && !other.says(&dead.to_string()), "{}", other.text);
}

/// A consent that ends within two weeks, whatever is refreshed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_ends_soon_is_told_in_time() {
    let world = World::new().await;
    let key = world.key().await;
    let until = world.store.grant(world.grant).await.unwrap().wall.unwrap();
    looked(&world, |_| (Some(24 * 7), Outlook::LivesOn { until: Some(until) })).await;
    let mut browser = Browser::signed_in(&world, &key).await;
    assert!(browser.get(&world, "/dashboard").await.says("Nothing needs attention."));
    // It is kept alive until shortly before.
    for _ in 0..59 {
        world.stand.pass(Duration::from_hours(24 * 6));
        assert_eq!(refreshed(&world, &key, world.grant).await, 200);
    }
    let mut browser = Browser::signed_in(&world, &key).await;
    let seen = browser.get(&world, "/dashboard").await;
    assert!(
        seen.says("Ada") && seen.says("This login expires in 11 d, and a refresh cannot extend it."),
        "{}",
        seen.text
    );
    assert!(seen.says("Do this before it expires."), "{}", seen.text);
}

/// A page at a time, each once, and no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_need_somebody_are_paged() {
    let world = World::new().await;
    let key = world.key().await;
    let mut dead = BTreeSet::new();
    for number in 0..60 {
        let grant = world.listed(&format!("work:=d{number}"), "work").await;
        assert_eq!(refreshed(&world, &key, grant).await, 409);
        dead.insert(format!("/dashboard/logins/{grant}"));
    }
    let mut browser = Browser::signed_in(&world, &key).await;
    let first = browser.get(&world, "/dashboard").await;
    let mut path = first.links().into_iter().find(|link| link.starts_with("/dashboard/attention")).unwrap();
    let of = |seen: &Seen| {
        seen.links().into_iter().filter(|link| link.starts_with("/dashboard/logins/")).collect::<Vec<_>>()
    };
    let mut met: Vec<_> = of(&first);
    assert_eq!(met.len(), 10);
    loop {
        let seen = browser.get(&world, &path).await;
        met.extend(of(&seen));
        let next = seen.text.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
        let Some(next) = next else { break };
        path = next.replace("&#38;", "&");
    }
    assert_eq!(met.len(), 60);
    assert_eq!(met.into_iter().collect::<BTreeSet<_>>(), dead);
    for wrong in ["x", "work", "work%20x", "%00%20x"] {
        assert_eq!(browser.get(&world, &format!("/dashboard/attention?after={wrong}")).await.status, 400, "{wrong}");
    }
}

/// Once each, of all that the key may see; a key for some profiles is told how many were looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_left_is_a_picture_and_a_text() {
    let world = World::new().await;
    let key = world.key().await;
    let others: Vec<_> = [world.listed("work:=a", "work").await, world.listed("work:=b", "work").await].into();
    looked(&world, |grant| match others.iter().position(|other| *other == grant) {
        Some(0) => (Some(12), Outlook::LivesOn { until: None }),
        Some(_) => (None, Outlook::Ends { at: Some(ahead(&world, 24 * 20)) }),
        None => (Some(24 * 6), Outlook::LivesOn { until: Some(ahead(&world, 24 * 365)) }),
    })
    .await;
    let mut browser = Browser::signed_in(&world, &key).await;
    let seen = browser.get(&world, "/dashboard").await;
    assert!(seen.says("Time left (logins: 3)"), "{}", seen.text);
    let expected =
        "expired: 0, 0–1 days: 1, 1–3 days: 0, 3–7 days: 1, 7–30 days: 1, 30–90 days: 0, >90 days: 0, no end: 0";
    assert_eq!(counts(&seen), expected);
    assert!(
        seen.says("role=\"img\" aria-labelledby=\"left chart-words\"")
            && seen.says("<th scope=\"row\">3–7</th><td>1</td>")
    );
    let chinese = browser.get(&world, "/dashboard?lang=zh").await;
    assert!(counts(&chinese).starts_with("已到期：0，0–1 天：1"), "{}", chinese.text);
    // By the logins themselves: the two others have no known end, and one that nobody has said is assumed.
    let (_, some) = world.key_for(Wish { grants: "work", ..Wish::default() }).await;
    let seen = Browser::signed_in(&world, &some).await.get(&world, "/dashboard").await;
    assert_eq!(
        counts(&seen),
        "expired: 0, 0–1 days: 0, 1–3 days: 0, 3–7 days: 1, 7–30 days: 0, 30–90 days: 0, >90 days: 0, no end: 0"
    );
    assert!(!seen.says("limited to some profiles"), "all of them were looked at");
    let (_, none) = world.key_for(Wish { grants: "team-*", ..Wish::default() }).await;
    let seen = Browser::signed_in(&world, &none).await.get(&world, "/dashboard").await;
    assert!(seen.says("There are no logins yet."), "{}", seen.text);
}

/// By outcome, as the metrics count them and for the keys that may see them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_are_counted_by_outcome() {
    let world = World::new().await;
    let key = world.key().await;
    let dead = world.listed("work:=dead", "work").await;
    assert_eq!(refreshed(&world, &key, world.grant).await, 200);
    assert_eq!(refreshed(&world, &key, world.grant).await, 200);
    assert_eq!(refreshed(&world, &key, dead).await, 409);
    let seen = Browser::signed_in(&world, &key).await.get(&world, "/dashboard").await;
    for (word, count) in [("refreshed", 2), ("login no longer valid", 1)] {
        let row = seen.text.split(&format!("<th scope=\"row\">{word}<")).nth(1).unwrap();
        assert!(row.split("<td>").nth(1).unwrap().starts_with(&format!("{count}</td>")), "{word}: {row}");
    }
    let without = Verb::ALL.into_iter().filter(|verb| *verb != Verb::ReadMetrics).collect();
    let (_, lacking) = world.key_for(Wish { verbs: without, ..Wish::default() }).await;
    let seen = Browser::signed_in(&world, &lacking).await.get(&world, "/dashboard").await;
    assert!(
        !seen.says("login no longer valid<") && seen.says("This API key lacks <code>metrics:read</code>"),
        "{}",
        seen.text
    );
    let (_, only) = world.key_for(Wish { verbs: vec![Verb::ReadMetrics], grants: "team-*", ..Wish::default() }).await;
    let seen = Browser::signed_in(&world, &only).await.get(&world, "/dashboard").await;
    assert!(seen.says("This node has not refreshed anything yet.") && !seen.says("Needs attention"), "{}", seen.text);
    assert!(seen.says("This API key lacks <code>grants:read</code>"), "{}", seen.text);
}
