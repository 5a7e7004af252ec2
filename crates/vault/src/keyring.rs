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

/// The keyring of the desktop the user is logged in to.
///
/// Every call runs in a thread of its own and is given up after [`DesktopKeyring::PATIENCE`]: a locked keyring asks the user
/// for a password, and nobody may be there to see it.
#[cfg(feature = "keyring")]
#[derive(Debug)]
pub struct DesktopKeyring(());

#[cfg(feature = "keyring")]
impl DesktopKeyring {
    /// How long a call may take.
    pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

    /// The keyring, if there can be one: on Linux only where there is a session bus, which is known by the value of
    /// `DBUS_SESSION_BUS_ADDRESS` or by the socket `bus` in the folder that `XDG_RUNTIME_DIR` names. Does not connect.
    pub fn find(session_bus: Option<&std::ffi::OsStr>, runtime_folder: Option<&std::path::Path>) -> Option<Self> {
        let bus = session_bus.is_some_and(|address| !address.is_empty())
            || runtime_folder.is_some_and(|folder| folder.join("bus").exists());
        (bus || cfg!(target_os = "macos")).then_some(Self(()))
    }

    fn call<T: Send + 'static>(
        account: &str,
        run: impl FnOnce(&::keyring::Entry) -> Result<T, ::keyring::Error> + Send + 'static,
    ) -> Result<T, KeyringFault> {
        let (answer, answered) = std::sync::mpsc::channel();
        let account = account.to_owned();
        let call = move || {
            let entry = match ::keyring::Entry::store_status() {
                Ok(()) => ::keyring::Entry::new(SERVICE, &account),
                Err(error) => return drop(answer.send(Err(KeyringFault(error.to_string())))),
            };
            let result = entry.and_then(|entry| run(&entry));
            drop(answer.send(result.map_err(|error| KeyringFault(error.to_string()))));
        };
        let thread = std::thread::Builder::new().name("tokenward-keyring".to_owned());
        thread.spawn(call).map_err(|error| KeyringFault(error.to_string()))?;
        let silent = |_| KeyringFault("the keyring did not answer; is it locked?".to_owned());
        answered.recv_timeout(Self::PATIENCE).map_err(silent)?
    }
}

#[cfg(feature = "keyring")]
impl Keyring for DesktopKeyring {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeyringFault> {
        Self::call(account, |entry| match entry.get_secret() {
            Ok(secret) => Ok(Some(SecretBytes::new(secret))),
            Err(::keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn set(&self, account: &str, secret: &SecretBytes) -> Result<(), KeyringFault> {
        let secret = secret.clone();
        Self::call(account, move |entry| entry.set_secret(secret.expose()))
    }
}

/// The name under which a desktop's password manager shows the entries.
#[cfg(feature = "keyring")]
const SERVICE: &str = "tokenward";

#[cfg(all(test, feature = "keyring"))]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_no_session_bus_there_is_no_keyring() {
        let place = tempfile::tempdir().unwrap();
        let found = |address: Option<&str>| DesktopKeyring::find(address.map(AsRef::as_ref), Some(place.path()));
        assert_eq!(found(None).is_some(), cfg!(target_os = "macos"));
        assert_eq!(found(Some("")).is_some(), cfg!(target_os = "macos"));
        assert!(found(Some("unix:path=/nowhere")).is_some());
        std::fs::write(place.path().join("bus"), "").unwrap();
        assert!(found(None).is_some());
    }
}
