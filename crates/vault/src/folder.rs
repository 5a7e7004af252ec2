//! The folder: where each file of a vault lies, and how one is made that nobody else may read.
//!
//! Enters: the path of `TOKENWARD_HOME`. Leaves: the paths in it, and files of mode 0600. How the folder itself is made and kept from
//! others is in `preparation.rs`. A crash leaves a file as it was, or as it was to be.

mod preparation;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tokenward_core::{GrantId, ProfileName};

pub use preparation::Repair;

/// The paths of one `TOKENWARD_HOME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    home: PathBuf,
    vault: PathBuf,
}

impl Folder {
    /// The folder at `home`; nothing is touched yet.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        let home = home.into();
        let vault = home.join("vault");
        Self { home, vault }
    }

    /// The same home with a vault that is being put together beside the one in use.
    pub(crate) fn staged(&self, name: &str) -> Self {
        Self { home: self.home.clone(), vault: self.home.join(name) }
    }

    /// `TOKENWARD_HOME` itself.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// `vault/`: everything that is sealed.
    pub fn vault(&self) -> &Path {
        &self.vault
    }

    /// `vault/vault.db`.
    pub fn database(&self) -> PathBuf {
        self.vault.join("vault.db")
    }

    /// `vault/key.json`: the wrapped keys. Its presence says that the vault was created to the end.
    pub fn wrapped_key(&self) -> PathBuf {
        self.vault.join("key.json")
    }

    /// `vault/key`: the key file, where neither an explicit key nor a keyring is used.
    pub fn key_file(&self) -> PathBuf {
        self.vault.join("key")
    }

    /// `vault/vault.db.new`: a database in the making, of no use to anyone yet.
    pub(crate) fn draft_database(&self) -> PathBuf {
        self.vault.join("vault.db.new")
    }

    /// `vault/restored.json`: of which copy it was made, and where the vault before it is.
    pub fn restored(&self) -> PathBuf {
        self.vault.join("restored.json")
    }

    /// `vault/rescue`.
    pub fn rescue(&self) -> PathBuf {
        self.vault.join("rescue")
    }

    /// `vault/landing/`: where answers land.
    pub(crate) fn landings(&self) -> PathBuf {
        self.vault.join("landing")
    }

    /// `vault/locks/`.
    pub fn locks(&self) -> PathBuf {
        self.vault.join("locks")
    }

    /// `vault/locks/<grant>`.
    pub(crate) fn lock(&self, grant: GrantId) -> PathBuf {
        self.locks().join(grant.to_string())
    }

    /// `vault/locks/name.<profile>`. No grant's lock is called so.
    pub(crate) fn name_lock(&self, name: &ProfileName) -> PathBuf {
        self.locks().join(format!("name.{name}"))
    }

    /// `vault/locks/handout.<profile>`: held while its hand-out file is written, or taken away before its token is ended.
    pub fn handout_lock(&self, profile: &ProfileName) -> PathBuf {
        self.locks().join(format!("handout.{profile}"))
    }

    /// `vault/locks/over.<grant>`: that it was logged out. A hand-out file of it that is put back is not believed.
    pub fn over(&self, grant: GrantId) -> PathBuf {
        self.locks().join(format!("over.{grant}"))
    }

    /// `vault/locks/folder`: held while the vault is created, migrated or given another key.
    pub(crate) fn folder_lock(&self) -> PathBuf {
        self.locks().join("folder")
    }

    /// `vault/handout/`.
    pub fn handouts(&self) -> PathBuf {
        self.vault.join("handout")
    }

    /// `vault/handout/<profile>`. A profile's name can stand as a file name (`ProfileName`'s rules).
    pub fn handout(&self, profile: &ProfileName) -> PathBuf {
        self.handouts().join(profile.as_str())
    }
}

/// Whether bits of a mode let anyone but the owner in.
pub(crate) const fn loose(mode: u32) -> bool {
    mode & 0o077 != 0
}

/// Writes a file as a whole: temporary file of mode 0600, sync, rename, sync of the folder. With `durable` unset both
/// syncs are left out.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], durable: bool) -> io::Result<()> {
    let folder = path.parent().ok_or(rustix::io::Errno::NOENT)?;
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    hand_over(file.as_file(), folder)?;
    file.write_all(bytes)?;
    if durable {
        file.as_file().sync_all()?;
    }
    file.persist(path).map_err(|error| error.error)?;
    if durable { sync_folder(folder) } else { Ok(()) }
}

/// Writes a file that is private to its owner, over what it held. Not durable, and not at once: a reader of that moment, or after a
/// crash, finds what it holds, what it held, or some of both, and has to tell by a seal. A new name for each content takes four times as
/// long.
///
/// # Errors
/// The system's no.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match ours(path) {
        Some((file, length)) => {
            file.write_all_at(bytes, 0)?;
            if length <= bytes.len() as u64 { Ok(()) } else { file.set_len(bytes.len() as u64) }
        }
        // There is none, or one that another program made, opened to others or keeps under another name.
        None => write_whole(path, bytes, false),
    }
}

