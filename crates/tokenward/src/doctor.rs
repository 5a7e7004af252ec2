//! What is wrong, explained from the journal, the files and the clock, without spending anything (I8).
//!
//! Enters: the settings, the time, and whether calls that spend nothing are permitted. Leaves: [`Finding`]s, as data; the
//! words are the face's. [`gather`] asks the world once and concludes nothing; [`examine`] concludes from what was
//! gathered and asks nobody, so that every story can be told from a table of facts.
//!
//! A refresh token is never sent from here: that needs a [`tokenward_core::Spend`], which needs a lease, and none is asked
//! for. A crash leaves everything as it was.
//!
//! **Unstable:** what is gathered and concluded grows with what can go wrong, in any version.

mod duplicate_logins;
mod examine;
mod facts;
mod file_ownership;
mod finding;
mod finding_kinds;
mod gather;
mod journal_analysis;
mod other_tools;
mod rotation_facts;
mod severity;

pub use examine::examine;
pub use facts::{
    AppFacts, Aside, Depth, Facts, ForeignFiles, HeldLogin, HeldRefresh, KeptAnswer, KeyFacts, LoginFacts,
    OpenRotation, OpenStore, OtherStore, PortFacts, ProfileFacts, Says, SecretFacts, Service, StoreFacts,
};
pub use finding::{Check, Finding};
pub use finding_kinds::Story;
pub use gather::{Wish, gather};
pub use rotation_facts::{Cause, Death, Doubtful, Past, PastRotation, ProcessName, Tale, Traces};
pub use severity::Severity;
