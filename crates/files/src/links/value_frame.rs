//! What stands around a token inside a value: `Bearer …`, `NAME=…`, `Name: …`, `--flag=…`, quotes, a command line with `-u …`.
//!
//! Enters: a value as it stands. Leaves: the token in it and what stands before and behind it, which stays when the token is
//! exchanged. Where the vault knows which part is a token, that is its frame, however often it stands there and whatever stands
//! around it. Else the rules of this file tell. A value that holds more than a token, and of which it cannot be told which part that
//! is, has no frame: it is refused rather than written over.

use std::ops::Range;

use tokenward_core::Place;

use super::token_or_placeholder::Nature;

/// What stands before and behind a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Where the token stands, at least once, from the beginning to the end of the value.
    at: Vec<Range<usize>>,
}

impl Frame {
    /// Finds the token in a value; `None` where it cannot be told.
    pub(crate) fn of(text: &str) -> Option<Self> {
        token(text, 0..text.len()).map(Self::one)
    }

    /// The same of the value at a place. In an `Authorization` header any scheme may stand before the token, or before what stands in for it.
    pub(crate) fn at(place: &Place, text: &str) -> Option<Self> {
        if !is_authorization(place) {
            return Self::of(text);
        }
        // What stands in for a token may be several words.
        let stand_in = || {
            let start = text.len() - text.trim_start().len();
            let at = start..start + text.trim().len();
            (Nature::of(text) == Nature::Placeholder).then(|| Self::one(at))
        };
        Self::behind_scheme(text).or_else(|| Self::of(text)).or_else(stand_in)
    }

    fn one(at: Range<usize>) -> Self {
        Self { at: Vec::from([at]) }
    }

    /// What stands behind a scheme, where that is nothing yet, or stands in for a token.
    fn behind_scheme(text: &str) -> Option<Self> {
        let (before, scheme) = text.split_at(text.len() - text.trim_start().len());
        let end = scheme.find(char::is_whitespace).unwrap_or(scheme.len());
        let (scheme, rest) = scheme.split_at(end);
        // `token` alone is what a person writes for one.
        if !is_scheme(scheme) || rest.is_empty() && scheme.eq_ignore_ascii_case("token") {
            return None;
        }
        let start = before.len() + end + (rest.len() - rest.trim_start().len());
        match Nature::of(rest) {
            Nature::Empty => Some(Self::one(text.len()..text.len())),
            Nature::Placeholder | Nature::Reference => Some(Self::one(start..start + rest.trim().len())),
            Nature::Token | Nature::Document => None,
        }
    }

    /// The frame around parts that are known to be the token; `None` where there is no such part.
    pub(crate) fn around(mut parts: Vec<Range<usize>>) -> Option<Self> {
        parts.sort_by_key(|part| (part.start, std::cmp::Reverse(part.end)));
        let mut end = 0;
        parts.retain(|part| {
            let apart = part.start >= end;
            end = end.max(part.end);
            apart && !part.is_empty()
        });
        (!parts.is_empty()).then_some(Self { at: parts })
    }

    /// Whether nothing but white space stands around the token.
    pub(crate) fn is_bare(&self, text: &str) -> bool {
        self.token(text) == text.trim()
    }

    /// Each part of a value that is the token, with what is to stand there.
    pub(crate) fn exchanges<'a>(&self, token: &'a str) -> impl Iterator<Item = (Range<usize>, &'a str)> {
        self.at.clone().into_iter().map(move |at| (at, token))
    }

    /// The token.
    pub(crate) fn token<'a>(&self, text: &'a str) -> &'a str {
        &text[self.at[0].clone()]
    }

    /// The value with another token in it.
    pub(crate) fn with(&self, text: &str, token: &str) -> String {
        if let [at] = self.at.as_slice()
            && at.is_empty()
            && !token.is_empty()
            && ends_in_scheme(&text[..at.start])
        {
            return exchanged(text, vec![(at.clone(), " "), (at.clone(), token)]);
        }
        // `Authorization:` with nothing behind it, as an argument: no server reads a token there without a scheme.
        if let [at] = self.at.as_slice()
            && at.is_empty()
            && !token.is_empty()
            && text[..at.start].trim_end().to_ascii_lowercase().ends_with("authorization:")
        {
            let scheme = if text[..at.start].ends_with(char::is_whitespace) { "Bearer " } else { " Bearer " };
            return exchanged(text, vec![(at.clone(), scheme), (at.clone(), token)]);
        }
        exchanged(text, self.exchanges(token).collect())
    }
}

/// A text with other words at some of its parts, none of which overlap.
pub(crate) fn exchanged(text: &str, mut parts: Vec<(Range<usize>, &str)>) -> String {
    parts.sort_by_key(|(at, _)| at.start);
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    for (at, words) in parts {
        changed.push_str(&text[done..at.start.max(done)]);
        changed.push_str(words);
        done = at.end.max(done);
    }
    changed.push_str(&text[done..]);
    changed
}

