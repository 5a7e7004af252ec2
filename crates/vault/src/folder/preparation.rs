//! The folder made, and kept from others.
//!
//! Enters: a [`Folder`]. Leaves: a folder of mode 0700 with files of mode 0600, and a list of what had to be repaired. A home folder that
//! belongs to someone else is refused, and so is a file of someone else that is open to others.
//! A crash during the preparation leaves folders that the next one finds.

use std::fmt;
use std::fs::{DirBuilder, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use tokenward_core::ports::StoreError;

use super::{FILE_MODE, Folder, hand_over, loose, write_in_place};
use crate::io_error::from_io;
use crate::trusted::Trust;

impl Folder {
    /// Whether the home is there and can be written, or could be made where it is missing. Asks the kernel and makes nothing.
    ///
    /// # Errors
    /// [`StoreFault::ReadOnly`](tokenward_core::ports::StoreFault::ReadOnly) with the folder that stands in the way.
    pub fn can_be_made(&self) -> Result<(), StoreError> {
        let home = if self.home.is_absolute() { self.home.clone() } else { Path::new(".").join(&self.home) };
        let there = home.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
        if !there.is_dir() {
            return Err(StoreError::read_only(there.display(), "it is not a folder"));
        }
        if crate::disk_check::is_of_kernel(there) {
            return Err(StoreError::read_only(there.display(), "no files can be stored there (a kernel file system)"));
        }
        crate::disk_check::writable(there)
    }

    /// Creates the home, and what leads to it, where it is missing; repairs it where it is open to others.
    pub(crate) fn prepare_home(&self) -> Result<Vec<Repair>, StoreError> {
        if self.database().to_str().is_none() {
            // Told before anything is made: SQLite takes no other names.
            return Err(StoreError::unreadable(
                self.home.display(),
                "the folder's name is not valid UTF-8; choose another with TOKENWARD_HOME",
            ));
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
    pub(crate) fn prepare(&self) -> Result<Vec<Repair>, StoreError> {
        let mut repairs = self.prepare_home()?;
        if create_private(&self.vault).map_err(|error| from_io(&self.vault, &error))? {
            // Where there is no such thing (most file systems) nothing is needed.
            if let Err(error) = File::open(&self.vault).and_then(|folder| write_in_place(&folder)) {
                tracing::debug!(path = %self.vault.display(), %error, "files are not made to be written in place");
            }
        }
        guard(&self.vault, DIR_MODE, &mut repairs)?;
        for folder in [self.locks(), self.handouts(), self.landings()] {
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
            for folder in [self.locks(), self.handouts(), self.landings()] {
                for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                    guard(&entry.path(), FILE_MODE, &mut repairs)?;
                }
            }
        }
        Ok(repairs)
    }

    /// `TOKENWARD_HOME` may be a folder that holds other things too (a home folder, `/tmp`): such a one keeps its
    /// mode, unless others could exchange the vault in it.
    fn guard_home(&self, repairs: &mut Vec<Repair>) -> Result<(), StoreError> {
        let found = std::fs::metadata(&self.home).map_err(|error| from_io(&self.home, &error))?;
        if !Trust::of_home(&self.home).includes(found.uid()) {
            // Its owner could put another vault in the place of this one, whatever its mode.
            let user = rustix::process::geteuid().as_raw();
            return Err(StoreError::not_ours(self.home.display(), found.uid(), user));
        }
        let mode = found.mode() & 0o7777;
        if !loose(mode) {
            return Ok(());
        }
        let entries = std::fs::read_dir(&self.home).map_err(|error| from_io(&self.home, &error))?;
        let ours = entries.flatten().all(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name == "vault" || name.starts_with("vault.") || name.starts_with("config.toml") || name.starts_with('.')
        });
        match (ours, mode & 0o022 != 0 && mode & 0o1000 == 0) {
            (true, _) => guard(&self.home, DIR_MODE, repairs),
            (false, true) => Err(StoreError::not_private(self.home.display(), format!("{mode:o}"))),
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

/// Whether it was made now.
fn create_private(path: &Path) -> io::Result<bool> {
    match DirBuilder::new().mode(DIR_MODE).create(path) {
        Err(_) if path.is_dir() => Ok(false),
        Err(error) => Err(error),
        Ok(()) => {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let made = File::from(rustix::fs::open(path, flags | OFlags::RDONLY, Mode::empty())?);
            hand_over(&made, path.parent().unwrap_or(Path::new("/"))).map(|()| true)
        }
    }
}

/// Takes a file or folder of ours from others. What a symbolic link leads to is looked at and never changed: it may be anything.
///
/// Nothing is opened: a pipe would be waited for, and to close a database or its log ends every lock that `SQLite` has on it in this process
/// (fcntl(2), "Advisory record locking"). Nobody else can exchange what is in the vault's folder, which is guarded first.
fn guard(path: &Path, wanted: u32, repairs: &mut Vec<Repair>) -> Result<(), StoreError> {
    let failed = |error: io::Error| from_io(path, &error);
    let look = |found: io::Result<Metadata>| match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some).map_err(failed),
    };
    let Some(named) = look(std::fs::symlink_metadata(path))? else { return Ok(()) };
    let Some(metadata) = look(std::fs::metadata(path))? else { return Ok(()) };
    if !metadata.is_file() && !metadata.is_dir() {
        let reason = "it is neither a file nor a folder".to_owned();
        return Err(StoreError::unreadable(path.display(), reason));
    }
    let mode = metadata.mode() & 0o7777;
    if !loose(mode) {
        return Ok(());
    }
    let refused = || StoreError::not_private(path.display(), format!("{mode:o}"));
    let user = rustix::process::geteuid();
    // A second name may be one that somebody gave to a file elsewhere.
    let has_other_names = metadata.is_file() && metadata.nlink() > 1;
    if named.is_symlink() || has_other_names || metadata.uid() != user.as_raw() {
        return Err(refused());
    }
    std::fs::set_permissions(path, Permissions::from_mode(wanted)).map_err(|_| refused())?;
    // Some file systems accept a mode and keep their own.
    if loose(std::fs::symlink_metadata(path).map_err(failed)?.mode()) {
        return Err(refused());
    }
    repairs.push(Repair { path: path.to_owned(), was: mode, now: wanted });
    Ok(())
}

const DIR_MODE: u32 = 0o700;

#[cfg(test)]
mod tests {
    use tokenward_core::ports::StoreFault;

    use super::super::{open_private, write_whole};
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
        assert!(
            matches!(folder.prepare(), Err(StoreError { kind: StoreFault::NotPrivate { allowed }, .. }) if allowed == "777")
        );
        std::fs::set_permissions(place.path(), Permissions::from_mode(0o1777)).unwrap();
        assert_eq!(folder.prepare().unwrap(), []);
        assert_eq!(mode(folder.vault()), 0o700);
    }

    /// A pipe in a file's place keeps nobody waiting, and what a link leads to keeps its mode, whoever laid it.
    #[test]
    fn pipes_and_links_in_the_place_of_keys_are_neither_waited_for_nor_changed() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("tokenward"));
        folder.prepare().unwrap();
        for file in [folder.wrapped_key(), folder.key_file(), folder.database(), folder.rescue()] {
            rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
                .unwrap();
            let refused = folder.prepare().unwrap_err();
            assert!(
                matches!(&refused, StoreError { kind: StoreFault::Unreadable, place, .. } if *place == file.display().to_string()),
                "{refused}"
            );
            std::fs::remove_file(&file).unwrap();

            let elsewhere = place.path().join("elsewhere");
            std::fs::write(&elsewhere, "of another program").unwrap();
            std::fs::set_permissions(&elsewhere, Permissions::from_mode(0o644)).unwrap();
            std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
            let refused = folder.prepare().unwrap_err();
            assert!(
                matches!(refused, StoreError { kind: StoreFault::NotPrivate { ref allowed }, .. } if allowed == "644"),
                "{refused}"
            );
            assert_eq!(mode(&elsewhere), 0o644);
            std::fs::remove_file(&file).unwrap();
            std::fs::hard_link(&elsewhere, &file).unwrap();
            assert!(matches!(folder.prepare(), Err(StoreError { kind: StoreFault::NotPrivate { .. }, .. })));
            assert_eq!(mode(&elsewhere), 0o644);
            std::fs::set_permissions(&elsewhere, Permissions::from_mode(0o600)).unwrap();
            assert_eq!(folder.prepare().unwrap(), []);
            std::fs::remove_file(&file).unwrap();
        }
        for file in [folder.wrapped_key(), folder.key_file()] {
            rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
                .unwrap();
            assert!(crate::key_sources::read_private(&file).unwrap_err().to_string().contains("a pipe"));
            std::fs::remove_file(&file).unwrap();
            std::fs::write(&file, "key").unwrap();
            std::fs::set_permissions(&file, Permissions::from_mode(0o622)).unwrap();
            assert!(crate::key_sources::read_private(&file).unwrap_err().to_string().contains("can be written by"));
            std::fs::remove_file(&file).unwrap();
        }
    }

    /// Only root can make what belongs to somebody else.
    #[test]
    fn as_root_only_what_is_made_in_a_persons_home_is_theirs() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("tokenward"));
        std::fs::create_dir(folder.home()).unwrap();
        std::fs::set_permissions(folder.home(), Permissions::from_mode(0o700)).unwrap();
        let theirs = |path: &Path| std::os::unix::fs::chown(path, Some(2002), Some(2002)).unwrap();
        theirs(folder.home());
        let refused = folder.prepare().unwrap_err();
        assert!(matches!(refused, StoreError { kind: StoreFault::NotOurs { owner: 2002, user: 0 }, .. }), "{refused}");
        assert!(!folder.vault().exists(), "no vault in a folder whose owner could exchange it");

        std::fs::create_dir(folder.vault()).unwrap();
        std::fs::set_permissions(folder.vault(), Permissions::from_mode(0o700)).unwrap();
        theirs(folder.vault());
        folder.prepare().unwrap();
        drop(open_private(&folder.folder_lock()).unwrap());
        write_whole(&folder.handouts().join("default"), b"sealed", true).unwrap();
        let owner = |path: &Path| std::fs::metadata(path).unwrap().uid();
        for made in
            [folder.vault().join("locks"), folder.handouts(), folder.folder_lock(), folder.handouts().join("default")]
        {
            assert_eq!(owner(&made), 2002, "{}", made.display());
        }
        // What was there before stays whose it was: it may be another name of a file of root's.
        let old = folder.vault().join("locks/old");
        std::fs::write(&old, "").unwrap();
        drop(open_private(&old).unwrap());
        assert_eq!(owner(&old), 0);
    }
}
