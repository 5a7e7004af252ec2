//! What a test may choose: every point on which the references are silent or divided, each with a strict default.

mod blueking;
mod knobs;
mod old_token_rules;
mod plain;

pub use blueking::{
    AuthApiRules, BkauthRules, BluekingRules, CodeForm, GatewayRules, Identity, RefreshFate, Regrant, SsmRules,
    TokenRules,
};
pub use knobs::{ApiLimits, Consent, ContentLimits, Lifetimes, MoveAnswer, RateLimit, Rules};
pub use old_token_rules::{GraceAnswer, OldAccessToken};
pub use plain::{PlainPart, PlainRules};
