//! What `vault restore` says of API keys and of the audit trail.
//!
//! A revocation outlives a restore where the vault that is replaced can be read; where it cannot, that is said. That a vault was restored is
//! in the trail of the one that came.

use std::path::Path;

use serde_json::{Value, json};
use tokenward::{Error, KeyOutcome, KeySource, RestoredKey, ServerPlan, ServerSession};
use tokenward_core::ApiKey;

use crate::commands::audit_entry::local_entry;
use crate::context::Context;
use crate::failure::Failure;

/// What would become of them, in words; nothing where no server was ever used.
pub(super) fn lines(plan: &ServerPlan, there: &str, context: &Context) -> Vec<String> {
    let lang = context.lang();
    if plan.is_empty() {
        return Vec::new();
    }
    let (coming, here) = plan.key_counts();
    let mut lines = vec![
        lang.restore_keys(there, coming, here),
        lang.restore_entries(there, plan.entries_coming, plan.entries_here),
    ];
    if plan.entries_only_here > 0 {
        lines.push(lang.restore_entries_only_here(plan.entries_only_here, there));
    }
    let now = context.now();
    lines.extend(plan.keys.iter().filter_map(|RestoredKey { key, outcome }| match outcome {
        KeyOutcome::StaysRevoked => Some(lang.restore_key_stays_revoked(&key.name, key.id)),
        KeyOutcome::Leaves if key.is_good(now) => Some(lang.restore_key_leaves(&key.name, key.id)),
        KeyOutcome::Comes if key.is_good(now) => Some(lang.restore_key_comes(&key.name, key.id, there)),
        _ => None,
    }));
    lines
}

/// Says afterwards which keys the vault accepts and refuses now that it did not before.
pub(super) fn tell(plan: &ServerPlan, revoked: &[RestoredKey], had_another: bool, context: &Context) {
    let (lang, printer, now) = (context.lang(), context.printer, context.now());
    if plan.is_empty() {
        return;
    }
    printer.note(lang.restored_keys(plan.key_counts().0, plan.entries_coming));
    let good = |outcome| named(plan.keys.iter().filter(|it| it.outcome == outcome && it.key.is_good(now)));
    if !revoked.is_empty() {
        printer.note(lang.restored_keys_revoked(named(revoked.iter())));
    }
    let (refused, accepted) = (good(KeyOutcome::Leaves), good(KeyOutcome::Comes));
    if !refused.is_empty() {
        printer.warning(lang.restored_keys_refused(refused));
    }
    if !accepted.is_empty() {
        printer.warning(lang.restored_keys_valid(accepted));
        if had_another && plan.unread.is_some() {
            printer.warning(lang.restored_keys_unknown());
        }
    }
}

/// Puts down in the trail of the vault that came that it did, and what was revoked by it; it opens with the key that was named, if one was.
/// The restore has happened: a failure is told and undoes nothing.
pub(super) async fn put_down(plan: &ServerPlan, revoked: &[RestoredKey], named_key: Option<&Path>, context: &Context) {
    if plan.is_empty() {
        return;
    }
    let written = async {
        let settings = context.settings()?;
        let options = context.session_options(&settings)?;
        let options = match named_key {
            Some(file) => options.key(KeySource::File(file.to_owned())),
            None => options,
        };
        let session = ServerSession::on_folder(context.open(&settings, options).await?, settings);
        let acts = revoked.iter().map(|it| format!("revoke-key {}", it.key.id));
        let rows: Vec<_> = std::iter::once("restore-vault".to_owned())
            .chain(acts)
            .map(|act| local_entry(act, session.now()))
            .collect();
        session.store().write_audit(&rows).await.map_err(Error::from)?;
        session.close().await?;
        Ok::<_, Failure>(())
    };
    if let Err(failure) = written.await {
        context.printer.warning(context.lang().restore_not_in_trail(failure.message(context.lang())));
    }
}

/// As JSON.
pub(super) fn documents(plan: &ServerPlan) -> Vec<Value> {
    let document = |RestoredKey { key, outcome }: &RestoredKey| {
        json!({
            "key_id": key.id.to_string(),
            "key_name": key.name,
            "revoked_at": key.revoked.map(crate::fields::moment),
            "outcome": match outcome {
                KeyOutcome::Same => "same",
                KeyOutcome::StaysRevoked => "revoked",
                KeyOutcome::Comes => "added",
                KeyOutcome::Leaves => "archived",
            },
        })
    };
    plan.keys.iter().map(document).collect()
}

fn named<'k>(keys: impl Iterator<Item = &'k RestoredKey>) -> String {
    let name = |RestoredKey { key: ApiKey { name, id, .. }, .. }: &RestoredKey| format!("{name} ({id})");
    keys.map(name).collect::<Vec<_>>().join(", ")
}
