//! Answers that come packed although plain ones were asked for.
//!
//! Every request says `Accept-Encoding: identity`, which a server may disregard (RFC 9110 §12.5.3), and some gateways
//! do. Enters: packed bytes. Leaves: the plain ones, as far as they can be had (I3: a token is not lost because somebody
//! packed it). gzip (RFC 1952) alone, since nothing else is met that was not asked for; sums are not compared, because
//! the bytes came through TCP, and mostly TLS.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use zeroize::Zeroizing;

/// What was in packed bytes.
pub(crate) struct Unpacked {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// Whether that is all of it.
    pub(crate) whole: bool,
}

/// Whether the headers say that a body is packed in the way we can unpack.
pub(crate) fn is_packed(headers: &HeaderMap) -> bool {
    let coding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    ["gzip", "x-gzip"].iter().any(|name| coding.eq_ignore_ascii_case(name))
}

/// The plain bytes of a body with these headers, at most `most` of them; as they are where they are not packed, or
/// cannot be unpacked to their end.
pub(crate) fn plain<'a>(headers: &HeaderMap, body: &'a [u8], most: usize) -> Cow<'a, [u8]> {
    let unpacked = is_packed(headers).then(|| unpack(body, most)).flatten().filter(|unpacked| unpacked.whole);
    unpacked.map_or(Cow::Borrowed(body), |mut unpacked| Cow::Owned(std::mem::take(&mut *unpacked.bytes)))
}

/// Takes out of the headers what was true of the packed body only.
pub(crate) fn forget(headers: &mut HeaderMap) {
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
}

/// Unpacks as far as the bytes go, and no further than `most`; `None` for what is no gzip.
pub(crate) fn unpack(packed: &[u8], most: usize) -> Option<Unpacked> {
    let mut rest = &packed[head(packed)?..];
    let mut state = Box::<DecompressorOxide>::default();
    let mut bytes = Zeroizing::new(vec![0; FIRST_ROOM.min(most)]);
    let mut length = 0;
    let whole = loop {
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, read, written) = decompress(&mut state, rest, &mut bytes, length, flags);
        rest = &rest[read..];
        length += written;
        match status {
            TINFLStatus::Done => break true,
            TINFLStatus::HasMoreOutput if bytes.len() < most => {
                // A new room, so that the old one is wiped.
                let mut larger = Zeroizing::new(vec![0; (bytes.len() * 2).min(most)]);
                larger[..length].copy_from_slice(&bytes[..length]);
                bytes = larger;
            }
            // Too long, cut off, or no gzip from some byte on: what came before is what there is.
            _ => break false,
        }
    };
    bytes.truncate(length);
    Some(Unpacked { bytes, whole })
}

/// The length of a gzip member's head (RFC 1952 §2.3).
fn head(packed: &[u8]) -> Option<usize> {
    let flags = match packed {
        [0x1f, 0x8b, 8, flags, ..] => *flags,
        _ => return None,
    };
    let mut at = 10;
    if flags & 4 != 0 {
        let length = packed.get(at..at + 2)?;
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for text in [8, 16] {
        if flags & text != 0 {
            at += packed.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    (at <= packed.len()).then_some(at)
}

const FIRST_ROOM: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `gzip.compress(b'{"code":0,"access_token":"eyJa"}', mtime=0)`, as Python writes it.
    const PYTHON: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJ\xceOIU\xb22\xd0QJLNN-.\x8e/\xc9\xcfN\xcdS\xb2RJ\xad\xf4JT\xaa\x05\x00\xaaG\xd6$ \x00\x00\x00";

    fn stored(bytes: &[u8], flags: u8, extra: &[u8]) -> Vec<u8> {
        let mut packed = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255];
        packed.extend_from_slice(extra);
        let length = u16::try_from(bytes.len()).unwrap();
        packed.push(1);
        packed.extend_from_slice(&length.to_le_bytes());
        packed.extend_from_slice(&(!length).to_le_bytes());
        packed.extend_from_slice(bytes);
        packed.extend_from_slice(&[0; 8]);
        packed
    }

    fn unpacked(packed: &[u8], most: usize) -> Option<(Vec<u8>, bool)> {
        unpack(packed, most).map(|unpacked| (unpacked.bytes.to_vec(), unpacked.whole))
    }

    #[test]
    fn every_head_is_skipped() {
        let heads: [(u8, &[u8]); 5] = [
            (0, b""),
            (4, b"\x02\x00ab"),
            (8, b"name.json\0"),
            (16, b"words\0"),
            (4 | 8 | 16 | 2, b"\x01\x00xn\0w\0cc"),
        ];
        for (flags, extra) in heads {
            assert_eq!(unpacked(&stored(b"hello", flags, extra), 100), Some((b"hello".to_vec(), true)), "{flags}");
        }
        for bad in [&b""[..], b"{}", b"\x1f\x8b\x08", b"\x1f\x8b\x08\x08name without end", b"PK\x03\x04"] {
            assert_eq!(unpacked(bad, 100), None);
        }
    }

    #[test]
    fn what_python_packs_is_read_also_when_it_is_cut() {
        let (whole, all) = unpacked(PYTHON, 1000).unwrap();
        assert!(all && whole == br#"{"code":0,"access_token":"eyJa"}"#, "{:?}", String::from_utf8_lossy(&whole));
        let (part, all) = unpacked(&PYTHON[..PYTHON.len() - 10], 1000).unwrap();
        assert!(!all && whole.starts_with(&part) && !part.is_empty());
    }

    #[test]
    fn no_more_than_is_permitted_comes_out() {
        let long = stored(&vec![7; 60_000], 0, b"");
        assert_eq!(unpacked(&long, 60_000), Some((vec![7; 60_000], true)));
        let (bytes, whole) = unpacked(&long, 50_000).unwrap();
        assert!(!whole && bytes.len() <= 50_000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>, flags: u8) {
            let _ = unpack(&bytes, 1000);
            let _ = unpack(&[&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 0][..], &bytes].concat(), 1000);
        }
    }
}
