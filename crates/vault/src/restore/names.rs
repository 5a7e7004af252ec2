//! The names of vaults beside the present one: each begins with what the vault is there, and ends with a number.

use jiff::Timestamp;

use crate::folder::Folder;

/// The number behind a name of ours.
pub(super) fn number(name: &str) -> Option<u64> {
    [STAGED, BEFORE, UNDONE].iter().find_map(|prefix| name.strip_prefix(prefix)).and_then(|number| number.parse().ok())
}

/// A number under which nothing is there yet: the time, as far as it is free.
pub(super) fn free_number(folder: &Folder, at: Timestamp) -> i64 {
    let taken = |number: i64| {
        [STAGED, BEFORE, UNDONE].iter().any(|prefix| folder.home().join(format!("{prefix}{number}")).exists())
    };
    let now = at.as_millisecond();
    (now..=i64::MAX).find(|number| !taken(*number)).unwrap_or(now)
}

/// A copy in the making.
pub(super) const STAGED: &str = "vault.restored-";
/// A vault that a restore put aside.
pub(super) const BEFORE: &str = "vault.before-";
/// A vault that the way back put aside.
pub(super) const UNDONE: &str = "vault.undone-";
