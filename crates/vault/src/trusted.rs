//! One reader for every file that steers where secrets go: `config.toml`, files with secrets, key files.
//!
//! Whoever can write such a file decides to which server an app's secret goes, or which key seals a vault. So it is read only
//! where it belongs to the effective user or to root and nobody else can write it (I4). That others can read it is told and not
//! refused: it may be meant, and what is in it need not be secret.
//!
//! Enters: a path and the most that may be in it. Leaves: the content with what was found, or a [`Distrust`] that says what
//! is wrong, for the caller to put in words. Kind, owner, mode, access list and content are asked of one descriptor, so what
//! was judged is what was read. Nothing waits: a pipe or a device in a file's place is no file. A crash leaves nothing.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use tokenward_core::SecretBytes;

use crate::folder::Folder;

mod path_trust;

/// Whose files are believed: the effective user's, root's, and where root looks after somebody else's vault, that one's.
#[derive(Debug, Clone)]
pub struct Trust {
    user: u32,
    also: Option<u32>,
    groups: PathBuf,
}

/// What a trusted file holds, and what there is to say about it.
#[derive(Debug)]
pub struct Trusted {
    /// Its content.
    pub content: SecretBytes,
    /// Who else can read it.
    pub readers: Option<Others>,
    /// Its mode.
    pub mode: u32,
}

/// Who has a right on a file, besides its owner and root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Every user of this machine.
    Everyone,
    /// The members of a group that is not its owner's alone.
    Group(u32),
    /// A user whom the file's access list names.
    User(u32),
}

impl fmt::Display for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("every user of this machine"),
            Self::Group(group) => write!(f, "group {group}"),
            Self::User(user) => write!(f, "user {user}"),
        }
    }
}

/// Who can do what with a file, besides its owner and root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// The widest circle of those who can read it.
    pub readers: Option<Others>,
    /// The widest circle of those who can write it.
    pub writers: Option<Others>,
}

/// Why a file is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Distrust {
    /// It belongs to somebody else.
    #[error("{} belongs to user {owner}, not to user {user} or root", path.display())]
    Owner {
        /// The file, or the symbolic link in its place.
        path: PathBuf,
        /// To whom it belongs.
        owner: u32,
        /// To whom it would have to.
        user: u32,
    },
    /// Others can write it.
    #[error("{} can be written by {by} (mode {mode:o})", path.display())]
    Writable {
        /// The file or folder.
        path: PathBuf,
        /// Who can write it.
        by: Others,
        /// Its mode.
        mode: u32,
    },
    /// It is a folder, a pipe, a socket or a device.
    #[error("{} is {kind} and not a file", path.display())]
    NotAFile {
        /// The place.
        path: PathBuf,
        /// What is there.
        kind: &'static str,
    },
    /// It holds more than such a file ever does.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        limit: u64,
    },
    /// The system does not let us look.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
}

impl Distrust {
    /// The file or folder that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Owner { path, .. }
            | Self::Writable { path, .. }
            | Self::NotAFile { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Io { path, .. } => path,
        }
    }
}

impl Trust {
    /// The effective user's files and root's.
    pub fn effective() -> Self {
        Self { user: rustix::process::geteuid().as_raw(), also: None, groups: PathBuf::from(GROUPS) }
    }

