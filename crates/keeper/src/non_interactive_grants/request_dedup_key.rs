//! What is shown for new tokens.

use tokenward_core::DirectGrant;

/// What a grant request shows: callers who show the same share one.
#[derive(Clone)]
pub(crate) struct Shows(pub(super) DirectGrant);

impl PartialEq for Shows {
    /// The address is not compared: it does not decide whose tokens come.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (DirectGrant::ClientCredentials, DirectGrant::ClientCredentials) => true,
            (DirectGrant::Ticket(one), DirectGrant::Ticket(other)) => {
                one.fields == other.fields && one.renew == other.renew
            }
            _ => false,
        }
    }
}
