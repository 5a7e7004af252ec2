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
use tokenward_serve::server::route_facts;

use crate::args::AuditList;
use crate::commands::audit_entry::LOCAL;
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
    let login = wish.login.as_deref();
    let chains = chains(&session).await?;
    let mut newest = Newest { most: wish.limit.get() as usize, rows: BTreeMap::new() };
    let mut is_known = login.is_none_or(|said| session.settings().profiles().any(|(name, _)| name.as_str() == said));
    for (grant, name) in &chains {
        // The whole trail of a login that is meant; of the server's, what was asked for by its name.
        let is_whole = login.is_none_or(|said| is_meant(said, *grant, name.as_ref()));
        is_known |= is_whole;
        if !is_whole && grant.is_some() {
            continue;
        }
        let mut after = 0;
        loop {
            let rows = session.store().audit_of(*grant, after, AT_ONCE).await.map_err(Error::from)?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            for row in rows {
                if !is_whole && !login.is_some_and(|said| is_meant(said, None, act(&row).1.as_ref())) {
                    continue;
                }
                is_known = true;
                let is_wanted = since.is_none_or(|since| row.draft.at >= since)
                    && caller.as_ref().is_none_or(|caller| caller.0.contains(&row.draft.caller));
                if is_wanted {
                    newest.add(row);
                }
            }
        }
    }
    if !is_known {
        return Err(Failure::new(Code::Usage, lang.no_such_audited_login()).then(lang.no_such_audited_login_next()));
    }
    let profile_of = |row: &AuditRow| chains.get(&row.draft.grant).cloned().flatten().or_else(|| act(row).1);
    let name_of = |id: &str| names.get(id).cloned();
    if printer.json {
        let entries = newest.rows.values().map(|row| {
            json!({
                "at": fields::moment(row.draft.at),
                "caller": row.draft.caller,
                "caller_name": name_of(&row.draft.caller),
                "act": act(row).0,
                "grant": row.draft.grant.map(|grant| grant.to_string()),
                "profile": profile_of(row),
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
        let login =
            profile_of(row).map(|name| name.to_string()).or_else(|| row.draft.grant.map(|grant| grant.to_string()));
        let draft = &row.draft;
        vec![
            context.moment(draft.at),
            shown(&draft.caller, &names, context),
            act(row).0.to_owned(),
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

/// A caller in the table: by its name, with the id where two keys share it.
fn shown(id: &str, names: &BTreeMap<String, String>, context: &Context) -> String {
    match names.get(id) {
        Some(name) if names.values().filter(|other| *other == name).count() > 1 => context.lang().key_of_name(name, id),
        Some(name) => name.clone(),
        None => id.to_owned(),
    }
}

/// What an entry says was asked for, and the name by which. Behind other acts stands something else, as the id of a key.
fn act(row: &AuditRow) -> (&str, Option<ProfileName>) {
    match row.draft.act.split_once(' ') {
        Some((act, name)) if route_facts().any(|route| route.name == act) => (act, name.parse().ok()),
        _ => (&row.draft.act, None),
    }
}

/// Whether a login is meant: by its id, by its profile, or by the profile that its user's is under.
fn is_meant(said: &str, grant: Option<GrantId>, name: Option<&ProfileName>) -> bool {
    name.is_some_and(|name| name.as_str() == said || name.base() == said)
        || grant.is_some_and(|grant| grant.to_string() == said)
}

/// Every chain, each with the profile that its login has, or had when somebody last asked for it by name; and that of the server itself.
async fn chains(session: &ServerSession) -> Result<BTreeMap<Option<GrantId>, Option<ProfileName>>, Failure> {
    let (mut found, mut after) = (BTreeMap::from([(None, None)]), None);
    loop {
        let page = session.store().grants_after(after, None, AT_ONCE).await.map_err(Error::from)?;
        for grant in page.grants {
            let name = match grant.profile {
                Some(profile) => Some(profile),
                None => last_name(grant.id, session).await?,
            };
            found.insert(Some(grant.id), name);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

/// The name by which a login was last asked for. One that has ended has no profile any more.
async fn last_name(grant: GrantId, session: &ServerSession) -> Result<Option<ProfileName>, Failure> {
    let (mut found, mut after) = (None, 0);
    loop {
        let rows = session.store().audit_of(Some(grant), after, AT_ONCE).await.map_err(Error::from)?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.number;
        found = rows.iter().rev().find_map(|row| act(row).1).or(found);
    }
}

/// How many rows a look takes.
const AT_ONCE: u32 = 1000;
