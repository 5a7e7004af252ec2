//! What is known, before anything is concluded from it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokenward_core::ports::{CallError, Checkup, Explained};
use tokenward_core::rotation_policy::Recovery;
use tokenward_core::{
    AppName, Entry, Grant, Holder, HolderFate, IntentId, Platform, ProfileName, ProviderName, RedirectUri, Scopes,
    TokenApi,
};
use url::Url;

use crate::links::LinkState;
use crate::settings::{ResolvedProfile, SettingsError, Warning};
use crate::stores::Tool;
use crate::{Error, LoginWithoutProfile, Repair, Restored};

/// Everything that [`super::examine`] looks at.
#[derive(Debug)]
pub struct Facts {
    /// Now.
    pub now: Timestamp,
    /// Whether calls that spend nothing were permitted.
    pub online: bool,
    /// Why no profile could be chosen, if none could.
    pub unsettled: Option<Arc<SettingsError>>,
    /// What works and is probably not what was meant.
    pub warnings: Vec<Warning>,
    /// The profiles, the one that is meant first.
    pub profiles: Vec<ProfileFacts>,
    /// The store.
    pub store: StoreFacts,
    /// What other tools on this machine keep.
    pub others: Vec<OtherStore>,
    /// That the vault was brought back from a copy, if it was.
    pub restored: Option<Restored>,
    /// The logins that no profile points at.
    pub without_profile: Vec<LoginWithoutProfile>,
    /// Two live logins of one user and app: the one that can go, and the one that a program keeps or that is newer.
    pub doubled: Vec<(ProfileName, ProfileName)>,
}

impl Facts {
    /// Whether anything was sent to a provider: where no secret is known, nothing can be.
    pub fn was_asked(&self) -> bool {
        let asked = |profile: &ProfileFacts| {
            profile.app.as_ref().is_ok_and(|app| app.checkup.is_some())
                || profile.login.as_ref().is_some_and(|login| login.alive.is_some())
        };
        self.profiles.iter().any(asked)
    }

    /// Nothing but that the settings cannot be read, which everything else rests on.
    pub fn unreadable(now: Timestamp, online: bool, error: SettingsError) -> Self {
        let (unsettled, store) = (Some(Arc::new(error)), StoreFacts::NotLooked);
        Self {
            now,
            online,
            unsettled,
            warnings: Vec::new(),
            profiles: Vec::new(),
            store,
            others: Vec::new(),
            restored: None,
            without_profile: Vec::new(),
            doubled: Vec::new(),
        }
    }
}

/// How much of a profile is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything.
    Full,
    /// One line, and only if it needs attention.
    Attention,
}

/// One profile.
#[derive(Debug)]
pub struct ProfileFacts {
    /// Its name.
    pub name: ProfileName,
    /// How much of it is told.
    pub depth: Depth,
    /// Its app, or why there is none.
    pub app: Result<AppFacts, Arc<SettingsError>>,
    /// What works in its settings and is probably not what was meant.
    pub warnings: Vec<Warning>,
    /// The script's file that the login is of, if it is of one: it has no app and no settings.
    pub script: Option<PathBuf>,
    /// Whether it is one of a program that brings its own settings, as a Django site does: the settings here do not know it.
    pub program: bool,
    /// The id of the login's app, where only variables described it that are not set here.
    pub elsewhere: Option<String>,
    /// Its login, if the vault has one.
    pub login: Option<LoginFacts>,
    /// The files that are kept in step with it.
    pub links: Vec<LinkState>,
    /// Whether a login could come back to this machine; looked at only for a profile that is told in full.
    pub port: Option<PortFacts>,
    /// The names of the logins that are kept under it with a user's name behind it, for an app that serves many.
    pub users: Vec<ProfileName>,
    /// Whether a server opens logins of a web back end's users under it.
    pub for_web_users: bool,
}

/// An app as the settings describe it.
#[derive(Debug)]
pub struct AppFacts {
    /// Its name.
    pub name: AppName,
    /// `client_id`.
    pub client_id: String,
    /// Its provider.
    pub provider: ProviderName,
    /// The open platform's host.
    pub host: String,
    /// Where it is used, for a provider without brands.
    pub service: Option<Service>,
    /// Whether the hosts are a brand's own, and not a gateway or a test stand.
    pub own_hosts: bool,
    /// The endpoint family for new logins.
    pub token_api: TokenApi,
    /// What a login asks for.
    pub scopes: Scopes,
    /// Where its secret is.
    pub secret: SecretFacts,
    /// What the provider says of it, if it was asked.
    pub checkup: Option<Checkup>,
}

/// Where an app of `BlueKing` or of a plain OAuth server is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Where tokens come from.
    pub tokens: Url,
    /// Where calls go.
    pub calls: Url,
    /// The realm of bkauth.
    pub realm: Option<String>,
}

impl Service {
    pub(super) fn of(profile: &ResolvedProfile) -> Option<Self> {
        let realm = match &profile.platform {
            Platform::BlueKing(app) => app.realm.clone().filter(|_| profile.token_api == TokenApi::BkAuth),
            Platform::OAuth2(_) => None,
            Platform::Feishu(_) => return None,
        };
        Some(Self { tokens: profile.hosts.accounts.clone(), calls: profile.hosts.open.clone(), realm })
    }
}

/// Where an app's secret is.
#[derive(Debug, Clone)]
pub enum SecretFacts {
    /// In the environment.
    Given,
    /// In a file.
    File {
        /// The file.
        path: PathBuf,
        /// Its mode, if others may read it.
        open_mode: Option<u32>,
    },
    /// Sealed in the vault.
    Vault,
    /// There is none, and none is wanted: a public client.
    Public,
    /// Nowhere.
    Missing,
    /// It cannot be read.
    Unreadable(Arc<SettingsError>),
    /// It would be in the vault, which cannot be opened.
    Behind,
}

