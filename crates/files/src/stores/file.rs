//! Files of other tools, read whole and never more than a store of tokens can have.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::StoreError;

/// The largest file that is read, in bytes.
const LIMIT: u64 = 8 << 20;

/// The content of a file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let failed = |source| StoreError::Io { path: path.to_owned(), source };
    let not = |what| StoreError::NotAStore { path: path.to_owned(), what };
    // Asked by name first: opening a pipe would wait for a writer.
    match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
        Ok(meta) if meta.is_dir() => return Err(not("a folder")),
        Ok(meta) if !meta.is_file() => return Err(not("no file")),
        Ok(_) => {}
    }
    let mut content = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(failed)?;
    file.take(LIMIT + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > LIMIT { Err(not("larger than a store of tokens")) } else { Ok(Some(content)) }
}

/// The files of a folder with names that fit, in the names' order. Empty where it cannot be listed.
pub(super) fn list(folder: &Path, fits: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let fitting = entries.filter(|entry| entry.file_name().to_str().is_some_and(&fits));
    let mut paths: Vec<_> = fitting.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort_unstable();
    paths
}