    /// The same for the files of one `TOKENWARD_HOME`. Where root looks after the vault of a person (`sudo`), that
    /// person's files are believed as well: they steer that person's secrets and no others.
    pub fn of_home(home: &Path) -> Self {
        let mut trust = Self::effective();
        if trust.user == 0 {
            let owner =
                |path: &Path| std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_dir).map(|it| it.uid());
            let folder = Folder::new(home);
            // Both the folder and the vault in it: nobody can make a vault that belongs to somebody else.
            trust.also = owner(folder.vault()).filter(|vault| *vault != 0 && owner(home) == Some(*vault));
        }
        trust
    }

    /// Whether a file of this owner is believed.
    pub fn includes(&self, owner: u32) -> bool {
        owner == self.user || owner == 0 || Some(owner) == self.also
    }

    /// Reads a file of at most `limit` bytes; `None` where there is none.
    ///
    /// A pipe that this process was given by number (`/dev/fd/63`, as a shell writes `<(…)`) counts as a file.
    ///
    /// # Errors
    /// The [`Distrust`] that keeps it from being believed.
    pub fn read(&self, path: &Path, limit: u64) -> Result<Option<Trusted>, Distrust> {
        let failed = |error: io::Error| Distrust::Io { path: path.to_owned(), error };
        // A link that somebody else laid chooses which of our files is read.
        match std::fs::symlink_metadata(path) {
            Ok(link) if link.is_symlink() => self.check_owner(path, link.uid())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            _ => {}
        }
        let Some(mut file) = open(path).map_err(failed)? else { return Ok(None) };
        let metadata = file.metadata().map_err(failed)?;
        let mode = metadata.mode() & 0o7777;
        if metadata.file_type().is_fifo() && inherited(path) {
            self.check_owner(path, metadata.uid())?;
            rustix::fs::fcntl_setfl(&file, OFlags::empty()).map_err(|error| failed(error.into()))?;
            return Ok(Some(Trusted { content: take(&mut file, path, limit)?, readers: None, mode }));
        }
        if !metadata.is_file() {
            return Err(Distrust::NotAFile { path: path.to_owned(), kind: kind(&metadata) });
        }
        self.check_owner(path, metadata.uid())?;
        let rights = self.rights(&file, &metadata).map_err(failed)?;
        if let Some(by) = rights.writers {
            return Err(Distrust::Writable { path: path.to_owned(), by, mode });
        }
        if metadata.len() > limit {
            return Err(Distrust::TooLarge { path: path.to_owned(), limit });
        }
        Ok(Some(Trusted { content: take(&mut file, path, limit)?, readers: rights.readers, mode }))
    }

    /// Judges a folder that holds such files: its owner always, and whether others can exchange what is in it. One with
    /// the sticky bit (`/tmp`) lets nobody exchange what is not theirs. Says who else can read it; `None` also where there is none.
    ///
    /// # Errors
    /// The [`Distrust`] that keeps it from being believed.
    pub fn folder(&self, path: &Path) -> Result<Option<Others>, Distrust> {
        let failed = |error: io::Error| Distrust::Io { path: path.to_owned(), error };
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if !metadata.is_dir() {
            return Err(Distrust::NotAFile { path: path.to_owned(), kind: kind(&metadata) });
        }
        self.check_owner(path, metadata.uid())?;
        let mode = metadata.mode() & 0o7777;
        let rights = if mode & 0o070 == 0 {
            self.of_mode(&metadata)
        } else {
            // One that may be passed through and not read tells its mode only.
            match File::open(path) {
                Ok(folder) => self.rights(&folder, &metadata).map_err(failed)?,
                Err(_) => self.of_mode(&metadata),
            }
        };
        match rights.writers {
            Some(by) if mode & STICKY == 0 => Err(Distrust::Writable { path: path.to_owned(), by, mode }),
            _ => Ok(rights.readers),
        }
    }

    /// Who can read and write an open file or folder besides its owner and root, by its mode and its access list.
    ///
    /// # Errors
    /// What the system says when it does not tell the access list.
    pub fn rights(&self, file: &File, metadata: &std::fs::Metadata) -> io::Result<Rights> {
        // With an access list the group's bits of the mode are the most that anyone in it has.
        if metadata.mode() & 0o070 == 0 {
            return Ok(self.of_mode(metadata));
        }
        match access_list(file)? {
            Some(list) => Ok(self.of_list(&list, metadata)),
            None => Ok(self.of_mode(metadata)),
        }
    }

    fn of_mode(&self, metadata: &std::fs::Metadata) -> Rights {
        let mode = metadata.mode();
        let who = |everyone: u32, group: u32| {
            let in_group = mode & group != 0 && !self.private_group(metadata.gid(), metadata.uid());
            (mode & everyone != 0).then_some(Others::Everyone).or(in_group.then_some(Others::Group(metadata.gid())))
        };
        Rights { readers: who(0o004, 0o040), writers: who(0o002, 0o020) }
    }

    fn of_list(&self, list: &[Entry], metadata: &std::fs::Metadata) -> Rights {
        let mask = list.iter().find(|entry| entry.tag == MASK).map_or(0o7, |entry| entry.rights);
        let who = |right: u16| {
            let mut widest = None;
            for entry in list {
                let has = |mask: u16| entry.rights & mask & right != 0;
                let found = match entry.tag {
                    OTHER if has(0o7) => Some(Others::Everyone),
                    GROUP_OWNER if has(mask) && !self.private_group(metadata.gid(), metadata.uid()) => {
                        Some(Others::Group(metadata.gid()))
                    }
                    GROUP if has(mask) && !self.private_group(entry.who, metadata.uid()) => {
                        Some(Others::Group(entry.who))
                    }
                    USER if has(mask) && !self.includes(entry.who) && entry.who != metadata.uid() => {
                        Some(Others::User(entry.who))
                    }
                    _ => None,
                };
                widest = match (widest, found) {
                    (Some(Others::Everyone), _) | (_, Some(Others::Everyone)) => Some(Others::Everyone),
                    (Some(Others::Group(group)), _) | (_, Some(Others::Group(group))) => Some(Others::Group(group)),
                    (found, None) | (_, found) => found,
                };
            }
            widest
        };
        Rights { readers: who(0o4), writers: who(0o2) }
    }

    fn check_owner(&self, path: &Path, owner: u32) -> Result<(), Distrust> {
        if self.includes(owner) {
            return Ok(());
        }
        Err(Distrust::Owner { path: path.to_owned(), owner, user: self.user })
    }

    /// Whether a group is one person's alone, as many systems make one for each user: its number is the user's, and the
    /// machine's list of groups names no other member. On such systems files are writable by their group by default.
    fn private_group(&self, group: u32, owner: u32) -> bool {
        if group != owner && group != self.user {
            return false;
        }
        let Ok(text) = std::fs::read(&self.groups) else { return true };
        let text = String::from_utf8_lossy(&text);
        // name:password:number:member,member (group(5)); a user is no member of the own group, or is the only one.
        let lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let mut of_it = lines.filter(|fields| fields.get(2).is_some_and(|number| number.parse() == Ok(group)));
        of_it.all(|fields| {
            let members = fields.get(3).copied().unwrap_or_default();
            members.split(',').map(str::trim).all(|member| member.is_empty() || Some(&member) == fields.first())
        })
    }
}

