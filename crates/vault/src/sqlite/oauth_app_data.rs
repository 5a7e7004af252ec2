//! The port of keepsakes: an app's secret, its tokens, and what is known of it, each sealed for its kind and its app (I4).
//!
//! Enters: a value. Leaves: the same. What a person or a provider gave is durable; what can be fetched again is not.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::SecretBytes;
use tokenward_core::ports::{AppData, AppDataKey, Recalled, StoreError};

use crate::records::oauth_app_data::place;
use crate::records::rows::keepsake_label;
use crate::records::run_statement::run;

use super::transactions::How;
use super::{SqliteVault, sql};

#[async_trait]
impl AppData for SqliteVault {
    async fn keep(&self, what: &AppDataKey, value: &SecretBytes, expires: Option<Timestamp>) -> Result<(), StoreError> {
        self.context.refresh_keys();
        let (kind, app, is_durable) = place(what);
        let how = if is_durable { How::Synced } else { How::Unsynced };
        let blob = self.context.sealer.seal(&keepsake_label(kind, app.as_str()), value.expose());
        let app = app.clone();
        self.call_with_keys(how, move |_, tx| {
            run(tx, sql::KEEP, params![kind, app.as_str(), blob, expires.map(Timestamp::as_millisecond)])?;
            Ok(())
        })
        .await
    }

    async fn recall(&self, what: &[AppDataKey]) -> Result<Vec<Option<Recalled>>, StoreError> {
        let what = what.to_vec();
        self.read(move |context, tx| what.iter().map(|what| context.keepsake(tx, what)).collect()).await
    }

    async fn forget(&self, what: &AppDataKey) -> Result<(), StoreError> {
        let (kind, app, _) = place(what);
        let app = app.clone();
        self.write(move |_, tx| {
            run(tx, sql::FORGET, params![kind, app.as_str()])?;
            Ok(())
        })
        .await
    }
}
