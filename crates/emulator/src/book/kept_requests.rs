//! Requests as they came, for tests that compare what a client sends with a capture. Kept only while the rules say so:
//! nothing else in the sandbox shows a secret that was sent to it.

use serde::{Deserialize, Serialize};

/// One request, as it came over the wire.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRequest {
    /// The number of the history's record about it.
    pub sequence: u64,
    /// The request line, without its end.
    pub line: String,
    /// The headers in their order, with the names as they were written.
    pub headers: Vec<(String, String)>,
    /// The body, without the framing of chunks; bytes that are no UTF-8 are replaced.
    pub body: String,
}

impl KeptRequest {
    /// Reads the bytes of a head. What is no head leaves an empty line and no headers.
    pub(crate) fn new(sequence: u64, head: &[u8], body: &[u8]) -> Self {
        let head = String::from_utf8_lossy(head);
        let head = head.split_once("\r\n\r\n").map_or(&*head, |(head, _)| head);
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        Self { sequence, line, headers, body: String::from_utf8_lossy(body).into_owned() }
    }

    /// The value of the first header of a name, in whatever letters it was written.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for KeptRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptRequest").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}
