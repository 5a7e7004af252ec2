//! Sealing: nothing secret reaches a disk except through here (I4).
//!
//! Enters: bytes, and a [`Label`] that says what they are and to whom they belong. Leaves: a blob of version,
//! number of the data key, random nonce, ciphertext and tag (XChaCha20-Poly1305). The label is authenticated but
//! not stored, so a blob that was moved to another column, grant or generation does not open.
//!
//! Key numbers let a key be changed at any point of a crash: blobs of the old and of the new key can lie side by
//! side, and each says which key it wants.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokenward_core::ports::Entropy;
use tokenward_core::{Fingerprint, RefreshToken, TokenKind};
use zeroize::Zeroizing;

/// A key of 256 bits, wiped on drop.
pub(crate) type KeyBytes = Zeroizing<[u8; 32]>;

/// Says what sealed bytes are and to whom they belong. Parts are prefixed with their lengths, so no two lists of
/// parts give the same label.
pub(crate) struct Label(Vec<u8>);

impl Label {
    /// A label of a purpose.
    pub(crate) fn new(purpose: &'static str) -> Self {
        Self(Vec::with_capacity(96)).with(purpose.as_bytes())
    }

    /// The label with one more part.
    pub(crate) fn with(mut self, part: &[u8]) -> Self {
        self.0.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.0.extend_from_slice(part);
        self
    }

    /// What is authenticated: the blob's own head, which is stored in clear, and the label.
    fn bound_to(&self, header: &[u8]) -> Vec<u8> {
        [header, &self.0].concat()
    }

    /// The label with a number as its next part.
    pub(crate) fn number(self, number: u64) -> Self {
        self.with(&number.to_le_bytes())
    }
}

/// Why a blob did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// It was sealed with a key we have not read: the key was changed since, or the blob is garbage.
    UnknownKey,
    /// It is damaged, or belongs somewhere else.
    Broken,
}

/// The keys of a vault.
pub(crate) struct Keys {
    /// Names tokens; never changes, so that a token seen years ago is still known.
    naming: KeyBytes,
    /// Data keys by number; the last one seals, all of them open.
    data: Vec<(u32, KeyBytes)>,
}

impl Keys {
    /// Draws a fresh set of keys.
    pub(crate) fn fresh(entropy: &dyn Entropy) -> Self {
        Self { naming: draw(entropy), data: vec![(1, draw(entropy))] }
    }

    /// The same keys with a new data key that seals from now on. The old ones stay to open with: a process that
    /// has not noticed the change, and a rescue slot written by one, must stay readable (I3).
    pub(crate) fn renewed(&self, entropy: &dyn Entropy) -> Self {
        let number = self.current().0.wrapping_add(1);
        let mut data = self.data.clone();
        data.push((number, draw(entropy)));
        Self { naming: self.naming.clone(), data }
    }

    /// The keys as bytes, for wrapping.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(32 + 36 * self.data.len()));
        bytes.extend_from_slice(&*self.naming);
        for (number, key) in &self.data {
            bytes.extend_from_slice(&number.to_le_bytes());
            bytes.extend_from_slice(&**key);
        }
        bytes
    }

    /// The keys from bytes, if they are such.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (naming, rest) = bytes.split_first_chunk::<32>()?;
        let (chunks, []) = rest.as_chunks::<36>() else { return None };
        let data = chunks.iter().map(|chunk| {
            let (number, key) = chunk.split_first_chunk::<4>()?;
            Some((u32::from_le_bytes(*number), Zeroizing::new(<[u8; 32]>::try_from(key).ok()?)))
        });
        let data = data.collect::<Option<Vec<_>>>()?;
        (!data.is_empty()).then(|| Self { naming: Zeroizing::new(*naming), data })
    }

    /// Seals bytes under a label.
    pub(crate) fn seal(&self, entropy: &dyn Entropy, label: &Label, plain: &[u8]) -> Vec<u8> {
        let (number, key) = self.current();
        seal_with(key, *number, entropy, label, plain)
    }

    /// Opens a blob.
    pub(crate) fn open(&self, label: &Label, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        let number = number_of(blob).ok_or(Unopened::Broken)?;
        let (_, key) = self.data.iter().find(|(known, _)| *known == number).ok_or(Unopened::UnknownKey)?;
        open_with(key, label, blob).ok_or(Unopened::Broken)
    }

    /// The name of a refresh token (I4: a keyed hash, so it cannot be guessed from a list of tokens).
    pub(crate) fn fingerprint(&self, token: &RefreshToken) -> Fingerprint {
        self.name(TokenKind::Refresh, token.expose())
    }

    /// The name of a text as a token of that kind. Each kind has a domain of its own.
    pub(crate) fn name(&self, kind: TokenKind, token: &str) -> Fingerprint {
        let domain: &[u8] = match kind {
            TokenKind::Access => b"access token",
            TokenKind::Refresh => b"refresh token",
        };
        let hash = mac(&*self.naming, &[domain, token.as_bytes()]);
        let mut name = [0; 16];
        name.copy_from_slice(&hash[..16]);
        Fingerprint::from_bytes(name)
    }

    /// What an API key is stored under.
    pub(crate) fn api_key(&self, key: &str) -> [u8; 32] {
        *mac(&*self.naming, &[b"api key", key.as_bytes()])
    }

    /// The hash of a row of the audit trail. The naming key never changes, so that a trail of years can be walked.
    pub(crate) fn audit(&self, parts: &[&[u8]]) -> [u8; 32] {
        let key = mac(&*self.naming, &[b"audit"]);
        *mac(&*key, parts)
    }

    fn current(&self) -> &(u32, KeyBytes) {
        self.data.last().expect("there is at least one data key: `fresh` and `from_bytes` see to it")
    }
}

