//! `tokenward vault restore`: another vault in the present one's place, and the way back.
//!
//! What becomes of each login is shown before anything is asked, and anything is asked before something is moved.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use tokenward::{
    BackupKey, KeySource, Restore, RestorePlan, RestoredLogin, SeenLogin, SessionOptions, VaultKeySource, Verdict,
    is_of_a_script,
};
use tokenward_core::Code;

use crate::args::RestoreWish;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields;

use super::{read_backup_key, restored_keys};

pub(super) async fn run(wish: RestoreWish, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let settings = context.settings()?;
    let options = context.session_options(&settings)?;
    let kept = wish.file.as_deref().and_then(|file| super::kept_vaults::meant(settings.home(), file));
    let is_copy = wish.file.is_some() && kept.is_none();
    let ready = match &wish.file {
        Some(file) if is_copy => {
            let key = key(&wish, context).await?;
            Restore::of_backup(&options, file, &key).await?
        }
        _ => earlier(&wish, kept.as_deref(), options, context).await?,
    };
    let there = if is_copy { lang.restore_in_copy() } else { lang.restore_in_earlier() };
    let plan = ready.plan().clone();
    if wish.dry_run {
        if printer.json {
            printer.document(&document(&wish, &plan, None, false))?;
        } else {
            printer.data(&lines(&plan, &there, context).join("\n"))?;
            printer.note(lang.nothing_changed());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let folder = settings.home().vault();
    let is_there = settings.home().has_vault();
    if is_there {
        for line in lines(&plan, &there, context) {
            printer.note(line);
        }
        let of_scripts = |login: &RestoredLogin| is_of_a_script(&login.app, login.profile.as_ref());
        if plan.is_partial() || plan.logins.iter().any(|login| login.costs() && !of_scripts(login)) {
            printer.warning(lang.restore_costs());
        }
        if !wish.yes {
            let question =
                if is_copy { lang.ask_restore(folder.display()) } else { lang.ask_restore_undo(folder.display()) };
            if !context.asker().yes(question, "`--yes`").await? {
                printer.note(lang.nothing_changed());
                return Err(Failure::silent(Code::Usage.exit() as u8));
            }
        }
    }
    let done = ready.put_in_place().map_err(|error| match error.code() {
        Code::VaultBusy => {
            Failure::new(error.code(), lang.restore_in_use(folder.display())).then(lang.restore_in_use_next())
        }
        _ => error.into(),
    })?;
    if let Some(reason) = &done.unsynced {
        printer.warning(lang.restore_unsynced(reason));
    }
    if is_copy && plan.logins.iter().any(|login| login.verdict == Verdict::Comes) {
        printer.warning(lang.restored_elsewhere());
    }
    let named_key = (!is_copy).then_some(wish.key.key_file.as_deref()).flatten();
    restored_keys::put_down(&plan.server, &done.revoked, named_key, context).await;
    if printer.json {
        printer.document(&document(&wish, &plan, done.before.as_deref(), true))?;
        return Ok(ExitCode::SUCCESS);
    }
    match (&wish.file, &kept) {
        (Some(file), None) => printer.note(lang.vault_restored(file.display())),
        _ => printer.note(lang.restore_undone()),
    }
    if let Some(before) = &done.before {
        printer.note(lang.vault_restored_old(before.display()));
        printer.note(lang.restore_way_back());
    }
    restored_keys::tell(&plan.server, &done.revoked, is_there, context);
    if let Some(file) = named_key {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        printer.note(lang.vault_set_key_file(file.display()));
    }
    if is_copy && !settings.home().config().exists() {
        printer.note(lang.vault_restored_alone(settings.home().config().display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// A vault that an earlier restore put aside: it opens with the key of its day, which may be named.
async fn earlier(
    wish: &RestoreWish,
    kept: Option<&Path>,
    options: SessionOptions<'_>,
    context: &Context,
) -> Result<Restore, Failure> {
    let lang = context.lang();
    if wish.key.key_stdin {
        return Err(Failure::new(Code::Usage, lang.archived_key_stdin()).then(lang.archived_key_next()));
    }
    let options = match &wish.key.key_file {
        Some(file) => options.key(KeySource::File(file.clone())),
        None => options,
    };
    let ready = match kept {
        Some(kept) => Restore::of_kept(&options, kept).await,
        None => Restore::back(&options).await,
    };
    let ready = ready.map_err(|error| match error.code() {
        Code::VaultKey => Failure::from(error).then(lang.archived_key_next()),
        _ => error.into(),
    })?;
    if wish.key.key_file.is_some() && ready.key_source() != VaultKeySource::Explicit {
        return Err(Failure::new(Code::Usage, lang.archived_key_unused()).then(lang.archived_key_unused_next()));
    }
    Ok(ready)
}

/// The key of the backup: given, or asked for.
async fn key(wish: &RestoreWish, context: &Context) -> Result<BackupKey, Failure> {
    if let Some(key) = read_backup_key::given(&wish.key, context)? {
        return Ok(key);
    }
    let lang = context.lang();
    let typed = context.asker().secret(lang.ask_copy_key(), &lang.copy_key_ways()).await?;
    read_backup_key::parse(typed.as_bytes().to_vec(), context)
}

/// What becomes of each login, in words.
fn lines(plan: &RestorePlan, there: &str, context: &Context) -> Vec<String> {
    let lang = context.lang();
    let when = |seen: Option<SeenLogin>| seen.map_or_else(|| lang.none(), |seen| context.moment(seen.at));
    let line = |login: &RestoredLogin| {
        let nameless = || {
            let user = login.user.clone().unwrap_or_else(|| lang.said().someone_unknown());
            lang.restore_nameless(user, &login.app)
        };
        let name = login.profile.as_ref().map_or_else(nameless, ToString::to_string);
        let (here, coming) = (when(login.here), when(login.coming));
        if login.costs() && is_of_a_script(&login.app, login.profile.as_ref()) {
            return lang.restore_script(name, here);
        }
        match login.verdict {
            Verdict::Same => lang.restore_same(name, there),
            Verdict::Ends => lang.restore_ends(name, here, there, coming),
            Verdict::Revives => lang.restore_revives(name, here, there, coming),
            Verdict::Apart => lang.restore_apart(name, here, there, coming),
            Verdict::Another => lang.restore_another(name, here, there, coming),
            Verdict::Comes => lang.restore_comes(name, there, coming),
            Verdict::Leaves => lang.restore_leaves(name, here),
        }
    };
    let mut lines: Vec<String> = plan.logins.iter().map(line).collect();
    lines.extend(plan.unread.as_ref().map(|reason| lang.restore_unread(reason)));
    if plan.damaged.0 > 0 {
        lines.push(lang.restore_damaged(lang.restore_here(), plan.damaged.0));
    }
    if plan.damaged.1 > 0 {
        lines.push(lang.restore_damaged(there, plan.damaged.1));
    }
    if lines.is_empty() {
        lines.push(lang.restore_nobody());
    }
    lines.extend(restored_keys::lines(&plan.server, there, context));
    lines
}

fn document(wish: &RestoreWish, plan: &RestorePlan, previous: Option<&Path>, replaced: bool) -> Value {
    let seen = |seen: Option<SeenLogin>| {
        seen.map(
            |seen| json!({ "generation": seen.generation, "refreshed_at": fields::moment(seen.at), "ended": seen.over }),
        )
    };
    let logins: Vec<_> = plan
        .logins
        .iter()
        .map(|login| {
            json!({
                "profile": login.profile,
                "app": login.app,
                "user_name": login.user,
                "here": seen(login.here),
                "coming": seen(login.coming),
                "outcome": outcome(login.verdict),
            })
        })
        .collect();
    let file: Option<&PathBuf> = wish.file.as_ref();
    json!({
        "file": file,
        "replaced": replaced,
        "previous_vault": previous,
        "logins": logins,
        "unread": plan.unread,
        "damaged_count": { "here": plan.damaged.0, "coming": plan.damaged.1 },
        "api_keys": restored_keys::documents(&plan.server),
        "api_keys_unread": plan.server.unread,
        "audit_entry_count": {
            "here": plan.server.entries_here,
            "coming": plan.server.entries_coming,
            "only_here": plan.server.entries_only_here,
        },
    })
}

const fn outcome(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "same",
        Verdict::Ends => "ends",
        Verdict::Revives => "continues",
        Verdict::Apart => "diverged",
        Verdict::Another => "another",
        Verdict::Comes => "added",
        Verdict::Leaves => "archived",
    }
}
