//! Where the browser comes back to after a login: letter by letter as it was registered.
//!
//! Servers compare a redirect URL as text (RFC 9700 §2.1), so it is sent as it was written: a URL that was taken apart and put
//! together again has lost a default port, gained a slash, or changed the case of its host. What it means, for whoever
//! listens there, is beside it.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::Words;

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

    /// Reads one that a login can come back by, wherever somebody wrote it.
    ///
    /// # Errors
    /// Why no login ever can. A name or a password would be shown to whoever sees the authorization page's address; a fragment is
    /// not sent to whoever listens and may not stand in it (RFC 6749 §3.1.2); a parameter that the answer brings too would be
    /// there twice, and such an answer is not taken (RFC 6749 §3.1).
    pub fn usable(text: &str) -> Result<Self, RedirectFlaw> {
        let uri: Self = text.parse().map_err(|_| RedirectFlaw::NoAddress)?;
        let url = &uri.url;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(RedirectFlaw::NoAddress);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectFlaw::UserName);
        }
        if uri.text.contains('#') {
            return Err(RedirectFlaw::Fragment);
        }
        let own = |name: &&&str| url.query_pairs().any(|(key, _)| key == **name);
        match ANSWERS.iter().find(own) {
            Some(name) => Err(RedirectFlaw::Answers(name)),
            None => Ok(uri),
        }
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
    /// It is no address of a web server.
    NoAddress,
    /// It has a user name or a password.
    UserName,
    /// It has a fragment.
    Fragment,
    /// Its query has a parameter that the provider's answer brings.
    Answers(&'static str),
}

impl RedirectFlaw {
    /// What to do about it.
    pub const fn advice(self) -> Words {
        match self {
            Self::NoAddress => Words {
                en: "give an address such as https://host/callback or http://127.0.0.1:9768/callback",
                zh: "请填形如 https://host/callback 或 http://127.0.0.1:9768/callback 的地址",
            },
            Self::UserName => Words {
                en: "a redirect URL has no user name and no password: leave out the part before @",
                zh: "重定向 URL 不能带用户名和密码：请去掉 @ 之前的部分",
            },
            Self::Fragment => Words {
                en: "a redirect URL has no fragment (RFC 6749 §3.1.2): leave out # and what follows, as it is registered",
                zh: "重定向 URL 不能带片段（RFC 6749 §3.1.2）：请去掉 # 及其后的内容，并与登记的一致",
            },
            Self::Answers(_) => Words {
                en: "its query may not hold code, state, error, error_description, error_uri or iss: the provider's answer brings these",
                zh: "其查询部分不能含有 code、state、error、error_description、error_uri 或 iss：这些由平台的应答带来",
            },
        }
    }
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
    fn what_no_login_can_come_back_by_is_told() {
        for (text, flaw) in [
            ("", RedirectFlaw::NoAddress),
            ("callback", RedirectFlaw::NoAddress),
            ("urn:ietf:wg:oauth:2.0:oob", RedirectFlaw::NoAddress),
            ("ftp://127.0.0.1/", RedirectFlaw::NoAddress),
            ("https://ada:geheim@x.test/", RedirectFlaw::UserName),
            ("http://ada@127.0.0.1:9768/", RedirectFlaw::UserName),
            ("http://127.0.0.1:9768/cb#", RedirectFlaw::Fragment),
            ("http://127.0.0.1:9768/cb#/x?y", RedirectFlaw::Fragment),
            ("http://127.0.0.1:9768/cb?a=1&%63ode=", RedirectFlaw::Answers("code")),
        ] {
            assert_eq!(RedirectUri::usable(text), Err(flaw), "{text}");
        }
        assert_eq!(
            RedirectUri::usable(" http://LOCALHOST:9768/cb?a=1\n").unwrap().as_str(),
            "http://LOCALHOST:9768/cb?a=1"
        );
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
