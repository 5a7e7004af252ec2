//! The vault: sealed tokens, leases, journal.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::rotation::Turn;
use crate::{
    AccessToken, AppName, Closing, Code, Doubt, Entry, Generation, Grant, GrantId, Holder, Intent, IntentDraft,
    IntentId, KnownToken, Lease, Link, LinkId, NameLease, NewLink, ProfileName, RawAnswer, Receipt, Recognised,
    RefreshToken, SecretBytes, Spend, Standing, Subject, Terms, TokenApi, TokenSet, Trouble,
};

/// Why the vault could not do as asked; variants by what the caller can do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// It cannot be written. Nothing was changed.
    #[error("the vault at {} cannot be written: {reason}", path.display())]
    ReadOnly {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// There is no room. Nothing was changed.
    #[error("there is no room for the vault at {}: {reason}", path.display())]
    Full {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// Someone else holds its write lock for longer than is reasonable.
    #[error("the vault at {} is busy", path.display())]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// It cannot be read or understood. It is never treated as empty.
    #[error("the vault at {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Its key is not there, or does not fit.
    #[error("the vault at {} cannot be opened with the key from {key}: {reason}", path.display())]
    Key {
        /// Where.
        path: PathBuf,
        /// The source of the key, in words.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// A newer version of Tokenward wrote it.
    #[error("the vault at {} has schema {found}, this version knows {known}", path.display())]
    Newer {
        /// Where.
        path: PathBuf,
        /// The schema found.
        found: i64,
        /// The newest schema known.
        known: i64,
    },
    /// Others may read or write it, and that could not be mended.
    #[error("{} is open to other users (mode {mode:o})", path.display())]
    OpenToOthers {
        /// Which file or folder.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
    /// The home folder is somebody else's, who could put another vault in the place of this one.
    #[error("{} belongs to user {owner}, and neither to user {user} nor to root", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// To whom it belongs.
        owner: u32,
        /// To whom it would have to.
        user: u32,
    },
    /// There is no such grant.
    #[error("there is no grant {0}")]
    NoSuchGrant(GrantId),
    /// The lease has lapsed and someone else took it, or the generation has moved on.
    #[error("the grant has moved on")]
    Moved,
    /// Another intent is open and was not named as replayed (I1).
    #[error("a spend of this grant is open")]
    IntentOpen(IntentId),
    /// There is no refresh token to spend.
    #[error("the grant holds no refresh token")]
    NoRefreshToken,
}

impl VaultError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::ReadOnly { .. } => Code::VaultReadOnly,
            Self::Full { .. } => Code::VaultFull,
            Self::Busy { .. } => Code::VaultBusy,
            Self::Unreadable { .. } => Code::VaultUnreadable,
            Self::Key { .. } => Code::VaultKey,
            Self::Newer { .. } => Code::VaultNewer,
            Self::OpenToOthers { .. } | Self::NotOurs { .. } => Code::VaultOpenToOthers,
            Self::NoSuchGrant(_) => Code::NotLoggedIn,
            Self::Moved => Code::StillTurning,
            Self::IntentOpen(_) => Code::OutcomeUnknown,
            Self::NoRefreshToken => Code::NoRefreshToken,
        }
    }
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum LeaseAttempt<L = Lease> {
    /// It is ours.
    Held(L),
    /// Someone else has it.
    Busy {
        /// Who, if they have written their name already.
        holder: Option<Holder>,
        /// When it lapses unless renewed.
        until: Option<Timestamp>,
    },
}

/// A login to be stored.
#[derive(Debug)]
pub struct NewLogin {
    /// The kept answer this login was read from; closed by the same transaction.
    pub answer: Option<LoginAnswerId>,
    /// The id, should a new grant be needed.
    pub id: GrantId,
    /// The profile it belongs to.
    pub profile: ProfileName,
    /// The app consented to.
    pub app: AppName,
    /// What was issued.
    pub set: TokenSet,
    /// The end that no refresh can move.
    pub wall: Option<Timestamp>,
    /// Who stores it.
    pub by: Holder,
    /// Whether a person said that the profile may become another user's. Without that, it never does.
    pub replace_user: bool,
}

