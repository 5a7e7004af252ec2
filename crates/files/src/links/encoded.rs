//! Texts in which a token may stand encoded: as a part of an address, as base64, in hexadecimal
//! digits, as another notation spells it.
//!
//! Enters: a text of a document. Leaves: what it reads as, once decoded. What is found in it is told and not written: which program reads it,
//! and how, is not known. The work grows with the text.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use tokenward_core::{hex, percent_decode};
use zeroize::Zeroizing;

use super::token_or_placeholder::SHORTEST;

/// What a text reads as in other notations, in notations of those in turn; nothing for one that reads as it is written.
pub(super) fn decodings(text: &str) -> Vec<Zeroizing<String>> {
    // What is put into a text of its own, such as an address in an address, is encoded once more each time. What comes of a text that
    // does not become plain is no longer than a few of it.
    let mut allowance = text.len() * GROWTH;
    let mut found: Vec<Zeroizing<String>> = Vec::new();
    let mut from = 0;
    let mut next = once(text);
    for _ in 0..ROUNDS {
        for decoded in next {
            let Some(rest) = allowance.checked_sub(decoded.len()) else { continue };
            allowance = rest;
            found.push(decoded);
        }
        next = found[from..].iter().flat_map(|text| once(text)).collect();
        from = found.len();
    }
    found
}

/// One round of each.
fn once(text: &str) -> Vec<Zeroizing<String>> {
    let mut found = Vec::new();
    found.extend(unescaped(text));
    // `configparser` reads `%%` as `%`.
    if text.contains("%%") {
        found.push(Zeroizing::new(text.replace("%%", "%")));
    }
    if let Cow::Owned(joined) = joined(text) {
        found.push(Zeroizing::new(joined));
    }
    found.extend(packed(text));
    found.extend(digits(text));
    found
}

/// The words of a text that are the hexadecimal digits of a text.
fn digits(text: &str) -> impl Iterator<Item = Zeroizing<String>> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    // As `xxd` and C write them, with a mark before them.
    let words = words.map(|word| word.strip_prefix("0x").unwrap_or(word)).filter(|word| word.len() >= SHORTEST * 2);
    words.filter_map(|word| String::from_utf8(hex::decode(word)?).ok().map(Zeroizing::new))
}

/// Escapes (RFC 3986 §2.1), if there is one.
fn unescaped(text: &str) -> Option<Zeroizing<String>> {
    let bytes = percent_decode::decode(text)?;
    std::str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
}

/// A line that goes on after a `\`, as shells and `.env` readers join it.
fn joined(text: &str) -> Cow<'_, str> {
    if !text.contains("\\\n") && !text.contains("\\\r\n") {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\\\r\n", "\\\n");
    let mut parts = text.split("\\\n");
    let first = parts.next().unwrap_or_default().to_owned();
    Cow::Owned(parts.fold(first, |whole, part| whole + part.trim_start_matches([' ', '\t'])))
}

/// The words of a text that are base64 of a text, in either alphabet (RFC 4648 §§4, 5), padded or not.
fn packed(text: &str) -> Vec<Zeroizing<String>> {
    let is_in = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let words = text.split(|c: char| !is_in(c)).filter(|word| word.len() >= SHORTEST * 4 / 3);
    words
        .filter_map(|word| {
            let alphabet = if word.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
            let config = GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent)
                .with_decode_allow_trailing_bits(true);
            let bytes = GeneralPurpose::new(alphabet, config).decode(word).ok()?;
            String::from_utf8(bytes).ok().map(Zeroizing::new)
        })
        .collect()
}

/// How often a text is decoded.
const ROUNDS: usize = 4;
/// How many times as long as a text what comes of it is at most.
const GROWTH: usize = 4;

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn reads_as(text: &str, token: &str) -> bool {
        decodings(text).iter().any(|decoded| decoded.contains(token))
    }

    proptest! {
        #[test]
        fn a_token_is_read_however_it_is_encoded(token in "[A-Za-z0-9_.~+/=-]{12,60}", user in "[a-z]{0,5}") {
            let escaped = token.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
            let query = format!("https://x.test/?access_token={escaped}&lang=zh");
            prop_assert!(reads_as(&query, &token));
            for text in [token.clone(), format!("{user}:{token}"), format!("{{\"access_token\":\"{token}\"}}")] {
                for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE] {
                    let packed = format!("Authorization: Basic {}", engine.encode(&text));
                    prop_assert!(reads_as(&packed, &token), "{}", packed);
                }
            }
            let again = |text: &str| text.bytes().fold(String::new(), |text, byte| match byte {
                b'%' | b'=' | b'&' | b'?' | b':' | b'/' => format!("{text}%{byte:02x}"),
                byte => format!("{text}{}", char::from(byte)),
            });
            let inner = again(&format!("https://y.test/?access_token={}&x=1", again(&token)));
            for text in [inner.clone(), again(&inner), STANDARD.encode(&inner), again(&STANDARD.encode(&token))] {
                let text = format!("https://x.test/?to={text}");
                prop_assert!(reads_as(&text, &token), "{}", text);
            }
            let digits = hex::encode(token.as_bytes());
            for text in [digits.to_uppercase(), format!("0x{digits}"), format!("key:{digits};")] {
                prop_assert!(reads_as(&text, &token), "{}", text);
            }
            let (begin, end) = token.split_at(6);
            let continued = format!("{begin}\\\n    {end}");
            prop_assert!(reads_as(&continued, &token));
        }

        #[test]
        fn any_text_can_be_decoded(text: String) {
            decodings(&text);
        }
    }

    #[test]
    fn what_reads_as_it_is_written_is_not_decoded() {
        for text in ["", "plain", "50% of it", "a b", "%zz", "C:\\dir\\x"] {
            assert!(decodings(text).is_empty(), "{text}");
        }
        assert!(reads_as("abc%%2Fdef-0123456", "abc%2Fdef-0123456"));
    }

    /// A long text is decoded in a time that grows with it.
    #[test]
    fn little_comes_of_much() {
        let text = "%41%%\\\n".repeat(40_000);
        let all: usize = decodings(&text).iter().map(|text| text.len()).sum();
        assert!(all <= 4 * text.len());
    }
}
