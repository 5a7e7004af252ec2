//! What happens while a page is made: a line on a terminal that is written over, words that stay, and the steps at which
//! a test may kill the process.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokenward_wiki::{Notice, PageObserver, PageStep, Phase};

use crate::ambient;
use crate::context::Context;

/// Shows it.
pub(super) struct Progress<'a> {
    context: &'a Context,
    /// Whether a person looks on.
    shows: bool,
    /// What the line shows now; empty when there is none.
    line: Mutex<String>,
    /// The file of a folder that is at work, as the line names it.
    file: Mutex<String>,
    /// Whether work is under way that a signal would cut off.
    works: AtomicBool,
}

impl<'a> Progress<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        let surface = context.ambient.surface;
        let shows = surface.err && !surface.plain && !context.printer.json && context.printer.is_heard();
        Self { context, shows, line: Mutex::default(), file: Mutex::default(), works: AtomicBool::new(false) }
    }

    /// Work begins that the next run would continue.
    pub(super) fn begin(&self) {
        self.works.store(true, Ordering::Relaxed);
    }

    /// Takes the line away: the work came to an end.
    pub(super) fn end(&self) {
        self.works.store(false, Ordering::Relaxed);
        self.clear();
    }

    fn clear(&self) {
        self.show(String::new());
    }

    fn show(&self, text: String) {
        if !self.shows {
            return;
        }
        let mut line = self.line.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *line != text {
            self.context.printer.passing(&text);
            *line = text;
        }
    }
}

impl Drop for Progress<'_> {
    /// A command that a signal ended is dropped where it was.
    fn drop(&mut self) {
        if *self.works.get_mut() {
            self.context.printer.passing_ends();
            self.context.printer.note(self.context.lang().wiki_continues());
        }
    }
}

impl PageObserver for Progress<'_> {
    fn page(&self, number: usize, of: usize, file: &Path) {
        let mut name = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *name = format!("{}/{of} {}  ", number + 1, file.display());
        self.show(name.trim_end().to_owned());
    }

    fn at(&self, step: PageStep) {
        if self.context.ambient.kill_at_wiki() == Some(step) {
            ambient::die();
        }
    }

    fn progress(&self, phase: Phase, done: usize, whole: usize) {
        let lang = self.context.lang();
        let what = match phase {
            Phase::Fetching => lang.wiki_fetching(),
            Phase::Converting => lang.wiki_converting(),
            Phase::Inserting => lang.wiki_inserting(),
            Phase::Uploading => lang.wiki_uploading(),
            Phase::Importing => lang.wiki_importing(),
        };
        let file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let filled = (done * WIDTH).checked_div(whole);
        self.show(match filled {
            Some(filled) => {
                let bar = format!("{}{}", "█".repeat(filled), "░".repeat(WIDTH - filled.min(WIDTH)));
                format!("{file}{bar} {what} {done}/{whole}")
            }
            None => format!("{file}{what}"),
        });
    }

    fn notice(&self, notice: Notice) {
        self.clear();
        let (lang, printer) = (self.context.lang(), self.context.printer);
        match notice {
            Notice::PictureLinked { url, reason } => printer.warning(lang.wiki_picture_linked(url, reason)),
            Notice::PictureNotPublic { url, host } => printer.warning(lang.wiki_picture_not_public(url, host)),
            Notice::PictureStays { line, what, flaw } => {
                printer.warning(lang.wiki_picture_stays(line, what.escape_debug(), lang.wiki_flaw(&flaw)));
            }
            Notice::Diagram { line, language } => {
                printer.warning(lang.wiki_diagram(line, language.escape_debug()));
            }
            Notice::FrontMatterLeftOut { lines } => printer.warning(lang.wiki_front_matter_left_out(lines)),
            Notice::Blank => printer.warning(lang.wiki_blank()),
            Notice::TextsCut(count) => printer.warning(lang.wiki_texts_cut(count)),
            Notice::PictureDropped { destination } => {
                printer.warning(lang.wiki_picture_dropped(destination.escape_debug()));
            }
            Notice::LinkWithoutLogin { address } => {
                printer.warning(lang.wiki_link_without_login(address.escape_debug()));
            }
            Notice::PictureWithoutPlace { what } => printer.warning(lang.wiki_picture_without_place(what)),
            Notice::TablesCut(count) => printer.warning(lang.wiki_tables_cut(count)),
            Notice::Resumed => printer.note(lang.wiki_resumed()),
            Notice::FileChanged => printer.note(lang.wiki_file_changed()),
            Notice::LookingForPage => printer.note(lang.wiki_looking()),
            Notice::PageFound => printer.note(lang.wiki_found()),
            Notice::TitleStays { page } => printer.warning(lang.wiki_title_stays(page)),
            Notice::LocalPicturesStay(count) => printer.warning(lang.wiki_local_pictures_stay(count)),
            Notice::PerhapsTwoDocuments { name } => printer.warning(lang.wiki_perhaps_two(name)),
            Notice::ImportCut(code) => printer.warning(match code {
                1000 => lang.wiki_cut_blocks(),
                1001 => lang.wiki_cut_cells(),
                1002 => lang.wiki_cut_columns(),
                1003 => lang.wiki_cut_paragraph(),
                code => lang.wiki_cut_other(code),
            }),
            _ => {}
        }
    }
}

/// Cells of the bar.
const WIDTH: usize = 24;
