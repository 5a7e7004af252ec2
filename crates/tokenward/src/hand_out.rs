//! The hand-out file: a profile's access token, sealed, for the fast path.
//!
//! Enters: what is stored under a name, sealed with the vault's keys. Leaves: a file beside the vault, and what of it can be served now. It is a
//! copy of what a commit made durable, so it is not synced (I2 holds: the commit came first). One that is torn, old, moved to another profile's
//! name or of another vault fails its seal or its dates and is ignored; the caller then goes the long way.
//!
//! It also says how the profile's linked files have to look. One that looks otherwise was edited, replaced or never brought in
//! step, and the long way reconciles it before a token is served (design/0000-charter.md §7).
//!
//! [`read`] is synchronous and opens three files (hand-out, wrapped key, key file) or two (with an explicit key), and asks
//! once for the looks of each linked file: it is the whole of `tokenward token` in the common case
//! (design/0000-charter.md §10).
//!
//! # Who may write
//!
//! A lock file for each name, held by whoever writes or withholds, with a note in it: that the name is withheld, or what was shown last. And for
//! all names one file with random bytes, drawn anew when a withholding ends: the mark ([`HandOuts::mark`]).
//!
//! * Two late writers, with the same mark: the note says which generation is shown, and the older one goes. The copy itself is not asked: a
//!   person may have removed it.
//! * A writer of before a withholding (an access token was refused; a login was adopted, taken back, given a name, ended; a refresh that ends the
//!   old token was begun): its mark is not the present one, and it shows nothing.
//! * A withholder that died: its note is still there, and its lock free. The next writer draws a new mark, and looks at the store again.
//! * A writer that was stopped with the lock in its hand: whoever withholds waits half a second and goes on without the lock. The writer
//!   compares the mark once more when its file is in place, and takes it away again.
//!
//! Of all names one mark, because a rotation knows its grant and not yet under which name it will be stored. Two names that meet cost one of them
//! a look at the store.

mod cache;
mod file_format;

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{Clock, Entropy, HandOut, HandOuts, Mark, ShowOutcome, StoreError, Stored, Withheld};
use tokenward_core::{Generation, GrantId, ProfileName};
use tokenward_vault::{
    Beside, Folder, FolderKeys, KeySources, Tried, from_io, open_private, stamp, sync_folder, try_lock, write_private,
};
use tokio::time::Instant;
use uuid::Uuid;

use cache::Memory;

/// The hand-out files beside a vault.
pub struct HandOutFiles {
    beside: Beside,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// What was read, where a disk of this machine says how its files look by now: one of another machine may answer with how they looked.
    memory: Option<Memory>,
}

impl HandOutFiles {
    /// Those beside this vault.
    pub fn new(beside: Beside, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let memory = beside.is_local().then(Memory::default);
        Self { beside, clock, entropy, memory }
    }

    /// The token of a profile, if its hand-out file says that it can be served now ([`read`]), opened with the keys of the vault that is open
    /// already. Read and opened once for as long as it is the same file; whether it still is, and may still be served, is asked each time.
    pub fn at_once(&self, profile: &ProfileName) -> Option<HandOut> {
        let found = match &self.memory {
            None => self.peek(profile),
            Some(memory) => {
                memory.recall(profile, stamp(&self.folder().handout(profile)), Instant::now(), || self.peek(profile))
            }
        };
        found.filter(|hand_out| file_format::serves(self.beside.folder(), hand_out, self.clock.now()))
    }

    fn folder(&self) -> &Folder {
        self.beside.folder()
    }

    /// Draws a new mark. What was read or stored before shows nothing any more.
    fn draw_mark(&self) -> io::Result<()> {
        draw_mark(self.folder(), &*self.entropy)
    }

    fn remove(&self, profile: &ProfileName) -> Result<(), StoreError> {
        remove(self.folder(), profile).map_err(|error| from_io(&self.folder().handout(profile), &error))
    }

    fn write(&self, profile: &ProfileName, stored: &Stored) -> io::Result<()> {
        match &stored.hand_out {
            Some(hand_out) => {
                let sealed = self.beside.seal(
                    file_format::PURPOSE,
                    profile.as_str().as_bytes(),
                    &file_format::to_plain(hand_out)?,
                );
                write_private(&self.folder().handout(profile), &sealed)
            }
            None => remove(self.folder(), profile),
        }
    }

    /// The lock of a hand-out file. The outer `None`: somebody has it and does not let go; the inner: there are no such locks.
    async fn lock(&self, profile: &ProfileName) -> Option<Option<File>> {
        let path = self.folder().handout_lock(profile);
        for attempt in 0..LOCK_ATTEMPTS {
            match try_lock(&path) {
                Ok(Tried::Locked(file)) => return Some(Some(file)),
                Ok(Tried::Taken) => tokio::time::sleep(Duration::from_millis(1 << attempt)).await,
                Ok(Tried::Unsupported) | Err(_) => return Some(None),
            }
        }
        None
    }

