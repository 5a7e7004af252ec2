//! Bytes of a request or an answer, wiped when they are dropped.

use zeroize::Zeroizing;

/// As the HTTP crates take bytes that somebody else owns.
pub(crate) struct Wiped(pub(crate) Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The bytes, for whoever wipes them from here on.
pub(crate) fn take(mut bytes: Zeroizing<Vec<u8>>) -> Vec<u8> {
    std::mem::take(&mut *bytes)
}

/// Appends, wiping the old room when more is needed.
pub(crate) fn append(bytes: &mut Zeroizing<Vec<u8>>, more: &[u8]) {
    if bytes.capacity() - bytes.len() < more.len() {
        let mut larger = Vec::with_capacity((bytes.len() + more.len()).next_power_of_two());
        larger.extend_from_slice(bytes);
        *bytes = Zeroizing::new(larger);
    }
    bytes.extend_from_slice(more);
}
