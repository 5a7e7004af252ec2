//! What is remembered between two runs, so that there are never two pages.
//!
//! Below `wiki/` in the home folder stands a folder for each file and place: `record.json` (how far the page is),
//! `plan.json` (the converted blocks, so that a later run inserts the very same ones), `pictures/` (those of the web),
//! and a lock. Files are replaced as wholes and synced, folder included, before anything is sent that they announce (I5).
//! No token and no secret is in them; the text of the page is, so nobody else may read them. Plan and pictures are
//! removed when the page is complete.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokenward::core::hex;

use crate::{Error, Old, PageLocation, Standing};

/// All records of a home.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// How far a page is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Of this form; a newer one is refused.
    pub(crate) version: u32,
    /// Whose login the page was made with.
    pub(crate) owner: String,
    /// The file.
    pub(crate) file: PathBuf,
    /// Where the page goes.
    pub(crate) place: PageLocation,
    /// The tenant's host, as far as it is known.
    pub(crate) host: Option<String>,
    /// The page.
    pub(crate) page: Page,
    /// What stands on it.
    pub(crate) content: Content,
    /// The title that was wished for on the command line, which later runs need not repeat.
    pub(crate) wish: Option<String>,
    /// Fingerprint of the content that is being put in, or was.
    pub(crate) print: String,
    /// An import under way.
    pub(crate) import: Option<Import>,
    /// When something was last known to be done, in seconds of our clock.
    pub(crate) touched: i64,
    /// How long nothing had been done when this run began, in seconds.
    #[serde(skip)]
    pub(crate) idle: i64,
    /// Pages that were made of this file at this place before (`--again`).
    pub(crate) earlier: Vec<String>,
}

impl Record {
    /// What the page shows.
    pub(crate) fn standing(&self, in_doubt: bool) -> Standing {
        let plain = |old| Standing { old, blocks: 0, of: 0, pictures: 0, perhaps_more: false };
        match &self.content {
            Content::Nothing => plain(Old::None),
            Content::Whole { .. } | Content::Old { .. } => plain(Old::Whole),
            Content::Some(progress) => Standing {
                old: match (progress.old.is_empty(), progress.removed) {
                    (true, _) => Old::None,
                    (false, 0) => Old::Whole,
                    (false, _) => Old::Rest,
                },
                blocks: progress.blocks,
                of: progress.of,
                pictures: progress.pictures.saturating_sub(progress.placed.len()),
                perhaps_more: in_doubt,
            },
        }
    }
}

/// The page itself.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Page {
    /// Not made.
    None,
    /// Perhaps made: the call was about to be sent.
    Intended {
        /// The space.
        space_id: String,
        /// Its title.
        title: String,
        /// The provider's time before the call, in seconds.
        since: i64,
    },
    /// Made.
    There(Node),
}

/// A page that is there.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) space_id: String,
    /// Its token in the wiki.
    pub(crate) token: String,
    pub(crate) document_id: String,
    pub(crate) title: String,
}

/// The page of a file, and the host that its address has, as far as it is known.
#[derive(Debug, Clone)]
pub(crate) struct PageOfFile {
    pub(crate) node: Node,
    pub(crate) host: Option<String>,
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Import {
    /// The file is uploaded; its token lives five minutes.
    Brought {
        token: String,
        /// In seconds of our clock.
        at: i64,
    },
    /// The import was perhaps begun.
    Asked { token: String, at: i64 },
    /// It was begun.
    Ticketed { ticket: String },
    /// It is a document.
    Imported { document: String },
    /// The document is perhaps being moved.
    Moving { document: String, task: Option<String> },
}

/// What stands on the page.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    /// Nothing of ours has been sent.
    Nothing,
    /// Something that has to go once the new content is there.
    Old {
        /// The revision that may be replaced, as far as it is known.
        revision: Option<i64>,
    },
    /// Some of the plan's insertions.
    Some(Progress),
    /// All of it.
    Whole {
        /// The document's revision after our last change.
        revision: Option<i64>,
        /// How many blocks were inserted.
        blocks: usize,
    },
}

