//! Scopes: what a person is asked to consent to.
//!
//! Enters: text as people write it. Leaves: a list in the order given, without doubles, joined by single spaces
//! (RFC 6749 §3.3). Commas are accepted, because rule files in the wild use them (reference/feishu.md §3.1), and the
//! caller is told so that it can explain.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The largest number of scopes in one authorization request (reference/feishu.md §3.1).
pub const MAX_SCOPES: usize = 50;

/// A list of scopes in the order given, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(Vec<String>);

/// Why a text is not a list of scopes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScopesError {
    /// More scopes than one authorization request may ask for.
    #[error("{count} scopes requested, but one login takes at most {MAX_SCOPES} (offline_access is one of them)")]
    TooMany {
        /// How many there were, `offline_access` included.
        count: usize,
    },
    /// A scope holds a character that RFC 6749 §3.3 forbids.
    #[error("{0:?} is not a scope: a scope is visible ASCII without quotes and backslashes")]
    Malformed(String),
}

impl Scopes {
    /// The scope without which no refresh token is issued (reference/feishu.md §3.1).
    pub const OFFLINE_ACCESS: &str = "offline_access";

    /// Reads scopes separated by white space or commas. The second value tells whether commas were found.
    ///
    /// # Errors
    /// [`ScopesError::Malformed`] for a character that a scope cannot hold.
    pub fn parse(text: &str) -> Result<(Self, bool), ScopesError> {
        let mut scopes = Vec::new();
        for word in text.split([' ', ',', '\t', '\r', '\n', '，', '、']).filter(|word| !word.is_empty()) {
            let valid = word.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
            if !valid {
                return Err(ScopesError::Malformed(word.to_owned()));
            }
            if !scopes.iter().any(|known| known == word) {
                scopes.push(word.to_owned());
            }
        }
        Ok((Self(scopes), text.contains([',', '，', '、'])))
    }

    /// The same scopes with `offline_access` among them, checked against [`MAX_SCOPES`].
    ///
    /// # Errors
    /// [`ScopesError::TooMany`] when the list no longer fits into one request.
    pub fn for_login(mut self) -> Result<Self, ScopesError> {
        if !self.contains(Self::OFFLINE_ACCESS) {
            self.0.push(Self::OFFLINE_ACCESS.to_owned());
        }
        if self.0.len() > MAX_SCOPES {
            return Err(ScopesError::TooMany { count: self.0.len() });
        }
        Ok(self)
    }

    /// Whether a scope is in the list (scopes are case-sensitive).
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|known| known == scope)
    }

    /// The scopes, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many scopes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_are_accepted_and_reported() {
        let (scopes, commas) = Scopes::parse("a:read, b，c a:read").unwrap();
        assert_eq!(scopes.to_string(), "a:read b c");
        assert!(commas);
        assert!(!Scopes::parse("a b").unwrap().1);
    }

    #[test]
    fn offline_access_is_added_once_and_counts() {
        let (scopes, _) = Scopes::parse("a offline_access").unwrap();
        assert_eq!(scopes.for_login().unwrap().to_string(), "a offline_access");
        let many = (0..50).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
        let (scopes, _) = Scopes::parse(&many).unwrap();
        assert_eq!(scopes.for_login(), Err(ScopesError::TooMany { count: 51 }));
    }

    #[test]
    fn a_chinese_word_is_not_a_scope() {
        assert_eq!(Scopes::parse("读取"), Err(ScopesError::Malformed("读取".to_owned())));
    }
}
