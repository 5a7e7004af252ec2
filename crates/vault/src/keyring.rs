//! The keyring of the operating system, as far as a vault needs one.

use tokenward_core::SecretBytes;

/// A place that keeps a small secret for the logged-in user.
///
/// An implementation must answer at once where there is no keyring: a command in a container or in CI must not wait
/// for a session bus that never comes.
pub trait Keyring: Send + Sync {
    /// The secret of an account; `None` when there is none.
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeyringFault>;

    /// Stores the secret of an account, in place of an older one.
    fn set(&self, account: &str, secret: &SecretBytes) -> Result<(), KeyringFault>;
}

/// Why a keyring cannot be used, in its own words. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyringFault(pub String);
