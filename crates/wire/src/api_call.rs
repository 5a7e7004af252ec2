//! One business call, in our own words.
//!
//! Enters: what a face wants said: a method, a path below the app's open host, a body. Leaves, after
//! [`Calls`](crate::Calls) has spoken: the answer with its status, headers and bytes as they came. A call holds no
//! token: the bearer is put in at the last moment (I4), and where it goes is decided in [`Call::address`] alone: to the
//! app's own hosts.

use std::fmt;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use tokenward_core::Hosts;
use url::Url;

use crate::{gzip, may_climb, redact};

/// One call. Cheap to clone: bodies are shared.
#[derive(Clone)]
#[non_exhaustive]
pub struct Call {
    /// The method.
    pub method: Method,
    /// A path below the open host (`/open-apis/…`, with a query if one likes), or a full URL on one of the app's hosts.
    pub target: String,
    /// Added to the target's query, in this order.
    pub query: Vec<(String, String)>,
    /// Headers of the caller's own. `Authorization`, `Host` and what belongs to the connection are not taken.
    pub headers: HeaderMap,
    /// The body.
    pub body: CallBody,
    /// Whether the call may be sent again when its answer was lost: it changes nothing, or carries a `client_token` by
    /// which the provider knows it again. A call that the provider *refused* for its token or its rate is sent again
    /// whatever this says: nothing was done.
    pub repeatable: bool,
}

/// What a call brings along.
#[derive(Clone, Default)]
pub enum CallBody {
    /// Nothing.
    #[default]
    Empty,
    /// A JSON document.
    Json(Value),
    /// Bytes of some type.
    Bytes {
        /// The `Content-Type`.
        content_type: String,
        /// The bytes.
        bytes: Bytes,
    },
    /// A form with files (RFC 7578).
    Multipart(Vec<Part>),
}

/// A field of a form.
#[derive(Clone)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The file's name, for a field that is a file.
    pub file_name: Option<String>,
    /// The `Content-Type`; none is sent for plain fields.
    pub content_type: Option<String>,
    /// The value.
    pub bytes: Bytes,
}

impl Part {
    /// A plain field.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), file_name: None, content_type: None, bytes: Bytes::from(value.into()) }
    }

    /// A file.
    pub fn file(name: impl Into<String>, file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        let content_type = Some("application/octet-stream".to_owned());
        Self { name: name.into(), file_name: Some(file_name.into()), content_type, bytes: bytes.into() }
    }
}

/// Why a call cannot be sent at all. Nothing left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadCall {
    /// The URL is on a host that is not the app's: it would see the token.
    ForeignHost {
        /// Host and port of the URL.
        host: String,
        /// The host that the app's calls go to.
        own: String,
    },
    /// The target is neither a path nor a URL.
    Target(String),
    /// A header that only the connection or Tokenward itself may set.
    Header(String),
}

impl fmt::Display for BadCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignHost { host, own } => {
                write!(f, "{host} is not one of the app's hosts ({own}): the token is not sent there")
            }
            Self::Target(reason) => write!(f, "the target of the call cannot be used: {reason}"),
            Self::Header(name) => write!(f, "the header {name} is set by Tokenward itself"),
        }
    }
}

impl std::error::Error for BadCall {}

impl Call {
    /// A call without a body. Methods that change nothing (RFC 9110 §9.2.1) may be repeated.
    pub fn new(method: Method, target: impl Into<String>) -> Self {
        let repeatable = method.is_safe();
        let (query, headers, body) = (Vec::new(), HeaderMap::new(), CallBody::Empty);
        Self { method, target: target.into(), query, headers, body, repeatable }
    }

    /// `GET`.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    /// `POST`.
    pub fn post(target: impl Into<String>) -> Self {
        Self::new(Method::POST, target)
    }

    /// `PUT`.
    pub fn put(target: impl Into<String>) -> Self {
        Self::new(Method::PUT, target)
    }

    /// `PATCH`.
    pub fn patch(target: impl Into<String>) -> Self {
        Self::new(Method::PATCH, target)
    }

    /// `DELETE`.
    pub fn delete(target: impl Into<String>) -> Self {
        Self::new(Method::DELETE, target)
    }

    /// Adds a field to the query.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Brings JSON along.
    pub fn json(mut self, value: Value) -> Self {
        self.body = CallBody::Json(value);
        self
    }

    /// Brings bytes along.
    pub fn bytes(mut self, content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        self.body = CallBody::Bytes { content_type: content_type.into(), bytes: bytes.into() };
        self
    }

    /// Brings a form along.
    pub fn multipart(mut self, parts: Vec<Part>) -> Self {
        self.body = CallBody::Multipart(parts);
        self
    }

