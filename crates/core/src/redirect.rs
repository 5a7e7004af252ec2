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