/// What storing a login did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoggedIn {
    /// A new grant; the profile was free.
    New(GrantId),
    /// A new generation of the profile's grant: the same user again, or one whom the provider did not name. Where the profile has a
    /// user and nobody was named, it is [`Grant::unproven`] until [`Vault::told`].
    Renewed(GrantId),
    /// A new grant took the profile over, by a person's word or because the former one was of another app; that one is kept without a
    /// profile, and [`Vault::take_back`] gives it the name again.
    TookOver {
        /// The new grant.
        id: GrantId,
        /// The grant that lost the name.
        previous: GrantId,
    },
    /// Another user's, and nobody said that the profile may become that user's: a new grant that no profile points at. The profile's
    /// login is as it was.
    KeptAside {
        /// The new grant.
        id: GrantId,
        /// The grant of the profile.
        present: GrantId,
    },
}

impl LoggedIn {
    /// The grant that holds the login.
    pub const fn id(&self) -> GrantId {
        match self {
            Self::New(id) | Self::Renewed(id) | Self::TookOver { id, .. } | Self::KeptAside { id, .. } => *id,
        }
    }
}

/// A login that a person or another program brought: in a file, or in another tool's store.
#[derive(Debug)]
pub struct Adoption {
    /// The id, should a new grant be needed.
    pub id: GrantId,
    /// The profile it is for.
    pub profile: ProfileName,
    /// The app consented to.
    pub app: AppName,
    /// The set; it holds a refresh token ([`VaultError::NoRefreshToken`] otherwise).
    pub set: TokenSet,
    /// The access token that stood beside it, whether or not it is of any more use: further copies of it are known by its name.
    pub beside: Option<AccessToken>,
    /// Where it comes from: a file's path, or a tool's name.
    pub source: String,
    /// Who adopts it.
    pub by: Holder,
    /// What it is to be to the profile.
    pub claim: Claim,
}

/// What a login that was brought is to be to the profile for which it was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The profile's login, unless it is another user's: a profile stays its user's.
    OfItsUser,
    /// The profile's login, whosever it is: a person said so.
    OfAnyUser,
    /// No profile's: something else is about to be written where it stands. Where the profile has no login, as `OfItsUser`.
    Apart,
}

/// What an adoption did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// The vault knows this refresh token; nothing was changed.
    Known {
        /// The grant it belongs to.
        grant: GrantId,
        /// The newest generation in which it was stored.
        generation: Generation,
    },
    /// A new grant; the profile was free.
    New(GrantId),
    /// A new generation of the profile's grant. If the set before it may still live, the new one is on trial.
    Renewed(GrantId),
    /// Another user's: a new grant took the profile over, and the other grant is kept without a profile.
    TookOver {
        /// The new grant.
        id: GrantId,
        /// The grant that lost the name.
        previous: GrantId,
    },
    /// Another user's, and nobody said that the profile may become that user's: a new grant that no profile points at. The
    /// profile's login is as it was.
    KeptAside {
        /// The new grant.
        id: GrantId,
        /// The grant of the profile.
        present: GrantId,
    },
}

impl Adopted {
    /// The grant that holds the login.
    pub const fn id(&self) -> GrantId {
        match self {
            Self::Known { grant: id, .. }
            | Self::New(id)
            | Self::Renewed(id)
            | Self::TookOver { id, .. }
            | Self::KeptAside { id, .. } => *id,
        }
    }
}

/// What became of the wish for the set of one refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wished {
    /// It had been put aside, and is the present set of its grant again, in this generation.
    Back(Generation),
    /// It had been put aside, and was ended since: the provider refused it, or a person's own login took its place. Nothing was changed.
    Over,
    /// No set that was put aside holds the token, or its grant was logged out. Nothing was changed.
    NotAside,
}

/// What became of a set of which somebody said whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is the profile's user's.
    Same,
    /// It is another user's, or nobody's that could be told: it is a grant of its own now, and the login before it is the profile's
    /// again.
    KeptAside {
        /// The user of the profile's login.
        before: Option<Subject>,
        /// The grant without a profile.
        aside: GrantId,
        /// The generation of the login that is back; `None` when there was none that could come back.
        back: Option<Generation>,
    },
    /// The grant has moved on, or is being refreshed: nothing was changed.
    Moved,
}

/// What came of giving a grant a profile's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameGiven {
    /// It has the name.
    Given,
    /// It has the name, and another grant lost it.
    Taken {
        /// That one.
        previous: GrantId,
    },
    /// Another grant has the name, and nobody said that it may lose it: nothing was changed.
    Occupied {
        /// That one.
        present: GrantId,
    },
}

