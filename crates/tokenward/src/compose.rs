//! The one file that names a concrete provider and a concrete store.
//!
//! Enters: a home folder and the ports that a face supplies (time, randomness, the key that a person chose). Leaves:
//! a [`Keeper`] over the vault in that folder. Opening it also makes logins of answers whose process died (I5).

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::{Clock, Entropy, Provider, StoreError, StoreFault, Vault};
use tokenward_core::{App, Code, ExitClass, ProfileName, masking};
use tokenward_keeper::Showing;
use tokenward_vault::{BackupError, ExplicitKey, Folder, KeySources, Keyring, Restoring, SqliteVault, VaultOptions};
use tokenward_wire::{CallOptions, Calls, Options, Providers};
use url::Url;

use crate::hand_out::{self, HandOutFiles};
use crate::links::{Links, LinksAround};
use crate::{
    ApiClient, ApiOptions, Error, Home, Identity, Keeper, KeptState, KeySource, LoginReport, Origin, Own, Parts,
    Processes, SettingsError, secret_file,
};

mod options;
pub(crate) mod profile_app;
mod script_file_refresh;
mod server_engine;

pub use options::{AroundStore, SessionOptions};
pub use profile_app::KnownApp;
#[cfg(feature = "postgres")]
pub use server_engine::DatabaseOptions;
pub use server_engine::ServerSession;
pub use tokenward_core::ports::HandOut;
pub use tokenward_vault::{
    BackedUp, BackupKey, DamagedLogin, Health, Info as VaultInfo, KeptVault, KeyOutcome, KeySource as VaultKeySource,
    Repair, Replaced, Resealed, RestorePlan, Restored, RestoredKey, RestoredLogin, SeenLogin, ServerPlan, Stretch,
    Verdict, WaitingAnswer,
};
pub use tokenward_wire::Discovered;

/// An open vault with a keeper over it.
///
/// # What the embedding program has to do
///
/// A process whose files may not grow beyond a length (`ulimit -f`, `LimitFSIZE=`) is ended by SIGXFSZ at the write that does, with the
/// provider's answer in memory. A refresh is not begun where the limit is known to be too near; should another file be in the way, the
/// signal has to be ignored or handled, so that the write fails instead and the answer goes to the rescue slot. The `tokenward` command
/// handles it for as long as it runs. A library does not change the signals of its process: with tokio,
/// `tokio::signal::unix::signal(SignalKind::from_raw(libc::SIGXFSZ))`, kept for as long as the session lives, is enough.
///
/// Likewise a signal that would end the process between a spend and its commit should wait for [`Keeper::idle`].
pub struct Session {
    vault: Arc<SqliteVault>,
    store: Arc<Showing>,
    hand_outs: Arc<HandOutFiles>,
    parts: Parts,
    keeper: Keeper,
    recovered: Vec<LoginReport>,
}

impl Session {
    /// Opens the vault, making one where there is none.
    ///
    /// # Errors
    /// The vault's codes `TW03xx`.
    pub async fn open(options: SessionOptions<'_>) -> Result<Self, Error> {
        Self::open_under(options, Own::default()).await
    }

    /// The same under the rules rows that the settings have the last word on ([`Settings::own`](crate::Settings::own)).
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn open_under(options: SessionOptions<'_>, own: impl Into<Own>) -> Result<Self, Error> {
        let mut session = Self::look_under(options, own).await?;
        session.recovered = match session.keeper.recover_logins().await {
            // A login that cannot be stored now is kept and stored later; it must not keep anyone from another login's
            // token (I7).
            Err(error) if error.code().exit() == ExitClass::TryLater => {
                tracing::warn!(%error, "a login of an earlier process waits to be stored");
                Vec::new()
            }
            recovered => recovered?,
        };
        Ok(session)
    }

