//! What a person should know although a call succeeded, as data; its sentences are in `tokenward-words`. No secret is in any of it (I4).

use std::path::PathBuf;

use jiff::Timestamp;
use tokenward_core::{Code, Generation, GrantId, Oddity, Place, ProfileName, Subject};

use crate::Error;

/// Something a person should know although the call succeeded.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Notice {
    /// A rotation was due and failed; the token handed out still lives.
    RotationFailed(Error),
    /// The login is over and a person must log in; the token handed out is the last.
    LoginOver {
        /// Why.
        code: Code,
        /// When the token ends.
        ends: Timestamp,
        /// The profile, if it has one.
        profile: Option<ProfileName>,
    },
    /// A rotation is under way, here or elsewhere; the token handed out still lives.
    RotatedElsewhere,
    /// The provider's answer was odd; what it issued was kept.
    Odd(Oddity),
    /// Something that an earlier process left behind was repaired.
    Recovered(Recovered),
    /// The journal could not be written and the answer went to the rescue slot.
    RescueSlotUsed,
    /// The set obtained came too late and is kept aside.
    Parked,
    /// The clock stands before the moment the present token was obtained.
    ClockWentBack,
    /// The provider hands out tokens that live shorter than was asked for.
    ShorterThanAsked,
    /// A linked file showed an older set and was given the present one.
    LinkHealed {
        /// The file.
        file: PathBuf,
        /// The generation it showed.
        held: Generation,
    },
    /// Others could read a linked file, and cannot any more since it was written.
    LinkClosed {
        /// The file.
        file: PathBuf,
        /// The mode it had.
        was: u32,
    },
    /// A linked file showed a login that somebody brought; it is the profile's login now.
    LinkAdopted {
        /// The file.
        file: PathBuf,
        /// The grant that holds it.
        grant: GrantId,
    },
    /// A linked file could not be written; the tokens are in the vault, and the next call tries again.
    LinkNotWritten {
        /// The file.
        file: PathBuf,
        /// Why.
        error: Error,
    },
    /// A script's file holds old tokens of its login that could not be brought up to date with the others.
    StaleCopy {
        /// The file.
        file: PathBuf,
        /// Where they stand.
        places: Vec<Place>,
    },
    /// A linked file cannot be read; it is left alone.
    LinkUnusable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: Error,
    },
    /// A linked file shows the present login of another profile; it is left alone.
    LinkOfAnother {
        /// The file.
        file: PathBuf,
        /// Whose login it is.
        profile: ProfileName,
    },
    /// A linked file has no token at the refresh token's place; it is left alone.
    LinkBlank {
        /// The file.
        file: PathBuf,
    },
    /// The provider refused a login that had been adopted; the one before it is back.
    TakenBack {
        /// The generation that was refused.
        adopted: Generation,
        /// The generation that the login before it has now.
        generation: Generation,
        /// What the provider said.
        code: Code,
    },
    /// A login that was brought is another user's, or of nobody that the provider names. It is kept without a profile, and the login
    /// before it serves again.
    KeptAside {
        /// Whose the profile is.
        before: Option<Subject>,
        /// Whose the login is.
        now: Option<Subject>,
        /// The grant that holds it.
        grant: GrantId,
    },
    /// A linked file shows another user's login, which is kept without a profile; the file is left alone.
    LinkOfAnotherUser {
        /// The file.
        file: PathBuf,
        /// The profile.
        profile: ProfileName,
        /// Whose login it is, if that is known.
        user: Option<String>,
        /// The grant that holds it.
        grant: GrantId,
    },
    /// A linked file shows another user's login, which was refreshed to learn whose it is: the file was given that login's new tokens.
    LinkGivenItsOwn {
        /// The file.
        file: PathBuf,
        /// The profile.
        profile: ProfileName,
        /// Whose login it is, if that is known.
        user: Option<String>,
        /// The grant that holds it.
        grant: GrantId,
    },
    /// A linked file shows a login that is over, and that is not known to be the profile's user's; it is left alone.
    LinkOfEndedLogin {
        /// The file.
        file: PathBuf,
        /// The profile.
        profile: ProfileName,
        /// Whose login it was, if that is known.
        user: Option<String>,
    },
    /// A linked file showed another login than the profile's, and shows the profile's now, as a person wanted.
    LinkReplaced {
        /// The file.
        file: PathBuf,
        /// Whose login it was, if that is known.
        user: Option<String>,
        /// The grant of that login.
        grant: GrantId,
        /// Whether it lives on in the vault, without a profile.
        is_kept: bool,
    },
    /// A linked file shows a login that was logged out, of another user than the profile's present one; it is left alone.
    LinkOfFormerUser {
        /// The file.
        file: PathBuf,
        /// The profile.
        profile: ProfileName,
        /// Whose login it was.
        user: String,
    },
    /// A linked file belongs to another user of this machine, and shows a login that is not known; it is left alone.
    LinkOfOtherOwner {
        /// The file.
        file: PathBuf,
        /// The owner's number.
        owner: u32,
    },
    /// A login that had been adopted turned out to be another user's than the one before it.
    AnotherUser {
        /// Whose it was.
        before: Subject,
        /// Whose it is.
        now: Subject,
    },
}

impl Notice {
    /// Its name, in `--json` and in the log of a program.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RotationFailed(_) => "refresh-failed",
            Self::LoginOver { .. } => "login-ended",
            Self::RotatedElsewhere => "refreshed-elsewhere",
            Self::Odd(_) => "odd-answer",
            Self::Recovered(_) => "recovered",
            Self::RescueSlotUsed => "rescue-slot-used",
            Self::Parked => "archived",
            Self::ClockWentBack => "clock-went-back",
            Self::ShorterThanAsked => "shorter-than-asked",
            Self::LinkHealed { .. } => "link-repaired",
            Self::LinkClosed { .. } => "link-closed",
            Self::LinkAdopted { .. } => "link-adopted",
            Self::LinkNotWritten { .. } => "link-not-written",
            Self::StaleCopy { .. } => "stale-copy",
            Self::LinkUnusable { .. } => "link-unusable",
            Self::LinkOfAnother { .. } => "link-of-another",
            Self::LinkBlank { .. } => "link-blank",
            Self::TakenBack { .. } => "import-undone",
            Self::KeptAside { .. } => "kept-without-profile",
            Self::LinkOfAnotherUser { .. } => "link-of-another-user",
            Self::LinkOfOtherOwner { .. } => "link-of-other-owner",
            Self::LinkReplaced { .. } => "link-replaced",
            Self::LinkGivenItsOwn { .. } => "link-given-its-own",
            Self::LinkOfEndedLogin { .. } => "link-of-ended-login",
            Self::LinkOfFormerUser { .. } => "link-of-former-user",
            Self::AnotherUser { .. } => "another-user",
        }
    }
}

/// What was found of an earlier process and repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovered {
    /// An answer that was kept but not committed has been committed.
    Answer,
    /// A token whose send had an unknown outcome was sent again, and the provider gave a new one.
    Replay,
}
