//! The library's door: the logins of this machine, as the `tokenward` command sees them.
//!
//! Enters: nothing ([`open_default`]), or what a [`Builder`] is told. Leaves: access tokens and answers of calls. What is promised is the
//! engine's: a token is durable before it is handed out (I2), and callers who want one login refreshed cause one exchange (I1). A crash
//! leaves what the next program continues from (I5); [`Client::close`] leaves nothing to continue.
//!
//! A process that forks must not share connections, file locks or its name with its child. So the number of the process that opened the
//! vault is remembered, and a child opens the vault anew at its first call.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use tokenward_core::ports::{Clock, Entropy};
use tokenward_core::{AccessToken, App, Code, ProfileName, TokenWish};
use tokenward_wire::{Bearer, Call, CallAnswer, CallOptions, Calls};

use crate::blueking::{BkClient, Cookies};
use crate::compose::profile_app;
use crate::{
    ApiClient, ApiError, ApiOptions, Caller, Environment, Error, HandOut, Home, Identity, KeeperOptions, KeptState,
    KnownApp, Observer, Overrides, ResolvedProfile, ServedToken, Session, SessionOptions, Settings, SystemClock,
    SystemEntropy,
};

/// Opens the logins of this machine: environment, `config.toml` and vault as the `tokenward` command finds them.
///
/// # Errors
/// Settings that cannot be used (`TW02xx`), a vault that cannot be opened (`TW03xx`).
pub async fn open_default() -> Result<Client, Error> {
    Builder::default().open().await
}

/// What a [`Client`] is opened with. Everything has a default, which is what the `tokenward` command does.
#[derive(Default)]
#[must_use]
pub struct Builder {
    home: Option<PathBuf>,
    environment: Option<Environment>,
    clock: Option<Arc<dyn Clock>>,
    entropy: Option<Arc<dyn Entropy>>,
    observer: Option<Arc<dyn Observer>>,
    keeper: KeeperOptions,
    calls: CallOptions,
    api: ApiOptions,
}

impl Builder {
    /// The folder that holds everything. Default: `TOKENWARD_HOME`, `$XDG_DATA_HOME/tokenward` or `~/.local/share/tokenward`.
    pub fn home(mut self, folder: impl AsRef<Path>) -> Self {
        self.home = Some(folder.as_ref().to_owned());
        self
    }

    /// The variables that settings are read from. Default: those of the process, read once.
    pub fn environment<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.environment = Some(Environment::new(variables));
        self
    }

    /// The time. Default: the machine's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Randomness. Default: the operating system's.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// Told of each step of a rotation. Default: nobody.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// How long callers wait for a refresh that is under way.
    pub fn waiting(mut self, options: KeeperOptions) -> Self {
        self.keeper = options;
        self
    }

    /// How calls are sent.
    pub fn calls(mut self, options: CallOptions) -> Self {
        self.calls = options;
        self
    }

    /// How patient calls are.
    pub fn api(mut self, options: ApiOptions) -> Self {
        self.api = options;
        self
    }

    /// Opens the vault, making one where there is none.
    ///
    /// # Errors
    /// As [`open_default`].
    pub async fn open(self) -> Result<Client, Error> {
        self.open_in(std::process::id).await
    }

    async fn open_in(self, process: fn() -> u32) -> Result<Client, Error> {
        #[expect(clippy::disallowed_methods, reason = "the one place of the library that reads the environment")]
        let environment = self.environment.unwrap_or_else(|| Environment::new(std::env::vars_os()));
        let home = Home::resolve(self.home.as_deref(), &environment)?;
        let (settings, warnings) = Settings::load(home, environment, Overrides::default())?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let recipe = Recipe {
            settings,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            entropy: self.entropy.unwrap_or_else(|| Arc::new(SystemEntropy)),
            observer: self.observer,
            keeper: self.keeper,
            calls: self.calls,
            api: self.api,
            process,
        };
        let opened = Mutex::new(Some(Arc::new(recipe.open().await?)));
        Ok(Client { inner: Arc::new(Inner { recipe, opened, reopening: tokio::sync::Mutex::default() }) })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("home", &self.home).finish_non_exhaustive()
    }
}

/// The logins of this machine. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    recipe: Recipe,
    /// Nothing once it was closed.
    opened: Mutex<Option<Arc<Opened>>>,
    reopening: tokio::sync::Mutex<()>,
}

/// What the vault is opened with, the first time and in a child process.
struct Recipe {
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    observer: Option<Arc<dyn Observer>>,
    keeper: KeeperOptions,
    calls: CallOptions,
    api: ApiOptions,
    process: fn() -> u32,
}

struct Opened {
    session: Session,
    process: u32,
}

impl Recipe {
    async fn open(&self) -> Result<Opened, Error> {
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        let options = SessionOptions::new(self.settings.home(), clock, entropy)
            .key(self.settings.key_source()?)
            .observer(self.observer.clone())
            .keeper(self.keeper);
        let session = Session::open_under(options, self.settings.own()).await?;
        Ok(Opened { session, process: (self.process)() })
    }
}

