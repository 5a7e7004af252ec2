//! Secrets as people and files give them.
//!
//! Enters: a text from a file, a variable or the command line. Leaves: a token or a secret; or the reason why it is none. A reference
//! that another program resolves, a sealed text or a placeholder is never taken for a secret, so it is never sent (I4).

use tokenward_core::{AccessToken, AppSecret, AppToken, BadSecret, RefreshToken};

use crate::links::Nature;

/// A refresh token.
///
/// # Errors
/// [`BadSecret`].
pub fn refresh_token(text: impl Into<String>) -> Result<RefreshToken, BadSecret> {
    of(text.into(), Nature::of, RefreshToken::parse)
}

/// An access token of a user.
///
/// # Errors
/// [`BadSecret`].
pub fn access_token(text: impl Into<String>) -> Result<AccessToken, BadSecret> {
    of(text.into(), Nature::of, AccessToken::parse)
}

/// An access token of an app.
///
/// # Errors
/// [`BadSecret`].
pub fn app_token(text: impl Into<String>) -> Result<AppToken, BadSecret> {
    of(text.into(), Nature::of, AppToken::parse)
}

/// The secret of an app. People choose some of them, so a mark or a word alone makes no reference of one.
///
/// # Errors
/// [`BadSecret`].
pub fn app_secret(text: impl Into<String>) -> Result<AppSecret, BadSecret> {
    of(text.into(), Nature::of_secret, AppSecret::parse)
}

/// A token in a store that a program has written, where tests and simple servers put words: what is plainly no token is none.
///
/// # Errors
/// [`BadSecret`].
pub(crate) fn stored<T>(text: String, parse: impl Fn(String) -> Result<T, BadSecret>) -> Result<T, BadSecret> {
    of(text, Nature::of_secret, parse)
}

fn of<T>(
    text: String,
    nature: impl Fn(&str) -> Nature,
    parse: impl Fn(String) -> Result<T, BadSecret>,
) -> Result<T, BadSecret> {
    match nature(&text) {
        Nature::Placeholder | Nature::Reference | Nature::Document => Err(BadSecret::StandIn),
        Nature::Empty | Nature::Token => parse(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_for_a_secret_is_none() {
        for text in ["op://dev/feishu/x", "${FEISHU_X}", "$FEISHU_X", "ENC[AES256_GCM,data:x]", "<secret>", "{{ x }}"] {
            assert_eq!(refresh_token(text).err(), Some(BadSecret::StandIn), "{text}");
            assert_eq!(access_token(text).err(), Some(BadSecret::StandIn), "{text}");
            assert_eq!(app_token(text).err(), Some(BadSecret::StandIn), "{text}");
            assert_eq!(app_secret(text).err(), Some(BadSecret::StandIn), "{text}");
        }
        for text in ["your_app_secret", "%FEISHU_APP_SECRET%", "vault:secret/feishu#x", "$(pass feishu)", "!secret x"] {
            assert_eq!(app_secret(text).err(), Some(BadSecret::StandIn), "{text}");
        }
        // A person's own choice, of a server on this machine.
        for text in ["secret", "mysecret", "$ecret-1/2", "pa%ss{w}ord!", "@home::7", "dev/feishu/x", "#1-secret"] {
            assert!(app_secret(text).is_ok(), "{text}");
        }
        assert_eq!(refresh_token("").err(), Some(BadSecret::Empty));
    }
}
