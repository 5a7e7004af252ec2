//! Every story that a look can tell, with its code and how bad it is.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokenward_core::ports::Clocks;
use tokenward_core::{
    AppName, Code, GrantId, ProfileName, ProviderName, RedirectUri, Refusal, Subject, TokenApi, TransportFault,
};

use super::facts::{ForeignFiles, HeldLogin, KeyFacts, Says, SecretFacts, Service};
use super::rotation_facts::{Cause, Death, Doubtful, PastRotation, ProcessName};
use super::severity::Severity;
use crate::links::{FileComparison, LinkState};
use crate::settings::{SettingsError, Warning};
use crate::stores::Tool;
use crate::{Error, Repair, Restored};

/// What was found.
#[derive(Debug, Clone)]
pub enum Story {
    /// An app is set up.
    AppReady {
        /// Its name.
        app: AppName,
        /// `client_id`.
        client_id: String,
        /// The endpoint family for new logins.
        token_api: TokenApi,
        /// Where it is used, for a provider without brands.
        service: Option<Service>,
    },
    /// The settings cannot be used.
    Settings(Arc<SettingsError>),
    /// A login is there, and its app is neither in the settings nor in this shell's variables.
    AppElsewhere {
        /// Its profile.
        profile: ProfileName,
        /// The app's id.
        client_id: String,
    },
    /// A setting works and is probably not what was meant.
    SettingDoubtful(Warning),
    /// The provider accepts id and secret.
    SecretAccepted(SecretFacts),
    /// The secret is there; nobody asked the provider.
    SecretNotChecked(SecretFacts),
    /// There is none.
    SecretMissing(AppName),
    /// The provider refuses the app.
    AppRefused {
        /// What it said.
        refusal: Refusal,
        /// The provider of the settings.
        provider: ProviderName,
    },
    /// The provider was asked and did not answer.
    NoAnswer(TransportFault),
    /// The app lacks what the question needs (a store app without a ticket).
    AppLacks {
        /// What.
        what: &'static str,
        /// The provider of the settings.
        provider: ProviderName,
    },
    /// Others may read the file with the secret.
    SecretOpen {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The logins are those of a program that brings its own settings.
    Program,
    /// The login is that of a script's file; it needs no app and no settings.
    Script(PathBuf),
    /// Nobody has logged in.
    NotLoggedIn,
    /// Whose logins are kept, for an app that serves many users.
    Users(Vec<ProfileName>),
    /// How many users of a web back end have a login, for a profile whose logins a server opens.
    WebUsers(usize),
    /// Logged out by a person.
    LoggedOut {
        /// Since when.
        since: Timestamp,
    },
    /// The login is a consent to another app than the profile names.
    OtherApp {
        /// The app that the person consented to.
        consented: AppName,
        /// The app that the profile names.
        named: AppName,
    },
    /// A login is there.
    Login {
        /// Whose it is, if told.
        subject: Option<Subject>,
        /// The granted scopes.
        scopes: Vec<String>,
        /// When the person consented.
        consented: Timestamp,
        /// The endpoint family that issued it.
        issued_by: TokenApi,
    },
    /// A login is kept that no profile points at.
    WithoutProfile {
        /// Its id, for commands.
        grant: GrantId,
        /// The app that its user consented to.
        app: AppName,
        /// Whose it is, if told.
        subject: Option<Subject>,
        /// Where it came from; `None` for a person's own login.
        source: Option<String>,
        /// When it came.
        since: Timestamp,
        /// A profile of that app, which has another login.
        profile: Option<ProfileName>,
        /// Whether it is over, so that it is of no use to any profile.
        is_over: bool,
    },
    /// One user has two logins of one app.
    Doubled {
        /// The one that a person made, and that can go.
        goes: ProfileName,
        /// The other.
        stays: ProfileName,
    },
    /// Nobody has said yet whose the present login is; the profile has a user.
    Unproven {
        /// That one.
        user: Option<Subject>,
    },
    /// Scopes that the settings ask for were not granted.
    ScopesNotGranted(Vec<String>),
    /// A person must log in again.
    Dead(Box<Death>),
    /// The present refresh token was sent, and nobody knows what came of it.
    InDoubt(Doubtful),
    /// How long the tokens live.
    Lives {
        /// The access token's end.
        access: Option<Timestamp>,
        /// From when on it is rotated.
        due_at: Option<Timestamp>,
        /// The refresh token's end.
        refresh: Option<Timestamp>,
        /// The end that no refresh can move.
        wall: Option<Timestamp>,
    },
    /// The provider accepts the access token.
    AccessAccepted,
    /// The provider refuses it before its end.
    AccessDead(Refusal),
    /// The vault came back from a copy, and the vault before it had used the copy's refresh token.
    UsedBeforeRestore(Restored),
    /// There is no refresh token.
    NoRefreshToken {
        /// The access token's end.
        access: Option<Timestamp>,
        /// Whether the access token still serves.
        serving: bool,
    },
    /// An end that is known has passed.
    EndPassed {
        /// When it was.
        end: Timestamp,
        /// Whether it is the one that no refresh can move.
        wall: bool,
    },
    /// The login ends soon, by the wall or because nobody uses it.
    EndsSoon {
        /// When it is.
        end: Timestamp,
        /// Whether it is the one that no refresh can move.
        wall: bool,
    },
    /// The last rotations, newest first.
    LastRotations(Vec<PastRotation>),
    /// A rotation is under way.
    UnderWay {
        /// Who sends, or sent.
        sender: ProcessName,
        /// When it began.
        begun: Timestamp,
        /// When the sender gives up for certain.
        deadline: Timestamp,
        /// Whether that process can be seen to live.
        visible: bool,
    },
    /// An answer waits to be read.
    AnswerWaits {
        /// Who sends, or sent.
        sender: ProcessName,
        /// When it arrived.
        received: Timestamp,
        /// Whether it lies in the rescue slot.
        in_rescue_slot: bool,
        /// What it says.
        says: Says,
    },
    /// The last rotation failed for a cause outside the token, which is unspent.
    LastFailed {
        /// Our code.
        code: Code,
        /// What the provider said.
        cause: Cause,
        /// When.
        at: Timestamp,
        /// Who sends, or sent.
        sender: Option<ProcessName>,
        /// Whether the access token still serves.
        serving: bool,
        /// Whether an earlier send of the token is in doubt; otherwise it is unspent.
        doubtful: bool,
        /// Whether the provider accepts the app by now, which it refused then.
        mended: bool,
    },
    /// Sets are kept aside.
    SetAside {
        /// How many came too late.
        late: usize,
        /// How many gave way to a login or an adopted set.
        replaced: usize,
        /// Since when the newest is there.
        newest: Timestamp,
    },
    /// An adopted set has not rotated yet.
    OnTrial {
        /// Where it came from, if the journal still knows.
        source: Option<String>,
        /// When it was taken over.
        since: Timestamp,
    },
    /// The store is sound and can be written.
    StoreSound {
        /// Where it is.
        folder: PathBuf,
        /// The database engine with its version.
        engine: String,
        /// What opens it.
        key: KeyFacts,
        /// Free bytes.
        free: u64,
    },
    /// There is none yet.
    StoreAbsent(PathBuf),
    /// It cannot be opened.
    StoreClosed {
        /// Where it is.
        folder: PathBuf,
        /// Why.
        error: Error,
    },
    /// It cannot be written.
    StoreUnwritable {
        /// Where it is.
        folder: PathBuf,
        /// Why.
        error: Error,
    },
    /// Its file is damaged.
    StoreDamaged {
        /// Where it is.
        folder: PathBuf,
        /// `SQLite`'s words.
        complaints: Vec<String>,
    },
    /// Its disk is nearly full.
    RoomShort {
        /// Where it is.
        folder: PathBuf,
        /// Free bytes.
        free: u64,
    },
    /// Something of it was open to others.
    WasOpen(Repair),
    /// Something of it belongs to another user.
    NotOurs {
        /// Where it is.
        folder: PathBuf,
        /// What.
        files: ForeignFiles,
    },
    /// Rescue slots hold answers that belong to another vault.
    Orphans(usize),
    /// A login's answer is kept and not stored yet.
    LoginUnfinished(ProfileName),
    /// A key is given that it does not use.
    KeyNotUsed(KeyFacts),
    /// Both clocks agree.
    ClockRight(Clocks),
    /// Nobody asked the provider for the time; what is stored makes sense.
    ClockNotChecked,
    /// They do not.
    ClockWrong(Clocks),
    /// Something stored lies in the future.
    ClockWentBack {
        /// The latest such moment.
        stored: Timestamp,
    },
    /// The brand is right, as far as can be told.
    Brand {
        /// The provider of the settings.
        provider: ProviderName,
        /// The host in use.
        host: String,
        /// Whether the hosts are the brand's own.
        own_hosts: bool,
        /// Whether the provider has just accepted the app there.
        accepted: bool,
    },
    /// A login can come back.
    PortFree(RedirectUri),
    /// Another program has the port.
    PortTaken(RedirectUri),
    /// The redirect URL does not lead to this machine.
    RedirectElsewhere(RedirectUri),
    /// The port cannot be listened on.
    PortRefused {
        /// The redirect URL.
        redirect: RedirectUri,
        /// The system's reason.
        reason: String,
    },
    /// Every linked file is in step.
    LinksInStep(usize),
    /// Every linked file is in step, and the access token in them has expired: nobody has refreshed since.
    LinksExpired {
        /// How many.
        count: usize,
        /// When it expired.
        since: Timestamp,
    },
    /// A linked file is not.
    Link(Box<LinkState>),
    /// A linked file is written although others can read it or write its folder, because a person insisted.
    LinkPermits(Box<LinkState>),
    /// No other tool here holds a refresh token of ours; these were looked at.
    NoOtherOwner(Vec<Tool>),
    /// A tool's store that does not open without a question.
    ToolClosed {
        /// The tool.
        tool: Tool,
        /// Its file or folder.
        place: PathBuf,
        /// Why (English).
        reason: String,
    },
    /// A tool holds the present refresh token of a profile.
    SecondOwner {
        /// The tool.
        tool: Tool,
        /// What it holds.
        held: HeldLogin,
        /// Whose it is.
        profile: ProfileName,
    },
    /// A tool holds a refresh token that was used up.
    OldCopy {
        /// The tool.
        tool: Tool,
        /// What it holds.
        held: HeldLogin,
    },
    /// A tool holds a login of the same app and user as one that somebody else ended.
    Suspect {
        /// The tool.
        tool: Tool,
        /// What it holds.
        held: HeldLogin,
        /// Whose login ended.
        profile: ProfileName,
    },
    /// Another profile needs attention; `worst` is the worst of its findings.
    Other {
        /// Its name.
        profile: ProfileName,
        /// The worst that was found.
        worst: Box<Story>,
    },
}

impl Story {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Users(users) if users.is_empty() => Code::NotChecked,
            Self::AppReady { .. }
            | Self::Program
            | Self::Script(_)
            | Self::SecretAccepted(_)
            | Self::Login { .. }
            | Self::Lives { .. }
            | Self::AccessAccepted
            | Self::LastRotations(_)
            | Self::StoreSound { .. }
            | Self::ClockRight(_)
            | Self::Brand { .. }
            | Self::PortFree(_)
            | Self::LinksInStep(_)
            | Self::Users(_)
            | Self::WebUsers(1..)
            | Self::NoOtherOwner(_) => Code::CheckPassed,
            Self::SecretNotChecked(_)
            | Self::WebUsers(0)
            | Self::AppLacks { .. }
            | Self::StoreAbsent(_)
            | Self::ClockNotChecked
            | Self::RedirectElsewhere(_)
            | Self::ToolClosed { .. } => Code::NotChecked,
            Self::Settings(error) => error.code(),
            Self::SecretMissing(_) | Self::AppElsewhere { .. } => Code::SettingMissing,
            Self::AppRefused { refusal, .. } => match refusal.code() {
                // Nothing was spent: these two speak of a refresh.
                Code::RefusedUnclearly => Code::ProviderUnavailable,
                Code::RefreshTokenRefused => Code::AppSettings,
                code => code,
            },
            Self::NoAnswer(fault) => fault.unsent_code(),
            Self::SecretOpen { .. } | Self::WasOpen(_) | Self::LinkPermits(_) => Code::OpenToOthers,
            Self::NotLoggedIn
            | Self::LoggedOut { .. }
            | Self::OtherApp { .. }
            | Self::SettingDoubtful(Warning::LoginOfOtherApp { .. }) => Code::NotLoggedIn,
            Self::SettingDoubtful(_) => Code::SettingDoubtful,
            Self::ScopesNotGranted(_) => Code::ScopesNotGranted,
            Self::WithoutProfile { .. } => Code::LoginWithoutProfile,
            Self::Doubled { .. } => Code::SecondLogin,
            Self::Unproven { .. } => Code::UserUnproven,
            Self::Dead(death) => death.code,
            Self::InDoubt(_) => Code::OutcomeUnknown,
            Self::AccessDead(_) => Code::AccessTokenDead,
            Self::UsedBeforeRestore(_) => Code::ForeignSpender,
            Self::NoRefreshToken { .. } => Code::NoRefreshToken,
            Self::EndPassed { wall: true, .. } => Code::ConsentExpired,
            Self::EndPassed { wall: false, .. } => Code::RefreshTokenExpired,
            Self::EndsSoon { .. } => Code::LoginEndsSoon,
            Self::UnderWay { .. } => Code::TurnUnderWay,
            Self::AnswerWaits { .. } => Code::AnswerWaits,
            Self::LastFailed { code, .. } => *code,
            Self::SetAside { .. } => Code::SetAside,
            Self::OnTrial { .. } => Code::SetOnTrial,
            Self::StoreClosed { error, .. } | Self::StoreUnwritable { error, .. } => error.code(),
            Self::StoreDamaged { .. } => Code::VaultUnreadable,
            Self::RoomShort { .. } => Code::RoomShort,
            Self::NotOurs { files, .. } if files.shut => Code::VaultReadOnly,
            Self::NotOurs { .. } => Code::NotOurs,
            Self::Orphans(_) => Code::AnswerOfOtherVault,
            Self::LoginUnfinished(_) => Code::LoginUnfinished,
            Self::KeyNotUsed(_) => Code::KeyNotUsed,
            Self::ClockWrong(_) => Code::ClockWrong,
            Self::ClockWentBack { .. } => Code::ClockWentBack,
            Self::PortTaken(_) => Code::PortInUse,
            Self::PortRefused { .. } => Code::BadSetting,
            Self::LinksExpired { .. } => Code::LinkStale,
            Self::Link(state) => match (&state.exposed, &state.found) {
                (Some(error), _) => error.code(),
                (None, FileComparison::Behind | FileComparison::Stale { .. } | FileComparison::Newer) => {
                    Code::LinkStale
                }
                (None, FileComparison::OfAnotherUser { .. }) => Code::LoginWithoutProfile,
                (None, FileComparison::OfFormerUser { .. }) => Code::FormerUser,
                (None, FileComparison::OfEndedLogin { .. }) => Code::EndedLogin,
                (None, FileComparison::Unproven { .. }) => Code::UserUnproven,
                _ => Code::LinkUnusable,
            },
            Self::SecondOwner { .. } | Self::Suspect { .. } => Code::SecondOwner,
            Self::OldCopy { .. } => Code::OldCopy,
            Self::Other { worst, .. } => worst.code(),
        }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Settings(_)
            | Self::SecretMissing(_)
            | Self::AppElsewhere { .. }
            | Self::AppRefused { .. }
            | Self::NoAnswer(_)
            | Self::NotLoggedIn
            | Self::LoggedOut { .. }
            | Self::OtherApp { .. }
            // Its token is handed out by nobody.
            | Self::SettingDoubtful(Warning::LoginOfOtherApp { .. })
            | Self::Dead(_)
            | Self::InDoubt(_)
            | Self::EndPassed { .. }
            | Self::UsedBeforeRestore(_)
            | Self::StoreClosed { .. }
            | Self::StoreUnwritable { .. }
            | Self::StoreDamaged { .. } => Severity::Trouble,
            Self::NoRefreshToken { serving, .. } => {
                if *serving {
                    Severity::Warning
                } else {
                    Severity::Trouble
                }
            }
            // What passes by itself hurts only those who have nothing to use meanwhile; a setting stays as it is.
            Self::LastFailed { code, serving, mended, .. } => match (code, serving) {
                _ if *mended => Severity::Note,
                (Code::Unreachable | Code::ProviderUnavailable | Code::RateLimited, true) => Severity::Warning,
                _ => Severity::Trouble,
            },
            Self::NotOurs { files, .. } if files.shut => Severity::Trouble,
            // The login's own finding says that a person is needed.
            Self::Link(state) if matches!(state.found, FileComparison::WithoutLogin) => Severity::Note,
            Self::Users(users) if users.is_empty() => Severity::Note,
            Self::SettingDoubtful(_)
            | Self::SecretOpen { .. }
            | Self::ScopesNotGranted(_)
            | Self::WithoutProfile { .. }
            | Self::Doubled { .. }
            | Self::Unproven { .. }
            | Self::AccessDead(_)
            | Self::EndsSoon { .. }
            | Self::AnswerWaits { .. }
            | Self::RoomShort { .. }
            | Self::WasOpen(_)
            | Self::NotOurs { .. }
            | Self::Orphans(_)
            | Self::LoginUnfinished(_)
            | Self::ClockWrong(_)
            | Self::ClockWentBack { .. }
            | Self::PortTaken(_)
            | Self::PortRefused { .. }
            | Self::Link(_)
            | Self::SecondOwner { .. }
            | Self::Suspect { .. } => Severity::Warning,
            Self::SecretNotChecked(_)
            | Self::WebUsers(0)
            | Self::AppLacks { .. }
            | Self::UnderWay { .. }
            | Self::SetAside { .. }
            | Self::OnTrial { .. }
            | Self::StoreAbsent(_)
            | Self::KeyNotUsed(_)
            | Self::ClockNotChecked
            | Self::RedirectElsewhere(_)
            | Self::ToolClosed { .. }
            | Self::LinkPermits(_)
            | Self::LinksExpired { .. }
            | Self::OldCopy { .. } => Severity::Note,
            Self::AppReady { .. }
            | Self::Program
            | Self::Script(_)
            | Self::SecretAccepted(_)
            | Self::Login { .. }
            | Self::Lives { .. }
            | Self::AccessAccepted
            | Self::LastRotations(_)
            | Self::StoreSound { .. }
            | Self::ClockRight(_)
            | Self::Brand { .. }
            | Self::PortFree(_)
            | Self::LinksInStep(_)
            | Self::Users(_)
            | Self::WebUsers(1..)
            | Self::NoOtherOwner(_) => Severity::Good,
            Self::Other { worst, .. } => worst.severity(),
        }
    }
}