impl Client {
    /// A profile of `config.toml` or of the environment. `None` is the one that the `tokenward` command takes without `--profile`. A
    /// user's of an app that serves many is `profile:user`, the app's own `profile:~app`.
    ///
    /// # Errors
    /// Settings that are missing or cannot be used (`TW02xx`).
    pub fn profile(&self, name: Option<&str>) -> Result<Profile, Error> {
        let settings = &self.inner.recipe.settings;
        let name = match name {
            None => None,
            Some(name) => Some(name.parse::<ProfileName>().map_err(|_| {
                Error::with_detail(Code::BadSetting, KeptState::Everything, format!("{name:?} is no name of a profile"))
            })?),
        };
        let resolved = settings.profile(name.as_ref())?;
        for warning in &resolved.warnings {
            tracing::warn!("{warning}");
        }
        Ok(Profile { client: self.clone(), resolved, calls: Arc::default() })
    }

    /// Waits for refreshes that are under way, and closes the vault. A clone that is used afterwards opens it again.
    ///
    /// Without it, a program that ends in the middle of a refresh leaves it to the next one, which has to find out whether the refresh
    /// token was used up.
    ///
    /// # Errors
    /// The vault's codes (`TW03xx`); nothing is lost by any of them.
    pub async fn close(self) -> Result<(), Error> {
        let opened = self.inner.opened.lock().unwrap_or_else(PoisonError::into_inner).take();
        match opened {
            Some(opened) if opened.process == (self.inner.recipe.process)() => opened.session.close().await,
            // What another process opened is that one's to close.
            opened => {
                std::mem::forget(opened);
                Ok(())
            }
        }
    }

    /// Waits for refreshes that are under way in this process, and closes nothing.
    pub async fn idle(&self) {
        if let Some(opened) = self.of_this_process() {
            opened.session.keeper().idle().await;
        }
    }

    /// What this process opened.
    async fn opened(&self) -> Result<Arc<Opened>, Error> {
        if let Some(opened) = self.of_this_process() {
            return Ok(opened);
        }
        let _one_at_a_time = self.inner.reopening.lock().await;
        if let Some(opened) = self.of_this_process() {
            return Ok(opened);
        }
        let own = Arc::new(self.inner.recipe.open().await?);
        let mut opened = self.inner.opened.lock().unwrap_or_else(PoisonError::into_inner);
        // What is there is the parent's, its connections and its threads: dropping it here would close them there, or wait for threads
        // that this process does not have.
        std::mem::forget(opened.replace(Arc::clone(&own)));
        Ok(own)
    }

    fn of_this_process(&self) -> Option<Arc<Opened>> {
        let opened = self.inner.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.as_ref().filter(|opened| opened.process == (self.inner.recipe.process)()).map(Arc::clone)
    }

    /// Tokens of a `BlueKing` app for its users and for itself, out of the vault that this process opened.
    ///
    /// # Errors
    /// The vault's codes (`TW03xx`), in a child that has to open it.
    pub async fn blueking(&self, app: App, profile: ProfileName, cookies: Cookies) -> Result<BkClient, Error> {
        let opened = self.opened().await?;
        Ok(BkClient::new(&opened.session, app, profile, cookies))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("home", self.inner.recipe.settings.home()).finish_non_exhaustive()
    }
}

/// One profile: one login of one app. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Profile {
    client: Client,
    resolved: ResolvedProfile,
    /// What [`Profile::get`] calls with, once it was needed, and the process that it belongs to.
    calls: Arc<tokio::sync::Mutex<Option<(u32, ApiClient)>>>,
}

impl Profile {
    /// Its name.
    pub const fn name(&self) -> &ProfileName {
        &self.resolved.name
    }

    /// The header that a token of this profile goes into, and its value, marked as one that is not to be shown: `Authorization`, or what its
    /// platform wants instead. `None` for a token that cannot stand in one.
    pub fn header(&self, token: &AccessToken) -> Option<(HeaderName, HeaderValue)> {
        Calls::credential_at(&self.resolved.platform, &Bearer::User(token.clone()))
    }

    /// An access token that is good now. It is refreshed first where that is due; one that is good is found without the database.
    ///
    /// What a person should know although there is a token (a login that is over, a file that could not be written) is logged as a
    /// warning; [`Profile::access`] gives it back.
    ///
    /// # Errors
    /// By [`Error::code`]: a person must log in (`Code::exit()` is `NeedsConsent`), try later, or the app's settings are wrong. Nothing is
    /// lost by any of them.
    pub async fn token(&self) -> Result<AccessToken, Error> {
        self.client.opened().await?;
        if let Some(found) = self.at_once(Duration::ZERO) {
            return Ok(found.access.token);
        }
        let handed = self.access(TokenWish::default()).await?;
        for notice in &handed.notices {
            tracing::warn!(notice = notice.name(), profile = %self.resolved.name, "a token was handed out all the same");
        }
        Ok(handed.access.token)
    }

