//! `tokenward wiki`: Markdown files put into the wiki, their addresses on stdout.
//!
//! How a page comes about once, whatever happens, is the business of `tokenward-wiki`; this file gives it a token's
//! caller, the real time and a folder, and says what happened.

mod dry_run;
mod engine;
mod error_words;
mod page_output;
mod progress;
mod publish_folder;
mod published_pages;

use std::path::Path;
use std::process::ExitCode;

use tokenward_wiki::{Manuscript, Report, Task, Wiki as Engine, Wishes};

use crate::args::{Wiki, WikiCreate, WikiReading, WikiUpdate};
use crate::context::Context;
use crate::failure::Failure;
use engine::{how_to_read, place_of, with_engine};
use page_output::{fields, open, tell_general_host};

pub(super) async fn run(wiki: Wiki, context: &Context) -> Result<ExitCode, Failure> {
    match wiki {
        Wiki::Create(create) => self::create(&create, context).await,
        Wiki::Update(update) => self::update(&update, context).await,
        Wiki::List => published_pages::run(context),
    }
}

async fn create(create: &WikiCreate, context: &Context) -> Result<ExitCode, Failure> {
    if create.file.is_dir() {
        return publish_folder::create(create, context).await;
    }
    // What is wrong with the file or the place is found before anything is opened.
    let manuscript = read(&create.file, create.title.clone(), &create.reading, context)?;
    let place =
        place_of(&create.place, Some(&manuscript)).map_err(|error| error_words::failure(error, None, context))?;
    if create.dry_run {
        return dry_run::create(&manuscript, &place, create.import, context);
    }
    let wishes = Wishes { again: create.again, force: create.force, import: create.import };
    manuscript.check(create.import).map_err(|error| error_words::failure(error, None, context))?;
    let made = async |engine: &Engine<'_>| engine.create(&manuscript, &place, wishes).await;
    let task = Task::Create { place: &place, import: create.import };
    let manuscripts = [(task, &manuscript)];
    let report = with_engine(&create.place, &create.reading, &manuscripts, context, made).await?;
    print(&manuscript, &report, context)?;
    if create.open {
        open(&report, context);
    }
    Ok(ExitCode::SUCCESS)
}

async fn update(update: &WikiUpdate, context: &Context) -> Result<ExitCode, Failure> {
    let said = update.place.is_said();
    let place = said.then(|| place_of(&update.place, None)).transpose();
    let place = place.map_err(|error| error_words::failure(error, None, context))?;
    if update.file.is_dir() {
        return publish_folder::update(update, place.as_ref(), context).await;
    }
    let manuscript = read(&update.file, None, &update.reading, context)?;
    if update.dry_run {
        return dry_run::update(&manuscript, place.as_ref(), &update.place, context);
    }
    let made = async |engine: &Engine<'_>| engine.update(&manuscript, place.as_ref(), update.force).await;
    let manuscripts = [(Task::Update, &manuscript)];
    let report = with_engine(&update.place, &update.reading, &manuscripts, context, made).await?;
    if !report.changed {
        context.printer.note(context.lang().wiki_in_step());
    }
    print(&manuscript, &report, context)?;
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path, title: Option<String>, reading: &WikiReading, context: &Context) -> Result<Manuscript, Failure> {
    Manuscript::read(file, &how_to_read(title, reading)).map_err(|error| error_words::failure(error, None, context))
}

/// The page's address; what else is known of it for programs.
fn print(manuscript: &Manuscript, report: &Report, context: &Context) -> Result<(), Failure> {
    if context.printer.json {
        return context.printer.document(&fields(&manuscript.path, report));
    }
    context.printer.data(&report.address)?;
    tell_general_host(report, context);
    Ok(())
}
