//! What earlier rotations of a grant left open, continued.
//!
//! Enters: a grant, read under its lease, and its open intents. Leaves: the grant as it is then, the intent that the next send repeats, and
//! what was found, as values. An answer that was kept and not read is settled as if it had come now (I3); a send of unknown outcome is
//! waited for, held or named for a replay, as `tokenward_core::rotation` says (I6). Nothing is sent here. A crash leaves the rest to the
//! next recovery (I5).

use tokenward_core::ports::StoreError;
use tokenward_core::rotation_policy::{self, Recovery};
use tokenward_core::{Closing, Grant, HolderFate, Intent, IntentId, Standing};
use tokio::time::Instant;

use crate::lease_wait::held;
use crate::rotation::{Ending, Patience, Sending};
use crate::{Error, Keeper, Notice, Recovered};

/// What earlier rotations left, settled.
pub(crate) struct Aftermath {
    /// The grant as it is now.
    pub(crate) grant: Grant,
    /// The open intent that the next send repeats.
    pub(crate) replays: Option<IntentId>,
    /// Whether an answer that was left is the present generation.
    pub(crate) had_answer: bool,
    /// Whether a set came too late and is kept aside.
    pub(crate) had_late_set: bool,
    /// Whether a set on trial was refused, and the one before it is back.
    pub(crate) is_back: bool,
    /// What a person should know.
    pub(crate) notices: Vec<Notice>,
}

impl Aftermath {
    /// Notes what a kept answer led to. Says whether the grant is known as it is stored since.
    fn note(&mut self, ending: Ending) -> bool {
        match ending {
            Ending::Generation { notices, stored } => {
                self.had_answer = true;
                self.notices.extend(notices);
                self.notices.push(Notice::Recovered(Recovered::Answer));
                let Some(stored) = stored else { return false };
                self.grant = *stored;
                return true;
            }
            Ending::Parked => {
                self.had_late_set = true;
                self.notices.push(Notice::Parked);
            }
            Ending::TakenBack(notice) => {
                self.is_back = true;
                self.notices.push(notice);
            }
            Ending::NoSuchEndpoint(_) => {}
        }
        false
    }
}

impl Keeper {
    /// Continues what others left open: `open`, as it was read with the grant.
    ///
    /// # Errors
    /// [`Code::OutcomeUnknown`](tokenward_core::Code::OutcomeUnknown) while somebody else's send may still be answered, or may not be
    /// repeated; the vault's.
    pub(crate) async fn recover(
        &self,
        grant: Grant,
        open: Vec<Intent>,
        patience: Patience,
    ) -> Result<Aftermath, Error> {
        let vault = &self.inner.parts.vault;
        let end = (patience == Patience::Full).then(|| self.patience_ends());
        let watching = Instant::now();
        let mut aftermath = Aftermath {
            grant,
            replays: None,
            had_answer: false,
            had_late_set: false,
            is_back: false,
            notices: Vec::new(),
        };
        let mut known = Some(open);
        'again: loop {
            let grant = &aftermath.grant;
            let open = match known.take() {
                Some(open) => open,
                None => vault.open_intents(grant.id).await?,
            };
            for intent in open {
                match self.recovery(&intent, grant, watching).await {
                    Recovery::Settle => {
                        let Some(answer) = &intent.answer else { continue };
                        let (intent, api, replay) = (intent.id, intent.api, is_in_doubt(grant));
                        let sending = Sending { keeper: self, grant, intent, api, replay };
                        self.inner.tally.recovered(&grant.app);
                        let is_read = match sending.settle(answer).commit(None).await {
                            Ok(ending) => aftermath.note(ending),
                            Err(error) if error.vault_error().is_some() => return Err(error),
                            // The answer said no to someone else; what it means for the grant is stored now.
                            Err(error) => {
                                tracing::info!(%error, %intent, "a kept answer was settled");
                                false
                            }
                        };
                        if !is_read {
                            aftermath.grant = vault.grant(aftermath.grant.id).await?;
                        }
                        continue 'again;
                    }
                    // The grant was read before someone else rotated it: our lease has lapsed.
                    _ if intent.generation > grant.generation => return Err(StoreError::moved().into()),
                    // An older generation's spend without an answer has nothing left to tell.
                    _ if intent.generation < grant.generation => {
                        vault.close(None, intent.id, Closing::Replayed, None).await?;
                    }
                    Recovery::Replay => aftermath.replays = Some(intent.id),
                    Recovery::Hold { until } => return Err(held(&intent, until)),
                    Recovery::Wait { until } => {
                        self.wait_for_answer(&intent, until, end).await?;
                        aftermath.grant = vault.grant(aftermath.grant.id).await?;
                        continue 'again;
                    }
                }
            }
            return Ok(aftermath);
        }
    }

    /// What to do about an open intent that we have watched since a moment. Clocks jump; neither the time we have
    /// watched nor the age of a sender that we can see does, so these two have the last word about a wait.
    async fn recovery(&self, intent: &Intent, grant: &Grant, watching: Instant) -> Recovery {
        let (witness, now) = (&self.inner.parts.witness, self.inner.now());
        let fate = witness.fate(&intent.sender).await;
        let window = rotation_policy::sender_window(intent);
        let at_work = || !intent.doubted && matches!(fate, HolderFate::Alive);
        match rotation_policy::recover(intent, grant, fate, self.rules(grant), now) {
            Recovery::Wait { .. } if watching.elapsed() >= window => {
                rotation_policy::replay_or_hold(grant, self.rules(grant), now)
            }
            Recovery::Replay | Recovery::Hold { .. } if at_work() => match witness.age(&intent.sender).await {
                // Whatever the clock says: it began after it was born.
                Some(age) if age < window => {
                    Recovery::Wait { until: now.checked_add(window.saturating_sub(age)).unwrap_or(now) }
                }
                _ => rotation_policy::replay_or_hold(grant, self.rules(grant), now),
            },
            recovery => recovery,
        }
    }
}

/// Whether the present refresh token was sent before with unknown outcome.
pub(crate) fn is_in_doubt(grant: &Grant) -> bool {
    matches!(grant.standing, Standing::InDoubt { .. })
}
