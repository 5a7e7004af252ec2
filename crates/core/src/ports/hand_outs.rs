//! Hand-outs: a profile's access token where it can be had at once, without the store.
//!
//! Bound to one host, and optional: a store is whole without. Enters: what is stored under a name. Leaves: a copy beside the store, or none.
//! The way goes from the store to the copy, and never back; a copy that is missing costs a slower read. Promise kept here: nobody is handed
//! a token that a login's end, another owner of the name, or a refresh has taken from them.
//!
//! Three things keep late writers from doing harm, without asking the store once more:
//!
//! * Whatever may take a token away *withholds* the name first: the copy is gone, durably, before the store is asked, and nobody writes one
//!   until the store has answered. A crash between the two leaves a name of which the next writer has to look at the store again.
//! * Whoever is about to show something takes a [`Mark`] before reading or storing it. A mark that was taken before a withholding ended shows
//!   nothing: it may be of before.
//! * Between two withholdings one login has the name, and its generations only grow: the older one does not replace the newer.

use std::any::Any;
use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::{Access, AppName, Generation, Grant, GrantId, Hosts, Link, ProfileName, ProviderName, Registration, Stamp};

/// The copies, one for each profile.
#[async_trait]
pub trait HandOuts: Send + Sync {
    /// What is read from the store or stored from here on may be shown with it.
    fn mark(&self) -> Mark;

    /// Shows what is stored under a name, or that nothing is to be handed out at once. Not durable.
    async fn show(&self, profile: &ProfileName, stored: &Stored, since: &Mark) -> Result<ShowOutcome, StoreError>;

    /// The same where a reader finds that the copy is missing or older: only if nobody else is at it, and only if it is so still. Of
    /// hundreds that read after one refresh one writes, and none waits.
    async fn mend(&self, profile: &ProfileName, stored: &Stored, since: &Mark) -> Result<ShowOutcome, StoreError>;

    /// Takes the copy away, durably, and keeps every other from being shown until what it gives back is dropped: that is to
    /// happen when the store has answered.
    async fn withhold(&self, profile: &ProfileName) -> Result<Withheld, StoreError>;

    /// Records, durably, that a login is being ended: no copy of it is believed from here on, whoever puts one back.
    fn end(&self, grant: GrantId) -> Result<(), StoreError>;

    /// Takes that back: the login was not ended after all.
    fn was_not_ended(&self, grant: GrantId);

    /// Whether there is a copy, good or not.
    fn is_there(&self, profile: &ProfileName) -> bool;

    /// What is in the copy, good or not; `None` where there is none that opens.
    fn peek(&self, profile: &ProfileName) -> Option<HandOut>;

    /// What is told where a copy is ahead of the store. It is made after the commit, so the store has lost what was written last; the refresh
    /// token that it holds has been spent.
    fn went_back(&self, profile: &ProfileName) -> StoreError;
}

/// A moment in the order of withholdings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mark(pub Option<[u8; 16]>);

/// What is stored under a name.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The login that has the name, and its generation.
    pub of: Option<(GrantId, Generation)>,
    /// What of it is to be handed out at once.
    pub hand_out: Option<HandOut>,
}

/// What came of showing something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShowOutcome {
    /// It is shown, or something newer is.
    Done,
    /// Somebody else is at it, and does not let go: it is left to them.
    Busy,
    /// The name was withheld since: what is stored now has to be read first.
    Moved,
}

/// A name is withheld as long as this lives.
#[must_use = "a name is withheld as long as this lives"]
pub struct Withheld(#[expect(dead_code, reason = "it is there to be dropped")] Box<dyn Any + Send>);

impl Withheld {
    /// As long as something lives that an implementation keeps.
    pub fn by(kept: impl Any + Send) -> Self {
        Self(Box::new(kept))
    }
}

/// What is handed out at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOut {
    /// The grant.
    pub grant: GrantId,
    /// The app whose grant it is. A profile that names another app by now must not be handed this token.
    pub app: AppName,
    /// Which app that name stood for when the grant was consented to, as far as it was written down. Settings that name another by now must
    /// not be handed this token either.
    pub registration: Option<Registration>,
    /// Its generation when the copy was made.
    pub generation: Generation,
    /// The access token.
    pub access: Access,
    /// From when on the long way is to be gone, so that the token is rotated ahead of its end.
    pub due_at: Timestamp,
    /// The profile's linked files.
    pub links: Vec<LinkedFile>,
}

impl HandOut {
    /// Whether it is a token of this app: of its name, and of what that name stands for now.
    pub fn is_of(&self, app: &AppName, client_id: &str, provider: ProviderName, hosts: &Hosts) -> bool {
        self.app == *app && self.registration.as_ref().is_none_or(|own| own.is(client_id, provider, hosts))
    }
}

/// A linked file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedFile {
    /// Its path; symbolic links in it are followed.
    pub file: PathBuf,
    /// How it has to look for the token to be served.
    pub looks: Looks,
}

/// How a linked file has to look for the token to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Looks {
    /// Nothing was delivered of this generation: it has to be looked into.
    Unknown,
    /// It was in step when it looked so.
    InStep(Stamp),
    /// It could not be brought in step when it looked so (`None`: like nothing). It is left alone for a [`Trouble::PAUSE`](crate::Trouble::PAUSE).
    Unusable {
        /// How it looked.
        stamp: Option<Stamp>,
        /// When.
        since: Timestamp,
    },
}

impl LinkedFile {
    /// How a file has to look for the token of a grant to be served without a look into it.
    pub fn of(link: &Link, grant: &Grant) -> Self {
        let looks = match (&link.trouble, &link.receipt) {
            (Some(trouble), _) => Looks::Unusable { stamp: trouble.stamp, since: trouble.at },
            (None, Some(receipt)) if receipt.grant == grant.id && receipt.generation == grant.generation => {
                Looks::InStep(receipt.stamp)
            }
            (None, _) => Looks::Unknown,
        };
        Self { file: link.target.file.clone(), looks }
    }
}

/// No copies: every token is handed out the long way.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHandOuts;

#[async_trait]
impl HandOuts for NoHandOuts {
    fn mark(&self) -> Mark {
        Mark::default()
    }

    async fn show(&self, _: &ProfileName, _: &Stored, _: &Mark) -> Result<ShowOutcome, StoreError> {
        Ok(ShowOutcome::Done)
    }

    async fn mend(&self, _: &ProfileName, _: &Stored, _: &Mark) -> Result<ShowOutcome, StoreError> {
        Ok(ShowOutcome::Done)
    }

    async fn withhold(&self, _: &ProfileName) -> Result<Withheld, StoreError> {
        Ok(Withheld::by(()))
    }

    fn end(&self, _: GrantId) -> Result<(), StoreError> {
        Ok(())
    }

    fn was_not_ended(&self, _: GrantId) {}

    fn is_there(&self, _: &ProfileName) -> bool {
        false
    }

    fn peek(&self, _: &ProfileName) -> Option<HandOut> {
        None
    }

    fn went_back(&self, _: &ProfileName) -> StoreError {
        StoreError::moved()
    }
}