    /// The same without making logins of answers that wait, for those who want to see them.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn look(options: SessionOptions<'_>) -> Result<Self, Error> {
        Self::look_under(options, Own::default()).await
    }

    /// The same under the settings' own rules rows.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn look_under(options: SessionOptions<'_>, own: impl Into<Own>) -> Result<Self, Error> {
        let SessionOptions { home, clock, entropy, key, observer, keeper, around_store } = options;
        let provider = provider(&clock, own.into());
        let new = !home.has_vault();
        if new {
            home.can_be_made()?;
        }
        // Where there is no vault yet, a place that takes none is told as such and not as trouble of a vault.
        let placed = |error: StoreError| match error {
            StoreError { kind: StoreFault::ReadOnly | StoreFault::Unreadable, .. } if new => {
                Error::with_detail(Code::HomeUnusable, KeptState::Nothing, error.to_string())
            }
            error => error.into(),
        };
        let vault = Arc::new(
            SqliteVault::open(VaultOptions {
                folder: Folder::new(home.path()),
                keys: key_sources(home, &key)?,
                clock: clock.clone(),
                entropy: entropy.clone(),
            })
            .await
            .map_err(placed)?,
        );
        let hand_outs = Arc::new(HandOutFiles::new(vault.beside(), clock.clone(), entropy.clone()));
        let store: Arc<dyn Vault> = Arc::clone(&vault) as _;
        let store = match around_store {
            Some(around) => around(store),
            None => store,
        };
        let store = Arc::new(Showing::new(store, Arc::clone(&hand_outs) as _, Arc::clone(&provider) as _));
        let witness = Arc::new(Processes::new(Path::new("/proc"), &*entropy));
        let mut parts = Parts::new(Arc::clone(&store) as Arc<dyn Vault>, provider, clock, entropy, witness);
        parts.surroundings = Arc::new(LinksAround);
        if let Some(observer) = observer {
            parts.observer = observer;
        }
        let keeper = Keeper::new(parts.clone(), keeper);
        Ok(Self { vault, store, hand_outs, parts, keeper, recovered: Vec::new() })
    }

    /// The keeper.
    pub const fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// The files that are kept in step with the vault's logins.
    pub fn links(&self) -> Links {
        Links::new(&self.keeper)
    }

    /// What the keeper is made of, for callers who put something of their own in a part's place.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Waits for refreshes that are under way, and closes the vault's connections. A call that follows opens them again.
    ///
    /// # Errors
    /// The vault's codes; nothing is lost by any of them.
    pub async fn close(&self) -> Result<(), Error> {
        self.keeper.idle().await;
        Ok(self.vault.close_connections().await?)
    }

    /// Makes calls for an identity of an app.
    pub fn api(&self, app: App, identity: Identity, calls: CallOptions, options: ApiOptions) -> ApiClient {
        let calls = Calls::for_app(&app, self.parts.clock.clone(), calls);
        ApiClient::new(self.keeper.clone(), app, identity, calls, options)
    }

    /// What can be handed out at once, without the database: from the file beside it, which is gone while a rotation is under way that ends
    /// the token.
    pub(crate) fn at_once(&self, profile: &ProfileName) -> Option<HandOut> {
        self.hand_outs.at_once(profile)
    }

    /// The same, for somebody who outlives the session.
    pub(crate) fn quickly(&self) -> Quickly {
        let hand_outs = Arc::clone(&self.hand_outs);
        Arc::new(move |profile| hand_outs.at_once(profile))
    }

    /// Asks an issuer for its document (RFC 8414, OpenID Connect Discovery). Spends nothing.
    ///
    /// # Errors
    /// [`Code::Unreachable`], or what the document is refused for.
    pub async fn discover(&self, issuer: &Url) -> Result<Discovered, Error> {
        let clock = Arc::clone(&self.parts.clock);
        tokenward_wire::discover(clock, Options::default(), issuer).await.map_err(Error::call)
    }

    /// Logins that an earlier process had not finished storing.
    pub fn recovered(&self) -> &[LoginReport] {
        &self.recovered
    }

    /// Writes the whole vault into a file, sealed with a key that is kept elsewhere.
    ///
    /// # Errors
    /// [`Code::BadSecret`] for a key that is too weak; the vault's codes. There is no new file of that name then.
    pub async fn back_up(&self, file: &Path, key: &BackupKey) -> Result<BackedUp, Error> {
        self.vault.backup(file, key).await.map_err(backup_error)
    }

    /// The logins that do not read back. [`Keeper::list`] leaves them out.
    ///
    /// # Errors
    /// The vault's codes.
    pub async fn damaged_logins(&self) -> Result<Vec<DamagedLogin>, Error> {
        Ok(self.vault.damaged_logins().await?)
    }

    /// Seals everything with a new data key; gives back how many values there were.
    ///
    /// # Errors
    /// The vault's codes; what was not sealed anew opens with the old key as before.
    pub async fn renew_data_key(&self) -> Result<Resealed, Error> {
        let done = self.vault.renew_data_key().await?;
        self.store.show_all_anew().await?;
        Ok(done)
    }

    /// The vault's particulars. Looks only.
    ///
    /// # Errors
    /// The vault's codes.
    pub async fn vault_info(&self) -> Result<VaultInfo, Error> {
        Ok(self.vault.info().await?)
    }

    /// What was too open and was closed when the vault was opened.
    pub fn repairs(&self) -> &[Repair] {
        self.vault.repairs()
    }

    /// The vault itself, for the doctor, which looks into its corners.
    pub(crate) fn vault(&self) -> &SqliteVault {
        &self.vault
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("keeper", &self.keeper).finish_non_exhaustive()
    }
}

