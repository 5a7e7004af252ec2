//! What a page is answered with, and the headers that every answer has.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};

use super::super::problem::Problem;

/// A status, a body, and where the browser goes.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    body: Vec<u8>,
    kind: &'static str,
    location: Option<String>,
    cookies: Vec<HeaderValue>,
    retry_after: Option<u64>,
}

impl Reply {
    /// A page.
    pub(super) fn page(status: StatusCode, page: &impl askama::Template) -> Result<Self, Problem> {
        let html = page.render().map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Self { body: html.into_bytes(), kind: "text/html; charset=utf-8", ..Self::empty(status) })
    }

    /// A page that is what was asked for.
    pub(super) fn ok(page: &impl askama::Template) -> Result<Self, Problem> {
        Self::page(StatusCode::OK, page)
    }

    /// A picture.
    pub(super) fn picture(svg: &'static str) -> Self {
        Self { body: svg.as_bytes().to_vec(), kind: "image/svg+xml", ..Self::empty(StatusCode::OK) }
    }

    /// To another page of ours. The address is made here and never taken from a request but by [`own_address`].
    pub(super) fn see(address: impl Into<String>) -> Self {
        Self { location: Some(address.into()), ..Self::empty(StatusCode::SEE_OTHER) }
    }

    /// A status alone.
    pub(super) const fn bare(status: StatusCode) -> Self {
        Self::empty(status)
    }

    const fn empty(status: StatusCode) -> Self {
        Self { status, body: Vec::new(), kind: "", location: None, cookies: Vec::new(), retry_after: None }
    }

    pub(super) fn cookie(mut self, cookie: HeaderValue) -> Self {
        self.cookies.push(cookie);
        self
    }

    pub(super) fn retry_after(self, seconds: Option<u64>) -> Self {
        Self { retry_after: seconds, ..self }
    }

    /// The answer, with what every answer of the dashboard has.
    pub(super) fn response(self, policy: Option<&HeaderValue>) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for (name, value) in FIXED {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let nothing = || HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(CONTENT_SECURITY_POLICY, policy.cloned().unwrap_or_else(nothing));
        if !self.kind.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        }
        // Our own addresses are visible ASCII.
        if let Some(location) = self.location.and_then(|address| HeaderValue::from_str(&address).ok()) {
            headers.insert(LOCATION, location);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        for cookie in self.cookies {
            headers.append(SET_COOKIE, cookie);
        }
        response
    }
}

/// What is permitted to a page: our style by its hash, our one picture, and forms to this server.
pub(super) fn policy(style: &str) -> HeaderValue {
    use base64::Engine as _;
    use sha2::Digest as _;

    let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    // It is visible ASCII.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// An address of the dashboard that a request brought along: a path below ours, written plainly, else nothing. So nobody is led anywhere else.
pub(super) fn own_address(text: &str) -> Option<&str> {
    let is_ours = text == ROOT || text.starts_with("/dashboard/") || text.starts_with("/dashboard?");
    let is_plain =
        text.len() <= 2000 && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'));
    let climbs = text.split(['/', '?']).any(|part| matches!(part, "." | ".."));
    (is_ours && is_plain && !climbs && !text.contains("//")).then_some(text)
}

/// Where the pages begin.
pub(super) const ROOT: &str = "/dashboard";

const FIXED: [(HeaderName, &str); 7] = [
    // It says who has logged in where.
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (VARY, "accept-language, cookie"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn only_addresses_of_the_dashboard_are_gone_to() {
        for own in
            ["/dashboard", "/dashboard/logins?q=a%20b&after=1", "/dashboard?lang=zh", "/dashboard/logins/work:=42"]
        {
            assert_eq!(own_address(own), Some(own));
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "/dashboard//evil.example",
            "/dashboardx",
            "/dashboard/../v1/grants",
            "/dashboard/a/..",
            "/dashboard/\\evil.example",
            "https://evil.example/dashboard",
            "dashboard",
            "/dashboard/a b",
            "/dashboard/a\r\nlocation: x",
            "/dashboard/ä",
            "javascript:alert(1)",
            " /dashboard",
            "/dashboard/#//evil",
        ] {
            assert_eq!(own_address(other), None, "{other:?}");
        }
    }
}
