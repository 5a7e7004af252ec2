//! What is known of a provider without asking it.

use crate::{AppName, RefusalClass, Remedy, Rules, TokenApi, Words};

/// What the provider's own code means, by its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explained {
    /// What the caller can do.
    pub class: RefusalClass,
    /// What a person can do.
    pub remedy: Remedy,
    /// What it means.
    pub meaning: Words,
}

/// A provider's rules, and the meaning of its codes.
pub trait ProviderFacts: Send + Sync {
    /// The rules row for what a family issued to an app.
    fn rules(&self, app: &AppName, issuer: TokenApi) -> &Rules;

    /// What a code means in the answer to a refresh, for records that hold the code alone.
    fn explain(&self, _api: TokenApi, _code: i64) -> Option<Explained> {
        None
    }
}
