//! `tokenward audit list`: entries of the audit trail, the newest last.
//!
//! Enters: which login, which caller, since when, how many. Leaves: that many of the newest entries. Chains are read a page at a time, and no
//! more entries are held than are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokenward::{Error, ServerSession};
use tokenward_core::{AuditRow, Code, GrantId, ProfileName};

use crate::args::AuditList;
use crate::commands::serve;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields;

pub(super) async fn run(wish: &AuditList, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let (session, _) = serve::open(&wish.store, context).await?;
    let since = match wish.since {
        None => None,
        Some(span) => {
            let since = SignedDuration::try_from(span).ok().and_then(|span| session.now().checked_sub(span).ok());
            Some(since.ok_or_else(|| Failure::new(Code::Usage, lang.bad_duration()))?)
        }
    };
    let names = callers(&session).await?;
    let caller = wish.caller.as_deref().map(|caller| Caller::of(caller, &names, context)).transpose()?;
    let chains = chains(wish.login.as_deref(), &session, context).await?;
    let mut newest = Newest { most: wish.limit.get() as usize, rows: BTreeMap::new() };
    for grant in chains.keys() {
        let mut after = 0;
        loop {
            let rows = session.store().audit_of(*grant, after, AT_ONCE).await.map_err(Error::from)?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            let is_wanted = |row: &AuditRow| {
                since.is_none_or(|since| row.draft.at >= since)
                    && caller.as_ref().is_none_or(|caller| caller.0.contains(&row.draft.caller))
            };
            rows.into_iter().filter(is_wanted).for_each(|row| newest.add(row));
        }
    }
    let name_of = |id: &str| names.get(id).cloned();
    if printer.json {
        let entries = newest.rows.values().map(|row| {
            json!({
                "at": fields::moment(row.draft.at),
                "caller": row.draft.caller,
                "caller_name": name_of(&row.draft.caller),
                "act": row.draft.act,
                "grant": row.draft.grant.map(|grant| grant.to_string()),
                "profile": chains.get(&row.draft.grant).cloned().flatten(),
                "outcome": row.draft.outcome,
                "entry": row.number,
            })
        });
        printer.document(&json!({ "entries": entries.collect::<Vec<_>>() }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if newest.rows.is_empty() {
        printer.note(lang.audit_nothing());
        return Ok(ExitCode::SUCCESS);
    }
    let heads = [
        lang.head_audit_at(),
        lang.head_audit_caller(),
        lang.head_audit_act(),
        lang.head_audit_login(),
        lang.head_audit_outcome(),
    ];
    let rows = newest.rows.values().map(|row| {
        let login = row.draft.grant.map(|grant| match chains.get(&row.draft.grant).and_then(Option::as_ref) {
            Some(profile) => profile.to_string(),
            None => grant.to_string(),
        });
        let draft = &row.draft;
        vec![
            context.moment(draft.at),
            name_of(&draft.caller).unwrap_or_else(|| draft.caller.clone()),
            draft.act.clone(),
            login.unwrap_or_else(|| "-".to_owned()),
            draft.outcome.clone(),
        ]
    });
    printer.table(&heads, rows.collect())?;
    Ok(ExitCode::SUCCESS)
}

/// Those of the rows that are the newest so far, oldest first.
struct Newest {
    most: usize,
    rows: BTreeMap<(Timestamp, Option<GrantId>, u64), AuditRow>,
}

impl Newest {
    fn add(&mut self, row: AuditRow) {
        self.rows.insert((row.draft.at, row.draft.grant, row.number), row);
        if self.rows.len() > self.most {
            self.rows.pop_first();
        }
    }
}

/// What stands for a caller in the trail: its ids, since two keys may have one name.
struct Caller(BTreeSet<String>);

impl Caller {
    fn of(said: &str, names: &BTreeMap<String, String>, context: &Context) -> Result<Self, Failure> {
        let lang = context.lang();
        let ids: BTreeSet<_> =
            names.iter().filter(|(id, name)| *id == said || *name == said).map(|(id, _)| id.clone()).collect();
        match said {
            LOCAL => Ok(Self(BTreeSet::from([LOCAL.to_owned()]))),
            _ if ids.is_empty() => {
                Err(Failure::new(Code::Usage, lang.no_such_caller()).then(lang.no_such_api_key_next()))
            }
            _ => Ok(Self(ids)),
        }
    }
}

/// The names of the API keys, revoked ones too, by their ids.
async fn callers(session: &ServerSession) -> Result<BTreeMap<String, String>, Failure> {
    let keys = session.store().keys().await.map_err(Error::from)?;
    Ok(keys.into_iter().map(|key| (key.id.to_string(), key.name)).collect())
}

/// The chains that are meant, each with the profile that its login has now: of one login, or of all and of the server itself.
async fn chains(
    login: Option<&str>,
    session: &ServerSession,
    context: &Context,
) -> Result<BTreeMap<Option<GrantId>, Option<ProfileName>>, Failure> {
    let (mut found, mut after) = (BTreeMap::new(), None);
    if login.is_none() {
        found.insert(None, None);
    }
    loop {
        let page = session.store().grants_after(after, None, AT_ONCE).await.map_err(Error::from)?;
        for grant in page.grants {
            let is_meant = |said: &str| {
                grant.profile.as_ref().is_some_and(|name| name.as_str() == said) || grant.id.to_string() == said
            };
            if login.is_none_or(is_meant) {
                found.insert(Some(grant.id), grant.profile);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    if found.is_empty() {
        let lang = context.lang();
        return Err(Failure::new(Code::Usage, lang.no_such_audited_login()).then(lang.no_such_audited_login_next()));
    }
    Ok(found)
}

/// Who this command line is in the trail.
const LOCAL: &str = "local";
/// How many rows a look takes.
const AT_ONCE: u32 = 1000;
