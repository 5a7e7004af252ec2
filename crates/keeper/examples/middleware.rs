//! Who am I? Asked with a program's own `reqwest` client, whose requests carry a token that is always good.
//!
//! Log in once (`tokenward init`, `tokenward login`), then:
//!
//! ```sh
//! cargo run -p tokenward --features middleware --example middleware
//! ```

use std::sync::Arc;

use tokenward::core::ports::Clock;
use tokenward::{
    ApiOptions, CallOptions, Environment, Home, Identity, KeeperOptions, Overrides, Session, SessionOptions, Settings,
    SystemClock, SystemEntropy, TokenMiddleware,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    #[expect(clippy::disallowed_methods, reason = "where the environment enters this program")]
    let environment = Environment::new(std::env::vars_os());
    let home = Home::resolve(None, &environment)?;
    let (settings, _warnings) = Settings::load(home, environment, Overrides::default())?;
    let profile = settings.profile(None)?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let session = Session::open(SessionOptions {
        home: settings.home(),
        clock,
        entropy: Arc::new(SystemEntropy),
        key: settings.key_source()?,
        observer: None,
        keeper: KeeperOptions::default(),
    })
    .await?;
    let secret = match profile.secret.read()? {
        Some(secret) => secret,
        None => session.keeper().app_secret(&profile.app_name).await?.ok_or("the app's secret is not in the vault")?,
    };
    let app = profile.app(Some(secret));
    let user = Identity::User(session.keeper().grant_of(&profile.name).await?);

    let address = app.hosts.open.join("/open-apis/authen/v1/user_info")?;
    let tokens = session.api(app, user, CallOptions::default(), ApiOptions::default());
    let http =
        reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(TokenMiddleware::new(tokens)).build();

    let answer: serde_json::Value = serde_json::from_slice(&http.get(address).send().await?.bytes().await?)?;
    let name = answer["data"]["name"].as_str().ok_or_else(|| answer.to_string())?;
    #[expect(clippy::print_stdout, reason = "what this program is for")]
    {
        println!("{name}");
    }
    Ok(())
}
