//! An answer that is none of a problem.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LOCATION, REFERRER_POLICY};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use tokenward_core::Code;
use url::Url;

use super::problem::Problem;
use crate::proxy::ErrorWords;

/// A status, a body, and what names it.
pub(super) struct Answer {
    status: StatusCode,
    body: Body,
    etag: Option<HeaderValue>,
    kind: &'static str,
    more: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// What was asked for.
    pub(super) fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::with(StatusCode::OK, body)
    }

    /// The same under another status.
    pub(super) fn with(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Self { status, body: body.into(), etag: None, kind: "application/json", more: Vec::new() })
    }

    /// Metrics.
    pub(super) fn text(text: String) -> Self {
        let kind = "text/plain; version=0.0.4";
        Self { status: StatusCode::OK, body: text.into(), etag: None, kind, more: Vec::new() }
    }

    /// What comes, as it comes. A proxy in between gathers none of it.
    pub(super) fn stream(body: Body, kind: &'static str) -> Self {
        let more = vec![(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
        Self { status: StatusCode::OK, body, etag: None, kind, more }
    }

    /// What the caller has is what there is.
    pub(super) fn not_modified() -> Self {
        Self { status: StatusCode::NOT_MODIFIED, body: Body::empty(), etag: None, kind: "", more: Vec::new() }
    }

    /// A browser goes elsewhere. Where it was is told to nobody.
    pub(super) fn redirect(to: &Url, more: Option<(HeaderName, HeaderValue)>) -> Self {
        // A parsed address is visible ASCII.
        let location = HeaderValue::from_str(to.as_str()).ok().map(|to| (LOCATION, to));
        let quiet = Some((REFERRER_POLICY, HeaderValue::from_static("no-referrer")));
        let more = location.into_iter().chain(quiet).chain(more).collect();
        Self { status: StatusCode::FOUND, body: Body::empty(), etag: None, kind: "", more }
    }

    /// A page for somebody who sits before a browser. It has nothing of the request in it.
    pub(super) fn page(status: StatusCode, code: Code, words: &ErrorWords) -> Self {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let (happened, next) = (escaped(&words.happened), escaped(&words.next));
        let page = format!(
            "<!doctype html>\n<html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{happened}</title></head><body><main><h1>{happened}</h1><p>{next}</p><p>({code})</p></main></body></html>\n"
        );
        let fixed = |name, value| (name, HeaderValue::from_static(value));
        let more = vec![
            fixed(REFERRER_POLICY, "no-referrer"),
            fixed(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        ];
        Self { status, body: page.into(), etag: None, kind: "text/html; charset=utf-8", more }
    }

    /// With the name of what is answered.
    pub(super) fn etag(self, etag: HeaderValue) -> Self {
        Self { etag: Some(etag), ..self }
    }

    /// It is in nobody's cache: it may be a token.
    pub(super) fn response(self) -> Response {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if !self.kind.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        }
        for (name, value) in self.more {
            headers.insert(name, value);
        }
        if let Some(etag) = self.etag {
            headers.insert(ETAG, etag);
        }
        response
    }
}
