//! Events that nothing tells of: one looks until they are there. A wait that is in vain ends the test.

use std::time::Duration;

/// Waits until it is so.
#[cfg(feature = "stand")]
pub async fn until(mut is_so: impl FnMut() -> bool) {
    until_answered(async || is_so()).await;
}

/// The same, where to look is to ask somebody.
#[cfg(feature = "stand")]
pub async fn until_answered(mut is_so: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !is_so().await {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("waited in vain");
}

/// The same, for tests without a runtime.
pub fn wait_until(mut is_so: impl FnMut() -> bool) {
    let mut waited = Duration::ZERO;
    while !is_so() {
        assert!(waited < PATIENCE, "waited in vain");
        std::thread::sleep(PAUSE);
        waited += PAUSE;
    }
}

const PAUSE: Duration = Duration::from_millis(5);

/// No test that succeeds waits so long, whatever else its machine does.
const PATIENCE: Duration = Duration::from_mins(1);
