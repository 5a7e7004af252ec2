//! Waiting for somebody else: for the lease of a grant or of a name, and for an answer that may be late.
//!
//! Enters: whose lease is wanted, until when it is waited for, and what is looked at between two attempts. Leaves: the lease; or nothing,
//! where what is there has made it needless. A lease makes waiting cheap and keeps no token (I1): a crash of whoever holds it costs time.

use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::{Attempt, LeasedGrant};
use tokenward_core::{Code, Holder, Intent, Lease, Seat, told_moment};
use tokio::time::Instant;

use crate::{Error, Keeper, KeptState};

impl Keeper {
    /// Until when somebody else is waited for who has begun now.
    pub(crate) fn patience_ends(&self) -> Instant {
        Instant::now() + self.inner.options.refresh_patience
    }

    /// The lease, if nobody has it.
    pub(crate) async fn lease_at_once(&self, seat: &Seat) -> Result<Option<Box<LeasedGrant>>, Error> {
        match self.inner.parts.vault.hold(seat, self.inner.parts.witness.myself(), LEASE).await? {
            Attempt::Held(held) => Ok(Some(held)),
            Attempt::Busy { .. } => Ok(None),
        }
    }

    /// The lease, waited for until `end`. `needless` looks, after each wait, whether it is wanted still: `None` where it is not.
    ///
    /// # Errors
    /// [`Code::StillTurning`], with who holds it, where it is not given back in time.
    pub(crate) async fn lease_unless<N>(
        &self,
        seat: &Seat,
        end: Instant,
        mut needless: impl FnMut() -> N + Send,
    ) -> Result<Option<Box<LeasedGrant>>, Error>
    where
        N: Future<Output = Result<bool, Error>> + Send,
    {
        let vault = &*self.inner.parts.vault;
        loop {
            match vault.hold(seat, self.inner.parts.witness.myself(), LEASE).await? {
                Attempt::Held(held) => return Ok(Some(held)),
                Attempt::Busy { holder, .. } => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(late(holder.as_ref()));
                    }
                    vault.wait(seat, left).await;
                }
            }
            if needless().await? {
                return Ok(None);
            }
        }
    }

    /// The lease, waited for until `end`, whatever happens meanwhile.
    ///
    /// # Errors
    /// As [`Keeper::lease_unless`].
    pub(crate) async fn lease_by(&self, seat: &Seat, end: Instant) -> Result<Box<LeasedGrant>, Error> {
        let held = self.lease_unless(seat, end, || std::future::ready(Ok(false))).await?;
        held.ok_or_else(|| late(None))
    }

    /// Gives a lease back. One that cannot be given back lapses by itself; what was done under it matters more.
    pub(crate) async fn release(&self, lease: Lease) {
        if let Err(error) = self.inner.parts.vault.release(lease).await {
            tracing::warn!(%error, "a lease could not be released");
        }
    }

    /// Waits a while for the late answer to a spend of somebody else's, of whom nothing is done before `until`: it may come at any moment,
    /// so the caller looks again rather than sleep through.
    ///
    /// # Errors
    /// [`held`], where it would take longer than until `end`.
    pub(crate) async fn wait_for_answer(
        &self,
        intent: &Intent,
        until: Timestamp,
        end: Option<Instant>,
    ) -> Result<(), Error> {
        let left = end.map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
        let needed = Duration::try_from(until.duration_since(self.inner.now())).unwrap_or_default();
        if end.is_none() || needed > left {
            return Err(held(intent, until));
        }
        tokio::time::sleep(needed.min(LATE_ANSWER_LOOK)).await;
        Ok(())
    }
}

/// Nothing is done about a spend of somebody else's before a moment.
pub(crate) fn held(intent: &Intent, until: Timestamp) -> Error {
    let (sender, until) = (&intent.sender, told_moment(until));
    let who = format!("{sender}, until {until}");
    Error::with_detail(Code::OutcomeUnknown, KeptState::Doubt, who)
}

fn late(holder: Option<&Holder>) -> Error {
    let who = holder.map_or_else(|| "another process".to_owned(), ToString::to_string);
    Error::with_detail(Code::StillTurning, KeptState::Everything, who)
}

/// How long a lease lasts without renewal: longer than preparing and sending take together at their deadlines, longer than a question for
/// new tokens with whose they are, longer than a logout with the provider's part.
pub(crate) const LEASE: Duration = Duration::from_secs(75);
/// How often a waiter looks whether a late answer has come.
const LATE_ANSWER_LOOK: Duration = Duration::from_millis(500);
