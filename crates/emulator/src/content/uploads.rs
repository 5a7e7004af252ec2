//! Uploaded media and files on their way to become documents (reference/feishu.md §12.1 step 6, §12.2).

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::content::principal::Principal;
use crate::words::{Moment, hex};

/// What was uploaded. Its bytes are not kept, but for files that wait for an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Media {
    /// The file token.
    pub token: String,
    /// The file's name.
    pub name: String,
    /// What it was uploaded for: `docx_image`, `ccm_import_open`.
    pub parent_type: String,
    /// The block it belongs to.
    pub parent_node: String,
    /// The extension an import was announced with.
    pub extension: Option<String>,
    /// Bytes.
    pub size: usize,
    /// SHA-256 of the content, in hexadecimal digits.
    pub sha256: String,
    /// When it arrived, milliseconds since the epoch.
    pub uploaded_at: Moment,
}

/// An upload that was found to be in order.
pub(crate) struct Upload<'a> {
    pub(crate) name: &'a str,
    pub(crate) parent_type: &'a str,
    pub(crate) parent_node: &'a str,
    pub(crate) extension: Option<String>,
    pub(crate) content: &'a [u8],
}

impl Upload<'_> {
    pub(crate) fn keep(self, token: String, now: Moment) -> Media {
        Media {
            token,
            name: self.name.to_owned(),
            parent_type: self.parent_type.to_owned(),
            parent_node: self.parent_node.to_owned(),
            extension: self.extension,
            size: self.content.len(),
            sha256: hex(&Sha256::digest(self.content)),
            uploaded_at: now,
        }
    }
}

/// A file that is being made into a document.
pub(crate) struct Import {
    pub(crate) owner: Principal,
    pub(crate) title: String,
    pub(crate) content: String,
    /// How often the client has asked.
    pub(crate) asked: u32,
    /// The job status it will end with in place of 0.
    pub(crate) failure: Option<u32>,
    /// The document, once it is there, and the warnings.
    pub(crate) done: Option<(String, Vec<String>)>,
}