    /// Says that the call may be sent again when its answer was lost.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Where the call goes. The one place where it is decided which hosts may see a token.
    ///
    /// # Errors
    /// [`BadCall`] for any URL that is not below one of the app's two base URLs, the base's own path included: what
    /// else a gateway serves is someone else's. A path that some server may read as one that leaves the base
    /// ([`may_climb`]) is not below it.
    pub fn address(&self, hosts: &Hosts) -> Result<Url, BadCall> {
        let target = self.target.trim();
        if target.is_empty() {
            return Err(BadCall::Target("it is empty".to_owned()));
        }
        let mut url = if is_full(target) {
            let url = Url::parse(target).map_err(|error| BadCall::Target(error.to_string()))?;
            let bases = [&hosts.open, &hosts.accounts];
            if !bases.iter().any(|base| is_below(&url, base)) {
                let leaves = |base: &Url| {
                    let rest = url.path().strip_prefix(base.path().trim_end_matches('/'));
                    url.origin() == base.origin() && rest.is_some_and(may_climb)
                };
                if bases.into_iter().any(leaves) {
                    return Err(BadCall::Target(LEAVES.to_owned()));
                }
                return Err(BadCall::ForeignHost { host: authority(&url), own: authority(&hosts.open) });
            }
            url
        } else {
            below(&hosts.open, target)?
        };
        url.set_fragment(None);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    /// The caller's headers, if all of them may be sent.
    pub(crate) fn checked_headers(&self, credentials: &[HeaderName]) -> Result<HeaderMap, BadCall> {
        let refused = [HOST, CONNECTION, CONTENT_LENGTH, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
        match credentials.iter().chain(&refused).find(|name| self.headers.contains_key(*name)) {
            Some(name) => Err(BadCall::Header(name.to_string())),
            None => Ok(self.headers.clone()),
        }
    }
}

impl fmt::Debug for Call {
    /// Shows no query, no headers and no body: what people send is theirs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split(['?', '#']).next().unwrap_or_default();
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("target", &path)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

impl CallBody {
    /// The bytes as sent, with their `Content-Type`.
    pub(crate) fn encode(&self) -> Option<(String, Bytes)> {
        match self {
            Self::Empty => None,
            Self::Json(value) => Some((JSON.to_owned(), Bytes::from(value.to_string()))),
            Self::Bytes { content_type, bytes } => Some((content_type.clone(), bytes.clone())),
            Self::Multipart(parts) => Some(form(parts)),
        }
    }
}

impl fmt::Debug for CallBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(_) => f.write_str("Json(…)"),
            Self::Bytes { bytes, .. } => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Multipart(parts) => write!(f, "Multipart({} parts)", parts.len()),
        }
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("name", &self.name).field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// An answer as it came.
#[derive(Clone)]
pub struct CallAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl CallAnswer {
    /// The body as JSON; `None` for anything else.
    pub fn json(&self) -> Option<Value> {
        let plain = gzip::plain(&self.headers, &self.body, LONGEST_UNPACKED);
        let bytes = plain.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&plain);
        serde_json::from_slice(bytes).ok()
    }

    /// Whether an answer with these headers may say no: what is no success may, and of the successes what calls itself JSON or has no type, and
    /// short text, since some APIs are careless with types. A file that somebody stored may itself be JSON; it comes as an
    /// attachment.
    pub fn may_say_no(status: u16, headers: &HeaderMap) -> bool {
        let field = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
        let kind = field(CONTENT_TYPE).trim().to_ascii_lowercase();
        let short = || field(CONTENT_LENGTH).trim().parse::<usize>().is_ok_and(|length| length <= SHORT_TEXT);
        if !(200..300).contains(&status) {
            return true;
        }
        let text = || kind.starts_with("text/") && !kind.starts_with("text/event-stream") && short();
        // Lists of documents are streams.
        let json = || kind.contains("json") && !["ndjson", "jsonl", "json-seq"].iter().any(|list| kind.contains(list));
        !headers.contains_key(CONTENT_DISPOSITION) && (kind.is_empty() || json() || text())
    }

    /// The provider's `code`, where the body is a JSON object that has one; as text too.
    pub fn code(&self) -> Option<i64> {
        code_of(&self.json()?)
    }

    /// What stands under `data`, for answers that say yes.
    pub fn data(&self) -> Option<Value> {
        match self.json()? {
            Value::Object(mut object) => object.remove("data"),
            _ => None,
        }
    }

    /// The provider's log id (reference/feishu.md §11.2): from the header, else from the body.
    pub fn log_id(&self) -> Option<String> {
        let header = |name: &&str| self.headers.get(*name).and_then(|value| value.to_str().ok()).and_then(redact::id);
        LOG_IDS.iter().find_map(header).or_else(|| log_id_in(&self.json()?))
    }
}

impl fmt::Debug for CallAnswer {
    /// Shows no headers and no body: both may hold what nobody else should see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallAnswer")
            .field("status", &self.status)
            .field("log_id", &self.log_id())
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The provider's code in a body.
pub(crate) fn code_of(body: &Value) -> Option<i64> {
    match body.as_object()?.get("code")? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The log id in a body: `error.log_id`, or at the top under either spelling.
pub(crate) fn log_id_in(body: &Value) -> Option<String> {
    let error = body.get("error");
    let places = [error, Some(body)].into_iter().flatten();
    places
        .flat_map(|place| ["log_id", "logid"].map(|name| place.get(name)))
        .flatten()
        .find_map(|id| redact::id(id.as_str()?))
}

fn is_full(target: &str) -> bool {
    let lower: String = target.chars().take(8).collect::<String>().to_ascii_lowercase();
    lower.starts_with("http:") || lower.starts_with("https:")
}

/// A path below a base URL.
fn below(base: &Url, target: &str) -> Result<Url, BadCall> {
    if target.starts_with("//") || target.contains("://") && !target.contains('?') {
        return Err(BadCall::Target("give a path such as /open-apis/…, or a full https URL".to_owned()));
    }
    if target.chars().any(|c| c.is_control() || c == ' ') {
        return Err(BadCall::Target("it holds a space or a control character; encode it as %20".to_owned()));
    }
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut url = base.clone();
    url.set_path(&format!("{}/{}", base.path().trim_end_matches('/'), path.trim_start_matches('/')));
    url.set_query(query.filter(|query| !query.is_empty()));
    // As it was written: in a URL, dots are resolved already, and how far they would have led is gone.
    if is_below(&url, base) && !may_climb(path) { Ok(url) } else { Err(BadCall::Target(LEAVES.to_owned())) }
}

/// Whether a URL is the base or below it: same scheme, host and port, no user name, and the base's path in front, whoever
/// reads it.
fn is_below(url: &Url, base: &Url) -> bool {
    let prefix = base.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(prefix);
    url.origin() == base.origin()
        && url.origin().is_tuple()
        && url.username().is_empty()
        && url.password().is_none()
        && rest.is_some_and(|rest| (rest.is_empty() || rest.starts_with('/')) && !may_climb(rest))
}

/// Host and port: all of a URL that is told.
pub(crate) fn authority(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "(no host)".to_owned(),
    }
}

/// A form as bytes (RFC 7578), behind a boundary that occurs in none of its values: counted up, not drawn, so that a
/// repeated call is the same bytes.
fn form(parts: &[Part]) -> (String, Bytes) {
    let holds = |boundary: &str| {
        let needle = boundary.as_bytes();
        parts.iter().any(|part| part.bytes.windows(needle.len()).any(|window| window == needle))
    };
    // Each boundary that occurs takes bytes of its own, so that one of the first few is free.
    let mut boundary = String::new();
    for number in 0..u32::MAX {
        boundary = format!("tokenward-form-{number:08x}");
        if !holds(&boundary) {
            break;
        }
    }
    let room: usize = parts.iter().map(|part| part.bytes.len() + PART_HEAD).sum();
    let mut body = Vec::with_capacity(room + PART_HEAD);
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(format!("Content-Disposition: form-data; name=\"{}\"", quoted(&part.name)).as_bytes());
        if let Some(name) = &part.file_name {
            body.extend_from_slice(format!("; filename=\"{}\"", quoted(name)).as_bytes());
        }
        if let Some(kind) = &part.content_type {
            let kind: String = kind.chars().filter(|c| !c.is_control()).collect();
            body.extend_from_slice(format!("\r\nContent-Type: {kind}").as_bytes());
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(&part.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), Bytes::from(body))
}

/// A name inside quotes, as browsers write it (WHATWG HTML, *multipart form data*).
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

const LEAVES: &str = "it leaves the configured base URL, or a server may read it so";
/// Refusals are some hundred bytes; those that name many scopes are a few kilobytes.
const SHORT_TEXT: usize = 32 << 10;
/// The longest answer that is unpacked into memory.
pub(crate) const LONGEST_UNPACKED: usize = 64 << 20;
/// Where providers put their log id: Feishu, BlueKing's gateway, and everyone else.
pub(crate) const LOG_IDS: [&str; 3] = ["x-tt-logid", "x-bkapi-request-id", "x-request-id"];
pub(crate) const JSON: &str = "application/json; charset=utf-8";
const PART_HEAD: usize = 256;