/// A copy of a grant's present set, read in one look, for files that show it.
#[derive(Debug)]
pub struct LoginCopy {
    /// The grant as it was in that moment.
    pub grant: Grant,
    /// Its refresh token. Not for sending: only a [`Spend`] is.
    pub refresh: Option<RefreshToken>,
}

/// Identifies a kept answer to a code exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginAnswerId(pub i64);

/// An answer to a code exchange that was kept and not yet made into a login (its process died).
#[derive(Debug)]
pub struct LoginAnswer {
    /// Its id.
    pub id: LoginAnswerId,
    /// The profile that was logging in.
    pub profile: ProfileName,
    /// The app.
    pub app: AppName,
    /// The endpoint family that answered.
    pub api: TokenApi,
    /// The answer.
    pub answer: RawAnswer,
}

/// Where a raw answer was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKept {
    /// In the journal.
    Journal,
    /// In the rescue slot, because the journal could not be written. Say so loudly.
    RescueSlot,
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// The set is the grant's present generation.
    Generation(Generation),
    /// The grant had moved on; the set is kept aside, sealed (I3).
    Parked,
}

/// The tokens of a grant that is being logged out, for revocation at the provider.
#[derive(Debug)]
pub struct Revocable {
    /// The refresh token.
    pub refresh: Option<RefreshToken>,
    /// The access token.
    pub access: Option<AccessToken>,
}

/// A small sealed thing that is not a grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Keepsake {
    /// An app's secret.
    AppSecret(AppName),
    /// An app's ticket.
    AppTicket(AppName),
    /// An app's own token.
    AppToken(AppName),
    /// An app's token for its tenant.
    TenantToken(AppName),
    /// Which apps its name has stood for, and since when.
    Registrations(AppName),
    /// That the provider does not accept an app's id or secret.
    ClientRefused(AppName),
}

/// The store: sealed tokens, leases, journal.
///
/// Durable means: survives the loss of power at the moment the call returns.
#[async_trait]
pub trait Vault: Send + Sync {
    /// The grant a profile points at.
    async fn grant_of(&self, profile: &ProfileName) -> Result<Option<GrantId>, VaultError>;

    /// A grant.
    async fn grant(&self, id: GrantId) -> Result<Grant, VaultError>;

    /// Every grant, those without a profile too, oldest first.
    async fn grants(&self) -> Result<Vec<Grant>, VaultError>;

    /// What happened to a grant, newest first.
    async fn journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, VaultError>;

    /// Keeps the raw answer to a code exchange or device poll, durably, before it is read (I3).
    async fn keep_login_answer(
        &self,
        profile: &ProfileName,
        app: &AppName,
        api: TokenApi,
        answer: &RawAnswer,
    ) -> Result<LoginAnswerId, VaultError>;

    /// Login answers that no login was made of.
    async fn login_answers(&self) -> Result<Vec<LoginAnswer>, VaultError>;

    /// Closes a kept login answer that holds no login.
    async fn drop_login_answer(&self, id: LoginAnswerId) -> Result<(), VaultError>;

    /// Asks for the lease on a name, without waiting: who may ask for tokens that will be kept under it, whether or not a grant
    /// is there. Not durable. Whoever takes the lease of the name's grant too takes it after this one.
    async fn lease_name(
        &self,
        name: &ProfileName,
        holder: &Holder,
        ttl: Duration,
    ) -> Result<LeaseAttempt<NameLease>, VaultError>;

    /// Gives it back and wakes those who wait.
    async fn release_name(&self, lease: NameLease) -> Result<(), VaultError>;

    /// As [`Vault::wait`], for the lease on a name.
    async fn wait_name(&self, name: &ProfileName, patience: Duration);

    /// Records, durably, that a new set is being asked for under a name whose present one may end by it. Until a set is stored
    /// under the name, or [`Vault::ask_in_vain`], its grant counts as one whose intent is open ([`Grant::intent_open`]) and its
    /// access token is not handed out as good. [`VaultError::Moved`] when the lease was lost.
    async fn ask(&self, lease: &NameLease) -> Result<(), VaultError>;

    /// Records that nothing was issued: the set under the name is as it was.
    async fn ask_in_vain(&self, lease: &NameLease) -> Result<(), VaultError>;

    /// Keeps a set aside that was issued before the present one of a grant (I3), and closes the kept answer it was read from, in
    /// one transaction. Nothing happens when the answer is closed already.
    async fn set_aside(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), VaultError>;

