//! What a visit says of the tokens that it brought and got.

use crate::book::{Grant, Issued, Ledger, Visit, narrow};
use crate::words::{Fingerprint, Operation};

impl Visit {
    /// Notes that a refresh token is presented, and what it is worth so far.
    pub(crate) fn present(&mut self, ledger: &Ledger, token: &str, reusable: bool) {
        self.presented = Some(Fingerprint::of(token));
        self.reusable = reusable;
        let Some(id) = ledger.find_refresh(token) else {
            return;
        };
        self.generation = Some(narrow(id.number));
        self.replay = ledger.was_used(id);
        if let Some(grant) = ledger.grant(id.grant) {
            self.grant = Some(grant.id.clone());
            self.user.clone_from(&grant.owner.user);
            self.app.get_or_insert_with(|| grant.owner.app.clone());
        }
    }

    /// Notes what a login's owner is answered with. `new` is false where the present tokens are given again.
    pub(crate) fn answer(&mut self, grant: &Grant, issued: &Issued, new: bool) {
        self.grant = Some(grant.id.clone());
        self.app = Some(grant.owner.app.clone());
        self.user.clone_from(&grant.owner.user);
        if self.operation != Operation::Refresh {
            self.generation = issued.generation.map(narrow);
        }
        self.issued = new;
        self.issued_access = Some(Fingerprint::of(&issued.access_token));
        self.issued_refresh = issued.refresh.as_ref().map(|(token, _)| Fingerprint::of(token));
    }
}
