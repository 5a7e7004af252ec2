//! Calls with a token that is always good.
//!
//! Enters: a [`Call`]. Leaves: the answer of a call that was done, or an [`ApiError`] that tells *refused* from *never
//! left* from *answer lost*. On the way a dead token is rotated once and the call repeated once, a limit is waited out,
//! and a refused call causes a rotation of the very generation that was refused: two hundred callers with one dead token
//! cause one exchange (I1). Nothing is kept here; a crash loses the call and nothing else.

mod error;
mod forward;
mod pages;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::AppTokenKind;
use tokenward_core::{
    App, AppToken, Code, ExitClass, FaultKind, Generation, GrantId, ProfileName, ProviderName, TokenWish,
    TransportFault,
};
use tokenward_wire::{Bearer, Call, CallAnswer, CallFault, CallRefusal, CallTrouble, Calls, Incoming};
use tokio::sync::OnceCell;

use crate::{Error, Keeper, KeptState, Notice, Obtain};

pub use error::{ApiError, EndlessPages};
pub use forward::{Echo, HeldToken};
pub use pages::{Page, Pages};

/// Whom calls are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A person: whoever this grant belongs to.
    User(GrantId),
    /// The app itself.
    App,
    /// The app in its tenant.
    Tenant,
}

/// Makes calls. What needs calls made takes a `dyn Caller`, so that a test can stand in for the provider.
#[async_trait]
pub trait Caller: Send + Sync {
    /// Makes one call and gives back the answer of one that was done.
    ///
    /// # Errors
    /// [`ApiError`]; every answer whose `code` is not zero is [`ApiError::Refused`].
    async fn call(&self, call: Call) -> Result<CallAnswer, ApiError>;
}

/// How patient calls are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiOptions {
    /// How long one call waits for limits, all its pauses together.
    pub patience: Duration,
    /// How many times a call is sent again that may be repeated and met passing trouble.
    pub repeats: u32,
    /// The least life, as handed out, of a token that a call is begun with.
    pub min_ttl: Duration,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self { patience: Duration::from_mins(1), repeats: 2, min_ttl: Duration::from_secs(10) }
    }
}

impl ApiOptions {
    /// With another patience for limits.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// With another number of repeats.
    pub fn repeats(self, repeats: u32) -> Self {
        Self { repeats, ..self }
    }

    /// With another least life of a token that a call is begun with.
    pub fn min_ttl(self, min_ttl: Duration) -> Self {
        Self { min_ttl, ..self }
    }
}

/// Makes calls for one identity of one app. Cheap to clone; clones share connections and what they have learnt.
#[derive(Clone)]
pub struct ApiClient {
    inner: Arc<Inner>,
    watch: Option<Arc<dyn CallObserver>>,
}

/// Why a call takes longer than one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallDelay {
    /// Its token was refused and is renewed.
    Renewing,
    /// The provider limits the rate; the call is sent again after this pause.
    Waiting(Duration),
    /// It met passing trouble, or its answer was lost, and is sent again.
    Repeating,
}

/// Told why a call takes longer, so that a person who waits can be told.
pub trait CallObserver: Send + Sync {
    /// One reason.
    fn delayed(&self, delay: CallDelay);
}

struct Inner {
    keeper: Keeper,
    app: App,
    identity: Identity,
    calls: Calls,
    options: ApiOptions,
    /// One at a time fetches an app token anew; the others find it fetched.
    renewing: tokio::sync::Mutex<()>,
    /// Which generation was refused, fresh from its rotation, by which call (see [`shape`]): that call takes no such token,
    /// and is no reason to rotate that generation again.
    refused_fresh: Mutex<HashMap<String, Generation>>,
    notices: Mutex<Vec<Notice>>,
    /// Under which profile the app's own grant is kept, where it is one.
    apps_profile: OnceCell<ProfileName>,
}

/// A bearer, and what is needed to ask for a newer one.
struct CurrentBearer {
    bearer: Bearer,
    generation: Option<Generation>,
}

impl ApiClient {
    /// A client over a keeper.
    pub fn new(keeper: Keeper, app: App, identity: Identity, calls: Calls, options: ApiOptions) -> Self {
        Self {
            inner: Arc::new(Inner {
                keeper,
                app,
                identity,
                calls,
                options,
                renewing: tokio::sync::Mutex::default(),
                refused_fresh: Mutex::default(),
                notices: Mutex::default(),
                apps_profile: OnceCell::new(),
            }),
            watch: None,
        }
    }

