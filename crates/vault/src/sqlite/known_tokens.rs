//! Tokens recognised by value: texts of a file that this vault has stored as tokens, however long ago.
//!
//! Enters: texts. Leaves: for each, which token of which grant it is, if any. The tokens that are present are opened and compared, so
//! that a login of an earlier version, whose access token has no name yet, is known too. Nothing is written (I8).

use std::collections::HashMap;

use tokenward_core::ports::VaultError;
use tokenward_core::{Fingerprint, Generation, GrantId, KnownToken, TokenKind};
use zeroize::Zeroizing;

use super::rows::{Fault, GrantRow, fingerprint, unsigned, uuid};
use super::{SqliteVault, sql};

impl SqliteVault {
    pub(super) async fn find_tokens(&self, texts: &[Zeroizing<String>]) -> Result<Vec<Option<KnownToken>>, VaultError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        self.refresh_keys();
        let keys = self.sealer.keys();
        let names = |text: &Zeroizing<String>| KINDS.map(|kind| (kind, keys.name(kind, text)));
        let asked: Vec<[(TokenKind, Fingerprint); 2]> = texts.iter().map(names).collect();
        let mut known = HashMap::new();
        let mut connection = self.read().await?;
        for some in asked.chunks(AT_ONCE) {
            let bytes: Vec<u8> = some.iter().flatten().flat_map(|(_, name)| *name.as_bytes()).collect();
            let rows = sqlx::query(sql::FIND_FINGERPRINTS).bind(bytes).fetch_all(&mut *connection).await;
            for row in rows.map_err(|error| self.sql(&error))? {
                let read = || -> Result<_, Fault> {
                    let (grant, generation) = (GrantId::from(uuid(&row, 1)?), Generation::new(unsigned(&row, 2)?));
                    Ok((fingerprint(&row, 0)?, (grant, generation)))
                };
                let (name, found) = read().map_err(|fault| self.fault(fault))?;
                known.insert(name, found);
            }
        }
        let present = self.present_names(&mut connection).await?;
        let look = |names: &[(TokenKind, Fingerprint); 2]| {
            names.iter().find_map(|(kind, name)| {
                let now = present.get(name);
                let (grant, generation) = *now.or_else(|| known.get(name))?;
                Some(KnownToken { kind: *kind, grant, generation, is_present: now.is_some() })
            })
        };
        Ok(asked.iter().map(look).collect())
    }

    /// The names of all tokens that are present. A row that does not open has none.
    async fn present_names(
        &self,
        connection: &mut sqlx::sqlite::SqliteConnection,
    ) -> Result<HashMap<Fingerprint, (GrantId, Generation)>, VaultError> {
        let rows = sqlx::query(sql::GRANTS).fetch_all(connection).await.map_err(|error| self.sql(&error))?;
        let keys = self.sealer.keys();
        let mut names = HashMap::new();
        for row in rows.iter().filter_map(|row| GrantRow::read(row).ok()) {
            if let Ok(Some(access)) = row.access(&self.sealer) {
                names.insert(keys.name(TokenKind::Access, access.token.expose()), (row.id, row.generation));
            }
            if let Ok(Some(refresh)) = row.refresh(&self.sealer) {
                names.insert(keys.fingerprint(&refresh), (row.id, row.generation));
            }
        }
        Ok(names)
    }
}

const KINDS: [TokenKind; 2] = [TokenKind::Access, TokenKind::Refresh];
/// Texts that are asked for by one statement.
const AT_ONCE: usize = 4096;
