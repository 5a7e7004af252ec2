//! What a file carries beside content, owner and mode: its access list and other extended attributes.
//!
//! Enters: the descriptor of the file that stands, and the file that takes its place. Leaves: the new one with the old one's access
//! list, and with as much of the rest as the system lets anyone set. The list is not a matter of taste: beside one, the group's bits
//! of the mode are a mask and no right, so that the mode alone would open the tokens to the group (I4); and a list that the folder
//! hands to every new file may let in people whom the old file kept out.

use std::fs::File;
use std::io;

/// What was read of one descriptor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// The access list, if there is one.
    list: Option<Vec<u8>>,
    /// What lets nobody read anything.
    rest: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Marks {
    /// What a file carries. Where the file system has no such thing, nothing.
    #[cfg(target_os = "linux")]
    pub(super) fn of(file: &File) -> Self {
        let mut marks = Self::default();
        for name in names(file).split(|byte| *byte == 0).filter(|name| is_carried(name)) {
            let Ok(value) = value(file, name) else { continue };
            if name == ACCESS_LIST {
                marks.list = Some(value);
            } else {
                marks.rest.push((name.to_vec(), value));
            }
        }
        marks
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn of(_: &File) -> Self {
        Self::default()
    }

    /// Gives a new file what lets nobody read it, and takes the list from it that its folder gave. What cannot be kept is no error.
    ///
    /// # Errors
    /// A list that the folder gave stays.
    #[cfg(target_os = "linux")]
    pub(super) fn give_rest(&self, new: &File) -> io::Result<()> {
        use rustix::fs::{XattrFlags, fremovexattr, fsetxattr};
        use rustix::io::Errno;
        for (name, value) in &self.rest {
            let _ = fsetxattr(new, name.as_slice(), value, XattrFlags::empty());
        }
        match fremovexattr(new, ACCESS_LIST) {
            Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn give_rest(&self, _: &File) -> io::Result<()> {
        Ok(())
    }

    /// Gives a file the access list, if there is one. To be done before the mode is set, which the list is a part of.
    ///
    /// # Errors
    /// It could not be kept.
    #[cfg(target_os = "linux")]
    pub(super) fn give_list(&self, new: &File) -> io::Result<()> {
        let Some(list) = &self.list else { return Ok(()) };
        Ok(rustix::fs::fsetxattr(new, ACCESS_LIST, list, rustix::fs::XattrFlags::empty())?)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn give_list(&self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

/// The names of the attributes, each ended by a zero; none where the file system has no such thing.
#[cfg(target_os = "linux")]
fn names(file: &File) -> Vec<u8> {
    let mut none: [u8; 0] = [];
    let size = rustix::fs::flistxattr(file, &mut none[..]).unwrap_or(0);
    // A little more, in case one is added meanwhile.
    let mut names = Vec::with_capacity(size + ROOM);
    rustix::fs::flistxattr(file, rustix::buffer::spare_capacity(&mut names)).map_or_else(|_| Vec::new(), |_| names)
}

#[cfg(target_os = "linux")]
fn value(file: &File, name: &[u8]) -> rustix::io::Result<Vec<u8>> {
    let mut none: [u8; 0] = [];
    let size = rustix::fs::fgetxattr(file, name, &mut none[..])?;
    let mut value = Vec::with_capacity(size + ROOM);
    rustix::fs::fgetxattr(file, name, rustix::buffer::spare_capacity(&mut value))?;
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