    /// An access token that can be handed out without waiting for anything, and lives at least so long: what the vault shows beside itself,
    /// which is gone while it is not to be served. `None` says only that [`Profile::access`] is to be asked.
    pub fn at_once(&self, min_ttl: Duration) -> Option<HandOut> {
        let opened = self.client.of_this_process()?;
        let found = opened.session.at_once(&self.resolved.name)?;
        let ResolvedProfile { app_name, client_id, platform, hosts, .. } = &self.resolved;
        let of_this_app = found.is_of(app_name, client_id, platform.name(), hosts);
        (of_this_app && found.access.remaining(self.client.inner.recipe.clock.now()) > min_ttl).then_some(found)
    }

    /// An access token that lives at least so long, or is newer than one that was refused, with its end and what a person should know.
    ///
    /// # Errors
    /// As [`Profile::token`].
    pub async fn access(&self, ask: TokenWish) -> Result<ServedToken, Error> {
        let opened = self.client.opened().await?;
        profile_app::access_of(opened.session.keeper(), &self.resolved, ask).await
    }

    /// Calls `GET` on a path of the provider's API with the profile's token. A token that is refused is refreshed and the call repeated
    /// once; limits are waited out.
    ///
    /// # Errors
    /// [`ApiError`] tells a refusal from a call that never left and from an answer that was lost.
    pub async fn get(&self, path: &str) -> Result<CallAnswer, ApiError> {
        self.call(Call::get(path)).await
    }

    /// The same for any call.
    ///
    /// # Errors
    /// As [`Profile::get`].
    pub async fn call(&self, call: Call) -> Result<CallAnswer, ApiError> {
        let client = self.calls().await?;
        let result = client.call(call).await;
        for notice in client.take_notices() {
            tracing::warn!(notice = notice.name(), profile = %self.resolved.name, "a call was made all the same");
        }
        if matches!(result, Err(ApiError::Token(_))) {
            // The login or the app's secret may have been replaced: what is in the vault now is looked up next time.
            *self.calls.lock().await = None;
        }
        result
    }

    /// A client of the provider's API for this login: pages, streams, bodies, a step for `reqwest` (feature `middleware`).
    ///
    /// # Errors
    /// [`Code::NotLoggedIn`], and what else stands in the way of the app's secret.
    pub async fn api(&self) -> Result<ApiClient, Error> {
        let opened = self.client.opened().await?;
        let keeper = opened.session.keeper();
        let KnownApp { app, .. } = profile_app::app_with_secret(keeper, &self.resolved).await?;
        profile_app::check_registration(keeper, &app, &self.resolved.name).await?;
        let identity = if self.resolved.name.is_of_app() {
            Identity::App
        } else {
            Identity::User(opened.session.keeper().grant_of(&self.resolved.name).await?)
        };
        let Recipe { calls, api, .. } = &self.client.inner.recipe;
        Ok(opened.session.api(app, identity, calls.clone(), *api))
    }

    async fn calls(&self) -> Result<ApiClient, Error> {
        let process = (self.client.inner.recipe.process)();
        let mut calls = self.calls.lock().await;
        match &*calls {
            Some((of, client)) if *of == process => Ok(client.clone()),
            _ => {
                let client = self.api().await?;
                // One of another process is not dropped, as its vault is not.
                std::mem::forget(calls.replace((process, client.clone())));
                Ok(client)
            }
        }
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("name", &self.resolved.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    static PROCESS: AtomicU32 = AtomicU32::new(1);

    /// The library forbids unsafe code, so no process can be forked here: its number changes instead, which is all that a child sees of it.
    #[tokio::test]
    async fn a_child_opens_the_vault_itself() {
        let folder = tempfile::tempdir().unwrap();
        let variables = [
            ("TOKENWARD_APP_ID", "cli_0123456789abcdef"),
            ("TOKENWARD_APP_SECRET", "aSecretOfThirtyTwoCharacters0123"),
        ];
        let builder = Builder::default().home(folder.path()).environment(variables);
        let logins = builder.open_in(|| PROCESS.load(Ordering::SeqCst)).await.unwrap();
        let profile = logins.profile(None).unwrap();
        let identity = async || logins.opened().await.unwrap().session.parts().witness.myself().clone();
        let parent = identity().await;
        assert_eq!(identity().await, parent);
        assert_eq!(profile.token().await.unwrap_err().code(), Code::NotLoggedIn);

        PROCESS.store(2, Ordering::SeqCst);
        let asked: Vec<_> = (0..8)
            .map(|_| {
                tokio::spawn({
                    let profile = profile.clone();
                    async move { profile.token().await.unwrap_err().code() }
                })
            })
            .collect();
        for asked in asked {
            assert_eq!(asked.await.unwrap(), Code::NotLoggedIn);
        }
        let child = identity().await;
        assert_ne!(child, parent);
        assert_eq!(identity().await, child);
        // What another process opened is not closed from here; and what was closed opens again.
        for process in [3, 2, 2] {
            PROCESS.store(process, Ordering::SeqCst);
            logins.clone().close().await.unwrap();
            assert!(logins.of_this_process().is_none());
            assert_eq!(profile.token().await.unwrap_err().code(), Code::NotLoggedIn);
        }
    }
}
