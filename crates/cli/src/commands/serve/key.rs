//! `tokenward serve key`: who may call the server, and for what.
//!
//! A key is printed once, by `create`, and is in no other output, log or error (I4). What is done here is in the audit trail.

use std::collections::BTreeMap;
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokenward::{Error, ServerSession, SystemEntropy};
use tokenward_core::{ApiKey, ApiKeyId, Code, GrantPattern, Verb};
use tokenward_serve::server::drawn_key;

use super::open;
use crate::args::{Key, KeyCreate};
use crate::commands::audit_entry::local_entry;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields;

pub(super) async fn run(key: Key, context: &Context) -> Result<ExitCode, Failure> {
    match key {
        Key::Create(create) => made(create, context).await,
        Key::List { store } => {
            let (session, _) = open(&store, context).await?;
            let keys = session.store().keys().await.map_err(Error::from)?;
            let last = session.store().newest_of_callers().await.map_err(Error::from)?;
            listed(&keys, &last, session.now(), context)
        }
        Key::Revoke { id, store } => {
            let (session, _) = open(&store, context).await?;
            revoked(&id, &session, context).await
        }
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn made(create: KeyCreate, context: &Context) -> Result<(), Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let KeyCreate { name, allow, app, logins, expires_in, store } = create;
    let (session, _) = open(&store, context).await?;
    let now = session.now();
    let ends = match expires_in {
        None => None,
        Some(span) => {
            let end = SignedDuration::try_from(span).ok().and_then(|span| now.checked_add(span).ok());
            Some(end.ok_or_else(|| Failure::new(Code::Usage, lang.bad_duration()))?)
        }
    };
    let random = session.keeper().parts().random();
    let key = ApiKey {
        id: ApiKeyId::new(now.as_millisecond().unsigned_abs(), random),
        name,
        verbs: allow.into_iter().collect(),
        apps: (!app.is_empty()).then(|| app.into_iter().collect()),
        grants: logins,
        created: now,
        ends,
        revoked: None,
    };
    warn_of_nothing(&key, &session, context).await?;
    let known = session.store().keys().await.map_err(Error::from)?;
    let same: Vec<_> =
        known.iter().filter(|other| other.name == key.name && other.is_good(now)).map(|other| other.id).collect();
    let secret = drawn_key(&SystemEntropy);
    session.store().add_key(&secret, &key).await.map_err(Error::from)?;
    audited(&session, format!("create-key {}", key.id)).await?;
    if printer.json {
        let mut document = facts(&key);
        document["api_key"] = secret.expose().into();
        return printer.document(&document);
    }
    printer.note(lang.key_made(&key.name, key.id));
    if !same.is_empty() {
        let others = same.iter().map(ToString::to_string).collect::<Vec<_>>().join(lang.list_gap());
        printer.note(lang.key_same_name(&key.name, others, key.id));
    }
    let apps = key.apps.as_ref().map_or_else(|| lang.all_apps(), |apps| joined(apps.iter()));
    let until = key.ends.map_or_else(|| lang.key_good(), |end| lang.key_good_until(context.moment(end)));
    printer.note(lang.key_permits(joined(key.verbs.iter()), apps, key.grants.as_str(), until));
    printer.data(secret.expose())?;
    printer.note(lang.key_shown_once());
    Ok(())
}

/// Says where the key is for nothing that there is now: a name may be wrong, or come later.
async fn warn_of_nothing(key: &ApiKey, session: &ServerSession, context: &Context) -> Result<(), Failure> {
    let (lang, printer, settings) = (context.lang(), context.printer, session.settings());
    let page = session.store().grants_after(None, None, LOGINS).await.map_err(Error::from)?;
    for app in key.apps.iter().flatten() {
        let is_known = settings.registered(app).is_some()
            || settings.profiles().any(|(_, own)| own.as_ref() == Some(app))
            || page.grants.iter().any(|grant| grant.app == *app);
        if !is_known && page.next.is_none() {
            printer.warning(lang.key_app_unknown(app));
        }
    }
    // A key that opens logins or brings them makes those that it is for.
    let makes = key.verbs.contains(&Verb::Login) || key.verbs.contains(&Verb::ImportGrants);
    let of_base: Option<GrantPattern> = key.grants.as_str().split_once(':').and_then(|(base, _)| base.parse().ok());
    let is_to_come = makes && of_base.is_some_and(|base| settings.profiles().any(|(name, _)| base.matches(Some(name))));
    let is_meant = is_to_come
        || settings.profiles().any(|(name, _)| key.grants.matches(Some(name)))
        || page.grants.iter().any(|grant| key.grants.matches(grant.profile.as_ref()));
    if !is_meant && key.grants.as_str() != "*" && page.next.is_none() {
        printer.warning(lang.key_logins_unknown(key.grants.as_str()));
    }
    Ok(())
}

/// With the newest entry of each in the audit trail: what a key did last that is written down.
fn listed(
    keys: &[ApiKey],
    last: &BTreeMap<String, Timestamp>,
    now: Timestamp,
    context: &Context,
) -> Result<(), Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    if printer.json {
        let keys = keys.iter().map(|key| {
            let mut document = facts(key);
            document["last_entry_at"] = last.get(&key.id.to_string()).copied().map(fields::moment).into();
            document
        });
        return printer.document(&json!({ "keys": keys.collect::<Vec<_>>() }));
    }
    if keys.is_empty() {
        printer.note(lang.no_keys());
        return Ok(());
    }
    let heads = [
        lang.head_key_id(),
        lang.head_key_name(),
        lang.head_key_permits(),
        lang.head_key_apps(),
        lang.head_key_logins(),
        lang.head_key_state(),
        lang.head_key_last(),
    ];
    let rows = keys.iter().map(|key| {
        let state = match (key.revoked, key.ends) {
            (Some(at), _) => lang.key_revoked_at(context.moment(at)),
            (None, Some(end)) if key.is_good(now) => lang.key_good_until(context.moment(end)),
            (None, Some(end)) => lang.key_ended_at(context.moment(end)),
            (None, None) => lang.key_good(),
        };
        let apps = key.apps.as_ref().map_or_else(|| lang.all_apps(), |apps| joined(apps.iter()));
        vec![
            key.id.to_string(),
            key.name.clone(),
            joined(key.verbs.iter()),
            apps,
            key.grants.as_str().to_owned(),
            state,
            last.get(&key.id.to_string()).map_or_else(|| lang.key_never(), |at| context.moment(*at)),
        ]
    });
    printer.table(&heads, rows.collect())
}

