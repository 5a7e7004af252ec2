//! Files that hold a token: read, corrected without touching anything else in them, and kept in step with a login.
//!
//! Enters: the bytes of a file, its [`Format`], a [`Place`] in it and the value that belongs there. Leaves: the same
//! bytes with that one value exchanged ([`Document`], pure), and a file that was replaced as a whole ([`LinkedFile`]). [`Links`]
//! reconciles such files with the vault (design/0000-charter.md §7); [`Watch`] does so as they change.
//!
//! Promises kept here: every byte that was not named stays as it was; what cannot be parsed is refused and left
//! alone; what was written reads back as exactly the value; no value appears in an error or in `Debug` (I4). A reader
//! sees the old file or the new one and nothing between, whenever the writer dies (I5).

mod adoption;
mod around;
mod awaited;
mod claims;
mod document;
mod dotenv;
mod doubled;
mod encoded;
mod error;
mod file;
mod fill;
mod folders;
mod follow;
mod frame;
mod guard;
mod ini;
mod json;
mod judged;
mod keep;
mod known;
mod linked_files;
mod lone;
mod look;
mod made;
mod marks;
mod moment;
mod names;
mod nature;
mod report;
mod seen;
mod server;
mod shape;
mod shape_detection;
mod shown;
mod sighting;
mod stranger;
mod strays;
mod swap;
mod text;
mod token_candidates;
mod toml;
mod tree;
mod twins;
mod value;
mod watch;
mod way;

pub use adoption::{AdoptReport, Brought};
pub use around::LinksAround;
pub use document::Document;
pub(crate) use doubled::Doubled;
pub use error::{DocumentError, FileError};
pub(crate) use file::Written;
pub use file::{Held, LinkedFile};
pub use fill::Fill;
pub(crate) use frame::Frame;
pub use linked_files::Links;
pub use lone::LoneToken;
pub(crate) use nature::Nature;
pub use report::{Found, LinkOutcome, LinkReport, LinkState};
pub use shape::{Objection, Shape, Unkept};
pub use shown::are_crosswise;
pub use sighting::Sighting;
pub use stranger::Stranger;
pub use strays::Strays;
pub use tokenward_core::{BadPlace, Format, Place, Step};
pub(crate) use tree::Tree;
pub use value::Value;
pub use watch::{Watch, WatchEvent};
