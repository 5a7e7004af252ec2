//! How bad what was found is.

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Something that will cost somebody something, or may.
    Warning,
    /// Something does not work.
    Trouble,
}

impl Severity {
    /// Its name in `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Trouble => "problem",
        }
    }
}
