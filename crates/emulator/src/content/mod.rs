//! What business calls work on: wiki spaces with their nodes, documents with their blocks, uploaded media.
//!
//! Enters: decisions of the calls, already checked for token and scope. Leaves: refusals in the platform's codes, JSON for
//! answers, and trees for tests to compare node by node. Nothing here knows HTTP.

pub(crate) mod block_kinds;
mod code_languages;
mod document;
mod document_snapshot;
mod edits;
mod markdown;
mod principal;
mod uploads;
mod wiki;

pub use document_snapshot::{BlockTree, DocumentTree};
pub use uploads::Media;
pub use wiki::{NodeTree, SpaceSpec, SpaceTree};

pub(crate) use document::{Block, Document};
pub(crate) use edits::{Change, DOCX_IMAGE, Subtree};
pub(crate) use markdown::{Converted, convert};
pub(crate) use principal::Principal;
pub(crate) use uploads::{Import, Upload};
pub(crate) use wiki::{Content, Move, Node, Space, SpaceKind};
