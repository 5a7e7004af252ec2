//! The port of keepsakes: an app's secret, its tokens, and what is known of it, each sealed for its kind and its app (I4).

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::SecretBytes;
use tokenward_core::ports::{AppData, AppDataKey, Recalled, StoreError};

use crate::records::oauth_app_data::place;
use crate::records::rows::keepsake_label;
use crate::records::run_statement::run;
use crate::records::statements as sql;

use super::PostgresVault;
use super::connection_transactions::How;

#[async_trait]
impl AppData for PostgresVault {
    async fn keep(&self, what: &AppDataKey, value: &SecretBytes, expires: Option<Timestamp>) -> Result<(), StoreError> {
        let (kind, app, is_durable) = place(what);
        let how = if is_durable { How::Turn } else { How::Unsynced };
        let (app, value) = (app.clone(), value.clone());
        self.call(how, move |records, tx| {
            let blob = records.sealer.seal(&keepsake_label(kind, app.as_str()), value.expose());
            run(tx, sql::KEEP, params![kind, app.as_str(), blob, expires.map(Timestamp::as_millisecond)])?;
            Ok(())
        })
        .await
    }

    async fn recall(&self, what: &[AppDataKey]) -> Result<Vec<Option<Recalled>>, StoreError> {
        let what = what.to_vec();
        self.read(move |records, tx| what.iter().map(|what| records.keepsake(tx, what)).collect()).await
    }

    async fn forget(&self, what: &AppDataKey) -> Result<(), StoreError> {
        let (kind, app, _) = place(what);
        let app = app.clone();
        self.call(How::Turn, move |_, tx| {
            run(tx, sql::FORGET, params![kind, app.as_str()])?;
            Ok(())
        })
        .await
    }
}
