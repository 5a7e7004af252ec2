//! The audit trail: rows at the ends of their chains, and chains walked.
//!
//! The hash of a row is HMAC-SHA256 with a key of the vault over the hash before and the row, so whoever can write to the database and has not
//! the vault's key can change no row, take none out and put none in without that it shows. What he can do is cut a chain and its end off at
//! the same place; a copy of the trail elsewhere shows that.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::ports::StoreError;
use tokenward_core::{AuditDraft, AuditFault, AuditFaultKind, AuditRow, AuditVerdict, GrantId};
use uuid::Uuid;

use super::rows::{bytes, signed, time, unsigned, uuid};
use super::run_statement::{Row, Transaction, all, first, run};
use super::transaction_error::{Failed, damaged};
use super::{Records, sql};

/// The end of a chain.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) grant: Option<GrantId>,
    pub(crate) number: u64,
    hash: Vec<u8>,
}

/// A row with its hash.
pub(crate) struct Hashed {
    row: AuditRow,
    hash: Vec<u8>,
}

impl Records {
    /// Writes rows at the ends of their chains. Chains are locked in the order of their ids, so that no two writers wait for each other.
    pub(crate) fn write_audit(&self, tx: &dyn Transaction, rows: &[AuditDraft]) -> Result<(), Failed> {
        let mut chains: BTreeMap<[u8; 16], Vec<&AuditDraft>> = BTreeMap::new();
        for row in rows {
            chains.entry(chain(row.grant)).or_default().push(row);
        }
        for (chain, rows) in chains {
            run(tx, sql::BEGIN_AUDIT, params![chain, [0_u8; 0]])?;
            let (mut number, mut before) = first(tx, sql::AUDIT_HEAD, params![chain], |row| {
                Ok((unsigned(row, "number")?, bytes(row, "hash")?.to_vec()))
            })?
            .ok_or_else(|| damaged("the end of an audit trail"))?;
            for draft in rows {
                number += 1;
                let row = AuditRow { number, draft: draft.clone() };
                let hash = self.audit_hash(&before, &row);
                let AuditDraft { at, caller, act, outcome, .. } = draft;
                let bound = params![chain, signed(number), at.as_millisecond(), caller, act, outcome, hash];
                run(tx, sql::WRITE_AUDIT, bound)?;
                before = hash;
            }
            run(tx, sql::END_AUDIT, params![chain, signed(number), before])?;
        }
        Ok(())
    }

    /// Walks rows that follow one another. `Ok`: the hash of the last one.
    pub(crate) fn walk_audit(
        &self,
        grant: Option<GrantId>,
        from: (u64, Vec<u8>),
        rows: &[Hashed],
    ) -> Result<(u64, Vec<u8>), AuditFault> {
        let (mut number, mut before) = from;
        for Hashed { row, hash } in rows {
            number += 1;
            let fault = |kind| AuditFault { grant, number, kind };
            if row.number != number {
                return Err(fault(AuditFaultKind::Missing));
            }
            if self.audit_hash(&before, row) != *hash {
                return Err(fault(AuditFaultKind::Changed));
            }
            before.clone_from(hash);
        }
        Ok((number, before))
    }

    fn audit_hash(&self, before: &[u8], row: &AuditRow) -> Vec<u8> {
        let AuditRow { number, draft: AuditDraft { grant, at, caller, act, outcome } } = row;
        let (number, at) = (number.to_le_bytes(), at.as_millisecond().to_le_bytes());
        let parts: [&[u8]; 7] =
            [before, &chain(*grant), &number, &at, caller.as_bytes(), act.as_bytes(), outcome.as_bytes()];
        self.sealer.keys().audit(&parts).to_vec()
    }
}

impl Head {
    /// What is wrong with the end of a chain that was walked up to here.
    pub(crate) fn fault(&self, walked: &(u64, Vec<u8>), goes_on: bool) -> Option<AuditFault> {
        let fault = |number, kind| Some(AuditFault { grant: self.grant, number, kind });
        match walked.0 {
            number if number < self.number => fault(number + 1, AuditFaultKind::Missing),
            _ if walked.1 != self.hash => fault(self.number, AuditFaultKind::Changed),
            _ if goes_on => fault(self.number + 1, AuditFaultKind::Beyond),
            _ => None,
        }
    }
}

/// The ends of the chains that follow one, at most so many.
pub(crate) fn heads(tx: &dyn Transaction, after: Option<Head>, limit: u32) -> Result<Vec<Head>, Failed> {
    let read = |row: &Row<'_>| {
        let grant = grant_of(uuid(row, "grant_id")?);
        Ok(Head { grant, number: unsigned(row, "number")?, hash: bytes(row, "hash")?.to_vec() })
    };
    match after {
        None => all(tx, sql::AUDIT_HEADS, params![limit], read),
        Some(after) => all(tx, sql::AUDIT_HEADS_AFTER, params![chain(after.grant), limit], read),
    }
}