/// Finds a profile's token in its hand-out file.
pub(crate) type Quickly = Arc<dyn Fn(&ProfileName) -> Option<HandOut> + Send + Sync>;

/// The provider alone, for calls that need no vault.
pub(crate) fn provider(clock: &Arc<dyn Clock>, own: Own) -> Arc<dyn Provider> {
    let providers = Providers::new(Arc::clone(clock), Options::default());
    let providers = own.rules.into_iter().fold(providers, |providers, (app, rules)| providers.with_rules(app, rules));
    let auth_api = own.auth_api.into_iter();
    Arc::new(auth_api.fold(providers, |providers, (app, options)| providers.with_auth_api(app, options)))
}

/// A vault that is ready to take the present one's place: its plan can be shown, and the step made or left.
pub struct Restore(Restoring);

impl Restore {
    /// Of a backup. Nothing is moved yet.
    ///
    /// # Errors
    /// [`Code::BackupUnreadable`] for a file that does not open; the vault's codes. Everything is as it was.
    pub async fn of_backup(options: &SessionOptions<'_>, file: &Path, key: &BackupKey) -> Result<Self, Error> {
        let folder = Folder::new(options.home.path());
        let sources = key_sources(options.home, &options.key)?;
        Restoring::of_backup(&folder, file, key, &sources, &*options.clock, &*options.entropy)
            .await
            .map(Self)
            .map_err(backup_error)
    }

    /// Of the vault that the last restore put aside.
    ///
    /// # Errors
    /// [`Code::NothingToUndo`] where there is none; the vault's codes. Everything is as it was.
    pub async fn back(options: &SessionOptions<'_>) -> Result<Self, Error> {
        let folder = Folder::new(options.home.path());
        let sources = key_sources(options.home, &options.key)?;
        Restoring::back(&folder, &sources, &*options.clock).await.map(Self).map_err(backup_error)
    }

    /// Of a vault that an earlier restore put aside, as [`kept_vaults`] names it.
    ///
    /// # Errors
    /// [`Code::NothingToUndo`] where there is no such vault; the vault's codes. Everything is as it was.
    pub async fn of_kept(options: &SessionOptions<'_>, kept: &Path) -> Result<Self, Error> {
        let folder = Folder::new(options.home.path());
        let sources = key_sources(options.home, &options.key)?;
        Restoring::of_kept(&folder, kept, &sources, &*options.clock).await.map(Self).map_err(backup_error)
    }

