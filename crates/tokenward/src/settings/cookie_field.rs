//! Which cookies prove a user to BlueKing.

/// One field of a request for a user's tokens, and the cookie it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CookieField {
    /// The name of the field.
    pub field: String,
    /// The name of the cookie.
    pub cookie: String,
}

impl CookieField {
    pub(super) fn new(field: &str, cookie: &str) -> Self {
        Self { field: field.to_owned(), cookie: cookie.to_owned() }
    }

    /// Whether it merely names the user, instead of proving who they are.
    pub fn names_user(&self) -> bool {
        NAMING.contains(&self.field.as_str())
    }
}

/// Fields that say who a user is and prove nothing.
const NAMING: [&str; 3] = ["rtx", "uin", "openid"];
