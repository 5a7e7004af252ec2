//! Who is alive: the table of processes of one machine, or a table of nodes that several share.
//!
//! Enters: the holder of a lease, the sender of an intent. Leaves: what became of it. To say that somebody is dead who lives permits a
//! second send of a refresh token, so *dead* is said only where that is certain.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Holder, HolderFate};

/// Tells who we are, and what became of others.
#[async_trait]
pub trait Liveness: Send + Sync {
    /// Who asks.
    fn myself(&self) -> &Holder;

    /// What became of a holder.
    async fn fate(&self, holder: &Holder) -> HolderFate;

    /// How long a holder has lived, by a count that no change of a clock touches. `None` where that cannot be told.
    async fn age(&self, holder: &Holder) -> Option<Duration>;
}