    /// What keeps the key of the vault that is to come.
    pub const fn key_source(&self) -> VaultKeySource {
        self.0.key_source()
    }

    /// What would become of each login.
    pub fn plan(&self) -> &RestorePlan {
        self.0.plan()
    }

    /// Puts it in the present vault's place, which is kept.
    ///
    /// # Errors
    /// [`Code::VaultBusy`] while another process has the present one open; the vault's codes; the present vault is in its place then.
    pub fn put_in_place(self) -> Result<Replaced, Error> {
        self.0.put_in_place().map_err(backup_error)
    }
}

impl fmt::Debug for Restore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restore").field("plan", self.plan()).finish_non_exhaustive()
    }
}

/// That the vault was brought back from a copy, if it was, and where the vault before it is.
pub fn last_restore(home: &Home) -> Option<Restored> {
    Restored::last(&Folder::new(home.path()))
}

/// The vaults that restores put aside, the latest first.
pub fn kept_vaults(home: &Home) -> Vec<KeptVault> {
    tokenward_vault::kept_vaults(&Folder::new(home.path()))
}

/// Removes one of them for good.
///
/// # Errors
/// The vault's codes. The present vault is never touched.
pub fn remove_kept_vault(home: &Home, kept: &Path) -> Result<(), Error> {
    Ok(tokenward_vault::remove_kept(&Folder::new(home.path()), kept)?)
}

/// Gives the vault another key: the one that `new` names, or a fresh key file of its own where `new` is unset.
///
/// # Errors
/// The vault's codes; the vault then opens with the old key as before.
pub fn rewrap(home: &Home, old: &KeySource, new: &KeySource, entropy: &dyn Entropy) -> Result<(), Error> {
    let to = match new {
        KeySource::Unset => tokenward_vault::KeySource::KeyFile,
        KeySource::Given(_) | KeySource::File(_) => tokenward_vault::KeySource::Explicit,
    };
    let folder = Folder::new(home.path());
    if let KeySource::File(path) = new {
        // The person wrote it a moment ago. From here on nothing opens without it.
        settled(path).map_err(|error| {
            StoreError::key(
                folder.vault().display(),
                format!("the key file {}", path.display()),
                format!("the disk did not confirm it: {error}"),
            )
        })?;
    }
    Ok(tokenward_vault::rewrap(&folder, &key_sources(home, old)?, &key_sources(home, new)?, to, entropy)?)
}

/// Makes a file and its name durable.
fn settled(path: &Path) -> std::io::Result<()> {
    std::fs::File::open(path)?.sync_all()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

fn backup_error(error: BackupError) -> Error {
    let words = error.to_string();
    let told = |code| Error::with_detail(code, KeptState::Everything, words);
    match error {
        BackupError::Vault(error) => error.into(),
        BackupError::VaultExists(_) => told(Code::BadSetting),
        BackupError::Newer(_) => told(Code::VaultNewer),
        BackupError::WeakKey => told(Code::BadSecret),
        BackupError::NotWritten { .. } => told(Code::OutputNotWritten),
        BackupError::InUse(_) => told(Code::VaultBusy),
        BackupError::NothingToUndo(_) => told(Code::NothingToUndo),
        _ => told(Code::BackupUnreadable),
    }
}

/// The access token of a profile, if it can be handed out at once: good, not due to be rotated, and of the app that the profile names now, which
/// `is_named` says ([`Settings::names_app`](crate::Settings::names_app)). Reads two small files and no database; every "no" means that the long
/// way ([`Session`]) has to be gone, never that there is none.
pub fn hand_out(
    home: &Home,
    profile: &ProfileName,
    key: &KeySource,
    now: Timestamp,
    is_named: impl FnOnce(&HandOut) -> bool,
) -> Option<HandOut> {
    hand_out::read(&Folder::new(home.path()), profile, &key_sources(home, key).ok()?, now).filter(is_named)
}

/// Ends what [`hand_out`] gives for a profile, until its login is opened again.
///
/// # Errors
/// Where the vault's folder cannot be written.
pub fn forget_hand_out(home: &Home, profile: &ProfileName) -> Result<(), Error> {
    Ok(hand_out::forget(&Folder::new(home.path()), profile)?)
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl SystemEntropy {
    /// Whether the system has any: asked once, before anything depends on it.
    ///
    /// # Errors
    /// [`Code::SystemShort`] with the system's reason.
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness enters")]
    pub fn check() -> Result<(), Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::with_detail(Code::SystemShort, KeptState::Everything, format!("no randomness: {error}"))
        })
    }
}

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness enters")]
    fn fill(&self, buffer: &mut [u8]) {
        drawn(buffer, getrandom::fill, || std::thread::sleep(DRAW_PAUSE));
    }
}

