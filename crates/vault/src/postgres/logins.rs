//! The port of logins. What a call means stands in [`crate::records`]; each goes through the gate, since it asks whether any grant knows a
//! token.

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{
    Adopted, Adoption, IdentityOutcome, LoggedIn, Logins, NameGiven, NewLogin, Revocable, StoreError, Wished,
};
use tokenward_core::{
    AppName, Closing, Generation, GrantId, Holder, IntentId, Lease, ProfileName, Recognised, Subject,
};

use crate::records::invalidate_and_logout::forget_refused;
use crate::records::leases::rotated_under;

use super::PostgresVault;
use super::connection_transactions::How;

#[async_trait]
impl Logins for PostgresVault {
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, StoreError> {
        self.call(How::Login, move |records, tx| records.log_in(tx, &login)).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, StoreError> {
        if adoption.set.refresh.is_none() {
            return Err(StoreError::no_refresh_token());
        }
        self.call(How::Login, move |records, tx| records.adopt(tx, adoption)).await
    }

    async fn give_name(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, StoreError> {
        let (profile, by) = (profile.clone(), by.clone());
        self.call(How::Login, move |records, tx| records.give_name(tx, id, &profile, replace, &by)).await
    }

    async fn hand_over(&self, id: GrantId, app: &AppName, by: &Holder) -> Result<bool, StoreError> {
        let (app, by) = (app.clone(), by.clone());
        self.call(How::Login, move |records, tx| records.hand_over(tx, id, &app, &by)).await
    }

    async fn rename(&self, from: &ProfileName, to: &ProfileName) -> Result<bool, StoreError> {
        let (from, to) = (from.clone(), to.clone());
        self.call(How::Login, move |records, tx| records.rename(tx, &from, &to)).await
    }

    async fn told(
        &self,
        id: GrantId,
        generation: Generation,
        subject: Option<&Subject>,
        aside: GrantId,
        by: &Holder,
    ) -> Result<IdentityOutcome, StoreError> {
        let (subject, by) = (subject.cloned(), by.clone());
        self.call(How::Login, move |records, tx| records.told(tx, (id, generation), subject.as_ref(), aside, &by)).await
    }

    async fn take_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, StoreError> {
        let by = by.clone();
        self.call(How::Login, move |records, tx| records.take_back(tx, id, refused.as_ref(), &by)).await
    }

    async fn take_back_token(&self, token: &Recognised, source: &str, by: &Holder) -> Result<Wished, StoreError> {
        let (fingerprint, source, by) = (token.fingerprint, source.to_owned(), by.clone());
        self.call(How::Login, move |records, tx| records.take_back_token(tx, fingerprint, source, &by)).await
    }

    async fn forget_refused(&self, id: GrantId) -> Result<bool, StoreError> {
        self.call(How::Login, move |_, tx| forget_refused(tx, id)).await
    }

    async fn revocable(&self, lease: &Lease) -> Result<Revocable, StoreError> {
        let of = (rotated_under(lease)?, lease.fence);
        self.read(move |records, tx| records.revocable(tx, of)).await
    }

    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), StoreError> {
        let (of, by) = ((rotated_under(lease)?, lease.fence), lease.holder.clone());
        self.call(How::Login, move |records, tx| {
            tx.hold_still(of.0)?;
            records.retire(tx, of, &by, at, revoked)
        })
        .await
    }
}
