//! The folder: where each file of a vault lies, and that nobody else may read it.
//!
//! Enters: the path of `TOKENWARD_HOME`. Leaves: the paths in it, a folder of mode 0700 with files of mode 0600,
//! and a list of what had to be repaired. A folder that belongs to someone else and is open to others is refused.
//! A crash during the preparation leaves folders that the next one finds.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokenward_core::ports::VaultError;
use tokenward_core::{GrantId, ProfileName};

use crate::error::from_io;

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

    /// `vault/locks/<grant>`.
    pub(crate) fn lock(&self, grant: GrantId) -> PathBuf {
        self.vault.join("locks").join(grant.to_string())
    }

    /// `vault/locks/name.<profile>`. No grant's lock is called so.
    pub(crate) fn name_lock(&self, name: &ProfileName) -> PathBuf {
        self.vault.join("locks").join(format!("name.{name}"))
    }

    /// `vault/locks/handout.<profile>`: held while its hand-out file is written, or taken away before its token is ended.
    pub(crate) fn handout_lock(&self, profile: &ProfileName) -> PathBuf {
        self.vault.join("locks").join(format!("handout.{profile}"))
    }

    /// `vault/locks/over.<grant>`: that it was logged out. A hand-out file of it that is put back is not believed.
    pub(crate) fn over(&self, grant: GrantId) -> PathBuf {
        self.vault.join("locks").join(format!("over.{grant}"))
    }

    /// `vault/locks/folder`: held while the vault is created, migrated or given another key.
    pub(crate) fn folder_lock(&self) -> PathBuf {
        self.vault.join("locks").join("folder")
    }

    /// `vault/handout/`.
    pub(crate) fn handouts(&self) -> PathBuf {
        self.vault.join("handout")
    }

    /// `vault/handout/<profile>`. A profile's name can stand as a file name (`ProfileName`'s rules).
    pub fn handout(&self, profile: &ProfileName) -> PathBuf {
        self.handouts().join(profile.as_str())
    }

    /// Whether the home is there and can be written, or could be made where it is missing. Asks the kernel and makes nothing.
    ///
    /// # Errors
    /// [`VaultError::ReadOnly`] with the folder that stands in the way.
    pub fn can_be_made(&self) -> Result<(), VaultError> {
        let home = if self.home.is_absolute() { self.home.clone() } else { Path::new(".").join(&self.home) };
        let there = home.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
        if !there.is_dir() {
            return Err(VaultError::ReadOnly { path: there.to_owned(), reason: "it is no folder".to_owned() });
        }
        if crate::room::is_of_kernel(there) {
            return Err(VaultError::ReadOnly {
                path: there.to_owned(),
                reason: "the kernel keeps no files there".to_owned(),
            });
        }
        crate::room::writable(there)
    }

    /// Creates the home, and what leads to it, where it is missing; repairs it where it is open to others.
    pub(crate) fn prepare_home(&self) -> Result<Vec<Repair>, VaultError> {
        if self.database().to_str().is_none() {
            // Told before anything is made: SQLite takes no other names.
            return Err(VaultError::Unreadable {
                path: self.home.clone(),
                reason: "the folder's name is not valid UTF-8; choose another with TOKENWARD_HOME".to_owned(),
            });
        }
        let mut repairs = Vec::new();
        if let Some(parent) = self.home.parent().filter(|_| !self.home.is_dir()) {
            // For their owner alone, whatever the umask: who can write them can exchange the home.
            let made = DirBuilder::new().recursive(true).mode(DIR_MODE).create(parent);
            made.map_err(|error| from_io(parent, &error))?;
        }
        create_private(&self.home).map_err(|error| from_io(&self.home, &error))?;
        self.guard_home(&mut repairs)?;
        Ok(repairs)
    }

    /// Creates what is missing and repairs what is open to others.
    pub(crate) fn prepare(&self) -> Result<Vec<Repair>, VaultError> {
        let mut repairs = self.prepare_home()?;
        if create_private(&self.vault).map_err(|error| from_io(&self.vault, &error))? {
            // Where there is no such thing (most file systems) nothing is needed.
            if let Err(error) = File::open(&self.vault).and_then(|folder| write_in_place(&folder)) {
                tracing::debug!(path = %self.vault.display(), %error, "files are not made to be written in place");
            }
        }
        guard(&self.vault, DIR_MODE, &mut repairs)?;
        for folder in [self.vault.join("locks"), self.handouts()] {
            // On a read-only disk the folders may be missing: what is stored can still be handed out (I7), and
            // whoever needs to write is told then.
            match create_private(&folder) {
                Ok(_) => guard(&folder, DIR_MODE, &mut repairs)?,
                Err(error) => tracing::debug!(path = %folder.display(), %error, "not created"),
            }
        }
        for name in ["vault.db", "vault.db-wal", "vault.db-shm", "key.json", "key", "rescue"] {
            guard(&self.vault.join(name), FILE_MODE, &mut repairs)?;
        }
        if !repairs.is_empty() {
            // Whoever opened these opened the rest with them. Nobody comes to it through a closed folder, so it is looked at only then.
            for folder in [self.vault.join("locks"), self.handouts()] {
                for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                    guard(&entry.path(), FILE_MODE, &mut repairs)?;
                }
            }
        }
        Ok(repairs)
    }

    /// `TOKENWARD_HOME` may be a folder that holds other things too (a home folder, `/tmp`): such a one keeps its
    /// mode, unless others could exchange the vault in it.
    fn guard_home(&self, repairs: &mut Vec<Repair>) -> Result<(), VaultError> {
        let Some(mode) = open_to_others(&self.home)? else { return Ok(()) };
        let entries = std::fs::read_dir(&self.home).map_err(|error| from_io(&self.home, &error))?;
        let ours = entries.flatten().all(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name == "vault" || name.starts_with("vault.") || name.starts_with("config.toml") || name.starts_with('.')
        });
        match (ours, mode & 0o022 != 0 && mode & 0o1000 == 0) {
            (true, _) => guard(&self.home, DIR_MODE, repairs),
            (false, true) => Err(VaultError::OpenToOthers { path: self.home.clone(), mode }),
            (false, false) => Ok(()),
        }
    }
}