async fn revoked(id: &str, session: &ServerSession, context: &Context) -> Result<(), Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let unknown = || Failure::new(Code::Usage, lang.no_such_api_key()).then(lang.no_such_api_key_next());
    let key: ApiKeyId = id.trim().parse().map_err(|_| unknown())?;
    let was_good = session.store().revoke_key(key, session.now()).await.map_err(Error::from)?;
    let keys = session.store().keys().await.map_err(Error::from)?;
    let found = keys.iter().find(|known| known.id == key).ok_or_else(unknown)?;
    if was_good {
        audited(session, format!("revoke-key {key}")).await?;
    }
    if printer.json {
        return printer.document(&facts(found));
    }
    printer.note(lang.key_revoked(&found.name));
    Ok(())
}

/// An act of a person at this command line.
async fn audited(session: &ServerSession, act: String) -> Result<(), Failure> {
    Ok(session.store().write_audit(&[local_entry(act, session.now())]).await.map_err(Error::from)?)
}

fn facts(key: &ApiKey) -> Value {
    json!({
        "key_id": key.id.to_string(),
        "key_name": key.name,
        "verbs": key.verbs.iter().map(|verb| Verb::as_str(*verb)).collect::<Vec<_>>(),
        "apps": key.apps,
        "login_pattern": key.grants.as_str(),
        "created_at": fields::moment(key.created),
        "expires_at": key.ends.map(fields::moment),
        "revoked_at": key.revoked.map(fields::moment),
    })
}

/// So many logins are looked at; where there are more, nothing is said.
const LOGINS: u32 = 500;

fn joined<T: ToString>(all: impl Iterator<Item = T>) -> String {
    all.map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
}
