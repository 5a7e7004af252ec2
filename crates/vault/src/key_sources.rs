//! The keys of a vault, and who keeps them.
//!
//! Enters: the sources a caller offers. Leaves: the vault's [`Keys`], unwrapped. `vault/key.json` holds them wrapped
//! under a key from one source and names that source; at creation the first source that is there is taken: an
//! explicit key, the keyring of the operating system, a key file of mode 0600. An existing vault is opened
//! with the source it names and no other; a key that is missing or does not fit is an error that says what to do.
//!
//! A change of the wrapping key first adds a second wrap, then changes the source, then removes the first wrap: at every
//! moment one of the wraps opens (I5).

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokenward_core::ports::{Entropy, StoreError};
use tokenward_core::{SecretBytes, hex};
use zeroize::Zeroizing;

use crate::disk_check;
use crate::folder::{Folder, loose, write_whole};
use crate::io_error::from_io;
use crate::keyring::Keyring;
use crate::seal::{KeyBytes, Keys, Label, draw, mac, open_with, seal_with};
use crate::trusted::{Distrust, Trust};

/// A key that the caller was given by a person or a deployment.
#[derive(Debug, Clone)]
pub struct ExplicitKey {
    words: String,
    material: SecretBytes,
}

impl ExplicitKey {
    /// The shortest accepted key, in bytes. It is used as a key and not stretched like a password, because a
    /// slow derivation would cost more than the whole of `tokenward token` may; so it has to be random, for
    /// example the output of `openssl rand -base64 32`.
    pub const LEAST: usize = 16;

    /// A key with the words that say where it came from ("the variable `TOKENWARD_KEY`"). White space around it, as
    /// editors leave it at the end of a file, does not belong to it.
    pub fn new(words: impl Into<String>, material: &SecretBytes) -> Self {
        Self { words: words.into(), material: SecretBytes::new(material.expose().trim_ascii().to_vec()) }
    }

    /// Where it came from.
    pub fn words(&self) -> &str {
        &self.words
    }
}

/// Where wrapping keys may come from, besides the key file.
#[derive(Clone, Default)]
pub struct KeySources {
    /// An explicit key.
    pub explicit: Option<ExplicitKey>,
    /// The keyring of the operating system.
    pub keyring: Option<Arc<dyn Keyring>>,
}

impl fmt::Debug for KeySources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySources").field("explicit", &self.explicit).finish_non_exhaustive()
    }
}

/// A kind of source, as `key.json` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySource {
    /// An explicit key given by the caller.
    Explicit,
    /// The keyring of the operating system.
    Keyring,
    /// The file `vault/key`.
    KeyFile,
}

/// The keys with what is worth saying about them.
pub(crate) struct Unlocked {
    pub(crate) keys: Keys,
    pub(crate) vault: VaultId,
    pub(crate) source: KeySource,
    pub(crate) words: String,
}

/// Tells one vault from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VaultId(pub(crate) [u8; 16]);

impl VaultId {
    pub(crate) fn draw(entropy: &dyn Entropy) -> Self {
        let mut id = [0; 16];
        entropy.fill(&mut id);
        Self(id)
    }

    /// The number by which the database says to which `key.json` it belongs (`PRAGMA application_id`).
    pub(crate) fn application_id(self) -> i32 {
        i32::from_le_bytes([self.0[0], self.0[1], self.0[2], self.0[3]])
    }
}

