//! What stood in the way.

use std::path::PathBuf;

use thiserror::Error as Derive;
use tokenward::ApiError;

use crate::Limit;
use crate::partial_page::Standing;

/// What is wrong with a file, or with a line of it.
#[derive(Debug, Clone, PartialEq, Eq, Derive)]
#[non_exhaustive]
pub enum Flaw {
    /// There is no such file.
    #[error("it is not there")]
    Missing,
    /// It is a folder, a device, or some such thing.
    #[error("it is no file")]
    NotAFile,
    /// It holds nothing.
    #[error("it is empty")]
    Empty,
    /// It is too large.
    #[error("it is larger than {megabytes} MB")]
    TooLarge {
        /// The limit.
        megabytes: u64,
    },
    /// It does not begin as any picture begins.
    #[error("its content is not an image")]
    NotAPicture,
    /// It is not text.
    #[error("it is not UTF-8 text (byte {at})")]
    NotText {
        /// The first byte that is none, counted from zero.
        at: usize,
    },
    /// It holds a NUL character.
    #[error("it holds a NUL character (byte {at})")]
    Nul {
        /// Where, in bytes from zero.
        at: usize,
    },
    /// A quote without its end.
    #[error("a quote is opened and not closed")]
    OpenQuote,
    /// A value of `personal` that is neither true nor false.
    #[error("personal must be true or false")]
    NeitherTrueNorFalse,
    /// Both `personal` and `space`.
    #[error("personal and space cannot be used together")]
    TwoSpaces,
    /// It holds no text, or none below its title.
    #[error("it holds no text")]
    NoText,
    /// A link out of its own folder.
    #[error("it is a link to {}, outside of its folder", .to.display())]
    LeadsElsewhere {
        /// Where it leads.
        to: PathBuf,
    },
    /// Another file was put in its place meanwhile.
    #[error("it was replaced while it was read")]
    Exchanged,
    /// It lies outside the folders that pictures may come from.
    #[error("it is outside the file's folder")]
    Elsewhere,
    /// A folder without a Markdown file.
    #[error("it holds no Markdown file")]
    NoMarkdown,
    /// Its address leads to nothing that can be fetched.
    #[error("its address cannot be fetched")]
    NoAddress,
    /// It stands in HTML inside of a list or a quote.
    #[error("it is in HTML inside a list or quote")]
    Nested,
    /// What the system said.
    #[error("{0}")]
    System(String),
}

impl From<std::io::Error> for Flaw {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing,
            _ => Self::System(error.to_string()),
        }
    }
}

/// Why a page was not made, or not finished.
#[derive(Debug, Derive)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read as Markdown.
    #[error("{}: {flaw}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// Something stood in the way of one file of a folder.
    #[error("{}: {error}", .file.display())]
    In {
        /// The file, as it is called in the folder.
        file: PathBuf,
        /// What stood in the way.
        error: Box<Error>,
    },
    /// The front matter says something that cannot be meant.
    #[error("line {line}: {flaw}")]
    FrontMatter {
        /// The line, counted from one.
        line: usize,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A picture cannot be used.
    #[error("{what}: {flaw}")]
    Image {
        /// The picture.
        what: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A picture lies outside the folders that pictures may come from.
    #[error("{} lies outside the file's folder", .path.display())]
    ImageElsewhere {
        /// The picture.
        path: PathBuf,
    },
    /// Nobody said where the page goes.
    #[error("no place is given")]
    NoPlace,
    /// A place that is neither an id nor an address.
    #[error("{text:?} is no {what}")]
    BadPlace {
        /// What it was given as.
        what: &'static str,
        /// What was given.
        text: String,
    },
    /// A first-level block that the converter does not take.
    #[error("the block at line {line} is longer than {limit} bytes")]
    TooLong {
        /// The line, counted from one, in the body.
        line: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The file goes beyond a limit of the provider that cannot be met by cutting. Nothing was made or changed.
    #[error("{}: {found}, and at most {} are taken", .limit.as_str(), .limit.most())]
    Beyond {
        /// The limit.
        limit: Limit,
        /// The line, counted from one, in the file.
        line: Option<usize>,
        /// How much there is.
        found: usize,
    },
    /// The provider's answer cannot be what it says.
    #[error("the answer to {call} cannot be read: {what}")]
    OddAnswer {
        /// The call.
        call: &'static str,
        /// What is odd.
        what: String,
    },
    /// A call of the provider failed.
    #[error("{call}: {error}")]
    Call {
        /// Which one.
        call: &'static str,
        /// How.
        #[source]
        error: Box<ApiError>,
    },
    /// The work on a page that is there stopped. The next run goes on.
    #[error("{address}: {error}")]
    Unfinished {
        /// The page.
        address: String,
        /// What it shows now.
        standing: Standing,
        /// What stood in the way.
        error: Box<Error>,
    },
    /// The answer to the making of the page was lost, and the page was not found. The next run looks for it first.
    #[error("{error}")]
    PerhapsMade {
        /// What stood in the way.
        error: Box<Error>,
    },
    /// What is remembered cannot be read or written.
    #[error("{}: {reason}", .path.display())]
    Store {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process is at work on the same file.
    #[error("another process is putting {} into the wiki", .file.display())]
    Busy {
        /// The file.
        file: PathBuf,
    },
    /// The file has its page already.
    #[error("the file has its page: {address}")]
    Already {
        /// The page.
        address: String,
    },
    /// The file has no page.
    #[error("{} was not put into the wiki from here", .file.display())]
    NoPage {
        /// The file.
        file: PathBuf,
    },
    /// The page, or its document, is not there any more.
    #[error("the page was deleted: {address}")]
    PageGone {
        /// Where it was.
        address: String,
    },
    /// The file has several pages, and it was not said which one is meant.
    #[error("the file has several pages: {}", .addresses.join(", "))]
    SeveralPages {
        /// The pages.
        addresses: Vec<String>,
    },
    /// Somebody else changed the page, or that cannot be excluded.
    #[error("the page was changed by someone else: {address}")]
    Edited {
        /// The page.
        address: String,
        /// Whether it is known how the page was when we left it.
        known: bool,
    },
    /// The page's making was in doubt, and more than one page could be it.
    #[error("several pages could be the one that was made: {}", .addresses.join(", "))]
    Ambiguous {
        /// The pages.
        addresses: Vec<String>,
    },
    /// The page stands, but for some pictures.
    #[error("{} pictures are missing on {address}", .pictures.len())]
    PicturesLeft {
        /// The page.
        address: String,
        /// Each picture, and why it is missing.
        pictures: Vec<(String, String)>,
    },
    /// The provider imports no file as large as this one.
    #[error("the file is larger than 20 MB, which is the most that is imported")]
    ImportTooLarge,
    /// The provider did not import the file.
    #[error("the import ended with status {status}: {words}")]
    ImportRefused {
        /// The job's status (reference/feishu.md §12.2).
        status: i64,
        /// The provider's words.
        words: String,
    },
    /// The provider is still importing or moving; the next run goes on from there.
    #[error("the provider has not finished importing")]
    ImportSlow,
    /// The provider did not move the document into the wiki.
    #[error("the move into the wiki ended with status {status}: {words}")]
    MoveRefused {
        /// The task's status.
        status: i64,
        /// The provider's words.
        words: String,
    },
    /// The move has to be permitted by someone else.
    #[error("the move into the wiki was applied for and has to be permitted")]
    MoveApplied,
}
