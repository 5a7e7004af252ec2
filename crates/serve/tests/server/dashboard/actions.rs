//! What is done by forms: refreshed, ended, and a user connected, in a browser, back to the login that was made.

use http::Method;
use tokenward_core::Standing;
use url::Url;

use super::browser::Browser;
use crate::web_logins::Browser as Provider;
use crate::world::World;

/// The user takes the consent back: both tokens are refused from then on.
fn withdraw(world: &World) {
    let user = world.sandbox.current_tokens()[0].user.clone();
    assert_eq!(world.sandbox.withdraw(&world.app.client_id, &user), 1);
}

/// As often as somebody says so, and each is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_refreshed_now() {
    let world = World::new().await;
    let key = world.key().await;
    let mut browser = Browser::signed_in(&world, &key).await;
    let here = format!("/dashboard/logins/{}", world.grant);
    let seen = browser.send(&world, &here, &format!("{here}/refresh"), &[]).await;
    assert_eq!(seen.location.as_deref(), Some(&*format!("{here}?told=refreshed")));
    let seen = browser.get(&world, &seen.location.unwrap()).await;
    assert!(seen.says("The login was refreshed.") && seen.says("Refreshed: token set 1 to 2"), "{}", seen.text);
    // The provider's no is told, with what to do, and stands in the history.
    withdraw(&world);
    let seen = browser.send(&world, &here, &format!("{here}/refresh"), &[]).await;
    let code = seen.text.split("<p class=\"soft\">Code ").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    assert_eq!((seen.status, code.starts_with("TW04")), (409, true), "{} {}", seen.status, seen.text);
    let seen = browser.get(&world, &here).await;
    assert!(seen.says("login required") && seen.says("No longer valid: "), "{}", seen.text);
    assert!(seen.says("/connect\"") && !seen.says("/refresh\""), "{}", seen.text);
}

/// Once somebody has confirmed it; what is ended has no buttons any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_ended() {
    let world = World::new().await;
    let key = world.key().await;
    let mut browser = Browser::signed_in(&world, &key).await;
    let here = format!("/dashboard/logins/{}", world.grant);
    let asked = browser.get(&world, &format!("{here}/end")).await;
    assert!(asked.says("End login work?") && asked.says("Its tokens are deleted"), "{}", asked.text);
    let seen = browser.send(&world, &format!("{here}/end"), &format!("{here}/end"), &[]).await;
    assert_eq!(seen.location.as_deref(), Some(&*format!("{here}?told=ended")));
    let seen = browser.get(&world, &seen.location.unwrap()).await;
    assert!(seen.says("The login was ended") && seen.says("logged out") && !seen.says("/end\""), "{}", seen.text);
    let grant = world.store.grant(world.grant).await.unwrap();
    assert!(matches!(grant.standing, Standing::Retired { .. }));
    assert_eq!(world.ask(Method::GET, "/v1/grants/work/token", Some(&key), None).await.status, 404);
}

/// From the login that is over to one that is made, under the same name; what the browser comes back to needs no session and tells nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_login_is_repaired_in_a_browser() {
    let world = World::new().await;
    let key = world.key().await;
    let mut browser = Browser::signed_in(&world, &key).await;
    let here = format!("/dashboard/logins/{}", world.grant);
    withdraw(&world);
    assert_eq!(browser.send(&world, &here, &format!("{here}/refresh"), &[]).await.status, 409);
    let seen = browser.send(&world, &here, &format!("{here}/connect"), &[]).await;
    let connection = seen.location.unwrap();
    let seen = browser.get(&world, &connection).await;
    let address = seen.links().into_iter().find(|link| link.contains("/login/")).unwrap();
    assert!(seen.says("The login is open."), "{}", seen.text);
    let address: Url = address.parse().unwrap();
    let back = Provider::default().walk(&world, &address).await;
    assert_eq!(back.path(), "/dashboard/connected");
    assert!(back.query_pairs().any(|(name, value)| name == "status" && value == "ok"), "{back}");
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    let seen = Browser::default().get(&world, &path).await;
    assert!(seen.status == 200 && seen.links().contains(&connection) && !seen.says("work"), "{}", seen.text);
    assert!(seen.says(&format!("<meta http-equiv=\"refresh\" content=\"0;url={connection}\">")), "{}", seen.text);
    let seen = browser.get(&world, &connection).await;
    let made = seen.links().into_iter().find(|link| link.starts_with("/dashboard/logins/")).unwrap();
    assert!(seen.says("The login was made."), "{}", seen.text);
    let seen = browser.get(&world, &made).await;
    assert!(seen.says("valid") && seen.says("work"), "{}", seen.text);
    assert_eq!(world.get("/v1/grants/work/token", &key).await.status, 200);
    // Its address was good once, and the page is shown to the key that opened it alone.
    let seen = browser.get(&world, &connection).await;
    assert!(!seen.links().iter().any(|link| link.contains("/login/")), "{:?}", seen.links());
    let other = world.key().await;
    assert_eq!(Browser::signed_in(&world, &other).await.get(&world, &connection).await.status, 404);
}

/// A user of a site, by the name that the site has for them; not under a profile that permits no browsers, and not with a name that is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_connected() {
    let world = World::new().await;
    let key = world.key().await;
    let mut browser = Browser::signed_in(&world, &key).await;
    let mut open = async |profile: &str, user: &str| {
        browser.send(&world, "/dashboard/apps", "/dashboard/connections", &[("profile", profile), ("user", user)]).await
    };
    for (profile, user, status) in [
        ("second", "42", 400),
        ("nobody", "42", 404),
        ("work:=1", "42", 400),
        ("", "42", 400),
        ("work", "", 400),
        ("work", "a\u{7}b", 400),
    ] {
        let seen = open(profile, user).await;
        assert_eq!(seen.status, status, "{profile} {user} {}", seen.text);
    }
    let connection = open("work", "42").await.location.unwrap();
    let seen = browser.get(&world, &connection).await;
    assert!(seen.says("Connect work:=42"), "{}", seen.text);
    let address = seen.links().into_iter().find(|link| link.contains("/login/")).unwrap();
    Provider::default().walk(&world, &address.parse().unwrap()).await;
    assert_eq!(world.get("/v1/grants/work:=42/token", &key).await.status, 200);
    // Nobody came.
    let waiting =
        browser.send(&world, "/dashboard/apps", "/dashboard/connections", &[("profile", "work"), ("user", "43")]).await;
    world.stand.pass(std::time::Duration::from_mins(11));
    let seen = browser.get(&world, &waiting.location.unwrap()).await;
    assert!(seen.says("Nobody finished the login in time."), "{}", seen.text);
}