/// A file that this process's user alone may read, under this name alone, and its length.
fn ours(path: &Path) -> Option<(File, u64)> {
    let file = open_there().open(path).ok()?;
    let found = file.metadata().ok()?;
    let is_private = found.is_file() && found.nlink() == 1 && found.mode() & 0o7777 == FILE_MODE;
    (is_private && found.uid() == rustix::process::geteuid().as_raw()).then_some((file, found.len()))
}

/// Makes renames and removals in a folder durable.
///
/// # Errors
/// The system's no.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Whether a folder holds anything but empty folders: then it is kept.
pub(crate) fn holds_something(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return folder.exists() };
    entries.flatten().any(|entry| !entry.path().is_dir() || holds_something(&entry.path()))
}

/// Opens a file for reading and writing, created with mode 0600 if it is missing. No symbolic link is followed, and nothing is
/// waited for. One that root makes belongs to the owner of the folder it is in.
///
/// # Errors
/// The system's no.
pub fn open_private(path: &Path) -> io::Result<File> {
    loop {
        match open_there().open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened,
        }
        match open_there().create_new(true).open(path) {
            // Another process was quicker.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(file) => {
                hand_over(&file, path.parent().unwrap_or(Path::new("/")))?;
                return Ok(file);
            }
        }
    }
}

/// How a file that is there is opened.
fn open_there() -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.read(true).write(true).mode(FILE_MODE).custom_flags(flags.bits().cast_signed());
    options
}

/// Gives a file or folder that root has just made to the owner of the folder it is in: one run of root's in a person's home (`sudo`)
/// must not leave files that the person cannot use. To be called for what this process made itself, and for nothing else: what was
/// there before may be a name that somebody gave to a file of root's.
///
/// # Errors
/// The system's no.
pub fn hand_over(file: &File, folder: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let owner = std::fs::metadata(folder)?;
    if owner.uid() == 0 {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid()))
}

/// Makes a file that is empty, or the files of a folder that has none yet, be written in place where the file system would copy them at
/// each write (btrfs): there a write needs room although the file has its full size, which the rescue slots rest upon.
#[cfg(target_os = "linux")]
pub(crate) fn write_in_place(open: &File) -> io::Result<()> {
    use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};

    let flags = ioctl_getflags(open)?;
    Ok(ioctl_setflags(open, flags | IFlags::NOCOW)?)
}

/// Elsewhere nothing is needed.
#[cfg(not(target_os = "linux"))]
pub(crate) fn write_in_place(_open: &File) -> io::Result<()> {
    Ok(())
}

/// Whether a file is written in place for certain.
#[cfg(target_os = "linux")]
pub(crate) fn is_in_place(path: &Path) -> bool {
    use rustix::fs::{IFlags, ioctl_getflags};

    let flags = || -> io::Result<IFlags> { Ok(ioctl_getflags(File::open(path)?)?) };
    flags().is_ok_and(|flags| flags.contains(IFlags::NOCOW))
}

/// Elsewhere it is not asked.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_in_place(_path: &Path) -> bool {
    false
}

const FILE_MODE: u32 = 0o600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_is_made_once_and_no_link_is_followed() {
        let place = tempfile::tempdir().unwrap();
        let (file, other) = (place.path().join("lock"), place.path().join("other"));
        drop(open_private(&file).unwrap());
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o7777, 0o600);
        drop(open_private(&file).unwrap());
        std::os::unix::fs::symlink(&other, place.path().join("link")).unwrap();
        assert!(open_private(&place.path().join("link")).is_err() && !other.exists());
    }

    #[test]
    fn a_private_file_is_written_over_unless_it_is_not_ours_alone() {
        let place = tempfile::tempdir().unwrap();
        let (file, other) = (place.path().join("file"), place.path().join("other"));
        let inode = || std::fs::metadata(&file).unwrap().ino();
        write_private(&file, b"a long content").unwrap();
        let before = inode();
        for content in ["short", "and a longer one again", ""] {
            write_private(&file, content.as_bytes()).unwrap();
            assert_eq!((std::fs::read_to_string(&file).unwrap().as_str(), inode()), (content, before));
        }
        write_private(&file, b"ours").unwrap();
        // Another name of it keeps what it held.
        std::fs::hard_link(&file, &other).unwrap();
        write_private(&file, b"new").unwrap();
        assert_eq!(
            (std::fs::read(&file).unwrap(), std::fs::read(&other).unwrap()),
            (b"new".to_vec(), b"ours".to_vec())
        );
        std::fs::remove_file(&other).unwrap();
        // Who has opened one that others could read keeps what it held.
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let before = inode();
        write_private(&file, b"newer").unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o7777, 0o600);
        assert_ne!(inode(), before);
        // No link is followed.
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(&other, &file).unwrap();
        write_private(&file, b"ours").unwrap();
        assert!(!other.exists() && std::fs::symlink_metadata(&file).unwrap().is_file());
    }
}
