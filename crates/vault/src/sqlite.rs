//! The embedded engine: one folder, one `SQLite` database, for as many processes of one machine as there are.
//!
//! Enters and leaves: the calls of [`tokenward_core::ports::Vault`]. `begin`, `keep_answer`, `commit`, `close`, `ask`, `log_in`,
//! `adopt`, `take_back`, `link`, `unlink` and `retire` are each one transaction and one sync. A crash inside one leaves the state before it; a crash after one, the state
//! after it.

mod adopt;
pub(crate) mod connect;
mod grants;
mod health;
mod identity;
mod journal;
mod known_tokens;
mod leases;
mod links;
mod logins;
mod names;
mod over;
mod publish;
pub(crate) mod rows;
pub(crate) mod statements;
mod stillborn;
mod wish;

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Sqlite, Transaction};
use tokenward_core::ports::{
    Adopted, Adoption, AnswerKept, Clock, Committed, Entropy, Grants, Journal, Keepsake, Keepsakes, LeaseAttempt,
    Leases, LinkBook, LoggedIn, LoginAnswer, LoginAnswerId, LoginAnswers, LoginCopy, Logins, NameGiven, NewLogin,
    Revocable, Told, VaultError, Wished,
};
use tokenward_core::rotation::Turn;
use tokenward_core::{
    AppName, Closing, Entry, Fence, Generation, Grant, GrantId, Holder, Intent, IntentDraft, IntentId, KnownToken,
    Lease, Link, LinkId, NameLease, NewLink, ProfileName, RawAnswer, Receipt, Recognised, RefreshToken, Rules,
    SecretBytes, Spend, Standing, Subject, Terms, TokenApi, TokenSet, Trouble,
};
use zeroize::Zeroizing;

use crate::error::{damaged, from_io};
use crate::folder::{Folder, Repair};
use crate::handout::Linked;
use crate::key::{self, KeySource, KeySources, Unlocked, VaultId};
use crate::locks::Waiters;
use crate::rescue::Rescue;
use crate::room;
use crate::seal::{Keys, Label, Unopened};

use connect::{Connections, Held, Role};
use leases::Seat;
use rows::Fault;
use statements as sql;

pub use grants::DamagedLogin;
pub use health::{Health, WaitingAnswer};

/// Finds the rules for what a family issued to an app; `None` where nobody knows them.
pub type RulesOf = Arc<dyn Fn(&AppName, TokenApi) -> Option<Rules> + Send + Sync>;

/// What a vault needs from outside.
pub struct VaultOptions {
    /// Where it lies.
    pub folder: Folder,
    /// Who may keep its key.
    pub keys: KeySources,
    /// The time of day; leases lapse by it, and entries are dated by it.
    pub clock: Arc<dyn Clock>,
    /// Randomness for keys, nonces and ids.
    pub entropy: Arc<dyn Entropy>,
    /// The rules of an app's provider: they tell from when on a hand-out file is not to be served any more, and whether
    /// it has to go before a spend. `None` for an app that is unknown: its grants get no hand-out file.
    pub rules: RulesOf,
}

/// What is worth telling about an open vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The database engine with its version.
    pub engine: String,
    /// The schema of the database.
    pub schema: i64,
    /// The kind of source that keeps the key.
    pub key_source: KeySource,
    /// The source of the key, in words.
    pub key: String,
    /// `TOKENWARD_HOME`.
    pub folder: PathBuf,
    /// What was open to others and has been repaired by this opening.
    pub repairs: Vec<Repair>,
    /// What else a person should know.
    pub notes: Vec<String>,
}

/// A set that was issued and is not the present generation of its grant (I3).
#[derive(Debug)]
pub struct ParkedSet {
    /// The spend that brought it; `None` when a login took its place.
    pub intent: Option<IntentId>,
    /// The generation it would have been, or was.
    pub generation: Generation,
    /// When it was parked.
    pub at: Timestamp,
    /// The tokens.
    pub set: TokenSet,
}

/// The vault of one folder.
pub struct SqliteVault {
    pub(crate) folder: Folder,
    pub(crate) sources: KeySources,
    clock: Arc<dyn Clock>,
    rules: RulesOf,
    pub(crate) sealer: Sealer,
    key_source: KeySource,
    key_words: String,
    repairs: Vec<Repair>,
    connections: Connections,
    rescue: Rescue,
    /// The lock files, by their paths, of leases held by this object; dropping one wakes the waiters.
    held: Mutex<HashMap<PathBuf, (Fence, Option<File>)>>,
    waiters: Waiters,
    /// Since when a lock was found taken while its row was free.
    rowless: Mutex<HashMap<PathBuf, tokio::time::Instant>>,
    /// The `key.json` that was read last.
    key_stamp: Mutex<Option<key::Stamp>>,
    /// Generations, and looks of linked files, whose hand-out file was seen to be in step.
    published: Mutex<HashMap<GrantId, (Generation, Vec<Linked>)>>,
}

