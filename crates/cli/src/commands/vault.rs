//! `tokenward vault`: looks after the sealed store.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use tokenward::Session;
use tokenward_core::Code;

use crate::args::Vault;
use crate::desk::Desk;
use crate::failure::Failure;

pub(super) async fn run(vault: Vault, desk: &Desk) -> Result<ExitCode, Failure> {
    match vault {
        Vault::Info => info(desk).await,
        Vault::Backup { file } => backup(&file, desk).await,
        Vault::Restore { file, yes } => restore(&file, yes, desk).await,
        Vault::Rekey => rekey(desk).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn info(desk: &Desk) -> Result<(), Failure> {
    let lang = desk.lang();
    let settings = desk.settings()?;
    let session = desk.session(&settings).await?;
    let info = session.vault().info().await.map_err(tokenward::Error::from)?;
    let reports = session.keeper().list().await?;
    let open: usize = reports.iter().map(|report| report.intents.len()).sum();
    if desk.printer.json {
        return desk.printer.document(&json!({
            "vault": settings.home().vault(),
            "engine": info.engine,
            "schema": info.schema,
            "key_source": info.key_source,
            "key": info.key,
            "logins": reports.len(),
            "open_turns": open,
            "notes": info.notes,
        }));
    }
    desk.printer.facts(&[
        (lang.fact_vault(), settings.home().vault().display().to_string()),
        (lang.fact_engine(), info.engine),
        (lang.fact_schema(), info.schema.to_string()),
        (lang.fact_key(), info.key),
        (lang.fact_grants(), reports.len().to_string()),
        (lang.fact_open_intents(), open.to_string()),
    ])?;
    for note in &info.notes {
        desk.printer.warning(note);
    }
    Ok(())
}

async fn backup(file: &Path, desk: &Desk) -> Result<(), Failure> {
    let lang = desk.lang();
    if file.exists() {
        return Err(Failure::new(Code::BadSetting, lang.file_exists(file.display())).then(lang.choose_other_file()));
    }
    let settings = desk.settings()?;
    let session = desk.session(&settings).await?;
    session.backup(file).await?;
    if desk.printer.json {
        return desk.printer.document(&json!({ "file": file }));
    }
    desk.printer.note(lang.vault_saved(file.display()));
    Ok(())
}

async fn restore(file: &Path, yes: bool, desk: &Desk) -> Result<(), Failure> {
    let lang = desk.lang();
    let settings = desk.settings()?;
    let folder = settings.home().vault();
    if folder.exists() && !yes && !desk.asker().yes(lang.ask_restore(folder.display()), "--yes").await? {
        return Err(Failure::new(Code::Usage, lang.not_logged_out()).complete());
    }
    let kept = Session::restore(desk.session_options(&settings)?, file).await?;
    if desk.printer.json {
        return desk.printer.document(&json!({ "file": file, "previous": kept }));
    }
    desk.printer.note(lang.vault_restored(file.display()));
    if let Some(kept) = kept {
        desk.printer.note(lang.vault_restored_old(kept.display()));
    }
    desk.printer.warning(lang.vault_restore_warning());
    Ok(())
}

async fn rekey(desk: &Desk) -> Result<(), Failure> {
    let settings = desk.settings()?;
    let session = desk.session(&settings).await?;
    let source = session.rekey().await?;
    if desk.printer.json {
        return desk.printer.document(&json!({ "key": source }));
    }
    desk.printer.note(desk.lang().vault_rekeyed(source));
    Ok(())
}
