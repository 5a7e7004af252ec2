//! The key of a backup: what it must be made of, and how a person's is stretched.
//!
//! Enters: words of a person, or randomness. Leaves: a [`BackupKey`], and from it the key that seals one file. A key that was drawn here
//! is as good as the cipher and is used as it is. A person's is stretched with Argon2id (RFC 9106), because whoever has a copy of the
//! file may guess for as long as they like. How it was stretched stands in the file; what a file asks for is bounded, since files come
//! from anywhere.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokenward_core::ports::Entropy;
use tokenward_core::{SecretBytes, hex};
use zeroize::{Zeroize, Zeroizing};

use super::error::BackupError;
use crate::seal::{KeyBytes, draw, mac};

/// The key of a backup.
pub struct BackupKey {
    material: SecretBytes,
    /// How a new backup stretches it; `None` for a key that was drawn.
    stretch: Option<Stretch>,
}

/// How much work a guess at a person's key costs (Argon2id).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    memory: u32,
    passes: u32,
    lanes: u32,
}

impl Stretch {
    /// RFC 9106, section 4, the second recommended option: 64 MiB, three passes, four lanes.
    pub const STANDARD: Self = Self { memory: 64 * 1024, passes: 3, lanes: 4 };
    /// The most that a file may ask for: 256 MiB and ten passes, some seconds on a small machine.
    const MOST: Self = Self { memory: 256 * 1024, passes: 10, lanes: 16 };

    /// So many KiB of memory, passes and lanes; `None` for what RFC 9106 does not know, or beyond what a file may ask for.
    pub fn new(memory: u32, passes: u32, lanes: u32) -> Option<Self> {
        let most = Self::MOST;
        let bounded = memory <= most.memory && passes <= most.passes && lanes <= most.lanes;
        (bounded && Params::new(memory, passes, lanes, None).is_ok()).then_some(Self { memory, passes, lanes })
    }

    /// As it stands in a file.
    pub(super) fn to_bytes(stretch: Option<Self>) -> [u8; STRETCH] {
        let Self { memory, passes, lanes } = stretch.unwrap_or(Self { memory: 0, passes: 0, lanes: 0 });
        let mut bytes = [0; STRETCH];
        for (place, number) in bytes.chunks_exact_mut(4).zip([memory, passes, lanes]) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// Read back; the outer `None`: no file asks for this.
    #[expect(clippy::option_option, reason = "not stretched, and not to be had, are two answers")]
    pub(super) fn from_bytes(bytes: &[u8; STRETCH]) -> Option<Option<Self>> {
        let number = |at: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&bytes[at..at + 4]);
            u32::from_le_bytes(word)
        };
        match (number(0), number(4), number(8)) {
            (0, 0, 0) => Some(None),
            (memory, passes, lanes) => Self::new(memory, passes, lanes).map(Some),
        }
    }
}

impl BackupKey {
    /// The fewest characters of a person's key, white space and dashes aside.
    pub const LEAST: usize = 16;
    /// The fewest different ones among them.
    const LEAST_DIFFERENT: usize = 5;

    /// A fresh key, to be written down by the person ([`BackupKey::expose`]).
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        let digits = hex::encode(&*draw(entropy)).into_bytes();
        let groups: Vec<_> = digits.chunks(8).map(<[u8]>::to_vec).collect();
        Self { material: SecretBytes::new(groups.join(&b'-')), stretch: None }
    }

    /// A key from a file or from what was written down. White space, and the dashes of a fresh key, do not count.
    ///
    /// # Errors
    /// [`BackupError::WeakKey`] for what has never been taken for a key. Whether it is good enough for a new backup is told by
    /// [`BackupKey::check`]: an older backup may have been made with a weaker one.
    pub fn from_material(material: &SecretBytes) -> Result<Self, BackupError> {
        let bytes: Vec<u8> = material.expose().trim_ascii().to_vec();
        if bytes.len() < Self::LEAST {
            return Err(BackupError::WeakKey);
        }
        Ok(Self { material: SecretBytes::new(bytes), stretch: Some(Stretch::STANDARD) })
    }

    /// The same key, stretched otherwise in a new backup; one that was drawn here is not stretched at all.
    #[must_use]
    pub fn stretched(self, stretch: Stretch) -> Self {
        Self { stretch: self.stretch.map(|_| stretch), ..self }
    }

    /// Whether it may seal a new backup.
    ///
    /// # Errors
    /// [`BackupError::WeakKey`] when fewer than [`BackupKey::LEAST`] of its characters count, or they are all the same few.
    pub fn check(&self) -> Result<(), BackupError> {
        let mut characters: Zeroizing<Vec<char>> = Zeroizing::new(self.significant().chars().collect());
        let count = characters.len();
        characters.sort_unstable();
        characters.dedup();
        if count < Self::LEAST || characters.len() < Self::LEAST_DIFFERENT {
            return Err(BackupError::WeakKey);
        }
        Ok(())
    }

    /// The key in words, to be shown once (I4: greppable).
    pub fn expose(&self) -> &[u8] {
        self.material.expose()
    }

    pub(super) fn stretch(&self) -> Option<Stretch> {
        self.stretch
    }

    /// The key that seals one file, with how that file stretches it. `None` where there is no memory for it.
    pub(super) fn derive(&self, salt: &[u8], stretch: Option<Stretch>) -> Option<KeyBytes> {
        let significant = self.significant();
        let Some(Stretch { memory, passes, lanes }) = stretch else {
            return Some(mac(significant.as_bytes(), &[b"tokenward backup 2", salt]));
        };
        let params = Params::new(memory, passes, lanes, None).ok()?;
        let mut blocks: Vec<Block> = Vec::new();
        blocks.try_reserve_exact(params.block_count()).ok()?;
        blocks.resize(params.block_count(), Block::default());
        let mut key = Zeroizing::new([0; 32]);
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let done = argon.hash_password_into_with_memory(significant.as_bytes(), salt, &mut *key, &mut blocks);
        blocks.iter_mut().for_each(Zeroize::zeroize);
        done.ok().map(|()| key)
    }

    /// The key that sealed a file of the first form, which stretched nothing.
    pub(super) fn derive_first(&self, salt: &[u8]) -> KeyBytes {
        let significant: Vec<u8> = self
            .material
            .expose()
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'-')
            .collect();
        mac(SecretBytes::new(significant).expose(), &[b"tokenward backup", salt])
    }

    /// What counts of it. Bytes that are no text stand for themselves.
    fn significant(&self) -> Zeroizing<String> {
        let text = match str::from_utf8(self.material.expose()) {
            Ok(text) => Zeroizing::new(text.to_owned()),
            Err(_) => Zeroizing::new(self.material.expose().iter().map(|byte| char::from(*byte)).collect()),
        };
        Zeroizing::new(text.chars().filter(|character| !separates(*character)).collect())
    }
}

