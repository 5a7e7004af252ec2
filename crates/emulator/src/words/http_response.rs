//! An answer as a value: what the dialects build.

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_TYPE, HeaderName, LOCATION};
use serde_json::Value;

/// One answer, whole.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// What comes after the head in place of a body.
    pub(crate) tail: Tail,
}

/// What comes after an answer's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    Body,
    /// The connection becomes a WebSocket.
    Socket,
    Stream(Stream),
}

/// Server-sent events, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) events: u64,
    pub(crate) interval_ms: u64,
    /// Bytes of filling in each.
    pub(crate) filling: usize,
}

impl Stream {
    /// The event of a number, counted from 1.
    pub(crate) fn event(&self, number: u64) -> Bytes {
        let filling = "x".repeat(self.filling);
        let data = format!(r#"{{"event":{number},"of":{},"filling":"{filling}"}}"#, self.events);
        Bytes::from(format!("id: {number}\nevent: tick\ndata: {data}\n\n"))
    }
}

impl Reply {
    /// Server-sent events.
    pub(crate) fn stream(stream: Stream) -> Self {
        let reply = Self::with_type(200, "text/event-stream; charset=utf-8", String::new());
        Self { tail: Tail::Stream(stream), ..reply }.header("cache-control", "no-store")
    }

    /// The answer to a WebSocket's handshake (RFC 6455 §4.2.2).
    pub(crate) fn socket(accept: &str) -> Self {
        let reply = Self { tail: Tail::Socket, ..Self::empty(101) };
        let reply = reply.header("upgrade", "websocket").header("connection", "Upgrade");
        reply.header("sec-websocket-accept", accept)
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::with_type(status, "application/json; charset=utf-8", body.to_string())
    }

    pub(crate) fn form<T: AsRef<str>>(status: u16, fields: &[(&str, T)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::with_type(status, "application/x-www-form-urlencoded; charset=utf-8", body)
    }

    pub(crate) fn html(status: u16, body: String) -> Self {
        let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
        Self::with_type(status, "text/html; charset=utf-8", body)
            .header("content-security-policy", policy)
            .header("cache-control", "no-store")
            .header("referrer-policy", "no-referrer")
    }

    pub(crate) fn not_found() -> Self {
        Self::with_type(404, "text/plain", "404 page not found".to_owned())
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::with_type(status, "text/plain; charset=utf-8", body.to_owned())
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::empty(status).header(LOCATION.as_str(), location)
    }

    pub(crate) const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), tail: Tail::Body }
    }

    /// Adds a header; a value that no header can hold is left out.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    fn with_type(status: u16, content_type: &'static str, body: String) -> Self {
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Self { status, headers, body: Bytes::from(body), tail: Tail::Body }
    }
}
