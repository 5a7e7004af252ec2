//! One request, as the history remembers it. Refresh tokens appear as fingerprints only.

use serde::{Deserialize, Serialize};

use crate::words::{Brand, Door, Endpoint, Fingerprint, Operation, Request};

/// One request, as the history remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about a request")]
pub struct Visit {
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// What was wanted.
    pub operation: Operation,
    /// Whose host.
    pub brand: Brand,
    /// Which host.
    pub door: Door,
    /// Which business call, as method and path with its parameters' names.
    #[serde(default)]
    pub call: Option<String>,
    /// HTTP method.
    #[serde(default)]
    pub method: String,
    /// The path, without the query.
    #[serde(default)]
    pub path: String,
    /// The app that asked, as far as it was named.
    pub app: Option<String>,
    /// The user in question.
    pub user: Option<String>,
    /// The login (lineage of refresh tokens) in question.
    pub grant: Option<String>,
    /// The generation of the refresh token presented, or of the one issued by an exchange (0).
    pub generation: Option<u32>,
    /// Fingerprint of the refresh token presented.
    pub presented: Option<Fingerprint>,
    /// Whether that refresh token had been used before, and is good for one use only.
    pub replay: bool,
    /// Whether the refresh token presented stays good: to send it again is no replay.
    #[serde(default)]
    pub reusable: bool,
    /// Whether new tokens of a login were issued.
    pub issued: bool,
    /// Fingerprint of the refresh token issued.
    pub issued_refresh: Option<Fingerprint>,
    /// Fingerprint of the access token that was answered with.
    #[serde(default)]
    pub issued_access: Option<Fingerprint>,
    /// Fingerprint of the access token presented to a call, or asked about.
    pub bearer: Option<Fingerprint>,
    /// The user whose session, set by an earlier `Set-Cookie` of the sandbox, came along.
    #[serde(default)]
    pub session: Option<String>,
    /// The provider's code: 0 is success; none for pages, RFC 6749 errors and connections without an answer.
    pub code: Option<u32>,
    /// The error word of RFC 6749 §5.2 and its family; `invalid_grant` too where BlueKing's older dialects refuse a refresh
    /// token for good.
    #[serde(default)]
    pub error: Option<String>,
    /// HTTP status; none where the connection was closed.
    pub status: Option<u16>,
    /// Whether the request had its effect.
    pub processed: bool,
    /// The fault that struck.
    pub fault: Option<String>,
    /// How the answer left.
    pub left: Delivery,
    /// The `x-tt-logid` of the answer.
    pub log_id: String,
}

impl Visit {
    /// A visit of which nothing is known but the request.
    pub(crate) fn new(endpoint: Endpoint, operation: Operation, request: &Request) -> Self {
        Self {
            endpoint,
            operation,
            brand: request.brand,
            door: request.door,
            call: None,
            method: request.method.as_str().to_owned(),
            path: request.path.clone(),
            app: None,
            user: None,
            grant: None,
            generation: None,
            presented: None,
            replay: false,
            reusable: false,
            issued: false,
            issued_refresh: None,
            issued_access: None,
            bearer: request.bearer().map(Fingerprint::of),
            session: None,
            code: None,
            error: None,
            status: None,
            processed: false,
            fault: None,
            left: Delivery::Pending,
            log_id: request.log_id.clone(),
        }
    }
}

/// How an answer left the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Part of the body left.
    Cut,
    /// Nothing left; the connection was closed on purpose.
    Dropped,
    /// The client had gone before the answer could be written.
    PeerGone,
    /// Not yet: the request hangs or is delayed after processing.
    Pending,
    /// Something else left in its place (an HTML page, an empty body, a code).
    Replaced,
    /// All of it was handed to the operating system. The client may still have died before it read it.
    Whole,
}
