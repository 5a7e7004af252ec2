//! The rescue slots: where a provider's answer goes when the journal cannot take it (I3).
//!
//! A file of its own, written to its full size when the vault is created, so that it needs no room later: an answer is
//! written in place and synced. Enters: a sealed answer. Leaves: the same, until it has been moved into the
//! journal. Each slot carries a checksum, so a write that a crash tore in two counts as never made (nobody was told
//! that it was kept). All processes share the file under its lock.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sha2::{Digest, Sha256};
use tokenward_core::ports::{Entropy, StoreError};
use tokenward_core::{IntentId, RawAnswer};

use crate::codec::{answer_from_bytes, answer_to_bytes};
use crate::folder::{is_in_place, open_private, write_in_place};
use crate::io_error::from_io;
use crate::seal::{Keys, Label, OVERHEAD, Unopened};

/// The file with its slots.
pub(crate) struct Rescue {
    path: PathBuf,
    /// Kept open once it was proven, so that nothing that happens to the folder can take it away.
    file: Mutex<Option<File>>,
    /// Whether it lies on a disk that copies what is written: no disk changes its kind.
    is_copied: OnceLock<bool>,
}

/// A slot's content.
pub(crate) struct Rescued {
    pub(crate) slot: u64,
    pub(crate) slotted: Slotted,
}

/// A sealed answer as it lies in a slot.
pub(crate) struct Slotted {
    pub(crate) intent: IntentId,
    pub(crate) blob: Vec<u8>,
}

impl Rescue {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: Mutex::new(None), is_copied: OnceLock::new() }
    }

    /// Sees to it that the file is there in full and has a free slot, one more than before if need be. Syncs only when
    /// it had to be written.
    pub(crate) fn ready(&self) -> Result<(), StoreError> {
        let at = |error: io::Error| from_io(&self.path, &error);
        if let Err(error) = self.settle_in_place() {
            tracing::debug!(path = %self.path.display(), %error, "the rescue slots stay as they are");
        }
        let file = self.open().map_err(at)?;
        let file = locked(&file).map_err(at)?;
        let metadata = file.metadata().map_err(at)?;
        // A file with holes would need room when they are filled.
        if metadata.len() < SLOTS * SLOT || metadata.blocks() * 512 < SLOTS * SLOT {
            for slot in metadata.len() / SLOT..SLOTS {
                file.write_all_at(&empty_slot(), slot * SLOT).map_err(at)?;
            }
            if metadata.blocks() * 512 < SLOTS * SLOT {
                refill(&file).map_err(at)?;
            }
            file.sync_all().map_err(at)?;
        }
        if free_slot(&file).map_err(at)?.is_some() {
            return Ok(());
        }
        // Answers whose intents this journal does not know (a backup was put in its place) are never freed: the journal
        // that knows them may come back. They must not stop the logins of this one, so they are worked around.
        let slots = file.metadata().map_err(at)?.len() / SLOT;
        if slots >= MOST_SLOTS {
            return Err(StoreError::full(
                self.path.display(),
                "every rescue slot holds an answer that waits to be moved into the journal",
            ));
        }
        file.write_all_at(&empty_slot(), slots * SLOT).map_err(at)?;
        file.sync_all().map_err(at)
    }

    /// Keeps an answer, durably: all of it, or its first [`BODY`] bytes.
    pub(crate) fn keep(
        &self,
        keys: &Keys,
        entropy: &dyn Entropy,
        intent: IntentId,
        answer: &RawAnswer,
    ) -> io::Result<()> {
        let mut bytes = slotted(keys, entropy, intent, answer);
        let file = self.open()?;
        let file = locked(&file)?;
        // When every slot is taken the file grows by one, should there be room.
        let slot = match free_slot(&file)? {
            Some(slot) => slot,
            None => file.metadata()?.len() / SLOT,
        };
        bytes.resize(SLOT_BYTES, 0);
        file.write_all_at(&bytes, slot * SLOT)?;
        file.sync_data()
    }

    /// What lies in the slots.
    pub(crate) fn kept(&self) -> io::Result<Vec<Rescued>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut kept = Vec::new();
        for slot in 0..file.metadata()?.len() / SLOT {
            if let Some((intent, blob)) = read_slot(&file, slot)? {
                kept.push(Rescued { slot, slotted: Slotted { intent, blob } });
            }
        }
        Ok(kept)
    }

    /// Frees a slot once its answer is in the journal. Not synced: should the slot come back after a loss of power, the
    /// journal already has its answer and it is freed again.
    pub(crate) fn free(&self, rescued: &Rescued) -> io::Result<()> {
        let file = self.open()?;
        let file = locked(&file)?;
        match read_slot(&file, rescued.slot)? {
            Some((intent, blob)) if intent == rescued.slotted.intent && blob == rescued.slotted.blob => {
                file.write_all_at(&empty_slot(), rescued.slot * SLOT)
            }
            _ => Ok(()),
        }
    }

    /// Frees the slots that hold an answer which the journal has by now.
    pub(crate) fn forget(&self, intent: IntentId) -> io::Result<()> {
        self.kept()?.iter().filter(|kept| kept.slotted.intent == intent).try_for_each(|kept| self.free(kept))
    }

    /// Whether the disk may copy what is written, as [`room::copies`](crate::disk_check::copies) says.
    pub(crate) fn is_copied(&self) -> bool {
        *self.is_copied.get_or_init(|| self.path.parent().is_some_and(crate::disk_check::copies))
    }

    /// Makes the file one that is written in place, where the disk would copy what is written and it is not so yet (a vault that an
    /// earlier version made). Only while no answer lies in it.
    fn settle_in_place(&self) -> io::Result<()> {
        let Some(folder) = self.path.parent() else { return Ok(()) };
        if !self.is_copied() || is_in_place(&self.path) {
            return Ok(());
        }
        let opened = self.open()?;
        let file = locked(&opened)?;
        if (0..file.metadata()?.len() / SLOT).any(|slot| !matches!(read_slot(&file, slot), Ok(None))) {
            return Ok(());
        }
        let fresh = tempfile::Builder::new().prefix(".rescue-").tempfile_in(folder)?;
        // Takes effect on an empty file only.
        write_in_place(fresh.as_file())?;
        for slot in 0..SLOTS {
            fresh.as_file().write_all_at(&empty_slot(), slot * SLOT)?;
        }
        fresh.as_file().sync_all()?;
        // Whoever has the old one open finds that it has no name any more, and opens this one.
        fresh.persist(&self.path).map_err(|error| error.error)?;
        crate::folder::sync_folder(folder)
    }

    fn open(&self) -> io::Result<Opened<'_>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A file that was removed under us would take an answer with it.
        if file.as_ref().is_none_or(|file| file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)) {
            *file = Some(open_private(&self.path)?);
        }
        Ok(Opened(file))
    }
}

