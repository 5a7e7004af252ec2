//! The keyring of the desktop, as other tools fill it.

use tokenward_core::SecretBytes;

/// A keyring that can be asked for another tool's key. An implementation answers within seconds, were it with a no.
pub trait ToolKeyring {
    /// The secret under a service and an account; `None` when there is none.
    ///
    /// # Errors
    /// Why it cannot be asked, in its own words.
    fn secret(&self, service: &str, account: &str) -> Result<Option<SecretBytes>, String>;
}

/// The keyring of the desktop the user is logged in to.
///
/// Every call runs in a thread of its own and is given up after [`DesktopKeys::PATIENCE`]: a locked keyring asks the user for a
/// password, and nobody may be there to see it.
#[cfg(feature = "keyring")]
#[derive(Debug, Clone, Copy)]
pub struct DesktopKeys(());

#[cfg(feature = "keyring")]
impl DesktopKeys {
    /// How long a call may take.
    pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

    /// The keyring, if there can be one: on Linux only where there is a session bus. Does not connect.
    pub fn find(desktop: &crate::Desktop) -> Option<Self> {
        let address = desktop.session_bus.as_ref().is_some_and(|address| !address.is_empty());
        let socket = desktop.runtime_folder.as_ref().is_some_and(|folder| folder.join("bus").exists());
        (address || socket || cfg!(target_os = "macos")).then_some(Self(()))
    }

    fn ask(service: &str, account: &str) -> Result<Option<SecretBytes>, keyring_core::Error> {
        // Keytar and Python's keyring file a secret under `service` and `account` or `username` of the secret service; macOS has
        // one pair of names for all.
        let names: &[&str] = if cfg!(target_os = "macos") { &["user"] } else { &["account", "username"] };
        for name in names {
            let wanted = std::collections::HashMap::from([("service", service), (*name, account)]);
            let found = keyring_core::Entry::search(&wanted)?;
            if let Some(entry) = found.first() {
                return entry.get_secret().map(|secret| Some(SecretBytes::new(secret)));
            }
        }
        Ok(None)
    }
}

#[cfg(feature = "keyring")]
impl ToolKeyring for DesktopKeys {
    fn secret(&self, service: &str, account: &str) -> Result<Option<SecretBytes>, String> {
        let (answer, answered) = std::sync::mpsc::channel();
        let (service, account) = (service.to_owned(), account.to_owned());
        let ask = move || {
            let status = keyring::Entry::store_status().as_ref().map_err(ToString::to_string);
            let secret = status.and_then(|()| Self::ask(&service, &account).map_err(|error| error.to_string()));
            drop(answer.send(secret));
        };
        let thread = std::thread::Builder::new().name("tokenward-tool-key".to_owned());
        thread.spawn(ask).map_err(|error| error.to_string())?;
        answered.recv_timeout(Self::PATIENCE).map_err(|_| "it did not answer; is it locked?".to_owned())?
    }
}
