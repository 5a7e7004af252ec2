//! `wiki create DIR`, `wiki update DIR`: a page for each Markdown file of a folder.
//!
//! How the pages come about once, whatever happens, is the business of `tokenward-wiki`; here their addresses are printed, each with
//! its file.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use tokenward_core::Code;
use tokenward_wiki::{Folder, FolderOutlook, FolderPage, PageLocation, Store, Task, Updated, Wiki as Engine};

use super::engine::{how_to_read, place_of, tenant_host, with_engine};
use super::page_output::{fields, open, tell_general_host};
use super::{dry_run, error_words};
use crate::args::{WikiCreate, WikiPlace, WikiReading, WikiUpdate};
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn create(create: &WikiCreate, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let single = [("--title", create.title.is_some()), ("--import", create.import), ("--again", create.again)];
    if let Some((option, _)) = single.into_iter().find(|(_, is_given)| *is_given) {
        return Err(Failure::new(Code::Usage, lang.wiki_not_with_folder(option)).complete());
    }
    let folder = read(&create.file, &create.reading, context)?;
    // The page of the folder itself may say where it goes, as a single file may.
    let own = folder.pages.first().filter(|_| folder.has_own);
    let place = place_of(&create.place, own.map(|page| &page.manuscript));
    let place = place.map_err(|error| error_words::failure(error, None, context))?;
    if create.dry_run {
        return look(&folder, Some(&place), &create.place, true, context);
    }
    let tasks: Vec<_> =
        folder.pages.iter().map(|page| (Task::Create { place: &place, import: false }, &page.manuscript)).collect();
    let made = async |engine: &Engine<'_>| engine.create_folder(&folder, &place, create.force).await;
    let reports = with_engine(&create.place, &create.reading, &tasks, context, made).await?;
    let pages: Vec<_> = folder.pages.iter().zip(&reports).collect();
    print(&pages, context)?;
    let created = reports.iter().filter(|report| report.changed).count();
    context.printer.note(lang.wiki_created(created, reports.len() - created));
    if let Some(first) = reports.first() {
        if !context.printer.json {
            tell_general_host(first, context);
        }
        if create.open {
            open(first, context);
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn update(
    update: &WikiUpdate,
    place: Option<&PageLocation>,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let folder = read(&update.file, &update.reading, context)?;
    if update.dry_run {
        return look(&folder, place, &update.place, false, context);
    }
    let tasks: Vec<_> = folder.pages.iter().map(|page| (Task::Update, &page.manuscript)).collect();
    let made = async |engine: &Engine<'_>| engine.update_folder(&folder, place, update.force).await;
    let updated = with_engine(&update.place, &update.reading, &tasks, context, made).await?;
    let Updated { pages, left, without_page } = updated;
    let shown: Vec<_> = pages.iter().map(|(n, report)| (&folder.pages[*n], report)).collect();
    print(&shown, context)?;
    let changed = pages.iter().filter(|(_, report)| report.changed).count();
    context.printer.note(lang.wiki_updated(changed, pages.len() - changed));
    for n in without_page {
        context.printer.note(lang.wiki_without_page(folder.pages[n].name.display()));
    }
    let mut failures: Vec<_> = left.into_iter().map(|(_, error)| error_words::failure(error, None, context)).collect();
    let last = failures.pop();
    for failure in &failures {
        context.printer.failure(failure);
    }
    last.map_or(Ok(ExitCode::SUCCESS), Err)
}

fn read(path: &Path, reading: &WikiReading, context: &Context) -> Result<Folder, Failure> {
    Folder::read(path, &how_to_read(None, reading)).map_err(|error| error_words::failure(error, None, context))
}

/// A line for each page: its address and its file. For programs what a single file's page has, of each.
fn print(pages: &[(&FolderPage, &tokenward_wiki::Report)], context: &Context) -> Result<(), Failure> {
    if context.printer.json {
        let pages: Vec<Value> = pages.iter().map(|(page, report)| fields(&page.manuscript.path, report)).collect();
        return context.printer.document(&json!({ "pages": pages }));
    }
    for (page, report) in pages {
        context.printer.data(&format!("{}  {}", report.address, page.name.display()))?;
    }
    Ok(())
}

/// What would be done with each file. Sends nothing.
fn look(
    folder: &Folder,
    place: Option<&PageLocation>,
    asked: &WikiPlace,
    creates: bool,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let host = host(asked, context)?;
    let (store, owner) = (Store::new(context.home()?.path()), owner(context)?);
    let outlooks = Engine::folder_outlook(&store, &owner, &host, folder, place);
    let outlooks = outlooks.map_err(|error| error_words::failure(error, None, context))?;
    // A folder's own page shows nothing that an update would change.
    let pages: Vec<_> = folder.pages.iter().zip(&outlooks).filter(|(page, _)| creates || !page.is_folder()).collect();
    for (page, _) in &pages {
        dry_run::tell_remarks(&page.manuscript, context);
    }
    let above = |page: &FolderPage| page.above.map(|above| folder.pages[above].name.display().to_string());
    if context.printer.json {
        let pages: Vec<_> = pages
            .iter()
            .map(|(page, FolderOutlook { page: outlook })| {
                json!({
                    "file": page.manuscript.path.display().to_string(),
                    "parent_file": page.above.map(|above| folder.pages[above].manuscript.path.display().to_string()),
                    "title": outlook.as_ref().map_or(&page.manuscript.title, |outlook| &outlook.title),
                    "url": outlook.as_ref().map(|outlook| &outlook.address),
                    "whole": outlook.as_ref().is_some_and(|outlook| outlook.whole),
                    "changed": outlook.as_ref().is_none_or(|outlook| outlook.changed),
                    "images": dry_run::pictures(&page.manuscript),
                    "blocks": page.manuscript.blocks(),
                })
            })
            .collect();
        context.printer.document(&json!({ "pages": pages }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = pages.iter().map(|(page, FolderOutlook { page: outlook })| {
        let fate = match outlook {
            None if creates => lang.wiki_page_new(),
            None => lang.wiki_page_none(),
            Some(outlook) if !outlook.whole => lang.wiki_page_begun(),
            Some(_) if creates => lang.wiki_page_whole(),
            Some(outlook) if outlook.changed => lang.wiki_page_changed(),
            Some(_) => lang.wiki_page_same(),
        };
        let title = outlook.as_ref().map_or(&page.manuscript.title, |outlook| &outlook.title);
        vec![page.name.display().to_string(), title.clone(), above(page).unwrap_or_else(|| lang.none()), fate]
    });
    let heads = [lang.head_file(), lang.head_title(), lang.head_parent(), lang.head_page()];
    context.printer.table(&heads, rows.collect())?;
    context.printer.note(lang.wiki_dry_run());
    Ok(ExitCode::SUCCESS)
}

/// Whose pages are looked at: the profile's that is meant, set up or not.
fn owner(context: &Context) -> Result<String, Failure> {
    let settings = context.settings()?;
    Ok(context.profile_name(&settings).map_or_else(|_| "default".to_owned(), |name| name.to_string()))
}

/// The host in addresses; a look needs no app.
fn host(asked: &WikiPlace, context: &Context) -> Result<String, Failure> {
    let provider = context.provider().unwrap_or(tokenward_core::ProviderName::Feishu);
    tenant_host(asked, provider, context)
}
