//! One request: what it consists of, and how its parts are written.
//!
//! Enters: URLs, fields, secrets. Leaves: a [`Request`] for the transport, whose buffers are wiped when it is dropped (I4).
//! A URL cannot be wiped; a secret stands in one only where a dialect forces it (reference/blueking.md §2.2), and of a
//! URL nothing but host and port is ever told.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde::Serialize;
use tokenward_core::{App, Landing};
use url::Url;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::api_call::{JSON, authority};

/// One request. Its secrets are wiped when it is dropped.
pub(crate) struct Request {
    /// The method.
    pub(crate) method: Method,
    /// Where to.
    pub(crate) url: Url,
    /// The `Authorization` header.
    pub(crate) authorization: Option<Zeroizing<String>>,
    /// Further headers, all of them secret or beside a secret.
    pub(crate) headers: Vec<(&'static str, Zeroizing<String>)>,
    /// The body with its `Content-Type`.
    pub(crate) body: Option<Content>,
    /// Whether the app's registration permits clear text to this very host.
    pub(crate) clear_text: bool,
    /// Where the answer lands.
    pub(crate) landing: Option<Arc<dyn Landing>>,
}

/// A body with its `Content-Type`.
pub(crate) type Content = (&'static str, Zeroizing<Vec<u8>>);

impl Request {
    pub(crate) const fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            authorization: None,
            headers: Vec::new(),
            body: None,
            clear_text: false,
            landing: None,
        }
    }

    pub(crate) const fn post(url: Url, body: Content) -> Self {
        Self {
            method: Method::POST,
            url,
            authorization: None,
            headers: Vec::new(),
            body: Some(body),
            clear_text: false,
            landing: None,
        }
    }

    /// With a token as bearer (RFC 6750 §2.1).
    pub(crate) fn with_bearer(mut self, token: &str) -> Self {
        self.authorization = Some(Zeroizing::new(format!("Bearer {token}")));
        self
    }

    /// With HTTP Basic (RFC 7617), the two parts as they are.
    pub(crate) fn with_basic(mut self, user: &str, password: &str) -> Self {
        let pair = Zeroizing::new(format!("{user}:{password}"));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        self.authorization = Some(Zeroizing::new(format!("Basic {}", encoded.as_str())));
        self
    }

    /// As this app's registration permits: in clear text only to hosts that it names so.
    pub(crate) fn permitted_by(mut self, app: &App) -> Self {
        self.clear_text = app.permits_clear_text(&self.url);
        self
    }

    /// With a header that is not to be shown.
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, Zeroizing::new(value.to_owned())));
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &authority(&self.url))
            .finish_non_exhaustive()
    }
}

/// A path under a base URL, which may have a path of its own, with or without a slash at its end.
pub(crate) fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url.set_query(None);
    url.set_fragment(None);
    url
}

pub(crate) fn json(body: &impl Serialize) -> Content {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    serde_json::to_writer(&mut *bytes, body).expect("texts can be written as JSON into memory");
    (JSON, bytes)
}

pub(crate) fn form(fields: &[(&str, &str)]) -> Content {
    let text = form_text(fields);
    ("application/x-www-form-urlencoded", Zeroizing::new(text.as_bytes().to_vec()))
}

/// Fields as a form or a query writes them; a space is a plus.
pub(crate) fn form_text(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(ROOM));
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        escape_into(&mut text, name);
        text.push('=');
        escape_into(&mut text, value);
    }
    text
}

/// One value as a form writes it.
pub(crate) fn form_value(value: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(value.len() * 3));
    escape_into(&mut text, value);
    text
}

fn escape_into(text: &mut String, value: &str) {
    byte_serialize(value.as_bytes()).for_each(|part| text.push_str(part));
}

/// Room for a token of the largest kind (4 KB, reference/feishu.md §4.3) with every byte escaped, so that buffers with
/// secrets seldom move.
const ROOM: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_below_a_base_and_its_query_does_not() {
        let joined = |base: &str| join(&Url::parse(base).unwrap(), "/a/b").to_string();
        assert_eq!(joined("https://x.test"), "https://x.test/a/b");
        assert_eq!(joined("https://x.test/gate/?q=1#f"), "https://x.test/gate/a/b");
    }

    #[test]
    fn nothing_of_a_request_shows() {
        let url = Url::parse("https://x.test/?app_secret=s3cret").unwrap();
        let request = Request::get(url).with_bearer("tok3n").with_header("x-bk-app-secret", "s3cret");
        assert_eq!(format!("{request:?}"), "Request { method: GET, host: \"x.test\", .. }");
        let basic = Request::get(Url::parse("https://x.test/").unwrap()).with_basic("Aladdin", "open sesame");
        assert_eq!(basic.authorization.unwrap().as_str(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
