//! What a caller of the proxy must know.
//!
//! It is no provider's secret: it keeps other users and programs of a machine from using the proxy. It may stand in a
//! path, so it consists of letters that need no escape there.

use std::fmt;

use subtle::ConstantTimeEq as _;
use thiserror::Error;
use tokenward::spellings;
use tokenward_core::ports::Entropy;
use zeroize::Zeroizing;

/// A local secret.
#[derive(Clone)]
pub struct LocalSecret(Zeroizing<String>);

/// A text is no local secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a local secret has at least {LEAST} characters, each a letter, a digit, - or _")]
pub struct WeakSecret;

impl LocalSecret {
    /// Reads one; white space around it is not part of it.
    ///
    /// # Errors
    /// [`WeakSecret`] for one that is short, or that could not stand in a path.
    pub fn parse(text: &str) -> Result<Self, WeakSecret> {
        let text = text.trim();
        let usable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (LEAST..=MOST).contains(&text.len()) && text.bytes().all(usable) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(WeakSecret)
        }
    }

    /// Draws a new one of 192 bits.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; DRAWN]);
        entropy.fill(&mut *bytes);
        Self(Zeroizing::new(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 63)])).collect()))
    }

    /// The secret itself, for the one who is to configure it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The secret in the form of a token, for programs that send one along: a user's.
    pub fn as_user_token(&self) -> String {
        format!("u-{}", self.expose())
    }

    /// The same of a tenant's.
    pub(super) fn as_tenant_token(&self) -> String {
        format!("t-{}", self.expose())
    }

    /// Whether a text is this secret, as it is or in the form of a token.
    pub(super) fn is_token(&self, text: &str) -> bool {
        self.is(text) || ["u-", "t-"].iter().any(|form| text.strip_prefix(form).is_some_and(|text| self.is(text)))
    }

    /// Whether it stands in a text, however often that is escaped.
    pub(super) fn is_in(&self, text: &str) -> bool {
        spellings(text).iter().any(|spelling| spelling.contains(self.expose()))
    }

    /// Whether a text is this secret, in time that does not tell how much of it is right.
    pub(super) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl fmt::Debug for LocalSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalSecret(…)")
    }
}

const LEAST: usize = 16;
const MOST: usize = 256;
const DRAWN: usize = 32;
/// Those of base64url (RFC 4648 §5).
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for (place, value) in buffer.iter_mut().zip(250_u8..=255) {
                *place = value;
            }
        }
    }

    #[test]
    fn what_is_drawn_can_be_read_and_is_not_shown() {
        let secret = LocalSecret::draw(&Counting);
        assert_eq!(secret.expose().len(), DRAWN);
        assert!(LocalSecret::parse(secret.expose()).unwrap().is(secret.expose()));
        assert!(!format!("{secret:?}").contains(secret.expose()));
        assert!(secret.is_token(&secret.as_user_token()) && secret.is_token(&secret.as_tenant_token()));
        let escaped: String = secret.expose().bytes().fold(String::new(), |text, byte| format!("{text}%25{byte:02x}"));
        assert!(secret.is_in(&format!("/x/{}?y", secret.expose())) && secret.is_in(&escaped) && !secret.is_in("/x"));
        assert!(!secret.is_token("u-") && !secret.is_token(&format!("x-{}", secret.expose())));
    }

    #[test]
    fn short_ones_and_those_that_need_escapes_are_refused() {
        for bad in ["", "short", "0123456789abcde", "0123456789abcdef/x", "0123456789abcdef%20", "0123456789abcdé-xx"]
        {
            assert_eq!(LocalSecret::parse(bad).unwrap_err(), WeakSecret, "{bad}");
        }
        assert!(LocalSecret::parse(" 0123456789abcdef\n").unwrap().is("0123456789abcdef"));
    }
}
