//! What a person pastes: the address at which the browser ended, or the two values of it that count.
//!
//! Enters: a line, and the login that waits. Leaves: a consent, if the line belongs to this login and to no other; else what is
//! wrong with it. Without a `state` that fits nothing is believed: a code that somebody else sent would log in with an account
//! of theirs (RFC 9700 §4.7).

use std::borrow::Cow;

use tokenward::Consent;
use tokenward_core::{AuthorizationCode, RedirectUri};
use url::{Url, form_urlencoded};

use crate::words::Lang;

/// What a line turned out to be.
#[derive(Debug)]
pub(super) enum Pasted {
    /// The end of this login.
    Consent(Consent),
    /// The page said no.
    Denied { error: String, description: Option<String> },
    /// Something else, in words.
    Wrong(String),
}

/// Reads a line.
pub(super) fn consent(line: &str, state: &str, redirect_uri: &RedirectUri, lang: Lang) -> Pasted {
    let line = line.trim().trim_matches(['"', '\'', '<', '>']);
    let query = match query_of(line, redirect_uri, lang) {
        Ok(query) => query,
        Err(what) => return Pasted::Wrong(what),
    };
    let field = |name: &str| {
        let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.into_owned())
    };
    match field("state") {
        None => return Pasted::Wrong(lang.paste_state_missing()),
        // The person holds both, so nobody is there from whom the comparison's duration would have to be kept.
        Some(found) if found != state => return Pasted::Wrong(lang.paste_other_login()),
        Some(_) => {}
    }
    if let Some(error) = field("error") {
        return Pasted::Denied { error, description: field("error_description") };
    }
    match field("code").map(AuthorizationCode::parse) {
        Some(Ok(code)) => Pasted::Consent(Consent::new(code, &query)),
        _ => Pasted::Wrong(lang.paste_no_code()),
    }
}

/// The query of an address that belongs to this login; of `code=…&state=…`; or what `code#state` would be as one.
fn query_of<'a>(line: &'a str, redirect_uri: &RedirectUri, lang: Lang) -> Result<Cow<'a, str>, String> {
    if let Ok(url) = Url::parse(line) {
        let place = |url: &Url| {
            let host = url.host_str().map(str::to_owned);
            (url.scheme().to_owned(), host, url.port_or_known_default(), url.path().to_owned())
        };
        if place(&url) == place(redirect_uri.url()) {
            return Ok(Cow::Owned(url.query().unwrap_or_default().to_owned()));
        }
        if url.has_host() {
            return Err(lang.paste_other_page(redirect_uri));
        }
    }
    let is_word = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "#&=?/:".contains(c));
    if let Some((code, state)) = line.split_once('#').filter(|(code, state)| is_word(code) && is_word(state)) {
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs([("code", code), ("state", state)]).finish();
        return Ok(Cow::Owned(query));
    }
    let fields = line.trim_start_matches('?');
    if fields.split('&').all(|field| field.contains('=')) && !fields.contains(char::is_whitespace) {
        return Ok(Cow::Borrowed(fields));
    }
    if is_word(line) && line.len() >= SHORTEST_CODE {
        return Err(lang.paste_code_alone());
    }
    Err(lang.paste_not_url())
}

/// Below this a word is no code (RFC 6749 §10.10 wants codes that cannot be guessed).
const SHORTEST_CODE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Pasted {
        consent(line, "st-1", &"http://127.0.0.1:9768/callback".parse().unwrap(), Lang::En)
    }

    #[test]
    fn an_address_and_its_two_values_are_taken() {
        for line in [
            "http://127.0.0.1:9768/callback?code=c0de&state=st-1",
            "  <http://127.0.0.1:9768/callback?state=st-1&code=c0de#top> ",
            "code=c0de&state=st-1",
            "?state=st-1&code=c0de",
            "c0de#st-1",
            "\"c0de#st-1\"",
        ] {
            assert!(matches!(read(line), Pasted::Consent(consent) if consent.code.expose() == "c0de"), "{line}");
        }
    }

    #[test]
    fn what_does_not_belong_to_this_login_is_not_taken() {
        for (line, expected) in [
            ("c0de#st-2", "another login"),
            ("http://127.0.0.1:9768/callback?code=c0de&state=st-2", "another login"),
            ("http://127.0.0.1:9768/callback?code=c0de", "contains no state"),
            ("code=c0de", "contains no state"),
            ("http://evil.test/callback?code=c0de&state=st-1", "does not begin with"),
            ("http://127.0.0.1:9768/callback?state=st-1", "contains no code"),
            ("0123456789abcdef0123", "code#state"),
            ("hello", "not an address"),
            ("c0de#st-1#x", "not an address"),
            ("c0de #st-1", "not an address"),
        ] {
            assert!(matches!(read(line), Pasted::Wrong(what) if what.contains(expected)), "{line}: {:?}", read(line));
        }
        let no = read("http://127.0.0.1:9768/callback?error=access_denied&error_description=no&state=st-1");
        assert!(matches!(no, Pasted::Denied { error, description: Some(_) } if error == "access_denied"));
    }
}