/// White space, dashes of every kind (Unicode's `Pd` and the minus), and what does not show at all.
fn separates(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character,
            '-' | '\u{ad}' | '\u{58a}' | '\u{5be}' | '\u{1806}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2e3a}' | '\u{2e3b}'
            | '\u{301c}' | '\u{3030}' | '\u{fe31}' | '\u{fe32}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
            | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Memory, passes and lanes, four bytes each.
pub(super) const STRETCH: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<BackupKey, BackupError> {
        BackupKey::from_material(&SecretBytes::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn only_what_can_be_told_from_other_keys_counts() {
        for weak in [
            "----------------",
            "-- -- -- -- -- -- -- -- -- --",
            "————————————————",
            "\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
            "a-b-c-d-e-f-g-h-i-j",
            "aaaaaaaaaaaaaaaaaaaaaaaa",
            "abababababababababababab",
            "密码密码密码",
        ] {
            assert!(matches!(key(weak).and_then(|key| key.check()), Err(BackupError::WeakKey)), "{weak:?}");
        }
        for good in ["correct horse battery staple", "password12345678", "一二三四五六七八九十甲乙丙丁戊己"]
        {
            key(good).unwrap().check().unwrap();
        }
        assert!(matches!(key("fifteen letters"), Err(BackupError::WeakKey)));
    }

    #[test]
    fn a_file_asks_for_no_more_than_a_machine_has() {
        let asked = |memory: u32, passes: u32, lanes: u32| {
            let mut bytes = [0; STRETCH];
            for (place, number) in bytes.chunks_exact_mut(4).zip([memory, passes, lanes]) {
                place.copy_from_slice(&number.to_le_bytes());
            }
            Stretch::from_bytes(&bytes)
        };
        for (memory, passes, lanes) in
            [(100 << 20, 3, 4), (65_536, u32::MAX, 4), (65_536, 3, u32::MAX), (7, 1, 1), (65_536, 0, 4), (0, 3, 4)]
        {
            assert_eq!(asked(memory, passes, lanes), None, "{memory} {passes} {lanes}");
        }
        assert_eq!(asked(65_536, 3, 4), Some(Some(Stretch::STANDARD)));
        assert_eq!(asked(0, 0, 0), Some(None));
        for stretch in [None, Some(Stretch::STANDARD), Stretch::new(8, 1, 1)] {
            assert_eq!(Stretch::from_bytes(&Stretch::to_bytes(stretch)), Some(stretch));
        }
    }

    #[test]
    fn a_stretched_key_is_another_one_and_dashes_change_nothing() {
        let (one, two) = (key("correct horse battery staple").unwrap(), key("correct-horse-battery-staple").unwrap());
        let small = Stretch::new(8, 1, 1);
        let derived = |key: &BackupKey, stretch| *key.derive(&[7; 16], stretch).unwrap();
        assert_eq!(derived(&one, small), derived(&two, small));
        assert_ne!(derived(&one, small), derived(&one, None));
        assert_ne!(derived(&one, small), derived(&one, Stretch::new(16, 1, 1)));
    }
}
