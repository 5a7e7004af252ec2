//! Where an app's secret is from, which says who can put a wrong one right.

use tokenward_core::{Code, Remedy};

/// Where an app's secret is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretOrigin {
    /// A variable, which no command changes.
    Variable,
    /// Anywhere else.
    Kept,
}

impl SecretOrigin {
    /// Whether a refusal is one that another value of the variable may mend: an id that nobody knows is no matter of the secret.
    pub(super) fn may_be_wrong(self, code: Code, remedy: Remedy) -> bool {
        self == Self::Variable && code == Code::AppCredentialsWrong && remedy != Remedy::CheckAppId
    }
}
