//! The extractor for axum, through the example that shows it.

use axum_example::router;
use reqwest::StatusCode;
use tokio::net::TcpListener;

use crate::world::{Kind, World, cookie};

#[path = "../../examples/axum.rs"]
#[expect(dead_code, reason = "the example's own `main` is not run here")]
mod axum_example;

struct Served {
    url: String,
    http: reqwest::Client,
}

impl Served {
    async fn get(&self, user: Option<&str>, cookies: &str) -> (StatusCode, String) {
        let mut request = self.http.get(&self.url).header("cookie", cookies);
        if let Some(user) = user {
            request = request.header("x-demo-user", user);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_gets_the_token_of_its_requests_user() {
    let world = World::new(Kind::SSM).await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = router(world.stand.client().await);
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let page = Served { url: format!("http://{address}/"), http: reqwest::Client::new() };
    let cookies = format!("theme=dark; bk_token=\"{}\"; other=1", cookie("alice"));
    let (status, text) = page.get(Some("alice"), &cookies).await;
    assert_eq!((status, text.starts_with("alice ")), (StatusCode::OK, true), "{text}");
    assert!(!text.contains(&cookie("alice")));
    // Nobody is logged in, whatever the cookie says.
    assert_eq!(page.get(None, &cookies).await.0, StatusCode::UNAUTHORIZED);
    // Bob with alice's cookie.
    let (status, text) = page.get(Some("bob"), &cookies).await;
    assert_eq!((status, text.as_str()), (StatusCode::FORBIDDEN, "TW0412"));
    // Bob without any.
    let (status, text) = page.get(Some("bob"), "").await;
    assert_eq!((status, text.as_str()), (StatusCode::UNAUTHORIZED, "TW0401"));
    server.abort();
}