/// The rows of a chain that follow a number and go up to another one, at most so many.
pub(crate) fn rows(
    tx: &dyn Transaction,
    grant: Option<GrantId>,
    after: u64,
    upto: u64,
    limit: u32,
) -> Result<Vec<Hashed>, Failed> {
    let bound = params![chain(grant), signed(after), signed(upto), limit];
    all(tx, sql::AUDIT_ROWS, bound, |row| {
        let draft = AuditDraft {
            grant,
            at: time(row, "at")?,
            caller: row.get("caller")?,
            act: row.get("act")?,
            outcome: row.get("outcome")?,
        };
        Ok(Hashed { row: AuditRow { number: unsigned(row, "number")?, draft }, hash: bytes(row, "hash")?.to_vec() })
    })
}

/// When the newest row of each caller was written.
pub(crate) fn newest_of_callers(tx: &dyn Transaction) -> Result<Vec<(String, Timestamp)>, Failed> {
    all(tx, sql::AUDIT_CALLERS, params![], |row| Ok((row.get("caller")?, time(row, "at")?)))
}

impl From<Hashed> for AuditRow {
    fn from(hashed: Hashed) -> Self {
        hashed.row
    }
}

/// Rows of chains that have no end: somebody took the ends out.
pub(crate) fn endless(tx: &dyn Transaction, limit: u32) -> Result<Vec<AuditFault>, Failed> {
    all(tx, sql::AUDIT_ENDLESS, params![limit], |row| {
        Ok(AuditFault { grant: grant_of(uuid(row, "grant_id")?), number: 1, kind: AuditFaultKind::Beyond })
    })
}

fn chain(grant: Option<GrantId>) -> [u8; 16] {
    grant.map_or([0; 16], |grant| *grant.as_uuid().as_bytes())
}

fn grant_of(id: Uuid) -> Option<GrantId> {
    (!id.is_nil()).then(|| GrantId::from(id))
}

/// A store whose trail can be walked: each look is a transaction of its own.
#[async_trait]
pub(crate) trait Walked: Send + Sync {
    fn records(&self) -> &Records;
    async fn heads(&self, after: Option<Head>) -> Result<Vec<Head>, StoreError>;
    async fn rows(&self, grant: Option<GrantId>, after: u64, upto: u64) -> Result<Vec<Hashed>, StoreError>;
    /// Whether rows follow the end of a chain that is still its end.
    async fn goes_on(&self, head: &Head) -> Result<bool, StoreError>;
    async fn endless(&self) -> Result<Vec<AuditFault>, StoreError>;
}

/// Walks every chain.
pub(crate) async fn verify(store: &dyn Walked) -> Result<AuditVerdict, StoreError> {
    let (mut verdict, mut last) = (AuditVerdict::default(), None);
    loop {
        let heads = store.heads(last.take()).await?;
        for head in &heads {
            let fault = walk(store, head, &mut verdict.rows).await?;
            verdict.chains += 1;
            verdict.faults.extend(fault);
        }
        if heads.len() < AT_ONCE as usize {
            break;
        }
        last = heads.into_iter().last();
    }
    verdict.faults.extend(store.endless().await?);
    Ok(verdict)
}

async fn walk(store: &dyn Walked, head: &Head, count: &mut u64) -> Result<Option<AuditFault>, StoreError> {
    let mut walked = (0, Vec::new());
    loop {
        let rows = store.rows(head.grant, walked.0, head.number).await?;
        if rows.is_empty() {
            // What was written since the end was read is no fault: then the end has moved.
            let goes_on = store.goes_on(head).await?;
            return Ok(head.fault(&walked, goes_on));
        }
        *count += rows.len() as u64;
        match store.records().walk_audit(head.grant, walked, &rows) {
            Ok(reached) => walked = reached,
            Err(fault) => return Ok(Some(fault)),
        }
    }
}

/// Whether rows follow the end of a chain that is still its end.
pub(crate) fn goes_on(tx: &dyn Transaction, head: &Head) -> Result<bool, Failed> {
    let now = first(tx, sql::AUDIT_END, params![chain(head.grant)], |row| unsigned(row, "number"))?;
    Ok(now == Some(head.number) && !rows(tx, head.grant, head.number, u64::MAX >> 1, 1)?.is_empty())
}

/// How many rows a look takes.
pub(crate) const AT_ONCE: u32 = 1000;
