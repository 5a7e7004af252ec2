//! Changing keys: the wrapping key, or the data key itself.
//!
//! A new wrapping key changes `key.json` alone. A new data key is first added to `key.json`, from which moment on new values
//! are sealed with it; then everything stored is sealed anew in one transaction. A crash between the two leaves values
//! under both keys, and both open. Old data keys stay in `key.json`: a running process may be a moment behind, and
//! what it seals with the old key must not be lost (I3).

use rusqlite::params;
use tokenward_core::ports::{Entropy, StoreError};
use tokenward_core::{Generation, GrantId, IntentId, WebLoginId};

use crate::folder::Folder;
use crate::io_error::from_io;
use crate::key_sources::{self, KeySource, KeySources};
use crate::records::rows::{
    self, access_label, answer_label, keepsake_label, login_label, parked_label, refresh_label, web_login_label,
};
use crate::records::run_statement::{Row, all, run};
use crate::records::transaction_error::{Fault, unopened};
use crate::seal::Label;
use crate::sqlite::{SqliteVault, statements as sql};

/// Wraps a vault's keys with another wrapping key: another source, or a new key of the same source. `old` opens the vault as
/// it is, `new` says where the new key comes from.
///
/// # Errors
/// [`StoreFault::Key`](tokenward_core::ports::StoreFault::Key) when the old key does not open the vault or the new source cannot keep a key; the vault is as it was.
pub fn rewrap(
    folder: &Folder,
    old: &KeySources,
    new: &KeySources,
    to: KeySource,
    entropy: &dyn Entropy,
) -> Result<(), StoreError> {
    let path = folder.folder_lock();
    let _lock = crate::locks::lock(&path).map_err(|error| from_io(&path, &error))?;
    key_sources::rewrap(folder, old, new, to, entropy)
}

/// What was sealed anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resealed {
    /// How many values.
    pub values: u64,
    /// How many stay as they were, because they do not open. The old data keys are kept, so they are no worse off.
    pub left: u64,
}

impl SqliteVault {
    /// Draws a new data key and seals everything with it that opens.
    pub async fn renew_data_key(&self) -> Result<Resealed, StoreError> {
        let context = &self.context;
        let path = context.folder.folder_lock();
        {
            let _lock = crate::locks::lock(&path).map_err(|error| from_io(&path, &error))?;
            key_sources::renew(&context.folder, &context.sources, &*context.sealer.entropy)?;
        }
        let done = self.write(|context, tx| {
            let mut done = Resealed { values: 0, left: 0 };
            for (select, update, label) in SEALED {
                let again = |row: &Row<'_>| -> Result<Vec<u8>, Fault> {
                    let plain = context.sealer.open(&label(row)?, rows::bytes(row, "sealed")?);
                    Ok(context.sealer.seal(&label(row)?, &plain.map_err(unopened("an encrypted value"))?))
                };
                // A value that is damaged already stays as it is: the key's change is not held up by it.
                let read = |row: &Row<'_>| Ok((rows::bytes(row, "key")?.to_vec(), again(row).ok()));
                for (key, blob) in all(tx, select, params![], read)? {
                    match blob {
                        Some(blob) => done.values += run(tx, update, params![blob, key])? as u64,
                        None => done.left += 1,
                    }
                }
            }
            Ok(done)
        });
        done.await
    }
}

type LabelOf = fn(&Row<'_>) -> Result<Label, Fault>;

/// Every sealed column: how to read it, how to write it, and what it is bound to.
const SEALED: &[(&str, &str, LabelOf)] = &[
    (sql::SEALED_ACCESS, sql::RESEAL_ACCESS, |row| Ok(access_label(grant(row)?, generation(row)?))),
    (sql::SEALED_REFRESH, sql::RESEAL_REFRESH, |row| Ok(refresh_label(grant(row)?, generation(row)?))),
    (sql::SEALED_ANSWER, sql::RESEAL_ANSWER, |row| Ok(answer_label(IntentId::from(rows::uuid(row, "key")?)))),
    (sql::SEALED_PARKED, sql::RESEAL_PARKED, |row| Ok(parked_label(grant(row)?, generation(row)?))),
    (sql::SEALED_LOGIN, sql::RESEAL_LOGIN, |row| Ok(login_label(text(row, "profile")?, text(row, "app")?))),
    (sql::SEALED_KEEPSAKE, sql::RESEAL_KEEPSAKE, |row| Ok(keepsake_label(text(row, "kind")?, text(row, "app")?))),
    (sql::SEALED_WEB_LOGIN, sql::RESEAL_WEB_LOGIN, |row| {
        Ok(web_login_label(WebLoginId::from(rows::uuid(row, "key")?)))
    }),
];

fn grant(row: &Row<'_>) -> Result<GrantId, Fault> {
    rows::uuid(row, "grant_id").map(GrantId::from)
}

fn generation(row: &Row<'_>) -> Result<Generation, Fault> {
    rows::unsigned(row, "generation").map(Generation::new)
}

fn text<'r>(row: &'r Row<'_>, column: &str) -> Result<&'r str, Fault> {
    Ok(row.get_ref(column)?.as_str()?)
}