/// Opens what lay in a slot.
pub(crate) fn unseal(keys: &Keys, slotted: &Slotted) -> Result<RawAnswer, Unopened> {
    let plain = keys.open(&label(slotted.intent), &slotted.blob)?;
    answer_from_bytes(&plain).ok_or(Unopened::Broken)
}

/// An answer as a slot holds it: all of it, or its first [`BODY`] bytes, sealed.
pub(crate) fn slotted(keys: &Keys, entropy: &dyn Entropy, intent: IntentId, answer: &RawAnswer) -> Vec<u8> {
    let blob = keys.seal(entropy, &label(intent), &answer_to_bytes(answer, BODY));
    let mut bytes = Vec::with_capacity(HEAD + blob.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&checksum(intent, &blob));
    bytes.extend_from_slice(intent.as_uuid().as_bytes());
    bytes.extend_from_slice(&u32::try_from(blob.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&blob);
    bytes
}

struct Opened<'a>(MutexGuard<'a, Option<File>>);

/// Holds the file's lock against other processes until it is dropped.
struct Locked<'a>(&'a File);

impl std::ops::Deref for Locked<'_> {
    type Target = File;

    fn deref(&self) -> &File {
        self.0
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn locked<'a>(opened: &'a Opened<'_>) -> io::Result<Locked<'a>> {
    let file = opened.0.as_ref().ok_or(rustix::io::Errno::NOENT)?;
    match file.lock() {
        // Without locks two processes could take one slot in one moment; both would have to meet a full disk then.
        Ok(()) => Ok(Locked(file)),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(Locked(file)),
        Err(error) => Err(error),
    }
}

fn free_slot(file: &File) -> io::Result<Option<u64>> {
    for slot in 0..file.metadata()?.len() / SLOT {
        if read_slot(file, slot)?.is_none() {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// A slot's content, if it was written to the end.
pub(crate) fn read_slot(file: &File, slot: u64) -> io::Result<Option<(IntentId, Vec<u8>)>> {
    let mut head = [0; HEAD];
    file.read_exact_at(&mut head, slot * SLOT)?;
    let Some(rest) = head.strip_prefix(MAGIC) else { return Ok(None) };
    let (sum, rest) = rest.split_at(SUM);
    let (intent, length) = rest.split_at(16);
    let length = length.try_into().map_or(u32::MAX, u32::from_le_bytes) as usize;
    let Ok(uuid) = <[u8; 16]>::try_from(intent) else { return Ok(None) };
    if length > SLOT_BYTES - HEAD {
        return Ok(None);
    }
    let intent = IntentId::from(uuid::Uuid::from_bytes(uuid));
    let mut blob = vec![0; length];
    file.read_exact_at(&mut blob, slot * SLOT + HEAD as u64)?;
    Ok((checksum(intent, &blob) == *sum).then_some((intent, blob)))
}

/// Fills holes by writing what is read there.
fn refill(file: &File) -> io::Result<()> {
    let mut bytes = empty_slot();
    for slot in 0..SLOTS {
        file.read_exact_at(&mut bytes, slot * SLOT)?;
        file.write_all_at(&bytes, slot * SLOT)?;
    }
    Ok(())
}

fn empty_slot() -> Vec<u8> {
    vec![0; SLOT_BYTES]
}

fn checksum(intent: IntentId, blob: &[u8]) -> [u8; SUM] {
    let mut hash = Sha256::new();
    hash.update(intent.as_uuid().as_bytes());
    hash.update((blob.len() as u64).to_le_bytes());
    hash.update(blob);
    let mut sum = [0; SUM];
    sum.copy_from_slice(&hash.finalize()[..SUM]);
    sum
}

fn label(intent: IntentId) -> Label {
    Label::new("rescue").with(intent.as_uuid().as_bytes())
}

const MAGIC: &[u8; 8] = b"TWRESCUE";
const SUM: usize = 16;
/// Magic, checksum, intent, length.
pub(crate) const HEAD: usize = 8 + SUM + 16 + 4;
pub(crate) const SLOT_BYTES: usize = 64 * 1024;
pub(crate) const SLOT: u64 = SLOT_BYTES as u64;
const SLOTS: u64 = 8;
/// To how many the file grows, 4 MiB, before a spend is refused.
const MOST_SLOTS: u64 = 64;
/// How much of an answer's body fits: a slot less its head, the seal and the answer's head (three headers of 128
/// characters, each at most six bytes when written as JSON, and some numbers).
const BODY: usize = 60 * 1024;
const _: () = assert!(HEAD + OVERHEAD + 4 + 3 * 128 * 6 + 256 + BODY <= SLOT_BYTES);