/// Fills the buffer from a source that may have nothing for a while, as one without a free descriptor does. What waits for it may be an
/// answer that is not sealed yet: to give up would lose a token, and to go on with less would make a weak key. So it
/// waits, as the system itself does before its own source is ready.
fn drawn<E: fmt::Display>(buffer: &mut [u8], source: impl Fn(&mut [u8]) -> Result<(), E>, pause: impl Fn()) {
    while let Err(error) = source(buffer) {
        tracing::error!(%error, "the operating system gives no randomness; it is asked again");
        pause();
    }
}

const DRAW_PAUSE: Duration = Duration::from_millis(200);

fn key_sources(home: &Home, key: &KeySource) -> Result<KeySources, Error> {
    let explicit = match key {
        KeySource::Unset => None,
        KeySource::Given(material) => Some(ExplicitKey::new("the variable TOKENWARD_KEY", material)),
        KeySource::File(path) => {
            // Whoever could write it could choose the key that everything is sealed under.
            let origin = Origin::Variable("TOKENWARD_KEY_FILE");
            let (bytes, _) = secret_file(Some(home), path, &origin).map_err(|error| {
                let (code, words) = match &error {
                    SettingsError::SecretUnreadable { source, .. } => {
                        (Code::VaultKey, format!("{}: {source}", masking::file(&path.display().to_string())))
                    }
                    error => (error.code(), error.to_string()),
                };
                Error::with_detail(code, KeptState::Everything, words)
            })?;
            Some(ExplicitKey::new(format!("the file {}", path.display()), &bytes))
        }
    };
    Ok(KeySources { explicit, keyring: desktop_keyring(home) })
}

/// The keyring of the desktop, if there can be one (design/0000-charter.md §6: after an explicit key, before a key
/// file).
#[cfg(feature = "keyring")]
fn desktop_keyring(home: &Home) -> Option<Arc<dyn Keyring>> {
    let desktop = home.desktop();
    let found =
        tokenward_vault::DesktopKeyring::find(desktop.session_bus.as_deref(), desktop.runtime_folder.as_deref());
    found.map(|keyring| Arc::new(keyring) as Arc<dyn Keyring>)
}

/// Builds without the feature `keyring` know none.
#[cfg(not(feature = "keyring"))]
fn desktop_keyring(_: &Home) -> Option<Arc<dyn Keyring>> {
    None
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn randomness_that_is_not_there_is_waited_for() {
        let (asked, paused) = (Cell::new(0), Cell::new(0));
        let source = |buffer: &mut [u8]| {
            asked.set(asked.get() + 1);
            // What a source leaves that fails halfway is not taken.
            buffer[0] = 1;
            if asked.get() < 4 {
                return Err("no descriptor");
            }
            buffer.fill(7);
            Ok(())
        };
        let mut buffer = [0; 32];
        drawn(&mut buffer, source, || paused.set(paused.get() + 1));
        assert_eq!((buffer, asked.get(), paused.get()), ([7; 32], 4, 3));
    }
}
