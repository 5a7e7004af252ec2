//! The file that an answer is written into.
//!
//! Enters: a path and bytes, piece by piece. Leaves: the file as a whole, or as it was: it is written beside the old one
//! and renamed. It gets the mode of the one it replaces, or what the umask leaves; the answer is the person's, not ours.
//! What is no file cannot be replaced: `/dev/null` and pipes are written into as they are. A crash leaves a
//! `.tokenward-…` beside the file and the file as it was.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file under way.
pub(super) enum Target {
    /// Beside the one it will replace.
    Beside(NamedTempFile, PathBuf),
    /// Something that is no file.
    Straight(File),
}

impl Target {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // Through links, so that the link stays and the file behind it is replaced.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let old = std::fs::metadata(&path).ok();
        if old.as_ref().is_some_and(|old| !old.is_file()) {
            return Ok(Self::Straight(OpenOptions::new().write(true).open(&path)?));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix(".tokenward-").permissions(Permissions::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(|error| {
            // What is wrong with the folder, without the name that was drawn for the file.
            std::fs::read_dir(folder).err().unwrap_or(error)
        })?;
        if let Some(old) = old {
            file.as_file().set_permissions(old.permissions())?;
        }
        Ok(Self::Beside(file, path))
    }

    /// Puts it where it belongs.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Beside(file, path) => file.persist(path).map(drop).map_err(|error| error.error),
            Self::Straight(mut file) => file.flush(),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Beside(file, _) => file.write(bytes),
            Self::Straight(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Beside(file, _) => file.flush(),
            Self::Straight(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, symlink};

    use super::*;

    fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut target = Target::open(path)?;
        target.write_all(bytes)?;
        target.finish()
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_keeps_its_mode_and_its_links() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        let target = Target::open(&link).unwrap();
        drop(target);
        assert_eq!(std::fs::read(&file).unwrap(), b"old", "what was not finished changes nothing");
        put(&link, b"new").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        // A new one is an ordinary file of the person's.
        let fresh = folder.path().join("c");
        put(&fresh, b"x").unwrap();
        let plain = folder.path().join("d");
        std::fs::write(&plain, "x").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&fresh), mode(&plain));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4, "nothing is left beside them");
    }

    #[test]
    fn what_is_no_file_is_written_into() {
        put(Path::new("/dev/null"), b"x").unwrap();
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let folder = tempfile::tempdir().unwrap();
        assert!(put(folder.path(), b"x").is_err());
        assert_eq!(put(&folder.path().join("no/where"), b"x").unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