/// Opens whatever is there without waiting for it; `None` where nothing is.
fn open(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => Ok(Some(File::from(file))),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Reads to the end or to the limit, into memory that is wiped and is not copied as it grows.
fn take(file: &mut File, path: &Path, limit: u64) -> Result<SecretBytes, Distrust> {
    let failed = |error: io::Error| Distrust::Io { path: path.to_owned(), error };
    let expected = file.metadata().map_err(failed)?.len().min(limit);
    let mut content = zeroize::Zeroizing::new(Vec::with_capacity(usize::try_from(expected).unwrap_or(0) + 1));
    file.take(limit.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > limit {
        return Err(Distrust::TooLarge { path: path.to_owned(), limit });
    }
    Ok(SecretBytes::new(std::mem::take(&mut *content)))
}

/// Whether a path names a descriptor that this process was started with.
fn inherited(path: &Path) -> bool {
    ["/dev/fd", "/proc/self/fd", "/dev/stdin"].iter().any(|place| path.starts_with(place))
}

fn kind(metadata: &std::fs::Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_file() {
        "a file"
    } else {
        "a device"
    }
}

/// An entry of a POSIX access list.
struct Entry {
    tag: u16,
    rights: u16,
    who: u32,
}

/// The access list of a file, if it has one besides its mode.
#[cfg(target_os = "linux")]
fn access_list(file: &File) -> io::Result<Option<Vec<Entry>>> {
    use std::os::fd::{AsFd, AsRawFd};

    use rustix::io::Errno;

    let mut bytes = vec![0u8; 4096];
    let length = loop {
        match rustix::fs::fgetxattr(file, LIST, &mut bytes[..]) {
            Ok(length) => break length,
            // More entries than any list has had so far; the kernel's own limit is 64 KiB.
            Err(Errno::RANGE) if bytes.len() < 64 * 1024 => bytes.resize(64 * 1024, 0),
            // A descriptor for passing through tells nothing but the mode; its name in /proc leads to the folder itself.
            Err(Errno::BADF) => {
                let name = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
                match rustix::fs::getxattr(&*name, LIST, &mut bytes[..]) {
                    Ok(length) => break length,
                    Err(_) => return Ok(None),
                }
            }
            Err(Errno::NODATA | Errno::OPNOTSUPP) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    };
    Ok(Some(entries(&bytes[..length]).ok_or(io::ErrorKind::InvalidData)?))
}

#[cfg(not(target_os = "linux"))]
fn access_list(_: &File) -> io::Result<Option<Vec<Entry>>> {
    Ok(None)
}

/// Reads the form that the kernel hands out (`linux/posix_acl_xattr.h`): version 2, then entries of tag, rights and id.
fn entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let (version, rest) = bytes.split_first_chunk::<4>()?;
    let (entries, []) = rest.as_chunks::<8>() else { return None };
    (u32::from_le_bytes(*version) == 2).then(|| {
        let entry = |bytes: &[u8; 8]| Entry {
            tag: u16::from_le_bytes([bytes[0], bytes[1]]),
            rights: u16::from_le_bytes([bytes[2], bytes[3]]),
            who: u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
        };
        entries.iter().map(entry).collect()
    })
}

#[cfg(target_os = "linux")]
const LIST: &str = "system.posix_acl_access";
const USER: u16 = 0x02;
const GROUP_OWNER: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;
const STICKY: u32 = 0o1000;
const GROUPS: &str = "/etc/group";

#[cfg(test)]
mod tests;
