//! Logins that back ends open: a browser that walks through them, and those who would abuse them.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokenward_core::ports::Clock as _;
use tokenward_core::{GrantId, WebLoginPhase};
use url::Url;

use crate::world::{RETURN, Told, Wish, World, logged};

/// A browser: what it is shown, where it is sent, and the cookies that it keeps.
#[derive(Default, Clone)]
pub(crate) struct Browser {
    cookies: Vec<(String, String)>,
}

#[derive(Debug)]
struct Seen {
    status: u16,
    location: Option<Url>,
    cookie: Option<String>,
    text: String,
}

impl Browser {
    /// Opens an address; one of the server's public ones leads to the server that listens.
    async fn open(&mut self, world: &World, address: &Url) -> Seen {
        let mut address = address.clone();
        if address.port() == Some(9768) {
            address.set_port(Some(world.address.port())).unwrap();
        }
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = world.http.get(address).header("cookie", cookies.join("; ")).send().await.unwrap();
        let head = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (location, cookie) = (head("location").map(|url| url.parse().unwrap()), head("set-cookie"));
        if let Some((name, value)) = cookie.as_deref().and_then(|cookie| cookie.split(';').next()?.split_once('=')) {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let status = answer.status().as_u16();
        Seen { status, location, cookie, text: answer.text().await.unwrap() }
    }

    /// From the login's address to the server's callback, which is not opened.
    async fn reach_callback(&mut self, world: &World, address: &Url) -> Url {
        let seen = self.open(world, address).await;
        assert_eq!(seen.status, 302, "{seen:?}");
        let seen = self.open(world, &seen.location.unwrap()).await;
        seen.location.unwrap_or_else(|| panic!("{}", seen.text))
    }

    /// All the way back to the back end.
    pub(crate) async fn walk(&mut self, world: &World, address: &Url) -> Url {
        let callback = self.reach_callback(world, address).await;
        let seen = self.open(world, &callback).await;
        seen.location.unwrap_or_else(|| panic!("{} {}", seen.status, seen.text))
    }
}

async fn opened(world: &World, key: &str, user: &str) -> (String, Url) {
    let body = json!({ "profile": "work", "user": user, "return_to": RETURN });
    let told = world.ask(Method::POST, "/v1/logins", Some(key), Some(body)).await;
    assert_eq!(told.status, 201, "{}", told.text);
    let told = told.json();
    (told["login"].as_str().unwrap().to_owned(), told["url"].as_str().unwrap().parse().unwrap())
}

async fn outcome(world: &World, key: &str, login: &str) -> Value {
    let told = world.get(&format!("/v1/logins/{login}"), key).await;
    assert_eq!(told.status, 200, "{}", told.text);
    told.json()
}

fn value(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn with(url: &Url, changed: &[(&str, Option<&str>)]) -> Url {
    let kept: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut made = url.clone();
    let mut pairs = made.query_pairs_mut();
    pairs.clear();
    for (name, value) in kept.iter().filter(|(name, _)| changed.iter().all(|(other, _)| other != name)) {
        pairs.append_pair(name, value);
    }
    for (name, value) in changed.iter().filter_map(|(name, value)| Some((name, (*value)?))) {
        pairs.append_pair(name, value);
    }
    drop(pairs);
    made
}

/// No exchange was asked for since.
fn exchanges(world: &World) -> u64 {
    world.sandbox.counters().exchanges
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_of_a_back_end_logs_in_by_a_browser() {
    let mut world = World::new().await;
    let key = world.key().await;
    let (login, address) = opened(&world, &key, "user/42").await;
    assert_eq!(outcome(&world, &key, &login).await["status"], "open");
    let mut browser = Browser::default();
    let back = browser.walk(&world, &address).await;
    assert_eq!(back.as_str(), format!("{RETURN}?login={login}&status=ok"));
    let told = outcome(&world, &key, &login).await;
    assert_eq!((told["status"].as_str(), told["profile"].as_str()), (Some("ok"), Some("work:=user%2F42")), "{told}");
    // Whole seconds, as everywhere: 2026-12-01T04:50:59Z.
    assert_eq!(told["expires_at"].as_str().unwrap().len(), 20, "{told}");
    // The name is a login's like any other's, and the provider's user is told with it.
    let grant = told["grant"].as_str().unwrap();
    let seen = world.get(&format!("/v1/grants/{grant}"), &key).await;
    assert_eq!(seen.json()["user"]["name"], "Ada", "{}", seen.text);
    let token = world.get("/v1/grants/work:=user%252F42/token", &key).await;
    assert_eq!(token.status, 200, "{}", token.text);
    // A second one goes into the same login.
    let (again, address) = opened(&world, &key, "user/42").await;
    Browser::default().walk(&world, &address).await;
    assert_eq!(outcome(&world, &key, &again).await["grant"], grant);
    // Another user has another one, although the provider knows one person alone.
    let (other, address) = opened(&world, &key, "43").await;
    Browser::default().walk(&world, &address).await;
    assert_ne!(outcome(&world, &key, &other).await["grant"], grant);
    world.assert_clean();
    // Whose login was opened is in the trail, and whose was made.
    let id: GrantId = grant.parse::<uuid::Uuid>().unwrap().into();
    world.ended().await;
    let acts = async |grant| {
        let rows = world.store.audit_of(grant, 0, 100).await.unwrap();
        rows.into_iter().map(|row| row.draft.act).collect::<Vec<_>>()
    };
    assert_eq!(acts(None).await[0], "open-login work:=user%2F42");
    assert_eq!(acts(Some(id)).await[..2], ["finish-login work:=user%2F42", "read-token work:=user%2F42"]);
    // No token, code, state or cookie was logged.
    let log = logged();
    for secret in world.live_tokens().into_iter().chain(browser.cookies.into_iter().map(|(_, value)| value)) {
        assert!(!log.contains(&secret));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cookie_is_the_browsers_alone() {
    let world = World::new().await;
    let (login, address) = opened(&world, &world.key().await, "ada").await;
    let seen = Browser::default().open(&world, &address).await;
    let cookie = seen.cookie.unwrap();
    let digits = login.replace('-', "");
    assert!(cookie.starts_with(&format!("tokenward-{digits}=")), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"), "{cookie}");
    let provider = seen.location.unwrap();
    assert_eq!(value(&provider, "code_challenge_method").as_deref(), Some("S256"));
    assert!(value(&provider, "state").unwrap().len() >= 32 + 32);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_says_no_is_told_as_such() {
    let world = World::new().await;
    let key = world.key().await;
    let (login, address) = opened(&world, &key, "ada").await;
    world.sandbox.rules(|rules| rules.consent = tokenward_emulator::Consent::Deny);
    let back = Browser::default().walk(&world, &address).await;
    assert_eq!(value(&back, "status").as_deref(), Some("denied"));
    let told = outcome(&world, &key, &login).await;
    assert_eq!((told["status"].as_str(), told["code"].as_str()), (Some("denied"), Some("TW0407")));
}

/// A program that looks where a link leads, as chats do, uses nothing up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_takes_no_step_of_a_login() {
    let world = World::new().await;
    let (_, address) = opened(&world, &world.key().await, "ada").await;
    let path = address.path();
    assert_eq!(world.ask(Method::HEAD, path, None, None).await.status, 405);
    let mut browser = Browser::default();
    let callback = browser.reach_callback(&world, &address).await;
    let path = &callback[url::Position::BeforePath..];
    assert_eq!(world.ask(Method::HEAD, path, None, None).await.status, 405);
    let back = browser.open(&world, &callback).await.location.unwrap();
    assert_eq!(value(&back, "status").as_deref(), Some("ok"));
    world.assert_clean();
}

/// Open redirect: to the letter, or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_returns_to_an_address_of_the_settings_alone() {
    let world = World::new().await;
    let key = world.key().await;
    let ask = async |return_to: &str| {
        let body = json!({ "profile": "work", "user": "ada", "return_to": return_to });
        world.ask(Method::POST, "/v1/logins", Some(&key), Some(body)).await
    };
    for bad in [
        "",
        "https://evil.example/done",
        "https://site.example/done/",
        "https://site.example/done?next=x",
        "https://site.example/done#x",
        "https://site.example/done/../evil",
        "https://site.example@evil.example/done",
        "https://SITE.example/done",
        "http://site.example/done",
        "//site.example/done",
        "javascript:alert(1)",
    ] {
        let told = ask(bad).await;
        assert_eq!((told.status, told.code()), (400, "TW0872".to_owned()), "{bad}");
    }
    assert_eq!(ask("http://127.0.0.1:7001/x?a=b").await.status, 201);
    // A profile without such addresses opens none.
    let body = json!({ "profile": "second", "user": "ada", "return_to": RETURN });
    assert_eq!(world.ask(Method::POST, "/v1/logins", Some(&key), Some(body)).await.code(), "TW0872");
    for (profile, user) in [("work:eve", "ada"), ("work", ""), ("work", "a\nb"), ("a b", "ada")] {
        let body = json!({ "profile": profile, "user": user, "return_to": RETURN });
        assert_eq!(world.ask(Method::POST, "/v1/logins", Some(&key), Some(body)).await.code(), "TW0862", "{profile}");
    }
}

/// Login CSRF and fixation: an address that somebody has opened is nobody else's, and an answer needs the browser that asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_browser_goes_nowhere() {
    let world = World::new().await;
    let key = world.key().await;
    let (login, address) = opened(&world, &key, "eve").await;
    let mut eve = Browser::default();
    let callback = eve.reach_callback(&world, &address).await;
    let before = exchanges(&world);
    // The address once more, in another browser.
    let seen = Browser::default().open(&world, &address).await;
    assert_eq!((seen.status, seen.location, seen.cookie), (403, None, None));
    assert!(seen.text.contains("TW0871"), "{}", seen.text);
    // Eve's answer, given to another browser: one without cookies, and one that is at a login of its own.
    let (_, own) = opened(&world, &key, "ada").await;
    let mut ada = Browser::default();
    ada.reach_callback(&world, &own).await;
    for browser in [&mut Browser::default(), &mut ada] {
        let seen = browser.open(&world, &callback).await;
        assert_eq!((seen.status, seen.location), (403, None));
    }
    assert_eq!(exchanges(&world), before);
    assert_eq!(outcome(&world, &key, &login).await["status"], "open");
    // The browser itself goes back a page and on, and is not held up.
    let seen = eve.open(&world, &address).await;
    assert_eq!((seen.status, seen.cookie), (302, None));
    assert_eq!(eve.open(&world, &callback).await.status, 302);
    assert_eq!(outcome(&world, &key, &login).await["status"], "ok");
}

/// Code injection: a code of one login brought into another's answer is refused by the provider, for its challenge is another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_of_another_login_makes_none() {
    let world = World::new().await;
    let key = world.key().await;
    let (_, hers) = opened(&world, &key, "ada").await;
    let (login, his) = opened(&world, &key, "eve").await;
    let stolen = Browser::default().reach_callback(&world, &hers).await;
    let mut eve = Browser::default();
    let own = eve.reach_callback(&world, &his).await;
    let injected = with(&own, &[("code", value(&stolen, "code").as_deref())]);
    let back = eve.open(&world, &injected).await.location.unwrap();
    assert_eq!(value(&back, "status").as_deref(), Some("failed"));
    let told = outcome(&world, &key, &login).await;
    assert_eq!((told["status"].as_str(), told["grant"].as_str()), (Some("failed"), None), "{told}");
    assert_eq!(world.get("/v1/grants/work:=eve", &key).await.status, 404);
    // A state of nobody's, one in part, two codes, none.
    for changed in [
        vec![("state", None)],
        vec![("state", Some("0"))],
        vec![("state", Some("ffffffffffffffffffffffffffffffffffff"))],
    ] {
        let seen = eve.open(&world, &with(&own, &changed)).await;
        assert_eq!((seen.status, seen.location), (404, None), "{changed:?}");
    }
}

/// A replayed answer changes nothing, and sends nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_taken_once() {
    let world = World::new().await;
    let key = world.key().await;
    let (login, address) = opened(&world, &key, "ada").await;
    let mut browser = Browser::default();
    let callback = browser.reach_callback(&world, &address).await;
    let twice = Url::parse(&format!("{callback}&code=another")).unwrap();
    assert_eq!(browser.open(&world, &twice).await.status, 404, "two codes are none");
    let before = exchanges(&world);
    let mut others = [browser.clone(), browser.clone(), browser.clone(), browser.clone()];
    let all = others.iter_mut().map(|browser| browser.open(&world, &callback));
    let mut ends = Vec::new();
    for seen in futures_of(all).await {
        ends.push(seen.status);
    }
    assert!(ends.contains(&302) && ends.iter().all(|status| matches!(status, 302 | 410)), "{ends:?}");
    assert_eq!(exchanges(&world), before + 1);
    // Whoever reloads the page is sent on.
    let seen = browser.open(&world, &callback).await;
    assert_eq!(value(&seen.location.unwrap(), "status").as_deref(), Some("ok"));
    let denied = with(&callback, &[("code", None), ("error", Some("access_denied"))]);
    assert_eq!(value(&browser.open(&world, &denied).await.location.unwrap(), "status").as_deref(), Some("ok"));
    assert_eq!(outcome(&world, &key, &login).await["status"], "ok");
    assert_eq!(browser.open(&world, &address).await.status, 410, "its address leads nowhere any more");
    assert_eq!(exchanges(&world), before + 1);
}

async fn futures_of<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (one, done) in all.iter_mut().filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(output) = one.as_mut().poll(context) {
                *done = Some(output);
            }
        }
        if all.iter().all(|(_, done)| done.is_some()) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    all.into_iter().filter_map(|(_, done)| done).collect()
}

