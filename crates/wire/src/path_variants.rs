//! How a server may read a path.
//!
//! Enters: the path of a request, as somebody wrote it. Leaves: every reading that a server or a gateway before it may make of
//! it. They decode escapes once, or once more behind each gateway; some normalise characters before or after (UAX #15), or take
//! digits of any script for those of an escape; they take `\` for `/` or for a letter, drop `;parameters` (RFC 3986 §3.3), join
//! slashes, and some accept forms of a dot that UTF-8 forbids. Which of them stands at the other end nobody here knows,
//! so a path is believed to stay where it seems to only if it does so in every reading.

use icu_normalizer::DecomposingNormalizerBorrowed;
use tokenward_core::percent_decode;

/// One reading of a path: its segments, without empty ones and dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The segments.
    pub segments: Vec<String>,
    /// Whether it goes above where it began, at any place.
    pub climbs: bool,
}

impl Reading {
    /// The path with one slash between the segments and before the first.
    pub fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    fn of<'a>(segments: impl Iterator<Item = &'a str>) -> Self {
        let mut reading = Self { segments: Vec::new(), climbs: false };
        for segment in segments {
            let name = segment.split(';').next().unwrap_or_default();
            // Some drop what ends a file's name on their disk: `.. ` and `...` are `..` to them.
            let name = name.trim_matches([' ', '\u{a0}', '+']);
            let dots = name.bytes().all(|byte| byte == b'.');
            match name.len() {
                0 | 1 if dots => {}
                _ if dots => reading.climbs |= reading.segments.pop().is_none(),
                _ => reading.segments.push(name.to_owned()),
            }
        }
        reading
    }
}

/// Every reading, the one without decoding first. A path that is still not plain after many rounds of decoding is taken to
/// climb: nobody means such a path.
pub fn readings(path: &str) -> Vec<Reading> {
    let mut found = Vec::new();
    let mut add = |reading| {
        if !found.contains(&reading) {
            found.push(reading);
        }
    };
    let (texts, is_whole) = unfolded(without_controls(path));
    for text in &texts {
        // A server that decodes before it looks for the query sees one here.
        let before = text.split_once(['?', '#']).map(|(before, _)| before);
        for text in [text.as_str()].into_iter().chain(before) {
            add(Reading::of(text.split(['/', '\\'])));
            // Where `\` is a letter, what stands around it is one name, and one step up leaves all of it.
            add(Reading::of(text.split('/')));
        }
    }
    if !is_whole {
        add(Reading { segments: Vec::new(), climbs: true });
    }
    found
}

/// A text and what each round of decoding makes of it, for those who look for something that must not be in it.
pub fn spellings(text: &str) -> Vec<String> {
    unfolded(text.to_owned()).0
}

