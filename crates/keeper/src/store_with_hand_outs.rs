//! The store as the engine uses it: each change together with what it does to what is handed out at once.
//!
//! Enters: the calls of [`Vault`]. Leaves: the same, from the store beneath, and hand-outs ([`HandOuts`]) that are never ahead of it. The
//! store knows nothing of them, and what is read of it is never taken from them. Promise kept here: nobody is handed a token at once that the
//! store would not hand out (I2, I7). Order against crashes: what may take a token away withholds the name first, and what may bring one shows it
//! afterwards, so that a crash leaves a name that is looked at the long way.
//!
//! Why each is right, with two that come at one moment:
//!
//! * *A rotation* ([`Journal::commit`]) shows the grant that was stored, by the mark of before the commit. Of two late ones the newer generation
//!   stays. Where a refresh ends the old access token, [`Journal::begin`] has withheld the name until the intent was on record: a copy that is
//!   made after that is made of a grant whose intent is open, and is none.
//! * *An access token that was refused, the end of a login, a logout*: withheld until it is on record, so whatever was read before shows
//!   nothing afterwards.
//! * *Adoption, taking back, telling whose it is, giving a name, a login*: they may put another login under the name, or an older set into it;
//!   generations say nothing then, so the name is withheld, and shown anew of what is stored afterwards.
//! * *Links*: a new one withholds the name, since a copy that does not know of it would be served beside a file that was never looked at. A
//!   receipt, a trouble or a link's end only lets more be served: a late writer that knows less costs a slower read.
//! * *What an app's name stands for*: whose copies would say otherwise of their app by that is withheld, and shown anew.
//! * *A reading* mends what is missing or older, once a generation and process.

mod ports;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokenward_core::ports::{
    AppDataKey, HandOut, HandOuts, LinkedFile, Mark, ProviderFacts, ShowOutcome, StoreError, StoreFault, Stored, Vault,
    Withheld,
};
use tokenward_core::{
    AppName, Generation, Grant, GrantId, IntentId, Link, LinkId, OldAccess, ProfileName, Registration, Standing,
};

use crate::Registrations;

/// A store whose changes are shown.
pub struct Showing {
    store: Store,
    hand_outs: Arc<dyn HandOuts>,
    /// Its rules tell from when on a hand-out is not to be served any more, and whether it has to go before a spend.
    provider: Arc<dyn ProviderFacts>,
    /// The generations whose hand-out was seen to be in step.
    in_step: Mutex<HashMap<ProfileName, (GrantId, Generation)>>,
    /// Whose the intents are that this process has begun or found.
    intents: Mutex<HashMap<IntentId, GrantId>>,
    /// What apps' names have stood for, as it was read last.
    registrations: Mutex<HashMap<AppName, Registrations>>,
}

impl Showing {
    /// Shows what is stored.
    pub fn new(store: Arc<dyn Vault>, hand_outs: Arc<dyn HandOuts>, provider: Arc<dyn ProviderFacts>) -> Self {
        Self {
            store,
            hand_outs,
            provider,
            in_step: Mutex::default(),
            intents: Mutex::default(),
            registrations: Mutex::default(),
        }
    }

    /// Shows everything anew: the keys have changed.
    ///
    /// # Errors
    /// The store's, where its logins cannot be read; a hand-out that cannot be taken away.
    pub async fn show_all_anew(&self) -> Result<(), StoreError> {
        for profile in self.store.grants().await?.into_iter().filter_map(|grant| grant.profile) {
            drop(self.withhold(&profile).await?);
            self.show_name(&profile).await;
        }
        Ok(())
    }

    /// What of a grant is handed out at once. A user's name hands out that user's tokens alone, and only once the provider has said whose they
    /// are; of which app it is, is added to it. Nobody is handed a token of a login that is over without being told so, which only the long way does.
    fn hand_out(&self, grant: &Grant, links: &[Link]) -> Option<HandOut> {
        let rules = self.provider.rules(&grant.app, grant.issued_by);
        // Where a refresh ends the old access token, nobody may serve it while one is under way.
        let is_ending = grant.intent_open && rules.old_access == OldAccess::Dies;
        let access = grant.access.as_ref().filter(|_| may_be_handed_out(grant) && !is_ending)?;
        Some(HandOut {
            grant: grant.id,
            app: grant.app.clone(),
            registration: None,
            generation: grant.generation,
            due_at: rules.due_at(grant.id, access),
            access: access.clone(),
            links: links.iter().map(|link| LinkedFile::of(link, grant)).collect(),
        })
    }

    /// Withholds a name.
    async fn withhold(&self, profile: &ProfileName) -> Result<Withheld, StoreError> {
        self.seen().remove(profile);
        self.hand_outs.withhold(profile).await
    }

