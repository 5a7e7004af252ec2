//! How a server may read a path.
//!
//! Enters: the path of a request, as somebody wrote it. Leaves: every reading that a server or a gateway before it may make of
//! it. They decode escapes once, or once more behind each gateway, take `\` for `/`, drop `;parameters` (RFC 3986 §3.3), join
//! slashes, and some accept forms of a dot that UTF-8 forbids. Which of them stands at the other end nobody here knows,
//! so a path is believed to stay where it seems to only if it does so in every reading.

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

    fn of(path: &str) -> Self {
        let mut reading = Self { segments: Vec::new(), climbs: false };
        for segment in path.split(['/', '\\']) {
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
    let mut text = without_controls(path);
    for _ in 0..ROUNDS {
        add(Reading::of(&text));
        // A server that decodes before it looks for the query sees one here.
        if let Some((before, _)) = text.split_once(['?', '#']) {
            add(Reading::of(before));
        }
        let decoded = without_controls(&decoded(&text));
        if decoded == text {
            return found;
        }
        text = decoded;
    }
    add(Reading { segments: Vec::new(), climbs: true });
    found
}

/// A text and what each round of decoding makes of it, for those who look for something that must not be in it.
pub fn spellings(text: &str) -> Vec<String> {
    let mut found = vec![text.to_owned()];
    for _ in 0..ROUNDS {
        let last = &found[found.len() - 1];
        let decoded = decoded(last);
        if decoded == *last {
            break;
        }
        found.push(decoded);
    }
    found
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
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let (wide, digits) = match tail.first() {
            Some(b'u' | b'U') => (true, tail.get(1..5)),
            _ => (false, tail.get(..2)),
        };
        match digits.filter(|_| first == b'%').and_then(hexadecimal) {
            Some(number) if wide => {
                let c = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &tail[5..];
            }
            Some(number) => {
                bytes.push(u8::try_from(number).unwrap_or_default());
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    if matches!(text, std::borrow::Cow::Borrowed(_)) {
        return narrowed(&text);
    }
    // Not UTF-8. What a reader that checks nothing makes of it counts too, where that is a dot or a slash.
    narrowed(&lenient(&bytes))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let plain = digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits).ok().filter(|_| plain).and_then(|digits| u32::from_str_radix(digits, 16).ok())
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

/// A text with every character that a server may take for dots, slashes and what else divides a path: by its compatibility
/// decomposition (Unicode's `UnicodeData.txt`, NFKC), or because it is the best fit in a code page.
fn narrowed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{ff0e}' | '\u{2024}' | '\u{fe52}' => out.push('.'),
            '\u{2025}' | '\u{fe30}' => out.push_str(".."),
            '\u{2026}' | '\u{fe19}' => out.push_str("..."),
            '\u{ff0f}' | '\u{2044}' | '\u{2215}' | '\u{29f8}' => out.push('/'),
            '\u{ff3c}' | '\u{2216}' | '\u{29f5}' | '\u{fe68}' => out.push('\\'),
            '\u{ff05}' | '\u{fe6a}' => out.push('%'),
            '\u{ff1b}' | '\u{fe54}' | '\u{fe14}' | '\u{37e}' => out.push(';'),
            '\u{ff1f}' | '\u{fe56}' | '\u{fe16}' | '\u{2047}' | '\u{2048}' | '\u{2049}' => out.push('?'),
            '\u{ff03}' | '\u{fe5f}' => out.push('#'),
            // Digits and letters with a dot or a slash among them, such as U+2488 and U+2100.
            '\u{2488}'..='\u{249b}' => out.push_str("1."),
            '\u{2100}' | '\u{2101}' | '\u{2105}' | '\u{2106}' => out.push_str("a/c"),
            // Digits as full-width forms: an escape may be written with them.
            '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff26}' | '\u{ff41}'..='\u{ff46}' => {
                out.extend(char::from_u32(u32::from(c) - 0xfee0));
            }
            c => out.push(c),
        }
    }
    out
}

/// Two gateways and a server decode three times; nobody decodes eight times.
const ROUNDS: usize = 8;

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
        assert_eq!(paths("\\a\\b"), ["/a/b"]);
    }

    proptest! {
        /// Whatever a path is, and however often it is packed into escapes: what climbs is seen.
        #[test]
        fn packing_hides_nothing(names in prop::collection::vec("[a-z]{1,4}", 0..4), rounds in 0_usize..4, dots in "\\.\\.|%2e\\.|%2E%2e", slash in "/|%2f|%5C") {
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
