//! What stood in the way.

use std::path::PathBuf;

use thiserror::Error as Derive;

/// Why a page was not made, or not finished.
#[derive(Debug, Derive)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read as Markdown.
    #[error("{}: {reason}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The front matter says something that cannot be meant.
    #[error("line {line}: {reason}")]
    FrontMatter {
        /// The line, counted from one.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A picture cannot be used.
    #[error("{what}: {reason}")]
    Image {
        /// The picture.
        what: String,
        /// What is wrong with it.
        reason: String,
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
    /// A table's row that no request can bring.
    #[error("a table's row of {columns} columns does not go into one request")]
    RowTooWide {
        /// Its columns.
        columns: usize,
    },
    /// The provider's answer cannot be what it says.
    #[error("the answer to {call} cannot be read: {what}")]
    OddAnswer {
        /// The call.
        call: &'static str,
        /// What is odd.
        what: String,
    },
}
