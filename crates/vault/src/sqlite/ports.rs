//! The ports of the store, each call to the function that does it.
//!
//! What a call promises stands at the port; what its transaction is, in the file of its subject beside this one.

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{
    Adopted, Adoption, AnswerKept, Journal, LoggedIn, Logins, NameGiven, NewLogin, Question, Revocable, StoreError,
    Told, Turned, Wished,
};
use tokenward_core::rotation::Turn;
use tokenward_core::{
    Closing, Generation, GrantId, Holder, Intent, IntentDraft, IntentId, Lease, ProfileName, RawAnswer, RefreshToken,
    Spend, Standing, Subject,
};

use super::SqliteVault;

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