/// Whether a place is the `Authorization` header of a table of headers, which names a scheme before the token (RFC 9110 §11.6.2).
pub(crate) fn is_authorization(place: &Place) -> bool {
    let is_of_headers =
        |table: &str| table.eq_ignore_ascii_case("requestInit") || table.to_ascii_lowercase().ends_with("headers");
    place.key().is_some_and(|key| key.trim().eq_ignore_ascii_case("authorization"))
        && place.table().is_some_and(is_of_headers)
}

/// Whether a scheme stands right at the end, without the blank that belongs behind it.
fn ends_in_scheme(text: &str) -> bool {
    text.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().is_some_and(is_scheme)
}

fn token(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let end = at.end;
    let part = &text[at.clone()];
    let inner = part.trim();
    let start = at.start + (part.len() - part.trim_start().len());
    let at = start..start + inner.len();
    let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote
        && inner.len() > 1
        && inner.ends_with(quote)
        && !inner[1..inner.len() - 1].contains(quote)
    {
        return token(text, at.start + 1..at.end - 1);
    }
    // Tables, lists and the like are read by their own formats.
    if inner.starts_with(['{', '[']) {
        return None;
    }
    if let Some(equals) = inner.find(['=', ':'])
        && !inner[..equals].contains(char::is_whitespace)
        && names_token(&inner[..equals])
    {
        if !inner[equals + 1..].trim_matches('=').is_empty() {
            return token(text, at.start + equals + 1..end);
        }
        if waits(&inner[..=equals]) && inner.len() == equals + 1 {
            return Some(end..end);
        }
    }
    // `--env=NAME=…`, `--header=Name:…`
    if let Some((flag, rest)) = inner.split_once('=')
        && ["-e", "--env", "-H", "--header"].contains(&flag)
    {
        let rest = at.end - rest.len()..at.end;
        return token(text, rest.clone()).filter(|found| *found != rest);
    }
    let mut words = words(inner);
    match words.len() {
        // A scheme waits for its token, and is none.
        1 if inner.eq_ignore_ascii_case("bearer") => Some(end..end),
        0 | 1 => Some(in_address(inner).map_or(at.clone(), |found| at.start + found.start..at.start + found.end)),
        2 if is_scheme(&inner[words[0].clone()]) => {
            let word = words.remove(1);
            token(text, at.start + word.start..at.start + word.end)
        }
        _ => {
            let flag = |word: &Range<usize>| ["-u", "--user-access-token"].contains(&&inner[word.clone()]);
            let after = |word: &Range<usize>| {
                ["-u=", "--user-access-token="].iter().any(|flag| inner[word.clone()].starts_with(flag))
            };
            let found = match words.iter().rposition(flag) {
                Some(index) => words.get(index + 1)?.clone(),
                None => words.iter().find(|word| after(word))?.clone(),
            };
            let found = at.start + found.start..at.start + found.end;
            // The last word of a quoted command line may carry its quote.
            token(text, found)
        }
    }
}

/// The access token in an address (RFC 6750 §2.3). Other names in one may be of what it leads to, such as a store of secrets.
fn in_address(word: &str) -> Option<Range<usize>> {
    let query = word.find("://").and_then(|scheme| Some(scheme + word[scheme..].find(['?', '#'])? + 1))?;
    let mut start = query;
    for part in word[query..].split(['&', '#']) {
        if let Some((name, value)) = part.split_once('=')
            && ["access_token", "accesstoken", "uat"].iter().any(|end| name.to_ascii_lowercase().ends_with(end))
            && !value.is_empty()
        {
            let value_at = start + name.len() + 1;
            return Some(value_at..value_at + value.len());
        }
        start += part.len() + 1;
    }
    None
}

/// Whether what stands before `=` or `:` says that a token follows.
fn names_token(name: &str) -> bool {
    let word = name.trim_start_matches('-').to_ascii_lowercase();
    let plain =
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let known = ["token", "uat", "authorization"].iter().any(|end| word.ends_with(end));
    plain && (known || word == "u" && name.starts_with('-'))
}

/// Whether a name, with its mark, waits for a token, and is no token that happens to end so: a flag, a header, a variable.
fn waits(name: &str) -> bool {
    let (word, mark) = name.split_at(name.len() - 1);
    let is_variable = word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    word.starts_with('-') || mark == ":" || is_variable
}

/// Authentication schemes that take one word (RFC 9110 §11.1).
fn is_scheme(word: &str) -> bool {
    ["bearer", "token", "oauth", "dpop"].contains(&word.to_ascii_lowercase().as_str())
}

