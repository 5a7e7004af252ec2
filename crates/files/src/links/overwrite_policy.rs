//! How far a person wants a file to show the profile's login.

/// What a person has said about a file that shows something else than the profile's login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fill {
    /// Nothing: a login in it that nobody knows is adopted, and a file without one is left as it is.
    #[default]
    No,
    /// That it is to be given the profile's login. What lives in it and can be anybody's is kept first; another user's login, another
    /// profile's, and one that is over stay, since nobody said so of those.
    Free,
    /// That it is to show the profile's login whosever it shows now. What lives is kept first.
    Over,
}

impl Fill {
    /// At least as much as fills a file that has no login.
    #[must_use]
    pub const fn or_free(self) -> Self {
        match self {
            Self::No => Self::Free,
            asked => asked,
        }
    }

    /// Whether a person wants the file written.
    pub(super) const fn is_asked(self) -> bool {
        !matches!(self, Self::No)
    }
}
