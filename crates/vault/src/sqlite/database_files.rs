//! The files of a database: itself, its log and the log's index.

use std::path::{Path, PathBuf};

use tokenward_core::ports::StoreError;

/// Whether a file alone is a database: its head says of how many pages, and they are there, and no log is left beside it
/// (<https://www.sqlite.org/fileformat2.html#the_database_header>).
pub(super) fn whole(database: &Path) -> bool {
    use std::os::unix::fs::FileExt;

    let log = beside(database, "-wal");
    let mut head = [0; 32];
    let Ok(file) = std::fs::File::open(database) else { return false };
    if file.read_exact_at(&mut head, 0).is_err() || !head.starts_with(b"SQLite format 3\0") {
        return false;
    }
    let size = match u64::from(u16::from_be_bytes([head[16], head[17]])) {
        1 => 65_536,
        size => size,
    };
    let pages = u64::from(u32::from_be_bytes([head[28], head[29], head[30], head[31]]));
    let length = file.metadata().map_or(0, |file| file.len());
    pages > 0 && length == size * pages && std::fs::metadata(log).map_or(0, |log| log.len()) == 0
}

/// Removes a database with its log and the log's index.
pub(crate) fn remove(database: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal", "-shm"] {
        let path = beside(database, suffix);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(crate::io_error::from_io(&path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The file beside another whose name is longer by a suffix.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
