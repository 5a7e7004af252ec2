//! What is kept of each app, as it is read: each value is sealed for its kind and its app (I4).

use rusqlite::params;
use tokenward_core::ports::{AppDataKey, Recalled};
use tokenward_core::{AppName, SecretBytes};

use super::rows::{bytes, keepsake_label, optional_time};
use super::run_statement::{Row, Transaction, first};
use super::transaction_error::{Failed, Fault, unopened};
use super::{Records, sql};

impl Records {
    pub(crate) fn keepsake(&self, tx: &dyn Transaction, what: &AppDataKey) -> Result<Option<Recalled>, Failed> {
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

/// Where a keepsake lies, and whether it must survive: what a person or a provider gave must, an app's token can be fetched again at any
/// time.
pub(crate) const fn place(what: &AppDataKey) -> (&'static str, &AppName, bool) {
    match what {
        AppDataKey::AppSecret(app) => ("app-secret", app, true),
        AppDataKey::AppTicket(app) => ("app-ticket", app, true),
        AppDataKey::Registrations(app) => ("registrations", app, true),
        AppDataKey::ClientRefused(app) => ("client-refused", app, false),
        AppDataKey::AppToken(app) => ("app-token", app, false),
        AppDataKey::TenantToken(app) => ("tenant-token", app, false),
    }
}