/// Mix-up: an answer that names another server is sent nowhere (RFC 9207).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_another_server_is_sent_nowhere() {
    let world = World::new().await;
    let key = world.key().await;
    let (login, address) = opened(&world, &key, "ada").await;
    let mut browser = Browser::default();
    let callback = browser.reach_callback(&world, &address).await;
    let before = exchanges(&world);
    let evil = with(&callback, &[("iss", Some("https://evil.example"))]);
    let back = browser.open(&world, &evil).await.location.unwrap();
    assert_eq!(value(&back, "status").as_deref(), Some("failed"));
    assert_eq!(outcome(&world, &key, &login).await["code"], "TW0707");
    assert_eq!(exchanges(&world), before);
}

/// Ten minutes, for the address and for the answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_nobody_finished_expires() {
    let world = World::new().await;
    let key = world.key().await;
    let (first, unopened) = opened(&world, &key, "ada").await;
    let (second, address) = opened(&world, &key, "bob").await;
    let mut browser = Browser::default();
    let callback = browser.reach_callback(&world, &address).await;
    let before = exchanges(&world);
    world.clock.advance(jiff::SignedDuration::from_secs(601));
    for address in [&unopened, &address, &callback] {
        let seen = browser.open(&world, address).await;
        assert_eq!((seen.status, seen.location), (410, None), "{address}");
        assert!(seen.text.contains("TW0870"));
    }
    assert_eq!(exchanges(&world), before);
    for login in [first, second] {
        assert_eq!(outcome(&world, &key, &login).await["status"], "expired");
    }
}