/// The keys of the vault in use, with the randomness to seal by.
pub(crate) struct Sealer {
    keys: RwLock<Arc<Keys>>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Sealer {
    pub(crate) fn seal(&self, label: &Label, plain: &[u8]) -> Vec<u8> {
        self.keys().seal(&*self.entropy, label, plain)
    }

    pub(crate) fn open(&self, label: &Label, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
        self.keys().open(label, blob)
    }

    pub(crate) fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, keys: Keys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}

impl SqliteVault {
    /// Opens the vault of a folder, or creates it where there is none.
    ///
    /// Only the key is read; the database is opened by the first call that needs it.
    ///
    /// # Errors
    /// [`VaultError::Key`] when the key is missing or does not fit; [`VaultError::OpenToOthers`] when the folder is not
    /// ours alone; what the system says when it cannot be created. An unreadable vault is never taken for a missing one.
    pub async fn open(options: VaultOptions) -> Result<Self, VaultError> {
        let VaultOptions { folder, keys: sources, clock, entropy, rules } = options;
        crate::restore::finish_interrupted(&folder)?;
        let repairs = folder.prepare()?;
        let stamp = key::stamp(&folder);
        let unlocked = match key::unlock(&folder, &sources)? {
            Some(unlocked) => unlocked,
            None => create(&folder, &sources, &*entropy).await?,
        };
        let Unlocked { keys, vault, source, words } = unlocked;
        Ok(Self {
            connections: Connections::new(&folder, vault),
            rescue: Rescue::new(folder.rescue()),
            sealer: Sealer { keys: RwLock::new(Arc::new(keys)), entropy },
            key_source: source,
            key_words: words,
            held: Mutex::default(),
            waiters: Waiters::default(),
            rowless: Mutex::default(),
            key_stamp: Mutex::new(stamp),
            published: Mutex::default(),
            folder,
            sources,
            clock,
            rules,
            repairs,
        })
    }

    /// What is worth telling about it. Opens the database, and so finds what is wrong with it.
    pub async fn info(&self) -> Result<Info, VaultError> {
        let mut connection = self.connections.get(Role::Reading).await?;
        let header = connect::header(&mut connection).await.map_err(|error| self.connections.error(&error))?;
        let version: String = sqlx::query_scalar(sql::VERSION)
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| self.connections.error(&error))?;
        let mut notes = Vec::new();
        if let (Some(explicit), true) = (&self.sources.explicit, self.key_source != KeySource::Explicit) {
            notes.push(format!(
                "{} is given, but this vault was sealed with {}; change that with: tokenward vault rekey",
                explicit.words(),
                self.key_words
            ));
        }
        Ok(Info {
            engine: format!("SQLite {version}"),
            schema: header.schema,
            key_source: self.key_source,
            key: self.key_words.clone(),
            folder: self.folder.home().to_owned(),
            repairs: self.repairs.clone(),
            notes,
        })
    }

    /// What was open to others and has been repaired by this opening.
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// Closes the vault's connections properly. For a process that goes on living without its vault; one that ends need not.
    /// A call that follows opens them again.
    pub async fn close_connections(&self) -> Result<(), VaultError> {
        self.connections.close().await
    }

