//! The store fails: at the N-th call that changes something, for every N, with every reason. No login is lost, no
//! token is sent twice with a known outcome, and the next healthy keeper repairs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokenward::core::ports::{
    Adopted, Adoption, AnswerKept, Committed, Keepsake, LeaseAttempt, LoggedIn, LoginAnswer, LoginAnswerId, LoginCopy,
    NewLogin, Revocable, Vault, VaultError,
};
use tokenward::core::rotation::Turn;
use tokenward::core::{
    AppName, Ask, Closing, Code, Entry, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, Lease, Link,
    LinkId, NameLease, NewLink, ProfileName, RawAnswer, Receipt, Recognised, RefreshToken, SecretBytes, Spend,
    Standing, Subject, TokenApi, TokenSet, Trouble,
};
use tokenward::{Keeper, KeeperOptions, Kept, Observer, Step};

use crate::world::{MovedClock, World};

/// A vault whose N-th change fails, and every later one too while `stuck`.
struct Failing {
    inner: Arc<dyn Vault>,
    left: AtomicU32,
    stuck: bool,
    full: bool,
    renewals: AtomicU32,
}

impl Failing {
    fn new(inner: Arc<dyn Vault>, nth: u32, stuck: bool, full: bool) -> Self {
        Self { inner, left: AtomicU32::new(nth), stuck, full, renewals: AtomicU32::new(0) }
    }

    fn step(&self) -> Result<(), VaultError> {
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
        let (path, reason) = ("vault.db".into(), "injected".to_owned());
        Err(if self.full { VaultError::Full { path, reason } } else { VaultError::ReadOnly { path, reason } })
    }
}

#[async_trait]
impl Vault for Failing {
    async fn grant_of(&self, profile: &ProfileName) -> Result<Option<GrantId>, VaultError> {
        self.inner.grant_of(profile).await
    }
    async fn grant(&self, id: GrantId) -> Result<Grant, VaultError> {
        self.inner.grant(id).await
    }
    async fn grants(&self) -> Result<Vec<Grant>, VaultError> {
        self.inner.grants().await
    }
    async fn journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, VaultError> {
        self.inner.journal(id, limit).await
    }
    async fn keep_login_answer(
        &self,
        profile: &ProfileName,
        app: &AppName,
        api: TokenApi,
        answer: &RawAnswer,
    ) -> Result<LoginAnswerId, VaultError> {
        self.step()?;
        self.inner.keep_login_answer(profile, app, api, answer).await
    }
    async fn login_answers(&self) -> Result<Vec<LoginAnswer>, VaultError> {
        self.inner.login_answers().await
    }
    async fn drop_login_answer(&self, id: LoginAnswerId) -> Result<(), VaultError> {
        self.step()?;
        self.inner.drop_login_answer(id).await
    }
    async fn lease_name(
        &self,
        name: &ProfileName,
        holder: &Holder,
        ttl: Duration,
    ) -> Result<LeaseAttempt<NameLease>, VaultError> {
        self.step()?;
        self.inner.lease_name(name, holder, ttl).await
    }
    async fn release_name(&self, lease: NameLease) -> Result<(), VaultError> {
        self.inner.release_name(lease).await
    }
    async fn wait_name(&self, name: &ProfileName, patience: Duration) {
        self.inner.wait_name(name, patience).await;
    }
    async fn ask(&self, lease: &NameLease) -> Result<(), VaultError> {
        self.step()?;
        self.inner.ask(lease).await
    }
    async fn ask_in_vain(&self, lease: &NameLease) -> Result<(), VaultError> {
        self.step()?;
        self.inner.ask_in_vain(lease).await
    }
    async fn set_aside(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), VaultError> {
        self.step()?;
        self.inner.set_aside(answer, id, set).await
    }
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, VaultError> {
        self.step()?;
        self.inner.log_in(login).await
    }
    async fn name_subject(&self, id: GrantId, subject: &Subject) -> Result<(), VaultError> {
        self.step()?;
        self.inner.name_subject(id, subject).await
    }
    async fn lease(&self, id: GrantId, holder: &Holder, ttl: Duration) -> Result<LeaseAttempt, VaultError> {
        self.step()?;
        self.inner.lease(id, holder, ttl).await
    }
    async fn renew(&self, lease: &mut Lease, ttl: Duration) -> Result<(), VaultError> {
        self.step()?;
        self.renewals.fetch_add(1, Ordering::SeqCst);
        self.inner.renew(lease, ttl).await
    }
    async fn release(&self, lease: Lease) -> Result<(), VaultError> {
        self.inner.release(lease).await
    }
    async fn wait(&self, id: GrantId, patience: Duration) {
        self.inner.wait(id, patience).await;
    }
    async fn prove(&self) -> Result<(), VaultError> {
        self.step()?;
        self.inner.prove().await
    }
    async fn begin(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, VaultError> {
        self.step()?;
        self.inner.begin(lease, draft).await
    }
    async fn open_intents(&self, id: GrantId) -> Result<Vec<Intent>, VaultError> {
        self.inner.open_intents(id).await
    }
    async fn keep_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, VaultError> {
        self.step()?;
        self.inner.keep_answer(intent, answer).await
    }
    async fn commit(&self, intent: IntentId, turn: Turn) -> Result<Committed, VaultError> {
        self.step()?;
        self.inner.commit(intent, turn).await
    }
    async fn close(&self, intent: IntentId, closing: Closing, standing: Option<Standing>) -> Result<(), VaultError> {
        self.step()?;
        self.inner.close(intent, closing, standing).await
    }
    async fn revocable(&self, lease: &Lease) -> Result<Revocable, VaultError> {
        self.inner.revocable(lease).await
    }
    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), VaultError> {
        self.step()?;
        self.inner.retire(lease, at, revoked).await
    }
    async fn recognise(&self, token: &RefreshToken) -> Result<Recognised, VaultError> {
        self.inner.recognise(token).await
    }
    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, VaultError> {
        self.step()?;
        self.inner.adopt(adoption).await
    }
    async fn take_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, VaultError> {
        self.step()?;
        self.inner.take_back(id, refused, by).await
    }
    async fn copy(&self, id: GrantId) -> Result<LoginCopy, VaultError> {
        self.inner.copy(id).await
    }
    async fn link(&self, link: NewLink, by: &Holder) -> Result<Link, VaultError> {
        self.step()?;
        self.inner.link(link, by).await
    }
    async fn unlink(&self, id: LinkId, by: &Holder) -> Result<bool, VaultError> {
        self.step()?;
        self.inner.unlink(id, by).await
    }
    async fn links(&self, profile: Option<&ProfileName>) -> Result<Vec<Link>, VaultError> {
        self.inner.links(profile).await
    }
    async fn receipt(&self, id: LinkId, receipt: Receipt, healed: Option<Generation>) -> Result<(), VaultError> {
        self.step()?;
        self.inner.receipt(id, receipt, healed).await
    }
    async fn trouble(&self, id: LinkId, trouble: Trouble) -> Result<(), VaultError> {
        self.step()?;
        self.inner.trouble(id, trouble).await
    }
    async fn keep(&self, what: &Keepsake, value: &SecretBytes, expires: Option<Timestamp>) -> Result<(), VaultError> {
        self.step()?;
        self.inner.keep(what, value, expires).await
    }
    async fn recall(&self, what: &Keepsake) -> Result<Option<(SecretBytes, Option<Timestamp>)>, VaultError> {
        self.inner.recall(what).await
    }
    async fn forget(&self, what: &Keepsake) -> Result<(), VaultError> {
        self.step()?;
        self.inner.forget(what).await
    }
}