/// The outcome is told to the key that opened the login, and to no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_back_end_learns_nothing() {
    let world = World::new().await;
    let key = world.key().await;
    let (login, address) = opened(&world, &key, "ada").await;
    let (_, other) = world.key_for(Wish::default()).await;
    for id in [&*login, "00000000-0000-0000-0000-000000000000", "x"] {
        let told = world.get(&format!("/v1/logins/{id}"), &other).await;
        assert_eq!((told.status, told.code()), (404, "TW0870".to_owned()), "{id}");
    }
    // A key of other logins opens none here.
    let (_, narrow) = world.key_for(Wish { grants: "work:=a*", ..Wish::default() }).await;
    opened(&world, &narrow, "ada").await;
    let body = json!({ "profile": "work", "user": "bob", "return_to": RETURN });
    let told = world.ask(Method::POST, "/v1/logins", Some(&narrow), Some(body)).await;
    assert_eq!((told.status, told.code()), (404, "TW0201".to_owned()));
    // A guessed address is none.
    let mut guessed = address.clone();
    let (head, last) = address.path().split_at(address.path().len() - 1);
    guessed.set_path(&format!("{head}{}", if last == "0" { "1" } else { "0" }));
    assert_eq!(Browser::default().open(&world, &guessed).await.status, 404);
}

