//! `tokenward audit`: what the audit trail says, and whether it is as the server wrote it.

mod list;

use std::process::ExitCode;

use serde_json::json;
use tokenward::Error;
use tokenward_core::{AuditFault, AuditFaultKind, Code};

use super::serve;
use crate::args::Audit;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(audit: Audit, context: &Context) -> Result<ExitCode, Failure> {
    let store = match audit {
        Audit::List(wish) => return list::run(&wish, context).await,
        Audit::Verify { store } => store,
    };
    let (lang, printer) = (context.lang(), context.printer);
    let (session, _) = serve::open(&store, context).await?;
    let verdict = session.store().verify_audit().await.map_err(Error::from)?;
    let whose = |fault: &AuditFault| fault.grant.map(|grant| grant.to_string());
    if printer.json {
        let faults = verdict
            .faults
            .iter()
            .map(|fault| json!({ "grant": whose(fault), "entry": fault.number, "fault": kind(fault.kind) }));
        printer.document(&json!({
            "chain_count": verdict.chains,
            "entry_count": verdict.rows,
            "faults": faults.collect::<Vec<_>>(),
        }))?;
    } else {
        printer.note(lang.audit_looked(verdict.rows, verdict.chains));
    }
    // Whoever made a key wrote an entry of it, so a trail with nothing in it was taken away as a whole.
    if verdict.rows == 0 && !session.store().keys().await.map_err(Error::from)?.is_empty() {
        return Err(Failure::new(Code::AuditBroken, lang.audit_missing(1, lang.audit_of_server())));
    }
    let Some(first) = verdict.faults.first() else {
        if !printer.json {
            printer.note(lang.audit_whole());
        }
        return Ok(ExitCode::SUCCESS);
    };
    let name = |fault: &AuditFault| whose(fault).unwrap_or_else(|| lang.audit_of_server());
    let told = |fault: &AuditFault| match fault.kind {
        AuditFaultKind::Changed => lang.audit_changed(fault.number, name(fault)),
        AuditFaultKind::Missing => lang.audit_missing(fault.number, name(fault)),
        AuditFaultKind::Beyond => lang.audit_beyond(fault.number, name(fault)),
    };
    for fault in &verdict.faults[1..] {
        printer.warning(told(fault));
    }
    Err(Failure::new(Code::AuditBroken, told(first)))
}

const fn kind(kind: AuditFaultKind) -> &'static str {
    match kind {
        AuditFaultKind::Changed => "changed",
        AuditFaultKind::Missing => "missing",
        AuditFaultKind::Beyond => "beyond",
    }
}
