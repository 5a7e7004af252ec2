//! Who am I? Asked with a program's own `reqwest` client, whose requests carry a token that is always good.
//!
//! Log in once (`tokenward init`, `tokenward login`), then:
//!
//! ```sh
//! cargo run -p tokenward --features middleware --example middleware
//! ```

use tokenward::TokenMiddleware;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let logins = tokenward::open_default().await?;
    let tokens = logins.profile(None)?.api().await?;
    let address = tokens.app().hosts.open.join("/open-apis/authen/v1/user_info")?;
    let http =
        reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(TokenMiddleware::new(tokens)).build();

    let answer: serde_json::Value = serde_json::from_slice(&http.get(address).send().await?.bytes().await?)?;
    let name = answer["data"]["name"].as_str().ok_or_else(|| answer.to_string())?;
    #[expect(clippy::print_stdout, reason = "what this program is for")]
    {
        println!("{name}");
    }
    logins.close().await?;
    Ok(())
}
