//! Callers of one process who want the same grant refreshed join one detached task (design/0000-charter.md §5, step 1).
//!
//! Enters: a grant, and the generation its caller saw. Leaves: what the one turn came to, for all of them. A caller that goes away changes
//! nothing; a task that panics leaves the way free for the next.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokenward_core::{App, Code, Generation, GrantId};
use tokio::sync::watch;

use crate::turn::Turned;
use crate::{Error, Keeper, Kept};

/// The turns under way in this process. By patience too: who wants to wait does not share the answer of one who did not.
pub(super) type Joins = Mutex<HashMap<(GrantId, Patience), Joined>>;

/// How long a turn waits for a lease that someone else holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Patience {
    /// Not at all: the caller has a token.
    None,
    /// [`super::KeeperOptions::turn_patience`].
    Full,
}

/// Where those who joined a turn wait for its result.
type Joined = watch::Receiver<Option<Result<Turned, Error>>>;

impl Keeper {
    /// Joins the turn of a grant under way in this process, or starts one; the turn itself is detached.
    pub(super) async fn join(
        &self,
        app: &App,
        id: GrantId,
        seen: Generation,
        patience: Patience,
    ) -> Result<Turned, Error> {
        let mut outcome = {
            let mut joins = self.inner.joins.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(running) = joins.get(&(id, patience)) {
                running.clone()
            } else {
                let (publish, outcome) = watch::channel(None);
                joins.insert((id, patience), outcome.clone());
                let (keeper, app) = (self.clone(), app.clone());
                tokio::spawn(async move {
                    let mut left = Left { keeper: keeper.clone(), key: (id, patience), is_done: false };
                    let result = keeper.turn(&app, id, seen, patience).await;
                    left.is_done = true;
                    // Whoever comes from here on starts anew, with what is in the vault now.
                    drop(left);
                    let _ = publish.send(Some(result));
                });
                outcome
            }
        };
        match outcome.wait_for(Option::is_some).await {
            Ok(result) => result.clone().unwrap_or_else(|| Err(Error::new(Code::Internal, Kept::Everything))),
            Err(_) => Err(Error::with_detail(Code::Internal, Kept::Record, "the turning task ended without a word")),
        }
    }
}

/// Takes a grant off the list of running turns, also when the task panics or its runtime ends under it.
struct Left {
    keeper: Keeper,
    key: (GrantId, Patience),
    is_done: bool,
}

impl Drop for Left {
    fn drop(&mut self) {
        if !self.is_done {
            tracing::error!(
                grant = %self.key.0,
                "a refresh was under way when the program's runtime ended or the refresh panicked; what was sent is on record, and the \
                 next program finds out what became of it. A program that waits before it ends (Client::close) has no such doubt"
            );
        }
        self.keeper.inner.joins.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