/// A text and everything that rounds of decoding and normalising make of it, in whichever order; and whether that is all.
fn unfolded(text: String) -> (Vec<String>, bool) {
    let mut texts = vec![text];
    let mut round = 0..1;
    for _ in 0..ROUNDS {
        let begin = texts.len();
        for at in round {
            let next = [decoded(&texts[at]).map(|text| without_controls(&text)), narrowed(&texts[at])];
            for text in next.into_iter().flatten() {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        round = begin..texts.len();
        if round.is_empty() {
            return (texts, true);
        }
    }
    (texts, false)
}

/// Whether some server may read a path so that it goes above where it began.
pub fn may_climb(path: &str) -> bool {
    readings(path).iter().any(|reading| reading.climbs)
}

/// Tabs and line breaks vanish in a URL (WHATWG URL §4.1), a zero ends a text in some languages; between two dots both
/// hide what they are.
fn without_controls(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// One round of decoding: escapes (RFC 3986 §2.1), `%uXXXX` as some servers of old read it, and what stands behind them.
fn decoded(text: &str) -> Option<String> {
    let bytes = percent_decode::decode_wide(text)?;
    // What is no UTF-8 is read as by somebody who checks nothing, where that comes to a dot or a slash.
    Some(std::str::from_utf8(&bytes).map_or_else(|_| lenient(&bytes), str::to_owned))
}

/// Bytes as a decoder reads them that masks bits and checks nothing: forms of a character that are longer than need be
/// (RFC 3629 §10) come out as that character.
fn lenient(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let lead = bytes[at];
        let more = match lead {
            0xc0..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf7 => 3,
            0xf8..=0xfb => 4,
            0xfc..=0xfd => 5,
            _ => 0,
        };
        let behind = bytes.get(at + 1..at + 1 + more).unwrap_or_default();
        // Behind C0 and C1 some take any byte.
        let fits = more > 0 && behind.len() == more && (lead < 0xc2 || behind.iter().all(|byte| byte & 0xc0 == 0x80));
        if fits {
            let first = u32::from(lead) & (0x7f >> (more + 1));
            let number = behind.iter().fold(first, |number, byte| (number << 6) | u32::from(byte & 0x3f));
            out.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
            at += 1 + more;
        } else {
            out.push(if lead < 0x80 { char::from(lead) } else { char::REPLACEMENT_CHARACTER });
            at += 1;
        }
    }
    out
}

/// A text with every character that a server may take for one of ASCII: by its compatibility decomposition (NFKD, UAX #15), as a
/// digit of some script, or because it is the best fit in a code page. `None` where that changes nothing.
fn narrowed(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let plain = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let narrow: String = plain.chars().map(best_fit).collect();
    (narrow != text).then_some(narrow)
}

fn best_fit(c: char) -> char {
    match c {
        '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{1f67c}' => '/',
        // The currencies stand at 5C in the code pages 932 and 949.
        '\u{2216}' | '\u{29f5}' | '\u{29f9}' | '\u{20e5}' | '\u{a5}' | '\u{20a9}' => '\\',
        '\u{2052}' | '\u{66a}' => '%',
        c if c.is_ascii() => c,
        c => {
            let begin = ZEROS.partition_point(|zero| *zero <= u32::from(c)).checked_sub(1).map(|at| ZEROS[at]);
            let digit = begin.and_then(|zero| char::from_digit(u32::from(c) - zero, 10));
            digit.unwrap_or(c)
        }
    }
}

/// Two gateways and a server decode three times; nobody decodes eight times.
const ROUNDS: usize = 8;
/// The zeros of all scripts (`Nd` of `UnicodeData.txt` 16.0); nine digits follow each. `parseInt` of Java and `int` of Python take them.
const ZEROS: [u32; 67] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0,
    0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50,
    0x11da0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_may_leave_is_seen_however_it_is_written() {
        for path in [
            "/../x",
            "/..",
            "..",
            "/..%2fx",
            "/..;/x",
            "/..;a=b/x",
            "/%2e%2e%5cx",
            "/%2e%2e\\x",
            "/a/..%2f..%2fx",
            "/.%2e/x",
            "/%252e%252e/x",
            "/%25252e%25252e%25252fx",
            "/..%252fx",
            "/..%3b/x",
            "/..%00/x",
            "/.%09./x",
            "/.%0d%0a./x",
            "/..%20/x",
            "/...;/x",
            "/a//../../x",
            "/a/./../..",
            "/%c0%ae%c0%ae/x",
            "/..%c0%afx",
            "/..%c1%9cx",
            "/%e0%80%ae./x",
            "/%f0%80%80%ae%f0%80%80%ae/x",
            "/%f8%80%80%80%ae./x",
            "/%fc%80%80%80%80%ae./x",
            "/%c0%2e%c0%2e/x",
            "/%u002e%u002e/x",
            "/..%u2215x",
            "/..%uff0fx",
            "/%ef%bc%8e%ef%bc%8e/x",
            "/．．／x",
            "/‥/x",
            "/%E2%80%A5/x",
            "/%EF%B8%B0/x",
            "/\u{fe30}/x",
            "/…/x",
            "/\u{fe19}/x",
            "/%u2025/x",
            "/%25EF%25B8%25B0/x",
            "/..？/x",
            "/..；/x",
            "/%EF%BC%85\u{ff12}\u{ff45}./x",
            "/%EF%BC%852e%2e/x",
            "/%２e%２e/x",
            "/%2ｅ％２Ｅ/x",
            "/%\u{1d7d0}e%2\u{1d41e}/x",
            "/%\u{1d7da}\u{1d68e}./x",
            "/%²ᵉ./x",
            "/%②ⓔ./x",
            "/.%٢e/x",
            "/.%\u{1e952}E/x",
            "/..%２Ｆx",
            "/%EF%BC%85%EF%BC%92%EF%BD%85./x",
            "/%%EF%BC%92e./x",
            "/%25%EF%BC%92%EF%BD%85./x",
            "/﹪2e./x",
            "/..¥x",
            "/..%C2%A5x",
            "/..%E2%82%A9x",
            "/\u{2024}\u{2024}/x",
            r"/a\b/../../x",
            "/a%5cb/../../x",
            "/a%E2%81%84b/%2e%2e/%2e%2e/x",
            "/a%ef%bc%8fb/../../x",
            "/%C2%BD/%2e%2e/%2e%2e/x",
            "/½/../..",
            "/a%3f/../../x",
            "/a%23/%2e%2e/%2e./x",
            &format!("/%{}2e./x", "25".repeat(40)),
        ] {
            assert!(may_climb(path), "{path}");
        }
    }

    #[test]
    fn ordinary_paths_stay() {
        for path in [
            "",
            "/",
            "/open-apis/docx/v1/documents/doxcn0/blocks",
            "/a/../b",
            "/a/%2e%2e/b",
            "/files/..a/b..c/.hidden",
            "/a%20b/%E5%BC%A0%E4%B8%89",
            "/50%25/x",
            "/%zz/%",
            "/a;b=c/d",
            "/a%2Fb%2Fc",
            "/x%252Fy",
            "/q:verb/@me/~user/$batch('x')",
            "/files/报告…终稿/1⒈txt",
            "/½/x",
            "/price/¥100/50％",
            "/٢/٣",
            r"/a\b/../c",
        ] {
            assert!(!may_climb(path), "{path}");
        }
    }

    #[test]
    fn every_stage_of_decoding_is_a_reading() {
        let paths = |path: &str| readings(path).iter().map(Reading::path).collect::<Vec<_>>();
        assert_eq!(paths("/a/./b//c/../d;x"), ["/a/b/d"]);
        assert_eq!(paths("/a/%252e%252e/b"), ["/a/%252e%252e/b", "/a/%2e%2e/b", "/b"]);
        assert_eq!(paths("/oauth/token%3fx"), ["/oauth/token%3fx", "/oauth/token?x", "/oauth/token"]);
        assert_eq!(paths("\\a\\b"), ["/a/b", "/\\a\\b"]);
        assert!(paths("/ｏauth/%EF%BD%94oken").contains(&"/oauth/token".to_owned()));
    }

    proptest! {
        /// Whatever a path is, and however often it is packed into escapes: what climbs is seen.
        #[test]
        fn packing_hides_nothing(names in prop::collection::vec("[a-z]{1,4}", 0..4), rounds in 0_usize..4, dots in "\\.\\.|%2e\\.|%2E%2e", slash in "/|%2f|%5C", wide: bool) {
            let mut path = String::new();
            for name in &names {
                path.push('/');
                path.push_str(name);
            }
            for _ in 0..=names.len() {
                path.push_str(&slash);
                path.push_str(&dots);
            }
            for _ in 0..rounds {
                path = path.replace('%', "%25");
            }
            if wide {
                path = path.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c)).collect();
            }
            prop_assert!(may_climb(&path), "{}", path);
        }

        #[test]
        fn any_text_can_be_read(path: String) {
            for reading in readings(&path) {
                prop_assert!(reading.segments.iter().all(|segment| segment != ".." && segment != "." && !segment.is_empty()));
            }
        }
    }
}
