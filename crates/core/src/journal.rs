//! The journal: intents, answers, and the one way to a refresh token's bytes.
//!
//! An [`Intent`] is written, durably, before a refresh token is sent; a [`RawAnswer`] before it is read; a
//! [`Closing`] in the same transaction as its effect. A crash between any two leaves a record that
//! [`crate::rotation_policy::recover`] can continue from (I5).

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Code, Doubt, Fence, Fingerprint, Generation, GrantId, Holder, IntentId, ProfileName, RefreshToken, SecretBytes,
    TokenApi,
};

/// What a keeper wants to do; the vault makes an [`Intent`] of it.
#[derive(Debug, Clone)]
pub struct IntentDraft {
    /// The id to use.
    pub id: IntentId,
    /// The generation the keeper read under its lease; the vault refuses when it is no longer the present one.
    pub generation: Generation,
    /// The endpoint family the token will be sent to.
    pub api: TokenApi,
    /// When the sender starts.
    pub begun: Timestamp,
    /// When the sender gives up for certain.
    pub deadline: Timestamp,
    /// The open intent whose outcome is unknown and that this one repeats; closed by the same transaction.
    pub replays: Option<IntentId>,
    /// Where the answer ends the access token that is there: the name under which it is handed out. The vault refuses when the grant goes
    /// by another name by now.
    pub ends_access: Option<ShownAs>,
}

/// The name under which a grant's access token is handed out, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownAs(pub Option<ProfileName>);

/// A journalled intent to spend a refresh token.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Its id.
    pub id: IntentId,
    /// The grant.
    pub grant: GrantId,
    /// The generation whose refresh token is spent.
    pub generation: Generation,
    /// The name of that refresh token.
    pub fingerprint: Fingerprint,
    /// The lease under which it was written.
    pub fence: Fence,
    /// Who sends.
    pub sender: Holder,
    /// The endpoint family.
    pub api: TokenApi,
    /// When it was written.
    pub begun: Timestamp,
    /// When the sender gives up for certain.
    pub deadline: Timestamp,
    /// The answer, if one was journalled or found in this node's last resort.
    pub answer: Option<RawAnswer>,
    /// Whether the sender, or someone after it, has recorded that the outcome is unknown.
    pub doubted: bool,
}

/// A vault's word that an intent is durable. Only a vault may make one; grep for `attest` to see that it is so.
#[derive(Debug)]
pub struct Journalled(());

impl Journalled {
    /// To be called by a vault after the transaction that holds the intent was synced, and by nothing else.
    pub const fn attest() -> Self {
        Self(())
    }
}

/// The right to send one refresh token once. Used up by [`Spend::expose`].
#[must_use = "a spend that is not sent must be closed as unsent"]
pub struct Spend {
    intent: IntentId,
    deadline: Timestamp,
    token: RefreshToken,
    landing: Option<Arc<dyn Landing>>,
}

impl Spend {
    /// Made by a vault once the intent is durable (I1).
    pub const fn new(intent: IntentId, deadline: Timestamp, token: RefreshToken, _proof: Journalled) -> Self {
        Self { intent, deadline, token, landing: None }
    }

    /// The same, with a place where its answer lands.
    pub fn landing_in(mut self, landing: Arc<dyn Landing>) -> Self {
        self.landing = Some(landing);
        self
    }

    /// Where the thread that reads the answer puts it before anything else is done with it, if there is such a place.
    pub fn landing(&self) -> Option<Arc<dyn Landing>> {
        self.landing.clone()
    }

    /// The intent this spend belongs to.
    pub const fn intent(&self) -> IntentId {
        self.intent
    }

    /// When the sender must have given up.
    pub const fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// The refresh token, and the end of the right to send it.
    pub fn expose(self) -> RefreshToken {
        self.token
    }
}

impl fmt::Debug for Spend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spend").field("intent", &self.intent).finish_non_exhaustive()
    }
}

/// Where an answer lands: out of the hands of the process that read it, so that a kill does not take it along (I3).
pub trait Landing: Send + Sync {
    /// Puts an answer there, at once and not synced. `false` where that failed; it is kept by
    /// [`Journal::keep_answer`](crate::ports::Journal::keep_answer) in either case.
    fn put(&self, answer: &RawAnswer) -> bool;
}