    /// Withholds a name, if there is one, until an act of the store has ended. A caller that goes away does not end either.
    async fn withholding<T, F>(
        &self,
        profile: Option<&ProfileName>,
        act: impl FnOnce(Store) -> F + Send,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let acting = act(Arc::clone(&self.store));
        let withheld = match profile {
            Some(profile) => Some(self.withhold(profile).await?),
            None => None,
        };
        until_it_ends(withheld, acting).await
    }

    /// The same, and the name is shown anew of what is stored then.
    async fn changing<T, F>(
        &self,
        profile: Option<ProfileName>,
        act: impl FnOnce(Store) -> F + Send,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let done = self.withholding(profile.as_ref(), act).await;
        if let Some(profile) = &profile {
            self.show_name(profile).await;
        }
        done
    }

    /// The name under which a grant is handed out. Of one that does not read the store itself says what is wrong.
    async fn name_of(&self, id: GrantId) -> Option<ProfileName> {
        self.store.grant(id).await.ok()?.profile
    }

    /// The name of which a file is linked.
    async fn name_of_link(&self, id: LinkId) -> Option<ProfileName> {
        let links = self.store.links(None).await.ok()?;
        links.into_iter().find(|link| link.id == id).map(|link| link.target.profile)
    }

    /// Shows what is stored of a grant, `known` by a mark of before it was stored.
    async fn show(&self, id: GrantId, known: Option<(Grant, Mark)>) {
        if let Err(error) = self.try_show(id, known).await {
            tracing::warn!(%error, grant = %id, "the hand-out was not renewed; tokens are served the long way");
        }
    }

    async fn try_show(&self, id: GrantId, mut known: Option<(Grant, Mark)>) -> Result<(), StoreError> {
        let mut tried = None;
        for _ in 0..ATTEMPTS {
            let (grant, mark) = if let Some(known) = known.take() {
                known
            } else {
                let mark = self.hand_outs.mark();
                (self.store.grant(id).await?, mark)
            };
            if let Some(tried) = &tried
                && grant.profile.as_ref() != Some(tried)
            {
                // It changed hands, and whoever has it now may have found it taken by us.
                Box::pin(self.show_name(tried)).await;
            }
            let Some(profile) = &grant.profile else { return Ok(()) };
            let stored = self.stored(&grant, profile).await?;
            match self.hand_outs.show(profile, &stored, &mark).await? {
                ShowOutcome::Done => {
                    self.is_in_step(profile, &grant);
                    return Ok(());
                }
                ShowOutcome::Busy => return Ok(()),
                ShowOutcome::Moved => tried = grant.profile,
            }
        }
        Ok(())
    }

    /// Shows what is stored under a name by now.
    async fn show_name(&self, profile: &ProfileName) {
        for _ in 0..ATTEMPTS {
            let mark = self.hand_outs.mark();
            let shown = match self.store.grant_of(profile).await {
                Ok(Some(id)) => return self.show(id, None).await,
                Ok(None) => {
                    let nothing = Stored { of: None, hand_out: None };
                    self.hand_outs.show(profile, &nothing, &mark).await
                }
                Err(error) => Err(error),
            };
            match shown {
                Ok(ShowOutcome::Done | ShowOutcome::Busy) => return,
                Ok(ShowOutcome::Moved) => {}
                Err(error) => {
                    return tracing::warn!(%error, %profile, "the hand-out was not renewed; tokens are served the long way");
                }
            }
        }
    }

    /// Mends the hand-out of a grant that was read the long way, once a generation. Fails where it shows that the store has lost what was
    /// written last.
    async fn mend(&self, grant: &Grant, mark: Mark) -> Result<(), StoreError> {
        let Some(profile) = &grant.profile else { return Ok(()) };
        let is_there = self.hand_outs.is_there(profile);
        let is_nothing = grant.access.is_none() || !may_be_handed_out(grant);
        if matches!(grant.standing, Standing::Retired { .. }) || (is_nothing && !is_there) {
            return Ok(());
        }
        let is_seen = self.seen().get(profile) == Some(&(grant.id, grant.generation));
        if is_seen && is_there && !is_nothing {
            return Ok(());
        }
        let there = self.hand_outs.peek(profile);
        if let Some(found) = &there
            && found.grant == grant.id
            && found.generation > grant.generation
            // Read again: it may have been rotated since. The commit comes before the copy.
            && self.store.grant(grant.id).await?.generation < found.generation
        {
            return Err(self.hand_outs.went_back(profile));
        }
        if !grant.intent_open
            && let Err(error) = self.mend_copy(grant, profile, mark, there).await
        {
            tracing::warn!(%error, %profile, "the hand-out was not renewed; tokens are served the long way");
        }
        Ok(())
    }

