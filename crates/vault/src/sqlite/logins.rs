//! The port of logins: made, brought, taken back and ended. Each call is one transaction.
//!
//! What a call means stands in [`crate::records`], in the file of its subject.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::ports::{
    Adopted, Adoption, IdentityOutcome, LoggedIn, Logins, NameGiven, NewLogin, Revocable, StoreError, Wished,
};
use tokenward_core::{
    AppName, Closing, Generation, GrantId, Holder, IntentId, Lease, ProfileName, Recognised, Subject,
};

use crate::records::invalidate_and_logout::forget_refused;
use crate::records::leases::rotated_under;
use crate::records::run_statement::run;

use super::{SqliteVault, sql};

#[async_trait]
impl Logins for SqliteVault {
    async fn log_in(&self, login: NewLogin) -> Result<LoggedIn, StoreError> {
        self.write(move |context, tx| context.log_in(tx, &login)).await
    }

    async fn adopt(&self, adoption: Adoption) -> Result<Adopted, StoreError> {
        if adoption.set.refresh.is_none() {
            return Err(StoreError::no_refresh_token());
        }
        self.write(move |context, tx| context.adopt(tx, adoption)).await
    }

    async fn give_name(
        &self,
        id: GrantId,
        profile: &ProfileName,
        replace: bool,
        by: &Holder,
    ) -> Result<NameGiven, StoreError> {
        let (profile, by) = (profile.clone(), by.clone());
        self.write(move |context, tx| context.give_name(tx, id, &profile, replace, &by)).await
    }

    async fn hand_over(&self, id: GrantId, app: &AppName, by: &Holder) -> Result<bool, StoreError> {
        let (app, by) = (app.clone(), by.clone());
        self.write(move |context, tx| context.hand_over(tx, id, &app, &by)).await
    }

    async fn rename(&self, from: &ProfileName, to: &ProfileName) -> Result<bool, StoreError> {
        let (from, to) = (from.clone(), to.clone());
        self.write(move |context, tx| {
            let is_renamed = context.rename(tx, &from, &to)?;
            if is_renamed {
                run(tx, sql::RENAME_LINKS, params![from.as_str(), to.as_str()])?;
            }
            Ok(is_renamed)
        })
        .await
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
        self.write(move |context, tx| context.told(tx, (id, generation), subject.as_ref(), aside, &by)).await
    }

    async fn take_back(
        &self,
        id: GrantId,
        refused: Option<(IntentId, Closing)>,
        by: &Holder,
    ) -> Result<Option<Generation>, StoreError> {
        let by = by.clone();
        self.write(move |context, tx| context.take_back(tx, id, refused.as_ref(), &by)).await
    }

    async fn take_back_token(&self, token: &Recognised, source: &str, by: &Holder) -> Result<Wished, StoreError> {
        let (fingerprint, source, by) = (token.fingerprint, source.to_owned(), by.clone());
        self.write(move |context, tx| context.take_back_token(tx, fingerprint, source, &by)).await
    }

    async fn forget_refused(&self, id: GrantId) -> Result<bool, StoreError> {
        self.write(move |_, tx| forget_refused(tx, id)).await
    }

    async fn revocable(&self, lease: &Lease) -> Result<Revocable, StoreError> {
        let of = (rotated_under(lease)?, lease.fence);
        self.read(move |context, tx| context.revocable(tx, of)).await
    }

    async fn retire(&self, lease: &Lease, at: Timestamp, revoked: bool) -> Result<(), StoreError> {
        let (of, by) = ((rotated_under(lease)?, lease.fence), lease.holder.clone());
        self.write(move |context, tx| context.retire(tx, of, &by, at, revoked)).await
    }
}
