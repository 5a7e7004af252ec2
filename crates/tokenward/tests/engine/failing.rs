//! A vault that fails at the N-th call that changes something, and counts its calls.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward::core::ports::{
    Adopted, Adoption, AnswerKept, AppData, AppDataKey, Attempt, CommittedRotation, GrantRequestState, Grants,
    IdentityOutcome, Journal, Leases, LinkBook, LoggedIn, LoginAnswer, LoginAnswerId, LoginAnswers, LoginCopy, Logins,
    NameGiven, NewLogin, Recalled, Revocable, StoreError, Vault, Wished,
};
use tokenward::core::rotation_policy::Rotation;
use tokenward::core::{
    AppName, Closing, Entry, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, KnownToken, Lease,
    Link, LinkId, NewLink, ProfileName, RawAnswer, Receipt, Recognised, RefreshToken, Seat, SecretBytes, Spend,
    Standing, Subject, Terms, TokenApi, TokenSet, Trouble,
};
use zeroize::Zeroizing;

/// A vault whose N-th change fails, and every later one too while `stuck`.
pub(crate) struct Failing {
    inner: Arc<dyn Vault>,
    pub(crate) left: AtomicU32,
    stuck: bool,
    full: bool,
    pub(crate) renewals: AtomicU32,
    /// What was called, in order.
    pub(crate) trips: Mutex<Vec<&'static str>>,
}

impl Failing {
    pub(crate) fn new(inner: Arc<dyn Vault>, nth: u32, stuck: bool, full: bool) -> Self {
        Self { inner, left: AtomicU32::new(nth), stuck, full, renewals: AtomicU32::new(0), trips: Mutex::default() }
    }

    fn called(&self, function: &'static str) {
        self.trips.lock().unwrap().push(function);
    }

    fn step(&self) -> Result<(), StoreError> {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 && !self.stuck {
            return Ok(());
        }
        if left > 1 {
            self.left.store(left - 1, Ordering::SeqCst);
            return Ok(());
        }
        if !self.stuck {
            self.left.store(0, Ordering::SeqCst);
        }
        let (place, reason) = ("vault.db", "injected");
        Err(if self.full { StoreError::full(place, reason) } else { StoreError::read_only(place, reason) })
    }
}

#[async_trait]
impl Grants for Failing {
    async fn look(&self, profile: &ProfileName) -> Result<Option<Grant>, StoreError> {
        self.called("look");
        self.inner.look(profile).await
    }

    async fn grant_of(&self, profile: &ProfileName) -> Result<Option<GrantId>, StoreError> {
        self.called("grant_of");
        self.inner.grant_of(profile).await
    }

    async fn grant(&self, id: GrantId) -> Result<Grant, StoreError> {
        self.called("grant");
        self.inner.grant(id).await
    }

    async fn grants(&self) -> Result<Vec<Grant>, StoreError> {
        self.called("grants");
        self.inner.grants().await
    }

    async fn journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.called("journal");
        self.inner.journal(id, limit).await
    }

    async fn copy(&self, id: GrantId) -> Result<LoginCopy, StoreError> {
        self.called("copy");
        self.inner.copy(id).await
    }

    async fn recognise(&self, token: &RefreshToken) -> Result<Recognised, StoreError> {
        self.called("recognise");
        self.inner.recognise(token).await
    }

    async fn known_tokens(&self, texts: &[Zeroizing<String>]) -> Result<Vec<Option<KnownToken>>, StoreError> {
        self.called("known_tokens");
        self.inner.known_tokens(texts).await
    }

    async fn name_subject(&self, id: GrantId, subject: &Subject) -> Result<(), StoreError> {
        self.called("name_subject");
        self.step()?;
        self.inner.name_subject(id, subject).await
    }
}

#[async_trait]
impl Leases for Failing {
    async fn hold(&self, seat: &Seat, holder: &Holder, ttl: Duration) -> Result<Attempt, StoreError> {
        self.called("hold");
        self.step()?;
        self.inner.hold(seat, holder, ttl).await
    }

    async fn renew(&self, lease: &mut Lease, ttl: Duration) -> Result<(), StoreError> {
        self.called("renew");
        self.step()?;
        self.renewals.fetch_add(1, Ordering::SeqCst);
        self.inner.renew(lease, ttl).await
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.called("release");
        self.inner.release(lease).await
    }

    async fn wait(&self, seat: &Seat, patience: Duration) {
        self.called("wait");
        self.inner.wait(seat, patience).await;
    }
}