    /// The same client, whose delays are told.
    pub fn watched(mut self, watch: Arc<dyn CallObserver>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// The app that calls are made with.
    pub fn app(&self) -> &App {
        &self.inner.app
    }

    /// Whom calls are made for.
    pub fn identity(&self) -> Identity {
        self.inner.identity
    }

    /// What a person should know of the tokens handed out so far; each is told once.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.inner.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes one call and gives back the head of an answer that was done, its body still on its way unless it had to be
    /// read for the verdict. For bodies that are too long for memory.
    ///
    /// # Errors
    /// As [`Caller::call`].
    pub async fn open(&self, call: &Call) -> Result<Opened, ApiError> {
        call.address(&self.inner.app.hosts).map_err(ApiError::Bad)?;
        let mut attempt = Attempt::default();
        let mut held = self.bearer(TokenWish::Living { min_ttl: self.inner.options.min_ttl }).await?;
        loop {
            let next = match self.once(call, &held.bearer).await {
                Ok(opened) => return Ok(opened),
                Err(Once::Refused(refusal)) => self.after_refusal(call, &held, &mut attempt, refusal).await?,
                Err(Once::Fault(fault)) => self.after_fault(call, &mut attempt, fault).await?,
            };
            if let Some(newer) = next {
                held = newer;
            }
        }
    }

    /// Sends once and judges.
    async fn once(&self, call: &Call, bearer: &Bearer) -> Result<Opened, Once> {
        let calls = &self.inner.calls;
        let incoming = calls.open(&self.inner.app.hosts, bearer, call).await.map_err(Once::Fault)?;
        if !incoming.is_verdict() {
            return Ok(Opened::Streaming(incoming));
        }
        let answer = incoming.whole().await.map_err(Once::Fault)?;
        calls.judge(bearer, &answer).map_err(Once::Refused)?;
        Ok(Opened::Whole(answer))
    }

    /// What a refusal leads to: a newer bearer, the same one after a pause (`None`), or the end.
    async fn after_refusal(
        &self,
        call: &Call,
        held: &CurrentBearer,
        attempt: &mut Attempt,
        refusal: Box<CallRefusal>,
    ) -> Result<Option<CurrentBearer>, ApiError> {
        match refusal.trouble {
            CallTrouble::UserTokenDead if attempt.renewed => {
                self.remember_refused(&call.target, held, &refusal);
                Err(ApiError::Refused(refusal))
            }
            CallTrouble::UserTokenDead if self.may_refresh(&call.target, held, &refusal) => {
                let Some(generation) = held.generation else { return Err(ApiError::Refused(refusal)) };
                tracing::info!(code = refusal.code, "the access token was refused; it is turned");
                attempt.renewed = true;
                self.delayed(CallDelay::Renewing);
                self.in_place_of(generation, &refusal).await.map(Some)
            }
            CallTrouble::AppTokenDead if !attempt.renewed => {
                tracing::info!(code = refusal.code, "the app's token was refused; it is fetched anew");
                attempt.renewed = true;
                self.delayed(CallDelay::Renewing);
                self.renewed_app_token(&held.bearer).await.map(Some)
            }
            CallTrouble::RateLimited => {
                let wait = refusal.retry_after.unwrap_or_else(|| attempt.next_pause()).max(SHORTEST_PAUSE);
                if attempt.waited + wait > self.inner.options.patience {
                    return Err(ApiError::RateLimited { wait, refusal });
                }
                tracing::info!(seconds = wait.as_secs(), "the provider limits the rate; waiting");
                attempt.waited += wait;
                self.delayed(CallDelay::Waiting(wait));
                tokio::time::sleep(wait).await;
                Ok(None)
            }
            CallTrouble::Passing if call.repeatable && attempt.repeats < self.inner.options.repeats => {
                self.delayed(CallDelay::Repeating);
                attempt.pause().await;
                Ok(None)
            }
            _ => Err(ApiError::Refused(refusal)),
        }
    }

    /// What a fault leads to: the call sent again, or the end.
    async fn after_fault(
        &self,
        call: &Call,
        attempt: &mut Attempt,
        fault: CallFault,
    ) -> Result<Option<CurrentBearer>, ApiError> {
        match fault {
            CallFault::Lost(_) | CallFault::Unsent(TransportFault { kind: FaultKind::Failed, .. })
                if call.repeatable && attempt.repeats < self.inner.options.repeats =>
            {
                self.delayed(CallDelay::Repeating);
                attempt.pause().await;
                Ok(None)
            }
            fault => Err(ApiError::from(fault)),
        }
    }

    /// A newer token than one that was refused. Where there is none to be had, that the refused one is dead is put on record, if it is
    /// certain.
    async fn in_place_of(&self, generation: Generation, refusal: &CallRefusal) -> Result<CurrentBearer, ApiError> {
        let result = self.bearer(TokenWish::NewerThan(generation)).await;
        if let Err(ApiError::Token(error)) = &result
            && let Some(id) = self.grant().await
        {
            let Inner { keeper, app, .. } = &*self.inner;
            // One that was refused for good leaves nothing that could be refused for another reason; else the words must be plain.
            let over = error.code().exit() == ExitClass::NeedsConsent;
            if is_plain(refusal) || (over && keeper.is_access_dead(app, id, generation).await) {
                keeper.access_is_dead(id, generation, refusal.code).await;
            }
        }
        result
    }

    /// The grant that calls are made with.
    async fn grant(&self) -> Option<GrantId> {
        if let Identity::User(id) = self.inner.identity {
            return Some(id);
        }
        let profile = self.inner.apps_profile.get()?;
        self.inner.keeper.inner.parts.vault.grant_of(&profile.of_app()).await.ok()?
    }

    /// Whether a refused user token is worth a rotation: not one of a generation that the same call refused when it was
    /// fresh from its rotation.
    fn may_refresh(&self, target: &str, held: &CurrentBearer, refusal: &CallRefusal) -> bool {
        let refused = self.inner.refused_fresh.lock().unwrap_or_else(PoisonError::into_inner);
        let known = || held.generation.is_some() && refused.get(&shape(target)) == held.generation.as_ref();
        held.generation.is_some() && !(refusal.code == Some(AMBIGUOUS) && known())
    }

    /// Notes that a call refused a token that was fresh from its rotation.
    fn remember_refused(&self, target: &str, held: &CurrentBearer, refusal: &CallRefusal) {
        let mut refused = self.inner.refused_fresh.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(generation) = held.generation
            && refusal.code == Some(AMBIGUOUS)
            && refused.len() < MOST_CALLS
        {
            refused.insert(shape(target), generation);
        }
    }

    async fn bearer(&self, ask: TokenWish) -> Result<CurrentBearer, ApiError> {
        let Inner { keeper, app, identity, .. } = &*self.inner;
        let kept = |kind| async move {
            let access = keeper.app_token(app, kind, self.inner.options.min_ttl).await?;
            Ok::<AppToken, Error>(access.token)
        };
        match identity {
            Identity::User(grant) => {
                let handed = keeper.access(app, *grant, ask).await?;
                self.note(handed.notices);
                Ok(CurrentBearer { bearer: Bearer::User(handed.access.token), generation: Some(handed.generation) })
            }
            // Kept like a user's there, since a new one may end the one before.
            Identity::App if app.provider() == ProviderName::BlueKing => {
                let wanted = self.apps_own(ask).await?;
                let handed = keeper.obtain(app, &wanted).await?;
                self.note(handed.notices);
                Ok(CurrentBearer { bearer: Bearer::User(handed.access.token), generation: Some(handed.generation) })
            }
            Identity::App => {
                Ok(CurrentBearer { bearer: Bearer::App(kept(AppTokenKind::App).await?), generation: None })
            }
            Identity::Tenant => {
                Ok(CurrentBearer { bearer: Bearer::Tenant(kept(AppTokenKind::Tenant).await?), generation: None })
            }
        }
    }

    /// The wish for the app's own grant: the one that is there, under whatever profile, else one under the app's name. Two of them
    /// would end each other.
    async fn apps_own(&self, ask: TokenWish) -> Result<Obtain, Error> {
        let Inner { keeper, app, apps_profile, .. } = &*self.inner;
        let vault = &keeper.inner.parts.vault;
        let find = async || {
            let theirs = vault.grants().await?.into_iter().filter(|grant| grant.app == app.name);
            match theirs.filter_map(|grant| grant.profile).find(ProfileName::is_of_app) {
                Some(profile) => Ok(profile),
                None => app.name.as_str().parse().map_err(|_| Error::new(Code::Internal, KeptState::Everything)),
            }
        };
        let profile: &ProfileName = apps_profile.get_or_try_init(find).await?;
        let (refused, min_ttl) = match ask {
            TokenWish::Living { min_ttl } => (None, min_ttl),
            TokenWish::NewerThan(seen) => {
                (vault.grant_of(&profile.of_app()).await?.map(|id| (id, seen)), Duration::ZERO)
            }
        };
        Ok(Obtain { min_ttl, refused, ..Obtain::app(profile.clone()) })
    }

    /// A token other than the refused one: what another caller fetched meanwhile, or a new one.
    async fn renewed_app_token(&self, refused: &Bearer) -> Result<CurrentBearer, ApiError> {
        let _one_at_a_time = self.inner.renewing.lock().await;
        let now = self.bearer(TokenWish::default()).await?;
        match (&now.bearer, refused) {
            (Bearer::App(new), Bearer::App(old)) | (Bearer::Tenant(new), Bearer::Tenant(old)) if new == old => {}
            _ => return Ok(now),
        }
        let Inner { keeper, app, .. } = &*self.inner;
        let bearer = match refused {
            Bearer::App(_) => Bearer::App(keeper.app_token(app, AppTokenKind::App, Duration::MAX).await?.token),
            _ => Bearer::Tenant(keeper.app_token(app, AppTokenKind::Tenant, Duration::MAX).await?.token),
        };
        Ok(CurrentBearer { bearer, generation: None })
    }

    fn delayed(&self, delay: CallDelay) {
        if let Some(watch) = &self.watch {
            watch.delayed(delay);
        }
    }

    fn note(&self, notices: Vec<Notice>) {
        let mut kept = self.inner.notices.lock().unwrap_or_else(PoisonError::into_inner);
        for notice in notices {
            // Every token of a login that is over says so, and every one that is handed out for want of a newer one; it is told once.
            let told = kept.iter().any(|told| match (told, &notice) {
                (Notice::LoginOver { .. }, Notice::LoginOver { .. }) => true,
                (Notice::RotationFailed(told), Notice::RotationFailed(error)) => told.code() == error.code(),
                _ => false,
            });
            if !told && kept.len() < MOST_NOTICES {
                kept.push(notice);
            }
        }
    }

    /// The keeper's time.
    pub fn now(&self) -> Timestamp {
        self.inner.keeper.inner.now()
    }
}

#[async_trait]
impl Caller for ApiClient {
    async fn call(&self, call: Call) -> Result<CallAnswer, ApiError> {
        match self.open(&call).await? {
            Opened::Whole(answer) => Ok(answer),
            Opened::Streaming(incoming) => incoming.whole().await.map_err(ApiError::from),
        }
    }
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient")
            .field("app", &self.inner.app.name)
            .field("identity", &self.inner.identity)
            .finish_non_exhaustive()
    }
}

