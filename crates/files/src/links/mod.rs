//! Files that hold a token: read, corrected without touching anything else in them, and kept in step with a login.
//!
//! Enters: the bytes of a file, its [`Format`], a [`Place`] in it and the value that belongs there. Leaves: the same
//! bytes with that one value exchanged ([`Document`], pure), and a file that was replaced as a whole ([`LinkedFile`]). [`Links`]
//! reconciles such files with the vault (design/0000-charter.md §7); [`LinkWatcher`] does so as they change.
//!
//! Promises kept here: every byte that was not named stays as it was; what cannot be parsed is refused and left
//! alone; what was written reads back as exactly the value; no value appears in an error or in `Debug` (I4). A reader
//! sees the old file or the new one and nothing between, whenever the writer dies (I5).

mod access_token_owner;
mod adoption;
mod compare_and_replace;
mod document;
mod dotenv;
mod duplicate_keys;
mod encoded;
mod error;
mod extended_attributes;
mod file;
mod fish;
mod folder_watch;
mod git_index;
mod ini;
mod json;
mod keeper_hooks;
mod key_names;
mod known_tokens;
mod link_and_unlink;
mod linked_files;
mod login_shape;
mod mcp_server;
mod missing_token_reason;
mod nested_path;
mod observed_state;
mod opened_file;
mod other_login;
mod overwrite_policy;
mod permission_check;
mod properties;
mod reconciler;
mod report;
mod script_copy_updates;
mod shape_detection;
mod shapes_by_known_tokens;
mod stale_access_token;
mod text_or_number;
mod text_positions;
mod timestamp;
mod token_candidates;
mod token_claims;
mod token_copies;
mod token_or_placeholder;
mod toml;
mod tree;
mod unlinked_places;
mod value_diff;
mod value_frame;
mod verdict;
mod watch;
mod yaml;

pub use access_token_owner::LoneToken;
pub use adoption::{AdoptReport, BroughtLogin};
pub use document::Document;
pub(crate) use duplicate_keys::Doubled;
pub use error::{DocumentError, FileError};
pub(crate) use file::WriteOutcome;
pub use file::{LinkedFile, LockedFile};
pub use git_index::is_tracked_by_git;
pub use keeper_hooks::LinksAround;
pub use known_tokens::Sighting;
pub use linked_files::Links;
pub use login_shape::{Objection, Shape, Unkept};
pub use other_login::Stranger;
pub use overwrite_policy::Fill;
pub use report::{FileComparison, LinkOutcome, LinkReport, LinkState};
pub use text_or_number::Value;
pub(crate) use token_or_placeholder::Nature;
pub use tokenward_core::{BadPlace, Format, PathStep, Place};
pub(crate) use tree::Tree;
pub use unlinked_places::UnlinkedTokens;
pub use value_diff::are_crosswise;
pub(crate) use value_frame::Frame;
pub use watch::{LinkWatcher, WatchEvent};