    /// Brings the copy of a grant that was read by a mark of before in step, where it is not and nobody else is at it.
    async fn mend_copy(
        &self,
        grant: &Grant,
        profile: &ProfileName,
        mark: Mark,
        there: Option<HandOut>,
    ) -> Result<(), StoreError> {
        let stored = self.stored(grant, profile).await?;
        let is_in_step = there.is_some() && there == stored.hand_out;
        let shown = if is_in_step { ShowOutcome::Done } else { self.hand_outs.mend(profile, &stored, &mark).await? };
        match shown {
            ShowOutcome::Done => self.is_in_step(profile, grant),
            ShowOutcome::Busy => {}
            ShowOutcome::Moved => self.show(grant.id, None).await,
        }
        Ok(())
    }

    /// Fails where a name without a grant has a hand-out of a grant that the store has never heard of.
    async fn check_no_grant(&self, profile: &ProfileName) -> Result<(), StoreError> {
        let Some(found) = self.hand_outs.peek(profile) else { return Ok(()) };
        match self.store.grant(found.grant).await {
            Err(StoreError { kind: StoreFault::Gone(_), .. }) => Err(self.hand_outs.went_back(profile)),
            _ => Ok(()),
        }
    }

    /// What is stored under a name that a grant has.
    async fn stored(&self, grant: &Grant, profile: &ProfileName) -> Result<Stored, StoreError> {
        let links = if grant.linked { self.store.links(Some(profile)).await? } else { Vec::new() };
        let hand_out = match self.hand_out(grant, &links) {
            Some(hand_out) => Some(HandOut { registration: self.registration(grant).await?, ..hand_out }),
            None => None,
        };
        Ok(Stored { of: Some((grant.id, grant.generation)), hand_out })
    }

    /// The app that a grant is to be used with alone, as far as it was written down. What was written down with the grant itself stays as it
    /// is; else it is what the name has stood for, which another process may have changed.
    async fn registration(&self, grant: &Grant) -> Result<Option<Registration>, StoreError> {
        let known = self.registrations().get(&grant.app).and_then(|known| known.own(grant));
        if known.is_some() {
            return Ok(known);
        }
        Ok(self.read_registrations(&grant.app).await?.bound(grant))
    }

    async fn read_registrations(&self, app: &AppName) -> Result<Registrations, StoreError> {
        let found = self.store.recall_one(&AppDataKey::Registrations(app.clone())).await?;
        Ok(self.remember(app, found.as_ref().and_then(|(bytes, _)| str::from_utf8(bytes.expose()).ok())))
    }

    fn remember(&self, app: &AppName, text: Option<&str>) -> Registrations {
        let read = Registrations::read(text);
        self.registrations().insert(app.clone(), read.clone());
        read
    }

    /// The names whose hand-out says otherwise of its app once that is what an app's name has stood for.
    async fn told_otherwise(&self, app: &AppName, present: &Registrations) -> Result<Vec<ProfileName>, StoreError> {
        // Where it does not read back, nothing is known to stay.
        let former = self.read_registrations(app).await.unwrap_or_default();
        let grants = match present.changed_since(&former) {
            Some(ids) => {
                let mut found = Vec::new();
                for id in ids {
                    found.extend(self.store.grant(id).await.ok());
                }
                found
            }
            None => self.store.grants().await?,
        };
        let is_meant = |grant: &Grant| grant.app == *app && former.bound(grant) != present.bound(grant);
        Ok(grants.into_iter().filter(is_meant).filter_map(|grant| grant.profile).collect())
    }

    fn is_in_step(&self, profile: &ProfileName, grant: &Grant) {
        self.seen().insert(profile.clone(), (grant.id, grant.generation));
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<ProfileName, (GrantId, Generation)>> {
        self.in_step.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn registrations(&self) -> MutexGuard<'_, HashMap<AppName, Registrations>> {
        self.registrations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn intents(&self) -> MutexGuard<'_, HashMap<IntentId, GrantId>> {
        self.intents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Showing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Showing").finish_non_exhaustive()
    }
}

/// The store beneath.
type Store = Arc<dyn Vault>;

/// Keeps a name withheld until an act has ended, also where the caller goes away before.
async fn until_it_ends<T: Send + 'static>(
    withheld: Option<impl Send + 'static>,
    acting: impl Future<Output = T> + Send + 'static,
) -> T {
    let Some(withheld) = withheld else { return acting.await };
    let task = async move {
        let ended = acting.await;
        drop(withheld);
        ended
    };
    match tokio::spawn(task).await {
        Ok(ended) => ended,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime ends, and this with it.
        Err(_) => std::future::pending().await,
    }
}

/// Whether the access token of a grant may be handed out under the grant's name without a look at the grant.
fn may_be_handed_out(grant: &Grant) -> bool {
    let is_over = matches!(grant.standing, Standing::NeedsConsent { .. } | Standing::Retired { .. });
    !grant.unproven && !is_over && grant.profile.as_ref().is_some_and(|profile| profile.admits(grant.subject.as_ref()))
}

/// Showing, and showing what was found when the name had been withheld meanwhile.
const ATTEMPTS: u32 = 4;
