//! Logins as they are told: by the names that `--json` of the command has for them, and without their tokens (I4).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokenward_core::{Entry, Grant, ProfileName, Standing, Status};

use super::state::Inner;

/// A page of logins.
#[derive(Serialize, JsonSchema)]
pub(super) struct GrantList {
    pub(super) grants: Vec<GrantView>,
    /// Where the next page begins, for `after`; absent when this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// A login.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Grant")]
pub(super) struct GrantView {
    /// Its id.
    grant: String,
    /// The profile that points at it.
    profile: Option<String>,
    /// The app that was consented to.
    app: String,
    /// Whose it is.
    user: User,
    /// `valid`, `refresh-due`, `refreshing`, `outcome-unknown`, `login-required` or `logged-out`.
    #[schemars(extend("enum" = STATUSES))]
    status: &'static str,
    /// Why a person must log in: the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// How many times it was refreshed; the login itself is 1.
    generation: u64,
    /// Granted scopes.
    scopes: Vec<String>,
    /// When the access token ends.
    access_expires_at: Option<String>,
    /// When it is due to be refreshed.
    refresh_at: Option<String>,
    /// Whether there is a refresh token.
    has_refresh_token: bool,
    /// Whether the node that answers refreshes it in the background: not after its end, not without a refresh token, not where no profile in the
    /// node's `config.toml` says with which app, and not with `--no-scheduler`.
    refreshed_in_background: bool,
    /// When the refresh token ends.
    refresh_expires_at: Option<String>,
    /// When a person must consent again, whatever is refreshed.
    consent_expires_at: Option<String>,
    /// When a person consented.
    consented_at: String,
    /// When it was refreshed last.
    refreshed_at: String,
}

/// Whose a login is, as far as the provider has said.
#[derive(Serialize, JsonSchema)]
struct User {
    /// The name.
    name: Option<String>,
    /// The id.
    open_id: Option<String>,
}

/// A login with what happened to it.
#[derive(Serialize, JsonSchema)]
pub(super) struct GrantWithHistory {
    #[serde(flatten)]
    pub(super) grant: GrantView,
    /// What happened, newest first.
    pub(super) history: Vec<Happening>,
}

/// Something that happened to a login.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Event")]
pub(super) struct Happening {
    /// When.
    at: String,
    /// The generation that it concerned.
    generation: u64,
    /// What, as in `logged-in`, `begun`, `answered`, `closed`.
    event: String,
    /// More of it, by its kind.
    details: serde_json::Map<String, Value>,
}

impl GrantView {
    pub(super) fn of(grant: &Grant, server: &Inner) -> Self {
        let keeper = server.session.keeper();
        let rules = keeper.rules(grant);
        let now = keeper.parts().clock.now();
        let due = grant.access.as_ref().map(|access| rules.due_at(grant.id, access));
        Self {
            grant: grant.id.to_string(),
            profile: grant.profile.as_ref().map(ToString::to_string),
            app: grant.app.to_string(),
            user: User {
                name: grant.subject.as_ref().and_then(|subject| subject.name.clone()),
                open_id: grant.subject.as_ref().map(|subject| subject.id.clone()),
            },
            status: status(grant.status(rules, now)),
            code: match &grant.standing {
                Standing::NeedsConsent { code, .. } => Some(code.as_str()),
                _ => None,
            },
            generation: grant.generation.get(),
            scopes: grant.scopes.iter().map(str::to_owned).collect(),
            access_expires_at: grant.access.as_ref().map(|access| moment(access.expires)),
            refresh_at: due.map(moment),
            has_refresh_token: grant.has_refresh,
            refreshed_in_background: server.scheduler.as_ref().is_some_and(|scheduler| scheduler.refreshes(grant)),
            refresh_expires_at: grant.refresh_expires.map(moment),
            consent_expires_at: grant.wall.map(moment),
            consented_at: moment(grant.consented),
            refreshed_at: moment(grant.rotated_at),
        }
    }
}

impl Happening {
    /// Who did it is a node's own business.
    pub(super) fn of(entry: &Entry) -> Self {
        let mut details = match serde_json::to_value(entry) {
            Ok(Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        details.retain(|name, _| !matches!(name.as_str(), "at" | "generation" | "by"));
        let event = details.remove("event").and_then(|event| event.as_str().map(str::to_owned)).unwrap_or_default();
        Self { at: moment(entry.at), generation: entry.generation.get(), event, details }
    }
}

/// Whether a text is in what people know a login by, or is the beginning of its id.
pub(super) fn is_about(grant: &Grant, text: &str) -> bool {
    let subject = grant.subject.as_ref();
    let known = [
        grant.profile.as_ref().map(ProfileName::as_str),
        subject.and_then(|subject| subject.name.as_deref()),
        subject.map(|subject| subject.id.as_str()),
    ];
    let text = text.to_lowercase();
    grant.id.to_string().starts_with(&text)
        || known.into_iter().flatten().any(|known| known.to_lowercase().contains(&text))
}

/// Every name of a status.
pub(super) const STATUSES: [&str; 6] =
    ["valid", "refresh-due", "refreshing", "outcome-unknown", "login-required", "logged-out"];

pub(super) const fn status(status: Status) -> &'static str {
    match status {
        Status::Fresh => STATUSES[0],
        Status::Due => STATUSES[1],
        Status::Rotating => STATUSES[2],
        Status::InDoubt => STATUSES[3],
        Status::NeedsConsent => STATUSES[4],
        Status::Retired => STATUSES[5],
        _ => "other",
    }
}

/// RFC 3339 in UTC with seconds.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
