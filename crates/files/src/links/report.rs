//! What is found of a link, and what became of it. No secret is in any of it (I4).

use std::path::PathBuf;

use jiff::Timestamp;
use tokenward_core::{Generation, GrantId, Link, LinkId, Place, ProfileName, Slot};

use tokenward_keeper::{Error, Notice};

/// How a link stands, for people. Found by looking alone: nothing was changed, nothing sent (I8).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LinkState {
    /// The link, with what was delivered last.
    pub link: Link,
    /// The profile's login, if somebody is logged in.
    pub present: Option<(GrantId, Generation)>,
    /// What the file shows.
    pub found: FileComparison,
    /// Why tokens in it are not safe from other users, if nobody insisted: others can put another file in its place, and nothing is written
    /// into it; or others can read it, until it is written next.
    pub exposed: Option<Error>,
    /// When the access token of that login ends, if it has one.
    pub expires: Option<Timestamp>,
}

impl LinkState {
    /// A link whose file shows this, where nobody is logged in.
    pub const fn new(link: Link, found: FileComparison) -> Self {
        Self { link, present: None, found, exposed: None, expires: None }
    }

    /// Since when the access token that the file shows is of no use, where it shows the present one and nobody has refreshed since.
    pub fn expired(&self, now: Timestamp) -> Option<Timestamp> {
        let shows = matches!(self.found, FileComparison::InStep) && self.exposed.is_none();
        let shows = shows && self.link.target.places.contains_key(&Slot::AccessToken);
        self.expires.filter(|&end| shows && end <= now)
    }
}

/// What a linked file shows, compared with the vault.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum FileComparison {
    /// The present set.
    InStep,
    /// The last set of a login that is over: a person must log in again.
    Over,
    /// The present refresh token or none, and beside it something old.
    Behind,
    /// The present set, and elsewhere in the file tokens of the login that have had their time and are not kept in step.
    StaleBeside {
        /// Which those are, and where they stand.
        places: Vec<(Slot, Place)>,
        /// Where one stands encoded.
        encoded: Vec<Place>,
    },
    /// A set that has had its time. The next call that looks writes the present one.
    Stale {
        /// The grant it belongs to.
        grant: GrantId,
        /// The generation it shows.
        held: Generation,
    },
    /// A refresh token that the vault has never seen: newer than the vault. The next call that looks adopts it.
    Newer,
    /// The present login of another profile.
    OfAnother {
        /// Whose.
        profile: ProfileName,
    },
    /// Another user's login, which is kept without a profile until a person decides.
    OfAnotherUser {
        /// The grant that holds it.
        grant: GrantId,
        /// Whose it is, if that is known.
        user: Option<String>,
    },
    /// A login that was logged out, of another user than the profile's present one: it shows the other's login by a person's word
    /// alone.
    OfFormerUser {
        /// Whose it was.
        user: String,
    },
    /// A login that is over, and that is not known to be the profile's user's: it shows the profile's by a person's word alone.
    OfEndedLogin {
        /// Whose it was, if that is known.
        user: Option<String>,
    },
    /// A login was brought for the profile, and nobody has said yet whose it is.
    Unproven {
        /// Whether the file shows that login. Else it shows what the profile had before, and is given nothing newer meanwhile.
        shows_it: bool,
    },
    /// A login that the vault has never seen, in a file of another user of this machine: it is adopted by a person's word alone.
    OfOtherOwner {
        /// The owner's number.
        owner: u32,
    },
    /// No refresh token, or an empty one.
    Blank,
    /// Something that can be no token.
    Malformed,
    /// More than a token, in which it cannot be told which part is one. It is never overwritten.
    Unclear,
    /// A reference that another program resolves, or a sealed value, at a token's place. It is never sent and never overwritten.
    Reference,
    /// Nobody is logged in under the profile, so there is nothing to compare with.
    WithoutLogin,
    /// It cannot be read: missing, a folder, dangling, too large, of another format.
    Unusable(Error),
}

/// What became of a link that was looked after.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LinkReport {
    /// The link.
    pub link: LinkId,
    /// Its profile.
    pub profile: ProfileName,
    /// Its file.
    pub file: PathBuf,
    /// What became of it.
    pub outcome: LinkOutcome,
    /// The mode that it had, if others could read it and cannot any more.
    pub narrowed: Option<u32>,
}