#[async_trait]
impl Journal for Failing {
    async fn begin(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, StoreError> {
        self.called("begin");
        self.step()?;
        self.inner.begin(lease, draft).await
    }

    async fn open_intents(&self, id: GrantId) -> Result<Vec<Intent>, StoreError> {
        self.called("open_intents");
        self.inner.open_intents(id).await
    }

    async fn keep_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, StoreError> {
        self.called("keep_answer");
        self.step()?;
        self.inner.keep_answer(intent, answer).await
    }

    async fn commit(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        rotation: Rotation,
    ) -> Result<CommittedRotation, StoreError> {
        self.called("commit");
        self.step()?;
        self.inner.commit(freeing, intent, rotation).await
    }

    async fn close(
        &self,
        freeing: Option<&Lease>,
        intent: IntentId,
        closing: Closing,
        standing: Option<Standing>,
    ) -> Result<Option<Grant>, StoreError> {
        self.called("close");
        self.step()?;
        self.inner.close(freeing, intent, closing, standing).await
    }

    async fn record_grant_request(&self, lease: &Lease, state: GrantRequestState) -> Result<(), StoreError> {
        self.called("asked");
        self.step()?;
        self.inner.record_grant_request(lease, state).await
    }

    async fn access_refused(
        &self,
        id: GrantId,
        generation: Generation,
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), StoreError> {
        self.called("access_refused");
        self.step()?;
        self.inner.access_refused(id, generation, provider_code, by).await
    }
}

#[async_trait]
impl Logins for Failing {
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, StoreError> {
        self.called("log_in");
        self.step()?;
        self.inner.log_in(login).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, StoreError> {
        self.called("adopt");
        self.step()?;
        self.inner.adopt(adoption).await
    }

    async fn give_name(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, StoreError> {
        self.called("give_name");
        self.step()?;
        self.inner.give_name(id, profile, replace, by).await
    }

    async fn hand_over(&self, id: GrantId, app: &AppName, by: &Holder) -> Result<bool, StoreError> {
        self.called("hand_over");
        self.step()?;
        self.inner.hand_over(id, app, by).await
    }

    async fn rename(&self, from: &ProfileName, to: &ProfileName) -> Result<bool, StoreError> {
        self.called("rename");
        self.step()?;
        self.inner.rename(from, to).await
    }

    async fn told(
        &self,
        id: GrantId,
        generation: Generation,
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<IdentityOutcome, StoreError> {
        self.called("told");
        self.step()?;
        self.inner.told(id, generation, subject, aside, by).await
    }

    async fn take_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, StoreError> {
        self.called("take_back");
        self.step()?;
        self.inner.take_back(id, refused, by).await
    }

    async fn take_back_token(&self, token: &Recognised, source: &str, by: &Holder) -> Result<Wished, StoreError> {
        self.called("take_back_token");
        self.step()?;
        self.inner.take_back_token(token, source, by).await
    }

    async fn forget_refused(&self, id: GrantId) -> Result<bool, StoreError> {
        self.called("forget_refused");
        self.step()?;
        self.inner.forget_refused(id).await
    }

    async fn revocable(&self, lease: &Lease) -> Result<Revocable, StoreError> {
        self.called("revocable");
        self.inner.revocable(lease).await
    }

    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), StoreError> {
        self.called("retire");
        self.step()?;
        self.inner.retire(lease, at, revoked).await
    }
}

#[async_trait]
impl LoginAnswers for Failing {
    async fn prove(&self) -> Result<(), StoreError> {
        self.called("prove");
        self.step()?;
        self.inner.prove().await
    }

    async fn keep_login_answer(
        &self,
        profile: &ProfileName,
        app: &AppName,
        api: TokenApi,
        answer: &RawAnswer,
    ) -> Result<LoginAnswerId, StoreError> {
        self.called("keep_login_answer");
        self.step()?;
        self.inner.keep_login_answer(profile, app, api, answer).await
    }

    async fn login_answers(&self) -> Result<Vec<LoginAnswer>, StoreError> {
        self.called("login_answers");
        self.inner.login_answers().await
    }

    async fn drop_login_answer(&self, id: LoginAnswerId) -> Result<(), StoreError> {
        self.called("drop_login_answer");
        self.step()?;
        self.inner.drop_login_answer(id).await
    }

    async fn set_aside(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), StoreError> {
        self.called("set_aside");
        self.step()?;
        self.inner.set_aside(answer, id, set).await
    }
}

#[async_trait]
impl AppData for Failing {
    async fn keep(&self, what: &AppDataKey, value: &SecretBytes, expires: Option<Timestamp>) -> Result<(), StoreError> {
        self.called("keep");
        self.step()?;
        self.inner.keep(what, value, expires).await
    }

    async fn recall(&self, what: &[AppDataKey]) -> Result<Vec<Option<Recalled>>, StoreError> {
        self.called("recall");
        self.inner.recall(what).await
    }

    async fn forget(&self, what: &AppDataKey) -> Result<(), StoreError> {
        self.called("forget");
        self.step()?;
        self.inner.forget(what).await
    }
}

#[async_trait]
impl LinkBook for Failing {
    async fn link(&self, link: NewLink, by: &Holder) -> Result<Link, StoreError> {
        self.called("link");
        self.step()?;
        self.inner.link(link, by).await
    }

    async fn set_terms(&self, id: LinkId, terms: Terms) -> Result<(), StoreError> {
        self.called("set_terms");
        self.step()?;
        self.inner.set_terms(id, terms).await
    }

    async fn unlink(&self, id: LinkId, by: &Holder) -> Result<bool, StoreError> {
        self.called("unlink");
        self.step()?;
        self.inner.unlink(id, by).await
    }

    async fn links(&self, profile: Option<&ProfileName>) -> Result<Vec<Link>, StoreError> {
        self.called("links");
        self.inner.links(profile).await
    }

    async fn receipt(&self, id: LinkId, receipt: Receipt, healed: Option<Generation>) -> Result<(), StoreError> {
        self.called("receipt");
        self.step()?;
        self.inner.receipt(id, receipt, healed).await
    }

    async fn trouble(&self, id: LinkId, trouble: Trouble) -> Result<(), StoreError> {
        self.called("trouble");
        self.step()?;
        self.inner.trouble(id, trouble).await
    }
}
