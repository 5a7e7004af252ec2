//! The authorization page: what is refused on a page, what redirects, and what a person can click (reference/feishu.md
//! §3).

use tokenward_emulator::{AppSpec, Brand, Consent, Endpoint};
use url::Url;

use crate::world::{Answer, CALLBACK, World, send};

async fn page(world: &World, changes: &[(&str, &str)]) -> Answer {
    send(world.http.get(world.authorize_url(changes))).await
}

/// Changed fields of the request; code and words on the page.
type Case<'c> = (&'c [(&'c str, &'c str)], &'c str, &'c str);

fn is_page(answer: &Answer, code: &str, words: &str) {
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert!(answer.headers["content-type"].to_str().expect("ASCII").starts_with("text/html"));
    assert!(answer.headers.get("location").is_none());
    for part in [code, words] {
        assert!(answer.text.contains(part), "{part} is not on the page: {}", answer.text);
    }
}

#[tokio::test]
async fn granted() {
    let world = World::new().await;
    let callback = page(&world, &[]).await.location();
    assert!(callback.as_str().starts_with(&format!("{CALLBACK}?code=")));
    assert_eq!(callback.query_pairs().find(|(name, _)| name == "state").expect("state").1, "st&te=1");
    let silent = page(&world, &[("state", "")]).await.location();
    assert!(silent.query_pairs().all(|(name, _)| name != "state"));
}

#[tokio::test]
async fn refused() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.consent = Consent::Deny);
    let callback = page(&world, &[]).await.location();
    assert_eq!(callback.query(), Some("error=access_denied&state=st%26te%3D1"));
}

#[tokio::test]
async fn errors_are_pages_that_name_the_code() {
    let world = World::new().await;
    let many = (0..51).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
    let cases: [Case<'_>; 12] = [
        (&[("client_id", "")], "20001", "client_id is missing"),
        (&[("client_id", "cli_nobody")], "20048", "cli_nobody"),
        (&[("redirect_uri", "")], "20001", "redirect_uri is missing"),
        (&[("redirect_uri", "http://127.0.0.1:9000/other")], "20029", "redirect URL is not registered"),
        (&[("redirect_uri", "http://localhost:9000/callback")], "20029", "localhost and 127.0.0.1"),
        (&[("redirect_uri", "http://127.0.0.1:9001/callback")], "20029", "not among"),
        (&[("redirect_uri", "http://127.0.0.1:9000/callback/")], "20029", "not among"),
        (&[("response_type", "token")], "20001", "response_type must be code"),
        (&[("scope", "offline_access nope:nope")], "20027", "nope:nope"),
        (&[("scope", "offline_access,wiki:wiki")], "20027", "offline_access,wiki:wiki"),
        (&[("scope", &many)], "20001", "more than 50"),
        (&[("code_challenge", "x"), ("code_challenge_method", "S256")], "20001", "code_challenge"),
    ];
    for (changes, code, words) in cases {
        is_page(&page(&world, changes).await, code, words);
    }
    let unknown_method =
        [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S512")];
    is_page(&page(&world, &unknown_method).await, "20001", "S256 or plain");
    world.sandbox.change_app("cli_main", |app| app.enabled = false).expect("app");
    is_page(&page(&world, &[]).await, "20069", "disabled");
    let lark = world.sandbox.app(AppSpec::new(Brand::Lark));
    is_page(&page(&world, &[("client_id", &lark.id)]).await, "20046", "other brand");
}

#[tokio::test]
async fn what_follows_the_path_may_be_left_out_of_the_registered_url() {
    let world = World::new().await;
    let callback = page(&world, &[("redirect_uri", "http://127.0.0.1:9000/callback?a=1#top")]).await.location();
    assert!(callback.query().expect("query").starts_with("a=1&code="), "{callback}");
    assert_eq!(callback.fragment(), Some("top"));
}

#[tokio::test]
async fn any_loopback_port_is_a_knob() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.loopback_any_port = true);
    let callback = page(&world, &[("redirect_uri", "http://127.0.0.1:12345/callback")]).await.location();
    assert_eq!(callback.port(), Some(12345));
    is_page(&page(&world, &[("redirect_uri", "http://127.0.0.1:12345/other")]).await, "20029", "not among");
}

#[tokio::test]
async fn the_older_addresses() {
    let world = World::new().await;
    let older = world.authorize_url(&[]).as_str().replace(&world.accounts(""), &world.open(""));
    assert!(send(world.http.get(older)).await.location().as_str().contains("code="));
    let index = Url::parse_with_params(
        &world.open("/open-apis/authen/v1/index"),
        [("app_id", "cli_main"), ("redirect_uri", CALLBACK), ("state", "s")],
    )
    .expect("a URL");
    let callback = send(world.http.get(index)).await.location();
    let code = callback.query_pairs().next().expect("code").1.into_owned();
    let bearer = world.app_token().await;
    let body = serde_json::json!({"grant_type": "authorization_code", "code": code});
    world.v1(Endpoint::LegacyExchange, &bearer, &body).await.is(200, 0);
}

/// The value of the page's hidden ticket.
fn ticket(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("name=\"ticket\" value=\"").expect("a ticket");
    rest.split('"').next().expect("an end").to_owned()
}

#[tokio::test]
async fn a_person_clicks() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.consent = Consent::Ask);
    let second = world.sandbox.user("Grace <b>");
    let consent = page(&world, &[]).await;
    assert_eq!(consent.status, 200);
    assert!(
        consent.text.contains("wiki:wiki") && consent.text.contains("Allow") && consent.text.contains("Sandbox app")
    );
    assert!(consent.text.contains("Grace &#60;b&#62;"), "names are escaped");
    assert!(!consent.text.contains("http://") && !consent.text.contains("<script"), "nothing from elsewhere");
    let target = world.accounts("/sandbox/consent");
    let allow = [("ticket", &*ticket(&consent)), ("decision", "allow"), ("user", &*second.id)];
    let callback = world.form(&target, &allow).await.location();
    let code = callback.query_pairs().next().expect("code").1.into_owned();
    world.exchange(Endpoint::V3Token, &code, &[]).await.is(200, 0);
    assert_eq!(world.sandbox.current_tokens()[0].user, second.id);
    // A page answers once.
    is_page(&world.form(&target, &allow).await, "20001", "answered before");

    let again = page(&world, &[]).await;
    let deny = [("ticket", &*ticket(&again)), ("decision", "deny")];
    let callback = world.form(&target, &deny).await.location();
    assert!(callback.query().expect("query").starts_with("error=access_denied"));
}

#[tokio::test]
async fn pages_speak_chinese_to_those_who_ask_for_it() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.consent = Consent::Ask);
    let ask = async |language: &str, changes: &[(&str, &str)]| {
        send(world.http.get(world.authorize_url(changes)).header("accept-language", language)).await.text
    };
    assert!(ask("zh-CN,zh;q=0.9,en;q=0.8", &[]).await.contains("授权"));
    assert!(ask("en-US,en;q=0.9,zh;q=0.8", &[]).await.contains("Allow"));
    assert!(ask("zh", &[("redirect_uri", "http://x.example/")]).await.contains("安全设置"));
}

#[tokio::test]
async fn without_users_nobody_can_agree() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.consent = Consent::Auto { user: Some("nobody".to_owned()) });
    is_page(&page(&world, &[]).await, "20008", "no such user");
}