/// `vault/key.json`.
#[derive(Serialize, Deserialize)]
struct WrappedKeys {
    version: i64,
    vault: String,
    wraps: Vec<Wrap>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Wrap {
    source: KeySource,
    sealed: String,
}

/// Opens the keys of a vault; `None` when there is no `key.json`.
pub(crate) fn unlock(folder: &Folder, sources: &KeySources) -> Result<Option<Unlocked>, StoreError> {
    let path = folder.wrapped_key();
    let Some(text) = read_private(&path).map_err(|error| from_io(&path, &error))? else { return Ok(None) };
    let file = parse(&path, &text)?;
    let vault = hex::decode(&file.vault)
        .and_then(|bytes| <[u8; 16]>::try_from(bytes).ok())
        .map(VaultId)
        .ok_or_else(|| unreadable(&path, "its vault id is damaged"))?;
    let mut first_error = None;
    for wrap in &file.wraps {
        let words = describe(folder, sources, wrap.source);
        let opened = wrapping_key(folder, sources, wrap.source, vault).and_then(|key| {
            let blob = hex::decode(&wrap.sealed).ok_or("key.json is damaged; restore a backup")?;
            let plain = open_with(&key, &label(vault), &blob)
                .ok_or("it is not the key this vault was encrypted with; provide the right one, or restore a backup")?;
            Keys::from_bytes(&plain).ok_or_else(|| "key.json is damaged; restore a backup".to_owned())
        });
        match opened {
            Ok(keys) => return Ok(Some(Unlocked { keys, vault, source: wrap.source, words })),
            Err(reason) => {
                first_error.get_or_insert(StoreError::key(folder.vault().display(), words, reason));
            }
        }
    }
    Err(first_error.unwrap_or_else(|| unreadable(&path, "it holds no key")))
}

/// Tells one `key.json` from the one that took its place.
pub(crate) type Stamp = (u64, i64, i64);

/// The stamp of the present `key.json`.
pub(crate) fn stamp(folder: &Folder) -> Option<Stamp> {
    std::fs::metadata(folder.wrapped_key()).ok().map(|file| (file.ino(), file.mtime(), file.mtime_nsec()))
}

/// Takes the first source that is there, for a vault that is being created.
pub(crate) fn choose(
    folder: &Folder,
    sources: &KeySources,
    vault: VaultId,
    entropy: &dyn Entropy,
) -> Result<KeySource, StoreError> {
    if sources.explicit.is_some() {
        establish(folder, sources, KeySource::Explicit, vault, entropy)?;
        return Ok(KeySource::Explicit);
    }
    if sources.keyring.is_some() {
        match establish(folder, sources, KeySource::Keyring, vault, entropy) {
            Ok(()) => return Ok(KeySource::Keyring),
            Err(error) => tracing::info!(%error, "no keyring; a key file is used"),
        }
    }
    establish(folder, sources, KeySource::KeyFile, vault, entropy)?;
    Ok(KeySource::KeyFile)
}

/// Sees to it that a source holds a key for a vault that is being created.
fn establish(
    folder: &Folder,
    sources: &KeySources,
    source: KeySource,
    vault: VaultId,
    entropy: &dyn Entropy,
) -> Result<(), StoreError> {
    let refuse = |reason: String| StoreError::key(folder.vault().display(), describe(folder, sources, source), reason);
    // A key file without a wrapped key is left of a creation that was cut short, and nothing was sealed with it.
    let fresh = SecretBytes::new(hex::encode(&*draw(entropy)).into_bytes());
    install(folder, sources, source, vault, &fresh).map_err(|reason| match disk_check::check(folder.vault()) {
        Err(error) => error,
        Ok(()) => refuse(reason),
    })?;
    wrapping_key(folder, sources, source, vault).map(|_| ()).map_err(refuse)
}

/// Writes `key.json` with the keys wrapped by one source.
pub(crate) fn store(
    folder: &Folder,
    sources: &KeySources,
    source: KeySource,
    vault: VaultId,
    keys: &Keys,
    entropy: &dyn Entropy,
) -> Result<(), StoreError> {
    let wrap = wrap(folder, sources, source, vault, keys, entropy)?;
    write(folder, vault, vec![wrap])
}

/// Gives a vault another wrapping key, of the same or of another source; safe at any point of a crash (I5).
///
/// The data keys stay, so nothing is sealed anew and running processes are not disturbed.
pub(crate) fn rewrap(
    folder: &Folder,
    old: &KeySources,
    new: &KeySources,
    to: KeySource,
    entropy: &dyn Entropy,
) -> Result<(), StoreError> {
    let unlocked = unlock(folder, old)?.ok_or_else(|| unreadable(&folder.wrapped_key(), "there is no vault yet"))?;
    let Unlocked { keys, vault, source, .. } = unlocked;
    let present = wrap(folder, old, source, vault, &keys, entropy)?;
    let refuse = |reason: String| StoreError::key(folder.vault().display(), describe(folder, new, to), reason);
    let fresh = SecretBytes::new(hex::encode(&*draw(entropy)).into_bytes());
    let key = match to {
        KeySource::Explicit => wrapping_key(folder, new, to, vault).map_err(refuse)?,
        KeySource::Keyring | KeySource::KeyFile => derive(fresh.expose(), vault),
    };
    let coming =
        Wrap { source: to, sealed: hex::encode(&seal_with(&key, 0, entropy, &label(vault), &keys.to_bytes())) };
    // The source may hold the old key in the place where the new one goes, so both wraps stand while it changes.
    let both = || vec![present.clone(), coming.clone()];
    write(folder, vault, both())?;
    if let Err(reason) = install(folder, new, to, vault, &fresh) {
        // It may have failed after the new key took the old one's place. A wrap goes only where its source shows another key.
        let opens = |sources, wrap: &Wrap| {
            let key = wrapping_key(folder, sources, wrap.source, vault).ok()?;
            Some(open_with(&key, &label(vault), &hex::decode(&wrap.sealed)?).is_some())
        };
        if opens(old, &present) == Some(true) && opens(new, &coming) != Some(true) {
            write(folder, vault, vec![present])?;
        }
        return Err(refuse(reason));
    }
    if let Err(error) = write(folder, vault, vec![coming.clone()]) {
        // Whether the change would survive a loss of power is not known: the old key opens as well until a later one is whole.
        drop(write(folder, vault, both()));
        return Err(error);
    }
    if source == KeySource::KeyFile && to != KeySource::KeyFile {
        let path = folder.key_file();
        // It opens nothing any more.
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "the old key file was not removed");
        }
    }
    Ok(())
}