    fn show_under(
        &self,
        lock: Option<&File>,
        profile: &ProfileName,
        stored: &Stored,
        since: &Mark,
        mending: bool,
    ) -> io::Result<ShowOutcome> {
        let note = match lock {
            Some(lock) => Note::read(lock)?,
            None => self.peek(profile).map_or(Note::Nothing, |found| Note::Shown(found.grant, found.generation)),
        };
        if let (Note::Withheld, Some(lock)) = (note, lock) {
            // It died between the store's answer and its end, or before: nobody knows. The new mark first.
            self.draw_mark()?;
            Note::Nothing.write(lock)?;
            return Ok(ShowOutcome::Moved);
        }
        if *since != self.mark() {
            return Ok(ShowOutcome::Moved);
        }
        if let (Note::Shown(grant, generation), Some(of)) = (note, stored.of)
            && grant == of.0
            && generation > of.1
        {
            return Ok(ShowOutcome::Done);
        }
        if mending && stored.hand_out.is_some() && self.peek(profile) == stored.hand_out {
            // Somebody else has mended it since.
            return Ok(ShowOutcome::Done);
        }
        if let (Some(lock), Some((grant, generation))) = (lock, stored.of) {
            Note::Shown(grant, generation).write(lock)?;
        }
        self.write(profile, stored)?;
        if *since != self.mark() {
            // Somebody could not wait for us.
            remove(self.folder(), profile)?;
            return Ok(ShowOutcome::Moved);
        }
        Ok(ShowOutcome::Done)
    }
}

#[async_trait]
impl HandOuts for HandOutFiles {
    fn mark(&self) -> Mark {
        match read_mark(self.folder()) {
            Ok(mark) => mark,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Mark(None),
            // One that is nobody's: nothing is shown by it.
            Err(_) => {
                let mut bytes = [0; 16];
                self.entropy.fill(&mut bytes);
                Mark(Some(bytes))
            }
        }
    }

    async fn show(&self, profile: &ProfileName, stored: &Stored, since: &Mark) -> Result<ShowOutcome, StoreError> {
        let Some(lock) = self.lock(profile).await else {
            tracing::debug!(%profile, "somebody else is at the hand-out file");
            return Ok(ShowOutcome::Busy);
        };
        let shown = self.show_under(lock.as_ref(), profile, stored, since, false);
        shown.map_err(|error| from_io(&self.folder().handout(profile), &error))
    }

    async fn mend(&self, profile: &ProfileName, stored: &Stored, since: &Mark) -> Result<ShowOutcome, StoreError> {
        let lock = match try_lock(&self.folder().handout_lock(profile)) {
            Ok(Tried::Locked(lock)) => Some(lock),
            Ok(Tried::Taken) => return Ok(ShowOutcome::Busy),
            Ok(Tried::Unsupported) | Err(_) => None,
        };
        let shown = self.show_under(lock.as_ref(), profile, stored, since, true);
        shown.map_err(|error| from_io(&self.folder().handout(profile), &error))
    }

    async fn withhold(&self, profile: &ProfileName) -> Result<Withheld, StoreError> {
        let lock = self.lock(profile).await.flatten();
        if let Some(lock) = &lock
            && let Err(error) = Note::Withheld.write(lock)
        {
            tracing::debug!(%error, %profile, "that a hand-out file is withheld is not on record");
        }
        let withholding = Withholding {
            folder: self.folder().clone(),
            entropy: Arc::clone(&self.entropy),
            profile: profile.clone(),
            lock,
        };
        self.remove(profile)?;
        Ok(Withheld::by(withholding))
    }

    fn end(&self, grant: GrantId) -> Result<(), StoreError> {
        let path = self.folder().over(grant);
        let folder = self.folder().locks();
        let ended = open_private(&path).and_then(|_| sync_folder(&folder));
        ended.map_err(|error| from_io(&path, &error))
    }

    fn was_not_ended(&self, grant: GrantId) {
        if let Err(error) = std::fs::remove_file(self.folder().over(grant)) {
            tracing::warn!(%error, %grant, "the login is served the long way alone");
        }
    }

    fn is_there(&self, profile: &ProfileName) -> bool {
        self.folder().handout(profile).exists()
    }

    fn peek(&self, profile: &ProfileName) -> Option<HandOut> {
        let blob = file_format::blob(&self.folder().handout(profile))?;
        file_format::from_plain(&self.beside.open(file_format::PURPOSE, profile.as_str().as_bytes(), &blob)?)
    }

