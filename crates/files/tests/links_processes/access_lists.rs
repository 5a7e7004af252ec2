//! Access lists and other attributes of a linked file, where its file system keeps them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::XattrFlags;
use tokenward_files::links::Place;

/// Whether the file system of temporary files keeps both.
pub(crate) fn are_kept() -> Result<(), &'static str> {
    let (folder, path) = place("");
    let none = XattrFlags::empty();
    let all = [
        rustix::fs::setxattr(&path, "user.note", b"mine", none),
        rustix::fs::setxattr(&path, "system.posix_acl_access", &access_list(0, 4), none),
        rustix::fs::setxattr(folder.path(), "system.posix_acl_default", &access_list(4, 6), none),
    ];
    all.into_iter().all(|set| set.is_ok()).then_some(()).ok_or("this file system keeps no access lists")
}

fn token() -> Place {
    Place::dotenv("TOKEN")
}

/// A folder with a `.env` in it.
fn place(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, content).unwrap();
    (folder, path)
}

/// A POSIX access list as Linux keeps it: version 2; then tag, rights and id of owner, the user 1234, group, mask, others.
fn access_list(group: u16, mask: u16) -> Vec<u8> {
    let nobody = u32::MAX;
    let entries = [(1_u16, 6, nobody), (2, 4, 1234), (4, group, nobody), (16, mask, nobody), (32, 0, nobody)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        list.extend(tag.to_le_bytes().into_iter().chain(rights.to_le_bytes()).chain(id.to_le_bytes()));
    }
    list
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = Vec::with_capacity(256);
    rustix::fs::getxattr(path, name, rustix::buffer::spare_capacity(&mut value)).ok().map(|_| value)
}

/// The mode of a file with an access list is 640 where its mask lets the user 1234 read and its group nothing: the mode alone,
/// put on another file, would let the group in.
pub(crate) fn the_access_list_and_other_attributes_stay() {
    let (_folder, path) = place("TOKEN=old\n");
    let set = |name: &str, value: &[u8]| rustix::fs::setxattr(&path, name, value, XattrFlags::empty());
    set("user.note", b"mine").unwrap();
    set("system.posix_acl_access", &access_list(0, 4)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    assert!(super::linked(&path).hold(super::PATIENCE).unwrap().write(&[(token(), "new")]).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "TOKEN=new\n");
    assert_eq!(attribute(&path, "user.note").as_deref(), Some(&b"mine"[..]));
    assert_eq!(attribute(&path, "system.posix_acl_access"), Some(access_list(0, 4)));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
}

/// A folder whose default list lets the user 1234 into every new file: a file that has no list gets none by being replaced.
pub(crate) fn a_folder_hands_its_access_list_to_no_file_that_had_none() {
    let (folder, path) = place("TOKEN=old\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let none = XattrFlags::empty();
    rustix::fs::setxattr(folder.path(), "system.posix_acl_default", &access_list(4, 6), none).unwrap();
    assert!(super::linked(&path).hold(super::PATIENCE).unwrap().write(&[(token(), "new")]).unwrap());
    assert_eq!(attribute(&path, "system.posix_acl_access"), None);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
}