/// Adds a new data key, which seals from now on.
pub(crate) fn renew(folder: &Folder, sources: &KeySources, entropy: &dyn Entropy) -> Result<(), StoreError> {
    let unlocked =
        unlock(folder, sources)?.ok_or_else(|| unreadable(&folder.wrapped_key(), "there is no vault yet"))?;
    store(folder, sources, unlocked.source, unlocked.vault, &unlocked.keys.renewed(entropy), entropy)
}

/// Keys wrapped by an explicit key alone, as the text of a `key.json`: for a store that is no folder.
#[cfg(feature = "postgres")]
pub(crate) fn wrap_explicit(
    vault: VaultId,
    key: &ExplicitKey,
    keys: &Keys,
    entropy: &dyn Entropy,
) -> Result<String, String> {
    let wrapping = derive(long_enough(key)?, vault);
    let sealed = hex::encode(&seal_with(&wrapping, 0, entropy, &label(vault), &keys.to_bytes()));
    let file = WrappedKeys {
        version: VERSION,
        vault: hex::encode(&vault.0),
        wraps: vec![Wrap { source: KeySource::Explicit, sealed }],
    };
    serde_json::to_string(&file).map_err(|error| error.to_string())
}

/// What [`wrap_explicit`] wrapped.
#[cfg(feature = "postgres")]
pub(crate) fn unwrap_explicit(text: &str, key: &ExplicitKey) -> Result<(VaultId, Keys), String> {
    let damaged = || "its wrapped keys are damaged; restore a backup".to_owned();
    let file: WrappedKeys = serde_json::from_str(text).map_err(|_| damaged())?;
    let vault = hex::decode(&file.vault).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()).map(VaultId);
    let vault = vault.filter(|_| file.version <= VERSION).ok_or_else(damaged)?;
    let wrapping = derive(long_enough(key)?, vault);
    for wrap in &file.wraps {
        let blob = hex::decode(&wrap.sealed).ok_or_else(damaged)?;
        if let Some(plain) = open_with(&wrapping, &label(vault), &blob) {
            return Ok((vault, Keys::from_bytes(&plain).ok_or_else(damaged)?));
        }
    }
    Err("it is not the key this vault was encrypted with; provide the right one, or restore a backup".to_owned())
}

/// What an explicit key is made of, if that is long enough to be one.
fn long_enough(key: &ExplicitKey) -> Result<&[u8], String> {
    if key.material.len() < ExplicitKey::LEAST {
        return Err(format!(
            "it has {} bytes and needs {}; make one with: openssl rand -base64 32",
            key.material.len(),
            ExplicitKey::LEAST
        ));
    }
    Ok(key.material.expose())
}

/// Puts a key where its source keeps it, and sees that it is kept.
fn install(
    folder: &Folder,
    sources: &KeySources,
    source: KeySource,
    vault: VaultId,
    material: &SecretBytes,
) -> Result<(), String> {
    match source {
        KeySource::Explicit => Ok(()),
        KeySource::KeyFile => {
            write_whole(&folder.key_file(), material.expose(), true).map_err(|error| error.to_string())
        }
        KeySource::Keyring => {
            let keyring = sources.keyring.as_ref().ok_or("there is no keyring here")?;
            keyring.set(&account(vault), material).map_err(|fault| fault.0)?;
            match keyring.get(&account(vault)) {
                Ok(Some(kept)) if kept == *material => Ok(()),
                Ok(_) => Err("it accepted a value and did not keep it".to_owned()),
                Err(fault) => Err(fault.0),
            }
        }
    }
}

