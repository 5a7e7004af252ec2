//! Who works on content.

use crate::words::Brand;

/// Who acts: a user by a user token, or an app in its own name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Principal {
    pub(crate) brand: Brand,
    /// The user's id, or the App ID.
    pub(crate) id: String,
    pub(crate) is_user: bool,
}
