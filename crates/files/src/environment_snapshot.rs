//! The environment as a value.
//!
//! A face collects the variables once and passes them in; nothing else in the library looks at the process's
//! environment, so a test gives whatever environment it wants.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

/// The variables of a process, collected once. `Debug` shows names only: values may be secrets (I4).
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Collects variables, as from `std::env::vars_os()`.
    pub fn new<K: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// A variable as text. One that is empty, or not Unicode, counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.raw(name)?.to_str().filter(|value| !value.is_empty())
    }

    /// A variable as a path. An empty one counts as not set.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.raw(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// A variable as it is, were it empty.
    pub fn raw(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The names of all of them.
    pub fn names(&self) -> impl Iterator<Item = &OsStr> {
        self.0.keys().map(OsString::as_os_str)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// How to reach the keyring of the desktop, as far as the environment says. Looked at only by builds with the feature
/// `keyring`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Desktop {
    /// `DBUS_SESSION_BUS_ADDRESS`.
    pub session_bus: Option<OsString>,
    /// `XDG_RUNTIME_DIR`, which may hold the socket `bus`.
    pub runtime_folder: Option<PathBuf>,
}

impl Desktop {
    /// As the variables say.
    pub fn from_environment(env: &Environment) -> Self {
        let session_bus = env.raw("DBUS_SESSION_BUS_ADDRESS").map(OsStr::to_os_string);
        Self { session_bus, runtime_folder: env.path("XDG_RUNTIME_DIR") }
    }
}
