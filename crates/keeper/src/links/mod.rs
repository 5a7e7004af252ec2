//! Files that hold a token: read, and corrected without touching anything else in them.
//!
//! Enters: the bytes of a file, its [`Format`], a [`Place`] in it and the value that belongs there. Leaves: the same
//! bytes with that one value exchanged ([`Document`], pure), and a file that was replaced as a whole ([`LinkedFile`]).
//!
//! Promises kept here: every byte that was not named stays as it was; what cannot be parsed is refused and left
//! alone; what was written reads back as exactly the value; no value appears in an error or in `Debug` (I4). A reader
//! sees the old file or the new one and nothing between, whenever the writer dies (I5).

mod document;
mod dotenv;
mod error;
mod file;
mod ini;
mod json;
mod shape;
mod text;
mod toml;
mod tree;
mod value;

pub use document::Document;
pub use error::{DocumentError, FileError};

pub use file::{Held, LinkedFile};
pub use shape::Shape;
pub use tokenward_core::{BadPlace, Format, Place, Step};
pub(crate) use tree::Tree;
pub use value::Value;
