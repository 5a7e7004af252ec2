//! `tokenward vault`: looks after the sealed store.
//!
//! A login that is damaged keeps nobody from the others: it is named, the rest is done, and the exit code tells of it.
//!
//! A backup is sealed with a key of its own, which is never an argument: it is made and printed once, or it comes from
//! a file, stdin or a prompt.

mod kept_vaults;
mod read_backup_key;
mod restore;
mod restored_keys;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;
use tokenward::{BackupKey, DamagedLogin, KeySource, SystemEntropy, VaultKeySource};
use tokenward_core::Code;

use crate::args::{BackupKeyFrom, Vault};
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(vault: Vault, context: &Context) -> Result<ExitCode, Failure> {
    match vault {
        Vault::Info => info(context).await,
        Vault::Backup { file, key } => backup(&file, &key, context).await,
        Vault::Kept(wish) => return kept_vaults::run(&wish, context).await,
        Vault::Restore(wish) => return restore::run(wish, context).await,
        Vault::Rekey { new_key_file, own_key } => rekey(new_key_file, own_key, context).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn info(context: &Context) -> Result<(), Failure> {
    let lang = context.lang();
    let settings = context.settings()?;
    let Some(session) = context.look(&settings).await? else {
        let folder = settings.home().vault();
        if context.printer.json {
            return context
                .printer
                .document(&json!({ "vault": folder, "engine": null, "login_count": 0, "open_refreshes": 0 }));
        }
        context.printer.note(lang.no_vault_yet(folder.display()));
        return Ok(());
    };
    let info = session.vault_info().await?;
    let reports = session.keeper().list().await?;
    let damaged = session.damaged_logins().await?;
    let kept = tokenward::kept_vaults(settings.home());
    let open: usize = reports.iter().map(|report| report.intents.len()).sum();
    if context.printer.json {
        context.printer.document(&json!({
            "vault": settings.home().vault(),
            "engine": info.engine,
            "vault_schema": info.schema,
            "key_source": info.key_source,
            "key": info.key,
            "login_count": reports.len(),
            "open_refreshes": open,
            "damaged": named(&damaged),
            "kept_vault_count": kept.len(),
            "notes": info.notes,
        }))?;
        return whole(&damaged, context);
    }
    let key = context.key_words(&settings, &info)?;
    let mut facts = vec![
        (lang.fact_vault(), settings.home().vault().display().to_string()),
        (lang.fact_engine(), info.engine),
        (lang.fact_schema(), info.schema.to_string()),
        (lang.fact_key(), key),
        (lang.fact_grants(), reports.len().to_string()),
        (lang.fact_open_intents(), open.to_string()),
    ];
    if !kept.is_empty() {
        facts.push((lang.fact_kept_vaults(), lang.kept_vaults_counted(kept.len())));
    }
    context.printer.facts(&facts)?;
    for note in &info.notes {
        context.printer.warning(note);
    }
    whole(&damaged, context)
}

/// Fails, with their names, where logins are damaged.
pub(super) fn whole(damaged: &[DamagedLogin], context: &Context) -> Result<(), Failure> {
    let (lang, [first, ..]) = (context.lang(), damaged) else { return Ok(()) };
    let failure = Failure::of(Code::LoginDamaged).detail(format!(
        "{}{}{}",
        names(damaged, context),
        context.lang().colon(),
        context.lang().detail(&first.reason)
    ));
    Err(failure
        .then_all(first.profile.as_ref().map(|name| lang.login_damaged_profile(name)))
        .or_then(lang, lang.login_damaged_copy()))
}

fn names(damaged: &[DamagedLogin], context: &Context) -> String {
    let name = |login: &DamagedLogin| {
        let id = || login.id.map_or_else(|| context.lang().unknown(), |id| id.to_string());
        login.profile.as_ref().map_or_else(id, ToString::to_string)
    };
    damaged.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Damaged logins as JSON.
pub(super) fn named(damaged: &[DamagedLogin]) -> Vec<serde_json::Value> {
    damaged.iter().map(|login| json!({ "profile": login.profile, "grant": login.id, "reason": login.reason })).collect()
}

async fn backup(file: &Path, from: &BackupKeyFrom, context: &Context) -> Result<(), Failure> {
    let lang = context.lang();
    // Elsewhere `-` is stdout. Here stdout has the key, and a file of that name would be taken for the pipe's.
    if file == Path::new("-") {
        return Err(Failure::new(Code::Usage, lang.backup_to_stdout()).then(lang.backup_to_stdout_next()));
    }
    if file.exists() {
        return Err(Failure::new(Code::BadSetting, lang.file_exists(file.display())).then(lang.choose_other_file()));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        let words = lang.backup_without_folder(file.display(), folder.display());
        return Err(Failure::new(Code::OutputNotWritten, words).then(lang.backup_not_written_next()));
    }
    let settings = context.settings()?;
    let given = read_backup_key::given(from, context)?;
    let fresh = given.is_none();
    let key = given.unwrap_or_else(|| BackupKey::fresh(&SystemEntropy));
    key.check().map_err(|_| Failure::new(Code::BadSecret, lang.copy_key_unusable()).complete())?;
    let session = context.session(&settings).await?;
    let done = session.back_up(file, &key).await.map_err(|error| {
        let is_of_the_file = error.code() == Code::OutputNotWritten;
        let failure = Failure::from(error);
        if !is_of_the_file {
            return failure;
        }
        failure.saying(lang.backup_not_written(file.display())).then(lang.backup_not_written_next())
    })?;
    let shown = fresh.then(|| String::from_utf8_lossy(key.expose()).into_owned());
    let told = if context.printer.json {
        context.printer.document(&json!({ "file": file, "backup_key": shown, "damaged": named(&done.damaged) }))
    } else {
        context.printer.note(lang.vault_saved(file.display()));
        shown.map_or(Ok(()), |shown| {
            context.printer.note(lang.vault_copy_key());
            context.printer.data(&shown)
        })
    };
    if let Err(failure) = told {
        // A copy whose key nobody has seen opens for nobody, and would hold the name.
        let removed = fresh && std::fs::remove_file(file).is_ok();
        return Err(if removed { failure.stands(lang.copy_removed(file.display())) } else { failure });
    }
    whole(&done.damaged, context)
}

/// New data key first, then the key that wraps it: a crash between the two leaves a vault that opens as before.
async fn rekey(new_key_file: Option<PathBuf>, own_key: bool, context: &Context) -> Result<(), Failure> {
    let lang = context.lang();
    let settings = context.settings()?;
    let session = context.session(&settings).await?;
    let sealed = session.renew_data_key().await?;
    let damaged = session.damaged_logins().await?;
    let old = settings.key_source().map_err(|error| context.settings_failure(&error))?;
    // What opens it by its own account, whatever the variables name.
    let own = session.vault_info().await?.key_source != VaultKeySource::Explicit;
    // What is said about it must hold in every folder.
    let new_key_file = new_key_file.map(|file| std::path::absolute(&file).unwrap_or(file));
    let new = match &new_key_file {
        Some(file) => Some(KeySource::File(file.clone())),
        None if own || own_key => Some(KeySource::Unset),
        None => None,
    };
    if let Some(new) = &new {
        tokenward::rewrap(settings.home(), &old, new, &SystemEntropy)?;
    }
    let source = match (&new, &old) {
        (Some(KeySource::File(file)), _) | (None, KeySource::File(file)) => lang.key_given_file(file.display()),
        (None, KeySource::Given(_)) => lang.key_given(),
        _ => lang.key_own_file(settings.home().vault().join("key").display()),
    };
    let unused = match (&new, &old) {
        (Some(KeySource::Unset), KeySource::File(file)) if own => Some(file.display().to_string()),
        (Some(KeySource::Unset), KeySource::Given(_)) if own => Some("FILE".to_owned()),
        _ => None,
    };
    if context.printer.json {
        let facts = json!({
            "values": sealed.values,
            "left": sealed.left,
            "key": source,
            "key_renewed": new.is_some(),
            "damaged": named(&damaged),
        });
        context.printer.document(&facts)?;
        return whole(&damaged, context);
    }
    context.printer.note(lang.vault_rekeyed(sealed.values, source));
    if sealed.left > 0 {
        context.printer.warning(lang.vault_values_left(sealed.left));
    }
    if new.is_none() {
        context.printer.note(lang.vault_key_stays());
    }
    if let Some(file) = unused {
        context.printer.warning(lang.vault_key_unused(file));
    }
    match &new_key_file {
        Some(file) => {
            context.printer.note(lang.vault_set_key_file(file.display()));
            if let Some(service) = super::service::installed(context) {
                context.printer.warning(lang.vault_key_of_service(context.short(&service), file.display()));
            }
        }
        None if own_key && !own => context.printer.note(lang.vault_unset_key()),
        None => {}
    }
    whole(&damaged, context)
}
