//! How long an app's logins live, as the store has counted a moment ago: many who look at once cause one count.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokenward_core::AppName;
use tokenward_core::ports::TimeLeft;
use tokio::time::Instant;

/// By app. There are as many as the settings have.
#[derive(Debug, Default)]
pub(super) struct KeptCounts(Mutex<HashMap<AppName, (Instant, TimeLeft)>>);

impl KeptCounts {
    pub(super) fn get(&self, app: &AppName, now: Instant, for_long: Duration) -> Option<TimeLeft> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(app).filter(|(at, _)| now.duration_since(*at) < for_long).map(|(_, left)| left.clone())
    }

    pub(super) fn keep(&self, app: &AppName, now: Instant, left: TimeLeft) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(app.clone(), (now, left));
    }
}
