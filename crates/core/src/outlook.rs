//! What lies ahead of a login, for people.

use jiff::Timestamp;

/// What lies ahead of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// Refreshes lengthen it, until its consent ends, if that is known to end.
    LivesOn {
        /// When.
        until: Option<Timestamp>,
    },
    /// Nothing lengthens it.
    Ends {
        /// When, if that is known.
        at: Option<Timestamp>,
    },
    /// It has ended.
    Over,
}