/// How much of a plan is done.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What the client tokens are made from; another one for each time a plan is begun.
    pub(crate) seed: String,
    /// Insertions whose answer is recorded.
    pub(crate) inserted: usize,
    /// Real ids of blocks that get children or pictures later, by their temporary ones.
    pub(crate) ids: BTreeMap<String, String>,
    /// Tokens of uploaded pictures, by the picture's place in the plan.
    pub(crate) uploaded: BTreeMap<usize, String>,
    /// Pictures that stand in their places.
    pub(crate) placed: BTreeSet<usize>,
    /// The document's revision after the last recorded change.
    pub(crate) revision: Option<i64>,
    /// Real ids of first-level blocks that stood there before, above the new ones, and have to go.
    #[serde(default)]
    pub(crate) old: Vec<String>,
    /// How many of those are gone.
    #[serde(default)]
    pub(crate) removed: usize,
    /// Blocks that stand there of those that are to, and the pictures among them.
    #[serde(default)]
    pub(crate) blocks: usize,
    #[serde(default)]
    pub(crate) of: usize,
    #[serde(default)]
    pub(crate) pictures: usize,
}

/// The place of one record, held by this process.
#[derive(Debug)]
pub(crate) struct Drawer {
    folder: PathBuf,
    _lock: File,
}

impl Store {
    /// The store below a home folder. Nothing is touched yet.
    pub fn new(home: &Path) -> Self {
        Self { folder: home.join("wiki") }
    }

    /// Takes the place of a file and its target, for this process alone.
    pub(crate) fn take(&self, owner: &str, file: &Path, place: &PageLocation) -> Result<Drawer, Error> {
        let name = format!("{}-{}", name_of_file(owner, file), &digest(&[place.key().as_bytes()])[..12]);
        self.take_named(&name, file)
    }

    fn take_named(&self, name: &str, file: &Path) -> Result<Drawer, Error> {
        let folder = self.folder.join(name);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| unusable(&folder, &error))?;
        let path = folder.join("lock");
        let lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = lock.map_err(|error| unusable(&path, &error))?;
        match lock.try_lock() {
            Ok(()) => {
                sweep(&folder);
                Ok(Drawer { folder, _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(Error::Busy { file: file.to_owned() }),
            Err(TryLockError::Error(error)) => Err(unusable(&path, &error)),
        }
    }

    /// The records of a file that have a page, or may have.
    pub(crate) fn of_file(&self, owner: &str, file: &Path) -> Result<Vec<Record>, Error> {
        let prefix = format!("{}-", name_of_file(owner, file));
        let records = self.records()?.into_iter();
        let mut found: Vec<_> =
            records.filter(|(name, _)| name.starts_with(&prefix)).map(|(_, record)| record).collect();
        found.retain(|record| record.page != Page::None || record.import.is_some());
        found.sort_by_key(|record| record.place.key());
        Ok(found)
    }

    /// What is known of a file's pages, without taking its place.
    pub(crate) fn look(&self, owner: &str, file: &Path, place: Option<&PageLocation>) -> Result<Vec<Record>, Error> {
        let mut found = self.of_file(owner, file)?;
        found.retain(|record| place.is_none_or(|place| record.place.key() == place.key()));
        Ok(found)
    }

    /// Tokens of every page that was ever made from here.
    pub(crate) fn known_pages(&self) -> Result<BTreeSet<String>, Error> {
        let records = self.records()?.into_iter();
        Ok(records
            .flat_map(|(_, record)| {
                let node = if let Page::There(node) = record.page { Some(node.token) } else { None };
                record.earlier.into_iter().chain(node)
            })
            .collect())
    }

    /// The pages of every file of a login.
    pub(crate) fn pages_of_files(&self, owner: &str) -> Result<BTreeMap<PathBuf, Vec<PageOfFile>>, Error> {
        let mut pages: BTreeMap<PathBuf, Vec<PageOfFile>> = BTreeMap::new();
        for (_, record) in self.records()?.into_iter().filter(|(_, record)| record.owner == owner) {
            if let Page::There(node) = record.page {
                pages.entry(record.file).or_default().push(PageOfFile { node, host: record.host });
            }
        }
        Ok(pages)
    }

    pub(crate) fn records(&self) -> Result<Vec<(String, Record)>, Error> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unusable(&self.folder, &error)),
        };
        let mut records = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unusable(&self.folder, &error))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if let Some(record) = read_json::<Record>(&entry.path().join(RECORD))? {
                records.push((name, record));
            }
        }
        Ok(records)
    }
}

