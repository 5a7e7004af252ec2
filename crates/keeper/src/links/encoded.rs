//! Texts in which a token may stand encoded: as a part of an address, as base64, as another notation spells it.
//!
//! Enters: a text of a document. Leaves: what it reads as, once decoded. What is found in it is told and not written: which program reads it,
//! and how, is not known. One round of decoding each; the work grows with the text.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use tokenward_core::percent;
use zeroize::Zeroizing;

use super::nature::SHORTEST;

/// What a text reads as in other notations; nothing for one that reads as it is written.
pub(super) fn decodings(text: &str) -> Vec<Zeroizing<String>> {
    let mut found = Vec::new();
    if let Some(decoded) = unescaped(text) {
        // A form's text (WHATWG URL §5.1) may be base64 in its turn.
        found.extend(packed(&decoded));
        found.push(decoded);
    }
    // `configparser` reads `%%` as `%`.
    if text.contains("%%") {
        found.push(Zeroizing::new(text.replace("%%", "%")));
    }
    if let Cow::Owned(joined) = joined(text) {
        found.push(Zeroizing::new(joined));
    }
    found.extend(packed(text));
    found
}

/// Escapes (RFC 3986 §2.1), if there is one.
fn unescaped(text: &str) -> Option<Zeroizing<String>> {
    let bytes = percent::decode(text)?;
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