/// Seals with a key that is not among [`Keys`]: a wrapping key or a recovery key.
pub(crate) fn seal_with(key: &KeyBytes, number: u32, entropy: &dyn Entropy, label: &Label, plain: &[u8]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(HEADER + NONCE + plain.len() + TAG);
    blob.push(VERSION);
    blob.extend_from_slice(&number.to_le_bytes());
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce);
    blob.extend_from_slice(&nonce);
    // Encrypted in a buffer of its own that is wiped and never grows, so that no copy of the text stays behind.
    let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + TAG));
    text.extend_from_slice(plain);
    XChaCha20Poly1305::new((&**key).into())
        .encrypt_in_place(&XNonce::from(nonce), &label.bound_to(&blob[..HEADER]), &mut *text)
        .expect("the cipher refuses only texts above 256 GiB");
    blob.extend_from_slice(&text);
    blob
}

/// Opens what [`seal_with`] sealed.
pub(crate) fn open_with(key: &KeyBytes, label: &Label, blob: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    number_of(blob)?;
    let (nonce, sealed) = blob.get(HEADER..)?.split_first_chunk::<NONCE>()?;
    let mut text = Zeroizing::new(sealed.to_vec());
    let label = label.bound_to(&blob[..HEADER]);
    XChaCha20Poly1305::new((&**key).into()).decrypt_in_place(&XNonce::from(*nonce), &label, &mut *text).ok()?;
    Some(text)
}

/// A keyed hash of parts (HMAC-SHA256); each part is prefixed with its length.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> KeyBytes {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// Draws a key.
pub(crate) fn draw(entropy: &dyn Entropy) -> KeyBytes {
    let mut key = Zeroizing::new([0; 32]);
    entropy.fill(&mut *key);
    key
}

fn number_of(blob: &[u8]) -> Option<u32> {
    let (version, rest) = blob.split_first()?;
    let number = rest.first_chunk::<4>()?;
    (*version == VERSION && blob.len() >= HEADER + NONCE + TAG).then(|| u32::from_le_bytes(*number))
}

const VERSION: u8 = 1;
/// Version and key number.
const HEADER: usize = 5;
const NONCE: usize = 24;
const TAG: usize = 16;
/// How much longer a blob is than its text.
pub(crate) const OVERHEAD: usize = HEADER + NONCE + TAG;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for byte in buffer {
                *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    fn entropy() -> Counting {
        Counting(std::sync::atomic::AtomicU8::new(7))
    }

    #[test]
    fn a_blob_opens_only_under_its_own_label() {
        let (entropy, keys) = (entropy(), Keys::fresh(&entropy()));
        let label = || Label::new("grants.refresh").with(b"grant").number(3);
        let blob = keys.seal(&entropy, &label(), b"ur-secret");
        assert_eq!(keys.open(&label(), &blob).unwrap().as_slice(), b"ur-secret");
        for other in [
            Label::new("grants.access").with(b"grant").number(3),
            Label::new("grants.refresh").with(b"other").number(3),
            Label::new("grants.refresh").with(b"grant").number(4),
            Label::new("grants.refreshgrant").number(3),
        ] {
            assert_eq!(keys.open(&other, &blob), Err(Unopened::Broken));
        }
    }

    #[test]
    fn old_blobs_open_after_the_key_was_changed_and_new_ones_name_the_new_key() {
        let entropy = entropy();
        let old = Keys::fresh(&entropy);
        let new = old.renewed(&entropy);
        let label = || Label::new("x");
        let blob = old.seal(&entropy, &label(), b"before");
        assert_eq!(new.open(&label(), &blob).unwrap().as_slice(), b"before");
        let blob = new.seal(&entropy, &label(), b"after");
        assert_eq!(old.open(&label(), &blob), Err(Unopened::UnknownKey));
        let again = Keys::from_bytes(&new.to_bytes()).unwrap();
        assert_eq!(again.open(&label(), &blob).unwrap().as_slice(), b"after");
        let token = RefreshToken::parse("ur-1").unwrap();
        assert_eq!(again.fingerprint(&token), old.fingerprint(&token));
        assert_ne!(Keys::fresh(&entropy).fingerprint(&token), old.fingerprint(&token));
    }

    proptest! {
        /// Any byte changed, and any cut, keeps a blob shut; garbage is no keys.
        #[test]
        fn a_damaged_blob_does_not_open(at in 0usize..64, flip in 1u8.., cut in 0usize..64) {
            let (entropy, keys) = (entropy(), Keys::fresh(&entropy()));
            let blob = keys.seal(&entropy, &Label::new("x"), b"some text of a length");
            let mut damaged = blob.clone();
            let at = at % damaged.len();
            damaged[at] ^= flip;
            prop_assert!(keys.open(&Label::new("x"), &damaged).is_err());
            let cut = cut % blob.len();
            prop_assert!(keys.open(&Label::new("x"), &blob[..cut]).is_err());
            prop_assert!(Keys::from_bytes(&blob[..cut]).is_none_or(|_| cut > 32 && (cut - 32) % 36 == 0));
        }
    }
}