    /// Stores a login, durably; open intents of the grant are superseded by it. A profile that has a user keeps that user unless
    /// [`NewLogin::replace_user`]: another user's login is kept aside ([`LoggedIn::KeptAside`]).
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, VaultError>;

    /// Records whose grant it is.
    async fn name_subject(&self, id: GrantId, subject: &Subject) -> Result<(), VaultError>;

    /// Asks for the lease, without waiting. Not durable: a lost lease costs time only.
    async fn lease(&self, id: GrantId, holder: &Holder, ttl: Duration) -> Result<LeaseAttempt, VaultError>;

    /// Prolongs a lease. [`VaultError::Moved`] when someone else took it.
    async fn renew(&self, lease: &mut Lease, ttl: Duration) -> Result<(), VaultError>;

    /// Gives a lease back and wakes those who wait.
    async fn release(&self, lease: Lease) -> Result<(), VaultError>;

    /// Returns when the present holder of the lease lets go (or dies), at the latest after `patience`. Waiters are
    /// woken; an implementation polls only where nothing can wake it.
    async fn wait(&self, id: GrantId, patience: Duration);

    /// Proves that the store can be written and has room, and that the rescue slot is in place, before a spend.
    async fn prove(&self) -> Result<(), VaultError>;

    /// Journals the intent, durably, and yields the one right to send the refresh token (I1).
    ///
    /// Refused with [`VaultError::Moved`] when the lease was lost or the generation has moved on, and with
    /// [`VaultError::IntentOpen`] when another intent is open that the draft does not name as replayed.
    /// One that is named is closed by the same transaction, which also stores that the grant is in doubt (I6):
    /// whoever settles the new spend's answer must know that its token had been sent before.
    async fn begin(&self, lease: &Lease, draft: IntentDraft) -> Result<Spend, VaultError>;

    /// Intents of a grant that are not closed, oldest first, with their answers if any (also from the rescue slot).
    async fn open_intents(&self, id: GrantId) -> Result<Vec<Intent>, VaultError>;

    /// Keeps the raw answer, durably: in the journal, or in the rescue slot when that fails (I3). An error means that
    /// both failed.
    async fn keep_answer(&self, intent: IntentId, answer: &RawAnswer) -> Result<AnswerKept, VaultError>;

    /// Commits a turn, durably: generation n → n+1 and the intent closed in one transaction, if the generation still
    /// is the intent's; parks the set otherwise. Revives a grant in doubt or declared to need consent. No lease is
    /// needed: a late answer is as good as a timely one.
    async fn commit(&self, intent: IntentId, turn: Turn) -> Result<Committed, VaultError>;

    /// Closes an intent without a new generation, durably, and sets the grant's standing in the same transaction if
    /// the generation still is the intent's. With [`Closing::Doubt`] the intent stays open, marked as doubted.
    async fn close(&self, intent: IntentId, closing: Closing, standing: Option<Standing>) -> Result<(), VaultError>;

    /// Records, durably, that the provider called the access token of this generation dead: it ends at this moment, and is
    /// handed out to nobody from then on. The next generation clears it. Nothing happens when the grant has moved on, or the
    /// token has ended already.
    async fn access_refused(
        &self,
        id: GrantId,
        generation: Generation,
        provider_code: Option<i64>,
        by: &Holder,
    ) -> Result<(), VaultError>;

    /// Takes out a login that was adopted for nothing: a grant of its first generation that the provider has refused, that has
    /// never turned and never had an access token, such as a mistyped refresh token makes. Says whether it did.
    async fn forget_refused(&self, id: GrantId) -> Result<bool, VaultError>;

    /// The tokens of a grant about to be logged out. Needs the lease, so that no turn is under way.
    async fn revocable(&self, lease: &Lease) -> Result<Revocable, VaultError>;

