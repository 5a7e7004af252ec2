//! Linked files: which file shows which profile's tokens, and what it was given last.
//!
//! Bound to one host: a file is where its host is. Enters: a file and its places. Leaves: the same with what was delivered. A receipt that a
//! crash loses repeats a delivery.

use async_trait::async_trait;

use super::StoreError;
use crate::{Generation, Holder, Link, LinkId, NewLink, ProfileName, Receipt, Terms, Trouble};

/// The files that are kept true.
#[async_trait]
pub trait LinkBook: Send + Sync {
    /// Makes a link, durably. One with the same file, profile and places that is there already is given back instead.
    async fn link(&self, link: NewLink, by: &Holder) -> Result<Link, StoreError>;

    /// Sets the terms on which a link's file is written, durably. A link that was ended meanwhile is no error.
    async fn set_terms(&self, id: LinkId, terms: Terms) -> Result<(), StoreError>;

    /// Ends a link, durably. Says whether it was there.
    async fn unlink(&self, id: LinkId, by: &Holder) -> Result<bool, StoreError>;

    /// The links of a profile, or all, oldest first.
    async fn links(&self, profile: Option<&ProfileName>) -> Result<Vec<Link>, StoreError>;

    /// Records what a file holds, and that it was healed if it held an older generation. Not durable: a lost receipt repeats
    /// a delivery. Ends the link's trouble. A link that was ended meanwhile is no error; nothing is recorded.
    async fn receipt(&self, id: LinkId, receipt: Receipt, healed: Option<Generation>) -> Result<(), StoreError>;

    /// Records why a file could not be brought in step, so that callers leave it alone for a while ([`Trouble::holds`]). The last
    /// receipt stays. Not durable. A link that was ended meanwhile is no error.
    async fn trouble(&self, id: LinkId, trouble: Trouble) -> Result<(), StoreError>;
}
