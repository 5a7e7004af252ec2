//! The provider: a dialect together with its rules. It is the sum of four ports.

use super::account_calls::Account;
use super::consent::Consent;
use super::provider_rules::ProviderFacts;
use super::token_endpoint::TokenEndpoint;

/// A dialect together with its rules.
pub trait Provider: TokenEndpoint + Consent + Account + ProviderFacts {}

impl<P: TokenEndpoint + Consent + Account + ProviderFacts + ?Sized> Provider for P {}
