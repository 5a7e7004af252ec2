//! Whom a business call is made for.

use std::fmt;

use http::HeaderValue;
use tokenward_core::{AccessToken, AppToken};
use zeroize::Zeroizing;

/// Whom a call is made for, with the token that says so.
#[derive(Clone)]
#[non_exhaustive]
pub enum Bearer {
    /// A person.
    User(AccessToken),
    /// The app itself.
    App(AppToken),
    /// The app, in its tenant.
    Tenant(AppToken),
}

impl Bearer {
    /// The value of an `Authorization` header (RFC 6750 §2.1), marked as one that is not to be shown. Every caller is a
    /// place where the token leaves (I4): ask [`Calls::permits`](crate::Calls::permits) first. `None` for a token that cannot stand in one. What
    /// a platform wants instead, [`Calls::credential`](crate::Calls::credential) knows.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let text = Zeroizing::new(format!("Bearer {}", self.expose()));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    pub(crate) fn expose(&self) -> &str {
        match self {
            Self::User(token) => token.expose(),
            Self::App(token) | Self::Tenant(token) => token.expose(),
        }
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User(_) => "User(…)",
            Self::App(_) => "App(…)",
            Self::Tenant(_) => "Tenant(…)",
        })
    }
}
