//! Landing slots: where the answer to a send goes first, so that whoever kills this process does not take it along (I3).
//!
//! A slot is opened before a spend is begun: a file that has its full size, written in place where the disk copies what is written. The
//! thread that read the answer's last byte writes it there, sealed, by one call and without a sync. What the kernel holds outlives the process,
//! not a loss of power; the journal's synced write follows as always and frees the slot. Enters: an answer. Leaves: the same, to the next
//! recovery, if the journal never got it.
//!
//! Whoever holds a slot's file lock owns it. The kernel takes the lock from a process that has ended and leaves it to one that is
//! stopped, so that an answer which comes very late lands in no slot of somebody else's. A slot that cannot be had stops nobody: the answer
//! then goes to the journal alone, as the rescue slot ([`crate::rescue`]) waits for it there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokenward_core::ports::Entropy;
use tokenward_core::{IntentId, Landing, RawAnswer};

use crate::folder::{open_private, write_in_place};
use crate::rescue::{HEAD, SLOT, SLOT_BYTES, Slotted, read_slot, slotted};
use crate::seal::Keys;

/// The folder with the slots.
pub(crate) struct Landings {
    folder: PathBuf,
    /// The slots of this process, by their numbers: the search for a free one passes them over.
    own: Arc<Mutex<BTreeSet<u32>>>,
}

/// What lies in a slot.
pub(crate) struct SlotContent {
    pub(crate) slotted: Slotted,
    /// Its owner lives, and is about to store it.
    pub(crate) owned: bool,
    path: PathBuf,
}

/// A slot that one spend's answer lands in.
pub(crate) struct LandingSlot {
    file: File,
    _own: Own,
    intent: IntentId,
    keys: Arc<Keys>,
    entropy: Arc<dyn Entropy>,
    /// Whether the answer was put into it.
    is_taken: AtomicBool,
}

/// The number of a slot of this process, for as long as it is one.
struct Own {
    number: u32,
    all: Arc<Mutex<BTreeSet<u32>>>,
}

impl Drop for Own {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

impl Landings {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, own: Arc::default() }
    }

    /// Notes a slot as this process's, unless it is already.
    fn note(&self, number: u32) -> Option<Own> {
        let is_new = self.own.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        is_new.then(|| Own { number, all: Arc::clone(&self.own) })
    }

    /// Opens a slot for the answer to a spend; makes one where all are taken.
    ///
    /// # Errors
    /// The system's: there is no room for another one, or the folder is not to be had.
    pub(crate) fn open(&self, intent: IntentId, keys: Arc<Keys>, entropy: Arc<dyn Entropy>) -> io::Result<LandingSlot> {
        for number in 0..MOST {
            let Some(own) = self.note(number) else { continue };
            let file = open_private(&self.folder.join(number.to_string()))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(std::fs::TryLockError::WouldBlock) => continue,
                // Two owners could take one slot in one moment; the journal has both answers all the same.
                Err(std::fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(std::fs::TryLockError::Error(error)) => return Err(error),
            }
            if file.metadata()?.len() < SLOT {
                // Takes effect on an empty file only.
                let in_place = write_in_place(&file);
                tracing::trace!(number, ?in_place, "a landing slot is made");
                file.write_all_at(&vec![0; SLOT_BYTES], 0)?;
            }
            // One that holds an answer waits for the recovery of its spend.
            if read_slot(&file, 0)?.is_none() {
                return Ok(LandingSlot { file, _own: own, intent, keys, entropy, is_taken: AtomicBool::new(false) });
            }
        }
        Err(io::Error::other("every landing slot is taken"))
    }

    /// What lies in the slots.
    pub(crate) fn landed(&self) -> io::Result<Vec<SlotContent>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut landed = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let file = File::open(&path)?;
            // One that is being made is shorter.
            if let Ok(Some((intent, blob))) = read_slot(&file, 0) {
                let owned = is_owned(&file);
                landed.push(SlotContent { slotted: Slotted { intent, blob }, owned, path });
            }
        }
        Ok(landed)
    }

    /// Frees a slot whose answer is in the journal, unless its owner lives: that one does it.
    pub(crate) fn free(landed: &SlotContent) -> io::Result<()> {
        let file = open_private(&landed.path)?;
        if file.try_lock().is_err() {
            return Ok(());
        }
        match read_slot(&file, 0)? {
            Some((intent, _)) if intent == landed.slotted.intent => file.write_all_at(&[0; HEAD], 0),
            _ => Ok(()),
        }
    }
}

impl LandingSlot {
    pub(crate) const fn intent(&self) -> IntentId {
        self.intent
    }

    /// Whether the answer has landed in it.
    pub(crate) fn is_taken(&self) -> bool {
        self.is_taken.load(Ordering::Acquire)
    }

    /// Makes what has landed outlive a loss of power too.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Frees the slot: its answer is kept elsewhere, or none has come.
    pub(crate) fn clear(&self) -> io::Result<()> {
        if self.is_taken() { self.file.write_all_at(&[0; HEAD], 0) } else { Ok(()) }
    }
}

impl Landing for LandingSlot {
    fn put(&self, answer: &RawAnswer) -> bool {
        let bytes = slotted(&self.keys, &*self.entropy, self.intent, answer);
        let is_put = self.file.write_all_at(&bytes, 0).is_ok();
        self.is_taken.store(is_put, Ordering::Release);
        is_put
    }
}

/// Whether somebody holds the lock of a slot. Asked through a handle of its own, so that this process's own slots count as owned.
fn is_owned(file: &File) -> bool {
    match file.try_lock_shared() {
        Ok(()) => file.unlock().is_err(),
        Err(std::fs::TryLockError::WouldBlock) => true,
        Err(std::fs::TryLockError::Error(_)) => false,
    }
}

/// Whether no answer lies in any slot, and none ever did as far as can be seen.
pub(crate) fn is_empty(folder: &Path) -> bool {
    Landings::new(folder.to_owned()).landed().is_ok_and(|landed| landed.is_empty())
}

/// To how many slots the folder grows, 16 MiB: as many sends may be under way at once, or wait for their recovery.
const MOST: u32 = 256;
