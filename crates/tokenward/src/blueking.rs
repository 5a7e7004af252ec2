//! BlueKing under the names its developers know, without the defects of `bkoauth` (reference/blueking.md §1.6).
//!
//! Enters: a request with an authenticated user and what that user's browser carries. Leaves: an [`AccessToken`] of that very user,
//! durable in the vault (I2), or a [`TokenError`] with the provider's code inside. Free of any framework: a web program
//! implements [`Request`], or fills in [`RequestParts`]; with the feature `axum` an extractor does.
//!
//! | `bkoauth` | here |
//! |---|---|
//! | `get_access_token(request)` | [`BkClient::get_access_token`] |
//! | `get_app_access_token()` | [`BkClient::get_app_access_token`] |
//! | `get_access_token_by_user(user_id)` | [`BkClient::get_access_token_by_user`] |
//! | `refresh_token(row)` | [`BkClient::refresh_token`] |
//! | `TokenAPIError`, `TokenNotExist` | [`TokenAPIError`], [`TokenNotExist`], both in [`TokenError`] |
//!
//! What a request carries lives for that call alone; nothing of it is shared with another (R5). One grant is kept for each user,
//! however many processes ask (R1–R4). The identity that the provider names is the user it is handed out for (D4), and nobody in
//! particular is nobody (D5). When to renew is drawn from the token's own life, and there is no setting for it.
//!
//! ```no_run
//! use tokenward::blueking::{BkApp, BkClient, Cookies, RequestParts};
//! # async fn view(session: &tokenward::Session) -> Result<(), Box<dyn std::error::Error>> {
//! let app = BkApp::new("demo-app", "demo-secret", "http://bkssm.example.com:5000".parse()?)?.allow_http();
//! let client = BkClient::new(session, app.build()?, "demo".parse()?, Cookies::bk_token());
//! let request = RequestParts::of_user("alice").with_cookie("bk_token", "…");
//! let token = client.get_access_token(&request).await?;
//! let (name, value) = token.authorization();
//! # let _ = (name, value);
//! # Ok(())
//! # }
//! ```

mod access_token;
mod app_builder;
#[cfg(feature = "axum")]
mod axum;
mod cookie_mapping;
mod error;
mod token_client;
mod web_request_trait;

#[cfg(feature = "axum")]
pub use self::axum::{ClientIp, LoggedIn, UserToken, UserTokenRejection};
pub use access_token::AccessToken;
pub use app_builder::{BadBkApp, BkApp};
pub use cookie_mapping::{Cookies, Field};
pub use error::{TokenAPIError, TokenError, TokenNotExist};
pub use token_client::BkClient;
pub use web_request_trait::{Request, RequestParts};
