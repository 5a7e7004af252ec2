//! The port of keepsakes: an app's secret, its tokens, and what is known of it, each sealed for its kind and its app (I4).
//!
//! Enters: a value. Leaves: the same. What a person or a provider gave is durable; what can be fetched again is not.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use tokenward_core::ports::{Keepsake, Keepsakes, Recalled, StoreError};
use tokenward_core::{AppName, SecretBytes};

use super::connected::How;
use super::failure::{Failed, Fault, unopened};
use super::query::{first, run};
use super::rows::{bytes, keepsake_label, optional_time};
use super::{Context, SqliteVault, sql};

#[async_trait]
impl Keepsakes for SqliteVault {
    async fn keep(&self, what: &Keepsake, value: &SecretBytes, expires: Option<Timestamp>) -> Result<(), StoreError> {
        self.context.refresh_keys();
        let (kind, app, how) = place(what);
        let blob = self.context.sealer.seal(&keepsake_label(kind, app.as_str()), value.expose());
        let app = app.clone();
        self.call_with_keys(how, move |_, tx| {
            run(tx, sql::KEEP, params![kind, app.as_str(), blob, expires.map(Timestamp::as_millisecond)])?;
            Ok(())
        })
        .await
    }

    async fn recall(&self, what: &[Keepsake]) -> Result<Vec<Option<Recalled>>, StoreError> {
        let what = what.to_vec();
        self.read(move |context, tx| what.iter().map(|what| context.keepsake(tx, what)).collect()).await
    }

    async fn forget(&self, what: &Keepsake) -> Result<(), StoreError> {
        let (kind, app, _) = place(what);
        let app = app.clone();
        self.write(move |_, tx| {
            run(tx, sql::FORGET, params![kind, app.as_str()])?;
            Ok(())
        })
        .await
    }
}

impl Context {
    pub(super) fn keepsake(&self, tx: &Connection, what: &Keepsake) -> Result<Option<Recalled>, Failed> {
        let (kind, app, _) = place(what);
        let open = |row: &Row<'_>| -> Result<_, Fault> {
            let label = keepsake_label(kind, app.as_str());
            let plain = self.sealer.open(&label, bytes(row, "value")?);
            let plain = plain.map_err(unopened("an app's secret, ticket or token"))?;
            Ok((SecretBytes::new(plain.to_vec()), optional_time(row, "expires")?))
        };
        first(tx, sql::RECALL, params![kind, app.as_str()], open)
    }
}

/// Where a keepsake lies, and how durably: what a person or a provider gave must survive, an app's token can be fetched
/// again at any time.
const fn place(what: &Keepsake) -> (&'static str, &AppName, How) {
    match what {
        Keepsake::AppSecret(app) => ("app-secret", app, How::Synced),
        Keepsake::AppTicket(app) => ("app-ticket", app, How::Synced),
        Keepsake::Registrations(app) => ("registrations", app, How::Synced),
        Keepsake::ClientRefused(app) => ("client-refused", app, How::Unsynced),
        Keepsake::AppToken(app) => ("app-token", app, How::Unsynced),
        Keepsake::TenantToken(app) => ("tenant-token", app, How::Unsynced),
    }
}
