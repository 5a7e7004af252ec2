//! The ports of the store, each call to the function that does it.
//!
//! What a call promises stands at the port; what its transaction is, in the file of its subject beside this one.

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{
    Adopted, Adoption, LoggedIn, Logins, NameGiven, NewLogin, Revocable, StoreError, Told, Wished,
};
use tokenward_core::{Closing, Generation, GrantId, Holder, IntentId, Lease, ProfileName, RefreshToken, Subject};

use super::SqliteVault;

#[async_trait]
impl Logins for SqliteVault {
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, StoreError> {
        self.store_login(login).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, StoreError> {
        self.adopt_login(adoption).await
    }

    async fn give_name(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, StoreError> {
        self.point_profile(id, profile, replace, by).await
    }

    async fn told(
        &self,
        id: GrantId,
        generation: Generation,
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<Told, StoreError> {
        self.record_told(id, generation, subject, aside, by).await
    }

    async fn take_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, StoreError> {
        self.bring_back(id, refused, by).await
    }

    async fn take_back_token(&self, token: &RefreshToken, source: &str, by: &Holder) -> Result<Wished, StoreError> {
        self.wish_back(token, source, by).await
    }

    async fn forget_refused(&self, id: GrantId) -> Result<bool, StoreError> {
        self.forget_grant(id).await
    }

    async fn revocable(&self, lease: &Lease) -> Result<Revocable, StoreError> {
        self.read_revocable(lease).await
    }

    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), StoreError> {
        self.retire_grant(lease, at, revoked).await
    }
}
