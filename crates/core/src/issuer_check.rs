//! Who may answer an authorization request (RFC 9207).
//!
//! All apps of a person may share one redirect URL, so that a hostile server could send another server's code into its own
//! login, and be handed it. Where the answer names its issuer, that must be the one that was asked.

use std::fmt;

use url::Url;

use crate::visible;

/// What is known of the issuer whose answer is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedIssuer {
    /// Its name, as its document spells it; else as the settings do.
    pub name: String,
    /// Whether the spelling is the server's own. One of the settings' may differ by the slash at its end.
    pub spelled_by_server: bool,
    /// Whether the server announces that its answers name it: then one that does not is not its answer.
    pub announced: bool,
    /// Hosts whose every issuer will do, for platforms that have no name for theirs.
    pub hosts: Vec<Url>,
}

/// Why an answer to an authorization request is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerMismatch {
    /// It names another issuer. The name is printable and not long.
    Another {
        /// The one it names.
        named: String,
        /// The one that was asked.
        asked: String,
    },
    /// It names none, and the server announces that its answers do.
    Missing {
        /// The one that was asked.
        asked: String,
    },
}

impl ExpectedIssuer {
    /// A server that is known by its settings alone.
    pub fn by_settings(issuer: &Url) -> Self {
        Self { name: issuer.as_str().to_owned(), spelled_by_server: false, announced: false, hosts: Vec::new() }
    }

    /// Whether an answer that names this issuer, or none, is one of the server that was asked.
    ///
    /// # Errors
    /// What is wrong with it; nothing of it may be sent anywhere then.
    pub fn admit(&self, named: Option<&str>) -> Result<(), IssuerMismatch> {
        let asked = || self.name.clone();
        let Some(named) = named else {
            return if self.announced { Err(IssuerMismatch::Missing { asked: asked() }) } else { Ok(()) };
        };
        // RFC 9207 §2.4 asks for a simple comparison of texts.
        let on = |host: &Url| Url::parse(named).is_ok_and(|url| url.origin() == host.origin());
        let fits = named == self.name
            || (!self.spelled_by_server && Self::are_one(named, &self.name))
            || self.hosts.iter().any(on);
        if fits { Ok(()) } else { Err(IssuerMismatch::Another { named: printable(named), asked: asked() }) }
    }

    /// Whether two spellings differ by no more than one slash at the end, or by what makes no difference in a URL.
    pub fn are_one(one: &str, other: &str) -> bool {
        let bare = |text: &str| {
            let url = Url::parse(text.trim()).ok()?;
            let path = url.path().strip_suffix('/').unwrap_or(url.path()).to_owned();
            Some((url.origin(), path, url.query().map(str::to_owned), url.fragment().map(str::to_owned)))
                .filter(|_| url.username().is_empty() && url.password().is_none())
        };
        bare(one).is_some_and(|one| Some(one) == bare(other))
    }
}

impl fmt::Display for IssuerMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Another { named, asked } if named.is_empty() => {
                write!(f, "the answer names no issuer where it should name {asked}")
            }
            Self::Another { named, asked } => write!(f, "the answer names the issuer {named}, but {asked} was asked"),
            Self::Missing { asked } => {
                write!(f, "the answer names no issuer, and {asked} announces that its answers do")
            }
        }
    }
}

/// A text from outside that will be shown: not long, and what has no look of its own is written as `\u{…}`. Left out, it would leave
/// two names that differ by nothing one can see.
fn printable(text: &str) -> String {
    visible(&text.chars().take(LONGEST).collect::<String>()).into_owned()
}

const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(name: &str, spelled: bool, announced: bool) -> ExpectedIssuer {
        ExpectedIssuer { name: name.to_owned(), spelled_by_server: spelled, announced, hosts: Vec::new() }
    }

    #[test]
    fn an_answer_of_another_issuer_is_not_taken() {
        let theirs = expected("https://h.test/app/", true, false);
        assert_eq!(theirs.admit(None), Ok(()));
        assert_eq!(theirs.admit(Some("https://h.test/app/")), Ok(()));
        for other in ["https://h.test/app", "https://evil.test/app/", "https://h.test/app/x", "", "HTTPS://h.test/app/"]
        {
            assert!(matches!(theirs.admit(Some(other)), Err(IssuerMismatch::Another { .. })), "{other}");
        }
        let announced = ExpectedIssuer { announced: true, ..theirs };
        assert!(matches!(announced.admit(None), Err(IssuerMismatch::Missing { .. })));
    }

    #[test]
    fn what_makes_another_name_is_seen() {
        let theirs = expected("https://h.test/app", true, false);
        for (c, seen) in [('\0', "\\u{0}"), ('\u{200b}', "\\u{200b}"), ('\u{1b}', "\\u{1b}"), ('\u{ad}', "\\u{ad}")] {
            let told = theirs.admit(Some(&format!("https://h.test/app{c}"))).unwrap_err().to_string();
            assert!(told.contains(&format!("https://h.test/app{seen}, but https://h.test/app was")), "{told}");
        }
        assert!(!theirs.admit(Some("")).unwrap_err().to_string().contains(" , "));
    }

    #[test]
    fn a_spelling_of_the_settings_may_differ_by_one_slash() {
        let ours = expected("https://h.test/app", false, false);
        for same in ["https://h.test/app", "https://h.test/app/", "https://H.test:443/app"] {
            assert_eq!(ours.admit(Some(same)), Ok(()), "{same}");
        }
        for other in ["https://h.test/app//", "http://h.test/app", "https://h.test/APP", "https://u@h.test/app"] {
            assert!(ours.admit(Some(other)).is_err(), "{other}");
        }
    }

    #[test]
    fn a_platform_without_a_name_for_its_issuer_is_known_by_its_hosts() {
        let host = |text: &str| Url::parse(text).unwrap();
        let feishu = ExpectedIssuer {
            hosts: vec![host("https://accounts.feishu.cn"), host("https://open.feishu.cn")],
            ..expected("https://accounts.feishu.cn/", false, false)
        };
        for own in [None, Some("https://open.feishu.cn"), Some("https://accounts.feishu.cn/realms/x")] {
            assert_eq!(feishu.admit(own), Ok(()), "{own:?}");
        }
        assert!(feishu.admit(Some("https://open.feishu.cn.evil.test")).is_err());
    }

    #[test]
    fn what_is_shown_of_a_foreign_issuer_is_printable_and_short() {
        let told =
            expected("https://h.test", true, false).admit(Some(&format!("x\u{1b}[31m\u{202e}{}", "y".repeat(999))));
        let Err(IssuerMismatch::Another { named, .. }) = told else { panic!("{told:?}") };
        // Two of its characters are written out.
        let written = [r"\u{1b}", r"\u{202e}"];
        assert!(named.starts_with(&format!("x{}[31m{}y", written[0], written[1])), "{named}");
        assert_eq!(named.chars().count(), LONGEST - 2 + written.concat().len());
    }
}
