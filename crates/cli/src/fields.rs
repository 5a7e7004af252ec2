//! The fields of `--json`: stable names for machines, the same in every language.
//!
//! They are documented in `docs/reference/json.md`; a field never changes its meaning and is never taken away within a
//! major version. Moments are RFC 3339 in UTC with seconds. Tokens appear in `token --json` and nowhere else.

mod links;

pub(crate) use links::{LinkFields, event, report as link_report};

use jiff::Timestamp;
use serde::Serialize;
use tokenward::{LoginWithoutProfile, Report};
use tokenward_core::{Doubt, Standing, Status, Subject, TokenApi};

/// A login, as in `status`, `list`, `login` and `refresh`.
#[derive(Debug, Serialize)]
pub(crate) struct LoginFields {
    profile: Option<String>,
    app: String,
    grant: String,
    user: UserFields,
    status: &'static str,
    generation: u64,
    scopes: Vec<String>,
    access_expires_at: Option<String>,
    refresh_at: Option<String>,
    has_refresh_token: bool,
    refresh_expires_at: Option<String>,
    consent_expires_at: Option<String>,
    consented_at: String,
    refreshed_at: String,
    token_api: TokenApi,
    status_details: Option<StatusDetails>,
}

/// A login that no profile points at, as in `status`.
#[derive(Debug, Serialize)]
pub(crate) struct WithoutProfileFields {
    grant: String,
    app: String,
    user: UserFields,
    since: String,
    source: Option<String>,
}

impl WithoutProfileFields {
    pub(crate) fn of(login: &LoginWithoutProfile) -> Self {
        Self {
            grant: login.grant.id.to_string(),
            app: login.grant.app.to_string(),
            user: UserFields::of(login.grant.subject.as_ref()),
            since: moment(login.since),
            source: login.source.clone(),
        }
    }
}

/// Who a login belongs to.
#[derive(Debug, Serialize)]
pub(crate) struct UserFields {
    name: Option<String>,
    open_id: Option<String>,
    union_id: Option<String>,
    tenant_key: Option<String>,
}

/// Since when a login has its status, and why.
#[derive(Debug, Serialize)]
struct StatusDetails {
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Doubt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_code: Option<i64>,
}

impl LoginFields {
    pub(crate) fn of(report: &Report) -> Self {
        let grant = &report.grant;
        Self {
            profile: grant.profile.as_ref().map(ToString::to_string),
            app: grant.app.to_string(),
            grant: grant.id.to_string(),
            user: UserFields::of(grant.subject.as_ref()),
            status: status(report.status),
            generation: grant.generation.get(),
            scopes: grant.scopes.iter().map(str::to_owned).collect(),
            access_expires_at: grant.access.as_ref().map(|access| moment(access.expires)),
            refresh_at: report.due_at.map(moment),
            has_refresh_token: grant.has_refresh,
            refresh_expires_at: grant.refresh_expires.map(moment),
            consent_expires_at: grant.wall.map(moment),
            consented_at: moment(grant.consented),
            refreshed_at: moment(grant.rotated_at),
            token_api: grant.issued_by,
            status_details: StatusDetails::of(&grant.standing),
        }
    }
}

impl LoginFields {
    /// The same where the settings name another app than the login is a consent to: none of its tokens is handed out.
    pub(crate) fn of_other_app(self, is_so: bool) -> Self {
        if is_so { Self { status: status(Status::NeedsConsent), ..self } } else { self }
    }
}

impl UserFields {
    pub(crate) fn of(subject: Option<&Subject>) -> Self {
        Self {
            name: subject.and_then(|subject| subject.name.clone()),
            open_id: subject.map(|subject| subject.id.clone()),
            union_id: subject.and_then(|subject| subject.union_id.clone()),
            tenant_key: subject.and_then(|subject| subject.tenant.clone()),
        }
    }
}

impl StatusDetails {
    fn of(standing: &Standing) -> Option<Self> {
        match standing {
            Standing::InDoubt { since, doubt, .. } => {
                Some(Self { since: moment(*since), cause: Some(*doubt), code: None, provider_code: None })
            }
            Standing::NeedsConsent { since, code, provider_code } => Some(Self {
                since: moment(*since),
                cause: None,
                code: Some(code.as_str()),
                provider_code: *provider_code,
            }),
            Standing::Retired { since } => {
                Some(Self { since: moment(*since), cause: None, code: None, provider_code: None })
            }
            _ => None,
        }
    }
}

/// The name of a status.
pub(crate) const fn status(status: Status) -> &'static str {
    match status {
        Status::Fresh => "valid",
        Status::Due => "refresh-due",
        Status::Rotating => "refreshing",
        Status::InDoubt => "outcome-unknown",
        Status::NeedsConsent => "login-required",
        Status::Retired => "logged-out",
        _ => "other",
    }
}

/// RFC 3339 in UTC with seconds.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
