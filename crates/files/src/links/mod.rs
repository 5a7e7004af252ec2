//! Files that hold a token: read, corrected without touching anything else in them, and kept in step with a login.
//!
//! Enters: the bytes of a file, its [`Format`], a [`Place`] in it and the value that belongs there. Leaves: the same
//! bytes with that one value exchanged ([`Document`], pure), and a file that was replaced as a whole ([`LinkedFile`]). [`Links`]
//! reconciles such files with the vault (design/0000-charter.md §7); [`LinkWatcher`] does so as they change.
//!
//! Promises kept here: every byte that was not named stays as it was; what cannot be parsed is refused and left
//! alone; what was written reads back as exactly the value; no value appears in an error or in `Debug` (I4). A reader
//! sees the old file or the new one and nothing between, whenever the writer dies (I5).

mod adoption;
mod claims;
mod document;
mod dotenv;
mod duplicate_keys;
mod duplicate_places;
mod encoded;
mod error;
mod file;
mod file_attributes;
mod file_stat;
mod file_values;
mod fish;
mod folder_watch;
mod git_index;
mod ini;
mod json;
mod keeper_hooks;
mod key_names;
mod linked_files;
mod linking;
mod login_shape;
mod lone_access_token;
mod mcp_server;
mod missing_access;
mod missing_token;
mod nested_path;
mod other_login;
mod permissions;
mod properties;
mod reconciler;
mod replacement;
mod report;
mod script_copies;
mod shape_detection;
mod shapes_by_known_tokens;
mod sighting;
mod snapshot;
mod text;
mod timestamp;
mod token_candidates;
mod toml;
mod tree;
mod unlinked_tokens;
mod value;
mod value_frame;
mod value_kind;
mod verdict;
mod watch;
mod write_consent;

pub use adoption::{AdoptReport, BroughtLogin};
pub use document::Document;
pub(crate) use duplicate_keys::Doubled;
pub use error::{DocumentError, FileError};
pub(crate) use file::WriteOutcome;
pub use file::{LinkedFile, LockedFile};
pub use file_values::are_crosswise;
pub use git_index::is_tracked_by_git;
pub use keeper_hooks::LinksAround;
pub use linked_files::Links;
pub use login_shape::{Objection, Shape, Unkept};
pub use lone_access_token::LoneToken;
pub use other_login::Stranger;
pub use report::{FileComparison, LinkOutcome, LinkReport, LinkState};
pub use sighting::Sighting;
pub use tokenward_core::{BadPlace, Format, PathStep, Place};
pub(crate) use tree::Tree;
pub use unlinked_tokens::UnlinkedTokens;
pub use value::Value;
pub(crate) use value_frame::Frame;
pub(crate) use value_kind::Nature;
pub use watch::{LinkWatcher, WatchEvent};
pub use write_consent::Fill;