fn words(text: &str) -> Vec<Range<usize>> {
    let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_whitespace().map(|word| start(word)..start(word) + word.len()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AROUND: [(&str, &str); 19] = [
        ("https://example.com/events?access_token=", "&lang=zh"),
        ("--url=https://example.com/?a=1&user_access_token=", ""),
        ("--env=USER_ACCESS_TOKEN=", ""),
        ("--header=Authorization: Bearer ", ""),
        ("", ""),
        ("Bearer ", ""),
        ("bearer  ", " "),
        ("USER_ACCESS_TOKEN=", ""),
        ("X-Lark-MCP-UAT:", ""),
        ("X-Lark-MCP-UAT: ", ""),
        ("Authorization: Bearer ", ""),
        ("--user-access-token=", ""),
        ("-u=", ""),
        ("\"", "\""),
        ("'", "'"),
        ("'Bearer ", "'"),
        ("npx -y lark-mcp mcp -u ", " -a cli_1"),
        ("npx lark-mcp -u '", "'"),
        ("npx lark-mcp --user-access-token=", " --oauth"),
    ];

    proptest! {
        /// What stands around a token stays, and twice is once.
        #[test]
        fn what_stands_around_a_token_stays(old in "[A-Za-z0-9_.~+/-]{12,40}", new in "[A-Za-z0-9_.~+/-]{12,40}") {
            prop_assume!(!old.starts_with('-') && !new.starts_with('-'));
            for (before, after) in AROUND {
                let text = format!("{before}{old}{after}");
                let frame = Frame::of(&text).unwrap();
                prop_assert_eq!(frame.token(&text), old.as_str(), "{:?}", text);
                let changed = frame.with(&text, &new);
                prop_assert_eq!(&changed, &format!("{before}{new}{after}"));
                let again = Frame::of(&changed).unwrap();
                prop_assert_eq!(again.token(&changed), new.as_str());
            }
        }

        #[test]
        fn any_text_has_a_frame_or_none(text in any::<String>()) {
            if let Some(frame) = Frame::of(&text) {
                prop_assert_eq!(frame.with(&text, frame.token(&text)), text);
            }
        }
    }

    #[test]
    fn a_scheme_alone_waits_for_its_token() {
        for (text, filled) in [
            ("Bearer", "Bearer u-1"),
            ("Bearer ", "Bearer u-1"),
            ("bearer", "bearer u-1"),
            (" Bearer ", " Bearer u-1"),
            ("'Bearer '", "'Bearer u-1'"),
            ("Authorization: Bearer ", "Authorization: Bearer u-1"),
            ("Authorization:Bearer", "Authorization:Bearer u-1"),
            ("Authorization:", "Authorization: Bearer u-1"),
            ("Authorization: ", "Authorization: Bearer u-1"),
        ] {
            let frame = Frame::of(text).unwrap();
            assert_eq!((frame.token(text), frame.with(text, "u-1").as_str()), ("", filled), "{text}");
        }
    }

    #[test]
    fn a_name_with_nothing_behind_it_waits_for_its_token() {
        for (text, filled) in [
            ("--user-access-token=", "--user-access-token=u-1"),
            ("-u=", "-u=u-1"),
            ("USER_ACCESS_TOKEN=", "USER_ACCESS_TOKEN=u-1"),
            ("-eUSER_ACCESS_TOKEN=", "-eUSER_ACCESS_TOKEN=u-1"),
            ("--env=USER_ACCESS_TOKEN=", "--env=USER_ACCESS_TOKEN=u-1"),
            ("X-Lark-MCP-UAT:", "X-Lark-MCP-UAT:u-1"),
            ("npx lark-mcp --user-access-token= --oauth", "npx lark-mcp --user-access-token=u-1 --oauth"),
            ("npx lark-mcp --user-access-token=''", "npx lark-mcp --user-access-token='u-1'"),
        ] {
            let frame = Frame::of(text).unwrap();
            assert_eq!((frame.token(text), frame.with(text, "u-1").as_str()), ("", filled), "{text}");
        }
        // A token may end in the marks that fill its last group up.
        for text in ["Zm9vYmFyIGJhenRva2Vutoken=", "Zm9vYmFyIGJhenRva2Vutoken=="] {
            assert_eq!(Frame::of(text).unwrap().token(text), text);
        }
    }

    #[test]
    fn any_scheme_of_a_header_stays() {
        let place = Place::keys(["headers", "authorization"]);
        for (text, filled) in [
            ("DPoP", "DPoP u-1"),
            ("Token ", "Token u-1"),
            ("token", "u-1"),
            ("Bearer <your token>", "Bearer u-1"),
            ("Bearer ${TOKEN}", "Bearer u-1"),
            ("Bearer u-0123456789abc", "Bearer u-1"),
        ] {
            assert_eq!(Frame::at(&place, text).unwrap().with(text, "u-1"), filled, "{text}");
        }
        assert!(!is_authorization(&Place::keys(["authorization"])));
    }

    #[test]
    fn more_than_a_token_has_no_frame() {
        for text in ["two words", "{\"access_token\":\"x\"}", "[a]", "say hello to u-1"] {
            assert_eq!(Frame::of(text), None, "{text}");
        }
    }
}
