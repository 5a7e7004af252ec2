//! Percent-encoding undone, once for all who read addresses, paths and texts that others wrote.

use zeroize::Zeroizing;

/// One round of escapes (RFC 3986 §2.1), whichever bytes they stand for; what is no escape stays. `None` for a text without one.
pub fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    undo(text, narrow)
}

/// The same, where `%uXXXX` counts too, as some servers of old read it.
pub fn decode_wide(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    undo(text, |tail, out| match tail {
        [b'u' | b'U', digits @ ..] => {
            let number = hexadecimal(digits.get(..4)?)?;
            let c = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            Some(5)
        }
        tail => narrow(tail, out),
    })
}

/// `read` puts out what an escape stands for, and tells how many bytes behind its `%` it takes.
fn undo(text: &str, read: impl Fn(&[u8], &mut Vec<u8>) -> Option<usize>) -> Option<Zeroizing<Vec<u8>>> {
    // Never longer than the text, so nothing of a secret is left behind by growing.
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    let mut is_escaped = false;
    while let [first, tail @ ..] = rest {
        let taken = Some(first).filter(|first| **first == b'%').and_then(|_| read(tail, &mut out));
        is_escaped |= taken.is_some();
        if taken.is_none() {
            out.push(*first);
        }
        rest = tail.get(taken.unwrap_or(0)..).unwrap_or_default();
    }
    is_escaped.then_some(out)
}

fn narrow(tail: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    out.push(u8::try_from(hexadecimal(tail.get(..2)?)?).ok()?);
    Some(2)
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once() {
        let decoded = |text: &str| decode(text).map(|bytes| bytes.to_vec());
        assert_eq!(decoded("a%2fb%2F%c3%BC+").as_deref(), Some("a/b/ü+".as_bytes()));
        assert_eq!(decoded("%252f").as_deref(), Some(b"%2f".as_slice()));
        assert_eq!(decoded("%ff%").as_deref(), Some(b"\xff%".as_slice()));
        for plain in ["", "%", "%2", "%zz", "%+1", "50% off", "%u002f", "ü"] {
            assert_eq!(decoded(plain), None, "{plain}");
        }
    }

    #[test]
    fn wide_escapes_where_they_count() {
        let decoded = |text: &str| decode_wide(text).map(|bytes| bytes.to_vec());
        assert_eq!(decoded("%u002fx%2f%U4e2d").as_deref(), Some("/x/中".as_bytes()));
        assert_eq!(decoded("%ud800").as_deref(), Some("\u{fffd}".as_bytes()));
        assert_eq!(decoded("%u00"), None);
    }
}
