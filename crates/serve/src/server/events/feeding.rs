//! What a node does for events: it has them numbered twice a second, and now and then looks for ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::ends;
use crate::server::state::Inner;

/// Works until it is told to stop.
pub(in crate::server) async fn run(server: Arc<Inner>, mut stopped: watch::Receiver<bool>) {
    let mut looked = None;
    let mut pause = TICK;
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(pause) => {}
        }
        let now = server.session.now();
        pause = match server.feed.number(&server.session).await {
            Ok(()) => TICK,
            Err(error) => {
                tracing::debug!(%error, "events cannot be numbered; they stay in the store");
                LONGEST_PAUSE.min(pause * 2)
            }
        };
        if looked.is_none_or(|looked| now.duration_since(looked).abs() >= LOOK) {
            looked = Some(now);
            if let Err(error) = ends::look(&server).await {
                tracing::debug!(%error, "logins that end soon cannot be looked for; it is tried again");
            }
        }
    }
}

const TICK: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How often a node asks whether it is its turn to look for ends.
const LOOK: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);
