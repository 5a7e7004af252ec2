//! The ledger with the sandbox's own time, randomness and history: what dialects do to logins.

use std::collections::BTreeSet;

use crate::book::{CurrentTokens, Death, Event, Issued, Owner, Terms, TokenId};
use crate::memory::State;
use crate::rules::{GraceAnswer, OldAccessToken};

impl State {
    /// Opens a login, or an app's own line of tokens.
    pub(crate) fn open_grant(&mut self, owner: Owner, scopes: BTreeSet<String>) -> usize {
        self.ledger.open(owner, scopes, self.clock.now())
    }

    /// Issues an access token, and a refresh token where the terms ask for one.
    pub(crate) fn issue(&mut self, grant: usize, terms: &Terms, narrowed: Option<BTreeSet<String>>) -> Option<Issued> {
        self.ledger.issue(grant, terms, narrowed, self.clock.now(), &mut self.randomness)
    }

    /// Rotates a refresh token that was judged good.
    pub(crate) fn rotate(&mut self, id: TokenId, terms: &Terms, narrowed: Option<BTreeSet<String>>) -> Option<Issued> {
        self.ledger.rotate(id, terms, narrowed, self.clock.now(), &mut self.randomness)
    }

    /// A forgiven replay: the same tokens again, or a further pair.
    pub(crate) fn forgive(
        &mut self,
        id: TokenId,
        terms: &Terms,
        narrowed: Option<BTreeSet<String>>,
        answer: GraceAnswer,
    ) -> Option<Issued> {
        self.ledger.same_answer(id, answer).or_else(|| self.rotate(id, terms, narrowed))
    }

    /// A later grant takes a login's place.
    pub(crate) fn supersede(&mut self, grant: usize, fate: OldAccessToken) {
        self.ledger.meet_fate(grant, fate, self.clock.now());
        self.stop_refreshing(grant, Death::Superseded);
    }

    /// Ends a login: no token of it is good from now on.
    pub(crate) fn end_grant(&mut self, grant: usize, death: Death) {
        self.ledger.end_accesses(grant, self.clock.now());
        self.stop_refreshing(grant, death);
    }

    /// Ends a login's refresh tokens; its access tokens live on.
    pub(crate) fn stop_refreshing(&mut self, grant: usize, death: Death) {
        if let Some(grant) = self.ledger.bury(grant, death) {
            self.remember(Event::Ended { grant, death });
        }
    }

    /// Ends every login of a user with an app; how many there were.
    pub(crate) fn end_grants_of(&mut self, app: &str, user: &str, death: Death) -> usize {
        let theirs = self.ledger.living(app, user);
        for &grant in &theirs {
            self.end_grant(grant, death);
        }
        theirs.len()
    }

    /// The user (or an administrator) withdraws everything given to an app; how many logins ended.
    pub(crate) fn withdraw(&mut self, app: &str, user: &str) -> usize {
        self.consents.remove(&(app.to_owned(), user.to_owned()));
        self.end_grants_of(app, user, Death::Withdrawn)
    }

    /// The client gives a refresh token up; with it go the access tokens that came with it, if they shall.
    pub(crate) fn revoke_refresh(&mut self, id: TokenId, access_too: bool) {
        if self.ledger.revoke_refresh(id, access_too, self.clock.now()) {
            self.stop_refreshing(id.grant, Death::Revoked);
        }
    }

    /// The client gives an access token up.
    pub(crate) fn revoke_access(&mut self, token: &str) {
        self.ledger.revoke_access(token, self.clock.now());
    }

    /// What every login looks like now.
    pub(crate) fn current_tokens(&self) -> Vec<CurrentTokens> {
        let may_refresh = |app: &str| self.apps.get(app).is_some_and(crate::book::App::may_refresh);
        let mut all: Vec<CurrentTokens> = self.ledger.current(self.clock.now()).collect();
        for login in all.iter_mut().filter(|login| login.door.brand().is_none()) {
            login.refreshable &= may_refresh(&login.app);
        }
        all
    }

    /// Whether an access token is the last that was issued to its login, or to its app in its own name.
    pub(crate) fn is_newest_access(&self, token: &str) -> bool {
        self.ledger.is_newest(token) || self.app_tokens.is_newest(token)
    }
}
