//! What a file carries beside content, owner and mode: its access list and other extended attributes.
//!
//! Enters: the file that stands and the one that takes its place. Leaves: the new one with the old one's access list, and with as
//! much of the rest as the system lets anyone set. The list is not a matter of taste: beside one, the group's bits of the mode
//! are a mask and no right, so that the mode alone would open the tokens to the group (I4); and a list that the folder hands to
//! every new file may let in people whom the old file kept out.

use std::fs::File;
use std::io;
use std::path::Path;

/// Gives `new` what `old` carries. To be done before the mode is set, which the list is a part of.
///
/// # Errors
/// The access list could not be kept. What else could not be kept is no error.
#[cfg(target_os = "linux")]
pub(super) fn carry(old: &Path, new: &File) -> io::Result<()> {
    use rustix::fs::{XattrFlags, fremovexattr, fsetxattr};
    use rustix::io::Errno;
    let names = names(old);
    let mut has_list = false;
    for name in names.split(|byte| *byte == 0).filter(|name| is_carried(name)) {
        let carried = value(old, name).and_then(|value| fsetxattr(new, name, &value, XattrFlags::empty()));
        if name == ACCESS_LIST {
            has_list = true;
            carried?;
        }
    }
    if has_list {
        return Ok(());
    }
    match fremovexattr(new, ACCESS_LIST) {
        Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn carry(_: &Path, _: &File) -> io::Result<()> {
    Ok(())
}

/// The names of the attributes, each ended by a zero; none where the file system has no such thing.
#[cfg(target_os = "linux")]
fn names(path: &Path) -> Vec<u8> {
    let size = rustix::fs::listxattr_query(path).unwrap_or(0);
    // A little more, in case one is added meanwhile.
    let mut names = Vec::with_capacity(size + ROOM);
    rustix::fs::listxattr(path, rustix::buffer::spare_capacity(&mut names)).map_or_else(|_| Vec::new(), |_| names)
}

#[cfg(target_os = "linux")]
fn value(path: &Path, name: &[u8]) -> rustix::io::Result<Vec<u8>> {
    let size = rustix::fs::getxattr_query(path, name)?;
    let mut value = Vec::with_capacity(size + ROOM);
    rustix::fs::getxattr(path, name, rustix::buffer::spare_capacity(&mut value))?;
    Ok(value)
}

/// Not those that speak of the content (`security.ima`) or that the kernel sets by its own rules.
#[cfg(target_os = "linux")]
fn is_carried(name: &[u8]) -> bool {
    name == ACCESS_LIST || name == b"security.selinux" || name.starts_with(b"user.")
}

#[cfg(target_os = "linux")]
const ACCESS_LIST: &[u8] = b"system.posix_acl_access";
#[cfg(target_os = "linux")]
const ROOM: usize = 256;
