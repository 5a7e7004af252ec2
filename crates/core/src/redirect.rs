//! Where the browser comes back to after a login: letter by letter as it was registered.
//!
//! Servers compare a redirect URL as text (RFC 9700 §2.1), so it is sent as it was written: a URL that was taken apart and put
//! together again has lost a default port, gained a slash, or changed the case of its host. What it means, for whoever
//! listens there, is beside it.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// A redirect URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RedirectUri {
    text: String,
    url: Url,
}

impl RedirectUri {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it means: what a browser makes of it.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Why no login can ever come back by it, if so. A fragment is not sent to whoever listens and may not stand in it (RFC 6749
    /// §3.1.2); a parameter that the answer brings too would be there twice, and such an answer is not taken (RFC 6749
    /// §3.1).
    pub fn flaw(&self) -> Option<RedirectFlaw> {
        if self.text.contains('#') {
            return Some(RedirectFlaw::Fragment);
        }
        let own = |name: &&&str| self.url.query_pairs().any(|(key, _)| key == **name);
        ANSWERS.iter().find(own).map(|name| RedirectFlaw::Answers(name))
    }

    /// The same with another port. One that is at that port already stays as it was written.
    pub fn with_port(self, port: u16) -> Self {
        if self.url.port_or_known_default() == Some(port) {
            return self;
        }
        let Some(begin) = self.text.find("://").map(|at| at + 3) else { return self };
        let end = self.text[begin..].find(['/', '?', '#', '\\']).map_or(self.text.len(), |length| begin + length);
        let authority = &self.text[begin..end];
        let digits = |tail: &str| tail.bytes().all(|byte| byte.is_ascii_digit());
        let host = match authority.rsplit_once(':') {
            Some((host, tail)) if digits(tail) => host,
            _ => authority,
        };
        let text = format!("{}{host}:{port}{}", &self.text[..begin], &self.text[end..]);
        text.parse().unwrap_or(self)
    }
}

/// Why no login can come back by a redirect URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectFlaw {
    /// It has a fragment.
    Fragment,
    /// Its query has a parameter that the provider's answer brings.
    Answers(&'static str),
}

/// What an answer to an authorization request brings (RFC 6749 §4.1.2, §4.1.2.1; RFC 9207 §2).
const ANSWERS: [&str; 6] = ["code", "state", "error", "error_description", "error_uri", "iss"];

impl FromStr for RedirectUri {
    type Err = url::ParseError;

    /// Space around it belongs to the file or the command line.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        Ok(Self { url: Url::parse(text)?, text: text.to_owned() })
    }
}

impl From<Url> for RedirectUri {
    fn from(url: Url) -> Self {
        Self { text: url.as_str().to_owned(), url }
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl serde::Serialize for RedirectUri {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        text.parse().unwrap()
    }

    #[test]
    fn it_stays_letter_by_letter_as_written() {
        for written in [
            "http://localhost:9768",
            "http://127.0.0.1:80/cb",
            "http://LOCALHOST:9768/Callback",
            "HTTP://127.0.0.1:9768/a/../b?x=1&y=%7E",
            "http://127.0.0.1:9768/ümlaut",
            "https://x.test:443/",
        ] {
            assert_eq!(uri(&format!(" {written}\n")).to_string(), written);
        }
        assert_eq!(uri("http://LOCALHOST:9768").url().as_str(), "http://localhost:9768/");
    }

    #[test]
    fn another_port_changes_the_port_alone() {
        for (written, port, expected) in [
            ("http://LOCALHOST:0", 9000, "http://LOCALHOST:9000"),
            ("http://127.0.0.1/cb?at=1:2", 9000, "http://127.0.0.1:9000/cb?at=1:2"),
            ("http://[::1]/cb", 9000, "http://[::1]:9000/cb"),
            ("http://[::1]:0/cb", 9000, "http://[::1]:9000/cb"),
            ("http://127.0.0.1:80/cb", 80, "http://127.0.0.1:80/cb"),
            ("http://127.0.0.1/cb", 80, "http://127.0.0.1/cb"),
        ] {
            assert_eq!(uri(written).with_port(port).as_str(), expected);
        }
    }
}
