//! What happens, made visible: for progress on a terminal, for words, and for tests that kill a process at each step.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use url::Url;

use crate::Flaw;

/// A step that has just been completed. A crash right after any of them is repaired by the next run (I5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PageStep {
    /// The text is converted and the plan is durable.
    Planned,
    /// The intent to make a page is durable.
    Intended,
    /// The provider has made the page; only memory knows its id.
    Made,
    /// The page's id is durable.
    Known,
    /// The old content is gone; the new one was there before.
    Cleared,
    /// Blocks were inserted; only memory knows.
    Sent,
    /// That they were inserted is durable.
    Inserted,
    /// A picture is uploaded; only memory knows.
    Uploaded,
    /// That it is uploaded is durable.
    Kept,
    /// Pictures are in their places; only memory knows.
    Placed,
    /// The file for the import is uploaded and that is durable.
    Brought,
    /// The intent to have it imported is durable.
    Asked,
    /// The import's ticket is durable.
    Ticketed,
    /// The imported document is known and that is durable.
    Imported,
    /// The document was moved into the wiki; only memory knows.
    Moved,
    /// Everything is done and that is durable.
    Done,
}

impl PageStep {
    /// Every step.
    pub const ALL: [Self; 16] = [
        Self::Planned,
        Self::Intended,
        Self::Made,
        Self::Known,
        Self::Cleared,
        Self::Sent,
        Self::Inserted,
        Self::Uploaded,
        Self::Kept,
        Self::Placed,
        Self::Brought,
        Self::Asked,
        Self::Ticketed,
        Self::Imported,
        Self::Moved,
        Self::Done,
    ];

    /// The step's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "wiki-planned",
            Self::Intended => "wiki-intended",
            Self::Made => "wiki-made",
            Self::Known => "wiki-known",
            Self::Cleared => "wiki-cleared",
            Self::Sent => "wiki-sent",
            Self::Inserted => "wiki-inserted",
            Self::Uploaded => "wiki-uploaded",
            Self::Kept => "wiki-kept",
            Self::Placed => "wiki-placed",
            Self::Brought => "wiki-brought",
            Self::Asked => "wiki-asked",
            Self::Ticketed => "wiki-ticketed",
            Self::Imported => "wiki-imported",
            Self::Moved => "wiki-moved",
            Self::Done => "wiki-done",
        }
    }
}

impl fmt::Display for PageStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PageStep {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|step| step.as_str() == text).ok_or(())
    }
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Pictures are fetched from the web.
    Fetching,
    /// The provider converts the text.
    Converting,
    /// Blocks are inserted.
    Inserting,
    /// Pictures are uploaded.
    Uploading,
    /// The provider imports the file.
    Importing,
}

/// Something that a person should know although the work goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A picture of the web could not be fetched; a link stands in its place.
    PictureLinked {
        /// Where it is.
        url: Url,
        /// Why it was not fetched.
        reason: String,
    },
    /// A picture of the web is at a host that is none of the open internet; a link stands in its place.
    PictureNotPublic {
        /// Where it is.
        url: Url,
        /// The host, as the person may name it.
        host: String,
    },
    /// What looks like a picture of this machine stays on the page as it is written.
    PictureStays {
        /// The line, counted from one, in the file.
        line: usize,
        /// What is written there.
        what: String,
        /// Why it is not taken.
        flaw: Flaw,
    },
    /// A drawing that is told as text becomes a block of code.
    Diagram {
        /// The line, counted from one, in the file.
        line: usize,
        /// Its language.
        language: String,
    },
    /// The head of the file was taken for front matter although it has none of its keys.
    FrontMatterLeftOut {
        /// How many lines it has, rules and all.
        lines: usize,
    },
    /// The page shows nothing but its title.
    Blank,
    /// A picture's address leads to nothing that can be fetched; its words stand in its place.
    PictureDropped {
        /// The address.
        destination: String,
    },
    /// The address of a link holds a name or a password; it is sent without.
    LinkWithoutLogin {
        /// The address as it is sent.
        address: String,
    },
    /// The converter has made no place for a picture.
    PictureWithoutPlace {
        /// The picture.
        what: String,
    },
    /// Tables were cut into several, because no request can bring them whole.
    TablesCut(usize),
    /// Texts were cut into several, because they are longer than the provider takes.
    TextsCut(usize),
    /// An earlier run was interrupted; this one goes on.
    Resumed,
    /// The file changed since that run: the page gets the new content.
    FileChanged,
    /// It is not known whether the page was made; it is being looked for.
    LookingForPage,
    /// It was made, and was found.
    PageFound,
    /// The page has another title than the file now; titles are not changed.
    TitleStays {
        /// The page's title.
        page: String,
    },
    /// The importing provider sees no local pictures.
    LocalPicturesStay(usize),
    /// A lost answer may have left a document of this name in the person's own folder.
    PerhapsTwoDocuments {
        /// The name.
        name: String,
    },
    /// What the importing provider cut (reference/feishu.md §12.2).
    ImportCut(i64),
}

/// Told of what happens. Must not block for long.
pub trait PageObserver: Send + Sync {
    /// A step has just been completed.
    fn at(&self, _step: PageStep) {}

    /// A file of a folder is begun: its number, how many there are, and its name.
    fn page(&self, _number: usize, _of: usize, _file: &Path) {}

    /// So much of a phase is done.
    fn progress(&self, _phase: Phase, _done: usize, _whole: usize) {}

    /// Something to be told.
    fn notice(&self, _notice: Notice) {}
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPageObserver;

impl PageObserver for NoPageObserver {}
