//! Tokens recognised by value: texts of a file that this vault has stored as tokens, however long ago.
//!
//! Enters: texts. Leaves: for each, which token of which grant it is, if any. The tokens that are present are opened and compared, so
//! that a login of an earlier version, whose access token has no name yet, is known too. Nothing is written (I8).

use std::collections::HashMap;

use rusqlite::params;
use tokenward_core::{Fingerprint, Generation, GrantId, KnownToken, TokenKind};
use zeroize::Zeroizing;

use super::rows::{GrantRow, fingerprint, unsigned, uuid};
use super::run_statement::{Transaction, all};
use super::transaction_error::Failed;
use super::{Records, sql};

/// What a text would be called as a token of either kind.
pub(crate) type Names = [(TokenKind, Fingerprint); 2];

impl Records {
    /// What the texts would be called.
    pub(crate) fn names_of(&self, texts: &[Zeroizing<String>]) -> Vec<Names> {
        let keys = self.sealer.keys();
        texts.iter().map(|text| KINDS.map(|kind| (kind, keys.name(kind, text)))).collect()
    }

    /// Which tokens go by these names.
    pub(crate) fn known_tokens(
        &self,
        tx: &dyn Transaction,
        asked: &[Names],
    ) -> Result<Vec<Option<KnownToken>>, Failed> {
        let mut known = HashMap::new();
        for some in asked.chunks(AT_ONCE) {
            let bytes: Vec<u8> = some.iter().flatten().flat_map(|(_, name)| *name.as_bytes()).collect();
            known.extend(all(tx, sql::FIND_FINGERPRINTS, params![bytes], |row| {
                let (grant, generation) = (GrantId::from(uuid(row, 1)?), Generation::new(unsigned(row, 2)?));
                Ok((fingerprint(row, 0)?, (grant, generation)))
            })?);
        }
        let present = self.present_names(tx)?;
        let look = |names: &Names| {
            names.iter().find_map(|(kind, name)| {
                let now = present.get(name);
                let (grant, generation) = *now.or_else(|| known.get(name))?;
                Some(KnownToken { kind: *kind, grant, generation, is_present: now.is_some() })
            })
        };
        Ok(asked.iter().map(look).collect())
    }

    /// The names of all tokens that are present. A row that does not open has none.
    fn present_names(&self, tx: &dyn Transaction) -> Result<HashMap<Fingerprint, (GrantId, Generation)>, Failed> {
        let keys = self.sealer.keys();
        let mut names = HashMap::new();
        for row in all(tx, sql::GRANTS, params![], |row| Ok(GrantRow::read(row).ok()))?.into_iter().flatten() {
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
