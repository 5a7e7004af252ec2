//! Logins made, brought, taken back and ended.
//!
//! Enters: a set of tokens and for whom it is. Leaves: which grant holds it, and what became of the one before. No set that may live is
//! dropped (I3), no token gets two owners (I1), and a profile stays its user's unless a person said otherwise. Each call is one transaction.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{LoginAnswerId, StoreError};
use crate::{
    AccessToken, AppName, Closing, Generation, GrantId, Holder, IntentId, Lease, ProfileName, Recognised, RefreshToken,
    Subject, TokenSet,
};

/// How a profile gets a login, changes it and loses it. Everything here is durable.
#[async_trait]
pub trait Logins: Send + Sync {
    /// Stores a login, durably; open intents of the grant are superseded by it. A profile that has a user keeps that user unless
    /// [`NewLogin::replace_user`]: another user's login is kept aside ([`LoggedIn::KeptAside`]).
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, StoreError>;

    /// Takes a login over, durably, unless the vault knows its refresh token: question and storing are one transaction, so
    /// that one token never gets two owners (I1). The set that it replaces is put aside and taken back by
    /// [`Logins::take_back`]; once the new one has rotated, it stays parked. Open intents of the grant are superseded; one with
    /// an answer that nobody has read stays in [`Journal::open_intents`](super::Journal::open_intents), and [`Journal::commit`](super::Journal::commit) then rotates the set that was
    /// put aside, or the present one if it is back by then.
    ///
    /// A profile that has a user keeps that user unless [`Claim::OfAnyUser`]: another user's login is kept aside
    /// ([`Adopted::KeptAside`]), and so is any with [`Claim::Apart`]; one whose user is not told is [`Grant::unproven`](crate::Grant::unproven) until [`Logins::told`], and brings no access
    /// token.
    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, StoreError>;

    /// Lets a profile point at a living grant that no profile points at, durably. Where another grant has the name, it loses it
    /// only with `replace`, and [`Logins::take_back`] gives it back.
    async fn give_name(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, StoreError>;

    /// Makes a login that an app's name alone held (a script's file's own) one of another app, without a profile, durably. Says no, and
    /// changes nothing, where it is over or of that app already.
    async fn hand_over(&self, id: GrantId, app: &AppName, by: &Holder) -> Result<bool, StoreError>;

    /// Gives what is kept under a name another one, durably and as one transaction: the login, those of its users, its links, and answers
    /// of which no login was made yet. Says no, and changes nothing, where anything is kept under the new name.
    async fn rename(&self, from: &ProfileName, to: &ProfileName) -> Result<bool, StoreError>;

    /// Records whose the present set of a grant is that was unproven in `generation`, durably. Of the user that the grant had, it is
    /// proven. Of another user, or of nobody (`None`), it is moved to a new grant `aside` without a profile, its earlier tokens
    /// with it, and the set that it had replaced is the present one again, as [`Logins::take_back`] makes it: one transaction.
    async fn told(
        &self,
        id: GrantId,
        generation: Generation,
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<IdentityOutcome, StoreError>;

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
    ) -> Result<Option<Generation>, StoreError>;

    /// The same by a person's wish for one certain set: the one that holds `token`, as [`Grants::recognise`](super::Grants::recognise) names
    /// it, which came from `source` once more. It is on trial then, as one that is adopted; what gives way is kept, and is what the next wish
    /// brings back.
    async fn take_back_token(&self, token: &Recognised, source: &str, by: &Holder) -> Result<Wished, StoreError>;

    /// Takes out a login that was adopted for nothing: a grant of its first generation that has never rotated, never had an access
    /// token, and has nothing open or in doubt, such as a mistyped refresh token makes, or a good one beside a dead app token. Its
    /// refresh token goes with it, so this is for callers who know where else it stands. Says whether it did.
    async fn forget_refused(&self, id: GrantId) -> Result<bool, StoreError>;

    /// The tokens of a grant about to be logged out. Needs the lease, so that no rotation is under way.
    async fn revocable(&self, lease: &Lease) -> Result<Revocable, StoreError>;

    /// Logs a grant out, durably: tokens wiped, profile freed, record and journal kept.
    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), StoreError>;
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
    /// user and nobody was named, it is [`Grant::unproven`](crate::Grant::unproven) until [`Logins::told`].
    Renewed(GrantId),
    /// A new grant took the profile over, by a person's word or because the former one was of another app; that one is kept without a
    /// profile, and [`Logins::take_back`] gives it the name again.
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
    /// The set; it holds a refresh token ([`StoreFault::NoRefreshToken`](super::StoreFault::NoRefreshToken) otherwise).
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
pub enum IdentityOutcome {
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

/// The tokens of a grant that is being logged out, for revocation at the provider.
#[derive(Debug)]
pub struct Revocable {
    /// The refresh token.
    pub refresh: Option<RefreshToken>,
    /// The access token.
    pub access: Option<AccessToken>,
}
