//! What an answer means, and what that leads to: the eighth step.
//!
//! Enters: an answer that is kept already, and the send that it answers. Leaves: the new generation, durable (I2); or the grant's standing,
//! with what the caller is told. Whoever committed under a lease has given it back by the same transaction. A crash before the commit leaves
//! the answer to the next recovery (I5).

use tokenward_core::ports::{self, in_doubt};
use tokenward_core::rotation_policy::{self, Settlement};
use tokenward_core::{Closing, Code, Doubt, Grant, IntentId, Lease, RawAnswer, Refusal, Remedy, TokenApi};

use crate::{Error, Keeper, KeptState, Notice, RotationStep};

/// One send: which token, under which intent, where.
#[derive(Clone, Copy)]
pub(crate) struct Sending<'g> {
    pub(crate) keeper: &'g Keeper,
    /// The grant as it was when the token was sent, or when its answer was found.
    pub(crate) grant: &'g Grant,
    pub(crate) intent: IntentId,
    /// Whose endpoint answers.
    pub(crate) api: TokenApi,
    /// Whether this token had been sent before with unknown outcome.
    pub(crate) replay: bool,
}

impl<'g> Sending<'g> {
    /// Reads what answered it. That is kept already, or is found where it was kept.
    pub(crate) fn settle(self, answer: &RawAnswer) -> Settled<'g> {
        let Self { keeper, grant, api, replay, .. } = self;
        let outcome = keeper.inner.parts.provider.read(&grant.app, api, answer);
        let settlement = rotation_policy::settle(outcome, grant, api, replay, keeper.rules(grant), answer.received);
        Settled { sending: self, settlement }
    }
}

/// Eight: what the answer means.
#[must_use = "what an answer means is to be stored"]
pub(crate) struct Settled<'g> {
    sending: Sending<'g>,
    settlement: Settlement,
}

impl Settled<'_> {
    /// Stores what the answer means. The lease that is named is freed by the same transaction, unless more is to be done under it.
    pub(crate) async fn commit(self, freeing: Option<&mut Taken>) -> Result<Ending, Error> {
        let Self { sending, settlement } = self;
        let Sending { keeper, grant, intent, replay, .. } = sending;
        let vault = &keeper.inner.parts.vault;
        let after = |doubt| rotation_policy::doubt_after(doubt, grant, replay);
        let doubtful = |doubt| in_doubt(intent, keeper.inner.now(), doubt);
        match settlement {
            Settlement::Commit { rotation, oddities } => {
                let lease = freeing.as_deref().map(|taken| &taken.lease);
                let rotated = vault.commit(lease, intent, rotation).await?;
                if let Some(taken) = freeing {
                    taken.is_free = true;
                }
                match rotated.committed {
                    ports::Committed::Generation(generation) => {
                        keeper.at(RotationStep::Committed);
                        tracing::info!(grant = %grant.id, %generation, "turned");
                        let notices = oddities.into_iter().map(Notice::Odd).collect();
                        Ok(Ending::Generation { notices, stored: rotated.grant.map(Box::new) })
                    }
                    ports::Committed::Parked => Ok(Ending::Parked),
                }
            }
            Settlement::Keep { closing, refusal, fallback } => {
                let before = keeper.refusals_in_a_row(grant, &closing).await;
                if let Some(code) = rotation_policy::is_end_after_all(&refusal, grant, replay, before) {
                    return sending.ended(freeing, code, Refusal { remedy: Remedy::LogIn, ..refusal }).await;
                }
                // What an earlier send left in doubt stays its doing.
                sending.close(freeing.filter(|_| !fallback && !is_noted(&refusal)), closing, None).await?;
                let kept = if replay { KeptState::Doubt } else { KeptState::TokenUnspent };
                let error = Error::refused(refusal.code(), kept, refusal);
                if fallback { Ok(Ending::NoSuchEndpoint(error)) } else { Err(error) }
            }
            Settlement::Unclear { closing, refusal, in_doubt: is_doubtful } => {
                let code = refusal.code();
                // What was brought here a moment ago and is refused gives way to what it had replaced; that one worked.
                if code == Code::RefusedUnclearly
                    && grant.on_trial
                    && let Some(back) = sending.take_back(code, refusal.provider_code).await?
                {
                    return Ok(back);
                }
                let standing = is_doubtful.then(|| doubtful(after(Doubt::UnclearRefusal)));
                sending.close(freeing.filter(|_| !is_noted(&refusal)), closing, standing).await?;
                Err(Error::refused(code, if is_doubtful { KeptState::Doubt } else { KeptState::Record }, refusal))
            }
            Settlement::Doubt { doubt, refusal } => {
                let doubt = after(doubt);
                sending.close(freeing, Closing::Doubt { doubt }, Some(doubtful(doubt))).await?;
                Err(Error::refused(Code::OddAnswer, KeptState::Doubt, refusal))
            }
            Settlement::Dead { code, refusal } => sending.ended(freeing, code, refusal).await,
        }
    }
}

/// What a settled answer led to.
pub(crate) enum Ending {
    /// A new generation is stored.
    Generation {
        /// What a person should know.
        notices: Vec<Notice>,
        /// The grant as it is stored, where it reads back.
        stored: Option<Box<Grant>>,
    },
    /// The grant had moved on; what is stored now is someone else's.
    Parked,
    /// Unspent, and the endpoint does not exist: another may be tried.
    NoSuchEndpoint(Error),
    /// The set was on trial and was refused; the one that it had replaced is the present one again.
    TakenBack(Notice),
}

/// A lease of ours.
pub(crate) struct Taken {
    pub(super) lease: Lease,
    /// Whether it went with what was stored.
    pub(super) is_free: bool,
}

/// Whether a refusal is remembered beside the journal ([`Keeper::note_client`]): whoever has the lease next has to find it.
fn is_noted(refusal: &Refusal) -> bool {
    refusal.code() == Code::AppCredentialsWrong
}
