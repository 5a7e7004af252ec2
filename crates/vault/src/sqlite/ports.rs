//! The ports of the store, each call to the function that does it.
//!
//! What a call promises stands at the port; what its transaction is, in the file of its subject beside this one.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{
    Adopted, Adoption, AnswerKept, Attempt, Grants, Journal, Leases, LoggedIn, LoginCopy, Logins, NameGiven, NewLogin,
    Question, Revocable, StoreError, Told, Turned, Wished,
};
use tokenward_core::rotation::Turn;
use tokenward_core::{
    Closing, Entry, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, KnownToken, Lease, ProfileName,
    RawAnswer, Recognised, RefreshToken, Seat, Spend, Standing, Subject,
};
use zeroize::Zeroizing;

use super::SqliteVault;

#[async_trait]
impl Grants for SqliteVault {
    async fn look(&self, profile: &ProfileName) -> Result<Option<Grant>, StoreError> {
        self.find_login(profile).await
    }

    async fn grant_of(&self, profile: &ProfileName) -> Result<Option<GrantId>, StoreError> {
        self.find_grant(profile).await
    }

    async fn grant(&self, id: GrantId) -> Result<Grant, StoreError> {
        self.read_grant(id).await
    }

    async fn grants(&self) -> Result<Vec<Grant>, StoreError> {
        self.read_grants().await
    }

    async fn journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.read_journal(id, limit).await
    }

    async fn copy(&self, id: GrantId) -> Result<LoginCopy, StoreError> {
        self.copy_login(id).await
    }

    async fn recognise(&self, token: &RefreshToken) -> Result<Recognised, StoreError> {
        self.recognise_token(token).await
    }

    async fn known_tokens(&self, texts: &[Zeroizing<String>]) -> Result<Vec<Option<KnownToken>>, StoreError> {
        self.find_tokens(texts).await
    }

    async fn name_subject(&self, id: GrantId, subject: &Subject) -> Result<(), StoreError> {
        self.store_subject(id, subject).await
    }
}

#[async_trait]
impl Leases for SqliteVault {
    async fn hold(&self, seat: &Seat, holder: &Holder, ttl: Duration) -> Result<Attempt, StoreError> {
        self.take_seat(seat, holder, ttl).await
    }

    async fn renew(&self, lease: &mut Lease, ttl: Duration) -> Result<(), StoreError> {
        self.prolong(lease, ttl).await
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.give_back(lease.seat, lease.fence).await
    }

    async fn wait(&self, seat: &Seat, patience: Duration) {
        self.wait_for_lease(seat, patience).await;
    }
}

#[async_trait]
impl Journal for SqliteVault {
    async fn begin(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, StoreError> {
        self.begin_spend(lease, draft).await
    }

    async fn open_intents(&self, id: GrantId) -> Result<Vec<Intent>, StoreError> {
        self.read_open_intents(id).await
    }

    async fn keep_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, StoreError> {
        self.store_answer(intent, answer).await
    }

    async fn commit(&self, freeing: Option<&Lease>, intent: IntentId, turn: Turn) -> Result<Turned, StoreError> {
        self.commit_turn(freeing, intent, turn).await
    }

    async fn close(&self, intent: IntentId, closing: Closing, standing: Option<Standing>) -> Result<(), StoreError> {
        self.close_intent(intent, closing, standing).await
    }

    async fn asked(&self, lease: &Lease, question: Question) -> Result<(), StoreError> {
        self.record_question(lease, question).await
    }

    async fn access_refused(
        &self,
        id: GrantId,
        generation: Generation,
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), StoreError> {
        self.end_access(id, generation, provider_code, by).await
    }
}

#[async_trait]
impl Logins for SqliteVault {
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, StoreError> {
        self.store_login(login).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, StoreError> {
        self.adopt_login(adoption).await
    }

    async fn give_name(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, StoreError> {
        self.point_profile(id, profile, replace, by).await
    }

    async fn told(
        &self,
        id: GrantId,
        generation: Generation,
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<Told, StoreError> {
        self.record_told(id, generation, subject, aside, by).await
    }

    async fn take_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, StoreError> {
        self.bring_back(id, refused, by).await
    }

    async fn take_back_token(&self, token: &RefreshToken, source: &str, by: &Holder) -> Result<Wished, StoreError> {
        self.wish_back(token, source, by).await
    }

    async fn forget_refused(&self, id: GrantId) -> Result<bool, StoreError> {
        self.forget_grant(id).await
    }

    async fn revocable(&self, lease: &Lease) -> Result<Revocable, StoreError> {
        self.read_revocable(lease).await
    }

    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), StoreError> {
        self.retire_grant(lease, at, revoked).await
    }
}
