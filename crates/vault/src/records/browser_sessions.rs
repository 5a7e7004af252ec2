//! Sessions of browsers as they are sealed. Nothing of them is stored.

use tokenward_core::SecretBytes;

use super::Records;
use crate::seal::{Label, Unopened};

impl Records {
    pub(crate) fn seal_session(&self, session: &SecretBytes) -> Vec<u8> {
        self.sealer.seal(&label(), session.expose())
    }

    /// What does not open is no session: whoever sent it has to sign in.
    pub(crate) fn open_session(&self, sealed: &[u8]) -> Option<SecretBytes> {
        match self.sealer.open(&label(), sealed) {
            Ok(plain) => Some(SecretBytes::new(plain.to_vec())),
            Err(Unopened::UnknownKey | Unopened::Broken) => None,
        }
    }
}

fn label() -> Label {
    Label::new("browser session")
}
