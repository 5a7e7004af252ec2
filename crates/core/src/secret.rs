//! Strings that must never be seen.
//!
//! Enters: text from a provider, a prompt or a file. Leaves: only through `expose`, one greppable word (I4).
//! `Debug` prints the type's name alone; there is no `Display` and no `Serialize`; memory is wiped on drop.

use std::fmt;

use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why a text cannot be a secret. Never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadSecret {
    /// The text was empty, or only white space.
    #[error("it is empty")]
    Empty,
    /// The text holds a character that no token or secret holds (white space inside, a control character, or
    /// anything outside visible ASCII): usually a pasted line break or a quote from a document.
    #[error("it holds a space, a control character or a non-ASCII character")]
    Malformed,
    /// The text is a reference, is sealed, or is a placeholder: another program or a person puts the secret in its place.
    #[error(
        "it is a reference, an encrypted value or a placeholder, not a secret: nothing was sent. Put the secret itself there, or have the program that resolves the reference pass it in"
    )]
    StandIn,
}

macro_rules! secrets {
    ($($(#[$meta:meta])* $name:ident $(: $extra:ident)?;)+) => {$(
        $(#[$meta])*
        $(#[derive($extra)])?
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes a secret from text; white space around it (a pasted line break) is removed.
            ///
            /// # Errors
            /// [`BadSecret`] when it is empty or holds something other than visible ASCII (RFC 6749 appendix A).
            pub fn parse(text: impl Into<String>) -> Result<Self, BadSecret> {
                let text = Zeroizing::new(text.into());
                let trimmed = text.trim();
                if trimmed.is_empty() {
                    return Err(BadSecret::Empty);
                }
                if !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(BadSecret::Malformed);
                }
                Ok(Self(Zeroizing::new(trimmed.to_owned())))
            }

            /// The secret itself. Every caller of this is a place where the secret leaves memory (I4).
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl PartialEq for $name {
            /// Compares in constant time.
            fn eq(&self, other: &Self) -> bool {
                self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
            }
        }

        impl Eq for $name {}
    )+};
}

secrets! {
    /// An access token of a user (RFC 6749 §1.4). May be handed to many, so it can be cloned.
    AccessToken: Clone;
    /// A refresh token (RFC 6749 §1.5). Cannot be cloned: it is stored or spent, never both.
    RefreshToken;
    /// The secret of an app registration (`client_secret`, RFC 6749 §2.3.1).
    AppSecret: Clone;
    /// An access token of the app itself or of its tenant; many may hold one, no rotation (reference/feishu.md §9).
    AppToken: Clone;
    /// The ticket that a provider pushes to store apps (reference/feishu.md §9).
    AppTicket: Clone;
    /// What the browser of a user carries who is logged in at `BlueKing` (`bk_token`, `bk_ticket`, `skey`).
    LoginCookie: Clone;
    /// An authorization code (RFC 6749 §1.3.1): good once, for minutes.
    AuthorizationCode;
    /// A PKCE code verifier (RFC 7636 §4.1).
    CodeVerifier: Clone;
    /// A device code (RFC 8628 §3.2).
    DeviceCode: Clone;
    /// The key of somebody who calls the server.
    ApiKeySecret: Clone;
}

/// Bytes that hold a secret, such as a provider's raw answer.
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Wraps bytes; they are wiped when dropped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves (I4: greppable).
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are; a length is no secret.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for SecretBytes {
    /// Compares in constant time; that the lengths differ may show.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretBytes {}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_secret() {
        let token = AccessToken::parse("eyJsecret").unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken(…)");
        assert_eq!(format!("{:?}", SecretBytes::new(b"eyJ".to_vec())), "SecretBytes(3 bytes)");
    }

    #[test]
    fn bytes_are_equal_when_each_of_them_is() {
        let bytes = |text: &str| SecretBytes::new(text.as_bytes().to_vec());
        assert_eq!(bytes("eyJ"), bytes("eyJ"));
        for other in ["", "ey", "eyJa", "eyj", "fyJ"] {
            assert_ne!(bytes("eyJ"), bytes(other));
        }
    }

    #[test]
    fn a_pasted_line_break_is_removed_and_an_inner_space_refused() {
        assert_eq!(AppSecret::parse(" abc\n").unwrap().expose(), "abc");
        assert_eq!(AppSecret::parse("a b"), Err(BadSecret::Malformed));
        assert_eq!(AppSecret::parse("“abc”"), Err(BadSecret::Malformed));
        assert_eq!(AppSecret::parse(" \n"), Err(BadSecret::Empty));
    }
}
