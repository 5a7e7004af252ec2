//! Events as they are told: by the names that `--json` of the command has for what is in them, and without any token (I4).

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokenward_core::{Doubt, LoginEnd, LoginEvent, LoginEventKind, NumberedEvent};

use crate::server::grant_views::moment;

/// Something that happened to a login.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "LoginEvent")]
pub(in crate::server) struct EventView {
    /// Its id: the same however often it is told.
    id: String,
    /// Its place: events with lower numbers do not come later.
    pub(in crate::server) number: u64,
    /// What happened.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = LoginEventKind::TYPES))]
    pub(in crate::server) kind: &'static str,
    /// When.
    timestamp: String,
    /// Whose login, and more of it by its type.
    data: EventData,
}

/// Whose login it was, and what became of it.
#[derive(Serialize, JsonSchema)]
struct EventData {
    /// The id of the login.
    grant: String,
    /// The profile that pointed at it.
    profile: Option<String>,
    /// The app that was consented to.
    app: String,
    /// How many times it had been refreshed; the login itself is 1.
    generation: u64,
    /// Why its user must log in: the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// Why the outcome is not known: `no-answer`, `odd-answer`, `sender-died` or `unclear-refusal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// The end that is near and that no refresh moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_expires_at: Option<String>,
    /// The end of the refresh token, which is near.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_expires_at: Option<String>,
}

impl EventView {
    pub(in crate::server) fn of(told: &NumberedEvent) -> Self {
        let LoginEvent { id, at, grant, app, profile, generation, kind } = &told.event;
        let (mut code, mut cause, mut consent_expires_at, mut refresh_expires_at) = (None, None, None, None);
        match kind {
            LoginEventKind::Refreshed => {}
            LoginEventKind::NeedsLogin { code: why } | LoginEventKind::RefreshedElsewhere { code: why } => {
                code = Some(why.as_str());
            }
            LoginEventKind::OutcomeUnknown { doubt } => cause = word(*doubt),
            LoginEventKind::ExpiresSoon { end: LoginEnd::Consent(at) } => consent_expires_at = Some(moment(*at)),
            LoginEventKind::ExpiresSoon { end: LoginEnd::Refresh(at) } => refresh_expires_at = Some(moment(*at)),
        }
        let data = EventData {
            grant: grant.to_string(),
            profile: profile.as_ref().map(ToString::to_string),
            app: app.to_string(),
            generation: generation.get(),
            code,
            cause,
            consent_expires_at,
            refresh_expires_at,
        };
        Self { id: id.to_string(), number: told.number, kind: kind.type_name(), timestamp: moment(*at), data }
    }
}

/// The word that `--json` has for it.
fn word(doubt: Doubt) -> Option<String> {
    match serde_json::to_value(doubt) {
        Ok(Value::String(word)) => Some(word),
        _ => None,
    }
}

/// The media type of a stream.
pub(in crate::server) const STREAM: &str = "text/event-stream";