    /// `SQLite` reads a database that was put back, or whose log was removed, cut or damaged, without complaint.
    fn went_back(&self, profile: &ProfileName) -> StoreError {
        StoreError::unreadable(
            self.folder().database().display(),
            format!(
                "it has lost what was written last: the hand-out file of {profile} is newer; put vault.db-wal back where it \
                 was, restore a backup (tokenward vault restore), or log in again"
            ),
        )
    }
}

/// The token of a profile, if its hand-out file is there, whole, private and good at `now`, and every linked file looks as it
/// should. Anything else is `None`: the long way finds out what it is, and says so.
pub fn read(folder: &Folder, profile: &ProfileName, sources: &KeySources, now: Timestamp) -> Option<HandOut> {
    let blob = file_format::blob(&folder.handout(profile))?;
    let plain = FolderKeys::of(folder, sources)?.open(file_format::PURPOSE, profile.as_str().as_bytes(), &blob)?;
    file_format::from_plain(&plain).filter(|hand_out| file_format::serves(folder, hand_out, now))
}

/// Takes a profile's hand-out file away, durably: from now on the long way is gone.
///
/// # Errors
/// [`StoreFault::Unreadable`](tokenward_core::ports::StoreFault::Unreadable) and its like, where the folder cannot be written.
pub fn forget(folder: &Folder, profile: &ProfileName) -> Result<(), StoreError> {
    remove(folder, profile).map_err(|error| from_io(&folder.handout(profile), &error))
}

/// A name whose hand-out file is gone and does not come back before this is dropped.
struct Withholding {
    folder: Folder,
    entropy: Arc<dyn Entropy>,
    profile: ProfileName,
    lock: Option<File>,
}

impl Drop for Withholding {
    fn drop(&mut self) {
        // The mark before the note: a crash between the two costs the next writer a look at the store.
        let marked = draw_mark(&self.folder, &*self.entropy);
        let done = match &self.lock {
            Some(lock) => marked.and_then(|()| Note::Nothing.write(lock)),
            // Whoever has the lock may have gone on meanwhile.
            None => marked.and_then(|()| remove(&self.folder, &self.profile)),
        };
        if let Err(error) = done {
            tracing::warn!(%error, profile = %self.profile, "tokens are served the long way until the hand-out file can be written");
        }
    }
}

/// What stands in the lock file of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    /// Nothing is known.
    Nothing,
    /// Somebody withholds it, or died over it.
    Withheld,
    /// What was shown last.
    Shown(GrantId, Generation),
}

impl Note {
    fn read(lock: &File) -> io::Result<Self> {
        let mut bytes = [0; LONGEST_NOTE];
        // By one call: a file of some bytes is read as a whole.
        let length = lock.read_at(&mut bytes, 0)?;
        // One that does not read was cut off while it was written, by a crash.
        let Ok(text) = str::from_utf8(&bytes[..length]) else { return Ok(Self::Withheld) };
        let mut words = text.split_ascii_whitespace();
        Ok(match (words.next(), words.next(), words.next(), words.next()) {
            (None, ..) => Self::Nothing,
            (Some("shown"), Some(grant), Some(number), Some("whole")) => match (Uuid::parse_str(grant), number.parse())
            {
                (Ok(grant), Ok(number)) => Self::Shown(GrantId::from(grant), Generation::new(number)),
                _ => Self::Withheld,
            },
            _ => Self::Withheld,
        })
    }

    fn write(self, lock: &File) -> io::Result<()> {
        let text = match self {
            Self::Nothing => String::new(),
            Self::Withheld => "withheld\n".to_owned(),
            Self::Shown(grant, generation) => format!("shown {grant} {generation} whole\n"),
        };
        // In one call, before the rest is cut off: what a crash leaves between the two is longer, and its head reads.
        lock.write_all_at(text.as_bytes(), 0)?;
        lock.set_len(text.len() as u64)
    }
}

fn mark_file(folder: &Folder) -> PathBuf {
    folder.locks().join("handouts")
}

fn read_mark(folder: &Folder) -> io::Result<Mark> {
    let mut bytes = [0; 17];
    // By one call: a file of a few bytes is read as a whole, and a longer one is no mark.
    let length = File::open(mark_file(folder))?.read(&mut bytes)?;
    Ok(Mark(bytes[..length].try_into().ok()))
}

fn draw_mark(folder: &Folder, entropy: &dyn Entropy) -> io::Result<()> {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    // In place and in one call: two that draw at once leave one that neither had seen.
    open_private(&mark_file(folder))?.write_all(&bytes)
}

fn remove(folder: &Folder, profile: &ProfileName) -> io::Result<()> {
    match std::fs::remove_file(folder.handout(profile)) {
        Ok(()) => sync_folder(&folder.handouts()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Tries of a lock, with pauses of 1, 2, 4 … ms: half a second in all.
const LOCK_ATTEMPTS: u32 = 9;
/// More than any note has.
const LONGEST_NOTE: usize = 256;
