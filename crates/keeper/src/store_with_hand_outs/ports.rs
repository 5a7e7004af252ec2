//! Each port's functions: what is done before and after the store's own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{
    Adopted, Adoption, AnswerKept, AppData, AppDataKey, Attempt, Committed, CommittedRotation, GrantRequestState,
    Grants, IdentityOutcome, Journal, Leases, LinkBook, LoggedIn, LoginAnswer, LoginAnswerId, LoginAnswers, LoginCopy,
    Logins, NameGiven, NewLogin, Recalled, Revocable, StoreError, Wished,
};
use tokenward_core::rotation_policy::Rotation;
use tokenward_core::{
    AppName, Closing, Entry, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, KnownToken, Lease,
    Link, LinkId, NewLink, ProfileName, RawAnswer, Receipt, Recognised, RefreshToken, Seat, SecretBytes, Spend,
    Standing, Subject, Terms, TokenApi, TokenSet, Trouble,
};
use zeroize::Zeroizing;

use super::{Showing, Store, until_it_ends};
use crate::Registrations;

#[async_trait]
impl Grants for Showing {
    async fn look(&self, profile: &ProfileName) -> Result<Option<Grant>, StoreError> {
        let mark = self.hand_outs.mark();
        let found = self.store.look(profile).await?;
        match &found {
            Some(grant) => self.mend(grant, mark).await?,
            None => self.check_no_grant(profile).await?,
        }
        Ok(found)
    }

    async fn grant_of(&self, profile: &ProfileName) -> Result<Option<GrantId>, StoreError> {
        let found = self.store.grant_of(profile).await?;
        if found.is_none() {
            self.check_no_grant(profile).await?;
        }
        Ok(found)
    }

    async fn grant(&self, id: GrantId) -> Result<Grant, StoreError> {
        let mark = self.hand_outs.mark();
        let grant = self.store.grant(id).await?;
        self.mend(&grant, mark).await?;
        Ok(grant)
    }

    async fn grants(&self) -> Result<Vec<Grant>, StoreError> {
        self.store.grants().await
    }

    async fn journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.store.journal(id, limit).await
    }

    async fn copy(&self, id: GrantId) -> Result<LoginCopy, StoreError> {
        self.store.copy(id).await
    }

    async fn recognise(&self, token: &RefreshToken) -> Result<Recognised, StoreError> {
        self.store.recognise(token).await
    }

    async fn known_tokens(&self, texts: &[Zeroizing<String>]) -> Result<Vec<Option<KnownToken>>, StoreError> {
        self.store.known_tokens(texts).await
    }

    async fn name_subject(&self, id: GrantId, subject: &Subject) -> Result<(), StoreError> {
        self.store.name_subject(id, subject).await
    }
}

#[async_trait]
impl Leases for Showing {
    async fn hold(&self, seat: &Seat, holder: &Holder, ttl: Duration) -> Result<Attempt, StoreError> {
        let attempt = self.store.hold(seat, holder, ttl).await?;
        if let Attempt::Held(held) = &attempt {
            self.intents().extend(held.open.iter().map(|intent| (intent.id, intent.grant)));
        }
        Ok(attempt)
    }

    async fn renew(&self, lease: &mut Lease, ttl: Duration) -> Result<(), StoreError> {
        self.store.renew(lease, ttl).await
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.store.release(lease).await
    }

    async fn wait(&self, seat: &Seat, patience: Duration) {
        self.store.wait(seat, patience).await;
    }
}

