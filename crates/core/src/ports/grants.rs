//! Reading logins: records, copies, the journal, and which texts are tokens of a login.
//!
//! Enters: a profile, an id, a text. Leaves: what is stored. A read writes nothing (I8); what is recorded here is what was learned of a
//! login beside its rotation: whose it is.

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::StoreError;
use crate::{AppName, Entry, Grant, GrantId, KnownToken, ProfileName, Recognised, RefreshToken, Subject};

/// The logins that are stored, as they are read.
#[async_trait]
pub trait Grants: Send + Sync {
    /// The grant a profile points at, in one look.
    async fn look(&self, profile: &ProfileName) -> Result<Option<Grant>, StoreError>;

    /// Which grant a profile points at, also where that does not read back.
    async fn grant_of(&self, profile: &ProfileName) -> Result<Option<GrantId>, StoreError>;

    /// A grant.
    async fn grant(&self, id: GrantId) -> Result<Grant, StoreError>;

    /// Every grant, those without a profile too, oldest first.
    async fn grants(&self) -> Result<Vec<Grant>, StoreError>;

    /// What happened to a grant, newest first.
    async fn journal(&self, id: GrantId, limit: u32) -> Result<Vec<Entry>, StoreError>;

    /// The present set, refresh token included, for files that show it; with what gave way to it as long as it is on trial.
    async fn copy(&self, id: GrantId) -> Result<LoginCopy, StoreError>;

    /// What is known of a refresh token.
    async fn recognise(&self, token: &RefreshToken) -> Result<Recognised, StoreError>;

    /// Which of these texts are tokens that the vault holds or has held: one answer for each, in their order. Nothing is sent and
    /// nothing written (I8).
    async fn known_tokens(&self, texts: &[Zeroizing<String>]) -> Result<Vec<Option<KnownToken>>, StoreError>;

    /// Records whose grant it is.
    async fn name_subject(&self, id: GrantId, subject: &Subject) -> Result<(), StoreError>;
}

/// A copy of a grant's present set, read in one look, for files that show it.
#[derive(Debug)]
pub struct LoginCopy {
    /// The grant as it was in that moment.
    pub grant: Grant,
    /// Its refresh token. Not for sending: only a [`Spend`](crate::Spend) is.
    pub refresh: Option<RefreshToken>,
    /// The login as it was before, while the present set is on trial: its access token serves as long as the trial cannot be made.
    pub gave_way: Option<Grant>,
    /// The profile's own login as it was, while nobody has said whose the present set is: its access token serves as long as that lasts.
    pub own: Option<Grant>,
}

/// Logins read a page at a time, for those who cannot hold all of them.
#[async_trait]
pub trait GrantPages: Send + Sync {
    /// The logins whose ids follow `after`, oldest first, of one app or of all; at most `limit` rows are read. A login that is made
    /// meanwhile has a later id than those that are there, so it moves none of them to another page.
    async fn grants_after(
        &self,
        after: Option<GrantId>,
        app: Option<&AppName>,
        limit: u32,
    ) -> Result<GrantPage, StoreError>;
}

/// A page of logins.
#[derive(Debug, Clone)]
pub struct GrantPage {
    /// Those that read back.
    pub grants: Vec<Grant>,
    /// Where to go on; `None` when this was the last page.
    pub next: Option<GrantId>,
}
