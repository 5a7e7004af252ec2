//! The modes of a vault's files: they are this user's alone (I4).

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::opened;
use crate::suite::FolderStand;
use crate::suite::fixtures::login;

/// What was made, and what somebody has opened to others.
pub async fn every_file_is_private_and_a_loose_one_is_made_so(stand: &dyn FolderStand) {
    let first = opened(stand).await;
    first.log_in(login("work", "1", None)).await.unwrap();
    each_is_private(stand.folder().home());
    fs::set_permissions(stand.folder().database(), Permissions::from_mode(0o664)).unwrap();
    fs::set_permissions(stand.folder().vault(), Permissions::from_mode(0o755)).unwrap();
    let next = opened(stand).await;
    next.log_in(login("work", "2", None)).await.unwrap();
    each_is_private(stand.folder().home());
}

fn each_is_private(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        assert_eq!(metadata.mode() & 0o077, 0, "{} has mode {:o}", path.display(), metadata.mode());
        if metadata.is_dir() {
            each_is_private(&path);
        }
    }
}
