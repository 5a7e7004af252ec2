//! Randomness from a seed: the same seed mints the same tokens, so that a failing test can be repeated.
//!
//! Enters: a seed, given or taken from the operating system. Leaves: identifiers, codes and tokens. This is a sandbox:
//! its tokens open nothing, and SHA-256 over a counter is unpredictable enough.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::words::{Moment, hex};

/// A seeded source of random bytes.
pub(crate) struct Randomness {
    seed: [u8; 32],
    counter: u64,
}

impl Randomness {
    /// A source that depends on `seed` only, or on the operating system's randomness where none is given.
    pub(crate) fn new(seed: Option<u64>) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        match seed {
            Some(seed) => bytes[..8].copy_from_slice(&seed.to_le_bytes()),
            None => operating_system(&mut bytes)?,
        }
        Ok(Self { seed: bytes, counter: 0 })
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(length + 32);
        while out.len() < length {
            let block = Sha256::new().chain_update(self.seed).chain_update(self.counter.to_le_bytes()).finalize();
            self.counter = self.counter.wrapping_add(1);
            out.extend_from_slice(&block);
        }
        out.truncate(length);
        out
    }

    /// `length` characters of `A-Z a-z 0-9 - _`.
    pub(crate) fn text(&mut self, length: usize) -> String {
        let mut text = URL_SAFE_NO_PAD.encode(self.bytes(length));
        text.truncate(length);
        text
    }

    /// `length` lower-case hexadecimal characters.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        let mut text = hex(&self.bytes(length.div_ceil(2)));
        text.truncate(length);
        text
    }

    /// `length` characters of `A-Z a-z 0-9`, as the platform's document and node tokens are.
    pub(crate) fn alphanumeric(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        self.bytes(length).into_iter().map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()])).collect()
    }

    /// `length` digits, the first of them not 0.
    pub(crate) fn digits(&mut self, length: usize) -> String {
        let digit = |(at, byte): (usize, u8)| char::from(if at == 0 { b'1' + byte % 9 } else { b'0' + byte % 10 });
        self.bytes(length).into_iter().enumerate().map(digit).collect()
    }

    /// A version 4 UUID (RFC 9562 §5.4).
    pub(crate) fn uuid(&mut self) -> String {
        let text = self.hex(31);
        format!("{}-{}-4{}-a{}-{}", &text[..8], &text[8..12], &text[12..15], &text[15..18], &text[18..30])
    }

    /// Eight capital letters in two groups, without vowels and look-alikes (RFC 8628 §6.1).
    pub(crate) fn user_code(&mut self) -> String {
        const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
        let letters: Vec<char> =
            self.bytes(8).into_iter().map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()])).collect();
        format!("{}-{}", letters[..4].iter().collect::<String>(), letters[4..].iter().collect::<String>())
    }

    /// A string that looks like the JWTs of v2 and v3: `eyJ…`, between 1 and 2 KB (reference/feishu.md §4.3).
    pub(crate) fn jwt(&mut self, kind: &str, issued_at: Moment, expires_at: Moment) -> String {
        let header = json!({"alg": "ES256", "feature_code": kind, "kid": self.text(19), "typ": "JWT"});
        let payload = json!({
            "jti": self.text(22), "iat": issued_at.milliseconds() / 1000, "exp": expires_at.milliseconds() / 1000,
            "ver": "v1", "typ": kind, "sandbox": true, "opaque": self.text(704),
        });
        let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode(self.bytes(64)))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the sandbox takes real randomness")]
fn operating_system(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    getrandom::fill(bytes)
}