/// Another account of the provider for the same user is told, and the login that is there stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_of_the_same_user_is_told() {
    let world = World::new().await;
    let key = world.key().await;
    let (first, address) = opened(&world, &key, "ada").await;
    Browser::default().walk(&world, &address).await;
    let grant = outcome(&world, &key, &first).await["grant"].clone();
    let bob = world.sandbox.user("Bob");
    world.sandbox.rules(|rules| rules.consent = tokenward_emulator::Consent::Auto { user: Some(bob.id) });
    let (second, address) = opened(&world, &key, "ada").await;
    let back = Browser::default().walk(&world, &address).await;
    assert_eq!(value(&back, "status").as_deref(), Some("failed"));
    assert_eq!(outcome(&world, &key, &second).await["code"], "TW0516");
    assert_eq!(world.get("/v1/grants/work:=ada", &key).await.json()["grant"], grant);
}

/// A node that dies behind the exchange: the answer was kept (I3), so the next look makes a login of it; without one, nobody knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_whose_node_died_is_found() {
    let world = World::new().await;
    let key = world.key().await;
    let (lost, _) = opened(&world, &key, "bob").await;
    let (login, address) = opened(&world, &key, "ada").await;
    let mut browser = Browser::default();
    let callback = browser.reach_callback(&world, &address).await;
    // As a node leaves it that has stored the answer of the exchange, and no more.
    for id in [&login, &lost] {
        let (found, secret) = world.store.web_login(id.parse().unwrap()).await.unwrap().unwrap();
        let step = found.stepped(WebLoginPhase::Exchanging(world.clock.now()));
        assert!(world.store.step_login(&step, &secret).await.unwrap());
    }
    assert_eq!(browser.open(&world, &callback).await.status, 410, "it is being exchanged");
    let answer = exchanged(&world, &callback, &login).await;
    let (profile, app) = ("work:=ada".parse().unwrap(), "work".parse().unwrap());
    world.store.keep_login_answer(&profile, &app, tokenward_core::TokenApi::V3, &answer).await.unwrap();
    assert_eq!(outcome(&world, &key, &login).await["status"], "open");
    world.pass(Duration::from_secs(121));
    let told = outcome(&world, &key, &login).await;
    assert_eq!((told["status"].as_str(), told["profile"].as_str()), (Some("ok"), Some("work:=ada")), "{told}");
    assert_eq!(world.get("/v1/grants/work:=ada/token", &key).await.status, 200);
    let told = outcome(&world, &key, &lost).await;
    assert_eq!((told["status"].as_str(), told["code"].as_str()), (Some("failed"), Some("TW0601")), "{told}");
}