/// A provider's answer as it came, before anyone tried to read it (I3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawAnswer {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// The provider's log id (`x-tt-logid`).
    pub log_id: Option<String>,
    /// The provider's clock (`Date`).
    pub date: Option<String>,
    /// How many seconds it asked to wait (`x-ogw-ratelimit-reset`, `Retry-After`).
    pub retry_after: Option<u64>,
    /// Where a redirect points: host and port alone.
    pub location: Option<String>,
    /// The body, or as much of it as arrived.
    pub body: SecretBytes,
    /// Whether all of the body arrived.
    pub whole: bool,
    /// From when the lives in it are counted: the moment before the request left. The issuer may have made the tokens at once
    /// and its answer may have been read hours later, by a process that was stopped or a machine that slept.
    pub received: Timestamp,
}

/// How an intent ended. Written together with its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "closing", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Closing {
    /// The request never left, or was provably not read: the token is unspent.
    Unsent {
        /// Why, in the transport's words (no secrets).
        reason: String,
    },
    /// The provider refused for a passing reason or a cause outside the token: the token is unspent.
    Kept {
        /// Our code.
        code: Code,
        /// The provider's.
        provider_code: Option<i64>,
    },
    /// Nobody knows. The intent stays open; this only records the doubt.
    Doubt {
        /// Why.
        doubt: Doubt,
    },
    /// A later intent repeats this one.
    Replayed,
    /// The provider said a definite no.
    Refused {
        /// Our code.
        code: Code,
        /// The provider's.
        provider_code: Option<i64>,
    },
    /// The new generation is stored.
    Committed {
        /// Its number. Named apart from the generation of the [`Entry`], into which this is flattened.
        #[serde(rename = "new_generation")]
        generation: Generation,
        /// Whether it brought no access token that could be used.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        without_access: bool,
    },
    /// The answer brought a set, but the grant had moved on; the set is kept aside (I3).
    Parked,
}

/// Something that happened to a grant; the doctor's reading matter. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The generation it concerned.
    pub generation: Generation,
    /// Who did it.
    pub by: Option<Holder>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// The kinds of [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// A person logged in.
    LoggedIn,
    /// A spend was begun.
    Begun {
        /// The intent.
        intent: IntentId,
        /// The token's name.
        fingerprint: Fingerprint,
        /// Whether it repeated a spend of unknown outcome.
        replay: bool,
    },
    /// An answer was journalled.
    Answered {
        /// The intent.
        intent: IntentId,
        /// The HTTP status.
        status: u16,
        /// The provider's log id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log_id: Option<String>,
    },
    /// A spend was closed.
    Closed {
        /// The intent.
        intent: IntentId,
        /// How.
        #[serde(flatten)]
        closing: Closing,
    },
    /// A login that a person or another program brought was taken over as this generation.
    Adopted {
        /// Where it came from: a file's path, or a tool's name.
        source: String,
        /// The refresh token's name.
        fingerprint: Fingerprint,
        /// The generation whose set was put aside for it, until it has rotated once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaced: Option<Generation>,
    },
    /// The set that an adoption had put aside is this generation again.
    TakenBack {
        /// The generation that gave way.
        adopted: Generation,
        /// Whether the provider had refused it; otherwise a person wished so.
        refused: bool,
    },
    /// A file is kept in step with the login from now on.
    Linked {
        /// The file.
        file: String,
    },
    /// A file is no longer kept in step.
    Unlinked {
        /// The file.
        file: String,
    },
    /// A file that held an older generation was given this one.
    Healed {
        /// The file.
        file: String,
        /// What it held.
        held: Generation,
    },
    /// The provider called the access token dead before its end: it is handed out to nobody from then on.
    AccessRefused {
        /// The provider's code.
        provider_code: Option<i64>,
    },
    /// A person logged out.
    LoggedOut {
        /// Whether the provider confirmed the revocation.
        revoked: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_json() {
        let entry = Entry {
            at: Timestamp::UNIX_EPOCH,
            generation: Generation::FIRST,
            by: None,
            event: Event::Closed {
                intent: IntentId::from(uuid::Uuid::from_u128(1)),
                closing: Closing::Committed { generation: Generation::new(2), without_access: false },
            },
        };
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry, "{text}");
        // As it was written before anybody looked whether an access token came.
        assert!(!text.contains("without_access"), "{text}");
    }
}
