//! What is written and read in a transaction, whichever engine it is of.
//!
//! Enters: a transaction, and a call of a port. Leaves: what the call gives back, and its rows. Here stands what a call means: when a set
//! gives way and when it comes back, what a late answer rotates, whose a login is. An engine opens the database, begins and ends the
//! transaction, sees to it that it is alone with what it reads, and takes leases (docs/adr/0017-one-vocabulary.md).
//!
//! A transaction that is too long for a port's file is a function of the [`Records`] in the file of its subject, under the port's own verb.
//! Every statement stands in [`statements`].

pub(crate) mod adopt;
pub(crate) mod api_keys;
pub(crate) mod audit_chain;
mod browser_sessions;
pub(crate) mod deliveries;
pub(crate) mod due;
pub(crate) mod fallback_sets;
pub(crate) mod find_rows;
pub(crate) mod grants;
pub(crate) mod incoming_set;
pub(crate) mod invalidate_and_logout;
pub(crate) mod journal;
pub(crate) mod known_tokens;
pub(crate) mod leases;
pub(crate) mod login_events;
pub(crate) mod login_token_responses;
pub(crate) mod new_login;
pub(crate) mod non_interactive_requests;
pub(crate) mod oauth_app_data;
pub(crate) mod outlooks;
pub(crate) mod owner_confirmation;
pub(crate) mod reinstate_token_set;
pub(crate) mod rename_profile;
pub(crate) mod rows;
pub(crate) mod run_statement;
pub(crate) mod sealer;
pub(crate) mod statements;
pub(crate) mod transaction_error;
pub(crate) mod unknown_owner;
mod web_logins;

use std::sync::Arc;

use jiff::Timestamp;
use tokenward_core::ports::Clock;

use crate::folder::Folder;
use sealer::Sealer;
use statements as sql;

/// What a transaction needs beside itself.
pub(crate) struct Records {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sealer: Sealer,
    /// Where a trace of each new login is left, if anywhere: one that is lost is not taken for one that never was.
    pub(crate) traces: Option<Folder>,
}

impl Records {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