async fn failing(world: &World, nth: u32, stuck: bool, full: bool) -> Keeper {
    let mut parts = world.parts().await;
    parts.vault = Arc::new(Failing::new(parts.vault, nth, stuck, full));
    Keeper::new(parts, KeeperOptions::default())
}

#[tokio::test]
async fn the_nth_change_fails_for_every_n() {
    for full in [true, false] {
        let mut reached_the_end = false;
        for nth in 1..20 {
            let world = World::new().await;
            let healthy = world.keeper().await;
            let (id, _) = world.log_in(&healthy, "work").await;
            world.expire();
            let sick = failing(&world, nth, false, full).await;
            let result = sick.access(&world.app, id, Ask::default()).await;
            if let Err(error) = &result {
                let expected = if full { Code::VaultFull } else { Code::VaultReadOnly };
                assert_eq!(error.code(), expected, "call {nth}: {error}");
                // The system's own reason is not lost on the way.
                let source = error.vault_error().map(ToString::to_string).unwrap_or_default();
                assert!(source.contains("injected"), "call {nth}: {error:?}");
                assert!(
                    matches!(error.kept(), Kept::Everything | Kept::TokenUnspent | Kept::AnswerInJournal),
                    "call {nth}"
                );
            }
            let handed = healthy.access(&world.app, id, Ask::default()).await.unwrap();
            assert!(world.live_access().contains(&handed.access.token.expose().to_owned()), "call {nth}");
            assert_eq!(world.sandbox.counters().replays, 0, "call {nth}");
            world.expire();
            healthy.access(&world.app, id, Ask::default()).await.unwrap();
            world.assert_clean();
            if result.is_ok() && nth > 8 {
                reached_the_end = true;
                break;
            }
        }
        assert!(reached_the_end, "the sweep never got past the last call");
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_written_stops_a_turn_before_anything_is_spent() {
    for nth in 1..=3 {
        let world = World::new().await;
        let healthy = world.keeper().await;
        let (id, _) = world.log_in(&healthy, "work").await;
        world.expire();
        // From the lease, the proof or the intent on, nothing can be written.
        let sick = failing(&world, nth, true, true).await;
        let error = sick.access(&world.app, id, Ask::default()).await.unwrap_err();
        assert_eq!((error.code(), error.kept()), (Code::VaultFull, Kept::Everything));
        assert_eq!(world.sandbox.counters().refreshes, 0, "stuck from call {nth}");
        healthy.access(&world.app, id, Ask::default()).await.unwrap();
        world.assert_clean();
    }
}

/// What a send needs took a while to fetch.
struct Slow {
    clock: Arc<MovedClock>,
    by: SignedDuration,
}

impl Observer for Slow {
    fn at(&self, step: Step) {
        if step == Step::Prepared {
            self.clock.advance(self.by);
        }
    }
}

#[tokio::test]
async fn a_lease_is_renewed_before_a_send_that_it_might_not_outlast_and_not_otherwise() {
    for (seconds, renewals) in [(0, 0), (4, 0), (6, 1), (60, 1)] {
        let world = World::new().await;
        let (id, _) = world.log_in(&world.keeper().await, "work").await;
        world.expire();
        let mut parts = world.parts().await;
        parts.observer = Arc::new(Slow { clock: world.clock.clone(), by: SignedDuration::from_secs(seconds) });
        let vault = Arc::new(Failing::new(parts.vault, 0, false, false));
        parts.vault = vault.clone();
        Keeper::new(parts, KeeperOptions::default()).access(&world.app, id, Ask::default()).await.unwrap();
        assert_eq!(vault.renewals.load(Ordering::SeqCst), renewals, "{seconds} s");
        world.assert_clean();
    }
}