/// Something that was open to others and is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// The file or folder.
    pub path: PathBuf,
    /// Its mode before.
    pub was: u32,
    /// Its mode now.
    pub now: u32,
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was open to other users (mode {:o}); it is {:o} now", self.path.display(), self.was, self.now)
    }
}

/// Whether bits of a mode let anyone but the owner in.
pub(crate) const fn loose(mode: u32) -> bool {
    mode & 0o077 != 0
}

/// Writes a file as a whole: temporary file of mode 0600, sync, rename, sync of the folder. With `durable` unset both
/// syncs are left out.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], durable: bool) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    if durable {
        file.as_file().sync_all()?;
    }
    file.persist(path).map_err(|error| error.error)?;
    if durable { sync_folder(folder) } else { Ok(()) }
}

/// Makes renames and removals in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Opens a file for reading and writing, created with mode 0600 if it is missing.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)
}

/// Whether it was made now.
fn create_private(path: &Path) -> io::Result<bool> {
    match DirBuilder::new().mode(DIR_MODE).create(path) {
        Err(_) if path.is_dir() => Ok(false),
        result => result.map(|()| true),
    }
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

/// The mode of a file that exists and is open to others.
fn open_to_others(path: &Path) -> Result<Option<u32>, VaultError> {
    match std::fs::metadata(path) {
        Ok(metadata) if loose(metadata.mode()) => Ok(Some(metadata.mode() & 0o7777)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(from_io(path, &error)),
    }
}

fn guard(path: &Path, wanted: u32, repairs: &mut Vec<Repair>) -> Result<(), VaultError> {
    let Some(mode) = open_to_others(path)? else { return Ok(()) };
    let refused = || VaultError::OpenToOthers { path: path.to_owned(), mode };
    let owner = std::fs::metadata(path).map_err(|error| from_io(path, &error))?.uid();
    if owner != rustix::process::geteuid().as_raw() {
        return Err(refused());
    }
    std::fs::set_permissions(path, Permissions::from_mode(wanted)).map_err(|_| refused())?;
    // Some file systems accept a mode and keep their own.
    if open_to_others(path)?.is_some() {
        return Err(refused());
    }
    repairs.push(Repair { path: path.to_owned(), was: mode, now: wanted });
    Ok(())
}

const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn created_private_and_repaired_with_a_word() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("deep/tokenward"));
        assert_eq!(folder.prepare().unwrap(), []);
        for path in [folder.home(), folder.vault(), &folder.handouts()] {
            assert_eq!(mode(path), 0o700);
        }
        drop(open_private(&folder.key_file()).unwrap());
        assert_eq!(mode(&folder.key_file()), 0o600);
        std::fs::set_permissions(folder.key_file(), Permissions::from_mode(0o644)).unwrap();
        std::fs::set_permissions(folder.home(), Permissions::from_mode(0o755)).unwrap();
        let repairs = folder.prepare().unwrap();
        assert_eq!(repairs.iter().map(|repair| repair.was).collect::<Vec<_>>(), [0o755, 0o644]);
        assert!(repairs[1].to_string().contains("mode 644"), "{}", repairs[1]);
        assert_eq!((mode(folder.home()), mode(&folder.key_file())), (0o700, 0o600));
        assert_eq!(folder.prepare().unwrap(), []);
    }

    #[test]
    fn a_shared_home_keeps_its_mode_unless_others_can_write_it() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("thesis.tex"), "").unwrap();
        let folder = Folder::new(place.path());
        std::fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        assert_eq!(folder.prepare().unwrap(), []);
        assert_eq!(mode(place.path()), 0o755);
        std::fs::set_permissions(place.path(), Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(folder.prepare(), Err(VaultError::OpenToOthers { mode: 0o777, .. })));
        std::fs::set_permissions(place.path(), Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(folder.prepare().unwrap(), []);
        assert_eq!(mode(folder.vault()), 0o700);
    }
}
