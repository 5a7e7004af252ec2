//! An answer that is none of a problem.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::problem::Problem;

/// A status, a body, and what names it.
pub(super) struct Answer {
    status: StatusCode,
    body: Vec<u8>,
    kind: &'static str,
    etag: Option<HeaderValue>,
}

impl Answer {
    /// What was asked for.
    pub(super) fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::with(StatusCode::OK, body)
    }

    /// The same under another status.
    pub(super) fn with(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Self { status, body, kind: "application/json", etag: None })
    }

    /// Metrics.
    pub(super) fn text(text: String) -> Self {
        Self { status: StatusCode::OK, body: text.into_bytes(), kind: "text/plain; version=0.0.4", etag: None }
    }

    /// What the caller has is what there is.
    pub(super) const fn not_modified() -> Self {
        Self { status: StatusCode::NOT_MODIFIED, body: Vec::new(), kind: "application/json", etag: None }
    }

    /// With the name of what is answered.
    pub(super) fn etag(self, etag: HeaderValue) -> Self {
        Self { etag: Some(etag), ..self }
    }

    /// It is in nobody's cache: it may be a token.
    pub(super) fn response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status != StatusCode::NOT_MODIFIED {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        }
        if let Some(etag) = self.etag {
            headers.insert(ETAG, etag);
        }
        response
    }
}