    /// Logs a grant out, durably: tokens wiped, profile freed, record and journal kept.
    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), VaultError>;

    /// What is known of a refresh token.
    async fn recognise(&self, token: &RefreshToken) -> Result<Recognised, VaultError>;

    /// Which of these texts are tokens that the vault holds or has held: one answer for each, in their order. Nothing is sent and
    /// nothing written (I8).
    async fn known_tokens(&self, texts: &[Zeroizing<String>]) -> Result<Vec<Option<KnownToken>>, VaultError>;

    /// Records whose the present set of a grant is that was unproven in `generation`, durably. Of the user that the grant had, it is
    /// proven. Of another user, or of nobody (`None`), it is moved to a new grant `aside` without a profile, its earlier tokens
    /// with it, and the set that it had replaced is the present one again, as [`Vault::take_back`] makes it: one transaction.
    async fn told(
        &self,
        id: GrantId,
        generation: Generation,
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<Told, VaultError>;

    /// Lets a profile point at a living grant that no profile points at, durably. Where another grant has the name, it loses it
    /// only with `replace`, and [`Vault::take_back`] gives it back.
    async fn give_name(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, VaultError>;

    /// Takes a login over, durably, unless the vault knows its refresh token: question and storing are one transaction, so
    /// that one token never gets two owners (I1). The set that it replaces is put aside and taken back by
    /// [`Vault::take_back`]; once the new one has turned, it stays parked. Open intents of the grant are superseded; one with
    /// an answer that nobody has read stays in [`Vault::open_intents`], and [`Vault::commit`] then turns the set that was
    /// put aside, or the present one if it is back by then.
    ///
    /// A profile that has a user keeps that user unless [`Claim::OfAnyUser`]: another user's login is kept aside
    /// ([`Adopted::KeptAside`]), and so is any with [`Claim::Apart`]; one whose user is not told is [`Grant::unproven`] until [`Vault::told`], and brings no access
    /// token.
    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, VaultError>;

    /// Makes the set that the last adoption had put aside the present one again, as a new generation with the standing it had,
    /// durably; the one that gives way is parked.
    ///
    /// With `refused`, the intent that met the refusal is closed by the same transaction, and only a set on trial in that
    /// intent's generation gives way; so a repetition changes nothing. Without it, it is a person's wish: open intents are
    /// superseded, and the set that gives way is what the next wish brings back. A login made since the adoption ends
    /// both.
    ///
    /// Where the adoption had made a grant of its own and taken the name over, the name goes back to the grant that had it,
    /// whose generation is told; a refused one then needs consent. `None`: there is nothing to take back, and
    /// nothing was changed.
    async fn take_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, VaultError>;

    /// The same by a person's wish for one certain set: the one that holds `token`, which came from `source` once more. It is on trial
    /// then, as one that is adopted; what gives way is kept, and is what the next wish brings back.
    async fn take_back_token(&self, token: &RefreshToken, source: &str, by: &Holder) -> Result<Wished, VaultError>;

    /// The present set, refresh token included, for files that show it.
    async fn copy(&self, id: GrantId) -> Result<LoginCopy, VaultError>;

    /// Makes a link, durably. One with the same file, profile and places that is there already is given back instead.
    async fn link(&self, link: NewLink, by: &Holder) -> Result<Link, VaultError>;

    /// Sets the terms on which a link's file is written, durably. A link that was ended meanwhile is no error.
    async fn set_terms(&self, id: LinkId, terms: Terms) -> Result<(), VaultError>;

    /// Ends a link, durably. Says whether it was there.
    async fn unlink(&self, id: LinkId, by: &Holder) -> Result<bool, VaultError>;

    /// The links of a profile, or all, oldest first.
    async fn links(&self, profile: Option<&ProfileName>) -> Result<Vec<Link>, VaultError>;

    /// Records what a file holds, and that it was healed if it held an older generation. Not durable: a lost receipt repeats
    /// a delivery. Ends the link's trouble. A link that was ended meanwhile is no error; nothing is recorded.
    async fn receipt(&self, id: LinkId, receipt: Receipt, healed: Option<Generation>) -> Result<(), VaultError>;

    /// Records why a file could not be brought in step, so that callers leave it alone for a while ([`Trouble::holds`]). The last
    /// receipt stays. Not durable. A link that was ended meanwhile is no error.
    async fn trouble(&self, id: LinkId, trouble: Trouble) -> Result<(), VaultError>;

    /// Keeps a small sealed thing, replacing the one of that name.
    async fn keep(&self, what: &Keepsake, value: &SecretBytes, expires: Option<Timestamp>) -> Result<(), VaultError>;

    /// The small sealed thing of that name, with its end.
    async fn recall(&self, what: &Keepsake) -> Result<Option<(SecretBytes, Option<Timestamp>)>, VaultError>;

    /// Forgets it.
    async fn forget(&self, what: &Keepsake) -> Result<(), VaultError>;
}

/// Convenience for engines: the standing after a doubt.
pub const fn in_doubt(intent: IntentId, since: Timestamp, doubt: Doubt) -> Standing {
    Standing::InDoubt { intent, since, doubt }
}
