//! Our codes as `application/problem+json` (RFC 9457).
//!
//! A problem says what happened and what to do in the words of the face, and in a detail what the engine said, which never holds a secret
//! (I4).

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use tokenward::Error;
use tokenward_core::ports::StoreError;
use tokenward_core::{Code, ExitClass};

use crate::proxy::ErrorWords;

/// Why a request was not answered with what it asked for.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: Code,
    detail: Option<String>,
    retry_after: Option<u64>,
}

/// A problem as it is sent (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct ProblemBody<'a> {
    /// A name of the code that no other problem has.
    #[serde(rename = "type")]
    kind: String,
    /// What happened.
    title: &'a str,
    /// The status of the answer.
    status: u16,
    /// What the engine or the provider said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// The stable code, as in TW0401.
    code: &'static str,
    /// What to do about it.
    next: &'a str,
    /// The command that explains the code.
    page: &'static str,
}

impl Problem {
    pub(super) const fn new(status: StatusCode, code: Code) -> Self {
        Self { status, code, detail: None, retry_after: None }
    }

    pub(super) fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The request is not as the description of the routes has it.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::ServerRequest).detail(detail)
    }

    /// There is no such login, or the caller has nothing to do with it: nobody learns which.
    pub(super) fn no_such_grant() -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NotLoggedIn)
    }

    /// Not now.
    pub(super) fn busy(code: Code) -> Self {
        Self { retry_after: Some(RETRY), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code) }
    }

    /// Whether the store did not answer: what it would have said is not known.
    pub(super) fn is_of_a_silent_store(&self) -> bool {
        self.code == Code::VaultBusy
    }

    /// Not so often.
    pub(super) fn too_often(wait: Duration) -> Self {
        // A second begun is waited for to its end.
        let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, Code::ApiKeyTooOften);
        Self { retry_after: Some(seconds), ..problem }
    }

    /// A state that our own reasoning excludes.
    pub(super) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal).detail(detail)
    }

    /// What the engine or the provider said of it, where a caller may know.
    pub(super) fn told_detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// After how many seconds to try again.
    pub(super) const fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    pub(super) fn response(self, words: &ErrorWords) -> Response {
        let Self { status, code, detail, retry_after } = self;
        let body = ProblemBody {
            kind: format!("urn:tokenward:error:{}", code.as_str()),
            title: &words.happened,
            status: status.as_u16(),
            detail: detail.as_deref(),
            code: code.as_str(),
            next: &words.next,
            page: code.explained_by(),
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = error.code();
        let status = status(code);
        let asked = error.refusal().and_then(|refusal| refusal.retry_after);
        let retry_after = asked.or((status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY));
        // Files and settings of the server are its operator's to see, and so are the names of its other profiles.
        let is_of_operator = status == StatusCode::INTERNAL_SERVER_ERROR || code == Code::VaultKey;
        let is_told = !is_of_operator && code != Code::UnknownProfile;
        let detail = error.detail().filter(|_| is_told).map(str::to_owned);
        if is_of_operator {
            tracing::warn!(%error, "a request failed");
        }
        Self { status, code, detail, retry_after }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

/// What a code is over HTTP.
fn status(code: Code) -> StatusCode {
    match code {
        Code::NotLoggedIn | Code::UnknownProfile => StatusCode::NOT_FOUND,
        Code::AnotherProfile | Code::AnotherUser | Code::AnotherApp | Code::LoginOver => StatusCode::CONFLICT,
        Code::BadSecret | Code::Usage => StatusCode::BAD_REQUEST,
        // Whoever runs the server gives it the key, and then the same request is answered.
        Code::VaultKey => StatusCode::SERVICE_UNAVAILABLE,
        code => match code.exit() {
            ExitClass::NeedsConsent => StatusCode::CONFLICT,
            ExitClass::TryLater | ExitClass::Unknown => StatusCode::SERVICE_UNAVAILABLE,
            ExitClass::AppSettings => StatusCode::BAD_GATEWAY,
            ExitClass::Done | ExitClass::Ours | ExitClass::Usage => StatusCode::INTERNAL_SERVER_ERROR,
        },
    }
}

/// Seconds.
const RETRY: u64 = 5;
