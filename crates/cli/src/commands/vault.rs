//! `tokenward vault`: looks after the sealed store.

use std::process::ExitCode;

use serde_json::json;

use crate::args::Vault;
use crate::desk::Desk;
use crate::failure::Failure;

pub(super) async fn run(vault: Vault, desk: &Desk) -> Result<ExitCode, Failure> {
    match vault {
        Vault::Info => info(desk).await,
        _ => Err(Failure::of(tokenward_core::Code::Usage)),
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