#[async_trait]
impl Journal for Showing {
    async fn begin(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, StoreError> {
        let (intent, grant) = (draft.id, lease.seat.grant());
        let profile = draft.ends_access.as_ref().and_then(|shown| shown.0.clone());
        let begun = if profile.is_some() {
            let lease = same(lease);
            self.withholding(profile.as_ref(), |store| async move { store.begin(&lease, draft).await }).await
        } else {
            self.store.begin(lease, draft).await
        };
        if let (Ok(_), Some(grant)) = (&begun, grant) {
            self.intents().insert(intent, grant);
        }
        begun
    }

    async fn open_intents(&self, id: GrantId) -> Result<Vec<Intent>, StoreError> {
        let found = self.store.open_intents(id).await?;
        self.intents().extend(found.iter().map(|intent| (intent.id, intent.grant)));
        Ok(found)
    }

    async fn keep_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, StoreError> {
        self.store.keep_answer(intent, answer).await
    }

    async fn commit(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        rotation: Rotation,
    ) -> Result<CommittedRotation, StoreError> {
        let mark = self.hand_outs.mark();
        let rotated = self.store.commit(freeing, intent, rotation).await?;
        let of = self.intents().remove(&intent);
        match (of, &rotated) {
            (Some(id), CommittedRotation { committed: Committed::Generation(_), grant: Some(grant) }) => {
                self.show(id, Some((grant.clone(), mark))).await;
            }
            (Some(id), CommittedRotation { committed: Committed::Generation(_), grant: None }) => {
                tracing::warn!(grant = %id, "the hand-out was not renewed: the login does not read back");
            }
            _ => {}
        }
        Ok(rotated)
    }

    async fn close(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        closing: Closing,
        standing: Option<Standing>,
    ) -> Result<Option<Grant>, StoreError> {
        let of = self.intents().get(&intent).copied();
        let is_end = matches!(standing, Some(Standing::NeedsConsent { .. }));
        let withheld = match of.filter(|_| is_end) {
            Some(id) => match self.name_of(id).await {
                Some(profile) => self.withhold(&profile).await.map(Some),
                None => Ok(None),
            },
            None => Ok(None),
        };
        let withheld = withheld.unwrap_or_else(|error| {
            // No reason to forget that the login is no longer valid.
            tracing::warn!(%error, "the hand-out of a login that is over could not be taken away");
            None
        });
        let (store, is_doubt) = (Arc::clone(&self.store), matches!(closing, Closing::Doubt { .. }));
        let lease = freeing.map(same);
        let acting = async move { store.close(lease.as_ref(), intent, closing, standing).await };
        let closed = until_it_ends(withheld, acting).await;
        if closed.is_ok() && !is_doubt {
            self.intents().remove(&intent);
        }
        closed
    }

    async fn record_grant_request(&self, lease: &Lease, state: GrantRequestState) -> Result<(), StoreError> {
        let name = lease.seat.name();
        match state {
            GrantRequestState::Open => {
                let asked = same(lease);
                self.withholding(name, |store| async move { store.record_grant_request(&asked, state).await }).await
            }
            GrantRequestState::Withdrawn => {
                self.store.record_grant_request(lease, state).await?;
                if let Some(name) = name {
                    self.show_name(name).await;
                }
                Ok(())
            }
        }
    }

    async fn access_refused(
        &self,
        id: GrantId,
        generation: Generation,
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), StoreError> {
        let by = by.clone();
        let act = |store: Store| async move { store.access_refused(id, generation, provider_code, &by).await };
        // Where it has moved on already, its copy stays.
        let is_meant = |grant: &Grant| grant.generation == generation;
        let profile = self.store.grant(id).await.ok().filter(is_meant).and_then(|grant| grant.profile);
        self.withholding(profile.as_ref(), act).await
    }
}

#[async_trait]
impl Logins for Showing {
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, StoreError> {
        let profile = login.profile.clone();
        self.changing(Some(profile), |store| async move { store.log_in(login).await }).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, StoreError> {
        if let Some(token) = &adoption.set.refresh
            && self.store.recognise(token).await?.known.is_some()
        {
            // Once known, always known: nothing changes.
            return self.store.adopt(adoption).await;
        }
        let profile = adoption.profile.clone();
        self.changing(Some(profile), |store| async move { store.adopt(adoption).await }).await
    }

    async fn give_name(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, StoreError> {
        let (name, by) = (profile.clone(), by.clone());
        let act = |store: Store| async move { store.give_name(id, &name, replace, &by).await };
        self.changing(Some(profile.clone()), act).await
    }

    async fn hand_over(&self, id: GrantId, app: &AppName, by: &Holder) -> Result<bool, StoreError> {
        let profile = self.store.grant(id).await.ok().and_then(|grant| grant.profile);
        let (app, by) = (app.clone(), by.clone());
        self.withholding(profile.as_ref(), |store| async move { store.hand_over(id, &app, &by).await }).await
    }

    async fn rename(&self, from: &ProfileName, to: &ProfileName) -> Result<bool, StoreError> {
        // A copy under the old name would be believed there; one under the new name is made when it is next asked for.
        let names = self.store.grants().await?.into_iter().filter_map(|grant| grant.profile);
        let mut withheld = vec![self.withhold(from).await?];
        for name in names.filter(|name| name != from && name.base() == from.as_str()) {
            withheld.push(self.withhold(&name).await?);
        }
        let (store, from, to) = (Arc::clone(&self.store), from.clone(), to.clone());
        until_it_ends(Some(withheld), async move { store.rename(&from, &to).await }).await
    }

    async fn told(
        &self,
        id: GrantId,
        generation: Generation,
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<IdentityOutcome, StoreError> {
        let (subject, by) = (subject.cloned(), by.clone());
        let act = |store: Store| async move { store.told(id, generation, subject.as_ref(), aside, &by).await };
        self.changing(self.name_of(id).await, act).await
    }

    async fn take_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, StoreError> {
        let by = by.clone();
        let act = |store: Store| async move { store.take_back(id, refused, &by).await };
        self.changing(self.name_of(id).await, act).await
    }

    async fn take_back_token(&self, token: &Recognised, source: &str, by: &Holder) -> Result<Wished, StoreError> {
        let (token, source, by) = (*token, source.to_owned(), by.clone());
        let act = |store: Store| async move { store.take_back_token(&token, &source, &by).await };
        let profile = match token.known {
            Some((id, _)) => self.name_of(id).await,
            None => None,
        };
        self.changing(profile, act).await
    }

    async fn forget_refused(&self, id: GrantId) -> Result<bool, StoreError> {
        let act = |store: Store| async move { store.forget_refused(id).await };
        self.changing(self.name_of(id).await, act).await
    }

    async fn revocable(&self, lease: &Lease) -> Result<Revocable, StoreError> {
        self.store.revocable(lease).await
    }

    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), StoreError> {
        let id = lease.seat.grant().ok_or(StoreError::moved())?;
        let lease = same(lease);
        let profile = self.name_of(id).await;
        let hand_outs = Arc::clone(&self.hand_outs);
        let act = |store: Store| async move {
            // Before the wiping is durable, so that a crash between the two leaves a login without a hand-out and not a hand-out without a
            // login.
            hand_outs.end(id)?;
            let retired = store.retire(&lease, at, revoked).await;
            if retired.is_err() {
                hand_outs.was_not_ended(id);
            }
            retired
        };
        self.withholding(profile.as_ref(), act).await
    }
}

#[async_trait]
impl LoginAnswers for Showing {
    async fn prove(&self) -> Result<(), StoreError> {
        self.store.prove().await
    }

    async fn keep_login_answer(
        &self,
        profile: &ProfileName,
        app: &AppName,
        api: TokenApi,
        answer: &RawAnswer,
    ) -> Result<LoginAnswerId, StoreError> {
        self.store.keep_login_answer(profile, app, api, answer).await
    }

    async fn login_answers(&self) -> Result<Vec<LoginAnswer>, StoreError> {
        self.store.login_answers().await
    }

    async fn drop_login_answer(&self, id: LoginAnswerId) -> Result<(), StoreError> {
        self.store.drop_login_answer(id).await
    }

    async fn set_aside(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), StoreError> {
        self.store.set_aside(answer, id, set).await
    }
}

#[async_trait]
impl AppData for Showing {
    async fn keep(&self, what: &AppDataKey, value: &SecretBytes, expires: Option<Timestamp>) -> Result<(), StoreError> {
        let AppDataKey::Registrations(app) = what else { return self.store.keep(what, value, expires).await };
        let text = str::from_utf8(value.expose()).ok();
        let names = self.told_otherwise(app, &Registrations::read(text)).await.unwrap_or_else(|error| {
            // What does not read is handed out by nobody, and a change of what the name stands for does not wait for it.
            tracing::warn!(%error, %app, "which tokens are of another app now could not be looked at");
            Vec::new()
        });
        let mut withheld = Vec::new();
        for name in &names {
            withheld.push(self.withhold(name).await?);
        }
        let (store, kept) = (Arc::clone(&self.store), SecretBytes::new(value.expose().to_vec()));
        let what = what.clone();
        until_it_ends(Some(withheld), async move { store.keep(&what, &kept, expires).await }).await?;
        self.remember(app, text);
        for name in &names {
            self.show_name(name).await;
        }
        Ok(())
    }

    async fn recall(&self, what: &[AppDataKey]) -> Result<Vec<Option<Recalled>>, StoreError> {
        let found = self.store.recall(what).await?;
        for (what, found) in what.iter().zip(&found) {
            if let (AppDataKey::Registrations(app), Some((bytes, _))) = (what, found) {
                self.remember(app, str::from_utf8(bytes.expose()).ok());
            }
        }
        Ok(found)
    }

    async fn forget(&self, what: &AppDataKey) -> Result<(), StoreError> {
        self.store.forget(what).await
    }
}

#[async_trait]
impl LinkBook for Showing {
    async fn link(&self, link: NewLink, by: &Holder) -> Result<Link, StoreError> {
        let (profile, by) = (link.profile.clone(), by.clone());
        let act = |store: Store| async move { store.link(link, &by).await };
        self.changing(Some(profile), act).await
    }

    async fn set_terms(&self, id: LinkId, terms: Terms) -> Result<(), StoreError> {
        self.store.set_terms(id, terms).await
    }

    async fn unlink(&self, id: LinkId, by: &Holder) -> Result<bool, StoreError> {
        let profile = self.name_of_link(id).await;
        let is_ended = self.store.unlink(id, by).await?;
        if let Some(profile) = profile {
            self.show_name(&profile).await;
        }
        Ok(is_ended)
    }

    async fn links(&self, profile: Option<&ProfileName>) -> Result<Vec<Link>, StoreError> {
        self.store.links(profile).await
    }

    async fn receipt(&self, id: LinkId, receipt: Receipt, healed: Option<Generation>) -> Result<(), StoreError> {
        self.store.receipt(id, receipt, healed).await?;
        self.show(receipt.grant, None).await;
        Ok(())
    }

    async fn trouble(&self, id: LinkId, trouble: Trouble) -> Result<(), StoreError> {
        self.store.trouble(id, trouble).await?;
        if let Some(profile) = self.name_of_link(id).await {
            self.show_name(&profile).await;
        }
        Ok(())
    }
}

/// The same lease, for a task of its own.
fn same(lease: &Lease) -> Lease {
    let Lease { seat, fence, holder, expires } = lease;
    Lease { seat: seat.clone(), fence: *fence, holder: holder.clone(), expires: *expires }
}
