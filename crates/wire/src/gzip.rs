//! Answers that come packed although plain ones were asked for.
//!
//! Every request says `Accept-Encoding: identity`, which a server may disregard (RFC 9110 §12.5.3), and some gateways
//! do. Enters: packed bytes. Leaves: the plain ones, as far as they can be had (I3: a token is not lost because somebody
//! packed it). gzip (RFC 1952) alone, all its members, since nothing else is met that was not asked for; sums are not compared, because
//! the bytes came through TCP, and mostly TLS. What is no gzip behind the last member is dropped.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use zeroize::Zeroizing;

use crate::wiped::append;

/// What was in packed bytes.
pub(crate) struct Unpacked {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// Whether that is all of it.
    pub(crate) whole: bool,
}

/// How a body is packed, by what its head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Not at all.
    Plain,
    /// In the way we can unpack.
    Gzip,
    /// In another one, or several times.
    Other,
}

/// How a body with these headers is packed. All fields count, and each may be a list (RFC 9110 §5.3).
pub(crate) fn packing(headers: &HeaderMap) -> Packing {
    let is = |word: &[u8], names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
    let words = |name| {
        let values = headers.get_all(name).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        values.map(<[u8]>::trim_ascii).filter(|word| !word.is_empty() && !is(word, &["identity"]))
    };
    if words(TRANSFER_ENCODING).any(|word| !is(word, &["chunked"])) {
        return Packing::Other;
    }
    let mut codings = words(CONTENT_ENCODING);
    match (codings.next(), codings.next()) {
        (None, _) => Packing::Plain,
        (Some(one), None) if is(one, &["gzip", "x-gzip"]) => Packing::Gzip,
        _ => Packing::Other,
    }
}

/// Whether the headers say that a body is packed in the way we can unpack.
pub(crate) fn is_packed(headers: &HeaderMap) -> bool {
    packing(headers) == Packing::Gzip
}

/// The plain bytes of a body with these headers, at most `most` of them; as they are where they are not packed, or
/// cannot be unpacked to their end.
pub(crate) fn plain<'a>(headers: &HeaderMap, body: &'a [u8], most: usize) -> Cow<'a, [u8]> {
    let unpacked = is_packed(headers).then(|| unpack(body, most)).flatten().filter(|unpacked| unpacked.whole);
    unpacked.map_or(Cow::Borrowed(body), |mut unpacked| Cow::Owned(std::mem::take(&mut *unpacked.bytes)))
}

/// Takes out of the headers what was true of the packed body only.
pub(crate) fn forget(headers: &mut HeaderMap) {
    for name in [CONTENT_ENCODING, CONTENT_LENGTH] {
        headers.remove(name);
    }
    // Sums of the packed bytes (RFC 9530; RFC 1864).
    for name in ["content-digest", "content-md5"] {
        headers.remove(name);
    }
}

/// Unpacks a body piece by piece, in bounded room. All of what it holds of the plain bytes is wiped.
pub(crate) struct Unpacker {
    state: Box<DecompressorOxide>,
    /// The last plain bytes, to which packed ones refer back; written in a ring.
    window: Zeroizing<Vec<u8>>,
    /// Where in the window the next plain byte goes.
    at: usize,
    stage: Stage,
    /// The beginning of a member's head whose rest has not come yet.
    begun: Vec<u8>,
    /// Whether a member came before.
    is_under_way: bool,
}

/// Which part of a member comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Body,
    /// So many bytes of sum and length.
    Tail(usize),
    /// No member any more.
    Over,
}

/// Why the plain bytes end before the packed ones do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The bytes are no gzip.
    NoGzip,
    /// No more plain bytes are permitted.
    TooLong,
}

impl Unpacker {
    pub(crate) fn new() -> Self {
        Self {
            state: Box::default(),
            window: Zeroizing::new(vec![0; WINDOW]),
            at: 0,
            stage: Stage::Head,
            begun: Vec::new(),
            is_under_way: false,
        }
    }

    /// Appends the plain bytes of the next packed ones, until there are `most` of them.
    pub(crate) fn push(&mut self, packed: &[u8], plain: &mut Zeroizing<Vec<u8>>, most: usize) -> Result<(), Stop> {
        let begun = std::mem::take(&mut self.begun);
        let joined = if begun.is_empty() { Cow::Borrowed(packed) } else { Cow::Owned([&begun, packed].concat()) };
        let mut rest = &*joined;
        loop {
            match self.stage {
                Stage::Head if rest.is_empty() => return Ok(()),
                Stage::Head if !MAGIC.iter().zip(rest).all(|(known, byte)| known == byte) => {
                    if !self.is_under_way {
                        return Err(Stop::NoGzip);
                    }
                    self.stage = Stage::Over;
                }
                Stage::Head => match head(rest) {
                    Some(length) => {
                        rest = &rest[length..];
                        (self.stage, self.is_under_way, self.at) = (Stage::Body, true, 0);
                        self.state.init();
                    }
                    None if rest.len() > LONGEST_HEAD => return Err(Stop::NoGzip),
                    None => {
                        self.begun = rest.to_vec();
                        return Ok(());
                    }
                },
                Stage::Body => {
                    let (status, read, written) =
                        decompress(&mut self.state, rest, &mut self.window, self.at, TINFL_FLAG_HAS_MORE_INPUT);
                    rest = &rest[read..];
                    let fresh = &self.window[self.at..self.at + written];
                    let taken = fresh.len().min(most.saturating_sub(plain.len()));
                    append(plain, &fresh[..taken]);
                    if taken < written {
                        return Err(Stop::TooLong);
                    }
                    self.at = (self.at + written) % WINDOW;
                    match status {
                        TINFLStatus::Done => self.stage = Stage::Tail(TAIL),
                        TINFLStatus::HasMoreOutput => {}
                        TINFLStatus::NeedsMoreInput => return Ok(()),
                        _ => return Err(Stop::NoGzip),
                    }
                }
                Stage::Tail(left) => {
                    let taken = left.min(rest.len());
                    rest = &rest[taken..];
                    if taken < left {
                        self.stage = Stage::Tail(left - taken);
                        return Ok(());
                    }
                    self.stage = Stage::Head;
                }
                Stage::Over => return Ok(()),
            }
        }
    }

