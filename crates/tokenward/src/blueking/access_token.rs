//! A token as BlueKing developers know it, and the header it is used in.

use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use tokenward_core::{Access, Generation, GrantId, UserName};

use crate::Notice;

/// An access token. `Debug` shows nothing of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AccessToken {
    /// The token; [`tokenward_core::AccessToken::expose`] is the way out.
    pub access_token: tokenward_core::AccessToken,
    /// When it ends, by the provider's own number.
    pub expires: Timestamp,
    /// Whose it is; `None` for the app's own.
    pub user: Option<UserName>,
    /// The grant it belongs to.
    pub grant: GrantId,
    /// Its generation.
    pub generation: Generation,
    /// What a person should know.
    pub notices: Vec<Notice>,
    /// Whether it was made because the one before it was refused.
    pub(super) renewed: bool,
}

impl AccessToken {
    pub(super) fn new(access: Access, user: Option<UserName>, grant: GrantId, generation: Generation) -> Self {
        let Access { token, expires, .. } = access;
        Self { access_token: token, expires, user, grant, generation, notices: Vec::new(), renewed: false }
    }

    /// The header `X-Bkapi-Authorization` for a call through the API gateway: `{"access_token": "…"}` and nothing beside it, as
    /// the gateway's documentation demands (reference/blueking.md §4). Marked as sensitive, so that HTTP crates do not
    /// print it.
    ///
    /// # Panics
    /// Never: a token is visible ASCII, and JSON escapes what a header could not hold.
    pub fn authorization(&self) -> (HeaderName, HeaderValue) {
        let json = serde_json::json!({ "access_token": self.access_token.expose() }).to_string();
        let mut value = HeaderValue::from_str(&json).expect("visible ASCII");
        value.set_sensitive(true);
        (HeaderName::from_static("x-bkapi-authorization"), value)
    }
}
