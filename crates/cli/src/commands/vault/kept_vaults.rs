//! `tokenward vault kept`: the vaults that restores put aside.
//!
//! Each may hold logins that are in no other, so what is removed is named first, and removed after a yes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use tokenward::{Home, KeptVault};
use tokenward_core::Code;

use crate::args::KeptVaults;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields;
use crate::words::size;

pub(super) async fn run(wish: &KeptVaults, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let home = context.home()?;
    let kept = tokenward::kept_vaults(&home);
    let doomed = if wish.remove_all { kept.clone() } else { chosen(&wish.remove, &kept, context)? };
    if !doomed.is_empty() {
        for vault in &doomed {
            printer.note(lang.kept_vault_goes(vault.path.display(), when(vault, context), size(vault.size)));
        }
        if !wish.yes && !context.asker().yes(lang.ask_remove_kept(), "`--yes`").await? {
            printer.note(lang.nothing_changed());
            return Err(Failure::silent(Code::Usage.exit() as u8));
        }
        for vault in &doomed {
            tokenward::remove_kept_vault(&home, &vault.path)?;
        }
    }
    let left: Vec<_> = kept.iter().filter(|vault| !doomed.contains(vault)).collect();
    if printer.json {
        let removed: Vec<_> = doomed.iter().map(|vault| &vault.path).collect();
        let kept: Vec<_> = left.iter().map(|vault| document(vault)).collect();
        printer.document(&json!({ "kept_vaults": kept, "removed_vaults": removed }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if !doomed.is_empty() {
        printer.note(lang.kept_vaults_removed(doomed.len()));
    }
    if left.is_empty() {
        printer.note(lang.no_kept_vaults());
        return Ok(ExitCode::SUCCESS);
    }
    let rows = left.iter().map(|vault| {
        let back = if vault.is_last {
            "tokenward vault restore --undo".to_owned()
        } else {
            format!("tokenward vault restore {}", name(&vault.path))
        };
        vec![name(&vault.path), when(vault, context), size(vault.size), back]
    });
    printer.table(
        &[lang.head_kept_vault(), lang.head_kept_since(), lang.head_kept_size(), lang.head_kept_back()],
        rows.collect(),
    )?;
    printer.note(lang.kept_vaults_lie_in(home.path().display()));
    Ok(ExitCode::SUCCESS)
}

/// The vault that was put aside which a person names, by its path or its name alone.
pub(super) fn meant(home: &Home, named: &Path) -> Option<PathBuf> {
    // What is a file here is a backup, whatever it is called.
    if named.is_file() {
        return None;
    }
    find(named, &tokenward::kept_vaults(home)).map(|vault| vault.path.clone())
}

fn find<'a>(named: &Path, kept: &'a [KeptVault]) -> Option<&'a KeptVault> {
    let whole = named.canonicalize().ok();
    kept.iter().find(|vault| {
        vault.path.file_name().is_some_and(|name| named == Path::new(name))
            || vault.path == named
            || whole.is_some() && vault.path.canonicalize().ok() == whole
    })
}

fn chosen(wanted: &[PathBuf], kept: &[KeptVault], context: &Context) -> Result<Vec<KeptVault>, Failure> {
    let lang = context.lang();
    let mut chosen: Vec<KeptVault> = Vec::new();
    for named in wanted {
        let Some(vault) = find(named, kept) else {
            let failure = Failure::new(Code::BadSetting, lang.no_such_kept_vault(named.display()));
            return Err(failure.then(lang.see_kept_vaults()));
        };
        if !chosen.contains(vault) {
            chosen.push(vault.clone());
        }
    }
    Ok(chosen)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn when(vault: &KeptVault, context: &Context) -> String {
    vault.since.map_or_else(|| context.lang().unknown(), |since| context.moment(since))
}

fn document(vault: &KeptVault) -> Value {
    json!({
        "path": vault.path,
        "since": vault.since.map(fields::moment),
        "bytes": vault.size,
        "undo": vault.is_last,
    })
}