    /// Whether nothing is missing of what has begun.
    pub(crate) fn is_whole(&self) -> bool {
        match self.stage {
            Stage::Head => self.begun.is_empty(),
            Stage::Body => false,
            Stage::Tail(_) | Stage::Over => true,
        }
    }
}

/// Unpacks as far as the bytes go, and no further than `most`; `None` for what is no gzip.
pub(crate) fn unpack(packed: &[u8], most: usize) -> Option<Unpacked> {
    let (mut unpacker, mut bytes) = (Unpacker::new(), Zeroizing::default());
    let done = unpacker.push(packed, &mut bytes, most);
    // Too long, cut off, or no gzip from some byte on: what came before is what there is.
    unpacker.is_under_way.then(|| Unpacked { whole: done.is_ok() && unpacker.is_whole(), bytes })
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

/// How far back packed bytes refer (RFC 1951 §2).
const WINDOW: usize = 32 << 10;
/// How a member begins.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// Sum and length at a member's end.
const TAIL: usize = 8;
/// A head may hold one long field and two texts; names of files are shorter.
const LONGEST_HEAD: usize = 160 << 10;

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
    fn every_member_is_read() {
        let both = [stored(b"hello ", 8, b"a\0"), PYTHON.to_vec(), stored(b"", 0, b""), stored(b"!", 0, b"")].concat();
        let all = [&b"hello "[..], br#"{"code":0,"access_token":"eyJa"}"#, b"!"].concat();
        assert_eq!(unpacked(&both, 1000), Some((all.clone(), true)));
        assert_eq!(unpacked(&[&both[..], b"\0\0\0\0\0\0\0\0\0\0\0\0"].concat(), 1000), Some((all, true)));
        let cut = [stored(b"hello ", 0, b""), stored(b"world", 0, b"")[..18].to_vec()].concat();
        let (bytes, whole) = unpacked(&cut, 1000).unwrap();
        assert!(bytes.starts_with(b"hello ") && !whole);
        let cut = [stored(b"hello ", 0, b""), stored(b"world", 0, b"")[..5].to_vec()].concat();
        assert_eq!(unpacked(&cut, 1000), Some((b"hello ".to_vec(), false)));
    }

    /// Longer than the window, and referring back over its edge.
    #[test]
    fn a_long_text_is_read() {
        // `gzip.compress(b"0123456789" * 10_000, mtime=0)`, as Python writes it.
        let packed = [
            &b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc6I\x01\x00 \x08\x00\xb0Jx \xda\xbf\x985xl\xaf\xc5\x98k\xe7\xa9\xfb\xc2"[..],
            &[0xcc; 193],
            b"\x9a\xed\x03\x87\xb8\xc5\x1c\xa0\x86\x01\x00",
        ]
        .concat();
        let long = b"0123456789".repeat(10_000);
        assert_eq!(unpacked(&packed, 200_000), Some((long.clone(), true)));
        let (bytes, whole) = unpacked(&packed, 99_999).unwrap();
        assert!(!whole && bytes == long[..99_999]);
    }

    const CODING: &str = "content-encoding";

    #[test]
    fn a_body_is_packed_as_all_its_fields_say() {
        let of = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, http::HeaderValue::from_static(value));
            }
            packing(&headers)
        };
        assert_eq!(of(&[("transfer-encoding", "chunked")]), Packing::Plain);
        assert_eq!(of(&[(CODING, "identity"), (CODING, " ")]), Packing::Plain);
        assert_eq!(of(&[(CODING, " GZip ")]), Packing::Gzip);
        assert_eq!(of(&[(CODING, "identity"), (CODING, "x-gzip, identity")]), Packing::Gzip);
        for other in ["br", "zstd", "deflate", "gzip, gzip", "gzip, br", "aes128gcm"] {
            assert_eq!(of(&[(CODING, "identity"), (CODING, other)]), Packing::Other, "{other}");
        }
        assert_eq!(of(&[("transfer-encoding", "gzip, chunked")]), Packing::Other);
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
            let begun = [&[0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 0][..], &bytes].concat();
            let _ = unpack(&begun, 1000);
            let mut unpacker = Unpacker::new();
            let mut plain = Zeroizing::default();
            let _ = begun.iter().all(|byte| unpacker.push(&[*byte], &mut plain, 1000).is_ok());
        }

        /// However it is cut into members and pieces, the same comes out.
        #[test]
        fn pieces_are_unpacked_as_the_whole_is(texts in prop::collection::vec("[a-z]{0,40}", 1..5), size in 1_usize..50) {
            let packed: Vec<u8> = texts.iter().flat_map(|text| stored(text.as_bytes(), 8, b"name\0")).collect();
            let mut unpacker = Unpacker::new();
            let mut plain = Zeroizing::default();
            for piece in packed.chunks(size) {
                unpacker.push(piece, &mut plain, usize::MAX).unwrap();
            }
            prop_assert_eq!(String::from_utf8(plain.to_vec()).unwrap(), texts.concat());
            prop_assert!(unpacker.is_whole());
            prop_assert_eq!(unpacked(&packed, 1000), Some((texts.concat().into_bytes(), true)));
        }
    }
}