/// A login and what is known about it.
#[derive(Debug)]
pub struct LoginFacts {
    /// The grant.
    pub grant: Grant,
    /// When its access token is due to be rotated.
    pub due_at: Option<Timestamp>,
    /// Spends that nobody closed, oldest first.
    pub open: Vec<OpenRotation>,
    /// What happened, newest first.
    pub journal: Vec<Entry>,
    /// Sets that are kept aside, newest first.
    pub aside: Vec<Aside>,
    /// The provider's codes that occur in the journal or the standing.
    pub codes: BTreeMap<i64, Explained>,
    /// Whether the engine hands its access token out still.
    pub serves: bool,
    /// Whether the provider accepts the access token, if it was asked.
    pub alive: Option<Result<(), CallError>>,
}

/// A spend that nobody closed.
#[derive(Debug, Clone)]
pub struct OpenRotation {
    /// Its intent.
    pub intent: IntentId,
    /// Who sends, or sent.
    pub sender: Holder,
    /// What became of that process.
    pub fate: HolderFate,
    /// When it began.
    pub begun: Timestamp,
    /// When the sender gives up for certain.
    pub deadline: Timestamp,
    /// What the next process will do.
    pub recovery: Recovery,
    /// The answer, if one is kept.
    pub answer: Option<KeptAnswer>,
}

/// An answer that is kept and not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptAnswer {
    /// When it arrived.
    pub received: Timestamp,
    /// Whether it lies in the rescue slot, since the journal could not be written.
    pub in_rescue_slot: bool,
    /// What it says.
    pub says: Says,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// It brings new tokens.
    Tokens,
    /// It refuses.
    Refusal(Option<i64>),
    /// It cannot be read.
    Nothing,
}

/// A set that is kept aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aside {
    /// Since when.
    pub at: Timestamp,
    /// Whether a login or an adopted set took its place; otherwise it came too late.
    pub replaced: bool,
}

/// Whether a login could come back.
#[derive(Debug, Clone)]
pub enum PortFacts {
    /// It can be listened for.
    Free(RedirectUri),
    /// Another program has the port.
    Taken(RedirectUri),
    /// The redirect URL leads elsewhere.
    Elsewhere(RedirectUri),
    /// It cannot be listened for.
    Refused(RedirectUri, String),
}

/// The store.
#[derive(Debug)]
pub enum StoreFacts {
    /// It was not looked at.
    NotLooked,
    /// There is none yet.
    Absent(PathBuf),
    /// The key that was given for it is none.
    Keyless(Arc<SettingsError>),
    /// It cannot be opened.
    Closed(PathBuf, Error),
    /// It is open.
    Open(Box<OpenStore>),
}

/// A store that can be read.
#[derive(Debug)]
pub struct OpenStore {
    /// Its folder.
    pub folder: PathBuf,
    /// The database engine with its version.
    pub engine: String,
    /// What opens it.
    pub key: KeyFacts,
    /// Whether a key is given that it does not use.
    pub key_unused: bool,
    /// What `SQLite` complains of.
    pub damage: Vec<String>,
    /// Free bytes.
    pub free: u64,
    /// Answers in rescue slots whose spends its journal does not know.
    pub orphans: usize,
    /// Why logins that were looked at cannot be read: it has lost what was written last, and the hand-out file is newer.
    pub unread: Vec<Error>,
    /// Why it cannot be written, if it cannot.
    pub unwritable: Option<Error>,
    /// What was open to others and has been mended by this look.
    pub repairs: Vec<Repair>,
    /// Profiles with a kept answer to a login that is not stored yet.
    pub unfinished: Vec<ProfileName>,
    /// What of it belongs to another user than its folder does.
    pub foreign: Option<ForeignFiles>,
}

/// Files of the vault that belong to another user, such as one run as root leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignFiles {
    /// The first of them.
    pub first: PathBuf,
    /// How many there are.
    pub count: usize,
    /// The number of their owner.
    pub owner: u32,
    /// The number of the vault's owner.
    pub ours: u32,
    /// Whether this process is kept from one of them.
    pub shut: bool,
}

/// A store of another tool.
#[derive(Debug)]
pub struct OtherStore {
    /// Whose it is.
    pub tool: Tool,
    /// Its file or folder.
    pub place: PathBuf,
    /// What is in it, or why it cannot be looked into (English).
    pub logins: Result<Vec<HeldLogin>, String>,
}

/// A login that another tool keeps, without its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLogin {
    /// Words that tell it from the others.
    pub account: String,
    /// The file it stands in.
    pub place: PathBuf,
    /// The app's `client_id`, if told.
    pub app_id: Option<String>,
    /// The user's id within the app, if told.
    pub user: Option<String>,
    /// What its refresh token is to this vault.
    pub refresh: HeldRefresh,
}

/// What another tool's refresh token is to this vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldRefresh {
    /// There is none.
    Absent,
    /// The present one of a profile.
    Present(ProfileName),
    /// One that was used up.
    Used,
    /// One that it has never seen.
    Unknown,
}

/// What opens the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFacts {
    /// Its own key file.
    OwnFile(PathBuf),
    /// The file that `TOKENWARD_KEY_FILE` names.
    GivenFile(PathBuf),
    /// `TOKENWARD_KEY`.
    Variable,
    /// The operating system's keyring.
    Keyring,
}
