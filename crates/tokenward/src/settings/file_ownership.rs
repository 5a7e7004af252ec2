//! The files that steer where secrets go, read only where they are to be believed (I4).
//!
//! Enters: `config.toml`, and the files that settings name for secrets and keys. Leaves: their text, or an error that names the
//! file, its owner or mode, and what to do. Whoever could write `config.toml` could send an app's secret and every refresh token
//! to a server of theirs; so it must belong to the effective user or to root, and nobody else may write it or exchange it in its
//! folder. Folders further above need no look: what somebody else puts in a folder's place belongs to somebody else.

use std::path::Path;

use tokenward_core::SecretBytes;
use tokenward_vault::trusted::{Distrust, Trust, Trusted};
use zeroize::Zeroizing;

use super::error::{Origin, SettingsError, Warning};
use super::home_folder::Home;

/// The text of `config.toml`; `None` where there is none.
pub(super) fn config(home: &Home) -> Result<Option<String>, SettingsError> {
    let (path, trust) = (home.config(), Trust::of_home(home.path()));
    let found = match trust.read(&path, LONGEST_CONFIG) {
        // Where a file stands in the folder's way there is none; whoever wants to make it is told what is in the way.
        Err(Distrust::Io { error, .. }) if error.kind() == std::io::ErrorKind::NotADirectory => None,
        found => found.map_err(|found| unreadable(&path, found))?,
    };
    let Some(found) = found else { return Ok(None) };
    // A file of our own that somebody else moved into its place is not what was written there.
    let real = std::fs::canonicalize(&path).ok();
    for folder in [Some(home.path()), real.as_deref().and_then(Path::parent)].into_iter().flatten() {
        trust.folder(folder).map_err(|found| match found {
            Distrust::Writable { path, mode, .. } => SettingsError::OpenToOthers { path, mode },
            found => SettingsError::NotTrusted { origin: Origin::Default, found },
        })?;
    }
    String::from_utf8(found.content.expose().to_vec())
        .map(Some)
        .map_err(|error| SettingsError::Unreadable { path, source: std::io::Error::other(error.utf8_error()) })
}

/// A file that holds a secret or a key, whose place a person named.
///
/// # Errors
/// [`SettingsError::SecretUnreadable`] where it cannot be read, [`SettingsError::NotTrusted`] where it is somebody else's to write.
pub fn secret_file(
    home: Option<&Home>,
    path: &Path,
    origin: &Origin,
) -> Result<(SecretBytes, Option<Warning>), SettingsError> {
    let trust = home.map_or_else(Trust::effective, |home| Trust::of_home(home.path()));
    let missing = || std::io::Error::from(rustix::io::Errno::NOENT);
    let unreadable = |source| SettingsError::SecretUnreadable { origin: origin.clone(), path: path.to_owned(), source };
    match trust.read(path, LONGEST_SECRET) {
        Ok(Some(Trusted { content, readers, mode })) => {
            let warning = readers.map(|by| Warning::SecretReadable { path: path.to_owned(), by: by.to_string(), mode });
            Ok((content, warning))
        }
        Ok(None) => Err(unreadable(missing())),
        Err(Distrust::Io { error, .. }) => Err(unreadable(error)),
        Err(found) => Err(SettingsError::NotTrusted { origin: origin.clone(), found }),
    }
}

/// The text of such a file.
pub(super) fn secret_text(
    home: &Path,
    path: &Path,
    origin: &Origin,
) -> Result<(Zeroizing<String>, Option<Warning>), SettingsError> {
    let home = Home::at(home);
    let (bytes, warning) = secret_file(Some(&home), path, origin)?;
    let text = std::str::from_utf8(bytes.expose()).map_err(|error| SettingsError::SecretUnreadable {
        origin: origin.clone(),
        path: path.to_owned(),
        source: std::io::Error::other(error),
    })?;
    Ok((Zeroizing::new(text.to_owned()), warning))
}

fn unreadable(path: &Path, found: Distrust) -> SettingsError {
    match found {
        Distrust::Io { error, .. } => SettingsError::Unreadable { path: path.to_owned(), source: error },
        found => SettingsError::NotTrusted { origin: Origin::Default, found },
    }
}

/// Ten thousand profiles take a tenth of it.
const LONGEST_CONFIG: u64 = 16 << 20;
/// Secrets and keys are some hundred bytes; a store of another tool, which is read so too, a few kilobytes.
const LONGEST_SECRET: u64 = 1 << 20;
