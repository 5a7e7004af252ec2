//! Who a grant belongs to.

use serde::{Deserialize, Serialize};

/// Who a grant belongs to, as far as the provider told (reference/feishu.md §10).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The user's id within the app.
    pub id: String,
    /// The user's id across apps of one vendor, if told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub union_id: Option<String>,
    /// The company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The name people know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Subject {
    /// Whether both name one user: by the id within the app, or by the one across a vendor's apps, where an app's id was exchanged.
    pub fn is_same_user(&self, other: &Self) -> bool {
        self.id == other.id || (self.union_id.is_some() && self.union_id == other.union_id)
    }

    /// What people know the user by.
    pub fn known_as(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}