/// What was done about a linked file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LinkOutcome {
    /// Nothing: it showed the present set.
    InStep,
    /// It was given the present set.
    Delivered {
        /// The generation.
        generation: Generation,
        /// The mode it had, if others could read it and cannot any more.
        closed: Option<u32>,
    },
    /// It showed an older set and was given the present one.
    Healed {
        /// What it showed.
        held: Generation,
        /// What it shows now.
        generation: Generation,
        /// The mode it had, if others could read it and cannot any more.
        closed: Option<u32>,
    },
    /// It showed another login than the profile's, and was given the present set: a person wanted that.
    Replaced {
        /// That login.
        grant: GrantId,
        /// Whose it is, if that is known.
        user: Option<String>,
        /// Whether it lives on in the vault, without a profile.
        is_kept: bool,
        /// The generation it shows now.
        generation: Generation,
        /// The mode it had, if others could read it and cannot any more.
        closed: Option<u32>,
    },
    /// It showed another user's login, which was refreshed to learn whose it is: it was given that login's new tokens, and is no
    /// other's than before.
    GivenItsOwn {
        /// That login.
        grant: GrantId,
        /// Whose it is, if that is known.
        user: Option<String>,
        /// The mode it had, if others could read it and cannot any more.
        closed: Option<u32>,
    },
    /// It showed a login that somebody brought, which is the profile's login now.
    Adopted {
        /// The grant that holds it.
        grant: GrantId,
        /// The grant that lost the profile's name, if the login is another user's.
        previous: Option<GrantId>,
    },
    /// It was left alone.
    Left(FileComparison),
    /// It should have been written and was not; the tokens are in the vault, and the next call tries again.
    NotWritten(Error),
    /// Another process of ours was at it for longer than was waited for.
    Elsewhere,
}

impl LinkReport {
    /// What a person should know of it.
    pub fn notices(&self) -> Vec<Notice> {
        let closed = match self.outcome {
            LinkOutcome::Delivered { closed, .. }
            | LinkOutcome::Healed { closed, .. }
            | LinkOutcome::Replaced { closed, .. }
            | LinkOutcome::GivenItsOwn { closed, .. } => closed,
            _ => None,
        };
        let closed = closed.map(|was| Notice::LinkClosed { file: self.file.clone(), was });
        closed.into_iter().chain(self.notice()).collect()
    }

    fn notice(&self) -> Option<Notice> {
        let file = self.file.clone();
        match &self.outcome {
            LinkOutcome::Healed { held, .. } => Some(Notice::LinkHealed { file, held: *held }),
            LinkOutcome::Replaced { grant, user, is_kept, .. } => {
                Some(Notice::LinkReplaced { file, user: user.clone(), grant: *grant, is_kept: *is_kept })
            }
            LinkOutcome::GivenItsOwn { grant, user, .. } => {
                Some(Notice::LinkGivenItsOwn { file, profile: self.profile.clone(), user: user.clone(), grant: *grant })
            }
            LinkOutcome::Left(FileComparison::OfEndedLogin { user }) => {
                Some(Notice::LinkOfEndedLogin { file, profile: self.profile.clone(), user: user.clone() })
            }
            LinkOutcome::Left(FileComparison::OfFormerUser { user }) => {
                Some(Notice::LinkOfFormerUser { file, profile: self.profile.clone(), user: user.clone() })
            }
            LinkOutcome::Adopted { grant, .. } => Some(Notice::LinkAdopted { file, grant: *grant }),
            LinkOutcome::NotWritten(error) => Some(Notice::LinkNotWritten { file, error: error.clone() }),
            LinkOutcome::Left(FileComparison::OfAnother { profile }) => {
                Some(Notice::LinkOfAnother { file, profile: profile.clone() })
            }
            LinkOutcome::Left(FileComparison::OfAnotherUser { grant, user }) => Some(Notice::LinkOfAnotherUser {
                file,
                profile: self.profile.clone(),
                user: user.clone(),
                grant: *grant,
            }),
            LinkOutcome::Left(FileComparison::OfOtherOwner { owner }) => {
                Some(Notice::LinkOfOtherOwner { file, owner: *owner })
            }
            LinkOutcome::Left(
                FileComparison::Blank | FileComparison::Malformed | FileComparison::Unclear | FileComparison::Reference,
            ) => Some(Notice::LinkBlank { file }),
            LinkOutcome::Left(FileComparison::Unusable(error)) => {
                Some(Notice::LinkUnusable { file, error: error.clone() })
            }
            LinkOutcome::InStep | LinkOutcome::Delivered { .. } | LinkOutcome::Elsewhere | LinkOutcome::Left(_) => None,
        }
    }
}
