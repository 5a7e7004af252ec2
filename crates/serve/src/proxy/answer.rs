//! Answers of the proxy's own.
//!
//! They have the provider's shape (`code`, `msg`, `error`; reference/feishu.md §11), because that is what the callers'
//! SDKs read. The code is the number of ours; `error.tokenward` has it as it is written everywhere else, and so has a
//! header, so that nobody takes it for the provider's.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use tokenward::ApiError;
use tokenward_core::{Code, ExitClass};

use super::options::ErrorWords;
use super::response_scan::Download;

/// A refusal, or an excuse.
#[derive(Debug)]
pub(super) struct Excuse {
    pub(super) status: StatusCode,
    pub(super) code: Code,
    pub(super) detail: Option<String>,
    pub(super) retry_after: Option<u64>,
}

impl Excuse {
    pub(super) const fn new(status: StatusCode, code: Code) -> Self {
        Self { status, code, detail: None, retry_after: None }
    }

    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// No answer of the provider, or no token to ask it with.
    pub(super) fn of(error: &ApiError) -> Self {
        // What is wrong with a target is the caller's; nobody has typed a command.
        let bad = matches!(error, ApiError::Bad(_));
        let code = if bad { Code::ProxyOtherHost } else { error.code() };
        let status = match (error, code.exit()) {
            (ApiError::Bad(_), _) => StatusCode::BAD_REQUEST,
            (ApiError::Unsent(fault) | ApiError::Lost(fault), _) if fault.timed_out() => StatusCode::GATEWAY_TIMEOUT,
            (ApiError::Unsent(_) | ApiError::Lost(_), _) | (_, ExitClass::AppSettings) => StatusCode::BAD_GATEWAY,
            (_, ExitClass::NeedsConsent) => StatusCode::UNAUTHORIZED,
            (_, ExitClass::TryLater | ExitClass::Unknown) => StatusCode::SERVICE_UNAVAILABLE,
            (_, ExitClass::Done | ExitClass::Ours | ExitClass::Usage) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut excuse = Self::new(status, code);
        match error {
            ApiError::Token(error) => {
                excuse.detail = error.detail().map(str::to_owned);
                excuse.retry_after = error.refusal().and_then(|refusal| refusal.retry_after);
            }
            error => excuse.detail = Some(error.to_string()),
        }
        excuse
    }

    pub(super) fn response(self, words: &ErrorWords) -> Response<Download> {
        let code = self.code.as_str();
        let mut error = json!({
            "tokenward": code,
            "name": self.code.name(),
            "next": words.next,
            "page": self.code.explained_by(),
        });
        if let Some(detail) = self.detail {
            error["detail"] = detail.into();
        }
        let body = json!({
            "code": number(self.code),
            "msg": format!("{code}: {}. {}", words.happened, words.next),
            "error": error,
        });
        let mut response = whole(self.status, &body);
        response.headers_mut().insert(CODE, HeaderValue::from_static(code));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A JSON document.
pub(super) fn whole(status: StatusCode, body: &Value) -> Response<Download> {
    let mut response = Response::new(Download::of(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `TW0401` is 401.
fn number(code: Code) -> u32 {
    code.as_str().trim_start_matches("TW").parse().unwrap_or_default()
}

/// Our code in a header: what does not read bodies can tell our answers from the provider's.
pub(super) const CODE: HeaderName = HeaderName::from_static("x-tokenward-code");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_the_codes() {
        assert_eq!(number(Code::NotLoggedIn), 401);
        assert_eq!(number(Code::Internal), 100);
        assert!(Code::ALL.iter().all(|code| number(*code) > 0));
    }
}