/// The answer of a call that was done.
#[derive(Debug)]
pub enum Opened {
    /// Whole: it was read for the verdict.
    Whole(CallAnswer),
    /// A download under way.
    Streaming(Incoming),
}

/// A path without the ids in it: what is true of `/documents/A/blocks` is true of `/documents/B/blocks`.
fn shape(target: &str) -> String {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let is_id = |part: &str| {
        let digit = |byte: u8| byte.is_ascii_digit();
        part.bytes().all(digit) || (part.len() >= SHORTEST_ID && part.bytes().any(digit))
    };
    let parts = path.split('/').map(|part| if !part.is_empty() && is_id(part) { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Whether a refusal can mean nothing but that the access token is dead.
fn is_plain(refusal: &CallRefusal) -> bool {
    let invalid = refusal.answer.headers.get_all(http::header::WWW_AUTHENTICATE).iter();
    refusal.code.is_some_and(|code| PLAINLY_DEAD.contains(&code))
        // RFC 6750 §3.1: expired, revoked, malformed, or invalid for other reasons.
        || invalid.filter_map(|value| value.to_str().ok()).any(|value| value.contains("invalid_token"))
}

/// What became of one sending.
enum Once {
    Refused(Box<CallRefusal>),
    Fault(CallFault),
}

/// What one call has cost so far.
#[derive(Debug, Default)]
struct Attempt {
    renewed: bool,
    repeats: u32,
    waited: Duration,
    pauses: u32,
}

impl Attempt {
    /// One second, two, four …
    fn next_pause(&mut self) -> Duration {
        let pause = SHORTEST_PAUSE * (1 << self.pauses.min(MOST_DOUBLINGS));
        self.pauses += 1;
        pause
    }

    async fn pause(&mut self) {
        self.repeats += 1;
        tokio::time::sleep(REPEAT_PAUSE * self.repeats).await;
    }
}

/// Means two things (reference/feishu.md §11): the token is dead, or the API takes none of its kind.
const AMBIGUOUS: i64 = 99_991_668;
/// "The access token is invalid" and "… has expired": of Feishu (reference/feishu.md §11), and of BlueKing's gateway.
const PLAINLY_DEAD: [i64; 2] = [20_005, 99_991_677];
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const REPEAT_PAUSE: Duration = Duration::from_millis(300);
const MOST_DOUBLINGS: u32 = 5;
const MOST_CALLS: usize = 256;
/// Ids of the platform are longer than this and hold digits; words of its paths are not, or do not.
const SHORTEST_ID: usize = 10;
const MOST_NOTICES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_known_again_whatever_the_ids() {
        for (target, expected) in [
            (
                "/open-apis/docx/v1/documents/doxcnABC123def456/blocks?page_size=1",
                "/open-apis/docx/v1/documents/*/blocks",
            ),
            ("/open-apis/wiki/v2/spaces/7034502641455497244/nodes", "/open-apis/wiki/v2/spaces/*/nodes"),
            ("/open-apis/authen/v1/user_info", "/open-apis/authen/v1/user_info"),
            ("/open-apis/wiki/v2/spaces/my_library/", "/open-apis/wiki/v2/spaces/my_library/"),
        ] {
            assert_eq!(shape(target), expected);
        }
    }
}
