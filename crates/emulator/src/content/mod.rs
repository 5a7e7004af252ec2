//! What business calls work on: wiki spaces with their nodes, documents with their blocks, uploaded media.
//!
//! Enters: decisions of the calls, already checked for token and scope. Leaves: refusals in the platform's codes, JSON for
//! answers, and trees for tests to compare node by node. Nothing here knows HTTP.

mod document;
mod edit;
mod language;
mod markdown;
mod media;
pub(crate) mod schema;
mod wiki;

pub use document::{BlockTree, DocumentTree};
pub use media::Media;
pub use wiki::{NodeTree, SpaceSpec, SpaceTree};

pub(crate) use document::{Block, Document};
pub(crate) use edit::{Change, DOCX_IMAGE, Subtree};
pub(crate) use markdown::{Converted, convert};
pub(crate) use media::{Import, Upload};
pub(crate) use wiki::{Content, Move, Node, Principal, Space, SpaceKind};
