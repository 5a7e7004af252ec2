//! A web program on axum whose handlers get the BlueKing token of their request's user.
//!
//! `cargo run --example axum --features axum` with `APP_CODE`, `APP_SECRET` and `OAUTH_API_URL` in the environment, as for
//! `bkoauth`. It listens on 127.0.0.1:8000.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use tokenward::blueking::{BkApp, BkClient, Cookies, LoggedIn, UserToken};
use tokenward::core::UserName;
use tokenward::{Environment, Home, Session, SessionOptions, SystemClock, SystemEntropy};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[expect(clippy::disallowed_methods, reason = "a program's `main` is where the environment enters")]
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let home = Home::resolve(None, &Environment::default())?;
    let options = SessionOptions::new(&home, Arc::new(SystemClock), Arc::new(SystemEntropy));
    let session = Session::open(options).await?;
    let app = BkApp::new(&variable("APP_CODE")?, &variable("APP_SECRET")?, variable("OAUTH_API_URL")?.parse()?)?;
    let client = BkClient::new(&session, app.build()?, "web".parse()?, Cookies::bk_token());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    axum::serve(listener, router(client)).await?;
    Ok(())
}

/// The program: one page, behind the program's own authentication.
pub(crate) fn router(client: BkClient) -> Router {
    Router::new().route("/", get(page)).layer(from_fn(authenticate)).with_state(client)
}

/// A handler. It runs only if its user has a token.
async fn page(UserToken(token): UserToken) -> String {
    let user = token.user.as_ref().map_or("nobody", UserName::as_str);
    // A call would carry this header; its value is marked as one that is not to be shown.
    let (name, value) = token.authorization();
    format!("{user} calls with {name}: {value:?} until {}", token.expires)
}

/// Stands for the program's own authentication, which alone says who the user is: here a proxy before it has done it.
async fn authenticate(mut request: Request, next: Next) -> Response {
    let user = request.headers().get("x-demo-user").and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(user) = user {
        request.extensions_mut().insert(LoggedIn(user));
    }
    next.run(request).await
}