fn wrap(
    folder: &Folder,
    sources: &KeySources,
    source: KeySource,
    vault: VaultId,
    keys: &Keys,
    entropy: &dyn Entropy,
) -> Result<Wrap, StoreError> {
    let key = wrapping_key(folder, sources, source, vault)
        .map_err(|reason| StoreError::key(folder.vault().display(), describe(folder, sources, source), reason))?;
    Ok(Wrap { source, sealed: hex::encode(&seal_with(&key, 0, entropy, &label(vault), &keys.to_bytes())) })
}

fn write(folder: &Folder, vault: VaultId, wraps: Vec<Wrap>) -> Result<(), StoreError> {
    let path = folder.wrapped_key();
    let file = WrappedKeys { version: VERSION, vault: hex::encode(&vault.0), wraps };
    let text = serde_json::to_vec_pretty(&file).map_err(|error| unreadable(&path, &error.to_string()))?;
    write_whole(&path, &text, true).map_err(|error| from_io(&path, &error))
}

/// The wrapping key of a source, or the reason why there is none.
fn wrapping_key(folder: &Folder, sources: &KeySources, source: KeySource, vault: VaultId) -> Result<KeyBytes, String> {
    match source {
        KeySource::Explicit => {
            let key = sources.explicit.as_ref().ok_or(
                "neither is set; this vault is encrypted with a key of yours: set TOKENWARD_KEY_FILE or TOKENWARD_KEY",
            )?;
            Ok(derive(long_enough(key)?, vault))
        }
        KeySource::Keyring => {
            let keyring = sources
                .keyring
                .as_ref()
                .ok_or("there is no keyring here; log in to the desktop session, or restore a backup")?;
            let material = keyring.get(&account(vault)).map_err(|fault| fault.0)?;
            let material = material.ok_or("the keyring has no entry for this vault; restore a backup")?;
            Ok(derive(material.expose(), vault))
        }
        KeySource::KeyFile => {
            let path = folder.key_file();
            let text = read_private(&path).map_err(|error| error.to_string())?;
            let text = text.ok_or("the file is missing; put it back, or restore a backup")?;
            Ok(derive(text.trim_ascii(), vault))
        }
    }
}

fn describe(folder: &Folder, sources: &KeySources, source: KeySource) -> String {
    match source {
        KeySource::Explicit => sources
            .explicit
            .as_ref()
            .map_or_else(|| "TOKENWARD_KEY_FILE or TOKENWARD_KEY".to_owned(), |key| key.words.clone()),
        KeySource::Keyring => "the keyring of the operating system".to_owned(),
        KeySource::KeyFile => format!("the key file {}", folder.key_file().display()),
    }
}

/// Whether a file that the fast path reads is closed to others; if not, the long way repairs it.
pub(crate) fn private(metadata: &std::fs::Metadata) -> bool {
    !loose(metadata.mode())
}

/// Reads a file of the vault into memory that is wiped; `None` when there is none. It must be one that nobody else could have written.
pub(crate) fn read_private(path: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let trust = Trust::of_home(path.ancestors().nth(2).unwrap_or(Path::new("/")));
    match trust.read(path, LONGEST) {
        Ok(found) => Ok(found.map(|found| Zeroizing::new(found.content.expose().to_vec()))),
        Err(Distrust::Io { error, .. }) => Err(error),
        Err(found) => Err(io::Error::other(found.to_string())),
    }
}

fn parse(path: &Path, text: &[u8]) -> Result<WrappedKeys, StoreError> {
    #[derive(Deserialize)]
    struct Version {
        version: i64,
    }
    let broken = |error: serde_json::Error| unreadable(path, &format!("it is damaged ({error}); restore a backup"));
    // Read once in the common case: this is on the fast path.
    let read = serde_json::from_slice::<WrappedKeys>(text);
    if let Ok(file) = &read
        && file.version <= VERSION
    {
        return read.map_err(broken);
    }
    let Version { version } = serde_json::from_slice(text).map_err(broken)?;
    if version > VERSION {
        return Err(StoreError::newer(path.display(), version, VERSION));
    }
    read.map_err(broken)
}

fn derive(material: &[u8], vault: VaultId) -> KeyBytes {
    mac(material, &[b"tokenward wrapping key", &vault.0])
}

fn label(vault: VaultId) -> Label {
    Label::new("key.json").with(&vault.0)
}

fn account(vault: VaultId) -> String {
    format!("vault {}", hex::encode(&vault.0))
}

fn unreadable(path: &Path, reason: &str) -> StoreError {
    StoreError::unreadable(path.display(), reason.to_owned())
}

/// Keys and wrapped keys are some hundred bytes each.
const LONGEST: u64 = 16 << 20;

/// The newest form of `key.json` this version reads.
const VERSION: i64 = 1;
