//! The ports of the store, each call to the function that does it.
//!
//! What a call promises stands at the port; what its transaction is, in the file of its subject beside this one.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{
    Adopted, Adoption, AnswerKept, Attempt, Grants, Journal, Keepsake, Keepsakes, Leases, LinkBook, LoggedIn,
    LoginAnswer, LoginAnswerId, LoginAnswers, LoginCopy, Logins, NameGiven, NewLogin, Question, Revocable, StoreError,
    Told, Turned, Wished,
};
use tokenward_core::rotation::Turn;
use tokenward_core::{
    AppName, Closing, Entry, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, KnownToken, Lease,
    Link, LinkId, NewLink, ProfileName, RawAnswer, Receipt, Recognised, RefreshToken, Seat, SecretBytes, Spend,
    Standing, Subject, Terms, TokenApi, TokenSet, Trouble,
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

#[async_trait]
impl LoginAnswers for SqliteVault {
    async fn prove(&self) -> Result<(), StoreError> {
        self.prove_writable().await
    }

    async fn keep_login_answer(
        &self,
        profile: &ProfileName,
        app: &AppName,
        api: TokenApi,
        answer: &RawAnswer,
    ) -> Result<LoginAnswerId, StoreError> {
        self.store_login_answer(profile, app, api, answer).await
    }

    async fn login_answers(&self) -> Result<Vec<LoginAnswer>, StoreError> {
        self.read_login_answers().await
    }

    async fn drop_login_answer(&self, id: LoginAnswerId) -> Result<(), StoreError> {
        self.remove_login_answer(id).await
    }

    async fn set_aside(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), StoreError> {
        self.park_login(answer, id, set).await
    }
}

#[async_trait]
impl Keepsakes for SqliteVault {
    async fn keep(&self, what: &Keepsake, value: &SecretBytes, expires: Option<Timestamp>) -> Result<(), StoreError> {
        self.store_keepsake(what, value, expires).await
    }

    async fn recall(&self, what: &Keepsake) -> Result<Option<(SecretBytes, Option<Timestamp>)>, StoreError> {
        self.read_keepsake(what).await
    }

    async fn forget(&self, what: &Keepsake) -> Result<(), StoreError> {
        self.remove_keepsake(what).await
    }
}

#[async_trait]
impl LinkBook for SqliteVault {
    async fn link(&self, link: NewLink, by: &Holder) -> Result<Link, StoreError> {
        self.make_link(link, by).await
    }

    async fn set_terms(&self, id: LinkId, terms: Terms) -> Result<(), StoreError> {
        self.store_terms(id, terms).await
    }

    async fn unlink(&self, id: LinkId, by: &Holder) -> Result<bool, StoreError> {
        self.end_link(id, by).await
    }

    async fn links(&self, profile: Option<&ProfileName>) -> Result<Vec<Link>, StoreError> {
        self.read_links(profile).await
    }

    async fn receipt(&self, id: LinkId, receipt: Receipt, healed: Option<Generation>) -> Result<(), StoreError> {
        self.store_receipt(id, receipt, healed).await
    }

    async fn trouble(&self, id: LinkId, trouble: Trouble) -> Result<(), StoreError> {
        self.store_trouble(id, trouble).await
    }
}

impl SqliteVault {
    /// See `LoginAnswers::prove`. Opens the connection too that the answer will be written by.
    async fn prove_writable(&self) -> Result<(), StoreError> {
        self.check_room()?;
        self.bare(|_, _| Ok(())).await
    }
}