/// The exchange as the engine's provider does it, without the engine around it.
async fn exchanged(world: &World, callback: &Url, login: &str) -> tokenward_core::RawAnswer {
    let (_, secret) = world.store.web_login(login.parse().unwrap()).await.unwrap().unwrap();
    let ties: Value = serde_json::from_slice(secret.expose()).unwrap();
    let attempt: Value = serde_json::from_str(ties["attempt"].as_str().unwrap()).unwrap();
    let session = world.session(|options| options).await.unwrap();
    let provider = &session.parts().provider;
    let exchange = tokenward_core::ports::CodeExchange {
        code: tokenward_core::AuthorizationCode::parse(value(callback, "code").unwrap()).unwrap(),
        verifier: tokenward_core::CodeVerifier::parse(attempt["verifier"].as_str().unwrap().to_owned()).unwrap(),
        redirect_uri: attempt["redirect_uri"].as_str().unwrap().parse().unwrap(),
    };
    let prepared = provider.prepare(&world.app, tokenward_core::TokenApi::V3).await.unwrap();
    match provider.exchange(&world.app, &prepared, &exchange, Duration::from_secs(10)).await {
        tokenward_core::ports::Sent::Answered(answer) => answer,
        other => panic!("{other:?}"),
    }
}

/// Whatever stands in an address reaches no page, and is no fault of the server's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_has_nothing_of_the_request() {
    let world = World::new().await;
    for path in [
        "/callback",
        "/callback?state=%3Cscript%3E&code=x",
        "/callback?error=%3Cscript%3E",
        "/callback?state=%ff%00&code=%ff",
        "/login/%3Cscript%3E",
        "/login/日本日本日本日本日本日本日本",
    ] {
        let told = Told::of(world.http.get(world.url(path))).await;
        assert_eq!((told.status, &*told.kind), (404, "text/html; charset=utf-8"), "{path}");
        assert!(!told.text.contains("<script") && told.text.contains("TW0870"), "{}", told.text);
    }
}
