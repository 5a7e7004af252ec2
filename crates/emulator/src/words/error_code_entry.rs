//! One line of the tables of error codes.

use serde::Serialize;

use crate::words::{Endpoint, Operation};

/// One error code of one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogueEntry {
    /// The endpoint that answers it.
    pub endpoint: Endpoint,
    /// To what kind of request.
    pub operation: Operation,
    /// The provider's code.
    pub code: u32,
    /// HTTP status it comes with.
    pub status: u16,
    /// What it means.
    pub meaning: &'static str,
    /// The section of reference/feishu.md that lists it.
    pub section: &'static str,
}
