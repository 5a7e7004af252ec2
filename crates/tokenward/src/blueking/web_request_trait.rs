//! What is needed of a web request.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

/// A request of a web program, as far as tokens are concerned.
///
/// Who the user is decides the program's own authentication; a cookie says only what the token service is shown.
pub trait Request: Send + Sync {
    /// The name of the authenticated user; `None` or empty for an anonymous one.
    fn user(&self) -> Option<Cow<'_, str>>;

    /// A cookie.
    fn cookie(&self, name: &str) -> Option<Cow<'_, str>>;

    /// A value of the user's session.
    fn session(&self, _name: &str) -> Option<Cow<'_, str>> {
        None
    }

    /// A header.
    fn header(&self, _name: &str) -> Option<Cow<'_, str>> {
        None
    }

    /// A parameter of the address. Asked for only where the client was told to ([`super::Cookies::or_query`]).
    fn query(&self, _name: &str) -> Option<Cow<'_, str>> {
        None
    }

    /// The user's address, as far as the program trusts it.
    fn client_ip(&self) -> Option<IpAddr> {
        None
    }
}

/// A request put together by hand.
#[derive(Clone, Default)]
pub struct RequestParts {
    user: Option<String>,
    cookies: Vec<(String, String)>,
    session: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl RequestParts {
    /// Of a user who is authenticated by that name.
    pub fn of_user(name: &str) -> Self {
        Self { user: Some(name.to_owned()), ..Self::default() }
    }

    /// Of nobody in particular.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// With a cookie.
    #[must_use]
    pub fn with_cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a value in the session.
    #[must_use]
    pub fn with_session(mut self, name: &str, value: &str) -> Self {
        self.session.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// With a parameter in the address.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Request for RequestParts {
    fn user(&self) -> Option<Cow<'_, str>> {
        self.user.as_deref().map(Cow::Borrowed)
    }

    fn cookie(&self, name: &str) -> Option<Cow<'_, str>> {
        find(&self.cookies, name)
    }

    fn session(&self, name: &str) -> Option<Cow<'_, str>> {
        find(&self.session, name)
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        find(&self.headers, &name.to_ascii_lowercase())
    }

    fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        find(&self.query, name)
    }
}

impl fmt::Debug for RequestParts {
    /// Names of cookies are no secret, their values are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        f.debug_struct("RequestParts")
            .field("user", &self.user)
            .field("cookies", &names(&self.cookies))
            .finish_non_exhaustive()
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<Cow<'a, str>> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| Cow::Borrowed(value.as_str()))
}