    async fn read(&self) -> Result<Held<'_>, VaultError> {
        self.connections.get(Role::Reading).await
    }

    pub(crate) async fn journalling(&self) -> Result<Held<'_>, VaultError> {
        self.connections.get(Role::Journalling).await
    }

    async fn leasing(&self) -> Result<Held<'_>, VaultError> {
        self.connections.get(Role::Leasing).await
    }

    pub(crate) async fn begin_write<'c>(
        &self,
        connection: &'c mut SqliteConnection,
    ) -> Result<Transaction<'c, Sqlite>, VaultError> {
        self.refresh_keys();
        connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| self.sql(&error))
    }

    pub(crate) fn sql(&self, error: &sqlx::Error) -> VaultError {
        self.connections.error(error)
    }

    pub(crate) fn io(&self, error: &std::io::Error) -> VaultError {
        from_io(self.folder.vault(), error)
    }

    pub(crate) fn fault(&self, fault: Fault) -> VaultError {
        let database = self.folder.database();
        match fault {
            Fault::Damaged(what) => damaged(&database, &what),
            Fault::UnknownKey => VaultError::Key {
                path: database,
                key: self.key_words.clone(),
                reason: "something in it was sealed with a data key that key.json does not hold; restore a backup"
                    .to_owned(),
            },
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Creates a vault under the folder's lock: key, database, and at last `key.json`, whose presence says that it is
/// whole. A creation that a crash cut short is begun again.
async fn create(folder: &Folder, sources: &KeySources, entropy: &dyn Entropy) -> Result<Unlocked, VaultError> {
    let path = folder.folder_lock();
    let blocking = path.clone();
    // Many processes may wait here for the one that creates.
    let _lock = tokio::task::spawn_blocking(move || crate::locks::lock(&blocking))
        .await
        .map_err(|error| VaultError::Unreadable { path: path.clone(), reason: error.to_string() })?
        .map_err(|error| from_io(&path, &error))?;
    if let Some(unlocked) = key::unlock(folder, sources)? {
        return Ok(unlocked);
    }
    let database = folder.database();
    if stillborn::is_stillborn(folder) {
        stillborn::set_aside(folder)?;
    }
    if database.exists() {
        if !connect::is_empty(folder).await {
            return Err(VaultError::Key {
                path: folder.vault().to_owned(),
                key: folder.wrapped_key().display().to_string(),
                reason: "the file is missing and the vault is not empty; put it back, or restore a backup".to_owned(),
            });
        }
        connect::remove(&database)?;
    }
    let vault = VaultId::draw(entropy);
    let source = key::choose(folder, sources, vault, entropy)?;
    connect::create(folder, vault).await?;
    Rescue::new(folder.rescue()).ready()?;
    key::store(folder, sources, source, vault, &Keys::fresh(entropy), entropy)?;
    // The folders themselves are new too, perhaps.
    for new in [Some(folder.home()), folder.home().parent().filter(|path| !path.as_os_str().is_empty())] {
        let synced = new.map_or(Ok(()), crate::folder::sync_folder);
        // A parent that may be passed through and not read cannot be synced; it was not made by us then.
        if let Err(error) = synced {
            tracing::debug!(%error, "a parent folder was not synced");
        }
    }
    key::unlock(folder, sources)?.ok_or_else(|| VaultError::Unreadable {
        path: folder.wrapped_key(),
        reason: "it was written and is not there".to_owned(),
    })
}

#[async_trait]
impl Grants for SqliteVault {
    async fn grant_of(&self, profile: &ProfileName) -> Result<Option<GrantId>, VaultError> {
        self.find_grant(profile).await
    }

    async fn grant(&self, id: GrantId) -> Result<Grant, VaultError> {
        self.read_grant(id).await
    }

    async fn grants(&self) -> Result<Vec<Grant>, VaultError> {
        self.read_grants().await
    }

    async fn journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, VaultError> {
        self.read_journal(id, limit).await
    }

    async fn copy(&self, id: GrantId) -> Result<LoginCopy, VaultError> {
        self.copy_login(id).await
    }

    async fn recognise(&self, token: &RefreshToken) -> Result<Recognised, VaultError> {
        self.recognise_token(token).await
    }

    async fn known_tokens(&self, texts: &[Zeroizing<String>]) -> Result<Vec<Option<KnownToken>>, VaultError> {
        self.find_tokens(texts).await
    }

    async fn name_subject(&self, id: GrantId, subject: &Subject) -> Result<(), VaultError> {
        self.store_subject(id, subject).await
    }

    async fn access_refused(
        &self,
        id: GrantId,
        generation: Generation,
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), VaultError> {
        self.end_access(id, generation, provider_code, by).await
    }
}

#[async_trait]
impl Leases for SqliteVault {
    async fn lease(&self, id: GrantId, holder: &Holder, ttl: Duration) -> Result<LeaseAttempt, VaultError> {
        self.try_lease(id, holder, ttl).await
    }

    async fn renew(&self, lease: &mut Lease, ttl: Duration) -> Result<(), VaultError> {
        self.prolong(lease, ttl).await
    }

    async fn release(&self, lease: Lease) -> Result<(), VaultError> {
        self.give_back(Seat::Grant(lease.grant), lease.fence).await
    }

    async fn wait(&self, id: GrantId, patience: Duration) {
        self.wait_for_lease(Seat::Grant(id), patience).await;
    }

    async fn lease_name(
        &self,
        name: &ProfileName,
        holder: &Holder,
        ttl: Duration,
    ) -> Result<LeaseAttempt<NameLease>, VaultError> {
        self.try_name(name, holder, ttl).await
    }

    async fn release_name(&self, lease: NameLease) -> Result<(), VaultError> {
        self.give_back(Seat::Name(&lease.name), lease.fence).await
    }

    async fn wait_name(&self, name: &ProfileName, patience: Duration) {
        self.wait_for_lease(Seat::Name(name), patience).await;
    }
}

#[async_trait]
impl Journal for SqliteVault {
    async fn prove(&self) -> Result<(), VaultError> {
        self.prove_writable().await
    }

    async fn begin(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, VaultError> {
        self.begin_spend(lease, draft).await
    }

    async fn open_intents(&self, id: GrantId) -> Result<Vec<Intent>, VaultError> {
        self.read_open_intents(id).await
    }

    async fn keep_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, VaultError> {
        self.store_answer(intent, answer).await
    }

    async fn commit(&self, intent: IntentId, turn: Turn) -> Result<Committed, VaultError> {
        self.commit_turn(intent, turn).await
    }

    async fn close(&self, intent: IntentId, closing: Closing, standing: Option<Standing>) -> Result<(), VaultError> {
        self.close_intent(intent, closing, standing).await
    }

    async fn ask(&self, lease: &NameLease) -> Result<(), VaultError> {
        self.record_question(lease).await
    }

    async fn ask_in_vain(&self, lease: &NameLease) -> Result<(), VaultError> {
        self.withdraw_question(lease).await
    }
}

#[async_trait]
impl Logins for SqliteVault {
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, VaultError> {
        self.store_login(login).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, VaultError> {
        self.adopt_login(adoption).await
    }

    async fn give_name(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, VaultError> {
        self.point_profile(id, profile, replace, by).await
    }

    async fn told(
        &self,
        id: GrantId,
        generation: Generation,
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<Told, VaultError> {
        self.record_told(id, generation, subject, aside, by).await
    }

    async fn take_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, VaultError> {
        self.bring_back(id, refused, by).await
    }

    async fn take_back_token(&self, token: &RefreshToken, source: &str, by: &Holder) -> Result<Wished, VaultError> {
        self.wish_back(token, source, by).await
    }

    async fn forget_refused(&self, id: GrantId) -> Result<bool, VaultError> {
        self.forget_grant(id).await
    }

    async fn revocable(&self, lease: &Lease) -> Result<Revocable, VaultError> {
        self.read_revocable(lease).await
    }

    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), VaultError> {
        self.retire_grant(lease, at, revoked).await
    }
}

#[async_trait]
impl LoginAnswers for SqliteVault {
    async fn keep_login_answer(
        &self,
        profile: &ProfileName,
        app: &AppName,
        api: TokenApi,
        answer: &RawAnswer,
    ) -> Result<LoginAnswerId, VaultError> {
        self.store_login_answer(profile, app, api, answer).await
    }

    async fn login_answers(&self) -> Result<Vec<LoginAnswer>, VaultError> {
        self.read_login_answers().await
    }

    async fn drop_login_answer(&self, id: LoginAnswerId) -> Result<(), VaultError> {
        self.remove_login_answer(id).await
    }

    async fn set_aside(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), VaultError> {
        self.park_login(answer, id, set).await
    }
}

#[async_trait]
impl Keepsakes for SqliteVault {
    async fn keep(&self, what: &Keepsake, value: &SecretBytes, expires: Option<Timestamp>) -> Result<(), VaultError> {
        self.store_keepsake(what, value, expires).await
    }

    async fn recall(&self, what: &Keepsake) -> Result<Option<(SecretBytes, Option<Timestamp>)>, VaultError> {
        self.read_keepsake(what).await
    }

    async fn forget(&self, what: &Keepsake) -> Result<(), VaultError> {
        self.remove_keepsake(what).await
    }
}

#[async_trait]
impl LinkBook for SqliteVault {
    async fn link(&self, link: NewLink, by: &Holder) -> Result<Link, VaultError> {
        self.make_link(link, by).await
    }

    async fn set_terms(&self, id: LinkId, terms: Terms) -> Result<(), VaultError> {
        self.store_terms(id, terms).await
    }

    async fn unlink(&self, id: LinkId, by: &Holder) -> Result<bool, VaultError> {
        self.end_link(id, by).await
    }

    async fn links(&self, profile: Option<&ProfileName>) -> Result<Vec<Link>, VaultError> {
        self.read_links(profile).await
    }

    async fn receipt(&self, id: LinkId, receipt: Receipt, healed: Option<Generation>) -> Result<(), VaultError> {
        self.store_receipt(id, receipt, healed).await
    }

    async fn trouble(&self, id: LinkId, trouble: Trouble) -> Result<(), VaultError> {
        self.store_trouble(id, trouble).await
    }
}

impl SqliteVault {
    /// See `Journal::prove`. Asks the kernel, and opens the connection that the intent will be written by. That it can be written indeed
    /// is shown by the intent itself, which comes before the spend.
    async fn prove_writable(&self) -> Result<(), VaultError> {
        room::check(self.folder.vault())?;
        room::writable(&self.folder.database())?;
        self.rescue.ready()?;
        self.journalling().await.map(drop)
    }
}