impl Drawer {
    /// The record, if there is one.
    pub(crate) fn record(&self) -> Result<Option<Record>, Error> {
        let record = read_json::<Record>(&self.folder.join(RECORD))?;
        match record {
            Some(record) if record.version > VERSION => {
                let reason = "it was written by a newer version".to_owned();
                Err(Error::Store { path: self.folder.join(RECORD), reason })
            }
            record => Ok(record),
        }
    }

    /// Replaces the record, durably.
    pub(crate) fn keep(&self, record: &Record) -> Result<(), Error> {
        self.write_json(RECORD, record)
    }

    /// The plan, if there is one that can be read; one that cannot is made anew.
    pub(crate) fn plan<T: DeserializeOwned>(&self) -> Option<T> {
        read_json(&self.folder.join(PLAN)).ok().flatten()
    }

    /// Replaces the plan, durably.
    pub(crate) fn keep_plan(&self, plan: &impl Serialize) -> Result<(), Error> {
        self.write_json(PLAN, plan)
    }

    /// Where a picture is kept.
    pub(crate) fn picture(&self, name: &str) -> PathBuf {
        self.folder.join(PICTURES).join(name)
    }

    /// Keeps a picture.
    pub(crate) fn keep_picture(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let folder = self.folder.join(PICTURES);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| unusable(&folder, &error))?;
        write(&folder, name, bytes)
    }

    /// Removes what only an unfinished page needs. What cannot be removed does no harm.
    pub(crate) fn tidy(&self) {
        let _ = std::fs::remove_file(self.folder.join(PLAN));
        let _ = std::fs::remove_dir_all(self.folder.join(PICTURES));
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), Error> {
        let path = self.folder.join(name);
        let bytes = serde_json::to_vec(value).map_err(|error| unusable(&path, &std::io::Error::from(error)))?;
        write(&self.folder, name, &bytes)
    }
}

impl Record {
    /// A record of a file that nothing was done with.
    pub(crate) fn new(owner: &str, file: &Path, place: &PageLocation) -> Self {
        Self {
            version: VERSION,
            owner: owner.to_owned(),
            file: file.to_owned(),
            place: place.clone(),
            host: place.host.clone(),
            page: Page::None,
            content: Content::Nothing,
            wish: None,
            print: String::new(),
            import: None,
            touched: 0,
            idle: 0,
            earlier: Vec::new(),
        }
    }
}

fn name_of_file(owner: &str, file: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    digest(&[owner.as_bytes(), file.as_os_str().as_bytes()])[..24].to_owned()
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize())
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| Error::Store { path: path.to_owned(), reason: error.to_string() }),
        Err(error) if error.kind() == ErrorKind::NotFound || error.kind() == ErrorKind::NotADirectory => Ok(None),
        Err(error) => Err(unusable(path, &error)),
    }
}

/// Temporary file, sync, rename, sync of the folder.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    let replace = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        File::open(folder)?.sync_all()
    };
    replace().map_err(|error| unusable(&path, &error))
}

/// Removes what a killed run had not yet put in place. What cannot be removed does no harm.
fn sweep(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(TEMPORARY)) {
        let _ = std::fs::remove_file(entry.path());
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::Store { path: path.to_owned(), reason: error.to_string() }
}

const VERSION: u32 = 1;
const RECORD: &str = "record.json";
const TEMPORARY: &str = ".new-";
const PLAN: &str = "plan.json";
const PICTURES: &str = "pictures";
