//! A thread that may wait for the disk.

use std::path::Path;

use tokenward_core::ports::StoreError;

/// Does on a thread that may wait what the disk is waited for.
pub(super) async fn waiting<T: Send + 'static>(
    place: &Path,
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    let ended = tokio::task::spawn_blocking(act).await;
    ended.map_err(|error| StoreError::unreadable(place.display(), error.to_string()))
}
