//! Grants that need no authorization page: tokens for what the caller already holds.
//!
//! `BlueKing`'s older dialects give a user's tokens to whoever shows the login cookie of that user, and an app's own tokens to
//! whoever shows its secret (RFC 6749 §4.4 calls the latter *client credentials*). Nothing here is used up by being sent, so
//! such a grant may be repeated; but a server may replace what it issued before, so one process asks at a time.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::LoginCookie;

/// What is shown in exchange for tokens.
#[derive(Debug, Clone)]
pub enum DirectGrant {
    /// The app's own id and secret: the tokens are the app's.
    ClientCredentials,
    /// A user's login cookies: the tokens are that user's.
    Ticket(UserTicket),
}

/// The login cookies of one user, under the names that the token service knows them by.
#[derive(Debug, Clone)]
pub struct UserTicket {
    /// Field and value: `bk_token`; or `bk_ticket` and `rtx`; or `skey` and `uin`.
    pub fields: Vec<(String, LoginCookie)>,
    /// The user's address (`bk_client_ip` of the auth api).
    pub client_ip: Option<IpAddr>,
    /// Whether a token is wanted that nobody holds yet (`need_new_token`): the present one was refused.
    pub renew: bool,
}

/// A user's name at a provider, never empty: nobody in particular is not a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

impl UserName {
    /// The longest name, in bytes.
    pub const MAX: usize = 255;

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UserName {
    type Err = BadUserName;

    /// White space around it is removed.
    fn from_str(text: &str) -> Result<Self, BadUserName> {
        let name = text.trim();
        if name.is_empty() || name.len() > Self::MAX || name.chars().any(char::is_control) {
            return Err(BadUserName);
        }
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for UserName {
    type Error = BadUserName;

    fn try_from(text: String) -> Result<Self, BadUserName> {
        text.parse()
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

/// A text that is no user's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user's name has 1 to 255 bytes and no control characters")]
pub struct BadUserName;
