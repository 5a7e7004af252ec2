//! One file takes another's place, and what it takes the place of is looked at once more.
//!
//! Enters: a finished file, the path it belongs to, and what stood there when it was made. Leaves: the file in its place; or the
//! folder as it was, because another program had saved the file in between and its edit is not to be lost.
//!
//! Where the system can, the two exchange their names in one step (`renameat2`, `RENAME_EXCHANGE`), so that what was there comes
//! out and can be compared: an edit that slipped in between the last look and the step is found, and put back. It is compared
//! again after the folder is synced, for programs that opened the file earlier and write it in place. A reader sees one file or
//! the other, never none. A crash in between leaves the new file in its place and the old one as a temporary, which the next
//! writer sweeps away (I5).
//!
//! Until the names are exchanged, and what came out is known for the file that was seen, the new file is its owner's alone
//! (0600): only then it is given the mode and the access list of the old one (I4).

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::opened_file::{FileStat, open};

/// A moment in the writing of a file; tests have other programs act in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// The old file was read.
    Read,
    /// The temporary file is made, and nothing is in it.
    Made,
    /// The new content is in the temporary file, and not synced.
    Filled,
    /// The new content is prepared, the old one not yet looked at again.
    Prepared,
    /// The old one still stands; the names are about to be exchanged.
    Looked,
    /// The names are exchanged, and what came out is yet to be looked at.
    Swapped,
    /// What came out was what was expected, and the new file has the old one's mode.
    Dressed,
    /// The folder is synced, and what came out is looked at once more.
    Synced,
}

/// Puts a file at `target`, where `stood` is to be, and lets `dress` give it what the old one had. `false` when something else stood
/// there: then that stands there again.
pub(super) fn swap(
    new: NamedTempFile,
    target: &Path,
    stood: Option<&FileStat>,
    dress: impl Fn(&File),
    mut meanwhile: impl FnMut(Moment),
) -> io::Result<bool> {
    let folder = target.parent().unwrap_or(Path::new("/"));
    let sync = || File::open(folder).and_then(|folder| folder.sync_all());
    let Some(stood) = stood else {
        return match new.persist_noclobber(target) {
            Ok(_) => sync().map(|()| true),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        };
    };
    let ours = read(new.path())?;
    match exchange(new.path(), target) {
        Ok(true) => {}
        Ok(false) => {
            let new = new.persist(target).map_err(|error| error.error)?;
            dress(&new);
            return sync().map(|()| true);
        }
        // It is gone.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    let expected =
        || read(new.path()).is_ok_and(|(identity, bytes)| identity == stood.identity && bytes == stood.bytes);
    meanwhile(Moment::Swapped);
    let mut came_out = expected();
    if came_out {
        dress(new.as_file());
        meanwhile(Moment::Dressed);
        sync()?;
        meanwhile(Moment::Synced);
        came_out = expected();
    }
    if came_out {
        return Ok(true);
    }
    // It becomes a temporary file again, and those are for their owner alone.
    new.as_file().set_permissions(Permissions::from_mode(0o600))?;
    // Back with it. What comes out now must be ours, as we made it; if not, somebody saved yet again, and the newest is to stand.
    exchange(new.path(), target)?;
    if read(new.path()).ok().as_ref() != Some(&ours) {
        exchange(new.path(), target)?;
    }
    Ok(false)
}

/// Lets two files of one folder exchange their names. `false` where that cannot be done; nothing was done then.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        // Network and foreign file systems, and kernels before 3.15.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Which file stands at a path, and what is in it. No symbolic link is followed.
fn read(path: &Path) -> io::Result<Content> {
    let mut file = open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.read_to_end(&mut bytes)?;
    Ok(((found.dev(), found.ino()), bytes))
}

/// Device and inode, and what is in it.
type Content = ((u64, u64), Zeroizing<Vec<u8>>);
