//! What a page shows when the work on it stopped.
//!
//! What of the old content and how much of the new one stands there, so that a person knows what readers see without opening it.

/// What a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What stood there before.
    pub old: Old,
    /// How many blocks of the new content stand there.
    pub blocks: usize,
    /// How many there will be; zero as long as that is not known.
    pub of: usize,
    /// Pictures that are still missing.
    pub pictures: usize,
    /// Whether an answer was lost, so that one step more may have been done.
    pub perhaps_more: bool,
}

/// What stands of an earlier content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// There is none.
    None,
    /// All of it, above the new one.
    Whole,
    /// Some of it, above the new one.
    Rest,
}
